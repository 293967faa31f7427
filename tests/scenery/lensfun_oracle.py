"""lensfun's own answers, one pixel at a time: exact, where its answers for whole rows are not (lensfun 0.3.4)."""

from __future__ import annotations

from typing import Any

import lensfunpy
import numpy as np
from lensfunpy import ModifyFlags
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
GEOMETRY = ModifyFlags.DISTORTION | ModifyFlags.TCA


def grid(width: int, height: int, steps: int = 7) -> FloatArray:
    """Return whole-numbered points over a picture, its corners and edges among them: (n, 2)."""
    x = np.linspace(0, width - 1, steps).round()
    y = np.linspace(0, height - 1, steps).round()
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def source_points(
    lens: Any, crop: float, size: tuple[int, int], focal: float, points: FloatArray, *, reverse: bool = False
) -> FloatArray:
    """Return the points that lensfun takes red, green and blue of the output points from: (3, n, 2) in px."""
    modifier = lensfunpy.Modifier(lens, crop, *size)
    modifier.initialize(focal, 8.0, 1000.0, scale=1.0, flags=GEOMETRY, reverse=reverse)
    answers = np.empty((3, len(points), 2))
    for i, (x, y) in enumerate(points):
        found = modifier.apply_subpixel_geometry_distortion(int(x), int(y), 1, 1)
        answers[:, i] = (x, y) if found is None else found[0, 0]
    return answers


def vignetting(
    lens: Any, crop: float, size: tuple[int, int], focal: float, aperture: float, distance: float, *, reverse: bool
) -> FloatArray:
    """Return the factor that lensfun gives each pixel: gains, or with ``reverse`` the fall-off itself; (h, w)."""
    modifier = lensfunpy.Modifier(lens, crop, *size)
    modifier.initialize(
        focal,
        aperture,
        distance,
        scale=1.0,
        pixel_format=np.float64,
        flags=ModifyFlags.VIGNETTING,
        reverse=reverse,
    )
    pixels = np.ones((size[1], size[0], 3), np.float64)
    modifier.apply_color_modification(pixels)
    return pixels[:, :, 0]
