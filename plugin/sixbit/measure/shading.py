"""Colour shading: red and blue of flats against their green, radial or different from side to side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.measure.curve import Curve
from sixbit.measure.patches import Patches
from sixbit.measure.samples import (
    FLOOR,
    Fit,
    Mask,
    Samples,
    by_patch,
    even_powers,
    fit,
    samples_of,
    surface,
    surface_powers,
)
from sixbit.measure.worth import RADII, Worth, area_weights
from sixbit.values.arrays import FloatArray

LEAST_SURFACE = 0.0015
"""A surface that is nowhere higher is not worth a gain map."""
FULLEST = 6
"""Degree of the surface that tells how alike neighbouring patches err."""
COMPRESSED_ERROR = 0.005
"""Standard error of colours that were compressed, at least, whatever their noise: alike in wide areas, so that the
scatter of patches does not show it."""
CORNER = 0.59
"""Of x and of y where the error is told, which is large in a corner."""


@dataclass(frozen=True, eq=False)
class MeasuredShading:
    """The colour shading of flats, with the standard error in a corner of the less sure of red and blue.

    ``worth`` has what is radial of both in per cent, and their errors over the radius. ``curves`` and ``residuals`` (by
    patch) are those of ``red`` and ``blue``, for drawing.
    """

    shading: Shading
    error: float
    worth: Worth
    curves: dict[str, Curve]
    residuals: dict[str, FloatArray]


def fit_shading(patches: Sequence[Patches], usable: Sequence[Mask], turned: bool) -> MeasuredShading:
    """Fit the colour shading of flats of three planes.

    If the frames were ``turned`` against the light, a cast from one side to the other can be told from the light's.
    """
    is_lossy = any(one.is_lossy for one in patches)
    planes: dict[str, PlaneShading] = {}
    curves: dict[str, Curve] = {}
    residuals: dict[str, FloatArray] = {}
    errors, reach = [], 1.0
    for name, plane in (("red", 0), ("blue", 2)):
        planes[name], error, found = _fit_plane(samples_of(patches, usable, plane, against=1), turned, is_lossy)
        errors.append(np.hypot(error, COMPRESSED_ERROR * RADII) if is_lossy else error)
        reach = min(reach, float(found.samples.r.max()))
        curves[name] = found.curve(planes[name].radial_at)
        residuals[name] = by_patch(found.residuals, usable)
    rows, columns = patches[0].x.shape
    shading = Shading(planes["red"], planes["blue"], landscape=columns >= rows)
    correction = 100 * np.stack([planes[name].radial_at(RADII) - 1 for name in planes])
    weights = area_weights(max(rows, columns) / min(rows, columns))
    worth = Worth("shading", correction, 100 * np.stack(errors), weights, reach)
    return MeasuredShading(shading, float(max(error[-1] for error in errors)), worth, curves, residuals)


def _fit_plane(ratio: Samples, turned: bool, is_lossy: bool) -> tuple[PlaneShading, FloatArray, Fit]:
    """The shading of a plane against green, its error at ``RADII`` on the way to a corner, and its fit.

    It is radial if the evidence does not ask for more.
    """
    # Finer shapes in compressed colours are what rounding has made.
    most_radial, degrees = (2, (1, 2, 3)) if is_lossy else (3, (1, 2, 3, 4, 6))
    fits = [fit(ratio, even_powers(ratio.r, terms), turned) for terms in range(most_radial + 1)]
    powers = surface_powers(FULLEST, linear=turned)
    inflation = fit(ratio, np.hstack([even_powers(ratio.r, 3), surface(ratio.x, ratio.y, powers)]), turned).inflation
    independent = len(ratio.r) / inflation**2
    hidden = float(ratio.hidden_at(np.array(1.0)))

    def criterion(found: Fit) -> float:
        unlikely = independent * math.log(float(np.mean(found.residuals**2)) + FLOOR**2)
        return unlikely + len(found.terms) * math.log(max(independent, 2))

    best = min(fits, key=criterion)
    best_powers: list[tuple[int, int]] = []
    for degree in degrees:
        powers = surface_powers(degree, linear=turned)
        heights = surface(ratio.x, ratio.y, powers)
        found = fit(ratio, np.hstack([even_powers(ratio.r, most_radial), heights]), turned)
        height = np.max(np.abs(heights @ found.terms[most_radial:]))
        # Bands that are rounded together look like a surface.
        if height > max(LEAST_SURFACE, hidden) and criterion(found) < criterion(best):
            best, best_powers = found, powers
    radial_terms = len(best.terms) - len(best_powers)
    radial = (1.0, *(c for term in best.terms[:radial_terms] for c in (0.0, float(term))))
    coefficients = dict(zip(best_powers, best.terms[radial_terms:].tolist(), strict=True))
    there = [RADII ** (2 * power) for power in range(1, radial_terms + 1)]
    there += [(CORNER * RADII) ** (i + j) for i, j in best_powers]
    basis = np.stack(there, axis=1) if there else np.zeros((len(RADII), 0))
    variance = np.einsum("ij,jk,ik->i", basis, best.covariance, basis)
    error = np.hypot(np.sqrt(np.maximum(variance, 0)) * inflation, hidden * RADII)
    return PlaneShading(radial, coefficients), error, best
