"""Corrections that stay editable in the real GIMP: filters that are compared with Sixbit's own pixels, and their marks.

One run of GIMP a version makes all corrections; the tests look at what it left.
"""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

import sixbit
from sixbit.photos.metadata import Metadata
from sixbit.photos.photo import Photo
from sixbit.photos.save import save_photo
from sixbit.values.kinds import KINDS
from sixbit.values.light import linear
from tests.scenery.gimp import GimpHome
from tests.scenery.kernel import assert_same
from tests.scenery.photo_factory import exif
from tests.scenery.root import SUITES, system_root

HERE = Path(__file__).parent
SIZE = (450, 300)
LENS, NAME = "summicron-35-asph", "Summicron-M 1:2/35 ASPH."
TAGS: dict[str, Any] = {"Make": "LEICA CAMERA AG", "Model": "LEICA M10", "FocalLength": (35, 1), "FNumber": (40, 10)}
TAGS |= {"PixelXDimension": SIZE[0], "PixelYDimension": SIZE[1]}
CASES = ("u8", "u16", "float", "gray", "alpha", "half", "double", "preset", "refused", "roundtrip", "deleted", "merged")
CASES += ("into pixels", "into a new layer", "selection", "beside a selection", "selected before", "group", "layers")
CASES += ("locked beside", "masks of groups", "noted", "on canvas")
CASES += ("deleted and converted", "from visible", "put right")
TIMEOUT = 600
DISTORTION_MARK, TCA_MARK = "DistortionCorrectionAlreadyApplied", "LateralChromaticAberrationCorrectionAlreadyApplied"

Pixels = NDArray[Any]


def make_photos(folder: Path) -> None:
    eight = np.asarray(Image.fromarray(data.astronaut()).resize(SIZE, Image.Resampling.BICUBIC))
    noise = np.random.default_rng(1).integers(0, 257, eight.shape, dtype=np.uint16)
    sixteen = np.minimum(eight.astype(np.uint16) * 256 + noise, 65535).astype(np.uint16)
    for name, pixels, tags in (
        ("named8.tif", eight, {**TAGS, "LensModel": NAME}),
        ("named16.tif", sixteen, {**TAGS, "LensModel": NAME}),
        ("bare16.tif", sixteen, TAGS),
    ):
        carried = Photo(folder / "none", "TIFF", pixels, metadata=Metadata(exif=exif(**tags)))
        save_photo(carried, pixels, folder / name)


