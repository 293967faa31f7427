"""Truth by difference: a known distortion is put on real photos, and has to come back from their lines.

    python -m benchmarks.calibrate_difference FOLDER... [--distortions 4] [--subsets 2]

Each folder holds the photos of one camera at one setting, straight from it. What their lines say of the photos as they
are is the beginning; each seeded distortion is put on all of them, and what their lines say then, less the beginning,
has to be the one put on. So it is for all photos of a folder and for random fives. Two things are counted: whether the
95 % interval that the two state together holds the truth, where it was measured, also of what is not worth keeping; and
whether an accepted distortion makes photos worse that had no part in it: edges found by Canny's detector (OpenCV),
judged by how far a parabola through each departs from its chord. Worse is what bends them more by two standard errors.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibrate_cases import Case, run
from sixbit.calibration.frames import open_frame
from sixbit.measure.frame import DecodedFrame
from sixbit.measure.lines import LinesError, PhotoLines, fit_lines, lines_of
from sixbit.measure.straightness import apart, folds, ideal_radii, straightened
from sixbit.measure.worth import RADII, Worth
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import SixbitError
from sixbit.values.polynomial import UNITY, Polynomial, evaluate

GOAL = 0.05
"""Per cent of the half diagonal: half of the errors are no larger."""
FEW = 5
"""Photos, as a user takes them."""
LONGEST = 1600
"""Px of the longer side at which photos are warped and searched."""
SHORTEST_EDGE = 0.12
"""Diagonals from end to end of an edge that is judged."""
COMPARED = (0.33, 0.5, 0.65, 0.8, 0.95)
"""Radii in half diagonals."""
STRAIGHT = 2.0
"""Px of bend above which an edge is no line, in a picture of ``LONGEST``, neither as it is nor corrected."""
THIN = 1.0
"""Px from its own parabola above which an edge is no single one."""


class Found(NamedTuple):
    """What lines tell, whether it is worth keeping or ``refused`` for a reason."""

    polynomial: Polynomial
    centre: FloatArray
    worth: Worth
    refused: str


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo, its lines, and the edges that judge."""

    name: str
    size: tuple[int, int]
    lines: PhotoLines
    edges: list[FloatArray]


