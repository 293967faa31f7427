"""`sixbit identify`: which lens it was, and how that is known."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sixbit.cli import complain, for_each, print_calibrations, print_json, print_match
from sixbit.cli.ways_out import way_out_of
from sixbit.lenses.match import Match, identity_record, match
from sixbit.values.errors import photo_name

SUMMARY = "tell which lens it was, and how that is known"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO|FOLDER")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(options: argparse.Namespace) -> int:
    """Tell of each photo which lens it was."""
    from sixbit.tags.read import read_shot

    def identify(photo: Path) -> None:
        shot = read_shot(photo)
        found = match(shot)
        record = identity_record(photo, shot, found)
        if options.json:
            print_json(record)
        else:
            _print_identity(record, found)

    return for_each(_photos(options.photos), identify)


def _photos(named: list[Path]) -> list[Path]:
    """The photos that are named, and those in folders."""
    if not any(path.is_dir() for path in named):  # no look for photos, where none is needed
        return named
    from sixbit.export.batch.sources import find

    found, troubles = find(named)
    for trouble in troubles:
        complain(trouble)
    if not found:
        complain("no photos were found there")
    return [source.path for source in found]


def _print_identity(record: dict[str, Any], found: Match) -> None:
    print(photo_name(record["photo"]))
    print_match(found, way_out_of(found))
    if found.lens:
        print_calibrations(found.lens)
    for sentence in record["place"]:
        print(f"  {sentence}")
    for sentence in record["unmarked"]:
        print(f"  {sentence}")
    if record["already_corrected"]:
        print(f"  corrected already: {', '.join(record['already_corrected'])}")
