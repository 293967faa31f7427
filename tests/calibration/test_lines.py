"""Distortion from files of straight things: measured, kept and drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from sixbit.calibration.lines import keep, measure_lines
from sixbit.lenses.catalogue import catalogue
from sixbit.plots.calibration import plot_lines
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError
from tests.scenery import scenes
from tests.scenery.camera import photos_of

LENS = "summicron-35-asph"


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


def test_a_picture_that_is_too_small_is_told(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    with pytest.raises(CalibrationError, match=r"dot\.png"):
        measure_lines([tmp_path / "dot.png"], Choices(lens=LENS, crop_factor=1.0))
