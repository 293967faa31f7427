"""The plug-in in GIMP's window: the menu entry, the dialog, its preview, undo and redo, repeat, and what goes wrong.

One run of GIMP a version does all steps of ``gimp_window.py`` and photographs them; the pictures stay in the tests'
cache, under ``screenshots``, to be looked at.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image
from skimage import data

import sixbit
from sixbit.calibration.frames import Setting
from sixbit.calibration.keep import add
from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.lenses.catalogue import catalogue, own_folder, reload_catalogue
from sixbit.lenses.match import match
from sixbit.values.lens import Model
from tests.scenery import CLONE
from tests.scenery.gimp import GimpHome
from tests.scenery.photo_factory import exif
from tests.scenery.root import SUITES, system_root

STEPS = ("dialog", "cancel", "choose", "change", "one_notion", "computed", "uncalibrated", "helped", "drag", "keyboard")
STEPS += (
    "weaken",
    "correct",
    "undo",
    "repeat",
    "again",
    "remembered",
    "killed",
    "missing",
    "identified",
    "selected",
    "mask",
)
TIMEOUT = 600
PREVIEW = np.s_[200:600, 150:900]
"""A part of the screen in which the dialog shows its preview."""
CANVAS = np.s_[120:560, 230:760]
"""A part of the screen that GIMP shows the picture in, and nothing else."""
DOUBLE = "Xvfb :98 -screen 0 2800x1800x24 -nolisten tcp & sleep 1; DISPLAY=:98 exec dbus-run-session -- bash -c"
NAME = "Summicron-M 1:2/35 ASPH."
FAREWELL = "gimp_flush(): error: Broken pipe"
"""Of libgimp, for any plug-in: when GIMP has a procedure's values it closes the pipe, which is then said goodbye to."""


def drive(gimp: GimpHome, steps: tuple[str, ...], prefix: str, double: bool = False) -> dict[str, Any]:
    """What the steps saw of the photo in the work folder; their pictures go into the cache."""
    gimp.bring("gimp_window.py")
    words = f"python3 /mnt/work/gimp_window.py /mnt/work/photo.jpg {','.join(steps)}"
    if double:
        done = gimp.run(
            ["bash", "-c", f"{DOUBLE} 'openbox & {words}'"],
            timeout=TIMEOUT,
            GDK_SCALE="2",
            NO_AT_BRIDGE="0",
            LANGUAGE="de",
        )
    else:
        done = gimp.run_gui(words.split(), timeout=TIMEOUT)
    return gimp.seen(list(steps), prefix, done)


