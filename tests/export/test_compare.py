"""Before and after in one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sixbit.export.compare import GAP, LONGEST, comparison, save_comparison
from sixbit.values.errors import Code, PhotoError
from tests.scenery.refusals import refused


def flat(value: float, dtype: Any, shape: tuple[int, ...] = (600, 900, 3)) -> np.ndarray[Any, Any]:
    return np.full(shape, value, dtype)


@pytest.mark.parametrize(
    "after",
    [
        flat(200, np.uint8),
        flat(200 * 257 + 31, np.uint16),
        flat(200 / 255, np.float32),
        flat(200, np.uint8, (600, 900)),
        flat(200, np.uint8, (600, 900, 1)),
        flat(200, np.uint8, (600, 900, 4)),
    ],
    ids=["8", "16", "float", "gray", "gray plane", "alpha"],
)
def test_kinds_of_pixels(after: np.ndarray[Any, Any]) -> None:
    picture = comparison(flat(40, np.uint8), after)
    assert picture.size == (1800 + GAP, 600)
    assert picture.getpixel((850, 550)) == (40, 40, 40)
    assert picture.getpixel((902, 300)) == (255, 255, 255)
    assert picture.getpixel((1750, 550)) == (200, 200, 200)
    labels = np.asarray(picture)[:100]
    assert labels[:, :900].max() > 200, "no label on the left"
    assert labels[:, 910:].min() < 50, "no label on the right"


@pytest.mark.parametrize("shape", [(5000, 7000), (7000, 500), (40, 9000)])
def test_large_pictures_are_reduced(shape: tuple[int, int]) -> None:
    picture = comparison(flat(90, np.uint8, shape), flat(90, np.uint8, shape))
    assert 0.99 * LONGEST <= max(picture.size) <= LONGEST


@pytest.mark.parametrize("pixels", [np.zeros((1, 1, 3), np.uint8), np.full((3, 5), np.nan, np.float32)])
def test_tiny_and_broken_pixels(pixels: np.ndarray[Any, Any]) -> None:
    assert comparison(pixels, pixels).size == (2 * pixels.shape[1] + GAP, pixels.shape[0])


def test_saved_by_suffix(tmp_path: Path) -> None:
    for name, kind in (("a b.JPG", "JPEG"), ("ü.png", "PNG")):
        save_comparison(flat(40, np.uint8), flat(90, np.uint8), tmp_path / name)
        with Image.open(tmp_path / name) as picture:
            assert picture.format == kind


def test_a_format_that_is_none(tmp_path: Path) -> None:
    with refused(PhotoError, r"out\.doc: .*another ending, such as \.png", Code.ENDING):
        save_comparison(flat(40, np.uint8), flat(90, np.uint8), tmp_path / "out.doc")
    assert not list(tmp_path.iterdir())
