"""Vignetting: lensfun's polynomial, fitted to the light of flats so that it falls to the corner, as a lens's does."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from sixbit.measure.samples import Fit, Samples, even_powers, fit
from sixbit.values.arrays import FloatArray

RISE = 0.005
"""How much brighter a fall-off may get on its way to the corner: no lens does, but so small a rise is noise."""
FALLS = np.array([[3.0, -3.0, 1.0], [0.0, 3.0, -2.0], [0.0, 0.0, 1.0]]).T
"""Columns: T_1 = 1 - (1 - x)^3, T_2 = 3 x^2 - 2 x^3, T_3 = x^3 with x = r^2. 1 - d T falls if all d are positive."""
LEAST = 1 / 64
"""Light in the corner below which a fit is no lens's fall-off."""


def fit_vignetting(samples: Samples) -> Fit:
    """Fit lensfun's ``pa``, 1 + k1 r^2 + k2 r^4 + k3 r^6, so that it falls to the corner.

    Terms that the evidence does not ask for are zero. A fit that rises is done again among the polynomials whose
    Bernstein coefficients fall, which then fall themselves (Farouki, The Bernstein polynomial basis, 2012).
    """
    powers = even_powers(samples.r, 3)
    fits = [_of_powers(fit(samples, powers[:, :terms]), np.eye(3)[:, :terms]) for terms in (1, 2, 3)]
    for found in sorted(fits, key=lambda each: each.bic):
        if largest_rise(found.terms) <= RISE and vignetting_at(found.terms, 1.0) > LEAST:
            return found
    best: Fit | None = None
    for chosen in [c for n in (1, 2, 3) for c in combinations(range(3), n)]:
        falls = -FALLS[:, list(chosen)]
        found = fit(samples, powers @ falls)
        if np.all(found.terms >= 0) and (best is None or found.bic < best.bic):
            best = _of_powers(found, falls)
    return best or _of_powers(fit(samples, powers[:, :0]), np.zeros((3, 0)))


def vignetting_at(terms: FloatArray, r: float | FloatArray) -> FloatArray:
    """Evaluate the light at radius r over that in the centre.

    >>> float(vignetting_at(np.array([-0.5, 0.1, 0.0]), 1.0))
    0.6
    """
    x = np.asarray(r, np.float64) ** 2
    return np.asarray(1 + x * (terms[0] + x * (terms[1] + x * terms[2])))


def largest_rise(terms: FloatArray) -> float:
    """Measure how much brighter it gets, at most, from any point of the way to the corner to a later one."""
    light = vignetting_at(terms, np.linspace(0, 1, 201))
    return float(np.max(light - np.minimum.accumulate(light)))


def _of_powers(found: Fit, matrix: FloatArray) -> Fit:
    """A fit whose basis was made of the powers by a matrix, in terms of the powers themselves."""
    return replace(found, terms=matrix @ found.terms, covariance=matrix @ found.covariance @ matrix.T)
