"""What the native engine would have the kernel do, kept as the input of driver.cpp."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray


class RecordedKernel:
    """Stands in for the compiled kernel: writes down the corrections that it is asked for, and does none."""

    def __init__(self) -> None:
        self.jobs = b""

    def correct(
        self,
        *,
        source: NDArray[Any],
        target: NDArray[Any],
        left: int,
        top: int,
        centre: tuple[float, float],
        centre_shift: tuple[float, float],
        half_diagonal: float,
        shift: Any,
        gain: Any,
        planes: Any,
        gain_map: NDArray[Any],
        step: int,
        even: NDArray[Any],
        odd: NDArray[Any],
        curves: Any,
        encode_origin: float,
        encode_shift: int,
        threads: int,
        level: str,
    ) -> None:
        """The arguments of the kernel, in the order that driver.cpp reads them in."""
        height, width, channels = source.shape
        sides = (left, top, left + target.shape[1], top + target.shape[0])
        parts = [_whole(source.itemsize, width, height, channels, *sides, step)]
        parts += [struct.pack("<5d", *centre, *centre_shift, half_diagonal)]
        for polynomials in (shift, gain):
            parts += [_whole(len(polynomials)), *(_list(np.array(p, np.float64)) for p in polynomials)]
        parts += [_whole(*gain_map.shape), _list(gain_map), _whole(*even.shape), even.tobytes(), odd.tobytes()]
        parts += [struct.pack("<f", encode_origin), _whole(encode_shift)]
        for (plane, brightens), (linear, decode, encode, slopes, *pieces) in zip(planes, curves, strict=True):
            parts += [_whole(plane, brightens, linear), _list(decode), _list(encode.view(np.uint8))]
            parts += [struct.pack("<4f", *slopes), *map(_list, pieces)]
        parts += [_list(np.ascontiguousarray(source).view(np.uint8).ravel())]
        self.jobs += b"".join(parts)


def _whole(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}q", *numbers)


def _list(values: NDArray[Any]) -> bytes:
    return _whole(values.size) + values.tobytes()
