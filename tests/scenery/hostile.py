"""Photos that claim more than they hold, or hold more than a photo needs: one maker for each kind, a few kB each.

    python -m tests.scenery.hostile FOLDER

writes all of them, each as ``NAME.ENDING`` of :data:`KINDS`.
"""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
from PIL import Image

from tests.scenery.new_formats import avif, box, jxl, webp

HUGE = (32_000, 32_000)
"""Width and height in px of what no photo has."""
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XAP, _XAP_MORE = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"


def _grey(size: tuple[int, int]) -> Any:
    return np.full((size[1], size[0]), 128, np.uint8)


# JPEG ---------------------------------------------------------------------------------------------------------------


def jpeg(size: tuple[int, int] = (32, 32), segments: bytes = b"", **options: Any) -> bytes:
    """Return a grey JPEG by Pillow, with further segments in front."""
    file = io.BytesIO()
    Image.fromarray(_grey(size)).save(file, "JPEG", **options)
    data = file.getvalue()
    return data[:2] + segments + data[2:]


def segment(marker: int, content: bytes) -> bytes:
    """Return a segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jpeg_claiming(width: int, height: int, **options: Any) -> bytes:
    """Return a JPEG of 32 x 32 pixels whose header claims so many."""
    data = bytearray(jpeg(**options))
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def jpeg_of_scans(count: int, size: tuple[int, int] = (64, 64)) -> bytes:
    """Return a progressive JPEG whose last scan is told so many times more."""
    data = jpeg(size, progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + count * data[last:-2] + data[-2:]


def jpeg_with_extended_xmp(packet: bytes) -> bytes:
    """Return a JPEG whose packet stands in an extension."""
    guid = b"0123456789ABCDEF0123456789ABCDEF"
    main = xmp(f'xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP="{guid.decode()}"')
    parts = [packet[at : at + 65_000] for at in range(0, len(packet), 65_000)]
    told = [
        segment(0xE1, _XAP_MORE + guid + struct.pack(">II", len(packet), 65_000 * k) + part)
        for k, part in enumerate(parts)
    ]
    return jpeg(segments=segment(0xE1, _XAP + main) + b"".join(told))


# TIFF ---------------------------------------------------------------------------------------------------------------

Tag = tuple[int, int, int, bytes]
"""Number, kind, count and value of a tag."""


def short(tag: int, *numbers: int) -> Tag:
    """Return a tag of short numbers."""
    return tag, 3, len(numbers), struct.pack(f"<{len(numbers)}H", *numbers)


def long(tag: int, *numbers: int) -> Tag:
    """Return a tag of long numbers."""
    return tag, 4, len(numbers), struct.pack(f"<{len(numbers)}I", *numbers)


def tiff(tags: Iterable[Tag], data: bytes = b"", following: int = 0) -> bytes:
    """Return a TIFF of one directory; ``data`` stands at 8, and values behind the directory."""
    tags = sorted(tags)
    at = 8 + len(data) + len(data) % 2
    rows, values, end = b"", b"", at + 2 + 12 * len(tags) + 4
    for number, kind, count, value in tags:
        cell = value.ljust(4, b"\0")
        if len(value) > 4:
            cell = struct.pack("<I", end + len(values))
            values += value + b"\0" * (len(value) % 2)
        rows += struct.pack("<HHI", number, kind, count) + cell
    head = b"II*\0" + struct.pack("<I", at) + data + b"\0" * (len(data) % 2)
    return head + struct.pack("<H", len(tags)) + rows + struct.pack("<I", following) + values


def picture_tags(width: int, height: int, samples: int = 1, bits: int = 8, compression: int = 1) -> list[Tag]:
    """Return the tags that a picture needs, but for where it lies."""
    return [
        long(256, width),
        long(257, height),
        short(258, *[bits] * samples),
        short(259, compression),
        short(262, 2 if samples >= 3 else 1),
        short(277, samples),
    ]


def strips(offsets: Iterable[int], counts: Iterable[int], rows: int) -> list[Tag]:
    """Return the tags that say where strips lie."""
    return [long(273, *offsets), long(278, rows), long(279, *counts)]


def tiff_with_missing_strips(height: int = 8_388_640, there: int = 8) -> bytes:
    """Return a TIFF whose height wants millions of strips, of which a few are there."""
    return tiff(picture_tags(100, height) + strips([8] * there, [400] * there, 4), bytes(400))


def tiff_of_empty_strips(count: int = 30_000) -> bytes:
    """Return a TIFF of many strips without a byte in them."""
    return tiff(picture_tags(30_000, count) + strips([8] * count, [0] * count, 1), bytes(8))


def tiff_of_samples(samples: int = 64, side: int = 6_000, planar: int = 1) -> bytes:
    """Return a TIFF of many samples a pixel, deflated, in 1 kB."""
    more = [short(338, *[0] * (samples - 3)), short(284, planar)]
    there = samples if planar == 2 else 1
    data = zlib.compress(bytes(1 << 16), 9)
    tags = picture_tags(side, side, samples, 16, 8) + more
    return tiff(tags + strips([8] * there, [len(data)] * there, side), data)


def tiff_of_tiles(width: int, height: int, tile: tuple[int, int], count: int = 1) -> bytes:
    """Return a TIFF of tiles of a size, of which so many are there."""
    tiles = [long(322, tile[0]), long(323, tile[1]), long(324, *[8] * count), long(325, *[256] * count)]
    return tiff(picture_tags(width, height) + tiles, bytes(256))


def tiff_deflated(width: int, height: int) -> bytes:
    """Return a TIFF of one strip that holds 64 kB of zeros and claims more."""
    data = zlib.compress(bytes(1 << 16), 9)
    return tiff(picture_tags(width, height, 1, 8, 8) + strips([8], [len(data)], height), data)


def big_tiff_of_counts(count: int = 1 << 60) -> bytes:
    """Return a BigTIFF whose tables of strips claim so many of them."""
    rows = [(256, 4, 1, 100), (257, 4, 1, 100), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    rows += [(273, 16, count, 16), (277, 3, 1, 1), (278, 4, 1, 1), (279, 16, count, 16), (700, 1, count, 16)]
    packed = b"".join(struct.pack("<HHQQ", *row) for row in rows)
    return b"II+\0" + struct.pack("<HHQ", 8, 0, 16) + struct.pack("<Q", len(rows)) + packed + bytes(8)


def exif_of_entries(count: int = 65_000) -> bytes:
    """Return an Exif block whose directory has so many entries."""
    return tiff([(1_000 + k % 60_000, 2, 4, b"abc\0") for k in range(count)])


def exif_in_a_circle() -> bytes:
    """Return an Exif block whose directories lead to themselves."""
    return tiff([long(0x8769, 8), long(0x014A, *[8] * 60), long(0x8825, 8)], following=8)


def exif_in_a_chain(length: int = 3_000) -> bytes:
    """Return an Exif block in which each directory leads to the next, as a sub-directory and as the following one."""
    size = 2 + 2 * 12 + 4
    places = (8 + (k + 1) * size for k in range(length))
    rows = [struct.pack("<HHHIIHHIII", 2, 0x014A, 4, 1, at, 0x8769, 4, 1, at, at) for at in places]
    return b"II*\0\x08\0\0\0" + b"".join(rows)


# PNG ----------------------------------------------------------------------------------------------------------------


def chunk(name: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(
    size: tuple[int, int] = (8, 8), chunks: bytes = b"", data: bytes | None = None, bits: int = 8, interlaced: int = 0
) -> bytes:
    """Return a grey PNG with further chunks; ``data`` are its deflated rows, those of its size if not given."""
    rows = zlib.compress(bytes((1 + size[0] * bits // 8) * size[1])) if data is None else data
    header = struct.pack(">IIBBBBB", *size, bits, 0, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunks + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png_claiming(width: int, height: int, **options: Any) -> bytes:
    """Return a PNG of a few rows that claims more."""
    return png((width, height), data=zlib.compress(bytes(1 << 12)), **options)


def bomb(megabytes: int) -> bytes:
    """Return deflated zeros, a thousandth of their size."""
    deflate = zlib.compressobj(9)
    return b"".join(deflate.compress(bytes(1 << 20)) for _ in range(megabytes)) + deflate.flush()


def png_of_texts(count: int = 30, megabytes: int = 60, name: bytes = b"zTXt", keyword: bytes = b"") -> bytes:
    """Return a PNG of compressed texts, each of which inflates to so much."""
    head = {b"zTXt": b"\0", b"iTXt": b"\1\0\0\0", b"iCCP": b"\0"}[name]
    content = (keyword or b"Raw profile type exif") + b"\0" + head + bomb(megabytes)
    return png(chunks=chunk(name, content) * count)


def apng(frames: int = 3_000) -> bytes:
    """Return an animated PNG of many frames."""
    rows = zlib.compress(bytes(72))
    film = chunk(b"acTL", struct.pack(">II", frames, 0))
    for k in range(frames):
        film += chunk(b"fcTL", struct.pack(">IIIIIHHBB", 2 * k, 8, 8, 0, 0, 1, 25, 0, 0))
        film += chunk(b"fdAT", struct.pack(">I", 2 * k + 1) + rows)
    return png(chunks=film)


# XMP ----------------------------------------------------------------------------------------------------------------


def xmp(attributes: str = "", elements: str = "") -> bytes:
    """Return a packet of one description."""
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description rdf:about="" '
        f'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" '
        f'xmlns:my="http://example.org/my/" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def xmp_of_history(steps: int = 5_000) -> bytes:
    """Return a packet with so many steps of Photoshop's history."""
    step = '<rdf:li stEvt:action="saved" stEvt:instanceID="xmp.iid:{}" stEvt:when="2026-01-01T00:00:00Z"/>'
    items = "".join(step.format(k) for k in range(steps))
    return xmp(elements=f"<xmpMM:History><rdf:Seq>{items}</rdf:Seq></xmpMM:History>")


