"""Metadata as the world writes it, through a correction: nothing is lost but what is told. The oracle is exiftool."""

from __future__ import annotations

import os
import struct
import subprocess
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from sixbit.files import jpeg, png
from sixbit.photos.decode import decode
from sixbit.photos.gain_map import GainMap
from sixbit.photos.save import save_photo
from sixbit.tags.read import read_shot
from sixbit.values.filter import Filter
from tests.scenery import photo_factory as factory
from tests.scenery.gain_maps import apple
from tests.scenery.photo_factory import ASCII, SHORT, UNDEFINED, m10_note, segment
from tests.scenery.programs import exiftool

LEICA: dict[str, Any] = {
    "Make": "Leica Camera AG",
    "Model": "LEICA M10",
    "Software": "3.0",
    "Orientation": 6,
    "DateTimeOriginal": "2024:05:01 10:00:00",
    "FocalLength": (35, 1),
    "LensModel": "Summicron-M 1:2/35 ASPH.",
}
PHONE: dict[str, Any] = {"Make": "Xiaomi", "Model": "2203121C", "Orientation": 8, "FNumber": (19, 10)}
GROUPS = ("[IFD0]", "[IFD1]", "[ExifIFD]", "[GPS]", "[Leica]", "[XMP-", "[InteropIFD]")
OURS = ("XMPToolkit", "Filter", "Corrected", "AlreadyApplied")
LIMIT = jpeg.LONGEST - len(jpeg.EXIF)


def says(path: Path) -> set[str]:
    """Every tag of Exif and XMP that exiftool sees, with its value, but for the marks of a correction."""
    command = [*exiftool(), "-a", "-G1", "-s", "-u", "-n", str(path)]
    told = subprocess.run(command, capture_output=True, check=False).stdout.decode(errors="replace")
    lines = (" ".join(line.replace(":", " ", 1).split()) for line in told.splitlines())
    return {line for line in lines if line.startswith(GROUPS) and not any(ours in line for ours in OURS)}


def names(lines: set[str]) -> set[str]:
    return {line.split()[1] for line in lines}


def corrected(source: Path, out: str = "out.jpg") -> tuple[Path, tuple[str, ...]]:
    photo = decode(source)
    height, width = photo.pixels.shape[:2]
    filter = Filter(width, height, (0, 0), 1.0, made_from={"corrections": ["distortion", "tca"]})
    path = source.with_name(out)
    return path, save_photo(photo, photo.pixels, path, filter=filter)


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def hexadecimal(kind: bytes, data: bytes) -> bytes:
    """Metadata as ImageMagick puts it into a text: 36 bytes a line."""
    digits = data.hex().encode()
    lines = b"\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return b"\n" + kind + b"\n" + f"{len(data):8}".encode() + b"\n" + lines + b"\n"


def png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    plain = factory.png()
    return plain[: png.HEADER_END] + b"".join(png.packed(*chunk) for chunk in chunks) + plain[png.HEADER_END :]


# Where Exif and XMP stand


LEICA_BLOCK = factory.exif(maker_note=m10_note("Summicron-M 1:2/35 ASPH."), **LEICA)
PHONE_BLOCK = factory.exif(">", **PHONE)
IMAGEMAGICK = hexadecimal(b"exif", b"Exif\0\0" + LEICA_BLOCK)
RAW_PROFILES = {
    "ImageMagick": (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(IMAGEMAGICK)),
    "ExifTool": (
        b"zTXt",
        b"Raw profile type APP1\0\0" + zlib.compress(hexadecimal(b"generic", b"Exif\0\0" + PHONE_BLOCK)),
    ),
    "plain": (b"tEXt", b"Raw profile type APP1\0" + hexadecimal(b"app1", b"Exif\0\0" + LEICA_BLOCK)),
    "international": (b"iTXt", b"Raw profile type exif\0\0\0\0\0" + hexadecimal(b"exif", PHONE_BLOCK)),
}


@pytest.mark.parametrize("name", RAW_PROFILES)
@pytest.mark.parametrize("out", ["out.jpg", "out.tif", "out.png"])
def test_exif_in_the_text_of_a_png(name: str, out: str, tmp_path: Path) -> None:
    source = written(tmp_path, "photo.png", png_with(RAW_PROFILES[name]))
    shot = read_shot(source)
    assert shot.make
    assert shot.orientation in (6, 8)
    same = written(tmp_path, "same.jpg", factory.jpeg(LEICA_BLOCK if shot.orientation == 6 else PHONE_BLOCK))
    path, notes = corrected(source, out)
    assert notes == ()
    assert names(says(same) - says(path)) <= {"Software"}
    assert b"Raw profile" not in path.read_bytes()


@pytest.mark.parametrize("behind", [b'$"\x1d!#', b"}}}\xd1\x01", b"0a1b", b"\nff\n", b"\0\0"])
def test_bytes_behind_a_raw_profile_are_nothing(behind: bytes, tmp_path: Path) -> None:
    """Its length stands in it; ExifTool and exiv2 read no further."""
    packet = factory.xmp_packet(dc_title="a title")
    iptc = b"\x1c\x02\x69\0\x04News"
    texts = {b"exif": b"Exif\0\0" + LEICA_BLOCK, b"xmp": packet, b"iptc": iptc}
    chunks = [
        (b"zTXt", b"Raw profile type " + kind + b"\0\0" + zlib.compress(hexadecimal(kind, data) + behind))
        for kind, data in texts.items()
    ]
    source = written(tmp_path, "photo.png", png_with(*chunks))
    assert read_shot(source).orientation == 6
    path, notes = corrected(source)
    assert notes == ()
    assert names(says(path)) >= {"Make", "Orientation", "Title"}
    assert iptc in path.read_bytes()
    assert read_shot(path).orientation == 6


