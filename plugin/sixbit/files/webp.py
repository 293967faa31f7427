"""The chunks of a WebP (RFC 9649): where its size, its tags and its colour profile stand."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, NamedTuple

from sixbit.files import limits
from sixbit.files.jpeg import bare_exif

_KNOWN = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP "})
_ANIMATED, _ALPHA = 0x02, 0x10


class Header(NamedTuple):
    """Width and height of the picture; whether it has alpha, and whether it is a film."""

    width: int
    height: int
    has_alpha: bool
    is_film: bool = False


class Chunk(NamedTuple):
    """A chunk: its name, where its content begins, and how long it claims to be."""

    name: bytes
    at: int
    size: int


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks of an open WebP; the file stands at the content of each.

    >>> import io
    >>> [chunk.name for chunk in chunks(io.BytesIO(b"RIFF" + bytes(4) + b"WEBPEXIF" + bytes(4) + b"XMP " + bytes(4)))]
    [b'EXIF', b'XMP ']
    """
    at = 12
    for _ in range(limits.BOXES):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack("<4sI", head)
        yield Chunk(name, at + 8, size)
        at += 8 + size + size % 2


def without_unknown(data: bytes) -> tuple[bytes, bool]:
    """A WebP without the chunks that its specification does not know, and True if it had any."""
    parts = [
        (chunk.name, data[chunk.at - 8 : chunk.at + chunk.size + chunk.size % 2]) for chunk in chunks(BytesIO(data))
    ]
    kept = b"WEBP" + b"".join(part for name, part in parts if name in _KNOWN)
    has_unknown = any(name not in _KNOWN for name, _ in parts)
    return (b"RIFF" + struct.pack("<I", len(kept)) + kept if has_unknown else data), has_unknown


class Found(NamedTuple):
    """A WebP: its header (None if it is cut off before its picture), its tags and its profile."""

    header: Header | None
    exif: bytes | None
    xmp: bytes | None
    icc: bytes | None


def find(file: BinaryIO) -> Found:
    """Find what an open WebP says of itself."""
    header = None
    content: dict[bytes, bytes] = {}
    for chunk in chunks(file):
        if chunk.name in (b"EXIF", b"XMP ", b"ICCP"):
            content.setdefault(chunk.name, file.read(min(chunk.size, limits.ITEM)))
        header = header or header_of(chunk, file.read(10))
    exif = bare_exif(content.get(b"EXIF", b""))
    return Found(header, exif or None, content.get(b"XMP ") or None, content.get(b"ICCP") or None)


def header_of(chunk: Chunk, content: bytes) -> Header | None:
    """Read what the first bytes of a chunk tell of the picture; None if it is not one that does, or is cut short.

    ``VP8X`` tells it of all files that have it (RFC 9649, sections 2.5 to 2.7).

    >>> header_of(Chunk(b"VP8L", 0, 5), bytes([0x2F, 0x02, 0x40, 0, 0]))
    Header(width=3, height=2, has_alpha=False, is_film=False)
    """
    if chunk.name == b"VP8X" and len(content) >= 10:
        width, height = (1 + int.from_bytes(content[at : at + 3], "little") for at in (4, 7))
        return Header(width, height, bool(content[0] & _ALPHA), bool(content[0] & _ANIMATED))
    if chunk.name == b"VP8 " and content[3:6] == b"\x9d\x01\x2a" and len(content) >= 10:
        width, height = struct.unpack("<HH", content[6:10])
        return Header(width & 0x3FFF, height & 0x3FFF, has_alpha=False)
    if chunk.name == b"VP8L" and content[:1] == b"\x2f" and len(content) >= 5:
        bits = int.from_bytes(content[1:5], "little")
        return Header(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bool(bits >> 28 & 1))
    return None
