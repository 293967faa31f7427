"""The kind of a file, told by its first bytes: photos that are read, and others by the names people know."""

from __future__ import annotations

from sixbit.files import jpeg, png
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

HEAD = 512
"""Bytes that are enough to tell."""
READ = Sentence("JPEG, TIFF, PNG, HEIC, AVIF, WebP, JPEG XL, raw files")
"""The kinds that are read, in words."""

JXL_CODESTREAM = b"\xff\x0a"
"""A JPEG XL without boxes around it (ISO/IEC 18181-1)."""
_MAGICS = {
    "JPEG": (jpeg.SIGNATURE,),
    "PNG": (png.SIGNATURE,),
    "TIFF": (b"II*\0", b"MM\0*"),
    "raw TIFF": (b"IIU\0", b"IIRO", b"IIRS", b"MMOR"),  # TIFF but for these bytes: Panasonic, Olympus
    "BigTIFF": (b"II+\0", b"MM\0+"),
    "JPEG XL": (JXL_CODESTREAM, b"\0\0\0\x0cJXL \r\n\x87\n"),
    "RAW": (b"FUJIFILMCCD-RAW", b"\0MRM", b"II\x1a\0\0\0HEAPCCDR"),  # Fujifilm, Minolta, Canon's CRW
}
"""The first bytes of files, by their kind."""
_HEIF = {b"mif1", b"mif2", b"msf1", b"miaf", b"MiHB", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_HEIF |= {b"avif", b"avis", b"unif", b"vvic", b"evbi", b"avci", b"j2ki", b"jpeg"}
"""Brands of ISO base media files that hold pictures (ISO/IEC 23008-12, annexes B to M): what is in them, they tell."""

_OTHERS = {
    b"GIF8": Sentence("a GIF"),
    b"8BPS": Sentence("a Photoshop document"),
    b"gimp xcf": Sentence("a GIMP document"),
    b"\0\0\0\x0cjP  \r\n\x87\n": Sentence("a JPEG 2000"),
    b"\xff\x4f\xff\x51": Sentence("a JPEG 2000"),
    b"II\xbc": Sentence("a JPEG XR"),
    b"v/1\x01": Sentence("an OpenEXR"),
    b"#?RADIANCE": Sentence("a Radiance HDR"),
    b"qoif": Sentence("a QOI"),
    b"SIMPLE  =": Sentence("a FITS"),
    b"\xff\x01Exiv2": Sentence("a file of metadata of exiv2"),
    b"%PDF": Sentence("a PDF"),
    b"%!PS": Sentence("a PostScript"),
    b"\xc5\xd0\xd3\xc6": Sentence("a PostScript"),
    b"<?xpacket": Sentence("an XMP sidecar"),
    b"<x:xmpmeta": Sentence("an XMP sidecar"),
    b"PK\3\4": Sentence("a ZIP archive"),
    b"\x1f\x8b": Sentence("a compressed archive"),
    b"\x1aE\xdf\xa3": Sentence("a film"),
    b"\0\0\1\xba": Sentence("a film"),
    b"OggS": Sentence("a sound or a film"),
}
"""The first bytes of others, by their names in words."""
_NETPBM = {b"P%c" % digit: Sentence("a PNM") for digit in b"1234567Ff"}


def kind_of(head: bytes) -> str | None:
    """The kind of a photo that begins with these bytes, ``HEAD`` of them if it has so many; None for all others.

    One of JPEG, PNG, TIFF, raw TIFF, BigTIFF, HEIF (any picture in its boxes, AVIF too), WebP, JPEG XL and RAW.

    >>> kind_of(b"\\xff\\xd8\\xff\\xe0\\0\\x10JFIF\\0\\1"), kind_of(b"GIF89a")
    ('JPEG', None)
    """
    if head[4:8] == b"ftyp":
        if head[8:12] == b"crx ":  # Canon's CR3
            return "RAW"
        return "HEIF" if head[8:12] in _HEIF or _HEIF & {*_compatible(head)} else None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    return next((kind for kind, magics in _MAGICS.items() if head.startswith(magics)), None)


def _compatible(head: bytes) -> list[bytes]:
    """The brands that a file of boxes says it is compatible with."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[at : at + 4] for at in range(16, end - 3, 4)]


def refusal(head: bytes) -> PhotoError:
    """Why a file that begins so, and is of no kind that is read, is not opened: by its right name, if it has one.

    >>> refusal(b"GIF89a").reason
    'is a GIF, not a photo that Sixbit can read (JPEG, TIFF, PNG, HEIC, AVIF, WebP, JPEG XL, raw files).'
    """
    if not head:
        return PhotoError("is empty.", Code.DAMAGED)
    if head.startswith(b"FOVb"):
        return PhotoError("is a Sigma X3F, a raw file that Sixbit does not read.", Code.RAW)
    name = _name_of(head)
    if name is None:
        return PhotoError(Sentence("is not a photo that Sixbit can read ({kinds}).", kinds=READ), Code.FORMAT)
    return PhotoError(
        Sentence("is {name}, not a photo that Sixbit can read ({kinds}).", name=name, kinds=READ), Code.FORMAT
    )


def _name_of(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        if head[8:12] == b"mif3":
            return Sentence("a HEIF in its minimal form")
        return Sentence("a JPEG 2000") if head[8:11] in (b"jp2", b"jpx") else Sentence("a film")
    if head[4:8] in (b"moov", b"mdat", b"wide") or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        return Sentence("a film")
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return Sentence("a BMP")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, name in _OTHERS.items():
        if text.startswith(magic) if magic[:1] == b"<" else head.startswith(magic):
            return name
    if text.startswith(b"<"):
        return Sentence("an SVG") if b"<svg" in text else Sentence("an XMP sidecar") if b"<x:xmpmeta" in text else None
    return _NETPBM.get(head[:2]) if head[2:3].isspace() else None
