"""A chart of dots as a lens bends, colours and darkens it, on the mosaic of a raw; and where a developer puts them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sixbit.compiler.gains import fall_off_gain
from sixbit.compiler.warp import Warp
from sixbit.values.arrays import FloatArray
from tests.scenery.dngs import BLACK, NEUTRAL, WHITE

SIZE = (1200, 800)
BORDER = 4
STEP = 50.0
SIGMA = 3.0
LEVEL, DEPTH = 0.35, 0.8


def dots(size: tuple[int, int] = SIZE, margin: float = 20.0) -> FloatArray:
    """Return the places of the dots in the picture (n, 2): on a grid about its middle."""
    x, y = (np.arange((side - 1) / 2 - STEP * (side // STEP), side, STEP) for side in size)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return grid[np.all((grid > margin) & (grid < np.array(size) - margin), axis=1)]


def photographed(
    warp: Warp | None, colours: tuple[int, ...] = (0, 1, 1, 2), size: tuple[int, int] = SIZE
) -> NDArray[np.uint16]:
    """Return the values of a raw, BORDER px larger to all sides than the picture: the chart by the lens of a warp."""
    width, height = size
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
        values[here] = _scene(seen_x, seen_y, size) * light * NEUTRAL[colour]
    return np.round(BLACK + values * (WHITE - BLACK)).astype(np.uint16)


def _scene(x: FloatArray, y: FloatArray, size: tuple[int, int]) -> FloatArray:
    off = [(at - (side - 1) / 2 + STEP / 2) % STEP - STEP / 2 for at, side in ((x, size[0]), (y, size[1]))]
    dark: FloatArray = np.exp(-(off[0] ** 2 + off[1] ** 2) / (2 * SIGMA**2))
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


def ground(picture: FloatArray, at: FloatArray) -> FloatArray:
    """Return the light between the dots, of green, over that in the middle."""
    half = round(STEP / 2)
    values = []
    for x, y in at:
        part = picture[round(y) + half - 4 : round(y) + half + 5, round(x) + half - 4 : round(x) + half + 5, 1]
        values.append(float(part.mean()) if part.size == 81 else np.nan)
    light = np.array(values)
    middle = np.hypot(*(at - (np.array(picture.shape[1::-1]) - 1) / 2).T) < 100
    return light / np.nanmedian(light[middle])
