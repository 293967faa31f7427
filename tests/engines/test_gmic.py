"""G'MIC against the reference, and the command file as anyone would run it."""

from __future__ import annotations

import errno
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import gmic
import numpy as np
import pytest
import skimage.data
import tifffile
from PIL import Image

from sixbit.engines import Region, apply
from sixbit.engines.gmic import script
from sixbit.engines.pieces import LINES, line_size
from sixbit.values.errors import Code, EngineError
from sixbit.values.filter import Filter
from sixbit.values.light import SAMPLES, TransferCurve, linear, srgb
from tests.scenery.programs import missing
from tests.scenery.refusals import refused

CODES = np.linspace(0, 1, SAMPLES)
GAMMAS = TransferCurve("one curve a plane", np.stack([CODES**gamma for gamma in (2.2, 1.8, 2.4)]))
GAMMA = TransferCurve("gamma 2.2", CODES[None] ** 2.2)
FAR = ((0.985, 0.001, -0.04, 0.01), (0.985, 0.0, -0.04, 0.01), (0.984, 0.0, -0.03))
SHADING = 1 + np.random.default_rng(6).random((3, 5, 7)) / 5


def sample(name: str) -> np.ndarray[Any, Any]:
    """A picture that ships with scikit-image."""
    picture: np.ndarray[Any, Any] = getattr(skimage.data, name)()
    return picture


def filter(pixels: np.ndarray[Any, Any], **changes: Any) -> Filter:
    """A barrel of 3 % with red and blue fringes and a fall-off of a stop, off centre, leaving dark corners."""
    height, width = pixels.shape[:2]
    fields: dict[str, Any] = {
        "centre": (width / 2 + 3.2, height / 2 - 2.7),
        "half_diagonal": float(np.hypot(width, height) / 2),
        "warp": ((1.0102, 0.001, -0.04, 0.01), (1.01, 0.0, -0.04, 0.01), (1.0092, 0.0, -0.04, 0.01)),
        "gain": ((1.0, 0.0, 0.55, 0.4), (1.0, 0.0, 0.5, 0.4), (1.0, 0.0, 0.4, 0.4)),
    }
    return Filter(width=width, height=height, **{**fields, **changes})


def both(pixels: np.ndarray[Any, Any], chosen: Filter, other: str = "reference", **how: Any) -> np.ndarray[Any, Any]:
    """The absolute difference of G'MIC and another engine, in code values."""
    answers = [apply(chosen, pixels, engine, **how).astype(float) for engine in ("gmic", other)]
    assert np.abs(answers[1] - pixels[: answers[1].shape[0], : answers[1].shape[1]]).max() > 0.1, (
        "nothing was corrected"
    )
    difference: np.ndarray[Any, Any] = np.abs(answers[0] - answers[1])
    return difference


@pytest.fixture(scope="module")
def photo() -> np.ndarray[Any, Any]:
    return sample("astronaut")[:360, 60:]


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("other", ["native", "reference"])
@pytest.mark.parametrize("picture", ["astronaut", "rocket"])
def test_natural_pictures_agree(picture: str, other: str, interpolation: str) -> None:
    if other == "native" and not importlib.util.find_spec("sixbit.engines._kernel"):
        missing("the native kernel was not built")
    pixels = sample(picture)
    difference = both(pixels, filter(pixels), other, interpolation=interpolation)
    assert difference.mean() <= 0.01
    assert difference.max() <= 1


@pytest.mark.parametrize(
    "changes",
    [
        {"warp": ((0.98, 0.0, 0.05),)},
        {"warp": ((1.0,),)},
        {"gain": ((1.0,),)},
        {"gain_map": SHADING},
        {"gain_map": SHADING[:1], "gain": ((1.0,),)},
        {"gain_map": SHADING, "gain": ((1.0, 0.1),), "warp": ((1.0,),)},
        {"warp": ((1.0, 0.0, -1.5),)},
        {"warp": ((4.0,),)},
    ],
    ids=["one warp", "gain only", "warp only", "map", "gray map", "map only", "folded", "mostly outside"],
)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_kinds_of_correction_agree(photo: np.ndarray[Any, Any], changes: dict[str, Any], channels: int) -> None:
    pixels = np.dstack([photo, photo[::-1, :, 1]])[100:220, 200:, :channels]
    assert both(pixels, filter(pixels, **changes)).max() <= 1


@pytest.mark.parametrize("transfer", [srgb(), linear(), GAMMA, GAMMAS], ids=["sRGB", "linear", "gamma", "gammas"])
def test_transfer_curves_agree_in_16_bits(photo: np.ndarray[Any, Any], transfer: TransferCurve) -> None:
    pixels = np.dstack([photo, photo[..., 0]]).astype(np.uint16) * 257
    difference = both(pixels, filter(pixels), transfer=transfer)
    assert difference.mean() <= 0.05
    # In the dark of gamma 2.2 the last bit of a 32-bit float is worth a dozen codes of 65535.
    assert difference.max() <= (8 if transfer.name in ("sRGB", "linear") else 257)


