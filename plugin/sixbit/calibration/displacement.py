"""How far red and blue lie from green, along the radius, in small blocks of a photo with edges.

Across an edge between two surfaces each plane is, in linear light, a multiple of any other and a constant: the point
spread mixes the same two colours in the same shares. So in a block, with green G and the lateral colour s along u,
``K(x) = a G(x - s u) + b``, solved for s by least squares of gradients (B. D. Lucas and T. Kanade, "An Iterative Image
Registration Technique", IJCAI 1981), about the displacement that is expected there.

Smoothing, differentiation and the shift by a fraction of a px are one: a Gaussian, or its derivative, sampled where the
shift says. JPEGs hold their colour differences at half the resolution, so in these K - G is smoother than K and G are:
``K - G = B (a G(x - s u) + b - G)`` with B what halving and doubling does, nearly a Gaussian.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.calibration import Progress, silent
from sixbit.light import TransferCurve

FloatArray = NDArray[np.float64]
Stack = NDArray[np.float32]

SIDE = 24
"""Of a block, in px: large enough for a blurred edge, small enough to hold hardly more than one."""
MARGIN = 15
"""Pixels around a block that filters and displacements may reach for."""
FARTHEST = 6.0
"""Displacement in px beyond which no block is followed."""
RINGS, SECTORS, A_CELL = 14, 12, 16
"""Blocks are taken from each part of the picture, the sharpest first: so many from each."""
CENTRE = 0.08
"""Radius in half diagonals within which there is no lateral colour to be seen."""
BRIGHTEST = 0.985
"""Code value above which a pixel may be clipped."""
CLIPPED = 0.01
"""Share of such pixels that a block may hold."""
HALVED_VARIANCE = 1.0
"""Of the smoothing by 4:2:0 in px^2: the mean of two (1/4), and libjpeg's interpolation, 3/4 and 1/4 (3/4)."""
UNTOLD, UNTOLD_TOGETHER = 0.007, 64
"""Code values of colour differences that compression may have left out, alike in so many pixels."""
ALIKE = 0.97
"""Share of the variance in a block that green must explain."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of a photo: ``x`` and ``y`` of their middle from the centre and ``r`` in px, the pixels around in light.

    ``light`` is (blocks, 3, SIDE + 2 MARGIN, SIDE + 2 MARGIN), ``half_diagonal`` that of the photo.
    """

    x: FloatArray
    y: FloatArray
    light: Stack
    half_diagonal: float
    chroma_variance: float

    @property
    def r(self) -> FloatArray:
        """Distance from the centre in px."""
        return np.hypot(self.x, self.y)

    def every(self, step: int) -> Blocks:
        """One of so many, from all over the photo."""
        return replace(self, x=self.x[::step], y=self.y[::step], light=self.light[::step])


@dataclass(frozen=True, eq=False)
class Displacements:
    """Displacement outwards of red and blue against green, in px: (2, blocks), with standard errors.

    The error is infinite where a block does not tell.
    """

    value: FloatArray
    error: FloatArray


