"""Lines of Sixbit's in a file of the user's, between two marks: they can be taken out again, to the byte."""

from __future__ import annotations

import os
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

    def damaged(self, file: bytes | None) -> bool:
        """Tell whether a mark of a file is missing, or stands there twice.

        >>> marks = Marks(b"# Sixbit begins.", b"# Sixbit ends.")
        >>> marks.damaged(b"# Sixbit begins.\\nlens\\n"), marks.damaged(marks.put(b"mine", b"lens\\n"))
        (True, False)
        """
        counts = [(file or b"").count(mark) for mark in (self.begin, self.end)]
        return counts not in ([0, 0], [1, 1])

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
        between, end, after = within.partition(self.end)
        if not begin or not end:
            return None
        mark, _, lines = between.partition(b"\n")
        # An editor may have ended lines in its own way, or the last one not at all.
        return before, mark, lines, after.removeprefix(b"\r").removeprefix(b"\n")


def meant(path: Path) -> Path:
    """Return the file that is meant by a path, if it is a link: it is written there, and the link stays."""
    return Path(os.path.realpath(path))  # of links that go round, Path.resolve() makes a RuntimeError


def content(path: Path) -> bytes | None:
    """Return what is in a file of the user's, None if there is none. Raises InstallError if it cannot be read."""
    try:
        return content_of(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        why = Sentence("cannot be read: {error}.", error=error.strerror)
        raise InstallError(why, Code.NO_ACCESS, subject=path) from error
