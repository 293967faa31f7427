"""`sixbit lens`: match the name of a lens alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from sixbit.cli import DONE, SOME_FAILED, complain, print_calibrations, print_json, print_match
from sixbit.cli.arguments import positive
from sixbit.lenses.match import match_name, match_record

SUMMARY = "match the name of a lens alone"
MOST_DRAWN = 6
"""Of the lenses that a name may mean: more are no picture that anyone compares."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("name", nargs="+", metavar="NAME", help="as it is written anywhere, or the identity of a lens")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw what the lens does, or each that it may be")
    parser.add_argument("--crop", type=positive, metavar="C", help="mark the frame of a sensor with this crop factor")


def run(options: argparse.Namespace) -> int:
    """Match the name, and draw what the lens does."""
    found = match_name(" ".join(options.name))
    if options.json:
        print_json(match_record(found))
    else:
        print_match(found, "" if found.candidates else "`sixbit lenses` lists all that are known.")
        if found.lens:
            print_calibrations(found.lens)
    if not options.plot:
        return DONE
    if not found.candidates:
        complain("there is nothing to draw, as no lens is known by that name")
        return SOME_FAILED
    from sixbit.plots.lens import curves_of, plot_lenses

    if len(found.candidates) > MOST_DRAWN:
        complain(f"{MOST_DRAWN} of {len(found.candidates)} lenses are drawn; a longer name fits fewer")
    frames = [options.crop] if options.crop else [1.0, 2.64]
    plot_lenses({lens.name: curves_of(lens) for lens in found.candidates[:MOST_DRAWN]}, options.plot, frames)
    return DONE
