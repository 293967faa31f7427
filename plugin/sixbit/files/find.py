"""Where a photo keeps what it says of itself: the Exif structure, the XMP packet and the kind of the picture.

Only the structure of the file is walked; pixels are never read.
"""

from __future__ import annotations

import io
import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from sixbit.files import jpeg, png, tiff
from sixbit.files.tiff import Entry, Structure
from sixbit.values.errors import Code, PhotoError

LONGEST_XMP = 8 << 20

_MAGICS = {
    "JPEG": (jpeg.SIGNATURE,),
    "PNG": (png.SIGNATURE,),
    "TIFF": (b"II*\0", b"MM\0*"),
    "raw TIFF": (b"IIU\0", b"IIRO", b"IIRS", b"MMOR"),  # TIFF but for these bytes: Panasonic, Olympus
    "BigTIFF": (b"II+\0", b"MM\0+"),
    "RAW": (b"FUJIFILMCCD-RAW", b"\0MRM"),  # Fujifilm, Minolta
}
"""What files begin with, by their kind."""
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif")
_BRANDS = dict.fromkeys(_HEIF_BRANDS, "HEIC") | {b"crx ": "RAW"}
"""The kinds of ISO base media files, by their brand; the raw ones are Canon's."""
_LONGEST_HEAD = 64 << 20
"""Bytes of a raw file in which its tags must lie: they come before its pixels."""

_RAWS = "3fr arw cr2 cr3 crw dcr dng erf fff gpr iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f"
RAW_SUFFIXES = frozenset(f".{suffix}" for suffix in _RAWS.split())
"""Suffixes of raw files: of Adobe's DNG, and of the makers whose cameras take M lenses by an adapter, and others."""


@dataclass(frozen=True)
class Blocks:
    """What a photo says of itself. ``kind`` is JPEG, TIFF, PNG, HEIC or RAW (one that is no TIFF).

    ``exif_at`` is where the TIFF structure of the tags begins in ``file``; None if there is none. It has ``exif_size``
    bytes in a JPEG and a PNG. ``file`` is the photo, or a copy of a structure that is nowhere in it in one piece.
    ``width`` and ``height`` are 0 where the photo does not say them.
    """

    kind: str
    file: BinaryIO
    exif_at: int | None
    exif_size: int
    xmp: bytes | None
    width: int
    height: int
    channels: int = 3
    bits: int = 8
    """Of a channel, as it is decoded."""
    is_progressive: bool = False
    is_dng: bool = False

    @property
    def exif(self) -> bytes | None:
        """The TIFF structure of the tags of a JPEG or a PNG; None if there is none."""
        if self.exif_at is None:
            return None
        self.file.seek(self.exif_at)
        return self.file.read(self.exif_size)


def kind_of(head: bytes) -> str | None:
    """The kind of a photo that begins with these bytes, 16 or more of them; None if it is none that is known.

    >>> kind_of(b"\\xff\\xd8\\xff\\xe0\\0\\x10JFIF\\0\\1"), kind_of(b"GIF89a")
    ('JPEG', None)
    """
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12])
    return next((kind for kind, magics in _MAGICS.items() if head.startswith(magics)), None)


def find_blocks(file: BinaryIO) -> Blocks:
    """Find the tags of an open photo.

    Raises PhotoError if it is none of JPEG, TIFF (with DNG and other raw files built on it), PNG, HEIC, and of the
    raw files RAF, CR3 and MRW.
    """
    file.seek(0)
    head = file.read(16)
    if not head:
        raise PhotoError("is empty.", Code.DAMAGED)
    kind = kind_of(head)
    if kind == "BigTIFF":
        raise PhotoError("is a BigTIFF, whose tags cannot be read.", Code.FORMAT)
    if kind is None:
        raise PhotoError("is not a photo that Sixbit can read (JPEG, TIFF, PNG, HEIC, raw files).", Code.FORMAT)
    finders = {"JPEG": _jpeg, "PNG": _png, "TIFF": _tiff, "raw TIFF": _tiff, "HEIC": _heif, "RAW": _raw}
    return finders[kind](file)


