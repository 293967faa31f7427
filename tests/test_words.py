"""Who may say what, and how: flags and commands are words of the command line alone, buttons of the editors."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from sixbit.manifest import plugin_source
from sixbit.values.errors import Code
from tools.translations import _errors as of_errors

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


PROGRAMMERS = {
    "ArgumentError": "what a program asks of the server, or of a function",
    "EngineError": "pixels that a program gives to an engine",
    "FilterError": "a filter that a program wrote",
}
"""Errors whose reasons are for whoever writes a program, not for a photographer, and what they are about."""
SENTENCES = {"Sentence", "all_of", "in_a_row", "too_wide", "out_of_reach"}
"""What gives a sentence."""
OTHERWISE = {
    "calibration/bundle.py": {"wrong": "sentences of the lens, in a loop"},
    "compiler/compile.py": {"place.refused": "a sentence of lenses/place.py"},
    "editors/server/pictures.py": {"self.transfer.reason": "the reason of another error"},
    "export/batch/work.py": {
        "f'{first.reason} {chosen}, which was chosen for such photos, is none of them.'": "for the report",
        "f'cannot be copied: {error.strerror}.'": "for the report",
    },
    "export/correct.py": {"place.refused": "a sentence of lenses/place.py"},
    "install/placed.py": {"error.reason": "the reason of another error"},
}
"""Reasons that are no sentence where the error is made, by module, and what they are."""


@pytest.mark.parametrize("module", [one for one in modules() if not one.startswith(("editors/page", "editors/darkt"))])
def test_a_reason_can_be_said_in_another_language(module: str) -> None:
    """It is a fixed text, or a sentence with its template: an f-string has forgotten what it was made of."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    found = {ast.unparse(reason) for reason in reasons(tree) if not is_sayable(reason)}
    assert found <= OTHERWISE.get(module, {}).keys()


def reasons(tree: ast.Module) -> Iterator[ast.expr]:
    """The reasons of the errors that a module makes; of a variable, all that the function sets it to."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            reason = node.args[0]
            if node.func.id not in of_errors() - PROGRAMMERS.keys():
                continue
            around = [one for one in functions if one.lineno <= node.lineno <= (one.end_lineno or 0)]
            values = set_to(reason, around[-1] if around else tree) or set_to(reason, tree)
            yield from values or [reason]


def set_to(variable: ast.expr, scope: ast.AST) -> list[ast.expr]:
    assigned = [node for node in ast.walk(scope) if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr)]
    targets = [(one.targets[0] if isinstance(one, ast.Assign) else one.target, one.value) for one in assigned]
    return [value for target, value in targets if value and ast.unparse(target) == ast.unparse(variable)]


def is_sayable(reason: ast.expr) -> bool:
    if isinstance(reason, ast.IfExp):
        return is_sayable(reason.body) and is_sayable(reason.orelse)
    if isinstance(reason, ast.Call):
        return ast.unparse(reason.func).rpartition(".")[2] in SENTENCES
    return isinstance(reason, ast.Constant) and isinstance(reason.value, str)
