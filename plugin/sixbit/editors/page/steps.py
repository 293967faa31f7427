"""The measurements that the page leads through, and what it shows of each: the one place that knows their functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.lenses.own import Run
from sixbit.values.choices import Choices
from sixbit.values.watch import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sixbit.calibration.flat import FlatResult
    from sixbit.calibration.lines import LinesResult
    from sixbit.calibration.tca import TcaResult

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


@dataclass(frozen=True)
class Step:
    """A measurement: ``measure(paths, choices, progress)`` gives a result, which ``keep`` saves.

    ``settings`` names what can be said of the frames, where their tags do not.
    """

    name: str
    settings: tuple[str, ...]
    measure: Callable[[Sequence[Path], Choices, Progress], Any]
    findings: Callable[[Any], Findings]
    keep: Callable[[Any], Run]


def _measure_flat(paths: Sequence[Path], choices: Choices, progress: Progress) -> FlatResult:
    from sixbit.calibration.flat import measure_flat

    return measure_flat(paths, choices, progress)


def _of_flat(result: FlatResult) -> Findings:
    from sixbit.editors.page.pictures import heat_map

    plots = []
    for title, y, wanted in (
        ("Fall-off", "light, % of the centre", ("light",)),
        ("Colour shading", "colour against green, %", ("red", "blue")),
    ):
        curves = {name: curve for name, curve in result.found.curves.items() if name in wanted}
        series = []
        for name, curve in curves.items():
            series.append(Series(f"{name}, measured", _percent(curve.radius, curve.measured), name))
            series.append(Series(f"{name}, fitted", _percent(curve.radius, curve.fitted), name, line=True))
        if series:
            plots.append(Plot(title, RADIUS, y, tuple(series)))
    caption = "What the fit of the light leaves: blue is 1 % too dark, red 1 % too bright, grey was left out as dust"
    return Findings(tuple(result.verdict), tuple(plots), ((caption, heat_map(result.found.residuals["light"])),))


def _keep_flat(result: FlatResult) -> Run:
    from sixbit.calibration.flat import keep

    return keep(result)


def _measure_lines(paths: Sequence[Path], choices: Choices, progress: Progress) -> LinesResult:
    from sixbit.calibration.lines import measure_lines

    return measure_lines(paths, choices, progress)


def _of_lines(result: LinesResult) -> Findings:
    import numpy as np

    from sixbit.editors.page.pictures import lines_before_after

    found = result.found
    height, width = found.pictures[0].shape
    corner = math.hypot(width - 1, height - 1) / (min(width, height) - 1)
    radius = np.hypot(*np.moveaxis(found.agreeing.points, 2, 0)).max(axis=1) / corner
    series = []
    for name, polynomial, colour in (("before", (1.0,), "red"), ("after", found.fit.polynomial, "blue")):
        size = found.bends(polynomial)
        if size is not None:
            points = [(100 * float(r), float(b)) for r, b in zip(radius, size, strict=True)]
            series.append(Series(name, points, colour))
    bend = Plot("Bend of the lines", "farthest from the centre, % of the half diagonal", "bend, px", tuple(series))
    at = np.linspace(0, corner, 60)
    # Against the centre: a model may enlarge all of the picture, which bends nothing.
    moved = 100 * (np.polynomial.polynomial.polyval(at, found.fit.polynomial) / found.fit.polynomial[0] - 1)
    curve = [(100 * float(r / corner), float(m)) for r, m in zip(at, moved, strict=True)]
    model = Series(f"found ({found.fit.model})", curve, line=True)
    distortion = Plot("Distortion", f"{RADIUS}, without distortion", "farther out, % of the distance", (model,))
    return Findings(tuple(result.verdict), (bend, distortion), lines_before_after(found))


def _keep_lines(result: LinesResult) -> Run:
    from sixbit.calibration.lines import keep

    return keep(result)


def _measure_tca(paths: Sequence[Path], choices: Choices, progress: Progress) -> TcaResult:
    from sixbit.calibration.tca import measure_tca

    return measure_tca(paths, choices, progress)


def _of_tca(result: TcaResult) -> Findings:
    series = []
    for name, curve in result.found.curves.items():
        for what, values, line in (("measured", curve.measured, False), ("fitted", curve.fitted, True)):
            points = [(100 * float(r), float(px)) for r, px in zip(curve.radius, values, strict=True)]
            series.append(Series(f"{name}, {what}", points, name, line))
    return Findings(
        tuple(result.verdict), (Plot("Lateral colour", RADIUS, "farther out than green, px", tuple(series)),)
    )


def _keep_tca(result: TcaResult) -> Run:
    from sixbit.calibration.tca import keep

    return keep(result)


def _percent(x: NDArray[np.float64], y: NDArray[np.float64]) -> Points:
    return [(100 * float(a), 100 * float(b)) for a, b in zip(x, y, strict=True)]


STEPS: Mapping[str, Step] = {
    step.name: step
    for step in (
        Step("flat", ("f_number", "distance_m", "focal_mm", "crop_factor"), _measure_flat, _of_flat, _keep_flat),
        Step("lines", ("focal_mm", "crop_factor"), _measure_lines, _of_lines, _keep_lines),
        Step("tca", ("focal_mm", "crop_factor"), _measure_tca, _of_tca, _keep_tca),
    )
}
"""By name, as the command line has them."""
