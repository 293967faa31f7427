"""Random sequences of a photographer's actions in the real GIMP, with a window: image, undo and marks must stay right.

    python -m benchmarks.gimp_sequences --count 200 --seed 1 [--suite trixie] [--steps 12] [--batch]

Each sequence is told with its seed if something is wrong with it, step by step; --count 1 tries a seed again alone.
Must hold: nothing wrong, and no process of GIMP dies. ``--batch`` goes without the window, and without undo and redo.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.scenery.gimp import GimpHome
from tests.scenery.gimp_sequences import STEPS, faults_of
from tests.scenery.root import SUITES, system_root

AT_ONCE = 25
"""Sequences of one process of GIMP."""


def main() -> None:
    """Run them, and print what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the first sequence")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--suite", choices=SUITES, action="append", help="Debian's suite; both by default")
    parser.add_argument("--batch", action="store_true", help="without a window")
    options = parser.parse_args()
    wrong = 0
    for suite in options.suite or SUITES:
        began, failed = time.monotonic(), 0
        seeds = list(range(options.seed, options.seed + options.count))
        while seeds:
            with tempfile.TemporaryDirectory() as folder:
                gimp = GimpHome(system_root(suite), Path(folder) / "gimp")
                gimp.take_operation()
                for seed, fault in faults_of(gimp, seeds[:AT_ONCE], not options.batch, options.steps):
                    seeds.remove(seed)
                    failed += bool(fault)
                    if fault:
                        print(f"{suite}, seed {seed}: {fault}", flush=True)
        took = time.monotonic() - began
        print(
            f"{suite}: {options.count} sequences of {options.steps} steps, {failed} with a fault; {took:.0f} s",
            flush=True,
        )
        wrong += failed
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
