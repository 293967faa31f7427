"""Opcodes are the filter: of every lens, on every layout of a sensor, within what is promised."""

from __future__ import annotations

import random

import numpy as np
import pytest

from sixbit.compiler.gains import fall_off_gain
from sixbit.compiler.optics import Optics, Sensor, SensorPicture, distortion, tca, vignetting
from sixbit.compiler.scale import scaled_about_centre
from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.compiler.warp import Warp
from sixbit.raw import reference
from sixbit.raw.fit import Mosaic, opcodes_of
from sixbit.raw.opcodes import FixVignetteRadial, GainMap, WarpRectilinear, WarpRectilinear2
from sixbit.values.errors import CompileError
from tests.scenery.opcode_fits import Case, cases, error_of, wanted_of

PICTURE = SensorPicture(596, 396, 1.0)
MOSAIC = Mosaic(600, 400, (2, 2))
SENSOR = Sensor(1.0)
BEND = (distortion("ptlens", [0.01, -0.02, 0.015]), SENSOR)
FRINGE = (tca("poly3", [1.0005, 0.9996, 0.0, 0.0, 0.0002, -0.0001]), SENSOR)
DARK = (vignetting("pa", [-0.6, 0.2, -0.05]), SENSOR)
CAST = (Shading(PlaneShading((1.0, 0.0, -0.1), {(1, 0): 0.02}), PlaneShading((1.0, 0.0, 0.05))), SENSOR)
SHUFFLED = random.Random(18).sample(list(cases()), 40)
SHARE = [case for case in SHUFFLED if wanted_of(case)][:12]


@pytest.mark.parametrize("case", [*SHARE, Case("summicron-28-asph", 1.0, 2.0), Case("m-rokkor-40", 1.0, 2.0)])
def test_opcodes_are_the_filter_of_a_lens(case: Case) -> None:
    wanted = wanted_of(case)
    assert wanted is not None
    error = error_of(wanted)
    assert error.full_px <= 0.005
    assert error.light <= 0.002
    assert abs(error.even_px - error.told_px) < 0.01
    if case.lens_id == "summicron-28-asph":
        assert 1.5 < error.told_px < 2.5, "four even terms do not hold its odd ones"


def test_a_fall_off_that_five_terms_miss_is_held_by_maps() -> None:
    wanted = wanted_of(Case("vm-nokton-28-1.5", 1.0, 1.5))
    assert wanted is not None
    error = error_of(wanted)
    assert (error.maps, error.light <= 0.001) == (4, True)


def test_all_kinds_stand_in_the_order_that_readers_want() -> None:
    warp = scaled_about_centre(Warp(Optics(distortion=BEND, tca=FRINGE, vignetting=DARK), PICTURE), "fill")
    found = opcodes_of(warp, MOSAIC)
    assert [type(opcode) for opcode in found.of_colours] == [FixVignetteRadial, WarpRectilinear2, WarpRectilinear]
    assert found.of_mosaic == ()
    assert [len(opcode.planes) for opcode in found.of_colours if isinstance(opcode, WarpRectilinear)] == [3, 3]


def test_fall_off_is_undone_where_the_light_fell() -> None:
    """Before the warp, that is at source points: at output points the corners would be off by some percent."""
    warp = scaled_about_centre(Warp(Optics(distortion=BEND, vignetting=DARK), PICTURE), 1.05)
    found = opcodes_of(warp, MOSAIC)
    y, x = np.mgrid[0:400, 0:600]
    radius = np.hypot(x - 2 - warp.centre[0], y - 2 - warp.centre[1])
    light = 0.2 / fall_off_gain(warp, radius)
    out = reference.developed(np.repeat(light[..., None], 3, axis=2), found.of_colours)
    shown = out[2:398, 2:598]
    assert np.allclose(shown, 0.2, rtol=2e-3)
    swapped = reference.developed(np.repeat(light[..., None], 3, axis=2), found.of_colours[1:2] + found.of_colours[:1])
    assert np.abs(swapped[2:398, 2:598] / 0.2 - 1).max() > 0.01


