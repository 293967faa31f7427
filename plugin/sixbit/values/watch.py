"""Watching long work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

Progress = Callable[[float, str], None]
"""Called with the share that is done (0 to 1) and what is being done, in words."""


def silent(_share: float, _step: str) -> None:
    """Tell nobody: the progress of those who do not watch."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Make the progress of a part of the work, which goes from ``start`` to ``stop`` of the whole.

    >>> part(lambda share, step: print(share, step), 0.5, 1.0)(0.5, "fitting")
    0.75 fitting
    """
    return lambda share, step: progress(start + (stop - start) * share, step)


class Watch:
    """Sees a photo being corrected. This one lets all of it pass; a subclass tells what it wants to see."""

    def progress(self, share: float, step: str) -> None:
        """Hear which share (0 to 1) of the pixels is corrected, and what is being done, in words."""

    def say(self, words: str) -> None:
        """Hear what is worth knowing of the photo before the work on its pixels begins, without its name."""

    def lap(self, step: str) -> None:
        """Hear that a step is done."""

    def colours(self, icc: bytes | None) -> None:
        """Hear by which colour profile the pixels that are shown next are meant; None for sRGB."""

    def look(self, before: NDArray[Any], after: NDArray[Any], orientation: int) -> None:
        """See the pixels of the photo, and the corrected ones before they are finished and written.

        Both are (height, width) or (height, width, channels), uint8, uint16 or float (0..1), as they are stored;
        ``orientation`` is Exif's.
        """


UNWATCHED = Watch()
