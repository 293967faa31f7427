"""Exif and XMP by exiv2, which reads files of nearly all cameras and writes what they hold."""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, BinaryIO, cast

from sixbit.files import limits, tiff
from sixbit.files.tiff import PICTURE_TAGS
from sixbit.files.xmp import XmpError, in_utf8, says_something
from sixbit.values.marks import NAMESPACE, PREFIX

_SEED = (tiff.SOFTWARE, tiff.ASCII, 2, b"S\0\0\0", 0)
_SEEDS = {1: struct.pack("<4sIHHHI4sI", b"II*\0", 8, 1, *_SEED), 2: struct.pack(">4sIHHHI4sI", b"MM\0*", 8, 1, *_SEED)}
"""The least TIFF file that exiv2 takes, by its number of the byte order."""
_NAMESPACES = {
    PREFIX: NAMESPACE,
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "HDRGainMap": "http://ns.apple.com/HDRGainMap/1.0/",
    "apdi": "http://ns.apple.com/pixeldatainfo/1.0/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "GDepth": "http://ns.google.com/photos/1.0/depthmap/",
    "GFocus": "http://ns.google.com/photos/1.0/focus/",
    "GImage": "http://ns.google.com/photos/1.0/image/",
    "Device": "http://ns.google.com/photos/dd/1.0/device/",
    "MiCamera": "http://ns.xiaomi.com/photos/1.0/camera/",
    "OpCamera": "http://ns.oplus.com/photos/1.0/camera/",
}
"""Those that exiv2 does not know: it would call them what the first file calls them."""
OF_SWIG = (ArithmeticError, LookupError, RuntimeError, ValueError)
"""The errors that come out of exiv2 beside its own, where a file leads it beyond all numbers."""
_RDF = re.compile(rb"<(?:[\w.-]{1,60}:)?RDF[\s>]")
_VALUE = re.compile(rb"<[\w.:-]{1,100}[\s/>]|[\w.-]=[\"']")
"""A value as an element, or as an attribute."""
_EXTENDED = "Xmp.xmpNote.HasExtendedXMP"
_NO_TEXT = "\ue000no text\ue000"


@cache
def loaded_exiv2() -> Any:
    """The module, which knows a few namespaces more and keeps its complaints to itself."""
    import exiv2

    exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)
    for prefix, namespace in _NAMESPACES.items():
        exiv2.XmpProperties.registerNs(namespace, prefix)
    return exiv2


@contextmanager
def own_errors() -> Iterator[None]:
    """Let all that exiv2 throws at a file be its Exiv2Error: what wraps it for Python has errors besides.

    >>> with own_errors():
    ...     raise OverflowError("Overflow in addition")
    Traceback (most recent call last):
    exiv2.extras.Exiv2Error: (<ErrorCode.kerGeneralError: 1>, 'Overflow in addition')
    """
    try:
        yield
    except OF_SWIG as error:
        exiv2 = loaded_exiv2()
        raise exiv2.Exiv2Error(exiv2.ErrorCode.kerGeneralError, str(error)) from error


@own_errors()
def image_of(source: bytes | mmap.mmap) -> Any:
    """An image of exiv2 with its metadata read; raises Exiv2Error.

    exiv2 does not keep the bytes alive: the caller must, as long as it has the image.
    """
    known, exiv2 = _namespaces(), loaded_exiv2()
    packet = source if isinstance(source, bytes) else _packet_of_tiff(source)
    if _values_in(packet) > limits.VALUES:
        raise exiv2.Exiv2Error(exiv2.ErrorCode.kerGeneralError, f"more than {limits.VALUES} values of XMP")
    try:
        image = exiv2.ImageFactory.open(source)
        image.readMetadata()
    finally:
        _restore(known)
    return image


def _packet_of_tiff(source: mmap.mmap) -> bytes:
    """The XMP packet of a TIFF, as exiv2 would read it along."""
    with suppress(tiff.StructureError):
        structure = tiff.Structure(cast("BinaryIO", source))
        entry = tiff.find(structure.first(), tiff.XMP)
        return b"" if entry is None else structure.data(entry, limits.COPIED)
    return b""


