"""A measured curve over the radius, and the fit to it, for drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sixbit.values.arrays import FloatArray

FEWEST = 3
"""Values that a ring needs for its mean to be drawn."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Means of rings about the centre with their standard errors, and what was fitted to them.

    ``radius`` is in half diagonals; the other three share one unit.
    """

    radius: FloatArray
    measured: FloatArray
    error: FloatArray
    fitted: FloatArray


def curve_of(
    r: FloatArray,
    values: FloatArray,
    fitted: Callable[[FloatArray], FloatArray],
    *,
    rings: int,
    farthest: float = 1.0,
    weights: FloatArray | None = None,
) -> Curve:
    """Average values at radii ``r`` in rings of equal width out to ``farthest``.

    ``weights`` are one over the variance of each value; without them the scatter in a ring tells the error.

    >>> r = np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])
    >>> curve_of(r, 1 - r, lambda at: 1 - at, rings=2).measured.round(3).tolist()
    [0.8, 0.2]
    """
    ring = np.minimum((r / farthest * rings).astype(int), rings - 1)
    filled = np.bincount(ring, minlength=rings) >= FEWEST
    weight = np.ones_like(r) if weights is None else weights
    total = np.bincount(ring, weight, rings)[filled]

    def mean(of: FloatArray) -> FloatArray:
        return np.bincount(ring, weight * of, rings)[filled] / total

    radius, measured = mean(r), mean(values)
    scatter = 1.0 if weights is not None else np.maximum(mean(values**2) - measured**2, 0)
    return Curve(radius, measured, np.sqrt(scatter / total), fitted(radius))
