"""What a JPEG encoder's rounding adds to the colours of a flat, and how to take it back.

libjpeg makes Y, Cb and Cr of whole code values of red, green and blue and rounds them to whole values (jccolor.c). The
noise of a flat is no dither for that: 2 Cr, for one, is nearly (5 (R - G) + (R - B)) / 6, of which noise leaves a
pattern, and one in six values of Cb lies just beside a half, all on the side that G - R says. The means err by up to
0.1 code values, which in dark corners is 1 % of light. They err in a known way: with x the value before rounding,

    E[round(x) - x] = sum over k >= 1 of (-1)^k / (pi k) Im E[exp(2 pi i k x)]

and x is a sum of code values, whose characteristic function is that of a Gaussian, sampled at whole numbers (B. Widrow
and I. Kollar, Quantization Noise, 2008, chapters 4 and 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

TO_YCC = np.array([[19595, 38470, 7471], [-11059, -21709, 32768], [32768, -27439, -5329]]) / 65536
"""From red, green and blue, as libjpeg has it."""
TO_RGB = np.linalg.inv(TO_YCC)
NOISES = (0.5, 0.6, 0.7, 0.8, 1.0, 1.4)
"""Standard deviations of code values to choose from: a flat's noise hardly depends on its light after the curve."""
USUAL = 0.7
"""What is taken where the frame does not tell: a flat of base sensitivity."""
TELLING = 0.95
"""Share of what is left under the usual noise that another has to leave at most, to be believed."""
HARMONICS = 288
HALF = 0.001
"""An exact half is rounded down: as if values lay lower by anything below the least by which they differ (0.002)."""
FAINTEST = 0.03
"""Share that the noise must leave of a harmonic for it to count."""
DEGREE = 8
"""Of the polynomials in x and y that a flat's means follow."""
CELLS = 32
"""Along the longer side, of the means that these are fitted to."""


def biases(codes: FloatArray, noises: Sequence[float]) -> FloatArray:
    """What rounding adds to the means of Y, Cb and Cr at mean ``codes`` (..., 3) of red, green and blue.

    Of each of the ``noises`` (standard deviations of code values), the least first: (noises, ..., 3).

    >>> grey = np.array([100.0, 100.4, 100.0])
    >>> [round(float(b), 2) for b in biases(grey, [1.0])[0]]
    [-0.01, -0.05, -0.04]
    """
    falls = -2 * (np.pi * np.array(noises)) ** 2
    result = np.zeros((len(noises), *codes.shape))
    for plane, weights in enumerate(TO_YCC):
        for k in range(1, HARMONICS + 1):
            near = k * weights - np.round(k * weights)
            if np.exp(falls[0] * near @ near) < FAINTEST:
                continue
            mean = np.ones(result.shape[:-1], complex)
            for j, nearest in enumerate(near):
                # The two nearest of the copies that sampling makes.
                copies = (nearest, nearest - np.copysign(1, nearest))
                mean *= sum(
                    np.multiply.outer(np.exp(falls * f**2) * np.sinc(f), np.exp(2j * np.pi * f * codes[..., j]))
                    for f in copies
                    if np.exp(falls[0] * f**2) > FAINTEST / 10
                )
            mean *= np.exp(-2j * np.pi * k * HALF)
            result[..., plane] += (-1) ** k / (np.pi * k) * mean.imag
        result[..., plane] -= HALF
    return result


def unbiased(means: FloatArray) -> FloatArray:
    """The means (rows, columns, 3) of Y, Cb and Cr of a flat's blocks without what rounding added to them.

    How much noise there was is told by which leaves the smoothest.
    """
    rows, columns = means.shape[:2]
    side = max(1, max(rows, columns) // CELLS)
    down, across = rows // side, columns // side
    if min(down, across) < DEGREE + 2:
        return means
    cells = means[: down * side, : across * side].reshape(down, side, across, side, 3).mean(axis=(1, 3))
    y, x = np.meshgrid(np.linspace(-1, 1, down), np.linspace(-1, 1, across), indexing="ij")
    basis = np.stack(
        [
            np.polynomial.Chebyshev.basis(i)(x) * np.polynomial.Chebyshev.basis(j)(y)
            for i in range(DEGREE + 1)
            for j in range(DEGREE + 1 - i)
        ],
        axis=-1,
    ).reshape(down * across, -1)
    project = np.linalg.pinv(basis)
    flat = cells.reshape(-1, 3)

    def smooth(values: FloatArray) -> FloatArray:
        followed: FloatArray = basis @ (project @ values)
        return followed

    def left(values: FloatArray) -> float:
        return float(np.sum(np.median(np.abs(values - smooth(values)), axis=0) ** 2))

    # What rounding added hardly changes where on its curve the mean lies: twice is enough.
    first = biases(smooth(flat) @ TO_RGB.T, [USUAL])[0]
    added = biases(smooth(flat - first) @ TO_RGB.T, NOISES)
    rests = [left(flat - one) for one in added]
    usual, best = NOISES.index(USUAL), int(np.argmin(rests))
    chosen = added[best if rests[best] < TELLING * rests[usual] else usual]
    where = [np.minimum(np.arange(n) // side, m - 1) for n, m in ((rows, down), (columns, across))]
    result: FloatArray = means - chosen.reshape(down, across, 3)[np.ix_(*where)]
    return result


def by_libjpeg(table: NDArray[Any]) -> bool:
    """True if the quantisation (8, 8) of colours is that of libjpeg: ITU-T T.81, table K.2, scaled (jcparam.c)."""
    example = np.array([17, 18, 24, 47, 99, 99, 99, 99])
    scales = [200 - 2 * quality if quality >= 50 else 5000 // quality for quality in range(1, 101)]
    return any(np.array_equal(np.clip((example * s + 50) // 100, 1, 255), table[0]) for s in scales)
