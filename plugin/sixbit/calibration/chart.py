"""Printed charts: a chessboard, or one with markers (ChArUco), found by OpenCV; their rows and columns are lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    FloatArray = NDArray[np.float64]

FEWEST = 5
"""Corners in a row or column that is worth calling a line."""
DICTIONARIES = ("DICT_4X4_1000", "DICT_5X5_1000", "DICT_6X6_1000", "DICT_ARUCO_ORIGINAL")
MOST_SQUARES = 30


def chart_lines(grey: NDArray[np.float32]) -> list[FloatArray]:
    """The rows and columns of the corners of a chart in a grey picture (0 to 1), each (n, 2) in px; or none."""
    try:
        import cv2
    except ImportError:
        return []
    picture = np.clip(255 * grey, 0, 255).astype(np.uint8)
    # Charts are seen in a small picture already, and a photo of anything else need not be searched in full.
    f = min(1.0, 640 / max(picture.shape))
    small = cv2.resize(picture, None, fx=f, fy=f, interpolation=cv2.INTER_AREA)
    if _chessboard(cv2, small) is not None and (corners := _chessboard(cv2, picture)) is not None:
        return [*corners, *corners.transpose(1, 0, 2)]
    return _charuco(cv2, small, picture)


def _chessboard(cv2: Any, picture: NDArray[Any]) -> FloatArray | None:
    """Corners (rows, columns, 2), by A. Duda and U. Frese, "Accurate Detection and Localization of Checkerboard
    Corners for Calibration", BMVC 2018."""
    flags = cv2.CALIB_CB_LARGER | cv2.CALIB_CB_EXHAUSTIVE | cv2.CALIB_CB_ACCURACY
    found, corners, meta = cv2.findChessboardCornersSBWithMeta(picture, (FEWEST, FEWEST), flags)
    if not found:
        return None
    result: FloatArray = np.asarray(corners, np.float64).reshape(*meta.shape[:2], 2)
    return result


def _charuco(cv2: Any, small: NDArray[Any], picture: NDArray[Any]) -> list[FloatArray]:
    """The lines of a board of OpenCV's layout, whose size is the one under which most of its corners are found."""
    aruco = cv2.aruco
    for name in DICTIONARIES:
        dictionary = aruco.getPredefinedDictionary(getattr(aruco, name))
        _, ids, _ = aruco.ArucoDetector(dictionary).detectMarkers(small)
        if ids is None or len(ids) < 8:
            continue
        markers, ids, _ = aruco.ArucoDetector(dictionary).detectMarkers(picture)
        if ids is None:
            continue
        best: tuple[int, Any, Any, int] = (0, None, None, 0)
        for columns in range(3, MOST_SQUARES):
            # OpenCV numbers the markers row by row, one on every other square: the last one tells the rows.
            fewest = int(ids.max()) + 1
            for rows in {-(-2 * fewest // columns), -(-2 * fewest // columns) + 1}:
                if not 3 <= rows < MOST_SQUARES:
                    continue
                board = aruco.CharucoBoard((columns, rows), 1.0, 0.7, dictionary)
                corners, numbers, _, _ = aruco.CharucoDetector(board).detectBoard(picture, None, None, markers, ids)
                if numbers is not None and len(numbers) > best[0]:
                    best = (len(numbers), corners, numbers, columns - 1)
        if best[1] is None:
            continue
        points, numbers = np.asarray(best[1], np.float64).reshape(-1, 2), np.asarray(best[2]).ravel()
        lines = []
        for of_line in (numbers // best[3], numbers % best[3]):
            for k in np.unique(of_line):
                members = points[of_line == k][np.argsort(numbers[of_line == k])]
                if len(members) >= FEWEST:
                    lines.append(members)
        return lines
    return []
