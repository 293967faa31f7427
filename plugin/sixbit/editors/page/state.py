"""The state of a session as a page is told of it, in its language, and its pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sixbit.calibration.coverage import coverage
from sixbit.compiler.told import described
from sixbit.editors.page.lenses import lens_record
from sixbit.editors.page.own import is_installed, odd_lenses, own_records
from sixbit.editors.page.results import Measurement
from sixbit.editors.page.trouble import in_language
from sixbit.editors.page.ways_out import WAYS_OUT
from sixbit.editors.page.work import Comparison
from sixbit.lenses.catalogue import catalogue
from sixbit.values.sentence import Say, Sentence

if TYPE_CHECKING:
    from sixbit.editors.page.session import PageSession


def state_of(session: PageSession, say: Say) -> dict[str, Any]:
    """Return all that a page shows, as JSON values in the language of ``say``; pictures by their names."""
    state: dict[str, Any] = in_language(_state(session, say), say)
    return {**state, "error": "\n".join(state["error"])}


def _state(session: PageSession, say: Say) -> dict[str, Any]:
    found, shown = session.results.shown_at(session.place), session.comparison
    look = found or session.results.attempts.get(session.place)
    lens = session.lens and catalogue().lenses.get(session.lens.lens_id, session.lens)
    return {
        "lens": lens_record(lens) if lens else None,
        "steps": list(session.steps),
        "step": session.step,
        "fields": list(session.fields),
        "settings": session.said(),
        "frames": [frame.as_json() for frame in session.frames_here],
        "job": session.job,
        "error": session.errors,
        "measurement": None
        if look is None
        else {
            "number": look.number,
            "verdict": list(look.findings.verdict),
            "plots": [plot.as_json() for plot in look.findings.plots],
            "pictures": [caption for caption, _ in look.findings.pictures],
            "kept": bool(found and found.kept),
            "refused": found is None,
        },
        "results": sorted(
            (_row(session, one) for one in session.results.of(session.place)),
            key=lambda row: row["f_number"] or math.inf,
        ),
        "elsewhere": [
            {"lens_id": place.lens_id, "lens": catalogue().lens(place.lens_id).name, "step": place.step}
            for place in session.results.elsewhere(session.place)
        ],
        "comparison": None if shown is None else {"number": shown[0], "summary": _summary(shown[1], say)},
        "coverage": coverage(lens, catalogue().runs) if lens else (),
        "own": own_records(),
        "odd": odd_lenses(),
        "installed": is_installed(),
        "notice": session.notice,
    }


def _row(session: PageSession, one: Measurement) -> dict[str, Any]:
    """Return a result as it stands beside others."""
    step = session.steps[one.place.step]
    doubts = list(one.doubts)
    if one.settings != session.said(but="f_number"):
        doubts.append(Sentence("It was measured with other settings than stand there now; measure again to use these."))
    return {
        "number": one.number,
        "photos": list(one.photos.values()),
        "brief": step.brief(one.result),
        "is_of_aperture": step.at_aperture is not None,
        "f_number": one.result.setting.f_number if step.at_aperture else None,
        "doubts": doubts,
        "kept": bool(one.kept),
        "replaced": bool(one.kept and one.replaces),
    }


def _summary(shown: Comparison, say: Say) -> Sentence:
    return Sentence("{photo}: {done}", photo=shown.name, done=described(shown.filter, WAYS_OUT, say=say))


def pictures_of(session: PageSession) -> dict[str, bytes]:
    """Return all pictures by name: ``frame-N``, ``drawn-N``, ``measurement-N-I``, ``comparison-N-VIEW-WHEN``."""
    found = {f"frame-{frame.number}": frame.look.thumbnail for frame in session.frames.values() if frame.look}
    found |= {f"drawn-{frame.drawn[0]}": frame.drawn[1] for frame in session.frames.values() if frame.drawn}
    looks = [(one.number, one.findings) for one in session.results.all.values()]
    looks += [(one.number, one.findings) for one in session.results.attempts.values()]
    for number, findings in looks:
        for i, (_, picture) in enumerate(findings.pictures):
            found[f"measurement-{number}-{i}"] = picture
    if session.comparison:
        number, shown = session.comparison
        found |= {f"comparison-{number}-{which}": picture for which, picture in shown.pictures.items()}
    return found