@pytest.fixture(scope="module", params=SUITES)
def gimp(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> GimpHome:
    return GimpHome(system_root(request.param), tmp_path_factory.mktemp(f"gimp-{request.param}"))


@pytest.fixture(scope="module")
def seen(gimp: GimpHome) -> dict[str, Any]:
    shutil.copy(CLONE / "examples/photo.jpg", gimp.work)
    return drive(gimp, STEPS, f"gimp-{gimp.root.suite}")


def picture(gimp: GimpHome, name: str, part: Any = CANVAS) -> NDArray[np.int16]:
    with Image.open(gimp.work / f"{name}.png") as opened:
        return np.asarray(opened.convert("RGB"))[part].astype(np.int16)


def differ(gimp: GimpHome, first: str, second: str, part: Any = CANVAS) -> float:
    """The share of the pixels that are not the same."""
    return float((picture(gimp, first, part) != picture(gimp, second, part)).any(-1).mean())


def test_the_dialog_tells_the_lens_and_how_it_is_known(seen: dict[str, Any]) -> None:
    assert NAME in seen["labels"]
    assert "distortion measured, lateral colour measured" in seen["labels"]
    assert any("EXIF LensModel" in label for label in seen["labels"])


def test_the_preview_shows_before_and_after(gimp: GimpHome, seen: dict[str, Any]) -> None:
    assert np.ptp(picture(gimp, "dialog", np.s_[200:600, 150:900])) > 200


def test_another_lens_changes_the_preview(gimp: GimpHome, seen: dict[str, Any]) -> None:
    assert "Summicron-M 1:2/28 ASPH." in seen["chosen"]
    assert "You chose this lens." in seen["chosen"]
    assert differ(gimp, "before choosing", "chosen", np.s_[200:600, 150:900]) > 0.05


def test_strength_and_zoom_change_the_preview(gimp: GimpHome, seen: dict[str, Any]) -> None:
    assert seen["zoom"] == ["100%"]
    assert differ(gimp, "chosen", "weaker", np.s_[200:600, 150:900]) > 0.05
    assert differ(gimp, "chosen", "full size", np.s_[200:600, 150:900]) > 0.3


def test_settings_are_kept_by_gimp_alone(seen: dict[str, Any]) -> None:
    assert seen["notions"] == []
    assert (seen["factor before"], seen["factor"]) == (False, True)


def test_the_bar_offers_the_computed_calibration(seen: dict[str, Any]) -> None:
    assert any("only a calibration that is computed is known" in label for label in seen["computed before"])
    assert sum("only a calibration that is computed" in label for label in seen["computed before"]) == 1, "said twice"
    assert seen["computed ok before"] is False
    assert (seen["computed button"], seen["computed switch"]) == (False, True)
    assert any(label.startswith("distortion computed") for label in seen["computed"])


def test_nothing_is_split_where_nothing_is_corrected(gimp: GimpHome, seen: dict[str, Any]) -> None:
    """The line of the split is bright from top to bottom, and nothing else is."""
    assert differ(gimp, "nothing corrected", "by hand", PREVIEW) > 0.05
    for name, is_split in (("dialog", True), ("nothing corrected", False)):
        darkest = np.percentile(picture(gimp, name, PREVIEW).min(-1), 5, axis=0)
        assert (darkest.max() > 85) == is_split, name


def test_what_nobody_has_measured_is_set_by_hand_and_kept(seen: dict[str, Any]) -> None:
    assert not any("Nothing of the lens" in label for label in seen["by hand"])
    assert any(label.startswith("distortion measured") for label in seen["kept"]), seen["kept"]
    assert seen["kept ok"] is True


def test_a_selection_is_told(seen: dict[str, Any]) -> None:
    assert any("the whole layer is corrected" in label for label in seen["selected"]), seen["selected"]
    assert any("Only the selection is corrected" in label for label in seen["selected alone"])


def test_the_lens_is_told_as_a_success(seen: dict[str, Any]) -> None:
    assert seen["identified"][0] == NAME
    assert "distortion measured, lateral colour measured" in " ".join(seen["identified"])


def test_the_export_is_told_of_whenever_marks_are_written(seen: dict[str, Any]) -> None:
    assert "When you export, see that “Save Exif” and “Save XMP” are ticked." in seen["labels"]


def test_a_lens_without_a_calibration_leads_to_the_page(seen: dict[str, Any]) -> None:
    assert (seen["calibrate before"], seen["calibrate"]) == (False, True)
    assert "no calibration" in seen["uncalibrated"]
    assert any("Nothing of the lens" in label for label in seen["uncalibrated"])
    assert not seen["uncalibrated ok"]
    assert seen["page"] == "super-elmar-21"


def test_the_split_can_be_dragged(gimp: GimpHome, seen: dict[str, Any]) -> None:
    assert differ(gimp, "chosen", "dragged", np.s_[200:600, 150:900]) > 0.02


def test_the_preview_obeys_keys(gimp: GimpHome, seen: dict[str, Any]) -> None:
    assert differ(gimp, "dragged", "keys split", np.s_[200:600, 150:900]) > 0.02
    assert seen["keys zoom"] == ["100%"]


def test_values_are_remembered_for_the_lens_and_can_be_reset(seen: dict[str, Any]) -> None:
    assert seen["remembered"] == 80
    assert seen["reset"] == 100
    assert any(NAME in name for name in seen["recent"][:8]), seen["recent"]


def test_no_window_names_an_option_of_the_command_line(seen: dict[str, Any]) -> None:
    shown = [words for value in seen.values() if isinstance(value, list) for words in value if isinstance(words, str)]
    assert len(shown) > 100
    assert not [words for words in shown if " --" in words or "sixbit lenses" in words or "sixbit tag" in words]


def test_cancel_leaves_the_image(gimp: GimpHome, seen: dict[str, Any]) -> None:
    assert seen["cancel changed"] is False
    assert differ(gimp, "open", "cancelled") == 0


def test_ok_undo_redo_repeat(gimp: GimpHome, seen: dict[str, Any]) -> None:
    assert differ(gimp, "open", "corrected") > 0.05
    assert differ(gimp, "open", "undone") == 0
    assert differ(gimp, "corrected", "redone") == 0
    assert differ(gimp, "corrected", "repeated") == 0


def test_a_second_correction_is_asked_for(gimp: GimpHome, seen: dict[str, Any]) -> None:
    assert any("Correct it again?" in label for label in seen["again"])
    assert differ(gimp, "corrected", "not again") == 0


def test_a_killed_server_is_told_in_the_dialog(gimp: GimpHome, seen: dict[str, Any]) -> None:
    assert any("sixbit doctor" in label for label in seen["killed"]), seen["killed"]
    assert seen["killed ok"] is False
    assert seen["killed changed"] is False
    assert differ(gimp, "open", "after killed") == 0


def test_a_missing_server_is_told_with_the_mend(seen: dict[str, Any]) -> None:
    assert "sixbit install gimp" in seen["missing"]
    assert seen["missing changed"] is False


def test_a_mask_is_corrected_and_nothing_else(gimp: GimpHome, seen: dict[str, Any]) -> None:
    assert any("A mask or a channel is bent as the photo" in label for label in seen["mask"]), seen["mask"]
    assert seen["mask in its place"] == [False]
    switches = ("Vignetting", "Distortion", "Lateral colour", "Write the lens")
    assert [seen[f"mask {name}"] for name in switches] == [False, True, True, False]
    assert not any("no colours" in label for label in seen["mask"])
    assert np.ptp(picture(gimp, "mask dialog", np.s_[200:600, 150:900])) > 200
    assert differ(gimp, "mask added", "mask corrected") > 0.05


def test_a_mask_has_undo_cancel_repeat_and_the_guard(gimp: GimpHome, seen: dict[str, Any]) -> None:
    assert "This mask or channel is corrected already." in seen["mask again"]
    assert differ(gimp, "mask corrected", "mask not again") == 0
    assert differ(gimp, "mask added", "mask undone") == 0
    assert differ(gimp, "mask corrected", "mask repeated") == 0


def test_nothing_is_complained_of(seen: dict[str, Any]) -> None:
    own = [line for line in seen["printed"].splitlines() if "sixbit" in line.casefold() or "Traceback" in line]
    assert not [line for line in own if not line.endswith(FAREWELL)]


@pytest.mark.parametrize("suite", SUITES)
def test_a_filter_is_shown_appended_changed_and_undone(suite: str, tmp_path: Path) -> None:
    gimp = GimpHome(system_root(suite), tmp_path / "gimp")
    gimp.take_operation()
    shutil.copy(CLONE / "examples/photo.jpg", gimp.work)
    seen = drive(gimp, ("on_canvas", "as_filter", "filter_again"), f"gimp-filter-{suite}")
    assert "Editable filter" in seen["results"]
    above = np.s_[120:460, 230:760]
    """Where the dialog does not cover the canvas."""
    assert differ(gimp, "open", "on canvas", above) > 0.05
    assert (seen["canvas changed"], seen["canvas undo"]) == (False, False)
    assert differ(gimp, "open", "canvas cancelled") == 0
    assert differ(gimp, "open", "filter") > 0.05
    assert seen["filter undone"] == [False, False]
    assert differ(gimp, "open", "filter undone") == 0
    assert differ(gimp, "filter", "filter redone") == 0
    assert any("bears this correction" in label for label in seen["filter again"]), seen["filter again"]
    assert not any("corrected already" in label for label in seen["filter again"])
    assert differ(gimp, "filter", "filter changed") > 0.05
    assert differ(gimp, "filter", "filter change undone") == 0
    assert seen["filter strength"] == 30


@pytest.mark.parametrize("suite", SUITES)
def test_at_double_scale_and_in_german(suite: str, tmp_path: Path) -> None:
    gimp = GimpHome(system_root(suite), tmp_path / "gimp")
    shutil.copy(CLONE / "examples/photo.jpg", gimp.work)
    seen = drive(gimp, ("german",), f"gimp-double-{suite}", double=True)
    assert NAME in seen["german"]
    assert {"Objektiv", "Das Objektiv wurde erkannt."} <= set(seen["german"])
    assert picture(gimp, "german", np.s_[:]).shape == (1800, 2800, 3)


def test_an_untagged_photo_gets_its_lens_written_on_export(tmp_path: Path) -> None:
    gimp = GimpHome(system_root("trixie"), tmp_path / "gimp")
    Image.fromarray(data.astronaut()).save(gimp.work / "photo.jpg", quality=95)
    seen = drive(gimp, ("untagged", "export"), "gimp-untagged")
    assert "The photo does not say which lens it was." in seen["untagged"]
    assert seen["untagged ok"] is False
    assert "When you export, see that “Save Exif” and “Save XMP” are ticked." in seen["untagged chosen"]
    shot = sixbit.read_shot(gimp.work / "exported.jpg")
    with Image.open(gimp.work / "exported.jpg") as exported:
        assert exported.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel] == NAME
    assert match(shot).lens == catalogue().lenses["summicron-35-asph"]
    assert shot.already_corrected == ("distortion", "tca")