def _jpeg(file: BinaryIO) -> Blocks:
    xmp = None
    frame = jpeg.Frame((0, 0), 3, is_progressive=False)
    segments = list(jpeg.segments(file))
    for segment in segments:
        if segment.of(jpeg.XMP):
            xmp = xmp or segment.content[len(jpeg.XMP) :]
        frame = jpeg.frame_of(segment) or frame
    exif = jpeg.exif_in(segments)
    if exif is None and xmp is None and not frame.size[0]:
        raise PhotoError("is cut off before its picture begins.", Code.DAMAGED)
    at, block = exif or (None, b"")
    if len(jpeg.exif_segments(segments)) > 1:
        file, at = io.BytesIO(block), 0
    return Blocks("JPEG", file, at, len(block), xmp, *frame.size, frame.channels, is_progressive=frame.is_progressive)


def _png(file: BinaryIO) -> Blocks:
    header = xmp = at = exif_in_text = xmp_in_text = None
    size = 0
    for chunk in png.chunks(file):
        if chunk.name == png.HEADER:
            header = header or png.header_of(file.read(16))
        elif chunk.name == png.EXIF and at is None:
            head = file.read(min(chunk.size, 64))
            at = chunk.at + len(head) - len(jpeg.bare_exif(head))
            size = chunk.end - 4 - at
        elif chunk.name in png.TEXTS:
            text = file.read(min(chunk.size, LONGEST_XMP))
            exif_in_text = exif_in_text or png.exif_in(chunk.name, text)
            if text.startswith(png.XMP):
                xmp = xmp or png.xmp_in(chunk.name, text)
            else:
                xmp_in_text = xmp_in_text or png.xmp_in(chunk.name, text)
    if header is None:
        raise PhotoError("is cut off before its picture begins.", Code.DAMAGED)
    if at is None and exif_in_text:
        file, at, size = io.BytesIO(exif_in_text), 0, len(exif_in_text)
    return Blocks("PNG", file, at, size, xmp or xmp_in_text, *header)


def _tiff(file: BinaryIO) -> Blocks:
    structure = Structure(file, order=tiff.byte_order(file, 0))
    try:
        main = structure.first()
    except tiff.StructureError:
        main = []
    if not main:
        raise PhotoError("is damaged, or cut off before its tags begin.", Code.DAMAGED)
    width, height = _size(structure, main)
    # In a DNG the first directory is a thumbnail, and the picture itself in one of its subdirectories.
    for at in structure.numbers(tiff.find(main, tiff.SUB_IFDS)):
        with suppress(tiff.StructureError):
            other = _size(structure, structure.directory(at)[0])
            width, height = max((width, height), other, key=math.prod)
    xmp = tiff.find(main, tiff.XMP)
    packet = structure.data(xmp, LONGEST_XMP) if xmp else None
    channels = structure.number(tiff.find(main, tiff.SAMPLES)) or 1
    bits = next(iter(structure.numbers(tiff.find(main, tiff.BITS))), 8)
    is_dng = tiff.find(main, tiff.DNG_VERSION) is not None
    return Blocks("TIFF", file, 0, 0, packet, width, height, channels, bits, is_dng=is_dng)


def _size(structure: Structure, entries: list[Entry]) -> tuple[int, int]:
    """Width and height of the picture of a directory; 0 x 0 if it has none, or is a mask for another one."""
    kind, width, height = (
        structure.number(tiff.find(entries, tag)) or 0 for tag in (tiff.SUBFILE_TYPE, tiff.WIDTH, tiff.HEIGHT)
    )
    return (0, 0) if kind & 4 else (width, height)


def _heif(file: BinaryIO) -> Blocks:
    import pillow_heif

    file.seek(0)
    try:
        picture = pillow_heif.open_heif(file)
        exif, xmp, (width, height) = exif_of_heif(picture.info) or b"", picture.info.get("xmp"), picture.size
    except Exception as error:  # libheif's own errors have no common class
        raise PhotoError(f"is damaged ({error}).", Code.DAMAGED) from error
    return Blocks("HEIC", io.BytesIO(exif), 0 if exif else None, len(exif), xmp, width, height, bits=16)


def exif_of_heif(info: dict[str, Any]) -> bytes | None:
    """The Exif block in what libheif tells of a picture."""
    return jpeg.bare_exif(info.get("exif") or b"") or None


def _raw(file: BinaryIO) -> Blocks:
    """A raw file that is no TIFF, by exiv2."""
    from sixbit.files.exiv2 import read_by_exiv2

    file.seek(0)
    exif, xmp, size = read_by_exiv2(file.read(_LONGEST_HEAD))
    if exif is None:
        raise PhotoError("is damaged, or a raw file of a kind that is not known.", Code.DAMAGED)
    return Blocks("RAW", io.BytesIO(exif), 0, len(exif), xmp, *size, bits=16)
