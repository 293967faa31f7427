"""The plug-in in the real GIMP, without a window: pixels, metadata, and that whatever goes wrong leaves no trace.

One run of GIMP a version makes all corrections; the tests look at what it left.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from skimage import data

import sixbit
from sixbit.compiler.by_hand import ByHand
from sixbit.compiler.optics import SensorPicture
from sixbit.export.presets import PLAIN
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.place import Place, place_of
from sixbit.manifest import manifest
from sixbit.photos.colour import of_icc
from sixbit.photos.decode import decode
from sixbit.photos.metadata import Metadata
from sixbit.photos.photo import Photo
from sixbit.photos.pixels import without_colour
from sixbit.photos.profiles import curve_of_profile
from sixbit.photos.save import save_photo
from sixbit.values.kinds import KINDS
from sixbit.values.light import linear, srgb
from sixbit.values.polynomial import UNITY
from sixbit.values.shot import Shot, Tagged
from tests.scenery import CLONE
from tests.scenery.camera import Camera, Lens, as_photo, photograph
from tests.scenery.gimp import START_TIMEOUT, GimpHome
from tests.scenery.icc_profiles import ADOBE_GAMMA, rgb_profile
from tests.scenery.photo_factory import exif, xmp_packet
from tests.scenery.root import SUITES, system_root
from tests.scenery.scenes import foliage

HERE = Path(__file__).parent
BATCH_TIMEOUT = 900
"""Two versions of GIMP beside each other take some minutes, and more where others work, too."""
SIZE = (450, 300)
LENS = "summicron-35-asph"
FALLING_OFF = "vm-nokton-28-1.5"
"""Of this lens everything is known but the shading."""
UNCALIBRATED = "elmarit-28-i"
"""A lens that nobody has measured."""
BENDING = ("distortion", "tca")
"""The profile of a gray photo whose values are linear: the curve of no values is none (ICC.1:2001-04, 6.5.3)."""
TAGS: dict[str, Any] = {
    "Make": "LEICA CAMERA AG",
    "Model": "LEICA M10",
    "FocalLength": (35, 1),
    "FNumber": (40, 10),
    "PixelXDimension": SIZE[0],
    "PixelYDimension": SIZE[1],
}
NAME = "Summicron-M 1:2/35 ASPH."
NAMED = {**TAGS, "LensModel": NAME}
OPEN = TAGS | {"LensModel": "Summilux-M 28mm f/1.4 ASPH.", "FocalLength": (28, 1), "FNumber": (14, 10)}
"""Of this lens the fall-off is known, and nothing else. A person wrote its name: for a lens it knows itself, an M10
has compensated it."""

Pixels = NDArray[Any]

NUMBERS = {"U8": "<u1", "U16": "<u2", "U32": "<u4", "HALF": "<f2", "FLOAT": "<f4", "DOUBLE": "<f8"}
LIGHTS = ("LINEAR", "NON_LINEAR", "PERCEPTUAL")
PRECISIONS = [
    *(("rgb", f"{number}_{light}") for number in NUMBERS for light in LIGHTS),
    *(("rgba", f"{number}_NON_LINEAR") for number in NUMBERS),
    *(("gray", f"{number}_NON_LINEAR") for number in ("U8", "U16", "FLOAT")),
    *(("graya", f"{number}_{light}") for number, light in (("U8", "NON_LINEAR"), ("U16", "LINEAR"))),
]
LIKE_FILES = ("named8", "named16", "wide16", "open8", "open16")
"""Photos that are corrected as they are."""
CHANNELS = {"rgb": 3, "rgba": 4, "gray": 1, "graya": 2}

REFUSED = {
    "empty_group": "as large as the group",
    "within_locked_group": "group that the layer is in are locked",
    "locked": "are locked",
    "locked_mask": "are locked",
    "linked": "would forget the correction",
    "indexed": "Image ▸ Mode ▸ RGB",
}
"""Layers that are not corrected, as ``gimp_batch.py`` makes them, and what is said of them."""
CORRECTED = ("masked", "within_group", "with_locked_alpha", "hidden", "filtered")
"""Layers that are corrected."""
DRAWN = ("text", "shape")
"""Layers that GIMP draws itself, and that become pixels."""
FLOATING = {"floating": 4, "floating_on_mask": 2, "floating_on_channel": 2}
"""What has no place of its own yet, and how many channels it has."""
DEPTHS = {"U8_NON_LINEAR": ("named8.tif", "u1"), "U16_NON_LINEAR": ("named16.tif", "<u2")} | {
    "FLOAT_LINEAR": ("named16.tif", "<f4")
}
"""Precisions of an image, the photo to begin with, and the numbers that masks and channels have then."""
COVERAGE = [
    *((name, precision) for name in ("channel", "its_mask") for precision in DEPTHS),
    *((name, "U8_NON_LINEAR") for name in ("mask_of_group", "selection")),
]
"""Drawables whose values are no light, and the precision of the image."""
ONLY_NEWER = ("linked", "shape")
"""What GIMP 3.0 has not."""
PARTS: dict[str, tuple[tuple[int, int], dict[str, Any], bytes]] = {
    "crop mode": ((450, 300), {"FocalLengthIn35mmFilm": 63}, b""),
    "wide": ((448, 252), {}, b""),
    "square": ((300, 300), {}, b""),
    "quarter": (
        (450, 300),
        {},
        xmp_packet(crs_AlreadyApplied="True", crs_HasCrop="True", crs_CropLeft="0.5", crs_CropBottom="0.5"),
    ),
}
"""Photos that are a part of what the lens drew, and say which: their size, tags and XMP."""
RESHAPED: dict[str, tuple[tuple[int, int], dict[str, Any], bytes]] = {
    "odd size": ((450, 130), {}, b""),
    "straightened": (
        (450, 300),
        {},
        xmp_packet(crs_AlreadyApplied="True", crs_HasCrop="True", crs_CropAngle="1.5"),
    ),
}
"""Those that nobody can place."""
CASES: list[dict[str, Any]] = [
    {"name": "selection", "photo": "named16.tif", "select": [40, 30, 200, 100], "runs": [{"only_selection": True}]},
    {"name": "beside a selection", "photo": "named16.tif", "select": [40, 30, 200, 100], "runs": [{}]},
    {"name": "halved", "photo": "named16.tif", "before": [["scale", 225, 150]], "runs": [{}]},
    {"name": "twice as strong", "photo": "named16.tif", "runs": [{"distortion_strength": 200.0, "tca": False}]},
    {"name": "by a factor", "photo": "named16.tif", "runs": [{"scale": "factor", "scale_factor": 1.25}]},
    {"name": "by hand", "photo": "bare16.tif"}
    | {"runs": [{"lens": UNCALIBRATED, "hand_distortion": 4.0, "hand_red": 2.0, "hand_fall_off": 1.0}]},
    {"name": "leaves", "photo": "leaves.tif", "runs": [{"lens": UNCALIBRATED, "measure_tca": True}]},
    {"name": "without edges", "photo": "bare16.tif", "runs": [{"lens": UNCALIBRATED, "measure_tca": True}]},
    {"name": "wholly untold", "photo": "untold16.tif", "runs": [{}]},
    {"name": "group_of", "photo": "named16.tif", "made": "group_of", "inside": True, "runs": [{}]},
    {"name": "all layers", "photo": "named16.tif", "made": "several", "all": True, "runs": [{"layers": "all"}]}
    | {"undo": True},
    {"name": "one of several", "photo": "named16.tif", "made": "several", "all": True, "runs": [{}]},
    {"name": "part", "photo": "named16.tif", "layer": [50, 20, 300, 200], "runs": [{}]},
    {"name": "cropped", "photo": "named16.tif", "before": [["crop", 300, 200, 10, 20]], "runs": [{}]},
    {
        "name": "centred",
        "photo": "named16.tif",
        "before": [["crop", 300, 200, 75, 50]],
        "runs": [{"frame": "centred"}],
    },
    {"name": "scaled", "photo": "named16.tif", "before": [["scale", 225, 150]], "runs": [{"frame": "scaled"}]},
    {"name": "turned", "photo": "named16.tif", "before": [["rotate", 0]], "runs": [{}]},
    *({"name": name, "photo": f"{name}.tif", "runs": [{}]} for name in PARTS),
    {"name": "wide turned", "photo": "wide.tif", "before": [["rotate", 0]], "runs": [{}]},
    {"name": "quarter turned", "photo": "quarter.tif", "before": [["rotate", 0]], "runs": [{}]},
    {"name": "quarter as a whole", "photo": "quarter.tif", "runs": [{"frame": "drawable"}]},
    *({"name": name, "photo": f"{name}.tif", "runs": [{}, {"frame": "drawable"}]} for name in RESHAPED),
    {"name": "odd size is whole", "photo": "odd size.tif", "runs": [{"frame": "scaled"}]},
    {"name": "untagged", "photo": "bare16.tif", "runs": [{}]},
    {
        "name": "chosen",
        "photo": "bare16.tif",
        "runs": [
            {"lens": LENS, "crop_factor": 2.0, "aperture": 5.6, "tca": False, "distortion_strength": 50.0}
            | {"scale": "none", "write_lens": True}
        ],
    },
    {"name": "new layer", "photo": "named16.tif", "runs": [{"output": "new-layer"}], "dump_top": True},
    {"name": "twice", "photo": "named16.tif", "runs": [{}, {}]},
    {"name": "forced", "photo": "named16.tif", "runs": [{}, {"force": True}]},
    *({"name": name, "photo": "named16.tif", "made": name, "runs": [{}]} for name in (*REFUSED, *CORRECTED)),
    *(
        {"name": f"{name} {precision}", "photo": photo, "made": name}
        | {"before": [["convert_precision", precision]] if number == "<f4" else [], "runs": [{}]}
        for name, precision in COVERAGE
        for photo, number in [DEPTHS[precision]]
    ),
    *({"name": name, "photo": "named16.tif", "made": name, "runs": [{}]} for name in (*DRAWN, *FLOATING)),
    {"name": "mask of a part", "photo": "named16.tif", "layer": [50, 20, 300, 200], "made": "its_mask", "runs": [{}]},
    {"name": "channel and selection", "photo": "named8.tif", "made": "channel", "select": [40, 30, 200, 100]}
    | {"runs": [{"only_selection": True}]},
    {"name": "channel again", "photo": "named8.tif", "made": "channel", "runs": [{}, {}, {"force": True}]},
    {"name": "mask in the dark", "photo": "named8.tif", "made": "its_mask"}
    | {"runs": [{"lens": FALLING_OFF, "aperture": 1.5, "focal_length": 28.0}]},
    {"name": "mask of fall-off alone", "photo": "open8.tif", "made": "its_mask", "runs": [{}]},
    {"name": "mask without bending", "photo": "named8.tif", "made": "its_mask"}
    | {"runs": [{"distortion": False, "tca": False}]},
    *(
        {"name": f"new {name}", "photo": "named16.tif", "made": name, "runs": [{"output": "new-layer"}]}
        for name in ("its_mask", "channel", "floating", "text")
    ),
    {"name": "masked selection", "photo": "named16.tif", "made": "masked", "select": [9, 9, 99, 99]}
    | {"runs": [{"output": "new-layer", "only_selection": True}]},
    {"name": "unknown lens", "photo": "named16.tif", "runs": [{"lens": "no-such-lens; touch /mnt/work/pwned"}]},
    {"name": "odd", "photo": "it's $(odd) “名”.tif", "runs": [{}]},
    {"name": "preset", "photo": "named16.tif", "runs": [{"preset": "archive", "distortion": False}]},
    {"name": "no preset", "photo": "named16.tif", "runs": [{"preset": "web-jpg"}]},
    {
        "name": "exported",
        "photo": "named8.jpg",
        "runs": [{}],
        "exports": ["out.jpg", "out.tif", "out.png", "out.xcf"],
    },
]
PRESETS = tuple(manifest()["presets"])
BATCHES: list[dict[str, Any]] = [
    *({"name": name, "photos": ["album"], "folder": f"/mnt/work/by gimp {name}", "preset": name} for name in PRESETS),
    {"name": "no preset", "photos": ["album"], "folder": "/mnt/work/none", "preset": "web-jpg"},
    {"name": "no folder", "photos": ["album"], "folder": "/proc/none", "preset": "archive"},
    {"name": "no photos", "photos": [], "folder": "/mnt/work/none", "preset": "archive"},
]
FAILURES: list[dict[str, Any]] = [
    {"name": "dies", "photo": "named16.tif", "server": "dies", "runs": [{}]},
    {"name": "gone", "photo": "named16.tif", "server": "gone", "runs": [{}]},
    {"name": "other version", "photo": "named16.tif", "server": "other", "runs": [{}]},
    {"name": "untold", "photo": "named16.tif", "server": "", "runs": [{}]},
]

DIES = """#!/usr/bin/env python3
# Answers as the server does until pixels are to be corrected, and is killed then.
import os, subprocess, sys
server = subprocess.Popen(["/mnt/venv/bin/python", "-m", "sixbit", "serve"], stdin=subprocess.PIPE)
for line in sys.stdin.buffer:
    if b'"apply"' in line:
        server.kill()
        os.kill(os.getpid(), 9)
    server.stdin.write(line)
    server.stdin.flush()