def xmp_of_properties(count: int = 4_000, length: int = 20) -> bytes:
    """Return a packet with so many properties."""
    return xmp(elements="".join(f"<my:p{k}>{'x' * length}</my:p{k}>" for k in range(count)))


def xmp_of_keywords(count: int = 20_000) -> bytes:
    """Return a packet with so many keywords."""
    items = "".join(f"<rdf:li>geo:lat={k}</rdf:li>" for k in range(count))
    return xmp(elements=f"<dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>")


def xmp_nested(depth: int = 10_000) -> bytes:
    """Return a packet of structures within structures."""
    element = '<my:a rdf:parseType="Resource">'
    return xmp(elements=element * depth + "</my:a>" * depth)


def png_with_xmp(packet: bytes) -> bytes:
    """Return a PNG with a packet."""
    return png(chunks=chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))


# Boxes --------------------------------------------------------------------------------------------------------------


def with_size(data: bytes, width: int, height: int) -> bytes:
    """Return a HEIC or AVIF whose boxes claim another size of all its pictures."""
    result, at = bytearray(data), data.find(b"ispe")
    while at >= 0:
        result[at + 8 : at + 16] = struct.pack(">II", width, height)
        at = data.find(b"ispe", at + 4)
    return bytes(result)


def heic(size: tuple[int, int] = (64, 64)) -> bytes:
    """Return a HEIC by libheif."""
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(_grey(size)).convert("RGB")).save(file, quality=50)
    return file.getvalue()


