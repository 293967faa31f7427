"""Pixels of a drawable, handed to the server and taken back through files that lie in memory."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from gi.repository import Babl, Gegl, Gimp
from layers import is_coverage
from texts import UserError, _

try:
    import fcntl
except ImportError:  # Windows has no such locks.
    fcntl = None  # type: ignore[assignment]

PREFIX = "sixbit-pixels-"
STRIP = 128
"""Rows handed over at once: two of GIMP's tiles, measured to be the fastest, and small."""

TYPES = {"u8": "uint8", "u16": "uint16", "float": "float32"}
LARGEST_THUMBNAIL = 1024
"""The longest side, in px, that GIMP makes."""
MODELS = {1: "Y'", 2: "Y'A", 3: "R'G'B'", 4: "R'G'B'A"}
"""Babl's names of what is under the curve of its space, by channels."""

Area = tuple[int, int, int, int]


class PixelFormat:
    """Says how the pixels of a drawable are handed over: bytes and words as they are stored, all else as float."""

    def __init__(self, drawable: Gimp.Drawable) -> None:
        self.native = drawable.get_format()
        model, _space, stored = Babl.format_get_encoding(self.native).rpartition(" ")
        kind = stored if stored in TYPES else "float"
        given = Babl.format_with_space(f"{model} {kind}", self.native)
        self.name: str = Babl.get_name(given)
        """Babl's name of the format, with the colour space of the image: nothing is converted on the way."""
        self.type = TYPES[kind]
        self.channels: int = Babl.format_get_n_components(given)
        self.pixel_bytes: int = Babl.format_get_bytes_per_pixel(given)
        # Primes are babl's sign for values under a transfer curve, tildes for those under sRGB's.
        self.linear = "'" not in model and "~" not in model
        profile = drawable.get_image().get_color_profile()
        self.icc: str | None = None
        """The ICC profile that tells the transfer curve, as base64; None for that of sRGB."""
        if profile and "~" not in model:
            self.icc = base64.b64encode(bytes(profile.get_icc_profile())).decode("ascii")


class SharedFile(AbstractContextManager["SharedFile"]):
    """An empty file that the server can map, in memory where the system has such a folder; closing removes it."""

    def __init__(self) -> None:
        folder = _shared_folder()
        _sweep(folder)
        # Unbuffered: the server looks at the file itself.
        self.file = tempfile.NamedTemporaryFile(prefix=PREFIX, dir=folder, buffering=0, delete=False)  # noqa: SIM115
        self.path = self.file.name
        if fcntl:
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def close(self) -> None:
        """Give the memory back."""
        self.file.close()
        with suppress(OSError):
            Path(self.path).unlink()

    def __exit__(self, *_raised: object) -> None:
        self.close()


def _shared_folder() -> Path:
    flatpak, runtime = os.environ.get("FLATPAK_ID"), os.environ.get("XDG_RUNTIME_DIR")
    # The one folder in memory that Flatpak shows under the same name inside and outside.
    shared = Path(runtime, "app", flatpak) if flatpak and runtime else Path("/dev/shm")
    return shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())


def _sweep(folder: Path) -> None:
    """Remove what a plug-in left that was killed (GIMP does that to cancel it): its file is not locked any more."""
    if fcntl is None:
        return
    for left in folder.glob(f"{PREFIX}*"):
        with suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


class PixelFile(SharedFile):
    """A file in memory with the pixels of a drawable, and room for the corrected ones behind them."""

    def __init__(self, drawable: Gimp.Drawable) -> None:
        self.drawable, self.format = drawable, PixelFormat(drawable)
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

    def picture(self) -> dict[str, Any]:
        """Return what the server's `open` takes."""
        return {
            "file": self.path,
            "width": self.width,
            "height": self.height,
            "channels": self.format.channels,
            "type": self.format.type,
            "linear": self.coverage or self.format.linear,
            "icc": None if self.coverage else self.format.icc,
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
        pixels, self._width, self._height, given_channels = drawable.get_thumbnail_data(*size)
        if pixels is None:
            raise UserError(_("GIMP does not hand over the pixels of the layer."))
        self._format = PixelFormat(drawable)
        native = self._format.native
        # GIMP 3.0 hands it over as it is stored, and says bytes where it should say channels; 3.2 in sRGB.
        given = Babl.get_name(native) if Gimp.MINOR_VERSION < 2 else f"{MODELS[given_channels]} u8"
        wanted = Babl.get_name(Babl.format_with_space(f"{MODELS[self._format.channels]} u8", native))
        super().__init__()
        self.file.write(converted(pixels.get_data(), given, wanted, self._width, self._height))

    def picture(self) -> dict[str, Any]:
        """Return what the server's `open` takes."""
        return {
            "file": self.path,
            "width": self._width,
            "height": self._height,
            "channels": self._format.channels,
            "type": "uint8",
            # It is never linear; what the profile of a linear image tells is not its curve.
            "icc": None if self._format.linear else self._format.icc,
            "stands_for": self._stands_for,
        }


def converted(pixels: bytes, given: str, wanted: str, width: int, height: int) -> bytes:
    """Convert pixels from one format of babl to another."""
    area = Gegl.Rectangle.new(0, 0, width, height)
    buffer = Gegl.Buffer.new(given, 0, 0, width, height)
    buffer.set(area, given, pixels)
    return bytes(buffer.get(area, 1.0, wanted, Gegl.AbyssPolicy.NONE))
