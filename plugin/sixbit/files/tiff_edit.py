"""The directories of a TIFF structure (an Exif block, a TIFF file), edited without moving anything that stands.

Maker notes hold offsets that only their maker understands. So whatever is new goes to the end, numbers and thumbnails
are set where they are, and every byte that is not edited keeps its place. The layout is that of TIFF 6.0, section 2.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Container, Iterable
from typing import BinaryIO, NamedTuple

SOFTWARE, ORIENTATION = 0x0131, 0x0112
WIDTH, HEIGHT = 0x0100, 0x0101
EXIF, GPS = 0x8769, 0x8825
EXIF_WIDTH, EXIF_HEIGHT = 0xA002, 0xA003
MAKER_NOTE, LENS_MODEL = 0x927C, 0xA434
THUMBNAIL, THUMBNAIL_LENGTH = 0x0201, 0x0202

ASCII, SHORT, LONG = 2, 3, 4
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""Bytes of a value, by its kind."""
LONGEST = 1 << 24
"""Bytes of the longest value that is copied: what is longer is no word on a photo."""
EMPTY = b"II*\0\0\0\0\0"


class StructureError(ValueError):
    """Bytes that are no TIFF structure, or one that is broken."""


class Entry(NamedTuple):
    """One entry of a directory: ``length`` values of a kind (ASCII, SHORT ...).

    ``value`` is the last four bytes as stored, the values themselves or where they lie.
    """

    tag: int
    kind: int
    length: int
    value: bytes
    at: int = 0
    """Where the entry lies in the structure."""


