"""Distortion and optical centre from photos of a chart: its corners lie on a grid, which tells more than their lines.

All photos are fitted together, each with its own place of the chart (Z. Zhang, IEEE PAMI 22, 2000; OpenCV's
``calibrateCamera``), by one to three terms of even powers about a centre that is free. How sure that is comes from
leaving out one photo after the other (the jackknife), and so does the number of terms: the fewest that foretell the
photos left out as well as any do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.measure.chart import Board
from sixbit.measure.straightness import MODELS, apart, folds, ideal_radii, polynomial_of, without_nodes
from sixbit.measure.worth import RADII
from sixbit.values.arrays import FloatArray
from sixbit.values.known import SURE
from sixbit.values.polynomial import Polynomial, evaluate

FEWEST = 3
"""Photos of a chart that tell a lens."""
FOLDS = 20
"""Parts of the photos, at most, of which each is left out in its turn."""
TERMS = (2, 3)
"""Terms of even powers that are tried."""
WRONG = 0.5
"""A photo without which the others fit to so small a share shows no chart, or a part of it was taken for another."""
ALIKE = 0.00005
"""Half diagonals by which a model of lensfun's may differ from what was found, to be as good."""
SCALE = 1000.0
"""Half a short side in the px that OpenCV works in."""


@dataclass(frozen=True, eq=False)
class FittedBoards:
    """Distortion that boards show: lensfun's ``model``, and its standard ``error`` at ``RADII``, in half diagonals.

    ``centre`` is in half short sides from the middle; it is the middle where the boards do not surely see it beside
    that, and ``is_doubtful`` if they perhaps do. ``used`` tells which boards were.
    """

    model: str
    terms: tuple[float, ...]
    error: FloatArray
    centre: FloatArray
    centre_error: FloatArray
    used: NDArray[np.bool_]
    reach: float
    is_doubtful: bool


class _Camera(NamedTuple):
    polynomial: Polynomial
    centre: FloatArray
    rms: float
    matrix: FloatArray
    terms: FloatArray


class _Jackknife(NamedTuple):
    """A fit to all boards, those without a part of them, and how far each is off without it (px of ``SCALE``)."""

    whole: _Camera
    without: tuple[_Camera, ...]
    unseen: FloatArray

    def error(self, of_each: FloatArray, of_all: FloatArray) -> FloatArray:
        """The standard error of what each of the fits says, as large as few of them make it."""
        from scipy.special import stdtrit

        parts = len(self.without)
        wider = float(stdtrit(parts - 1, (1 + 0.95) / 2)) / SURE
        error: FloatArray = wider * np.sqrt((parts - 1) / parts * np.sum((of_each - of_all) ** 2, axis=0))
        return error


def fit_boards(
    boards: Sequence[Board], farthest: float, weights: FloatArray, *, off_centre: float, sure: float
) -> FittedBoards | None:
    """Fit boards of one camera, ``farthest`` half short sides from middle to corner; None if they do not fit together.

    The centre is the middle unless it lies ``off_centre`` half short sides beside it, and by ``sure`` standard errors.
    """
    used = _fitting(boards)
    chosen = [board for board, fits in zip(boards, used, strict=True) if fits]
    if len(chosen) < FEWEST:
        return None
    free = _best(chosen, True, farthest)
    if free is None:
        return None
    best, rivals = free
    centre = best.whole.centre
    centre_error = best.error(np.array([camera.centre for camera in best.without]), centre)
    shift, beside = np.abs(centre), float(np.hypot(*centre)) >= off_centre
    doubtful = beside and bool(np.any(shift > SURE * centre_error))
    if not beside or not np.any(shift > sure * centre_error):
        centred = _best(chosen, False, farthest)
        if centred is None:
            return None
        (best, others), centre = centred, np.zeros(2)
        rivals = [*others, free[0].whole.polynomial]
    return _fitted(chosen, best, rivals, farthest, weights, centre, centre_error, used, doubtful)


