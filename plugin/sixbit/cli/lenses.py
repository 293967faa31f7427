"""`sixbit lenses`: the lenses that are known."""

from __future__ import annotations

import argparse

from sixbit.cli import DONE, print_json
from sixbit.lenses.catalogue import catalogue
from sixbit.values.kinds import SPOKEN

SUMMARY = "list the lenses that are known, with their calibrations"

_UNSURE = (
    "Calibrations that are computed or single are off by default: `--grades measured,published,computed,single` uses "
    "them, in `sixbit correct`, `batch`, `compile` and `dng`, and `sixbit install lensfun --computed --single` gives "
    "them to darktable."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(options: argparse.Namespace) -> int:
    """List the lenses."""
    for lens in catalogue().lenses.values():
        if options.json:
            print_json(
                {
                    "id": lens.lens_id,
                    "code": [[known.code, known.selector] for known in lens.codes],
                    "names": [lens.name, *lens.aliases],
                    "calibrations": [
                        {"kind": known.kind, "grade": str(known.grade), "source": known.source, "own": known.own}
                        for known in lens.calibrations
                    ],
                }
            )
        else:
            print(f"{lens.lens_id:28} {lens.maker:14} {lens.name}")
            for known in lens.calibrations:
                print(f"    {SPOKEN[known.kind]}: {known.grade} ({known.source})")
    if not options.json:
        print(f"\n{_UNSURE}")
    return DONE
