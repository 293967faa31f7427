"""The operation of GEGL corrects as the native engine does, whole and in parts, at any strength, and bears any text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sixbit.compiler.compile import compile_optics
from sixbit.compiler.editable import editable_text
from sixbit.compiler.optics import Optics, SensorPicture, distortion, tca, vignetting
from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.engines import apply
from sixbit.values.filter import Filter
from sixbit.values.light import linear
from tests.engines.gegl_host.fuzz import hostile_requests
from tests.engines.gegl_host.host import FULL, answers, host, request
from tests.scenery.kernel import BY_TABLES, picture

WIDTH, HEIGHT = 901, 601
FRAME = SensorPicture(WIDTH, HEIGHT, 1.0)
CAST = Shading(PlaneShading((1.0, 0.0, -0.15), {(1, 0): 0.03}), PlaneShading((1.0, 0.0, -0.05)))
BENT = Optics(
    distortion=(distortion("ptlens", [0.01, -0.05, 0.02]), FRAME.sensor),
    tca=(tca("poly3", [1.0006, 0.9995, 0.0001, -0.0001, -0.0003, 0.0002]), FRAME.sensor),
    vignetting=(vignetting("pa", [-0.4, 0.1, 0.0]), FRAME.sensor),
    shading=(Shading(PlaneShading((1.0, 0.0, -0.15)), PlaneShading((1.0, 0.0, -0.05))), FRAME.sensor),
)
KINDS = ("distortion", "tca", "vignetting", "shading")
LEVELS = {"uint8": 1.0, "uint16": 1.0, "float32": 4e-6}
"""By how much pixels may differ where the native engine has its curves as polynomials."""


def compiled(optics: Optics = BENT, frame: SensorPicture = FRAME, scale: str | float = "fill") -> tuple[Filter, str]:
    filter = compile_optics(optics, frame, scale)
    return filter, editable_text(optics, frame, scale, filter)


def through(
    tmp_path: Path, pixels: NDArray[Any], text: str, *strengths: Sequence[float], **asked: Any
) -> list[NDArray[Any]]:
    """What the operation makes of a picture, at each of these strengths; at full strength if there are none."""
    settings = [(text.encode(), of_kind) for of_kind in strengths or [FULL]]
    found = answers(host().run(request(pixels, settings, **asked), tmp_path))
    assert len(found) == len(settings)
    return [np.frombuffer(data, pixels.dtype).reshape(-1, *pixels.shape[1:]) for data in found]


def apart(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.abs(one.astype(np.float64) - other).max())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_it_is_the_native_engine(tmp_path: Path, dtype: type) -> None:
    filter, text = compiled()
    for channels in (1, 3, 4):
        pixels = picture(HEIGHT, WIDTH, channels, dtype)
        (got,) = through(tmp_path, pixels, text)
        wanted = apply(filter, pixels)
        assert apart(got, wanted) <= LEVELS[pixels.dtype.name]
        if BY_TABLES and dtype is not np.float32:
            assert np.mean(got != wanted) < 1e-3
        assert apart(got, pixels) > 100 * LEVELS[pixels.dtype.name]


def test_beyond_black_and_white_it_is_the_native_engine_too(tmp_path: Path) -> None:
    filter, text = compiled()
    pixels = picture(HEIGHT, WIDTH, 3, np.float32) * np.float32(1.7) - np.float32(0.3)
    (got,) = through(tmp_path, pixels, text)
    wanted = apply(filter, pixels)
    assert wanted.min() < -0.3
    assert wanted.max() > 1.8
    assert np.array_equal(got, wanted) if BY_TABLES else apart(got, wanted) <= LEVELS["float32"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_strength_of_what_is_not_corrected_says_nothing(tmp_path: Path, kind: str) -> None:
    without = replace(BENT, **{kind: None})
    _, text = compiled(without)
    strengths = [170.0 if one == kind else 100.0 for one in KINDS]
    full, other = through(tmp_path, picture(HEIGHT, WIDTH, 3, np.float32), text, FULL, strengths)
    assert np.array_equal(full, other)


def test_gray_with_alpha(tmp_path: Path) -> None:
    filter, text = compiled()
    pixels = picture(HEIGHT, WIDTH, 2, np.uint16)
    (got,) = through(tmp_path, pixels, text)
    alpha = replace(filter, gain=((1.0,),), gain_map=None)
    assert apart(got[:, :, :1], apply(filter, pixels[:, :, :1])) <= 1
    assert apart(got[:, :, 1:], apply(alpha, pixels[:, :, 1:], transfer=linear())) <= (0 if BY_TABLES else 1)


@pytest.mark.parametrize("format", ["RGB float", "RGB u16", "RGB u8"])
def test_linear_pixels_are_equal_to_the_bit(tmp_path: Path, format: str) -> None:
    filter, text = compiled()
    dtype = {"float": np.float32, "u16": np.uint16, "u8": np.uint8}[format.split()[1]]
    pixels = picture(HEIGHT, WIDTH, 3, dtype)
    (got,) = through(tmp_path, pixels, text, format=format)
    wanted = apply(filter, pixels, transfer=linear())
    assert np.array_equal(got, wanted) if BY_TABLES else apart(got, wanted) <= LEVELS[pixels.dtype.name]


@pytest.mark.parametrize("format", ["R~G~B~A u8", "RaGaBaA float", "RGBA half", "CIE Lab float", "R'G'B'A double"])
def test_other_formats_are_corrected_too(tmp_path: Path, format: str) -> None:
    """Each as near to the same picture in linear light as its own numbers are."""
    _, text = compiled()
    kind = {"u8": np.uint8, "half": np.float16, "float": np.float32, "double": np.float64}[format.split()[-1]]
    channels = 3 if "Lab" in format else 4
    pixels = np.full((HEIGHT, WIDTH, channels), 200 if kind is np.uint8 else 0.5, kind)
    pixels[250:350, 400:500] = 20 if kind is np.uint8 else 0.05
    (got,) = through(tmp_path, pixels, text, format=format)
    assert not np.array_equal(got, pixels)
    assert np.isfinite(got.astype(float)).all()
    assert apart(got[300, 450], pixels[300, 450]) < (2 if kind is np.uint8 else 0.01)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_tiles_of_any_size_are_the_whole_bit_for_bit(tmp_path: Path, dtype: type) -> None:
    _, text = compiled(replace(BENT, shading=(CAST, FRAME.sensor)))
    pixels = picture(HEIGHT, WIDTH, 3, dtype)
    (whole,) = through(tmp_path, pixels, text)
    for tile in ((128, 64), (37, 53), (384, 384), (901, 7), (3, 601)):
        (data,) = answers(host().run(request(pixels, [(text.encode(), FULL)], tile=tile), tmp_path))
        across, down = tile
        at = 0
        values = np.frombuffer(data, dtype)
        for y in range(0, HEIGHT, down):
            for x in range(0, WIDTH, across):
                part = whole[y : y + down, x : x + across]
                assert np.array_equal(values[at : at + part.size], part.ravel()), (tile, x, y)
                at += part.size
        assert at == values.size


def test_a_layer_that_begins_elsewhere(tmp_path: Path) -> None:
    _, text = compiled()
    pixels = picture(HEIGHT, WIDTH, 3)
    assert np.array_equal(through(tmp_path, pixels, text, at=(-313, 77))[0], through(tmp_path, pixels, text)[0])


CASES = {
    "barrel": BENT,
    "pincushion": replace(BENT, distortion=(distortion("poly3", [0.03]), FRAME.sensor)),
    "wave": replace(BENT, distortion=(distortion("ptlens", [0.03, -0.09, 0.05]), FRAME.sensor)),
    "colour alone": replace(BENT, distortion=None),
    "side to side": replace(BENT, shading=(CAST, FRAME.sensor)),
}
FRAMES = {
    "whole": FRAME,
    "upper left": SensorPicture(WIDTH, HEIGHT, 1.0, frame=(0, 0, 2 * WIDTH, 2 * HEIGHT)),
    "beside": SensorPicture(WIDTH, HEIGHT, 1.0, frame=(-500, -200, 1600, 1067)),
}
SHARES = [
    (1, 1, 1, 1),
    (0.5, 1, 1, 1),
    (0.03, 1, 0.5, 1),
    (1, 0, 0.3, 0.5),
    (0, 1, 1, 0),
    (1, 1, 1, 0.4),
    (1.3, 2, 1.5, 2),
]


EVERY = [(case, frame, "fill") for case in CASES for frame in FRAMES]
EVERY += [("barrel", frame, scale) for frame in FRAMES for scale in ("none", 1.1)]


@pytest.mark.parametrize(("case", "frame", "scale"), EVERY)
def test_strengths_are_those_of_a_compiled_correction(
    tmp_path: Path, case: str, frame: str, scale: str | float
) -> None:
    """By pictures of which each pixel says where it comes from, and one of plain light for the gains."""
    optics, where = CASES[case], FRAMES[frame]
    _, text = compiled(optics, where, scale)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    ramps = [np.repeat((at / 1000)[:, :, None], 3, axis=2) for at in (x, y)]
    plain = np.full((HEIGHT, WIDTH, 3), 0.25, np.float32)
    full = [(text.encode(), [100.0 * share for share in of_kind]) for of_kind in SHARES]
    moved = [(text.encode(), [100.0 * share for share in (*of_kind[:2], 0, 0)]) for of_kind in SHARES]
    asked = [request(ramp, moved, format="RGB float") for ramp in ramps] + [request(plain, full, format="RGB float")]
    found = [
        np.frombuffer(data, np.float32).reshape(plain.shape) for data in answers(host().run(b"".join(asked), tmp_path))
    ]
    came, lit = (found[: len(SHARES)], found[len(SHARES) : -len(SHARES)]), found[-len(SHARES) :]
    inner = (slice(3, HEIGHT - 3), slice(3, WIDTH - 3))
    for i, of_kind in enumerate(SHARES):
        strength = dict(zip(KINDS, of_kind, strict=True))
        bent = compile_optics(replace(optics, strength={**strength, "vignetting": 0, "shading": 0}), where, scale)
        wanted = apply(compile_optics(replace(optics, strength=strength), where, scale), plain, transfer=linear())
        filled = (wanted > 0) & (lit[i] > 0)
        if scale == "fill":
            assert filled.all(), of_kind
        for found, ramp in zip(came, ramps, strict=True):
            expected = apply(bent, ramp, transfer=linear())
            off = np.abs(1000 * (found[i] - expected))[inner][filled[inner]]
            assert off.max() < 0.02, of_kind
        most = 2e-4 if case != "side to side" else 0.02
        assert np.abs(lit[i] / 0.25 - wanted / 0.25)[filled].max() < most * max(1, wanted.max() / 0.25), of_kind


def test_full_strength_of_what_is_corrected_needs_no_more(tmp_path: Path) -> None:
    """A strength of what a lens has not changes nothing, not even the last bit."""
    _, text = compiled(replace(BENT, vignetting=None, shading=None))
    pixels = picture(HEIGHT, WIDTH, 3)
    full, other = through(tmp_path, pixels, text, FULL, (100.0, 100.0, 20.0, 0.0))
    assert np.array_equal(full, other)


def test_nothing_is_the_picture_itself(tmp_path: Path) -> None:
    _, text = compiled()
    pixels = picture(HEIGHT, WIDTH, 4)
    assert np.array_equal(through(tmp_path, pixels, text, (0.0, 0.0, 0.0, 0.0))[0], pixels)


def test_more_than_there_can_be_is_as_much_as_there_can_be(tmp_path: Path) -> None:
    """Twice this distortion folds over: it is corrected as far as it does not, and the frame stays full."""
    optics = Optics(distortion=(distortion("ptlens", [0.0, -0.05, 0.0]), FRAME.sensor))
    _, text = compiled(optics)
    plain = np.full((HEIGHT, WIDTH, 3), 0.25, np.float32)
    once, twice = through(tmp_path, plain, text, FULL, (200.0, 100.0, 100.0, 100.0), format="RGB float")
    assert apart(once, plain) < 1e-6
    assert apart(twice, plain) < 1e-6


def test_the_photo_scaled_is_corrected_at_its_scale(tmp_path: Path) -> None:
    filter, text = compiled()
    for width, height in ((450, 300), (451, 301), (1802, 1202), (300, 200)):
        pixels = picture(height, width, 3)
        (got,) = through(tmp_path, pixels, text)
        wanted = apply(filter.reduced(width, height, WIDTH / width, HEIGHT / height), pixels)
        assert apart(got, wanted) <= 1, (width, height)


def test_the_photo_turned_is_corrected_as_it_lies(tmp_path: Path) -> None:
    filter, text = compiled()
    pixels = picture(HEIGHT, WIDTH, 3)
    (got,) = through(tmp_path, np.ascontiguousarray(np.rot90(pixels)), text)
    assert apart(np.rot90(got, -1), apply(filter, pixels)) <= 1


@pytest.mark.parametrize("size", [(900, 590), (601, 601), (450, 310), (1, 1)])
def test_another_picture_passes_through(tmp_path: Path, size: tuple[int, int]) -> None:
    _, text = compiled()
    pixels = picture(*size, 3)
    assert np.array_equal(through(tmp_path, pixels, text)[0], pixels)


def test_what_is_not_alike_on_all_sides_is_not_turned(tmp_path: Path) -> None:
    for optics, frame in ((replace(BENT, shading=(CAST, FRAME.sensor)), FRAME), (BENT, FRAMES["beside"])):
        _, text = compiled(optics, frame)
        pixels = picture(WIDTH, HEIGHT, 3)
        assert np.array_equal(through(tmp_path, pixels, text)[0], pixels)


def test_a_part_that_was_cut_out(tmp_path: Path) -> None:
    window = (200, 90, 500, 420)
    filter = compile_optics(BENT, FRAME)
    text = editable_text(BENT, FRAME, "fill", filter, window)
    x, y, width, height = window
    pixels = picture(HEIGHT, WIDTH, 3)[y : y + height, x : x + width].copy()
    full, half = through(tmp_path, pixels, text, FULL, (50.0, 50.0, 50.0, 50.0))
    assert apart(full, apply(filter.window(*window), pixels)) <= 1
    weaker = compile_optics(replace(BENT, strength=dict.fromkeys(KINDS, 0.5)), FRAME)
    assert np.percentile(np.abs(half.astype(float) - apply(weaker.window(*window), pixels)), 99.9) <= 3


def test_a_view_at_a_smaller_scale(tmp_path: Path) -> None:
    """Smaller by GEGL itself: the correction's picture made smaller."""
    _, text = compiled()
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    smooth = np.stack([128 + 100 * np.sin(x / 40 + k) * np.cos(y / 50) for k in range(3)], axis=2).astype(np.uint8)
    (whole,) = through(tmp_path, smooth, text)
    (small,) = answers(host().run(request(smooth, [(text.encode(), FULL)], scale=0.5), tmp_path))
    seen = np.frombuffer(small, np.uint8).reshape(HEIGHT // 2, WIDTH // 2, 3)
    assert apart(seen[4:-4, 4:-4], whole[: HEIGHT // 2 * 2 : 2, : WIDTH // 2 * 2 : 2][4:-4, 4:-4]) <= 8


HOSTILE = [
    *("", " ", "sixbit", "sixbit 2", "sixbit 1", "1 2 3", "nan", "sixbit nan", "sixbit 1 " + "size " * 100),
    *("sixbit 1 size 901 601", "x" * (1 << 20), "1 " * (1 << 18), "sixbit 1 " + "1 " * (1 << 19), "\x01\x02\x03"),
]


def test_a_text_that_is_none_passes_the_picture_through(tmp_path: Path) -> None:
    _, text = compiled(replace(BENT, shading=(CAST, FRAME.sensor)))
    pixels = picture(HEIGHT, WIDTH, 3)
    spoilt = [
        *HOSTILE,
        *(
            text.replace(" warp ", f" warp {bad} ", 1)
            for bad in ("nan", "inf", "-inf", "1e999", "0x", "1,5", "1e300", "é")
        ),
        *(
            text.replace(f" {word} ", f" {word}x ")
            for word in ("size", "half", "warp", "gain", "step", "even", "scale")
        ),
        text.replace(" step 8", " step 7"),
        text.replace(" map 3 ", " map 4 "),
        text.replace(" map 3 ", " map 3000000000 "),
        text + " warp 1.0",
        text.replace(f"size {WIDTH}", "size 0"),
        text.replace(f"size {WIDTH}", "size -901"),
        text[: len(text) // 2],
    ]
    settings = [(one.encode(), FULL) for one in spoilt]
    for i, data in enumerate(answers(host().run(request(pixels, settings), tmp_path))):
        assert np.array_equal(np.frombuffer(data, np.uint8), pixels.ravel()), spoilt[i][:300]


def test_hostile_texts_under_the_sanitizers(tmp_path: Path) -> None:
    """A short share of `python -m tests.engines.gegl_host.fuzz ROUNDS SEED`: no fault of memory, whatever is said."""
    host(sanitized=True).run(hostile_requests(seed=1, rounds=60), tmp_path)
