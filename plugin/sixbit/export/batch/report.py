"""The report of a batch: lines of JSON for programs, and a page with pictures for people.

Both list the photos in the order of the sources and hold no times, so that a batch that was stopped and taken up again
ends with the same bytes as one that was not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from urllib.parse import quote

from sixbit.export.batch.outcome import Outcome, as_json
from sixbit.export.presets import Preset
from sixbit.files.replace import replacing
from sixbit.values.errors import photo_name
from sixbit.values.ways_out import WaysOut

PAGE, LINES = "sixbit-report.html", "sixbit-report.jsonl"

Outcomes = Callable[[], Iterable[Outcome]]
"""What became of the photos, told as often as it is asked for: all of it may not fit into the memory."""

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; }}
table.counts td {{ padding-right: 1.5rem; }}
td.number {{ text-align: right; }}
article {{ border-top: 1px solid #8886; display: grid; gap: 1rem; grid-template-columns: 1fr auto; padding: 1rem 0; }}
h2 {{ font-size: 1rem; margin: 0; overflow-wrap: anywhere; }}
p {{ margin: .25rem 0; overflow-wrap: anywhere; }}
.where, figcaption {{ color: light-dark(#6b6b6b, #9a9a9a); }}
.where {{ font-size: .8rem; }}
.status {{ font-weight: 600; }}
.failed {{ color: light-dark(#c62828, #ff8a80); }}
.skipped, .raw {{ color: light-dark(#9a5b00, #ffb74d); }}
.corrected, .copied {{ color: light-dark(#2e7d32, #81c784); }}
.pictures {{ display: flex; gap: .5rem; }}
figure {{ margin: 0; }}
figcaption {{ font-size: .8rem; }}
img {{ display: block; max-width: 20rem; width: 100%; }}
@media (max-width: 50rem) {{ article {{ grid-template-columns: 1fr; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<table class="counts">{rows}</table>
"""


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
    page = folder / PAGE
    with replacing(page) as file:
        file.write(_HEAD.format(title=title, rows=rows).encode("utf-8", "backslashreplace"))
        for outcome in outcomes():
            file.write(_article(folder, outcome, ways_out).encode("utf-8", "backslashreplace"))
        file.write(b"</body>\n</html>\n")
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
