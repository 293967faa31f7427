"""PNG: the pixels by libpng, the chunks around them as they are (PNG specification, third edition, section 11)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sixbit.files import png
from sixbit.files.photoshop import iptc_of, resources_of
from sixbit.photos.metadata import Metadata
from sixbit.photos.photo import Photo, check_size
from sixbit.photos.pixels import in_depth
from sixbit.values.errors import Code, PhotoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_IPTC = b"Raw profile type iptc\0"
_SRGB_GAMMA = 45455

_DECODED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
COLOURS = {b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI"}
"""The chunks that say what the values of the pixels mean."""
_FILM = {b"acTL", b"fcTL", b"fdAT"}
_FRAMES = {b"IDAT", b"fdAT"}
_CREDENTIALS = b"caBX"
PICTURE = _DECODED | _FILM | {b"hIST", b"bKGD", b"sBIT", b"iDOT"}
"""The chunks of the picture, and those that hold for its stored pixels alone (Apple's iDOT: where rows begin)."""


@dataclass(frozen=True)
class Encoding:
    """The chunks of a PNG that are kept as they are."""

    chunks: tuple[tuple[bytes, bytes], ...] = ()


def read(path: Path, file: BinaryIO) -> Photo:
    """Decode a PNG; palettes become RGB, grey with alpha becomes RGB with alpha."""
    import imagecodecs
    import numpy as np

    photo, notes = carried(path, file), []
    # libpng gets the chunks of the pixels alone: of damage in others it would complain on the terminal.
    picture = chunks_of(file, _DECODED)
    if chunks_of(file, _FILM):
        notes.append("further frames of the animation were left out")
    try:
        pixels = imagecodecs.png_decode(png.SIGNATURE + picture)
    except (imagecodecs.PngError, ValueError, RuntimeError) as error:
        raise PhotoError(f"the PNG is damaged or cut short ({error}).", Code.DAMAGED, subject=path) from error
    if pixels.ndim == 3 and pixels.shape[2] == 2:
        pixels = np.ascontiguousarray(pixels[:, :, [0, 0, 0, 1]])
        notes.append("grey with alpha became RGB with alpha")
    return replace(photo, pixels=pixels, notes=(*photo.notes, *notes))


def chunks_of(file: BinaryIO, names: Container[bytes]) -> bytes:
    """The chunks of these names, whole."""
    found = []
    for chunk in png.chunks(file):
        if chunk.name in names:
            file.seek(chunk.start)
            found.append(file.read(chunk.end - chunk.start))
    return b"".join(found)


def carried(path: Path, file: BinaryIO) -> Photo:
    """What a PNG carries beside its pixels, as a photo that has none; PhotoError for an impossible size."""
    import numpy as np

    exif = xmp = icc = gamma = None
    resources = b""
    kept, notes = [], []
    stated = False
    for chunk in png.chunks(file):
        name = chunk.name
        content = b"" if name in _FRAMES else file.read(chunk.size)
        if name == png.HEADER and (header := png.header_of(content)):
            check_size(path, *header[:2])
        elif name == png.EXIF:
            exif = exif or content
        elif name == png.TEXT and content.startswith(png.XMP):
            xmp = xmp or png.xmp_of(content)
        elif name == b"zTXt" and content.startswith(_IPTC):
            resources = _raw_profile(content)
        elif name == _CREDENTIALS:
            notes.append("content credentials, which hold for the file as it was alone, were left out")
        elif name not in PICTURE:
            kept.append((name, content))
            stated |= name in (b"sRGB", b"cICP")
            if name == b"iCCP":
                icc = png.inflated(content.partition(b"\0")[2][1:])
            elif name == b"gAMA" and len(content) == 4:
                (gamma,) = struct.unpack(">I", content)
    exponent = None if not gamma or stated or abs(gamma - _SRGB_GAMMA) < 100 else 1e5 / gamma
    metadata, encoding = Metadata(exif, xmp, resources), Encoding(tuple(kept))
    empty = np.empty((0, 0), np.uint8)
    return Photo(path, "PNG", empty, icc, metadata, encoding, gamma=exponent, notes=tuple(dict.fromkeys(notes)))


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
    assemble(file, photo, encoded, metadata)
    return notes


def assemble(file: BinaryIO, photo: Photo, picture: bytes | memoryview, metadata: Metadata) -> None:
    """Write a PNG that holds a picture alone with what a photo carries."""
    file.write(picture[: png.HEADER_END])
    encoding = photo.encoding if isinstance(photo.encoding, Encoding) else Encoding()
    for name, content in encoding.chunks:
        file.write(png.packed(name, content))
    if photo.icc is not None and b"iCCP" not in dict(encoding.chunks):
        file.write(png.packed(b"iCCP", b"ICC profile\0\0" + zlib.compress(photo.icc)))
    if metadata.exif is not None:
        file.write(png.packed(png.EXIF, metadata.exif))
    if metadata.xmp is not None:
        file.write(png.packed(png.TEXT, png.xmp_text(metadata.xmp)))
    if iptc := iptc_of(metadata.resources):
        text = f"\niptc\n{len(iptc):8}\n{iptc.hex()}\n".encode()
        file.write(png.packed(b"zTXt", _IPTC + b"\0" + zlib.compress(text)))
    file.write(picture[png.HEADER_END :])


def _raw_profile(content: bytes) -> bytes:
    """IPTC as ImageMagick and ExifTool write it: a line with its name, one with its length, then hexadecimal digits.

    What is in it may be image resources, or IPTC alone.
    """
    text = png.inflated(content[len(_IPTC) + 1 :])
    try:
        data = bytes.fromhex("".join((text or b"").decode("ascii").split("\n")[3:]))
    except ValueError:
        return b""
    return data if data.startswith(b"8BIM") or not data else resources_of(data)
