"""JPEG: decoded by libjpeg-turbo straight into the array, encoded with the quantisation tables of the source."""

from __future__ import annotations

import io
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sixbit.files import jpeg, limits, mpf, webp
from sixbit.files.exiv2 import loaded_exiv2, merged_xmp, split_xmp
from sixbit.files.find import kind_in
from sixbit.files.jpeg import Segment
from sixbit.machine import processors
from sixbit.photos.colour import SRGB, of_exif, of_icc
from sixbit.photos.gain_map import GainMap, announced, is_gain_map
from sixbit.photos.leica_trailer import Trailer, taken
from sixbit.photos.metadata import Metadata
from sixbit.photos.photo import Photo, check_bytes, check_size
from sixbit.photos.pixels import in_depth, packed
from sixbit.photos.resolution import Resolution, jfif, of_jfif, resolution_in
from sixbit.photos.stale import NO_CREDENTIALS
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Table = tuple[int, ...]

_ADOBE_YCC = b"\x01"
_LARGEST_SIDE = 65500
_PROFILE_PART = jpeg.LONGEST - len(jpeg.ICC) - 2
"""Bytes of a profile in a segment; there are 255 at most."""

_UNREADABLE = (OSError, SyntaxError, ValueError, struct.error, LookupError, TypeError)
"""The errors that Pillow raises for the header of a JPEG that is damaged, in one way or another."""

_QUALITY = 95
"""For photos that do not come from a JPEG."""

_NO_INDEX = Sentence("the list of further pictures in the file (MPF) was left out")

_SAMPLINGS: dict[tuple[int, ...], str] = {
    (1, 1, 1, 1, 1, 1): "4:4:4",
    (2, 1, 1, 1, 1, 1): "4:2:2",
    (2, 2, 1, 1, 1, 1): "4:2:0",
}

_BAND_PIXELS = 2_000_000
"""Of a band, about; a picture that is no larger is encoded whole."""
_LARGEST_INTERVAL = 65535
"""Blocks of a restart interval, as many as its two bytes hold (ITU-T T.81, B.2.4.4)."""
_BLOCKS = {"444": (8, 8), "422": (16, 8), "420": (16, 16)}
"""Width and height in px of what the encoder codes at once (an MCU, A.2)."""
_INTERVAL = 0xDD


@dataclass(frozen=True)
class JpegEncoding:
    """How a JPEG was made, or is made of a photo that was none: with the segments that are kept as they are."""

    tables: tuple[Table, ...] = ()
    """Of the quantisation; none: those of the quality that is asked for."""
    subsampling: str = "4:4:4"
    progressive: bool = False
    segments: tuple[tuple[int, bytes], ...] = ((jpeg.APP0, jfif(None)),)
    trailer: Trailer | None = None
    exif_in_parts: bool = False
    """True if the Exif data was longer than a segment, and in several."""

    @property
    def resolution(self) -> Resolution | None:
        """By its JFIF segment; None if it tells none."""
        found = (data for marker, data in self.segments if marker == jpeg.APP0 and data.startswith(b"JFIF\0"))
        return of_jfif(next(found, b""))

    @property
    def only_here(self) -> str | None:
        """Tells in words that its comment stays behind in another format; None if it has none.

        >>> JpegEncoding(segments=((jpeg.COMMENT, b"At dusk"),)).only_here
        'its JPEG comment was left out; write a .jpg to keep it'
        """
        if not any(marker == jpeg.COMMENT and data.strip(b"\0 ") for marker, data in self.segments):
            return None
        return Sentence("its JPEG comment was left out; write a .jpg to keep it")


def read(path: Path, file: BinaryIO, most: int) -> Photo:
    """Decode a JPEG of ``most`` pixels at most; one that is cut short is refused."""
    import imagecodecs
    from PIL.JpegImagePlugin import JpegImageFile

    data = file.read()
    try:
        # Not Image.open: it has limits of its own on the size, which is checked below.
        header = JpegImageFile(io.BytesIO(_bare_head(data)))
    except _UNREADABLE as error:
        raise PhotoError("the JPEG is damaged or cut short.", Code.DAMAGED, subject=path) from error
    check_size(path, *header.size, most)
    if header.layers not in (1, 3):
        raise PhotoError("is a CMYK picture.", Code.FORMAT, subject=path)
    _check_scans(path, data, most)
    try:
        pixels = imagecodecs.jpeg8_decode(data)
    except (imagecodecs.Jpeg8Error, ValueError, RuntimeError) as error:
        raise PhotoError(
            Sentence("the JPEG cannot be decoded ({error}).", error=error), Code.DAMAGED, subject=path
        ) from error
    photo = carried(path, data)
    sampling = tuple(number for layer in header.layer for number in layer[1:3])
    encoding = replace(
        photo.encoding,
        tables=tuple(map(tuple, header.quantization.values())),
        subsampling=_SAMPLINGS.get(sampling, "4:4:4"),
        progressive=bool(header.info.get("progressive")),
    )
    return replace(photo, pixels=pixels, encoding=encoding, bits=0)


