"""How much a picture is enlarged, so that its frame is filled."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sixbit.compiler.fit import SAMPLES, Curve
from sixbit.compiler.optics import SensorPicture
from sixbit.values.errors import CompileError
from sixbit.values.sentence import Sentence


def border_radii(picture: SensorPicture, centre: tuple[float, float]) -> tuple[float, float]:
    """Give the distances in px of the nearest and the farthest point of the border from the optical centre.

    >>> border_radii(SensorPicture(7, 9, 1.0), (3.0, 4.0))
    (3.0, 5.0)
    """
    across = (centre[0], picture.width - 1 - centre[0])
    along = (centre[1], picture.height - 1 - centre[1])
    return max(min(*across, *along), 0.0), max(math.hypot(max(across), max(along)), 0.5)


def scale_factor(planes: Sequence[Curve], nearest: float, farthest: float, scale: str | float) -> float:
    """Find the factor by which a picture is enlarged; its border lies between two radii in px.

    ``planes`` are the source radius over the output radius before scaling, one or a colour. ``scale`` is a factor,
    ``none``, or ``fill``. Raises CompileError for anything else, and for models that cannot fill the frame.

    >>> round(scale_factor([lambda radius: 1 + radius / 1000], 50.0, 100.0, "fill"), 6)
    1.091608
    """
    if scale == "none":
        return 1.0
    if scale == "fill":
        return max(0.0, *(_fill(plane, nearest, farthest) for plane in planes))
    if not isinstance(scale, int | float) or not 0.1 <= scale <= 10:
        raise CompileError(f"A scale is `fill`, `none` or a factor from 0.1 to 10, not {scale!r}.")
    return float(scale)


def _fill(plane: Curve, nearest: float, farthest: float) -> float:
    """The least factor that leaves no part of the border empty.

    A border point at radius b must come from no farther out than b: if the map takes q to b, the factor must be at
    least b / q, so the largest b / q along the border is the one.
    """
    border = np.linspace(nearest, farthest, SAMPLES)
    output = np.linspace(0, 2 * farthest, 8 * SAMPLES)
    source = output * plane(output)
    rising = np.concatenate([[True], np.diff(source) > 0])
    if not rising.all():
        stop = int(np.argmin(rising))
        output, source = output[:stop], source[:stop]
    if source[-1] < farthest:
        folds = Sentence("The distortion model folds over within the frame, so the frame cannot be filled.")
        raise CompileError(folds, "Try --scale none.")
    q = np.interp(border, source, output)
    for _ in range(3):  # Newton's steps from the table to float64.
        step = q * 1e-6 + 1e-9
        slope = ((q + step) * plane(q + step) - q * plane(q)) / step
        q = q - (q * plane(q) - border) / slope
    return float(np.max(plane(np.maximum(q, 1e-9))))