@pytest.mark.parametrize("pattern", [(0, 1, 1, 2), (1, 0, 2, 1), (2, 1, 1, 0)])
def test_shading_is_undone_for_each_colour_of_the_mosaic(pattern: tuple[int, ...]) -> None:
    warp = Warp(Optics(vignetting=DARK, shading=CAST), PICTURE)
    found = opcodes_of(warp, Mosaic(600, 400, (2, 2), pattern))
    assert [type(opcode) for opcode in found.of_mosaic] == [GainMap] * 4
    assert found.of_colours == ()
    y, x = np.mgrid[0:400, 0:600]
    u, v = (x - 2 - PICTURE.middle[0]) / PICTURE.half_diagonal, (y - 2 - PICTURE.middle[1]) / PICTURE.half_diagonal
    light = 1 / fall_off_gain(warp, np.hypot(u, v) * PICTURE.half_diagonal)
    casts = np.stack([plane.at(u, v) for plane in CAST[0].planes])
    of_pixel = np.array(pattern).reshape(2, 2)[y % 2, x % 2]
    mosaic = 0.1 * light * np.take_along_axis(casts, of_pixel[None], axis=0)[0]
    out = reference.developed(mosaic[..., None], found.of_mosaic)
    assert np.allclose(out[2:398, 2:598, 0], 0.1, rtol=2e-3)


def test_a_sensor_without_colours_gets_one_plane() -> None:
    """Adobe refuses the whole raw for three."""
    warp = scaled_about_centre(Warp(Optics(distortion=BEND, tca=FRINGE, vignetting=DARK), PICTURE), "fill")
    found = opcodes_of(warp, Mosaic(600, 400, (2, 2), ()))
    assert [len(opcode.planes) for opcode in found.of_colours if isinstance(opcode, WarpRectilinear)] == [1, 1]
    for opcode in (*found.of_mosaic, *found.of_colours):
        opcode.check_for(1)


def test_the_centre_is_that_of_the_picture_wherever_it_lies() -> None:
    warp = scaled_about_centre(Warp(Optics(distortion=BEND), PICTURE), "fill")
    xy = np.array([[0.0, 0.0], [595.0, 0.0], [300.0, 395.0], [10.0, 200.0]])
    r = np.hypot(*(xy - PICTURE.middle).T) / PICTURE.half_diagonal
    factor = warp.source_radius(1, r) / np.maximum(r * PICTURE.half_diagonal, 1e-9)
    exact = PICTURE.middle + (xy - PICTURE.middle) * factor[:, None]
    for origin, size in (((2, 2), (600, 400)), ((20, 4), (640, 410)), ((0.0, 0.0), (596, 396))):
        mosaic = Mosaic(*size, origin)
        full = opcodes_of(warp, mosaic).of_colours[0]
        assert isinstance(full, WarpRectilinear2)
        found = reference.source_points(full, size, xy + origin) - origin
        assert np.allclose(found, exact, atol=5e-4)


def test_a_part_beside_the_middle_is_scaled_about_the_optical_centre() -> None:
    part = SensorPicture(200, 200, 1.0, frame=(-50, -50, 600, 400))
    warp = scaled_about_centre(Warp(Optics(distortion=BEND), part), "fill")
    full = opcodes_of(warp, Mosaic(600, 400, (50, 50))).of_colours[0]
    assert isinstance(full, WarpRectilinear2)
    corners = np.array([[0.0, 0.0], [199.0, 0.0], [0.0, 199.0], [199.0, 199.0]]) + 50
    source = reference.source_points(full, (600, 400), corners)
    assert source.min() >= 0
    assert np.all(source <= [599, 399])


def test_nothing_to_bend_is_no_opcode() -> None:
    assert opcodes_of(Warp(Optics(), PICTURE), MOSAIC).of_colours == ()


def test_a_correction_that_folds_is_refused() -> None:
    folds = (distortion("poly3", [-0.5]), SENSOR)
    with pytest.raises(CompileError):
        opcodes_of(Warp(Optics(distortion=folds), PICTURE), MOSAIC)
