"""`sixbit dng` as photographers and programs call it."""

from __future__ import annotations

import json
import struct
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


def test_a_lens_is_chosen_by_its_name_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["dng", str(folder / "in"), "--in-place", "--json", "--lens"]
    assert main([*words, "Summicron-M 1:2/35 ASPH."]) == 0
    assert answers(capsys)[0]["record"]["lens_id"] == "summicron-35-asph"
    for name in ("Summicron 50", "no such lens"):
        with pytest.raises(SystemExit) as caught:
            main([*words, name])
        assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "may be summicron-50" in said
    assert "There is no lens called 'no such lens'" in said


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


LINEAR = {"colours": (), "more": {0x0115: (3, 3)}}
CAMERAS = packed([WarpRectilinear(((1.0, -0.02, 0.0, 0.0),) * 3)])
WITHOUT_VERSION = dngs.dng().replace(struct.pack("<HHI", 0xC612, 1, 4), struct.pack("<HHI", 0xC60F, 1, 4))
REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no DNG"),
    "no TIFF": (b"\xff\xd8\xff\xe0 a JPEG", "no DNG"),
    "a TIFF without DNGVersion": (WITHOUT_VERSION, "no DNG"),
    "BigTIFF": (b"II+\0\x08\0\0\0" + bytes(64), "a BigTIFF"),
    "cut": (dngs.dng()[:5000], "cannot be found"),
    "no raw": (dngs.dng(more={0x0106: (3, 2)}), "holds no raw"),
    "a pointer beyond the end": (dngs.dng(more={0x0111: (4, 1 << 30)}), "beyond its end"),
    "a camera's opcodes": (dngs.dng(more={0xC74E: (7, CAMERAS)}), "of its camera or another program already"),
    "an enhanced picture": (dngs.dng(of_first={0x00FE: (4, 16)}), "enhanced picture"),
    "three samples": (dngs.dng(**LINEAR), "mixed already"),  # type: ignore[arg-type]
    "other colours": (dngs.dng(more={0xC616: (1, (0, 1, 3))}), "other colours"),
    "a signature": (dngs.dng(of_first={0xCD41: (7, b"jumb" * 8)}), "signed (C2PA)"),
}


@pytest.mark.parametrize(("data", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_status_1_and_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, why: str
) -> None:
    photo = tmp_path / "L1000001.DNG"
    photo.write_bytes(data)
    before = photo.stat()
    assert main(["dng", str(photo), "--in-place"]) == 1
    said = capsys.readouterr().err
    assert f"{photo}: " in said
    assert why in said
    assert "Traceback" not in said
    assert photo.read_bytes() == data
    assert photo.stat().st_mtime_ns == before.st_mtime_ns
    assert [path.name for path in tmp_path.iterdir() if path.is_file() and path != photo] == []


def test_what_carries_another_correction_already_is_status_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = folder / "in/rome/a.DNG"
    assert main(["dng", str(photo), "--in-place"]) == 0
    once = photo.read_bytes()
    assert main(["dng", str(photo), "--in-place", "--aperture", "8"]) == 1
    assert main(["dng", str(photo), "-o", str(folder / "out")]) == 1
    assert "--remove takes those of Sixbit out" in capsys.readouterr().err
    assert photo.read_bytes() == once


@pytest.mark.parametrize(
    "words", [["--in-place"], ["a.dng"], ["a.dng", "--in-place", "--remove"], ["a.dng", "--in-place", "--lens", "none"]]
)
def test_what_makes_no_sense_is_status_2(words: list[str]) -> None:
    try:
        status = main(["dng", *words])
    except SystemExit as error:
        status = int(str(error.code))
    assert status == 2
