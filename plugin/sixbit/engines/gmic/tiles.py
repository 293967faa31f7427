"""The commands of a filter run by gmic-py, tile by tile, in this process."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.engines import Region
from sixbit.engines.gmic.curves import tables
from sixbit.engines.gmic.script import script
from sixbit.engines.pieces import line_size
from sixbit.values.errors import Code, EngineError
from sixbit.values.filter import Filter
from sixbit.values.light import TransferCurve
from sixbit.values.polynomial import evaluate

WARPS = {"bilinear": 1, "bicubic": 2}
"""G'MIC's numbers for its interpolations; its cubic one is Catmull-Rom, as ours."""

TILE = (512, 256)
"""Pixels of the output at a time, across and down: what a tile needs stays in the cache of a processor."""


class Tiles:
    """An interpreter of G'MIC that knows the commands and tables of one filter, for pixels of one type."""

    def __init__(self, filter: Filter, transfer: TransferCurve, dtype: np.dtype[Any], interpolation: str) -> None:
        import gmic

        self._gmic, self._filter, self._step = gmic, filter, line_size(filter)
        white = np.iinfo(dtype).max if dtype.kind == "u" else 1
        self._how = f"{white},{WARPS[interpolation]}"
        self._interpreter = gmic.Gmic()
        text = re.sub(r'([\\"${}])', r"\\\1", script(filter, transfer))
        prepare = f"_sixbit_prepare {white} " * bool(tables(transfer)) + "_sixbit_map" * (filter.gain_map is not None)
        self._tables = self._run(f'command "{text}" {prepare}')
        # gmic-py forgets the names of images.
        names = [*tables(transfer), "sixbit_map"][: len(self._tables)]
        self._named = " ".join(f"name[{k}] {name}" for k, name in enumerate(names, start=1))

    def correct(self, part: NDArray[Any], left: int, top: int, region: Region, out: NDArray[Any]) -> None:
        """Correct a region of the output, from a part of the source picture that begins at ``left`` and ``top``.

        Raises EngineError.
        """
        for tile in _tiles(region):
            (x, columns), (y, rows) = self._nodes(tile.x, tile.width), self._nodes(tile.y, tile.height)
            x0, y0, x1, y1 = source_part(self._filter, tile)
            pixels = np.ascontiguousarray(part[y0 - top : y1 - top, x0 - left : x1 - left])
            images = [self._gmic.Image.from_yxc(pixels), *self._tables]
            command = f"{self._named} _sixbit_tile {self._how},{x},{y},{columns},{rows},{x0},{y0} keep[-1]"
            # G'MIC's axes are x, y, z, channel. The values are whole numbers in range already, if they have to be.
            made = self._run(command, images)[0].as_numpy()[tile.x - x :, tile.y - y :, 0]
            target = out[tile.y - region.y :, tile.x - region.x :][: tile.height, : tile.width]
            for k in range(target.shape[2]):  # by planes it takes a third of the time
                target[..., k] = made[: tile.width, : tile.height, k].T

    def _run(self, command: str, images: list[Any] | None = None) -> Any:
        listed = self._gmic.ImageList(images or [])
        try:
            self._interpreter.run(command, listed)
        except self._gmic.GmicException as error:
            raise EngineError(f"G'MIC could not apply the correction: {error}.", Code.ENGINE) from error
        return listed

    def _nodes(self, first: int, length: int) -> tuple[int, int]:
        """The first node and the number of nodes that pixels lie between; nodes lie where they lie in the picture."""
        node = first // self._step * self._step
        return node, -(-(first + length - 1 - node) // self._step) + 1


def _tiles(region: Region) -> Iterator[Region]:
    """Cut a region into tiles, which lie where they lie in the picture."""
    across, down = TILE
    right, bottom = region.x + region.width, region.y + region.height
    for y in range(region.y // down * down, bottom, down):
        for x in range(region.x // across * across, right, across):
            left, top = max(x, region.x), max(y, region.y)
            yield Region(left, top, min(x + across, right) - left, min(y + down, bottom) - top)


def source_part(filter: Filter, region: Region) -> tuple[int, int, int, int]:
    """Return bounds (left, top, right, bottom) in the source that hold all a region of the output is made from."""
    extents = []
    for first, length, centre in zip(region[:2], region[2:], filter.centre, strict=True):
        extents.append(np.array([first, first + length - 1]) - centre)
    near = math.hypot(*(0 if ends[0] < 0 < ends[1] else np.abs(ends).min() for ends in extents))
    far = math.hypot(*(np.abs(ends).max() for ends in extents))
    radii = np.linspace(near, far, 256) / filter.half_diagonal
    factors = np.concatenate([evaluate(polynomial, radii) for polynomial in filter.warp])
    bounds = []
    source_centre = filter.source_centre or filter.centre
    for ends, centre, size in zip(extents, source_centre, (filter.width, filter.height), strict=True):
        reach = centre + np.outer(ends, (factors.min(), factors.max()))
        # Two pixels for the interpolation, one for what lies between the radii looked at.
        low = int(np.clip(np.floor(reach.min()) - 3, 0, size - 1))
        bounds.append((low, int(np.clip(np.ceil(reach.max()) + 4, low + 1, size))))
    (left, right), (top, bottom) = bounds
    return left, top, right, bottom
