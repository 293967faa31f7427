"""The user's folders, against platformdirs; and the memory."""

from __future__ import annotations

import ast
import logging
import os
from pathlib import Path

import platformdirs
import pytest

import sixbit
from sixbit import machine
from sixbit.machine import THREADS, linear_algebra_by_one, user_config, user_data
from sixbit.values.errors import Code, SixbitError
from sixbit.values.sentence import Sentence
from sixbit.values.ways_out import EVERYWHERE, with_way_out


@pytest.mark.parametrize("base", [None, "", "  ", "/somewhere/else", "~/data", "/with space/ü"])
def test_are_where_platformdirs_says(base: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        if base is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, base)
    assert user_data() == platformdirs.user_data_path("sixbit")
    assert user_config() == platformdirs.user_config_path("sixbit")


@pytest.mark.parametrize(
    "said", [None, "", "MemTotal: 8000000 kB\nMemFree: 1000000 kB\nSwapTotal: 0 kB\n", "MemTotal: ? kB\n"]
)
def test_memory_is_told_where_the_system_says_less(
    said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "meminfo")
    if said is not None:
        (tmp_path / "meminfo").write_text(said)
    found = machine.memory()
    assert 0 < found.free <= found.total <= found.with_swap


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in its folders")
def test_a_pipe_in_the_place_of_a_log_is_not_waited_for() -> None:
    logger = logging.getLogger("of a pipe")
    log = machine.start_log(logger, "own.log")
    assert log is not None
    logger.handlers[0].close()
    log.unlink()
    os.mkfifo(log)
    assert machine.start_log(logger, "own.log") is None


def test_processes_started_meanwhile_do_linear_algebra_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    for before in (None, "7"):
        monkeypatch.delenv(THREADS, raising=False) if before is None else monkeypatch.setenv(THREADS, before)
        with linear_algebra_by_one():
            assert os.environ[THREADS] == "1"
        assert os.environ.get(THREADS) == before


def test_what_is_missing_is_added_where_sixbit_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pipx keeps a program apart, with a note of itself: the pip of the shell would add a package to another Python."""
    error = SixbitError(Sentence("Plots need matplotlib.", Code.MISSING_PART, package="sixbit[plot]"))
    monkeypatch.setattr(machine.sys, "prefix", str(tmp_path))
    assert with_way_out(error, EVERYWHERE) == "Plots need matplotlib. `pip install 'sixbit[plot]'` brings it."
    (tmp_path / "pipx_metadata.json").touch()
    assert "`pipx runpip sixbit install 'sixbit[plot]'`" in with_way_out(error, EVERYWHERE)


def test_every_missing_part_names_what_brings_it() -> None:
    """Else the user reads `pip install 'NAME'`."""
    for path in Path(sixbit.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and any(ast.unparse(one) == "Code.MISSING_PART" for one in node.args):
                assert "package" in [one.arg for one in node.keywords], f"{path}:{node.lineno}"