@pytest.mark.parametrize("kind", [b"exif", b"xmp", b"iptc", b"APP1"])
@pytest.mark.parametrize("content", [b"", b"\nexif\n", b"\nexif\n  4\n49!92a00\n", b"\nexif\nfour\n49492a00\n"])
def test_a_raw_profile_that_cannot_be_read_is_told(kind: bytes, content: bytes, tmp_path: Path) -> None:
    text = b"Raw profile type " + kind + b"\0\0" + zlib.compress(content)
    source = written(tmp_path, "photo.png", png_with((b"zTXt", text)))
    path, notes = corrected(source)
    assert notes == (f"metadata in a text of the PNG ('Raw profile type {kind.decode()}') cannot be read",)
    assert path.exists()


@pytest.mark.parametrize("keyword", [b"xmp", b"APP1"])
def test_xmp_in_the_text_of_a_png(keyword: bytes, tmp_path: Path) -> None:
    packet = factory.xmp_packet(aux_Lens="Elmar-M 1:2.8/50", dc_title="a title")
    data = packet if keyword == b"xmp" else jpeg.XMP + packet
    text = b"Raw profile type " + keyword + b"\0\0" + zlib.compress(hexadecimal(keyword, data))
    source = written(tmp_path, "photo.png", png_with((b"zTXt", text)))
    assert read_shot(source).lens_names[0].value == "Elmar-M 1:2.8/50"
    path, notes = corrected(source)
    assert notes == ()
    assert names(says(path)) >= {"Lens", "Title"}


def test_a_chunk_of_its_own_goes_before_a_text_and_that_is_told(tmp_path: Path) -> None:
    for number, chunks in enumerate([(0, 1), (1, 0)]):
        both = [(b"eXIf", PHONE_BLOCK), RAW_PROFILES["ImageMagick"]]
        source = written(tmp_path, f"{number}.png", png_with(*(both[k] for k in chunks)))
        assert read_shot(source).make == ("Xiaomi", "Image Make")
        path, notes = corrected(source, f"{number}.jpg")
        assert notes == ("a second copy of its Exif data, in a text, was left out",)
        assert read_shot(path).orientation == 8


PREFIXED = {
    "leica.png": png_with((b"eXIf", b"Exif\0\0" + LEICA_BLOCK)),
    "twice.png": png_with((b"eXIf", b"Exif\0\0Exif\0\0" + PHONE_BLOCK)),
    "leica.jpg": factory.jpeg(b"Exif\0\0" + LEICA_BLOCK),
    "phone.jpg": factory.jpeg(b"Exif\0\0" + PHONE_BLOCK),
}


@pytest.mark.parametrize("name", PREFIXED)
def test_exif_with_a_prefix(name: str, tmp_path: Path) -> None:
    block = LEICA_BLOCK if "leica" in name else PHONE_BLOCK
    same = written(tmp_path, "same.jpg", factory.jpeg(block))
    source = written(tmp_path, name, PREFIXED[name])
    assert read_shot(source)._replace(path=same) == read_shot(same)
    for out in ("out.jpg", "out.png", "out.tif"):
        path, notes = corrected(source, out)
        assert notes == ()
        assert names(says(same) - says(path)) <= {"Software"}


def in_segments(block: bytes, size: int) -> bytes:
    parts = (block[at : at + size] for at in range(0, len(block), size))
    return factory.jpeg(before=b"".join(segment(0xE1, b"Exif\0\0" + part) for part in parts))


LONG = factory.exif(more=[(0x010E, ASCII, "long " * 18_000)], maker_note=m10_note("Summicron-M 1:2/35 ASPH."), **LEICA)
LONGER = factory.exif(">", more=[(0x010E, ASCII, "longer " * 24_000)], **PHONE)
IN_SEGMENTS = {
    "two.jpg": (LONG, 65527),
    "three.jpg": (LONGER, 65520),
    "short.jpg": (LEICA_BLOCK, 100),
    "short-parts.jpg": (PHONE_BLOCK, 50),
}


@pytest.mark.parametrize("name", IN_SEGMENTS)
def test_exif_in_several_segments(name: str, tmp_path: Path) -> None:
    block, size = IN_SEGMENTS[name]
    source = written(tmp_path, name, in_segments(block, size))
    shot = read_shot(source)
    assert shot.make
    assert shot.orientation in (6, 8)
    for out in ("out.jpg", "out.png", "out.tif"):
        path, notes = corrected(source, out)
        assert names(says(source) - says(path)) <= {"Software"}
        assert read_shot(path).orientation == shot.orientation
        full = len(block) > LIMIT and out == "out.jpg"
        assert notes == (("its Exif data is full, so its tag Software stays as it was",) if full else ())


def test_a_second_block_is_no_part_of_the_first(tmp_path: Path) -> None:
    second = segment(0xE1, b"Exif\0\0" + PHONE_BLOCK)
    source = written(tmp_path, "photo.jpg", factory.jpeg(LEICA_BLOCK, before=b"")[:2] + b"")
    data = factory.jpeg(LEICA_BLOCK)
    end = data.index(LEICA_BLOCK) + len(LEICA_BLOCK)
    source.write_bytes(data[:end] + second + data[end:])
    path, _ = corrected(source)
    assert read_shot(path).orientation == 6
    assert second in path.read_bytes()


# More than there is room for


