"""The share of a photo's metadata that is passed on: all of it, all but the place, or hardly anything.

What is left out is overwritten, not only unlinked: the bytes of a place are nowhere in the file that is written.
"""

from __future__ import annotations

import io
import re
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.files import photoshop, tiff, webp
from sixbit.files import png as png_file
from sixbit.files.exiv2 import (
    OF_SWIG,
    erase,
    erase_where,
    image_of,
    loaded_exiv2,
    own_errors,
    parsed_xmp,
    property_of,
    xmp_packet,
)
from sixbit.files.find import find_blocks
from sixbit.files.jpeg import APP0, APP14, APP15, COMMENT, SCAN, SIGNATURE, NoRoomError, picture_end, segments
from sixbit.files.kind import HEAD, kind_of
from sixbit.files.reading import of_library, reading
from sixbit.files.xmp import picture_in
from sixbit.photos.colour import SRGB, of_icc
from sixbit.photos.gain_map import MEANING, GainMap
from sixbit.photos.location import (
    clear_exif,
    clear_notes,
    clear_previews,
    clear_xmp,
    is_place,
    keywords_in,
    names_place,
    places_in,
    without_places,
    words_of_windows,
)
from sixbit.photos.metadata import Metadata
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from sixbit.photos.photo import Photo

_PLACES_BY_EXIV2 = (
    "Exif.GPSInfo.",
    "Exif.Image.GPSTag",
    "Exif.Image.ImageResources",
    "Iptc.Application2.Location",
    "Iptc.Application2.City",
    "Iptc.Application2.SubLocation",
    "Iptc.Application2.ProvinceState",
    "Iptc.Application2.Country",
)
"""The tags in Exif and IPTC that tell the place, as exiv2 names them."""
_KEYWORDS = "Exif.Image.XPKeywords"
_IPTC_KEYWORDS = "Iptc.Application2.Keywords"
_LAYERS = "Exif.Image.0x935c"
_UNREAD_XMP = Sentence("its XMP data, which cannot be read and may tell the place, was left out")
_OF_MAKER = Sentence(
    "what may tell the place and nobody else knows (parts of the maker's or a program's own) was left out"
)
_KNOWN_SEGMENTS = {APP0: b"JFIF\0", APP14: b"Adobe"}
_KNOWN_CHUNKS = frozenset({b"tIME", b"sPLT", b"oFFs", b"pCAL", b"sCAL", b"sTER"})
"""Segments of a JPEG and chunks of a PNG that can tell no place, beside texts (PNG specification and extensions)."""
_AS_THEY_ARE = {
    "HEIF": Sentence("a HEIC or AVIF"),
    "JPEG XL": Sentence("a JPEG XL"),
    "BigTIFF": Sentence("a BigTIFF"),
}
"""Formats that nothing here writes, and exiv2 neither."""
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
    metadata, notes = (_bare(photo.metadata), []) if bare else without_place(photo.metadata)
    encoding: Any = photo.encoding
    if isinstance(encoding, jpeg.JpegEncoding):
        parts = tuple(
            (marker, data)
            for marker, data in encoding.segments
            if data.startswith(_KNOWN_SEGMENTS.get(marker, ())) or (marker == COMMENT and not bare)
        )
        if len(parts) < len(encoding.segments) and not bare:
            notes.append(_OF_MAKER)
        encoding = replace(encoding, segments=parts, trailer=None if bare else encoding.trailer)
    elif isinstance(encoding, png.PngEncoding):
        needed = png.COLOURS | {png.RESOLUTION}
        chunks = tuple(
            chunk for chunk in encoding.chunks if chunk[0] in needed or not (bare or _may_tell_place(*chunk))
        )
        gone = [chunk for chunk in encoding.chunks if chunk not in chunks]
        if not bare and any(name not in png_file.TEXTS or text.startswith(png_file.PROFILE) for name, text in gone):
            notes.append(_OF_MAKER)
        encoding = replace(encoding, chunks=chunks)
    gain_map = photo.gain_map and _map_passed_on(photo.gain_map, policy)
    if gain_map is None:
        photo = photo.without_gain_map(Sentence("it means nothing without the maker note"))
    notes = [*photo.notes, *notes]
    return replace(photo, metadata=metadata, encoding=encoding, gain_map=gain_map, notes=tuple(notes))


