"""Where a photo keeps what it says of itself: the Exif structure, the XMP packet and the kind of the picture.

Only the structure of the file is walked; pixels are never read. The walkers of rarer formats are loaded for them alone.
"""

from __future__ import annotations

import io
import math
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from sixbit.files import jpeg, limits, png, tiff
from sixbit.files.kind import HEAD, kind_of, refusal
from sixbit.files.tiff import Entry, Structure
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from sixbit.files import jxl, webp
    from sixbit.files.bmff import Still

_CODECS = {"hvc1": "HEIC", "av01": "AVIF"}
"""The kinds of pictures in boxes, by how they are coded."""
_UNREAD = {
    "unci": Sentence("not compressed"),
    "avc1": Sentence("coded by H.264"),
    "vvc1": Sentence("coded by H.266"),
    "evc1": Sentence("coded by EVC"),
    "jpeg": Sentence("a JPEG"),
    "j2k1": Sentence("a JPEG 2000"),
}
TURNED = frozenset(("HEIC", "AVIF", "JPEG XL"))
"""Kinds that say on their own how they are turned, and are read upright; their Exif orientation is a copy of it."""

_RAWS = "3fr arw cr2 cr3 crw dcr dng erf fff gpr iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f"
RAW_SUFFIXES = frozenset(f".{suffix}" for suffix in _RAWS.split())
"""Suffixes of raw files: of Adobe's DNG, and of the makers whose cameras take M lenses by an adapter, and others."""


class Blocks(NamedTuple):
    """The metadata that a photo holds. ``kind`` is JPEG, TIFF, BigTIFF, PNG, HEIC, AVIF, WebP, JPEG XL or RAW.

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
    turned: int = 1
    """Exif's orientation by which it is turned when it is decoded."""

    @property
    def exif(self) -> bytes | None:
        """The TIFF structure of the tags of a JPEG or a PNG; None if there is none."""
        if self.exif_at is None:
            return None
        self.file.seek(self.exif_at)
        return limits.read(self.file, self.exif_size)


def kind_in(file: BinaryIO) -> str:
    """The kind of an open photo, as in :class:`Blocks`, or ``raw TIFF``; raises PhotoError for all others."""
    file.seek(0)
    head = file.read(HEAD)
    kind = kind_of(head)
    if kind is None:
        raise refusal(head)
    return _CODECS[still_in(file).codec] if kind == "HEIF" else kind


def find_blocks(file: BinaryIO) -> Blocks:
    """Find the tags of an open photo.

    Raises PhotoError if it is none of JPEG, TIFF (with DNG and other raw files built on it), PNG, HEIC, AVIF, WebP,
    JPEG XL, and of the raw files RAF, CR3, CRW and MRW.
    """
    finders = {"JPEG": _jpeg, "PNG": _png, "TIFF": _tiff, "raw TIFF": _tiff, "BigTIFF": _big_tiff, "RAW": _raw}
    finders |= {"HEIC": _heif, "AVIF": _heif, "WebP": _webp, "JPEG XL": _jxl}
    return finders[kind_in(file)](file)


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
        raise jpeg.without_picture(file)
    at, block = exif or (None, b"")
    if len(jpeg.exif_segments(segments)) > 1:
        file, at = io.BytesIO(block), 0
    return Blocks("JPEG", file, at, len(block), xmp, *frame.size, frame.channels, is_progressive=frame.is_progressive)


def _png(file: BinaryIO) -> Blocks:
    header = xmp = at = exif_in_text = xmp_in_text = None
    size, inflate = 0, png.Inflater()
    for chunk in png.chunks(file):
        if chunk.name == png.HEADER:
            header = header or png.header_of(file.read(min(chunk.size, 16)))
        elif chunk.name == png.EXIF and at is None:
            head = file.read(min(chunk.size, 64))
            at = chunk.at + len(head) - len(jpeg.bare_exif(head))
            size = chunk.end - 4 - at
        elif chunk.name in png.TEXTS:
            text = file.read(min(chunk.size, limits.XMP))
            exif_in_text = exif_in_text or png.exif_in(chunk.name, text, inflate)
            if text.startswith(png.XMP):
                xmp = xmp or png.xmp_in(chunk.name, text, inflate)
            else:
                xmp_in_text = xmp_in_text or png.xmp_in(chunk.name, text, inflate)
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
    packet = structure.data(xmp, limits.XMP) if xmp else None
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


