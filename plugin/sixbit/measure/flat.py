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
from sixbit.measure.flatness import check_exposure, check_light, exposure_in_words, usable_patches
from sixbit.measure.patches import Patches
from sixbit.measure.samples import Fit, Mask, by_patch, even_powers, samples_of
from sixbit.measure.shading import MeasuredShading, fit_shading
from sixbit.measure.vignetting import fit_vignetting, vignetting_at
from sixbit.measure.worth import RADII, Outcome, Worth, area_weights
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.sentence import Sentence, in_a_row

SHARED_SLOPE = 0.35
"""Share of the steepest slope that frames may have in common and still count as turned against the light."""
EVEN = 0.004
"""Slope in common that is none."""
LEAST_COLOUR = 0.001
"""Of the light: an error of colour that is smaller is said to be less than this."""
HARDLY_SHOWS = 0.15
"""EV in the corner that nobody sees by itself."""
MIDDLE = 0.2
"""Half diagonals from the middle in which the brightness of a frame is told."""
LEFT_IN_CORNER = 0.85
"""Share of what rounding hides that the fit of a few terms to many bands leaves in the corner; nearer to the middle it
is less, as the light gets that of the middle. So 98 % of the curves of 120 rendered JPEGs lay within what is stated."""
RINGS = 11
"""Of patches whose residuals tell how a fit fails at their radius."""
NOTHING = Sentence("There is nothing to correct; it is kept all the same, as apertures between two are told by both.")


@dataclass(frozen=True, eq=False)
class MeasuredFlat:
    """Vignetting (lensfun's ``pa``) and colour shading that flats have shown, and how surely.

    ``corner_light`` is the light in the corner over that in the centre; ``worth`` has its error over the radius;
    ``shading_worth`` those of the shading, in per cent;
    ``slopes`` the slope of each frame's light from the centre to a corner; ``turned`` is true if these cancel.
    ``curves`` holds ``light`` and, of colour frames, ``red`` and ``blue`` against green; ``residuals`` what the fits of
    these leave, by patch, for a picture (not a number where a patch was left out). ``verdict`` says it in words.
    """

    vignetting: tuple[float, float, float]
    corner_light: float
    worth: Worth
    shading: Shading | None
    shading_error: float
    shading_worth: Worth | None
    turned: bool
    slopes: tuple[float, ...]
    curves: dict[str, Curve]
    residuals: dict[str, FloatArray]
    verdict: tuple[str, ...]
    brought: tuple[str, ...] = ()
    """What each frame brought, in words."""

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
    worth = _worth(found, patches[0])
    turned = _turned(found.slopes)
    colour = fit_shading(patches, usable, turned) if planes == 3 else None
    k1, k2, k3 = (float(term) for term in found.terms)
    verdict = [
        Sentence(
            "Fall-off: the corners get {percent:.1f} % of the light of the centre ({stops:.2f} EV), give or "
            "take {error}.",
            percent=100 * corner,
            stops=-math.log2(corner),
            error=worth.corner_error,
        ),
        *worth.reach_in_words,
        *([dark] if (dark := exposure_in_words(patches)) else []),
        *([NOTHING] if worth.outcome is Outcome.NOTHING else []),
        _light_in_words(slopes, turned),
    ]
    return MeasuredFlat(
        vignetting=(k1, k2, k3),
        corner_light=corner,
        worth=worth,
        shading=colour.shading if colour else None,
        shading_error=colour.error if colour else 0.0,
        shading_worth=colour.worth if colour else None,
        turned=turned,
        slopes=slopes,
        curves={"light": found.curve(lambda r: vignetting_at(found.terms, r)), **(colour.curves if colour else {})},
        residuals={"light": by_patch(found.residuals, usable), **(colour.residuals if colour else {})},
        verdict=(*verdict, *(_shading_in_words(colour, patches, turned) if colour else ())),
        brought=tuple(
            _frame_in_words(one, good, slope) for one, good, slope in zip(patches, usable, slopes, strict=True)
        ),
    )


def _frame_in_words(one: Patches, usable: Mask, slope: float) -> str:
    """Say how bright a frame is, how its light slopes, and what of it was left out."""
    middle = float(np.median(one.light[:, one.r < MIDDLE].max(axis=0)))
    said = Sentence(
        "The middle has {middle:.0f} % of white, the light slopes by {slope:.1f} % to a corner",
        middle=100 * middle,
        slope=100 * slope,
    )
    dust = float(np.mean(~usable))
    if not dust:
        return Sentence("{said}.", said=said)
    return Sentence("{said}; {dust:.1f} % left out as dust.", said=said, dust=100 * dust)


