"""The share of a photo's metadata that is passed on: all of it, all but the place, or hardly anything.

What is left out is overwritten, not only unlinked: the bytes of a place are nowhere in the file that is written.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.files import mpf, tiff
from sixbit.files.exiv2 import erase, image_of, loaded_exiv2, parsed_xmp, xmp_packet
from sixbit.files.jpeg import APP0, APP14, COMMENT, SIGNATURE, XMP, NoRoomError, picture_end, segments, with_xmp
from sixbit.files.photoshop import without_iptc_of_place
from sixbit.photos.gain_map import MEANING, GainMap
from sixbit.photos.metadata import Metadata
from sixbit.values.errors import Code, PhotoError

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
    "Iptc.Application2.Location",
    "Iptc.Application2.City",
    "Iptc.Application2.SubLocation",
    "Iptc.Application2.ProvinceState",
    "Iptc.Application2.Country",
)
"""The tags in Exif and IPTC that tell the place, as exiv2 names them."""


_SHOWN_BY_EXIV2 = ("Exif.Image.Orientation", "Exif.Photo.ColorSpace", "Exif.Iop.InteroperabilityIndex")
"""Without these a picture that stays as it is would be shown in another way."""


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
    if isinstance(encoding, jpeg.JpegEncoding):
        kept = {APP0, APP14} if bare else {APP0, APP14, COMMENT}
        segments = tuple(part for part in encoding.segments if part[0] in kept)
        encoding = replace(encoding, segments=segments, trailer=None if bare else encoding.trailer)
    elif isinstance(encoding, png.PngEncoding):
        chunks = tuple(
            (name, content)
            for name, content in encoding.chunks
            if name in png.COLOURS | {b"pHYs"} or not (bare or content.startswith(b"Raw profile type"))
        )
        encoding = replace(encoding, chunks=chunks)
    gain_map = photo.gain_map and _map_passed_on(photo.gain_map, policy)
    if gain_map is None:
        photo = photo.without_gain_map("it means nothing without the maker note")
    return replace(photo, metadata=metadata, encoding=encoding, gain_map=gain_map)


def without_place(metadata: Metadata) -> Metadata:
    """The metadata without what tells where the photo was taken; maker notes stay as they are."""
    resources = without_iptc_of_place(metadata.resources)
    return Metadata(_exif_without_place(metadata.exif), _xmp_without_place(metadata.xmp), resources)


def _exif_without_place(exif: bytes | None) -> bytes | None:
    if exif is None:
        return None
    try:
        block = tiff.Structure(exif)
        pointer = tiff.find(block.first(), tiff.GPS)
        if pointer is None:
            return exif
        for entry in block.sub(tiff.GPS):
            if entry.size > 4:
                at = block.unpack("I", entry.value)[0]
                block.write(at, bytes(len(block.read(at, entry.size))))
            block.write(entry.at, bytes(12))
        block.remove_first(tiff.GPS)
    except tiff.StructureError:
        # What cannot be read cannot be cleared.
        return None
    return block.content()


def _xmp_without_place(packet: bytes | None) -> bytes | None:
    if packet is None:
        return None
    exiv2 = loaded_exiv2()
    try:
        data = parsed_xmp(packet)
        if not erase(data, _PLACES):
            return packet
        return None if data.empty() else xmp_packet(data)
    except exiv2.Exiv2Error:
        return None


def _map_passed_on(gain_map: GainMap, policy: str) -> GainMap | None:
    """The gain map with what lets pass of its XMP; None if it is nothing without metadata of its picture that goes."""
    if policy != "none":
        return replace(gain_map, xmp=_xmp_without_place(gain_map.xmp))
    return None if gain_map.needs_maker_note else replace(gain_map, xmp=_meaning(gain_map.xmp))


def _meaning(packet: bytes | None) -> bytes | None:
    """Leave of a gain map's packet what it says of the gain, and nothing else."""
    exiv2 = loaded_exiv2()
    try:
        data = parsed_xmp(packet)
        erase(data, tuple(key for datum in data if not (key := datum.key()).startswith(MEANING)))
        return None if data.empty() else xmp_packet(data)
    except exiv2.Exiv2Error:
        return None


def _bare(metadata: Metadata) -> Metadata:
    """The orientation alone."""
    if metadata.orientation is None:
        return Metadata()
    block = tiff.Structure(tiff.EMPTY)
    block.put_first([block.entry(tiff.ORIENTATION, tiff.SHORT, block.pack("H", metadata.orientation))])
    return Metadata(block.content())


def copy_without(path: Path, policy: str) -> bytes:
    """The file of a photo with the metadata that the policy lets pass, its picture as it is.

    Raises PhotoError for a format whose metadata cannot be rewritten (HEIC).
    """
    try:
        data = path.read_bytes()
        copy = _rewritten(data, policy)
        return _copy_with_gain_map(path, data, copy, policy) if data.startswith(SIGNATURE) else copy
    except (loaded_exiv2().Exiv2Error, NoRoomError, OSError) as error:
        raise PhotoError(f"cannot be copied without its metadata ({error}).", Code.METADATA, subject=path) from error


def _rewritten(data: bytes, policy: str) -> bytes:
    """The file of a photo with the metadata of its picture that the policy lets pass; raises Exiv2Error."""
    image = image_of(data)
    exif, xmp, iptc = image.exifData(), image.xmpData(), image.iptcData()
    if policy == "none":
        shown = {key: str(exif[key].value()) for key in _SHOWN_BY_EXIV2 if key in exif}
        exif.clear()
        xmp.clear()
        iptc.clear()
        image.clearComment()
        for key, text in shown.items():
            exif[key] = text
    else:
        for tags in (exif, xmp, iptc):
            erase(tags, (*_PLACES, *_PLACES_BY_EXIV2))
    image.writeMetadata()
    return bytes(image.io().data())


def _copy_with_gain_map(path: Path, data: bytes, copy: bytes, policy: str) -> bytes:
    """The rewritten copy of a JPEG, whose gain map follows the same policy; the map is encoded anew."""
    from sixbit.photos import jpeg

    end, end_of_copy = picture_end(data), picture_end(copy)
    gain_map, others, _ = jpeg.gain_map_in(path, data[end:])
    if gain_map is None:
        return mpf.moved(data, copy)
    gain_map, picture = _map_passed_on(gain_map, policy), copy[:end_of_copy]
    xmp = next((segment.content[len(XMP) :] for segment in segments(io.BytesIO(picture)) if segment.of(XMP)), None)
    metadata, behind = jpeg.with_gain_map(Metadata(xmp=xmp), gain_map, None)
    if metadata.xmp is not None:
        picture = with_xmp(picture, metadata.xmp)
    return mpf.joined(picture, behind) + others
