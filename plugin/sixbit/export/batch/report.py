"""The report of a batch: lines of JSON for programs, a page in the user's language for people.

Both list the photos in the order of the sources and hold no times, so that a batch that was stopped and taken up again
ends with the same bytes as one that was not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from sixbit import translations
from sixbit.export.batch.outcome import STATES, Outcome, as_json
from sixbit.export.presets import Preset
from sixbit.files.replace import replacing
from sixbit.values.errors import photo_name, printable
from sixbit.values.sentence import Sentence, fixed
from sixbit.values.ways_out import WaysOut

PAGE, LINES = "sixbit-report.html", "sixbit-report.jsonl"

_WORDS = {
    "corrected": Sentence("corrected"),
    "copied": Sentence("copied"),
    "skipped": Sentence("skipped"),
    "reshaped": Sentence("reshaped"),
    "raw": Sentence("raw"),
    "failed": Sentence("failed"),
    "all": Sentence("all"),
}
"""The states in words that can be translated, and the button for all of them."""

_HIDDEN = "\n".join(
    f"body:has(#show-{status}:checked) article:not(.of-{status}) {{ display: none; }}" for status in STATES
)
"""What the page does not show while photos of one status alone are to be seen."""


Outcomes = Callable[[], Iterable[Outcome]]
"""The outcomes of the photos, told anew at each call, for all of it at once may not fit into the memory."""


def write_reports(
    folder: Path, preset: Preset, counts: Mapping[str, int], outcomes: Outcomes, ways_out: WaysOut
) -> Path:
    """Write both into the output folder, and return the page, which tells the ways out, the failures first."""
    with replacing(folder / LINES) as file:
        for outcome in outcomes():
            entry = as_json(outcome, ways_out)
            entry["out"] = None if outcome.out is None else outcome.out.relative_to(folder).as_posix()
            file.write(printable(json.dumps(entry, ensure_ascii=False)).encode() + b"\n")
    page = _Page(folder, ways_out, translations.of_the_user())
    page.write(preset, counts, outcomes)
    return folder / PAGE


class _Page:
    """The page of a report, in a language."""

    def __init__(self, folder: Path, ways_out: WaysOut, language: str) -> None:
        self.folder = folder
        self.ways_out = ways_out
        self.language = language
        self.say = translations.speaking(language)

    def write(self, preset: Preset, counts: Mapping[str, int], outcomes: Outcomes) -> None:
        together = sum(counts.values())
        shown = {"count": together, "preset": fixed(preset.label)}
        one, more = Sentence("{count} photo, {preset}", **shown), Sentence("{count} photos, {preset}", **shown)
        there = [status for status in reversed(STATES) if counts[status]]
        rows = map(self._row, ["all", *there], [together, *(counts[status] for status in there)])
        template = Template(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
        words = {
            "title": escape(f"Sixbit: {self.say(one if together == 1 else more)}"),
            "show": escape(self.say(Sentence("Show"))),
            "language": self.language,
        }
        start, _, end = template.substitute(words, rows="".join(rows), hidden=_HIDDEN).partition("<!-- photos -->\n")
        with replacing(self.folder / PAGE) as file:
            file.write(start.encode("utf-8", "backslashreplace"))
            for status in there:
                for outcome in outcomes():
                    if outcome.status == status:
                        file.write(self._article(outcome).encode("utf-8", "backslashreplace"))
            file.write(end.encode("utf-8"))

    def _row(self, status: str, count: int) -> str:
        """The number of photos of a status, with a button that shows them alone."""
        checked = " checked" if status == "all" else ""
        button = f'<input type="radio" name="shown" id="show-{status}"{checked}>'
        return f'<label class="{status}">{button} {escape(self.say(_WORDS[status]))} <b>{count}</b></label>\n'

    def _article(self, outcome: Outcome) -> str:
        status, where, name = outcome.status, photo_name(outcome.photo.parent), photo_name(outcome.photo.name)
        out = outcome.out.relative_to(self.folder).as_posix() if outcome.out else None
        written = (
            f' → <a href="{quote(out.encode("utf-8", "surrogateescape"))}">{escape(photo_name(out))}</a>' if out else ""
        )
        notes = "".join(f"<p>{escape(photo_name(self.say(note)))}</p>" for note in outcome.notes)
        labels = [escape(self.say(words)) for words in (Sentence("before"), Sentence("after"))]
        pictures = "".join(
            f'<figure><img alt="{label}" loading="lazy" src="data:image/jpeg;base64,{escape(data)}">'
            f"<figcaption>{label}</figcaption></figure>"
            for label, data in zip(labels, outcome.thumbnails, strict=False)
        )
        told = escape(photo_name(outcome.told(self.ways_out, self.say)))
        return (
            f'<article class="of-{status}"><div><h2>{escape(name)}</h2>'
            f'<p class="where">{escape(where)}{written}</p>'
            f'<p><span class="status {status}">{escape(self.say(_WORDS[status]))}</span>: {told}</p>'
            f'{notes}</div><div class="pictures">{pictures}</div></article>\n'
        )
