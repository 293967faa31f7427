"""What a photo carries besides its pixels, from one file format to another, and the marks that a correction leaves.

Exif travels as the block it was found in, byte for byte but for what a new picture makes untrue: see ``ifd``. XMP is
read and written by exiv2. IPTC travels in the Photoshop image resources it is stored in.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sixbit.files import tiff_edit as ifd
from sixbit.files.exiv2 import loaded_exiv2, parsed_xmp, xmp_packet
from sixbit.files.photoshop import without_thumbnails
from sixbit.files.xmp import SIXBIT_CORRECTED, SIXBIT_FILTER, SIXBIT_PREFIX
from sixbit.manifest import manifest
from sixbit.photos.pixels import file_of, small_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.values.filter import Filter

ALREADY_APPLIED = {
    "distortion": "Xmp.aux.DistortionCorrectionAlreadyApplied",
    "tca": "Xmp.aux.LateralChromaticAberrationCorrectionAlreadyApplied",
    "vignetting": "Xmp.aux.VignetteCorrectionAlreadyApplied",
}
"""The standard marks, as Adobe's cameras and raw converters write them."""

LARGEST_THUMBNAIL = 1024
"""Pixels a side of the largest that is taken for one."""

_STALE_XMP = ("Xmp.xmp.Thumbnails", "Xmp.Container.Directory", "Xmp.hdrgm.", "Xmp.GContainer.", "Xmp.GCamera.Micro")
"""Pictures in the picture: a thumbnail, and the directories of gain maps and films that are appended to the file."""

UNREADABLE_JPEG = (OSError, SyntaxError, ValueError, struct.error, LookupError, TypeError)
"""What Pillow raises for the header of a JPEG that is damaged, in one way or another."""


@dataclass(frozen=True)
class Metadata:
    """Exif (a TIFF structure), XMP (one packet, UTF-8) and Photoshop image resources (IPTC among them), or None."""

    exif: bytes | None = None
    xmp: bytes | None = None
    resources: bytes | None = None


def corrected(
    metadata: Metadata, pixels: NDArray[Any], filter: Filter | None, applied: Sequence[str]
) -> tuple[Metadata, list[str]]:
    """The metadata of the corrected picture ``pixels``, with its marks, and what could not be kept, in words."""
    notes: list[str] = []
    exif = xmp = None
    try:
        exif = _corrected_exif(metadata.exif or ifd.EMPTY, pixels)
    except ifd.StructureError as error:
        exif = metadata.exif
        notes.append(f"its Exif data is broken ({error}) and was kept as it is")
    try:
        xmp = _corrected_xmp(metadata.xmp, pixels, filter, applied)
    except loaded_exiv2().Exiv2Error:
        xmp = _corrected_xmp(None, pixels, filter, applied)
        notes.append("its XMP data is broken and was left out")
    resources = None if metadata.resources is None else without_thumbnails(metadata.resources)
    return Metadata(exif, xmp, resources), notes


def _corrected_exif(exif: bytes, pixels: NDArray[Any]) -> bytes:
    height, width = pixels.shape[:2]
    block = ifd.Structure(io.BytesIO(exif))
    entries = block.first()
    photo = block.sub(ifd.EXIF)
    for directory, tag, number in (
        (entries, ifd.WIDTH, width),
        (entries, ifd.HEIGHT, height),
        (photo, ifd.EXIF_WIDTH, width),
        (photo, ifd.EXIF_HEIGHT, height),
    ):
        block.set_number(ifd.find(directory, tag), number)
    block.set_thumbnail(_thumbnail(block, pixels))
    block.set_text(ifd.SOFTWARE, software())
    return block.content()


def upright(metadata: Metadata) -> Metadata:
    """The metadata of pixels that were turned upright when they were decoded: its orientation says so."""
    if metadata.exif is None:
        return metadata
    try:
        block = ifd.Structure(io.BytesIO(metadata.exif))
        block.set_number(ifd.find(block.first(), ifd.ORIENTATION), 1)
    except ifd.StructureError:
        return metadata
    return Metadata(block.content(), metadata.xmp, metadata.resources)


