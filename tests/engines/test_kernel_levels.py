"""The kernel under sanitizers: random pictures and filters must not make it leave its memory, nor what C++ defines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.scenery import CLONE
from tests.scenery.programs import missing

HERE = Path(__file__).parent
KERNEL = CLONE / "plugin/sixbit/engines/kernel/kernel.cpp"
ROUNDS = 150


def test_random_work_is_clean_under_address_and_undefined_behaviour_sanitizers(tmp_path: Path) -> None:
    """With sixteen lanes, which reach furthest: compilers make them of any smaller registers there are."""
    compiler = shutil.which("g++")
    if not (compiler and sys.platform == "linux"):
        missing("the sanitizers are tried with g++ on Linux")
    runtime = subprocess.run(["g++", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    built = tmp_path / "_kernel.so"
    flags = "-shared -fPIC -std=c++17 -O1 -fno-math-errno -fno-trapping-math -pthread -march=native"
    checks = "-fsanitize=address,undefined -fno-sanitize-recover=all -DSIXBIT_ONE_LEVEL=16"
    subprocess.run(
        ["g++", *flags.split(), *checks.split(), f"-I{sysconfig.get_path('include')}", str(KERNEL), "-o", str(built)],
        check=True,
    )
    environment = {
        **os.environ,
        "LD_PRELOAD": runtime.stdout.strip(),
        "ASAN_OPTIONS": "detect_leaks=0",
        "PYTHONPATH": str(CLONE / "plugin"),
        "OPENBLAS_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, str(HERE / "kernel_fuzz/fuzz.py"), str(built), str(ROUNDS), "6"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-4000:]
