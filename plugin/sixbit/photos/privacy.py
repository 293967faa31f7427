"""What of a photo's metadata is passed on: all of it, all but the place, or hardly anything.

What is left out is overwritten, not only unlinked: the bytes of a place are nowhere in the file that is written.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.files import tiff_edit as ifd
from sixbit.files.exiv2 import loaded_exiv2, parsed_xmp, xmp_packet
from sixbit.files.photoshop import without_iptc_of_place
from sixbit.photos.metadata import Metadata
from sixbit.values.errors import PhotoError, photo_name

if TYPE_CHECKING:
    from sixbit.photos.photo import Photo

_PLACES = (
    "Xmp.exif.GPS",
    "Xmp.exifEX.GPS",
    "Xmp.photoshop.City",
    "Xmp.photoshop.State",
    "Xmp.photoshop.Country",
    "Xmp.iptc.Location",
    "Xmp.iptc.CountryCode",
    "Xmp.iptcExt.Location",
)
"""Properties of XMP, by their beginning, that tell where a photo was taken (IPTC photo metadata standard)."""

_PLACES_BY_EXIV2 = (
    "Exif.GPSInfo.",
    "Exif.Image.GPSTag",
    "Iptc.Application2.LocationCode",
    "Iptc.Application2.LocationName",
    "Iptc.Application2.City",
    "Iptc.Application2.SubLocation",
    "Iptc.Application2.ProvinceState",
    "Iptc.Application2.CountryCode",
    "Iptc.Application2.CountryName",
)
"""The same in Exif and IPTC, as exiv2 names them."""
_APP0, _APP14, _COMMENT = 0xE0, 0xEE, 0xFE


def passed_on(photo: Photo, policy: str) -> Photo:
    """The photo with the metadata that the policy lets pass: ``keep``, ``no-location`` or ``none``.

    ``none`` leaves the orientation and the colour profile, without which the picture would be another.
    """
    if policy == "keep":
        return photo
    from sixbit.photos import jpeg, png

    bare = policy == "none"
    metadata = _bare(photo.metadata) if bare else without_place(photo.metadata)
    encoding: Any = photo.encoding
    if isinstance(encoding, jpeg.Encoding):
        kept = {_APP0, _APP14} if bare else {_APP0, _APP14, _COMMENT}
        segments = tuple(part for part in encoding.segments if part[0] in kept)
        encoding = replace(encoding, segments=segments, trailer=None if bare else encoding.trailer)
    elif isinstance(encoding, png.Encoding):
        chunks = tuple(
            (name, content)
            for name, content in encoding.chunks
            if name in png.COLOURS | {b"pHYs"} or not (bare or content.startswith(b"Raw profile type"))
        )
        encoding = replace(encoding, chunks=chunks)
    return replace(photo, metadata=metadata, encoding=encoding)


def without_place(metadata: Metadata) -> Metadata:
    """The metadata without what tells where the photo was taken; maker notes stay as they are."""
    resources = None if metadata.resources is None else without_iptc_of_place(metadata.resources)
    return Metadata(_exif_without_place(metadata.exif), _xmp_without_place(metadata.xmp), resources)


def _exif_without_place(exif: bytes | None) -> bytes | None:
    if exif is None:
        return None
    block = ifd.Structure(io.BytesIO(exif))
    try:
        pointer = ifd.find(block.first(), ifd.GPS)
        if pointer is None:
            return exif
        for entry in block.sub(ifd.GPS):
            size = ifd.SIZES.get(entry.kind, 0) * entry.length
            if size > 4:
                at = block.unpack("I", entry.value)[0]
                block.write(at, bytes(len(block.read(at, size))))
            block.write(entry.at, bytes(12))
        block.remove_first(ifd.GPS)
    except ifd.StructureError:
        # What cannot be read cannot be cleared.
        return None
    return block.content()


def _xmp_without_place(packet: bytes | None) -> bytes | None:
    if packet is None:
        return None
    exiv2 = loaded_exiv2()
    try:
        data = parsed_xmp(packet)
        if not _erase_all(data, _PLACES):
            return packet
        return None if data.empty() else xmp_packet(data)
    except exiv2.Exiv2Error:
        return None


def _erase_all(data: Any, beginnings: tuple[str, ...]) -> bool:
    """Erase the tags whose keys begin so; True if there were any."""
    erased = False
    datum = data.begin()
    while datum != data.end():
        if datum.key().startswith(beginnings):
            datum, erased = data.erase(datum), True
        else:
            next(datum)  # moves on in place
    return erased


def _bare(metadata: Metadata) -> Metadata:
    """The orientation alone."""
    try:
        found = ifd.find(ifd.Structure(io.BytesIO(metadata.exif or ifd.EMPTY)).first(), ifd.ORIENTATION)
        turned = ifd.Structure(io.BytesIO(metadata.exif or ifd.EMPTY)).number(found) if found else None
    except ifd.StructureError:
        turned = None
    if turned is None:
        return Metadata()
    block = ifd.Structure(io.BytesIO(ifd.EMPTY))
    block.put_first([ifd.Entry(ifd.ORIENTATION, ifd.SHORT, 1, block.pack("H", turned) + b"\0\0")])
    return Metadata(block.content())


def copy_without(path: Path, policy: str) -> bytes:
    """The file of a photo with the metadata that the policy lets pass, its picture as it is.

    Raises PhotoError for a format whose metadata cannot be rewritten (HEIC).
    """
    exiv2 = loaded_exiv2()
    try:
        content = path.read_bytes()  # exiv2 does not keep it alive
        image = exiv2.ImageFactory.open(content)
        image.readMetadata()
        exif, xmp, iptc = image.exifData(), image.xmpData(), image.iptcData()
        if policy == "none":
            turned = str(exif["Exif.Image.Orientation"].value()) if "Exif.Image.Orientation" in exif else None
            exif.clear()
            xmp.clear()
            iptc.clear()
            image.clearComment()
            if turned is not None:
                exif["Exif.Image.Orientation"] = turned
        else:
            for data in (exif, xmp, iptc):
                _erase_all(data, (*_PLACES, *_PLACES_BY_EXIV2))
        image.writeMetadata()
        return bytes(image.io().data())
    except (exiv2.Exiv2Error, OSError) as error:
        raise PhotoError(
            f"{photo_name(path)}: cannot be copied without its metadata ({error}); choose a preset that keeps it, or "
            "skips such photos."
        ) from error
