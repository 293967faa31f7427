"""A transfer curve as the C++ kernel reads it: tables, and polynomials where these fit the curve.

See ``kernel/job.hpp`` for how the kernel reads them; docs/performance.md says what they cost in accuracy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.values.arrays import FloatArray
from sixbit.values.light import SAMPLES, TransferCurve
from sixbit.values.polynomial import least_squares

ERROR_CODE = 0.15
"""A cubic may be this far off on the way from or to an 8-bit code, in levels; curves flat at black come near it."""
ERROR_VALUE = 0.1 / 65535
"""A quartic may be this far off on the way from or to a code value of 16 bits or floating point, of 0..1."""

_NONE = np.zeros(0, np.float32)


class PlaneTables(NamedTuple):
    """The curve of one plane, both ways: an argument of the kernel, which takes it as a tuple in this order."""

    is_linear: bool
    decode: NDArray[np.float32]
    """Light by code value, an entry a code."""
    encode: NDArray[Any]
    """Code values by light, an entry a step of a float's bits."""
    slopes: tuple[float, float, float, float]
    """Slopes of the curve below 0 and above 1, to light, and then back."""
    decode_pieces: NDArray[np.float32]
    encode_pieces: NDArray[np.float32]


class CurveTables(NamedTuple):
    """A curve for pixels of one type: one plane for all, or one each."""

    planes: tuple[PlaneTables, ...]
    origin: float
    """Light that is added before its bits are looked at, so that black has bits too."""
    shift: int
    """Bits of mantissa left as the fraction between entries."""

    def plane(self, k: int) -> PlaneTables:
        """Return the tables of plane k."""
        return self.planes[min(k, len(self.planes) - 1)]


@lru_cache(maxsize=4)
def tables_of(curve: TransferCurve, dtype: np.dtype[Any]) -> CurveTables:
    """Return the tables of a curve for pixels of a type (uint8, uint16 or float32)."""
    # Half an entry is at most 0.03 levels of 8 bits; between entries curves are straight to 1 level of 16 bits.
    origin, shift = (2.0**-16, 12) if dtype == np.uint8 else (2.0**-34, 14)
    return CurveTables(
        tuple(_plane_tables(curve, k, dtype, origin, shift) for k in range(len(curve.linear))), origin, shift
    )


def _plane_tables(curve: TransferCurve, k: int, dtype: np.dtype[Any], origin: float, shift: int) -> PlaneTables:
    byte = dtype == np.uint8
    first, last = (int(np.float32(light).view(np.int32)) for light in (origin, origin + 1))
    steps = np.arange(((last - first) >> shift) + 2) + (0.5 if byte else 0.0)
    light = (first + (steps * (1 << shift)).astype(np.int32)).view(np.float32).astype(np.float64) - origin
    codes = curve.encode(light, k)
    beyond = np.array([-1.0, 0.0, 1.0, 2.0])
    below, above = np.diff(curve.decode(beyond, k))[[0, 2]]
    dark, bright = np.diff(curve.encode(beyond, k))[[0, 2]]
    return PlaneTables(
        curve.is_linear,
        np.ascontiguousarray(curve.plane(k)[:: 257 if byte else 1], np.float32),
        np.floor(np.clip(codes, 0, 1) * 255 + 0.5).astype(np.uint8) if byte else codes.astype(np.float32),
        (float(below), float(above), float(dark), float(bright)),
        _decode_cubics(curve, k) if byte else _decode_quartics(curve, k),
        _encode_cubics(curve, k, origin) if byte else _encode_quartics(curve, k, dtype == np.uint16),
    )


def _decode_cubics(curve: TransferCurve, k: int) -> NDArray[np.float32]:
    """Return the way from an 8-bit code to light in 32 cubics; none where they do not fit the curve."""
    codes = np.arange(256.0).reshape(32, 8)
    light = curve.plane(k)[::257].reshape(32, 8)
    slopes = np.maximum(np.gradient(light.ravel()).reshape(32, 8), 1e-9)  # so that errors count in codes
    powers = (codes - codes.mean(axis=1, keepdims=True))[:, :, None] ** np.arange(4)
    scaled = least_squares(powers / slopes[:, :, None], light / slopes)
    coefficients = _moved(scaled.T, codes.mean(axis=1))
    fitted = (codes[:, :, None] ** np.arange(4) * coefficients.T[:, None]).sum(axis=2)
    off = np.abs(255 * curve.encode(np.maximum(fitted, 0), k) - codes).max()
    return np.append(coefficients, 0).astype(np.float32) if off <= ERROR_CODE else _NONE


