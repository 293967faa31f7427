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
REACH = 3
"""Pixels: no neighbour of a point is farther from it."""


def apply(work: Work) -> None:
    """Apply a filter in NumPy, in one thread whatever is asked for.

    Values near the largest of floating point may become infinite, or no number, as in the other engines.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        _apply(work)


def _apply(work: Work) -> None:
    filter, region = work.filter, work.region
    for y in range(0, region.height, ROWS):
        rows = min(ROWS, region.height - y)
        grid_y, grid_x = np.mgrid[region.y + y : region.y + y + rows, region.x : region.x + region.width]
        points = np.stack([grid_x.ravel(), grid_y.ravel()], axis=1)
        sources = filter.source_points(points)
        gains = filter.gains(points)
        for k in range(work.pixels.shape[2]):
            plane = work.plane(k)
            value = _sample(work, k, sources[plane])
            if k < work.colours:
                value = work.transfer.encode(value * gains[plane], k)
            work.out[y : y + rows, :, k] = _quantise(value.reshape(rows, region.width), work.out.dtype)


def _light(work: Work, k: int, part: tuple[slice, slice]) -> FloatArray:
    """A part of one channel as linear light, or alpha as it is, 0..1."""
    values: FloatArray = work.pixels[(*part, k)] / _top(work.pixels.dtype)
    return work.transfer.decode(values, k) if k < work.colours else values


def _top(dtype: np.dtype[Any]) -> float:
    return float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0


def _quantise(value: FloatArray, dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind != "u":
        return value.astype(dtype)
    return np.floor(np.clip(value, 0, 1) * _top(dtype) + 0.5).astype(dtype)


def _sample(work: Work, k: int, points: FloatArray) -> FloatArray:
    """One channel at the source points (n, 2), as light; 0 where a point lies outside of the picture."""
    size = np.array(work.pixels.shape[1::-1])
    inside = np.all((points >= -0.5) & (points <= size - 0.5), axis=1)
    value = np.zeros(len(points))
    if not inside.any():
        return value
    base = np.floor(points[inside]).astype(int)
    fraction = points[inside] - base
    # No more of the picture becomes light than these points are made from.
    first = np.clip(base.min(axis=0) - REACH, 0, size - 1)
    last = np.clip(base.max(axis=0) + REACH, 0, size - 1)
    light = _light(work, k, (slice(first[1], last[1] + 1), slice(first[0], last[0] + 1)))
    total = np.zeros(len(base))
    for j, wy in taps(fraction[:, 1], work.interpolation):
        rows = np.clip(base[:, 1] + j, 0, size[1] - 1) - first[1]
        for i, wx in taps(fraction[:, 0], work.interpolation):
            total += wy * wx * light[rows, np.clip(base[:, 0] + i, 0, size[0] - 1) - first[0]]
    value[inside] = total
    return value


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
