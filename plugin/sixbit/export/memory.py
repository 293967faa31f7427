"""How much memory a photo takes, told from its header before anything is decoded."""

from __future__ import annotations

import re
from pathlib import Path

from sixbit.export.presets import PLAIN, Preset
from sixbit.files.find import Blocks
from sixbit.files.limits import most_pixels
from sixbit.machine import memory
from sixbit.photos.photo import check_size
from sixbit.tags.read import opened, photo_blocks
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

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
    return memory().total // 2


def gigabytes(size: int) -> str:
    """A number of bytes in words.

    >>> gigabytes(3 << 29)
    '1.5 GB'
    """
    return f"{size / (1 << 30):.1f} GB"


def foretold(photo: Path, preset: Preset = PLAIN, large: bool = False) -> str:
    """Say in words that a photo takes more memory than is free; empty if it does not, or if its header says nothing.

    Raises PhotoError for a photo that takes more than memory and swap have together: it would end in a crash.
    """
    takes, there = needed(photo, preset), memory()
    if takes + PROCESS > there.with_swap:
        check_pixels(photo, large)
        most = gigabytes(there.with_swap)
        why = Sentence(
            "takes about {takes} of memory, and this computer has {most} with its swap.",
            takes=gigabytes(takes),
            most=most,
        )
        raise PhotoError(why, Code.TOO_LARGE, subject=photo)
    if takes <= there.free:
        return ""
    return Sentence(
        "takes about {takes} of memory, and {free} are free: it may take long.",
        takes=gigabytes(takes),
        free=gigabytes(there.free),
    )


def header_of(photo: Path) -> Blocks | None:
    """Read what a photo says of itself, its size in pixels among it; None if that cannot be read."""
    try:
        with opened(photo) as opening:
            return photo_blocks(photo, opening)
    except (PhotoError, OSError):
        return None


def check_pixels(photo: Path, large: bool = False) -> None:
    """Refuse a photo that claims more pixels than are decoded, whatever memory there is.

    To be asked before it is said how much memory it takes: more of it would not help.
    """
    header = header_of(photo)
    if header is not None and header.width * header.height:
        check_size(photo, header.width, header.height, most_pixels(large))


def needed(photo: Path, preset: Preset) -> int:
    """Bytes at most that correcting a photo by a preset takes beside the process; 0 if its header cannot be read.

    Reckoned for the step that takes most: decoding (JPEG straight into the pixels, others by way of a copy),
    correcting (pixels twice), finishing and encoding, which a preset without a format does not ask for.
    """
    header = header_of(photo)
    if header is None:
        return 0
    file = photo.stat().st_size
    pixels = header.width * header.height
    channels = max(3, header.channels) if header.kind != "TIFF" else max(1, header.channels)
    size = max(1, min(header.bits // 8, 8))
    # libjpeg holds the coefficients of a progressive picture, two bytes each, while it decodes or encodes it.
    coefficients = 2 * channels * pixels if header.is_progressive else 0
    source = pixels * channels * size
    work_size = max(size, (preset.depth or 8) // 8)
    work = pixels * channels * work_size
    is_jpeg = header.kind == "JPEG"
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
    encoding = {"JPEG": jpeg, "TIFF": 2 * work, "PNG": 3 * work, "": 0}
    return int(1.15 * max(decoding, correcting, finishing, encoding[preset.format])) + (48 << 20)
