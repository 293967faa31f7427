"""Every text that is shown is in the file of each language; German lacks none."""

from __future__ import annotations

import string
import subprocess
import sys
from pathlib import Path

import polib
import pytest

from sixbit.translations import FOLDER, languages, speaking
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
        assert values(entry.msgstr) == values(entry.msgid), entry.msgid
        if any("editors/gimp" in place for place, _line in entry.occurrences):
            assert ("_" in entry.msgstr) == ("_" in entry.msgid), entry.msgid


def values(text: str) -> set[str]:
    return {f"{name}:{layout}" for _text, name, layout, _ in string.Formatter().parse(text) if name}


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
