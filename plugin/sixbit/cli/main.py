"""The command line: what other programs call, and photographers type."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import warnings
from types import ModuleType
from typing import NoReturn, TextIO

from sixbit.cli import FAULT, FIRST_STEPS, NAMES, OLD_NAMES, SOME_FAILED, STOPPED, UNUSABLE, complain
from sixbit.cli.door import door
from sixbit.manifest import manifest
from sixbit.values.errors import SixbitError, UserFileWarning, photo_name


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 all done, 1 some photos failed, 2 unusable arguments, 70 a mistake of Sixbit's own, 130 stopped by Ctrl+C.
    """
    words = sys.argv[1:] if arguments is None else arguments
    with door():
        try:
            status = _run(words)
            sys.stdout.flush()
            return status
        except SixbitError as error:
            from sixbit.cli.ways_out import told

            complain(told(error))
            return SOME_FAILED
        except BrokenPipeError:  # the reader went away (`sixbit lenses | head`)
            return SOME_FAILED
        except KeyboardInterrupt:
            complain("stopped")
            return STOPPED
        except MemoryError:
            complain("the memory of this computer is not enough for that")
            return SOME_FAILED
        except Exception as error:
            return _mistake(words, error)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say in one line what is wrong with the arguments: a name among them may have ends of lines in it."""
        super().error(photo_name(message))


def _run(words: list[str]) -> int:
    if "_ARGCOMPLETE" in os.environ:
        _complete()
    if not words:
        print(FIRST_STEPS)
        return UNUSABLE
    name = OLD_NAMES.get(words[0], words[0])
    if name not in NAMES:
        _without_command(words)
    command = _command(name)
    summary = command.SUMMARY
    parser = _Parser(prog=f"sixbit {name}", description=f"{summary[0].upper()}{summary[1:]}.")
    command.add_arguments(parser)
    warnings.showwarning = _say
    options = parser.parse_args(words[1:])
    status: int = command.run(options)
    return status


def _mistake(words: list[str], error: Exception) -> int:
    """Own up to a mistake of Sixbit's, in one line; a log has all that it takes to mend it."""
    import shlex

    from sixbit.faults import in_words, is_strict, logged

    if is_strict():
        raise error
    log = logged(shlex.join(["sixbit", *words]), error)
    if log:
        complain(f"Sixbit made a mistake ({type(error).__name__}). Please send the log: {photo_name(log)}")
    else:
        complain(f"Sixbit made a mistake ({in_words(error)}), and no log can be written. Please report it.")
    return FAULT


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


def _complete() -> None:
    """Answer a shell that completes a word: from the command's own parser, where there is a command already."""
    from sixbit.cli.completion import complete

    words = os.environ.get("COMP_LINE", "").split()
    parser = argparse.ArgumentParser(prog="sixbit")
    commands = parser.add_subparsers()
    for name in NAMES:
        below = commands.add_parser(name)
        if name in words[1:2]:
            _command(name).add_arguments(below)
    complete(parser)


def _without_command(words: list[str]) -> NoReturn:
    """Answer --help and --version, or say what is wrong."""
    parser = _Parser(prog="sixbit", description=f"{manifest()['summary']}.")
    parser.add_argument("--version", action="version", version=f"sixbit {manifest()['version']}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in NAMES if words != ["--version"] else ():  # the one case that needs no look at all of them
        commands.add_parser(name, help=_command(name).SUMMARY)
    parser.parse_args(words)
    parser.error("a command comes first")
