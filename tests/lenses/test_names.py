"""Names: what the rules read from them, and how they do over thousands of spellings."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import lensfunpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.match import match_name
from sixbit.lenses.names import LONGEST, read_name
from sixbit.lenses.spelling import one_edit_apart
from tests.scenery.name_variants import VARIANTS, judge, variants

NAMES = Path(__file__).with_name("lens_names.csv")


def _rows() -> list[dict[str, str]]:
    with NAMES.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["name"] or "empty")
def test_names_as_cameras_tools_and_people_write_them(row: dict[str, str]) -> None:
    answer = match_name(row["name"])
    assert answer.status == row["status"], answer.evidence
    candidates = [lens.lens_id for lens in answer.candidates]
    if row["lens_id"] == "noctilux-35-1.2":
        # A name that was once written for a Noctilux before it was sold; it is a Summilux's.
        assert candidates[0] == "summilux-35-preasph"
        assert row["lens_id"] in candidates
    elif row["lens_id"]:
        assert candidates[0] == row["lens_id"]
    else:
        assert not candidates


def test_no_lens_of_another_mount_is_matched() -> None:
    """Against all names of lensfun's own database; a few Voigtländers bear one name for Sony E and for M."""
    others = {lens.model for lens in lensfunpy.Database().lenses if "Leica M" not in lens.mounts}
    assert len(others) > 1000
    matched = {name for name in others if match_name(name).candidates}
    assert {name.lower() for name in matched} <= {
        "voigtlander apo-lanthar 50mm f2 aspherical",
        "voigtlander heliar-hyper wide 10mm f5.6",
        "voigtlander super wide-heliar 15mm f/4.5 iii",
        "distagon 18mm f/4",
    }


def test_variants() -> None:
    tally = judge(catalogue(), variants(catalogue()))
    print(f"{tally.right} of {tally.total} spellings right ({tally.right / tally.total:.2%})")
    assert tally.total == VARIANTS >= 5000
    assert not tally.confident_errors
    assert tally.right / tally.total >= 0.98


@pytest.mark.parametrize(
    ("text", "focals", "f_number"),
    [
        ("Summilux-M 1:1.4/50 ASPH.", (50.0,), 1.4),
        ("Summilux 1 : 1,4 / 50 mm", (50.0,), 1.4),
        ("Summilux-M 50mm f/1.4", (50.0,), 1.4),
        ("Summilux 50 ƒ/1.4", (50.0,), 1.4),
        ("Planar T* 2/50 ZM", (50.0,), 2.0),
        ("Planar 50/2", (50.0,), 2.0),
        ("Hologon 8/15", (15.0,), 8.0),
        ("Nokton 50mmF1.0", (50.0,), 1.0),
        ("Noctilux 50 f.95", (50.0,), 0.95),
        ("Noctilux 50 0.95", (50.0,), 0.95),
        ("Elmar f=50mm 1:3.5", (50.0,), 3.5),
        ("f/2.0 35mm Biogon", (35.0,), 2.0),
        ("Tri-Elmar-M 1:4/28-35-50 ASPH.", (28.0, 35.0, 50.0), 4.0),
        ("Tri-Elmar 16-18-21mm f/4", (16.0, 18.0, 21.0), 4.0),
        ("Laowa 85mm 1:5.6 2X Ultra Macro APO", (85.0,), 5.6),
        ("Elmarit 90", (90.0,), None),
        ("Summicron-M 1:2/35 ASPH. #3912345", (35.0,), 2.0),
        ("Summicron-M 1:2/35 Asph. (11879/11882)", (35.0,), 2.0),
        ("Summilux E46 50mm f/1.4", (50.0,), 1.4),
        ("Rokkor-M", (), None),
    ],
)
def test_figures(text: str, focals: tuple[float, ...], f_number: float | None) -> None:
    name = read_name(text)
    assert (name.focals, name.f_number) == (focals, f_number)


@pytest.mark.parametrize(
    ("text", "generations"),
    [
        ("Summicron-M 1:2/50 (IV, V)", {4, 5}),
        ("Summicron-M 1:2/50 (IV/V)", {4, 5}),
        ("Summicron 35 v4", {4}),
        ("Summicron 35mm f/2 Version 2", {2}),
        ("Summicron 35mm f/2 2nd version", {2}),
        ("Nokton 35mm F1.2 Aspherical III", {3}),
        ("Nokton VM 35mm f/1.4", set()),
        ("Leica M (Typ 240)", set()),
    ],
)
def test_generations(text: str, generations: set[int]) -> None:
    assert read_name(text).generations == generations


def test_notation_tells_whether_a_word_may_be_missing() -> None:
    assert read_name("Elmarit-M 1:2.8/21").notation == "camera"
    assert read_name("Elmarit-M 21mm f/2.8").notation == "table"
    assert read_name("Leica Elmarit 21mm f2.8").notation == "free"
    assert match_name("Elmarit-M 1:2.8/21").status == "matched"
    assert [lens.lens_id for lens in match_name("Leica Elmarit 21mm f2.8").candidates] == [
        "elmarit-21",
        "elmarit-21-asph",
    ]


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("nokton", "nokto", True),
        ("nokton", "nokkton", True),
        ("nokton", "noktno", True),
        ("nokton", "noktan", True),
        ("nokton", "nokton", False),
        ("nokton", "noktano", False),
        ("elmar", "elmarit", False),
    ],
)
def test_one_edit_apart(one: str, other: str, apart: bool) -> None:
    assert one_edit_apart(one, other) is apart
    assert one_edit_apart(other, one) is apart


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read(text: str) -> None:
    read_name(text)
    match_name(text)


@pytest.mark.parametrize("unit", ["1:", "50mm ", "(IV, V) ", "a", "Summilux-M ", "1-", "/", "f", " ", "Leica M mount "])
def test_hostile_names_are_read_in_no_time(unit: str) -> None:
    start = time.process_time()
    read_name(unit * 100_000)
    assert time.process_time() - start < 0.5
    assert len(read_name(unit * 100_000).text) <= LONGEST
