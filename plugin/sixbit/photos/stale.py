"""The metadata of a photo that holds for the picture as it was, and not for one that was corrected or made smaller."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any

from sixbit.files import tiff
from sixbit.files.exiv2 import erase, erase_where, loaded_exiv2, parsed_xmp, property_of, xmp_packet
from sixbit.files.xmp import picture_in
from sixbit.photos import gain_map
from sixbit.values.sentence import Sentence

_UNTOLD = (
    "Xmp.xmp.Thumbnails",
    gain_map.ADOBE,
    "Xmp.GCamera.Micro",
    "Xmp.GCamera.MotionPhoto",
    "Xmp.OpCamera.",
)
"""A thumbnail, and what tells of pictures and films behind the picture: of those the reader of the file has told."""
_INSTANCE = "Xmp.xmpMM.InstanceID"
"""Which saved file it was: each that is saved is another, and what they have in common are other properties.

So the XMP specification, part 2: "updated each time a file is saved". exiv2 takes a UUID in ``rdf:about`` for it, too.
"""
_ENCODED = ("Xmp.dc.format", "Xmp.tiff.BitsPerSample", "Xmp.tiff.Compression")
"""How the file before was encoded."""
_DEPTH = ("Xmp.GDepth.", "Xmp.GFocus.", "Xmp.Device.", "Xmp.MiCamera.XMPMeta")
"""Depth maps and what blurs by them, as phones write them (Google's Depthmap and Dynamic Depth formats, Xiaomi)."""
_ORIGINAL = "Xmp.GImage."
"""The picture before it was blurred by its depth map."""

_PROVENANCE = "Xmp.dcterms.provenance"
"""Where the content credentials are (C2PA), or a history in words."""
_LINK = re.compile(r"[A-Za-z][\w+.-]*:\S+|self#\S+")

NO_CREDENTIALS = Sentence("content credentials, which hold for the file as it was alone, were left out")
NO_LIST = Sentence("the list of further pictures in the file (in its XMP data) was left out")
_NOTE_ON_DEPTH = Sentence("its depth map, which fits the uncorrected picture alone, was left out")
_NOTE_ON_PICTURES = Sentence("the pictures within its XMP data, which are not corrected, were left out")

_SUBJECT_AREA, _FOCAL_PLANE_X, _FOCAL_PLANE_Y, _SUBJECT_LOCATION = 0x9214, 0xA20E, 0xA20F, 0xA214
_OF_REGION = re.compile(
    r"(Xmp\.mwg-rs\.Regions/mwg-rs:AppliedToDimensions|Xmp\.iptcExt\.ImageRegion\[\d+\]/Iptc4xmpExt:RegionBoundary)"
    r"(?:/Iptc4xmpExt:rbVertices\[\d+\])?/(stDim:[wh]|Iptc4xmpExt:rb(?:[XYWH]|Rx))"
)
"""The size of the picture that regions are marked in (Metadata Working Group), and such regions (IPTC)."""
_ALONG_Y = ("stDim:h", "Iptc4xmpExt:rbY", "Iptc4xmpExt:rbH")
_FINEST = 10_000
"""The largest denominator of a ratio that is written."""


def erase_stale(data: Any) -> list[str]:
    """Erase from exiv2's XMP data what a correction makes untrue; return what of it is to be told, in words."""
    notes: list[str] = []
    erase(data, (*_UNTOLD, _INSTANCE, *_ENCODED))
    if erase_where(data, lambda datum: datum.key() == _PROVENANCE and bool(_LINK.fullmatch(str(datum.value())))):
        notes.append(NO_CREDENTIALS)
    if erase(data, gain_map.DIRECTORY):
        notes.append(NO_LIST)
    if erase(data, _DEPTH):
        notes.append(_NOTE_ON_DEPTH)
    holders = {property_of(datum.key()) for datum in data if picture_in(str(datum.value())) is not None}
    if erase_where(data, lambda datum: datum.key().startswith(_ORIGINAL) or property_of(datum.key()) in holders):
        notes.append(_NOTE_ON_PICTURES)
    return notes


def without_stale(packet: bytes) -> tuple[bytes, list[str]]:
    """Take as much out of the text of a packet that exiv2 cannot read; raises XmpError."""
    from sixbit.files.xmp_text import edited, without_pictures

    notes: list[str] = []
    packet = edited(packet, (*_UNTOLD, _INSTANCE), {})
    for keys, note in (((_PROVENANCE,), NO_CREDENTIALS), ((gain_map.DIRECTORY,), NO_LIST), (_DEPTH, _NOTE_ON_DEPTH)):
        if (without := edited(packet, keys, {})) != packet:
            notes.append(note)
        packet = without
    if (result := edited(without_pictures(packet), (_ORIGINAL,), {})) != packet:
        notes.append(_NOTE_ON_PICTURES)
    return result, notes


def scaled_xmp(packet: bytes | None, across: Fraction, down: Fraction) -> bytes | None:
    """The XMP packet of a picture made smaller, by these factors: the twins of Exif, and the sizes of a panorama."""
    return _changed(packet, lambda data: _scale_xmp(data, across, down))


def scaled_exif(exif: bytes | None, across: Fraction, down: Fraction) -> bytes | None:
    """The Exif block of a picture made smaller: pixels of the sensor a unit of length, and where the subject is.

    By EXIF 2.32, section 4.6.5. A block that is broken stays as it is.
    """
    if exif is not None:
        with suppress(tiff.StructureError):
            return _scaled_exif(exif, across, down)
    return exif


def _scaled_exif(exif: bytes, across: Fraction, down: Fraction) -> bytes:
    block = tiff.Structure(exif)
    for entry in block.sub(tiff.EXIF):
        at = block.offset(entry)
        at = entry.at + 8 if at is None else at
        if entry.tag in (_SUBJECT_AREA, _SUBJECT_LOCATION) and entry.kind == tiff.SHORT:
            numbers = _scaled_numbers(list(block.numbers(entry)), across, down)
            block.write(at, block.pack(f"{len(numbers)}H", *numbers))
        elif entry.tag in (_FOCAL_PLANE_X, _FOCAL_PLANE_Y) and entry.kind == tiff.RATIONAL:
            above, below = block.unpack("II", block.read(at, 8))
            if above and below:
                factor = across if entry.tag == _FOCAL_PLANE_X else down
                ratio = (Fraction(above, below) * factor).limit_denominator(_FINEST)
                if ratio.numerator < 1 << 32:
                    block.write(at, block.pack("II", ratio.numerator, ratio.denominator))
    return block.content()


def _scaled_numbers(numbers: list[int], across: Fraction, down: Fraction) -> list[int]:
    """A point, and the width and height, or else the diameter, of what is around it."""
    factors = (across, down, across, down)
    return [round(number * factor) for number, factor in zip(numbers, factors, strict=False)]


def _scale_xmp(data: Any, across: Fraction, down: Fraction) -> bool:
    """Scale what counts pixels in exiv2's XMP data; True if there was any."""
    changed = False
    for datum in list(data):
        key, text = datum.key(), str(datum.value())
        with suppress(ValueError, ZeroDivisionError):
            if key in ("Xmp.exif.FocalPlaneXResolution", "Xmp.exif.FocalPlaneYResolution"):
                ratio = (Fraction(text) * (across if "XR" in key else down)).limit_denominator(_FINEST)
                data[key] = f"{ratio.numerator}/{ratio.denominator}"
            elif key in ("Xmp.exif.SubjectArea", "Xmp.exif.SubjectLocation"):
                value = loaded_exiv2().XmpArrayValue(data[key].typeId())
                for number in _scaled_numbers([int(item) for item in datum.value()], across, down):
                    value.read(str(number))
                data[key] = value
            elif key.startswith("Xmp.GPano.") and key.endswith("Pixels"):
                along_y = "Height" in key or "Top" in key
                data[key] = str(round(Fraction(text) * (down if along_y else across)))
            elif found := _OF_REGION.fullmatch(key):
                if _unit_of(data, found[1]) != "pixel":
                    continue
                data[key] = str(round(Fraction(text) * (down if found[2] in _ALONG_Y else across)))
            else:
                continue
            changed = True
    return changed


def _unit_of(data: Any, holder: str) -> str:
    """The unit that the regions or the size of a picture are told in, ``pixel`` if none is named."""
    units = (key for key in (f"{holder}/stDim:unit", f"{holder}/Iptc4xmpExt:rbUnit") if key in data)
    return next((str(data[key].value()) for key in units), "pixel")


def _changed(packet: bytes | None, change: Callable[[Any], bool]) -> bytes | None:
    """A packet with its data changed, if ``change`` says that it did; one that cannot be read stays."""
    with suppress(loaded_exiv2().Exiv2Error):
        data = parsed_xmp(packet)
        if change(data):
            return None if data.empty() else xmp_packet(data)
    return packet
