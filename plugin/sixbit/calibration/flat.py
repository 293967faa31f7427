"""Fall-off and colour shading from frames of an evenly lit surface, or of a diffuser before the lens.

The light of a flat is the lens's fall-off times the sensor's shading times a slight slope of the light. The fall-off is
radial, so a slope does no harm to it; of the colours, a slope can only be told from a cast of the sensor if the
camera was turned by 180 degrees between two frames, as the light then changes sides and the sensor does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sixbit.calibration.frames import check_untouched, open_frame, setting_of
from sixbit.calibration.keep import Setting, add
from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.lenses.own import Run
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.patches import Patches, patches_of
from sixbit.measure.vignetting import Fit, Samples, even_powers, falling, fit, light_at, surface, surface_powers
from sixbit.values.errors import CalibrationError
from sixbit.values.lens import Model
from sixbit.values.watch import Progress, silent

FloatArray = NDArray[np.float64]

# What a flat must be. The figures were set by benchmarks/calibrate.py: flats of every kind pass, scenes do not.
MOST_CLIPPED = 0.01
"""Share of a patch's pixels at the upper end of the scale, in one patch of a hundred."""
DARKEST, COARSEST = 0.004, 0.1
"""Light in the centre, and the distance of two code values in the darkest parts."""
ROUGHEST = 0.012
"""Standard deviation of the patches against their surroundings."""
MOST_SPOTS = 0.08
"""Share of patches that stand out from their surroundings."""
MOST_TEXTURE = 0.3
"""Standard deviation of the pixels within a patch."""
MOST_UNEVEN = 0.02
"""Standard deviation of what is neither radial nor a slope."""
STEEPEST = 0.25
"""Slope of the light from the centre to a corner."""
MOST_APART = 0.03
"""By how much the fall-off in the corner may differ between frames of one setting."""
LEAST_SURFACE = 0.0015
"""A surface that is nowhere higher is not worth a gain map."""
NEIGHBOURS = 9
"""Patches along a square that a patch is compared with."""
FLOOR = 5e-4
"""Relative light below which differences are of no interest."""
JPEG_COLOUR_ERROR = 0.005
"""Standard error of the colours of a JPEG: alike in wide areas, so that the scatter of patches does not show it.
Of rendered JPEGs (benchmarks/calibrate.py) few are off by more than twice as much."""
DEGREE = 6
RINGS = 40


@dataclass(frozen=True, eq=False)
class Curve:
    """A measured curve over the radius (half diagonals): means of rings with their standard errors, and the fit."""

    radius: FloatArray
    measured: FloatArray
    error: FloatArray
    fitted: FloatArray


@dataclass(frozen=True, eq=False)
class FlatResult:
    """What flats have shown. ``curves`` holds ``light`` and, of colour frames, ``red`` and ``blue`` against green.

    ``corner_light`` is the light in the corner over that in the centre, with its standard error, relative;
    ``slopes`` the slope of each frame's light from the centre to a corner; ``rest`` what neither fit explains of
    light, red and blue, by patch, for a picture (not a number where one was left out). ``verdict`` says it in words.
    """

    setting: Setting
    frames: tuple[str, ...]
    vignetting: tuple[float, float, float]
    corner_light: float
    corner_error: float
    shading: Shading | None
    shading_error: float
    turned: bool
    slopes: tuple[float, ...]
    curves: dict[str, Curve]
    rest: dict[str, FloatArray]
    verdict: tuple[str, ...]

    @property
    def stops(self) -> float:
        """Fall-off in the corner in stops; above zero is darker."""
        return -math.log2(self.corner_light)

    @property
    def rest_deviation(self) -> float:
        """Standard deviation of the patches' light against the fit, relative."""
        return max(float(np.nanstd(self.rest["light"])), 1e-6)


