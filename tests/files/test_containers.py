"""The walkers of JPEG, PNG and TIFF: they find what others find, stop in time, and move nothing."""

from __future__ import annotations

import io
import itertools
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from sixbit.files import bmff, jpeg, jxl, limits, png, tiff
from sixbit.files.find import find_blocks
from sixbit.files.replace import replacing, write_whole
from sixbit.values.errors import PhotoError
from tests.scenery import photo_factory
from tests.scenery.photo_factory import exif, m10_note, segment, xmp_packet

TAGS = exif(Make="Leica Camera AG", Model="LEICA M10", maker_note=m10_note("Elmar-M 1:2.8/50"))
JPEGS = {
    "plain": photo_factory.jpeg(),
    "tags": photo_factory.jpeg(TAGS, xmp_packet(aux_Lens="Elmar")),
    "filled": photo_factory.jpeg(TAGS, before=segment(0xEC, b"x") + b"\xff\xff\xff"),
    "junk": photo_factory.jpeg(TAGS, before=segment(0xEC, b"x") + b"\0junk\xff\0"),
    "comment": photo_factory.jpeg(TAGS, before=segment(0xFE, b"a comment") + segment(0xE2, b"ICC_PROFILE\0\1\1icc")),
}


@pytest.mark.parametrize("name", JPEGS)
def test_segments_are_those_that_pillow_finds(name: str) -> None:
    found = list(jpeg.segments(io.BytesIO(JPEGS[name])))
    with JpegImageFile(io.BytesIO(JPEGS[name])) as picture:
        named = {f"APP{number}": 0xE0 + number for number in range(16)} | {"COM": 0xFE}
        theirs = [(named[kind], content) for kind, content in picture.applist]  # type: ignore[attr-defined]
        assert [part[::2] for part in found if part.marker in named.values()] == theirs
        assert jpeg.frame_in(JPEGS[name])[:3] == (picture.size, 3, False)
    assert found[-1].marker == jpeg.SCAN
    assert all(JPEGS[name][part.at : part.end] == part.content for part in found)


@pytest.mark.parametrize("name", JPEGS)
def test_what_is_put_into_a_jpeg_moves_nothing_else(name: str) -> None:
    before = {
        part[::2] for part in jpeg.segments(io.BytesIO(JPEGS[name])) if not (part.of(jpeg.EXIF) or part.of(jpeg.XMP))
    }
    data = jpeg.with_xmp(jpeg.with_exif(JPEGS[name], b"block"), b"packet")
    after = [part[::2] for part in jpeg.segments(io.BytesIO(data))]
    assert set(after) - before == {(jpeg.APP1, jpeg.EXIF + b"block"), (jpeg.APP1, jpeg.XMP + b"packet")}
    assert before <= set(after)
    assert jpeg.with_xmp(jpeg.with_exif(data, b"block"), b"packet") == data
    blocks = find_blocks(io.BytesIO(data))
    assert blocks.exif_at is not None
    assert data[blocks.exif_at : blocks.exif_at + blocks.exif_size] == b"block"
    assert blocks.xmp == b"packet"


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
def test_the_end_of_a_picture(options: dict[str, Any]) -> None:
    """Behind all scans, whose tables may hold what looks like an end, and before what follows."""
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    Image.fromarray(noise).save(file, "JPEG", quality=95, **options)
    data = file.getvalue()
    if options.get("progressive"):
        second = data.rindex(b"\xff\xda")
        data = data[:second] + jpeg.packed(jpeg.COMMENT, jpeg.END) + data[second:]
    assert jpeg.picture_end(data + b"\xff\xd8 another \xff\xd9") == len(data)
    assert jpeg.picture_end(data[:-1]) is None


