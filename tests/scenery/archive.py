"""A small archive: photos of shelves through a known lens, with the tags of a camera."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sixbit.compiler.optics import SensorPicture
from tests.scenery import scenes
from tests.scenery.camera import Camera, Lens, as_photo, photograph
from tests.scenery.photo_factory import exif, jpeg

SIZE = 900, 600
FRAME = SensorPicture(*SIZE, 1.0)
CORNER = FRAME.half_diagonal
LENS = Lens((0.985, 0.0, 0.015), ((1 + 1.6 / CORNER,), (1 - 1.2 / CORNER,)))
LENS_ID, NAME = "elmarit-28-asph", "Elmarit-M 1:2.8/28 ASPH."
BARE = Lens()


@cache
def picture(number: int, lens: Lens = LENS) -> bytes:
    """A photo of a shelf as a JPEG without tags."""
    rng = np.random.default_rng(100 + number)
    values = photograph(scenes.books(rng), lens, Camera(FRAME, focal_mm=28.0, noise=0.004), rng)
    file = io.BytesIO()
    Image.fromarray(as_photo(values)).save(file, "JPEG", quality=94, subsampling=0)
    return file.getvalue()


def tags(number: int, **more: Any) -> bytes:
    """Tags of a body that does not know the lens, with an adapter that says it."""
    usual: dict[str, Any] = {
        "Make": "SONY",
        "Model": "ILCE-7M3",
        "LensModel": NAME,
        "FocalLength": (28, 1),
        "FNumber": (8, 1),
        "DateTimeOriginal": f"2024:05:{1 + number // 20:02} 10:{3 * (number % 20):02}:00",
    }
    return exif(**{name: value for name, value in (usual | more).items() if value is not None})


def save(folder: Path, count: int, first: int = 0, lens: Lens = LENS, **more: Any) -> list[Path]:
    """Write so many photos into a folder; ``more`` are tags."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(first, first + count):
        paths.append(folder / f"{number:03}.jpg")
        paths[-1].write_bytes(jpeg(tags(number, **more), picture=picture(number, lens)))
    return paths
