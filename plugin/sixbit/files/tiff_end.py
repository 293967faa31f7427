"""The end of a TIFF structure, cut off where it is about to be written anew, so that it does not grow each time."""

from __future__ import annotations

import io
from collections.abc import Container

from sixbit.files import tiff
from sixbit.files.tiff import Structure, StructureError

_DIRECTORIES = frozenset({tiff.EXIF, tiff.GPS, tiff.INTEROP, tiff.SUB_IFDS})
_MOST_DIRECTORIES = 64


def cut_end(block: Structure, tags: Container[int], first_tags: Container[int] = ()) -> None:
    """Cut off the end of a structure, as far as it holds the Exif directory and values that will be written anew.

    Those are its values of ``tags``, and the first directory's of ``first_tags``. All before stays, and so does the end
    if anything else points into it, or if the structure is broken.

    >>> block = Structure(tiff.EMPTY)
    >>> block.set_sub(tiff.EXIF, [block.entry(tiff.LENS_MODEL, tiff.ASCII, b"Elmar-M 50"), ])
    >>> before = len(block.content())
    >>> block.set_sub(tiff.EXIF, [block.entry(tiff.LENS_MODEL, tiff.ASCII, b"Elmar-M 90"), ])
    >>> cut_end(block, {tiff.LENS_MODEL})
    >>> len(block.content()) == before
    True
    """
    try:
        renewed, others = _parts(block, tags, first_tags)
    except StructureError:
        return
    end = cut = block.file.seek(0, io.SEEK_END) - block.base
    # What stands on an even offset may have a byte before it that fills up.
    while part := next((one for one in renewed if one.start < cut and cut - one.stop in (0, one.stop % 2)), None):
        cut = part.start
    if not any(part.start < end and part.stop > cut for part in others):
        block.file.truncate(block.base + cut)


def _parts(block: Structure, tags: Container[int], first_tags: Container[int]) -> tuple[list[range], list[range]]:
    """Where that lies which will be written anew, and where all else does that directories point to."""
    first = block.first_at
    place = block.number(tiff.find(block.first(), tiff.EXIF)) or 0
    if place == first:
        raise StructureError("the first directory is that of Exif, too")
    renewed: list[range] = []
    others: list[range] = []
    waiting, seen = [first], {0}
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        if len(seen) > _MOST_DIRECTORIES:
            raise StructureError("it has more directories than any photo needs")
        entries, following = block.directory(at)
        waiting.append(following)
        (renewed if at == place else others).append(range(at, at + 6 + 12 * len(entries)))
        going = tags if at == place else first_tags if at == first else ()
        for entry in entries:
            if (offset := block.offset(entry)) is not None:
                (renewed if entry.tag in going else others).append(range(offset, offset + entry.size))
            if entry.tag in _DIRECTORIES:
                waiting += block.numbers(entry)
        thumbnail = [block.number(tiff.find(entries, tag)) for tag in (tiff.THUMBNAIL, tiff.THUMBNAIL_LENGTH)]
        if thumbnail[0] and thumbnail[1]:
            others.append(range(thumbnail[0], thumbnail[0] + thumbnail[1]))
    return renewed, others
