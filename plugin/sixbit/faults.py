"""Mistakes of Sixbit's own, and what a library threw that nobody foresaw: a log has what it takes to mend them."""

from __future__ import annotations

import logging
import os
import platform
import re
import traceback
from contextlib import suppress
from pathlib import Path

from sixbit.machine import start_log
from sixbit.manifest import manifest
from sixbit.values.errors import photo_name, printable

STRICT = "SIXBIT_STRICT"
"""The variable of the environment by which every such exception passes as it is, for tests and fuzzing."""
LOG = "sixbit.log"

_log = logging.getLogger(__name__)


def is_strict() -> bool:
    """True if exceptions that nobody foresaw are wanted as they are, see ``docs/development.md``."""
    return bool(os.environ.get(STRICT))


def in_words(error: BaseException) -> str:
    """An exception as a message has it, in one line.

    >>> in_words(ValueError("no"))
    'ValueError: no'
    """
    return photo_name(f"{type(error).__name__}: {error}")


def logged(doing: str, error: BaseException) -> Path | None:
    """Write an exception into the user's log, and return its path; None if that cannot be written.

    ``doing`` says what Sixbit was at: a command, or the file that it read.
    """
    path = start_log(_log, LOG)
    if path is not None:
        _log.error("%s", described(doing, error))
    return path


def described(doing: str, error: BaseException) -> str:
    """An exception as a log has it: what Sixbit was at, the versions of all that has a part in it, the traceback.

    Nothing of the environment, no password of an address, and no control character.

    >>> described("sixbit batch --scheduler tcp://me:secret@host", ValueError("no")).splitlines()[0]
    'sixbit batch --scheduler tcp://…@host'
    """
    versions = f"sixbit {manifest()['version']}, Python {platform.python_version()}, {platform.platform()}"
    lines = [doing, ", ".join([versions, *_libraries()]), *traceback.format_exception(error)]
    text = "\n".join(line.rstrip("\n") for line in lines)
    return printable(re.sub(r"(?<=//)[^/@\s]+@", "…@", text))


def _libraries() -> list[str]:
    """The libraries that Sixbit needs or can use and that are installed, with their versions."""
    from importlib import metadata

    found = {}
    with suppress(metadata.PackageNotFoundError):  # Sixbit itself was not installed, but runs from its sources
        for needed in metadata.requires("sixbit") or ():
            name = re.split(r"[^\w.-]", needed)[0]
            if 'extra == "dev"' not in needed:
                with suppress(metadata.PackageNotFoundError):
                    found[name] = f"{name} {metadata.version(name)}"
    return list(found.values())
