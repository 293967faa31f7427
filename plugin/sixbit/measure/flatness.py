"""Whether frames are flats: well exposed, even but for a fall-off, and of one light.

The limits were set by benchmarks/calibrate.py: flats of every kind pass, scenes do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sixbit.measure.frame import DecodedFrame
from sixbit.measure.patches import Patches, patches_of
from sixbit.measure.samples import Mask, Samples, even_powers, fit, samples_of, surface, surface_powers
from sixbit.measure.vignetting import vignetting_at
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.sentence import Sentence

MOST_CLIPPED = 0.01
"""Share of a patch's pixels at the upper end of the scale, in one patch of a hundred."""
DARKEST = 0.004
"""Light in the centre."""
COARSEST = 0.1
"""Distance of two code values in the darkest parts."""
COARSEST_CENTRE = 0.045
"""The same in the middle: that of code value 39 of 255."""
DARK = 0.023
"""Distance of two code values in the middle, from which on a frame is called dark: that of code value 89 of 255."""
LOOKED_AT = 1024
"""Px of the longer side that tell how a frame is exposed."""
ROUGHEST = 0.012
"""Standard deviation of the patches against their surroundings."""
FAINTEST_SPOT = 0.004
"""Difference of a patch from its surroundings below which it does not stand out, however even the others are."""
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
BRIGHTEST_CORNER = 1.03
"""Light in the corner over that in the centre: more is no fall-off."""
BRIGHTEST = 1.04
"""Light anywhere over that in the centre."""
DARKEST_CORNER = 1 / 32
"""Light in the corner over that in the centre: less is no lens's, but a hood's."""
NEIGHBOURS = 9
"""Patches along a square that a patch is compared with."""


def check_exposure(one: Patches) -> None:
    """Refuse a frame without noise, over-exposed or too dark, by CalibrationError."""
    if np.quantile(one.spread, 0.9) == 0:
        raise _no_flat(one, Sentence("its pixels have no noise, as those of every camera have"))
    if np.quantile(one.clipped, 0.99) > MOST_CLIPPED:
        why = Sentence(
            "is over-exposed, {percent:.0f} % of it is clipped.",
            percent=100 * float(np.mean(one.clipped > MOST_CLIPPED)),
        )
        raise CalibrationError(why, Code.TOO_BRIGHT, subject=one.name)
    centre = np.median(one.light[:, one.r < 0.2], axis=1)
    coarse = _step_in_the_middle(one)
    if coarse > COARSEST_CENTRE:
        why = Sentence(
            "is too dark to measure: in its middle, one code value is {percent:.0f} % of the light.",
            percent=100 * coarse,
        )
        raise CalibrationError(why, Code.TOO_DARK, subject=one.name)
    if centre.min() < DARKEST or np.quantile(one.step, 0.98) > COARSEST:
        why = Sentence("is too dark to measure, its darkest parts differ by a few code values.")
        raise CalibrationError(why, Code.TOO_DARK, subject=one.name)


def exposure_in_words(patches: Sequence[Patches]) -> str:
    """Tell that frames are dark, and what to do; nothing if they are not."""
    if max(_step_in_the_middle(one) for one in patches) < DARK:
        return ""
    return Sentence(
        "Dark: rounding takes part of the fall-off. One or two stops more, until the centre is a light grey, tell more."
    )


