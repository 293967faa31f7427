"""Sizes of photos, and a large photo of nothing in particular, for benchmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.scenery import PHOTO

LARGE = (8160, 6144)
"""Pixels of a camera with 50 MP."""


def size_of(megapixels: float) -> tuple[int, int]:
    """Return width and height of a picture of 4 to 3; 50 MP is that of the camera."""
    if megapixels == 50:
        return LARGE
    width = max(64, round((megapixels * 1e6 * 4 / 3) ** 0.5) // 16 * 16)
    return width, width * 3 // 4


def landscape(width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture with soft areas, edges and grain: RGB, 8 bits."""
    rng = np.random.default_rng(0)
    y, x = np.ogrid[:height, :width]
    grain = rng.integers(-4, 5, (height, width), dtype=np.int8)
    picture = np.empty((height, width, 3), np.uint8)
    for k in range(3):
        across = 60 * np.sin(x / (97 + 31 * k)).astype(np.float32) + 12 * np.sign(np.sin(x / 41)).astype(np.float32)
        down = 50 * np.cos(y / (173 - 29 * k)).astype(np.float32)
        picture[:, :, k] = np.clip(128 + across + down + grain, 0, 255)
    return picture


def save_large_photo(path: Path, quality: int) -> None:
    """Save a landscape of 50 MP as a JPEG with the metadata of the example photo."""
    with Image.open(PHOTO) as example:
        carried = {"exif": example.info["exif"], "icc_profile": example.info.get("icc_profile")}
    Image.fromarray(landscape(*LARGE)).save(path, quality=quality, **carried)
