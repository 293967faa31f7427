"""Lateral colour from the edges of sharp photos: red and blue against green, along the radius.

The displacement of many blocks (:mod:`sixbit.measure.displacement`) is fitted by lensfun's ``linear`` and ``poly3``
(:mod:`sixbit.measure.radial`), and their mean is taken, each by the evidence for it. A displacement that is the same
all over a photo is not the lens's radial colour and is fitted beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.measure.curve import Curve, curve_of
from sixbit.measure.displacement import EdgeBlocks, displacements, sharp_blocks
from sixbit.measure.radial import LOST, LOST_HALVED, POWERS, Fit, Samples, fits_of, mean_of
from sixbit.measure.worth import RADII, NothingToCorrectError, Outcome, Worth, area_weights
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.lens import Model
from sixbit.values.light import TransferCurve
from sixbit.values.sentence import Sentence
from sixbit.values.watch import Progress, silent

NOT_ENOUGH = Sentence("there are not enough edges for it")
WIDTHS = (3.0, 2.0, 1.3)
"""Widths in px of the Gaussians that blocks are smoothed by, round by round."""
WIDTHS_HALVED = (3.0, 2.2, 2.2)
"""The widths of those Gaussians where colour has half the resolution."""
TO_BEGIN_WITH = 3
"""One block of so many is measured until it is known about where to look."""
LEAST_SURE = 0.5
"""Standard error up to which a block counts, in widths of the Gaussian."""
FEWEST = 40
"""Blocks that must tell."""
OUTSIDE = 0.7
"""Radius in half diagonals beyond which some of them must lie."""
FEWEST_OUTSIDE = 12
"""Blocks that must tell there."""
UNSEEN = 0.004
"""Px by which all blocks may err alike, which their scatter does not show: a standard error."""
UNSEEN_HALVED = 0.01
"""Such px where colour has half the resolution."""
UNSEEN_SHARE = 0.01
"""Share of a displacement by which all blocks may err alike: a standard error. Shifts put on real photos came back by
up to 3 % too large, and by up to 6 % where colour was halved after."""
UNSEEN_SHARE_HALVED = 0.025
"""Such a share where colour has half the resolution."""
INNER = 0.2
"""Half diagonals within which shares of the radius are of no interest."""
LARGEST = 0.01
"""Share of the radius beyond which no lens displaces red or blue."""
RINGS = 24
"""Of a curve that is drawn."""


@dataclass(frozen=True, eq=False)
class MeasuredTca:
    """Lateral colour that edges have shown.

    ``model`` is in lensfun's terms, for a sensor of the photo's shape and size. ``corner_px`` is by how much red and
    blue lie outwards of green in the corner, ``worth`` has their errors over the radius, with what all of the photo may
    be off by alike. ``curves`` of ``red`` and ``blue`` are in px; ``blocks`` counts the blocks that were measured.
    ``verdict`` says it in words.
    """

    model: Model
    corner_px: tuple[float, float]
    worth: Worth
    curves: dict[str, Curve]
    blocks: int
    verdict: tuple[str, ...]
    brought: tuple[str, ...] = ()
    """What each photo brought, in words."""


def tca_in(
    pixels: NDArray[Any], transfer: TransferCurve, *, halved_chroma: bool = False, progress: Progress = silent
) -> MeasuredTca:
    """Measure the lateral colour of a photo (height, width, 3) in the photo itself.

    ``halved_chroma`` says that the file holds colour at half the resolution. Raises CalibrationError, with the reason,
    if the photo does not carry it.
    """
    if pixels.ndim < 3 or pixels.shape[2] < 3:
        raise CalibrationError("it has no colours", Code.EDGES)
    height, width = pixels.shape[:2]
    blocks = sharp_blocks(pixels, transfer, halved_chroma=halved_chroma, progress=progress)
    return fit_tca([blocks], max(width, height) / min(width, height), progress)


def fit_tca(photos: Sequence[EdgeBlocks], aspect_ratio: float, progress: Progress = silent) -> MeasuredTca:
    """Fit the lateral colour to blocks of photos of one shape, whose long side is ``aspect_ratio`` short ones.

    Raises CalibrationError, with the reason, if they do not carry it.
    """
    found = estimate_tca(photos, aspect_ratio, progress)
    _check(found.worth, photos[0].half_diagonal)
    return found


def estimate_tca(photos: Sequence[EdgeBlocks], aspect_ratio: float, progress: Progress = silent) -> MeasuredTca:
    """Fit the lateral colour as :func:`fit_tca`, whether it is worth keeping or not.

    Raises CalibrationError if there are too few edges to say anything.
    """
    half = photos[0].half_diagonal
    if sum(len(photo.x) for photo in photos) < FEWEST:
        raise _not_enough(Sentence("hardly anything in it has an edge"))
    halved = any(photo.halved_chroma for photo in photos)
    widths = WIDTHS_HALVED if halved else WIDTHS
    colours: list[Fit] = []
    for number, sigma in enumerate(widths):
        last = number == len(widths) - 1
        chosen = photos if last else [photo.every(TO_BEGIN_WITH) for photo in photos]
        measured = []
        for photo in chosen:
            expected = np.zeros((2, len(photo.x)))
            if colours:
                scale = photo.half_diagonal / half
                expected = np.stack([fit.at(photo.r / photo.half_diagonal) * scale for fit in colours])
            measured.append(displacements(photo, expected, sigma))
            progress((number + len(measured) / len(photos)) / len(widths), "measuring red and blue against green")
        samples = [_samples(chosen, measured, k, sigma) for k in (0, 1)]
        for one in samples:
            _check_enough(one, 1 if last else TO_BEGIN_WITH)
        colours = _colours_of(samples, POWERS[:1] if number == 0 else POWERS)
    return _concluded(samples, colours, half, aspect_ratio, halved, len(photos))


class Displaced(NamedTuple):
    """Displacements that the blocks of one photo have shown, once and for all.

    ``x`` and ``y`` are the places of the blocks from the centre in px, ``value`` and ``error`` (2, blocks) what
    :func:`sixbit.measure.displacement.displacements` gives; ``half_diagonal`` is that of the photo.
    """

    x: FloatArray
    y: FloatArray
    value: FloatArray
    error: FloatArray
    half_diagonal: float
    halved_chroma: bool


def displaced_in(photo: EdgeBlocks) -> Displaced:
    """Measure the displacements in the blocks of one photo, about what that photo shows itself.

    They are few numbers, of which the photos of an archive are fitted together (:func:`fit_displaced`) without their
    pixels.
    """
    widths = WIDTHS_HALVED if photo.halved_chroma else WIDTHS
    expected, chosen = np.zeros((2, len(photo.x))), photo.every(TO_BEGIN_WITH)
    for number, sigma in enumerate(widths[:-1]):
        measured = displacements(chosen, expected[:, ::TO_BEGIN_WITH], sigma)
        samples = [_samples([chosen], [measured], k, sigma) for k in (0, 1)]
        if any(len(one.r) * TO_BEGIN_WITH < FEWEST for one in samples):
            break
        colours = _colours_of(samples, POWERS[:1] if number == 0 else POWERS)
        expected = np.stack([fit.at(photo.r / photo.half_diagonal) for fit in colours])
    value, error = displacements(photo, expected, widths[-1])
    error[error >= LEAST_SURE * widths[-1]] = np.inf
    return Displaced(photo.x, photo.y, value, error, photo.half_diagonal, photo.halved_chroma)


def fit_displaced(photos: Sequence[Displaced], aspect_ratio: float) -> MeasuredTca:
    """Fit the lateral colour to displacements of photos of one shape, as :func:`fit_tca` does to their blocks.

    Raises CalibrationError, with the reason, if they do not carry it.
    """
    samples = [_samples(photos, [(photo.value, photo.error) for photo in photos], k, math.inf) for k in (0, 1)]
    for one in samples:
        _check_enough(one, 1)
    halved = any(photo.halved_chroma for photo in photos)
    found = _concluded(
        samples, _colours_of(samples, POWERS), photos[0].half_diagonal, aspect_ratio, halved, len(photos)
    )
    _check(found.worth, photos[0].half_diagonal)
    return found


def _colours_of(samples: Sequence[Samples], choices: Sequence[tuple[int, ...]]) -> list[Fit]:
    """The fits of red and blue."""
    pairs = list(zip(*(fits_of(one, choices) for one in samples), strict=True))
    shares = _shares(pairs)
    return [mean_of(fits, shares) for fits in zip(*pairs, strict=True)]


def _concluded(
    samples: Sequence[Samples], colours: Sequence[Fit], half: float, aspect_ratio: float, halved: bool, photos: int
) -> MeasuredTca:
    correction = np.stack([fit.at(RADII) for fit in colours])
    unseen, share = (UNSEEN_HALVED, UNSEEN_SHARE_HALVED) if halved else (UNSEEN, UNSEEN_SHARE)
    error = np.hypot(np.hypot([fit.error for fit in colours], unseen), share * correction)
    reach = min(1.0, float(np.quantile(np.concatenate([one.r for one in samples]), 0.99)))
    worth = Worth("tca", correction, error, area_weights(aspect_ratio), reach)
    model = _model(colours, half, math.hypot(aspect_ratio, 1))
    corner = float(correction[0, -1]), float(correction[1, -1])
    count = min(len(one.value) for one in samples)
    curves = {
        name: curve_of(one.r, one.value, fit.at, rings=RINGS, weights=fit.weight)
        for name, one, fit in zip(("red", "blue"), samples, colours, strict=True)
    }
    brought = tuple(_photo_in_words([one.r[one.photo == number] for one in samples]) for number in range(photos))
    return MeasuredTca(model, corner, worth, curves, count, _in_words(corner, worth, count), brought)


def _photo_in_words(radii: Sequence[FloatArray]) -> str:
    """Say how many places a photo has shown, by the radii of those of red and of blue."""
    fewest = min(radii, key=len)
    if not len(fewest):
        return Sentence("It has no edge that tells.")
    return Sentence(
        "{count} places with edges, {outside} of them near the corners.",
        count=len(fewest),
        outside=int(np.sum(fewest > OUTSIDE)),
    )


def _model(colours: Sequence[Fit], half: float, reach: float) -> Model:
    """lensfun's poly3 for a photo whose half diagonal is ``half`` px and ``reach`` half short sides."""
    red, blue = ((1 + v / half, c / half / reach, b / half / reach**2) for v, c, b in (fit.terms for fit in colours))
    return Model("poly3", tuple(float(term) for pair in zip(red, blue, strict=True) for term in pair))


