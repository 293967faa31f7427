"""lensfun's lens models as polynomials in float64, the units they are written in, and the optics they make together.

All of them are factors: a distortion or lateral colour model multiplies a radius, a fall-off model divides the light.
The equations are those of lensfun 0.3.4 (``libs/lensfun/mod-coord.cpp``, ``mod-subpix.cpp``, ``mod-color.cpp``), whose
own come from PanoTools and Hugin. Terms stand in the order in which lensfunpy lists them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sixbit.compiler.shading import Shading
from sixbit.lenses.entries import Entry
from sixbit.values.polynomial import Polynomial
from sixbit.values.shot import INFINITY_M

SAME_FOCAL = 0.05
"""The share by which focal lengths differ that are told of one setting of a lens."""


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
    """A picture on a sensor: its size in px, and the crop factor of the frame it was taken in.

    ``frame`` is that frame where the picture is a part of it: left, top, width and height in px of the picture. The
    scales follow lensfun 0.3.4 (``libs/lensfun/modifier.cpp``): crop factors compare half diagonals, lengths go
    from pixel centre to pixel centre, and a side of one pixel counts as two.
    """

    width: int
    height: int
    crop_factor: float
    frame: tuple[float, float, float, float] | None = None

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the frame, in px.

        >>> SensorPicture(50, 101, 1.0, frame=(0, 0, 101, 101)).middle
        (50.0, 50.0)
        """
        left, top, width, height = self._frame
        return left + (width - 1) / 2, top + (height - 1) / 2

    @property
    def half_diagonal(self) -> float:
        """From the middle of the frame to the centre of a corner pixel of it, in px.

        >>> SensorPicture(7, 9, 1.0).half_diagonal
        5.0
        """
        return math.hypot(*self._lengths) / 2

    @property
    def sensor(self) -> Sensor:
        """The sensor that took it.

        >>> SensorPicture(4001, 3001, 1.5).sensor.aspect_ratio
        1.3333333333333333
        """
        short, long = sorted(self._lengths)
        return Sensor(self.crop_factor, long / short)

    @property
    def alone(self) -> SensorPicture:
        """The picture as a frame of its own, on a sensor as much smaller.

        >>> SensorPicture(101, 101, 1.0, frame=(-50, -50, 201, 201)).alone.crop_factor
        2.0
        """
        alone = SensorPicture(self.width, self.height, self.crop_factor)
        return replace(alone, crop_factor=self.crop_factor * self.half_diagonal / alone.half_diagonal)

    @property
    def is_off_centre(self) -> bool:
        """True for a part of a frame that has another middle."""
        return self.frame is not None and self.middle != ((self.width - 1) / 2, (self.height - 1) / 2)

    @property
    def stands(self) -> bool:
        """True for a frame that is higher than wide.

        >>> SensorPicture(40, 30, 1.0, frame=(0, 0, 40, 60)).stands
        True
        """
        _, _, width, height = self._frame
        return height > width

    @property
    def _frame(self) -> tuple[float, float, float, float]:
        return self.frame or (0, 0, self.width, self.height)

    @property
    def _lengths(self) -> tuple[float, float]:
        """The sides of the frame, from pixel centre to pixel centre."""
        _, _, width, height = self._frame
        return max(width - 1, 1), max(height - 1, 1)

    def centre(self, sensor: Sensor) -> tuple[float, float]:
        """The optical centre in px: the middle of the frame, or beside it if the calibration says so.

        >>> SensorPicture(101, 101, 1.0).centre(Sensor(1.0))
        (50.0, 50.0)
        """
        half = min(self._lengths) / 2
        return self.middle[0] + sensor.centre[0] * half, self.middle[1] + sensor.centre[1] * half

    def per_half_diagonal(self, sensor: Sensor) -> float:
        """Give the length of one px in half diagonals of the calibration sensor: the unit of fall-off."""
        return sensor.crop_factor / self.crop_factor / self.half_diagonal

    def per_half_short_side(self, sensor: Sensor) -> float:
        """Give the length of one px in half short sides of the calibration sensor: the unit of distortion and tca."""
        return self.per_half_diagonal(sensor) * math.hypot(sensor.aspect_ratio, 1)

    def short_sides_of(self, sensor: Sensor) -> float:
        """Give the short side of the calibration sensor in short sides of the frame.

        >>> SensorPicture(1501, 1001, 1.5).short_sides_of(Sensor(1.0))
        1.5
        """
        return round(2 / (self.per_half_short_side(sensor) * min(self._lengths)), 9)


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
    raise ValueError(f"The distortion model {model!r} is not known.")


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
    raise ValueError(f"The lateral colour model {model!r} is not known.")


