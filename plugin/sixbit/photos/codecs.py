"""Pictures decoded by imagecodecs, of formats whose tags are read elsewhere: AVIF, WebP and JPEG XL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sixbit.photos.colour import CURVES, HDR, PRIMARIES, SRGB, of_chromaticities, of_exif, of_icc, of_nclx
from sixbit.photos.metadata import Metadata
from sixbit.photos.photo import Photo
from sixbit.photos.pixels import in_full_range
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CODECS = {"AVIF": "avif", "WebP": "webp", "JPEG XL": "jpegxl"}
"""The names that imagecodecs has for them."""


class Decoded(NamedTuple):
    """Pixels as (height, width) or (height, width, 3 or 4) over their full range; whether they were stored as grey."""

    pixels: NDArray[Any]
    grey: bool


def photo_of(
    path: Path,
    kind: str,
    decoded: Decoded,
    metadata: Metadata,
    notes: list[str],
    *,
    icc: bytes | None = None,
    codes: tuple[int, int] | None = None,
    gamma: float | None = None,
    points: tuple[tuple[float, float], ...] | None = None,
) -> Photo:
    """The photo of pixels whose colours a profile tells, or codes of H.273 (primaries and transfer).

    ``points`` in the CIE diagram, and the exponent ``gamma``, tell what there is no code for.
    """
    primaries, transfer = codes or (2, 2)
    by_numbers = None
    if gamma or (points and transfer not in HDR):
        curve = gamma or CURVES.get(transfer)
        by_numbers = of_chromaticities(points or PRIMARIES.get(primaries), curve, kind)
    colour = of_icc(icc) or by_numbers or of_nclx(primaries, transfer, kind) or of_exif(metadata.exif) or SRGB
    return Photo(path, kind, decoded.pixels, colour, metadata, grey=decoded.grey, notes=tuple(notes))


def decoded(path: Path, kind: str, data: bytes, bits: int) -> Decoded:
    """Decode the first picture.

    Raises PhotoError if it is damaged, or if imagecodecs was built without this format.
    """
    import imagecodecs
    import numpy as np

    name = _CODECS[kind]
    if not getattr(imagecodecs, name.upper()).available:
        why = Sentence(
            "is {kind}, which the imagecodecs library of this installation was built without.",
            Code.MISSING_PART,
            kind=kind,
            package="imagecodecs",
        )
        raise PhotoError(why, subject=path)
    try:
        pixels = getattr(imagecodecs, f"{name}_decode")(data, index=0)
    except (ValueError, RuntimeError, LookupError) as error:
        why = Sentence("the {kind} photo is damaged or cut short ({error}).", kind=kind, error=error)
        raise PhotoError(why, Code.DAMAGED, subject=path) from error
    grey = pixels.ndim == 2 or pixels.shape[2] == 2
    if pixels.ndim == 3 and grey:
        pixels = pixels[:, :, [0, 0, 0, 1]]
    return Decoded(in_full_range(np.ascontiguousarray(pixels), bits), grey)
