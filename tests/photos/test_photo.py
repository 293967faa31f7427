"""Opening and saving photos: nothing lost, nothing half-written. ExifTool is the oracle for metadata."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from sixbit.files import limits, png
from sixbit.photos.colour import of_icc
from sixbit.photos.decode import decode
from sixbit.photos.photo import Photo
from sixbit.photos.save import save_photo
from sixbit.tags.read import read_shot
from sixbit.values.errors import Code, PhotoError
from sixbit.values.filter import Filter
from tests.scenery.new_formats import bigtiff, interlaced_png
from tests.scenery.photo_factory import jpeg_with_trailing_note, m240_note
from tests.scenery.programs import exiftool, missing
from tests.scenery.refusals import refused

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

Field = tuple[int, int, int, bytes | int]
"""Tag, type, count, and the value itself or where it lies."""

ODD_NAMES = ["two words.jpg", 'it\'s "quoted".jpg', "two\nlines.jpg", "emoji 📷.jpg", "-o.jpg", "$(touch x);.jpg"]


def picture(width: int = 96, height: int = 64, channels: int = 3, dtype: Any = np.uint8) -> Any:
    """Smooth, with all code values of its kind in reach."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [(np.sin(x / 9 + k) + np.cos(y / (7 + k)) + 2) / 4 for k in range(channels)]
    values = np.dstack(planes)
    if dtype == np.float32:
        return values.astype(np.float32)
    return (values * np.iinfo(dtype).max + 0.5).astype(dtype)


def correction_of(pixels: Any, *kinds: str) -> Filter:
    height, width = pixels.shape[:2]
    centre = ((width - 1) / 2, (height - 1) / 2)
    return Filter(width, height, centre, float(np.hypot(*centre)), made_from={"corrections": list(kinds)})


def directory(order: str, entries: Sequence[Field], following: int = 0) -> bytes:
    data = struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        packed = value.ljust(4, b"\0") if isinstance(value, bytes) else struct.pack(order + "I", value)
        data += struct.pack(order + "HHI", tag, kind, count) + packed
    return data + struct.pack(order + "I", following)


def leica_block(header: bytes, order: str = "<", thumbnail: bytes = b"") -> bytes:
    """An Exif block as a Leica M writes it: its maker note holds texts at offsets, of the note or of the block."""
    make = b"Leica Camera AG\0"
    ifd0, exif, note = 8, 100, 160
    note_from_block = header[5:7] == b"\0\x02"  # M10; the M9 counts from the start of the note
    texts = b"Summilux-M 1:1.4/50 ASPH.".ljust(32, b"\0")
    texts_at = note + 8 + 2 + 12 * 2 + 4
    base = 0 if note_from_block else note
    tag = 0x0370 if note_from_block else 0x3001
    maker = header + directory(order, [(0x035A, 4, 1, 5600), (tag, 2, len(texts), texts_at - base)]) + texts
    following = note + len(maker) + len(maker) % 2
    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", ifd0)
    block += directory(
        order,
        [(0x010F, 2, len(make), 80), (0x0112, 3, 1, struct.pack(order + "H", 6)), (0x8769, 4, 1, exif)],
        following if thumbnail else 0,
    )
    block = block.ljust(80, b"\0") + make
    block = block.ljust(exif, b"\0") + directory(order, [(0x927C, 7, len(maker), note), (0xA002, 4, 1, 9999)])
    block = block.ljust(note, b"\0") + maker
    if thumbnail:
        block = block.ljust(following, b"\0")
        at = following + 2 + 12 * 3 + 4
        jpeg: list[Field] = [
            (0x0103, 3, 1, struct.pack(order + "H", 6)),
            (0x0201, 4, 1, at),
            (0x0202, 4, 1, len(thumbnail)),
        ]
        block += directory(order, jpeg) + thumbnail
    return block


def leica_jpeg(path: Path, block: bytes, pixels: Any = None, **options: Any) -> Path:
    Image.fromarray(picture() if pixels is None else pixels).save(path, "JPEG", exif=b"Exif\0\0" + block, **options)
    return path


def tagged_jpeg(path: Path, **options: Any) -> Path:
    """A JPEG with Exif, GPS, a thumbnail, XMP of every shape, IPTC, a comment and a profile, written by ExifTool."""
    options = {"quality": 88, "subsampling": "4:2:2", "icc_profile": SRGB} | options
    Image.fromarray(picture(480, 320)).save(path, "JPEG", **options)
    thumbnail = path.with_suffix(".thumb")
    Image.fromarray(picture(160, 120)[::-1].copy()).save(thumbnail, "JPEG", quality=95)
    tags = {
        "Make": "Leica Camera AG",
        "Model": "LEICA M8",
        "Software": "2.012",
        "Artist": "Jörg Müller",
        "Orientation#": "6",
        "FNumber": "5.6",
        "ExifImageWidth": "9999",
        "UserComment": "a comment",
        "GPSLatitude": "48.1",
        "GPSLatitudeRef": "N",
        "IPTC:Caption-Abstract": "a caption",
        "IPTC:Keywords": "one",
        "XMP-dc:Creator": "A",
        "XMP-dc:Title-de": "Hallo <&>",
        "XMP-crs:Sharpness": "3",
        "XMP-mwg-rs:RegionInfo": "{RegionList=[{Area={X=0.5,Y=0.5},Name=Me},{Name=You}]}",
        "XMP-tiff:ImageWidth": "9999",
        "Comment": "a JPEG comment",
    }
    command = [*exiftool(), "-q", "-overwrite_original", *(f"-{tag}={value}" for tag, value in tags.items())]
    subprocess.run([*command, f"-ThumbnailImage<={thumbnail}", str(path)], check=True)
    return path