def without_maker_note(metadata: Metadata, lens: str | None) -> Metadata:
    """The metadata without the entry of a maker note; the lens becomes LensModel, if there is none."""
    if metadata.exif is None:
        return metadata
    try:
        block = ifd.Structure(io.BytesIO(metadata.exif))
        entries = [entry for entry in block.sub(ifd.EXIF) if entry.tag != ifd.MAKER_NOTE]
        if lens and ifd.find(entries, ifd.LENS_MODEL) is None:
            text = lens.encode() + b"\0"
            entries.append(ifd.Entry(ifd.LENS_MODEL, ifd.ASCII, len(text), block.stored(text)))
        block.set_sub(ifd.EXIF, entries)
    except ifd.StructureError:
        return metadata
    return Metadata(block.content(), metadata.xmp, metadata.resources)


def software() -> str:
    """The name and version that the Software tag gets."""
    return f"{manifest()['name']} {manifest()['version']}"


def _thumbnail(block: ifd.Structure, pixels: NDArray[Any]) -> bytes | None:
    """A thumbnail of ``pixels`` as large as the one that stands, bars and all, in no more bytes; None if that fails."""
    from PIL import Image
    from PIL.JpegImagePlugin import JpegImageFile

    place = block.thumbnail()
    if place is None:
        return None
    try:
        # Not Image.open: it refuses large pictures by errors and warnings of its own; nothing is decoded here.
        size = JpegImageFile(io.BytesIO(block.read(*place))).size
    except UNREADABLE_JPEG:
        return None
    if max(size) > LARGEST_THUMBNAIL:
        return None
    picture = small_picture(pixels, *size)
    canvas = Image.new("RGB", size)
    canvas.paste(picture, ((canvas.width - picture.width) // 2, (canvas.height - picture.height) // 2))
    tried = (file_of(canvas, quality=quality, optimize=True) for quality in (90, 80, 70, 55, 40, 25))
    return next((jpeg for jpeg in tried if len(jpeg) <= place[1]), None)


def _corrected_xmp(
    packet: bytes | None, pixels: NDArray[Any], filter: Filter | None, applied: Sequence[str]
) -> bytes | None:
    data = parsed_xmp(packet)
    height, width = pixels.shape[:2]
    keys = [datum.key() for datum in data]
    for key, number in (
        ("Xmp.tiff.ImageWidth", width),
        ("Xmp.tiff.ImageLength", height),
        ("Xmp.exif.PixelXDimension", width),
        ("Xmp.exif.PixelYDimension", height),
    ):
        if key in keys:
            data[key] = str(number)
    for key in keys:
        if key.startswith(_STALE_XMP):
            data.erase(data.findKey(loaded_exiv2().XmpKey(key)))
    earlier = str(data[made].value()).split() if (made := f"Xmp.{SIXBIT_PREFIX}.{SIXBIT_CORRECTED}") in keys else []
    for key, text in marks(applied, earlier, filter.digest if filter else None).items():
        data[key] = text
    return None if data.empty() else xmp_packet(data)


def marks(applied: Iterable[str], earlier: Iterable[str], digest: str | None) -> dict[str, str]:
    """The marks of corrections that were applied now or earlier, as XMP properties by exiv2's names.

    >>> marks(["tca"], ["distortion"], "5eed")["Xmp.sixbit.corrected"]
    'distortion tca'
    """
    applied = tuple(applied)
    tags = {ALREADY_APPLIED[kind]: "True" for kind in applied if kind in ALREADY_APPLIED}
    if digest is not None:
        tags[f"Xmp.{SIXBIT_PREFIX}.{SIXBIT_CORRECTED}"] = " ".join(dict.fromkeys((*earlier, *applied)))
        tags[f"Xmp.{SIXBIT_PREFIX}.{SIXBIT_FILTER}"] = digest
    return tags
