"""Distortion of a lens from straight things: photos of architecture, of shelves, of tiles, or of a printed chart.

Edges are found and linked (``edges``); the distortion is what makes them straight (``straightness``). Things that are
bent themselves speak against each other and lose their weight. Where photos show a chart (``chart``), its corners are
fitted as those of a plane grid (``boards``), and the others are left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.measure import boards as charts
from sixbit.measure.boards import fit_boards
from sixbit.measure.camera import OFF_CENTRE, OFF_CENTRE_ERRORS
from sixbit.measure.chart import Board, chart_in
from sixbit.measure.edges import edge_chains
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.reduced import reduced_grey
from sixbit.measure.straightness import (
    AGREES,
    BINS,
    Lines,
    Straightening,
    bends_of_lines,
    centre_shift,
    folds,
    line_of,
    polynomial_of,
    straighten,
)
from sixbit.measure.worth import RADII, NothingToCorrectError, Outcome, Worth, area_weights
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.known import SURE
from sixbit.values.lens import Model
from sixbit.values.polynomial import UNITY, Polynomial

SEARCHED = 2400
"""Px of the longer side in which lines are looked for: a tenth of a px there is far below what has to be known."""
SHORTEST = 0.06
"""Length of a line in diagonals: shorter ones bend too little to say anything."""

# What the lines must be. The figures were set by benchmarks/calibrate_lines.py: scenes without lines fail, others pass.
FEWEST = 20
"""Lines that must be found, and that must agree."""
LEAST_AGREEING = 0.5
"""Share of all edges, by length, that the model makes straight."""
LEAST_REACH = 0.55
"""Distance from the centre, in half diagonals, that some lines must go beyond."""
SOME = 0.1
FEW = 0.02
"""Share of the lines that go farther out than the distortion counts as measured."""
FARTHEST_CENTRE = 0.3
"""Half short sides beside the middle where no optical centre of a whole photo lies."""
CENTRINGS = 3
"""Steps to the optical centre at most."""


class PhotoLines(NamedTuple):
    """Lines that one photo shows, the chart if they are of one, and the picture they were found in (grey)."""

    lines: Lines
    board: Board | None
    picture: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class MeasuredLines:
    """Distortion that the lines of several photos have shown.

    ``lines`` has every line that was found, ``fit`` the model that makes them straight. Bends are root mean squares
    over the lines that agree, in px of the photo, of which ``half_short_px`` make half a short side. ``worth`` has the
    error of the distortion over the radius. The points of lines are about ``centre``, which is in half short sides from
    the middle. ``charts`` counts the photos of a chart that were fitted as such, ``pictures`` are those that were
    searched, for drawing. ``verdict`` says it in words.
    """

    fit: Straightening
    lines: Lines
    half_short_px: float
    bend_before: float
    bend_after: float
    bend_error: float
    worth: Worth
    centre: FloatArray
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


def lines_of(frame: DecodedFrame, *, charts: bool = True) -> PhotoLines:
    """Find the lines of a photo, in a picture of at most ``SEARCHED`` px.

    Without ``charts`` it is not looked for one, which takes as long as the lines. Raises CalibrationError for a photo
    that is too small.
    """
    grey, factor = reduced_grey(frame, SEARCHED)
    return lines_in(grey, (min(frame.size) - 1) / (2 * factor), charts=charts)


def lines_in(grey: NDArray[np.float32], half_short: float | None = None, *, charts: bool = True) -> PhotoLines:
    """Find the lines of a grey picture (code values, 0 to 1).

    ``half_short`` is half the short side of the photo in px of this picture, if it is not that of the picture itself.
    """
    height, width = grey.shape
    half = half_short or (min(height, width) - 1) / 2
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    board = chart_in(grey) if charts else None
    chains = board.lines if board else edge_chains(grey, SHORTEST * math.hypot(height, width))
    centred = [line_of((points - middle) / half) for points in chains]
    points = np.array(centred).reshape(-1, BINS, 2)
    lines = Lines(points, np.full(len(points), half), np.zeros(len(points), int))
    return PhotoLines(lines, board and board.moved(middle, half), np.clip(255 * grey, 0, 255).astype(np.uint8))


def fit_lines(photos: Sequence[PhotoLines], size: tuple[int, int]) -> MeasuredLines:
    """Fit the distortion that makes the lines of photos straight; ``size`` is their width and height in px.

    Photos of a chart are fitted by its corners, if there are ``boards.FEWEST`` of them. Raises CalibrationError, with
    the reason, if the lines do not carry it.
    """
    width, height = size
    half_short = (min(width, height) - 1) / 2
    farthest = math.hypot(width - 1, height - 1) / 2 / half_short
    weights = area_weights(max(width, height) / min(width, height))
    if found := _of_boards(photos, half_short, farthest, weights):
        return found
    lines = Lines.joined([photo.lines for photo in photos])
    if len(lines) < FEWEST:
        raise _not_enough(f"only {len(lines)} long edges were found in these photos.")
    # Photos that lie and photos that stand see the centre in different places.
    lines, fit, centre, centre_error = _about_their_centre(lines, len({photo.picture.shape for photo in photos}) == 1)
    _check(lines, fit, farthest)
    correction, error = 100 * fit.correction(farthest, weights), 100 * fit.error(farthest, weights)
    worth = _worth(Worth("distortion", correction[None], error[None], weights, _reach(lines, fit, farthest, FEW)))
    agreeing = np.count_nonzero(fit.weights > AGREES)
    plural = "s" if len(photos) > 1 else ""
    first = f"{agreeing} of {len(lines)} edges in {len(photos)} photo{plural} agree on one lens."
    return _measured(photos, lines, fit, half_short, worth, centre, centre_error, (first,))


def _of_boards(
    photos: Sequence[PhotoLines], half_short: float, farthest: float, weights: FloatArray
) -> MeasuredLines | None:
    """Fit the photos of a chart alone; None if they are too few, or do not fit together."""
    shown = [photo for photo in photos if photo.board]
    if len(shown) < charts.FEWEST or len({photo.picture.shape for photo in shown}) > 1:
        return None
    boards = [photo.board for photo in shown if photo.board]
    fitted = fit_boards(boards, farthest, weights)
    if fitted is None:
        return None
    found = fitted.lens
    used = [photo for photo, fits in zip(shown, fitted.used, strict=True) if fits]
    lines = Lines.joined([photo.lines for photo in used]).about(found.centre)
    if found.centre.any() or len(lines) < FEWEST:
        fit = Straightening(found.model, found.terms, np.ones(len(lines)), np.zeros((len(found.terms),) * 2))
        error = found.error
    else:
        # lensfun's own models go on better where no corner was: of rendered charts that reached 0.65 of the half
        # diagonal, they were off by 0.001 % in the corner of it and OpenCV's even powers by 0.3 %.
        fit = straighten(lines)
        error = fit.error(farthest, weights)
        if found.is_doubtful:  # The corners follow another centre than the lines can.
            away = np.abs(fit.apart_from(polynomial_of(found.model, found.terms), farthest, weights))
            error = np.hypot(error, np.where(found.reach >= RADII, away, np.interp(found.reach, RADII, away)) / 2)
    correction = fit.correction(farthest, weights)
    worth = _worth(Worth("distortion", 100 * correction[None], 100 * error[None], weights, found.reach))
    others = f"; the other {len(photos) - len(used)} were left out" if len(used) < len(photos) else ""
    first = f"{len(used)} of {len(photos)} photos show a chart whose corners fit one lens{others}."
    return _measured(used, lines, fit, half_short, worth, found.centre, found.centre_error, (first,), len(used))


def _measured(
    photos: Sequence[PhotoLines],
    lines: Lines,
    fit: Straightening,
    half_short: float,
    worth: Worth,
    centre: FloatArray,
    centre_error: FloatArray,
    first: tuple[str, ...],
    charts: int = 0,
) -> MeasuredLines:
    before, _ = _mean_bend(lines, fit, UNITY, half_short)
    after, error = _mean_bend(lines, fit, fit.polynomial, half_short)
    verdict = (
        *first,
        f"Distortion: {fit.model}, {', '.join(f'{term:.5f}' for term in fit.terms)}; in the corners it is known to "
        f"{worth.corner_error}.",
        *worth.reach_in_words,
        *_centre_in_words(centre * half_short, centre_error * half_short),
        f"The lines were bent by {before:.2f} px and still are by {after:.2f} ± {error:.2f} px.",
    )
    pictures = tuple(photo.picture for photo in photos)
    return MeasuredLines(fit, lines, half_short, before, after, error, worth, centre, charts, pictures, verdict)


def _worth(worth: Worth) -> Worth:
    """Refuse a distortion that is not worth keeping."""
    if worth.outcome is Outcome.NOTHING:
        raise NothingToCorrectError(
            f"Nothing to correct: the lens has less distortion than {worth.limits.nothing:g} {worth.unit}."
        )
    if worth.outcome is Outcome.UNSURE:
        raise _not_enough(worth.why_unsure("longer lines, nearer to the borders and corners"))
    return worth


def _about_their_centre(lines: Lines, alike: bool) -> tuple[Lines, Straightening, FloatArray, FloatArray]:
    """Fit lines about the optical centre, which is the middle of the picture unless they surely see it beside that.

    Returns the lines about it, the fit, and the centre with its standard error.
    """
    fit, centre, error = straighten(lines), np.zeros(2), np.zeros(2)
    for _ in range(CENTRINGS if alike else 0):
        seen = centre_shift(lines, fit)
        if seen is None:
            break
        step, error = seen
        shift = centre + step
        surely = np.any(np.abs(shift) > OFF_CENTRE_ERRORS * error) and np.hypot(*shift) >= OFF_CENTRE
        if not surely or np.abs(shift).max() > FARTHEST_CENTRE:
            break
        lines, centre = lines.about(step), shift
        fit = straighten(lines)
    return lines, fit, centre, error


def _centre_in_words(centre: FloatArray, error: FloatArray) -> tuple[str, ...]:
    """Tell of an optical centre beside the middle; both in px."""
    if not centre.any():
        return ()
    (x, y), (x_error, y_error) = centre, SURE * error
    return (
        f"The optical centre lies {x:+.0f} ± {x_error:.0f} px across and {y:+.0f} ± {y_error:.0f} px down from the "
        "middle of the picture, and is used. If a photo was cropped, that is why.",
    )


def _check(lines: Lines, fit: Straightening, farthest: float) -> None:
    """Refuse what does not carry a calibration."""
    good = fit.weights > AGREES
    if np.count_nonzero(good) < FEWEST:
        raise _not_enough(f"only {np.count_nonzero(good)} of {len(lines)} edges agree on one lens.")
    agreeing = float(np.sum(fit.weights * lines.lengths) / np.sum(lines.lengths))
    if agreeing < LEAST_AGREEING:
        raise _not_enough(f"of the edges in these photos only {100 * agreeing:.0f} % could be straight things.")
    reach = _reach(lines, fit, farthest, SOME)
    if reach < LEAST_REACH:
        raise _not_enough(f"the lines reach only {100 * reach:.0f} % of the way to the corners.")
    if folds(fit.polynomial, farthest):
        raise _not_enough("the edges in these photos contradict each other.")


def _reach(lines: Lines, fit: Straightening, farthest: float, share: float) -> float:
    """How far out this share of the lines that agree goes, in half diagonals."""
    points = lines.only(fit.weights > AGREES).points
    return float(np.quantile(np.hypot(points[..., 0], points[..., 1]).max(axis=1), 1 - share)) / farthest


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
