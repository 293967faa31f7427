"""What Leica bodies write of an M lens into the MakerNote, read from its bytes.

The layouts are those that ExifTool (Panasonic.pm, MakerNotes.pm) and LibRaw (leica.cpp) have found out: eight bytes
of header name the layout, a TIFF directory follows, and each layout counts the offsets of its values from another
place.
"""

from __future__ import annotations

from typing import NamedTuple

from sixbit.files.tiff_read import BoundedFile, Field, read_ifd

_M8, _M9, _M10 = b"LEICA\0\0\0", b"LEICA0\x03\0", b"LEICA\0\x02\0"
_M240 = b"LEICA\0\x02\xff"
"""M (Typ 240), M (Typ 246), M-D, M-P, S2, S (Typ 006)."""
_T = (b"LEICA\0\x06\0", b"LEICA\0\x1a\0")
_SL = (b"LEICA\0\x08\0", b"LEICA\0\x09\0", b"LEICA\0\x0a\0")

_M240_GAP, _M246_GAP = 114, 126
"""Bytes that the bodies leave between the directory and its first value, the name of the lens."""


class LeicaNote(NamedTuple):
    """What a maker note says, with the name of the tag; everything may be missing.

    ``lens_type`` is six-bit code x 4 + frame selector, ``adapter_code`` the code alone, as an M-Adapter L tells it.
    """

    lens_type: int | None = None
    adapter_code: int | None = None
    name: tuple[str, str] | None = None
    f_number: tuple[float, str] | None = None


def read_leica_note(file: BoundedFile, at: int, size: int, exif_at: int, order: str) -> LeicaNote:
    """Read the maker note of ``size`` bytes at ``at``, in the tags that begin at ``exif_at``.

    Nothing is read from a note that is not Leica's; values that lie outside the file are left out.
    """
    at = _find(file, at, size, exif_at)
    header = file.at(at, 8)
    if not header.startswith(b"LEICA"):
        return LeicaNote()
    ifd, order = _directory(file, at + 8, order)
    if header == _M8:
        return _m8(file, at, ifd)
    if header == _M9:
        return _m9(file, at, ifd, order)
    if header == _M240:
        return LeicaNote(name=_named(_m240_name(file, at, exif_at, ifd), "LensType"))
    if header in _T:
        return LeicaNote(None, _adapter_code(file, ifd), _named(_text(file, ifd.get(0x0303), at), "LensType"))
    if header == _M10:
        thousandths = ifd[0x035A].integers(file, exif_at, 1) if 0x035A in ifd else ()
        return LeicaNote(
            name=_named(_text(file, ifd.get(0x0370), exif_at), "LensProfileName"),
            f_number=(thousandths[0] / 1000, "MakerNote FNumber") if thousandths and thousandths[0] > 0 else None,
        )
    if header in _SL:
        return LeicaNote(adapter_code=_adapter_code(file, ifd))
    return LeicaNote()


def _find(file: BoundedFile, at: int, size: int, exif_at: int) -> int:
    """Where the note is: the M (Typ 240) and its kin append it to a JPEG, with an offset from the file's start."""
    if file.at(at, 5) == b"LEICA":
        return at
    if file.at(at - exif_at, 5) == b"LEICA":
        return at - exif_at
    end = file.seek(0, 2)
    window = max(0, end - size - 256)
    if 0 < size < end and (found := file.at(window, 512 + 8).find(b"LEICA\0")) >= 0:
        return window + found
    return at


def _directory(file: BoundedFile, at: int, order: str) -> tuple[dict[int, Field], str]:
    """The directory at ``at``, in the byte order in which its number of entries makes sense."""
    if int.from_bytes(file.at(at, 2), "little" if order == "<" else "big") > 0xFF:
        order = "<" if order == ">" else ">"
    return read_ifd(file, at, order), order


def _m8(file: BoundedFile, at: int, ifd: dict[int, Field]) -> LeicaNote:
    # Offsets count from the directory in a JPEG and from the note in a DNG: then the first value lies 8 bytes later.
    first = min((field.offset for field in ifd.values() if field.offset), default=0)
    base = at if first > 2 + 12 * len(ifd) + 4 + 6 else at + 8
    return LeicaNote(_unsigned(file, ifd.get(0x0310), base), f_number=_approximate(file, ifd.get(0x0313), base))


def _m9(file: BoundedFile, at: int, ifd: dict[int, Field], order: str) -> LeicaNote:
    lens = ifd.get(0x3400)
    if lens is None or lens.offset is None:
        return LeicaNote()
    inner, _ = _directory(file, at + lens.offset, order)
    return LeicaNote(_unsigned(file, inner.get(0x3405), at), f_number=_approximate(file, inner.get(0x3406), at))


def _m240_name(file: BoundedFile, at: int, exif_at: int, ifd: dict[int, Field]) -> str | None:
    """The name of the lens: its offset counts from the tags, or from the start of a JPEG it was appended to.

    Of the two that one is right which fits a gap that the cameras leave; if none does, an editor has moved the note,
    and the name still stands behind the gap.
    """
    field = ifd.get(0x0303)
    if field is None or field.offset is None:
        return None
    values = at + 8 + 2 + 12 * len(ifd) + 4
    gaps = {
        exif_at + field.offset: (_M240_GAP, 0),
        field.offset: (_M240_GAP, _M246_GAP, 0),  # the M (Typ 246) never counts from the tags
    }
    fitting = [place for place, known in gaps.items() if place - values in known]
    for place in fitting or (values + _M240_GAP, values + _M246_GAP, *gaps):
        if text := _text(file, field, place - field.offset):
            return text
    return None


def _unsigned(file: BoundedFile, field: Field | None, base: int) -> int | None:
    """The value of a LONG."""
    return next(iter(field.integers(file, base, 1)), None) if field and field.kind == 4 else None


def _approximate(file: BoundedFile, field: Field | None, base: int) -> tuple[float, str] | None:
    value = field.ratio(file, base) if field else None
    return (value, "MakerNote ApproximateFNumber") if value else None


def _adapter_code(file: BoundedFile, ifd: dict[int, Field]) -> int | None:
    """The one byte an M-Adapter L leaves: 0 without a coded lens, 255 unknown (LibRaw)."""
    field = ifd.get(0x0304)
    if field is None or field.kind not in (1, 7) or field.number != 1:
        return None
    code = field.cell[0]
    return code if 0 < code < 64 else None


def _named(text: str | None, tag: str) -> tuple[str, str] | None:
    return (text, f"MakerNote {tag}") if text else None


def _text(file: BoundedFile, field: Field | None, base: int) -> str | None:
    """A text up to its first NUL, if nothing else follows."""
    if field is None or field.kind != 2 or field.position(base) < 0:
        return None
    text, _, rest = field.data(file, base, 256).partition(b"\0")
    name = text.decode("latin-1")
    return name if name.isprintable() and not rest.strip(b"\0") else None
