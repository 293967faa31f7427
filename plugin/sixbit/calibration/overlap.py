"""A lens from a dozen overlapping photos of anything: read, measured (:mod:`sixbit.measure.overlap`), and kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import compress
from pathlib import Path

from sixbit.calibration.frames import Frames, Result, Setting, of_one_size, of_one_way, read_frames, setting_of
from sixbit.calibration.keep import add as keep_run
from sixbit.calibration.keep import together
from sixbit.lenses.match import lens_of
from sixbit.lenses.own import Run
from sixbit.measure.aperture import error_of_guess
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.motion import pycolmap
from sixbit.measure.overlap import MeasuredOverlap, OverlapPhoto, fit_overlap, overlap_photo
from sixbit.photos.jpeg import has_halved_chroma
from sixbit.values.choices import USUAL, Choices
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.sentence import Sentence, all_of, in_a_row
from sixbit.values.watch import Progress, part, silent

OverlapResult = Result[MeasuredOverlap]
OverlapRead = tuple[Frames[OverlapPhoto], tuple[str, ...]]
"""Photos as they were read, and what is to be said of those that were left out."""

FEWEST = 8
"""Photos that are asked for: five of a front with sharp corners may do, but nobody knows that before."""
EDGES_OF_PHOTO = 300
"""Blocks with edges that are kept of a photo to measure lateral colour, 10 or 20 MB."""
EDGES_OF_ALL = 6000
"""Blocks with edges that are kept in all."""
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
        raise CalibrationError(
            Sentence("Overlapping photos must be {fewest} or more, and not {count}.", fewest=FEWEST, count=len(paths)),
            Code.OVERLAP,
        )
    look = partial(_look, edges_kept=max(1, min(EDGES_OF_PHOTO, EDGES_OF_ALL // len(paths))))
    frames, notes = of_one_size(read_frames(paths, look, progress=progress))
    frames, more = of_one_way(frames)
    return frames, (*notes, *more)


def join_overlap(read: OverlapRead, choices: Choices = USUAL, progress: Progress = silent) -> OverlapResult:
    """Measure the lens of photos that were read: the rest of :func:`measure_overlap`, with a folder that goes."""
    frames, notes = read
    _check_alike(frames, choices)
    setting = setting_of(frames, choices, is_of_light=True)
    focal = setting.focal_mm * setting.crop_factor / HALF_DIAGONAL_MM
    guess = None
    if setting.is_guessed and setting.f_number:
        guess = error_of_guess(setting.f_number, setting.lens.f_number_open)
    found = fit_overlap(frames.measured, focal, progress, guess=guess)
    if not (found.distortion or found.tca or found.vignetting or found.shading):
        raise CalibrationError(in_a_row(found.unsure or found.verdict, " "), Code.OVERLAP)
    return Result(setting, frames.names, found, (*notes, *_remarks(found, frames, setting)), frames.photos)


def _check_alike(frames: Frames[OverlapPhoto], choices: Choices) -> None:
    """Refuse photos of several lenses, focal lengths or sizes, by CalibrationError."""
    if len(set(frames.sizes)) > 1:
        sizes = all_of([f"{width}x{height}" for width, height in sorted(set(frames.sizes))])
        raise CalibrationError(Sentence("These photos differ in size ({sizes}).", sizes=sizes), Code.FRAMES)
    lenses = {lens_of(shot, choices)[0].name for shot in frames.shots}
    if len(lenses) > 1:
        raise CalibrationError(
            Sentence("These photos were taken with {lenses}.", lenses=all_of(sorted(lenses))), Code.FRAMES
        )
    focals = {round(shot.focal_mm.value, 1) for shot in frames.shots if shot.focal_mm}
    if len(focals) > 1 and choices.focal_mm is None:
        listed = all_of([f"{focal:g} mm" for focal in sorted(focals)])
        raise CalibrationError(
            Sentence("These photos were taken at {listed}, and not all at one focal length.", listed=listed),
            Code.FRAMES,
        )


def keep(result: OverlapResult) -> tuple[Run, ...]:
    """Keep what was found in the user's database, for every program: a run for each kind."""
    found, setting = result.found, result.setting
    source = f"{found.used.sum()} overlapping photos"
    known = {kind: worth.known for kind, worth in found.worth.items()}
    kept = []
    add = partial(keep_run, setting, source, learnt_from=result.photos)
    with together():
        if found.distortion:
            centre = (float(found.centre[0]), float(found.centre[1])) if found.centre.any() else None
            told = {"distortion": known["distortion"]}
            kept.append(add(known=told, centre=centre, distortion=found.distortion))
        if found.tca:
            kept.append(add(known={"tca": known["tca"]}, tca=found.tca))
        if found.vignetting and setting.f_number:
            told = {"vignetting": known["vignetting"]}
            measured = {"vignetting": found.fall_off_if_said.known} if found.fall_off_if_said else None
            kept.append(add(known=told, known_if_said=measured, vignetting=found.vignetting))
        if found.shading and setting.f_number and setting.model:
            told = {"shading": known["shading"]}
            # What it changes from stop to stop no source tells.
            known_now, measured = ({}, told) if setting.is_guessed else (told, None)
            kept.append(add(known=known_now, known_if_said=measured, shading=found.shading.to_json()))
    if not kept:
        raise CalibrationError("The photos do not say their aperture, which fall-off is of.", Code.APERTURE)
    return tuple(kept)


def _remarks(found: MeasuredOverlap, frames: Frames[OverlapPhoto], setting: Setting) -> tuple[str, ...]:
    """Tell which photos were of no use, and what cannot be kept."""
    said = []
    if not found.used.all():
        names = ", ".join(compress(frames.names, ~found.used))
        said.append(Sentence("Left out, as they share too little with the others: {names}.", names=names))
    if found.distortion and found.centre.any() and setting.turned is None:
        said.append(
            Sentence("Nobody can tell how these photos were turned since they were taken, so the centre is not kept.")
        )
    if (found.vignetting or found.shading) and setting.f_number is None:
        said.append(
            Sentence("The photos do not say their aperture, which fall-off and shading are of, so these are not kept.")
        )
    elif "vignetting" in found.worth and setting.is_guessed:
        said.append(
            Sentence(
                "The aperture, f/{f_number:g}, is the camera's estimate: the error of the fall-off counts that it "
                "may be off by a stop. If you know what the ring said, say it.",
                f_number=setting.f_number,
            )
        )
    if (found.vignetting or found.shading) and setting.compensated:
        said.append(
            Sentence(
                "The camera knew the lens ({known}) and has compensated it: the fall-off is what it leaves, "
                "and is used for photos of this camera that knew the lens so, and for no other.",
                known=setting.compensated,
            )
        )
    if found.shading and not setting.model:
        said.append(
            Sentence("The photos do not name their camera, so the colour shading, which is of it, is not kept.")
        )
    return tuple(said)


def _look(frame: DecodedFrame, progress: Progress, edges_kept: int) -> OverlapPhoto:
    progress(0.0, Sentence("looking for features in {photo}", photo=frame.name))
    return overlap_photo(frame, halved_chroma=has_halved_chroma(frame.path), edges_kept=edges_kept)
