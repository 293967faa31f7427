"""Distortion and optical centre from photos of a chart: its corners lie on a grid, which tells more than their lines.

All photos are fitted together, each with its own place of the chart (Z. Zhang, IEEE PAMI 22, 2000; OpenCV's
``calibrateCamera``), by two or three terms of even powers (``camera``).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.measure.camera import Camera, FittedLens, Jackknife, fit_lens
from sixbit.measure.chart import Board
from sixbit.measure.jackknife import parts_of
from sixbit.measure.repeats import SAME_PLACE
from sixbit.values.arrays import FloatArray

FEWEST = 3
"""Photos of a chart, each from another place, that tell a lens."""
TERMS = (2, 3)
"""Terms of even powers that are tried."""
WRONG = 0.5
"""A photo without which the others fit to so small a share shows no chart, or a part of it was taken for another."""
SCALE = 1000.0
"""Half a short side in the px that OpenCV works in."""


class FittedBoards(NamedTuple):
    """The lens that boards show; ``used`` tells which boards did."""

    lens: FittedLens
    used: NDArray[np.bool_]


class _Fit(NamedTuple):
    camera: Camera
    rms: float
    matrix: FloatArray
    terms: FloatArray


def fit_boards(boards: Sequence[Board], farthest: float, weights: FloatArray) -> FittedBoards | None:
    """Fit boards of one camera, ``farthest`` half short sides from middle to corner; None if they do not fit."""
    used = _fitting(boards)
    chosen = [board for board, fits in zip(boards, used, strict=True) if fits]
    if max(places_of(chosen), default=-1) + 1 < FEWEST:
        return None
    seen = np.concatenate([board.points for board in chosen])
    lens = fit_lens(lambda terms, free: _jackknife(chosen, terms, free), TERMS, seen, farthest, weights)
    return FittedBoards(lens, used) if lens else None


def _fitting(boards: Sequence[Board]) -> NDArray[np.bool_]:
    """Tell which boards are of one camera: one after the other is left out that spoils the fit of the rest."""
    used = np.ones(len(boards), bool)
    while used.sum() > FEWEST:
        fit = _fit([boards[k] for k in np.flatnonzero(used).tolist()], 2, True)
        left_out = {}
        for k in np.flatnonzero(used):
            one = _fit([boards[i] for i in np.flatnonzero(used).tolist() if i != k], 2, True)
            left_out[int(k)] = one.rms if one else np.inf
        worst = min(left_out, key=lambda k: left_out[k])
        if fit is not None and left_out[worst] > WRONG * fit.rms:
            break
        used[worst] = False
    return used


def places_of(boards: Sequence[Board]) -> list[int]:
    """Number the places that boards were seen from.

    Two photos from one place, as of a burst, err alike: either tells nothing of how far the other is off.
    """
    first: list[Board] = []
    places = []
    for board in boards:
        near = (k for k, one in enumerate(first) if _away(board, one) < SAME_PLACE)
        places.append(next(near, len(first)))
        if places[-1] == len(first):
            first.append(board)
    return places


def _away(board: Board, other: Board) -> float:
    """How far the corners of a board lie from the nearest of another, in the mean, in half short sides."""
    apart = board.points[:, None] - other.points
    return float(np.mean(np.min(np.hypot(apart[..., 0], apart[..., 1]), axis=1)))


def _jackknife(boards: Sequence[Board], terms: int, free: bool) -> Jackknife | None:
    whole = _fit(boards, terms, free)
    if whole is None:
        return None
    places = np.array(places_of(boards))
    without, unseen = [], np.zeros(len(boards))
    for part in parts_of(int(places.max()) + 1):
        left_out = np.isin(places, part)
        fit = _fit([board for board, is_out in zip(boards, left_out, strict=True) if not is_out], terms, free)
        if fit is None:
            return None
        without.append(fit.camera)
        for k in np.flatnonzero(left_out):
            unseen[k] = _off(fit, boards[int(k)])
    return Jackknife(whole.camera, tuple(without), unseen)


def _fit(boards: Sequence[Board], terms: int, free: bool) -> _Fit | None:
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
    return _Fit(Camera(tuple(polynomial), matrix[:2, 2] / SCALE - 2.0), float(rms), matrix, np.ravel(found))


def _for_opencv(board: Board) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    flat = np.concatenate([board.squares, np.zeros((len(board.squares), 1))], axis=1)
    return flat[:, None].astype(np.float32), (SCALE * (board.points[:, None] + 2.0)).astype(np.float32)


def _off(fit: _Fit, board: Board) -> float:
    """Mean square by which a board is off at its best place, in px of ``SCALE``."""
    cv2: Any = import_module("cv2")

    flat, image = _for_opencv(board)
    _, turn, place = cv2.solvePnP(flat, image, fit.matrix, fit.terms)
    seen = cv2.projectPoints(flat, turn, place, fit.matrix, fit.terms)[0]
    return float(np.mean(np.sum((seen - image) ** 2, axis=2)))
