"""The optical centre in a picture that was turned: it is beside the middle as the sensor lay, and sensors lie.

A point is x and y from the middle of the picture, in a unit that is the same both ways; ``turned`` is Exif's
orientation by which the picture was turned since the sensor had it, 1 for not at all.
"""

from __future__ import annotations

from collections.abc import Iterable

from sixbit.values.shot import Shot

Point = tuple[float, float]

MIDDLE: Point = (0.0, 0.0)


def turned(point: Point, by: int) -> Point:
    """Where a point of the sensor's picture lies in one that was turned by an Exif orientation.

    >>> turned((0.1, 0.2), 3), turned((0.1, 0.2), 6)
    ((-0.1, -0.2), (-0.2, 0.1))
    """
    x, y = point
    if by in (5, 6, 7, 8):
        x, y = y, x
    return (-x if by in (2, 3, 6, 7) else x), (-y if by in (3, 4, 7, 8) else y)


def turned_back(point: Point, by: int) -> Point:
    """Where a point of a picture that was turned lies in the sensor's.

    >>> turned_back(turned((0.1, 0.2), 6), 6)
    (0.1, 0.2)
    """
    return turned(point, {6: 8, 8: 6}.get(by, by))


def one_way(ways: Iterable[int | None]) -> int | None:
    """Return the way in which all pictures were turned; None if they were not all alike.

    >>> one_way([6, 6]), one_way([6, 8])
    (6, None)
    """
    found = {*ways}
    return found.pop() if len(found) == 1 else None


def how_turned(shot: Shot, stands: bool) -> int | None:
    """Tell how a picture was turned, which is higher than wide if it ``stands``; None if nobody can tell.

    >>> how_turned(Shot(turned=6), stands=True), how_turned(Shot(), stands=True)
    (6, None)
    """
    return shot.turned if stands == (shot.turned >= 5) else None
