"""Vignetting and colour shading of a lens from flats: read, measured (:mod:`sixbit.measure.flat`), and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sixbit.calibration.frames import Result, read_frames, setting_of
from sixbit.calibration.keep import add
from sixbit.files import jpeg
from sixbit.files.reading import reading
from sixbit.lenses.own import Run
from sixbit.measure.flat import MeasuredFlat, fit_flat
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.patches import Patches, patches_of
from sixbit.values.choices import USUAL, Choices
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.lens import Model
from sixbit.values.sentence import Sentence
from sixbit.values.watch import Progress, part, silent

FlatResult = Result[MeasuredFlat]


def measure_flat(paths: Sequence[str | Path], choices: Choices = USUAL, progress: Progress = silent) -> FlatResult:
    """Measure vignetting and colour shading from flats of one lens, aperture and body.

    ``choices`` say of lens and setting what the frames do not. Raises CalibrationError, with the reason, for frames
    that are no flats, too bright, too dark, corrected already or of different settings; PhotoError for files that are
    no photos. Nothing is kept: see :func:`keep`.
    """
    if not paths:
        raise CalibrationError("There is no frame to measure.", Code.FLATS)
    frames = read_frames(paths, _patches_in, progress=part(progress, 0, 0.95))
    setting = setting_of(frames, choices)
    if len({width >= height for width, height in frames.sizes}) > 1:
        why = "Some of these frames lie and some stand: the camera was turned by 90 degrees between them, not by 180."
        raise CalibrationError(why, Code.FRAMES)
    progress(0.95, "fitting")
    found = fit_flat(frames.measured)
    notes = []
    if found.shading and not setting.model:
        notes.append("The frames do not name their camera, so the colour shading, which is of it, is not kept.")
    if choices.f_number is None and setting.f_number and any(shot.f_number_estimated for shot in frames.shots):
        notes.append(_estimated(setting.f_number))
    progress(1.0, "done")
    return Result(setting, frames.names, found, tuple(notes))


def at_aperture(result: FlatResult, f_number: float | None) -> FlatResult:
    """Say at which aperture the frames of a result were taken; the measurement does not depend on it.

    Raises CalibrationError if the lens does not open so far.
    """
    if refused := result.setting.lens.too_wide(f_number):
        raise CalibrationError(refused)
    before = result.setting.f_number
    notes = [note for note in result.notes if f_number == before or before is None or note != _estimated(before)]
    return replace(result, setting=replace(result.setting, f_number=f_number), notes=tuple(notes))


def _estimated(f_number: float) -> str:
    return f"The aperture, f/{f_number:g}, is the camera's estimate; if the ring said another, say it."


def keep(result: FlatResult) -> Run:
    """Keep a result in the user's database: the fall-off for every program, the shading for Sixbit."""
    setting, found = result.setting, result.found
    if setting.f_number is None:
        raise CalibrationError("The frames do not say their aperture, which fall-off is of.", Code.APERTURE)
    count = len(result.frames)
    turned = ", turned against the light" if found.turned and count > 1 else ""
    source = f"{count} flat frame{'s' if count > 1 else ''}{turned}, f/{setting.f_number:g}"
    shading = found.shading.to_json() if found.shading and setting.model else None
    known = {"vignetting": found.worth.known}
    return add(setting, source, known=known, vignetting=Model("pa", found.vignetting), shading=shading)


def _patches_in(frame: DecodedFrame, progress: Progress) -> Patches:
    return patches_of(_with_fine_colours(frame) if frame.format == "JPEG" else frame, progress)


def _with_fine_colours(frame: DecodedFrame) -> DecodedFrame:
    """Decode a JPEG once more, by libjxl, which makes red, green and blue in floating point.

    libjpeg rounds colour differences before, to the same side over wide areas of a flat: of 42 rendered JPEGs half
    would be off by 1.9 % in colour and the worst by 4.5 %, and by 6 % in fall-off.
    """
    import imagecodecs

    try:
        with reading(frame.path):
            data = _picture_alone(frame.path)
        as_jpeg_xl = imagecodecs.jpegxl_encode_jpeg(data)
        return replace(frame, pixels=imagecodecs.jpegxl_decode(as_jpeg_xl, keeporientation=True))
    except ImportError as error:
        needed = Sentence("a flat as JPEG needs JPEG XL's library.", Code.MISSING_PART, package="imagecodecs")
        raise CalibrationError(needed, subject=frame.path) from error
    except RuntimeError as error:
        why = "is a JPEG of an unusual form, whose colours cannot be read finely enough."
        raise CalibrationError(why, Code.FORMAT, subject=frame.path) from error


def _picture_alone(path: Path) -> bytes:
    """A JPEG up to the end of its picture: of what follows, such as a film, libjxl would take 4 MB at most."""
    data = path.read_bytes()
    return data[: jpeg.picture_end(data)]
