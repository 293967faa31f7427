"""What libjpeg's rounding adds to colours, against drawn pixels and against libjpeg itself."""

from __future__ import annotations

import io
import tempfile
from typing import Any

import numpy as np
import pytest

from sixbit.measure.rounding import TO_YCC, biases, by_libjpeg, noise_of, unbiased


@pytest.mark.parametrize(
    ("codes", "noise"), [((60.3, 64.1, 58.2), 0.7), ((188.2, 190.7, 184.0), 0.7), ((40.0, 38.2, 44.0), 0.5),
                         ((100.0, 100.4, 100.0), 1.0)]
)  # fmt: skip
def test_the_bias_is_that_of_drawn_pixels(codes: tuple[float, ...], noise: float) -> None:
    drawn = np.round(np.random.default_rng(0).normal(codes, noise, (1_000_000, 3))) @ TO_YCC.T
    true = (np.ceil(drawn - 0.5) - drawn).mean(axis=0)
    assert np.abs(true).max() > 0.04
    assert biases(np.array(codes), noise) == pytest.approx(true, abs=0.02)


@pytest.mark.parametrize("codes", [(169.57, 169.57, 169.57), (167.8, 168.0, 168.2), (165.0, 165.3, 166.0)])
def test_so_is_what_halving_the_colours_adds(codes: tuple[float, ...]) -> None:
    """Of a neutral grey many differences are exact halves."""
    drawn = np.round(np.random.default_rng(0).normal(codes, 0.5, (300_000, 4, 3))) @ TO_YCC.T
    total = np.ceil(drawn - 0.5).sum(axis=1)
    halved = (np.floor((total + 1) / 4) + np.floor((total + 2) / 4)) / 2
    true = (halved - drawn.mean(axis=1)).mean(axis=0)
    assert biases(np.array(codes), 0.5, halved=True)[1:] == pytest.approx(true[1:], abs=0.012)


def test_the_colours_of_a_flat_become_true_again() -> None:
    rng = np.random.default_rng(1)
    y, x = np.mgrid[-1:1:64j, -1.5:1.5:96j]
    codes = np.array([150, 154, 148]) - 40 * (x**2 + y**2)[..., None] * np.array([0.33, 0.33, 0.32])
    true = codes @ TO_YCC.T
    means = np.zeros_like(true)
    for _ in range(64):
        pixels = np.round(rng.normal(codes, 0.7)) @ TO_YCC.T
        means += np.ceil(pixels - 0.5) / 64
    found = unbiased(means, 0.7, halved=False)
    before, after = (np.sqrt(np.mean((m - true)[..., 1:] ** 2, axis=(0, 1))) for m in (means, found))

    def smooth(values: Any) -> float:
        return float(np.abs(values[..., 1:].reshape(8, 8, 8, 12, 2).mean(axis=(1, 3))).max())

    assert smooth(found - true) < 0.4 * smooth(means - true)
    assert np.all(after <= before)


def test_libjpeg_is_known_by_its_tables() -> None:
    from PIL import Image

    for quality in (60, 85, 92):
        file = io.BytesIO()
        Image.new("RGB", (16, 16)).save(file, "JPEG", quality=quality)
        table = np.reshape(Image.open(file).quantization[1], (8, 8))  # type: ignore[attr-defined]
        assert by_libjpeg(table)
        assert not by_libjpeg(table + 1)


@pytest.mark.parametrize("noise", [0.6, 1.0, 2.2])
@pytest.mark.parametrize("quality", [86, 92])
def test_the_noise_is_told_by_the_coefficients(noise: float, quality: int) -> None:
    held, _ = encoded(noise, quality)
    found = noise_of(held.Y, held.qt[held.quant_tbl_no[0]])
    # A coarse quantisation hides small noise.
    assert found == pytest.approx(noise, rel=0.1 if quality > 90 or noise > 0.8 else 0.25)


@pytest.mark.parametrize("noise", [0.6, 0.8])
def test_what_libjpeg_adds_as_it_halves_colours_is_taken_back(noise: float) -> None:
    held, true = encoded(noise, 100)
    raw = np.stack([held.Y[::2, ::2, 0, 0], held.Cb[..., 0, 0], held.Cr[..., 0, 0]], axis=2) / 8.0
    raw[..., 0] += 128
    errors = [
        np.abs((unbiased(raw, noise, halved) - true)[..., 1:].reshape(8, 4, 12, 4, 2).mean(axis=(1, 3))).max()
        for halved in (False, True)
    ]
    assert errors[1] < 0.75 * errors[0]
    assert errors[1] < 0.08


def encoded(noise: float, quality: int) -> tuple[Any, Any]:
    """A flat as libjpeg writes it with colours at half the resolution, and the true means of its blocks."""
    import jpeglib
    from PIL import Image

    y, x = np.mgrid[-1:1:512j, -1.5:1.5:768j]
    codes = np.array([150, 154, 148]) - 40 * (x**2 + y**2)[..., None] * np.array([0.33, 0.33, 0.32])
    pixels = np.round(np.random.default_rng(2).normal(codes, noise)).astype(np.uint8)
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        Image.fromarray(pixels).save(file.name, quality=quality, subsampling=2)
        held = jpeglib.read_dct(file.name)
        _ = held.Y, held.Cb, held.Cr
    means = pixels.reshape(32, 16, 48, 16, 3).mean(axis=(1, 3))
    return held, means @ TO_YCC.T
