"""Photos for the tests in the newer formats: AVIF, WebP, JPEG XL, BigTIFF, an uncompressed HEIF, an interlaced PNG."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from tests.scenery.photo_factory import ASCII, LONG, SHORT, TAGS, Entry, packed

_IFD0, _EXIF_POINTER, _XMP = "IFD0", 0x8769, 0x02BC
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""PNG specification, third edition, section 8.1: first row and column, steps down and across."""


def _plain(size: tuple[int, int]) -> Any:
    return np.full((size[1], size[0], 3), (120, 90, 60), np.uint8)


def avif(tags: bytes | None = None, xmp: bytes = b"", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    """Return an AVIF by libavif through Pillow, which makes properties of an orientation among the tags."""
    file = io.BytesIO()
    more = {"exif": tags} if tags is not None else {}
    Image.fromarray(_plain(size)).save(file, "AVIF", xmp=xmp, **more, **options)
    return file.getvalue()


def webp(tags: bytes | None = None, xmp: bytes = b"", size: tuple[int, int] = (48, 32), **options: Any) -> bytes:
    """Return a WebP by libwebp through Pillow."""
    file = io.BytesIO()
    Image.fromarray(_plain(size)).save(file, "WEBP", exif=tags or b"", xmp=xmp, lossless=True, **options)
    return file.getvalue()


def box(name: bytes, content: bytes) -> bytes:
    """Return a box of an ISO base media file."""
    return struct.pack(">I4s", 8 + len(content), name) + content


def jxl(
    tags: bytes | None = None,
    xmp: bytes = b"",
    size: tuple[int, int] = (48, 32),
    pixels: Any = None,
    compressed: bool = False,
    pieces: int = 1,
    **options: Any,
) -> bytes:
    """Return a JPEG XL in boxes, its codestream by libjxl; ``compressed`` are tags by brotli."""
    options = {"lossless": True, "usecontainer": False} | options
    codestream = bytes(imagecodecs.jpegxl_encode(_plain(size) if pixels is None else pixels, **options))
    if not codestream.startswith(b"\xff\x0a"):  # one of 16 bits comes in boxes whether or not they are wanted
        codestream = codestream[codestream.index(b"jxlc") + 4 :]
    parts = [(b"Exif", bytes(4) + tags)] if tags is not None else []
    parts += [(b"xml ", xmp)] if xmp else []
    if compressed:
        parts = [(b"brob", name + bytes(imagecodecs.brotli_encode(content))) for name, content in parts]
    if pieces == 1:
        parts.append((b"jxlc", codestream))
    for number in range(pieces if pieces > 1 else 0):
        part = codestream[3 * number : 3 * number + 3] if number + 1 < pieces else codestream[3 * number :]
        parts.append((b"jxlp", struct.pack(">I", number | (number + 1 == pieces) << 31) + part))
    head = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return head + b"".join(box(*part) for part in parts)


def uncompressed_heif(codec: bytes = b"unci", brand: bytes = b"mif1") -> bytes:
    """Return the boxes of a HEIF whose one picture of 2 x 2 is of this kind (ISO/IEC 23001-17 for ``unci``)."""
    pixels = bytes(range(12))
    item = box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 1, 0) + codec + b"\0")
    properties = box(b"ispe", bytes(4) + struct.pack(">II", 2, 2)) + box(b"uncC", b"\1\0\0\0rgb3")
    links = bytes(4) + struct.pack(">IHBBB", 1, 1, 2, 1, 2)

    def made(at: int) -> bytes:
        places = b"\0\0\0\0\x44\0" + struct.pack(">HHHHII", 1, 1, 0, 1, at, len(pixels))
        meta = box(b"hdlr", bytes(8) + b"pict" + bytes(13)) + box(b"pitm", bytes(4) + b"\0\1")
        meta += box(b"iinf", bytes(4) + b"\0\1" + item) + box(b"iloc", places)
        meta += box(b"iprp", box(b"ipco", properties) + box(b"ipma", links))
        return box(b"ftyp", brand + bytes(4) + b"mif1unif") + box(b"meta", bytes(4) + meta)

    return made(len(made(0)) + 8) + box(b"mdat", pixels)


def _big_directory(entries: Sequence[Entry], at: int, order: str) -> bytes:
    rows, values = b"", b""
    start = at + 8 + 20 * len(entries) + 8
    for tag, kind, value in sorted(entries, key=lambda entry: entry[0]):
        count, data = (1, struct.pack(order + "Q", value)) if kind == 16 else packed(kind, value, order)
        if len(data) > 8:
            values += b"\0" * (len(values) % 2)
            cell = struct.pack(order + "Q", start + len(values))
            values += data
        else:
            cell = data.ljust(8, b"\0")
        rows += struct.pack(order + "HHQ", tag, kind, count) + cell
    return struct.pack(order + "Q", len(entries)) + rows + bytes(8) + values


def bigtiff(
    tags: Mapping[str, Any] | None = None, xmp: bytes = b"", size: tuple[int, int] = (48, 32), order: str = "<"
) -> bytes:
    """Return an uncompressed RGB BigTIFF, with tags in its directories."""
    first: list[Entry] = [(_XMP, 1, xmp)] if xmp else []
    inner: list[Entry] = []
    for name, value in (tags or {}).items():
        place, number, kind = TAGS[name]
        (first if place == _IFD0 else inner).append((number, kind, value))
    pixels = _plain(size).tobytes()
    picture: list[Entry] = [(0x0100, LONG, size[0]), (0x0101, LONG, size[1]), (0x0102, SHORT, (8, 8, 8))]
    picture += [(0x0103, SHORT, 1), (0x0106, SHORT, 2), (0x0115, SHORT, 3), (0x0116, LONG, size[1])]
    picture += [(0x0117, 16, len(pixels)), (0x0131, ASCII, "a program")]
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HHHQ", 43, 8, 0, 16)
    exif_at = pixels_at = 0
    data = b""
    for _ in range(2):
        pointers: list[Entry] = [(_EXIF_POINTER, 16, exif_at), (0x0111, 16, pixels_at)]
        data = head + _big_directory([*first, *picture, *pointers], len(head), order)
        exif_at = len(data)
        data += _big_directory(inner, exif_at, order)
        pixels_at = len(data)
    return data + pixels


def interlaced_png(pixels: Any) -> bytes:
    """Return pixels of 8 or 16 bits and 1 to 4 channels as a PNG in seven passes."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    rows = b""
    for top, left, down, across in ADAM7:
        part = pixels[top::down, left::across]
        rows += b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in part if row.size)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    colours = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.dtype.itemsize, colours, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
