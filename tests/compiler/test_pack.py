"""The pack for G'MIC-Qt: what G'MIC makes of it is what Sixbit compiles, for every lens and any picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from sixbit.calibration.frames import Setting
from sixbit.calibration.keep import add
from sixbit.compiler.compile import compile_filter
from sixbit.compiler.pack import PackFilter, filters, pack
from sixbit.engines import apply
from sixbit.lenses.catalogue import catalogue, own_folder, reload_catalogue
from sixbit.values.choices import Choices
from sixbit.values.filter import Filter
from sixbit.values.kinds import TRUSTED
from sixbit.values.lens import Model
from tests.scenery.gmic_pack import GmicError, Runs, arguments, by_library, by_package

SIZE = (8192, 6144)
GRID = (17, 13)
LIGHT_KINDS = ("distortion", "tca", "vignetting")
SETTINGS: tuple[dict[str, Any], ...] = (
    {"f_number": 1.0},
    {"f_number": 4.7, "distance_m": 50.0},
    {"f_number": 5.6, "distance_m": 0.7, "crop_factor": 1.53, "strength": {"distortion": 0.5, "tca": 2.0}},
    {"f_number": 16.0, "crop_factor": 2.7, "keep": True, "strength": {"vignetting": 0.7}},
)
OWN = """<lensdatabase version="1"><lens><maker>x</maker><model>{model}</model><mount>Leica M</mount>
<cropfactor>{crop}</cropfactor><aspect-ratio>4:3</aspect-ratio><calibration>{rows}</calibration></lens></lensdatabase>"""
TRI_ELMAR = """
<distortion model="ptlens" focal="28" a="0.01" b="-0.03" c="0.01"/>
<distortion model="ptlens" focal="35" a="0.004" b="-0.01" c="0.002"/>
<distortion model="ptlens" focal="50" a="0" b="0.012" c="0"/>
<tca model="linear" focal="28" kr="1.0004" kb="0.9997"/><tca model="linear" focal="35" kr="1.0001" kb="0.9999"/>
<vignetting model="pa" focal="28" aperture="4" distance="1000" k1="-0.7" k2="0.2" k3="-0.1"/>
<vignetting model="pa" focal="28" aperture="8" distance="2" k1="-0.5" k2="0.1" k3="0"/>
<vignetting model="pa" focal="50" aperture="4" distance="1000" k1="-0.4" k2="0.1" k3="0"/>"""


@pytest.fixture(scope="module", params=[by_library, by_package], ids=["gmic-py", "Debian 12"])
def runner(request: pytest.FixtureRequest) -> Callable[[Path], Runs]:
    """What makes a G'MIC that has the pack, of the lenses as they are then."""
    made: Callable[[Path], Runs] = request.param
    return made


