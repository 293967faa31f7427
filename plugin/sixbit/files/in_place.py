"""A file overwritten where it stands, since another in its place would not be the same file: it has several names, or
belongs to somebody else.

That is not one step, and a process may be killed in the middle of it. So the new content is on the disk first, whole,
in a file beside the old one; whoever comes next finishes what was begun. It also tells the old content, page by page,
by check sums: a file that somebody has changed since is not overwritten.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import BinaryIO

from sixbit.files.parts import WHOLE, hold, is_left, left, of_this_computer, opened_plainly
from sixbit.values.errors import Code, PhotoError, go_on_without
from sixbit.values.sentence import Sentence

_PAGE = 4096
"""Bytes that the system writes at once, or not at all."""
_END = struct.Struct("<QQQ8s")
"""What such a file ends with: the sizes of the new content and of the old one and of the name, and a mark. Before it
stand the name, and before that the check sums of the old pages."""
_MARK = b"6bitnew\n"
_TRIES = 100
"""How often a file may be replaced by others, one after the other, before it is given up."""


def stays(target: Path) -> bool:
    """True if a file should be overwritten where it stands, and may be."""
    if not hasattr(os, "geteuid"):
        return False
    found = target.stat()
    is_foreign = os.geteuid() not in (0, found.st_uid)  # who may give files away needs no such care
    return (found.st_nlink > 1 or is_foreign) and os.access(target, os.W_OK)


def overwrite(target: Path, new: Path, file: BinaryIO) -> None:
    """Give a file the content of ``new``, an open file beside it, which is taken away then.

    Raises OSError. If the disk fails in the middle, ``new`` stays, and :func:`finish` goes on there.
    """
    size = file.seek(0, os.SEEK_END)
    with target.open("r+b") as old:
        room = os.fstat(old.fileno()).st_size
        sums = [zlib.crc32(page) for page in _pages(old, room)]
        name = os.fsencode(target.name)
        file.write(struct.pack(f"<{len(sums)}I", *sums) + name + _END.pack(size, room, len(name), _MARK))
        file.flush()
        os.fsync(file.fileno())
        _make_room(old, room, size)
        whole = _whole(target)
        new.rename(whole)
        _settle(target.parent)
        _copy(file, old, size)
    whole.unlink()


@contextmanager
def alone(target: Path) -> Iterator[None]:
    """Keep other processes from rewriting a file meanwhile; what one that was killed had begun is finished first.

    Raises PhotoError where that cannot be finished.
    """
    whole = _whole(target)
    for _ in range(_TRIES):
        finish(whole, wait=True)
        try:
            held = _opened(target)
        except OSError:  # whoever opens it next says why
            yield
            return
        with held:
            hold(held)
            try:
                is_same = os.path.samestat(os.fstat(held.fileno()), target.stat())
            except OSError:
                is_same = False
            if is_same and not os.path.lexists(whole):
                yield
                return
    why = Sentence(
        "another Sixbit has been writing to it, and {copy} beside it holds what it is to be.", copy=whole.name
    )
    raise PhotoError(why, Code.BUSY, subject=target)


def _opened(target: Path) -> BinaryIO:
    """Open a file, behind links, too; raises OSError for what is none: a pipe would be waited for."""
    if not target.is_file():
        raise OSError(errno.EINVAL, "it is no file")
    return target.open("rb")


def finish_all(folder: Path) -> None:
    """Finish what was begun in a folder by processes that were killed."""
    for whole in left(folder, WHOLE):
        finish(whole)


def finish(whole: Path, wait: bool = False) -> None:
    """Finish what a killed process had begun, if ``whole`` is there and nobody else is at it, or ``wait`` for him.

    Where the file is gone, or somebody has changed it since, the content is kept under a name of its own, and the
    user is told.
    """
    if not os.path.lexists(whole):
        return
    with suppress(OSError), opened_plainly(whole, os.O_RDWR) as file:
        if wait and whole.name.startswith(of_this_computer("", "")):
            hold(file)
        if _may_be_foreign(whole.parent, file) or not is_left(whole, file):
            return
        if not os.path.samestat(os.fstat(file.fileno()), whole.stat()):
            return
        told = _told(file)
        if told is None:  # it was not made by Sixbit
            return
        name, size, room, sums = told
        target = whole.with_name(name)
        try:
            with opened_plainly(target, os.O_RDWR) as old:
                hold(old)
                if _is_between(file, old, size, room, sums):
                    _copy(file, old, size)
                    whole.unlink()
                    return
        except FileNotFoundError:
            pass
        os.ftruncate(file.fileno(), size)
        kept = next(path for path in _free_names(target) if not os.path.lexists(path))
        whole.rename(kept)
        why = Sentence(
            "was being written when Sixbit was ended, and is not as it was left; a whole copy of it is kept as {copy}.",
            copy=kept.name,
        )
        go_on_without(PhotoError(why, Code.USER_FILE, subject=target))


def _may_be_foreign(folder: Path, whole: BinaryIO) -> bool:
    """True where others may put files into a folder and yet not change those that are there, as in ``/tmp``.

    There somebody could lay down the content of a file that is not his.
    """
    if not folder.stat().st_mode & stat.S_ISVTX:
        return False
    return not hasattr(os, "geteuid") or os.fstat(whole.fileno()).st_uid != os.geteuid()


def _whole(target: Path) -> Path:
    return target.with_name(of_this_computer(sha256(os.fsencode(target.name)).hexdigest()[:16], WHOLE))


def _free_names(target: Path) -> Iterator[Path]:
    return (target.with_name(f"{target.stem[:99]}.whole-{number}{target.suffix[:99]}") for number in count(1))


def _make_room(old: BinaryIO, room: int, size: int) -> None:
    """Have the disk space before anything is changed: a disk that is full says so here."""
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(old.fileno(), 0, size)
    except OSError as error:
        os.ftruncate(old.fileno(), room)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise


def _pages(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The content of a file, page by page, the last one filled up with zeros."""
    file.seek(0)
    for at in range(0, size, _PAGE):
        yield file.read(min(_PAGE, size - at)).ljust(_PAGE, b"\0")