def _in_words(corner_px: tuple[float, float], worth: Worth, count: int) -> tuple[str, ...]:
    red, blue = (
        Sentence("{px:.2f} px outwards", px=px) if px > 0 else Sentence("{px:.2f} px inwards", px=abs(px))
        for px in corner_px
    )
    return (
        Sentence(
            "Lateral colour: in the corners red {red} and blue {blue} of green, give or take {error}.",
            red=red,
            blue=blue,
            error=worth.corner_error,
        ),
        Sentence(
            "It was measured at {count} places with edges, out to {percent:.0f} % of the half diagonal.",
            count=count,
            percent=100 * worth.reach,
        ),
        *worth.reach_in_words,
    )


def _samples(
    photos: Sequence[EdgeBlocks | Displaced],
    measured: Sequence[tuple[FloatArray, FloatArray]],
    k: int,
    sigma: float,
) -> Samples:
    """Join the shifts of one colour in the blocks of all photos, where they are sure of it."""
    half = photos[0].half_diagonal
    joined = []
    for number, (photo, (values, errors)) in enumerate(zip(photos, measured, strict=True)):
        good = errors[k] < LEAST_SURE * sigma
        x, y, value, error = photo.x[good], photo.y[good], values[k][good], errors[k][good]
        away, size = np.hypot(x, y), photo.half_diagonal
        direction = np.stack([x, y], axis=1) / away[:, None]
        scaled = value * (half / size), error * (half / size)
        joined.append(((away - value) / size, direction, *scaled, np.full(len(x), number)))
    r, outwards, values, errors, which = (np.concatenate(field) for field in zip(*joined, strict=True))
    halved = any(photo.halved_chroma for photo in photos)
    return Samples(r, outwards, values, errors, which, LOST_HALVED if halved else LOST)


