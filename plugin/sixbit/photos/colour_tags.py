"""The tags that tell the colours of a photo, made true for pixels that were converted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from sixbit.files import tiff
from sixbit.files.exiv2 import erase, loaded_exiv2, parsed_xmp, xmp_packet
from sixbit.files.xmp import XmpError
from sixbit.photos.metadata import Metadata

_UNCALIBRATED = 0xFFFF
_SPACES = {"sRGB": (1, b"R98"), "Adobe RGB": (_UNCALIBRATED, b"R03")}
"""ColorSpace of Exif and the interoperability index of DCF, for the spaces that have them."""
_OF_EXIF = (tiff.TRANSFER_FUNCTION, tiff.WHITE_POINT, tiff.PRIMARIES)
_SPACE = "Xmp.exif.ColorSpace"
_OF_XMP = (
    "Xmp.photoshop.ICCProfile",
    "Xmp.exif.Gamma",
    "Xmp.exifEX.Gamma",
    "Xmp.exifEX.InteroperabilityIndex",
    "Xmp.tiff.TransferFunction",
    "Xmp.tiff.WhitePoint",
    "Xmp.tiff.PrimaryChromaticities",
)
"""Properties of XMP that tell the same, but for ColorSpace, by their beginning."""


def recoloured(metadata: Metadata, space: str) -> Metadata:
    """The metadata of pixels in a colour space, ``sRGB``, ``Adobe RGB`` or another; nothing is told that was not."""
    number, index = _SPACES.get(space, (_UNCALIBRATED, None))
    return replace(metadata, exif=_exif(metadata.exif, number, index), xmp=_xmp(metadata.xmp, number))


def _exif(exif: bytes | None, number: int, index: bytes | None) -> bytes | None:
    """All is done in place: the entry of a maker note must not move."""
    if exif is None:
        return None
    try:
        block = tiff.Structure(exif)
        photo = block.sub(tiff.EXIF)
        block.set_number(tiff.find(photo, tiff.COLOUR_SPACE), number)
        interop = block.directory(block.number(tiff.find(photo, tiff.INTEROP)) or 0)[0]
        told = tiff.find(interop, tiff.INTEROP_INDEX)
        if told is not None and told.size == 4 and index is not None:
            block.write(told.at + 8, index + b"\0")
        elif told is not None:
            block.remove_sub(tiff.EXIF, tiff.INTEROP)
        block.remove_sub(tiff.EXIF, tiff.GAMMA)
        block.remove(block.first_at, _OF_EXIF)
    except tiff.StructureError:
        return exif
    return block.content()


def _xmp(packet: bytes | None, number: int) -> bytes | None:
    try:
        data = parsed_xmp(packet)
        said = {datum.key(): str(datum.value()) for datum in data}
        wrong = said.get(_SPACE, str(number)) != str(number)
        if wrong:
            data[_SPACE] = str(number)
        if not erase(data, _OF_XMP) and not wrong:
            return packet
        return None if data.empty() else xmp_packet(data)
    except loaded_exiv2().Exiv2Error:
        return _xmp_by_text(packet or b"", str(number))


def _xmp_by_text(packet: bytes, number: str) -> bytes:
    """The changes made to the text of a packet that exiv2 cannot read; one that is no XML stays."""
    from sixbit.files.xmp_text import edited, has

    with suppress(XmpError):
        return edited(packet, _OF_XMP, {_SPACE: number} if has(packet, _SPACE) else {})
    return packet
