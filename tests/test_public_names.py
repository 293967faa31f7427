"""The names that ``import sixbit`` offers."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import sixbit


def test_each_is_there_and_checkers_of_types_know_it() -> None:
    stub = ast.parse(Path(sixbit.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    homes = {name.asname: str(node.module) for node in imports for name in node.names}
    assert homes.keys() == set(sixbit.__all__)
    for name, home in homes.items():
        assert getattr(sixbit, name) is getattr(import_module(home), name)


def test_they_are_listed_before_they_are_loaded() -> None:
    asked = "import sixbit, sys; print(*dir(sixbit), len([one for one in sys.modules if one.startswith('sixbit.')]))"
    *listed, loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout.split()
    assert listed == sorted([*sixbit.__all__, "__version__"])
    assert loaded == "0"
