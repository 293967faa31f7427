"""The segments of a JPEG: walked, written, and put in; and where its picture ends (ITU-T T.81, annex B)."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from sixbit.files import limits
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

SIGNATURE = b"\xff\xd8\xff"
END = b"\xff\xd9"
APP0 = 0xE0
APP1 = 0xE1
APP2 = 0xE2
APP11 = 0xEB
APP13 = 0xED
APP14 = 0xEE
APP15 = 0xEF
COMMENT = 0xFE
SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_PROGRESSIVE = 0xC2
_LEAST_BITS = {0xC0: 2, 0xC1: 2, _PROGRESSIVE: 1}
"""Of a block, by the marker of its frame: a code for its mean, and if it is not progressive one for its end.

A code has a bit at least (F.1.2, G.1.2). Arithmetic codes take less, without a bound.
"""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers that begin a frame (table B.1); the others among them are tables."""

EXIF = b"Exif\0\0"
XMP, XMP_EXTENSION = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
RESOURCES, ICC = b"Photoshop 3.0\0", b"ICC_PROFILE\0"
GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0"
"""The name of an APP2 by ISO 21496-1: in a gain map what it means, in its picture that there is one."""

LONGEST = 0xFFFF - 2
"""Bytes that a segment can hold."""


class NoRoomError(ValueError):
    """A JPEG cannot take more where it would have to stand."""


class Segment(NamedTuple):
    """A segment: its marker, where its content begins in the file, and that content."""

    marker: int
    at: int
    content: bytes

    @property
    def start(self) -> int:
        """Where its marker stands."""
        return self.at - 4

    @property
    def end(self) -> int:
        """Where the next one may begin."""
        return self.at + len(self.content)

    def of(self, name: bytes) -> bool:
        """True if it is one of APP1 that begins with this name: EXIF, XMP or XMP_EXTENSION."""
        # What stands behind a name for a zero matters to no reader.
        return self.marker == APP1 and self.content.startswith(name.rstrip(b"\0"))


