"""The script in darktable's window: what it finds, what darktable then corrects, what Sixbit exports, what goes wrong.

One run of darktable a version does all steps of ``darktable_window.py`` and photographs them; the pictures stay in the
tests' cache, under ``screenshots``, to be looked at.
"""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from skimage import data

import sixbit
from sixbit.compiler.compile import compile_filter
from sixbit.export.presets import load
from sixbit.lenses.catalogue import catalogue
from sixbit.manifest import data_path, manifest
from sixbit.values.choices import Choices
from sixbit.values.kinds import Grade
from sixbit.values.light import srgb
from tests.scenery import CLONE
from tests.scenery.darktable import DarktableHome
from tests.scenery.darktable_lens import STEP, autoscale_of_lensfun, rmse
from tests.scenery.photo_factory import ASCII, BYTE, LONG, RATIONAL, SHORT, SRATIONAL, exif
from tests.scenery.root import SUITES, system_root

SIZE = (600, 400)
OF_PHONE = (600, 450)
STEPS = (
    "take_in",
    "identify",
    "suggest",
    "choose",
    "contradict",
    "remember",
    "calibrate",
    "export",
    "presets",
    "darkroom",
    "computed",
    "correct",
    "cancel",
    "missing",
    "restart",
    "anew",
)
AWKWARD = 'it\'s "a" $(touch x) \n `b` & 📷.jpg'
M10 = {"Make": "LEICA CAMERA AG", "Model": "LEICA M10"}
PHOTOS: dict[str, dict[str, Any]] = {
    "summicron.jpg": {**M10, "LensModel": "Summicron-M 1:2/35 ASPH.", "FocalLength": (35, 1), "FNumber": (40, 10)},
    AWKWARD: {**M10, "LensModel": "Summilux-M 28mm f/1.4 ASPH.", "FocalLength": (28, 1), "FNumber": (14, 10)},
    "phone.jpg": {
        "Make": "Xiaomi",
        "Model": "Xiaomi 12S Ultra",
        "LensModel": "Summicron-M 1:2/35 ASPH.",
        "FocalLength": (87, 10),
        "FNumber": (19, 10),
    },
    "ambiguous.jpg": {**M10, "LensModel": "Summicron-M 1:2/50", "FocalLength": (50, 1), "FNumber": (40, 10)},
    "uncalibrated.jpg": {**M10, "LensModel": "Elmarit-M 1:2.8/21", "FocalLength": (21, 1)},
    "unknown.jpg": {**M10, "LensModel": "Something 1:9/33", "FocalLength": (33, 1)},
    "untagged.jpg": {"Make": "SONY", "Model": "ILCE-7M3", "LensModel": "----", "FocalLength": (0, 1)},
    "computed.jpg": {**M10, "LensModel": "Summilux-M 50mm f/1.4 II", "FocalLength": (50, 1), "FNumber": (40, 10)},
    "other.jpg": {"Make": "SONY", "Model": "ILCE-7M3", "LensModel": "FE 35mm F1.8", "FocalLength": (35, 1)},
    "missing.jpg": {**M10, "LensModel": "Summicron-M 1:2/35 ASPH.", "FocalLength": (35, 1)},
}
"""Ten photos, of every status; the last one is taken away before it is exported."""
CORRECTED = ("summicron.jpg", AWKWARD, "phone.jpg", "untagged.jpg")
PHONE = ("phone.tif", "phone_01.tif")
"""The name of its file, and that of the duplicate which was rendered in its place."""
AS_THEY_ARE = ("ambiguous.jpg", "uncalibrated.jpg", "unknown.jpg", "computed.jpg", "other.jpg")
RAW = {**M10, "LensModel": "Summicron-M 1:2/35 ASPH.", "FocalLength": (35, 1), "FNumber": (56, 10)}
PRESETS = tuple(manifest()["presets"])
TAGS = "darktable|sixbit|"

Pixels = NDArray[np.float64]


