"""`sixbit tag`: exiftool sees the lens, and nothing else has changed."""

from __future__ import annotations

import errno
import io
import json
import os
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest

from sixbit.files import tiff as tiff_structure
from sixbit.files.tiff_end import cut_end
from sixbit.lenses.figures import Aperture, aperture_of
from sixbit.tags.lens import lens_values
from sixbit.tags.read import read_shot
from sixbit.tags.write import write_lens_tags
from sixbit.values.errors import Code, PhotoError
from sixbit.values.lens import Body, Lens
from sixbit.values.shot import LensSpecification, Tagged
from tests.scenery import new_formats
from tests.scenery.photo_factory import (
    ASCII,
    RATIONAL,
    darktable_history,
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
    tiff,
    xmp_packet,
)
from tests.scenery.programs import exiftool
from tests.scenery.refusals import refused

SUMMILUX = Lens("summilux-50-asph", "Summilux-M 50mm f/1.4 ASPH.", "Leica", 50, 50, 1.4, focals=(50,))
TRI_ELMAR = Lens("tri-elmar", "Tri-Elmar-M 28-35-50mm f/4 ASPH.", "Leica", 28, 50, 4, focals=(28, 35, 50))
NOCTILUX = Lens("noctilux-50-0.95", "Noctilux-M 50mm f/0.95 ASPH.", "Leica", 50, 50, 0.95, focals=(50,))
NOKTON = Lens("vm-nokton-40-1.4", "Nokton classic 40mm f/1.4", "Voigtländer", 40, 40, 1.4, focals=(40,))
ADAPTER = Lens("macro-adapter-m", "Macro-Adapter-M", "Leica", 0, 0, 0)

LEICA: dict[str, Any] = {"Make": "Leica Camera AG"}
OLD: dict[str, Any] = {
    "Make": "Xiaomi",
    "Model": "2203121C",
    "Software": "MIUI",
    "Orientation": 6,
    "FocalLength": (871, 100),
    "FNumber": (19, 10),
    "LensModel": "back camera",
    "UserComment": b"ASCII\0\0\0sunny",
}
PHOTOS = {
    "phone.jpg": jpeg(exif(**OLD), xmp_packet(aux_Lens="back camera"), trailer=b"motion photo"),
    "big-endian.jpg": jpeg(exif(">", **OLD)),
    "m8.jpg": jpeg(exif(Model="M8 Digital Camera", maker_note=m8_note(4 * 6 + 2), **LEICA)),
    "m9.jpg": jpeg(exif(">", Model="M9 Digital Camera", maker_note=m9_note(4 * 6 + 2), **LEICA)),
    "m10.jpg": jpeg(exif(Model="LEICA M10", maker_note=m10_note("Elmar-M 1:2.8/50"), FocalLength=(0, 1), **LEICA)),
    "m240.jpg": jpeg(exif(Model="LEICA M (Typ 240)", maker_note=m240_note("Elmar-M 1:2.8/50"), **LEICA)),
    "sl.jpg": jpeg(exif(Make="LEICA CAMERA AG", Model="LEICA SL (Typ 601)", maker_note=sl_note(58))),
    "phone.png": png(exif(**OLD), xmp_packet(aux_Lens="back camera")),
    "phone.tif": tiff(OLD, xmp=xmp_packet(aux_Lens="back camera")),
    "big-endian.tif": tiff(OLD, order=">"),
    "m10.tif": tiff({**LEICA, "Model": "LEICA M10"}, maker_note=m10_note("Elmar-M 1:2.8/50")),
}
BARE = {"bare.jpg": jpeg(), "bare.png": png(), "bare.tif": tiff()}
OWN = {"XMP-sixbit:Lens", "XMP-sixbit:Aperture", "XMP-x:XMPToolkit", "XMP-aux:Lens", "IFD0:ApplicationNotes"}
TAGS = {"LensMake", "LensModel", "LensInfo", "MaxApertureValue", "FocalLength", "FNumber"}


def dump(photo: Path) -> dict[str, Any]:
    """All that exiftool says, but for the file itself and what it works out from other tags."""
    done = subprocess.run(
        [*exiftool(), "-a", "-u", "-G1", "-s", "-b", "-n", "-j", str(photo)], capture_output=True, check=False
    )
    told = json.loads(done.stdout.decode(errors="replace"))[0]
    return {name: value for name, value in told.items() if not name.startswith(("System:", "Composite:", "SourceFile"))}


