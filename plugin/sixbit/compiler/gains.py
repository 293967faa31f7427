"""The gains of a picture: how much each point is brightened, as polynomials and, where they do not suffice, a map.

Fall-off and shading live at the source radius; the gain is their inverse, at the output radius. A strength is a share
of the stops, so that half and half again make the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from sixbit.compiler.fit import AIM, SAMPLES, fit
from sixbit.compiler.optics import Sensor
from sixbit.compiler.warp import Warp
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import Code, CompileError
from sixbit.values.polynomial import UNITY, Polynomial, evaluate
from sixbit.values.sentence import Sentence

BUDGET = 1e-4
"""Largest error of a gain."""
MAP_CELLS = (16, 32, 64, 128, 256)
"""How many cells along the longer side a gain map is tried with."""
MOST_SHADING = 8.0
"""No sensor loses more than three stops of one colour against another."""
DARKEST = 1 / 64
"""A model that leaves less light than this (six stops down) within the frame is no lens's fall-off."""


def fit_gains(warp: Warp) -> tuple[tuple[Polynomial, ...], float]:
    """Fit the gain, at output radii in half diagonals: one polynomial, or three; with the largest error.

    Shading is radial about the middle of the sensor: where the optical centre is beside that, shading is left to the
    map. Raises CompileError for models that leave no light, or that cannot be fitted.
    """
    if not _is_centred(warp):
        warp = replace(warp, optics=replace(warp.optics, shading=None))
    optics = warp.optics
    if optics.vignetting is None and optics.shading is None:
        return (UNITY,), 0.0
    _check_light(warp)
    exact = [partial(_radial_gain, warp, colour) for colour in (range(3) if optics.shading else warp.colours)]
    end = _end_of_light(warp)
    fits = [fit(exact[len(exact) // 2], end, BUDGET)]
    r = np.linspace(0, end, SAMPLES)
    error = max(float(np.max(np.abs(curve(r) - evaluate(fits[0][0], r)))) for curve in exact)
    if error > AIM * BUDGET:
        fits = [fit(curve, end, BUDGET) for curve in exact]
        error = max(error for _, error in fits)
    if not error <= BUDGET:
        why = Sentence(
            "The fall-off cannot be fitted to within {budget} (off by {error:.2g}).",
            Code.BAD_VIGNETTING,
            budget=BUDGET,
            error=error,
        )
        raise CompileError(why)
    return tuple(polynomial for polynomial, _ in fits), error


def _radial_gain(warp: Warp, colour: int, r: FloatArray) -> FloatArray:
    gain = np.ones_like(r)
    for kind, light in _lights(warp, colour, warp.source_radius(colour, r)):
        gain = gain * light ** -warp.optics.strength_of(kind)
    return gain


def _lights(warp: Warp, colour: int, source: FloatArray) -> Iterator[tuple[str, FloatArray]]:
    """The light that is left at source radii in px, by the kind of correction."""
    if warp.optics.vignetting:
        polynomial, sensor = warp.optics.vignetting
        yield "vignetting", evaluate(polynomial, source * warp.picture.per_half_diagonal(sensor))
    if warp.optics.shading:
        shading, sensor = warp.optics.shading
        yield "shading", evaluate(shading.planes[colour].radial, source * warp.picture.per_half_diagonal(sensor))


def fall_off_gain(warp: Warp, source: FloatArray) -> FloatArray:
    """Give by how much fall-off is brightened at source radii in px, from the optical centre."""
    for kind, light in _lights(warp, 0, source):
        if kind == "vignetting":
            return np.asarray(np.maximum(light, DARKEST) ** -warp.optics.strength_of(kind), np.float64)
    return np.ones_like(source)


def shading_gains(warp: Warp, source: FloatArray) -> FloatArray:
    """Give by how much shading is brightened at source points (n, 2) in px, of red, green and blue: (3, n).

    Beyond the picture it is as at its border. Raises CompileError for shading that leaves no light.
    """
    gains = np.ones((3, len(source)))
    if warp.optics.shading is None:
        return gains
    shading, sensor = warp.optics.shading
    u, v = _within(warp, sensor, *(source - warp.picture.middle).T)
    for colour, plane in enumerate(shading.planes):
        light = plane.at(u, v)
        _check_shading(light)
        gains[colour] = light ** -warp.optics.strength_of("shading")
    return gains


def _end_of_light(warp: Warp) -> float:
    """The output radius, in half diagonals, up to which there is light in all colours.

    What comes from beyond the farthest corner is empty in the output and needs no gain.
    """
    r = np.linspace(0, warp.end, SAMPLES)
    filled = (warp.source_radius(colour, r) <= warp.farthest * (1 + 1e-9) for colour in warp.colours)
    return min(float(r[inside][-1]) for inside in filled)


def _check_light(warp: Warp) -> None:
    reach = np.linspace(0, warp.farthest, SAMPLES)
    for kind, light in (one for colour in range(3) for one in _lights(warp, colour, reach)):
        if kind == "shading":
            _check_shading(light)
        elif not np.min(light) >= DARKEST:
            why = Sentence(
                "The fall-off model reaches zero within the frame: this calibration is not usable here.",
                Code.BAD_VIGNETTING,
            )
            raise CompileError(why)


def _check_shading(light: FloatArray) -> None:
    if not np.all((light > 1 / MOST_SHADING) & (light < MOST_SHADING)):
        why = Sentence(
            "The colour shading leaves no light within the frame: this calibration is not usable here.",
            Code.BAD_SHADING,
        )
        raise CompileError(why)


def _is_centred(warp: Warp) -> bool:
    return warp.centre == warp.picture.middle


def gain_map(warp: Warp) -> tuple[FloatArray | None, float]:
    """Sample what of the shading is not radial about the optical centre: planes x rows x columns, or None.

    With it stands the largest error between its nodes. Raises CompileError for shading that leaves no light, or that no
    map holds.
    """
    optics, picture = warp.optics, warp.picture
    if optics.shading is None or (optics.shading[0].is_radial and _is_centred(warp)):
        return None, 0.0
    longest = max(picture.width, picture.height)
    for cells in MAP_CELLS:
        rows, columns = (math.ceil(cells * side / longest) for side in (picture.height, picture.width))
        finer = _mapped_gains(warp, 2 * rows + 1, 2 * columns + 1)
        nodes = finer[:, ::2, ::2]
        error = _error_between(nodes, finer)
        if error <= BUDGET / 2:
            break
    if not error <= BUDGET:
        why = Sentence(
            "The colour shading cannot be held to within {budget} (off by {error:.2g}).",
            Code.BAD_SHADING,
            budget=BUDGET,
            error=error,
        )
        raise CompileError(why)
    return np.round(nodes, 8), error


def _mapped_gains(warp: Warp, rows: int, columns: int) -> FloatArray:
    """The gains that the polynomials leave, at the points of a grid over the frame."""
    assert warp.optics.shading is not None
    shading, sensor = warp.optics.shading
    picture, centre, middle = warp.picture, warp.centre, warp.picture.middle
    down, across = np.linspace(0, picture.height - 1, rows), np.linspace(0, picture.width - 1, columns)
    x, y = np.meshgrid(across - warp.output_centre[0], down - warp.output_centre[1])
    gains = np.ones((3, rows, columns))
    for colour in (0, 2):
        factor = warp.unscaled(colour, np.hypot(x, y) / warp.scale) / warp.scale
        u, v = _within(warp, sensor, x * factor + centre[0] - middle[0], y * factor + centre[1] - middle[1])
        light = shading.planes[colour].at(u, v)
        _check_shading(light)
        rest = light / shading.planes[colour].radial_at(np.hypot(u, v)) if _is_centred(warp) else light
        gains[colour] = rest ** -warp.optics.strength_of("shading")
    return gains


def _within(warp: Warp, sensor: Sensor, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points in px from the frame's middle in half diagonals of a sensor; beyond the picture, those at its border.

    What comes from beyond the picture is empty, and there is no shading to be had.
    """
    picture, middle = warp.picture, warp.picture.middle
    unit = picture.per_half_diagonal(sensor)
    u = np.clip(x, -middle[0], picture.width - 1 - middle[0]) * unit
    v = np.clip(y, -middle[1], picture.height - 1 - middle[1]) * unit
    return u, v


def _error_between(nodes: FloatArray, finer: FloatArray) -> float:
    """The largest error of what is read between nodes, against a grid of twice as many points."""
    beside = (nodes[:, :, 1:] + nodes[:, :, :-1]) / 2
    below = (nodes[:, 1:] + nodes[:, :-1]) / 2
    amid = (beside[:, 1:] + beside[:, :-1]) / 2
    off = (finer[:, ::2, 1::2] - beside, finer[:, 1::2, ::2] - below, finer[:, 1::2, 1::2] - amid)
    return max(float(np.max(np.abs(values))) for values in off)
