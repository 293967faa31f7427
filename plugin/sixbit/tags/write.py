"""Write the tags of a lens into photos whose camera or adapter knew of none: ``sixbit tag``.

JPEG, TIFF and PNG get them in place: new tags go to the end of the Exif structure and nothing else in it moves, for
maker notes hold offsets that break when they do. What cannot be changed so (raw files, DNG, HEIC) gets a sidecar.
The lens itself, by its identity, goes to the XMP packet, so that it is found again whatever its name is shared with.
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

from sixbit.files import tiff_edit as ifd
from sixbit.files.exiv2 import loaded_exiv2, parsed_xmp, xmp_packet
from sixbit.files.find import Blocks
from sixbit.files.replace import replacing
from sixbit.files.xmp import SIXBIT_APERTURE, SIXBIT_LENS, SIXBIT_PREFIX, XmpError, read_packet
from sixbit.tags.read import opened, photo_blocks, read_shot, sidecars
from sixbit.values.errors import PhotoError, photo_name
from sixbit.values.shot import Shot

if TYPE_CHECKING:
    from sixbit.values.lens import Lens

_BYTE, _RATIONAL, _UNDEFINED = 1, 5, 7
_XMP, _DNG_VERSION, _EXIF_VERSION = 700, 0xC612, 0x9000
_JPEG_XMP, _PNG_XMP = b"http://ns.adobe.com/xap/1.0/\0", b"XML:com.adobe.xmp\0"
_LARGEST_SEGMENT = 0xFFFF - 2
_NUMBERS = {
    "FNumber": 0x829D,
    "MaxApertureValue": 0x9205,
    "FocalLength": 0x920A,
    "FocalLengthIn35mmFilm": 0xA405,
    "LensSpecification": 0xA432,
    "LensMake": 0xA433,
    "LensModel": 0xA434,
}

Values = dict[str, str | int | list[Fraction]]


class _NoRoomError(Exception):
    """The photo cannot take the tags in place."""


def write_lens_tags(
    path: str | Path,
    lens: Lens,
    *,
    f_number: float | None = None,
    focal_mm: float | None = None,
    backup: bool = False,
) -> Path:
    """Write what is known of the lens into a photo, and return the file that now says so.

    LensMake, LensModel, LensSpecification, MaxApertureValue, FocalLength (of a lens with several, only if
    ``focal_mm`` says which, in mm) with FocalLengthIn35mmFilm if the photo had both, and FNumber if ``f_number`` is
    given, in place of what the photo said; to XMP the identity of the lens, and ``f_number`` as given. JPEG, TIFF
    and PNG are replaced in one step by a copy that differs in these tags alone; anything else, and a JPEG whose
    maker note stands behind its picture, gets a sidecar ``PHOTO.ext.xmp``, or its tags go into the sidecar there is.
    With ``backup`` the file as it was stays beside it as ``FILE.orig``; an older backup is kept instead.

    Raises PhotoError for a photo or folder that does not allow it, for an adapter and for an aperture that the lens
    does not have; nothing is changed then.
    """
    photo = Path(path)
    _check(lens, f_number)
    shot = read_shot(photo)
    values = lens_values(lens, f_number=f_number, focal_mm=focal_mm, crop_factor=_crop_factor(shot))
    own = _own_properties(lens, values)
    with opened(photo) as file:
        blocks = photo_blocks(photo, file)
        file.seek(0)
        data = file.read() if blocks.kind in ("JPEG", "PNG") else b""
    try:
        if blocks.kind == "TIFF" and photo.suffix.lower() in (".tif", ".tiff"):
            _tag_tiff(photo.resolve(), values, _embedded(blocks, values, own), backup)
            return photo
        if data:
            tagged = _tagged_jpeg if blocks.kind == "JPEG" else _tagged_png
            _replace(photo.resolve(), tagged(data, blocks, values, _embedded(blocks, values, own)), backup)
            return photo
    except _NoRoomError:
        pass
    except (ifd.StructureError, struct.error) as error:
        raise PhotoError(
            f"{photo_name(photo)}: its tags are damaged ({error}); save it anew from a photo editor first."
        ) from error
    return _tag_sidecar(photo, values, own, backup)


def _check(lens: Lens, f_number: float | None) -> None:
    if lens.is_adapter:
        raise PhotoError(f"{lens.name} is an adapter, not a lens; name the lens in front of it.")
    if refused := lens.too_wide(f_number):
        raise PhotoError(refused)


def _crop_factor(shot: Shot) -> float | None:
    """What the focal lengths in the photo say of its sensor, before that of the lens takes their place."""
    if shot.focal_mm is None or shot.focal_35mm is None:
        return None
    crop = shot.focal_35mm.value / shot.focal_mm.value
    return crop if 0.9 <= crop <= 12 else None


def _own_properties(lens: Lens, values: Values) -> dict[str, str]:
    """What Sixbit will know the lens and the aperture by, as properties of its own namespace."""
    own = {SIXBIT_LENS: lens.lens_id}
    if "FNumber" in values:
        own[SIXBIT_APERTURE] = _text(values["FNumber"])
    return {f"Xmp.{SIXBIT_PREFIX}.{name}": value for name, value in own.items()}


def lens_tags(lens: Lens, *, f_number: float | None = None, focal_mm: float | None = None) -> dict[str, str]:
    """What :func:`write_lens_tags` writes, as texts by exiv2's names, for an editor that writes them itself.

    >>> from sixbit.lenses.catalogue import Lens
    >>> summicron = Lens("summicron-35-asph", "Summicron-M 35mm f/2 ASPH.", "Leica", 35, 35, 2)
    >>> lens_tags(summicron, f_number=5.6)["Exif.Photo.FNumber"]
    '28/5'
    """
    values = lens_values(lens, f_number=f_number, focal_mm=focal_mm)
    tags = {f"Exif.Photo.{name}": _text(value) for name, value in values.items()}
    return tags | {"Xmp.aux.Lens": lens.name} | _own_properties(lens, values)


def lens_values(
    lens: Lens,
    *,
    f_number: float | None = None,
    focal_mm: float | None = None,
    crop_factor: float | None = None,
) -> Values:
    """The values of the tags by the names of EXIF; ``crop_factor`` is that of the sensor, if it shall be told.

    MaxApertureValue is 2 log2 N (EXIF 2.32, annex C), which its unsigned type cannot hold below f/1.

    >>> from sixbit.lenses.catalogue import Lens
    >>> summicron = Lens("summicron-35-asph", "Summicron-M 35mm f/2 ASPH.", "Leica", 35, 35, 2)
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
        if crop_factor is not None:
            values["FocalLengthIn35mmFilm"] = round(focal_mm * crop_factor)
    if f_number is not None:
        values["FNumber"] = [_fraction(f_number)]
    return values


