"""Lens, shot and choices in, a :class:`Filter` out: all lens models end here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from sixbit.compiler import optics as models
from sixbit.compiler.optics import INFINITY_M, Sensor, SensorPicture
from sixbit.compiler.shading import Shading, interpolated
from sixbit.lenses.aperture import aperture_of
from sixbit.lenses.catalogue import catalogue, same_body
from sixbit.lenses.match import Match, crop_factor_of
from sixbit.lenses.own import Run
from sixbit.manifest import manifest
from sixbit.values.errors import SixbitError
from sixbit.values.filter import Filter
from sixbit.values.kinds import KINDS, TRUSTED, Grade
from sixbit.values.lens import Body, Lens, Model
from sixbit.values.polynomial import UNITY, Polynomial, evaluate, least_squares
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot

if TYPE_CHECKING:
    from sixbit.lenses.catalogue import Entry

FloatArray = NDArray[np.float64]

UNKNOWN = Sentence("no calibration is known")
"""Why a correction is left out, mostly."""
APERTURE_UNKNOWN = Sentence("the photo does not say its aperture")

FROM_PHOTO = "measured from this photo"
"""The grade of lateral colour that no calibration says, but the photo's own edges."""
WIDTH_OF_BUDGET = 8192
BUDGET_PX = 0.005
"""Largest error of the warp's fit for a picture ``WIDTH_OF_BUDGET`` px wide."""
BUDGET_GAIN = 1e-4
AIM = 0.2
"""The share of the budget that a fit aims for; the rest is left to the engines."""
MOST_TERMS, MOST_ODD_TERMS = 20, 6
"""Even and odd powers of the radius in a fit."""
NODES = 257
SAMPLES = 4001
MAP_CELLS = (16, 32, 64, 128, 256)
"""How many cells along the longer side a gain map is tried with."""
MOST_SHADING = 8.0
"""No sensor loses more than three stops of one colour against another."""
DARKEST = 1 / 64
"""A model that leaves less light than this (six stops down) within the frame is no lens's fall-off."""


class CompileError(SixbitError, ValueError):
    """A correction that cannot be compiled; the message says why and what can be done."""


@dataclass(frozen=True)
class Optics:
    """What is known of a lens as used: each model as factors of the radius, and the sensor it was measured on.

    ``strength`` says how much of a correction is wanted (1 is all of it, by its name among ``KINDS``).
    """

    distortion: tuple[Polynomial, Sensor] | None = None
    tca: tuple[tuple[Polynomial, Polynomial], Sensor] | None = None
    vignetting: tuple[Polynomial, Sensor] | None = None
    strength: Mapping[str, float] = field(default_factory=dict)
    shading: tuple[Shading, Sensor] | None = None


