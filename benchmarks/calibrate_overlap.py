"""What overlapping photos give: each folder holds photos of one still scene by one camera at one setting.

    python -m benchmarks.calibrate_overlap FOLDER... [--truth FILE] [--focal F] [--subsets N] [--most N]

Prints what all photos of a folder tell, and N subsets of five and of eight of them, and then by difference: a known
distortion, fall-off and lateral colour are put on the photos, and what is found then is compared to what was found
before. ``off`` is the largest difference from the truth up to 0.9 of the half diagonal, as far as the photos reach;
``held`` counts the radii (of 0.25, 0.5, 0.75, 0.9) at which it lies within the error that is stated with it on. FILE is
that of benchmarks.calibrate_real. Lateral colour is put on photos whose colours are made of green and of what is left
of them when smoothed, as a JPEG may have halved its own, which would be moved with it; one of the cases is then saved
as JPEG with halved colour. F is the focal length in half diagonals: 1.69 for 36.6 mm on 24x36.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image

from benchmarks.calibrate_real import off_truth
from benchmarks.learn_archive import without_lateral_colour
from sixbit.calibration.frames import open_frame
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.overlap import MeasuredOverlap, OverlapPhoto, fit_overlap, overlap_photo
from sixbit.measure.straightness import apart, ideal_radii
from sixbit.measure.worth import RADII, area_weights
from sixbit.photos.jpeg import has_halved_chroma
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import SixbitError

AT = (10, 20, 30, 36)
"""Of ``RADII``: 0.25, 0.5, 0.75 and 0.9."""
Size = tuple[int, int]


class PutOn(NamedTuple):
    """What is put on: radii ``r`` (half diagonals) come from ``r (1 + bend r^2)``; less light; larger red and blue."""

    bend: float
    fall_off: tuple[float, float, float]
    red_px: float
    blue_px: float
    halved: bool = False
    """Whether it is saved as JPEG with halved colour then."""

    def before(self, r: FloatArray) -> FloatArray:
        """Where what now lies at these radii lay before."""
        return r * (1 + self.bend * r**2)

    def lost(self, r: FloatArray) -> FloatArray:
        """Light that is taken, in EV."""
        return -np.log2(1 + self.fall_off[0] * r**2 + self.fall_off[1] * r**4 + self.fall_off[2] * r**6)


CASES = (
    PutOn(0.02, (-0.9, 0.35, -0.08), 1.5, -1.0),
    PutOn(-0.03, (-0.4, 0.0, 0.0), -1.2, 2.0, halved=True),
    PutOn(0.05, (-0.6, -0.1, 0.1), 0.8, 0.8),
)


def main() -> int:
    """Measure the folders and print the tables; the number of accepted results that another program contradicts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--truth", type=Path, metavar="FILE")
    parser.add_argument("--focal", type=float, default=1.69)
    parser.add_argument("--subsets", type=int, default=1)
    parser.add_argument("--most", type=int, default=12, help="photos of a folder, evenly taken")
    options = parser.parse_args()
    truths = json.loads(options.truth.read_text()) if options.truth else {}
    print("| set | photos | put on | kind | outcome | in the corner | give or take | reach | off | held |")
    print("|---|---:|---|---|---|---:|---:|---:|---:|---:|")
    tally = Tally()
    for folder in options.folders:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".tif"))
        paths = [paths[k] for k in np.unique(np.linspace(0, len(paths) - 1, options.most).round().astype(int))]
        tally.folder(folder.name, paths, options, truths.get(folder.name))
    tally.summary()
    return tally.contradicted


class Tally:
    """Rows as they come, and what they add up to."""

    def __init__(self) -> None:
        self.contradicted = 0
        self.off: dict[str, list[float]] = {}
        self.held: dict[str, list[bool]] = {}
        self.outcomes: dict[str, list[str]] = {}

    def folder(self, name: str, paths: Sequence[Path], options: Any, truth: Mapping[str, Any] | None) -> None:
        """Measure one set as it is, and with each case put on."""
        plain, size = _looked_at(paths, None, np.zeros(2))
        found = {}
        subsets = list(_subsets(len(paths), options.subsets))
        for chosen in subsets:
            found[chosen] = one = _measured([plain[k] for k in chosen], options.focal)
            if isinstance(one, MeasuredOverlap):
                self._rows(name, len(chosen), one, size, truth)
            else:
                print(f"| {name} | {len(chosen)} | | | {one} | | | | | |", flush=True)
        whole = found[subsets[0]]
        centre = whole.centre if isinstance(whole, MeasuredOverlap) else np.zeros(2)
        for number, case in enumerate(CASES, 1):
            changed, _ = _looked_at(paths, case, centre)
            for chosen in subsets:
                before, after = found[chosen], _measured([changed[k] for k in chosen], options.focal)
                if isinstance(before, MeasuredOverlap) and isinstance(after, MeasuredOverlap):
                    self._compared(f"| {name} | {len(chosen)} | {number} |", case, before, after, size)
                else:
                    print(f"| {name} | {len(chosen)} | {number} | | {after} | | | | | |", flush=True)

    def _rows(self, name: str, count: int, found: MeasuredOverlap, size: Size, truth: Mapping[str, Any] | None) -> None:
        for kind, worth in found.worth.items():
            corner, stated = worth.correction[:, -1], worth.surely_within[:, -1]
            off = ""
            if kind == "distortion" and truth and found.distortion:
                apart_by = float(off_truth(found.distortion, size, truth)[-1])
                off = f"{apart_by:.3f} of another program"
                self.contradicted += apart_by > stated[0] and not found.centre.any()
            numbers = f"{_listed(corner)} | {_listed(stated)} | {worth.reach:.2f} | {off} |"
            print(f"| {name} | {count} | | {kind} | {worth.outcome.value} | {numbers} |", flush=True)
        print(f"{name}, {count}: " + " ".join(found.verdict), file=sys.stderr)

    def _compared(self, row: str, case: PutOn, before: MeasuredOverlap, after: MeasuredOverlap, size: Size) -> None:
        for kind, difference in _differences(case, before, after, size).items():
            worth = after.worth[kind]
            inside = [k for k in AT if RADII[k] <= max(worth.reach, 0.75)]
            off = np.abs(difference)[:, inside]
            held = off <= worth.surely_within[:, inside]
            self.outcomes.setdefault(kind, []).append(worth.outcome.value)
            self.off.setdefault(kind, []).append(float(off.max()))
            self.held.setdefault(kind, []).extend(held.ravel().tolist())
            numbers = f"{_listed(worth.correction[:, -1])} | {_listed(worth.surely_within[:, -1])} | {worth.reach:.2f}"
            told = f"{worth.outcome.value} | {numbers} | {off.max():.3f} | {held.sum()} of {held.size} |"
            print(f"{row} {kind} | {told}", flush=True)

    def summary(self) -> None:
        """Print what it adds up to."""
        print()
        for kind, off in self.off.items():
            accepted = sum(outcome == "worth keeping" for outcome in self.outcomes[kind])
            held = self.held[kind]
            print(
                f"{kind}: {accepted} of {len(off)} worth keeping; off by {np.median(off):.3f} in the median, "
                f"{max(off):.3f} at most; {100 * np.mean(held):.0f} % of {len(held)} within the stated error"
            )


