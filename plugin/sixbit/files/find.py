"""Where a photo keeps what it says of itself: the EXIF structure, the XMP packet and the size of the picture.

Only the structure of the file is walked; pixels are never read.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from sixbit.files.tiff_read import BoundedFile, Field, read_ifd

LONGEST_XMP = 8 << 20
MOST_SEGMENTS = 4096

_TIFF_MAGICS = (b"II*\0", b"MM\0*", b"IIU\0", b"IIRO", b"IIRS", b"MMOR")
"""TIFF and DNG, and the raw files that are TIFF but for their magic number (Panasonic, Olympus)."""
_BIG_TIFF_MAGICS = (b"II+\0", b"MM\0+")
_RAW_MAGICS = (b"FUJIFILMCCD-RAW", b"\0MRM")
"""Raw files of Fujifilm and Minolta."""
_CR3_BRAND = b"ftypcrx "
_LONGEST_HEAD = 64 << 20
"""Bytes of a raw file in which its tags must lie: they come before its pixels."""
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif")
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PNG_XMP = b"XML:com.adobe.xmp"

_SUBFILE_TYPE, _WIDTH, _HEIGHT, _SUB_IFDS, _XMP = 0x00FE, 0x0100, 0x0101, 0x014A, 0x02BC


class UnreadableError(Exception):
    """The file is no photo that can be read; the message completes "PHOTO ..."."""


@dataclass(frozen=True)
class Blocks:
    """``exif_at`` is where the TIFF structure of the tags begins in ``file``; None if there is none."""

    kind: str
    file: BoundedFile
    exif_at: int | None
    xmp: bytes | None
    width: int | None
    height: int | None


def find_blocks(file: BinaryIO) -> Blocks:
    """Find the tags of an open photo.

    Raises UnreadableError if it is none of JPEG, TIFF (with DNG and other raw files built on it), PNG, HEIC, and of the
    raw files RAF, CR3 and MRW.
    """
    bounded = BoundedFile(file)
    head = bounded.at(0, 16)
    if not head:
        raise UnreadableError("is empty; copy it again from where it came")
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(bounded)
    if head.startswith(_PNG_MAGIC):
        return _png(bounded)
    if head[:4] in _TIFF_MAGICS:
        return _tiff(bounded)
    if head[:4] in _BIG_TIFF_MAGICS:
        raise UnreadableError("is a BigTIFF, whose tags cannot be read; save it as a plain TIFF")
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return _heif(file)
    if head.startswith(_RAW_MAGICS) or head[4:12] == _CR3_BRAND:
        return _raw(file)
    raise UnreadableError(
        "is not a photo that Sixbit can read (JPEG, TIFF, PNG, HEIC, raw files); develop or convert it to one of these"
    )


def byte_order(file: BoundedFile, exif_at: int) -> str | None:
    """``<`` or ``>`` for the TIFF structure at ``exif_at``; None if there is none after all."""
    return {b"II": "<", b"MM": ">"}.get(file.at(exif_at, 2))


def _jpeg(file: BoundedFile) -> Blocks:
    exif_at: int | None = None
    xmp: bytes | None = None
    width = height = None
    at = 2
    for _ in range(MOST_SEGMENTS):
        head = file.at(at, 64)
        if len(head) < 4 or head[0] != 0xFF:
            break
        marker, length = head[1], int.from_bytes(head[2:4], "big")
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in (0xD9, 0xDA) or length < 2:  # end of image, start of scan
            break
        if marker == 0xE1 and head[4:8] == b"Exif" and exif_at is None:
            exif_at = at + 10
        elif marker == 0xE1 and head[4:].startswith(_JPEG_XMP) and xmp is None:
            xmp = file.at(at + 4 + len(_JPEG_XMP), length - 2 - len(_JPEG_XMP))
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(head) >= 9:  # start of frame
            height, width = struct.unpack(">HH", head[5:9])
        at += 2 + length
    if exif_at is None and xmp is None and not width:
        raise UnreadableError("is cut off before its picture begins; copy it again from where it came")
    return Blocks("JPEG", file, exif_at, xmp, width or None, height or None)


def _png(file: BoundedFile) -> Blocks:
    exif_at: int | None = None
    xmp: bytes | None = None
    header = file.at(16, 8)
    if len(header) < 8:
        raise UnreadableError("is cut off before its picture begins; copy it again from where it came")
    width, height = struct.unpack(">II", header)
    at = 8
    while len(head := file.at(at, 8 + len(_PNG_XMP) + 1)) >= 8:
        length, name = int.from_bytes(head[:4], "big"), head[4:8]
        if name == b"IEND":
            break
        if name == b"eXIf":
            exif_at = at + 8
        elif name == b"iTXt" and head[8:] == _PNG_XMP + b"\0":
            xmp = _international_text(file.long_at(at + 8, min(length, LONGEST_XMP)))
        at += 12 + length
    return Blocks("PNG", file, exif_at, xmp, width or None, height or None)


def _international_text(chunk: bytes) -> bytes | None:
    """The text of a PNG iTXt chunk: after keyword, compression flag and method, language, translated keyword."""
    rest = chunk.partition(b"\0")[2]
    text = rest[2:].split(b"\0", 2)[-1]
    if rest[:1] != b"\1":
        return text
    try:
        return zlib.decompressobj().decompress(text, LONGEST_XMP)
    except zlib.error:
        return None


def _tiff(file: BoundedFile) -> Blocks:
    order = byte_order(file, 0)
    assert order
    first = int(struct.unpack(order + "I", file.at(4, 4).ljust(4, b"\0"))[0])
    main = read_ifd(file, first, order)
    if not main:
        raise UnreadableError("is cut off before its tags begin; copy it again from where it came")
    size = _size(file, main)
    # In a DNG the first directory is a thumbnail, and the picture itself in one of its subdirectories.
    for at in main[_SUB_IFDS].integers(file, 0) if _SUB_IFDS in main else ():
        size = max(size, _size(file, read_ifd(file, at, order)), key=lambda wh: wh[0] * wh[1])
    xmp = main.get(_XMP)
    packet = file.long_at(xmp.position(0), min(xmp.size, LONGEST_XMP)) if xmp else None
    return Blocks("TIFF", file, 0, packet, size[0] or None, size[1] or None)


def _size(file: BoundedFile, ifd: dict[int, Field]) -> tuple[int, int]:
    """Width and height of the picture of a directory; 0 x 0 if it has none, or is a mask for another one."""

    def first(tag: int) -> int:
        return next(iter(ifd[tag].integers(file, 0, most=1)), 0) if tag in ifd else 0

    return (0, 0) if first(_SUBFILE_TYPE) & 4 else (first(_WIDTH), first(_HEIGHT))


def _heif(file: BinaryIO) -> Blocks:
    import pillow_heif

    file.seek(0)
    try:
        picture = pillow_heif.open_heif(file)
        exif, xmp, (width, height) = picture.info.get("exif") or b"", picture.info.get("xmp"), picture.size
    except Exception as error:  # libheif's own errors have no common class
        raise UnreadableError(f"is damaged ({error}); copy it again from where it came") from error
    exif = exif.removeprefix(b"Exif\0\0")
    return Blocks("HEIC", BoundedFile(io.BytesIO(exif)), 0 if exif else None, xmp, width, height)


def _raw(file: BinaryIO) -> Blocks:
    """A raw file that is no TIFF, by exiv2."""
    from sixbit.files.exiv2 import read_by_exiv2

    file.seek(0)
    exif, xmp, size = read_by_exiv2(file.read(_LONGEST_HEAD))
    if exif is None:
        raise UnreadableError("is damaged, or a raw file of a kind that is not known; copy it again from where it came")
    return Blocks("RAW", BoundedFile(io.BytesIO(exif)), 0, xmp, size[0] or None, size[1] or None)
