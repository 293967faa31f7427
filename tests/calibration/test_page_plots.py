"""What the page draws: curves with their errors, of results and of kept calibrations, and pictures of what was seen."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from sixbit.calibration.frames import Setting
from sixbit.calibration.keep import add
from sixbit.editors.page import plots
from sixbit.editors.page.pictures import drawn_on, heat_map, paths_seen, where_seen
from sixbit.editors.page.steps import STEPS, Findings
from sixbit.lenses.catalogue import catalogue
from sixbit.measure.curve import Curve
from sixbit.measure.lines import LinesError, PhotoLines, fit_lines, lines_in
from sixbit.measure.overlap import Sight
from sixbit.measure.worth import RADII, Worth, area_weights
from sixbit.values.known import SURE, Known
from sixbit.values.lens import Model
from tests.scenery import scenes
from tests.scenery.camera import photos_of

LENS = "summicron-35-asph"
SIZE = (900, 600)
ERROR = Known(tuple(0.01 * k for k in range(11)), 0.8)


def test_the_curves_of_kept_calibrations_have_their_errors() -> None:
    setting = Setting(catalogue().lenses[LENS], 1.0, 35.0, f_number=2.0, model="M10", make="Leica")
    run = add(
        setting,
        "photos",
        known={"vignetting": ERROR, "distortion": ERROR, "shading": ERROR},
        shading={
            "red": {"radial": [1, 0, -0.06], "surface": []},
            "blue": {"radial": [1], "surface": []},
            "landscape": True,
        },
        vignetting=Model("pa", (-0.6, 0.1, 0.0)),
        distortion=Model("poly3", (-0.02,)),
        tca=Model("linear", (1.001, 0.999)),
    )
    drawn = {plot.title: plot for plot in plots.of_run(run)}
    assert set(drawn) == {"Fall-off", "Distortion", "Lateral colour", "Colour shading"}
    (light,) = drawn["Fall-off"].series
    assert light.points[-1] == pytest.approx((100, 50))
    _, least, most = light.band[-1]
    assert np.log2(most / least) == pytest.approx(2 * SURE * 0.1, abs=1e-6)  # stops
    assert light.reach == 80
    (bent,) = drawn["Distortion"].series
    assert bent.points[-1][1] == pytest.approx(-6.6, abs=0.5)
    assert (bent.band[-1][2] - bent.band[-1][1]) / 2 >= SURE * 0.1
    assert [series.points[-1][1] for series in drawn["Colour shading"].series] == pytest.approx([94, 100])
    for series in drawn["Colour shading"].series:
        _, least, most = series.band[-1]
        assert (most - least) / 2 == pytest.approx(SURE * 0.1)
        assert series.reach == 80
    assert [series.points[-1][1] for series in drawn["Lateral colour"].series] == pytest.approx([0.1, -0.1])


def test_a_curve_reaches_the_corner_with_its_error() -> None:
    lost, error = 1.2 * RADII[None] ** 2, 0.05 * RADII[None]
    line = plots._line("light", lost[0], band=(lost[0] - error[0], lost[0] + error[0]))
    worth = Worth("vignetting", lost, error, area_weights(1.5), 0.97)
    assert line.points[-1] == (100, 1.2)
    assert len(line.band) == len(RADII)
    assert plots._line("light", lost[0], reach=worth.reach).reach == 100  # the corner, for all that a photo shows


def test_what_a_fit_leaves_is_drawn_on_the_page_itself() -> None:
    rest = np.array([[0.0, 0.01], [-0.005, np.nan]])
    with Image.open(BytesIO(heat_map(rest))) as picture:
        colours = np.asarray(picture.convert("RGBA"))
    step = colours.shape[0] // 2
    (nothing, bright), (dark, left_out) = colours[step // 2 :: step, step // 2 :: step]
    assert nothing[3] == 0  # as light or dark as the page
    assert bright[0] > bright[2]
    assert bright[3] == 255
    assert dark[2] > dark[0]
    assert 120 <= dark[3] <= 135
    assert tuple(left_out) == (150, 150, 150, 255)


def refused(pictures: list[np.ndarray]) -> tuple[LinesError, Findings]:
    photos: list[PhotoLines] = [lines_in((picture.mean(axis=2) / 255).astype(np.float32)) for picture in pictures]
    with pytest.raises(LinesError) as caught:
        fit_lines(photos, SIZE)
    caught.value.names = tuple(f"{number}.jpg" for number in range(len(pictures)))
    seen = STEPS["lines"].refused(caught.value)
    assert seen is not None
    return caught.value, seen


def test_lines_that_were_not_enough_are_drawn_on_each_photo() -> None:
    photo, rng = photos_of(scenes.building, LENS, SIZE, count=1)[0], np.random.default_rng(2)
    middle = np.clip(128 + rng.normal(0, 2, photo.shape), 0, 255).astype(np.uint8)
    middle[200:400, 330:570] = photo[200:400, 330:570]
    error, seen = refused([middle, np.full_like(photo, 128)])
    assert str(seen.refusal) == str(error)
    assert list(seen.photos) == ["0.jpg", "1.jpg"]
    assert "long edge" in seen.photos["0.jpg"].words
    assert seen.photos["1.jpg"].words.startswith("It brought nothing")
    assert len(seen.pictures) == 2
    assert seen.pictures[0][0].startswith("0.jpg: ")
    red = [np.asarray(Image.open(BytesIO(picture)).convert("RGB")).astype(int) for _, picture in seen.pictures]
    strong = [np.count_nonzero(one[..., 0] - one[..., 2] > 80) for one in red]
    assert strong[0] > 200
    assert strong[1] == 0


def test_paths_of_points_can_be_drawn_on_a_photo() -> None:
    grey = np.full((60, 90), 128, np.uint8)
    nothing = np.zeros((0, 24, 2)), np.zeros(0, bool)
    drawn = drawn_on(grey, lines=nothing[0], agree=nothing[1], paths=[[(-30.0, 0.0), (10.0, 5.0)]])
    assert drawn.getpixel((54, 34)) == (214, 48, 49)


def test_points_of_a_run_are_drawn_with_the_way_they_went() -> None:
    grey = tuple(np.full((60, 90), 128, np.uint8) for _ in range(3))
    seen = np.array([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.5, 0.8]])  # the last in one photo alone
    drawn = paths_seen(seen, Sight(np.array([0, 1, 2, 1]), np.array([0, 0, 0, 1]), grey))
    assert set(drawn) == {0, 1, 2}
    last = np.asarray(Image.open(BytesIO(drawn[2]))).astype(int)
    assert last[30, 74, 0] > 180 > last[30, 74, 2]  # the dot
    assert last[30, 30, 2] > 150 > last[30, 30, 0]  # and the path that leads there
    first = np.asarray(Image.open(BytesIO(drawn[0]))).astype(int)
    assert np.ptp(first[30, 30]) < 20
    assert set(paths_seen(seen, Sight(np.array([0, 0, 0, 0]), np.array([0, 1, 2, 3]), grey))) == {0}


def test_what_overlapping_photos_show_has_its_curves_and_places() -> None:
    lost = Worth("vignetting", RADII[None] ** 2, 0.05 * RADII[None], area_weights(1.5), 0.9)
    bent = Worth("distortion", RADII[None] ** 3, 0.05 * RADII[None], area_weights(1.5), 0.9)
    half = np.array([0.5])
    curves = {"vignetting": {"light": Curve(half, half**2, 0.01 * half, half**2)}}
    light, distortion = plots.of_overlap(
        {"vignetting": lost, "distortion": bent}, curves, Model("poly3", (-0.02,)), 1.803
    )
    dots, line = light.series
    assert dots.points[0] == pytest.approx((50, 100 * 2**-0.25))
    assert line.points[-1] == pytest.approx((100, 50))
    assert line.reach == 90
    assert distortion.series[0].band
    with Image.open(BytesIO(where_seen(np.array([[1.4, -0.9], [-1.4, 0.9]]), (1.5, 1.0)))) as picture:
        assert picture.size == (960, 640)
        seen = np.argwhere(np.asarray(picture)[8:-8, 8:-8, 3])
    assert seen[0][1] > 850  # the upper one lies to the right
    assert seen[-1][1] < 100
