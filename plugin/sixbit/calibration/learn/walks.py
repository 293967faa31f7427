"""Runs of photos of an archive that may overlap: eight or more, one shortly after the other, of one group.

Structure from motion takes minutes where lines take seconds, so it is asked last, and only for what single photos have
not told: the distortion of a lens that nobody took straight things with, and fall-off, which is of an aperture. Where
the body guessed that, the error counts it; where it has compensated the fall-off for a lens that it knew, what is left
is told of that body and coding alone.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any, NamedTuple

from sixbit.measure.aperture import GUESS

if TYPE_CHECKING:
    from sixbit.calibration.learn.findings import Finding
    from sixbit.calibration.learn.survey import Group, Photo

FEWEST = 8
"""Photos of a run."""
MOST = 16
"""Photos of a run that are used: more take long and tell little more."""
APART_S = 120
"""Seconds from one photo of a run to the next, at most."""
STOPS_DOWN = 2.7
"""Where the body guessed the aperture, fall-off is told from so many stops down: it changes too much before."""
TRIED = 2
"""Runs of a group and aperture that are tried, those of most photos."""
MOST_TRIED = 4
"""Runs of a group that are tried."""
OF_PHOTO = ("distortion", "tca")
"""What must not have been corrected in any photo of a run."""


class Walk(NamedTuple):
    """A run of photos, and the kinds that are wanted of it; ``f_number`` is None where nothing says it."""

    group: Group
    f_number: float | None
    kinds: tuple[str, ...]
    photos: tuple[Photo, ...]
    off: float = 0.0
    """Stops by which that may be off, as a standard error: the body's guess."""


def walks_of(
    groups: Mapping[Group, Sequence[Photo]], findings: Iterable[Finding], said: float | None = None
) -> list[Walk]:
    """The runs that are worth trying, by what was found before; ``said`` is the aperture, by who knows it."""
    sure = {(finding.group, finding.kind) for finding in findings if finding.is_known and finding.is_sure}
    walks = []
    for group, photos in groups.items():
        wanted = () if (group, "distortion") in sure else tuple(kind for kind in OF_PHOTO if (group, kind) not in sure)
        of_group = [photo for photo in photos if photo.kinds == OF_PHOTO]
        tried: dict[Any, int] = {}
        for run in sorted(_runs(of_group, said), key=lambda run: (-len(run), run[0].taken, run[0].identity)):
            start = (len(run) - min(len(run), MOST)) // 2
            photos_used = tuple(run[start : start + MOST])
            f_number, off = _aperture(photos_used, said)
            kinds = (*wanted, "vignetting") if f_number and _tells_fall_off(group, f_number, off) else wanted
            alike = _setting(run[0], said)
            if kinds and tried.get(alike, 0) < TRIED and sum(tried.values()) < MOST_TRIED:
                tried[alike] = tried.get(alike, 0) + 1
                walks.append(Walk(group, f_number, kinds, photos_used, off))
    return walks


def _aperture(photos: Sequence[Photo], said: float | None) -> tuple[float | None, float]:
    """The aperture of a run and the stops that it may be off: of guesses, their mean, and how far they lie apart."""
    first = photos[0]
    if said or not first.is_estimated:
        return said or first.f_number, 0.0
    stops = [2 * math.log2(photo.f_number) for photo in photos if photo.f_number]
    if not stops:
        return None, 0.0
    return round(2 ** (fmean(stops) / 2), 1), max(GUESS, pstdev(stops))


def _tells_fall_off(group: Group, f_number: float, off: float) -> bool:
    """False where the aperture is a guess, and whatever is measured would not be sure enough."""
    return not off or f_number >= 2 ** (STOPS_DOWN / 2) * group.setting().lens.f_number_open


def _runs(photos: Sequence[Photo], said: float | None) -> list[list[Photo]]:
    """Photos of one aperture, as far as it is known, and one coding, each taken shortly after the one before."""
    runs: list[list[Photo]] = []
    last = None
    for photo in sorted(photos, key=lambda one: (one.taken, one.path)):
        try:
            taken = datetime.datetime.fromisoformat(photo.taken)
        except ValueError:  # it does not say when, or nonsense
            continue
        goes_on = last is not None and (taken - last).total_seconds() <= APART_S
        if goes_on and _setting(photo, said) == _setting(runs[-1][-1], said):
            runs[-1].append(photo)
        else:
            runs.append([photo])
        last = taken
    return [run for run in runs if len(run) >= FEWEST]


def _setting(photo: Photo, said: float | None) -> tuple[float | None, str]:
    """Tell photos of one run from others by how they were set; guesses of one aperture differ."""
    return said or (None if photo.is_estimated else photo.f_number), photo.compensated
