"""The filter applied in NumPy and float64: the definition in code, slow and short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.engines import Work
from sixbit.values.arrays import FloatArray

ROWS = 64
"""Output rows at a time, so that float64 intermediates stay small."""


def apply(work: Work) -> None:
    """Apply a filter in NumPy, in one thread whatever is asked for."""
    filter, region, channels = work.filter, work.region, range(work.pixels.shape[2])
    top = float(np.iinfo(work.pixels.dtype).max) if work.pixels.dtype.kind == "u" else 1.0
    light = [_light(work, k, top) for k in channels]
    for y in range(0, region.height, ROWS):
        rows = min(ROWS, region.height - y)
        grid_y, grid_x = np.mgrid[region.y + y : region.y + y + rows, region.x : region.x + region.width]
        points = np.stack([grid_x.ravel(), grid_y.ravel()], axis=1)
        sources = filter.source_points(points)
        gains = filter.gains(points)
        for k in channels:
            plane = work.plane(k)
            value = _sample(light[k], sources[plane], work.interpolation)
            if k < work.colours:
                value = work.transfer.encode(value * gains[plane], k)
            work.out[y : y + rows, :, k] = _quantise(value.reshape(rows, region.width), top, work.out.dtype)


def _light(work: Work, k: int, top: float) -> FloatArray:
    """One channel as linear light, or alpha as it is, 0..1."""
    values: FloatArray = work.pixels[..., k] / top
    return work.transfer.decode(values, k) if k < work.colours else values


def _quantise(value: FloatArray, top: float, dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind != "u":
        return value.astype(dtype)
    return np.floor(np.clip(value, 0, 1) * top + 0.5).astype(dtype)


def _sample(plane: FloatArray, points: FloatArray, interpolation: str) -> FloatArray:
    """One plane at the source points (n, 2); 0 where a point lies outside of the picture."""
    height, width = plane.shape
    inside = np.all((points >= -0.5) & (points <= (width - 0.5, height - 0.5)), axis=1)
    points = np.where(inside[:, None], points, 0)
    base = np.floor(points).astype(int)
    fraction = points - base
    value = np.zeros(len(points))
    for j, wy in taps(fraction[:, 1], interpolation):
        rows = np.clip(base[:, 1] + j, 0, height - 1)
        for i, wx in taps(fraction[:, 0], interpolation):
            value += wy * wx * plane[rows, np.clip(base[:, 0] + i, 0, width - 1)]
    return np.where(inside, value, 0)


def taps(fraction: FloatArray, interpolation: str) -> Iterator[tuple[int, FloatArray]]:
    """Yield the neighbours of a point between two pixels, as offsets from the first, and their weights.

    Bicubic is Catmull-Rom (Keys 1981, a = -1/2); Lanczos has three lobes and weights that add up to one (Duchon
    1979).

    >>> [(i, float(w[0])) for i, w in taps(np.array([0.5]), "bicubic")]
    [(-1, -0.0625), (0, 0.5625), (1, 0.5625), (2, -0.0625)]
    """
    t = fraction
    if interpolation == "bilinear":
        yield from ((0, 1 - t), (1, t))
    elif interpolation == "bicubic":
        yield -1, ((2 - t) * t - 1) * t / 2
        yield 0, ((3 * t - 5) * t * t + 2) / 2
        yield 1, ((4 - 3 * t) * t + 1) * t / 2
        yield 2, (t - 1) * t * t / 2
    else:
        weights = [np.sinc(t - i) * np.sinc((t - i) / 3) for i in range(-2, 4)]
        total = sum(weights)
        yield from ((i, weight / total) for i, weight in zip(range(-2, 4), weights, strict=True))