def _copy(file: BinaryIO, old: BinaryIO, size: int) -> None:
    """Write the new content over the old one, in whole pages, and force it to the disk."""
    old.seek(0)
    for page in _pages(file, size):
        old.write(page)
    old.truncate(size)
    old.flush()
    os.fsync(old.fileno())


def _told(file: BinaryIO) -> tuple[str, int, int, tuple[int, ...]] | None:
    """The name of the file that is meant, the size of its new and old content, and the sums of the old."""
    end = file.seek(0, os.SEEK_END) - _END.size
    if end < 0:
        return None
    file.seek(end)
    size, room, length, mark = _END.unpack(file.read(_END.size))
    pages = -(-room // _PAGE)
    if mark != _MARK or size + 4 * pages + length != end:
        return None
    file.seek(size)
    sums = struct.unpack(f"<{pages}I", file.read(4 * pages))
    name = os.fsdecode(file.read(length))
    return None if "/" in name or name in ("", ".", "..") else (name, size, room, sums)


def _is_between(file: BinaryIO, old: BinaryIO, size: int, room: int, sums: tuple[int, ...]) -> bool:
    """True if each page of a file is as it was, or as it is to be, or was only made room for."""
    now = os.fstat(old.fileno()).st_size
    if not min(size, room) <= now <= max(size + _PAGE, room):
        return False
    new, empty = _pages(file, size), bytes(_PAGE)
    for number, page in enumerate(_pages(old, now)):
        wanted = next(new, None)
        before = sums[number] if number < len(sums) else None
        if page not in (wanted, empty if before is None else None) and zlib.crc32(page) != before:
            return False
    return True


def _settle(folder: Path) -> None:
    """Force the names in a folder to the disk."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
