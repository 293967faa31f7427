"""Displacements along the radius fitted to blocks of photos, of which some err much and those near each other alike.

The errors of blocks have long tails, so the fit is that of Student's t (K. L. Lange, R. J. A. Little and J. M. G.
Taylor, Journal of the American Statistical Association 84, 1989). One edge runs through many blocks, so the errors of
the fit are those of leaving out one part of the picture after the other (B. Efron, The Jackknife, 1982, chapter 3), and
few parts that tell of a radius widen its interval as few samples do (F. E. Satterthwaite, Biometrics 2, 1946).

What is compressed loses the weakest of its fringes, all towards no displacement. By how much is fitted beside, as a
share of what the blocks say they may be off by, and held to what rendered photos have shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.measure.worth import RADII
from sixbit.values.arrays import FloatArray
from sixbit.values.known import SURE

POWERS = ((1,), (1, 3), (1, 2, 3))
"""Powers of the radius that a displacement is made of: lensfun's linear, its poly3 without and with its middle term."""
MOST = 3
"""The highest of them."""
TAILS = 3.0
"""Degrees of freedom of the distribution of errors."""
SUREST = 0.01
"""Px to which no block is surer, whatever it says."""
PARTS = 2
"""Parts of the picture to a half diagonal."""
FREE = 1e-6
"""Weight by which what is not known before is held to none."""
ROUNDS = 25
"""Of weighing the blocks anew."""
JUDGED = (20, 30, 40)
"""Which of ``RADII`` tell by how much blocks that err alike make a fit less sure."""


class Lost(NamedTuple):
    """Share of their own error by which blocks of a compressed photo fall short, in the mean, and how it varies."""

    mean: float
    deviation: float


LOST, LOST_HALVED = Lost(0.03, 0.15), Lost(0.05, 0.15)
"""Of rendered photos as PNG, TIFF and JPEG, and of those that hold colour at half the resolution."""


class Samples(NamedTuple):
    """Displacements ``value`` (px of the first photo) at radii ``r`` of green (half diagonals), with their errors.

    ``direction`` (blocks, 2) is outwards, ``photo`` counts the photos, and ``lost`` is what compression may have taken.
    """

    r: FloatArray
    direction: FloatArray
    value: FloatArray
    error: FloatArray
    photo: NDArray[np.int64]
    lost: Lost

    @property
    def parts(self) -> list[NDArray[np.int64]]:
        """The blocks of each part of a picture, within which errors are alike."""
        x, y = np.floor(self.r * self.direction.T * PARTS).astype(int)
        which = x + 100 * y + 10_000 * self.photo
        order = np.argsort(which, kind="stable")
        return list(np.split(order, np.flatnonzero(np.diff(which[order])) + 1))


@dataclass(frozen=True, eq=False)
class Fit:
    """A displacement that blocks have shown: ``terms`` of r, r^2 and r^3 in px.

    ``error`` is its standard error at ``RADII``, ``misfit`` Akaike's criterion for errors that go together (less is
    better), ``weight`` that of the blocks. ``scale`` is by how much blocks err more than they say, ``inflation`` by how
    much the variance is larger than if they erred independently.
    """

    terms: FloatArray
    error: FloatArray
    misfit: float
    weight: FloatArray
    scale: float
    inflation: float

    def at(self, r: FloatArray) -> FloatArray:
        """Displacement in px at radii in half diagonals."""
        return _basis(r, range(1, MOST + 1)) @ self.terms


def fits_of(samples: Samples, choices: Sequence[tuple[int, ...]] = POWERS) -> list[Fit]:
    """One fit for each choice of powers of the radius, the fullest last.

    They are judged by the errors that the fullest leaves: a fit that follows less takes what it misses for errors. And
    by how well they foretell (Akaike's criterion: K. P. Burnham and D. R. Anderson, Model Selection and Multimodel
    Inference, 2002, section 2.5), not by which is likely: a lens that is not quite linear should not be taken for one.
    """
    fullest = _fit(samples, choices[-1])
    return [*(_fit(samples, powers, fullest) for powers in choices[:-1]), fullest]


def mean_of(fits: Sequence[Fit], shares: FloatArray) -> Fit:
    """The mean of fits by their shares of the evidence, as unsure as they are and as far as they are apart.

    See Burnham and Anderson, section 4.3. Half of lenses are nearly linear, and one photo seldom tells which.
    """
    terms = shares @ [fit.terms for fit in fits]
    best = fits[int(np.argmax(shares))]
    away = [fit.at(RADII) - _basis(RADII, range(1, MOST + 1)) @ terms for fit in fits]
    error = shares @ [np.hypot(fit.error, off) for fit, off in zip(fits, away, strict=True)]
    return Fit(terms, error, best.misfit, best.weight, best.scale, best.inflation)


