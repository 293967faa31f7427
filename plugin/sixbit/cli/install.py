"""`sixbit install`: Sixbit, or its lenses, where another program finds them."""

from __future__ import annotations

import argparse
import importlib
from types import ModuleType

from sixbit.cli import DONE
from sixbit.values.errors import photo_name
from sixbit.values.kinds import TRUSTED, Grade

UNSURE = [grade for grade in Grade if grade not in TRUSTED]
HOSTS = ("gimp", "darktable", "lensfun", "gmic")
"""The programs it can be put into, a module of :mod:`sixbit.install` each."""

NEXT = {
    "gimp": "Start GIMP anew, open a photo, and choose Filters > Enhance > Leica M Lens Correction.",
    "darktable": "Start darktable anew; the panel `Leica M lens` stands beside lighttable. `sixbit install lensfun` "
    "gives darktable's own lens correction the lenses.",
    "gmic": "Start GIMP, Krita or digiKam anew, open G'MIC-Qt (in GIMP: Filters > G'MIC-Qt), and choose your lens "
    "under Leica M lenses, or type its name into the search.",
    "lensfun": "Start darktable, RawTherapee or digiKam anew; their lens correction knows the lenses now. With "
    "--computed it has those, too, of which only a calibration by a patent's prescription is known.",
}
"""What to do once it is there."""

SUMMARY = "put Sixbit, or its lenses, where another program finds them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("host", choices=HOSTS)
    for grade in UNSURE:
        parser.add_argument(f"--{grade}", action="store_true", help=f"lensfun: calibrations of the grade `{grade}` too")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")


def run(options: argparse.Namespace) -> int:
    """Put Sixbit into the program, and tell what was done."""
    asked = [grade for grade in UNSURE if getattr(options, grade)]
    more = {"unsure": asked} if options.host == "lensfun" else {}
    print("\n".join(map(photo_name, module_of(options.host).install(options.dry_run, **more))))
    if not options.dry_run:
        print(f"\n{NEXT[options.host]}")
    return DONE


def module_of(host: str) -> ModuleType:
    """Import what puts Sixbit into a program: a module with ``install``, ``uninstall`` and ``doctor``."""
    return importlib.import_module(f"sixbit.install.{host}")
