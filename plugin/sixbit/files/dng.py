"""The directory of the raw in a DNG, its opcode lists, and the tail by which Sixbit puts lists of its own there.

Nothing of a DNG moves for them. The tail holds the lists and a copy of the directory of the raw that names them; one
pointer, of four bytes, leads to that copy instead of to the directory itself. Behind them stand a record of what was
done, as JSON, and a trailer of a fixed size that tells the way back.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple

from sixbit.files import limits, tiff
from sixbit.files.dng_kept import recall
from sixbit.files.tiff import Entry, Structure, StructureError, find
from sixbit.values.sentence import Sentence

LISTS = {"OpcodeList1": 0xC740, "OpcodeList2": 0xC741, "OpcodeList3": 0xC74E}
"""The tags that opcode lists stand in: of stored values, of the linear mosaic, and of its colours."""
_OF_LENSES = frozenset({1, 2, 3, 14})
"""Opcodes that correct a lens: warps, and fall-off."""
PHOTOMETRIC = 0x0106
CFA, LINEAR = 32803, 34892
"""PhotometricInterpretation of a mosaic, and of linear light: a raw of a sensor without colours, or of mixed ones."""
ENHANCED = 16
"""NewSubfileType of a picture that a program has made of the raw."""

MAGIC = b"SIXBIT DNG TAIL\x01"
_TRAILER = struct.Struct("<16sQQIIII32s32s")
ROOM = 128
"""Bytes of the trailer, at a multiple of them: the system writes such a part of a page at once, or not at all."""
_FARTHEST = 1 << 16
"""Bytes behind the directory within which the trailer is sought, if something was appended since."""
_MOST_RECORD = 1 << 16


class RawDirectory(NamedTuple):
    """The directory of the raw: its entries, where it stands, which one follows, and where the pointer to it stands."""

    entries: list[Entry]
    at: int
    following: int
    pointer: int
    number: int = 0
    """0 for the first directory, 1 for the first one below it, and so on."""


class Tail(NamedTuple):
    """The trailer that Sixbit has left: how long the file was, the pointer that changed, with its two values, and more.

    ``digest`` is the SHA-256 of the file before, ``sum`` that of the tail itself. ``at`` and ``end`` say where the
    trailer stands, and where the file ended behind it.
    """

    before: int
    end: int
    pointer: int
    old: int
    new: int
    digest: bytes
    sum: bytes
    at: int
    record: Mapping[str, Any]


def raw_directories(structure: Structure) -> Iterator[RawDirectory]:
    """Yield the first directory of a DNG and those below it. Raises StructureError where it is broken."""
    first_at = structure.first_at
    main, following = structure.directory(first_at)
    yield RawDirectory(main, first_at, following, 4)
    below = find(main, tiff.SUB_IFDS)
    if below is None or below.kind not in (tiff.LONG, tiff.IFD):
        return
    for number, at in enumerate(structure.numbers(below)):
        entries, following = structure.directory(at)
        yield RawDirectory(entries, at, following, structure.place(below) + 4 * number, number + 1)


def raw_directory(structure: Structure, directories: Iterable[RawDirectory] | None = None) -> RawDirectory:
    """Find the one directory of the raw itself. Raises StructureError if there is none, or several.

    ``directories`` are those of the structure, if they were read already.
    """
    found = [
        one
        for one in directories or raw_directories(structure)
        if not (structure.number(find(one.entries, tiff.SUBFILE_TYPE)) or 0)
        and structure.number(find(one.entries, PHOTOMETRIC)) in (CFA, LINEAR)
    ]
    if len({one.at for one in found}) != 1 or len(found) != 1:
        raise StructureError(Sentence("it holds {count} raws", count=len(found)) if found else "it holds no raw")
    return found[0]


def lists_in(structure: Structure, entries: list[Entry]) -> dict[str, bytes]:
    """Read the opcode lists of a directory by their names. Raises StructureError where one lies beyond the file."""
    found = {}
    for name, tag in LISTS.items():
        if entry := find(entries, tag):
            if entry.size > limits.COPIED:
                raise StructureError(Sentence("{name} has {size} bytes", name=name, size=entry.size))
            found[name] = data = structure.data(entry, entry.size)
            if len(data) < entry.size:
                raise StructureError(Sentence("{name} is cut short", name=name))
    return found


def tail_of(structure: Structure, directory: RawDirectory) -> Tail | None:
    """Find the trailer at the end of a DNG, or behind the directory of the raw or its lists; None if there is none.

    Programs that change a tag may put the directory anew at the end, and leave its lists where they stand.
    """
    file = structure.file
    size = file.seek(0, os.SEEK_END)
    if found := _trailer(file, size - ROOM):
        return found
    lists = [entry for entry in directory.entries if entry.tag in LISTS.values()]
    ends = [directory.at + 2 + 12 * len(directory.entries) + 4]
    for begin in (*ends, *(structure.place(entry) + entry.size for entry in lists)):
        file.seek(begin)
        at = file.read(_FARTHEST).find(MAGIC)
        if at >= 0 and (found := _trailer(file, begin + at)):
            return found
    return None


def _trailer(file: BinaryIO, at: int) -> Tail | None:
    if at < 0:
        return None
    file.seek(at)
    data = file.read(ROOM)
    if len(data) < ROOM or not data.startswith(MAGIC):
        return None
    _, before, end, pointer, old, new, length, digest, total = _TRAILER.unpack(data[: _TRAILER.size])
    if not 8 <= before <= at or length > min(_MOST_RECORD, at - before) or not 4 <= pointer <= before - 4:
        return None
    file.seek(at - length)
    record: Any = None
    with suppress(ValueError, RecursionError):
        record = json.loads(file.read(length))
    return Tail(before, end, pointer, old, new, digest, total, at, record if isinstance(record, dict) else {})


def is_in_effect(structure: Structure, tail: Tail) -> bool:
    """Tell whether the pointer leads to the directory in the tail."""
    return structure.unpack("I", structure.read(tail.pointer, 4)) == (tail.new,)


def is_as_written(structure: Structure, tail: Tail) -> bool:
    """Tell whether nobody has changed anything in the tail since, such as a tag in the directory there."""
    return hashlib.sha256(structure.read(tail.before, tail.at - tail.before)).digest() == tail.sum


def carried(structure: Structure) -> Mapping[str, Any] | None:
    """The record of the correction that a DNG carries from Sixbit; None if it carries none, or other lists now.

    Programs that write a DNG anew keep the tail, or the lists, or neither: what counts are the lists that stand there.
    """
    with suppress(StructureError, struct.error):
        directory = raw_directory(structure)
        return own_record(lists_in(structure, directory.entries), tail_of(structure, directory))
    return None


def own_record(lists: Mapping[str, bytes], tail: Tail | None) -> Mapping[str, Any] | None:
    """Return the record of lists that Sixbit wrote, of the tail or else as this computer keeps it; None of others'."""
    if not lists:
        return None
    if tail and are_own(lists, tail.record):
        return tail.record
    kept = recall(lists)
    return kept if are_own(lists, kept) else None


