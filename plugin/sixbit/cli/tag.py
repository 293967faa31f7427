"""`sixbit tag`: the tags that an adapter did not write."""

from __future__ import annotations

import argparse
from pathlib import Path

from sixbit.cli import UNUSABLE, complain, for_each
from sixbit.cli.arguments import add_setting
from sixbit.cli.ways_out import told
from sixbit.values.errors import photo_name

SUMMARY = "write the tags of a lens into photos whose adapter wrote none"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    parser.add_argument("--lens", required=True, metavar="ID", help="the identity of the lens (`sixbit lenses`)")
    add_setting(parser, ("f_number", "focal_mm"))
    parser.add_argument("--backup", action="store_true", help="keep each photo as it was beside it")


def run(options: argparse.Namespace) -> int:
    """Write the tags into each photo."""
    from sixbit.lenses.catalogue import catalogue
    from sixbit.tags.write import write_lens_tags

    lens = catalogue().lenses.get(options.lens)
    if lens is None:
        complain(f"there is no lens with the identity {options.lens!r}; `sixbit lenses` lists them")
        return UNUSABLE
    if options.focal_mm and (refused := lens.out_of_reach(options.focal_mm)):
        complain(told(refused))
        return UNUSABLE

    def tag(photo: Path) -> None:
        written = write_lens_tags(
            photo, lens, f_number=options.f_number, focal_mm=options.focal_mm, backup=options.backup
        )
        print(f"{photo_name(written)}: {lens.name}")

    return for_each(options.photos, tag)
