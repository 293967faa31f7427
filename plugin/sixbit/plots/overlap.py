"""The plot of what overlapping photos have shown: where they saw the same points, and each curve with its error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sixbit.calibration.overlap import OverlapResult
from sixbit.measure.overlap import MeasuredOverlap
from sixbit.measure.worth import RADII, Worth
from sixbit.plots.figure import BLUE, INK, LABEL, RED, SOFT, draw_curve, drawn, set_grid, set_up

TITLES = {
    "distortion": "Moved outwards, % of half diagonal",
    "vignetting": "Darker than the centre, EV",
    "tca": "Farther out than green, px",
    "shading": "Against green, %",
}


def plot_overlap(result: OverlapResult, path: str | Path) -> None:
    """Draw a result to a file, 1200 x 720 px in PNG; other formats by the suffix. Raises SixbitError."""
    with drawn(path, 1200, 720) as figure:
        setting, found = result.setting, result.found
        aperture = f", ƒ/{setting.f_number:g}" if setting.f_number else ""
        figure.text(0.03, 0.95, f"{setting.lens.name}{aperture}, crop {setting.crop_factor:.3g}", fontsize=13)
        grid = figure.add_gridspec(
            2, 3, width_ratios=(1.15, 1, 1), left=0.04, right=0.97, top=0.87, bottom=0.08, hspace=0.42, wspace=0.22
        )
        _draw_sights(figure.add_subplot(grid[:, 0]), found)
        for place, (kind, worth) in zip(((0, 1), (0, 2), (1, 1), (1, 2)), found.worth.items(), strict=False):
            axes = figure.add_subplot(grid[place])
            set_up(axes, TITLES[kind])
            _draw_kind(axes, found, kind, worth)


def _draw_sights(axes: Any, found: MeasuredOverlap) -> None:
    """Where the photos saw points that others see too."""
    set_up(axes, f"{len(found.seen)} sights of the same points")
    width, height = found.extent
    axes.plot(found.seen[:, 0], found.seen[:, 1], ".", markersize=1.5, color=BLUE, alpha=0.35)
    axes.plot([-width, width, width, -width, -width], [-height, -height, height, height, -height], color=SOFT, lw=0.8)
    axes.plot(*found.centre, "+", color=RED, markersize=12)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines["bottom"].set_visible(False)


def _draw_kind(axes: Any, found: MeasuredOverlap, kind: str, worth: Worth) -> None:
    paints = (INK,) if len(worth.correction) == 1 else (RED, BLUE)
    for curve, error, paint in zip(worth.correction, worth.surely_within, paints, strict=True):
        inside = worth.reach >= RADII
        axes.plot(RADII[inside], curve[inside], color=paint, linewidth=1.8)
        axes.plot(RADII, curve, color=paint, linewidth=1.0, linestyle=":")
        axes.fill_between(RADII, curve - error, curve + error, color=paint, alpha=0.12, linewidth=0)
    for name, paint in (("light", INK), ("red", RED), ("blue", BLUE)):
        if measured := found.curves.get(kind, {}).get(name):
            draw_curve(axes, measured, name, paint)
    axes.set_xlim(0, 1)
    set_grid(axes, "half diagonals from the centre")
    axes.tick_params(labelsize=LABEL)
