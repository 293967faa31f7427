"""Matching: how code, names, figures and body support and contradict each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sixbit.cli.ways_out import way_out_of
from sixbit.export.batch.plan import choices_digest
from sixbit.lenses import remembered as choices
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.match import Match, Status, match, match_name
from sixbit.values.errors import Code, PhotoError, UserFileWarning
from sixbit.values.shot import LensSpecification, Shot, SixBitCode, Tagged
from tests.scenery.refusals import refused

M10 = ("LEICA CAMERA AG", "LEICA M10")
SONY = ("SONY", "ILCE-7M3")
XIAOMI = ("Xiaomi", "2203121C")


def shot(
    name: str | None = None,
    body: tuple[str, str] | None = None,
    code: tuple[int, int | None] | None = None,
    focal: float | None = None,
    largest: float | None = None,
    **more: Any,
) -> Shot:
    return Shot(
        make=Tagged(body[0], "EXIF Make") if body else None,
        model=Tagged(body[1], "EXIF Model") if body else None,
        lens_names=(Tagged(name, "EXIF LensModel"),) if name is not None else (),
        six_bit=Tagged(SixBitCode(*code), "MakerNote LensType") if code else None,
        focal_mm=Tagged(focal, "EXIF FocalLength") if focal else None,
        max_aperture=Tagged(largest, "EXIF MaxApertureValue") if largest else None,
        **more,
    )


def ids(found: Match) -> list[str]:
    return [lens.lens_id for lens in found.candidates]


def told(found: Match) -> str:
    return " ".join(found.evidence)


CODED = {
    (1, 1): "elmarit-21",
    (3, 1): "elmarit-28-iii",
    (6, 2): "summicron-35-iv",
    (6, 0): "summilux-35-preasph",
    (9, 1): "elmarit-135",
    (9, 0): "apo-telyt-135",
    (12, 1): "thambar-90",
    (12, 2): "summilux-35-steelrim-re",
    (16, 1): "tri-elmar-16-18-21",
    (16, 3): "tri-elmar-16-18-21",
    (27, 1): "elmarit-28-iv",
    (29, 0): "summilux-35-aspherical",
    (30, 2): "summicron-35-asph",
    (31, 3): "noctilux-50-1.0",
    (31, 0): "noctilux-50-1.2",
    (39, 1): "macro-elmar-90",
    (39, 0): "tele-elmar-135-ii",
    (40, 1): "macro-adapter-m-14409",
    (52, 3): "super-elmar-18",
    (58, None): "noctilux-75",
    (36, 0): "apo-summicron-75",  # from the menu, where coded lenses stand too
}
SHARED = {
    (29, 2): ["summilux-35-asph", "summilux-35-asph-fle", "summilux-35-asph-fle2"],
    (32, 3): ["summilux-50-asph", "summilux-50-asph-ii"],
    (6, None): ["summicron-35-iv", "summilux-35-preasph"],
    (12, None): ["summilux-35-steelrim-re", "thambar-90"],
    (53, 3): ["apo-summicron-50", "apo-telyt-135"],
}


@pytest.mark.parametrize(("code", "lens_id"), CODED.items())
def test_code_alone(code: tuple[int, int | None], lens_id: str) -> None:
    found = match(shot(code=code))
    assert found.status is Status.MATCHED, found.evidence
    assert ids(found) == [lens_id]


@pytest.mark.parametrize(("code", "lens_ids"), SHARED.items())
def test_code_that_several_lenses_share(code: tuple[int, int | None], lens_ids: list[str]) -> None:
    found = match(shot(code=code))
    assert found.status is Status.AMBIGUOUS
    assert ids(found) == lens_ids


def test_every_code_of_the_table_finds_its_lens() -> None:
    for row in catalogue().codes:
        for selector in row.selectors or {None}:
            assert row.lens_id in ids(match(shot(code=(row.code, selector)))), row


def test_code_with_wrong_frame_lines_is_not_trusted() -> None:
    found = match(shot(code=(30, 1)))
    assert found.status is Status.AMBIGUOUS
    assert ids(found) == ["summicron-35-asph"]
    assert "28/90 are not those of this code" in told(found)


def test_unknown_code() -> None:
    for number in (2, 63):
        found = match(shot(code=(number, 1)))
        assert found.status is Status.UNKNOWN
        assert f"six-bit code {number}" in told(found)


def test_code_and_name_support_each_other() -> None:
    found = match(shot("Summicron-M 1:2/35 ASPH.", M10, (30, 2), focal=35, largest=2))
    assert found.status is Status.MATCHED
    assert found.confidence >= 0.98
    assert "six-bit code 30" in told(found)
    assert "EXIF LensModel" in told(found)


def test_code_tells_the_generation_that_the_name_leaves_open() -> None:
    assert match(shot("Elmarit-M 1:2.8/28", M10)).status is Status.AMBIGUOUS
    assert ids(match(shot("Elmarit-M 1:2.8/28", M10, (3, 1)))) == ["elmarit-28-iii"]
    assert ids(match(shot("Elmarit-M 1:2.8/28", M10, (27, 1)))) == ["elmarit-28-iv"]


def test_code_against_name_is_told_and_not_decided() -> None:
    found = match(shot("Summicron-M 1:2/35 ASPH.", M10, (28, 1)))
    assert found.status is Status.AMBIGUOUS
    assert ids(found) == ["summicron-35-asph", "elmarit-28-asph"]
    assert "contradict" in told(found)
    assert "Elmarit-M 1:2.8/28 ASPH." in told(found)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"focal": 50.0}, "50 mm (EXIF FocalLength), which no Summicron-M 1:2/35 ASPH. has"),
        ({"largest": 1.4}, "largest aperture f/1.4 (EXIF MaxApertureValue), which no"),
        ({"f_number": Tagged(1.4, "EXIF FNumber")}, "f/1.4 (EXIF FNumber) is wider than"),
        (
            {"lens_specification": Tagged(LensSpecification(90, 90, 2, 2), "EXIF LensSpecification")},
            "90 mm (EXIF LensSpecification)",
        ),
    ],
)
def test_impossible_combination_is_never_matched(more: dict[str, Any], sentence: str) -> None:
    found = match(shot("Summicron-M 1:2/35 ASPH.", M10, **more))
    assert found.status is Status.AMBIGUOUS
    assert found.confidence <= 0.3
    assert sentence in told(found)


def test_estimated_aperture_is_no_evidence() -> None:
    found = match(shot("Summicron-M 1:2/35 ASPH.", M10, f_number=Tagged(1.4, "x"), f_number_estimated=True))
    assert found.status is Status.MATCHED


def test_engraved_and_real_focal_length_agree() -> None:
    assert match(shot("Noctilux-M 1:0.95/50 ASPH.", M10, focal=52.3)).status is Status.MATCHED
    assert match(shot("Tri-Elmar-M 1:4/28-35-50 ASPH.", M10, focal=35)).status is Status.MATCHED
    assert match(shot("Tri-Elmar-M 1:4/28-35-50 ASPH.", M10, focal=42)).status is Status.AMBIGUOUS


def test_largest_aperture_chooses_among_candidates() -> None:
    found = match(shot("Biogon 21", SONY, largest=4.5))
    assert ids(found) == ["zm-c-biogon-21-4.5"]
    assert found.status is Status.MATCHED


def test_generations_are_told_apart_and_share_a_calibration() -> None:
    found = match(shot("Summilux-M 1:1.4/50 ASPH.", M10))
    assert found.status is Status.AMBIGUOUS
    assert "2006-2023" in told(found)
    assert "order number 11728 11729" in told(found)
    assert "not confirmed by a source" in told(found)
    assert not found.shares_calibration()
    folder = Path(os.environ["XDG_DATA_HOME"]) / "sixbit/lens_db"
    folder.mkdir(parents=True)
    (folder / "my summilux.xml").write_text(
        '<lensdatabase version="1"><lens><maker>Leica Camera AG</maker><model>Summilux-M 1:1.4/50 ASPH.</model>'
        '<mount>Leica M</mount><cropfactor>1</cropfactor><calibration><distortion model="poly3" focal="50" k1="0.001"/>'
        "</calibration></lens></lensdatabase>",
        encoding="utf-8",
    )
    catalogue.cache_clear()
    try:
        found = match(shot("Summilux-M 1:1.4/50 ASPH.", M10))
        assert found.shares_calibration()
        assert "same calibration" in told(found)
    finally:
        catalogue.cache_clear()


@pytest.mark.parametrize("body", [XIAOMI, ("Xiaomi", "Xiaomi 12S Ultra")])
def test_phone_says_nothing_of_its_m_lens(body: tuple[str, str]) -> None:
    """A phone's focal length and apertures are those of its own module, whatever lens is before the sensor."""
    figures: dict[str, Any] = {"focal": 8.7, "largest": 1.9, "f_number": Tagged(1.9, "EXIF FNumber")}
    found = match(shot(body=body, **figures))
    assert found.status is Status.UNTAGGED
    assert found.crop_factor is not None
    assert found.crop_factor.value == pytest.approx(2.64, abs=0.005)
    found = match(shot("Xiaomi 12S Ultra back camera 8.7mm f/1.9", body, **figures))
    assert found.status is Status.UNTAGGED
    named = match(shot("Summicron-M 1:2/35 ASPH.", body, **figures))
    assert named.status is Status.MATCHED
    assert "M-mount sensor" in told(named)


