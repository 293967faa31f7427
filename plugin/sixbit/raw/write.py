"""A correction written into a DNG, as a copy or where it stands, and taken out again.

In place, the trailer is there before anything else of the tail, and all of the tail is on the disk before the pointer
changes: whenever the process ends, the file opens as before or as after, and the next start goes on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sixbit.files import dng
from sixbit.files.dng_kept import keep
from sixbit.files.in_place import alone
from sixbit.files.reading import reading
from sixbit.files.replace import refusal, replacing
from sixbit.files.tiff import StructureError
from sixbit.raw.correction import Correction, correction_of
from sixbit.raw.opcodes import packed
from sixbit.raw.sensor import Raw, check_room, raw_in
from sixbit.tags.read import opened, photo_blocks, shot_in
from sixbit.values.choices import USUAL, Choices
from sixbit.values.errors import Code, PhotoError, SixbitError
from sixbit.values.sentence import Sentence

_AT_ONCE = 1 << 20


class Written(NamedTuple):
    """A DNG that carries its correction now: the file, what was written, and by how many bytes it has grown."""

    out: Path
    correction: Correction
    grown: int


class Removed(NamedTuple):
    """A DNG that carries no correction of Sixbit's any more; ``exactly`` if it is to the byte as it was before."""

    out: Path
    exactly: bool


def write_copy(photo: Path, out: Path, choices: Choices = USUAL) -> Written:
    """Write a copy of a DNG that carries its correction. Raises SixbitError; nothing is written then.

    A file of that name is never replaced. The copy itself may be there already, of a command that was stopped.
    """
    with reading(photo), opened(photo) as file:
        raw, correction = _prepared(photo, file, choices)
        if raw.carries:
            raise PhotoError("carries a correction of Sixbit's already.", Code.ALREADY_CORRECTED, subject=photo)
        if os.path.lexists(out):
            if _is_copy(out, file, raw, correction):
                return Written(out, correction, 0)
            raise PhotoError("is there already.", Code.EXISTS, subject=out)
        with replacing(out, make_folder=True, like=photo) as new:
            digest = _copied(file, new, raw.size)
            tail, at = _tail(photo, raw, digest, correction)
            new.seek(raw.size)
            new.write(tail)
            new.seek(raw.directory.pointer)
            new.write(raw.structure.pack("I", at))
        _keep_times(out, os.fstat(file.fileno()))
    notes = correction.notes
    if raw.is_signed:
        notes = (*notes, Sentence("its C2PA signature does not hold for the copy"))
    return Written(out, correction._replace(notes=notes), len(tail))


def write_in_place(photo: Path, choices: Choices = USUAL) -> Written:
    """Write its correction into a DNG where it stands. Raises SixbitError; it is as it was then, to the byte.

    One that carries that very correction already is left as it is.
    """
    with reading(photo), alone(photo.resolve()), opened(photo) as file:
        before = os.fstat(file.fileno())
        raw, correction = _prepared(photo, file, choices)
        if raw.carries:
            return Written(photo, correction, 0)
        if raw.is_signed:
            why = Sentence("is signed (C2PA), and would lose its signature.")
            raise PhotoError(why, Code.METADATA, subject=photo)
        digest = _copied(file, None, raw.size)
        tail, at = _tail(photo, raw, digest, correction)
        with _changing(photo, before) as changed:
            changed.truncate(raw.size)
            try:
                _put(changed, raw.size + len(tail) - dng.ROOM, tail[-dng.ROOM :])
                _put(changed, raw.size, tail)
            except OSError:
                changed.truncate(raw.size)
                raise
            _put(changed, raw.directory.pointer, raw.structure.pack("I", at))
    return Written(photo, correction, len(tail))


def remove(photo: Path) -> Removed:
    """Take the correction out of a DNG again. Raises PhotoError where it carries none of Sixbit's.

    Where another program has changed the file in between, what it has changed stays, and the lists go.
    """
    with reading(photo), alone(photo.resolve()), opened(photo) as file:
        before = os.fstat(file.fileno())
        raw = raw_in(photo, file)
        tail = raw.tail
        if tail is not None and _is_untouched(file, raw, tail):
            with _changing(photo, before) as changed:
                _put(changed, tail.pointer, raw.structure.pack("I", tail.old))
                changed.truncate(tail.before)
                os.fsync(changed.fileno())
            return Removed(photo, True)
        if not raw.carries:
            raise _not_ours(photo, raw)
        place = photo.resolve()
        with replacing(place, same_file=True) as new:
            file.seek(0)
            shutil.copyfileobj(file, new, _AT_ONCE)
            _without(photo, new, raw)
            _check_same(photo, place.stat(), before)
        _keep_times(place, before)
        return Removed(photo, False)


def _prepared(photo: Path, file: BinaryIO, choices: Choices) -> tuple[Raw, Correction]:
    raw = raw_in(photo, file)
    check_room(photo, raw)
    end = file.seek(0, os.SEEK_END)
    if raw.size < end and raw.tail and _copied(file, None, raw.size) != raw.tail.digest:
        raw = raw._replace(size=end)  # somebody has written since: nothing is taken off then
    shot = shot_in(photo, photo_blocks(photo, file))
    correction = correction_of(photo, shot, raw, choices)
    if raw.carries and not _carries(raw, correction):
        raise PhotoError("carries another correction of Sixbit's already.", Code.ALREADY_CORRECTED, subject=photo)
    notes = (*correction.notes, *_unseen(raw, correction))
    return raw, correction._replace(notes=notes)