def pixels(photo: Path) -> bytes:
    from PIL import Image

    with Image.open(photo) as picture:
        return picture.tobytes()


@pytest.mark.parametrize("name", PHOTOS)
def test_nothing_else_changes(name: str, tmp_path: Path) -> None:
    photo = tmp_path / name
    photo.write_bytes(PHOTOS[name])
    before, picture = dump(photo), pixels(photo)
    assert write_lens_tags(photo, SUMMILUX, f_number=5.6) == photo
    after = dump(photo)
    changed = {tag for tag in before.keys() | after.keys() if before.get(tag) != after.get(tag)}
    assert changed <= {f"ExifIFD:{tag}" for tag in TAGS} | OWN
    assert {tag for tag in changed if tag.startswith("XMP-sixbit")} == {"XMP-sixbit:Lens", "XMP-sixbit:Aperture"}
    assert pixels(photo) == picture
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", [*PHOTOS, *BARE])
def test_exiftool_and_sixbit_read_what_was_written(name: str, tmp_path: Path) -> None:
    photo = tmp_path / name
    photo.write_bytes({**PHOTOS, **BARE}[name])
    write_lens_tags(photo, SUMMILUX, f_number=5.6)
    told = dump(photo)
    assert "ExifTool:Warning" not in told
    assert told["ExifIFD:LensMake"] == "Leica"
    assert told["ExifIFD:LensModel"] == "Summilux-M 50mm f/1.4 ASPH."
    assert told["ExifIFD:LensInfo"] == "50 50 1.4 1.4"
    assert told["ExifIFD:FocalLength"] == 50
    assert told["ExifIFD:FNumber"] == 5.6
    assert told["ExifIFD:MaxApertureValue"] == pytest.approx(1.4, abs=1e-3)
    shot = read_shot(photo)
    assert shot.lens_make
    assert shot.lens_make.value == "Leica"
    assert shot.lens_names[0].value == SUMMILUX.lens_id
    assert shot.lens_specification
    assert shot.lens_specification.value == LensSpecification(50, 50, 1.4, 1.4)
    assert shot.focal_mm
    assert shot.focal_mm.value == 50
    assert shot.max_aperture
    assert shot.max_aperture.value == pytest.approx(1.4, abs=1e-3)
    assert shot.f_number
    assert shot.f_number.value == 5.6


