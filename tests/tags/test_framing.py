"""Marks of crops and of other changes to a picture's shape."""

from __future__ import annotations

from typing import Any

import pytest

from sixbit.files.xmp import Packet
from sixbit.tags.framing import DARKTABLE, crop_in, reshaping_in, taken_size
from sixbit.tags.source import Source
from sixbit.values.shot import Crop

APPLIED = {"crs:AlreadyApplied": "True"}
EDGES = {"crs:CropLeft": "0.1", "crs:CropTop": "0.2", "crs:CropRight": "0.7", "crs:CropBottom": "0.9"}
CROP = {**APPLIED, "crs:HasCrop": "True", **EDGES}


def deeds(properties: dict[str, str], exif: dict[str, Any] | None = None, modules: tuple[str, ...] = ()) -> list[str]:
    found = reshaping_in(Packet(properties, frozenset(modules)), Source(exif or {}))
    return [mark.value for mark in found]


def test_a_straight_crop_is_told_whole() -> None:
    found = crop_in(CROP)
    assert found is not None
    assert found.value == Crop(0.1, 0.2, 0.7, 0.9)
    assert deeds(CROP) == []
    assert crop_in({**CROP, "crs:CropAngle": "0"}) is not None
    part = crop_in({**APPLIED, "crs:HasCrop": "1", "crs:CropLeft": "0.5"})
    assert part is not None
    assert part.value == Crop(0.5, 0.0, 1.0, 1.0), "Camera Raw leaves out what is at the border"


@pytest.mark.parametrize(
    "recipe",
    [
        {**CROP, "crs:AlreadyApplied": "False"},
        {name: value for name, value in CROP.items() if name != "crs:AlreadyApplied"},
        {**CROP, "crs:HasCrop": "False"},
    ],
)
def test_settings_that_were_not_applied_say_nothing(recipe: dict[str, str]) -> None:
    assert crop_in(recipe) is None
    assert deeds({**recipe, "crs:PerspectiveUpright": "0"}) == []


@pytest.mark.parametrize(
    ("change", "deed"),
    [
        ({"crs:CropAngle": "2.16"}, "straightened"),
        ({"crs:CropAngle": "-10.08"}, "straightened"),
        ({"crs:CropRight": "0.05"}, "cropped"),
        ({"crs:CropRight": "much"}, "cropped"),
        ({"crs:PerspectiveVertical": "-12"}, "changed in perspective"),
        ({"crs:PerspectiveUpright": "4"}, "changed in perspective"),
        ({"crs:PerspectiveScale": "110"}, "changed in perspective"),
        ({"crs:PerspectiveRotate": "+1.5"}, "straightened"),
        ({"crs:LensManualDistortionAmount": "+7"}, "bent"),
        ({"GPano:ProjectionType": "equirectangular"}, "stitched"),
        ({"panorama:VirtualFocalLength": "20"}, "stitched"),
        ({"aux:IsMergedPanorama": "True"}, "stitched"),
        ({"xmpDSA:CorrectionAlreadyApplied": "True"}, "changed in perspective"),
        ({"aas:CropW": "100"}, "cropped"),
    ],
)
def test_marks_in_xmp(change: dict[str, str], deed: str) -> None:
    assert deeds({**CROP, **change}) == [deed]


def test_a_crop_without_edges_tells_no_place() -> None:
    without = {**APPLIED, "crs:HasCrop": "True"}
    assert crop_in(without) is None
    assert deeds(without) == ["cropped"]


def test_settings_at_rest_say_nothing() -> None:
    at_rest = {
        "crs:PerspectiveVertical": "0",
        "crs:PerspectiveScale": "100",
        "xmpDSA:CorrectionAlreadyApplied": "False",
    }
    assert deeds({**APPLIED, **at_rest}) == []


@pytest.mark.parametrize("module", DARKTABLE)
def test_darktable(module: str) -> None:
    assert deeds({}, modules=(module, "lens", "exposure")) == [DARKTABLE[module]]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("digikam:FreeRotationFilter", ["straightened"]),
        ("transform:crop", ["cropped"]),
        ("digikam:RatioCrop", ["cropped"]),
        ("digikam:PerspectiveAdjustment", ["changed in perspective"]),
        ("transform:rotate", []),
        ("transform:resize", []),
    ],
)
def test_digikam(name: str, found: list[str]) -> None:
    history = f'<history version="1"><filter filterName="{name}" filterVersion="1"/></history>'
    assert deeds({"digiKam:ImageHistory": history}) == found


def test_stitched_by_hugin_or_a_phone() -> None:
    assert deeds({}, {"Image Software": "Hugin 2022.0.0"}) == ["stitched"]
    assert deeds({}, {"EXIF CustomRendered": (6,)}) == ["stitched"]
    assert deeds({}, {"EXIF CustomRendered": (1,), "Image Software": "Adobe Photoshop"}) == []


def test_the_size_that_was_taken() -> None:
    by_exifread = {"EXIF ExifImageWidth": (7840.0,), "EXIF ExifImageLength": (5184.0,)}
    by_exiv2 = {"EXIF PixelXDimension": "7840", "EXIF PixelYDimension": "5184"}
    for exif in (by_exifread, by_exiv2):
        found = taken_size(Source(exif))
        assert found is not None
        assert found.value == (7840, 5184)
    assert taken_size(Source({"EXIF ExifImageWidth": (7840.0,)})) is None
    assert taken_size(Source({"EXIF ExifImageWidth": (0.0,), "EXIF ExifImageLength": (0.0,)})) is None