def sharp_blocks(
    pixels: NDArray[Any], transfer: TransferCurve, *, halved_chroma: bool = False, progress: Progress = silent
) -> Blocks:
    """The blocks of a photo (height, width, 3) that have the strongest edges across the radius, all over it."""
    height, width = pixels.shape[:2]
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    half = math.hypot(middle_x, middle_y)
    wide = SIDE + 2 * MARGIN
    if min(height, width) < wide:
        nothing = np.zeros(0)
        return Blocks(nothing, nothing, np.zeros((0, 3, wide, wide), np.float32), half, 0.0)
    scores = []
    rows = range(MARGIN, height - MARGIN - SIDE + 1, SIDE)
    curves = _Curves(pixels, transfer)
    for top in rows:
        scores.append(_row_of_scores(curves, top, middle_x, middle_y))
        progress((top + SIDE) / height, "looking for edges")
    found = np.array(scores, np.float64).reshape(len(rows), -1)
    y, x = np.meshgrid(
        MARGIN + SIDE * np.arange(found.shape[0]) + (SIDE - 1) / 2 - middle_y,
        MARGIN + SIDE * np.arange(found.shape[1]) + (SIDE - 1) / 2 - middle_x,
        indexing="ij",
    )
    radius = np.hypot(x, y) / half
    ring = np.minimum((radius * RINGS).astype(int), RINGS - 1)
    sector = ((np.arctan2(y, x) / (2 * math.pi) + 0.5) * SECTORS).astype(int) % SECTORS
    cell = np.where((found > 0) & (radius > CENTRE), ring * SECTORS + sector, -1).ravel()
    order = np.lexsort((-found.ravel(), cell))
    cells = cell[order]
    starts = np.searchsorted(cells, cells)
    chosen = order[(np.arange(len(order)) - starts < A_CELL) & (cells >= 0)]
    chosen.sort()
    row, column = np.unravel_index(chosen, found.shape)
    light = np.empty((len(chosen), 3, wide, wide), np.float32)
    for n, (i, j) in enumerate(zip(row, column, strict=True)):
        patch = pixels[i * SIDE : i * SIDE + wide, j * SIDE : j * SIDE + wide, :3]
        for k in range(3):
            light[n, k] = curves.light(patch[..., k], k)
    return Blocks(x[row, column], y[row, column], light, half, HALVED_VARIANCE if halved_chroma else 0.0)


def displacements(blocks: Blocks, expected: FloatArray, sigma: float) -> Displacements:
    """Measure all blocks about what is ``expected`` (2, blocks; px), smoothed by a Gaussian of ``sigma`` px."""
    value = np.zeros_like(expected)
    error = np.full_like(expected, np.inf)
    together = 4 * math.pi * sigma**2
    for some in _batches(len(blocks.x)):
        ux, uy = blocks.x[some] / blocks.r[some], blocks.y[some] / blocks.r[some]
        green = blocks.light[some, 1]
        blur = math.sqrt(sigma**2 + blocks.chroma_variance)
        plain, smooth = (_gaussians(np.zeros(1), width)[0] for width in (sigma, blur))
        added = _filtered(green, smooth, smooth) - _filtered(green, plain, plain) if blocks.chroma_variance else 0
        for k in (0, 1):
            shift = np.clip(expected[k, some], -FARTHEST, FARTHEST)
            right, right_slope = _gaussians(-shift * ux, blur)
            below, below_slope = _gaussians(-shift * uy, blur)
            half = below @ green
            moved = np.asarray(half @ right.transpose(0, 2, 1), np.float32)
            slope = np.asarray(half @ right_slope.transpose(0, 2, 1) * ux[:, None, None], np.float32)
            slope += _filtered(green, below_slope, right) * uy[:, None, None].astype(np.float32)
            coloured = blocks.light[some, 2 * k]
            untold = UNTOLD**2 * 4 * (coloured.mean(axis=(1, 2)) + 0.01) * UNTOLD_TOGETHER
            wanted = _filtered(coloured, plain, plain) + added
            step, deviation = _solved(wanted, moved, slope, together, untold)
            value[k, some] = shift + step
            error[k, some] = np.where(np.abs(step) < 1.5 * sigma, deviation, np.inf)
    return Displacements(value, error)


class _Curves:
    """Linear light of the pixels as they are stored."""

    def __init__(self, pixels: NDArray[Any], transfer: TransferCurve) -> None:
        self.pixels = pixels
        self.transfer = transfer
        self.scale = 1.0
        self.tables: list[NDArray[np.float32]] | None = None
        if pixels.dtype.kind == "u":
            most = np.iinfo(pixels.dtype).max
            self.scale = float(most)
            codes = np.linspace(0, 1, most + 1)
            self.tables = [transfer.decode(codes, k).astype(np.float32) for k in range(3)]

    def light(self, codes: NDArray[Any], k: int) -> NDArray[np.float32]:
        if self.tables is not None:
            found: NDArray[np.float32] = self.tables[k][codes]
            return found
        return np.asarray(self.transfer.decode(codes.astype(np.float64), k), np.float32)


