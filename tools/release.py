"""Make a release and check all of it: python -m tools.release [FOLDER]

Into an empty folder (``dist``) come an sdist and the wheels (:mod:`tools.wheels`). Each wheel for this computer is
installed in fresh environments without a compiler, by Python 3.11, 3.13 and 3.14, has to do what ``smoke.py`` says, and
is taken by a newcomer through README and the editors' pages. The kernel for ARM is run by an emulator, and compiled
for macOS and Windows. The first thing that fails ends it, with status 1. Needs a network and the root user, for the
systems of the tests.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.scenery import PHOTO
from tests.scenery.newcomer import Newcomer
from tests.scenery.programs import CACHE
from tests.scenery.root import GEGL, SUITES, make_root
from tests.scenery.wheel import needed
from tools import wheels

PYTHONS = dict(zip(SUITES, ("3.13", "3.14"), strict=True))
"""The Python of each system of the tests."""
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
SMOKE = Path(__file__).with_name("smoke.py")
DRIVER = wheels.TOP / "tests/engines/kernel_fuzz/driver.cpp"
OTHER_SYSTEMS = ("aarch64-macos", "x86_64-macos", "x86_64-windows-gnu")
TRIAL = """
cd /mnt/work
python3 -m venv env
env/bin/pip install --quiet --no-index --find-links=/mnt/needed /mnt/made/{name}
! command -v cc
env/bin/python /mnt/tools/smoke.py /mnt/photos/photo.jpg
"""


def gegl_headers() -> dict[str, str]:
    """Return the variables by which GEGL's headers are found in a system of the tests."""
    root = make_root(GEGL, CACHE / "roots").path
    folders = [str(root / part / "pkgconfig") for part in ("usr/lib/x86_64-linux-gnu", "usr/share")]
    return {
        "PKG_CONFIG_SYSROOT_DIR": str(root),
        "PKG_CONFIG_LIBDIR": os.pathsep.join(folders),
        "PKG_CONFIG_SYSTEM_INCLUDE_PATH": str(root / "usr/include"),  # has a C library that is newer
    }


def try_here(made: Path, folder: Path) -> str:
    """Install a wheel for the Python that runs this, without a compiler on the path, and try it."""
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    python = folder / "env/bin/python"
    install: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        f"--find-links={needed(made, HERE)}",
        made,
    ]
    alone = {"PATH": str(python.parent), "HOME": str(folder)}
    subprocess.run(install, env=alone, check=True)
    work = folder / "work"
    work.mkdir()
    tried = subprocess.run([python, SMOKE, PHOTO], cwd=work, env=alone, check=True, capture_output=True, text=True)
    return tried.stdout.strip()


def try_in(suite: str, made: Path, folder: Path) -> str:
    """Install a wheel for the Python of a system of the tests, and try it."""
    for name in ("home", "work"):
        (folder / name).mkdir()
    binds = {"/root": folder / "home", "/mnt/work": folder / "work", "/mnt/made": made.parent}
    binds |= {"/mnt/tools": SMOKE.parent, "/mnt/photos": PHOTO.parent, "/mnt/needed": needed(made, PYTHONS[suite])}
    script = ["bash", "-ec", TRIAL.format(name=made.name)]
    tried = make_root(suite, CACHE / "roots").run(script, timeout=900, binds=binds)
    if tried.returncode:
        raise SystemExit(f"{made.name} in {suite}:\n{tried.stdout}\n{tried.stderr}")
    return tried.stdout.strip()


def try_as_newcomer(made: Path, folder: Path) -> str:
    """Go by README and the editors' pages to three corrected photos."""
    newcomer = Newcomer(folder, made)
    newcomer.set_up()
    found = (newcomer.correct_photo(), newcomer.correct_in_gimp(), newcomer.correct_in_darktable())
    return f"{len([path for path in found if path.stat().st_size])} photos by what README and the pages say"


def run_on_arm() -> str:
    """Have the emulator run the kernel for ARM, and compare its pictures with those of this computer."""
    trial = ["-m", "pytest", "tests/engines/test_emulated_kernel.py", "-k", "arm"]
    subprocess.run([sys.executable, *trial], cwd=wheels.TOP, env={**os.environ, "CI": "true"}, check=True)
    return "the kernel for ARM makes the same pictures"


def compile_for(system: str, folder: Path) -> str:
    """Compile the kernel for another system, without Python."""
    compiler = [sys.executable, "-m", "ziglang", "c++", "-target", system, "-std=c++17", "-O2"]
    kernel = wheels.TOP / "plugin/sixbit/engines/kernel"
    subprocess.run([*compiler, f"-I{kernel}", DRIVER, "-o", folder / "driver"], check=True)
    return f"the kernel compiles for {system}"


def main(arguments: list[str] | None = None) -> None:
    """Make and check a release, and tell how long each step took."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=wheels.TOP / "dist")
    parser.add_argument("--made", action="store_true", help="the folder has the release already: check it")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:

        def fresh() -> Path:
            return Path(tempfile.mkdtemp(dir=name))

        def timed(step: Callable[[], str]) -> None:
            start = time.monotonic()
            print(f"{step()} ({time.monotonic() - start:.0f} s)", flush=True)

        if not options.made:
            timed(lambda: "\n".join(map(str, wheels.make_all(options.folder, gegl_headers()))))
        (made,) = options.folder.glob("*_x86_64.whl")
        timed(partial(try_here, made, fresh()))
        for suite in PYTHONS:
            timed(partial(try_in, suite, made, fresh()))
        timed(partial(try_as_newcomer, made, fresh()))
        timed(run_on_arm)
        for system in OTHER_SYSTEMS:
            timed(partial(compile_for, system, fresh()))


if __name__ == "__main__":
    main()
