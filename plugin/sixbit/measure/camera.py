"""A lens with its optical centre, as several cameras fitted to the same photos say it: which of them, and how surely.

A camera is fitted by one to three terms of even powers, about the middle of the picture or about a centre that is free.
How sure that is comes from leaving out one photo after the other (the jackknife), and so does the number of terms: the
fewest that foretell the photos left out as well as any do. What is found is said in lensfun's models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sixbit.measure.jackknife import jackknife_error
from sixbit.measure.straightness import MODELS, apart, folds, ideal_radii, polynomial_of, without_nodes
from sixbit.measure.worth import RADII
from sixbit.values.arrays import FloatArray
from sixbit.values.known import SURE
from sixbit.values.polynomial import Polynomial, evaluate

ALIKE = 0.00005
"""Half diagonals by which a model of lensfun's may differ from what was found, to be as good."""
OFF_CENTRE = 0.02
"""Shift of the optical centre that is worth using, in half short sides."""
OFF_CENTRE_ERRORS = 4.0
"""Shift of the optical centre that is sure, in its standard errors."""


class Camera(NamedTuple):
    """Radius in the photo over radius in the ideal picture, and the optical centre, in half short sides."""

    polynomial: Polynomial
    centre: FloatArray


class Jackknife(NamedTuple):
    """A fit to all photos, those without a part of them, and how far each photo is off without it (mean square)."""

    whole: Camera
    without: tuple[Camera, ...]
    unseen: FloatArray


@dataclass(frozen=True, eq=False)
class FittedLens:
    """Distortion that was found: lensfun's ``model``, and its standard ``error`` at ``RADII``, in half diagonals.

    ``centre`` is in half short sides from the middle; it is the middle where the photos do not surely see it beside
    that, and ``is_doubtful`` if they perhaps do. Points were seen up to ``reach`` half diagonals from it.
    """

    model: str
    terms: tuple[float, ...]
    error: FloatArray
    centre: FloatArray
    centre_error: FloatArray
    reach: float
    is_doubtful: bool


def fit_lens(
    jackknife: Callable[[int, bool], Jackknife | None],
    terms: Sequence[int],
    seen: FloatArray,
    farthest: float,
    weights: FloatArray,
) -> FittedLens | None:
    """Find the lens that photos show, ``farthest`` half short sides from middle to corner; None if there is none.

    ``jackknife`` fits so many of ``terms``, with the centre free or not, and leaves photos out; ``seen`` (n, 2) are the
    points of all photos from the middle. The centre is the middle unless it surely lies beside it.
    """
    free = _best(jackknife, terms, True, farthest)
    if free is None:
        return None
    best, rivals = free
    centre = best.whole.centre
    centre_error = jackknife_error(np.array([camera.centre for camera in best.without]), centre)
    shift, beside = np.abs(centre), float(np.hypot(*centre)) >= OFF_CENTRE
    doubtful = beside and bool(np.any(shift > SURE * centre_error))
    if not beside or not np.any(shift > OFF_CENTRE_ERRORS * centre_error):
        centred = _best(jackknife, terms, False, farthest)
        if centred is None:
            return None
        (best, others), centre = centred, np.zeros(2)
        rivals = [*others, free[0].whole.polynomial]
    here = ideal_radii(best.whole.polynomial, farthest)

    def away(polynomial: Polynomial) -> FloatArray:
        return apart(here, ideal_radii(polynomial, farthest), weights) / farthest

    model, found = as_lensfun(best.whole.polynomial, farthest, weights)
    reach = float(np.quantile(np.hypot(*(seen - centre).T), 0.99)) / farthest
    chance = jackknife_error(np.array([away(camera.polynomial) for camera in best.without]), np.zeros(len(RADII)))
    rival = np.max([np.zeros(len(RADII)), *(np.abs(away(polynomial)) for polynomial in rivals)], axis=0)
    # Farther out than any point, more terms say nothing.
    rival = np.where(reach >= RADII, rival, np.interp(reach, RADII, rival))
    error = without_nodes(np.sqrt(chance**2 + (rival / 2) ** 2 + away(polynomial_of(model, found)) ** 2), weights)
    return FittedLens(model, found, error, centre, centre_error, reach, doubtful)


def _best(
    jackknife: Callable[[int, bool], Jackknife | None], terms: Sequence[int], free: bool, farthest: float
) -> tuple[Jackknife, list[Polynomial]] | None:
    """The fit of the fewest terms that is as good as any, and those of more, which may be as true farther out."""
    tried = [found for number in terms if (found := jackknife(number, free))]
    # One that ran away has no numbers.
    tried = [found for found in tried if np.isfinite([*found.whole.polynomial, *found.unseen]).all()]
    tried = [found for found in tried if not folds(found.whole.polynomial, farthest)]
    if not tried:
        return None
    least = min(tried, key=lambda found: float(np.sum(found.unseen)))
    worse = [found.unseen - least.unseen for found in tried]
    as_good = [float(np.sum(by)) <= float(np.std(by)) * np.sqrt(len(by)) for by in worse]
    first = as_good.index(True)
    return tried[first], [found.whole.polynomial for found in tried[first + 1 :]]


def as_lensfun(polynomial: Polynomial, farthest: float, weights: FloatArray) -> tuple[str, tuple[float, ...]]:
    """Find the model of lensfun's that is nearest to a polynomial, but for the scale, up to a radius in the photo."""
    ideal = ideal_radii(polynomial, farthest)
    source = ideal * evaluate(polynomial, ideal)
    found = []
    for model, powers in zip(MODELS, ((1, 3), (1, 3, 5), (1, 2, 3, 4)), strict=True):
        each = np.sqrt(weights + weights[weights > 0].min())
        columns = np.stack([ideal**power for power in powers], axis=1)
        numbers = np.linalg.lstsq(columns * each[:, None], source * each, rcond=None)[0]
        terms = _terms(model, dict(zip(powers, numbers.tolist(), strict=True)))
        there = ideal_radii(polynomial_of(model, terms), farthest)
        off = float(np.max(np.abs(apart(ideal, there, weights)))) / farthest
        if off < ALIKE:
            return model, terms
        found.append((off, model, terms))
    return min(found)[1:]


def _terms(model: str, numbers: dict[int, float]) -> tuple[float, ...]:
    """The terms of a model of which ``numbers`` are the coefficients by power of the radius, but for a scale.

    poly3 and ptlens are 1 at a radius of 1, which fixes the scale s: s = p1 + p2 / s + p3 / s^2 + p4 / s^3.
    """
    scale = numbers[1]
    if model == "poly5":
        return numbers[3] / scale**3, numbers[5] / scale**5
    for _ in range(200):
        scale = numbers[1] + sum(number / scale ** (power - 1) for power, number in numbers.items() if power > 1)
    of_powers = [numbers[power] / scale**power for power in sorted(numbers, reverse=True)]
    return tuple(of_powers[:-1])