class Structure:
    """A TIFF structure in a seekable binary file.

    >>> block = Structure(io.BytesIO(EMPTY))
    >>> block.set_text(SOFTWARE, "Sixbit")
    >>> [(hex(entry.tag), entry.length) for entry in block.first()]
    [('0x131', 7)]
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        head = self.read(0, 8)
        self.order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4], "")
        if not self.order:
            raise StructureError("not a TIFF structure")
        self.first_at: int = self.unpack("I", head[4:])[0]

    def read(self, at: int, size: int) -> bytes:
        """``size`` bytes at ``at``; raises StructureError where the structure ends before."""
        self.file.seek(at)
        data = self.file.read(size)
        if len(data) < size:
            raise StructureError("the structure is cut short")
        return data

    def content(self) -> bytes:
        """The whole structure."""
        self.file.seek(0)
        return self.file.read()

    def write(self, at: int, data: bytes) -> None:
        """Overwrite what stands at ``at``."""
        self.file.seek(at)
        self.file.write(data)

    def append(self, data: bytes) -> int:
        """Put ``data`` at the end, on an even offset, and return that."""
        end = self.file.seek(0, io.SEEK_END)
        self.file.write(b"\0" * (end % 2) + data)
        return end + end % 2

    def unpack(self, layout: str, data: bytes) -> tuple[int, ...]:
        """Numbers in the byte order of the structure."""
        return struct.unpack(self.order + layout, data)

    def pack(self, layout: str, *numbers: int) -> bytes:
        """The bytes of numbers in the byte order of the structure."""
        return struct.pack(self.order + layout, *numbers)

    def directory(self, at: int) -> tuple[list[Entry], int]:
        """The entries of the directory at ``at``, and where the next one lies (0: there is none)."""
        if not at:
            return [], 0
        (count,) = self.unpack("H", self.read(at, 2))
        data = self.read(at + 2, 12 * count)
        entries = []
        for k in range(count):
            tag, kind, length = self.unpack("HHI", data[12 * k : 12 * k + 8])
            entries.append(Entry(tag, kind, length, data[12 * k + 8 : 12 * k + 12], at + 2 + 12 * k))
        try:
            (following,) = self.unpack("I", self.read(at + 2 + 12 * count, 4))
        except StructureError:  # some writers leave the last link out
            following = 0
        return entries, following

    def first(self) -> list[Entry]:
        """The entries of the first directory."""
        return self.directory(self.first_at)[0]

    def sub(self, pointer: int) -> list[Entry]:
        """The entries of the directory that the first one points to by the tag ``pointer``."""
        found = find(self.first(), pointer)
        return [] if found is None else self.directory(self.number(found) or 0)[0]

    def number(self, entry: Entry) -> int | None:
        """The value of an entry that holds one whole number, else None."""
        if entry.length != 1 or entry.kind not in (SHORT, LONG):
            return None
        return self.unpack("H", entry.value[:2])[0] if entry.kind == SHORT else self.unpack("I", entry.value)[0]

    def set_number(self, entry: Entry | None, number: int) -> None:
        """Set the whole number of an entry where it stands; an entry that is missing or holds another kind is left."""
        if entry is None or self.number(entry) in (None, number) or (entry.kind == SHORT and number > 0xFFFF):
            return
        self.write(entry.at + 8, self.pack("H", number) + b"\0\0" if entry.kind == SHORT else self.pack("I", number))

    def set_text(self, tag: int, text: str) -> None:
        """Set a text of the first directory."""
        data = text.encode("ascii", "replace") + b"\0"
        value = self.stored(data)
        old = find(self.first(), tag)
        if old is None:
            self.put_first([Entry(tag, ASCII, len(data), value)])
        else:
            self.write(old.at, self.pack("HHI", tag, ASCII, len(data)) + value)

    def put_first(self, entries: Iterable[Entry]) -> None:
        """Give the first directory these entries too, instead of its own of the same tags; it moves to the end."""
        old, following = self.directory(self.first_at)
        self.first_at = self._append_directory([*old, *entries], following)
        self.write(4, self.pack("I", self.first_at))

    def remove_first(self, tag: int) -> None:
        """Take an entry out of the first directory, which stays where it is; nothing is left of the entry."""
        entries, following = self.directory(self.first_at)
        kept = [entry for entry in entries if entry.tag != tag]
        data = b"".join(self.pack("HHI", entry.tag, entry.kind, entry.length) + entry.value for entry in kept)
        data += self.pack("I", following) + bytes(12 * (len(entries) - len(kept)))
        self.write(self.first_at, self.pack("H", len(kept)) + data)

    def set_sub(self, pointer: int, entries: Iterable[Entry]) -> None:
        """Make these the entries of the directory that the tag ``pointer`` leads to; it moves to the end."""
        old = find(self.first(), pointer)
        if old is not None and self.number(old) is None:
            raise StructureError(f"the directory 0x{pointer:04X} cannot be found")
        at = self.pack("I", self._append_directory(entries, 0))
        if old is None:
            self.put_first([Entry(pointer, LONG, 1, at)])
        else:
            self.write(old.at, self.pack("HHI", pointer, LONG, 1) + at)

    def _append_directory(self, entries: Iterable[Entry], following: int) -> int:
        merged = {entry.tag: entry for entry in entries}
        data = self.pack("H", len(merged))
        for _, entry in sorted(merged.items()):
            data += self.pack("HHI", entry.tag, entry.kind, entry.length) + entry.value
        return self.append(data + self.pack("I", following))

    def stored(self, data: bytes) -> bytes:
        """The last four bytes of the entry of a value: the value itself, or where it now lies at the end."""
        return data.ljust(4, b"\0") if len(data) <= 4 else self.pack("I", self.append(data))

    def complete_first(self, source: Structure, without: Container[int]) -> None:
        """Give the first directory what that of ``source``, of the same byte order, has more, but for some tags."""
        present = {entry.tag for entry in self.first()}
        added = []
        for entry in source.first():
            size = SIZES.get(entry.kind, 0) * entry.length
            if entry.tag in present or entry.tag in without or not 0 < size <= LONGEST:
                continue
            value = entry.value
            if size > 4:
                value = self.pack("I", self.append(source.read(self.unpack("I", value)[0], size)))
            added.append(entry._replace(value=value))
        self.put_first(added)

    def thumbnail(self) -> tuple[int, int] | None:
        """Where the JPEG thumbnail of the second directory lies, and its length; None if there is none."""
        entries, _ = self.directory(self.directory(self.first_at)[1])
        start, length = (find(entries, tag) for tag in (THUMBNAIL, THUMBNAIL_LENGTH))
        at, size = (self.number(entry) if entry else None for entry in (start, length))
        if not at or not size:
            return None
        try:
            data = self.read(at, size)
        except StructureError:
            return None
        return (at, size) if data[:2] == b"\xff\xd8" else None

    def set_thumbnail(self, jpeg: bytes | None) -> None:
        """Put a thumbnail, no longer than the one that stands, in its place; None unlinks it."""
        old, following = self.directory(self.first_at)
        if not following:
            return
        place = self.thumbnail()
        if jpeg is None or place is None or len(jpeg) > place[1]:
            self.write(self.first_at + 2 + 12 * len(old), self.pack("I", 0))
            return
        self.write(place[0], jpeg.ljust(place[1], b"\0"))
        self.set_number(find(self.directory(following)[0], THUMBNAIL_LENGTH), len(jpeg))


def find(entries: Iterable[Entry], tag: int) -> Entry | None:
    """The first entry of that tag."""
    return next((entry for entry in entries if entry.tag == tag), None)
