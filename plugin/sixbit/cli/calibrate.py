"""`sixbit calibrate`: lens and sensor measured from the user's own frames."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.cli import DONE, SOME_FAILED, UNUSABLE, complain, progress_bar
from sixbit.cli.arguments import SETTING, add_large, add_lens, add_setting, chosen, lens, positive
from sixbit.files.limits import LARGE_VARIABLE
from sixbit.machine import pip
from sixbit.values.errors import CompileError, photo_name

if TYPE_CHECKING:
    from sixbit.lenses.own import Run

SUMMARY = "measure a lens from frames of your own"

OF_PHOTOS = ("crop_factor", "focal_mm", "f_number")
"""The settings that an option can give for photos whose distance does not matter."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_lens(parser, "of the guided page: the lens to begin with", dest="page_lens")
    parser.add_argument("--no-browser", action="store_true", help="print the address of the guided page alone")
    add_large(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", description="without one: a guided page")

    flat = actions.add_parser("flat", help="fall-off and colour shading, from frames of an evenly lit surface")
    _add_frames(flat, "FRAME", SETTING)

    lines = actions.add_parser("lines", help="distortion, from photos of straight lines or of a printed chart")
    _add_frames(lines, "PHOTO", OF_PHOTOS)

    tca = actions.add_parser("tca", help="lateral colour, from sharp photos")
    _add_frames(tca, "PHOTO", OF_PHOTOS)

    overlap = actions.add_parser(
        "overlap", help="from a dozen photos of anything that overlap, the camera moved between"
    )
    _add_frames(overlap, "PHOTO", SETTING)

    corner = actions.add_parser("corner", help="fall-off, from the stops that a manual or a test says the corner loses")
    corner.add_argument("stops", type=positive, metavar="STOPS")
    add_lens(corner, required=True)
    add_setting(corner, SETTING)

    listed = actions.add_parser("list", help="the calibrations you have made")
    add_lens(listed, "of this lens alone")

    export = actions.add_parser("export", help="write your calibrations for lensfun, or for another owner of the lens")
    export.add_argument("of_lens", nargs="?", type=lens, metavar="LENS", help="one lens")
    export.add_argument(
        "-o", dest="out", type=Path, required=True, metavar="FILE", help="XML for lensfun; .json for another owner"
    )
    export.add_argument(
        "--lcp", action="store_true", help="profiles for Adobe's programs, into a folder; of the database, too"
    )
    add_lens(export, "of this lens alone")
    export.add_argument(
        "--complete", action="store_true", help="with what Sixbit knows of the same lens, for use in other programs"
    )

    bring = actions.add_parser("import", help="take over what another owner of a lens has exported as .json")
    bring.add_argument("bundle", type=Path, metavar="FILE")

    remove = actions.add_parser("remove", help="take a calibration back")
    remove.add_argument("names", nargs="+", metavar="NAME", help="as `sixbit calibrate list` says them")


def run(options: argparse.Namespace) -> int:
    """Do the action that is asked for, or serve the guided page."""
    if options.large:  # so for the process of the page that decodes, too
        os.environ[LARGE_VARIABLE] = "1"
    done: int = _ACTIONS[options.action](options)
    return done


def _add_frames(parser: argparse.ArgumentParser, what: str, setting: Iterable[str]) -> None:
    """The frames, how the lens was set, and what to do with the result."""
    parser.add_argument("frames", nargs="+", type=Path, metavar=what)
    add_lens(parser)
    add_setting(parser, setting)
    add_large(parser, default=argparse.SUPPRESS)
    parser.add_argument("--dry-run", action="store_true", help="measure and tell, but keep nothing")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw what was measured")


def _page(options: argparse.Namespace) -> int:
    from sixbit.lenses.catalogue import catalogue

    first = catalogue().lens(options.page_lens) if options.page_lens else None
    try:
        from sixbit.editors.page.server import run as serve
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        complain(f"the guided page needs aiohttp: {pip()} install 'sixbit[calibrate]'")
        return SOME_FAILED
    return serve(first, browser=not options.no_browser)


def _measure(options: argparse.Namespace) -> int:
    """Measure the frames, tell what was found, draw it if a plot is wanted, and keep it unless this is a dry run."""
    from sixbit.calibration import flat, lines, overlap, tca
    from sixbit.export.memory import foretold
    from sixbit.plots.calibration import plot_flat, plot_lines, plot_tca
    from sixbit.plots.overlap import plot_overlap

    # The last is what frames are called where their number is told.
    of_action: dict[str, tuple[Callable[..., Any], Callable[..., None], Callable[..., tuple[Run, ...]], str]] = {
        "flat": (flat.measure_flat, plot_flat, lambda result: (flat.keep(result),), "frame"),
        "lines": (lines.measure_lines, plot_lines, lambda result: (lines.keep(result),), ""),
        "tca": (tca.measure_tca, plot_tca, lambda result: (tca.keep(result),), "photo"),
        "overlap": (overlap.measure_overlap, plot_overlap, overlap.keep, ""),
    }
    measure, plot, keep, counted = of_action[options.action]
    for frame in options.frames:
        if words := foretold(frame):
            complain(f"{photo_name(frame)}: {words}")
    with progress_bar() as progress:
        result = measure(options.frames, chosen(options), progress)
    count = len(result.frames)
    made_from = f", from {count} {counted}{'s' * (count > 1)}" if counted else ""
    print(f"{result.setting.lens.name}{made_from}:")
    for sentence in result.verdict:
        print(f"  {sentence}")
    if options.plot:
        plot(result, options.plot)
    if not options.dry_run:
        names = " ".join(run.name for run in keep(result))
        print(f"  Kept as {names}; `sixbit calibrate remove {names}` takes it back.")
    return DONE


def _corner(options: argparse.Namespace) -> int:
    from sixbit.calibration.corner import keep_corner

    _tell_kept(keep_corner(options.stops, chosen(options)))
    return DONE


def _tell_kept(run: Run) -> None:
    print(f"{run.lens}: {', '.join(run.kinds)} ({run.origin})")
    print(f"  Kept as {run.name}; `sixbit calibrate remove {run.name}` takes it back.")


def _list(options: argparse.Namespace) -> int:
    from sixbit.calibration.keep import runs

    for run in runs(options.lens):
        at = f" at f/{run.f_number:g}" if run.f_number else ""
        at += f", {run.distance_m:g} m" if run.distance_m else ""
        print(f"{run.name}: {run.lens}{at}, {', '.join(run.kinds)} ({run.origin})")
    return DONE


def _export(options: argparse.Namespace) -> int:
    from sixbit.calibration.keep import export, runs
    from sixbit.lenses.lensfun_xml import parted

    lens_id = options.of_lens or options.lens
    if options.lens not in (None, lens_id):
        complain(f"{lens_id} and {options.lens} are two lenses: name one")
        return UNUSABLE
    if options.lcp:
        return _export_profiles(options, lens_id)
    if options.out.suffix.lower() == ".json":
        return _export_for_others(options, lens_id)
    count = export(options.out, lens_id, complete=options.complete)
    for words in parted(runs(lens_id)):
        complain(words)
    print(f"{photo_name(options.out)}: {count} {'lens' if count == 1 else 'lenses'}")
    return DONE


def _export_profiles(options: argparse.Namespace, lens_id: str | None) -> int:
    """Write the profile of a lens, or of all that are calibrated, into a folder, and tell how good each is."""
    from sixbit.files.replace import write_whole
    from sixbit.lenses.catalogue import catalogue
    from sixbit.raw import lcp

    if options.complete:
        complain("profiles hold all that is known already: sixbit calibrate export --lcp LENS -o FOLDER")
        return UNUSABLE
    lenses = [catalogue().lens(lens_id)] if lens_id else catalogue().lenses.values()
    known = [one.lens_id for one in lenses if lens_id or set(one.best_calibrations()) & set(lcp.KINDS)]
    status = DONE
    for one in known:
        try:
            profile = lcp.profile_of(one)
        except CompileError as error:
            if lens_id:
                raise
            status = SOME_FAILED
            complain(f"{one}: {error.reason}")
            continue
        path = options.out / f"sixbit-{one}.lcp"
        write_whole(path, lcp.written(profile), make_folder=True)
        print(f"{photo_name(path)}: {profile.told}")
    return status


def _export_for_others(options: argparse.Namespace, lens_id: str | None) -> int:
    from sixbit.calibration.bundle import write_bundle

    if lens_id is None or options.complete:
        complain("a file for another owner is of one lens, as you measured it: sixbit calibrate export LENS -o FILE")
        return UNUSABLE
    count = write_bundle(options.out, lens_id)
    print(f"{photo_name(options.out)}: {count} calibration{'s' if count > 1 else ''} of {lens_id}")
    return DONE


def _import(options: argparse.Namespace) -> int:
    from sixbit.calibration.bundle import read_bundle

    for run in read_bundle(options.bundle):
        _tell_kept(run)
    return DONE


def _remove(options: argparse.Namespace) -> int:
    from sixbit.calibration.keep import remove, together

    with together():
        for name in options.names:
            run = remove(name)
            print(f"{run.name}: removed ({run.lens}, {', '.join(run.kinds)})")
    return DONE


_ACTIONS = {
    None: _page,
    "flat": _measure,
    "lines": _measure,
    "corner": _corner,
    "tca": _measure,
    "overlap": _measure,
    "list": _list,
    "export": _export,
    "import": _import,
    "remove": _remove,
}
