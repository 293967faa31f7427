"""`sixbit batch` as a command, and what it wrote."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path


def command(photos: Path, out: Path, *more: str) -> list[str]:
    """Return the words that start a batch of JPEGs at full size."""
    return [sys.executable, "-m", "sixbit", "batch", "--preset", "full-jpeg", str(photos), "-o", str(out), *more]


def report(out: Path) -> dict[str, dict[str, object]]:
    """Return the lines of the report, by the names of the photos."""
    lines = (out / "sixbit-report.jsonl").read_text(encoding="utf-8").splitlines()
    return {Path(str(entry["photo"])).name: entry for entry in map(json.loads, lines)}


def written(out: Path) -> dict[str, str]:
    """Return hashes of all that a batch wrote, but for its ledger."""
    found = {}
    for path in sorted(out.rglob("*")):
        if path.is_file() and ".sixbit" not in path.parts:
            with path.open("rb") as file:
                found[path.relative_to(out).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
