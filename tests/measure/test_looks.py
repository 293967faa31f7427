"""Fall-off from points that several photos see: drawn by lenses that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sixbit.measure.looks import Looks, fit_fall_off, light_at
from sixbit.measure.worth import RADII, Outcome, area_weights

pytest.importorskip("scipy")

WEIGHTS = area_weights(1.5)
INSIDE = RADII <= 0.9


def looks(pa: tuple[float, float, float], *, seed: int = 1, noise: float = 0.03, moved: float = 0.0) -> Looks:
    """Looks of 500 points in ten photos of other exposures; a share of them is of something that ``moved``."""
    rng = np.random.default_rng(seed)
    photo, point = (grid.ravel() for grid in np.meshgrid(np.arange(10), np.arange(500)))
    start = rng.uniform(-1, 1, (500, 2))
    at = start[point] + np.stack([0.12 * (photo - 4.5), rng.normal(0, 0.1, len(photo))], axis=1)
    r = np.hypot(*at.T)
    seen = r < 1
    photo, point, r = photo[seen], point[seen], r[seen]
    fall_off = np.log(1 + pa[0] * r**2 + pa[1] * r**4 + pa[2] * r**6)
    value = rng.normal(-1.5, 0.6, 500)[point] + rng.normal(0, 0.3, 10)[photo] + fall_off + rng.normal(0, noise, len(r))
    other = rng.uniform(size=len(r)) < moved
    value[other] += rng.normal(0.4, 0.6, int(other.sum()))
    value[rng.uniform(size=len(r)) < 0.05] = np.nan
    return Looks(photo, point, r, value)


@pytest.mark.parametrize("pa", [(-0.9, 0.35, -0.08), (-0.3, 0.0, 0.0)])
@pytest.mark.parametrize("moved", [0.0, 0.15])
def test_a_fall_off_is_found_within_its_error(pa: tuple[float, float, float], moved: float) -> None:
    found = fit_fall_off(looks(pa, moved=moved), WEIGHTS)
    assert found is not None
    off = np.abs(found.worth.correction[0] + np.log2(1 + pa[0] * RADII**2 + pa[1] * RADII**4 + pa[2] * RADII**6))
    assert off[INSIDE].max() < 0.02
    assert np.all(off[INSIDE] <= 1.5 * found.worth.surely_within[0, INSIDE] + 0.002)
    assert found.worth.surely_within[0, 20] < 0.05


def test_the_stated_error_is_true() -> None:
    pa = (-0.9, 0.35, -0.08)
    truth = -np.log2(1 + pa[0] * RADII**2 + pa[1] * RADII**4 + pa[2] * RADII**6)
    held = []
    for seed in range(6):
        shown = looks(pa, seed=seed)
        found = fit_fall_off(shown, WEIGHTS)
        assert found is not None
        held += (np.abs(found.worth.correction[0] - truth) <= found.worth.surely_within[0])[[10, 20, 30, 36]].tolist()
    assert np.mean(held) >= 0.85


@pytest.mark.parametrize("moved", [0.0, 0.15])
def test_a_tone_curve_that_is_seen_makes_it_unsure(moved: float) -> None:
    """Fall-off is drawn steeper or flatter by it: here by 13 and 28 % of it, which no error held."""
    plain = looks((-0.9, 0.35, -0.08), seed=1, moved=moved)
    code = np.exp(plain.value / 2.2).clip(0, 1)
    for toned in (
        np.log(1 - np.exp(-2 * np.exp(plain.value))),
        2.2 * np.log(0.5 * code + 0.5 * code**2 * (3 - 2 * code)),
    ):
        found = fit_fall_off(replace(plain, value=toned), WEIGHTS)
        assert found is not None
        assert found.is_toned
        assert found.worth.outcome is Outcome.UNSURE
        truth = -np.log2(1 - 0.9 * RADII**2 + 0.35 * RADII**4 - 0.08 * RADII**6)
        assert np.all(np.abs(found.worth.correction[0] - truth) <= found.worth.surely_within[0] + 0.002)
    found = fit_fall_off(plain, WEIGHTS)
    assert found is not None
    assert not found.is_toned


def test_a_lens_gets_no_brighter_to_the_corner() -> None:
    found = fit_fall_off(looks((0.05, 0.0, 0.0)), WEIGHTS)
    assert found is not None
    light = 1 + sum(term * RADII ** (2 * k) for k, term in enumerate(found.model.terms, 1))
    assert np.diff(light).max() < 0.005
    assert found.worth.outcome.value != "worth keeping"


def test_too_few_looks_tell_nothing() -> None:
    shown = looks((-0.5, 0.0, 0.0))
    assert fit_fall_off(shown.only(shown.point < 20), WEIGHTS) is None
    assert fit_fall_off(shown.only(shown.photo < 3), WEIGHTS) is None


def test_light_is_read_where_all_of_it_is_known() -> None:
    light = np.full((40, 60, 3), 0.25, np.float32)
    light[20, 30, 1] = np.nan
    found = light_at(light, np.array([10.4, 30.0, 1.0]), np.array([10.0, 21.0, 1.0]))
    assert found[0] == pytest.approx(np.log(0.25), abs=1e-5)
    assert np.isnan(found[1]).tolist() == [False, True, False]
    assert np.isnan(found[2]).all()
