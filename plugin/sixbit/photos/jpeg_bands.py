"""A large JPEG encoded by several threads: a band of the picture each, put together with restart markers between.

A restart marker (ITU-T T.81, E.1.4) begins the prediction of the darkest coefficients anew, as the begin of a picture
does. So the bands of a picture, encoded one by one with the same tables, are the picture. The size of the bands does
not depend on the number of threads, so that every machine writes the same file.
"""

from __future__ import annotations

import io
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sixbit.files import jpeg
from sixbit.machine import processors

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BAND_PIXELS = 2_000_000
"""Of a band, about; a picture that is no larger is encoded whole."""

_LARGEST_INTERVAL = 65535
"""Blocks of a restart interval, as many as its two bytes hold (B.2.4.4)."""

_BLOCKS = {"444": (8, 8), "422": (16, 8), "420": (16, 16)}
"""Width and height in px of what the encoder codes at once (an MCU, A.2)."""

_INTERVAL = 0xDD


def encode(pixels: NDArray[Any], quality: int, chroma: str | None, threads: int | None = None) -> bytes:
    """Encode an array (height, width) or (height, width, 3) of uint8; ``chroma`` is 444, 422 or 420, None for gray.

    ``threads`` defaults to the processors there are.

    >>> import numpy as np
    >>> from imagecodecs import jpeg8_decode
    >>> gray = np.tile(np.arange(2000, dtype=np.uint8), (1200, 1))
    >>> np.abs(jpeg8_decode(encode(gray, 95, None)).astype(int) - gray)[:, :250].max() < 9
    np.True_
    """
    import imagecodecs

    def encoded(part: NDArray[Any]) -> bytes:
        return bytes(imagecodecs.jpeg8_encode(part, quality, subsampling=chroma))

    height, width = pixels.shape[:2]
    if width * height <= _BAND_PIXELS:
        return encoded(pixels)
    block_width, block_height = _BLOCKS[chroma or "444"]
    across = -(-width // block_width)
    rows = max(1, min(_BAND_PIXELS // (width * block_height), _LARGEST_INTERVAL // across))
    step = rows * block_height
    parts = [pixels[top : top + step] for top in range(0, height, step)]
    with ThreadPoolExecutor(threads or processors()) as pool:
        bands = list(pool.map(encoded, parts))
    first = bands[0]
    segments = list(jpeg.segments(io.BytesIO(first)))
    frame, scan = next(segment for segment in segments if jpeg.frame_of(segment)), segments[-1]
    header = first[: frame.at + 1] + struct.pack(">H", height) + first[frame.at + 3 : scan.start]
    interval = jpeg.packed(_INTERVAL, struct.pack(">H", rows * across))
    joined = [header, interval, first[scan.start : scan.end]]
    for number, band in enumerate(bands):
        # All headers are of one length; each band ends with EOI.
        joined += [band[scan.end : -2], bytes((0xFF, 0xD0 + number % 8))]
    joined[-1] = b"\xff\xd9"
    return b"".join(joined)
