"""What the editable filter costs in the real GIMP, next to a filter that copies and to GIMP's own lens correction.

    python -m benchmarks.gegl [--suite trixie] [--rounds 5] [-o FOLDER]

A photo of 50 megapixels, 8 and 16 bits. Each round merges each of the filters; ratios are medians within a round. The
kernel's own time is that of the same pixels in memory, between the rounds of GIMP. The table is saved in the folder.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sixbit.compiler.editable import compile_editable
from sixbit.engines import apply
from sixbit.machine import processors
from sixbit.values.choices import Choices
from sixbit.values.filter import Filter
from tests.scenery import CLONE
from tests.scenery.gimp import GimpHome
from tests.scenery.landscape import LARGE, landscape
from tests.scenery.root import GEGL, SUITES, system_root

HERE = Path(__file__).parent
TIMEOUT = 900
OURS, COPY, THEIRS = "sixbit:lens-correction", "sixbit:copy", "gegl:lens-distortion"
CHOICES = Choices(crop_factor=1.0, f_number=4.0)
BUILD = """
g++ -std=c++17 -O3 -shared -fPIC -I/mnt/clone/benchmarks $(pkg-config --cflags gegl-0.4) \
  /mnt/clone/benchmarks/gegl_copy.cpp -o /mnt/made/copy.so
"""


def take_copy(gimp: GimpHome) -> None:
    """Compile the filter that copies, and put it beside Sixbit's."""
    folder = gimp.home / ".local/share/gegl-0.4/plug-ins"
    done = system_root(GEGL).run(["bash", "-c", BUILD], timeout=600, binds={"/mnt/clone": CLONE, "/mnt/made": folder})
    if done.returncode:
        raise SystemExit(done.stderr)


def kernel_laps(filter: Filter, pixels: np.ndarray[Any, Any], rounds: int) -> list[dict[str, float]]:
    """Correct the same pixels by the native engine."""
    out = np.empty_like(pixels)
    laps = []
    for _ in range(rounds):
        began, used = time.monotonic(), time.process_time()
        apply(filter, pixels, out=out)
        laps.append({"seconds": time.monotonic() - began, "processor": time.process_time() - used})
    return laps


def measured(gimp: GimpHome, pixels: np.ndarray[Any, Any], rounds: int) -> list[str]:
    """Return the rows of the table."""
    filter, text = compile_editable("summicron-35-asph", choices=CHOICES, size=LARGE)
    if pixels.dtype == np.uint8:
        Image.fromarray(pixels).save(gimp.work / "photo.png", compress_level=1)
    else:
        import imagecodecs

        (gimp.work / "photo.png").write_bytes(imagecodecs.png_encode(pixels, level=1))
    operations = {COPY: {}, OURS: {"correction": text}, THEIRS: {"main": 5.0, "edge": 2.0}}
    asked = {"operations": operations, "sliders": {OURS: "distortion", THEIRS: "main"}, "rounds": rounds}
    kernel = kernel_laps(filter, pixels, rounds)
    took = gimp.batch(HERE / "gegl_session.py", asked, timeout=TIMEOUT)
    kernel += kernel_laps(filter, pixels, rounds)
    rows = []
    names = {COPY: "a filter that copies", OURS: "the editable filter", THEIRS: THEIRS}
    bits = pixels.dtype.itemsize * 8
    for operation, laps in took["merge"].items():
        most = max(lap["memory"] for lap in laps) / pixels.nbytes
        rows.append(f"| {names[operation]}, {bits} bit | {figures(laps)} | {most:.2f} times the picture |")
    rows.append(f"| the kernel, {bits} bit | {figures(kernel)} | |")
    for kind in ("seconds", "processor"):
        own = statistics.median(lap[kind] for lap in kernel)
        pairs = list(zip(took["merge"][OURS], took["merge"][COPY], took["merge"][THEIRS], strict=True))
        least = statistics.median(ours[kind] / (copy[kind] + own) for ours, copy, _ in pairs)
        theirs = statistics.median(ours[kind] / other[kind] for ours, _, other in pairs)
        rows.append(f"| by copying and kernel, by {THEIRS}: {kind}, {bits} bit | {least:.2f}, {theirs:.2f} | |")
    for operation, laps in took["slide"].items():
        values = sorted(1000 * lap for lap in laps)
        said = f"{statistics.median(values):.2f} ms, at most {values[-1]:.1f} ms"
        rows.append(f"| a slider of {names[operation]} set, {bits} bit | {said} | |")
    ratio = statistics.median(a / b for a, b in zip(took["slide"][OURS], took["slide"][THEIRS], strict=True))
    rows.append(f"| a slider by that of {THEIRS}, {bits} bit | {ratio:.2f} | |")
    return rows


def figures(laps: list[dict[str, float]]) -> str:
    """Write medians: how long, and of processors."""
    wall, used = (statistics.median(lap[kind] for lap in laps) for kind in ("seconds", "processor"))
    return f"{wall:.2f} s, {used:.2f} s of processors"


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", choices=SUITES, action="append", help="Debian's suite; both by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results", metavar="FOLDER")
    options = parser.parse_args()
    eight = landscape(*LARGE)
    sixteen = eight.astype(np.uint16) * 257
    lines = [f"{LARGE[0]}×{LARGE[1]} pixels, {processors()} processors.", ""]
    for suite in options.suite or SUITES:
        lines += [f"| {suite}: merged | | memory beyond the image |", "|---|---:|---:|"]
        for pixels in (eight, sixteen):
            with tempfile.TemporaryDirectory() as folder:
                gimp = GimpHome(system_root(suite), Path(folder) / "gimp")
                gimp.take_operation()
                take_copy(gimp)
                lines += measured(gimp, pixels, options.rounds)
        lines.append("")
    text = "\n".join(lines)
    print(text)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "gegl.md").write_text(text)


if __name__ == "__main__":
    main()
