"""Write the tags of a lens into photos whose camera or adapter knew of none: ``sixbit tag``.

JPEG, TIFF and PNG get them in place: new tags go to the end of the Exif structure and nothing else in it moves, for
maker notes hold offsets that break when they do. What cannot be changed so (raw files, DNG, BigTIFF, HEIC,
AVIF, WebP, JPEG XL) gets a sidecar.
The lens itself, by its identity, goes to the XMP packet, so that it is found again whatever its name is shared with.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sixbit.files import jpeg, limits, mpf, png, tiff
from sixbit.files.exiv2 import loaded_exiv2, parsed_xmp, xmp_packet
from sixbit.files.find import Blocks
from sixbit.files.in_place import alone
from sixbit.files.replace import check_place, refusal, replacing, write_whole
from sixbit.files.tiff_end import cut_end
from sixbit.files.xmp import XmpError, read_packet
from sixbit.files.xmp_text import edited
from sixbit.tags.lens import Values, lens_values, outdated, own_properties, text_of
from sixbit.tags.read import opened, photo_blocks, shot_in, sidecars
from sixbit.values.errors import Code, PhotoError
from sixbit.values.lens import Lens
from sixbit.values.marks import COMPENSATED, own_key
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot

_NUMBERS = {
    "FNumber": 0x829D,
    "MaxApertureValue": 0x9205,
    "FocalLength": 0x920A,
    "FocalLengthIn35mmFilm": 0xA405,
    "LensSpecification": 0xA432,
    "LensMake": 0xA433,
    "LensModel": tiff.LENS_MODEL,
}


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
    and PNG are replaced in one step by a copy that differs in these tags alone, with the owner, the permissions and
    the extended attributes that they had; a file with several names is overwritten where it stands, by a copy from
    which it is finished if the process is killed meanwhile. Anything else, and a JPEG whose maker note stands behind
    its picture, gets a sidecar ``PHOTO.ext.xmp``, or its tags go into the sidecar there is. With ``backup`` the file
    as it was stays beside it as ``FILE.orig``; an older backup is kept instead.

    Raises PhotoError for a photo or folder that does not allow it, for an adapter and for an aperture that the lens
    does not have; nothing is changed then.
    """
    photo = Path(path)
    if lens.is_adapter:
        raise PhotoError(Sentence("{lens} is an adapter, not a lens.", lens=lens.name), Code.NO_SUCH_LENS)
    if refused := lens.too_wide(f_number):
        raise PhotoError(refused)
    with alone(photo.resolve()), opened(photo) as file:
        blocks = photo_blocks(photo, file)
        shot = shot_in(photo, blocks)
        crop_factor = _crop_factor(shot)
        values = lens_values(lens, f_number=f_number, focal_mm=focal_mm, crop_factor=crop_factor)
        own = own_properties(lens, values)
        is_tiff = blocks.kind == "TIFF" and photo.suffix.lower() in (".tif", ".tiff")
        try:
            if blocks.kind in ("JPEG", "PNG") or (is_tiff and not blocks.is_dng):
                packet = _merged(blocks.xmp or b"", values, own | _known_to_body(shot), complete=False)
                # The photo is closed again before another file takes its place, which some systems insist on.
                place = photo.resolve()
                with _backup(place, backup), replacing(place, same_file=True) as tagged, file:
                    file.seek(0)
                    _tag(file, tagged, blocks, values, packet)
                    if photo_blocks(photo, tagged).xmp != packet:
                        raise PhotoError("is cut off amid its tags.", Code.DAMAGED, subject=photo)
                return photo
        except (jpeg.NoRoomError, XmpError):
            pass
        except (tiff.StructureError, struct.error) as error:
            raise PhotoError(
                Sentence("its tags are damaged ({error}).", error=error), Code.DAMAGED, subject=photo
            ) from error
        return _tag_sidecar(photo, values, own, backup)


def _crop_factor(shot: Shot) -> float | None:
    """The crop factor by the focal lengths in the photo, before that of the lens takes their place."""
    if shot.focal_mm is None or shot.focal_35mm is None:
        return None
    crop = shot.focal_35mm.value / shot.focal_mm.value
    return crop if 0.9 <= crop <= 12 else None


def _known_to_body(shot: Shot) -> dict[str, str]:
    """The name that the body has written, as a property, if it is to be overwritten: fall-off is compensated for it."""
    known = shot.known_to_body
    return {} if known is None or known.tag.startswith("MakerNote") else {own_key(COMPENSATED): known.value}


