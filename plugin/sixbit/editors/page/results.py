"""Results of the page: each stays until it is accepted or rejected, whatever else is pressed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sixbit.editors.page.steps import Findings
from sixbit.values.sentence import Sentence


class Place(NamedTuple):
    """The part of the page that a result belongs to."""

    lens_id: str
    step: str


@dataclass
class Measurement:
    """A result, until it is kept or rejected."""

    number: int
    place: Place
    photos: Mapping[int, str]
    """The photos it was made from: their names by their numbers."""
    settings: Mapping[str, float]
    """The settings that were said of them, but for the aperture, which can be said afterwards."""
    tagged: float | None
    """The f-number that the photos say themselves."""
    is_guessed: bool
    """True if that is the camera's estimate."""
    result: Any
    findings: Findings
    doubts: tuple[Sentence, ...] = ()
    """Reasons to look twice before it is accepted."""
    kept: tuple[str, ...] = ()
    """The names of its records."""
    replaces: tuple[str, ...] = ()
    """The records of earlier results of the same photos, which go when this one is kept."""


class Attempt(NamedTuple):
    """A measurement that was refused, with what was seen."""

    number: int
    findings: Findings


@dataclass
class Results:
    """All results of a session, the oldest first. Those of one place stand together on the page, one of them shown."""

    all: dict[int, Measurement] = field(default_factory=dict)
    shown: int = 0
    attempts: dict[Place, Attempt] = field(default_factory=dict)
    """The last refusal of a place, if nothing was measured since."""

    def of(self, place: Place) -> list[Measurement]:
        """Those of a place."""
        return [one for one in self.all.values() if one.place == place]

    def waiting(self, place: Place) -> list[Measurement]:
        """Those of a place that are not accepted yet."""
        return [one for one in self.of(place) if not one.kept]

    def elsewhere(self, place: Place) -> list[Place]:
        """The other places where something is not accepted yet."""
        places = dict.fromkeys(one.place for one in self.all.values() if not one.kept)
        return [other for other in places if other != place]

    def shown_at(self, place: Place) -> Measurement | None:
        """The one that is shown there: that which was chosen, or the latest."""
        here = self.of(place)
        return next((one for one in here if one.number == self.shown), here[-1] if here else None)

    def add(self, new: Measurement) -> None:
        """Take up a result; earlier ones of the same photos make way for it, accepted ones once it is accepted."""
        for old in self.of(new.place):
            if old.photos.keys() & new.photos.keys():
                new.replaces += old.kept or old.replaces
                del self.all[old.number]
        self.all[new.number] = new
        self.shown = new.number
