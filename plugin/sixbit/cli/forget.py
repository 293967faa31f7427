"""`sixbit forget`: take back what `correct --remember` keeps."""

from __future__ import annotations

import argparse
from pathlib import Path

from sixbit.cli import DONE, UNUSABLE, complain
from sixbit.cli.arguments import add_lens

SUMMARY = "take back the lenses that --remember keeps"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("photos", nargs="*", type=Path, metavar="PHOTO", help="for photos like these")
    add_lens(parser, "for this lens")
    parser.add_argument("--all", action="store_true", help="for all")


def run(options: argparse.Namespace) -> int:
    """Forget remembered lenses, and tell how many."""
    from sixbit.lenses.remembered import forget
    from sixbit.tags.read import read_shot

    if not (options.photos or options.lens or options.all):
        complain("forget takes photos, --lens LENS or --all")
        return UNUSABLE
    gone = sum(forget(read_shot(photo)) for photo in options.photos)
    if options.lens or options.all:
        gone += forget(lens_id=options.lens)
    print(f"{gone} choice{'' if gone == 1 else 's'} forgotten")
    return DONE
