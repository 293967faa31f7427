"""JPEG: decoded by libjpeg-turbo straight into the array, encoded with the quantisation tables of the source."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sixbit.files.exiv2 import merged_xmp, split_xmp
from sixbit.photos.leica_trailer import Trailer, taken
from sixbit.photos.metadata import UNREADABLE_JPEG, Metadata
from sixbit.photos.photo import Photo, check_size
from sixbit.photos.pixels import in_depth
from sixbit.values.errors import PhotoError, photo_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Table = tuple[int, ...]

_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION, _RESOURCES, _ICC = b"http://ns.adobe.com/xmp/extension/\0", b"Photoshop 3.0\0", b"ICC_PROFILE\0"
_ADOBE_YCC = b"\x01"
_LARGEST_SEGMENT, _LARGEST_SIDE = 65533, 65500

_QUALITY, _SUBSAMPLING = 95, "4:4:4"
"""For photos that do not come from a JPEG."""

_SAMPLINGS: dict[tuple[int, ...], str] = {
    (1, 1, 1, 1, 1, 1): "4:4:4",
    (2, 1, 1, 1, 1, 1): "4:2:2",
    (2, 2, 1, 1, 1, 1): "4:2:0",
}


@dataclass(frozen=True)
class Encoding:
    """How a JPEG was made: quantisation tables by number, chroma sampling, and the segments kept as they are."""

    tables: dict[int, list[int]]
    subsampling: str
    progressive: bool
    segments: tuple[tuple[int, bytes], ...]
    trailer: Trailer | None = None


def read(path: Path) -> Photo:
    """Decode a JPEG; one that is cut short is refused."""
    import imagecodecs
    from PIL.JpegImagePlugin import JpegImageFile

    data = path.read_bytes()
    stream = io.BytesIO(data)
    try:
        # Not Image.open: it has limits of its own on the size, which is checked below.
        with warnings.catch_warnings(action="ignore"):  # of broken Exif data, which is not used here
            header = JpegImageFile(stream)
    except UNREADABLE_JPEG as error:
        raise PhotoError(
            f"{photo_name(path)}: the JPEG is damaged or cut short; get the file again from the card."
        ) from error
    check_size(path, *header.size)
    if header.layers not in (1, 3):
        raise PhotoError(f"{photo_name(path)}: is a CMYK picture; convert it to RGB first.")
    end = data.find(b"\xff\xd9", stream.tell())
    if end < 0:
        raise PhotoError(f"{photo_name(path)}: the JPEG is cut short; get the file again from the card.")
    try:
        pixels = imagecodecs.jpeg8_decode(data)
    except (imagecodecs.Jpeg8Error, ValueError, RuntimeError) as error:
        raise PhotoError(f"{photo_name(path)}: the JPEG cannot be decoded ({error}).") from error
    metadata, icc, segments, notes = _sorted(header.applist)
    trailer = None
    if metadata.exif is not None:
        exif, trailer = taken(metadata.exif, data, end + 2)
        metadata = replace(metadata, exif=exif)
    if data[end + 2 : trailer.at if trailer else None].strip(b"\0"):
        notes.append("what follows the picture in the file (previews, films, gain maps) was left out")
    sampling = tuple(number for layer in header.layer for number in layer[1:3])
    encoding = Encoding(
        tables={number: list(table) for number, table in header.quantization.items()},
        subsampling=_SAMPLINGS.get(sampling, _SUBSAMPLING),
        progressive=bool(header.info.get("progressive")),
        segments=tuple(segments),
        trailer=trailer,
    )
    return Photo(path, "JPEG", pixels, icc, metadata, encoding, notes=tuple(notes))


def _sorted(found: list[tuple[str, bytes]]) -> tuple[Metadata, bytes | None, list[tuple[int, bytes]], list[str]]:
    """The segments of a JPEG as metadata, colour profile, those kept as they are, and words on those that are not."""
    exif = xmp = None
    extension, resources = {}, b""
    profile: dict[int, bytes] = {}
    others, notes = [], []
    for name, data in found:
        if name == "APP1" and data.startswith(_EXIF) and exif is None:
            exif = data[len(_EXIF) :]
        elif name == "APP1" and data.startswith(_XMP) and xmp is None:
            xmp = data[len(_XMP) :]
        elif name == "APP1" and data.startswith(_EXTENSION) and len(data) > len(_EXTENSION) + 40:
            start = len(_EXTENSION)
            _, offset = struct.unpack(">II", data[start + 32 : start + 40])
            extension[offset] = (data[start : start + 32], data[start + 40 :])
        elif name == "APP2" and data.startswith(_ICC) and len(data) > 14:
            profile[data[12]] = data[14:]
        elif name == "APP13" and data.startswith(_RESOURCES):
            resources += data[len(_RESOURCES) :]
        elif name == "APP2" and data.startswith(b"MPF\0"):
            notes.append("the list of further pictures in the file (MPF) was left out")
        elif name == "APP11":
            notes.append("content credentials, which hold for the uncorrected picture alone, were left out")
        elif name == "APP0" and data.startswith(b"JFXX"):
            pass  # a thumbnail of the picture as it was
        elif name == "APP14" and data.startswith(b"Adobe") and data[11:12] != _ADOBE_YCC:
            pass  # says that the colours are stored in another way than they will be
        else:
            others.append((0xFE if name == "COM" else 0xE0 + int(name[3:]), data))
    if xmp is not None and extension:
        parts = [part for _, (guid, part) in sorted(extension.items()) if guid in xmp]
        xmp = merged_xmp(xmp, b"".join(parts)) if parts else xmp
    icc = b"".join(part for _, part in sorted(profile.items())) or None
    return Metadata(exif, xmp, resources or None), icc, others, list(dict.fromkeys(notes))


def write(
    file: BinaryIO,
    photo: Photo,
    pixels: NDArray[Any],
    metadata: Metadata,
    *,
    quality: int | None = None,
    subsampling: str | None = None,
    threads: int | None = None,
) -> list[str]:
    """Encode pixels as an 8-bit JPEG; alpha is dropped."""
    import numpy as np

    height, width = pixels.shape[:2]
    if max(height, width) > _LARGEST_SIDE:
        raise PhotoError(f"{photo_name(photo.path)}: a JPEG holds at most {_LARGEST_SIDE} pixels a side; write a .tif.")
    notes = []
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels = pixels[:, :, :3]
        notes.append("a JPEG holds no alpha channel: it was left out")
    if pixels.dtype != np.uint8:
        notes.append(f"a JPEG holds 8 bits a channel: {pixels.dtype.itemsize * 8} were rounded to 8")
    pixels = np.ascontiguousarray(in_depth(pixels, 8))
    pixels = pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    source = photo.encoding if isinstance(photo.encoding, Encoding) else None
    subsampling = subsampling or (source.subsampling if source else _SUBSAMPLING)
    tables = tuple(map(tuple, source.tables.values())) if source and quality is None else None
    quality = (quality or _QUALITY) if tables is None else _quality_of(tables, gray=pixels.ndim == 2)
    # The encoder begins with SOI and a JFIF segment of its own, 2 + 18 bytes; a JPEG keeps the one it had, or none.
    content = _encoded(pixels, quality, tables, subsampling, bool(source and source.progressive), threads)
    segments = source.segments if source else ()
    jfif = [_segment(*part) for part in segments if part[0] == 0xE0] if source else [content[2:20]]
    others = [_segment(*part) for part in segments if part[0] != 0xE0]
    file.write(b"\xff\xd8")
    file.writelines(jfif)
    block_at = file.tell() + 4 + len(_EXIF)
    notes += _write_metadata(file, metadata, photo.icc)
    file.writelines(others)
    file.write(content[20:])
    if source and source.trailer and metadata.exif is not None:
        source.trailer.append(file, block_at)
    return notes


def _encoded(
    pixels: NDArray[Any],
    quality: int | None,
    tables: tuple[Table, ...] | None,
    subsampling: str,
    progressive: bool,
    threads: int | None,
) -> memoryview:
    """A JPEG by libjpeg-turbo: straight from the array, or by Pillow's copy of it where only Pillow can say how."""
    if quality is not None and not progressive:
        from sixbit.photos import jpeg_bands

        chroma = None if pixels.ndim == 2 else subsampling.replace(":", "")
        return memoryview(jpeg_bands.encode(pixels, quality, chroma, threads))
    from PIL import Image

    encoded = io.BytesIO()
    height, width = pixels.shape[:2]
    picture = Image.frombuffer("L" if pixels.ndim == 2 else "RGB", (width, height), pixels, "raw")
    how: dict[str, Any] = {"quality": quality} if quality is not None else {"qtables": tables}
    picture.save(encoded, "JPEG", progressive=progressive, subsampling=subsampling, **how)
    picture.close()
    return encoded.getbuffer()


