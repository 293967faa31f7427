"""Sixbit as users get it: the wheel, and what it needs beside, which is fetched once and kept in the tests' cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from contextlib import suppress
from email import message_from_string
from pathlib import Path

from tests.scenery.kernel import kernel
from tests.scenery.operation import operation
from tests.scenery.programs import CACHE, missing
from tools import wheels

PLATFORMS = ("2_34", "2_28", "2_27", "2_17")
"""The C libraries for which wheels are made that run where Sixbit's does."""


def wheel(folder: Path) -> Path:
    """Make the sdist of this clone, and a wheel of it, in a folder; return the wheel.

    Its name is that of a release, but the kernel is the one that the clone has, so that nothing is compiled: setuptools
    leaves alone what is newer than its sources. ``python -m tools.release`` compiles.
    """
    sdist = wheels.make_sdist(folder)
    top = wheels.unpack(sdist, folder / "unpacked")
    build = top / "build" / f"lib.{sysconfig.get_platform()}-{sys.implementation.cache_tag}"
    for path, made in ((wheels.KERNEL, Path(str(kernel.__file__))), (wheels.OPERATION, operation())):
        (build / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, build / path)
    platform = f"--config-setting=--build-option=--plat-name=manylinux_{wheels.GLIBC}_x86_64"
    return wheels.build("--wheel", top, folder, {"PKG_CONFIG_LIBDIR": ""}, platform)


def needed(made: Path, python: str) -> Path:
    """Return a folder with the wheels that a wheel needs for a version of Python, from the index that pip uses here."""
    with zipfile.ZipFile(made) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        wanted = message_from_string(packed.read(name).decode()).get_all("Requires-Dist", [])
    plain = [f"{one}" for one in wanted if "extra ==" not in one]
    kept = CACHE / f"needed-{python}-{hashlib.sha256(' '.join(plain).encode()).hexdigest()[:16]}"
    if not kept.exists():
        part = kept.with_name(f"{kept.name}.part-{os.getpid()}")
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--python-version", python]
        fetch += [f"--platform=manylinux_{glibc}_x86_64" for glibc in PLATFORMS]
        # pipx brings a newer pip than Debian's.
        done = subprocess.run([*fetch, "--dest", str(part), "pip", *plain], capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(part, ignore_errors=True)
            missing(f"what the wheel needs cannot be fetched: {done.stderr[-2000:]}")
        with suppress(OSError):  # Another test was faster.
            part.rename(kept)
    return kept
