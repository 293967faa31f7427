"""`sixbit dng`: a correction that travels in the raw."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sixbit.cli import DONE, SOME_FAILED, UNUSABLE, complain, print_json
from sixbit.cli.arguments import add_choices, chosen
from sixbit.cli.ways_out import WAYS_OUT, told
from sixbit.values.errors import Code, PhotoError, SixbitError, photo_name
from sixbit.values.ways_out import EVERYWHERE, WaysOut

SUMMARY = "write the correction of a lens into DNGs, where raw developers find it"

IN_A_DNG: WaysOut = {
    **WAYS_OUT,
    Code.FORMAT: "Correct it when it is developed (`sixbit correct PHOTO -o OUT`).",
    Code.DAMAGED: "Get it again from where it came.",
    Code.ALREADY_CORRECTED: "`sixbit dng --list PHOTO` tells of its opcodes, and --remove takes those of Sixbit out.",
    Code.METADATA: "-o FOLDER writes a copy, for which the signature does not hold.",
    Code.ARGUMENT: "`sixbit dng --list PHOTO` tells what it holds.",
    Code.RESHAPED: EVERYWHERE[Code.RESHAPED],
}
"""The ways out for a DNG."""

_REMINDER = (
    "Lightroom and Camera Raw carry it out always, and what they export is corrected then; darktable and RawTherapee "
    "only where their lens correction is told to take what the raw says; others not (docs/raw.md)."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO|FOLDER")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-o", dest="out", type=Path, metavar="FOLDER", help="write copies that carry it")
    what.add_argument("--in-place", action="store_true", help="write it into the photos themselves")
    what.add_argument("--list", action="store_true", help="tell what opcodes there are, whose, and what they do")
    what.add_argument("--remove", action="store_true", help="take Sixbit's out again, to the byte")
    add_choices(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for each photo")


def run(options: argparse.Namespace) -> int:
    """Do what is asked with each DNG, and go on after one that is refused."""
    try:
        do = _deed(options)
    except SixbitError as error:
        complain(told(error))
        return UNUSABLE
    status, done = DONE, 0
    for photo, relative in _photos(options):
        try:
            _check_link(options, photo)
            do(photo, relative)
            done += 1
        except SixbitError as error:
            error.subject = error.subject or photo
            status = SOME_FAILED
            if options.json:
                reason = {"status": "failed", "reason": str(error.reason), "code": str(error.code)}
                print_json({"photo": str(photo), **reason})
            else:
                complain(told(error, IN_A_DNG))
    if done and (options.out or options.in_place) and not options.json:
        complain(_REMINDER)
    return status


def _photos(options: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """The photos that are named, and the DNGs in folders, each with its place below the folder."""
    from sixbit.export.batch.sources import find

    named = set(options.photos)
    found, troubles = find(options.photos, options.out or Path())
    for trouble in troubles:
        complain(trouble)
    sources = [one for one in found if one.path in named or one.path.suffix.lower() == ".dng"]
    if not sources:
        complain("no DNGs were found there")
    yield from ((one.path, one.relative) for one in sources)


def _check_link(options: argparse.Namespace, photo: Path) -> None:
    """Raise PhotoError where a file is to be changed that a link in a folder leads to, out of all that was named."""
    if options.out or options.list or photo in options.photos or not photo.is_symlink():
        return
    real = photo.resolve()
    if not any(real.is_relative_to(named.resolve()) for named in options.photos):
        raise PhotoError("is a link, which is not followed.", Code.USER_FILE, subject=photo)


def _deed(options: argparse.Namespace) -> Callable[[Path, Path], None]:
    if options.list:
        return lambda photo, _: _list(photo, options.json)
    if options.remove:
        return lambda photo, _: _remove(photo, options.json)
    choices = chosen(options)

    def write(photo: Path, relative: Path) -> None:
        from sixbit.raw.write import write_copy, write_in_place

        out = options.out and _below(options.out, relative)
        written = write_copy(photo, out, choices) if out else write_in_place(photo, choices)
        correction = written.correction
        if options.json:
            notes = list(map(str, correction.notes))
            record: dict[str, Any] = {"photo": str(photo), "status": "written", "out": str(written.out)}
            print_json({**record, "grown": written.grown, "notes": notes, "record": dict(correction.record)})
            return
        print(f"{photo_name(written.out)}: {correction.summary(IN_A_DNG)}")
        for note in correction.notes:
            complain(f"{photo_name(photo)}: {told(note, IN_A_DNG)}")

    return write


def _below(folder: Path, relative: Path) -> Path:
    """The place of a copy below the output folder. Raises PhotoError for a link in it, which is not followed."""
    out = folder / relative
    for number in range(1, len(relative.parts)):
        inner = folder.joinpath(*relative.parts[:number])
        if inner.is_symlink():
            raise PhotoError("is a link, which is not followed.", Code.USER_FILE, subject=inner)
    return out


def _list(photo: Path, as_json: bool) -> None:
    from sixbit.raw.told import told_of

    found = told_of(photo)
    if as_json:
        print_json(found.to_json())
        return
    print(photo_name(photo))
    if not found.lines:
        print("  no opcodes")
    for name in dict.fromkeys(line.list for line in found.lines):
        print(f"  {name}")
        for line in found.lines:
            if line.list == name:
                print(f"    {line.words()}")
    if found.record:
        print(f"  written for {photo_name(str(found.record.get('lens')))}")


def _remove(photo: Path, as_json: bool) -> None:
    from sixbit.raw.write import remove

    removed = remove(photo)
    if as_json:
        print_json({"photo": str(photo), "status": "removed", "exactly": removed.exactly})
        return
    if removed.exactly:
        print(f"{photo_name(photo)}: as it was before, to the byte")
    else:
        print(f"{photo_name(photo)}: another program has changed it since; its changes stay, the correction is gone")
