"""Files that are being written, under names of their own, and how those of a process that was killed are told.

Whoever writes one holds a lock on it, which the system takes away however he ends. The name tells the computer too,
since a folder in a network may be open on several that do not see each other's locks.
"""

from __future__ import annotations

import os
import stat
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":  # It has no such locks.
    fcntl = None
else:
    import fcntl

PREFIX = ".sixbit-"
PART = ".part"
"""The ending of a file that is not complete yet."""
WHOLE = ".whole"
"""The ending of a complete one, by which another is overwritten where it stands (:mod:`sixbit.files.in_place`)."""
DAY_S = 24 * 3600.0
"""Seconds after which nobody can be at work on a file any more whose lock cannot be asked for."""


def of_this_computer(name: str, ending: str) -> str:
    """The name of such a file."""
    computer = zlib.crc32(os.uname().nodename.encode()) if hasattr(os, "uname") else 0
    return f"{PREFIX}{computer:08x}-{name}{ending}"


def begin(folder: Path, mode: int = 0o666) -> tuple[Path, BinaryIO]:
    """Begin a file in a folder, with a lock on it, and these permissions at most; its owner may always write to it."""
    while True:
        path = folder / of_this_computer(os.urandom(8).hex(), PART)
        # Not by its method: that takes no permissions.
        file = open(path, "x+b", opener=lambda name, flags: os.open(name, flags, mode | 0o600))  # noqa: SIM115
        hold(file)
        if os.path.lexists(path):
            return path, file
        file.close()  # it was swept away before it was locked


def hold(file: BinaryIO) -> None:
    """Lock a file until it is closed, and wait for who has locked it; nothing is done where there are no locks."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)


def left(folder: Path, *endings: str) -> Iterator[Path]:
    """The files of these endings in a folder."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(PREFIX) and entry.name.endswith(endings)]
    except OSError:
        names = []
    yield from (folder / name for name in names)


def is_left(path: Path, file: BinaryIO) -> bool:
    """True if nobody is at work on an open file any more; who asks has the lock then, if there are any."""
    is_old = time.time() - os.fstat(file.fileno()).st_mtime > DAY_S
    if fcntl is None:
        return is_old
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a disk without locks
        return is_old
    return is_old or path.name.startswith(of_this_computer("", ""))


@contextmanager
def opened_plainly(path: Path, flags: int = os.O_RDONLY, *, by_links: bool = False) -> Iterator[BinaryIO]:
    """Open a file that stands there itself; raises OSError for a pipe, a device, and a link unless it is followed."""
    # None exists on Windows.
    own = 0 if by_links else getattr(os, "O_NOFOLLOW", 0)
    own |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    number = os.open(path, flags | own, 0o666)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(0, "it is no plain file")
    with open(number, "r+b" if flags & os.O_RDWR else "rb") as file:  # noqa: PTH123 (a descriptor is no path)
        yield file


def content_of(path: Path) -> bytes:
    """The content of a file of the user's own, by links too; OSError for a pipe or a device, which is not waited for.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "lens.txt").write_text("Elmar")
    ...     content_of(Path(folder, "lens.txt"))
    b'Elmar'
    """
    with opened_plainly(path, by_links=True) as file:
        return file.read()
