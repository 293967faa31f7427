"""Vignetting and colour shading of flats: frames of an evenly lit surface, or of a diffuser before the lens.

The light of a flat is the lens's fall-off times the sensor's shading times a slight slope of the light. The fall-off is
radial, so a slope does no harm to it; of the colours, a slope can only be told from a cast of the sensor if the
camera was turned by 180 degrees between two frames, as the light then changes sides and the sensor does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sixbit.compiler.shading import Shading
from sixbit.measure.curve import Curve
from sixbit.measure.flatness import check_exposure, check_light, usable_patches
from sixbit.measure.patches import Patches
from sixbit.measure.samples import Fit, by_patch, samples_of
from sixbit.measure.shading import MeasuredShading, fit_shading
from sixbit.measure.vignetting import fit_vignetting, vignetting_at
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code

SHARED_SLOPE = 0.35
"""Share of the steepest slope that frames may have in common and still count as turned against the light."""
EVEN = 0.004
"""Slope in common that is none."""
OUTERMOST = 0.97
"""Share of the patches within the ring whose residuals tell how a fit fails in the corner."""


@dataclass(frozen=True, eq=False)
class MeasuredFlat:
    """Vignetting (lensfun's ``pa``) and colour shading that flats have shown, and how surely.

    ``corner_light`` is the light in the corner over that in the centre, with its standard error, relative;
    ``slopes`` the slope of each frame's light from the centre to a corner; ``turned`` is true if these cancel.
    ``curves`` holds ``light`` and, of colour frames, ``red`` and ``blue`` against green; ``residuals`` what the fits of
    these leave, by patch, for a picture (not a number where a patch was left out). ``verdict`` says it in words.
    """

    vignetting: tuple[float, float, float]
    corner_light: float
    corner_error: float
    shading: Shading | None
    shading_error: float
    turned: bool
    slopes: tuple[float, ...]
    curves: dict[str, Curve]
    residuals: dict[str, FloatArray]
    verdict: tuple[str, ...]

    @property
    def deviation(self) -> float:
        """Standard deviation of the patches' light against the fit, relative."""
        return max(float(np.nanstd(self.residuals["light"])), 1e-6)


def fit_flat(patches: Sequence[Patches]) -> MeasuredFlat:
    """Fit vignetting and colour shading to the patches of one frame or more.

    Raises CalibrationError, with the reason, for frames that are no flats, or do not agree.
    """
    for one in patches:
        check_exposure(one)
    if len({one.light.shape for one in patches}) > 1:
        raise CalibrationError("These frames differ in size or in their colours.", Code.FRAMES)
    planes = patches[0].light.shape[0]
    green = planes // 2
    usable = [usable_patches(one, green) for one in patches]
    light = samples_of(patches, usable, green)
    found = fit_vignetting(light)
    slopes = tuple(float(np.hypot(*slope)) for slope in found.slopes)
    check_light([one.name for one in patches], slopes, found.terms, light)
    corner = float(vignetting_at(found.terms, 1.0))
    corner_error = _corner_error(found, corner)
    turned = _turned(found.slopes)
    colour = fit_shading(patches, usable, turned) if planes == 3 else None
    k1, k2, k3 = (float(term) for term in found.terms)
    verdict = [
        f"Fall-off: the corners get {100 * corner:.1f} % of the light of the centre ({-math.log2(corner):.2f} stops), "
        f"give or take {100 * corner_error:.1f} % of it.",
        _light_in_words(slopes, turned),
    ]
    return MeasuredFlat(
        vignetting=(k1, k2, k3),
        corner_light=corner,
        corner_error=corner_error,
        shading=colour.shading if colour else None,
        shading_error=colour.error if colour else 0.0,
        turned=turned,
        slopes=slopes,
        curves={"light": found.curve(lambda r: vignetting_at(found.terms, r)), **(colour.curves if colour else {})},
        residuals={"light": by_patch(found.residuals, usable), **(colour.residuals if colour else {})},
        verdict=(*verdict, *(_shading_in_words(colour, patches, turned) if colour else ())),
    )


def _corner_error(found: Fit, corner: float) -> float:
    """The standard error of the light in the corner, relative, with the mean of what the fit leaves there."""
    gradient = np.ones(3) / corner
    radius = found.samples.r
    outermost = found.residuals[radius > np.quantile(radius, OUTERMOST)]
    misfit = float(np.mean(outermost)) if len(outermost) else 0.0
    return math.hypot(math.sqrt(float(gradient @ found.covariance @ gradient)) * found.inflation, misfit)


def _turned(slopes: FloatArray) -> bool:
    """True if the frames tell light from sensor: their slopes cancel, or there are none."""
    if len(slopes) < 2:
        return False
    steepest = float(np.max(np.hypot(*slopes.T)))
    shared = float(np.hypot(*slopes.mean(axis=0)))
    return shared <= max(SHARED_SLOPE * steepest, EVEN)


def _light_in_words(slopes: Sequence[float], turned: bool) -> str:
    sloped = f"The light sloped by {100 * max(slopes):.1f} % from the centre to a corner"
    if turned:
        return f"{sloped}, which cancels as the camera was turned."
    if len(slopes) > 1:
        return f"{sloped}, to the same side in all frames: turn the camera by 180 degrees between two of them."
    return f"{sloped}, which was taken for the light's own; a second frame with the camera turned by 180 degrees tells."


def _shading_in_words(colour: MeasuredShading, patches: Sequence[Patches], turned: bool) -> list[str]:
    parts = []
    for name, plane in (("red", colour.shading.red), ("blue", colour.shading.blue)):
        percent = 100 * (plane.at(patches[0].x, patches[0].y) - 1)
        least, most = float(percent.min()), float(percent.max())
        widest = least if -least > most else most
        parts.append(f"{name} {least:+.1f} to {most:+.1f} %" if plane.surface else f"{name} {widest:+.1f} %")
    shape = "the same to all sides" if colour.shading.is_radial else "different from side to side"
    sided = "" if turned else "; a cast from one side to the other cannot be told from the light's by these frames"
    verdict = [
        f"Colour shading against green: {', '.join(parts)}, {shape}, give or take {100 * colour.error:.2f} %{sided}."
    ]
    if any(one.is_lossy for one in patches):
        verdict.append(
            "A JPEG, or a photo compressed like it, rounds colours, so these are known to about 1 %; "
            "a raw file or a TIFF measures them better."
        )
    return verdict
