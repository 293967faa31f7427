"""The commands of `sixbit`, one module each: its SUMMARY, its arguments, and what it does.

A module here has ``SUMMARY``, ``add_arguments(parser)`` and ``run(options)``, which returns the exit status. Only the
one that is asked for is imported, and it imports what it needs when it runs: `sixbit lens` answers at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sixbit.values.errors import PhotoError, PresetError, printable

if TYPE_CHECKING:
    from sixbit.lenses.match import Match
    from sixbit.values.lens import Lens
    from sixbit.values.watch import Progress

T = TypeVar("T")

DONE = 0
SOME_FAILED = 1
UNUSABLE = 2
FAULT = 70
"""A mistake of Sixbit's own, EX_SOFTWARE of BSD's sysexits.h."""
STOPPED = 130
"""By Ctrl+C, as a shell has it: 128 and the number of the signal."""

FIRST_STEPS = """\
sixbit identify PHOTO                  tells which lens it was
sixbit correct PHOTO -o corrected.jpg  corrects it
sixbit --help                          lists all that there is"""
"""What is said to somebody who types `sixbit` alone."""

NAMES = (
    "identify",
    "lens",
    "lenses",
    "correct",
    "compile",
    "batch",
    "dng",
    "presets",
    "tag",
    "forget",
    "calibrate",
    "learn",
    "install",
    "uninstall",
    "doctor",
    "completion",
    "serve",
)
"""All of them, as `sixbit --help` lists them."""

OLD_NAMES = {"engine": "serve"}
"""Names that still work for one version, and that `sixbit --help` does not list."""


def complain(message: str) -> None:
    """Say on the error output what is wrong, or worth knowing."""
    print(f"sixbit: {printable(message)}", file=sys.stderr)


def for_each(items: Iterable[T], do: Callable[[T], None]) -> int:
    """Do the same with each; complain of a photo or preset that cannot be used, and go on. Return the exit status."""
    from sixbit.cli.ways_out import told

    status = DONE
    for item in items:
        try:
            do(item)
        except (PhotoError, PresetError) as error:
            complain(told(error))
            status = SOME_FAILED
    return status


def print_json(record: dict[str, Any]) -> None:
    """Print one answer for another program, on one line."""
    print(json.dumps(record, ensure_ascii=False, allow_nan=False), flush=True)


def print_match(found: Match, way_out: str) -> None:
    """Print a match for people, with what they can do about it."""
    if found.lens:
        print(f"  {found.lens.name} [{found.lens.lens_id}]")
    else:
        print(f"  {found.status}")
        for lens in found.candidates:
            print(f"    perhaps {lens.name} [{lens.lens_id}]")
    for sentence in (*found.evidence, way_out):
        if sentence:
            print(f"  {sentence}")


def print_calibrations(lens: Lens) -> None:
    """Print for people what is known of a lens, and how that is used if it is off by default."""
    from sixbit.cli.ways_out import way_to_unsure
    from sixbit.values.kinds import SPOKEN, Grade

    listed = ", ".join(f"{SPOKEN[kind]} {known.grade}" for kind, known in lens.best_calibrations(Grade).items())
    print(f"  calibrations: {listed or 'none'}")
    if way_out := way_to_unsure(lens):
        print(f"  {way_out}")


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show on the error output how far a command is, where somebody watches."""
    from sixbit.cli.door import for_bars

    watched = for_bars()
    if not watched.isatty():
        yield lambda share, step: None
        return
    from tqdm import tqdm

    with tqdm(total=100, unit="%", delay=1, leave=False, file=watched) as bar:

        def progress(share: float, step: str) -> None:
            bar.set_description(step, refresh=False)
            bar.update(round(100 * share) - bar.n)

        yield progress
