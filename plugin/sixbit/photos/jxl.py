"""JPEG XL, in alone: decoded by libjxl, which turns the picture upright."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO

from sixbit.files import jpeg
from sixbit.files.bmff import boxes, has_credentials
from sixbit.files.find import jxl_in
from sixbit.photos.codecs import Decoded, decoded, photo_of
from sixbit.photos.metadata import Metadata, upright
from sixbit.photos.photo import NO_GAIN_MAP, Photo, check_size
from sixbit.photos.pixels import straight
from sixbit.photos.stale import NO_CREDENTIALS
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

_GAIN_MAP = b"jhgm"
"""The box of a gain map (ISO/IEC 18181-2)."""


def read(path: Path, file: BinaryIO, most: int) -> Photo:
    """Decode a JPEG XL photo of ``most`` pixels at most; multiplied alpha becomes straight.

    Raises PhotoError for CMYK, and for colours that a profile tells: it is compressed in a way of its own, which only
    the JPEG tells that some of these files were made of.
    """
    import numpy as np

    found = jxl_in(file)
    header = found.header
    check_size(path, *header.size, most)
    if "black" in header.channels:
        raise PhotoError("is a CMYK picture.", Code.FORMAT, subject=path)
    file.seek(0)
    data = file.read()
    icc = _profile(data) if header.has_profile and found.is_jpeg else None
    if header.has_profile and icc is None:
        why = Sentence("is a JPEG XL whose colours are told by a profile, which cannot be read from it.")
        raise PhotoError(why, Code.FORMAT, subject=path)
    notes: list[str] = [NO_CREDENTIALS] if has_credentials(file) else []
    if any(box.name == _GAIN_MAP for box in boxes(file)):
        notes.append(NO_GAIN_MAP)
    picture = decoded(path, "JPEG XL", data, header.bits)
    pixels = picture.pixels
    if pixels.ndim == 3 and header.is_grey and pixels.shape[:2] != header.size[::-1]:
        pixels = pixels[0]  # each channel lies on its own then
    if {*header.channels} - {"alpha"}:
        notes.append(Sentence("its further channels were left out"))
    if header.is_premultiplied:
        pixels = straight(pixels)
    metadata = upright(Metadata(found.exif, found.xmp))
    picture = Decoded(np.ascontiguousarray(pixels), header.is_grey)
    colours: dict[str, Any] = {"icc": icc, "codes": header.codes, "gamma": header.gamma, "points": header.points}
    return photo_of(path, "JPEG XL", picture, metadata, notes, **({"icc": icc} if icc else colours))


def _profile(data: bytes) -> bytes | None:
    """The profile of the JPEG that it was made from; None if that cannot be made again, or has none."""
    import imagecodecs

    try:
        source = io.BytesIO(imagecodecs.jpegxl_decode_jpeg(data, numthreads=1))
    except (ValueError, RuntimeError):
        return None
    found = [one.content for one in jpeg.segments(source) if one.marker == jpeg.APP2]
    parts = {content[12]: content[14:] for content in found if content.startswith(jpeg.ICC) and len(content) > 14}
    return b"".join(parts[number] for number in sorted(parts)) or None
