"""Calibration from the user's own frames: flats, straight lines, edges; and the database that keeps what was found.

Each measurement is a pure function: pictures in, a result out that says what was found, how surely, and what to draw;
:class:`CalibrationError` where the frames do not carry it. Keeping a result is a step of its own
(:func:`sixbit.calibration.keep.add`).
"""

from __future__ import annotations

from collections.abc import Callable

from sixbit.values.shot import SixbitError

Progress = Callable[[float, str], None]
"""Called with the share that is done (0 to 1) and what is being done, in words."""


class CalibrationError(SixbitError):
    """Frames that a calibration cannot be made from; the message says why, and which frames would do."""


def silent(_share: float, _step: str) -> None:
    """The progress of those who do not watch."""
