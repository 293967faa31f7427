"""The record of a photo, as the ledger keeps it, where something is in its way."""

from __future__ import annotations

from sixbit.export.batch.ledger import Record
from sixbit.export.batch.plan import Task
from sixbit.faults import in_words, logged
from sixbit.values.errors import Code, SixbitError, photo_name
from sixbit.values.sentence import Sentence, fixed
from sixbit.values.ways_out import codes_of


def blank(task: Task) -> Record:
    """The record of a task that failed, but for the message."""
    return {
        "source": task.source,
        "stem": task.stem,
        "settings": task.settings,
        "fingerprint": None,
        "choices": None,
        "chosen": None,
        "status": "failed",
        "reason": "error",
        "message": "",
        "codes": [],
        "lens": None,
        "out": None,
        "out_size": None,
        "notes": [],
        "thumbnails": [],
    }


def failed(task: Task, error: Exception) -> Record:
    """The record of a task that an error ended, whatever error: no photo ends the others."""
    return {**blank(task), **why(task, error)}


def why(task: Task, error: Exception) -> Record:
    """Tell in a record of an error: words and codes, and the way to a mistake of Sixbit's own in ``details``.

    The photo's name is not among the words: it stands beside them in the report.
    """
    if isinstance(error, SixbitError):
        return {"message": said_of(error, task.source), "codes": codes_of(error)}
    if isinstance(error, MemoryError):
        return {"message": Sentence("is too large for the memory of this computer."), "codes": [Code.TOO_LARGE]}
    import traceback

    details = "".join(traceback.format_exception(error))
    return {"message": _mistake(task, error), "codes": [Code.FAULT], "details": details}


def said_of(error: SixbitError, source: str) -> str:
    """Say an error about a photo; the name of another file that is to blame stands before the reason.

    >>> said_of(SixbitError("is empty.", subject="a.jpg"), "a.jpg"), said_of(SixbitError("is empty.", subject="b"), "a")
    ('is empty.', 'b: is empty.')
    """
    reason = error.reason if isinstance(error.reason, str) else str(error.reason)
    if str(error.subject or source) == source:
        return reason
    return Sentence("{file}: {why}", file=photo_name(error.subject or ""), why=fixed(reason))


def _mistake(task: Task, error: Exception) -> str:
    """Own up to a mistake of Sixbit's; a log of the computer that did the task has all that it takes to mend it."""
    log = logged(f"exporting {task.source} by the preset {task.preset.name}", error)
    if log is None:
        return Sentence("Sixbit made a mistake ({error}).", error=in_words(error))
    return Sentence("Sixbit made a mistake ({error}); {log} says more.", error=in_words(error), log=photo_name(log))
