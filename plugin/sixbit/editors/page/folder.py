"""The folder of one session, in the system's folder for temporary files: the photos, for as long as the server runs.

A server holds a lock in its folder. The system takes it away however the server ends, so a folder whose lock is free
was left behind, and the next server removes it.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

PREFIX = "sixbit-calibrate-"
LOCK = "lock"
NEW_S = 10.0
"""Seconds in which a new folder may have no lock yet."""


@contextmanager
def session_folder() -> Iterator[Path]:
    """Make a folder that nobody else can look into, and remove it at the end, with those that were left behind."""
    sweep()
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with filelock.FileLock(folder / LOCK):
            yield folder


def sweep() -> None:
    """Remove the folders of this user's servers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, NotImplementedError, filelock.Timeout):
            status = folder.lstat()
            own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
            if stat.S_ISDIR(status.st_mode) and own and time.time() - status.st_mtime > NEW_S:
                with filelock.FileLock(folder / LOCK, timeout=0):
                    pass
                shutil.rmtree(folder, ignore_errors=True)
