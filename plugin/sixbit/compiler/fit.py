"""Polynomials in the radius, fitted to exact curves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev

from sixbit.values.arrays import FloatArray
from sixbit.values.polynomial import UNITY, Polynomial, evaluate, least_squares

Curve = Callable[[FloatArray], FloatArray]
"""A function of the radius."""

AIM = 0.2
"""The share of the budget that a fit aims for; the rest is left to the engines."""
MOST_TERMS = 20
"""Even powers of the radius in a fit."""
MOST_ODD_TERMS = 6
NODES = 257
"""Radii that a polynomial is fitted at."""
SAMPLES = 4001
"""Radii that its error is measured at."""


def fit(
    exact: Curve, end: float, budget: float, weight: Curve = np.ones_like, most_terms: int = MOST_TERMS
) -> tuple[Polynomial, float]:
    """Fit a polynomial to a curve on 0..end: that of lowest degree which meets the aim, and its largest weighted error.

    ``most_terms`` even powers are tried, and as many odd ones, but no more than MOST_ODD_TERMS.

    Lenses are nearly even in the radius, so it is fitted as E(x) + r O(x), x = r^2, in Chebyshev polynomials of x: that
    reaches degrees which in powers of r alone would drown in rounding.

    >>> polynomial, error = fit(lambda r: 1 - 0.25 * r**2, end=1.0, budget=1e-6)
    >>> round(polynomial[0], 9), round(polynomial[2], 9), error < 1e-12
    (1.0, -0.25, True)
    """
    r = np.linspace(0, end, SAMPLES)
    wanted, weights = exact(r), weight(r)
    best: tuple[Polynomial, float] = (UNITY, float(np.max(np.abs(wanted - 1) * weights)))
    if best[1] == 0:
        return best
    # Where a node lies is of no matter, if it is the same everywhere: cosines differ in their last bit.
    cosine = np.cos(np.linspace(0, np.pi, NODES)).astype(np.float32).astype(np.float64)
    nodes = np.sqrt(end**2 * (1 - cosine) / 2)
    at_nodes = exact(nodes)
    for terms in range(1, most_terms + 1):
        odd_terms = min(terms, MOST_ODD_TERMS)
        columns = chebyshev.chebvander(-cosine, terms - 1)
        found = least_squares(np.hstack([columns, nodes[:, None] * columns[:, :odd_terms]]), at_nodes)
        polynomial = _interleaved(found[:terms], found[terms:], end)
        error = float(np.max(np.abs(evaluate(polynomial, r) - wanted) * weights))
        if error < best[1]:
            best = polynomial, error
        if error <= AIM * budget:
            break
    return best


def _interleaved(even: FloatArray, odd: FloatArray, end: float) -> Polynomial:
    """The powers of r of E(r^2) + r O(r^2), from the Chebyshev coefficients of E and O on 0..end^2."""
    powers = np.zeros(2 * max(len(even), len(odd)))
    for first, coefficients in enumerate((even, odd)):
        series = np.zeros(len(coefficients))
        for coefficient in chebyshev.cheb2poly(coefficients)[::-1]:  # Horner's rule in 2 x / end^2 - 1
            times_x = np.concatenate([[0.0], series[:-1]])
            series = times_x * (2 / end**2) - series
            series[0] += coefficient
        powers[first : first + 2 * len(series) : 2] = series
    return tuple(float(c) for c in np.trim_zeros(powers, "b")) or (0.0,)
