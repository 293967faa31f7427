"""`sixbit serve`: Sixbit for an editor's plug-in, see ``docs/server-protocol.md``."""

from __future__ import annotations

import argparse
from pathlib import Path

from sixbit.cli import UNUSABLE, complain

SUMMARY = "answer an editor's plug-in, in lines of JSON"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--requests", type=Path, metavar="FILE", help="take them from a file, not the standard input")


def run(options: argparse.Namespace) -> int:
    """Answer until there are no more requests; the process ends with them."""
    from sixbit.editors.server.process import run

    try:
        run(options.requests)
    except OSError as error:
        complain(f"the requests cannot be read: {error}")
        return UNUSABLE