def _encode_cubics(curve: TransferCurve, k: int, origin: float) -> NDArray[np.float32]:
    """Return the way from light to an 8-bit code in 32 cubics; none where they do not fit the curve."""
    edges = origin * 2.0 ** (np.arange(33) // 2) * np.where(np.arange(33) % 2, 1.5, 1.0)
    start, width = edges[:-1], np.diff(edges)
    t = (1 - np.cos(np.pi * (np.arange(16) + 0.5) / 16)) / 2
    codes = 255 * np.clip(curve.encode(start[:, None] + width[:, None] * t - origin, k), 0, 1) + 0.5
    powers = t[:, None] ** np.arange(4)
    fit = least_squares(np.broadcast_to(powers, (32, *powers.shape)), codes)
    if np.abs((fit[:, None] * powers).sum(axis=2) - codes).max() > ERROR_CODE:
        return _NONE
    coefficients = _moved(fit.T / width ** np.arange(4)[:, None], start)
    first = int(np.float32(origin).view(np.int32)) >> 22
    return np.append(np.roll(coefficients, first % 32, axis=1), origin).astype(np.float32)


def _decode_quartics(curve: TransferCurve, k: int) -> NDArray[np.float32]:
    """Return the way from a code value to light in 32 quartics; none where they do not fit the curve."""
    codes, light, pieces = _quartics(partial(curve.decode, k=k), _toe(curve, k))
    off = np.abs(curve.encode(light, k) - codes).max()
    return pieces if off <= ERROR_VALUE else _NONE


def _encode_quartics(curve: TransferCurve, k: int, words: bool) -> NDArray[np.float32]:
    """Return the way from light to a code value or a 16-bit code + 1/2 in 32 quartics; none where they do not fit."""
    light, codes, pieces = _quartics(partial(curve.encode, k=k), float(curve.decode(np.array([_toe(curve, k)]), k)[0]))
    if np.abs(codes - curve.encode(light, k)).max() > ERROR_VALUE:
        return _NONE
    if words:
        pieces[:-1] *= 65535
        pieces[:32] += 0.5
    return pieces


def _toe(curve: TransferCurve, k: int) -> float:
    """Return the code value up to which the curve is straight; 0 if it bends at once."""
    light = curve.plane(k)
    bent = np.abs(light - light[1] * np.arange(SAMPLES)) > 1e-10
    first = int(bent.argmax())
    return (first - 0.5) / (SAMPLES - 1) if first > 2 else 0.0


def _quartics(
    function: Callable[[FloatArray], FloatArray], knee: float
) -> tuple[FloatArray, FloatArray, NDArray[np.float32]]:
    """Fit 32 quartics to a function over 0..1; return points, their values by the quartics, these and their origin.

    Each quartic spans a quarter octave of x + origin. The origin puts the knee, where a curve has a bend, between two
    of them.
    """
    quarters = _quarter_octaves(int(np.float32(2.0**-8).view(np.int32)) >> 21)
    origin = np.float32(quarters[quarters >= knee + 1.25 / 256][0] - knee)  # so that 8 octaves on is beyond 1 + origin
    first = int(origin.view(np.int32)) >> 21
    edges = _quarter_octaves(first)
    start, width = edges[:-1, None], np.diff(edges)[:, None]
    low, high = np.clip(edges[:-1, None], origin, 1 + origin), np.clip(edges[1:, None], origin, 1 + origin)
    at = low + (high - low) * (1 - np.cos(np.pi * np.linspace(0, 1, 24))) / 2
    x = np.clip(at - origin, 0, 1)
    powers = ((at - start) / width * 2 - 1)[:, :, None] ** np.arange(5)
    coefficients = least_squares(powers, function(x))
    pieces = np.roll(coefficients.T * 8.0 ** np.arange(5)[:, None], first % 32, axis=1)
    return x, (powers * coefficients[:, None]).sum(axis=2), np.append(pieces, origin).astype(np.float32)


def _quarter_octaves(first: int) -> FloatArray:
    """Return the lower edges of 33 quarter octaves; the number of one is bits >> 21 of the floats in it."""
    return ((np.arange(first, first + 33) << 21).astype(np.int32)).view(np.float32).astype(np.float64)


def _moved(cubics: NDArray[Any], by: NDArray[Any]) -> FloatArray:
    """Return cubics (4, n) of x - by as cubics of x."""
    (a, b, c, d), s = cubics, by
    return np.array([a - s * (b - s * (c - s * d)), b - s * (2 * c - 3 * s * d), c - 3 * s * d, d])