def test_a_calibration_of_the_users_own_is_shown_and_used(tmp_path: Path) -> None:
    gimp = GimpHome(system_root("trixie"), tmp_path / "gimp")
    shutil.copy(CLONE / "examples/photo.jpg", gimp.work)
    cast = Shading(PlaneShading((1.0, 0.0, -0.3)), PlaneShading((1.0, 0.0, 0.3)))
    lens = catalogue().lenses["summicron-35-asph"]
    add(
        Setting(lens, 1.0, 35.0, f_number=5.6, make="LEICA CAMERA AG", model="LEICA M10", compensated=None),
        "2 flat frames, kept before it was noted down how the body knew the lens",
        vignetting=Model("pa", (-0.4, 0.1, -0.03)),
        shading=cast.to_json(),
    )
    shutil.copytree(own_folder().parent, gimp.home / ".local/share/sixbit", dirs_exist_ok=True)
    reload_catalogue()
    seen = drive(gimp, ("dialog", "correct"), "gimp-own")
    assert any(label.endswith("vignetting measured, shading measured") for label in seen["labels"]), seen["labels"]
    assert not any("no calibration" in label for label in seen["labels"])
    rise = picture(gimp, "corrected").mean((0, 1)) / picture(gimp, "open").mean((0, 1))
    assert rise[0] > rise[1] > rise[2], "red is raised, and blue is lowered"
    assert rise[1] > 1, "the fall-off is gone"