"""
OTHER = """#!/bin/sh
read line
echo '{"id": 1, "result": {"protocol": 1, "version": "99.0", "engines": [], "log": null}}'
cat >/dev/null
"""


def photo(folder: Path, name: str, pixels: Pixels, tags: dict[str, Any]) -> None:
    save_photo(Photo(folder / "none", "TIFF", pixels, metadata=Metadata(exif=exif(**tags))), pixels, folder / name)


def make_photos(folder: Path) -> None:
    picture = Image.fromarray(data.astronaut()).resize(SIZE, Image.Resampling.BICUBIC)
    eight = np.asarray(picture)
    noise = np.random.default_rng(1).integers(0, 257, eight.shape, dtype=np.uint16)
    sixteen = np.minimum(eight.astype(np.uint16) * 256 + noise, 65535).astype(np.uint16)
    photo(folder, "named8.tif", eight, NAMED)
    photo(folder, "named16.tif", sixteen, NAMED)
    photo(folder, "it's $(odd) “名”.tif", sixteen, NAMED)
    photo(folder, "bare16.tif", sixteen, TAGS)
    photo(folder, "untold16.tif", sixteen, {})
    rng, shape = np.random.default_rng(3), SensorPicture(1200, 800, 1.0)
    coloured = Lens(tca=((1 + 1.6 / shape.half_diagonal,), (1 - 0.8 / shape.half_diagonal,)))
    leaves = as_photo(photograph(foliage(rng), coloured, Camera(shape), rng))
    photo(folder, "leaves.tif", leaves, {"Make": "LEICA CAMERA AG", "Model": "LEICA M10"})
    photo(folder, "open8.tif", eight, OPEN)
    photo(folder, "open16.tif", sixteen, OPEN)
    wide = decode(folder / "named16.tif")
    save_photo(replace(wide, colour=of_icc(adobe_rgb())), sixteen, folder / "wide16.tif")
    for name, (size, tags, xmp) in (PARTS | RESHAPED).items():
        sized = dict(zip(("PixelXDimension", "PixelYDimension"), size, strict=True))
        small = np.asarray(Image.fromarray(data.astronaut()).resize(size, Image.Resampling.BICUBIC)).astype(np.uint16)
        carried = Metadata(exif=exif(**{**NAMED, **sized, **tags}), xmp=xmp or None)
        save_photo(Photo(folder / "none", "TIFF", small, metadata=carried), small * 257, folder / f"{name}.tif")
    picture.save(folder / "named8.jpg", quality=95, exif=b"Exif\0\0" + exif(**NAMED))
    (folder / "album").mkdir()
    for name in ("named8.jpg", "named16.tif", "bare16.tif"):
        shutil.copy(folder / name, folder / "album")


def adobe_rgb() -> bytes:
    """A profile of another curve and other primaries than sRGB's."""
    return rgb_profile("Adobe RGB", gamma=ADOBE_GAMMA)


