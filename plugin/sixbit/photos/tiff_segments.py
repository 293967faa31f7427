"""The strips and tiles of a TIFF: whether those that its size takes are there, with bytes enough (TIFF 6.0, 3 and 15).

Asked before anything is decoded: a decoder would look for each that is claimed, or fill in what is not there.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sixbit.files import jpeg, limits
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
"""Compressions whose strips or tiles are JPEGs, each with a size of its own; their decoder makes RGB of YCbCr."""


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
    if int(page.compression) in JPEGS:
        _check_jpegs(path, file, page, offsets)
    ratio = _MOST_BY.get(int(page.compression))
    if ratio:
        row = width * page.bitspersample * page.samplesperpixel // 8
        held = sum(max(0, min(size, file_size - at)) for at, size in zip(offsets, counts, strict=True))
        check_bytes(path, width, height, row * height / ratio, min(held, file_size))


def _check_jpegs(path: Path, file: BinaryIO, page: TiffPage, offsets: Sequence[int]) -> None:
    """Refuse strips or tiles that are JPEGs of more pixels than they can have."""
    across = page.tilewidth if page.is_tiled else page.imagewidth
    down = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    for at in offsets:
        for segment in jpeg.segments(file, at):
            frame = jpeg.frame_of(segment)
            if frame and prod(frame.size) > (across + 63) * (down + 63):
                why = f"holds a JPEG of {frame.size[0]}x{frame.size[1]} pixels for a part of {across}x{down}."
                raise PhotoError(why, Code.DAMAGED, subject=path)
