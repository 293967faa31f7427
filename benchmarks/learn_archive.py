"""An archive made from real photos with known lenses put on, for benchmarks/learn.py."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sixbit.compiler.optics import distortion, tca, vignetting
from sixbit.machine import processors
from sixbit.photos.decode import decode
from sixbit.values.polynomial import UNITY, evaluate
from tests.scenery.photo_factory import exif, jpeg

WIDTH, HEIGHT = 4272, 2848
HALF_SHORT = (HEIGHT - 1) / 2
FARTHEST = math.hypot(WIDTH - 1, HEIGHT - 1) / 2 / HALF_SHORT
"""Half diagonal in half short sides."""
SMOOTH = 12.0
"""Px of the Gaussian by which colours are smoothed, so that none of the lateral colour of the photos is left."""
Plane = NDArray[np.float32]
BAND = 128
"""Rows that are made at a time."""
LEICA = "LEICA CAMERA AG"


@dataclass(frozen=True)
class Lens:
    """A lens and its body, with what is put on: lensfun's ptlens, and red and blue of its poly3 of lateral colour."""

    lens_id: str
    name: str
    make: str
    model: str
    focal: int
    distortion: tuple[float, float, float]
    tca: tuple[float, ...]


LENSES = (
    Lens(
        "elmarit-28-asph",
        "Elmarit-M 1:2.8/28 ASPH.",
        LEICA,
        "LEICA M10",
        28,
        (0.004, -0.022, 0.0),
        (1.0004, 0.9998, 0, 0, 0, 0),
    ),
    Lens(
        "summicron-35-asph",
        "Summicron-M 1:2/35 ASPH.",
        LEICA,
        "LEICA M10",
        35,
        (0.0, -0.012, 0.0),
        (1, 1, 0, 0, 3e-4, -2e-4),
    ),
    Lens(
        "apo-summicron-50",
        "APO-Summicron-M 1:2/50 ASPH.",
        "SONY",
        "ILCE-7M3",
        50,
        (0.0, 0.006, 0.0),
        (1.0002, 1.0003, 0, 0, 0, 0),
    ),
    Lens(
        "apo-summicron-75",
        "APO-Summicron-M 1:2/75 ASPH.",
        LEICA,
        "LEICA M11",
        75,
        (0.0, 0.009, 0.0),
        (0.9997, 1.0002, 0, 0, 0, 0),
    ),
    Lens("elmarit-90", "Elmarit-M 1:2.8/90", LEICA, "LEICA M11", 90, (0.0, 0.0, 0.0), (1, 1, 0, 0, 0, 0)),
)
FALL_OFF = (-0.6, 0.15, 0.0)


def make(folders: Sequence[Path], truth: Path | None, count: int, out: Path) -> None:
    """Write an archive of so many photos, in folders of a day."""
    truths = json.loads(truth.read_text()) if truth else {}
    photos = tuple((path, truths.get(folder.name)) for folder in folders for path in sorted(folder.glob("*.*")))
    # One lens after the other, as what it does to a picture is reckoned once.
    numbers = sorted(range(count), key=lambda number: (number // 50, number % len(LENSES), number))
    with ProcessPoolExecutor(processors()) as pool:
        list(pool.map(_one, numbers, [photos] * count, [out] * count))


def _one(number: int, photos: Sequence[tuple[Path, Any]], out: Path) -> None:
    rng = np.random.default_rng(number)
    lens = LENSES[number % len(LENSES)]
    path, truth = photos[int(rng.integers(len(photos)))]
    pixels = _through(lens, _planes(path), truth, rng)
    day, minute = divmod(number * 7, 600)
    tags = exif(
        Make=lens.make,
        Model=lens.model,
        LensModel=lens.name if lens.make != LEICA else lens.name.lower(),
        FocalLength=(lens.focal, 1),
        FNumber=(8, 1),
        DateTimeOriginal=f"2024:05:{1 + day % 28:02} {8 + minute // 60:02}:{minute % 60:02}:00",
        PixelXDimension=WIDTH,
        PixelYDimension=HEIGHT,
    )
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=int(rng.integers(88, 97)), subsampling=int(rng.choice([0, 2])))
    folder = out / f"2024-05-{1 + day % 28:02}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"L{number:07}.jpg").write_bytes(jpeg(tags, picture=file.getvalue()))


@lru_cache(maxsize=12)
def _planes(path: Path) -> list[Plane]:
    """The planes of a photo in linear light, as if its lens had no lateral colour."""
    codes = np.arange(256) / 255
    linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4).astype(np.float32)
    light = linear[decode(path).pixels[..., :3]] + np.float32(0.002)
    return without_lateral_colour([np.ascontiguousarray(light[..., k]) for k in range(3)])


def without_lateral_colour(light: Sequence[Plane]) -> list[Plane]:
    """Make red, green and blue of a photo of green and its smoothed colours: whole, and where green is."""
    import cv2

    smooth = [cv2.GaussianBlur(plane, None, SMOOTH) for plane in light]
    return [light[1] * (plane / smooth[1]) for plane in smooth]


