"""A DNG as opcodes need it: its raw, the areas of its sensor, its colours; and what no opcodes can be written into."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.files import dng, limits, tiff
from sixbit.files.tiff import Entry, Structure, StructureError, find
from sixbit.raw.fit import Mosaic
from sixbit.raw.opcodes import OpcodeError, unpacked
from sixbit.tags.dng import areas_of
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

_TILES, _TILE_LENGTHS = 0x0144, 0x0145
_CFA_SIZE, _CFA_PATTERN, _CFA_COLOURS, _CFA_LAYOUT = 0x828D, 0x828E, 0xC616, 0xC617
_SCALE = 0xC61E
_LARGEST = 1 << 32
_OF_PIXELS_ALONE = frozenset({4, 5, 6, 7, 8, 10, 11, 12, 13})
"""Opcodes that mend pixels, or give them their values, and have nothing to do with a lens."""


class Raw(NamedTuple):
    """An open DNG: its structure and the directory of its raw, the mosaic, the picture in px, and lists that are there.

    ``tail`` is what Sixbit has left in it, and ``size`` the length of the file, without a tail that nothing points to:
    of a process that was killed. ``record`` tells of the lists, if they are Sixbit's. ``unfit`` says why no opcodes fit
    to it, though it may hold some: other programs put pictures beside a raw that carries a correction.
    """

    structure: Structure
    directory: dng.RawDirectory
    mosaic: Mosaic
    picture: tuple[int, int]
    lists: Mapping[str, bytes]
    tail: dng.Tail | None
    record: Mapping[str, Any] | None
    size: int
    is_signed: bool
    unfit: str | None = None

    @property
    def carries(self) -> bool:
        """True if its lists are those that Sixbit wrote."""
        return self.record is not None


@contextmanager
def _structural(photo: Path) -> Iterator[None]:
    try:
        yield
    except (StructureError, struct.error) as error:
        raise PhotoError(
            Sentence("its raw cannot be found: {error}.", error=error), Code.DAMAGED, subject=photo
        ) from error


def raw_in(photo: Path, file: BinaryIO) -> Raw:
    """Look at an open DNG. Raises PhotoError for what is none, is damaged, or holds no raw that can be found."""
    file.seek(0)
    head = file.read(4)
    if head in (b"II+\0", b"MM\0+"):
        raise _unfit(photo, Sentence("it is a BigTIFF"))
    if head not in (b"II*\0", b"MM\0*"):
        raise _no_dng(photo)
    size = file.seek(0, os.SEEK_END)
    if size >= _LARGEST:
        raise PhotoError("has more than 4 GiB, beyond what its offsets reach.", Code.FORMAT, subject=photo)
    with _structural(photo):
        structure = Structure(file)
        main = structure.first()
        if find(main, tiff.DNG_VERSION) is None:
            raise _no_dng(photo)
        directories = list(dng.raw_directories(structure))
        unfit = _why_unfit(structure, directories)
        try:
            directory = dng.raw_directory(structure, directories)
        except StructureError:
            if unfit:
                raise _unfit(photo, unfit) from None
            raise
        tail = dng.tail_of(structure, directory)
        for one in directories:
            _check_values(photo, structure, one.entries, size)
        if tail is not None and tail.end == size and not dng.is_in_effect(structure, tail):
            size = tail.before
        lists = dng.lists_in(structure, directory.entries)
        mosaic, picture = _mosaic(photo, structure, directory.entries)
        unfit = unfit or _why_no_mosaic(structure, directory.entries)
        record = dng.own_record(lists, tail)
        is_signed = find(main, tiff.CREDENTIALS) is not None
    return Raw(structure, directory, mosaic, picture, lists, tail, record, size, is_signed, unfit)


def check_room(photo: Path, raw: Raw) -> None:
    """Raise PhotoError where no opcodes fit, or others' stand: those of the camera are not replaced, nor doubled."""
    if raw.unfit:
        raise _unfit(photo, raw.unfit)
    if raw.carries:
        return
    for name, data in raw.lists.items():
        try:
            opcodes = unpacked(data)
        except OpcodeError as error:
            raise PhotoError(
                Sentence("its {name} is damaged: {error}.", name=name, error=error), Code.DAMAGED, subject=photo
            ) from error
        if opcodes and (name != "OpcodeList1" or not all(one.number in _OF_PIXELS_ALONE for one in opcodes)):
            names = ", ".join(dict.fromkeys(one.name for one in opcodes))
            why = Sentence(
                "holds opcodes of its camera or another program already ({list}: {names}); they stay as they are.",
                Code.ALREADY_CORRECTED,
                list=name,
                names=names,
            )
            raise PhotoError(why, subject=photo)