def without_place(metadata: Metadata) -> tuple[Metadata, list[str]]:
    """The metadata without what tells where the photo was taken, and what else had to go with it, in words.

    What cannot be read cannot be cleared. Of maker notes those are cleared that are known to tell it.
    """
    exif = metadata.exif
    notes: list[str] = []
    xmp, places = None, places_in([*keywords_in(exif), *photoshop.keywords(metadata.resources)])
    try:
        xmp, places = _xmp_without_place(metadata.xmp, places)
    except loaded_exiv2().Exiv2Error:
        notes.append(_UNREAD_XMP)
    try:
        exif = exif and clear_exif(exif, places)
    except tiff.StructureError:
        exif = _bare(metadata).exif
        notes.append(Sentence("its Exif data, which cannot be read and may tell the place, was left out"))
    resources = photoshop.without_place(metadata.resources, lambda keyword: is_place(keyword, places))
    return Metadata(exif, xmp, clear_previews(resources)), notes


def _xmp_without_place(
    packet: bytes | None, places: frozenset[str] = frozenset()
) -> tuple[bytes | None, frozenset[str]]:
    """A packet without what tells the place, in the pictures within it too, and the keywords that were one.

    ``places`` are those that were found elsewhere. Raises Exiv2Error.
    """
    if packet is None:
        return None, places
    data = parsed_xmp(packet)
    if data.empty():  # it says nothing
        return None, places
    before = xmp_packet(data)
    places = clear_xmp(data, places)
    broken = set()
    for key, picture in [(datum.key(), picture_in(str(datum.value()))) for datum in data]:
        if picture is None:
            continue
        try:
            data[key] = b64encode(_copied(Path(), picture, "no-location")[0]).decode("ascii")
        except (PhotoError, loaded_exiv2().Exiv2Error, NoRoomError, *OF_SWIG):
            broken.add(property_of(key))
    erase_where(data, lambda datum: property_of(datum.key()) in broken)
    after = xmp_packet(data)
    if after == before:
        return packet, places
    return None if data.empty() else after, places


def _may_tell_place(name: bytes, content: bytes) -> bool:
    """True for a chunk of PNG that nobody knows, and for a text that tells the place by its keyword, or may hold all.

    ImageMagick writes properties as texts: ``exif:GPSLatitude``.
    """
    if name not in png_file.TEXTS:
        return name not in _KNOWN_CHUNKS
    keyword = content.partition(b"\0")[0].decode("latin-1")
    place = content.startswith(png_file.PROFILE) or any(map(names_place, re.split(r"[:.\s]", keyword)))
    return place or is_place(keyword)


def _map_passed_on(gain_map: GainMap, policy: str) -> GainMap | None:
    """The gain map with what lets pass of its XMP; None if it is nothing without metadata of its picture that goes."""
    if policy == "none":
        return None if gain_map.needs_maker_note else replace(gain_map, xmp=_meaning(gain_map.xmp))
    try:
        xmp, _ = _xmp_without_place(gain_map.xmp)
    except loaded_exiv2().Exiv2Error:
        xmp = None
    return replace(gain_map, xmp=xmp)


def _meaning(packet: bytes | None) -> bytes | None:
    """Leave of a gain map's packet what it says of the gain, and nothing else."""
    exiv2 = loaded_exiv2()
    try:
        data = parsed_xmp(packet)
        erase_where(data, lambda datum: not datum.key().startswith(MEANING))
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


