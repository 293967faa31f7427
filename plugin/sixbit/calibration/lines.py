"""Distortion of a lens from photos of straight things: read, measured (:mod:`sixbit.measure.lines`), and kept."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from pathlib import Path

from sixbit.calibration.frames import Frames, Result, read_frames, setting_of
from sixbit.calibration.keep import add
from sixbit.lenses.own import Run
from sixbit.measure.boards import places_of
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.lines import MeasuredLines, PhotoLines, fit_lines, lines_of
from sixbit.values.choices import USUAL, Choices
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.watch import Progress, part, silent

LinesResult = Result[MeasuredLines]

NEARLY = 0.03
"""Share of the longer side by which a photo may differ from most and is then left out."""


def measure_lines(paths: Sequence[str | Path], choices: Choices = USUAL, progress: Progress = silent) -> LinesResult:
    """Measure the distortion of a lens from photos of straight things, five or so, with lines far from the centre.

    ``choices`` say of lens and setting what the photos do not. Raises CalibrationError, with the reason, where the
    lines are too few, too near the centre or disagree; PhotoError for files that are no photos. Nothing is kept: see
    :func:`keep`.
    """
    if not paths:
        raise CalibrationError("There is no photo to measure.", Code.LINES)
    frames, notes = _of_one_size(read_frames(paths, _lines_in, progress=part(progress, 0, 0.8)))
    frames, more = _of_several_places(frames)
    setting = setting_of(frames, choices)
    progress(0.8, "fitting")
    found = fit_lines(frames.measured, frames.sizes[0])
    progress(1.0, "done")
    return Result(setting, frames.names, found, (*notes, *more))


def _of_one_size(frames: Frames[PhotoLines]) -> tuple[Frames[PhotoLines], tuple[str, ...]]:
    """Leave out photos that are a few px larger or smaller than most: nobody knows what was cut off or added, or where.

    Returns the others, and what is to be said of those.
    """
    sizes = [tuple(sorted(size)) for size in frames.sizes]
    usual = max(sizes, key=lambda size: (sizes.count(size), size))
    odd = [size != usual and abs(size[1] / usual[1] - 1) < NEARLY for size in sizes]
    return _without(frames, odd, "being a few pixels larger or smaller than the other photos")


def _of_several_places(frames: Frames[PhotoLines]) -> tuple[Frames[PhotoLines], tuple[str, ...]]:
    """Leave out photos of a chart that were taken from where another was, as in a burst: they err as that one does."""
    shown = [photo.board for photo in frames.measured if photo.board]
    places, seen, again = iter(places_of(shown)), set(), []
    for photo in frames.measured:
        place = next(places) if photo.board else None
        again.append(place in seen)
        seen |= set() if place is None else {place}
    return _without(frames, again, "as they show the chart from where another photo does")


def _without(
    frames: Frames[PhotoLines], left_out: Sequence[bool], why: str
) -> tuple[Frames[PhotoLines], tuple[str, ...]]:
    """The other frames, and what is to be said of those that are left out."""
    if not any(left_out):
        return frames, ()
    keep = [not is_left for is_left in left_out]
    kept = Frames(
        tuple(compress(frames.names, keep)),
        tuple(compress(frames.shots, keep)),
        tuple(compress(frames.sizes, keep)),
        tuple(compress(frames.measured, keep)),
    )
    return kept, (f"Left out, {why}: {', '.join(compress(frames.names, left_out))}.",)


def keep(result: LinesResult) -> Run:
    """Keep the distortion in the user's database, for every program."""
    found, count = result.found, len(result.frames)
    what = f", {found.charts} of a chart" if found.charts else " of straight lines"
    centre = (float(found.centre[0]), float(found.centre[1])) if found.centre.any() else None
    source = f"{count} photo{'s' if count > 1 else ''}{what}, bend left {found.bend_after:.2f} px"
    known = {"distortion": found.worth.known}
    return add(result.setting, source, known=known, centre=centre, distortion=found.distortion)


def _lines_in(frame: DecodedFrame, progress: Progress) -> PhotoLines:
    progress(0.0, f"looking for lines in {frame.name}")
    return lines_of(frame)
