"""How well distortion is found: rendered photos through every lens of the database whose distortion is known.

python benchmarks/calibrate_lines.py [--cases 120] [--empty 120] [--first 0] [--width 1200]

Each case is five JPEGs (quality 85 to 95; every fourth case 16 bits) at crop 1.0 or 2.64, of buildings, shelves or
tiles with curved things and leaves before them; every sixth is a printed chart. Then as many cases of scenes that show
no lines, of which "not enough" has to be said.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from sixbit.calibration import CalibrationError
from sixbit.calibration.lines import LinesResult, fit_lines, lines_in
from sixbit.calibration.user_database import Setting
from sixbit.catalogue import catalogue
from sixbit.models import Frame, Sensor
from tests import scenes

GOALS = {"lines": 0.0005, "chart": 0.0002}
"""Largest error in half diagonals."""
PHOTOS = 5


def main() -> None:
    """Run the cases and print a table, with each that failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=120)
    parser.add_argument("--empty", type=int, default=120)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first case")
    parser.add_argument("--width", type=int, default=1200)
    options = parser.parse_args()
    errors: dict[str, list[float]] = {kind: [] for kind in GOALS}
    refused = dict.fromkeys(GOALS, 0)
    start = time.perf_counter()
    for seed in range(options.first, options.first + options.cases):
        kind, name, error = with_lines(seed, options.width)
        if error is None:
            refused[kind] += 1
            print(f"case {seed}, {kind}, {name}: refused")
            continue
        errors[kind].append(error)
        if error > GOALS[kind]:
            print(f"case {seed}, {kind}, {name}: off by {100 * error:.3f} %")
    print("\n| cases | number | median | worst | over the goal | refused |\n|---|---:|---:|---:|---:|---:|")
    for kind, found in errors.items():
        if found:
            over = sum(error > GOALS[kind] for error in found)
            middle, worst = (100 * value for value in (np.median(found), max(found)))
            number = len(found) + refused[kind]
            print(f"| {kind} | {number} | {middle:.4f} % | {worst:.4f} % | {over} | {refused[kind]} |")
    believed = 0
    for seed in range(options.first, options.first + options.empty):
        if said := without_lines(seed, options.width):
            believed += 1
            print(f"case {seed} without lines: {said}")
    if options.empty:
        share = 100 * (1 - believed / options.empty)
        print(f"| without lines | {options.empty} | | | {believed} | {options.empty - believed} ({share:.1f} %) |")
    print(f"\n{time.perf_counter() - start:.0f} s")


def with_lines(seed: int, width: int) -> tuple[str, str, float | None]:
    """A case: its kind, its lens, and the error in half diagonals (None if it was refused)."""
    rng = np.random.default_rng(seed)
    known = {lens_id: lens for lens_id, lens in scenes.known_lenses().items() if lens[0].distortion != (1.0,)}
    lens_id = list(known)[seed // 2 % len(known)]
    lens, focal = known[lens_id]
    crop = (1.0, 2.64)[seed % 2]
    frame = Frame(width, width * 2 // 3, crop)
    chart = seed % 6 == 5
    make: Any = scenes.chessboard(11, 8) if chart else scenes.WITH_LINES[int(rng.integers(3))]
    turned = {"yaw": 25.0, "pitch": 20.0} if chart else {}
    camera = scenes.Camera(frame, focal, noise=float(rng.uniform(0.003, 0.012)), turned=turned)
    photos = []
    for _ in range(PHOTOS):
        scene = make(rng) if chart else scenes.with_distractors(make, rng)
        values = scenes.photograph(scene, lens, camera, rng)
        quality = None if seed % 4 == 3 else int(rng.integers(85, 96))
        photos.append(scenes.as_photo(values, 16 if quality is None else 8, quality, int(rng.choice([0, 2]))))
    try:
        result = _found(photos, lens_id, focal, frame)
    except CalibrationError:
        return "chart" if chart else "lines", lens_id, None
    error = scenes.distortion_error(lens, result.fit.polynomial, frame, Sensor(crop, 1.5))
    print(f"case {seed}, {lens_id}, crop {crop}: {result.fit.model}, off by {100 * error:.4f} %", file=sys.stderr)
    return "chart" if chart else "lines", lens_id, error


def without_lines(seed: int, width: int) -> str:
    """A case of scenes that show no lines: what was believed all the same, or nothing."""
    rng = np.random.default_rng(10_000 + seed)
    lens_id, (lens, focal) = list(scenes.known_lenses().items())[seed % len(scenes.known_lenses())]
    frame = Frame(width, width * 2 // 3, (1.0, 2.64)[seed % 2])
    make = scenes.WITHOUT_LINES[seed % len(scenes.WITHOUT_LINES)]
    camera = scenes.Camera(frame, focal)
    photos = [
        scenes.as_photo(scenes.photograph(make(rng), lens, camera, rng), quality=int(rng.integers(85, 96)))
        for _ in range(PHOTOS)
    ]
    try:
        result = _found(photos, lens_id, focal, frame)
    except CalibrationError:
        print(f"case {seed} without lines, {make.__name__}: refused", file=sys.stderr)
        return ""
    return f"{make.__name__}: {' '.join(result.verdict)}"


def _found(photos: list[NDArray[Any]], lens_id: str, focal: float, frame: Frame) -> LinesResult:
    found = []
    for number, photo in enumerate(photos):
        grey = (photo.mean(axis=2) / np.iinfo(photo.dtype).max).astype(np.float32)
        found.append(lines_in(grey, number)[0])
    setting = Setting(catalogue().lenses[lens_id], frame.crop_factor, focal)
    return fit_lines(found, setting, [(frame.width, frame.height)] * len(photos))


if __name__ == "__main__":
    main()
