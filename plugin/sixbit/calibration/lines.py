"""Distortion from straight things: photos of architecture, of shelves, of tiles, or of a printed chart.

Edges are found and linked (``edges``), or the rows and columns of a chart (``chart``); the distortion is what makes
them straight (``straightness``). Things that are bent themselves speak against each other and lose their weight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sixbit.calibration.frames import check_untouched, open_frame, setting_of
from sixbit.calibration.keep import Setting, add
from sixbit.lenses.own import Run
from sixbit.measure.chart import chart_lines
from sixbit.measure.edges import edge_chains
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.straightness import BINS, Lines, Straightening, bends, centre_shift, line_of, straighten
from sixbit.values.errors import CalibrationError
from sixbit.values.lens import Model
from sixbit.values.watch import Progress, silent

FloatArray = NDArray[np.float64]

SEARCHED = 2400
"""Px of the longer side in which lines are looked for: a tenth of a px there is far below what has to be known."""
SHORTEST = 0.06
"""Of the diagonal: shorter lines bend too little to say anything."""

# What the lines must be. The figures were set by benchmarks/calibrate_lines.py: scenes without lines fail, others pass.
FEWEST = 20
LEAST_AGREEING = 0.5
"""Share of all edges, by length, that the model makes straight."""
LEAST_REACH = 0.55
"""Of the half diagonal: how far out the outermost lines are."""
OFF_CENTRE, OFF_CENTRE_ERRORS = 0.02, 4.0
"""Shift of the optical centre that is worth telling: in half short sides, and in its standard errors."""
LEAST_SURE = 0.00035
"""Standard error of the distortion, in half diagonals: what is found has to be right to 0.0005."""


@dataclass(frozen=True, eq=False)
class LinesResult:
    """What lines have shown. Bends are root mean squares over the lines that agree, in px of the photo.

    ``uncertainty`` is the standard error of the distortion where it is largest, in px. ``lines`` has every line that
    was found, ``pictures`` the photos as they were searched (grey, 8 bits), for drawing. ``verdict`` says it in words.
    """

    setting: Setting
    photos: int
    fit: Straightening
    lines: Lines
    half_short_px: float
    bend_before: float
    bend_after: float
    bend_error: float
    uncertainty: float
    charts: int
    pictures: tuple[NDArray[np.uint8], ...]
    verdict: tuple[str, ...]

    @property
    def distortion(self) -> Model:
        """As lensfun has it."""
        return Model(self.fit.model, self.fit.terms)


def measure_lines(
    paths: Sequence[str | Path],
    lens: str | None = None,
    *,
    crop_factor: float | None = None,
    focal_mm: float | None = None,
    f_number: float | None = None,
    distance_m: float | None = None,
    progress: Progress = silent,
) -> LinesResult:
    """Measure the distortion of a lens from photos of straight things, five or so, with lines far from the centre.

    ``lens`` is its identity, where the photos do not say it; so are the rest. Raises CalibrationError, with the reason
    and what would do, where the lines are too few, too near the centre or disagree; PhotoError for files that are no
    photos. Nothing is kept: see :func:`keep`.
    """
    if not paths:
        raise CalibrationError("Give photos of straight things: five of a building, a shelf or a tiled wall do.")
    shots, sizes, found, pictures = [], [], [], []
    charts = 0
    for number, path in enumerate(paths):
        name = Path(path).name
        progress(number / len(paths) * 0.8, f"reading {name}")
        frame = open_frame(path)
        check_untouched([frame.shot])
        shots.append(frame.shot)
        sizes.append(frame.size)
        progress((number + 0.5) / len(paths) * 0.8, f"looking for lines in {name}")
        grey, shrunk = _reduced(frame)
        frame_size = frame.size
        del frame
        lines, is_chart = lines_in(grey, number, (min(frame_size) - 1) / (2 * shrunk))
        charts += is_chart
        found.append(lines)
        pictures.append(np.clip(255 * grey, 0, 255).astype(np.uint8))
    setting = setting_of(
        shots, sizes, lens, crop_factor=crop_factor, focal_mm=focal_mm, f_number=f_number, distance_m=distance_m
    )
    progress(0.8, "fitting")
    result = fit_lines(found, setting, sizes, pictures, charts)
    progress(1.0, "done")
    return result


def keep(result: LinesResult) -> Run:
    """Keep the distortion in the user's database, for every program."""
    what = f"{result.charts} of a chart" if result.charts else "of straight lines"
    photos = f"{result.photos} photo{'s' if result.photos > 1 else ''} {what}"
    return add(result.setting, f"{photos}, bend left {result.bend_after:.2f} px", distortion=result.distortion)


def lines_in(grey: NDArray[np.float32], photo: int = 0, half_short: float | None = None) -> tuple[Lines, bool]:
    """The lines of a grey picture (code values, 0 to 1), and whether they are those of a chart.

    ``half_short`` is half the short side of the photo in px of this picture, if it is not that of the picture itself.
    """
    height, width = grey.shape
    half = half_short or (min(height, width) - 1) / 2
    chains = chart_lines(grey)
    is_chart = bool(chains)
    if not is_chart:
        chains = [chain.points for chain in edge_chains(grey, SHORTEST * math.hypot(height, width))]
    centred = [line_of((points - [(width - 1) / 2, (height - 1) / 2]) / half) for points in chains]
    points = np.array(centred).reshape(-1, BINS, 2)
    return Lines(points, np.full(len(points), half), np.full(len(points), photo)), is_chart


