"""`sixbit install`: Sixbit, or its lenses, where another program finds them."""

from __future__ import annotations

import argparse

from sixbit.cli import DONE

HOSTS = ("gimp", "darktable", "lensfun")

SUMMARY = "put Sixbit, or its lenses, where another program finds them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("host", choices=HOSTS)
    parser.add_argument("--computed", action="store_true", help="lensfun: calibrations of the grade `computed` too")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")


def run(options: argparse.Namespace) -> int:
    """Put it there, and tell what was done."""
    if options.host == "gimp":
        from sixbit.install.gimp import install_gimp

        done = install_gimp(options.dry_run)
    elif options.host == "darktable":
        from sixbit.install.darktable import install_darktable

        done = install_darktable(options.dry_run)
    else:
        from sixbit.install.lensfun import install_lensfun

        done = install_lensfun(options.dry_run, options.computed)
    print("\n".join(done))
    return DONE