def compile_filter(
    lens: Lens | Match | str,
    shot: Shot | None = None,
    *,
    size: tuple[int, int] | None = None,
    crop_factor: float | None = None,
    focal_mm: float | None = None,
    f_number: float | None = None,
    distance_m: float | None = None,
    corrections: Iterable[str] = KINDS,
    strength: Mapping[str, float] | None = None,
    scale: str | float = "fill",
    grades: Iterable[Grade] = TRUSTED,
    measured_tca: tuple[Model, str] | str | None = None,
) -> Filter:
    """Compile the correction of a lens, or of a match that found one, for one picture.

    What is not given is taken from the shot: the size in px, crop factor, focal length (mm), aperture and distance (m;
    infinity if unknown). ``strength`` says by name of the correction how much of it is wanted, from 0 to 1 (all of it
    by default). ``measured_tca`` is the lateral colour that the photo itself has shown, with what is said of it, or why
    it has shown none; it counts where no calibration is known. ``scale`` is ``fill`` (no empty corner, nothing lost
    that need not be), ``none``, or a factor. What was left out, and why, stands in ``made_from["left_out"]``. Raises
    :class:`CompileError` if the picture's size or crop factor is unknown, or if the calibration makes no sense within
    the frame.

    >>> compiled = compile_filter("summicron-35-asph", size=(5984, 3992), crop_factor=1.0)
    >>> compiled.made_from["corrections"], sorted(compiled.made_from["left_out"])
    (['distortion', 'tca'], ['shading', 'vignetting'])
    >>> compiled.error_px < 0.005
    True
    """
    known = catalogue()
    lens = identity_of(lens)
    shot = shot or Shot()
    _check_positive(focal_mm=focal_mm, f_number=f_number, distance_m=distance_m)
    frame = _frame(shot, size, crop_factor)
    focal = _focal_length(lens, shot, focal_mm)
    if refused := lens.too_wide(f_number):
        raise CompileError(refused)
    aperture = aperture_of(lens, shot, f_number, _body(shot))
    distance = distance_m or (shot.distance_m.value if shot.distance_m else INFINITY_M)
    distance = min(max(distance, 0.01), INFINITY_M)

    wanted = _wanted(corrections)
    entries = known.calibration_entries(lens.lens_id, wanted, tuple(grades), frame.crop_factor)
    left_out = {kind: _why_not(lens, kind) for kind in wanted if kind not in entries}
    if "vignetting" in entries and aperture.f_number is None:
        del entries["vignetting"]
        left_out["vignetting"] = APERTURE_UNKNOWN
    optics = replace(optics_of(entries, focal, aperture.f_number, distance), strength=_strength(strength))
    if "vignetting" in entries and optics.vignetting is None:
        del entries["vignetting"]
        left_out["vignetting"] = Sentence("no calibration is near f/{f_number:g}", f_number=aperture.f_number)
    calibrations: dict[str, dict[str, Any]] = {
        kind: {"grade": str(entry.calibration.grade), "source": entry.calibration.source}
        for kind, entry in entries.items()
    }
    if "tca" not in left_out or measured_tca is None:
        pass
    elif isinstance(measured_tca, str):
        left_out["tca"] = Sentence(
            "{why}, and the photo itself does not show it: {reason}", why=left_out["tca"], reason=measured_tca
        )
    else:
        sides = sorted((frame.width, frame.height))
        sensor = Sensor(frame.crop_factor, max(sides[1] - 1, 1) / max(sides[0] - 1, 1))
        model, source = measured_tca
        optics = replace(optics, tca=(models.tca(*model), sensor))
        calibrations["tca"] = {"grade": FROM_PHOTO, "source": source, "model": model.name, "terms": list(model.terms)}
        del left_out["tca"]
    if "shading" in wanted and Grade.MEASURED in grades:
        runs = [run for run in known.runs if run.lens_id == lens.lens_id and run.shading]
        found = _shading(runs, shot, frame, focal, aperture.f_number, distance)
        if isinstance(found, Sentence):
            left_out["shading"] = found
        else:
            shading, runs = found
            optics = replace(optics, shading=(shading, Sensor(runs[0].crop_factor)))
            said = "; ".join(run.said for run in runs)
            calibrations["shading"] = {"grade": str(Grade.MEASURED), "source": said}
            del left_out["shading"]
    return compile_optics(
        optics,
        frame,
        scale,
        made_from={
            "lens_id": lens.lens_id,
            "lens": lens.name,
            "corrections": [kind for kind in wanted if kind in calibrations],
            "left_out": left_out,
            "calibrations": calibrations,
            "focal_mm": focal,
            "f_number": aperture.f_number,
            "f_number_source": aperture.source,
            "distance_m": distance,
            "crop_factor": frame.crop_factor,
            "strength": dict(_strength(strength)),
            "scale": scale,
            "sixbit": manifest()["version"],
        },
    )


def identity_of(lens: Lens | Match | str) -> Lens:
    """The lens that is meant: by its identity, as the answer of a match, or itself."""
    if isinstance(lens, Match):
        if lens.lens is None:
            raise CompileError(f"The match found no lens for certain ({lens.status}): {' '.join(lens.evidence)}")
        return lens.lens
    if isinstance(lens, Lens):
        return lens
    if lens not in catalogue().lenses:
        unknown = Sentence("There is no lens with the identity {identity}.", identity=repr(lens))
        raise CompileError(unknown, "`sixbit lenses` lists them.")
    return catalogue().lenses[lens]