@lru_cache(maxsize=1)
def _optics(lens: Lens) -> tuple[Plane, Plane, Plane, list[Plane]]:
    """Where each pixel lies (half short sides), its light, and for each plane how far farther out an ideal lens."""
    x = (np.arange(WIDTH, dtype=np.float32) - np.float32((WIDTH - 1) / 2)) / np.float32(HALF_SHORT)
    y = (np.arange(HEIGHT, dtype=np.float32)[:, None] - np.float32(HALF_SHORT)) / np.float32(HALF_SHORT)
    radius = np.hypot(x, y)
    gain = evaluate(vignetting("pa", list(FALL_OFF)), np.minimum(radius / FARTHEST, 1)).astype(np.float32)
    ideal, factors = np.linspace(0, 1.4 * FARTHEST, 4001), []
    for k, colour in enumerate((tca("poly3", list(lens.tca))[0], UNITY, tca("poly3", list(lens.tca))[1])):
        drawn = ideal * evaluate(distortion("ptlens", list(lens.distortion)), ideal)
        drawn = drawn * evaluate(colour, drawn) if k != 1 else drawn
        factors.append((np.interp(radius, drawn, ideal) / np.maximum(radius, 1e-6)).astype(np.float32))
    return x, y, gain, factors


def _through(lens: Lens, planes: Sequence[Plane], truth: Any, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A photo as the lens would have taken it: turned and tilted, distorted, darker towards the corners."""
    import cv2

    x, y, gain, factors = _optics(lens)
    height, width = planes[0].shape
    home = _homography(rng).astype(np.float32)
    scale = np.float32(_largest_scale(home, (width, height), truth) * rng.uniform(0.9, 1.0))
    light = np.linspace(0, 1, 1 << 14)
    codes = np.rint(255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055))
    out = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    white = rng.uniform(0.97, 1.03, 3)
    for top in range(0, HEIGHT, BAND):
        rows = slice(top, top + BAND)
        for k in range(3):
            ideal_x, ideal_y = x * factors[k][rows], y[rows] * factors[k][rows]
            u, v, w = (row[0] * ideal_x + row[1] * ideal_y + row[2] for row in home)
            at_x, at_y = _in_base(u / w * scale, v / w * scale, truth)
            at_x, at_y = at_x + np.float32((width - 1) / 2), at_y + np.float32((height - 1) / 2)
            seen = cv2.remap(planes[k], at_x, at_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
            seen *= gain[rows] * np.float32(white[k])
            seen += rng.standard_normal(seen.shape, np.float32) * np.sqrt(np.maximum(seen, 0.001)) * np.float32(0.003)
            out[rows, :, k] = codes[(seen * (len(codes) - 1)).clip(0, len(codes) - 1).astype(np.int32)]
    return out


def _homography(rng: np.random.Generator) -> NDArray[np.float64]:
    """A view turned and tilted by some degrees, with its focal length of two half short sides."""
    yaw, pitch, roll = np.radians(rng.uniform(-1, 1, 3) * (14, 8, 6))
    about_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    focal = np.diag([2.0, 2.0, 1.0])
    turned: NDArray[np.float64] = focal @ about_z @ about_x @ about_y @ np.linalg.inv(focal)
    return turned


def _largest_scale(home: Plane, size: tuple[int, int], truth: Any) -> float:
    """The scale at which all of a view still lies within a photo, whose distortion is not known beyond its borders."""
    side = np.linspace(-1.03, 1.03, 21, dtype=np.float32)
    wide = np.float32(WIDTH / HEIGHT)
    x = np.concatenate([wide * side, wide * side, np.full(21, -1.03) * wide, np.full(21, 1.03) * wide])
    y = np.concatenate([np.full(21, -1.03), np.full(21, 1.03), side, side])
    u, v, w = (row[0] * x + row[1] * y + row[2] for row in home)
    scale = 0.0
    for tried in np.linspace(0.3, 1.0, 71) * size[1] / 2:
        at_x, at_y = _in_base(u / w * tried, v / w * tried, truth)
        if np.abs(at_x).max() < size[0] / 2 - 3 and np.abs(at_y).max() < size[1] / 2 - 3:
            scale = float(tried)
    return scale


def _in_base(x: Any, y: Any, truth: Any) -> tuple[Any, Any]:
    """Where a photo shows, in px from its middle, what an ideal lens would have drawn there from its axis."""
    if truth is None:
        return x, y
    # A view is of an ideal picture, which has no middle: that of the photo's lens does as well as any.
    x0, y0 = (np.float32(at) for at in truth.get("centre", (0.0, 0.0)))
    square = (x**2 + y**2) / np.float32(truth["focal"] ** 2)
    factor = 1 + sum(np.float32(term) * square**power for power, term in enumerate(truth["terms"], 1))
    return x * factor + x0, y * factor + y0
