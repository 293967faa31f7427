"""Cameras from points that photos share: drawn by cameras that are known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sixbit.measure.bundle import Sights, adjust, adjust_again, jackknife
from sixbit.measure.camera import Jackknife, fit_lens
from sixbit.measure.jackknife import jackknife_error
from sixbit.measure.straightness import apart, ideal_radii, polynomial_of
from sixbit.measure.worth import RADII, area_weights
from sixbit.values.arrays import FloatArray
from sixbit.values.known import SURE
from sixbit.values.polynomial import Polynomial, evaluate

pytest.importorskip("scipy")

FOCAL = 2.5
FARTHEST = 3.25**0.5
WEIGHTS = area_weights(1.5)
BARREL = (1.0, 0.0, -0.04, 0.0, 0.005)


def sights(
    polynomial: Polynomial,
    *,
    centre: tuple[float, float] = (0.0, 0.0),
    noise: float = 3e-4,
    wrong: float = 0.0,
    seed: int = 1,
) -> Sights:
    """Points before eight cameras that stand beside each other; a share of the sights is ``wrong``."""
    rng = np.random.default_rng(seed)
    points = np.stack([rng.uniform(-6, 6, 200), rng.uniform(-4, 4, 200), rng.uniform(5, 10, 200)], axis=1)
    turns, places, photo, point, seen = [], [], [], [], []
    for k in range(8):
        turn = _turn(rng.normal(0, 0.15, 3))
        place = -turn @ [0.7 * (k - 3.5), rng.normal(0, 0.3), rng.normal(0, 0.3)]
        before = points @ turn.T + place
        ideal = FOCAL * before[:, :2] / before[:, 2:]
        radius = np.hypot(*ideal.T)
        drawn = ideal * evaluate(polynomial, radius)[:, None] + centre
        inside = (np.abs(drawn) < [1.5, 1.0]).all(axis=1) & (radius < 2.2)
        photo += [k] * int(inside.sum())
        point += np.flatnonzero(inside).tolist()
        seen.append(drawn[inside])
        turns.append(turn)
        places.append(place)
    at = np.concatenate(seen)
    at += rng.normal(0, noise, at.shape)
    off = rng.uniform(size=len(at)) < wrong
    at[off] += rng.uniform(-0.1, 0.1, (int(off.sum()), 2))
    # The first guess is as rough as one without distortion.
    guess = points + rng.normal(0, 0.03, points.shape)
    return Sights(
        np.array(photo), np.array(point), np.arange(len(at)), at, np.array(turns), np.array(places), guess, 1.03 * FOCAL
    )


def _turn(by: FloatArray) -> FloatArray:
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_rotvec(by).as_matrix())


def off(polynomial: Polynomial, truth: Polynomial) -> FloatArray:
    return np.abs(apart(ideal_radii(polynomial, FARTHEST), ideal_radii(truth, FARTHEST), WEIGHTS)) / FARTHEST


def test_photos_without_a_sight_make_nothing_surer() -> None:
    plain = sights(BARREL)
    more = replace(
        plain,
        photo=plain.photo + 12,
        turns=np.concatenate([np.tile(np.eye(3), (12, 1, 1)), plain.turns]),
        places=np.concatenate([np.zeros((12, 3)), plain.places]),
    )
    alone, among = (jackknife(adjust(of, 2, False, FOCAL), False, FOCAL) for of in (plain, more))
    assert len(among.without) == len(alone.without) == 8
    assert among.unseen == pytest.approx(alone.unseen)


def test_a_fit_that_ran_away_is_none() -> None:
    bundle = adjust(sights(BARREL), 2, False, FOCAL)

    def without_each(terms: int, free: bool) -> Jackknife:
        found = jackknife(adjust_again(bundle, terms, free, FOCAL), free, FOCAL)
        return found._replace(unseen=np.full(8, np.nan)) if terms == 1 else found

    found = fit_lens(without_each, (1, 2), bundle.sights.seen, FARTHEST, WEIGHTS)
    assert found
    assert off(polynomial_of(found.model, found.terms), BARREL).max() < 4e-4
    assert fit_lens(without_each, (1,), bundle.sights.seen, FARTHEST, WEIGHTS) is None


def test_a_camera_is_found() -> None:
    bundle = adjust(sights(BARREL), 2, False, FOCAL)
    assert off(bundle.camera.polynomial, BARREL).max() < 4e-4
    assert bundle.sights.focal == pytest.approx(FOCAL, rel=0.01)
    assert 1e-4 < bundle.deviation < 3e-4  # points follow their noise


def test_what_contradicts_the_rest_loses_its_weight() -> None:
    shown = sights(BARREL, wrong=0.15)
    bundle = adjust(shown, 2, False, FOCAL)
    assert off(bundle.camera.polynomial, BARREL).max() < 8e-4
    assert 0.1 < np.mean(bundle.weights < 0.1) < 0.3


def test_a_centre_beside_the_middle_is_found() -> None:
    shown = sights(BARREL, centre=(0.08, -0.05))
    bundle = adjust(shown, 2, True, FOCAL)
    assert bundle.centre == pytest.approx([0.08, -0.05], abs=0.015)
    held = adjust_again(bundle, 2, False, FOCAL)
    assert not held.centre.any()
    assert np.mean((bundle.weights * held.weights) > 0) > 0.9


def test_the_stated_error_is_true() -> None:
    """Of five draws of the noise, at four radii each."""
    held = []
    for seed in range(5):
        bundle = adjust(sights(BARREL, noise=1e-3, seed=seed), 2, True, FOCAL)
        found = fit_lens(
            lambda terms, free, bundle=bundle: jackknife(adjust_again(bundle, terms, free, FOCAL), free, FOCAL),
            (1, 2),
            bundle.sights.seen,
            FARTHEST,
            WEIGHTS,
        )
        assert found is not None
        away = off(polynomial_of(found.model, found.terms), BARREL)
        held += [away[k] <= SURE * found.error[k] + 1e-5 for k in (10, 20, 30, 36)]
        assert found.error[RADII <= 0.75].max() < 0.004
    assert np.mean(held) >= 0.85


def test_photos_left_out_tell_the_terms_apart() -> None:
    bundle = adjust(sights(BARREL), 3, False, FOCAL)
    unseen = [jackknife(adjust_again(bundle, terms, False, FOCAL), False, FOCAL).unseen.sum() for terms in (1, 2, 3)]
    assert unseen[0] > 1.05 * unseen[1]
    assert unseen[2] > 0.98 * unseen[1]


def test_few_parts_make_a_wide_error() -> None:
    each = np.array([[0.9], [1.1]])
    assert jackknife_error(each, np.ones(1))[0] > 4 * math.hypot(0.1, 0.1) / 2