def vignetting(model: str, terms: Sequence[float]) -> Polynomial:
    """Light at a radius over light in the centre, at the source radius in half diagonals.

    >>> vignetting("pa", [-0.5, 0.25, 0.0])
    (1.0, 0.0, -0.5, 0.0, 0.25, 0.0, 0.0)
    """
    if model == "pa":
        return (1.0, 0.0, terms[0], 0.0, terms[1], 0.0, terms[2])
    raise ValueError(f"The fall-off model {model!r} is not known.")


MODELS: Mapping[str, Callable[[str, Sequence[float]], Any]] = {
    "distortion": distortion,
    "tca": tca,
    "vignetting": vignetting,
}
"""lensfun's models by the kind of correction."""


@dataclass(frozen=True)
class Optics:
    """The optics of a lens as it was set: each model as factors of the radius, with the sensor it was measured on.

    ``strength`` says by kind how much of a correction is wanted; 1, all of it, where it says nothing.
    """

    distortion: tuple[Polynomial, Sensor] | None = None
    tca: tuple[tuple[Polynomial, Polynomial], Sensor] | None = None
    vignetting: tuple[Polynomial, Sensor] | None = None
    strength: Mapping[str, float] = field(default_factory=dict)
    shading: tuple[Shading, Sensor] | None = None

    @property
    def sensor(self) -> Sensor:
        """The sensor that the optical centre is taken from: of the geometry, where it was measured."""
        return next((model[1] for model in (self.distortion, self.tca, self.vignetting) if model), Sensor(1.0))

    def strength_of(self, kind: str) -> float:
        """Give how much of a correction is wanted, from 0 to 2."""
        return self.strength.get(kind, 1.0)


def optics_of(
    entries: Mapping[str, Entry], focal_mm: float, f_number: float | None = None, distance_m: float = INFINITY_M
) -> Optics:
    """Interpolate lensfun entries, one a kind of correction, to a focal length, aperture and distance.

    lensfun does it, by its own rules. A kind is None where there is no entry, or lensfun has no answer that far from
    what was measured, or it :func:`reaches` not so far; fall-off also where the f-number is not known.

    >>> from sixbit.lenses.catalogue import catalogue
    >>> entries = catalogue().calibration_entries("summicron-35-asph")
    >>> optics = optics_of(entries, 35.0)
    >>> optics.distortion[1].crop_factor, optics.vignetting
    (1.0, None)
    """
    found: dict[str, Any] = {}
    for kind, entry in entries.items():
        if not reaches(entry, kind, focal_mm):
            continue
        if model := _interpolated(entry.lens, kind, focal_mm, f_number, distance_m):
            sensor = Sensor(entry.crop_factor, entry.aspect_ratio, entry.centre)
            found[kind] = MODELS[kind](model.model.name.lower(), model.terms), sensor
    return Optics(**found)


def reaches(entry: Entry, kind: str, focal_mm: float) -> bool:
    """Tell whether a focal length was measured, or lies between two that were.

    lensfun has an answer for any other, too: that of the nearest, which is another lens as far as its faults go.
    """
    measured = [row.focal for row in getattr(entry.lens, f"calib_{kind}")]
    return bool(measured) and min(measured) * (1 - SAME_FOCAL) <= focal_mm <= max(measured) * (1 + SAME_FOCAL)


def _interpolated(lens: Any, kind: str, focal_mm: float, f_number: float | None, distance_m: float) -> Any:
    if kind == "distortion":
        return lens.interpolate_distortion(focal_mm)
    if kind == "tca":
        return lens.interpolate_tca(focal_mm)
    return None if f_number is None else lens.interpolate_vignetting(focal_mm, f_number, distance_m)
