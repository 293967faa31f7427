"""Pictures that are open in an editor: mapped into memory, corrected band by band, and previewed.

An editor and the server map the same files, so that no pixel goes through a pipe.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.engines import Region, apply, choose, require_fit
from sixbit.photos.pixels import in_depth, without_colour
from sixbit.values.errors import ArgumentError, CalibrationError, PhotoError
from sixbit.values.filter import Filter
from sixbit.values.lens import Model
from sixbit.values.light import TransferCurve, linear, srgb
from sixbit.values.polynomial import UNITY

TYPES = ("uint8", "uint16", "float32")
CHANNELS = (1, 2, 3, 4)
BAND_PIXELS = 2_000_000
"""Pixels between two looks whether the request was cancelled: some hundredths of a second."""
KEPT_LEVELS = 3
"""Reduced pictures that are kept, each at most a quarter of the picture."""
LARGEST_FACTOR = 64
"""The strongest reduction that is made; what is drawn smaller still is drawn from that."""
STRIP_VALUES = 500_000
"""Values that are added up at a time: they stay in the processor's cache."""
BACKDROP = 128
"""The grey that shows behind transparent pixels of a preview."""


@dataclass(eq=False)
class OpenPicture:
    """A picture that is open in an editor. ``pixels`` is (height, width, channels); a second or fourth one is alpha.

    ``stands_for`` is the size (px) of a larger picture that these pixels are a reduction of: it can be previewed.
    """

    pixels: NDArray[Any]
    transfer: TransferCurve | PhotoError
    """The curve to linear light, or why there is none."""
    stands_for: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self._reduced = lru_cache(KEPT_LEVELS)(partial(reduced, self.pixels))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.stands_for or (self.pixels.shape[1], self.pixels.shape[0])

    @cached_property
    def is_colourless(self) -> bool:
        """True if there is no lateral colour to correct in it. What is transparent all over may still be painted."""
        is_empty = self.pixels.shape[2] == 4 and not self.pixels[..., 3].any()
        return not is_empty and without_colour(self.pixels)

    def apply(self, filter: Filter, out: NDArray[Any], interpolation: str, done: Callable[[float], None]) -> None:
        """Correct the picture into ``out``, of its shape and type; ``done`` is told the share that is done."""
        self._require_use(filter)
        if self.stands_for:
            raise ArgumentError("A picture that stands for a larger one can be previewed, not corrected.")
        rows = max(1, BAND_PIXELS // filter.width)
        for y in range(0, filter.height, rows):
            band = Region(0, y, filter.width, min(rows, filter.height - y))
            self._correct(filter, self.pixels, band, out[y : y + band.height], interpolation)
            done((y + band.height) / filter.height)

    def preview(self, filter: Filter | None, view: Region, size: tuple[int, int], out: NDArray[np.uint8]) -> None:
        """Draw a view of the picture, corrected or not, as RGB of 8 bits into ``out`` (height, width, 3).

        It is worked on at the smallest reduction by a whole number that has all the pixels that are drawn.
        """
        from PIL import Image

        if filter is not None:
            self._require_use(filter)
        level, across, down = self._level(min(view.width // size[0], view.height // size[1]))
        height, width = level.shape[:2]
        box = [view.x / across, view.y / down, (view.x + view.width) / across, (view.y + view.height) / down]
        left, top = min(int(box[0]), width - 1), min(int(box[1]), height - 1)
        right, bottom = min(int(-(-box[2] // 1)), width), min(int(-(-box[3] // 1)), height)
        region = Region(left, top, right - left, bottom - top)
        if filter is None:
            drawn = level[top:bottom, left:right]
        else:
            drawn = np.empty((region.height, region.width, level.shape[2]), level.dtype)
            # Where every pixel is shown, as it will be; what is reduced need not be so fine.
            interpolation = "bicubic" if size[0] >= view.width else "bilinear"
            self._correct(filter.reduced(width, height, across, down), level, region, drawn, interpolation)
        shown = Image.fromarray(_as_rgb(drawn, self.transfer is linear()))
        inside = (box[0] - left, box[1] - top, min(box[2], right) - left, min(box[3], bottom) - top)
        enlarged = size[0] > view.width or size[1] > view.height
        resample = Image.Resampling.NEAREST if enlarged else Image.Resampling.BILINEAR
        out[...] = np.asarray(shown.resize(size, resample, box=inside))

    def tca(self, halved_chroma: bool = False) -> tuple[Model, str] | str:
        """Return the lateral colour that its edges show, with words on it; or why they show none."""
        from sixbit.measure.tca import tca_in

        if self.is_colourless or self.pixels.shape[2] < 3:
            return "it has no colours"
        transfer = srgb() if isinstance(self.transfer, PhotoError) else self.transfer  # near enough to find edges by
        try:
            found = tca_in(self.pixels[:, :, :3], transfer, halved_chroma=halved_chroma)
        except CalibrationError as error:
            return str(error)
        return found.model, " ".join(found.verdict)

    def _require_use(self, filter: Filter) -> None:
        require_fit(filter, *self.size)
        if isinstance(self.transfer, PhotoError) and filter.brightens:
            raise PhotoError(self.transfer.reason)

    def _correct(
        self, filter: Filter, pixels: NDArray[Any], region: Region, out: NDArray[Any], interpolation: str
    ) -> None:
        # Geometry alone is resampled in the values as they are where the profile gives no light.
        transfer = linear() if isinstance(self.transfer, PhotoError) else self.transfer
        filter = filter.green if self.is_colourless else filter
        parts = [(filter, transfer, slice(None))]
        if pixels.shape[2] == 2:
            alpha = replace(filter, gain=(UNITY,), gain_map=None)
            parts = [(filter, transfer, slice(0, 1)), (alpha, linear(), slice(1, 2))]
        for part, curve, channels in parts:
            apply(
                part,
                pixels[:, :, channels],
                choose("auto"),
                interpolation=interpolation,
                transfer=curve,
                region=region,
                out=out[:, :, channels],
            )

    def _level(self, factor: int) -> tuple[NDArray[Any], float, float]:
        """Return the picture reduced by the factor, or the reduction that there is, and its factors across and down."""
        if self.stands_for:
            width, height = self.stands_for
            return self.pixels, width / self.pixels.shape[1], height / self.pixels.shape[0]
        factor = max(1, min(factor, LARGEST_FACTOR))
        if factor == 1:
            return self.pixels, 1, 1
        return self._reduced(factor), factor, factor


def map_file(file: str, offset: int, shape: tuple[int, ...], dtype: str, *, writable: bool) -> NDArray[Any]:
    """Return the values of a file from ``offset`` (bytes) on, mapped into memory. Raises :class:`ArgumentError`."""
    size = np.dtype(dtype).itemsize
    end = offset + math.prod(shape) * size
    if offset % size:
        raise ArgumentError(f"The offset {offset} is no multiple of {size} bytes, the size of a value.")
    try:
        there = Path(file).stat().st_size  # a pipe has none, and would be waited for if it were opened
        if there >= end:
            return np.memmap(file, dtype, "r+" if writable else "r", offset, shape)
    except (OSError, ValueError) as error:
        raise ArgumentError(f"{file!r} cannot be mapped: {getattr(error, 'strerror', None) or error}.") from error
    raise ArgumentError(f"{file!r} is no file of {end} bytes: it has {there}.")


def overlap(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Return True if two mapped arrays have bytes of a file in common."""
    assert isinstance(one, np.memmap)
    assert isinstance(other, np.memmap)
    assert one.filename
    assert other.filename
    try:
        if not Path(one.filename).samefile(other.filename):
            return False
    except FileNotFoundError:  # its name was taken away since: no other mapping can be of it
        return False
    return one.offset < other.offset + other.nbytes and other.offset < one.offset + one.nbytes


def reduced(pixels: NDArray[Any], factor: int) -> NDArray[Any]:
    """Reduce a picture: each pixel is the mean of factor x factor, an incomplete rest is left out.

    >>> reduced(np.array([[[0], [1], [9]], [[4], [8], [9]], [[9], [9], [9]]], np.uint8), 2).tolist()
    [[[3]]]
    """
    height, width, channels = (pixels.shape[0] // factor, pixels.shape[1] // factor, pixels.shape[2])
    # The narrowest numbers that hold the sums are the fastest; LARGEST_FACTOR sees to it that they do.
    along, across = {"uint8": (np.uint16, np.uint32), "uint16": (np.uint32, np.uint32)}.get(
        pixels.dtype.name, (np.float32, np.float32)
    )
    area, half = factor * factor, factor * factor // 2
    out = np.empty((height, width, channels), pixels.dtype)

    def strip(y: int) -> None:
        many = min(step, height - y)
        block = pixels[y * factor : (y + many) * factor, : width * factor].reshape(many, factor, -1)
        columns = block[:, 0].astype(along)
        for k in range(1, factor):
            columns += block[:, k]
        cells = columns.reshape(many, width, factor, channels)
        sums = cells[:, :, 0].astype(across)
        for k in range(1, factor):
            sums += cells[:, :, k]
        out[y : y + many] = sums / np.float32(area) if out.dtype == np.float32 else (sums + half) // area

    step = max(1, STRIP_VALUES // (width * channels * factor * factor))
    with ThreadPoolExecutor() as pool:
        list(pool.map(strip, range(0, height, step)))
    return out


def _as_rgb(pixels: NDArray[Any], is_linear: bool) -> NDArray[np.uint8]:
    """Return pixels as they are shown: 8-bit code values, linear light by the curve of sRGB, on a grey backdrop."""
    colours = 1 if pixels.shape[2] < 3 else 3
    shown = _as_bytes(pixels[:, :, :colours], is_linear)
    if pixels.shape[2] > colours:
        alpha = _as_bytes(pixels[:, :, colours:], False).astype(np.uint16)
        shown = ((shown * alpha + BACKDROP * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(shown, (*shown.shape[:2], 3)))


def _as_bytes(values: NDArray[Any], is_linear: bool) -> NDArray[np.uint8]:
    return _encoded()[in_depth(values, 16)] if is_linear else in_depth(values, 8)


@cache
def _encoded() -> NDArray[np.uint8]:
    """8-bit code values of sRGB for linear light in 16 bits."""
    return np.round(255 * srgb().encode(np.linspace(0, 1, 65536))).astype(np.uint8)
