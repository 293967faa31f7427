"""What the user's own calibrations cover, and what to measure next."""

from __future__ import annotations

from pathlib import Path

import pytest

from sixbit.calibration.coverage import coverage
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.own import Run
from sixbit.values.kinds import Grade
from sixbit.values.lens import Calibration

LENS = catalogue().lenses["summilux-35-asph-fle"]._replace(calibrations=())


def flats(*apertures: float, model: str = "LEICA M10", distance_m: float | None = None) -> list[Run]:
    return [
        Run(
            Path(),
            f"run-{f_number}",
            LENS.lens_id,
            LENS.name,
            ("vignetting",),
            1.0,
            1.5,
            35.0,
            "2 flats",
            "2026-11-28",
            f_number=f_number,
            distance_m=distance_m,
            model=model,
        )
        for f_number in apertures
    ]


@pytest.mark.parametrize(
    ("apertures", "missing"),
    [
        ((), "fall-off wide open, at f/1.4"),
        ((2.8, 5.6), "fall-off wide open, at f/1.4"),
        ((1.4,), "fall-off stopped down, at f/5.6"),
        ((1.4, 5.6), "fall-off between f/1.4 and f/5.6, such as f/2.8"),
        ((1.4, 2.8, 5.6), ""),
        ((1.4, 2.0, 2.8, 4.0, 5.6, 8.0), ""),
    ],
)
def test_the_aperture_that_is_missing_is_told(apertures: tuple[float, ...], missing: str) -> None:
    said = coverage(LENS, flats(*apertures))[-1]
    assert said == f"Next: distortion; lateral colour{f'; {missing}' if missing else ''}."


def test_apertures_distances_and_bodies_are_told() -> None:
    runs = flats(2.8, 1.4) + flats(1.4, distance_m=0.7) + flats(2.0, model="LEICA M11")
    assert coverage(LENS, runs)[:2] == (
        "Fall-off of yours on LEICA M10: f/1.4 at 0.7 m, f/1.4, f/2.8.",
        "Fall-off of yours on LEICA M11: f/2.",
    )
    assert not any("yours" in words for words in coverage(LENS._replace(lens_id="other"), runs))


def test_what_others_have_measured_is_not_missing() -> None:
    known = [Calibration(kind, Grade.MEASURED, "", "", "") for kind in ("distortion", "tca", "vignetting")]
    assert coverage(LENS._replace(calibrations=tuple(known)), ()) == ()
    published = [known[0], known[1], known[2]._replace(grade=Grade.PUBLISHED)]
    assert coverage(LENS._replace(calibrations=tuple(published)), ()) == ("Next: fall-off wide open, at f/1.4.",)
