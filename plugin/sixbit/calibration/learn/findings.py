"""Findings of a lens on a body: a model with its error, or in words why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from sixbit.calibration.learn.survey import Group
from sixbit.measure.worth import LIMITS, Outcome, Worth
from sixbit.values.kinds import SPOKEN
from sixbit.values.known import Known
from sixbit.values.lens import Model
from sixbit.values.sentence import Sentence

PLENTY = 0.1
"""Share of a correction to which it need not be known better."""
ANYWHERE = 2.0
"""At no radius the error is larger then than so many times what it may exceed a correction by."""


@dataclass(frozen=True, eq=False)
class Finding:
    """All that the photos of a group say of a kind of correction.

    ``photos`` are the identities of those it was found from. ``why`` says what is missing, if it is not worth keeping;
    ``source`` says what it was made from, in words.
    """

    group: Group
    kind: str
    outcome: Outcome
    photos: tuple[str, ...]
    source: str
    why: str = ""
    model: Model | None = None
    worth: Worth | None = None
    centre: tuple[float, float] | None = None
    f_number: float | None = None
    """Of fall-off: the aperture."""
    known_if_said: Known | None = None
    """How well it would be known, if the aperture were said that the body has guessed."""
    compensated: str = ""
    """Of fall-off: how the body knew the lens for which it has compensated it, so that this is what it leaves."""
    turned: int | None = None
    """Exif's orientation by which the photos were turned about the centre; None if nobody can tell, or not alike."""

    @property
    def in_words(self) -> tuple[str, ...]:
        """Say how well it is known now, and what as many photos again would bring; or why it is not known."""
        kind = SPOKEN[self.kind]
        if self.f_number:
            kind = Sentence("{kind} at f/{f_number:g}", kind=kind, f_number=self.f_number)
        if self.compensated:
            kind = Sentence(
                "{kind}, as the camera leaves it that knew the lens ({known})", kind=kind, known=self.compensated
            )
        if not (self.worth and self.is_known):
            return (Sentence("{kind}: {why}", kind=kind, why=self.why),)
        corner, unit = abs(self.worth.correction[:, -1]).max(), self.worth.unit
        found = Sentence(
            "{kind}: {corner:.2g} {unit} in the corner, give or take {error}; {source}",
            kind=kind,
            corner=float(corner),
            unit=unit,
            error=self.worth.corner_error,
            source=self.source,
        )
        more = [Sentence("  {more}", more=sentence) for sentence in self.worth.reach_in_words]
        if not self.is_sure:
            left = self.worth.surely_within[:, -1].max() / 2**0.5
            more.append(
                Sentence("  As many photos again would leave about {left:.2g} {unit}.", left=float(left), unit=unit)
            )
        return (found, *more)

    @property
    def is_known(self) -> bool:
        """True if it is worth keeping."""
        return self.outcome is Outcome.WORTH_KEEPING

    @property
    def is_sure(self) -> bool:
        """True if more photos need not be measured."""
        if self.outcome is Outcome.NOTHING:
            return True
        if self.worth is None or not self.is_known:
            return False
        limits, worth = LIMITS[self.kind], self.worth
        in_the_mean = worth.mean_error <= max(limits.nothing, PLENTY * worth.mean_correction)
        largest = max(ANYWHERE * limits.excess, PLENTY * float(abs(worth.correction).max()))
        return in_the_mean and float(worth.surely_within.max()) <= largest
