"""ruff, mypy and import-linter have nothing to say, and see all of the package."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sixbit

TOP = Path(__file__).parents[1]
PACKAGE = TOP / "plugin/sixbit"
IN_GIMP = PACKAGE / "editors/gimp"
"""It runs in GIMP's own Python, from a folder of its own, where ``sixbit`` is the plug-in."""
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent != IN_GIMP]

COMMANDS = {
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "types of macOS": ["-m", "mypy", "--platform", "darwin", "--cache-dir", ".mypy_cache/darwin"],
    "types of Windows": ["-m", "mypy", "--platform", "win32", "--cache-dir", ".mypy_cache/win32"],
    "imports": ["-c", "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])"],
}
"""What is asked; which import may run where stands in setup.cfg."""


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_style(command: list[str]) -> None:
    done = subprocess.run([sys.executable, *command], cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_linter_sees_every_folder() -> None:
    """It passes over a folder without ``__init__.py``, whatever is imported there."""
    assert len(MODULES) > 100
    assert not {path.parent for path in MODULES if not path.with_name("__init__.py").exists()}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_module_imports_by_the_public_names(path: Path) -> None:
    """They load modules of any layer when they are used, which import-linter does not see."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not [name for name in node.names if name.name.split(".")[0] == "sixbit"]
        elif isinstance(node, ast.ImportFrom) and node.module == "sixbit":
            assert not {name.name for name in node.names} & {*sixbit.__all__, "*"}
