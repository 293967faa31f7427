"""How much memory a photo takes, told from its header before anything is decoded."""

from __future__ import annotations

import re
from pathlib import Path

from sixbit.export.presets import Preset
from sixbit.files import tiff_edit as ifd
from sixbit.tags.read import opened, photo_blocks
from sixbit.values.errors import PhotoError

PROCESS = 120 << 20
"""What a process takes that has corrected a small photo: Python, NumPy, the codecs, the database."""
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_BITS_PER_SAMPLE, _SAMPLES = 258, 277


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
        width, height, channels, size = _header(photo)
        file = photo.stat().st_size
        # libjpeg holds the coefficients of a progressive picture, two bytes each, while it decodes or encodes it.
        coefficients = 2 * channels * width * height if _is_progressive(photo) else 0
    except (PhotoError, OSError, ifd.StructureError):
        return 0
    pixels = width * height
    source = pixels * channels * size
    work_size = max(size, (preset.depth or 8) // 8)
    work = pixels * channels * work_size
    is_jpeg = photo.suffix.lower() in (".jpg", ".jpeg", ".jpe")
    decoding = source * (1 if is_jpeg else 2) + 2 * file + coefficients
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


def _is_progressive(photo: Path) -> bool:
    """True if it is a JPEG with the segment that begins a progressive frame (ITU-T T.81, table B.1: SOF2)."""
    with photo.open("rb") as file:
        head = file.read(1 << 19)
    return head.startswith(b"\xff\xd8") and re.search(rb"\xff\xc2\0[\x0b\x11]\x08", head) is not None


def _header(photo: Path) -> tuple[int, int, int, int]:
    """Width, height, channels and bytes a channel, as the file claims."""
    with opened(photo) as file:
        blocks = photo_blocks(photo, file)
        width, height = blocks.width or 0, blocks.height or 0
        if blocks.kind == "JPEG":
            return width, height, 3, 1
        if blocks.kind == "PNG":
            file.seek(24)
            depth, kind = file.read(2)
            return width, height, 4 if kind in (4, 6) else 3, 2 if depth == 16 else 1
        if blocks.kind == "TIFF":
            structure = ifd.Structure(file)
            entries = structure.first()
            samples = ifd.find(entries, _SAMPLES)
            bits = ifd.find(entries, _BITS_PER_SAMPLE)
            depth = 8
            if bits is not None and bits.kind == ifd.SHORT:
                at = structure.unpack("I", bits.value)[0]
                (depth,) = structure.unpack("H", bits.value[:2] if bits.length <= 2 else structure.read(at, 2))
            count = structure.number(samples) if samples else 1
            return width, height, max(1, min(count or 1, 8)), max(1, min(depth // 8, 8))
    return width, height, 3, 2