def test_what_is_too_long_for_a_segment() -> None:
    assert jpeg.with_exif(JPEGS["plain"], bytes(jpeg.LONGEST - len(jpeg.EXIF)))
    with pytest.raises(jpeg.NoRoomError):
        jpeg.with_exif(JPEGS["plain"], bytes(jpeg.LONGEST - len(jpeg.EXIF) + 1))


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("tags", [None, TAGS])
def test_what_is_put_into_a_png_moves_nothing_else(tags: bytes | None, compressed: bool) -> None:
    whole = photo_factory.png(tags, xmp_packet() if tags else b"", compressed=compressed)
    parts = list(png.chunks(io.BytesIO(whole)))
    assert whole == png.SIGNATURE + b"".join(whole[part.start : part.end] for part in parts)
    assert whole[parts[0].start : parts[0].end] == png.packed(png.HEADER, whole[parts[0].at : parts[0].end - 4])
    data = png.with_xmp(png.with_exif(whole, b"block"), b"packet")
    kept = [whole[part.start : part.end] for part in parts if part.name not in (png.EXIF, png.TEXT)]
    assert [
        data[part.start : part.end] for part in png.chunks(io.BytesIO(data)) if part.name not in (png.EXIF, png.TEXT)
    ] == kept
    blocks = find_blocks(io.BytesIO(data))
    assert blocks.exif_at is not None
    assert data[blocks.exif_at : blocks.exif_at + blocks.exif_size] == b"block"
    assert (blocks.xmp, blocks.width, blocks.height) == (b"packet", 48, 32)


def test_walkers_stop_in_time() -> None:
    endless = b"\xff\xd8" + segment(0xE3, b"") * 1_000_000
    assert len(list(jpeg.segments(io.BytesIO(endless)))) == limits.SEGMENTS
    endless = png.SIGNATURE + png.packed(b"tEXt", b"") * 1_000_000
    assert len(list(png.chunks(io.BytesIO(endless)))) == limits.CHUNKS
    many = b"II*\0\x08\0\0\0" + struct.pack("<H", limits.ENTRIES + 1) + bytes(12 * (limits.ENTRIES + 1))
    with pytest.raises(tiff.StructureError, match=f"{limits.ENTRIES + 1} entries"):
        tiff.Structure(many).first()


def codestream(*fields: tuple[int, int]) -> bytes:
    """The header of a JPEG XL of 8 x 8, of 8 bits, with these fields (bits, value) for its colours."""
    number = at = 0
    start = ((1, 1), (5, 0), (3, 1), (1, 0), (1, 0), (1, 0), (2, 0), (1, 1), (2, 0), (1, 0))
    for bits, value in (*start, *fields):
        number |= value << at
        at += bits
    return b"\xff\x0a" + number.to_bytes((at + 7) // 8 + 8, "little")


_RGB, _BY_ENUM, _D65 = (2, 0), (1, 0), (2, 1)
_P3 = ((2, 2), (4, 9))


@pytest.mark.parametrize(
    ("fields", "codes", "gamma"),
    [
        (((1, 1),), (1, 13), None),  # by default
        (((1, 0), _BY_ENUM, _RGB, _D65, (2, 1), (1, 0), (2, 2), (4, 11)), (1, 13), None),
        (((1, 0), _BY_ENUM, _RGB, _D65, *_P3, (1, 0), (2, 2), (4, 11)), (12, 13), None),
        (((1, 0), _BY_ENUM, _RGB, (2, 2), (4, 9), *_P3, (1, 0), (2, 3), (6, 0)), (11, 18), None),
        (((1, 0), _BY_ENUM, _RGB, _D65, (2, 2), (4, 7), (1, 0), (2, 2), (4, 14)), (9, 16), None),
        (((1, 0), _BY_ENUM, _RGB, _D65, (2, 1), (1, 1), (24, 4_545_455)), (1, 2), 2.2),
        (((1, 0), _BY_ENUM, (2, 1), _D65, (1, 0), (2, 2), (4, 6)), (1, 8), None),  # grey
    ],
)
def test_the_colours_of_a_jpeg_xl(fields: tuple[tuple[int, int], ...], codes: tuple[int, int], gamma: float) -> None:
    header = jxl.header_of(codestream(*fields))
    assert (header.size, header.bits, header.codes) == ((8, 8), 8, codes)
    assert header.gamma == pytest.approx(gamma) if gamma else header.gamma is None
    assert not header.has_profile
    assert header.points is None


def test_a_jpeg_xl_with_a_profile_or_primaries_of_its_own() -> None:
    assert jxl.header_of(codestream((1, 0), (1, 1), _RGB)).has_profile
    points = [1_280_000, 660_000, 600_000, 1_200_000, 300_000, 120_000]  # twice their millionths
    ways = [0 if value < 1 << 19 else 1 if value < 1 << 20 else 2 for value in points]
    rest = [((2, way), (19 + way // 2, value - (way << 19))) for way, value in zip(ways, points, strict=True)]
    primaries = [part for one in rest for part in one]
    header = jxl.header_of(codestream((1, 0), _BY_ENUM, _RGB, _D65, (2, 2), (4, 0), *primaries, (1, 1), (24, 10**7)))
    assert header.points == ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06), (0.3127, 0.329))
    assert (header.codes, header.gamma) == ((2, 2), 1.0)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((40, 1, 30, 1, 0, 1, 0, 1), (4, 3, 40, 30)),
        ((40, 1, 30, 1, -8, 2, 6, 2), (0, 6, 40, 30)),
        ((41, 2, 30, 1, 0, 1, 0, 1), None),
        ((40, 0, 30, 1, 0, 1, 0, 1), None),
        ((40, 1, 30, 1, 5, 1, 0, 1), None),
    ],
)
def test_a_clean_aperture(numbers: tuple[int, ...], expected: tuple[int, ...] | None) -> None:
    assert bmff.crop(struct.pack(">IIIIiIiI", *numbers), 48, 36) == expected


