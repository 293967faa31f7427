"""Maker notes that Leica's M (Typ 240) and its kin append to a JPEG, with offsets that count from the file's start.

They move as the length of the picture changes, and all their offsets with them.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from sixbit.files import tiff
from sixbit.tags.leica import read_leica_note
from sixbit.tags.shot import lens_name_in

_HEADER = 8
"""Bytes of a note before its directory."""


@dataclass(frozen=True)
class Trailer:
    """A note that was found at ``at`` in a file, with all that follows it."""

    data: bytes
    at: int
    entry: tiff.Entry
    """The entry of the Exif block that points to it, as it was."""
    order: str
    from_block: bool
    """True if that entry counts from the Exif block instead of the start of the file."""
    lens: str | None
    """The name of the lens that the note tells."""

    def append(self, file: BinaryIO, block_at: int) -> None:
        """Write the note to the end of a JPEG, and tell the Exif block at ``block_at`` where it is."""
        at = file.seek(0, io.SEEK_END)
        # The structure wants a header before it, which is cut off again.
        note = tiff.Structure((b"II*\0" if self.order == "<" else b"MM\0*") + b"\0" * 4 + self.data)
        with suppress(tiff.StructureError):
            for entry in note.directory(8 + _HEADER)[0]:
                if entry.size > 4:
                    moved = note.unpack("I", entry.value)[0] + at - self.at
                    note.write(entry.at + 8, note.pack("I", max(moved, 0)))
        file.write(note.content()[8:])
        with suppress(tiff.StructureError):
            if placed := tiff.find(tiff.Structure(file, block_at).sub(tiff.EXIF), tiff.MAKER_NOTE):
                file.seek(block_at + placed.at + 4)
                file.write(note.pack("II", self.entry.length, at - block_at * self.from_block))
        file.seek(0, io.SEEK_END)


def taken(exif: bytes, block_at: int, data: bytes, end: int) -> tuple[bytes, Trailer | None]:
    """The Exif block of a JPEG without a pointer out of itself, and the note it led to.

    The block lies at ``block_at`` in ``data``, the note beyond ``end``.
    """
    try:
        block = tiff.Structure(exif)
        entry = tiff.find(block.sub(tiff.EXIF), tiff.MAKER_NOTE)
    except tiff.StructureError:
        return exif, None
    if entry is None or entry.length <= 4:
        return exif, None
    (offset,) = block.unpack("I", entry.value)
    if offset + entry.length <= len(exif):
        return exif, None
    for at in (block_at + offset, offset):
        if at >= end and data[at : at + 6] == b"LEICA\0":
            lens = lens_name_in(
                read_leica_note(tiff.Structure(io.BytesIO(data), block_at, block.order), at, entry.size)
            )
            # The entry holds four zero bytes in place of the note, until that has its new place.
            block.write(entry.at + 4, block.pack("II", 4, 0))
            return block.content(), Trailer(data[at:], at, entry, block.order, at != offset, lens)
    return exif, None
