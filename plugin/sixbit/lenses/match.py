"""A shot against the catalogue of lenses: which lens was it, and how do we know.

The code on the mount, the names and the figures (focal length, largest aperture) each say which lenses they fit. They
support or contradict each other; a contradiction is told and never decided in silence.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from sixbit.lenses.catalogue import Catalogue, catalogue
from sixbit.lenses.likeness import singled_out
from sixbit.lenses.names import Name, read_name
from sixbit.lenses.words import FAMILIES
from sixbit.values.kinds import TRUSTED, Grade
from sixbit.values.lens import PHONE_MAKERS, Body, Lens
from sixbit.values.marks import LENS, is_own
from sixbit.values.sentence import Sentence, in_a_row
from sixbit.values.shot import Shot, SixBitCode, Tagged

MOST_CANDIDATES = 12
"""A name that fits more lenses than this tells too little to be called ambiguous."""

SELECTED_FRAMES = {1: "28/90", 2: "35/135", 3: "50/75"}
OTHER_PHONE_MAKERS = {"apple", "samsung", "google", "oneplus", "oppo", "vivo", "honor", "motorola", "realme", "nothing"}
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
    crop_factor: Tagged[float] | None = None
    """With where it was found: the body, or the tags it was reckoned from."""
    is_remembered: bool = False
    """True if the user's choice for such photos has decided."""

    def shares_calibration(self, grades: tuple[Grade, ...] = TRUSTED) -> bool:
        """True if it was one of several for sure, and all are corrected alike, so that there is nothing to choose."""
        if len(self.candidates) < 2 or not self.agreed:
            return False
        used = [lens.best_calibrations(grades) for lens in self.candidates]
        entries = [{kind: (c.file, c.model) for kind, c in calibrations.items()} for calibrations in used]
        return bool(entries[0]) and all(entry == entries[0] for entry in entries)


class _Verdict(NamedTuple):
    """What one source of evidence says; ``lenses`` is None if it says nothing."""

    lenses: list[Lens] | None = None
    confidence: float = 0.0
    said: Sentence = Sentence("")
    more: tuple[Sentence, ...] = ()
    """What is to be told right after that."""
    foreign: Sentence | None = None
    firm: bool = True
    """False if the lenses are only candidates, even if there is but one."""
    notes: tuple[Sentence, ...] = ()

    def noting(self, *notes: Sentence) -> _Verdict:
        """The same, with more to be told."""
        return self._replace(notes=(*self.notes, *notes))


