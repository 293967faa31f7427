"""What a photo is asked whose raw carries a correction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sixbit.export.correct import correct
from sixbit.files.dng import ROOM
from sixbit.lenses.compensation import done_unmarked
from sixbit.raw.write import write_in_place
from sixbit.tags.read import read_shot
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, NotCorrectedError
from tests.scenery import dngs
from tests.scenery.batch_photos import jpeg
from tests.scenery.photo_factory import xmp_packet

ALL = ("distortion", "tca", "vignetting")
TAGS: dict[str, Any] = {
    "Make": "Leica Camera AG",
    "Model": "LEICA M10",
    "LensModel": dngs.LENS,
    "FNumber": (15, 10),
    "FocalLength": (28, 1),
}
APPLIED = {"crs:AlreadyApplied": "True"}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    photo = tmp_path / "L1000001.DNG"
    photo.write_bytes(dngs.dng())
    write_in_place(photo)
    return photo


def developed(folder: Path, software: str, name: str = "L1000001.jpg", **properties: str) -> Path:
    photo = folder / name
    photo.write_bytes(jpeg(90, 60, TAGS | {"Software": software}, xmp_packet(**properties) if properties else b""))
    return photo


@pytest.mark.parametrize(
    ("software", "properties"),
    [
        ("Adobe Photoshop Lightroom Classic 13.2 (Windows)", {}),
        ("Adobe Lightroom 8.1 (Macintosh)", {}),
        ("Adobe Photoshop Camera Raw 16.0", {}),
        ("Adobe Photoshop 25.1 (Windows)", APPLIED),
    ],
)
def test_what_adobe_developed_is_corrected(raw: Path, software: str, properties: dict[str, str]) -> None:
    photo = developed(raw.parent, software, **properties)
    shot = read_shot(photo)
    assert shot.already_corrected == ALL
    assert [mark.tag for mark in shot.marks] == ["opcodes of L1000001.DNG"]
    with pytest.raises(NotCorrectedError) as caught:
        correct(photo, raw.parent / "out.jpg")
    assert caught.value.code is Code.ALREADY_CORRECTED


def test_what_the_raw_does_not_carry_is_left_to_do(tmp_path: Path) -> None:
    raw = tmp_path / "L1000001.DNG"
    raw.write_bytes(dngs.dng())
    write_in_place(raw, Choices(kinds={"vignetting": 1.0}))
    assert read_shot(developed(tmp_path, "Adobe Lightroom 8.1")).already_corrected == ("vignetting",)


def test_the_name_that_camera_raw_has_left_is_followed(raw: Path) -> None:
    other = developed(raw.parent, "Adobe Lightroom 8.1", "rome.jpg")
    assert read_shot(other).already_corrected == ()
    named = developed(raw.parent, "Adobe Lightroom 8.1", "rome.jpg", **{"crs:RawFileName": "L1000001.DNG"})
    assert read_shot(named).already_corrected == ALL
    outside = developed(raw.parent, "Adobe Lightroom 8.1", "rome.jpg", **{"crs:RawFileName": "../L1000001.DNG"})
    assert read_shot(outside).already_corrected == ALL, "by its name alone, beside the photo"


@pytest.mark.parametrize("software", ["1.0", "", "GIMP 3.0.4", "Capture One 23"])
def test_the_cameras_own_jpeg_of_a_pair_is_not(raw: Path, software: str) -> None:
    shot = read_shot(developed(raw.parent, software))
    assert (shot.already_corrected, shot.perhaps_from) == ((), None)


def test_the_cameras_jpeg_developed_once_more_is_a_question(raw: Path) -> None:
    """Lightroom saves it under the name that the raw has, too; its pixels are the camera's, or developed before."""
    shot = read_shot(developed(raw.parent, "Adobe Lightroom 8.1", **{"crs:RawFileName": "L1000001.JPG"}))
    assert shot.already_corrected == ()
    assert any("L1000001.DNG" in said for said in done_unmarked(shot))


def test_a_correction_whose_record_is_gone_is_a_question(raw: Path) -> None:
    """A program that writes a DNG anew may keep the opcodes, and leave what stands behind everything else."""
    photo = developed(raw.parent, "Adobe Lightroom 8.1")
    raw.write_bytes(raw.read_bytes()[:-ROOM])
    shot = read_shot(photo)
    assert shot.already_corrected == ()
    assert any("L1000001.DNG" in said for said in done_unmarked(shot))


@pytest.mark.parametrize("software", ["darktable 5.0.1", "RawTherapee 5.11"])
def test_darktable_and_rawtherapee_are_a_question(raw: Path, software: str) -> None:
    shot = read_shot(developed(raw.parent, software))
    assert shot.already_corrected == ()
    assert any("L1000001.DNG" in said for said in done_unmarked(shot))


def test_a_raw_tells_what_it_carries(raw: Path) -> None:
    shot = read_shot(raw)
    assert (shot.carries, shot.already_corrected) == (ALL, ())
    assert any("carries a correction" in said for said in done_unmarked(shot))


@pytest.mark.parametrize("content", [dngs.dng(), b"", b"II*\0\xff\xff\xff\xff", dngs.dng()[:3000]])
def test_a_raw_that_carries_none_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "L1000001.DNG").write_bytes(content)
    assert read_shot(developed(tmp_path, "Adobe Lightroom 8.1")).already_corrected == ()
