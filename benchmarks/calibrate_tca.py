"""Lateral colour recovered from rendered photos of known lenses: the table of all cases.

    python -m benchmarks.calibrate_tca [CASES] [SEED]

Half of the cases have edges, and the lateral colour must be found to 0.15 px anywhere in the picture (or said to be
none, where it is less than that); half have none that tell, and the answer must be "not enough".
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.calibrate_cases import Case, run
from sixbit.compiler import optics as models
from sixbit.compiler.optics import Sensor, SensorPicture
from sixbit.measure.tca import tca_in
from sixbit.values.errors import CalibrationError
from sixbit.values.light import srgb
from sixbit.values.polynomial import UNITY
from tests.scenery.camera import Camera, Lens, Painter, Scene, as_photo, known_lenses, photograph, tca_error
from tests.scenery.scenes import books, building, clouds, foliage, plain, tiles, with_distractors

Rng = np.random.Generator
MOST = 0.15
COMPRESSIONS: tuple[tuple[int, int | None, int], ...] = (
    (8, None, 0), (16, None, 0), (8, 95, 0), (8, 95, 2), (8, 90, 2), (8, 85, 2), (8, 85, 0),
)  # fmt: skip
"""Bits, JPEG quality and chroma subsampling."""


def synthetic(rng: Rng, frame: SensorPicture) -> Lens:
    """Up to 3 px in the corner, linear or not."""
    reach = math.hypot(1.5, 1)
    planes = []
    for _ in range(2):
        corner = rng.uniform(-3, 3) / frame.half_diagonal
        bend = rng.uniform(-0.5, 1) if rng.random() < 0.6 else 0.0
        planes.append((1 + corner * (1 - bend), 0.0, corner * bend / reach**2))
    return Lens((1.0, 0.0, float(rng.uniform(-0.03, 0.01))), (planes[0], planes[1]))


def colour_texture(rng: Rng) -> Scene:
    """Leaves in red, in green and in blue that have nothing to do with each other."""
    layers = [foliage(rng) for _ in range(3)]

    def paint(painter: Painter) -> None:
        layers[painter.plane](painter)

    return paint


def front_and_tree(rng: Rng) -> Scene:
    """A front, with arches, cables and leaves before it."""
    return with_distractors(building, rng)


WITH_EDGES: tuple[Callable[[Rng], Scene], ...] = (
    building, books, tiles, foliage, front_and_tree,
)  # fmt: skip
WITHOUT_EDGES: tuple[Callable[[Rng], Scene], ...] = (clouds, plain, colour_texture)


def measured(photo: Any, halved: bool, lens: Lens, frame: SensorPicture) -> tuple[float, float, str, str]:
    """How far off it is, at worst, the error stated, the model found, and why it was refused.

    Where nothing is done, all of it is left.
    """
    sensor = Sensor(frame.crop_factor, max(frame.width, frame.height) / min(frame.width, frame.height))
    try:
        found = tca_in(photo, srgb(), halved_chroma=halved)
    except CalibrationError as error:
        return tca_error(lens, (UNITY, UNITY), frame, sensor), math.nan, "", str(error)
    polynomials = models.tca(found.model.name, found.model.terms)
    model = f", {found.model.name} {found.corner_px[0]:+.2f} {found.corner_px[1]:+.2f}"
    return tca_error(lens, polynomials, frame, sensor), float(found.worth.surely_within.max()), model, ""


def case(number: int, seed: int, *, edges: bool, width: int = 2100) -> Case:
    """One photo: lens, sensor, scene and file by turns, the rest at random."""
    rng = np.random.default_rng((seed, number, edges))
    known = [(name, lens) for name, (lens, _) in known_lenses().items() if lens.tca != (UNITY, UNITY)]
    crop = (1.0, 2.64)[number % 2]
    frame = SensorPicture(width, width * 2 // 3, crop)
    name, lens = (
        ("synthetic", synthetic(rng, frame)) if number % 3 == 0 else known[(number - number // 3 - 1) % len(known)]
    )
    if name == "synthetic" and crop != 1.0:
        # Given for the corner of this sensor, while lenses are described on full frame.
        lens = Lens(lens.distortion, tuple((p[0], 0.0, p[2] * crop**2) for p in lens.tca))  # type: ignore[arg-type]
    kinds = WITH_EDGES if edges else WITHOUT_EDGES
    make = kinds[(number // 2) % len(kinds)]
    bits, quality, chroma = COMPRESSIONS[number % len(COMPRESSIONS)]
    camera = Camera(frame, noise=float(rng.uniform(0.002, 0.015)), blur=float(rng.uniform(0.6, 1.1)))
    values = photograph(make(rng), lens, camera, rng)
    photo = as_photo(values, bits, quality, chroma)
    del values
    start = time.perf_counter()
    error, stated, model, refused = measured(photo, chroma == 2, lens, frame)
    seconds = time.perf_counter() - start
    unit = frame.per_half_short_side(Sensor(1.0, 1.5)) * frame.half_diagonal
    truth = [(sum(c * unit**i for i, c in enumerate(polynomial)) - 1) * frame.half_diagonal for polynomial in lens.tca]
    title = (
        f"{number}, {name}, crop {crop:g}, {make.__name__}, {bits} bits, quality {quality or '-'}, chroma {chroma}, "
        f"truth {truth[0]:+.2f} {truth[1]:+.2f}{model}"
    )
    if not edges:
        return Case("without edges", title, refused=refused, empty=True)
    if error <= MOST:  # None to be seen, where there is hardly any, is right.
        refused = ""
    before = tca_error(lens, (UNITY, UNITY), frame, Sensor(crop, 1.5))
    return Case("edges", title, error, MOST, stated, refused, seconds=seconds, before=before)


def main(count: int, seed: int) -> int:
    """Run the cases, print and save the table; the number of failures."""
    # By turns, so that a run that is cut short has gone through both.
    cases = (case(number, seed, edges=edges) for number in range(count) for edges in (True, False))
    return run("calibrate-tca", "Lateral colour from one photo with edges", "px", cases)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    sys.exit(min(main(*(numbers + [200, 1][len(numbers) :])), 1))
