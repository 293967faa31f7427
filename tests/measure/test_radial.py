"""A displacement along the radius fitted to blocks: its stated errors hold the truth."""

from __future__ import annotations

import numpy as np
import pytest

from sixbit.measure import radial
from sixbit.measure.radial import LOST, Fit, Samples, fits_of, mean_of
from sixbit.measure.worth import RADII

TERMS = np.array([0.6, 0.0, 0.5])
COUNT = 40


def samples(rng: np.random.Generator, *, alike: float = 0.0, lost: float = 0.0) -> Samples:
    """Blocks of a photo, of which some err much; ``alike`` px those of one edge, ``lost`` of their error to none."""
    edges = rng.uniform((-0.83, -0.55), (0.83, 0.55), (60, 2))
    which = rng.integers(60, size=400)
    place = edges[which] + rng.normal(0, 0.02, (400, 2))
    r = np.hypot(*place.T)
    error = rng.uniform(0.1, 0.5, 400)
    truth = TERMS @ [r, r**2, r**3]
    value = truth + 0.5 * error * rng.standard_t(3, 400) + alike * rng.standard_normal(60)[which]
    value -= lost * np.minimum(error, truth)
    return Samples(r, place / r[:, None], value, error, np.zeros(400, int), LOST)


def fitted(one: Samples) -> Fit:
    fits = fits_of(one)
    shares = np.exp(-(np.array([fit.misfit for fit in fits]) - fits[0].misfit) / 4)
    return mean_of(fits, shares / shares.sum())


def held(alike: float, lost: float) -> tuple[float, float]:
    """Share of intervals that hold the truth at half the radius and in the corner, and how wide they are."""
    rng = np.random.default_rng(5)
    fits = [fitted(samples(rng, alike=alike, lost=lost)) for _ in range(COUNT)]
    off = np.array([fit.terms - TERMS for fit in fits]) @ [RADII[[20, 40]] ** power for power in (1, 2, 3)]
    stated = 1.96 * np.array([fit.error[[20, 40]] for fit in fits])
    return float(np.mean(np.abs(off) < stated)), float(np.mean(stated) / np.sqrt(np.mean(off**2)))


@pytest.mark.parametrize(("alike", "lost"), [(0.0, 0.0), (0.1, 0.0), (0.0, 0.25)])
def test_the_stated_errors_hold_the_truth(alike: float, lost: float) -> None:
    """Also of blocks that err alike along an edge, and where compression has taken what is weak."""
    share, wide = held(alike, lost)
    assert share >= 0.93
    assert wide < 5


def test_blocks_that_err_alike_are_not_many_witnesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken one by one they would claim more than they know: what the parts are for."""
    monkeypatch.setattr(radial, "PARTS", 500)
    assert held(0.2, 0.0)[0] < 0.93


def test_few_parts_widen_the_interval() -> None:
    """As the quantiles of Student's t in the tables."""
    assert 1.96 * radial._widened(np.array([2.0, 5.0, 30.0])) == pytest.approx([4.303, 2.571, 2.042], rel=0.04)
