"""lensfun's lens models as polynomials in float64, and the units they are written in.

All of them are factors: a distortion or lateral colour model multiplies a radius, a fall-off model divides the light.
The equations are those of lensfun 0.3.4 (``libs/lensfun/mod-coord.cpp``, ``mod-subpix.cpp``, ``mod-color.cpp``), whose
own come from PanoTools and Hugin. Terms stand in the order in which lensfunpy lists them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sixbit.values.polynomial import Polynomial

INFINITY_M = 1000.0
"""The distance that stands for infinity in lensfun's database."""


class ModelError(ValueError):
    """A lens model that is not known here."""


@dataclass(frozen=True)
class Sensor:
    """The sensor a calibration was made on: crop factor, aspect ratio (1 or more) and the shift of the optical centre.

    The shift is in units of half the short side.
    """

    crop_factor: float
    aspect_ratio: float = 1.5
    centre: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class SensorPicture:
    """A picture on a sensor: its size in px and its crop factor.

    The scales follow lensfun 0.3.4 (``libs/lensfun/modifier.cpp``): crop factors compare half diagonals, lengths go
    from pixel centre to pixel centre, and a side of one pixel counts as two.
    """

    width: int
    height: int
    crop_factor: float

    @property
    def half_diagonal(self) -> float:
        """From the centre to the centre of a corner pixel, in px.

        >>> SensorPicture(7, 9, 1.0).half_diagonal
        5.0
        """
        return math.hypot(max(self.width - 1, 1), max(self.height - 1, 1)) / 2

    def centre(self, sensor: Sensor) -> tuple[float, float]:
        """The optical centre in px: the middle of the picture, or beside it if the calibration says so.

        >>> SensorPicture(101, 101, 1.0).centre(Sensor(1.0))
        (50.0, 50.0)
        """
        half = max(min(self.width, self.height) - 1, 1) / 2
        return (self.width - 1) / 2 + sensor.centre[0] * half, (self.height - 1) / 2 + sensor.centre[1] * half

    def per_half_diagonal(self, sensor: Sensor) -> float:
        """What one px is worth in half diagonals of the calibration sensor: the unit of fall-off."""
        return sensor.crop_factor / self.crop_factor / self.half_diagonal

    def per_half_short_side(self, sensor: Sensor) -> float:
        """What one px is worth in half short sides of the calibration sensor: the unit of distortion and colour."""
        return self.per_half_diagonal(sensor) * math.hypot(sensor.aspect_ratio, 1)


def distortion(model: str, terms: Sequence[float]) -> Polynomial:
    """Source radius over output radius, at the output radius in half short sides.

    >>> distortion("poly3", [0.25])
    (0.75, 0.0, 0.25)
    """
    if model == "ptlens":
        a, b, c = terms[:3]
        return (1 - a - b - c, c, b, a)
    if model == "poly3":
        return (1 - terms[0], 0.0, terms[0])
    if model == "poly5":
        return (1.0, 0.0, terms[0], 0.0, terms[1])
    raise ModelError(f"The distortion model {model!r} is not known.")


def tca(model: str, terms: Sequence[float]) -> tuple[Polynomial, Polynomial]:
    """Red and blue radius over green radius, at the green radius in half short sides.

    >>> tca("linear", [1.001, 0.999])
    ((1.001,), (0.999,))
    """
    if model == "linear":
        return (terms[0],), (terms[1],)
    if model == "poly3":
        v_red, v_blue, c_red, c_blue, b_red, b_blue = terms[:6]
        return (v_red, c_red, b_red), (v_blue, c_blue, b_blue)
    raise ModelError(f"The lateral colour model {model!r} is not known.")


def vignetting(model: str, terms: Sequence[float]) -> Polynomial:
    """Light at a radius over light in the centre, at the source radius in half diagonals.

    >>> vignetting("pa", [-0.5, 0.25, 0.0])
    (1.0, 0.0, -0.5, 0.0, 0.25, 0.0, 0.0)
    """
    if model == "pa":
        return (1.0, 0.0, terms[0], 0.0, terms[1], 0.0, terms[2])
    raise ModelError(f"The fall-off model {model!r} is not known.")