def _worth(found: Fit, frame: Patches) -> Worth:
    """Weigh the fall-off that was found; CalibrationError if it is not sure enough. One of nothing tells as well."""
    basis, light = even_powers(RADII, 3), vignetting_at(found.terms, RADII)
    variance = np.einsum("ij,jk,ik->i", basis, found.covariance, basis) * found.inflation**2
    misfit = _misfit(found)
    hidden = LEFT_IN_CORNER * RADII * found.samples.hidden_at(RADII)
    error = np.sqrt(np.maximum(variance, 0) / light**2 + misfit**2 + hidden**2) / math.log(2)
    reach = min(1.0, float(found.samples.r.max()))
    rows, columns = frame.light.shape[1:]
    weights = area_weights(max(rows, columns) / min(rows, columns))
    worth = Worth("vignetting", -np.log2(light)[None], error[None], weights, reach)
    if worth.outcome is Outcome.UNSURE:
        rounded = float(hidden[-1]) > math.log(2) * float(error[-1]) / 2
        helps = Sentence("ones with more light, or raw ones") if rounded else Sentence("ones of a more even light")
        most = float(np.max(np.abs(worth.correction) + worth.surely_within))
        why = Sentence("Not enough: {why}", why=worth.why_unsure(helps))
        if most < HARDLY_SHOWS:
            why = Sentence("{why} It surely loses less than {most:.2f} EV, which hardly shows.", why=why, most=most)
        raise CalibrationError(why, Code.FLATS)
    return worth


def _misfit(found: Fit) -> FloatArray:
    """Find what the fit leaves in the mean at each of ``RADII``, in logarithm: how it fails there."""
    ring = np.rint(found.samples.r * (RINGS - 1)).astype(int).clip(0, RINGS - 1)
    counts = np.bincount(ring, minlength=RINGS)
    means = np.bincount(ring, found.residuals, RINGS) / np.maximum(counts, 1)
    return np.interp(RADII, np.linspace(0, 1, RINGS)[counts > 0], np.abs(means[counts > 0]))


def _turned(slopes: FloatArray) -> bool:
    """True if the frames tell light from sensor: their slopes cancel, or there are none."""
    if len(slopes) < 2:
        return False
    steepest = float(np.max(np.hypot(*slopes.T)))
    shared = float(np.hypot(*slopes.mean(axis=0)))
    return shared <= max(SHARED_SLOPE * steepest, EVEN)


def _light_in_words(slopes: Sequence[float], turned: bool) -> str:
    percent = 100 * max(slopes)
    if turned:
        return Sentence(
            "The light sloped by {percent:.1f} % from the centre to a corner, which cancels as the camera was turned.",
            percent=percent,
        )
    if len(slopes) > 1:
        return Sentence(
            "The light sloped by {percent:.1f} % from the centre to a corner, to the same side in all frames: turn the "
            "camera by 180 degrees between two of them.",
            percent=percent,
        )
    return Sentence(
        "The light sloped by {percent:.1f} % from the centre to a corner, which was taken for the light's own; a "
        "second frame with the camera turned by 180 degrees tells.",
        percent=percent,
    )


def _shading_in_words(colour: MeasuredShading, patches: Sequence[Patches], turned: bool) -> list[str]:
    parts = []
    # Patches end before the corners, of which the fall-off is told.
    x, y = patches[0].x / patches[0].r.max(), patches[0].y / patches[0].r.max()
    for name, plane in ((Sentence("red"), colour.shading.red), (Sentence("blue"), colour.shading.blue)):
        if plane.surface:
            percent = 100 * (plane.at(x, y) - 1)
            least, most = float(percent.min()), float(percent.max())
            parts.append(Sentence("{colour} {least:+.1f} to {most:+.1f} %", colour=name, least=least, most=most))
        else:
            corner = 100 * float(plane.radial_at(RADII)[-1] - 1)
            parts.append(Sentence("{colour} {percent:+.1f} % in the corners", colour=name, percent=corner))
    shape = Sentence("the same to all sides") if colour.shading.is_radial else Sentence("different from side to side")
    sided: str = ""
    if not turned:
        sided = Sentence("; a cast from one side to the other cannot be told from the light's by these frames")
    verdict: list[str] = [
        Sentence(
            "Colour shading against green: {parts}, {shape}, give or take {error} of the light{sided}.",
            parts=in_a_row(parts),
            shape=shape,
            error=Sentence("{percent:.1f} %", percent=100 * colour.error)
            if colour.error >= LEAST_COLOUR
            else Sentence("less than 0.1 %"),
            sided=sided,
        )
    ]
    if any(one.is_lossy for one in patches):
        verdict.append(
            Sentence(
                "A JPEG, or a photo compressed like it, rounds colours, the more alike the less noise there is; "
                "a raw file or a TIFF measures them better."
            )
        )
    return verdict