def _with_colours(bare: Metadata, exif: bytes | None) -> Metadata:
    """Metadata of the orientation alone, with what this Exif block tells of the colours."""
    try:
        source = tiff.Structure(exif or tiff.EMPTY)
        photo = source.sub(tiff.EXIF)
        space = source.number(tiff.find(photo, tiff.COLOUR_SPACE))
        interop = source.directory(source.number(tiff.find(photo, tiff.INTEROP)) or 0)[0]
        index = tiff.find(interop, tiff.INTEROP_INDEX)
        told = source.data(index)[:4] if index else b""
    except tiff.StructureError:
        return bare
    block, entries = tiff.Structure(bare.exif or tiff.EMPTY), []
    if space is not None and space <= 0xFFFF:
        entries.append(block.entry(tiff.COLOUR_SPACE, tiff.SHORT, block.pack("H", space)))
    if told:
        at = block.append_directory([block.entry(tiff.INTEROP_INDEX, tiff.ASCII, told)])
        entries.append(block.entry(tiff.INTEROP, tiff.LONG, block.pack("I", at)))
    if not entries:
        return bare
    block.set_sub(tiff.EXIF, entries)
    return Metadata(block.content())


def copy_without(path: Path, policy: str) -> tuple[bytes, tuple[str, ...]]:
    """The file of a photo with the metadata that the policy lets pass, its picture as it is, and what else went.

    Raises PhotoError for a format whose metadata cannot be rewritten (HEIC, AVIF, JPEG XL, BigTIFF), and for damage.
    """
    with reading(path, code=Code.METADATA):
        try:
            data = path.read_bytes()
            if kind := _AS_THEY_ARE.get(kind_of(data[:HEAD]) or ""):
                why = Sentence(
                    "is {kind}, out of which nothing can be taken without writing the picture anew.", kind=kind
                )
                raise PhotoError(why, Code.METADATA)
            return _copied(path, data, policy)
        except (loaded_exiv2().Exiv2Error, NoRoomError, OSError) as error:
            raise PhotoError(
                Sentence("cannot be copied without its metadata ({error}).", error=of_library(error)), Code.METADATA
            ) from error


def _copied(path: Path, data: bytes, policy: str) -> tuple[bytes, tuple[str, ...]]:
    if data.startswith(SIGNATURE):
        return _copied_jpeg(path, data, policy)
    if data.startswith(png_file.SIGNATURE):
        return _copied_png(path, data, policy)
    shown = _shown(data)  # before exiv2 writes, which it may do where they lie
    copy, notes = _rewritten(data, policy)
    if _shown(copy) != shown:
        raise PhotoError("is damaged: its metadata cannot be written anew.", Code.DAMAGED)
    return copy, notes


def _shown(data: bytes) -> tuple[str | None, int, int]:
    """The kind of a file, and the width and height of the picture that is found in it."""
    kind = kind_of(data[:HEAD])
    try:
        blocks = find_blocks(io.BytesIO(data))
    except PhotoError:
        return kind, 0, 0
    return kind, blocks.width, blocks.height


def _copied_with(carried: Photo, policy: str) -> Photo:
    """All that a copy carries; its colours are told as they were, so that it needs no profile made for them."""
    photo = passed_on(carried, policy)
    if policy == "none":
        photo = replace(photo, metadata=_with_colours(photo.metadata, carried.metadata.exif))
    return replace(photo, colour=of_icc(carried.icc) or SRGB)


def _copied_jpeg(path: Path, data: bytes, policy: str) -> tuple[bytes, tuple[str, ...]]:
    """A copy of a JPEG, of what stands behind it the gain map alone; that is encoded anew."""
    from sixbit.photos import jpeg

    photo = _copied_with(jpeg.carried(path, data), policy)
    parts = list(segments(io.BytesIO(data)))
    if not parts or parts[-1].marker != SCAN:
        raise NoRoomError("there is no picture in it")
    # Adobe's segment says how the colours are stored, which stay so.
    of_picture = [part for part in parts if not (APP0 <= part.marker <= APP15 or part.marker == COMMENT)]
    adobe = [part for part in parts if part.marker == APP14]
    content = b"".join(data[part.start : part.end] for part in (*adobe, *of_picture))
    content += data[parts[-1].end : picture_end(data)]
    encoding = replace(photo.encoding, segments=tuple(part for part in photo.encoding.segments if part[0] != APP14))
    file = io.BytesIO()
    notes = jpeg.assemble(file, replace(photo, encoding=encoding), content, photo.metadata)
    return file.getvalue(), (*photo.notes, *notes)