def test_crop_factor_from_the_focal_lengths() -> None:
    equivalent = Tagged(75.0, "EXIF FocalLengthIn35mmFilm")
    found = match(shot("Summicron-M 1:2/50", ("ACME", "No such camera"), focal=50, focal_35mm=equivalent))
    assert found.crop_factor is not None
    assert found.crop_factor.value == pytest.approx(1.5)
    assert match(shot("Summicron-M 1:2/50", ("ACME", "No such camera"), focal=50)).crop_factor is None


@pytest.mark.parametrize(
    ("make", "name", "focal", "equivalent", "crop"),
    [
        ("ACME", None, 35.0, 24.0, None),  # a sensor larger than 24x36
        ("ACME", "Summicron-M 1:2/35 ASPH.", 35.0, 23.0, None),
        ("samsung", "Summicron-M 1:2/35 ASPH.", 35.0, 70.0, None),  # retagged: the telephoto module's equivalent
        ("ACME", "Noctilux-M 1:1/50", 50.0, 230.0, None),
        ("ACME", "Summicron-M 1:2/35 ASPH.", 35.0, 53.0, 53 / 35),
        ("samsung", "Summicron-M 1:2/35 ASPH.", 6.3, 24.0, 24 / 6.3),  # the module's own, both of them
        ("ACME", "ACME back camera 6.3mm f/1.8", 6.3, 24.0, 24 / 6.3),
    ],
)
def test_crop_factor_is_not_reckoned_from_a_retagged_focal_length(
    make: str, name: str | None, focal: float, equivalent: float, crop: float | None
) -> None:
    photo = shot(name, (make, "No such camera"), focal=focal, focal_35mm=Tagged(equivalent, "FocalLengthIn35mmFilm"))
    found = match(photo).crop_factor
    assert (found and found.value) == (crop and pytest.approx(crop))


