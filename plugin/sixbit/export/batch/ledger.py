"""The ledger of an output folder: a line for all that was done, so that a batch that was stopped goes on there.

A line of JSON is appended, and forced to the disk, for the targets that photos were given before any is begun, and for
each photo that is finished. A line that was cut short by the end of a process is dropped when the ledger is opened, and
one that is damaged passed over. Who gets an output folder from others may find anything in it: no link is followed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sixbit.files.parts import opened_plainly
from sixbit.files.reading import reading
from sixbit.files.replace import refusal
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import parts

FORMAT = 1

Record = dict[str, Any]


class Ledger:
    """The ledger of an output folder.

    ``targets`` has the stem, below the folder, that each photo was given; photos are known by their absolute paths.
    Only where the records stand is held in memory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.targets: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._end = 0
        try:
            self._read()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise _no_ledger(error, self.path) from error

    def _read(self) -> None:
        with opened_plainly(self.path) as file:
            for row in file:
                if not row.endswith(b"\n"):
                    return  # what a process that was killed had not finished writing
                entry = _entry(row)
                if entry.get("ledger", FORMAT) != FORMAT:
                    raise PhotoError("was written by a newer Sixbit.", Code.VERSION, subject=self.path)
                self.targets.update(entry.get("targets", {}))
                if "source" in entry:
                    self._places[entry["source"]] = self._end
                self._end += len(row)

    def claim(self, targets: dict[str, str]) -> None:
        """Keep which stem each of these photos was given."""
        if targets:
            self._append({"ledger": FORMAT, "targets": targets})
            self.targets.update(targets)

    def add(self, record: Record) -> None:
        """Keep what became of a photo, ``record["source"]``; its words in parts, which can be said in any language."""
        self._places[record["source"]] = self._append(parts(record))

    def record(self, source: str) -> Record | None:
        """Return the record of a photo; None if it has none."""
        if source not in self._places:
            return None
        with reading(self.path, code=Code.USER_FILE), opened_plainly(self.path) as file:
            file.seek(self._places[source])
            return _entry(file.readline())

    def _append(self, entry: Record) -> int:
        row = json.dumps(entry).encode() + b"\n"
        at = self._end
        try:
            with opened_plainly(self.path, os.O_RDWR | os.O_CREAT) as file:
                file.truncate(at)
                file.seek(at)
                file.write(row)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _no_ledger(error, self.path) from error
        self._end = at + len(row)
        return at


def _entry(row: bytes) -> Record:
    """The content of a line; nothing, if it is damaged."""
    try:
        entry = json.loads(row)
        targets = entry.get("targets", {})
        is_one = isinstance(entry.get("source", ""), str) and all(isinstance(stem, str) for stem in targets.values())
    except (ValueError, AttributeError, RecursionError):
        return {}
    return entry if is_one else {}


def _no_ledger(error: OSError, path: Path) -> PhotoError:
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        return PhotoError("is a link, a folder, a pipe or a device, and no ledger.", Code.USER_FILE, subject=path)
    return refusal(error, path)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep another batch out of an output folder meanwhile; raises PhotoError if there is one."""
    import filelock

    if os.path.islink(folder):  # noqa: PTH114 - its name may be longer than one can be
        raise PhotoError("is a link, which is not followed.", Code.USER_FILE, subject=folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / "lock", timeout=0)
        lock.acquire()
    except filelock.Timeout as error:
        raise PhotoError("another batch is at work in this folder.", Code.BUSY, subject=folder.parent) from error
    except OSError as error:
        raise refusal(error, folder) from error
    try:
        yield
    finally:
        lock.release()
