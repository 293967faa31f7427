"""Values of which only the interval is known that they lie in, as a JPEG rounds colours: likelihood and its slope.

A value is known to lie within ``slack`` of what was read, but for an error of ``noise`` (standard deviation), for which
the logistic distribution is taken: it has a closed form, and tails that forgive an outlier. With S its distribution,
the probability of having read ``value`` where ``model`` is true is S((rest + slack) / s) - S((rest - slack) / s), whose
logarithm is concave (J. W. Pratt, Concavity of the log likelihood, JASA 76, 1981): Newton's method finds its top.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ROUNDS = 40
ENOUGH = 1e-3
"""A gain in the logarithm of the likelihood below which there is no more to be had."""
DAMPING = 1e-4
"""Curvature, as a share of what noise alone would leave, that keeps a fit where it began in what nothing tells of."""


def deviance(rest: FloatArray, slack: FloatArray, noise: FloatArray) -> float:
    """Twice the logarithm of how much likelier a model is that leaves nothing."""
    return 2 * (_log(np.zeros_like(rest), slack, noise) - _log(rest, slack, noise))


def fit_between(
    values: FloatArray,
    slack: FloatArray,
    noise: FloatArray,
    start: FloatArray,
    jacobian: FloatArray,
    model: Callable[[FloatArray], FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """The likeliest parameters near ``start``, and their covariance.

    ``jacobian`` (values, parameters) is that of ``model`` near there.
    """
    s = noise * math.sqrt(3) / math.pi
    unit = np.abs(jacobian).max(axis=0) + 1e-300
    scaled = jacobian / unit
    damping = DAMPING / 4 * (scaled / s[:, None] ** 2).T @ scaled
    damping += 1e-9 * np.trace(damping) * np.eye(len(start))
    theta, rest = start, values - model(start)
    now = _log(rest, slack, noise)
    information = damping
    for _ in range(ROUNDS):
        low, high = (0.5 + 0.5 * np.tanh((rest + side * slack) / s / 2) for side in (-1, 1))
        curvature = (low * (1 - low) + high * (1 - high)) / s**2
        information = (scaled * curvature[:, None]).T @ scaled + damping
        step = np.linalg.solve(information, scaled.T @ ((low + high - 1) / s)) / unit
        before = now
        for halvings in range(20):
            there = theta + step / 2**halvings
            rest_there = values - model(there)
            if (then := _log(rest_there, slack, noise)) > now:
                theta, rest, now = there, rest_there, then
                break
        if now - before < ENOUGH:
            break
    covariance: FloatArray = np.linalg.inv(information) / np.outer(unit, unit)
    return theta, covariance


def _log(rest: FloatArray, slack: FloatArray, noise: FloatArray) -> float:
    """The logarithm of the likelihood, but for what does not depend on the rest."""
    s = noise * math.sqrt(3) / math.pi
    away = np.abs(rest)
    return -float(np.sum(np.logaddexp(0, (away - slack) / s) + np.logaddexp(0, -(away + slack) / s)))
