"""What photos have shown of lateral colour, drawn over the radius."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sixbit.plots.lens import BLUE, INK, RED, SOFT, drawn

if TYPE_CHECKING:
    from sixbit.calibration.tca import TcaResult


def plot_tca(result: TcaResult, path: str | Path) -> None:
    """Draw a result to a file, 800 x 430 px in PNG; other formats by the suffix. Raises PlotError, PhotoError."""
    with drawn(path, 800, 430) as figure:
        figure.text(0.05, 0.93, f"{result.setting.lens.name}, crop {result.setting.crop_factor:.3g}", fontsize=13)
        axes = figure.subplots(gridspec_kw={"left": 0.08, "right": 0.97, "top": 0.8, "bottom": 0.13})
        axes.set_title("Farther out than green, px", loc="left", fontsize=10, color=INK)
        axes.tick_params(labelsize=8.5, colors=SOFT, length=0)
        for side in ("top", "left", "right"):
            axes.spines[side].set_visible(False)
        for name, paint in (("red", RED), ("blue", BLUE)):
            curve = result.found.curves[name]
            axes.errorbar(curve.radius, curve.measured, curve.error, fmt=".", markersize=4, color=paint, alpha=0.5)
            axes.plot(curve.radius, curve.fitted, color=paint, linewidth=1.8, label=name)
        axes.set_xlabel("half diagonals from the centre", fontsize=8.5, color=SOFT)
        axes.set_xlim(0, 1)
        axes.grid(axis="y", color="#e6e6e2", linewidth=0.8)
        axes.legend(frameon=False, fontsize=8.5)
