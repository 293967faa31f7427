"""`sixbit install`: Sixbit, or its lenses, where another program finds them."""

from __future__ import annotations

import argparse
import importlib
from types import ModuleType

from sixbit.cli import DONE
from sixbit.values.errors import photo_name

HOSTS = ("gimp", "darktable", "lensfun")
"""The programs it can be put into, a module of :mod:`sixbit.install` each."""

SUMMARY = "put Sixbit, or its lenses, where another program finds them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("host", choices=HOSTS)
    parser.add_argument("--computed", action="store_true", help="lensfun: calibrations of the grade `computed` too")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")


def run(options: argparse.Namespace) -> int:
    """Put Sixbit into the program, and tell what was done."""
    more = {"computed": options.computed} if options.host == "lensfun" else {}
    print("\n".join(map(photo_name, module_of(options.host).install(options.dry_run, **more))))
    return DONE


def module_of(host: str) -> ModuleType:
    """Import what puts Sixbit into a program: a module with ``install``, ``uninstall`` and ``doctor``."""
    return importlib.import_module(f"sixbit.install.{host}")
