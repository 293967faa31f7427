"""Distortion and centre from the corners of charts: drawn by cameras that are known."""

from __future__ import annotations

import numpy as np
import pytest

from sixbit.measure.boards import FittedBoards, fit_boards
from sixbit.measure.camera import as_lensfun
from sixbit.measure.chart import Board, _is_steady
from sixbit.measure.lines import PhotoLines, fit_lines
from sixbit.measure.straightness import Lines, apart, ideal_radii, line_of, polynomial_of
from sixbit.measure.worth import RADII, area_weights
from sixbit.values.arrays import FloatArray
from sixbit.values.known import SURE
from sixbit.values.polynomial import Polynomial

FARTHEST = 3.25**0.5
WEIGHTS = area_weights(1.5)
FOCAL = 3.0


def boards(
    polynomial: Polynomial, centre: tuple[float, float] = (0.0, 0.0), noise: float = 2e-4, count: int = 8
) -> list[Board]:
    """A chart of 9 x 7 corners from several sides, by a lens whose radius in the photo is the polynomial's."""
    rng = np.random.default_rng(3)
    squares = np.stack(np.meshgrid(np.arange(9.0), np.arange(7.0)), axis=-1).reshape(-1, 2)
    found = []
    for _ in range(count):
        yaw, pitch, roll = rng.uniform(-0.5, 0.5, 3)
        across = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        down = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
        round_ = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
        flat = np.concatenate([squares - [4, 3], np.zeros((63, 1))], axis=1)
        away = flat @ (across @ down @ round_).T + [rng.uniform(-2.5, 2.5), rng.uniform(-1.5, 1.5), rng.uniform(12, 16)]
        ideal = FOCAL * away[:, :2] / away[:, 2:]
        radius = np.hypot(*ideal.T)[:, None]
        points = ideal * np.polynomial.polynomial.polyval(radius, polynomial) + centre
        found.append(Board(points + rng.normal(0, noise, points.shape), squares))
    return found


def photo_of(board: Board | None) -> PhotoLines:
    """A photo of a chart, or of one bent thing."""
    along = np.linspace(-1, 1, 30)
    chains = board.lines if board else [np.stack([along, 0.3 * along**2], axis=1)]
    points = np.array([line_of(chain) for chain in chains])
    lines = Lines(points, np.full(len(points), 400.0), np.zeros(len(points), int))
    return PhotoLines(lines, board, np.zeros((800, 1200), np.uint8))


def fitted(of: list[Board]) -> FittedBoards:
    found = fit_boards(of, FARTHEST, WEIGHTS)
    assert found is not None
    return found


def off(found: FittedBoards, polynomial: Polynomial) -> FloatArray:
    here = ideal_radii(polynomial_of(found.lens.model, found.lens.terms), FARTHEST)
    return np.abs(apart(here, ideal_radii(polynomial, FARTHEST), WEIGHTS)) / FARTHEST


@pytest.mark.parametrize("polynomial", [(1.0, 0.0, -0.03), (1.0, 0.0, -0.04, 0.0, 0.006)])
def test_the_lens_is_found_within_its_error(polynomial: Polynomial) -> None:
    found = fitted(boards(polynomial))
    assert found.used.all()
    assert not found.lens.centre.any()
    assert np.all(off(found, polynomial) < SURE * found.lens.error + 1e-5)
    assert off(found, polynomial)[found.lens.reach > RADII].max() < 0.002


def test_the_centre_is_found_and_used() -> None:
    polynomial = (1.0, 0.0, -0.03)
    found = fitted(boards(polynomial, centre=(0.08, -0.05), count=12))
    assert np.abs(found.lens.centre - (0.08, -0.05)).max() < 0.01
    assert np.all(np.abs(found.lens.centre - (0.08, -0.05)) < 3 * found.lens.centre_error + 1e-6)
    assert np.all(off(found, polynomial) < SURE * found.lens.error + 1e-5)


def test_a_board_that_was_read_wrongly_is_left_out() -> None:
    polynomial = (1.0, 0.0, -0.03)
    shown = boards(polynomial)
    wrong = shown[2].squares.copy()
    wrong[wrong[:, 1] > 3, 1] += 1
    shown[2] = Board(shown[2].points, wrong)
    found = fitted(shown)
    assert found.used.tolist() == [k != 2 for k in range(8)]
    assert off(found, polynomial).max() < 0.001


def test_a_model_of_lensfuns_own_is_found_by_the_lines_of_the_chart() -> None:
    """Its odd powers are none of OpenCV's, which would be off in the corners, where no chart was."""
    polynomial = (1.03, 0.05, -0.14, 0.06)
    found = fit_lines([photo_of(board) for board in boards(polynomial, noise=5e-5)], (1200, 800))
    assert found.fit.model == "ptlens"
    here = ideal_radii(found.fit.polynomial, FARTHEST)
    truth = 100 * np.abs(apart(here, ideal_radii(polynomial, FARTHEST), found.worth.weights)) / FARTHEST
    assert np.all(truth < found.worth.surely_within[0] + 1e-3)


def test_too_few_boards_are_left_to_their_lines() -> None:
    assert fit_boards(boards((1.0,))[:2], FARTHEST, WEIGHTS) is None


def test_a_burst_from_one_place_tells_no_more_than_a_photo() -> None:
    """The photos err alike: without one of them, the others say the same."""
    rng = np.random.default_rng(5)

    def burst(board: Board) -> list[Board]:
        return [Board(board.points + rng.normal(0, 5e-5, board.points.shape), board.squares) for _ in range(4)]

    shown = boards((1.0, 0.0, -0.03), noise=2e-3, count=5)
    assert fit_boards([*burst(shown[0]), *burst(shown[1])], FARTHEST, WEIGHTS) is None
    once, often = fitted(shown), fitted([board for one in shown for board in burst(one)])
    assert often.lens.error[28] > 0.7 * once.lens.error[28]
    assert np.all(often.lens.centre_error > 0.7 * once.lens.centre_error)


def test_photos_of_a_chart_are_measured_by_it() -> None:
    shown = [photo_of(board) for board in boards((1.0, 0.0, -0.03), centre=(0.08, -0.05), count=12)]
    found = fit_lines([*shown, photo_of(None)], (1200, 800))
    told = " ".join(found.verdict)
    assert found.charts == 12
    assert "12 of 13 photos show a chart whose corners fit one lens; the other 1 were left out" in told
    assert "The optical centre lies +32 ± " in told
    assert found.bend_after < 0.2 < found.bend_before


@pytest.mark.parametrize("model", ["poly3", "poly5", "ptlens"])
def test_a_model_of_lensfuns_is_found_again(model: str) -> None:
    terms = {"poly3": (-0.02,), "poly5": (-0.03, 0.004), "ptlens": (0.02, -0.05, 0.01)}[model]
    polynomial = polynomial_of(model, terms)
    scaled = tuple(number * 1.03 ** (power + 1) for power, number in enumerate(polynomial))
    name, found = as_lensfun(scaled, FARTHEST, WEIGHTS)
    assert name == model
    assert found == pytest.approx(terms, abs=1e-3)


def test_a_row_that_was_passed_over_makes_no_board() -> None:
    grid = np.stack(np.meshgrid(np.arange(7.0) ** 1.1, np.arange(6.0)), axis=-1)
    assert _is_steady(grid)
    assert not _is_steady(np.delete(grid, 2, axis=0))
    assert not _is_steady(np.delete(grid, 3, axis=1))
