"""The kernel for processors that this machine may not have: compiled for them, and run by an emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sixbit import engines
from sixbit.engines import Region, Work, native
from sixbit.values.light import srgb
from tests.engines.kernel_fuzz.emulated import RecordedKernel
from tests.scenery import CLONE
from tests.scenery.kernel import filter, kernel, picture
from tests.scenery.root import EMULATOR, system_root

FLAGS = ["-std=c++17", "-O2", "-fno-math-errno", "-fno-trapping-math", "-static"]
NEON = ["qemu-aarch64"]
X86 = ["qemu-x86_64", "-cpu", "max"]
WIDTH, HEIGHT = 150, 90
CASES = [(dtype, channels, "bicubic") for dtype in (np.uint8, np.uint16, np.float32) for channels in (1, 3, 4)]
CASES += [(np.uint8, 3, "lanczos3"), (np.uint8, 3, "bilinear")]


@pytest.mark.parametrize(
    ("compiler", "emulator", "levels"),
    [("aarch64-linux-gnu-g++", NEON, ["neon"]), ("g++", X86, ["avx2", "sse4"])],
    ids=["arm", "x86"],
)
def test_every_processor_gives_the_same_picture(
    compiler: str, emulator: list[str], levels: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plainest level here is the measure: a level of 8 bits, two of 16, or 1e-5 may lie between."""
    root = system_root(EMULATOR)
    source = [CLONE / "plugin/sixbit/engines/kernel", CLONE / "tests/engines/kernel_fuzz"]
    binds = {"/mnt/work": tmp_path, "/mnt/kernel": source[0], "/mnt/driver": source[1]}
    compiled = root.run(
        [compiler, *FLAGS, "-I/mnt/kernel", "/mnt/driver/driver.cpp", "-o", "/mnt/work/driver"],
        timeout=900,
        binds=binds,
    )
    assert compiled.returncode == 0, compiled.stderr[-4000:]
    expected = corrected("baseline" if "baseline" in kernel.levels() else "")
    recorded = RecordedKernel()
    monkeypatch.setattr(engines, "_kernel", recorded)
    corrected("")
    (tmp_path / "jobs").write_bytes(recorded.jobs)
    line = '"$@" < /mnt/work/jobs > /mnt/work/pictures'
    for level in levels:
        done = root.run(
            ["bash", "-c", line, "emulated", *emulator, "/mnt/work/driver", level], timeout=600, binds=binds
        )
        assert done.returncode == 0, done.stderr[-4000:]
        data = (tmp_path / "pictures").read_bytes()
        assert len(data) == sum(plain.nbytes for plain in expected)
        for plain in expected:
            ours, data = np.frombuffer(data[: plain.nbytes], plain.dtype), data[plain.nbytes :]
            bound = {1: 1.0, 2: 2.0, 4: 1e-5}[plain.itemsize]
            assert np.abs(ours.astype(float) - plain.ravel()).max() <= bound


def corrected(level: str) -> list[NDArray[Any]]:
    """Every case by the kernel that engines._kernel is."""
    pictures = []
    for dtype, channels, interpolation in CASES:
        pixels = picture(HEIGHT, WIDTH, channels, dtype)
        pictures.append(np.zeros_like(pixels))
        whole = Region(0, 0, WIDTH, HEIGHT)
        native.apply(Work(filter(WIDTH, HEIGHT), pixels, pictures[-1], whole, interpolation, srgb(), 1), level)
    return pictures
