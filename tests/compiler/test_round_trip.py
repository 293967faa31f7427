"""A chart seen through a lens by lensfun's forward model, and corrected: does it come back?"""

from __future__ import annotations

from typing import Any

import lensfunpy
import numpy as np
import pytest
from numpy.typing import NDArray

from sixbit.compiler.compile import compile_optics
from sixbit.compiler.optics import SensorPicture
from sixbit.engines import apply
from sixbit.values.light import srgb
from tests.compiler.test_compile import optics_of_lens
from tests.scenery.lensfun_oracle import GEOMETRY, vignetting

FloatArray = NDArray[np.float64]

WIDTH, HEIGHT, PITCH = 900, 600, 50
BACKGROUND, DOT, SIGMA = 0.25, 0.5, 3.0

CHART_LENS = """<lensdatabase version="1">
<mount><name>Chart</name></mount>
<lens><maker>Chart</maker><model>Chart 28mm f/2</model><mount>Chart</mount><cropfactor>1</cropfactor>
<calibration>
<distortion model="ptlens" focal="28" a="0.012" b="-0.045" c="0.020"/>
<tca model="poly3" focal="28" vr="1.0005" vb="0.9993" br="0.0004" bb="-0.0003"/>
<vignetting model="pa" focal="28" aperture="4" distance="1000" k1="-1.1" k2="0.7" k3="-0.15"/>
</calibration></lens></lensdatabase>"""


@pytest.fixture(scope="module")
def lens() -> Any:
    return lensfunpy.Database(xml=CHART_LENS, load_common=False, load_bundled=False).lenses[0]


def chart(points: FloatArray) -> FloatArray:
    """A grid of soft dots on even gray, in linear light, at any point."""
    offset = (points + PITCH / 2) % PITCH - PITCH / 2
    return BACKGROUND + DOT * np.exp(-np.sum(offset**2, axis=-1) / (2 * SIGMA**2))


@pytest.fixture(scope="module")
def seen(lens: Any) -> NDArray[np.uint16]:
    """The chart as the lens would put it on the sensor: bent, tinted at the edges, dark in the corners."""
    modifier = lensfunpy.Modifier(lens, 1.0, WIDTH, HEIGHT)
    modifier.initialize(28.0, 4.0, 1000.0, scale=1.0, flags=GEOMETRY, reverse=True)
    points = np.array(modifier.apply_subpixel_geometry_distortion(), np.float64)
    light = chart(points) * vignetting(lens, 1.0, (WIDTH, HEIGHT), 28.0, 4.0, 1000.0, reverse=True)[:, :, None]
    return np.round(srgb().encode(light) * 65535).astype(np.uint16)


def centroid(light: FloatArray, x: int, y: int) -> FloatArray:
    reach = PITCH // 4
    patch = light[y - reach : y + reach + 1, x - reach : x + reach + 1] - BACKGROUND
    weight = np.clip(patch, 0.05 * DOT, None) - 0.05 * DOT
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()


@pytest.mark.parametrize("engine", ["native", "gmic", "reference"])
def test_the_chart_comes_back(engine: str, lens: Any, seen: NDArray[np.uint16]) -> None:
    compiled = compile_optics(optics_of_lens(lens, 1.5, 28.0), SensorPicture(WIDTH, HEIGHT, 1.0), "none")
    light = srgb().decode(apply(compiled, seen, engine) / 65535)
    inside = [(x, y) for y in range(PITCH, HEIGHT - PITCH, PITCH) for x in range(PITCH, WIDTH - PITCH, PITCH)]
    for plane in range(3):
        apart = [np.hypot(*centroid(light[:, :, plane], x, y)) for x, y in inside]
        assert np.mean(apart) < 0.1
    before = srgb().decode(seen / 65535)
    moved = np.mean([np.hypot(*centroid(before[:, :, 0], x, y)) for x, y in inside])
    assert moved > 1, "the chart was not bent to begin with"
    gray = [light[y + PITCH // 2, x + PITCH // 2] for x, y in inside]
    assert np.abs(np.array(gray) / BACKGROUND - 1).max() < 0.01
    assert before[PITCH // 2, PITCH // 2, 1] < 0.8 * BACKGROUND, "the corners were not dark to begin with"
