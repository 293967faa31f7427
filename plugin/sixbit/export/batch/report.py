"""The report of a batch: lines of JSON for programs, and a page with pictures for people.

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

from sixbit.export.batch.outcome import Outcome, as_json
from sixbit.export.presets import Preset
from sixbit.files.replace import replacing
from sixbit.values.errors import photo_name
from sixbit.values.ways_out import WaysOut

PAGE, LINES = "sixbit-report.html", "sixbit-report.jsonl"

Outcomes = Callable[[], Iterable[Outcome]]
"""What became of the photos, told anew at each call, for all of it at once may not fit into the memory."""


def write_reports(
    folder: Path, preset: Preset, counts: Mapping[str, int], outcomes: Outcomes, ways_out: WaysOut
) -> Path:
    """Write both into the output folder, and return the page, which tells the ways out."""
    with replacing(folder / LINES) as file:
        for outcome in outcomes():
            entry = as_json(outcome) | {"notes": outcome.notes}
            entry["out"] = None if outcome.out is None else outcome.out.relative_to(folder).as_posix()
            file.write(json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
    together = sum(counts.values())
    title = escape(f"Sixbit: {together} photo{'s' * (together != 1)}, {preset.label}")
    rows = "".join(f'<tr><td>{status}<td class="number">{count}' for status, count in counts.items() if count)
    template = Template(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
    start, _, end = template.substitute(title=title, rows=rows).partition("<!-- photos -->\n")
    page = folder / PAGE
    with replacing(page) as file:
        file.write(start.encode("utf-8", "backslashreplace"))
        for outcome in outcomes():
            file.write(_article(folder, outcome, ways_out).encode("utf-8", "backslashreplace"))
        file.write(end.encode("utf-8"))
    return page


def _article(folder: Path, outcome: Outcome, ways_out: WaysOut) -> str:
    where, name = photo_name(outcome.photo.parent), photo_name(outcome.photo.name)
    message = outcome.told(ways_out)
    out = outcome.out.relative_to(folder).as_posix() if outcome.out else None
    written = (
        f' → <a href="{quote(out.encode("utf-8", "surrogateescape"))}">{escape(photo_name(out))}</a>' if out else ""
    )
    notes = "".join(f"<p>{escape(photo_name(note))}</p>" for note in outcome.notes)
    pictures = "".join(
        f'<figure><img alt="{label}" loading="lazy" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{label}</figcaption></figure>"
        for label, data in zip(("before", "after"), outcome.thumbnails, strict=False)
    )
    return (
        f'<article><div><h2>{escape(name)}</h2><p class="where">{escape(where)}{written}</p>'
        f'<p><span class="status {outcome.status}">{outcome.status}</span>: {escape(photo_name(message))}</p>'
        f'{notes}</div><div class="pictures">{pictures}</div></article>\n'
    )
