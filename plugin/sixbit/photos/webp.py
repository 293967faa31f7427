"""WebP, in alone: decoded by libwebp (RFC 9649)."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from sixbit.files.find import webp_in
from sixbit.files.webp import chunks
from sixbit.photos.codecs import decoded, photo_of
from sixbit.photos.metadata import Metadata
from sixbit.photos.photo import Photo, check_size
from sixbit.photos.stale import NO_CREDENTIALS


def read(path: Path, file: BinaryIO, most: int) -> Photo:
    """Decode a WebP photo of ``most`` pixels at most; its alpha is straight."""
    header, found = webp_in(file)
    check_size(path, *header[:2], most)
    notes: list[str] = [NO_CREDENTIALS] if any(chunk.name == b"C2PA" for chunk in chunks(file)) else []
    file.seek(0)
    picture = decoded(path, "WebP", file.read(), 8)
    return photo_of(path, "WebP", picture, Metadata(found.exif, found.xmp), notes, icc=found.icc)