def test_tagging_twice_is_tagging_once(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(PHOTOS["phone.jpg"])
    write_lens_tags(photo, TRI_ELMAR, focal_mm=35)
    write_lens_tags(photo, NOKTON)
    shot = read_shot(photo)
    assert shot.lens_names == (Tagged(NOKTON.lens_id, "XMP sixbit:lens"),)
    assert shot.lens_make
    assert shot.lens_make.value == "Voigtländer"
    assert dump(photo)["ExifIFD:LensMake"] == "Voigtländer"


def test_zoom_keeps_its_focal_length_unless_told(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(exif(FocalLength=(35, 1))))
    write_lens_tags(photo, TRI_ELMAR)
    assert dump(photo)["ExifIFD:FocalLength"] == 35
    assert dump(photo)["ExifIFD:LensInfo"] == "28 50 4 4"
    write_lens_tags(photo, TRI_ELMAR, focal_mm=28)
    assert dump(photo)["ExifIFD:FocalLength"] == 28
    with pytest.raises(ValueError, match="no focal length of 75"):
        write_lens_tags(photo, TRI_ELMAR, focal_mm=75)
    with pytest.raises(ValueError, match=r"no focal length of 75 mm: it is a 50 mm lens\.$"):
        write_lens_tags(photo, SUMMILUX, focal_mm=75)


def test_aperture_that_apex_cannot_hold(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(exif(MaxApertureValue=(4, 1))))
    write_lens_tags(photo, NOCTILUX)
    told = dump(photo)
    assert "ExifIFD:MaxApertureValue" not in told
    assert told["ExifIFD:LensInfo"] == "50 50 0.95 0.95"
    assert "MaxApertureValue" not in lens_values(NOCTILUX)


SIDECARS = {
    "m10.DNG": dng({**LEICA, "Model": "LEICA M10"}, maker_note=m10_note("Elmar-M 1:2.8/50")),
    "raw.tif": dng({"Make": "x"}),
    "raw.arw": tiff({"Make": "SONY"}),
    "phone.heic": heic(exif(Make="Xiaomi")),
    "phone.avif": new_formats.avif(exif(Make="Google")),
    "phone.webp": new_formats.webp(exif(Make="Google")),
    "made.jxl": new_formats.jxl(exif(Make="Leica Camera AG")),
    "large.tif": new_formats.bigtiff({"Make": "Leica Camera AG"}),
    "m240.jpg": jpeg_with_trailing_note(m240_note("Elmar-M 1:2.8/50"), **LEICA, Model="LEICA M (Typ 240)"),
    "full.jpg": jpeg(exif(Make="x", UserComment=bytes(65_300))),
}


@pytest.mark.parametrize("name", SIDECARS)
def test_what_cannot_be_changed_gets_a_sidecar(name: str, tmp_path: Path) -> None:
    photo = tmp_path / name
    photo.write_bytes(SIDECARS[name])
    sidecar = write_lens_tags(photo, SUMMILUX, f_number=5.6)
    assert sidecar == tmp_path / f"{name}.xmp"
    assert photo.read_bytes() == SIDECARS[name]
    told = dump(sidecar)
    assert told["XMP-exifEX:LensMake"] == "Leica"
    assert told["XMP-exifEX:LensModel"] == told["XMP-aux:Lens"] == SUMMILUX.name
    assert told["XMP-exifEX:LensInfo"] == "50 50 1.4 1.4"
    assert told["XMP-exif:FocalLength"] == 50
    assert told["XMP-exif:FNumber"] == 5.6
    shot = read_shot(photo)
    assert shot.lens_names[0].value == SUMMILUX.lens_id
    assert shot.lens_specification
    assert shot.lens_specification.value == LensSpecification(50, 50, 1.4, 1.4)
    assert shot.focal_mm
    assert shot.focal_mm.value == 50
    assert shot.f_number
    assert shot.f_number.value == 5.6
    assert not shot.f_number_estimated


@pytest.mark.parametrize("name", ["photo.dng.xmp", "photo.xmp", "photo.dng.XMP", "photo.XMP"])
def test_sidecar_keeps_what_it_said(name: str, tmp_path: Path) -> None:
    photo, sidecar = tmp_path / "photo.dng", tmp_path / name
    photo.write_bytes(SIDECARS["m10.DNG"])
    body, properties = darktable_history(("exposure", 1), ("lens", 1))
    sidecar.write_bytes(
        xmp_packet(
            body + "<dc:title><rdf:Alt><rdf:li xml:lang='de'>Grüße</rdf:li></rdf:Alt></dc:title>"
            "<exifEX:LensSpecification><rdf:Seq><rdf:li>28/1</rdf:li></rdf:Seq></exifEX:LensSpecification>",
            exif_MaxApertureValue="4/1",
            exif_ISOSpeedRatings="200",
            **properties,
        )
    )
    before = dump(sidecar)
    assert write_lens_tags(photo, NOCTILUX, backup=True) == sidecar
    after = dump(sidecar)
    changed = {tag for tag in before.keys() | after.keys() if before.get(tag) != after.get(tag)}
    assert {tag.partition(":")[2] for tag in changed} <= TAGS | {"Lens", "XMPToolkit"}
    assert after["XMP-sixbit:Lens"] == NOCTILUX.lens_id
    assert after["XMP-exifEX:LensInfo"] == "50 50 0.95 0.95"
    assert "XMP-exif:MaxApertureValue" not in after
    assert before["XMP-dc:Title-de"] == "Grüße"
    assert b"darktable" in sidecar.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([photo.name, name, f"{name}.orig"])


@pytest.mark.parametrize("damage", [b"<", b"no xml at all", b"<!DOCTYPE x><x/>", xmp_packet()[:400]])
def test_damaged_sidecar_is_left_alone(damage: bytes, tmp_path: Path) -> None:
    photo, sidecar = tmp_path / "photo.dng", tmp_path / "photo.dng.xmp"
    photo.write_bytes(SIDECARS["m10.DNG"])
    sidecar.write_bytes(damage)
    with pytest.raises(PhotoError, match=r"photo\.dng\.xmp"):
        write_lens_tags(photo, SUMMILUX)
    assert sidecar.read_bytes() == damage


@pytest.mark.parametrize("name", ["phone.jpg", "phone.tif"])
def test_backup_keeps_the_first_original(name: str, tmp_path: Path) -> None:
    photo, kept = tmp_path / name, tmp_path / f"{name}.orig"
    photo.write_bytes(PHOTOS[name])
    photo.chmod(0o600)
    os.utime(photo, (1e9, 1e9))
    write_lens_tags(photo, SUMMILUX, backup=True)
    assert kept.read_bytes() == PHOTOS[name]
    assert (kept.stat().st_mode & 0o777, kept.stat().st_mtime) == (0o600, 1e9)
    write_lens_tags(photo, TRI_ELMAR, backup=True)
    assert kept.read_bytes() == PHOTOS[name]
    assert read_shot(photo).lens_names[0].value == TRI_ELMAR.lens_id


def test_no_room_for_the_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    photo = tmp_path / "photo.jpg"
    photo.write_bytes(PHOTOS["phone.jpg"])
    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(PhotoError, match=r"photo\.jpg\.orig: cannot be written: the disk is full"):
        write_lens_tags(photo, SUMMILUX, backup=True)
    assert photo.read_bytes() == PHOTOS["phone.jpg"]
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_mode_and_links_are_kept(tmp_path: Path) -> None:
    photo, link = tmp_path / "photo.jpg", tmp_path / "link.jpg"
    photo.write_bytes(PHOTOS["phone.jpg"])
    photo.chmod(0o640)
    link.symlink_to(photo)
    assert write_lens_tags(link, SUMMILUX) == link
    assert link.is_symlink()
    assert photo.stat().st_mode & 0o777 == 0o640
    assert read_shot(photo).lens_names[0].value == SUMMILUX.lens_id


@pytest.mark.parametrize("backup", [True, False])
@pytest.mark.parametrize("name", ["phone.jpg", "phone.png", "phone.tif", "raw.arw"])
def test_full_disk_leaves_all_as_it_was(
    name: str, backup: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    photo = tmp_path / name
    photo.write_bytes({**PHOTOS, **SIDECARS}[name])
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PhotoError, match="disk is full") as told:
        write_lens_tags(photo, SUMMILUX, backup=backup)
    assert name in str(told.value)
    assert photo.read_bytes() == {**PHOTOS, **SIDECARS}[name]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(PHOTOS["phone.jpg"])
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PhotoError, match="read-only"):
            write_lens_tags(photo, SUMMILUX)
    finally:
        tmp_path.chmod(0o700)
    assert photo.read_bytes() == PHOTOS["phone.jpg"]


