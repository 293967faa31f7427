"""The chunks of a PNG: walked, written, and the texts in them (PNG specification, third edition, sections 5 and 11)."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from sixbit.files import jpeg, limits

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_END = len(SIGNATURE) + 25
"""Where the header is over, which every PNG begins with."""
HEADER = b"IHDR"
EXIF = b"eXIf"
TEXT = b"iTXt"
XMP = b"XML:com.adobe.xmp\0"
"""The keyword of the text that holds XMP."""
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Of a pixel, by the kind of its colours (section 11.2.1)."""
PROFILE = b"Raw profile type "
"""What the keyword of a text begins with that holds metadata in hexadecimal digits, as ImageMagick writes it."""
TEXTS = (b"zTXt", b"tEXt", TEXT)
"""The chunks that hold a text behind a keyword."""


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


def rows_size(content: bytes) -> int:
    """Bytes of the rows that a header tells of, before they are deflated; without those that say how each is filtered.

    >>> rows_size(struct.pack(">IIBB", 10, 4, 4, 0))
    20
    """
    width, height, bits, colours = struct.unpack(">IIBB", content[:10])
    return int(height * -(-width * bits * _SAMPLES.get(colours, 1) // 8))


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks up to the last one, or to the end of a file that is cut short; the file stands at the content of each.

    >>> import io
    >>> [chunk.name for chunk in chunks(io.BytesIO(SIGNATURE + packed(b"tEXt", b"a\\0b") + packed(b"IEND", b"")))]
    [b'tEXt', b'IEND']
    """
    at = len(SIGNATURE)
    for _ in range(limits.CHUNKS):
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


class Inflater:
    """Decompresses what a file holds, as long as that is not more in all than a file may hold: ``limits.INFLATED``.

    >>> inflate = Inflater()
    >>> inflate(zlib.compress(b"packet")), inflate(zlib.compress(bytes(limits.INFLATED)))
    (b'packet', None)
    """

    def __init__(self) -> None:
        self._left = int(limits.INFLATED)

    def __call__(self, data: bytes) -> bytes | None:
        """Decompressed data; None if it is broken, or goes beyond what is left."""
        if not self._left:
            return None
        try:
            stream = zlib.decompressobj()
            content = stream.decompress(data, self._left)
        except zlib.error:
            return None
        self._left -= len(content)
        return content if stream.eof else None


def xmp_of(content: bytes, inflate: Inflater) -> bytes | None:
    """The XMP packet of a text chunk: the text behind its keyword, compression, language and translation.

    None if the text is another one, or is broken.

    >>> xmp_of(XMP + b"\\1\\0\\0\\0" + zlib.compress(b"packet"), Inflater())
    b'packet'
    """
    return _international(XMP[:-1], content, inflate) if content.startswith(XMP) else None


def _international(keyword: bytes, content: bytes, inflate: Inflater) -> bytes | None:
    """The text of an iTXt chunk, behind its keyword (section 11.3.3.4)."""
    start = len(keyword) + 1
    compressed, parts = content[start : start + 1] == b"\1", content[start + 2 :].split(b"\0", 2)
    if len(parts) < 3:
        return None
    return inflate(parts[2]) if compressed else parts[2]


def raw_profile(name: bytes, content: bytes, inflate: Inflater) -> bytes | None:
    """The bytes that a text chunk holds as a raw profile; None if it holds none, or a broken one.

    ImageMagick, ExifTool, GIMP 2.10 and darktable write them: a line with what it is, one with its length, then
    hexadecimal digits, with ``Raw profile type exif`` (or another word) for a keyword.

    >>> raw_profile(b"tEXt", b"Raw profile type exif\\0\\nexif\\n       4\\n49492a\\n00\\n", Inflater())
    b'II*\\x00'
    """
    if name not in TEXTS or not content.startswith(PROFILE):
        return None
    keyword, _, rest = content.partition(b"\0")
    text: bytes | None = rest
    if name == b"zTXt":
        text = inflate(rest[1:])
    elif name == TEXT:
        text = _international(keyword, content, inflate)
    found = re.match(rb"\s*\w[^\n]*\n *(\d{1,9})\n", text or b"")
    if text is None or found is None:
        return None
    # Some writers leave other bytes behind the digits.
    digits = text[found.end() :].translate(None, b" \t\n\r\v\f")[: 2 * int(found[1])]
    try:
        return bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
    except ValueError:
        return None


def exif_in(name: bytes, content: bytes, inflate: Inflater) -> bytes | None:
    """The Exif block that a chunk holds: one of its own, or a text ``Raw profile type exif`` or ``APP1``."""
    if name == EXIF:
        return jpeg.bare_exif(content)
    if not content.startswith((PROFILE + b"exif\0", PROFILE + b"APP1\0")):
        return None
    block = jpeg.bare_exif(raw_profile(name, content, inflate) or b"")
    return block if block.startswith((b"II*\0", b"MM\0*")) else None


def xmp_in(name: bytes, content: bytes, inflate: Inflater) -> bytes | None:
    """The XMP packet that a chunk holds: the text of its own, or one of ``Raw profile type xmp`` or ``APP1``."""
    if name == TEXT and content.startswith(XMP):
        return xmp_of(content, inflate)
    if content.startswith(PROFILE + b"xmp\0"):
        return raw_profile(name, content, inflate)
    data = raw_profile(name, content, inflate) if content.startswith(PROFILE + b"APP1\0") else None
    return data[len(jpeg.XMP) :] if data and data.startswith(jpeg.XMP) else None


def with_exif(data: bytes, block: bytes) -> bytes:
    """A PNG with this Exif block in a chunk of its own, in place of what held it, or in front."""
    return _with(data, packed(EXIF, block), EXIF, exif_in)


def with_xmp(data: bytes, packet: bytes) -> bytes:
    """A PNG with this XMP packet in a text of its own, in place of what held it, or in front, behind Exif."""
    return _with(data, packed(TEXT, xmp_text(packet)), TEXT, xmp_in)


def _with(data: bytes, new: bytes, name: bytes, found_in: Callable[[bytes, bytes, Inflater], bytes | None]) -> bytes:
    at, old, inflate = len(SIGNATURE), [], Inflater()
    for chunk in chunks(io.BytesIO(data)):
        is_known = chunk.name in (name, *TEXTS)
        if is_known and found_in(chunk.name, data[chunk.at : chunk.at + chunk.size], inflate) is not None:
            old.append(chunk)
        if chunk.name in (HEADER, EXIF):
            at = chunk.end
    # The chunk that is meant for it goes before a text of the same.
    if found := next((chunk for chunk in old if chunk.name == name), old[0] if old else None):
        return data[: found.start] + new + data[found.end :]
    return data[:at] + new + data[at:]
