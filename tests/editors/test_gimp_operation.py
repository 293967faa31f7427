"""The operation in the real GIMP: on layers of every precision, scaled, turned, cut, saved, exported; hostile texts.

One run of GIMP a version does it all; what it left is compared with the native engine.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from sixbit.compiler.compile import compile_optics
from sixbit.compiler.editable import editable_text
from sixbit.compiler.optics import Optics, SensorPicture, distortion, tca, vignetting
from sixbit.engines import apply
from sixbit.install import gegl
from sixbit.values.filter import Filter
from sixbit.values.light import linear
from tests.scenery.gimp import GimpHome
from tests.scenery.kernel import assert_same, picture
from tests.scenery.root import SUITES, system_root

WIDTH, HEIGHT = 450, 300
FRAME = SensorPicture(WIDTH, HEIGHT, 1.0)
OPTICS = Optics(
    distortion=(distortion("ptlens", [0.01, -0.05, 0.02]), FRAME.sensor),
    tca=(tca("linear", [1.0006, 0.9995]), FRAME.sensor),
    vignetting=(vignetting("pa", [-0.4, 0.1, 0.0]), FRAME.sensor),
)
FULL = compile_optics(OPTICS, FRAME)
TEXT = editable_text(OPTICS, FRAME, "fill", FULL)
HALF = {"distortion": 50.0, "tca": 50.0, "vignetting": 50.0}
PRECISIONS = [
    f"{stored}_{curve}"
    for stored in ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE")
    for curve in ("LINEAR", "NON_LINEAR", "PERCEPTUAL")
]
HOSTILE = {
    "empty": "",
    "words": "sixbit 1 " + "warp " * 1000,
    "numbers": "sixbit 1 size 450 300 " + "9 " * 300_000,
    "not a number": TEXT.replace(" warp ", " warp nan ", 1),
    "no sense": TEXT.replace(" half ", " half 1e-300 0", 1),
    "cut": TEXT[: len(TEXT) // 2],
}


def is_linear(precision: str) -> bool:
    return precision.split("_", 1)[1].startswith("LINEAR")


def format_of(precision: str) -> str:
    """What the pixels of a precision are compared in."""
    return "RGB float" if is_linear(precision) else "R'G'B' float"


def case(name: str, photo: str = "eight.png", **changes: Any) -> dict[str, Any]:
    usual = {"before": [], "after": [], "text": TEXT, "strengths": {}, "format": None}
    return {"name": name, "photo": photo, **usual, **changes}


CASES = [
    case("eight"),
    case("sixteen", "sixteen.tif"),
    case("alpha", before=[["alpha"]]),
    case("gray", before=[["gray"]]),
    case("gray later", after=[["gray"]]),
    case("half strength", strengths=HALF),
    case("set later", after=[["strengths", HALF]]),
    case("kept", "sixteen.tif", after=[["xcf"]]),
    case("export"),
    case("scaled", after=[["scale", 225, 150]]),
    case("larger", after=[["scale", 900, 600]]),
    case("turned", after=[["rotate"]]),
    case("flipped", after=[["flip"]]),
    case("turned and scaled", after=[["rotate"], ["scale", 200, 300]]),
    case("cropped", after=[["crop", 300, 250, 20, 10]]),
    case("layer resized", after=[["resize", 500, 300, 25, 0]]),
    *(case(name, "sixteen.tif", before=[["precision", name]], format=format_of(name)) for name in PRECISIONS),
    *(
        case(f"{name} later", "sixteen.tif", after=[["precision", name]], format=format_of(name))
        for name in PRECISIONS[:3]
    ),
    *(case(f"hostile: {name}", text=text) for name, text in HOSTILE.items()),
]


def run_cases(gimp: GimpHome) -> dict[str, Any]:
    eight, sixteen = picture(HEIGHT, WIDTH, 3), picture(HEIGHT, WIDTH, 3, np.uint16)
    Image.fromarray(eight).save(gimp.work / "eight.png")
    tifffile.imwrite(gimp.work / "sixteen.tif", sixteen, photometric="rgb")
    return dict(gimp.batch(Path(__file__).with_name("gimp_operation.py"), CASES, timeout=600))


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Each version in a run of its own, beside each other."""
    homes = {suite: GimpHome(system_root(suite), tmp_path_factory.mktemp(f"operation-{suite}")) for suite in SUITES}
    for home in homes.values():
        home.take_operation()
    with ThreadPoolExecutor() as pool:
        yield {suite: (home, pool.submit(run_cases, home)) for suite, home in homes.items()}


@pytest.fixture(scope="module", params=SUITES)
def gimp(request: pytest.FixtureRequest, started: dict[str, tuple[GimpHome, Future[Any]]]) -> GimpHome:
    return started[request.param][0]


@pytest.fixture(scope="module")
def told(gimp: GimpHome, started: dict[str, tuple[GimpHome, Future[Any]]]) -> dict[str, Any]:
    return dict(started[gimp.root.suite][1].result())


