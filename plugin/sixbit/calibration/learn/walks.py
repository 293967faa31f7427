"""Runs of photos of an archive that may overlap: eight or more, one shortly after the other, of one group.

Structure from motion takes minutes where lines take seconds, so it is asked last, and only for what single photos have
not told: the distortion of a lens that nobody took straight things with, and fall-off, which is of an aperture. Where
the body guessed that, a run tells no fall-off; where it has compensated the fall-off for a lens that it knew, what is
left would be taken for the lens's own.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sixbit.calibration.learn.findings import Finding
    from sixbit.calibration.learn.survey import Group, Photo

FEWEST = 8
"""Photos of a run."""
MOST = 16
"""Photos of a run that are used: more take long and tell little more."""
APART_S = 120
"""Seconds from one photo of a run to the next, at most."""
TRIED = 2
"""Runs of a group and aperture that are tried, those of most photos."""
MOST_TRIED = 4
"""Runs of a group that are tried."""
OF_PHOTO = ("distortion", "tca")
"""What must not have been corrected in any photo of a run."""


class Walk(NamedTuple):
    """A run of photos, and the kinds that are wanted of it; ``f_number`` is None where it is not known for certain."""

    group: Group
    f_number: float | None
    kinds: tuple[str, ...]
    photos: tuple[Photo, ...]


def walks_of(
    groups: Mapping[Group, Sequence[Photo]], findings: Iterable[Finding], said: float | None = None
) -> list[Walk]:
    """The runs that are worth trying, by what was found before; ``said`` is the aperture, by who knows it."""
    sure = {(finding.group, finding.kind) for finding in findings if finding.is_known and finding.is_sure}
    walks = []
    for group, photos in groups.items():
        wanted = () if (group, "distortion") in sure else tuple(kind for kind in OF_PHOTO if (group, kind) not in sure)
        of_group = [photo for photo in photos if photo.kinds == OF_PHOTO]
        tried: dict[float | None, int] = {}
        for run in sorted(_runs(of_group, said), key=lambda run: (-len(run), run[0].taken, run[0].identity)):
            f_number = said or aperture_of(run[0])
            kinds = wanted if f_number is None or any(photo.compensated for photo in run) else (*wanted, "vignetting")
            if kinds and tried.get(f_number, 0) < TRIED and sum(tried.values()) < MOST_TRIED:
                tried[f_number] = tried.get(f_number, 0) + 1
                start = (len(run) - min(len(run), MOST)) // 2
                walks.append(Walk(group, f_number, kinds, tuple(run[start : start + MOST])))
    return walks


def aperture_of(photo: Photo) -> float | None:
    """The aperture of a photo, if the lens has told it."""
    return None if photo.is_estimated else photo.f_number


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
    return said or aperture_of(photo), photo.compensated