def measure_flat(
    paths: Sequence[str | Path],
    lens: str | None = None,
    *,
    crop_factor: float | None = None,
    focal_mm: float | None = None,
    f_number: float | None = None,
    distance_m: float | None = None,
    progress: Progress = silent,
) -> FlatResult:
    """Measure fall-off and colour shading from flats of one lens, aperture and body.

    ``lens`` is its identity, where the frames do not say it; so are the rest. Raises CalibrationError, with the
    reason and what would do, for frames that are no flats, too bright, too dark, corrected already or of different
    settings; PhotoError for files that are no photos. Nothing is kept: see :func:`keep`.
    """
    if not paths:
        raise CalibrationError("Give at least one frame of an evenly lit surface.")
    shots, sizes, patches = [], [], []
    for number, path in enumerate(paths):
        progress(number / len(paths) * 0.95, f"reading {Path(path).name}")
        frame = open_frame(path)
        check_untouched([frame.shot])
        shots.append(frame.shot)
        sizes.append(frame.size)

        def told(share: float, number: int = number, name: str = frame.name) -> None:
            progress((number + 0.5 + share / 2) / len(paths) * 0.95, f"measuring {name}")

        patches.append(patches_of(_with_fine_colours(frame) if frame.is_jpeg else frame, told))
        if np.quantile(patches[-1].spread, 0.9) == 0:
            raise _no_flat(patches[-1], "its pixels have no noise, as those of every camera have")
        del frame
    setting = setting_of(
        shots, sizes, lens, crop_factor=crop_factor, focal_mm=focal_mm, f_number=f_number, distance_m=distance_m
    )
    check_landscape(sizes)
    progress(0.95, "fitting")
    result = fit_flat(patches, setting)
    if f_number is None and setting.f_number and any(shot.f_number_estimated for shot in shots):
        estimated = f"The aperture, f/{setting.f_number:g}, is the camera's estimate; if the ring said another, say it."
        result = replace(result, verdict=(*result.verdict, estimated))
    progress(1.0, "done")
    return result


def keep(result: FlatResult) -> Run:
    """Keep a result in the user's database: the fall-off for every program, the shading for Sixbit."""
    if result.setting.f_number is None:
        raise CalibrationError("The frames do not say their aperture, which fall-off is of; say it with --aperture.")
    count = len(result.frames)
    turned = ", turned against the light" if result.turned and count > 1 else ""
    source = f"{count} flat frame{'s' if count > 1 else ''}{turned}, f/{result.setting.f_number:g}"
    shading = result.shading.to_json() if result.shading and result.setting.model else None
    return add(result.setting, source, vignetting=Model("pa", result.vignetting), shading=shading)


def _with_fine_colours(frame: DecodedFrame) -> DecodedFrame:
    """Decode a JPEG once more, by libjxl, which makes red, green and blue in floating point.

    libjpeg rounds colour differences before, to the same side over wide areas of a flat: of 42 rendered JPEGs half
    would be off by 1.9 % in colour and the worst by 4.5 %, and by 6 % in fall-off.
    """
    import imagecodecs

    try:
        as_jpeg_xl = imagecodecs.jpegxl_encode_jpeg(frame.path.read_bytes())
        return replace(frame, pixels=imagecodecs.jpegxl_decode(as_jpeg_xl, keeporientation=True))
    except (ImportError, RuntimeError) as error:
        raise CalibrationError(
            f"{frame.name}: the colours of this JPEG cannot be read finely enough ({error}); give a raw file or a TIFF."
        ) from error


def check_landscape(sizes: Sequence[tuple[int, int]]) -> None:
    """Refuse a mix of lying and upright pictures: the sensor's sides are not the same in both."""
    if len({width >= height for width, height in sizes}) > 1:
        raise CalibrationError(
            "Some of these frames lie and some stand; turn the camera by 180 degrees between frames, not by 90."
        )


