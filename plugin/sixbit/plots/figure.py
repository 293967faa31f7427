"""A figure that is written once it is drawn, and the look that all plots share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sixbit.measure.curve import Curve
from sixbit.values.errors import Code, SixbitError
from sixbit.values.sentence import Sentence

INK = "#1d1d1b"
"""Of titles, and of what is neither red nor blue."""
SOFT = "#8a8a86"
"""Of labels and ticks."""
GRID = "#e6e6e2"
RED = "#c8102e"
BLUE = "#1f5fa8"

LABEL = 8.5
"""Size of labels, ticks and legends in points."""


@contextmanager
def drawn(path: str | Path, width: int, height: int) -> Iterator[Any]:
    """Give a matplotlib figure of that size in px, and write it to the file once it is drawn.

    The suffix says the format. Raises SixbitError without matplotlib or for a suffix it does not know, PhotoError where
    the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SixbitError(Sentence("Plots need matplotlib.", Code.MISSING_PART, package="sixbit[plot]")) from error
    from sixbit.files.replace import replacing

    path = Path(path)
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor="white")
    kind = path.suffix[1:].lower()
    if kind not in figure.canvas.get_supported_filetypes():
        raise SixbitError("a plot cannot be written in this format.", Code.ENDING, subject=path)
    yield figure
    with replacing(path) as file:
        figure.savefig(file, format=kind)


def set_up(axes: Any, title: str, **more: Any) -> None:
    """Give axes a title (with ``more`` of matplotlib's options), quiet ticks, and no frame but below."""
    axes.set_title(title, loc="left", fontsize=10, color=INK, **more)
    axes.tick_params(labelsize=LABEL, colors=SOFT, length=0)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)


def set_grid(axes: Any, label: str) -> None:
    """Give axes lines across and a label below."""
    axes.set_xlabel(label, fontsize=LABEL, color=SOFT)
    axes.grid(axis="y", color=GRID, linewidth=0.8)


def draw_curve(axes: Any, curve: Curve, name: str, colour: str, *, factor: float = 1.0, offset: float = 0.0) -> None:
    """Draw a measured curve with its errors, and the fit to it; both less an offset, times a factor."""
    measured, fitted = factor * (curve.measured - offset), factor * (curve.fitted - offset)
    axes.errorbar(curve.radius, measured, factor * curve.error, fmt=".", markersize=4, color=colour, alpha=0.5)
    axes.plot(curve.radius, fitted, color=colour, linewidth=1.8, label=name)
    set_grid(axes, "half diagonals from the centre")
