"""Overlapping photos from files: what is refused before, what is kept of what was found, and the words."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sixbit.calibration import frames, overlap
from sixbit.calibration.keep import runs
from sixbit.calibration.overlap import keep, measure_overlap
from sixbit.cli.main import main
from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.measure.aperture import error_of_guess
from sixbit.measure.overlap import MeasuredOverlap
from sixbit.measure.worth import RADII, Worth, area_weights
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.lens import Model

LENS = Choices(lens="elmarit-28-i", crop_factor=1.0, f_number=5.6)
SAID = ["--lens", "elmarit-28-i", "--crop", "1", "--aperture", "5.6"]


def write(
    folder: Path,
    count: int,
    size: tuple[int, int] = (90, 60),
    focal: float = 28.0,
    *,
    f_number: float | None = None,
    lens: str = "",
    first: int = 0,
) -> list[Path]:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Leica Camera AG", "LEICA M10"
    more = exif.get_ifd(0x8769)
    more[0x920A] = focal
    if f_number:
        more[0x829D] = f_number
    if lens:
        more[0xA434] = lens
    paths = [folder / f"{size[0]}-{focal:g}-{k}.jpg" for k in range(first, first + count)]
    for path in paths:
        Image.new("RGB", size, (90, 90, 90)).save(path, exif=exif)
    return paths


def worth(kind: str, corner: float, share: float = 0.05) -> Worth:
    curve = np.array([corner, -corner] if kind in ("tca", "shading") else [corner])[:, None] * RADII**2
    return Worth(kind, curve, share * np.abs(curve), area_weights(1.5), 0.9)


def measured(count: int, **more: Any) -> MeasuredOverlap:
    """Findings of so many photos, of which the last was of no use."""
    found: dict[str, Any] = {
        "distortion": Model("poly3", (-0.02,)),
        "centre": np.array([0.05, -0.04]),
        "vignetting": Model("pa", (-0.5, 0.1, 0.0)),
        "tca": Model("linear", (1.0004, 0.9996)),
        "shading": Shading(PlaneShading((1.0, 0.0, -0.1)), PlaneShading((1.0, 0.0, 0.05))),
        "lens_polynomial": (1.02, 0.0, -0.02),
        "worth": {kind: worth(kind, 2.0) for kind in ("distortion", "vignetting", "tca", "shading")},
        "used": np.arange(count) < count - 1,
        "seen": np.zeros((4, 2)),
        "extent": (1.5, 1.0),
        "curves": {},
        "verdict": ("Found.",),
    }
    return MeasuredOverlap(**{**found, **more})


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is to be found otherwise; photos are not looked at."""
    asked: dict[str, Any] = {}
    more: dict[str, Any] = {"asked": asked}

    def fit(photos: Sequence[None], focal: float, _progress: Any, *, guess: Any) -> MeasuredOverlap:
        assert focal == pytest.approx(28 / 21.633, rel=1e-3)
        asked["guess"] = guess
        return measured(len(photos), **{name: value for name, value in more.items() if name != "asked"})

    monkeypatch.setattr(overlap, "pycolmap", lambda: None)
    monkeypatch.setattr(overlap, "overlap_photo", lambda _frame, **_options: None)
    monkeypatch.setattr(overlap, "fit_overlap", fit)
    return more


@pytest.mark.usefixtures("found")
def test_each_kind_is_kept_with_its_error(tmp_path: Path) -> None:
    paths = write(tmp_path, 9)
    result = measure_overlap(paths, LENS)
    kept = keep(result)
    assert [run.kinds for run in kept] == [("distortion",), ("tca",), ("vignetting",), ("shading",)]
    assert [run.source for run in kept] == ["8 overlapping photos"] * 4
    assert kept[0].centre == (0.05, -0.04)
    assert kept[2].f_number == 5.6
    assert all(run.known[run.kinds[0]].reach == 0.9 for run in runs("elmarit-28-i"))
    assert f"Left out, as they share too little with the others: {paths[-1].name}." in result.verdict


def test_what_is_not_worth_keeping_is_not_kept(tmp_path: Path, found: dict[str, Any]) -> None:
    found.update(distortion=None, shading=None, tca=None, worth={"vignetting": worth("vignetting", 2.0)})
    assert [run.kinds for run in keep(measure_overlap(write(tmp_path, 8), LENS))] == [("vignetting",)]
    found.update(vignetting=None, unsure=("Fall-off is not sure enough: why.",))
    with pytest.raises(CalibrationError, match=r"^Fall-off is not sure enough: why\.$"):
        measure_overlap(write(tmp_path, 8), LENS)


