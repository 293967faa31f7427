"""Watching long work."""

from __future__ import annotations

from collections.abc import Callable

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
