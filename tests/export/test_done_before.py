"""What was done to a photo before, by programs and by the camera, is neither done twice nor passed over in silence."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sixbit.calibration.frames import Setting, check_untouched, open_frame
from sixbit.calibration.keep import add
from sixbit.cli.main import main
from sixbit.compiler.compile import compile_filter
from sixbit.editors.server.session import Session
from sixbit.export.batch import batch
from sixbit.export.correct import Corrected, correct
from sixbit.export.presets import PLAIN, load
from sixbit.lenses.catalogue import catalogue, reload_catalogue
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, Code, CompileError, NotCorrectedError
from sixbit.values.lens import Model
from sixbit.values.shot import Shot, Tagged
from tests.scenery.photo_factory import exif, m9_note, sl_note, xmp_packet

LEICA = {"Make": "Leica Camera AG"}
NAME = "Summilux-M 1:1.4/28 ASPH."
M11 = {**LEICA, "Model": "LEICA M11-P", "LensModel": NAME, "FNumber": (14, 10)}
CODED = {
    "by name": M11,
    "by code": {**LEICA, "Model": "M9 Digital Camera", "maker_note": m9_note(4 * 54 + 1), "FNumber": (14, 10)},
}
SL2 = {**LEICA, "Model": "LEICA SL2", "FNumber": (14, 10), "maker_note": sl_note(54)}
KNEW = r"the camera knew the lens \((Summilux-M 1:1.4/28 ASPH\.|six-bit code 54)\) and has compensated it"
CAMERA = ("Leica Camera AG", "LEICA M11-P")


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    reload_catalogue()
    yield
    reload_catalogue()


def photo_of(tags: dict[str, Any], folder: Path, xmp: bytes = b"", name: str = "photo.jpg") -> Path:
    """A grey photo with these tags."""
    file = io.BytesIO()
    grey = Image.fromarray(np.full((120, 180, 3), 120, np.uint8))
    grey.save(file, "JPEG", quality=95, exif=b"Exif\0\0" + exif(**tags), xmp=xmp)
    path = folder / name
    path.write_bytes(file.getvalue())
    return path


def corrected(photo: Path, choices: Choices | None = None, **preset: Any) -> Corrected:
    return correct(photo, photo.with_name("out.jpg"), replace(PLAIN, **preset), choices)


def corner(path: Path) -> float:
    return float(np.asarray(Image.open(path))[:3, :3].mean())


# By the camera ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tags", CODED.values(), ids=CODED)
def test_fall_off_that_the_camera_has_compensated_is_left(tags: dict[str, Any], tmp_path: Path) -> None:
    photo = photo_of(tags, tmp_path)
    with pytest.raises(NotCorrectedError, match=KNEW) as left:
        corrected(photo)
    assert left.value.code is Code.COMPENSATED
    assert left.value.status == "already_corrected"
    assert not (tmp_path / "out.jpg").exists()
    with pytest.raises(NotCorrectedError):
        correct(photo, tmp_path / "out.jpg", force=True)  # that is for marks
    done = corrected(photo, Choices(compensated="correct"))
    assert done.filter.made_from["corrections"] == ["vignetting"]
    assert corner(done.out) > 150
    assert corrected(photo, compensated="correct").filter.digest == done.filter.digest


def test_geometry_is_corrected_and_the_rest_is_told(tmp_path: Path) -> None:
    tags = {**M11, "LensModel": "Summicron-M 1:2/35 ASPH."}
    lens = "vm-nokton-28-1.5"  # has all three
    done = corrected(photo_of(tags, tmp_path), Choices(lens=lens, f_number=2.0))
    assert "distortion" in done.filter.made_from["corrections"]
    assert "vignetting" in done.filter.made_from["left_out"]
    assert "without fall-off: the camera knew the lens (Summicron-M 1:2/35 ASPH.)" in done.summary()
    plain = compile_filter(lens, choices=Choices(crop_factor=1.0, f_number=2.0), size=(180, 120))
    assert "vignetting" in plain.made_from["corrections"], "of no known body"


@pytest.mark.parametrize(
    "tags",
    [
        {**M11, "LensModel": "Summilux-M 28mm f/1.4 ASPH."},
        {**M11, "Model": "M6"},
        {**M11, "Make": "Sony", "Model": "ILCE-7M3"},
    ],
)
def test_other_photos_are_corrected_as_ever(tags: dict[str, Any], tmp_path: Path) -> None:
    done = corrected(photo_of(tags, tmp_path), Choices(lens="summilux-28"))
    assert done.filter.made_from["corrections"] == ["vignetting"]
    assert done.notes == ()


def test_what_was_measured_on_that_very_body_is_used(tmp_path: Path) -> None:
    photo = photo_of(M11, tmp_path)
    lens = catalogue().lens("summilux-28")

    def measured(model: str, falls: float, knew: str = "") -> None:
        setting = Setting(lens, 1.0, 28.0, f_number=1.4, make="Leica Camera AG", model=model, compensated=knew)
        add(setting, "1 flat frame", vignetting=Model("pa", (falls, 0.0, 0.0)))
        reload_catalogue()

    measured("LEICA SL2", -0.6)
    with pytest.raises(NotCorrectedError, match=KNEW):
        corrected(photo)
    measured("LEICA M11-P", -0.3)
    with pytest.raises(NotCorrectedError, match=KNEW):  # it did not know the lens then
        corrected(photo)
    measured("LEICA M11-P", -0.2, NAME)
    measured("LEICA SL2", -0.5)
    done = corrected(photo)
    assert done.filter.gains([[0.0, 0.0]])[1, 0] == pytest.approx(1 / 0.8, rel=1e-3)
    assert "LEICA SL2" not in done.filter.made_from["calibrations"]["vignetting"]["source"]
    with pytest.raises(NotCorrectedError, match=KNEW):
        corrected(photo_of({**M11, "Model": "LEICA M10"}, tmp_path, name="other.jpg"))


def test_an_adapter_is_told_and_left_to_the_user(tmp_path: Path) -> None:
    for number, model in enumerate(("LEICA SL2", "LEICA SL (Typ 601)")):
        done = corrected(photo_of({**SL2, "Model": model}, tmp_path, name=f"{number}.jpg"), Choices(lens="summilux-28"))
        assert done.filter.made_from["corrections"] == ["vignetting"]
        assert [str(note) for note in done.notes] == [
            "The camera knew the lens (six-bit code 54, MakerNote 0x0304) and may have compensated its fall-off: "
            "no source tells."
        ]


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo, out = str(photo_of(M11, tmp_path)), str(tmp_path / "out.jpg")
    assert main(["identify", photo]) == 0
    assert "Fall-off: the camera knew the lens (Summilux-M 1:1.4/28 ASPH.)" in capsys.readouterr().out
    assert main(["identify", "--json", photo]) == 0
    assert json.loads(capsys.readouterr().out)["compensated_for"] == NAME
    assert main(["correct", photo, "-o", out]) == 1
    assert "--only distortion,tca,vignetting corrects it all the same" in capsys.readouterr().err
    assert main(["correct", photo, "-o", out, "--only", "vignetting"]) == 0
    assert "corrected fall-off (published)" in capsys.readouterr().out
    assert main(["correct", photo, "-o", out, "--preset", "full-jpeg", "--only", "distortion,vignetting"]) == 0
    assert main(["correct", photo, "-o", out, "--preset", "full-jpeg"]) == 1


def test_in_a_batch(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    photo_of(M11, folder)
    left = batch([folder], tmp_path / "left", load("full-jpeg"))
    assert dict(left.counts)["skipped"] == 1
    (line,) = (json.loads(line) for line in left.report.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines())
    assert (line["reason"], line["codes"]) == ("already_corrected", ["compensated"])
    assert "`compensated` is" in left.report.read_text(encoding="utf-8")
    done = batch([folder], tmp_path / "done", replace(load("full-jpeg"), compensated="correct"))
    assert dict(done.counts)["corrected"] == 1


def test_an_editor_says_what_the_body_knew() -> None:
    session = Session(None)

    def compiled(**more: Any) -> dict[str, Any]:
        arguments = {"do": "compile", "lens": "summilux-28", "size": [180, 120], "crop_factor": 1.0, "f_number": 1.4}
        return session.answer({**arguments, **more}, lambda done: None)

    assert compiled()["made_from"]["corrections"] == ["vignetting"]
    known = {"compensated_for": NAME}
    assert compiled(**known)["left_out"]["vignetting"]["code"] == "compensated"
    assert compiled(**known, compensated="correct")["made_from"]["corrections"] == ["vignetting"]
    tags = session.answer({"do": "lens_tags", "lens": "summilux-28", **known}, lambda done: None)["tags"]
    assert tags["Xmp.sixbit.compensated"] == NAME
    own = {
        "Exif.Image.Make": CAMERA[0],
        "Exif.Image.Model": CAMERA[1],
        "Exif.Photo.LensModel": known["compensated_for"],
    }
    identity = session.answer({"do": "identify", "tags": own}, lambda done: None)
    assert identity["compensated_for"] == known["compensated_for"]
    assert identity["unmarked"] == [
        f"Fall-off: the camera knew the lens ({NAME}) and has compensated it in the picture."
    ]
    assert identity["said_unmarked"] == []
    scanned = session.answer({"do": "identify", "tags": {"Exif.Image.Software": "RawTherapee 5"}}, lambda done: None)
    assert [one["values"]["program"] for one in scanned["said_unmarked"]] == ["RawTherapee 5"]


def test_a_wrong_word_is_refused() -> None:
    with pytest.raises(CompileError, match="'keep'"):
        Choices(compensated="keep")


# By programs --------------------------------------------------------------------------------------------------------

APPLIED = {"crs_AlreadyApplied": "True"}
UNCODED = {**LEICA, "Model": "LEICA M11-P", "FNumber": (14, 10)}


@pytest.mark.parametrize(
    "marks",
    [
        {**APPLIED, "crs_LensProfileEnable": "1"},
        {"digiKam_ImageHistory": '<filter filterName="digikam:LensFunFilter"/>'},
    ],
)
def test_a_corrected_export_is_not_corrected_again(marks: dict[str, str], tmp_path: Path) -> None:
    photo = photo_of(UNCODED, tmp_path, xmp_packet(**marks))
    for lens in ("summilux-28", "summicron-35-asph"):
        with pytest.raises(NotCorrectedError) as refused:
            corrected(photo, Choices(lens=lens))
        assert refused.value.code is Code.ALREADY_CORRECTED or lens == "summilux-28"
    with pytest.raises(CalibrationError, match="corrected already"):
        check_untouched(open_frame(photo).shot)
    assert correct(photo, tmp_path / "out.jpg", choices=Choices(lens="summilux-28"), force=True).out.exists()


def test_what_was_not_done_is_corrected(tmp_path: Path) -> None:
    marks = xmp_packet(**APPLIED, crs_LensProfileEnable="1", crs_LensProfileDistortionScale="0")
    done = corrected(photo_of(UNCODED, tmp_path, marks), Choices(lens="summicron-35-asph"))
    assert done.filter.made_from["corrections"] == ["distortion"]
    assert "lateral colour, fall-off is corrected already" in str(done.notes[0])


@pytest.mark.parametrize("software", ["RawTherapee 5.10", "Capture One 23 Macintosh"])
def test_a_program_that_does_not_say_what_it_did_is_told(software: str, tmp_path: Path) -> None:
    done = corrected(photo_of({**UNCODED, "Software": software}, tmp_path), Choices(lens="summilux-28"))
    assert any(f"developed by {software} (Image Software)" in note for note in done.notes)


def test_a_sentence_is_none_without_a_lens_that_was_known() -> None:
    from sixbit.lenses.compensation import done_unmarked

    assert done_unmarked(Shot()) == ()
    assert len(done_unmarked(Shot(known_to_body=Tagged("six-bit code 1", "MakerNote LensType")))) == 1
