"""A picture that is a part of its frame: corrected as it would be within the whole, and filled."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sixbit.compiler.compile import compile_optics
from sixbit.compiler.optics import Optics, SensorPicture, distortion, tca, vignetting
from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.engines import apply
from sixbit.values.filter import Filter
from tests.scenery.kernel import picture

WIDTH, HEIGHT = 900, 600
WHOLE = SensorPicture(WIDTH, HEIGHT, 1.0)
PARTS = {
    "upper left quarter": (0, 0, 450, 300),
    "right edge": (640, 120, 260, 380),
    "around the centre": (300, 100, 500, 333),
    "beside the centre": (500, 320, 200, 200),
}
BENT = {
    "barrel": distortion("ptlens", [0.0, -0.03, 0.01]),
    "pincushion": distortion("poly3", [0.02]),
    "wave": distortion("ptlens", [0.03, -0.09, 0.05]),
}
EVERY = list(product(PARTS, BENT))


def optics(bent: str) -> Optics:
    """Return optics with all that is radial."""
    return Optics(
        distortion=(BENT[bent], WHOLE.sensor),
        tca=(tca("linear", [1.0006, 0.9995]), WHOLE.sensor),
        vignetting=(vignetting("pa", [-0.4, 0.1, 0.0]), WHOLE.sensor),
    )


def part_of_whole(part: str) -> SensorPicture:
    left, top, width, height = PARTS[part]
    return SensorPicture(width, height, 1.0, frame=(-left, -top, WIDTH, HEIGHT))


def points_in(filter: Filter, count: int = 25) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(0, filter.width - 1, count), np.linspace(0, filter.height - 1, count))
    return np.stack([x.ravel(), y.ravel()], axis=1)


@pytest.mark.parametrize(("part", "bent"), EVERY)
def test_a_part_is_corrected_as_within_the_whole(part: str, bent: str) -> None:
    left, top, *_ = PARTS[part]
    whole = compile_optics(optics(bent), WHOLE, "none")
    alone = compile_optics(optics(bent), part_of_whole(part), "none")
    points = points_in(alone)
    expected = whole.source_points(points + np.array((left, top))) - (left, top)
    assert np.abs(alone.source_points(points) - expected).max() < 0.002
    assert np.abs(alone.gains(points) - whole.gains(points + np.array((left, top)))).max() < 3e-4


@pytest.mark.parametrize(("part", "bent"), EVERY)
def test_a_part_is_filled_and_keeps_what_it_can(part: str, bent: str) -> None:
    filled = compile_optics(optics(bent), part_of_whole(part), "fill")
    sources = filled.source_points(points_in(filled, 201))
    limits = (filled.width - 1, filled.height - 1)
    assert sources.min() > -0.01
    assert (sources - limits).max() < 0.01
    # One side at least, of one colour, goes to its end within a pixel: hardly a smaller factor would do.
    assert min(abs(sources).min(axis=(0, 1)).min(), abs(sources - limits).min(axis=(0, 1)).min()) < 1
    assert 0.9 < np.hypot(*(sources[1, -1] - sources[1, 0])) / np.hypot(*limits) <= 1.0


@pytest.mark.parametrize(("part", "bent"), EVERY)
@pytest.mark.parametrize("scale", ["fill", 1.1])
def test_scale_enlarges_and_moves_and_bends_nothing(part: str, bent: str, scale: str | float) -> None:
    left, top, *_ = PARTS[part]
    whole = compile_optics(optics(bent), WHOLE, "none")
    filter = compile_optics(optics(bent), part_of_whole(part), scale)
    factor = whole.warp[1][0] / filter.warp[1][0]
    points = points_in(filter)
    unscaled = (points - filter.centre) / factor + whole.centre
    expected = whole.source_points(unscaled) - (left, top)
    assert np.abs(filter.source_points(points) - expected).max() < 0.005
    if scale != "fill":
        assert factor == pytest.approx(scale, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("part", PARTS)
def test_all_engines_read_the_part_alike(part: str, dtype: type) -> None:
    filter = compile_optics(optics("wave"), part_of_whole(part), "fill")
    assert filter.shift != (0, 0)
    pixels = picture(filter.height, filter.width, dtype=dtype)
    expected = apply(filter, pixels, "reference").astype(float)
    top = 1.0 if dtype is np.float32 else float(np.iinfo(dtype).max)
    for engine in ("native", "gmic"):
        found = apply(filter, pixels, engine).astype(float)
        assert np.abs(found - expected).mean() < 1e-3 * top, engine
        assert np.abs(found - expected).max() < 0.04 * top, engine


def test_a_filter_with_two_centres_is_a_value() -> None:
    filter = compile_optics(optics("barrel"), part_of_whole("right edge"), "fill")
    assert Filter.from_json(filter.to_json()) == filter
    corner = filter.window(30, 40, 100, 90)
    assert np.allclose(corner.source_points([[5.0, 6.0]]), filter.source_points([[35.0, 46.0]]) - (30, 40))
    half = filter.reduced(filter.width // 2, filter.height // 2, 2, 2)
    expected = (filter.source_points([[20.5, 40.5]]) + 0.5) / 2 - 0.5
    assert np.allclose(half.source_points([[10.0, 20.0]]), expected, atol=1e-9)
    whole = compile_optics(optics("barrel"), WHOLE, "fill")
    assert "source_centre" not in whole.to_json()


def test_shading_that_differs_from_side_to_side_lies_where_the_sensor_has_it() -> None:
    surface = PlaneShading((1.0, 0.0, -0.1), {(1, 0): 0.1, (0, 2): 0.05})
    shading = Shading(surface, surface)
    shaded = Optics(distortion=(BENT["barrel"], WHOLE.sensor), shading=(shading, WHOLE.sensor))
    whole = compile_optics(shaded, WHOLE, "none")
    for part, (left, top, *_) in PARTS.items():
        alone = compile_optics(shaded, part_of_whole(part), "none")
        points = points_in(alone)
        inside = ((s := alone.source_points(points)) >= 0).all(axis=(0, 2)) & (
            s <= (alone.width - 1, alone.height - 1)
        ).all(axis=(0, 2))
        off = np.abs(alone.gains(points) - whole.gains(points + np.array((left, top))))[:, inside]
        assert off.max() < 5e-4, part