def thumbnail() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    return factory.jpeg(picture=_encoded(pixels))


def _encoded(pixels: Any) -> bytes:
    import io

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


def with_thumbnail(block: bytes, order: str = "<") -> bytes:
    """A block with a second directory, and a thumbnail behind it."""
    block += b"\0" * (len(block) % 2)
    picture, at = thumbnail(), len(block)
    entries: list[factory.Entry] = [(0x0103, SHORT, 6), (0x0201, 4, at + 42), (0x0202, 4, len(picture))]
    first = struct.unpack_from(order + "H", block, 8)[0]
    link = 10 + 12 * first
    return (
        block[:link]
        + struct.pack(order + "I", at)
        + block[link + 4 :]
        + factory.directory(entries, at, order)
        + picture
    )


def filled(size: int, order: str = "<", **tags: Any) -> bytes:
    """A block of this very size: a maker note of no known maker fills it."""
    empty = len(factory.exif(order, maker_note=b"\xa5" * 8, **tags))
    return factory.exif(order, maker_note=b"\xa5" * (size - empty + 8), **tags)


@pytest.mark.parametrize("order", "<>")
def test_a_full_segment_keeps_all_but_the_name_of_the_program(order: str, tmp_path: Path) -> None:
    for name, tags in (("nikon.jpg", LEICA), ("without.jpg", PHONE)):
        source = written(tmp_path, name, factory.jpeg(filled(LIMIT, order, **tags)))
        path, notes = corrected(source)
        assert notes == ("its Exif data is full, so its tag Software stays as it was",)
        assert says(source) <= says(path)


def test_software_takes_the_place_of_a_longer_one(tmp_path: Path) -> None:
    for name, software in (("long.jpg", "a program with a long name"), ("phone.jpg", "MIUI 14.0.5.0")):
        source = written(tmp_path, name, factory.jpeg(filled(LIMIT, **{**LEICA, "Software": software})))
        path, notes = corrected(source)
        assert notes == ()
        assert names(says(source) - says(path)) == {"Software"}
        assert software[7:].encode() not in path.read_bytes()


LOST = bytes(range(1, 256)) * 600
TOO_LONG = {
    "tail": (PHONE_BLOCK + LOST, {"what nothing in it points to"}, {"Software"}),
    "thumbnail and tail": (
        with_thumbnail(PHONE_BLOCK, ">") + LOST,
        {"what nothing in it points to"},
        {"Software", "ThumbnailImage", "ThumbnailOffset", "ThumbnailLength"},
    ),
    "gap": (
        with_thumbnail(LEICA_BLOCK + LOST),
        {"what nothing in it points to"},
        {"Software", "ThumbnailImage", "ThumbnailOffset", "ThumbnailLength"},
    ),
    "thumbnail": (
        with_thumbnail(filled(65_000, **LEICA)),
        {"the thumbnail"},
        {"Software", "ThumbnailImage", "ThumbnailOffset", "ThumbnailLength", "Compression"},
    ),
    "maker note": (
        with_thumbnail(filled(70_000, ">", **PHONE), ">"),
        {"the thumbnail", "the maker note"},
        {"ThumbnailImage", "ThumbnailOffset", "ThumbnailLength", "Compression"},
    ),
    "maker note of the M": (filled(80_000, **LEICA), {"the maker note"}, {"Software"}),
    "text": (LONG, {"the maker note", "ImageDescription"}, {"ImageDescription", "Software"}),
    "texts": (
        factory.exif(more=[(0x010E, ASCII, "x" * 50_000), (0x8298, ASCII, "y" * 60_000)], **PHONE),
        {"Copyright"},
        {"Copyright"},
    ),
}


@pytest.mark.parametrize("name", TOO_LONG)
def test_exif_that_is_too_long_for_a_jpeg(name: str, tmp_path: Path) -> None:
    block, told, lost = TOO_LONG[name]
    source = written(tmp_path, "photo.png", factory.png(block))
    path, notes = corrected(source)
    (note,) = (note for note in notes if "too long" in note)
    assert set(note.partition("left out was ")[2].partition(";")[0].split(", ")) == told
    assert read_shot(path).orientation == read_shot(source).orientation != 1
    missing = says(source) - says(path)
    maker = {line for line in missing if line.startswith("[Leica]")}
    assert names(missing - maker) - {"MakerNoteUnknownText", "MakerNoteUnknownBinary", "MakerNoteUnknown"} <= lost
    assert not maker or "the maker note" in told
    whole, notes = corrected(source, "out.tif")
    assert notes == ()
    assert names(says(source) - says(whole)) <= {"Software", "ThumbnailImage", "ThumbnailOffset", "ThumbnailLength"} | {
        "Compression"
    }


def test_what_a_smaller_thumbnail_leaves_free_is_enough(tmp_path: Path) -> None:
    for order, tags in (("<", LEICA), (">", PHONE)):
        block = with_thumbnail(filled(60_000, order, **tags), order)
        assert len(block) > LIMIT
        source = written(tmp_path, "photo.png", factory.png(block))
        path, notes = corrected(source)
        assert notes == ("its Exif data is full, so its tag Software stays as it was",)
        assert names(says(source) - says(path)) <= {"ThumbnailImage", "ThumbnailOffset", "ThumbnailLength"}
        assert any("ThumbnailImage" in line for line in says(path))


