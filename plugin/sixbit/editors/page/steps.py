"""The measurements that the page leads through, and what it shows of each: the one place that knows their functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.calibration import flat, lines, overlap, tca
from sixbit.editors.page.pictures import heat_map, lines_before_after
from sixbit.lenses.own import Run
from sixbit.measure.curve import Curve
from sixbit.measure.worth import RADII
from sixbit.values.choices import Choices
from sixbit.values.known import SURE
from sixbit.values.watch import Progress

OVERLAP_PLOTS = {
    "distortion": ("Distortion", "moved outwards by the correction, % of the half diagonal"),
    "vignetting": ("Fall-off", "darker than the centre, EV"),
    "tca": ("Lateral colour", "farther out than green, px"),
    "shading": ("Colour shading", "colour against green, %"),
}
RADIUS = "distance from the centre, % of the half diagonal"

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Series:
    """Points of a plot. ``colour`` is ``light``, ``red``, ``green`` or ``blue``; ``line`` joins them."""

    name: str
    points: Points
    colour: str = "light"
    line: bool = False


@dataclass(frozen=True)
class Plot:
    """Series over one pair of axes, named in words."""

    title: str
    x: str
    y: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Findings:
    """A result to be looked at: sentences, plots, pictures as PNG or JPEG with what they show."""

    verdict: tuple[str, ...]
    plots: tuple[Plot, ...] = ()
    pictures: tuple[tuple[str, bytes], ...] = ()


def _nothing(_result: Any) -> str:
    return ""


@dataclass(frozen=True)
class Step:
    """A measurement: ``measure(paths, choices, progress)`` gives a result, which ``keep`` saves.

    Where measuring needs to write files, ``read(paths, progress)`` goes before it: that decodes the photos, which is
    done by a process that can write none, and what it gives is measured instead of their paths, by another process.

    ``settings`` names what can be said of the frames, where their tags do not. ``brief`` says a result in a few words,
    to stand beside others. What is of one aperture has ``at_aperture``, which says afterwards at which a result was
    taken; its photos are measured apart if they are of several.
    """

    settings: tuple[str, ...]
    measure: Callable[[Any, Choices, Progress], Any]
    findings: Callable[[Any], Findings]
    keep: Callable[[Any], Run | tuple[Run, ...]]
    brief: Callable[[Any], str] = _nothing
    at_aperture: Callable[[Any, float | None], Any] | None = None
    read: Callable[[Sequence[Path], Progress], Any] | None = None


def _of_flat(result: flat.FlatResult) -> Findings:
    plots = []
    for title, y, names in (
        ("Fall-off", "light, % of the centre", ("light",)),
        ("Colour shading", "colour against green, %", ("red", "blue")),
    ):
        series = []
        for name in names:
            if curve := result.found.curves.get(name):
                series += _series(name, curve, factor=100)
        if series:
            plots.append(Plot(title, RADIUS, y, tuple(series)))
    caption = "What the fit of the light leaves: blue is 1 % too dark, red 1 % too bright, grey was left out as dust"
    return Findings(tuple(result.verdict), tuple(plots), ((caption, heat_map(result.found.residuals["light"])),))


def _of_lines(result: lines.LinesResult) -> Findings:
    found = result.found
    height, width = found.pictures[0].shape
    corner = math.hypot(width - 1, height - 1) / (min(width, height) - 1)
    radius = np.hypot(*np.moveaxis(found.agreeing.points, 2, 0)).max(axis=1) / corner
    series = []
    for name, polynomial, colour in (("before", (1.0,), "red"), ("after", found.fit.polynomial, "blue")):
        size = found.bends(polynomial)
        if size is not None:
            series.append(Series(name, _points(radius, size), colour))
    bend = Plot("Bend of the lines", "farthest from the centre, % of the half diagonal", "bend, px", tuple(series))
    at = np.linspace(0, corner, 60)
    # Against the centre: a model may enlarge all of the picture, which bends nothing.
    moved = 100 * (np.polynomial.polynomial.polyval(at, found.fit.polynomial) / found.fit.polynomial[0] - 1)
    model = Series(f"found ({found.fit.model})", _points(at / corner, moved), line=True)
    distortion = Plot("Distortion", f"{RADIUS}, without distortion", "farther out, % of the distance", (model,))
    return Findings(tuple(result.verdict), (bend, distortion), lines_before_after(found))


def _of_tca(result: tca.TcaResult) -> Findings:
    series = []
    for name, curve in result.found.curves.items():
        series += _series(name, curve)
    plot = Plot("Lateral colour", RADIUS, "farther out than green, px", tuple(series))
    return Findings(tuple(result.verdict), (plot,))


def _of_overlap(result: overlap.OverlapResult) -> Findings:
    plots = []
    for kind, worth in result.found.worth.items():
        title, y = OVERLAP_PLOTS[kind]
        names = ("red", "blue") if len(worth.correction) > 1 else ("light",)
        series = []
        for name, curve in zip(names, worth.correction, strict=False):
            series.append(
                Series(f"{name}, found" if len(names) > 1 else "found", _points(RADII, curve), name, line=True)
            )
        plots.append(Plot(title, RADIUS, y, tuple(series)))
    return Findings((*result.verdict, *result.found.unsure), tuple(plots))


def _series(name: str, curve: Curve, factor: float = 1.0) -> list[Series]:
    """Return what was measured, as points, and what was fitted, as a line."""
    return [
        Series(f"{name}, measured", _points(curve.radius, factor * curve.measured), name),
        Series(f"{name}, fitted", _points(curve.radius, factor * curve.fitted), name, line=True),
    ]


def _points(radius: NDArray[Any], values: NDArray[Any]) -> Points:
    """Return points over the radius in % (``radius`` is in half diagonals)."""
    return list(zip((100 * radius).tolist(), values.tolist(), strict=True))


def _brief_of_flat(result: flat.FlatResult) -> str:
    error = max(SURE * result.found.worth.known.error[-1], 0.01)
    return f"{-math.log2(result.found.corner_light):.2f} ± {error:.2f} stops darker"


STEPS = {
    "flat": Step(
        ("f_number", "distance_m", "focal_mm", "crop_factor"),
        flat.measure_flat,
        _of_flat,
        flat.keep,
        _brief_of_flat,
        flat.at_aperture,
    ),
    "lines": Step(("focal_mm", "crop_factor"), lines.measure_lines, _of_lines, lines.keep),
    "tca": Step(("focal_mm", "crop_factor"), tca.measure_tca, _of_tca, tca.keep),
    "overlap": Step(
        ("f_number", "focal_mm", "crop_factor"),
        overlap.join_overlap,
        _of_overlap,
        overlap.keep,
        read=overlap.read_overlap,
    ),
}
"""By name, as the command line has them."""