def _basis(r: FloatArray, powers: Sequence[int]) -> FloatArray:
    return np.stack([r**power for power in powers], axis=1)


def _fit(samples: Samples, powers: tuple[int, ...], fullest: Fit | None = None) -> Fit:
    count, terms = len(samples.r), len(powers)
    basis = _basis(samples.r, powers)
    photos = int(samples.photo.max()) + 1
    aside = np.zeros((count, 2 * photos))
    for axis in (0, 1):
        aside[np.arange(count), 2 * samples.photo + axis] = samples.direction[:, axis]
    design = np.hstack([basis, aside, np.zeros((count, 1))])
    # A photo with edges to one side cannot tell what is displaced all over it from the radial part: held to little.
    prior = np.full(design.shape[1], FREE)
    prior[terms:-1] = 1.0
    prior[-1] = samples.lost.deviation**-2
    before = np.zeros(design.shape[1])
    before[-1] = samples.lost.mean
    claimed: FloatArray = np.hypot(samples.error, SUREST)
    scale = fullest.scale if fullest else 1.0
    weight = np.ones(count)
    found = np.zeros(design.shape[1])
    for _ in range(ROUNDS):
        weight_of = weight / (scale * claimed) ** 2
        data = (design.T * weight_of) @ design
        found = np.linalg.solve(data + np.diag(prior), design.T @ (weight_of * samples.value) + prior * before)
        residuals = samples.value - design @ found
        square = (residuals / (scale * claimed)) ** 2
        weight = (TAILS + 1) / (TAILS + square)
        if fullest is None:
            scale = float(np.clip(scale * np.sqrt(np.mean(weight * square)), 0.02, 20))
        used = design.copy()
        shown = basis @ found[:terms]
        design[:, -1] = -np.sign(shown) * np.minimum(np.abs(shown), samples.error)
    parts = _parts(samples, used, weight_of, residuals)
    error, inflation = _error(powers, parts, data, prior)
    alike = fullest.inflation if fullest else inflation
    loss = (TAILS + 1) * float(np.log1p(square / TAILS).sum()) + float(prior @ (found - before) ** 2)
    padded = np.zeros(MOST)
    padded[np.array(powers) - 1] = found[:terms]
    return Fit(padded, error, loss / alike + 2 * terms, weight_of, scale, inflation)


class _Parts(NamedTuple):
    """Of each part of the picture: what it weighs (parts, terms, terms), and to where it pulls (parts, terms)."""

    weight: FloatArray
    pull: FloatArray


def _parts(samples: Samples, design: FloatArray, weight: FloatArray, residuals: FloatArray) -> _Parts:
    members = samples.parts
    weights = [(design[part].T * weight[part]) @ design[part] for part in members]
    pulls = [design[part].T @ (weight[part] * residuals[part]) for part in members]
    return _Parts(np.array(weights), np.array(pulls))


def _error(powers: Sequence[int], parts: _Parts, data: FloatArray, prior: FloatArray) -> tuple[FloatArray, float]:
    """The standard error at ``RADII``, in that of a normal distribution, and the inflation of the variance."""
    basis, terms = _basis(RADII, powers), len(powers)

    def variance(covariance: FloatArray) -> FloatArray:
        of_terms = covariance[..., :terms, :terms]
        found: FloatArray = np.maximum(np.einsum("ij,...jk,ik->i...", basis, of_terms, basis), 0)
        return found

    normal = data + np.diag(prior)
    inverse = np.linalg.inv(normal)
    without = np.linalg.solve(normal - parts.weight, parts.pull[..., None])[..., 0]
    jackknife = without.T @ without * (len(without) - 1) / len(without)
    alone = variance(inverse @ data @ inverse)
    inflation = max(1.0, *(variance(jackknife) / np.maximum(alone, 1e-30))[list(JUDGED)])
    of_parts = variance(inverse @ parts.weight @ inverse)
    free = of_parts.sum(axis=1) ** 2 / np.maximum((of_parts**2).sum(axis=1), 1e-30)
    error = np.sqrt(variance(np.linalg.inv(data / inflation + np.diag(prior))))
    return error * _widened(np.maximum(free, 2.0)), float(inflation)


def _widened(free: FloatArray) -> FloatArray:
    """By how much the 95 % interval of Student's t is wider than that of the normal distribution.

    M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 26.7.5: to 3 % from 2 degrees of freedom on.
    """
    z = SURE
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return 1 + (first / free + second / free**2 + third / free**3) / z
