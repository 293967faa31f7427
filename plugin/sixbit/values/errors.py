"""The errors of Sixbit, as values: a code for programs, what it is about, and the reason in words.

A reason says what is wrong. What can be done about it depends on where the user is, so it stands in a table by code of
whoever shows the error: ``cli/ways_out.py``, ``export/ways_out.py``, and one in each editor.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any


class Code(StrEnum):
    """Kinds of trouble: each has a way out of its own, wherever it is shown."""

    # A file that is read.
    NOT_FOUND = "not_found"
    NOT_A_FILE = "not_a_file"
    NO_ACCESS = "no_access"
    DAMAGED = "damaged"
    FORMAT = "format"
    """A format, or a way to store pixels, that is not read."""
    RAW = "raw"
    TOO_LARGE = "too_large"
    MANY_PIXELS = "many_pixels"
    """More than are decoded unless that is asked for."""
    TOO_SLOW = "too_slow"
    """A photo of a batch that takes longer than any of its size."""
    PROFILE = "profile"
    """A colour profile that gives no linear light."""
    # What is written.
    ENDING = "ending"
    NAME = "name"
    """A name that something else has, the photo itself for one, or that cannot be."""
    NO_FOLDER = "no_folder"
    READ_ONLY = "read_only"
    DISK_FULL = "disk_full"
    NOT_WRITABLE = "not_writable"
    METADATA = "metadata"
    """Metadata that a preset takes away, and that cannot be."""
    CONVERSION = "conversion"
    """Colours that cannot be converted to the profile of a preset."""
    EXISTS = "exists"
    # Which lens it was. The first four are what the matcher says.
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"
    UNTAGGED = "untagged"
    NOT_M = "not_m"
    NO_SUCH_LENS = "no_such_lens"
    NOT_REMEMBERED = "not_remembered"
    # How it was used.
    APERTURE = "aperture"
    FOCAL_LENGTH = "focal_length"
    CROP_FACTOR = "crop_factor"
    SIZE = "size"
    # What is known of it.
    UNCALIBRATED = "uncalibrated"
    GRADE = "grade"
    """There is a calibration, of a grade that was not asked for."""
    OTHER_USE = "other_use"
    """There is a calibration, of another setting or body."""
    FOLDS = "folds"
    BAD_DISTORTION = "bad_distortion"
    BAD_VIGNETTING = "bad_vignetting"
    BAD_SHADING = "bad_shading"
    ALREADY_CORRECTED = "already_corrected"
    COMPENSATED = "compensated"
    """Fall-off that the camera itself has compensated, for a lens that it knew."""
    RESHAPED = "reshaped"
    """A picture that was cropped, stitched or bent, so that its optical centre is not known."""
    # The user's own files.
    USER_FILE = "user_file"
    RUN = "run"
    """A calibration run of the user's, which cannot be used."""
    BUNDLE = "bundle"
    """A calibration of somebody else's that cannot be taken over."""
    NO_RUN = "no_run"
    """There is no such run, or none that fits."""
    PRESET = "preset"
    PRESET_FILE = "preset_file"
    """A preset that makes no sense."""
    VERSION = "version"
    # Frames that a lens is measured from.
    FLATS = "flats"
    TOO_BRIGHT = "too_bright"
    TOO_DARK = "too_dark"
    LINES = "lines"
    EDGES = "edges"
    OVERLAP = "overlap"
    FRAMES = "frames"
    """They differ, are too small, or are corrected already."""
    # Programs, and what they are made of.
    ARGUMENT = "argument"
    BUSY = "busy"
    CLUSTER = "cluster"
    ENGINE = "engine"
    NO_KERNEL = "no_kernel"
    MISSING_PART = "missing_part"
    NO_EDITOR = "no_editor"
    NOT_INSTALLED = "not_installed"
    SANDBOX = "sandbox"
    FAULT = "fault"
    """A mistake of Sixbit's own."""


def photo_name(path: str | Path) -> str:
    """A path, or words of a library, as they can stand in a message of one line: what cannot be printed is escaped.

    In the notation of JSON, so that JSON stays it.

    >>> photo_name("two\\nlines.jpg")
    'two\\\\nlines.jpg'
    """
    name = str(path)
    return name if name.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in name)


