"""Distortion from straight things: rendered scenes of known lenses, and scenes that say nothing of one."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sixbit.compiler.optics import Sensor, SensorPicture
from sixbit.measure.chart import chart_in
from sixbit.measure.edges import edge_chains
from sixbit.measure.lines import MeasuredLines, PhotoLines, fit_lines, lines_in
from sixbit.measure.repeats import things_of
from sixbit.measure.straightness import (
    Lines,
    Straightening,
    apart,
    centre_shift,
    ideal_radii,
    line_of,
    straighten,
    straightened,
)
from sixbit.measure.worth import area_weights
from sixbit.values.errors import CalibrationError
from sixbit.values.known import SURE
from tests.scenery import scenes
from tests.scenery.camera import Painter, Scene, distortion_error, known_lenses, photos_of

LENS = "summicron-35-asph"
SIZE = (900, 600)


def fitted(pictures: list[NDArray[Any]]) -> MeasuredLines:
    return fit_lines([lines_in((picture.mean(axis=2) / 255).astype(np.float32)) for picture in pictures], SIZE)


def error(result: MeasuredLines, lens_id: str = LENS, crop: float = 1.0) -> float:
    lens = known_lenses()[lens_id][0]
    return distortion_error(lens, result.fit.polynomial, SensorPicture(*SIZE, crop), Sensor(crop, 1.5))


@pytest.fixture(scope="module")
def shelf() -> list[NDArray[Any]]:
    return photos_of(lambda rng: scenes.with_distractors(scenes.books, rng), LENS, SIZE)


def test_edges_stand_where_they_are() -> None:
    x = np.arange(300) - 120.37
    picture = np.tile((0.2 + 0.6 / (1 + np.exp(-x / 0.5))).astype(np.float32), (200, 1))
    (chain,) = edge_chains(picture, 100)
    assert np.abs(chain[:, 0] - 120.37).max() < 0.02


def test_a_corner_parts_two_edges() -> None:
    picture = np.zeros((300, 400), np.float32)
    picture[100:, 150:] = 0.8
    assert len(edge_chains(picture, 80)) == 2


def test_straightened_undoes_the_model() -> None:
    polynomial = (1.02, 0.0, -0.03, 0.01)
    ideal = np.array([[0.3, 0.4], [1.0, -0.6], [0.0, 0.0]])
    radius = np.hypot(*ideal.T)[:, None]
    photo = ideal * np.polynomial.polynomial.polyval(radius, polynomial)
    there = straightened(photo, polynomial)
    assert there is not None
    assert np.abs(there - ideal).max() < 1e-6
    assert straightened(np.array([[3.0, 0.0]]), (1.0, 0.0, -0.2)) is None


def test_few_points_are_repeated_never_made_up() -> None:
    points = np.array([[0.0, 0], [1, 1], [2, 4]])
    assert {tuple(point) for point in line_of(points)} == {tuple(point) for point in points}


def drawn(
    polynomial: tuple[float, ...], centre: tuple[float, float] = (0.0, 0.0), noise: float = 1e-4, count: int = 120
) -> Lines:
    """Lines across a frame of 3 to 2 as a lens draws them, their points known to ``noise`` half short sides."""
    rng = np.random.default_rng(5)
    ends = rng.uniform((-1.5, -1.0), (1.5, 1.0), (count, 2, 2))
    ideal = np.linspace(ends[:, 0], ends[:, 1], 24, axis=1)
    radius = np.hypot(ideal[..., 0], ideal[..., 1])[..., None]
    photo = ideal * np.polynomial.polynomial.polyval(radius, polynomial) + centre
    return Lines(photo + rng.normal(0, noise, photo.shape), np.full(count, 1000.0), np.zeros(count, int))


@pytest.mark.parametrize(("model", "polynomial"), [("poly3", (0.98, 0.0, 0.02)), ("ptlens", (1.03, 0.05, -0.14, 0.06))])
def test_the_model_that_drew_the_lines_is_chosen(model: str, polynomial: tuple[float, ...]) -> None:
    fit = straighten(drawn(polynomial))
    assert fit.model == model
    assert np.abs(np.subtract(fit.polynomial, polynomial)).max() < 0.002
    assert fit.error(1.8, area_weights(1.5)).max() < 0.0002


def test_a_centre_beside_the_middle_is_seen() -> None:
    lines = drawn((0.97, 0.0, 0.03), centre=(0.05, -0.03))
    seen = centre_shift(lines, straighten(lines))
    assert seen is not None
    assert np.abs(seen.shift - (0.05, -0.03)).max() < 0.01
    assert (np.abs(seen.shift) > 4 * seen.error).all()


def test_photos_from_one_place_tell_no_more_than_one() -> None:
    """As of a burst: the same edges, found again, err alike."""
    once = drawn((0.98, 0.0, 0.02), noise=1e-3, count=40)
    burst = Lines.joined([once, replace(once, points=once.points + 0.002), replace(once, points=once.points - 0.002)])
    one, three = (straighten(lines).error(1.8, area_weights(1.5)) for lines in (once, burst))
    assert three[30] > 0.9 * one[30]


def test_an_edge_is_known_again_in_every_later_photo() -> None:
    rng, along = np.random.default_rng(2), np.linspace(0, 1, 24)[:, None]
    shared = [np.array([-0.5, 5.0 * k]) + along * (1.0, 0.3) for k in range(2)]
    shown, photo, true = [], [], []
    for number in range(9):
        alone = [np.array([10.0 * number, 20 + 5 * k]) + along * (0.8, 0.1) for k in range(number % 4)]
        shown += [*(one + rng.normal(0, 1e-3, 2) for one in shared), *alone]
        photo += [number] * (2 + len(alone))
        true += [0, 1, *range(100 * number + 2, 100 * number + 2 + len(alone))]
    assert things_of(np.array(shown), np.array(photo)).tolist() == np.unique(true, return_inverse=True)[1].tolist()


def test_thousands_of_lines_fit_into_memory() -> None:
    """As those of sixty photos: what each of them tells is summed edge by edge, in no table of edges by lines."""
    lines = drawn((0.98, 0.0, 0.02), count=5000)
    tracemalloc.start()
    try:
        centre_shift(lines, Straightening("poly3", (0.02,), np.ones(len(lines))))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 150e6


def test_two_things_are_not_enough_however_many_photos_show_them() -> None:
    """A burst of a horizon and a kerb: what these bend is taken for the lens's, and nothing tells of it."""
    along = np.linspace(-1.3, 1.3, 24)
    ideal = np.stack([np.stack([along, y * (1 + 4e-3 * along**2)], axis=1) for y in (0.8, -0.85)])
    photo = ideal * np.polynomial.polynomial.polyval(np.hypot(*np.moveaxis(ideal, 2, 0)), (0.98, 0, 0.02))[..., None]
    noise = np.random.default_rng(3).normal(0, 2e-5, (12, *photo.shape))
    shown = [Lines(photo + one, np.full(2, 1000.0), np.zeros(2, int)) for one in noise]
    with pytest.raises(CalibrationError, match="only 2 different ones, and it takes 20"):
        fit_lines([PhotoLines(lines, None, np.zeros((600, 900), np.uint8)) for lines in shown], SIZE)


