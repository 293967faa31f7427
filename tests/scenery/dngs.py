"""DNGs as Leica's cameras write them, small and with pixels: raw, preview and thumbnail in any layout."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from tests.scenery.photo_factory import (
    ASCII,
    BYTE,
    LONG,
    RATIONAL,
    SHORT,
    SRATIONAL,
    UNDEFINED,
    Entry,
    directory,
)

LAYOUTS = ("raw in IFD0", "raw first below", "raw last below")
STORED = ("strip", "strips", "tiles", "lossless")
SIZE = (300, 200)
BORDER = 2
BLACK, WHITE = 512, 16383
LENS = "Voigtlander Nokton VM 28mm f/1.5 Aspherical"
MATRIX = ((9090, -3342, -740), (-4006, 13456, 493), (-569, 2266, 6871))
NEUTRAL = (0.5, 1.0, 0.6)


class _File:
    """A TIFF structure that grows at its end."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.data = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))

    def put(self, data: bytes) -> int:
        self.data.extend(bytes(len(self.data) % 2))
        self.data.extend(data)
        return len(self.data) - len(data)

    def directory(self, entries: Mapping[int, tuple[int, Any]]) -> int:
        at = len(self.data) + len(self.data) % 2
        listed: list[Entry] = [(tag, kind, value) for tag, (kind, value) in entries.items()]
        return self.put(directory(listed, at, self.order))


def dng(
    layout: str = "raw first below",
    order: str = "<",
    stored: str = "strip",
    *,
    pixels: NDArray[np.uint16] | None = None,
    colours: Sequence[int] = (0, 1, 1, 2),
    active: Sequence[int] = (),
    crop: Sequence[int] = (),
    orientation: int = 1,
    model: str = "LEICA M10",
    lens: str = LENS,
    f_number: tuple[int, int] = (15, 10),
    focal_mm: int = 28,
    software: str = "1.0",
    xmp: bytes = b"",
    more: Mapping[int, tuple[int, Any]] | None = None,
    of_first: Mapping[int, tuple[int, Any]] | None = None,
    without: Sequence[int] = (),
) -> bytes:
    """Return a DNG. ``colours`` are those of four pixels, none of a sensor without.

    ``active`` is top, left, bottom and right, ``crop`` the origin and the size of the picture; ``more`` are entries of
    the directory of the raw, and ``of_first`` of the first; ``without`` are those that the raw lacks.
    """
    file = _File(order)
    if pixels is None:
        pixels = flat(SIZE)
    height, width = pixels.shape
    raw = _picture_tags(file, pixels, stored)
    raw |= _raw_tags(width, height, colours, active or (0, 0, height, width), crop)
    raw |= more or {}
    raw = {tag: value for tag, value in raw.items() if tag not in without}
    thumbnail, preview = _jpeg(file, 32, 21), _jpeg(file, 96, 64)
    main = _main_tags(file, order, orientation, model, lens, f_number, focal_mm, software)
    main |= {0x02BC: (BYTE, xmp)} if xmp else {}
    if layout == "raw in IFD0":
        first = file.directory({**main, **raw, 0x014A: (LONG, (file.directory(preview),)), **(of_first or {})})
    else:
        below = [file.directory(raw), file.directory(preview)]
        if layout == "raw last below":
            below.reverse()
        first = file.directory({**main, **thumbnail, 0x014A: (LONG, tuple(below)), **(of_first or {})})
    struct.pack_into(order + "I", file.data, 4, first)
    return bytes(file.data)


