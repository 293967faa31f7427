"""Frames made smaller, by the means of squares of pixels, so that what is looked for in them takes a bounded time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.measure.frame import DecodedFrame
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.sentence import Sentence

BRIGHTEST = 0.985
"""Code value above which a pixel may be clipped."""
SMALLEST = 64
"""Px of the shorter side in which anything can be looked for."""


def reduced_grey(frame: DecodedFrame, longest: int) -> tuple[NDArray[np.float32], int]:
    """The mean of the colours, in code values of 0 to 1, averaged over squares of k px until it is small enough; k.

    Raises CalibrationError for a frame that is too small.
    """
    pixels, k = _squares(frame, longest)
    most = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1.0
    grey = np.zeros((pixels.shape[0] // k, pixels.shape[1] // k), np.float32)
    for dy in range(k):
        for dx in range(k):
            for plane in range(pixels.shape[2]):  # a sum over the planes of each pixel takes five times as long
                grey += pixels[dy::k, dx::k, plane]
    grey /= np.float32(k * k * pixels.shape[2] * most)
    # Linear light is encoded, or noise in the lights would hide edges in the shadows.
    return (np.sqrt(np.clip(grey, 0, None)) if frame.transfer.is_linear else grey), k


def reduced_light(frame: DecodedFrame, longest: int) -> NDArray[np.float32]:
    """Linear light (rows, columns, planes) of a frame, averaged over the same squares; not a number where one may be
    clipped.
    """
    pixels, k = _squares(frame, longest)
    rows, columns, planes = pixels.shape[0] // k, pixels.shape[1] // k, pixels.shape[2]
    most = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1.0
    light = np.zeros((rows, columns, planes), np.float32)
    for plane in range(planes):
        table = None
        if pixels.dtype.kind == "u":
            table = frame.transfer.decode(np.linspace(0, 1, int(most) + 1), plane).astype(np.float32)
            table[int(np.ceil(BRIGHTEST * most)) :] = np.nan
        for dy in range(k):
            for dx in range(k):
                codes = pixels[dy::k, dx::k, plane]
                light[..., plane] += table[codes] if table is not None else _light(frame, codes, plane)
    light /= np.float32(k * k)
    return light


def _light(frame: DecodedFrame, codes: NDArray[Any], plane: int) -> NDArray[np.float32]:
    light = frame.transfer.decode(codes.astype(np.float64), plane)
    return np.where(codes < BRIGHTEST, light, np.nan).astype(np.float32)


def _squares(frame: DecodedFrame, longest: int) -> tuple[NDArray[Any], int]:
    """The part of a frame (height, width, planes) that whole squares of k px make up; k."""
    pixels = frame.pixels if frame.pixels.ndim == 3 else frame.pixels[:, :, None]
    height, width = pixels.shape[:2]
    k = max(1, math.ceil(max(height, width) / longest))
    rows, columns = height // k, width // k
    if min(rows, columns) < SMALLEST:
        why = Sentence("is too small ({width}x{height}) to show anything of the lens.", width=width, height=height)
        raise CalibrationError(why, Code.FRAMES, subject=frame.path)
    # The margin that makes no whole square is cut evenly, so that the centre stays where it is.
    top, left = (height - rows * k) // 2, (width - columns * k) // 2
    return pixels[top : top + rows * k, left : left + columns * k], k