def _check_positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not 0 < value < math.inf:
            raise CompileError(f"{name} must be above zero, not {value}.")


def optics_of(
    entries: Mapping[str, Entry], focal_mm: float, f_number: float | None = None, distance_m: float = INFINITY_M
) -> Optics:
    """Interpolate the models of lensfun entries, given by kind, by lensfun's own rules.

    Vignetting is left out without an f-number, and where lensfun has no answer: far from what was measured.
    """
    polynomials = {"distortion": models.distortion, "tca": models.tca, "vignetting": models.vignetting}
    found: dict[str, Any] = {}
    for kind, entry in entries.items():
        if kind == "distortion":
            model = entry.lens.interpolate_distortion(focal_mm)
        elif kind == "tca":
            model = entry.lens.interpolate_tca(focal_mm)
        else:
            model = entry.lens.interpolate_vignetting(focal_mm, f_number, distance_m) if f_number else None
        if model:
            sensor = Sensor(entry.crop_factor, entry.aspect_ratio, entry.centre)
            found[kind] = polynomials[kind](model.model.name.lower(), model.terms), sensor
    return Optics(**found)


def compile_optics(
    optics: Optics, frame: SensorPicture, scale: str | float = "fill", made_from: dict[str, Any] | None = None
) -> Filter:
    """Compile models for a picture, without a catalogue: the part that is mathematics alone.

    >>> square = Sensor(crop_factor=1.0, aspect_ratio=1.0)
    >>> bend = Optics(distortion=(models.distortion("poly3", [-0.01]), square))
    >>> compiled = compile_optics(bend, SensorPicture(101, 101, 1.0), scale="none")
    >>> compiled.source_points([[100.0, 50.0]])[1].round(9).tolist()
    [[100.0, 50.0]]
    """
    sensor = next((model[1] for model in (optics.distortion, optics.tca, optics.vignetting) if model), None)
    centre = frame.centre(sensor or Sensor(1.0))
    nearest, farthest = _border(frame, centre)
    planes = [_radial_map(optics, frame, plane) for plane in range(3 if optics.tca else 1)]
    factor = _scale(planes, nearest, farthest, scale)

    radius = frame.half_diagonal
    end = farthest / radius
    pixel = BUDGET_PX * max(frame.width, frame.height) / WIDTH_OF_BUDGET
    warp: list[Polynomial] = []
    error_px = 0.0
    for plane in planes:
        polynomial, error = _fit_warp(plane, radius, factor, end, pixel)
        warp.append(polynomial)
        error_px = max(error_px, error)
    middle = frame.centre(Sensor(1.0))
    gain, error_gain = _fit_gains(optics, frame, planes, factor, farthest, centred=centre == middle)
    gain_map, error_map = _gain_map(optics, frame, planes, factor, centre)
    return Filter(
        width=frame.width,
        height=frame.height,
        centre=centre,
        half_diagonal=radius,
        warp=tuple(warp),
        gain=gain,
        gain_map=gain_map,
        error_px=error_px,
        error_gain=error_gain + error_map,
        made_from=made_from or {},
    )


RadialMap = Callable[[FloatArray], FloatArray]
"""Source radius over output radius (before scaling), at output radii in px."""


def _radial_map(optics: Optics, frame: SensorPicture, plane: int) -> RadialMap:
    """Distortion, then lateral colour at the distorted radius: the order in which lensfun corrects."""

    def source_over_output(radius: FloatArray) -> FloatArray:
        result = np.ones_like(radius)
        if optics.distortion:
            polynomial, sensor = optics.distortion
            factor = evaluate(polynomial, radius * frame.per_half_short_side(sensor))
            result = 1 + optics.strength.get("distortion", 1.0) * (factor - 1)
        if optics.tca and plane != 1:
            (red, blue), sensor = optics.tca
            distorted = radius * result * frame.per_half_short_side(sensor)
            factor = evaluate(red if plane == 0 else blue, distorted)
            result = result * (1 + optics.strength.get("tca", 1.0) * (factor - 1))
        return result

    return source_over_output