@pytest.fixture(scope="module")
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, tuple[GimpHome, Future[dict[str, Any]]]]]:
    """The versions that tests are asked of, each in a run of its own: they go on beside each other."""
    asked = {item.callspec.params.get("gimp") for item in request.session.items if hasattr(item, "callspec")}
    with ThreadPoolExecutor() as pool:
        homes = {
            suite: GimpHome(system_root(suite), tmp_path_factory.mktemp(f"gimp-{suite}"))
            for suite in SUITES
            if suite in asked
        }
        yield {suite: (home, pool.submit(answers, home)) for suite, home in homes.items()}


@pytest.fixture(scope="module", params=SUITES)
def gimp(request: pytest.FixtureRequest, started: dict[str, tuple[GimpHome, Any]]) -> GimpHome:
    return started[request.param][0]


@pytest.fixture(scope="module")
def run(gimp: GimpHome, started: dict[str, tuple[GimpHome, Future[dict[str, Any]]]]) -> dict[str, Any]:
    """What one run of GIMP answers to all that is asked of it."""
    return started[gimp.root.suite][1].result()


def answers(gimp: GimpHome) -> dict[str, Any]:
    make_photos(gimp.work)
    starts = {"dies": DIES, "other": OTHER}
    told = {"gone": {"command": ["/nowhere/python", "-m", "sixbit"]}}
    for name, script in starts.items():
        (gimp.work / name).write_text(script)
        (gimp.work / name).chmod(0o755)
        told[name] = {"command": [f"/mnt/work/{name}"]}
    server_json = str(Path("/root") / (gimp.plugin / "server.json").relative_to(gimp.home))
    newer = gimp.root.suite != "trixie"
    failures = [case | {"server": [server_json, json.dumps(told.get(case["server"], {}))]} for case in FAILURES]
    precisions = [
        {
            "name": f"{model} {precision}",
            "photo": "wide16.tif" if precision == "U16_NON_LINEAR" and model == "rgb" else "named16.tif",
            "gray": model.startswith("gray"),
            "alpha": model.endswith("a"),
            "precision": precision,
        }
        for model, precision in PRECISIONS
    ]
    precisions += [
        {"name": name, "photo": f"{name}.tif", "gray": False, "alpha": False, "precision": None} for name in LIKE_FILES
    ]
    settings = (gimp.plugin / "server.json").read_text()
    said: dict[str, Any] = gimp.batch(
        HERE / "gimp_batch.py",
        {
            "precisions": precisions,
            "cases": [case for case in CASES if case["name"] not in ONLY_NEWER or newer],
            "identify": ["named16.tif", "bare16.tif", "out.xcf"],
            "batches": BATCHES,
            "failures": failures,
        },
        timeout=BATCH_TIMEOUT,
    )
    (gimp.plugin / "server.json").write_text(settings)
    return said