def bends(structure: Structure) -> bool:
    """Tell whether there are opcodes of anybody's in a DNG that move pixels, or brighten corners by a formula."""
    with suppress(StructureError, struct.error):
        for data in lists_in(structure, raw_directory(structure).entries).values():
            at = 4
            while at + 16 <= len(data):
                number, _, _, size = struct.unpack_from(">4I", data, at)
                if number in _OF_LENSES:
                    return True
                at += 16 + size
    return False


def are_own(lists: Mapping[str, bytes], record: Mapping[str, Any]) -> bool:
    """Tell whether these are the lists that a record tells of, each and all."""
    told = record.get("lists")
    if not isinstance(told, dict) or not told:
        return False
    return all(told.get(name) == hashlib.sha256(lists.get(name, b"")).hexdigest() for name in told)


def with_sums(record: Mapping[str, Any], lists: Mapping[str, bytes]) -> dict[str, Any]:
    """Return a record with the digests of its lists, by which :func:`are_own` knows them again."""
    return {**record, "lists": {name: hashlib.sha256(data).hexdigest() for name, data in lists.items()}}


def tail_for(
    structure: Structure,
    directory: RawDirectory,
    size: int,
    digest: bytes,
    lists: Mapping[str, bytes],
    record: Mapping[str, Any],
) -> tuple[bytes, int]:
    """Make the tail of a DNG of ``size`` bytes: what is appended, and the value that the pointer gets.

    Its last bytes are the trailer. Raises StructureError where the file becomes too long for its offsets.
    """
    tail = bytearray()

    def put(data: bytes) -> int:
        tail.extend(bytes((size + len(tail)) % 2))
        tail.extend(data)
        return size + len(tail) - len(data)

    told = json.dumps(with_sums(record, lists), separators=(",", ":")).encode()
    room = size + sum(map(len, lists.values())) + 12 * (len(directory.entries) + 4) + len(told) + 4 * ROOM
    if room >= 1 << 32:
        raise StructureError("it would have more than 4 GiB")
    new = {LISTS[name]: (data, put(data)) for name, data in lists.items()}
    kept = [entry for entry in directory.entries if entry.tag not in new]
    named = [Entry(tag, tiff.UNDEFINED, len(data), structure.pack("I", at)) for tag, (data, at) in new.items()]
    at = put(structure.packed_directory([*kept, *named], directory.following))
    tail.extend(bytes(-(size + len(tail) + len(told)) % ROOM) + told)
    trailer = _TRAILER.pack(
        MAGIC,
        size,
        size + len(tail) + ROOM,
        directory.pointer,
        directory.at,
        at,
        len(told),
        digest,
        hashlib.sha256(tail).digest(),
    )
    return bytes(tail) + trailer.ljust(ROOM, b"\0"), at
