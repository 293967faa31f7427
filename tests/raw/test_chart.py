"""A chart of dots, bent, coloured and darkened by a lens on the mosaic of a raw, is straight where it is developed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import tifffile

from sixbit.compiler.compile import models_of
from sixbit.compiler.scale import scaled
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
from tests.scenery.darktable_lens import cli_options, sidecar
from tests.scenery.raw_chart import BORDER, SIZE
from tests.scenery.root import RAW_DEVELOPER, SUITES, system_root

BY_DARKTABLE, BY_RAWTHERAPEE = 0.25, 0.75
"""Pixels that are left of 6, by programs that know four even terms alone, and take the corners of pixels for them."""
RAWTHERAPEE = ("rawtherapee-cli", "-q", "-t", "-b16", "-Y")
LENS, F_NUMBER = "vm-nokton-28-1.5", 2.8
CHOICES = Choices(f_number=F_NUMBER)
DOTS = raw_chart.dots()


@cache
def warp() -> Warp:
    wanted = models_of(LENS, choices=Choices(crop_factor=1.0, f_number=F_NUMBER), size=SIZE)
    return scaled(Warp(wanted.optics, wanted.picture), "fill")


def raw(bent: bool = True, **parts: object) -> bytes:
    pixels = raw_chart.photographed(warp() if bent else None)
    crop = (BORDER, BORDER, *SIZE)
    return dngs.dng(pixels=pixels, crop=crop, **parts)  # type: ignore[arg-type]


def apart(developed: FloatArray, straight: FloatArray) -> tuple[float, float, float]:
    """Return how far dots are from where they belong, red and blue from green, in px, and the light's error."""
    found, wanted = raw_chart.found(developed, DOTS), raw_chart.found(straight, DOTS)
    off = found - wanted
    assert np.isfinite(off).all(axis=(1, 2)).mean() > 0.9
    green = np.hypot(*off[:, 1].T)
    coloured = np.hypot(*np.moveaxis(off[:, [0, 2]] - off[:, [1]], 2, 0))
    light = raw_chart.ground(developed, DOTS) / raw_chart.ground(straight, DOTS) - 1
    return float(np.nanmax(green)), float(np.nanmax(coloured)), float(np.nanmax(np.abs(light)))


def test_by_the_formulas_of_the_specification_it_is_straight() -> None:
    mosaic = Mosaic(SIZE[0] + 2 * BORDER, SIZE[1] + 2 * BORDER, (BORDER, BORDER))
    found = opcodes_of(warp(), mosaic)

    def planes(bent: Warp | None) -> FloatArray:
        seen = [raw_chart.photographed(bent, (colour,) * 4) for colour in range(3)]
        return (np.stack(seen, axis=-1).astype(float) - dngs.BLACK) / (dngs.WHITE - dngs.BLACK)

    inner = slice(BORDER, -BORDER)
    straight = planes(None)[inner, inner]
    developed = reference.developed(planes(warp()), found.of_colours)[inner, inner]
    off, coloured, light = apart(developed, straight)
    assert off <= 0.02
    assert coloured <= 0.02
    assert light <= 0.004
    before = apart(planes(warp())[inner, inner], straight)
    assert before[0] > 4
    assert before[2] > 0.3


def by_darktable(suite: str, folder: Path, photos: dict[str, bytes]) -> dict[str, FloatArray]:
    """Develop raws by darktable, to linear light, with its lens module told to take what the raw says."""
    made, out, home = (folder / name for name in ("photos", "out", "home"))
    for place in (made, out, home):
        place.mkdir()
    developed = {}
    for name, content in photos.items():
        photo = made / f"{name}.dng"
        photo.write_bytes(content)
        if name == "carries":
            write_in_place(photo, CHOICES)
        (made / f"{name}.dng.xmp").write_text(by_metadata())
        done = system_root(suite).run(
            [
                *("darktable-cli", f"/mnt/photos/{name}.dng", f"/mnt/photos/{name}.dng.xmp", f"/mnt/out/{name}.tif"),
                *linear_options(),
            ],
            timeout=120,
            binds={"/mnt/photos": made, "/mnt/out": out, "/root": home},
        )
        written = out / f"{name}.tif"
        assert written.exists(), f"{done.returncode} {done.stdout[-1500:]} {done.stderr[-1500:]}"
        developed[name] = tifffile.imread(written).astype(float)[..., :3]
    return developed


def by_metadata() -> str:
    """Return a sidecar that switches darktable's lens module on, by what the raw itself says (its method 0)."""
    by_tags = sidecar("").replace('darktable:iop_order_version="5"', 'darktable:iop_order_version="4"')
    head = 'darktable:params="'
    at = by_tags.index(head) + len(head)
    return by_tags[:at] + "00000000" + by_tags[at + 8 :]


def linear_options() -> list[str]:
    options = cli_options("tiff/bpp=32")
    options[options.index("SRGB")] = "LIN_REC2020"
    return options


