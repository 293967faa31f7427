"""Opcodes fitted to the exact models of a correction: what a filter is for pixels, for a raw.

A filter is made for the picture that a raw is developed to, an opcode for all that the sensor has seen (the ActiveArea)
and for the same optical centre. Fall-off and shading are undone where the light fell, before anything is bent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from sixbit.compiler.fit import SAMPLES, Curve, fit
from sixbit.compiler.gains import fall_off_gain, shading_gains
from sixbit.compiler.warp import BUDGET_PX, WIDTH_OF_BUDGET, Warp
from sixbit.raw.opcodes import (
    RADII,
    FixVignetteRadial,
    GainMap,
    Known,
    OpcodeError,
    WarpRectilinear,
    WarpRectilinear2,
)
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import Code, CompileError
from sixbit.values.polynomial import Polynomial, evaluate, least_squares
from sixbit.values.sentence import Sentence, of_error

MOST_FALL_OFF_ERROR = 2e-3
"""The share by which FixVignetteRadial may miss a gain; beyond, gain maps hold it."""
MAP_ERROR = 1e-3
"""The share by which a gain map may miss a gain."""
MAP_ROWS = (33, 65, 97, 129)
"""Rows of nodes that a gain map is tried with."""
_AIM_PX = 1e-4
_ROUNDS = 40
"""Of weights that are raised where the error is largest."""
_TERMS_2 = 8
"""Even powers up to the fourteenth."""


@dataclass(frozen=True)
class Mosaic:
    """A raw as its opcodes see it: width and height of the ActiveArea, and where the picture begins in it, in px.

    ``colours`` are those of four neighbouring pixels, as 0, 1 and 2 for red, green and blue, row by row; none of a
    sensor without colours. ``border`` is what is stored beyond the ActiveArea: left, top, right and below, in px.
    """

    width: int
    height: int
    origin: tuple[float, float] = (0.0, 0.0)
    colours: tuple[int, ...] = (0, 1, 1, 2)
    border: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def planes(self) -> int:
        """The colours of a pixel, once it is developed."""
        return 3 if self.colours else 1


@dataclass(frozen=True)
class Opcodes:
    """The two lists of a raw, of what is done to the mosaic and to the colours, and how far they miss the filter.

    ``error_px`` is that of the warp which all readers know, in px of the picture; ``error_gain`` is a share.
    """

    of_mosaic: tuple[Known, ...]
    of_colours: tuple[Known, ...]
    error_px: float = 0.0
    error_gain: float = 0.0


def opcodes_of(warp: Warp, mosaic: Mosaic) -> Opcodes:
    """Fit the opcodes that do to a raw what a warp and the gains of its optics do to the picture.

    The warp is scaled about its centre. Raises CompileError for what no opcode can do.

    >>> from sixbit.compiler.optics import Optics, SensorPicture, distortion
    >>> picture = SensorPicture(5952, 3968, 1.0)
    >>> bend = Optics(distortion=(distortion("poly3", [0.02]), picture.sensor))
    >>> found = opcodes_of(Warp(bend, picture), Mosaic(5976, 3992, origin=(12, 12)))
    >>> [type(opcode).__name__ for opcode in found.of_colours], found.error_px < 1e-6
    (['WarpRectilinear2', 'WarpRectilinear'], True)
    """
    if warp.output_centre != warp.centre:
        raise _beyond(Sentence("it is scaled about another point than the optical centre"))
    try:
        gains, error_gain = _fall_off(warp, mosaic)
        maps: tuple[Known, ...] = ()
        if warp.optics.shading is not None or error_gain > MOST_FALL_OFF_ERROR:
            gains = ()
            maps, error_gain = _gain_maps(warp, mosaic)
        warps, error_px = _warps(warp, mosaic)
    except OpcodeError as error:
        raise _beyond(of_error(error)) from error
    return Opcodes(maps, (*gains, *warps), error_px, error_gain)


def _warps(warp: Warp, mosaic: Mosaic) -> tuple[tuple[Known, ...], float]:
    """The warp of all powers, and that of four even ones, which every reader knows."""
    optics = warp.optics
    if warp.scale == 1 and optics.distortion is None and optics.tca is None:
        return (), 0.0
    colours = range(3) if optics.tca and mosaic.planes == 3 else (1,)
    point = (warp.centre[0] + mosaic.origin[0], warp.centre[1] + mosaic.origin[1])
    reach = _reach(point, mosaic)
    shown = min(warp.end * warp.picture.half_diagonal / reach, 1.0)
    exact = [partial(_factor, warp, colour, reach) for colour in colours]
    budget = BUDGET_PX * max(warp.picture.width, warp.picture.height) / WIDTH_OF_BUDGET
    full, all_errors = zip(*(_all_powers(curve, reach) for curve in exact), strict=True)
    if max(all_errors) > budget:
        raise _beyond(Sentence("no opcode holds its distortion to within {budget:.4f} px", budget=budget))
    even, errors = zip(*(_even_powers(curve, reach, shown) for curve in exact), strict=True)
    # One plane would stand for all of them; readers know one, or as many as there are colours.
    times = mosaic.planes if len(full) == 1 else 1
    centre = (point[0] / mosaic.width, point[1] / mosaic.height)
    return (WarpRectilinear2(full * times, centre), WarpRectilinear(even * times, centre)), max(errors)


def _factor(warp: Warp, colour: int, reach: float, r: FloatArray) -> FloatArray:
    """The source over the output radius, at output radii in units of the farthest corner."""
    return warp.unscaled(colour, r * reach / warp.scale) / warp.scale


def _all_powers(exact: Curve, reach: float) -> tuple[Polynomial, float]:
    """The polynomial of WarpRectilinear2, and its largest error in px. The models are polynomials themselves."""
    found, error = fit(exact, 1.0, _AIM_PX, weight=lambda r: r * reach, most_terms=_TERMS_2)
    return (*found, *[0.0] * (WarpRectilinear2.TERMS - len(found))), error


def _even_powers(exact: Curve, reach: float, shown: float) -> tuple[Polynomial, float]:
    """The four terms of WarpRectilinear with the smallest largest error, and that, in px within the picture."""
    for end in (shown, 1.0):
        r = np.linspace(0, end, SAMPLES // 8)
        found = evened(np.stack([r ** (2 * k) for k in range(4)], axis=1), exact(r), r * reach)
        within = np.linspace(0, shown, SAMPLES)
        error = np.max(np.abs(evaluate(found, within * within) - exact(within)) * within * reach)
        if np.all(np.diff(RADII * evaluate(found, RADII * RADII)) > 0):  # readers refuse what folds, seen or not
            break
    return found, float(error)


def _fall_off(warp: Warp, mosaic: Mosaic) -> tuple[tuple[Known, ...], float]:
    """Fall-off as five even terms, and by what share they miss it at most; infinity if readers refuse them."""
    if warp.optics.vignetting is None:
        return (), 0.0
    # Readers take a pixel for its middle here.
    point = (warp.centre[0] + mosaic.origin[0] + 0.5, warp.centre[1] + mosaic.origin[1] + 0.5)
    reach = _reach(point, mosaic)
    shown = min(warp.farthest / reach, 1.0)
    centre = (point[0] / mosaic.width, point[1] / mosaic.height)
    within = np.linspace(0, shown, SAMPLES)
    wanted = fall_off_gain(warp, within * reach)
    for end in (shown, 1.0):
        r = np.linspace(0, end, SAMPLES // 8)
        gain = fall_off_gain(warp, r * reach)
        terms = evened(np.stack([r ** (2 * k) for k in range(1, 6)], axis=1), gain - 1, 1 / gain)
        try:
            opcode = FixVignetteRadial(terms, centre)
        except OpcodeError:
            continue
        return (opcode,), float(np.max(np.abs(opcode.gain(within) / wanted - 1)))
    return (), math.inf


def evened(basis: FloatArray, wanted: FloatArray, weight: FloatArray) -> Polynomial:
    """The shares of a basis that come nearest to what is wanted where they are farthest from it (Lawson's way)."""
    raised = np.ones_like(wanted)
    best, least = least_squares(basis, wanted), math.inf
    for _ in range(_ROUNDS):
        factor = np.sqrt(raised) * weight
        found = least_squares(basis * factor[:, None], wanted * factor)
        off = np.abs((basis * found).sum(axis=1) - wanted) * weight
        if off.max() < least:
            best, least = found, float(off.max())
        if least < 1e-9:
            break
        raised = raised * (off + 1e-15)
        raised /= raised.mean()
    return tuple(float(share) for share in best)


def _gain_maps(warp: Warp, mosaic: Mosaic) -> tuple[tuple[Known, ...], float]:
    """Fall-off and shading as a map for each of four neighbouring pixels, and the largest error between nodes."""
    if mosaic.colours and (mosaic.width % 2 or mosaic.height % 2):
        raise _beyond(Sentence("gain maps need an even number of rows and columns"))
    if mosaic.colours and (mosaic.border[0] % 2 or mosaic.border[1] % 2):
        # Adobe's readers count rows from the ActiveArea, others from the first that is stored.
        raise _beyond(Sentence("gain maps need an even number of rows and columns before its ActiveArea"))
    for rows in MAP_ROWS:
        columns = round((rows - 1) * mosaic.width / mosaic.height) + 1
        nodes, error = _straddled(_nodes(warp, mosaic, 2 * rows - 1, 2 * columns - 1))
        if error <= MAP_ERROR:
            break
    spacing = (1 / (rows - 1), 1 / (columns - 1))
    area = (mosaic.height, mosaic.width)
    return tuple(
        GainMap((k // 2, k % 2, *area), (2, 2), nodes[colour][..., None], spacing)
        for k, colour in enumerate(mosaic.colours or (1, 1, 1, 1))
    ), error


def _straddled(finer: FloatArray) -> tuple[FloatArray, float]:
    """Every other node of a grid, moved by half of what lines between them are off, and the largest error that is left.

    Between the nodes of a bowl all lines lie above it: so they lie above and below.
    """
    nodes = finer[:, ::2, ::2]
    over = np.pad(_amid(nodes) - finer[:, 1::2, 1::2], ((0, 0), (1, 1), (1, 1)), mode="edge")
    nodes = nodes - _amid(over) / 2
    beside, below = (nodes[:, :, 1:] + nodes[:, :, :-1]) / 2, (nodes[:, 1:] + nodes[:, :-1]) / 2
    known = (
        (nodes, finer[:, ::2, ::2]),
        (beside, finer[:, ::2, 1::2]),
        (below, finer[:, 1::2, ::2]),
        (_amid(nodes), finer[:, 1::2, 1::2]),
    )
    return nodes, max(float(np.max(np.abs(between / exact - 1))) for between, exact in known)


def _amid(nodes: FloatArray) -> FloatArray:
    """Values amid four nodes, by lines between them."""
    amid: FloatArray = (nodes[:, 1:, 1:] + nodes[:, 1:, :-1] + nodes[:, :-1, 1:] + nodes[:, :-1, :-1]) / 4
    return amid


def _nodes(warp: Warp, mosaic: Mosaic, rows: int, columns: int) -> FloatArray:
    """The gains at the nodes of a grid over the ActiveArea, whose edges it goes to: (3, rows, columns)."""
    down, across = np.linspace(0, mosaic.height, rows) - 0.5, np.linspace(0, mosaic.width, columns) - 0.5
    y, x = np.meshgrid(down - mosaic.origin[1], across - mosaic.origin[0], indexing="ij")
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    offset = points - warp.centre
    gains = shading_gains(warp, points) * fall_off_gain(warp, np.hypot(offset[:, 0], offset[:, 1]))
    return gains.reshape(3, rows, columns)


def _reach(point: tuple[float, float], mosaic: Mosaic) -> float:
    """The distance of the farthest corner of the ActiveArea."""
    x, y = point
    return math.hypot(max(x, mosaic.width - x), max(y, mosaic.height - y))


def _beyond(why: str) -> CompileError:
    return CompileError(Sentence("This correction cannot be written into a raw: {why}.", Code.FORMAT, why=why))