@pytest.mark.parametrize(
    "data",
    [
        b"text",
        jpeg(b"II*\0\xff\xff\0\0"),
        jpeg(b"no structure at all"),
        jpeg(exif(Make="x", more=[(0x8769, RATIONAL, (1, 1))])),
        tiff({"Make": "x"})[:60],
    ],
)
def test_damaged_photos_are_left_alone(data: bytes, tmp_path: Path) -> None:
    photo = tmp_path / "photo.tif"
    photo.write_bytes(data)
    with pytest.raises(PhotoError, match=r"photo\.tif"):
        write_lens_tags(photo, SUMMILUX)
    assert photo.read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["photo.tif"]


@pytest.mark.parametrize("name", ["two words.jpg", 'it\'s "quoted".jpg', "two\nlines.jpg", "🍀.jpg", "-rf.jpg"])
def test_odd_names(name: str, tmp_path: Path) -> None:
    photo = tmp_path / name
    photo.write_bytes(PHOTOS["phone.jpg"])
    write_lens_tags(photo, SUMMILUX)
    assert read_shot(photo).lens_names[0].value == SUMMILUX.lens_id


def test_jfif_stays_first(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(before=segment(0xFE, b"a comment")))
    data = jpeg()
    assert data[2:4] == b"\xff\xe0"
    photo.write_bytes(data)
    write_lens_tags(photo, SUMMILUX)
    tagged = io.BytesIO(photo.read_bytes())
    assert tagged.read(4) == b"\xff\xd8\xff\xe0"


