"""A plot of what photos have shown of lateral colour, over the radius."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sixbit.plots.figure import BLUE, LABEL, RED, draw_curve, drawn, set_up

if TYPE_CHECKING:
    from sixbit.calibration.tca import TcaResult


def plot_tca(result: TcaResult, path: str | Path) -> None:
    """Draw a result to a file, 800 x 430 px in PNG; other formats by the suffix. Raises SixbitError."""
    with drawn(path, 800, 430) as figure:
        figure.text(0.05, 0.93, f"{result.setting.lens.name}, crop {result.setting.crop_factor:.3g}", fontsize=13)
        axes = figure.subplots(gridspec_kw={"left": 0.08, "right": 0.97, "top": 0.8, "bottom": 0.13})
        set_up(axes, "Farther out than green, px")
        for name, paint in (("red", RED), ("blue", BLUE)):
            draw_curve(axes, result.found.curves[name], name, paint)
        axes.set_xlim(0, 1)
        axes.legend(frameon=False, fontsize=LABEL)
