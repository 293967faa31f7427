"""The editable filter, an operation of GEGL: where GIMP finds it, and whether it loads.

GEGL looks into a folder of the user's data (``gegl_init`` of GEGL 0.4: ``gegl-0.4/plug-ins``). Linux is tested;
Flatpak's folder is by its documentation. For other systems there is none yet.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sixbit.install.server import PATIENCE
from sixbit.machine import data_home
from sixbit.manifest import package_path

NAME = "sixbit-lens-correction.so"
PLACE = "gegl-0.4/plug-ins"

HELD_BY_IMAGES = (
    "images in XCF may hold Sixbit's filter, and lose it when GIMP saves them without the operation: merge it in GIMP "
    "before, or install it again"
)

# GEGL says which operations it has; what fails to load it passes over with a warning.
_TRIAL = """
import ctypes, sys
gegl = ctypes.CDLL("libgegl-0.4.so.0", mode=ctypes.RTLD_GLOBAL)
ctypes.CDLL(sys.argv[1], mode=2)  # now, and not when it is used
gegl.gegl_init(None, None)
print(gegl.gegl_has_operation(b"sixbit:lens-correction"))
"""


def built() -> bytes | None:
    """Return the operation as it was built along with Sixbit; None where it was not."""
    path = package_path("engines") / "gegl" / NAME
    return path.read_bytes() if path.is_file() and sys.platform == "linux" else None


def place(flatpak: str | None = None) -> Path:
    """Return where GEGL looks for it; inside the sandbox of a Flatpak, if one is named.

    >>> place("org.gimp.GIMP").relative_to(Path.home()).as_posix()
    '.var/app/org.gimp.GIMP/data/gegl-0.4/plug-ins/sixbit-lens-correction.so'
    """
    home = Path.home() / ".var/app" / flatpak / "data" if flatpak else data_home()
    return home / PLACE / NAME


def why_not_loading(path: Path) -> str | None:
    """Say why GEGL does not load it; empty if it does, None where no GEGL is at hand to try it."""
    command = [sys.executable, "-c", _TRIAL, str(path)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "GEGL does not answer"
    if "libgegl-0.4.so.0:" in done.stderr and NAME not in done.stderr:
        return None
    if done.stdout.strip() == "1":
        return ""
    said = done.stderr.strip().splitlines()
    return said[-1] if said else "GEGL passes over it"
