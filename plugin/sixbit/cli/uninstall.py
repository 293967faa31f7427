"""`sixbit uninstall`: take away what `sixbit install` put there."""

from __future__ import annotations

import argparse

from sixbit.cli import DONE
from sixbit.cli.install import HOSTS, module_of
from sixbit.values.errors import photo_name

SUMMARY = "remove the files that `install` wrote into other programs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("host", choices=HOSTS)
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")


def run(options: argparse.Namespace) -> int:
    """Take Sixbit out of the program, and tell what was done."""
    print("\n".join(map(photo_name, module_of(options.host).uninstall(options.dry_run))))
    return DONE