@pytest.fixture(scope="module", params=SUITES)
def darktable(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DarktableHome:
    home = DarktableHome(system_root(request.param), tmp_path_factory.mktemp(f"darktable-{request.param}"))
    photos = home.work / "photos"
    photos.mkdir()
    (home.work / "out").mkdir()
    coffee = Image.fromarray(data.coffee()).resize(SIZE, Image.Resampling.BICUBIC)
    with Image.open(CLONE / "examples/photo.jpg") as opened:
        tower = opened.resize(SIZE, Image.Resampling.BICUBIC)
    for number, (name, tags) in enumerate(PHOTOS.items()):
        picture = coffee if number < 3 else tower
        if name == "phone.jpg":
            picture = picture.resize(OF_PHONE, Image.Resampling.BICUBIC)
        picture.save(photos / name, quality=97, subsampling=0, exif=b"Exif\0\0" + exif(**tags))
    (home.work / "presets.json").write_text(json.dumps(PRESETS))
    return home


@pytest.fixture(scope="module", params=SUITES)
def with_raws(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DarktableHome:
    home = DarktableHome(system_root(request.param), tmp_path_factory.mktemp(f"darktable-raws-{request.param}"))
    for folder in ("photos", "out", "developed"):
        (home.work / folder).mkdir()
    with Image.open(CLONE / "examples/photo.jpg") as opened:
        tower = np.asarray(opened.resize(SIZE, Image.Resampling.BICUBIC))
    for name in ("raw.dng", "plain.dng"):
        (home.work / "photos" / name).write_bytes(raw(tower))
    return home


def raw(picture: NDArray[np.uint8]) -> bytes:
    """A DNG of a picture, as a camera of its primaries would have seen it through its mosaic (DNG 1.4, chapter 4)."""
    height, width = picture.shape[:2]
    light = srgb().decode(picture / 255, 0)
    mosaic = light[..., 1].copy()
    mosaic[0::2, 0::2], mosaic[1::2, 1::2] = light[0::2, 0::2, 0], light[1::2, 1::2, 2]
    values = np.round(mosaic * 60000).astype("<u2").tobytes()
    # XYZ to linear sRGB, IEC 61966-2-1.
    matrix = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)

    def built(at: int) -> bytes:
        more: list[tuple[int, int, Any]] = [
            (0x00FE, LONG, 0),
            (0x0100, LONG, width),
            (0x0101, LONG, height),
            (0x0102, SHORT, 16),
            (0x0103, SHORT, 1),
            (0x0106, SHORT, 32803),  # a colour filter array
            (0x0111, LONG, at),
            (0x0115, SHORT, 1),
            (0x0116, LONG, height),
            (0x0117, LONG, len(values)),
            (33421, SHORT, (2, 2)),
            (33422, BYTE, (0, 1, 1, 2)),
            (50706, BYTE, (1, 4, 0, 0)),
            (50707, BYTE, (1, 1, 0, 0)),
            (50708, ASCII, "Leica M10"),
            (50717, LONG, 60000),  # white
            (50721, SRATIONAL, [(number, 10000) for number in matrix]),
            (50728, RATIONAL, [(1, 1)] * 3),
            (50778, SHORT, 21),  # D65
        ]
        return exif(more=more, **RAW)

    head = built(len(built(0)))
    return head + values


@pytest.fixture(scope="module")
def seen(darktable: DarktableHome) -> dict[str, Any]:
    return darktable.drive(list(STEPS), f"darktable-{darktable.root.suite}")


@pytest.fixture(scope="module")
def seen_of_raw(with_raws: DarktableHome) -> dict[str, Any]:
    return with_raws.drive(["take_in", "raw"], f"darktable-raw-{with_raws.root.suite}")


def original(darktable: DarktableHome, name: str) -> NDArray[np.uint16]:
    with Image.open(darktable.work / "photos" / name) as opened:
        return np.asarray(opened).astype(np.uint16) * 257


def developed(darktable: DarktableHome, name: str) -> Pixels:
    """What darktable makes of a photo, by its own correction."""
    first_word = re.match(r"\w*", name)
    assert first_word
    pixels = tifffile.imread(darktable.work / "developed" / f"{first_word[0]}.tif")
    assert pixels.dtype == np.uint16
    developed: Pixels = pixels / 65535
    return developed


def corrected(darktable: DarktableHome, name: str, lens: str, scale: str | float, crop_factor: float = 1.0) -> Pixels:
    """Sixbit's correction of the photo as it was imported, wide open."""
    f_number = catalogue().lens(lens).f_number_open
    choices = Choices(crop_factor=crop_factor, f_number=f_number, distance_m=1000.0, scale=scale)
    pixels = original(darktable, name)
    compiled = compile_filter(lens, choices=choices, size=(pixels.shape[1], pixels.shape[0]))
    return sixbit.apply(compiled, pixels, engine="reference") / 65535


def test_the_script_is_loaded_without_complaint(seen: dict[str, Any]) -> None:
    complaints = [line for line in seen["printed"].splitlines() if "LUA ERROR" in line or re.search(r"\.lua:\d", line)]
    assert not complaints


def test_darktable_is_told_the_lens(seen: dict[str, Any]) -> None:
    found = seen["after"]
    assert found["summicron.jpg"]["lens"] == "Summicron-M 1:2/35 Asph."
    assert [found["summicron.jpg"][key] for key in ("focal", "aperture", "crop")] == [35, 4, 1]
    assert found[AWKWARD]["lens"] == "Summilux-M 1:1.4/28 ASPH."
    assert found[AWKWARD]["aperture"] == pytest.approx(1.4)


def test_a_phones_own_lens_is_forgotten(seen: dict[str, Any]) -> None:
    assert seen["before"]["phone.jpg"]["focal"] == pytest.approx(8.7)
    phone = seen["after"]["phone.jpg"]
    assert [phone["focal"], phone["aperture"]] == [35, 0]
    assert phone["crop"] == pytest.approx(2.641)


def test_what_is_not_certain_is_left_alone_and_tagged(seen: dict[str, Any]) -> None:
    for name in ("ambiguous.jpg", "unknown.jpg", "untagged.jpg"):
        before, after = seen["before"][name], seen["after"][name]
        assert TAGS + name.removesuffix(".jpg") in after["tags"]
        assert {**after, "tags": []} == before
    assert seen["after"]["summicron.jpg"]["tags"] == [f"{TAGS}found|summicron-35-asph"]
    assert "Summicron-M 1:2/50 (IV, V) or Summicron-M 1:2/50 (III)" in seen["identified"]


def test_several_photos_are_counted_by_lens(seen: dict[str, Any]) -> None:
    assert "10 photos\n3 × Summicron-M 1:2/35 ASPH." in seen["many shown"]
    assert "1 × several lenses fit" in seen["many shown"]


def test_evidence_is_folded_until_it_is_asked_for(seen: dict[str, Any]) -> None:
    assert "several lenses fit\nWhich of them was it?\n" in seen["ambiguous shown"]
    assert "EXIF LensModel" not in seen["ambiguous shown"]
    assert "'Summicron-M 1:2/50' (EXIF LensModel) fits" in seen["evidence shown"]


def test_a_candidate_is_taken_by_its_button(seen: dict[str, Any]) -> None:
    assert seen["suggested"]["lens"] == "Summicron-M 1:2/50(III)"
    back = seen["suggestion forgotten"]
    assert set(back["tags"]) == set(seen["after"]["ambiguous.jpg"]["tags"])
    assert {**back, "tags": [], "crop": 0} == {**seen["before"]["ambiguous.jpg"], "crop": 0}


def test_a_contradiction_is_a_question_that_can_be_taken_back(seen: dict[str, Any]) -> None:
    assert "The photo says 35 mm (EXIF FocalLength)" in seen["asked"]
    assert "Use APO-Summicron-M 1:2/75 ASPH. all the same?" in seen["asked"]
    assert seen["while asked"] == seen["left"] == seen["after"]["summicron.jpg"]
    assert (seen["insisted"]["focal"], seen["insisted"]["lens"]) == (75, "APO-Summicron-M 1:2/75 Asph.")
    assert seen["taken back"] == seen["after"]["summicron.jpg"]
    assert not any(seen["buttons left"])


def test_darktable_corrects_what_was_found(darktable: DarktableHome, seen: dict[str, Any]) -> None:
    theirs = developed(darktable, "summicron.jpg")
    assert rmse(theirs, original(darktable, "summicron.jpg") / 65535) > 10 * STEP
    ours = corrected(darktable, "summicron.jpg", "summicron-35-asph", autoscale_of_lensfun())
    assert rmse(theirs, ours, margin=4) < STEP / 4
    theirs = developed(darktable, AWKWARD)
    assert rmse(theirs, original(darktable, AWKWARD) / 65535) > 10 * STEP
    assert rmse(theirs, corrected(darktable, AWKWARD, "summilux-28", "none")) < STEP / 10


def test_darktable_corrects_an_m_lens_on_a_phone(darktable: DarktableHome, seen: dict[str, Any]) -> None:
    theirs = developed(darktable, "phone.jpg")
    assert rmse(theirs, original(darktable, "phone.jpg") / 65535) > STEP
    ours = corrected(darktable, "phone.jpg", "summicron-35-asph", autoscale_of_lensfun(2.641), 2.641)
    assert rmse(theirs, ours, margin=4) < STEP


@pytest.mark.parametrize("name", ["ambiguous.jpg", "unknown.jpg", "uncalibrated.jpg"])
def test_darktable_corrects_nothing_else(name: str, darktable: DarktableHome, seen: dict[str, Any]) -> None:
    assert (
        "5 photos; 3 have no certain lens; 1 waits until darktable is started anew; 1 has a lens without"
        in (seen["corrected"])
    )
    assert rmse(developed(darktable, name), original(darktable, name) / 65535) < STEP / 50


def test_a_lens_is_chosen_from_the_list(darktable: DarktableHome, seen: dict[str, Any]) -> None:
    assert seen["after choosing"]["lens"] == "APO-Summicron-M 1:2/75 Asph."
    assert seen["after choosing"]["focal"] == 75
    assert set(seen["after choosing"]["tags"]) == {f"{TAGS}lens|apo-summicron-75", f"{TAGS}found|apo-summicron-75"}
    assert seen["chosen lens stays"] == seen["after choosing"]
    assert rmse(developed(darktable, "untagged.jpg"), original(darktable, "untagged.jpg") / 65535) > STEP


def test_a_choice_is_remembered(darktable: DarktableHome, seen: dict[str, Any]) -> None:
    assert "choose its lens" in seen["nothing to remember"]
    (choices,) = darktable.home.rglob("choices.json")
    assert "summicron-35-asph" in choices.read_text()


def test_a_lens_without_calibration_leads_to_the_page(seen: dict[str, Any]) -> None:
    assert seen["calibrate shown"] == [False, True]
    assert "browser" in seen["calibrate"]
    assert seen["page"] == "elmarit-21"


def test_the_storage_gives_the_pixels_of_the_batch(darktable: DarktableHome, seen: dict[str, Any]) -> None:
    preset = load("archive")
    assert seen["preset"] == preset.name
    for name, as_rendered in (("summicron.tif", "summicron.tif"), (AWKWARD.replace(".jpg", ".tif"),) * 2, PHONE):
        # The preset again, through the command, on what darktable hands over.
        again = darktable.work / "again"
        (rendered,) = [path for path in (darktable.work / "rendered").iterdir() if path.name == as_rendered]
        shutil.copy(rendered, darktable.work / "rendered.tif")
        told = darktable.sixbit("batch", "--preset", "archive", "/mnt/work/rendered.tif", "-o", "/mnt/work/again")
        assert told.returncode == 0, told.stdout + told.stderr
        theirs = tifffile.imread(again / "rendered.tif")
        ours = tifffile.imread(darktable.work / "out" / name)
        assert ours.dtype == np.uint16
        assert np.array_equal(ours, theirs)
        assert not np.array_equal(ours, tifffile.imread(rendered))
        shutil.rmtree(again)


def test_ten_go_in_and_ten_are_accounted_for(darktable: DarktableHome, seen: dict[str, Any]) -> None:
    lines = seen["not corrected"]
    for name in PHOTOS:
        (line,) = [line for line in lines if name.replace("\n", "?") + ": " in line]
        assert (": corrected" in line) == (name in CORRECTED)
        assert (": exported as it is, since " in line) == (name in AS_THEY_ARE)
    assert "missing.jpg: not exported, since darktable has not rendered it" in "\n".join(lines)
    counts = "4 of 10 photos corrected. 5 exported as they are. 1 not exported."
    assert counts in seen["exported"]
    assert counts in seen["export shown"]
    assert "The log has 1 more reason." in seen["export shown"]
    written = {path.name for path in (darktable.work / "out").iterdir()}
    assert written == {name.replace(".jpg", ".tif") for name in (*CORRECTED, *AS_THEY_ARE)}


def test_what_cannot_be_corrected_is_exported_as_it_was_rendered(
    darktable: DarktableHome, seen: dict[str, Any]
) -> None:
    for name in AS_THEY_ARE:
        copy = darktable.work / "out" / name.replace(".jpg", ".tif")
        assert copy.read_bytes() == (darktable.work / "rendered" / copy.name).read_bytes()


def test_darktables_correction_is_off_for_the_export_alone(darktable: DarktableHome, seen: dict[str, Any]) -> None:
    rendered = tifffile.imread(darktable.work / "rendered" / PHONE[1]) / 65535
    assert rmse(rendered, original(darktable, "phone.jpg") / 65535) < STEP / 50
    assert seen["on after export"] == ["phone.jpg"]
    assert seen["count after export"] == len(PHOTOS)
    assert seen["library after export"].keys() == PHOTOS.keys()
    assert not [path for path in (darktable.work / "photos").iterdir() if path.suffix == ".xmp"]


def test_an_export_leaves_out_what_it_is_told_to(seen: dict[str, Any]) -> None:
    told = "\n".join(seen["exported otherwise"])
    assert "4 of 10 photos corrected. 6 not exported." in told
    assert "computed.jpg: corrected" in told
    assert "ambiguous.jpg: not exported, since several lenses fit" in told
    assert "phone.jpg: not exported. darktable's lens correction is on" in told
    assert "Tick “without darktable's lens correction”" in told


def test_the_panel_beside_darkroom_tells_what_is_on(seen: dict[str, Any]) -> None:
    assert "darktable's lens correction is on: distortion, lateral colour." in seen["darkroom on"]
    assert "Summicron-M 1:2/35 ASPH.\n" in seen["darkroom on"]
    assert "darktable's lens correction is on: distortion." in seen["darkroom fewer"]
    assert "darktable's lens correction is off." in seen["darkroom off"]
    assert seen["on after darkroom"] == ["phone.jpg"]


def test_a_computed_calibration_is_used_by_its_button(seen: dict[str, Any]) -> None:
    offered = seen["computed offered"]
    assert offered == {"summicron.jpg": False, "uncalibrated.jpg": False, "computed.jpg": True}
    assert "only a calibration is known that is off by default" in seen["computed shown"]
    assert seen["computed"]["lens"] == "Summilux-M 1:1.4/50(II) computed"
    assert "when it is started anew" in seen["computed then shown"]


def test_a_computed_calibration_corrects_once_darktable_is_started_anew(
    darktable: DarktableHome, seen: dict[str, Any]
) -> None:
    assert seen["offered anew"] == [False]
    theirs = developed(darktable, "computed.jpg")
    assert rmse(theirs, original(darktable, "computed.jpg") / 65535) > 5 * STEP
    scale = autoscale_of_lensfun(1.0, data_path("lens_db") / "computed.xml", "Summilux-M 1:1.4/50 (II)")
    choices = Choices(crop_factor=1.0, f_number=4.0, scale=scale, grades=tuple(Grade))
    pixels = original(darktable, "computed.jpg")
    compiled = compile_filter("summilux-50-ii", choices=choices, size=SIZE)
    assert rmse(theirs, sixbit.apply(compiled, pixels, engine="reference") / 65535, margin=4) < STEP / 4


def test_what_was_found_is_known_when_darktable_starts_anew(seen: dict[str, Any]) -> None:
    known = seen["known anew"]
    assert "the lens is not known\n" in known["unknown.jpg"]
    assert "Summilux-M 1:1.4/50 (II)\ndistortion computed\n" in known["computed.jpg"]
    assert "off by default" not in known["computed.jpg"]


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_gives_the_bytes_of_the_batch(name: str, darktable: DarktableHome, seen: dict[str, Any]) -> None:
    told = darktable.sixbit(
        "batch", "--preset", name, f"/mnt/work/rendered by/{name}/summicron.tif", "-o", f"/mnt/work/by hand {name}"
    )
    assert told.returncode == 0, told.stdout + told.stderr
    target = f"summicron{load(name).suffix}"
    exported = (darktable.work / f"out by {name}" / target).read_bytes()
    assert exported == (darktable.work / f"by hand {name}" / target).read_bytes()


def test_the_lens_of_a_raw_is_found(seen_of_raw: dict[str, Any]) -> None:
    found = seen_of_raw["raw"]
    assert found["lens"] == "Summicron-M 1:2/35 Asph."
    assert [found[key] for key in ("focal", "aperture", "crop")] == pytest.approx([35, 5.6, 1])
    assert found["lens"] != seen_of_raw["before"]["raw.dng"]["lens"]


def test_darktable_corrects_a_raw(with_raws: DarktableHome, seen_of_raw: dict[str, Any]) -> None:
    plain, theirs = developed(with_raws, "plain.dng"), developed(with_raws, "raw.dng")
    assert rmse(theirs, plain) > 10 * STEP
    compiled = compile_filter(
        "summicron-35-asph",
        choices=Choices(crop_factor=1.0, f_number=5.6, scale=autoscale_of_lensfun()),
        size=plain.shape[1::-1],
    )
    values = np.round(plain * 65535).astype(np.uint16)
    # What clips does so after darktable's lens module, and before Sixbit.
    assert rmse(theirs, sixbit.apply(compiled, values, engine="reference") / 65535, margin=4) < STEP / 2


def test_a_raw_is_exported_as_darktable_renders_it(with_raws: DarktableHome, seen_of_raw: dict[str, Any]) -> None:
    told = with_raws.sixbit("batch", "--preset", "archive", "/mnt/work/rendered/plain.tif", "-o", "/mnt/work/of raw")
    assert told.returncode == 0, told.stdout + told.stderr
    exported = (with_raws.work / "out/plain.tif").read_bytes()
    assert exported == (with_raws.work / "of raw/plain.tif").read_bytes()
    assert not np.array_equal(
        tifffile.imread(with_raws.work / "out/plain.tif"), tifffile.imread(with_raws.work / "rendered/plain.tif")
    )


def test_the_storage_says_why_it_corrected_no_others(seen: dict[str, Any]) -> None:
    why = "\n".join(seen["not corrected"])
    assert "ambiguous.jpg: exported as it is, since several lenses fit; choose one in the panel" in why
    assert "unknown.jpg: exported as it is, since the lens is not known" in why
    assert "uncalibrated.jpg: exported as it is, since there is no calibration" in why
    assert "computed.jpg: exported as it is, since only a computed calibration" in why
    assert "other.jpg: exported as it is, since it was not taken through an M lens" in why


def test_what_is_not_done_yet_can_be_cancelled(seen: dict[str, Any]) -> None:
    assert sum(seen["kinds"].values()) == 500
    assert set(seen["kinds"]) == {"done", "cancelled"}
    assert seen["kinds"]["done"] >= 5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("not there", "The script does not know where Sixbit is."),
        ("does not run", "Sixbit has ended without an answer"),
        ("broken", "The script does not know where Sixbit is."),
    ],
)
def test_a_missing_server_is_told_with_the_mend(name: str, message: str, seen: dict[str, Any]) -> None:
    assert message in seen[name]
    assert "sixbit doctor" in seen[name]
    assert "lens found" in seen["mended"]