PHONE: dict[str, Any] = {"Make": "Xiaomi", "FocalLength": (87, 10), "FocalLengthIn35mmFilm": 23}


@pytest.mark.parametrize("name", ["phone.jpg", "phone.png", "phone.tif", "phone.heic"])
def test_focal_length_in_35_mm_follows(name: str, tmp_path: Path) -> None:
    photo = tmp_path / name
    made = {"phone.jpg": jpeg(exif(**PHONE)), "phone.png": png(exif(**PHONE)), "phone.tif": tiff(PHONE)}
    photo.write_bytes(made.get(name) or heic(exif(**PHONE)))
    for lens, equivalent in ((SUMMILUX, 132), (NOKTON, 106)):
        told = dump(write_lens_tags(photo, lens))
        group = "XMP-exif" if name.endswith("heic") else "ExifIFD"
        assert told[f"{group}:FocalLengthIn35mmFormat"] == equivalent
        shot = read_shot(photo)
        assert shot.focal_mm
        assert shot.focal_35mm
        assert shot.focal_35mm.value / shot.focal_mm.value == pytest.approx(23 / 8.7, abs=0.5 / 40)


@pytest.mark.parametrize("lies", [{"FocalLengthIn35mmFilm": 23}, {**PHONE, "FocalLengthIn35mmFilm": 4}])
def test_focal_length_in_35_mm_that_cannot_be_reckoned_goes(lies: dict[str, Any], tmp_path: Path) -> None:
    for name, data in (("photo.jpg", jpeg(exif(**lies))), ("photo.heic", heic(exif(**lies)))):
        photo = tmp_path / name
        photo.write_bytes(data)
        write_lens_tags(photo, SUMMILUX)
        assert read_shot(photo).focal_35mm is None
    assert "ExifIFD:FocalLengthIn35mmFormat" not in dump(tmp_path / "photo.jpg")


def test_focal_length_in_35_mm_stays_with_the_focal_length(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(exif(FocalLength=(35, 1), FocalLengthIn35mmFilm=47)))
    write_lens_tags(photo, TRI_ELMAR)
    assert dump(photo)["ExifIFD:FocalLengthIn35mmFormat"] == 47


@pytest.mark.parametrize("name", ["phone.jpg", "phone.heic"])
def test_a_phone_knows_the_aperture_by_tag_alone(name: str, tmp_path: Path) -> None:
    photo, phone = tmp_path / name, Body("Xiaomi", "2203121C", 2.7, "phone")
    photo.write_bytes(jpeg(exif(**OLD)) if name.endswith("jpg") else heic(exif(**OLD)))
    assert phone.is_phone
    assert aperture_of(SUMMILUX, read_shot(photo), body=phone) == Aperture(None, None)
    assert aperture_of(SUMMILUX, read_shot(photo), 8, phone) == Aperture(8, "assumed")
    write_lens_tags(photo, SUMMILUX)
    assert aperture_of(SUMMILUX, read_shot(photo), body=phone) == Aperture(None, None)
    write_lens_tags(photo, SUMMILUX, f_number=5.6)
    assert aperture_of(SUMMILUX, read_shot(photo), body=phone) == Aperture(5.6, "exif")


def test_aperture_that_was_tagged_is_no_estimate(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(exif(Model="M8 Digital Camera", FNumber=(4, 1), **LEICA)))
    assert read_shot(photo).f_number_estimated
    write_lens_tags(photo, SUMMILUX, f_number=5.6)
    assert not read_shot(photo).f_number_estimated


