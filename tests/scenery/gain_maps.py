"""JPEGs with an HDR gain map behind the picture, put together byte by byte, as phones and Camera Raw write them."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import Image

from tests.scenery.photo_factory import jpeg, segment

ISO = b"urn:iso:std:iso:ts:21496:-1\0"
HDRGM = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"'
GAIN = {"GainMapMin": -1.0, "GainMapMax": 3.0, "Gamma": 0.5}
"""What made maps mean: no gain is 255 (1 / 4) ** 0.5, or 128."""


def encoded(pixels: Any, **options: Any) -> bytes:
    """Return pixels as a JPEG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **{"quality": 95, **options})
    return file.getvalue()


def packet(attributes: str, body: str = "") -> bytes:
    """Return an XMP packet."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {attributes}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def meaning(channels: int = 1, more: str = "") -> bytes:
    """Return the XMP of a map in Adobe's convention: attributes, or lists for three channels."""
    if channels == 1:
        values = "".join(f' hdrgm:{name}="{value}"' for name, value in GAIN.items())
        return packet(f'{HDRGM}{values} hdrgm:HDRCapacityMax="3" {more}')
    lists = "".join(
        f"<hdrgm:{name}><rdf:Seq>{f'<rdf:li>{value}</rdf:li>' * 3}</rdf:Seq></hdrgm:{name}>"
        for name, value in GAIN.items()
    )
    return packet(f'{HDRGM} hdrgm:HDRCapacityMax="3" {more}', lists)


def meaning_by_iso(channels: int = 1, draft: bool = False) -> bytes:
    """Return the metadata of ISO 21496-1, annex C.2; as a draft of it has them, with one denominator for all."""
    low, high, gamma = (round(64 * value) for value in GAIN.values())
    flags = 0x80 * (channels == 3) | 0x40
    if draft:
        return struct.pack(">HHB3I", 0, 0, flags | 8, 64, 0, high) + struct.pack(">iiIii", low, high, gamma, 1, 1)
    each = struct.pack(">iIiIIIiIiI", low, 64, high, 64, gamma, 64, 1, 64, 1, 64)
    return struct.pack(">HHB4I", 0, 0, flags, 0, 1, 3, 1) + each * channels


def apple(version: int = 131072) -> bytes:
    """Return the XMP of a map of Apple's: of its second kind, or of its first."""
    headroom = ' HDRGainMap:HDRGainMapHeadroom="4.5"' if version > 65536 else ""
    return packet(
        'xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/"'
        f' apdi:AuxiliaryImageType="urn:com:apple:photo:2020:aux:hdrgainmap"'
        f' HDRGainMap:HDRGainMapVersion="{version}"{headroom}'
    )


def ultra_hdr(
    picture: bytes,
    gain_map: bytes,
    xmp: bytes = b"",
    iso: bytes = b"",
    *,
    more_xmp: str = "",
    between: bytes = b"",
    behind: bytes = b"",
    lying: bool = False,
    index_first: bool = False,
    map_head: bytes = b"",
) -> bytes:
    """Return a JPEG with a gain map that means what ``xmp`` and ``iso`` say.

    ``between`` and ``behind`` are other bytes before and after the map. A ``lying`` index has a size and a place that
    are wrong. The index comes last of the segments, or first.
    """
    gain_map = gain_map[:2] + (segment(0xE2, ISO + iso) if iso else b"") + map_head + gain_map[2:]
    gain_map = jpeg(xmp=xmp, picture=gain_map)
    said = ""
    if b"hdrgm" in xmp:
        said = (
            "<Container:Directory><rdf:Seq>"
            '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/></rdf:li>'
            '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Mime="image/jpeg"'
            f' Item:Length="{len(gain_map)}"/></rdf:li></rdf:Seq></Container:Directory>'
        )
        more_xmp += (
            f' {HDRGM} xmlns:Container="http://ns.google.com/photos/1.0/container/"'
            ' xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
        )
    head = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet(more_xmp, said)) if more_xmp else b""
    head += segment(0xE2, ISO + bytes(4)) if iso else b""
    at = 2
    while picture[at + 1] in (0xE0, 0xE1):
        at += 2 + int.from_bytes(picture[at + 2 : at + 4], "big")
    size = 90
    before = at + (0 if index_first else len(head))
    first = len(picture) + len(head) + size
    index = b"MPF\0II*\0" + struct.pack(
        "<IHHHI4sHHIIHHIIIIIIHHIIIHH",
        *(8, 3, 0xB000, 7, 4, b"0100", 0xB001, 4, 1, 2, 0xB002, 7, 32, 50, 0),
        *(0x030000, first + 70 * lying, 0, 0, 0),
        *(0, len(gain_map), first + len(between) - before - 8 + 538 * lying, 0, 0),
    )
    parts = [segment(0xE2, index), head] if index_first else [head, segment(0xE2, index)]
    return picture[:at] + b"".join(parts) + picture[at:] + between + gain_map + behind


def dots(width: int, height: int, across: int = 9, down: int = 6, channels: int = 1) -> Any:
    """Return bright spots with soft edges on a grid, at the same places of pictures of every size; grey in between."""
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x + 0.5) / width * across % 1 - 0.5, (y + 0.5) / height * down % 1 - 0.5
    spot = np.clip((0.3 - np.hypot(u, v)) * 8 + 0.5, 0, 1)
    plane = np.rint(40 + 190 * spot).astype(np.uint8)
    return plane if channels == 1 else np.dstack([plane, plane // 2 + 20, 255 - plane])


def centres(plane: Any, across: int = 9, down: int = 6) -> Any:
    """Return where the spots are in a grey picture, as fractions of its size: (down, across, 2)."""
    from scipy import ndimage

    height, width = plane.shape
    light = np.clip(plane.astype(float) - 60, 0, None)
    labels, count = ndimage.label(plane > 120)
    assert count == across * down
    found = np.array(ndimage.center_of_mass(light, labels, range(1, count + 1)))
    found = (found[:, ::-1] + 0.5) / (width, height)
    rows = found[np.argsort(found[:, 1])].reshape(down, across, 2)
    return np.array([row[np.argsort(row[:, 0])] for row in rows])