@cache
def _quality_of(tables: tuple[Table, ...], gray: bool) -> int | None:
    """The quality (1-100) at which libjpeg's tables are these; None if at none, as those of many cameras are."""
    import imagecodecs
    import numpy as np
    from PIL.JpegImagePlugin import JpegImageFile

    picture = np.zeros((8, 8) if gray else (8, 8, 3), np.uint8)
    for quality in range(100, 0, -1):
        with JpegImageFile(io.BytesIO(imagecodecs.jpeg8_encode(picture, quality))) as encoded:
            if tuple(map(tuple, encoded.quantization.values())) == tables:
                return quality
    return None


def _write_metadata(file: BinaryIO, metadata: Metadata, icc: bytes | None) -> list[str]:
    notes = []
    if metadata.exif is not None:
        if len(_EXIF) + len(metadata.exif) <= _LARGEST_SEGMENT:
            file.write(_segment(0xE1, _EXIF + metadata.exif))
        else:
            notes.append("its Exif data is too long for a JPEG and was left out; write a .tif to keep it")
    if metadata.xmp is not None:
        packet, extension = split_xmp(metadata.xmp, _LARGEST_SEGMENT - len(_XMP))
        file.write(_segment(0xE1, _XMP + packet))
        if extension is not None:
            guid = md5(extension, usedforsecurity=False).hexdigest().upper().encode()
            for at, part in _parts(extension, 65400):
                file.write(_segment(0xE1, _EXTENSION + guid + struct.pack(">II", len(extension), at) + part))
    if metadata.resources is not None:
        for _, part in _parts(metadata.resources, _LARGEST_SEGMENT - len(_RESOURCES)):
            file.write(_segment(0xED, _RESOURCES + part))
    if icc is not None:
        parts = _parts(icc, _LARGEST_SEGMENT - len(_ICC) - 2)
        for number, (_, part) in enumerate(parts, 1):
            file.write(_segment(0xE2, _ICC + bytes((number, len(parts))) + part))
    return notes


def _parts(data: bytes, size: int) -> list[tuple[int, bytes]]:
    return [(at, data[at : at + size]) for at in range(0, len(data), size)]


def _segment(marker: int, data: bytes) -> bytes:
    return b"\xff" + bytes((marker,)) + struct.pack(">H", len(data) + 2) + data


def has_halved_chroma(path: str | Path) -> bool:
    """True if a photo holds its colour differences at less than the full resolution."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            if picture.format in ("HEIF", "AVIF"):
                return True
            layers: Sequence[Sequence[int]] = getattr(picture, "layer", ())
    except OSError:
        return False
    return len(layers) >= 3 and layers[0][1:3] != layers[1][1:3]
