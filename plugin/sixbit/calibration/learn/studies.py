"""How many photos of a group are measured: a few, and more as long as these are not sure enough.

Which photos come next, and when it is enough, is decided by the order of the group alone and never by what was finished
first: so the answer is the same however often the work was stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sixbit.calibration.learn.findings import Finding
from sixbit.calibration.learn.survey import KINDS, Group, Photo
from sixbit.calibration.learn.work import Fit, Measure
from sixbit.measure.worth import Outcome

STEPS = (4, 8, 16)
"""Photos after which it is looked whether they are enough: a fit to twelve takes as long as it saves."""
HARDLY = 0.9
"""Share of an error that is left by twice as many photos, where more of them bring hardly anything."""


@dataclass
class Study:
    """A kind of correction, learnt from the photos of a group, the first of them first."""

    group: Group
    kind: str
    photos: Sequence[Photo]
    step: int = 0
    found: Finding | None = None
    errors: list[float] = field(default_factory=list)
    is_done: bool = False

    @property
    def wanted(self) -> Sequence[Photo]:
        """The photos that are measured next, with those that were before."""
        return self.photos[: STEPS[self.step]]

    @property
    def most(self) -> int:
        """Photos that may have to be measured, at most."""
        return len(self.wanted) if self.is_done else min(len(self.photos), STEPS[-1])

    @property
    def fit(self) -> Fit:
        """The task that makes a finding of what was measured."""
        return Fit(self.group, self.kind, tuple(self.wanted))

    def conclude(self, found: Finding) -> None:
        """Take a finding, and decide whether more photos are measured."""
        self.found = found
        if found.worth is not None:
            self.errors.append(found.worth.mean_error)
        hardly = len(self.errors) > 1 and self.errors[-1] > HARDLY * self.errors[-2]
        all_seen = len(self.wanted) == len(self.photos) or self.step == len(STEPS) - 1
        self.is_done = found.is_sure or all_seen or (found.is_known and hardly)
        if not self.is_done:
            self.step += 1


def studies_of(groups: Mapping[Group, Sequence[Photo]]) -> list[Study]:
    """Each kind of each group that has photos for it."""
    every = []
    for group, photos in groups.items():
        for kind in KINDS:
            if fit := [photo for photo in photos if kind in photo.kinds]:
                every.append(Study(group, kind, fit))
    return every


def to_measure(studies: Sequence[Study], done: Mapping[str, set[str]]) -> list[Measure]:
    """The photos that are measured next, each once for all kinds; ``done`` are the kinds of those that were."""
    kinds: dict[str, list[str]] = {}
    for study in studies:
        for photo in study.wanted:
            if study.kind not in done.get(photo.path, ()):
                kinds.setdefault(photo.path, []).append(study.kind)
    return [Measure(path, tuple(wanted)) for path, wanted in kinds.items()]


def failed(study: Study, why: str) -> Finding:
    """The finding of a fit that came to no end."""
    return Finding(study.group, study.kind, Outcome.UNSURE, (), "", why)
