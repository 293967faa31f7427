"""`sixbit uninstall`: take away what `sixbit install` put there."""

from __future__ import annotations

import argparse

from sixbit.cli import DONE
from sixbit.cli.install import HOSTS

SUMMARY = "take away again what `install` put there"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("host", choices=HOSTS)
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")


def run(options: argparse.Namespace) -> int:
    """Take it away, and tell what was done."""
    if options.host == "gimp":
        from sixbit.install.gimp import uninstall_gimp

        done = uninstall_gimp(options.dry_run)
    elif options.host == "darktable":
        from sixbit.install.darktable import uninstall_darktable

        done = uninstall_darktable(options.dry_run)
    else:
        from sixbit.install.lensfun import uninstall_lensfun

        done = uninstall_lensfun(options.dry_run)
    print("\n".join(done))
    return DONE