def _fitted(
    boards: Sequence[Board],
    best: _Jackknife,
    rivals: Sequence[Polynomial],
    farthest: float,
    weights: FloatArray,
    centre: FloatArray,
    centre_error: FloatArray,
    used: NDArray[np.bool_],
    doubtful: bool,
) -> FittedBoards:
    here = ideal_radii(best.whole.polynomial, farthest)

    def away(polynomial: Polynomial) -> FloatArray:
        return apart(here, ideal_radii(polynomial, farthest), weights) / farthest

    model, terms = as_lensfun(best.whole.polynomial, farthest, weights)
    radii = np.concatenate([np.hypot(*(board.points - centre).T) for board in boards])
    reach = float(np.quantile(radii, 0.99)) / farthest
    chance = best.error(np.array([away(camera.polynomial) for camera in best.without]), np.zeros(len(RADII)))
    rival = np.max([np.zeros(len(RADII)), *(np.abs(away(polynomial)) for polynomial in rivals)], axis=0)
    # Farther out than any corner, more terms say nothing.
    rival = np.where(reach >= RADII, rival, np.interp(reach, RADII, rival))
    error = without_nodes(np.sqrt(chance**2 + (rival / 2) ** 2 + away(polynomial_of(model, terms)) ** 2), weights)
    return FittedBoards(model, terms, error, centre, centre_error, used, reach, doubtful)


def _fitting(boards: Sequence[Board]) -> NDArray[np.bool_]:
    """Tell which boards are of one camera: one after the other is left out that spoils the fit of the rest."""
    used = np.ones(len(boards), bool)
    while used.sum() > FEWEST:
        camera = _camera([boards[k] for k in np.flatnonzero(used).tolist()], 2, True)
        left_out = {}
        for k in np.flatnonzero(used):
            one = _camera([boards[i] for i in np.flatnonzero(used).tolist() if i != k], 2, True)
            left_out[int(k)] = one.rms if one else np.inf
        worst = min(left_out, key=lambda k: left_out[k])
        if camera is not None and left_out[worst] > WRONG * camera.rms:
            break
        used[worst] = False
    return used


def _best(boards: Sequence[Board], free: bool, farthest: float) -> tuple[_Jackknife, list[Polynomial]] | None:
    """The fit of the fewest terms that is as good as any, and those of more, which may be as true farther out."""
    tried = [found for terms in TERMS if (found := _jackknife(boards, terms, free))]
    tried = [found for found in tried if not folds(found.whole.polynomial, farthest)]
    if not tried:
        return None
    least = min(tried, key=lambda found: float(np.sum(found.unseen)))
    worse = [found.unseen - least.unseen for found in tried]
    as_good = [float(np.sum(by)) <= float(np.std(by)) * np.sqrt(len(by)) for by in worse]
    first = as_good.index(True)
    return tried[first], [found.whole.polynomial for found in tried[first + 1 :]]


def _jackknife(boards: Sequence[Board], terms: int, free: bool) -> _Jackknife | None:
    whole = _camera(boards, terms, free)
    if whole is None:
        return None
    part = np.arange(len(boards)) % min(FOLDS, len(boards))
    without, unseen = [], np.zeros(len(boards))
    for k in range(int(part.max()) + 1):
        camera = _camera([board for board, of in zip(boards, part, strict=True) if of != k], terms, free)
        if camera is None:
            return None
        without.append(camera)
        for i in np.flatnonzero(part == k):
            unseen[i] = _off(camera, boards[int(i)])
    return _Jackknife(whole, tuple(without), unseen)


