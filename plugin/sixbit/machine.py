"""This computer: the folders of its user, the logs, the processors."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

THREADS = "OPENBLAS_NUM_THREADS"
"""The environment variable by which NumPy's linear algebra takes so many threads."""
LOG_BYTES = 256 << 10
MEMINFO = Path("/proc/meminfo")


def folder_in(variable: str, default: str | Path) -> Path:
    """Return the folder that an environment variable names, or else a default, relative to the user's home.

    Only an absolute path counts (XDG Base Directory Specification 0.8).

    >>> folder_in("NO_SUCH_VARIABLE", "Music") == Path.home() / "Music"
    True
    """
    named = Path(os.environ.get(variable, "").strip())
    return named if named.is_absolute() else Path.home() / default


def data_home() -> Path:
    """Return the folder in which programs of Linux keep data of the user."""
    return folder_in("XDG_DATA_HOME", ".local/share")


def config_home() -> Path:
    """Return the folder in which programs of Linux keep their settings."""
    return folder_in("XDG_CONFIG_HOME", ".config")


def user_data() -> Path:
    """Return the folder in which Sixbit keeps data of the user, as platformdirs names it.

    On Linux platformdirs is not asked: importing it takes as long as matching a lens, which needs nothing else of it.

    >>> user_data().name
    'sixbit'
    """
    if sys.platform == "linux":
        return data_home() / "sixbit"
    from platformdirs import user_data_path

    return user_data_path("sixbit")


def user_config() -> Path:
    """Return the folder in which Sixbit keeps settings of the user, as platformdirs names it.

    >>> user_config().name
    'sixbit'
    """
    if sys.platform == "linux":
        return config_home() / "sixbit"
    from platformdirs import user_config_path

    return user_config_path("sixbit")


def user_cache() -> Path:
    """Return the folder in which Sixbit keeps what it can make again.

    >>> "sixbit" in user_cache().parts
    True
    """
    if sys.platform == "linux":
        return folder_in("XDG_CACHE_HOME", ".cache") / "sixbit"
    from platformdirs import user_cache_path

    return user_cache_path("sixbit")


def pip() -> str:
    """Return the command that adds a package to this installation of Sixbit: pipx keeps it apart from other Pythons."""
    return "pipx runpip sixbit" if Path(sys.prefix, "pipx_metadata.json").is_file() else "pip"


def start_log(logger: logging.Logger, name: str) -> Path | None:
    """Let this logger, and no other, write into a file of the user's log folder, and return the file's path.

    Returns None if the file cannot be written.
    """
    import logging
    import logging.handlers

    from platformdirs import user_log_path

    try:
        path = user_log_path("sixbit") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # a pipe would be waited for
            return None
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    except (OSError, RuntimeError):  # the second of a user without a home
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    for earlier in list(logger.handlers):
        logger.removeHandler(earlier)
        earlier.close()
    logger.addHandler(handler)
    logger.propagate = False
    return path


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Memory(NamedTuple):
    """Bytes of memory of this computer: all, what is free of it now, and all with what its disk stands in for."""

    total: int
    free: int
    with_swap: int


def memory() -> Memory:
    """Return how much memory there is.

    >>> 0 < memory().free <= memory().total <= memory().with_swap
    True
    """
    # psutil reads the same on Linux, after an import of 20 ms; it finds other ways where /proc is hidden, or says less.
    with suppress(OSError, LookupError, ValueError):
        rows = (row.split() for row in MEMINFO.read_text().splitlines())
        size = {row[0]: int(row[1]) << 10 for row in rows}
        return Memory(size["MemTotal:"], size["MemAvailable:"], size["MemTotal:"] + size["SwapTotal:"])
    import psutil

    found = psutil.virtual_memory()
    return Memory(found.total, found.available, found.total + psutil.swap_memory().total)


@contextmanager
def linear_algebra_by_one() -> Iterator[None]:
    """Have processes that are started meanwhile do NumPy's linear algebra by one thread each.

    Of small matrices two take no less time than one, and six times as much where other work goes on: they wait for each
    other, and do so by counting.
    """
    before = os.environ.get(THREADS)
    os.environ[THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS]
        else:
            os.environ[THREADS] = before
