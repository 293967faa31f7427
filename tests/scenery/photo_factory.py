"""Photos for the tests, made byte by byte: with any tags, Leica maker notes of every layout, and any damage.

jpeg(exif(Make="Leica Camera AG", Model="M8 Digital Camera", maker_note=m8_note(lens_type=4 * 6 + 2)))
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

# Types of values (TIFF 6.0, section 2).
BYTE = 1
ASCII = 2
SHORT = 3
LONG = 4
RATIONAL = 5
UNDEFINED = 7
SLONG = 9
SRATIONAL = 10
IFD0, EXIF = "IFD0", "EXIF"

TAGS: Mapping[str, tuple[str, int, int]] = {
    "ImageWidth": (IFD0, 0x0100, LONG),
    "ImageLength": (IFD0, 0x0101, LONG),
    "Make": (IFD0, 0x010F, ASCII),
    "Model": (IFD0, 0x0110, ASCII),
    "Orientation": (IFD0, 0x0112, SHORT),
    "Software": (IFD0, 0x0131, ASCII),
    "FNumber": (EXIF, 0x829D, RATIONAL),
    "TransferFunction": (IFD0, 0x012D, SHORT),
    "WhitePoint": (IFD0, 0x013E, RATIONAL),
    "PrimaryChromaticities": (IFD0, 0x013F, RATIONAL),
    "DateTimeOriginal": (EXIF, 0x9003, ASCII),
    "ApertureValue": (EXIF, 0x9202, RATIONAL),
    "MaxApertureValue": (EXIF, 0x9205, RATIONAL),
    "SubjectDistance": (EXIF, 0x9206, RATIONAL),
    "FocalLength": (EXIF, 0x920A, RATIONAL),
    "UserComment": (EXIF, 0x9286, UNDEFINED),
    "ColorSpace": (EXIF, 0xA001, SHORT),
    "Gamma": (EXIF, 0xA500, RATIONAL),
    "PixelXDimension": (EXIF, 0xA002, LONG),
    "PixelYDimension": (EXIF, 0xA003, LONG),
    "DigitalZoomRatio": (EXIF, 0xA404, RATIONAL),
    "FocalLengthIn35mmFilm": (EXIF, 0xA405, SHORT),
    "LensSpecification": (EXIF, 0xA432, RATIONAL),
    "LensMake": (EXIF, 0xA433, ASCII),
    "LensModel": (EXIF, 0xA434, ASCII),
    "LensSerialNumber": (EXIF, 0xA435, ASCII),
}
_EXIF_POINTER = 0x8769
_SUB_IFDS = 0x014A
_MAKER_NOTE = 0x927C
_INTEROP = 0xA005
_XMP = 0x02BC

Entry = tuple[int, int, Any]
Note = Callable[[int, str], bytes]
"""A maker note, made for the place it will have in the tags and for their byte order."""


def packed(kind: int, value: Any, order: str) -> tuple[int, bytes]:
    """Return count and bytes of a value: a text, bytes, a number, a (numerator, denominator) or a sequence of these."""
    if kind == ASCII:
        data = (value if isinstance(value, bytes) else value.encode()) + b"\0"
        return len(data), data
    if isinstance(value, bytes):
        return len(value), value
    if kind in (RATIONAL, SRATIONAL):
        pairs = [value] if isinstance(value[0], int) else list(value)
        code = "II" if kind == RATIONAL else "ii"
        return len(pairs), b"".join(struct.pack(order + code, *pair) for pair in pairs)
    numbers = [value] if isinstance(value, int) else list(value)
    code = {BYTE: "B", SHORT: "H", LONG: "I", UNDEFINED: "B", SLONG: "i"}[kind]
    return len(numbers), struct.pack(f"{order}{len(numbers)}{code}", *numbers)


def directory(entries: Sequence[Entry], at: int, order: str, following: int = 0, gap: int = 0) -> bytes:
    """Return a TIFF directory with its values after it; ``at`` is its distance from the base of its offsets.

    ``gap`` bytes are left between the directory and the first value.
    """
    rows, values = b"", b"x" * gap
    start = at + 2 + 12 * len(entries) + 4
    for tag, kind, value in sorted(entries, key=lambda entry: entry[0]):
        count, data = packed(kind, value, order)
        if len(data) > 4:
            values += b"\0" * (len(values) % 2)
            cell = struct.pack(order + "I", start + len(values))
            values += data
        else:
            cell = data.ljust(4, b"\0")
        rows += struct.pack(order + "HHI", tag, kind, count) + cell
    return struct.pack(order + "H", len(entries)) + rows + struct.pack(order + "I", following) + values


def exif(
    order: str = "<",
    maker_note: Note | bytes | None = None,
    more: Sequence[Entry] = (),
    sub_ifds: Sequence[Sequence[Entry]] = (),
    xmp: bytes = b"",
    following: int = 0,
    interop: str = "",
    **tags: Any,
) -> bytes:
    """Return the TIFF structure of a photo's tags: ``more`` are entries of the first directory by number.

    ``interop`` is the index of DCF: R98 for sRGB, R03 for Adobe RGB.
    """
    first: list[Entry] = list(more)
    inner: list[Entry] = []
    for name, value in tags.items():
        ifd, number, kind = TAGS[name]
        (first if ifd == IFD0 else inner).append((number, kind, value))
    if xmp:
        first.append((_XMP, BYTE, xmp))
    # Two passes: the first finds out where things come to lie.
    exif_at = note_at = interop_at = 0
    subs_at = [0] * len(sub_ifds)
    block = b""
    for _ in range(2):
        pointers: list[Entry] = [(_EXIF_POINTER, LONG, exif_at)] if inner or maker_note or interop else []
        if sub_ifds:
            pointers.append((_SUB_IFDS, LONG, subs_at))
        block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
        block += directory([*first, *pointers], 8, order, following)
        block += b"\0" * (len(block) % 2)
        exif_at = len(block)
        if inner or maker_note or interop:
            note = maker_note(note_at, order) if callable(maker_note) else maker_note or b""
            entries = [*inner, (_MAKER_NOTE, UNDEFINED, note)] if note else inner
            if interop:
                entries = [*entries, (_INTEROP, LONG, interop_at)]
            block += directory(entries, exif_at, order)
            note_at = block.rfind(note) if note else 0
        if interop:
            interop_at = len(block) + len(block) % 2
            block = block.ljust(interop_at, b"\0") + directory([(1, ASCII, interop)], interop_at, order)
        for number, sub_ifd in enumerate(sub_ifds):
            block += b"\0" * (len(block) % 2)
            subs_at[number] = len(block)
            block += directory(sub_ifd, len(block), order)
    return block


def m8_note(lens_type: int, f_number: tuple[int, int] = (4, 1), dng: bool = False) -> Note:
    """Return a note of the M8: offsets count from the directory in a JPEG, from the note in a DNG."""

    def note(_at: int, order: str) -> bytes:
        entries: list[Entry] = [(0x0310, LONG, lens_type), (0x0313, RATIONAL, f_number), (0x0320, SLONG, 31)]
        return b"LEICA\0\0\0" + directory(entries, 8 if dng else 0, order)

    return note


def m9_note(lens_type: int, f_number: tuple[int, int] = (4, 1)) -> Note:
    """Return a note of M9, M-E, M Monochrom: a directory within a directory, all offsets from the note."""

    def note(_at: int, order: str) -> bytes:
        inner: list[Entry] = [(0x3405, LONG, lens_type), (0x3406, RATIONAL, f_number)]
        place = 8 + 2 + 12 + 4
        data = directory(inner, place, order)
        return b"LEICA0\x03\0" + directory([(0x3400, UNDEFINED, data)], 8, order)

    return note


def m240_note(name: str, gap: int = 114) -> Note:
    """Return a note of M (Typ 240): the lens's name, padded, after a gap (126 in Typ 246); offsets from the tags."""

    def note(at: int, order: str) -> bytes:
        entries: list[Entry] = [(0x0303, ASCII, name.ljust(50)), (0x0304, LONG, 2500)]
        return b"LEICA\0\x02\xff" + directory(entries, at + 8, order, gap=gap)

    return note


