"""The evidence of a shot: what the code on the mount, the names and the figures each say of its lens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from sixbit.lenses.authors import may_be_namesake
from sixbit.lenses.catalogue import Catalogue, CodeRow
from sixbit.lenses.comparison import is_specific, is_users_own
from sixbit.lenses.figures import can_open_to, figures_of, focal_fits, opens_to
from sixbit.lenses.mounts import PHONE_LENSES
from sixbit.lenses.names import Name, read_name
from sixbit.lenses.spelling import unlisted_maker
from sixbit.lenses.words import FAMILIES
from sixbit.values.lens import Body, Lens
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot, SixBitCode, Tagged

MOST_CANDIDATES = 12
"""A name that fits more lenses than this tells too little to be called ambiguous."""
CONTRADICTED = 0.3
"""The confidence that is left where evidence contradicts."""

ONLY_A_HINT = Sentence("Profiles are often borrowed from other lenses: their names are a hint, and decide nothing.")
"""The words for the name of a lens profile."""

SELECTED_FRAMES = {1: "28/90", 2: "35/135", 3: "50/75"}
"""The frame lines by the position of the frame selector."""


class Verdict(NamedTuple):
    """The verdict of one source of evidence, or of several together; ``lenses`` is None if it says nothing."""

    lenses: list[Lens] | None = None
    confidence: float = 0.0
    statements: tuple[Sentence, ...] = ()
    """The words for it: the first says which lenses it may be."""
    foreign: Sentence | None = None
    """Why it is no M lens."""
    unlisted: Sentence | None = None
    """The words for an M lens of a maker that the catalogue lacks."""
    firm: bool = True
    """False if the lenses are only candidates, even if there is but one."""
    notes: tuple[Sentence, ...] = ()
    """More to be told."""

    def noting(self, *notes: Sentence) -> Verdict:
        """This verdict, with more to be told."""
        return self._replace(notes=(*self.notes, *notes))

    def doubted(self) -> Verdict:
        """This verdict, contradicted."""
        return self._replace(confidence=min(self.confidence, CONTRADICTED), firm=False)


def contradiction(one: Sentence, other: Sentence) -> Sentence:
    """The words for two statements that cannot both be true."""
    return Sentence("They contradict each other: {one} {other}", one=one, other=other)


def code_verdict(code: Tagged[SixBitCode], known: Catalogue) -> Verdict:
    """Judge by the six-bit code; 0 is an uncoded lens and says nothing."""
    number, selector = code.value
    if number == 0:
        return Verdict()
    rows = [row for row in known.codes if row.code == number]
    if not rows:
        unknown = Sentence("The six-bit code {code} ({tag}) is of no lens that is known.", code=number, tag=code.tag)
        return Verdict(notes=(unknown,))
    right = _fitting(rows, selector)
    fitting = right or rows
    # A lens that is only to be had from the menu bears no code: it comes after those that do.
    fitting.sort(key=lambda row: row.selectors == {0} and selector != 0)
    lenses = [known.lenses[row.lens_id] for row in fitting]
    values = {"code": number, "tag": code.tag, "lenses": _names(lenses)}
    frames = SELECTED_FRAMES.get(selector or 0, "")
    if frames:
        statement = Sentence(
            "The six-bit code {code} with frame lines {frames} ({tag}) is that of {lenses}.", frames=frames, **values
        )
    else:
        statement = Sentence("The six-bit code {code} ({tag}) is that of {lenses}.", **values)
    statements = [statement]
    if lenses[0].is_adapter:
        statements.append(Sentence("It is an adapter: the lens in front of it bears no code that is read."))
    if not right:
        statements.append(Sentence("But the frame lines {frames} are not those of this code.", frames=frames or "?"))
    confidence = 0.97 if all(row.confirmed for row in fitting) else 0.85
    firm = bool(right) or not any(row.confirmed for row in rows)
    return Verdict(lenses, confidence, tuple(statements), firm=firm)


def _fitting(rows: list[CodeRow], selector: int | None) -> list[CodeRow]:
    """The meanings of a code that go with a position of the frame selector."""
    fitting = [row for row in rows if selector is None or not row.selectors or selector in row.selectors]
    if not fitting and selector == 0:
        return rows  # chosen in the camera's menu, where coded lenses stand too
    if fitting and not any(row.confirmed for row in fitting):
        fitting += [row for row in rows if row.confirmed and row.selectors and row not in fitting]
    return fitting


def names_verdict(names: Sequence[Tagged[str]], shot: Shot, known: Catalogue, body: Body | None) -> Verdict:
    """Judge by several names, the most trusted first; what they say together does not hang on their order."""
    verdicts = [_name_verdict(name, shot, known, body) for name in names]
    notes = tuple(note for verdict in verdicts for note in verdict.notes)
    foreign = next((verdict.foreign for verdict in verdicts if verdict.foreign), None)
    unlisted = next((verdict.unlisted for verdict in verdicts if verdict.unlisted), None)
    found = [verdict for verdict in verdicts if verdict.lenses]
    if not found:
        return Verdict(foreign=foreign, unlisted=unlisted, notes=notes)
    together = _together(found).noting(*notes)
    if against := foreign or unlisted:
        return together.doubted().noting(contradiction(together.statements[0], against))
    return together


def _together(verdicts: list[Verdict]) -> Verdict:
    """Join names that each fit some lenses: those that fit all of the names, or, if there are none, all, doubted."""
    first = verdicts[0]
    each = [verdict.lenses or [] for verdict in verdicts]
    confidence = max(verdict.confidence for verdict in verdicts)
    if common := [lens for lens in each[0] if all(lens in lenses for lenses in each)]:
        narrower = [verdict for verdict, lenses in zip(verdicts, each, strict=True) if not {*each[0]} <= {*lenses}]
        firm = any(verdict.firm for verdict in verdicts)
        joined = Verdict(common, confidence, first.statements, firm=firm)
        return joined.noting(*(statement for verdict in narrower for statement in verdict.statements))
    either = list(dict.fromkeys(lens for lenses in each for lens in lenses))
    other = min(verdicts, key=lambda verdict: len({*each[0]} & {*(verdict.lenses or [])}))
    against = contradiction(first.statements[0], other.statements[0])
    return Verdict(either, confidence, first.statements).doubted().noting(against)


def hinted(verdict: Verdict, hint: Verdict) -> Verdict:
    """Let the name of a lens profile say which of several lenses comes first, and nothing else."""
    lenses = verdict.lenses or []
    likely = [lens for lens in lenses if lens in (hint.lenses or [])]
    said = hint.statements or ((hint.foreign,) if hint.foreign else ())
    if not said or len(likely) == len(lenses) > 0:
        return verdict
    ordered = likely + [lens for lens in lenses if lens not in likely]
    return verdict._replace(lenses=ordered).noting(*said, ONLY_A_HINT)


def _name_verdict(name: Tagged[str], shot: Shot, known: Catalogue, body: Body | None) -> Verdict:
    quoted = f"{name.value.strip()!r} ({name.tag})"
    if shot.lens_by_user and (chosen := known.lenses.get(name.value)):
        statement = Sentence("{name} was chosen for this photo: it is {lens}.", name=quoted, lens=chosen.name)
        return Verdict([chosen], 0.99, (statement,))
    read, tagged_maker = _with_maker(read_name(name.value), shot.lens_make)
    if read.empty or (read.foreign in PHONE_LENSES and body and body.is_phone):
        return Verdict()
    if read.foreign:
        return Verdict(foreign=Sentence("{name} names no M lens: {why}.", name=quoted, why=read.foreign))
    lenses = known.candidates(read.text)
    if maker := unlisted_maker(f"{shot.lens_make.value if shot.lens_make else ''} {name.value}"):
        lenses = [lens for lens in lenses if is_users_own(known.name_of(lens))]
        if not lenses:
            unlisted = Sentence(
                "{name} names a lens by {maker}, maker of lenses for M or screw mount, that the catalogue has no entry "
                "for.",
                name=quoted,
                maker=maker,
            )
            return Verdict(unlisted=unlisted)
    if not lenses or len(lenses) > MOST_CANDIDATES or not (read.focals or read.families):
        return Verdict(notes=(_why_not(read, quoted, lenses),))
    enough = all(is_specific(read, known.name_of(lens)) for lens in lenses)
    firm = enough and not read.doubtful and not read.several
    if not read.families:
        maker = lenses[0].maker
        strange = read.words - known.name_of(lenses[0]).words
        if strange and maker in FAMILIES and not read.m_mount:
            return Verdict(notes=(_why_not(read, quoted, []),))
        # Leica's other lenses say so in their names; those of Zeiss or Canon do not always.
        firm = firm and not strange and (read.m_mount or maker == "Leica" or maker not in FAMILIES)
    if read.notation == "table" and len({(lens.maker, lens.focals, lens.f_number_open) for lens in lenses}) == 1:
        # Tables name what the code says: of products that share the name, the one sold now is the likeliest.
        lenses = sorted(lenses, key=lambda lens: -max(lens.generations, default=0))
    values = {"name": quoted, "lenses": _names(lenses)}
    if tagged_maker:
        statement = Sentence("{name} fits {lenses}, made by {maker}.", maker=tagged_maker, **values)
    else:
        statement = Sentence("{name} fits {lenses}.", **values)
    confidence = 0.97 if read.complete else 0.9 if read.f_number and read.focals else 0.75
    doubts = tuple(_doubts(read, quoted, lenses[0], enough))
    if namesake := may_be_namesake(name, lenses, shot, body):
        firm, doubts = False, (*doubts, namesake)
    return Verdict(lenses, confidence - 0.05 * read.typos, (statement,), firm=firm, notes=doubts)


def _with_maker(read: Name, lens_make: Tagged[str] | None) -> tuple[Name, str | None]:
    """A name that leaves the maker out, read with the photo's LensMake; and that, if it helped."""
    if lens_make and not read.makers and not read.families:
        with_maker = read_name(f"{lens_make.value} {read.text}")
        if with_maker.makers:
            return with_maker, f"{lens_make.value} ({lens_make.tag})"
    return read, None