def match(shot: Shot, known: Catalogue | None = None) -> Match:
    """Match a shot; what the user chose before for its body and name comes first, whatever the tags say.

    >>> match(Shot(lens_names=(Tagged("Summilux-M 50mm f/1.4 (II)", "EXIF LensModel"),))).lens.lens_id
    'summilux-50-ii'
    """
    from sixbit.lenses.remembered import look_up

    known = known or catalogue()
    make, model = shot.make.value if shot.make else None, shot.model.value if shot.model else None
    body = known.body_for(make, model)
    answer = _match(shot, known, body)._replace(body=body, crop_factor=crop_factor_of(shot, body))
    if body and body.is_phone and body.remark:
        answer = answer._replace(evidence=(*answer.evidence, _remark(body)))
    chosen = known.lenses.get(look_up(shot) or "")
    if chosen is None or answer.status is Status.NOT_M:
        return answer
    told = Sentence("You chose {lens} for such photos before.", lens=chosen.name)
    evidence = (*answer.evidence, told)
    return answer._replace(
        status=Status.MATCHED,
        lens=chosen,
        candidates=(chosen,),
        confidence=0.95,
        evidence=evidence,
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


def crop_factor_of(shot: Shot, body: Body | None) -> Tagged[float] | None:
    """How much smaller the sensor is than 24x36: of the body, else reckoned from the focal lengths in the photo."""
    if body:
        return Tagged(body.crop_factor, f"{body.make} {body.model}")
    if shot.focal_mm and shot.focal_35mm and shot.digital_zoom == 1:
        crop = shot.focal_35mm.value / shot.focal_mm.value if shot.focal_mm.value > 0 else 0.0
        # A focal length written into the photo afterwards, for the lens, makes nonsense of the camera's equivalent: a
        # phone's own is that of its module, and no camera with a smaller sensor than 1 inch takes M lenses.
        most = (0.0 if _of_a_phone(shot) else 2.8) if _focal_of_named_lens(shot) else 12.0
        if 0.9 <= crop <= most:
            return Tagged(crop, f"{shot.focal_35mm.tag} / {shot.focal_mm.tag}")
    return None


def _of_a_phone(shot: Shot) -> bool:
    return shot.make is not None and shot.make.value.casefold().strip() in PHONE_MAKERS | OTHER_PHONE_MAKERS


def _focal_of_named_lens(shot: Shot) -> bool:
    """True if the focal length is that of a lens the photo names, other than the camera's own."""
    names = [read_name(name.value) for name in shot.lens_names]
    said = [focal for name in names if not name.foreign for focal in name.focals]
    return shot.focal_mm is not None and any(abs(shot.focal_mm.value / focal - 1) <= 0.05 for focal in said if focal)


def _match(shot: Shot, known: Catalogue, body: Body | None) -> Match:
    model = f"{shot.make.value if shot.make else ''} {shot.model.value if shot.model else ''}".lower()
    if any(camera in model for camera in FIXED_LENS_CAMERAS):
        return _answer(Status.NOT_M, evidence=[Sentence("The lens of this camera is built in: it takes no M lenses.")])
    code = _of_code(shot.six_bit, known) if shot.six_bit else _Verdict()
    name = _of_names(shot, known, body)
    evidence = [*name.notes, *code.notes]
    if name.foreign and not code.lenses:
        return _answer(Status.NOT_M, confidence=0.95, evidence=[*evidence, name.foreign])
    if name.foreign:
        evidence.append(name.foreign)
        name = _Verdict()
    if code.lenses and name.lenses:
        both = [lens for lens in name.lenses if lens in code.lenses]
        if not both:
            told = _contradiction(code.said, name.said)
            return _answer(Status.AMBIGUOUS, [*name.lenses, *code.lenses], 0.3, [*evidence, told])
        best = _Verdict(both, 0.99 if name.firm and code.firm else 0.9, firm=name.firm or code.firm)
        evidence += [name.said, *name.more, code.said, *code.more]
    elif code.lenses or name.lenses:
        best = code if code.lenses else name
        evidence += [best.said, *best.more]
    else:
        return _without_lens(shot, known, body, bool(name.notes or code.notes), evidence)
    assert best.lenses is not None
    return _weigh_figures(shot, body, best, evidence)


def _of_code(code: Tagged[SixBitCode] | None, known: Catalogue) -> _Verdict:
    if code is None or code.value.code == 0:
        return _Verdict()
    number, selector = code.value.code, code.value.selector
    rows = [row for row in known.codes if row.code == number]
    if not rows:
        return _Verdict(
            notes=(Sentence("The six-bit code {code} ({tag}) is of no lens that is known.", code=number, tag=code.tag),)
        )
    fitting = [row for row in rows if selector is None or not row.selectors or selector in row.selectors]
    more = []
    if not fitting and selector == 0:
        fitting = rows  # chosen in the camera's menu, where coded lenses stand too
    if not fitting:
        frames = SELECTED_FRAMES.get(selector or 0, "?")
        more.append(Sentence("But the frame lines {frames} are not those of this code.", frames=frames))
        firm = not any(row.confirmed for row in rows)
        fitting = rows
    else:
        firm = True
        if not any(row.confirmed for row in fitting):
            fitting += [row for row in rows if row.confirmed and row.selectors and row not in fitting]
    # A lens that is only to be had from the menu bears no code: it comes after those that do.
    fitting.sort(key=lambda row: row.selectors == {0} and selector != 0)
    lenses = [known.lenses[row.lens_id] for row in fitting]
    values = {"code": number, "tag": code.tag, "lenses": _names(lenses)}
    if selector in SELECTED_FRAMES:
        said = Sentence(
            "The six-bit code {code} with frame lines {frames} ({tag}) is that of {lenses}.",
            frames=SELECTED_FRAMES[selector],
            **values,
        )
    else:
        said = Sentence("The six-bit code {code} ({tag}) is that of {lenses}.", **values)
    if lenses[0].is_adapter:
        more.insert(0, Sentence("It is an adapter: the lens in front of it bears no code that is read."))
    confidence = 0.97 if all(row.confirmed for row in fitting) else 0.85
    return _Verdict(lenses, confidence, said, tuple(more), firm=firm)


def _of_names(shot: Shot, known: Catalogue, body: Body | None) -> _Verdict:
    verdict = _Verdict()
    for name in shot.lens_names:
        one = _of_name(name, known, body, shot.lens_make)
        borrowed = "profile" in name.tag.lower()
        if one.lenses is None:
            verdict = verdict.noting(*one.notes)
            if one.foreign and verdict.lenses is None:
                verdict = verdict._replace(foreign=verdict.foreign or one.foreign)
            elif one.foreign:
                verdict = verdict.noting(_contradiction(verdict.said, one.foreign))
                verdict = verdict._replace(firm=verdict.firm and borrowed)
            continue
        before, now = verdict.lenses, one.lenses
        if before is None:
            if verdict.foreign and borrowed:
                continue
            if verdict.foreign:
                verdict = verdict.noting(_contradiction(verdict.foreign, one.said))
                one = one._replace(firm=False, confidence=0.3)
            verdict = one._replace(notes=verdict.notes + one.notes)
            continue
        both = [lens for lens in before if lens in now]
        if both:
            narrower = len(both) < len(before)
            firm = verdict.firm or one.firm
            verdict = verdict._replace(lenses=both, firm=firm).noting(
                *one.notes, *([one.said, *one.more] if narrower else [])
            )
        elif borrowed:
            little = Sentence("Profiles are often borrowed from other lenses, so that counts little.")
            verdict = verdict.noting(one.said, *one.more, little)
        else:
            verdict = verdict.noting(_contradiction(verdict.said, one.said))
            verdict = verdict._replace(lenses=before + now, firm=False, confidence=0.3)
    return verdict


def _of_name(name: Tagged[str], known: Catalogue, body: Body | None, lens_make: Tagged[str] | None) -> _Verdict:
    read = read_name(name.value)
    quoted = f"{name.value.strip()!r} ({name.tag})"
    if is_own(name.tag, LENS) and (chosen := known.lenses.get(name.value)):
        return _Verdict(
            [chosen], 0.99, Sentence("{name} was chosen for this photo: it is {lens}.", name=quoted, lens=chosen.name)
        )
    if read.empty:
        return _Verdict()
    if read.foreign:
        if body and body.is_phone and "phone" in read.foreign:
            return _Verdict()
        return _Verdict(foreign=Sentence("{name} names no M lens: {why}.", name=quoted, why=read.foreign))
    told_by = None
    if lens_make and not read.makers and not read.families:
        with_maker = read_name(f"{lens_make.value} {name.value}")
        if with_maker.makers:
            read, told_by = with_maker, lens_make
    lenses = known.meant_by(read.text)
    if not lenses or len(lenses) > MOST_CANDIDATES or not (read.focals or read.families):
        return _Verdict(notes=(_why_not(read, quoted, lenses),))
    if read.notation == "table":
        # Tables name what the code says: of products that share the name, the one sold now is the likeliest.
        lenses = sorted(lenses, key=lambda lens: -max(lens.generations, default=0)) if _same_name(lenses) else lenses
    notes: list[Sentence] = []
    enough = all(singled_out(read, known.names_of(lens.lens_id)) for lens in lenses)
    if read.several:
        notes.append(Sentence("{name} names more than one lens.", name=quoted))
    elif not enough:
        little = Sentence("{name} says too little to be sure: other lenses may bear that name.", name=quoted)
        notes.append(little)
    firm = enough and not read.doubtful and not read.several
    if not read.families:
        maker = lenses[0].maker
        strange = read.words - known.names_of(lenses[0].lens_id).words
        if strange and maker in FAMILIES and not read.m_mount:
            return _Verdict(notes=(_why_not(read, quoted, []),))
        # Leica's other lenses say so in their names; those of Zeiss or Canon do not always.
        firm = firm and not strange and (read.m_mount or maker == "Leica" or maker not in FAMILIES)
    values = {"name": quoted, "lenses": _names(lenses)}
    if told_by:
        maker = f"{told_by.value} ({told_by.tag})"
        said = Sentence("{name} fits {lenses}, made by {maker}.", maker=maker, **values)
    else:
        said = Sentence("{name} fits {lenses}.", **values)
    if read.typos:
        notes.append(Sentence("A typing error in {name} was put right.", name=quoted))
    if read.generations and not lenses[0].generations:
        notes.append(Sentence("The catalogue keeps the versions of this lens under one name."))
    confidence = 0.97 if read.complete else 0.9 if read.f_number and read.focals else 0.75
    return _Verdict(lenses, confidence - 0.05 * read.typos, said, firm=firm, notes=tuple(notes))


def _same_name(lenses: list[Lens]) -> bool:
    return len({(lens.maker, lens.focals, lens.f_number_open) for lens in lenses}) == 1


def _why_not(read: Name, quoted: str, lenses: list[Lens]) -> Sentence:
    if lenses:
        return Sentence("{name} fits too many lenses ({count}) to go by.", name=quoted, count=len(lenses))
    if not read.families and not read.makers:
        return Sentence("{name} says neither maker nor family: that names no lens.", name=quoted)
    return Sentence("{name} fits no lens of the catalogue.", name=quoted)


def _remark(body: Body) -> Sentence:
    return Sentence("{camera}: {remark}.", camera=f"{body.make} {body.model}", remark=body.remark)


def _contradiction(one: Sentence, other: Sentence) -> Sentence:
    return Sentence("They contradict each other: {one} {other}", one=one, other=other)


def _without_lens(shot: Shot, known: Catalogue, body: Body | None, told: bool, evidence: list[Sentence]) -> Match:
    """What is left if neither code nor name tells: the figures, on a camera that takes its lens data from a list."""
    focal, f_number = _focal(shot, body), _largest_aperture(shot, body)
    if body and body.takes_m and focal and f_number:
        fits = [
            lens
            for lens in known.lenses.values()
            if lens.sourced and lens.focals and _focal_fits(focal.value, lens) and _opens_to(f_number.value, lens)
        ]
        if 0 < len(fits) <= MOST_CANDIDATES:
            fit = Sentence(
                "{focal:g} mm ({focal_tag}) and f/{f_number:.2g} ({f_number_tag}) fit {lenses}.",
                focal=focal.value,
                focal_tag=focal.tag,
                f_number=f_number.value,
                f_number_tag=f_number.tag,
                lenses=_names(fits),
            )
            return _answer(Status.AMBIGUOUS, fits, 0.4, [*evidence, fit, *_apart(fits)])
    if told:
        return _answer(Status.UNKNOWN, evidence=evidence)
    if body and body.is_phone:
        evidence.append(Sentence("The focal length in a phone's photo is that of its own module."))
    evidence.append(Sentence("The photo does not say which lens it was taken with."))
    return _answer(Status.UNTAGGED, evidence=evidence)


def _weigh_figures(shot: Shot, body: Body | None, best: _Verdict, evidence: list[Sentence]) -> Match:
    """Let focal length and largest aperture confirm, narrow or contradict the lenses found so far."""
    lenses = list(best.lenses or ())
    confidence, firm = best.confidence, best.firm
    focal, largest = _focal(shot, body), _largest_aperture(shot, body)
    for figure, fits, said in (
        (focal, _focal_fits, Sentence("{focal:g} mm", focal=focal.value) if focal else ""),
        (largest, _opens_to, Sentence("largest aperture f/{f_number:.2g}", f_number=largest.value) if largest else ""),
    ):
        if figure is None:
            continue
        values = {"figure": said, "tag": figure.tag}
        left = [lens for lens in lenses if lens.is_adapter or fits(figure.value, lens)]
        if not left:
            none = Sentence("The photo says {figure} ({tag}), which no {lens} has.", lens=lenses[0].name, **values)
            evidence.append(none)
            confidence, firm = min(confidence, 0.3), False
        elif len(left) < len(lenses):
            rest = Sentence("The photo says {figure} ({tag}), which leaves {lenses}.", lenses=_names(left), **values)
            evidence.append(rest)
            lenses = left
        elif all(lens.sourced for lens in left):
            evidence.append(Sentence("The photo says {figure} ({tag}), which agrees.", **values))
            confidence = min(0.99, confidence + 0.02) if firm else confidence
    taken = shot.f_number
    if taken and not shot.f_number_estimated and not (body and body.is_phone):
        left = [lens for lens in lenses if lens.is_adapter or taken.value > lens.f_number_open * 0.92]
        if not left:
            evidence.append(
                Sentence(
                    "f/{f_number:g} ({tag}) is wider than a {lens} opens.",
                    f_number=taken.value,
                    tag=taken.tag,
                    lens=lenses[0].name,
                )
            )
            confidence, firm = min(confidence, 0.3), False
        lenses = left or lenses
    if len(lenses) == 1 and firm:
        return _answer(Status.MATCHED, lenses, confidence, evidence)
    return _answer(Status.AMBIGUOUS, lenses, min(confidence, 0.6), [*evidence, *_apart(lenses)], agreed=firm)


def _focal(shot: Shot, body: Body | None) -> Tagged[float] | None:
    """The focal length, if it is the lens's: phones write that of their own module."""
    if body and body.is_phone:
        return None
    if shot.focal_mm:
        return shot.focal_mm
    said = shot.lens_specification
    if said and said.value.focal_min and said.value.focal_min == said.value.focal_max:
        return Tagged(said.value.focal_min, said.tag)
    return None


def _largest_aperture(shot: Shot, body: Body | None) -> Tagged[float] | None:
    if body and body.is_phone:
        return None
    if shot.max_aperture:
        return shot.max_aperture
    said = shot.lens_specification
    return Tagged(said.value.f_number_at_min, said.tag) if said and said.value.f_number_at_min else None


def _focal_fits(focal: float, lens: Lens) -> bool:
    """Cameras write the engraved focal length; photographers at times the real one, up to 5 % longer."""
    return any(abs(focal / engraved - 1) <= 0.06 for engraved in lens.focals)


def _opens_to(f_number: float, lens: Lens) -> bool:
    """MaxApertureValue is coarse: agreement within a quarter of a stop."""
    return lens.f_number_open > 0 and 0.917 <= f_number / lens.f_number_open <= 1.09


def _apart(lenses: list[Lens]) -> list[Sentence]:
    """What tells candidates apart."""
    if len(lenses) < 2:
        return []
    told = [Sentence("{lens}: {signs}", lens=lens.name, signs=s) for lens in lenses if (s := lens.told_apart_by)]
    known = in_a_row(told, "; ")
    return [Sentence("What tells them apart: {signs}.", signs=known)] if known else []


def _answer(
    status: Status,
    lenses: list[Lens] | None = None,
    confidence: float = 0.0,
    evidence: list[Sentence] | None = None,
    agreed: bool = False,
) -> Match:
    unique = tuple(dict.fromkeys(lenses or ()))
    lens = unique[0] if status is Status.MATCHED else None
    told = tuple(dict.fromkeys(evidence or ()))
    answer = Match(status, lens, unique, round(confidence, 2), told, agreed)
    if answer.shares_calibration():
        alike = Sentence(
            "All of them have the same calibration, so the correction can be used without knowing which it was."
        )
        answer = answer._replace(evidence=(*told, alike))
    return answer


def _names(lenses: list[Lens]) -> tuple[str, ...]:
    return tuple(lens.name for lens in lenses)
