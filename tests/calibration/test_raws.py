"""Raw files that are no TIFF: what they say of the lens is read, and tags go to a sidecar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sixbit import PhotoError, Status, match, read_shot
from sixbit.calibration.frames import check_whole
from sixbit.lenses.catalogue import catalogue
from sixbit.tags.write import write_lens_tags
from sixbit.values.errors import CalibrationError, Code
from tests.scenery.photo_factory import areas_of, dng
from tests.scenery.raws import cr3, raf
from tests.scenery.refusals import refused


@pytest.mark.parametrize("build", [cr3, raf])
def test_a_raw_file_is_identified_and_tagged(build: Callable[..., bytes], tmp_path: Path) -> None:
    photo = tmp_path / f"L1.{build.__name__.upper()}"
    photo.write_bytes(build())
    shot = read_shot(photo)
    assert match(shot).lens is catalogue().lenses["summicron-35-asph"]
    assert (shot.focal_mm and shot.focal_mm.value, shot.f_number and shot.f_number.value) == (35, 2.8)
    photo.write_bytes(build("----"))
    assert match(read_shot(photo)).status is Status.UNTAGGED
    before = photo.read_bytes()
    sidecar = write_lens_tags(photo, catalogue().lenses["elmarit-28-iv"])
    assert sidecar == photo.with_name(photo.name + ".xmp")
    assert photo.read_bytes() == before
    found = match(read_shot(photo)).lens
    assert found is not None
    assert found.lens_id == "elmarit-28-iv"


@pytest.mark.parametrize("build", [cr3, raf])
def test_a_damaged_raw_file_is_told(build: Callable[..., bytes], tmp_path: Path) -> None:
    photo = tmp_path / "L1.raw"
    whole = build()
    for end in (20, 60, 120, 170):
        photo.write_bytes(whole[:end])
        with refused(PhotoError, r"L1\.raw: is damaged.*Get it again", Code.DAMAGED):
            read_shot(photo)


def test_a_raw_that_is_a_part_of_its_sensor_is_no_frame(tmp_path: Path) -> None:
    """LibRaw gives all that the sensor has seen; a raw that is whole is one, whatever part the camera showed of it."""
    active, m11 = (0, 0, 2016, 3016), {"Make": "Leica Camera AG", "Model": "LEICA M11", "FocalLength": (35, 1)}
    zoomed = m11 | {"FocalLengthIn35mmFilm": 46}
    whole = areas_of(active, (8, 8), (3000, 2000), user=(0.115, 0.115, 0.885, 0.885))
    for part in (areas_of(active, (354, 240), (2308, 1538)), areas_of(active, (500, 8), (2000, 2000))):
        (tmp_path / "part.dng").write_bytes(dng(zoomed, (3016, 2016), part))
        with refused(CalibrationError, "part of its sensor", Code.FRAMES):
            check_whole(read_shot(tmp_path / "part.dng"))
    (tmp_path / "whole.dng").write_bytes(dng(zoomed, (3016, 2016), whole))
    check_whole(read_shot(tmp_path / "whole.dng"))