CONTRADICTIONS = {
    "phone.heic": heic(exif(LensModel="Elmar-M 1:2.8/50")),
    "m240.jpg": SIDECARS["m240.jpg"],
    "m8.jpg": PHOTOS["m8.jpg"],
    "m10.jpg": PHOTOS["m10.jpg"],
    "xmp.jpg": jpeg(xmp=xmp_packet(aux_Lens="Elmar-M 1:2.8/50", sixbit_lens="elmar-50-2.8")),
    "xmp.png": png(xmp=xmp_packet(exifEX_LensModel="Elmar-M 1:2.8/50"), compressed=True),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_the_tagged_lens_is_found_again(name: str, tmp_path: Path) -> None:
    from sixbit.lenses.catalogue import catalogue
    from sixbit.lenses.match import match

    photo = tmp_path / name
    photo.write_bytes(CONTRADICTIONS[name])
    chosen = catalogue().lenses["summicron-35-asph"]
    write_lens_tags(photo, chosen)
    found = match(read_shot(photo))
    assert found.lens == chosen, found
    assert not [told for told in found.evidence if "contradict" in told]


def test_packets_that_cannot_be_edited_are_left_alone(tmp_path: Path) -> None:
    for name, packet in (("broken.jpg", b"<x:xmpmeta"), ("full.jpg", xmp_packet(dc_title="x" * 64_700))):
        photo = tmp_path / name
        photo.write_bytes(jpeg(xmp=packet))
        before = photo.read_bytes()
        assert write_lens_tags(photo, SUMMILUX) == tmp_path / f"{name}.xmp"
        assert photo.read_bytes() == before
        assert read_shot(photo).lens_names[0].value == SUMMILUX.lens_id


def raw_profile(kind: bytes, block: bytes) -> bytes:
    """A PNG whose Exif stands in a text, as ImageMagick and ExifTool write it."""
    text = b"\n" + kind + f"\n{len(block) + 6:8}\n".encode() + (b"Exif\0\0" + block).hex().encode() + b"\n"
    content = b"Raw profile type " + kind + b"\0\0" + zlib.compress(text)
    plain = png(xmp=xmp_packet(aux_Lens="back camera"))
    return plain[:33] + pack_chunk(b"zTXt", content) + plain[33:]


def pack_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def in_two_segments(block: bytes) -> bytes:
    return jpeg(before=b"".join(segment(0xE1, b"Exif\0\0" + part) for part in (block[:60], block[60:])))


UNUSUAL = {
    "magick.png": raw_profile(b"exif", exif(**OLD)),
    "exiftool.png": raw_profile(b"APP1", exif(">", **OLD)),
    "prefix.png": png(b"Exif\0\0" + exif(**OLD)),
    "prefix-big-endian.png": png(b"Exif\0\0" + exif(">", **OLD)),
    "parts.jpg": in_two_segments(exif(**OLD)),
    "m10-parts.jpg": in_two_segments(exif(maker_note=m10_note("Elmar-M 1:2.8/50"), Model="LEICA M10", **LEICA)),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_exif_in_unusual_places_is_edited_like_any_other(name: str, tmp_path: Path) -> None:
    photo = tmp_path / name
    photo.write_bytes(UNUSUAL[name])
    before = dump(photo)
    assert write_lens_tags(photo, SUMMILUX, f_number=5.6) == photo
    after = dump(photo)
    changed = {tag for tag in before.keys() | after.keys() if before.get(tag) != after.get(tag)}
    warnings = {"ExifTool:Warning"} if "ExifTool:Warning" not in after else set()
    assert changed <= {f"ExifIFD:{tag}" for tag in TAGS} | OWN | warnings
    assert after["ExifIFD:LensModel"] == SUMMILUX.name
    assert read_shot(photo).lens_names[0].value == SUMMILUX.lens_id
    assert pixels(photo)


def test_long_exif_in_several_segments_gets_a_sidecar(tmp_path: Path) -> None:
    for order in "<>":
        block = exif(order, more=[(0x010E, ASCII, "long " * 20_000)], **OLD)
        parts = (block[at : at + 65_000] for at in range(0, len(block), 65_000))
        photo = tmp_path / "long.jpg"
        photo.write_bytes(jpeg(before=b"".join(segment(0xE1, b"Exif\0\0" + part) for part in parts)))
        before = photo.read_bytes()
        assert write_lens_tags(photo, SUMMILUX) == tmp_path / "long.jpg.xmp"
        assert photo.read_bytes() == before
        assert read_shot(photo).lens_names[0].value == SUMMILUX.lens_id


@pytest.mark.parametrize("order", "<>")
def test_a_bad_entry_does_not_hide_the_others(order: str, tmp_path: Path) -> None:
    """It was sorted to the front, where readers give up."""
    for name, tag, kind in (("second.jpg", 0x9286, 7), ("first.png", 0xA434, 2)):
        entry = struct.pack(order + "HH", tag, kind)
        block = exif(order, **OLD)
        assert block.count(entry) == 1
        block = block.replace(entry, struct.pack(order + "HH", 1, 0))
        photo = tmp_path / name
        photo.write_bytes(jpeg(block) if name.endswith("jpg") else png(block))
        before = dump(photo)
        assert before["ExifIFD:FNumber"] == 1.9
        write_lens_tags(photo, SUMMILUX, f_number=5.6)
        after = dump(photo)
        lost = {tag for tag in before if tag not in after}
        assert lost <= {"ExifTool:Warning"}


FLAWED = {
    "twice": xmp_packet(aux_Lens="back camera").replace(
        b"</rdf:RDF>",
        b'<rdf:Description rdf:about="" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:Lens="b"/></rdf:RDF>',
    ),
    "no description": xmp_packet(aux_Lens="back camera").replace(b"</rdf:RDF>", b"<rdf:x>a</rdf:x></rdf:RDF>"),
}
"""Packets that break the rules of XMP: exiv2 reads nothing of them, and complains to nobody."""


@pytest.mark.parametrize("name", FLAWED)
def test_packets_that_exiv2_cannot_read_are_left_alone(name: str, tmp_path: Path) -> None:
    for photo, data in (
        (tmp_path / "photo.jpg", jpeg(exif(**OLD), FLAWED[name])),
        (tmp_path / "photo.png", png(exif(**OLD), FLAWED[name])),
        (tmp_path / "photo.tif", tiff(OLD, xmp=FLAWED[name])),
    ):
        photo.write_bytes(data)
        assert write_lens_tags(photo, SUMMILUX, f_number=5.6) == tmp_path / f"{photo.name}.xmp"
        assert photo.read_bytes() == data
        assert read_shot(photo).lens_names[0].value == SUMMILUX.lens_id


@pytest.mark.parametrize("name", FLAWED)
def test_sidecars_that_exiv2_cannot_read_keep_what_they_say(name: str, tmp_path: Path) -> None:
    photo, sidecar = tmp_path / "photo.dng", tmp_path / "photo.dng.xmp"
    photo.write_bytes(dng(OLD))
    packet = FLAWED[name].replace(b'aux:Lens="back camera"', b'aux:Lens="back camera" dc:format="image/dng"')
    sidecar.write_bytes(packet)
    assert write_lens_tags(photo, SUMMILUX, f_number=5.6) == sidecar
    assert b'dc:format="image/dng"' in sidecar.read_bytes()
    assert b"back camera" not in sidecar.read_bytes()
    shot = read_shot(photo)
    assert shot.lens_names[0].value == SUMMILUX.lens_id
    assert shot.lens_specification
    assert shot.lens_specification.value == LensSpecification(50, 50, 1.4, 1.4)
    assert shot.f_number
    assert shot.f_number.value == 5.6


def test_adapters_and_impossible_apertures_are_refused(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(PHOTOS["phone.jpg"])
    with pytest.raises(PhotoError, match="Macro-Adapter-M is an adapter, not a lens"):
        write_lens_tags(photo, ADAPTER)
    with pytest.raises(PhotoError, match=r"opens to f/1\.4.*f/1\.2"):
        write_lens_tags(photo, SUMMILUX, f_number=1.2)
    assert photo.read_bytes() == PHOTOS["phone.jpg"]
    write_lens_tags(photo, SUMMILUX, f_number=1.3)


# What belongs to the file, and what must not pile up -----------------------------------------------------------------


def of_length(name: str, length: int) -> str:
    return name.rjust(length, "x")


@pytest.mark.parametrize("name", ["phone.jpg", "phone.png", "phone.tif", "phone.heic"])
def test_a_file_with_two_names_stays_one(name: str, tmp_path: Path) -> None:
    photo, other = tmp_path / name, tmp_path / "other"
    photo.write_bytes({**PHOTOS, **SIDECARS}[name])
    os.link(photo, other)
    tagged = write_lens_tags(photo, SUMMILUX, backup=True)
    assert photo.samefile(other)
    assert read_shot(photo).lens_names[0].value == SUMMILUX.lens_id
    if tagged != photo:  # a sidecar
        other.unlink()
        os.link(tagged, other)
        write_lens_tags(photo, NOCTILUX)
        assert tagged.samefile(other)
        assert b"noctilux" in other.read_bytes()
        return
    backup = tmp_path / f"{name}.orig"
    assert backup.read_bytes() == PHOTOS[name]
    assert not backup.samefile(photo)


def test_a_second_name_of_the_photo_is_no_backup(tmp_path: Path) -> None:
    photo, kept = tmp_path / "photo.jpg", tmp_path / "photo.jpg.orig"
    photo.write_bytes(PHOTOS["phone.jpg"])
    os.link(photo, kept)
    write_lens_tags(photo, SUMMILUX, backup=True)
    assert kept.read_bytes() == PHOTOS["phone.jpg"]
    assert read_shot(photo).lens_names[0].value == SUMMILUX.lens_id


@pytest.mark.parametrize(("name", "backup"), [("photo.jpg", True), ("raw.arw", False)])
def test_a_name_that_leaves_no_room_for_another(name: str, backup: bool, tmp_path: Path) -> None:
    photo = tmp_path / of_length(name, 253)
    photo.write_bytes(SIDECARS.get(name, PHOTOS["phone.jpg"]))
    before = photo.read_bytes()
    with refused(PhotoError, "File name too long", Code.NOT_WRITABLE):
        write_lens_tags(photo, SUMMILUX, backup=backup)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(photo.name, before)]


LENSES = (SUMMILUX, TRI_ELMAR, NOCTILUX, NOKTON)


@pytest.mark.parametrize("name", [*PHOTOS, *BARE, "phone.heic"])
def test_a_photo_does_not_grow_by_tagging(name: str, tmp_path: Path) -> None:
    photo = tmp_path / name
    photo.write_bytes({**PHOTOS, **BARE, **SIDECARS}[name])
    sizes = []
    for number in range(24):
        lens = LENSES[number % len(LENSES)]
        focal = (28.0, 35.0)[number % 2] if lens is TRI_ELMAR else None
        tagged = write_lens_tags(photo, lens, focal_mm=focal, f_number=5.6 if number % 3 else None)
        sizes.append(tagged.stat().st_size)
    assert max(sizes[12:]) <= max(sizes[:12])
    told = dump(photo if tagged == photo else tagged)
    assert "ExifTool:Warning" not in told
    assert read_shot(photo).lens_names[0].value == NOKTON.lens_id


@pytest.mark.parametrize("name", PHOTOS)
def test_nothing_else_changes_the_second_time(name: str, tmp_path: Path) -> None:
    photo = tmp_path / name
    photo.write_bytes(PHOTOS[name])
    before, picture = dump(photo), pixels(photo)
    for lens in (NOKTON, SUMMILUX, NOCTILUX):
        write_lens_tags(photo, lens, f_number=5.6)
    after = dump(photo)
    changed = {tag for tag in before.keys() | after.keys() if before.get(tag) != after.get(tag)}
    assert {tag for tag in changed if not tag.startswith("XMP-sixbit")} <= {f"ExifIFD:{tag}" for tag in TAGS} | OWN
    assert pixels(photo) == picture


def test_what_something_else_points_to_stays(tmp_path: Path) -> None:
    """Some writers keep equal values once: what two tags share is not cut off with one of them."""
    block = tiff_structure.Structure(tiff_structure.EMPTY)
    ratio = block.entry(tiff_structure.X_RESOLUTION, RATIONAL, block.pack("II", 50, 1))
    block.put_first([ratio])
    shared = ratio._replace(tag=0x920A)
    block.set_sub(tiff_structure.EXIF, [shared])
    # The first directory goes in front, as in a camera's, so that the shared value and that of Exif stand at the end.
    block.write(4, block.pack("I", block.append_directory(block.first())))
    value = block.append(block.pack("II", 50, 1))
    first = [
        entry._replace(value=block.pack("I", value)) for entry in block.first() if entry.tag != tiff_structure.EXIF
    ]
    for entry in first:
        block.set_first(entry)
    block.set_sub(tiff_structure.EXIF, [shared._replace(value=block.pack("I", value))])
    before = len(block.content())
    cut_end(block, {0x920A})
    assert len(block.content()) == before
    assert block.ratio(tiff_structure.find(block.first(), tiff_structure.X_RESOLUTION)) == 50
