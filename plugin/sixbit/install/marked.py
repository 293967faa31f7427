"""Lines of Sixbit's in a file of the user's, between two marks: they can be taken out again, to the byte."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sixbit.files.parts import content_of
from sixbit.values.errors import Code, InstallError
from sixbit.values.sentence import Sentence

IN_NEW_FILE = b" This file was made for them."
"""Stands behind the first mark where the user had no such file."""


@dataclass(frozen=True)
class Marks:
    """The line that begins Sixbit's part of a file, and the one that ends it. A file that is not there is None.

    >>> marks = Marks(b"# Sixbit begins.", b"# Sixbit ends.")
    >>> file = marks.put(b"mine", b"lens\\n")
    >>> print(file.decode())
    # Sixbit begins.
    lens
    # Sixbit ends.
    mine
    >>> marks.between(file), marks.taken_out(file)
    (b'lens\\n', b'mine')
    """

    begin: bytes
    end: bytes

    def put(self, file: bytes | None, lines: bytes, head: int = 0) -> bytes:
        """Return a file that holds none of Sixbit's lines with these, behind ``head`` bytes of it."""
        own = file or b""
        begin = self.begin + (IN_NEW_FILE if file is None else b"")
        return own[:head] + begin + b"\n" + lines + self.end + b"\n" + own[head:]

    def between(self, file: bytes | None) -> bytes | None:
        """Return Sixbit's lines in a file; None if there are none, or a mark is missing."""
        parts = self._parts(file or b"")
        return parts and parts[2]

    def taken_out(self, file: bytes | None) -> bytes | None:
        """Return a file as it was before Sixbit's lines were put in; None if there was none."""
        parts = self._parts(file or b"")
        if parts is None:
            return file
        before, mark, _, after = parts
        left = before + after
        return left if left or not mark.startswith(IN_NEW_FILE) else None

    def _parts(self, file: bytes) -> tuple[bytes, bytes, bytes, bytes] | None:
        """Part a file: before the first mark, the rest of its line, between the marks, and after them."""
        before, begin, within = file.partition(self.begin)
        between, end, after = within.partition(self.end + b"\n")
        if not begin or not end:
            return None
        mark, _, lines = between.partition(b"\n")
        return before, mark, lines, after


def content(path: Path) -> bytes | None:
    """Return what is in a file of the user's, None if there is none. Raises InstallError if it cannot be read."""
    try:
        return content_of(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        why = Sentence("cannot be read: {error}.", error=error.strerror)
        raise InstallError(why, Code.NO_ACCESS, subject=path) from error
