"""A compiled correction in words: what it does to a photo, what it leaves, and why there is nothing to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sixbit.values.errors import Code, NotCorrectedError
from sixbit.values.filter import Filter
from sixbit.values.kinds import SPOKEN
from sixbit.values.lens import Lens
from sixbit.values.sentence import Sentence, in_a_row
from sixbit.values.shot import Shot
from sixbit.values.ways_out import WaysOut, codes_of, followed, values_of

AS_KNOWN = {"exif": "as the photo says", "estimated": "which the camera estimated", "assumed": "as you said"}
"""Where an f-number comes from, in words."""


def described(filter: Filter, ways_out: WaysOut | None = None, measures_tca: bool = False) -> str:
    """Describe in a line what a correction does and leaves; ``measures_tca`` if lateral colour will yet be measured."""
    made_from = filter.made_from
    kinds = [f"{SPOKEN[kind]} ({_worth(made_from['calibrations'][kind])})" for kind in made_from["corrections"]]
    without = left_out(filter, ways_out)
    if measures_tca:
        kinds.append(f"{SPOKEN['tca']} (as far as the photo itself shows it)")
        del without["tca"]
    done = ", ".join(kinds)
    left = "".join(f"; without {SPOKEN[kind]}: {why}" for kind, why in without.items())
    aperture = ""
    if "vignetting" in made_from["corrections"]:
        aperture = f" at f/{made_from['f_number']:.3g}, {AS_KNOWN[made_from['f_number_source']]}"
    return f"{made_from['lens']}, corrected {done}{aperture}{left}"


def _worth(calibration: Mapping[str, Any]) -> str:
    return f"{calibration['grade']}{': nothing to correct' if calibration.get('nothing') else ''}"


def left_out(filter: Filter, ways_out: WaysOut | None = None) -> dict[str, str]:
    """Tell why each kind was left out that was asked for, with the ways out of a table.

    That nobody has measured a shading goes without saying, and that one can measure what nobody has.
    """
    why: dict[str, str] = dict(filter.made_from["left_out"])
    if Code.UNCALIBRATED in codes_of(why.get("shading")):
        del why["shading"]
    wanted = dict(ways_out or {})
    wanted.pop(Code.UNCALIBRATED, None)
    lens = {"lens_id": filter.made_from["lens_id"]}
    return {
        kind: followed(reason, codes_of(reason), wanted, {**lens, **values_of(reason)}) for kind, reason in why.items()
    }


def nothing_to_do(path: Path, lens: Lens, filter: Filter) -> NotCorrectedError:
    """Why a matched lens cannot be corrected."""
    reasons = filter.made_from["left_out"].items()
    if not reasons:
        return NotCorrectedError(Sentence("no correction of it is asked for."), Code.ARGUMENT, subject=path)
    left = in_a_row([Sentence("{kind}: {why}", kind=SPOKEN[kind], why=why) for kind, why in reasons], "; ")
    said = Sentence(
        "the lens is {lens}, but nothing of it can be corrected ({left}).",
        lens=lens.name,
        lens_id=lens.lens_id,
        left=left,
    )
    codes = codes_of(said)
    code = Code.COMPENSATED if Code.COMPENSATED in codes else next(iter(codes), None)
    return NotCorrectedError(said, code, subject=path)


def corrected_already(shot: Shot) -> NotCorrectedError:
    """That marks claim all of it to be done."""
    marks = ", ".join(mark.tag for mark in shot.marks)
    return NotCorrectedError(f"is corrected already ({marks}).", Code.ALREADY_CORRECTED, subject=shot.path)


def not_yet_done(shot: Shot, asked: Mapping[str, float], force: bool, notes: list[str]) -> Mapping[str, float]:
    """Return the kinds that are asked for and not yet done; ``notes`` are told what was done before."""
    done = [kind for kind in asked if kind in shot.already_corrected]
    if force or not done:
        return asked
    remaining = {kind: share for kind, share in asked.items() if kind not in done}
    if not remaining:
        raise corrected_already(shot)
    said = ", ".join(SPOKEN[kind] for kind in done)
    notes.append(Sentence("{kinds} is corrected already and was left as it is", Code.ALREADY_CORRECTED, kinds=said))
    return remaining
