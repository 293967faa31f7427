"""Handed out by the page of the user's calibrations: their curves, and files for other programs and owners."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import web

from sixbit.calibration.bundle import write_bundle
from sixbit.calibration.keep import export
from sixbit.editors.page.own import curves_of
from sixbit.editors.page.trouble import in_language
from sixbit.values.sentence import Say


def _curves(query: Mapping[str, str], _folder: Path, say: Say) -> web.Response:
    return web.json_response(in_language(curves_of(query.get("name", "")), say))


def _export(query: Mapping[str, str], folder: Path, _say: Say) -> web.Response:
    lens = query.get("lens")
    path = folder / "export.xml"
    export(path, lens, complete=query.get("complete") == "yes")
    headers = _named(lens or "lenses", "xml")
    return web.Response(body=path.read_bytes(), content_type="application/xml", charset="utf-8", headers=headers)


def _bundle(query: Mapping[str, str], folder: Path, _say: Say) -> web.Response:
    lens = query.get("lens", "")
    path = folder / "export.json"
    write_bundle(path, lens)
    headers = _named(lens, "json")
    return web.Response(body=path.read_bytes(), content_type="application/json", charset="utf-8", headers=headers)


def _named(lens_id: str, ending: str) -> dict[str, str]:
    """The name under which a browser stores what it is given."""
    name = re.sub(r"[^a-z0-9.-]+", "-", f"sixbit-{lens_id}"[:80])
    return {"Content-Disposition": f'attachment; filename="{name}.{ending}"'}


DOWNLOADS: Mapping[str, Callable[[Mapping[str, str], Path, Say], web.Response]] = {
    "bundle": _bundle,
    "curves": _curves,
    "export": _export,
}
"""By their places on the page: what is asked for, a folder of the session's, and what says it, to a response."""
