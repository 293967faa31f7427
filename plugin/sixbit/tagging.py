"""Write the tags of a lens into photos whose camera or adapter knew of none: ``sixbit tag``.

JPEG, TIFF and PNG get them in place: new tags go to the end of the Exif structure and nothing else in it moves, for
maker notes hold offsets that break when they do. What cannot be changed so (raw files, DNG, HEIC) gets a sidecar.
"""

from __future__ import annotations

import io
import math
import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from sixbit import ifd
from sixbit.blocks import Blocks
from sixbit.photos import replacing
from sixbit.shot import PhotoError, photo_name
from sixbit.tags import open_photo, photo_blocks, sidecars
from sixbit.xmp import XmpError, read_packet

if TYPE_CHECKING:
    from sixbit.catalogue import LensIdentity

_RATIONAL, _UNDEFINED = 5, 7
_DNG_VERSION, _EXIF_VERSION = 0xC612, 0x9000
_LARGEST_SEGMENT = 0xFFFF - 2
_NUMBERS = {
    "FNumber": 0x829D,
    "MaxApertureValue": 0x9205,
    "FocalLength": 0x920A,
    "LensSpecification": 0xA432,
    "LensMake": 0xA433,
    "LensModel": 0xA434,
}

Values = dict[str, str | list[Fraction]]


class _NoRoomError(Exception):
    """The photo cannot take the tags in place."""


def write_lens_tags(
    path: str | Path,
    lens: LensIdentity,
    *,
    f_number: float | None = None,
    focal_mm: float | None = None,
    backup: bool = False,
) -> Path:
    """Write what is known of the lens into a photo, and return the file that now says so.

    LensMake, LensModel, LensSpecification, MaxApertureValue, FocalLength (of a lens with several, only if
    ``focal_mm`` says which, in mm) and FNumber if ``f_number`` is given, in place of what the photo said. JPEG, TIFF
    and PNG are replaced in one step by a copy that differs in these tags alone; anything else, and a JPEG whose
    maker note stands behind its picture, gets a sidecar ``PHOTO.ext.xmp``, or its tags go into the sidecar there is.
    With ``backup`` the file as it was stays beside it as ``FILE.orig``; an older backup is kept instead.

    Raises PhotoError for a photo or folder that does not allow it; nothing is changed then.
    """
    photo = Path(path)
    values = lens_values(lens, f_number=f_number, focal_mm=focal_mm)
    with open_photo(photo) as file:
        blocks = photo_blocks(photo, file)
        file.seek(0)
        data = file.read() if blocks.kind in ("JPEG", "PNG") else b""
    try:
        if blocks.kind == "TIFF" and photo.suffix.lower() in (".tif", ".tiff"):
            _tag_tiff(photo.resolve(), values, backup)
            return photo
        if data:
            tagged = (_tagged_jpeg if blocks.kind == "JPEG" else _tagged_png)(data, blocks, values)
            _replace(photo.resolve(), tagged, backup)
            return photo
    except _NoRoomError:
        pass
    except (ifd.StructureError, struct.error) as error:
        raise PhotoError(
            f"{photo_name(photo)}: its tags are damaged ({error}); save it anew from a photo editor first."
        ) from error
    return _tag_sidecar(photo, values, backup)


def lens_values(lens: LensIdentity, *, f_number: float | None = None, focal_mm: float | None = None) -> Values:
    """The values of the tags by the names of EXIF.

    MaxApertureValue is 2 log2 N (EXIF 2.32, annex C), which its unsigned type cannot hold below f/1.

    >>> from sixbit.catalogue import LensIdentity
    >>> summicron = LensIdentity("summicron-35-asph", "Summicron-M 35mm f/2 ASPH.", "Leica", 35, 35, 2)
    >>> lens_values(summicron)["MaxApertureValue"]
    [Fraction(2, 1)]
    """
    if focal_mm is None and lens.focal_min == lens.focal_max:
        focal_mm = lens.focal_min
    if focal_mm is not None and not lens.focal_min <= focal_mm <= lens.focal_max:
        raise ValueError(f"{lens.name} has no focal length of {focal_mm:g} mm")
    values: Values = {
        "LensMake": lens.maker,
        "LensModel": lens.name,
        "LensSpecification": [
            _fraction(number) for number in (lens.focal_min, lens.focal_max, lens.f_number_open, lens.f_number_open)
        ],
    }
    if lens.f_number_open >= 1:
        values["MaxApertureValue"] = [_fraction(2 * math.log2(lens.f_number_open))]
    if focal_mm is not None:
        values["FocalLength"] = [_fraction(focal_mm)]
    if f_number is not None:
        values["FNumber"] = [_fraction(f_number)]
    return values


def _fraction(number: float) -> Fraction:
    return Fraction(number).limit_denominator(10_000)


def _put(block: ifd.Structure, values: Values) -> None:
    """Give the Exif directory these values. It moves to the end, behind them; its other entries stay as they are."""
    pointer = ifd.find(block.first(), ifd.EXIF)
    if pointer is not None and block.number(pointer) is None:
        raise ifd.StructureError("its Exif directory cannot be found")
    entries = {entry.tag: entry for entry in block.sub(ifd.EXIF)}
    if "MaxApertureValue" not in values:  # what stands there is of another lens
        entries.pop(_NUMBERS["MaxApertureValue"], None)
    for name, value in values.items():
        number = _NUMBERS[name]
        if isinstance(value, str):
            data = value.encode() + b"\0"
            entries[number] = ifd.Entry(number, ifd.ASCII, len(data), _stored(block, data))
        else:
            data = b"".join(block.pack("II", part.numerator, part.denominator) for part in value)
            entries[number] = ifd.Entry(number, _RATIONAL, len(value), _stored(block, data))
    if pointer is None:  # a reader may ask for the version first
        entries[_EXIF_VERSION] = ifd.Entry(_EXIF_VERSION, _UNDEFINED, 4, b"0230")
    rows = b"".join(
        block.pack("HHI", entry.tag, entry.kind, entry.length) + entry.value for _, entry in sorted(entries.items())
    )
    at = block.append(block.pack("H", len(entries)) + rows + block.pack("I", 0))
    if pointer is None:
        block.put_first([ifd.Entry(ifd.EXIF, ifd.LONG, 1, block.pack("I", at))])
    else:
        block.write(pointer.at + 8, block.pack("I", at))


