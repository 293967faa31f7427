"""Distortion from files of straight things: measured, kept and drawn."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sixbit.calibration.flat import measure_flat
from sixbit.calibration.frames import Frames, Result, Setting
from sixbit.calibration.lines import _of_several_places, keep, measure_lines
from sixbit.calibration.tca import measure_tca
from sixbit.editors.page.work import look
from sixbit.lenses.catalogue import catalogue
from sixbit.measure.chart import Board
from sixbit.measure.lines import PhotoLines
from sixbit.measure.straightness import BINS, Lines
from sixbit.measure.worth import RADII, Worth, area_weights
from sixbit.plots.calibration import plot_lines
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.lens import Model
from sixbit.values.shot import Shot
from sixbit.values.watch import silent
from tests.scenery import scenes
from tests.scenery.camera import photos_of
from tests.scenery.photo_factory import exif, jpeg, xmp_packet
from tests.scenery.refusals import refused

LENS = "summicron-35-asph"
EMPTY = Lines(np.zeros((0, BINS, 2)), np.zeros(0), np.zeros(0, int))


def test_from_files_to_the_users_database(tmp_path: Path) -> None:
    shelf = photos_of(lambda rng: scenes.with_distractors(scenes.books, rng), LENS, (900, 600))
    paths = []
    for number, picture in enumerate(shelf):
        paths.append(tmp_path / f"shelf {number}.png")
        Image.fromarray(picture).save(paths[-1])
    told: list[float] = []
    result = measure_lines(paths, Choices(lens=LENS, crop_factor=1.0), lambda share, step: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
    run = keep(result)
    own = [known for known in catalogue().lenses[LENS].calibrations if known.own]
    assert [(known.kind, known.file) for known in own] == [("distortion", run.xml.name)]
    plot_lines(result, tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as plot:
        assert plot.size == (1200, 720)


PARTS: dict[str, tuple[tuple[int, int], bytes, Code]] = {
    "cropped somewhere": ((300, 140), b"", Code.FRAMES),
    "another aspect": ((300, 169), b"", Code.FRAMES),
    "cropped, and told from where": (
        (150, 100),
        xmp_packet(crs_AlreadyApplied="True", crs_HasCrop="True", crs_CropLeft="0.5", crs_CropBottom="0.5"),
        Code.FRAMES,
    ),
    "straightened": (
        (300, 200),
        xmp_packet(crs_AlreadyApplied="True", crs_HasCrop="True", crs_CropAngle="1.5"),
        Code.FRAMES,
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_a_frame_is_refused(tmp_path: Path, name: str) -> None:
    size, xmp, code = PARTS[name]
    path = tmp_path / "part.jpg"
    path.write_bytes(jpeg(exif(Make="LEICA CAMERA AG", Model="LEICA M10"), xmp, size))
    for measure in (measure_lines, measure_tca, measure_flat):
        with refused(CalibrationError, r"part\.jpg: The picture", code):
            measure([path], Choices(lens=LENS))
    with refused(CalibrationError, r"part\.jpg: The picture", code):
        look(path, LENS, "lines", silent)


def test_frames_of_several_crop_modes_are_refused(tmp_path: Path) -> None:
    shelf = photos_of(lambda rng: scenes.with_distractors(scenes.books, rng), LENS, (900, 600))
    paths = []
    for number, picture in enumerate(shelf[:2]):
        paths.append(tmp_path / f"{number}.jpg")
        buffer = BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG")
        zoom = {"DigitalZoomRatio": (13, 10)} if number else {}
        tags = exif(Make="LEICA CAMERA AG", Model="LEICA M11", **zoom)
        paths[-1].write_bytes(jpeg(tags, picture=buffer.getvalue()))
    with refused(CalibrationError, "same part of the sensor", Code.FRAMES):
        measure_lines(paths, Choices(lens=LENS))


def test_a_picture_that_is_too_small_is_told(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    with pytest.raises(CalibrationError, match=r"dot\.png"):
        measure_lines([tmp_path / "dot.png"], Choices(lens=LENS, crop_factor=1.0))


def test_a_photo_of_a_slightly_other_size_is_left_out(tmp_path: Path) -> None:
    paths = []
    for number, picture in enumerate(photos_of(scenes.building, LENS, (900, 600))):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(picture).save(paths[-1])
    other = tmp_path / "other.png"
    with Image.open(paths[0]) as picture:
        picture.resize((903, 602)).save(other)
    result = measure_lines([*paths, other], Choices(lens=LENS, crop_factor=1.0))
    assert result.frames == tuple(path.name for path in paths)
    assert "Left out, being a few pixels larger or smaller than the other photos: other.png." in result.verdict


@pytest.mark.parametrize(("charts", "source"), [(0, "3 photos of straight lines"), (2, "3 photos, 2 of a chart")])
def test_what_it_was_made_from_is_told(charts: int, source: str) -> None:
    curve = np.full((1, len(RADII)), 0.01)
    worth = Worth("distortion", 100 * curve, curve, area_weights(1.5), 1.0)
    found: Any = SimpleNamespace(
        charts=charts,
        centre=np.zeros(2),
        bend_after=0.5,
        worth=worth,
        distortion=Model("poly3", (0.01,)),
        pictures=("a", "b", "c"),
    )
    result: Any = Result(Setting(catalogue().lenses[LENS], 1.0, 35.0), ("a", "b", "c"), found)
    assert keep(result).source == f"{source}, bend left 0.50 px"


def test_a_burst_of_a_chart_counts_as_one_photo() -> None:
    squares = np.stack(np.meshgrid(np.arange(5.0), np.arange(4.0)), axis=-1).reshape(-1, 2)

    def photo(shift: float | None) -> PhotoLines:
        board = None if shift is None else Board(squares / 5 + shift, squares)
        return PhotoLines(EMPTY, board, np.zeros((8, 12), np.uint8))

    photos = tuple(map(photo, (0.0, None, 0.001, 0.1, None, 0.101)))
    names = ("a", "b", "c", "d", "e", "f")
    kept, notes = _of_several_places(Frames(names, (Shot(),) * 6, ((12, 8),) * 6, photos, ((),) * 6))
    assert kept.names == ("a", "b", "d", "e")
    assert notes == ("Left out, as they show the chart from where another photo does: c, f.",)
