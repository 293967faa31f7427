"""Lateral colour from the edges of sharp photos: red and blue against green, along the radius.

The displacement of many blocks (:mod:`sixbit.measure.displacement`) is fitted by lensfun's ``linear`` or ``poly3``,
whichever the evidence asks for, with Huber's weights (Robust Statistics, 1981, section 7). A displacement that is the
same all over a photo is not the lens's radial colour and is fitted beside it. Blocks near each other err alike, so the
standard errors are those of whole parts of the picture (K.-Y. Liang and S. L. Zeger, Biometrika 73, 1986).
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
from sixbit.measure.worth import RADII, NothingToCorrectError, Outcome, Worth, area_weights
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.lens import Model
from sixbit.values.light import TransferCurve
from sixbit.values.watch import Progress, silent

NOT_ENOUGH = "there are not enough edges for it"
WIDTHS = (3.0, 2.0, 1.3)
"""Widths in px of the Gaussians that blocks are smoothed by, round by round."""
WIDTHS_HALVED = (3.0, 2.2, 2.2)
"""The widths of those Gaussians where colour has half the resolution."""
TO_BEGIN_WITH = 3
"""One block of so many is measured until it is known about where to look."""
LEAST_SURE = 0.5
"""Standard error up to which a block counts, in widths of the Gaussian."""
SUREST = 0.01
"""Px to which no block is surer, whatever it says."""
FEWEST = 40
"""Blocks that must tell."""
OUTSIDE = 0.7
"""Radius in half diagonals beyond which some of them must lie."""
FEWEST_OUTSIDE = 12
"""Blocks that must tell there."""
HUBER = 1.5
"""Standard errors beyond which a block loses weight."""
UNSEEN = 0.01
"""Px by which all blocks may err alike, which their scatter does not show: a standard error."""
UNSEEN_HALVED = 0.04
"""Such px where colour has half the resolution: compression leaves out most of the fringes of weak edges."""
RIVAL = 2.0
"""Difference in Akaike's criterion up to which another model still has substantial support (K. P. Burnham and
D. R. Anderson, section 2.6): a shelf of books was once off by 0.46 px where the other models said so by 0.1 px."""
INNER = 0.2
"""Half diagonals within which shares of the radius are of no interest."""
LARGEST = 0.01
"""Share of the radius beyond which no lens displaces red or blue."""
POWERS = ((1,), (1, 3), (1, 2, 3))
"""Powers of the radius that a displacement is made of: lensfun's linear, its poly3 without and with its middle term."""
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
    half = photos[0].half_diagonal
    if sum(len(photo.x) for photo in photos) < FEWEST:
        raise _not_enough("hardly anything in it has an edge")
    halved = any(photo.halved_chroma for photo in photos)
    widths = WIDTHS_HALVED if halved else WIDTHS
    fits: tuple[_Fit, ...] | None = None
    for number, sigma in enumerate(widths):
        last = number == len(widths) - 1
        chosen = photos if last else [photo.every(TO_BEGIN_WITH) for photo in photos]
        measured = []
        for photo in chosen:
            expected = np.zeros((2, len(photo.x)))
            if fits:
                scale = photo.half_diagonal / half
                expected = np.stack([fit.at(photo.r / photo.half_diagonal) * scale for fit in fits])
            measured.append(displacements(photo, expected, sigma))
            progress((number + len(measured) / len(photos)) / len(widths), "measuring red and blue against green")
        samples = [_samples(chosen, measured, k, sigma) for k in (0, 1)]
        for one in samples:
            one.check(1 if last else TO_BEGIN_WITH)
        choices = POWERS[:1] if number == 0 else POWERS
        pairs = list(zip(*(_fits(one, choices) for one in samples), strict=True))
        fits = min(pairs, key=_misfit)
    return _concluded(samples, pairs, half, aspect_ratio, halved)


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
    fits: tuple[_Fit, ...] | None = None
    for number, sigma in enumerate(widths[:-1]):
        chosen = photo.every(TO_BEGIN_WITH)
        measured = displacements(chosen, _expected(chosen, fits), sigma)
        samples = [_samples([chosen], [measured], k, sigma) for k in (0, 1)]
        if any(len(one.r) * TO_BEGIN_WITH < FEWEST for one in samples):
            break
        pairs = zip(*(_fits(one, POWERS[: number + 1]) for one in samples), strict=True)
        fits = min(pairs, key=_misfit)
    value, error = displacements(photo, _expected(photo, fits), widths[-1])
    error[error >= LEAST_SURE * widths[-1]] = np.inf
    return Displaced(photo.x, photo.y, value, error, photo.half_diagonal, photo.halved_chroma)


