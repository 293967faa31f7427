"""The native engine against the reference, over what pictures and filters can be."""

from __future__ import annotations

import sys
import tracemalloc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sixbit import engines
from sixbit.engines import Region, Work, native, pieces, reference
from sixbit.engines.pieces import PARABOLAS
from sixbit.engines.tables import tables_of
from sixbit.values.errors import EngineError
from sixbit.values.filter import Filter
from sixbit.values.light import SAMPLES, TransferCurve, linear, srgb
from tests.scenery.kernel import BENT, filter, kernel, picture, unchecked
from tests.scenery.no_blas import forbid_blas

Pixels = NDArray[Any]
DEPTHS = (np.uint8, np.uint16, np.float32)
SIZES = ((1, 1), (1, 9), (2, 3), (17, 33), (257, 193))
# A table of 8 bits may round the other way; at 16 bits the table's straight pieces cost up to a level or two at black;
# single precision is worth about 1e-7, some of it multiplied by the slope of the curve at black (13).
TOLERANCE: dict[Any, float] = {np.uint8: 1.0, np.uint16: 2.0, np.float32: 1e-5}


@pytest.fixture
def _exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node at every pixel where it matters: what is left are sampling and light, which agree far more closely."""
    monkeypatch.setattr(pieces, "ERROR_PX", 0.0)
    monkeypatch.setattr(pieces, "ERROR_GAIN", 0.0)


def gamma(*exponents: float) -> TransferCurve:
    return TransferCurve("gamma", np.stack([np.linspace(0, 1, SAMPLES) ** exponent for exponent in exponents]))


def at_level(level: str, flt: Filter, pixels: Pixels, **options: Any) -> Pixels:
    """A correction by one level of the kernel, "" for the best, in one thread if nothing else is said."""
    region = options.get("region") or Region(0, 0, flt.width, flt.height)
    work: dict[str, Any] = {
        "out": np.empty((region.height, region.width, pixels.shape[2]), pixels.dtype),
        "region": region,
        "interpolation": "bicubic",
        "transfer": srgb(),
        "threads": 1,
    }
    done = Work(flt, pixels, **(work | options))
    native.apply(done, level)
    return done.out


def clear_of_edge(flt: Filter, region: Region | None = None) -> NDArray[np.bool_]:
    """Output pixels of which no plane comes from the very edge of the frame, where a hair decides on in or out."""
    x, y, width, height = region or Region(0, 0, flt.width, flt.height)
    grid_y, grid_x = np.mgrid[y : y + height, x : x + width]
    points = flt.source_points(np.stack([grid_x.ravel(), grid_y.ravel()], axis=1))
    edges = np.array([[-0.5, -0.5], [flt.width - 0.5, flt.height - 0.5]])
    distance = np.abs(points[:, :, None, :] - edges)
    near = (distance < 0.01).any(axis=(0, 2, 3))
    clear: NDArray[np.bool_] = ~near.reshape(height, width)
    return clear


def assert_agrees(flt: Filter, pixels: Pixels, **options: Any) -> None:
    ours = engines.apply(flt, pixels, "native", **options).astype(float)
    theirs = engines.apply(flt, pixels, "reference", **options).astype(float)
    difference = np.abs(ours - theirs)[clear_of_edge(flt, options.get("region"))]
    assert difference.size == 0 or difference.max() <= TOLERANCE[pixels.dtype.type] * max(
        1.0, np.abs(theirs).max() / 65535
    )


@pytest.mark.usefixtures("_exact")
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", DEPTHS)
def test_agrees_with_the_reference(dtype: type, channels: int) -> None:
    for width, height in SIZES:
        for interpolation in engines.INTERPOLATIONS:
            pixels = picture(height, width, channels, dtype)
            assert_agrees(filter(width, height), pixels, interpolation=interpolation)


@pytest.mark.usefixtures("_exact")
@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("curve", [linear(), gamma(1.8), gamma(2.2, 2.0, 1.8)], ids=["linear", "one", "each"])
def test_agrees_for_every_kind_of_curve(dtype: type, curve: TransferCurve) -> None:
    pixels = np.abs(picture(60, 90, 4, dtype))  # what a steep curve makes of light below black, nobody can keep to
    if curve.is_linear:
        assert_agrees(filter(90, 60), pixels, transfer=curve)
    else:
        assert_agrees(filter(90, 60), pixels, transfer=curve, interpolation="bilinear")


@pytest.mark.usefixtures("_exact")
@pytest.mark.parametrize(
    "changes",
    [
        {"warp": ((1.0,),)},
        {"gain": ((1.0,),)},
        {"warp": (BENT,)},
        {"warp": (BENT,), "gain": ((1.0, 0.0, 0.5),)},
        {"warp": ((1.0, 0.2, -0.1),)},
        {"gain_map": np.linspace(0.5, 2, 3 * 5 * 7).reshape(3, 5, 7)},
        {"gain_map": np.linspace(0.5, 2, 12).reshape(1, 3, 4), "gain": ((1.0,),)},
        {"gain_map": np.full((1, 1, 1), 1.5), "warp": ((1.0,),)},
    ],
    ids=["still", "no gain", "one warp", "one of each", "cusp", "map of three", "map alone", "map of one"],
)
def test_agrees_for_every_kind_of_filter(changes: dict[str, Any]) -> None:
    for dtype in DEPTHS:
        for channels in (1, 3, 4):
            assert_agrees(filter(130, 70, **changes), picture(70, 130, channels, dtype))


@pytest.mark.usefixtures("_exact")
@pytest.mark.parametrize(
    "polynomial",
    [(0.3,), (3.0,), (0.85,), (1.2,), (1.0, 0.0, -2.5), (-1.0,), (0.0,), (1.0, 0.0, 40.0), (1e30,), (float("nan"),)],
    ids=["magnified", "reduced", "scaled", "filled", "folded", "turned", "a point", "away", "huge", "nan"],
)
@pytest.mark.parametrize("interpolation", engines.INTERPOLATIONS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_agrees_for_extreme_warps(polynomial: tuple[float, ...], interpolation: str) -> None:
    for width, height in ((150, 90), (5, 3)):
        extreme = unchecked(filter(width, height), warp=(polynomial,))
        assert_agrees(extreme, picture(height, width), interpolation=interpolation)


def asked_of_the_kernel(monkeypatch: pytest.MonkeyPatch, dtype: type) -> dict[str, Any]:
    """The arguments of an ordinary call."""
    asked: dict[str, Any] = {}
    monkeypatch.setattr(engines, "_kernel", SimpleNamespace(correct=lambda **arguments: asked.update(arguments)))
    monkeypatch.setitem(sys.modules, "sixbit.engines._kernel", engines._kernel)
    at_level("", filter(100, 80, gain_map=np.ones((1, 2, 2))), picture(80, 100, 3, dtype))
    return asked


@pytest.mark.parametrize("dtype", DEPTHS)
def test_the_kernel_refuses_on_its_own_what_it_cannot_do(monkeypatch: pytest.MonkeyPatch, dtype: type) -> None:
    asked = asked_of_the_kernel(monkeypatch, dtype)
    kernel.correct(**asked)
    source, target, curve = asked["source"], asked["target"], asked["curves"][0]
    other_type = np.uint8 if dtype is not np.uint8 else np.uint16
    wrong: list[dict[str, Any]] = [
        *({"shift": [BENT] * count} for count in (0, 4, 7, 100)),
        *({"gain": [BENT] * count} for count in (4, 9)),
        *({"half_diagonal": half} for half in (0.0, -1.0, float("nan"))),
        *({"gain_map": np.ones(shape, np.float32)} for shape in ((3, 4), (3, 0, 0), ())),
        *({"source": picture} for picture in (source[0], source[:, :, :2], source[:40], source.astype(np.float64))),
        *({"target": picture} for picture in (target[0], target[:, :, :1], target[:0], target.astype(other_type))),
        *({"left": left, "top": top} for left, top in ((-1, 0), (0, -1), (1, 0), (0, 1), (1 << 30, 0))),
        *({"step": step} for step in (-2, 0, 1, 3, 32)),
        *(
            {"even": table, "odd": table}
            for table in (np.ones(shape, np.float32) for shape in ((4, 3), (0, 3), (2, 6)))
        ),
        {"odd": asked["odd"][:1]},
        {"planes": asked["planes"][:2]},
        {"planes": [(-1, True)] * 3},
        {"curves": asked["curves"][:2]},
        *({"curves": [(*curve[:part], curve[part][:-1], *curve[part + 1 :])] * 3} for part in (1, 2)),
        *({"curves": [(*curve[:part], np.ones(5, np.float32), *curve[part + 1 :])] * 3} for part in (4, 5)),
        *({"encode_origin": origin} for origin in (0.0, -1.0, float("nan"), 3.0)),
        *({"encode_shift": shift} for shift in (-1, 0, 99)),
    ]
    for changes in wrong:
        with pytest.raises(ValueError, match=r"\w"):
            kernel.correct(**(asked | changes))


@pytest.mark.parametrize("engine", ["native", "reference", "gmic"])
def test_what_is_no_region_and_no_number_of_threads(engine: str) -> None:
    for region in (Region(0.0, 0, 5, 5), Region(0, 0, 5.5, 5), Region(0, 0, float("nan"), 5)):  # type: ignore[arg-type]
        with pytest.raises(EngineError, match="does not lie within"):
            engines.apply(filter(90, 60), picture(60, 90), engine, region=region)
    for threads in (0, -1, 1 << 31, 2.0, "2"):
        with pytest.raises(EngineError, match="threads"):
            engines.apply(filter(90, 60), picture(60, 90), engine, threads=threads)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", DEPTHS)
def test_the_reference_makes_light_of_the_region_alone(dtype: type) -> None:
    flt, pixels = filter(1500, 1200), np.tile(picture(12, 15, 3, dtype), (100, 100, 1))
    region = Region(700, 900, 40, 30)
    tracemalloc.start()
    try:
        part = engines.apply(flt, pixels, "reference", region=region, interpolation="lanczos3")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 8 << 20  # one channel of it all has 14 MB as light
    whole = engines.apply(flt, pixels, "reference", interpolation="lanczos3")
    assert np.array_equal(part, whole[900:930, 700:740])


@pytest.mark.parametrize("step", PARABOLAS)
def test_agrees_at_every_distance_of_nodes(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "piece_size", lambda filter: step)
    even = filter(700, 90, warp=((0.97,), (1.0, 0.0), (1.04,)), gain=((1.5,),))  # going straight loses nothing
    pixels, region = picture(90, 700), Region(7, 3, 690, 80)
    theirs = engines.apply(even, pixels, "reference", region=region)
    for level in kernel.levels():
        ours = at_level(level, even, pixels, region=region)
        assert np.abs(ours.astype(int) - theirs)[clear_of_edge(even, region)].max() <= 1


def test_a_reduced_picture_may_need_more_source_than_fits_the_scratch() -> None:
    flt = filter(1400, 900, warp=((3.0,),), gain=((1.0,),))
    assert_agrees(flt, picture(900, 1400, 4), region=Region(550, 350, 300, 200), interpolation="bilinear")


@pytest.mark.parametrize("level", kernel.levels())
@pytest.mark.parametrize("dtype", DEPTHS)
def test_tile_by_tile_is_the_whole_bit_for_bit(level: str, dtype: type) -> None:
    width, height = 1100, 150
    flt, pixels = filter(width, height), picture(height, width, 3, dtype)
    whole = at_level(level, flt, pixels)
    pieces = np.zeros_like(pixels)
    for x in range(0, width, 171):
        for y in range(0, height, 37):
            region = Region(x, y, min(171, width - x), min(37, height - y))
            at_level(level, flt, pixels, region=region, out=pieces[y : y + region.height, x : x + region.width])
    np.testing.assert_array_equal(pieces, whole)


@pytest.mark.parametrize("dtype", DEPTHS)
def test_every_level_and_any_number_of_threads_gives_one_picture(dtype: type) -> None:
    width, height = 700, 300
    flt, pixels = filter(width, height), picture(height, width, 3, dtype)
    first = at_level("", flt, pixels, interpolation="lanczos3")
    for threads in (2, 3, 16):
        again = at_level("", flt, pixels, interpolation="lanczos3", threads=threads)
        np.testing.assert_array_equal(again, first)
    clear = clear_of_edge(flt)
    for level in kernel.levels():
        other = at_level(level, flt, pixels, interpolation="lanczos3", threads=2)
        assert np.abs(other.astype(float) - first)[clear].max() <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", DEPTHS)
def test_any_strides(dtype: type) -> None:
    flt, pixels = filter(61, 47), picture(47, 61, 3, dtype)
    expected = engines.apply(flt, pixels)
    padded: Pixels = np.zeros((50, 80, 5), dtype)
    views = {
        "padded": padded[2:49, 7:68, 1:4],
        "planes": np.zeros((3, 47, 61), dtype).transpose(1, 2, 0),
        "mirrored": np.zeros((47, 61, 3), dtype)[::-1, ::-1, ::-1],
        "sliced": np.zeros((94, 183, 3), dtype)[::2, ::3],
    }
    for name, view in views.items():
        view[...] = pixels
        np.testing.assert_array_equal(engines.apply(flt, view), expected, err_msg=f"from {name}")
        before = padded.copy()
        view[...] = 0
        engines.apply(flt, pixels, out=view)
        np.testing.assert_array_equal(view, expected, err_msg=f"to {name}")
        if name == "padded":
            padded[2:49, 7:68, 1:4] = before[2:49, 7:68, 1:4]
            np.testing.assert_array_equal(padded, before, err_msg="written beside the picture")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_picture_is_the_same_with_any_linear_algebra_library(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    for made_once in (tables_of, native.weights):
        made_once.cache_clear()
    forbid_blas(monkeypatch)
    pixels = picture(30, 40, 3, dtype)
    assert engines.apply(filter(40, 30), pixels, "native", interpolation="lanczos3").shape == pixels.shape


def test_a_row_repeated_without_memory_of_its_own() -> None:
    row = picture(1, 61)
    flt = filter(61, 47)
    np.testing.assert_array_equal(
        engines.apply(flt, np.broadcast_to(row, (47, 61, 3))), engines.apply(flt, np.repeat(row, 47, axis=0))
    )


def test_strides_that_split_values_are_refused() -> None:
    odd = np.lib.stride_tricks.as_strided(np.zeros(200, np.uint16), (5, 5, 3), (31, 6, 2))
    with pytest.raises(EngineError, match=r"strides.*copy"):
        engines.apply(filter(5, 5), odd)


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(EngineError, match="level of tomorrow"):
        at_level("of tomorrow", filter(3, 3), picture(3, 3))


@pytest.mark.parametrize("curve", [srgb(), linear(), gamma(1.8), gamma(2.2), gamma(2.4)], ids=lambda curve: curve.name)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_codes_survive_the_way_to_light_and_back(dtype: type, curve: TransferCurve) -> None:
    codes: Pixels = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(-1, 256, 1)
    still = Filter(256, len(codes), (0.0, 0.0), 1.0, warp=((1.0, 0.0),))  # says that it warps, and does not
    assert still.warps
    np.testing.assert_array_equal(engines.apply(still, codes, transfer=curve), codes)


def test_floating_point_survives_the_way_to_light_and_back() -> None:
    values = np.linspace(0, 1, 1 << 16, dtype=np.float32).reshape(256, 256, 1)
    still = Filter(256, 256, (0.0, 0.0), 1.0, warp=((1.0, 0.0),))
    bound = 4e-7 if kernel.levels()[0] == "avx512" else 1e-6  # quartics there, tables elsewhere
    np.testing.assert_allclose(engines.apply(still, values), values, rtol=0, atol=bound)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_curves_are_quartics_where_these_fit(dtype: type) -> None:
    toe = np.linspace(0, 1, SAMPLES)
    toe = np.where(toe < 0.03125, toe / 16, toe**1.8)[None]  # ProPhoto's: ISO 22028-2
    for curve, fits in ((srgb(), True), (linear(), True), (TransferCurve("toe", toe), False), (gamma(2.2), False)):
        (plane,) = tables_of(curve, np.dtype(dtype)).planes
        assert [pieces.size == 5 * 32 + 1 for pieces in (plane.decode_pieces, plane.encode_pieces)] == [fits, fits]


def test_floating_point_keeps_what_lies_outside_of_0_and_1() -> None:
    values = np.linspace(-0.5, 2.5, 64, dtype=np.float32).reshape(8, 8, 1)
    still = Filter(8, 8, (0.0, 0.0), 1.0, warp=((1.0, 0.0),))
    np.testing.assert_allclose(engines.apply(still, values), values, atol=1e-5)


@pytest.mark.parametrize("size", [(8192, 5464), (3000, 2000)])
def test_coordinates_keep_to_a_few_thousandths_of_a_pixel(size: tuple[int, int]) -> None:
    """A picture whose values are its own coordinates shows where the kernel read."""
    width, height = size
    flt = filter(width, height, gain=((1.0,),), warp=((1.0, 0.0, 0.1, -0.35, 0.2), BENT, (0.99, 0.0, 0.02)))
    ramp = np.broadcast_to(np.arange(width, dtype=np.float32)[None, :, None] / 8192, (height, width, 3))
    for y in (height // 8, height // 3, height // 2):
        region = Region(0, y, width, 3)
        read = engines.apply(flt, ramp, region=region, interpolation="bilinear", transfer=linear()) * 8192
        grid_y, grid_x = np.mgrid[y : y + 3, :width]
        exact = flt.source_points(np.stack([grid_x.ravel(), grid_y.ravel()], axis=1))
        for k in range(3):
            x, inside = exact[k, :, 0], (exact[k] > 0).all(1) & (exact[k] < (width - 1, height - 1)).all(1)
            assert inside.sum() > width
            # 0.002 px for going straight between nodes, 0.001 px for what single precision holds at 8192
            assert np.abs(read[:, :, k].ravel() - x)[inside].max() < 0.003


def test_gains_keep_to_a_hundred_thousandth() -> None:
    flt = filter(6000, 4000, warp=((1.0,),))
    flat = np.broadcast_to(np.float32(1), (4000, 6000, 3))
    for y in (0, 1999):
        read = engines.apply(flt, flat, region=Region(0, y, 6000, 2), transfer=linear())
        grid_y, grid_x = np.mgrid[y : y + 2, :6000]
        exact = flt.gains(np.stack([grid_x.ravel(), grid_y.ravel()], axis=1)).T.reshape(2, 6000, 3)
        assert np.abs(read - exact).max() < 3e-5


def test_weights_are_those_of_the_reference() -> None:
    t = np.linspace(0, 1, 101)
    for interpolation in engines.INTERPOLATIONS:
        evens, odds = native.weights(interpolation)
        expected = [weight for _, weight in reference.taps(t, interpolation)]
        powers = (t - 0.5)[:, None] ** (2 * np.arange(evens.shape[1]))
        for p, (even, odd) in enumerate(zip(evens, odds, strict=True)):
            np.testing.assert_allclose(powers @ even + (t - 0.5) * (powers @ odd), expected[p], atol=2e-7)
            np.testing.assert_allclose(powers @ even - (t - 0.5) * (powers @ odd), expected[-1 - p], atol=2e-7)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.usefixtures("_exact")
def test_planes_that_come_from_opposite_corners() -> None:
    """One window cannot hold what even a single pixel needs."""
    flt = filter(700, 600, warp=((1.0,), (-1.0,), (1e9,)), gain=((1.0,),))
    assert_agrees(flt, picture(600, 700), region=Region(3, 5, 40, 9))


@pytest.mark.parametrize("dtype", DEPTHS)
def test_a_picture_is_the_same_in_gray_colour_and_with_alpha(dtype: type) -> None:
    """However many channels there are: the kernel packs one, three and four of them in ways of its own."""
    flt = filter(257, 33, warp=(BENT,), gain=((1.0, 0.0, 0.4),))
    gray = picture(33, 257, 1, dtype)
    alone = engines.apply(flt, gray)
    for channels in (3, 4):
        together = engines.apply(flt, np.repeat(gray, channels, axis=2))
        for k in range(3):
            np.testing.assert_array_equal(together[:, :, k], alone[:, :, 0])


@pytest.mark.parametrize("engine", ["native", "reference", "gmic"])
def test_values_of_any_size_are_no_fault(engine: str) -> None:
    """They spoil what is made from them, and nothing farther off."""
    flt, pixels = filter(90, 60), picture(60, 90, 4, np.float32)
    largest = np.finfo(np.float32).max
    clean = engines.apply(flt, pixels, engine)
    for k, value in enumerate((largest, -largest, np.inf, -np.inf, np.nan, 1e-40)):
        pixels[9 * k : 9 * k + 5, 10:20] = value
    spoilt = engines.apply(flt, pixels, engine)
    assert not np.isfinite(spoilt[:, 12:18]).all()
    assert np.array_equal(spoilt[:, 45:], clean[:, 45:])