def _check_enough(samples: Samples, share: int) -> None:
    """Refuse what no fit should be made of; one block of ``share`` was measured."""
    if len(samples.r) * share < FEWEST:
        raise _not_enough(Sentence("hardly any edge in it is sharp and strong in all colours"))
    if np.count_nonzero(samples.r > OUTSIDE) * share < FEWEST_OUTSIDE:
        raise _not_enough(Sentence("its edges lie in the middle, where the lens shows least"))


def _shares(pairs: Sequence[tuple[Fit, ...]]) -> FloatArray:
    """How much each model counts by Akaike's criterion, of red and blue together.

    Half of what it says: by how much blocks err alike, which it goes by, is itself known from few parts.
    """
    misfit = np.array([sum(fit.misfit for fit in pair) for pair in pairs])
    likely = np.exp(-(misfit - misfit.min()) / 4)
    shares: FloatArray = likely / likely.sum()
    return shares


def _check(worth: Worth, half: float) -> None:
    """Refuse a fit that is of no lens, or not worth keeping."""
    inner = RADII >= INNER
    if float(np.max(np.abs(worth.correction[:, inner]) / RADII[inner])) > LARGEST * half:
        raise _not_enough(Sentence("red or blue would be displaced further than any lens does it"))
    if worth.outcome is Outcome.NOTHING:
        most = float(np.max(np.abs(worth.correction) + worth.surely_within))
        raise NothingToCorrectError(
            Sentence("there is nothing to correct: less than {most:.2f} px of lateral colour", most=most)
        )
    if worth.outcome is Outcome.UNSURE:
        raise _not_enough(worth.why_unsure(Sentence("ones with sharp edges of black and white near the corners")))


def _not_enough(why: str) -> CalibrationError:
    return CalibrationError(Sentence("{few}, {why}", few=NOT_ENOUGH, why=why), Code.EDGES)
