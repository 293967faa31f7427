"""How long calibrating takes, as whole commands: a flat of 50 megapixels, and five photos of lines of as many.

    python -m benchmarks.calibrate_times [--megapixels 50] [--frames FOLDER]

Rendered frames of a known lens; each command is timed from its start to its end, interpreter and imports included.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.calibrate_cases import RESULTS
from sixbit.compiler import optics as models
from sixbit.compiler.optics import SensorPicture
from sixbit.machine import processors
from tests.scenery.camera import Camera, Lens, as_photo, photograph
from tests.scenery.flats import Cast, Flat, save
from tests.scenery.scenes import building

PLUGIN = Path(__file__).resolve().parents[1] / "plugin"
LENS = "summarit-50-2.5"
NAME = "Summarit-M 1:2.5/50"
"""The lens as a camera writes it."""

ACTIONS = {
    "a flat, JPEG": ("flat", 5.0, ["flat.jpg"]),
    "a flat, TIFF of 16 bits": ("flat", 5.0, ["flat.tif"]),
    "five photos with lines, JPEG": ("lines", 60.0, [f"lines {number}.jpg" for number in range(5)]),
}
"""The action of the command, the goal in seconds and the frames."""


def render(folder: Path, size: tuple[int, int]) -> None:
    """The frames that are not there yet."""
    flat = Flat((-0.6, 0.25, -0.1), Cast((-0.06,)), Cast((0.04,)), size, slope=(0.04, 0.01), dust=20, hot=50)
    lens = Lens(distortion=models.distortion("poly3", (-0.03,)))
    camera = Camera(SensorPicture(*size, 1.0), 50.0)
    for number, path in enumerate(folder / name for _, _, names in ACTIONS.values() for name in names):
        rng = np.random.default_rng(number)
        if not path.exists() and "flat" in path.name:
            save(flat.codes(1, 16 if path.suffix == ".tif" else 8), path, lens=NAME)
        elif not path.exists():
            save(as_photo(photograph(building(rng), lens, camera, rng)), path, lens=NAME)


def main() -> int:
    """Time, print and save the table; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=50)
    parser.add_argument("--frames", type=Path, help="where the frames are kept, to be used again")
    options = parser.parse_args()
    height = round((options.megapixels * 1e6 / 1.5) ** 0.5)
    size = (height * 3 // 2, height)
    rows = []
    missed = False
    with tempfile.TemporaryDirectory() as own:
        folder = options.frames or Path(own)
        render(folder, size)
        environment = {**os.environ, "PYTHONPATH": str(PLUGIN), "XDG_DATA_HOME": own}
        for name, (action, goal, frames) in ACTIONS.items():
            paths = [folder / frame for frame in frames]
            command = [sys.executable, "-m", "sixbit", "calibrate", action, *map(str, paths)]
            command += ["--lens", LENS, "--aperture", "2.5", "--crop", "1", "--dry-run"]
            start = time.perf_counter()
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
            seconds = time.perf_counter() - start
            missed = missed or seconds > goal
            rows.append(f"| {name} | {seconds:.1f} s | {goal:g} s |")
            print(rows[-1], flush=True)
    title = f"Calibrating from {size[0]} x {size[1]} px, {processors()} processors, whole commands"
    table = "\n".join([title, "", "| frames | took | goal |", "|---|---:|---:|", *rows])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "calibrate-times.md").write_text(table + "\n")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
