"""Photoshop image resources, in which JPEG and TIFF keep IPTC data (Adobe, Photoshop file formats, image resources)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

_IPTC = 0x0404
_IPTC_DIGEST = 0x0425
_THUMBNAILS = (0x0409, 0x040C)
_COPIES = (0x0422, 0x0423, 0x0424)
"""Exif data and XMP, which formats have a place of their own for."""
_KEYWORD = 25
_PLACES = {26, 27, 90, 92, 95, 100, 101}
"""Data sets of record 2 that tell of a place (IPTC-NAA Information Interchange Model 4.2, section 6)."""


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


def without_place(resources: bytes, is_place: Callable[[str], bool]) -> bytes:
    """Image resources without what names a place: data sets of IPTC, keywords that are one, copies of Exif and XMP.

    >>> city, title = b"\\x1c\\x02\\x5a\\0\\x04Rome", b"\\x1c\\x02\\x05\\0\\x04Roma"
    >>> iptc_of(without_place(resources_of(title + city), "Rome".__eq__)) == title
    True
    """
    resources = _without(resources, _COPIES)
    iptc = iptc_of(resources)
    if iptc is None:
        return resources
    kept = b""
    at = 0
    while iptc[at : at + 1] == b"\x1c" and at + 5 <= len(iptc):
        record, data_set, size = struct.unpack(">BBH", iptc[at + 1 : at + 5])
        if size & 0x8000:  # an extended length, which no word on a photo needs: what follows is left out
            break
        text = iptc[at + 5 : at + 5 + size]
        places = data_set in _PLACES or (data_set == _KEYWORD and is_place(text.decode("utf-8", "replace")))
        if record != 2 or not places:
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
