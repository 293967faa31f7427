"""Where the user's own lenses, calibrations and choices stand."""

from __future__ import annotations

import os
import sys
from pathlib import Path


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
