"""How long the quick commands take, as whole processes, in turn with Python doing nothing.

python -m benchmarks.startup [--rounds 15]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

PHOTO = Path(__file__).parents[1] / "examples" / "photo.jpg"
SIXBIT = [sys.executable, "-m", "sixbit"]
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "sixbit --version": [*SIXBIT, "--version"],
    'sixbit lens "Summicron-M 1:2/35 ASPH."': [*SIXBIT, "lens", "Summicron-M 1:2/35 ASPH."],
    'sixbit lens "50 Lux ASPH"': [*SIXBIT, "lens", "50 Lux ASPH"],
    "sixbit identify examples/photo.jpg": [*SIXBIT, "identify", str(PHOTO)],
}


def main() -> None:
    """Run the commands in turn and print the median and the least of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds + 1):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            times[name].append(1000 * (time.perf_counter() - start))
    print("| command | median | least |\n|---|---:|---:|")
    for name, taken in times.items():
        counted = taken[1:]
        print(f"| `{name}` | {statistics.median(counted):.0f} ms | {min(counted):.0f} ms |")


if __name__ == "__main__":
    main()
