"""Correct random pictures by random filters: python fuzz.py KERNEL ROUNDS SEED.

For a kernel that was built with sanitizers, which end the process where it reads or writes beyond what it was given.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit import engines
from sixbit.engines import Region, Work, native, pieces
from sixbit.values.filter import Filter
from sixbit.values.light import SAMPLES, TransferCurve, linear, srgb

Generator = np.random.Generator
MARK = 77


def size(rng: Generator) -> int:
    """Mostly small and odd, sometimes more than a tile."""
    return int(rng.integers(1, 40) if rng.random() < 0.7 else rng.integers(1, 700))


def warp(rng: Generator) -> tuple[float, ...]:
    if rng.random() < 0.6:  # a lens
        return (1 + rng.normal(0, 0.02), 0.0, *rng.normal(0, 0.05, rng.integers(0, 4)))
    wild = rng.normal(0, 10.0 ** rng.integers(-1, 6), rng.integers(1, 6))
    return tuple(float(c) for c in (*wild, rng.choice([0.0, np.nan, 1e30, -3.0]))[: rng.integers(1, 7)])


def filter(rng: Generator, width: int, height: int) -> Filter:
    planes = 3 if rng.random() < 0.6 else 1
    first = warp(rng)
    gain_map = rng.uniform(0, 3, (rng.choice([1, 3]), *rng.integers(1, 9, 2))) if rng.random() < 0.3 else None
    made = Filter(
        width,
        height,
        (float(rng.uniform(-9, width + 9)), float(rng.uniform(-9, height + 9))),
        float(rng.choice([1.0, np.hypot(width, height) / 2 + 1])),
        gain=((1.0, 0.0, float(rng.normal(0, 2))),) if rng.random() < 0.7 else ((1.0,),),
        gain_map=gain_map,
    )
    # A filter with NaN cannot be made; the kernel has to bear it all the same.
    others = (warp(rng) if rng.random() < 0.1 else tuple(c * (1 + 1e-3 * k) for c in first) for k in range(1, planes))
    object.__setattr__(made, "warp", (first, *others))
    return made


def view(rng: Generator, shape: tuple[int, int, int], dtype: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """An array of any strides, and the memory it lies in."""
    height, width, channels = shape
    order = rng.permutation(3)
    skip = rng.integers(1, 3, 3)
    memory = np.full([(shape[axis] - 1) * skip[axis] + 1 for axis in order], MARK, dtype)
    strided = memory[tuple(slice(None, None, skip[axis]) for axis in order)].transpose(np.argsort(order))
    for axis in range(3):
        if rng.random() < 0.3:
            strided = np.flip(strided, axis)
    if rng.random() < 0.5:
        memory = np.full(shape, MARK, dtype)
        strided = memory
    assert strided.shape == (height, width, channels)
    return strided, memory


def once(rng: Generator) -> None:
    height, width, channels = size(rng), size(rng), int(rng.choice([1, 3, 4]))
    dtype = rng.choice([np.uint8, np.uint16, np.float32])
    pixels, _ = view(rng, (height, width, channels), dtype)
    pixels[...] = rng.uniform(-1, 2, pixels.shape) if dtype is np.float32 else rng.integers(0, 256, pixels.shape)
    x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
    region = Region(x, y, int(rng.integers(1, width - x + 1)), int(rng.integers(1, height - y + 1)))
    out, memory = view(rng, (region.height, region.width, channels), dtype)
    inside = np.zeros(memory.shape, bool)
    offset = (out.__array_interface__["data"][0] - memory.__array_interface__["data"][0]) // memory.itemsize
    steps = np.array(out.strides) // memory.itemsize
    inside.ravel()[(offset + np.tensordot(steps, np.indices(out.shape), 1)).ravel()] = True
    pieces.ERROR_PX = float(rng.choice([0.0, 0.002, 0.1]))
    curve = rng.choice(np.array([srgb(), linear(), TransferCurve("steep", np.linspace(0, 1, SAMPLES)[None] ** 3.0)]))
    compiled = filter(rng, width, height)
    interpolation = str(rng.choice(engines.INTERPOLATIONS))
    native.apply(Work(compiled, pixels, out, region, interpolation, curve, int(rng.integers(1, 4))))
    assert (memory[~inside] == MARK).all(), "written beside the picture"


def main(kernel: str, rounds: int, seed: int) -> None:
    spec = importlib.util.spec_from_file_location("sixbit.engines._kernel", kernel)
    assert spec
    assert spec.loader
    sys.modules[spec.name] = engines._kernel = importlib.util.module_from_spec(spec)  # type: ignore[attr-defined]
    spec.loader.exec_module(sys.modules[spec.name])
    np.seterr(all="ignore")
    for number in range(rounds):
        try:
            once(np.random.default_rng((seed, number)))
        except BaseException:
            print(f"seed {seed}, round {number}", file=sys.stderr)
            raise


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
