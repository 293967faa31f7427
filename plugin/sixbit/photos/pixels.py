"""Pixels in other bits, and small pictures of them to look at."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from sixbit.files.tiff import ORIENTATION

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image


def in_depth(pixels: NDArray[Any], depth: int) -> NDArray[Any]:
    """Pixels in another number of bits (8, 16; 32 is floating point, 0 to 1), rounded; themselves if they are so.

    Floating point is cut to 0..1 when it becomes whole numbers; what is not a number becomes 0.

    >>> import numpy as np
    >>> in_depth(np.array([0, 128, 255], np.uint8), 16).tolist()
    [0, 32896, 65535]
    >>> in_depth(np.array([0, 128, 129, 32896, 65535], np.uint16), 8).tolist()
    [0, 0, 1, 128, 255]
    >>> in_depth(np.array([np.nan, -1, 0.5, 2], np.float32), 16).tolist()
    [0, 0, 32768, 65535]
    """
    import numpy as np

    kind = pixels.dtype
    if depth == kind.itemsize * 8:
        return pixels
    result: NDArray[Any]
    if depth == 32:
        result = pixels * np.float32(1 / np.iinfo(kind).max)
    elif kind.kind == "f":
        top = np.float32((1 << depth) - 1)
        result = (np.fmin(np.fmax(pixels, 0), 1) * top + np.float32(0.5)).astype(f"uint{depth}")
    elif depth == 16:
        result = pixels * np.uint16(257)
    else:
        result = np.rint(np.arange(65536) / 257).astype(np.uint8)[pixels]
    return result


def packed(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels that follow each other in memory, as encoders want them; themselves if they do.

    NumPy calls an axis of one pixel packed whatever its step is, which encoders do not.

    >>> import numpy as np
    >>> packed(np.zeros((1, 1, 4), np.uint8)[:, :, :3]).strides
    (3, 3, 1)
    """
    import numpy as np

    return np.ascontiguousarray(pixels).reshape(-1).reshape(pixels.shape)


