"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sixbit.values.errors import Code, PhotoError, photo_name
from sixbit.values.sentence import Sentence

PATIENCE_S = 30.0
"""Seconds that a process waits for another one to have written."""


@contextmanager
def replacing(
    target: Path, make_folder: bool = False, *, like: Path | None = None, same_file: bool = False
) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``target`` when all is written, in one step; if anything fails, it is gone.

    It gets the owner, the permissions and the extended attributes of the file whose place it takes, or of ``like``, as
    far as the system lets it. With ``same_file`` a target that has several names, or belongs to somebody else, stays
    that very file: it is overwritten where it stands (:mod:`sixbit.files.in_place`). Its folder is made if that is
    asked for, and what killed processes left there is taken away. Raises PhotoError for a folder that cannot be
    written, a full disk, and a target that is no file.
    """
    from sixbit.files.parts import begin

    check_place(target)
    temporary = None
    try:
        if make_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        _sweep_once(target.parent)
        like = like or (target if target.exists() else None)
        temporary, file = begin(target.parent, like.stat().st_mode & 0o777 if like else 0o666)
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if same_file and like and _overwritten(target, temporary, file):
                return
            if like:
                _keep(like, temporary)
            if os.name == "nt":  # which moves no file that is open
                file.close()
            temporary.replace(target)
    except OSError as error:
        raise refusal(error, target) from error
    finally:
        # Where it could not be made it cannot be unlinked either (a read-only disk says so once more).
        with suppress(OSError):
            if temporary:
                temporary.unlink(missing_ok=True)


def _overwritten(target: Path, new: Path, file: BinaryIO) -> bool:
    from sixbit.files.in_place import overwrite, stays

    if not stays(target):
        return False
    overwrite(target, new, file)
    return True


_CARRIED = ("user.", "system.", "security.selinux")
"""How the extended attributes begin that belong to a file, whatever it holds; ACLs are among them."""


def _keep(like: Path, new: Path) -> None:
    """Give a new file the owner, permissions and extended attributes of another, where that is allowed."""
    old = like.stat()
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(new, -1, old.st_gid)
        with suppress(OSError):
            os.chown(new, old.st_uid, -1)
    new.chmod(old.st_mode & 0o777)
    if sys.platform != "linux":
        return
    with suppress(OSError):
        names = [name for name in os.listxattr(like) if name.startswith(_CARRIED)]
        for name in os.listxattr(new):  # what its folder gives to each new file
            if name.startswith(_CARRIED) and name not in names:
                with suppress(OSError):
                    os.removexattr(new, name)
        for name in names:
            with suppress(OSError):
                os.setxattr(new, name, os.getxattr(like, name))


_swept: set[Path] = set()


def _sweep_once(folder: Path) -> None:
    """Sweep a folder, once in a process: it may hold ten thousand photos."""
    if folder not in _swept:
        _swept.add(folder)
        sweep(folder)


def sweep(folder: Path) -> None:
    """Take away, or finish, what processes that were killed had begun to write in a folder."""
    from sixbit.files.in_place import finish_all
    from sixbit.files.parts import PART, is_left, left, opened_plainly

    finish_all(folder)
    for part in left(folder, PART):
        with suppress(OSError), opened_plainly(part) as file:
            if is_left(part, file):
                part.unlink()


def check_place(target: Path) -> None:
    """Raise PhotoError for a target whose place no file can take: a folder, a pipe or a device has it."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise refusal(error, target) from error
    if stat.S_ISDIR(mode):
        raise PhotoError("is a folder.", Code.NAME, subject=target)
    if not stat.S_ISREG(mode):
        raise PhotoError("is not a file but a pipe or a device.", Code.NAME, subject=target)


def write_whole(target: Path, content: str | bytes, make_folder: bool = False, *, same_file: bool = False) -> None:
    """Write a text (as UTF-8) or bytes to ``target``, whole or not at all; raises PhotoError as :func:`replacing`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "lens.txt"), "Elmar")
    ...     Path(folder, "lens.txt").read_text()
    'Elmar'
    """
    with replacing(target, make_folder, same_file=same_file) as file:
        # Half a character, which JSON can name, has no bytes in UTF-8: it is written as JSON names it.
        file.write(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)


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
        why = Sentence("another Sixbit has been writing to it for {seconds:g} s.", seconds=PATIENCE_S)
        raise PhotoError(why, Code.BUSY, subject=path) from error
    except OSError as error:
        raise refusal(error, path) from error
    except NotImplementedError as error:
        raise PhotoError(
            Sentence("cannot be written: {error}.", error=error), Code.NOT_WRITABLE, subject=path
        ) from error
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
        why, code = Sentence("the disk is full"), Code.DISK_FULL
    elif error.errno == errno.EFBIG:  # larger than a file of this disk can be
        code = Code.DISK_FULL
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        why, code = Sentence("the folder {folder} is read-only for you", folder=folder), Code.READ_ONLY
        if error.errno != errno.EROFS and os.path.lexists(target) and os.access(target.parent, os.W_OK | os.X_OK):
            # An attribute of the file keeps it (chattr +i), or it is somebody else's in a folder of all.
            why = Sentence("the system keeps this file from being changed, though not its folder")
            code = Code.NOT_WRITABLE
    elif error.errno == errno.ENOENT:
        why, code = Sentence("there is no folder {folder}", folder=folder), Code.NO_FOLDER
    return PhotoError(Sentence("cannot be written: {why}.", why=why), code, subject=target)
