"""A photo in memory, with everything it carries.

Pixels stay as they are stored; the orientation tag goes on saying how to turn them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.photos.colour import SRGB, Colour
from sixbit.photos.metadata import Metadata
from sixbit.values.errors import Code, PhotoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.photos.gain_map import GainMap
    from sixbit.values.light import TransferCurve

LARGEST = 1 << 30
"""Pixels of the largest picture that is opened: a file that claims more is more likely to lie than to be a photo."""
NO_CREDENTIALS = "content credentials, which hold for the file as it was alone, were left out"


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

    def without_gain_map(self, why: str) -> Photo:
        """The photo without its HDR gain map, and a note on that if it had one."""
        if self.gain_map is None:
            return self
        note = f"its HDR gain map was left out: {why}"
        return replace(self, gain_map=None, notes=(*self.notes, note))

    @property
    def icc(self) -> bytes | None:
        """The colour profile that its file holds."""
        return self.colour.icc

    @property
    def profile(self) -> bytes | None:
        """The colour profile that says what the values mean, made if the file has none; None for sRGB."""
        return self.colour.profile(grey=self.grey or self.pixels.ndim == 2 or self.pixels.shape[2] == 1)

    @cached_property
    def transfer(self) -> TransferCurve:
        """The curve to linear light. Raises PhotoError for a profile that has none, and for HDR."""
        try:
            return self.colour.light()
        except PhotoError as error:
            error.subject = self.path
            raise


def check_size(path: Path, width: int, height: int) -> None:
    """Refuse sizes that no photo has, before anything is decoded."""
    if width < 1 or height < 1:
        raise PhotoError(f"says that it has {width}x{height} pixels.", Code.DAMAGED, subject=path)
    if width * height > LARGEST:
        why = f"says that it has {width}x{height} pixels; more than {LARGEST} are not opened."
        raise PhotoError(why, Code.TOO_LARGE, subject=path)
