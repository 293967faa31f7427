"""The trial of the lowest versions; the versions that are here have to pass it, too."""

from __future__ import annotations

import configparser
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.scenery import CLONE
from tools import lowest


def bounds() -> dict[str, str]:
    read = configparser.ConfigParser(interpolation=None)
    read.read(CLONE / "setup.cfg", encoding="utf-8")
    wanted = read["options"]["install_requires"]
    wanted += "".join(read["options.extras_require"][extra] for extra in lowest.EXTRAS.split(","))
    found = [
        re.fullmatch(r"([\w.-]+)>=([\w.]+)(;.*)?", line)
        for line in wanted.split("\n")
        if line[:7] not in ("", "sixbit[")
    ]
    assert all(found), "what is installed has a lower bound each"
    return {one[1]: one[2] for one in found if one}


def test_bounds_above_known_holes_are_those_that_are_told() -> None:
    page = (CLONE / "SECURITY.md").read_text(encoding="utf-8")
    told = {name.lower(): version for name, version in re.findall(r"^\| ([\w-]+) \| ([\d.]+) \|", page, re.MULTILINE)}
    assert len(told) == 6
    assert told == {name: version for name, version in bounds().items() if name in told}


def test_no_library_has_two_bounds() -> None:
    read = configparser.ConfigParser(interpolation=None)
    read.read(CLONE / "setup.cfg", encoding="utf-8")
    wanted = [read["options"]["install_requires"], *read["options.extras_require"].values()]
    names = [one[0] for line in "\n".join(wanted).split("\n") if (one := re.match(r"[\w.-]+(?=>=|\[\w+\]>=)", line))]
    assert len(names) == len({*names}) > 20


def test_what_is_tried_works_with_the_versions_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lowest.try_all(Path(sys.executable), tmp_path) == 0, capsys.readouterr().out
    made = {path.name for path in tmp_path.iterdir()}
    assert {"corrected.jpg", "corrected.tif", "corrected.png", "reference.png", "again.png", "filter.json"} <= made
    assert {"lens.png", "batch", "cluster"} <= made
    assert (tmp_path / "home" / "lensfun").is_dir()


def test_what_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lowest, "COMMANDS", "sixbit correct photo.jpg -o photo.txt")
    for name in ("CLUSTER", "PHOTOS"):
        monkeypatch.setattr(lowest, name, "pass")
    monkeypatch.setattr(lowest, "UNUSED", "no_such_module")
    assert lowest.try_all(Path(sys.executable), tmp_path) == 2
    failed = [shlex.split(line) for line in capsys.readouterr().out.splitlines() if line.startswith("FAILED")]
    assert [words[-1] for words in failed] == ["photo.txt", "import no_such_module"]