def fit_flat(patches: Sequence[Patches], setting: Setting) -> FlatResult:
    """The same from measured patches: the part that is mathematics alone."""
    for one in patches:
        _check_exposure(one)
    if len({one.light.shape for one in patches}) > 1:
        raise CalibrationError("These frames differ in size or in their colours; give frames of one kind.")
    planes = patches[0].light.shape[0]
    green = planes // 2
    good = [_check_flatness(one, green) for one in patches]
    light = _samples(patches, good, lambda p: np.log(p.light[green]), lambda p: p.noise[green])
    terms, found = falling(light)
    slopes = [float(np.hypot(*slope)) for slope in found.slopes]
    _check_light(patches, slopes, terms, light)
    verdict = []
    corner = float(light_at(terms, 1.0))
    inflation = _inflation(light, found)
    gradient = np.ones(3) / corner
    radius = np.hypot(light.x, light.y)
    ring = found.rest[radius > np.quantile(radius, 0.97)]
    misfit = float(np.mean(ring)) if len(ring) else 0.0
    corner_error = math.hypot(math.sqrt(float(gradient @ found.covariance @ gradient)) * inflation, misfit)
    stops = -math.log2(corner)
    verdict.append(
        f"Fall-off: the corners get {100 * corner:.1f} % of the light of the centre ({stops:.2f} stops), "
        f"give or take {100 * corner_error:.1f} % of it."
    )
    turned = _turned(found.slopes)
    verdict.append(_said_of_light(slopes, turned, len(patches)))

    curves = {"light": _curve(light, found, lambda r: light_at(terms, r))}
    rest = {"light": _by_patch(patches, good, found.rest)}
    shading = None
    shading_error = 0.0
    if planes == 3:
        is_jpeg = any(one.is_jpeg for one in patches)
        colours: dict[str, PlaneShading] = {}
        for name, ratio in zip(("red", "blue"), (_ratio(patches, good, k) for k in (0, 2)), strict=True):
            plane, error, fitted = _fit_colour(ratio, turned, is_jpeg)
            colours[name] = plane
            shading_error = max(shading_error, error)
            curves[name] = _curve(ratio, fitted, partial(_radial, plane))
            rest[name] = _by_patch(patches, good, fitted.rest)
        one = patches[0]
        if is_jpeg:
            shading_error = math.hypot(shading_error, JPEG_COLOUR_ERROR)
        landscape = one.light.shape[2] >= one.light.shape[1]
        shading = Shading(colours["red"], colours["blue"], landscape)
        verdict.append(_said_of_shading(shading, one, shading_error, turned))
        if is_jpeg:
            verdict.append(
                "JPEGs round colours, so they are known to about 1 %; a raw file or TIFF measures them better."
            )
        if not setting.model:
            verdict.append("The frames do not name their camera, so the colour shading, which is of it, is not kept.")
    return FlatResult(
        setting=setting,
        frames=tuple(one.name for one in patches),
        vignetting=(float(terms[0]), float(terms[1]), float(terms[2])),
        corner_light=corner,
        corner_error=corner_error,
        shading=shading,
        shading_error=shading_error,
        turned=turned,
        slopes=tuple(slopes),
        curves=curves,
        rest=rest,
        verdict=tuple(verdict),
    )


# Whether it is a flat -------------------------------------------------------------------------------------------------


def _check_exposure(one: Patches) -> None:
    if np.quantile(one.clipped, 0.99) > MOST_CLIPPED:
        raise CalibrationError(
            f"{one.name}: is over-exposed, {100 * np.mean(one.clipped > MOST_CLIPPED):.0f} % of it is clipped; take it "
            "again with one or two stops less."
        )
    middle = one.r < 0.2
    centre = np.median(one.light[:, middle], axis=1)
    if centre.min() < DARKEST or np.quantile(one.step, 0.98) > COARSEST:
        raise CalibrationError(
            f"{one.name}: is too dark to measure, its darkest parts differ by a few code values; expose so that the "
            "centre is a light grey, or give a 16-bit or raw frame."
        )


