"""JPEGs that stand behind a picture in its file, and the index of them (CIPA DC-007, the multi-picture format).

An index is written and never believed: in photos of the world sizes and places in it are wrong. A picture begins with
its SOI and ends with its EOI.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from sixbit.files import jpeg, limits, tiff

NAME = b"MPF\0"
_SIZE = 4 + len(NAME) + 82
"""Bytes of the segment with an index of two pictures: its marker and length, its name, and a TIFF structure."""
_VERSION, _COUNT, _PICTURES = 0xB000, 0xB001, 0xB002
"""The tags of an index."""
_ENTRY = 16
"""Bytes that tell of one picture: what it is, its size and place, and two numbers of others."""
_PRIMARY, _UNDEFINED = 0x030000, 0
"""The kinds of pictures (DC-007, table 4): the one to show, and one of another kind."""


def pictures(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The whole JPEGs in data, and where each begins; one that stands within another is not told.

    >>> [at for at, _ in pictures(b"film" + bytes.fromhex("ffd8 ffda0002 05 ffd9") + b"more")]
    [4]
    """
    at = 0
    for _ in range(limits.BEHIND):
        at = data.find(jpeg.SIGNATURE, at)
        if at < 0:
            return
        end = jpeg.picture_end(data, at)
        if end is not None:
            yield at, data[at:end]
        at = end or at + 1


def index(before: int, rest: int, second: int) -> bytes:
    """The segment that tells of two JPEGs in a file, for the first of them.

    ``before`` bytes stand before it and ``rest`` behind it in the first, and ``second`` is the size of the other, which
    follows at once. Places count from the segment's TIFF structure (DC-007, 5.2.3.3).
    """
    first = before + _SIZE + rest
    content = NAME + b"MM\0*" + struct.pack(
        ">IH" + "HHI4s" + "HHII" * 2 + "I" + "IIIHH" * 2,
        8, 3,
        _VERSION, tiff.UNDEFINED, 4, b"0100",
        _COUNT, tiff.LONG, 1, 2,
        _PICTURES, tiff.UNDEFINED, 2 * _ENTRY, 50,
        0,
        _PRIMARY, first, 0, 0, 0,
        _UNDEFINED, second, first - before - 4 - len(NAME), 0, 0,
    )  # fmt: skip
    return jpeg.packed(jpeg.APP2, content)


def joined(first: bytes, second: bytes) -> bytes:
    """A JPEG with another behind it, or none, and an index of the two in place of its own, after its other segments."""
    head, at = first[:2], 2
    for segment in jpeg.segments(io.BytesIO(first)):
        if not (jpeg.APP0 <= segment.marker <= jpeg.APP15 or segment.marker == jpeg.COMMENT):
            break
        if not _is_index(segment):
            head += first[segment.start : segment.end]
        at = segment.end
    if second:
        head += index(len(head), len(first) - at, len(second))
    return head + first[at:] + second


def moved(before: bytes, after: bytes) -> bytes:
    """A JPEG whose metadata was written anew, with the index that was right before that.

    What stands behind the index has moved, unless all that has grown stands before it.
    """
    was, now = (next(filter(_is_index, jpeg.segments(io.BytesIO(data))), None) for data in (before, after))
    if was is None or now is None:
        return after
    grown = len(after) - len(before)
    try:
        block = tiff.Structure(now.content[len(NAME) :])
        pictures = tiff.find(block.first(), _PICTURES)
        if pictures is None:
            return after
        start = block.place(pictures)
        for at in range(start, start + pictures.length, _ENTRY):
            size, place = block.unpack("II", block.read(at + 4, 8))
            # The first is told by a place of 0, and is the one that has grown.
            size, place = (size, place + grown - now.at + was.at) if place else (size + grown, 0)
            block.write(at + 4, block.pack("II", size, place))
    except (tiff.StructureError, struct.error):
        return after
    return after[: now.at + len(NAME)] + block.content() + after[now.end :]


def _is_index(segment: jpeg.Segment) -> bool:
    return segment.marker == jpeg.APP2 and segment.content.startswith(NAME)