def _expected(photo: EdgeBlocks, fits: tuple[_Fit, ...] | None) -> FloatArray:
    if fits is None:
        return np.zeros((2, len(photo.x)))
    return np.stack([fit.at(photo.r / photo.half_diagonal) for fit in fits])


def fit_displaced(photos: Sequence[Displaced], aspect_ratio: float) -> MeasuredTca:
    """Fit the lateral colour to displacements of photos of one shape, as :func:`fit_tca` does to their blocks.

    Raises CalibrationError, with the reason, if they do not carry it.
    """
    measured = [(photo.value, photo.error) for photo in photos]
    samples = [_samples(photos, measured, k, math.inf) for k in (0, 1)]
    for one in samples:
        one.check(1)
    pairs = list(zip(*(_fits(one, POWERS) for one in samples), strict=True))
    halved = any(photo.halved_chroma for photo in photos)
    return _concluded(samples, pairs, photos[0].half_diagonal, aspect_ratio, halved)


def _concluded(
    samples: Sequence[_Samples],
    pairs: Sequence[tuple[_Fit, ...]],
    half: float,
    aspect_ratio: float,
    halved: bool,
) -> MeasuredTca:
    """Take the best of the pairs of fits, with its error, if it is worth keeping."""
    fits = min(pairs, key=_misfit)
    rivals = [pair for pair in pairs if _misfit(pair) < _misfit(fits) + RIVAL]
    error = np.hypot(_error(fits, rivals), UNSEEN_HALVED if halved else UNSEEN)
    reach = min(1.0, float(np.quantile(np.concatenate([one.r for one in samples]), 0.99)))
    correction = np.stack([fit.at(RADII) for fit in fits])
    worth = Worth("tca", correction, error, area_weights(aspect_ratio), reach)
    _check(worth, half)
    red, blue = (fit.terms_at_corner(half, math.hypot(aspect_ratio, 1)) for fit in fits)
    if fits[0].powers == (1,):
        model = Model("linear", (red[0], blue[0]))
    else:
        model = Model("poly3", tuple(term for pair in zip(red, blue, strict=True) for term in pair))
    corner = float(fits[0].at(np.ones(1))[0]), float(fits[1].at(np.ones(1))[0])
    count = min(len(one.value) for one in samples)
    curves = {
        name: curve_of(one.r, one.value, fit.at, rings=RINGS, weights=fit.weight)
        for name, one, fit in zip(("red", "blue"), samples, fits, strict=True)
    }
    return MeasuredTca(model, corner, worth, curves, count, _in_words(model, corner, worth, count))


def _in_words(model: Model, corner_px: tuple[float, float], worth: Worth, count: int) -> tuple[str, ...]:
    shifts = " and ".join(
        f"{name} {abs(px):.2f} px {'out' if px > 0 else 'in'}wards"
        for name, px in zip(("red", "blue"), corner_px, strict=True)
    )
    shape = "in proportion to the radius" if model.name == "linear" else "not in proportion to the radius"
    return (
        f"Lateral colour: in the corners {shifts} of green, give or take {worth.corner_error}, {shape}.",
        f"It was measured at {count} places with edges, out to {100 * worth.reach:.0f} % of the half diagonal.",
        *worth.reach_in_words,
    )