@pytest.mark.parametrize("order", "<>")
def test_a_maker_note_keeps_its_place_where_the_rest_is_packed(order: str, tmp_path: Path) -> None:
    """What the note points to counts from the start of the block."""
    block = factory.exif(
        order, maker_note=m10_note("Summicron-M 1:2/35 ASPH."), **{**LEICA, "UserComment": b"\0" * 9 + LOST[:300]}
    )
    source = written(tmp_path, "photo.png", factory.png(with_thumbnail(block, order) + LOST))
    path, notes = corrected(source)
    assert "what nothing in it points to" in notes[0]
    assert {line for line in says(source) if "Leica]" in line} <= says(path)
    assert any("Leica]" in line for line in says(path))
    assert read_shot(path).lens_names == read_shot(source).lens_names


def test_apples_first_map_goes_with_the_maker_note(tmp_path: Path) -> None:
    for size, stays in ((80_000, False), (60_000, True)):
        source = written(tmp_path, f"{size}.png", factory.png(filled(size, **PHONE)))
        photo = replace(decode(source), gain_map=GainMap(np.zeros((16, 24), np.uint8), apple(65536)))
        notes = save_photo(photo, photo.pixels, tmp_path / "out.jpg")
        told = "its HDR gain map was left out: it means nothing without the maker note"
        assert (told not in notes) == stays == (decode(tmp_path / "out.jpg").gain_map is not None)


def test_any_damage_of_a_long_block_gives_a_photo(tmp_path: Path) -> None:
    random = np.random.default_rng(14)
    source = written(tmp_path, "photo.png", factory.png())
    photo = decode(source)
    for block in (with_thumbnail(filled(70_000, **LEICA)), with_thumbnail(LONG) + LOST):
        for _ in range(60):
            damaged = bytearray(block)
            for at in random.integers(0, 600, 6):
                damaged[at] = random.choice([0, 1, 2, 8, 127, 255])
            long = replace(photo, metadata=replace(photo.metadata, exif=bytes(damaged)))
            assert save_photo(long, long.pixels, tmp_path / "out.jpg")
            assert decode(tmp_path / "out.jpg").pixels.shape == photo.pixels.shape


def test_directories_without_end_and_values_on_top_of_each_other(tmp_path: Path) -> None:
    chain = b"".join(struct.pack("<HI", 0, 14 + 6 * k) for k in range(20_000))
    piled = struct.pack("<H", 2000) + b"".join(struct.pack("<HHII", 1000 + k, 7, 60_000, 8) for k in range(2000))
    photo = decode(written(tmp_path, "photo.png", factory.png()))
    for body in (chain, piled + bytes(50_000)):
        long = replace(photo, metadata=replace(photo.metadata, exif=b"II*\0\x08\0\0\0" + body))
        begun = time.monotonic()
        assert save_photo(long, long.pixels, tmp_path / "out.jpg")
        assert time.monotonic() - begun < 5


# What entries hold


def test_texts_in_utf8_and_as_bytes(tmp_path: Path) -> None:
    """Exif 3.0 calls its texts 129; Android's phones and others call them bytes."""
    for kind in (129, UNDEFINED, 1):
        for order in "<>":
            block = retyped(factory.exif(order, **{**LEICA, "LensModel": "Summicron-M 1:2/35 ASPH. ü"}), order, kind)
            for name, data in (("photo.jpg", factory.jpeg(block)), ("photo.png", factory.png(block))):
                source = written(tmp_path, name, data)
                shot = read_shot(source)
                assert shot.make == ("Leica Camera AG", "Image Make")
                assert shot.model == ("LEICA M10", "Image Model")
                assert shot.lens_names == (("Summicron-M 1:2/35 ASPH. ü", "EXIF LensModel"),)
                path, notes = corrected(source)
                assert notes == ()
                again = read_shot(path)
                assert (again.make, again.lens_names) == (shot.make, shot.lens_names)


@pytest.mark.parametrize("order", "<>")
def test_texts_in_utf8_come_out_of_a_tiff(order: str, tmp_path: Path) -> None:
    data = retyped(factory.tiff(LEICA, order=order), order, 129)
    source = written(tmp_path, "photo.tif", data)
    for out in ("out.tif", "out.jpg"):
        path, notes = corrected(source, out)
        assert notes == ()
        assert read_shot(path).make == ("Leica Camera AG", "Image Make")
        assert read_shot(path).lens_names == read_shot(source).lens_names != ()


def retyped(data: bytes, order: str, kind: int) -> bytes:
    """The tags with Make, Model and LensModel as values of this kind."""
    for tag in (0x010F, 0x0110, 0xA434):
        assert data.count(struct.pack(order + "HH", tag, ASCII)) == 1
        data = data.replace(struct.pack(order + "HH", tag, ASCII), struct.pack(order + "HH", tag, kind))
    return data


@pytest.mark.parametrize("kind", [0, 14, 0x4242])
@pytest.mark.parametrize("order", "<>")
def test_a_bad_entry_does_not_hide_the_others(kind: int, order: str, tmp_path: Path) -> None:
    """An entry that is none was among the others, and came first when they were sorted."""
    for group, tags in ((0x0131, {**LEICA, "Model": "LEICA M11"}), (0x9003, {**LEICA, "FNumber": (4, 1)})):
        block = factory.exif(order, **tags)
        bad = struct.pack(order + "HH", 1, kind)
        assert block.count(struct.pack(order + "HH", group, ASCII)) == 1
        block = block.replace(struct.pack(order + "HH", group, ASCII), bad)
        source = written(tmp_path, "photo.jpg", factory.jpeg(block))
        for out in ("out.jpg", "out.png", "out.tif"):
            path, notes = corrected(source, out)
            assert notes == ()
            assert len(says(source)) > 4
            assert names(says(source) - says(path)) <= {"Software"}


