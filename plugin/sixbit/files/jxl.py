"""JPEG XL: the boxes beside its codestream (ISO/IEC 18181-2), and the header of the codestream (ISO/IEC 18181-1)."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO

from sixbit.files import limits
from sixbit.files.bmff import BoxError, boxes, tiff_of, until
from sixbit.files.kind import JXL_CODESTREAM

_HEADER = 1 << 16
"""Bytes in which the header of a codestream lies."""
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_ALPHA, _SPOT, _CFA = 0, 2, 5
_KINDS = {_ALPHA: "alpha", 1: "depth", _SPOT: "spot", 3: "selection", 4: "black", _CFA: "cfa", 6: "thermal"}
"""Kinds of further channels by their numbers in the codestream (annex D.3)."""
_CUSTOM, _D65 = 2, (0.3127, 0.3290)
_WHITES = {1: _D65, 10: (1 / 3, 1 / 3), 11: (0.314, 0.351)}
_PRIMARIES = {
    1: [(0.640, 0.330), (0.300, 0.600), (0.150, 0.060)],
    9: [(0.708, 0.292), (0.170, 0.797), (0.131, 0.046)],
    11: [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060)],
}
"""Whites and primaries by their numbers in the codestream (section E.2)."""
_CODES = {(1, 1): 1, (9, 1): 9, (11, 11): 11, (11, 1): 12}
"""Primaries and white that H.273 numbers together."""


@dataclass(frozen=True)
class Header:
    """The head of a codestream. ``size`` is width and height once it is turned upright.

    ``codes`` are primaries and transfer curve as ITU-T H.273 numbers them, 2 where it has no number for them. Then
    ``points`` are red, green, blue and white in the CIE diagram, and ``gamma`` is the exponent that makes light.
    """

    size: tuple[int, int]
    bits: int = 8
    is_float: bool = False
    is_film: bool = False
    is_grey: bool = False
    turned: int = 1
    """Exif's orientation by which it is turned upright."""
    channels: tuple[str, ...] = ()
    """The kinds of the further channels: ``alpha``, ``black``, ``depth`` ..."""
    is_premultiplied: bool = False
    has_profile: bool = False
    """Whether its colours are told by an ICC profile, compressed in a way of its own."""
    codes: tuple[int, int] = (1, 13)
    gamma: float | None = None
    points: tuple[tuple[float, float], ...] | None = None


@dataclass(frozen=True)
class Found:
    """A JPEG XL: its header, its tags, and whether the JPEG that it was made from can be made again."""

    header: Header
    exif: bytes | None = None
    xmp: bytes | None = None
    is_jpeg: bool = False


def find(file: BinaryIO) -> Found:
    """Find the header and the tags of an open JPEG XL, in boxes or bare. Raises BoxError."""
    file.seek(0)
    start = file.read(_HEADER)
    if start.startswith(JXL_CODESTREAM):
        return Found(header_of(start))
    codestream = b""
    exif = xmp = None
    is_jpeg, left = False, int(limits.INFLATED)
    for box in boxes(file):
        name, at = box.name, box.at
        file.seek(at)
        if name == b"brob":
            name = file.read(4)
        if name in (b"jxlc", b"jxlp") and len(codestream) < _HEADER:
            file.seek(at + (4 if name == b"jxlp" else 0))
            codestream += until(file, box.end, _HEADER)
        elif name in (b"Exif", b"xml "):
            content = until(file, box.end, limits.ITEM)
            if box.name == b"brob":
                content = _unpacked(content, left)
                left -= len(content)
            if name == b"Exif":
                exif = exif or tiff_of(content)
            else:
                xmp = xmp or content or None
        is_jpeg |= name == b"jbrd"
    return Found(header_of(codestream), exif, xmp, is_jpeg)


def _unpacked(content: bytes, most: int) -> bytes:
    """Undo the compression of brotli; nothing if it is broken, gives more than ``most``, or if there is no brotli."""
    import imagecodecs

    if not (imagecodecs.BROTLI.available and most):
        return b""
    try:
        return bytes(imagecodecs.brotli_decode(content, out=most))
    except (imagecodecs.BrotliError, ValueError, RuntimeError, MemoryError):
        return b""


