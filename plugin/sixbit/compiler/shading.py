"""Colour shading: the fall-off of red and blue against green, by lens and sensor together.

A plane's shading is ``radial(r) + surface(x, y)``, 1 in the centre: red (or blue) light over green light at a point of
the sensor, over the same in the centre. x, y and r are in half diagonals of the frame it was measured on, from its
centre. The radial part is what steep rays lose under a filter; the surface (powers of x and y) is what differs from
side to side ("Italian flag"). Both are linear in their coefficients, so measurements are interpolated by these.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from sixbit.lenses.own import Run
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CatalogueError
from sixbit.values.polynomial import UNITY, Polynomial, evaluate
from sixbit.values.sentence import Sentence
from sixbit.values.shot import INFINITY_M

Surface = Mapping[tuple[int, int], float]
"""Coefficients by the powers of x and y."""

FARTHEST = 1.0
"""Distance in 4 / f-number of a measurement that still counts: beyond, lensfun has no answer for fall-off either."""


@dataclass(frozen=True)
class PlaneShading:
    """Shading of one plane against green.

    ``radial`` is its polynomial of the radius; ``surface``, if there is one, adds what differs from side to side.

    >>> import numpy as np
    >>> cast = PlaneShading((1.0, 0.0, -0.1), {(1, 0): 0.02})
    >>> cast.at(np.array([0.0, 1.0]), np.array([0.0, 0.0])).tolist()
    [1.0, 0.92]
    """

    radial: Polynomial = UNITY
    surface: Surface = field(default_factory=dict)

    def at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Evaluate the shading at points of the sensor, in half diagonals from the centre."""
        height: FloatArray = np.zeros(np.broadcast(x, y).shape)
        for (i, j), coefficient in self.surface.items():
            height += coefficient * x**i * y**j
        return self.radial_at(np.hypot(x, y)) + height

    def radial_at(self, r: FloatArray) -> FloatArray:
        """Evaluate the part that is the same to all sides, at radii in half diagonals."""
        return evaluate(self.radial, r)


@dataclass(frozen=True)
class Shading:
    """Colour shading of a lens on a body, as it was set. Green is 1 everywhere."""

    red: PlaneShading
    blue: PlaneShading
    landscape: bool = True
    """False if it was measured on upright pictures; a surface fits pictures that lie as it does."""

    @property
    def is_radial(self) -> bool:
        """True if it is the same to all sides."""
        return not (self.red.surface or self.blue.surface)

    @property
    def planes(self) -> tuple[PlaneShading, PlaneShading, PlaneShading]:
        """Red, green and blue."""
        return self.red, PlaneShading(), self.blue

    def to_json(self) -> dict[str, Any]:
        """Write the shading as JSON values.

        >>> Shading(PlaneShading((1.0, 0.0, -0.1)), PlaneShading()).to_json()["red"]
        {'radial': [1.0, 0.0, -0.1], 'surface': []}
        """

        def values(plane: PlaneShading) -> dict[str, Any]:
            surface = [[i, j, coefficient] for (i, j), coefficient in sorted(plane.surface.items())]
            return {"radial": list(plane.radial), "surface": surface}

        return {"red": values(self.red), "blue": values(self.blue), "landscape": self.landscape}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Shading:
        """Read what ``to_json`` wrote; raises ValueError, KeyError or TypeError if it is something else."""

        def plane(name: str) -> PlaneShading:
            radial = tuple(float(c) for c in values[name]["radial"])
            surface = {(int(i), int(j)): float(c) for i, j, c in values[name]["surface"]}
            numbers = [*radial, *surface.values()]
            if not radial or not all(map(math.isfinite, numbers)) or any(min(ij) < 0 for ij in surface):
                raise ValueError(f"its {name} shading makes no sense")
            return PlaneShading(radial, surface)

        return cls(plane("red"), plane("blue"), bool(values["landscape"]))


def shading_of(run: Run) -> Shading:
    """Read the shading of a run. Raises CatalogueError if the numbers make no sense."""
    try:
        return Shading.from_json(run.shading or {})
    except (ValueError, ArithmeticError, KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(
            Sentence("holds a shading that cannot be read ({error}).", error=error), subject=run.path
        ) from error


def interpolated(runs: Sequence[Run], f_number: float, distance_m: float) -> Shading | None:
    """Interpolate the shading at an aperture and a distance from runs with one lens and body, the oldest first.

    It is linear in 1 / f-number between the two apertures that were measured beside it, as the cone of light on a pixel
    is, and then linear in 1 / distance, as the extension of the lens is, and with it the place of the exit pupil.
    Beyond the outermost measurement that one counts; of two runs of the same setting the later one does. A distance
    counts if one of its apertures is near enough; None if there is no such distance.
    """
    grid: dict[float, dict[float, Shading]] = {}
    for run in runs:
        if run.f_number:
            vergence = 1 / min(run.distance_m or INFINITY_M, INFINITY_M)
            grid.setdefault(round(vergence, 4), {})[round(1 / run.f_number, 4)] = shading_of(run)
    near = FARTHEST / 4 + 1e-9
    rows = {
        vergence: _between(row, 1 / f_number)
        for vergence, row in grid.items()
        if min(abs(cone - 1 / f_number) for cone in row) <= near
    }
    return _between(rows, 1 / min(distance_m, INFINITY_M)) if rows else None


def _between(known: Mapping[float, Shading], at: float) -> Shading:
    """The shading that lies linearly between those of the two neighbours."""
    places = sorted(known)
    at = min(max(at, places[0]), places[-1])
    for left, right in pairwise(places):
        if left <= at <= right:
            share = (at - left) / (right - left)
            return _mixed(known[left], known[right], share)
    return known[places[0]]


def _mixed(one: Shading, other: Shading, share: float) -> Shading:
    if share == 0 or one.landscape != other.landscape:
        return one if share < 0.5 else other

    def plane(a: PlaneShading, b: PlaneShading) -> PlaneShading:
        length = max(len(a.radial), len(b.radial))
        padded = [(*p.radial, *[0.0] * (length - len(p.radial))) for p in (a, b)]
        radial = tuple((1 - share) * p + share * q for p, q in zip(*padded, strict=True))
        powers = {*a.surface, *b.surface}
        surface = {ij: (1 - share) * a.surface.get(ij, 0.0) + share * b.surface.get(ij, 0.0) for ij in powers}
        return PlaneShading(radial, surface)

    return Shading(plane(one.red, other.red), plane(one.blue, other.blue), one.landscape)