def _copied_png(path: Path, data: bytes, policy: str) -> tuple[bytes, tuple[str, ...]]:
    from sixbit.photos import png

    source, file = io.BytesIO(data), io.BytesIO()
    photo = _copied_with(png.carried(path, source), policy)
    picture = png_file.SIGNATURE + png.chunks_of(source, png.PICTURE)
    if picture[12:16] != png_file.HEADER:
        raise PhotoError("is damaged: its picture does not begin with its size.", Code.DAMAGED)
    png.assemble(file, photo, picture, photo.metadata)
    return file.getvalue(), photo.notes


@own_errors()
def _rewritten(data: bytes, policy: str) -> tuple[bytes, tuple[str, ...]]:
    """A file with the metadata of its picture that the policy lets pass, by exiv2; raises Exiv2Error."""
    data, unknown = webp.without_unknown(data) if kind_of(data[:HEAD]) == "WebP" else (data, False)
    image = image_of(data)
    exif, xmp, iptc = image.exifData(), image.xmpData(), image.iptcData()
    notes: tuple[str, ...] = (_OF_MAKER,) if unknown and policy != "none" else ()
    image.clearXmpPacket()  # of a WebP without XMP data exiv2 would write the packet that it has read
    if policy == "none":
        # One that has no value shows nothing, and exiv2 does not take it back.
        shown = {key: text for key in _SHOWN_BY_EXIV2 if key in exif and (text := str(exif[key].value()))}
        exif.clear()
        xmp.clear()
        iptc.clear()
        image.clearComment()
        for key, text in shown.items():
            exif[key] = text
    else:
        told = [str(datum.value()) for datum in iptc if datum.key() == _IPTC_KEYWORDS]
        packet, places = None, places_in([*told, *map(str.strip, words_of_windows(_keywords_of(exif)))])
        try:
            found = find_blocks(io.BytesIO(data)).xmp if xmp.empty() else xmp_packet(xmp)
            packet, places = _xmp_without_place(found, places)
        except loaded_exiv2().Exiv2Error:
            notes += (_UNREAD_XMP,)
        image.setXmpData(parsed_xmp(packet))
        if erase(exif, _LAYERS):
            notes += (
                Sentence("Photoshop layers, in which there can be photos with a place of their own, were left out"),
            )
        for tags in (exif, iptc):
            erase(tags, _PLACES_BY_EXIV2)
        _erase_keywords(iptc, places)
        _clear_keywords(exif, places)
    image.writeMetadata()
    return clear_previews(clear_notes(bytes(image.io().data()))), notes


def _clear_keywords(exif: Any, places: frozenset[str]) -> None:
    """Take the places out of the keywords of Windows in exiv2's Exif data."""
    if _KEYWORDS not in exif:
        return
    old = _keywords_of(exif)
    new = without_places(old, places)
    if not new:
        erase(exif, _KEYWORDS)
    elif new != old:
        exif[_KEYWORDS] = " ".join(map(str, new))


def _keywords_of(exif: Any) -> bytes:
    """Those of Windows; of another kind than bytes nobody can read them."""
    value = exif[_KEYWORDS].value() if _KEYWORDS in exif else None
    return bytes(map(int, str(value).split())) if isinstance(value, loaded_exiv2().DataValue) else b""


def _erase_keywords(iptc: Any, places: frozenset[str]) -> None:
    erase_where(iptc, lambda datum: datum.key() == _IPTC_KEYWORDS and is_place(str(datum.value()), places))