@pytest.mark.parametrize("order", "<>")
def test_a_value_that_is_nowhere_does_not_hide_the_lens(order: str, tmp_path: Path) -> None:
    """exifread gives up the directory at a number in double precision that lies beyond the file."""
    for number in (0x0109, 0x8298):
        block = factory.exif(order, more=[(number, 4, 1 << 30)], **LEICA)
        assert block.count(struct.pack(order + "HH", number, 4)) == 1
        block = block.replace(struct.pack(order + "HH", number, 4), struct.pack(order + "HH", number, 12))
        source = written(tmp_path, "photo.jpg", factory.jpeg(block))
        shot = read_shot(source)
        assert shot.lens_names == (("Summicron-M 1:2/35 ASPH.", "EXIF LensModel"),)


def test_tags_that_stand_twice_stay_twice(tmp_path: Path) -> None:
    block = factory.exif(more=[(0x013B, ASCII, "one person"), (0x013B, ASCII, "another")], **PHONE)
    source = written(tmp_path, "photo.jpg", factory.jpeg(block))
    path, _ = corrected(source)
    assert {line for line in says(path) if "Artist" in line} == {"[IFD0] Artist one person", "[IFD0] Artist another"}


# TIFF


@pytest.mark.parametrize("name", [b"caf\xe9.tif", b"\xff\xfe.TIFF", b"\xe9\xe9.jpg", b"na\xefve.png"])
def test_paths_of_any_bytes(name: bytes, tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(name)
    form = {".jpg": factory.jpeg(LEICA_BLOCK), ".png": factory.png(LEICA_BLOCK)}
    try:
        source.write_bytes(form.get(source.suffix) or factory.tiff(LEICA))
    except OSError:
        pytest.skip("the file system wants names in UTF-8")
    path, notes = corrected(source, "out" + source.suffix)
    assert notes == ()
    assert read_shot(path).lens_names[0].value == LEICA["LensModel"]


@pytest.mark.parametrize(
    "options", [{"dpi": (300, 300)}, {"tiffinfo": {297: (0, 1)}}, {"dpi": (72, 72), "tiffinfo": {269: "a name"}}]
)
def test_a_tiff_that_says_hardly_anything(options: dict[str, Any], tmp_path: Path) -> None:
    source = tmp_path / "photo.tif"
    Image.new("RGB", (48, 32), (120, 90, 60)).save(source, "TIFF", **options)
    kept = {line for line in says(source) if any(name in line for name in ("Resolution", "PageNumber", "DocumentName"))}
    assert kept
    for out in ("out.tif", "out.jpg", "out.png"):
        path, _ = corrected(source, out)
        assert kept - says(path) == set()


@pytest.mark.parametrize("kind", [4, 13])
@pytest.mark.parametrize("out", ["out.tif", "out.jpg", "out.png"])
def test_nothing_points_to_a_directory_that_stays_behind(out: str, kind: int, tmp_path: Path) -> None:
    """Kodak's TIFFs have the index of DCF beside the first directory, where few look for it."""
    source = tmp_path / "photo.tif"
    tifffile.imwrite(source, np.zeros((32, 48, 3), np.uint8), extratags=[(0xA006, 4, 1, 9999, True)])
    source.write_bytes(source.read_bytes().replace(struct.pack("<HH", 0xA006, 4), struct.pack("<HH", 0xA005, kind)))
    path, _ = corrected(source, out)
    told = subprocess.run([*exiftool(), "-warning", str(path)], capture_output=True, text=True, check=False).stdout
    assert "Interop" not in told


@pytest.mark.parametrize("number", [0, 1, 2])
def test_previews_in_directories_of_their_own_are_told(number: int, tmp_path: Path) -> None:
    source = tmp_path / "photo.tif"
    with tifffile.TiffWriter(source) as writer:
        writer.write(np.zeros((32, 48, 3), np.uint8), photometric="rgb", subifds=number, metadata=None)
        for _ in range(number):
            writer.write(np.zeros((8, 12, 3), np.uint8), photometric="rgb", subfiletype=1, metadata=None)
    _, notes = corrected(source, "out.tif")
    assert ["previews in directories of their own" in note for note in notes] == [True] * (number > 0)


# XMP


RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
SPACES = (
    'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
    ' xmlns:Container="http://ns.google.com/photos/1.0/container/"'
)


def rdf(body: str) -> bytes:
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF} {SPACES}>{body}</rdf:RDF></x:xmpmeta>'.encode()


FLAWED = {
    "twice": rdf(
        '<rdf:Description rdf:about="" tiff:Make="DJI" tiff:ImageWidth="9999" aux:Lens="Elmar-M 1:2.8/50"/>'
        '<rdf:Description rdf:about="" tiff:Make="DJI" aux:DistortionCorrectionAlreadyApplied="False"/>'
    ),
    "no description": rdf(
        '<rdf:Description rdf:about=""><tiff:Model>X</tiff:Model><aux:Lens>Elmar-M 1:2.8/50</aux:Lens>'
        "</rdf:Description><dc:format>image/jpeg</dc:format>"
    ),
    "gain map": rdf(
        '<rdf:Description rdf:about="" tiff:Make="A" hdrgm:Version="1.0" aux:Lens="Elmar-M 1:2.8/50">'
        "<Container:Directory><rdf:Seq><rdf:li>one</rdf:li></rdf:Seq></Container:Directory></rdf:Description>"
        '<rdf:Description rdf:about="" tiff:Make="B"/>'
    ),
}


