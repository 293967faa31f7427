"""Who may say what, and how: flags and commands are words of the command line alone, buttons of the editors."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from sixbit.manifest import plugin_source
from sixbit.values.errors import Code

PACKAGE = plugin_source("gimp").parents[1]
COMMANDS = re.compile(r"(?<![\w-])--[a-z][a-z-]+|`sixbit\b")
"""A flag, or a command of Sixbit's as messages write it."""
BUTTONS = re.compile(r"“|\b(?:button|click|tick|press|dialog|menu)s?\b|\bwindow\b", re.IGNORECASE)
"""What is pressed, and names as editors quote them."""

OF_PROGRAMS = {
    "editors/gimp/arguments.py": "what scripts are told of the arguments of a procedure",
    "editors/gimp/sentences.py": "the way out where Sixbit itself does not start",
}
"""Where an editor names a command all the same, and why."""


def modules() -> list[str]:
    return sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def texts(module: str) -> Iterator[str]:
    """The texts of a module that somebody may read: no docstrings, and no words that are handed to a program."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    bare = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in bare)
    return (text for text in constants if isinstance(text, str) and not re.fullmatch(r"--?\w[\w-]*", text))


@pytest.mark.parametrize("module", [one for one in modules() if not one.startswith("cli/")])
def test_flags_and_commands_are_named_on_the_command_line_alone(module: str) -> None:
    found = [text for text in texts(module) if COMMANDS.search(text)]
    assert bool(found) == (module in OF_PROGRAMS), found


@pytest.mark.parametrize("module", [one for one in modules() if not one.startswith("editors/")])
def test_buttons_are_named_by_editors_alone(module: str) -> None:
    assert not [text for text in texts(module) if BUTTONS.search(text)]


def test_scripts_and_pages_of_editors_name_no_flag() -> None:
    scripts = [path for suffix in ("lua", "js", "html") for path in sorted((PACKAGE / "editors").rglob(f"*.{suffix}"))]
    assert len(scripts) > 8
    flags = re.compile(r"(?<![\w-])--(?:lens|crop|focal|aperture|only|scale|grades|force|size|remember|memory)\b")
    assert not [path for path in scripts if flags.search(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("code", Code)
def test_every_code_is_told_by_something(code: Code) -> None:
    tables = {"cli/batch.py", *(one for one in modules() if one.endswith("ways_out.py"))}
    told = re.compile(rf"Code\.{code.name}\b")
    assert any(told.search((PACKAGE / one).read_text(encoding="utf-8")) for one in modules() if one not in tables)


def test_nothing_is_made_of_the_beginning_of_a_message() -> None:
    """Programs go by an error's code and subject, never by its words."""
    prose = re.compile(
        r"str\((?:error|caught|one)\)\.(?:startswith|removeprefix|partition|split|replace)|in str\(error\)"
    )
    assert not [path for path in sorted(PACKAGE.rglob("*.py")) if prose.search(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("module", modules())
def test_docstrings_stand_alone(module: str) -> None:
    """In a tooltip, "What the command takes" tells nobody what a function does."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    told = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, documented)]
    assert not [said for said in told if said.startswith(("What ", "The same "))]
