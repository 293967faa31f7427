"""The command line: what other programs call, and photographers type."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
import warnings
from types import ModuleType
from typing import NoReturn, TextIO

from sixbit.cli import NAMES, OLD_NAMES, SOME_FAILED, complain
from sixbit.manifest import manifest
from sixbit.values.errors import SixbitError, UserFileWarning


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 all done, 1 some photos failed, 2 unusable arguments."""
    words = sys.argv[1:] if arguments is None else arguments
    name = OLD_NAMES.get(words[0], words[0]) if words else ""
    if name not in NAMES:
        _without_command(words)
    command = _command(name)
    summary = command.SUMMARY
    parser = argparse.ArgumentParser(prog=f"sixbit {name}", description=f"{summary[0].upper()}{summary[1:]}.")
    command.add_arguments(parser)
    options = parser.parse_args(words[1:])
    for stream in (sys.stdout, sys.stderr):
        # A name of any bytes can be told to a terminal of any encoding.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.showwarning = _say
    try:
        status: int = command.run(options)
        sys.stdout.flush()
        return status
    except SixbitError as error:
        from sixbit.cli.ways_out import told

        complain(told(error))
        return SOME_FAILED
    except BrokenPipeError:
        # The reader went away (`sixbit lenses | head`); keep Python's own shutdown from complaining about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SOME_FAILED
    except KeyboardInterrupt:
        print("sixbit: stopped", file=sys.stderr)
        return 130


def _say(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Say what is worth knowing of a file of the user's in Sixbit's words, and other warnings in Python's."""
    if isinstance(message, UserFileWarning):
        from sixbit.cli.ways_out import told

        complain(told(message.error))
    else:
        (file or sys.stderr).write(warnings.formatwarning(message, category, filename, lineno, line))


def _command(name: str) -> ModuleType:
    return importlib.import_module(f"sixbit.cli.{name}")


def _without_command(words: list[str]) -> NoReturn:
    """Answer --help and --version, or say what is wrong."""
    parser = argparse.ArgumentParser(prog="sixbit", description=f"{manifest()['summary']}.")
    parser.add_argument("--version", action="version", version=f"sixbit {manifest()['version']}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in NAMES if words != ["--version"] else ():  # the one case that needs no look at all of them
        commands.add_parser(name, help=_command(name).SUMMARY)
    parser.parse_args(words)
    parser.error("a command comes first")