def _doubts(read: Name, quoted: str, lens: Lens, enough: bool) -> Iterator[Sentence]:
    if read.several:
        yield Sentence("{name} names more than one lens.", name=quoted)
    elif not enough:
        yield Sentence("{name} says too little to be sure: other lenses may bear that name.", name=quoted)
    if read.typos:
        yield Sentence("A typing error in {name} was put right.", name=quoted)
    if read.generations and not lens.generations:
        yield Sentence("The catalogue keeps the versions of this lens under one name.")


def _why_not(read: Name, quoted: str, lenses: list[Lens]) -> Sentence:
    if lenses:
        return Sentence("{name} fits too many lenses ({count}) to go by.", name=quoted, count=len(lenses))
    if not read.families and not read.makers:
        return Sentence("{name} says neither maker nor family: that names no lens.", name=quoted)
    return Sentence("{name} fits no lens of the catalogue.", name=quoted)


def figures_verdict(shot: Shot, known: Catalogue, body: Body | None) -> Verdict:
    """Judge by the figures alone, on a camera that takes its lens data from a list."""
    focal, f_number, _ = figures_of(shot, body)
    if not (body and body.takes_m and focal and f_number):
        return Verdict()
    lenses = (lens for lens in known.lenses.values() if lens.sourced and lens.focals)
    fits = [lens for lens in lenses if focal_fits(focal.value, lens) and opens_to(f_number.value, lens)]
    if not 0 < len(fits) <= MOST_CANDIDATES:
        return Verdict()
    statement = Sentence(
        "{focal:g} mm ({focal_tag}) and f/{f_number:.2g} ({f_number_tag}) fit {lenses}.",
        focal=focal.value,
        focal_tag=focal.tag,
        f_number=f_number.value,
        f_number_tag=f_number.tag,
        lenses=_names(fits),
    )
    return Verdict(fits, 0.4, (statement,), firm=False)


