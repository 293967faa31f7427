"""Corrections written into DNGs of 24 megapixels: what it takes beyond a copy, in six settings.

python -m benchmarks.raw --count 200
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from sixbit.raw.write import remove, write_copy, write_in_place
from sixbit.values.choices import Choices
from tests.scenery import dngs

SIZE = (5976, 3992)
APERTURES = (1.5, 2.0, 2.8, 4.0, 5.6, 8.0)


def main() -> None:
    """Print the processor time of a file, beyond that of a copy."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photo, out = Path(folder, "photo.dng"), Path(folder, "out.dng")
        photo.write_bytes(dngs.dng(pixels=dngs.flat(SIZE), crop=(12, 12, 5952, 3968)))
        for f_number in APERTURES:  # compiled once
            write_copy(photo, out, Choices(f_number=f_number))
            out.unlink()
        times: dict[str, list[float]] = {name: [] for name in ("copied", "written", "in place", "removed")}
        for number in range(options.count):
            choices = Choices(f_number=APERTURES[number % len(APERTURES)])
            for name, do in (
                ("copied", lambda: shutil.copyfile(photo, out)),
                ("written", lambda choices=choices: write_copy(photo, out, choices)),
                ("in place", lambda choices=choices: write_in_place(photo, choices)),
                ("removed", lambda: remove(photo)),
            ):
                start = time.process_time()
                do()
                times[name].append(time.process_time() - start)
                out.unlink(missing_ok=True)
    plain = float(np.mean(times["copied"]))
    for name, values in times.items():
        mean = 1000 * float(np.mean(values))
        print(f"{name:9s} {mean:6.1f} ms of processor a file; beyond the copy {mean - 1000 * plain:6.1f} ms")


if __name__ == "__main__":
    main()
