"""A mistake of Sixbit's own: one line, an exit status of its own, and a log that can be sent."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

import sixbit.cli.lens
import sixbit.export.batch.work
from sixbit.cli.main import main
from sixbit.export import presets
from sixbit.export.batch.plan import Task
from sixbit.export.batch.work import export
from sixbit.faults import STRICT
from sixbit.manifest import manifest
from sixbit.values.errors import Code
from tests.scenery import PHOTO


def fail(*arguments: object, **more: object) -> None:
    raise TypeError("not \x1b[2J that\x9b for tcp://me:secret@host")


@pytest.fixture(autouse=True)
def _told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STRICT)
    monkeypatch.setattr(sixbit.cli.lens, "match_name", fail)
    monkeypatch.setattr(sixbit.export.batch.work, "correct", fail)


def test_a_mistake_is_one_line_and_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["lens", "Summicron \x1b[2J\udcff", "two\nlines"]
    assert main(words) == 70
    out, err = capsys.readouterr()
    assert out == ""
    begin, _, name = err.removesuffix("\n").partition(". Please send the log: ")
    assert begin == "sixbit: Sixbit made a mistake (TypeError)"
    log = Path(name)
    assert log.is_relative_to(os.environ["XDG_STATE_HOME"])
    told = log.read_text()
    assert all(line.isprintable() for line in told.split("\n"))
    assert shlex.join(["sixbit", "lens"]) + " 'Summicron \\u001b[2J\\udcff' 'two\nlines'" in told
    assert f"sixbit {manifest()['version']}, Python 3." in told
    assert ", numpy " in told
    assert "Traceback" in told
    assert "in fail" in told
    assert "TypeError: not \\u001b[2J that\\u009b for tcp://…@host" in told
    assert "secret" not in told


def test_the_log_does_not_grow_for_ever(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sixbit.machine.LOG_BYTES", 4000)
    for _ in range(12):
        assert main(["lens", "x"]) == 70
    log = Path(capsys.readouterr().err.rsplit("log: ")[-1].strip())
    assert sorted(path.name for path in log.parent.iterdir()) == ["sixbit.log", "sixbit.log.1"]
    assert sum(path.stat().st_size for path in log.parent.iterdir()) < 12_000


def test_a_mistake_without_a_log_tells_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Path(os.environ["XDG_STATE_HOME"]).write_text("no folder")
    assert main(["lens", "x"]) == 70
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "mistake (TypeError: not \\u001b[2J that\\u009b for" in err
    assert err.endswith("no log can be written. Please report it.\n")


def test_who_has_no_home_has_no_log(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As the user of a container has none, whom no file knows."""

    def no_home(*arguments: object) -> None:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_log_path", no_home)
    assert main(["lens", "x"]) == 70
    assert capsys.readouterr().err.endswith("no log can be written. Please report it.\n")


def test_a_mistake_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STRICT, "1")
    with pytest.raises(TypeError, match="that"):
        main(["lens", "x"])


def test_what_is_no_mistake_has_the_status_that_it_had(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, status, said in (
        (MemoryError(), 1, "memory"),
        (KeyboardInterrupt(), 130, "stopped"),
        (BrokenPipeError(), 1, ""),
    ):

        def stop(name: str, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(sixbit.cli.lens, "match_name", stop)
        assert main(["lens", "x"]) == status
        err = capsys.readouterr().err
        assert said in err
        assert "mistake" not in err


def test_a_batch_names_the_log(tmp_path: Path) -> None:
    preset = presets.load("web-jpeg")
    record = export(Task(PHOTO, str(PHOTO), str(tmp_path), "a", preset, ""))
    assert record["codes"] == [Code.FAULT]
    assert record["message"].isprintable()
    begin, _, rest = record["message"].partition("; ")
    assert begin.startswith("Sixbit made a mistake (TypeError: not \\u001b[2J")
    told = Path(rest.removesuffix(" says more.")).read_text()
    assert f"exporting {PHOTO} by the preset web-jpeg" in told
    assert "in fail" in told