def m10_note(profile: str, f_number: int = 4000) -> Note:
    """Return a note of M10 and M11: offsets from the tags."""

    def note(at: int, order: str) -> bytes:
        entries: list[Entry] = [(0x035A, SLONG, f_number), (0x0370, ASCII, profile)]
        return b"LEICA\0\x02\0" + directory(entries, at + 8, order)

    return note


def sl_note(code: int | Sequence[int], kind: int = 9) -> Note:
    """Return a note of SL and CL: one byte from an M-Adapter L."""

    def note(at: int, order: str) -> bytes:
        entries: list[Entry] = [(0x0304, BYTE, code), (0x0305, LONG, 4711), (0x0412, ASCII, "Standard")]
        return b"LEICA\0" + bytes([kind]) + b"\0" + directory(entries, at + 8, order)

    return note


def t_note(name: str, kind: int = 6) -> Note:
    """Return a note of T and TL: offsets from the note."""

    def note(_at: int, order: str) -> bytes:
        entries: list[Entry] = [(0x0303, ASCII, name.ljust(40)), (0x0305, LONG, 4711)]
        return b"LEICA\0" + bytes([kind]) + b"\0" + directory(entries, 8, order)

    return note


def segment(marker: int, data: bytes) -> bytes:
    """Return a JPEG segment."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(
    tags: bytes | None = None,
    xmp: bytes = b"",
    size: tuple[int, int] = (48, 32),
    before: bytes = b"",
    trailer: bytes = b"",
    picture: bytes = b"",
) -> bytes:
    """Return a JPEG: ``picture``, or else one of this size; ``before`` are segments ahead of the tags."""
    picture = picture or _plain("JPEG", size)
    head = before
    if tags is not None:
        head += segment(0xE1, b"Exif\0\0" + tags)
    if xmp:
        head += segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
    return picture[:2] + head + picture[2:] + trailer


def jpeg_with_trailing_note(note: Note, order: str = "<", **tags: Any) -> bytes:
    """Return a JPEG of the M (Typ 240): its note follows the picture, and offsets count from the file's start."""
    placeholder = bytes(range(256)) * 2
    block = exif(order, maker_note=placeholder, **tags)
    start = len(jpeg(block))
    appended = note(start, order)
    entry = struct.pack(order + "HHI", _MAKER_NOTE, UNDEFINED, len(placeholder))
    at = block.index(entry)
    patched = entry[:4] + struct.pack(order + "II", len(appended), start)
    return jpeg(block[:at] + patched + block[at + 12 :], trailer=appended)


