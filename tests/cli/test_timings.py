"""`sixbit correct --timings` says where the time went."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from sixbit.cli.main import main
from tests.scenery import PHOTO


def test_timings_name_every_step_and_add_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = time.perf_counter()
    assert main(["correct", str(PHOTO), "-o", str(tmp_path / "out.jpg"), "--timings"]) == 0
    taken = 1000 * (time.perf_counter() - start)
    laps = _laps(capsys.readouterr().err)
    steps = ["tags", "database", "decode", "compile", "correct", "finish", "encode and metadata"]
    assert list(laps) == ["start-up", *steps]
    assert sum(laps[step] for step in steps) <= taken + len(steps)
    assert sum(laps[step] for step in steps) > taken / 4


def test_nothing_is_said_of_time_unless_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["correct", str(PHOTO), "-o", str(tmp_path / "out.jpg")]) == 0
    assert " ms " not in capsys.readouterr().err


def _laps(said: str) -> dict[str, int]:
    return {step: int(ms) for ms, step in re.findall(r"^ *(\d+) ms  (.+)$", said, re.MULTILINE)}
