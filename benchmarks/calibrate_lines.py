"""How well distortion is found: rendered photos through every lens of the database whose distortion is known.

    python -m benchmarks.calibrate_lines [--cases 200] [--empty 200] [--first 0] [--width 1600] [--processes 2]

Each case is five JPEGs (quality 85 to 95; every fourth case 16 bits) at crop 1.0 or 2.64, of buildings, shelves or
tiles with curved things and leaves before them; every fifth is a printed chart, a chessboard or a ChArUco board. Then
as many cases of scenes that show no lines, of which "not enough" has to be said. They are 1600 px wide, charts half as
wide again: what a photo is reduced to before lines are looked for is 2400 px.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibrate_cases import Case, run
from sixbit.compiler.optics import Sensor, SensorPicture
from sixbit.measure.lines import MeasuredLines, fit_lines, lines_in
from sixbit.measure.worth import LIMITS
from sixbit.values.errors import CalibrationError
from sixbit.values.polynomial import UNITY
from tests.scenery import scenes
from tests.scenery.camera import Camera, as_photo, distortion_error, known_lenses, photograph

GOALS = {"lines": 0.05, "chessboard": 0.02, "ChArUco": 0.02}
"""Largest error in percent of the half diagonal."""
PHOTOS = 5


def main() -> int:
    """Run the cases, print and save the table; the number of failures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--empty", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first case")
    parser.add_argument("--width", type=int, default=1600)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    # By turns, so that a run that is cut short has gone through both.
    seeds = range(options.first, options.first + max(options.cases, options.empty))
    wanted = [
        (lines, seed, options.width)
        for seed in seeds
        for lines, count in ((True, options.cases), (False, options.empty))
        if seed - options.first < count
    ]
    with ProcessPoolExecutor(options.processes) as pool:
        cases = pool.map(_case, wanted)
        title = "Distortion from five photos with lines or of a chart"
        return run("calibrate-lines", title, "% of the half diagonal", cases)


def _case(wanted: tuple[bool, int, int]) -> Case:
    lines, seed, width = wanted
    return with_lines(seed, width) if lines else without_lines(seed, width)


def with_lines(seed: int, width: int) -> Case:
    """A case of a known lens."""
    rng = np.random.default_rng(seed)
    known = {lens_id: lens for lens_id, lens in known_lenses().items() if lens[0].distortion != (1.0,)}
    lens_id = list(known)[seed // 2 % len(known)]
    lens, focal = known[lens_id]
    crop = (1.0, 2.64)[seed % 2]
    kind, make, turned = "lines", scenes.WITH_LINES[int(rng.integers(3))], {}
    chart = seed % 5 == 4
    if chart:  # Of which there are but the corners, so the size of the picture counts more.
        width = width * 3 // 2
    frame = SensorPicture(width, width * 2 // 3, crop)
    if chart:
        kind = ("chessboard", "ChArUco")[seed // 10 % 2]
        make = scenes.chessboard(11, 8) if kind == "chessboard" else scenes.charuco(12, 8)
        turned = {"yaw": 25.0, "pitch": 20.0}
    camera = Camera(frame, focal, noise=float(rng.uniform(0.003, 0.012)), turned=turned)
    photos = []
    for _ in range(PHOTOS):
        scene = make(rng) if chart else scenes.with_distractors(make, rng)
        values = photograph(scene, lens, camera, rng)
        quality = None if seed % 4 == 3 else int(rng.integers(85, 96))
        photos.append(as_photo(values, 16 if quality is None else 8, quality, int(rng.choice([0, 2]))))
    name = f"seed {seed}, {lens_id}, crop {crop:g}, {'16 bits' if seed % 4 == 3 else 'JPEG'}"
    start = time.perf_counter()
    try:
        result = _found(photos, frame)
    except CalibrationError as refusal:
        left = 100 * distortion_error(lens, UNITY, frame, Sensor(crop, 1.5))
        if str(refusal).startswith("Nothing to correct"):
            return Case(kind, f"{name}, nothing to correct", left, LIMITS["distortion"].nothing)
        return Case(kind, name, left, goal=GOALS[kind], refused=str(refusal))
    seconds = time.perf_counter() - start
    error = distortion_error(lens, result.fit.polynomial, frame, Sensor(crop, 1.5))
    stated = float(result.worth.surely_within.max())
    before = 100 * distortion_error(lens, UNITY, frame, Sensor(crop, 1.5))
    name = f"{name}, {result.fit.model}{', chart seen' * bool(result.charts)}"
    return Case(kind, name, 100 * error, GOALS[kind], stated, seconds=seconds, before=before)


def without_lines(seed: int, width: int) -> Case:
    """A case of scenes that show no lines."""
    rng = np.random.default_rng(10_000 + seed)
    lens, focal = list(known_lenses().values())[seed % len(known_lenses())]
    frame = SensorPicture(width, width * 2 // 3, (1.0, 2.64)[seed % 2])
    make = scenes.WITHOUT_LINES[seed // 2 % len(scenes.WITHOUT_LINES)]
    camera = Camera(frame, focal)
    photos = [
        as_photo(photograph(make(rng), lens, camera, rng), quality=int(rng.integers(85, 96))) for _ in range(PHOTOS)
    ]
    name, refused = f"seed {seed}, {make.__name__}, crop {frame.crop_factor:g}", ""
    try:
        name += f": {' '.join(_found(photos, frame).verdict)}"
    except CalibrationError as error:
        refused = str(error)
    return Case("without lines", name, refused=refused, empty=True)


def _found(photos: list[NDArray[Any]], frame: SensorPicture) -> MeasuredLines:
    greys = [(photo.mean(axis=2) / np.iinfo(photo.dtype).max).astype(np.float32) for photo in photos]
    return fit_lines([lines_in(grey) for grey in greys], (frame.width, frame.height))


if __name__ == "__main__":
    sys.exit(min(main(), 1))