def test_cancelled_from_the_progress_bar(tmp_path: Path) -> None:
    gimp = GimpHome(system_root("trixie"), tmp_path / "gimp")
    tags = exif(Make="LEICA CAMERA AG", Model="LEICA M10", LensModel=NAME)
    large = Image.fromarray(data.astronaut()).resize((8160, 6144))
    large.save(gimp.work / "photo.jpg", quality=90, exif=b"Exif\0\0" + tags)
    seen = drive(gimp, ("dialog", "correct", "undo", "interrupted"), "gimp-interrupted")
    assert seen["interrupted amid"]
    assert seen["interrupted changed"] is False
    assert seen["interrupted servers"] == []
    assert differ(gimp, "uninterrupted", "interrupted") == 0


def test_a_photo_without_colours_has_no_lateral_colour(tmp_path: Path) -> None:
    gimp = GimpHome(system_root("trixie"), tmp_path / "gimp")
    tags = exif(Make="LEICA CAMERA AG", Model="LEICA M10", LensModel=NAME)
    Image.fromarray(data.astronaut()).convert("L").save(gimp.work / "photo.jpg", exif=b"Exif\0\0" + tags)
    seen = drive(gimp, ("gray",), "gimp-gray")
    assert seen["gray switch"] == [False, False]
    assert any("no colours" in label for label in seen["gray"]), seen["gray"]


def test_what_is_not_certain_is_asked(tmp_path: Path) -> None:
    gimp = GimpHome(system_root("trixie"), tmp_path / "gimp")
    tags = exif(Make="LEICA CAMERA AG", Model="LEICA M10", LensModel="Summicron-M 1:2/50", FocalLength=(50, 1))
    Image.fromarray(data.astronaut()).save(gimp.work / "photo.jpg", exif=b"Exif\0\0" + tags)
    seen = drive(gimp, ("ambiguous", "cropped"), "gimp-asks")
    assert [name.split("\n")[1] for name in seen["candidates"]] == ["summicron-50-iv-v", "summicron-50-iii"]
    assert seen["checked"] == []
    assert seen["ambiguous ok"] is False
    assert any("512×512 pixels and the image has 332×332" in label for label in seen["cropped"]), seen["cropped"]
    assert seen["cropped ok"] is False


def test_a_part_of_an_unknown_place_is_asked_for(tmp_path: Path) -> None:
    gimp = GimpHome(system_root("trixie"), tmp_path / "gimp")
    tags = exif(Make="LEICA CAMERA AG", Model="LEICA M10", LensModel=NAME, FocalLength=(35, 1))
    Image.fromarray(data.astronaut()[:215]).save(gimp.work / "photo.jpg", exif=b"Exif\0\0" + tags)
    seen = drive(gimp, ("reshaped",), "gimp-reshaped")
    assert any(label.startswith("The picture") for label in seen["reshaped"]), seen["reshaped"]
    assert seen["reshaped ok"] is False
    assert seen["reshaped bar"] is False
    assert differ(gimp, "open", "corrected") > 0.01