def _subsets(count: int, number: int) -> Iterator[tuple[int, ...]]:
    """All photos, then neighbours, as they are taken."""
    yield tuple(range(count))
    rng = np.random.default_rng(1)
    for few in (8, 5):
        for _ in range(number if few < count else 0):
            start = int(rng.integers(0, count - few + 1))
            yield tuple(range(start, start + few))


def _looked_at(paths: Sequence[Path], case: PutOn | None, centre: FloatArray) -> tuple[list[OverlapPhoto], Size]:
    looked = []
    for path in paths:
        frame = open_frame(path)
        halved = has_halved_chroma(path)
        if case:
            frame, halved = replace(frame, pixels=_put_on(frame, case, centre)), case.halved
        looked.append(overlap_photo(frame, halved_chroma=halved))
    return looked, frame.size


def _put_on(frame: DecodedFrame, case: PutOn, centre: FloatArray) -> Any:
    """The pixels of a frame, bent, darkened and with their colours apart, about a centre."""
    width, height = frame.size
    half = math.hypot(width - 1, height - 1) / 2
    middle = np.array([width - 1, height - 1]) / 2 + centre * (min(frame.size) - 1) / 2
    y, x = np.mgrid[0:height, 0:width]
    x, y = (x - middle[0]) / half, (y - middle[1]) / half
    darker = 2.0 ** -case.lost(np.hypot(x, y))
    most = np.iinfo(frame.pixels.dtype).max
    codes = [frame.pixels[..., k] / np.float32(most) for k in range(3)]
    light = [frame.transfer.decode(codes[k], k).astype(np.float32) + np.float32(0.002) for k in range(3)]
    whole, planes = without_lateral_colour(light), []
    for plane, px in enumerate((case.red_px, 0.0, case.blue_px)):
        share = 1 / (1 + px / half)
        scale = half * share * (1 + case.bend * (share * np.hypot(x, y)) ** 2)
        at = [(one * scale + centre_px).astype(np.float32) for one, centre_px in ((x, middle[0]), (y, middle[1]))]
        of_green = whole[plane]
        moved = cv2.remap(of_green, at[0], at[1], cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
        shown = frame.transfer.encode((moved * darker).clip(0, 1), plane)
        planes.append(np.clip(most * shown, 0, most).round().astype(frame.pixels.dtype))
    pixels = np.stack(planes, axis=-1)
    if not case.halved:
        return pixels
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92, subsampling=2)
    return np.asarray(Image.open(file))


def _measured(photos: Sequence[OverlapPhoto], focal: float) -> MeasuredOverlap | str:
    try:
        return fit_overlap(photos, focal)
    except SixbitError as error:
        return str(error)


def _differences(case: PutOn, before: MeasuredOverlap, after: MeasuredOverlap, size: Size) -> dict[str, FloatArray]:
    """By how much each kind is off, in its unit, at ``RADII``: (curves, radii)."""
    half = math.hypot(size[0] - 1, size[1] - 1) / 2
    farthest = half / ((min(size) - 1) / 2)
    weights = area_weights(max(size) / min(size))
    there = case.before(RADII)
    found = {}
    if before.lens_polynomial and after.lens_polynomial:
        fine = ideal_radii(before.lens_polynomial, farthest)
        truth = np.interp(there, RADII, fine, right=np.nan)
        slope = (fine[-1] - fine[-2]) / (RADII[1])
        truth = np.where(np.isnan(truth), fine[-1] + (there - 1) * slope, truth)
        found["distortion"] = 100 * apart(ideal_radii(after.lens_polynomial, farthest), truth, weights)[None] / farthest
    if "vignetting" in before.worth and "vignetting" in after.worth:
        lost = np.interp(there, RADII, before.worth["vignetting"].correction[0]) + case.lost(RADII)
        found["vignetting"] = (after.worth["vignetting"].correction[0] - lost)[None]
    if "tca" in after.worth:  # There was none before.
        found["tca"] = after.worth["tca"].correction - np.outer((case.red_px, case.blue_px), RADII)
    return found


def _listed(numbers: FloatArray) -> str:
    return ", ".join(f"{number:.3f}" for number in numbers)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
