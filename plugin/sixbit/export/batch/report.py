"""The outcomes of the photos of a batch, and the report of them: lines of JSON for programs, a page for people.

Both list the photos in the order of the sources and hold no times, so that a batch that was stopped and taken up again
ends with the same bytes as one that was not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from sixbit.export.batch.ledger import Record
from sixbit.export.presets import Preset
from sixbit.export.ways_out import BY_PRESET
from sixbit.files.replace import replacing
from sixbit.values.errors import Code, photo_name, printable
from sixbit.values.ways_out import WaysOut, followed

PAGE, LINES = "sixbit-report.html", "sixbit-report.jsonl"
STATES = ("corrected", "copied", "skipped", "reshaped", "raw", "failed")
"""The states that a photo can end in; one that is reshaped was skipped since its optical centre is not known."""


_HIDDEN = "\n".join(
    f"body:has(#show-{status}:checked) article:not(.of-{status}) {{ display: none; }}" for status in STATES
)
"""What the page does not show while photos of one status alone are to be seen."""


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

    def told(self, ways_out: WaysOut) -> str:
        """The message, with what can be done about it by a table."""
        return followed(self.message, self.codes, ways_out)


def outcome_of(photo: Path, record: Record, folder: Path, before: bool = False) -> Outcome:
    """The outcome that a record of the ledger tells; ``folder`` is that of the output.

    Raises an exception of any kind for a record that no Sixbit of this version has written.
    """
    out = None if record["out"] is None else folder / record["out"]
    if record["status"] not in STATES or not (out is None or out.is_relative_to(folder)):
        raise ValueError("a record that makes no sense")
    return Outcome(
        photo,
        record["status"],
        str(record["message"]),
        record["reason"],
        out,
        record["lens"],
        before,
        tuple(map(Code, record["codes"])),
        tuple(map(str, record["notes"])),
        tuple(map(str, record["thumbnails"])),
    )


def is_outcome(record: Record) -> bool:
    """True if a record has the form that Sixbit gives it: a ledger is a file, in which anything may stand."""
    texts, lists = ("message", "stem", "settings"), ("notes", "thumbnails", "codes")
    try:
        maybe = all(record[name] is None or isinstance(record[name], str) for name in ("reason", "out", "lens"))
        told = all(isinstance(record[name], str) for name in texts) and record["status"] in STATES
        listed = all(isinstance(word, str) for name in lists for word in record[name])
        whole = {"fingerprint", "choices", "chosen", "out_size"} <= record.keys() and {*record["codes"]} <= {*Code}
        return whole and maybe and told and listed
    except (KeyError, TypeError):
        return False


def as_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as a JSON object: the photo's path, what became of it and why, what was written, and notes."""
    return {
        "photo": str(outcome.photo),
        "status": outcome.status,
        "reason": outcome.reason,
        "codes": [str(code) for code in outcome.codes],
        "message": outcome.message,
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


Outcomes = Callable[[], Iterable[Outcome]]
"""The outcomes of the photos, told anew at each call, for all of it at once may not fit into the memory."""


def write_reports(
    folder: Path, preset: Preset, counts: Mapping[str, int], outcomes: Outcomes, ways_out: WaysOut
) -> Path:
    """Write both into the output folder, and return the page, which tells the ways out, the failures first."""
    with replacing(folder / LINES) as file:
        for outcome in outcomes():
            entry = as_json(outcome)
            entry["out"] = None if outcome.out is None else outcome.out.relative_to(folder).as_posix()
            file.write(printable(json.dumps(entry, ensure_ascii=False)).encode() + b"\n")
    together = sum(counts.values())
    title = escape(f"Sixbit: {together} photo{'s' * (together != 1)}, {preset.label}")
    there = [status for status in reversed(STATES) if counts[status]]
    rows = "".join(map(_row, ["all", *there], [together, *(counts[status] for status in there)]))
    template = Template(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
    start, _, end = template.substitute(title=title, rows=rows, hidden=_HIDDEN).partition("<!-- photos -->\n")
    page = folder / PAGE
    with replacing(page) as file:
        file.write(start.encode("utf-8", "backslashreplace"))
        for status in there:
            for outcome in outcomes():
                if outcome.status == status:
                    file.write(_article(folder, outcome, ways_out).encode("utf-8", "backslashreplace"))
        file.write(end.encode("utf-8"))
    return page


def _row(status: str, count: int) -> str:
    """The number of photos of a status, with a button that shows them alone."""
    checked = " checked" if status == "all" else ""
    button = f'<input type="radio" name="shown" id="show-{status}"{checked}>'
    return f'<label class="{status}">{button} {status} <b>{count}</b></label>\n'


def _article(folder: Path, outcome: Outcome, ways_out: WaysOut) -> str:
    where, name = photo_name(outcome.photo.parent), photo_name(outcome.photo.name)
    message = outcome.told(ways_out)
    out = outcome.out.relative_to(folder).as_posix() if outcome.out else None
    written = (
        f' → <a href="{quote(out.encode("utf-8", "surrogateescape"))}">{escape(photo_name(out))}</a>' if out else ""
    )
    notes = "".join(f"<p>{escape(photo_name(note))}</p>" for note in outcome.notes)
    pictures = "".join(
        f'<figure><img alt="{label}" loading="lazy" src="data:image/jpeg;base64,{escape(data)}">'
        f"<figcaption>{label}</figcaption></figure>"
        for label, data in zip(("before", "after"), outcome.thumbnails, strict=False)
    )
    return (
        f'<article class="of-{outcome.status}"><div><h2>{escape(name)}</h2>'
        f'<p class="where">{escape(where)}{written}</p>'
        f'<p><span class="status {outcome.status}">{outcome.status}</span>: {escape(photo_name(message))}</p>'
        f'{notes}</div><div class="pictures">{pictures}</div></article>\n'
    )
