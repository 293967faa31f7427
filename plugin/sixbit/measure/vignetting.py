"""Fitting what a flat shows: a falling radial polynomial, or a surface, times the slope of each frame's light.

All in the logarithm of light: ``ln s_f + ln(1 + g_f . (x, y)) + ln(1 + B a)`` for a patch of frame f, where s is the
frame's exposure, g the slope of its light, and B a basis of what lens and sensor do. Gauss-Newton with Huber's weights
(Huber, Robust Statistics, 1981, section 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

HUBER = 3.0
ROUNDS = 12
RISE = 0.005
"""How much brighter a fall-off may get on its way to the corner: no lens does, but so small a rise is noise."""
LEAST = 1 / 64
"""Light in the corner below which a fit is no lens's fall-off."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Measured patches of several frames, one after the other: all of one length.

    ``value`` is the logarithm of light (or of a ratio of two planes), ``noise`` its standard error, ``frame`` counts
    the frames from 0.
    """

    x: FloatArray
    y: FloatArray
    value: FloatArray
    noise: FloatArray
    frame: NDArray[np.int64]

    @property
    def frames(self) -> int:
        return int(self.frame.max()) + 1

    def only(self, keep: NDArray[np.bool_]) -> Samples:
        """The samples that are worth it."""
        fields = (self.x, self.y, self.value, self.noise, self.frame)
        return Samples(*(field[keep] for field in fields))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Fit:
    """``terms`` of the basis with their ``covariance``; ``slopes`` (frames, 2); ``rest`` what is left, in logarithm."""

    terms: FloatArray
    covariance: FloatArray
    slopes: FloatArray
    scales: FloatArray
    rest: FloatArray
    parameters: int

    @property
    def bic(self) -> float:
        """Schwarz's criterion, from the squares of the rest (set in units of the noise by the caller's weights)."""
        n = len(self.rest)
        return float(n * np.log(np.mean(self.rest**2) + 1e-30) + self.parameters * np.log(n))


def fit(samples: Samples, basis: FloatArray, turned: bool = False) -> Fit:
    """Fit ``basis`` (samples, terms) and the light of each frame.

    If the frames were ``turned`` against the light, what slopes they share is the lens's and the basis may hold it:
    the slopes then add up to nothing.
    """
    frames = samples.frames
    one = (samples.frame[:, None] == np.arange(frames)).astype(float)
    # Which slope of light each frame has: any, or any that add up to zero.
    free = np.eye(frames)[:, : frames - 1] - np.eye(frames)[:, -1:] if turned else np.eye(frames)
    lit = one @ free
    slope_x, slope_y = lit * samples.x[:, None], lit * samples.y[:, None]
    lights, count = free.shape[1], basis.shape[1]
    theta = np.zeros(frames + 2 * lights + count)
    theta[:frames] = [np.median(samples.value[samples.frame == f]) for f in range(frames)]
    weight = 1 / samples.noise**2
    model = np.zeros(len(samples.value))
    jacobian = np.zeros((len(model), len(theta)))

    def evaluate(theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        slopes = slope_x @ theta[frames : frames + lights] + slope_y @ theta[frames + lights : frames + 2 * lights]
        light = np.maximum(1 + slopes, 0.05)
        lens = np.maximum(1 + basis @ theta[frames + 2 * lights :], 0.01)
        return one @ theta[:frames] + np.log(light) + np.log(lens), light, lens

    model, light, lens = evaluate(theta)
    for _ in range(ROUNDS):
        rest = samples.value - model
        robust = weight * _huber(rest / samples.noise)
        jacobian = np.hstack([one, slope_x / light[:, None], slope_y / light[:, None], basis / lens[:, None]])
        step = _step(jacobian, robust, rest)
        length, before = 1.0, float(np.sum(robust * rest**2))
        for _ in range(6):
            model, light, lens = evaluate(theta + length * step)
            if float(np.sum(robust * (samples.value - model) ** 2)) <= before * (1 + 1e-12):
                break
            length /= 2
        theta = theta + length * step
        if np.max(np.abs(step)) < 1e-6:
            break
    rest = samples.value - model
    scale = 1.4826 * float(np.median(np.abs(rest / samples.noise)))
    covariance = np.asarray(np.linalg.pinv((jacobian * weight[:, None]).T @ jacobian) * scale**2, np.float64)
    at = frames + 2 * lights
    slopes = np.stack([free @ theta[frames : frames + lights], free @ theta[frames + lights : at]], axis=1)
    return Fit(theta[at:], covariance[at:, at:], slopes, theta[:frames], rest, len(theta))


def _huber(error: FloatArray) -> FloatArray:
    scale = max(1.4826 * float(np.median(np.abs(error))), 1e-9)
    return np.minimum(1, HUBER * scale / np.maximum(np.abs(error), 1e-12))


def _step(jacobian: FloatArray, weight: FloatArray, rest: FloatArray) -> FloatArray:
    """What the parameters change by for the least weighted squares, by the normal equations."""
    # Each column in its own unit, so that the equations are as well-conditioned as they can be.
    unit = np.sqrt(weight @ jacobian**2) + 1e-300
    scaled = jacobian / unit
    weighted = (scaled * weight[:, None]).T
    step: FloatArray = np.linalg.pinv(weighted @ scaled, rcond=1e-12, hermitian=True) @ (weighted @ rest) / unit
    return step


def even_powers(r: FloatArray, terms: int) -> FloatArray:
    """r^2, r^4 ... as columns."""
    return r[:, None] ** (2 * np.arange(1, terms + 1))


def surface_powers(degree: int, linear: bool) -> list[tuple[int, int]]:
    """Powers of x and y up to a degree that no radial polynomial has, with the slopes themselves or without.

    Of x^2 and y^2 one is enough beside r^2, and so on for every even power.

    >>> surface_powers(2, linear=False)
    [(1, 1), (0, 2)]
    """
    powers = [(i, total - i) for total in range(1, degree + 1) for i in range(total, -1, -1)]
    return [(i, j) for i, j in powers if (linear or i + j > 1) and not (j == 0 and i % 2 == 0)]


def surface(x: FloatArray, y: FloatArray, powers: Sequence[tuple[int, int]]) -> FloatArray:
    """These powers of x and y as columns."""
    return np.stack([x**i * y**j for i, j in powers], axis=1) if powers else np.zeros((len(x), 0))


def falling(samples: Samples) -> tuple[FloatArray, Fit]:
    """lensfun's ``pa``: 1 + k1 r^2 + k2 r^4 + k3 r^6, as many terms as the evidence asks for, falling to the corner.

    Returns the three terms, and the fit with their covariance. A fit that rises is done again among the polynomials
    whose Bernstein coefficients fall, which then fall themselves (Farouki, The Bernstein polynomial basis, 2012).
    """
    r = np.hypot(samples.x, samples.y)
    powers = even_powers(r, 3)
    fits = [fit(samples, powers[:, :terms]) for terms in (1, 2, 3)]
    for found in sorted(fits, key=lambda f: f.bic):
        terms = np.pad(found.terms, (0, 3 - len(found.terms)))
        if rise(terms) <= RISE and light_at(terms, 1.0) > LEAST:
            return terms, _padded(found)
    # 1 - d T: T_1 = 1 - (1 - x)^3, T_2 = 3 x^2 - 2 x^3, T_3 = x^3, with x = r^2 and d >= 0.
    tails = np.array([[3.0, -3.0, 1.0], [0.0, 3.0, -2.0], [0.0, 0.0, 1.0]]).T
    best: tuple[FloatArray, Fit] | None = None
    for chosen in [c for n in (1, 2, 3) for c in combinations(range(3), n)]:
        falls = -tails[:, list(chosen)]
        found = fit(samples, powers @ falls)
        if np.all(found.terms >= 0) and (best is None or found.bic < best[1].bic):
            best = falls @ found.terms, _mapped(found, falls)
    if best is None:
        flat = fit(samples, np.zeros((len(r), 0)))
        return np.zeros(3), _mapped(flat, np.zeros((3, 0)))
    return best


def light_at(terms: FloatArray, r: float | FloatArray) -> FloatArray:
    """Light at r over light in the centre."""
    x = np.asarray(r, np.float64) ** 2
    return np.asarray(1 + x * (terms[0] + x * (terms[1] + x * terms[2])))


def rise(terms: FloatArray) -> float:
    """How much brighter it gets, at most, from any point of the way to the corner to a later one."""
    light = light_at(terms, np.linspace(0, 1, 201))
    return float(np.max(light - np.minimum.accumulate(light)))


def _padded(found: Fit) -> Fit:
    return _mapped(found, np.eye(3)[:, : len(found.terms)])


def _mapped(found: Fit, matrix: FloatArray) -> Fit:
    covariance = matrix @ found.covariance @ matrix.T
    return replace(found, terms=matrix @ found.terms, covariance=covariance)
