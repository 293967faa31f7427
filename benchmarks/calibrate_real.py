"""What real photos give: each folder holds the photos of one camera at one setting, straight from it.

    python -m benchmarks.calibrate_real FOLDER... [--truth FILE] [--fives 0]

Prints, for each folder, what the lines or charts in all of its photos, and in the first five, tell of the distortion,
and in how many of its photos alone lateral colour was found. FILE is JSON: by the name of a folder, what another
program found: ``{"focal": px, "terms": [k1, k2, ...]}`` of ``r (1 + k1 q^2 + k2 q^4 ...)`` with q = r / focal, and, if
it is known, ``"error"``: the 95 % error of that, in % of the half diagonal. Then the two are compared: ``off`` is how
far apart they are in the corner at their best common scale, ``most`` how far at any radius that was measured, over what
both state there; more than 1 contradicts. ``--fives`` random fives of each folder tell how often what is stated is
true: in how many it holds at every radius that was measured, what is not worth keeping counted as well.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sixbit.calibration.frames import open_frame
from sixbit.measure.lines import LinesError, PhotoLines, fit_lines, lines_of
from sixbit.measure.straightness import apart, ideal_radii, polynomial_of
from sixbit.measure.tca import tca_in
from sixbit.measure.worth import RADII, Worth, area_weights
from sixbit.photos.jpeg import has_halved_chroma
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, SixbitError
from sixbit.values.lens import Model

FEW = 5
"""Photos, as a user takes them."""
Size = tuple[int, int]


def main() -> int:
    """Measure the folders and print the table; the number of those that another program contradicts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--truth", type=Path, metavar="FILE")
    parser.add_argument("--fives", type=int, default=0)
    options = parser.parse_args()
    truths = json.loads(options.truth.read_text()) if options.truth else {}
    rows, contradicted = [], 0
    for folder in options.folders:
        shown, colours = _read(folder)
        for count in sorted({min(FEW, len(shown)), len(shown)}):
            row, is_right = _row(folder.name, shown[:count], truths.get(folder.name))
            rows.append(row)
            contradicted += not is_right
        if options.fives and folder.name in truths:
            rows.append(_fives(folder.name, shown, truths[folder.name], options.fives))
        rows.append(f"| {folder.name} | | lateral colour: {colours} | | | | | |")
    print(
        "| set | photos | outcome | in the corner, % | give or take | reach | off | most |\n"
        "|---|---:|---|---:|---:|---:|---:|---:|"
    )
    print("\n".join(rows))
    return contradicted


def _read(folder: Path) -> tuple[list[tuple[Size, PhotoLines]], str]:
    """The lines of the photos of a folder, those of the size that most have, and what of lateral colour they show."""
    shown, found, nothing = [], 0, 0
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        try:
            frame = open_frame(path)
            shown.append((frame.size, lines_of(frame)))
        except SixbitError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        try:
            tca_in(frame.pixels, frame.transfer, halved_chroma=has_halved_chroma(path))
            found += 1
        except CalibrationError as error:
            nothing += "nothing to correct" in str(error)
    sizes = [size for size, _ in shown]
    usual = max(sizes, key=sizes.count)
    colours = f"found in {found}, nothing to correct in {nothing} of {len(shown)} alone"
    return [one for one in shown if one[0] == usual], colours


def _row(name: str, shown: Sequence[tuple[Size, PhotoLines]], truth: Mapping[str, Any] | None) -> tuple[str, bool]:
    size = shown[0][0]
    try:
        found = fit_lines([photo for _, photo in shown], size)
    except CalibrationError as error:
        return f"| {name} | {len(shown)} | {error} | | | | | |", True
    stated = found.worth.surely_within[0]
    off = off_truth(found.distortion, size, truth) if truth else np.full(len(RADII), math.nan)
    most = _most(off, found.worth, truth)
    outcome = f"{found.fit.model}{f', {found.charts} charts' if found.charts else ''}"
    if found.centre.any():
        outcome += ", centre {:+.0f} {:+.0f} px".format(*(found.centre * found.half_short_px))
    corner = float(found.worth.correction[0, -1])
    numbers = f"{corner:+.2f} | {stated[-1]:.2f} | {found.worth.reach:.2f} | {off[-1]:.2f} | {most:.2f}"
    return f"| {name} | {len(shown)} | {outcome} | {numbers} |", not most > 1


def _most(off: FloatArray, worth: Worth, truth: Mapping[str, Any] | None) -> float:
    """How far a distortion is off at any radius that was measured, over what both state there."""
    both = np.hypot(worth.surely_within[0], truth.get("error", 0.0) if truth else 0.0)
    return float(np.max((off / np.maximum(both, 1e-9))[worth.reach >= RADII]))


def _fives(name: str, shown: Sequence[tuple[Size, PhotoLines]], truth: Mapping[str, Any], count: int) -> str:
    """Measure random fives of photos: how many are accepted, and how many are no farther off than stated."""
    rng, size = np.random.default_rng(5), shown[0][0]
    accepted, corners, most = 0, [], []
    for _ in range(count):
        five = [shown[number][1] for number in rng.permutation(len(shown))[:FEW]]
        try:
            found = fit_lines(five, size)
            fit, worth = found.fit, found.worth
            accepted += 1
        except LinesError as error:
            if not (error.seen.fit and error.seen.worth):
                continue
            fit, worth = error.seen.fit, error.seen.worth
        off = off_truth(Model(fit.model, fit.terms), size, truth)
        corners.append(off[-1])
        most.append(_most(off, worth, truth))
    held, median = sum(one <= 1 for one in most), statistics.median
    outcome = f"{count} times five: {accepted} accepted, {held} of {len(most)} within what is stated"
    return f"| {name} | {FEW} | {outcome} | | | | {median(corners):.2f} | {median(most):.2f} |"


def off_truth(found: Model, size: Size, truth: Mapping[str, Any]) -> FloatArray:
    """How far a distortion is from another program's at ``RADII``, in % of the half diagonal."""
    half_short = (min(size) - 1) / 2
    farthest = math.hypot(size[0] - 1, size[1] - 1) / 2 / half_short
    other = [1.0]
    for power, term in enumerate(truth["terms"], 1):
        other += [0.0, term * (half_short / truth["focal"]) ** (2 * power)]
    here = ideal_radii(polynomial_of(found.name, found.terms), farthest)
    there = ideal_radii(tuple(other), farthest)
    return 100 * np.abs(apart(here, there, area_weights(max(size) / min(size)))) / farthest


if __name__ == "__main__":
    sys.exit(min(main(), 1))
