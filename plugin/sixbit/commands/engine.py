"""`sixbit engine`: Sixbit for an editor's plug-in, see ``docs/engine-protocol.md``."""

from __future__ import annotations

import argparse

SUMMARY = "answer an editor's plug-in, in lines of JSON"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    # It takes none.


def run(_options: argparse.Namespace) -> int:
    """Answer until there are no more requests; the process ends with them."""
    from sixbit.hosts.engine import run

    run()
