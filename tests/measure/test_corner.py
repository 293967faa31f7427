"""Fall-off from the light lost in the corner alone."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

from sixbit.compiler.optics import vignetting
from sixbit.lenses.catalogue import catalogue
from sixbit.measure.corner import MOST_STOPS, RADII, SHAPE, SHAPE_ONE_DOWN, fall_off
from sixbit.values.polynomial import evaluate


def stops(model: tuple[str, tuple[float, ...]], r: float) -> float:
    return -log2(evaluate(vignetting(*model), r))


@pytest.mark.parametrize(
    ("f_number", "widest", "shape"),
    [
        (1.4, 1.4, SHAPE),
        (1.5, 1.4, SHAPE),
        (2.0, 1.4, SHAPE_ONE_DOWN),
        (2.8, 1.4, SHAPE),
        (8.0, 1.4, SHAPE),
        (8.0, 5.6, SHAPE),
    ],
)
@pytest.mark.parametrize("corner", [0.1, 1.0, 2.5, MOST_STOPS])
def test_the_curve_keeps_to_the_shape(corner: float, f_number: float, widest: float, shape: tuple[float, ...]) -> None:
    model = fall_off(corner, f_number, widest)
    off = [stops(model, r) - corner * share for r, share in zip(RADII, shape, strict=True)]
    assert max(map(abs, off)) < 0.03
    assert off[-1] == pytest.approx(0, abs=1e-9)
    light = evaluate(vignetting(*model), np.linspace(0, 1, 201))
    assert np.all(np.diff(light) <= 0)


@pytest.mark.parametrize(
    ("f_number", "widest", "corner", "printed"),
    [  # Leica's manuals: stops in the corner, and at 0.75 of the half diagonal, the corner of 18x27
        (1.4, 1.4, 3.2, 1.9),
        (2.8, 1.4, 1.7, 0.8),
        (3.8, 3.8, 1.9, 1.1),
        (5.6, 3.8, 1.4, 0.8),
        (1.4, 1.4, 3.4, 2.0),
        (5.6, 1.4, 1.8, 0.8),
    ],
)
def test_it_is_near_what_leica_prints_farther_in(f_number: float, widest: float, corner: float, printed: float) -> None:
    assert stops(fall_off(corner, f_number, widest), 0.75) == pytest.approx(printed, abs=0.2)


@pytest.mark.parametrize(("f_number", "printed"), [(5.6, 2.5), (8.0, 1.8)])
def test_the_summaron_has_it(f_number: float, printed: float) -> None:
    """Of it, Leica prints the corner alone."""
    entry = catalogue().calibration_entries("summaron-28")["vignetting"]
    found = entry.lens.interpolate_vignetting(28, f_number, 1000).terms
    assert found == pytest.approx(fall_off(printed, f_number, 5.6).terms, abs=6e-5)


@pytest.mark.parametrize("corner", [0.0, -1.0, 4.1, float("nan"), float("inf")])
def test_no_lens_loses_so_much(corner: float) -> None:
    with pytest.raises(ValueError, match="corner loses"):
        fall_off(corner, 2.0, 2.0)
