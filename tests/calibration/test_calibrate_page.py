"""The calibration page in Chromium, without a network: a lens is calibrated as a photographer would, bad files too.

One visit does all steps of ``calibrate_page.py`` and photographs them; the pictures stay in the tests' cache, under
``screenshots``, to be looked at.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import lensfunpy
import numpy as np
import pytest
from PIL import Image

from sixbit.compiler import optics as models
from sixbit.compiler.optics import SensorPicture
from tests.scenery import CLONE
from tests.scenery.camera import Camera, Lens, as_photo, photograph
from tests.scenery.flats import M10, Cast, Flat, save
from tests.scenery.photo_factory import exif
from tests.scenery.programs import CACHE
from tests.scenery.root import BROWSER, system_root
from tests.scenery.scenes import building, tiles

LENS, NAME = "summarit-50-2.5", "Summarit-M 1:2.5/50"
ODD = '<img src=x onerror="alert(1)"> it\'s \U0001f4f7\nnew.jpg'
BARREL, FRINGES = -0.03, (1.0015, 0.9985)
PHOTOS = 3
FALL_OFF = (-0.6, 0.25, -0.1)
TIMEOUT = 330


BUNDLE = {
    "sixbit_bundle": 1,
    "sixbit": "0.1.0",
    "lens_id": "summicron-35-asph",
    "lens": "Summicron-M 1:2/35 ASPH.",
    "runs": [
        {
            "date": "2026-05-04",
            "source": "6 photos with lines",
            "grade": "measured",
            "make": "",
            "model": "",
            "crop_factor": 1.0,
            "aspect_ratio": 1.5,
            "focal_mm": 35.0,
            "f_number": None,
            "distance_m": None,
            "models": {"distortion": {"model": "poly3", "terms": [-0.02]}},
        }
    ],
}


def make_photos(folder: Path) -> dict[str, int]:
    """The photos of all steps, and bad ones; how many there are of each step but the first."""
    folder.mkdir(parents=True)
    flat = Flat(FALL_OFF, Cast((-0.06,)), Cast((0.04,)), (900, 600), slope=(0.04, 0.01), noise=0.004, dust=5)
    save(flat.codes(1), folder / "flat 1.jpg", f_number=None, lens=NAME)
    save(replace(flat, slope=(-0.04, -0.01)).codes(2), folder / "flat 2.jpg", f_number=None, lens=NAME)
    for f_number, (k1, k2, k3) in {4.0: (-0.3, 0.1, 0.0), 8.0: (-0.1, 0.0, 0.0)}.items():
        stopped = replace(flat, vignetting=(k1, k2, k3))
        save(stopped.codes(int(f_number)), folder / f"flat at {f_number:g}.jpg", f_number=f_number, lens=NAME)
    scene = np.random.default_rng(3).integers(40, 200, (30, 45, 3), np.uint8).repeat(20, 0).repeat(20, 1)
    save(scene, folder / "flat no.jpg", f_number=None, lens=NAME)
    good = (folder / "flat 1.jpg").read_bytes()
    (folder / "bad text.jpg").write_text("This is not a photo.")
    (folder / "bad cut.jpg").write_bytes(good[: len(good) // 2])
    (folder / "bad empty.jpg").write_bytes(b"")
    Image.new("RGB", (1, 1), "grey").save(folder / "bad small.png")
    (folder / "bad raw.dng").write_bytes(b"II*\0\x08\0\0\0" + bytes(100))
    save(scene, folder / ODD, f_number=None)
    (folder / "other owner.json").write_text(json.dumps(BUNDLE))
    for number in range(62):
        Image.new("RGB", (64, 64), (number, 0, 0)).save(folder / f"many {number:02}.png")
    lens = Lens(distortion=models.distortion("poly3", (BARREL,)))
    camera, rng = Camera(SensorPicture(900, 600, 1.0), 50.0), np.random.default_rng(5)
    for number in range(PHOTOS):
        photo = as_photo(photograph(building(rng), lens, camera, rng))
        save(photo, folder / f"lines {number + 1}.jpg", lens=NAME)
    lens = Lens(tca=models.tca("linear", FRINGES))
    sharp = as_photo(photograph(tiles(rng), lens, replace(camera, noise=0.004), rng))
    tags = exif(**M10, LensModel=NAME)
    Image.fromarray(sharp).save(folder / "tca.jpg", quality=95, subsampling=0, exif=b"Exif\0\0" + tags)
    return {"lines": PHOTOS, "tca": 1}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def environment(work: Path) -> dict[str, str]:
    own = {"HOME": str(work / "home"), "XDG_DATA_HOME": str(work / "data"), "XDG_STATE_HOME": str(work / "state")}
    return {**os.environ, **own, "PYTHONPATH": os.pathsep.join([str(CLONE / "plugin"), str(CLONE)])}


@pytest.fixture(scope="module")
def seen(work: Path, environment: dict[str, str]) -> dict[str, Any]:
    root = system_root(BROWSER)
    (work / "steps.json").write_text(json.dumps(make_photos(work / "photos")))
    command = ["unshare", "--net", sys.executable, "-m", "tests.calibration.calibrate_page", str(root.path), str(work)]
    done = subprocess.run(
        command, cwd=CLONE, env=environment, timeout=TIMEOUT, capture_output=True, text=True, check=False
    )
    screenshots = CACHE / "screenshots"
    screenshots.mkdir(parents=True, exist_ok=True)
    for picture in work.glob("*.png"):
        shutil.copy(picture, screenshots / f"calibrate-{picture.name}")
    print(f"screenshots: {screenshots}/calibrate-*.png")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-5000:]}"
    found: dict[str, Any] = json.loads((work / "page.json").read_text())
    return found


def test_there_is_no_network_and_none_is_asked_for(seen: dict[str, Any]) -> None:
    assert seen["reaches out"] is False
    base, entry = seen["address"], seen["entry"]
    assert [address for address in seen["asked"] if not address.startswith(base) and address != entry] == []


def test_the_token_does_not_stay_in_the_address(seen: dict[str, Any]) -> None:
    assert "token" not in seen["address"]
    assert seen["readable cookie"] == ""


def test_the_browser_is_told_of_a_file_that_nobody_else_can_read(seen: dict[str, Any]) -> None:
    given, entry = seen["opened"]
    assert given == entry
    assert seen["mode"] == 0o600


def test_the_lens_is_found_by_its_name_and_says_what_is_known(seen: dict[str, Any]) -> None:
    assert "Summarit" in seen["lens"]
    assert "No calibration of it is known yet" in seen["lens"]


def test_enter_chooses_no_lens_but_the_one_that_is_asked_for(seen: dict[str, Any]) -> None:
    words, is_chosen = seen["lens of several"]
    assert words.startswith("Summilux-M 1:1.4/35 ASPH.")
    assert not is_chosen


def test_more_photos_than_are_taken_are_told_of(seen: dict[str, Any]) -> None:
    assert seen["too many"] == "2 of these 62 photos, from “many 60.png” on, were not taken. " + (
        "There are 60 photos already; take some away first."
    )


def test_bad_files_are_refused_beside_their_names(seen: dict[str, Any]) -> None:
    rows = {row["name"]: row for row in seen["bad"]}
    assert {row["status"] for name, row in rows.items() if name.startswith("bad")} == {"refused"}
    assert "is not a photo" in rows["bad text.jpg"]["text"]
    assert "0 bytes" in rows["bad empty.jpg"]["text"]
    assert "1 × 1 pixels" in rows["bad small.png"]["text"]
    for name, row in rows.items():
        assert "photo-" not in row["text"], name
        assert "Traceback" not in row["text"], name


def test_a_name_is_shown_and_not_believed(seen: dict[str, Any]) -> None:
    odd = next(row for row in seen["bad"] if "onerror" in row["name"])
    assert odd["name"].startswith('<img src=x onerror="alert(1)"> it\'s \U0001f4f7')
    assert odd["status"] == "ready"
    assert "names another lens, Summicron-M 1:2/35 ASPH." in odd["text"]
    assert not [complaint for complaint in seen["complaints"] if "alert" in complaint]


def test_what_is_no_number_is_told(seen: dict[str, Any]) -> None:
    assert "wide open" in seen["no number"]


def test_flats_are_measured_and_the_one_that_is_none_is_left_out(seen: dict[str, Any]) -> None:
    found = seen["flat"]
    assert [row["status"] for row in found["rows"]] == ["used", "used", "used", "used", "refused"]
    assert "not enough of an even surface" in found["rows"][4]["text"]
    assert found["progress"]
    corner = 100 * (1 + sum(FALL_OFF))
    said = float(found["verdict"][0].split("get ")[1].split(" %")[0])
    assert abs(said / corner - 1) < 0.015
    assert len(found["plots"]) == 2
    assert all(dots > 20 and lines >= 1 for _, dots, lines in found["plots"])


def test_flats_of_many_apertures_stand_in_one_table(seen: dict[str, Any]) -> None:
    assert seen["rows of apertures"] == ["f/4", "f/8", ""]
    assert seen["focus after saying it"].startswith("show-")


def test_an_aperture_that_is_missing_is_told_beside_accept(seen: dict[str, Any]) -> None:
    assert seen["no aperture"] == "Say first at which “Aperture” it was taken: flat 1.jpg, flat 2.jpg."


def test_distortion_is_measured_from_lines_and_the_lines_are_shown(seen: dict[str, Any]) -> None:
    found = seen["lines"]
    assert {row["status"] for row in found["rows"]} == {"used"}
    assert any("looking for lines in lines" in step.lower() for step in found["progress"])
    assert found["verdict"][1].startswith("Distortion: barrel, ")
    model, term = found["verdict"][-1].partition("terms it is ")[2].removesuffix(".").split(", ")
    assert model == "poly3"
    assert float(term) == pytest.approx(BARREL, abs=0.001)
    assert len(found["pictures"]) == 2 * PHOTOS
    assert all(width == 900 for width in found["pictures"])
    assert "distortion (measured)" in found["summary"]


def test_too_few_overlapping_photos_are_told_of(seen: dict[str, Any]) -> None:
    assert seen["few to overlap"].startswith("Overlapping photos must be 8 or more, and not 3.")


def test_lateral_colour_is_measured_from_a_sharp_photo(seen: dict[str, Any]) -> None:
    found = seen["tca"]
    red, blue = (float(found["verdict"][0].split(colour)[1].split(" px")[0]) for colour in ("red ", "blue "))
    half_diagonal = np.hypot(899, 599) / 2
    assert [red, blue] == pytest.approx([0.0015 * half_diagonal] * 2, abs=0.15)
    ((_, dots, lines),) = found["plots"]
    assert dots > 20
    assert lines >= 2
    assert "lateral colour (measured)" in found["summary"]


def test_nothing_is_kept_of_what_is_rejected(seen: dict[str, Any]) -> None:
    assert seen["own after rejecting"] == 0


def test_the_corrected_photo_is_shown(seen: dict[str, Any]) -> None:
    assert "fall-off (measured)" in seen["flat"]["summary"]
    assert seen["flat"]["split"] == "55%"


def test_what_was_accepted_is_in_the_catalogue(seen: dict[str, Any]) -> None:
    lens = next(lens for lens in map(json.loads, seen["lenses"].splitlines()) if lens["id"] == LENS)
    kept = {known["kind"] for known in lens["calibrations"] if known["own"] and known["grade"] == "measured"}
    assert {"vignetting", "shading", "distortion", "tca"} <= kept


def test_what_was_removed_is_gone(seen: dict[str, Any], environment: dict[str, str]) -> None:
    before, after = seen["removed"]
    assert len(after) == len(before) - 1
    folder = Path(environment["XDG_DATA_HOME"]) / "sixbit/lens_db"
    assert len(list(folder.glob("*.calibration.json"))) == len(after) + 1  # and one of another owner


def test_removing_asks_back(seen: dict[str, Any]) -> None:
    assert seen["asked back"] == "Remove it for good?"


def test_another_owners_calibration_is_taken_over(seen: dict[str, Any]) -> None:
    assert seen["bundle"] == "other owner.json: 1 calibration of Summicron-M 1:2/35 ASPH. taken over."
    assert seen["no bundle"].startswith("bad text.jpg: holds no calibration that can be taken over")


def test_the_export_is_read_by_lensfun(seen: dict[str, Any]) -> None:
    assert seen["downloaded"] == [f"sixbit-{LENS}.xml"]
    assert ElementTree.fromstring(seen["export"]).get("version") == "1"
    database = lensfunpy.Database(xml=seen["export"], load_common=False, load_bundled=False)
    assert database.lenses


def test_it_can_be_used_at_400_px_and_by_those_who_do_not_see(seen: dict[str, Any]) -> None:
    needed, given = seen["width at 400"]
    assert needed <= given <= 400
    assert seen["unlabelled"] == []


@pytest.mark.parametrize("step", ["flat", "lines", "tca"])
def test_what_is_heard_of_a_button_begins_with_what_is_seen(seen: dict[str, Any], step: str) -> None:
    assert seen[step]["names"] == []


def test_what_plots_say_has_units_and_a_place(seen: dict[str, Any]) -> None:
    said = " ".join(label for step in ("flat", "lines", "tca") for label, *_ in seen[step]["plots"])
    assert re.search(r"found: [0-9.]+ % \([0-9.]+ stops less\) in the corner, give or take [0-9.]+ %", said)
    assert re.search(r"red, found: [0-9.]+ px in the corner, give or take [0-9.]+ px", said)
    assert re.search(r"found: -[0-9.]+ % in the corner", said)


def test_the_page_is_in_the_language_that_the_browser_asks_for(seen: dict[str, Any]) -> None:
    """In German no text is left that it has in English, but for names, and none has a word of English in it."""
    assert (seen["lang of en"], seen["lang of de"]) == ("en", "de")
    english, german = ({*seen["words"][language]} for language in ("en", "de"))
    names = re.compile(
        r"(\w+-)*[A-Z]\w+(-M)? 1:.*|Leica|Summicron 35 ASPH|(flat|lines|tca)\b.*[.]jpg|f/[0-9.]+|sixbit .*|900 × .*"
    )
    assert len(english & german) > 20
    assert not [text for text in english & german if re.search("[a-z]{2}", text) and not names.fullmatch(text)]
    words = re.compile(r"\b(the|of|is|are|and|with|from|to|for|it)\b")
    assert len([text for text in english if words.search(text)]) > 50
    assert not [text for text in german if words.search(text)]
    assert any(
        "auf 0." in label and label.startswith("Farbquerfehler: ") for label, *_ in seen["tca in German"]["plots"]
    )
    assert seen["tca in German"]["names"] == []
    assert "Rot und Blau werden gegen Grün gemessen …" in seen["tca in German"]["progress"]
    steps = "Es geht los|Gelesen wird tca.jpg|(Kanten|Rot) .*"
    assert not [step for step in seen["tca in German"]["progress"] if not re.fullmatch(f"({steps}) …", step)]


def test_german_fits_on_a_small_screen(seen: dict[str, Any]) -> None:
    assert seen["too wide"] == []


def test_other_pages_get_nothing(seen: dict[str, Any]) -> None:
    attack = seen["attack"]
    assert attack["read"] == "refused"
    assert attack["script"] == "refused"
    assert attack["end"] in ("opaque", "refused")
    assert "Calibrate" not in attack["frame"]
    assert seen["cookies"]
    assert not any(seen["cookies"])
    assert "another name" in seen["rebound"]


def test_the_button_ends_it_and_nothing_is_left(seen: dict[str, Any]) -> None:
    assert "Closed" in seen["gone"]
    assert seen["inert"] is True
    assert seen["status"] == 0
    assert seen["left behind"] == []


def test_the_console_is_silent(seen: dict[str, Any]) -> None:
    # Chromium tells every answer that is an error; these were asked for.
    asked = ("409", "413", "422")
    # A photo may be taken away while its picture is on its way.
    told = [words for words in seen["complaints"] if not ("404" in words and "/pictures/frame-" in words)]
    assert [words for words in told if not any(status in words for status in asked)] == []
