"""Side by side: one correction of a large picture by Sixbit, and by what people use today.

    python -m benchmarks.correct [--megapixels 50] [--threads 2] [--rounds 5] [--scaling] [-o FOLDER]

The table and a plot are saved in the folder, benchmarks/results by default. --scaling adds how the native engine does
from 1 to 200 MP and from one thread to all. darktable-cli takes part at 50 MP, if there is one (see darktable.py): from
JPEG to JPEG, for it does nothing less. All of it runs in one process, a round each in turn, so that whatever else
the machine does falls on all alike; the table has the medians, and the median of the ratios within a round.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import lensfunpy
import numpy as np
from numpy.typing import NDArray

from benchmarks.darktable import export_one
from sixbit import engines
from sixbit.compiler.compile import compile_optics
from sixbit.compiler.optics import SensorPicture
from sixbit.plots.figure import BLUE, SOFT
from sixbit.values.filter import Filter
from tests.scenery.landscape import LARGE, landscape, save_large_photo, size_of
from tests.scenery.lensfun_models import optics_of

Pixels = NDArray[Any]

LENS = """<lensdatabase version="1"><mount><name>Leica M</name></mount>
<lens><maker>Leica</maker><model>Summicron-M 1:2/35 Asph.</model><mount>Leica M</mount><cropfactor>1</cropfactor>
<calibration>
<distortion model="ptlens" focal="35" a="0.0183736" b="-0.0506454" c="0.0446071"/>
<tca model="poly3" focal="35" br="-0.0001021" vr="1.0001994" bb="0.0002990" vb="0.9996237"/>
<vignetting model="pa" focal="35" aperture="2" distance="1000" k1="-0.6" k2="0.35" k3="-0.1"/>
</calibration></lens></lensdatabase>"""
"""lensfun's own entry of the Summicron, and a fall-off of no particular lens: there is none on record for this one."""
QUALITY = 95
"""Of the JPEG that darktable takes and makes."""
OURS = "Sixbit native, 8 bit"
SLOW = ("Sixbit gmic", "darktable-cli, JPEG to JPEG")
"""These run once, which is enough to say so."""
LESS: dict[str, Any] = {
    "without lateral colour": {"warp": ((1.0, 0.0, -0.02, 0.01),)},
    "without vignetting": {"gain": ((1.0,),)},
    "vignetting alone": {"warp": ((1.0,),)},
    "nothing to do": {"warp": ((1.0,),), "gain": ((1.0,),)},
}
RESULTS = Path(__file__).parent / "results"
SCALES = (1, 5, 12, 24, 50, 100, 200)


def lens() -> Any:
    """Return the lens, for lensfun and for Sixbit alike."""
    return lensfunpy.Database(xml=LENS, load_common=False, load_bundled=False).lenses[0]


def summicron(width: int, height: int) -> Filter:
    """Compile distortion, lateral colour and vignetting of the lens for a full-frame picture."""
    return compile_optics(optics_of(lens(), 1.5, 35, 2), SensorPicture(width, height, 1.0), "none")


