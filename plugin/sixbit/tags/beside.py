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

from sixbit.files import limits
from sixbit.files.tiff import XMP, Structure, StructureError, find
from sixbit.files.xmp import Packet, XmpError, read_packet
from sixbit.tags.programs import is_applied
from sixbit.tags.source import Source
from sixbit.values.errors import photo_name
from sixbit.values.kinds import KINDS
from sixbit.values.shot import Tagged

_ALWAYS = re.compile(r"(?:Adobe )?(?:Photoshop )?(?:Lightroom|Camera Raw)\b", re.IGNORECASE)
"""Programs that carry out opcodes, as EXIF's Software names them."""
_PERHAPS = re.compile(r"(darktable|RawTherapee|ART|vkdt)\b")
"""Those that carry them out where they are told to."""

_OF_RAWS = re.compile(r"(Adobe Photoshop)\b", re.IGNORECASE)
"""A program that edits any photo, but can open a raw by Camera Raw alone."""

_OF_CAMERAS = (".jpg", ".jpeg", ".heic", ".heif", ".hif")
"""Endings of what a camera has developed itself."""
_DERIVED = "xmpMM:DerivedFrom/stRef:"
_DERIVED_NAME = "xmpMM:DerivedFrom"
"""darktable leaves the bare name of the raw there (``src/common/exif.cc``), also in what it names otherwise."""
_IDENTITIES = ("documentID", "originalDocumentID", "instanceID")
"""The parts of a reference that name another file wherever it lies (XMP specification part 2, section 1.2.3.3)."""
_OWN_IDENTITIES = ("xmpMM:DocumentID", "xmpMM:OriginalDocumentID", "xmpMM:InstanceID")


class Beside(NamedTuple):
    """The corrections that the raw of a photo carries, the name of that file, and the program that developed it.

    ``is_certain`` if that program always carries them out, and does not say that it began with another file.
    """

    kinds: tuple[str, ...]
    raw: str
    program: Tagged[str]
    is_certain: bool


class _Carrying(NamedTuple):
    """A raw with opcodes: the kinds of Sixbit's own, whether all are, and the identities that it has by its XMP."""

    kinds: tuple[str, ...]
    is_own: bool
    identities: frozenset[str]


def kinds_in(structure: Structure) -> tuple[str, ...]:
    """Tell the corrections that a DNG carries from Sixbit."""
    from sixbit.files.dng import carried

    record = carried(structure) or {}
    named = record.get("corrections")
    return tuple(kind for kind in KINDS if isinstance(named, list) and kind in named)


def developed_from(photo: Path, packet: Packet, exif: Source) -> Beside | None:
    """Look for the DNG that a photo was developed from, by what it says of that and of its program.

    None if it says nothing, or if no such DNG carries anything.
    """
    properties = packet.properties
    told = _program(properties, exif)
    if told is None and not any(name.startswith(_DERIVED_NAME) for name in properties):
        return None
    for raw in _raws_of(photo, properties):
        if (found := _carrying(raw)) is None:
            continue
        of_raw = told or (_derived_by(properties, exif) if _names(properties, raw, found) else None)
        if of_raw is not None:
            program, is_certain = of_raw
            is_certain = is_certain and found.is_own and not _began_otherwise(properties)
            return Beside(found.kinds, photo_name(raw.name), program, is_certain)
    return None


def _carrying(raw: Path) -> _Carrying | None:
    """Look for opcodes in a file beside a photo; None if there are none that Sixbit wrote, or that correct a lens."""
    from sixbit.files.dng import bends  # of few photos

    with suppress(OSError, StructureError):
        if raw.is_file():
            with raw.open("rb") as file:
                structure = Structure(file)
                kinds = kinds_in(structure)
                # Without a record, as a program may leave it behind, nobody can tell for which lens they are.
                if kinds or bends(structure):
                    return _Carrying(kinds, bool(kinds), _identities(structure))
    return None


def _identities(structure: Structure) -> frozenset[str]:
    entry = find(structure.first(), XMP)
    with suppress(XmpError):
        properties = read_packet(structure.data(entry, limits.XMP)).properties if entry else {}
        return frozenset(properties[name] for name in _OWN_IDENTITIES if properties.get(name))
    return frozenset()


def _program(properties: Mapping[str, str], exif: Source) -> tuple[Tagged[str], bool] | None:
    """Find the program that developed a photo, and whether it carries opcodes out for certain."""
    software = exif.text("Software")
    if software and _ALWAYS.match(software.value):
        return Tagged(software.value.strip("\0 ")[:60], software.tag), True
    if software and (found := _PERHAPS.match(software.value)):
        return Tagged(found[1], software.tag), False
    if is_applied(properties):
        return Tagged("Camera Raw", "XMP crs:AlreadyApplied"), True
    return None


def _derived_by(properties: Mapping[str, str], exif: Source) -> tuple[Tagged[str], bool]:
    """Find the program that made a photo of a raw, where it is none that only develops, or is not named at all."""
    creator = properties.get("xmp:CreatorTool")
    said = (exif.text("Software"), Tagged(creator, "XMP xmp:CreatorTool") if creator else None)
    for program in (one for one in said if one):
        for pattern in (_ALWAYS, _OF_RAWS):
            if found := pattern.match(program.value):
                return Tagged(found[0], program.tag), True
    return Tagged("its program", "XMP xmpMM:DerivedFrom"), False


def _names(properties: Mapping[str, str], raw: Path, found: _Carrying) -> bool:
    """Tell whether a photo says that it was made of this raw, by the name of the file or by an identity."""
    said = {properties.get(_DERIVED + part, "") for part in _IDENTITIES}
    return raw.name in _derived_names(properties) or bool(said & found.identities)


def _began_otherwise(properties: Mapping[str, str]) -> bool:
    """Tell whether a photo says that it was made of what a camera has developed: programs develop that once more."""
    names = (_name_in(properties, "crs:RawFileName"), *_derived_names(properties))
    return any(name.lower().endswith(_OF_CAMERAS) for name in names)


def _derived_names(properties: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the file that a photo was made of, in the forms that programs write."""
    return tuple(_name_in(properties, name) for name in (f"{_DERIVED}filePath", _DERIVED_NAME))


def _name_in(properties: Mapping[str, str], name: str) -> str:
    """The name of the file that a property tells, without the folder that it lay in."""
    return properties.get(name, "").replace("\\", "/").rpartition("/")[2]


def _raws_of(photo: Path, properties: Mapping[str, str]) -> Iterator[Path]:
    """Files beside a photo that may be its raw: of its own name, and of the names that programs have left."""
    named = (_name_in(properties, "crs:RawFileName"), *_derived_names(properties))
    for name in dict.fromkeys((f"{photo.stem}.dng", f"{photo.stem}.DNG", *named)):
        if name.lower().endswith(".dng"):
            yield photo.with_name(name)