def _put(block: tiff.Structure, values: Values, first_tags: Container[int] = ()) -> None:
    """Give the Exif directory these values. It moves to the end, behind them; its other entries stay as they are.

    What was put at the end before goes, with values of the first directory that follow (``first_tags``).
    """
    entries = {entry.tag: entry for entry in block.sub(tiff.EXIF)}
    renewed = {_NUMBERS[name] for name in (*values, *outdated(values))}
    # Those that stay move to the end, too: else they would stay between what is renewed, and that could not be cut off.
    staying = {
        number: data
        for number in {*_NUMBERS.values()} & entries.keys() - renewed
        if (entry := entries[number]).size > 4 and len(data := block.data(entry, entry.size)) == entry.size
    }
    cut_end(block, renewed | staying.keys(), first_tags)
    for number in renewed:
        entries.pop(number, None)
    for number, data in staying.items():
        entries[number] = entries[number]._replace(value=block.pack("I", block.append(data)))
    for name, value in values.items():
        number = _NUMBERS[name]
        if isinstance(value, str):
            entries[number] = block.entry(number, tiff.ASCII, value.encode() + b"\0")
        elif isinstance(value, int):
            entries[number] = block.entry(number, tiff.SHORT, block.pack("H", value))
        else:
            data = b"".join(block.pack("II", part.numerator, part.denominator) for part in value)
            entries[number] = block.entry(number, tiff.RATIONAL, data)
    if tiff.find(block.first(), tiff.EXIF) is None:  # a reader may ask for the version first
        entries[tiff.EXIF_VERSION] = block.entry(tiff.EXIF_VERSION, tiff.UNDEFINED, b"0230")
    block.set_sub(tiff.EXIF, entries.values())


def _tag(photo: BinaryIO, tagged: BinaryIO, blocks: Blocks, values: Values, packet: bytes) -> None:
    """Write a photo with the values in its Exif data, and with this XMP packet."""
    if blocks.kind == "TIFF":
        shutil.copyfileobj(photo, tagged, 1 << 20)
        whole = tiff.Structure(tagged)
        _put(whole, values, {tiff.XMP})
        whole.set_first(whole.entry(tiff.XMP, tiff.BYTE, packet))
        return
    data, old = photo.read(), blocks.exif
    block = tiff.Structure(tiff.EMPTY if old is None else old)
    note = tiff.find(block.sub(tiff.EXIF), tiff.MAKER_NOTE)
    if note is not None and note.length > 4 and block.unpack("I", note.value)[0] + note.length > blocks.exif_size:
        # An M (Typ 240) counts from the start of the file, which must not grow then.
        raise jpeg.NoRoomError
    _put(block, values)
    if blocks.kind == "JPEG":
        tagged.write(mpf.moved(data, jpeg.with_xmp(jpeg.with_exif(data, block.content()), packet)))
    else:
        tagged.write(png.with_xmp(png.with_exif(data, block.content()), packet))


@contextmanager
def _backup(path: Path, wanted: bool) -> Iterator[None]:
    """Keep the file as it is under a second name, if its replacement succeeds; an older one of that name stays."""
    kept = path.with_name(path.name + ".orig")
    made = False
    try:
        # A second name of the photo itself is no copy of it, and would change with it.
        if wanted and not (kept.exists() and not kept.samefile(path)):
            with path.open("rb") as source, replacing(kept, like=path) as file:
                shutil.copyfileobj(source, file, 1 << 20)
            made, times = True, path.stat()
            os.utime(kept, ns=(times.st_atime_ns, times.st_mtime_ns))
    except OSError as error:
        raise refusal(error, kept) from error
    try:
        yield
    except BaseException:
        if made:
            kept.unlink(missing_ok=True)
        raise


def _tag_sidecar(photo: Path, values: Values, own: dict[str, str], backup: bool) -> Path:
    sidecar = next((path for path in sidecars(photo) if os.path.isfile(path)), sidecars(photo)[0])  # noqa: PTH113
    check_place(sidecar)
    with alone(sidecar):
        packet = b""
        if sidecar.exists():
            with opened(sidecar) as file:
                packet = file.read(limits.XMP + 1)
            if len(packet) > limits.XMP:
                why = Sentence(
                    "the sidecar is longer than {size} MB, and none is edited that is.", size=limits.XMP >> 20
                )
                raise PhotoError(why, Code.USER_FILE, subject=sidecar)
        try:
            merged = _merged(packet, values, own, complete=True)
        except XmpError as error:
            raise PhotoError(
                Sentence("the sidecar is damaged ({error}).", error=error), Code.USER_FILE, subject=sidecar
            ) from error
        with _backup(sidecar, backup and sidecar.exists()):
            write_whole(sidecar, merged, same_file=True)
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
        for key in (*properties, *(names[name] for name in outdated(values))):
            found = data.findKey(exiv2.XmpKey(key))
            if found != data.end():
                data.erase(found)
            elif not complete:
                properties.pop(key, None)
        for key, value in properties.items():
            if isinstance(value, list) and len(value) > 1:
                listed = exiv2.XmpArrayValue(exiv2.TypeId.xmpSeq)
                for part in value:
                    listed.append(text_of([part]))
                data.add(exiv2.XmpKey(key), listed)
            else:
                data[key] = text_of(value)
        for key, text in own.items():
            data[key] = text
        return xmp_packet(data)
    except exiv2.Exiv2Error as error:
        if not complete:  # a sidecar is better than a packet of which nothing is left
            raise XmpError(str(error)) from error
        put: dict[str, str | Sequence[str]] = {
            key: [text_of([part]) for part in value] if isinstance(value, list) and len(value) > 1 else text_of(value)
            for key, value in properties.items()
        }
        return edited(packet, [names[name] for name in outdated(values)], {**put, **own})
