"""Calibration against known truth: seeded flats and scenes, the failures counted and shown.

    python -m benchmarks.calibrate [--cases 200] [--scenes 200] [--width 1200]

Flats: each calibrated lens at crop 1 and 2.64, with noise, dust, hot pixels, sloping light, as JPEG of quality 85 to
95, as PNG of 8 and 16 bits, and as TIFF of 16 bits; the centre at 0.03 to 0.55 of white, the noise from that of a
denoised picture to plain grain. Fall-off has to be found to 1.5 % in all of them, colour shading to 0.5 %, or to 1 % in
a JPEG, which quantises colours; or else to the error that is stated. Scenes: photos and structures that are no flats,
and have to be refused.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.calibrate_cases import Case, run
from sixbit.calibration.flat import measure_flat
from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError
from sixbit.values.known import SURE
from tests.scenery import flats

GOAL_FALL_OFF = 1.5
"""Largest error of fall-off in percent."""
GOAL_SHADING = 0.5
"""Largest error of colour shading in percent."""
GOAL_SHADING_JPEG = 1.0
"""Largest error of colour shading from JPEGs in percent."""


def flat_cases(number: int, case: flats.Case) -> Iterator[Case]:
    """Render, measure, compare: a case of fall-off and one of colour."""
    name = f"{number}, {case.name}"
    kind = "JPEG" if case.suffix == ".jpg" else f"{case.suffix[1:].upper()}, {case.bits} bits"
    goal_shading = GOAL_SHADING_JPEG if kind == "JPEG" else GOAL_SHADING
    kinds = (f"fall-off, {kind}", GOAL_FALL_OFF), (f"colour, {kind}", goal_shading)
    with tempfile.TemporaryDirectory() as folder:
        paths = case.save(Path(folder), number)
        start = time.perf_counter()
        try:
            found = measure_flat(paths, Choices(lens=case.lens_id, crop_factor=case.crop_factor, f_number=5.6)).found
        except CalibrationError as error:
            for kind, goal in kinds:
                yield Case(kind, name, goal=goal, refused=str(error))
            return
    seconds = time.perf_counter() - start
    true = case.frames[0]
    assert found.shading is not None
    none = Shading(PlaneShading(), PlaneShading())
    errors = flats.corner_error(found.vignetting, true.vignetting), flats.shading_error(found.shading, true)
    before = flats.corner_error((0.0, 0.0, 0.0), true.vignetting), flats.shading_error(none, true)
    stated = math.log(2) * float(found.worth.surely_within.max()), SURE * found.shading_error
    for (kind, goal), *numbers in zip(kinds, errors, stated, before, strict=True):
        error, sure, without = (100 * number for number in numbers)
        yield Case(kind, name, error, goal, sure, seconds=seconds, before=without)


def scene_case(number: int) -> Case:
    """A scene that is no flat."""
    name, pixels = flats.scene(number)
    refused = ""
    with tempfile.TemporaryDirectory() as folder:
        path = flats.save(pixels, Path(folder) / "scene.jpg")
        try:
            measure_flat([path], Choices(lens="summicron-35-asph", crop_factor=1.0, f_number=5.6))
        except CalibrationError as error:
            refused = str(error)
    return Case("no flat", f"{number}, {name}", refused=refused, empty=True)


def main() -> int:
    """Run the cases, print and save the table; the number of failures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--width", type=int, default=1200)
    options = parser.parse_args()
    made = flats.cases(options.cases, width=options.width)

    def cases() -> Iterator[Case]:
        # By turns, so that a run that is cut short has gone through both.
        for number in range(max(options.cases, options.scenes)):
            if number < options.cases:
                yield from flat_cases(number, made[number])
            if number < options.scenes:
                yield scene_case(number)

    return run("calibrate-flats", "Fall-off and colour shading from flats", "%", cases())


if __name__ == "__main__":
    sys.exit(min(main(), 1))
