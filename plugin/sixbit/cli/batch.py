"""`sixbit batch`: many photos, by a preset."""

from __future__ import annotations

import argparse
import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.cli import DONE, SOME_FAILED, STOPPED, UNUSABLE, complain, print_json
from sixbit.cli.arguments import add_grades, add_large, add_lens, memory
from sixbit.cli.ways_out import WAYS_OUT, told
from sixbit.export.ways_out import BY_PRESET
from sixbit.values.errors import Code, PresetError, SixbitError, photo_name
from sixbit.values.ways_out import WaysOut

if TYPE_CHECKING:
    from sixbit.export.presets import Preset

SUMMARY = "export many photos by a preset; stopped, the same command goes on"

_SAY_WHICH = (
    "Say which with --lens LENS, for all photos that do not say theirs; `sixbit tag --lens LENS PHOTO` writes it into "
    "one, and `sixbit correct PHOTO -o OUT --lens LENS --remember` keeps it for all photos like it."
)

IN_A_BATCH: WaysOut = {
    **BY_PRESET,
    Code.RAW: "Correct it in darktable, by Sixbit's action on selected images; a DNG can carry its correction, too "
    "(`sixbit dng PHOTO -o FOLDER`).",
    Code.TOO_LARGE: "Allow more with --memory SIZE, or use a computer with more.",
    Code.MANY_PIXELS: WAYS_OUT[Code.MANY_PIXELS],
    Code.TOO_SLOW: "Allow more with --seconds N, or correct it alone (`sixbit correct PHOTO -o OUT`).",
    Code.AMBIGUOUS: _SAY_WHICH,
    Code.UNKNOWN: _SAY_WHICH,
    Code.UNTAGGED: _SAY_WHICH,
    Code.NOT_M: "If it was an M lens, correct it alone (`sixbit correct PHOTO -o OUT --lens LENS`).",
    Code.UNCALIBRATED: WAYS_OUT[Code.UNCALIBRATED],
    Code.GRADE: WAYS_OUT[Code.GRADE],
    Code.OTHER_USE: WAYS_OUT[Code.OTHER_USE],
    Code.ALREADY_CORRECTED: "`sixbit correct PHOTO -o OUT --force` corrects it again.",
    Code.PRESET: WAYS_OUT[Code.PRESET],
    Code.PRESET_FILE: WAYS_OUT[Code.PRESET_FILE],
    Code.ARGUMENT: WAYS_OUT[Code.ARGUMENT],
    Code.CLUSTER: "See that the scheduler runs, and start workers with `dask worker`; the same command goes on.",
}
"""The ways out in the report of `sixbit batch`, and of the command itself."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO|FOLDER")
    parser.add_argument("-o", dest="out", type=Path, required=True, metavar="FOLDER", help="where they are written")
    parser.add_argument("--preset", required=True, metavar="NAME", help="the name of a preset, or its .json file")
    add_lens(parser, "the lens of those photos that do not say theirs for certain; its identity or a name")
    add_grades(parser)
    parser.add_argument(
        "--include", action="append", default=[], metavar="PATTERN", help="only such names, as '*.jpg' or 'rome/*'"
    )
    parser.add_argument("--exclude", action="append", default=[], metavar="PATTERN", help="no such names")
    parser.add_argument(
        "--memory", type=memory, metavar="SIZE", help="what all processes may take, as 4G; half of the machine's"
    )
    add_large(parser)
    parser.add_argument(
        "--seconds", type=_seconds, metavar="N", help="what a photo may take of a processor; else by its size"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that does the work")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would happen to each photo")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for each photo")


def run(options: argparse.Namespace) -> int:
    """Export the photos, and tell in a table what became of them."""
    from sixbit.export import presets
    from sixbit.export.batch import batch
    from sixbit.export.batch.outcome import Outcome, as_json, line

    try:
        preset = _over(presets.load(options.preset), options)
    except PresetError as error:
        complain(told(error))
        return UNUSABLE
    chosen = {"include": options.include, "exclude": options.exclude}
    if options.dry_run:
        return _dry_run(options, preset, chosen)
    from tqdm import tqdm

    from sixbit.cli.door import for_bars

    start, worked, bars = time.monotonic(), 0, for_bars()
    try:
        with contextlib.ExitStack() as at_end:
            bar: tqdm | None = None

            def progress(done: int, together: int, outcome: Outcome) -> None:
                nonlocal bar, worked
                if bar is None:  # what was done before is no part of the rate
                    bar = at_end.enter_context(
                        tqdm(
                            total=together,
                            initial=done - 1,
                            unit="photo",
                            disable=None,
                            dynamic_ncols=True,
                            file=bars,
                        )
                    )
                worked += 1
                bar.update()
                if options.json:
                    print_json(as_json(outcome, IN_A_BATCH))
                elif outcome.status == "failed":
                    tqdm.write(f"sixbit: {line(outcome, IN_A_BATCH)}", file=bars)

            summary = batch(
                options.photos,
                options.out,
                preset,
                **chosen,
                memory=options.memory,
                seconds=options.seconds,
                scheduler=options.scheduler,
                large=options.large,
                ways_out=IN_A_BATCH,
                progress=progress,
            )
    except SixbitError as error:
        complain(told(error, IN_A_BATCH))
        return SOME_FAILED
    except KeyboardInterrupt:
        complain(f"stopped after {worked} photos; the same command goes on from there")
        return STOPPED
    seconds = time.monotonic() - start
    if not any(summary.counts.values()) and not summary.failures:
        complain("no photos were found there")
    if not options.json:
        print(summary.table())
        if worked:
            print(f"{worked} photos in {seconds:.1f} s, {worked / seconds:.2f} a second")
        print(f"report: {photo_name(summary.report)}")
    return SOME_FAILED if summary.failures else DONE


def _over(preset: Preset, options: argparse.Namespace) -> Preset:
    """The preset, but for what the options say of it."""
    said: dict[str, Any] = {}
    if options.grades:
        said["lowest_grade"] = options.grades[-1]
    if options.lens:
        said |= {"lens": options.lens, "ambiguous": "choose", "unknown": "choose", "untagged": "choose"}
    return replace(preset, **said)


def _dry_run(options: argparse.Namespace, preset: Preset, chosen: dict[str, list[str]]) -> int:
    from sixbit.export.batch import foreseen, table
    from sixbit.export.batch.outcome import STATES, as_json, line

    counts, before = dict.fromkeys(STATES, 0), 0
    for outcome in foreseen(options.photos, options.out, preset, **chosen):
        counts[outcome.status] += 1
        before += outcome.before
        if options.json:
            print_json(as_json(outcome, IN_A_BATCH))
        else:
            done = " (done before)" if outcome.before else ""
            target = f" → {photo_name(outcome.out)}" if outcome.out else ""
            print(f"{line(outcome, IN_A_BATCH)}{target}{done}")
    if not options.json:
        print(table(counts, before))
    return SOME_FAILED if counts["failed"] else DONE


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 on")
    return seconds
