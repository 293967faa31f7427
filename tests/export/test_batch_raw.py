"""Raws in a batch: RawTherapee's settings for those that are no DNG, which are never written over any."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sixbit.cli.main import main
from sixbit.export import presets
from sixbit.export.batch import batch, foreseen
from sixbit.export.batch.ledger import Ledger
from sixbit.export.batch.outcome import Outcome
from sixbit.export.presets import Preset
from sixbit.values.errors import Code
from tests.scenery import batch_photos, dngs
from tests.scenery.batch_run import report

JPEG = Preset("test", "Test", "JPEG")
BESIDE = replace(JPEG, raw_settings="beside")
SETTINGS = "[LensProfile]\nLcMode=lfauto\nUseDistortion=true\nUseVignette=true\nUseCA=true\n"
KNOWN = {**batch_photos.KNOWN, "Make": "SONY", "Model": "ILCE-7M3", "FNumber": (28, 10)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    raw(tmp_path / "in/rome/a.ARW")
    (tmp_path / "in/b.DNG").write_bytes(dngs.dng())
    return tmp_path


def raw(path: Path, **tags: object) -> Path:
    """Write a raw built on TIFF, as Sony's and Nikon's are, as far as its tags are read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(batch_photos.tiff(48, 32, {**KNOWN, **tags}))
    return path


def run(folder: Path, preset: Preset = JPEG) -> dict[str, Outcome]:
    batch([folder / "in"], folder / "out", preset)
    return {one.photo.name: one for one in foreseen([folder / "in"], folder / "out", preset)}


def test_settings_go_into_the_output_folder(folder: Path) -> None:
    before = (folder / "in/rome/a.ARW").read_bytes()
    seen = run(folder)
    settings = folder / "out/rome/a.ARW.pp3"
    assert settings.read_text() == SETTINGS
    assert [path.name for path in (folder / "in").rglob("*.*")] == ["b.DNG", "a.ARW"]
    assert (folder / "in/rome/a.ARW").read_bytes() == before
    assert (seen["a.ARW"].status, seen["a.ARW"].out, seen["a.ARW"].before) == ("raw", settings, True)
    assert "RawTherapee corrects it by a.ARW.pp3" in seen["a.ARW"].message
    assert seen["a.ARW"].notes == ()
    assert seen["b.DNG"].codes == (Code.RAW,)
    told = report(folder / "out")
    assert (told["a.ARW"]["out"], told["b.DNG"]["out"]) == ("rome/a.ARW.pp3", None)
    record = Ledger(folder / "out/.sixbit/ledger.jsonl").record(str(folder / "in/rome/a.ARW"))
    assert record is not None
    assert (record["status"], record["lens"], record["out"]) == ("raw", "summicron-35-asph", "rome/a.ARW.pp3")


def test_what_is_there_is_never_replaced(folder: Path) -> None:
    """RawTherapee writes all its settings there; a batch that goes on tells so, and so does one that only foresees."""
    run(folder)
    settings = folder / "out/rome/a.ARW.pp3"
    for content in ("[Exposure]\nCompensation=1\n", ""):
        settings.write_text(content)
        assert "was there already" in run(folder)["a.ARW"].message
        assert settings.read_text() == content
    settings.unlink()
    assert "was there already" not in run(folder)["a.ARW"].message
    assert settings.read_text() == SETTINGS


@pytest.mark.parametrize("dangling", [False, True])
def test_no_link_is_followed(folder: Path, dangling: bool) -> None:
    other, settings = folder / "other.pp3", folder / "out/rome/a.ARW.pp3"
    settings.parent.mkdir(parents=True)
    settings.symlink_to(other)
    if not dangling:
        other.write_text(SETTINGS)
    assert "was there already" in run(folder)["a.ARW"].message
    assert settings.is_symlink()
    assert other.exists() != dangling


def test_a_preset_may_want_them_beside_the_raw_or_not_at_all(folder: Path) -> None:
    assert run(folder, replace(JPEG, raw_settings="none"))["a.ARW"].out is None
    assert not list(folder.rglob("*.pp3"))
    beside = folder / "in/rome/a.ARW.pp3"
    assert run(folder, BESIDE)["a.ARW"].out is None
    assert list(folder.rglob("*.pp3")) == [beside]
    assert not (folder / "out/rome").exists()
    beside.unlink()
    assert "corrects it by a.ARW.pp3" in run(folder, BESIDE)["a.ARW"].message
    assert beside.read_text() == SETTINGS, "it is missed"
    beside.write_text("mine")
    assert "was there already" in run(folder, BESIDE)["a.ARW"].message
    assert beside.read_text() == "mine"


def test_they_correct_what_the_preset_does(folder: Path) -> None:
    run(folder, presets.load("distortion-only"))
    assert (folder / "out/rome/a.ARW.pp3").read_text() == SETTINGS.replace("te=true", "te=false").replace(
        "CA=true", "CA=false"
    )


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"LensModel": "Summicron 50"}, Code.AMBIGUOUS),
        ({"LensModel": "----"}, Code.UNTAGGED),
        ({"LensModel": "Sony FE 35mm F1.8"}, Code.NOT_M),
        ({"LensModel": batch_photos.STATUSES["uncalibrated"]["LensModel"]}, Code.UNCALIBRATED),
    ],
)
def test_a_lens_that_is_not_certain_gets_none(folder: Path, tags: dict[str, object], code: Code) -> None:
    raw(folder / "in/rome/a.ARW", **tags)
    seen = run(folder)["a.ARW"]
    assert seen.status == "raw"
    assert code in seen.codes
    assert "No settings for RawTherapee" in seen.message
    assert not list(folder.rglob("*.pp3"))


def test_what_rawtherapee_will_not_find_is_told(folder: Path) -> None:
    """It reads the raw alone: neither a sidecar, nor a focal length that no adapter has told the camera."""
    photo = raw(folder / "in/rome/a.ARW", FocalLength=(0, 1))
    assert any("corrects nothing" in note for note in run(folder)["a.ARW"].notes)
    raw(photo, LensModel="----")
    assert main(["tag", "--lens", "summicron-35-asph", str(photo)]) == 0
    assert any("corrects nothing" in note for note in run(folder)["a.ARW"].notes)
    assert (folder / "out/rome/a.ARW.pp3").exists()


def test_a_folder_that_cannot_be_written_is_a_failure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "out").mkdir()
    (folder / "out/rome").write_text("a file, where a folder should be")
    words = ["batch", "--preset", "full-jpeg", "--json", str(folder / "in"), "-o", str(folder / "out")]
    assert main(words) == 1
    (told,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (told["status"], told["out"]) == ("failed", None)
