"""From file to file: `sixbit correct` on a JPEG of 50 MP as a whole process, in turn with darktable-cli.

    python -m benchmarks.files [--rounds 5] [--photo FILE]

darktable is the one that darktable.py finds; a sidecar file switches its lens module on and nothing else. Without one,
Sixbit is timed alone. What --timings says of the last round follows.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.darktable import export_one
from tests.scenery.landscape import save_large_photo

QUALITY = 95


def sixbit(photo: Path, out: Path) -> str:
    """Correct as a photographer would; return the text of --timings."""
    command = [sys.executable, "-m", "sixbit", "correct", str(photo), "-o", str(out), "--timings"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def corner_moved(folder: Path, export: Callable[[], float]) -> tuple[float, float]:
    """Return the levels by which darktable's correction changes a corner and the middle, on average."""
    sidecar, exported = folder / "photo.jpg.xmp", folder / "darktable.jpg"
    pictures = []
    on = sidecar.read_text(encoding="utf-8")
    for text in (on, on.replace('darktable:enabled="1"', 'darktable:enabled="0"')):
        sidecar.write_text(text, encoding="utf-8")
        export()
        pictures.append(np.asarray(Image.open(exported)).astype(float))
    change = np.abs(pictures[0] - pictures[1])
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
            save_large_photo(photo, QUALITY)
        theirs = export_one(folder, QUALITY)
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
