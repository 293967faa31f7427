"""The shape of a distortion, as photographers speak of it: barrel, pincushion or both, and how much of it."""

from __future__ import annotations

import numpy as np

from sixbit.measure.straightness import ideal_radii
from sixbit.measure.worth import RADII
from sixbit.values.arrays import FloatArray
from sixbit.values.known import SURE
from sixbit.values.polynomial import Polynomial
from sixbit.values.sentence import Sentence

MORE = 1.2
"""Times what the corner has, from which on what lies nearer to the centre is worth a word."""
NEAR = 0.3
"""Half diagonals within which the error of a distortion grows with the radius."""


def percent(polynomial: Polynomial, farthest: float) -> FloatArray:
    """How much farther from the centre things lie than without distortion, in % of the distance, at ``RADII``.

    The radii are those of the photo, whose corner is ``farthest`` half short sides from its centre; the size of the
    picture without distortion is that which its centre has.

    >>> percent((1.03, 0.0, -0.03), 1.8)[[0, 20, 40]].round(1).tolist()
    [0.0, -2.3, -11.3]
    """
    ideal = ideal_radii(polynomial, farthest) * polynomial[0]
    found = np.zeros(len(RADII))
    found[1:] = 100 * (RADII[1:] * farthest / np.maximum(ideal[1:], 1e-9) - 1)
    return found


def percent_error(error: FloatArray, radii: FloatArray = RADII) -> FloatArray:
    """How far off :func:`percent` may be, where things are off by ``error`` (% of the half diagonal) but for the scale.

    The scale is that of the centre here, whose own error is the steepest that ``error`` is within ``NEAR``. So this is
    no smaller than it is in truth.

    >>> percent_error(np.array([0.0, 0.02, 0.1, 0.2]), np.array([0.0, 0.2, 0.5, 1.0])).round(2).tolist()
    [0.0, 0.13, 0.3, 0.3]
    """
    near = (radii > 0) & (radii <= NEAR)
    of_scale = float(np.max(error[near] / radii[near], initial=0.0))
    return np.minimum(radii / NEAR, 1) * (error / np.maximum(radii, 1e-9) + of_scale)


def in_words(curve: FloatArray) -> str:
    """Say what :func:`percent` found.

    >>> in_words(-6.4 * RADII**2)
    'barrel, 6.4 % at the corner'
    >>> in_words(2 * RADII**2 - 2.5 * RADII**4)
    'pincushion, 0.4 % at 62 % of the way to the corner, and barrel, 0.5 % at the corner'
    """
    corner, most = float(curve[-1]), int(np.argmax(np.abs(curve)))
    words = Sentence("{shape} at the corner", shape=_named(corner))
    turned = np.sign(corner) * curve
    if abs(curve[most]) < MORE * abs(corner) and -turned.min() > (MORE - 1) * abs(corner):
        most = int(np.argmin(turned))
    elif abs(curve[most]) < MORE * abs(corner):
        return words
    return Sentence(
        "{shape} at {percent:.0f} % of the way to the corner, and {others}",
        shape=_named(float(curve[most])),
        percent=float(100 * RADII[most]),
        others=words,
    )


def _named(percent: float) -> str:
    size = f"{abs(percent):.1f}" if abs(percent) >= 0.1 else f"{abs(percent):.2f}"
    return Sentence("barrel, {size} %", size=size) if percent < 0 else Sentence("pincushion, {size} %", size=size)


def centre_in_words(centre: FloatArray, error: FloatArray) -> tuple[str, ...]:
    """Say where an optical centre lies that is beside the middle, and its standard error, both in px; else nothing."""
    if not centre.any():
        return ()
    (x, y), (x_error, y_error) = centre, SURE * error
    return (
        Sentence(
            "The optical centre lies {x:+.0f} ± {x_error:.0f} px across and {y:+.0f} ± {y_error:.0f} px down from the "
            "middle of the picture, and is used. If a photo was cropped, that is why.",
            x=float(x),
            x_error=float(x_error),
            y=float(y),
            y_error=float(y_error),
        ),
    )
