"""What flats have shown, drawn: light and colours over the radius, and what no fit explains, patch by patch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sixbit.plots.lens import BLUE, INK, RED, SOFT, drawn

if TYPE_CHECKING:
    from sixbit.calibration.flat import FlatResult


def plot_flat(result: FlatResult, path: str | Path) -> None:
    """Draw a result to a file, 1200 x 430 px in PNG; other formats by the suffix. Raises PlotError, PhotoError."""
    with drawn(path, 1200, 430) as figure:
        setting = result.setting
        at = f", ƒ/{setting.f_number:g}" if setting.f_number else ""
        figure.text(
            0.03,
            0.92,
            f"{setting.lens.name}{at}, {setting.model}{', ' if setting.model else ''}crop {setting.crop_factor:.3g}",
            fontsize=13,
        )
        light, colour, rest = figure.subplots(
            1, 3, gridspec_kw={"left": 0.05, "right": 0.97, "top": 0.78, "bottom": 0.13, "wspace": 0.22}
        )
        for axes, title in (
            (light, "Light, % of the centre"),
            (colour, "Against green, %"),
            (rest, "Not explained, %"),
        ):
            axes.set_title(title, loc="left", fontsize=10, color=INK)
            axes.tick_params(labelsize=8.5, colors=SOFT, length=0)
            for side in ("top", "left", "right"):
                axes.spines[side].set_visible(False)
        for axes, name, paint, offset in (
            (light, "light", INK, 0.0),
            (colour, "red", RED, 1.0),
            (colour, "blue", BLUE, 1.0),
        ):
            if curve := result.curves.get(name):
                axes.errorbar(
                    curve.radius,
                    100 * (curve.measured - offset),
                    100 * curve.error,
                    fmt=".",
                    markersize=4,
                    color=paint,
                    alpha=0.5,
                )
                axes.plot(curve.radius, 100 * (curve.fitted - offset), color=paint, linewidth=1.8, label=name)
                axes.set_xlabel("half diagonals from the centre", fontsize=8.5, color=SOFT)
                axes.grid(axis="y", color="#e6e6e2", linewidth=0.8)
        if colour.lines:
            colour.legend(fontsize=8.5, frameon=False)
        else:
            colour.text(0.5, 0.5, "no colours", transform=colour.transAxes, ha="center", color=SOFT)
        most = 100 * 3 * result.rest_deviation
        image = rest.imshow(100 * result.rest["light"], cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest")
        rest.set_xticks([])
        rest.set_yticks([])
        figure.colorbar(image, ax=rest, shrink=0.8).ax.tick_params(labelsize=8.5, colors=SOFT)
