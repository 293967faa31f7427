"""AVIF, in alone: decoded by libavif, and turned upright here by what its boxes say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sixbit.files.bmff import crop, has_credentials
from sixbit.files.find import still_in
from sixbit.photos.codecs import decoded, photo_of
from sixbit.photos.metadata import Metadata, upright
from sixbit.photos.photo import NO_GAIN_MAP, Photo, check_size
from sixbit.photos.stale import NO_CREDENTIALS
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read(path: Path, file: BinaryIO, most: int) -> Photo:
    """Decode an AVIF photo of ``most`` pixels at most; 10 and 12 bits become 16, multiplied alpha becomes straight."""
    import numpy as np

    found = still_in(file)
    check_size(path, *found.size, most)
    file.seek(0)
    notes: list[str] = []
    picture = decoded(path, "AVIF", file.read(), found.bits)
    pixels = _turned(path, picture.pixels, found.steps)
    if found.others:
        notes.append(Sentence("further pictures in the file were left out"))
    if has_credentials(file):
        notes.append(NO_CREDENTIALS)
    if found.has_gain_map:
        notes.append(NO_GAIN_MAP)
    metadata = upright(Metadata(found.exif, found.xmp))
    picture = picture._replace(pixels=np.ascontiguousarray(pixels))
    return photo_of(path, "AVIF", picture, metadata, notes, icc=found.icc, codes=found.codes)


def _turned(path: Path, pixels: NDArray[Any], steps: tuple[tuple[bytes, bytes], ...]) -> NDArray[Any]:
    """Pixels as they are shown (ISO/IEC 23008-12, sections 6.5.9, 6.5.10 and 6.5.12)."""
    import numpy as np

    for name, content in steps:
        if name == b"clap":
            rectangle = crop(content, pixels.shape[1], pixels.shape[0])
            if rectangle is None:
                raise PhotoError("is cut to a part that is no whole number of pixels.", Code.FORMAT, subject=path)
            left, top, width, height = rectangle
            pixels = pixels[top : top + height, left : left + width]
        elif name == b"irot":
            pixels = np.rot90(pixels, content[0] & 3)
        elif name == b"imir":
            pixels = np.flip(pixels, content[0] & 1)
    return pixels
