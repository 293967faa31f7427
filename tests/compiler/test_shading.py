"""Colour shading: interpolated, compiled with distortion and maps, and the same in every engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sixbit
from sixbit.compiler.compile import compile_optics
from sixbit.compiler.optics import Optics, Sensor, SensorPicture, distortion
from sixbit.compiler.shading import PlaneShading, Shading, interpolated, shading_of
from sixbit.lenses.own import Run
from sixbit.values.errors import CatalogueError, CompileError
from sixbit.values.filter import Filter

SENSOR = Sensor(1.0)
SIDED = Shading(
    PlaneShading((1.0, 0.0, -0.1, 0.0, 0.02), {(1, 0): 0.04, (1, 2): -0.03, (0, 3): 0.02}),
    PlaneShading((1.0, 0.0, 0.06), {(0, 1): -0.03}),
)
FRAME = SensorPicture(301, 201, 1.0)


def run(f_number: float, red: float, distance: float | None = None, date: str = "2026-01-01") -> Run:
    shading = Shading(PlaneShading((1.0, 0.0, red)), PlaneShading())
    return Run(
        Path(),
        "r",
        "lens",
        "Lens",
        ("shading",),
        1.0,
        1.5,
        35.0,
        "",
        date,
        f_number,
        distance,
        "L",
        "M",
        shading=shading.to_json(),
    )


def test_between_apertures_it_goes_straight_in_one_over_the_f_number() -> None:
    runs = [run(2.0, -0.2), run(4.0, -0.1)]
    for f_number, red in ((2.0, -0.2), (4.0, -0.1), (1 / 0.375, -0.15), (2.2, -0.1 - 0.1 * (1 / 2.2 - 0.25) / 0.25)):
        found = interpolated(runs, f_number, 1000.0)
        assert found is not None
        assert found.red.radial[2] == pytest.approx(red)


def test_beyond_the_outermost_measurement_that_one_counts_and_far_off_none() -> None:
    runs = [run(4.0, -0.2), run(8.0, -0.1)]
    wide, narrow = interpolated(runs, 2.8, 1000.0), interpolated(runs, 22.0, 1000.0)
    assert wide is not None
    assert wide.red.radial[2] == pytest.approx(-0.2)
    assert narrow is not None
    assert narrow.red.radial[2] == pytest.approx(-0.1)
    assert interpolated([run(8.0, -0.1)], 1.4, 1000.0) is None


def test_between_two_apertures_there_is_no_jump_where_one_of_them_gets_too_far() -> None:
    runs = [run(1.4, -0.2), run(4.0, -0.1)]
    shadings = [interpolated(runs, 1 / cone, 1000.0) for cone in np.linspace(1 / 1.4, 1 / 4, 200)]
    found = [shading.red.radial[2] for shading in shadings if shading]
    assert len(found) == 200
    assert np.ptp(np.diff(found)) < 1e-9


def test_distances_and_later_runs() -> None:
    runs = [run(2.0, -0.2), run(2.0, -0.1, 1.0), run(2.0, -0.12, 1.0, "2026-02-01")]
    for distance, red in ((1000.0, -0.2), (1.0, -0.12), (0.5, -0.12)):
        found = interpolated(runs, 2.0, distance)
        assert found is not None
        assert found.red.radial[2] == pytest.approx(red, abs=1e-3)


@pytest.mark.parametrize("values", [{}, {"red": 1}, {"red": {"radial": [], "surface": []}}])
def test_a_record_without_sense_is_named(values: dict[str, object]) -> None:
    broken = run(2.0, -0.1)._replace(name="broken", shading=values or {"red": None})
    with pytest.raises(CatalogueError, match="broken"):
        shading_of(broken)


def compiled(
    strength: float = 1.0, bend: float = 0.0, frame: SensorPicture = FRAME, shading: Shading = SIDED
) -> Filter:
    models = (distortion("poly3", [bend]), SENSOR) if bend else None
    return compile_optics(Optics(models, strength={"shading": strength}, shading=(shading, SENSOR)), frame, "none")


def expected(filter: Filter, points: np.ndarray, strength: float, frame: SensorPicture = FRAME) -> np.ndarray:
    """One over the shading where each point comes from."""
    sources = filter.source_points(points)
    middle = np.array([(frame.width - 1) / 2, (frame.height - 1) / 2])
    gains = []
    for k, plane in enumerate(SIDED.planes):
        x, y = ((sources[k] - middle) / frame.half_diagonal).T
        gains.append(plane.at(x, y) ** -strength)
    return np.array(gains)


@pytest.mark.parametrize(("strength", "bend"), [(1.0, 0.0), (0.5, 0.0), (1.0, 0.03), (1.0, -0.03), (0.0, 0.0)])
def test_the_gain_is_the_inverse_of_the_shading_where_the_light_comes_from(strength: float, bend: float) -> None:
    filter = compiled(strength, bend)
    y, x = np.mgrid[0:201:8, 0:301:8]
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(float)
    inside = np.all((filter.source_points(points)[1] >= 0) & (filter.source_points(points)[1] <= (300, 200)), axis=1)
    found = filter.gains(points)
    assert np.abs(found - expected(filter, points, strength))[:, inside].max() < 2e-4
    assert np.allclose(found[1], 1)
    if strength == 0:
        assert np.allclose(found, 1, atol=1e-6)


def test_every_engine_applies_it_alike() -> None:
    filter = compiled(bend=0.021)  # by 0.02 two pixels come from the very border, where the last bit decides
    y, x = np.mgrid[0:201, 0:301]
    pixels = np.stack([0.5 + 0.3 * np.sin(x / 40 + k) * np.cos(y / 30) for k in range(3)], axis=2).astype(np.float32)
    by = {name: sixbit.apply(filter, pixels, engine=name) for name in ("reference", "native", "gmic")}
    assert np.abs(by["native"] - by["reference"]).max() < 1e-3
    assert np.abs(by["gmic"] - by["reference"]).max() < 1e-3
    assert np.abs(by["reference"] - pixels).max() > 0.05


def test_a_map_can_be_cut_and_reduced() -> None:
    filter = compiled()
    part = filter.window(40, 30, 100, 120)
    points = np.array([[0.0, 0.0], [50.0, 60.0], [99.0, 119.0]])
    assert np.allclose(part.gains(points), filter.gains(points + np.array([40, 30])), atol=2e-4)
    small = filter.reduced(100, 67, 3, 3)
    assert np.allclose(small.gains([[10.0, 20.0]]), filter.gains([[31.0, 61.0]]), atol=3e-4)


def test_a_shading_that_leaves_no_light_is_refused() -> None:
    dark = Shading(PlaneShading((1.0, 0.0, -1.0)), PlaneShading())
    with pytest.raises(CompileError, match="no light"):
        compiled(shading=dark)
    with pytest.raises(CompileError, match="no light"):
        compiled(shading=Shading(PlaneShading((1.0,), {(1, 0): 1.3}), PlaneShading()))


def test_the_filter_survives_json() -> None:
    filter = compiled()
    assert filter.gain_map is not None
    assert Filter.from_json(filter.to_json()).digest == filter.digest