@pytest.mark.parametrize("order", ["<", ">"])
def test_edits_of_a_structure_move_nothing(order: str) -> None:
    whole = exif(order, Make="Leica Camera AG", PixelXDimension=9999, maker_note=m10_note("Elmar-M 1:2.8/50"))
    block = tiff.Structure(whole)
    block.set_text(tiff.SOFTWARE, "Sixbit")
    block.set_number(tiff.find(block.sub(tiff.EXIF), tiff.EXIF_WIDTH), 4711)
    kept = [entry for entry in block.sub(tiff.EXIF) if entry.tag != tiff.LENS_MODEL]
    block.set_sub(tiff.EXIF, [*kept, block.entry(tiff.LENS_MODEL, tiff.ASCII, b"Elmar\0")])
    changed = [k for k, (old, new) in enumerate(zip(whole, block.content(), strict=False)) if old != new]
    runs = [k for k, before in zip(changed, [-9, *itertools.accumulate(changed, max)], strict=False) if k > before + 4]
    # The pointers to the first and to the Exif directory, and the number that was set.
    assert len(runs) <= 3
    assert len(changed) <= 12
    assert b"Elmar-M 1:2.8/50" in block.content()[: len(whole)]
    assert [entry.tag for entry in block.sub(tiff.EXIF)] == [tiff.MAKER_NOTE, tiff.EXIF_WIDTH, tiff.LENS_MODEL]
    assert block.number(tiff.find(block.sub(tiff.EXIF), tiff.EXIF_WIDTH)) == 4711


@pytest.mark.parametrize("content", ["Grüße", "Grüße".encode()])
def test_a_file_is_replaced_whole_and_keeps_its_permissions(content: str | bytes, tmp_path: Path) -> None:
    target = tmp_path / "lens.txt"
    target.write_bytes(b"old")
    target.chmod(0o640)
    write_whole(target, content)
    assert target.read_text(encoding="utf-8") == "Grüße"
    assert target.stat().st_mode & 0o777 == 0o640

    def half_written() -> None:
        with replacing(target) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_written()
    assert target.read_text(encoding="utf-8") == "Grüße"
    with pytest.raises(PhotoError, match="there is no folder"):
        write_whole(tmp_path / "missing" / "lens.txt", content)
    assert list(tmp_path.iterdir()) == [target]
