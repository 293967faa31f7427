"""A plot of what flats have shown: light and colours over the radius, and what no fit explains, patch by patch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sixbit.plots.figure import BLUE, INK, LABEL, RED, SOFT, draw_curve, drawn, set_up

if TYPE_CHECKING:
    from sixbit.calibration.flat import FlatResult


def plot_flat(result: FlatResult, path: str | Path) -> None:
    """Draw a result to a file, 1200 x 430 px in PNG; other formats by the suffix. Raises SixbitError."""
    with drawn(path, 1200, 430) as figure:
        setting, found = result.setting, result.found
        aperture = f", ƒ/{setting.f_number:g}" if setting.f_number else ""
        camera = f"{setting.model}, " if setting.model else ""
        title = f"{setting.lens.name}{aperture}, {camera}crop {setting.crop_factor:.3g}"
        figure.text(0.03, 0.92, title, fontsize=13)
        light, colour, residuals = figure.subplots(
            1, 3, gridspec_kw={"left": 0.05, "right": 0.97, "top": 0.78, "bottom": 0.13, "wspace": 0.22}
        )
        set_up(light, "Light, % of the centre")
        set_up(colour, "Against green, %")
        set_up(residuals, "Not explained, %")
        draw_curve(light, found.curves["light"], "light", INK, factor=100)
        for name, paint in (("red", RED), ("blue", BLUE)):
            if curve := found.curves.get(name):
                draw_curve(colour, curve, name, paint, factor=100, offset=1.0)
        if colour.lines:
            colour.legend(fontsize=LABEL, frameon=False)
        else:
            colour.text(0.5, 0.5, "no colours", transform=colour.transAxes, ha="center", color=SOFT)
        most = 100 * 3 * found.deviation
        image = residuals.imshow(
            100 * found.residuals["light"], cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest"
        )
        residuals.set_xticks([])
        residuals.set_yticks([])
        figure.colorbar(image, ax=residuals, shrink=0.8).ax.tick_params(labelsize=LABEL, colors=SOFT)