def pixels_of(gimp: GimpHome, name: str, dtype: str = "<u2", channels: int = 3, size: tuple[int, int] = SIZE) -> Pixels:
    return np.fromfile(gimp.work / name, dtype).reshape(size[1], size[0], channels)


def compiled(size: tuple[int, int] = SIZE, **choices: Any) -> sixbit.Filter:
    choices = {"crop_factor": 1.0, "f_number": 4.0, **choices}
    return sixbit.compile_filter(LENS, choices=sixbit.Choices(**choices), size=size)


def without_colours() -> sixbit.Filter:
    """The correction of what has no colours, which is filled without regard to lateral colour."""
    return compiled(kinds=dict.fromkeys(set(KINDS) - {"tca"}, 1.0))


def whole(size: tuple[int, int]) -> sixbit.Filter:
    """The correction of a picture as the whole frame, whatever its shape."""
    choices = sixbit.Choices(crop_factor=1.0, f_number=4.0)
    return sixbit.compile_filter(LENS, choices=choices, size=size, place=Place())


@pytest.mark.parametrize("name", LIKE_FILES)
def test_equals_the_command_line(gimp: GimpHome, run: dict[str, Any], name: str) -> None:
    assert run["precisions"][name]["ok"], run["precisions"][name]["error"]
    sixbit.correct(gimp.work / f"{name}.tif", gimp.work / f"{name} by hand.tif")
    expected = tifffile.imread(gimp.work / f"{name} by hand.tif")
    found = pixels_of(gimp, f"{name}.after", expected.dtype.newbyteorder("<").str)
    assert not np.array_equal(found, pixels_of(gimp, f"{name}.before", found.dtype.str))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("model", "precision"), PRECISIONS)
def test_every_precision(gimp: GimpHome, run: dict[str, Any], model: str, precision: str) -> None:
    name, (number, _, light) = f"{model} {precision}", precision.partition("_")
    assert run["precisions"][name]["ok"], run["precisions"][name]["error"]
    before, after = (
        pixels_of(gimp, f"{name}.{when}", NUMBERS[number], CHANNELS[model]) for when in ("before", "after")
    )
    exact = number in ("U8", "U16")
    scale = np.iinfo(before.dtype).max if before.dtype.kind == "u" else 1
    given = before if exact else (before / scale).astype(np.float32)
    curve = linear() if light == "LINEAR" else srgb()
    if name == "rgb U16_NON_LINEAR":
        curve = curve_of_profile(adobe_rgb())
    expected = applied(given, curve)
    assert not np.array_equal(before, after)
    if exact:
        np.testing.assert_array_equal(after, expected)
    else:
        if scale > 1:
            expected = expected.clip(0, 1)
        # Half floats have 11 bits; the others more than 1e-6.
        tolerance = 2**-11 if number == "HALF" else 1e-6
        np.testing.assert_allclose(after / scale, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("model", "precision"), PRECISIONS)
def test_what_the_dialog_shows_at_first(gimp: GimpHome, run: dict[str, Any], model: str, precision: str) -> None:
    """The photo in bytes under the curve of sRGB, whatever it is stored as."""
    name, (number, _, light) = f"{model} {precision}", precision.partition("_")
    channels = CHANNELS[model]
    assert run["precisions"][name]["small"] == [SIZE[1], SIZE[0], channels]
    stored = pixels_of(gimp, f"{name}.before", NUMBERS[number], channels)
    expected = stored / (np.iinfo(stored.dtype).max if stored.dtype.kind == "u" else 1)
    if light == "LINEAR":
        colours = channels - model.endswith("a")
        expected[..., :colours] = srgb().encode(expected[..., :colours])
    shown = pixels_of(gimp, f"{name}.small", "u1", channels)
    # What goes through sRGB and bytes comes back with larger steps in dark parts, and without what is beyond sRGB.
    off = np.abs(shown - 255 * expected)
    assert (off <= 1).mean() > (0.8 if name == "rgb U16_NON_LINEAR" else 0.999)


def applied(pixels: Pixels, curve: Any) -> Pixels:
    """The correction in Python; gray with alpha plane by plane, since no engine has two channels."""
    filter = compiled() if pixels.shape[2] > 2 else without_colours()
    if pixels.shape[2] != 2:
        return sixbit.apply(filter, np.ascontiguousarray(pixels), transfer=curve)
    bent = replace(filter, gain=(UNITY,))
    planes = [
        sixbit.apply(part, np.ascontiguousarray(pixels[:, :, k : k + 1]), transfer=light)
        for k, (part, light) in enumerate(((filter, curve), (bent, linear())))
    ]
    return np.concatenate(planes, axis=2)


