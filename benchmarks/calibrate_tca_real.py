"""Lateral colour in real photos: what is put on comes back, and photos that show it are corrected and none made worse.

    python -m benchmarks.calibrate_tca_real FOLDER... [--most PHOTOS] [--workers N] [--seed SEED]

Every photo is measured three times: as it is, written anew, and written anew with a known lateral colour put on: red
and blue resampled, by chance saved as JPEG with halved colour, as JPEG with whole colour, or as TIFF of 16 bits. The
difference of the last two must be what was put on: within their two errors together, at five radii for red and blue.

Whether a photo has lateral colour that is plain is told by another way of looking: blocks of 64 px, of which
scikit-image correlates red and blue with green (M. Guizar-Sicairos, S. T. Thurman and J. R. Fienup, Optics Letters 33,
2008), and their median in rings. More than 0.3 px in a ring, by four standard errors, is plain. It also tells
whether a corrected photo is worse than before, which is more by 0.05 px and by two standard errors.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import math
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibrate_cases import RESULTS
from sixbit.calibration.frames import open_frame
from sixbit.measure.displacement import sharp_blocks
from sixbit.measure.tca import MeasuredTca, estimate_tca, tca_in
from sixbit.measure.worth import RADII, Outcome
from sixbit.photos.jpeg import has_halved_chroma
from sixbit.values.errors import CalibrationError, SixbitError
from sixbit.values.light import TransferCurve
from sixbit.values.polynomial import evaluate

Pixels = NDArray[Any]
FloatArray = NDArray[np.float64]
FILES = (("JPEG 90, halved colour", 90, 2), ("JPEG 92, whole colour", 92, 0), ("TIFF, 16 bits", None, 0))
"""Ways to write a photo: a name, the quality as a JPEG, and its subsampling."""
FEWEST_PIXELS = 1.5e6
ASKED = (8, 16, 24, 32, 40)
"""Which of ``RADII`` the difference is compared at."""
BLOCK = 64
RINGS = (0.15, 0.45, 0.7, 0.85, 1.01)
BLOCKS_OF_RING = 50
FEWEST_BLOCKS = 12
WEAKEST = 4.0
"""Squared slope of code values along the radius that a block must have in the mean."""
UNLIKE = 0.44
"""Share of a block's values that green may leave unexplained: a correlation of 0.9, once it is moved."""
FARTHEST = 8
"""Px beyond which a block is taken for something else."""
PLAIN = 0.3
WORSE = 0.05


class Seen(NamedTuple):
    """What blocks see of red and blue: medians (2, rings) in px outwards of green, and their standard errors."""

    shift: FloatArray
    error: FloatArray

    @property
    def is_plain(self) -> bool:
        """True if a ring surely shows more than ``PLAIN``."""
        return bool(np.nanmax(np.abs(self.shift) - np.maximum(PLAIN, 4 * self.error), initial=-1.0) > 0)

    @property
    def most(self) -> float:
        """The largest shift of a ring in px."""
        return float(np.nanmax(np.abs(self.shift), initial=0.0))


def seen_in(pixels: Pixels) -> Seen:
    """Correlate red and blue with green, block by block."""
    import cv2
    from skimage.registration import phase_cross_correlation

    planes = pixels[..., :3].astype(np.float32) * (255 / _most(pixels))
    smooth = [
        cv2.GaussianBlur(planes[..., k], (0, 0), 1.5) - cv2.GaussianBlur(planes[..., k], (0, 0), 8.0) for k in range(3)
    ]
    window = np.outer(np.hanning(BLOCK), np.hanning(BLOCK)).astype(np.float32)
    shifts: dict[tuple[int, int], list[float]] = {}
    for ring, where, outwards in _strongest(planes, smooth[1]):
        green = smooth[1][where] * window
        for k in (0, 1):
            coloured = smooth[2 * k][where] * window
            moved, apart, _ = phase_cross_correlation(coloured, green, upsample_factor=50, normalization=None)
            if apart < UNLIKE and math.hypot(*moved) < FARTHEST:
                shifts.setdefault((k, ring), []).append(float(moved @ outwards))
    shift, error = np.full((2, len(RINGS) - 1), np.nan), np.full((2, len(RINGS) - 1), np.nan)
    for at, found in shifts.items():
        if len(found) >= FEWEST_BLOCKS:
            shift[at] = np.median(found)
            error[at] = 1.253 * 1.4826 * np.median(np.abs(found - shift[at])) / math.sqrt(len(found))
    return Seen(shift, error)


