"""Values of which only an interval is known: fitted as well as if they were not rounded where they cross borders."""

from __future__ import annotations

import numpy as np
import pytest

from sixbit.measure.intervals import deviance, fit_between

STEP = 0.5
X = np.linspace(-1, 1, 2000)
JACOBIAN = np.stack([np.ones_like(X), X, X**2], axis=1)


def fitted(true: np.ndarray, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """From values rounded to ``STEP``, beginning with their least squares; and the standard errors."""
    read = np.round((JACOBIAN @ true + np.random.default_rng(seed).normal(0, noise, len(X))) / STEP) * STEP
    start = np.linalg.lstsq(JACOBIAN, read, rcond=None)[0]
    slack, errors = np.full(len(X), STEP / 2), np.full(len(X), noise)
    found, covariance = fit_between(read, slack, errors, start, JACOBIAN, lambda theta: JACOBIAN @ theta)
    assert deviance(read - JACOBIAN @ found, slack, errors) <= deviance(read - JACOBIAN @ start, slack, errors)
    return found, np.sqrt(np.diag(covariance))


def test_a_curve_is_found_from_where_it_crosses_the_borders() -> None:
    true = np.array([0.13, 0.4, -0.7])
    found, errors = fitted(true, 0.02)
    start = np.linalg.lstsq(JACOBIAN, np.round(JACOBIAN @ true / STEP) * STEP, rcond=None)[0]
    assert np.abs(start - true).max() > 0.03
    assert np.abs(found - true).max() < 0.02
    assert np.all(np.abs(found - true) < 4 * errors)


def test_noise_that_dithers_is_averaged() -> None:
    true = np.array([0.21, 0.03, 0.0])
    found, errors = fitted(true, 0.3)
    assert np.all(np.abs(found - true) < 4 * errors)
    assert errors[0] < 0.02


def test_what_crosses_no_border_is_left_open() -> None:
    """A constant within one step is known to be in it, and not where; the error says so."""
    found, errors = fitted(np.array([0.1, 0.0, 0.0]), 0.01)
    assert abs(found[0]) <= STEP / 2
    assert errors[0] > 0.02


def test_one_that_is_far_off_hardly_counts() -> None:
    value, slack, noise = np.zeros(200), np.zeros(200), np.full(200, 0.1)
    value[0] = 1000.0
    ones = np.ones((200, 1))
    found, _ = fit_between(value, slack, noise, np.array([5.0]), ones, lambda theta: ones @ theta)
    assert found[0] == pytest.approx(0.0, abs=0.01)