def main() -> int:
    """Run the cases, print and save the table; the number of failures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--distortions", type=int, default=4, help="of each folder")
    parser.add_argument("--subsets", type=int, default=2, help="fives of photos of each distortion")
    options = parser.parse_args()

    def cases() -> Iterator[Case]:
        for folder in options.folders:
            yield from of_folder(folder, options.distortions, options.subsets)

    return run("calibrate-difference", "A distortion put on real photos", "% of the half diagonal", cases())


def of_folder(folder: Path, distortions: int, subsets: int) -> Iterator[Case]:
    """The cases of one folder: all of its photos, and so many random fives, with each of so many distortions."""
    rng = np.random.default_rng(7)
    frames = list(_frames(folder))
    untouched = [_seen(frame) for frame in frames]
    groups = [("all", list(range(len(frames))))]
    if len(frames) > FEW:
        groups += [(f"five {n}", sorted(rng.permutation(len(frames))[:FEW].tolist())) for n in range(subsets)]
    starts = {name: _found([untouched[k] for k in group]) for name, group in groups}
    for name, group in groups:
        start = starts[name]
        print(f"{folder.name}, {name}, as they are: {start if isinstance(start, str) else start.refused or 'accepted'}")
        yield from _worse(f"{folder.name}, {name}, as they are", start, untouched, group)
    centre = next((start.centre for start in starts.values() if not isinstance(start, str)), np.zeros(2))
    for _ in range(distortions):
        put_on = _drawn(rng, frames[0].size)
        warped = [_seen(_warped(frame, put_on, centre)) for frame in frames]
        for name, group in groups:
            start, found = starts[name], _found([warped[k] for k in group])
            case = f"{folder.name}, {name}, {put_on[2]:+.3f} {put_on[4]:+.3f}"
            if isinstance(found, str) or found.refused:
                yield Case("accepted", case, refused=found if isinstance(found, str) else found.refused, goal=GOAL)
            # What nobody knows of photos as they are cannot be taken away.
            if not isinstance(found, str) and not isinstance(start, str):
                yield from _differences(case, start, found, put_on, frames[0].size)
            yield from _worse(case, found, warped, group)


def _drawn(rng: np.random.Generator, size: tuple[int, int]) -> Polynomial:
    """A distortion at random that folds no corner over: lines of what no lens draws tell nothing."""
    while True:
        put_on = (1.0, 0.0, float(rng.uniform(-0.04, 0.03)), 0.0, float(rng.uniform(-0.01, 0.01)))
        if not folds(put_on, 1.1 * _farthest(size)):
            return put_on


def _farthest(size: tuple[int, int]) -> float:
    return float(np.hypot(size[0] - 1, size[1] - 1) / (min(size) - 1))


def _differences(case: str, start: Found, found: Found, put_on: Polynomial, size: tuple[int, int]) -> Iterator[Case]:
    """Compare at the radii that were measured: in all of the cases, and the farthest off of what is accepted."""
    farthest = _farthest(size)
    reach = min(found.worth.reach, start.worth.reach)
    # Where the photo as it was drew what now lies at RADII, and where an ideal lens would have drawn that.
    before = _whole(put_on, farthest) * ideal_radii(put_on, farthest)
    true = np.interp(before, RADII * farthest, ideal_radii(start.polynomial, farthest))
    off = 100 * np.abs(apart(ideal_radii(found.polynomial, farthest), true, found.worth.weights)) / farthest
    # Either of the two may be off.
    stated = np.hypot(found.worth.surely_within[0], start.worth.surely_within[0])
    at = [int(np.argmin(np.abs(RADII - radius))) for radius in COMPARED if radius <= reach + 0.02]
    for k in at:
        yield Case(f"at {RADII[k]:.2f}", case, float(off[k]), GOAL, float(stated[k]))
    if not found.refused:
        worst = max(at, key=lambda k: off[k])
        yield Case("accepted", case, float(off[worst]), GOAL, float(stated[worst]))


def _worse(case: str, found: Found | str, photos: Sequence[Photo], group: list[int]) -> Iterator[Case]:
    """Judge by the photos that had no part in the answer, or by all if none is left."""
    if isinstance(found, str) or found.refused:
        return
    unseen = [photo for k, photo in enumerate(photos) if k not in group] or list(photos)
    edges = [edge - found.centre for photo in unseen for edge in photo.edges]
    before, after = (np.array([_bend(edge, polynomial) for edge in edges]) for polynomial in (UNITY, found.polynomial))
    lines = np.minimum(before, after) < STRAIGHT
    if np.count_nonzero(lines) < FEW:
        return
    more = after[lines] - before[lines]
    spread = 1.253 * 1.4826 * float(np.median(np.abs(more - np.median(more)))) / np.sqrt(len(more))
    yield Case("edges more bent, px", case, float(np.median(more)), goal=0.0, stated=2 * spread, before=2 * spread)


def _bend(edge: FloatArray, polynomial: Polynomial) -> float:
    """How far the middle of an edge is from the chord of its parabola, in px of a picture of ``LONGEST``."""
    ideal = straightened(edge, polynomial)
    if ideal is None:
        return float("inf")
    _, _, axes = np.linalg.svd(ideal - ideal.mean(axis=0), full_matrices=False)
    along, across = ((ideal - ideal.mean(axis=0)) @ axes.T).T * LONGEST / 3  # half a short side of 3:2
    parabola = np.polynomial.Polynomial.fit(along, across, 2)
    if np.std(across - parabola(along)) > THIN:
        return float("inf")
    return abs(float(parabola.coef[2]))


def _found(photos: Sequence[Photo]) -> Found | str:
    try:
        found = fit_lines([photo.lines for photo in photos], photos[0].size)
    except LinesError as error:
        seen = error.seen
        if seen.fit is None or seen.worth is None:
            return str(error)
        return Found(seen.fit.polynomial, seen.centre, seen.worth, str(error))
    return Found(found.fit.polynomial, found.centre, found.worth, "")


def _frames(folder: Path) -> Iterator[DecodedFrame]:
    """The photos of the size that most have, at most ``LONGEST`` px."""
    import cv2

    frames = []
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        try:
            frame = open_frame(path)
        except SixbitError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        factor = min(1.0, LONGEST / max(frame.size))
        small = cv2.resize(frame.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        frames.append(replace(frame, pixels=small))
    sizes = [frame.size for frame in frames]
    usual = max(sizes, key=sizes.count)
    return (frame for frame in frames if frame.size == usual)


def _whole(put_on: Polynomial, farthest: float) -> float:
    """By how much a photo has to be enlarged for a distortion to leave no empty corners."""
    return min(1.0, farthest / float(ideal_radii(put_on, farthest)[-1]))


def _warped(frame: DecodedFrame, put_on: Polynomial, centre: FloatArray) -> DecodedFrame:
    """A photo as a lens of this distortion would have drawn it, if that photo, enlarged, were what it saw."""
    import cv2

    width, height = frame.size
    half = (min(width, height) - 1) / 2
    middle = np.array([(width - 1) / 2, (height - 1) / 2]) + half * centre
    at = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=2) - middle
    ideal = np.linspace(0, 3, 6001)
    radius = np.hypot(at[..., 0], at[..., 1]) / half
    enlarged = _whole(put_on, float(np.hypot(width - 1, height - 1)) / 2 / half)
    factor = enlarged * np.interp(radius, ideal * evaluate(put_on, ideal), ideal) / np.maximum(radius, 1e-9)
    source = (at * factor[..., None] + middle).astype(np.float32)
    pixels = cv2.remap(frame.pixels, source[..., 0], source[..., 1], cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT)
    return replace(frame, pixels=pixels)


def _seen(frame: DecodedFrame) -> Photo:
    return Photo(frame.name, frame.size, lines_of(frame), _edges(frame.pixels))


def _edges(pixels: NDArray[Any]) -> list[FloatArray]:
    """Long thin edges, from the middle in half short sides: each contour of Canny's edges, cut where it turns."""
    import cv2

    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if pixels.ndim == 3 else pixels
    marked = cv2.Canny(cv2.GaussianBlur(grey, (0, 0), 1.2), 60, 150)
    _, labels = cv2.connectedComponents(marked)
    y, x = np.nonzero(labels)
    order = np.argsort(labels[y, x], kind="stable")
    points = np.stack([x, y], axis=1)[order].astype(float)
    ends = np.flatnonzero(np.diff(labels[y, x][order])) + 1
    height, width = grey.shape
    half, middle = (min(width, height) - 1) / 2, np.array([(width - 1) / 2, (height - 1) / 2])
    found = []
    for part in np.split(points, ends):
        span = float(np.hypot(*np.ptp(part, axis=0)))
        if span < SHORTEST_EDGE * np.hypot(width, height) or len(part) > 2 * span:
            continue
        found.append((part - middle) / half)
    return found


if __name__ == "__main__":
    sys.exit(min(main(), 1))
