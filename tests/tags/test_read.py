"""What is read from photos, against exiftool; what lies or says nothing; and what is no photo at all."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import random
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from sixbit.files.find import find_blocks
from sixbit.lenses.figures import aperture_of
from sixbit.tags.read import read_shot
from sixbit.values.errors import Code, PhotoError
from sixbit.values.shot import LensSpecification, Shot, SixBitCode, Tagged
from tests.scenery import new_formats
from tests.scenery.photo_factory import (
    ASCII,
    LONG,
    RATIONAL,
    UNDEFINED,
    darktable_history,
    directory,
    dng,
    exif,
    heic,
    jpeg,
    jpeg_with_trailing_note,
    m8_note,
    m9_note,
    m10_note,
    m240_note,
    png,
    segment,
    sl_note,
    t_note,
    tiff,
    xmp_packet,
)
from tests.scenery.programs import exiftool
from tests.scenery.refusals import refused

M8: dict[str, Any] = {"Make": "Leica Camera AG", "Model": "M8 Digital Camera"}
M9: dict[str, Any] = {"Make": "Leica Camera AG", "Model": "M9 Digital Camera"}
M240: dict[str, Any] = {"Make": "Leica Camera AG", "Model": "LEICA M (Typ 240)"}
M246: dict[str, Any] = {"Make": "Leica Camera AG", "Model": "LEICA M MONOCHROM (Typ 246)"}
M10: dict[str, Any] = {"Make": "Leica Camera AG", "Model": "LEICA M10"}
SL: dict[str, Any] = {"Make": "LEICA CAMERA AG", "Model": "LEICA SL (Typ 601)"}
T: dict[str, Any] = {"Make": "LEICA CAMERA AG", "Model": "LEICA T (Typ 701)"}

NOTES = {
    "m8.jpg": jpeg(exif(maker_note=m8_note(4 * 6 + 2, (4, 1)), **M8)),
    "m8-big-endian.jpg": jpeg(exif(">", maker_note=m8_note(4 * 16 + 3, (11, 1)), **M8)),
    "m8.dng": dng(M8, maker_note=m8_note(4 * 31, (56, 10), dng=True)),
    "m9.jpg": jpeg(exif(maker_note=m9_note(4 * 32 + 3, (28, 10)), **M9)),
    "m9-big-endian.jpg": jpeg(exif(">", maker_note=m9_note(4 * 32 + 3, (28, 10)), **M9)),
    "m9.dng": dng(M9, maker_note=m9_note(4 * 53 + 2, (95, 10))),
    "m240.dng": dng(M240, maker_note=m240_note("Summilux-M 1:1.4/35 ASPH.")),
    "m240.jpg": jpeg(exif(maker_note=m240_note("Summilux-M 1:1.4/35 ASPH."), **M240)),
    "m240-trailer.jpg": jpeg_with_trailing_note(m240_note("Elmarit-M 1:2.8/28 ASPH."), **M240),
    "m246.dng": dng(M246, maker_note=m240_note("Summilux-M 1:1.4/35 ASPH.", gap=126)),
    "m10.jpg": jpeg(exif(maker_note=m10_note("Summicron-M 1:2/50", 5600), **M10)),
    "m10.dng": dng(M10, maker_note=m10_note("Summicron-M 1:2/50", 5600)),
    "sl.jpg": jpeg(exif(maker_note=sl_note(58), **SL)),
    "t.jpg": jpeg(exif(maker_note=t_note("Summicron T 1:2 23 ASPH."), **T)),
}


def shot_of(data: bytes, folder: Path, name: str = "photo.jpg") -> Shot:
    photo = folder / name
    photo.write_bytes(data)
    return read_shot(photo)


def value(tagged: Tagged[Any] | None) -> Any:
    return None if tagged is None else tagged.value


def exiftool_says(*photos: Path) -> dict[str, dict[str, Any]]:
    command = [*exiftool(), "-j", "-n", "-u", *map(str, photos)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {Path(told["SourceFile"]).name: told for told in json.loads(done.stdout)}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("notes")
    for name, data in NOTES.items():
        (folder / name).write_bytes(data)
    return folder, exiftool_says(*(folder / name for name in NOTES))


@pytest.mark.parametrize("name", NOTES)
def test_maker_notes_as_exiftool_reads_them(name: str, notes: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    folder, told = notes
    shot, oracle = read_shot(folder / name), told[name]
    code = value(shot.six_bit)
    lens = oracle.get("LensType") or oracle.get("Panasonic_Leica9_0x0370") or oracle.get("LensProfileName")
    if name.startswith(("m8", "m9")):
        assert lens == f"{code.code} {code.selector}"
        assert value(shot.f_number) == pytest.approx(oracle["ApproximateFNumber"])
        assert shot.f_number_estimated
        assert not shot.lens_names
    elif name.startswith("sl"):
        assert code == SixBitCode(oracle["Panasonic_Leica5_0x0304"], None)
    else:
        assert [found.value for found in shot.lens_names] == [str(lens).strip()]
        assert shot.lens_names[0].tag.startswith("MakerNote Lens")
        assert code is None
    if name.startswith("m10"):
        assert value(shot.f_number) == pytest.approx(oracle["FNumber"])


def test_moved_note_of_an_m240_keeps_its_name(tmp_path: Path) -> None:
    photo = jpeg_with_trailing_note(m240_note("Summaron-M 1:5.6/28"), **M240)
    assert [name.value for name in shot_of(photo, tmp_path).lens_names] == ["Summaron-M 1:5.6/28"]
    shifted = photo[:2] + segment(0xEC, b"x" * 4711) + photo[2:]
    assert [name.value for name in shot_of(shifted, tmp_path).lens_names] == ["Summaron-M 1:5.6/28"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [(4 * 0 + 1, None), (0, None), (4 * 63 + 3, SixBitCode(63, 3)), (4 * 64, None), (0xFFFFFFFF, None)],
)
def test_codes_that_are_none(code: int, expected: SixBitCode | None, tmp_path: Path) -> None:
    assert value(shot_of(jpeg(exif(maker_note=m9_note(code), **M9)), tmp_path).six_bit) == expected


@pytest.mark.parametrize(("code", "expected"), [(0, None), (255, None), (64, None), (13, SixBitCode(13, None))])
def test_adapter_codes(code: int, expected: SixBitCode | None, tmp_path: Path) -> None:
    assert value(shot_of(jpeg(exif(maker_note=sl_note(code), **SL)), tmp_path).six_bit) == expected


def test_four_bytes_are_no_adapter_code(tmp_path: Path) -> None:
    assert shot_of(jpeg(exif(maker_note=sl_note((58, 0, 0, 0)), **SL)), tmp_path).six_bit is None


def test_only_leicas_own_notes_are_read(tmp_path: Path) -> None:
    assert shot_of(jpeg(exif(Make="Canon", Model="EOS", maker_note=m9_note(4 * 32))), tmp_path).six_bit is None
    other = jpeg(exif(Make="Leica Camera AG", Model="LEICA M11", maker_note=b"LEICA\0\x77\0" + bytes(90)))
    assert shot_of(other, tmp_path).six_bit is None


FULL: dict[str, Any] = {
    "Make": "SONY",
    "Model": "ILCE-7M3",
    "Orientation": 6,
    "FNumber": (28, 10),
    "MaxApertureValue": (2, 1),
    "SubjectDistance": (25, 10),
    "FocalLength": (35, 1),
    "PixelXDimension": 9999,
    "PixelYDimension": 9999,
    "DigitalZoomRatio": (15, 10),
    "FocalLengthIn35mmFilm": 52,
    "LensSpecification": ((35, 1), (35, 1), (14, 10), (14, 10)),
    "LensMake": "Carl Zeiss",
    "LensModel": "Distagon 35",
    "LensSerialNumber": "15786021",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("full")
    packet = xmp_packet(aux_Lens="Zeiss Distagon 35mm f/1.4 ZM")
    photos = {
        "photo.jpg": jpeg(exif(**FULL), packet),
        "big-endian.jpg": jpeg(exif(">", **FULL), packet),
        "photo.tif": tiff(FULL, xmp=packet),
        "big-endian.tif": tiff(FULL, xmp=packet, order=">"),
        "photo.png": png(exif(**FULL), packet),
        "compressed.png": png(exif(**FULL), packet, compressed=True),
        "photo.heic": heic(exif(**FULL), packet),
        "photo.dng": dng(FULL, xmp=packet),
        "photo.avif": new_formats.avif(exif(**FULL), packet),
        "photo.webp": new_formats.webp(exif(**FULL), packet),
        "photo.jxl": new_formats.jxl(exif(**FULL), packet),
        "bigtiff.tif": new_formats.bigtiff(FULL, packet),
        "big-endian-bigtiff.tif": new_formats.bigtiff(FULL, packet, order=">"),
    }
    for name, data in photos.items():
        (folder / name).write_bytes(data)
    return folder, exiftool_says(*(folder / name for name in photos))


@pytest.mark.parametrize(
    "name",
    [
        "photo.jpg",
        "big-endian.jpg",
        "photo.tif",
        "big-endian.tif",
        "photo.png",
        "compressed.png",
        "photo.heic",
        "photo.dng",
        "photo.avif",
        "photo.webp",
        "photo.jxl",
        "bigtiff.tif",
        "big-endian-bigtiff.tif",
    ],
)
def test_every_format_as_exiftool_reads_it(name: str, full: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    folder, told = full
    shot, oracle = read_shot(folder / name), told[name]
    assert value(shot.make) == oracle["Make"]
    assert value(shot.model) == oracle["Model"]
    assert value(shot.lens_make) == oracle["LensMake"]
    assert [found.value for found in shot.lens_names] == [oracle["LensModel"], oracle["Lens"]]
    assert [found.tag for found in shot.lens_names] == ["EXIF LensModel", "XMP aux:Lens"]
    assert value(shot.lens_specification) == LensSpecification(35, 35, 1.4, 1.4)
    assert value(shot.lens_serial) == str(oracle["LensSerialNumber"])
    assert shot.focal_mm == Tagged(oracle["FocalLength"], "EXIF FocalLength")
    assert value(shot.focal_35mm) == oracle["FocalLengthIn35mmFormat"]
    assert value(shot.f_number) == oracle["FNumber"]
    assert value(shot.max_aperture) == pytest.approx(oracle["MaxApertureValue"])
    assert value(shot.distance_m) == oracle["SubjectDistance"]
    assert shot.digital_zoom == oracle["DigitalZoomRatio"]
    turned = ("photo.heic", "photo.avif", "photo.jxl")
    if name not in turned:
        assert shot.orientation == oracle["Orientation"]
    assert not shot.f_number_estimated
    if name == "photo.dng":
        assert (shot.width, shot.height) == (5216, 3472)
    elif name in ("photo.heic", "photo.avif"):
        assert (shot.width, shot.height, shot.orientation) == (48, 64, 1)  # a picture of 64 x 48, turned upright
        assert shot.turned in (6, 8)
    elif name == "photo.jxl":
        assert (shot.width, shot.height, shot.orientation) == (48, 32, 1)  # its codestream does not say otherwise
        assert shot.turned == 1
    else:
        assert (shot.width, shot.height) == (oracle["ImageWidth"], oracle["ImageHeight"])


@pytest.mark.parametrize("options", [{"compressed": True}, {"pieces": 3}, {"compressed": True, "pieces": 2}])
def test_a_jpeg_xl_tells_the_same_in_other_boxes(options: dict[str, Any], tmp_path: Path) -> None:
    packet = xmp_packet(aux_Lens="Zeiss Distagon 35mm f/1.4 ZM")
    plain = shot_of(new_formats.jxl(exif(**FULL), packet), tmp_path, "photo.jxl")
    assert shot_of(new_formats.jxl(exif(**FULL), packet, **options), tmp_path, "photo.jxl") == plain
    assert len(plain.lens_names) == 2


def test_a_webp_whose_exif_is_named_as_in_a_jpeg(tmp_path: Path) -> None:
    shot = shot_of(new_formats.webp(b"Exif\0\0" + exif(**FULL)), tmp_path, "photo.webp")
    assert value(shot.focal_35mm) == 52


def test_dng_that_keeps_tags_in_its_first_directory(tmp_path: Path) -> None:
    note = m8_note(4 * 6 + 2, dng=True)(0, "<")
    photo = exif(
        **M8,
        more=[(0x920A, RATIONAL, (35000, 1000)), (0x9205, RATIONAL, (131072, 65536)), (0x927C, UNDEFINED, note)],
    )
    shot = shot_of(photo, tmp_path, "m8.dng")
    assert shot.focal_mm == Tagged(35.0, "Image FocalLength")
    assert value(shot.max_aperture) == 2.0
    assert value(shot.six_bit) == SixBitCode(6, 2)


def test_mask_directories_are_no_picture(tmp_path: Path) -> None:
    mask = [(0x00FE, LONG, 4), (0x0100, LONG, 9000), (0x0101, LONG, 9000)]
    photo = exif(more=[(0x0100, LONG, 600), (0x0101, LONG, 400)], sub_ifds=[mask, []], Make="x")
    shot = shot_of(photo, tmp_path, "photo.tif")
    assert (shot.width, shot.height) == (600, 400)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"FocalLength": (0, 1)}, {"focal_mm": None}),
        ({"FocalLength": (0, 0)}, {"focal_mm": None}),
        ({"FocalLength": (50, 0)}, {"focal_mm": None}),
        ({"FocalLength": (0xFFFFFFFF, 1)}, {"focal_mm": None}),
        ({"FocalLengthIn35mmFilm": 0}, {"focal_35mm": None}),
        ({"FNumber": (0, 1)}, {"f_number": None}),
        ({"FNumber": (0, 0), "ApertureValue": (4, 1)}, {"f_number": 4.0}),
        ({"ApertureValue": (600, 100)}, {"f_number": 8.0}),
        ({"ApertureValue": (0, 256)}, {"f_number": None}),
        ({"FNumber": (95, 100)}, {"f_number": 0.95}),
        ({"MaxApertureValue": (0, 256)}, {"max_aperture": None}),
        ({"MaxApertureValue": (511, 256)}, {"max_aperture": pytest.approx(1.9973, abs=1e-4)}),
        ({"MaxApertureValue": (0xFFFFFF00, 1)}, {"max_aperture": None}),
        ({"SubjectDistance": (0, 1)}, {"distance_m": None}),
        ({"SubjectDistance": (0, 0)}, {"distance_m": None}),
        ({"SubjectDistance": (0xFFFFFFFF, 1)}, {"distance_m": math.inf}),
        ({"LensSerialNumber": "-------"}, {"lens_serial": None}),
        ({"LensSerialNumber": "0000000"}, {"lens_serial": None}),
        ({"LensMake": "----"}, {"lens_make": None}),
        ({"Make": "Leica\0Camera"}, {"make": "Leica"}),
        ({"Make": "Lei\x01ca\n"}, {"make": "Lei ca"}),
        ({"Make": "x" * 5000}, {"make": "x" * 200}),
        ({"Make": b"Gr\xfcn"}, {"make": "Grün"}),
        ({"Make": "Grün"}, {"make": "Grün"}),
        ({"LensSpecification": ((0, 0),) * 4}, {"lens_specification": None}),
        (
            {"LensSpecification": ((50, 1), (50, 1), (0, 0), (0, 0))},
            {"lens_specification": LensSpecification(50, 50, None, None)},
        ),
        ({"LensSpecification": ((50, 1), (50, 1))}, {"lens_specification": None}),
    ],
)
def test_values_that_say_nothing(tags: dict[str, Any], expected: dict[str, Any], tmp_path: Path) -> None:
    shot = shot_of(jpeg(exif(**tags)), tmp_path)
    assert {name: value(getattr(shot, name)) for name in expected} == expected


@pytest.mark.parametrize(
    ("zoom", "expected"), [((0, 1), 1.0), ((0, 0), 1.0), ((2, 1), 2.0), ((1, 2), 1.0), ((0xFFFFFFFF, 1), 1.0)]
)
def test_digital_zoom(zoom: tuple[int, int], expected: float, tmp_path: Path) -> None:
    assert shot_of(jpeg(exif(DigitalZoomRatio=zoom)), tmp_path).digital_zoom == expected


@pytest.mark.parametrize(("written", "expected"), [(0, 1), (1, 1), (8, 8), (9, 1), (65535, 1)])
def test_orientation(written: int, expected: int, tmp_path: Path) -> None:
    assert shot_of(jpeg(exif(Orientation=written)), tmp_path).orientation == expected


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        " Summicron",
        "----",
        "-------",
        "---",
        "***",
        "not set",
        "NOT CODED",
        "Unknown",
        "0.0 mm f/0.0",
        "-- mm f/--",
        "--mm f/--",
        "50.0 mm f/--",
        "Unknown (0)",
        "Not attached (0)",
        "65535",
    ],
)
def test_names_that_say_nothing(name: str, tmp_path: Path) -> None:
    assert shot_of(jpeg(exif(LensModel=name)), tmp_path).lens_names == ()
    assert shot_of(jpeg(exif(maker_note=m240_note(name), **M240)), tmp_path).lens_names == ()
    assert shot_of(jpeg(xmp=xmp_packet(aux_Lens=name)), tmp_path).lens_names == ()


@pytest.mark.parametrize("name", ["Noctilux-M 1:0.95/50 ASPH.", "Nokton 50", "None-such 50mm", "0.95/50 Noctilux"])
def test_names_that_stand(name: str, tmp_path: Path) -> None:
    assert [found.value for found in shot_of(jpeg(exif(LensModel=name + "  ")), tmp_path).lens_names] == [name]


@pytest.mark.parametrize(
    ("make", "model", "estimated"),
    [
        ("Leica Camera AG", "M8 Digital Camera", True),
        ("Leica Camera AG", "M8.2 Digital Camera", True),
        ("Leica Camera AG", "M9 Digital Camera", True),
        ("Leica Camera AG", "M-E (Typ 220)", True),
        ("Leica Camera AG", "M Monochrom", True),
        ("Leica Camera AG", "LEICA M (Typ 240)", True),
        ("Leica Camera AG", "LEICA M-D (Typ 262)", True),
        ("Leica Camera AG", "LEICA M MONOCHROM (Typ 246)", True),
        ("Leica Camera AG", "LEICA M10-R", True),
        ("Leica Camera AG", "LEICA M11 Monochrom", True),
        ("LEICA CAMERA AG", "LEICA SL (Typ 601)", False),
        ("LEICA CAMERA AG", "LEICA Q (Typ 116)", False),
        ("Leica Camera AG", "LEICA M-P (Typ 240)", True),
        ("Leica Camera AG", "LEICA M Edition 60", True),
        ("Leica", "Leica M6", False),  # on film, an f-number is what the photographer has noted
        ("Leica", "M6 TTL", False),
        ("Leica", "M3", False),
        ("LEICA", "M4-P", False),
        ("Leica Camera AG", "M7", False),
        ("Leica", "MP", False),
        ("Leica", "M-A (Typ 127)", False),
        ("Leica", "MDa", False),
        ("Canon", "M10", False),
        ("OM Digital Solutions", "M8", False),
    ],
)
def test_estimated_f_number(make: str, model: str, estimated: bool, tmp_path: Path) -> None:
    assert shot_of(jpeg(exif(Make=make, Model=model, FNumber=(56, 10))), tmp_path).f_number_estimated is estimated
    assert not shot_of(jpeg(exif(Make=make, Model=model)), tmp_path).f_number_estimated


@pytest.mark.parametrize("copied", ["14/10", "56/10"])
def test_f_number_copied_to_a_sidecar_stays_an_estimate(copied: str, tmp_path: Path) -> None:
    """Lightroom and Bridge copy exif:FNumber; what the user says stands in sixbit:aperture."""
    photo = jpeg(exif(**M10, FNumber=(14, 10)))
    (tmp_path / "photo.xmp").write_bytes(xmp_packet(exif_FNumber=copied))
    assert shot_of(photo, tmp_path).f_number_estimated
    (tmp_path / "photo.xmp").write_bytes(xmp_packet(exif_FNumber=copied, sixbit_aperture="14/10"))
    assert not shot_of(photo, tmp_path).f_number_estimated
    film = jpeg(exif(Make="Leica", Model="M6"))
    (tmp_path / "film.xmp").write_bytes(xmp_packet(exif_FNumber=copied))
    shot = shot_of(film, tmp_path, "film.jpg")
    assert shot.f_number is not None
    assert not shot.f_number_estimated
    assert aperture_of(None, shot).source == "exif"


def test_f_number_behind_an_m_adapter_is_estimated(tmp_path: Path) -> None:
    assert shot_of(jpeg(exif(maker_note=sl_note(58), FNumber=(8, 1), **SL)), tmp_path).f_number_estimated
    assert not shot_of(jpeg(exif(maker_note=sl_note(0), FNumber=(8, 1), **SL)), tmp_path).f_number_estimated


def test_xmp_names_in_order_of_trust(tmp_path: Path) -> None:
    packet = xmp_packet(
        "<aux:Lens> Elmar</aux:Lens><exifEX:LensModel>Elmar-M 50mm f/2.8</exifEX:LensModel>",
        aux_LensID="34",
        crs_LensProfileName="Adobe (Leica ELMAR-M 50mm f/2.8)",
    )
    shot = shot_of(jpeg(exif(LensModel="Elmar"), packet), tmp_path)
    assert shot.lens_names == (
        Tagged("Elmar", "EXIF LensModel"),
        Tagged("Elmar-M 50mm f/2.8", "XMP exifEX:LensModel"),
        Tagged("Adobe (Leica ELMAR-M 50mm f/2.8)", "XMP crs:LensProfileName"),
    )


def test_xmp_tells_what_exif_does_not(tmp_path: Path) -> None:
    packet = xmp_packet(
        "<exifEX:LensSpecification><rdf:Seq><rdf:li>28/1</rdf:li><rdf:li>50/1</rdf:li><rdf:li>4/1</rdf:li>"
        "<rdf:li>0/0</rdf:li></rdf:Seq></exifEX:LensSpecification>",
        exif_FocalLength="350/10",
        exif_FNumber="0/0",
        exif_SubjectDistance="4294967295/1",
        exifEX_LensMake="Leica",
        aux_LensSerialNumber="12",
    )
    shot = shot_of(jpeg(xmp=packet), tmp_path)
    assert value(shot.lens_specification) == LensSpecification(28, 50, 4, None)
    assert shot.focal_mm == Tagged(35.0, "XMP exif:FocalLength")
    assert shot.f_number is None
    assert value(shot.distance_m) == math.inf
    assert value(shot.lens_make) == "Leica"
    assert value(shot.lens_serial) == "12"
    assert value(shot_of(jpeg(exif(FocalLength=(50, 1)), packet), tmp_path).focal_mm) == 50


def test_focal_lengths_are_of_one_source(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg.xmp").write_bytes(xmp_packet(exif_FocalLength="50/1"))
    shot = shot_of(jpeg(exif(FocalLength=(87, 10), FocalLengthIn35mmFilm=23)), tmp_path, "photo.jpg")
    assert value(shot.focal_mm) == 50
    assert shot.focal_35mm is None
    assert value(shot_of(jpeg(exif(FocalLengthIn35mmFilm=23)), tmp_path, "alone.jpg").focal_35mm) == 23


def test_the_users_own_word_stands_alone(tmp_path: Path) -> None:
    note = m8_note(4 * 6 + 2)
    packet = xmp_packet(sixbit_lens="summicron-35-asph", sixbit_aperture="28/5", aux_Lens="Elmar-M 1:2.8/50")
    tags = {**M8, "LensModel": "Elmar-M 1:2.8/50", "FNumber": (4, 1)}
    shot = shot_of(jpeg(exif(maker_note=note, **tags), packet), tmp_path)
    assert shot.lens_names == (Tagged("summicron-35-asph", "XMP sixbit:lens"),)
    assert shot.six_bit is None
    assert shot.f_number == Tagged(5.6, "XMP sixbit:aperture")
    assert not shot.f_number_estimated
    (tmp_path / "photo.jpg.xmp").write_bytes(xmp_packet(sixbit_lens="elmar-50-2.8"))
    assert shot_of(jpeg(xmp=packet), tmp_path, "photo.jpg").lens_names[0].value == "elmar-50-2.8"
    nothing = xmp_packet(sixbit_lens=" ", sixbit_aperture="0/0")
    shot = shot_of(jpeg(exif(maker_note=note, **tags), nothing), tmp_path, "other.jpg")
    assert [name.value for name in shot.lens_names] == ["Elmar-M 1:2.8/50"]
    assert value(shot.f_number) == 4


def test_utf16_packet(tmp_path: Path) -> None:
    packet = xmp_packet(aux_Lens="Thambar-M 90mm f/2.2").decode().lstrip("\ufeff").encode("utf-16")
    assert [name.value for name in shot_of(jpeg(xmp=packet), tmp_path).lens_names] == ["Thambar-M 90mm f/2.2"]


@pytest.mark.parametrize("name", ["photo.DNG.xmp", "photo.xmp", "photo.DNG.XMP", "photo.XMP"])
def test_sidecar_goes_before_the_photo(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(
        xmp_packet(exifEX_LensModel="Summaron-M 28mm f/5.6", exif_FocalLength="28/1", exif_FNumber="8/1")
    )
    shot = shot_of(dng({**M10, "LensModel": "Summicron-M 1:2/50", "FocalLength": (50, 1)}), tmp_path, "photo.DNG")
    assert shot.lens_names[0] == Tagged("Summaron-M 28mm f/5.6", f"{name} exifEX:LensModel")
    assert value(shot.focal_mm) == 28
    assert value(shot.f_number) == 8
    assert shot.f_number_estimated


def test_of_two_sidecars_the_one_in_small_letters_counts(tmp_path: Path) -> None:
    for name, lens in (("photo.xmp", "Summaron-M 28mm f/5.6"), ("photo.XMP", "Elmar-M 50mm f/2.8")):
        (tmp_path / name).write_bytes(xmp_packet(aux_Lens=lens))
    assert [one.value for one in shot_of(jpeg(), tmp_path, "photo.jpg").lens_names] == ["Summaron-M 28mm f/5.6"]


def test_marks_in_a_sidecar_are_not_in_the_pixels(tmp_path: Path) -> None:
    body, properties = darktable_history(("lens", 1))
    (tmp_path / "photo.jpg.xmp").write_bytes(xmp_packet(body, **properties))
    assert shot_of(jpeg(), tmp_path).already_corrected == ()


@pytest.mark.parametrize("damage", [b"", b"<", b"no xml", b"\xff" * 40, "directory"])
def test_damaged_sidecar_is_passed_over(damage: bytes | str, tmp_path: Path) -> None:
    sidecar = tmp_path / "photo.jpg.xmp"
    sidecar.mkdir() if isinstance(damage, str) else sidecar.write_bytes(damage)
    assert value(shot_of(jpeg(exif(FocalLength=(50, 1))), tmp_path).focal_mm) == 50


@pytest.mark.parametrize(
    ("properties", "corrected"),
    [
        ({}, ()),
        ({"aux_DistortionCorrectionAlreadyApplied": "True"}, ("distortion",)),
        ({"aux_DistortionCorrectionAlreadyApplied": "False"}, ()),
        ({"aux_VignetteCorrectionAlreadyApplied": "true"}, ("vignetting",)),
        (
            {
                "aux_VignetteCorrectionAlreadyApplied": "True",
                "aux_LateralChromaticAberrationCorrectionAlreadyApplied": "True",
            },
            ("tca", "vignetting"),
        ),
        ({"sixbit_filter": "c0ffee"}, ("shading",)),
        ({"sixbit_filter": "c0ffee", "aux_DistortionCorrectionAlreadyApplied": "True"}, ("distortion",)),
        ({"sixbit_filter": "c0ffee", "sixbit_corrected": "shading tca nonsense"}, ("tca", "shading")),
    ],
)
def test_marks(properties: dict[str, str], corrected: tuple[str, ...], tmp_path: Path) -> None:
    shot = shot_of(jpeg(xmp=xmp_packet(**properties)), tmp_path)
    assert shot.already_corrected == corrected
    assert bool(shot.marks) == bool(corrected)
    if "sixbit_filter" in properties:
        assert Tagged("c0ffee", "XMP sixbit:filter") in shot.marks


@pytest.mark.parametrize(
    ("steps", "end", "corrected"),
    [
        ([("lens", 1)], None, True),
        ([("lens", 0)], None, False),
        ([("lens", 1), ("lens", 0)], None, False),
        ([("lens", 1), ("lens", 0)], 1, True),
        ([("exposure", 1), ("lens", 1)], 1, False),
        ([("exposure", 1)], None, False),
    ],
)
def test_darktable_history(steps: list[tuple[str, int]], end: int | None, corrected: bool, tmp_path: Path) -> None:
    body, properties = darktable_history(*steps, end=end)
    shot = shot_of(jpeg(xmp=xmp_packet(body, **properties)), tmp_path)
    assert shot.already_corrected == (("distortion", "tca", "vignetting") if corrected else ())
    assert shot.marks == ((Tagged("lens", "XMP darktable:history"),) if corrected else ())


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + k, b"&%c;" % (97 + k) * 10) for k in range(9))
    + b"]>"
    + xmp_packet(aux_Lens="&j;").replace(b"&amp;", b"&")
)


ENTITY = b'<!DOCTYPE x [<!ENTITY a "Elmar">]>' + xmp_packet(aux_Lens="&a;").replace(b"&amp;", b"&")


@pytest.mark.parametrize(
    "packet",
    [
        ENTITY,
        BOMB,
        BOMB.decode().encode("utf-16"),
        b"<x>" * 100_000,
        b"<x/>",
        b"\0",
        xmp_packet(aux_Lens="Elmar")[:300],
    ],
    ids=["entity", "entities", "entities in UTF-16", "deep", "empty", "nul", "cut"],
)
def test_hostile_packets(packet: bytes, tmp_path: Path) -> None:
    start = time.process_time()
    assert shot_of(tiff({"FocalLength": (50, 1)}, xmp=packet), tmp_path, "photo.tif").lens_names == ()
    assert time.process_time() - start < 2


def test_no_tags_at_all(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(size=(1, 1)))
    assert read_shot(str(photo)) == Shot(path=photo, width=1, height=1)


def test_tags_behind_other_segments(tmp_path: Path) -> None:
    before = segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(60_000)) + segment(0xED, bytes(60_000)) + b"\xff\xff"
    shot = shot_of(jpeg(exif(FocalLength=(50, 1)), before=before), tmp_path)
    assert value(shot.focal_mm) == 50


def test_cut_jpeg_still_tells_its_tags(tmp_path: Path) -> None:
    whole = jpeg(exif(**FULL))
    shot = shot_of(whole[: len(whole) // 2], tmp_path)
    assert value(shot.make) == "SONY"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (
            b"dear diary\n",
            "is not a photo that Sixbit can read (JPEG, TIFF, PNG, HEIC, AVIF, WebP, JPEG XL, raw files)",
        ),
        (b"GIF89a" + bytes(50), "is a GIF, not a photo that Sixbit can read"),
        (b"RIFF\0\0\0\0WEBP", "cut off"),
        (b"\xff\x0a\0", "damaged"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "damaged"),
        (b"\0\0\0\x18ftypavif" + bytes(100), "damaged"),
        (b"\xff\xd8\xff", "cut off"),
        (b"\x89PNG\r\n\x1a\n", "cut off"),
        (b"II*\0\x08\0\0\0", "cut off"),
        (b"II*\0", "cut off"),
        (b"II+\0\x08\0\0\0" + bytes(100), "cut off"),
        (b"II+\0\x08\0\0\0", "cut off"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "damaged"),
    ],
)
def test_what_is_no_photo(data: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(PhotoError) as told:
        shot_of(data, tmp_path, "Lönneberga 1.jpg")
    assert "Lönneberga 1.jpg" in str(told.value)
    assert words in str(told.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    for path, words in {
        tmp_path / "gone.jpg": "no such photo",
        tmp_path: "is a folder",
        tmp_path / "pipe.jpg": "pipe",
        tmp_path / "loop.jpg": "cannot be opened",
        Path("/dev/null"): "not a file",
        Path("nul\0.jpg"): "cannot be opened",
        tmp_path / ("x" * 300): "cannot be opened",
    }.items():
        with pytest.raises(PhotoError, match=words):
            read_shot(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_photo_that_may_not_be_read(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg())
    photo.chmod(0)
    with refused(PhotoError, "may not be read.*permissions", Code.NO_ACCESS):
        read_shot(photo)


@pytest.mark.parametrize(
    "name", ["two words.jpg", 'it\'s "quoted".jpg', "two\nlines.jpg", "🍀.jpg", "-rf.jpg", "$(x).jpg"]
)
def test_odd_names(name: str, tmp_path: Path) -> None:
    assert value(shot_of(jpeg(exif(FocalLength=(50, 1))), tmp_path, name).focal_mm) == 50
    with pytest.raises(PhotoError) as told:
        shot_of(b"text", tmp_path, name)
    assert "\n" not in str(told.value)


def _entry(kind: int, count: int, tag: int = 0x927C) -> bytes:
    """A structure whose EXIF directory holds nothing but this entry, its value beyond all bounds."""
    block = exif(FocalLength=(50, 1), **M9)
    at = block.index(struct.pack("<HHI", 0x920A, RATIONAL, 1))
    return block[:at] + struct.pack("<HHII", tag, kind, count, 8) + block[at + 12 :]


HOSTILE = {
    "note of a billion bytes": jpeg(_entry(UNDEFINED, 1_000_000_000)),
    "note of four billion rationals": jpeg(_entry(RATIONAL, 0xFFFFFFFF)),
    "name of four billion letters": jpeg(_entry(ASCII, 0xFFFFFFFF, 0xA434)),
    "names of a billion letters in a large file": _entry(ASCII, 0x3FFFFFFF, 0xA434) + bytes(20_000_000),
    "directory that follows itself": tiff({"FocalLength": (50, 1)}, following=8),
    "directories within themselves": exif(Make="x", more=[(0x8769, LONG, 8), (0x8825, LONG, 8), (0x014A, LONG, 8)]),
    "notes within themselves": jpeg(
        exif(maker_note=b"LEICA0\x03\0" + directory([(0x3400, UNDEFINED, b"x" * 8)], 0, "<")[:-8], **M9)
    ),
    "65535 entries of 999 numbers": b"II*\0\x08\0\0\0"
    + b"\xff\xff"
    + struct.pack("<HHII", 0x0100, LONG, 999, 8) * 65535,
    "65535 entries in a note": jpeg(exif(maker_note=b"LEICA\0\x02\xff\xff\xff" + b"\x03\x03\x02\0" * 5000, **M240)),
    "a million segments": b"\xff\xd8" + b"\xff\xe3\0\x02" * 1_000_000,
    "a million chunks": png()[:33] + (bytes(4) + b"tEXt" + bytes(4)) * 1_000_000,
    "boxes within nothing": b"\0\0\0\x18ftypavif" + bytes(16) + b"\0\0\0\x08meta" * 500_000,
    "tables of four billion items": new_formats.uncompressed_heif().replace(
        b"ipma\0\0\0\0\0\0\0\1", b"ipma" + b"\xff" * 8
    ),
    "a million chunks of a WebP": b"RIFF\0\0\0\0WEBP" + b"EXIF\0\0\0\0" * 1_000_000,
    "a BigTIFF of values without end": b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0"
    + struct.pack("<Q", 4000)
    + struct.pack("<HHQQ", 0x010F, ASCII, 1 << 24, 0) * 4000
    + bytes(1 << 20),
    "a JPEG XL of tags without end": new_formats.jxl(bytes(60_000_000), compressed=True),
    "a page of nothing": b"MM\0*\0\0\0\x08" + b"\xff" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_photos_are_answered_at_once(name: str, tmp_path: Path) -> None:
    start = time.monotonic()
    with contextlib.suppress(PhotoError):
        shot_of(HOSTILE[name], tmp_path)
    assert time.process_time() - start < 2


def test_any_damage_gives_an_answer(tmp_path: Path) -> None:
    """Bytes changed and tails cut at random: a Shot or a PhotoError, never anything else."""
    chance = random.Random(6)
    sound = [
        *NOTES.values(),
        jpeg(exif(**FULL), xmp_packet(aux_Lens="x")),
        png(exif(**FULL), xmp_packet(aux_Lens="x"), compressed=True),
        tiff(FULL, xmp=xmp_packet(aux_Lens="x")),
        heic(exif(**FULL)),
    ]
    read = 0
    for photo in sound:
        for _ in range(25):
            damaged = bytearray(photo)
            for _ in range(chance.choice((1, 4, 30))):
                damaged[chance.randrange(min(len(damaged), 1500))] = chance.choice((0, 1, 255, chance.randrange(256)))
            if chance.random() < 0.3:
                del damaged[chance.randrange(4, len(damaged)) :]
            try:
                shot_of(bytes(damaged), tmp_path)
                read += 1
            except PhotoError:
                continue
    assert read > 200


class _Counting(io.BytesIO):
    fetched = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.fetched += len(data)
        return data


@pytest.mark.parametrize("photo", [jpeg(exif(**FULL)) + bytes(10_000_000), tiff(FULL) + bytes(10_000_000)])
def test_pixels_are_not_read(photo: bytes, tmp_path: Path) -> None:
    file = _Counting(photo)
    find_blocks(file)
    assert file.fetched < 20_000
    shot_of(photo, tmp_path)
    start = time.monotonic()
    for _ in range(10):
        read_shot(tmp_path / "photo.jpg")
    assert (time.monotonic() - start) / 10 < 0.05
