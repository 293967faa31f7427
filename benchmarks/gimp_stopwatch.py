"""Put beside the plug-in by gimp.py: its functions say when they began and ended, by a clock all processes share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

LAPS = Path("/mnt/work/stopwatch.jsonl")


def watched(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return the function, which leaves a line each time that it is called."""

    @wraps(function)
    def run(*arguments: Any, **more: Any) -> Any:
        start = time.monotonic()
        try:
            return function(*arguments, **more)
        finally:
            with LAPS.open("a") as file:
                file.write(json.dumps({"name": name, "start": start, "end": time.monotonic()}) + "\n")

    return run
