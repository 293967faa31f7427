"""Displacement of red and blue from green, along the radius, in small blocks of a photo with edges.

Across an edge between two surfaces each plane is, in linear light, a multiple of any other and a constant: the point
spread mixes the same two colours in the same shares. So in a block, with green G and the lateral colour s along u,
``K(x) = a G(x - s u) + b``, solved for s by least squares of gradients (B. D. Lucas and T. Kanade, "An Iterative Image
Registration Technique", IJCAI 1981), about the displacement that is expected there.

Only the strongest edge of a block counts: across the next one, between other colours, a and b are others. What a block
leaves unexplained is mostly such a neighbour, which pulls at all its pixels alike, so it is taken for an error of the
block, not for noise that its many pixels would average out.

Smoothing, differentiation and the shift by a fraction of a px are one: a Gaussian, or its derivative, sampled where the
shift says. JPEGs often hold their colour differences at half the resolution, so that there K - G is smoother than K and
G are. This is so of code values c, not of light: ``c(K) - c(G) = B (c(a G(x - s u) + b) - c(G))`` with B what halving
and doubling does, nearly a Gaussian. So a block of these is solved in light, for a and b, and once more in code values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.values.arrays import FloatArray
from sixbit.values.light import TransferCurve
from sixbit.values.watch import Progress, silent

Stack = NDArray[np.float32]

SIDE = 24
"""Side of a block in px: large enough for a blurred edge, small enough to hold hardly more than one."""
MARGIN = 15
"""Pixels around a block that filters and displacements may reach for."""
FARTHEST = 6.0
"""Displacement in px beyond which no block is followed."""
RINGS = 14
"""Rings about the centre that the picture is divided into, for blocks from all over it."""
SECTORS = 12
"""Sectors that each ring is divided into."""
BLOCKS_OF_CELL = 24
"""Blocks that are taken from each sector of a ring, the sharpest first."""
CENTRE = 0.08
"""Radius in half diagonals within which there is no lateral colour to be seen."""
BRIGHTEST = 0.985
"""Code value above which a pixel may be clipped."""
CLIPPED = 0.01
"""Share of such pixels that a block may hold."""
HALVED_VARIANCE = 1.0
"""Variance in px^2 of the smoothing by 4:2:0: the mean of two (1/4), and libjpeg's interpolation, 3/4 and 1/4 (3/4)."""
COMPRESSED = 0.007
"""Code values of colour differences that compression may have left out."""
COMPRESSED_TOGETHER = 32
"""Pixels in which compression may have left out the same."""
COMPRESSED_TOGETHER_HALVED = 64
"""Pixels in which it may have, where colour has half the resolution."""
ALIKE = 0.9
"""Share of the variance in a block that green must explain."""
WINDOW = 1.5
"""Width, in those of the smoothing, of the Gaussian about its strongest edge through which a block is looked at."""
WINDOW_HALVED = 2.0
"""The width of that Gaussian where colour has half the resolution."""
PULLING = 0.4
"""Share of what a block leaves unexplained that may pull at its displacement: of rendered scenes, of which it is known,
half of the blocks are off by 0.6 of what it would do at its worst, whether it is much or little."""
BRIGHTEST_SHADE = 1.25
"""Light up to which code values are tabulated."""
SHADES = 8192
"""Entries of that table."""
BATCH = 256
"""Blocks that are worked on at a time."""


@dataclass(frozen=True, eq=False)
class EdgeBlocks:
    """Blocks of a photo that hold edges: ``x`` and ``y`` of their middle from the centre and ``r`` in px.

    ``light`` (blocks, 3, SIDE + 2 MARGIN, SIDE + 2 MARGIN) are their pixels and those around in linear light,
    ``half_diagonal`` is that of the photo. Where colour has half the resolution, ``codes`` are the code values (0 to 1)
    of the same shape; else there are none.
    """

    x: FloatArray
    y: FloatArray
    light: Stack
    half_diagonal: float
    transfer: TransferCurve
    codes: Stack | None = None

    @property
    def halved_chroma(self) -> bool:
        """True if colour has half the resolution."""
        return self.codes is not None

    @property
    def r(self) -> FloatArray:
        """Distance from the centre in px."""
        return np.hypot(self.x, self.y)

    def every(self, step: int) -> EdgeBlocks:
        """Select one block of so many, from all over the photo."""
        codes = None if self.codes is None else self.codes[::step]
        return replace(self, x=self.x[::step], y=self.y[::step], light=self.light[::step], codes=codes)


