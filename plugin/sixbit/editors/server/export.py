"""Correcting one photo that an editor has rendered, by an export preset, for an editor's export storage."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from sixbit.export.batch.plan import Stems, Task
from sixbit.export.batch.record import why
from sixbit.export.batch.sources import Source
from sixbit.export.batch.work import copied, export
from sixbit.export.presets import Preset
from sixbit.files import limits
from sixbit.files.replace import make_folder
from sixbit.files.xmp import XmpError, read_packet
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.place import place_of
from sixbit.photos.save import check_target
from sixbit.tags.framing import DARKTABLE
from sixbit.tags.read import opened, photo_blocks, read_shot
from sixbit.values.errors import Code, PhotoError, SixbitError
from sixbit.values.sentence import Sentence, in_a_row

_ALIKE = 0.02
"""By how much width and height of a crop mode differ in the whole pixels of a raw."""


def export_photo(
    photo: Path,
    folder: Path,
    preset: Preset,
    *,
    lens: str | None,
    force: bool,
    sidecar: Path | None = None,
    original: Path | None = None,
    name: str | None = None,
    as_it_is: bool = False,
    corrected: bool = False,
) -> dict[str, Any]:
    """Correct a rendered photo into a folder, and tell what became of it, as a line of a batch's report does.

    ``lens`` is the identity that the user chose, ``sidecar`` what the editor keeps of its edits beside the original,
    ``original`` that itself, ``name`` what the photo is called, if not as the file is, and ``corrected`` that the
    editor has corrected its lens, whatever the file says. Nothing is corrected that the editor has cropped or bent,
    unless the preset says so: a correction goes around the optical centre. ``as_it_is`` copies what is not corrected.
    """
    source = Source(photo, Path(name or photo.name))
    refused = None if force else _refusal(photo, sidecar, preset, corrected)
    if refused and not as_it_is:
        return _told(refused)
    make_folder(folder)
    # A copy has the ending of what was rendered, and takes no file's place either.
    named = replace(preset, reshaped="copy") if as_it_is else preset
    stem = Stems(folder.absolute(), named, {}, [source]).of(source)
    if stem is None:
        return _told(_refused(Code.EXISTS, Sentence("a file of that name exists, and the preset says to keep it.")))
    task = Task(photo, source.absolute, str(folder.absolute()), stem, preset, "", lens=lens, force=force)
    original = original or (sidecar.with_suffix("") if sidecar else None)
    crop_factor = _crop_factor_of_raw(original) if original else None
    done = refused or export(replace(task, crop_factor=crop_factor))
    if as_it_is and done["out"] is None:
        done = _copied(task, done)
    return _told(done, folder)


def _refusal(photo: Path, sidecar: Path | None, preset: Preset, corrected: bool) -> dict[str, Any] | None:
    """Tell why a photo is not corrected after what the editor did to it; None if it is."""
    modules = _modules(photo) | (_modules_of_sidecar(sidecar) if sidecar else frozenset())
    reshaped = sorted(modules & DARKTABLE.keys())
    if reshaped and preset.reshaped != "correct":
        deeds = in_a_row([*dict.fromkeys(DARKTABLE[module] for module in reshaped)])
        why = Sentence("it was {deeds} in darktable ({modules}).", deeds=deeds, modules=", ".join(reshaped))
        return _refused(Code.RESHAPED, why, "reshaped")
    if "lens" in modules or corrected:
        why = Sentence("darktable's lens correction is on, and it would be corrected twice.")
        return _refused(Code.ALREADY_CORRECTED, why)
    return None


def _copied(task: Task, done: dict[str, Any]) -> dict[str, Any]:
    """Copy what was not corrected as it was rendered, and tell so; what was in the way stays the reason."""
    try:
        check_target(task.copy, task.photo)
        notes = copied(task.photo, task.copy, task.preset)
    except SixbitError as error:
        return {**done, "status": "failed", "reason": "error", **why(task, error)}
    return {**done, "status": "copied", "out": task.copy.relative_to(task.folder).as_posix(), "notes": notes}


def _told(done: dict[str, Any], folder: Path = Path()) -> dict[str, Any]:
    out = None if done["out"] is None else str(folder / done["out"])
    return {**{name: done[name] for name in ("status", "reason", "codes", "message", "lens", "notes")}, "out": out}


def _crop_factor_of_raw(original: Path) -> float | None:
    """The crop factor of all that is developed of a raw that tells the parts of its sensor; None of all other files.

    What is rendered has the focal length of what the camera showed alone, which may be less.
    """
    with suppress(PhotoError):
        shot = read_shot(original)
        place = place_of(shot, catalogue().body_of(shot))
        across, down = place.frame[2:] if place.frame else (1.0, 1.0)
        is_part = shot.is_raw and (shot.shown or place.frame) and place.is_centred
        if is_part and place.crop_factor and not place.refused and abs(across / down - 1) < _ALIKE:
            return place.crop_factor.value * min(across, down)
    return None


def _refused(code: Code, message: Sentence, status: str = "skipped") -> dict[str, Any]:
    why = {"status": status, "reason": str(code), "codes": [str(code)], "message": message}
    return {**why, "lens": None, "notes": [], "out": None}


def _modules(photo: Path) -> frozenset[str]:
    """Return the modules of darktable that were on when the photo was rendered, as its metadata says."""
    with opened(photo) as file:
        return _of_packet(photo_blocks(photo, file).xmp)


def _modules_of_sidecar(path: Path) -> frozenset[str]:
    with suppress(OSError):
        return _of_packet(path.read_bytes()) if path.stat().st_size <= limits.XMP else frozenset()
    return frozenset()


def _of_packet(packet: bytes | None) -> frozenset[str]:
    with suppress(XmpError):
        return read_packet(packet).darktable_modules if packet else frozenset()
    return frozenset()
