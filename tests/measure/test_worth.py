"""Whether a result is worth keeping: what it corrects against what is not known of it."""

from __future__ import annotations

import numpy as np
import pytest

from sixbit.measure.worth import LIMITS, RADII, Outcome, Worth, area_weights
from sixbit.values.known import SURE

KINDS = tuple(LIMITS)


def worth(kind: str, correction: float, error: float, corner: float = 0.0) -> Worth:
    """A correction that is so many limits of nothing everywhere, known to so many; ``corner`` adds to the error."""
    unit = LIMITS[kind].nothing
    errors = np.full(len(RADII), unit * error / SURE)
    errors[-1] += unit * corner / SURE
    return Worth(kind, np.full((1, len(RADII)), unit * correction), errors[None], area_weights(1.5), 1.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("correction", "error", "corner", "outcome"),
    [
        (10, 4.9, 0, Outcome.WORTH_KEEPING),
        (10, 5.1, 0, Outcome.UNSURE),
        (0.5, 0.4, 0, Outcome.NOTHING),
        (0.5, 0.6, 0, Outcome.UNSURE),
        (0.9, 0.05, 0, Outcome.NOTHING),
        (1.1, 0.05, 0, Outcome.WORTH_KEEPING),
        (10, 1, 10.9, Outcome.WORTH_KEEPING),
        (10, 1, 11.1, Outcome.UNSURE),
    ],
)
def test_the_outcome(kind: str, correction: float, error: float, corner: float, outcome: Outcome) -> None:
    one = worth(kind, correction, error, corner)
    assert one.outcome is outcome
    assert len(one.known.error) == 11
    assert one.known.in_words(kind).startswith("± ")


def test_the_frame_weighs_by_its_area() -> None:
    """No corner of a frame counts for much, and of a square frame no radius is beyond the half diagonal."""
    for ratio in (1.0, 1.5, 2.35):
        weights = area_weights(ratio)
        assert weights.sum() == pytest.approx(1)
        assert weights[36:].sum() < 0.07
    # The disk that fits into a square is pi / 4 of it.
    assert area_weights(1.0)[RADII < 0.5**0.5].sum() == pytest.approx(np.pi / 4, abs=0.03)


def test_it_says_how_far_from_enough_it_is() -> None:
    assert worth("tca", 2, 2).why_unsure("edges") == (
        "what they correct is 0.2 px in the mean, give or take 0.2; the limit is half of it, 0.1. "
        "What helps: 4 times as many photos, or edges."
    )
    told = worth("distortion", 10, 1, 12).why_unsure("lines")
    assert told.startswith("at 100 % of the half diagonal their error is larger than what they correct by 0.15 %")


def test_what_was_not_reached_is_told() -> None:
    curve = np.ones((1, len(RADII)))
    reached = Worth("distortion", curve, 0.01 * curve, area_weights(1.5), 0.97)
    short = Worth("distortion", curve, 0.01 * curve, area_weights(1.5), 0.8)
    assert not reached.reach_in_words
    assert short.reach_in_words == ("Beyond 80 % of the half diagonal it was not measured, and is continued.",)


def test_lateral_colour_may_be_unsure_where_it_is_only_continued() -> None:
    """Beyond the reach a curve is told to be continued; sure of most of the frame, it is kept all the same."""
    correction = np.stack([1.5 * RADII, 0.3 * RADII * (1 - RADII)])
    error = np.tile(0.04 + 0.6 * np.maximum(0, RADII - 0.8), (2, 1))
    weights = area_weights(1.5)
    assert Worth("tca", correction, error, weights, 0.85).outcome is Outcome.WORTH_KEEPING
    assert Worth("tca", correction, error, weights, 1.0).outcome is Outcome.UNSURE


def test_lateral_colour_that_goes_on_makes_no_corner_worse() -> None:
    """A curve that runs away beyond the reach is no correction, however sure it is farther in."""
    away = 10 * np.maximum(0, RADII - 0.85)
    correction, weights = np.stack([1.5 * RADII + away, 0.3 * RADII * (1 - RADII)]), area_weights(1.5)

    def kept(corner: float) -> Outcome:
        error = np.stack([0.02 + corner / SURE * (away / away[-1]), np.full(len(RADII), 0.02)])
        return Worth("tca", correction, error, weights, 0.85).outcome

    assert kept(3.1) is Outcome.WORTH_KEEPING  # of 3 px
    assert kept(3.3) is Outcome.UNSURE
