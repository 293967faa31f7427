"""Tags as editors with exiv2 hold them, names and texts, put together to a :class:`sixbit.values.shot.Shot`."""

from __future__ import annotations

from collections.abc import Mapping

from sixbit.files.tiff import Structure
from sixbit.files.xmp import packet_of_texts
from sixbit.tags.leica import LeicaNote, read_leica_note
from sixbit.tags.shot import shot_of
from sixbit.tags.source import Source
from sixbit.values.shot import Shot

_ORIGINS = {"Exif.Photo.": "EXIF ", "Exif.Image.": "Image "}
"""The groups of exiv2, as messages call them."""


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