def _check_flatness(one: Patches, green: int) -> NDArray[np.bool_]:
    """The patches that can be used; CalibrationError, with the reason, if this is no flat."""
    value = np.log(one.light[green])
    if np.median(one.spread[green]) > MOST_TEXTURE:
        raise _no_flat(one, f"its pixels differ by {100 * np.median(one.spread[green]):.0f} % within a small patch")
    everything = np.ones(value.shape, bool)
    samples = _samples([one], [everything], lambda p: np.log(p.light[green]), lambda p: p.noise[green])
    r = np.hypot(samples.x, samples.y)
    powers = surface_powers(4, linear=False)
    found = fit(samples, np.hstack([even_powers(r, 3), surface(samples.x, samples.y, powers)]))
    rest = found.rest.reshape(value.shape)
    against = rest - _median_of_neighbours(rest)
    deviation = 1.4826 * float(np.median(np.abs(against)))
    if deviation > ROUGHEST:
        raise _no_flat(one, f"neighbouring parts of it differ by {100 * deviation:.1f} %")
    spot = np.abs(against) > max(5 * deviation, 0.004)
    if spot.mean() > MOST_SPOTS:
        raise _no_flat(one, f"{100 * spot.mean():.0f} % of it stands out from its surroundings")
    # Dust reaches a little beyond the patches in which it is plain.
    near = np.pad(spot, 1)
    spot = near[1:-1, 1:-1] | near[:-2, 1:-1] | near[2:, 1:-1] | near[1:-1, :-2] | near[1:-1, 2:]
    smooth = fit(samples.only(~spot.ravel()), even_powers(r[~spot.ravel()], 3)).rest
    uneven = float(np.sqrt(np.mean(smooth**2)))
    if uneven > MOST_UNEVEN:
        raise _no_flat(one, f"its brightness is off any fall-off by {100 * uneven:.1f} %")
    return ~spot


def _no_flat(one: Patches, why: str) -> CalibrationError:
    return CalibrationError(
        f"{one.name}: is not enough of an even surface: {why}. Take an evenly lit wall or the sky out of focus, or "
        "hold a white sheet or diffuser close before the lens."
    )


def _check_light(patches: Sequence[Patches], slopes: Sequence[float], terms: FloatArray, light: Samples) -> None:
    for one, slope in zip(patches, slopes, strict=True):
        if slope > STEEPEST:
            raise CalibrationError(
                f"{one.name}: its light falls by {100 * slope:.0f} % from the centre to a corner; find a more even one."
            )
    plain = fit(light, even_powers(np.hypot(light.x, light.y), 3)).terms
    if light_at(plain, 1.0) > 1.03 or np.max(light_at(plain, np.linspace(0, 1, 50))) > 1.04:
        raise CalibrationError(
            "These frames get brighter away from the centre, as no lens makes them: either they are no flats, or the "
            "fall-off is corrected already."
        )
    if light_at(terms, 1.0) < 1 / 32:
        raise CalibrationError(
            "The corners of these frames get next to no light; take the hood, filters and adapters that reach into "
            "the picture away."
        )
    if len(patches) > 1:
        corners = []
        for number in range(len(patches)):
            own = light.only(light.frame == number)
            own = replace(own, frame=np.zeros_like(own.frame))
            corners.append(float(light_at(fit(own, even_powers(np.hypot(own.x, own.y), 3)).terms, 1.0)))
        if max(corners) / min(corners) - 1 > MOST_APART:
            listed = ", ".join(f"{100 * corner:.0f} %" for corner in corners)
            raise CalibrationError(
                f"The frames do not agree: their corners get {listed} of the light; take them with one setting of the "
                "lens and the same even light."
            )


