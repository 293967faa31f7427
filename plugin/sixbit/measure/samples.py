"""Samples of the light of flats, and the fit of a lens to them that leaves each frame the slope of its own light.

All in the logarithm of light: ``ln e_f + ln(1 + g_f . (x, y)) + ln(1 + B a)`` for a patch of frame f, where e is the
frame's exposure, g the slope of its light, and B a basis of what lens and sensor do. Gauss-Newton with Huber's weights
(Huber, Robust Statistics, 1981, section 7).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sixbit.measure.curve import Curve, curve_of
from sixbit.measure.patches import Patches
from sixbit.values.arrays import FloatArray

Mask = NDArray[np.bool_]

FLOOR = 5e-4
"""Relative light below which differences are of no interest: no lens is so exactly a polynomial."""
HUBER = 3.0
"""Standard deviations beyond which a sample loses weight."""
ROUNDS = 12
"""Steps of Gauss and Newton at most."""
RINGS = 40
"""Of a curve that is drawn."""
HIDDEN_RINGS = 10
"""To half a diagonal, in which what rounding hides is averaged."""
CELLS = 16
"""Across a half diagonal and back: neighbouring samples within such a cell may err alike."""
FEWEST_IN_CELL = 8
"""Samples that a cell needs for its mean to count."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Measured patches of several frames, one after the other: all of one length.

    ``x`` and ``y`` are in half diagonals, ``value`` is the logarithm of light (or of a ratio of two planes), ``noise``
    its standard error, of which ``hidden`` is what wide areas share, ``frame`` counts the frames from 0.
    """

    x: FloatArray
    y: FloatArray
    value: FloatArray
    noise: FloatArray
    hidden: FloatArray
    frame: NDArray[np.int64]

    @property
    def r(self) -> FloatArray:
        """Distance from the middle, in half diagonals."""
        return np.hypot(self.x, self.y)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.frame.max()) + 1

    def only(self, keep: Mask) -> Samples:
        """Select samples."""
        x, y, value, noise, hidden = (one[keep] for one in (self.x, self.y, self.value, self.noise, self.hidden))
        return Samples(x, y, value, noise, hidden, self.frame[keep])

    def hidden_at(self, r: FloatArray) -> FloatArray:
        """Estimate the error that rounding and compression hide in the light at radius r against that in the middle."""
        ring = np.rint(self.r * HIDDEN_RINGS).astype(int)
        counts = np.bincount(ring)
        means = np.bincount(ring, self.hidden) / np.maximum(counts, 1)
        here = np.interp(r, np.flatnonzero(counts) / HIDDEN_RINGS, means[counts > 0])
        error: FloatArray = np.hypot(here, means[counts > 0][0])
        return error


def samples_of(patches: Sequence[Patches], usable: Sequence[Mask], plane: int, against: int | None = None) -> Samples:
    """Take the light of one plane from the usable patches of all frames, or its ratio to that of another plane."""

    def joined(of: Callable[[Patches], FloatArray]) -> FloatArray:
        return np.concatenate([of(one)[keep] for one, keep in zip(patches, usable, strict=True)])

    if against is None:
        value, noise = joined(lambda one: np.log(one.light[plane])), joined(lambda one: one.noise[plane])
        hidden = joined(lambda one: one.hidden[plane])
    else:
        value = joined(lambda one: np.log(one.light[plane] / one.light[against]))
        noise = joined(lambda one: np.hypot(one.noise[plane], one.noise[against]))
        hidden = joined(lambda one: one.hidden_ratio[plane])
    counts = [int(keep.sum()) for keep in usable]
    frame = np.repeat(np.arange(len(counts)), counts)
    noise = np.sqrt(noise**2 + hidden**2 + FLOOR**2)
    return Samples(joined(lambda one: one.x), joined(lambda one: one.y), value, noise, hidden, frame)


def by_patch(values: FloatArray, usable: Sequence[Mask]) -> FloatArray:
    """Average the values of samples over the frames, patch by patch; not a number where no frame has a usable one."""
    total, counts = np.zeros(usable[0].shape), np.sum(usable, axis=0)
    ends = np.cumsum([keep.sum() for keep in usable])
    for keep, of_frame in zip(usable, np.split(values, ends[:-1]), strict=True):
        total[keep] += of_frame
    return np.asarray(np.where(counts > 0, total / np.maximum(counts, 1), np.nan))


@dataclass(frozen=True, eq=False)
class Fit:
    """A basis fitted to samples: its ``terms`` with their ``covariance``.

    ``slopes`` (frames, 2) and ``exposures`` (frames; in logarithm) are those of each frame's light, ``residuals`` what
    is left of each sample, in logarithm; ``parameters`` counts all that was fitted.
    """

    samples: Samples
    terms: FloatArray
    covariance: FloatArray
    slopes: FloatArray
    exposures: FloatArray
    residuals: FloatArray
    parameters: int

    @property
    def bic(self) -> float:
        """Schwarz's criterion (The Annals of Statistics 6, 1978), for errors that are all alike."""
        n = len(self.residuals)
        return float(n * np.log(np.mean(self.residuals**2) + 1e-30) + self.parameters * np.log(n))

    @property
    def inflation(self) -> float:
        """Factor by which means are less sure than if samples erred independently: from the means of larger cells.

        JPEG blocks, stray light and what a model cannot follow make neighbours err alike.
        """
        column, row = (np.floor((at + 1) * CELLS / 2) for at in (self.samples.x, self.samples.y))
        cell = column * 1000 + row + self.samples.frame * 1_000_000
        _, which, counts = np.unique(cell, return_inverse=True, return_counts=True)
        large = counts >= FEWEST_IN_CELL
        if large.sum() < FEWEST_IN_CELL:
            return 1.0
        means = np.bincount(which, self.residuals) / counts
        ratio = float(np.mean((means**2 * counts)[large]) / max(float(np.mean(self.residuals**2)), 1e-30))
        return math.sqrt(max(1.0, ratio))

    def curve(self, fitted: Callable[[FloatArray], FloatArray]) -> Curve:
        """Average the samples in rings, freed of exposure and slope; ``fitted`` is the model over the radius."""
        samples = self.samples
        slope_x, slope_y = self.slopes[samples.frame].T
        light = np.log(1 + slope_x * samples.x + slope_y * samples.y)
        value = np.exp(samples.value - self.exposures[samples.frame] - light)
        return curve_of(samples.r, value, fitted, rings=RINGS, farthest=1.0001 * float(samples.r.max()))


