"""What can be done about every kind of trouble, on the command line and in the report of a batch."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex

import pytest

from sixbit.cli import NAMES
from sixbit.cli.batch import IN_A_BATCH
from sixbit.cli.dng import IN_A_DNG
from sixbit.cli.ways_out import WAYS_OUT, told
from sixbit.export.presets import schema
from sixbit.export.ways_out import BY_PRESET
from sixbit.values.errors import Code, CompileError, NotCorrectedError, PhotoError
from sixbit.values.sentence import Sentence
from sixbit.values.ways_out import WaysOut, way_out

TABLES = {"command line": WAYS_OUT, "sixbit batch": IN_A_BATCH, "sixbit dng": IN_A_DNG, "batch of an editor": BY_PRESET}
ARGUMENTS = {"ID": "summicron-35-asph", "N": "2.8", "MM": "35", "C": "1.5", "WxH": "900x600", "SIZE": "4G"}
"""Values for what ways out leave to the reader."""


@pytest.fixture(scope="module")
def parsers() -> dict[str, argparse.ArgumentParser]:
    found = {}
    for name in NAMES:
        found[name] = argparse.ArgumentParser(prog=f"sixbit {name}", exit_on_error=False)
        importlib.import_module(f"sixbit.cli.{name}").add_arguments(found[name])
    return found


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_way_out(code: Code, table: WaysOut) -> None:
    said = way_out(code, table, {})
    assert said.endswith(".")
    assert "{" not in said


def commands(table: WaysOut) -> list[str]:
    """What stands between backticks and begins with the name of the program."""
    return [
        words for code in table for words in re.findall(r"`sixbit ([^`]*)`", way_out(code, table, {"host": "gimp"}))
    ]


@pytest.mark.parametrize("command", sorted({*commands(WAYS_OUT), *commands(IN_A_BATCH), *commands(IN_A_DNG)}))
def test_the_commands_are_understood(command: str, parsers: dict[str, argparse.ArgumentParser]) -> None:
    name, *words = shlex.split(command)
    parsers[name].parse_args([ARGUMENTS.get(word, word) if word == "ID" else word for word in words])


def options(table: WaysOut) -> list[list[str]]:
    """Options that stand alone, with their values."""
    found = []
    for code in table:
        alone = re.sub(r"`[^`]*`", "", way_out(code, table, {}))
        for option in re.findall(r"--[a-z-]+(?: (?:[A-Z]\w*|[a-z,]+,[a-z]+|none|native))?", alone):
            name, *value = option.split()
            found.append([name, *(ARGUMENTS.get(word, word) for word in value)])
    return found


@pytest.mark.parametrize("words", [*options(WAYS_OUT), *options(IN_A_BATCH), *options(IN_A_DNG)], ids=" ".join)
def test_the_options_are_those_of_a_command(words: list[str], parsers: dict[str, argparse.ArgumentParser]) -> None:
    if words == ["--help"]:
        return
    needed = {"correct": ["a.jpg", "-o", "b.jpg"], "compile": [], "batch": ["a", "-o", "b", "--preset", "c"]}
    needed["dng"] = ["a.dng"]
    understood = []
    for name, others in needed.items():
        try:
            parsers[name].parse_args([*others, *words])
            understood.append(name)
        except (argparse.ArgumentError, SystemExit):
            continue
    assert understood, words


def test_the_fields_are_those_of_a_preset() -> None:
    named = {word for said in BY_PRESET.values() for word in re.findall(r"`(\w+)`", said)}
    assert named >= {"assumed_f_number", "lowest_grade", "scale"}
    assert named <= schema()["properties"].keys()


def test_a_batch_that_an_editor_asks_for_names_no_command() -> None:
    assert not [said for said in BY_PRESET.values() if "--" in said or "`sixbit" in said]


def test_a_lens_that_has_only_a_computed_calibration() -> None:
    only = Sentence("only a calibration that is {grades} is known", Code.GRADE, grades=("computed",))
    unknown = Sentence("no calibration is known", Code.UNCALIBRATED)
    error = NotCorrectedError(
        Sentence("nothing ({one}; {other}).", one=unknown, other=only), Code.GRADE, subject="a.jpg"
    )
    assert error.status == "uncalibrated"
    assert told(error) == (
        "a.jpg: nothing (no calibration is known; only a calibration that is computed is known). "
        "Accept it with --grades measured,published,computed."
    )


def test_a_way_out_tells_of_what_the_error_is_about() -> None:
    lens = Sentence("nothing sets it apart.", Code.NOT_REMEMBERED, lens_id="summicron-35-asph")
    assert "`sixbit tag --lens summicron-35-asph PHOTO`" in told(PhotoError(lens))
    assert "`sixbit tag --lens ID PHOTO`" in told(PhotoError("nothing sets it apart.", Code.NOT_REMEMBERED))
    assert told(CompileError(Sentence("{odd}", Code.SIZE, odd="{braces}"))) == "{braces}; say it with --size WxH"
