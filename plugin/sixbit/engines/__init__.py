"""Three engines apply a filter to pixels, and give the same picture.

``native`` is the C++ kernel, ``gmic`` the second opinion, ``reference`` the definition in NumPy. Each is a module
with one function, ``apply(work)``: a :class:`Work` is what :func:`apply` was asked for, once it is known to make sense.
"""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from sixbit.machine import processors
from sixbit.manifest import manifest
from sixbit.values.errors import Code, EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.values.filter import Filter
    from sixbit.values.light import TransferCurve

ENGINES = ("native", "gmic", "reference")
INTERPOLATIONS: tuple[str, ...] = tuple(manifest()["interpolations"])
MOST_THREADS = 4096


class Region(NamedTuple):
    """A part of the output picture, in px."""

    x: int
    y: int
    width: int
    height: int


class Work(NamedTuple):
    """A piece of work for an engine: what to correct, how, and where the result goes.

    ``pixels`` is the whole source picture, and ``out`` takes a region of the output. Both are (height, width, 1, 3 or
    4), of the same type, and share no memory. ``transfer`` is the curve to linear light.
    """

    filter: Filter
    pixels: NDArray[Any]
    out: NDArray[Any]
    region: Region
    interpolation: str
    transfer: TransferCurve
    threads: int

    @property
    def colours(self) -> int:
        """The number of channels that hold light; a fourth channel is alpha."""
        return 1 if self.pixels.shape[2] == 1 else 3

    def plane(self, channel: int) -> int:
        """The plane of the filter for a channel: gray and alpha go with green, which the other colours refer to."""
        return channel if channel < self.colours == 3 else 1


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
    takes the result, in the shape of the region; it must not share memory with ``pixels``. ``threads`` defaults to
    the processors there are. A point that comes from outside of the source picture (more than half a pixel beyond
    the outer pixel centres) is 0 in every channel; within, the outer pixels are repeated as far as the interpolation
    reaches. Raises :class:`EngineError`.

    >>> import numpy as np
    >>> from sixbit.values.filter import Filter
    >>> half = Filter(width=3, height=3, centre=(1.0, 1.0), half_diagonal=2**0.5, warp=((0.5,),))
    >>> apply(half, np.array([[0, 0, 0], [0, 8, 0], [0, 0, 0]], np.uint8), "reference", interpolation="bilinear")
    array([[2, 4, 2],
           [4, 8, 4],
           [2, 4, 2]], dtype=uint8)
    """
    if engine not in (*ENGINES, "auto"):
        raise EngineError(f"There is no engine called {engine!r}; there are {', '.join(ENGINES)}.", Code.ENGINE)
    if interpolation not in INTERPOLATIONS:
        raise EngineError(f"There is no interpolation {interpolation!r}; there are {', '.join(INTERPOLATIONS)}.")
    threads = processors() if threads is None else threads
    if not isinstance(threads, int) or not 0 < threads <= MOST_THREADS:
        raise EngineError(f"There is no correcting in {threads!r} threads; there is in 1 to {MOST_THREADS}.")
    source = _source(filter, pixels)
    region = region or Region(0, 0, filter.width, filter.height)
    target = _target(filter, source, region, out)
    if filter.is_identity:
        target[...] = source[region.y : region.y + region.height, region.x : region.x + region.width]
    else:
        from sixbit.values.light import srgb

        module = importlib.import_module(f"sixbit.engines.{choose(engine)}")
        module.apply(
            Work(filter, source, target, region, interpolation, transfer or srgb(), threads),
        )
    if out is not None:
        return out
    return target[:, :, 0] if pixels.ndim == 2 else target


def choose(engine: str) -> str:
    """Return the engine to use: as asked, or for ``auto`` the fastest there is.

    Warns if that is not the kernel.
    """
    if engine != "auto" or importlib.util.find_spec("sixbit.engines._kernel"):
        return "native" if engine == "auto" else engine
    fallback = "gmic" if importlib.util.find_spec("gmic") else "reference"
    warnings.warn(f"The native kernel was not built; {fallback} is used, which is slower.", stacklevel=3)
    return fallback


def require_fit(filter: Filter, width: int, height: int) -> None:
    """Raise :class:`EngineError` if the filter was compiled for a picture of another size."""
    if (width, height) != (filter.width, filter.height):
        compiled = f"{filter.width}x{filter.height}"
        raise EngineError(f"The filter was compiled for {compiled} pixels; the picture has {width}x{height}.")


def _source(filter: Filter, pixels: NDArray[Any]) -> NDArray[Any]:
    """The picture as (height, width, channels), if engines can correct it."""
    import numpy as np

    if pixels.dtype not in (np.uint8, np.uint16, np.float32):
        raise EngineError(f"Pixels of type {pixels.dtype} cannot be corrected; uint8, uint16 and float32 can.")
    source = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if source.ndim != 3 or source.shape[2] not in (1, 3, 4):
        raise EngineError(f"A picture of shape {source.shape} cannot be corrected; it has 1, 3 or 4 channels.")
    require_fit(filter, source.shape[1], source.shape[0])
    return source


def _target(filter: Filter, source: NDArray[Any], region: Region, out: NDArray[Any] | None) -> NDArray[Any]:
    """Memory for the region of the output, or ``out`` itself if it will do, as (height, width, channels)."""
    import numpy as np

    if (
        not all(isinstance(value, int | np.integer) for value in region)
        or min(region.x, region.y) < 0
        or min(region.width, region.height) < 1
        or region.x + region.width > filter.width
        or region.y + region.height > filter.height
    ):
        raise EngineError(f"{region} does not lie within the picture of {filter.width}x{filter.height}.")
    shape = (region.height, region.width, source.shape[2])
    if out is None:
        return np.empty(shape, source.dtype)
    target = out[:, :, None] if out.ndim == 2 else out
    if target.shape != shape or target.dtype != source.dtype:
        raise EngineError(f"The output must be {shape} of {source.dtype}; it is {out.shape} of {out.dtype}.")
    if np.may_share_memory(target, source):
        raise EngineError("A picture cannot be corrected in place.")
    return target