def _bare_head(data: bytes) -> bytes:
    """A JPEG up to its picture, without Exif data, in which Pillow looks for a resolution that may be broken."""
    parts = list(jpeg.segments(io.BytesIO(data)))
    if not parts or parts[-1].marker != jpeg.SCAN:
        raise jpeg.without_picture(io.BytesIO(data))
    return b"".join((data[:2], *(data[part.start : part.end] for part in parts if part.marker != jpeg.APP1)))


def _check_scans(path: Path, data: bytes, most: int) -> None:
    """Refuse a picture that is cut short, has too few bytes for its size, or so many scans that they take too long."""
    scans, frame = jpeg.scans_in(data), jpeg.frame_in(data)
    if frame is None or not scans.number:
        raise jpeg.without_picture(io.BytesIO(data))
    if scans.end is None:
        raise PhotoError("the JPEG is cut short.", Code.DAMAGED, subject=path)
    width, height = frame.size
    check_bytes(path, width, height, frame.blocks * frame.least_bits / 8, scans.end - scans.start)
    allowed = min(limits.SCANS, limits.SCANNED * most // (width * height))
    if scans.number > allowed:
        why = Sentence(
            "is stored in {count} scans; more than {allowed} are not decoded at its size.",
            count=scans.number,
            allowed=allowed,
        )
        raise PhotoError(why, Code.FORMAT, subject=path)


def carried(path: Path, data: bytes) -> Photo:
    """All that a JPEG carries beside its pixels, as a photo that has none."""
    import numpy as np

    segments = list(jpeg.segments(io.BytesIO(data)))
    end = jpeg.picture_end(data) or len(data)
    metadata, icc, kept, notes = _sorted(segments)
    # In the picture it says that a gain map follows; one that does not, or is left out, is not to be looked for.
    kept = [part for part in kept if not part[1].startswith(jpeg.GAIN_MAP)]
    kept, of_previews = _without_previews(kept)
    notes += of_previews
    trailer = None
    if exif_found := jpeg.exif_in(segments):
        block_at, block = exif_found
        exif, trailer = taken(block, block_at, data, end)
        metadata = replace(metadata, exif=exif)
    gain_map, others, more_notes = gain_map_in(path, data[end : trailer.at if trailer else None])
    notes += more_notes
    if others.strip(b"\0"):
        kinds = (
            Sentence("previews, films, depth maps") if gain_map else Sentence("previews, films, depth maps, gain maps")
        )
        notes.append(Sentence("what follows the picture in the file ({kinds}) was left out", kinds=kinds))
    if gain_map and _NO_INDEX in notes:  # it will have one of its own
        notes.remove(_NO_INDEX)
    in_parts = len(jpeg.exif_segments(segments)) > 1
    encoding = JpegEncoding(segments=tuple(kept), trailer=trailer, exif_in_parts=in_parts)
    empty = np.empty((0, 0), np.uint8)
    colour = of_icc(icc) or of_exif(metadata.exif) or SRGB
    return Photo(path, "JPEG", empty, colour, metadata, encoding, notes=tuple(notes), gain_map=gain_map)


def _without_previews(parts: list[tuple[int, bytes]]) -> tuple[list[tuple[int, bytes]], list[str]]:
    """The segments without those in which a maker keeps a picture of the picture, and a note if there were any.

    A long one is continued in others of the same marker and name.
    """
    holders = {(marker, data[:4]) for marker, data in parts if jpeg.SIGNATURE in data}
    kept = [part for part in parts if (part[0], part[1][:4]) not in holders]
    return kept, [Sentence("previews in segments of the camera's maker were left out")] if holders else []


def gain_map_in(path: Path, behind: bytes) -> tuple[GainMap | None, bytes, list[str]]:
    """The gain map in what follows the picture, the others there, and a note if it cannot be read."""
    for at, picture in mpf.pictures(behind):
        metadata, icc, segments, _ = _sorted(list(jpeg.segments(io.BytesIO(picture))))
        iso = next((data[len(jpeg.GAIN_MAP) :] for _, data in segments if data.startswith(jpeg.GAIN_MAP)), None)
        if not is_gain_map(metadata.xmp, iso):
            continue
        others = behind[:at] + behind[at + len(picture) :]
        try:
            photo = read(path, io.BytesIO(picture), limits.PIXELS)
        except (PhotoError, MemoryError):
            return None, others, [Sentence("its HDR gain map cannot be read and was left out")]
        kept = tuple(part for part in segments if part[0] in (jpeg.APP0, jpeg.APP14))
        encoding = replace(photo.encoding, segments=kept, trailer=None)
        return GainMap(photo.pixels, metadata.xmp, iso, icc, encoding), others, []
    return None, behind, []


def _sorted(segments: list[Segment]) -> tuple[Metadata, bytes | None, list[tuple[int, bytes]], list[str]]:
    """The segments of a JPEG as metadata, colour profile, those kept as they are, and words on those that are not."""
    xmp = None
    exif = jpeg.exif_segments(segments)
    extension, resources = {}, b""
    profile: dict[int, bytes] = {}
    others, notes = [], []
    for segment in segments:
        marker, data = segment.marker, segment.content
        if segment in exif:
            continue
        if segment.of(jpeg.XMP) and xmp is None:
            xmp = data[len(jpeg.XMP) :]
        elif segment.of(jpeg.XMP_EXTENSION) and len(data) > len(jpeg.XMP_EXTENSION) + 40:
            start = len(jpeg.XMP_EXTENSION)
            _, offset = struct.unpack(">II", data[start + 32 : start + 40])
            extension[offset] = (data[start : start + 32], data[start + 40 :])
        elif marker == jpeg.APP2 and data.startswith(jpeg.ICC) and len(data) > 14:
            profile[data[12]] = data[14:]
        elif marker == jpeg.APP13 and data.startswith(jpeg.RESOURCES):
            resources += data[len(jpeg.RESOURCES) :]
        elif marker == jpeg.APP2 and data.startswith(mpf.NAME):
            notes.append(_NO_INDEX)
        elif marker == jpeg.APP2 and data.startswith(jpeg.GAIN_MAP) and len(data) <= len(jpeg.GAIN_MAP) + 4:
            pass  # only says that a gain map follows
        elif marker == jpeg.APP11:
            notes.append(NO_CREDENTIALS)
        elif marker == jpeg.APP0 and data.startswith(b"JFXX"):
            pass  # a thumbnail of the picture as it was
        elif marker == jpeg.APP0 and data.startswith(b"JFIF\0") and len(data) > 14:
            others.append((marker, data[:12] + bytes(2)))  # without such a thumbnail
        elif marker == jpeg.APP14 and data.startswith(b"Adobe") and data[11:12] != _ADOBE_YCC:
            pass  # says that the colours are stored in another way than they will be
        elif jpeg.APP0 <= marker <= jpeg.APP15 or marker == jpeg.COMMENT:
            others.append((marker, data))
    if xmp is not None and extension:
        parts = [part for _, (guid, part) in sorted(extension.items()) if guid in xmp]
        try:
            xmp = merged_xmp(xmp, b"".join(parts)) if parts else xmp
        except loaded_exiv2().Exiv2Error:
            notes.append(Sentence("the part of its XMP data that is in segments of its own is broken and was left out"))
    icc = b"".join(part for _, part in sorted(profile.items())) or None
    _, block = jpeg.exif_in(exif) or (0, None)
    return Metadata(block, xmp, resources), icc, others, list(dict.fromkeys(notes))


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
    height, width = pixels.shape[:2]
    if max(height, width) > _LARGEST_SIDE:
        raise PhotoError(
            Sentence("a JPEG holds at most {most} pixels a side.", most=_LARGEST_SIDE), Code.ENDING, subject=photo.path
        )
    if photo.profile is not None and len(photo.profile) > 255 * _PROFILE_PART:
        raise PhotoError("a JPEG does not hold so large a colour profile.", Code.ENDING, subject=photo.path)
    notes: list[str] = []
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        pixels = pixels[:, :, :-1]
        notes.append(Sentence("a JPEG holds no alpha channel: it was left out"))
    if photo.bits > 8:
        notes.append(Sentence("a JPEG holds 8 bits a channel: {bits} were rounded to 8", bits=photo.bits))
    pixels = packed(in_depth(pixels, 8))
    pixels = pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    encoding = photo.encoding if isinstance(photo.encoding, JpegEncoding) else JpegEncoding()
    tables = encoding.tables if quality is None else ()
    quality = _quality_of(tables, gray=pixels.ndim == 2) if tables else quality or _QUALITY
    content = _encoded(pixels, quality, tables, subsampling or encoding.subsampling, encoding.progressive, threads)
    # The encoder begins with SOI and a JFIF segment of its own, 2 + 18 bytes.
    return notes + assemble(file, photo, content[20:], metadata, threads)


def assemble(
    file: BinaryIO, photo: Photo, content: bytes | memoryview, metadata: Metadata, threads: int | None = None
) -> list[str]:
    """Write a JPEG of an encoded picture, all from its first table to its end, with what a photo carries."""
    notes: list[str] = []
    if isinstance(photo.encoding, JpegEncoding):
        encoding = photo.encoding
    else:
        encoding = JpegEncoding(segments=((jpeg.APP0, jfif(resolution_in(metadata.exif))),))
    first = [jpeg.packed(*part) for part in encoding.segments if part[0] == jpeg.APP0]
    others = [jpeg.packed(*part) for part in encoding.segments if part[0] != jpeg.APP0]
    behind = b""
    try:
        metadata, behind = with_gain_map(metadata, photo.gain_map, threads)
    except loaded_exiv2().Exiv2Error:
        notes.append(Sentence("its HDR gain map was left out: the XMP data of the photo cannot tell of it"))
    file.write(b"\xff\xd8")
    file.writelines(first)
    block_at = file.tell() + 4 + len(jpeg.EXIF)
    _write_metadata(file, metadata, photo.profile)
    file.writelines(others)
    if photo.gain_map and behind:
        if photo.gain_map.iso is not None:
            file.write(jpeg.packed(jpeg.APP2, jpeg.GAIN_MAP + bytes(4)))
        file.write(mpf.index(file.tell(), len(content), len(behind)))
    file.write(content)
    file.write(behind)
    if encoding.trailer and metadata.has_maker_note:
        encoding.trailer.append(file, block_at)
    return notes


def with_gain_map(metadata: Metadata, gain_map: GainMap | None, threads: int | None) -> tuple[Metadata, bytes]:
    """The metadata of a picture that tells of its gain map, and that map as a JPEG; raises Exiv2Error."""
    if gain_map is None:
        return metadata, b""
    encoding = gain_map.encoding
    if gain_map.iso is not None:
        encoding = replace(encoding, segments=(*encoding.segments, (jpeg.APP2, jpeg.GAIN_MAP + gain_map.iso)))
    picture = Photo(Path(), "JPEG", gain_map.pixels, of_icc(gain_map.icc) or SRGB, encoding=encoding)
    file = io.BytesIO()
    write(file, picture, gain_map.pixels, Metadata(xmp=gain_map.xmp), threads=threads)
    return replace(metadata, xmp=announced(metadata.xmp, gain_map, file.tell())), file.getvalue()


def _encoded(
    pixels: NDArray[Any],
    quality: int | None,
    tables: tuple[Table, ...],
    subsampling: str,
    progressive: bool,
    threads: int | None,
) -> memoryview:
    """A JPEG by libjpeg-turbo: straight from the array, or by Pillow's copy of it where only Pillow can say how."""
    if quality is not None and not progressive:
        chroma = None if pixels.ndim == 2 else subsampling.replace(":", "")
        return memoryview(encode_in_bands(pixels, quality, chroma, threads))
    from PIL import Image

    encoded = io.BytesIO()
    height, width = pixels.shape[:2]
    picture = Image.frombuffer("L" if pixels.ndim == 2 else "RGB", (width, height), pixels, "raw")
    how: dict[str, Any] = {"quality": quality} if quality is not None else {"qtables": tables}
    picture.save(encoded, "JPEG", progressive=progressive, subsampling=subsampling, **how)
    picture.close()
    return encoded.getbuffer()


def encode_in_bands(pixels: NDArray[Any], quality: int, chroma: str | None, threads: int | None = None) -> bytes:
    """Encode an array (height, width) or (height, width, 3) of uint8; ``chroma`` is 444, 422 or 420, None for gray.

    A large picture is encoded by several threads, a band each, put together with restart markers between. A restart
    marker (ITU-T T.81, E.1.4) begins the prediction of the darkest coefficients anew, as the start of a picture does.
    So the bands, encoded one by one with the same tables, are the picture. Their size does not depend on the number
    of ``threads`` (the processors there are by default), so that every machine writes the same file.

    >>> import numpy as np
    >>> from imagecodecs import jpeg8_decode
    >>> gray = np.tile(np.arange(2000, dtype=np.uint8), (1200, 1))
    >>> np.abs(jpeg8_decode(encode_in_bands(gray, 95, None)).astype(int) - gray)[:, :250].max() < 9
    np.True_
    """
    import imagecodecs

    def encoded(part: NDArray[Any]) -> bytes:
        return bytes(imagecodecs.jpeg8_encode(part, quality, subsampling=chroma))

    height, width = pixels.shape[:2]
    if width * height <= _BAND_PIXELS:
        return encoded(pixels)
    block_width, block_height = _BLOCKS[chroma or "444"]
    across = -(-width // block_width)
    rows = max(1, min(_BAND_PIXELS // (width * block_height), _LARGEST_INTERVAL // across))
    step = rows * block_height
    parts = [pixels[top : top + step] for top in range(0, height, step)]
    with ThreadPoolExecutor(threads or processors()) as pool:
        bands = list(pool.map(encoded, parts))
    first = bands[0]
    segments = list(jpeg.segments(io.BytesIO(first)))
    frame, scan = next(segment for segment in segments if jpeg.frame_of(segment)), segments[-1]
    header = first[: frame.at + 1] + struct.pack(">H", height) + first[frame.at + 3 : scan.start]
    interval = jpeg.packed(_INTERVAL, struct.pack(">H", rows * across))
    joined = [header, interval, first[scan.start : scan.end]]
    for number, band in enumerate(bands):
        # All headers are of one length; each band ends with EOI.
        joined += [band[scan.end : -2], bytes((0xFF, 0xD0 + number % 8))]
    joined[-1] = b"\xff\xd9"
    return b"".join(joined)


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


def _write_metadata(file: BinaryIO, metadata: Metadata, icc: bytes | None) -> None:
    if metadata.exif is not None:
        file.write(jpeg.packed_exif(metadata.exif))
    if metadata.xmp is not None:
        packet, extension = split_xmp(metadata.xmp, jpeg.LONGEST - len(jpeg.XMP))
        file.write(jpeg.packed(jpeg.APP1, jpeg.XMP + packet))
        if extension is not None:
            guid = md5(extension, usedforsecurity=False).hexdigest().upper().encode()
            for at, part in _parts(extension, 65400):
                file.write(
                    jpeg.packed(jpeg.APP1, jpeg.XMP_EXTENSION + guid + struct.pack(">II", len(extension), at) + part)
                )
    for _, part in _parts(metadata.resources, jpeg.LONGEST - len(jpeg.RESOURCES)):
        file.write(jpeg.packed(jpeg.APP13, jpeg.RESOURCES + part))
    if icc is not None:
        parts = _parts(icc, _PROFILE_PART)
        for number, (_, part) in enumerate(parts, 1):
            file.write(jpeg.packed(jpeg.APP2, jpeg.ICC + bytes((number, len(parts))) + part))


def _parts(data: bytes, size: int) -> list[tuple[int, bytes]]:
    return [(at, data[at : at + size]) for at in range(0, len(data), size)]


def has_halved_chroma(path: str | Path) -> bool:
    """True if a photo holds its colour differences at less than the full resolution."""
    try:
        with Path(path).open("rb") as file:
            kind = kind_in(file)
            if kind == "WebP":  # which codes them so unless it is lossless (RFC 6386, section 2)
                return any(chunk.name == b"VP8 " for chunk in webp.chunks(file))
            found = [jpeg.frame_of(segment) for segment in jpeg.segments(file)] if kind == "JPEG" else []
    except (OSError, PhotoError):
        return False
    return kind in ("HEIC", "AVIF") or any(frame and frame.has_halved_chroma for frame in found)
