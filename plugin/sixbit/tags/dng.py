"""The areas of a DNG: what of its sensor a raw holds, is developed to, and is meant to show (DNG 1.7, chapter 4)."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from sixbit.files import tiff
from sixbit.files.tiff import Entry, Structure, StructureError, find
from sixbit.values.shot import Crop, Tagged

_ORIGIN, _SIZE, _ACTIVE, _USER = 0xC61F, 0xC620, 0xC68D, 0xC7B5


class Areas(NamedTuple):
    """The picture of a DNG: the size that it is developed to, in px, and parts of more than that.

    ``developed`` is a part of the light that the sensor has seen, ``shown`` a part of what is developed.
    """

    size: tuple[int, int]
    developed: Tagged[Crop]
    shown: Tagged[Crop] | None = None
    active: tuple[int, int, int, int] = (0, 0, 0, 0)
    """What the sensor has seen, in the pixels that are stored: left, top, width and height."""
    origin: tuple[float, float] = (0.0, 0.0)
    """Where in that the picture begins, in px."""


def areas_in(structure: Structure) -> Areas | None:
    """Find the areas of a DNG, in the directory of the raw, which is the first or one below it; None if it has none."""
    with suppress(StructureError):
        main = structure.first()
        directories = [main, *_below(structure, main)]
        of_raw = [entries for entries in directories if not (structure.number(find(entries, tiff.SUBFILE_TYPE)) or 0)]
        return next((found for entries in of_raw if (found := areas_of(structure, entries))), None)
    return None


def _below(structure: Structure, main: list[Entry]) -> list[list[Entry]]:
    found = []
    for at in structure.numbers(find(main, tiff.SUB_IFDS)):
        with suppress(StructureError):
            found.append(structure.directory(at)[0])
    return found


def areas_of(structure: Structure, entries: list[Entry]) -> Areas | None:
    """Read the areas that a directory of a raw tells; None if it tells none, or they make no sense."""

    def told(tag: int, count: int) -> tuple[float, ...]:
        entry = find(entries, tag)
        numbers = structure.numbers(entry) or structure.ratios(entry)
        return numbers if len(numbers) == count else ()

    size = told(_SIZE, 2)
    width, height = (structure.number(find(entries, tag)) or 0 for tag in (tiff.WIDTH, tiff.HEIGHT))
    top, left, bottom, right = told(_ACTIVE, 4) or (0, 0, height, width)
    if bottom > height or right > width:  # as it is left by programs that make a raw smaller
        top, left, bottom, right = 0, 0, height, width
    across, down = right - left, bottom - top
    if find(entries, _SIZE) is None and told(_ACTIVE, 4):
        size = (across, down)  # all that the sensor has seen
    if not size or not (1 <= size[0] <= across and 1 <= size[1] <= down):
        return None
    x, y = told(_ORIGIN, 2) or (0, 0)
    part = Crop(x / across, y / down, (x + size[0]) / across, (y + size[1]) / down)
    if not (x >= 0 and y >= 0 and part.right <= 1 and part.bottom <= 1):
        return None
    return Areas(
        (int(size[0]), int(size[1])),
        Tagged(part, "DNG DefaultCropSize"),
        _shown(told(_USER, 4)),
        (int(left), int(top), int(across), int(down)),
        (x, y),
    )


def _shown(edges: tuple[float, ...]) -> Tagged[Crop] | None:
    """DefaultUserCrop: top, left, bottom and right, as shares of what is developed."""
    if not edges:
        return None
    top, left, bottom, right = edges
    part = Crop(left, top, right, bottom)
    inside = 0 <= left < right <= 1 and 0 <= top < bottom <= 1
    return Tagged(part, "DNG DefaultUserCrop") if inside and part != (0, 0, 1, 1) else None
