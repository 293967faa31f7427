"""`sixbit presets`: the export presets, Sixbit's own and the user's."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess

from sixbit.cli import DONE, SOME_FAILED, UNUSABLE, complain, print_json
from sixbit.export import presets
from sixbit.export.presets import PresetError

SUMMARY = "list, show, check, copy or edit the export presets"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listing = actions.add_parser("list", help="list them; so does no action at all")
    # Not to undo what stands before the action.
    listing.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object a line")
    show = actions.add_parser("show", help="print a preset as its file would have it, with every field")
    show.add_argument("name", metavar="NAME")
    check = actions.add_parser("check", help="tell what is wrong with presets")
    check.add_argument("files", nargs="+", metavar="FILE", help="a .json file, or the name of a preset")
    copy = actions.add_parser("copy", help="make a preset of your own from another")
    copy.add_argument("name", metavar="NAME")
    copy.add_argument("new", metavar="NEW")
    edit = actions.add_parser("edit", help="open a preset of your own in $VISUAL or $EDITOR")
    edit.add_argument("name", metavar="NAME")


def run(options: argparse.Namespace) -> int:
    """Do what is asked; a list if nothing is."""
    actions = {"show": _show, "check": _check, "copy": _copy, "edit": _edit}
    return actions.get(options.action, _list)(options)


def _list(options: argparse.Namespace) -> int:
    status = DONE
    own = presets.user_names()
    for name in presets.names():
        try:
            preset = presets.load(name)
        except PresetError as error:
            complain(str(error))
            status = SOME_FAILED
            continue
        if options.json:
            print_json({"name": name, **preset.content(), "yours": name in own})
        else:
            print(f"{name:20} {preset.label}{' (yours)' if name in own else ''}")
    return status


def _show(options: argparse.Namespace) -> int:
    print(json.dumps(presets.load(options.name).content(), indent=2, ensure_ascii=False))
    return DONE


def _check(options: argparse.Namespace) -> int:
    status = DONE
    for file in options.files:
        try:
            print(f"{presets.load(file).name}: is well")
        except PresetError as error:
            complain(str(error))
            status = SOME_FAILED
    return status


def _copy(options: argparse.Namespace) -> int:
    print(presets.save(options.new, presets.load(options.name)))
    return DONE


def _edit(options: argparse.Namespace) -> int:
    if options.name not in presets.user_names():
        hint = f"`sixbit presets copy {options.name} NEW` makes one of your own from it"
        complain(
            f"{options.name!r} is Sixbit's own preset; {hint}"
            if options.name in presets.names()
            else f"there is no preset of yours named {options.name!r}; `sixbit presets` lists them"
        )
        return UNUSABLE
    path = presets.folder() / f"{options.name}.json"
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    if not editor:
        complain(f"neither VISUAL nor EDITOR names an editor; open {path} in one, then `sixbit presets check`")
        return SOME_FAILED
    try:
        status = subprocess.run([*editor, str(path)], check=False).returncode
    except OSError as error:
        complain(f"the editor {editor[0]!r} cannot be started: {error.strerror}; set VISUAL to another")
        return SOME_FAILED
    if status:
        complain(f"the editor {editor[0]!r} ended with status {status}; see what {path} holds now")
        return SOME_FAILED
    return _check(argparse.Namespace(files=[options.name]))
