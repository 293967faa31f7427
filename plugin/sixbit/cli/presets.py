"""`sixbit presets`: the export presets, Sixbit's own and the user's."""

from __future__ import annotations

import argparse
import json

from sixbit.cli import DONE, for_each, print_json
from sixbit.export import presets
from sixbit.values.errors import photo_name

SUMMARY = "list, show, check or copy the export presets"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listing = actions.add_parser("list", help="list them; so does no action at all")
    # Not to undo what stands before the action.
    listing.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object a line")
    show = actions.add_parser("show", help="print a preset as its file would have it, with every field")
    show.add_argument("name", metavar="NAME")
    check = actions.add_parser("check", help="tell what is wrong with presets")
    check.add_argument("files", nargs="+", metavar="FILE", help="a .json file, or the name of a preset")
    copy = actions.add_parser("copy", help="make a preset of your own from another; its file is told, for you to edit")
    copy.add_argument("name", metavar="NAME")
    copy.add_argument("new", metavar="NEW")


def run(options: argparse.Namespace) -> int:
    """Do what is asked; list the presets if nothing is."""
    actions = {"show": _show, "check": _check, "copy": _copy}
    return actions.get(options.action, _list)(options)


def _list(options: argparse.Namespace) -> int:
    own = presets.user_names()

    def tell(name: str) -> None:
        preset = presets.load(name)
        if options.json:
            print_json({"name": name, **preset.content(), "yours": name in own})
        else:
            print(f"{name:20} {photo_name(preset.label)}{' (yours)' if name in own else ''}")

    return for_each(presets.names(), tell)


def _show(options: argparse.Namespace) -> int:
    print(json.dumps(presets.load(options.name).content(), indent=2, ensure_ascii=False))
    return DONE


def _check(options: argparse.Namespace) -> int:
    return for_each(options.files, lambda file: print(f"{photo_name(presets.load(file).name)}: all right"))


def _copy(options: argparse.Namespace) -> int:
    print(photo_name(presets.save(options.new, presets.load(options.name))))
    return DONE
