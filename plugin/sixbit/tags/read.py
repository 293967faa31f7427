"""The tags of a photo, read into a :class:`sixbit.values.shot.Shot`."""

from __future__ import annotations

import logging
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from sixbit.files import limits
from sixbit.files.find import TURNED, Blocks, find_blocks
from sixbit.files.reading import of_library, reading
from sixbit.files.tiff import (
    BYTE,
    EXIF,
    LENS_MODEL,
    MAKER_NOTE,
    SOFTWARE,
    UNDEFINED,
    UTF8,
    Structure,
    StructureError,
    byte_order,
    find,
)
from sixbit.files.xmp import Packet, XmpError, read_packet
from sixbit.tags.leica import LeicaNote, read_leica_note
from sixbit.tags.shot import shot_of
from sixbit.tags.source import Source, ratio
from sixbit.values.errors import Code, PhotoError, photo_name
from sixbit.values.kinds import KINDS
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot, Tagged

_TEXTS = frozenset({0x010F, 0x0110, SOFTWARE, 0x0132, 0x9003, 0xA433, LENS_MODEL, 0xA435})
"""Make, Model, Software, DateTime; DateTimeOriginal, LensMake, LensModel, LensSerialNumber."""
_AS_BYTES = (BYTE, UNDEFINED, UTF8)


class BoundedFile:
    """A file for exifread, which believes what a photo says: it fails after more than any photo needs.

    >>> import io
    >>> file = BoundedFile(io.BytesIO(b"six bits"))
    >>> file.seek(4), file.read(4_000_000_000)
    (4, b'bits')
    """

    LONGEST_READ = 1 << 20

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek = file.seek
        self._reads = self._bytes = 0

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self.LONGEST_READ))
        self._reads += 1
        self._bytes += len(data)
        if self._reads > limits.READS or self._bytes > limits.READ:
            raise OSError("more is read than the tags of any photo need: they run in circles, or lie about their size")
        return data


def read_shot(path: str | Path) -> Shot:
    """Read what a photo, or a sidecar beside it, says of its lens and how it was used.

    JPEG, TIFF, DNG (and other raw files), PNG, HEIC, AVIF, WebP and JPEG XL; pixels are not read. A sidecar
    (``PHOTO.ext.xmp``, else ``PHOTO.xmp``) goes before the photo's own tags, for it was written later; but marks of
    corrections are taken from the photo alone, as a sidecar tells what shall be done, not what was done to these
    pixels. Raises PhotoError.
    """
    photo = Path(path)
    with reading(photo), opened(photo) as file:
        return shot_in(photo, photo_blocks(photo, file))


def shot_in(photo: Path, blocks: Blocks) -> Shot:
    """Read the shot of a photo that is open, as :func:`read_shot` does."""
    exif = _exif(blocks)
    packet = _packet(blocks.xmp)
    sources = [*_sidecar_sources(photo), exif, Source(packet.properties, "XMP ")]
    shot = shot_of(sources, exif, _leica_note(blocks, exif), packet)
    # It is turned by properties of its own, and its size is that of the turned picture: not a second time.
    orientation = 1 if blocks.kind in TURNED else shot.orientation
    is_raw = blocks.is_dng or blocks.kind in ("RAW", "raw TIFF")
    shot = shot._replace(width=blocks.width or None, height=blocks.height or None)
    if blocks.is_dng:
        shot = _with_areas(shot, blocks)
    elif not is_raw:
        shot = _developed(photo, shot, packet, exif)
    return shot._replace(path=photo, orientation=orientation, turned=blocks.turned, is_raw=is_raw)


def _developed(photo: Path, shot: Shot, packet: Packet, exif: Source) -> Shot:
    """The shot of a photo with what its raw has carried, where a program carries that out and leaves no word of it."""
    from sixbit.tags.beside import developed_from

    beside = developed_from(photo, packet, exif)
    if beside is None:
        return shot
    if not beside.is_certain:
        return shot._replace(perhaps_from=Tagged(beside.raw, beside.program.value))
    done = tuple(kind for kind in KINDS if kind in (*beside.kinds, *shot.already_corrected))
    mark = Tagged(beside.program.value, f"opcodes of {beside.raw}")
    return shot._replace(already_corrected=done, marks=(*shot.marks, mark))


def _with_areas(shot: Shot, blocks: Blocks) -> Shot:
    """The shot of a DNG with the size and the parts that the raw is developed to."""
    from sixbit.tags.beside import kinds_in
    from sixbit.tags.dng import areas_in

    structure = Structure(blocks.file, blocks.exif_at or 0, byte_order(blocks.file, blocks.exif_at or 0))
    shot, areas = shot._replace(carries=kinds_in(structure)), areas_in(structure)
    if areas is None:
        return shot
    width, height = areas.size
    return shot._replace(width=width, height=height, developed=areas.developed, shown=areas.shown)


def taken_at(path: Path) -> str | None:
    """When a photo was taken, ``2017-07-01 05:30:00`` by the clock of the camera; None if it does not say."""
    with reading(path), opened(path) as file:
        exif = _exif(photo_blocks(path, file))
    found = exif.text("DateTimeOriginal") or exif.text("DateTime")
    said = re.match(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)", found.value) if found else None
    return f"{said[1]}-{said[2]}-{said[3]} {said[4]}" if said and said[1] != "0000" else None


def photo_blocks(photo: Path, file: BinaryIO) -> Blocks:
    """Where the open photo keeps its tags; PhotoError if it is none that can be read."""
    with reading(photo):
        return find_blocks(file)


