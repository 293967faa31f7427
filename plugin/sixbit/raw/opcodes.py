"""DNG opcodes as values, and the lists that they stand in, as bytes (DNG 1.7.1, chapter 7).

A list is big-endian, whatever the order of the file. What Adobe's readers refuse is refused here: they refuse the whole
raw for it. A warp takes the pixel at x from c + (x - c) f(r), a fall-off is multiplied away by g(r); r is the distance
from the centre c over that of the farthest corner, and c a share of the picture, which is the ActiveArea.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from sixbit.values.arrays import FloatArray
from sixbit.values.polynomial import Polynomial, evaluate

OPTIONAL = 1
"""The flag of an opcode that a reader may leave out, if it does not know it."""
MOST_GAIN = 16.0
"""Of a fall-off: beyond, a table of 16 bits, as Adobe's readers use one, is coarser than the eye."""
MOST_OPCODES = 4096
MOST_PLANES = 4
MIDDLE = (0.5, 0.5)

NAMES = {
    1: "WarpRectilinear",
    2: "WarpFisheye",
    3: "FixVignetteRadial",
    4: "FixBadPixelsConstant",
    5: "FixBadPixelsList",
    6: "TrimBounds",
    7: "MapTable",
    8: "MapPolynomial",
    9: "GainMap",
    10: "DeltaPerRow",
    11: "DeltaPerColumn",
    12: "ScalePerRow",
    13: "ScalePerColumn",
    14: "WarpRectilinear2",
}
"""The opcodes that there are, by number."""


class OpcodeError(ValueError):
    """An opcode, or a list of them, that readers refuse."""


@dataclass(frozen=True)
class Opcode:
    """One opcode as it stands in a list: its number, the DNG version that brought it, its flags and parameters."""

    number: int
    version: tuple[int, int, int, int]
    flags: int
    parameters: bytes

    @property
    def name(self) -> str:
        """The name of it in the specification, or its number.

        >>> Opcode(3, (1, 3, 0, 0), OPTIONAL, b"").name
        'FixVignetteRadial'
        """
        return NAMES.get(self.number, f"opcode {self.number}")

    @property
    def is_optional(self) -> bool:
        """True if readers that do not know it may leave it out."""
        return bool(self.flags & OPTIONAL)