def printable(message: str) -> str:
    """Escape what cannot be printed in a message, but for the ends of its lines: a photo writes to no terminal.

    >>> printable(f"stored as {chr(27)}[31m.")
    'stored as \\\\u001b[31m.'
    """
    return message if message.isprintable() else "\n".join(map(photo_name, message.split("\n")))


def _escaped(character: str) -> str:
    import json

    return json.dumps(character)[1:-1]


class SixbitError(Exception):
    """The base of all errors that Sixbit raises for a reason it can tell.

    ``reason`` says why, in words that hold everywhere; ``code`` is its kind; ``subject`` is the photo, file or name
    that the reason is about and does not repeat. A :class:`sixbit.values.sentence.Sentence` brings its own code.
    What cannot be printed is escaped in the reason, which may have the words of a photo or a library, wherever it is
    shown; it has several lines only as a Sentence.

    >>> error = SixbitError("is empty.", Code.DAMAGED, subject="a.jpg")
    >>> str(error), error.code.value
    ('a.jpg: is empty.', 'damaged')
    """

    code = Code.ARGUMENT

    def __init__(self, reason: object = "", code: Code | None = None, subject: str | Path | None = None) -> None:
        super().__init__(reason, code, subject)
        self.reason = photo_name(reason) if type(reason) is str else reason
        self.subject = subject
        self.code = code or getattr(reason, "code", None) or self.code

    @property
    def values(self) -> Mapping[str, Any]:
        """The values in the reason, by name, if it is a sentence of parts."""
        return getattr(self.reason, "values", {})

    def __str__(self) -> str:
        named = "" if self.subject is None else f"{photo_name(self.subject)}: "
        return printable(f"{named}{self.reason}")


class PhotoError(SixbitError):
    """A photo, or a file beside it, that cannot be read, used or written."""

    code = Code.NO_ACCESS


class NotCorrectedError(PhotoError):
    """A photo that there is no correction for.

    ``candidates`` are the identities of the lenses that it may have been, where it says something of its lens.
    """

    code = Code.UNCALIBRATED
    candidates: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """Why, in one of the words that a preset has an answer to.

        ``ambiguous``, ``unknown``, ``untagged`` or ``not_m`` as the matcher says it, ``uncalibrated``,
        ``already_corrected`` or ``reshaped``.
        """
        if self.code is Code.COMPENSATED:
            return str(Code.ALREADY_CORRECTED)
        told = (Code.AMBIGUOUS, Code.UNKNOWN, Code.UNTAGGED, Code.NOT_M, Code.ALREADY_CORRECTED, Code.RESHAPED)
        return str(self.code if self.code in told else Code.UNCALIBRATED)


class CatalogueError(SixbitError, ValueError):
    """A file of the catalogue that cannot be read, Sixbit's own or the user's."""

    code = Code.USER_FILE


class CompileError(SixbitError, ValueError):
    """A correction that cannot be compiled."""


class FilterError(SixbitError, ValueError):
    """A filter that cannot be read."""


class EngineError(SixbitError, ValueError):
    """Pixels that an engine cannot take, or an engine that is not to be had."""


class PresetError(SixbitError, ValueError):
    """A preset that does not exist or makes no sense; the reason names each wrong field and what would be right."""

    code = Code.PRESET


class CalibrationError(SixbitError):
    """Frames that a calibration cannot be made from, or a calibration that cannot be kept."""


class InstallError(SixbitError):
    """Something that cannot be put into another program, or taken out of it."""

    code = Code.NOT_WRITABLE


class ArgumentError(SixbitError, ValueError):
    """A request that makes no sense."""


class UserFileWarning(UserWarning):
    """A file of the user's that cannot be read, and that Sixbit goes on without; ``error`` says what is wrong."""

    def __init__(self, error: SixbitError) -> None:
        super().__init__(str(error))
        self.error = error


def go_on_without(error: SixbitError) -> None:
    """Tell the user of a file that is passed over, once in a process."""
    import warnings

    warnings.warn(UserFileWarning(error), stacklevel=1)
