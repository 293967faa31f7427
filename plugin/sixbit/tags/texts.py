"""Tags as editors with exiv2 hold them, names and texts, put together to a :class:`sixbit.values.shot.Shot`."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping

from sixbit.files.find import Blocks
from sixbit.files.tiff_read import BoundedFile, TooMuchError
from sixbit.files.xmp import Packet, modules_on
from sixbit.manifest import manifest
from sixbit.tags.leica import LeicaNote, read_leica_note
from sixbit.tags.read import XmpTags, fraction, shot_of
from sixbit.values.shot import Shot, Tagged

_STEP = re.compile(r"Xmp\.darktable\.history\[(\d{1,5})\]/darktable:(\w+)")


def shot_of_tags(tags: Mapping[str, str], size: tuple[int, int] | None = None) -> Shot:
    """What tags say of the lens and how it was used. ``size`` (px) is that of the picture.

    >>> shot = shot_of_tags({"Exif.Photo.LensModel": "Elmar-M 1:2.8/50", "Exif.Photo.FNumber": "56/10"})
    >>> shot.lens_names[0].value, shot.f_number.value
    ('Elmar-M 1:2.8/50', 5.6)
    """
    exif = _Exif(tags)
    properties = {
        name.removeprefix("Xmp.").replace(".", ":", 1): text for name, text in tags.items() if name.startswith("Xmp.")
    }
    width, height = size or (None, None)
    blocks = Blocks("tags", BoundedFile(io.BytesIO()), None, None, width, height)
    packet = Packet(properties, _darktable_modules(tags))
    return shot_of(None, blocks, [exif, XmpTags(properties, "XMP")], exif, _leica_note(tags), packet)


class _Exif:
    """EXIF tags, asked by the names of EXIF; messages call them as they do those of a file."""

    def __init__(self, tags: Mapping[str, str]) -> None:
        self._tags = tags

    def text(self, name: str) -> Tagged[str] | None:
        for group, origin in (("Photo", "EXIF"), ("Image", "Image")):
            if (text := self._tags.get(f"Exif.{group}.{name}")) is not None:
                return Tagged(text, f"{origin} {name}")
        return None

    def numbers(self, name: str) -> Tagged[tuple[float, ...]] | None:
        found = self.text(name)
        return Tagged(tuple(fraction(part) for part in found.value.split()[:16]), found.tag) if found else None

    def lens_names(self) -> Iterator[Tagged[str]]:
        for name in manifest()["tags"]["lens_names_exif"]:
            if found := self.text(name):
                yield found


def _leica_note(tags: Mapping[str, str]) -> LeicaNote:
    """The codes of a maker note that exiv2 gives as numbers; what lies elsewhere in the file cannot be had of it."""
    if not tags.get("Exif.Image.Make", "").lower().startswith("leica camera"):
        return LeicaNote()
    try:
        note = bytes(int(number) for number in tags.get("Exif.Photo.MakerNote", "").split())
        order = ">" if tags.get("Exif.MakerNote.ByteOrder") == "MM" else "<"
        read = read_leica_note(BoundedFile(io.BytesIO(note)), 0, len(note), 0, order)
    except (TooMuchError, OSError, IndexError, ValueError):
        return LeicaNote()
    return LeicaNote(read.lens_type, read.adapter_code)


def _darktable_modules(tags: Mapping[str, str]) -> frozenset[str]:
    """The modules of darktable that its history ends with."""
    steps: dict[int, dict[str, str]] = {}
    for name, text in tags.items():
        if found := _STEP.fullmatch(name):
            steps.setdefault(int(found[1]), {})[found[2]] = text
    return modules_on([steps[number] for number in sorted(steps)], tags.get("Xmp.darktable.history_end"))
