"""`sixbit completion`: what a shell needs to complete the commands, their options, lenses and presets.

A shell that completes a word starts `sixbit` itself, and is answered by argcomplete from the parsers there are.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from sixbit.cli import DONE

SUMMARY = "print what lets a shell complete `sixbit`; its first line tells where to put it"
SHELLS = {
    "bash": 'eval "$(sixbit completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(sixbit completion zsh)" in ~/.zshrc, below compinit',
    "fish": "sixbit completion fish | source in ~/.config/fish/config.fish",
}
"""The shells, and the line that switches it on, with its place."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("shell", choices=SHELLS)


def run(options: argparse.Namespace) -> int:
    """Print the shell's code."""
    from argcomplete.shell_integration import shellcode

    print(f"# {SHELLS[options.shell]}")
    print(shellcode(["sixbit"], shell=options.shell))
    return DONE


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell, which has the words in its environment; does not return."""
    from argcomplete import autocomplete
    from argcomplete.completers import FilesCompleter

    class Completer(FilesCompleter):
        def __call__(self, prefix: str, **asked: Any) -> list[str]:
            action = asked["action"]
            for option, names in NAMES_OF.items():
                if option in (*action.option_strings, action.dest):
                    return [name for name in names() if name.startswith(prefix)]
            return super().__call__(prefix, **asked)

    autocomplete(parser, default_completer=Completer())


def _lenses() -> Iterable[str]:
    from sixbit.lenses.catalogue import catalogue

    return catalogue().lenses


def _presets() -> Iterable[str]:
    from sixbit.export import presets

    return presets.names()


NAMES_OF: dict[str, Callable[[], Iterable[str]]] = {"--lens": _lenses, "of_lens": _lenses, "--preset": _presets}
"""What an argument may be, by its option or its name, where a list of its own says that."""
