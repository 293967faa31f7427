"""Requests in a file, for an editor that can start a program only through a shell and then only listen to it."""

from __future__ import annotations

import time
from pathlib import Path

PAUSE = 0.05
"""Seconds between two looks at a file that may grow: a cancel is not wanted sooner."""


class RequestFile:
    """Reads the lines of a file, and those that are appended while it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb")

    def readline(self, limit: int) -> bytes:
        """Wait for the next line and return it, cut at ``limit`` bytes; empty once the file is gone and read."""
        line = b""
        while True:
            line += self._file.readline(limit - len(line))
            if line.endswith(b"\n") or len(line) >= limit or not self._path.exists():
                return line
            time.sleep(PAUSE)
