"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sixbit.values.errors import Code, PhotoError, photo_name

PATIENCE_S = 30.0
"""Seconds that a process waits for another one to have written."""


@contextmanager
def replacing(target: Path, make_folder: bool = False) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``target`` when all is written, in one step; if anything fails, it is gone.

    It keeps the permissions of the file whose place it takes. Its folder is made if that is asked for. Raises
    PhotoError for a folder that cannot be written and a full disk.
    """
    temporary = target.parent / f".sixbit-{os.urandom(8).hex()}.part"
    try:
        if make_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except OSError as error:
        raise refusal(error, target) from error
    finally:
        # Where it could not be made it cannot be unlinked either (a read-only disk says so once more).
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_whole(target: Path, content: str | bytes, make_folder: bool = False) -> None:
    """Write a text (as UTF-8) or bytes to ``target``, whole or not at all; raises PhotoError as :func:`replacing`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "lens.txt"), "Elmar")
    ...     Path(folder, "lens.txt").read_text()
    'Elmar'
    """
    with replacing(target, make_folder) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file or folder of the user's against other processes, from before it is read until after it is written.

    The lock is a file beside it, ``NAME.lock``. Raises PhotoError if another process holds it for long, and if there
    can be none.
    """
    import filelock

    make_folder(path.parent)
    lock = filelock.FileLock(path.with_suffix(".lock"), timeout=PATIENCE_S)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        why = f"another Sixbit has been writing to it for {PATIENCE_S:g} s."
        raise PhotoError(why, Code.BUSY, subject=path) from error
    except OSError as error:
        raise refusal(error, path) from error
    except NotImplementedError as error:
        raise PhotoError(f"cannot be written: {error}.", Code.NOT_WRITABLE, subject=path) from error
    try:
        yield
    finally:
        lock.release()


def set_aside(path: Path) -> Path | None:
    """Give a file another name, so that it is in nobody's way and not lost; None where that cannot be."""
    for number in range(1, 1000):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not os.path.lexists(aside):
            with suppress(OSError):
                path.rename(aside)
                return aside
            break
    return None


def make_folder(folder: Path) -> None:
    """Make a folder, with those it is in, if there is none; raises PhotoError where that is not allowed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(error, folder) from error


def refusal(error: OSError, target: Path) -> PhotoError:
    """Say what keeps a file or a folder from being written."""
    folder = photo_name(target.parent)
    why, code = error.strerror or str(error), Code.NOT_WRITABLE
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why, code = "the disk is full", Code.DISK_FULL
    elif error.errno == errno.EFBIG:  # larger than a file of this disk can be
        code = Code.DISK_FULL
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        why, code = f"the folder {folder} is read-only for you", Code.READ_ONLY
    elif error.errno == errno.ENOENT:
        why, code = f"there is no folder {folder}", Code.NO_FOLDER
    return PhotoError(f"cannot be written: {why}.", code, subject=target)
