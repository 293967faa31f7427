"""Many photos, unattended: ``sixbit batch``, and what the editors' plug-ins call to export.

    done = batch([Path("photos")], Path("corrected"), presets.load("full-jpeg"))
    print(done.table())

Sources are found (``sources``) and given their targets (``plan``); each is a task, done by one function (``work``) in
processes of this machine or of a cluster (``pool``). What is done is kept in a ledger in the output folder
(``ledger``), so that the same call goes on where it was stopped; a report is made of that (``report``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.export.batch.ways_out import BY_PRESET
from sixbit.values.errors import Code, photo_name
from sixbit.values.ways_out import WaysOut, followed

if TYPE_CHECKING:
    from sixbit.export.presets import Preset

STATES = ("corrected", "copied", "skipped", "raw", "failed")
"""The states that a photo can end in."""


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
    ``exists``, ``raw`` or ``error``."""
    out: Path | None = None
    """The file that was written, if one was."""
    lens: str | None = None
    before: bool = False
    """True if an earlier run did it."""
    codes: tuple[Code, ...] = ()
    """The kinds of trouble that the message tells of."""

    def told(self, ways_out: WaysOut) -> str:
        """The message, with what can be done about it by a table."""
        return followed(self.message, self.codes, ways_out)


@dataclass(frozen=True)
class Summary:
    """The end of a batch: its photos by status, the failures, and the report."""

    counts: Mapping[str, int]
    """Photos by status."""
    before: int
    """How many of them were done by an earlier run."""
    failures: Sequence[Outcome]
    report: Path
    """The HTML page; the same as lines of JSON stands beside it."""

    def table(self) -> str:
        """The counts as lines of text.

        >>> print(Summary({"corrected": 3, "failed": 1}, 2, [], Path("report.html")).table())
        corrected    3
        failed       1
        together     4   (2 of them before)
        """
        lines = [f"{status:10}{count:4}" for status, count in self.counts.items() if count]
        told = f"   ({self.before} of them before)" if self.before else ""
        return "\n".join([*lines, f"{'together':10}{sum(self.counts.values()):4}{told}"])


def batch(
    photos: Iterable[str | Path],
    folder: str | Path,
    preset: Preset,
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    memory: int | None = None,
    scheduler: str | None = None,
    ways_out: WaysOut = BY_PRESET,
    progress: Callable[[int, int, Outcome], None] = lambda done, together, outcome: None,
) -> Summary:
    """Export photos, and those in folders, by a preset into a folder that mirrors theirs; goes on where it was stopped.

    ``include`` and ``exclude`` are patterns for names (``*.jpg``) or, with a slash, for paths below a folder.
    ``memory`` is a budget in bytes for all processes together, half of the machine's by default. ``scheduler`` is the
    address of a Dask cluster whose workers see the same folders. ``progress`` is called after each photo with how many
    are done, how many there are, and what became of it; what it raises stops the batch, which can be taken up again.
    ``ways_out`` is what the report tells to do about photos that were not corrected.

    Raises PhotoError if it cannot begin, and KeyboardInterrupt when stopped; a photo that fails is counted.
    """
    from sixbit.export.batch.run import run

    return run(photos, Path(folder), preset, include, exclude, memory, scheduler, ways_out, progress)


def foreseen(
    photos: Iterable[str | Path],
    folder: str | Path,
    preset: Preset,
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
) -> Iterable[Outcome]:
    """Tell what :func:`batch` would do to each photo; nothing is written, and no pixels are read."""
    from sixbit.export.batch.run import foresee

    return foresee(photos, Path(folder), preset, include, exclude)


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
