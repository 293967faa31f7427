"""The lower bounds of setup.cfg, tried: an environment with the lowest versions they allow corrects the example.

``python -m tools.lowest`` needs a network and some minutes. It ends with status 1, and says at which command, if a
bound is not true. uv chooses the versions, as pip knows only the highest.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).parent.parent
EXAMPLE = TOP / "examples" / "photo.jpg"
EXTRAS = "calibrate,cluster,learn,plot"
"""What users install; the tools of those who change Sixbit may be as new as they like."""

COMMANDS = """
    sixbit identify photo.jpg
    sixbit correct photo.jpg -o corrected.jpg
    sixbit correct photo.jpg -o corrected.tif
    sixbit correct photo.jpg -o corrected.png
    sixbit correct photo.jpg -o reference.png --engine reference
    sixbit correct corrected.tif -o again.png --force
    sixbit identify photo.heic
    sixbit tag tagged.jpg --lens summicron-35-asph --aperture 4
    sixbit batch photo.jpg --preset full-jpeg -o batch
    sixbit compile photo.jpg -o filter.json
    sixbit lens summicron-35-asph --plot lens.png
    sixbit calibrate flat flat.png --lens summicron-35-asph --aperture 4 --crop 1 --dry-run --plot flat-plot.png
    sixbit calibrate lines lines.png --lens summicron-35-asph --crop 1 --dry-run --plot lines-plot.png
    sixbit install lensfun
    sixbit doctor
"""
"""What together uses every library that a photo meets."""

CLUSTER = """
from distributed import LocalCluster
from sixbit.cli.main import main
with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
    words = ["batch", "photo.jpg", "--preset", "full-jpeg", "-o", "cluster", "--scheduler", cluster.scheduler_address]
    raise SystemExit(main(words))
"""

PHOTOS = """
import numpy, pillow_heif
from PIL import Image
pillow_heif.register_heif_opener()
with Image.open("photo.jpg") as photo:
    photo.save("photo.heic", exif=photo.info["exif"])
y, x = numpy.mgrid[-200:200, -300:300]
flat = (180 - 60 * (x * x + y * y) / 130000)[..., None].repeat(3, axis=2)
Image.fromarray(flat.round().astype(numpy.uint8)).save("flat.png")
y, x = numpy.mgrid[-300:300, -450:450]
bent = 1 + 1e-7 * (x * x + y * y)
grid = 128 + 100 * numpy.tanh(4 * numpy.where(y < 0, numpy.sin(x * bent / 8), numpy.sin(y * bent / 8)))
Image.fromarray(grid[..., None].repeat(3, axis=2).round().astype(numpy.uint8)).save("lines.png")
"""
"""Photos that the commands need beside the example."""

UNUSED = "cv2 gmic matplotlib.pyplot pycolmap rawpy scipy.optimize sixbit.editors.page.server"
"""Modules that these commands do not get to, or not far into."""


def commands(python: Path) -> Iterator[list[str]]:
    """Yield what has to work, as it is called with an interpreter."""
    yield [str(python), "-c", PHOTOS]
    for line in COMMANDS.strip().splitlines():
        _, *words = shlex.split(line)
        yield [str(python), "-m", "sixbit", *words]
    for code in (CLUSTER, *(f"import {module}" for module in UNUSED.split())):
        yield [str(python), "-c", code]


def environment(folder: Path) -> Path:
    """Make an environment with Sixbit and the lowest versions that it allows; return its interpreter."""
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    python = programs / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "uv"], check=True)
    lowest = ["--resolution", "lowest-direct", f"{TOP}[{EXTRAS}]"]
    subprocess.run([programs / "uv", "pip", "install", "--python", python, *lowest], check=True)
    return python


def try_all(python: Path, folder: Path) -> int:
    """Run what has to work in a folder of its own, as a user with a home of their own; count what does not."""
    home = {name: str(folder / "home") for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | home
    for name in ("photo.jpg", "tagged.jpg"):
        shutil.copy(EXAMPLE, folder / name)
    failed = 0
    for command in commands(python):
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        print("FAILED" if done.returncode else "well  ", shlex.join(command[1:]), flush=True)
        if done.returncode:
            failed += 1
            print(done.stdout + done.stderr, flush=True)
    return failed


def main(arguments: list[str] | None = None) -> int:
    """Make the environment, try it, and take it away again. Return 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.lowest", description=__doc__)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make the environment here, and leave it")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        python = environment(options.keep or work / "environment")
        (work / "photos").mkdir()
        return 1 if try_all(python, work / "photos") else 0


if __name__ == "__main__":
    sys.exit(main())
