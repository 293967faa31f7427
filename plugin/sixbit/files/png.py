"""The chunks of a PNG: walked, written, and the texts in them (PNG specification, third edition, sections 5 and 11)."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_END = len(SIGNATURE) + 25
"""Where the header is over, which every PNG begins with."""
HEADER = b"IHDR"
EXIF = b"eXIf"
TEXT = b"iTXt"
XMP = b"XML:com.adobe.xmp\0"
"""The keyword of the text that holds XMP."""
MOST_CHUNKS = 1 << 18
LONGEST_TEXT = 1 << 26


class Chunk(NamedTuple):
    """A chunk: its name, where its content begins in the file, and how long it claims to be."""

    name: bytes
    at: int
    size: int

    @property
    def start(self) -> int:
        """Where its length stands, before the name."""
        return self.at - 8

    @property
    def end(self) -> int:
        """Where the next one begins, behind the check sum."""
        return self.at + self.size + 4


def header_of(content: bytes) -> tuple[int, int, int, int] | None:
    """Width, height, channels at most when it is decoded, and bits of a channel; None for a header that is cut short.

    The content is that of its chunk (section 11.2.1), in which a bit of the kind of colours stands for alpha.
    """
    if len(content) < 10:
        return None
    width, height, bits, colours = struct.unpack(">IIBB", content[:10])
    return width, height, 4 if colours & 4 else 3, bits


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks up to the last one, or to the end of a file that is cut short; the file stands at the content of each.

    >>> import io
    >>> [chunk.name for chunk in chunks(io.BytesIO(SIGNATURE + packed(b"tEXt", b"a\\0b") + packed(b"IEND", b"")))]
    [b'tEXt', b'IEND']
    """
    at = len(SIGNATURE)
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        size, name = struct.unpack(">I4s", head)
        chunk = Chunk(name, at + 8, size)
        yield chunk
        if name == b"IEND":
            return
        at = chunk.end


def packed(name: bytes, content: bytes) -> bytes:
    """A chunk, with its length and check sum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def xmp_text(packet: bytes) -> bytes:
    """The content of a text chunk that holds an XMP packet, as it is (XMP specification part 3, section 1.1.5)."""
    return XMP + b"\0\0\0\0" + packet


def xmp_of(content: bytes) -> bytes | None:
    """The XMP packet of an text chunk: the text behind its keyword, compression, language and translation.

    None if the text is another one, or is broken.

    >>> xmp_of(XMP + b"\\1\\0\\0\\0" + zlib.compress(b"packet"))
    b'packet'
    """
    if not content.startswith(XMP):
        return None
    compressed, parts = content[len(XMP) : len(XMP) + 1] == b"\1", content[len(XMP) + 2 :].split(b"\0", 2)
    if len(parts) < 3:
        return None
    return inflated(parts[2]) if compressed else parts[2]


def inflated(data: bytes) -> bytes | None:
    """Decompressed data; None if it is broken or would fill the memory."""
    try:
        stream = zlib.decompressobj()
        content = stream.decompress(data, LONGEST_TEXT)
    except zlib.error:
        return None
    return content if stream.eof else None


def with_exif(data: bytes, block: bytes) -> bytes:
    """A PNG with this Exif block in place of its own, or in front."""
    return _with(data, EXIF, b"", block)


def with_xmp(data: bytes, packet: bytes) -> bytes:
    """A PNG with this XMP packet in place of its own, or in front, behind Exif."""
    return _with(data, TEXT, XMP, xmp_text(packet))


def _with(data: bytes, name: bytes, keyword: bytes, content: bytes) -> bytes:
    new, at = packed(name, content), len(SIGNATURE)
    for chunk in chunks(io.BytesIO(data)):
        if chunk.name == name and data.startswith(keyword, chunk.at):
            return data[: chunk.start] + new + data[chunk.end :]
        if chunk.name in (HEADER, EXIF):
            at = chunk.end
    return data[:at] + new + data[at:]
