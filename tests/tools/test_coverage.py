"""The coverage table."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sixbit.lenses.catalogue import load
from sixbit.manifest import data_path
from tools import coverage


def test_the_table_in_the_readme_is_of_today() -> None:
    page = (data_path("lens_db") / "README.md").read_text(encoding="utf-8")
    assert coverage.coverage(load(data_path("lens_db"))) in page


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
    page.write_text(f"before {coverage.BEGIN} old {coverage.END} after", encoding="utf-8")
    coverage.main()
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert " old " not in text
    assert "Summilux" in text
