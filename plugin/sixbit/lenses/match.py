"""A shot against the catalogue of lenses: which lens was it, and how do we know.

The code on the mount, the names and the figures (focal length, largest aperture) each say which lenses they fit. They
support or contradict each other; a contradiction is told and never decided in silence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sixbit.lenses.authors import is_of_profile
from sixbit.lenses.catalogue import Catalogue, catalogue
from sixbit.lenses.compensation import compensated_for, done_unmarked
from sixbit.lenses.figures import aperture_of
from sixbit.lenses.place import Place, place_of
from sixbit.lenses.verdict import (
    CONTRADICTED,
    Verdict,
    code_verdict,
    contradiction,
    figures_verdict,
    hinted,
    names_verdict,
    weighed,
)
from sixbit.values.errors import Code, CompileError, NotCorrectedError
from sixbit.values.kinds import KINDS, TRUSTED, Grade
from sixbit.values.lens import Body, Lens
from sixbit.values.sentence import Sentence, either, in_a_row
from sixbit.values.shot import Shot, Tagged

if TYPE_CHECKING:
    from sixbit.values.choices import Choices

FIXED_LENS_CAMERAS = ("leica q", "d-lux", "c-lux", "v-lux", "leica x", "leica sofort")


class Status(StrEnum):
    MATCHED = "matched"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"
    UNTAGGED = "untagged"
    NOT_M = "not_m"


class Match(NamedTuple):
    """The answer of the matcher: ``lens`` is set for ``matched`` alone."""

    status: Status
    lens: Lens | None
    candidates: tuple[Lens, ...]
    """Best first; the matched lens alone when there is one."""
    confidence: float
    evidence: tuple[Sentence, ...]
    agreed: bool = False
    """True if all that was found fits all candidates, and nothing contradicts."""
    body: Body | None = None
    place: Place = Place()
    """Where on the sensor the picture is."""
    is_remembered: bool = False
    """True if the user's choice for such photos has decided."""

    @property
    def crop_factor(self) -> Tagged[float] | None:
        """The crop factor, with where it was found: the body, or the tags it was reckoned from."""
        return self.place.crop_factor

    def shares_calibration(self, grades: tuple[Grade, ...] = TRUSTED) -> bool:
        """Tell whether it was one of several for sure, and all are corrected alike, so that nothing is to choose."""
        if len(self.candidates) < 2 or not self.agreed:
            return False
        used = [lens.best_calibrations(grades) for lens in self.candidates]
        entries = [{kind: (c.file, c.model) for kind, c in calibrations.items()} for calibrations in used]
        return bool(entries[0]) and all(entry == entries[0] for entry in entries)


def match(shot: Shot, known: Catalogue | None = None) -> Match:
    """Match a shot; what the user chose before for its body and name comes first, whatever the tags say.

    >>> match(Shot(lens_names=(Tagged("Summilux-M 50mm f/1.4 (II)", "EXIF LensModel"),))).lens.lens_id
    'summilux-50-ii'
    """
    from sixbit.lenses.remembered import look_up

    known = known or catalogue()
    body = known.body_of(shot)
    answer = _match(shot, known, body)._replace(body=body, place=place_of(shot, body))
    if body and body.is_phone and body.remark:
        remark = Sentence("{camera}: {remark}.", camera=f"{body.make} {body.model}", remark=body.remark)
        answer = answer._replace(evidence=(*answer.evidence, remark))
    chosen = known.lenses.get(look_up(shot) or "")
    if chosen is None or answer.status is Status.NOT_M:
        return answer
    before = Sentence("You chose {lens} for such photos before.", lens=chosen.name)
    return answer._replace(
        status=Status.MATCHED,
        lens=chosen,
        candidates=(chosen,),
        confidence=0.95,
        evidence=(*answer.evidence, before),
        is_remembered=True,
    )


def match_name(text: str, known: Catalogue | None = None) -> Match:
    """Match a lens name, or the lens_id of the catalogue, alone.

    >>> match_name("summilux-50-asph").lens.name
    'Summilux-M 1:1.4/50 ASPH.'
    >>> [lens.lens_id for lens in match_name("Summilux-M 1:1.4/50 ASPH.").candidates]
    ['summilux-50-asph', 'summilux-50-asph-ii']
    """
    known = known or catalogue()
    if lens := known.lenses.get(text.strip()):
        return _answer(
            Status.MATCHED,
            [lens],
            1.0,
            [Sentence("{identity} is the identity of {lens}.", identity=repr(lens.lens_id), lens=lens.name)],
        )
    return _match(Shot(lens_names=(Tagged(text, "the name"),)), known, None)