@pytest.mark.parametrize("suite", SUITES)
def test_in_darktable_it_is_straight(tmp_path: Path, suite: str) -> None:
    developed = by_darktable(suite, tmp_path, {"carries": raw(), "straight": raw(bent=False)})
    off, coloured, light = apart(developed["carries"], developed["straight"])
    print(f"darktable of {suite}: {off:.2f} px, colour {coloured:.2f} px, light {light:.4f}")
    assert off <= BY_DARKTABLE
    assert coloured <= 0.2
    assert light <= 0.025


PLAIN = "[Color Management]\nInputProfile=(none)\nOutputProfile=RTv4_sRGB\n[RAW Bayer]\nMethod=amaze\n"
"""RawTherapee's settings that leave light linear."""


def by_rawtherapee(folder: Path, photo: Path, lens: str) -> FloatArray:
    """Develop a raw by RawTherapee, to linear light, with these lines of settings, or ``-s`` for those beside it."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (folder / "plain.pp3").write_text(f"[Version]\nVersion=346\n{PLAIN}")
    (folder / "lens.pp3").write_text(f"[LensProfile]\n{lens}\nUseDistortion=true\nUseVignette=true\nUseCA=true\n")
    written = folder / f"{photo.stem}.tif"
    settings = ["-p", "/mnt/x/plain.pp3", *(["-s"] if lens == "-s" else ["-p", "/mnt/x/lens.pp3"])]
    done = system_root(RAW_DEVELOPER).run(
        [*RAWTHERAPEE, "-o", f"/mnt/x/{written.name}", *settings, "-c", f"/mnt/x/{photo.name}"],
        timeout=180,
        binds={"/mnt/x": folder, "/root": home},
    )
    assert written.exists(), f"{done.returncode} {done.stdout[-1500:]} {done.stderr[-1500:]}"
    encoded = tifffile.imread(written).astype(float)[..., :3] / 65535
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> FloatArray:
    """The chart without a lens, developed by RawTherapee."""
    folder = tmp_path_factory.mktemp("straight")
    return by_rawtherapee(folder, put(folder, raw(bent=False)), "LcMode=none")


def put(folder: Path, content: bytes, name: str = "chart.dng") -> Path:
    photo = folder / name
    photo.write_bytes(content)
    return photo


def test_in_rawtherapee_it_is_straight(tmp_path: Path, straight: FloatArray) -> None:
    photo = put(tmp_path, raw())
    write_in_place(photo, CHOICES)
    off, coloured, light = apart(by_rawtherapee(tmp_path, photo, "LcMode=metadata"), straight)
    print(f"RawTherapee: {off:.2f} px, colour {coloured:.2f} px, light {light:.4f}")
    assert off <= BY_RAWTHERAPEE
    assert coloured <= 0.4
    assert light <= 0.01


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
    photo = put(tmp_path, raw(f_number=(28, 10)))
    off, larger = resized(by_rawtherapee(tmp_path, photo, "LcMode=lfauto"), straight)
    print(f"RawTherapee by lensfun: {off:.2f} px, enlarged by {larger:.4f}")
    assert off <= 0.25


@pytest.mark.usefixtures("lenses")
def test_rawtherapee_follows_the_settings_that_a_batch_writes(tmp_path: Path, straight: FloatArray) -> None:
    photo = put(tmp_path, raw(f_number=(28, 10)), "chart.arw")
    batch([photo], tmp_path / "out", replace(Preset("test", "Test", "JPEG"), raw_settings="beside"))
    assert len((tmp_path / "chart.arw.pp3").read_text().splitlines()) == 5, "a heading and four lines"
    off, _ = resized(by_rawtherapee(tmp_path, photo, "-s"), straight)
    print(f"RawTherapee by the settings of a batch: {off:.2f} px")
    assert off <= 0.25


def test_rawtherapee_reads_the_profile_for_adobes_programs(tmp_path: Path, straight: FloatArray) -> None:
    """It holds f-numbers against APEX values, and takes a cut series for light, so that some percent are left."""
    profile = profile_of(LENS)
    (tmp_path / "lens.lcp").write_text(written(profile), encoding="utf-8")
    developed = by_rawtherapee(tmp_path, put(tmp_path, raw(f_number=(28, 10))), "LcMode=lcp\nLCPFile=/mnt/x/lens.lcp")
    off, larger = resized(developed, straight)
    print(f"RawTherapee by LCP: {off:.2f} px, enlarged by {larger:.4f}")
    assert off <= 0.25 + profile.distortion_px * SIZE[0] / 8192
    light = raw_chart.ground(developed, DOTS) / raw_chart.ground(straight, DOTS)
    print(f"light {np.nanmin(light):.3f}..{np.nanmax(light):.3f}")
    assert np.nanmax(np.abs(light - 1)) <= 0.05, "a third of the light is missing without"
