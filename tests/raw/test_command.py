"""`sixbit dng` as photographers and programs call it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sixbit.cli.main import main
from sixbit.raw.opcodes import FixVignetteRadial, WarpRectilinear, packed
from tests.scenery import dngs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inner = tmp_path / "in/rome"
    inner.mkdir(parents=True)
    (inner / "a.DNG").write_bytes(dngs.dng())
    (inner / "notes.txt").write_text("no photo")
    return tmp_path


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_folder_is_copied_with_its_correction_and_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = folder / "in/rome/a.DNG", folder / "out/rome/a.DNG"
    assert main(["dng", str(folder / "in"), "-o", str(folder / "out"), "--aperture", "5.6"]) == 0
    said = capsys.readouterr()
    assert "fall-off (measured) at f/5.6" in said.out
    assert "Lightroom" in said.err
    assert len(out.read_bytes()) > len(source.read_bytes())
    assert main(["dng", "--remove", str(folder / "out")]) == 0
    assert "to the byte" in capsys.readouterr().out
    assert out.read_bytes() == source.read_bytes()


def test_a_link_in_the_output_folder_is_not_followed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "out").mkdir()
    (folder / "out/rome").symlink_to(folder / "elsewhere")
    assert main(["dng", str(folder / "in"), "-o", str(folder / "out")]) == 1
    assert "not followed" in capsys.readouterr().err
    assert not list((folder / "elsewhere").iterdir())


@pytest.mark.parametrize("what", ["--in-place", "--remove"])
def test_a_link_out_of_a_folder_leads_to_no_change(folder: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    """One within it does, and one that is named."""
    other, link = folder / "elsewhere.dng", folder / "in/link.dng"
    other.write_bytes(dngs.dng())
    if what == "--remove":
        assert main(["dng", "--in-place", str(other)]) == 0
    before = other.read_bytes()
    link.symlink_to(other)
    main(["dng", what, str(folder / "in")])
    assert f"{link.name}: is a link" in capsys.readouterr().err
    assert other.read_bytes() == before
    assert main(["dng", what, str(link)]) == 0
    assert other.read_bytes() != before
    link.unlink()
    link.symlink_to(folder / "in/rome/a.DNG")
    main(["dng", what, str(folder / "in")])
    assert "is a link" not in capsys.readouterr().err


def test_programs_get_a_line_for_each(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "in/broken.dng").write_bytes(b"II*\0")
    assert main(["dng", str(folder / "in"), "--in-place", "--json", "--only", "distortion"]) == 1
    failed, written = answers(capsys)
    assert (failed["status"], failed["code"]) == ("failed", "damaged")
    assert (written["status"], written["record"]["corrections"]) == ("written", ["distortion"])
    assert main(["dng", str(folder / "in/rome/a.DNG"), "--list", "--json"]) == 0
    (listed,) = answers(capsys)
    assert listed["carries"]
    assert [(one["name"], one["own"]) for one in listed["opcodes"]] == [
        ("WarpRectilinear2", True),
        ("WarpRectilinear", True),
    ]
    assert main(["dng", str(folder / "in/rome/a.DNG"), "--remove", "--json"]) == 0
    assert answers(capsys)[0]["exactly"]


def test_opcodes_of_a_camera_are_told_in_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opcodes = packed([WarpRectilinear(((1.0, -0.02, 0.0, 0.0),)), FixVignetteRadial((1.0, 0.0, 0.0, 0.0, 0.0))])
    photo = folder / "t.dng"
    photo.write_bytes(dngs.dng(more={0xC74E: (7, opcodes), 0xC741: (7, b"\0\0\0\1\0\0\0\5\1\3\0\0" + bytes(8))}))
    before = photo.read_bytes()
    assert main(["dng", str(photo), "--list"]) == 0
    said = capsys.readouterr().out
    assert "WarpRectilinear (by the camera or another program): moves pixels by up to 3.6 px" in said
    assert "brightens the corners by 1.00 stops" in said
    assert "FixBadPixelsList (by the camera or another program)" in said
    assert main(["dng", str(photo), "--in-place"]) == 1
    assert "OpcodeList2: FixBadPixelsList" in capsys.readouterr().err
    assert photo.read_bytes() == before


@pytest.mark.parametrize(
    "words", [["--in-place"], ["a.dng"], ["a.dng", "--in-place", "--remove"], ["a.dng", "--in-place", "--lens", "none"]]
)
def test_what_makes_no_sense_is_status_2(words: list[str]) -> None:
    try:
        status = main(["dng", *words])
    except SystemExit as error:
        status = int(str(error.code))
    assert status == 2