def contenders(width: int, height: int, threads: int) -> dict[str, Callable[[], object]]:
    """Return all that takes part, by name: a function each that corrects the same picture once."""
    filter, picture = summicron(width, height), landscape(width, height)
    result = np.zeros_like(picture)
    runs: dict[str, Callable[[], object]] = {}

    def native(
        pixels: Pixels, out: Pixels, interpolation: str = "bicubic", threads: int = threads
    ) -> Callable[[], object]:
        return lambda: engines.apply(filter, pixels, interpolation=interpolation, out=out, threads=threads)

    runs[OURS] = native(picture, result)
    runs["Sixbit native, 8 bit, one thread"] = native(picture, result, threads=1)
    runs["Sixbit native, 8 bit, Lanczos-3"] = native(picture, result, "lanczos3")
    deep = picture.astype(np.uint16) * 257
    runs["Sixbit native, 16 bit"] = native(deep, np.zeros_like(deep))
    light = picture.astype(np.float32) / 255
    runs["Sixbit native, float"] = native(light, np.zeros_like(light))
    only = {name: dataclasses.replace(filter, **less) for name, less in LESS.items()}
    for name, less in only.items():
        runs[f"Sixbit native, 8 bit, {name}"] = partial(engines.apply, less, picture, out=result, threads=threads)
    quarter = engines.Region(width // 4, height // 4, width // 2, height // 2)
    part = np.zeros_like(picture[: quarter.height, : quarter.width])
    runs["Sixbit native, 8 bit, a quarter of the area"] = lambda: engines.apply(
        filter, picture, region=quarter, out=part, threads=threads
    )
    runs["plain copy"] = lambda: np.copyto(result, picture)
    if importlib.util.find_spec("gmic"):
        runs["Sixbit gmic"] = lambda: engines.apply(filter, picture, "gmic")
    if importlib.util.find_spec("cv2"):
        import cv2

        cv2.setNumThreads(threads)
        x, y = green_map(filter)
        runs["OpenCV remap, cubic, ready map"] = lambda: cv2.remap(picture, x, y, cv2.INTER_CUBIC, dst=result)
        runs["OpenCV remap, Lanczos-4, ready map"] = lambda: cv2.remap(picture, x, y, cv2.INTER_LANCZOS4, dst=result)
        runs["lensfunpy + OpenCV cubic"] = lensfun_and_opencv(picture)
    return runs


def green_map(filter: Filter) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x = np.empty((filter.height, filter.width), np.float32)
    y = np.empty_like(x)
    for row in range(filter.height):
        xy = np.stack([np.arange(filter.width), np.full(filter.width, row)], axis=1)
        x[row], y[row] = filter.source_points(xy)[1].T
    return x, y


def lensfun_and_opencv(picture: Pixels) -> Callable[[], object]:
    """Return a correction of the usual kind: maps by lensfun, a remap a colour, brightness by lensfun.

    lensfun takes 8 bits as light.
    """
    cv2: Any = importlib.import_module("cv2")
    known = lens()
    height, width = picture.shape[:2]

    def run() -> Pixels:
        modifier = lensfunpy.Modifier(known, 1.0, width, height)
        modifier.initialize(35, 2, 1000, pixel_format=np.uint8)
        brightened = picture.copy()
        modifier.apply_color_modification(brightened)
        maps: Any = modifier.apply_subpixel_geometry_distortion()
        planes = [cv2.remap(brightened[..., k], maps[..., k, :], None, cv2.INTER_CUBIC) for k in range(3)]
        return np.stack(planes, axis=-1)

    return run


def peak_memory(width: int, height: int, threads: int) -> float:
    """Return the MB that one correction takes beyond its input and output, in a process of its own."""
    code = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
import numpy as np
from benchmarks.correct import summicron
from sixbit import engines
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
correction = summicron({width}, {height})
small = summicron(64, 48)
engines.apply(small, np.zeros((48, 64, 3), np.uint8), threads={threads})  # imports and tables
picture, out = np.full(({height}, {width}, 3), 90, np.uint8), np.ones(({height}, {width}, 3), np.uint8)
before = peak()
engines.apply(correction, picture, out=out, threads={threads})
print(peak() - before)
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(answer.stdout)


def measure(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of every run, a round after the other.

    The slow ones run once, after all others, for they leave the caches cold.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    quick = [name for name in runs if name not in SLOW]
    for name in quick:  # the first time pays for memory
        runs[name]()
    for name in quick * rounds + [name for name in runs if name in SLOW]:
        start = time.perf_counter()
        told = runs[name]()  # some say how long it took without what is not theirs
        seconds[name].append(told if isinstance(told, float) else time.perf_counter() - start)
    return seconds


def scaling(threads: int) -> dict[int, dict[float, float]]:
    """Return MP/s of the native engine by number of threads and size of the picture; medians of three."""
    counts = sorted({2**i for i in range(threads.bit_length())} | {threads})
    rates: dict[int, dict[float, float]] = {count: {} for count in counts}
    for megapixels in SCALES:
        width, height = size_of(megapixels)
        filter, picture = summicron(width, height), landscape(width, height)
        result = np.zeros_like(picture)
        runs: dict[str, Callable[[], object]] = {
            str(n): partial(engines.apply, filter, picture, out=result, threads=n) for n in counts
        }
        for count, times in measure(runs, 3).items():
            rates[int(count)][megapixels] = width * height / 1e6 / statistics.median(times)
    return rates


def scaling_table(rates: dict[int, dict[float, float]]) -> str:
    lines = [
        "| MP | " + " | ".join(f"{n} thread{'s' * (n > 1)}, MP/s" for n in rates) + " |",
        "|---:" * (len(rates) + 1) + "|",
    ]
    for megapixels in SCALES:
        lines.append(f"| {megapixels} | " + " | ".join(f"{row[megapixels]:.0f}" for row in rates.values()) + " |")
    return "\n".join(lines) + "\n"


def plot_scaling(rates: dict[int, dict[float, float]], path: Path) -> None:
    """Plot MP/s over MP, a line for each number of threads."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for count, row in rates.items():
        axes.plot(list(row), list(row.values()), "o-", label=f"{count} thread{'s' * (count > 1)}")
    axes.set_xscale("log")
    axes.set_xticks(SCALES, [str(megapixels) for megapixels in SCALES])
    axes.minorticks_off()
    axes.set_ylim(0)
    axes.set_xlabel("size of the picture, MP")
    axes.set_ylabel("MP/s")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)


def plot(seconds: dict[str, list[float]], megapixels: float, path: Path) -> None:
    """Plot MP/s as a bar for each contender, fastest first; Sixbit's are blue."""
    from matplotlib.figure import Figure

    rates = sorted((megapixels / statistics.median(times), name) for name, times in seconds.items())
    figure = Figure(figsize=(9, 0.35 * len(rates) + 1), layout="constrained")
    axes = figure.subplots()
    colours = [BLUE if name.startswith("Sixbit") else SOFT for _, name in rates]
    bars = axes.barh([name for _, name in rates], [rate for rate, _ in rates], color=colours)
    axes.bar_label(bars, [f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}" for rate, _ in rates], padding=4)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.margins(x=0.1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("MP/s")
    figure.savefig(path)


def table(seconds: dict[str, list[float]], width: int, height: int, threads: int, memory: float) -> str:
    megapixels = width * height / 1e6
    lines = [
        f"{width}×{height} ({megapixels:.0f} MP), RGB, distortion + lateral colour + vignetting in linear light, "
        f"{threads} threads; the medians of {max(map(len, seconds.values()))} paired rounds on {os.cpu_count()} "
        "processors.",
        "",
        "| | s | MP/s | time, Sixbit = 1 |",
        "|---|---:|---:|---:|",
    ]
    for name, times in seconds.items():
        median = statistics.median(times)
        ratio = statistics.median(time / ours for time, ours in zip(times, seconds[OURS], strict=False))
        lines.append(f"| {name} | {median:.3f} | {megapixels / median:.0f} | {ratio:.2f} |")
    lines += ["", f"Peak memory of the native engine beyond input and output: {memory:.1f} MB."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--megapixels", type=float, default=50.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scaling", action="store_true", help="also from 1 to 200 MP, from one thread to --threads")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help="folder for the table and the plot")
    options = parser.parse_args()
    width, height = size_of(options.megapixels)
    memory = peak_memory(width, height, options.threads)  # first: a child starts with the peak of its parent
    runs = contenders(width, height, options.threads)
    with tempfile.TemporaryDirectory() as folder:
        if (width, height) == LARGE:
            save_large_photo(Path(folder) / "photo.jpg", QUALITY)
            if export := export_one(Path(folder), QUALITY):
                runs[SLOW[1]] = export
        seconds = measure(runs, options.rounds)
    text = table(seconds, width, height, options.threads, memory)
    options.output.mkdir(parents=True, exist_ok=True)
    if options.scaling:
        rates = scaling(options.threads)
        text += "\n" + scaling_table(rates)
        plot_scaling(rates, options.output / "scaling.png")
    print(text)
    (options.output / "correct.md").write_text(text, encoding="utf-8")
    plot(seconds, width * height / 1e6, options.output / "correct.png")


if __name__ == "__main__":
    main()
