"""Seeded cases of calibration: one line each as they come, and the table, the failures and a plot of all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

RESULTS = Path(__file__).parent / "results"
EVERY = 20
"""Cases after which the table is written, so that a run that is cut short leaves one."""


class Case(NamedTuple):
    """What became of a case: how far off the answer is, how far off it claims to be, or why there is none.

    ``kind`` names the row of the table, ``name`` the case; ``refused`` is the reason of a refusal. Of frames that carry
    nothing (``empty``) a refusal is what is right.
    """

    kind: str
    name: str
    error: float = 0.0
    goal: float = 0.0
    stated: float = float("nan")
    refused: str = ""
    empty: bool = False
    seconds: float = 0.0
    before: float = float("nan")
    """How far off a picture is without the answer, if that is known."""

    @property
    def is_worse(self) -> bool:
        """True if an accepted answer is farther off than none."""
        return not self.refused and self.error > self.before

    @property
    def is_right(self) -> bool:
        """True if the answer is as near as it says, or near enough, or if there is rightly none."""
        return bool(self.refused) if self.empty else not self.refused and self.is_covered

    @property
    def is_covered(self) -> bool:
        """True if the error stated is as large as the real one, or the goal is kept all the same."""
        return self.error <= max(self.goal, self.stated)  # in this order, for what is not stated


def run(name: str, title: str, unit: str, cases: Iterable[Case]) -> int:
    """Go through the cases, print them and save table and plot under ``name``; the number that failed.

    ``unit`` is that of errors, which are printed as they are given.
    """
    done: list[Case] = []
    start = time.perf_counter()
    for case in cases:
        done.append(case)
        outcome = f"refused: {case.refused}" if case.refused else f"off by {case.error:.4f} {unit}"
        stated = f", {case.stated:.4f} stated" if case.stated == case.stated else ""
        print(f"{'  ' if case.is_right else '! '}{len(done)}  {case.kind}: {case.name}: {outcome}{stated}", flush=True)
        if len(done) % EVERY == 0:
            _save(name, title, unit, done, time.perf_counter() - start)
    _save(name, title, unit, done, time.perf_counter() - start)
    print((RESULTS / f"{name}.md").read_text())
    return sum(not case.is_right for case in done)


def _save(name: str, title: str, unit: str, cases: Sequence[Case], seconds: float) -> None:
    RESULTS.mkdir(exist_ok=True)
    kinds = list(dict.fromkeys(case.kind for case in cases))
    lines = [
        f"{title} ({len(cases)} seeded cases, {seconds / 60:.0f} minutes)",
        "",
        f"| cases | number | right | median, {unit} | largest, {unit} | goal, {unit} | beyond the goal | refused "
        "| error not covered by what is stated | made worse |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for kind in kinds:
        of_kind = [case for case in cases if case.kind == kind]
        count, goal = len(of_kind), of_kind[0].goal
        right = sum(case.is_right for case in of_kind)
        answered = [case for case in of_kind if not case.refused]
        row = f"| {kind} | {count} | {right} ({100 * right / count:.1f} %)"
        if of_kind[0].empty:
            lines.append(f"{row} | | | | | {count - len(answered)} | | |")
            continue
        errors = [case.error for case in answered] or [float("nan")]
        beyond = sum(case.error > goal for case in answered)
        # What is near enough may lie outside of a stated error that is small: that is counted here all the same.
        stated = [case for case in answered if case.stated == case.stated]
        outside = sum(case.error > case.stated for case in stated)
        uncovered = f"{outside} ({100 * outside / len(stated):.1f} %)" if stated else ""
        judged = [case for case in answered if case.before == case.before]
        worse = str(sum(case.is_worse for case in judged)) if judged else ""
        lines.append(
            f"{row} | {statistics.median(errors):.4f} | {max(errors):.4f} | {goal:g} | {beyond} "
            f"| {count - len(answered)} | {uncovered} | {worse} |"
        )
    failed = [case for case in cases if not case.is_right]
    if failed:
        lines += ["", "Those that failed:", ""]
    for case in failed:
        if case.empty:
            lines.append(f"- {case.kind}: {case.name}: believed")
        elif case.refused:
            lines.append(f"- {case.kind}: {case.name}: refused: {case.refused}")
        else:
            lines.append(f"- {case.kind}: {case.name}: off by {case.error:.4f} {unit}, {case.stated:.4f} stated")
    (RESULTS / f"{name}.md").write_text("\n".join(lines) + "\n")
    _plot(RESULTS / f"{name}.png", title, unit, [case for case in cases if not case.empty and not case.refused])


def _plot(path: Path, title: str, unit: str, cases: Sequence[Case]) -> None:
    """Each error over what was stated, and how many cases have at most so large an error."""
    from matplotlib.figure import Figure

    figure = Figure((10, 4.5), dpi=110, layout="constrained")
    shares, stated = figure.subplots(1, 2)
    for number, kind in enumerate(dict.fromkeys(case.kind for case in cases)):
        of_kind = sorted((case for case in cases if case.kind == kind), key=lambda case: case.error)
        errors = [max(case.error, 1e-6) for case in of_kind]
        colour = f"C{number}"
        shares.step(
            errors, [100 * (n + 1) / len(of_kind) for n in range(len(of_kind))], where="post", color=colour, label=kind
        )
        shares.axvline(of_kind[0].goal, color=colour, linestyle=":")
        stated.scatter([max(case.stated, 1e-6) for case in of_kind], errors, 8, color=colour, label=kind)
        stated.axhline(of_kind[0].goal, color=colour, linestyle=":")
    shares.set(xscale="log", xlabel=f"error, {unit}", ylabel="cases with at most that, %", title=title)
    stated.set(xscale="log", yscale="log", xlabel=f"error stated, {unit}", ylabel=f"error, {unit}")
    stated.xaxis.set_minor_formatter("")  # Within one decade they would be written over each other.
    ends = stated.get_xlim()
    stated.plot(ends, ends, color="grey", linewidth=1)
    shares.legend(fontsize=8)
    figure.savefig(path)
