"""Calibrations of one owner in the hands of another, and files that only look like it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lensfunpy
import pytest

from sixbit.calibration.bundle import LARGEST, read_bundle, write_bundle
from sixbit.calibration.frames import Setting
from sixbit.calibration.keep import add, export, remove, runs
from sixbit.cli.main import main
from sixbit.compiler.compile import compile_filter
from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.lenses.catalogue import catalogue, own_folder, reload_catalogue
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, CatalogueError, Code, CompileError, PhotoError
from sixbit.values.filter import Filter
from sixbit.values.known import Known
from sixbit.values.lens import Model
from sixbit.values.shot import Shot, Tagged

LENS = "summicron-35-asph"
CAST = Shading(PlaneShading((1.0, 0.0, -0.1), {(1, 0): 0.02}), PlaneShading((1.0, 0.0, 0.05)))
PA = Model("pa", (-0.9, 0.5, -0.2))
SHOT = Shot(make=Tagged("Xiaomi", "EXIF Make"), model=Tagged("2203121C", "EXIF Model"))
KNOWN = Known((0.0, 0.01, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.05, 0.1), 0.92)
DAY = datetime(2026, 1, 31, 13, 37, 42, tzinfo=UTC)


@pytest.fixture
def other_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Another owner, whose home has a name."""

    def move(name: str) -> None:
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / name))
        reload_catalogue()

    return move


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    reload_catalogue()
    yield
    reload_catalogue()


def setting(f_number: float = 2.0, lens_id: str = LENS, **more: Any) -> Setting:
    return Setting(catalogue().lenses[lens_id], 2.64, 35.0, 4 / 3, f_number, 3.0, "Xiaomi", "2203121C", **more)


def measured() -> None:
    add(setting(), "2 flat frames", vignetting=PA, shading=CAST.to_json(), date=DAY)
    add(setting(5.6), "1 flat frame", vignetting=Model("pa", (-0.4, 0.1, -0.03)), date=DAY)
    add(
        setting(),
        "6 photos with lines",
        known={"distortion": KNOWN},
        centre=(0.02, -0.01),
        distortion=Model("ptlens", (0.01, -0.03, 0.02)),
        date=DAY,
    )
    add(setting(), "edges of 1 photo", tca=Model("poly3", (1.0002, 0.9997, 0, 0, 1e-5, -1e-5)), date=DAY)


def compiled() -> Filter:
    """Without where its numbers come from: that somebody else has measured them stands there."""
    choices = Choices(crop_factor=2.64, f_number=2.8, distance_m=3.0)
    filter = compile_filter(LENS, SHOT, choices, size=(800, 600))
    assert filter.made_from["corrections"] == ["distortion", "tca", "vignetting", "shading"]
    return replace(filter, made_from={})


def test_another_owner_gets_the_same_filter(tmp_path: Path, other_home: Callable[[str], None]) -> None:
    measured()
    ours = compiled()
    assert main(["calibrate", "export", LENS, "-o", str(tmp_path / "lens.json")]) == 0
    other_home("other")
    assert runs() == ()
    assert main(["calibrate", "import", str(tmp_path / "lens.json")]) == 0
    assert compiled().digest == ours.digest
    assert len(runs()) == 4
    assert [(run.known, run.centre) for run in runs() if "distortion" in run.kinds] == [
        ({"distortion": KNOWN}, (0.02, -0.01))
    ]
    assert all(run.imported and run.origin.startswith("imported, 2026-01-31, 2203121C: ") for run in runs())
    assert (
        "imported"
        in compile_filter(LENS, SHOT, Choices(crop_factor=2.64), size=(8, 6)).made_from["calibrations"]["distortion"][
            "source"
        ]
    )
    for run in runs():
        remove(run.name)
    assert not list(own_folder().iterdir())


