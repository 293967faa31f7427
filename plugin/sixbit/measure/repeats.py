"""Which lines of several photos are one edge, seen from one place: they err alike, and count as one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sixbit.values.arrays import FloatArray

SAME_PLACE = 0.02
"""Half short sides that things lie apart, in the mean, in photos from one place, as of a burst."""
FINER = 10
"""Points that are put between two of a line."""


def things_of(points: FloatArray, photo: NDArray[np.intp]) -> NDArray[np.intp]:
    """Number the edges that lines (lines, points, 2) show: lines of different ``photo`` that lie on each other are one.

    Two photos from one place, as of a burst, or of things that are bent a little themselves, err alike: either tells
    nothing of how far the other is off.

    >>> line = np.linspace([0.0, 0.0], [1.0, 0.0], 24)
    >>> lines = np.stack([line, line + [0.0, 0.1], line + [0.3, 0.01]])
    >>> things_of(lines, np.array([0, 0, 1])).tolist()
    [0, 1, 0]
    """
    from scipy.spatial import cKDTree

    at = np.linspace(0, points.shape[1] - 1, FINER * points.shape[1])
    before = np.minimum(at.astype(int), points.shape[1] - 2)
    share = (at - before)[:, None]
    dense = points[:, before] * (1 - share) + points[:, before + 1] * share
    thing = np.arange(len(points))
    # In heaps, each at least twice as large as the next: one tree of all would be made anew for each photo.
    heaps: list[tuple[NDArray[np.intp], cKDTree]] = []
    for number in np.unique(photo):
        mine = np.flatnonzero(photo == number)
        at_points = points[mine].reshape(-1, 2)
        nearest, away = np.full(len(at_points), -1), np.full(len(at_points), np.inf)
        for lines, tree in heaps:
            there, place = tree.query(at_points, distance_upper_bound=SAME_PLACE)
            closer = there < away
            nearest[closer], away[closer] = lines[place[closer] // dense.shape[1]], there[closer]
        for line, touched in zip(mine, nearest.reshape(len(mine), -1), strict=True):
            others, count = np.unique(touched[touched >= 0], return_counts=True)
            if count.max(initial=0) > points.shape[1] / 2:
                thing[line] = others[np.argmax(count)]
        new = mine[thing[mine] == mine]
        while heaps and len(heaps[-1][0]) < 2 * len(new):
            new = np.concatenate([heaps.pop()[0], new])
        if len(new):
            heaps.append((new, cKDTree(dense[new].reshape(-1, 2))))
    numbered: NDArray[np.intp] = np.unique(thing, return_inverse=True)[1]
    return numbered