def _big_tiff(file: BinaryIO) -> Blocks:
    from sixbit.files import bigtiff

    large = {tiff.XMP, tiff.IPTC, tiff.RESOURCES, tiff.LAYERS}
    try:
        block = bigtiff.classic(file, large)
        main = Structure(block).first()
    except tiff.StructureError as error:
        raise PhotoError("is damaged, or cut off before its tags begin.", Code.DAMAGED) from error
    structure = Structure(block)
    size = _size(structure, main)
    channels = structure.number(tiff.find(main, tiff.SAMPLES)) or 1
    bits = next(iter(structure.numbers(tiff.find(main, tiff.BITS))), 8)
    is_dng = tiff.find(main, tiff.DNG_VERSION) is not None
    packet = bigtiff.value_of(file, tiff.XMP, limits.XMP)
    return Blocks("BigTIFF", io.BytesIO(block), 0, len(block), packet, *size, channels, bits, is_dng=is_dng)


def still_in(file: BinaryIO) -> Still:
    """The picture in the boxes of an open HEIC or AVIF; PhotoError if it is damaged, a film, or coded otherwise."""
    from sixbit.files.bmff import BoxError, still

    try:
        found = still(file)
    except BoxError as error:
        raise PhotoError(Sentence("is damaged ({error}).", error=error), Code.DAMAGED) from error
    if found.codec not in _CODECS:
        name = _UNREAD.get(found.codec) or Sentence("one coded as {codec}", codec=repr(found.codec))
        raise PhotoError(
            Sentence("is a HEIF whose picture is {name}, which Sixbit does not read.", name=name), Code.FORMAT
        )
    if found.is_film and found.codec == "av01":
        raise _film()
    return found


def webp_in(file: BinaryIO) -> tuple[webp.Header, webp.Found]:
    """The picture of an open WebP, and what stands beside it; PhotoError if it is damaged, or a film."""
    from sixbit.files.webp import find

    found = find(file)
    if found.header is None:
        raise PhotoError("is cut off before its picture begins.", Code.DAMAGED)
    if found.header.is_film:
        raise _film()
    return found.header, found


def jxl_in(file: BinaryIO) -> jxl.Found:
    """The picture of an open JPEG XL, and what stands beside it; PhotoError if it is damaged, or a film."""
    from sixbit.files.bmff import BoxError
    from sixbit.files.jxl import find

    try:
        found = find(file)
    except BoxError as error:
        raise PhotoError(Sentence("is damaged ({error}).", error=error), Code.DAMAGED) from error
    if found.header.is_film:
        raise _film()
    return found


def _film() -> PhotoError:
    return PhotoError("is an animation, not a photo.", Code.FORMAT)


def _heif(file: BinaryIO) -> Blocks:
    found = still_in(file)
    kind = _CODECS[found.codec]
    bits = 16 if kind == "HEIC" else found.bits
    blocks = _apart(kind, found.exif, found.xmp, found.shown, 3 + found.has_alpha, bits)
    return blocks._replace(turned=found.turned)


def _webp(file: BinaryIO) -> Blocks:
    header, found = webp_in(file)
    return _apart("WebP", found.exif, found.xmp, header[:2], 3 + header.has_alpha, 8)


def _jxl(file: BinaryIO) -> Blocks:
    found = jxl_in(file)
    header = found.header
    blocks = _apart("JPEG XL", found.exif, found.xmp, header.size, 3 + ("alpha" in header.channels), header.bits)
    return blocks._replace(turned=header.turned)


def _apart(kind: str, exif: bytes | None, xmp: bytes | None, size: tuple[int, int], channels: int, bits: int) -> Blocks:
    """The blocks of a photo whose Exif data does not stand in it in one piece, or as it is."""
    block = exif or b""
    depth = 8 if bits <= 8 else 16 if bits <= 16 else 32
    return Blocks(kind, io.BytesIO(block), 0 if block else None, len(block), xmp, *size, channels, depth)


def _raw(file: BinaryIO) -> Blocks:
    """A raw file that is no TIFF, by exiv2."""
    from sixbit.files.exiv2 import read_by_exiv2

    file.seek(0)
    exif, xmp, size = read_by_exiv2(file.read(limits.RAW_HEAD))
    if exif is None:
        raise PhotoError("is damaged, or a raw file of a kind that is not known.", Code.DAMAGED)
    return Blocks("RAW", io.BytesIO(exif), 0, len(exif), xmp, *size, bits=16)
