"""The tags of a BigTIFF, whose places have 64 bits, as a block of the common kind (libtiff's BigTIFF design)."""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator
from typing import BinaryIO, NamedTuple

from sixbit.files import limits, tiff
from sixbit.files.tiff import Entry, Structure, StructureError
from sixbit.values.sentence import Sentence

_LONG8, _SLONG8, _IFD8 = 16, 17, 18
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, _LONG8: 8, _SLONG8: 8}
_PLACES = frozenset({273, 279, 324, 325, tiff.SUB_IFDS, tiff.EXIF, tiff.GPS})
"""Tags that hold places in the file, which mean nothing elsewhere."""


class _Big(NamedTuple):
    """One entry of a BigTIFF: its value itself, or where that lies."""

    tag: int
    kind: int
    length: int
    value: bytes


def classic(file: BinaryIO, without: Container[int] = frozenset()) -> bytes:
    """The first directory of a BigTIFF and those of Exif and GPS as a TIFF structure, but for some tags.

    What says where pixels lie is left out. Raises StructureError.
    """
    order = tiff.byte_order(file, 0) or "<"
    block = Structure((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    file.seek(0)
    head = file.read(16)
    if len(head) < 16 or struct.unpack(order + "HH", head[4:8]) != (8, 0):
        raise StructureError("not a BigTIFF")
    main = list(_directory(file, order, *struct.unpack(order + "Q", head[8:])))
    entries = _entries(file, block, (entry for entry in main if entry.tag not in without))
    if not main:
        raise StructureError("an empty directory")
    block.put_first(entries)
    for pointer in (tiff.EXIF, tiff.GPS):
        at = next((_whole(order, entry) for entry in main if entry.tag == pointer), 0)
        if at:
            try:
                block.set_sub(pointer, _entries(file, block, _directory(file, order, at)))
            except StructureError:
                continue
    return block.content()


def value_of(file: BinaryIO, tag: int, most: int) -> bytes | None:
    """The bytes of a value of the first directory, as far as they are there; None if there is none so long."""
    order = tiff.byte_order(file, 0) or "<"
    file.seek(8)
    try:
        for entry in _directory(file, order, *struct.unpack(order + "Q", file.read(8))):
            if entry.tag == tag and 0 < _SIZES.get(entry.kind, 0) * entry.length <= most:
                return _data(file, order, entry)
    except StructureError:
        pass
    return None


def _directory(file: BinaryIO, order: str, at: int) -> Iterator[_Big]:
    (count,) = struct.unpack(order + "Q", _read(file, at, 8))
    if count > limits.ENTRIES:
        raise StructureError(Sentence("a directory of {count} entries", count=count))
    for row in struct.iter_unpack(order + "HHQ8s", _read(file, at + 8, 20 * count)):
        yield _Big(*row)


def _entries(file: BinaryIO, block: Structure, found: Iterator[_Big]) -> list[Entry]:
    """Entries of the common kind, their values in the block."""
    entries = []
    for entry in found:
        size = _SIZES.get(entry.kind, 0) * entry.length
        if entry.tag in _PLACES or not 0 < size <= limits.COPIED:
            continue
        try:
            kind, data = entry.kind, _data(file, block.order, entry)
        except StructureError:
            continue
        if kind in (_LONG8, _SLONG8):
            numbers = struct.unpack(f"{block.order}{entry.length}Q", data)
            kind, data = tiff.LONG, struct.pack(f"{block.order}{entry.length}I", *(n & 0xFFFFFFFF for n in numbers))
        entries.append(block.entry(entry.tag, kind, data)._replace(length=entry.length))
    return entries


def _data(file: BinaryIO, order: str, entry: _Big) -> bytes:
    size = _SIZES[entry.kind] * entry.length
    return entry.value[:size] if size <= 8 else _read(file, struct.unpack(order + "Q", entry.value)[0], size)


def _whole(order: str, entry: _Big) -> int:
    """The one number of an entry that points to a directory."""
    if entry.kind in (_LONG8, _IFD8):
        return int(struct.unpack(order + "Q", entry.value)[0])
    return int(struct.unpack(order + "I", entry.value[:4])[0])


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    if at >= limits.FARTHEST:
        raise StructureError("a value lies nowhere")
    file.seek(at)
    data = limits.read(file, size)
    if len(data) < size:
        raise StructureError("the structure is cut short")
    return data
