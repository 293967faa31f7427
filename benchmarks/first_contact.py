"""How long it takes from the wheel to corrected photos, by what README and the editors' pages say.

    python -m benchmarks.first_contact [--wheel FILE] [--rounds 3]

In a system with GIMP, darktable, Python and pipx, and an empty home each round. What pip would fetch from its index is
there already; its size is told.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tests.scenery.newcomer import PYTHON, Newcomer
from tests.scenery.wheel import needed, wheel


def measure(made: Path, folder: Path) -> dict[str, float]:
    """Go the way once, and return the seconds of each part."""
    newcomer = Newcomer(folder, made)
    steps = {
        "Sixbit installed": newcomer.set_up,
        "a photo corrected": newcomer.correct_photo,
        "plug-in installed, and a photo corrected in GIMP": newcomer.correct_in_gimp,
        "script and lenses installed, and a photo corrected in darktable": newcomer.correct_in_darktable,
    }
    seconds = {}
    for name, step in steps.items():
        start = time.perf_counter()
        step()
        seconds[name] = time.perf_counter() - start
    return seconds


def main() -> None:
    """Print the median of each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--wheel", type=Path, metavar="FILE", help="a wheel of a release; else one is made of the clone"
    )
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = options.wheel or wheel(folder / "made")
        rounds = [measure(made, folder / str(number)) for number in range(options.rounds)]
        size = sum(path.stat().st_size for path in needed(made, PYTHON).glob("*.whl")) + made.stat().st_size
    print(f"{size / 1e6:.0f} MB to fetch, {made.stat().st_size / 1e6:.1f} MB of them Sixbit's wheel")
    print("| step | s |\n|---|---:|")
    for step in rounds[0]:
        print(f"| {step} | {statistics.median(one[step] for one in rounds):.0f} |")


if __name__ == "__main__":
    main()
