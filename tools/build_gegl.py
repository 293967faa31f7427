"""Compile GIMP's editable filter, an operation of GEGL: python -m tools.build_gegl [FILE]

Needs a C++ compiler and GEGL's headers (Debian's libgegl-dev). No library is linked: GIMP has all of them loaded, so
that one binary serves every version of GIMP 3 on its kind of processor.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ENGINES = Path(__file__).parents[1] / "plugin/sixbit/engines"
SOURCE = ENGINES / "gegl/lens_correction.cpp"
BUILT = ENGINES / "gegl/sixbit-lens-correction.so"
FLAGS = ["-std=c++17", "-O3", "-fno-math-errno", "-fno-trapping-math", "-pthread", "-shared", "-fPIC"]


def build(out: Path = BUILT) -> None:
    """Compile the operation into a file; CXX and CXXFLAGS count. Raises OSError or subprocess.CalledProcessError."""
    asked = ["pkg-config", "--cflags", "gegl-0.4"]
    found = subprocess.run(asked, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    flags = [*FLAGS, *os.environ.get("CXXFLAGS", "").split(), *found.stdout.split()]
    flags += [f"-I{ENGINES / folder}" for folder in ("gegl", "kernel")]
    made = out.with_name(f"{out.name}.part")
    try:
        subprocess.run([os.environ.get("CXX", "g++"), *flags, str(SOURCE), "-o", str(made)], check=True)
        made.replace(out)
    finally:
        made.unlink(missing_ok=True)


if __name__ == "__main__":
    build(*map(Path, sys.argv[1:]))
