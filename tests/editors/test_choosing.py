"""What an editor asks the server about a lens that somebody chooses, and about calibrations that are off by default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sixbit.editors.server.session import Session
from sixbit.install import lensfun
from sixbit.values.errors import ArgumentError
from tests.scenery.photo_factory import exif

M10 = {"Make": "LEICA CAMERA AG", "Model": "LEICA M10"}
SONY = {"Make": "SONY", "Model": "ILCE-7M3"}
SUMMICRON = {**M10, "LensModel": "Summicron-M 1:2/35 ASPH.", "FocalLength": (35, 1), "FNumber": (40, 10)}
ONLY_COMPUTED = "summilux-50-ii"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def ask(do: str, **more: Any) -> dict[str, Any]:
    return Session(None).answer({"do": do, **more}, lambda share: None)


def photo(folder: Path, **tags: Any) -> str:
    path = folder / "L1000001.jpg"
    Image.new("RGB", (60, 40)).save(path, exif=b"Exif\0\0" + exif(**tags))
    return str(path)


def against(path: str, lens: str) -> list[str]:
    said: list[str] = ask("identify", photo=path, lens=lens)["against"]
    return said


def test_what_a_photo_says_against_a_lens(tmp_path: Path) -> None:
    named = photo(tmp_path, **SUMMICRON)
    assert against(named, "summicron-35-asph") == []
    other = against(named, "apo-summicron-75")
    assert other == [
        "'Summicron-M 1:2/35 ASPH.' (EXIF LensModel) fits Summicron-M 1:2/35 ASPH.",
        "The photo says 35 mm (EXIF FocalLength), which no APO-Summicron-M 1:2/75 ASPH. has.",
    ]
    assert len(ask("identify", photo=named, lens="apo-summicron-75")["said_against"]) == 2
    assert "against" not in ask("identify", photo=named)


@pytest.mark.parametrize(
    ("tags", "lens", "words"),
    [
        ({**M10, "LensModel": "----", "FocalLength": (28, 1)}, "summaron-35-2.8", "28 mm"),
        ({**SONY, "LensModel": "----", "FNumber": (14, 10)}, "summaron-35-2.8", "wider than"),
        ({**SONY, "LensModel": "FE 35mm F1.8"}, "summaron-35-2.8", "names no M lens"),
        ({**M10, "LensModel": "Something 1:9/33"}, "summaron-35-2.8", ""),
        ({"Make": "Xiaomi", "Model": "Xiaomi 12S Ultra", "FocalLength": (87, 10)}, "summaron-35-2.8", ""),
        ({}, "summaron-35-2.8", ""),
    ],
)
def test_names_figures_and_phones(tags: dict[str, Any], lens: str, words: str, tmp_path: Path) -> None:
    said = " ".join(against(photo(tmp_path, **tags), lens))
    assert words in said
    assert bool(said) == bool(words)


def test_a_photo_tells_its_own_tags_and_a_choice_is_forgotten(tmp_path: Path) -> None:
    path = photo(tmp_path, **SUMMICRON)
    ask("remember", photo=path, lens="apo-summicron-75")
    chosen = ask("identify", photo=path)
    assert (chosen["lens"], chosen["remembered"]) == ("apo-summicron-75", True)
    assert ask("forget", photo=path) == {"forgotten": 1}
    found = ask("identify", photo=path)
    assert (found["lens"], found["remembered"]) == ("summicron-35-asph", False)
    own = {"lens": "Summicron-M 1:2/35 ASPH.", "focal_mm": 35.0, "f_number": 4.0, "distance_m": None}
    assert chosen["tags"] == found["tags"] == own
    assert ask("forget", photo=path) == {"forgotten": 0}


def test_calibrations_that_are_off_are_told_and_installed(home: Path) -> None:
    answer = ask("lenses")
    known = {lens["id"]: lens for lens in answer["lenses"]}
    assert known[ONLY_COMPUTED]["unsure"] == {"grade": "computed", "lensfun": "Summilux-M 1:1.4/50 (II) computed"}
    assert known["vm-nokton-35-1.4"]["unsure"]["grade"] == "single"
    assert known["summicron-35-asph"]["unsure"] is None
    assert known["elmarit-21"]["unsure"] is None
    assert answer["installed"] == []
    ask("install_lensfun", grade="computed")
    assert ask("lenses")["installed"] == ["computed"]
    ask("install_lensfun", grade="single")
    assert set(ask("lenses")["installed"]) == {"computed", "single"}
    assert (home / ".local/share/lensfun/sixbit-computed.xml").is_file()
    lensfun.uninstall()
    assert ask("lenses")["installed"] == []


@pytest.mark.parametrize("grade", ["measured", "guessed", 3, None])
def test_a_grade_that_makes_no_sense_is_refused(grade: object) -> None:
    with pytest.raises(ArgumentError):
        ask("install_lensfun", grade=grade)


def test_a_library_is_asked_for_rightly(tmp_path: Path) -> None:
    library = str(tmp_path / "library.db")
    assert ask("lens_module", library=library, images=[1], photos=["a.jpg"])["modules"][0]["on"] is None
    for wrong in ({"images": [1], "photos": []}, {"images": ["1"], "photos": ["a.jpg"]}, {"images": 1, "photos": []}):
        with pytest.raises(ArgumentError):
            ask("lens_module", library=library, **wrong)
