"""Photos for the tests and the benchmark of the batch: every format, every status, made quickly.

    python -m tests.scenery.batch_photos FOLDER [--count 500] [--megapixels 12,24,50]

A few pictures are encoded; what sets hundreds of photos apart is their tags.
"""

from __future__ import annotations

import argparse
import functools
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.scenery import new_formats, photo_factory
from tests.scenery.landscape import size_of
from tests.scenery.photo_factory import exif, xmp_packet

LEICA = {"Make": "Leica Camera AG", "Model": "LEICA M10"}
KNOWN = {**LEICA, "LensModel": "Summicron-M 1:2/35 ASPH.", "FocalLength": (35, 1)}
ALSO_KNOWN = {**LEICA, "LensModel": "APO-Summicron-M 1:2/75 ASPH.", "FocalLength": (75, 1)}
STATUSES: dict[str, dict[str, Any]] = {
    "matched": KNOWN,
    "matched-75": ALSO_KNOWN,
    "ambiguous": {**LEICA, "LensModel": "Summicron 50", "FocalLength": (50, 1)},
    "unknown": {**LEICA, "LensModel": "Obscurar 1:3.7/61", "FocalLength": (61, 1)},
    "untagged": LEICA,
    "not-m": {"Make": "Canon", "Model": "EOS R5", "LensModel": "RF24-70mm F2.8 L IS USM"},
    "uncalibrated": {**LEICA, "LensModel": "Summarit-M 1:2.5/35", "FocalLength": (35, 1)},
    "corrected": KNOWN,
}
MARKS = xmp_packet(
    aux_DistortionCorrectionAlreadyApplied="True",
    aux_LateralChromaticAberrationCorrectionAlreadyApplied="True",
    aux_VignetteCorrectionAlreadyApplied="True",
    sixbit_corrected="distortion tca vignetting shading",
    sixbit_filter="0" * 64,
)


@functools.cache
def scene(width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture with edges and grain, as photos have them: it decodes and encodes at their pace."""
    rng = np.random.default_rng(35)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 120 + 60 * np.sin(x / 37) * np.cos(y / 23) + 40 * ((x // 97 + y // 61) % 2)
    tint = np.array([1.0, 0.9, 0.75], np.float32)
    tile = rng.normal(0, 5, (256, 256, 3)).astype(np.float32)
    grain = np.tile(tile, (height // 256 + 1, width // 256 + 1, 1))[:height, :width]
    return np.clip(light[..., None] * tint + grain, 0, 255).astype(np.uint8)


@functools.cache
def _jpeg(width: int, height: int) -> bytes:
    data = io.BytesIO()
    Image.fromarray(scene(width, height)).save(data, "JPEG", quality=92, subsampling="4:2:0")
    return data.getvalue()


def jpeg(width: int, height: int, tags: dict[str, Any], xmp: bytes = b"") -> bytes:
    """Return a JPEG of the scene with these tags."""
    return photo_factory.jpeg(exif(**tags), xmp, picture=_jpeg(width, height))


def tiff(width: int, height: int, tags: dict[str, Any], xmp: bytes = b"", deep: bool = True) -> bytes:
    """Return an uncompressed TIFF of the scene, of 16 or 8 bits, with these tags."""
    return photo_factory.tiff(tags, (width, height), 16 if deep else 8, _values(width, height, deep), xmp=xmp)


@functools.lru_cache(maxsize=2)
def _values(width: int, height: int, deep: bool) -> bytes:
    picture = scene(width, height)
    return (picture.astype("<u2") * 257).tobytes() if deep else picture.tobytes()


def png(width: int, height: int, tags: dict[str, Any], xmp: bytes = b"") -> bytes:
    """Return a PNG of the scene with these tags."""
    return photo_factory.png(exif(**tags), xmp, picture=_png(width, height))


@functools.cache
def _png(width: int, height: int) -> bytes:
    data = io.BytesIO()
    Image.fromarray(scene(width, height)).save(data, "PNG", compress_level=1)
    return data.getvalue()


def _saved(kind: str, width: int, height: int, tags: dict[str, Any], xmp: bytes = b"") -> bytes:
    data = io.BytesIO()
    Image.fromarray(scene(width, height)).save(data, kind, quality=92, exif=exif(**tags), xmp=xmp)
    return data.getvalue()


def jxl(width: int, height: int, tags: dict[str, Any], xmp: bytes = b"") -> bytes:
    """Return a JPEG XL of the scene with these tags."""
    return new_formats.jxl(exif(**tags), xmp, pixels=scene(width, height), lossless=False, level=92, effort=1)


BUILDERS: dict[str, Callable[..., bytes]] = {
    ".tif": tiff,
    ".png": png,
    ".avif": functools.partial(_saved, "AVIF"),
    ".webp": functools.partial(_saved, "WEBP"),
    ".jxl": jxl,
}
"""What makes a photo, by its suffix; others are JPEGs."""


def make(folder: Path, count: int, megapixels: tuple[float, ...]) -> None:
    """Make photos in folders below this one: most are matched JPEGs, and every status and format is among them."""
    formats: list[tuple[str, Callable[..., bytes]]] = [
        (".jpg", jpeg),
        (".JPG", jpeg),
        (".jpeg", jpeg),
        (".tif", tiff),
        (".jpg", jpeg),
        (".png", png),
    ]
    statuses = list(STATUSES)
    for number in range(count):
        # Of ten photos, four are of other statuses, each in turn.
        status = statuses[(number // 10 * 4 + number % 10) % len(statuses)] if number % 10 < 4 else "matched"
        suffix, build = formats[(number * 7 // 3) % len(formats)]
        width, height = size_of(megapixels[number % len(megapixels)])
        place = folder / ("", "roll 1", 'roll 2/it\'s "late"')[number % 3] / f"L{1000 + number:07}-{status}{suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        tags = {**STATUSES[status], "FNumber": (20 + number % 60, 10), "UserComment": b"ASCII\0\0\0" + b"%d" % number}
        if build is not jpeg and width > 6000:  # a disk full of them tells nothing more
            build = jpeg
            place = place.with_suffix(".jpg")
        data = build(width, height, tags, xmp=MARKS if status == "corrected" else b"")
        if number % 50 == 17:
            data = data[: len(data) // 2]
            place = place.with_stem(f"{place.stem}-cut")
        place.write_bytes(data)
    (folder / "roll 1" / "L1009999.DNG").write_bytes(b"II*\0 a raw file")
    (folder / "roll 1" / "notes.txt").write_text("not a photo")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--megapixels", default="12,24,50")
    options = parser.parse_args()
    make(options.folder, options.count, tuple(float(number) for number in options.megapixels.split(",")))


if __name__ == "__main__":
    main()
