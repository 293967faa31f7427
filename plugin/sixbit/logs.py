"""The logs that users send: what programs whose terminal nobody reads, or that have none, say of mistakes."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

LOG_BYTES = 256 << 10


def start_log(logger: logging.Logger, name: str) -> Path | None:
    """Let a logger, and it alone, write to a file of this name in the user's log folder; where it is.

    None if there is no place to write it.
    """
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
