"""The warp of a picture: where each point of the corrected picture comes from, exact and as polynomials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sixbit.compiler.fit import SAMPLES, Curve, FloatArray, fit
from sixbit.compiler.optics import SensorPicture
from sixbit.values.errors import CompileError
from sixbit.values.polynomial import Polynomial, evaluate
from sixbit.values.sentence import Sentence

BUDGET_PX = 0.005
"""Largest error of the fit in a picture ``WIDTH_OF_BUDGET`` px wide."""
WIDTH_OF_BUDGET = 8192


@dataclass(frozen=True)
class Warp:
    """Where the points of a picture come from.

    ``planes`` are the source radius over the output radius before scaling, for all colours alike or for red, green and
    blue. Points and radii are in px, radii from the optical centre.
    """

    picture: SensorPicture
    centre: tuple[float, float]
    planes: Sequence[Curve]
    scale: float
    farthest: float
    """The radius of the farthest corner."""

    @property
    def end(self) -> float:
        """The radius of the farthest corner in half diagonals."""
        return self.farthest / self.picture.half_diagonal

    def plane(self, k: int) -> Curve:
        """Source over output radius of colour k before scaling."""
        return self.planes[min(k, len(self.planes) - 1)]

    def source_radius(self, k: int, r: FloatArray) -> FloatArray:
        """Where the output radius r, in half diagonals, comes from in colour k, in px."""
        output = r * self.picture.half_diagonal / self.scale
        source: FloatArray = output * self.plane(k)(output)
        return source


def fit_warp(warp: Warp) -> tuple[tuple[Polynomial, ...], float]:
    """Fit the source over the output radius, at output radii in half diagonals; with the largest error in px.

    Raises CompileError for a model that folds over or cannot be fitted.
    """
    fits = [_fit_plane(warp, plane) for plane in warp.planes]
    return tuple(polynomial for polynomial, _ in fits), max(error for _, error in fits)


def _fit_plane(warp: Warp, plane: Curve) -> tuple[Polynomial, float]:
    half_diagonal, scale = warp.picture.half_diagonal, warp.scale
    budget = BUDGET_PX * max(warp.picture.width, warp.picture.height) / WIDTH_OF_BUDGET
    polynomial, error = fit(
        lambda r: plane(r * half_diagonal / scale) / scale, warp.end, budget, weight=lambda r: r * half_diagonal
    )
    if error > budget:
        raise CompileError(
            Sentence(
                "The distortion cannot be fitted to within {budget:.4f} px (off by {error:.4f} px).",
                budget=budget,
                error=error,
            )
        )
    r = np.linspace(0, warp.end, SAMPLES)
    if np.any(np.diff(r * evaluate(polynomial, r)) <= 0):
        raise CompileError(
            Sentence("The distortion model folds over within the frame: this calibration is not usable here.")
        )
    return polynomial, error
