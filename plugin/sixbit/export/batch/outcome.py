"""The end of one photo of a batch, in words and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sixbit.export.batch.ledger import Record
from sixbit.export.ways_out import BY_PRESET
from sixbit.values.errors import Code, photo_name, printable
from sixbit.values.sentence import Say, of_parts
from sixbit.values.ways_out import WaysOut, followed, values_of

STATES = ("corrected", "copied", "skipped", "reshaped", "raw", "failed")
"""The states that a photo can end in; one that is reshaped was skipped since its optical centre is not known."""


@dataclass(frozen=True)
class Outcome:
    """The end of one photo of a batch: a line of its report."""

    photo: Path
    status: str
    """One of STATES."""
    message: str
    """Says in words what was done, or why it was not."""
    reason: str | None = None
    """Why in a word: ``ambiguous``, ``unknown``, ``untagged``, ``not_m``, ``uncalibrated``, ``already_corrected``,
    ``reshaped``, ``exists``, ``raw`` or ``error``."""
    out: Path | None = None
    """The file that was written, if one was."""
    lens: str | None = None
    before: bool = False
    """True if an earlier run did it."""
    codes: tuple[Code, ...] = ()
    """The kinds of trouble that the message tells of."""
    notes: Sequence[str] = ()
    """Tells in words what could not be kept of the photo."""
    thumbnails: Sequence[str] = ()
    """Small pictures of it before and after, if it was corrected: JPEG files as Base64."""

    def told(self, ways_out: WaysOut, say: Say = str) -> str:
        """The message, with what can be done about it by a table, in a language."""
        return followed(say(self.message), self.codes, ways_out, values_of(self.message), say)


def outcome_of(photo: Path, record: Record, folder: Path, before: bool = False) -> Outcome:
    """The outcome that a record of the ledger tells; ``folder`` is that of the output.

    Raises an exception of any kind for a record that no Sixbit of this version has written.
    """
    out = None if record["out"] is None else folder / record["out"]
    is_inside = out is None or (out.is_relative_to(folder) and ".." not in out.parts[len(folder.parts) :])
    if record["status"] not in STATES or not is_inside:
        raise ValueError("a record that makes no sense")
    return Outcome(
        photo,
        record["status"],
        of_parts(record["message"]),
        record["reason"],
        out,
        record["lens"],
        before,
        tuple(map(Code, record["codes"])),
        tuple(map(of_parts, record["notes"])),
        tuple(map(str, record["thumbnails"])),
    )


def is_outcome(record: Record) -> bool:
    """True if a record has the form that Sixbit gives it: a ledger is a file, in which anything may stand."""
    texts, lists = ("stem", "settings"), ("thumbnails", "codes")
    try:
        told = [of_parts(words) for words in (record["message"], *record["notes"])]
        maybe = all(record[name] is None or isinstance(record[name], str) for name in ("reason", "out", "lens"))
        known = all(isinstance(record[name], str) for name in texts) and record["status"] in STATES
        listed = all(isinstance(word, str) for name in lists for word in record[name])
        whole = {"fingerprint", "choices", "chosen", "out_size"} <= record.keys() and {*record["codes"]} <= {*Code}
        return whole and maybe and known and listed and bool(told)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
        return False


def as_json(outcome: Outcome, ways_out: WaysOut = BY_PRESET) -> dict[str, Any]:
    """An outcome as a JSON object: the photo's path, what became of it and why, what was written, and notes.

    ``told`` is what the page says of it in English: the message, and what can be done about it.
    """
    return {
        "photo": str(outcome.photo),
        "status": outcome.status,
        "reason": outcome.reason,
        "codes": [str(code) for code in outcome.codes],
        "message": outcome.message,
        "told": outcome.told(ways_out),
        "lens": outcome.lens,
        "out": None if outcome.out is None else str(outcome.out),
        "notes": list(outcome.notes),
    }


def line(outcome: Outcome, ways_out: WaysOut = BY_PRESET) -> str:
    """An outcome as a line of text.

    >>> line(Outcome(Path("a.jpg"), "skipped", "The photo names no lens.", "untagged"))
    'a.jpg: skipped: The photo names no lens.'
    """
    return f"{photo_name(outcome.photo)}: {outcome.status}: {printable(outcome.told(ways_out))}"
