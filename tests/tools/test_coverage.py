"""The coverage table."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sixbit.lenses.catalogue import load
from sixbit.manifest import data_path
from tests.scenery import CLONE
from tools import coverage


def test_the_tables_in_both_readmes_are_of_today() -> None:
    known = load(data_path("lens_db"))
    of_the_database = (data_path("lens_db") / "README.md").read_text(encoding="utf-8")
    assert coverage.coverage(known) in of_the_database
    assert coverage.makers(known) in of_the_database
    assert coverage.makers(known) in (CLONE / "README.md").read_text(encoding="utf-8")


def test_grades_stand_in_their_columns() -> None:
    lines = coverage.coverage(load(data_path("lens_db"))).splitlines()
    assert "| Summicron-M 1:2/35 ASPH. | 30 | measured | measured |  |" in lines
    assert "| Summilux-M 1:1.4/21 ASPH. | 47 | measured |  | published |" in lines
    assert "| Summilux-M 1:1.4/50 (II) | 5 | computed |  |  |" in lines
    assert "| TTArtisan 21mm f/1.5 ASPH |  | single |  |  |" in lines


def test_a_page_without_a_place_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("no place", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["coverage", str(page)])
    with pytest.raises(SystemExit, match="no place"):
        coverage.main()
    assert page.read_text(encoding="utf-8") == "no place"
    page.write_text("before <!-- coverage --> old <!-- /coverage --> after", encoding="utf-8")
    coverage.main()
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert " old " not in text
    assert "Summilux" in text
