"""Calibration against known truth: seeded flats and scenes, the failures counted and shown.

    python benchmarks/calibrate.py [--cases 80] [--scenes 80] [--width 1800]

Flats: each calibrated lens at crop 1 and 2.64, with noise, dust, hot pixels, sloping light, JPEG of quality 85 to 95, 8
and 16 bits. Scenes: photos and structures that are no flats, and have to be refused.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sixbit.calibration import CalibrationError
from sixbit.calibration.flat import measure_flat
from tests.flats import Case, cases, corner_error, save, scene, shading_error

MOST_FALL_OFF, MOST_SHADING = 0.015, 0.005


class Outcome(NamedTuple):
    """What became of a case: the errors, or why it was refused."""

    name: str
    fall_off: float
    shading: float
    seconds: float
    refused: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.refused) or self.fall_off > MOST_FALL_OFF or self.shading > MOST_SHADING


def flat_outcome(numbered: tuple[int, Case]) -> Outcome:
    """Render, measure, compare."""
    number, case = numbered
    with tempfile.TemporaryDirectory() as folder:
        paths = case.save(Path(folder), number)
        start = time.perf_counter()
        try:
            found = measure_flat(paths, case.lens_id, crop_factor=case.crop_factor, f_number=5.6)
        except CalibrationError as error:
            return Outcome(case.name, 0.0, 0.0, 0.0, str(error))
        seconds = time.perf_counter() - start
        true = case.frames[0]
        assert found.shading is not None
        errors = corner_error(found.fall_off, true.fall_off), shading_error(found.shading, true)
        return Outcome(case.name, *errors, seconds)


def scene_outcome(number: int) -> tuple[str, bool]:
    """The name of a scene, and whether it was refused."""
    name, pixels = scene(number)
    with tempfile.TemporaryDirectory() as folder:
        path = save(pixels, Path(folder) / "scene.jpg")
        try:
            measure_flat([path], "summicron-35-asph", crop_factor=1.0, f_number=5.6)
        except CalibrationError:
            return name, True
    return name, False


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=80)
    parser.add_argument("--scenes", type=int, default=80)
    parser.add_argument("--width", type=int, default=1800)
    options = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        outcomes = list(pool.map(flat_outcome, enumerate(cases(options.cases, width=options.width))))
        refusals = list(pool.map(partial(scene_outcome), range(options.scenes)))
    print("| frames | cases | failed | fall-off, median / largest | colour, median / largest |")
    print("|---|---|---|---|---|")
    for kind in ("jpg", "tif", "png 8", "png 16"):
        some = [outcome for outcome in outcomes if f", {kind}" in outcome.name]
        measured = [outcome for outcome in some if not outcome.refused]
        if measured:
            light, colour = [o.fall_off for o in measured], [o.shading for o in measured]
            print(
                f"| {kind} | {len(some)} | {sum(o.failed for o in some)} "
                f"| {100 * statistics.median(light):.2f} % / {100 * max(light):.2f} % "
                f"| {100 * statistics.median(colour):.2f} % / {100 * max(colour):.2f} % |"
            )
    for outcome in outcomes:
        if outcome.failed:
            why = outcome.refused or f"fall-off {100 * outcome.fall_off:.2f} %, colour {100 * outcome.shading:.2f} %"
            print(f"failed: {outcome.name}: {why}")
    taken = [name for name, refused in refusals if not refused]
    print(f"{len(refusals)} scenes that are no flats: {len(refusals) - len(taken)} refused {taken or ''}")


if __name__ == "__main__":
    main()