def _border(frame: SensorPicture, centre: tuple[float, float]) -> tuple[float, float]:
    """The nearest and the farthest point of the border, seen from the optical centre, in px."""
    across = (centre[0], frame.width - 1 - centre[0])
    along = (centre[1], frame.height - 1 - centre[1])
    return max(min(*across, *along), 0.0), max(math.hypot(max(across), max(along)), 0.5)


def _scale(planes: list[RadialMap], nearest: float, farthest: float, scale: str | float) -> float:
    """The factor by which the picture is enlarged.

    ``fill`` looks at the whole border. A border point at radius b must come from no farther out than b: if the map
    takes q to b, the scale must be at least b / q, so the largest b / q along the border is the one.
    """
    if scale == "none":
        return 1.0
    if scale != "fill":
        if not isinstance(scale, int | float) or not 0.1 <= scale <= 10:
            raise CompileError(f"A scale is `fill`, `none` or a factor from 0.1 to 10, not {scale!r}.")
        return float(scale)
    border = np.linspace(nearest, farthest, SAMPLES)
    largest = 0.0
    for plane in planes:
        output = np.linspace(0, 2 * farthest, 8 * SAMPLES)
        source = output * plane(output)
        rising = np.concatenate([[True], np.diff(source) > 0])
        if not rising.all():
            stop = int(np.argmin(rising))
            output, source = output[:stop], source[:stop]
        if source[-1] < farthest:
            folds = Sentence("The distortion model folds over within the frame, so the frame cannot be filled.")
            raise CompileError(folds, "Try --scale none.")
        q = np.interp(border, source, output)
        for _ in range(3):  # Newton's steps from the table to float64.
            step = q * 1e-6 + 1e-9
            slope = ((q + step) * plane(q + step) - q * plane(q)) / step
            q = q - (q * plane(q) - border) / slope
        q = np.maximum(q, 1e-9)
        largest = max(largest, float(np.max(plane(q))))
    return largest


def _fit_warp(plane: RadialMap, radius: float, scale: float, end: float, budget: float) -> tuple[Polynomial, float]:
    def exact(r: FloatArray) -> FloatArray:
        return plane(r * radius / scale) / scale

    polynomial, error = _fit(exact, end, budget, weight=lambda r: r * radius)
    if error > budget:
        raise CompileError(
            Sentence(
                "The distortion cannot be fitted to within {budget:.4f} px (off by {error:.4f} px).",
                budget=budget,
                error=error,
            )
        )
    r = np.linspace(0, end, SAMPLES)
    if np.any(np.diff(r * evaluate(polynomial, r)) <= 0):
        raise CompileError(
            Sentence("The distortion model folds over within the frame: this calibration is not usable here.")
        )
    return polynomial, error