@pytest.mark.parametrize("transfer", [srgb(), linear()], ids=["sRGB", "linear"])
def test_floating_point_keeps_what_lies_beyond_white(photo: np.ndarray[Any, Any], transfer: TransferCurve) -> None:
    pixels = (photo / 180 - 0.1).astype(np.float32)
    assert apply(filter(pixels), pixels, "gmic", transfer=transfer).max() > 1.5
    assert both(pixels, filter(pixels), transfer=transfer).max() < 5e-4


def test_a_region_is_what_the_whole_picture_has_there(photo: np.ndarray[Any, Any]) -> None:
    chosen = filter(photo)
    whole = apply(chosen, photo, "gmic")
    for region in (Region(0, 0, 40, 30), Region(100, 7, 300, 1), Region(451, 359, 1, 1)):
        x, y, width, height = region
        part = apply(chosen, photo, "gmic", region=region)
        # The coordinates of a part are rounded to 32 bits from another corner.
        assert np.abs(part.astype(int) - whole[y : y + height, x : x + width]).max() <= 1


def test_tiles_join_without_a_seam(photo: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sixbit.engines.gmic.tiles.TILE", (64, 32))
    assert both(photo, filter(photo)).max() <= 1


def test_processes_make_the_same_picture(photo: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    alone = apply(filter(photo), photo, "gmic", region=Region(3, 5, 440, 350))
    monkeypatch.setattr("sixbit.engines.gmic.WORTH_A_PROCESS", 50_000)
    out = np.zeros((350, 880, 3), np.uint8)[:, ::2]
    apply(filter(photo), photo[:, ::-1][:, ::-1], "gmic", region=Region(3, 5, 440, 350), out=out, threads=2)
    assert np.array_equal(out, alone)


@pytest.mark.parametrize("start", ["", "import sys; sys.exit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_a_process_that_ends_is_told(photo: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch, start: str) -> None:
    monkeypatch.setattr("sixbit.engines.gmic.WORTH_A_PROCESS", 50_000)
    monkeypatch.setattr("sixbit.engines.gmic.processes._START", start)
    with refused(EngineError, "report", Code.FAULT):
        apply(filter(photo), photo, "gmic", threads=2)


def test_a_process_that_cannot_be_started_is_told(photo: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def one_and_no_more(*words: Any, **how: Any) -> subprocess.Popen[bytes]:
        if started:
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
        started.append(popen(*words, **how))
        return started[0]

    monkeypatch.setattr("sixbit.engines.gmic.WORTH_A_PROCESS", 50_000)
    monkeypatch.setattr("subprocess.Popen", one_and_no_more)
    with pytest.raises(EngineError, match="cannot start a process: Resource temporarily unavailable"):
        apply(filter(photo), photo, "gmic", threads=2)
    assert started[0].poll() is not None, "the first one was ended"


def test_a_process_tells_what_gmic_says(photo: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sixbit.engines.gmic.WORTH_A_PROCESS", 50_000)
    start = "import sys; from sixbit.engines.gmic import processes, tiles; tiles.script = lambda *_: 'no command'; "
    start += "processes.serve(*map(int, sys.argv[1:]))"
    monkeypatch.setattr("sixbit.engines.gmic.processes._START", start)
    with pytest.raises(EngineError, match="could not apply the correction"):
        apply(filter(photo), photo, "gmic", threads=2)


# Nodes, and what is between them ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", LINES)
def test_resize_puts_each_node_on_its_pixel(step: int) -> None:
    """A function that is straight between nodes comes back exactly, and so each node where it belongs."""
    nodes = np.random.default_rng(step).integers(0, 100, (5, 7)).astype(np.float32)
    x, y = np.arange(6 * step + 1) / step, np.arange(4 * step + 1) / step
    rows = np.array([np.interp(x, np.arange(7), row) for row in nodes])
    expected = np.array([np.interp(y, np.arange(5), column) for column in rows.T])
    images = gmic.ImageList([gmic.Image.from_yxc(nodes[:, :, None])])
    gmic.Gmic().run(f"resize {len(x)},{len(y)},1,1,3", images)
    made = images[0].as_numpy()[:, :, 0, 0]
    assert np.array_equal(made[::step, ::step], nodes.T)
    assert np.abs(made - expected).max() < 1e-4


LARGE = np.zeros((5464, 8192))
PLACES = {
    "corner": Region(0, 0, 600, 300),
    "across tiles": Region(3800, 2500, 530, 400),
    "last": Region(7900, 5300, 292, 164),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("axis", [0, 1], ids=["y", "x"])
def test_source_points_are_exact(place: str, axis: int) -> None:
    """A picture of its own coordinates is made into where each pixel comes from."""
    chosen, region = filter(LARGE, gain=((1.0,),), warp=FAR), PLACES[place]
    assert line_size(chosen) > 1
    steps = np.arange(LARGE.shape[axis], dtype=np.float32)
    ramp = np.broadcast_to(steps[:, None, None] if axis == 0 else steps[:, None], (*LARGE.shape, 3))
    made = apply(chosen, ramp, "gmic", region=region, transfer=linear())
    y, x = np.mgrid[region.y : region.y + region.height, region.x : region.x + region.width]
    exact = chosen.source_points(np.stack([x.ravel(), y.ravel()], axis=1))[:, :, 1 - axis].T.reshape(made.shape)
    # Where the outer pixels are repeated, a picture of coordinates is not straight.
    straight = (exact > 3) & (exact < LARGE.shape[axis] - 4) & (made > 0)
    assert straight.mean() > 0.8
    assert np.abs(made - exact)[straight].max() <= 0.005


@pytest.mark.parametrize("gain_map", [None, SHADING, SHADING[:1]], ids=["none", "colours", "gray"])
def test_gains_are_exact(gain_map: np.ndarray[Any, Any] | None) -> None:
    chosen, region = filter(LARGE, warp=((1.0,),), gain_map=gain_map), PLACES["last"]
    assert line_size(chosen) > 1
    white = np.broadcast_to(np.float32(0.5), (*LARGE.shape, 3))
    made = apply(chosen, white, "gmic", region=region, transfer=linear())
    y, x = np.mgrid[region.y : region.y + region.height, region.x : region.x + region.width]
    exact = chosen.gains(np.stack([x.ravel(), y.ravel()], axis=1)).T.reshape(made.shape)
    assert np.abs(made * 2 - exact).max() <= 6e-5


def test_the_edge_of_the_picture_is_where_it_is(photo: np.ndarray[Any, Any]) -> None:
    """Lines between nodes are off by thousandths of a pixel; no pixel may be black for that, or kept."""
    height, width = photo.shape[:2]
    half = float(np.hypot(width, height) / 2)
    # Along all edges the points come from half a pixel outside of the picture, more or less.
    slow = Filter(
        width=width,
        height=height,
        centre=((width - 1) / 2, (height - 1) / 2),
        half_diagonal=half,
        warp=(
            (1.0 + 1.01 / width, 0.0, -0.0003, 0.0003),
            (1.0 + 1.02 / height, 0.0, -0.0007, 0.0007),
            (1.0022, 0.0, 0.02),
        ),
        gain=((1.0,),),
    )
    pixels = np.maximum(photo, 40)
    black = [apply(slow, pixels, engine) == 0 for engine in ("gmic", "reference")]
    assert 0 < black[1].mean() < 0.5
    assert np.array_equal(*black)


def test_values_that_are_no_numbers_stay_where_they_are(photo: np.ndarray[Any, Any]) -> None:
    pixels = (photo / 255).astype(np.float32)
    pixels[100, 100] = np.nan
    pixels[200, 200] = np.inf
    clean = apply(filter(photo), (photo / 255).astype(np.float32), "gmic")
    made = apply(filter(photo), pixels, "gmic")
    assert not np.isfinite(made).all()
    assert (np.abs(made - clean) > 1e-6).any(axis=2).sum() + np.isnan(made).any(axis=2).sum() < 100


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (7, 1), (2, 3)])
def test_tiny_pictures(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(60, 200, (*shape, 3), np.uint8)
    chosen = filter(pixels, centre=((shape[1] - 1) / 2, (shape[0] - 1) / 2), gain=((1.2, 0.1),))
    assert both(pixels, chosen).max() <= 1


def test_memory_layouts(photo: np.ndarray[Any, Any]) -> None:
    chosen = filter(photo)
    expected = apply(chosen, photo, "gmic")
    out = np.zeros((*photo.shape[:2], 6), np.uint8)[..., ::2]
    assert apply(chosen, np.asfortranarray(photo), "gmic", out=out) is out
    assert np.array_equal(out, expected)


def test_an_interpolation_gmic_has_not(photo: np.ndarray[Any, Any]) -> None:
    with pytest.raises(EngineError, match="it has bicubic and bilinear"):
        apply(filter(photo), photo, "gmic", interpolation="lanczos3")


def test_without_gmic(photo: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gmic", None)
    with refused(EngineError, "pip install 'gmic'", Code.MISSING_PART):
        apply(filter(photo), photo, "gmic")


# The command file ---------------------------------------------------------------------------------------------------

HOSTILE = {"lens": 'no \n lens " of ${mine} \\', "note": "\u2028ä\nsixbit_correct : remove"}


def run_script(folder: Path, name: str, chosen: Filter, transfer: TransferCurve | None = None) -> Path:
    """Run the command file on a picture of the folder, by the words of its header."""
    (folder / "lens.gmic").write_text(script(chosen, transfer), encoding="ascii")
    out = folder / f"out{Path(name).suffix}"
    kind = ",uint16" if out.suffix == ".tif" else ""
    gmic.run(f'"{folder}/lens.gmic" "{folder}/{name}" sixbit_correct -output "{out}"{kind}')
    return out


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("transfer", [None, linear(), GAMMAS], ids=["sRGB", "linear", "gammas"])
def test_command_file(tmp_path: Path, photo: np.ndarray[Any, Any], mode: str, transfer: TransferCurve | None) -> None:
    pixels = np.dstack([photo, photo[..., 1]])[..., : len(mode)].squeeze()
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    chosen = filter(pixels, gain_map=SHADING, made_from=HOSTILE)
    result = np.asarray(Image.open(run_script(tmp_path, "photo.png", chosen, transfer)))
    expected = apply(chosen, pixels, "reference", transfer=transfer)
    assert np.abs(result.astype(int) - expected).max() <= 1


def test_what_it_was_made_from_stands_there_as_it_is(photo: np.ndarray[Any, Any]) -> None:
    made_from = {"lens": "Mine <width> <prepare> {w}"}
    lines = script(filter(photo, made_from=made_from)).splitlines()
    assert [json.loads(line[13:]) for line in lines if line.startswith("# Made from: ")] == [made_from]


def test_the_srgb_of_a_profile_needs_no_table(photo: np.ndarray[Any, Any]) -> None:
    rounded = TransferCurve("camera", srgb().linear + 4e-6 * CODES * (1 - CODES))
    assert len(script(filter(photo), rounded)) < 7000
    assert len(script(filter(photo), GAMMA)) > 50_000
    assert both(photo, filter(photo), transfer=rounded).max() <= 1


def test_command_file_in_16_bits(tmp_path: Path, photo: np.ndarray[Any, Any]) -> None:
    pixels = photo.astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "photo.tif", pixels, photometric="rgb")
    result = tifffile.imread(run_script(tmp_path, "photo.tif", filter(photo)))
    assert result.dtype == np.uint16
    assert np.abs(result.astype(int) - apply(filter(photo), pixels, "reference")).max() <= 8


@pytest.mark.parametrize(
    ("shape", "message"), [((40, 30, 3), "pictures of 452 x 360 pixels"), ((360, 452, 2), "has 2 channels")]
)
def test_command_file_refuses_other_pictures(
    photo: np.ndarray[Any, Any], tmp_path: Path, shape: tuple[int, int, int], message: str
) -> None:
    (tmp_path / "lens.gmic").write_text(script(filter(photo)))
    images = gmic.ImageList([gmic.Image.from_yxc(np.zeros(shape, np.uint8))])
    for command in ("sixbit_check", "sixbit_correct"):
        with pytest.raises(gmic.GmicException, match=message):
            gmic.Gmic().run(f'command "{tmp_path}/lens.gmic" {command}', images)


def test_command_file_refuses_another_version(photo: np.ndarray[Any, Any], tmp_path: Path) -> None:
    (tmp_path / "lens.gmic").write_text(script(filter(photo)))
    images = gmic.ImageList([gmic.Image.from_yxc(photo)])
    gmic.Gmic().run(f'command "{tmp_path}/lens.gmic" sixbit_check', images)
    with pytest.raises(gmic.GmicException, match="This correction needs G'MIC"):
        gmic.Gmic().run(f'_version=289 command "{tmp_path}/lens.gmic" sixbit_check', images)


def test_command_file_corrects_each_picture_by_itself(photo: np.ndarray[Any, Any], tmp_path: Path) -> None:
    (tmp_path / "lens.gmic").write_text(script(filter(photo)))
    images = gmic.ImageList([gmic.Image.from_yxc(photo), gmic.Image.from_yxc(photo[:, :, :1].copy())])
    gmic.Gmic().run(f'command "{tmp_path}/lens.gmic" sixbit_correct', images)
    for image, pixels in zip(images, (photo, photo[:, :, 0]), strict=True):
        made = image.as_numpy()[:, :, 0].swapaxes(0, 1)
        expected = apply(filter(photo), pixels, "reference").reshape(made.shape)
        assert np.abs(made - expected).max() <= 1
