"""`sixbit correct`: the main job."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.cli import DONE, UNUSABLE, complain, progress_bar
from sixbit.cli.arguments import add_choices, add_large, chosen
from sixbit.manifest import manifest
from sixbit.values.errors import photo_name
from sixbit.values.watch import Progress, Watch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.export.presets import Preset

SUMMARY = "correct a photo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("photo", type=Path, metavar="PHOTO")
    parser.add_argument("-o", dest="out", type=Path, required=True, metavar="OUT", help="a JPEG, TIFF or PNG file")
    add_choices(parser)
    parser.add_argument("--preset", metavar="NAME", help="how, but for what else is said; see `sixbit presets`")
    parser.add_argument("--engine", choices=manifest()["engines"], default="auto", help="what works on the pixels")
    parser.add_argument("--interpolation", choices=manifest()["interpolations"])
    add_large(parser)
    parser.add_argument("--timings", action="store_true", help="say on the error output where the time went")
    parser.add_argument(
        "--force",
        action="store_true",
        help="correct again what marks say is corrected already, and what was cropped or bent as if it were the whole "
        "frame",
    )
    parser.add_argument(
        "--auto-tca", action="store_true", help="measure lateral colour in the photo itself, if the lens has none"
    )
    parser.add_argument("--compare", type=Path, metavar="FILE", help="save a picture of before and after")
    parser.add_argument(
        "--quality", type=int, choices=range(1, 101), metavar="1-100", help="of a JPEG; else its source's"
    )
    parser.add_argument("--remember", action="store_true", help="--lens for all photos of this camera and lens name")


def run(options: argparse.Namespace) -> int:
    """Correct the photo, and say in one line what was done."""
    from sixbit.cli.ways_out import WAYS_OUT, told
    from sixbit.export import presets
    from sixbit.export.compare import check_comparison
    from sixbit.export.correct import correct
    from sixbit.lenses.remembered import keep
    from sixbit.tags.read import read_shot
    from sixbit.values.errors import CompileError, EngineError, PresetError

    try:
        preset = _over(presets.load(options.preset) if options.preset else presets.PLAIN, options)
    except PresetError as error:
        complain(told(error))
        return UNUSABLE
    if options.remember and not options.lens:
        complain("--remember keeps the lens that is given with --lens")
        return UNUSABLE
    if options.compare:
        check_comparison(options.compare, options.photo, options.out)
    if options.remember:
        keep(read_shot(options.photo), options.lens)
    try:
        choices = chosen(options, preset.choices)
        with progress_bar() as bar:
            done = correct(
                options.photo,
                options.out,
                preset,
                choices,
                engine=options.engine,
                force=options.force,
                large=options.large,
                watch=_Watch(options, bar),
            )
    except (CompileError, EngineError) as error:
        error.subject = error.subject or options.photo
        raise
    print(done.summary(WAYS_OUT))
    for note in done.notes:
        complain(f"{photo_name(options.photo)}: {told(note)}")
    return DONE


def _over(preset: Preset, options: argparse.Namespace) -> Preset:
    """The preset, but for what the options say of it."""
    said = {
        "corrections": options.kinds,
        "scale": options.scale,
        "lowest_grade": options.grades and options.grades[-1],
        "interpolation": options.interpolation,
        "quality": options.quality,
        "auto_tca": options.auto_tca or None,
    }
    return replace(preset, **{name: value for name, value in said.items() if value is not None})


class _Watch(Watch):
    """Shows what the options want to see of the work."""

    def __init__(self, options: argparse.Namespace, bar: Progress) -> None:
        self._options, self._bar = options, bar
        self._clock = time.perf_counter()
        if options.timings:
            print(f"{1000 * time.process_time():7.0f} ms  start-up", file=sys.stderr)
        self._icc: bytes | None = None

    def progress(self, share: float, step: str) -> None:
        self._bar(share, step)

    def say(self, words: str) -> None:
        complain(f"{photo_name(self._options.photo)}: {words}")

    def lap(self, step: str) -> None:
        before, self._clock = self._clock, time.perf_counter()
        if self._options.timings:
            print(f"{1000 * (self._clock - before):7.0f} ms  {step}", file=sys.stderr)

    def colours(self, icc: bytes | None) -> None:
        self._icc = icc

    def look(self, before: NDArray[Any], after: NDArray[Any], orientation: int) -> None:
        from sixbit.export.compare import save_comparison

        if self._options.compare:
            save_comparison(before, after, self._options.compare, orientation, self._icc)
