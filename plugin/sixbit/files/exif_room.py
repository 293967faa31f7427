"""An Exif block put into less room, as the one segment that a JPEG has for it: what is needed least goes first.

The maker note keeps its place, for it holds offsets that only its maker understands; all else is laid around it anew.
"""

from __future__ import annotations

from collections.abc import Container

from sixbit.files import tiff
from sixbit.files.tiff import Entry, Structure, StructureError

_DIRECTORIES = frozenset({tiff.EXIF, tiff.GPS, tiff.INTEROP, tiff.SUB_IFDS})
_PICTURES = {tiff.THUMBNAIL: tiff.THUMBNAIL_LENGTH, tiff.STRIPS: tiff.STRIP_LENGTHS}
"""The tags that tell where a small picture lies, or its strips, with those that tell how long they are."""
_HEADER = 8
_MOST_DIRECTORIES = 64


def fitted(block: bytes, room: int) -> tuple[bytes, list[str]]:
    """The block in at most ``room`` bytes, and what was left out for that, in words.

    What nothing points to goes first, then the thumbnail, then the maker note, then the longest values. So the
    orientation stays, whose value stands in its entry. Raises StructureError for a block that is broken.

    >>> block = Structure(tiff.EMPTY)
    >>> block.set_text(tiff.SOFTWARE, "Sixbit")
    >>> [(len(small), told) for small, told in (fitted(block.content() + b"lost", 36), fitted(block.content(), 30))]
    [(33, ['what nothing in it points to']), (14, ['Software'])]
    """
    source = Structure(block)
    whole = _Copy(source, len(block))
    left_out = ["what nothing in it points to"] if whole.leaves_something() else []
    if (copy := _Copy(source, room)).fits:
        return copy.content(), left_out
    if whole.has_thumbnail:
        left_out.append("the thumbnail")
    without: set[int] = set()
    while not (copy := _Copy(source, room, without, with_thumbnail=False)).fits:
        if not copy.values:
            raise StructureError("it is longer than its values are")
        sizes = copy.values
        longest = sorted(sizes, key=lambda tag: (tag != tiff.MAKER_NOTE, -sizes[tag]))
        needless = 1
        while sum(sizes[tag] for tag in longest[needless:]) > room:
            needless += 1
        without.update(longest[:needless])
        left_out += map(_name, longest[:needless])
    return copy.content(), left_out


def _name(tag: int) -> str:
    from sixbit.files.exiv2 import loaded_exiv2

    if tag == tiff.MAKER_NOTE:
        return "the maker note"
    names = (str(loaded_exiv2().ExifKey(tag, group).tagName()) for group in ("Photo", "Image", "GPSInfo"))
    return next((name for name in names if not name.startswith("0x")), f"tag 0x{tag:04X}")


class _Copy:
    """A copy of a structure in at most ``room`` bytes, without the entries of some tags; ``fits`` tells if that failed.

    ``values`` are the bytes of the longest value of each tag, of those that do not stand in their entries.
    """

    def __init__(
        self, source: Structure, room: int, without: Container[int] = (), *, with_thumbnail: bool = True
    ) -> None:
        self.source, self.without, self.with_thumbnail = source, without, with_thumbnail
        self.fits, self.has_thumbnail = True, False
        self.values: dict[int, int] = {}
        self._data, self._end, self._free = bytearray(room), _HEADER, [(_HEADER, room)]
        self._unread = bytearray(source.content())
        self._moved: dict[int, int] = {}
        note = tiff.find(source.sub(tiff.EXIF), tiff.MAKER_NOTE)
        self._note_at = source.offset(note) if note and tiff.MAKER_NOTE not in without else None
        if note and self._note_at is not None:
            self._keep(self._note_at, note.size)
        first = self._directory(source.first_at)
        self._data[:_HEADER] = self._read(0, _HEADER)[:4] + source.pack("I", first)

    def content(self) -> bytes:
        """The copy, if it fits."""
        return bytes(self._data[: self._end])

    def leaves_something(self) -> bool:
        """True if there is more in the source than zeros and what was copied."""
        return any(self._unread)

    def _read(self, at: int, size: int) -> bytes:
        data = self.source.read(at, size)
        self._unread[at : at + size] = bytes(size)
        return data

    def _keep(self, at: int, size: int) -> None:
        """Copy bytes to the place that they have."""
        data, end = self._read(at, size), at + size
        self.values[tiff.MAKER_NOTE] = size
        self.fits = at >= _HEADER and end <= len(self._data)
        if self.fits:
            self._free = [(_HEADER, at), (end, len(self._data))]
            self._data[at:end], self._end = data, end

    def _put(self, data: bytes) -> int:
        """Copy bytes to the first gap that takes them, and return where that is."""
        for number, (start, end) in enumerate(self._free):
            at = start + start % 2
            if at + len(data) <= end:
                self._free[number] = (at + len(data), end)
                self._data[at : at + len(data)] = data
                self._end = max(self._end, at + len(data))
                return at
        self.fits = False
        return 0

    def _directory(self, at: int) -> int:
        """Copy a directory with all that it leads to, and return its new place; 0 if it is none."""
        if at in self._moved:
            return self._moved[at]
        if len(self._moved) > _MOST_DIRECTORIES:
            raise StructureError("it has more directories than any photo needs")
        entries, following = self.source.directory(at)
        size = 2 + 12 * len(entries)
        wanted = [entry for entry in entries if entry.tag not in self.without]
        self._read(at, size)
        self._unread[at + size : at + size + 4] = bytes(len(self._unread[at + size : at + size + 4]))
        place = self._moved[at] = self._put(bytes(6 + 12 * len(wanted)))
        kept = [copy for entry in wanted if (copy := self._entry(entry, entries))]
        self.has_thumbnail = self.has_thumbnail or following != 0
        following = self._tried(following) if self.with_thumbnail else 0
        if self.fits:
            packed = self.source.packed_directory(kept, following)
            self._data[place : place + len(packed)] = packed
        return place

    def _tried(self, at: int) -> int:
        try:
            return self._directory(at) if at else 0
        except StructureError:
            return 0

    def _entry(self, entry: Entry, others: list[Entry]) -> Entry | None:
        """Copy the value of an entry, and return the entry with its new place; None for one that is broken."""
        source = self.source
        if entry.tag in _DIRECTORIES or entry.kind == tiff.IFD:
            return self._pointing(entry, [self._tried(at) for at in source.numbers(entry)])
        try:
            if entry.tag in _PICTURES:
                sizes = source.numbers(tiff.find(others, _PICTURES[entry.tag]))
                parts = [self._read(at, size) for at, size in zip(source.numbers(entry), sizes, strict=True)]
                return self._pointing(entry, [self._put(part) for part in parts])
            at = source.offset(entry)
            if at is None or (entry.tag == tiff.MAKER_NOTE and at == self._note_at):
                return entry
            data = self._read(at, entry.size) if self.fits else b""
        except (StructureError, ValueError):
            return entry if entry.tag in _PICTURES else None
        self.values[entry.tag] = max(entry.size, self.values.get(entry.tag, 0))
        return entry._replace(value=source.pack("I", self._put(data)))

    def _pointing(self, entry: Entry, places: list[int]) -> Entry:
        data = self.source.pack(f"{len(places)}I", *places)
        value = data.ljust(4, b"\0") if len(data) <= 4 else self.source.pack("I", self._put(data))
        kind = tiff.IFD if entry.kind == tiff.IFD else tiff.LONG
        return entry._replace(kind=kind, length=len(places), value=value)
