"""The values that Leica bodies write of an M lens into the MakerNote, read from its bytes.

The layouts are those that ExifTool (Panasonic.pm, MakerNotes.pm) and LibRaw (leica.cpp) have found out: eight bytes
of header name the layout, a TIFF directory follows, and each layout counts the offsets of its values from another
place.
"""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from sixbit.files.tiff import ASCII, BYTE, UNDEFINED, Entry, Structure, find
from sixbit.values.shot import Tagged

_M8, _M9, _M10 = b"LEICA\0\0\0", b"LEICA0\x03\0", b"LEICA\0\x02\0"
_M240 = b"LEICA\0\x02\xff"
"""M (Typ 240), M (Typ 246), M-D, M-P, S2, S (Typ 006)."""
_T = (b"LEICA\0\x06\0", b"LEICA\0\x1a\0")
_SL = (b"LEICA\0\x08\0", b"LEICA\0\x09\0", b"LEICA\0\x0a\0")

_M240_GAP, _M246_GAP = 114, 126
"""Bytes that the bodies leave between the directory and its first value, the name of the lens."""


class LeicaNote(NamedTuple):
    """The values of a maker note; everything may be missing.

    ``lens_type`` is six-bit code x 4 + frame selector, ``adapter_code`` the code alone, as an M-Adapter L tells it.
    """

    lens_type: int | None = None
    adapter_code: int | None = None
    name: Tagged[str] | None = None
    f_number: Tagged[float] | None = None


def read_leica_note(tags: Structure, at: int, size: int) -> LeicaNote:
    """Read the maker note of ``size`` bytes at ``at``, of a photo whose tags are read by ``tags``.

    Nothing is read from a note that is not Leica's; values that lie outside the file are left out.
    """
    try:
        return _read(tags, _place(tags, at, size))
    except (OSError, ValueError):  # places before the file, and broken directories
        return LeicaNote()


def _read(tags: Structure, at: int) -> LeicaNote:
    header = _at(tags.file, at, 8)
    if not header.startswith(b"LEICA"):
        return LeicaNote()
    note, entries = _directory(Structure(tags.file, at, tags.order), 8)
    if header == _M8:
        return _m8(note, entries)
    if header == _M9:
        return _m9(note, entries)
    tags = Structure(tags.file, tags.base, note.order)  # a note may have an order of its own
    if header == _M240:
        return LeicaNote(name=_named(_m240_name(note, tags, entries), "LensType"))
    if header in _T:
        return LeicaNote(None, _adapter_code(entries), _named(_text(note, find(entries, 0x0303)), "LensType"))
    if header == _M10:
        thousandths = next(iter(tags.numbers(find(entries, 0x035A))), 0)
        return LeicaNote(
            name=_named(_text(tags, find(entries, 0x0370)), "LensProfileName"),
            f_number=Tagged(thousandths / 1000, "MakerNote FNumber") if thousandths > 0 else None,
        )
    return LeicaNote(adapter_code=_adapter_code(entries)) if header in _SL else LeicaNote()


def _place(tags: Structure, at: int, size: int) -> int:
    """Where the note is: the M (Typ 240) and its kin append it to a JPEG, with an offset from the file's start."""
    file = tags.file
    for place in (at, at - tags.base):
        if _at(file, place, 5) == b"LEICA":
            return place
    end = file.seek(0, 2)
    window = max(0, end - size - 256)
    if 0 < size < end and (found := _at(file, window, 512 + 8).find(b"LEICA\0")) >= 0:
        return window + found
    return at


def _at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)


def _directory(note: Structure, at: int) -> tuple[Structure, list[Entry]]:
    """The directory at ``at``, read in the byte order in which its number of entries makes sense."""
    if note.unpack("H", note.read(at, 2))[0] > 0xFF:
        note = Structure(note.file, note.base, "<" if note.order == ">" else ">")
    return note, note.directory(at)[0]


def _m8(note: Structure, entries: list[Entry]) -> LeicaNote:
    # Offsets count from the directory in a JPEG and from the note in a DNG: then the first value lies 8 bytes later.
    first = min((offset for entry in entries if (offset := note.offset(entry))), default=0)
    if first <= 2 + 12 * len(entries) + 4 + 6:
        note = Structure(note.file, note.base + 8, note.order)
    return LeicaNote(note.number(find(entries, 0x0310)), f_number=_approximate(note, find(entries, 0x0313)))


def _m9(note: Structure, entries: list[Entry]) -> LeicaNote:
    lens = find(entries, 0x3400)
    if lens is None or (offset := note.offset(lens)) is None:
        return LeicaNote()
    note, inner = _directory(note, offset)
    return LeicaNote(note.number(find(inner, 0x3405)), f_number=_approximate(note, find(inner, 0x3406)))


def _m240_name(note: Structure, tags: Structure, entries: list[Entry]) -> str | None:
    """The name of the lens: its offset counts from the tags, or from the start of a JPEG it was appended to.

    Of the two that one is right which fits a gap that the cameras leave; if none does, an editor has moved the note,
    and the name still stands behind the gap.
    """
    lens = find(entries, 0x0303)
    if lens is None or (offset := note.offset(lens)) is None:
        return None
    values = note.base + 8 + 2 + 12 * len(entries) + 4
    gaps = {
        tags.base + offset: (_M240_GAP, 0),
        offset: (_M240_GAP, _M246_GAP, 0),  # the M (Typ 246) never counts from the tags
    }
    fitting = [place for place, known in gaps.items() if place - values in known]
    for place in fitting or (values + _M240_GAP, values + _M246_GAP, *gaps):
        if text := _text(Structure(note.file, place - offset, note.order), lens):
            return text
    return None


def _approximate(note: Structure, entry: Entry | None) -> Tagged[float] | None:
    value = note.ratio(entry)
    return Tagged(value, "MakerNote ApproximateFNumber") if value else None


def _adapter_code(entries: list[Entry]) -> int | None:
    """The one byte an M-Adapter L leaves: 0 without a coded lens, 255 unknown (LibRaw)."""
    entry = find(entries, 0x0304)
    if entry is None or entry.kind not in (BYTE, UNDEFINED) or entry.length != 1:
        return None
    code = entry.value[0]
    return code if 0 < code < 64 else None


def _named(text: str | None, tag: str) -> Tagged[str] | None:
    return Tagged(text, f"MakerNote {tag}") if text else None


def _text(note: Structure, entry: Entry | None) -> str | None:
    """A text up to its first NUL, if nothing else follows."""
    if entry is None or entry.kind != ASCII or note.place(entry) < 0:
        return None
    text, _, rest = note.data(entry, 256).partition(b"\0")
    name = text.decode("latin-1")
    return name if name.isprintable() and not rest.strip(b"\0") else None