@pytest.fixture(scope="module")
def gmic(runner: Callable[[Path], Runs], tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """G'MIC with the pack of the database."""
    return runner(tmp_path_factory.mktemp("gmic"))


def compiled(one: PackFilter, size: tuple[int, int] = SIZE, **chosen: Any) -> Filter:
    """What Sixbit makes of the same choices for a photo without tags."""
    strength = dict.fromkeys(LIGHT_KINDS, 1.0) | chosen.get("strength", {})
    choices = Choices(
        crop_factor=chosen.get("crop_factor", 1.0),
        focal_mm=chosen.get("focal"),
        f_number=chosen.get("f_number"),
        distance_m=chosen.get("distance_m"),
        kinds=strength,
        scale="none" if chosen.get("keep") else "fill",
        grades=one.grades,
    )
    return compile_filter(one.lens, choices=choices, size=size)


def settings_of(one: PackFilter) -> Iterator[dict[str, Any]]:
    """Settings that a lens can have; without the aperture where no measurement of fall-off is near it."""
    for chosen in SETTINGS:
        chosen = {**chosen, "f_number": max(chosen["f_number"], one.lens.f_number_open)}
        for focal in one.focals:
            at = {**chosen, "focal": focal}
            yield at if "vignetting" in compiled(one, **at).made_from["corrections"] else {**at, "f_number": None}


def errors(gmic: Runs, cases: list[tuple[PackFilter, dict[str, Any]]]) -> tuple[list[float], list[float]]:
    """How far source points and gains of G'MIC are from those of Sixbit, for each case: in px, and in gain."""
    width, height = SIZE
    nodes = " ".join(f"_sixbit_nodes {colour},{GRID[0]},{GRID[1]},{width},{height}" for colour in range(3))
    made = gmic("\n".join(f"  {arguments(one, **at)} _sixbit_picture {width},{height} {nodes}" for one, at in cases))
    x, y = np.meshgrid(np.linspace(0, width - 1, GRID[0]), np.linspace(0, height - 1, GRID[1]))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    px, gain = [], []
    for n, (one, at) in enumerate(cases):
        filter = compiled(one, **at)
        found = np.stack(made[3 * n : 3 * n + 3]).reshape(3, 3, -1).astype(float)
        source = filter.source_points(points)
        px.append(float(np.hypot(found[:, 0] - source[..., 0], found[:, 1] - source[..., 1]).max()))
        inside = (np.abs(source - (np.array(SIZE) - 1) / 2) <= np.array(SIZE) / 2).all(axis=2)
        gain.append(float(np.abs(found[:, 2] - filter.gains(points))[inside].max()))
    return px, gain


def test_every_lens_is_corrected_as_sixbit_does_it(gmic: Runs) -> None:
    cases = [(one, at) for one in filters() for at in settings_of(one)]
    assert len(cases) == 4 * len(filters()) > 160
    corrected = {kind for one, at in cases for kind in compiled(one, **at).made_from["corrections"]}
    assert corrected == {*LIGHT_KINDS}
    px, gain = errors(gmic, cases)
    assert max(px) < 0.005, cases[int(np.argmax(px))]
    assert max(gain) < 2e-4, cases[int(np.argmax(gain))]


def test_every_calibrated_lens_has_a_filter_and_what_is_unsure_says_so() -> None:
    made = filters()
    calibrated = {lens.lens_id for lens in catalogue().lenses.values() if lens.calibrations}
    assert {one.lens.lens_id for one in made} == calibrated
    assert len({one.command for one in made}) == len({one.name for one in made}) == len(made)
    for one in made:
        unsure = [grade for grade in one.grades if grade not in TRUSTED]
        assert all(one.name.endswith(f", {grade}") for grade in unsure)
        assert ({*compiled(one, f_number=5.6).made_from["corrections"]} - {"vignetting"}) <= {*one.kinds}
        for kind, calibration in compiled(one, f_number=5.6).made_from["calibrations"].items():
            assert one.kinds[kind].startswith(calibration["grade"])


def test_own_lenses_of_several_focal_lengths_and_sensors(runner: Callable[[Path], Runs], tmp_path: Path) -> None:
    folder = own_folder()
    folder.mkdir(parents=True)
    (folder / "tri.xml").write_text(OWN.format(model="Tri-Elmar-M 1:4/28-35-50 ASPH.", crop=1.33, rows=TRI_ELMAR))
    on_small = Setting(
        catalogue().lenses["summicron-35-asph"], 1.53, 35.0, f_number=4.0, make="LEICA CAMERA AG", model="LEICA CL"
    )
    pa = Model("pa", (-0.3, 0.1, 0.0))
    add(on_small, "an own lens", distortion=Model("poly5", (0.01, 0.002)), vignetting=pa, centre=(0.02, 0.01))
    reload_catalogue()
    own = [one for one in filters() if "Tri-Elmar" in one.name or one.lens.lens_id == "summicron-35-asph"]
    assert sorted(len(one.focals) for one in own)[-1] == 3
    gmic = runner(tmp_path)
    cases = [
        (one, {"crop_factor": crop, "focal": focal, "f_number": 4.0, "distance_m": distance})
        for one in own
        for crop in (1.0, 1.333, 1.6)
        for focal in one.focals
        for distance in (None, 1.0)
        if crop > 1.1 or "Tri" not in one.name
    ]
    cases = [(one, at) for one, at in cases if "vignetting" in compiled(one, **at).made_from["corrections"]] + [
        (one, {"focal": focal, "strength": {"vignetting": 0.0}}) for one in own for focal in one.focals
    ]
    sensors = {
        calibration["source"][:8]
        for one, at in cases
        for calibration in compiled(one, **at).made_from["calibrations"].values()
    }
    assert len(sensors) > 1, "of the database and of one's own"
    px, gain = errors(gmic, cases)
    assert max(px) < 0.005, cases[int(np.argmax(px))]
    assert max(gain) < 2e-4, cases[int(np.argmax(gain))]


def test_a_name_of_any_kind_stays_a_name(tmp_path: Path) -> None:
    folder = own_folder()
    folder.mkdir(parents=True)
    model = '_Mine: {35} "f/2", $HOME &lt;b&gt; #@gui &#10; \\ ü'
    rows = '<distortion model="poly3" focal="35" k1="0.02"/>'
    (folder / "mine.xml").write_text(OWN.format(model=model, crop=1, rows=rows), encoding="utf-8")
    reload_catalogue()
    one = next(one for one in filters() if "Mine" in one.name)
    assert one.name == "Mine 35 f/2 , HOME b @gui ü"
    assert re.fullmatch(r"fx_sixbit_\w+", one.command, re.ASCII)
    gui = [line for line in pack().splitlines() if "#@gui" in line]
    assert all(line.startswith("#@gui ") for line in gui)
    by_library(tmp_path)(f"  {arguments(one)}")


def test_names_that_are_too_long_for_commands_are_cut(tmp_path: Path) -> None:
    folder = own_folder()
    folder.mkdir(parents=True)
    rows = '<distortion model="poly3" focal="35" k1="0.02"/>'
    for n in range(2):
        model = f"{'Mine ' * 90}{n}"
        (folder / f"{n}.xml").write_text(OWN.format(model=model, crop=1, rows=rows), encoding="utf-8")
    reload_catalogue()
    mine = [one for one in filters() if one.name.startswith("Mine")]
    assert len({one.command for one in mine}) == 2
    by_library(tmp_path)("\n".join(f"  {arguments(one)}" for one in mine))


def test_an_own_calibration_of_a_small_sensor_hides_no_computed_one(tmp_path: Path) -> None:
    elcan = catalogue().lenses["elcan-50"]
    add(Setting(elcan, 1.53, 50.0), "own lines", distortion=Model("poly3", (-0.02,)))
    usual, computed = (one for one in filters() if one.lens.lens_id == "elcan-50")
    assert [usual.name, computed.name] == ["Leica Elcan 50mm f/2", "Leica Elcan 50mm f/2, computed"]
    gmic = by_library(tmp_path)
    px, _ = errors(gmic, [(computed, {}), (computed, {"crop_factor": 1.6}), (usual, {"crop_factor": 1.6})])
    assert max(px) < 0.005
    assert compiled(computed).warp != compiled(computed, crop_factor=1.6).warp
    with pytest.raises(GmicError, match="No calibration of this lens is for so large a sensor"):
        gmic(f"  {arguments(usual)}")


def test_lenses_whose_names_differ_by_signs_alone_stay_apart(tmp_path: Path) -> None:
    folder = own_folder()
    folder.mkdir(parents=True)
    for n, model in enumerate(("Mine.1 35mm f/2", "Mine-1 35mm f/2")):
        rows = f'<distortion model="poly3" focal="35" k1="0.0{n + 1}"/>'
        (folder / f"{n}.xml").write_text(OWN.format(model=model, crop=1, rows=rows), encoding="utf-8")
    reload_catalogue()
    mine = [one for one in filters() if one.name.startswith("Mine")]
    assert len({one.command for one in mine}) == 2
    px, _ = errors(by_library(tmp_path), [(one, {}) for one in mine])
    assert max(px) < 0.005


def test_a_fall_off_of_many_measurements(runner: Callable[[Path], Runs], tmp_path: Path) -> None:
    folder = own_folder()
    folder.mkdir(parents=True)
    rows = "".join(
        f'<vignetting model="pa" focal="35" aperture="{2 * 1.1**a:.3g}" distance="{distance}"'
        f' k1="{-1 / (a + 2):.6f}" k2="{0.1 / (a + 1):.6f}" k3="0"/>'
        for a in range(25)
        for distance in (0.25, 0.5, 1, 2, 4, 8, 16, 1000)
    )
    (folder / "many.xml").write_text(OWN.format(model="Mine 35mm f/2", crop=1, rows=rows), encoding="utf-8")
    reload_catalogue()
    mine = next(one for one in filters() if one.name.startswith("Mine"))
    cases = [(mine, {"f_number": f, "distance_m": at}) for f in (2.0, 3.7, 11.0) for at in (None, 0.8, 3.0)]
    assert all("vignetting" in compiled(one, **at).made_from["corrections"] for one, at in cases)
    _, gain = errors(runner(tmp_path), cases)
    assert max(gain) < 2e-4


def choose(lens_id: str) -> PackFilter:
    return next(one for one in filters() if one.lens.lens_id == lens_id)


def pictures() -> dict[str, NDArray[Any]]:
    """A photo as it comes: in colour and grey, with alpha and without."""
    photo = np.ascontiguousarray(skimage.data.astronaut()[:401, :500])
    alpha = (np.add(*np.indices(photo.shape[:2])) % 256).astype(np.uint8)
    grey = photo[:, :, 1]
    return {
        "RGB": photo,
        "RGBA": np.dstack([photo, alpha]),
        "grey": grey,
        "grey with alpha": np.dstack([grey, alpha]),
        "standing": np.ascontiguousarray(photo.transpose(1, 0, 2)),
    }


@pytest.mark.parametrize("keep", [False, True], ids=["filled", "kept"])
@pytest.mark.parametrize("what", pictures())
@pytest.mark.parametrize("lens_id", ["vm-nokton-28-1.5", "summilux-28"])
def test_a_picture_is_corrected_as_by_the_native_engine(gmic: Runs, lens_id: str, what: str, keep: bool) -> None:
    picture, one, chosen = pictures()[what], choose(lens_id), {"f_number": 2.8, "keep": keep}
    [made] = gmic(f"  {one.command} {one.arguments(**chosen)}", [picture])
    filter = compiled(one, (picture.shape[1], picture.shape[0]), **chosen)
    grey = what.startswith("grey")
    wanted = apply(
        filter.green if grey else filter, picture[..., 0] if what == "grey with alpha" else picture, "native"
    )
    colours = made[: 1 if grey else made.shape[0]]
    off = np.abs(np.round(colours) - np.moveaxis(wanted.reshape(*wanted.shape[:2], -1), 2, 0).astype(float))
    # Where the picture ends, a pixel may be taken for the last of it or the first beyond.
    assert (off > 2).sum() <= (30 if keep else 0)
    assert off.mean() < 0.05
    assert made.shape[0] == (1 if picture.ndim == 2 else picture.shape[2])


def test_what_is_finer_than_a_level_and_brighter_than_white_is_kept(gmic: Runs) -> None:
    one, chosen = choose("summilux-21"), {"f_number": 2.8}
    photo = skimage.data.astronaut()[:200, :300].astype(np.float32)
    words = np.round(photo * 257 * 0.9).astype(np.uint16)
    filter = compiled(one, (300, 200), **chosen)
    fine, bright = gmic(f"  {one.command} {one.arguments(**chosen)}", [words / 257, photo * 2])
    wanted = np.moveaxis(apply(filter, words, "native"), 2, 0).astype(float)
    assert np.abs(np.round(fine * 257) - wanted).mean() < 20
    assert np.abs(fine * 257 - wanted).max() < 400
    floating = np.moveaxis(apply(filter, photo * 2 / 255, "native"), 2, 0) * 255
    assert bright.max() > 500
    assert np.quantile(np.abs(bright - floating), 0.99) < 6


def test_before_and_after_stand_side_by_side(gmic: Runs) -> None:
    one, picture = choose("vm-nokton-28-1.5"), pictures()["RGB"]
    [after] = gmic(f"  {one.command} {one.arguments(f_number=2.8)}", [picture])
    halves, before = (
        gmic(f"  {one.command}_preview {one.arguments(f_number=2.8, preview=show)}", [picture])[0] for show in (1, 2)
    )
    whole = np.moveaxis(picture, 2, 0)
    assert np.array_equal(before, whole)
    assert np.array_equal(halves[:, :, :250], whole[:, :, :250])
    assert np.array_equal(halves[:, :, 250:], after[:, :, 250:])
    assert not np.array_equal(halves[:, :, 250:], whole[:, :, 250:])


def test_a_preview_of_the_whole_picture_shows_the_whole_picture(gmic: Runs) -> None:
    one, picture = choose("summilux-28"), pictures()["RGB"][:400].astype(np.float32)
    small = picture.reshape(100, 4, 125, 4, 3).mean(axis=(1, 3))
    [after], [preview] = (gmic(f"  {one.command} {one.arguments(f_number=1.4)}", [one_]) for one_ in (picture, small))
    reduced = after.reshape(3, 100, 4, 125, 4).mean(axis=(2, 4))
    assert np.abs(reduced - preview).mean() < 2
    assert np.abs(reduced - np.moveaxis(small, 2, 0)).mean() > 10


def test_what_cannot_be_is_said(gmic: Runs) -> None:
    far = choose("summilux-21")
    with pytest.raises(GmicError, match="No calibration of the fall-off is near this f-number"):
        gmic(f"  {arguments(far, f_number=16.0)}")
    with pytest.raises(GmicError, match="No calibration of this lens is for so large a sensor"):
        gmic(f"  {arguments(far, crop_factor=0.79)}")
    gmic(f"  {arguments(far, f_number=16.0, strength={'vignetting': 0.0})}")
    bent = "_sixbit_lens _sixbit_crop=1 _sixbit_distortion_poly3 1,1.5,-0.9 _sixbit_wanted 1,1,1,0,0"
    with pytest.raises(GmicError, match="folds over within the frame"):
        gmic(f"  {bent} _sixbit_picture 300,200")
    dark = "_sixbit_lens _sixbit_crop=1 _sixbit_vignetting_pa 1,1,35,4,0,35,4,1000,-1.1,0,0 _sixbit_wanted 1,1,{},0,0"
    with pytest.raises(GmicError, match="reaches zero within the frame"):
        gmic(f"  {dark.format(1)} _sixbit_picture 300,200")
    gmic(f"  {dark.format(0)} _sixbit_picture 300,200")


def test_small_pictures_do_no_harm(gmic: Runs) -> None:
    one = choose("vm-nokton-28-1.5")
    shapes = [(1, 1, 3), (1, 7, 3), (2, 1, 4), (3, 3, 1)]
    made = gmic(f"  {one.command} {one.arguments(f_number=2.8)}", [np.full(shape, 99.0) for shape in shapes])
    assert [picture.shape for picture in made] == [(shape[2], *shape[:2]) for shape in shapes]
    assert all(np.isfinite(picture).all() for picture in made)