def _strongest(planes: Pixels, green: Pixels) -> Iterator[tuple[int, tuple[slice, slice], FloatArray]]:
    """The blocks of each ring with the strongest edges across the radius: ring, place, and the way outwards (y, x)."""
    height, width = planes.shape[:2]
    half = math.hypot(width - 1, height - 1) / 2
    rings: dict[int, list[Any]] = {}
    for top in range(0, height - BLOCK + 1, BLOCK):
        for left in range(0, width - BLOCK + 1, BLOCK):
            away = np.array([top + (BLOCK - height) / 2, left + (BLOCK - width) / 2])
            r = float(np.hypot(*away))
            ring = int(np.searchsorted(RINGS, r / half)) - 1
            where = slice(top, top + BLOCK), slice(left, left + BLOCK)
            if ring < 0 or (planes[where].max(axis=2) > 250).mean() > 0.02:
                continue
            down, across = np.gradient(green[where])
            strength = float(np.mean((down * away[0] + across * away[1]) ** 2) / r**2)
            if strength > WEAKEST:
                rings.setdefault(ring, []).append((strength, where, away / r))
    for ring, blocks in rings.items():
        for _, where, outwards in sorted(blocks, key=lambda block: -block[0])[:BLOCKS_OF_RING]:
            yield ring, where, outwards


def moved_by(pixels: Pixels, polynomials: Sequence[Sequence[float]], *, back: bool = False) -> Pixels:
    """Red and blue displaced outwards by polynomials of the radius in half diagonals, in px; or ``back``."""
    import cv2

    height, width = pixels.shape[:2]
    half = math.hypot(width - 1, height - 1) / 2
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y -= (height - 1) / 2
    x -= (width - 1) / 2
    r = np.hypot(x, y) / np.float32(half)
    moved = pixels.copy()
    for k, polynomial in zip((0, 2), polynomials, strict=True):
        share = (evaluate(tuple(polynomial[1:]), r) / half).astype(np.float32)
        factor = 1 + share if back else 1 - share
        where = x * factor + np.float32((width - 1) / 2), y * factor + np.float32((height - 1) / 2)
        plane = pixels[..., k].astype(np.float32)
        # To a 32nd of a px, as OpenCV does it: what that is off averages out over an edge.
        found = cv2.remap(plane, *where, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
        moved[..., k] = np.rint(found.clip(0, _most(pixels)))
    return moved


def _most(pixels: Pixels) -> float:
    return float(np.iinfo(pixels.dtype).max)


def _written(pixels: Pixels, quality: int | None, subsampling: int) -> Pixels:
    if quality is None:
        return pixels.astype(np.uint16) * 257 if pixels.dtype == np.uint8 else pixels
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file))


class Difference(NamedTuple):
    """Of one photo: how far off the difference is at ``ASKED`` (2, radii) in px, and how far by the errors stated."""

    file: str
    put_on: tuple[float, float]
    error: FloatArray
    stated: FloatArray
    accepted: bool
    problem: str = ""

    @property
    def held(self) -> NDArray[np.bool_]:
        """Which of the intervals hold what was put on."""
        return np.abs(self.error) <= self.stated


class Answer(NamedTuple):
    """What became of one photo. ``before`` and ``after`` are what blocks see; ``after`` only of what is accepted."""

    name: str
    difference: Difference | None = None
    outcome: str = ""
    before: Seen | None = None
    after: Seen | None = None

    @property
    def is_worse(self) -> bool:
        """True if blocks see more lateral colour after the correction than before."""
        if self.before is None or self.after is None:
            return False
        before, after = (np.abs(seen.shift) for seen in (self.before, self.after))
        both = np.hypot(self.before.error, self.after.error)
        weighed = np.isfinite(before) & np.isfinite(after)
        more = np.sqrt(np.mean(after[weighed] ** 2)) - np.sqrt(np.mean(before[weighed] ** 2))
        return bool(more > WORSE and more > 2 * np.sqrt(np.mean(both[weighed] ** 2)))


def _estimate(pixels: Pixels, transfer: TransferCurve, halved: bool) -> MeasuredTca:
    blocks = sharp_blocks(pixels, transfer, halved_chroma=halved)
    return estimate_tca([blocks], max(pixels.shape[:2]) / min(pixels.shape[:2]))


def _difference(pixels: Pixels, transfer: TransferCurve, rng: np.random.Generator) -> Difference:
    """Put a lateral colour of up to 2.5 px on a photo, linear or not, and measure it with and without."""
    name, quality, subsampling = FILES[int(rng.integers(len(FILES)))]
    corner = rng.uniform(-2.5, 2.5, 2)
    bend = rng.uniform(-0.5, 1, 2) * (rng.random() < 0.6)
    put_on = [(0.0, c * (1 - b), 0.0, c * b) for c, b in zip(corner, bend, strict=True)]
    both = []
    nothing = np.full((2, len(ASKED)), np.nan)
    shown = float(corner[0]), float(corner[1])
    try:
        for photo in (pixels, moved_by(pixels, put_on)):
            both.append(_estimate(_written(photo, quality, subsampling), transfer, subsampling == 2))
    except CalibrationError as error:
        return Difference(name, shown, nothing, nothing, False, str(error))
    truth = np.array([evaluate(polynomial, RADII) for polynomial in put_on])
    error = both[1].worth.correction - both[0].worth.correction - truth
    stated = np.hypot(both[0].worth.surely_within, both[1].worth.surely_within)
    accepted = both[1].worth.outcome is Outcome.WORTH_KEEPING
    return Difference(name, shown, error[:, ASKED], stated[:, ASKED], accepted)


