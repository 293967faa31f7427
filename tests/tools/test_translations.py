"""Every text that is shown is in the file of each language; German lacks none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

from sixbit import translations
from sixbit.translations import FOLDER, best_of, compiled, languages, places, speaking
from sixbit.values.sentence import Sentence
from tools.translations import PACKAGE, texts

FILES = sorted(FOLDER.glob("*.po"))


def catalogue(path: Path) -> polib.POFile:
    return polib.pofile(str(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_has_the_texts_of_today(path: Path) -> None:
    """`python -m tools.translations` brings it up to date."""
    assert {entry.msgid for entry in catalogue(path)} == texts().keys()


def test_german_is_whole() -> None:
    assert not [entry.msgid for entry in catalogue(FOLDER / "de.po").untranslated_entries()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_translation_has_the_values_of_its_text(path: Path) -> None:
    for entry in catalogue(path).translated_entries():
        assert places(entry.msgstr) == places(entry.msgid), entry.msgid
        if any("editors/gimp" in place for place, _line in entry.occurrences):
            assert ("_" in entry.msgstr) == ("_" in entry.msgid), entry.msgid


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("editors/gimp/apply.py", "Correcting the lens"),
        ("editors/darktable/lib/panel.lua", "use this lens"),
        ("compiler/told.py", "no correction of it is asked for."),
        ("files/kind.py", "is empty."),
        ("values/ways_out.py", "Check its name and its folder."),
        ("values/kinds.py", "fall-off"),
        (
            "editors/page/static/index.html",
            "Find <b>straight things</b>: a façade, window frames, shelves, tiles, or a printed chessboard.",
        ),
        ("editors/page/static/index.html", "as they say"),
        ("editors/page/static/page.js", "“{file}” could not be read."),
        ("editors/page/plots.py", "light, % of the centre"),
        ("measure/overlap.py", "fitting the lens"),
    ],
)
def test_texts_are_found_wherever_they_stand(place: str, text: str) -> None:
    assert (PACKAGE / place).exists()
    assert place in texts()[text]


def test_a_language_is_begun_and_brought_up_to_date(tmp_path: Path) -> None:
    script = "import sys, pathlib, tools.translations as one\none.FOLDER = pathlib.Path(sys.argv.pop()); one.main()"
    begin = [sys.executable, "-c", script, "tlh", str(tmp_path)]
    said = subprocess.run(begin, check=True, capture_output=True, text=True).stdout
    begun = catalogue(tmp_path / "tlh.po")
    assert said == f"tlh: {len(begun)} of {len(begun)} texts are not translated\n"
    begun[0].msgstr, gone = "Hab SoSlI' Quch", begun[1].msgid
    begun[1].msgid = "a text of long ago"
    begun.save(str(tmp_path / "tlh.po"))
    subprocess.run([*begin[:3], str(tmp_path)], check=True)
    after = catalogue(tmp_path / "tlh.po")
    assert after[0].msgstr == "Hab SoSlI' Quch"
    assert after.find(gone)
    assert not after.find("a text of long ago")


def test_what_nobody_translated_stays_english() -> None:
    assert speaking("de")("a name that is in no catalogue") == "a name that is in no catalogue"
    assert speaking("tlh")("Choose another name.") == "Choose another name."
    assert {"en", "de"} <= {*languages()}


@pytest.fixture
def half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stranger's file, which no test has looked at."""
    forget = (languages.cache_clear, speaking.cache_clear, translations._catalogue.cache_clear)
    monkeypatch.setattr(translations, "FOLDER", tmp_path)
    for clear in forget:
        clear()
    yield tmp_path / "tlh.po"
    for clear in forget:
        clear()


@pytest.mark.parametrize(
    "odd",
    ["{nom} va à {lenses}.", "{name.code} {lenses}", "{name:9999999} {lenses}", "{} {lenses}", "{name", "{name!x}"],
)
def test_a_translation_with_other_places_is_not_used(half_done: Path, odd: str) -> None:
    begun = polib.POFile()
    begun.extend(
        polib.POEntry(msgid=english, msgstr=said)
        for english, said in (("{name} fits {lenses}.", odd), ("{others} or {last}", odd), ("red", "Doq"))
    )
    begun.save(str(half_done))
    fits = Sentence("{name} fits {lenses}.", name="a", lenses=("b", "c"))
    assert speaking("tlh")(fits) == "a fits b or c."
    assert speaking("tlh")("red") == "Doq"
    (binary,) = compiled().values()
    assert b"Doq" in binary
    assert odd.encode() not in binary


def test_a_translation_may_leave_a_value_out_and_is_not_used_before_it_is_sure(half_done: Path) -> None:
    begun = polib.POFile()
    begun.append(polib.POEntry(msgid="{name} fits {lenses}.", msgstr="{lenses}"))
    begun.append(polib.POEntry(msgid="red", msgstr="SuD", flags=["fuzzy"]))
    begun.append(polib.POEntry(msgid="blue", msgstr="SuD", obsolete=True))
    begun.save(str(half_done))
    assert speaking("tlh")(Sentence("{name} fits {lenses}.", name="a", lenses="b")) == "b"
    assert (speaking("tlh")("red"), speaking("tlh")("blue")) == ("red", "blue")


def test_a_language_that_has_nothing_yet_gives_way_to_the_next(half_done: Path) -> None:
    polib.POFile().save(str(half_done))
    half_done.with_stem("tlb").write_bytes(
        (Path(__file__).parents[2] / "plugin/sixbit/translations/de.po").read_bytes()
    )
    assert best_of(["tlh", "tlb"]) == "tlb"
    assert best_of(["tlh"]) == "en"


@pytest.mark.parametrize("content", [b'msgid "a"\nnonsense\n', b'msgid "a"\nmsgstr "\xff"\n', b"\0"])
def test_a_file_that_cannot_be_read_leaves_english(
    half_done: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    half_done.write_bytes(content)
    assert speaking("tlh")("red") == "red"
    assert best_of(["tlh"]) == "en"
    assert not compiled()
    assert "tlh.po" in caplog.text
