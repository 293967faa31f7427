"""Pictures through GEGL's real machinery, in a system of the tests: what host.cpp reads, and what it answers."""

from __future__ import annotations

import hashlib
import shutil
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.scenery import CLONE
from tests.scenery.operation import digest, operation
from tests.scenery.programs import CACHE
from tests.scenery.root import GEGL, SystemRoot, system_root

HERE = Path(__file__).parent
SANITIZED = ["-DSIXBIT_ONE_LEVEL=4", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
"""Of the kernel, which has tests of its own under them, one level will do."""
FORMATS = {np.dtype(np.uint8): "u8", np.dtype(np.uint16): "u16", np.dtype(np.float32): "float"}
MODELS = {1: "Y'", 2: "Y'A", 3: "R'G'B'", 4: "R'G'B'A"}
FULL = (100.0, 100.0, 100.0, 100.0)

PLACE = "data/gegl-0.4/plug-ins/sixbit-lens-correction.so"
BUILD_HOST = """
set -e
cd /mnt/clone/tests/engines/gegl_host
g++ -std=c++17 -O1 $1 host.cpp $(pkg-config --cflags --libs gegl-0.4) -o /mnt/host/part
mv /mnt/host/part /mnt/host/host
"""
BUILD_SANITIZED = f'CXXFLAGS="$1" python3 /mnt/clone/tools/build_gegl.py /mnt/host/{PLACE}; {BUILD_HOST}'

Setting = tuple[bytes, Sequence[float]]


@dataclass(frozen=True)
class Host:
    """The operation and GEGL in a process of its own."""

    root: SystemRoot
    folder: Path

    def run(self, requests: bytes, folder: Path, timeout: float = 600) -> bytes:
        """Send requests, and return what is written; the process must end well."""
        (folder / "requests").write_bytes(requests)
        line = "/mnt/host/host < /mnt/work/requests > /mnt/work/answers"
        env = {"XDG_DATA_HOME": "/mnt/host/data", "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0"}
        binds = {"/mnt/host": self.folder, "/mnt/work": folder}
        done = self.root.run(["bash", "-c", line], timeout=timeout, binds=binds, env=env)
        assert done.returncode == 0, f"{done.returncode}\n{done.stderr[-6000:]}"
        assert "CRITICAL" not in done.stderr, done.stderr[-6000:]
        return (folder / "answers").read_bytes()


def host(sanitized: bool = False) -> Host:
    """Return the host with the operation as it is now, compiled if need be."""
    root = system_root(GEGL)
    own, made = hashlib.sha256((HERE / "host.cpp").read_bytes()).hexdigest()[:16], digest()
    folder = CACHE / f"gegl-host-{'sanitized-' if sanitized else ''}{made}-{own}"
    if not (folder / "host").exists():
        (folder / PLACE).parent.mkdir(parents=True, exist_ok=True)
        if not sanitized:
            shutil.copy(operation(), folder / PLACE)
        build, flags = (BUILD_SANITIZED, " ".join(SANITIZED)) if sanitized else (BUILD_HOST, "")
        binds = {"/mnt/clone": CLONE, "/mnt/host": folder}
        done = root.run(["bash", "-c", build, "build", flags], timeout=900, binds=binds)
        assert done.returncode == 0, done.stderr[-6000:]
    return Host(root, folder)


def format_of(pixels: NDArray[np.generic], space: str = "") -> str:
    """Return babl's name of the pixels, under the curve of sRGB."""
    return f"{MODELS[pixels.shape[2]]} {FORMATS[pixels.dtype]}{space}"


def request(
    pixels: NDArray[np.generic],
    settings: Sequence[Setting],
    *,
    format: str | None = None,
    at: tuple[int, int] = (0, 0),
    tile: tuple[int, int] = (0, 0),
    scale: float = 1.0,
) -> bytes:
    """Return a request: the settings are set one after the other, each with its text and strengths (per cent)."""
    height, width = pixels.shape[:2]
    parts = [_list((format or format_of(pixels)).encode()), _list(struct.pack("<4i", *at, width, height), 4)]
    parts += [_list(struct.pack("<2i", *tile), 4), _list(struct.pack("<d", scale), 8)]
    parts += [_list(np.ascontiguousarray(pixels).tobytes()), _list(bytes(len(settings)))]
    for text, strengths in settings:
        parts += [_list(text), _list(struct.pack("<4d", *strengths), 8)]
    return b"".join(parts)


def _list(data: bytes, size: int = 1) -> bytes:
    return struct.pack("<Q", len(data) // size) + data


def answers(data: bytes) -> list[bytes]:
    """Return what was written, one for each setting."""
    found = []
    while data:
        (count,) = struct.unpack_from("<Q", data)
        found.append(data[8 : 8 + count])
        data = data[8 + count :]
    return found


def corrected(
    pixels: NDArray[np.generic], text: str, strengths: Sequence[float] = FULL, *, folder: Path
) -> NDArray[np.generic]:
    """Correct one picture, at once."""
    (answer,) = answers(host().run(request(pixels, [(text.encode(), strengths)]), folder))
    return np.frombuffer(answer, pixels.dtype).reshape(pixels.shape)
