"""Measurements of each photo of an archive, kept so that nothing is measured twice.

A file for each photo and kind in the user's cache, written whole or not at all: whenever a process is killed, what was
finished is there and what was not is measured again. A photo is known by its path, size and time of change. Nothing is
ever written into the archive.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sixbit.files.replace import make_folder, write_whole
from sixbit.machine import user_cache
from sixbit.manifest import manifest

FORMAT = 1
"""To be raised when something else is measured, or is measured otherwise."""
UNUSED_S = 60 * 24 * 3600.0
"""Records that were not used for so long go."""

Arrays = Mapping[str, Any]


_HELD: ContextVar[dict[Path, Arrays] | None] = ContextVar("records in memory", default=None)


@contextmanager
def in_memory() -> Iterator[None]:
    """Keep records in memory meanwhile: for a process that can write no file."""
    token = _HELD.set({})
    try:
        yield
    finally:
        _HELD.reset(token)


def folder() -> Path:
    """Give the folder of the records."""
    return user_cache() / "learn"


def record_of(path: str, kind: str) -> Path:
    """Give the path of the record of a photo as it is now. Raises OSError if it is there no more."""
    state = os.stat(path)  # noqa: PTH116 - a name may be longer than a Path can ask for
    known = (FORMAT, manifest()["version"], os.path.realpath(path), state.st_size, state.st_mtime_ns)
    name = hashlib.sha256(repr(known).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return folder() / name[:2] / f"{name}-{kind}.npz"


def record_of_walk(paths: Sequence[str], how: object) -> Path:
    """Give the path of the record of several photos as they are now, measured together in a way. Raises OSError."""
    names = [record_of(path, "").stem for path in paths]
    name = hashlib.sha256(repr((names, how)).encode()).hexdigest()[:32]
    return folder() / name[:2] / f"{name}-walk.npz"


def save(record: Path, arrays: Arrays) -> None:
    """Keep what was measured. Raises PhotoError for a disk that is full."""
    import numpy as np

    if (held := _HELD.get()) is not None:
        held[record] = {name: np.asarray(value) for name, value in arrays.items()}
        return
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)
    make_folder(record.parent)
    write_whole(record, data.getvalue())


def load(record: Path) -> dict[str, Any] | None:
    """Read what was measured, None if there is nothing that can be read."""
    import numpy as np

    if (held := _HELD.get()) is not None:
        return dict(held[record]) if record in held else None
    try:
        # By its bytes: of a file that is none NumPy would leave it open.
        with np.load(io.BytesIO(record.read_bytes()), allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        os.utime(record)
    except Exception:  # no list of what NumPy and zlib throw at damaged bytes is complete
        logging.getLogger(__name__).debug("a record cannot be read", exc_info=True)
        return None
    return found


def has(record: Path) -> bool:
    """Tell whether there is a record that can be read."""
    return load(record) is not None


def clear_out() -> None:
    """Take away records that were not used for long."""
    for record in folder().glob("*/*.npz"):
        with suppress(OSError):
            if time.time() - record.stat().st_mtime > UNUSED_S:
                record.unlink()