class _Bits:
    """Bits from the lowest of each byte on, as the codestream counts them (section B.2)."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self._held = self._left = 0

    def take(self, count: int) -> int:
        """A number of so many bits."""
        while self._left < count:
            byte = self._data.read(1)
            if not byte:
                raise BoxError("its header is cut off")
            self._held |= byte[0] << self._left
            self._left += 8
        number = self._held & ((1 << count) - 1)
        self._held >>= count
        self._left -= count
        return number

    def flag(self) -> bool:
        """One bit."""
        return bool(self.take(1))

    def number(self, *ways: tuple[int, int]) -> int:
        """A number in one of four ways, each so many bits and what is added to them (U32)."""
        bits, added = ways[self.take(2)]
        return self.take(bits) + added

    def choice(self) -> int:
        """One of some choices (Enum)."""
        return self.number((0, 0), (0, 1), (4, 2), (6, 18))


def header_of(codestream: bytes) -> Header:
    """Read the header of a codestream (annexes B.2 and D). Raises BoxError.

    >>> header_of(bytes.fromhex("ff0acb2c1013")).size
    (48, 64)
    """
    if not codestream.startswith(JXL_CODESTREAM):
        raise BoxError("its picture is missing")
    bits = _Bits(codestream[2:])
    width, height = _size(bits)
    if bits.flag():
        return Header((width, height))
    turned = 1
    if bits.flag():
        turned += bits.take(3)
        if turned > 4:  # it lies on its side
            width, height = height, width
        if bits.flag():
            _size(bits)
        if bits.flag():
            _skip_preview(bits)
        if bits.flag():
            return Header((width, height), is_film=True)
    is_float, depth = _depth(bits)
    bits.flag()
    channels, premultiplied = [], False
    for _ in range(bits.number((0, 0), (0, 1), (4, 2), (12, 1))):
        kind, associated = _further_channel(bits)
        channels.append(_KINDS.get(kind, "other"))
        premultiplied |= associated
    bits.flag()  # whether it is coded in the colours of JPEG XL itself
    return _with_colours(
        bits, Header((width, height), depth, is_float, False, False, turned, tuple(channels), premultiplied)
    )


def _size(bits: _Bits) -> tuple[int, int]:
    ways = ((9, 1), (13, 1), (18, 1), (30, 1))
    is_small = bits.flag()

    def side() -> int:
        return 8 * (1 + bits.take(5)) if is_small else bits.number(*ways)

    height = side()
    return _width(bits, height, side), height


def _width(bits: _Bits, height: int, side: Callable[[], int]) -> int:
    ratio = bits.take(3)
    if not ratio:
        return side()
    across, down = _RATIOS[ratio - 1]
    return height * across // down


def _skip_preview(bits: _Bits) -> None:
    in_eights = bits.flag()
    ways = ((0, 16), (0, 32), (5, 1), (9, 33)) if in_eights else ((6, 1), (8, 65), (10, 321), (12, 1345))
    _width(bits, bits.number(*ways), lambda: bits.number(*ways))


def _depth(bits: _Bits) -> tuple[bool, int]:
    """Whether values are floating, and their bits."""
    if not bits.flag():
        return False, bits.number((0, 8), (0, 10), (0, 12), (6, 1))
    depth = bits.number((0, 32), (0, 16), (0, 24), (6, 1))
    bits.take(4)
    return True, depth


def _further_channel(bits: _Bits) -> tuple[int, bool]:
    """The kind of a channel beside the colours, and whether they are multiplied by it."""
    if bits.flag():
        return _ALPHA, False
    kind = bits.choice()
    _depth(bits)
    bits.number((0, 0), (0, 3), (0, 4), (3, 1))
    for _ in range(bits.number((0, 0), (4, 0), (5, 16), (10, 48))):
        bits.take(8)
    if kind == _SPOT:
        bits.take(64)
    elif kind == _CFA:
        bits.number((0, 1), (2, 0), (4, 3), (8, 19))
    return kind, kind == _ALPHA and bits.flag()


def _with_colours(bits: _Bits, header: Header) -> Header:
    """The header with what its values mean (section E.2)."""
    if bits.flag():
        return header
    has_profile, space = bits.flag(), bits.choice()
    header = replace(header, has_profile=has_profile, is_grey=space == 1)
    if has_profile or space > 1:
        return replace(header, has_profile=True)
    white = bits.choice()
    white_at = _points(bits, 1) if white == _CUSTOM else [_WHITES.get(white, _D65)]
    primaries = bits.choice() if space == 0 else 1
    points = _points(bits, 3) if primaries == _CUSTOM else _PRIMARIES.get(primaries, _PRIMARIES[1])
    code = _CODES.get((primaries, white), 2)
    if code == 2:
        header = replace(header, points=(*points, *white_at))
    if bits.flag():
        return replace(header, codes=(code, 2), gamma=1e7 / max(bits.take(24), 1))
    return replace(header, codes=(code, bits.choice()))


def _points(bits: _Bits, count: int) -> list[tuple[float, float]]:
    """Points of the CIE diagram, in millionths, the sign in the lowest bit."""

    def side() -> float:
        packed = bits.number((19, 0), (19, 1 << 19), (20, 1 << 20), (21, 1 << 21))
        return (-(packed + 1) // 2 if packed & 1 else packed // 2) / 1e6

    return [(side(), side()) for _ in range(count)]
