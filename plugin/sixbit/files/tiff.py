"""The directories of a TIFF structure: an Exif block, a maker note, a TIFF file (TIFF 6.0, section 2).

They are edited without moving anything that stands, for maker notes hold offsets that only their maker understands. So
whatever is new goes to the end, numbers and thumbnails are set where they are, and every byte that is not edited keeps
its place.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Container, Iterable
from typing import BinaryIO, NamedTuple

from sixbit.files import limits
from sixbit.values.sentence import Sentence

SUBFILE_TYPE = 0x00FE
WIDTH = 0x0100
HEIGHT = 0x0101
BITS = 0x0102
SAMPLES = 0x0115
ORIENTATION = 0x0112
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
SOFTWARE = 0x0131
SUB_IFDS = 0x014A
STRIPS = 0x0111
STRIP_LENGTHS = 0x0117
THUMBNAIL = 0x0201
THUMBNAIL_LENGTH = 0x0202
TRANSFER_FUNCTION = 0x012D
WHITE_POINT = 0x013E
PRIMARIES = 0x013F
XMP = 0x02BC
IPTC = 0x83BB
RESOURCES = 0x8649
LAYERS = 0x935C
CREDENTIALS = 0xCD41
KEYWORDS = 0x9C9E
"""XPKeywords of Windows."""
EXIF = 0x8769
GPS = 0x8825
DNG_VERSION = 0xC612
EXIF_VERSION = 0x9000
MAKER_NOTE = 0x927C
EXIF_WIDTH = 0xA002
EXIF_HEIGHT = 0xA003
LENS_MODEL = 0xA434
COLOUR_SPACE = 0xA001
INTEROP = 0xA005
GAMMA = 0xA500
INTEROP_INDEX, RELATED_WIDTH, RELATED_HEIGHT = 1, 0x1001, 0x1002
"""In the directory that INTEROP points to."""

PICTURE_TAGS = frozenset(
    {254, 255, *range(256, 260), 262, 263, 264, 265, 266, 273, *range(277, 282), 284, 290, 291, 292, 293, 301, 317}
    | {*range(320, 326), 330, *range(332, 335), *range(336, 348), *range(512, 522), *range(529, 533), 559, 32997, 32998}
    | {700, 33723, 34377, 34675, 37724, 50341, DNG_VERSION, 50707, 50838, 50839, CREDENTIALS}
)
"""TIFF tags that say how pixels are stored, or that are carried over on a way of their own (TIFF 6.0, section 8)."""

BYTE = 1
ASCII = 2
SHORT = 3
LONG = 4
RATIONAL = 5
UNDEFINED = 7
SRATIONAL = 10
IFD = 13
UTF8 = 129
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
"""Bytes of a value by its kind; 129 are texts in UTF-8 (Exif 3.0, section 4.6.2)."""
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I"}
"""The numbers that are whole, as the module ``struct`` calls them."""

EMPTY = b"II*\0\0\0\0\0"


class StructureError(ValueError):
    """Bytes that are no TIFF structure, or one that is broken."""

    def __init__(self, words: str) -> None:
        super().__init__(words if isinstance(words, Sentence) else Sentence(words))


class Entry(NamedTuple):
    """One entry of a directory: ``length`` values of a kind (ASCII, SHORT ...), as the photo claims.

    ``value`` is the last four bytes as stored, the values themselves or where they lie.
    """

    tag: int
    kind: int
    length: int
    value: bytes
    at: int = 0
    """Where the entry lies in the structure."""

    @property
    def size(self) -> int:
        """Bytes of the value; 0 for a kind that does not exist."""
        return _SIZES.get(self.kind, 0) * self.length


def find(entries: Iterable[Entry], tag: int) -> Entry | None:
    """The first entry of that tag."""
    return next((entry for entry in entries if entry.tag == tag), None)


def byte_order(file: BinaryIO, at: int) -> str | None:
    """``<`` or ``>`` for the TIFF structure at ``at``, whatever its magic number; None if there is none after all."""
    file.seek(at)
    return {b"II": "<", b"MM": ">"}.get(file.read(2))


class Structure:
    """A TIFF structure in memory, or from ``base`` on in a seekable binary file.

    Raises StructureError for bytes that are none (unless their ``order``, ``<`` or ``>``, is given), and where it turns
    out to be broken.

    >>> block = Structure(EMPTY)
    >>> block.set_text(SOFTWARE, "Sixbit")
    >>> [(hex(entry.tag), entry.length) for entry in block.first()]
    [('0x131', 7)]
    """

    def __init__(self, file: BinaryIO | bytes, base: int = 0, order: str | None = None) -> None:
        self.file: BinaryIO = io.BytesIO(file) if isinstance(file, bytes) else file
        self.base = base
        self.order = order or {b"II*\0": "<", b"MM\0*": ">"}.get(self.read(0, 8)[:4], "")
        if not self.order:
            raise StructureError("not a TIFF structure")

    def read(self, at: int, size: int) -> bytes:
        """``size`` bytes at ``at``; raises StructureError where the structure ends before."""
        if self.base + at < 0:
            raise StructureError("the structure points before its beginning")
        self.file.seek(self.base + at)
        data = limits.read(self.file, size)
        if len(data) < size:
            raise StructureError("the structure is cut short")
        return data

    def content(self) -> bytes:
        """The whole structure."""
        self.file.seek(self.base)
        return self.file.read()

    def write(self, at: int, data: bytes) -> None:
        """Overwrite what stands at ``at``."""
        self.file.seek(self.base + at)
        self.file.write(data)

    def append(self, data: bytes) -> int:
        """Put ``data`` at the end, on an even offset, and return that."""
        end = self.file.seek(0, io.SEEK_END) - self.base
        self.file.write(b"\0" * (end % 2) + data)
        return end + end % 2

    def unpack(self, layout: str, data: bytes) -> tuple[int, ...]:
        """Numbers in the byte order of the structure."""
        return struct.unpack(self.order + layout, data)

    def pack(self, layout: str, *numbers: int) -> bytes:
        """The bytes of numbers in the byte order of the structure."""
        return struct.pack(self.order + layout, *numbers)

    @property
    def first_at(self) -> int:
        """Where the first directory lies."""
        return self.unpack("I", self.read(4, 4))[0]

    def directory(self, at: int) -> tuple[list[Entry], int]:
        """The entries of the directory at ``at``, and where the next one lies (0: there is none)."""
        if not at:
            return [], 0
        (count,) = self.unpack("H", self.read(at, 2))
        if count > limits.ENTRIES:
            raise StructureError(Sentence("a directory of {count} entries", count=count))
        rows = struct.iter_unpack(self.order + "HHI4s", self.read(at + 2, 12 * count))
        entries = [
            Entry(tag, kind, length, value, at + 2 + 12 * k) for k, (tag, kind, length, value) in enumerate(rows)
        ]
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
        return self.directory(self.number(find(self.first(), pointer)) or 0)[0]

    def offset(self, entry: Entry) -> int | None:
        """The offset of a value; None if it stands in the entry itself."""
        return self.unpack("I", entry.value)[0] if entry.size > 4 else None

    def place(self, entry: Entry) -> int:
        """Where in the file a value stands."""
        offset = self.offset(entry)
        return self.base + (entry.at + 8 if offset is None else offset)

    def data(self, entry: Entry, most: int = 4096) -> bytes:
        """The bytes of a value, ``most`` of them at most, and no more than there are."""
        if self.offset(entry) is None:
            return entry.value[: entry.size]
        self.file.seek(self.place(entry))
        return self.file.read(min(entry.size, most))

    def numbers(self, entry: Entry | None) -> tuple[int, ...]:
        """A value as whole numbers, the first 64 of them; none if it is missing or of another kind."""
        if entry is None or entry.kind not in _CODES:
            return ()
        data = self.data(entry, 64 * _SIZES[entry.kind])
        whole = len(data) // _SIZES[entry.kind]
        return self.unpack(f"{whole}{_CODES[entry.kind]}", data[: whole * _SIZES[entry.kind]])

    def number(self, entry: Entry | None) -> int | None:
        """The value of an entry that holds one whole number (SHORT or LONG), else None."""
        if entry is None or entry.length != 1 or entry.kind not in (SHORT, LONG):
            return None
        return self.numbers(entry)[0]

    def ratio(self, entry: Entry | None) -> float | None:
        """The first rational number; None for 0/0, and if it is missing or of another kind."""
        if entry is None or entry.kind not in (RATIONAL, SRATIONAL) or len(data := self.data(entry, 8)) < 8:
            return None
        numerator, denominator = self.unpack("II" if entry.kind == RATIONAL else "ii", data)
        return numerator / denominator if denominator else None

    def ratios(self, entry: Entry | None) -> tuple[float, ...]:
        """All rational numbers of a value; none if one of them is x/0, or if it is missing or of another kind."""
        if entry is None or entry.kind not in (RATIONAL, SRATIONAL):
            return ()
        data = self.data(entry)
        numbers = self.unpack(
            ("I" if entry.kind == RATIONAL else "i") * (len(data) // 8 * 2), data[: len(data) // 8 * 8]
        )
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        return tuple(above / below for above, below in pairs) if all(below for _, below in pairs) else ()

    def set_number(self, entry: Entry | None, number: int) -> None:
        """Set the whole number of an entry where it stands; an entry that is missing or holds another kind is left."""
        if entry is None or self.number(entry) in (None, number) or (entry.kind == SHORT and number > 0xFFFF):
            return
        self.write(entry.at + 8, self.pack("H", number) + b"\0\0" if entry.kind == SHORT else self.pack("I", number))

    def set_text(self, tag: int, text: str) -> None:
        """Set a text of the first directory: in the place of the old one if that was as long, else at the end."""
        data, old = text.encode("ascii", "replace") + b"\0", find(self.first(), tag)
        held = len(self.data(old)) if old else 0  # less than it says, where it lies about its size
        if old is None or old.kind != ASCII or held < old.size or not 4 < len(data) <= held:
            self.set_first(self.entry(tag, ASCII, data))
            return
        self.write(self.place(old) - self.base, data.ljust(held, b"\0"))
        self.write(old.at + 4, self.pack("I", len(data)))

    def set_first(self, new: Entry) -> None:
        """Give the first directory an entry, in place of its own of that tag; if it has none, it moves to the end."""
        old = find(self.first(), new.tag)
        if old is None:
            self.put_first([new])
        else:
            self.write(old.at, self._packed(new))

    def entry(self, tag: int, kind: int, data: bytes) -> Entry:
        """An entry for a value, which now lies at the end if it does not fit in the entry itself."""
        value = data.ljust(4, b"\0") if len(data) <= 4 else self.pack("I", self.append(data))
        return Entry(tag, kind, len(data) // _SIZES[kind], value)

    def put_first(self, entries: Iterable[Entry]) -> None:
        """Give the first directory these entries too, instead of its own of the same tags; it moves to the end."""
        old, following = self.directory(self.first_at)
        new = {entry.tag: entry for entry in entries}
        kept = [entry for entry in old if entry.tag not in new]
        self.write(4, self.pack("I", self.append_directory([*kept, *new.values()], following)))

    def remove_sub(self, pointer: int, tag: int) -> None:
        """Take an entry out of the directory that the tag ``pointer`` leads to, if there is one."""
        at = self.number(find(self.first(), pointer))
        if at:
            self.remove(at, {tag})

    def remove(self, at: int, tags: Container[int]) -> None:
        """Take entries out of the directory at ``at``; those before keep their places, and nothing is left of them."""
        entries, following = self.directory(at)
        kept = [entry for entry in entries if entry.tag not in tags]
        if len(kept) == len(entries):
            return
        data = b"".join(map(self._packed, kept)) + self.pack("I", following) + bytes(12 * (len(entries) - len(kept)))
        self.write(at, self.pack("H", len(kept)) + data)

    def set_sub(self, pointer: int, entries: Iterable[Entry]) -> None:
        """Make these the entries of the directory that the tag ``pointer`` leads to; it moves to the end."""
        old = find(self.first(), pointer)
        if old is not None and self.number(old) is None:
            raise StructureError(Sentence("the directory {place} cannot be found", place=f"0x{pointer:04X}"))
        self.set_first(Entry(pointer, LONG, 1, self.pack("I", self.append_directory(entries))))

    def append_directory(self, entries: Iterable[Entry], following: int = 0) -> int:
        """Put a directory at the end, and return where it lies; ``following`` is where the next one does."""
        return self.append(self.packed_directory(entries, following))

    def packed_directory(self, entries: Iterable[Entry], following: int) -> bytes:
        """A directory of these entries in the order of their tags, but for those of a kind that does not exist.

        They say nothing, and where one of them came first, readers would give up the whole directory.
        """
        kept = sorted((entry for entry in entries if entry.kind in _SIZES), key=lambda entry: entry.tag)
        return self.pack("H", len(kept)) + b"".join(map(self._packed, kept)) + self.pack("I", following)

    def _packed(self, entry: Entry) -> bytes:
        return self.pack("HHI", entry.tag, entry.kind, entry.length) + entry.value

    def complete_first(self, source: Structure, without: Container[int]) -> None:
        """Give the first directory what that of ``source``, of the same byte order, has more, but for some tags."""
        present = {entry.tag for entry in self.first()}
        added = []
        for entry in source.first():
            # A directory beside the first one is not copied, so that nothing may point to it.
            wanted = entry.tag not in present and entry.tag not in without and entry.kind != IFD
            if not wanted or not 0 < entry.size <= limits.COPIED:
                continue
            value = entry.value
            if entry.size > 4:
                value = self.pack("I", self.append(source.read(source.place(entry), entry.size)))
            added.append(entry._replace(value=value))
        self.put_first(added)

    def thumbnail(self) -> tuple[int, int] | None:
        """Where the JPEG thumbnail of the second directory lies, and its length; None if there is none."""
        entries, _ = self.directory(self.directory(self.first_at)[1])
        at, size = (self.number(find(entries, tag)) for tag in (THUMBNAIL, THUMBNAIL_LENGTH))
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
