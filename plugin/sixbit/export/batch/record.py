"""The record of a photo, as the ledger keeps it, where something is in its way."""

from __future__ import annotations

from sixbit.export.batch.ledger import Record
from sixbit.export.batch.plan import Task
from sixbit.faults import in_words, logged
from sixbit.values.errors import Code, SixbitError, photo_name
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
        is_of_photo = str(error.subject or task.source) == task.source
        return {"message": str(error.reason if is_of_photo else error), "codes": codes_of(error)}
    if isinstance(error, MemoryError):
        return {"message": "is too large for the memory of this computer.", "codes": [Code.TOO_LARGE]}
    import traceback

    details = "".join(traceback.format_exception(error))
    return {"message": _mistake(task, error), "codes": [Code.FAULT], "details": details}


def _mistake(task: Task, error: Exception) -> str:
    """Own up to a mistake of Sixbit's; a log of the computer that did the task has all that it takes to mend it."""
    log = logged(f"exporting {task.source} by the preset {task.preset.name}", error)
    more = f"; {photo_name(log)} says more" if log else ""
    return f"Sixbit made a mistake ({in_words(error)}){more}."
