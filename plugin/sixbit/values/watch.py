"""Watching long work."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Called with the share that is done (0 to 1) and what is being done, in words."""


def silent(_share: float, _step: str) -> None:
    """The progress of those who do not watch."""
