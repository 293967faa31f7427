"""A picture of before and after, to be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.files.icc import space_of
from sixbit.files.replace import replacing
from sixbit.photos.pixels import small_picture, turned_upright
from sixbit.photos.save import check_target
from sixbit.values.errors import Code, PhotoError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

LONGEST = 2000
"""Pixels of the long side at most."""
GAP = 4


def check_comparison(path: Path, photo: Path, out: Path) -> None:
    """Raise PhotoError for a file that the comparison of a photo with its corrected ``out`` cannot be written to."""
    _kind(path)
    check_target(path, photo)
    if path == out:
        raise PhotoError("cannot hold both the photo and the comparison.", Code.NAME, subject=out)


def save_comparison(
    before: NDArray[Any], after: NDArray[Any], path: str | Path, orientation: int = 1, icc: bytes | None = None
) -> None:
    """Write two pictures as one of 8 bits, side by side and upright.

    ``before`` and ``after`` are (height, width) or (height, width, 1, 3 or 4), uint8, uint16 or float (0..1), stored by
    Exif's ``orientation`` and meant by the profile ``icc``; the format goes by the suffix of ``path``. Raises
    PhotoError if there is none such, or the file cannot be written.
    """
    path = Path(path)
    kind, picture = _kind(path), comparison(before, after, orientation)
    if icc is not None and space_of(icc) == "GRAY":
        picture = picture.convert("L")
    with replacing(path) as file:
        picture.save(file, kind, quality=90, icc_profile=icc)


def _kind(path: Path) -> str:
    """The format that the suffix stands for, by Pillow's name."""
    from PIL import Image

    kind = Image.registered_extensions().get(path.suffix.lower(), "")
    if kind not in ("JPEG", "PNG", "TIFF", "WEBP"):
        raise PhotoError("the comparison cannot be written in this format.", Code.ENDING, subject=path)
    return kind


def comparison(before: NDArray[Any], after: NDArray[Any], orientation: int = 1) -> Image:
    """The picture that :func:`save_comparison` writes.

    >>> import numpy as np
    >>> comparison(np.zeros((300, 450, 3), np.uint8), np.full((300, 450, 3), 65535, np.uint16)).size
    (904, 300)
    """
    from PIL import Image

    width, height = (LONGEST - GAP) // 2, LONGEST
    most = (height, width) if orientation >= 5 else (width, height)
    left, right = (turned_upright(small_picture(pixels, *most), orientation) for pixels in (before, after))
    _label(left, "before")
    _label(right, "after")
    result = Image.new("RGB", (left.width + GAP + right.width, max(left.height, right.height)), "white")
    result.paste(left, (0, 0))
    result.paste(right, (left.width + GAP, 0))
    return result


def _label(picture: Image, name: str) -> None:
    """Write a word into the upper left corner, on a dark ground so that it is read on any picture."""
    from PIL import ImageDraw, ImageFont

    size = min(picture.size) // 28
    if size < 8:
        return
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size)
    left, top, right, bottom = draw.textbbox((size, size), name, font)
    pad = size // 2
    draw.rectangle((left - pad, top - pad, right + pad, bottom + pad), fill=(24, 24, 24))
    draw.text((size, size), name, fill="white", font=font)
