"""Plots of what frames have shown: the light of flats, the bends of lines, the lateral colour of edges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.calibration.flat import FlatResult
from sixbit.calibration.lines import LinesResult
from sixbit.calibration.tca import TcaResult
from sixbit.measure.lines import MeasuredLines
from sixbit.measure.straightness import AGREES, straightened
from sixbit.measure.worth import RADII
from sixbit.plots.figure import BLUE, INK, LABEL, RED, SOFT, draw_curve, drawn, set_grid, set_up
from sixbit.values.arrays import FloatArray
from sixbit.values.polynomial import UNITY, Polynomial, evaluate


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
        lost, error = found.worth.correction[0], found.worth.surely_within[0]
        _draw_error(light, 100 * 2.0 ** (-lost - error), 100 * 2.0 ** (error - lost), INK)
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


def _draw_error(axes: Any, least: FloatArray, most: FloatArray, paint: str) -> None:
    """Where the truth lies in 95 of 100 cases."""
    axes.fill_between(RADII, least, most, color=paint, alpha=0.12, linewidth=0)


def plot_lines(result: LinesResult, path: str | Path) -> None:
    """Draw a result to a file, 1200 x 720 px in PNG; other formats by the suffix. Raises SixbitError."""
    with drawn(path, 1200, 720) as figure:
        figure.text(0.03, 0.955, f"{result.setting.lens.name}: {result.found.verdict[-1]}", fontsize=11, color=INK)
        _draw(figure, result.found)


def _draw(figure: Any, found: MeasuredLines) -> None:
    lines, fit = found.lines, found.fit
    # The photo that says most.
    shown = int(np.argmax(np.bincount(lines.photo, fit.weights * lines.lengths, len(found.pictures))))
    picture = found.pictures[shown]
    here = lines.only(lines.photo == shown)
    good = fit.weights[lines.photo == shown] > AGREES
    grid = figure.add_gridspec(2, 2, height_ratios=(2.6, 1), left=0.03, right=0.97, top=0.9, bottom=0.08, hspace=0.18)
    straight = straightened(here.points, fit.polynomial)
    for column, (title, background, points) in enumerate(
        (
            ("As the lens drew them, with chords", picture, here.points),
            ("Corrected", _corrected(picture, here.px[0], fit.polynomial, found.centre * here.px[0]), straight),
        )
    ):
        axes = figure.add_subplot(grid[0, column])
        axes.set_title(title, loc="left", fontsize=10, color=INK)
        axes.imshow(background, cmap="gray", vmin=-80, vmax=255, interpolation="bilinear")
        centre = np.array([(picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2]) + found.centre * here.px[0]
        if points is not None:
            for line, agrees in zip(points * here.px[:, None, None] + centre, good, strict=True):
                axes.plot(line[:, 0], line[:, 1], color=BLUE if agrees else RED, linewidth=1.1)
                axes.plot(line[[0, -1], 0], line[[0, -1], 1], color="white", linewidth=0.4)
        axes.set_xlim(0, picture.shape[1] - 1)
        axes.set_ylim(picture.shape[0] - 1, 0)
        axes.set_axis_off()
    _draw_bends(figure.add_subplot(grid[1, :]), found)


def _draw_bends(axes: Any, found: MeasuredLines) -> None:
    """The bend of each line that agrees, before and after, over how far out it is."""
    middle = np.hypot(*found.agreeing.points.mean(axis=1).T)
    for polynomial, paint, name in ((UNITY, RED, "before"), (found.fit.polynomial, BLUE, "after")):
        size = found.bends(polynomial)
        if size is not None:
            axes.semilogy(middle, np.maximum(size, 1e-3), ".", markersize=3, color=paint, alpha=0.6, label=name)
    set_grid(axes, "middle of the line, half short sides from the centre")
    axes.set_title("Bend of each line, px of the photo", loc="left", fontsize=10, color=INK)
    axes.tick_params(labelsize=LABEL, colors=SOFT)
    axes.legend(fontsize=LABEL, frameon=False, loc="lower right")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _corrected(
    picture: NDArray[np.uint8], half_short: float, polynomial: Polynomial, centre: FloatArray
) -> NDArray[np.uint8]:
    """The searched picture through the correction about a centre: the nearest pixel will do for a background."""
    height, width = picture.shape
    across, down = (width - 1) / 2 + centre[0], (height - 1) / 2 + centre[1]
    x, y = np.arange(width) - across, (np.arange(height) - down)[:, None]
    factor = evaluate(polynomial, np.hypot(x, y) / half_short)
    columns = np.rint(x * factor + across).astype(int)
    rows = np.rint(y * factor + down).astype(int)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    result = np.zeros_like(picture)
    result[inside] = picture[rows[inside], columns[inside]]
    return result


def plot_tca(result: TcaResult, path: str | Path) -> None:
    """Draw a result to a file, 800 x 430 px in PNG; other formats by the suffix. Raises SixbitError."""
    with drawn(path, 800, 430) as figure:
        figure.text(0.05, 0.93, f"{result.setting.lens.name}, crop {result.setting.crop_factor:.3g}", fontsize=13)
        axes = figure.subplots(gridspec_kw={"left": 0.08, "right": 0.97, "top": 0.8, "bottom": 0.13})
        set_up(axes, "Farther out than green, px")
        worth = result.found.worth
        for plane, (name, paint) in enumerate((("red", RED), ("blue", BLUE))):
            draw_curve(axes, result.found.curves[name], name, paint)
            found, error = worth.correction[plane], worth.surely_within[plane]
            _draw_error(axes, found - error, found + error, paint)
        axes.set_xlim(0, 1)
        axes.legend(frameon=False, fontsize=LABEL)
