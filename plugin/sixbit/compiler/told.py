"""A compiled correction in words: what it does to a photo, what it leaves, and why there is nothing to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sixbit.compiler.choose import BY_HAND, FROM_PHOTO
from sixbit.values.errors import Code, NotCorrectedError
from sixbit.values.filter import Filter
from sixbit.values.kinds import SPOKEN, SPOKEN_GRADES
from sixbit.values.lens import Lens
from sixbit.values.sentence import Say, Sentence, in_a_row
from sixbit.values.shot import Shot
from sixbit.values.ways_out import WaysOut, codes_of, followed, values_of

AS_KNOWN = {
    "exif": Sentence("as the photo says"),
    "estimated": Sentence("which the camera estimated"),
    "assumed": Sentence("as you said"),
}
"""Where an f-number comes from, in words."""
_GRADES: Mapping[str, Sentence] = {
    **{str(grade): words for grade, words in SPOKEN_GRADES.items()},
    FROM_PHOTO: Sentence("measured from this photo"),
    BY_HAND: Sentence("set by hand"),
}


def described(filter: Filter, ways_out: WaysOut | None = None, measures_tca: bool = False, say: Say = str) -> str:
    """Describe in a line what a correction does and leaves; ``measures_tca`` if lateral colour will yet be measured.

    It is a sentence, which can be said in any language; what a table has to add to it is said by ``say``.
    """
    made_from = filter.made_from
    kinds = [_done(kind, made_from["calibrations"][kind]) for kind in made_from["corrections"]]
    without = left_out(filter, ways_out, say)
    if measures_tca:
        kinds.append(Sentence("{kind} (as far as the photo itself shows it)", kind=SPOKEN["tca"]))
        del without["tca"]
    done = in_a_row(kinds)
    if "vignetting" in made_from["corrections"]:
        done = Sentence(
            "{done} at f/{f_number}, {source}",
            done=done,
            f_number=f"{made_from['f_number']:.3g}",
            source=AS_KNOWN[made_from["f_number_source"]],
        )
    said = Sentence("{lens}, corrected {done}", lens=made_from["lens"], done=done)
    left = [Sentence("without {kind}: {why}", kind=SPOKEN[kind], why=why) for kind, why in without.items()]
    return in_a_row([said, *left], "; ")


def _done(kind: str, calibration: Mapping[str, Any]) -> Sentence:
    """A correction in words, with what it comes from."""
    grade = _GRADES.get(calibration["grade"], calibration["grade"])
    if calibration.get("nothing"):
        return Sentence("{kind} ({grade}: nothing to correct)", kind=SPOKEN[kind], grade=grade)
    return Sentence("{kind} ({grade})", kind=SPOKEN[kind], grade=grade)


def left_out(filter: Filter, ways_out: WaysOut | None = None, say: Say = str) -> dict[str, str]:
    """Tell why each kind was left out that was asked for, with the ways out of a table, in the language of ``say``.

    Without such a table these are sentences, which can be said in any language. That nobody has measured a shading goes
    without saying, and that one can measure what nobody has.
    """
    why: dict[str, str] = dict(filter.made_from["left_out"])
    if Code.UNCALIBRATED in codes_of(why.get("shading")):
        del why["shading"]
    wanted = dict(ways_out or {})
    wanted.pop(Code.UNCALIBRATED, None)
    lens = {"lens_id": filter.made_from["lens_id"]}
    return {
        kind: followed(say(reason), codes_of(reason), wanted, {**lens, **values_of(reason)}, say)
        if wanted.keys() & {*codes_of(reason)}
        else reason
        for kind, reason in why.items()
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
    return NotCorrectedError(
        Sentence("is corrected already ({marks}).", marks=marks), Code.ALREADY_CORRECTED, subject=shot.path
    )


def not_yet_done(shot: Shot, asked: Mapping[str, float], force: bool, notes: list[str]) -> Mapping[str, float]:
    """Return the kinds that are asked for and not yet done; ``notes`` are told what was done before."""
    done = [kind for kind in asked if kind in shot.already_corrected]
    if force or not done:
        return asked
    remaining = {kind: share for kind, share in asked.items() if kind not in done}
    if not remaining:
        raise corrected_already(shot)
    said = in_a_row([SPOKEN[kind] for kind in done])
    notes.append(Sentence("{kinds} is corrected already and was left as it is", Code.ALREADY_CORRECTED, kinds=said))
    return remaining