def heic_grid(rows: int = 256, columns: int = 256, size: tuple[int, int] = (16_384, 16_384)) -> bytes:
    """Return a HEIC whose picture is a grid of tiles that are all one and the same coded picture."""
    source = heic()
    at = source.index(b"hvcC") - 4
    configuration = source[at : at + struct.unpack(">I", source[at : at + 4])[0]]
    data_at = source.index(b"mdat") + 4
    coded = source[data_at:]
    count = rows * columns
    infos = box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 1, 0) + b"grid\0")
    infos += box(b"infe", b"\2\0\0\1" + struct.pack(">HH", 2, 0) + b"hvc1\0")
    grid = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, *size)
    references = box(b"dimg", struct.pack(">HH", 1, min(count, 65_535)) + struct.pack(">H", 2) * min(count, 65_535))
    properties = box(b"ispe", bytes(4) + struct.pack(">II", *size))
    properties += box(b"ispe", bytes(4) + struct.pack(">II", 64, 64)) + configuration
    links = bytes(4) + struct.pack(">I", 2) + struct.pack(">HBB", 1, 1, 1) + struct.pack(">HBBB", 2, 2, 2, 0x83)

    def made(where: int) -> bytes:
        places = b"\1\0\0\0\x44\0" + struct.pack(">H", 2)
        places += struct.pack(">HHHHII", 1, 1, 0, 1, 0, len(grid)) + struct.pack(
            ">HHHHII", 2, 0, 0, 1, where, len(coded)
        )
        meta = box(b"hdlr", bytes(8) + b"pict" + bytes(13)) + box(b"pitm", bytes(4) + b"\0\1")
        meta += box(b"iinf", bytes(4) + b"\0\2" + infos) + box(b"iref", bytes(4) + references) + box(b"iloc", places)
        meta += box(b"iprp", box(b"ipco", properties) + box(b"ipma", links)) + box(b"idat", grid)
        return box(b"ftyp", b"heic" + bytes(4) + b"mif1heic") + box(b"meta", bytes(4) + meta)

    return made(len(made(0)) + 8) + box(b"mdat", coded)


