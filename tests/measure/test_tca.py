"""Lateral colour from edges: recovered from rendered photos of known lenses, or not enough."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sixbit.compiler import optics as models
from sixbit.compiler.optics import Sensor, SensorPicture
from sixbit.measure.displacement import displacements, sharp_blocks
from sixbit.measure.tca import MeasuredTca, estimate_tca, tca_in
from sixbit.values.errors import CalibrationError
from sixbit.values.light import srgb
from tests.scenery.camera import Camera, Lens, as_photo, photograph, tca_error
from tests.scenery.scenes import building, clouds, foliage

FRAME = SensorPicture(1200, 800, 1.0)
CORNER = FRAME.half_diagonal
LENS = Lens((0.99, 0.0, 0.01), ((1 + 1.6 / CORNER,), (1 - 0.8 / CORNER,)))
BENT = Lens((1.0,), ((1 - 1.0 / CORNER, 0.0, 2.5 / CORNER / 3.25), (1 + 0.9 / CORNER,)))


def photo_of(scene: Any, lens: Lens, seed: int = 3, noise: float = 0.005) -> Any:
    rng = np.random.default_rng(seed)
    return photograph(scene(rng), lens, Camera(FRAME, noise=noise), rng)


def error_of(found: MeasuredTca, lens: Lens) -> float:
    polynomials = models.tca(found.model.name, found.model.terms)
    return tca_error(lens, polynomials, FRAME, Sensor(1.0, 1.5))


@pytest.fixture(scope="module")
def leaves() -> Any:
    return photo_of(foliage, LENS)


@pytest.mark.parametrize(
    ("bits", "quality", "subsampling"), [(8, None, 0), (16, None, 0), (8, 95, 0), (8, 92, 2), (8, 85, 2)]
)
def test_known_lateral_colour_is_found(leaves: Any, bits: int, quality: int | None, subsampling: int) -> None:
    found = tca_in(as_photo(leaves, bits, quality, subsampling), srgb(), halved_chroma=subsampling == 2)
    assert error_of(found, LENS) < 0.15
    assert found.worth.surely_within.max() < 0.15
    assert found.corner_px[0] > 1 > -0.5 > found.corner_px[1]


def test_colours_of_half_the_resolution_are_compared_with_a_green_as_smooth(leaves: Any) -> None:
    """Red and blue of a 4:2:0 JPEG are green's own details and smoothed differences: not to be taken for sharp ones."""
    photo = as_photo(leaves, 8, 90, 2)
    known, mistaken = (error_of(tca_in(photo, srgb(), halved_chroma=halved), LENS) for halved in (True, False))
    assert known < 0.08
    assert known < 0.7 * mistaken


def test_many_photos_do_not_hide_what_all_of_them_err_by(leaves: Any) -> None:
    blocks = sharp_blocks(as_photo(leaves, 8, 92, 2), srgb(), halved_chroma=True)
    worth = estimate_tca([blocks] * 4, 1.5).worth
    assert np.all(worth.error >= 0.025 * np.abs(worth.correction))


def spines(gap: float, magnified: tuple[float, float, float], apart: float = 40) -> Any:
    """Code values of upright stripes of many colours, dark ``gap`` px between them; each plane ``magnified``."""
    rng = np.random.default_rng(1)
    x = np.arange(1000) - 499.5
    light = rng.uniform(0.05, 0.5, (60, 1)) * rng.uniform(0.5, 1.5, (60, 3))
    planes = np.full((3, len(x)), 0.02)
    for k in range(3):
        for number in range(60):
            inside = (apart - gap) / 2 - np.abs(x / magnified[k] - (number - 30) * apart)
            planes[k] += (light[number, k] - 0.02) / (1 + np.exp(np.clip(-2.27 * inside, -50, 50)))
    return np.tile(srgb().encode(planes.T), (400, 1, 1))


@pytest.mark.parametrize(("gap", "largest"), [(5, 0.12), (9, 0.03)])
def test_the_next_edge_does_not_pull(gap: float, largest: float) -> None:
    """Beside an edge is the next, between other colours: what it does to a block is less than the block says."""
    magnified = (1.002, 1.0, 0.999)
    blocks = sharp_blocks(as_photo(spines(gap, magnified), 16), srgb())
    truth = np.array([[magnified[0] - 1], [magnified[2] - 1]]) * blocks.r
    found, deviation = displacements(blocks, truth, 1.3)
    tells = deviation < 0.6
    error, stated = (found - truth)[tells], deviation[tells]
    assert np.count_nonzero(tells) > 700
    assert np.sqrt(np.average(error**2, weights=stated**-2)) < largest
    assert np.sqrt(np.mean((error / stated) ** 2)) < 1


def test_what_is_not_in_proportion_to_the_radius_is_poly3() -> None:
    found = tca_in(as_photo(photo_of(foliage, BENT)), srgb())
    assert found.model.name == "poly3"
    assert error_of(found, BENT) < 0.15


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(lambda: photo_of(clouds, LENS), id="sky"),
        pytest.param(lambda: np.random.default_rng(1).random((600, 900, 3)), id="noise"),
        pytest.param(lambda: np.full((600, 900, 3), 0.4), id="one colour"),
        pytest.param(lambda: np.full((1, 1, 3), 0.4), id="one pixel"),
        pytest.param(lambda: np.full((40, 4000, 3), 0.4), id="a strip"),
        pytest.param(
            lambda: np.stack([photo_of(foliage, LENS, seed)[..., 1] for seed in (5, 6, 7)], axis=2), id="other edges"
        ),
        pytest.param(lambda: photo_of(building, LENS) * (np.hypot(*np.mgrid[-1:1:800j, -1.5:1.5:1200j]) < 1)[..., None],
                     id="centre alone"),
    ],
)  # fmt: skip
def test_a_photo_without_edges_is_not_enough(values: Any) -> None:
    with pytest.raises(CalibrationError, match="not enough"):
        tca_in(as_photo(values()), srgb())


def test_a_lens_without_lateral_colour_is_left_alone() -> None:
    with pytest.raises(CalibrationError, match="nothing to correct"):
        tca_in(as_photo(photo_of(foliage, Lens())), srgb())


def test_a_grey_picture_has_none() -> None:
    with pytest.raises(CalibrationError, match="no colours"):
        tca_in(np.zeros((50, 50), np.uint8), srgb())
