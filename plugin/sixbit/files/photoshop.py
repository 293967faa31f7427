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
_PREVIEW = {200, 201, 202}
"""Data sets of record 2 that hold a preview of the picture, its format and version (section 6)."""
_PLACES = {26, 27, 90, 92, 95, 100, 101}
"""Data sets of record 2 that tell of a place (IPTC-NAA Information Interchange Model 4.2, section 6)."""


def resources_of(iptc: bytes) -> bytes:
    """Image resources that hold IPTC data alone."""
    return _resource(_IPTC, b"\0\0", iptc)


def iptc_of(resources: bytes) -> bytes | None:
    """The IPTC data among image resources."""
    return next((data for number, _, data in _resources(resources) if number == _IPTC), None)


def without_thumbnails(resources: bytes) -> bytes:
    """Image resources without the thumbnails of Photoshop and the preview of IPTC, which show the picture as it was.

    >>> kept = resources_of(b"IPTC")
    >>> without_thumbnails(_resource(0x040C, b"\\0\\0", b"picture") + kept) == kept
    True
    """
    resources = _without(resources, _THUMBNAILS)
    # What is no data set stays, unless there is a preview before it.
    if not any(_is_preview(*data_set[:3]) for data_set in _data_sets(iptc_of(resources) or b"")):
        return resources
    return _without_data_sets(resources, _is_preview)


def _is_preview(record: int, data_set: int, _data: bytes) -> bool:
    return record == 2 and data_set in _PREVIEW


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

    def tells(record: int, data_set: int, data: bytes) -> bool:
        is_keyword = data_set == _KEYWORD and is_place(data.decode("utf-8", "replace"))
        return record == 2 and (data_set in _PLACES or is_keyword)

    return _without_data_sets(resources, tells)


def keywords(resources: bytes) -> list[str]:
    """The keywords among IPTC data."""
    data_sets = _data_sets(iptc_of(resources) or b"")
    return [
        data.decode("utf-8", "replace") for record, number, data, _ in data_sets if (record, number) == (2, _KEYWORD)
    ]


def _without_data_sets(resources: bytes, is_left_out: Callable[[int, int, bytes], bool]) -> bytes:
    """Image resources without those data sets of IPTC, by record, number and data, and without its check sum then."""
    iptc = iptc_of(resources)
    if iptc is None:
        return resources
    kept = b"".join(one[3] for one in _data_sets(iptc) if not is_left_out(*one[:3]))
    if kept == iptc:
        return resources
    return _without(resources, (_IPTC, _IPTC_DIGEST)) + (resources_of(kept) if kept else b"")


def _data_sets(iptc: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Record, number, data and all bytes of each data set, as far as they can be told (IIM 4.2)."""
    at = 0
    while iptc[at : at + 1] == b"\x1c" and at + 5 <= len(iptc):
        record, data_set, size = struct.unpack(">BBH", iptc[at + 1 : at + 5])
        start = at + 5
        if size & 0x8000:  # an extended one: so many bytes hold the size
            start += size & 0x7FFF
            size = int.from_bytes(iptc[at + 5 : start], "big")
        yield record, data_set, iptc[start : start + size], iptc[at : start + size]
        at = start + size


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
