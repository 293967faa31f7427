"""`sixbit compile`: a correction as a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sixbit.cli import DONE, SOME_FAILED, UNUSABLE, complain
from sixbit.cli.arguments import add_choices, chosen, size
from sixbit.values.kinds import SPOKEN

if TYPE_CHECKING:
    from sixbit.values.filter import Filter


SUMMARY = "compile a correction to a filter (JSON), to commands for G'MIC (.gmic), or all of them for G'MIC-Qt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("photo", nargs="?", type=Path, metavar="PHOTO")
    parser.add_argument("--size", type=size, metavar="WxH", help="of the picture, in pixels")
    parser.add_argument("-o", dest="out", type=Path, metavar="FILE", help="where to write it; printed otherwise")
    add_choices(parser)
    parser.add_argument("--force", action="store_true", help="take what was cropped or bent for the whole frame")
    parser.add_argument("--pack", action="store_true", help="all calibrated lenses, as filters of G'MIC-Qt")


def run(options: argparse.Namespace) -> int:
    """Compile a filter, or the pack of all lenses, and write or print it."""
    if options.pack:
        return _pack(options)
    from sixbit.cli.ways_out import WAYS_OUT, told
    from sixbit.compiler.compile import compile_filter
    from sixbit.compiler.told import left_out
    from sixbit.export.correct import placed
    from sixbit.lenses.match import lens_of
    from sixbit.tags.read import read_shot
    from sixbit.values.errors import CompileError
    from sixbit.values.shot import Shot

    if options.photo is None and not (options.lens and options.size and options.crop_factor):
        complain("compile takes a photo, or --lens LENS with --size WxH and --crop C")
        return UNUSABLE
    try:
        choices = chosen(options)
        shot = read_shot(options.photo) if options.photo else Shot()
        lens, notes = lens_of(shot, choices)
        if options.size:
            shot = shot._replace(width=options.size[0], height=options.size[1])
        place = placed(shot, force=options.force, crop_factor=choices.crop_factor)
        filter = compile_filter(lens, shot, choices, size=options.size, place=place)
        if options.out:
            _write_filter(filter, options.out, options.photo)
        else:
            print(filter.to_json())
    except CompileError as error:
        error.subject = error.subject or options.photo
        complain(told(error))
        return SOME_FAILED if options.photo else UNUSABLE
    left = [f"without {SPOKEN[kind]}: {why}" for kind, why in left_out(filter, WAYS_OUT).items()]
    for note in (*notes, *place.evidence, *left):
        complain(note)
    return DONE


def _pack(options: argparse.Namespace) -> int:
    """Write or print the pack; what says a photo or a correction has no place in it."""
    from sixbit.compiler.pack import pack
    from sixbit.files.replace import write_whole
    from sixbit.photos.save import check_target

    said = {name: value for name, value in vars(options).items() if name not in ("pack", "out", "command")}
    if any(value not in (None, False) for value in said.values()):
        complain("compile --pack takes no photo and no choices, which its filters ask for; -o FILE.gmic writes it")
        return UNUSABLE
    if options.out is None:
        print(pack())
    else:
        check_target(options.out, None)
        write_whole(options.out, pack())
    return DONE


def _write_filter(filter: Filter, out: Path, photo: Path | None) -> None:
    from sixbit.files.replace import write_whole
    from sixbit.photos.save import check_target

    check_target(out, photo)
    if out.suffix.lower() == ".gmic":
        from sixbit.engines.gmic import script

        text = script(filter)
    else:
        text = filter.to_json() + "\n"
    write_whole(out, text)