def _fit_gains(
    optics: Optics, frame: SensorPicture, planes: list[RadialMap], scale: float, farthest: float, centred: bool
) -> tuple[tuple[Polynomial, ...], float]:
    """Fall-off and shading live at the source radius; the gain is their inverse, at the output radius.

    Shading is radial about the middle of the sensor: where the lens is not ``centred`` there, it is left to the map.
    """
    shading = optics.shading if centred else None
    if optics.vignetting is None and shading is None:
        return (UNITY,), 0.0
    radius = frame.half_diagonal
    reach = np.linspace(0, farthest, SAMPLES)
    if (
        optics.vignetting
        and np.min(evaluate(optics.vignetting[0], _in_units(reach, frame, optics.vignetting))) < DARKEST
    ):
        dark = Sentence("The fall-off model reaches zero within the frame: this calibration is not usable here.")
        raise CompileError(dark, "Correct without it by --only distortion,tca.")
    if shading:
        for colour in shading[0].planes:
            _check_shading(evaluate(colour.radial, _in_units(reach, frame, shading)))

    def gain_of(k: int) -> Callable[[FloatArray], FloatArray]:
        def exact(r: FloatArray) -> FloatArray:
            output = r * radius / scale
            source = output * planes[min(k, len(planes) - 1)](output)
            gain = np.ones_like(r)
            # A share of the stops, so that half and half again make the whole.
            if optics.vignetting:
                light = evaluate(optics.vignetting[0], _in_units(source, frame, optics.vignetting))
                gain = light ** -optics.strength.get("vignetting", 1.0)
            if shading:
                light = evaluate(shading[0].planes[k].radial, _in_units(source, frame, shading))
                gain = gain * light ** -optics.strength.get("shading", 1.0)
            return gain

        return exact

    # What comes from beyond the farthest corner is empty in the output and needs no gain.
    grid = np.linspace(0, farthest / radius, SAMPLES)
    ends = []
    for plane in planes:
        output = grid * radius / scale
        ends.append(float(grid[output * plane(output) <= farthest * (1 + 1e-9)][-1]))
    end = min(ends)
    count = 3 if shading else len(planes)
    polynomial, error = _fit(gain_of(count // 2), end, BUDGET_GAIN)
    fits = [(polynomial, error)]
    r = np.linspace(0, end, SAMPLES)
    apart = max(float(np.max(np.abs(gain_of(k)(r) - evaluate(polynomial, r)))) for k in range(count))
    if apart > AIM * BUDGET_GAIN:
        fits = [_fit(gain_of(k), end, BUDGET_GAIN) for k in range(count)]
        apart = max(error for _, error in fits)
    if apart > BUDGET_GAIN:
        raise CompileError(
            Sentence(
                "The fall-off cannot be fitted to within {budget} (off by {error:.2g}).",
                budget=BUDGET_GAIN,
                error=apart,
            )
        )
    return tuple(polynomial for polynomial, _ in fits), apart


def _in_units(radius: FloatArray, frame: SensorPicture, model: tuple[Any, Sensor]) -> FloatArray:
    """Radii in px as half diagonals of the sensor a model was measured on."""
    return radius * frame.per_half_diagonal(model[1])


def _check_shading(light: FloatArray) -> None:
    if not np.all((light > 1 / MOST_SHADING) & (light < MOST_SHADING)):
        dark = Sentence("The colour shading leaves no light within the frame: this calibration is not usable here.")
        raise CompileError(dark, "Correct without it by --only distortion,tca,vignetting.")


def _gain_map(
    optics: Optics, frame: SensorPicture, planes: list[RadialMap], scale: float, centre: tuple[float, float]
) -> tuple[FloatArray | None, float]:
    """What of the shading is not radial about the optical centre, with the largest error between its nodes."""
    middle = frame.centre(Sensor(1.0))
    if optics.shading is None or (optics.shading[0].is_radial and centre == middle):
        return None, 0.0
    shading, sensor = optics.shading
    strength = optics.strength.get("shading", 1.0)
    unit = frame.per_half_diagonal(sensor)

    def exact(rows: int, columns: int) -> FloatArray:
        down, across = np.linspace(0, frame.height - 1, rows), np.linspace(0, frame.width - 1, columns)
        x, y = np.meshgrid(across - centre[0], down - centre[1])
        gains = np.ones((3, rows, columns))
        for k in (0, 2):
            factor = planes[min(k, len(planes) - 1)](np.hypot(x, y) / scale) / scale
            # What comes from beyond the frame is empty, and there is no shading to be had.
            u = np.clip(x * factor + centre[0] - middle[0], -middle[0], middle[0]) * unit
            v = np.clip(y * factor + centre[1] - middle[1], -middle[1], middle[1]) * unit
            light = shading.planes[k].at(u, v)
            _check_shading(light)
            gains[k] = (light / shading.planes[k].radial_at(np.hypot(u, v)) if centre == middle else light) ** -strength
        return gains

    error = 0.0
    nodes = np.ones((3, 1, 1))
    for cells in MAP_CELLS:
        rows, columns = (
            math.ceil(cells * side / max(frame.width, frame.height)) for side in (frame.height, frame.width)
        )
        finer = exact(2 * rows + 1, 2 * columns + 1)
        nodes = finer[:, ::2, ::2]
        beside = (nodes[:, :, 1:] + nodes[:, :, :-1]) / 2
        below = (nodes[:, 1:] + nodes[:, :-1]) / 2
        amid = (beside[:, 1:] + beside[:, :-1]) / 2
        off = (finer[:, ::2, 1::2] - beside, finer[:, 1::2, ::2] - below, finer[:, 1::2, 1::2] - amid)
        error = max(float(np.max(np.abs(values))) for values in off)
        if error <= BUDGET_GAIN / 2:
            break
    if error > BUDGET_GAIN:
        raise CompileError(
            Sentence(
                "The colour shading cannot be held to within {budget} (off by {error:.2g}).",
                budget=BUDGET_GAIN,
                error=error,
            )
        )
    return np.round(nodes, 8), error


def _fit(
    exact: Callable[[FloatArray], FloatArray],
    end: float,
    budget: float,
    weight: Callable[[FloatArray], FloatArray] = np.ones_like,
) -> tuple[Polynomial, float]:
    """The polynomial of lowest degree on 0..end that meets the aim, and its largest weighted error.

    Lenses are nearly even in the radius, so it is fitted as E(x) + r O(x), x = r^2, in Chebyshev polynomials of x: that
    reaches degrees which in powers of r alone would drown in rounding.
    """
    r = np.linspace(0, end, SAMPLES)
    wanted, weights = exact(r), weight(r)
    best: tuple[Polynomial, float] = (UNITY, float(np.max(np.abs(wanted - 1) * weights)))
    if best[1] == 0:
        return best
    # Where a node lies is of no matter, if it is the same everywhere: cosines differ in their last bit.
    cosine = np.cos(np.linspace(0, np.pi, NODES)).astype(np.float32).astype(np.float64)
    square = end**2 * (1 - cosine) / 2
    nodes = np.sqrt(square)
    at_nodes = exact(nodes)
    for terms in range(1, MOST_TERMS + 1):
        odd_terms = min(terms, MOST_ODD_TERMS)
        columns = chebyshev.chebvander(-cosine, terms - 1)
        found = least_squares(np.hstack([columns, nodes[:, None] * columns[:, :odd_terms]]), at_nodes)
        polynomial = _interleaved(found[:terms], found[terms:], end)
        error = float(np.max(np.abs(evaluate(polynomial, r) - wanted) * weights))
        if error < best[1]:
            best = polynomial, error
        if error <= AIM * budget:
            break
    return best


def _interleaved(even: FloatArray, odd: FloatArray, end: float) -> Polynomial:
    """The powers of r of E(r^2) + r O(r^2), from the Chebyshev coefficients of E and O on 0..end^2."""
    powers = np.zeros(2 * max(len(even), len(odd)))
    for first, coefficients in enumerate((even, odd)):
        series = np.zeros(len(coefficients))
        for coefficient in chebyshev.cheb2poly(coefficients)[::-1]:  # Horner's rule in 2 x / end^2 - 1
            times_x = np.concatenate([[0.0], series[:-1]])
            series = times_x * (2 / end**2) - series
            series[0] += coefficient
        powers[first : first + 2 * len(series) : 2] = series
    return tuple(float(c) for c in np.trim_zeros(powers, "b")) or (0.0,)


def _frame(shot: Shot, size: tuple[int, int] | None, crop_factor: float | None) -> SensorPicture:
    if size is None:
        if shot.width is None or shot.height is None:
            raise CompileError(Sentence("The size of the picture is not known."), "Say it with --size WxH.")
        size = (shot.width, shot.height)
    if min(size) < 1 or any(side != int(side) for side in size):
        raise CompileError(f"A picture of {size[0]}x{size[1]} pixels cannot be corrected.")
    if crop_factor is None:
        told = crop_factor_of(shot, _body(shot))
        if told is None:
            unknown = Sentence("The sensor of this camera is not known.")
            raise CompileError(unknown, "Say its crop factor with --crop.")
        crop_factor = told.value * shot.digital_zoom
    if not (math.isfinite(crop_factor) and 0.1 <= crop_factor <= 100):
        raise CompileError(
            Sentence("A crop factor of {crop} makes no sense; full frame is 1, a 1-inch sensor 2.7.", crop=crop_factor)
        )
    return SensorPicture(int(size[0]), int(size[1]), float(crop_factor))


def _body(shot: Shot) -> Body | None:
    return catalogue().body_for(shot.make.value if shot.make else None, shot.model.value if shot.model else None)


def _focal_length(lens: Lens, shot: Shot, focal_mm: float | None) -> float:
    """A prime has its own; a zoom needs to be told."""
    if lens.focal_min == lens.focal_max:
        return lens.focal_min
    focal = focal_mm or (shot.focal_mm.value if shot.focal_mm else None)
    if focal is None:
        untold = Sentence("{lens} has several focal lengths and the photo does not say which.", lens=lens.name)
        raise CompileError(untold, "Give --focal MM.")
    if not lens.focal_min * 0.95 <= focal <= lens.focal_max * 1.05:
        raise CompileError(
            Sentence(
                "{lens} has no focal length of {focal:g} mm: it goes from {shortest:g} to {longest:g} mm.",
                lens=lens.name,
                focal=focal,
                shortest=lens.focal_min,
                longest=lens.focal_max,
            )
        )
    return float(focal)


def _wanted(corrections: Iterable[str]) -> tuple[str, ...]:
    asked = set(corrections.split(",") if isinstance(corrections, str) else corrections)
    if wrong := asked - set(KINDS):
        raise CompileError(f"There is no correction {', '.join(sorted(wrong))}; there are {', '.join(KINDS)}.")
    return tuple(kind for kind in KINDS if kind in asked)


def _strength(strength: Mapping[str, float] | None) -> Mapping[str, float]:
    """What differs from all of it."""
    asked = strength or {}
    _wanted(asked)
    for kind, share in asked.items():
        if not 0 <= share <= 1:
            raise CompileError(f"A strength is from 0 to 1; that of {kind} is {share:g}.")
    return {kind: float(share) for kind, share in sorted(asked.items()) if share != 1}


def _why_not(lens: Lens, kind: str) -> Sentence:
    others = sorted({str(known.grade) for known in lens.calibrations if known.kind == kind})
    if others:
        return Sentence("only a calibration that is {grades} is known", grades=tuple(map(Sentence, others)))
    return UNKNOWN


def _shading(
    runs: Sequence[Run], shot: Shot, frame: SensorPicture, focal: float, f_number: float | None, distance: float
) -> tuple[Shading, list[Run]] | Sentence:
    """The colour shading of a shot from the user's runs with its lens, and those it is from; or why there is none."""
    if not runs:
        return UNKNOWN
    make, model = (tag.value if tag else "" for tag in (shot.make, shot.model))
    on_body = [run for run in runs if same_body((run.make, run.model), (make, model))]
    if not on_body:
        measured = ", ".join(sorted({run.model for run in runs}))
        if not model:
            return Sentence("it was measured on {cameras}, and the photo does not say its camera", cameras=measured)
        return Sentence(
            "it was measured on {cameras}, and this is from {camera}; it is of lens and sensor together",
            cameras=measured,
            camera=model,
        )
    large = [run for run in on_body if run.crop_factor <= frame.crop_factor * 1.01]
    if not large:
        return Sentence("it was measured on a smaller part of the sensor")
    if f_number is None:
        return APERTURE_UNKNOWN
    used = [run for run in large if run.same_sensor(large[-1]) and abs(run.focal_mm / focal - 1) < 0.05]
    shading = interpolated(used, f_number, distance)
    if shading is None:
        if used:
            return Sentence("no calibration is near f/{f_number:g}", f_number=f_number)
        return Sentence("no calibration is near {focal:g} mm", focal=focal)
    if not shading.is_radial and shading.landscape != (frame.width >= frame.height):
        return Sentence("it differs from side to side, and this picture was turned since it was taken")
    return shading, used
