"""The limits on what a file may claim, and on what it may hold: one table, which ``docs/limits.md`` shows.

A file that goes beyond is refused before anything is decoded, or what goes beyond is passed over, with a note where
something of the photo is lost. The last rows are the time that a batch gives it.
"""

from __future__ import annotations

import os
from typing import BinaryIO, Self

_READ_AT_ONCE = 1 << 20
LARGE_VARIABLE = "SIXBIT_LARGE"
"""The environment variable that does in any program what ``--large`` does on the command line."""


class Limit(int):
    """A number that is counted in a ``unit``, of what a sentence ``says``.

    >>> scans = Limit(100, "scans", "Of a JPEG.")
    >>> scans + 1, scans.unit
    (101, 'scans')
    """

    unit: str
    says: str

    def __new__(cls, value: int, unit: str, says: str) -> Self:
        made = super().__new__(cls, value)
        made.unit, made.says = unit, says
        return made


PIXELS = Limit(250_000_000, "pixels", "Of a picture that is decoded unasked.")
LARGE_PIXELS = Limit(1 << 30, "pixels", "Of a picture that is decoded where large ones are allowed.")
SAMPLES = Limit(8, "samples", "Of a pixel of a TIFF: colours, alpha, and further channels, which are left out.")
PARTS = Limit(1 << 18, "strips or tiles", "Of a TIFF.")

SCANS = Limit(100, "scans", "Of a JPEG: encoders make up to 20 or so.")
SCANNED = Limit(40, "scans", "Of a JPEG that has as many pixels as are decoded at most; of a smaller one, more.")
DEFLATED = Limit(1032, "bytes", "That a byte can hold by Deflate, in a PNG or a TIFF.")
BY_LZW = Limit(3000, "bytes", "That a byte can hold by LZW, in a TIFF.")
BY_PACKBITS = Limit(64, "bytes", "That a byte can hold by PackBits, in a TIFF.")

INFLATED = Limit(32 << 20, "bytes", "Of compressed texts and profiles in a PNG or a JPEG XL, together.")
XMP = Limit(8 << 20, "bytes", "Of an XMP packet, or of a sidecar, that is searched for a lens.")
VALUES = Limit(40_000, "values", "Of an XMP packet that is rewritten; one of more is kept as text.")
COPIED = Limit(16 << 20, "bytes", "Of a tag in a TIFF that is carried over.")
ITEM = Limit(64 << 20, "bytes", "Of the tags or the profile of a HEIC, AVIF, WebP or JPEG XL, each.")
TABLES = Limit(16 << 20, "bytes", "Of the tables of a HEIC or AVIF.")
RAW_HEAD = Limit(64 << 20, "bytes", "Of a raw file, from its beginning, in which its tags must lie.")
FARTHEST = Limit(1 << 40, "bytes", "From the beginning of a file to whatever it points to.")

SEGMENTS = Limit(4096, "segments", "Of a JPEG, before its picture.")
BEHIND = Limit(64, "places", "Behind a JPEG where another picture may begin.")
CHUNKS = Limit(1 << 18, "chunks", "Of a PNG.")
BOXES = Limit(1 << 16, "boxes", "Of a HEIC, AVIF or JPEG XL, and chunks of a WebP.")
ENTRIES = Limit(4096, "tags", "Of one directory of Exif data or of a TIFF.")
READS = Limit(30_000, "reads", "Of a file for its Exif tags: more run in circles.")
READ = Limit(64 << 20, "bytes", "Read of a file for its Exif tags.")

SECONDS = Limit(60, "seconds", "Of a processor, for any photo of a batch.")
SECONDS_MORE = Limit(2, "seconds", "More, for each million of its pixels.")
SECONDS_MORE_PLAIN = Limit(30, "seconds", "Instead of these 2, where there is no C++ kernel.")
IDLE = Limit(30, "times as long", "For a photo of a batch whose disk does not answer.")


def most_pixels(large: bool = False) -> int:
    """Pixels of a picture that is decoded: more if ``large`` ones are allowed, here or by the environment.

    >>> most_pixels(large=True)
    1073741824
    """
    return LARGE_PIXELS if large or os.environ.get(LARGE_VARIABLE, "") not in ("", "0") else PIXELS


def read(file: BinaryIO, size: int) -> bytes:
    """Read as many bytes of a file as are there, of those that it claims: Python would make room for all of them.

    >>> import io
    >>> read(io.BytesIO(b"short"), 1 << 40)
    b'short'
    """
    if size > _READ_AT_ONCE:
        here = file.tell()
        size = max(0, min(size, file.seek(0, os.SEEK_END) - here))
        file.seek(here)
    return file.read(size)


def table() -> dict[str, Limit]:
    """All limits by their names."""
    return {name: value for name, value in globals().items() if isinstance(value, Limit)}
