"""The warp of a picture, exact and as polynomials: where each point of the corrected picture comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sixbit.compiler.fit import SAMPLES, fit
from sixbit.compiler.optics import Optics, SensorPicture
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import Code, CompileError
from sixbit.values.polynomial import Polynomial, evaluate
from sixbit.values.sentence import Sentence

BUDGET_PX = 0.005
"""Largest error of the fit in a picture ``WIDTH_OF_BUDGET`` px wide."""
WIDTH_OF_BUDGET = 8192


@dataclass(frozen=True)
class Warp:
    """The exact warp of a picture. Points and radii are in px, radii from the optical centre.

    A part of a frame is scaled about another point: then the optical centre lies elsewhere in the ``output``.
    """

    optics: Optics
    picture: SensorPicture
    scale: float = 1.0
    output: tuple[float, float] | None = None

    @property
    def colours(self) -> range:
        """The colours that come from places of their own: red, green and blue, or one for all."""
        return range(3 if self.optics.tca else 1)

    @property
    def centre(self) -> tuple[float, float]:
        """The optical centre."""
        return self.picture.centre(self.optics.sensor)

    @property
    def output_centre(self) -> tuple[float, float]:
        """Where the optical centre lies in the corrected picture."""
        return self.output or self.centre

    @property
    def nearest(self) -> float:
        """The distance of the border from the optical centre."""
        x, y = self.centre
        return max(min(x, self.picture.width - 1 - x, y, self.picture.height - 1 - y), 0.0)

    @property
    def farthest(self) -> float:
        """The distance of the farthest corner from the optical centre.

        >>> Warp(Optics(), SensorPicture(7, 9, 1.0)).farthest
        5.0
        """
        return self._to_corner(self.centre)

    @property
    def end(self) -> float:
        """The distance of the farthest corner of the corrected picture, in half diagonals."""
        return self._to_corner(self.output_centre) / self.picture.half_diagonal

    def _to_corner(self, point: tuple[float, float]) -> float:
        x, y = point
        return max(math.hypot(max(x, self.picture.width - 1 - x), max(y, self.picture.height - 1 - y)), 0.5)

    def unscaled(self, colour: int, radius: FloatArray) -> FloatArray:
        """Give the source over the output radius, at output radii before scaling; colour 0 is red, 1 green, 2 blue.

        Distortion first, then lateral colour at the distorted radius: the order in which lensfun corrects.
        """
        optics, result = self.optics, np.ones_like(radius)
        if optics.distortion:
            polynomial, sensor = optics.distortion
            factor = evaluate(polynomial, radius * self.picture.per_half_short_side(sensor))
            result = 1 + optics.strength_of("distortion") * (factor - 1)
        if optics.tca and colour != 1:
            (red, blue), sensor = optics.tca
            distorted = radius * result * self.picture.per_half_short_side(sensor)
            factor = evaluate(red if colour == 0 else blue, distorted)
            result = result * (1 + optics.strength_of("tca") * (factor - 1))
        return result

    def source_radius(self, colour: int, r: FloatArray) -> FloatArray:
        """Give the source radius of an output radius r in half diagonals."""
        output = r * self.picture.half_diagonal / self.scale
        return output * self.unscaled(colour, output)


def fit_warp(warp: Warp) -> tuple[tuple[Polynomial, ...], float]:
    """Fit the source over the output radius, at output radii in half diagonals; with the largest error in px.

    Raises CompileError for a model that folds over or cannot be fitted.
    """
    fits = [_fit_colour(warp, colour) for colour in warp.colours]
    return tuple(polynomial for polynomial, _ in fits), max(error for _, error in fits)


def _fit_colour(warp: Warp, colour: int) -> tuple[Polynomial, float]:
    half_diagonal, scale = warp.picture.half_diagonal, warp.scale
    budget = BUDGET_PX * max(warp.picture.width, warp.picture.height) / WIDTH_OF_BUDGET
    polynomial, error = fit(
        lambda r: warp.unscaled(colour, r * half_diagonal / scale) / scale,
        warp.end,
        budget,
        weight=lambda r: r * half_diagonal,
    )
    if not error <= budget:  # of numbers beyond all bounds it is none
        why = Sentence(
            "The distortion cannot be fitted to within {budget:.4f} px (off by {error:.4f} px).",
            Code.BAD_DISTORTION,
            budget=budget,
            error=error,
        )
        raise CompileError(why)
    r = np.linspace(0, warp.end, SAMPLES)
    if not np.all(np.diff(r * evaluate(polynomial, r)) > 0):
        why = Sentence(
            "The distortion model folds over within the frame: this calibration is not usable here.",
            Code.BAD_DISTORTION,
        )
        raise CompileError(why)
    return polynomial, error
