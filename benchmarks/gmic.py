"""The G'MIC engine on a large picture, in pairs with the same of another clone: time of processors, and memory.

    python -m benchmarks.gmic [--megapixels 50] [--rounds 3] [--workers 2] [--against FOLDER]

8 bits, distortion, lateral colour and fall-off in linear light, bicubic. In each round the picture is corrected by one
process and then with workers, and by the other clone, whose Python is FOLDER/.venv/bin/python, by one process. Seconds
are those of processors, as others may use the machine; those of workers, which go side by side, are divided by their
number. Memory is what the process takes beyond the picture and what is made of it, and all of a worker's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
from pathlib import Path

HERE = Path(__file__).parents[1]
_RUN = """
import json
import resource
import sys

sys.path[:0] = [sys.argv[1], sys.argv[1] + "/plugin"]
import numpy as np
from benchmarks.correct import summicron
from sixbit import engines
from tests.scenery.landscape import landscape, size_of

megapixels, threads = float(sys.argv[2]), int(sys.argv[3])
filter, picture = summicron(*size_of(megapixels)), landscape(*size_of(megapixels))
out = np.ones_like(picture)
small = summicron(64, 48)
engines.apply(small, np.zeros((48, 64, 3), np.uint8), "gmic")  # imports

def now():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return [one.ru_utime + one.ru_stime for one in used]

before = now()
engines.apply(filter, picture, "gmic", out=out, threads=threads)
own, children = (after - earlier for after, earlier in zip(now(), before))
difference = np.abs(out.astype(np.int16) - engines.apply(filter, picture, "native"))
print(json.dumps({
    "seconds": own + children / max(threads, 1),
    "mean": float(difference.mean()),
    "max": int(difference.max()),
}))
"""

_MEMORY = """
import sys
import threading

sys.path[:0] = [sys.argv[1], sys.argv[1] + "/plugin"]
import numpy as np
import psutil
from benchmarks.correct import summicron
from sixbit import engines
from tests.scenery.landscape import size_of

width, height = size_of(float(sys.argv[2]))
picture, out = np.full((height, width, 3), 90, np.uint8), np.ones((height, width, 3), np.uint8)
engines.apply(summicron(64, 48), np.zeros((48, 64, 3), np.uint8), "reference")  # imports
this, highest, done = psutil.Process(), [0, 0], threading.Event()

def look():
    taken = [this.memory_info().rss, 0]
    for child in this.children():
        try:
            # Just after it began, a process has the memory of the one that began it.
            if "processes" in " ".join(child.cmdline()):
                taken[1] = max(taken[1], child.memory_info().rss)
        except psutil.Error:
            pass
    highest[:] = map(max, highest, taken)

def watch():
    while not done.wait(0.02):
        look()

before = this.memory_info().rss
watcher = threading.Thread(target=watch)
watcher.start()
engines.apply(summicron(width, height), picture, "gmic", out=out, threads=int(sys.argv[3]))
look()
done.set()
watcher.join()
print((highest[0] - before) / 2**20, highest[1] / 2**20)
"""


def measured(clone: Path, megapixels: float, threads: int) -> dict[str, float]:
    """Correct the picture once with a clone, and return what that took."""
    command = [str(clone / ".venv/bin/python"), "-c", _RUN, str(clone), str(megapixels), str(threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def memory(clone: Path, megapixels: float, threads: int) -> tuple[float, float]:
    """Return the MB that a correction takes beyond its input and output, and the MB of its largest worker."""
    command = [str(clone / ".venv/bin/python"), "-c", _MEMORY, str(clone), str(megapixels), str(threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    beyond, worker = map(float, done.stdout.split())
    return beyond, worker


def main() -> None:
    """Print a table: medians, and the medians of the ratios within a round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another clone, to compare with")
    options = parser.parse_args()
    sides = {"one process": (HERE, 1), f"{options.workers} workers": (HERE, options.workers)}
    if options.against:
        sides["one process of the other clone"] = (options.against.resolve(), 1)
    rounds = []
    for number in range(options.rounds):
        order = list(sides) if number % 2 == 0 else list(reversed(sides))
        rounds.append({name: measured(sides[name][0], options.megapixels, sides[name][1]) for name in order})
    first = list(sides)[-1 if options.against else 0]
    print(f"| | s of a processor | time, {first} = 1 | MB | MB of a worker | mean and most off the native engine |")
    print("|---|---:|---:|---:|---:|---|")
    for name in sides:
        value = {key: statistics.median(one[name][key] for one in rounds) for key in rounds[0][name]}
        ratio = statistics.median(one[name]["seconds"] / one[first]["seconds"] for one in rounds)
        beyond, worker = memory(sides[name][0], options.megapixels, sides[name][1])
        row = f"| {name} | {value['seconds']:.2f} | {ratio:.3f} | {beyond:.0f} | {worker:.0f} |"
        print(f"{row} {value['mean']:.4f}, {value['max']:.0f} of 255 |")


if __name__ == "__main__":
    main()
