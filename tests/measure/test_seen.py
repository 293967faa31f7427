"""What photos of straight things brought, and what they lack, whether or not they were enough."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from sixbit.measure import shape
from sixbit.measure.chart import Board
from sixbit.measure.lines import LinesError, PhotoLines, fit_lines
from sixbit.measure.seen import Brought
from sixbit.measure.straightness import BINS, Lines, apart, ideal_radii
from sixbit.measure.worth import RADII, area_weights

SIZE = (900, 600)
BARREL = (1.03, 0.0, -0.03)


def photo(
    count: int, across: tuple[float, float], down: tuple[float, float] = (-0.95, 0.95), seed: int = 1
) -> PhotoLines:
    """Upright lines of a lens with barrel distortion in a part of the frame, in half widths and half heights."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(*across, count) * 1.5
    ends = np.stack([np.stack([x, np.full(count, end)], 1) for end in down], 1)
    ideal = np.linspace(ends[:, 0], ends[:, 1], BINS, axis=1)
    factor = np.polynomial.polynomial.polyval(np.hypot(ideal[..., 0], ideal[..., 1]), BARREL)
    points = ideal * factor[..., None] + rng.normal(0, 1e-5, ideal.shape)
    return PhotoLines(Lines(points, np.full(count, 299.5), np.zeros(count, int)), None, np.zeros(SIZE[::-1], np.uint8))


def refusal(photos: list[PhotoLines]) -> LinesError:
    with pytest.raises(LinesError) as caught:
        fit_lines(photos, SIZE)
    return caught.value


def test_a_refusal_has_the_lines_and_what_each_photo_brought() -> None:
    error = refusal([photo(9, (-0.4, 0.0)), photo(5, (0.0, 0.4)), photo(0, (0, 0))])
    assert "only 14 long edges were found in these photos, and it takes 20" in str(error)
    assert [one.edges for one in error.seen.brought.values()] == [9, 5, 0]
    assert error.seen.brought[2].in_words == "It brought nothing: no long edge was found in it."
    assert [len(error.seen.lines.only(error.seen.lines.photo == k)) for k in range(3)] == [9, 5, 0]


def test_the_edges_of_the_frame_without_lines_are_named() -> None:
    error = refusal([photo(15, (-0.4, 0.4), (-0.5, 0.5), seed) for seed in range(3)])
    assert "reach only" in str(error)
    assert "and 55 % are needed" in str(error)
    assert "a photo with straight things near the edges of the frame" in str(error)
    inner = [photo(9, (-0.3, 0.3), seed=seed) for seed in range(2)]
    assert refusal(inner).seen.lacking == ("left", "right")
    assert refusal([*inner[:1], photo(9, (0.75, 0.95))]).seen.lacking == ("left",)


def test_small_charts_in_the_middle_are_named_as_the_cause() -> None:
    small = photo(20, (-0.3, 0.3), (-0.3, 0.3))
    corners = small.lines.points[:, ::12].reshape(-1, 2)
    board = Board(corners, np.zeros_like(corners))
    error = refusal([small._replace(board=board)] * 2)
    assert "it lies in the middle of the frame" in str(error)
    assert "Fill the frame with it" in str(error)
    assert "Go nearer: it should fill the frame." in error.seen.brought[0].in_words


def test_a_chart_that_nearly_fills_the_frame_is_not_called_small() -> None:
    said = Brought(0, None, 54, 0.77).in_words
    assert "nearer" not in said
    assert said.endswith("Have it reach farther.")


def test_a_refusal_travels_between_processes() -> None:
    error = refusal([photo(3, (-0.4, 0.4))])
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_photo_that_stands_has_its_edges_where_it_stands() -> None:
    lying = photo(12, (0.8, 0.95))
    points = lying.lines.points[..., ::-1] * (1, -1)
    standing = PhotoLines(Lines(points, lying.lines.px, lying.lines.photo), None, np.zeros(SIZE, np.uint8))
    assert "right" not in refusal([lying]).seen.lacking
    assert "upper" not in refusal([standing]).seen.lacking
    assert "lower" in refusal([standing]).seen.lacking


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ((1.03, 0.0, -0.03), "barrel, 11.4 % at the corner"),
        ((0.98, 0.0, 0.02), "pincushion, 6.1 % at the corner"),
        ((1.0, 0.0, -0.03, 0.0, 0.012), "barrel, 1.9 % at 60 % of the way to the corner, and pincushion, 2.3 %"),
    ],
)
def test_the_shape_is_said_as_photographers_do(terms: tuple[float, ...], said: str) -> None:
    assert shape.in_words(shape.percent(terms, 1.803)).startswith(said)


def test_the_error_of_a_distortion_holds_what_its_scale_hides() -> None:
    """Two lenses that are apart by an error that is known but for the scale are no farther apart than is said."""
    farthest = 1.803
    one, other = shape.percent((1.0, 0.0, -0.030), farthest), shape.percent((1.0, 0.0, -0.032), farthest)
    weights = area_weights(1.5)
    ideal = (ideal_radii((1.0, 0.0, term), farthest) for term in (-0.030, -0.032))
    error = 100 * np.abs(apart(*ideal, weights)) / farthest
    assert (np.abs(one - other) <= shape.percent_error(error) + 0.02).all()
    assert abs(one - other)[-1] > error[-1]
    assert len(RADII) == len(error)