@pytest.mark.parametrize("name", FLAWED)
@pytest.mark.parametrize("out", ["out.jpg", "out.tif", "out.png"])
def test_xmp_that_exiv2_cannot_read_is_kept(name: str, out: str, tmp_path: Path) -> None:
    source = written(tmp_path, "photo.jpg", factory.jpeg(PHONE_BLOCK, FLAWED[name]))
    path, notes = corrected(source, out)
    assert notes[0] == "its XMP data breaks the rules of XMP: it was kept as it is, and the marks were put in"
    assert ["list of further pictures" in note for note in notes[1:]] == [True] * (name == "gain map")
    lost = {line for line in says(source) - says(path) if line.startswith("[XMP")}
    assert names(lost) <= {"ImageWidth", "Version", "Directory"}
    shot = read_shot(path)
    assert shot.lens_names[0].value == "Elmar-M 1:2.8/50"
    assert set(shot.already_corrected) == {"distortion", "tca"}
    xmp = decode(path).metadata.xmp or b""
    assert b'"9999"' not in xmp
    assert b"hdrgm:Version" not in xmp
    assert b"Directory>" not in xmp
    assert xmp.count(b"DistortionCorrectionAlreadyApplied") in (1, 2)  # one attribute, or the two ends of an element


NO_TEXT = '<rdf:Alt><rdf:li xml:lang="x-default"></rdf:li></rdf:Alt>'
SOME_TEXT = '<rdf:Alt><rdf:li xml:lang="x-default">At dusk</rdf:li><rdf:li xml:lang="de-DE"/></rdf:Alt>'


@pytest.mark.parametrize("out", ["out.jpg", "out.tif", "out.png"])
def test_empty_texts_stay(out: str, tmp_path: Path) -> None:
    """As cameras write them for a title that nobody gave."""
    told = f"<dc:title>{NO_TEXT}</dc:title><dc:description>{SOME_TEXT}</dc:description><dc:source></dc:source>"
    packet = rdf(f'<rdf:Description rdf:about="">{told}</rdf:Description>')
    source = written(tmp_path, "photo.jpg", factory.jpeg(PHONE_BLOCK, packet))
    path, notes = corrected(source, out)
    assert notes == ()
    assert names(says(source)) <= names(says(path))
    kept = decode(path).metadata.xmp or b""
    assert kept.count(b'xml:lang="x-default"') == 2
    assert kept.count(b'xml:lang="de-DE"') == 1


def test_xmp_that_cannot_be_read_at_all_is_left_out_with_a_word(tmp_path: Path) -> None:
    for name, packet in (("cut.jpg", FLAWED["twice"][:-40]), ("lone.jpg", b"<dc:title>no XMP</dc:title>")):
        source = written(tmp_path, name, factory.jpeg(PHONE_BLOCK, packet))
        path, notes = corrected(source)
        assert notes == ("its XMP data is broken and was left out",)
        assert set(read_shot(path).already_corrected) == {"distortion", "tca"}


def test_long_xmp_that_cannot_be_split(tmp_path: Path) -> None:
    long = FLAWED["twice"].replace(b'"DJI"', b'"' + b"x" * 40_000 + b'"')
    source = written(tmp_path, "photo.png", factory.png(PHONE_BLOCK, long))
    path, notes = corrected(source)
    assert notes == ("its XMP data is broken and was left out",)
    assert set(read_shot(path).already_corrected) == {"distortion", "tca"}
    path, notes = corrected(source, "out.tif")
    assert "kept as it is" in notes[0]


def test_an_extension_of_xmp_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    packets: Sequence[bytes] = (FLAWED["twice"], b"<broken")
    for number, extension in enumerate(packets):
        guid = bytes([65 + number]) * 32
        main = factory.xmp_packet(dc_title="short", aux_Lens="Elmar", exif_UserComment=guid.decode())
        more = segment(0xE1, jpeg.XMP_EXTENSION + guid + struct.pack(">II", len(extension), 0) + extension)
        source = written(tmp_path, f"{number}.jpg", factory.jpeg(PHONE_BLOCK, main, before=more))
        path, notes = corrected(source)
        assert "XMP" in notes[0]
        assert "left out" in notes[0]
        assert {"Title", "Lens"} <= names(says(path))


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_read(encoding: str, mark: str, tmp_path: Path) -> None:
    text = mark + factory.xmp_packet(aux_Lens="Elmar", dc_title="t").decode()
    source = written(tmp_path, "photo.jpg", factory.jpeg(PHONE_BLOCK, text.encode(encoding)))
    assert read_shot(source).lens_names[0].value == "Elmar"
    path, notes = corrected(source)
    assert notes == ()
    assert {"Title", "Lens"} <= names(says(path))


def test_letters_of_latin_1_are_read(tmp_path: Path) -> None:
    told = '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">Aimé, \u65e5</rdf:li></rdf:Alt></dc:rights>'
    packet = rdf(f'<rdf:Description rdf:about="" aux:Lens="Noctilux">{told}</rdf:Description>')
    source = written(tmp_path, "photo.jpg", factory.jpeg(PHONE_BLOCK, packet.replace("é".encode(), b"\xe9")))
    assert read_shot(source).lens_names[0].value == "Noctilux"
    path, notes = corrected(source)
    assert notes == ()
    assert "Aimé, \u65e5" in (decode(path).metadata.xmp or b"").decode()


