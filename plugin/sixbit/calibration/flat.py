"""Vignetting and colour shading of a lens from flats: read, measured (:mod:`sixbit.measure.flat`), and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sixbit.calibration.frames import Result, read_frames, setting_of
from sixbit.calibration.keep import AS_GUESSED, add
from sixbit.files import jpeg
from sixbit.files.reading import reading
from sixbit.lenses.own import Run
from sixbit.measure.aperture import if_guessed
from sixbit.measure.flat import MeasuredFlat, fit_flat
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.patches import Patches, patches_of
from sixbit.values.choices import USUAL, Choices
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.known import Known
from sixbit.values.lens import Model
from sixbit.values.sentence import Sentence
from sixbit.values.watch import Progress, part, silent

FlatResult = Result[MeasuredFlat]

ESTIMATED = "The aperture is the camera's estimate"


def measure_flat(paths: Sequence[str | Path], choices: Choices = USUAL, progress: Progress = silent) -> FlatResult:
    """Measure vignetting and colour shading from flats of one lens, aperture and body.

    ``choices`` say of lens and setting what the frames do not. Raises CalibrationError, with the reason, for frames
    that are no flats, too bright, too dark, corrected already or of different settings; PhotoError for files that are
    no photos. Nothing is kept: see :func:`keep`.
    """
    if not paths:
        raise CalibrationError("There is no frame to measure.", Code.FLATS)
    frames = read_frames(paths, _patches_in, progress=part(progress, 0, 0.95))
    setting = setting_of(frames, choices, is_of_light=True)
    if len({width >= height for width, height in frames.sizes}) > 1:
        why = Sentence(
            "Some of these frames lie and some stand: the camera was turned by 90 degrees between them, not by 180."
        )
        raise CalibrationError(why, Code.FRAMES)
    progress(0.95, "fitting")
    found = fit_flat(frames.measured)
    notes = []
    if found.shading and not setting.model:
        notes.append(
            Sentence("The frames do not name their camera, so the colour shading, which is of it, is not kept.")
        )
    if setting.compensated:
        notes.append(
            Sentence(
                "The camera knew the lens ({known}) and has compensated it: this is what it leaves, and is "
                "used for photos of this camera that knew the lens so, and for no other.",
                known=setting.compensated,
            )
        )
    progress(1.0, "done")
    return _with_guess(Result(setting, frames.names, found, tuple(notes), frames.photos))


def at_aperture(result: FlatResult, f_number: float | None, *, is_guessed: bool = False) -> FlatResult:
    """Say at which aperture the frames of a result were taken; the measurement does not depend on it.

    ``is_guessed`` if that is the camera's estimate. Raises CalibrationError if the lens does not open so far.
    """
    if refused := result.setting.lens.too_wide(f_number):
        raise CalibrationError(refused)
    notes = tuple(note for note in result.notes if not note.startswith(ESTIMATED))
    setting = replace(result.setting, f_number=f_number, is_guessed=is_guessed)
    return _with_guess(replace(result, setting=setting, notes=notes))


def _with_guess(result: FlatResult) -> FlatResult:
    """Tell that the aperture of a result is a guess, if it is."""
    if not result.setting.is_guessed or result.setting.f_number is None:
        return result
    figures = {"f_number": result.setting.f_number, "known": _known(result).in_words("vignetting")}
    if result.found.shading and result.setting.model:
        said = Sentence(
            "The aperture is the camera's estimate (f/{f_number:g}): if it is off by a stop, so is what is known of it, "
            "and the fall-off there is kept as {known}, the colour shading without an error. Say what the ring said, if "
            "you know it.",
            **figures,
        )
    else:
        said = Sentence(
            "The aperture is the camera's estimate (f/{f_number:g}): if it is off by a stop, so is what is known of it, "
            "and the fall-off there is kept as {known}. Say what the ring said, if you know it.",
            **figures,
        )
    return replace(result, notes=(*result.notes, said))


def _known(result: FlatResult) -> Known:
    """How well the fall-off is known of its aperture."""
    setting, worth = result.setting, result.found.worth
    if setting.is_guessed and setting.f_number:
        worth = if_guessed(worth, setting.f_number, setting.lens.f_number_open)
    return worth.known


def keep(result: FlatResult) -> Run:
    """Keep a result in the user's database: the fall-off for every program, the shading for Sixbit."""
    setting, found = result.setting, result.found
    if setting.f_number is None:
        raise CalibrationError("The frames do not say their aperture, which fall-off is of.", Code.APERTURE)
    count = len(result.frames)
    turned = ", turned against the light" if found.turned and count > 1 else ""
    guessed = AS_GUESSED if setting.is_guessed else ""
    source = f"{count} flat frame{'s' if count > 1 else ''}{turned}, f/{setting.f_number:g}{guessed}"
    shading = found.shading.to_json() if found.shading and setting.model else None
    known, measured = {"vignetting": _known(result)}, {"vignetting": found.worth.known}
    if_said = measured if measured != known else {}
    if shading and found.shading_worth:
        # What shading changes from stop to stop no source tells: of an aperture that is a guess its error is not known.
        (if_said if setting.is_guessed else known)["shading"] = found.shading_worth.known
    return add(
        setting,
        source,
        known=known,
        known_if_said=if_said,
        vignetting=Model("pa", found.vignetting),
        shading=shading,
        learnt_from=result.photos,
    )


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
        why = Sentence("is a JPEG of an unusual form, whose colours cannot be read finely enough.")
        raise CalibrationError(why, Code.FORMAT, subject=frame.path) from error


def _picture_alone(path: Path) -> bytes:
    """A JPEG up to the end of its picture: of what follows, such as a film, libjxl would take 4 MB at most."""
    data = path.read_bytes()
    return data[: jpeg.picture_end(data)]