def _why_unfit(structure: Structure, directories: list[dng.RawDirectory]) -> str | None:
    """Say what pictures there are for which no opcodes of a raw are meant."""
    found = set()
    for one in directories:
        kind = structure.number(find(one.entries, tiff.SUBFILE_TYPE)) or 0
        photometric = structure.number(find(one.entries, dng.PHOTOMETRIC)) or 0
        samples = structure.number(find(one.entries, tiff.SAMPLES)) or 1
        if kind == dng.ENHANCED:
            return Sentence("a program has put an enhanced picture of the raw beside it")
        if kind == 0 and photometric == dng.LINEAR and samples != 1:
            return Sentence("its colours are mixed already, as in a merged or converted raw")
        found.add(photometric)
    return None if found & {dng.CFA, dng.LINEAR} else Sentence("it holds no raw")


def _why_no_mosaic(structure: Structure, entries: list[Entry]) -> str | None:
    scale = structure.ratios(find(entries, _SCALE)) or (1.0, 1.0)
    if scale[0] != scale[-1]:
        return Sentence("its pixels are no squares")
    if structure.number(find(entries, dng.PHOTOMETRIC)) == dng.LINEAR:
        return None
    colours = structure.numbers(find(entries, _CFA_COLOURS))
    layout = structure.number(find(entries, _CFA_LAYOUT)) or 1
    usual = structure.numbers(find(entries, _CFA_SIZE)) == (2, 2) and layout == 1 and colours in ((), (0, 1, 2))
    if not usual or sorted(_colours(structure, entries)) != [0, 1, 1, 2]:
        return Sentence("its pixels have other colours than two of green with one of red and one of blue")
    return None


def _check_values(photo: Path, structure: Structure, entries: list[Entry], size: int) -> None:
    """Raise PhotoError where a value, or a part of the picture, lies beyond the end of the file."""
    for entry in entries:
        if entry.size > 4 and (structure.offset(entry) or 0) + entry.size > size:
            raise PhotoError("is cut off: its tags point beyond its end.", Code.DAMAGED, subject=photo)
    for offsets, lengths in ((tiff.STRIPS, tiff.STRIP_LENGTHS), (_TILES, _TILE_LENGTHS)):
        begins, counts = (_numbers(structure, find(entries, tag)) for tag in (offsets, lengths))
        if len(begins) != len(counts):
            raise PhotoError("its picture has not as many parts as lengths of them.", Code.DAMAGED, subject=photo)
        if len(begins) and int((begins + counts).max()) > size:
            raise PhotoError("is cut off: its picture goes on beyond its end.", Code.DAMAGED, subject=photo)


def _numbers(structure: Structure, entry: Entry | None) -> NDArray[np.uint64]:
    if entry is None or entry.kind not in (tiff.SHORT, tiff.LONG) or entry.length > limits.PARTS:
        return np.zeros(0, np.uint64)
    kind = f"{structure.order}u{2 if entry.kind == tiff.SHORT else 4}"
    return np.frombuffer(structure.data(entry, entry.size), kind).astype(np.uint64)


def _mosaic(photo: Path, structure: Structure, entries: list[Entry]) -> tuple[Mosaic, tuple[int, int]]:
    width, height = (structure.number(find(entries, tag)) or 0 for tag in (tiff.WIDTH, tiff.HEIGHT))
    if min(width, height) < 2:
        raise PhotoError("does not say the size of its raw.", Code.DAMAGED, subject=photo)
    areas = areas_of(structure, entries)
    if areas is None:
        if find(entries, 0xC620) is not None:
            raise PhotoError("its areas do not lie in each other.", Code.DAMAGED, subject=photo)
        return Mosaic(width, height, (0.0, 0.0), _colours(structure, entries)), (width, height)
    left, top, across, down = areas.active
    border = (left, top, width - left - across, height - top - down)
    return Mosaic(across, down, areas.origin, _colours(structure, entries), border), areas.size


def _colours(structure: Structure, entries: list[Entry]) -> tuple[int, ...]:
    """The colours of the pixels that repeat, row by row; none of a sensor without."""
    if structure.number(find(entries, dng.PHOTOMETRIC)) == dng.LINEAR:
        return ()
    entry = find(entries, _CFA_PATTERN)
    if entry is not None and entry.kind == tiff.UNDEFINED:
        return tuple(structure.data(entry))
    return structure.numbers(entry)


def _unfit(photo: Path, why: str) -> PhotoError:
    return PhotoError(
        Sentence("is a DNG that no correction is written into: {why}.", Code.FORMAT, why=why), subject=photo
    )


def _no_dng(photo: Path) -> PhotoError:
    return PhotoError("is no DNG.", Code.FORMAT, subject=photo)