def weighed(verdict: Verdict, shot: Shot, body: Body | None) -> Verdict:
    """Let focal length and apertures confirm, narrow or contradict the lenses of a verdict."""
    focal, largest, taken = figures_of(shot, body)
    if focal:
        figure = Sentence("{focal:g} mm", focal=focal.value)
        verdict = _weighed_by(verdict, figure, focal.tag, partial(focal_fits, focal.value))
    if largest:
        figure = Sentence("largest aperture f/{f_number:.2g}", f_number=largest.value)
        verdict = _weighed_by(verdict, figure, largest.tag, partial(opens_to, largest.value))
    if taken is None:
        return verdict
    lenses = verdict.lenses or []
    left = [lens for lens in lenses if lens.is_adapter or can_open_to(taken.value, lens)]
    if left:
        return verdict._replace(lenses=left)
    too_wide = Sentence(
        "f/{f_number:g} ({tag}) is wider than a {lens} opens.",
        f_number=taken.value,
        tag=taken.tag,
        lens=lenses[0].name,
    )
    return verdict.doubted().noting(too_wide)


def _weighed_by(verdict: Verdict, figure: Sentence, tag: str, fits: Callable[[Lens], bool]) -> Verdict:
    lenses = verdict.lenses or []
    left = [lens for lens in lenses if lens.is_adapter or fits(lens)]
    values = {"figure": figure, "tag": tag}
    if not left:
        none = Sentence("The photo says {figure} ({tag}), which no {lens} has.", lens=lenses[0].name, **values)
        return verdict.doubted().noting(none)
    if len(left) < len(lenses):
        rest = Sentence("The photo says {figure} ({tag}), which leaves {lenses}.", lenses=_names(left), **values)
        return verdict._replace(lenses=left).noting(rest)
    if not all(lens.sourced for lens in left):
        return verdict
    if verdict.firm:
        verdict = verdict._replace(confidence=min(0.99, verdict.confidence + 0.02))
    return verdict.noting(Sentence("The photo says {figure} ({tag}), which agrees.", **values))


def _names(lenses: list[Lens]) -> tuple[str, ...]:
    return tuple(lens.name for lens in lenses)
