"""Errors of flats that 8 bits and JPEG hide: ones that wide areas share, so that no mean takes them out.

A flat is nearly of one colour. Where its noise is below a code value, rounding moves whole bands of it the same way,
and so does the quantisation of a block's mean. Noise makes rounding harmless (R. Gray and T. Stockham, "Dithered
Quantizers", IEEE Transactions on Information Theory 39, 1993): what is left of its error falls with
``exp(-2 (pi s)^2)``, s being the noise in code values. The mean of a block has next to no noise.
"""

from __future__ import annotations

import math

import numpy as np

from sixbit.values.arrays import FloatArray

UNIFORM = 1 / math.sqrt(12)
"""Standard deviation of an error that is anything up to half a step, in steps."""
BLOCK = 8
"""Pixels along a block of JPEG's, and the number of steps of its mean to one of the coefficient (ITU-T T.81, A.3.3)."""
USUAL_STEPS = (3, 3)
"""Steps of the means of blocks of brightness and of colour at JPEG's quality 92; of other formats none are known."""

# How ITU-T T.871 (JFIF), section 7, makes green, and red against green, of the brightness Y and of Cb and Cr; and how
# much of the noise of a pixel is in Y, and in the mean of four of the less noisy of Cb and Cr, which are stored.
_GREEN = math.hypot(0.344, 0.714)
_RATIO = math.hypot(1.402 + 0.714, 0.344)
_IN_BRIGHTNESS = 0.67
_IN_COLOUR = 0.62 / 2


def hidden(noise: FloatArray, steps: tuple[int, int] | None) -> tuple[FloatArray, FloatArray]:
    """Estimate the standard error of green, and of red or blue against green, that wide areas share, in code values.

    ``noise`` is the standard deviation of pixels, ``steps`` those of JPEG's quantisation of the means of blocks, of
    brightness and of colour; None for what was only rounded to 8 bits.

    >>> [round(float(one), 3) for one in hidden(np.array(0.0), (3, 3))], hidden(np.array(2.0), None)[0] < 1e-9
    ([0.393, 0.661], np.True_)
    """
    if steps is None:
        error = _rounded(noise)
        return error, math.sqrt(2) * error
    brightness, colour = (
        np.hypot(_rounded(share * noise), UNIFORM * step / BLOCK)
        for share, step in zip((_IN_BRIGHTNESS, _IN_COLOUR), steps, strict=True)
    )
    return np.hypot(brightness, _GREEN * colour), _RATIO * colour


def _rounded(noise: FloatArray) -> FloatArray:
    return np.asarray(UNIFORM * np.exp(-2 * (math.pi * noise) ** 2), np.float64)