@dataclass(frozen=True)
class WarpRectilinear:
    """Distortion by even powers: f(r) = k0 + k1 r^2 + k2 r^4 + k3 r^6, of each plane or of all.

    ``tangential`` holds two more numbers for each plane. Raises OpcodeError for what readers refuse.

    >>> warp = WarpRectilinear(((1.0, -0.02, 0.0, 0.0),))
    >>> len(warp.to_bytes()), WarpRectilinear.from_bytes(warp.to_bytes()) == warp
    (68, True)
    """

    NUMBER: ClassVar[int] = 1
    VERSION: ClassVar[tuple[int, int, int, int]] = (1, 3, 0, 0)
    TERMS: ClassVar[int] = 4
    STEP: ClassVar[int] = 2
    ROOM: ClassVar[int] = 6
    """Numbers of a plane."""
    BEHIND: ClassVar[int] = 0
    """Bytes behind the centre."""

    planes: tuple[Polynomial, ...]
    centre: tuple[float, float] = MIDDLE
    tangential: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.tangential:
            object.__setattr__(self, "tangential", ((0.0, 0.0),) * len(self.planes))
        _demand(
            0 < len(self.planes) <= MOST_PLANES and len(self.tangential) == len(self.planes),
            "a warp of no planes, or of too many",
        )
        _demand(all(len(plane) == self.TERMS for plane in self.planes), f"a warp has {self.TERMS} terms")
        _check_numbers(*self.planes, *self.tangential)
        _check_centre(self.centre)
        for plane in range(len(self.planes)):
            source = RADII * self.factor(plane, RADII)
            _demand(bool(np.all(np.diff(source) > 0)), "a warp that folds over")

    def factor(self, plane: int, r: FloatArray) -> FloatArray:
        """Give f at radii; where one plane stands for all, any."""
        coefficients = self.planes[min(plane, len(self.planes) - 1)]
        return evaluate(coefficients, r**self.STEP if self.STEP > 1 else r)

    def check_for(self, planes: int) -> None:
        """Raise OpcodeError where a raw of so many colours does not take it."""
        _demand(len(self.planes) in (1, planes), f"a warp of {len(self.planes)} planes for a raw of {planes}")

    def to_bytes(self) -> bytes:
        """Write the parameters: valid on all of the radius, where that is said."""
        data = struct.pack(">I", len(self.planes))
        for radial, tangential in zip(self.planes, self.tangential, strict=True):
            data += struct.pack(f">{self.ROOM}d", *radial, *tangential, *(0.0, 1.0)[: self.ROOM - self.TERMS - 2])
        return data + struct.pack(">2d", *self.centre) + bytes(self.BEHIND)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read the parameters; raises OpcodeError for what they are not, and for the reciprocal of a polynomial."""
        (count,) = map(int, _unpack(">I", data, 0))
        whole = 4 + 8 * cls.ROOM * count + 16 + cls.BEHIND
        _demand(0 < count <= MOST_PLANES and len(data) == whole, "a warp of a wrong length")
        _demand(not any(data[whole - cls.BEHIND :]), "a warp that is the reciprocal of a polynomial")
        numbers = _unpack(f">{cls.ROOM * count + 2}d", data, 4)
        rows = [numbers[cls.ROOM * k : cls.ROOM * (k + 1)] for k in range(count)]
        tangential = tuple((row[cls.TERMS], row[cls.TERMS + 1]) for row in rows)
        return cls(tuple(row[: cls.TERMS] for row in rows), (numbers[-2], numbers[-1]), tangential)


@dataclass(frozen=True)
class WarpRectilinear2(WarpRectilinear):
    """Distortion by all powers up to the fourteenth: f(r) = k0 + k1 r + ... + k14 r^14.

    >>> warp = WarpRectilinear2(((1.0, -0.01, *[0.0] * 13),) * 3)
    >>> len(warp.to_bytes()), WarpRectilinear2.from_bytes(warp.to_bytes()) == warp
    (480, True)
    """

    NUMBER: ClassVar[int] = 14
    VERSION: ClassVar[tuple[int, int, int, int]] = (1, 6, 0, 0)
    TERMS: ClassVar[int] = 15
    STEP: ClassVar[int] = 1
    ROOM: ClassVar[int] = 19
    BEHIND: ClassVar[int] = 4


@dataclass(frozen=True)
class FixVignetteRadial:
    """Fall-off: g(r) = 1 + k0 r^2 + k1 r^4 + ... + k4 r^10, of all colours.

    >>> gain = FixVignetteRadial((0.5, 0.0, 0.0, 0.0, 0.0))
    >>> len(gain.to_bytes()), FixVignetteRadial.from_bytes(gain.to_bytes()) == gain
    (56, True)
    """

    NUMBER: ClassVar[int] = 3
    VERSION: ClassVar[tuple[int, int, int, int]] = (1, 3, 0, 0)

    terms: Polynomial
    centre: tuple[float, float] = MIDDLE

    def __post_init__(self) -> None:
        _demand(len(self.terms) == 5, "a fall-off has 5 terms")
        _check_numbers(self.terms)
        _check_centre(self.centre)
        gain = self.gain(RADII)
        # A table is made of it whose size goes by the two ends.
        _demand(float(gain.max()) <= max(gain[0], gain[-1]) * (1 + 1e-9), "a fall-off that is largest in between")
        _demand(float(gain.min()) > 0 and float(gain.max()) <= MOST_GAIN, f"a gain beyond {MOST_GAIN:g}")

    def gain(self, r: FloatArray) -> FloatArray:
        """Give g at radii."""
        return evaluate((1.0, *self.terms), r * r)

    def check_for(self, planes: int) -> None:
        """Take any raw."""

    def to_bytes(self) -> bytes:
        """Write the parameters."""
        return struct.pack(">7d", *self.terms, *self.centre)

    @classmethod
    def from_bytes(cls, data: bytes) -> FixVignetteRadial:
        """Read the parameters; raises OpcodeError for what they are not."""
        _demand(len(data) == 56, "a fall-off of a wrong length")
        numbers = _unpack(">7d", data, 0)
        return cls(numbers[:5], (numbers[5], numbers[6]))


@dataclass(frozen=True, eq=False)
class GainMap:
    """Gains at the nodes of a grid, for the pixels of every other row and column, or of all: by ``pitch``.

    ``area`` is top, left, bottom and right in px; ``first`` and ``planes`` say which planes of a pixel it is for.
    ``nodes`` are rows x columns x 1 plane. ``spacing`` and ``origin`` (down, across) are shares of the picture; between
    nodes it is bilinear, and beyond the outer ones as there.

    >>> flat = GainMap((0, 0, 8, 8), (2, 2), np.ones((2, 2, 1)))
    >>> len(flat.to_bytes()), GainMap.from_bytes(flat.to_bytes()).nodes.shape
    (92, (2, 2, 1))
    """

    NUMBER: ClassVar[int] = 9
    VERSION: ClassVar[tuple[int, int, int, int]] = (1, 3, 0, 0)

    area: tuple[int, int, int, int]
    pitch: tuple[int, int]
    nodes: FloatArray
    spacing: tuple[float, float] = (1.0, 1.0)
    origin: tuple[float, float] = (0.0, 0.0)
    first: int = 0
    planes: int = 1

    def __post_init__(self) -> None:
        top, left, bottom, right = self.area
        _demand(0 <= top < bottom and 0 <= left < right, "a gain map of no area")
        _demand(min(self.pitch) >= 1 and self.planes >= 1, "a gain map of no pixels")
        _demand(self.nodes.ndim == 3 and self.nodes.size > 0, "a gain map without nodes")
        _demand(min(self.spacing) > 0 or self.nodes.shape[:2] == (1, 1), "a gain map whose nodes stand on each other")
        _check_numbers(self.spacing, self.origin)
        well = bool(np.isfinite(self.nodes).all() and np.all(self.nodes > 0) and np.all(self.nodes <= MOST_GAIN))
        _demand(well, f"a gain that is not between 0 and {MOST_GAIN:g}")

    def check_for(self, planes: int) -> None:
        """Raise OpcodeError where a raw of so many colours does not take it."""
        _demand(self.first + self.planes <= max(planes, 1), "a gain map of planes that are not there")

    def to_bytes(self) -> bytes:
        """Write the parameters; gains get single precision."""
        rows, columns, planes = self.nodes.shape
        head = (*self.area, self.first, self.planes, *self.pitch, rows, columns, *self.spacing, *self.origin, planes)
        return struct.pack(">10I4dI", *head) + self.nodes.astype(">f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> GainMap:
        """Read the parameters; raises OpcodeError for what they are not."""
        head = _unpack(">10I4dI", data, 0)
        rows, columns, planes = int(head[8]), int(head[9]), int(head[14])
        _demand(len(data) == 76 + 4 * rows * columns * planes, "a gain map of a wrong length")
        nodes = np.frombuffer(data, ">f4", offset=76).astype(np.float64).reshape(rows, columns, planes)
        whole = [int(number) for number in head[:8]]
        return cls(
            (whole[0], whole[1], whole[2], whole[3]),
            (whole[6], whole[7]),
            nodes,
            (head[10], head[11]),
            (head[12], head[13]),
            whole[4],
            whole[5],
        )


Known = WarpRectilinear | FixVignetteRadial | GainMap
"""An opcode that Sixbit writes; WarpRectilinear2 is one of WarpRectilinear."""
KINDS: dict[int, type[WarpRectilinear] | type[FixVignetteRadial] | type[GainMap]] = {
    kind.NUMBER: kind for kind in (WarpRectilinear, WarpRectilinear2, FixVignetteRadial, GainMap)
}

RADII = np.linspace(0, 1, 2049)
"""Radii that an opcode is checked at."""


def packed(opcodes: Sequence[Known]) -> bytes:
    """Write a list of opcodes, all of them optional."""
    data = struct.pack(">I", len(opcodes))
    for opcode in opcodes:
        parameters = opcode.to_bytes()
        data += struct.pack(">I4BII", opcode.NUMBER, *opcode.VERSION, OPTIONAL, len(parameters)) + parameters
    return data


def unpacked(data: bytes) -> tuple[Opcode, ...]:
    """Read a list of opcodes, whatever they are; raises OpcodeError for one that is cut, or that has bytes left over.

    >>> [opcode.name for opcode in unpacked(packed([FixVignetteRadial((0.5, 0.0, 0.0, 0.0, 0.0))]))]
    ['FixVignetteRadial']
    """
    (count,) = _unpack(">I", data, 0)
    _demand(count <= MOST_OPCODES, f"a list of {count} opcodes")
    found, at = [], 4
    for _ in range(int(count)):
        number, *version, flags, size = map(int, _unpack(">I4BII", data, at))
        at += 16 + size
        _demand(at <= len(data), "a list that is cut")
        found.append(Opcode(number, (version[0], version[1], version[2], version[3]), flags, data[at - size : at]))
    _demand(at == len(data), "a list with bytes left over")
    return tuple(found)


def read(opcode: Opcode) -> Known | None:
    """Read an opcode of a list; None for one of another kind than Sixbit writes. Raises OpcodeError if it is broken."""
    kind = KINDS.get(opcode.number)
    return kind.from_bytes(opcode.parameters) if kind else None


def check(data: bytes, planes: int) -> None:
    """Raise OpcodeError for a list that Adobe's readers would refuse, with the raw of so many colours that has it."""
    for opcode in unpacked(data):
        known = read(opcode)
        if known is not None:
            known.check_for(planes)


def _demand(well: bool, what: str) -> None:
    if not well:
        raise OpcodeError(what)


def _check_numbers(*rows: Sequence[float]) -> None:
    _demand(all(math.isfinite(number) for row in rows for number in row), "a number that is none")


def _check_centre(centre: tuple[float, float]) -> None:
    _check_numbers(centre)
    _demand(all(0 <= share <= 1 for share in centre), "a centre outside of the picture")


def _unpack(layout: str, data: bytes, at: int) -> tuple[float, ...]:
    try:
        return struct.unpack_from(layout, data, at)
    except struct.error as error:
        raise OpcodeError("a list that is cut") from error
