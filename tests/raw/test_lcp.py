"""Profiles for Adobe's programs are the calibration, as far as three even powers go."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
import pytest

from sixbit.calibration import keep
from sixbit.calibration.frames import Setting
from sixbit.cli.main import main
from sixbit.compiler.compile import models_of
from sixbit.compiler.gains import fall_off_gain
from sixbit.compiler.warp import Warp
from sixbit.lenses.catalogue import catalogue
from sixbit.raw.lcp import Radial, profile_of, written
from sixbit.values.arrays import FloatArray
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, CompileError
from sixbit.values.lens import Model
from sixbit.values.polynomial import evaluate
from tests.scenery.refusals import refused

SIZE = (8192, 5461)
CAMERA = "{http://ns.adobe.com/photoshop/1.0/camera-profile}"
ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
LENS = "vm-nokton-28-1.5"


def at(model: Radial, r: FloatArray) -> FloatArray:
    """What the terms of a model make of a radius in focal lengths."""
    return model.scale * (1 + sum(term * r ** (2 * k + 2) for k, term in enumerate(model.terms)))


@pytest.mark.parametrize("lens_id", [LENS, "summicron-28-asph", "vm-heliar-15-4.5-iii", "summilux-21", "m-rokkor-40"])
def test_a_profile_is_the_calibration(lens_id: str) -> None:
    profile = profile_of(lens_id)
    setting = profile.settings[-1]
    choices = Choices(crop_factor=1.0, f_number=setting.f_number, distance_m=setting.distance_m, scale="none")
    wanted = models_of(lens_id, choices=choices, size=SIZE)
    warp = Warp(wanted.optics, wanted.picture)
    focal = setting.focal_mm / profile.long_mm * SIZE[0]
    output = np.linspace(1, warp.farthest, 500)
    exact = output * warp.unscaled(1, output)
    middle = float(warp.unscaled(1, np.zeros(1))[0])
    source = output if setting.distortion is None else _source(setting.distortion, output, focal, exact, middle)
    assert np.abs(source - exact).max() <= profile.distortion_px + 0.01
    assert profile.distortion_px < 2.5
    for model, colour in ((setting.red, 0), (setting.blue, 2)):
        if model is not None:
            assert wanted.optics.tca
            polynomial, sensor = wanted.optics.tca[0][colour // 2], wanted.optics.tca[1]
            lateral = evaluate(polynomial, exact * wanted.picture.per_half_short_side(sensor))
            assert np.abs((at(model, exact / focal) - lateral) * exact).max() <= profile.tca_px + 0.005
    if setting.fall_off is not None:
        assert np.allclose(at(setting.fall_off, exact / focal) * fall_off_gain(warp, exact), 1, atol=1e-4)


def _source(model: Radial, output: FloatArray, focal: float, exact: FloatArray, middle: float) -> FloatArray:
    """Source radii by a profile, at the size near that of the middle at which they come nearest to the exact ones."""
    best = middle
    for reach in (0.03, 1e-4, 1e-6):
        sizes = best * np.linspace(1 - reach, 1 + reach, 801)
        off = [np.abs(output * size * at(model, output * size / focal) - exact).max() for size in sizes]
        best = float(sizes[int(np.argmin(off))])
    return output * best * at(model, output * best / focal)


def test_it_is_written_as_adobe_has_it() -> None:
    profile = profile_of(LENS)
    items = list(ElementTree.fromstring(written(profile)).iter(ITEM))
    assert len(items) == len(profile.settings)

    def number(item: Element, *path: str) -> float:
        return float(item.findtext("/".join(CAMERA + name for name in path)) or "nan")

    assert [number(item, "ApertureValue") for item in items] == pytest.approx(
        [2 * math.log2(setting.f_number) for setting in profile.settings]
    )
    assert number(items[0], "PerspectiveModel", "FocalLengthX") == pytest.approx(28 / 36)
    assert profile.settings[0].red
    found = number(items[0], "PerspectiveModel", "ChromaticRedGreenModel", "ScaleFactor")
    assert found == pytest.approx(profile.settings[0].red.scale)
    assert all(item.findtext(f"{CAMERA}CameraRawProfile") == "True" for item in items)
    assert "CC BY-SA 3.0" in written(profile)
    assert profile.told in written(profile)


def test_one_lens_or_all_that_are_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "export", "--lcp", LENS, "-o", str(tmp_path / "one")]) == 0
    said = capsys.readouterr().out
    assert [path.name for path in (tmp_path / "one").iterdir()] == [f"sixbit-{LENS}.lcp"]
    assert "px of 8192" in said
    assert main(["calibrate", "export", "--lcp", "-o", str(tmp_path / "all")]) == 0
    lines = capsys.readouterr().out.splitlines()
    files = sorted(path.stem.removeprefix("sixbit-") for path in (tmp_path / "all").iterdir())
    assert len(files) == len(lines) > 10
    assert all("px of 8192" in line for line in lines)
    assert set(files) == {one.lens_id for one in catalogue().lenses.values() if one.best_calibrations()}
    assert main(["calibrate", "export", "--lcp", "--complete", "-o", str(tmp_path / "more")]) == 2
    assert main(["calibrate", "export", "--lcp", "vm-nokton-40-1.2", "-o", str(tmp_path / "none")]) == 1
    assert not (tmp_path / "none").exists()


def test_a_lens_that_no_profile_can_hold_leaves_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep.add(Setting(catalogue().lens(LENS), 1.0, 28.0, 1.5), "folds", distortion=Model("poly3", (-0.9,)))
    assert main(["calibrate", "export", "--lcp", "-o", str(tmp_path)]) == 1
    assert f"{LENS}: The distortion model folds over" in capsys.readouterr().err
    others = {one.lens_id for one in catalogue().lenses.values() if one.best_calibrations()} - {LENS}
    assert {path.name for path in tmp_path.iterdir()} == {f"sixbit-{one}.lcp" for one in others}
    assert main(["calibrate", "export", "--lcp", LENS, "-o", str(tmp_path)]) == 1
    words = ["calibrate", "export", "--lcp", "summilux-21", "--lens", "elmar-24", "-o", str(tmp_path / "two")]
    assert main(words) == 2
    assert not (tmp_path / "two").exists()


def test_what_the_user_has_measured_comes_first() -> None:
    before = profile_of(LENS)
    setting = Setting(catalogue().lens(LENS), 1.0, 28.0, 1.5)
    keep.add(setting, "6 photos with lines", distortion=Model("poly3", (0.01,)))
    own = profile_of(LENS)
    assert own.settings[0].distortion != before.settings[0].distortion
    assert own.distortion_px < 1e-6
    assert own.kinds == before.kinds
    assert any("6 photos with lines" in source for source in own.sources)


def test_a_lens_of_several_focal_lengths_is_told_where_it_was_measured() -> None:
    lens = catalogue().lens("tri-elmar-16-18-21")
    keep.add(Setting(lens, 1.0, 16.0, 1.5), "6 photos with lines", distortion=Model("poly3", (0.01,)))
    assert [setting.focal_mm for setting in profile_of(lens.lens_id).settings] == [16.0]
    keep.add(Setting(lens, 1.0, 21.0, 1.5), "6 photos with lines", distortion=Model("poly3", (-0.01,)))
    keep.add(Setting(lens, 1.0, 21.0, 1.5, f_number=4.0), "a flat", vignetting=Model("pa", (-0.5, 0.1, 0.0)))
    found = {setting.focal_mm: setting.fall_off is not None for setting in profile_of(lens.lens_id).settings}
    assert found == {16.0: False, 18.0: False, 21.0: True}


def test_a_lens_without_a_calibration_has_none() -> None:
    with refused(CompileError, "no calibration", Code.UNCALIBRATED):
        profile_of("vm-nokton-40-1.2")
