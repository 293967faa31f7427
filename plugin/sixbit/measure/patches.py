"""Patches of a flat, some thousand: the mean linear light of each, without dust and hot pixels, and its noise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.machine import processors
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.rounding import hidden
from sixbit.photos.pixels import in_depth
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.sentence import Sentence
from sixbit.values.watch import Progress, silent

ALONG = 64
"""Patches along the longer side."""
SMALLEST = 64
"""Shorter side, in px, of a frame that anything can be seen in."""
SAMPLE = 128
"""Pixels of a patch that its median and spread are taken from."""
TRIM = 4.0
"""Pixels farther from the median than so many standard deviations are dust, or hot, or dead."""
DITHER = 0.53
"""Noise in code values that decoding a JPEG to 8 bits adds (libjxl's dithering and the rounding)."""
CLIPPED = 0.995
"""Code values from here on are clipped."""


@dataclass(frozen=True, eq=False)
class Patches:
    """Patches of a frame, as arrays of (rows, columns), or (planes, rows, columns) where planes differ.

    ``x`` and ``y`` are their middles in half diagonals from the middle of the frame. ``light`` is linear, ``noise`` the
    standard error of it, relative; ``spread`` the standard deviation of the pixels, relative; ``clipped`` the share of
    pixels at the upper end of any plane; ``step`` how far two neighbouring code values lie apart, relative.
    ``hidden`` and ``hidden_ratio`` are what rounding and compression hide of a plane's light, and of its ratio to
    another plane's: relative standard errors that wide areas share.
    """

    name: str
    x: FloatArray
    y: FloatArray
    light: FloatArray
    noise: FloatArray
    spread: FloatArray
    clipped: FloatArray
    step: FloatArray
    hidden: FloatArray
    hidden_ratio: FloatArray
    is_lossy: bool = False
    """True if the colours of the frame were compressed."""

    @property
    def r(self) -> FloatArray:
        """Distance from the middle, in half diagonals."""
        return np.hypot(self.x, self.y)


def patches_of(frame: DecodedFrame, progress: Progress = silent) -> Patches:
    """Measure a frame patch by patch. Raises CalibrationError for one that is too small."""
    width, height = frame.size
    if min(width, height) < SMALLEST:
        why = Sentence("has {width}x{height} pixels, too few to measure.", width=width, height=height)
        raise CalibrationError(why, Code.FRAMES, subject=frame.path)
    pixels = frame.pixels[:, :, None] if frame.pixels.ndim == 2 else frame.pixels
    side = max(1, max(width, height) // ALONG)
    columns, rows = width // side, height // side
    left, top = (width - columns * side) // 2, (height - rows * side) // 2
    planes = pixels.shape[2]
    tables = [_table(frame, k, pixels.dtype) for k in range(planes)]
    light, noise, spread, step = (np.empty((planes, rows, columns)) for _ in range(4))
    clipped = np.empty((rows, columns))

    def row(i: int) -> None:
        band = pixels[top + i * side : top + (i + 1) * side, left : left + columns * side]
        # Code values to look up: floating point is rounded to 16 bits.
        whole = band if band.dtype.kind == "u" else in_depth(band, 16)
        codes = whole.reshape(side, columns, side, planes).transpose(3, 1, 0, 2)
        for k in range(planes):
            values = np.ascontiguousarray(codes[k]).reshape(columns, -1)
            light[k, i], noise[k, i], spread[k, i], step[k, i] = _means(values, tables[k])
        clipped[i] = _clipped(band, columns)

    with ThreadPoolExecutor(processors()) as pool:
        for done, _ in enumerate(pool.map(row, range(rows))):
            progress((done + 1) / rows, Sentence("measuring {photo}", photo=frame.name))

    half = np.hypot(width - 1, height - 1) / 2
    x, y = np.meshgrid(
        (left + (np.arange(columns) + 0.5) * side - width / 2) / half,
        (top + (np.arange(rows) + 0.5) * side - height / 2) / half,
    )
    if frame.to_srgb is not None:
        light = _in_srgb(light, frame.to_srgb, np.hypot(x, y))
    hidden_parts = _hidden(frame, spread, step)
    return Patches(frame.name, x, y, light, noise, spread, clipped, step, *hidden_parts, frame.is_lossy)


def _hidden(frame: DecodedFrame, spread: FloatArray, step: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Estimate the error that rounding and compression hide in the light of each patch, and of its ratios, relative."""
    is_fine = frame.pixels.dtype != np.uint8
    if is_fine and not frame.is_lossy:
        return np.zeros_like(step), np.zeros_like(step)
    code = step * (257 if is_fine else 1)
    noise = spread / np.maximum(code, 1e-9)
    if frame.is_lossy:
        noise = np.sqrt(np.maximum(noise**2 - DITHER**2, 0))
    of_light, of_ratio = hidden(noise, frame.steps if frame.is_lossy else None)
    return code * of_light, code * of_ratio


def _clipped(band: NDArray[Any], columns: int) -> FloatArray:
    """The share of clipped pixels in each patch of a row of them, in every fourth row and column."""
    top = np.iinfo(band.dtype).max if band.dtype.kind == "u" else 1.0
    few = band[::4].reshape(len(band[::4]), columns, -1, band.shape[2])[:, :, ::4]
    share: FloatArray = np.mean(np.any(few >= CLIPPED * top, axis=3), axis=(0, 2))
    return share


def _means(codes: NDArray[Any], table: NDArray[np.float32]) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Mean light, its relative error, the relative spread and the relative step of codes, of each row of pixels."""
    values = table[codes]
    few = codes[:, :: max(1, codes.shape[1] // SAMPLE)]
    middle = np.median(few, axis=1).astype(np.int64)
    centre = table[middle]
    step = table[np.minimum(middle + 1, len(table) - 1)] - table[np.maximum(middle - 1, 0)]
    away = np.abs(table[few] - centre[:, None])
    deviation = np.maximum(1.4826 * np.median(away, axis=1), step)
    values -= centre[:, None]
    keep = np.abs(values) <= TRIM * deviation[:, None]
    count = np.maximum(keep.sum(axis=1), 1)
    values *= keep
    mean = values.sum(axis=1, dtype=np.float64) / count
    variance = np.maximum(np.einsum("ij,ij->i", values, values, dtype=np.float64) / count - mean**2, 0)
    light = np.maximum(centre + mean, 1e-9)
    spread = np.sqrt(variance) / light
    half_step = np.abs(step) / 2 / light
    # Where there is no noise at all, what is lost to rounding stands for it.
    return light, np.sqrt((spread**2 + half_step**2 / 12) / count), spread, half_step


def _table(frame: DecodedFrame, k: int, dtype: np.dtype[Any]) -> NDArray[np.float32]:
    """Linear light of every code value of a plane."""
    return frame.transfer.plane(k)[:: 257 if dtype == np.uint8 else 1].astype(np.float32)


def _in_srgb(light: FloatArray, to_srgb: FloatArray, r: FloatArray) -> FloatArray:
    """Camera colours as a photo shows them in which the middle of the flat is white."""
    white = np.median(light[:, r < max(0.15, 2 * r.min())], axis=1)
    mixed = np.einsum("ij,jkl->ikl", to_srgb, light / white[:, None, None])
    result: FloatArray = np.maximum(mixed, 1e-9) * white[1]
    return result