def pixels(gimp: GimpHome, told: dict[str, Any], name: str, dtype: str = "u1") -> tuple[NDArray[Any], NDArray[Any]]:
    """The layer without its filter, and merged with it."""
    assert "error" not in told[name], told[name]["error"]
    below, after = (np.fromfile(gimp.work / f"{name}.{when}", dtype) for when in ("below", "after"))
    shape = (*told[name]["size"], -1)
    return below.reshape(shape), after.reshape(shape)


@pytest.mark.parametrize(("name", "dtype"), [("eight", "u1"), ("sixteen", "<u2"), ("alpha", "u1"), ("kept", "<u2")])
def test_merged_it_is_the_native_engine(gimp: GimpHome, told: dict[str, Any], name: str, dtype: str) -> None:
    below, after = pixels(gimp, told, name, dtype)
    assert told[name]["text"]
    assert told[name]["lens"] == "Summicron-M"
    assert not np.array_equal(after, below)
    assert_same(after, apply(FULL, below))


@pytest.mark.parametrize("name", ["gray", "gray later"])
def test_gray_is_corrected_as_green_is(gimp: GimpHome, told: dict[str, Any], name: str) -> None:
    below, after = pixels(gimp, told, name)
    assert below.shape[2] == 1
    assert_same(after, apply(FULL, below))


def test_strengths_need_no_other_text(gimp: GimpHome, told: dict[str, Any]) -> None:
    below, after = pixels(gimp, told, "half strength")
    weaker = compile_optics(replace(OPTICS, strength=dict.fromkeys(("distortion", "tca", "vignetting"), 0.5)), FRAME)
    np.testing.assert_allclose(after.astype(int), apply(weaker, below), atol=2)
    np.testing.assert_array_equal(pixels(gimp, told, "set later")[1], after)


def test_exported_in_tiles_it_is_the_same(gimp: GimpHome, told: dict[str, Any]) -> None:
    _, after = pixels(gimp, told, "export")
    np.testing.assert_array_equal(np.asarray(Image.open(gimp.work / "export.png")), after)


def reduced(width: int, height: int) -> Filter:
    return FULL.reduced(width, height, WIDTH / width, HEIGHT / height)


@pytest.mark.parametrize(
    ("name", "filter", "turns"),
    [
        ("scaled", reduced(225, 150), 0),
        ("larger", reduced(900, 600), 0),
        ("turned", FULL, 1),
        ("flipped", FULL, 0),
        ("turned and scaled", reduced(300, 200), 1),
    ],
)
def test_the_photo_of_another_size_or_side_is_corrected(
    gimp: GimpHome, told: dict[str, Any], name: str, filter: Filter, turns: int
) -> None:
    below, after = (np.rot90(part, turns) for part in pixels(gimp, told, name))
    assert not np.array_equal(after, below)
    np.testing.assert_allclose(after.astype(int), apply(filter, np.ascontiguousarray(below)), atol=1)


@pytest.mark.parametrize("name", ["cropped", "layer resized", *(f"hostile: {name}" for name in HOSTILE)])
def test_what_it_was_not_made_for_passes_through(gimp: GimpHome, told: dict[str, Any], name: str) -> None:
    below, after = pixels(gimp, told, name)
    np.testing.assert_array_equal(after, below)
    if name.startswith("hostile"):
        assert told[name]["text"]


@pytest.mark.parametrize("name", [*PRECISIONS, *(f"{name} later" for name in PRECISIONS[:3])])
def test_every_precision(gimp: GimpHome, told: dict[str, Any], name: str) -> None:
    """To a level of what holds the pixels, under the curve that they have."""
    below, after = pixels(gimp, told, name, "<f4")
    expected = apply(FULL, below, transfer=linear() if is_linear(name) else None)
    assert np.abs(after - below).max() > 0.1
    if name.startswith("U"):
        expected = np.clip(expected, 0, 1)
    level = {"U8": 1 / 255, "U16": 1 / 65535, "HALF": 1 / 1024}.get(name.split("_")[0], 1e-6)
    assert np.abs(after - expected).max() <= level * 1.01 + 3e-6


def test_gimp_is_content(told: dict[str, Any]) -> None:
    assert "CRITICAL" not in told["printed"], told["printed"]


LOADING = """
import pathlib, sys
from sixbit.install import gegl
print(repr(gegl.why_not_loading(pathlib.Path.home() / sys.argv[1])))
"""


def test_the_doctor_asks_gegl_itself_whether_it_loads(gimp: GimpHome) -> None:
    folder = ".local/share/gegl-0.4/plug-ins"

    def said(path: str) -> str:
        return gimp.run(["/mnt/venv/bin/python", "-c", LOADING, path], timeout=120).stdout.strip()

    assert said(f"{folder}/{gegl.NAME}") == "''"
    (gimp.work / gegl.NAME).write_bytes(b"\x7fELF and no more")
    assert "file too short" in said(f"/mnt/work/{gegl.NAME}")
    assert "No such file" in said(f"/mnt/work/none/{gegl.NAME}")
