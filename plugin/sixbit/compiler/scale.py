"""The enlargement of a picture, so that its frame is filled."""

from __future__ import annotations

import numpy as np

from sixbit.compiler.fit import SAMPLES
from sixbit.compiler.warp import Warp
from sixbit.values.errors import Code, CompileError
from sixbit.values.sentence import Sentence


def scale_factor(warp: Warp, scale: str | float) -> float:
    """Find the factor by which a picture is enlarged: a number, 1 for ``none``, or the least that is a ``fill``.

    Raises CompileError for models that cannot fill the frame.

    >>> from sixbit.compiler.optics import Optics, Sensor, SensorPicture, distortion
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
        raise CompileError(
            Sentence("The distortion model folds over within the frame, so the frame cannot be filled.", Code.FOLDS)
        )
    q = np.interp(border, source, output)
    for _ in range(3):  # Newton's steps from the table to float64.
        step = q * 1e-6 + 1e-9
        slope = ((q + step) * warp.unscaled(colour, q + step) - q * warp.unscaled(colour, q)) / step
        q = q - (q * warp.unscaled(colour, q) - border) / slope
    return float(np.max(warp.unscaled(colour, np.maximum(q, 1e-9))))
