"""The one door to the terminal: no control character of a photo, a path or a library goes through it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from sixbit.values.errors import Code, SixbitError, printable
from sixbit.values.sentence import Sentence


class Door:
    """A stream of text, on which the ends of lines stay, and all else that cannot be printed is escaped.

    >>> Door(sys.stdout).write(f"two{chr(27)}[31m lines{chr(10)}")
    two\\u001b[31m lines
    15
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write a text; raises SixbitError if that is not possible, BrokenPipeError if nobody reads it any more."""
        self._done(self.stream.write, printable(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand on what was written; raises as :meth:`write` does."""
        self._done(self.stream.flush)

    def _done(self, do: Any, *arguments: str) -> None:
        try:
            do(*arguments)
        except OSError as error:
            # What is left in the buffer would fail again when Python ends, in words of its own.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())
            if isinstance(error, BrokenPipeError):
                raise
            why = Sentence("The answer cannot be written to where it should go: {error}.", error=error.strerror)
            raise SixbitError(why, Code.NOT_WRITABLE) from error


class BarDoor(Door):
    """A door for a progress bar, which begins its line anew by a carriage return."""

    def write(self, text: str) -> int:
        """Write a text, which may begin so."""
        anew = "\r" * text.startswith("\r")
        self._done(self.stream.write, anew + printable(text.removeprefix(anew)))
        return len(text)


@contextmanager
def door() -> Iterator[None]:
    """Set a door before the standard output and the error output, meanwhile."""
    streams = sys.stdout, sys.stderr
    for stream in streams:
        # A name of any bytes can be told to a terminal of any encoding.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # There may be none: a program may start another with closed streams.
    sys.stdout, sys.stderr = (cast("TextIO", Door(stream or io.StringIO())) for stream in streams)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


def for_bars() -> TextIO:
    """The error output for progress bars, and for what is said between them."""
    stream: Any = sys.stderr
    return cast("TextIO", BarDoor(stream.stream if isinstance(stream, Door) else stream))
