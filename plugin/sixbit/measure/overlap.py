"""A lens from overlapping photos of anything: the same points, seen at many places of the picture.

Structure from motion (``motion``) finds which points the photos share, and where these lie; the lens is what makes them
be seen where they are (``bundle``), with its error from leaving photos out (``camera``). The light of the same points
gives fall-off and colour shading (``looks``), the edges of the photos lateral colour (``tca``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.compiler.shading import Shading
from sixbit.measure import shape
from sixbit.measure.bundle import Bundle, Sights, adjust, adjust_again, jackknife
from sixbit.measure.camera import FittedLens, Jackknife, fit_lens
from sixbit.measure.curve import Curve
from sixbit.measure.displacement import EdgeBlocks, sharp_blocks
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.looks import FallOff, Looks, RadialShading, fit_fall_off, fit_shading, light_at
from sixbit.measure.motion import Features, features_in, sights_of
from sixbit.measure.reduced import reduced_grey, reduced_light
from sixbit.measure.straightness import apart, ideal_radii, polynomial_of
from sixbit.measure.tca import MeasuredTca, fit_tca
from sixbit.measure.worth import RADII, Outcome, Worth, area_weights
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.lens import Model
from sixbit.values.polynomial import Polynomial
from sixbit.values.sentence import Sentence
from sixbit.values.watch import Progress, part, silent

SEARCHED = 2000
"""Px of the longer side in which features are looked for: at 0.3 px, thousands of them tell a lens to 0.02 %."""
DRAWN = 960
"""Px of the longer side of the pictures that are drawn on."""
FEWEST = 5
"""Photos that must share points."""
FEWEST_SIGHTS = 20
"""Points that a photo must share with others to count."""
OTHER_FOCAL = 1.25
"""Factor by which the focal length that photos show differs from the known one only if that is not theirs: near things
draw it out by less."""
AGREES = 0.25
"""Weight from which on a sight agrees with the others."""
TERMS = (1, 2, 3)
"""Terms of even powers that are tried."""
NAMES = {
    "distortion": Sentence("Distortion"),
    "tca": Sentence("Lateral colour"),
    "vignetting": Sentence("Fall-off"),
    "shading": Sentence("Shading"),
}
WHAT_HELPS = Sentence(
    "ones that show the same things in the middle and in the corners, near and far, some with the camera turned"
)


TONED = Sentence(
    "these photos have a tone curve of their own, as what is bright differs less between them than what is dark, or "
    "more. What helps: raw files, or flats."
)


class OverlapPhoto(NamedTuple):
    """A photo, looked at: its features, the light at each (logarithm, by plane), its edges, and its size in px.

    ``edges`` are None of a photo without colours. Of one that ``is_lossy``, colours may have been compressed.
    """

    features: Features
    light: NDArray[np.float32]
    edges: EdgeBlocks | None
    is_lossy: bool
    size: tuple[int, int]
    picture: NDArray[np.uint8]
    """Small and grey, for drawing."""


class Sight(NamedTuple):
    """For each place where a point was seen the number of the photo and of the point; the photos, small and grey."""

    photo: NDArray[np.int64]
    point: NDArray[np.int64]
    pictures: tuple[NDArray[np.uint8], ...]


@dataclass(frozen=True, eq=False)
class MeasuredOverlap:
    """A lens that overlapping photos have shown: what is worth keeping, None where that is not.

    ``worth`` has the errors of all that was measured, by kind, also where it is not worth keeping; ``lens_polynomial``
    is the distortion, radius in the photo over that in the ideal picture, in half short sides; ``centre`` is the
    optical centre in half short sides from the middle, ``used`` tells which photos share points with the others, and
    ``seen`` (n, 2) where they were seen in a picture of ``extent``, from its middle to its sides. ``curves`` are what
    was measured of each kind, for drawing. ``verdict`` says it in words.
    """

    distortion: Model | None
    centre: FloatArray
    vignetting: Model | None
    tca: Model | None
    shading: Shading | None
    lens_polynomial: Polynomial
    worth: dict[str, Worth]
    used: NDArray[np.bool_]
    seen: FloatArray
    extent: tuple[float, float]
    curves: dict[str, dict[str, Curve]]
    verdict: tuple[str, ...]
    unsure: tuple[str, ...] = field(default=())
    """Why something that was measured is not worth keeping."""
    sights: Sight | None = None
    """Which photo shows which point in each of ``seen``, for drawing."""
    fall_off_if_said: Worth | None = None
    """The error of the fall-off as it would be, if its aperture were no guess."""


def overlap_photo(frame: DecodedFrame, *, halved_chroma: bool = False, edges_kept: int = 300) -> OverlapPhoto:
    """Look at a photo, of whose blocks with edges so many at most are kept; ``halved_chroma`` as in ``tca_in``.

    Raises CalibrationError for one that is too small, or without pycolmap.
    """
    grey, factor = reduced_grey(frame, SEARCHED)
    features = features_in(grey, (min(frame.size) - 1) / (2 * factor))
    every = math.ceil(max(grey.shape) / DRAWN)
    picture = (255 * grey[::every, ::every]).clip(0, 255).astype(np.uint8)
    del grey
    x, y = features.keypoints[:, :2].T.astype(np.float64) - 0.5
    light = light_at(reduced_light(frame, SEARCHED), x, y)
    edges = None
    if light.shape[1] == 3 and edges_kept:
        edges = sharp_blocks(frame.pixels, frame.transfer, halved_chroma=halved_chroma)
        edges = edges.every(max(1, math.ceil(len(edges.x) / edges_kept)))
        # Copies, as parts would hold all the others in memory.
        edges = replace(edges, light=edges.light.copy(), codes=None if edges.codes is None else edges.codes.copy())
    return OverlapPhoto(features, light, edges, frame.is_lossy, frame.size, picture)


def fit_overlap(
    photos: Sequence[OverlapPhoto], focal: float, progress: Progress = silent, *, guess: FloatArray | None = None
) -> MeasuredOverlap:
    """Measure the lens of photos of one size, whose focal length is known to be about ``focal`` half diagonals.

    ``guess`` is the error that fall-off has besides, in EV at ``RADII``, as its aperture is a guess. Raises
    CalibrationError, with the reason, if they do not carry it or show quite another focal length.
    """
    width, height = photos[0].size
    farthest = math.hypot(width - 1, height - 1) / (min(width, height) - 1)
    weights = area_weights(max(width, height) / min(width, height))
    sights = sights_of([photo.features for photo in photos], focal * farthest, part(progress, 0.0, 0.5))
    used = np.bincount(sights.photo, minlength=len(photos)) >= FEWEST_SIGHTS
    if used.sum() < FEWEST:
        why = Sentence(
            "only {used} of these {count} photos share enough with each other.", used=int(used.sum()), count=len(photos)
        )
        raise CalibrationError(Sentence("Not enough: {why}", why=why), Code.OVERLAP)
    sights = sights.only(used[sights.photo])
    progress(0.5, "fitting the lens")
    lens, bundle = _lens(sights.only(sights.well_seen()), focal * farthest, farthest, weights)
    _check_focal(bundle.sights.focal / (focal * farthest))
    progress(0.8, "comparing the light of points")
    agreeing = bundle.sights.only(bundle.weights > AGREES)
    fall_off = fit_fall_off(_looks(photos, agreeing, lens.centre, farthest), weights)
    measured = fall_off.worth if fall_off and guess is not None else None
    if fall_off and guess is not None:
        worth = replace(fall_off.worth, error=np.hypot(fall_off.worth.error, guess))
        fall_off = fall_off._replace(worth=worth)
    shading = None
    if not any(photo.is_lossy or photo.light.shape[1] < 3 for photo in photos):
        ratios = [_looks(photos, agreeing, lens.centre, farthest, plane) for plane in (0, 2)]
        shading = fit_shading(ratios, weights, landscape=width >= height)
    progress(0.9, "measuring lateral colour")
    tca = _tca(photos, used, max(width, height) / min(width, height), part(progress, 0.9, 1.0))
    progress(1.0, "done")
    told = _Told(photos, used, bundle, lens, _distortion(lens, farthest, weights), fall_off, shading, tca)
    return replace(told.measured(), fall_off_if_said=measured)


def _check_focal(share: float) -> None:
    """Refuse photos that show another focal length than the known one, by CalibrationError: radii would be wrong."""
    if not 1 / OTHER_FOCAL < share < OTHER_FOCAL:
        why = Sentence(
            "These photos show {percent:.0f} % of the focal length that they are said to have: they were "
            "cropped, or the lens or the crop factor is another.",
            percent=100 * share,
        )
        raise CalibrationError(why, Code.FRAMES)


def _looks(
    photos: Sequence[OverlapPhoto], sights: Sights, centre: FloatArray, farthest: float, plane: int | None = None
) -> Looks:
    """The light of sights, of green, or of another plane against green."""

    def light(plane: int | None) -> FloatArray:
        planes = [one.light[:, one.light.shape[1] // 2 if plane is None else plane] for one in photos]
        return np.array([planes[k][f] for k, f in zip(sights.photo, sights.feature, strict=True)], np.float64)

    r = np.hypot(*(sights.seen - centre).T) / farthest
    return Looks(sights.photo, sights.point, r, light(None) if plane is None else light(plane) - light(None))


def _tca(
    photos: Sequence[OverlapPhoto], used: NDArray[np.bool_], aspect_ratio: float, progress: Progress
) -> MeasuredTca | str:
    """The lateral colour that the edges of the photos show, or why there is none."""
    edges = [photo.edges for photo, is_used in zip(photos, used, strict=True) if is_used and photo.edges]
    if not edges:
        return Sentence("Lateral colour cannot be seen, as the photos have no colours.")
    try:
        return fit_tca(edges, aspect_ratio, progress)
    except CalibrationError as error:
        return Sentence("Lateral colour: {why}.", why=error.reason)


def _lens(sights: Sights, focal: float, farthest: float, weights: FloatArray) -> tuple[FittedLens, Bundle]:
    def without_each(terms: int, free: bool) -> Jackknife:
        return jackknife(adjust_again(bundle, terms, free, focal), free, focal)

    with np.errstate(all="ignore"):  # a fit that runs away is none, and told so
        bundle = adjust(sights, max(TERMS), True, focal)
        found = fit_lens(without_each, TERMS, sights.seen, farthest, weights)
    if found is None:
        raise CalibrationError("Not enough: the points of these photos contradict each other.", Code.OVERLAP)
    return found, bundle


def _distortion(lens: FittedLens, farthest: float, weights: FloatArray) -> Worth:
    ideal = ideal_radii(polynomial_of(lens.model, lens.terms), farthest)
    correction = 100 * apart(RADII * farthest, ideal, weights) / farthest
    return Worth("distortion", correction[None], 100 * lens.error[None], weights, min(1.0, lens.reach))


class _Told(NamedTuple):
    """All that was measured, to be told."""

    photos: Sequence[OverlapPhoto]
    used: NDArray[np.bool_]
    bundle: Bundle
    lens: FittedLens
    distortion: Worth
    fall_off: FallOff | None
    shading: RadialShading | None
    tca: MeasuredTca | str

    def measured(self) -> MeasuredOverlap:
        """Decide what is worth keeping, and say it in words."""
        sights, size = self.bundle.sights, self.photos[0].size
        said: list[str] = [self._overlap_in_words()]
        unsure: list[str] = []
        worth = {"distortion": self.distortion}
        curves: dict[str, dict[str, Curve]] = {}
        if self.fall_off:
            worth["vignetting"] = self.fall_off.worth
            curves["vignetting"] = {"light": self.fall_off.curve}
        if not isinstance(self.tca, str):
            worth["tca"] = self.tca.worth
            curves["tca"] = self.tca.curves
        if self.shading:
            worth["shading"] = self.shading.worth
            curves["shading"] = self.shading.curves
        kept = {kind for kind, one in worth.items() if one.outcome is Outcome.WORTH_KEEPING}
        for kind, words in self._in_words().items():
            if kind in kept:
                said += [*words, *worth[kind].reach_in_words]
            elif kind in worth and worth[kind].outcome is Outcome.NOTHING:
                least, unit = worth[kind].limits.nothing, worth[kind].unit
                nothing = Sentence("nothing to correct, less than {least:g} {unit}.", least=least, unit=unit)
                said.append(Sentence("{kind}: {found}", kind=NAMES[kind], found=nothing))
            elif kind in worth:
                is_toned = kind == "vignetting" and self.fall_off and self.fall_off.is_toned
                why = TONED if is_toned else worth[kind].why_unsure(WHAT_HELPS)
                unsure.append(Sentence("{kind} is not sure enough: {why}", kind=NAMES[kind], why=why))
            else:
                unsure += words
        return MeasuredOverlap(
            distortion=Model(self.lens.model, self.lens.terms) if "distortion" in kept else None,
            centre=self.lens.centre,
            vignetting=self.fall_off.model if self.fall_off and "vignetting" in kept else None,
            tca=self.tca.model if not isinstance(self.tca, str) and "tca" in kept else None,
            shading=self.shading.shading if self.shading and "shading" in kept else None,
            lens_polynomial=polynomial_of(self.lens.model, self.lens.terms),
            worth=worth,
            used=self.used,
            seen=sights.seen,
            extent=(size[0] / (min(size) - 1), size[1] / (min(size) - 1)),
            curves=curves,
            verdict=(*said, *unsure),
            unsure=tuple(unsure),
            sights=Sight(sights.photo, sights.point, tuple(photo.picture for photo in self.photos)),
        )

    def _overlap_in_words(self) -> str:
        sights, half_short = self.bundle.sights, (min(self.photos[0].size) - 1) / 2
        return Sentence(
            "{used} of {count} photos overlap: they see {points} points {times} times, {px:.2f} px from where these "
            "are foretold.",
            used=int(self.used.sum()),
            count=len(self.used),
            points=len(np.unique(sights.point)),
            times=len(sights.point),
            px=float(self.bundle.deviation * half_short),
        )

    def _in_words(self) -> dict[str, tuple[str, ...]]:
        said = {"distortion": self._distortion_in_words()}
        if self.fall_off:
            lost = float(self.fall_off.worth.correction[0, -1])
            error = self.fall_off.worth.corner_error
            fall_off = Sentence(
                "Fall-off: the corners get {lost:.2f} EV less than the centre, ± {error}.", lost=lost, error=error
            )
            said["vignetting"] = (fall_off,)
        else:
            said["vignetting"] = (Sentence("Fall-off: too few points are seen well enough."),)
        said["tca"] = (self.tca,) if isinstance(self.tca, str) else self.tca.verdict[:1]
        if self.shading:
            red, blue = (float(curve[-1]) for curve in self.shading.worth.correction)
            error = self.shading.worth.corner_error
            shading = Sentence(
                "Colour shading in the corners: red {red:+.1f} %, blue {blue:+.1f} %, ± {error}.",
                red=red,
                blue=blue,
                error=error,
            )
            said["shading"] = (shading,)
        elif any(photo.is_lossy for photo in self.photos):
            lossy = Sentence("Colour shading: JPEGs and their like round colours; give raw files or TIFFs.")
            said["shading"] = (lossy,)
        return said

    def _distortion_in_words(self) -> tuple[str, ...]:
        lens, half_short = self.lens, (min(self.photos[0].size) - 1) / 2
        terms = ", ".join(f"{term:.5f}" for term in lens.terms)
        width, height = self.photos[0].size
        farthest = math.hypot(width - 1, height - 1) / (2 * half_short)
        found = shape.in_words(shape.percent(polynomial_of(lens.model, lens.terms), farthest))
        said = Sentence(
            "Distortion: {distortion}. It is known to {error} there, but for the size of the picture, which bends "
            "nothing. In lensfun's terms it is {model}, {terms}.",
            distortion=found,
            error=self.distortion.corner_error,
            model=lens.model,
            terms=terms,
        )
        return (said, *shape.centre_in_words(lens.centre * half_short, lens.centre_error * half_short))
