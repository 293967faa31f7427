"""Distortion of a lens from straight things: photos of architecture, of shelves, of tiles, or of a printed chart.

Edges are found and linked (``edges``); the distortion is what makes them straight (``straightness``). Things that are
bent themselves speak against each other and lose their weight. Where photos show a chart (``chart``), its corners are
fitted as those of a plane grid (``boards``), and the others are left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.measure import boards as charts
from sixbit.measure import shape
from sixbit.measure.boards import fit_boards
from sixbit.measure.camera import OFF_CENTRE, OFF_CENTRE_ERRORS
from sixbit.measure.chart import Board, chart_in
from sixbit.measure.edges import edge_chains
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.reduced import reduced_grey
from sixbit.measure.seen import SeenLines
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
from sixbit.values.known import give_or_take
from sixbit.values.lens import Model
from sixbit.values.polynomial import UNITY, Polynomial
from sixbit.values.sentence import Sentence

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


class LinesError(CalibrationError):
    """The lines of photos do not carry a calibration; ``seen`` has them, to be drawn, and ``names`` the photos'."""

    seen: SeenLines
    names: tuple[str, ...] = ()


class NoDistortionError(LinesError, NothingToCorrectError):
    """The lines are straight as they are."""


@dataclass(frozen=True, eq=False)
class MeasuredLines:
    """Distortion that the lines of several photos have shown.

    ``seen`` has every line that was found, ``fit`` the model that makes them straight. Bends are root mean squares
    over the lines that agree, in px of the photo, of which ``half_short_px`` make half a short side. ``worth`` has the
    error of the distortion over the radius. ``charts`` counts the photos of a chart that were fitted as such.
    ``verdict`` says it in words.
    """

    fit: Straightening
    seen: SeenLines
    half_short_px: float
    bend_before: float
    bend_after: float
    bend_error: float
    worth: Worth
    charts: int
    verdict: tuple[str, ...]

    @property
    def lines(self) -> Lines:
        """Every line, with its points about the centre."""
        return self.seen.lines

    @property
    def centre(self) -> FloatArray:
        """The optical centre in half short sides from the middle."""
        return self.seen.centre

    @property
    def pictures(self) -> tuple[NDArray[np.uint8], ...]:
        """The pictures of the photos that were used, as they were searched."""
        return self.seen.pictures

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

    Photos of a chart are fitted by its corners, if there are ``boards.FEWEST`` of them. Raises LinesError, with the
    reason, if the lines do not carry it.
    """
    width, height = size
    farthest = math.hypot(width - 1, height - 1) / (min(width, height) - 1)
    weights = area_weights(max(width, height) / min(width, height))
    if found := _of_boards(photos, size, farthest, weights):
        return found
    lines = Lines.joined([photo.lines for photo in photos])
    seen = _seen(photos, range(len(photos)), lines, np.zeros(2))
    if len(lines) < FEWEST:
        few = Sentence(
            "only {count} long edges were found in these photos, and it takes {fewest}.",
            count=len(lines),
            fewest=FEWEST,
        )
        raise _not_enough(few, seen)
    # Photos that lie and photos that stand see the centre in different places.
    lines, fit, centre, centre_error = _about_their_centre(lines, len({photo.picture.shape for photo in photos}) == 1)
    seen = replace(seen, lines=lines, fit=fit, centre=centre)
    _check(seen, fit, farthest)
    correction, error = 100 * fit.correction(farthest, weights), 100 * fit.error(farthest, weights)
    worth = Worth("distortion", correction[None], error[None], weights, _reach(lines, fit, farthest, FEW))
    seen = _worthy(replace(seen, worth=worth))
    agreeing = int(np.count_nonzero(fit.weights > AGREES))
    first = Sentence("{agreeing} of {count} edges in 1 photo agree on one lens.", agreeing=agreeing, count=len(lines))
    if len(photos) > 1:
        first = Sentence(
            "{agreeing} of {count} edges in {photos} photos agree on one lens.",
            agreeing=agreeing,
            count=len(lines),
            photos=len(photos),
        )
    return _measured(seen, fit, size, worth, centre_error, first)


def _of_boards(
    photos: Sequence[PhotoLines], size: tuple[int, int], farthest: float, weights: FloatArray
) -> MeasuredLines | None:
    """Fit the photos of a chart alone; None if they are too few, or do not fit together."""
    shown = [number for number, photo in enumerate(photos) if photo.board]
    if len(shown) < charts.FEWEST or len({photos[number].picture.shape for number in shown}) > 1:
        return None
    boards = [board for photo in photos if (board := photo.board)]
    fitted = fit_boards(boards, farthest, weights)
    if fitted is None:
        return None
    found = fitted.lens
    used = [number for number, fits in zip(shown, fitted.used, strict=True) if fits]
    lines = Lines.joined([photos[number].lines for number in used]).about(found.centre)
    if found.centre.any() or len(lines) < FEWEST:
        fit = Straightening(found.model, found.terms, np.ones(len(lines)))
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
    worth = Worth("distortion", 100 * correction[None], 100 * error[None], weights, found.reach)
    seen = _worthy(replace(_seen(photos, used, lines, found.centre), fit=fit, worth=worth))
    others: str = ""
    if len(used) < len(photos):
        others = Sentence("; the other {count} were left out", count=len(photos) - len(used))
    first = Sentence(
        "{used} of {count} photos show a chart whose corners fit one lens{others}.",
        used=len(used),
        count=len(photos),
        others=others,
    )
    return _measured(seen, fit, size, worth, found.centre_error, first, len(used))


def _seen(photos: Sequence[PhotoLines], used: Sequence[int], lines: Lines, centre: FloatArray) -> SeenLines:
    """Collect what was seen in those of the photos that are used."""
    corners = [len(photo.board.points) if photo.board else 0 for photo in photos]
    return SeenLines(
        lines=lines,
        pictures=tuple(photos[number].picture for number in used),
        corners=tuple(corners[number] for number in used),
        photos=tuple(used),
        others={number: corners[number] for number in range(len(photos)) if number not in used},
        centre=centre,
    )


def _measured(
    seen: SeenLines,
    fit: Straightening,
    size: tuple[int, int],
    worth: Worth,
    centre_error: FloatArray,
    first: str,
    charts: int = 0,
) -> MeasuredLines:
    half_short = (min(size) - 1) / 2
    farthest = math.hypot(size[0] - 1, size[1] - 1) / (min(size) - 1)
    before, _ = _mean_bend(seen.lines, fit, UNITY, half_short)
    after, error = _mean_bend(seen.lines, fit, fit.polynomial, half_short)
    distortion = shape.in_words(shape.percent(fit.polynomial, farthest))
    verdict = (
        first,
        Sentence(
            "Distortion: {distortion}. It is known to {error} there, but for the size of the picture, which bends "
            "nothing.",
            distortion=distortion,
            error=worth.corner_error,
        ),
        *worth.reach_in_words,
        *shape.centre_in_words(seen.centre * half_short, centre_error * half_short),
        Sentence(
            "The lines were bent by {before:.2f} px and still are by {after:.2f} px, give or take {error}. In "
            "lensfun's terms it is {model}, {terms}.",
            before=before,
            after=after,
            error=give_or_take(error, "tca"),
            model=fit.model,
            terms=", ".join(f"{term:.5f}" for term in fit.terms),
        ),
    )
    return MeasuredLines(fit, seen, half_short, before, after, error, worth, charts, verdict)


def _worthy(seen: SeenLines) -> SeenLines:
    """Refuse a distortion that is not worth keeping."""
    worth = seen.worth
    if worth and worth.outcome is Outcome.NOTHING:
        why = Sentence(
            "Nothing to correct: the lens has less distortion than {least:g} {unit}.",
            least=worth.limits.nothing,
            unit=worth.unit,
        )
        raise _refusal(NoDistortionError(why), seen)
    if worth and worth.outcome is Outcome.UNSURE:
        raise _not_enough(worth.why_unsure(seen.helps), seen)
    return seen


def _about_their_centre(lines: Lines, alike: bool) -> tuple[Lines, Straightening, FloatArray, FloatArray]:
    """Fit lines about the optical centre, which is the middle of the picture unless they surely see it beside that.

    Returns the lines about it, the fit, and the centre with its standard error.
    """
    fit, centre, error = straighten(lines), np.zeros(2), np.zeros(2)
    for _ in range(CENTRINGS if alike else 0):
        seen = centre_shift(lines, fit)
        if seen is None:
            break
        shift, error = centre + seen.shift, seen.error
        surely = np.any(np.abs(shift) > OFF_CENTRE_ERRORS * error) and np.hypot(*shift) >= OFF_CENTRE
        if not surely or np.abs(shift).max() > FARTHEST_CENTRE:
            # It may lie there all the same.
            fit = replace(fit, rivals=(*fit.rivals, seen.polynomial))
            break
        lines, centre = lines.about(seen.shift), shift
        fit = straighten(lines)
    return lines, fit, centre, error


def _check(seen: SeenLines, fit: Straightening, farthest: float) -> None:
    """Refuse what does not carry a calibration."""
    lines, agreeing = seen.lines, int(np.count_nonzero(fit.weights > AGREES))
    if agreeing < FEWEST:
        few = Sentence(
            "only {agreeing} of {count} edges agree on one lens, and it takes {fewest}.",
            agreeing=agreeing,
            count=len(lines),
            fewest=FEWEST,
        )
        raise _not_enough(few, seen)
    edges = len(np.unique(fit.left_out.things[fit.weights > AGREES])) if fit.left_out else agreeing
    if edges < FEWEST:
        few = Sentence(
            "these photos show the same edges from one place, only {edges} different ones, and it takes {fewest}. What "
            "helps: photos of other things, or from other places.",
            edges=edges,
            fewest=FEWEST,
        )
        raise _not_enough(few, seen)
    share = float(np.sum(fit.weights * lines.lengths) / np.sum(lines.lengths))
    if share < LEAST_AGREEING:
        few = Sentence(
            "of the edges in these photos only {percent:.0f} % could be straight things, by their length, and "
            "{least:.0f} % have to be.",
            percent=100 * share,
            least=100 * LEAST_AGREEING,
        )
        raise _not_enough(few, seen)
    reach = _reach(lines, fit, farthest, SOME)
    if reach < LEAST_REACH:
        short = Sentence(
            "the lines reach only {percent:.0f} % of the way to the corners, and {least:.0f} % are needed. What helps: "
            "{helps}.",
            percent=100 * reach,
            least=100 * LEAST_REACH,
            helps=seen.helps,
        )
        raise _not_enough(short, seen)
    if folds(fit.polynomial, farthest):
        raise _not_enough(Sentence("the edges in these photos contradict each other."), seen)


def _reach(lines: Lines, fit: Straightening, farthest: float, share: float) -> float:
    """How far out this share of the lines that agree goes, in half diagonals."""
    points = lines.only(fit.weights > AGREES).points
    return float(np.quantile(np.hypot(points[..., 0], points[..., 1]).max(axis=1), 1 - share)) / farthest


def _not_enough(why: str, seen: SeenLines) -> LinesError:
    return _refusal(LinesError(Sentence("Not enough: {why}", why=why), Code.LINES), seen)


def _refusal(error: LinesError, seen: SeenLines) -> LinesError:
    error.seen = seen
    return error


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
