"""What a photo carries besides its pixels, from one file format to another, and the marks that a correction leaves.

Exif travels as the block it was found in, byte for byte but for what a new picture makes untrue: see ``ifd``. XMP is
read and written by exiv2. IPTC travels in the Photoshop image resources it is stored in.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.files import tiff_edit as ifd
from sixbit.files.xmp import SIXBIT_CORRECTED, SIXBIT_FILTER, SIXBIT_NAMESPACE, SIXBIT_PREFIX
from sixbit.manifest import manifest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.values.filter import CorrectionFilter

ALREADY_APPLIED = {
    "distortion": "Xmp.aux.DistortionCorrectionAlreadyApplied",
    "tca": "Xmp.aux.LateralChromaticAberrationCorrectionAlreadyApplied",
    "vignetting": "Xmp.aux.VignetteCorrectionAlreadyApplied",
}
"""The standard marks, as Adobe's cameras and raw converters write them."""

PICTURE_TAGS = frozenset(
    {254, 255, *range(256, 260), 262, 263, 264, 265, 266, 273, *range(277, 282), 284, 290, 291, 292, 293, 301, 317}
    | {*range(320, 326), 330, *range(332, 335), *range(336, 348), *range(512, 522), *range(529, 533), 559, 32997, 32998}
    | {700, 33723, 34377, 34675, 37724, 50341, 50838, 50839}
)
"""TIFF tags that say how pixels are stored, or that are carried over on a way of their own (TIFF 6.0, section 8)."""

_STALE_XMP = ("Xmp.xmp.Thumbnails", "Xmp.Container.Directory", "Xmp.hdrgm.", "Xmp.GContainer.", "Xmp.GCamera.Micro")
"""Pictures in the picture: a thumbnail, and the directories of gain maps and films that are appended to the file."""

UNREADABLE_JPEG = (OSError, SyntaxError, ValueError, struct.error, LookupError, TypeError)
"""What Pillow raises for the header of a JPEG that is damaged, in one way or another."""

_IPTC, _IPTC_DIGEST, _THUMBNAILS = 0x0404, 0x0425, (0x0409, 0x040C)
_PLACES = {26, 27, 90, 92, 95, 100, 101}
"""Data sets of record 2 that tell of a place (IPTC-NAA Information Interchange Model 4.2, section 6)."""


@dataclass(frozen=True)
class Metadata:
    """Exif (a TIFF structure), XMP (one packet, UTF-8) and Photoshop image resources (IPTC among them), or None."""

    exif: bytes | None = None
    xmp: bytes | None = None
    resources: bytes | None = None