def without_colour(pixels: NDArray[Any]) -> bool:
    """True for a picture whose colours are alike everywhere, within three levels of 8 bits.

    Compression leaves a level or two, and noise some more; lateral colour itself would have left a lot more. Floating
    point, in which a level may be a lot of the light of shadows, has no more than one. A level is less where more than
    8 bits hold a picture that is dark: it may be the linear light of one that is still to be brightened.

    >>> import numpy as np
    >>> grey = np.arange(12, dtype=np.uint8).reshape(2, 2, 3) // 3 * 40
    >>> without_colour(grey), without_colour(grey + np.uint8([0, 3, 4]))
    (True, False)
    """
    import numpy as np

    if pixels.ndim == 2 or pixels.shape[2] < 3:
        return True
    slack = 1 / 255 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max // 255 * 3
    if pixels.dtype.itemsize > 1:
        white = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
        slack *= min(1.0, float(np.fmax.reduce(pixels[..., :3], axis=None)) / white)

    def alike(rows: NDArray[Any]) -> bool:
        colours = rows[..., :3]
        with np.errstate(over="ignore", invalid="ignore"):  # of what is infinite in all colours, or nearly so
            spread: NDArray[Any] = colours.max(axis=2) - colours.min(axis=2)
        return bool((spread <= slack).all())

    # A few rows tell nearly all that have colours.
    if not alike(pixels[:: max(1, len(pixels) // 16)]):
        return False
    return all(alike(pixels[top : top + 256]) for top in range(0, len(pixels), 256))


def in_full_range(pixels: NDArray[Any], bits: int) -> NDArray[Any]:
    """Whole numbers of so many bits as 8 or 16 bits, white at their top; floating point as 32 bits.

    >>> import numpy as np
    >>> in_full_range(np.array([0, 512, 1023], np.uint16), 10).tolist()
    [0, 32800, 65535]
    """
    import numpy as np

    if pixels.dtype.kind == "f":
        return pixels.astype(np.float32, copy=False)
    top, white = np.iinfo(pixels.dtype).max, (1 << bits) - 1
    if top <= white:
        return pixels
    table = ((np.arange(white + 1, dtype=np.uint32) * top + white // 2) // white).astype(pixels.dtype)
    result: NDArray[Any] = table[np.minimum(pixels, pixels.dtype.type(white))]
    return result


def straight(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels whose colours are multiplied by their alpha, as stored, without that; what is not there becomes black.

    ``pixels`` is (height, width, 4), uint8, uint16 or floating point; the last channel is alpha.

    >>> import numpy as np
    >>> straight(np.array([[[100, 50, 0, 100], [10, 20, 30, 0]]], np.uint8)).tolist()
    [[[255, 128, 0, 100], [0, 0, 0, 0]]]
    """
    import numpy as np

    result = np.empty_like(pixels)
    top = np.float32(1) if pixels.dtype.kind == "f" else np.float32(np.iinfo(pixels.dtype).max)
    for row, made in zip(pixels, result, strict=True):  # a row at a time, for the memory it takes
        alpha = row[:, 3:].astype(np.float64)
        colours = np.divide(row[:, :3] * np.float64(top), alpha, out=np.zeros(row[:, :3].shape), where=alpha > 0)
        made[:, :3] = colours if pixels.dtype.kind == "f" else np.rint(np.minimum(colours, top))
        made[:, 3] = row[:, 3]
    return result


def multiplied(pixels: NDArray[Any]) -> NDArray[Any]:
    """The inverse of :func:`straight`: colours multiplied by their alpha, as stored.

    >>> import numpy as np
    >>> multiplied(np.array([[[255, 128, 0, 100], [7, 7, 7, 0]]], np.uint8)).tolist()
    [[[100, 50, 0, 100], [0, 0, 0, 0]]]
    """
    import numpy as np

    result = pixels.copy()
    top = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    for row in result:  # a row at a time, for the memory it takes
        colours = row[:, :3] * (row[:, 3:] / np.float64(top))
        row[:, :3] = colours if pixels.dtype.kind == "f" else np.rint(colours)
    return result


def fitted(width: int, height: int, most_across: int, most_down: int | None = None) -> tuple[int, int]:
    """The size of a picture that may be so large (as wide as high, if one number is given); none is made larger.

    >>> fitted(8160, 6144, 2048), fitted(800, 600, 2048), fitted(4000, 6000, 160, 120)
    ((2048, 1542), (800, 600), (80, 120))
    """
    scale = min(1.0, most_across / width, (most_down or most_across) / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def small_picture(pixels: NDArray[Any], most_across: int, most_down: int | None = None) -> Image:
    """Pixels of any kind as RGB of 8 bits, without alpha, and so large at most.

    ``pixels`` is (height, width) or (height, width, 1, 3 or 4), uint8, uint16 or floating point.
    """
    import numpy as np
    from PIL import Image

    height, width = pixels.shape[:2]
    scale = min(most_across / width, (most_down or most_across) / height)
    # Whole steps first, so that only a small picture is converted: a quarter of those that would do, so that the
    # filter has something to average.
    step = max(1, int(0.25 / scale))
    part = pixels[::step, ::step]
    if part.ndim == 3:
        part = part[..., 0] if part.shape[2] < 3 else part[..., :3]
    picture = Image.fromarray(np.ascontiguousarray(in_depth(part, 8))).convert("RGB")
    return picture.resize(fitted(width, height, most_across, most_down), Image.Resampling.LANCZOS)


def turned_upright(picture: Image, orientation: int) -> Image:
    """A picture that is stored by Exif's orientation (1-8), as it is to be looked at.

    >>> from PIL import Image
    >>> turned_upright(Image.new("L", (3, 2)), 6).size
    (2, 3)
    """
    from PIL import ImageOps

    picture.getexif()[ORIENTATION] = orientation
    return ImageOps.exif_transpose(picture)


def file_of(picture: Image, kind: str = "JPEG", **options: Any) -> bytes:
    """A picture as the bytes of a file, with options of Pillow such as ``quality``."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()
