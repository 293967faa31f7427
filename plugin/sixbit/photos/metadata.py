"""The metadata of a photo, from one file format to another, and the marks that a correction leaves in it.

Exif travels as the block it was found in, byte for byte but for what a new picture makes untrue: see ``files.tiff``.
XMP is read and written by exiv2. IPTC travels in the Photoshop image resources it is stored in.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sixbit.files import jpeg, tiff
from sixbit.files.exif_room import fitted
from sixbit.files.exiv2 import loaded_exiv2, parsed_xmp, xmp_packet
from sixbit.files.photoshop import without_thumbnails
from sixbit.files.xmp import XmpError, read_packet
from sixbit.manifest import manifest
from sixbit.photos.pixels import file_of, small_picture
from sixbit.photos.stale import erase_stale, without_stale
from sixbit.values.marks import CORRECTED, marks, own, own_key
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.values.filter import Filter

LARGEST_THUMBNAIL = 1024
"""Pixels a side of the largest that is taken for one."""

_ORIENTATION = "Xmp.tiff.Orientation"
_MOST_TOLD = 8


@dataclass(frozen=True)
class Metadata:
    """Exif (a TIFF structure) and XMP (one packet, UTF-8), or None; Photoshop image resources, IPTC among them."""

    exif: bytes | None = None
    xmp: bytes | None = None
    resources: bytes = b""

    @property
    def orientation(self) -> int | None:
        """How the picture is to be turned, as its Exif data says (1-8, EXIF 2.32, section 4.6.4); None if it does not.

        >>> Metadata().orientation
        """
        try:
            block = tiff.Structure(self.exif or tiff.EMPTY)
            found = block.number(tiff.find(block.first(), tiff.ORIENTATION))
        except tiff.StructureError:
            return None
        return found if found in range(1, 9) else None

    @property
    def has_maker_note(self) -> bool:
        """True if its Exif data holds the notes of the camera's maker."""
        try:
            return tiff.find(tiff.Structure(self.exif or tiff.EMPTY).sub(tiff.EXIF), tiff.MAKER_NOTE) is not None
        except tiff.StructureError:
            return False


@dataclass(frozen=True)
class Room:
    """Bytes that a file has for Exif, and for an XMP packet that cannot be split."""

    exif: int
    xmp: int
    is_enough: bool = False
    """True for Exif data that is written in several pieces, as it was found, if it does not fit."""


def corrected(
    metadata: Metadata, pixels: NDArray[Any], filter: Filter | None, room: Room | None = None
) -> tuple[Metadata, list[str]]:
    """The metadata of the corrected picture ``pixels``, with its marks, and what could not be kept, in words.

    ``room`` is what the file has that it is for; None if it has enough for all.
    """
    notes: list[str] = []
    exif = xmp = None
    try:
        exif = _corrected_exif(metadata.exif or tiff.EMPTY, pixels, room, notes)
    except tiff.StructureError as error:
        exif = metadata.exif
        notes.append(Sentence("its Exif data is broken ({error}) and was kept as it is", error=error))
    try:
        xmp, of_xmp = _corrected_xmp(metadata.xmp, pixels, filter)
        notes += of_xmp
    except loaded_exiv2().Exiv2Error:
        try:
            xmp, of_xmp = _marked_xmp(metadata.xmp or b"", pixels, filter, room)
            notes += [
                Sentence("its XMP data breaks the rules of XMP: it was kept as it is, and the marks were put in"),
                *of_xmp,
            ]
        except XmpError:
            xmp, _ = _corrected_xmp(None, pixels, filter)
            notes.append(Sentence("its XMP data is broken and was left out"))
    return Metadata(exif, xmp, without_thumbnails(metadata.resources)), notes


def _corrected_exif(exif: bytes, pixels: NDArray[Any], room: Room | None, notes: list[str]) -> bytes:
    height, width = pixels.shape[:2]
    block = tiff.Structure(exif)
    entries = block.first()
    photo = block.sub(tiff.EXIF)
    related: list[tiff.Entry] = []
    with suppress(tiff.StructureError):
        related = block.directory(block.number(tiff.find(photo, tiff.INTEROP)) or 0)[0]
    for directory, tag, number in (
        (entries, tiff.WIDTH, width),
        (entries, tiff.HEIGHT, height),
        (photo, tiff.EXIF_WIDTH, width),
        (photo, tiff.EXIF_HEIGHT, height),
        (related, tiff.RELATED_WIDTH, width),
        (related, tiff.RELATED_HEIGHT, height),
    ):
        block.set_number(tiff.find(directory, tag), number)
    block.set_thumbnail(_thumbnail(block, pixels))
    unsigned = block.content()
    block.set_text(tiff.SOFTWARE, software())
    signed = block.content()
    if room is None or len(signed) <= room.exif:
        return signed
    # The name of the program is not worth a tag of the photo.
    is_full = len(unsigned) > room.exif and not room.is_enough
    exif, left_out = fitted(unsigned, room.exif) if is_full else (unsigned, [])
    if left_out:
        notes.append(
            Sentence(
                "its Exif data is too long for a JPEG: left out was {tags}; write a .tif to keep it",
                tags=listed(left_out),
            )
        )
    else:
        notes.append(Sentence("its Exif data is full, so its tag Software stays as it was"))
    return exif