class Frame(NamedTuple):
    """The header of a frame, as far as it tells of the picture (B.2.2)."""

    size: tuple[int, int]
    """Width and height in px."""
    channels: int
    is_progressive: bool
    sampling: tuple[tuple[int, int], ...] = ()
    """Of each component, across and down."""
    least_bits: int = 0
    """That a block of 8 x 8 values takes at least in all scans together."""

    @property
    def has_halved_chroma(self) -> bool:
        """True if the colour differences have fewer values than the brightness."""
        return len(self.sampling) >= 3 and self.sampling[0] != self.sampling[1]

    @property
    def blocks(self) -> int:
        """The blocks of 8 x 8 values of all components (A.1.1, A.2)."""
        across, down = (max((one[k] for one in self.sampling), default=1) or 1 for k in (0, 1))
        width, height = self.size
        return sum(-(-width * h // (8 * across)) * -(-height * v // (8 * down)) for h, v in self.sampling)


def segments(file: BinaryIO, start: int = 0) -> Iterator[Segment]:
    """The segments up to the first scan's header (SCAN), if the file goes so far. Junk between them is passed over.

    The JPEG begins at ``start`` of the file.

    >>> import io
    >>> [segment.content for segment in segments(io.BytesIO(b"\\xff\\xd8" + packed(COMMENT, b"six bits")))]
    [b'six bits']
    """
    return (step for step in _steps(file, start) if step)


def without_picture(file: BinaryIO) -> PhotoError:
    """The refusal of a JPEG in which no picture was found: it ends before, or has more segments than are looked at."""
    if sum(1 for _ in _steps(file, 0)) < limits.SEGMENTS:
        return PhotoError("is cut off before its picture begins.", Code.DAMAGED)
    why = Sentence("has more than {most} segments before its picture; no more are looked at.", most=limits.SEGMENTS)
    return PhotoError(why, Code.FORMAT)


def _steps(file: BinaryIO, start: int) -> Iterator[Segment | None]:
    """The segments, and None for each byte of junk."""
    at = start + 2
    for _ in range(limits.SEGMENTS):
        file.seek(at)
        head = file.read(4)
        if len(head) < 4:
            return
        mark, marker, length = struct.unpack(">BBH", head)
        if mark != 0xFF or marker in (0, 0xFF):  # 0xFF may be repeated to fill up
            yield None
            at += 1
            continue
        if marker == _END_OF_IMAGE or length < 2:
            return
        yield Segment(marker, at + 4, file.read(length - 2))
        if marker == SCAN:
            return
        at += 2 + length


class Scans(NamedTuple):
    """The scans of a picture: where their data begins and ends, behind its EOI (None if it is cut short)."""

    start: int
    end: int | None
    number: int


_IN_SCANS = re.compile(rb"\xff[\xc4\xcc\xd9-\xdd\xe0-\xef\xfe]")
"""The markers that may stand among the scans of a picture, and the one that ends it (B.1.1.2, B.2.1)."""


def picture_end(data: bytes, start: int = 0) -> int | None:
    """Find where the JPEG ends that begins at ``start``, behind its EOI; None if it is cut short.

    Tables and comments between the scans of a progressive picture may hold any bytes, those of an EOI too.

    >>> data = b"\\xff\\xd8" + packed(SCAN, b"") + b"\\xff\\0 coded" + packed(COMMENT, END) + END + b"a film"
    >>> data[picture_end(data) :]
    b'a film'
    """
    return scans_in(data, start).end


def scans_in(data: bytes, start: int = 0) -> Scans:
    """Find the scans of the JPEG that begins at ``start``; one without any is cut short at its end."""
    scan = next((segment for segment in segments(io.BytesIO(data), start) if segment.marker == SCAN), None)
    if scan is None:
        return Scans(len(data), None, 0)
    at, number = scan.end, 1
    while found := _IN_SCANS.search(data, at):
        at = found.end()
        if found[0] == END:
            return Scans(scan.end, at, number)
        number += found[0][1] == SCAN
        at += int.from_bytes(data[at : at + 2], "big")
    return Scans(scan.end, None, number)


def frame_of(segment: Segment) -> Frame | None:
    """Read a segment as the header of a frame; None if it is none."""
    if segment.marker not in _FRAMES or len(segment.content) < 6:
        return None
    height, width, channels = struct.unpack(">HHB", segment.content[1:6])
    told = segment.content[7 : 6 + 3 * channels : 3]
    sampling = tuple((one >> 4, one & 15) for one in told)
    return Frame(
        (width, height), channels, segment.marker == _PROGRESSIVE, sampling, _LEAST_BITS.get(segment.marker, 0)
    )


def frame_in(data: bytes) -> Frame | None:
    """Find the header of the frame of a JPEG in memory; None if it has none."""
    return next((frame for segment in segments(io.BytesIO(data)) if (frame := frame_of(segment))), None)


def packed(marker: int, content: bytes) -> bytes:
    """A segment; raises NoRoomError."""
    if len(content) > LONGEST:
        raise NoRoomError(f"{len(content)} bytes")
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def bare_exif(block: bytes) -> bytes:
    """An Exif block without the name of its segment, which some writers leave on it (in a PNG, or twice in a JPEG).

    >>> bare_exif(b"Exif\\0\\0II*\\0")
    b'II*\\x00'
    """
    while block.startswith(EXIF):
        block = block[len(EXIF) :]
    return block


def exif_segments(segments: Iterable[Segment]) -> list[Segment]:
    """The segments that hold the Exif block: mostly one, and those right behind it that begin none of their own.

    So ExifTool and libvips store a block that is too long for one segment.
    """
    found: list[Segment] = []
    for segment in segments:
        if found and not (segment.of(EXIF) and segment.start == found[-1].end and not _begins_exif(segment)):
            break
        if segment.of(EXIF):
            found.append(segment)
    return found


def _begins_exif(segment: Segment) -> bool:
    return bare_exif(segment.content[len(EXIF) :]).startswith((b"II*\0", b"MM\0*"))


def exif_in(segments: Iterable[Segment]) -> tuple[int, bytes] | None:
    """Where the Exif block of a JPEG begins in the file, and the block, put together from its segments."""
    parts = [(segment.end, segment.content[len(EXIF) :]) for segment in exif_segments(segments)]
    if not parts:
        return None
    end, first = parts[0]
    start = bare_exif(first)
    return end - len(start), start + b"".join(part for _, part in parts[1:])


def packed_exif(block: bytes) -> bytes:
    """An Exif block as one segment, or as several where it is longer than one can be."""
    size = LONGEST - len(EXIF)
    return b"".join(packed(APP1, EXIF + block[at : at + size]) for at in range(0, max(len(block), 1), size))


def with_exif(data: bytes, block: bytes) -> bytes:
    """A JPEG with this Exif block in place of its own, or in front, behind JFIF; raises NoRoomError."""
    if parts := exif_segments(segments(io.BytesIO(data))):
        data = data[: parts[0].end] + data[parts[-1].end :]
    return _with(data, EXIF, block)


def with_xmp(data: bytes, packet: bytes) -> bytes:
    """A JPEG with this XMP packet in place of its own, or in front, behind JFIF and Exif; raises NoRoomError."""
    return _with(data, XMP, packet)


def _with(data: bytes, name: bytes, content: bytes) -> bytes:
    new, at = packed(APP1, name + content), 2
    for segment in segments(io.BytesIO(data)):
        if segment.of(name):
            return data[: segment.start] + new + data[segment.end :]
        if segment.of(EXIF) or (segment.marker == APP0 and segment.start == 2):
            at = segment.end
    return data[:at] + new + data[at:]
