"""Never worse: how many accepted calibrations make a picture worse, and how many scenes without anything are believed.

    python -m benchmarks.calibrate_never_worse [FOLDER...] [--cases 200] [--first 0]

Goes through so many rendered cases each of flats, of lines and charts, and of edges, with as many that carry nothing,
as the benchmarks of those do, and through real photos of yours as benchmarks.calibrate_difference does, a camera and
setting a folder. At most 0.5 % may be worse, at most 1 % of what carries nothing believed. Lateral colour of single
real photos is judged by benchmarks.calibrate_tca_real.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import calibrate, calibrate_difference, calibrate_lines, calibrate_tca
from benchmarks.calibrate_cases import RESULTS, Case
from tests.scenery import flats

LARGEST_WORSE = 0.005
LARGEST_BELIEVED = 0.01
"""Largest shares."""


def main() -> int:
    """Go through all, print and save what it adds up to; 1 if it is too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    done: list[Case] = []
    for case in cases(options.folders, range(options.first, options.first + options.cases)):
        done.append(case)
        flag = "! worse" if case.is_worse else "! believed" if case.empty and not case.refused else ""
        print(f"{len(done)}  {case.kind}: {case.name}: {case.refused or f'off by {case.error:.4f}'} {flag}", flush=True)
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "calibrate-never-worse.md").write_text(summary(done))
    print(summary(done))
    worse, believed = _shares(done)
    return int(worse > LARGEST_WORSE or believed > LARGEST_BELIEVED)


def cases(folders: Sequence[Path], numbers: range) -> Iterator[Case]:
    """All kinds by turns, so that a run that is cut short has gone through each, and then the folders."""
    made = flats.cases(numbers.stop, width=1200)
    for number in numbers:
        yield from calibrate.flat_cases(number, made[number])
        yield calibrate.scene_case(number)
        yield calibrate_tca.case(number, 1, edges=True)
        yield calibrate_tca.case(number, 1, edges=False)
        yield calibrate_lines.with_lines(number, 1600)
        yield calibrate_lines.without_lines(number, 1600)
    for folder in folders:
        yield from calibrate_difference.of_folder(folder, 4, 2)


def summary(done: Sequence[Case]) -> str:
    """What the cases add up to, by kind."""
    lines = ["| cases | accepted and judged | made worse | carry nothing | believed |", "|---|---:|---:|---:|---:|"]
    for kind in dict.fromkeys(case.kind for case in done):
        lines.append(_row(kind, [case for case in done if case.kind == kind]))
    lines.append(_row("all", done))
    return "\n".join([*lines, "", *(f"- {case.kind}: {case.name}" for case in done if case.is_worse)]) + "\n"


def _row(name: str, of_kind: Sequence[Case]) -> str:
    judged, empty = _judged(of_kind), [case for case in of_kind if case.empty]
    worse, believed = sum(case.is_worse for case in judged), sum(not case.refused for case in empty)
    return f"| {name} | {len(judged)} | {worse} | {len(empty)} | {believed} |"


def _judged(some: Sequence[Case]) -> list[Case]:
    return [case for case in some if not case.empty and not case.refused and case.before == case.before]


def _shares(done: Sequence[Case]) -> tuple[float, float]:
    judged, empty = _judged(done), [case for case in done if case.empty]
    worse, believed = sum(case.is_worse for case in judged), sum(not case.refused for case in empty)
    return worse / max(len(judged), 1), believed / max(len(empty), 1)


if __name__ == "__main__":
    sys.exit(main())
