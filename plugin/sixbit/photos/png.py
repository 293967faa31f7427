"""PNG: the pixels by libpng, the chunks around them as they are (PNG specification, third edition, section 11)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
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
_PIXELS = _DECODED | {b"hIST", b"bKGD", b"sBIT"}
COLOURS = {b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI"}
"""The chunks that say what the values of the pixels mean."""
_FILM = {b"acTL", b"fcTL", b"fdAT"}


@dataclass(frozen=True)
class Encoding:
    """The chunks of a PNG that are kept as they are."""

    chunks: tuple[tuple[bytes, bytes], ...] = ()


def read(path: Path, file: BinaryIO) -> Photo:
    """Decode a PNG; palettes become RGB, grey with alpha becomes RGB with alpha."""
    import imagecodecs
    import numpy as np

    data = memoryview(file.read())
    icc = gamma = None
    exifs: dict[bool, bytes] = {}
    xmps: dict[bool, bytes] = {}
    resources = b""
    kept, notes = [], []
    stated = False
    # libpng gets the chunks of the pixels alone: of damage in others it would complain on the terminal.
    picture: list[bytes | memoryview] = [png.SIGNATURE]
    for chunk in png.chunks(file):
        name = chunk.name
        if name in _DECODED:
            picture.append(data[chunk.start : chunk.end])
        content = b"" if name == b"IDAT" else bytes(data[chunk.at : chunk.at + chunk.size])
        if name == png.HEADER and (header := png.header_of(content)):
            check_size(path, *header[:2])
        elif (found := png.exif_in(name, content)) is not None:
            exifs.setdefault(name == png.EXIF, found)
        elif (found := png.xmp_in(name, content)) is not None:
            xmps.setdefault(content.startswith(png.XMP), found)
        elif name in png.TEXTS and content.startswith(_IPTC):
            resources = _resources(png.raw_profile(name, content) or b"")
        elif name in _FILM:
            notes.append("further frames of the animation were left out")
        elif name not in _PIXELS:
            kept.append((name, content))
            stated |= name in (b"sRGB", b"cICP")
            if name == b"iCCP":
                icc = png.inflated(content.partition(b"\0")[2][1:])
            elif name == b"gAMA" and len(content) == 4:
                (gamma,) = struct.unpack(">I", content)
    try:
        pixels = imagecodecs.png_decode(b"".join(picture))
    except (imagecodecs.PngError, ValueError, RuntimeError) as error:
        raise PhotoError(f"the PNG is damaged or cut short ({error}).", Code.DAMAGED, subject=path) from error
    if pixels.ndim == 3 and pixels.shape[2] == 2:
        pixels = np.ascontiguousarray(pixels[:, :, [0, 0, 0, 1]])
        notes.append("grey with alpha became RGB with alpha")
    exponent = None if not gamma or stated or abs(gamma - _SRGB_GAMMA) < 100 else 1e5 / gamma
    metadata = Metadata(_of_two("Exif", exifs, notes), _of_two("XMP", xmps, notes), resources)
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
    file.write(encoded[: png.HEADER_END])
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
    file.write(encoded[png.HEADER_END :])
    return notes


def _of_two(what: str, found: dict[bool, bytes], notes: list[str]) -> bytes | None:
    """Exif or XMP from the chunk that is meant for it (True), else from a text; a note if both say something."""
    if len(set(found.values())) > 1:
        notes.append(f"a second copy of its {what} data, in a text, was left out")
    return found.get(True, found.get(False))


def _resources(data: bytes) -> bytes:
    """Image resources, which a raw profile of IPTC holds, or IPTC alone."""
    return data if data.startswith(b"8BIM") or not data else resources_of(data)
