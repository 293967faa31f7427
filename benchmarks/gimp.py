"""How long a 50-megapixel photo takes in the real GIMP, next to GIMP's own handing over of the same pixels.

    python -m benchmarks.gimp [--suite trixie] [--rounds 5] [-o FOLDER]

It needs the systems of tests/scenery/root.py, and makes them if they are not there. The table is saved in the folder,
benchmarks/results by default. Times from OK are medians of ratios within a round, since the machine may have other
things to do: the round's plain handing over had to bear the same.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from tests.scenery.gimp import GimpHome
from tests.scenery.landscape import LARGE, landscape
from tests.scenery.photo_factory import exif
from tests.scenery.root import SUITES, system_root

HERE = Path(__file__).parent

TIMEOUT = 400
WATCHED = {
    "preview.py": "Preview._drawn = stopwatch.watched(Preview._drawn, 'drawn')",
    "dialog.py": "CorrectionDialog._changed = stopwatch.watched(CorrectionDialog._changed, 'changed')",
    "apply.py": "correct = stopwatch.watched(correct, 'correct')",
}
"""What is added to the installed modules, so that they say when they did what."""


def photo(path: Path) -> None:
    """Save a photo of a lens that is recognised, with distortion and lateral colour to correct."""
    tags = exif(
        Make="LEICA CAMERA AG",
        Model="LEICA M10",
        LensModel="Summicron-M 1:2/35 ASPH.",
        FocalLength=(35, 1),
        FNumber=(40, 10),
    )
    Image.fromarray(landscape(*LARGE)).save(path, quality=92, exif=b"Exif\0\0" + tags)


def without_window(gimp: GimpHome, rounds: int) -> Iterable[tuple[str, str, str]]:
    """Yield rows of the table: from OK to done, and the procedure as scripts and Ctrl+F call it."""
    arguments = {"plugin": inside(gimp), "photo": "photo.jpg", "rounds": rounds}
    took = gimp.batch(HERE / "gimp_session.py", arguments, timeout=TIMEOUT)
    plain = [lap["all"] for lap in took["plain"]]
    yield "GIMP hands the pixels over and takes them back unchanged", seconds(plain), ""
    for name, words, goal in (
        ("ok", "from OK to done", "2.5"),
        ("filter", "from OK to an editable filter", "2.5"),
        ("script", "the procedure, process and all", ""),
    ):
        laps = [lap["all"] for lap in took[name]]
        ratio = statistics.median(lap / by for lap, by in zip(laps, plain, strict=True))
        yield words, f"{seconds(laps)}, {ratio:.2f} times that", goal and f"{goal} times"
    size = LARGE[0] * LARGE[1] * 3
    most = max(lap["memory"] for lap in took["script"])
    yield "memory of plug-in and server, the procedure", f"{most / size:.2f} times the picture", "3 times"


def in_window(gimp: GimpHome) -> Iterable[tuple[str, str, str]]:
    """Yield rows of the table: all that the user of the dialog waits for."""
    shutil.copy(HERE / "gimp_stopwatch.py", gimp.plugin / "stopwatch.py")
    for module, patch in WATCHED.items():
        with (gimp.plugin / module).open("a") as file:
            file.write(f"\n\nimport stopwatch\n\n{patch}\n")
    gimp.bring("gimp_window.py")
    done = gimp.run_gui(["python3", "/mnt/work/gimp_window.py", "/mnt/work/photo.jpg", "timings"], timeout=TIMEOUT)
    seen = json.loads((gimp.work / "seen.json").read_text())
    if seen.get("done") != ["timings"]:
        raise SystemExit(f"{done.stderr}\n{seen['printed']}")
    events = [json.loads(line) for line in (gimp.work / "stopwatch.jsonl").read_text().splitlines()]

    def first(name: str, after: float, *more: str) -> float:
        """Return the seconds from a moment to the end of the first event of a name."""
        return next(e["end"] for e in events if e["name"] == name and e["start"] > after) - after

    yield "menu entry to first preview", f"{first('drawn', seen['pressed']):.2f} s", "1.5 s"
    redraws = [1000 * first("drawn", change) for change in seen["changes"]]
    yield (
        "a slider's change to its preview",
        f"{statistics.median(redraws):.0f} ms ({min(redraws):.0f}–{max(redraws):.0f})",
        "100 ms",
    )
    yield "OK pressed to done, GIMP's window drawing", f"{first('correct', seen['ok']):.2f} s", ""
    size = LARGE[0] * LARGE[1] * 3
    yield "memory of plug-in and server, the dialog", f"{seen['memory'] / size:.2f} times the picture", "3 times"


def inside(gimp: GimpHome) -> str:
    """Return the folder of the plug-in, as GIMP sees it."""
    return str(Path("/root") / gimp.plugin.relative_to(gimp.home))


def seconds(laps: list[float]) -> str:
    """Write a median, the least and the most."""
    return f"{statistics.median(laps):.2f} s ({min(laps):.2f}–{max(laps):.2f})"


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", choices=SUITES, action="append", help="Debian's suite; both by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results", metavar="FOLDER")
    options = parser.parse_args()
    lines = [f"A photo of {LARGE[0]}×{LARGE[1]} pixels, 8 bits, in the real GIMP, two processors.", ""]
    for suite in options.suite or SUITES:
        with tempfile.TemporaryDirectory() as folder:
            gimp = GimpHome(system_root(suite), Path(folder) / "gimp")
            photo(gimp.work / "photo.jpg")
            version = gimp.run(["gimp-console", "--version"], timeout=60).stdout.split()[-1]
            lines += [f"| GIMP {version} | | goal |", "|---|---:|---:|"]
            rows: list[tuple[str, str, str]] = [*without_window(gimp, options.rounds), *in_window(gimp)]
            lines += [f"| {' | '.join(row)} |" for row in rows] + [""]
    text = "\n".join(lines)
    print(text)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "gimp.md").write_text(text)


if __name__ == "__main__":
    main()