class _Samples(NamedTuple):
    """Displacements ``value`` (px of the first photo) at radii ``r`` of green (half diagonals), with their errors."""

    r: FloatArray
    direction: FloatArray
    value: FloatArray
    error: FloatArray
    photo: NDArray[np.int64]
    part: NDArray[np.int64]
    """The part of the picture, within which errors are alike."""

    def check(self, share: int) -> None:
        """Refuse what no fit should be made of; one block of ``share`` was measured."""
        if len(self.r) * share < FEWEST:
            raise _not_enough("hardly any edge in it is sharp and strong in all colours")
        if np.count_nonzero(self.r > OUTSIDE) * share < FEWEST_OUTSIDE:
            raise _not_enough("its edges lie in the middle, where the lens shows least")


def _samples(
    photos: Sequence[EdgeBlocks | Displaced],
    measured: Sequence[tuple[FloatArray, FloatArray]],
    k: int,
    sigma: float,
) -> _Samples:
    """Join the shifts of one colour in the blocks of all photos, where they are sure of it."""
    half = photos[0].half_diagonal
    samples = []
    for number, (photo, (values, errors)) in enumerate(zip(photos, measured, strict=True)):
        good = errors[k] < LEAST_SURE * sigma
        x, y, value, error = photo.x[good], photo.y[good], values[k][good], errors[k][good]
        away, size = np.hypot(x, y), photo.half_diagonal
        cells = np.floor(x / size * 6).astype(int) * 100 + np.floor(y / size * 6).astype(int)
        of_photo = _Samples(
            (away - value) / size,
            np.stack([x, y], axis=1) / away[:, None],
            value * (half / size),
            error * (half / size),
            np.full(len(x), number),
            cells + 10_000 * number,
        )
        samples.append(of_photo)
    return _Samples(*(np.concatenate(field) for field in zip(*samples, strict=True)))


@dataclass(frozen=True, eq=False)
class _Fit:
    powers: tuple[int, ...]
    terms: FloatArray
    covariance: FloatArray
    aic: float
    weight: FloatArray
    scale: float
    """By how much blocks err more than they say themselves."""
    inflation: float
    """By how much the variance is larger than if blocks erred independently."""

    def at(self, r: FloatArray) -> FloatArray:
        """Displacement in px at radii in half diagonals."""
        return _basis(r, self.powers) @ self.terms

    def error_at(self, r: FloatArray) -> FloatArray:
        """Its standard error."""
        basis = _basis(r, self.powers)
        error: FloatArray = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", basis, self.covariance, basis), 0))
        return error

    def terms_at_corner(self, half: float, reach: float) -> tuple[float, float, float]:
        """lensfun's v, c and b, of which the half diagonal is ``reach`` half short sides."""
        found = dict(zip(self.powers, self.terms / half, strict=True))
        return 1 + found[1], found.get(2, 0.0) / reach, found.get(3, 0.0) / reach**2


def _basis(r: FloatArray, powers: Sequence[int]) -> FloatArray:
    return np.stack([r**power for power in powers], axis=1)


def _fits(samples: _Samples, choices: Sequence[tuple[int, ...]]) -> list[_Fit]:
    """One fit for each choice of powers, the fullest last.

    They are judged by the errors that the fullest leaves: a fit that follows less takes what it misses for errors. And
    by how well they foretell (Akaike's criterion for errors that go together: K. P. Burnham and D. R. Anderson, Model
    Selection and Multimodel Inference, 2002, section 2.5), not by which is likely: a lens that is not quite linear
    should not be taken for one that is, and what is then left uncertain is to be said.
    """
    fullest = _fit(samples, choices[-1])
    return [*(_fit(samples, powers, fullest) for powers in choices[:-1]), fullest]


