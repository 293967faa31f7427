"""What a photo is asked whose raw carries a correction."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from sixbit.export.correct import correct
from sixbit.files.dng import ROOM
from sixbit.files.dng_kept import FOLDER
from sixbit.lenses.compensation import done_unmarked
from sixbit.machine import user_data
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


def test_a_correction_whose_record_is_gone_is_a_question_elsewhere(raw: Path) -> None:
    """A program that writes a DNG anew may keep the opcodes, and leave what stands behind everything else.

    The computer that wrote them has the record all the same; another one does not.
    """
    photo = developed(raw.parent, "Adobe Lightroom 8.1")
    raw.write_bytes(raw.read_bytes()[:-ROOM])
    assert read_shot(photo).already_corrected == ALL
    shutil.rmtree(user_data() / FOLDER)
    shot = read_shot(photo)
    assert shot.already_corrected == ()
    assert any("L1000001.DNG" in said for said in done_unmarked(shot))


@pytest.mark.parametrize("as_element", [False, True])
def test_darktable_leaves_the_name_of_the_raw(raw: Path, as_element: bool) -> None:
    """Of a duplicate it exports L1000001_01.jpg."""
    name, element = "L1000001_01.jpg", "<xmpMM:DerivedFrom>L1000001.DNG</xmpMM:DerivedFrom>"
    photo = derived(raw, "darktable 5.4.0", element, name)
    if not as_element:
        photo = developed(raw.parent, "darktable 5.4.0", name, **{"xmpMM:DerivedFrom": "L1000001.DNG"})
    assert any("darktable may have carried it out" in said for said in done_unmarked(read_shot(photo)))


IDENTITY = "0123456789ABCDEF0123456789ABCDEF"
DERIVED = (
    '<xmpMM:DerivedFrom stRef:instanceID="xmp.iid:1" stRef:documentID="{0}"/>',
    '<xmpMM:DerivedFrom rdf:parseType="Resource"><stRef:originalDocumentID>{0}</stRef:originalDocumentID>'
    "</xmpMM:DerivedFrom>",
    "<xmpMM:DerivedFrom><rdf:Description><stRef:filePath>C:\\photos\\L1000001.DNG</stRef:filePath>"
    "</rdf:Description></xmpMM:DerivedFrom>",
)
"""References to the raw in the forms that RDF has for them: by an identity, or by the name of the file."""


@pytest.fixture
def named_raw(tmp_path: Path) -> Path:
    """A raw that carries a correction, and has an identity by its XMP."""
    photo = tmp_path / "L1000001.DNG"
    photo.write_bytes(dngs.dng(xmp=xmp_packet(**{"xmpMM:DocumentID": IDENTITY})))
    write_in_place(photo)
    return photo


def derived(raw: Path, software: str, reference: str, name: str, **properties: str) -> Path:
    photo = raw.with_name(name)
    photo.write_bytes(jpeg(90, 60, TAGS | {"Software": software}, xmp_packet(reference, **properties)))
    return photo


@pytest.mark.parametrize("reference", DERIVED)
def test_what_photoshop_has_made_of_the_raw_is_corrected(named_raw: Path, reference: str) -> None:
    """It opens a raw by Camera Raw alone, or gets what Lightroom has developed, and leaves its own name."""
    name = "L1000001.jpg"
    photo = derived(named_raw, "Adobe Photoshop 25.1 (Windows)", reference.format(IDENTITY), name)
    assert read_shot(photo).already_corrected == ALL
    by_tool = {"xmp:CreatorTool": "Adobe Photoshop 25.1"}
    photo = derived(named_raw, "", reference.format(IDENTITY), name, **by_tool)
    assert read_shot(photo).already_corrected == ALL
    other = derived(named_raw, "Adobe Photoshop 25.1", DERIVED[0].format("F" * 32), name)
    assert (read_shot(other).already_corrected, read_shot(other).perhaps_from) == ((), None)


def test_the_raw_that_a_reference_names_is_found(named_raw: Path) -> None:
    photo = derived(named_raw, "Adobe Lightroom 8.1", DERIVED[2], "rome.jpg")
    assert read_shot(photo).already_corrected == ALL


@pytest.mark.parametrize("software", ["darktable 5.0.1", "Some program", ""])
def test_what_another_program_has_made_of_the_raw_is_a_question(named_raw: Path, software: str) -> None:
    shot = read_shot(derived(named_raw, software, DERIVED[1].format(IDENTITY), "L1000001.jpg"))
    assert shot.already_corrected == ()
    assert any("L1000001.DNG" in said for said in done_unmarked(shot))


def test_what_was_made_of_the_cameras_jpeg_is_a_question(named_raw: Path) -> None:
    reference = DERIVED[2].replace(".DNG", ".JPG")
    shot = read_shot(derived(named_raw, "Adobe Lightroom 8.1", reference, "L1000001.jpg"))
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
