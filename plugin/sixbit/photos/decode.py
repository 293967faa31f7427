"""Photos opened, told by their content, with everything they carry."""

from __future__ import annotations

from pathlib import Path

from sixbit.photos.photo import Photo
from sixbit.tags.read import opened
from sixbit.values.errors import PhotoError, photo_name


def decode(path: str | Path) -> Photo:
    """Decode a JPEG, TIFF, PNG or HEIC photo, told by its content, with all it carries.

    Raises PhotoError, naming the photo and the way out, for everything else: cut files, raw files, other colours
    than grey and RGB, and pictures of more than 1 073 741 824 pixels.
    """
    path = Path(path)
    with opened(path) as file:
        head = file.read(16)
    try:
        if head[:3] == b"\xff\xd8\xff":
            from sixbit.photos import jpeg

            return jpeg.read(path)
        if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            from sixbit.photos import tiff

            return tiff.read(path)
        if head[:8] == b"\x89PNG\r\n\x1a\n":
            from sixbit.photos import png

            return png.read(path)
        if head[4:8] == b"ftyp":
            from sixbit.photos import heic

            return heic.read(path)
    except MemoryError as error:
        raise PhotoError(f"{photo_name(path)}: is too large for the memory of this computer.") from error
    raise PhotoError(f"{photo_name(path)}: is not a JPEG, TIFF, PNG or HEIC photo.")