def lens_named(text: str) -> Lens:
    """The lens with this identity, or with a name that is certain of it.

    Raises CompileError for any other name, which tells what lenses it may be.

    >>> lens_named("summicron 35 asph").lens_id
    'summicron-35-asph'
    """
    found = match_name(text)
    if found.lens is not None:
        return found.lens
    if not found.candidates:
        raise CompileError(Sentence("There is no lens called {name}.", Code.NO_SUCH_LENS, name=repr(text)))
    names = either(*(f"{lens.lens_id} ({lens.name})" for lens in found.candidates[:6]))
    raise CompileError(Sentence("{name} may be {lenses}.", Code.NO_SUCH_LENS, name=repr(text), lenses=names))


def against(shot: Shot, lens: Lens, known: Catalogue | None = None) -> tuple[Sentence, ...]:
    """Tell what a photo says against a lens that somebody chooses for it: another name or code, or other figures.

    >>> shot = Shot(lens_names=(Tagged("Elmarit-M 1:2.8/28 ASPH.", "EXIF LensModel"),))
    >>> print(*against(shot, lens_named("summicron-35-asph"))[:1])
    'Elmarit-M 1:2.8/28 ASPH.' (EXIF LensModel) fits Elmarit-M 1:2.8/28 ASPH.
    >>> against(shot, lens_named("elmarit-28-asph"))
    ()
    """
    known = known or catalogue()
    body = known.body_of(shot)
    names = [one for one in shot.lens_names if not is_of_profile(one) and one.value not in known.lenses]
    said = [names_verdict([name], shot, known, body) for name in names]
    said += [code_verdict(shot.six_bit, known)] if shot.six_bit else []
    others = [verdict for verdict in said if verdict.lenses and lens not in verdict.lenses]
    told = [verdict.statements[0] for verdict in others]
    told += [other for verdict in said if (other := verdict.foreign or verdict.unlisted)]
    figures = weighed(Verdict([lens], 1.0), shot, body)
    return tuple(dict.fromkeys([*told, *(() if figures.firm else figures.notes)]))


def lens_of(shot: Shot, choices: Choices) -> tuple[Lens, list[str]]:
    """Find the lens of a shot, or the one that is chosen, and what is to be said of that.

    Where several lenses are possible and all of them share their calibrations of the grades that are trusted, it does
    not matter which it was, and the first stands for all. Raises NotCorrectedError, which names the candidates, for any
    other uncertain match, and CompileError for a choice that names no lens for certain.
    """
    if choices.lens is not None:
        return lens_named(choices.lens), []
    found = match(shot)
    if found.lens is not None:
        return found.lens, []
    if found.status is Status.AMBIGUOUS and found.shares_calibration(choices.grades):
        names = " or ".join(candidate.name for candidate in found.candidates)
        shared = Sentence("it was {names}: all of them share one calibration, which is used", names=names)
        return found.candidates[0], [shared]
    why = in_a_row(found.evidence, " ")
    if found.candidates and found.status is not Status.NOT_M:
        names = "; ".join(f"{lens.lens_id} ({lens.name})" for lens in found.candidates[:6])
        why = Sentence("{why} It may be: {names}.", why=why, names=names)
    error = NotCorrectedError(why, Code(found.status), subject=shot.path)
    error.candidates = tuple(lens.lens_id for lens in found.candidates)
    raise error


def identity_record(photo: Path, shot: Shot, found: Match) -> dict[str, Any]:
    """Tell of a photo what ``identify --json`` prints."""
    aperture = aperture_of(found.lens, shot, body=found.body)
    best = found.lens.best_calibrations(Grade) if found.lens else {}
    distance = shot.distance_m.value if shot.distance_m else math.inf
    return {
        "photo": str(photo),
        **match_record(found),
        "camera": " ".join(shot.camera).strip() or None,
        "crop_factor": round(found.crop_factor.value, 4) if found.crop_factor else None,
        "focal_mm": _focal_length(found.lens, shot),
        "f_number": aperture.f_number,
        "f_number_source": aperture.source,
        "distance_m": distance if math.isfinite(distance) else None,
        "calibrations": {kind: str(best[kind].grade) if kind in best else None for kind in KINDS},
        "already_corrected": list(shot.already_corrected),
        "compensated_for": compensated_for(shot) or None,
        "unmarked": [str(said) for said in done_unmarked(shot)],
        "place": [*found.place.evidence, *([found.place.refused] if found.place.refused else [])],
        "frame": list(found.place.frame) if found.place.frame else None,
        "reshaped": found.place.refused is not None,
    }


def match_record(found: Match) -> dict[str, Any]:
    """Tell of a name what ``lens --json`` prints."""
    return {
        "status": str(found.status),
        "lens": found.lens.lens_id if found.lens else None,
        "candidates": [lens.lens_id for lens in found.candidates],
        "confidence": round(found.confidence, 3),
        "evidence": list(found.evidence),
    }


