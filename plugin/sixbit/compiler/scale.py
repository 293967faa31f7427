"""The enlargement of a picture, so that its frame is filled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sixbit.compiler.fit import SAMPLES
from sixbit.compiler.warp import Warp
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import Code, CompileError
from sixbit.values.sentence import Sentence


def scaled(warp: Warp, scale: str | float) -> Warp:
    """Scale a picture by a factor, by 1 for ``none``, or by the least that is a ``fill``.

    A whole frame is scaled about the optical centre; a part of one is moved as well, for it may lie beside that, where
    no factor alone fills it. Raises CompileError for models that cannot fill the frame.

    >>> from sixbit.compiler.optics import Optics, SensorPicture, distortion
    >>> square = SensorPicture(101, 101, 1.0)
    >>> bend = Optics(distortion=(distortion("poly3", [0.02]), square.sensor))
    >>> round(scaled(Warp(bend, square), "fill").scale, 6)
    1.018556
    >>> scaled(Warp(bend, SensorPicture(50, 50, 1.0, frame=(0, 0, 101, 101))), "none").output is None
    True
    """
    if scale == "none" or scale == 1:
        return warp
    if not warp.picture.is_off_centre:
        return scaled_about_centre(warp, scale)
    if scale == "fill":
        return _filled_part(warp)
    middle = ((warp.picture.width - 1) / 2, (warp.picture.height - 1) / 2)
    return _scaled_about(warp, float(scale), middle)


def scaled_about_centre(warp: Warp, scale: str | float) -> Warp:
    """Scale a picture about the optical centre, wherever that lies: for what knows no other point.

    A part beside the middle of its frame loses more by it than by :func:`scaled`. Raises CompileError as that does.

    >>> from sixbit.compiler.optics import Optics, SensorPicture
    >>> part = SensorPicture(50, 50, 1.0, frame=(0, 0, 101, 101))
    >>> scaled_about_centre(Warp(Optics(), part), 1.5).output is None
    True
    """
    if scale == "none" or scale == 1:
        return warp
    return replace(warp, scale=_fill(warp) if scale == "fill" else float(scale))


def _fill(warp: Warp) -> float:
    """The least factor that leaves no part of the border empty, of all colours.

    A border point at radius b must come from no farther out than b: if the map takes q to b, the factor must be at
    least b / q, so the largest b / q along the border is the one.
    """
    border = np.linspace(warp.nearest, warp.farthest, SAMPLES)
    before = {colour: np.maximum(_before(warp, colour, border), 1e-9) for colour in warp.colours}
    return max(0.0, *(float(np.max(warp.unscaled(colour, q))) for colour, q in before.items()))


def _filled_part(warp: Warp) -> Warp:
    """The part of a frame scaled by the least factor, and moved so that no part of its border is empty.

    The border of the picture is traced back to where it would come to lie unscaled. The largest rectangle of the
    picture's proportions between these four lines becomes the picture.
    """
    width, height = warp.picture.width - 1, warp.picture.height - 1
    across, down = np.linspace(0, width, SAMPLES), np.linspace(0, height, SAMPLES)
    x = np.stack([0 * down, across, 0 * down + width, across])
    y = np.stack([down, 0 * across, down, 0 * across + height])
    # Left, top, right and bottom, for each colour.
    before_x, before_y = _points_before(warp, x, y)
    first = float(before_x[:, 0].max()), float(before_y[:, 1].max())
    room = float(before_x[:, 2].min()) - first[0], float(before_y[:, 3].min()) - first[1]
    if min(room) <= 0:
        raise _folds()
    scale = max(width / room[0], height / room[1])
    # The corner of the rectangle that becomes the picture, in the middle of the room there is.
    corner = first[0] + (room[0] - width / scale) / 2, first[1] + (room[1] - height / scale) / 2
    return replace(
        warp, scale=scale, output=(scale * (warp.centre[0] - corner[0]), scale * (warp.centre[1] - corner[1]))
    )


def _points_before(warp: Warp, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where points of the picture lie in the unscaled output: arrays like ``x`` and ``y``, one for each colour."""
    centre_x, centre_y = warp.centre
    radius = np.hypot(x - centre_x, y - centre_y)
    shares = np.stack([_before(warp, colour, radius) / np.maximum(radius, 1e-9) for colour in warp.colours])
    return centre_x + (x - centre_x) * shares, centre_y + (y - centre_y) * shares


def _before(warp: Warp, colour: int, radius: FloatArray) -> FloatArray:
    """The unscaled output radius of what comes from a radius of the source, to float64. Raises CompileError."""
    output = np.linspace(0, 2 * warp.farthest, 8 * SAMPLES)
    source = output * warp.unscaled(colour, output)
    rising = np.concatenate([[True], np.diff(source) > 0])
    if not rising.all():
        stop = int(np.argmin(rising))
        output, source = output[:stop], source[:stop]
    if source[-1] < warp.farthest:
        raise _folds()
    q: FloatArray = np.interp(radius, source, output)
    for _ in range(3):  # Newton's steps from the table to float64.
        step = q * 1e-6 + 1e-9
        slope = ((q + step) * warp.unscaled(colour, q + step) - q * warp.unscaled(colour, q)) / step
        q = q - (q * warp.unscaled(colour, q) - radius) / slope
    return q


def _scaled_about(warp: Warp, scale: float, point: tuple[float, float]) -> Warp:
    x, y = warp.centre
    return replace(warp, scale=scale, output=(point[0] + scale * (x - point[0]), point[1] + scale * (y - point[1])))


def _folds() -> CompileError:
    return CompileError(
        Sentence("The distortion model folds over within the frame, so the frame cannot be filled.", Code.FOLDS)
    )
