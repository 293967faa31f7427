"""Photos opened, told by their content, with everything they carry."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from sixbit.files.find import kind_of
from sixbit.photos.photo import Photo
from sixbit.tags.read import opened
from sixbit.values.errors import Code, PhotoError

_READERS = {"JPEG": "jpeg", "PNG": "png", "TIFF": "tiff", "BigTIFF": "tiff", "HEIC": "heic"}
"""The modules that read, by the kind of a photo."""


def decode(path: str | Path) -> Photo:
    """Decode a JPEG, TIFF, PNG or HEIC photo, told by its content, with all it carries.

    Raises PhotoError for everything else: cut files, raw files, other colours
    than grey and RGB, and pictures of more than 1 073 741 824 pixels.
    """
    path = Path(path)
    with opened(path) as file:
        reader = _READERS.get(kind_of(file.read(16)) or "")
        if reader is None:
            raise PhotoError("is not a JPEG, TIFF, PNG or HEIC photo.", Code.FORMAT, subject=path)
        file.seek(0)
        try:
            photo: Photo = import_module(f"sixbit.photos.{reader}").read(path, file)
        except MemoryError as error:
            raise PhotoError("is too large for the memory of this computer.", Code.TOO_LARGE, subject=path) from error
    return photo
