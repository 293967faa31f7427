"""Files that an editor and the server both map into memory, so that no pixel goes through a pipe."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.values.errors import ArgumentError


def map_file(file: str, offset: int, shape: tuple[int, ...], dtype: str, *, writable: bool) -> NDArray[Any]:
    """Return the values of a file from ``offset`` (bytes) on, mapped into memory. Raises :class:`ArgumentError`."""
    size = np.dtype(dtype).itemsize
    end = offset + math.prod(shape) * size
    if offset % size:
        raise ArgumentError(f"The offset {offset} is no multiple of {size} bytes, the size of a value.")
    try:
        there = Path(file).stat().st_size  # a pipe has none, and would be waited for if it were opened
        if there >= end:
            return np.memmap(file, dtype, "r+" if writable else "r", offset, shape)
    except (OSError, ValueError) as error:
        raise ArgumentError(f"{file!r} cannot be mapped: {getattr(error, 'strerror', None) or error}.") from error
    raise ArgumentError(f"{file!r} is no file of {end} bytes: it has {there}.")


def overlap(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Return True if two mapped arrays have bytes of a file in common."""
    assert isinstance(one, np.memmap)
    assert isinstance(other, np.memmap)
    assert one.filename
    assert other.filename
    try:
        if not Path(one.filename).samefile(other.filename):
            return False
    except FileNotFoundError:  # its name was taken away since: no other mapping can be of it
        return False
    return one.offset < other.offset + other.nbytes and other.offset < one.offset + one.nbytes
