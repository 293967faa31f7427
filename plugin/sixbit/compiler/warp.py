"""The warp of a picture, exact and as polynomials: where each point of the corrected picture comes from; its scale."""

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
    """The exact warp of a picture. Points and radii are in px, radii from the optical centre."""

    optics: Optics
    picture: SensorPicture
    scale: float = 1.0

    @property
    def colours(self) -> range:
        """The colours that come from places of their own: red, green and blue, or one for all."""
        return range(3 if self.optics.tca else 1)

    @property
    def centre(self) -> tuple[float, float]:
        """The optical centre."""
        return self.picture.centre(self.optics.sensor)

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
        x, y = self.centre
        return max(math.hypot(max(x, self.picture.width - 1 - x), max(y, self.picture.height - 1 - y)), 0.5)

    @property
    def end(self) -> float:
        """The distance of the farthest corner in half diagonals."""
        return self.farthest / self.picture.half_diagonal

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


def scale_factor(warp: Warp, scale: str | float) -> float:
    """Find the factor by which a picture is enlarged: a number, 1 for ``none``, or the least that is a ``fill``.

    Raises CompileError for models that cannot fill the frame.

    >>> from sixbit.compiler.optics import distortion
    >>> square = SensorPicture(101, 101, 1.0)
    >>> round(scale_factor(Warp(Optics(distortion=(distortion("poly3", [0.02]), square.sensor)), square), "fill"), 6)
    1.018556
    """
    if scale == "none":
        return 1.0
    if scale == "fill":
        return max(0.0, *(_fill(warp, colour) for colour in warp.colours))
    return float(scale)


def _fill(warp: Warp, colour: int) -> float:
    """The least factor that leaves no part of the border empty.

    A border point at radius b must come from no farther out than b: if the map takes q to b, the factor must be at
    least b / q, so the largest b / q along the border is the one.
    """
    border = np.linspace(warp.nearest, warp.farthest, SAMPLES)
    output = np.linspace(0, 2 * warp.farthest, 8 * SAMPLES)
    source = output * warp.unscaled(colour, output)
    rising = np.concatenate([[True], np.diff(source) > 0])
    if not rising.all():
        stop = int(np.argmin(rising))
        output, source = output[:stop], source[:stop]
    if source[-1] < warp.farthest:
        why = Sentence("The distortion model folds over within the frame, so the frame cannot be filled.", Code.FOLDS)
        raise CompileError(why)
    q = np.interp(border, source, output)
    for _ in range(3):  # Newton's steps from the table to float64.
        step = q * 1e-6 + 1e-9
        slope = ((q + step) * warp.unscaled(colour, q + step) - q * warp.unscaled(colour, q)) / step
        q = q - (q * warp.unscaled(colour, q) - border) / slope
    return float(np.max(warp.unscaled(colour, np.maximum(q, 1e-9))))


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
    if error > budget:
        why = Sentence(
            "The distortion cannot be fitted to within {budget:.4f} px (off by {error:.4f} px).",
            Code.BAD_DISTORTION,
            budget=budget,
            error=error,
        )
        raise CompileError(why)
    r = np.linspace(0, warp.end, SAMPLES)
    if np.any(np.diff(r * evaluate(polynomial, r)) <= 0):
        why = Sentence(
            "The distortion model folds over within the frame: this calibration is not usable here.",
            Code.BAD_DISTORTION,
        )
        raise CompileError(why)
    return polynomial, error
