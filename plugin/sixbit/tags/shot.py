"""Tags put together to a :class:`sixbit.values.shot.Shot`, wherever they come from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from sixbit.files.tiff import Structure
from sixbit.files.xmp import Packet, packet_of_texts
from sixbit.tags.done import corrections_in, known_to_body, silent_program
from sixbit.tags.framing import crop_in, editor_in, reshaping_in, taken_size
from sixbit.tags.leica import LeicaNote, read_leica_note
from sixbit.tags.source import Source, fraction
from sixbit.values.marks import APERTURE, LENS
from sixbit.values.shot import BY_ADAPTER, ON_MIRRORLESS, LensSpecification, Shot, SixBitCode, Tagged, says_nothing

T = TypeVar("T")

LONGEST_TEXT = 200

_LEICA_L = re.compile(r"leica (sl|cl|tl|t)(\d|-|$| \()", re.IGNORECASE)
"""LEICA SL2-S, LEICA CL, LEICA TL2, LEICA T (Typ 701): M lenses go on by an adapter, and tell no aperture."""
_LEICA_M = re.compile(r"(leica )?m([89]|\d\d|-[dep]|$| ?\(| ?monochrom| ev| ?edition)", re.IGNORECASE)
"""M8 Digital Camera, M9, M-E, M Monochrom, LEICA M (Typ 240), LEICA M10-R, LEICA M11 Monochrom, LEICA M EV1.

