"""How much memory a photo takes, told from its header before anything is decoded."""

from __future__ import annotations

import re
from pathlib import Path

from sixbit.export.presets import Preset
from sixbit.tags.read import opened, photo_blocks
from sixbit.values.errors import PhotoError

PROCESS = 120 << 20
"""Bytes of a process that has corrected a small photo: Python, NumPy, the codecs, the database."""
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def read_size(text: str) -> int:
    """A number of bytes as people write it; raises ValueError.

    >>> read_size("1.5G"), read_size("800 MB")
    (1610612736, 838860800)
    """
    said = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", text.strip().lower())
    if said is None or not float(said[1]):
        raise ValueError(f"{text!r} is no amount of memory; one looks like 4G or 800M")
    return int(float(said[1]) * _UNITS[said[2]])


def default_budget() -> int:
    """Half of the memory of this machine."""
    import psutil

    return int(psutil.virtual_memory().total // 2)


def needed(photo: Path, preset: Preset) -> int:
    """Bytes at most that correcting a photo by a preset takes beside the process; 0 if its header cannot be read.

    Reckoned for the step that takes most: decoding (JPEG straight into the pixels, others by way of a copy),
    correcting (pixels twice), finishing and encoding.
    """
    try:
        with opened(photo) as opening:
            header = photo_blocks(photo, opening)
        file = photo.stat().st_size
    except (PhotoError, OSError):
        return 0
    pixels = header.width * header.height
    channels = max(3, header.channels) if header.kind != "TIFF" else max(1, min(header.channels, 8))
    size = max(1, min(header.bits // 8, 8))
    # libjpeg holds the coefficients of a progressive picture, two bytes each, while it decodes or encodes it.
    coefficients = 2 * channels * pixels if header.is_progressive else 0
    source = pixels * channels * size
    work_size = max(size, (preset.depth or 8) // 8)
    work = pixels * channels * work_size
    is_jpeg = photo.suffix.lower() in (".jpg", ".jpeg", ".jpe")
    has_planes = header.kind in ("AVIF", "WebP", "JPEG XL")  # of the codec's own, beside the pixels
    decoding = source * (1 if is_jpeg else 4 if has_planes else 2) + 2 * file + coefficients
    correcting = 2 * work
    finishing = work
    if preset.long_side is not None:
        small = min(pixels, preset.long_side**2)
        # A plane in floating point and Pillow's copy of it; then the small picture, twice, with what encodes a plane.
        finishing = work + 10 * pixels + 18 * small
    elif preset.profile is not None or preset.sharpening is not None:
        finishing = 2 * work
    # Pillow's copy of the picture has four bytes a pixel.
    jpeg = work + (channels if work_size > 1 else 0) * pixels + 4 * pixels + coefficients
    encoding = {"JPEG": jpeg, "TIFF": 2 * work, "PNG": 3 * work}
    return int(1.15 * max(decoding, correcting, finishing, encoding[preset.format])) + (48 << 20)
