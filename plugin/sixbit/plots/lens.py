"""A plot of a lens over its image circle: distortion, lateral colour and fall-off."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sixbit.compiler.optics import SensorPicture, optics_of
from sixbit.lenses.catalogue import catalogue
from sixbit.plots.figure import BLUE, INK, LABEL, RED, SOFT, drawn, set_grid, set_up
from sixbit.values.arrays import FloatArray
from sixbit.values.kinds import Grade
from sixbit.values.lens import Lens
from sixbit.values.polynomial import evaluate

IMAGE_CIRCLE_MM = math.hypot(36, 24) / 2
"""Image height at the corner of the 24 mm x 36 mm frame."""
FULL_FRAME = SensorPicture(3601, 2401, 1.0)
"""36 mm x 24 mm at 100 px a millimetre."""
PX_PER_MM = 100


@dataclass(frozen=True)
class LensCurves:
    """Curves of a lens over the image heights ``height_mm``; None or empty where there is no calibration.

    ``distortion_percent`` is the radial displacement in percent, ``red_um`` and ``blue_um`` the displacement against
    green on the sensor in µm (outwards is positive), ``vignetting_stops`` the light in stops against the centre (so
    below zero), by f-number. ``notes`` are the sources, with their grades.
    """

    height_mm: FloatArray
    distortion_percent: FloatArray | None = None
    red_um: FloatArray | None = None
    blue_um: FloatArray | None = None
    vignetting_stops: Mapping[float, FloatArray] = field(default_factory=dict)
    notes: Sequence[str] = ()


def curves_of(lens: Lens) -> LensCurves:
    """The calibrations of a lens, at its shortest focal length and at infinity, over the full-frame image circle.

    >>> curves = curves_of(catalogue().lenses["summicron-35-asph"])
    >>> curves.distortion_percent is not None, curves.vignetting_stops
    (True, {})
    """
    entries = catalogue().calibration_entries(lens.lens_id, grades=tuple(Grade))
    optics = optics_of(entries, lens.focal_min)
    # From just beside the centre, where a ratio of radii still is one.
    radius = np.linspace(1.0, FULL_FRAME.half_diagonal, 400)
    distortion = red = blue = None
    stops: dict[float, FloatArray] = {}
    if optics.distortion:
        polynomial, sensor = optics.distortion
        factor = evaluate(polynomial, radius * FULL_FRAME.per_half_short_side(sensor))
        distortion = 100 * (factor / factor[0] - 1)
    if optics.tca:
        planes, sensor = optics.tca
        short_sides = radius * FULL_FRAME.per_half_short_side(sensor)
        red, blue = ((evaluate(plane, short_sides) - 1) * radius / PX_PER_MM * 1000 for plane in planes)
    measured = entries["vignetting"].lens.calib_vignetting if "vignetting" in entries else ()
    for f_number in sorted({round(known.aperture, 2) for known in measured}):
        if found := optics_of(entries, lens.focal_min, f_number).vignetting:
            polynomial, sensor = found
            light = evaluate(polynomial, radius * FULL_FRAME.per_half_diagonal(sensor))
            stops[f_number] = np.log2(np.maximum(light, 1e-3))
    notes = [f"{kind}: {entry.calibration.grade} ({entry.calibration.source})" for kind, entry in entries.items()]
    return LensCurves(radius / PX_PER_MM, distortion, red, blue, stops, tuple(notes))


def plot_lenses(lenses: Mapping[str, LensCurves], path: str | Path, frames: Sequence[float] = (1.0,)) -> None:
    """Draw lenses by their names to a file, 1200 x 500 px each in PNG; other formats by the suffix of ``path``.

    ``frames`` are the crop factors whose corners are marked. What is drawn of several lenses has one scale, so that
    they can be compared. Raises SixbitError if matplotlib is not installed, or the file cannot be written in this
    format or place.
    """
    with drawn(path, 1200, 500 * len(lenses)) as figure:
        rows = figure.subfigures(len(lenses), 1, squeeze=False)[:, 0]
        panels = [_draw_lens(row, title, lenses[title]) for row, title in zip(rows, lenses, strict=True)]
        for column, (least, top) in zip(zip(*panels, strict=True), ((0.5, 0.5), (2.0, 2.0), (0.5, 0.0)), strict=True):
            _span([axes for axes in column if axes.lines], -least, top, frames)


def _draw_lens(figure: Any, title: str, curves: LensCurves) -> tuple[Any, Any, Any]:
    """Draw the three panels of a lens, as yet without their scales."""
    key = "Dashed: the corner of the frame at this crop factor."
    notes = [*textwrap.wrap("   ·   ".join(curves.notes), 190, max_lines=2, placeholder=" …"), key]
    figure.text(0.035, 0.92, title, fontsize=15, fontweight="bold", color=INK, parse_math=False)
    figure.text(0.035, 0.03, "\n".join(notes), fontsize=7.5, color=SOFT, linespacing=1.4, parse_math=False)
    distortion, colour, vignetting = figure.subplots(
        1, 3, gridspec_kw={"left": 0.05, "right": 0.985, "top": 0.77, "bottom": 0.19, "wspace": 0.24}
    )
    for axes, name in (
        (distortion, "Distortion, %"),
        (colour, "Lateral colour against green, µm"),
        (vignetting, "Fall-off, stops"),
    ):
        set_up(axes, name, pad=26)
        set_grid(axes, "image height, mm")
        axes.set_xlim(0, IMAGE_CIRCLE_MM)
        axes.set_xticks(range(0, 21, 5))
        axes.set_axisbelow(True)
        axes.spines["bottom"].set_color(SOFT)

    height = curves.height_mm
    if curves.distortion_percent is not None:
        distortion.plot(height, curves.distortion_percent, color=INK, linewidth=2)
    for values, paint, name in ((curves.red_um, RED, "red"), (curves.blue_um, BLUE, "blue")):
        if values is not None:
            colour.plot(height, values, color=paint, linewidth=2, label=name)
    for k, (f_number, stops) in enumerate(sorted(curves.vignetting_stops.items())):
        # From dark to light as the lens is stopped down.
        grey = f"{0.11 + 0.6 * k / max(len(curves.vignetting_stops) - 1, 1):.3f}"
        vignetting.plot(height, stops, color=grey, linewidth=2, label=f"ƒ/{f_number:g}")
    for axes in (distortion, colour, vignetting):
        if not axes.lines:
            axes.text(0.5, 0.5, "no calibration", transform=axes.transAxes, ha="center", va="center", color=SOFT)
            axes.set_yticks([])
            continue
        if names := axes.get_legend_handles_labels()[1]:
            columns = 1 + len(names) // 7
            axes.legend(loc="best", fontsize=LABEL, frameon=False, handlelength=1.4, labelcolor=INK, ncols=columns)
    return distortion, colour, vignetting


def _span(panels: Sequence[Any], bottom: float, top: float, frames: Sequence[float]) -> None:
    """Let the values fill panels alike, but show at least bottom to top: what is near zero is to look so."""
    values = [value for axes in panels for line in axes.lines for value in line.get_ydata() if math.isfinite(value)]
    low, high = min([bottom, *values]), max([top, *values])
    margin = 0.06 * (high - low)
    for axes in panels:
        axes.set_ylim(low - margin, high + margin)
        axes.axhline(0, color=SOFT, linewidth=0.8, zorder=1)
        _mark_frames(axes, frames)


def _mark_frames(axes: Any, frames: Sequence[float]) -> None:
    """A line where the corner of each frame lies, with the crop factor above the panel."""
    before, raised = IMAGE_CIRCLE_MM, False
    for crop in sorted(set(frames)):
        corner = IMAGE_CIRCLE_MM / crop
        raised = not raised and before - corner < 3.5 and crop > 1
        axes.axvline(corner, color=SOFT, linewidth=1, linestyle=(0, (3, 3)), clip_on=False)
        axes.annotate(
            f"crop {crop:g}",
            (corner, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 12 if raised else 3),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=SOFT,
            annotation_clip=False,
        )
        before = corner