def _fit(samples: _Samples, powers: tuple[int, ...], fullest: _Fit | None = None) -> _Fit:
    count, terms = len(samples.r), len(powers)
    photos = int(samples.photo.max()) + 1
    aside = np.zeros((count, 2 * photos))
    for axis in (0, 1):
        aside[np.arange(count), 2 * samples.photo + axis] = samples.direction[:, axis]
    # Held to little: a photo with edges to one side cannot tell it from the radial part.
    design = np.hstack([_basis(samples.r, powers), aside])
    prior = np.zeros(design.shape[1])
    prior[terms:] = 1.0
    claimed: FloatArray = np.hypot(samples.error, SUREST)
    scale = fullest.scale if fullest else 1.0
    found = np.zeros(design.shape[1])
    weight = np.ones(count)
    for _ in range(15):
        deviation = scale * claimed
        weight_of = weight / deviation**2
        normal = (design.T * weight_of) @ design + np.diag(prior + 1e-9)
        found = np.linalg.solve(normal, design.T @ (weight_of * samples.value))
        residuals = samples.value - design @ found
        ratio = np.abs(residuals) / deviation
        weight = np.minimum(1, HUBER / np.maximum(ratio, 1e-9))
        if fullest is None:  # Half of the blocks lie within 0.6745 deviations.
            scale = float(np.clip(scale * np.median(ratio) / 0.6745, 0.05, 20))
    ratio = np.abs(residuals) / (scale * claimed)
    loss = np.where(ratio < HUBER, ratio**2, 2 * HUBER * ratio - HUBER**2).sum()
    inverse = np.linalg.inv(normal)
    _, which = np.unique(samples.part, return_inverse=True)
    scores = np.zeros((which.max() + 1, design.shape[1]))
    np.add.at(scores, which, design * (weight_of * residuals)[:, None])
    parts = len(scores)
    clustered = inverse @ (scores.T @ scores) @ inverse * parts / max(parts - design.shape[1], 1)
    corner = np.concatenate([np.ones(terms), np.zeros(2 * photos)])
    inflation = max(1.0, float(corner @ clustered @ corner) / float(corner @ inverse @ corner))
    covariance = np.asarray(inverse[:terms, :terms] * inflation, np.float64)
    alike = fullest.inflation if fullest else inflation
    aic = float(loss) / alike + 2 * terms
    return _Fit(powers, found[:terms], covariance, aic, weight_of, scale, inflation)


def _misfit(pair: tuple[_Fit, ...]) -> float:
    return sum(fit.aic for fit in pair)


def _error(fits: tuple[_Fit, ...], rivals: Sequence[tuple[_Fit, ...]]) -> FloatArray:
    """The standard errors of red and blue at ``RADII`` in px (2, radii), with half the way to the farthest of those
    models that foretell as well."""
    each = []
    for plane, fit in enumerate(fits):
        away = np.max([np.abs(pair[plane].at(RADII) - fit.at(RADII)) for pair in rivals], axis=0)
        each.append(np.hypot(fit.error_at(RADII), away / 2))
    return np.stack(each)


def _check(worth: Worth, half: float) -> None:
    """Refuse a fit that is of no lens, or not worth keeping."""
    inner = RADII >= INNER
    if float(np.max(np.abs(worth.correction[:, inner]) / RADII[inner])) > LARGEST * half:
        raise _not_enough("red or blue would be displaced further than any lens does it")
    if worth.outcome is Outcome.NOTHING:
        most = float(np.max(np.abs(worth.correction) + worth.surely_within))
        raise NothingToCorrectError(f"there is nothing to correct: less than {most:.2f} px of lateral colour")
    if worth.outcome is Outcome.UNSURE:
        raise _not_enough(worth.why_unsure("ones with sharp edges of black and white near the corners"))


def _not_enough(why: str) -> CalibrationError:
    return CalibrationError(f"{NOT_ENOUGH}, {why}", Code.EDGES)
