"""Distortion of a lens from straight things: photos of architecture, of shelves, of tiles, or of a printed chart.

Edges are found and linked (``edges``), or the rows and columns of a chart (``chart``); the distortion is what makes
them straight (``straightness``). Things that are bent themselves speak against each other and lose their weight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.measure.chart import chart_lines
from sixbit.measure.edges import edge_chains
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.straightness import (
    AGREES,
    BINS,
    Lines,
    Straightening,
    bends_of_lines,
    centre_shift,
    folds,
    line_of,
    straighten,
)
from sixbit.measure.worth import Outcome, Worth, area_weights
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.lens import Model
from sixbit.values.polynomial import UNITY, Polynomial

SEARCHED = 2400
"""Px of the longer side in which lines are looked for: a tenth of a px there is far below what has to be known."""
SMALLEST = 64
"""Px of the shorter side in which lines can be looked for."""
SHORTEST = 0.06
"""Length of a line in diagonals: shorter ones bend too little to say anything."""

# What the lines must be. The figures were set by benchmarks/calibrate_lines.py: scenes without lines fail, others pass.
FEWEST = 20
"""Lines that must be found, and that must agree."""
LEAST_AGREEING = 0.5
"""Share of all edges, by length, that the model makes straight."""
LEAST_REACH = 0.55
"""Distance of the outermost lines from the centre, in half diagonals."""
OFF_CENTRE = 0.02
"""Shift of the optical centre that is worth telling, in half short sides."""
OFF_CENTRE_ERRORS = 4.0
"""Shift of the optical centre that is worth telling, in its standard errors."""


class PhotoLines(NamedTuple):
    """Lines that one photo shows, whether they are those of a chart, and the picture they were found in (grey)."""

    lines: Lines
    is_chart: bool
    picture: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class MeasuredLines:
    """Distortion that the lines of several photos have shown.

    ``lines`` has every line that was found, ``fit`` the model that makes them straight. Bends are root mean squares
    over the lines that agree, in px of the photo, of which ``half_short_px`` make half a short side. ``worth`` has the
    error of the distortion over the radius. ``charts`` counts the photos of a chart, ``pictures`` are those that were
    searched, for drawing. ``verdict`` says it in words.
    """

    fit: Straightening
    lines: Lines
    half_short_px: float
    bend_before: float
    bend_after: float
    bend_error: float
    worth: Worth
    charts: int
    pictures: tuple[NDArray[np.uint8], ...]
    verdict: tuple[str, ...]

    @property
    def distortion(self) -> Model:
        """The model in lensfun's terms."""
        return Model(self.fit.model, self.fit.terms)

    @property
    def agreeing(self) -> Lines:
        """Lines that agree on one lens."""
        return self.lines.only(self.fit.weights > AGREES)

    def bends(self, polynomial: Polynomial) -> FloatArray | None:
        """Measure how bent each of the lines that agree is under a distortion, in px of the photo."""
        return bends_of_lines(self.agreeing, polynomial, self.half_short_px)


def lines_of(frame: DecodedFrame) -> PhotoLines:
    """Find the lines of a photo, in a picture of at most ``SEARCHED`` px.

    Raises CalibrationError for one that is too small.
    """
    grey, factor = _reduced(frame)
    return lines_in(grey, (min(frame.size) - 1) / (2 * factor))


def lines_in(grey: NDArray[np.float32], half_short: float | None = None) -> PhotoLines:
    """Find the lines of a grey picture (code values, 0 to 1).

    ``half_short`` is half the short side of the photo in px of this picture, if it is not that of the picture itself.
    """
    height, width = grey.shape
    half = half_short or (min(height, width) - 1) / 2
    chains = chart_lines(grey)
    is_chart = bool(chains)
    if not is_chart:
        chains = edge_chains(grey, SHORTEST * math.hypot(height, width))
    centred = [line_of((points - [(width - 1) / 2, (height - 1) / 2]) / half) for points in chains]
    points = np.array(centred).reshape(-1, BINS, 2)
    lines = Lines(points, np.full(len(points), half), np.zeros(len(points), int))
    return PhotoLines(lines, is_chart, np.clip(255 * grey, 0, 255).astype(np.uint8))


def fit_lines(photos: Sequence[PhotoLines], size: tuple[int, int]) -> MeasuredLines:
    """Fit the distortion that makes the lines of photos straight; ``size`` is their width and height in px.

    Raises CalibrationError, with the reason, if the lines do not carry it.
    """
    lines = Lines.joined([photo.lines for photo in photos])
    if len(lines) < FEWEST:
        raise _not_enough(f"only {len(lines)} long edges were found in these photos.")
    fit = straighten(lines)
    width, height = size
    half_short = (min(width, height) - 1) / 2
    farthest = math.hypot(width - 1, height - 1) / 2 / half_short
    _check(lines, fit, farthest)
    worth = _worth(lines, fit, farthest, max(width, height) / min(width, height))
    before, _ = _mean_bend(lines, fit, UNITY, half_short)
    after, error = _mean_bend(lines, fit, fit.polynomial, half_short)
    charts = sum(photo.is_chart for photo in photos)
    plural = "s" if len(photos) > 1 else ""
    with_charts = f", {charts} of them with a chart," if charts else ""
    verdict = (
        f"{np.count_nonzero(fit.weights > AGREES)} of {len(lines)} edges in {len(photos)} photo{plural}{with_charts} "
        "agree on one lens.",
        f"Distortion: {fit.model}, {', '.join(f'{term:.5f}' for term in fit.terms)}; in the corners it is known to "
        f"{worth.corner_error}.",
        *worth.reach_in_words,
        f"The lines were bent by {before:.2f} px and still are by {after:.2f} ± {error:.2f} px.",
        *_centre_in_words(lines, fit, half_short),
    )
    pictures = tuple(photo.picture for photo in photos)
    return MeasuredLines(fit, lines, half_short, before, after, error, worth, charts, pictures, verdict)


