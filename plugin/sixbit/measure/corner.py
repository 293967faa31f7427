"""Fall-off from one figure: the light lost in the corner of the frame, and the shape that lenses share.

The mean of full-frame primes of 12 to 140 mm that lensfun has measured (245 wide open, 208 one stop down, 644 two
stops down or more): where it is off most beside their own curves, it is off by 0.10, 0.08 and 0.05 stops in half of
them, and by more than 0.22, 0.25 and 0.20 in one of ten.
"""

from __future__ import annotations

import math

import numpy as np

from sixbit.values.lens import Model

RADII = (0.25, 0.5, 0.65, 0.75, 0.85, 1.0)
"""In half diagonals of the frame."""
SHAPE = (0.06, 0.25, 0.42, 0.55, 0.70, 1.0)
"""The stops lost there over those lost in the corner: wide open, and from two stops down."""
SHAPE_ONE_DOWN = (0.03, 0.13, 0.27, 0.41, 0.61, 1.0)
"""The same about one stop down, where the rims of a fast lens shade no more than the corners."""
FAST = 2.8
"""The f-number up to which a lens has rims to lose: of the Elmar-M 24/3.8 at f/5.6, Leica prints 0.8 stops at 0.75."""
MOST_STOPS = 4.0
"""Beyond, lensfun's model cannot follow the shape."""


def fall_off(stops: float, f_number: float, widest: float) -> Model:
    """Make lensfun's fall-off model of the stops that a lens loses in the corner, at an f-number.

    ``widest`` is the f-number that the lens opens to. The curve goes through the figure, and keeps to the shape within
    0.03 stops. Raises ValueError for a figure that no lens has.

    >>> model = fall_off(2.0, 2.8, widest=2.8)
    >>> round(-math.log2(1 + sum(model.terms)), 6)
    2.0
    >>> [round(term, 3) for term in model.terms]
    [-1.406, 1.014, -0.359]
    """
    if not 0 < stops <= MOST_STOPS:
        raise ValueError(f"A corner loses more than none and at most {MOST_STOPS:g} stops, not {stops:g}.")
    down = 2 * math.log2(f_number / widest)
    shape = SHAPE_ONE_DOWN if widest <= FAST and 0.5 <= down < 1.5 else SHAPE
    lost = 2.0 ** (-stops * np.array(shape)) - 1
    r = np.array(RADII)
    # k3 is what is left in the corner: the curve goes through it. Errors count in stops, so by the light there is.
    columns = np.stack([r**2 - r**6, r**4 - r**6], axis=1) / (1 + lost)[:, None]
    k1, k2 = np.linalg.lstsq(columns, (lost - lost[-1] * r**6) / (1 + lost), rcond=None)[0]
    return Model("pa", (float(k1), float(k2), float(lost[-1] - k1 - k2)))