def test_the_selection_is_respected(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert run["cases"]["selection"]["runs"][0]["ok"]
    before, after = (pixels_of(gimp, f"selection.{when}") for when in ("before", "after"))
    expected = before.copy()
    inside = np.s_[30:130, 40:240]
    expected[inside] = sixbit.apply(compiled(), before)[inside]
    np.testing.assert_array_equal(after, expected)


def test_the_whole_layer_is_corrected_in_spite_of_a_selection(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["cases"]["beside a selection"]
    assert case["runs"][0]["ok"], case
    before, after = (pixels_of(gimp, f"beside a selection.{when}") for when in ("before", "after"))
    np.testing.assert_array_equal(after, sixbit.apply(compiled(), before))
    assert case["selection"] == [True, 40, 30, 240, 130]


def test_strengths_and_scales_beyond_the_usual(gimp: GimpHome, run: dict[str, Any]) -> None:
    strong = {"distortion": 2.0, "vignetting": 1.0, "shading": 1.0}
    for name, choices in (("twice as strong", {"kinds": strong}), ("by a factor", {"scale": 1.25})):
        assert run["cases"][name]["runs"][0]["ok"], run["cases"][name]
        before, after = (pixels_of(gimp, f"{name}.{when}") for when in ("before", "after"))
        np.testing.assert_array_equal(after, sixbit.apply(compiled(**choices), before))


def test_what_nobody_has_measured_can_be_set_by_hand(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert run["cases"]["by hand"]["runs"][0]["ok"], run["cases"]["by hand"]
    before, after = (pixels_of(gimp, f"by hand.{when}") for when in ("before", "after"))
    choices, by_hand = sixbit.Choices(crop_factor=1.0), ByHand(distortion=4.0, red=2.0, fall_off=1.0)
    filter = sixbit.compile_filter(UNCALIBRATED, choices=choices, size=SIZE, by_hand=by_hand)
    np.testing.assert_array_equal(after, sixbit.apply(filter, before))


def test_lateral_colour_is_measured_in_the_photo(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert run["cases"]["leaves"]["runs"][0]["ok"], run["cases"]["leaves"]
    by_hand, choices = gimp.work / "leaves by hand.tif", sixbit.Choices(lens=UNCALIBRATED)
    sixbit.correct(gimp.work / "leaves.tif", by_hand, preset=replace(PLAIN, auto_tca=True), choices=choices)
    after = pixels_of(gimp, "leaves.after", "u1", size=(1200, 800))
    np.testing.assert_array_equal(after, tifffile.imread(by_hand))
    assert_untouched(gimp, run, "without edges", "the photo itself does not show it")


def test_an_untold_photo_is_told_of_its_lens_first(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert_untouched(gimp, run, "wholly untold", "Say which lens it was")


def test_a_group_has_its_layers_corrected(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["cases"]["group_of"]
    assert case["runs"][0]["ok"], case
    before, after = (pixels_of(gimp, f"group_of.{when}.0") for when in ("before", "after"))
    np.testing.assert_array_equal(after, sixbit.apply(compiled(), before))


def test_all_layers_of_the_photo_move_together(gimp: GimpHome, run: dict[str, Any]) -> None:
    """Two of its size, one of them masked and in a group, and a smaller one that stays."""
    for name in ("all layers", "one of several"):
        case = run["cases"][name]
        assert case["runs"][0]["ok"], case
        sizes = [tuple(size) for size in case["sizes"]]
        assert sorted(sizes) == sorted([SIZE, SIZE, SIZE, (100, 80)])
        for k, (size, channels) in enumerate(zip(sizes, case["channels"], strict=True)):
            stored = (f"{name}.{when}.{k}" for when in ("before", "after"))
            before, after = (pixels_of(gimp, one, "<u2", channels, size) for one in stored)
            moves = size == SIZE and (name == "all layers" or k == case["chosen"])
            if not moves:
                np.testing.assert_array_equal(after, before)
            elif channels == 1:
                np.testing.assert_array_equal(after, bent(before))
            else:
                colours = sixbit.apply(compiled(), np.ascontiguousarray(before[..., :3]))
                np.testing.assert_array_equal(after[..., :3], colours)


def test_the_centre_of_a_layer_is_that_of_the_photo(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert run["cases"]["part"]["runs"][0]["ok"], run["cases"]["part"]
    assert run["cases"]["part"]["offsets"] == [50, 20]
    before, after = (pixels_of(gimp, f"part.{when}", size=(300, 200)) for when in ("before", "after"))
    np.testing.assert_array_equal(after, sixbit.apply(compiled().window(50, 20, 300, 200), before))


def test_a_crop_is_told_and_can_be_said_to_be_centred(gimp: GimpHome, run: dict[str, Any]) -> None:
    if gimp.root.suite == "trixie":
        # GIMP 3.0 does not tell which file a script has loaded, and has forgotten the size.
        assert_untouched(gimp, run, "centred", "size before it was cropped is not known", size=(300, 200))
        return
    assert_untouched(gimp, run, "cropped", "450×300 pixels and the image has 300×200", size=(300, 200))
    assert run["cases"]["centred"]["runs"][0]["ok"], run["cases"]["centred"]
    before, after = (pixels_of(gimp, f"centred.{when}", size=(300, 200)) for when in ("before", "after"))
    np.testing.assert_array_equal(after, sixbit.apply(compiled().window(75, 50, 300, 200), before))


@pytest.mark.parametrize(("name", "size"), [("scaled", (225, 150)), ("halved", (225, 150)), ("turned", (300, 450))])
def test_a_photo_that_was_scaled_or_turned(gimp: GimpHome, run: dict[str, Any], name: str, size: Any) -> None:
    assert run["cases"][name]["runs"][0]["ok"], run["cases"][name]
    before, after = (pixels_of(gimp, f"{name}.{when}", size=size) for when in ("before", "after"))
    np.testing.assert_array_equal(after, sixbit.apply(compiled(size=size), before))


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_the_frame_is_corrected_by_its_place(gimp: GimpHome, run: dict[str, Any], name: str) -> None:
    assert run["cases"][name]["runs"][0]["ok"], run["cases"][name]
    before, after = (pixels_of(gimp, f"{name}.{when}", size=PARTS[name][0]) for when in ("before", "after"))
    sixbit.correct(gimp.work / f"{name}.tif", gimp.work / f"{name} by hand.tif")
    np.testing.assert_array_equal(after, tifffile.imread(gimp.work / f"{name} by hand.tif"))
    assert not np.array_equal(after, sixbit.apply(compiled(size=PARTS[name][0]), before))


def test_a_part_that_was_turned_lies_as_it_did(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["cases"]["wide turned"]
    assert case["runs"][0]["ok"], case
    before, after = (pixels_of(gimp, f"wide turned.{when}", size=(252, 448)) for when in ("before", "after"))
    shot = Shot(make=Tagged(TAGS["Make"], "Make"), model=Tagged(TAGS["Model"], "Model"), width=252, height=448)
    upright = place_of(shot, catalogue().body_of(shot))
    assert upright.frame is not None
    assert upright.frame[2] > 1
    choices = sixbit.Choices(crop_factor=1.0, f_number=4.0)
    expected = sixbit.apply(sixbit.compile_filter(LENS, choices=choices, size=(252, 448), place=upright), before)
    assert np.abs(after.astype(int) - expected).max() <= 2
    assert_untouched(gimp, run, "quarter turned", "turned since", size=(300, 450))


def test_what_the_user_says_of_a_photo_goes_before_its_tags(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert run["cases"]["quarter as a whole"]["runs"][0]["ok"], run["cases"]["quarter as a whole"]
    before, after = (pixels_of(gimp, f"quarter as a whole.{when}") for when in ("before", "after"))
    np.testing.assert_array_equal(after, sixbit.apply(compiled(), before))
    before, after = (pixels_of(gimp, f"odd size is whole.{when}", size=(450, 130)) for when in ("before", "after"))
    np.testing.assert_array_equal(after, sixbit.apply(whole((450, 130)), before))


@pytest.mark.parametrize("name", RESHAPED)
def test_a_photo_without_a_known_centre_is_refused_unless_it_is_said(
    gimp: GimpHome, run: dict[str, Any], name: str
) -> None:
    first, second = run["cases"][name]["runs"]
    assert not first["ok"]
    assert "nobody can tell where" in first["error"]
    assert "“The whole layer”" in first["error"]
    assert second["ok"], second
    size = RESHAPED[name][0]
    before, after = (pixels_of(gimp, f"{name}.{when}", size=size) for when in ("before", "after"))
    np.testing.assert_array_equal(after, sixbit.apply(whole(size), before))


def test_what_is_chosen_counts(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["cases"]["chosen"]
    assert case["runs"][0]["ok"], case
    before, after = (pixels_of(gimp, f"chosen.{when}") for when in ("before", "after"))
    filter = compiled(
        crop_factor=2.0,
        f_number=5.6,
        kinds={"distortion": 0.5, "vignetting": 1.0, "shading": 1.0},
        scale="none",
    )
    np.testing.assert_array_equal(after, sixbit.apply(filter, before))
    assert NAME in case["tags"]
    assert NAME not in case["tags_before"]
    assert "LateralChromatic" not in case["tags"]


def test_a_new_layer(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["cases"]["new layer"]
    assert case["runs"][0]["ok"], case
    assert len(case["layers"]) == 2
    before, after, top = (pixels_of(gimp, f"new layer.{when}") for when in ("before", "after", "top"))
    np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(top, sixbit.apply(compiled(), before))


def test_nothing_is_corrected_twice_unless_asked(gimp: GimpHome, run: dict[str, Any]) -> None:
    first, second = run["cases"]["twice"]["runs"]
    assert first["ok"]
    assert not second["ok"]
    assert "corrected already" in second["error"]
    once, again = pixels_of(gimp, "twice.after"), pixels_of(gimp, "forced.after")
    np.testing.assert_array_equal(again, sixbit.apply(compiled(), once))


def assert_untouched(
    gimp: GimpHome, run: dict[str, Any], name: str, message: str, size: tuple[int, int] = SIZE
) -> None:
    case = run["cases"][name]
    assert not case["runs"][0]["ok"], case
    assert message in case["runs"][0]["error"]
    before, after = (pixels_of(gimp, f"{name}.{when}", size=size) for when in ("before", "after"))
    np.testing.assert_array_equal(before, after)
    assert case["tags"] == case["tags_before"]
    assert not case["dirty"], "there is something to undo"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("untagged", "Say which lens it was"),
        ("unknown lens", "no-such-lens"),
        ("dies", "sixbit doctor"),
        ("gone", "sixbit install gimp"),
        ("other version", "99.0"),
        ("untold", "sixbit install gimp"),
        ("no preset", "did you mean 'web-jpeg'?"),
    ],
)
def test_what_fails_leaves_no_trace(gimp: GimpHome, run: dict[str, Any], name: str, message: str) -> None:
    assert_untouched(gimp, run, name, message)


def is_there(gimp: GimpHome, name: str) -> bool:
    """GIMP 3.0 has no layers of some kinds."""
    return name not in ONLY_NEWER or gimp.root.suite != "trixie"


@pytest.mark.parametrize(("name", "message"), REFUSED.items())
def test_a_layer_that_cannot_be_corrected_is_told(gimp: GimpHome, run: dict[str, Any], name: str, message: str) -> None:
    if not is_there(gimp, name):
        return
    case = run["cases"][name]
    assert not case["runs"][0]["ok"], case
    assert message in case["runs"][0]["error"]
    before, after = ((gimp.work / f"{name}.{when}").read_bytes() for when in ("before", "after"))
    assert before == after
    assert case["tags"] == case["tags_before"]
    assert not case["dirty"], "there is something to undo"


@pytest.mark.parametrize("name", CORRECTED)
def test_what_belongs_to_a_layer_stays(gimp: GimpHome, run: dict[str, Any], name: str) -> None:
    case = run["cases"][name]
    assert case["runs"][0]["ok"], case
    channels = 4 if name == "with_locked_alpha" else 3
    before, after = (pixels_of(gimp, f"{name}.{when}", channels=channels) for when in ("before", "after"))
    np.testing.assert_array_equal(after[..., :3], sixbit.apply(compiled(), np.ascontiguousarray(before[..., :3])))
    assert case["filters"] == (1 if name == "filtered" else 0)
    if channels == 4:
        np.testing.assert_array_equal(after[..., 3], before[..., 3])
    if name == "masked":
        mask = pixels_of(gimp, "masked.mask", channels=1)
        assert (mask[:, : SIZE[0] // 2] == 65535).all()
        assert (mask[:, SIZE[0] // 2 :] == 0).all()


@pytest.mark.parametrize(("name", "precision"), COVERAGE)
def test_a_mask_and_a_channel_are_bent_as_the_photo(
    gimp: GimpHome, run: dict[str, Any], name: str, precision: str
) -> None:
    name, number = f"{name} {precision}", DEPTHS[precision][1]
    case = run["cases"][name]
    assert case["runs"][0]["ok"], case
    before, after = (pixels_of(gimp, f"{name}.{when}", number, 1) for when in ("before", "after"))
    assert np.ptp(before) > 0.8 * (1 if number == "<f4" else np.iinfo(before.dtype).max), "there is a picture in it"
    assert (before != after).mean() > 0.5
    if number == "<f4":
        expected = sixbit.apply(compiled(kinds=dict.fromkeys(BENDING, 1.0)), before, transfer=linear())
        np.testing.assert_allclose(after, expected, rtol=1e-6, atol=1e-6)
    else:
        np.testing.assert_array_equal(after, bent(before))
    assert case["tags"] == case["tags_before"], "the metadata tells of the photo, not of this"


def test_a_channel_is_not_bent_twice_unless_asked(gimp: GimpHome, run: dict[str, Any]) -> None:
    first, second, forced = run["cases"]["channel again"]["runs"]
    assert (first["ok"], second["ok"], forced["ok"]) == (True, False, True)
    assert "mask or channel is corrected already" in second["error"]
    once, again = (pixels_of(gimp, f"channel {which}.after", "u1", 1) for which in ("U8_NON_LINEAR", "again"))
    np.testing.assert_array_equal(again, bent(once))


def test_what_is_corrected_is_marked_unless_it_is_gone_by_the_next_click(run: dict[str, Any]) -> None:
    for name in ("channel", "its_mask", "mask_of_group", "selection"):
        assert ("sixbit-corrected" in run["cases"][f"{name} U8_NON_LINEAR"]["parasites"]) == (name != "selection")


def bent(gray: Pixels, window: tuple[int, int, int, int] | None = None) -> Pixels:
    filter = compiled(kinds=dict.fromkeys(BENDING, 1.0))
    return sixbit.apply(filter.window(*window) if window else filter, gray, transfer=linear())


def test_a_mask_lies_where_its_layer_does(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["cases"]["mask of a part"]
    assert case["runs"][0]["ok"], case
    assert case["offsets"] == [50, 20]
    before, after = (pixels_of(gimp, f"mask of a part.{when}", "<u2", 1, (300, 200)) for when in ("before", "after"))
    np.testing.assert_array_equal(after, bent(before, (50, 20, 300, 200)))


def test_a_mask_has_no_fall_off(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert run["cases"]["mask in the dark"]["runs"][0]["ok"], run["cases"]["mask in the dark"]
    before, after = (pixels_of(gimp, f"mask in the dark.{when}", "u1", 1) for when in ("before", "after"))
    known = sixbit.Choices(crop_factor=1.0, f_number=1.5)
    assert sixbit.compile_filter(FALLING_OFF, choices=known, size=SIZE).brightens
    choices = replace(known, kinds=dict.fromkeys(BENDING, 1.0))
    filter = sixbit.compile_filter(FALLING_OFF, choices=choices, size=SIZE)
    np.testing.assert_array_equal(after, sixbit.apply(filter, before, transfer=linear()))


def test_a_selection_is_respected_by_a_channel(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert run["cases"]["channel and selection"]["runs"][0]["ok"]
    before, after = (pixels_of(gimp, f"channel and selection.{when}", "u1", 1) for when in ("before", "after"))
    expected = before.copy()
    inside = np.s_[30:130, 40:240]
    expected[inside] = bent(before)[inside]
    np.testing.assert_array_equal(after, expected)


@pytest.mark.parametrize("name", FLOATING)
def test_a_floating_selection_lies_where_it_floats(gimp: GimpHome, run: dict[str, Any], name: str) -> None:
    case = run["cases"][name]
    assert case["runs"][0]["ok"], case
    assert case["offsets"] == [20, 20]
    before, after = (
        pixels_of(gimp, f"{name}.{when}", channels=FLOATING[name], size=(200, 100)) for when in ("before", "after")
    )
    window = (20, 20, 200, 100)
    if name == "floating":
        expected = sixbit.apply(compiled().window(*window), before)
    else:
        planes = [bent(np.ascontiguousarray(before[..., k : k + 1]), window) for k in range(2)]
        expected = np.concatenate(planes, axis=2)
        assert case["tags"] == case["tags_before"]
    assert not np.array_equal(after, before)
    np.testing.assert_array_equal(after, expected)


@pytest.mark.parametrize("name", DRAWN)
def test_a_layer_that_gimp_draws_becomes_pixels(gimp: GimpHome, run: dict[str, Any], name: str) -> None:
    if not is_there(gimp, name):
        return
    case = run["cases"][name]
    assert case["runs"][0]["ok"], case
    before, after = (pixels_of(gimp, f"{name}.{when}", channels=4, size=case["size"]) for when in ("before", "after"))
    filter = without_colours() if without_colour(before) else compiled()
    expected = sixbit.apply(filter.window(*case["offsets"], *case["size"]), before)
    assert not np.array_equal(after, before)
    np.testing.assert_array_equal(after, expected)
    # GIMP 3.0 keeps this to itself.
    assert case["rasterized"] in (True, None)
    assert (case["rasterized"] is None) == (gimp.root.suite == "trixie")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("new its_mask", "only be corrected in its place"),
        ("new channel", "only be corrected in its place"),
        ("new floating", "Layer ▸ To New Layer"),
        ("new text", "only be corrected in its place"),
        ("mask without bending", "all that bends is switched off"),
        ("mask of fall-off alone", "Summilux-M 1:1.4/28 ASPH. can be corrected"),
    ],
)
def test_what_makes_no_sense_there_is_told(gimp: GimpHome, run: dict[str, Any], name: str, message: str) -> None:
    case = run["cases"][name]
    assert not case["runs"][0]["ok"], case
    assert message in case["runs"][0]["error"]
    before, after = ((gimp.work / f"{name}.{when}").read_bytes() for when in ("before", "after"))
    assert before == after
    assert case["tags"] == case["tags_before"]
    assert not case["dirty"], "there is something to undo"


def test_a_mask_and_a_selection_cannot_both_be_the_mask(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert_untouched(gimp, run, "masked selection", "drop one first")
    assert len(run["cases"]["masked selection"]["layers"]) == 1


def test_no_name_reaches_a_shell_and_no_pixels_are_left(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert run["cases"]["odd"]["runs"][0]["ok"], run["cases"]["odd"]
    assert not (gimp.work / "pwned").exists()
    assert run["left"] == []


@pytest.mark.parametrize("name", ["out.jpg", "out.tif", "out.png"])
def test_the_marks_survive_an_export(gimp: GimpHome, run: dict[str, Any], name: str) -> None:
    assert run["exports"][name]
    shot = sixbit.read_shot(gimp.work / name)
    assert shot.already_corrected == ("distortion", "tca")
    assert any(mark.tag == "XMP sixbit:filter" and mark.value == compiled().digest for mark in shot.marks), shot.marks
    assert shot.lens_names[0].value == NAME


def test_the_marks_survive_in_xcf(run: dict[str, Any]) -> None:
    identity = json.loads(run["identities"]["out.xcf"]["values"][3])
    assert identity["lens"] == LENS
    assert identity["already_corrected"] == ["distortion", "tca"]


def test_identifies(run: dict[str, Any]) -> None:
    status, lens, evidence, _identity = run["identities"]["named16.tif"]["values"]
    assert (status, lens) == ("matched", LENS)
    assert NAME in evidence
    assert run["identities"]["bare16.tif"]["values"][:2] == ["untagged", ""]


def test_a_preset_says_how_to_correct(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert run["cases"]["preset"]["runs"][0]["ok"], run["cases"]["preset"]
    before, after = (pixels_of(gimp, f"preset.{when}") for when in ("before", "after"))
    wanted = sixbit.apply(compiled(scale="none"), before, interpolation="lanczos3")
    np.testing.assert_array_equal(after, wanted)


@pytest.mark.parametrize("name", PRESETS)
def test_a_batch_is_that_of_the_command_line(gimp: GimpHome, run: dict[str, Any], name: str) -> None:
    assert run["batches"][name]["ok"], run["batches"][name]
    table, outcome = run["batches"][name]["values"]
    assert "corrected    2" in table
    assert json.loads(outcome)["counts"]["skipped"] == 1
    done = gimp.sixbit("batch", "--preset", name, "/mnt/work/album", "-o", f"/mnt/work/by hand {name}")
    assert done.returncode == 0, done.stderr
    by_gimp, by_hand = (
        {path.name: path.read_bytes() for path in (gimp.work / f"by {who} {name}").rglob("named*")}
        for who in ("gimp", "hand")
    )
    assert len(by_gimp) == 2
    assert by_gimp == by_hand


@pytest.mark.parametrize(
    ("name", "message"),
    [("no preset", "did you mean 'web-jpeg'?"), ("no folder", "/proc/none"), ("no photos", "photos")],
)
def test_a_batch_that_cannot_begin_is_told(run: dict[str, Any], name: str, message: str) -> None:
    assert not run["batches"][name]["ok"]
    assert message in run["batches"][name]["error"]


def test_the_example_of_the_documentation(gimp: GimpHome, run: dict[str, Any]) -> None:
    page = (CLONE / "docs/gimp.md").read_text()
    example = page.split("```bash\n")[1].split("```")[0]
    folder = gimp.work / "example"
    folder.mkdir()
    (gimp.work / "album").rename(folder / "photos")
    done = gimp.run(["bash", "-c", f"cd /mnt/work/example; {example}"], timeout=START_TIMEOUT)
    assert "corrected    2" in done.stdout, done.stderr
    assert len(list((folder / "corrected").rglob("*.jpg"))) == 2


def test_uninstalls(gimp: GimpHome, run: dict[str, Any]) -> None:
    folder = gimp.plugin
    (folder / "server.json").unlink()
    gone = gimp.sixbit("uninstall", "gimp")
    assert gone.returncode == 0, gone.stderr
    assert not folder.exists(), list(folder.iterdir())
