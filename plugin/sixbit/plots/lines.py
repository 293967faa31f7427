"""The lines that a distortion was measured by, drawn: as the lens bent them, and as they are made straight."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sixbit.measure.straightness import bends, straightened
from sixbit.plots.lens import BLUE, INK, RED, SOFT, drawn
from sixbit.values.polynomial import evaluate

if TYPE_CHECKING:
    from sixbit.calibration.lines import LinesResult


def plot_lines(result: LinesResult, path: str | Path) -> None:
    """Draw a result to a file, 1200 x 720 px in PNG; other formats by the suffix. Raises PlotError, PhotoError."""
    with drawn(path, 1200, 720) as figure:
        _draw(figure, result)


def _draw(figure: Any, result: LinesResult) -> None:
    lines, fit = result.lines, result.fit
    # The photo that says most.
    shown = int(np.argmax(np.bincount(lines.photo, fit.weights * lines.lengths, len(result.pictures))))
    picture = result.pictures[shown]
    here = lines.some(lines.photo == shown)
    good = fit.weights[lines.photo == shown] > 0.5
    figure.text(0.03, 0.955, f"{result.setting.lens.name}: {result.verdict[-1]}", fontsize=11, color=INK)
    grid = figure.add_gridspec(2, 2, height_ratios=(2.6, 1), left=0.03, right=0.97, top=0.9, bottom=0.08, hspace=0.18)
    straight = straightened(here.points, fit.polynomial)
    for column, (title, background, points) in enumerate(
        (
            ("As the lens drew them, with chords", picture, here.points),
            ("Corrected", _corrected(picture, here.px[0], fit.polynomial), straight),
        )
    ):
        axes = figure.add_subplot(grid[0, column])
        axes.set_title(title, loc="left", fontsize=10, color=INK)
        axes.imshow(background, cmap="gray", vmin=-80, vmax=255, interpolation="bilinear")
        centre = np.array([(picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2])
        if points is not None:
            for line, agrees in zip(points * here.px[:, None, None] + centre, good, strict=True):
                axes.plot(line[:, 0], line[:, 1], color=BLUE if agrees else RED, linewidth=1.1)
                axes.plot(line[[0, -1], 0], line[[0, -1], 1], color="white", linewidth=0.4)
        axes.set_xlim(0, picture.shape[1] - 1)
        axes.set_ylim(picture.shape[0] - 1, 0)
        axes.set_axis_off()
    _draw_bends(figure.add_subplot(grid[1, :]), result)


def _draw_bends(axes: Any, result: LinesResult) -> None:
    """The bend of each line that agrees, before and after, over how far out it is."""
    lines = result.lines.some(result.fit.weights > 0.5)
    middle = np.hypot(*lines.points.mean(axis=1).T)
    for polynomial, paint, name in (((1.0,), RED, "before"), (result.fit.polynomial, BLUE, "after")):
        rest = bends(lines, polynomial)
        if rest is not None:
            size = np.sqrt(np.mean((rest / lines.px[:, None] * result.half_short_px) ** 2, axis=1))
            axes.semilogy(middle, np.maximum(size, 1e-3), ".", markersize=3, color=paint, alpha=0.6, label=name)
    axes.set_xlabel("middle of the line, half short sides from the centre", fontsize=8.5, color=SOFT)
    axes.set_title("Bend of each line, px of the photo", loc="left", fontsize=10, color=INK)
    axes.tick_params(labelsize=8.5, colors=SOFT)
    axes.grid(axis="y", color="#e6e6e2", linewidth=0.8)
    axes.legend(fontsize=8.5, frameon=False, loc="lower right")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _corrected(picture: NDArray[np.uint8], half_short: float, polynomial: tuple[float, ...]) -> NDArray[np.uint8]:
    """The searched picture through the correction: the nearest pixel will do for a background."""
    height, width = picture.shape
    x, y = np.arange(width) - (width - 1) / 2, (np.arange(height) - (height - 1) / 2)[:, None]
    factor = evaluate(polynomial, np.hypot(x, y) / half_short)
    columns = np.rint(x * factor + (width - 1) / 2).astype(int)
    rows = np.rint(y * factor + (height - 1) / 2).astype(int)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    result = np.zeros_like(picture)
    result[inside] = picture[rows[inside], columns[inside]]
    return result
