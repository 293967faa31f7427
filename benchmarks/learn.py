"""What `sixbit learn` makes of an archive whose lenses are known: how right, how fast, and however often killed.

    python -m benchmarks.learn FOLDER... [--truth FILE] [--photos 400] [--kills 5] [--work FOLDER]

FOLDERs hold sharp photos straight from a camera. ``--truth`` says what distortion those of a folder have already, as
benchmarks/calibrate_real.py has it, which is taken away, and perhaps ``"centre"``: where the optical centre lies, in px
right and down of the middle. Each photo of the archive is a view of one of them, turned and
tilted at random, through one of five lenses: distortion, lateral colour and fall-off put on, saved as a JPEG of 12
megapixels with the tags of a camera. The photos' own lateral colour is gone: red and blue are green times a smooth
colour, which makes lateral colour easier to find than in photos that have more than edges of light and dark.

It measures the processor time against decoding all photos, kills the command at random and lets it go on, compares the
answers, and holds each against the truth. Returns the number of what does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.learn_archive import FARTHEST, HALF_SHORT, HEIGHT, LENSES, WIDTH, Lens, make
from sixbit.compiler.optics import distortion, tca
from sixbit.machine import processors
from sixbit.measure.straightness import apart, ideal_radii
from sixbit.measure.worth import LIMITS, RADII, area_weights
from sixbit.photos.decode import decode
from sixbit.values.known import SURE
from sixbit.values.polynomial import UNITY, evaluate

WEIGHTS = area_weights(WIDTH / HEIGHT)
MOST_TIMES = 4.0


def main() -> int:
    """Make the archive, if it is not there, and measure; the number of what does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--truth", type=Path, metavar="FILE")
    parser.add_argument("--photos", type=int, default=400)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="where the archive is made, or was before")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = (options.work or Path(folder)).absolute()
        archive = work / f"archive-{options.photos}"
        if not archive.exists():
            make(options.folders, options.truth, options.photos, archive)
        return _measure(archive, work, options.kills, random.Random(options.seed))


def _measure(archive: Path, work: Path, kills: int, rng: random.Random) -> int:
    photos = sorted(archive.rglob("*.jpg"))
    before = _used()
    with ProcessPoolExecutor(processors()) as pool:
        list(pool.map(_decoded, photos, chunksize=8))
    decoding = _used() - before
    before, start = _used(), time.monotonic()
    answer = _learn(archive, _home(work))
    seconds, learning = time.monotonic() - start, _used() - before
    times = learning / decoding
    print(f"{len(photos)} photos of {WIDTH}x{HEIGHT}: decoding all of them takes {decoding:.0f} s of a processor, ")
    print(f"learning {learning:.0f} s, {times:.2f} times as long ({seconds:.0f} s by the clock)", flush=True)
    wrong = int(times > MOST_TIMES)
    again = _killed(archive, _home(work), kills, seconds, rng)
    print(f"killed {kills} times: {'the same answer' if again == answer else 'ANOTHER ANSWER'}")
    wrong += again != answer
    print("\n| lens | kind | photos | outcome | put on, corner | found off | stated | |")
    print("|---|---|---:|---|---:|---:|---:|---|")
    for row in answer:
        if "kind" not in row:
            continue
        line, is_right = _row(row)
        print(line)
        wrong += not is_right
    print(f"\n{wrong} times wrong; left out: {answer[-1]['left_out']}")
    return wrong


def _decoded(path: Path) -> int:
    return decode(path).pixels.size


def _used() -> float:
    """Seconds of a processor that children of this process have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _home(work: Path) -> dict[str, str]:
    """An environment of its own, with nothing learnt in it."""
    home = work / "home"
    shutil.rmtree(home, ignore_errors=True)
    names = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
    return os.environ | {name: str(home / name.lower()) for name in names}


def _start(archive: Path, env: dict[str, str]) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "sixbit", "learn", str(archive), "--json"]
    return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)


def _learn(archive: Path, env: dict[str, str]) -> list[dict[str, Any]]:
    said, _ = _start(archive, env).communicate()
    return [json.loads(line) for line in said.splitlines()]


def _killed(archive: Path, env: dict[str, str], kills: int, seconds: float, rng: random.Random) -> list[dict[str, Any]]:
    """Kill it at random moments, with all its processes, and let it go on."""
    for _ in range(kills):
        process = _start(archive, env)
        try:
            process.communicate(timeout=seconds * rng.uniform(0.05, 0.7))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return _learn(archive, env)


def _row(row: dict[str, Any]) -> tuple[str, bool]:
    lens = next(lens for lens in LENSES if lens.lens_id == row["lens"])
    put_on, off = (_distortion if row["kind"] == "distortion" else _lateral_colour)(lens, row)
    known = row["outcome"] == "worth keeping"
    stated = SURE * np.interp(RADII, np.linspace(0, 1, len(row["error"])), row["error"]) if known else np.zeros(41)
    if known:
        is_right = bool(off[-1] <= stated[-1] and _mean(off) <= _mean(stated))
    else:
        is_right = row["outcome"] != "nothing to correct" or bool(np.max(put_on) < LIMITS[row["kind"]].nothing)
    told = f"{off[-1]:.3f} | {stated[-1]:.3f}" if known else " | "
    right = "" if is_right else "WRONG"
    where = f"{lens.lens_id}, {lens.model}"
    return (
        f"| {where} | {row['kind']} | {row['photos']} | {row['outcome']} | {put_on[-1]:.2f} | {told} | {right} |",
        is_right,
    )


def _mean(curve: Any) -> float:
    return float(np.sqrt(np.sum(WEIGHTS * curve**2)))


def _distortion(lens: Lens, row: dict[str, Any]) -> tuple[Any, Any]:
    """What was put on and how far off the finding is, in per cent of the half diagonal, but for the scale."""
    truth = ideal_radii(distortion("ptlens", list(lens.distortion)), FARTHEST)
    put_on = 100 * np.abs(apart(truth, RADII * FARTHEST, WEIGHTS)) / FARTHEST
    model = distortion(row["model"], row["terms"]) if row["model"] else UNITY
    return put_on, 100 * np.abs(apart(truth, ideal_radii(model, FARTHEST), WEIGHTS)) / FARTHEST


def _lateral_colour(lens: Lens, row: dict[str, Any]) -> tuple[Any, Any]:
    """What was put on and how far off the finding is, in px, of the worse of red and blue."""
    radius = RADII * FARTHEST

    def shifts(model: str, terms: Sequence[float]) -> Any:
        return np.stack([radius * HALF_SHORT * (evaluate(plane, radius) - 1) for plane in tca(model, list(terms))])

    truth = shifts("poly3", lens.tca)
    found = shifts(row["model"], row["terms"]) if row["model"] else 0 * truth
    return np.abs(truth).max(axis=0), np.abs(truth - found).max(axis=0)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
