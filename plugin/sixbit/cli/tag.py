"""`sixbit tag`: the tags that an adapter did not write."""

from __future__ import annotations

import argparse
from pathlib import Path

from sixbit.cli import UNUSABLE, complain, for_each
from sixbit.cli.arguments import add_setting, lens
from sixbit.cli.ways_out import told
from sixbit.values.errors import photo_name

SUMMARY = "write the tags of a lens into photos whose adapter wrote none"
KEPT = (
    "Each photo keeps its owner, permissions, extended attributes and hard links, as far as the system lets it, and is "
    "written whole or not at all: by a new file in its place, so that a photo that is marked as read-only is tagged, "
    "too, where the folder can be written to."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = KEPT
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    parser.add_argument(
        "--lens",
        type=lens,
        required=True,
        metavar="ID|NAME",
        help="the identity of the lens, or its name",
    )
    add_setting(parser, ("f_number", "focal_mm"))
    parser.add_argument("--backup", action="store_true", help="keep each photo as it was beside it")


def run(options: argparse.Namespace) -> int:
    """Write the tags into each photo."""
    from sixbit.lenses.catalogue import catalogue
    from sixbit.tags.write import write_lens_tags

    tagged = catalogue().lens(options.lens)
    if options.focal_mm and (refused := tagged.out_of_reach(options.focal_mm)):
        complain(told(refused))
        return UNUSABLE

    def tag(photo: Path) -> None:
        written = write_lens_tags(
            photo, tagged, f_number=options.f_number, focal_mm=options.focal_mm, backup=options.backup
        )
        print(f"{photo_name(written)}: {tagged.name}")

    return for_each(options.photos, tag)