def sharp_blocks(
    pixels: NDArray[Any], transfer: TransferCurve, *, halved_chroma: bool = False, progress: Progress = silent
) -> EdgeBlocks:
    """Find the blocks of a photo (height, width, 3) with the strongest edges across the radius, all over it.

    ``halved_chroma`` says that the file holds colour at half the resolution.
    """
    height, width = pixels.shape[:2]
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    half = math.hypot(middle_x, middle_y)
    wide = SIDE + 2 * MARGIN
    if min(height, width) < wide:
        nothing = np.zeros(0)
        return EdgeBlocks(nothing, nothing, np.zeros((0, 3, wide, wide), np.float32), half, transfer)
    scores = []
    rows = range(MARGIN, height - MARGIN - SIDE + 1, SIDE)
    decoded = _LinearLight(pixels, transfer)
    for top in rows:
        scores.append(_row_of_scores(decoded, top, middle_x, middle_y))
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
    chosen = order[(np.arange(len(order)) - starts < BLOCKS_OF_CELL) & (cells >= 0)]
    chosen.sort()
    row, column = np.unravel_index(chosen, found.shape)
    light = np.empty((len(chosen), 3, wide, wide), np.float32)
    codes = np.empty_like(light) if halved_chroma else None
    for n, (i, j) in enumerate(zip(row, column, strict=True)):
        patch = pixels[i * SIDE : i * SIDE + wide, j * SIDE : j * SIDE + wide, :3]
        for k in range(3):
            light[n, k] = decoded.light(patch[..., k], k)
        if codes is not None:
            codes[n] = np.moveaxis(patch, 2, 0) / np.float32(decoded.scale)
    return EdgeBlocks(x[row, column], y[row, column], light, half, transfer, codes)


def displacements(blocks: EdgeBlocks, expected: FloatArray, sigma: float) -> tuple[FloatArray, FloatArray]:
    """Measure the displacement of red and blue against green, outwards, and its standard error: (2, blocks) in px each.

    It is looked for about the ``expected`` one, of the same shape, in blocks smoothed by a Gaussian of ``sigma`` px.
    The error is infinite where a block does not tell.
    """
    value = np.zeros_like(expected)
    error = np.full_like(expected, np.inf)
    blur = math.sqrt(sigma**2 + (HALVED_VARIANCE if blocks.halved_chroma else 0))
    left_out = COMPRESSED**2 * (COMPRESSED_TOGETHER_HALVED if blocks.halved_chroma else COMPRESSED_TOGETHER)
    plain = _gaussians(np.zeros(1), sigma)[0]
    smooth = _gaussians(np.zeros(1), blur)[0] if blocks.halved_chroma else plain
    for start in range(0, len(blocks.x), BATCH):
        batch = slice(start, start + BATCH)
        ux, uy = blocks.x[batch] / blocks.r[batch], blocks.y[batch] / blocks.r[batch]
        green = blocks.light[batch, 1]
        for k in (0, 1):
            coloured = blocks.light[batch, 2 * k]
            shift = np.clip(expected[k, batch], -FARTHEST, FARTHEST)
            right, below = _gaussians(-shift * ux, blur), _gaussians(-shift * uy, blur)
            moved = _moved(green, right, below, ux, uy)
            near = _near_edge(moved, (WINDOW_HALVED if blocks.halved_chroma else WINDOW) * blur)
            wanted = _as_smooth(coloured, green, plain, smooth)
            slope_of_codes = 4 * (coloured.mean(axis=(1, 2)) + 0.01)  # of sRGB's curve, squared
            found = _solved(wanted, moved, near, left_out * slope_of_codes)
            if blocks.codes is not None:
                light = found.factor[:, None, None] * green + found.offset[:, None, None]
                moved = _moved(_code_values(light, blocks.transfer, 2 * k), right, below, ux, uy)
                wanted = _as_smooth(blocks.codes[batch, 2 * k], blocks.codes[batch, 1], plain, smooth)
                found = _solved(wanted, moved, near, left_out)
            value[k, batch] = shift + found.step
            error[k, batch] = np.where(np.abs(found.step) < 1.5 * sigma, found.deviation, np.inf)
    return value, error


class _LinearLight:
    """Pixels as they are stored, and their linear light, looked up where that is quicker."""

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


def _row_of_scores(decoded: _LinearLight, top: int, middle_x: float, middle_y: float) -> FloatArray:
    """For a row of blocks: the squared slope of green along the radius, against its light (which its noise goes by)."""
    codes = decoded.pixels[top - 1 : top + SIDE + 1]
    columns = (codes.shape[1] - 2 * MARGIN) // SIDE
    left, right = MARGIN, MARGIN + columns * SIDE
    green = decoded.light(codes[:, left - 1 : right + 1, 1], 1)
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
    bright = inside[..., 0] >= BRIGHTEST * decoded.scale
    for k in (1, 2):
        bright |= inside[..., k] >= BRIGHTEST * decoded.scale
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