def _fraction(number: float) -> Fraction:
    return Fraction(number).limit_denominator(10_000)


def _outdated(values: Values) -> list[str]:
    """The tags that are of the lens before, where this one has no value for them."""
    old = ["MaxApertureValue", *(["FocalLengthIn35mmFilm"] if "FocalLength" in values else [])]
    return [name for name in old if name not in values]


def _put(block: ifd.Structure, values: Values) -> None:
    """Give the Exif directory these values. It moves to the end, behind them; its other entries stay as they are."""
    entries = {entry.tag: entry for entry in block.sub(ifd.EXIF)}
    for name in _outdated(values):
        entries.pop(_NUMBERS[name], None)
    for name, value in values.items():
        number = _NUMBERS[name]
        if isinstance(value, str):
            data = value.encode() + b"\0"
            entries[number] = ifd.Entry(number, ifd.ASCII, len(data), block.stored(data))
        elif isinstance(value, int):
            entries[number] = ifd.Entry(number, ifd.SHORT, 1, block.stored(block.pack("H", value)))
        else:
            data = b"".join(block.pack("II", part.numerator, part.denominator) for part in value)
            entries[number] = ifd.Entry(number, _RATIONAL, len(value), block.stored(data))
    if ifd.find(block.first(), ifd.EXIF) is None:  # a reader may ask for the version first
        entries[_EXIF_VERSION] = ifd.Entry(_EXIF_VERSION, _UNDEFINED, 4, b"0230")
    block.set_sub(ifd.EXIF, entries.values())


def _tagged_block(exif: bytes, values: Values) -> bytes:
    block = ifd.Structure(io.BytesIO(exif))
    note = ifd.find(block.sub(ifd.EXIF), ifd.MAKER_NOTE)
    if note is not None and note.length > 4 and block.unpack("I", note.value)[0] + note.length > len(exif):
        # An M (Typ 240) counts from the start of the file, which must not grow then.
        raise _NoRoomError
    _put(block, values)
    block.file.seek(0)
    return block.file.read()


def _embedded(blocks: Blocks, values: Values, own: dict[str, str]) -> bytes:
    try:
        return _merged(blocks.xmp or b"", values, own, complete=False)
    except XmpError as error:
        raise _NoRoomError from error


def _spliced(data: bytes, *edits: tuple[int, int, bytes]) -> bytes:
    """Data with pieces replaced, each given by start, end and what is to stand there."""
    for start, end, new in sorted(edits, key=lambda edit: -edit[0]):
        data = data[:start] + new + data[end:]
    return data


