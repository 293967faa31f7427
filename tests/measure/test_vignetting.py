"""The fit of vignetting, and the surfaces beside it."""

from __future__ import annotations

import numpy as np

from sixbit.measure.samples import Samples, surface_powers
from sixbit.measure.vignetting import fit_vignetting, largest_rise, vignetting_at


def test_a_fit_never_rises_and_keeps_its_light() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.uniform(-0.83, 0.83, 3000), rng.uniform(-0.55, 0.55, 3000)
    r = np.hypot(x, y)
    for bump in (0.0, 0.05, 0.1):
        value = np.log(1 - 0.6 * r**2 + bump * np.exp(-(((r - 0.95) / 0.1) ** 2))) + rng.normal(0, 0.003, 3000)
        zero = np.zeros(3000)
        terms = fit_vignetting(Samples(x, y, value, zero + 0.003, zero, zero.astype(int))).terms
        assert largest_rise(terms) <= 0.005
        assert vignetting_at(terms, 1.0) > 0


def test_no_radial_polynomial_is_in_the_surface() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-1, 1, 400), rng.uniform(-1, 1, 400)
    basis = [x**i * y**j for i, j in surface_powers(6, linear=True)] + [(x**2 + y**2) ** n for n in range(4)]
    assert np.linalg.matrix_rank(np.stack(basis)) == len(basis)