def avif_grid(rows: int, columns: int, size: tuple[int, int], tile: tuple[int, int] = (64, 64)) -> bytes:
    """Return an AVIF whose picture is a grid of tiles that are said to be of a size, and are of 64 x 64."""
    source = avif(size=(64, 64))
    at = source.index(b"pixi") - 4
    shared = source[at : source.index(b"ipma") - 4]  # properties of all: bits, codec, colours
    coded = source[source.index(b"mdat") + 4 :]
    tiles = range(2, 2 + rows * columns)
    infos = box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 1, 0) + b"grid\0")
    infos += b"".join(box(b"infe", b"\2\0\0\1" + struct.pack(">HH", k, 0) + b"av01\0") for k in tiles)
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *size)
    references = box(b"dimg", struct.pack(f">HH{len(tiles)}H", 1, len(tiles), *tiles))
    sizes = b"".join(box(b"ispe", bytes(4) + struct.pack(">II", *one)) for one in (size, tile))
    links = struct.pack(">IHBBB", 1 + len(tiles), 1, 2, 1, 3)
    links += b"".join(struct.pack(">HBBBBB", k, 4, 2, 3, 0x84, 5) for k in tiles)

    def made(where: int) -> bytes:
        places = b"\1\0\0\0\x44\0" + struct.pack(">H", 1 + len(tiles))
        places += struct.pack(">HHHHII", 1, 1, 0, 1, 0, len(grid))
        places += b"".join(struct.pack(">HHHHII", k, 0, 0, 1, where, len(coded)) for k in tiles)
        meta = box(b"hdlr", bytes(8) + b"pict" + bytes(13)) + box(b"pitm", bytes(4) + b"\0\1")
        meta += box(b"iinf", bytes(4) + struct.pack(">H", 1 + len(tiles)) + infos)
        meta += box(b"iref", bytes(4) + references) + box(b"iloc", places)
        meta += box(b"iprp", box(b"ipco", sizes + shared) + box(b"ipma", bytes(4) + links)) + box(b"idat", grid)
        return box(b"ftyp", b"avif" + bytes(4) + b"mif1avifmiaf") + box(b"meta", bytes(4) + meta)

    return made(len(made(0)) + 8) + box(b"mdat", coded)


def avif_of_narrow_alpha() -> bytes:
    """Return an AVIF of 64 x 64 pixels, of which two columns are coded for its alpha."""
    file = io.BytesIO()
    Image.new("RGBA", (64, 64)).save(file, "AVIF")
    data = file.getvalue()
    assert data.count(b"\x18\x15\x7f\xfd") == 2, "it is not encoded as it was"
    return data.replace(b"\x18\x15\x7f\xfd", b"\x18\x15\x41\xfd", 1)  # alpha stands first


def jxl_of_bombs(megabytes: int = 200, count: int = 3) -> bytes:
    """Return a JPEG XL of boxes of XMP, packed by brotli, each of which holds so much."""
    packed = box(b"brob", b"xml " + bytes(imagecodecs.brotli_encode(bytes(megabytes << 20), level=5)))
    data = jxl()
    at = data.index(b"jxlc") - 4
    return data[:at] + packed * count + data[at:]


def webp_lossless_claiming(width: int, height: int) -> bytes:
    """Return a lossless WebP whose header claims a size."""
    data = bytearray(webp())
    at = data.index(b"VP8L") + 9
    bits = int.from_bytes(data[at : at + 4], "little") >> 28 << 28
    data[at : at + 4] = (bits | (width - 1) | (height - 1) << 14).to_bytes(4, "little")
    return bytes(data)


