"""Photos saved corrected, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.files.jpeg import EXIF, LONGEST, XMP
from sixbit.files.replace import check_place, replacing
from sixbit.photos.colour import SRGB, of_icc
from sixbit.photos.colour_tags import recoloured
from sixbit.photos.metadata import Room, corrected, without_maker_note
from sixbit.photos.photo import Photo
from sixbit.photos.pixels import straight
from sixbit.photos.resolution import with_resolution
from sixbit.photos.stale import NO_LIST
from sixbit.values.errors import Code, PhotoError, photo_name
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.values.filter import Filter

FORMATS = {".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".tif": "tiff", ".tiff": "tiff", ".png": "png"}
"""The modules that write, by the suffix of the file."""


def save_photo(
    photo: Photo,
    pixels: NDArray[Any],
    out: str | Path,
    *,
    filter: Filter | None = None,
    quality: int | None = None,
    subsampling: str | None = None,
    threads: int | None = None,
) -> tuple[str, ...]:
    """Write corrected pixels with what ``photo`` carries, as JPEG, TIFF or PNG by the suffix of ``out``.

    The corrections of ``filter`` are marked in it. A JPEG gets the quantisation tables and chroma sampling of a source
    that is one, unless ``quality`` (1-100) or ``subsampling`` (``4:4:4``, ``4:2:2``, ``4:2:0``) is given; ``threads``
    encode it, as many as there are processors by default. The file appears whole, under its name, or not at all; the
    source itself is refused. Returns what could not be kept, in words.
    """
    from importlib import import_module

    out = Path(out)
    kind = format_of(out)
    check_target(out, photo.path)
    if kind != "jpeg":
        photo = photo.without_gain_map("only a JPEG holds one")
    if kind != "tiff" and photo.is_multiplied:
        pixels = straight(pixels)
    if photo.grey and photo.alpha:
        pixels = _as_grey(pixels)
    room = None
    if kind == "jpeg":
        in_parts = getattr(photo.encoding, "exif_in_parts", False)
        room = Room(LONGEST - len(EXIF), LONGEST - len(XMP), is_enough=in_parts)
    metadata = photo.metadata
    resolution = getattr(photo.encoding, "resolution", None)
    if resolution and kind != photo.format.lower():
        metadata = with_resolution(metadata, resolution)
    metadata, notes = corrected(metadata, pixels, filter, room)
    # A map that stays has a list of its own, and what went was told.
    if NO_LIST in notes and (photo.gain_map or any("gain map" in note for note in photo.notes)):
        notes.remove(NO_LIST)
    note_is_lost = photo.metadata.has_maker_note and not metadata.has_maker_note
    if note_is_lost and photo.gain_map and photo.gain_map.needs_maker_note:
        photo = photo.without_gain_map(Sentence("it means nothing without the maker note"))
    trailer = getattr(photo.encoding, "trailer", None)
    if kind != "jpeg" and trailer:
        metadata = without_maker_note(metadata, trailer.lens)
        notes.append(Sentence("the maker notes at the end of the JPEG were left out; write a .jpg to keep them"))
    only_here = getattr(photo.encoding, "only_here", None)
    if only_here and kind != photo.format.lower():
        notes.append(only_here)
    write = import_module(f"sixbit.photos.{kind}").write
    options = {"quality": quality, "subsampling": subsampling, "threads": threads} if kind == "jpeg" else {}
    with replacing(out) as file:
        notes += write(file, photo, pixels, metadata, **options)
    colour = photo.colour
    if colour.hdr and kind != "png":
        notes.append(
            Sentence(
                "its values are for HDR screens ({curve}), which programs without HDR show without highlights",
                curve=colour.hdr,
            )
        )
    if colour.note and kind != photo.format.lower() and colour.source != "Exif":  # which goes with it
        notes.append(colour.note)
    return tuple(dict.fromkeys((*photo.notes, *notes)))


def _as_grey(pixels: NDArray[Any]) -> NDArray[Any]:
    """Grey and alpha alone of RGB and alpha, if there are no colours in it."""
    import numpy as np

    is_grey = all(np.array_equal(pixels[..., 1], pixels[..., k]) for k in (0, 2))
    return np.ascontiguousarray(pixels[..., [1, 3]]) if is_grey else pixels


def format_of(out: Path) -> str:
    """The module that writes this output, by its suffix; PhotoError if none does."""
    kind = FORMATS.get(out.suffix.lower())
    if kind is None:
        raise PhotoError("only .jpg, .tif and .png can be written.", Code.ENDING, subject=out)
    return kind


def check_target(target: Path, source: Path | None) -> None:
    """Refuse an output that is the photo itself, or has no folder, before any work is done for it."""
    try:
        same = source is not None and target.exists() and source.exists() and target.samefile(source)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise PhotoError(
            Sentence("cannot be written: {error}.", error=error.strerror), Code.NOT_WRITABLE, subject=target
        ) from error
    if same:
        raise PhotoError("is the photo itself.", Code.NAME, subject=target)
    check_place(target)
    if not target.parent.is_dir():
        raise PhotoError(
            Sentence("there is no folder {folder}.", folder=photo_name(target.parent)), Code.NO_FOLDER, subject=target
        )


def with_profile(photo: Photo, icc: bytes | None, space: str) -> Photo:
    """The photo in the colours of a profile, its pixels converted already; ``space`` is what a preset calls them."""
    photo = replace(photo, metadata=recoloured(photo.metadata, space))
    if icc == photo.profile:
        return photo
    notes = [photo.colour.note] if photo.colour.note else []
    return replace(photo.in_colours(of_icc(icc) or SRGB, *notes), grey=photo.grey and icc is None)
