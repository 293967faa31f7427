"""TIFF directories, read so that no photo can keep us busy: counts, sizes and the number of reads are bounded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

MOST_ENTRIES = 1000
MOST_READS = 30_000
MOST_BYTES = 64 << 20
LONGEST_READ = 1 << 20

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I"}


class TooMuchError(Exception):
    """More was read than the tags of any photo need: they run in circles, or lie about their size."""


class BoundedFile:
    """A file for parsers that believe what a photo says: it gives up after ``MOST_READS`` or ``MOST_BYTES``.

    >>> import io
    >>> BoundedFile(io.BytesIO(b"six bits")).at(4, 4_000_000_000)
    b'bits'
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._reads = 0
        self._bytes = 0

    def seek(self, position: int, whence: int = 0) -> int:
        return self._file.seek(position, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = LONGEST_READ) -> bytes:
        self._reads += 1
        if self._reads > MOST_READS or self._bytes > MOST_BYTES:
            raise TooMuchError
        data = self._file.read(size if 0 <= size < LONGEST_READ else LONGEST_READ)
        self._bytes += len(data)
        return data

    def at(self, position: int, size: int) -> bytes:
        """Up to ``size`` bytes at ``position``; fewer at the end of the file."""
        self.seek(position)
        return self.read(size)

    def long_at(self, position: int, size: int) -> bytes:
        """As ``at``, for blocks that may be longer than one read gives."""
        parts = []
        while size > 0 and (part := self.at(position, size)):
            parts.append(part)
            position += len(part)
            size -= len(part)
        return b"".join(parts)


class Field(NamedTuple):
    """One entry of a directory. ``cell`` holds the value if it fits in its four bytes, else its offset."""

    kind: int
    number: int
    """How many values there are, as the photo claims."""
    cell: bytes
    cell_at: int
    order: str

    @property
    def size(self) -> int:
        """Bytes of the value, as the photo claims; 0 for a type that does not exist."""
        return _SIZES.get(self.kind, 0) * self.number

    @property
    def offset(self) -> int | None:
        """Where the value stands from the base of the directory; None if it is in the entry itself."""
        return int(struct.unpack(self.order + "I", self.cell)[0]) if self.size > 4 else None

    def position(self, base: int) -> int:
        """Where in the file the value stands."""
        return self.cell_at if self.offset is None else base + self.offset

    def data(self, file: BoundedFile, base: int, most: int = 4096) -> bytes:
        """The bytes of the value, ``most`` of them at most."""
        if self.offset is None:
            return self.cell[: self.size]
        return file.at(base + self.offset, min(self.size, most))

    def integers(self, file: BoundedFile, base: int, most: int = 64) -> tuple[int, ...]:
        """The value as integers, the first ``most`` of them; none if it is of another type."""
        if self.kind not in _CODES:
            return ()
        data = self.data(file, base, most * _SIZES[self.kind])
        whole = len(data) // _SIZES[self.kind]
        return struct.unpack(f"{self.order}{whole}{_CODES[self.kind]}", data[: whole * _SIZES[self.kind]])

    def ratio(self, file: BoundedFile, base: int) -> float | None:
        """The first rational number; None for 0/0 and for another type."""
        if self.kind not in (5, 10):
            return None
        data = self.data(file, base, 8)
        if len(data) < 8:
            return None
        numerator, denominator = struct.unpack(self.order + ("II" if self.kind == 5 else "ii"), data)
        return float(numerator / denominator) if denominator else None


def read_ifd(file: BoundedFile, at: int, order: str) -> dict[int, Field]:
    """The entries of the directory at ``at``, by tag number; ``order`` is ``<`` or ``>``.

    What is missing at the end of a cut file is left out.
    """
    head = file.at(at, 2)
    if len(head) < 2:
        return {}
    count = min(struct.unpack(order + "H", head)[0], MOST_ENTRIES)
    return dict(_entries(file.at(at + 2, 12 * count), at + 2, order))


def _entries(table: bytes, at: int, order: str) -> Iterator[tuple[int, Field]]:
    for start in range(0, len(table) - 11, 12):
        tag, kind, number, cell = struct.unpack_from(order + "HHI4s", table, start)
        yield tag, Field(kind, number, cell, at + start + 8, order)