def test_a_few_long_lines_that_are_bent_a_little_are_no_surer_than_they_are() -> None:
    """What lies near a side from end to end tells more than all the rest, and nothing is quite straight."""
    true, weights, asked = (0.98, 0.0, 0.02), area_weights(1.5), [12, 20, 30]
    held = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        short = rng.uniform((-1.4, -0.9), (1.4, 0.9), (24, 1, 2)) + rng.uniform(-0.1, 0.1, (24, 2, 2))
        ends = np.concatenate([[[(-1.3, y), (1.3, y)] for y in np.linspace(0.7, 0.9, 6)], short])
        ideal = np.linspace(ends[:, 0], ends[:, 1], 24, axis=1)
        ideal[..., 1] += rng.normal(0, 4e-4, (len(ends), 1)) * (1 - 3 * np.linspace(-1, 1, 24) ** 2)
        radius = np.hypot(ideal[..., 0], ideal[..., 1])[..., None]
        photo = ideal * np.polynomial.polynomial.polyval(radius, true)
        fit = straighten(Lines(photo, np.full(len(photo), 1000.0), np.zeros(len(photo), int)))
        off = apart(ideal_radii(fit.polynomial, 1.8), ideal_radii(true, 1.8), weights) / 1.8
        held += (np.abs(off) <= SURE * fit.error(1.8, weights))[asked].tolist()
    assert np.mean(held) > 0.85


def test_edges_that_agree_by_chance_are_no_surer_than_edges_are_usually() -> None:
    """Were the answer the same without each of the edges, their bends would still say how far it may be off."""
    rng, weights = np.random.default_rng(2), area_weights(1.5)
    ends = rng.uniform((-1.4, -0.9), (1.4, 0.9), (60, 1, 2)) + rng.uniform(-0.4, 0.4, (60, 2, 2))
    ideal = np.linspace(ends[:, 0], ends[:, 1], 24, axis=1)
    height = rng.normal(0, 1e-3, len(ends)) * np.hypot(*(ends[:, 1] - ends[:, 0]).T)
    ideal[..., 1] += height[:, None] * (1 - 3 * np.linspace(-1, 1, 24) ** 2)
    photo = ideal * (0.98 + 0.02 * np.sum(ideal**2, axis=2, keepdims=True))
    fit = straighten(Lines(photo, np.full(len(photo), 500.0), np.zeros(len(photo), int)))
    assert fit.left_out
    by_edges = replace(fit, rivals=(), bent=None).error(1.8, weights)[-1]
    agreeing = fit.left_out._replace(without=np.zeros_like(fit.left_out.without))
    by_bends = replace(fit, rivals=(), left_out=agreeing).error(1.8, weights)[-1]
    truth = ideal_radii((0.98, 0.0, 0.02), 1.8)
    off = float(np.abs(apart(truth, ideal_radii(fit.polynomial, 1.8), weights))[-1] / 1.8)
    assert off / SURE < by_bends < by_edges


