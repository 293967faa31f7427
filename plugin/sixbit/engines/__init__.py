"""Three engines apply a filter to pixels, and give the same picture.

``native`` is the C++ kernel, ``gmic`` the second opinion, ``reference`` the definition in NumPy. Each is a module
with one function, ``apply(filter, pixels, ...)``, with the arguments of :func:`apply` here.
"""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from sixbit.manifest import manifest
from sixbit.values.errors import SixbitError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.values.filter import Filter
    from sixbit.values.light import TransferCurve

ENGINES = ("native", "gmic", "reference")
INTERPOLATIONS: tuple[str, ...] = tuple(manifest()["interpolations"])


class EngineError(SixbitError, ValueError):
    """Pixels that an engine cannot take, or an engine that is not to be had; the message says the way out."""


class Region(NamedTuple):
    """A part of the output picture, in px."""

    x: int
    y: int
    width: int
    height: int


def apply(
    filter: Filter,
    pixels: NDArray[Any],
    engine: str = "native",
    *,
    interpolation: str = "bicubic",
    transfer: TransferCurve | None = None,
    region: Region | None = None,
    out: NDArray[Any] | None = None,
    threads: int | None = None,
) -> NDArray[Any]:
    """Apply a filter to the whole source picture, and return the output picture or a region of it.

    ``pixels`` is (height, width) or (height, width, 1, 3 or 4), uint8, uint16 or float32; a fourth channel is
    alpha, which is warped but gets no gain. ``transfer`` is the curve to linear light (sRGB by default). ``out``
    takes the result, in the shape of the region; it must not share memory with ``pixels``. A point that comes from
    outside of the source picture (more than half a pixel beyond the outer pixel centres) is 0 in every channel;
    within, the outer pixels are repeated as far as the interpolation reaches.
    """
    import numpy as np

    if engine not in (*ENGINES, "auto"):
        raise EngineError(f"There is no engine called {engine!r}; there are {', '.join(ENGINES)}.")
    if interpolation not in INTERPOLATIONS:
        raise EngineError(f"There is no interpolation {interpolation!r}; there are {', '.join(INTERPOLATIONS)}.")
    if pixels.dtype not in (np.uint8, np.uint16, np.float32):
        raise EngineError(f"Pixels of type {pixels.dtype} cannot be corrected; uint8, uint16 and float32 can.")
    flat = pixels.ndim == 2
    pixels = pixels[:, :, None] if flat else pixels
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4):
        raise EngineError(f"A picture of shape {pixels.shape} cannot be corrected; it has 1, 3 or 4 channels.")
    if pixels.shape[:2] != (filter.height, filter.width):
        raise EngineError(
            f"The filter was compiled for {filter.width}x{filter.height} pixels; "
            f"the picture has {pixels.shape[1]}x{pixels.shape[0]}."
        )
    region = region or Region(0, 0, filter.width, filter.height)
    if (
        min(region.x, region.y) < 0
        or min(region.width, region.height) < 1
        or region.x + region.width > filter.width
        or region.y + region.height > filter.height
    ):
        raise EngineError(f"{region} does not lie within the picture of {filter.width}x{filter.height}.")
    shape = (region.height, region.width, pixels.shape[2])
    if out is None:
        result = np.empty(shape, pixels.dtype)
    else:
        result = out[:, :, None] if out.ndim == 2 else out
        if result.shape != shape or result.dtype != pixels.dtype:
            raise EngineError(f"The output must be {shape} of {pixels.dtype}; it is {out.shape} of {out.dtype}.")
        if np.may_share_memory(result, pixels):
            raise EngineError("A picture cannot be corrected in place: give an output of its own.")
    if filter.is_identity:
        result[...] = pixels[region.y : region.y + region.height, region.x : region.x + region.width]
    else:
        module = importlib.import_module(f"sixbit.engines.{choose(engine)}")
        module.apply(
            filter,
            pixels,
            interpolation=interpolation,
            transfer=transfer,
            region=region,
            out=result,
            threads=threads,
        )
    if out is not None:
        return out
    return result[:, :, 0] if flat else result


def choose(engine: str) -> str:
    """The engine to use: as asked, or for ``auto`` the fastest there is, with a word if that is not the kernel."""
    if engine != "auto" or importlib.util.find_spec("sixbit.engines._kernel"):
        return "native" if engine == "auto" else engine
    fallback = "gmic" if importlib.util.find_spec("gmic") else "reference"
    warnings.warn(f"The native kernel was not built; {fallback} is used, which is slower.", stacklevel=3)
    return fallback