def _median_of_neighbours(values: FloatArray) -> FloatArray:
    half = NEIGHBOURS // 2
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, half, mode="reflect"), (NEIGHBOURS, NEIGHBOURS))
    median: FloatArray = np.median(windows, axis=(2, 3))
    return median


def _turned(slopes: FloatArray) -> bool:
    """True if the frames tell light from sensor: their slopes cancel, or there are none."""
    if len(slopes) < 2:
        return False
    steepest = float(np.max(np.hypot(*slopes.T)))
    shared = float(np.hypot(*slopes.mean(axis=0)))
    return shared <= max(0.35 * steepest, 0.004)


# Colour ---------------------------------------------------------------------------------------------------------------


def _fit_colour(ratio: Samples, turned: bool, is_jpeg: bool) -> tuple[PlaneShading, float, Fit]:
    """The shading of a plane against green: radial if the evidence does not ask for more."""
    # Finer shapes in a JPEG are what rounding has made.
    most_radial, degrees = (2, (1, 2, 3)) if is_jpeg else (3, (1, 2, 3, 4, 6))
    r = np.hypot(ratio.x, ratio.y)
    fits = [fit(ratio, even_powers(r, terms), turned) for terms in range(most_radial + 1)]
    powers = surface_powers(DEGREE, linear=turned)
    full = fit(ratio, np.hstack([even_powers(r, 3), surface(ratio.x, ratio.y, powers)]), turned)
    inflation = _inflation(ratio, full)
    independent = len(r) / inflation**2

    def criterion(found: Fit, terms: int) -> float:
        unlikely = independent * math.log(float(np.mean(found.rest**2)) + FLOOR**2)
        return unlikely + terms * math.log(max(independent, 2))

    order = min(range(most_radial + 1), key=lambda terms: criterion(fits[terms], terms))
    best: tuple[float, Fit, list[tuple[int, int]]] = (criterion(fits[order], order), fits[order], [])
    for degree in degrees:
        some = surface_powers(degree, linear=turned)
        if not some:
            continue
        basis = np.hstack([even_powers(r, most_radial), surface(ratio.x, ratio.y, some)])
        found = fit(ratio, basis, turned)
        height = np.max(np.abs(surface(ratio.x, ratio.y, some) @ found.terms[most_radial:]))
        if height > LEAST_SURFACE and (value := criterion(found, basis.shape[1])) < best[0]:
            best = value, found, some
    _, found, some = best
    radial_terms = most_radial if some else order
    radial = (1.0, *(c for term in found.terms[:radial_terms] for c in (0.0, float(term))))
    heights = dict(zip(some, found.terms[radial_terms:].tolist(), strict=True))
    corner = np.concatenate([np.ones(radial_terms), [0.59**i * 0.59**j for i, j in some]])
    error = math.sqrt(max(float(corner @ found.covariance @ corner), 0.0)) * inflation if len(corner) else 0.0
    return PlaneShading(radial, heights or None), error, found


def _inflation(samples: Samples, found: Fit) -> float:
    """How much less sure means are than if patches erred independently: from the means of larger cells.

    JPEG blocks, stray light and what a model cannot follow make neighbours err alike.
    """
    cell = np.floor((samples.x + 1) * 8) * 1000 + np.floor((samples.y + 1) * 8) + samples.frame * 1_000_000
    _, which, counts = np.unique(cell, return_inverse=True, return_counts=True)
    large = counts >= 8
    if large.sum() < 8:
        return 1.0
    means = np.bincount(which, found.rest) / counts
    ratio = float(np.mean((means**2 * counts)[large]) / max(float(np.mean(found.rest**2)), 1e-30))
    return math.sqrt(max(1.0, ratio))


# What was found, in words and curves ----------------------------------------------------------------------------------