def test_it_can_be_switched_off_and_on(seen: dict[str, Any]) -> None:
    assert seen["panel hidden"] is True
    assert seen["export refused"] is True
    assert seen["panel back"] is True
    assert seen["action back"] is True


def test_the_doctor_is_content(darktable: DarktableHome) -> None:
    told = darktable.sixbit("doctor").stdout.splitlines()
    (line,) = [line for line in told if "  darktable: " in line]
    assert line.startswith("well")


def test_darktable_cli_is_left_alone(darktable: DarktableHome) -> None:
    shutil.copy(darktable.home / ".config/darktable/luarc", darktable.work / "luarc")
    command = ["darktable-cli", "/mnt/work/photos/summicron.jpg", "/tmp/out.jpg", "--core", "--library", ":memory:"]
    done = darktable.root.run(
        [*command, "--luacmd", 'dofile("/mnt/work/luarc")', "-d", "lua"],
        timeout=60,
        binds={"/mnt/work": darktable.work, "/root": darktable.home},
    )
    assert "exported to" in done.stdout, done.stdout + done.stderr
    assert "LUA ERROR" not in done.stdout + done.stderr


def test_uninstalled(darktable: DarktableHome, seen: dict[str, Any]) -> None:
    assert darktable.sixbit("uninstall", "darktable").returncode == 0
    assert not (darktable.home / ".config/darktable/luarc").exists()
    assert not (darktable.home / ".config/darktable/lua").exists()


def test_screenshots_are_kept(darktable: DarktableHome, seen: dict[str, Any]) -> None:
    for name in ("ambiguous", "many", "asked", "search", "exported", "darkroom", "anew computed"):
        with Image.open(darktable.work / f"{name}.png") as opened:
            assert opened.size == (1400, 900)
    assert seen["done"] == list(STEPS)