def test_of_many_runs_of_a_day_the_last_counts_for_another_owner_too(
    tmp_path: Path, other_home: Callable[[str], None]
) -> None:
    for number in range(1, 12):
        date = DAY.replace(second=number)
        add(setting(), "6 photos with lines", distortion=Model("poly3", (number / 1000,)), date=date)
    write_bundle(tmp_path / "lens.json", LENS)
    other_home("other")
    assert len(read_bundle(tmp_path / "lens.json")) == 11
    entry = catalogue().calibration_entries(LENS, ["distortion"], crop_factor=2.64)["distortion"]
    assert entry.lens.interpolate_distortion(35).terms[0] == pytest.approx(0.011)


def test_it_says_nothing_of_who_measured(tmp_path: Path) -> None:
    measured()
    write_bundle(tmp_path / "lens.json", LENS)
    text = (tmp_path / "lens.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert str(own_folder()) not in text
    assert os.environ["HOME"] not in text
    assert not re.search(r"\d\d:\d\d|T13", text)
    assert "name" not in json.loads(text)["runs"][0]


def test_what_you_measured_yourself_counts_beside_what_was_imported(
    tmp_path: Path, other_home: Callable[[str], None]
) -> None:
    measured()
    write_bundle(tmp_path / "lens.json", LENS)
    other_home("other")
    mine = Model("pa", (-0.1, 0.0, 0.0))
    add(setting(2.8), "1 flat frame", vignetting=mine, date=datetime(2020, 1, 1, tzinfo=UTC))
    read_bundle(tmp_path / "lens.json")
    found = compile_filter(LENS, SHOT, Choices(crop_factor=2.64, f_number=2.8, distance_m=3.0), size=(801, 601))
    assert "your own, 2020-01-01" in found.made_from["calibrations"]["vignetting"]["source"]
    add(setting(), "1 flat frame", vignetting=mine, date=datetime(2019, 1, 1, tzinfo=UTC))
    entry = catalogue().calibration_entries(LENS, ["vignetting"])["vignetting"]
    assert entry.lens.interpolate_vignetting(35, 2.0, 3.0).terms[0] == pytest.approx(-0.1)


def test_the_error_of_shading_is_passed_on(tmp_path: Path, other_home: Callable[[str], None]) -> None:
    add(setting(), "2 flat frames", shading=CAST.to_json(), known={"shading": KNOWN})
    write_bundle(tmp_path / "lens.json", LENS)
    other_home("other")
    (run,) = read_bundle(tmp_path / "lens.json")
    assert run.known == {"shading": KNOWN}


def test_programs_are_told_once_of_what_was_imported(
    tmp_path: Path, other_home: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        add(setting(2.0 + number), "1 flat frame", vignetting=Model("pa", (-0.1, 0.0, 0.0)))
    write_bundle(tmp_path / "lens.json", LENS)
    other_home("other")
    told: list[int] = []
    monkeypatch.setattr("sixbit.install.lensfun.renew", lambda: told.append(len(runs())))
    read_bundle(tmp_path / "lens.json")
    assert told == [3]


def test_what_a_body_has_left_stays_of_that_body_and_coding(tmp_path: Path, other_home: Callable[[str], None]) -> None:
    add(setting(compensated="six-bit code 39"), "1 flat frame", vignetting=Model("pa", (-0.1, 0.0, 0.0)))
    write_bundle(tmp_path / "lens.json", LENS)
    other_home("other")
    (run,) = read_bundle(tmp_path / "lens.json")
    assert (run.compensated, run.model) == ("six-bit code 39", "2203121C")
    with pytest.raises(CalibrationError, match="not there already"):
        read_bundle(tmp_path / "lens.json")
    content = json.loads((tmp_path / "lens.json").read_text())
    for change in ({"model": ""}, {"compensated": 7}, {"compensated": "a\nb"}):
        content["runs"][0] |= {"model": "2203121C", "compensated": "six-bit code 38"} | change
        (tmp_path / "wrong.json").write_text(json.dumps(content))
        with pytest.raises(CalibrationError, match="no calibration that can be taken over"):
            read_bundle(tmp_path / "wrong.json")


def test_it_is_imported_once_and_not_passed_on(tmp_path: Path, other_home: Callable[[str], None]) -> None:
    measured()
    path = tmp_path / "lens.json"
    write_bundle(path, LENS)
    with pytest.raises(CalibrationError, match="not there already"):
        read_bundle(path)
    other_home("other")
    read_bundle(path)
    with pytest.raises(CalibrationError, match="not there already") as refused:
        read_bundle(path)
    assert refused.value.code is Code.NO_RUN
    with pytest.raises(CalibrationError, match="no calibration of yours"):
        write_bundle(tmp_path / "again.json", LENS)
    with pytest.raises(CalibrationError, match="no calibration of yours"):
        export(tmp_path / "again.xml")
    assert export(tmp_path / "again.xml", complete=True) == 1
    with pytest.raises(CompileError):
        write_bundle(tmp_path / "none.json", "no-lens")


def test_it_is_known_again_whatever_wrote_its_numbers(tmp_path: Path) -> None:
    model = lens_model("distortion", "poly3", 0.012345678901234567)
    (tmp_path / "lens.json").write_text(json.dumps(bundle(shading=None, **model)))
    read_bundle(tmp_path / "lens.json")
    with pytest.raises(CalibrationError, match="not there already"):
        read_bundle(tmp_path / "lens.json")


@pytest.mark.parametrize("shading", ["red", 1, [1], {"red": 1}])
def test_a_damaged_shading_is_not_passed_on(tmp_path: Path, shading: Any) -> None:
    run = add(setting(), "2 flat frames", vignetting=PA, shading=CAST.to_json())
    run.path.write_text(json.dumps(json.loads(run.path.read_text()) | {"shading": shading}))
    reload_catalogue()
    with pytest.raises(CatalogueError, match="shading that cannot be read"):
        write_bundle(tmp_path / "lens.json", LENS)


@pytest.mark.parametrize("term", ["x", "nan", "1e999"])
def test_a_changed_term_is_not_passed_on(tmp_path: Path, term: str) -> None:
    run = add(setting(), "2 flat frames", vignetting=PA)
    run.xml.write_text(run.xml.read_text().replace('k1="-0.9"', f'k1="{term}"'))
    reload_catalogue()
    with pytest.raises(CatalogueError, match="was changed, and cannot be passed on"):
        write_bundle(tmp_path / "lens.json", LENS)


def test_a_file_for_another_owner_is_of_one_lens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured()
    assert main(["calibrate", "export", "-o", str(tmp_path / "all.json")]) == 2
    assert "of one lens" in capsys.readouterr().err
    assert not (tmp_path / "all.json").exists()


def test_lensfun_gets_an_entry_as_its_contributors_write_them(tmp_path: Path) -> None:
    add(replace(setting(), aspect_ratio=1.5, crop_factor=1.0), "1 flat frame", vignetting=PA, date=DAY)
    assert main(["calibrate", "export", LENS, "-o", str(tmp_path / "mine.xml")]) == 0
    text = (tmp_path / "mine.xml").read_text(encoding="utf-8")
    assert re.findall("<mount>(.*)</mount>", text) == ["Leica M"]
    assert "<model>Summicron-M 1:2/35 Asph.</model>" in text
    assert "<!-- Taken with 2203121C -->" in text
    assert "aspect-ratio" not in text
    (lens,) = lensfunpy.Database(paths=[str(tmp_path / "mine.xml")], load_common=False, load_bundled=False).lenses
    assert lens.interpolate_vignetting(35, 2, 3).terms == pytest.approx(PA.terms)


def bundle(**changes: Any) -> dict[str, Any]:
    run = {
        "date": "2026-01-31",
        "source": "2 flat frames",
        "grade": "measured",
        "make": "Xiaomi",
        "model": "2203121C",
        "crop_factor": 2.64,
        "aspect_ratio": 1.33,
        "focal_mm": 35,
        "f_number": 2,
        "distance_m": None,
        "models": {"vignetting": {"model": "pa", "terms": [-0.9, 0.5, -0.2]}},
        "shading": CAST.to_json(),
    }
    of_run = {name: value for name, value in changes.items() if name not in OF_BUNDLE}
    of_bundle = {name: value for name, value in changes.items() if name in OF_BUNDLE}
    whole = {"sixbit_bundle": 1, "sixbit": "0.1.0", "lens_id": LENS, "lens": "x", "runs": [run | of_run]} | of_bundle
    return {name: value for name, value in whole.items() if value is not MISSING}


OF_BUNDLE = {"sixbit_bundle", "sixbit", "lens_id", "lens", "runs", "photo"}
MISSING = object()


def lens_model(kind: str, name: str, *terms: Any) -> dict[str, Any]:
    return {"models": {kind: {"model": name, "terms": list(terms)}}}


HOSTILE: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "no JSON"),
    "binary": (b"\xff\xfe\x00", "no text"),
    "xml": (b"<lensdatabase/>", "no JSON"),
    "cut": (json.dumps(bundle())[:-9].encode(), "no JSON"),
    "list": ([bundle()], "no object"),
    "nested": (b"[" * 100_000, "nested too deeply"),
    "large": (b" " * (LARGEST + 1), "larger than"),
    "nan": (json.dumps(bundle(crop_factor=float("nan"))).encode(), "NaN is no number"),
    "infinity": (json.dumps(bundle(focal_mm=float("inf"))).encode(), "Infinity is no number"),
    "digits": (b'{"sixbit_bundle": ' + b"9" * 5000 + b"}", "digits"),
    "overflow": (json.dumps(bundle()).replace("2.64", "1e999").encode(), "crop_factor"),
    "lacks": (bundle(lens=MISSING), "lacks lens"),
    "more": (bundle(photo="/home/me/a.jpg"), "'photo', which is not known"),
    "more in a run": (bundle(serial="123"), "'serial', which is not known"),
    "other version": (bundle(sixbit_bundle=2), "another version"),
    "true for 1": (bundle(sixbit_bundle=True), "another version"),
    "unknown lens": (bundle(lens_id="own-lens"), "no lens that is known here"),
    "a path for a lens": (bundle(lens_id="../../x"), "no lens that is known here"),
    "a list for a lens": (bundle(lens_id=[LENS]), "no lens that is known here"),
    "no runs": (bundle(runs=[]), "no list of 1 to"),
    "many runs": (bundle(runs=[{}] * 201), "no list of 1 to"),
    "a run of text": (bundle(runs=["x"]), "no object"),
    "escape sequence": (bundle(source="\x1b[31mred"), "no text of one line"),
    "two lines": (bundle(model="a\nb"), "no text of one line"),
    "turned round": (bundle(source="a\u202eb"), "no text of one line"),
    "half a character": (json.dumps(bundle(source="\ud800")).encode(), "no text of one line"),
    "long text": (bundle(source="x" * 201), "no text of one line"),
    "no source": (bundle(source=" "), "is empty"),
    "date with time": (bundle(date="2026-01-31T13:37"), "not a day"),
    "no such day": (bundle(date="2026-02-31"), "day is out of range"),
    "crop factor of text": (bundle(crop_factor="1"), "`crop_factor` is '1'"),
    "crop factor of 0": (bundle(crop_factor=0), "not a number from"),
    "negative": (bundle(aspect_ratio=-1.5), "not a number from"),
    "true": (bundle(f_number=True), "not a number from"),
    "other focal length": (bundle(focal_mm=90), "no focal length of 90 mm"),
    "too wide": (bundle(f_number=0.95), "opens to f/2 at most"),
    "no f-number": (bundle(f_number=None), "of no f-number"),
    "another grade": (bundle(grade="computed"), "not one of measured, published"),
    "grade of a list": (bundle(grade=["measured"]), "not one of measured, published"),
    "no body": (bundle(model=""), "of no body"),
    "holds nothing": (bundle(models={}, shading=None), "holds nothing"),
    "error in a list": (bundle(known=[]), "`known` is not of what was measured"),
    "error of another kind": (
        bundle(known={"distortion": {"error": [0] * 11, "reach": 1}}),
        "not of what was measured",
    ),
    "error of text": (bundle(known={"vignetting": "small"}), "no `error` and `reach`"),
    "error at few radii": (bundle(known={"vignetting": {"error": [0.1], "reach": 1}}), "is not at 11 radii"),
    "error below nothing": (bundle(known={"vignetting": {"error": [-1] * 11, "reach": 1}}), "its error is -1"),
    "centre of text": (bundle(centre="middle"), "its centre is 'middle'"),
    "centre far off": (bundle(centre=[0.0, 3.0]), "its centre is"),
    "models in a list": (bundle(models=[]), "`models` is no object"),
    "unknown kind": (bundle(**lens_model("perspective", "pa", 1, 2, 3)), "no kind of correction"),
    "unknown model": (bundle(**lens_model("distortion", "acm", 1, 2, 3)), "no distortion model 'acm'"),
    "model of a list": (bundle(models={"tca": {"model": [], "terms": []}}), "no tca model"),
    "too few terms": (bundle(**lens_model("vignetting", "pa", -1)), "has not the 3 terms"),
    "terms of text": (bundle(**lens_model("vignetting", "pa", "1", 0, 0)), "not a number"),
    "folds": (bundle(**lens_model("distortion", "poly3", -0.9)), "folds the picture over"),
    "folds in the corner that is farthest from its centre": (
        bundle(f_number=None, shading=None, centre=[0.49, 0.49], **lens_model("distortion", "poly3", -0.105)),
        "folds over within the frame",
    ),
    "hardly any light": (bundle(shading=None, **lens_model("vignetting", "pa", -0.9955, 0, 0)), "reaches zero"),
    "tca folds": (bundle(**lens_model("tca", "linear", -1, 1)), "folds the picture over"),
    "no light": (bundle(**lens_model("vignetting", "pa", -2, 0, 0)), "no lens's"),
    "too much light": (bundle(**lens_model("vignetting", "pa", 9, 0, 0)), "no lens's"),
    "shading of text": (bundle(shading="red"), "no object"),
    "shading without red": (bundle(shading={"blue": {}, "landscape": True}), "lacks red"),
    "landscape of 1": (bundle(shading=CAST.to_json() | {"landscape": 1}), "neither true nor false"),
    "high power": (bundle(shading=CAST.to_json() | {"red": {"radial": [1], "surface": [[99, 0, 1]]}}), "powers"),
    "no radial": (bundle(shading=CAST.to_json() | {"red": {"radial": [], "surface": []}}), "makes no sense"),
    "long radial": (bundle(shading=CAST.to_json() | {"red": {"radial": [1] * 99, "surface": []}}), "at most 13"),
    "black": (bundle(shading=CAST.to_json() | {"red": {"radial": [1, -1], "surface": []}}), "no sensor's"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_taken_over_is_refused_in_words(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, why = HOSTILE[name]
    path = tmp_path / "lens.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    assert main(["calibrate", "import", str(path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"sixbit: {path}: ")
    assert why in said
    assert said.count("\n") == 1
    assert "\x1b" not in said
    assert not own_folder().exists() or not list(own_folder().iterdir())


def test_the_one_they_were_made_of_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "lens.json"
    path.write_text(json.dumps(bundle()))
    (run,) = read_bundle(path)
    assert run.kinds == ("vignetting", "shading")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, why in (("pipe", "no file"), ("none", "no such file"), (".", "no file")):
        with pytest.raises(CalibrationError, match=why):
            read_bundle(tmp_path / name)


def test_all_or_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sixbit.calibration import bundle as module

    path = tmp_path / "lens.json"
    runs_of = [bundle()["runs"][0], bundle(f_number=4)["runs"][0]]
    path.write_text(json.dumps(bundle(runs=[*runs_of, bundle(f_number=0.5)["runs"][0]])))
    with pytest.raises(CalibrationError, match="opens to"):
        read_bundle(path)
    assert runs() == ()
    path.write_text(json.dumps(bundle(runs=runs_of)))
    kept = []

    def until_the_disk_is_full(*said: Any, **more: Any) -> Any:
        if kept:
            raise PhotoError("the disk is full.", Code.DISK_FULL)
        kept.append(add(*said, **more))
        return kept[-1]

    monkeypatch.setattr(module, "add", until_the_disk_is_full)
    with pytest.raises(PhotoError, match="full"):
        read_bundle(path)
    assert runs() == ()
