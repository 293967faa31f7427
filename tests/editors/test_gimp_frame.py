"""How a photo was turned when GIMP opened it, and where the frame that the lens drew lies around it then."""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
import pytest
from PIL import Image, ImageOps

from sixbit.files.tiff import ORIENTATION
from sixbit.manifest import plugin_source

FRAME = (10, 6)
"""Width and height of what the lens drew; the photo is a part of it."""
PART = (2, 1, 5, 4)
"""Left, top, width and height of the photo in its frame."""


@pytest.fixture
def frame(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The plug-in's module, which needs nothing of GIMP."""
    monkeypatch.syspath_prepend(str(plugin_source("gimp")))
    return importlib.import_module("frame")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_frame_turns_with_the_photo(frame: ModuleType, orientation: int) -> None:
    """The photo as a white part of a black frame, turned by Pillow."""
    left, top, wide, high = PART
    pixels = np.zeros(FRAME[::-1], np.uint8)
    pixels[top : top + high, left : left + wide] = 255
    picture = Image.fromarray(pixels)
    picture.getexif()[ORIENTATION] = orientation
    turned = np.asarray(ImageOps.exif_transpose(picture))
    rows, columns = np.nonzero(turned)
    x, y, width, height = columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1
    shares = (-left / wide, -top / high, FRAME[0] / wide, FRAME[1] / high)
    expected = (-x / width, -y / height, turned.shape[1] / width, turned.shape[0] / height)
    assert frame.of_sensor(shares, (wide, high), (width, height), orientation) == pytest.approx(expected)


def test_one_that_was_turned_in_gimp_is_known_by_its_shape_if_it_is_the_middle(frame: ModuleType) -> None:
    assert frame.of_sensor(None, (3, 2), (2, 3), 1) is None
    found = frame.of_sensor((0, -0.25, 1, 1.5), (3, 2), (2, 3), 1)
    assert found == pytest.approx((-0.25, 0, 1.5, 1))
    assert frame.of_sensor((0, -0.25, 1, 1.5), (2, 2), (2, 2), 1) == pytest.approx((0, -0.25, 1, 1.5))
    with pytest.raises(frame.FrameError, match="turned since"):
        frame.of_sensor((-1, 0, 2, 2), (3, 2), (2, 3), 1)
