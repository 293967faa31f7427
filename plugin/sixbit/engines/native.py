"""The filter applied by the C++ kernel: this module works out what the kernel needs to know, the kernel does the rest.

The kernel is in ``kernel/``; docs/performance.md says why it is built as it is.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.polynomial import Polynomial

from sixbit.engines import EngineError
from sixbit.engines.reference import taps
from sixbit.machine import processors
from sixbit.values.light import SAMPLES, TransferCurve, linear, srgb
from sixbit.values.polynomial import least_squares

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sixbit.engines import Region
    from sixbit.values.filter import Filter

    FloatArray = NDArray[np.float64]
    Slopes = tuple[float, float, float, float]

ERROR_PX = 0.002
"""What the kernel may lose by evaluating source points on a grid, with parabolas through its nodes, in px."""
ERROR_GAIN = 2e-5
"""The same for gains."""
ERROR_CODE = 0.15
"""What a cubic may be off on the way from or to an 8-bit code, in levels; curves flat at black come near it."""
ERROR_VALUE = 0.1 / 65535
"""What a quartic may be off on the way from or to a code value of 16 bits or floating point, of 0..1."""
STEPS = (16, 8, 4, 2)
"""Sizes of the pieces a parabola may span, in px; the least has nodes at every pixel, and is exact."""


def apply(
    filter: Filter,
    pixels: NDArray[Any],
    *,
    interpolation: str,
    transfer: TransferCurve | None,
    region: Region,
    out: NDArray[Any],
    threads: int | None,
    level: str = "",
) -> NDArray[Any]:
    """Apply a filter; the arguments are those of :func:`sixbit.engines.apply`, ``pixels`` and ``out`` with channels.

    Any strides that are whole numbers of values will do, for ``pixels`` and for ``out``: padded rows, planes, mirrored
    and sliced pictures. ``threads`` defaults to the processors there are; ``level`` forces one of the kernel's
    instruction sets (``_kernel.levels()``, best first). Extra memory is about 1.3 MB a thread. Raises EngineError for
    strides that cannot be used, and where the kernel was not built.
    """
    try:
        from sixbit.engines import _kernel  # type: ignore[attr-defined, unused-ignore]
    except ImportError as error:
        raise EngineError(
            f"The native kernel is not to be had ({error}); install Sixbit with a C++ compiler, or use another engine."
        ) from error

    if not filter.warps:
        interpolation = "bilinear"  # every point lies on a pixel: the fewest neighbours give the same
    weights = _weights(interpolation)
    tables, alpha = _tables(transfer or srgb(), pixels.dtype), _tables(linear(), pixels.dtype)
    channels = pixels.shape[2]
    colours = channels - 1 if channels == 4 else channels
    gain_map = np.zeros((0, 1, 1)) if filter.gain_map is None else filter.gain_map
    try:
        _kernel.correct(
            source=pixels,
            target=out,
            left=region.x,
            top=region.y,
            centre=filter.centre,
            half_diagonal=filter.half_diagonal,
            shift=[(polynomial[0] - 1, *polynomial[1:]) for polynomial in filter.warp],
            gain=filter.gain if filter.brightens else [],
            # Green is the plane that lateral colour is measured against; alpha and gray go with it.
            planes=[(k if k < colours == 3 else 1, k < colours and filter.brightens) for k in range(channels)],
            gain_map=np.ascontiguousarray(gain_map, np.float32),
            step=_step(filter),
            even=weights.even,
            odd=weights.odd,
            curves=[tables.plane(k) if k < colours else alpha.plane(0) for k in range(channels)],
            encode_origin=tables.origin,
            encode_shift=tables.shift,
            threads=threads or processors(),
            level=level,
        )
    except ValueError as error:
        raise EngineError(f"The native engine cannot take this picture: {error}. A copy of it will do.") from error
    return out


def _step(filter: Filter) -> int:
    """The largest pieces (px) in which parabolas through three nodes an axis keep the kernel within its errors.

    Over a piece of h px a parabola loses at most h^3 / (72 sqrt 3) times the third derivative (the remainder of
    Lagrange's interpolation), once along x and, magnified by 5/4, once along y. Along a direction through the point
    p, |p| = r, the third derivatives of the shift p Q(r), Q = P - 1, are made up of r Q''' + 3 Q'', 3 Q'' and 3 Q'/r;
    those of a gain G(r) of G''' and 3 (G'/r)'. What has an edge at the centre is smoothed over half a piece.
    """
    if not filter.half_diagonal > 0:
        return STEPS[-1]
    corners = np.array([(x, y) for x in (0, filter.width - 1) for y in (0, filter.height - 1)])
    reach = np.hypot(*(corners - filter.centre).T).max() / filter.half_diagonal
    for step in STEPS:
        r = np.maximum(np.linspace(0, reach, 257), step / 2 / filter.half_diagonal)
        loss = (1 + 5 / 4) * (step / filter.half_diagonal) ** 3 / (72 * 3**0.5)
        shift = gain = 0.0
        for coefficients in filter.warp:
            first, second, third = (Polynomial(coefficients).deriv(n)(r) for n in (1, 2, 3))
            shift = max(shift, (np.abs(r * third + 3 * second) + 3 * np.abs(second) + 3 * np.abs(first / r)).max())
        for coefficients in filter.gain:
            first, second, third = (Polynomial(coefficients).deriv(n)(r) for n in (1, 2, 3))
            gain = max(gain, (np.abs(third) + 3 * np.abs(second / r - first / r**2)).max())
        if shift * loss * filter.half_diagonal <= ERROR_PX and gain * loss <= ERROR_GAIN:
            return step
    return STEPS[-1]


class _Weights(NamedTuple):
    """Half of the taps of an interpolation as polynomials of (t - 1/2)^2, see kernel/job.hpp."""

    even: NDArray[np.float32]
    odd: NDArray[np.float32]


@lru_cache(maxsize=3)
def _weights(interpolation: str) -> _Weights:
    """The weights of the reference as polynomials: exact for bilinear and bicubic, to 1e-7 for Lanczos."""
    u = np.cos(np.pi * (np.arange(64) + 0.5) / 64) / 2
    values = [weight for _, weight in taps(u + 0.5, interpolation)]
    degree = {"bilinear": 1, "bicubic": 3, "lanczos3": 9}[interpolation]
    table = least_squares(
        np.broadcast_to(u[:, None] ** np.arange(degree + 1), (len(values) // 2, len(u), degree + 1)),
        np.array(values[: len(values) // 2]),
    )
    if degree < 9:
        table = np.round(table, 9)  # they are whole sixteenths
    return _Weights(table[:, 0::2].astype(np.float32), table[:, 1::2].astype(np.float32))


class _Tables(NamedTuple):
    """A transfer curve as the kernel reads it, one row or one a plane."""

    is_linear: bool
    decode: NDArray[np.float32]
    encode: NDArray[Any]
    slopes: list[Slopes]
    decode_pieces: list[NDArray[np.float32]]
    encode_pieces: list[NDArray[np.float32]]
    origin: float
    shift: int

    def plane(self, k: int) -> tuple[Any, ...]:
        k = min(k, len(self.slopes) - 1)
        return (
            self.is_linear,
            self.decode[k],
            self.encode[k],
            self.slopes[k],
            self.decode_pieces[k],
            self.encode_pieces[k],
        )


@lru_cache(maxsize=4)
def _tables(curve: TransferCurve, dtype: np.dtype[Any]) -> _Tables:
    """Tables from code values to light, an entry a code, and back, an entry a step of a float's bits."""
    byte = dtype == np.uint8
    # Bits of mantissa left as the fraction between entries, and the light that is added so that black has bits too:
    # half an entry is at most 0.03 levels of 8 bits; between entries curves are straight to 1 level of 16 bits.
    origin, shift = (2.0**-16, 12) if byte else (2.0**-34, 14)
    first, last = (int(np.float32(light).view(np.int32)) for light in (origin, origin + 1))
    steps = np.arange(((last - first) >> shift) + 2) + (0.5 if byte else 0.0)
    light = (first + (steps * (1 << shift)).astype(np.int32)).view(np.float32).astype(np.float64) - origin
    decode, encode, slopes = [], [], []
    for k in range(len(curve.linear)):
        codes = curve.encode(light, k)
        decode.append(curve.plane(k)[:: 257 if byte else 1])
        encode.append(np.floor(np.clip(codes, 0, 1) * 255 + 0.5) if byte else codes)
        beyond = np.array([-1.0, 0.0, 1.0, 2.0])
        below, above = np.diff(curve.decode(beyond, k))[[0, 2]]
        dark, bright = np.diff(curve.encode(beyond, k))[[0, 2]]
        slopes.append((float(below), float(above), float(dark), float(bright)))
    return _Tables(
        curve.is_linear,
        np.array(decode, np.float32),
        np.array(encode, np.uint8 if byte else np.float32),
        slopes,
        [_decode_cubics(curve, k) if byte else _decode_quartics(curve, k) for k in range(len(slopes))],
        [
            _encode_cubics(curve, k, origin) if byte else _encode_quartics(curve, k, dtype == np.uint16)
            for k in range(len(slopes))
        ],
        origin,
        shift,
    )


_NONE = np.zeros(0, np.float32)


def _decode_cubics(curve: TransferCurve, k: int) -> NDArray[np.float32]:
    """The way from an 8-bit code to light in 32 cubics, see kernel/job.hpp; none where they do not fit the curve."""
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
    """The way from light to an 8-bit code in 32 cubics, see kernel/job.hpp; none where they do not fit the curve."""
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
    """The way from a code value to light in 32 quartics, see kernel/job.hpp; none where they do not fit the curve."""
    codes, light, pieces = _quartics(partial(curve.decode, k=k), _toe(curve, k))
    off = np.abs(curve.encode(light, k) - codes).max()
    return pieces if off <= ERROR_VALUE else _NONE


def _encode_quartics(curve: TransferCurve, k: int, words: bool) -> NDArray[np.float32]:
    """The way from light to a code value, or to a 16-bit code + 1/2; none where quartics do not fit the curve."""
    light, codes, pieces = _quartics(partial(curve.encode, k=k), float(curve.decode(np.array([_toe(curve, k)]), k)[0]))
    if np.abs(codes - curve.encode(light, k)).max() > ERROR_VALUE:
        return _NONE
    if words:
        pieces[:-1] *= 65535
        pieces[:32] += 0.5
    return pieces


def _toe(curve: TransferCurve, k: int) -> float:
    """The code value up to which the curve is straight; 0 if it bends at once."""
    light = curve.plane(k)
    bent = np.abs(light - light[1] * np.arange(SAMPLES)) > 1e-10
    first = int(bent.argmax())
    return (first - 0.5) / (SAMPLES - 1) if first > 2 else 0.0


def _quartics(
    function: Callable[[FloatArray], FloatArray], knee: float
) -> tuple[FloatArray, FloatArray, NDArray[np.float32]]:
    """A function over 0..1 in 32 quartics: points, what they are worth by the quartics, and these with their origin.

    Each spans a quarter octave of x + origin. The origin puts the knee, where a curve has a bend, between two of them.
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
    """The lower edges of 33 quarter octaves; the number of one is bits >> 21 of the floats in it."""
    return ((np.arange(first, first + 33) << 21).astype(np.int32)).view(np.float32).astype(np.float64)


def _moved(cubics: NDArray[Any], by: NDArray[Any]) -> FloatArray:
    """Cubics (4, n) of x - by as cubics of x."""
    (a, b, c, d), s = cubics, by
    return np.array([a - s * (b - s * (c - s * d)), b - s * (2 * c - 3 * s * d), c - 3 * s * d, d])