@pytest.mark.parametrize(("lens_id", "crop"), [("summicron-35-asph", 2.64), ("elmarit-90", 1.0)])
def test_the_distortion_of_a_building_is_found(lens_id: str, crop: float) -> None:
    result = fitted(photos_of(scenes.building, lens_id, SIZE, crop=crop))
    assert error(result, lens_id, crop) < 0.0005
    assert result.bend_after < result.bend_before


def test_curved_things_before_the_lines_are_not_believed(shelf: list[NDArray[Any]]) -> None:
    result = fitted(shelf)
    assert error(result) < 0.0005
    assert (result.fit.weights < 0.5).any()


def test_a_chart_is_found_and_used() -> None:
    result = fitted(photos_of(scenes.chessboard(11, 8), LENS, SIZE, count=4, turned={"yaw": 25, "pitch": 20}))
    assert result.charts == 4
    assert error(result) < 0.0002


def test_a_chart_with_markers_is_found() -> None:
    cv2 = pytest.importorskip("cv2")
    aruco = cv2.aruco
    board = aruco.CharucoBoard((9, 6), 1.0, 0.7, aruco.getPredefinedDictionary(aruco.DICT_4X4_1000))
    picture = board.generateImage((900, 600), marginSize=30)
    board = chart_in((picture / 255).astype(np.float32))
    assert board is not None
    lines = board.lines
    assert len(lines) == 8 + 5
    for line in lines:
        straight = np.polynomial.Polynomial.fit(*(line if np.ptp(line[:, 0]) > 9 else line[:, ::-1]).T, 1)
        u, v = (line if np.ptp(line[:, 0]) > 9 else line[:, ::-1]).T
        assert np.abs(v - straight(u)).max() < 0.2


@pytest.mark.parametrize("kind", scenes.WITHOUT_LINES)
def test_scenes_without_lines_are_not_enough(kind: Any) -> None:
    with pytest.raises(CalibrationError, match="Not enough"):
        fitted(photos_of(kind, LENS, SIZE, count=2))


def within(radius: float) -> Any:
    """A building seen through a hole in a grey wall."""

    def scene(rng: np.random.Generator) -> Scene:
        building = scenes.building(rng)

        def paint(painter: Painter) -> None:
            building(painter)
            wall = painter.wall
            away = np.maximum(np.abs(wall.u), np.abs(wall.v)) - np.float32(radius)
            painter.paint((away * 5).clip(0, 1), 0.3)

        return paint

    return scene


def test_lines_in_the_centre_alone_are_not_enough() -> None:
    with pytest.raises(CalibrationError, match="Not enough"):
        fitted(photos_of(within(0.22), LENS, SIZE, turned={"yaw": 5, "pitch": 3}))


def test_what_was_not_measured_is_told() -> None:
    """Lines that end at two thirds of the way to the corners tell the lens; that the rest is continued is said."""
    result = fitted(photos_of(within(0.35), LENS, SIZE, turned={"yaw": 5, "pitch": 3}, count=5))
    assert 100 * error(result) < result.worth.surely_within.max()
    assert 0.55 < result.worth.reach < 0.8
    assert "it was not measured, and is continued" in " ".join(result.verdict)


def found_in(lines: Lines) -> MeasuredLines:
    return fit_lines([PhotoLines(lines, None, np.zeros((600, 900), np.uint8))], SIZE)


def test_a_large_error_of_a_larger_distortion_is_no_reason_to_refuse() -> None:
    """The lines leave a corner uncertain by 0.2 % of the half diagonal, and correct 5 %: that is stated and kept."""
    polynomial = (1.05, 0.0, -0.05)
    found = found_in(drawn(polynomial, noise=3e-4, count=30))
    truth = 100 * apart(ideal_radii(polynomial, 1.8), ideal_radii(found.fit.polynomial, 1.8), found.worth.weights) / 1.8
    assert np.all(np.abs(truth) < found.worth.surely_within[0] + 1e-6)
    assert found.worth.surely_within.max() > 0.07
    with pytest.raises(CalibrationError, match=r"Not enough: what they correct is .* What helps"):
        found_in(drawn((1.0,), noise=3e-4, count=24))


def test_a_lens_without_distortion_is_told_from_one_that_is_not_known() -> None:
    with pytest.raises(CalibrationError, match="Nothing to correct"):
        found_in(drawn((1.0,)))
