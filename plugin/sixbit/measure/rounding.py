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

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

TO_YCC = np.array([[19595, 38470, 7471], [-11059, -21709, 32768], [32768, -27439, -5329]]) / 65536
"""From red, green and blue, as libjpeg has it."""
TO_RGB = np.linalg.inv(TO_YCC)
NOISES = np.geomspace(0.35, 4, 50)
"""Standard deviations of code values to choose from: a flat's noise hardly depends on its light after the curve."""
PARTS = 10
"""Into which a picture is divided each way."""
HARMONICS = 288
HALF = 0.001
"""An exact half is rounded down: as if values lay lower by anything below the least by which they differ (0.002)."""
UNKNOWN = 0.02
"""Code values that are left unknown of what rounding adds to colours."""
FAINTEST = 0.03
"""Share that the noise must leave of a harmonic for it to count."""
DEGREE = 8
"""Of the polynomials in x and y that a flat's means follow."""
CELLS = 40
"""Along the longer side at most, of the means that these are fitted to."""


def biases(codes: FloatArray, noise: float, halved: bool = False) -> FloatArray:
    """What rounding adds to the means of Y, Cb and Cr at mean ``codes`` (..., 3) of red, green and blue.

    ``noise`` is its standard deviation in code values; ``halved`` if four pixels share one Cb and Cr (4:2:0).

    >>> grey = np.array([100.0, 100.4, 100.0])
    >>> [round(float(b), 2) for b in biases(grey, 1.0)]
    [-0.01, -0.05, -0.04]
    """
    result = np.zeros(codes.shape)
    for plane, weights in enumerate(TO_YCC):
        for k, turn in _turns(1.0, HARMONICS, weights, codes, noise):
            result[..., plane] += (-1) ** int(k) / (np.pi * k) * turn.imag
        result[..., plane] -= HALF
        if halved and plane:
            # The rounded value has copies of its characteristic function as well, and four of them are added up.
            quarter = np.zeros(codes.shape[:-1], complex)
            for f, turn in _turns(0.25 - HARMONICS, 2 * HARMONICS, weights, codes, noise):
                quarter += np.sinc(f) * turn
            result[..., plane] -= (quarter**4).imag / 4
    return result


def _turns(
    first: float, count: int, weights: FloatArray, codes: FloatArray, noise: float
) -> Iterator[tuple[float, NDArray[np.complex128]]]:
    """The characteristic function of a sum of whole code values at frequencies from ``first`` in steps of 1.

    Without those at which it is next to nothing.
    """
    fall = -2 * (np.pi * noise) ** 2
    codes = np.moveaxis(codes, -1, 0)
    weighted = codes * weights.reshape(-1, *[1] * (codes.ndim - 1))
    # All that is needed are products of these, and no exponential for each frequency.
    turned, step = np.exp(2j * np.pi * first * weighted), np.exp(2j * np.pi * weighted)
    once = np.exp(2j * np.pi * codes)
    powers = [np.ones_like(once)]
    for _ in range(math.ceil((abs(first) + count) * np.abs(weights).max()) + 1):
        powers.append(powers[-1] * once)
    for number in range(count):
        f = first + number
        nearest = np.round(f * weights)
        near = f * weights - nearest
        if np.exp(fall * near @ near) >= FAINTEST:
            turn = np.exp(-2j * np.pi * f * HALF) * np.ones(codes.shape[1:])
            for j, (whole, off) in enumerate(zip(nearest.astype(int), near, strict=True)):
                power = powers[abs(whole)][j]
                # The two nearest of the copies that sampling makes.
                other = off - np.copysign(1, off)
                copies = np.exp(fall * off**2) * np.sinc(off) + np.exp(fall * other**2) * np.sinc(other) * (
                    once[j].conj() if off > 0 else once[j]
                )
                turn *= turned[j] * (power.conj() if whole > 0 else power) * copies
            yield f, turn
        turned *= step


def noise_of(coefficients: NDArray[np.integer[Any]], table: NDArray[Any]) -> float:
    """The noise of red, green and blue of a flat, by how many coefficients of Y (rows, columns, 8, 8) are not zero.

    The noise of a coefficient is that of a pixel, and the finer ones of a flat hold nothing else. The median of parts
    of the picture, as there may be dust.
    """
    u, v = np.indices((8, 8))
    fine = u + v >= 3
    fine &= table <= 1.5 * table[fine].min()
    filled = np.mean(coefficients[..., fine] != 0, axis=2)
    parts = [part.mean() for band in np.array_split(filled, PARTS) for part in np.array_split(band, PARTS, axis=1)]
    # Where none is seen there may be as much noise as would hardly show one.
    known = max(float(np.median(parts)), 0.5 * PARTS**2 / (filled.size * np.count_nonzero(fine)))
    weight = TO_YCC[0] @ TO_YCC[0]

    def expected(noise: float) -> float:
        # Codes were rounded, and so was Y.
        deviation = math.sqrt(2 * (weight * (noise**2 + 1 / 12) + 1 / 12))
        # libjpeg rounds a half up, of coefficients that are whole numbers of eighths.
        return float(np.mean([math.erfc((step / 2 - 1 / 16) / deviation) for step in table[fine]]))

    return float(min(NOISES, key=lambda noise: abs(expected(noise) - known)))


def unbiased(means: FloatArray, noise: float, halved: bool) -> FloatArray:
    """The means (rows, columns, 3) of Y, Cb and Cr of a flat's blocks without what rounding added to them."""
    rows, columns = means.shape[:2]
    side = math.ceil(max(rows, columns) / CELLS)
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

    # What rounding added hardly changes where on its curve the mean lies: twice is enough.
    first = biases(smooth(flat) @ TO_RGB.T, noise, halved)
    added = biases(smooth(flat - first) @ TO_RGB.T, noise, halved)
    where = [np.minimum(np.arange(n) // side, m - 1) for n, m in ((rows, down), (columns, across))]
    result: FloatArray = means - added.reshape(down, across, 3)[np.ix_(*where)]
    return result


def by_libjpeg(table: NDArray[Any]) -> bool:
    """True if the quantisation (8, 8) of colours is that of libjpeg: ITU-T T.81, table K.2, scaled (jcparam.c)."""
    example = np.array([17, 18, 24, 47, 99, 99, 99, 99])
    scales = [200 - 2 * quality if quality >= 50 else 5000 // quality for quality in range(1, 101)]
    return any(np.array_equal(np.clip((example * s + 50) // 100, 1, 255), table[0]) for s in scales)