def _worth(lines: Lines, fit: Straightening, farthest: float, aspect_ratio: float) -> Worth:
    """Weigh the distortion that was found; CalibrationError if it is not worth keeping."""
    weights = area_weights(aspect_ratio)
    correction, error = 100 * fit.correction(farthest, weights), 100 * fit.error(farthest, weights)
    worth = Worth("distortion", correction[None], error[None], weights, _reach(lines, fit, farthest))
    if worth.outcome is Outcome.NOTHING:
        raise CalibrationError(
            f"Nothing to correct: the lens has less distortion than {worth.limits.nothing:g} {worth.unit}."
        )
    if worth.outcome is Outcome.UNSURE:
        raise _not_enough(worth.why_unsure("longer lines, nearer to the borders and corners"))
    return worth


def _centre_in_words(lines: Lines, fit: Straightening, half_short: float) -> tuple[str, ...]:
    """Tell what in the lines speaks against an optical centre in the middle of the picture, if anything does."""
    seen = centre_shift(lines, fit)
    if seen is None:
        return ()
    shift, error = seen
    if not np.any(np.abs(shift) > OFF_CENTRE_ERRORS * error) or float(np.hypot(*shift)) < OFF_CENTRE:
        return ()
    (x, y), (x_error, y_error) = shift * half_short, error * half_short
    return (
        f"The lines see the optical centre {x:+.0f} ± {x_error:.0f} px across and {y:+.0f} ± {y_error:.0f} px down "
        "from the middle of the picture; the middle was taken. Was a photo cropped, or the lens shifted?",
    )


def _check(lines: Lines, fit: Straightening, farthest: float) -> None:
    """Refuse what does not carry a calibration."""
    good = fit.weights > AGREES
    if np.count_nonzero(good) < FEWEST:
        raise _not_enough(f"only {np.count_nonzero(good)} of {len(lines)} edges agree on one lens.")
    agreeing = float(np.sum(fit.weights * lines.lengths) / np.sum(lines.lengths))
    if agreeing < LEAST_AGREEING:
        raise _not_enough(f"of the edges in these photos only {100 * agreeing:.0f} % could be straight things.")
    reach = _reach(lines, fit, farthest)
    if reach < LEAST_REACH:
        raise _not_enough(f"the lines reach only {100 * reach:.0f} % of the way to the corners.")
    if folds(fit.polynomial, farthest):
        raise _not_enough("the edges in these photos contradict each other.")


def _reach(lines: Lines, fit: Straightening, farthest: float) -> float:
    """How far out the outermost lines lie that agree, in half diagonals."""
    points = lines.only(fit.weights > AGREES).points
    return float(np.quantile(np.hypot(points[..., 0], points[..., 1]).max(axis=1), 0.9)) / farthest


def _not_enough(why: str) -> CalibrationError:
    return CalibrationError(f"Not enough: {why}", Code.LINES)


def _mean_bend(lines: Lines, fit: Straightening, polynomial: Polynomial, half_short: float) -> tuple[float, float]:
    """Root mean square bend of the lines by their weight, in px of the photo, and its standard error."""
    each = bends_of_lines(lines, polynomial, half_short)
    if each is None:
        return math.inf, math.inf
    weight = fit.weights * lines.lengths
    weight = weight / weight.sum()
    mean = float(weight @ each**2)
    error = math.sqrt(float(weight**2 @ (each**2 - mean) ** 2))
    bend = math.sqrt(mean)
    return bend, error / (2 * bend) if bend else 0.0


def _reduced(frame: DecodedFrame) -> tuple[NDArray[np.float32], int]:
    """The mean of the colours, in code values of 0 to 1, averaged over squares of k px until it is small enough; k."""
    pixels = frame.pixels if frame.pixels.ndim == 3 else frame.pixels[:, :, None]
    height, width, planes = pixels.shape
    k = max(1, math.ceil(max(height, width) / SEARCHED))
    most = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1.0
    rows, columns = height // k, width // k
    if min(rows, columns) < SMALLEST:
        why = f"is too small ({width}x{height}) to show how lines bend."
        raise CalibrationError(why, Code.FRAMES, subject=frame.path)
    # The margin that makes no whole square is cut evenly, so that the centre stays where it is.
    top, left = (height - rows * k) / 2, (width - columns * k) / 2
    cut = pixels[int(top) : int(top) + rows * k, int(left) : int(left) + columns * k]
    grey = np.zeros((rows, columns), np.float32)
    for dy in range(k):
        for dx in range(k):
            grey += cut[dy::k, dx::k].sum(axis=2, dtype=np.float32)
    grey /= np.float32(k * k * planes * most)
    # Linear light is encoded, or noise in the lights would hide edges in the shadows.
    return (np.sqrt(np.clip(grey, 0, None)) if frame.transfer.is_linear else grey), k