def test_contradicted_candidates_share_no_calibration() -> None:
    """However alike they are corrected: it may have been neither."""
    one, other = catalogue().lenses["summicron-35-asph"], catalogue().lenses["summicron-50-iv-v"]
    alike = other._replace(calibrations=one.calibrations)
    assert one.best_calibrations()
    firm = Match(Status.AMBIGUOUS, None, (one, alike), 0.6, (), agreed=True)
    assert firm.shares_calibration()
    assert not firm._replace(agreed=False).shares_calibration()
    assert not firm._replace(candidates=(one,)).shares_calibration()
    assert match(shot("Summilux-M 1:1.4/50 ASPH.", M10)).agreed
    assert not match(shot("Summilux-M 1:1.4/50 ASPH.", M10, focal=35)).agreed
    assert not match(shot("Summicron-M 1:2/35 ASPH.", M10, (28, 1))).agreed
    assert not match(shot("Summicron-M 1:2/35 ASPH.", M10, focal=50)).shares_calibration()


@pytest.mark.parametrize(
    "name", ["Tessar", "Summicron-M 1:2/35 ASPH., Summilux-M 1:1.4/50", "FE 35mm F1.4 GM", "Unknown"]
)
def test_nothing_is_told_twice(name: str) -> None:
    photo = Shot(lens_names=(Tagged(name, "EXIF LensModel"), Tagged(name, "EXIF LensModel")))
    evidence = match(photo).evidence
    assert len(set(evidence)) == len(evidence)
    assert match(photo).status is not Status.MATCHED


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("R-Adapter M", "R lens"),
        ("SUMMILUX-SL 1:1.4/50 ASPH.", "Leica SL lens"),
        ("Vario-Elmar T 1:3.5-5.6 / 18-56 ASPH.", "zoom"),
        ("28.0 mm f/1.7", "Leica Q"),
        ("FE 35mm F1.4 GM", "another mount"),
    ],
)
def test_not_an_m_lens_with_the_reason(name: str, reason: str) -> None:
    found = match(shot(name, SONY))
    assert found.status is Status.NOT_M
    assert reason in told(found)


def test_camera_with_a_built_in_lens() -> None:
    assert match(shot(body=("LEICA CAMERA AG", "LEICA Q2"), focal=28, largest=1.7)).status is Status.NOT_M