def listed(names: Sequence[str]) -> str:
    """The first of these names, for a note.

    >>> listed(["Title", "Author"])
    'Title, Author'
    """
    told = ", ".join(names[:_MOST_TOLD])
    return Sentence("{names}, and more", names=told) if len(names) > _MOST_TOLD else told


def upright(metadata: Metadata) -> Metadata:
    """The metadata of pixels that were turned upright when they were decoded: its orientation says so."""
    exif = metadata.exif
    if exif is not None:
        with suppress(tiff.StructureError):
            block = tiff.Structure(exif)
            block.set_number(tiff.find(block.first(), tiff.ORIENTATION), 1)
            exif = block.content()
    return Metadata(exif, _upright_xmp(metadata.xmp), metadata.resources)


def _upright_xmp(packet: bytes | None) -> bytes | None:
    from sixbit.files.xmp_text import edited, has

    with suppress(XmpError):
        if packet is not None and has(packet, _ORIENTATION):
            return edited(packet, (), {_ORIENTATION: "1"})
    return packet


def without_maker_note(metadata: Metadata, lens: str | None) -> Metadata:
    """The metadata without the entry of a maker note; the lens becomes LensModel, if there is none."""
    if metadata.exif is None:
        return metadata
    try:
        block = tiff.Structure(metadata.exif)
        entries = [entry for entry in block.sub(tiff.EXIF) if entry.tag != tiff.MAKER_NOTE]
        if lens and tiff.find(entries, tiff.LENS_MODEL) is None:
            entries.append(block.entry(tiff.LENS_MODEL, tiff.ASCII, lens.encode() + b"\0"))
        block.set_sub(tiff.EXIF, entries)
    except tiff.StructureError:
        return metadata
    return Metadata(block.content(), metadata.xmp, metadata.resources)


def software() -> str:
    """The name and version that the Software tag gets."""
    return f"{manifest()['name']} {manifest()['version']}"


def _thumbnail(block: tiff.Structure, pixels: NDArray[Any]) -> bytes | None:
    """A thumbnail of ``pixels`` as large as the one that stands, bars and all, in no more bytes; None if that fails."""
    from PIL import Image

    place = block.thumbnail()
    frame = jpeg.frame_in(block.read(*place)) if place else None
    if place is None or frame is None or not 0 < min(frame.size) <= max(frame.size) <= LARGEST_THUMBNAIL:
        return None
    picture = small_picture(pixels, *frame.size)
    canvas = Image.new("RGB", frame.size)
    canvas.paste(picture, ((canvas.width - picture.width) // 2, (canvas.height - picture.height) // 2))
    tried = (file_of(canvas, quality=quality, optimize=True) for quality in (90, 80, 70, 55, 40, 25))
    return next((jpeg for jpeg in tried if len(jpeg) <= place[1]), None)


def _corrected_xmp(packet: bytes | None, pixels: NDArray[Any], filter: Filter | None) -> tuple[bytes | None, list[str]]:
    data = parsed_xmp(packet)
    keys = [datum.key() for datum in data]
    for key, text in _sizes(pixels).items():
        if key in keys:
            data[key] = text
    notes = erase_stale(data)
    earlier = str(data[made].value()) if (made := own_key(CORRECTED)) in keys else ""
    for key, text in _marks(filter, earlier).items():
        data[key] = text
    return None if data.empty() else xmp_packet(data), notes


def _marked_xmp(
    packet: bytes, pixels: NDArray[Any], filter: Filter | None, room: Room | None
) -> tuple[bytes, list[str]]:
    """A packet that exiv2 cannot read, with the same changes made as text; raises XmpError."""
    from sixbit.files.xmp_text import edited, has

    earlier = read_packet(packet).properties.get(own(CORRECTED), "")
    sizes = {key: text for key, text in _sizes(pixels).items() if has(packet, key)}
    packet, notes = without_stale(packet)
    xmp = edited(packet, (), sizes | _marks(filter, earlier))
    if room and len(xmp) > room.xmp:
        raise XmpError("it is too long, and cannot be split")
    return xmp, notes


def _sizes(pixels: NDArray[Any]) -> dict[str, str]:
    height, width = map(str, pixels.shape[:2])
    return {
        "Xmp.tiff.ImageWidth": width,
        "Xmp.tiff.ImageLength": height,
        "Xmp.exif.PixelXDimension": width,
        "Xmp.exif.PixelYDimension": height,
    }


def _marks(filter: Filter | None, earlier: str) -> dict[str, str]:
    if filter is None:
        return {}
    return marks(filter.made_from.get("corrections", ()), earlier.split(), filter.digest)
