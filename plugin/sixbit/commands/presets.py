"""`sixbit presets`: the export presets."""

from __future__ import annotations

import argparse

from sixbit.commands import DONE, print_json
from sixbit.manifest import manifest

SUMMARY = "list the export presets"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(options: argparse.Namespace) -> int:
    """List them."""
    for name, preset in manifest()["presets"].items():
        if options.json:
            print_json({"name": name, **preset})
        else:
            print(f"{name:20} {preset['label']}")
    return DONE