def flat(size: tuple[int, int]) -> NDArray[np.uint16]:
    """Return the values of a raw with something in it, so that every byte tells its place."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    return (BLACK + (x * 37 + y * 101) % 9000).astype(np.uint16)


def _picture_tags(file: _File, pixels: NDArray[np.uint16], stored: str) -> dict[int, tuple[int, Any]]:
    height, width = pixels.shape
    values = pixels.astype(file.order + "u2")
    tags: dict[int, tuple[int, Any]] = {
        0x0102: (SHORT, (16,)),
        0x0103: (SHORT, 7 if stored == "lossless" else 1),
    }
    if stored in ("strip", "strips"):
        rows = height if stored == "strip" else 64
        parts = [values[y : y + rows].tobytes() for y in range(0, height, rows)]
        offsets = tuple(file.put(part) for part in parts)
        return tags | {0x0111: (LONG, offsets), 0x0116: (LONG, rows), 0x0117: (LONG, tuple(map(len, parts)))}
    side = 128
    padded = np.pad(values, ((0, -height % side), (0, -width % side)), mode="edge")
    tiles = [
        padded[y : y + side, x : x + side]
        for y in range(0, padded.shape[0], side)
        for x in range(0, padded.shape[1], side)
    ]
    if stored == "lossless":
        parts = [imagecodecs.ljpeg_encode(np.ascontiguousarray(tile, np.uint16), bitspersample=14) for tile in tiles]
    else:
        parts = [tile.tobytes() for tile in tiles]
    offsets = tuple(file.put(part) for part in parts)
    return tags | {
        0x0142: (LONG, side),
        0x0143: (LONG, side),
        0x0144: (LONG, offsets),
        0x0145: (LONG, tuple(map(len, parts))),
    }


def _raw_tags(
    width: int, height: int, colours: Sequence[int], active: Sequence[int], crop: Sequence[int]
) -> dict[int, tuple[int, Any]]:
    top, left, bottom, right = active
    inner = (BORDER, BORDER, right - left - 2 * BORDER, bottom - top - 2 * BORDER)
    x, y, across, down = crop or inner
    tags: dict[int, tuple[int, Any]] = {
        0x00FE: (LONG, 0),
        0x0100: (LONG, width),
        0x0101: (LONG, height),
        0x0106: (SHORT, 32803 if colours else 34892),
        0x0115: (SHORT, 1),
        0x011C: (SHORT, 1),
        0xC61A: (SHORT, BLACK),
        0xC61D: (LONG, WHITE),
        0xC61E: (RATIONAL, ((1, 1), (1, 1))),
        0xC61F: (LONG, (x, y)),
        0xC620: (LONG, (across, down)),
        0xC68D: (LONG, tuple(active)),
    }
    if colours:
        tags |= {
            0x828D: (SHORT, (2, 2)),
            0x828E: (BYTE, tuple(colours)),
            0xC616: (BYTE, (0, 1, 2)),
            0xC617: (SHORT, 1),
        }
    return tags


def _jpeg(file: _File, width: int, height: int) -> dict[int, tuple[int, Any]]:
    data = imagecodecs.jpeg8_encode(np.full((height, width, 3), 120, np.uint8), level=80)
    return {
        0x00FE: (LONG, 1),
        0x0100: (LONG, width),
        0x0101: (LONG, height),
        0x0102: (SHORT, (8, 8, 8)),
        0x0103: (SHORT, 7),
        0x0106: (SHORT, 6),
        0x0111: (LONG, file.put(data)),
        0x0115: (SHORT, 3),
        0x0116: (LONG, height),
        0x0117: (LONG, len(data)),
        0x0212: (SHORT, (2, 2)),
    }


def _main_tags(
    file: _File,
    order: str,
    orientation: int,
    model: str,
    lens: str,
    f_number: tuple[int, int],
    focal_mm: int,
    software: str,
) -> dict[int, tuple[int, Any]]:
    exif: dict[int, tuple[int, Any]] = {
        0x829A: (RATIONAL, (1, 250)),
        0x829D: (RATIONAL, f_number),
        0x8827: (SHORT, 200),
        0x9000: (UNDEFINED, b"0230"),
        0x9003: (ASCII, "2026:01:02 03:04:05"),
        0x920A: (RATIONAL, (focal_mm, 1)),
        0xA405: (SHORT, focal_mm),
    }
    if lens:
        exif[0xA434] = (ASCII, lens)
    matrix = tuple((number, 10000) for row in MATRIX for number in row)
    return {
        0x010F: (ASCII, "Leica Camera AG"),
        0x0110: (ASCII, model),
        0x0112: (SHORT, orientation),
        0x011A: (RATIONAL, (300, 1)),
        0x011B: (RATIONAL, (300, 1)),
        0x0128: (SHORT, 2),
        0x0131: (ASCII, software),
        0x0132: (ASCII, "2026:01:02 03:04:05"),
        0x8769: (LONG, file.directory(exif)),
        0xC612: (BYTE, (1, 4, 0, 0)),
        0xC613: (BYTE, (1, 1, 0, 0)),
        0xC614: (ASCII, model),
        0xC621: (SRATIONAL, matrix),
        0xC628: (RATIONAL, tuple((round(1000 * share), 1000) for share in NEUTRAL)),
        0xC65A: (SHORT, 21),
    }