@cache
def dump(path: Path) -> dict[str, str]:
    """All that ExifTool sees, but for what belongs to the file itself; asked once for each path."""
    command = [*exiftool(), "-json", "-a", "-G1:4", "-s", "-u", "-ee", "-b", str(path)]
    (tags,) = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {
        # Tags of the same name in different groups are numbered as copies; the group tells them apart here.
        re.sub(r":Copy\d+", "", name): value
        for name, value in tags.items()
        if name != "SourceFile" and not name.startswith(("System:", "ExifTool:", "File:FileType", "File:MIME"))
    }


def warnings_of(path: Path) -> str:
    command = [*exiftool(), "-a", "-validate", "-warning", "-s3", str(path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in told.splitlines() if "aker" in line)


def differences(before: Path, after: Path) -> set[str]:
    old, new = dump(before), dump(after)
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


MARKS = {
    "IFD0:Software",
    "XMP-x:XMPToolkit",
    "XMP-aux:DistortionCorrectionAlreadyApplied",
    "XMP-aux:LateralChromaticAberrationCorrectionAlreadyApplied",
    "XMP-aux:VignetteCorrectionAlreadyApplied",
    "XMP-sixbit:Filter",
    "XMP-sixbit:Corrected",
}
SIZES = {"ExifIFD:ExifImageWidth", "XMP-tiff:ImageWidth"}
THUMBNAIL = {"IFD1:ThumbnailImage", "IFD1:ThumbnailLength", "IFD1:ThumbnailOffset"}


# Nothing lost


def test_nothing_is_lost_from_a_jpeg(tmp_path: Path) -> None:
    source = tagged_jpeg(tmp_path / "photo.jpg")
    photo = decode(source)
    filter = correction_of(photo.pixels, "distortion", "tca", "vignetting")
    assert save_photo(photo, photo.pixels, tmp_path / "out.jpg", filter=filter) == ()
    found = differences(source, tmp_path / "out.jpg")
    assert found <= MARKS | SIZES | THUMBNAIL
    assert found >= MARKS | SIZES
    after = dump(tmp_path / "out.jpg")
    assert after["XMP-sixbit:Filter"] == filter.digest
    assert after["XMP-sixbit:Corrected"] == "distortion tca vignetting"
    assert after["XMP-aux:VignetteCorrectionAlreadyApplied"] in (True, "True")
    assert after["IFD0:Software"].startswith("Sixbit ")
    assert {str(after["ExifIFD:ExifImageWidth"]), str(after["XMP-tiff:ImageWidth"])} == {"480"}
    assert decode(tmp_path / "out.jpg").icc == SRGB


@pytest.mark.parametrize(
    ("header", "order"),
    [(b"LEICA0\x03\0", "<"), (b"LEICA\0\x02\0", "<"), (b"LEICA\0\x02\0", ">")],
    ids=["M9", "M10", "M10-Motorola"],
)
def test_maker_notes_stay_whole_whatever_their_offsets_count_from(tmp_path: Path, header: bytes, order: str) -> None:
    source = leica_jpeg(tmp_path / "photo.jpg", leica_block(header, order))
    lens = [value for value in dump(source).values() if "Summilux" in str(value)]
    assert lens == ["Summilux-M 1:1.4/50 ASPH."]
    photo = decode(source)
    for name in ("out.jpg", "out.tif", "out.png"):
        save_photo(photo, photo.pixels, tmp_path / name, filter=correction_of(photo.pixels, "distortion"))
        assert not {tag for tag in differences(source, tmp_path / name) if tag.startswith(("Leica", "MakerN"))}
        assert lens == [value for value in dump(tmp_path / name).values() if "Summilux" in str(value)]


@pytest.mark.parametrize("order", ["<", ">"])
def test_maker_notes_at_the_end_of_a_jpeg_move_with_it(tmp_path: Path, order: str) -> None:
    source = tmp_path / "photo.jpg"
    tags = {"Make": "Leica Camera AG", "Model": "LEICA M (Typ 240)", "PixelXDimension": 9999}
    source.write_bytes(jpeg_with_trailing_note(m240_note("Summilux-M 1:1.4/50 ASPH."), order, **tags))
    assert "Summilux-M 1:1.4/50 ASPH." in dump(source).values()
    photo = decode(source)
    noise = np.random.default_rng(1).integers(0, 255, photo.pixels.shape, np.uint8)
    assert save_photo(photo, noise, tmp_path / "out.jpg", filter=correction_of(noise, "tca")) == ()
    assert differences(source, tmp_path / "out.jpg") <= MARKS | SIZES
    for path in (source, tmp_path / "out.jpg"):
        data = path.read_bytes()
        entry = data.index(b"LEICA\0\x02\xff") + 8 + 2 + 8
        assert struct.unpack(order + "I", data[entry : entry + 4])[0] == data.index(b"Summilux")
    assert read_shot(tmp_path / "out.jpg").lens_names == read_shot(source).lens_names != ()
    save_photo(photo, noise, tmp_path / "small.jpg", quality=5)  # shorter than the source, too
    assert not differences(source, tmp_path / "small.jpg") - MARKS - SIZES
    assert "maker notes" in save_photo(photo, photo.pixels, tmp_path / "out.tif")[-1]
    save_photo(photo, photo.pixels, tmp_path / "out.png")
    for path in (tmp_path / "out.tif", tmp_path / "out.png"):
        assert not [tag for tag in dump(path) if "Warning" in tag or "MakerNote" in tag]
        assert warnings_of(path) == ""
        assert dump(path)["ExifIFD:LensModel"] == "Summilux-M 1:1.4/50 ASPH."
        assert [name.value for name in read_shot(path).lens_names] == ["Summilux-M 1:1.4/50 ASPH."]


def test_metadata_crosses_formats(tmp_path: Path) -> None:
    source = tagged_jpeg(tmp_path / "photo.jpg")
    photo = decode(source)
    save_photo(photo, photo.pixels, tmp_path / "out.tif")
    save_photo(photo, photo.pixels, tmp_path / "out.png")
    from_tiff = decode(tmp_path / "out.tif")
    save_photo(from_tiff, from_tiff.pixels, tmp_path / "back.jpg")
    from_png = decode(tmp_path / "out.png")
    save_photo(from_png, from_png.pixels, tmp_path / "png back.jpg")
    before = dump(source)
    save_photo(from_tiff, from_tiff.pixels, tmp_path / "again.tif")
    for name in ("out.tif", "again.tif"):  # once, where readers of TIFF look first
        assert [tag for tag in dump(tmp_path / name) if tag.endswith("Keywords")] == ["IPTC:Keywords"]
        assert not [tag for tag in dump(tmp_path / name) if tag.startswith("Photoshop")]
    carried = [
        name for name in before if name.split(":")[0] in ("IFD0", "ExifIFD", "GPS", "IPTC", "XMP-dc", "XMP-mwg-rs")
    ]
    assert len(carried) > 15
    for name in ("out.tif", "out.png", "back.jpg", "png back.jpg"):
        after = dump(tmp_path / name)
        of_iptc = {tag.split(":")[-1]: value for tag, value in after.items() if tag.startswith("IPTC")}
        for tag in set(carried) - MARKS - SIZES - {"IFD0:YCbCrPositioning"}:
            found = of_iptc.get(tag.split(":")[-1]) if tag.startswith("IPTC") else after.get(tag)
            assert found == before[tag], (name, tag)
        assert decode(tmp_path / name).icc == SRGB
        assert decode(tmp_path / name).pixels.shape == photo.pixels.shape


def test_the_thumbnail_shows_the_corrected_picture(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (160, 120), (200, 0, 0)).save(stream, "JPEG", quality=100, subsampling=0)
    thumbnail = stream.getvalue().ljust(6000, b"\0")
    source = leica_jpeg(tmp_path / "photo.jpg", leica_block(b"LEICA0\x03\0", thumbnail=thumbnail))
    photo = decode(source)
    green = np.zeros((64, 96, 3), np.uint8) + np.array([0, 200, 0], np.uint8)
    save_photo(photo, green, tmp_path / "out.jpg")
    command = [*exiftool(), "-b", "-ThumbnailImage", str(tmp_path / "out.jpg")]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    with Image.open(io.BytesIO(data)) as small:
        assert small.size == (160, 120)
        centre, bar = small.getpixel((80, 60)), small.getpixel((80, 2))
        assert isinstance(centre, tuple)
        assert isinstance(bar, tuple)
        assert centre[1] > 180
        assert max(centre[0], *bar) < 20  # 3:2 in 4:3 leaves black bars
    assert not {tag for tag in differences(source, tmp_path / "out.jpg") if tag.startswith("Leica")}


def test_a_thumbnail_that_cannot_be_replaced_is_unlinked(tmp_path: Path) -> None:
    block = leica_block(b"LEICA0\x03\0", thumbnail=b"\xff\xd8 no picture \xff\xd9")
    photo = decode(leica_jpeg(tmp_path / "photo.jpg", block))
    save_photo(photo, photo.pixels, tmp_path / "out.jpg")
    assert not {tag for tag in dump(tmp_path / "out.jpg") if tag.startswith("IFD1:")}


def test_long_xmp_becomes_extended_xmp_and_comes_back(tmp_path: Path) -> None:
    source = tmp_path / "photo.png"
    Image.fromarray(picture()).save(source)
    note = "x" * 200_000
    command = [
        *exiftool(),
        "-q",
        "-overwrite_original",
        f"-XMP-dc:Title={'t' * 90}",
        "-XMP-dc:Description<=-",
        str(source),
    ]
    subprocess.run(command, input=note.encode(), check=True)
    photo = decode(source)
    save_photo(photo, photo.pixels, tmp_path / "out.jpg", filter=correction_of(photo.pixels, "tca"))
    after = dump(tmp_path / "out.jpg")
    assert after["XMP-dc:Description"] == note
    assert after["XMP-dc:Title"] == "t" * 90
    assert "XMP-sixbit:Filter" in after
    again = decode(tmp_path / "out.jpg")
    assert again.metadata.xmp is not None
    assert note.encode() in again.metadata.xmp
    save_photo(again, again.pixels, tmp_path / "back.png")
    assert dump(tmp_path / "back.png")["XMP-dc:Description"] == note


def test_broken_metadata_does_not_stop_a_correction(tmp_path: Path) -> None:
    source = leica_jpeg(tmp_path / "photo.jpg", b"II*\0\xff\xff\xff\x7f", xmp=b"<x:xmpmeta><rdf:RDF>")
    photo = decode(source)
    notes = save_photo(photo, photo.pixels, tmp_path / "out.jpg", filter=correction_of(photo.pixels, "tca"))
    assert "Exif" in notes[0]
    assert "XMP" in notes[1]
    assert b"II*\0\xff\xff\xff\x7f" in (tmp_path / "out.jpg").read_bytes()
    assert "XMP-sixbit:Filter" in dump(tmp_path / "out.jpg")


def test_no_metadata_at_all(tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / "photo.jpg")
    photo = decode(tmp_path / "photo.jpg")
    save_photo(photo, photo.pixels, tmp_path / "out.jpg", filter=correction_of(photo.pixels, "distortion"))
    assert differences(tmp_path / "photo.jpg", tmp_path / "out.jpg") <= MARKS | {"File:ExifByteOrder"}


def test_what_no_longer_holds_is_left_out_and_said(tmp_path: Path) -> None:
    extra = b"".join(
        b"\xff" + bytes((marker,)) + struct.pack(">H", len(data) + 2) + data
        for marker, data in ((0xE2, b"MPF\0II*\0"), (0xEB, b"JP c2pa"), (0xE5, b"of some maker"))
    )
    Image.fromarray(picture()).save(tmp_path / "photo.jpg", extra=extra)
    with (tmp_path / "photo.jpg").open("ab") as file:
        file.write(b"\xff\xd8 another picture \xff\xd9")
    photo = decode(tmp_path / "photo.jpg")
    notes = save_photo(photo, photo.pixels, tmp_path / "out.jpg")
    assert [word for word in ("MPF", "credentials", "follows") if any(word in note for note in notes)] == [
        "MPF",
        "credentials",
        "follows",
    ]
    data = (tmp_path / "out.jpg").read_bytes()
    assert b"of some maker" in data
    assert b"MPF\0" not in data
    assert b"c2pa" not in data
    assert b"another picture" not in data


# Pixels


@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_tiff_pixels_come_back_as_they_were(tmp_path: Path, channels: int, dtype: Any, compression: str | None) -> None:
    import tifffile

    pixels = picture(channels=channels, dtype=dtype)
    pixels = pixels[..., 0] if channels == 1 else pixels
    colour: Any = "minisblack" if channels == 1 else "rgb"
    tifffile.imwrite(
        tmp_path / "photo.tif", pixels, photometric=colour, compression=compression, predictor=bool(compression)
    )
    photo = decode(tmp_path / "photo.tif")
    assert photo.alpha == (channels == 4)
    save_photo(photo, photo.pixels, tmp_path / "out.tif")
    again = tifffile.imread(tmp_path / "out.tif")
    assert again.dtype == dtype
    assert np.array_equal(again, pixels)
    assert decode(tmp_path / "out.tif").encoding == photo.encoding


@pytest.mark.parametrize(
    "options",
    [
        {"byteorder": ">"},
        {"bigtiff": True},
        {"tile": (32, 32), "compression": "zlib"},
        {"planarconfig": "separate"},
        {"compression": "zstd"},
    ],
    ids=str,
)
def test_tiff_in_every_layout(tmp_path: Path, options: dict[str, Any]) -> None:
    import tifffile

    pixels = picture(dtype=np.uint16)
    stored = np.moveaxis(pixels, 2, 0) if "planarconfig" in options else pixels
    tifffile.imwrite(tmp_path / "photo.tif", stored, photometric="rgb", **options)
    photo = decode(tmp_path / "photo.tif")
    assert np.array_equal(photo.pixels, pixels)
    save_photo(photo, photo.pixels, tmp_path / "out.tif")
    again = decode(tmp_path / "out.tif")
    assert np.array_equal(again.pixels, pixels)
    assert again.encoding == photo.encoding


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_alpha_of_a_tiff_whose_white_is_zero(kind: Any, tmp_path: Path) -> None:
    import tifffile

    white = 1 if kind is np.float32 else np.iinfo(kind).max
    pixels = np.zeros((20, 30, 2), kind)
    pixels[:, :10, 0] = white
    pixels[..., 1] = white
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite", extrasamples=[2])
    out = decode(tmp_path / "a.tif").pixels
    assert (out[..., 3] == white).all()
    assert [out[5, 5, 0], out[5, 20, 0]] == [0, white]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_pixels_come_back_as_they_were(tmp_path: Path, channels: int, dtype: Any) -> None:
    import imagecodecs

    pixels = picture(channels=channels, dtype=dtype)
    pixels = pixels[..., 0] if channels == 1 else pixels
    (tmp_path / "photo.png").write_bytes(imagecodecs.png_encode(pixels))
    photo = decode(tmp_path / "photo.png")
    save_photo(photo, photo.pixels, tmp_path / "out.png")
    again = imagecodecs.png_decode((tmp_path / "out.png").read_bytes())
    assert again.dtype == dtype
    assert np.array_equal(again, pixels)
    assert not differences(tmp_path / "photo.png", tmp_path / "out.png") - MARKS - {"PNG:Filter", "File:ExifByteOrder"}


def test_unusual_tiffs_are_read_as_what_they_show(tmp_path: Path) -> None:
    import tifffile

    grey = picture(channels=1)[..., 0]
    path = tmp_path / "photo.tif"
    tifffile.imwrite(path, 255 - grey, photometric="miniswhite")
    assert np.array_equal(decode(path).pixels, grey)
    tifffile.imwrite(path, grey > 128, photometric="minisblack")
    assert np.array_equal(decode(path).pixels, np.uint8(255) * (grey > 128))
    tifffile.imwrite(path, grey, photometric="palette", colormap=np.stack([np.arange(256, dtype=np.uint16) * 257] * 3))
    assert np.array_equal(decode(path).pixels, np.dstack([grey] * 3))
    tifffile.imwrite(path, picture(dtype=np.float32).astype(np.float64), photometric="rgb")
    assert np.array_equal(decode(path).pixels, picture(dtype=np.float32))
    for word, pixels, options in (
        ("SEPARATED.*RGB", picture(channels=4), {"photometric": "separated"}),
        ("32-bit", picture().astype(np.uint32), {"photometric": "rgb"}),
        ("raw file", grey, {"photometric": "cfa", "extratags": [(33421, 3, 2, (2, 2)), (33422, 1, 4, (0, 1, 1, 2))]}),
        ("preview", picture(), {"photometric": "rgb", "subfiletype": 1}),
    ):
        tifffile.imwrite(path, pixels, **options)
        with refused(PhotoError, word):
            decode(path)


_BT_601, _BT_709 = (0.299, 0.587, 0.114), (0.2126, 0.7152, 0.0722)


def ycbcr_tiff(path: Path, rgb: Any, kind: tuple[float, ...] | None, narrow: bool = False, **options: Any) -> Path:
    """A TIFF of luma and chroma by the equations of TIFF 6.0, section 21; what it does not say is the default."""
    import tifffile

    red, green, blue = kind or _BT_601
    luma = rgb / 255 @ (red, green, blue)
    chroma = [(rgb[..., 2] / 255 - luma) / (2 - 2 * blue), (rgb[..., 0] / 255 - luma) / (2 - 2 * red)]
    black, span, half = (16, 219, 112) if narrow else (0, 255, 127)
    coded = np.dstack([black + span * luma, *(128 + 2 * half * one for one in chroma)])
    tags: list[Any] = []
    if kind:
        tags.append((529, 5, 3, [n for one in kind for n in (round(one * 10_000), 10_000)], True))
    if narrow:
        levels = [16, 235, 128, 240, 128, 240]
        tags.append((532, 5, 6, [n for one in levels for n in (one, 1)], True))
    coded = np.rint(coded).clip(0, 255).astype(np.uint8)
    tifffile.imwrite(path, coded, photometric="ycbcr", subsampling=(1, 1), extratags=tags, **options)
    return path


@pytest.mark.parametrize("kind", [None, _BT_601, _BT_709])
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("compression", ["zlib", "lzw", None])
def test_luma_and_chroma_of_a_tiff_become_rgb(
    kind: tuple[float, ...] | None, narrow: bool, compression: str | None, tmp_path: Path
) -> None:
    pixels = picture()
    photo = decode(ycbcr_tiff(tmp_path / "photo.tif", pixels, kind, narrow, compression=compression))
    assert np.abs(photo.pixels - pixels.astype(int)).max() <= 2
    assert "YCbCr became RGB" in photo.notes
    if kind is not _BT_709 and not narrow:  # Pillow reads all as if they were so
        with Image.open(tmp_path / "photo.tif") as theirs:
            assert np.abs(photo.pixels - np.asarray(theirs.convert("RGB")).astype(int)).max() <= 1
    save_photo(photo, photo.pixels, tmp_path / "out.tif")
    with Image.open(tmp_path / "out.tif") as opened:
        assert opened.tag_v2[262] == 2  # type: ignore[attr-defined]


def test_other_chroma_of_a_tiff_is_refused(tmp_path: Path) -> None:
    import tifffile

    tifffile.imwrite(tmp_path / "photo.tif", picture(dtype=np.uint16), photometric="ycbcr", subsampling=(1, 1))
    with refused(PhotoError, "YCbCr in more than 8 bits.*Save it as a JPEG, TIFF or PNG", Code.FORMAT):
        decode(tmp_path / "photo.tif")
    ycbcr_tiff(tmp_path / "photo.tif", picture(), None, compression="zlib")
    data = (tmp_path / "photo.tif").read_bytes()
    said = struct.pack("<HHIHH", 530, 3, 2, 1, 1)
    assert said in data
    for across, down in ((2, 2), (2, 1)):
        (tmp_path / "photo.tif").write_bytes(data.replace(said, struct.pack("<HHIHH", 530, 3, 2, across, down)))
        with refused(PhotoError, "subsampled.*Save it as a JPEG, TIFF or PNG", Code.FORMAT):
            decode(tmp_path / "photo.tif")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_multiplied_alpha_stays_in_a_tiff_and_is_undone_elsewhere(dtype: Any, tmp_path: Path) -> None:
    import tifffile

    straight = picture(channels=4, dtype=np.float32)
    straight[..., 3] = np.linspace(0, 1, 96, dtype=np.float32)
    stored = straight.copy()
    stored[..., :3] *= stored[..., 3:]
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    stored = stored if dtype == np.float32 else np.rint(stored * top).astype(dtype)
    tifffile.imwrite(tmp_path / "photo.tif", stored, photometric="rgb", extrasamples=["assocalpha"])
    photo = decode(tmp_path / "photo.tif")
    save_photo(photo, photo.pixels, tmp_path / "out.tif")
    assert np.array_equal(decode(tmp_path / "out.tif").pixels, stored)
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert file.pages.first.extrasamples == (1,)
    save_photo(photo, photo.pixels, tmp_path / "out.png")
    after = decode(tmp_path / "out.png").pixels
    after = after / np.iinfo(after.dtype).max
    seen = straight[..., 3] > 0.1
    assert np.abs(after - straight)[seen].max() < (10 / 255 if dtype == np.uint8 else 1e-3)
    assert not after[:, 0].any()
    save_photo(photo, photo.pixels, tmp_path / "out.jpg", quality=100)
    assert np.abs(decode(tmp_path / "out.jpg").pixels / 255 - straight[..., :3])[seen].max() < 0.05


def test_a_bigtiff_is_read_with_its_tags(tmp_path: Path) -> None:
    for order in "<>":
        (tmp_path / "photo.tif").write_bytes(bigtiff({"Make": "Leica Camera AG", "FNumber": (56, 10)}, order=order))
        photo = decode(tmp_path / "photo.tif")
        assert photo.pixels.shape == (32, 48, 3)
        save_photo(photo, photo.pixels, tmp_path / f"out{ord(order)}.tif")
        told = dump(tmp_path / f"out{ord(order)}.tif")
        assert (told["IFD0:Make"], told["ExifIFD:FNumber"]) == ("Leica Camera AG", 5.6)
        assert (told["IFD0:ImageWidth"], told["IFD0:Compression"]) == (48, "Uncompressed")


@pytest.mark.parametrize("shape", [(13, 21), (13, 21, 2), (64, 96, 3), (40, 1, 4), (2, 3, 3), (1, 1, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_interlaced_png_is_read(shape: tuple[int, ...], dtype: Any, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    (tmp_path / "photo.png").write_bytes(interlaced_png(pixels))
    if dtype == np.uint8:
        with Image.open(tmp_path / "photo.png") as theirs:
            assert np.array_equal(np.asarray(theirs), pixels)
    read = decode(tmp_path / "photo.png").pixels
    assert np.array_equal(read, pixels[:, :, [0, 0, 0, 1]] if shape[2:] == (2,) else pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_nothing_is_said_of_an_interlaced_png(dtype: Any, tmp_path: Path) -> None:
    """In a process of its own: pytest takes what is logged."""
    (tmp_path / "photo.png").write_bytes(interlaced_png(picture(dtype=dtype)))
    code = "import sys; from sixbit.photos.decode import decode; decode(sys.argv[1])"
    told = subprocess.run([sys.executable, "-c", code, str(tmp_path / "photo.png")], capture_output=True, check=True)
    assert (told.stdout, told.stderr) == (b"", b"")


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_encoded_as_its_source(tmp_path: Path, subsampling: str, progressive: bool) -> None:
    tables = [list(range(1, 65)), list(range(64, 0, -1))]
    pixels = picture(401, 1203)
    options: dict[str, Any] = {"qtables": tables, "subsampling": subsampling, "progressive": progressive}
    Image.fromarray(pixels).save(tmp_path / "photo.jpg", **options)
    photo = decode(tmp_path / "photo.jpg")
    save_photo(photo, photo.pixels, tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as out, Image.open(tmp_path / "photo.jpg") as source:
        assert out.quantization == source.quantization  # type: ignore[attr-defined]
        assert out.layer == source.layer  # type: ignore[attr-defined]
        assert out.info.get("progressive") == source.info.get("progressive")
        # The oracle: Pillow encodes the same pixels in one go.
        plain = io.BytesIO()
        Image.fromarray(photo.pixels).save(plain, "JPEG", **options)
        assert np.array_equal(np.asarray(out), np.asarray(Image.open(plain)))
    save_photo(photo, photo.pixels, tmp_path / "small.jpg", quality=20, subsampling="4:2:0")
    assert (tmp_path / "small.jpg").stat().st_size < (tmp_path / "out.jpg").stat().st_size


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_at_one_of_libjpegs_qualities(tmp_path: Path, subsampling: str, channels: int) -> None:
    pixels = picture(401, 1203, channels=channels)
    pixels = pixels[..., 0] if channels == 1 else pixels
    options: dict[str, Any] = {} if channels == 1 else {"subsampling": subsampling}
    for quality, progressive in ((92, False), (31, False), (92, True)):
        Image.fromarray(pixels).save(tmp_path / "photo.jpg", quality=quality, progressive=progressive, **options)
        photo = decode(tmp_path / "photo.jpg")
        # The oracle: Pillow encodes the same pixels.
        plain = io.BytesIO()
        Image.fromarray(photo.pixels.squeeze()).save(plain, "JPEG", quality=quality, progressive=progressive, **options)
        for asked in (None, quality):
            save_photo(photo, photo.pixels, tmp_path / "out.jpg", quality=asked)
            assert (tmp_path / "out.jpg").read_bytes().endswith(plain.getvalue()[20:])


def test_a_grey_jpeg_stays_grey(tmp_path: Path) -> None:
    Image.fromarray(picture(channels=1)[..., 0]).save(tmp_path / "photo.jpg", quality=98)
    photo = decode(tmp_path / "photo.jpg")
    save_photo(photo, photo.pixels, tmp_path / "out.jpg")
    again = decode(tmp_path / "out.jpg").pixels
    assert again.shape == photo.pixels.shape == (64, 96)
    assert np.abs(again.astype(int) - photo.pixels).max() <= 3


def test_what_a_format_cannot_hold_is_said(tmp_path: Path) -> None:
    import tifffile

    tifffile.imwrite(
        tmp_path / "photo.tif", picture(channels=4, dtype=np.uint16), photometric="rgb", extrasamples=["unassalpha"]
    )
    photo = decode(tmp_path / "photo.tif")
    notes = " ".join(save_photo(photo, photo.pixels, tmp_path / "out.jpg"))
    assert "alpha" in notes
    assert "8 bits" in notes
    tifffile.imwrite(tmp_path / "float.tif", picture(dtype=np.float32), photometric="rgb")
    photo = decode(tmp_path / "float.tif")
    assert "16 bits" in " ".join(save_photo(photo, photo.pixels, tmp_path / "out.png"))
    assert np.abs(decode(tmp_path / "out.png").pixels / 65535 - photo.pixels).max() < 1e-5


@pytest.mark.parametrize("mode", ["RGB", "RGB;16"])
def test_heic_is_read_with_all_its_bits(tmp_path: Path, mode: str) -> None:
    import pillow_heif

    pixels = picture(128, 96, dtype=np.uint16 if mode.endswith("16") else np.uint8)
    image = pillow_heif.from_bytes(mode, (128, 96), pixels.tobytes())
    block = leica_block(b"LEICA0\x03\0")
    image.info["icc_profile"], image.info["icc_profile_type"] = SRGB, "prof"
    image.save(tmp_path / "photo.heic", quality=-1, exif=b"Exif\0\0" + block)
    photo = decode(tmp_path / "photo.heic")
    assert photo.pixels.dtype == pixels.dtype
    pixels = np.rot90(pixels, -1)  # the encoder turns the orientation into one of HEIC's own
    full = np.iinfo(pixels.dtype).max
    assert np.abs(photo.pixels / full - pixels / full).mean() < 0.01
    save_photo(photo, photo.pixels, tmp_path / "out.tif")
    after = dump(tmp_path / "out.tif")
    assert "Summilux-M 1:1.4/50 ASPH." in after.values()
    assert after["IFD0:Orientation"] in (1, "Horizontal (normal)")  # libheif has turned it


# Light


def test_the_transfer_curve_is_that_of_the_profile(tmp_path: Path) -> None:
    photo = Photo(tmp_path / "photo.jpg", "JPEG", picture(), of_icc(b"no profile"))
    with refused(PhotoError, r"photo\.jpg.*--only distortion,tca", Code.PROFILE):
        _ = photo.transfer
    assert Photo(tmp_path / "photo.jpg", "JPEG", picture()).transfer.name == "sRGB"


def test_the_gamma_of_a_png(tmp_path: Path) -> None:
    import imagecodecs

    data = imagecodecs.png_encode(picture())
    for gamma, half in ((100000, 0.5), (45455, 0.2140411), (55556, 0.5 ** (100000 / 55556))):
        content = b"gAMA" + struct.pack(">I", gamma)
        chunk = struct.pack(">I", 4) + content + struct.pack(">I", zlib.crc32(content))
        (tmp_path / "photo.png").write_bytes(data[:33] + chunk + data[33:])
        assert decode(tmp_path / "photo.png").transfer.decode(np.array([0.5]))[0] == pytest.approx(half, abs=1e-6)


# Bad input


def test_files_that_are_no_photos(tmp_path: Path) -> None:
    for name, data in (("text.jpg", b"Dear diary"), ("empty.jpg", b""), ("short.jpg", b"\xff\xd8\xff")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PhotoError, match=name):
            decode(tmp_path / name)
    with pytest.raises(PhotoError, match="there is no"):
        decode(tmp_path / "missing.jpg")


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.tif"])
def test_a_photo_that_is_cut_short(tmp_path: Path, name: str) -> None:
    Image.fromarray(picture(300, 200)).save(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    for part in (0.02, 0.2, 0.5, 0.9, 0.99):
        (tmp_path / name).write_bytes(data[: int(len(data) * part)])
        with pytest.raises(PhotoError, match=r"cut short|cut off before|not a JPEG"):
            decode(tmp_path / name)


def test_a_tiff_that_does_not_say_how_its_pixels_are_stored(tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / "photo.tif")
    data = (tmp_path / "photo.tif").read_bytes()
    bits = struct.pack("<HHI", 0x0102, 3, 3)
    assert bits in data
    (tmp_path / "photo.tif").write_bytes(data.replace(bits, struct.pack("<HHI", 0x0102, 7, 3)))
    with pytest.raises(PhotoError, match="does not say how its pixels are stored"):
        decode(tmp_path / "photo.tif")


def test_sizes_that_no_photo_has(tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / "photo.png")
    data = bytearray((tmp_path / "photo.png").read_bytes())
    data[16:24] = struct.pack(">II", 100_000, 100_000)
    (tmp_path / "photo.png").write_bytes(data)
    with pytest.raises(PhotoError, match="100000x100000"):
        decode(tmp_path / "photo.png")
    Image.fromarray(picture()).save(tmp_path / "photo.jpg")
    data = bytearray((tmp_path / "photo.jpg").read_bytes())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 65535, 65535)
    (tmp_path / "photo.jpg").write_bytes(data)
    with pytest.raises(PhotoError, match="65535x65535"):
        decode(tmp_path / "photo.jpg")


def test_a_photo_of_one_pixel(tmp_path: Path) -> None:
    for suffix in ("jpg", "png", "tif"):
        Image.fromarray(picture(1, 1)).save(tmp_path / f"photo.{suffix}")
        photo = decode(tmp_path / f"photo.{suffix}")
        save_photo(photo, photo.pixels, tmp_path / f"out.{suffix}")
        assert np.abs(decode(tmp_path / f"out.{suffix}").pixels.astype(int) - photo.pixels).max() <= 2


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(tmp_path: Path, name: str) -> None:
    tagged = leica_jpeg(tmp_path / name, leica_block(b"LEICA0\x03\0"))
    photo = decode(tagged)
    save_photo(photo, photo.pixels, tmp_path / f"out {name}")
    save_photo(photo, photo.pixels, tmp_path / f"out {name}.tif")
    assert np.array_equal(decode(tmp_path / f"out {name}.tif").pixels, photo.pixels)
    again = decode(tmp_path / f"out {name}.tif")
    save_photo(again, again.pixels, tmp_path / "again.jpg")
    assert dump(tmp_path / "again.jpg")["IFD0:Make"] == "Leica Camera AG"
    assert "Summilux-M 1:1.4/50 ASPH." in dump(tmp_path / "again.jpg").values()
    assert len(list(tmp_path.iterdir())) == 4


def test_cmyk_is_refused(tmp_path: Path) -> None:
    Image.new("CMYK", (20, 20)).save(tmp_path / "photo.jpg")
    with refused(PhotoError, "CMYK.*RGB", Code.FORMAT):
        decode(tmp_path / "photo.jpg")


@pytest.mark.parametrize("suffix", ["jpg", "tif", "png"])
def test_damage_is_refused_or_survived(tmp_path: Path, suffix: str) -> None:
    source = leica_jpeg(tmp_path / "photo.jpg", leica_block(b"LEICA0\x03\0"), icc_profile=SRGB)
    photo = decode(source)
    whole = tmp_path / f"whole.{suffix}"
    save_photo(photo, photo.pixels, whole, filter=correction_of(photo.pixels, "tca"))
    random = np.random.default_rng(7)
    data, damaged = whole.read_bytes(), tmp_path / f"damaged.{suffix}"
    outcomes = set()
    for _ in range(60):
        bad = bytearray(data)
        for at in random.integers(0, min(len(bad), 1000), 8):
            bad[at] = (0, 1, 255, int(random.integers(256)))[random.integers(4)]
        damaged.write_bytes(bad)
        try:
            photo = decode(damaged)
            save_photo(photo, photo.pixels, tmp_path / f"out.{suffix}")
            outcomes.add("survived")
        except PhotoError:
            outcomes.add("refused")
    assert outcomes == {"survived", "refused"}


# Whole or not at all


@pytest.fixture
def photo(tmp_path: Path) -> Photo:
    return decode(leica_jpeg(tmp_path / "photo.jpg", leica_block(b"LEICA0\x03\0")))


def test_the_source_is_not_overwritten(photo: Photo, tmp_path: Path) -> None:
    before = photo.path.read_bytes()
    (tmp_path / "link.jpg").symlink_to(photo.path)
    for target in (photo.path, tmp_path / "link.jpg"):
        with refused(PhotoError, "the photo itself.*another name", Code.NAME):
            save_photo(photo, photo.pixels, target)
    assert photo.path.read_bytes() == before


def test_a_failure_leaves_the_old_file_and_nothing_else(
    photo: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.jpg"
    target.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with refused(PhotoError, r"out\.jpg.*disk is full.*room", Code.DISK_FULL):
        save_photo(photo, photo.pixels, target)
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jpg", "photo.jpg"]


def test_a_full_disk(photo: Photo, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can be mounted by root alone")
    try:
        pixels = np.random.default_rng(1).integers(0, 255, (400, 400, 3), np.uint8)
        for suffix in ("jpg", "tif", "png"):
            with refused(PhotoError, "disk is full", Code.DISK_FULL):
                save_photo(photo, pixels, disk / f"out.{suffix}")
            assert not list(disk.iterdir())
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_folders_that_cannot_be_written(photo: Photo, tmp_path: Path) -> None:
    with refused(PhotoError, r"there is no folder .*Make that folder first", Code.NO_FOLDER):
        save_photo(photo, photo.pixels, tmp_path / "missing" / "out.jpg")
    if not Path("/sys/kernel").is_dir():
        missing("a folder that not even root can write to")
    with refused(PhotoError, r"folder /sys/kernel is read-only for you\. Choose another folder", Code.READ_ONLY):
        save_photo(photo, photo.pixels, Path("/sys/kernel/out.jpg"))


def test_endings_that_cannot_be_written(photo: Photo, tmp_path: Path) -> None:
    for name in ("out.heic", "out", "out.webp"):
        with refused(PhotoError, r"\.tif.*another ending", Code.ENDING):
            save_photo(photo, photo.pixels, tmp_path / name)


def test_a_compressed_chunk_that_would_fill_the_memory_is_not_inflated() -> None:
    bomb = zlib.compress(b"\0" * (limits.INFLATED + 1))
    assert png.Inflater()(bomb) is None
    assert png.Inflater()(zlib.compress(b"profile")) == b"profile"


def test_image_resources_stay_without_the_iptc_that_a_tiff_keeps_elsewhere(tmp_path: Path) -> None:
    source = tagged_jpeg(tmp_path / "photo.jpg")
    command = [*exiftool(), "-q", "-overwrite_original", "-Photoshop:URL=https://example.org/", str(source)]
    subprocess.run(command, check=True)
    photo = decode(source)
    save_photo(photo, photo.pixels, tmp_path / "out.tif")
    from_tiff = decode(tmp_path / "out.tif")
    save_photo(from_tiff, from_tiff.pixels, tmp_path / "back.jpg")
    for name in ("out.tif", "back.jpg"):
        told = dump(tmp_path / name)
        assert told["Photoshop:URL"] == "https://example.org/"
        assert [tag for tag in told if tag.endswith("Caption-Abstract")] == ["IPTC:Caption-Abstract"]


def test_names_that_are_too_long(photo: Photo, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="too long"):
        save_photo(photo, photo.pixels, tmp_path / ("x" * 300 + ".jpg"))
