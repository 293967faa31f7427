"""The opcodes of a DNG in words: whose they are, and what each does to the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sixbit.files.reading import reading
from sixbit.raw.fit import Mosaic
from sixbit.raw.opcodes import (
    RADII,
    FixVignetteRadial,
    GainMap,
    Known,
    Opcode,
    OpcodeError,
    WarpRectilinear,
    read,
    unpacked,
)
from sixbit.raw.sensor import raw_in
from sixbit.tags.read import opened
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence


class Line(NamedTuple):
    """One opcode: the list that it stands in, its name, the DNG version that brought it, and what it does.

    ``own`` is true if Sixbit wrote it, ``optional`` if a reader may leave it out.
    """

    list: str
    name: str
    version: str
    optional: bool
    own: bool
    does: str

    def words(self) -> str:
        """Say it in a line.

        >>> Line("OpcodeList3", "WarpRectilinear", "1.3", True, False, "moves pixels by up to 12.0 px").words()
        'WarpRectilinear (by the camera or another program): moves pixels by up to 12.0 px'
        """
        by = "by Sixbit" if self.own else "by the camera or another program"
        return f"{self.name} ({by}): {self.does}"


class Told(NamedTuple):
    """The opcodes of a photo, and the record that Sixbit left of its own, if it did."""

    photo: Path
    lines: tuple[Line, ...]
    record: Mapping[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON values."""
        opcodes = [line._asdict() for line in self.lines]
        return {"photo": str(self.photo), "carries": self.record is not None, "record": self.record, "opcodes": opcodes}


def told_of(photo: Path) -> Told:
    """Tell of the opcodes of a DNG. Raises PhotoError for what is none, and for lists that are broken."""
    with reading(photo), opened(photo) as file:
        raw = raw_in(photo, file)
    own = raw.record
    lines = []
    for name, data in raw.lists.items():
        try:
            opcodes = unpacked(data)
        except OpcodeError as error:
            raise PhotoError(
                Sentence("its {name} is damaged: {error}.", name=name, error=error), Code.DAMAGED, subject=photo
            ) from error
        is_own = own is not None and name in own["lists"]
        lines += [_line(name, opcode, is_own, raw.mosaic) for opcode in opcodes]
    return Told(photo, tuple(lines), own)


def _line(name: str, opcode: Opcode, own: bool, mosaic: Mosaic) -> Line:
    version = ".".join(map(str, opcode.version)).removesuffix(".0").removesuffix(".0")
    try:
        known = read(opcode)
        does = _deed(known, mosaic) if known else "no lens correction that Sixbit knows"
    except OpcodeError as error:
        does = f"nothing that readers take ({error})"
    return Line(name, opcode.name, version, opcode.is_optional, own, does)


def _deed(opcode: Known, mosaic: Mosaic) -> str:
    if isinstance(opcode, WarpRectilinear):
        return _moves(opcode, mosaic)
    if isinstance(opcode, FixVignetteRadial):
        return f"brightens the corners by {math.log2(float(opcode.gain(RADII)[-1])):.2f} stops"
    assert isinstance(opcode, GainMap)
    least, most = float(opcode.nodes.min()), float(opcode.nodes.max())
    part = "" if opcode.pitch == (1, 1) else ", of a pixel in each {} x {}".format(*opcode.pitch)
    return f"multiplies light by {least:.3f} to {most:.3f}{part}"


def _moves(warp: WarpRectilinear, mosaic: Mosaic) -> str:
    x, y = (
        max(share, 1 - share) * side for share, side in zip(warp.centre, (mosaic.width, mosaic.height), strict=True)
    )
    reach = math.hypot(x, y)
    sources = [RADII * reach * warp.factor(plane, RADII) for plane in range(len(warp.planes))]
    green = sources[len(sources) // 2]
    words = f"moves pixels by up to {np.max(np.abs(green - RADII * reach)):.1f} px"
    if len(sources) == 3:
        apart = max(float(np.max(np.abs(source - green))) for source in (sources[0], sources[2]))
        words += f", red and blue by up to {apart:.2f} px against green"
    return words