KINDS: dict[str, Callable[[], bytes]] = {
    "jpeg_claims.jpg": lambda: jpeg_claiming(*HUGE),
    "jpeg_claims_less.jpg": lambda: jpeg_claiming(15_000, 15_000),
    "jpeg_claims_progressive.jpg": lambda: jpeg_claiming(15_000, 15_000, progressive=True),
    "jpeg_scans.jpg": lambda: jpeg_of_scans(2_000, (2_000, 2_000)),
    "jpeg_segments.jpg": lambda: jpeg(segments=segment(0xFE, b"x") * 50_000),
    "jpeg_exif_entries.jpg": lambda: jpeg(segments=segment(0xE1, b"Exif\0\0" + exif_of_entries(4_000))),
    "jpeg_exif_circle.jpg": lambda: jpeg(segments=segment(0xE1, b"Exif\0\0" + exif_in_a_circle())),
    "jpeg_exif_chain.jpg": lambda: jpeg(segments=segment(0xE1, b"Exif\0\0" + exif_in_a_chain(2_000))),
    "jpeg_xmp_extended.jpg": lambda: jpeg_with_extended_xmp(xmp_of_properties(8_000, 100)),
    "jpeg_xmp_history.jpg": lambda: jpeg_with_extended_xmp(xmp_of_history(5_000)),
    "jpeg_xmp_nested.jpg": lambda: jpeg(segments=segment(0xE1, _XAP + xmp_nested(1_000))),
    "jpeg_many_behind.jpg": lambda: jpeg() + b"\xff\xd8\xff\xe0\0\2" * 500_000,
    "tiff_missing_strips.tif": tiff_with_missing_strips,
    "tiff_empty_strips.tif": tiff_of_empty_strips,
    "tiff_same_strip.tif": lambda: tiff(
        picture_tags(15_000, 15_000) + strips([8] * 15_000, [15_000] * 15_000, 1), bytes(15_000)
    ),
    "tiff_samples.tif": tiff_of_samples,
    "tiff_samples_planar.tif": lambda: tiff_of_samples(planar=2),
    "tiff_tile_wide.tif": lambda: tiff_of_tiles(100, 100, (1 << 20, 1 << 12)),
    "tiff_tiles_missing.tif": lambda: tiff_of_tiles(15_000, 15_000, (16, 16)),
    "tiff_tiles_none.tif": lambda: tiff_of_tiles(1_000, 1_000, (0, 0)),
    "tiff_deflated.tif": lambda: tiff_deflated(15_000, 15_000),
    "tiff_rows_none.tif": lambda: tiff(picture_tags(100, 100) + strips([8], [10_000], 0), bytes(10_000)),
    "tiff_entries.tif": exif_of_entries,
    "tiff_circle.tif": exif_in_a_circle,
    "tiff_chain.tif": lambda: exif_in_a_chain(200_000),
    "tiff_xmp_nested.tif": lambda: tiff(
        [*picture_tags(8, 8), *strips([8], [64], 8), (700, 1, len(xmp_nested()), xmp_nested())], bytes(64)
    ),
    "tiff_xmp_properties.tif": lambda: tiff(
        [*picture_tags(8, 8), *strips([8], [64], 8), (700, 1, len(xmp_of_properties()), xmp_of_properties())], bytes(64)
    ),
    "bigtiff_counts.tif": big_tiff_of_counts,
    "png_claims.png": lambda: png_claiming(*HUGE),
    "png_claims_less.png": lambda: png_claiming(15_000, 15_000),
    "png_claims_interlaced.png": lambda: png_claiming(15_000, 15_000, interlaced=1),
    "png_bomb.png": lambda: png((8, 8), data=bomb(500)),
    "png_texts.png": png_of_texts,
    "png_texts_international.png": lambda: png_of_texts(60, 60, b"iTXt", b"XML:com.adobe.xmp"),
    "png_profiles.png": lambda: png_of_texts(100, 60, b"iCCP", b"profile"),
    "png_apng.png": apng,
    "png_xmp_history.png": lambda: png_with_xmp(xmp_of_history()),
    "png_xmp_properties.png": lambda: png_with_xmp(xmp_of_properties()),
    "png_xmp_keywords.png": lambda: png_with_xmp(xmp_of_keywords()),
    "png_xmp_nested.png": lambda: png_with_xmp(xmp_nested()),
    "png_exif_entries.png": lambda: png(chunks=chunk(b"eXIf", exif_of_entries())),
    "png_exif_chain.png": lambda: png(chunks=chunk(b"eXIf", exif_in_a_chain(200_000))),
    "heic_claims.heic": lambda: with_size(heic(), 15_000, 15_000),
    "heic_grid.heic": lambda: heic_grid(),
    "avif_claims.avif": lambda: with_size(avif(), 15_000, 15_000),
    "jxl_brob.jxl": jxl_of_bombs,
    "webp_lossless_claims.webp": lambda: webp_lossless_claiming(15_000, 15_000),
}
"""The makers by the names of their files."""


def main(folder: Path) -> None:
    """Write all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in KINDS.items():
        (folder / name).write_bytes(make())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