def _plain(kind: str, size: tuple[int, int]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", size, (120, 90, 60)).save(buffer, kind)
    return buffer.getvalue()


def png(
    tags: bytes | None = None,
    xmp: bytes = b"",
    size: tuple[int, int] = (48, 32),
    compressed: bool = False,
    picture: bytes = b"",
) -> bytes:
    """Return a PNG with eXIf and iTXt chunks: ``picture``, or else one of this size."""
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    picture = picture or _plain("PNG", size)
    extra = b""
    if xmp:
        text = zlib.compress(xmp) if compressed else xmp
        extra += chunk(b"iTXt", b"XML:com.adobe.xmp\0" + bytes([compressed, 0]) + b"\0\0" + text)
    if tags is not None:
        extra += chunk(b"eXIf", tags)
    return picture[:33] + extra + picture[33:]


def with_chunks(picture: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG with chunks ahead of its pixels."""
    import zlib

    packed = (struct.pack(">I", len(data)) + name + data for name, data in chunks)
    more = b"".join(chunk + struct.pack(">I", zlib.crc32(chunk[4:])) for chunk in packed)
    return picture[:33] + more + picture[33:]


def tiff(
    tags: Mapping[str, Any] | None = None,
    size: tuple[int, int] = (48, 32),
    bits: int = 8,
    pixels: bytes = b"",
    **parts: Any,
) -> bytes:
    """Return an uncompressed RGB TIFF; ``parts`` as for ``exif``."""
    width, height = size
    pixels = pixels or bytes((120, 90, 60)) * (width * height)

    def built(at: int) -> bytes:
        more: list[Entry] = [
            (0x0100, LONG, width),
            (0x0101, LONG, height),
            (0x0102, SHORT, (bits,) * 3),
            (0x0103, SHORT, 1),
            (0x0106, SHORT, 2),
            (0x0111, LONG, at),
            (0x0115, SHORT, 3),
            (0x0116, LONG, height),
            (0x0117, LONG, len(pixels)),
        ]
        return exif(more=more, **parts, **(tags or {}))

    return built(len(built(0))) + pixels


def dng(
    tags: Mapping[str, Any] | None = None,
    size: tuple[int, int] = (5216, 3472),
    areas: Sequence[Entry] = (),
    **parts: Any,
) -> bytes:
    """Return the directories of a DNG: a thumbnail first, the picture in a subdirectory. There are no pixels in it.

    ``areas`` are entries of the picture, as :func:`areas_of` makes them.
    """
    picture: list[Entry] = [(0x00FE, LONG, 0), (0x0100, LONG, size[0]), (0x0101, LONG, size[1]), (0x0106, SHORT, 32803)]
    picture += areas
    more: list[Entry] = [
        (0x00FE, LONG, 1),
        (0x0100, LONG, 320),
        (0x0101, LONG, 240),
        (0xC612, BYTE, (1, 1, 0, 0)),
    ]
    return exif(more=more, sub_ifds=[picture], **parts, **(tags or {}))


def areas_of(
    active: Sequence[int] = (),
    origin: Sequence[int] = (),
    size: Sequence[int] = (),
    user: Sequence[float] = (),
    rational: bool = False,
) -> list[Entry]:
    """Return ActiveArea, DefaultCropOrigin, DefaultCropSize and DefaultUserCrop, as far as they are given."""

    def ratios(numbers: Sequence[float]) -> tuple[tuple[int, int], ...]:
        return tuple((round(number * 1000), 1000) for number in numbers)

    kind, made = (RATIONAL, ratios) if rational else (LONG, tuple)
    crops: list[Entry] = [(0xC61F, kind, made(origin)), (0xC620, kind, made(size)), (0xC68D, LONG, tuple(active))]
    return [entry for entry in (*crops, (0xC7B5, RATIONAL, ratios(user))) if entry[2]]


def heic(tags: bytes | None = None, xmp: bytes = b"", size: tuple[int, int] = (64, 48)) -> bytes:
    """Return a HEIC picture, encoded by libheif."""
    import pillow_heif
    from PIL import Image

    buffer = io.BytesIO()
    picture = pillow_heif.from_pillow(Image.new("RGB", size, (120, 90, 60)))
    picture.save(buffer, exif=b"Exif\0\0" + tags if tags is not None else None, xmp=xmp or None)
    return buffer.getvalue()


def xmp_packet(body: str = "", **properties: str) -> bytes:
    """Return an XMP packet: ``aux_Lens="..."`` becomes the attribute ``aux:Lens``; ``body`` are elements."""
    from xml.sax.saxutils import quoteattr

    attributes = " ".join(f"{name.replace('_', ':', 1)}={quoteattr(value)}" for name, value in properties.items())
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:exifEX="http://cipa.jp/exif/1.0/"
 xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:darktable="http://darktable.sf.net/" xmlns:digiKam="http://www.digikam.org/ns/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmlns:stRef="http://ns.adobe.com/xap/1.0/sType/ResourceRef#"
 xmlns:sixbit="https://sixbit.photo/ns/1.0/" {attributes}>{body}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()


def darktable_history(*steps: tuple[str, int], end: int | None = None) -> tuple[str, dict[str, str]]:
    """Return darktable's history of (operation, enabled) steps: the body and the properties of an XMP packet."""
    items = "".join(
        f'<rdf:li darktable:num="{number}" darktable:operation="{operation}" darktable:enabled="{enabled}" '
        f'darktable:modversion="10" darktable:params="gz" darktable:multi_priority="0"/>'
        for number, (operation, enabled) in enumerate(steps)
    )
    properties = {"darktable_history_end": str(len(steps) if end is None else end)}
    return f"<darktable:history><rdf:Seq>{items}</rdf:Seq></darktable:history>", properties
