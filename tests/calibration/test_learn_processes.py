"""`sixbit learn` in its processes: killed with all of them, and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sixbit.calibration.learn import records
from sixbit.calibration.learn.pool import Processes
from sixbit.calibration.learn.survey import LeftOut
from sixbit.calibration.learn.work import Look, Measure
from sixbit.cli.main import main
from sixbit.values.errors import Code, PhotoError
from tests.scenery import archive


def test_killed_with_all_its_processes_it_goes_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    archive.save(tmp_path / "photos", 4)
    words = ["learn", str(tmp_path / "photos"), "--json"]
    process = subprocess.Popen([sys.executable, "-m", "sixbit", *words], stdout=-3, stderr=-3, start_new_session=True)
    while process.poll() is None and not list(records.folder().rglob("*.npz")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    before = {record: record.read_bytes() for record in records.folder().rglob("*.npz")}
    assert main(words) == 0
    told = capfd.readouterr().out
    assert before.items() <= {record: record.read_bytes() for record in records.folder().rglob("*.npz")}.items()
    for record in records.folder().rglob("*.npz"):
        record.unlink()
    assert main(words) == 0
    assert capfd.readouterr().out == told
    assert [json.loads(line).get("kind") for line in told.splitlines()] == ["distortion", "tca", None]


def test_a_photo_that_takes_more_memory_than_is_allowed(tmp_path: Path) -> None:
    from tests.scenery.hostile import jpeg_claiming

    path = tmp_path / "large.jpg"
    path.write_bytes(jpeg_claiming(30_000, 8_000))
    with Processes(memory=700 << 20) as processes:
        answers = dict(processes.answers([Measure(str(path), ("tca",)), Look(str(tmp_path / "none.jpg"))]))
    error = answers[Measure(str(path), ("tca",))]
    assert isinstance(error, PhotoError)
    assert error.code is Code.TOO_LARGE
    assert isinstance(answers[Look(str(tmp_path / "none.jpg"))], LeftOut)


def test_nothing_is_begun_when_it_is_stopped() -> None:
    with Processes() as processes:
        assert list(processes.answers([Look("a.jpg")] * 5, lambda: True)) == []
