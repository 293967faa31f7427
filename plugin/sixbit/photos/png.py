"""PNG: the pixels by libpng, the chunks around them as they are (PNG specification, third edition, section 11)."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sixbit.files import limits, png
from sixbit.files.photoshop import iptc_of, resources_of
from sixbit.photos.colour import SRGB, of_exif, of_png_chunks
from sixbit.photos.metadata import Metadata, listed
from sixbit.photos.photo import Photo, check_bytes, check_size
from sixbit.photos.pixels import in_depth, packed
from sixbit.photos.resolution import Resolution, of_phys, phys, resolution_in
from sixbit.photos.stale import NO_CREDENTIALS
from sixbit.values.errors import Code, PhotoError, photo_name
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

_IPTC = b"Raw profile type iptc\0"

_LONGEST_KEYWORD = 79
"""Bytes, in Latin-1 (section 11.3.3.1)."""

RESOLUTION = b"pHYs"
_DECODED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_STATED = {b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP"}
COLOURS = _STATED | {b"mDCV", b"cLLI"}
"""The chunks that say what the values of the pixels mean."""
_FILM = {b"acTL", b"fcTL", b"fdAT"}
_FRAMES = {b"IDAT", b"fdAT"}
_CREDENTIALS = b"caBX"
PICTURE = _DECODED | _FILM | {b"hIST", b"bKGD", b"sBIT", b"iDOT"}
"""The chunks of the picture, and those that hold for its stored pixels alone (Apple's iDOT: where rows begin)."""


@dataclass(frozen=True)
class PngEncoding:
    """The chunks of a PNG that are kept as they are."""

    chunks: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def resolution(self) -> Resolution | None:
        """By its pHYs chunk; None if it tells none."""
        return of_phys(dict(self.chunks).get(RESOLUTION, b""))

    @property
    def only_here(self) -> str | None:
        """Tells in words that its texts stay behind in another format, by their keywords; None if it has none.

        >>> PngEncoding(((b"tEXt", b"Author\\0A. N. Other"),)).only_here
        'its PNG texts (Author) were left out; write a .png to keep them'
        """
        inflate = png.Inflater()
        told = [content for name, content in self.chunks if name in png.TEXTS and not _unread(name, content, inflate)]
        texts = (content.partition(b"\0")[0] for content in told)
        keywords = [photo_name(text[:_LONGEST_KEYWORD].decode("latin-1")) for text in dict.fromkeys(texts)]
        if not keywords:
            return None
        return Sentence("its PNG texts ({names}) were left out; write a .png to keep them", names=listed(keywords))

    def without_colours(self) -> PngEncoding:
        """All but the chunks that say what the values mean."""
        return PngEncoding(tuple(chunk for chunk in self.chunks if chunk[0] not in COLOURS))


def read(path: Path, file: BinaryIO, most: int) -> Photo:
    """Decode a PNG of ``most`` pixels at most; palettes become RGB."""
    import imagecodecs
    import numpy as np

    # What libpng has to say of a broken file is in the error; of an interlaced one it does not matter.
    logging.getLogger("imagecodecs").setLevel(logging.CRITICAL)
    _check(path, file, most)
    photo, notes = carried(path, file), []
    # libpng gets the chunks of the pixels alone: of damage in others it would complain on the terminal.
    picture = chunks_of(file, _DECODED)
    if chunks_of(file, _FILM):
        notes.append(Sentence("further frames of the animation were left out"))
    try:
        pixels = imagecodecs.png_decode(png.SIGNATURE + picture)
    except (imagecodecs.PngError, ValueError, RuntimeError) as error:
        raise PhotoError(
            Sentence("the PNG is damaged or cut short ({error}).", error=error), Code.DAMAGED, subject=path
        ) from error
    grey = pixels.ndim == 2 or pixels.shape[2] == 2
    if pixels.ndim == 3 and grey:
        pixels = np.ascontiguousarray(pixels[:, :, [0, 0, 0, 1]])
    return replace(photo, pixels=pixels, grey=grey, bits=0, notes=(*photo.notes, *notes))


def _check(path: Path, file: BinaryIO, most: int) -> None:
    """Refuse a size that is not decoded, and one that so few bytes of pixels cannot be."""
    header, size = b"", 0
    for chunk in png.chunks(file):
        if chunk.name == png.HEADER:
            header = header or file.read(min(chunk.size, 16))
        size += chunk.size if chunk.name == b"IDAT" else 0
    told = png.header_of(header)
    if told is None:
        raise PhotoError("is cut off before its picture begins.", Code.DAMAGED, subject=path)
    check_size(path, *told[:2], most)
    check_bytes(path, *told[:2], png.rows_size(header) / limits.DEFLATED, size)


def chunks_of(file: BinaryIO, names: Container[bytes]) -> bytes:
    """The chunks of these names, whole."""
    found = []
    for chunk in png.chunks(file):
        if chunk.name in names:
            file.seek(chunk.start)
            found.append(limits.read(file, chunk.end - chunk.start))
    return b"".join(found)


def carried(path: Path, file: BinaryIO) -> Photo:
    """All that a PNG carries beside its pixels, as a photo that has none."""
    import numpy as np

    exifs: dict[bool, bytes] = {}
    xmps: dict[bool, bytes] = {}
    resources, inflate = b"", png.Inflater()
    kept = []
    notes: list[str] = []
    for chunk in png.chunks(file):
        name = chunk.name
        content = b"" if name in _FRAMES else limits.read(file, chunk.size)
        if (found := png.exif_in(name, content, inflate)) is not None:
            exifs.setdefault(name == png.EXIF, found)
        elif (found := png.xmp_in(name, content, inflate)) is not None:
            xmps.setdefault(content.startswith(png.XMP), found)
        elif content.startswith(_IPTC) and (found := png.raw_profile(name, content, inflate)) is not None:
            resources = _resources(found)
        elif name == _CREDENTIALS:
            notes.append(NO_CREDENTIALS)
        elif name not in PICTURE:
            kept.append((name, content))
            notes += _unread(name, content, inflate)
    exif, xmp = _of_two("Exif", exifs, notes), _of_two("XMP", xmps, notes)
    colour = of_png_chunks(kept, inflate) or of_exif(exif) or SRGB
    metadata, unique = Metadata(exif, xmp, resources), tuple(dict.fromkeys(notes))
    return Photo(path, "PNG", np.empty((0, 0), np.uint8), colour, metadata, PngEncoding(tuple(kept)), notes=unique)


def write(file: BinaryIO, photo: Photo, pixels: NDArray[Any], metadata: Metadata) -> list[str]:
    """Encode pixels as an 8- or 16-bit PNG."""
    import imagecodecs
    import numpy as np

    notes = []
    if pixels.dtype == np.float32:
        pixels = in_depth(pixels, 16)
        notes.append(Sentence("a PNG holds whole numbers: floating point was rounded to 16 bits"))
    # Run lengths of the differences: four times as fast as the default, a few per cent larger.
    encoded = memoryview(imagecodecs.png_encode(packed(pixels), level=1, strategy=3, filter=16))
    return notes + assemble(file, photo, encoded, metadata)


def assemble(file: BinaryIO, photo: Photo, picture: bytes | memoryview, metadata: Metadata) -> list[str]:
    """Write a PNG that holds a picture alone with what a photo carries; returns what could not be kept, in words."""
    notes: list[str] = []
    file.write(picture[: png.HEADER_END])
    encoding = photo.encoding if isinstance(photo.encoding, PngEncoding) else _encoding_of(metadata)
    for name, content in encoding.chunks:
        file.write(png.packed(name, content))
    if not _STATED & dict(encoding.chunks).keys():
        if photo.colour.codes and (photo.icc is None or photo.is_grey):
            file.write(png.packed(b"cICP", bytes((*photo.colour.codes, 0, 1))))
        elif (icc := _profile(photo, notes)) is not None:
            file.write(png.packed(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc)))
    if metadata.exif is not None:
        file.write(png.packed(png.EXIF, metadata.exif))
    if metadata.xmp is not None:
        file.write(png.packed(png.TEXT, png.xmp_text(metadata.xmp)))
    if iptc := iptc_of(metadata.resources):
        text = f"\niptc\n{len(iptc):8}\n{iptc.hex()}\n".encode()
        file.write(png.packed(b"zTXt", _IPTC + b"\0" + zlib.compress(text)))
    file.write(picture[png.HEADER_END :])
    return notes


