"""A chart of dots, bent, coloured and darkened by a lens on the mosaic of a raw, is straight where it is developed.

``python -m benchmarks.raw_chart`` develops one of 24 megapixels.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sixbit.compiler.warp import Warp
from sixbit.export.batch import batch
from sixbit.export.presets import Preset
from sixbit.install import lensfun
from sixbit.raw import reference
from sixbit.raw.fit import Mosaic, opcodes_of
from sixbit.raw.lcp import profile_of, written
from sixbit.raw.write import write_in_place
from sixbit.values.arrays import FloatArray
from sixbit.values.choices import Choices
from tests.scenery import dngs, raw_chart
from tests.scenery.raw_chart import BORDER, SIZE
from tests.scenery.raw_developers import LENS, apart, by_darktable, by_rawtherapee, raw, warp
from tests.scenery.root import SUITES

BY_DARKTABLE, BY_RAWTHERAPEE = 0.25, 0.4
"""Pixels that are left of 6, by programs that know four even terms alone, and take the corners of pixels for them."""
F_NUMBER, OPEN = 2.8, 1.5
"""Apertures at which FixVignetteRadial holds the fall-off, and at which gain maps have to."""
DOTS = raw_chart.dots()


def carrying(folder: Path, f_number: float, **parts: object) -> Path:
    """Write the chart as the lens has drawn it, with its correction in it."""
    photo = put(folder, raw(warp(f_number), **parts))
    write_in_place(photo, Choices(f_number=f_number))
    return photo


def put(folder: Path, content: bytes, name: str = "chart.dng") -> Path:
    photo = folder / name
    photo.write_bytes(content)
    return photo


@pytest.mark.parametrize("f_number", [F_NUMBER, OPEN])
def test_by_the_formulas_of_the_specification_it_is_straight(f_number: float) -> None:
    size = (SIZE[0] + 2 * BORDER, SIZE[1] + 2 * BORDER)
    found = opcodes_of(warp(f_number), Mosaic(*size, (BORDER, BORDER)))

    def planes(bent: Warp | None) -> FloatArray:
        seen = [raw_chart.photographed(bent, (colour,) * 4) for colour in range(3)]
        return (np.stack(seen, axis=-1).astype(float) - dngs.BLACK) / (dngs.WHITE - dngs.BLACK)

    inner = slice(BORDER, -BORDER)
    straight, bent = planes(None)[inner, inner], planes(warp(f_number))
    # A mosaic of one colour takes the map of that colour for every pixel; all four maps are alike without shading.
    for opcode in found.of_mosaic[:1]:
        xy = np.stack(np.meshgrid(*map(np.arange, size)), axis=-1).reshape(-1, 2)
        bent = np.minimum(bent * reference.map_gains(opcode, size, xy).reshape(size[1], size[0], 1), 1)  # type: ignore[arg-type]
    left = apart(reference.developed(bent, found.of_colours)[inner, inner], straight)
    print(f"by the formulas at f/{f_number}: {left}")
    assert left.px <= 0.02
    assert left.coloured_px <= 0.02
    assert left.light <= 0.002
    before = apart(planes(warp(f_number))[inner, inner], straight)
    assert before.px > 4
    assert before.light > 0.3


@pytest.mark.parametrize("suite", SUITES)
def test_in_darktable_it_is_straight(tmp_path: Path, suite: str) -> None:
    straight = by_darktable(suite, put(tmp_path, raw(None), "straight.dng"))
    left = apart(by_darktable(suite, carrying(tmp_path, F_NUMBER)), straight)
    print(f"darktable of {suite}: {left}")
    assert left.px <= BY_DARKTABLE
    assert left.coloured_px <= 0.15
    assert left.light <= 0.025
    left = apart(by_darktable(suite, carrying(tmp_path, OPEN)), straight)
    print(f"darktable of {suite}, by gain maps: {left}")
    assert left.px <= BY_DARKTABLE
    assert left.light <= 0.01


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> FloatArray:
    """The chart without a lens, developed by RawTherapee."""
    return by_rawtherapee(put(tmp_path_factory.mktemp("straight"), raw(None)), "LcMode=none")


@pytest.mark.parametrize("f_number", [F_NUMBER, OPEN])
def test_in_rawtherapee_it_is_straight(tmp_path: Path, straight: FloatArray, f_number: float) -> None:
    left = apart(by_rawtherapee(carrying(tmp_path, f_number), "LcMode=metadata"), straight)
    print(f"RawTherapee at f/{f_number}: {left}")
    assert left.px <= BY_RAWTHERAPEE
    assert left.coloured_px <= 0.4
    assert left.light <= 0.01


@pytest.fixture
def lenses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that has Sixbit's lenses where lensfun finds them."""
    home = tmp_path / "home"
    (home / ".local/share").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / ".local/share"))
    lensfun.install()
    assert list((home / ".local/share/lensfun").glob("sixbit-*.xml"))
    return home