def _camera(boards: Sequence[Board], terms: int, free: bool) -> _Camera | None:
    """Fit a camera of so many terms to boards; None if OpenCV cannot."""
    cv2: Any = import_module("cv2")

    fixed = cv2.CALIB_FIX_ASPECT_RATIO | cv2.CALIB_ZERO_TANGENT_DIST | cv2.CALIB_USE_INTRINSIC_GUESS
    for number, flag in enumerate((cv2.CALIB_FIX_K2, cv2.CALIB_FIX_K3), 2):
        fixed |= flag if number > terms else 0
    fixed |= 0 if free else cv2.CALIB_FIX_PRINCIPAL_POINT
    size = (int(4 * SCALE), int(4 * SCALE))
    guess = np.array([[3 * SCALE, 0, 2 * SCALE], [0, 3 * SCALE, 2 * SCALE], [0, 0, 1]])
    objects, images = zip(*(_for_opencv(board) for board in boards), strict=True)
    try:
        rms, matrix, found, _, _ = cv2.calibrateCamera(objects, images, size, guess, np.zeros(5), flags=fixed)
    except cv2.error:
        return None
    focal = float(matrix[0, 0]) / SCALE
    numbers = np.array([*np.ravel(found)[:2], np.ravel(found)[4]])
    if not (np.isfinite(rms) and np.isfinite(numbers).all() and focal > 0):
        return None
    polynomial = [1.0]
    for power, number in enumerate(numbers, 1):
        polynomial += [0.0, float(number) / focal ** (2 * power)]
    return _Camera(tuple(polynomial), matrix[:2, 2] / SCALE - 2.0, float(rms), matrix, np.ravel(found))


def _for_opencv(board: Board) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    flat = np.concatenate([board.squares, np.zeros((len(board.squares), 1))], axis=1)
    return flat[:, None].astype(np.float32), (SCALE * (board.points[:, None] + 2.0)).astype(np.float32)


def _off(camera: _Camera, board: Board) -> float:
    """Mean square by which a board is off at its best place, in px of ``SCALE``."""
    cv2: Any = import_module("cv2")

    flat, image = _for_opencv(board)
    _, turn, place = cv2.solvePnP(flat, image, camera.matrix, camera.terms)
    seen = cv2.projectPoints(flat, turn, place, camera.matrix, camera.terms)[0]
    return float(np.mean(np.sum((seen - image) ** 2, axis=2)))


def as_lensfun(polynomial: Polynomial, farthest: float, weights: FloatArray) -> tuple[str, tuple[float, ...]]:
    """Find the model of lensfun's that is nearest to a polynomial, but for the scale, up to a radius in the photo."""
    ideal = ideal_radii(polynomial, farthest)
    source = ideal * evaluate(polynomial, ideal)
    found = []
    for model, powers in zip(MODELS, ((1, 3), (1, 3, 5), (1, 2, 3, 4)), strict=True):
        each = np.sqrt(weights + weights[weights > 0].min())
        columns = np.stack([ideal**power for power in powers], axis=1)
        numbers = np.linalg.lstsq(columns * each[:, None], source * each, rcond=None)[0]
        terms = _terms(model, dict(zip(powers, numbers.tolist(), strict=True)))
        there = ideal_radii(polynomial_of(model, terms), farthest)
        off = float(np.max(np.abs(apart(ideal, there, weights)))) / farthest
        if off < ALIKE:
            return model, terms
        found.append((off, model, terms))
    return min(found)[1:]


def _terms(model: str, numbers: dict[int, float]) -> tuple[float, ...]:
    """The terms of a model of which ``numbers`` are the coefficients by power of the radius, but for a scale.

    poly3 and ptlens are 1 at a radius of 1, which fixes the scale s: s = p1 + p2 / s + p3 / s^2 + p4 / s^3.
    """
    scale = numbers[1]
    if model == "poly5":
        return numbers[3] / scale**3, numbers[5] / scale**5
    for _ in range(200):
        scale = numbers[1] + sum(number / scale ** (power - 1) for power, number in numbers.items() if power > 1)
    of_powers = [numbers[power] / scale**power for power in sorted(numbers, reverse=True)]
    return tuple(of_powers[:-1])
