"""How long the quick commands take, as whole processes, in turn with Python doing nothing.

    python -m benchmarks.startup [--rounds 15] [--against FOLDER]

--against compares with another clone, whose Python is FOLDER/.venv/bin/python: each command runs in both, one right
after the other, and the table has the median of the ratios of such pairs. Python doing nothing shows how far to trust
it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.scenery import PHOTO

# An installed Sixbit has its bytecode: the first round, which is not counted, writes it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def commands(python: str) -> dict[str, list[str]]:
    """Return the quick commands of the Sixbit that this Python has, by what is typed."""
    sixbit = [python, "-m", "sixbit"]
    return {
        "python -c pass": [python, "-c", "pass"],
        "sixbit --version": [*sixbit, "--version"],
        'sixbit lens "Summicron-M 1:2/35 ASPH."': [*sixbit, "lens", "Summicron-M 1:2/35 ASPH."],
        'sixbit lens "50 Lux ASPH"': [*sixbit, "lens", "50 Lux ASPH"],
        "sixbit identify examples/photo.jpg": [*sixbit, "identify", str(PHOTO)],
    }


def milliseconds(command: list[str]) -> float:
    """Return how long a command takes from its start to its end."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT, check=True)
    return 1000 * (time.perf_counter() - start)


def measure(sides: list[dict[str, list[str]]], rounds: int) -> dict[str, list[list[float]]]:
    """Run every command of all sides in each round, and return milliseconds by command and side.

    The sides take turns at being first.
    """
    times: dict[str, list[list[float]]] = {name: [[] for _ in sides] for name in sides[0]}
    for number in range(rounds + 1):
        for name, taken in times.items():
            for side in sorted(range(len(sides)), reverse=number % 2 == 1):
                took = milliseconds(sides[side][name])
                if number:
                    taken[side].append(took)
    return times


def main() -> None:
    """Print the median and the least of each command, and of the ratios to another clone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another clone, to compare with")
    options = parser.parse_args()
    sides = [commands(sys.executable)]
    if options.against:
        sides.append(commands(str(options.against / ".venv/bin/python")))
    print("| command | median | least |" + " time, the other = 1 |" * bool(options.against))
    print("|---|---:|---:|" + "---:|" * bool(options.against))
    for name, (ours, *others) in measure(sides, options.rounds).items():
        row = f"| `{name}` | {statistics.median(ours):.0f} ms | {min(ours):.0f} ms |"
        for theirs in others:
            row += f" {statistics.median(our / their for our, their in zip(ours, theirs, strict=True)):.3f} |"
        print(row)


if __name__ == "__main__":
    main()
