"""PNG: the pixels by libpng, the chunks around them as they are (PNG specification, third edition, section 11)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sixbit.files.photoshop import iptc_of, resources_of
from sixbit.photos.metadata import Metadata
from sixbit.photos.photo import Photo, check_size
from sixbit.photos.pixels import in_depth
from sixbit.values.errors import PhotoError, photo_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp\0"
_IPTC = b"Raw profile type iptc\0"
_SRGB_GAMMA = 45455
_LARGEST_TEXT = 1 << 26

_DECODED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PIXELS = _DECODED | {b"hIST", b"bKGD", b"sBIT"}
COLOURS = {b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI"}
"""The chunks that say what the values of the pixels mean."""
_FILM = {b"acTL", b"fcTL", b"fdAT"}


@dataclass(frozen=True)
class Encoding:
    """The chunks of a PNG that are kept as they are."""

    chunks: tuple[tuple[bytes, bytes], ...]

    @property
    def has_profile(self) -> bool:
        """True if the colour profile is among them."""
        return any(name == b"iCCP" for name, _ in self.chunks)


def read(path: Path) -> Photo:
    """Decode a PNG; palettes become RGB, grey with alpha becomes RGB with alpha."""
    import imagecodecs
    import numpy as np

    data = path.read_bytes()
    exif = xmp = icc = resources = gamma = None
    kept, notes = [], []
    stated = False
    # libpng gets the chunks of the pixels alone: of damage in others it would complain on the terminal.
    picture: list[bytes | memoryview] = [SIGNATURE]
    for name, whole in _chunks(data):
        content = whole[8:-4]
        if name in _DECODED:
            picture.append(whole)
        if name == b"IHDR":
            check_size(path, *struct.unpack(">II", bytes(content[:8]).ljust(8, b"\0")))
        elif name == b"eXIf":
            exif = bytes(content)
        elif name == b"iTXt" and content[: len(_XMP)] == _XMP:
            xmp = _international_text(bytes(content))
        elif name == b"zTXt" and content[: len(_IPTC)] == _IPTC:
            resources = _raw_profile(bytes(content))
        elif name in _FILM:
            notes.append("further frames of the animation were left out")
        elif name not in _PIXELS:
            kept.append((name, bytes(content)))
            stated |= name in (b"sRGB", b"cICP")
            if name == b"iCCP":
                icc = _inflated(bytes(content).partition(b"\0")[2][1:])
            elif name == b"gAMA" and len(content) == 4:
                (gamma,) = struct.unpack(">I", content)
    try:
        pixels = imagecodecs.png_decode(b"".join(picture))
    except (imagecodecs.PngError, ValueError, RuntimeError) as error:
        raise PhotoError(f"{photo_name(path)}: the PNG is damaged or cut short ({error}).") from error
    if pixels.ndim == 3 and pixels.shape[2] == 2:
        pixels = np.ascontiguousarray(pixels[:, :, [0, 0, 0, 1]])
        notes.append("grey with alpha became RGB with alpha")
    exponent = None if not gamma or stated or abs(gamma - _SRGB_GAMMA) < 100 else 1e5 / gamma
    metadata = Metadata(exif, xmp, resources)
    return Photo(
        path, "PNG", pixels, icc, metadata, Encoding(tuple(kept)), gamma=exponent, notes=tuple(dict.fromkeys(notes))
    )


def write(file: BinaryIO, photo: Photo, pixels: NDArray[Any], metadata: Metadata) -> list[str]:
    """Encode pixels as an 8- or 16-bit PNG."""
    import imagecodecs
    import numpy as np

    notes = []
    if pixels.dtype == np.float32:
        pixels = in_depth(pixels, 16)
        notes.append("a PNG holds whole numbers: floating point was rounded to 16 bits")
    # Run lengths of the differences: four times as fast as the default, a few per cent larger.
    encoded = memoryview(imagecodecs.png_encode(np.ascontiguousarray(pixels), level=1, strategy=3, filter=16))
    header = len(SIGNATURE) + 25
    file.write(encoded[:header])
    if isinstance(photo.encoding, Encoding):
        for name, content in photo.encoding.chunks:
            file.write(_chunk(name, content))
    if photo.icc is not None and not (isinstance(photo.encoding, Encoding) and photo.encoding.has_profile):
        file.write(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(photo.icc)))
    if metadata.exif is not None:
        file.write(_chunk(b"eXIf", metadata.exif))
    if metadata.xmp is not None:
        file.write(_chunk(b"iTXt", _XMP + b"\0\0\0\0" + metadata.xmp))
    if metadata.resources is not None and (iptc := iptc_of(metadata.resources)):
        text = f"\niptc\n{len(iptc):8}\n{iptc.hex()}\n".encode()
        file.write(_chunk(b"zTXt", _IPTC + b"\0" + zlib.compress(text)))
    file.write(encoded[header:])
    return notes


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Name of each chunk, and all of it: length, name, content and check sum."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        yield name, memoryview(data)[at : at + 12 + size]
        at += 12 + size


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _inflated(data: bytes) -> bytes | None:
    """Decompressed, or None if it is broken or would fill the memory."""
    try:
        stream = zlib.decompressobj()
        content = stream.decompress(data, _LARGEST_TEXT)
    except zlib.error:
        return None
    return content if stream.eof else None


def _international_text(content: bytes) -> bytes | None:
    compressed = content[len(_XMP) : len(_XMP) + 1] == b"\1"
    parts = content[len(_XMP) + 2 :].split(b"\0", 2)
    if len(parts) < 3:
        return None
    return _inflated(parts[2]) if compressed else parts[2]


def _raw_profile(content: bytes) -> bytes | None:
    """IPTC as ImageMagick and ExifTool write it: a line with its name, one with its length, then hexadecimal digits.

    What is in it may be image resources, or IPTC alone.
    """
    text = _inflated(content[len(_IPTC) + 1 :])
    try:
        data = bytes.fromhex("".join((text or b"").decode("ascii").split("\n")[3:]))
    except ValueError:
        return None
    return data if data.startswith(b"8BIM") else resources_of(data) if data else None
