"""The plots of the page, as values that travel to it: curves over the radius, with the error of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.calibration.learn.findings import Finding
from sixbit.compiler import optics
from sixbit.compiler.shading import shading_of
from sixbit.lenses.lensfun_xml import models_kept
from sixbit.lenses.own import Run
from sixbit.measure import shape
from sixbit.measure.curve import Curve
from sixbit.measure.lines import LinesError, MeasuredLines
from sixbit.measure.seen import SeenLines
from sixbit.measure.straightness import bends_of_lines, polynomial_of
from sixbit.measure.worth import RADII, Worth
from sixbit.values import known
from sixbit.values.arrays import FloatArray
from sixbit.values.known import SURE, WHOLE
from sixbit.values.lens import Model
from sixbit.values.polynomial import UNITY, evaluate
from sixbit.values.sentence import Sentence

RADIUS = Sentence("distance from the centre, % of the half diagonal")
NARROW = Sentence("from the centre, % of the half diagonal")
FOUND, KEPT, MEASURED = Sentence("found"), Sentence("kept"), Sentence("measured")
PLANES = {"red": Sentence("red"), "blue": Sentence("blue")}
KEPT_RADII: FloatArray = np.linspace(0, 1, known.RADII)

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Series:
    """Points of a plot. ``colour`` is ``light``, ``red``, ``green`` or ``blue``; ``line`` joins them, else they are
    dots, ``open`` ones with their middle empty.

    ``band`` holds the truth in 95 of 100 cases: (x, least, most). Beyond ``reach`` a line was not measured.
    """

    name: str
    points: Points
    colour: str = "light"
    line: bool = False
    open: bool = False
    band: Sequence[tuple[float, float, float]] = ()
    reach: float = 100.0


@dataclass(frozen=True)
class Plot:
    """Series over one pair of axes, named in words.

    ``narrow`` names x where there is little room. ``unit`` is that of y; what lies within ``least`` is shown in any
    case, so that nothing looks like much. ``stops`` asks for a second scale: what a share of the light is in stops.
    """

    title: str
    x: str
    y: str
    series: tuple[Series, ...]
    unit: str = ""
    least: tuple[float, float] = (0.0, 0.0)
    stops: bool = False
    narrow: str = NARROW

    def as_json(self) -> dict[str, Any]:
        """Return it as the page is told of it, in no language yet."""
        return {**vars(self), "series": [vars(series) for series in self.series]}


def fall_off(series: Sequence[Series]) -> Plot:
    """Plot light over the radius."""
    return Plot(
        Sentence("Fall-off"), RADIUS, Sentence("light, % of the centre"), tuple(series), "%", (90.0, 100.0), stops=True
    )


def colour_shading(series: Sequence[Series]) -> Plot:
    """Plot red and blue light against green over the radius."""
    title, light = Sentence("Colour shading"), Sentence("light against green, %")
    return Plot(title, RADIUS, light, tuple(series), "%", (97.0, 103.0))


def lateral_colour(series: Sequence[Series], unit: str = "px") -> Plot:
    """Plot how far red and blue lie beside green."""
    least = (-0.5, 0.5) if unit == "px" else (-0.01, 0.01)
    beyond = Sentence("beyond green, px") if unit == "px" else Sentence("beyond green, % of half diagonal")
    return Plot(Sentence("Lateral colour"), RADIUS, beyond, tuple(series), unit, least)


def distortion(name: Sentence, percent: FloatArray, error: FloatArray | None, reach: float) -> Plot:
    """Plot a distortion at ``RADII`` (%, see ``shape``), with the error of where things lie."""
    band = None if error is None else shape.percent_error(error)
    series = _line(name, percent, "light", None if band is None else (percent - band, percent + band), reach)
    farther = Sentence("farther out, % of the distance")
    return Plot(Sentence("Distortion"), RADIUS, farther, (series,), "%", (-0.5, 0.5))


def of_light(worth: Worth, measured: Curve | None) -> Plot:
    """Plot a fall-off, with what was measured of it."""
    lost, error = worth.correction[0], worth.surely_within[0]
    band = 100 * 2.0 ** (-lost - error), 100 * 2.0 ** (error - lost)
    dots = [_dots(MEASURED, measured, 100)] if measured else []
    return fall_off([*dots, _line(FOUND, 100 * 2.0**-lost, "light", band, worth.reach)])


def of_tca(worth: Worth, curves: Mapping[str, Curve]) -> Plot:
    """Plot the lateral colour that edges have shown."""
    series = []
    for name, found, error in zip(("red", "blue"), worth.correction, worth.surely_within, strict=True):
        if curve := curves.get(name):
            series.append(_dots(_of_plane(name, MEASURED), curve, 1, name))
        series.append(_line(_of_plane(name, FOUND), found, name, (found - error, found + error), worth.reach))
    return lateral_colour(series)


def of_lines(found: MeasuredLines) -> tuple[Plot, ...]:
    """Plot the bends of lines, before and after, and the distortion."""
    return _of_seen(found.seen, found.half_short_px)


def of_refusal(error: LinesError) -> tuple[Plot, ...]:
    """Plot what lines have shown that were not enough, as far as it goes."""
    seen = error.seen
    return _of_seen(seen, float(np.median(seen.lines.px))) if len(seen.lines) else ()


def _of_seen(seen: SeenLines, half_short_px: float) -> tuple[Plot, ...]:
    if seen.fit is None or seen.agreeing is None or not seen.agreeing.any():
        return ()
    height, width = seen.pictures[0].shape
    farthest = math.hypot(width - 1, height - 1) / (min(width, height) - 1)
    agreeing = seen.lines.only(seen.agreeing)
    radius = np.hypot(*np.moveaxis(agreeing.points, 2, 0)).max(axis=1) / farthest
    series = []
    for name, polynomial, colour, is_open in (
        (Sentence("after"), seen.fit.polynomial, "blue", False),
        (Sentence("before"), UNITY, "red", True),
    ):
        size = bends_of_lines(agreeing, polynomial, half_short_px)
        if size is not None:
            series.append(Series(name, _points(radius, size), colour, open=is_open))
    bend = Plot(
        Sentence("Bend of the lines"),
        Sentence("farthest from the centre, % of the half diagonal"),
        Sentence("bend, px"),
        tuple(series),
        "px",
        (0.0, 0.5),
    )
    worth = seen.worth
    error = None if worth is None else worth.surely_within[0]
    reach = min(float(radius.max()), 1.0) if worth is None else worth.reach
    found = distortion(FOUND, shape.percent(seen.fit.polynomial, farthest), error, reach)
    return bend, found if worth else _cut(found, reach)


def _cut(plot: Plot, reach: float) -> Plot:
    """Leave out of a plot what was not reached: nothing is known of it."""
    (series,) = plot.series
    near = [point for point in series.points if point[0] <= 100 * reach]
    return replace(plot, series=(replace(series, points=near),))


def of_overlap(
    worth: Mapping[str, Worth], curves: Mapping[str, Mapping[str, Curve]], bent: Model | None, farthest: float
) -> tuple[Plot, ...]:
    """Plot what overlapping photos have shown: ``worth`` and ``curves`` by kind, and the distortion that is kept.

    Fall-off is in EV of loss there, colour in % against green.
    """
    plots = []
    for kind, one in worth.items():
        dots = curves.get(kind, {})
        if kind == "distortion" and bent:
            found = shape.percent(polynomial_of(bent.name, bent.terms), farthest)
            plots.append(distortion(FOUND, found, one.surely_within[0], one.reach))
        elif kind == "vignetting":
            light = of_light(one, None)
            measured = [_dots(MEASURED, of_stops(curve), 100) for curve in dots.values()]
            plots.append(replace(light, series=(*measured, *light.series)))
        elif kind == "tca":
            plots.append(of_tca(one, dots))
        elif kind == "shading":
            plots.append(of_shading(one, {name: in_per_cent(curve) for name, curve in dots.items()}))
    return tuple(plots)


def of_finding(finding: Finding) -> tuple[Plot, ...]:
    """Plot what a heap of photos has shown of a kind."""
    group = finding.group
    farthest = math.hypot(group.long_side, group.short_side) / group.short_side
    return of_overlap({finding.kind: finding.worth} if finding.worth else {}, {}, finding.model, farthest)


def of_stops(curve: Curve) -> Curve:
    """Return a curve of lost stops as one of light."""
    light, fitted = 2.0**-curve.measured, 2.0**-curve.fitted
    return Curve(curve.radius, light, light * curve.error * math.log(2), fitted)


def in_per_cent(curve: Curve) -> Curve:
    """Return a curve of how much more or less of green there is, in %, as one of shares of it."""
    shares = (curve.measured / 100 + 1, curve.error / 100, curve.fitted / 100 + 1)
    return Curve(curve.radius, *shares)


def of_shading(worth: Worth, curves: Mapping[str, Curve]) -> Plot:
    """Plot colour against green, which flats or overlapping photos have shown."""
    series = []
    for name, found, error in zip(("red", "blue"), worth.correction, worth.surely_within, strict=True):
        if curve := curves.get(name):
            series.append(_dots(_of_plane(name, MEASURED), curve, 100, name))
        band = 100 + found - error, 100 + found + error
        series.append(_line(_of_plane(name, FOUND), 100 + found, name, band, worth.reach))
    return colour_shading(series)


def of_run(run: Run) -> tuple[Plot, ...]:
    """Plot what is kept of a run. Raises CatalogueError if its files cannot be read."""
    plots = []
    for kind, model in models_kept(run).items():
        if kind in run.kinds:
            plots.append(_of_model(run, kind, optics.MODELS[kind](*model)))
    if run.shading:
        shading = shading_of(run)
        known = run.known.get("shading")
        error = None if known is None else np.interp(RADII, KEPT_RADII, SURE * np.array(known.error))
        series = []
        for name, plane in (("red", shading.red), ("blue", shading.blue)):
            found = 100 * plane.radial_at(RADII)
            band = None if error is None else (found - error, found + error)
            series.append(_line(PLANES[name], found, name, band, 1.0 if known is None else known.reach))
        plots.append(colour_shading(series))
    return tuple(plots)


def _of_model(run: Run, kind: str, model: Any) -> Plot:
    of_kind, farthest = run.known.get(kind), math.hypot(run.aspect_ratio, 1)
    error = None if of_kind is None else np.interp(RADII, KEPT_RADII, SURE * np.array(of_kind.error))
    reach = 1.0 if of_kind is None else of_kind.reach
    if kind == "distortion":
        return distortion(KEPT, shape.percent(model, farthest), error, reach)
    if kind == "tca":  # Its error is in px, of photos whose size is not kept.
        planes = zip(("red", "blue"), model, strict=True)
        each = [_line(PLANES[n], 100 * RADII * (evaluate(p, RADII * farthest) - 1), n, None, reach) for n, p in planes]
        return lateral_colour(each, "%")
    light = evaluate(model, RADII)
    band = None if error is None else (100 * light * 2.0**-error, 100 * light * 2.0**error)
    return fall_off([_line(KEPT, 100 * light, "light", band, reach)])


def _of_plane(name: str, what: Sentence) -> Sentence:
    return Sentence("{plane}, {what}", plane=PLANES[name], what=what)


def _line(
    name: str,
    values: FloatArray,
    colour: str = "light",
    band: tuple[FloatArray, FloatArray] | None = None,
    reach: float = 1.0,
) -> Series:
    """A curve at ``RADII``."""
    x = 100 * RADII
    around = () if band is None else tuple(zip(x.tolist(), band[0].tolist(), band[1].tolist(), strict=True))
    reached = 100.0 if reach >= WHOLE else 100 * reach
    return Series(name, _points(RADII, values), colour, line=True, band=around, reach=reached)


def _dots(name: str, curve: Curve, factor: float, colour: str = "light") -> Series:
    return Series(name, _points(curve.radius, factor * curve.measured), colour)


def _points(radius: NDArray[Any], values: NDArray[Any]) -> Points:
    """Return points over the radius in % (``radius`` is in half diagonals)."""
    return list(zip((100 * radius).tolist(), values.tolist(), strict=True))