def _values_in(source: bytes) -> int:
    """About how many values an XMP packet in these bytes has: exiv2 takes time by the square of that."""
    begin = _RDF.search(source)
    return 0 if begin is None else sum(1 for _ in _VALUE.finditer(source, begin.end()))


@cache
def _namespaces() -> dict[str, str]:
    """The namespaces that exiv2 knows by their prefixes, before it has read any file."""
    exiv2 = loaded_exiv2()
    found = dict(_NAMESPACES)
    for prefix in dict(exiv2.XmpProperties.registeredNamespaces()):
        with suppress(exiv2.Exiv2Error):  # some are known to the parser alone
            found[prefix] = str(exiv2.XmpProperties.ns(prefix))
    return found


def _restore(known: Mapping[str, str]) -> None:
    """Undo what a file has made of known prefixes: exiv2 would take them so in all files to come."""
    properties = loaded_exiv2().XmpProperties
    for prefix, namespace in known.items():
        if properties.ns(prefix) != namespace:
            properties.registerNs(namespace, prefix)


def parsed_xmp(packet: bytes | None) -> Any:
    """The XMP data of a packet, by reading it as a sidecar file.

    Raises Exiv2Error, for a packet too that says something of which exiv2 reads nothing (a property that is told twice
    is enough): it would be lost.
    """
    exiv2 = loaded_exiv2()
    if packet is None:
        return exiv2.XmpData()
    sidecar = in_utf8(packet).strip(b"\0")
    data = image_of(sidecar).xmpData()
    try:
        if data.empty() and says_something(sidecar):
            raise exiv2.Exiv2Error(exiv2.ErrorCode.kerGeneralError, "XMP cannot be decoded")
    except XmpError as error:
        raise exiv2.Exiv2Error(exiv2.ErrorCode.kerGeneralError, str(error)) from error
    return data


@own_errors()
def xmp_packet(data: Any, wrapped: bool = True) -> bytes:
    """XMP data as a packet; raises Exiv2Error."""
    exiv2 = loaded_exiv2()
    flags = exiv2.XmpParser.XmpFormatFlags.useCompactFormat
    if not wrapped:
        flags |= exiv2.XmpParser.XmpFormatFlags.omitPacketWrapper
    code, text = exiv2.XmpParser.encode(_with_empty_texts(data), flags)
    if code:
        raise exiv2.Exiv2Error(exiv2.ErrorCode.kerGeneralError, "XMP cannot be written")
    return str(text).replace(_NO_TEXT, "").encode()


def _with_empty_texts(data: Any) -> Any:
    """The data with a mark for each empty text in a language, which exiv2 would leave out with its property."""
    exiv2 = loaded_exiv2()
    marked = exiv2.XmpData()
    for datum in data:
        value = datum.value()
        if datum.typeName() == "LangAlt":
            value = exiv2.LangAltValue({language: text or _NO_TEXT for language, text in value.items()})
        marked.add(exiv2.XmpKey(datum.key()), value)
    return marked


def erase(data: Any, beginnings: str | tuple[str, ...]) -> bool:
    """Erase the tags of Exif, IPTC or XMP data whose keys begin so; True if there were any."""
    return erase_where(data, lambda datum: datum.key().startswith(beginnings))


def erase_where(data: Any, is_erased: Callable[[Any], bool]) -> bool:
    """Erase the tags of Exif, IPTC or XMP data for which this holds; True if there were any."""
    if isinstance(data, loaded_exiv2().ExifData):
        erased = False
        datum = data.begin()
        while datum != data.end():
            if is_erased(datum):
                datum, erased = data.erase(datum), True
            else:
                next(datum)  # moves on in place
        return erased
    # Each erasure would copy all that follows.
    kept, count = type(data)(), 0
    for datum in data:
        if is_erased(datum):
            count += 1
        else:
            kept.add(datum)
    if count:
        data.clear()
        for datum in kept:
            data.add(datum)
    return count > 0


@own_errors()
def merged_xmp(packet: bytes, extension: bytes) -> bytes:
    """The packet of a JPEG and its extension as one (XMP specification part 3, section 1.1.3.1); raises Exiv2Error."""
    data = parsed_xmp(packet)
    for datum in parsed_xmp(extension):
        data.add(datum)
    erase(data, _EXTENDED)
    return xmp_packet(data)


