"""Exif and XMP by exiv2, which reads files of nearly all cameras and writes what they hold."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from sixbit.files import tiff_edit as ifd
from sixbit.files.xmp import SIXBIT_NAMESPACE, SIXBIT_PREFIX

PICTURE_TAGS = frozenset(
    {254, 255, *range(256, 260), 262, 263, 264, 265, 266, 273, *range(277, 282), 284, 290, 291, 292, 293, 301, 317}
    | {*range(320, 326), 330, *range(332, 335), *range(336, 348), *range(512, 522), *range(529, 533), 559, 32997, 32998}
    | {700, 33723, 34377, 34675, 37724, 50341, 50838, 50839}
)
"""TIFF tags that say how pixels are stored, or that are carried over on a way of their own (TIFF 6.0, section 8)."""


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
    content = packet.strip(b"\0")  # exiv2 does not keep it alive
    sidecar = exiv2.ImageFactory.open(content)
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
