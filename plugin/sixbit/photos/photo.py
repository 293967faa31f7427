"""A photo in memory, with everything it carries.

Pixels stay as they are stored; the orientation tag goes on saying how to turn them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.photos.metadata import Metadata
from sixbit.values.errors import Code, PhotoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.photos.gain_map import GainMap
    from sixbit.values.light import TransferCurve

LARGEST = 1 << 30
"""Pixels of the largest picture that is opened: a file that claims more is more likely to lie than to be a photo."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo in memory. ``pixels`` is (height, width) or (height, width, 3 or 4), uint8, uint16 or float32.

    A fourth channel is alpha. ``encoding`` is what its format needs to write another file like it.
    """

    path: Path
    format: str
    """``JPEG``, ``TIFF``, ``PNG``, ``HEIC``, ``AVIF``, ``WebP`` or ``JPEG XL``."""
    pixels: NDArray[Any]
    icc: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)
    encoding: Any = None
    gamma: float | None = None
    """The exponent a PNG without a profile states, where it is not that of sRGB."""
    notes: tuple[str, ...] = ()
    """What of the file is not carried over, in words."""
    gain_map: GainMap | None = None
    """How bright it is on an HDR screen; whoever moves or converts ``pixels`` does so to it."""

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

    @cached_property
    def transfer(self) -> TransferCurve:
        """The curve to linear light: of the profile, or sRGB. Raises PhotoError for a profile that has none."""
        from sixbit.values.light import srgb

        if self.icc is None:
            return srgb() if self.gamma is None else _power(self.gamma)
        from sixbit.photos.profiles import curve_of_profile

        try:
            return curve_of_profile(self.icc)
        except PhotoError as error:
            error.subject = self.path
            raise


def _power(exponent: float) -> TransferCurve:
    import numpy as np

    from sixbit.values.light import SAMPLES, TransferCurve

    return TransferCurve(f"gamma {exponent:.2f}", (np.linspace(0, 1, SAMPLES) ** exponent)[None])


def check_size(path: Path, width: int, height: int) -> None:
    """Refuse sizes that no photo has, before anything is decoded."""
    if width < 1 or height < 1:
        raise PhotoError(f"says that it has {width}x{height} pixels.", Code.DAMAGED, subject=path)
    if width * height > LARGEST:
        why = f"says that it has {width}x{height} pixels; more than {LARGEST} are not opened."
        raise PhotoError(why, Code.TOO_LARGE, subject=path)
