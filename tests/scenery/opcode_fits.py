"""How far the opcodes of a lens are from its filter: for the tests, and for a benchmark of all lenses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sixbit.compiler.compile import Wanted, compile_optics, models_of
from sixbit.compiler.scale import scaled
from sixbit.compiler.warp import Warp
from sixbit.lenses.catalogue import catalogue
from sixbit.raw import reference
from sixbit.raw.fit import Mosaic, Opcodes, opcodes_of
from sixbit.raw.opcodes import FixVignetteRadial, GainMap, WarpRectilinear, WarpRectilinear2
from sixbit.values.arrays import FloatArray
from sixbit.values.choices import Choices
from sixbit.values.errors import CompileError
from sixbit.values.filter import Filter
from sixbit.values.kinds import Grade

SIZE = (8192, 5462)
BORDER = 12
MOSAIC = Mosaic(SIZE[0] + 2 * BORDER, SIZE[1] + 2 * BORDER, (BORDER, BORDER))
CROPS = (1.0, 2.64)
APERTURES = ("open", 5.6)


class Case(NamedTuple):
    """A lens on a sensor, at an aperture."""

    lens_id: str
    crop: float
    f_number: float


class Error(NamedTuple):
    """How far opcodes miss the filter: in px of 8192, and as shares of the light."""

    full_px: float
    even_px: float
    told_px: float
    light: float
    told_light: float
    maps: int


def cases() -> Iterator[Case]:
    """Every lens that has a calibration, of any grade."""
    for lens_id, lens in sorted(catalogue().lenses.items()):
        if not lens.is_adapter and catalogue().calibration_entries(lens_id, grades=tuple(Grade)):
            for crop in CROPS:
                for aperture in APERTURES:
                    f_number = lens.f_number_open if aperture == "open" else max(5.6, lens.f_number_open)
                    yield Case(lens_id, crop, float(f_number))


def wanted_of(case: Case) -> Wanted | None:
    """The models of a case; None where nothing of the lens can be corrected there."""
    lens = catalogue().lens(case.lens_id)
    choices = Choices(
        crop_factor=case.crop, f_number=case.f_number, focal_mm=lens.focal_min, grades=tuple(Grade), distance_m=1000.0
    )
    try:
        wanted = models_of(case.lens_id, choices=choices, size=SIZE)
    except CompileError:
        return None
    return wanted if wanted.made_from["corrections"] else None


def error_of(wanted: Wanted) -> Error:
    """Compare opcodes with the filter, at points from the middle to the corners and along the border."""
    warp = scaled(Warp(wanted.optics, wanted.picture), "fill")
    filter = compile_optics(wanted.optics, wanted.picture)
    found = opcodes_of(warp, MOSAIC)
    size = (MOSAIC.width, MOSAIC.height)
    share = np.linspace(0, 1, 400)[:, None]
    right, bottom = SIZE[0] - 1.0, SIZE[1] - 1.0
    xy = np.concatenate(
        [share * [right, bottom], share * [right, 0], share * [0, bottom], [right, 0] + share * [0, bottom]]
    )
    exact = filter.source_points(xy)
    off = {WarpRectilinear: 0.0, WarpRectilinear2: 0.0}
    for opcode in found.of_colours:
        if isinstance(opcode, WarpRectilinear):
            for plane in range(3):
                source = reference.source_points(opcode, size, xy + BORDER, plane) - BORDER
                apart = np.hypot(*(source - exact[plane]).T)
                off[type(opcode)] = max(off[type(opcode)], float(apart.max()))
    light = _light(found, filter, xy, exact)
    return Error(
        off[WarpRectilinear2], off[WarpRectilinear], found.error_px, light, found.error_gain, len(found.of_mosaic)
    )


def _light(opcodes: Opcodes, filter: Filter, xy: FloatArray, exact: FloatArray) -> float:
    """The largest share by which the gains of opcodes, where the light fell, differ from those of a filter."""
    size = (MOSAIC.width, MOSAIC.height)
    wanted, worst = filter.gains(xy), 0.0
    for plane in range(3):
        gain = np.ones(len(xy))
        for opcode in opcodes.of_colours:
            if isinstance(opcode, FixVignetteRadial):
                gain *= reference.radial_gains(opcode, size, exact[plane] + BORDER)
        if opcodes.of_mosaic:
            of_plane = opcodes.of_mosaic[MOSAIC.colours.index(plane)]
            assert isinstance(of_plane, GainMap)
            gain *= reference.map_gains(of_plane, size, exact[plane] + BORDER)
        worst = max(worst, float(np.max(np.abs(gain / wanted[plane] - 1))))
    return worst
