"""The correction that a DNG carries from Sixbit, and whether a photo that was developed from it shows it.

Adobe's programs carry out opcodes always, others where they are told to, and none leaves a word of it in the photo. So
what a photo says of its program is asked, and the DNG beside it. A camera's own JPEG of the pair was made before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sixbit.files.tiff import Structure, StructureError
from sixbit.files.xmp import Packet
from sixbit.tags.programs import is_applied
from sixbit.tags.source import Source
from sixbit.values.errors import photo_name
from sixbit.values.kinds import KINDS
from sixbit.values.shot import Tagged

_ALWAYS = re.compile(r"(?:Adobe )?(?:Photoshop )?(?:Lightroom|Camera Raw)\b", re.IGNORECASE)
"""Programs that carry out opcodes, as EXIF's Software names them."""
_PERHAPS = re.compile(r"(darktable|RawTherapee|ART|vkdt)\b")
"""Those that carry them out where they are told to."""

_OF_CAMERAS = (".jpg", ".jpeg", ".heic", ".heif", ".hif")
"""Endings of what a camera has developed itself."""


class Beside(NamedTuple):
    """The corrections that the raw of a photo carries, the name of that file, and the program that developed it.

    ``is_certain`` if that program always carries them out, and does not say that it began with another file.
    """

    kinds: tuple[str, ...]
    raw: str
    program: Tagged[str]
    is_certain: bool


def kinds_in(structure: Structure) -> tuple[str, ...]:
    """Tell the corrections that a DNG carries from Sixbit."""
    from sixbit.files.dng import carried

    record = carried(structure) or {}
    named = record.get("corrections")
    return tuple(kind for kind in KINDS if isinstance(named, list) and kind in named)


def developed_from(photo: Path, packet: Packet, exif: Source) -> Beside | None:
    """Look for the DNG that a photo was developed from, if it says by which program; None if none carries anything."""
    told = _program(packet.properties, exif)
    if told is None:
        return None
    from sixbit.files.dng import bends  # of few photos

    program, is_certain = told
    # A camera's own JPEG is developed a second time by the same programs.
    is_certain = is_certain and not packet.properties.get("crs:RawFileName", "").lower().endswith(_OF_CAMERAS)
    for raw in _raws_of(photo, packet.properties):
        with suppress(OSError, StructureError):
            if raw.is_file():
                with raw.open("rb") as file:
                    structure = Structure(file)
                    kinds = kinds_in(structure)
                    # Without our record, as a program may leave it behind, nobody can tell for which lens they are.
                    has_others = not kinds and bends(structure)
                if kinds or has_others:
                    return Beside(kinds, photo_name(raw.name), program, is_certain and not has_others)
    return None


def _program(properties: Mapping[str, str], exif: Source) -> tuple[Tagged[str], bool] | None:
    software = exif.text("Software")
    if software and _ALWAYS.match(software.value):
        return Tagged(software.value.strip("\0 ")[:60], software.tag), True
    if software and (found := _PERHAPS.match(software.value)):
        return Tagged(found[1], software.tag), False
    if is_applied(properties):
        return Tagged("Camera Raw", "XMP crs:AlreadyApplied"), True
    return None


def _raws_of(photo: Path, properties: Mapping[str, str]) -> Iterator[Path]:
    """Files beside a photo that may be its raw: of its own name, and of the name that Camera Raw has left."""
    named = properties.get("crs:RawFileName", "").replace("\\", "/").rpartition("/")[2]
    for name in dict.fromkeys((f"{photo.stem}.dng", f"{photo.stem}.DNG", named)):
        if name.lower().endswith(".dng"):
            yield photo.with_name(name)
