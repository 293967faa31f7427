"""What overlapping photos of anything show of a lens: the same points, seen at many places of the picture.

Structure from motion (``motion``) finds which points the photos share, and where these lie; the lens is what makes them
be seen where they are (``bundle``), with its error from leaving photos out (``camera``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.measure.bundle import Bundle, Sights, adjust, jackknife
from sixbit.measure.camera import FittedLens, Jackknife, fit_lens
from sixbit.measure.curve import Curve
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.motion import Features, features_in, sights_of
from sixbit.measure.reduced import reduced_grey
from sixbit.measure.straightness import apart, ideal_radii, polynomial_of
from sixbit.measure.worth import RADII, Outcome, Worth, area_weights
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.known import SURE
from sixbit.values.lens import Model
from sixbit.values.watch import Progress, part, silent

SEARCHED = 2000
"""Px of the longer side in which features are looked for: at 0.3 px, thousands of them tell a lens to 0.02 %."""
FEWEST = 5
"""Photos that must share points."""
FEWEST_SIGHTS = 20
"""Points that a photo must share with others to count."""
TERMS = (1, 2, 3)
"""Terms of even powers that are tried."""
WHAT_HELPS = (
    "ones that show the same things in the middle and in the corners, near and far, some with the camera turned"
)


class OverlapPhoto(NamedTuple):
    """What is looked at in a photo: its features, and its size in px."""

    features: Features
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class MeasuredOverlap:
    """A lens that overlapping photos have shown: what is worth keeping, None where that is not.

    ``worth`` has the errors of all that was measured, by kind, also where it is not worth keeping; ``centre`` is the
    optical centre in half short sides from the middle, ``used`` tells which photos share points with the others, and
    ``seen`` (n, 2) where they were seen in a picture of ``extent``, from its middle to its sides. ``curves`` are what
    was measured of each kind, for drawing. ``verdict`` says it in words.
    """

    distortion: Model | None
    centre: FloatArray
    worth: dict[str, Worth]
    used: NDArray[np.bool_]
    seen: FloatArray
    extent: tuple[float, float]
    curves: dict[str, dict[str, Curve]]
    verdict: tuple[str, ...]
    unsure: tuple[str, ...] = field(default=())
    """Why something that was measured is not worth keeping."""


def overlap_photo(frame: DecodedFrame) -> OverlapPhoto:
    """Look at a photo. Raises CalibrationError for one that is too small, or without pycolmap."""
    grey, factor = reduced_grey(frame, SEARCHED)
    return OverlapPhoto(features_in(grey, (min(frame.size) - 1) / (2 * factor)), frame.size)


def fit_overlap(photos: Sequence[OverlapPhoto], focal: float, progress: Progress = silent) -> MeasuredOverlap:
    """Measure the lens of photos of one size, whose focal length is known to be about ``focal`` half diagonals.

    Raises CalibrationError, with the reason, if they do not carry it.
    """
    width, height = photos[0].size
    half_short = (min(width, height) - 1) / 2
    farthest = math.hypot(width - 1, height - 1) / 2 / half_short
    weights = area_weights(max(width, height) / min(width, height))
    searched = half_short * photos[0].features.size[0] / width
    features = [photo.features for photo in photos]
    sights = sights_of(features, focal * farthest, searched, part(progress, 0.0, 0.6))
    used = np.bincount(sights.photo, minlength=len(photos)) >= FEWEST_SIGHTS
    if used.sum() < FEWEST:
        why = f"only {used.sum()} of these {len(photos)} photos overlap enough to share points."
        raise CalibrationError(f"Not enough: {why}", Code.OVERLAP)
    sights = sights.only(used[sights.photo])
    progress(0.6, "fitting the lens")
    lens, bundle = _lens(sights.only(sights.well_seen()), focal * farthest, farthest, weights)
    worth = {"distortion": _distortion(lens, farthest, weights)}
    progress(1.0, "done")
    return _measured(lens, bundle, worth, used, photos[0].size)


def _lens(sights: Sights, focal: float, farthest: float, weights: FloatArray) -> tuple[FittedLens, Bundle]:
    start = adjust(sights, 2, False, focal)
    bundle = start

    def without_each(terms: int, free: bool) -> Jackknife:
        nonlocal bundle
        bundle = adjust(sights, terms, free, focal, start)
        return jackknife(bundle, free, focal)

    found = fit_lens(without_each, TERMS, sights.seen, farthest, weights)
    if found is None:
        raise CalibrationError("Not enough: the points of these photos contradict each other.", Code.OVERLAP)
    return found, bundle


def _distortion(lens: FittedLens, farthest: float, weights: FloatArray) -> Worth:
    ideal = ideal_radii(polynomial_of(lens.model, lens.terms), farthest)
    correction = 100 * apart(RADII * farthest, ideal, weights) / farthest
    return Worth("distortion", correction[None], 100 * lens.error[None], weights, min(1.0, lens.reach))


def _measured(
    lens: FittedLens, bundle: Bundle, worth: dict[str, Worth], used: NDArray[np.bool_], size: tuple[int, int]
) -> MeasuredOverlap:
    sights, half_short = bundle.sights, (min(size) - 1) / 2
    extent = size[0] / (min(size) - 1), size[1] / (min(size) - 1)
    verdict = [
        f"{used.sum()} of {len(used)} photos overlap: they see {len(np.unique(sights.point))} points "
        f"{len(sights.point)} times, {bundle.deviation * half_short:.2f} px from where these are foretold.",
    ]
    unsure = []
    outcome = worth["distortion"].outcome
    if outcome is Outcome.UNSURE:
        unsure.append(f"Distortion is not sure enough: {worth['distortion'].why_unsure(WHAT_HELPS)}")
    elif outcome is Outcome.NOTHING:
        limits = worth["distortion"].limits
        verdict.append(f"There is less distortion than {limits.nothing:g} {worth['distortion'].unit}: none to correct.")
    else:
        verdict += _distortion_in_words(lens, worth["distortion"], half_short)
    return MeasuredOverlap(
        distortion=Model(lens.model, lens.terms) if outcome is Outcome.WORTH_KEEPING else None,
        centre=lens.centre,
        worth=worth,
        used=used,
        seen=sights.seen,
        extent=extent,
        curves={},
        verdict=tuple(verdict),
        unsure=tuple(unsure),
    )


def _distortion_in_words(lens: FittedLens, worth: Worth, half_short: float) -> list[str]:
    terms = ", ".join(f"{term:.5f}" for term in lens.terms)
    said = [
        f"Distortion: {lens.model}, {terms}; in the corners it is known to {worth.corner_error}.",
        *worth.reach_in_words,
    ]
    if lens.centre.any():
        (x, y), (x_error, y_error) = lens.centre * half_short, SURE * lens.centre_error * half_short
        said.append(
            f"The optical centre lies {x:+.0f} ± {x_error:.0f} px across and {y:+.0f} ± {y_error:.0f} px down from the "
            "middle of the picture, and is used. If a photo was cropped, that is why."
        )
    return said
