"""Colour shading: how red and blue fall off against green, by lens and sensor together.

A plane's shading is ``radial(r) + surface(x, y)``, 1 in the centre: red (or blue) light over green light at a point of
the sensor, over the same in the centre. x, y and r are in half diagonals of the frame it was measured on, from its
centre. The radial part is what steep rays lose under a filter; the surface (powers of x and y) is what differs from
side to side ("Italian flag"). Both are linear in their coefficients, so measurements are interpolated by these.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sixbit.values.errors import CatalogueError
from sixbit.values.polynomial import UNITY, Polynomial, evaluate
from sixbit.values.shot import INFINITY_M

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sixbit.lenses.own import Run

    FloatArray = NDArray[np.float64]

Surface = Mapping[tuple[int, int], float]
"""Coefficients by the powers of x and y."""

FARTHEST = 1.0
"""How far in 4 / f-number a measurement may be: beyond, lensfun has no answer for fall-off either."""


@dataclass(frozen=True)
class PlaneShading:
    """The shading of one plane against green.

    >>> import numpy as np
    >>> cast = PlaneShading((1.0, 0.0, -0.1), {(1, 0): 0.02})
    >>> cast.at(np.array([0.0, 1.0]), np.array([0.0, 0.0])).tolist()
    [1.0, 0.92]
    """

    radial: Polynomial = UNITY
    surface: Surface | None = None

    def at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """The shading at points of the sensor."""
        return self.radial_at(x, y) + self.surface_at(x, y)

    def radial_at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Its radial part, 1 in the centre."""
        import numpy as np

        return evaluate(self.radial, np.hypot(x, y))

    def surface_at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """The rest, 0 in the centre."""
        import numpy as np

        rest: FloatArray = np.zeros(np.broadcast(x, y).shape)
        for (i, j), coefficient in (self.surface or {}).items():
            rest += coefficient * x**i * y**j
        return rest


@dataclass(frozen=True)
class Shading:
    """The colour shading of a lens on a body, as it was set. Green is 1 everywhere."""

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
        """As JSON values.

        >>> Shading(PlaneShading((1.0, 0.0, -0.1)), PlaneShading()).to_json()["red"]
        {'radial': [1.0, 0.0, -0.1], 'surface': []}
        """

        def values(plane: PlaneShading) -> dict[str, Any]:
            surface = [[i, j, coefficient] for (i, j), coefficient in sorted((plane.surface or {}).items())]
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
            return PlaneShading(radial, surface or None)

        return cls(plane("red"), plane("blue"), bool(values["landscape"]))


def shading_of(run: Run) -> Shading:
    """The shading of a record; CatalogueError if its numbers make no sense."""
    try:
        return Shading.from_json(run.shading or {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(f"holds a shading that cannot be read ({error}).", subject=run.path) from error


def interpolated(runs: Sequence[Run], f_number: float, distance_m: float) -> Shading | None:
    """The shading at an aperture and distance, from records of one lens and body, the oldest first; None if all are
    too far off.

    Straight in 1 / f-number, which the half angle of the cone of light on a pixel goes with, between the two
    apertures that were measured beside it, then straight in 1 / distance, which the extension of the lens, and with it
    the place of the exit pupil, goes with; beyond the outermost measurement that one counts. A distance counts if one
    of its apertures is near enough. Of two records of the same setting the later one counts.
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
    """Straight between the two neighbours."""
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
        powers = {*(a.surface or {}), *(b.surface or {})}
        surface = {
            ij: (1 - share) * (a.surface or {}).get(ij, 0.0) + share * (b.surface or {}).get(ij, 0.0) for ij in powers
        }
        return PlaneShading(radial, surface or None)

    return Shading(plane(one.red, other.red), plane(one.blue, other.blue), one.landscape)
