"""Opcodes carried out in NumPy and float64, by the formulas of DNG 1.7.1, chapter 7: the definition, slow and short.

Where the specification leaves something open, it is as in Adobe's own SDK 1.7.1: the picture goes from 0 to its width
and height, a warp takes pixels at whole numbers, fall-off and gain maps take them half a pixel farther, radii end at 1,
points end at the picture, and values are cut to 0..1 after every opcode.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sixbit.raw.opcodes import FixVignetteRadial, GainMap, Known, WarpRectilinear, WarpRectilinear2
from sixbit.values.arrays import FloatArray

Size = tuple[int, int]
"""Width and height of a picture, in px."""


def followed(opcodes: Sequence[Known], has_version_2: bool = True) -> list[Known]:
    """Leave out what a reader leaves out: a warp right behind one that it knows better, or the better one itself.

    ``has_version_2`` says whether the reader knows WarpRectilinear2, of DNG 1.6.
    """
    kept: list[Known] = []
    for number, opcode in enumerate(opcodes):
        is_better = isinstance(opcode, WarpRectilinear2)
        follows = number > 0 and isinstance(opcodes[number - 1], WarpRectilinear2) and not is_better
        if is_better and not has_version_2:
            continue
        if follows and has_version_2 and isinstance(opcode, WarpRectilinear):
            continue
        kept.append(opcode)
    return kept


def developed(picture: FloatArray, opcodes: Sequence[Known], has_version_2: bool = True) -> FloatArray:
    """Carry out a list on a picture (rows, columns, planes) of linear light, 0..1; warps are bilinear."""
    for opcode in followed(opcodes, has_version_2):
        picture = warped(picture, opcode) if isinstance(opcode, WarpRectilinear) else brightened(picture, opcode)
    return picture


def warped(picture: FloatArray, warp: WarpRectilinear) -> FloatArray:
    """Take each pixel from where a warp says."""
    height, width, planes = picture.shape
    y, x = np.mgrid[0:height, 0:width]
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    out = np.empty_like(picture)
    for plane in range(planes):
        source = source_points(warp, (width, height), points, plane)
        out[..., plane] = _between(picture[..., plane], source).reshape(height, width)
    return np.clip(out, 0, 1)


def brightened(picture: FloatArray, opcode: FixVignetteRadial | GainMap) -> FloatArray:
    """Multiply each pixel by its gain."""
    height, width, planes = picture.shape
    out = picture.copy()
    if isinstance(opcode, FixVignetteRadial):
        y, x = np.mgrid[0:height, 0:width]
        points = np.stack([x.ravel(), y.ravel()], axis=1)
        out *= radial_gains(opcode, (width, height), points).reshape(height, width, 1)
        return np.clip(out, 0, 1)
    top, left, bottom, right = opcode.area
    down, across = opcode.pitch
    y, x = np.mgrid[top : min(bottom, height) : down, left : min(right, width) : across]
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    for plane in range(opcode.first, min(opcode.first + opcode.planes, planes)):
        out[y, x, plane] *= map_gains(opcode, (width, height), points, plane).reshape(x.shape)
    return np.clip(out, 0, 1)


def source_points(warp: WarpRectilinear, size: Size, xy: FloatArray, plane: int = 1) -> FloatArray:
    """Tell where pixels (n, 2) of a plane come from: (n, 2) in px."""
    centre, reach = _normal(size, warp.centre)
    offset = np.asarray(xy, np.float64) - centre
    dx, dy = (offset / reach).T
    r = np.minimum(np.hypot(dx, dy), 1.0)
    t0, t1 = warp.tangential[min(plane, len(warp.planes) - 1)]
    bent_x = t1 * (r * r + 2 * dx * dx) + 2 * t0 * dx * dy
    bent_y = t0 * (r * r + 2 * dy * dy) + 2 * t1 * dx * dy
    source: FloatArray = centre + offset * warp.factor(plane, r)[:, None] + reach * np.stack([bent_x, bent_y], axis=1)
    return np.clip(source, 0, np.array(size) - 1.0)


def radial_gains(opcode: FixVignetteRadial, size: Size, xy: FloatArray) -> FloatArray:
    """Tell by how much pixels (n, 2) are brightened."""
    centre, reach = _normal(size, opcode.centre)
    offset = np.asarray(xy, np.float64) + 0.5 - centre
    return opcode.gain(np.minimum(np.hypot(offset[:, 0], offset[:, 1]) / reach, 1.0))


def map_gains(opcode: GainMap, size: Size, xy: FloatArray, plane: int = 0) -> FloatArray:
    """Tell by how much pixels (n, 2) of a plane are brightened."""
    shares = (np.asarray(xy, np.float64) + 0.5) / size
    at = (shares - opcode.origin[::-1]) / opcode.spacing[::-1]
    nodes = opcode.nodes[..., min(plane - opcode.first, opcode.nodes.shape[2] - 1)]
    return _between(nodes, at)


def _normal(size: Size, centre: tuple[float, float]) -> tuple[FloatArray, float]:
    """A centre in px, and its distance from the farthest corner."""
    point = np.array(centre) * size
    return point, float(np.hypot(*np.maximum(point, np.array(size) - point)))


def _between(values: FloatArray, points: FloatArray) -> FloatArray:
    """Bilinear between the values of a grid, and beyond it as at its edge."""
    rows, columns = values.shape
    x = np.clip(points[:, 0], 0, columns - 1)
    y = np.clip(points[:, 1], 0, rows - 1)
    left, top = np.minimum(x.astype(int), max(columns - 2, 0)), np.minimum(y.astype(int), max(rows - 2, 0))
    right, bottom = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
    u, v = x - left, y - top
    upper = values[top, left] * (1 - u) + values[top, right] * u
    lower = values[bottom, left] * (1 - u) + values[bottom, right] * u
    between: FloatArray = upper * (1 - v) + lower * v
    return between
