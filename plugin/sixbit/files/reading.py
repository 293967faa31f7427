"""Errors that libraries throw at a file become errors of Sixbit's: nothing else leaves what reads a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sixbit.values.errors import Code, PhotoError, SixbitError, photo_name
from sixbit.values.sentence import Sentence


@contextmanager
def reading(
    path: Path, refusal: type[SixbitError] = PhotoError, code: Code = Code.DAMAGED, what: str = ""
) -> Iterator[None]:
    """Turn what is raised while a file is read into a SixbitError that names it.

    A file may say anything, and no list of what libraries throw at it is complete. Whoever calls one catches what it
    is known to throw; anything else becomes a ``refusal`` of kind ``code`` here, and its traceback goes into the log,
    for it may be a mistake of ours. ``what`` says in words what the file is, if it is no photo.

    >>> with reading(Path("a.jpg")):
    ...     raise PhotoError("is empty.")
    Traceback (most recent call last):
    sixbit.values.errors.PhotoError: a.jpg: is empty.
    """
    try:
        yield
    except SixbitError as error:
        error.subject = error.subject or path
        raise
    except MemoryError as error:
        why = _that(what, Sentence("is too large for the memory of this computer."))
        raise refusal(why, Code.TOO_LARGE, subject=path) from error
    except OSError as error:
        why = _that(what, Sentence("cannot be read: {error}.", error=of_library(error)))
        raise refusal(why, Code.NO_ACCESS if code is Code.DAMAGED else code, subject=path) from error
    except Exception as error:
        from sixbit.faults import is_strict, logged

        if is_strict():
            raise
        log = logged(f"reading {path}", error)
        more = Sentence("; {log} says more", log=str(log)) if log else ""
        why = _that(what, Sentence("cannot be read ({error}){more}.", error=of_library(error), more=more))
        raise refusal(why, code, subject=path) from error


def _that(what: str, why: Sentence) -> Sentence:
    """Say what is wrong with a file, after what the file is."""
    return Sentence("{what}, and {why}", what=what, why=why) if what else why


def of_library(error: BaseException) -> str:
    """The words of a library about a file, fit for the line of a message.

    >>> of_library(ValueError("two lines\\nof it."))
    'two lines\\\\nof it'
    """
    # The first is the system's, the second exiv2's.
    said = str(getattr(error, "strerror", None) or getattr(error, "message", None) or error)
    if isinstance(error, LookupError | MemoryError) or not said:  # their words say nothing without their name
        said = f"{type(error).__name__} {said}"
    return photo_name(said.strip().rstrip("."))