def corrected(
    metadata: Metadata, pixels: NDArray[Any], correction: CorrectionFilter | None, applied: Sequence[str]
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
        xmp = _corrected_xmp(metadata.xmp, pixels, correction, applied)
    except loaded_exiv2().Exiv2Error:
        xmp = _corrected_xmp(None, pixels, correction, applied)
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
    if max(size) > 1024:
        return None
    height, width = pixels.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    # A quarter of the stride that would do, so that the filter below has something to average.
    stride = max(1, int(0.25 / scale))
    small = eight_bits(pixels[::stride, ::stride, :3] if pixels.ndim == 3 else pixels[::stride, ::stride])
    picture = Image.fromarray(small.squeeze()).convert("RGB")
    fitted = picture.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.LANCZOS)
    canvas = Image.new("RGB", size)
    canvas.paste(fitted, ((size[0] - fitted.width) // 2, (size[1] - fitted.height) // 2))
    for quality in (90, 80, 70, 55, 40, 25):
        jpeg = io.BytesIO()
        canvas.save(jpeg, "JPEG", quality=quality, optimize=True)
        if jpeg.tell() <= place[1]:
            return jpeg.getvalue()
    return None


def eight_bits(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels of any kind as uint8, rounded; floating point is cut to 0..1.

    >>> import numpy as np
    >>> eight_bits(np.array([0, 128, 129, 32896, 65535], np.uint16)).tolist()
    [0, 0, 1, 128, 255]
    >>> eight_bits(np.array([-1, 0.5, 2], np.float32)).tolist()
    [0, 128, 255]
    """
    import numpy as np

    if pixels.dtype == np.uint16:
        pixels = np.rint(np.arange(65536) / 257).astype(np.uint8)[pixels]
    elif pixels.dtype == np.float32:
        pixels = np.clip(np.nan_to_num(pixels), 0, 1) * np.float32(255) + np.float32(0.5)
    return pixels.astype(np.uint8, copy=False)


_SEED = (ifd.SOFTWARE, ifd.ASCII, 2, b"S\0\0\0", 0)
_SEEDS = {1: struct.pack("<4sIHHHI4sI", b"II*\0", 8, 1, *_SEED), 2: struct.pack(">4sIHHHI4sI", b"MM\0*", 8, 1, *_SEED)}
"""The least TIFF file that exiv2 takes, by its number of the byte order."""


@cache
def loaded_exiv2() -> Any:
    """The module, which knows Sixbit's namespace and keeps its complaints to itself."""
    import exiv2

    exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)
    exiv2.XmpProperties.registerNs(SIXBIT_NAMESPACE, SIXBIT_PREFIX)
    exiv2.XmpProperties.registerNs("http://ns.adobe.com/xmp/note/", "xmpNote")
    return exiv2


def _corrected_xmp(
    packet: bytes | None, pixels: NDArray[Any], correction: CorrectionFilter | None, applied: Sequence[str]
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
    for key, text in marks(applied, earlier, correction.digest if correction else None).items():
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


def merged_xmp(packet: bytes, extension: bytes) -> bytes:
    """The packet of a JPEG and its extension as one (XMP specification part 3, section 1.1.3.1)."""
    try:
        data = parsed_xmp(packet)
        for datum in parsed_xmp(extension):
            data.add(datum)
        found = data.findKey(loaded_exiv2().XmpKey("Xmp.xmpNote.HasExtendedXMP"))
        if found != data.end():
            data.erase(found)
        return xmp_packet(data)
    except loaded_exiv2().Exiv2Error:
        return packet


def split_xmp(packet: bytes, limit: int) -> tuple[bytes, bytes | None]:
    """A packet as one of at most ``limit`` bytes, and an extension with the largest properties if it takes one."""
    from hashlib import md5

    if len(packet) <= limit:
        return packet, None
    data, extension = parsed_xmp(packet), loaded_exiv2().XmpData()
    sizes: dict[str, int] = {}
    for datum in data:
        name = _property(datum.key())
        sizes[name] = sizes.get(name, 0) + len(datum.key()) + len(str(datum.value()))
    main = packet
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        for datum in data:
            if _property(datum.key()) == name:
                extension.add(datum)
        for key in [datum.key() for datum in data if _property(datum.key()) == name]:
            data.erase(data.findKey(loaded_exiv2().XmpKey(key)))
        more = xmp_packet(extension, wrapped=False)
        data["Xmp.xmpNote.HasExtendedXMP"] = md5(more, usedforsecurity=False).hexdigest().upper()
        main = xmp_packet(data)
        if len(main) <= limit:
            break
    return main, more


def _property(key: str) -> str:
    """The property at the top that a key of exiv2 is part of: ``Xmp.dc.creator`` of ``Xmp.dc.creator[1]``."""
    return key.split("/")[0].split("[")[0]


def parsed_xmp(packet: bytes | None) -> Any:
    """The XMP data of a packet, by reading it as a sidecar file; raises Exiv2Error."""
    exiv2 = loaded_exiv2()
    if packet is None:
        return exiv2.XmpData()
    sidecar = exiv2.ImageFactory.open(packet.strip(b"\0"))
    sidecar.readMetadata()
    return sidecar.xmpData()


def xmp_packet(data: Any, wrapped: bool = True) -> bytes:
    """XMP data as a packet; raises Exiv2Error."""
    exiv2 = loaded_exiv2()
    flags = exiv2.XmpParser.XmpFormatFlags.useCompactFormat
    if not wrapped:
        flags |= exiv2.XmpParser.XmpFormatFlags.omitPacketWrapper
    code, text = exiv2.XmpParser.encode(data, flags)
    if code:
        raise exiv2.Exiv2Error("XMP cannot be written")
    return str(text).encode()


def exif_of_tiff(path: Path) -> bytes | None:
    """The Exif data of a TIFF file, as a block without the tags of its pixels; None if exiv2 cannot read it."""
    exiv2 = loaded_exiv2()
    try:
        image = exiv2.ImageFactory.open(str(path.resolve()))
        image.readMetadata()
        block = exiv2.ImageFactory.open(_SEEDS[image.byteOrder()])
        block.readMetadata()
        exif = block.exifData()
        exif.clear()
        for datum in image.exifData():
            group, tag = datum.groupName(), datum.tag()
            if group == "Image" and tag in PICTURE_TAGS:
                continue
            if group.startswith(("SubImage", "SubThumb", "Image2", "Image3", "Thumbnail")):
                continue
            exif.add(datum)
        if exif.empty():
            data = _SEEDS[image.byteOrder()][:4] + b"\0\0\0\0"
        else:
            block.writeMetadata()
            data = bytes(block.io().data())
    except (exiv2.Exiv2Error, KeyError, UnicodeError):
        return None
    found = ifd.Structure(io.BytesIO(data))
    # exiv2 takes resolution, white point and their like for a matter of the pixels.
    with path.open("rb") as file, suppress(ifd.StructureError):
        found.complete_first(ifd.Structure(file), PICTURE_TAGS | {ifd.EXIF, ifd.GPS})
    return found.content()


def read_by_exiv2(data: bytes) -> tuple[bytes | None, bytes | None, tuple[int, int]]:
    """Exif as a block, XMP as a packet and the size of a photo that exiv2 knows; no Exif if it is none.

    What the block has are the tags of the photo and how it was taken, not those of its maker.
    """
    exiv2 = loaded_exiv2()
    try:
        image = exiv2.ImageFactory.open(data)
        image.readMetadata()
        order = image.byteOrder() if image.byteOrder() in _SEEDS else exiv2.ByteOrder.littleEndian
        block = exiv2.ImageFactory.open(_SEEDS[order])
        block.readMetadata()
        exif = block.exifData()
        exif.clear()
        for datum in image.exifData():
            if datum.groupName() == "Photo" or (datum.groupName() == "Image" and datum.tag() not in PICTURE_TAGS):
                exif.add(datum)
        if exif.empty():
            return None, None, (0, 0)
        block.writeMetadata()
        packet = None if image.xmpData().empty() else xmp_packet(image.xmpData())
        return bytes(block.io().data()), packet, (image.pixelWidth(), image.pixelHeight())
    except (exiv2.Exiv2Error, KeyError, UnicodeError):
        return None, None, (0, 0)


def resources_of(iptc: bytes) -> bytes:
    """Image resources that hold IPTC data alone."""
    return _resource(_IPTC, b"\0\0", iptc)


def iptc_of(resources: bytes) -> bytes | None:
    """The IPTC data among image resources."""
    return next((data for number, _, data in _resources(resources) if number == _IPTC), None)


def without_thumbnails(resources: bytes) -> bytes:
    """Image resources without the thumbnails of Photoshop, which show the picture as it was.

    >>> kept = resources_of(b"IPTC")
    >>> without_thumbnails(_resource(0x040C, b"\\0\\0", b"picture") + kept) == kept
    True
    """
    return _without(resources, _THUMBNAILS)


def without_iptc(resources: bytes) -> bytes:
    """Image resources without IPTC data; nothing if they hold nothing else.

    >>> without_iptc(resources_of(b"IPTC"))
    b''
    """
    return _without(resources, (_IPTC,))


def without_iptc_of_place(resources: bytes) -> bytes:
    """Image resources without the data sets of IPTC that name a place.

    >>> city, title = b"\\x1c\\x02\\x5a\\0\\x04Rome", b"\\x1c\\x02\\x05\\0\\x04Roma"
    >>> iptc_of(without_iptc_of_place(resources_of(title + city))) == title
    True
    """
    iptc = iptc_of(resources)
    if iptc is None:
        return resources
    kept = b""
    at = 0
    while iptc[at : at + 1] == b"\x1c" and at + 5 <= len(iptc):
        record, data_set, size = struct.unpack(">BBH", iptc[at + 1 : at + 5])
        if size & 0x8000:  # an extended length, which no word on a photo needs: what follows is left out
            break
        if record != 2 or data_set not in _PLACES:
            kept += iptc[at : at + 5 + size]
        at += 5 + size
    if kept == iptc:
        return resources
    return _without(resources, (_IPTC, _IPTC_DIGEST)) + (resources_of(kept) if kept else b"")


def _without(resources: bytes, numbers: tuple[int, ...]) -> bytes:
    parts = list(_resources(resources))
    if all(part[0] not in numbers for part in parts):
        return resources
    return b"".join(_resource(*part) for part in parts if part[0] not in numbers)


def _resources(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, name (as stored) and content of each image resource (Adobe, Photoshop file formats, image resources)."""
    at = 0
    while data[at : at + 4] == b"8BIM" and at + 12 <= len(data):
        (number,) = struct.unpack(">H", data[at + 4 : at + 6])
        named = at + 6 + (data[at + 6] // 2 + 1) * 2
        if named + 4 > len(data):
            return
        (size,) = struct.unpack(">I", data[named : named + 4])
        yield number, data[at + 6 : named], data[named + 4 : named + 4 + size]
        at = named + 4 + size + size % 2


def _resource(number: int, name: bytes, data: bytes) -> bytes:
    return b"8BIM" + struct.pack(">H", number) + name + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)