Those for film (M3 to M7, MP, M-A, MDa) have nothing that estimates: an f-number there is the photographer's note.
"""
_ORIGINS = {"Exif.Photo.": "EXIF ", "Exif.Image.": "Image "}
"""The groups of exiv2, as messages call them."""


def shot_of(sources: Sequence[Source], exif: Source, note: LeicaNote, packet: Packet) -> Shot:
    """Put together a shot from tags, however they were had: ``sources`` the most trusted first, ``exif`` among them.

    ``packet`` is the photo's own XMP, which holds the marks of corrections. What the tags do not say, the path and the
    size of the picture, is left open.
    """
    make, model = _clean(exif.text("Make")), _clean(exif.text("Model"))
    told = [source for source in sources if source.is_xmp]
    lens = _first(_clean(source.own(LENS)) for source in told)
    aperture = _first(_own_aperture(source) for source in told)
    f_number = aperture or _f_number(sources, note)
    is_leica = make is not None and make.value.lower().startswith("leica")
    on_m_body = bool(is_leica and model and _LEICA_M.match(model.value))
    on_mirrorless = bool(is_leica and model and _LEICA_L.match(model.value))
    known = known_to_body(packet, exif, note, on_m_body, on_mirrorless)
    by_adapter = note.adapter_code is not None or (known is not None and known.tag == ON_MIRRORLESS)
    zoom = _positive(exif, "DigitalZoomRatio", 1000)
    done = corrections_in(packet)
    focal_mm, focal_35mm = _focal_lengths(sources)
    return Shot(
        make=make,
        model=model,
        lens_make=_first(_clean(source.text("LensMake")) for source in sources),
        # What the user said with `sixbit tag` corrects the names and codes of the camera, and stands alone.
        lens_names=(lens,) if lens else _lens_names(sources, note),
        lens_by_user=lens is not None,
        lens_specification=_first(_specification(source) for source in sources),
        lens_serial=_first(_serial(source.text("LensSerialNumber")) for source in sources),
        six_bit=None if lens else _six_bit(note),
        focal_mm=focal_mm,
        focal_35mm=focal_35mm,
        f_number=f_number,
        f_number_by_user=aperture is not None,
        # An M-Adapter L tells no aperture either. Programs copy the camera's estimate into sidecars.
        f_number_estimated=f_number is not None and aperture is None and (on_m_body or by_adapter),
        max_aperture=_first(_apex(source, "MaxApertureValue") for source in sources),
        # EXIF's 0 is "unknown".
        distance_m=_first(_positive(source, "SubjectDistance", math.inf) for source in sources),
        orientation=_orientation(exif),
        digital_zoom=max(1.0, zoom.value) if zoom else 1.0,
        taken_size=taken_size(exif),
        crop=crop_in(packet.properties),
        editor=editor_in(exif),
        reshaped=reshaping_in(packet, exif),
        already_corrected=done.kinds,
        marks=done.marks,
        silent_program=silent_program(exif),
        known_to_body=known,
    )


def shot_of_tags(tags: Mapping[str, str], size: tuple[int, int] | None = None) -> Shot:
    """Read a shot from tags as texts. ``size`` (px) is that of the picture.

    >>> shot = shot_of_tags({"Exif.Photo.LensModel": "Elmar-M 1:2.8/50", "Exif.Photo.FNumber": "56/10"})
    >>> shot.lens_names[0].value, shot.f_number.value
    ('Elmar-M 1:2.8/50', 5.6)
    """
    exif = Source({_ORIGINS[name[:11]] + name[11:]: text for name, text in tags.items() if name[:11] in _ORIGINS})
    packet = packet_of_texts(tags)
    width, height = size or (None, None)
    shot = shot_of([exif, Source(packet.properties, "XMP ")], exif, _leica_note(tags), packet)
    return shot._replace(width=width, height=height)


def _leica_note(tags: Mapping[str, str]) -> LeicaNote:
    """The codes of a maker note that exiv2 gives as numbers; what lies elsewhere in the file cannot be had of it."""
    if not tags.get("Exif.Image.Make", "").lower().startswith("leica camera"):
        return LeicaNote()
    try:
        note = bytes(int(number) for number in tags.get("Exif.Photo.MakerNote", "").split())
    except ValueError:
        return LeicaNote()
    order = ">" if tags.get("Exif.MakerNote.ByteOrder") == "MM" else "<"
    read = read_leica_note(Structure(note, order=order), 0, len(note))
    return LeicaNote(read.lens_type, read.adapter_code)


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _clean(text: Tagged[str] | None) -> Tagged[str] | None:
    """A text without control characters and surrounding blanks, of bounded length; None if nothing is left of it."""
    if text is None:
        return None
    printable = "".join(c if c.isprintable() else " " for c in text.value.partition("\0")[0][: 4 * LONGEST_TEXT])
    value = printable.strip()[:LONGEST_TEXT].rstrip()
    return None if not value or says_nothing(value) else Tagged(value, text.tag)


def _serial(text: Tagged[str] | None) -> Tagged[str] | None:
    cleaned = _clean(text)
    return cleaned if cleaned and cleaned.value.strip("0 ") else None


def _lens_names(sources: Sequence[Source], note: LeicaNote) -> tuple[Tagged[str], ...]:
    """Every text that may name the lens: of each source in turn, and the maker note after the EXIF tags."""
    found: list[Tagged[str]] = []
    for source in sources:
        found.extend(source.lens_names())
        if note.name and not source.is_xmp:
            found.append(note.name)
    return _names(found)


def _names(found: Iterable[Tagged[str]]) -> tuple[Tagged[str], ...]:
    """Those texts that may be names, cleaned."""
    cleaned = (_clean(name) for name in found if not name.value.startswith(" "))
    # A number is no name: aux:LensID and some adapters' LensModel hold one.
    return tuple(name for name in cleaned if name and any(c.isalpha() for c in name.value))


def lens_name_in(note: LeicaNote) -> str | None:
    """The name of the lens that a maker note tells."""
    return next((name.value for name in _names([note.name] if note.name else [])), None)


def _positive(source: Source, name: str, most: float) -> Tagged[float] | None:
    """The first number of a tag if it is above zero and not beyond belief."""
    found = source.numbers(name)
    value = found.value[0] if found and found.value else math.nan
    return Tagged(value, found.tag) if found and 0 < value <= most else None


def _focal_lengths(sources: Sequence[Source]) -> tuple[Tagged[float] | None, Tagged[float] | None]:
    """The focal length, and what it is on 24x36: the quotient is the crop factor only if one source tells both."""
    for source in sources:
        if focal := _positive(source, "FocalLength", 10_000):
            return focal, _positive(source, "FocalLengthIn35mmFilm", 65_534)
    return None, _first(_positive(source, "FocalLengthIn35mmFilm", 65_534) for source in sources)


def _apex(source: Source, name: str) -> Tagged[float] | None:
    """An f-number kept as APEX value: N = 2^(Av/2) (EXIF 2.32, annex C). 0 is what bodies write for "unknown"."""
    found = _positive(source, name, 20)
    return found and Tagged(2 ** (found.value / 2), found.tag)


def _own_aperture(source: Source) -> Tagged[float] | None:
    found = source.own(APERTURE)
    value = fraction(found.value) if found else math.nan
    return Tagged(value, found.tag) if found and 0 < value <= 1000 else None


def _f_number(sources: Sequence[Source], note: LeicaNote) -> Tagged[float] | None:
    return (
        _first(_positive(source, "FNumber", 1000) for source in sources)
        or _first(_apex(source, "ApertureValue") for source in sources)
        or note.f_number
    )


def _specification(source: Source) -> Tagged[LensSpecification] | None:
    found = source.numbers("LensSpecification")
    if found is None or len(found.value) != 4:
        return None
    parts = [value if 0 < value < 10_000 else None for value in found.value]
    return Tagged(LensSpecification(*parts), found.tag) if any(parts) else None


def _six_bit(note: LeicaNote) -> Tagged[SixBitCode] | None:
    """The code of the mount, or of the lens chosen in the menu; 0 is an uncoded lens."""
    if note.lens_type and 4 <= note.lens_type < 4 * 64:
        return Tagged(SixBitCode(note.lens_type >> 2, note.lens_type & 3), "MakerNote LensType")
    if note.adapter_code:
        return Tagged(SixBitCode(note.adapter_code, None), BY_ADAPTER)
    return None


def _orientation(exif: Source) -> int:
    found = _positive(exif, "Orientation", 8)
    return int(found.value) if found and found.value.is_integer() else 1
