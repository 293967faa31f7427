"""The work on photos in the worker's process: looking at one, measuring several, showing one corrected."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from sixbit.calibration.frames import check_untouched, check_whole, open_frame, opening, remembering
from sixbit.editors.page.steps import Findings, Step
from sixbit.editors.server.pictures import OpenPicture
from sixbit.engines import Region
from sixbit.lenses.catalogue import catalogue, reload_catalogue
from sixbit.lenses.compensation import compensated_for
from sixbit.lenses.figures import aperture_of
from sixbit.lenses.match import Match, lens_of, match
from sixbit.measure.flatness import look_at_exposure
from sixbit.measure.frame import DecodedFrame
from sixbit.photos.pixels import file_of, fitted
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, PhotoError, SixbitError
from sixbit.values.filter import Filter
from sixbit.values.lens import Lens
from sixbit.values.sentence import Sentence, in_a_row, sentence_of
from sixbit.values.shot import Shot
from sixbit.values.watch import Progress

THUMBNAIL = (160, 120)
WHOLE = (1400, 1400)
"""The largest that a corrected photo is shown at."""
DETAIL = (480, 320)
"""The part of a corner that is shown pixel by pixel."""
_READ: dict[Any, Any] = {}
SMALLEST = 64
"""Pixels of the short side that a frame needs: none of a camera has fewer."""


class Look(NamedTuple):
    """A photo at first sight, before anything is measured."""

    about: str
    """Size, camera, aperture, in words."""
    note: str
    """Tells what is odd about it; empty if nothing is."""
    thumbnail: bytes
    """A small JPEG."""
    camera: str = ""
    f_number: float | None = None
    """The aperture of the lens, as far as the photo says it."""
    is_guessed: bool = False
    """True if that is the camera's estimate."""
    compensated: str = ""
    """How the camera knew the lens whose fall-off it has compensated; empty if it has not."""


class Comparison(NamedTuple):
    """A photo before and after, as JPEGs by name, and the correction."""

    name: str
    filter: Filter
    pictures: dict[str, bytes]


def look(path: Path, lens_id: str, step: str, progress: Progress) -> Look:
    """Decode a photo for a step. Raises PhotoError if it is none, CalibrationError if it is of no use."""
    progress(0.0, opening(path))
    frame = open_frame(path)
    width, height = frame.size
    if min(frame.size) < SMALLEST:
        few = Sentence("has {width} × {height} pixels, too few to measure.", width=width, height=height)
        raise PhotoError(few, Code.FRAMES, subject=path)
    check_untouched(frame.shot)
    check_whole(frame.shot)
    lens, found = catalogue().lens(lens_id), match(frame.shot)
    aperture = aperture_of(lens, frame.shot, body=found.body)
    notes = [_odd(found, lens)]
    if step == "flat":
        notes.append(look_at_exposure(frame))
    note = in_a_row([sentence_of(one) for one in notes if one], ". ")
    thumbnail = _drawn(_picture(frame), None, Region(0, 0, width, height), fitted(width, height, *THUMBNAIL))
    camera = " ".join(frame.shot.camera).strip()
    return Look(
        _about(frame.shot, width, height),
        note,
        thumbnail,
        camera,
        aperture.f_number,
        aperture.source == "estimated",
        compensated_for(frame.shot),
    )


def _odd(found: Match, lens: Lens) -> str:
    """Say that a photo is of another lens, as far as it tells."""
    if not found.candidates or lens.lens_id in (one.lens_id for one in found.candidates):
        return ""
    if found.lens:
        return Sentence("The photo names another lens, {lens}", lens=found.lens.name)
    return Sentence("The photo is of another lens, such as {lens}", lens=found.candidates[0].name)


def read(step: Step, paths: list[Path], progress: Progress) -> Any:
    """Read photos for a step that measures afterwards."""
    assert step.read is not None
    return step.read(paths, progress)


def measure(step: Step, photos: Any, choices: Choices, progress: Progress) -> tuple[Any, Findings]:
    """Measure photos, by their paths or as they were read, and return the result with what the page shows of it.

    There is no result if that tells of a refusal.
    """
    try:
        with remembering(_READ):  # if one is refused by name, the others are tried again
            result = step.measure(photos, choices, progress)
        _READ.clear()
    except SixbitError as error:
        if error.subject is None:
            _READ.clear()
        if (seen := step.refused(error)) is None:
            raise
        return None, seen
    return result, step.findings(result)


def compare(path: Path, name: str, choices: Choices, progress: Progress) -> Comparison:
    """Show a photo before and after correction: the whole of it, and a corner pixel by pixel."""
    from sixbit.compiler.compile import compile_filter
    from sixbit.export.correct import nothing_to_do

    progress(0.0, opening(path))
    reload_catalogue()  # the calibrations have changed since this process was started
    frame = open_frame(path)
    width, height = frame.size
    shot = frame.shot._replace(width=width, height=height)
    lens, _ = lens_of(shot, choices)
    filter = compile_filter(lens, shot, choices)
    if not filter.made_from["corrections"]:
        raise nothing_to_do(path, lens, filter)
    picture = _picture(frame)
    corner = Region(0, 0, min(width, DETAIL[0]), min(height, DETAIL[1]))
    views = {
        "whole": (Region(0, 0, width, height), fitted(width, height, *WHOLE)),
        "corner": (corner, (corner.width, corner.height)),
    }
    pictures = {}
    for number, (view, (region, size)) in enumerate(views.items()):
        for when, applied in (("before", None), ("after", filter)):
            progress(0.2 + 0.4 * number, Sentence("correcting the photo"))
            pictures[f"{view}-{when}"] = _drawn(picture, applied, region, size)
    return Comparison(name, filter, pictures)


def _picture(frame: DecodedFrame) -> OpenPicture:
    pixels = frame.pixels if frame.pixels.ndim == 3 else frame.pixels[:, :, None]
    return OpenPicture(pixels, frame.transfer)


def _drawn(picture: OpenPicture, filter: Filter | None, region: Region, size: tuple[int, int]) -> bytes:
    """Draw a part of a picture as a JPEG of this size."""
    out = np.empty((size[1], size[0], 3), np.uint8)
    picture.preview(filter, region, size, out)
    return file_of(Image.fromarray(out), quality=88)


def _about(shot: Shot, width: int, height: int) -> str:
    parts = [f"{width} × {height}"]
    if shot.model:
        parts.append(shot.model.value)
    if shot.f_number:
        f_number = shot.f_number.value
        if shot.f_number_estimated:
            parts.append(Sentence("f/{f_number:.2g} as the camera guesses", f_number=f_number))
        else:
            parts.append(f"f/{f_number:.2g}")
    return in_a_row(parts)
