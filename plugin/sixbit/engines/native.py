"""The filter applied by the C++ kernel: its weights, and the call.

The kernel is in ``kernel/``; docs/performance.md says why it is built as it is.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sixbit.engines import Work
from sixbit.engines.pieces import piece_size
from sixbit.engines.reference import taps
from sixbit.engines.tables import tables_of
from sixbit.values.errors import Code, EngineError
from sixbit.values.light import linear
from sixbit.values.polynomial import least_squares


def apply(work: Work, level: str = "") -> None:
    """Apply a filter by the C++ kernel.

    Any strides that are whole numbers of values will do, for ``pixels`` and for ``out``: padded rows, planes, mirrored
    and sliced pictures. ``level`` forces one of the kernel's instruction sets (``_kernel.levels()``, best first). Extra
    memory is about 1.3 MB a thread. Raises :class:`EngineError` for strides that cannot be used, and where the kernel
    was not built.
    """
    try:
        from sixbit.engines import _kernel  # type: ignore[attr-defined, unused-ignore]
    except ImportError as error:
        raise EngineError(f"The native kernel was not built ({error}).", Code.NO_KERNEL) from error

    filter, channels = work.filter, range(work.pixels.shape[2])
    # Where nothing moves every point lies on a pixel: the fewest neighbours give the same.
    even, odd = weights(work.interpolation if filter.warps else "bilinear")
    tables = tables_of(work.transfer, work.pixels.dtype)
    alpha = tables_of(linear(), work.pixels.dtype)
    gain_map = np.zeros((0, 1, 1)) if filter.gain_map is None else filter.gain_map
    try:
        _kernel.correct(
            source=work.pixels,
            target=work.out,
            left=work.region.x,
            top=work.region.y,
            centre=filter.centre,
            centre_shift=filter.shift,
            half_diagonal=filter.half_diagonal,
            shift=[(polynomial[0] - 1, *polynomial[1:]) for polynomial in filter.warp],
            gain=filter.gain if filter.brightens else [],
            planes=[(work.plane(k), k < work.colours and filter.brightens) for k in channels],
            gain_map=np.ascontiguousarray(gain_map, np.float32),
            step=piece_size(filter),
            even=even,
            odd=odd,
            curves=[tables.plane(k) if k < work.colours else alpha.plane(0) for k in channels],
            encode_origin=tables.origin,
            encode_shift=tables.shift,
            threads=work.threads,
            level=level,
        )
    except ValueError as error:
        raise EngineError(f"The native engine cannot take this picture: {error}; it takes a copy of it.") from error


@lru_cache(maxsize=3)
def weights(interpolation: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return half of the weights of the reference as polynomials of (t - 1/2)^2, even and odd, see kernel/job.hpp.

    They are exact for bilinear and bicubic, and good to 1e-7 for Lanczos.
    """
    u = np.cos(np.pi * (np.arange(64) + 0.5) / 64) / 2
    values = [weight for _, weight in taps(u + 0.5, interpolation)]
    degree = {"bilinear": 1, "bicubic": 3, "lanczos3": 9}[interpolation]
    table = least_squares(
        np.broadcast_to(u[:, None] ** np.arange(degree + 1), (len(values) // 2, len(u), degree + 1)),
        np.array(values[: len(values) // 2]),
    )
    if degree < 9:
        table = np.round(table, 9)  # they are whole sixteenths
    return table[:, 0::2].astype(np.float32, "C"), table[:, 1::2].astype(np.float32, "C")
