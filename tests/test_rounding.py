"""What libjpeg's rounding adds to colours, against drawn pixels and against libjpeg itself."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from sixbit.calibration.rounding import TO_YCC, biases, by_libjpeg, unbiased


@pytest.mark.parametrize(
    ("codes", "noise"), [((60.3, 64.1, 58.2), 0.7), ((188.2, 190.7, 184.0), 0.7), ((40.0, 38.2, 44.0), 0.5),
                         ((100.0, 100.4, 100.0), 1.0)]
)  # fmt: skip
def test_the_bias_is_that_of_drawn_pixels(codes: tuple[float, ...], noise: float) -> None:
    drawn = np.round(np.random.default_rng(0).normal(codes, noise, (1_000_000, 3))) @ TO_YCC.T
    true = (np.ceil(drawn - 0.5) - drawn).mean(axis=0)
    assert np.abs(true).max() > 0.04
    assert biases(np.array(codes), [noise])[0] == pytest.approx(true, abs=0.02)


def test_the_colours_of_a_flat_become_true_again() -> None:
    rng = np.random.default_rng(1)
    y, x = np.mgrid[-1:1:64j, -1.5:1.5:96j]
    codes = np.array([150, 154, 148]) - 40 * (x**2 + y**2)[..., None] * np.array([0.33, 0.33, 0.32])
    true = codes @ TO_YCC.T
    means = np.zeros_like(true)
    for _ in range(64):
        pixels = np.round(rng.normal(codes, 0.7)) @ TO_YCC.T
        means += np.ceil(pixels - 0.5) / 64
    before, after = (np.sqrt(np.mean((m - true)[..., 1:] ** 2, axis=(0, 1))) for m in (means, unbiased(means)))

    def smooth(values: Any) -> float:
        return float(np.abs(values[..., 1:].reshape(8, 8, 8, 12, 2).mean(axis=(1, 3))).max())

    assert smooth(unbiased(means) - true) < 0.4 * smooth(means - true)
    assert np.all(after <= before)


def test_libjpeg_is_known_by_its_tables() -> None:
    from PIL import Image

    for quality in (60, 85, 92):
        file = io.BytesIO()
        Image.new("RGB", (16, 16)).save(file, "JPEG", quality=quality)
        table = np.reshape(Image.open(file).quantization[1], (8, 8))  # type: ignore[attr-defined]
        assert by_libjpeg(table)
        assert not by_libjpeg(table + 1)
