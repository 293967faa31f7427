"""How well a fall-off is known of an aperture that is only a guess, as a Leica M makes it.

Fall-off was measured at whatever the ring said, and is kept for what the body guessed: the error is what lies between.
It is what 124 full-frame primes of 12 to 140 mm, that lensfun has measured at three apertures or more, change on
average (root mean square) from one stop to the next: most about one stop down, and hardly at all from four stops down.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sixbit.measure.worth import RADII, Worth
from sixbit.values.arrays import FloatArray

GUESS = 1.0
"""Stops that a guess may be off, as a standard error. No source tells: the body reckons it by half stops from a second
light sensor (http://www.mymymyohmy.com/software/m9tether-approximatefnumber.html), and owners find it off at times by
three (http://frozenphotons.blogspot.com/2011/06/yet-another-quirk.html)."""
DOWN = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
"""Stops down from wide open."""
KNOTS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0)
"""In half diagonals."""
CHANGE = (
    (0.0, 0.10, 0.24, 0.36, 0.40, 0.42, 0.51),
    (0.0, 0.10, 0.24, 0.38, 0.44, 0.49, 0.59),
    (0.0, 0.02, 0.06, 0.13, 0.19, 0.27, 0.35),
    (0.0, 0.01, 0.01, 0.03, 0.06, 0.09, 0.17),
    (0.0, 0.00, 0.01, 0.01, 0.02, 0.03, 0.08),
    (0.0, 0.00, 0.01, 0.01, 0.01, 0.02, 0.05),
)
"""EV by which fall-off changes with a stop more or less, for each of ``DOWN`` at each of ``KNOTS``."""


def error_of_guess(f_number: float, widest: float, stops: float = GUESS) -> FloatArray:
    """Standard error of a fall-off at ``RADII``, in EV, because its f-number may be off by so many stops.

    ``widest`` is the f-number that the lens opens to.

    >>> [round(float(error_of_guess(f, 2.0)[-1]), 2) for f in (2.0, 2.8, 4.0, 8.0)]
    [0.51, 0.59, 0.35, 0.08]
    """
    down = 2 * math.log2(max(f_number / widest, 1.0)) if widest else 0.0
    change = [np.interp(down, DOWN, of_knot) for of_knot in zip(*CHANGE, strict=True)]
    return np.asarray(stops * np.interp(RADII, KNOTS, change), np.float64)


def if_guessed(worth: Worth, f_number: float, widest: float, stops: float = GUESS) -> Worth:
    """Count into the error of a fall-off that its aperture is a guess."""
    return replace(worth, error=np.hypot(worth.error, error_of_guess(f_number, widest, stops)))
