"""A lens from a dozen overlapping photos of anything: read, measured (:mod:`sixbit.measure.overlap`), and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sixbit.calibration.frames import Frames, Result, of_one_size, read_frames, setting_of
from sixbit.calibration.keep import add
from sixbit.lenses.own import Run
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.motion import pycolmap
from sixbit.measure.overlap import MeasuredOverlap, OverlapPhoto, fit_overlap, overlap_photo
from sixbit.values.choices import USUAL, Choices
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.watch import Progress, part, silent

OverlapResult = Result[MeasuredOverlap]
OverlapRead = tuple[Frames[OverlapPhoto], tuple[str, ...]]
"""Photos as they were read, and what is to be said of those that were left out."""

FEWEST = 8
"""Photos that are asked for: five of a front with sharp corners may do, but nobody knows that before."""
HALF_DIAGONAL_MM = 21.633
"""Of 24 x 36 mm."""


def measure_overlap(
    paths: Sequence[str | Path], choices: Choices = USUAL, progress: Progress = silent
) -> OverlapResult:
    """Measure a lens from eight or more photos of a still scene that overlap, with the camera moved between them.

    ``choices`` say of lens and setting what the photos do not. Raises CalibrationError, with the reason, where the
    photos are too few, do not overlap or were taken from one place, or where nothing that they show is worth keeping;
    PhotoError for files that are no photos. Nothing is kept: see :func:`keep`.
    """
    return join_overlap(read_overlap(paths, part(progress, 0, 0.4)), choices, part(progress, 0.4, 1.0))


def read_overlap(paths: Sequence[str | Path], progress: Progress = silent) -> OverlapRead:
    """Read the photos: what :func:`measure_overlap` does first, and all that it needs their files for."""
    pycolmap()
    if len(paths) < FEWEST:
        raise CalibrationError(f"Overlapping photos must be {FEWEST} or more, and not {len(paths)}.", Code.OVERLAP)
    return of_one_size(read_frames(paths, _look, progress=progress))


def join_overlap(read: OverlapRead, choices: Choices = USUAL, progress: Progress = silent) -> OverlapResult:
    """Measure the lens of photos that were read: the rest of :func:`measure_overlap`, with a folder that goes."""
    frames, notes = read
    setting = setting_of(frames, choices)
    focal = setting.focal_mm * setting.crop_factor / HALF_DIAGONAL_MM
    found = fit_overlap(frames.measured, focal, progress)
    if not found.distortion:
        raise CalibrationError(" ".join(found.unsure or found.verdict), Code.OVERLAP)
    return Result(setting, frames.names, found, notes)


def keep(result: OverlapResult) -> tuple[Run, ...]:
    """Keep what was found in the user's database, for every program: a run for each kind."""
    found, setting = result.found, result.setting
    source = f"{found.used.sum()} overlapping photos"
    kept = []
    if found.distortion:
        centre = (float(found.centre[0]), float(found.centre[1])) if found.centre.any() else None
        known = {"distortion": found.worth["distortion"].known}
        kept.append(add(setting, source, known=known, centre=centre, distortion=found.distortion))
    return tuple(kept)


def _look(frame: DecodedFrame, progress: Progress) -> OverlapPhoto:
    progress(0.0, f"looking for features in {frame.name}")
    return overlap_photo(frame)
