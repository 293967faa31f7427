"""The compiled correction: a small immutable value that every engine applies alike.

For a picture of width x height with the centre c and the half diagonal R (both in px, pixel centres at whole
numbers) and r = |p - c| / R of an output point p:

* source point of plane k: ``c' + (p - c) * P_k(r)``
* gain of plane k, in linear light: ``G_k(r)``, times the gain map where there is one

c' is the optical centre. It is c as well, but where a part of a frame was scaled about another point.

P and G are polynomials in r, coefficients in ascending powers. Nothing here knows of lens models.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sixbit.values.arrays import FloatArray
from sixbit.values.errors import Code, FilterError
from sixbit.values.polynomial import UNITY, Polynomial, evaluate

FORMAT = 1

LARGEST_SIDE = 1 << 24
"""Pixels; single precision counts no further."""
FARTHEST = 1e9
"""Pixels: where a centre may lie, and the largest half diagonal."""
LEAST_HALF_DIAGONAL = 1e-3
MOST_COEFFICIENTS = 64
"""Of a polynomial. The compiler's have 39 at most."""
MOST_NODES = 1 << 22
"""Of a gain map, in all planes."""


@dataclass(frozen=True, eq=False)
class Filter:
    """A correction, compiled for one picture size.

    ``warp`` and ``gain`` hold one polynomial (all planes alike) or three (red, green, blue). ``gain_map`` is
    planes x rows x columns; its outer nodes lie on the centres of the outer pixels, and it is read bilinearly at
    the output point. ``made_from`` says what was compiled (lens, calibrations, focal length ...), as JSON values.
    Raises FilterError for what no engine can apply: other numbers of planes, numbers that are not finite.

    >>> half = Filter(width=3, height=3, centre=(1.0, 1.0), half_diagonal=2**0.5, warp=((0.5,),))
    >>> half.source_points([[0.0, 0.0]]).tolist()
    [[[0.5, 0.5]], [[0.5, 0.5]], [[0.5, 0.5]]]
    >>> half.gains([[0.0, 0.0]]).tolist()
    [[1.0], [1.0], [1.0]]
    >>> Filter.from_json(half.to_json()) == half
    True
    """

    width: int
    height: int
    centre: tuple[float, float]
    half_diagonal: float
    warp: tuple[Polynomial, ...] = (UNITY,)
    gain: tuple[Polynomial, ...] = (UNITY,)
    gain_map: FloatArray | None = None
    error_px: float = 0.0
    """Largest distance between the fitted and the exact source point, over the frame."""
    error_gain: float = 0.0
    """Largest difference between the fitted and the exact gain, over the frame."""
    made_from: Mapping[str, Any] = field(default_factory=dict)
    source_centre: tuple[float, float] | None = None
    """The centre in the source, where it is another than in the output."""

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            side = getattr(self, name)
            _demand(type(side) is int and 0 < side <= LARGEST_SIDE, name, f"a whole number from 1 to {LARGEST_SIDE}")
        for name in {"centre", "source_centre"} if self.source_centre is not None else {"centre"}:
            well = _are_numbers(getattr(self, name), 2, 2) and max(map(abs, getattr(self, name))) <= FARTHEST
            _demand(well, name, f"two numbers, none beyond {FARTHEST:g}")
        half = self.half_diagonal
        well = _are_numbers((half,), 1, 1) and LEAST_HALF_DIAGONAL <= half <= FARTHEST
        _demand(well, "half_diagonal", f"a number from {LEAST_HALF_DIAGONAL:g} to {FARTHEST:g}")
        for name in ("warp", "gain"):
            planes = getattr(self, name)
            well = isinstance(planes, tuple) and len(planes) in (1, 3)
            well = well and all(_are_numbers(polynomial, 1, MOST_COEFFICIENTS) for polynomial in planes)
            _demand(well, name, f"1 or 3 polynomials of 1 to {MOST_COEFFICIENTS} finite coefficients")
        nodes = self.gain_map
        well = nodes is None or (isinstance(nodes, np.ndarray) and _is_map(nodes))
        _demand(well, "gain_map", f"finite numbers in 1 or 3 planes of rows and columns, {MOST_NODES} at most")
        _demand(_are_numbers((self.error_px, self.error_gain), 2, 2), "error_px, error_gain", "finite numbers")
        _demand(isinstance(self.made_from, Mapping), "made_from", "what was compiled, by name")

    @property
    def shift(self) -> tuple[float, float]:
        """How far the centre lies from where it comes from, in px."""
        x, y = self.source_centre or self.centre
        return x - self.centre[0], y - self.centre[1]

    @property
    def warps(self) -> bool:
        """True if any pixel moves."""
        return any(polynomial != UNITY for polynomial in self.warp) or self.shift != (0, 0)

    @property
    def brightens(self) -> bool:
        """True if any pixel changes its brightness where it is."""
        return self.gain_map is not None or any(polynomial != UNITY for polynomial in self.gain)

    @property
    def is_identity(self) -> bool:
        """True if the picture comes back unchanged, byte for byte."""
        return not (self.warps or self.brightens)

    @property
    def green(self) -> Filter:
        """The correction of green for all colours: of a picture that has none, so that it gets none."""

        def middle(planes: tuple[Polynomial, ...]) -> tuple[Polynomial, ...]:
            return (planes[len(planes) // 2],)

        nodes = self.gain_map
        if nodes is not None:
            nodes = np.broadcast_to(nodes[len(nodes) // 2], nodes.shape)
        return replace(self, warp=middle(self.warp), gain=middle(self.gain), gain_map=nodes)

    def window(self, x: int, y: int, width: int, height: int) -> Filter:
        """Fit the filter to a part that was cut out of the picture: the optical centre stays that of the whole.

        >>> whole = Filter(width=101, height=101, centre=(50.0, 50.0), half_diagonal=70.0, warp=((0.9,),))
        >>> whole.window(40, 0, 20, 101).source_points([[10.0, 0.0]])[1].tolist()
        [[10.0, 5.0]]
        """
        return replace(
            self,
            width=width,
            height=height,
            centre=(self.centre[0] - x, self.centre[1] - y),
            source_centre=self.source_centre and (self.source_centre[0] - x, self.source_centre[1] - y),
            gain_map=self._map_over(x, y, x + width - 1, y + height - 1),
        )

    def reduced(self, width: int, height: int, across: float, down: float) -> Filter:
        """Fit the filter to the picture reduced to width x height, each pixel the mean of across x down.

        >>> whole = Filter(width=101, height=101, centre=(49.5, 49.5), half_diagonal=70.0, warp=((0.9,),))
        >>> whole.reduced(25, 25, 4, 4).source_points([[2.0, 12.0]])[1].tolist()
        [[3.0, 12.0]]
        """
        return replace(
            self,
            width=width,
            height=height,
            centre=_reduced(self.centre, across, down),
            source_centre=self.source_centre and _reduced(self.source_centre, across, down),
            half_diagonal=self.half_diagonal / (across * down) ** 0.5,
            gain_map=self._map_over(
                (across - 1) / 2, (down - 1) / 2, (width - 0.5) * across - 0.5, (height - 0.5) * down - 0.5
            ),
        )

    def _map_over(self, left: float, top: float, right: float, bottom: float) -> FloatArray | None:
        """The gain map with its outer nodes at these points, and as many of them, though it may be a part."""
        if self.gain_map is None:
            return None
        planes, rows, columns = self.gain_map.shape
        y, x = np.meshgrid(np.linspace(top, bottom, rows), np.linspace(left, right, columns), indexing="ij")
        return self._map_at(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(planes, rows, columns)

    def source_points(self, xy: Any) -> FloatArray:
        """Where the output points ``xy`` (n, 2) come from, for red, green and blue: (3, n, 2) in px, float64."""
        offset = np.asarray(xy, np.float64).reshape(-1, 2) - self.centre
        r = np.hypot(offset[:, 0], offset[:, 1]) / self.half_diagonal
        factors = (evaluate(polynomial, r)[:, None] for polynomial in self.warp)
        centre = self.source_centre or self.centre
        return _three([centre + offset * factor for factor in factors])

    def gains(self, xy: Any) -> FloatArray:
        """The factors for linear light of red, green and blue at the output points ``xy`` (n, 2): (3, n), float64."""
        points = np.asarray(xy, np.float64).reshape(-1, 2)
        offset = points - self.centre
        r = np.hypot(offset[:, 0], offset[:, 1]) / self.half_diagonal
        gains = _three([evaluate(polynomial, r) for polynomial in self.gain])
        if self.gain_map is not None:
            gains = gains * self._map_at(points)
        return gains

    def _map_at(self, points: FloatArray) -> FloatArray:
        assert self.gain_map is not None
        _, rows, columns = self.gain_map.shape
        x = np.clip(points[:, 0] / max(self.width - 1, 1), 0, 1) * (columns - 1)
        y = np.clip(points[:, 1] / max(self.height - 1, 1), 0, 1) * (rows - 1)
        left = np.minimum(x.astype(int), max(columns - 2, 0))
        top = np.minimum(y.astype(int), max(rows - 2, 0))
        right, bottom = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
        u, v = x - left, y - top
        upper = self.gain_map[:, top, left] * (1 - u) + self.gain_map[:, top, right] * u
        lower = self.gain_map[:, bottom, left] * (1 - u) + self.gain_map[:, bottom, right] * u
        between: FloatArray = upper * (1 - v) + lower * v
        return between

    @cached_property
    def digest(self) -> str:
        """The hash that is left as the mark in a corrected photo (SHA-256, hexadecimal)."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self.digest == other.digest

    def to_json(self) -> str:
        """The filter as JSON text; the same filter always gives the same text."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        values["gain_map"] = None if self.gain_map is None else self.gain_map.tolist()
        values["made_from"] = dict(self.made_from)
        if self.source_centre is None:
            del values["source_centre"]
        return json.dumps({"sixbit_filter": FORMAT, **values}, indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Filter:
        """Read what ``to_json`` wrote; raises FilterError if it is something else."""
        try:
            values = json.loads(text)
            if values.pop("sixbit_filter") != FORMAT:
                why = f"This filter was written by another version of Sixbit (format {FORMAT} is read)."
                raise FilterError(why, Code.VERSION)
            gain_map = values.pop("gain_map")
            if gain_map is not None:
                gain_map = np.asarray(gain_map, np.float64)
            for name in ("warp", "gain"):
                values[name] = tuple(tuple(float(c) for c in polynomial) for polynomial in values[name])
            for name in {"centre", "source_centre"} & values.keys():
                values[name] = tuple(values[name])
            return cls(gain_map=gain_map, **values)
        except FilterError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise FilterError(f"This is not a Sixbit filter: {error}.") from error

    def save(self, path: str | Path) -> None:
        """Write the filter to a JSON file."""
        Path(path).write_text(self.to_json() + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Filter:
        """Read a filter from a JSON file; raises FilterError if that cannot be."""
        path = Path(path)
        try:
            if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe would be waited for
                raise FilterError("is not a file but a pipe or a device.", Code.NOT_A_FILE, subject=path)
            return cls.from_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            why = f"cannot be read: {getattr(error, 'strerror', None) or error}."
            raise FilterError(why, Code.NO_ACCESS, subject=path) from error


def _demand(well: bool, name: str, wanted: str) -> None:
    if not well:
        raise FilterError(f"This filter cannot be applied: {name} must be {wanted}.", Code.DAMAGED)


def _are_numbers(values: Any, least: int, most: int) -> bool:
    """Tell whether these are so many finite numbers."""
    if not isinstance(values, tuple) or not least <= len(values) <= most:
        return False
    return all(isinstance(value, int | float) and math.isfinite(value) for value in values)


def _is_map(nodes: FloatArray) -> bool:
    if nodes.dtype.kind != "f" or nodes.ndim != 3 or nodes.shape[0] not in (1, 3) or not 0 < nodes.size <= MOST_NODES:
        return False
    return bool(np.isfinite(nodes).all())


def _reduced(point: tuple[float, float], across: float, down: float) -> tuple[float, float]:
    """A point of a picture, in the picture of which each pixel is the mean of across x down."""
    return (point[0] + 0.5) / across - 0.5, (point[1] + 0.5) / down - 0.5


def _three(planes: list[FloatArray]) -> FloatArray:
    """One array a colour, where one may stand for all."""
    return np.stack(planes * (3 // len(planes)))
