"""From file to file: `sixbit correct` on a JPEG of 50 MP as a whole process, in turn with darktable-cli.

    python -m benchmarks.files [--rounds 5] [--photo FILE]

darktable is the one on PATH, or that of the tests' Debian system where there is one; a sidecar
file switches its lens module on and nothing else. Without either, Sixbit is timed alone. What --timings says of the
last round follows.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
PHOTO = HERE.parent / "examples" / "photo.jpg"
WIDTH, HEIGHT = 8160, 6144
QUALITY = 95
THEIR_LENS = "Elmarit-M 1:2.8/28 ASPH."
"""A lens that darktable's own database has all three corrections for."""


def large_photo(path: Path) -> None:
    """The benchmark's landscape with the metadata of the example photo."""
    from PIL import Image

    from benchmarks import correct

    with Image.open(PHOTO) as example:
        carried = {"exif": example.info["exif"], "icc_profile": example.info.get("icc_profile")}
    Image.fromarray(correct.landscape(WIDTH, HEIGHT)).save(path, quality=QUALITY, **carried)


def sixbit(photo: Path, out: Path) -> str:
    """Correct as a photographer would; returns what --timings says."""
    command = [sys.executable, "-m", "sixbit", "correct", str(photo), "-o", str(out), "--timings"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def darktable(folder: Path) -> Callable[[], float] | None:
    """A function that exports photo.jpg of the folder and returns its seconds; None without darktable."""
    from tests.editors.test_darktable_lensfun import sidecar

    (folder / "photo.jpg.xmp").write_text(sidecar(THEIR_LENS), encoding="utf-8")
    settings = {
        "plugins/imageio/format/jpeg/quality": str(QUALITY),
        "plugins/darkroom/workflow": "none",
        "plugins/lighttable/export/pixel_interpolator_warp": "bicubic",
        "write_sidecar_files": "never",
    }
    arguments = ["--icc-type", "SRGB", "--core", "--library", ":memory:"]
    arguments += [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    if found := shutil.which("darktable-cli"):

        def at_home() -> float:
            (folder / "darktable.jpg").unlink(missing_ok=True)
            start = time.perf_counter()
            command = [found, str(folder / "photo.jpg"), str(folder / "darktable.jpg"), *arguments]
            subprocess.run(command, capture_output=True, check=True)
            return time.perf_counter() - start

        return at_home
    try:
        roots = importlib.import_module("tests.scenery.root")
        root = roots.make_root("trixie", roots.CACHE / "roots")
    except (ImportError, RuntimeError) as error:
        print(f"darktable is left out: {error}", file=sys.stderr)
        return None

    def in_root() -> float:
        # Timed within: making the namespaces is no part of darktable.
        (folder / "darktable.jpg").unlink(missing_ok=True)
        line = 'start=$(date +%s%N); darktable-cli "$@" >&2; echo $(($(date +%s%N) - start))'
        command = ["bash", "-c", line, "timed", "/mnt/work/photo.jpg", "/mnt/work/darktable.jpg", *arguments]
        done = root.run(command, timeout=300, binds={"/mnt/work": folder})
        if not (folder / "darktable.jpg").exists():
            raise RuntimeError(done.stderr[-2000:])
        return int(done.stdout) / 1e9

    return in_root


def corner_moved(folder: Path, export: Callable[[], float]) -> tuple[float, float]:
    """By how many levels darktable's correction changes the picture on average, in a corner and in the middle."""
    numpy, image = importlib.import_module("numpy"), importlib.import_module("PIL.Image")
    sidecar, exported = folder / "photo.jpg.xmp", folder / "darktable.jpg"
    pictures = []
    on = sidecar.read_text(encoding="utf-8")
    for text in (on, on.replace('darktable:enabled="1"', 'darktable:enabled="0"')):
        sidecar.write_text(text, encoding="utf-8")
        export()
        pictures.append(numpy.asarray(image.open(exported)).astype(float))
    change = abs(pictures[0] - pictures[1])
    height, width = change.shape[:2]
    corner, middle = change[:512, :512], change[height // 2 - 64 : height // 2 + 64, width // 2 - 64 : width // 2 + 64]
    return float(corner.mean()), float(middle.mean())


def main() -> None:
    """Run the two in turn and print medians, and the median of the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--photo", type=Path, help="a JPEG to take instead of the made one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo, out = folder / "photo.jpg", folder / "sixbit.jpg"
        if options.photo:
            shutil.copy(options.photo, photo)
        else:
            large_photo(photo)
        theirs = darktable(folder)
        told, ours, others = "", [], []
        for number in range(options.rounds + 1):
            out.unlink(missing_ok=True)
            start = time.perf_counter()
            told = sixbit(photo, out)
            taken = time.perf_counter() - start
            other = theirs() if theirs else None
            if number:  # the first round pays for caches
                ours.append(taken)
                others.append(other)
        moved = corner_moved(folder, theirs) if theirs else None
    print("| | s, median | least | time, Sixbit = 1 |\n|---|---:|---:|---:|")
    print(f"| sixbit correct, whole process | {statistics.median(ours):.2f} | {min(ours):.2f} | 1 |")
    known = [other for other in others if other is not None]
    if known:
        ratio = statistics.median(b / a for a, b in zip(ours, known, strict=True))
        print(f"| darktable-cli, whole process | {statistics.median(known):.2f} | {min(known):.2f} | {ratio:.1f} |")
    if moved:
        print(f"\ndarktable's correction changes a corner by {moved[0]:.1f} levels, the middle by {moved[1]:.1f}.")
        if moved[0] < 2 * moved[1] or moved[0] < 1:
            sys.exit("darktable has not corrected the photo: the comparison says nothing.")
    print(f"\nThe last round of Sixbit:\n\n```\n{told.rstrip()}\n```")


if __name__ == "__main__":
    main()
