"""A photo in memory, with everything it carries.

Pixels stay as they are stored; the orientation tag goes on saying how to turn them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.files import limits
from sixbit.photos.colour import SRGB, Colour
from sixbit.photos.metadata import Metadata
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.photos.gain_map import GainMap
    from sixbit.values.light import TransferCurve

NO_GAIN_MAP = Sentence("its HDR gain map was left out: only that of a JPEG is carried over")


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo in memory. ``pixels`` is (height, width) or (height, width, 3 or 4), uint8, uint16 or float32.

    A fourth channel is alpha. ``encoding`` is what its format needs to write another file like it.
    """

    path: Path
    format: str
    """``JPEG``, ``TIFF``, ``PNG``, ``HEIC``, ``AVIF``, ``WebP`` or ``JPEG XL``."""
    pixels: NDArray[Any]
    colour: Colour = SRGB
    """The meaning of the values, by what the file says of them."""
    metadata: Metadata = field(default_factory=Metadata)
    encoding: Any = None
    grey: bool = False
    """True if it was stored without colour, though ``pixels`` have three alike where there is alpha."""
    bits: int = 0
    """Of a channel in its file; those of ``pixels``, if they are not told."""
    notes: tuple[str, ...] = ()
    """Tells in words what of the file is not carried over."""
    gain_map: GainMap | None = None
    """How bright it is on an HDR screen; whoever moves or converts ``pixels`` does so to it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "bits", self.bits or self.pixels.dtype.itemsize * 8)

    @property
    def alpha(self) -> bool:
        """True if the last channel is alpha."""
        return self.pixels.ndim == 3 and self.pixels.shape[2] == 4

    @property
    def is_multiplied(self) -> bool:
        """True if the colours are multiplied by alpha, as only a TIFF may have them (TIFF 6.0, ExtraSamples)."""
        return self.alpha and getattr(self.encoding, "alpha", None) == 1

    @property
    def is_grey(self) -> bool:
        """True if it was stored without colour, whatever its pixels are now."""
        return self.grey or self.pixels.ndim == 2 or self.pixels.shape[2] == 1

    def in_colours(self, colour: Colour, *notes: str) -> Photo:
        """The photo with its values said to mean this, by nothing else that it carries; ``notes`` tell of it."""
        encoding = self.encoding
        if hasattr(encoding, "without_colours"):
            encoding = encoding.without_colours()
        return replace(self, colour=colour, encoding=encoding, notes=(*self.notes, *notes))

    def without_gain_map(self, why: str) -> Photo:
        """The photo without its HDR gain map, and a note on that if it had one."""
        if self.gain_map is None:
            return self
        note = Sentence("its HDR gain map was left out: {why}", why=why)
        return replace(self, gain_map=None, notes=(*self.notes, note))

    @property
    def icc(self) -> bytes | None:
        """The colour profile that its file holds."""
        return self.colour.icc

    @property
    def profile(self) -> bytes | None:
        """The colour profile that says what the values mean, made if the file has none; None for sRGB."""
        return self.colour.profile(grey=self.is_grey)

    @cached_property
    def transfer(self) -> TransferCurve:
        """The curve to linear light. Raises PhotoError for a profile that has none, and for HDR."""
        try:
            return self.colour.light()
        except PhotoError as error:
            error.subject = self.path
            raise


def check_size(path: Path, width: int, height: int, most: int) -> None:
    """Refuse sizes that no photo has, and those of more than ``most`` pixels, before anything is decoded."""
    said = Sentence("says that it has {width}x{height} pixels", width=width, height=height)
    if width < 1 or height < 1:
        raise PhotoError(Sentence("{said}.", said=said), Code.DAMAGED, subject=path)
    if width * height > limits.LARGE_PIXELS:
        raise PhotoError(
            Sentence("{said}; more than {most} are never opened.", said=said, most=limits.LARGE_PIXELS),
            Code.TOO_LARGE,
            subject=path,
        )
    if width * height > most:
        raise PhotoError(
            Sentence("{said}; more than {most} are not opened unasked.", said=said, most=most),
            Code.MANY_PIXELS,
            subject=path,
        )


def check_bytes(path: Path, width: int, height: int, least: float, there: int) -> None:
    """Refuse a picture of fewer bytes than it takes at ``least``, before anything is decoded."""
    if there < least:
        why = Sentence(
            "is damaged or cut short: {width}x{height} pixels take {least} bytes at least, not {there}.",
            width=width,
            height=height,
            least=math.ceil(least),
            there=there,
        )
        raise PhotoError(why, Code.DAMAGED, subject=path)