@pytest.mark.parametrize("character", [b"\0", b"\x02"])
def test_characters_that_xml_does_not_allow_are_no_reason_to_lose_all(character: bytes, tmp_path: Path) -> None:
    packet = factory.xmp_packet(aux_Lens="Elmar", dc_title="tABC").replace(b"ABC", character)
    source = written(tmp_path, "photo.jpg", factory.jpeg(PHONE_BLOCK, packet))
    assert read_shot(source).lens_names[0].value == "Elmar"
    path, notes = corrected(source)
    assert notes == ()
    assert {"Title", "Lens"} <= names(says(path))


def test_a_picture_that_was_turned_is_not_turned_by_its_xmp(tmp_path: Path) -> None:
    for number, block in enumerate((PHONE_BLOCK, None)):
        packet = factory.xmp_packet("<tiff:Orientation xmlns:tiff='http://ns.adobe.com/tiff/1.0/'>6</tiff:Orientation>")
        source = written(tmp_path, f"{number}.heic", factory.heic(block, packet))
        path, _ = corrected(source)
        turned = {line for line in says(path) if "Orientation" in line}
        assert turned == {"[XMP-tiff] Orientation 1", *(["[IFD0] Orientation 1"] if block else [])}


@pytest.mark.parametrize(("prefix", "namespace"), [("aux", b"exif/1.0/aux/"), ("sixbit", b"https://sixbit.photo/ns/")])
def test_a_photo_does_not_rename_the_namespaces_of_the_next(prefix: str, namespace: bytes, tmp_path: Path) -> None:
    strange = namespace.replace(b"a", b"").replace(b":", b"")
    packet = rdf(f'<rdf:Description rdf:about="" xmlns:{prefix}="{strange.decode()}" {prefix}:Lens="Elmar"/>')
    packet = packet.replace(b'xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"', b"")
    corrected(written(tmp_path, "strange.jpg", factory.jpeg(PHONE_BLOCK, packet)), "first.jpg")
    path, _ = corrected(written(tmp_path, "next.jpg", factory.jpeg(PHONE_BLOCK)))
    assert set(read_shot(path).already_corrected) == {"distortion", "tca"}
    assert namespace in path.read_bytes()
    assert strange not in path.read_bytes()


# Texts that one format alone has

TEXTS = (
    (b"tEXt", b"Copyright\0A. N. Other"),
    (b"zTXt", b"Author\0\0" + zlib.compress(b"A. N. Other")),
    (b"iTXt", b"Title\0\0\0\0\0" + "Brücke".encode()),
    (b"tEXt", b"Title\0Bridge"),
    (b"pHYs", struct.pack(">IIB", 11811, 11811, 1)),
)


@pytest.mark.parametrize("out", ["out.jpg", "out.tif"])
def test_texts_of_a_png_that_stay_behind_are_named(out: str, tmp_path: Path) -> None:
    _, notes = corrected(written(tmp_path, "photo.png", png_with(*TEXTS)), out)
    assert notes == ("its PNG texts (Copyright, Author, Title) were left out; write a .png to keep them",)


def test_texts_of_a_png_stay_in_a_png(tmp_path: Path) -> None:
    path, notes = corrected(written(tmp_path, "photo.png", png_with(*TEXTS)), "out.png")
    assert notes == ()
    assert all(png.packed(*text) in path.read_bytes() for text in TEXTS)


def test_keywords_are_told_printable_and_short(tmp_path: Path) -> None:
    texts = [(b"tEXt", b"\x1b[31m\n%d" % number + 50_000 * b"k" + b"\0text") for number in range(500)]
    _, (note,) = corrected(written(tmp_path, "photo.png", png_with(*texts)))
    assert note.startswith(r"its PNG texts (\u001b[31m\n0kkk")
    assert note.isprintable()
    assert len(note) < 1000


@pytest.mark.parametrize("out", ["out.tif", "out.png", "out.jpg"])
def test_a_comment_of_a_jpeg_is_kept_or_told(out: str, tmp_path: Path) -> None:
    plain = factory.jpeg(LEICA_BLOCK)
    source = written(tmp_path, "photo.jpg", plain[:2] + segment(jpeg.COMMENT, b"At dusk") + plain[2:])
    path, notes = corrected(source, out)
    assert notes == (() if out == "out.jpg" else ("its JPEG comment was left out; write a .jpg to keep it",))
    assert (b"At dusk" in path.read_bytes()) == (out == "out.jpg")


# The resolution, where Exif does not tell it

JFIF_300 = b"JFIF\0\1\1\1\1\x2c\1\x2c\0\0"
RESOLUTION_TAGS = ["-s3", "-n", "-IFD0:XResolution", "-IFD0:YResolution", "-IFD0:ResolutionUnit"]


def resolution(path: Path) -> list[float]:
    """Across, down and unit (2 an inch, 3 a centimetre) as exiftool reads them in Exif."""
    told = subprocess.run([*exiftool(), *RESOLUTION_TAGS, str(path)], capture_output=True, check=True).stdout
    return [float(number) for number in told.split()]


def beside_exif(path: Path) -> tuple[float, float]:
    """Pixels of an inch, across and down, in JFIF or pHYs."""
    tags = ["-JFIF:XResolution", "-JFIF:YResolution", "-JFIF:ResolutionUnit", "-PNG-pHYs:all"]
    told = subprocess.run([*exiftool(), "-s3", "-n", *tags, str(path)], capture_output=True, check=True).stdout
    across, down, unit = map(float, told.split())
    inches = 0.0254 if path.suffix == ".png" else {1: 1, 2: 2.54}[int(unit)]
    return across * inches, down * inches