def _carries(raw: Raw, correction: Correction) -> bool:
    """Tell whether the lists that stand in a DNG are those of a correction, and no others of Sixbit's."""
    there = {name: data for name, data in raw.lists.items() if name != "OpcodeList1" and data != packed([])}
    return there == dict(correction.lists)


def _is_copy(out: Path, file: BinaryIO, raw: Raw, correction: Correction) -> bool:
    """Tell whether a file is the copy that was to be written: of that DNG, with that correction."""
    with suppress(SixbitError, OSError), opened(out) as there:
        other = raw_in(out, there)
        if other.tail is not None and other.carries and _carries(other, correction):
            return other.tail.before == raw.size and other.tail.digest == _copied(file, None, raw.size)
    return False


def _unseen(raw: Raw, correction: Correction) -> Iterator[Sentence]:
    """Say which programs do not look for opcodes where they stand in this file, or do not take them."""
    if raw.directory.number == 0:
        yield Sentence("RawTherapee and ART do not see it, as the raw stands first in this file")
    elif raw.directory.number > 1:
        yield Sentence("darktable, RawTherapee and ART do not see it, as the raw stands behind a preview in this file")
    if "OpcodeList2" in correction.lists and any(raw.mosaic.border) and raw.directory.number <= 1:
        # It takes maps of all that is stored alone (darktable's src/iop/rawprepare.c).
        yield Sentence("darktable does not see its gain maps, as the raw has a border beyond its ActiveArea")


def _tail(photo: Path, raw: Raw, digest: bytes, correction: Correction) -> tuple[bytes, int]:
    keep(correction.lists, dng.with_sums(correction.record, correction.lists))
    try:
        return dng.tail_for(raw.structure, raw.directory, raw.size, digest, correction.lists, correction.record)
    except (StructureError, struct.error) as error:
        raise PhotoError(
            Sentence("cannot carry a correction: {error}.", error=error), Code.FORMAT, subject=photo
        ) from error


def _copied(file: BinaryIO, new: BinaryIO | None, size: int) -> bytes:
    """The SHA-256 of the first ``size`` bytes of a file, which go into a new one too, if there is one."""
    digest = hashlib.sha256()
    for part in _parts(file, 0, size):
        digest.update(part)
        if new is not None:
            new.write(part)
    return digest.digest()


def _digest_before(file: BinaryIO, raw: Raw, tail: dng.Tail) -> bytes:
    """The SHA-256 of a file as it would be without its tail."""
    digest = hashlib.sha256()
    for part in _parts(file, 0, tail.pointer):
        digest.update(part)
    digest.update(raw.structure.pack("I", tail.old))
    for part in _parts(file, tail.pointer + 4, tail.before):
        digest.update(part)
    return digest.digest()


def _is_untouched(file: BinaryIO, raw: Raw, tail: dng.Tail) -> bool:
    """Tell whether a file is as Sixbit has left it, so that nothing of anybody else goes with the tail."""
    if tail.end != file.seek(0, os.SEEK_END) or _digest_before(file, raw, tail) != tail.digest:
        return False
    return not dng.is_in_effect(raw.structure, tail) or dng.is_as_written(raw.structure, tail)


def _parts(file: BinaryIO, begin: int, end: int) -> Iterator[memoryview]:
    """The bytes of a file from ``begin`` to ``end``, in parts that are good until the next one is taken."""
    room = memoryview(bytearray(_AT_ONCE))
    file.seek(begin)
    left = end - begin
    while left:
        count = file.readinto(room[: min(left, _AT_ONCE)])  # type: ignore[attr-defined]
        if not count:
            raise OSError(0, "it was cut while it was read")
        yield room[:count]
        left -= count


def _without(photo: Path, new: BinaryIO, raw: Raw) -> None:
    """Take the lists of Sixbit out of the directory of the raw, where that stands now, and the trailer with them."""
    assert raw.record
    copy = raw_in(photo, new)
    told = raw.record["lists"]
    copy.structure.remove(copy.directory.at, {dng.LISTS[name] for name in told if name in dng.LISTS})
    if raw.tail:
        new.seek(raw.tail.at)
        new.write(bytes(dng.ROOM))


def _not_ours(photo: Path, raw: Raw) -> PhotoError:
    if raw.lists:
        why = Sentence("holds opcodes that are not those that Sixbit wrote, so they stay.")
        return PhotoError(why, Code.ALREADY_CORRECTED, subject=photo)
    return PhotoError("carries no correction of Sixbit's.", Code.ARGUMENT, subject=photo)


@contextmanager
def _changing(photo: Path, before: os.stat_result) -> Iterator[BinaryIO]:
    """Open a file to be changed where it stands, if it is still the one that was read; it keeps its times."""
    try:
        with photo.open("r+b", buffering=0) as file:
            _check_same(photo, os.fstat(file.fileno()), before)
            yield file
        _keep_times(photo, before)
    except OSError as error:
        raise refusal(error, photo) from error


def _check_same(photo: Path, now: os.stat_result, before: os.stat_result) -> None:
    """Raise PhotoError where another program, which knows of no lock, has written a file since it was opened."""
    is_same = os.path.samestat(now, before) and now.st_size == before.st_size
    if not is_same or now.st_mtime_ns != before.st_mtime_ns:
        raise PhotoError("was changed by another program meanwhile.", Code.BUSY, subject=photo)


def _put(file: BinaryIO, at: int, data: bytes) -> None:
    """Write all of ``data`` at a place, and force it to the disk."""
    file.seek(at)
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())


def _keep_times(path: Path, before: os.stat_result) -> None:
    with suppress(OSError):
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
