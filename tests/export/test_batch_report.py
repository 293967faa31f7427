"""The report of a batch in Chromium: wide and narrow, light and dark; the pictures stay in the tests' cache."""

from __future__ import annotations

import html
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sixbit.export import presets
from sixbit.export.batch import batch
from sixbit.export.batch.ledger import Record
from sixbit.export.batch.outcome import is_outcome
from sixbit.export.batch.plan import Task
from sixbit.export.batch.record import blank
from sixbit.values.sentence import of_parts
from tests.scenery import CLONE, batch_photos
from tests.scenery.programs import CACHE
from tests.scenery.root import BROWSER, system_root

PHOTO = CLONE / "examples" / "photo.jpg"
ODD = '<img src=x onerror="alert(1)"> it\'s \U0001f4f7.jpg'


def make_photos(folder: Path) -> None:
    """A photo of each status, one on end, one damaged, one with a wild name, and a raw."""
    folder.mkdir()
    with Image.open(PHOTO) as opened:
        wide = opened.resize((900, 600))
    for number, (status, tags) in enumerate(batch_photos.STATUSES.items()):
        # Held on end: the camera stores it lying, and says how to turn it.
        block = b"Exif\0\0" + batch_photos.exif(**tags, Orientation=8 if number == 1 else 1)
        name = ODD if status == "untagged" else f"L10000{number:02}-{status}.jpg"
        marks = {"xmp": batch_photos.MARKS} if status == "corrected" else {}
        wide.save(folder / name, quality=90, exif=block, **marks)
    whole = (folder / "L1000000-matched.jpg").read_bytes()
    (folder / "L1000020-cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "L1000021.DNG").write_bytes(b"II*\0 a raw file")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root, work = system_root(BROWSER), tmp_path_factory.mktemp("report")
    make_photos(work / "photos")
    batch([work / "photos"], work / "out", presets.load("web-jpeg"))
    command = ["unshare", "--net", sys.executable, "-m", "tests.export.batch_report", str(root.path), str(work)]
    done = subprocess.run(command, cwd=CLONE, timeout=150, capture_output=True, text=True, check=False)
    screenshots = CACHE / "screenshots"
    screenshots.mkdir(parents=True, exist_ok=True)
    for picture in work.glob("*.png"):
        shutil.copy(picture, screenshots / f"batch-report-{picture.name}")
    print(f"screenshots: {screenshots}/batch-report-*.png")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-5000:]}"
    found: dict[str, Any] = json.loads((work / "page.json").read_text())
    return found


@pytest.mark.parametrize("look", ["desktop-light", "desktop-dark", "phone-light", "phone-dark"])
def test_every_photo_is_seen(look: str, seen: dict[str, Any]) -> None:
    assert seen[look]["wide"] == 0
    assert len(seen[look]["articles"]) == 10
    assert len(seen[look]["pictures"]) == 4
    assert all(loaded and width for loaded, width, _ in seen[look]["pictures"])
    assert all(words for *_, words in seen[look]["pictures"])


def test_each_photo_that_was_not_corrected_says_why(seen: dict[str, Any]) -> None:
    told = {text.split("\n")[0]: text for text in seen["desktop-light"]["articles"]}
    for name, why in (
        ("unknown", "names no lens"),
        ("cut", "cut short"),
        ("DNG", "Correct it in darktable"),
        ("onerror", "lens"),
    ):
        (text,) = [text for text in told.values() if name in text]
        assert why in text, text


def test_one_status_alone_is_shown(seen: dict[str, Any]) -> None:
    (text,) = seen["failed alone"]
    assert "cut" in text


def test_it_asks_for_nothing_and_runs_nothing(seen: dict[str, Any]) -> None:
    assert not [address for address in seen["asked"] if not address.startswith(("file:///mnt/work/out/", "data:"))]
    assert seen["complaints"] == []


def test_the_page_speaks_the_users_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_photos(tmp_path / "photos")
    monkeypatch.setenv("LANGUAGE", "de_AT:en")
    report = batch([tmp_path / "photos"], tmp_path / "out", presets.load("web-jpeg")).report
    german = report.read_text(encoding="utf-8")
    assert '<html lang="de">' in german
    assert "Sixbit: 10 Fotos, " in german
    assert "übergangen" in german
    assert "{" not in german.partition("</style>")[2]
    # What is kept of the photos says it in any language, and to programs in English.
    lines = report.with_suffix(".jsonl").read_bytes()
    monkeypatch.setenv("LANGUAGE", "en")
    again = batch([tmp_path / "photos"], tmp_path / "out", presets.load("web-jpeg"))
    assert again.before > 5
    assert report.with_suffix(".jsonl").read_bytes() == lines
    english = report.read_text(encoding="utf-8")
    assert "Sixbit: 10 photos, " in english
    for entry in map(json.loads, lines.splitlines()):
        assert html.escape(entry["told"]) in english, entry["told"]


def test_words_of_a_foreign_ledger_put_nothing_into_the_page(tmp_path: Path) -> None:
    """A ledger is a file in which anything may stand: a template in it takes nothing of Python's."""
    good = {"template": "{name} fits {lenses}.", "values": {"name": "'a'", "lenses": ["b", "c"]}}
    assert of_parts(good) == "'a' fits b or c."
    for template in ("{name.__class__}", "{name!r}", "{name:>9999999}", "{name[0]}", "{", "{0}"):
        with pytest.raises(Exception, match=r"template|name|index|brace|encountered"):
            of_parts({"template": template, "values": {"name": "'a'"}})


@pytest.mark.parametrize(
    "odd",
    [
        {"template": "{a:f}", "values": {"a": 10**400}},
        {"template": "{a:c}", "values": {"a": 10**30}},
        {"template": "{a}", "values": {"a": [1]}},
        {"template": "{a}", "values": {"a": [["b", "c"]]}},
        {"template": "no place", "values": {"grades": [1]}},
        {"template": "{a}{a:}", "values": {"a": "twice, level after level, it grows beyond all bounds"}},
    ],
    ids=lambda odd: f"{odd}"[:40],
)
def test_a_record_whose_words_cannot_be_told_is_none(odd: Record) -> None:
    for words in (odd, {"template": "{b}", "values": {"b": odd}}, {"template": "{b}", "values": {"b": [odd]}}):
        assert not is_outcome(recorded(words))


def test_words_within_words_end_somewhere() -> None:
    """A few levels are Sixbit's own; so many that no reader follows are not."""
    words: Any = "it"
    for depth in range(400):
        words = {"template": "{a}", "values": {"a": words}}
        assert is_outcome(recorded(words)) == (depth <= 100)


def recorded(words: Any) -> Record:
    task = Task(Path("a.jpg"), "/a.jpg", "/out", "a", presets.load("web-jpeg"), "")
    return {**blank(task), "message": words}