def _tagged_jpeg(data: bytes, blocks: Blocks, values: Values, packet: bytes) -> bytes:
    at = blocks.exif_at
    if at is None:
        start = end = 2
        if data[2:4] == b"\xff\xe0":  # JFIF wants to come first
            start = end = 4 + int.from_bytes(data[4:6], "big")
        old = ifd.EMPTY
    else:
        start, end = at - 10, at - 8 + int.from_bytes(data[at - 8 : at - 6], "big")
        old = data[at:end]
    exif = (start, end, _segment(b"Exif\0\0" + _tagged_block(old, values)))
    if blocks.xmp is not None:
        start = data.index(_JPEG_XMP + blocks.xmp) - 4
        end = start + 4 + len(_JPEG_XMP) + len(blocks.xmp)
    else:
        start = end
    # XMP first: where both are new, what is put in last comes to stand in front.
    return _spliced(data, (start, end, _segment(_JPEG_XMP + packet)), exif)


def _segment(content: bytes) -> bytes:
    if len(content) > _LARGEST_SEGMENT:
        raise _NoRoomError
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content


def _tagged_png(data: bytes, blocks: Blocks, values: Values, packet: bytes) -> bytes:
    at = blocks.exif_at
    if at is None:
        start = end = 33  # behind the header
        old = ifd.EMPTY
    else:
        start, size = at - 8, int.from_bytes(data[at - 8 : at - 4], "big")
        end, old = at + size + 4, data[at : at + size]
    exif = (start, end, _chunk(b"eXIf", _tagged_block(old, values)))
    if blocks.xmp is not None:
        start = data.index(b"iTXt" + _PNG_XMP) - 4
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    else:
        start = end
    return _spliced(data, (start, end, _chunk(b"iTXt", _PNG_XMP + b"\0\0\0\0" + packet)), exif)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _tag_tiff(photo: Path, values: Values, packet: bytes, backup: bool) -> None:
    with photo.open("rb") as source:
        if ifd.find(ifd.Structure(source).first(), _DNG_VERSION) is not None:
            raise _NoRoomError
    with _backup(photo, backup), replacing(photo) as file:
        with photo.open("rb") as source:
            shutil.copyfileobj(source, file, 1 << 20)
        block = ifd.Structure(file)
        _put(block, values)
        block.put_first([ifd.Entry(_XMP, _BYTE, len(packet), block.stored(packet))])


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


def _tag_sidecar(photo: Path, values: Values, own: dict[str, str], backup: bool) -> Path:
    sidecar = next((path for path in sidecars(photo) if path.is_file()), sidecars(photo)[0])
    packet = b""
    if sidecar.exists():
        with opened(sidecar) as file:
            packet = file.read()
    try:
        merged = _merged(packet, values, own, complete=True)
    except XmpError as error:
        raise PhotoError(f"{photo_name(sidecar)}: the sidecar is damaged ({error}); move it away first.") from error
    _replace(sidecar, merged, backup)
    return sidecar


def _merged(packet: bytes, values: Values, own: dict[str, str], complete: bool) -> bytes:
    """The packet with the values of the lens in it, and all else it said.

    Beside Exif data (not ``complete``), which says the same, only what the packet has already is brought up to date.
    """
    exiv2 = loaded_exiv2()
    if packet:
        read_packet(packet)
    names = {name: f"Xmp.{'exifEX' if name.startswith('Lens') else 'exif'}.{name}" for name in _NUMBERS}
    properties = {names[name]: value for name, value in values.items()} | {"Xmp.aux.Lens": values["LensModel"]}
    try:
        data = parsed_xmp(packet or None)
        for key in (*properties, *(names[name] for name in _outdated(values))):
            found = data.findKey(exiv2.XmpKey(key))
            if found != data.end():
                data.erase(found)
            elif not complete:
                properties.pop(key, None)
        for key, value in properties.items():
            if isinstance(value, list) and len(value) > 1:
                listed = exiv2.XmpArrayValue(exiv2.TypeId.xmpSeq)
                for part in value:
                    listed.append(_text([part]))
                data.add(exiv2.XmpKey(key), listed)
            else:
                data[key] = _text(value)
        for key, text in own.items():
            data[key] = text
        return xmp_packet(data)
    except exiv2.Exiv2Error as error:
        raise XmpError(str(error)) from error


def _text(value: str | int | list[Fraction]) -> str:
    return " ".join(f"{part.numerator}/{part.denominator}" for part in value) if isinstance(value, list) else str(value)