def _said_of_light(slopes: Sequence[float], turned: bool, count: int) -> str:
    steepest = max(slopes)
    said = f"The light sloped by {100 * steepest:.1f} % from the centre to a corner"
    if turned:
        return f"{said}, which cancels as the camera was turned."
    if count > 1:
        return f"{said}, to the same side in all frames: turn the camera by 180 degrees between two of them."
    return f"{said}, which was taken for the light's own; a second frame with the camera turned by 180 degrees tells."


def _said_of_shading(shading: Shading, one: Patches, error: float, turned: bool) -> str:
    parts = []
    for name, plane in (("red", shading.red), ("blue", shading.blue)):
        away = 100 * (plane.at(one.x, one.y) - 1)
        least, most = float(away.min()), float(away.max())
        parts.append(
            f"{name} {least:+.1f} to {most:+.1f} %" if plane.surface else f"{name} {_widest(least, most):+.1f} %"
        )
    shape = "the same to all sides" if shading.is_radial else "different from side to side"
    sided = "" if turned else "; a cast from one side to the other cannot be told from the light's by these frames"
    return f"Colour shading against green: {', '.join(parts)}, {shape}, give or take {100 * error:.2f} %{sided}."


def _widest(least: float, most: float) -> float:
    return least if -least > most else most


def _curve(samples: Samples, found: Fit, fitted: Callable[[FloatArray], FloatArray]) -> Curve:
    """Means of rings, freed of exposure and slope."""
    r = np.hypot(samples.x, samples.y)
    slopes = 1 + found.slopes[samples.frame, 0] * samples.x + found.slopes[samples.frame, 1] * samples.y
    value = np.exp(samples.value - found.scales[samples.frame] - np.log(slopes))
    edges = np.linspace(0, r.max() * 1.0001, RINGS + 1)
    which = np.digitize(r, edges) - 1
    counts = np.bincount(which, minlength=RINGS)[:RINGS]
    some = counts > 2
    counts = np.maximum(counts, 1)
    mean = np.bincount(which, value, RINGS)[:RINGS] / counts
    square = np.bincount(which, value**2, RINGS)[:RINGS] / counts
    error = np.sqrt(np.maximum(square - mean**2, 0) / counts)
    radius = np.bincount(which, r, RINGS)[:RINGS] / counts
    return Curve(radius[some], mean[some], error[some], fitted(radius[some]))


Of = Callable[[Patches], FloatArray]


def _samples(
    patches: Sequence[Patches],
    good: Sequence[NDArray[np.bool_]],
    value: Of,
    noise: Of,
) -> Samples:
    one = list(zip(patches, good, strict=True))
    counts = [int(keep.sum()) for keep in good]
    # Not even thousands of pixels know the light better than the lens is a polynomial.
    errors = np.hypot(np.concatenate([noise(p)[keep] for p, keep in one]), FLOOR)
    return Samples(
        np.concatenate([p.x[keep] for p, keep in one]),
        np.concatenate([p.y[keep] for p, keep in one]),
        np.concatenate([value(p)[keep] for p, keep in one]),
        errors,
        np.repeat(np.arange(len(counts)), counts),
    )


def _radial(plane: PlaneShading, r: FloatArray) -> FloatArray:
    return plane.radial_at(r, np.zeros_like(r))


def _ratio(patches: Sequence[Patches], good: Sequence[NDArray[np.bool_]], k: int) -> Samples:
    """Plane k against green."""
    return _samples(
        patches, good, lambda p: np.log(p.light[k] / p.light[1]), lambda p: np.hypot(p.noise[k], p.noise[1])
    )


def _by_patch(patches: Sequence[Patches], good: Sequence[NDArray[np.bool_]], rest: FloatArray) -> FloatArray:
    """Mean of the frames of what is left in each patch, for a picture."""
    total = np.zeros(good[0].shape)
    counts = np.zeros(good[0].shape)
    start = 0
    for keep in good:
        stop = start + int(keep.sum())
        total[keep] += rest[start:stop]
        counts += keep
        start = stop
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(counts > 0, total / np.maximum(counts, 1), np.nan))
