"""The resolution at which a picture is to be printed, which each format tells in a place of its own."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from sixbit.files import tiff
from sixbit.photos.metadata import Metadata

SHAPE, INCH, CENTIMETRE = 1, 2, 3
"""The units that TIFF 6.0 has numbers for (ResolutionUnit): no length, but the shape of a pixel, and two of length."""
_A_METRE = {INCH: Fraction(10_000, 254), CENTIMETRE: Fraction(100)}
_LARGEST_JFIF, _LARGEST_PHYS = 0xFFFF, (1 << 31) - 1
_METRE = 1
_TAGS = {tiff.X_RESOLUTION: tiff.RATIONAL, tiff.Y_RESOLUTION: tiff.RATIONAL, tiff.RESOLUTION_UNIT: tiff.SHORT}
"""The tags of Exif that tell it, with the kinds of their values."""


class Resolution(NamedTuple):
    """Pixels of a ``unit`` across and down; INCH or CENTIMETRE, or SHAPE for pixels that are not square."""

    across: Fraction
    down: Fraction
    unit: int


def resolution_in(exif: bytes | None) -> Resolution | None:
    """The resolution that an Exif block tells; None if it tells none, or not by the kinds of values it should.

    >>> resolution_in(tiff.EMPTY)
    """
    try:
        block = tiff.Structure(exif or tiff.EMPTY)
        first = block.first()
        if not all(is_well_told(tiff.find(first, tag)) for tag in _TAGS):
            return None
        across, down = (
            block.unpack("II", block.data(entry))
            for tag in (tiff.X_RESOLUTION, tiff.Y_RESOLUTION)
            if (entry := tiff.find(first, tag))
        )
        unit = block.number(tiff.find(first, tiff.RESOLUTION_UNIT)) or INCH
    except (tiff.StructureError, ValueError, struct.error):
        return None
    return _told(Fraction(*across), Fraction(*down), unit) if across[1] and down[1] else None


def _told(across: Fraction, down: Fraction, unit: int) -> Resolution | None:
    """The resolution of these numbers; None if they tell none, nor that pixels are not square."""
    says = unit in _A_METRE or (unit == SHAPE and across != down)
    return Resolution(across, down, unit) if says and across and down else None


def _shape(resolution: Resolution, most: int) -> list[int]:
    """The shape of a pixel as two whole numbers of at most ``most``, or nothing that tells of one."""
    ratio = resolution.across / resolution.down
    if ratio > 1:
        return [*(1 / ratio).limit_denominator(most).as_integer_ratio()][::-1]
    return [*ratio.limit_denominator(most).as_integer_ratio()]


def is_well_told(entry: tiff.Entry | None) -> bool:
    """False for an entry about resolution whose value is of another kind than it should, as a text is.

    >>> is_well_told(tiff.Entry(tiff.X_RESOLUTION, tiff.ASCII, 4, b"300"))
    False
    """
    return entry is None or entry.tag not in _TAGS or (entry.kind, entry.length) == (_TAGS[entry.tag], 1)


def with_resolution(metadata: Metadata, resolution: Resolution) -> Metadata:
    """The metadata with a resolution that stood outside of its Exif data, if that tells none."""
    try:
        block = tiff.Structure(metadata.exif or tiff.EMPTY)
        if tiff.find(block.first(), tiff.X_RESOLUTION) or tiff.find(block.first(), tiff.Y_RESOLUTION):
            return metadata
        across, down = (
            block.pack("II", ratio.numerator, ratio.denominator) for ratio in (resolution.across, resolution.down)
        )
        block.put_first(
            [
                block.entry(tiff.X_RESOLUTION, tiff.RATIONAL, across),
                block.entry(tiff.Y_RESOLUTION, tiff.RATIONAL, down),
                block.entry(tiff.RESOLUTION_UNIT, tiff.SHORT, block.pack("H", resolution.unit)),
            ]
        )
    except tiff.StructureError:
        return metadata
    return replace(metadata, exif=block.content())


def of_jfif(content: bytes) -> Resolution | None:
    """The resolution in the segment of a JPEG (JFIF 1.02: 1 an inch, 2 a centimetre, 0 the shape of a pixel)."""
    if len(content) < 12:
        return None
    unit, across, down = struct.unpack(">BHH", content[7:12])
    return _told(Fraction(across), Fraction(down), unit + 1)


def jfif(resolution: Resolution | None) -> bytes:
    """The content of the segment that tells a resolution in whole numbers, or the shape of a pixel.

    >>> of_jfif(jfif(Resolution(Fraction(11811, 100), Fraction(11811, 100), CENTIMETRE)))
    Resolution(across=Fraction(300, 1), down=Fraction(300, 1), unit=2)
    """
    unit, across, down = 0, 1, 1
    if resolution and resolution.unit == SHAPE:
        across, down = _shape(resolution, _LARGEST_JFIF)
    elif resolution:
        in_inches = [ratio * _A_METRE[resolution.unit] / _A_METRE[INCH] for ratio in resolution[:2]]
        is_whole = resolution.unit == INCH or all(ratio.denominator == 1 for ratio in resolution[:2])
        told = resolution[:2] if is_whole else in_inches
        numbers = [round(ratio) for ratio in told]
        if all(0 < number <= _LARGEST_JFIF for number in numbers):
            unit, (across, down) = (resolution.unit if is_whole else INCH) - 1, numbers
    return b"JFIF\0\1\1" + struct.pack(">BHHBB", unit, across, down, 0, 0)


def of_phys(content: bytes) -> Resolution | None:
    """The resolution in the pHYs chunk of a PNG, in pixels of a metre, or their shape (third edition, 11.3.4.3)."""
    if len(content) != 9 or content[8] not in (0, _METRE):
        return None
    across, down = (Fraction(number) for number in struct.unpack(">II", content[:8]))
    return _told(across / 100, down / 100, CENTIMETRE) if content[8] else _told(across, down, SHAPE)


def phys(resolution: Resolution) -> bytes | None:
    """The content of a pHYs chunk; None for a resolution that it cannot hold.

    >>> phys(Resolution(Fraction(300), Fraction(300), INCH))[:4].hex()
    '00002e23'
    """
    if resolution.unit == SHAPE:
        numbers, unit = _shape(resolution, _LARGEST_PHYS), 0
    else:
        numbers, unit = [round(ratio * _A_METRE[resolution.unit]) for ratio in resolution[:2]], _METRE
    return struct.pack(">IIB", *numbers, unit) if all(0 < n <= _LARGEST_PHYS for n in numbers) else None
