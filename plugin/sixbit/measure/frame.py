"""A frame that something is measured in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.measure.rounding import USUAL_STEPS
from sixbit.values.errors import photo_name
from sixbit.values.shot import Shot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.values.arrays import FloatArray
    from sixbit.values.light import TransferCurve


@dataclass(frozen=True, eq=False)
class DecodedFrame:
    """A frame in memory: ``pixels`` (height, width[, 3]) as stored, and the curve that makes linear light of them.

    A raw frame comes at half its size, one pixel for each of its 2 x 2 sensels, in the camera's own colours;
    ``to_srgb`` (3 x 3, rows adding up to 1) takes these, once white is white, to linear sRGB, in which photos are
    corrected.
    """

    path: Path
    shot: Shot
    pixels: NDArray[Any]
    transfer: TransferCurve
    to_srgb: FloatArray | None = None
    format: str = "raw"
    """``JPEG``, ``TIFF``, ``PNG``, ``HEIC``, ``AVIF``, ``WebP``, ``JPEG XL`` or ``raw``."""
    steps: tuple[int, int] = USUAL_STEPS
    """Of a JPEG: those of the means of its blocks, of brightness and of colour (``rounding``)."""

    @property
    def is_lossy(self) -> bool:
        """True if its colours may have been compressed: they are known to a few tenths of a code value at best then."""
        return self.format not in ("TIFF", "PNG", "raw")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def name(self) -> str:
        """File name as it can stand in a message."""
        return photo_name(self.path.name)
