"""Correcting one photo that an editor has rendered, by an export preset, for an editor's export storage."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from sixbit.export.batch.plan import Stems, Task
from sixbit.export.batch.sources import Source
from sixbit.export.batch.work import export
from sixbit.export.presets import Preset
from sixbit.files import limits
from sixbit.files.replace import make_folder
from sixbit.files.xmp import XmpError, read_packet
from sixbit.tags.framing import DARKTABLE
from sixbit.tags.read import opened, photo_blocks
from sixbit.values.errors import Code


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
    done = export(Task(photo, source.absolute, str(folder.absolute()), stem, preset, "", lens=lens, force=force))
    out = None if done["out"] is None else str(folder / done["out"])
    return {**{name: done[name] for name in ("status", "reason", "codes", "message", "lens", "notes")}, "out": out}


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
