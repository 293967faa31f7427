"""The jackknife: how sure numbers are, told by leaving out one part of what they were found from after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sixbit.values.arrays import FloatArray
from sixbit.values.known import SURE

PARTS = 20
"""Parts of the photos, at most, of which each is left out in its turn."""
FEWEST_FREE = 2.0
"""Degrees of freedom that an error is stated with as if there were so many: a part that decides alone tells of none."""


def jackknife_error(of_each: FloatArray, of_all: FloatArray, free: FloatArray | None = None) -> FloatArray:
    """The standard error of numbers ``of_all`` parts, from those ``of_each`` fit without one of them.

    As large as few parts make it: 1.96 of it hold the truth in 95 of 100 cases. Where some parts count far more than
    others, ``free`` is how many count (:func:`parts_that_count`).

    >>> import numpy as np
    >>> float(jackknife_error(np.array([[0.9], [1.0], [1.1]]), np.ones(1))[0].round(2))
    0.25
    """
    from scipy.special import stdtrit

    parts = len(of_each)
    freedom = parts - 1 if free is None else np.maximum(free, FEWEST_FREE)
    wider = stdtrit(freedom, (1 + 0.95) / 2) / SURE
    error: FloatArray = wider * np.sqrt((parts - 1) / parts * np.sum((of_each - of_all) ** 2, axis=0))
    return error


def parts_that_count(variance: FloatArray) -> FloatArray:
    """How many parts tell of a number: of (parts, ...), what each part adds to the variance if all err alike.

    It is all of them if they count the same, and near 1 if one decides: the degrees of freedom of an error that they
    tell (F. E. Satterthwaite, Biometrics 2, 1946; A. V. Carter, K. T. Schnepel and D. G. Steigerwald, Review of
    Economics and Statistics 99, 2017).

    >>> import numpy as np
    >>> parts_that_count(np.array([[1.0, 9.0], [1.0, 0.5], [1.0, 0.5]])).round(1).tolist()
    [3.0, 1.2]
    """
    counted: FloatArray = np.sum(variance, axis=0) ** 2 / np.maximum(np.sum(variance**2, axis=0), 1e-300)
    return counted


def parts_of(count: int) -> list[NDArray[np.intp]]:
    """Split so many photos into the parts of which each is left out in its turn: the numbers of the photos of each.

    >>> [part.tolist() for part in parts_of(3)]
    [[0], [1], [2]]
    """
    part = np.arange(count) % min(PARTS, count)
    return [np.flatnonzero(part == k) for k in range(int(part.max()) + 1)]
