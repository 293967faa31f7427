"""Pixels of a drawable, handed to the server and taken back through a file that lies in memory."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gi.repository import Babl, Gegl, Gimp
from layers import is_coverage
from shared_file import SharedFile
from texts import UserError, _

STRIP = 128
"""Rows handed over at once: two of GIMP's tiles, measured to be the fastest, and small."""

TYPES = {"u8": "uint8", "u16": "uint16", "float": "float32"}
BYTES = {"u8": 1, "u16": 2, "float": 4}
LARGEST_THUMBNAIL = 1024
"""The longest side, in px, that GIMP makes."""
MODELS = {1: "Y'", 2: "Y'A", 3: "R'G'B'", 4: "R'G'B'A"}
"""Babl's names of what is under the curve of its space, by channels."""

Area = tuple[int, int, int, int]


@dataclass(frozen=True)
class PixelFormat:
    """Says how pixels are handed over: as they are stored, if the server works with that kind of numbers."""

    name: str
    """Babl's name of the format, with the colour space of the image: nothing is converted on the way."""
    channels: int
    type: str
    linear: bool

    @property
    def pixel_bytes(self) -> int:
        """Return the bytes of one pixel."""
        return self.channels * BYTES[self.type]


def format_of(drawable: Gimp.Drawable) -> PixelFormat:
    """Choose the format of a drawable: bytes and words stay what they are, all else is handed over as float."""
    native = drawable.get_format()
    model, _space, stored = Babl.format_get_encoding(native).rpartition(" ")
    kind = stored if stored in ("u8", "u16") else "float"
    return PixelFormat(
        name=Babl.get_name(Babl.format_with_space(f"{model} {kind}", native)),
        channels=Babl.format_get_n_components(native),
        type=kind,
        # Primes are babl's sign for values under a transfer curve, tildes for those under sRGB's.
        linear="'" not in model and "~" not in model,
    )


def profile_of(image: Gimp.Image, pixel_format: PixelFormat) -> str | None:
    """Return the ICC profile that tells the transfer curve, as base64; None for that of sRGB."""
    profile = image.get_color_profile()
    if profile is None or "~" in pixel_format.name:
        return None
    return base64.b64encode(bytes(profile.get_icc_profile())).decode("ascii")


class PixelFile(SharedFile):
    """A file in memory with the pixels of a drawable, and room for the corrected ones behind them."""

    def __init__(self, drawable: Gimp.Drawable) -> None:
        self.native = drawable.get_format()
        self.format = format_of(drawable)
        self.coverage = is_coverage(drawable)
        """Whether the values are those of a mask or a channel: then no curve lies over them."""
        self.width, self.height = drawable.get_width(), drawable.get_height()
        self.size = self.width * self.height * self.format.pixel_bytes
        self.buffer = drawable.get_buffer()
        super().__init__()

    def take(self) -> Iterator[float]:
        """Fetch all pixels from GIMP, strip by strip, and give the share that is fetched after each."""
        self._reserve(0)
        for top in range(0, self.height, STRIP):
            rows = Gegl.Rectangle.new(0, top, self.width, min(STRIP, self.height - top))
            self.file.seek(top * self.width * self.format.pixel_bytes)
            self.file.write(self.buffer.get(rows, 1.0, self.format.name, Gegl.AbyssPolicy.CLAMP))
            yield (top + rows.height) / self.height

    def picture(self, image: Gimp.Image) -> dict[str, Any]:
        """Return what the server's `open` takes."""
        return {
            "file": self.path,
            "offset": 0,
            "width": self.width,
            "height": self.height,
            "channels": self.format.channels,
            "type": TYPES[self.format.type],
            "linear": self.coverage or self.format.linear,
            "icc": None if self.coverage else profile_of(image, self.format),
        }

    def result(self) -> dict[str, Any]:
        """Return where the server is to put the corrected pixels."""
        self._reserve(self.size)
        return {"file": self.path, "offset": self.size}

    def put(self, buffer: Gegl.Buffer, area: Area, rows: range) -> None:
        """Put corrected rows into a buffer of GIMP's, as far as they lie in an area (x, y, width, height)."""
        x, y, width, height = area
        row = self.width * self.format.pixel_bytes
        first, last = max(rows.start, y), min(rows.stop, y + height)
        for top in range(first, last, STRIP):
            many = min(STRIP, last - top)
            self.file.seek(self.size + top * row)
            pixels = self.file.read(many * row)
            if width != self.width:
                left, right = x * self.format.pixel_bytes, (x + width) * self.format.pixel_bytes
                pixels = b"".join(pixels[at + left : at + right] for at in range(0, many * row, row))
            # A wrong length would only be a warning of GEGL's, with the pixels left as they are.
            if len(pixels) != many * width * self.format.pixel_bytes:
                raise UserError(_("Sixbit has not written all pixels."))
            buffer.set(Gegl.Rectangle.new(x, top, width, many), self.format.name, pixels)

    def _reserve(self, start: int) -> None:
        """Have the memory before it is used: where a mapped file finds none left, the process is killed."""
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(self.file.fileno(), start, self.size)
            else:
                self.file.truncate(start + self.size)
        except OSError as error:
            raise UserError(
                _("There is no room for {size} MB of pixels in {folder}: {reason}.").format(
                    size=self.size >> 20, folder=Path(self.path).parent, reason=error.strerror
                )
            ) from error


class Thumbnail(SharedFile):
    """A small picture of a drawable, which GIMP has at once; the server takes it for the whole one in previews."""

    def __init__(self, drawable: Gimp.Drawable) -> None:
        """Fetch it from GIMP. Raises UserError if GIMP has none."""
        self._stands_for = (drawable.get_width(), drawable.get_height())
        # Never larger than it is: GIMP 3.2 enlarges 16 bits with the wrong blue.
        size = [min(side, LARGEST_THUMBNAIL) for side in self._stands_for]
        pixels, self._width, self._height, self._channels = drawable.get_thumbnail_data(*size)
        if pixels is None:
            raise UserError(_("GIMP does not hand over the pixels of the layer."))
        native = drawable.get_format()
        # GIMP 3.0 hands it over as it is stored, and says bytes where it should say channels; 3.2 in sRGB.
        given = Babl.get_name(native) if Gimp.MINOR_VERSION < 2 else f"{MODELS[self._channels]} u8"
        self._channels = Babl.format_get_n_components(native)
        wanted = Babl.get_name(Babl.format_with_space(f"{MODELS[self._channels]} u8", native))
        super().__init__()
        self.file.write(converted(pixels.get_data(), given, wanted, self._width, self._height))

    def picture(self, image: Gimp.Image, pixel_format: PixelFormat) -> dict[str, Any]:
        """Return what the server's `open` takes."""
        return {
            "file": self.path,
            "width": self._width,
            "height": self._height,
            "channels": self._channels,
            "type": "uint8",
            # It is never linear; what the profile of a linear image tells is not its curve.
            "icc": None if pixel_format.linear else profile_of(image, pixel_format),
            "stands_for": list(self._stands_for),
        }


def converted(pixels: bytes, given: str, wanted: str, width: int, height: int) -> bytes:
    """Convert pixels from one format of babl to another."""
    area = Gegl.Rectangle.new(0, 0, width, height)
    buffer = Gegl.Buffer.new(given, 0, 0, width, height)
    buffer.set(area, given, pixels)
    return bytes(buffer.get(area, 1.0, wanted, Gegl.AbyssPolicy.NONE))
