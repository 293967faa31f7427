"""The compiled kernel, and a filter and a picture to try it on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.values.filter import Filter
from tests.scenery.programs import missing

try:
    from sixbit.engines import _kernel
except ImportError as error:
    missing(f"the kernel was not built: {error}")

kernel = _kernel

BY_TABLES = kernel.levels()[0] != "avx512"
"""Whether curves are tables here, as they always are in the operation of GEGL; polynomials may be a level off."""

BENT = (1.0, 0.0, 0.03, -0.05, 0.02)


def filter(width: int, height: int, **changes: Any) -> Filter:
    """Return a filter with all there is, or what ``changes`` leaves of it."""
    fields: dict[str, Any] = {
        "centre": ((width - 1) / 2 + 0.3, (height - 1) / 2 - 0.2),
        "half_diagonal": max(float(np.hypot(width, height)) / 2, 1.0),
        "warp": tuple(tuple(scale * c for c in BENT) for scale in (1.002, 1.0, 0.998)),
        "gain": ((1.0, 0.0, 0.4, 0.1), (1.0, 0.0, 0.5), (1.0, 0.05, 0.3)),
    }
    return Filter(width=width, height=height, **(fields | changes))


def unchecked(filter: Filter, **changes: Any) -> Filter:
    """Return a filter that says what none can, for engines that have to bear it on their own."""
    for name, value in changes.items():
        object.__setattr__(filter, name, value)
    return filter


def picture(height: int, width: int, channels: int = 3, dtype: type = np.uint8) -> NDArray[Any]:
    """Return waves and noise: every channel its own, and floating point beyond 0..1."""
    rng = np.random.default_rng(height * width + channels)
    y, x = np.mgrid[:height, :width]
    waves = [0.5 + 0.5 * np.sin(x / (3 + k) + k) * np.cos(y / (5 - k)) for k in range(channels)]
    values = np.stack(waves, axis=2) + rng.normal(0, 0.05, (height, width, channels))
    if dtype is np.float32:
        return values.astype(dtype)
    top = np.iinfo(dtype).max
    return (np.clip(values, 0, 1) * top + 0.5).astype(dtype)


def assert_same(got: NDArray[Any], wanted: NDArray[Any]) -> None:
    """Assert that the operation of GEGL has made the same whole numbers as the native engine."""
    if BY_TABLES:
        np.testing.assert_array_equal(got, wanted)
    else:
        np.testing.assert_allclose(got.astype(int), wanted.astype(int), rtol=0, atol=1)
