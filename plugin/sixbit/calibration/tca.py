"""Lateral colour of a lens from sharp photos: read, measured (:mod:`sixbit.measure.tca`), and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sixbit.calibration.frames import Result, read_frames, setting_of
from sixbit.calibration.keep import add
from sixbit.lenses.own import Run
from sixbit.measure.displacement import EdgeBlocks, sharp_blocks
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.tca import MeasuredTca, fit_tca
from sixbit.photos.jpeg import has_halved_chroma
from sixbit.values.choices import USUAL, Choices
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.sentence import Sentence
from sixbit.values.watch import Progress, part, silent

TcaResult = Result[MeasuredTca]


def measure_tca(paths: Sequence[str | Path], choices: Choices = USUAL, progress: Progress = silent) -> TcaResult:
    """Measure the lateral colour of a lens from sharp photos that it took.

    ``choices`` say of lens and setting what the photos do not. Raises CalibrationError, with the reason,
    if the photos have not enough edges, or no colour, or are corrected already; PhotoError for files that are no
    photos. Nothing is kept: see :func:`keep`.
    """
    if not paths:
        raise CalibrationError("There is no photo to measure.", Code.EDGES)
    frames = read_frames(paths, _blocks_in, kinds=("tca",), progress=part(progress, 0, 0.6))
    setting = setting_of(frames, choices)
    try:
        found = fit_tca(frames.measured, setting.aspect_ratio, part(progress, 0.6, 1.0))
    except CalibrationError as error:
        photos = frames.names[0] if len(frames.names) == 1 else Sentence("these photos")
        raise CalibrationError(Sentence("{reason}.", reason=error.reason), error.code, subject=photos) from error
    return Result(setting, frames.names, found, photos=frames.photos)


def keep(result: TcaResult) -> Run:
    """Keep a result in the user's database, for every program."""
    count = len(result.frames)
    source = f"edges of {count} photo{'s' if count > 1 else ''}"
    known = {"tca": result.found.worth.known}
    return add(result.setting, source, known=known, learnt_from=result.photos, tca=result.found.model)


def _blocks_in(frame: DecodedFrame, progress: Progress) -> EdgeBlocks:
    if frame.pixels.ndim < 3 or frame.pixels.shape[2] < 3:
        why = Sentence("has no colours, so no lateral colour can be seen in it.")
        raise CalibrationError(why, Code.EDGES, subject=frame.path)
    halved = has_halved_chroma(frame.path)
    return sharp_blocks(frame.pixels, frame.transfer, halved_chroma=halved, progress=progress)
