"""Fall-off from points that several photos see: each is as bright in all of them but for the lens, and the exposure.

The logarithm of the light of a sight is the sum of what its point reflects, the exposure of its photo, and the lens's
fall-off at its radius. The first is eliminated point by point, the others are fitted together; what contradicts the
rest, as it moved, shone or was hidden, loses its weight (loss of Geman and McClure). The errors are those of whole
photos, each left out in its turn, and of whole points (K.-Y. Liang and S. L. Zeger, Biometrika 73, 1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.measure.curve import Curve, curve_of
from sixbit.measure.jackknife import jackknife_error, parts_of
from sixbit.measure.samples import even_powers
from sixbit.measure.vignetting import FALLS, RISE, largest_rise, vignetting_at
from sixbit.measure.worth import RADII, Worth
from sixbit.values.arrays import FloatArray
from sixbit.values.known import SURE
from sixbit.values.lens import Model

WIDTH = 1.0
"""Of the Gaussian through which a point is looked at, in px of the picture that is searched: a wider one sees more
of the scene where the lens draws it smaller. At twice as much, a rendered lens was 6 % off, at this 0.6 %."""
REACH = 3
"""Px of that picture to either side that the Gaussian has."""
DARKEST = 0.005
"""Light below which stray light and black level say more than the lens."""
OUTLYING = 1.5
"""Deviations from what is foretold that cost a look most of its weight."""
WEIGHINGS = 12
"""Times that looks are weighed."""
TERMS = 3
"""Even powers of the radius."""
FEWEST_PHOTOS = 4
"""Photos whose looks tell."""
LN2 = float(np.log(2))
FEWEST = 300
"""Looks that a fall-off is fitted to."""
TONED = 0.3
"""Share by which a tone curve makes a fall-off larger or smaller than it is: a standard error. Where differences of
light depend on its level there is one, but not by how much it is steeper in the middle than a plain one."""
RINGS = 16
"""Of a curve that is drawn."""


def light_at(light: NDArray[np.float32], x: FloatArray, y: FloatArray) -> NDArray[np.float32]:
    """Logarithm of the light (rows, columns, planes) of a picture about points in px: (points, planes).

    Not a number where the picture ends, may be clipped, or is too dark.

    >>> round(float(light_at(np.full((20, 20, 1), 0.5, np.float32), np.array([9.3]), np.array([8.0]))[0, 0]), 4)
    -0.6931
    """
    rows, columns, _ = light.shape
    left, top = np.rint(x).astype(int), np.rint(y).astype(int)
    inside = (left >= REACH) & (left < columns - REACH) & (top >= REACH) & (top < rows - REACH)
    around = np.arange(-REACH, REACH + 1)
    found = np.full((len(x), light.shape[2]), np.nan, np.float32)
    across, down = (
        np.exp(-((middle[:, None] + around - at[:, None]) ** 2) / (2 * WIDTH**2))
        for middle, at in ((left[inside], x[inside]), (top[inside], y[inside]))
    )
    across, down = (weight / weight.sum(axis=1, keepdims=True) for weight in (across, down))
    there = light[(top[inside, None] + around)[:, :, None], (left[inside, None] + around)[:, None, :]]
    mean = np.einsum("nijk,ni,nj->nk", there, down.astype(np.float32), across.astype(np.float32))
    with np.errstate(invalid="ignore"):
        found[inside] = np.log(np.where(mean > DARKEST, mean, np.nan))
    return found


@dataclass(frozen=True, eq=False)
class Looks:
    """Sights of points with their light: ``value`` in logarithm, at ``r`` half diagonals from the centre."""

    photo: NDArray[np.intp]
    point: NDArray[np.intp]
    r: FloatArray
    value: FloatArray

    def only(self, keep: NDArray[np.bool_]) -> Looks:
        """Select looks, and of these the ones whose points are seen twice at least."""
        counts = np.bincount(self.point[keep], minlength=int(self.point.max(initial=0)) + 1)
        keep = keep & (counts[self.point] > 1)
        return Looks(self.photo[keep], self.point[keep], self.r[keep], self.value[keep])


class Shown(NamedTuple):
    """A curve over the radius that looks show, at ``RADII`` in logarithm, with its standard error.

    ``curve`` is what was measured, ``reach`` how far out looks go, in half diagonals. ``bent`` is by what share of them
    differences of light are larger for brighter points than for darker ones, a deviation apart; 0 if that may be
    chance.
    """

    at: FloatArray
    error: FloatArray
    curve: Curve
    reach: float
    bent: float


def fit_looks(looks: Looks) -> Shown | None:
    """Fit ``TERMS`` even powers of the radius to the logarithm of light.

    None if there are too few looks, or too few photos.
    """
    looks = looks.only(np.isfinite(looks.value))
    photos = np.unique(looks.photo)
    if len(looks.value) < FEWEST or len(photos) < FEWEST_PHOTOS:
        return None
    found = _fit(looks)
    each = []
    for part in parts_of(len(photos)):
        rest = looks.only(~np.isin(looks.photo, photos[part]))
        if len(rest.value) < FEWEST:
            return None
        each.append(_fit(rest))
    at, powers = found.radial(RADII), even_powers(RADII, TERMS)
    by_points = np.einsum("ij,jk,ik->i", powers, found.of_points, powers)
    error = np.sqrt(jackknife_error(np.array([one.radial(RADII) for one in each]), at) ** 2 + by_points)
    chance = float(jackknife_error(np.array([[one.bent] for one in each]), np.array([found.bent]))[0])
    bent = found.bent if abs(found.bent) > SURE * chance else 0.0
    reach = min(1.0, float(np.quantile(looks.r, 0.99)))
    value = found.radial(looks.r) + found.left
    spread = float(np.average(found.left**2, weights=found.weights))
    curve = curve_of(looks.r, value, found.radial, rings=RINGS, weights=found.weights / spread)
    return Shown(at, error, curve, reach, bent)


class FallOff(NamedTuple):
    """A fall-off that looks show, lensfun's ``pa``, with its error, and the curve that was measured, in EV of loss.

    ``is_toned`` tells that the photos surely have a tone curve, which is in the error.
    """

    model: Model
    worth: Worth
    curve: Curve
    is_toned: bool


def fit_fall_off(looks: Looks, weights: FloatArray) -> FallOff | None:
    """Fit a fall-off; ``weights`` are those of the radii in the frame. None if there are too few looks."""
    shown = fit_looks(looks)
    if shown is None:
        return None
    light = np.exp(shown.at)
    # By how sure it is at each radius; a lens gets no brighter to the corner, so a rise is noise.
    root = light / np.hypot(shown.error, 0.01) * np.sqrt(weights + weights.mean() / 4)
    basis = even_powers(RADII, 3)
    terms = np.linalg.lstsq(basis * root[:, None], (light - 1) * root, rcond=None)[0]
    if largest_rise(terms) > RISE:
        from scipy.optimize import nnls

        falls = nnls(-(basis @ FALLS) * root[:, None], (light - 1) * root)[0]
        terms = -FALLS @ falls
    said = np.log(np.maximum(vignetting_at(terms, RADII), 1e-3))
    error = np.hypot(shown.error, said - shown.at) / LN2
    is_toned = shown.bent != 0
    if is_toned:
        error = np.hypot(error, TONED * shown.at / LN2)
    worth = Worth("vignetting", -shown.at[None] / LN2, error[None], weights, shown.reach)
    drawn = shown.curve
    curve = Curve(drawn.radius, -drawn.measured / LN2, drawn.error / LN2, -drawn.fitted / LN2)
    return FallOff(Model("pa", tuple(float(term) for term in terms)), worth, curve, is_toned)


class RadialShading(NamedTuple):
    """Colour shading that looks show, the same to all sides, with its error and curves, in %."""

    shading: Shading
    worth: Worth
    curves: dict[str, Curve]


def fit_shading(ratios: Sequence[Looks], weights: FloatArray, *, landscape: bool) -> RadialShading | None:
    """Fit a colour shading to the light of red and of blue against green; None if there are too few looks."""
    shown = [fit_looks(looks) for looks in ratios]
    red, blue = shown
    if red is None or blue is None:
        return None
    planes, curves = [], {}
    for name, one in (("red", red), ("blue", blue)):
        terms = np.linalg.lstsq(even_powers(RADII, TERMS), np.exp(one.at) - 1, rcond=None)[0]
        planes.append(PlaneShading((1.0, *(c for term in terms for c in (0.0, float(term))))))
        drawn = one.curve
        curves[name] = Curve(drawn.radius, 100 * drawn.measured, 100 * drawn.error, 100 * drawn.fitted)
    correction = 100 * np.stack([plane.radial_at(RADII) - 1 for plane in planes])
    error = 100 * np.stack([red.error, blue.error])
    worth = Worth("shading", correction, error, weights, min(red.reach, blue.reach))
    return RadialShading(Shading(planes[0], planes[1], landscape=landscape), worth, curves)


@dataclass(frozen=True, eq=False)
class _Fit:
    terms: FloatArray
    weights: FloatArray
    left: FloatArray
    of_points: FloatArray
    bent: float

    def radial(self, r: FloatArray) -> FloatArray:
        """The part that goes by the radius, in half diagonals."""
        return even_powers(r, TERMS) @ self.terms


def _fit(looks: Looks) -> _Fit:
    """Fit exposures and curve with the light of the points eliminated."""
    _, photo = np.unique(looks.photo, return_inverse=True)
    _, point = np.unique(looks.point, return_inverse=True)
    photos = int(photo.max()) + 1
    design = np.hstack([np.eye(photos)[photo], even_powers(looks.r, TERMS)])
    weights = np.ones(len(photo))
    for _ in range(WEIGHINGS):
        total = np.bincount(point, weights)
        means = np.stack([np.bincount(point, weights * column) / total for column in design.T], axis=1)
        centred = design - means[point]
        value = looks.value - (np.bincount(point, weights * looks.value) / total)[point]
        weighted = centred * weights[:, None]
        # What all exposures share is not told.
        inverse = np.linalg.inv(weighted.T @ centred + 1e-3 * np.diag(np.arange(len(design.T)) < photos))
        found = inverse @ (weighted.T @ value)
        left = value - centred @ found
        weights = _weights(left)
    scores = np.stack([np.bincount(point, column * left) for column in weighted.T], axis=1)
    of_points = (inverse @ (scores.T @ scores) @ inverse)[photos:, photos:]
    level = (np.bincount(point, weights * looks.value) / total - means @ found)[point]
    bent = _bent(level, centred @ found, left, weights)
    return _Fit(found[photos:], weights, left, of_points, bent)


def _weights(left: FloatArray) -> FloatArray:
    scale = max(1.4826 * float(np.median(np.abs(left))), 1e-6)
    return np.asarray(1 / (1 + (left / (OUTLYING * scale)) ** 2) ** 2)


def _bent(level: FloatArray, differs: FloatArray, left: FloatArray, weights: FloatArray) -> float:
    """By what share differences of light grow with the level of light, a deviation of which apart.

    Under a tone curve, exposure and fall-off do more to points of one level than to those of another.
    """
    mean = np.average(level, weights=weights)
    more = (level - mean) / max(float(np.std(level)), 1e-6) * differs
    bent = 0.0
    for _ in range(WEIGHINGS):
        bent = float(np.sum(weights * more * left) / max(np.sum(weights * more**2), 1e-12))
        weights = _weights(left - bent * more)
    return bent