@pytest.mark.parametrize("name", [None, "----", "", "Unknown (0)", "0.0 mm f/0.0"])
def test_untagged(name: str | None) -> None:
    found = match(shot(name, SONY, focal=50))
    assert found.status in (Status.UNTAGGED, Status.UNKNOWN)
    assert not found.candidates
    assert "--lens" in way_out_of(found)
    assert "--" not in told(found), "what an editor shows names no options"


def test_figures_alone_offer_sourced_lenses_only() -> None:
    found = match(shot(body=M10, focal=35, largest=2))
    assert found.status is Status.AMBIGUOUS
    assert "summicron-35-asph" in ids(found)
    assert all(lens.sourced for lens in found.candidates)
    assert match(shot(body=SONY, focal=35, largest=2)).status is Status.UNTAGGED


def test_figures_of_unsourced_lenses_confirm_nothing() -> None:
    sourced = match(shot("Zeiss Distagon T* 1,4/35 ZM", SONY, largest=1.4))
    unsourced = match(shot("Zeiss Biogon T* 2/35 ZM", SONY, largest=2.0))
    assert unsourced.lens is not None
    assert not unsourced.lens.sourced
    assert "agrees" not in told(unsourced)
    assert sourced.lens is not None


def test_two_names() -> None:
    model, profile = "EXIF LensModel", "XMP crs:LensProfileName"
    narrowed = Shot(
        lens_names=(Tagged("Summilux-M 1:1.4/35 ASPH.", model), Tagged("Adobe (Summilux-M 35 FLE)", profile))
    )
    assert ids(match(narrowed))[0] == "summilux-35-asph-fle"
    assert match(narrowed).status is Status.AMBIGUOUS
    assert set(ids(match(narrowed))) == set(ids(match(shot("Summilux-M 1:1.4/35 ASPH."))))
    borrowed = Shot(lens_names=(Tagged("Summicron-M 1:2/35 ASPH.", model), Tagged("Adobe (Leica Elmarit 90)", profile)))
    assert match(borrowed).status is Status.MATCHED
    assert "borrowed" in told(match(borrowed))
    against = Shot(lens_names=(Tagged("Summicron-M 1:2/35 ASPH.", model), Tagged("Elmarit-M 1:2.8/90", "XMP aux:Lens")))
    assert match(against).status is Status.AMBIGUOUS
    assert ids(match(against)) == ["summicron-35-asph", "elmarit-90"]
    foreign = Shot(lens_names=(Tagged("FE 35mm F1.4 GM", model), Tagged("Adobe (Leica Elmarit 90)", profile)))
    assert match(foreign).status is Status.NOT_M


def test_lens_make_helps_a_name_without_maker() -> None:
    photo = shot("35mm f/1.4", SONY, lens_make=Tagged("7Artisans", "EXIF LensMake"))
    assert ids(match(photo)) == ["7artisans-35-1.4"]
    assert match(shot("35mm f/1.4", SONY)).status is Status.UNKNOWN


def test_choice_is_remembered_for_body_and_name_and_taken_back() -> None:
    photo = shot("Summilux-M 1:1.4/50 ASPH.", M10)
    choices.keep(photo, "summilux-50-asph-ii")
    found = match(photo)
    assert ids(found) == ["summilux-50-asph-ii"]
    assert "You chose" in told(found)
    assert "sixbit forget" in way_out_of(found)
    assert match(shot("Summilux-M 1:1.4/50 ASPH.", SONY)).status is Status.AMBIGUOUS
    assert choices.forget(photo) == 1
    assert choices.forget() == 0
    assert match(photo).status is Status.AMBIGUOUS


def test_stored_focal_lengths_of_an_adapter() -> None:
    """A Techart adapter writes one of ten focal lengths and no name: each can be mapped to the lens behind it."""
    choices.keep(shot(body=SONY, focal=35), "summicron-35-asph")
    choices.keep(shot(body=SONY, focal=50), "noctilux-50-1.0")
    assert ids(match(shot(body=SONY, focal=35))) == ["summicron-35-asph"]
    assert ids(match(shot(body=SONY, focal=50))) == ["noctilux-50-1.0"]
    assert match(shot(body=SONY, focal=90)).status is Status.UNTAGGED
    assert choices.forget(lens_id="noctilux-50-1.0") == 1
    assert match(shot(body=SONY, focal=50)).status is Status.UNTAGGED
    assert ids(match(shot(body=SONY, focal=35))) == ["summicron-35-asph"]


DAMAGED = (
    "",
    '[{"make": 1',
    "{}7",
    "[7]",
    '[{"make": []}]',
    "[" * 100_000,
    '[{"make": "L", "model": "M10", "name": "", "focal_mm": 35, "lens_id": ["x"]}]',
    "\udcff",
)


