"""JPEGs that stand behind a picture in its file, and the index of them (CIPA DC-007, the multi-picture format).

An index is written and never believed: in photos of the world sizes and places in it are wrong. A picture begins with
its SOI and ends with its EOI.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from sixbit.files import jpeg

NAME = b"MPF\0"
_SIZE = 4 + len(NAME) + 82
"""Bytes of the segment with an index of two pictures: its marker and length, its name, and a TIFF structure."""
_MOST_PLACES = 64
"""Places that are looked at for a picture: a file can have millions."""
_PRIMARY, _UNDEFINED = 0x030000, 0
"""What pictures are (DC-007, table 4): the one to show, and one of another kind."""


def pictures(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The whole JPEGs in data, and where each begins; one that stands within another is not told.

    >>> [at for at, _ in pictures(b"film" + bytes.fromhex("ffd8 ffda0002 05 ffd9") + b"more")]
    [4]
    """
    at = 0
    for _ in range(_MOST_PLACES):
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
        0xB000, 7, 4, b"0100",
        0xB001, 4, 1, 2,
        0xB002, 7, 32, 50,
        0,
        _PRIMARY, first, 0, 0, 0,
        _UNDEFINED, second, first - before - 4 - len(NAME), 0, 0,
    )  # fmt: skip
    return jpeg.packed(jpeg.APP2, content)
