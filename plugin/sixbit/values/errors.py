"""Whatever Sixbit cannot do, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def photo_name(path: str | Path) -> str:
    """A path as it can stand in a message of one line: what cannot be printed is escaped.

    >>> photo_name("two\\nlines.jpg")
    'two\\\\nlines.jpg'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(path))


class SixbitError(Exception):
    """Whatever Sixbit cannot do, in words for the one who asked.

    ``reason`` is what is wrong, ``way_out`` what can be done about it on the command line, which the message tells too:
    an editor, which has other ways out, shows the reason alone.
    """

    def __init__(self, reason: object = "", way_out: str = "") -> None:
        super().__init__(reason, *([way_out] if way_out else []))
        self.reason, self.way_out = reason, way_out

    def __str__(self) -> str:
        return f"{self.reason} {self.way_out}".rstrip()


class PhotoError(SixbitError):
    """A photo that cannot be used; the message names it and says what can be done."""


class NotCorrectedError(PhotoError):
    """A photo that there is no correction for; ``status`` says why in a word, the message in a sentence.

    ``ambiguous``, ``unknown``, ``untagged`` or ``not_m`` as the matcher says it, ``uncalibrated``, or
    ``already_corrected``.
    """

    def __init__(self, status: str, reason: str, way_out: str = "") -> None:
        super().__init__(reason, way_out)
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, *self.args)


class CatalogueError(SixbitError, ValueError):
    """A file of the catalogue that cannot be read, Sixbit's own or the user's; the message names it."""


class CompileError(SixbitError, ValueError):
    """A correction that cannot be compiled; the message says why and what can be done."""


class CalibrationError(SixbitError):
    """Frames that a calibration cannot be made from; the message says why, and which frames would do."""


class ArgumentError(SixbitError, ValueError):
    """A request that makes no sense; the message says why."""