def corrected(gimp: GimpHome, cases: tuple[str, ...]) -> dict[str, Any]:
    make_photos(gimp.work)
    (gimp.work / "arguments.json").write_text(json.dumps(cases))
    return dict(gimp.batch(HERE / "gimp_filter.py", cases, timeout=TIMEOUT))


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Each version in a run of its own, beside each other; one of them once more, without the operation."""
    homes = {suite: GimpHome(system_root(suite), tmp_path_factory.mktemp(f"gimp-{suite}")) for suite in SUITES}
    for home in homes.values():
        home.take_operation()
    without = GimpHome(system_root(SUITES[0]), tmp_path_factory.mktemp("gimp-without"))
    with ThreadPoolExecutor() as pool:
        runs = {suite: (home, pool.submit(corrected, home, CASES)) for suite, home in homes.items()}
        yield runs | {"without": (without, pool.submit(corrected, without, ("missing",)))}


@pytest.fixture(scope="module", params=SUITES)
def gimp(request: pytest.FixtureRequest, started: dict[str, tuple[GimpHome, Future[Any]]]) -> GimpHome:
    return started[request.param][0]


@pytest.fixture(scope="module")
def run(gimp: GimpHome, started: dict[str, tuple[GimpHome, Future[Any]]]) -> dict[str, Any]:
    return dict(started[gimp.root.suite][1].result())


def pixels_of(gimp: GimpHome, name: str, dtype: str = "u1", channels: int = 3) -> Pixels:
    return np.fromfile(gimp.work / name, dtype).reshape(SIZE[1], SIZE[0], channels)


def compiled(**choices: Any) -> sixbit.Filter:
    choices = {"crop_factor": 1.0, "f_number": 4.0, **choices}
    return sixbit.compile_filter(LENS, choices=sixbit.Choices(**choices), size=SIZE)


WITHOUT_COLOURS = {"kinds": dict.fromkeys(set(KINDS) - {"tca"}, 1.0)}


@pytest.mark.parametrize(
    ("name", "dtype", "channels"), [("u8", "u1", 3), ("u16", "<u2", 3), ("gray", "u1", 1), ("alpha", "<u2", 4)]
)
def test_a_filter_is_the_correction_to_the_last_bit(
    gimp: GimpHome, run: dict[str, Any], name: str, dtype: str, channels: int
) -> None:
    case = run[name]
    assert case["error"] == "", case
    assert case["filters"] == [NAME]
    before, below, after = (
        pixels_of(gimp, f"{case['name']}.{when}", dtype, channels) for when in ("before", "below", "after")
    )
    np.testing.assert_array_equal(below, before)
    filter = compiled(**(WITHOUT_COLOURS if channels == 1 else {}))
    expected = sixbit.apply(filter.green if channels == 1 else filter, before)
    assert not np.array_equal(after, before)
    assert_same(after, expected)


def test_in_floating_point_it_is_the_correction_nearly(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["float"]
    before, after = (pixels_of(gimp, f"{case['name']}.{when}", "<f4") for when in ("before", "after"))
    expected = sixbit.apply(compiled(), before, transfer=linear())
    np.testing.assert_allclose(after, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "strength"), [("half", 0.5), ("double", 2.0)])
def test_strengths_are_the_filters_own(gimp: GimpHome, run: dict[str, Any], name: str, strength: float) -> None:
    case = run[name]
    assert case["strengths"][0] == 100 * strength
    before, after = (pixels_of(gimp, f"{case['name']}.{when}", "<u2") for when in ("before", "after"))
    kinds = {**dict.fromkeys(KINDS, 1.0), "distortion": strength}
    expected = sixbit.apply(compiled(kinds=kinds), before)
    # 0.02 px of the steepest edges.
    assert np.abs(after.astype(int) - expected).max() <= 0.02 * 65535
    assert not np.array_equal(after, before)


def test_a_preset_says_how_to_correct(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["preset"]
    before, after = (pixels_of(gimp, f"{case['name']}.{when}", "<u2") for when in ("before", "after"))
    expected = sixbit.apply(compiled(scale="none"), before, interpolation="lanczos3")
    assert_same(after, expected)
    assert case["chosen"]["scale"] == "none", "the dialog would open with another"
    assert case["record"]["preset"] == {"interpolation": "lanczos3"}
    assert run["half"]["chosen"]["distortion-strength"] == 50.0


def test_what_fails_leaves_no_filter(run: dict[str, Any]) -> None:
    assert "Say which lens it was" in run["refused"]["error"]
    assert run["refused"]["filters"] == []


def test_it_is_saved_opened_and_changed(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["roundtrip"]
    assert case["errors"] == ["", "", ""]
    saved, opened, edited, back = (pixels_of(gimp, name) for name in ("saved", "opened", "edited", "edited back"))
    np.testing.assert_array_equal(opened, saved)
    assert case["opened"]["filters"] == case["edited"]["filters"] == case["back"]["filters"] == [NAME]
    assert case["edited"]["strengths"][:2] == [50.0, 0.0]
    assert not np.array_equal(edited, saved)
    np.testing.assert_array_equal(back, saved)


def test_marks_follow_what_the_filter_does(run: dict[str, Any]) -> None:
    case = run["roundtrip"]
    assert TCA_MARK in case["opened"]["tags"]
    assert DISTORTION_MARK in case["edited"]["tags"]
    assert TCA_MARK not in case["edited"]["tags"]
    assert TCA_MARK in case["back"]["tags"]


def test_a_deleted_filter_leaves_no_false_mark(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["deleted"]
    assert case["errors"] == ["", ""]
    assert TCA_MARK not in case["tags"]
    assert DISTORTION_MARK in case["tags"]
    kinds = dict.fromkeys(set(KINDS) - {"tca"}, 1.0)
    before = pixels_of(gimp, f"{run['u8']['name']}.before")
    np.testing.assert_array_equal(pixels_of(gimp, "deleted"), sixbit.apply(compiled(kinds=kinds), before))


def test_a_deleted_filter_is_known_in_another_precision(run: dict[str, Any]) -> None:
    assert run["deleted and converted"]["errors"] == ["", ""]
    assert run["deleted and converted"]["filters"] == [NAME]


def test_what_is_seen_of_a_filtered_photo_is_corrected(run: dict[str, Any]) -> None:
    case = run["from visible"]
    first, seen, other, copy = case["errors"]
    assert (first, other) == ("", "")
    assert "corrected already" in seen
    assert "corrected already" in copy, "the copy of the image has what is seen on top"
    assert case["filters"] == [[], [NAME], [NAME]]


def test_marks_are_put_right_when_the_lens_is_asked_for(run: dict[str, Any]) -> None:
    for name, true in (
        ("as it was", 1),
        ("deleted", 0),
        ("switched off", 0),
        ("switched on again", 1),
        ("cropped", 0),
        ("merged", 1),
    ):
        case = run["put right"][name]
        assert (TCA_MARK in case["tags"], "tca" in case["done"]) == (true, true), name


def test_a_merged_filter_leaves_a_true_one(run: dict[str, Any]) -> None:
    first, second = run["merged"]["errors"]
    assert first == ""
    assert "corrected already" in second
    assert TCA_MARK in run["merged"]["tags"]


def test_pixels_are_corrected_once_where_there_was_a_filter(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert run["into pixels"]["errors"] == ["", ""]
    assert run["into pixels"]["filters"] == []
    before = pixels_of(gimp, f"{run['u8']['name']}.before")
    np.testing.assert_array_equal(pixels_of(gimp, "into pixels"), sixbit.apply(compiled(), before))


def test_a_new_layer_is_corrected_once_where_there_was_a_filter(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["into a new layer"]
    assert case["errors"] == ["", ""]
    assert (case["filters"], case["below"]["filters"]) == ([], [NAME])
    before = pixels_of(gimp, f"{run['u8']['name']}.before")
    np.testing.assert_array_equal(pixels_of(gimp, "into a new layer"), sixbit.apply(compiled(), before))


def test_a_selection_is_the_filters_mask_if_it_is_chosen(gimp: GimpHome, run: dict[str, Any]) -> None:
    before = pixels_of(gimp, f"{run['u8']['name']}.before")
    whole, part = sixbit.apply(compiled(), before), part_corrected(before)
    for name, expected, result in (("selection", part, "True"), ("beside a selection", whole, "False")):
        assert run[name]["error"] == "", run[name]
        assert run[name]["bounds"] == [True, 40, 30, 240, 130]
        assert_same(pixels_of(gimp, f"selection {result}"), expected)


def part_corrected(before: Pixels) -> Pixels:
    part = before.copy()
    part[30:130, 40:240] = sixbit.apply(compiled(), before)[30:130, 40:240]
    return part


def test_a_filter_keeps_its_selection_however_often_it_is_changed(gimp: GimpHome, run: dict[str, Any]) -> None:
    assert run["selected before"]["errors"] == ["", "", ""]
    before = pixels_of(gimp, f"{run['u8']['name']}.before")
    assert_same(pixels_of(gimp, "selected before"), part_corrected(before))


def test_the_canvas_follows_the_choice_of_the_selection(gimp: GimpHome, run: dict[str, Any]) -> None:
    before = pixels_of(gimp, f"{run['u8']['name']}.before")
    assert run["on canvas"]["filters"] == []
    assert_same(pixels_of(gimp, "canvas part"), part_corrected(before))
    for name in ("canvas whole", "canvas whole again"):
        assert_same(pixels_of(gimp, name), sixbit.apply(compiled(), before))


def test_the_dialog_says_what_becomes_of_a_filter(run: dict[str, Any]) -> None:
    notes = run["noted"]["notes"]
    for name, said in notes.items():
        assert ("uncorrected" in said) == (name in ("turned beside the middle", "cropped", "switched off", "below")), (
            name,
            said,
        )
        assert ("switched off" in said) == (name in ("switched off", "below")), (name, said)
        assert ("cannot undo" in said) == (name == "below"), (name, said)
    assert "on top" in notes["another"]


def test_a_group_bears_it_for_all_that_is_in_it(gimp: GimpHome, run: dict[str, Any]) -> None:
    first, second = run["group"]["errors"]
    assert first == ""
    assert "corrected already" in second
    assert run["group"]["filters"] == [NAME]
    before = pixels_of(gimp, f"{run['u8']['name']}.before")
    found = pixels_of(gimp, "group", channels=np.fromfile(gimp.work / "group", "u1").size // (SIZE[0] * SIZE[1]))
    expected = sixbit.apply(compiled(), before)
    assert np.abs(found[..., :3].astype(int) - expected).max() <= 1


def test_all_layers_bear_it_and_masks_are_bent(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["layers"]
    assert case["error"] == case["again"] == ""
    assert case["filters"] == case["other"]["filters"] == [NAME]
    before, after = (pixels_of(gimp, f"mask {when}", channels=1) for when in ("before", "after"))
    bending = compiled(kinds=dict.fromkeys(("distortion", "tca"), 1.0))
    np.testing.assert_array_equal(after, sixbit.apply(bending, before, transfer=linear()))


def test_what_is_locked_beside_the_layer_is_refused(run: dict[str, Any]) -> None:
    case = run["locked beside"]
    assert "are locked" in case["error"]
    assert case["filters"] == case["other"]["filters"] == []
    assert TCA_MARK not in case["tags"]


def test_the_mask_of_a_group_is_bent_once(gimp: GimpHome, run: dict[str, Any]) -> None:
    case = run["masks of groups"]
    assert case["errors"] == ["", "", ""]
    bending = compiled(kinds=dict.fromkeys(("distortion", "tca"), 1.0))
    expected = sixbit.apply(bending, pixels_of(gimp, "mask before", channels=1), transfer=linear())
    for how in ("layer", "filter", "filter changed"):
        np.testing.assert_array_equal(pixels_of(gimp, f"mask of group, {how}", channels=1), expected)
    told = [" ".join(notes) for notes in case["notes"]]
    assert ["moves along" in notes for notes in told] == [True, True, False]
    assert "stays as it is" in told[2]


def test_without_the_operation_it_is_as_before(started: dict[str, tuple[GimpHome, Future[Any]]]) -> None:
    gimp, run = started["without"][0], started["without"][1].result()
    case = run["missing"]
    assert (case["error"], case["filters"]) == ("", [])
    assert "is not installed" not in run["printed"], "GIMP has complained"
    picture = np.asarray(Image.open(gimp.work / "named8.tif"))
    np.testing.assert_array_equal(pixels_of(gimp, "missing"), sixbit.apply(compiled(), picture))
