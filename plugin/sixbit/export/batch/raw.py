"""RawTherapee's settings for a raw that is no DNG: lens correction by lensfun, where it finds Sixbit's lenses.

RawTherapee reads them from a file beside the raw, of its name and ``.pp3`` behind that (RawPedia, "Sidecar Files"), and
asks lensfun by what the raw itself says of camera, lens and focal length (``rtengine/rtlensfun.cc``). What these lines
do not say is as RawTherapee has it by default.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sixbit.export.batch.ledger import Record
from sixbit.export.batch.plan import Task
from sixbit.export.batch.record import said_of
from sixbit.export.presets import Preset
from sixbit.files.parts import content_of
from sixbit.files.replace import write_whole
from sixbit.lenses.match import lens_of
from sixbit.tags.read import read_shot
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, PhotoError, SixbitError, photo_name
from sixbit.values.lens import Lens
from sixbit.values.sentence import Sentence, fixed
from sixbit.values.shot import Shot
from sixbit.values.ways_out import codes_of

_KEYS = {"distortion": "UseDistortion", "vignetting": "UseVignette", "tca": "UseCA"}
_OWN_TAGS = ("EXIF ", "Image ", "MakerNote ")
"""The beginning of the names of tags that a raw itself has."""


def settings_for(preset: Preset) -> str:
    """Write the settings that correct what a preset does.

    >>> from sixbit.export.presets import load
    >>> print(settings_for(load("distortion-only")))
    [LensProfile]
    LcMode=lfauto
    UseDistortion=true
    UseVignette=false
    UseCA=false
    <BLANKLINE>
    """
    wanted = {kind: bool(preset.choices.kinds.get(kind)) for kind in _KEYS}
    lines = [f"{key}={str(wanted[kind]).lower()}" for kind, key in _KEYS.items()]
    return "\n".join(["[LensProfile]", "LcMode=lfauto", *lines, ""])


def settled(task: Task, write: bool = True) -> Record:
    """Write the settings for the raw of a task, unless a file stands there, and tell what became of it.

    Raises PhotoError where they cannot be written.
    """
    try:
        shot = read_shot(task.source)
        lens, notes = lens_of(shot, Choices(lens=task.lens))
        _check_calibrated(task, lens)
    except SixbitError as error:
        why = Sentence(
            "is a raw file, which is not developed here. No settings for RawTherapee: {why}",
            why=fixed(said_of(error, task.source)),
        )
        return {"status": "raw", "reason": "raw", "message": why, "codes": [*codes_of(error), Code.RAW]}
    target, content = task.target, settings_for(task.preset)
    name = photo_name(target.name)
    if not _is_there(target, content):
        if os.path.lexists(target):
            why = Sentence(
                "is a raw file, which is not developed here; {name} was there already, and stays.", name=name
            )
            return {"status": "raw", "reason": "raw", "message": why, "codes": [Code.RAW]}
        if write:
            write_whole(target, content, make_folder=True)
    done = Sentence("is a raw file, which is not developed here; RawTherapee corrects it by {name}.", name=name)
    return {
        "status": "raw",
        "reason": "raw",
        "message": done,
        "lens": lens.lens_id,
        "out": target.relative_to(task.folder).as_posix() if task.preset.raw_settings == "output" else None,
        "notes": [*notes, *_unseen(shot)],
    }


def _check_calibrated(task: Task, lens: Lens) -> None:
    choices = task.preset.choices
    if not {kind for kind in lens.best_calibrations(choices.grades) if kind in _KEYS and choices.kinds.get(kind)}:
        raise PhotoError(
            Sentence("{lens} has no calibration for it.", lens=lens.name), Code.UNCALIBRATED, subject=Path(task.source)
        )


def _is_there(target: Path, content: str) -> bool:
    with suppress(OSError):
        return not target.is_symlink() and content_of(target) == content.encode()
    return False


def _unseen(shot: Shot) -> Iterator[Sentence]:
    """Say that RawTherapee will not find the lens, as it looks nowhere but in the raw."""
    has_name = not shot.lens_by_user and any(name.tag.startswith(_OWN_TAGS) for name in shot.lens_names)
    has_focal = shot.focal_mm is not None and shot.focal_mm.tag.startswith(_OWN_TAGS)
    if not (has_name and has_focal):
        yield Sentence(
            "RawTherapee looks for lens and focal length in the raw alone, which lacks one: it corrects nothing."
        )