def _profile(photo: Photo, notes: list[str]) -> bytes | None:
    """The profile of a photo, or one for grey that says the same: a PNG takes no other for grey (section 11.3.2.3)."""
    if not photo.is_grey:
        return photo.profile
    try:
        return photo.colour.grey_profile()
    except PhotoError:
        notes.append(Sentence("its colour profile, which is for RGB, was left out: a grey PNG cannot hold it"))
        return None


def _encoding_of(metadata: Metadata) -> PngEncoding:
    """The chunks that a PNG made of another format gets: what its Exif data tells of the resolution."""
    resolution = resolution_in(metadata.exif)
    content = resolution and phys(resolution)
    return PngEncoding(((RESOLUTION, content),) if content else ())


def _of_two(what: str, found: dict[bool, bytes], notes: list[str]) -> bytes | None:
    """Exif or XMP from the chunk that is meant for it (True), else from a text; a note if both say something."""
    if len(set(found.values())) > 1:
        notes.append(Sentence("a second copy of its {what} data, in a text, was left out", what=what))
    return found.get(True, found.get(False))


def _unread(name: bytes, content: bytes, inflate: png.Inflater) -> list[str]:
    """A note on a text that should hold metadata, and is broken."""
    if name not in png.TEXTS or not content.startswith(png.PROFILE):
        return []
    if png.raw_profile(name, content, inflate) is not None:
        return []
    keyword = content.partition(b"\0")[0].decode("latin-1")
    return [Sentence("metadata in a text of the PNG ({keyword}) cannot be read", keyword=repr(keyword))]


def _resources(data: bytes) -> bytes:
    """Image resources, which a raw profile of IPTC holds, or IPTC alone."""
    return data if data.startswith(b"8BIM") or not data else resources_of(data)
