"""The strips and tiles of a TIFF: whether those that its size takes are there, with bytes enough (TIFF 6.0, 3 and 15).

Asked before anything is decoded: a decoder would look for each that is claimed, or fill in what is not there.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sixbit.files import jpeg, jxl, limits, png, webp
from sixbit.files.bmff import BoxError
from sixbit.photos.photo import check_bytes, check_size
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

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
_NAMES |= {22610: "JPEG XR", 34933: "PNG", 34934: "JPEG XR", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL"}
_NAMES |= dict.fromkeys(JPEGS, "JPEG")
"""Compressions whose strips or tiles are pictures of other formats, with sizes of their own."""
_CODESTREAM = b"\xff\x4f\xff\x51"
"""How one of JPEG 2000 begins (ITU-T T.800, A.4.1 and A.5.1)."""
_IMAGE = b"WMPHOTO\0"
"""How one of JPEG XR begins (ITU-T T.832, 8.3), which decides on the size whatever its container says."""
_DEFLATE, _ZSTD = b"\x78", b"\x28\xb5\x2f\xfd"
_LERC_HEAD = 1 << 12
"""Bytes that a LERC can take beside those of its pixels."""


def check_segments(path: Path, file: BinaryIO, page: TiffPage, most: int) -> None:
    """Refuse a page of more than ``most`` pixels, and one whose strips or tiles are missing, empty or too short."""
    width, height = page.imagewidth, page.imagelength
    file_size = file.seek(0, io.SEEK_END)
    check_size(path, width, height, most)
    if page.samplesperpixel > limits.SAMPLES:
        why = Sentence(
            "stores {count} samples a pixel; more than {most} are not decoded.",
            count=page.samplesperpixel,
            most=limits.SAMPLES,
        )
        raise PhotoError(why, Code.FORMAT, subject=path)
    if not page.dtype:
        raise ValueError("it does not say how its pixels are stored")
    what = Sentence("tiles") if page.is_tiled else Sentence("strips")
    if page.is_tiled:
        across, down = page.tilewidth, page.tilelength
        if min(across, down) < 1:
            raise ValueError("its tiles have no size")
        check_size(path, -(-width // across) * across, -(-height // down) * down, most)
    wanted = prod(page.chunked)
    if wanted > limits.PARTS:
        why = Sentence(
            "is stored in {wanted} {what}; more than {most} are not decoded.",
            wanted=wanted,
            what=what,
            most=limits.PARTS,
        )
        raise PhotoError(why, Code.FORMAT, subject=path)
    offsets, counts = page.dataoffsets[:wanted], page.databytecounts[:wanted]
    if min(len(offsets), len(counts)) < wanted:
        there = min(len(offsets), len(counts))
        why = Sentence(
            "has {there} of the {wanted} {what} that its {width}x{height} pixels take.",
            there=there,
            wanted=wanted,
            what=what,
            width=width,
            height=height,
        )
        raise PhotoError(why, Code.DAMAGED, subject=path)
    empty = sum(not (at and size) for at, size in zip(offsets, counts, strict=True))
    if empty:
        raise PhotoError(
            Sentence("has no pixels in {empty} of its {wanted} {what}.", empty=empty, wanted=wanted, what=what),
            Code.DAMAGED,
            subject=path,
        )
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
        data = file.read(count)
        if name == "LERC":
            data = _plain_lerc(path, page, data)
        size = _size_of(name, data)
        if size is not None:
            _check_part(path, page, name, size)
        elif name != "JPEG":  # which may have its header elsewhere
            raise ValueError(f"it holds no {name} where it should")


def _plain_lerc(path: Path, page: TiffPage, data: bytes) -> bytes:
    """A LERC as it is, of one that was compressed once more; refused if it is longer than its pixels can be."""
    import imagecodecs

    most = 2 * prod(_room(page)) * page.samplesperpixel * max(1, page.bitspersample // 8) + _LERC_HEAD
    try:
        if data.startswith(_DEFLATE):
            inflated = zlib.decompressobj().decompress(data, most + 1)
        elif data.startswith(_ZSTD):
            inflated = bytes(imagecodecs.zstd_decode(data, out=most + 1))
        else:
            return data
    except (zlib.error, imagecodecs.ZstdError, MemoryError) as error:
        raise ValueError(f"its LERC cannot be inflated to {most} bytes at most") from error
    if len(inflated) > most:
        raise PhotoError(Sentence("holds a LERC of more than {most} bytes.", most=most), Code.DAMAGED, subject=path)
    return inflated


def _room(page: TiffPage) -> tuple[int, int]:
    """Width and height of a strip or tile."""
    if page.is_tiled:
        return page.tilewidth, page.tilelength
    return page.imagewidth, min(page.rowsperstrip, page.imagelength)


def _check_part(path: Path, page: TiffPage, name: str, size: tuple[int, int]) -> None:
    across, down = _room(page)
    if prod(size) > (across + 63) * (down + 63):
        why = Sentence(
            "holds a {name} of {width}x{height} pixels for a part of {across}x{down}.",
            name=name,
            width=size[0],
            height=size[1],
            across=across,
            down=down,
        )
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
        if name == "JPEG XR":  # of several, one is its alpha
            places = [one.end() for one in re.finditer(re.escape(_IMAGE), data)]
            return max((_jxr_size(data, at) for at in places), key=prod, default=None)
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


def _jxr_size(data: bytes, at: int) -> tuple[int, int]:
    """Width and height in the header of a JPEG XR, behind its name (ITU-T T.832, 8.3.2 to 8.3.22)."""
    is_short = data[at + 2 : at + 3] >= b"\x80"
    width, height = struct.unpack_from(">HH" if is_short else ">II", data, at + 4)
    return width + 1, height + 1
