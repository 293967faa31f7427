"""Files in memory through which pixels travel between the editor and the server."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

try:
    import fcntl
except ImportError:  # Windows has no such locks.
    fcntl = None  # type: ignore[assignment]

PREFIX = "sixbit-pixels-"


class SharedFile:
    """An empty file that the server can map, in memory where the system has such a folder; closing removes it."""

    def __init__(self) -> None:
        folder = _shared_folder()
        _sweep(folder)
        # Unbuffered: the server looks at the file itself.
        self.file = tempfile.NamedTemporaryFile(prefix=PREFIX, dir=folder, buffering=0, delete=False)  # noqa: SIM115
        self.path = self.file.name
        if fcntl:
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def close(self) -> None:
        """Give the memory back."""
        self.file.close()
        with suppress(OSError):
            Path(self.path).unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()


def _shared_folder() -> Path:
    flatpak, runtime = os.environ.get("FLATPAK_ID"), os.environ.get("XDG_RUNTIME_DIR")
    # The one folder in memory that Flatpak shows under the same name inside and outside.
    shared = Path(runtime, "app", flatpak) if flatpak and runtime else Path("/dev/shm")
    return shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())


def _sweep(folder: Path) -> None:
    """Remove what a plug-in left that was killed (GIMP does that to cancel it): its file is not locked any more."""
    if fcntl is None:
        return
    for left in folder.glob(f"{PREFIX}*"):
        with suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()
