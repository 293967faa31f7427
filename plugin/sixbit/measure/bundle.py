"""A camera from points that several photos see: bundle adjustment, with the lens in terms of even powers.

All places of the photos, all points and one camera are fitted together so that the points lie where they are seen
(B. Triggs et al., "Bundle Adjustment - A Modern Synthesis", 2000), by Gauss and Newton's steps with the points
eliminated; what contradicts the rest loses its weight (loss of Geman and McClure). The lens is the polynomial that
takes radii of the ideal picture to those in the photo, so that focal length and distortion hardly depend on each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.measure.camera import Camera, Jackknife
from sixbit.measure.jackknife import parts_of
from sixbit.values.arrays import FloatArray

Indices = NDArray[np.intp]

ROUNDS = 12
"""Steps at most."""
WEIGHINGS = 6
"""Times that sights are weighed anew, each followed by a step."""
SETTLED = 2e-6
"""Change of terms and centre that is none any more, in half short sides."""
OUTLYING = 2.5
"""Deviations from where a point is foretold that cost a sight of it three quarters of its weight."""
FOCAL_KNOWN = 0.05
"""Share by which the focal length may be off: lenses are named by round figures, and near things draw it out."""
FEWEST_SIGHTS = 2
"""Photos that must see a point."""
RESECTIONS = 4
"""Steps to the place of a photo beside points that are known."""


@dataclass(frozen=True, eq=False)
class Sights:
    """Points that photos see: one entry of ``photo``, ``point``, ``feature`` and ``seen`` for each sight of one.

    ``feature`` is its number among those of the photo, ``seen`` (n, 2) where it is, in half short sides from the middle
    of the photo. The photos stand at ``turns`` (photos, 3,
    3) and ``places`` (photos, 3), so that a point at X is at ``turn @ X + place`` before the camera; ``points``
    (points, 3) are where they are, and ``focal`` is in half short sides. They are a first guess.
    """

    photo: Indices
    point: Indices
    feature: Indices
    seen: FloatArray
    turns: FloatArray
    places: FloatArray
    points: FloatArray
    focal: float

    def only(self, keep: NDArray[np.bool_]) -> Sights:
        """Select sights."""
        photo, point, feature = self.photo[keep], self.point[keep], self.feature[keep]
        return replace(self, photo=photo, point=point, feature=feature, seen=self.seen[keep])

    def well_seen(self) -> NDArray[np.bool_]:
        """Tell which sights are of points that enough photos see."""
        enough: NDArray[np.bool_] = np.bincount(self.point, minlength=len(self.points))[self.point] >= FEWEST_SIGHTS
        return enough


class Bundle(NamedTuple):
    """Photos, points and camera that fit ``sights``; ``terms`` are those of r^2, r^4 ...

    ``weights`` tell how far each sight agrees with the others, ``deviation`` is the typical distance, across or down,
    from where it is foretold, in half short sides.
    """

    sights: Sights
    terms: FloatArray
    centre: FloatArray
    weights: FloatArray
    deviation: float

    @property
    def camera(self) -> Camera:
        """The lens with its optical centre."""
        return Camera((1.0, *(number for term in self.terms for number in (0.0, float(term)))), self.centre)


def adjust(sights: Sights, terms: int, free: bool, known_focal: float) -> Bundle:
    """Fit photos, points and a camera of so many terms; with its centre ``free``, or in the middle.

    ``known_focal`` is the focal length in half short sides, known to ``FOCAL_KNOWN``. What does not agree with the rest
    loses its weight meanwhile.
    """
    bundle = _weighted(Bundle(sights, np.zeros(terms), np.zeros(2), np.ones(len(sights.photo)), 0.0))
    for weighing in range(WEIGHINGS):
        bundle = _weighted(_settled(bundle, free, known_focal, 1 if weighing else ROUNDS))
    return _settled(bundle, free, known_focal)


def adjust_again(bundle: Bundle, terms: int, free: bool, known_focal: float) -> Bundle:
    """Fit another camera to what a bundle was fitted to, with the same weights."""
    found = np.zeros(terms)
    found[: len(bundle.terms)] = bundle.terms[:terms]
    centre = bundle.centre if free else np.zeros(2)
    return _settled(bundle._replace(terms=found, centre=centre), free, known_focal)


def _settled(bundle: Bundle, free: bool, known_focal: float, rounds: int = ROUNDS) -> Bundle:
    for _ in range(rounds):
        system = _System.of(bundle, free, known_focal)
        step = system.step()
        bundle = system.moved(step)
        if float(np.max(np.abs(step.camera[1:]))) < SETTLED:
            break
    return bundle


def jackknife(bundle: Bundle, free: bool, known_focal: float) -> Jackknife:
    """Fit again without each part of the photos in its turn, and foretell what these see.

    One of Newton's steps from the fit to all is enough, as what a photo adds is little.
    """
    photos = np.unique(bundle.sights.photo)  # the others would count as if leaving them out had told something
    system = _System.of(bundle, free, known_focal)
    without, unseen = [], np.zeros(len(photos))
    for part in parts_of(len(photos)):
        rest = system.only(~np.isin(bundle.sights.photo, photos[part]))
        others = rest.moved(rest.step())
        without.append(others.camera)
        for number in part:
            unseen[number] = _off(others, rest.points_seen, int(photos[number]))
    return Jackknife(bundle.camera, tuple(without), unseen)


class _Drawn(NamedTuple):
    """Where a camera draws points, and how that changes with what stands before it, its terms and its centre."""

    where: FloatArray
    by_place: FloatArray
    by_camera: FloatArray


def _draw(before: FloatArray, focal: float, terms: FloatArray, centre: FloatArray, free: bool) -> _Drawn:
    """Draw points ``before`` (n, 3) a camera. The columns of ``by_camera`` are log of focal length, terms, centre."""
    depth = np.maximum(before[:, 2], 1e-9)
    ideal = focal * before[:, :2] / depth[:, None]
    square = np.sum(ideal**2, axis=1)
    powers = square[:, None] ** np.arange(1, len(terms) + 1)
    factor = 1 + powers @ terms
    rise = powers @ (np.arange(1, len(terms) + 1) * terms) / np.maximum(square, 1e-12)
    by_ideal = factor[:, None, None] * np.eye(2) + 2 * rise[:, None, None] * ideal[:, :, None] * ideal[:, None, :]
    by_before = np.zeros((len(before), 2, 3))
    by_before[:, 0, 0] = by_before[:, 1, 1] = focal / depth
    by_before[:, :, 2] = -ideal / depth[:, None]
    columns = [np.einsum("nij,nj->ni", by_ideal, ideal)[..., None], ideal[..., None] * powers[:, None, :]]
    if free:
        columns.append(np.broadcast_to(np.eye(2), (len(before), 2, 2)))
    return _Drawn(centre + ideal * factor[:, None], by_ideal @ by_before, np.concatenate(columns, axis=2))


def _before(sights: Sights) -> FloatArray:
    turned = np.einsum("nij,nj->ni", sights.turns[sights.photo], sights.points[sights.point])
    return np.asarray(turned + sights.places[sights.photo])


def _weighted(bundle: Bundle) -> Bundle:
    """Weigh the sights by how far they are from where they are foretold."""
    drawn = _draw(_before(bundle.sights), bundle.sights.focal, bundle.terms, bundle.centre, False)
    away = np.sum((bundle.sights.seen - drawn.where) ** 2, axis=1)
    # Of two normal numbers, the sum of squares is below 1.386 in half of the cases.
    deviation = max(float(np.sqrt(np.median(away) / 1.386)), 1e-7)
    weights = 1 / (1 + away / (OUTLYING * deviation) ** 2) ** 2
    return bundle._replace(weights=weights, deviation=deviation)


class _Step(NamedTuple):
    photos: FloatArray
    camera: FloatArray
    points: FloatArray


def _skew(vectors: FloatArray) -> FloatArray:
    x, y, z = vectors.T
    nothing = np.zeros_like(x)
    return np.stack([nothing, -z, y, z, nothing, -x, -y, x, nothing], axis=1).reshape(-1, 3, 3)


@dataclass(frozen=True, eq=False)
class _System:
    """The equations of a step: Jacobians of the sights (n, 2, ...) by photo, camera and point, and what is left."""

    bundle: Bundle
    free: bool
    log_of_focal: float
    """By how much the known focal length is larger, in logarithm."""
    by_photo: FloatArray
    by_camera: FloatArray
    by_point: FloatArray
    left: FloatArray
    used: NDArray[np.bool_]

    @classmethod
    def of(cls, bundle: Bundle, free: bool, known_focal: float) -> _System:
        sights = bundle.sights
        before = _before(sights)
        drawn = _draw(before, sights.focal, bundle.terms, bundle.centre, free)
        turned = before - sights.places[sights.photo]
        by_photo = np.concatenate([-drawn.by_place @ _skew(turned), drawn.by_place], axis=2)
        by_point = drawn.by_place @ sights.turns[sights.photo]
        log_of_focal = float(np.log(known_focal / sights.focal))
        left = sights.seen - drawn.where
        used = np.ones(len(left), bool)
        return cls(bundle, free, log_of_focal, by_photo, drawn.by_camera, by_point, left, used)

    def only(self, keep: NDArray[np.bool_]) -> _System:
        """Select sights, and of these the ones whose points are still seen by enough photos."""
        point = self.bundle.sights.point
        counts = np.bincount(point[keep], minlength=len(self.bundle.sights.points))
        return replace(self, used=keep & (counts[point] >= FEWEST_SIGHTS))

    @property
    def points_seen(self) -> NDArray[np.bool_]:
        """Tell which points these sights place."""
        sights = self.bundle.sights
        seen: NDArray[np.bool_] = np.bincount(sights.point[self.used], minlength=len(sights.points)) >= FEWEST_SIGHTS
        return seen

    def step(self) -> _Step:
        """Solve for photos and camera with the points eliminated (Schur's complement), then for the points."""
        sights, used = self.bundle.sights, self.used
        photo, point = sights.photo[used], sights.point[used]
        photos, points, terms = len(sights.turns), len(sights.points), self.by_camera.shape[2]
        root = np.sqrt(self.bundle.weights[used])[:, None, None] / self.bundle.deviation
        outer = np.concatenate([self.by_photo[used], self.by_camera[used]], axis=2) * root
        inner = self.by_point[used] * root
        left = self.left[used] * root[:, :, 0]
        of_points, slope_of_points = _sums(inner, inner, point, points), _sums(inner, left[..., None], point, points)
        size = np.trace(of_points, axis1=1, axis2=2)[:, None, None]
        inverse = np.linalg.inv(of_points + np.maximum(1e-9 * size, 1e-12) * np.eye(3))
        of_photos, slope_of_photos = _sums(outer, outer, photo, photos), _sums(outer, left[..., None], photo, photos)
        cross = inner.transpose(0, 2, 1) @ outer
        # Rows are points, columns the photos and then the camera.
        mixed = np.zeros((points, 3, 6 * photos + terms))
        mixed[point[:, None, None], np.arange(3)[:, None], 6 * photo[:, None, None] + np.arange(6)] = cross[:, :, :6]
        mixed[:, :, 6 * photos :] = _added_up(cross[:, :, 6:], point, points)
        mixed = mixed.reshape(3 * points, -1)
        reduced = (inverse @ mixed.reshape(points, 3, -1)).reshape(3 * points, -1)
        normal = _bordered(of_photos) - mixed.T @ reduced
        slope = np.concatenate([slope_of_photos[:, :6].ravel(), slope_of_photos[:, 6:].sum(axis=0).ravel()])
        slope -= reduced.T @ slope_of_points.ravel()
        normal[6 * photos, 6 * photos] += 1 / FOCAL_KNOWN**2
        slope[6 * photos] += self.log_of_focal / FOCAL_KNOWN**2
        moving = ~self._fixed(photo)
        moved = np.zeros(len(slope))
        moved[moving] = _solved(normal[np.ix_(moving, moving)], slope[moving])
        of_inner = (inverse @ slope_of_points)[..., 0] - (reduced @ moved).reshape(-1, 3)
        return _Step(moved[: 6 * photos].reshape(-1, 6), moved[6 * photos :], of_inner)

    def _fixed(self, photo: Indices) -> NDArray[np.bool_]:
        """Tell what stays: a photo and how far off another is, as nothing says where all of it lies, nor how large."""
        sights = self.bundle.sights
        photos = len(sights.turns)
        seeing = np.bincount(photo, minlength=photos) > 0
        fixed = np.zeros(6 * photos + self.by_camera.shape[2], bool)
        fixed[: 6 * photos] = np.repeat(~seeing, 6)
        first = int(np.argmax(seeing))
        fixed[6 * first : 6 * first + 6] = True
        base = sights.places - np.einsum("nij,j->ni", sights.turns @ sights.turns[first].T, sights.places[first])
        base[~seeing] = 0
        far, axis = np.unravel_index(int(np.argmax(np.abs(base))), base.shape)
        fixed[6 * int(far) + 3 + int(axis)] = True
        return fixed

    def moved(self, step: _Step) -> Bundle:
        """Take a step."""
        from scipy.spatial.transform import Rotation

        sights = self.bundle.sights
        turns = Rotation.from_rotvec(step.photos[:, :3]).as_matrix() @ sights.turns
        terms = len(self.bundle.terms)
        after = replace(
            sights,
            turns=turns,
            places=sights.places + step.photos[:, 3:],
            points=sights.points + step.points,
            focal=float(sights.focal * np.exp(np.clip(step.camera[0], -0.3, 0.3))),
        )
        centre = self.bundle.centre + step.camera[1 + terms :] if self.free else self.bundle.centre
        return self.bundle._replace(sights=after, terms=self.bundle.terms + step.camera[1 : 1 + terms], centre=centre)


def _off(bundle: Bundle, known: NDArray[np.bool_], photo: int) -> float:
    """Mean square by which a photo is off at its best place, in half short sides, beside points that are known."""
    sights = bundle.sights
    mine = (sights.photo == photo) & known[sights.point]
    weights = bundle.weights[mine]
    if np.count_nonzero(mine) < 6:
        return 0.0
    seen, points = sights.seen[mine], sights.points[sights.point[mine]]
    turn, place = sights.turns[photo], sights.places[photo]
    from scipy.spatial.transform import Rotation

    for _ in range(RESECTIONS):
        turned = points @ turn.T
        drawn = _draw(turned + place, sights.focal, bundle.terms, bundle.centre, False)
        left = seen - drawn.where
        jacobian = np.concatenate([-drawn.by_place @ _skew(turned), drawn.by_place], axis=2)
        normal = np.einsum("nki,n,nkj->ij", jacobian, weights, jacobian)
        step = _solved(normal, np.einsum("nki,n,nk->i", jacobian, weights, left))
        turn = Rotation.from_rotvec(step[:3]).as_matrix() @ turn
        place = place + step[3:]
    drawn = _draw(points @ turn.T + place, sights.focal, bundle.terms, bundle.centre, False)
    return float(np.average(np.sum((seen - drawn.where) ** 2, axis=1), weights=weights))


def _solved(normal: FloatArray, slope: FloatArray) -> FloatArray:
    """Solve normal equations whose unknowns have units of their own."""
    unit = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    scaled = normal / unit[:, None] / unit
    return np.asarray(np.linalg.solve(scaled + 1e-10 * np.eye(len(unit)), slope / unit) / unit)


def _sums(one: FloatArray, other: FloatArray, group: Indices, groups: int) -> FloatArray:
    """Products of blocks (n, 2, a) and (n, 2, b), added up by group: (groups, a, b)."""
    return _added_up(one.transpose(0, 2, 1) @ other, group, groups)


def _added_up(blocks: FloatArray, group: Indices, groups: int) -> FloatArray:
    """Blocks (n, a, b) added up by group: (groups, a, b)."""
    from scipy.sparse import csr_matrix

    count = len(blocks)
    adding = csr_matrix((np.ones(count), (group, np.arange(count))), shape=(groups, count))
    return np.asarray(adding @ blocks.reshape(count, -1)).reshape(groups, *blocks.shape[1:])


def _bordered(of_photos: FloatArray) -> FloatArray:
    """A matrix of photos and camera, of which (photos, 6 + terms, 6 + terms) are the parts of each photo."""
    photos, size = of_photos.shape[:2]
    whole = np.zeros((6 * photos + size - 6, 6 * photos + size - 6))
    for k, block in enumerate(of_photos):
        place = np.r_[6 * k : 6 * k + 6, 6 * photos : len(whole)]
        whole[np.ix_(place, place)] += block
    return whole
