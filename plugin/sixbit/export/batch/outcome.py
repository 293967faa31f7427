"""What became of a photo, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sixbit.export.batch.ledger import Record
from sixbit.export.ways_out import BY_PRESET
from sixbit.values.errors import Code, photo_name
from sixbit.values.ways_out import WaysOut, followed

STATES = ("corrected", "copied", "skipped", "raw", "failed")
"""What becomes of a photo."""


@dataclass(frozen=True)
class Outcome:
    """What became of a photo; one line of the report."""

    photo: Path
    status: str
    """One of STATES."""
    message: str
    """What was done or why it was not, in words."""
    reason: str | None = None
    """Why in a word: ``ambiguous``, ``unknown``, ``untagged``, ``not_m``, ``uncalibrated``, ``already_corrected``,
    ``exists``, ``raw`` or ``error``."""
    out: Path | None = None
    """What was written."""
    lens: str | None = None
    before: bool = False
    """True if an earlier run did it."""
    codes: tuple[Code, ...] = ()
    """The kinds of trouble that the message tells of."""
    notes: Sequence[str] = ()
    """What could not be kept of the photo, in words."""
    thumbnails: Sequence[str] = ()
    """Small pictures of it before and after, if it was corrected: JPEG files as Base64."""

    def told(self, ways_out: WaysOut) -> str:
        """The message, with what can be done about it by a table."""
        return followed(self.message, self.codes, ways_out)


def outcome_of(photo: Path, record: Record, folder: Path, before: bool = False) -> Outcome:
    """The outcome that a record of the ledger tells; ``folder`` is that of the output."""
    return Outcome(
        photo,
        record["status"],
        record["message"],
        record["reason"],
        None if record["out"] is None else folder / record["out"],
        record["lens"],
        before,
        tuple(map(Code, record["codes"])),
        record["notes"],
        record["thumbnails"],
    )


def as_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as a JSON object: the photo's path, what became of it, why, and what was written."""
    return {
        "photo": str(outcome.photo),
        "status": outcome.status,
        "reason": outcome.reason,
        "codes": [str(code) for code in outcome.codes],
        "message": outcome.message,
        "lens": outcome.lens,
        "out": None if outcome.out is None else str(outcome.out),
    }


def line(outcome: Outcome, ways_out: WaysOut = BY_PRESET) -> str:
    """An outcome as a line of text.

    >>> line(Outcome(Path("a.jpg"), "skipped", "The photo names no lens.", "untagged"))
    'a.jpg: skipped: The photo names no lens.'
    """
    return f"{photo_name(outcome.photo)}: {outcome.status}: {outcome.told(ways_out)}"