def test_a_thumbnail_in_jfif_goes_and_the_resolution_stays(tmp_path: Path) -> None:
    small = bytes(range(8 * 8 * 3))
    source = factory.jpeg(LEICA_BLOCK, before=segment(jpeg.APP0, JFIF_300[:-2] + b"\x08\x08" + small))
    path, _ = corrected(written(tmp_path, "photo.jpg", source))
    assert small not in path.read_bytes()
    assert JFIF_300 in path.read_bytes()


@pytest.mark.parametrize("block", [None, LEICA_BLOCK, PHONE_BLOCK])
@pytest.mark.parametrize("out", ["out.tif", "out.jpg", "out.png"])
def test_the_resolution_of_jfif_and_phys_goes_into_exif(out: str, block: bytes | None, tmp_path: Path) -> None:
    exif = [] if block is None else [(b"eXIf", block)]
    sources = {
        "photo.png": (png_with(*exif, TEXTS[-1]), [118.11, 118.11, 3]),
        "photo.jpg": (factory.jpeg(block, before=segment(jpeg.APP0, JFIF_300)), [300, 300, 2]),
    }
    for name, (data, expected) in sources.items():
        path, notes = corrected(written(tmp_path, name, data), out)
        assert notes == ()
        same = path.suffix == Path(name).suffix
        assert resolution(path) == ([] if same else expected)  # where it stood it stays
        if not same and out != "out.tif":  # and it stands where the format has a place for it
            assert beside_exif(path) == pytest.approx((300, 300), abs=0.02)


@pytest.mark.parametrize(
    ("across", "unit", "expected"), [((300, 1), 2, 300), ((2400, 10), 2, 240), ((120, 1), 3, 304.8)]
)
@pytest.mark.parametrize("out", ["out.jpg", "out.png"])
def test_the_resolution_of_a_tiff_stands_where_the_format_has_its_place(
    out: str, across: tuple[int, int], unit: int, expected: float, tmp_path: Path
) -> None:
    source = tmp_path / "photo.tif"
    exact = across[0] / across[1]
    Image.new("RGB", (32, 32)).save(source, tiffinfo={0x010F: "Leica", 0x011A: exact, 0x011B: exact, 0x0128: unit})
    path, notes = corrected(source, out)
    assert notes == ()
    assert resolution(path) == [exact, exact, unit]
    assert beside_exif(path) == pytest.approx((expected, expected), abs=0.02)


OBLONG = {
    "photo.jpg": factory.jpeg(PHONE_BLOCK).replace(b"JFIF\0\1\1\0\0\1\0\1", b"JFIF\0\1\1\0\0\2\0\1"),
    "photo.png": png_with((b"pHYs", struct.pack(">IIB", 2, 1, 0))),
}
SHAPES = {
    ".tif": ["-IFD0:XResolution", "-IFD0:YResolution", "-IFD0:ResolutionUnit"],
    ".jpg": ["-JFIF:XResolution", "-JFIF:YResolution", "-JFIF:ResolutionUnit"],
    ".png": ["-PNG-pHYs:all"],
}


@pytest.mark.parametrize("source", [*OBLONG, "photo.tif"])
@pytest.mark.parametrize("out", ["out.tif", "out.jpg", "out.png"])
def test_pixels_that_are_not_square_stay_so(source: str, out: str, tmp_path: Path) -> None:
    photo = tmp_path / source
    if source in OBLONG:
        photo.write_bytes(OBLONG[source])
    else:
        Image.new("RGB", (32, 32)).save(photo, tiffinfo={0x011A: 144.0, 0x011B: 72.0, 0x0128: 1})
    path, notes = corrected(photo, out)
    assert notes == ()
    command = [*exiftool(), "-s3", "-n", *SHAPES[path.suffix], str(path)]
    across, down, unit = map(float, subprocess.run(command, capture_output=True, check=True).stdout.split())
    assert across == 2 * down
    assert unit == (1 if path.suffix == ".tif" else 0)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_resolution_that_is_no_number_makes_no_tiff_unreadable(suffix: str, tmp_path: Path) -> None:
    block = factory.exif(more=[(0x011A, ASCII, "300"), (0x011B, ASCII, "300 dpi")], **LEICA)
    data = factory.jpeg(block) if suffix == ".jpg" else png_with((b"eXIf", block))
    path, notes = corrected(written(tmp_path, f"photo{suffix}", data), "out.tif")
    assert notes == ("its resolution, which is not told in numbers, was left out",)
    with Image.open(path) as picture:
        assert picture.getexif()[0x010F] == "Leica Camera AG"
        picture.load()


@pytest.mark.parametrize("out", ["out.tif", "out.jpg"])
def test_the_resolution_of_exif_goes_before_that_of_a_chunk(out: str, tmp_path: Path) -> None:
    block = factory.exif(more=[(0x011A, 5, (240, 1)), (0x011B, 5, (240, 1)), (0x0128, SHORT, 2)], **LEICA)
    with_both = written(tmp_path, "both.png", png_with((b"eXIf", block), TEXTS[-1]))
    exif_alone = written(tmp_path, "alone.png", png_with((b"eXIf", block)))
    assert resolution(corrected(with_both, out)[0]) == [240, 240, 2]
    assert corrected(with_both, out)[0].read_bytes() == corrected(exif_alone, "alone" + out)[0].read_bytes()


@pytest.mark.parametrize("content", [b"", b"\0" * 9, struct.pack(">IIB", 2, 2, 0), struct.pack(">IIB", 0, 300, 1)])
def test_what_is_no_resolution_is_not_carried_over(content: bytes, tmp_path: Path) -> None:
    path, _ = corrected(written(tmp_path, "photo.png", png_with((b"pHYs", content))))
    assert resolution(path) == []