@own_errors()
def split_xmp(packet: bytes, limit: int) -> tuple[bytes, bytes | None]:
    """A packet as one of at most ``limit`` bytes, and an extension with the largest properties if it takes one."""
    from collections import Counter, deque

    if len(packet) <= limit:
        return packet, None
    data = parsed_xmp(packet)
    sizes: Counter[str] = Counter()
    for datum in data:
        key = datum.key()
        # As an element it has its own name twice, and is indented.
        sizes[property_of(key)] += len(str(datum.value())) + 2 * len(key.rpartition("/")[2]) + 8
    by_size = deque(sizes.most_common())
    room, kept = limit, sum(sizes.values())
    while True:
        while by_size and kept > room:
            kept -= by_size.popleft()[1]
        main, more = _parted(data, {name for name, _ in by_size})
        if len(main) <= limit or not by_size:
            return main, more
        room = room * 3 // 4  # they take more than was reckoned


def _parted(data: Any, kept: Container[str]) -> tuple[bytes, bytes]:
    """XMP data as a packet of these properties, and an extension of the others, to which that leads."""
    from hashlib import md5

    exiv2 = loaded_exiv2()
    main, extension = exiv2.XmpData(), exiv2.XmpData()
    for datum in data:
        (main if property_of(datum.key()) in kept else extension).add(datum)
    more = xmp_packet(extension, wrapped=False)
    main[_EXTENDED] = md5(more, usedforsecurity=False).hexdigest().upper()
    return xmp_packet(main), more


def property_of(key: str) -> str:
    """The property at the top that a key of exiv2 is part of: ``Xmp.dc.creator`` of ``Xmp.dc.creator[1]``."""
    return key.split("/")[0].split("[")[0]


def exif_of_tiff(file: BinaryIO) -> bytes | None:
    """The Exif data of an open TIFF file, as a block without the tags of its pixels; None if exiv2 cannot read it."""
    exiv2 = loaded_exiv2()

    def wanted(group: str, tag: int) -> bool:
        # Of an index of DCF in this place exiv2 has the pointer alone.
        stays = group == "Image" and tag in PICTURE_TAGS | {tiff.INTEROP}
        return not stays and not group.startswith(("SubImage", "SubThumb", "Image2", "Image3", "Thumbnail"))

    try:
        # Not by its path, which may hold bytes that are no text.
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        image = image_of(mapped)
        block = _block(image, wanted) or _SEEDS[image.byteOrder()][:4] + b"\0\0\0\0"
    except (exiv2.Exiv2Error, *OF_SWIG):
        return None
    # exiv2 takes resolution, white point and their like for a matter of the pixels.
    with suppress(tiff.StructureError):
        found = tiff.Structure(block)
        found.complete_first(tiff.Structure(file), PICTURE_TAGS | {tiff.EXIF, tiff.GPS, tiff.INTEROP})
        return found.content()
    return block


def read_by_exiv2(data: bytes) -> tuple[bytes | None, bytes | None, tuple[int, int]]:
    """Exif as a block, XMP as a packet and the size of a photo that exiv2 knows; no Exif if it is none.

    What the block has are the tags of the photo and how it was taken, not those of its maker.
    """
    exiv2 = loaded_exiv2()
    try:
        image = image_of(data)
        exif = _block(image, lambda group, tag: group == "Photo" or (group == "Image" and tag not in PICTURE_TAGS))
        packet = None if exif is None or image.xmpData().empty() else xmp_packet(image.xmpData())
        return exif, packet, (image.pixelWidth(), image.pixelHeight()) if exif else (0, 0)
    except (exiv2.Exiv2Error, *OF_SWIG):
        return None, None, (0, 0)


@own_errors()
def _block(image: Any, wanted: Callable[[str, int], bool]) -> bytes | None:
    """The Exif data of an image, those of wanted groups and tags, as a TIFF structure; None if there are none."""
    block = image_of(_SEEDS.get(image.byteOrder(), _SEEDS[1]))
    exif = block.exifData()
    exif.clear()
    for datum in image.exifData():
        if wanted(datum.groupName(), datum.tag()):
            exif.add(datum)
    if exif.empty():
        return None
    block.writeMetadata()
    return bytes(block.io().data())