def _focal_length(lens: Lens | None, shot: Shot) -> float | None:
    if lens and lens.focal_min == lens.focal_max:
        return lens.focal_min
    return shot.focal_mm.value if shot.focal_mm else None


def _match(shot: Shot, known: Catalogue, body: Body | None) -> Match:
    camera = " ".join(shot.camera).lower()
    if any(fixed in camera for fixed in FIXED_LENS_CAMERAS):
        return _answer(Status.NOT_M, evidence=[Sentence("The lens of this camera is built in: it takes no M lenses.")])
    name = names_verdict([one for one in shot.lens_names if not is_of_profile(one)], shot, known, body)
    hint = names_verdict([one for one in shot.lens_names if is_of_profile(one)], shot, known, body)
    code = code_verdict(shot.six_bit, known) if shot.six_bit else Verdict()
    evidence = [*name.notes, *code.notes]
    if name.foreign:
        evidence.append(name.foreign)
        if not code.lenses:
            return _answer(Status.NOT_M, confidence=0.95, evidence=evidence)
        name = Verdict()
    if name.unlisted:
        if not code.lenses:
            return _answer(Status.UNKNOWN, evidence=[*evidence, name.unlisted])
        evidence.append(contradiction(code.statements[0], name.unlisted))
        return _answer(Status.AMBIGUOUS, code.lenses, CONTRADICTED, evidence)
    if code.lenses and name.lenses:
        both = [lens for lens in name.lenses if lens in code.lenses]
        if not both:
            evidence.append(contradiction(code.statements[0], name.statements[0]))
            return _answer(Status.AMBIGUOUS, [*name.lenses, *code.lenses], CONTRADICTED, evidence)
        evidence += [*name.statements, *code.statements]
        best = Verdict(both, 0.99 if name.firm and code.firm else 0.9, firm=name.firm or code.firm)
    elif code.lenses or name.lenses:
        best = code if code.lenses else name
        evidence += best.statements
    else:
        return _unnamed(shot, known, body, hint, evidence)
    best = weighed(hinted(best._replace(notes=tuple(evidence)), hint), shot, body)
    lenses = best.lenses or []
    if len(lenses) == 1 and best.firm:
        return _answer(Status.MATCHED, lenses, best.confidence, best.notes)
    evidence = [*best.notes, *_signs(lenses)]
    return _answer(Status.AMBIGUOUS, lenses, min(best.confidence, 0.6), evidence, agreed=best.firm)


def _unnamed(shot: Shot, known: Catalogue, body: Body | None, hint: Verdict, evidence: list[Sentence]) -> Match:
    """Answer where neither code nor name fits a lens: by the figures, by the name of a lens profile, or not at all."""
    best = figures_verdict(shot, known, body)
    if best.lenses:
        best = hinted(best._replace(notes=(*evidence, *best.statements)), hint)
    elif hint.lenses and not evidence:
        best = weighed(
            hinted(Verdict(), hint)._replace(lenses=hint.lenses, confidence=CONTRADICTED, firm=False), shot, body
        )
    if best.lenses:
        return _answer(Status.AMBIGUOUS, best.lenses, best.confidence, [*best.notes, *_signs(best.lenses)])
    if evidence:
        return _answer(Status.UNKNOWN, evidence=[*evidence, *hinted(Verdict(), hint).notes])
    evidence = [*hinted(Verdict(), hint).notes]
    if body and body.is_phone:
        evidence.append(Sentence("The focal length in a phone's photo is that of its own module."))
    evidence.append(Sentence("The photo does not say which lens it was taken with."))
    return _answer(Status.UNTAGGED, evidence=evidence)


def _signs(lenses: Sequence[Lens]) -> list[Sentence]:
    """The words for what tells candidates apart."""
    if len(lenses) < 2:
        return []
    each = [Sentence("{lens}: {signs}", lens=lens.name, signs=s) for lens in lenses if (s := lens.told_apart_by)]
    signs = in_a_row(each, "; ")
    return [Sentence("What tells them apart: {signs}.", signs=signs)] if signs else []


def _answer(
    status: Status,
    lenses: Sequence[Lens] = (),
    confidence: float = 0.0,
    evidence: Sequence[Sentence] = (),
    agreed: bool = False,
) -> Match:
    """Put an answer together; nothing is told twice."""
    candidates = tuple(dict.fromkeys(lenses))
    lens = candidates[0] if status is Status.MATCHED else None
    answer = Match(status, lens, candidates, round(confidence, 2), tuple(dict.fromkeys(evidence)), agreed)
    if answer.shares_calibration():
        alike = Sentence(
            "All of them have the same calibration, so the correction can be used without knowing which it was."
        )
        answer = answer._replace(evidence=(*answer.evidence, alike))
    return answer
