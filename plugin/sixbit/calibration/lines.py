"""Distortion of a lens from photos of straight things: read, measured (:mod:`sixbit.measure.lines`), and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sixbit.calibration.frames import Frames, Result, of_one_size, read_frames, setting_of
from sixbit.calibration.keep import add
from sixbit.lenses.own import Run
from sixbit.measure.boards import places_of
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.lines import LinesError, MeasuredLines, PhotoLines, fit_lines, lines_of
from sixbit.values.choices import USUAL, Choices
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.sentence import Sentence
from sixbit.values.watch import Progress, part, silent

LinesResult = Result[MeasuredLines]


def measure_lines(paths: Sequence[str | Path], choices: Choices = USUAL, progress: Progress = silent) -> LinesResult:
    """Measure the distortion of a lens from photos of straight things, five or so, with lines far from the centre.

    ``choices`` say of lens and setting what the photos do not. Raises CalibrationError, with the reason, where the
    lines are too few, too near the centre or disagree: a LinesError, which has what was seen. Raises PhotoError for
    files that are no photos. Nothing is kept: see :func:`keep`.
    """
    if not paths:
        raise CalibrationError("There is no photo to measure.", Code.LINES)
    frames, notes = of_one_size(read_frames(paths, _lines_in, progress=part(progress, 0, 0.8)))
    frames, more = _of_several_places(frames)
    setting = setting_of(frames, choices)
    progress(0.8, "fitting")
    try:
        found = fit_lines(frames.measured, frames.sizes[0])
    except LinesError as error:
        error.names = frames.names
        raise
    progress(1.0, "done")
    return Result(setting, frames.names, found, (*notes, *more), frames.photos)


def _of_several_places(frames: Frames[PhotoLines]) -> tuple[Frames[PhotoLines], tuple[str, ...]]:
    """Leave out photos of a chart that were taken from where another was, as in a burst: they err as that one does."""
    shown = [photo.board for photo in frames.measured if photo.board]
    places, seen, again = iter(places_of(shown)), set(), []
    for photo in frames.measured:
        place = next(places) if photo.board else None
        again.append(place in seen)
        seen |= set() if place is None else {place}
    return frames.without(again, Sentence("as they show the chart from where another photo does"))


def keep(result: LinesResult) -> Run:
    """Keep the distortion in the user's database, for every program."""
    found, count = result.found, len(result.found.pictures)
    what = f", {found.charts} of a chart" if found.charts else " of straight lines"
    centre = (float(found.centre[0]), float(found.centre[1])) if found.centre.any() else None
    source = f"{count} photo{'s' if count > 1 else ''}{what}, bend left {found.bend_after:.2f} px"
    known = {"distortion": found.worth.known}
    return add(
        result.setting, source, known=known, centre=centre, learnt_from=result.photos, distortion=found.distortion
    )


def _lines_in(frame: DecodedFrame, progress: Progress) -> PhotoLines:
    progress(0.0, Sentence("looking for lines in {photo}", photo=frame.name))
    return lines_of(frame)
