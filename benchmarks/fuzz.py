"""Files damaged at random, put through Sixbit: none may end it, hold it up, or leave anything behind.

    python -m benchmarks.fuzz --cases 50000 --seed 1 --processes 2 --keep FOLDER
    python -m benchmarks.fuzz --seed 1 --case 4711

Tells each fault once, by the place it came from, with the cases that led there; ``--keep`` saves their files. Must
hold: no exception but SixbitError, no crash, nothing over 2 s of processor.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from tests.scenery.fuzz.run import Outcome, outcomes
from tests.scenery.fuzz.worker import case


def main() -> None:
    """Try the cases and print what came of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--start", type=int, default=0, help="the number of the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--case", help="try this one alone")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the files that failed are saved")
    options = parser.parse_args()
    numbers = range(options.start, options.start + options.cases)
    names = [options.case] if options.case else [str(number) for number in numbers]
    faults: dict[str, list[Outcome]] = defaultdict(list)
    seconds, slowest, done = 0.0, ("", 0.0), 0
    with suppress(KeyboardInterrupt):  # Ctrl+C: then it tells of what was done
        for outcome in outcomes(names, options.seed, options.processes):
            done += 1
            seconds += outcome.seconds
            slowest = max(slowest, (outcome.case, outcome.seconds), key=lambda one: one[1])
            if outcome.fault:
                if outcome.where not in faults:
                    print(f"case {outcome.case}: {outcome.fault}", flush=True)
                faults[outcome.where].append(outcome)
                _keep(options.keep, options.seed, outcome)
    for where, failed in sorted(faults.items(), key=lambda item: -len(item[1])):
        print(f"{len(failed):6} x {where}: case {', '.join(one.case for one in failed[:5])}")
    print(f"{done} cases, {sum(map(len, faults.values()))} with a fault; {seconds:.0f} s of processor", end="")
    print(f", {slowest[1]:.2f} s at most (case {slowest[0]})")


def _keep(folder: Path | None, seed: int, outcome: Outcome) -> None:
    if folder is not None:
        one, data, _ = case(seed, outcome.case)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{seed}-{outcome.case}-{one.name}").write_bytes(data)
        (folder / f"{seed}-{outcome.case}-{one.name}.txt").write_text(outcome.fault)


if __name__ == "__main__":
    main()
