"""JPEGs put together from bands are the JPEGs that one thread makes."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from sixbit.photos import jpeg


@pytest.mark.parametrize("size", [(1601, 1303), (1, 65500), (1100, 2600)], ids=str)
@pytest.mark.parametrize("chroma", ["444", "422", "420", None])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_bands_are_the_picture(
    size: tuple[int, int], chroma: str | None, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg, "_BAND_PIXELS", 200_000)
    height, width = size
    y, x = np.ogrid[:height, :width]
    gray = (120 + 60 * np.sin(x / 37) + 60 * np.cos(y / 23) + np.random.default_rng(0).normal(0, 4, size)).clip(0, 255)
    pixels = gray.astype(np.uint8) if chroma is None else np.stack([gray, gray[::-1], 255 - gray], 2).astype(np.uint8)
    content = jpeg.encode_in_bands(pixels, 90, chroma, threads)
    whole = imagecodecs.jpeg8_encode(pixels, 90, subsampling=chroma)
    np.testing.assert_array_equal(imagecodecs.jpeg8_decode(content), imagecodecs.jpeg8_decode(whole))
    assert (content != whole) == (height * width > 200_000)
    assert content == jpeg.encode_in_bands(pixels, 90, chroma)
    with Image.open(io.BytesIO(content)) as ours, Image.open(io.BytesIO(whole)) as theirs:
        assert ours.size == (width, height)
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
