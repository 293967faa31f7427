"""Digests by which it is seen that two measurements were made of the same photo, which then counts once."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sixbit.tags.read import opened
from sixbit.values.shot import Shot

END = 1 << 14
"""Bytes at the end of a file by which copies are known."""
DIGITS = 12


def identity_of(path: Path, shot: Shot, taken: str) -> str:
    """A digest of when and by which camera a photo was ``taken``, and of its file's end: copies have the same.

    Programs that write a rating or a lens into a photo change its beginning and its length, and not its pixels. Raises
    PhotoError if it cannot be read.
    """
    with opened(path) as file:
        file.seek(max(0, file.seek(0, 2) - END))
        end = file.read(END)
    return _digest((taken, *shot.camera), end)


def shutter_of(shot: Shot, taken: str) -> str:
    """A digest of the press of the shutter, by which a raw and the photo made of it are one; empty if nothing says it.

    Photos of one second are taken for one: they count too little then, and never twice.
    """
    return _digest((taken, *shot.camera, shot.f_number and shot.f_number.value)) if taken and shot.model else ""


def _digest(how: tuple[object, ...], content: bytes = b"") -> str:
    return hashlib.sha256(repr(how).encode("utf-8", "surrogateescape") + content).hexdigest()[:DIGITS]
