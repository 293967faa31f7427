"""Printed charts: a chessboard, or one with markers (ChArUco), found by OpenCV; their rows and columns are lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.values.arrays import FloatArray

FEWEST = 5
"""Corners in a row or column that is worth calling a line."""
DICTIONARIES = ("DICT_4X4_1000", "DICT_5X5_1000", "DICT_6X6_1000", "DICT_ARUCO_ORIGINAL")
"""OpenCV's names of the sets of markers that are looked for."""
MOST_SQUARES = 30
"""Squares along a side of a board."""
FEWEST_MARKERS = 8
"""Markers that must be seen of a board."""
SEARCHED = 640
"""Px of the longer side in which it is seen whether there is a chart."""
STEADY = 1.5
"""By how much a square may look larger than the one beside it."""


@dataclass(frozen=True, eq=False)
class Board:
    """Corners of a chart: ``points`` (n, 2) in a photo, and ``squares`` (n, 2), the column and row of each."""

    points: FloatArray
    squares: FloatArray

    def moved(self, middle: FloatArray, half_short: float) -> Board:
        """Count from the middle of the picture, in half short sides."""
        return replace(self, points=(self.points - middle) / half_short)

    @property
    def lines(self) -> list[FloatArray]:
        """The points of each row and column that is long enough, in its order."""
        lines = []
        for of_line, along in ((self.squares[:, 1], self.squares[:, 0]), (self.squares[:, 0], self.squares[:, 1])):
            for k in np.unique(of_line):
                members = self.points[of_line == k][np.argsort(along[of_line == k])]
                if len(members) >= FEWEST:
                    lines.append(members)
        return lines


def chart_in(grey: NDArray[np.float32]) -> Board | None:
    """Find a chart in a grey picture (0 to 1); its points are in px."""
    try:
        import cv2
    except ImportError:
        return None
    picture = np.clip(255 * grey, 0, 255).astype(np.uint8)
    # Charts are seen in a small picture already, and a photo of anything else need not be searched in full.
    f = min(1.0, SEARCHED / max(picture.shape))
    small = cv2.resize(picture, None, fx=f, fy=f, interpolation=cv2.INTER_AREA)
    # Markers first: among them a chessboard is looked for in vain, and for long.
    if board := _charuco(cv2, small, picture):
        return board
    if _chessboard(cv2, small) is not None and (corners := _chessboard(cv2, picture)) is not None:
        rows, columns = np.mgrid[: corners.shape[0], : corners.shape[1]]
        return Board(corners.reshape(-1, 2), np.stack([columns.ravel(), rows.ravel()], axis=1).astype(float))
    return None


def _chessboard(cv2: Any, picture: NDArray[Any]) -> FloatArray | None:
    """Corners (rows, columns, 2), by A. Duda and U. Frese, "Accurate Detection and Localization of Checkerboard
    Corners for Calibration", BMVC 2018."""
    flags = cv2.CALIB_CB_LARGER | cv2.CALIB_CB_EXHAUSTIVE | cv2.CALIB_CB_ACCURACY
    found, corners, meta = cv2.findChessboardCornersSBWithMeta(picture, (FEWEST, FEWEST), flags)
    if not found:
        return None
    grid = np.asarray(corners, np.float64).reshape(*meta.shape[:2], 2)
    return grid if _is_steady(grid) else None


def _is_steady(grid: FloatArray) -> bool:
    """True if squares get larger or smaller little by little: where a row was passed over, one is twice as large."""
    for axis in (0, 1):
        step = np.linalg.norm(np.diff(grid, axis=axis), axis=2)
        one, other = (step[1:], step[:-1]) if axis == 0 else (step[:, 1:], step[:, :-1])
        if one.size and np.max(np.maximum(one, other) / np.maximum(np.minimum(one, other), 1e-9)) > STEADY:
            return False
    return True


def _charuco(cv2: Any, small: NDArray[Any], picture: NDArray[Any]) -> Board | None:
    """A board of OpenCV's layout, of any size."""
    aruco = cv2.aruco
    for name in DICTIONARIES:
        dictionary = aruco.getPredefinedDictionary(getattr(aruco, name))
        _, ids, _ = aruco.ArucoDetector(dictionary).detectMarkers(small)
        if ids is None or len(ids) < FEWEST_MARKERS:
            continue
        markers, ids, _ = aruco.ArucoDetector(dictionary).detectMarkers(picture)
        if ids is None or (columns := _columns(np.asarray(markers, np.float64), np.ravel(ids))) is None:
            continue
        # The last marker tells the rows, but for one that may have no marker or was not seen.
        rows = -(-2 * (int(ids.max()) + 1) // columns)
        if not 3 <= rows < MOST_SQUARES:
            continue
        board = aruco.CharucoBoard((columns, rows + 1), 1.0, 0.7, dictionary)
        corners, numbers, _, _ = aruco.CharucoDetector(board).detectBoard(picture, None, None, markers, ids)
        if numbers is None:
            continue
        points, numbers = np.asarray(corners, np.float64).reshape(-1, 2), np.ravel(numbers)
        return Board(points, np.stack([numbers % (columns - 1), numbers // (columns - 1)], axis=1).astype(float))
    return None


def _columns(markers: FloatArray, ids: NDArray[np.integer[Any]]) -> int | None:
    """Squares to a row of a board: OpenCV numbers its markers row by row, one on every other square.

    Two rows have as many markers as a row has squares, and where a new row begins the way to the next marker turns
    back.
    """
    order = np.argsort(ids)
    ids, middles = ids[order], markers.reshape(-1, 4, 2).mean(axis=1)[order]
    follows = np.diff(ids) == 1
    ways, last = np.diff(middles, axis=0)[follows], ids[:-1][follows]
    if not len(ways):
        return None
    breaks = last[ways @ np.median(ways, axis=0) < 0]
    apart = (breaks[:, None] - breaks[None, :]).ravel()
    apart = apart[(apart > 2) & (apart < MOST_SQUARES)]
    # Distances over two rows are all alike; over one or three rows, or where a break was missed, they differ.
    singles = np.diff(breaks)
    if not len(singles):
        return None
    row = float(np.median(singles))
    near = apart[np.abs(apart - 2 * row) <= 1]
    return int(np.bincount(near).argmax()) if len(near) else None
