"""Raw files that are no TIFF: what they say of the lens is read, and tags go to a sidecar."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from sixbit import PhotoError, Status, match, read_shot
from sixbit.calibration.frames import check_whole
from sixbit.lenses.catalogue import catalogue
from sixbit.tags.write import write_lens_tags
from sixbit.values.errors import CalibrationError, Code
from tests.scenery import batch_photos
from tests.scenery.photo_factory import areas_of, directory, dng
from tests.scenery.refusals import refused

NAME = "Summicron-M 1:2/35 ASPH."


def cr3(name: str = NAME) -> bytes:
    """The boxes of a Canon raw file that hold tags (CMT1: the first directory, CMT2: that of Exif)."""

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + kind + content

    def tags(*entries: tuple[int, int, object]) -> bytes:
        return b"II*\0\x08\0\0\0" + directory(entries, 8, "<")

    uuid = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    first = tags((0x010F, 2, "Canon"), (0x0110, 2, "Canon EOS R5"))
    exif = tags((0x829D, 5, (28, 10)), (0x920A, 5, (35, 1)), (0xA434, 2, name))
    canon = box(b"CNCV", b"CanonCR3_001/00.09.00/00.00.00") + box(b"CMT1", first) + box(b"CMT2", exif)
    return box(b"ftyp", b"crx \0\0\0\1crx isom") + box(b"moov", box(b"uuid", uuid + canon)) + box(b"mdat", b"\0" * 64)


def raf(name: str = NAME) -> bytes:
    """A Fujifilm raw file: a head with the places of the preview, whose tags are the photo's, and of the picture."""
    tags = batch_photos.KNOWN | {"Make": "FUJIFILM", "Model": "X-T5", "LensModel": name, "FNumber": (28, 10)}
    preview = batch_photos.jpeg(64, 48, tags)
    head = bytearray(160)
    head[:20], head[28:32] = b"FUJIFILMCCD-RAW 0201", b"X-T5"
    at = len(head) + len(preview)
    struct.pack_into(">IIIIII", head, 84, len(head), len(preview), at, 16, at + 16, 64)
    return bytes(head) + preview + struct.pack(">IHHHHHH", 1, 0x100, 4, 100, 200, 0, 0) + b"\0" * 80


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