def resized(developed: FloatArray, straight: FloatArray) -> tuple[float, float]:
    """Return how far dots are from where they belong, in px, once what the picture was enlarged by is taken out."""
    found, wanted = raw_chart.found(developed, DOTS)[:, 1], raw_chart.found(straight, DOTS)[:, 1]
    middle = (np.array(SIZE) - 1) / 2
    there = np.isfinite(found).all(axis=1) & np.isfinite(wanted).all(axis=1)
    assert there.mean() > 0.8
    found, wanted = found[there] - middle, wanted[there] - middle
    scale = float((found * wanted).sum() / (found * found).sum())
    return float(np.hypot(*(scale * found - wanted).T).max()), 1 / scale


@pytest.mark.usefixtures("lenses")
def test_rawtherapee_finds_the_lenses_that_are_installed_for_lensfun(tmp_path: Path, straight: FloatArray) -> None:
    """It asks lensfun by the name in the tags, and scales on its own."""
    photo = put(tmp_path, raw(warp(F_NUMBER), f_number=(28, 10)))
    off, larger = resized(by_rawtherapee(photo, "LcMode=lfauto"), straight)
    print(f"RawTherapee by lensfun: {off:.2f} px, enlarged by {larger:.4f}")
    assert off <= 0.25


@pytest.mark.usefixtures("lenses")
def test_rawtherapee_follows_the_settings_that_a_batch_writes(tmp_path: Path, straight: FloatArray) -> None:
    photo = put(tmp_path, raw(warp(F_NUMBER), f_number=(28, 10)), "chart.arw")
    batch([photo], tmp_path / "out", replace(Preset("test", "Test", "JPEG"), raw_settings="beside"))
    assert len((tmp_path / "chart.arw.pp3").read_text().splitlines()) == 5, "a heading and four lines"
    off, _ = resized(by_rawtherapee(photo, "-s"), straight)
    print(f"RawTherapee by the settings of a batch: {off:.2f} px")
    assert off <= 0.25


def test_rawtherapee_reads_the_profile_for_adobes_programs(tmp_path: Path, straight: FloatArray) -> None:
    """It holds f-numbers against APEX values, and takes a cut series for light, so that some percent are left."""
    profile = profile_of(LENS)
    (tmp_path / "lens.lcp").write_text(written(profile), encoding="utf-8")
    developed = by_rawtherapee(
        put(tmp_path, raw(warp(F_NUMBER), f_number=(28, 10))), "LcMode=lcp\nLCPFile=/mnt/x/lens.lcp"
    )
    off, larger = resized(developed, straight)
    print(f"RawTherapee by LCP: {off:.2f} px, enlarged by {larger:.4f}")
    assert off <= 0.25 + profile.distortion_px * SIZE[0] / 8192
    light = raw_chart.ground(developed, DOTS) / raw_chart.ground(straight, DOTS)
    print(f"light {np.nanmin(light):.3f}..{np.nanmax(light):.3f}")
    assert np.nanmax(np.abs(light - 1)) <= 0.05, "a third of the light is missing without"