@pytest.mark.usefixtures("found")
def test_without_an_aperture_fall_off_is_told_and_not_kept(tmp_path: Path) -> None:
    result = measure_overlap(write(tmp_path, 8), Choices(lens="elmarit-28-i", crop_factor=1.0))
    assert "do not say their aperture" in result.verdict[-1]
    assert [run.kinds for run in keep(result)] == [("distortion",), ("tca",)]


def test_that_an_aperture_is_a_guess_is_counted_and_told(tmp_path: Path, found: dict[str, Any]) -> None:
    found["fall_off_if_said"] = worth("vignetting", 2.0, 0.01)
    paths = write(tmp_path, 8, f_number=5.6)
    result = measure_overlap(paths, Choices(lens="elmarit-28-i", crop_factor=1.0))
    assert found["asked"]["guess"] == pytest.approx(error_of_guess(5.6, 2.8))
    assert "may be off by a stop" in result.verdict[-1]
    _, _, fall_off, shading = keep(result)
    assert fall_off.known_if_said["vignetting"].error[-1] == pytest.approx(0.02)
    assert (shading.known, {*shading.known_if_said}) == ({}, {"shading"})
    assert "may be off" not in measure_overlap(paths, LENS).verdict[-1]
    assert found["asked"]["guess"] is None


@pytest.mark.usefixtures("found")
def test_what_the_camera_leaves_that_knew_the_lens_is_kept_for_it_alone(tmp_path: Path) -> None:
    name = "Elmarit-M 1:2.8/28"
    kept = keep(measure_overlap(write(tmp_path, 8, lens=name), LENS))
    assert [run.compensated for run in kept] == ["", "", name, name]
    mixed = write(tmp_path, 4) + write(tmp_path, 4, (90, 60), lens=name, first=4)
    with pytest.raises(CalibrationError, match="has not compensated the same"):
        measure_overlap(mixed, LENS)


@pytest.mark.usefixtures("found")
def test_too_few_or_unlike_photos_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="must be 8 or more, and not 7") as raised:
        measure_overlap(write(tmp_path, 7), LENS)
    assert raised.value.code is Code.OVERLAP
    with pytest.raises(CalibrationError, match=r"differ in size \(90x60 and 120x80\)"):
        measure_overlap(write(tmp_path, 7) + write(tmp_path, 7, (120, 80)), LENS)
    with pytest.raises(CalibrationError, match="taken at 28 mm and 35 mm"):
        measure_overlap(write(tmp_path, 7) + write(tmp_path, 1, focal=35), LENS)


@pytest.mark.usefixtures("found")
def test_photos_that_were_turned_otherwise_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write(tmp_path, 9)
    monkeypatch.setattr(frames, "how_turned", lambda shot, stands: 3 if shot.path == paths[2] else 1)
    result = measure_overlap(paths, LENS)
    assert paths[2].name not in result.frames
    assert f"Left out, being turned otherwise than the other photos: {paths[2].name}." in result.verdict
    assert keep(result)[0].centre == (0.05, -0.04)


@pytest.mark.usefixtures("found")
def test_a_centre_that_cannot_be_kept_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "how_turned", lambda shot, stands: None)
    result = measure_overlap(write(tmp_path, 8), LENS)
    assert result.verdict[-1].endswith("so the centre is not kept.")
    assert keep(result)[0].centre is None


def test_the_command_keeps_draws_and_says_how_to_take_it_back(
    tmp_path: Path, found: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    photos = [str(path) for path in write(tmp_path, 8)]
    plot = tmp_path / "plot.png"
    assert main(["calibrate", "overlap", *photos, *SAID, "--dry-run", "--plot", str(plot)]) == 0
    assert plot.stat().st_size > 10_000
    assert not runs()
    found.update(shading=None)
    assert main(["calibrate", "overlap", *photos, *SAID]) == 0
    names = " ".join(run.name for run in runs())
    assert f"Kept as {names}; `sixbit calibrate remove {names}` takes it back." in capsys.readouterr().out
    assert main(["calibrate", "remove", *names.split()]) == 0
    assert not runs()


def test_the_way_out_without_pycolmap_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pycolmap", None)
    assert main(["calibrate", "overlap", *map(str, write(tmp_path, 8)), *SAID]) == 1
    assert "Overlapping photos need pycolmap. `pip install 'sixbit[learn]'` brings it." in capsys.readouterr().err