def _as_smooth(coloured: Stack, green: Stack, plain: Stack, smooth: Stack) -> Stack:
    """A plane smoothed as if its difference from green were as sharp as green is."""
    if plain is smooth:
        return _filtered(coloured, plain, plain)
    return _filtered(coloured - green, plain, plain) + _filtered(green, smooth, smooth)


class _Moved(NamedTuple):
    """Blocks, smoothed and displaced outwards: their values, and their slopes to the right, down and outwards."""

    value: Stack
    right: Stack
    down: Stack
    outwards: Stack


def _moved(
    planes: Stack, right: tuple[Stack, Stack], below: tuple[Stack, Stack], ux: FloatArray, uy: FloatArray
) -> _Moved:
    """``right`` and ``below`` are what :func:`_gaussians` gives for the displacement along rows and columns."""
    half = below[0] @ planes
    across = np.asarray(half @ right[1].transpose(0, 2, 1), np.float32)
    down = _filtered(planes, below[1], right[0])
    outwards = across * ux[:, None, None].astype(np.float32) + down * uy[:, None, None].astype(np.float32)
    return _Moved(np.asarray(half @ right[0].transpose(0, 2, 1), np.float32), across, down, outwards)


def _near_edge(moved: _Moved, width: float) -> Stack:
    """Weights (blocks, pixels): a Gaussian of ``width`` px across the edge that is strongest, the same all along it."""
    rows = np.arange(len(moved.outwards))
    top = np.argmax(np.abs(moved.outwards).reshape(len(rows), -1), axis=1)
    across, down = (plane.reshape(len(rows), -1)[rows, top] for plane in (moved.right, moved.down))
    size = np.maximum(np.hypot(across, down), 1e-12)
    y, x = np.divmod(np.arange(SIDE**2), SIDE)
    away = (x - x[top][:, None]) * (across / size)[:, None] + (y - y[top][:, None]) * (down / size)[:, None]
    weight: Stack = np.exp(-(away.astype(np.float32) ** 2) / np.float32(2 * width**2))
    return weight


@cache
def _shades(transfer: TransferCurve, k: int) -> NDArray[np.float32]:
    """Code values of light that is spaced as its root, which is near what an eye, and so a transfer curve, tells."""
    light = BRIGHTEST_SHADE * np.linspace(0, 1, SHADES) ** 2
    return transfer.encode(light, k).astype(np.float32)


def _code_values(light: Stack, transfer: TransferCurve, k: int) -> Stack:
    known = np.nan_to_num(light, posinf=0, neginf=0).clip(0, BRIGHTEST_SHADE)
    which = np.sqrt(known / np.float32(BRIGHTEST_SHADE)) * np.float32(SHADES - 1)
    return _shades(transfer, k)[np.rint(which).astype(np.int32)]


class _Solved(NamedTuple):
    """Of each block: what is left to displace, its standard error, and how light goes by green's."""

    step: FloatArray
    deviation: FloatArray
    factor: NDArray[np.float32]
    offset: NDArray[np.float32]


def _solved(wanted: Stack, moved: _Moved, near: Stack, left_out: FloatArray | float) -> _Solved:
    """Least squares of ``wanted`` by what is ``moved`` and its slope, with the weights ``near``."""
    count = near.sum(axis=1, dtype=np.float64)
    planes = [plane.reshape(len(near), -1).astype(np.float64) for plane in (wanted, moved.value, moved.outwards)]
    means = [np.einsum("ij,ij->i", plane, near) / count for plane in planes]
    y, g, d = (plane - mean[:, None] for plane, mean in zip(planes, means, strict=True))
    gg, gd, dd, gy, dy, yy = (
        np.einsum("ij,ij,ij->i", near, one, other) for one, other in ((g, g), (g, d), (d, d), (g, y), (d, y), (y, y))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        det = gg * dd - gd**2
        factor = (dd * gy - gd * dy) / det
        moving = (gg * dy - gd * gy) / det
        residuals = np.maximum(yy - factor * gy - moving * dy, 0)
        step = -moving / factor
        deviation = np.sqrt((PULLING * residuals + left_out) * gg / det) / np.abs(factor)
        tells = (residuals < (1 - ALIKE) * yy) & (factor > 0) & np.isfinite(deviation) & np.isfinite(step)
        offset = means[0] - factor * means[1]
    return _Solved(
        np.where(tells, step, 0.0),
        np.where(tells, deviation, np.inf),
        factor.astype(np.float32),
        offset.astype(np.float32),
    )
