"""Pictures decoded by imagecodecs, of formats whose tags are read elsewhere: AVIF, WebP and JPEG XL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.photos.metadata import Metadata
from sixbit.photos.photo import Photo
from sixbit.photos.pixels import in_full_range
from sixbit.values.errors import Code, PhotoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SRGB_LIKE, _EXPONENTS = (1, 2, 6, 11, 13, 14, 15), {4: 2.2, 5: 2.8, 8: 1.0}
"""Transfer curves that are shown as that of sRGB, and those that are powers, by their numbers in ITU-T H.273."""
_CODECS = {"AVIF": "avif", "WebP": "webp", "JPEG XL": "jpegxl"}
"""What imagecodecs calls them."""


def photo_of(
    path: Path,
    kind: str,
    pixels: NDArray[Any],
    metadata: Metadata,
    notes: list[str],
    *,
    icc: bytes | None = None,
    codes: tuple[int, int] | None = None,
    gamma: float | None = None,
) -> Photo:
    """The photo of pixels whose colours a profile tells, or codes of H.273 (primaries and transfer), or an exponent."""
    primaries, transfer = codes or (2, 2)
    exponent = gamma or _EXPONENTS.get(transfer)
    if icc is None and (primaries not in (1, 2, 5, 6) or (exponent is None and transfer not in _SRGB_LIKE)):
        notes.append(f"its colours (primaries {primaries}, curve {transfer} of H.273) were taken for sRGB")
    return Photo(path, kind, pixels, icc, metadata, gamma=None if icc else exponent, notes=tuple(notes))


def decoded(path: Path, kind: str, data: bytes, bits: int, notes: list[str]) -> NDArray[Any]:
    """Pixels of the first picture, as (height, width) or (height, width, 3 or 4) over their full range.

    Raises PhotoError if it is damaged, or if imagecodecs was built without this format.
    """
    import imagecodecs
    import numpy as np

    name = _CODECS[kind]
    if not getattr(imagecodecs, name.upper()).available:
        why = f"is {kind}, which the imagecodecs library of this installation was built without."
        raise PhotoError(why, Code.MISSING_PART, subject=path)
    try:
        pixels = getattr(imagecodecs, f"{name}_decode")(data, index=0)
    except (ValueError, RuntimeError, LookupError) as error:
        why = f"the {kind} photo is damaged or cut short ({error})."
        raise PhotoError(why, Code.DAMAGED, subject=path) from error
    if pixels.ndim == 3 and pixels.shape[2] == 2:
        pixels = pixels[:, :, [0, 0, 0, 1]]
        notes.append("grey with alpha became RGB with alpha")
    return in_full_range(np.ascontiguousarray(pixels), bits)
