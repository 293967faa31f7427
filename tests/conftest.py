"""What all tests share: a home of their own, so that nothing of the user's is read or written."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sixbit
from sixbit.faults import STRICT
from sixbit.lenses.catalogue import own_folder, reload_catalogue


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home if name == "HOME" else home / name.lower()))
    monkeypatch.setenv(STRICT, "1")  # a mistake of Sixbit's is seen here, not told
    yield home
    if own_folder().exists():
        reload_catalogue()  # the next test's user has not these calibrations


@pytest.fixture
def interpreter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An interpreter that has Sixbit, whatever the tests run in; what is installed leads to it."""
    python = tmp_path / "python"
    paths = os.pathsep.join([str(Path(sixbit.__file__).parents[1]), *sys.path])
    python.write_text(f'#!/bin/sh\nPYTHONPATH={json.dumps(paths)} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    return python
