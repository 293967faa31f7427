"""Photos opened, told by their content, with everything they carry."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from sixbit.files.find import kind_in
from sixbit.files.limits import most_pixels
from sixbit.files.reading import reading
from sixbit.photos.colour import without_misfit
from sixbit.photos.photo import Photo
from sixbit.tags.read import opened
from sixbit.values.errors import Code, PhotoError

_READERS = {"JPEG": "jpeg", "PNG": "png", "TIFF": "tiff", "BigTIFF": "tiff", "HEIC": "heic", "AVIF": "avif"}
_READERS |= {"WebP": "webp", "JPEG XL": "jxl"}
"""The modules that read, by the kind of a photo."""


def decode(path: str | Path, large: bool = False) -> Photo:
    """Decode a JPEG, TIFF, PNG, HEIC, AVIF, WebP or JPEG XL photo, told by its content, with all it carries.

    Raises PhotoError for everything else: cut files, raw files, other colours than grey and RGB, what goes beyond the
    limits (``docs/limits.md``), and pictures of more than 250 million pixels unless ``large`` ones are allowed.
    """
    path = Path(path)
    with reading(path), opened(path) as file:
        reader = _READERS.get(kind_in(file))
        if reader is None:
            raise PhotoError("is a raw file.", Code.RAW)
        file.seek(0)
        photo: Photo = import_module(f"sixbit.photos.{reader}").read(path, file, most_pixels(large))
        colour, note = without_misfit(photo.colour, photo.is_grey)
    return photo if note is None else photo.in_colours(colour, note)