@pytest.mark.parametrize("content", DAMAGED)
def test_damaged_choices_are_set_aside_with_a_word(content: str) -> None:
    file = choices.choices_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    photo = shot("Summilux-M 1:1.4/50 ASPH.", M10)
    keep = partial(choices.keep, lens_id="summilux-50-asph")
    for number, meet in enumerate((match, keep, choices.forget), 1):
        file.write_text(content, encoding="utf-8", errors="surrogateescape")
        with pytest.warns(UserFileWarning, match=rf"choices\.json: .*set aside as choices\.json\.damaged-{number}"):
            meet(photo)
        aside = file.with_name(f"choices.json.damaged-{number}")
        assert aside.read_text(encoding="utf-8", errors="surrogateescape") == content
        if meet is not match:
            continue
        assert match(photo).status is Status.AMBIGUOUS
        assert not file.exists()


def test_damaged_choices_that_cannot_be_set_aside_stop_nothing() -> None:
    choices.choices_file().parent.mkdir(parents=True)
    choices.choices_file().write_text("{")
    choices.choices_file().with_suffix(".lock").mkdir()  # as little to be opened as in a folder that is read-only
    with pytest.warns(UserFileWarning, match=r"choices\.json.*is damaged"):
        assert match(shot("Summilux-M 1:1.4/50 ASPH.", M10)).status is Status.AMBIGUOUS
    assert choices.choices_file().read_text() == "{"


def test_choices_that_may_not_be_read_stay() -> None:
    choices.choices_file().mkdir(parents=True)
    with refused(PhotoError, r"choices\.json.*Repair it", Code.USER_FILE):
        choices.keep(shot("Summilux-M 1:1.4/50 ASPH.", M10), "summilux-50-asph")
    assert choices.choices_file().is_dir()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in its folders")
def test_a_pipe_in_their_place_is_not_waited_for() -> None:
    choices.choices_file().parent.mkdir(parents=True)
    os.mkfifo(choices.choices_file())
    assert match(shot("Summilux-M 1:1.4/50 ASPH.", M10)).status is Status.AMBIGUOUS
    with refused(PhotoError, r"choices\.json.*it is no plain file.*Repair it", Code.USER_FILE):
        choices.keep(shot("Summilux-M 1:1.4/50 ASPH.", M10), "summilux-50-asph")
    assert choices_digest() == ""


def test_choices_that_are_a_link_are_read(tmp_path: Path) -> None:
    photo = shot("Summilux-M 1:1.4/50 ASPH.", M10)
    choices.keep(photo, "summilux-50-asph")
    kept = choices.choices_file().rename(tmp_path / "kept.json")
    choices.choices_file().symlink_to(kept)
    assert choices.look_up(photo) == "summilux-50-asph"


def test_many_at_once_lose_no_choice() -> None:
    photos = [shot(f"Lens {number} of mine", M10) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda photo: choices.keep(photo, "summilux-50-asph"), photos))
    assert [choices.look_up(photo) for photo in photos] == ["summilux-50-asph"] * 40
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(choices.forget, photos)) == [1] * 40


def test_choices_are_written_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    choices.keep(shot(body=SONY, focal=35), "summicron-35-asph")
    before = choices.choices_file().read_text(encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(PhotoError, match="disk is full"):
        choices.keep(shot(body=SONY, focal=50), "noctilux-50-1.0")
    assert choices.choices_file().read_text(encoding="utf-8") == before
    assert {path.name for path in choices.choices_file().parent.iterdir()} - {"choices.lock"} == {"choices.json"}
    assert json.loads(before)[0]["lens_id"] == "summicron-35-asph"


def test_a_name_is_matched_without_numpy_and_lensfun() -> None:
    code = (
        "import sys; from sixbit.lenses.match import match_name; match_name('Summicron-M 1:2/35 ASPH.'); "
        "print([name for name in ('numpy', 'lensfunpy', 'exifread', 'exiv2', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_text_from_a_photo_stays_text() -> None:
    found = match_name("Summicron-M 1:2/35 ASPH. '; rm -rf $HOME \n\x1b[31m")
    assert "\x1b" not in told(found)
    assert "\n" not in told(found)


def test_typing_error_is_told_and_costs_confidence() -> None:
    right, typed = match_name("Elmarit-M 1:2.8/90"), match_name("Elmrait-M 1:2.8/90")
    assert typed.candidates[:1] == right.candidates
    assert "typing error" in told(typed)
    assert typed.confidence < right.confidence
