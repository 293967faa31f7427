"""This computer: the user's folders, the logs, the processors."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

LOG_BYTES = 256 << 10


def user_data() -> Path:
    """The folder in which Sixbit keeps what is the user's, as platformdirs names it.

    On Linux its rule (XDG Base Directory Specification 0.8) is applied here: loading the library takes as long as
    matching a lens, and `sixbit lens` needs nothing else of it.

    >>> user_data().name
    'sixbit'
    """
    if sys.platform != "linux":
        from platformdirs import user_data_path

        return user_data_path("sixbit")
    named = os.environ.get("XDG_DATA_HOME", "").strip()
    base = Path(named) if named.startswith("/") else Path("~/.local/share").expanduser()  # no relative path counts
    return base / "sixbit"


def start_log(logger: logging.Logger, name: str) -> Path | None:
    """Let a logger, and it alone, write to a file of this name in the user's log folder; where it is.

    None if there is no place to write it.
    """
    import logging
    import logging.handlers

    from platformdirs import user_log_path

    path = user_log_path("sixbit") / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    for earlier in list(logger.handlers):
        logger.removeHandler(earlier)
        earlier.close()
    logger.addHandler(handler)
    logger.propagate = False
    return path


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
