"""HEIC, in alone: decoded by libheif, which turns the picture upright."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from sixbit.files.bmff import has_credentials
from sixbit.files.find import still_in
from sixbit.photos.colour import SRGB, of_exif, of_icc, of_nclx
from sixbit.photos.metadata import Metadata, upright
from sixbit.photos.photo import NO_GAIN_MAP, Photo, check_size
from sixbit.photos.stale import NO_CREDENTIALS
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence


def read(path: Path, file: BinaryIO, most: int) -> Photo:
    """Decode a HEIC photo of ``most`` pixels at most; 10 and 12 bits become 16."""
    import numpy as np
    import pillow_heif

    found = still_in(file)
    file.seek(0)
    try:
        image = pillow_heif.open_heif(file, convert_hdr_to_8bit=False)
        check_size(path, image.size[0], image.size[1], most)
        pixels = np.asarray(image)
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError, LookupError) as error:
        raise PhotoError(
            Sentence("the HEIC photo cannot be decoded ({error}).", error=error), Code.DAMAGED, subject=path
        ) from error
    info = image.info
    if pixels.dtype == np.uint16:
        # libheif's 10 or 12 bits stand at the top; white is to be 65535.
        pixels = pixels | (pixels >> int(info["bit_depth"]))
    metadata = upright(Metadata(found.exif, found.xmp))
    beside = list(info.get("aux", ()))
    gain_maps = [kind for kind in beside if kind.endswith(":hdrgainmap")]
    has_others = found.others or info.get("depth_images") or len(beside) > len(gain_maps)
    notes = [Sentence("further pictures in the file were left out")] if has_others else []
    if has_credentials(file):
        notes.append(NO_CREDENTIALS)
    if gain_maps or found.has_gain_map:
        notes.append(NO_GAIN_MAP)
    nclx = info.get("nclx_profile") or {"color_primaries": 2, "transfer_characteristics": 2}
    by_codes = of_nclx(nclx["color_primaries"], nclx["transfer_characteristics"])
    colour = of_icc(info.get("icc_profile")) or by_codes or of_exif(metadata.exif) or SRGB
    return Photo(path, "HEIC", pixels, colour, metadata, notes=tuple(notes))