def look_at_exposure(frame: DecodedFrame) -> str:
    """Check a frame at first sight as :func:`check_exposure` does, and return :func:`exposure_in_words`."""
    every = max(1, max(frame.size) // LOOKED_AT)
    seen = patches_of(replace(frame, pixels=frame.pixels[::every, ::every]))
    check_exposure(seen)
    return exposure_in_words([seen])


def _step_in_the_middle(one: Patches) -> float:
    return float(np.median(one.step[:, one.r < 0.2], axis=1).max())


def usable_patches(one: Patches, green: int) -> Mask:
    """Find the patches without dust, by the light of the plane ``green``; CalibrationError if this is no flat."""
    if np.median(one.spread[green]) > MOST_TEXTURE:
        percent = 100 * float(np.median(one.spread[green]))
        raise _no_flat(one, Sentence("its pixels differ by {percent:.0f} % within a small patch", percent=percent))
    samples = samples_of([one], [np.ones(one.x.shape, bool)], green)
    bent = surface(samples.x, samples.y, surface_powers(4, linear=False))
    residuals = fit(samples, np.hstack([even_powers(samples.r, 3), bent])).residuals.reshape(one.x.shape)
    against = residuals - _median_of_neighbours(residuals)
    deviation = 1.4826 * float(np.median(np.abs(against)))
    if deviation > ROUGHEST:
        raise _no_flat(one, Sentence("neighbouring parts of it differ by {percent:.1f} %", percent=100 * deviation))
    spot = np.abs(against) > max(5 * deviation, FAINTEST_SPOT)
    if spot.mean() > MOST_SPOTS:
        percent = 100 * float(spot.mean())
        raise _no_flat(one, Sentence("{percent:.0f} % of it stands out from its surroundings", percent=percent))
    # Dust reaches a little beyond the patches in which it is plain.
    near = np.pad(spot, 1)
    spot = near[1:-1, 1:-1] | near[:-2, 1:-1] | near[2:, 1:-1] | near[1:-1, :-2] | near[1:-1, 2:]
    clean = samples.only(~spot.ravel())
    uneven = float(np.sqrt(np.mean(fit(clean, even_powers(clean.r, 3)).residuals ** 2)))
    if uneven > MOST_UNEVEN:
        raise _no_flat(one, Sentence("its brightness is off any fall-off by {percent:.1f} %", percent=100 * uneven))
    return ~spot


def check_light(names: Sequence[str], slopes: Sequence[float], terms: FloatArray, light: Samples) -> None:
    """Refuse frames of a steep light, of none in the corners, or that do not agree, by CalibrationError.

    ``slopes`` are those of each frame's light, ``terms`` the vignetting that was fitted to all of the ``light``.
    """
    for name, slope in zip(names, slopes, strict=True):
        if slope > STEEPEST:
            why = Sentence("its light falls by {percent:.0f} % from the centre to a corner.", percent=100 * slope)
            raise CalibrationError(why, Code.FLATS, subject=name)
    plain = fit(light, even_powers(light.r, 3)).terms
    brightest = np.max(vignetting_at(plain, np.linspace(0, 1, 50)))
    if vignetting_at(plain, 1.0) > BRIGHTEST_CORNER or brightest > BRIGHTEST:
        raise CalibrationError(
            "These frames get brighter away from the centre, as no lens makes them: either they are no flats, or the "
            "fall-off is corrected already.",
            Code.FLATS,
        )
    if vignetting_at(terms, 1.0) < DARKEST_CORNER:
        raise CalibrationError("The corners of these frames get next to no light.", Code.FLATS)
    if len(names) > 1:
        corners = [_corner_of(light, number) for number in range(len(names))]
        if max(corners) / min(corners) - 1 > MOST_APART:
            listed = ", ".join(f"{100 * corner:.0f} %" for corner in corners)
            raise CalibrationError(
                Sentence("The frames do not agree: their corners get {listed} of the light.", listed=listed), Code.FLATS
            )


def _corner_of(light: Samples, frame: int) -> float:
    """The light in the corner that one frame alone shows."""
    own = light.only(light.frame == frame)
    own = replace(own, frame=np.zeros_like(own.frame))
    return float(vignetting_at(fit(own, even_powers(own.r, 3)).terms, 1.0))


def _median_of_neighbours(values: FloatArray) -> FloatArray:
    half = NEIGHBOURS // 2
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, half, mode="reflect"), (NEIGHBOURS, NEIGHBOURS))
    return np.median(windows, axis=(2, 3))


def _no_flat(one: Patches, why: str) -> CalibrationError:
    return CalibrationError(Sentence("is not enough of an even surface: {why}.", why=why), Code.FLATS, subject=one.name)
