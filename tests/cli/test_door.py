"""What stands in photos, names, arguments and the words of libraries writes to no terminal, whatever the command."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from tqdm import tqdm

from sixbit.cli.door import Door, for_bars
from sixbit.cli.main import main
from tests.scenery import PHOTO
from tests.scenery.photo_factory import exif, jpeg

ODD = "a\x1b[2J\x07\x9b31m\u202e\u2028\nb\udcff"
"""Escape, bell, a control sequence of Latin-1, right to left, two ends of lines, a byte that is no text."""
LENS = ["--lens", "summicron-35-asph"]
FULL = Path("/dev/full")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    folder = tmp_path / ODD
    folder.mkdir()
    return Path(shutil.copy(PHOTO, folder / f"{ODD}.jpg"))


Said = Callable[..., str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """All that a command writes, whether it does its work or not; of the ends of lines none is that of a name."""

    def run(*words: object) -> str:
        try:
            status: object = main(list(map(str, words)))
        except SystemExit as stopped:
            status = stopped.code
        assert status in (0, 1, 2)
        text = "".join(capsys.readouterr())
        assert text
        assert all(character == "\n" or character.isprintable() for character in text), ascii(text)
        assert not any(line.startswith("b\\udcff") for line in text.split("\n")), ascii(text)
        return text

    return run


def test_an_odd_name_is_told_in_one_line(photo: Path, said: Said) -> None:
    out = photo.with_name("out.jpg")
    broken = photo.with_name(f"broken {photo.name}")
    broken.write_bytes(photo.read_bytes()[:3000])
    found = json.loads(said("identify", "--json", photo))
    assert found["photo"] == str(photo)
    assert "Summicron" in said("identify", photo, broken)
    assert "corrected" in said("correct", photo, "-o", out, *LENS, "--timings")
    assert "cut" in said("correct", broken, "-o", out)
    assert "Summicron" in said("tag", photo, broken, *LENS)
    assert '"lens_id": "summicron-35-asph"' in said("compile", photo)
    assert "folder" in said("compile", photo, "-o", photo.parent / ODD / "no.gmic")
    assert "cut short" in said("calibrate", "lines", photo, broken, "--dry-run", *LENS)
    assert "no such file" in said("presets", "check", photo.with_name(f"{ODD}.json"))
    assert "There is no preset" in said("presets", "show", ODD)


def test_an_odd_name_in_a_batch_is_told_in_one_line(photo: Path, tmp_path: Path, said: Said) -> None:
    photo.with_name(f"broken {photo.name}").write_bytes(photo.read_bytes()[:3000])
    batch = ("batch", "--preset", "web-jpeg", photo.parent, "-o", tmp_path / f"out {ODD}")
    assert "→" in said(*batch, "--dry-run")
    assert "report:" in said(*batch)
    lines = (tmp_path / f"out {ODD}" / "sixbit-report.jsonl").read_text().split("\n")
    assert all(line.isprintable() for line in lines)
    assert {json.loads(line)["photo"] for line in lines if line} == set(map(str, photo.parent.iterdir()))


@pytest.mark.parametrize("words", [[ODD], ["lens", ODD], ["lens", "x", ODD, f"--{ODD}"], ["batch", "--memory", ODD]])
def test_an_odd_argument_is_told_in_one_line(words: list[str], said: Said) -> None:
    said(*words)


def test_a_photo_writes_to_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A TIFF says in a text of its own how its colours are stored, a PNG what its texts are called."""
    photo = tmp_path / "a.tif"
    tifffile.imwrite(photo, np.zeros((8, 8, 3), np.uint8), photometric="rgb", metadata=None)
    with tifffile.TiffFile(photo, mode="r+b") as file:
        file.pages.first.tags["PhotometricInterpretation"].overwrite(
            "\x1b]0;owned\x07\x1b[31mFAKE\nb.jpg: done", dtype="s"
        )
    assert main(["correct", str(photo), "-o", str(tmp_path / "out.jpg"), *LENS]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "\\u001b]0;owned\\u0007\\u001b[31mFAKE\\nb.jpg: done" in line


def test_json_stays_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is escaped in it is so in its own notation; other letters stay what they are."""
    photo = tmp_path / "é\x7f\x9b\u202e\U000e0041.jpg"
    photo.write_bytes(jpeg(exif(Make="Leica")))
    assert main(["identify", "--json", str(photo)]) == 0
    told = capsys.readouterr().out
    assert told[:-1].isprintable()
    assert "é\\u007f\\u009b\\u202e\\udb40\\udc41.jpg" in told
    assert json.loads(told)["photo"] == str(photo)


def test_the_streams_are_what_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    main(["lens", "\x1b"])
    assert (sys.stdout, sys.stderr) == before
    assert "\x1b" not in capsys.readouterr().out


def test_a_bar_goes_back_to_the_beginning_of_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", Door(screen))
    bars = for_bars()
    with tqdm(total=2, file=bars, mininterval=0) as bar:
        bar.set_description("reading a\r\x1b[2J.jpg")
        bar.update()
        tqdm.write("\x9b31m said between", file=bars)
    text = screen.getvalue()
    assert text.count("\r") > 2
    assert "reading a\\r\\u001b[2J.jpg:  50%" in text
    # The bar was taken off the line before, and not written behind.
    assert "\r\\u009b31m said between\n" in text
    assert all(line.isprintable() for line in text.replace("\r", "\n").split("\n"))


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_an_answer_that_cannot_be_written_is_no_mistake() -> None:
    command = [sys.executable, "-m", "sixbit", "lenses"]
    with FULL.open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("sixbit: The answer cannot be written to where it should go: No space left")
    assert done.stderr.count("\n") == 1


def test_no_stream_at_all_is_no_mistake() -> None:
    closed = 'exec "$0" -m sixbit lens Summicron >&- 2>&-'
    assert subprocess.run(["sh", "-c", closed, sys.executable], check=False).returncode == 0