def opened(path: Path) -> BinaryIO:
    """Open a photo for reading; PhotoError if there is none, or if what is there is no ordinary file."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise PhotoError("is a folder.", Code.NOT_A_FILE, subject=path)
        if not stat.S_ISREG(mode):
            raise PhotoError("is not a file but a pipe or a device.", Code.NOT_A_FILE, subject=path)
        return path.open("rb")
    except FileNotFoundError as error:
        raise PhotoError("there is no such photo.", Code.NOT_FOUND, subject=path) from error
    except PermissionError as error:
        raise PhotoError("may not be read.", Code.NO_ACCESS, subject=path) from error
    except (OSError, ValueError) as error:
        raise PhotoError(
            Sentence("cannot be opened: {error}.", error=of_library(error)), Code.NO_ACCESS, subject=path
        ) from error


def sidecars(photo: Path) -> tuple[Path, Path]:
    """Where a sidecar of the photo may be, the most trusted first: ``PHOTO.ext.xmp`` and ``PHOTO.xmp``.

    Each with its ending in capitals, if it stands so.
    """
    return _as_it_stands(photo.with_name(photo.name + ".xmp")), _as_it_stands(photo.with_suffix(".xmp"))


def _as_it_stands(sidecar: Path) -> Path:
    in_capitals = sidecar.with_suffix(".XMP")
    try:
        return in_capitals if in_capitals.is_file() and not sidecar.exists() else sidecar
    except OSError:
        return sidecar


def _sidecar_sources(photo: Path) -> Iterator[Source]:
    for sidecar in sidecars(photo):
        try:
            if sidecar.is_file() and sidecar != photo:
                yield Source(_packet(_beginning(sidecar)).properties, f"{photo_name(sidecar.name)} ")
        except OSError:
            continue


def _beginning(sidecar: Path) -> bytes:
    """A sidecar as far as one is read: of a longer one, what cannot be a whole packet."""
    with sidecar.open("rb") as file:
        return file.read(limits.XMP + 1)


def _packet(xmp: bytes | None) -> Packet:
    try:
        return read_packet(xmp) if xmp else Packet({})
    except XmpError:
        return Packet({})


def _exif(blocks: Blocks) -> Source:
    """All EXIF tags but the maker note, as far as they can be read."""
    from exifread.core.exif_header import ExifHeader

    # exifread tells its troubles on stderr, in words that no photographer needs.
    logging.getLogger("exifread").setLevel(logging.CRITICAL)
    order = None if blocks.exif_at is None else byte_order(blocks.file, blocks.exif_at)
    if blocks.exif_at is None or order is None:
        return Source({})
    # Not process_file, which loses all tags by one that it cannot read. Without details, it leaves maker notes alone.
    file, endian = cast("BinaryIO", BoundedFile(blocks.file)), {"<": "I", ">": "M"}[order]
    header = ExifHeader(file, endian, blocks.exif_at, 0, strict=False, detailed=False)
    tags = Structure(blocks.file, blocks.exif_at, order)
    texts: dict[str, str] = {}
    for group in ("Image", "EXIF"):
        try:
            pointer = header.tags.get("Image ExifOffset")
            at = header.s2n(4, 4) if group == "Image" else pointer.values[0] if pointer else _exif_at(tags)
            if at:
                header.dump_ifd(at, group)
        except Exception:  # any tag may lie, and exifread checks few; what was read until then stands
            logging.getLogger(__name__).debug("tags cut short", exc_info=True)
        with suppress(StructureError):
            texts |= _texts(tags, tags.first_at if group == "Image" else _exif_at(tags), group)
    return Source({name: _value(tag.values) for name, tag in header.tags.items()} | texts)


def _exif_at(tags: Structure) -> int:
    """Where the EXIF directory lies; 0 if there is none. exifread does not come so far where it meets a bad entry."""
    return next(iter(tags.numbers(find(tags.first(), EXIF))), 0)


def _texts(tags: Structure, at: int, group: str) -> dict[str, str]:
    """The texts of a directory that are not called so: in UTF-8, or as bytes, which exifread takes for numbers."""
    from exifread.tags.exif import EXIF_TAGS

    entries = [entry for entry in tags.directory(at)[0] if entry.tag in _TEXTS and entry.kind in _AS_BYTES]
    found = {f"{group} {EXIF_TAGS[entry.tag][0]}": tags.data(entry) for entry in entries}
    return {name: data.partition(b"\0")[0].decode("utf-8", "replace") for name, data in found.items()}


def _value(values: Any) -> str | tuple[float, ...]:
    """A value of exifread: a text, or numbers."""
    if isinstance(values, str | bytes):
        return values.decode("latin-1") if isinstance(values, bytes) else values
    # It leaves floats in the tuples they were unpacked to.
    numbers = [value[0] if isinstance(value, tuple) else value for value in values]
    return tuple(ratio(getattr(n, "numerator", n), getattr(n, "denominator", 1)) for n in numbers)


def _leica_note(blocks: Blocks, exif: Source) -> LeicaNote:
    """The maker note of a Leica, found in the EXIF directory or, in raw files built on TIFF/EP, in the first one."""
    make = exif.text("Make")
    if blocks.exif_at is None or make is None or not make.value.lower().startswith("leica camera"):
        return LeicaNote()
    tags = Structure(blocks.file, blocks.exif_at, byte_order(blocks.file, blocks.exif_at))
    try:
        note = find(tags.sub(EXIF), MAKER_NOTE) or find(tags.first(), MAKER_NOTE)
    except StructureError:
        return LeicaNote()
    return read_leica_note(tags, tags.place(note), note.size) if note else LeicaNote()
