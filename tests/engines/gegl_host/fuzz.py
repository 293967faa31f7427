"""Hostile texts for the operation: python -m tests.engines.gegl_host.fuzz ROUNDS SEED

They go through GEGL in a process compiled with sanitizers, which end it at the first fault of memory or of arithmetic.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from sixbit.compiler.compile import compile_optics
from sixbit.compiler.editable import editable_text
from sixbit.compiler.optics import Optics, SensorPicture, distortion, tca, vignetting
from sixbit.compiler.shading import PlaneShading, Shading
from tests.engines.gegl_host.host import host, request
from tests.scenery.kernel import picture

Generator = np.random.Generator
FORMATS = ("R'G'B' u8", "R'G'B'A u16", "RGBA float", "Y' u8", "Y'A float", "R~G~B~A half", "RaGaBaA float")
CHANNELS = {"R'G'B' u8": 3, "Y' u8": 1, "Y'A float": 2}
TYPES = {"u8": np.uint8, "u16": np.uint16, "float": np.float32, "half": np.uint16}
NUMBERS = (
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "1e-300",
    "1e300",
    "-1e9",
    "1e9",
    "1e12",
    "nan",
    "inf",
    "0x1p4",
    "1e",
    "4096",
    "65536",
)
BATCH = 50


def texts(width: int, height: int) -> list[str]:
    """Corrections as they are made, with all there is in them."""
    cast = Shading(PlaneShading((1.0, 0.0, -0.1), {(1, 0): 0.004}), PlaneShading((1.0, 0.0, -0.05)))
    found = []
    for frame in (None, (-30, -10, 2 * width, 2 * height)):
        sensor_picture = SensorPicture(width, height, 1.0, frame=frame)
        for scale in ("fill", "none", 1.2):
            optics = Optics(
                distortion=(distortion("ptlens", [0.01, -0.04, 0.02]), sensor_picture.sensor),
                tca=(tca("linear", [1.001, 0.999]), sensor_picture.sensor),
                vignetting=(vignetting("pa", [-0.4, 0.1, 0.0]), sensor_picture.sensor),
                shading=(cast, sensor_picture.sensor),
            )
            filter = compile_optics(optics, sensor_picture, scale)
            found.append(editable_text(optics, sensor_picture, scale, filter))
    return found


def spoilt(rng: Generator, text: str) -> bytes:
    """A text with some of it changed: mostly numbers, at times its words or its bytes."""
    if rng.random() < 0.05:
        return bytes(rng.integers(1, 128, rng.integers(0, 200), dtype=np.uint8))
    tokens = text.split(" ")
    for _ in range(rng.integers(1, 6)):
        # The numbers of the map are many: most changes are for the others.
        i = int(rng.integers(len(tokens) if rng.random() < 0.2 else min(len(tokens), 80)))
        if rng.random() < 0.3:
            i = len(tokens) - 1 - i
        way = rng.random()
        if way < 0.35:
            tokens[i] = str(rng.choice(NUMBERS))
        elif way < 0.75 and tokens[i][:1] not in tuple("abcdefghijklmnopqrstuvwxyz"):
            tokens[i] = (
                repr(float(tokens[i] or 0) * float(rng.normal(1, 10.0 ** rng.integers(-3, 4))))
                if _number(tokens[i])
                else "3"
            )
        elif way < 0.85:
            tokens.insert(
                i, str(rng.choice([*NUMBERS, "warp", "gain", "map", "red", "light", "shading", "step", "frame"]))
            )
        elif way < 0.95 and len(tokens) > 1:
            del tokens[i]
        else:
            j = int(rng.integers(len(tokens)))
            tokens[i], tokens[j] = tokens[j], tokens[i]
    return " ".join(tokens).encode()


def _number(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True


def hostile_requests(seed: int, rounds: int) -> bytes:
    """Return so many spoilt texts for small pictures, some of another size than the texts were made for."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(0, rounds, 4):
        width, height = (int(side) for side in rng.integers(30, 90, 2))
        made = texts(width, height)
        format = str(rng.choice(FORMATS))
        if rng.random() < 0.1:
            width, height = height, width
        if rng.random() < 0.2:
            width, height = 2 * width, 2 * height
        pixels = picture(height, width, CHANNELS.get(format, 4), TYPES[format.split()[1]])
        settings = [
            (spoilt(rng, str(rng.choice(made))), tuple(float(s) for s in rng.choice([0, 30, 100, 100, 200], 4)))
            for _ in range(4)
        ]
        tile = tuple(int(side) for side in rng.choice([0, 17, 64], 2))
        parts.append(request(pixels, settings, format=format, tile=(tile[0], tile[1])))
    return b"".join(parts)


def main(rounds: int, seed: int) -> None:
    for first in range(0, rounds, BATCH):
        with tempfile.TemporaryDirectory() as folder:
            print(f"seed {seed + first}, {BATCH} rounds", flush=True)
            host(sanitized=True).run(hostile_requests(seed + first, BATCH), Path(folder))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