def answer_of(path: Path, seed: int) -> Answer | None:
    """Go through one photo; None if it is none with colours, or a small one."""
    try:
        frame = open_frame(path)
    except SixbitError:
        return None
    pixels = frame.pixels
    if pixels.ndim < 3 or pixels.shape[0] * pixels.shape[1] < FEWEST_PIXELS or pixels.dtype != np.uint8:
        return None
    if not np.ptp(pixels[::7, ::7].astype(int), axis=2).any():
        return None
    pixels = pixels[..., :3]
    rng = np.random.default_rng((seed, int(hashlib.sha256(path.read_bytes()).hexdigest()[:8], 16)))
    difference = _difference(pixels, frame.transfer, rng)
    before = seen_in(pixels)
    try:
        found = tca_in(pixels, frame.transfer, halved_chroma=has_halved_chroma(path))
    except CalibrationError as error:
        return Answer(path.name, difference, str(error), before)
    # Red and blue are fetched from where the lens put them.
    size = found.worth.correction @ np.linalg.pinv(np.stack([RADII, RADII**2, RADII**3])).astype(float)
    corrected = moved_by(pixels, [(0.0, *terms) for terms in size], back=True)
    return Answer(path.name, difference, "", before, seen_in(corrected))


def _photos(folders: Sequence[Path], most: int) -> list[Path]:
    """The photos in and under folders, each once, ``most`` of each folder."""
    seen: set[bytes] = set()
    found = []
    for folder in folders:
        count = 0
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest = hashlib.sha256(path.read_bytes()).digest()
            if digest not in seen and count < most:
                seen.add(digest)
                found.append(path)
                count += 1
    return found


def _line(answer: Answer) -> str:
    assert answer.difference
    assert answer.before
    put = answer.difference
    off = put.problem or f"off by {np.max(np.abs(put.error)):.3f}, {np.max(put.stated):.3f} stated"
    flag = " " if put.problem or put.held.all() else "!"
    was = f"blocks see {answer.before.most:.2f} px{', plain' if answer.before.is_plain else ''}"
    now = answer.outcome or (f"accepted, {answer.after.most:.2f} left" if answer.after else "")
    worse = " ! worse" if answer.is_worse else ""
    shifts = f"put on {put.put_on[0]:+.2f} {put.put_on[1]:+.2f}"
    return f"{flag} {answer.name}: {put.file}, {shifts}: {off}; {was}: {now}{worse}"


def _table(answers: Sequence[Answer]) -> str:
    lines = [
        f"Lateral colour of real photos ({len(answers)})",
        "",
        "| put on real photos | photos | too few edges | intervals that hold | largest error: median, px | 95 % |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    put = [answer.difference for answer in answers if answer.difference]
    rows = [(name, [one for one in put if one.file == name]) for name, *_ in FILES]
    rows += [("all", put), ("accepted with it", [one for one in put if one.accepted])]
    for name, some in rows:
        told = [one for one in some if not one.problem]
        if not told:
            continue
        held = np.mean([one.held for one in told])
        off = [np.max(np.abs(one.error)) for one in told]
        row = f"| {name} | {len(some)} | {len(some) - len(told)} | {100 * held:.1f} % "
        lines.append(f"{row}| {np.median(off):.3f} | {np.quantile(off, 0.95):.3f} |")
    lines += ["", "| single photos | number | accepted | worse |", "|---|---:|---:|---:|"]
    plain = [answer for answer in answers if answer.before and answer.before.is_plain]
    for name, of_kind in (("plain lateral colour", plain), ("all", answers)):
        accepted = [answer for answer in of_kind if not answer.outcome]
        share = 100 * len(accepted) / max(len(of_kind), 1)
        worse = sum(answer.is_worse for answer in of_kind)
        lines.append(f"| {name} | {len(of_kind)} | {len(accepted)} ({share:.0f} %) | {worse} |")
    return "\n".join(lines)


def main() -> int:
    """Go through the folders, print and save the table; the number of photos that were made worse."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--most", type=int, default=10_000, metavar="PHOTOS", help="of each folder")
    parser.add_argument("--workers", type=int, default=2, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="SEED")
    options = parser.parse_args()
    answers: list[Answer] = []
    lines: list[str] = []
    with ProcessPoolExecutor(options.workers) as pool:
        for answer in pool.map(partial(answer_of, seed=options.seed), _photos(options.folders, options.most)):
            if answer is None:
                continue
            answers.append(answer)
            lines.append(_line(answer))
            print(len(answers), lines[-1], flush=True)
    table = _table(answers)
    failed = [line for line in lines if "!" in line]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "calibrate-tca-real.md").write_text("\n".join([table, "", "Not held, or worse:", "", *failed]) + "\n")
    print(table)
    return sum(answer.is_worse for answer in answers)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
