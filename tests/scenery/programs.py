"""Programs that the tests use as oracles, fetched once into a cache and never needed by Sixbit itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from platformdirs import user_cache_path

# Read at import, before the tests get a home folder of their own: it survives from one run, and one clone, to the next.
CACHE = Path(os.environ.get("SIXBIT_TEST_CACHE") or user_cache_path("sixbit-tests"))


def missing(what: str) -> None:
    """Skip for want of a program, with the reason; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} (it is needed in CI)")
    pytest.skip(what, allow_module_level=True)


@cache
def exiftool() -> list[str]:
    """Return the command of exiftool: the installed one, or Debian's package unpacked into the cache."""
    if found := shutil.which("exiftool"):
        return [found]
    if not shutil.which("perl"):
        missing("exiftool needs perl")
    root = _fetched("exiftool", "libimage-exiftool-perl")
    return ["perl", "-I", str(root / "usr/share/perl5"), str(root / "usr/bin/exiftool")]


@cache
def dcraw() -> list[str]:
    """Return the command of dcraw: the installed one, or Debian's package unpacked into the cache."""
    if found := shutil.which("dcraw"):
        return [found]
    command = str(_fetched("dcraw", "dcraw") / "usr/bin/dcraw")
    if subprocess.run([command], capture_output=True, check=False).returncode == 127:
        missing("dcraw does not run here")
    return [command]


def _fetched(program: str, package: str) -> Path:
    """Unpack a package of Debian into the cache, and return the folder."""
    root = CACHE / program
    if not (root / "usr/bin" / program).exists():
        if not shutil.which("apt-get"):
            missing(f"{program} is not installed and cannot be fetched without apt-get")
        root.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["apt-get", "download", "-q", package], cwd=root, capture_output=True, text=True)
        if done.returncode:
            subprocess.run(["apt-get", "update", "-q"], capture_output=True, check=False)
            done = subprocess.run(["apt-get", "download", "-q", package], cwd=root, capture_output=True, text=True)
        archives = sorted(root.glob(f"{package}_*.deb"))
        if done.returncode or not archives:
            missing(f"{program} could not be fetched: {done.stderr.strip()}")
        subprocess.run(["dpkg-deb", "-x", archives[-1].name, "."], cwd=root, check=True)
    return root
