"""A chart of dots as a lens bends, colours and darkens it, on the mosaic of a raw; and where a developer puts them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.compiler.gains import fall_off_gain
from sixbit.compiler.warp import Warp
from sixbit.values.arrays import FloatArray
from tests.scenery.dngs import BLACK, NEUTRAL, WHITE

SIZE = (1200, 800)
BORDER = 4


class Grid(NamedTuple):
    """The dots of a chart: its size, how far they stand from each other, and how wide they are, in px."""

    size: tuple[int, int] = SIZE
    step: float = 50.0
    sigma: float = 3.0


SMALL = Grid()
LARGE = Grid((5952, 3968), 128.0, 4.0)
"""One of 24 megapixels."""
LEVEL, DEPTH = 0.35, 0.8


def dots(grid: Grid = SMALL, margin: float = 20.0) -> FloatArray:
    """Return the places of the dots in the picture (n, 2): on a grid about its middle."""
    step = grid.step
    x, y = (np.arange((side - 1) / 2 - step * (side // step), side, step) for side in grid.size)
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return places[np.all((places > margin) & (places < np.array(grid.size) - margin), axis=1)]


def photographed(warp: Warp | None, colours: tuple[int, ...] = (0, 1, 1, 2), grid: Grid = SMALL) -> NDArray[np.uint16]:
    """Return the values of a raw, BORDER px larger to all sides than the picture: the chart by the lens of a warp."""
    width, height = grid.size
    y, x = np.mgrid[-BORDER : height + BORDER, -BORDER : width + BORDER].astype(float)
    rows, columns = np.mgrid[0 : y.shape[0], 0 : y.shape[1]]
    of_pixel = np.array(colours).reshape(2, 2)[rows % 2, columns % 2]
    values = np.empty(x.shape)
    for colour in range(3):
        here = of_pixel == colour
        seen_x, seen_y, light = x[here], y[here], np.ones(int(here.sum()))
        if warp is not None:
            centre, half = warp.centre, warp.picture.half_diagonal
            output = np.linspace(0, 1.3, 50_001)
            source = warp.source_radius(colour if warp.optics.tca else 1, output)
            off_x, off_y = seen_x - centre[0], seen_y - centre[1]
            radius = np.hypot(off_x, off_y)
            share = np.interp(radius, source, output * half) / np.maximum(radius, 1e-9)
            seen_x, seen_y = centre[0] + off_x * share, centre[1] + off_y * share
            light = 1 / fall_off_gain(warp, radius)
        values[here] = _scene(seen_x, seen_y, grid) * light * NEUTRAL[colour]
    return np.round(BLACK + values * (WHITE - BLACK)).astype(np.uint16)


def _scene(x: FloatArray, y: FloatArray, grid: Grid) -> FloatArray:
    step = grid.step
    off = [(at - (side - 1) / 2 + step / 2) % step - step / 2 for at, side in zip((x, y), grid.size, strict=True)]
    dark: FloatArray = np.exp(-(off[0] ** 2 + off[1] ** 2) / (2 * grid.sigma**2))
    return LEVEL * (1 - DEPTH * dark)


def found(picture: FloatArray, at: FloatArray, search: int = 16) -> FloatArray:
    """Find dots of a picture of linear light (rows, columns, planes) near places: (n, planes, 2) in px, NaN if lost."""
    where = np.full((len(at), picture.shape[2], 2), np.nan)
    for number, (x, y) in enumerate(at):
        for plane in range(picture.shape[2]):
            place: tuple[float, float] | None = (float(x), float(y))
            for reach in (search, 9, 9, 9):
                place = _centre(picture[..., plane], place, reach) if place else None
            if place:
                where[number, plane] = place
    return where


def _centre(plane: FloatArray, place: tuple[float, float], reach: int) -> tuple[float, float] | None:
    x, y = (round(at) for at in place)
    if min(x, y) < reach or x + reach >= plane.shape[1] or y + reach >= plane.shape[0]:
        return None
    part = plane[y - reach : y + reach + 1, x - reach : x + reach + 1]
    dark = np.maximum(1 - part / np.median(part), 0)
    dark[dark < 0.15 * dark.max()] = 0
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return float(x + (dark * across).sum() / dark.sum()), float(y + (dark * down).sum() / dark.sum())


def ground(picture: FloatArray, at: FloatArray, grid: Grid = SMALL) -> FloatArray:
    """Return the light between the dots, of green, over that in the middle."""
    half = round(grid.step / 2)
    values = []
    for x, y in at:
        part = picture[round(y) + half - 4 : round(y) + half + 5, round(x) + half - 4 : round(x) + half + 5, 1]
        values.append(float(part.mean()) if part.size == 81 else np.nan)
    light = np.array(values)
    middle = np.hypot(*(at - (np.array(picture.shape[1::-1]) - 1) / 2).T) < 2 * grid.step
    return light / np.nanmedian(light[middle])