def _stored(block: ifd.Structure, data: bytes) -> bytes:
    """The last four bytes of the entry of a value: the value itself, or where it lies at the end of the block."""
    return data.ljust(4, b"\0") if len(data) <= 4 else block.pack("I", block.append(data))


def _tagged_block(exif: bytes, values: Values) -> bytes:
    block = ifd.Structure(io.BytesIO(exif))
    note = ifd.find(block.sub(ifd.EXIF), ifd.MAKER_NOTE)
    if note is not None and note.length > 4 and block.unpack("I", note.value)[0] + note.length > len(exif):
        # An M (Typ 240) counts from the start of the file, which must not grow then.
        raise _NoRoomError
    _put(block, values)
    block.file.seek(0)
    return block.file.read()


def _tagged_jpeg(data: bytes, blocks: Blocks, values: Values) -> bytes:
    at = blocks.exif_at
    if at is None:
        start = end = 2
        if data[2:4] == b"\xff\xe0":  # JFIF wants to come first
            start = end = 4 + int.from_bytes(data[4:6], "big")
        old = ifd.EMPTY
    else:
        start, end = at - 10, at - 8 + int.from_bytes(data[at - 8 : at - 6], "big")
        old = data[at:end]
    content = b"Exif\0\0" + _tagged_block(old, values)
    if len(content) > _LARGEST_SEGMENT:
        raise _NoRoomError
    return data[:start] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + data[end:]


def _tagged_png(data: bytes, blocks: Blocks, values: Values) -> bytes:
    at = blocks.exif_at
    if at is None:
        start = end = 33  # behind the header
        old = ifd.EMPTY
    else:
        start, size = at - 8, int.from_bytes(data[at - 8 : at - 4], "big")
        end, old = at + size + 4, data[at : at + size]
    content = _tagged_block(old, values)
    chunk = b"eXIf" + content
    return data[:start] + struct.pack(">I", len(content)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[end:]


def _tag_tiff(photo: Path, values: Values, backup: bool) -> None:
    with photo.open("rb") as source:
        if ifd.find(ifd.Structure(source).first(), _DNG_VERSION) is not None:
            raise _NoRoomError
    with _backup(photo, backup), replacing(photo) as file:
        with photo.open("rb") as source:
            shutil.copyfileobj(source, file, 1 << 20)
        _put(ifd.Structure(file), values)


def _replace(path: Path, data: bytes, backup: bool) -> None:
    with _backup(path, backup and path.exists()), replacing(path) as file:
        file.write(data)


@contextmanager
def _backup(path: Path, wanted: bool) -> Iterator[None]:
    """Keep the file as it is under a second name, if its replacement succeeds; an older one of that name stays."""
    kept = path.with_name(path.name + ".orig")
    made = wanted and not kept.exists()
    try:
        if made:
            try:
                os.link(path, kept)
            except OSError:  # memory cards have no links
                with path.open("rb") as source, kept.open("xb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
        yield
    except BaseException as error:
        if made:
            kept.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise PhotoError(f"{photo_name(kept)}: the backup cannot be written: {error.strerror}.") from error
        raise


def _tag_sidecar(photo: Path, values: Values, backup: bool) -> Path:
    sidecar = next((path for path in sidecars(photo) if path.is_file()), sidecars(photo)[0])
    packet = b""
    if sidecar.exists():
        with open_photo(sidecar) as file:
            packet = file.read()
    try:
        if packet:
            read_packet(packet)
        merged = _merged(packet, values)
    except XmpError as error:
        raise PhotoError(f"{photo_name(sidecar)}: the sidecar is damaged ({error}); move it away first.") from error
    _replace(sidecar, merged, backup)
    return sidecar


def _merged(packet: bytes, values: Values) -> bytes:
    """The packet with the values of the lens in it, and all else it said."""
    import exiv2

    exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)
    data = exiv2.XmpData()
    if packet:
        try:
            old = exiv2.ImageFactory.open(packet)
            old.readMetadata()
        except exiv2.Exiv2Error as error:
            raise XmpError(str(error)) from error
        data = old.xmpData()
    names = {name: f"Xmp.{'exifEX' if name.startswith('Lens') else 'exif'}.{name}" for name in _NUMBERS}
    gone = [names["LensSpecification"]]
    if "MaxApertureValue" not in values:
        gone.append(names["MaxApertureValue"])
    for key in gone:
        found = data.findKey(exiv2.XmpKey(key))
        if found != data.end():
            data.erase(found)
    for name, value in values.items():
        if isinstance(value, str):
            data[names[name]] = value
        elif len(value) == 1:
            data[names[name]] = f"{value[0].numerator}/{value[0].denominator}"
        else:
            listed = exiv2.XmpArrayValue(exiv2.TypeId.xmpSeq)
            for part in value:
                listed.append(f"{part.numerator}/{part.denominator}")
            data.add(exiv2.XmpKey(names[name]), listed)
    data["Xmp.aux.Lens"] = values["LensModel"]
    code, text = exiv2.XmpParser.encode(data, exiv2.XmpParser.XmpFormatFlags.useCompactFormat)
    if code:
        raise XmpError("it cannot be written again")
    return str(text).encode()
