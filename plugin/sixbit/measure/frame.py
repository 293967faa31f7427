"""A frame that something is measured in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.values.errors import photo_name
from sixbit.values.shot import Shot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sixbit.values.light import TransferCurve


@dataclass(frozen=True, eq=False)
class JpegBlocks:
    """The mean code values of the blocks of a JPEG, as it holds them.

    A decoder rounds colour differences to whole values before it makes red and blue of them, and where a picture is as
    smooth as a flat they round to the same side over wide areas: that costs up to 1 % of light. ``codes`` (rows,
    columns, planes) are in steps of 1/257; a block is ``side`` px wide and high; ``step`` (planes) is what the file's
    own quantisation leaves open, in code values of 8 bits.
    """

    codes: NDArray[np.uint16]
    side: int
    step: tuple[float, ...]
    colour_step: tuple[float, ...] = ()
    """The quantisation of the colour differences blue - Y and red - Y; none of a grey picture."""
    colour_error: tuple[float, ...] = ()
    """Standard error of a block's colour differences, but for their quantisation."""


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
    to_srgb: NDArray[np.float64] | None = None
    blocks: JpegBlocks | None = None
    """The same of a JPEG, block by block, without the rounding of the decoder."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def name(self) -> str:
        """As it can stand in a message."""
        return photo_name(self.path.name)