def _row_of_scores(curves: _Curves, top: int, middle_x: float, middle_y: float) -> FloatArray:
    """For a row of blocks: the squared slope of green along the radius, against its light (which its noise goes by)."""
    codes = curves.pixels[top - 1 : top + SIDE + 1]
    columns = (codes.shape[1] - 2 * MARGIN) // SIDE
    left, right = MARGIN, MARGIN + columns * SIDE
    green = curves.light(codes[:, left - 1 : right + 1, 1], 1)
    across = green[1:-1, 2:] - green[1:-1, :-2]
    down = green[2:, 1:-1] - green[:-2, 1:-1]
    ux = MARGIN + SIDE * np.arange(columns) + (SIDE - 1) / 2 - middle_x
    uy = top + (SIDE - 1) / 2 - middle_y
    size = np.maximum(np.hypot(ux, uy), 1e-9)

    def total(values: NDArray[np.float32]) -> FloatArray:
        return np.asarray(values.sum(axis=0).reshape(columns, SIDE).sum(axis=1), np.float64)

    energy = total(across**2) * ux**2 + 2 * total(across * down) * ux * uy + total(down**2) * uy**2
    score: FloatArray = energy / size**2 / (total(green[1:-1, 1:-1]) + 0.01 * SIDE**2)
    inside = codes[1:-1, left:right, :3]
    bright = inside[..., 0] >= BRIGHTEST * curves.scale
    for k in (1, 2):
        bright |= inside[..., k] >= BRIGHTEST * curves.scale
    score[total(bright.astype(np.float32)) > CLIPPED * SIDE**2] = 0
    return score


def _gaussians(shift: FloatArray, sigma: float) -> tuple[Stack, Stack]:
    """Matrices (blocks, SIDE, SIDE + 2 MARGIN) that smooth and move a row of pixels, and that take its slope there."""
    at = MARGIN + np.arange(SIDE)[None, :, None] + shift[:, None, None]
    away = np.arange(SIDE + 2 * MARGIN)[None, None, :] - at
    # Not the far tails: numbers that small are slow to reckon with.
    weight: FloatArray = np.where(np.abs(away) < 5 * sigma, np.exp(-(away**2) / (2 * sigma**2)), 0)
    weight /= weight.sum(axis=2, keepdims=True)
    return weight.astype(np.float32), (weight * away / sigma**2).astype(np.float32)


def _filtered(planes: Stack, down: Stack, across: Stack) -> Stack:
    return np.asarray(down @ planes @ across.transpose(0, 2, 1), np.float32)


def _solved(wanted: Stack, moved: Stack, slope: Stack, together: float, untold: Stack) -> tuple[FloatArray, FloatArray]:
    """The remaining displacement of each block, with its standard error; so many pixels err ``together``."""
    count = SIDE**2
    y, g, d = (
        (plane.reshape(-1, count) - plane.reshape(-1, count).mean(axis=1, keepdims=True)).astype(np.float64)
        for plane in (wanted, moved, slope)
    )
    gg, gd, dd = (np.einsum("ij,ij->i", one, other) for one, other in ((g, g), (g, d), (d, d)))
    gy, dy, yy = (np.einsum("ij,ij->i", one, other) for one, other in ((g, y), (d, y), (y, y)))
    with np.errstate(divide="ignore", invalid="ignore"):
        det = gg * dd - gd**2
        factor = (dd * gy - gd * dy) / det
        moving = (gg * dy - gd * gy) / det
        rest = np.maximum(yy - factor * gy - moving * dy, 0)
        step = -moving / factor
        deviation = np.sqrt((rest / count * together + untold) * gg / det) / np.abs(factor)
        tells = (rest < (1 - ALIKE) * yy) & (factor > 0) & np.isfinite(deviation) & np.isfinite(step)
    return np.where(tells, step, 0.0), np.where(tells, deviation, np.inf)


def _batches(count: int, size: int = 256) -> Iterator[slice]:
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
