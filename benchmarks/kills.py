"""Commands killed by SIGKILL at random moments: is every file whole, and does the next start set all right?

    python -m benchmarks.kills --times 300

`tag` (files with one name and with two, with a backup), `correct`, `dng`, `batch`, `learn` and `install` in turn, in
folders and a home of their own. Half of the kills go to the process alone, half to all it has started; most come while
a file is written.
Must hold: no file damaged, none left over after the next start of the command, and the result of an undisturbed run.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.scenery.kills import DEEDS, Killed, wrong

IMPORTED = (
    *(f"sixbit.cli.{name}" for name in ("correct", "dng", "install", "tag")),
    *(f"sixbit.install.{name}" for name in ("darktable", "gimp", "lensfun")),
    *(
        "sixbit.export.correct",
        "sixbit.engines.native",
        "sixbit.photos.jpeg",
        "sixbit.tags.write",
        "sixbit.raw.write",
        "polib",
        "filelock",
    ),
)
"""What the commands import; the processes begin with it."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--times", type=int, default=300)
    parser.add_argument("--seed", type=int, default=15)
    parser.add_argument("--only", choices=DEEDS, action="append", help="this command; may be repeated")
    options = parser.parse_args()
    for name in IMPORTED:
        importlib.import_module(name)
    names = options.only or list(DEEDS)
    together: Counter[str] = Counter()
    print("| command | kills | while it wrote | in place | wrong |\n|---|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(names):
            place, rng = Path(folder, str(number)), random.Random(options.seed + number)
            deed = Killed(DEEDS[name], place, rng, fork=True)
            times = (options.times + number) // len(names)
            for _ in range(5 * times):
                if deed.found["killed"] < times:
                    deed.once()
            found = deed.found
            together += found
            counts = [found[what] for what in ("killed", "killed while it wrote", "killed while it wrote in place")]
            print(f"| {name} | {' | '.join(map(str, counts))} | {wrong(found) or ''} |", flush=True)
    print(f"\n{together['killed']} kills, {sum(wrong(together).values())} times wrong")
    return bool(wrong(together))


if __name__ == "__main__":
    sys.exit(main())