def fit_lines(
    found: Sequence[Lines],
    setting: Setting,
    sizes: Sequence[tuple[int, int]],
    pictures: Sequence[NDArray[np.uint8]] = (),
    charts: int = 0,
) -> LinesResult:
    """The same from lines: the part that is mathematics alone. ``sizes`` are widths and heights of the photos."""
    lines = Lines(
        np.concatenate([one.points for one in found]),
        np.concatenate([one.px for one in found]),
        np.concatenate([one.photo for one in found]),
    )
    advice = "Take about five photos of a building, a shelf or a tiled wall, with long straight edges near the borders."
    if len(lines) < FEWEST:
        raise CalibrationError(f"Not enough: only {len(lines)} long edges were found in these photos. {advice}")
    fit = straighten(lines)
    good = fit.weights > 0.5
    width, height = sizes[0]
    half_short = (min(width, height) - 1) / 2
    farthest = math.hypot(width - 1, height - 1) / 2 / half_short
    _check(lines, fit, farthest, advice)
    before, _ = _bend(lines, fit, (1.0,), half_short)
    after, error = _bend(lines, fit, fit.polynomial, half_short)
    share = fit.uncertainty(farthest)
    uncertainty = share * farthest * half_short
    photos = f"{len(found)} photo{'s' * (len(found) > 1)}{f', {charts} of them with a chart,' if charts else ''}"
    verdict = [f"{int(good.sum())} of {len(lines)} edges in {photos} agree on one lens."]
    verdict.append(
        f"Distortion: {fit.model}, {', '.join(f'{term:.5f}' for term in fit.terms)}; over the frame it is known to "
        f"{uncertainty:.2f} px ({100 * share:.3f} % of the half diagonal)."
    )
    verdict.append(f"The lines were bent by {before:.2f} px and still are by {after:.2f} ± {error:.2f} px.")
    verdict += _of_centre(lines, fit, half_short)
    return LinesResult(
        setting,
        len(found),
        fit,
        lines,
        half_short,
        before,
        after,
        error,
        uncertainty,
        charts,
        tuple(pictures),
        tuple(verdict),
    )


def _of_centre(lines: Lines, fit: Straightening, half_short: float) -> list[str]:
    """What the lines say against an optical centre in the middle of the picture, if they do."""
    seen = centre_shift(lines, fit)
    if seen is None:
        return []
    shift, error = seen
    if not np.any(np.abs(shift) > OFF_CENTRE_ERRORS * error) or float(np.hypot(*shift)) < OFF_CENTRE:
        return []
    (x, y), (x_error, y_error) = shift * half_short, error * half_short
    return [
        f"The lines see the optical centre {x:+.0f} ± {x_error:.0f} px across and {y:+.0f} ± {y_error:.0f} px down "
        "from the middle of the picture; the middle was taken. Was a photo cropped, or the lens shifted?"
    ]


def _check(lines: Lines, fit: Straightening, farthest: float, advice: str) -> None:
    """Refuse what does not carry a calibration."""
    good = fit.weights > 0.5
    if int(good.sum()) < FEWEST:
        raise CalibrationError(f"Not enough: only {int(good.sum())} of {len(lines)} edges agree on one lens. {advice}")
    agreeing = float(np.sum(fit.weights * lines.lengths) / np.sum(lines.lengths))
    if agreeing < LEAST_AGREEING:
        raise CalibrationError(
            f"Not enough: of the edges in these photos only {100 * agreeing:.0f} % could be straight things. {advice}"
        )
    points = lines.some(good).points
    reach = float(np.quantile(np.hypot(points[..., 0], points[..., 1]).max(axis=1), 0.9)) / farthest
    if reach < LEAST_REACH:
        raise CalibrationError(
            f"Not enough: the lines reach only {100 * reach:.0f} % of the way to the corners. {advice}"
        )
    share = fit.uncertainty(farthest)
    if not share < LEAST_SURE:
        raise CalibrationError(
            "Not enough: the lines leave the distortion uncertain by "
            f"{100 * share:.2f} % of the half diagonal. {advice}"
            if math.isfinite(share)
            else f"Not enough: the edges in these photos contradict each other. {advice}"
        )


def _bend(lines: Lines, fit: Straightening, polynomial: tuple[float, ...], half_short: float) -> tuple[float, float]:
    """Root mean square bend of the lines that agree, in px of the photo, and its standard error."""
    rest = bends(lines, polynomial)
    if rest is None:
        return math.inf, math.inf
    weight = fit.weights * lines.lengths
    weight = weight / weight.sum()
    square = np.mean((rest / lines.px[:, None] * half_short) ** 2, axis=1)
    mean = float(weight @ square)
    error = math.sqrt(float(weight**2 @ (square - mean) ** 2))
    bend = math.sqrt(mean)
    return bend, error / (2 * bend) if bend else 0.0


def _reduced(frame: DecodedFrame) -> tuple[NDArray[np.float32], int]:
    """The mean of the colours, in code values of 0 to 1, averaged over squares of k px until it is small enough; k."""
    pixels = frame.pixels if frame.pixels.ndim == 3 else frame.pixels[:, :, None]
    height, width, planes = pixels.shape
    k = max(1, math.ceil(max(height, width) / SEARCHED))
    most = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1.0
    rows, columns = height // k, width // k
    if min(rows, columns) < 64:
        raise CalibrationError(f"{frame.name}: is too small ({width}x{height}) to show how lines bend.")
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
