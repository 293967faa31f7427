"""How far apart the nodes may lie between which an engine fills in, so that it costs next to nothing in accuracy.

For a node p with |p| = r, in half diagonals, a source point is shifted by p Q(r), Q = P - 1; a gain is G(r).
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial import Polynomial as Series

from sixbit.values.arrays import FloatArray
from sixbit.values.filter import Filter
from sixbit.values.polynomial import Polynomial

ERROR_PX = 0.002
"""Parabolas through the nodes may lose this much of a source point, in px."""
ERROR_GAIN = 2e-5
"""And this much of a gain."""
PARABOLAS = (16, 8, 4, 2)
"""Sizes of the pieces a parabola may span, in px; the least has nodes at every pixel, and is exact."""

LINES_ERROR_PX = 0.004
"""Straight lines between the nodes may lose this much of a source point, in px."""
LINES_ERROR_GAIN = 5e-5
"""And this much of a gain."""
LINES = (64, 32, 16, 8, 4, 2, 1)
"""Distances of nodes between which there are straight lines, in px; the least is exact."""


def piece_size(filter: Filter) -> int:
    """Return the largest pieces (px) in which parabolas through three nodes an axis keep within their errors.

    Over a piece of h px a parabola loses at most h^3 / (72 sqrt 3) times the third derivative (the remainder of
    Lagrange's interpolation), once along x and, magnified by 5/4, once along y. Along a direction through the point
    the third derivatives of its shift are made up of r Q''' + 3 Q'', 3 Q'' and 3 Q'/r; those of a gain of G''' and
    3 (G'/r)'. What has an edge at the centre is smoothed over half a piece.
    """
    for step in PARABOLAS:
        r = _radii(filter, step, 0)
        loss = (1 + 5 / 4) * (step / filter.half_diagonal) ** 3 / (72 * 3**0.5)
        shift = gain = 0.0
        for polynomial in filter.warp:
            first, second, third = _derivatives(polynomial, r)
            shift = max(shift, (np.abs(r * third + 3 * second) + 3 * np.abs(second) + 3 * np.abs(first / r)).max())
        for polynomial in filter.gain:
            first, second, third = _derivatives(polynomial, r)
            gain = max(gain, (np.abs(third) + 3 * np.abs(second / r - first / r**2)).max())
        if shift * loss * filter.half_diagonal <= ERROR_PX and gain * loss <= ERROR_GAIN:
            return step
    return PARABOLAS[-1]


def line_size(filter: Filter) -> int:
    """Return the largest distance of nodes (px) between which straight lines keep within their errors.

    Over h px a straight line loses at most h^2 / 8 times the second derivative, once along x and once along y. Along a
    direction through the point the second derivatives of its shift are made up of r Q'' and 3 Q'; those of a gain of
    G'' and G'/r. What has an edge at the centre is smoothed over half a piece. The outer pieces may reach beyond the
    picture.
    """
    for step in LINES:
        r = _radii(filter, step, step)
        loss = 2 * (step / filter.half_diagonal) ** 2 / 8
        shift = gain = 0.0
        for polynomial in filter.warp:
            first, second, _ = _derivatives(polynomial, r)
            shift = max(shift, (r * np.abs(second) + 3 * np.abs(first)).max())
        for polynomial in filter.gain:
            first, second, _ = _derivatives(polynomial, r)
            gain = max(gain, (np.abs(second) + np.abs(first / r)).max())
        if shift * loss * filter.half_diagonal <= LINES_ERROR_PX and gain * loss <= LINES_ERROR_GAIN:
            return step
    return LINES[-1]


def _radii(filter: Filter, step: int, beyond: int) -> FloatArray:
    """Radii from half a piece to the farthest corner, which may lie beyond that of the picture."""
    corners = [(x, y) for x in (0, filter.width - 1 + beyond) for y in (0, filter.height - 1 + beyond)]
    reach = np.hypot(*(np.array(corners) - filter.centre).T).max() / filter.half_diagonal
    return np.maximum(np.linspace(0, reach, 257), step / 2 / filter.half_diagonal)


def _derivatives(polynomial: Polynomial, r: FloatArray) -> list[FloatArray]:
    """The first, second and third derivative of a polynomial."""
    return [Series(polynomial).deriv(n)(r) for n in (1, 2, 3)]
