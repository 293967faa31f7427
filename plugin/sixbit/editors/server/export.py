"""Correcting one photo that an editor has rendered, by an export preset, for an editor's export storage."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from sixbit.export.batch.plan import Stems, Task
from sixbit.export.batch.sources import Source
from sixbit.export.batch.work import export
from sixbit.export.presets import Preset
from sixbit.files import limits
from sixbit.files.replace import make_folder
from sixbit.files.xmp import XmpError, read_packet
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.place import place_of
from sixbit.tags.framing import DARKTABLE
from sixbit.tags.read import opened, photo_blocks, read_shot
from sixbit.values.errors import Code, PhotoError

_ALIKE = 0.02
"""By how much width and height of a crop mode differ in the whole pixels of a raw."""


def export_photo(
    photo: Path, folder: Path, preset: Preset, *, lens: str | None, force: bool, sidecar: Path | None = None
) -> dict[str, Any]:
    """Correct a rendered photo into a folder, and tell what became of it, as a line of a batch's report does.

    ``lens`` is the identity that the user chose, ``sidecar`` what the editor keeps of its edits beside the original.
    Nothing is written for a photo that the editor has cropped or bent, unless the preset says so: a correction goes
    around the optical centre.
    """
    modules = _modules(photo) | (_modules_of_sidecar(sidecar) if sidecar else frozenset())
    reshaped = sorted(modules & DARKTABLE.keys())
    if reshaped and not force and preset.reshaped != "correct":
        deeds = ", ".join(dict.fromkeys(DARKTABLE[module] for module in reshaped))
        return _refused(Code.RESHAPED, f"it was {deeds} in darktable ({', '.join(reshaped)}).", "reshaped")
    if "lens" in modules and not force:
        twice = "darktable's lens correction is on, and it would be corrected twice."
        return _refused(Code.ALREADY_CORRECTED, twice)
    make_folder(folder)
    source = Source(photo, Path(photo.name))
    stem = Stems(folder.absolute(), preset, {}, [source]).of(source)
    if stem is None:
        return _refused(Code.EXISTS, "a file of that name exists, and the preset says to keep it.")
    crop_factor = _crop_factor_of_raw(sidecar.with_suffix("")) if sidecar else None
    task = Task(photo, source.absolute, str(folder.absolute()), stem, preset, "", lens=lens, force=force)
    done = export(replace(task, crop_factor=crop_factor))
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


def _refused(code: Code, message: str, status: str = "skipped") -> dict[str, Any]:
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
