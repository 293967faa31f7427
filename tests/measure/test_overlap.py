"""A lens from overlapping photos: rendered photos of a walk past walls and boxes, by lenses that are known."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sixbit.measure.frame import DecodedFrame
from sixbit.measure.overlap import MeasuredOverlap, OverlapPhoto, fit_overlap, overlap_photo
from sixbit.measure.straightness import apart, ideal_radii
from sixbit.measure.worth import RADII
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.light import linear
from tests.scenery.walk import FOCAL, WalkLens, encoded, panorama, photos, texture

pytest.importorskip("pycolmap")

SIZE = (480, 320)
FARTHEST = math.hypot(479, 319) / 319
LENS = WalkLens((1.0, 0.0, -0.03, 0.0, 0.004), (0.1, -0.06), (-0.6, 0.1, 0.0), 1.004, 0.996, 0.1)
INSIDE = RADII <= 0.75


def looked_at(drawn: list[FloatArray], **more: Any) -> list[OverlapPhoto]:
    nobody: Any = None
    frames = [
        DecodedFrame(Path(f"{k}.tif"), nobody, encoded(light, k), linear(), format="TIFF")
        for k, light in enumerate(drawn)
    ]
    return [overlap_photo(frame, **more) for frame in frames]


@pytest.fixture(scope="module")
def walk() -> list[OverlapPhoto]:
    return looked_at(photos(LENS, 8, SIZE), edges_kept=300)


@pytest.fixture(scope="module")
def found(walk: list[OverlapPhoto]) -> MeasuredOverlap:
    return fit_overlap(walk, 1.03 * FOCAL / FARTHEST)


def test_distortion_and_centre_are_found_within_their_error(found: MeasuredOverlap) -> None:
    worth = found.worth["distortion"]
    there = ideal_radii(LENS.distortion, FARTHEST)
    off = 100 * np.abs(apart(ideal_radii(found.lens_polynomial, FARTHEST), there, worth.weights)) / FARTHEST
    assert found.distortion
    assert found.used.all()
    assert np.abs(found.centre - LENS.centre).max() < 0.02
    # Where red is darker, the mean of the colours lies elsewhere: by 0.015 %.
    assert np.all(off <= worth.surely_within[0] + 0.02)
    assert off[INSIDE].max() < 0.03
    assert worth.reach > 0.75


def test_fall_off_is_found_within_its_error(found: MeasuredOverlap) -> None:
    worth = found.worth["vignetting"]
    off = np.abs(worth.correction[0] + np.log2(1 - 0.6 * RADII**2 + 0.1 * RADII**4))
    assert found.vignetting
    assert np.all(off[INSIDE] <= worth.surely_within[0, INSIDE] + 0.005)
    assert off[INSIDE].max() < 0.02


def test_colours_are_found(found: MeasuredOverlap) -> None:
    shading, tca = found.worth["shading"], found.worth["tca"]
    assert found.tca
    assert np.abs(shading.correction[0] + 10 * RADII**2)[INSIDE].max() < 1.5
    assert np.abs(shading.correction[1])[INSIDE].max() < 1.0
    half = FARTHEST * 159.5
    off = np.abs(tca.correction - half * np.outer([0.004, -0.004], RADII))
    assert off[:, INSIDE].max() < 0.25


def test_it_is_said_in_words(found: MeasuredOverlap) -> None:
    told = " ".join(found.verdict)
    assert told.startswith("8 of 8 photos overlap: they see ")
    for words in ("Distortion: barrel, ", "The optical centre lies +1", "Fall-off: ", "Lateral colour: "):
        assert words in told


def test_the_same_photos_give_the_same_answer(walk: list[OverlapPhoto], found: MeasuredOverlap) -> None:
    again = fit_overlap([photo._replace(edges=None) for photo in walk], 1.03 * FOCAL / FARTHEST)
    assert again.distortion == found.distortion
    assert again.vignetting == found.vignetting
    assert "photos have no colours" in " ".join(again.unsure)


def test_one_photo_without_colours_may_be_among_them(walk: list[OverlapPhoto], found: MeasuredOverlap) -> None:
    grey = walk[0]._replace(light=walk[0].light[:, 1:2], edges=None)
    again = fit_overlap([grey, *(photo._replace(edges=None) for photo in walk[1:])], 1.03 * FOCAL / FARTHEST)
    assert again.vignetting == found.vignetting
    assert again.shading is None


@pytest.mark.parametrize("what", ["other scenes", "one place"])
def test_what_shows_no_lens_is_refused(what: str, walk: list[OverlapPhoto]) -> None:
    if what == "one place":
        shown, why = [walk[0]] * 6, "the camera has to move"
    else:
        drawn = [texture(10 + seed)[: SIZE[1], : SIZE[0]] for seed in range(6)]
        shown, why = looked_at(drawn, edges_kept=0), "do not overlap"
    with pytest.raises(CalibrationError, match=why) as raised:
        fit_overlap(shown, FOCAL / FARTHEST)
    assert raised.value.code is Code.OVERLAP


def test_a_camera_that_was_turned_on_the_spot_is_told_of() -> None:
    shown = looked_at(panorama(LENS._replace(centre=(0.0, 0.0)), 9, SIZE), edges_kept=0)
    with pytest.raises(CalibrationError, match="from one place"):
        fit_overlap(shown, FOCAL / FARTHEST)


@pytest.mark.parametrize("factor", [1.35, 1 / 1.35])
def test_photos_of_another_focal_length_are_refused(walk: list[OverlapPhoto], factor: float) -> None:
    with pytest.raises(CalibrationError, match=f"show {100 / factor:.0f} % of the focal length") as raised:
        fit_overlap([photo._replace(edges=None) for photo in walk], factor * FOCAL / FARTHEST)
    assert raised.value.code is Code.FRAMES


def test_few_edges_take_little_memory() -> None:
    one = looked_at([photos(WalkLens(), 1, SIZE)[0]], edges_kept=20)[0]
    assert one.edges is not None
    assert len(one.edges.x) <= 20
    assert one.edges.light.base is None


def test_the_light_of_what_may_be_clipped_is_not_used() -> None:
    drawn = photos(WalkLens(), 1, SIZE)[0]
    one = looked_at([drawn], edges_kept=0)[0]
    bright = looked_at([2.2 * drawn], edges_kept=0)[0]
    assert np.isfinite(one.light).mean() > 0.9
    assert 0.2 < np.isfinite(bright.light).mean() < 0.9
    assert np.nanmax(bright.light) < np.log(0.985)