def fit(samples: Samples, basis: FloatArray, turned: bool = False) -> Fit:
    """Fit ``basis`` (samples, terms) and the light of each frame.

    If the frames were ``turned`` against the light, what slopes they share is the lens's and the basis may hold it:
    the slopes then add up to nothing.
    """
    frames, count = samples.frames, basis.shape[1]
    # Which slope of light each frame has: any, or any that add up to zero.
    free = np.eye(frames)[:, : frames - 1] - np.eye(frames)[:, -1:] if turned else np.eye(frames)
    lights = free.shape[1]
    after_x, after_y = frames + lights, frames + 2 * lights
    theta = np.zeros(after_y + count)
    theta[:frames] = [np.median(samples.value[samples.frame == f]) for f in range(frames)]
    weight = 1 / samples.noise**2
    own = _own_parameters(free, count)

    def evaluate(theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        slope_x, slope_y = free @ theta[frames:after_x], free @ theta[after_x:after_y]
        light = np.maximum(1 + slope_x[samples.frame] * samples.x + slope_y[samples.frame] * samples.y, 0.05)
        lens = np.maximum(1 + basis @ theta[after_y:], 0.01)
        return theta[samples.frame] + np.log(light) + np.log(lens), light, lens

    model, light, lens = evaluate(theta)
    for _ in range(ROUNDS):
        residuals = samples.value - model
        robust = weight * _huber(residuals / samples.noise)
        columns = np.column_stack([np.ones(len(light)), samples.x / light, samples.y / light, basis / lens[:, None]])
        step = _step(*_normal(samples.frame, columns, own, robust, residuals))
        length, before = 1.0, float(np.sum(robust * residuals**2))
        for _ in range(6):
            model, light, lens = evaluate(theta + length * step)
            if float(np.sum(robust * (samples.value - model) ** 2)) <= before * (1 + 1e-12):
                break
            length /= 2
        theta = theta + length * step
        if np.max(np.abs(step)) < 1e-6:
            break
    residuals = samples.value - model
    scale = 1.4826 * float(np.median(np.abs(residuals / samples.noise)))
    matrix, _ = _normal(samples.frame, columns, own, weight, residuals)
    covariance = np.asarray(np.linalg.pinv(matrix) * scale**2, np.float64)
    slopes = np.stack([free @ theta[frames:after_x], free @ theta[after_x:after_y]], axis=1)
    return Fit(samples, theta[after_y:], covariance[after_y:, after_y:], slopes, theta[:frames], residuals, len(theta))


def _own_parameters(free: FloatArray, count: int) -> FloatArray:
    """Of each frame how its exposure, its two slopes and the lens depend on all parameters: (frames, own, all)."""
    frames, lights = free.shape
    own = np.zeros((frames, 3 + count, frames + 2 * lights + count))
    own[:, 0, :frames] = np.eye(frames)
    own[:, 1, frames : frames + lights] = own[:, 2, frames + lights : frames + 2 * lights] = free
    own[:, 3:, frames + 2 * lights :] = np.eye(count)
    return own


def _normal(
    frame: NDArray[np.int64], columns: FloatArray, own: FloatArray, weight: FloatArray, residuals: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The normal equations, frame by frame: ``columns`` (samples, own) is how samples depend on their frame's own.

    As one matrix for all parameters, most of which are of other frames, it would take minutes of 30 frames.
    """
    ends = np.searchsorted(frame, np.arange(len(own) + 1))
    size = own.shape[2]
    matrix, right = np.zeros((size, size)), np.zeros(size)
    for of_frame, begin, end in zip(own, ends[:-1], ends[1:], strict=True):
        here = columns[begin:end]
        weighted = (here * weight[begin:end, None]).T
        matrix += of_frame.T @ (weighted @ here) @ of_frame
        right += of_frame.T @ (weighted @ residuals[begin:end])
    return matrix, right


def _huber(error: FloatArray) -> FloatArray:
    scale = max(1.4826 * float(np.median(np.abs(error))), 1e-9)
    return np.minimum(1, HUBER * scale / np.maximum(np.abs(error), 1e-12))


def _step(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve the normal equations for the change of the parameters that leaves the least weighted squares."""
    # Each parameter in its own unit, so that the equations are as well-conditioned as they can be.
    unit = np.sqrt(np.diag(matrix)) + 1e-300
    return np.linalg.pinv(matrix / unit / unit[:, None], rcond=1e-12, hermitian=True) @ (right / unit) / unit


def even_powers(r: FloatArray, terms: int) -> FloatArray:
    """Stack r^2, r^4 ... as columns.

    >>> even_powers(np.array([2.0]), 3).tolist()
    [[4.0, 16.0, 64.0]]
    """
    return r[:, None] ** (2 * np.arange(1, terms + 1))


def surface_powers(degree: int, linear: bool) -> list[tuple[int, int]]:
    """List the powers of x and y up to a degree that no radial polynomial has, with the slopes themselves or without.

    Of x^2 and y^2 one is enough beside r^2, and so on for every even power.

    >>> surface_powers(2, linear=False)
    [(1, 1), (0, 2)]
    """
    powers = [(i, total - i) for total in range(1, degree + 1) for i in range(total, -1, -1)]
    return [(i, j) for i, j in powers if (linear or i + j > 1) and not (j == 0 and i % 2 == 0)]


def surface(x: FloatArray, y: FloatArray, powers: Sequence[tuple[int, int]]) -> FloatArray:
    """Stack these powers of x and y as columns."""
    return np.stack([x**i * y**j for i, j in powers], axis=1) if powers else np.zeros((len(x), 0))
