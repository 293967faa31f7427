"""The strips and tiles of a TIFF: whether those that its size takes are there, with bytes enough (TIFF 6.0, 3 and 15).

Asked before anything is decoded: a decoder would look for each that is claimed, or fill in what is not there.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sixbit.files import jpeg, jxl, limits, png, webp
from sixbit.files.bmff import BoxError
from sixbit.photos.photo import check_bytes, check_size
from sixbit.values.errors import Code, PhotoError

if TYPE_CHECKING:
    from tifffile import TiffPage

_MOST_BY = {
    1: 1,
    5: limits.BY_LZW,
    8: limits.DEFLATED,
    32946: limits.DEFLATED,
    50013: limits.DEFLATED,
    32773: limits.BY_PACKBITS,
}
"""Bytes of pixels that a byte can hold, by the number of the compression; of the others there is no bound."""
JPEGS = (6, 7, 33007, 34892)
"""Compressions whose strips or tiles are JPEGs; their decoder makes RGB of YCbCr."""


_NAMES = {33003: "JPEG 2000", 33004: "JPEG 2000", 33005: "JPEG 2000", 34712: "JPEG 2000", 34887: "LERC", 34927: "WebP"}
_NAMES |= {34933: "PNG", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL"} | dict.fromkeys(JPEGS, "JPEG")
"""Compressions whose strips or tiles are pictures of other formats, with sizes of their own."""
_CODESTREAM = b"\xff\x4f\xff\x51"
"""How one of JPEG 2000 begins (ITU-T T.800, A.4.1 and A.5.1)."""


def check_segments(path: Path, file: BinaryIO, page: TiffPage, most: int) -> None:
    """Refuse a page of more than ``most`` pixels, and one whose strips or tiles are missing, empty or too short."""
    width, height = page.imagewidth, page.imagelength
    file_size = file.seek(0, io.SEEK_END)
    check_size(path, width, height, most)
    if page.samplesperpixel > limits.SAMPLES:
        why = f"stores {page.samplesperpixel} samples a pixel; more than {limits.SAMPLES} are not decoded."
        raise PhotoError(why, Code.FORMAT, subject=path)
    if not page.dtype:
        raise ValueError("it does not say how its pixels are stored")
    what = "tiles" if page.is_tiled else "strips"
    if page.is_tiled:
        across, down = page.tilewidth, page.tilelength
        if min(across, down) < 1:
            raise ValueError("its tiles have no size")
        check_size(path, -(-width // across) * across, -(-height // down) * down, most)
    wanted = prod(page.chunked)
    if wanted > limits.PARTS:
        why = f"is stored in {wanted} {what}; more than {limits.PARTS} are not decoded."
        raise PhotoError(why, Code.FORMAT, subject=path)
    offsets, counts = page.dataoffsets[:wanted], page.databytecounts[:wanted]
    if min(len(offsets), len(counts)) < wanted:
        there = min(len(offsets), len(counts))
        why = f"has {there} of the {wanted} {what} that its {width}x{height} pixels take."
        raise PhotoError(why, Code.DAMAGED, subject=path)
    empty = sum(not (at and size) for at, size in zip(offsets, counts, strict=True))
    if empty:
        raise PhotoError(f"has no pixels in {empty} of its {wanted} {what}.", Code.DAMAGED, subject=path)
    if int(page.compression) in _NAMES:
        _check_pictures(path, file, page, set(zip(offsets, counts, strict=True)))
    ratio = _MOST_BY.get(int(page.compression))
    if ratio:
        row = width * page.bitspersample * page.samplesperpixel // 8
        held = sum(max(0, min(size, file_size - at)) for at, size in zip(offsets, counts, strict=True))
        check_bytes(path, width, height, row * height / ratio, min(held, file_size))


def _check_pictures(path: Path, file: BinaryIO, page: TiffPage, parts: Iterable[tuple[int, int]]) -> None:
    """Refuse strips or tiles that are pictures of more pixels than they can have, and those that are none."""
    name = _NAMES[int(page.compression)]
    room = file.seek(0, io.SEEK_END)
    there = [(at, min(count, room - at)) for at, count in parts if at < room]
    if sum(count for _, count in there) > room:
        raise ValueError("its parts overlap")  # so that nothing is read twice
    for at, count in there:
        file.seek(at)
        size = _size_of(name, file.read(count))
        if size is not None:
            _check_part(path, page, name, size)
        elif name not in ("JPEG", "LERC"):  # the first may have its header elsewhere, the second be compressed again
            raise ValueError(f"it holds no {name} where it should")


def _check_part(path: Path, page: TiffPage, name: str, size: tuple[int, int]) -> None:
    across = page.tilewidth if page.is_tiled else page.imagewidth
    down = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    if prod(size) > (across + 63) * (down + 63):
        why = f"holds a {name} of {size[0]}x{size[1]} pixels for a part of {across}x{down}."
        raise PhotoError(why, Code.DAMAGED, subject=path)


def _size_of(name: str, data: bytes) -> tuple[int, int] | None:
    """Width and height that a picture claims in its header; None if it has none."""
    if name == "JPEG":
        frames = map(jpeg.frame_of, jpeg.segments(io.BytesIO(data)))
        return max((frame.size for frame in frames if frame), key=prod, default=None)
    try:
        if name == "JPEG 2000":
            right, bottom, left, top = struct.unpack_from(">4I", data, data.index(_CODESTREAM) + 8)
            return right - left, bottom - top
        if name == "LERC":  # its version stands behind its name, and later ones have a check sum before the size
            version, *numbers = struct.unpack_from("<i3I", data, 6)
            height, width = numbers[1:] if version > 2 else numbers[:2]
            return (width, height) if data.startswith(b"Lerc2 ") else None
        if name == "JPEG XL":
            return jxl.find(io.BytesIO(data)).header.size
        found = webp.find(io.BytesIO(data)).header if name == "WebP" else png.header_of(data[16:])
        return found[:2] if found else None
    except (struct.error, ValueError, BoxError):
        return None
