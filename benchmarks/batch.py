"""The batch, measured: throughput, kills, memory.

    python -m benchmarks.batch throughput [--photos 8] [--rounds 3] [--no-darktable]
    python -m benchmarks.batch kills [--photos 500] [--kills 10] [--memory 2G]

``throughput`` compares `sixbit batch`, JPEG to JPEG at 50 MP, with decoding and encoding alone (by the same libraries,
and by Pillow) in as many processes, and with darktable-cli and its lens module, in the same run. ``kills`` makes photos
of every status by batch_photos.py in the temporary folder (500 take 10 GB, and what is made of them as much again),
watches the memory of a batch of five of 50 MP and of all under a budget, and runs the same with SIGKILLs at random
moments; every byte must be the same. The tables are saved in benchmarks/results.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.darktable import export_all
from tests.scenery import batch_photos
from tests.scenery.batch_run import command, written

RESULTS = Path(__file__).parent / "results"


def seconds_of(words: list[str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return time.perf_counter() - start


# Throughput ---------------------------------------------------------------------------------------------------------


def recoded(photo: Path, out: Path) -> None:
    """Decode and encode, with the metadata, and nothing else."""
    from sixbit.photos.decode import decode
    from sixbit.photos.save import save_photo

    opened = decode(photo)
    save_photo(opened, opened.pixels, out)


def recoded_by_pillow(photo: Path, out: Path) -> None:
    """Decode and encode by Pillow, as scripts do it."""
    from PIL import Image

    with Image.open(photo) as opened:
        opened.save(out, quality="keep", exif=opened.getexif())


def decode_and_encode(photos: Path, out: Path, how: str) -> float:
    """Return the seconds for all photos by as many processes as there are processors, with their start."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from benchmarks import batch; "
        "batch.recode_all(*sys.argv[2:4], getattr(batch, sys.argv[4]))"
    )
    return seconds_of([sys.executable, "-c", code, str(Path(__file__).parents[1]), str(photos), str(out), how])


def recode_all(photos: str, out: str, how: Callable[[Path, Path], None]) -> None:
    import multiprocessing

    files = sorted(Path(photos).glob("*.jpg"))
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), multiprocessing.get_context("spawn")) as pool:
        for done in [pool.submit(how, photo, Path(out) / photo.name) for photo in files]:
            done.result()


def throughput(count: int, rounds: int, with_darktable: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        photos.mkdir()
        for number in range(count):
            tags = batch_photos.KNOWN | {"FNumber": (28 + number, 10)}
            (photos / f"{number}.jpg").write_bytes(batch_photos.jpeg(8160, 6144, tags))
        alone = {"decode and encode alone": "recoded", "the same by Pillow": "recoded_by_pillow"}
        times: dict[str, list[float]] = {name: [] for name in (*alone, "sixbit batch", "darktable-cli")}
        for number in range(rounds):
            for name in times:
                out = Path(folder) / f"{name} {number}"
                out.mkdir()
                if name == "sixbit batch":
                    times[name].append(seconds_of(command(photos, out)))
                elif name == "darktable-cli" and with_darktable and not number:
                    times[name].append(export_all(photos, out, Path(folder) / "home"))
                elif name in alone:
                    times[name].append(decode_and_encode(photos, out, alone[name]))
                shutil.rmtree(out)
        medians = {name: statistics.median(taken) for name, taken in times.items() if taken}
        rows = [
            f"| {name} | {median:.2f} | {count / median:.2f} | {median / medians['sixbit batch']:.2f} |"
            for name, median in medians.items()
        ]
        save(
            "batch-throughput",
            f"{count} JPEGs of 50 MP, {len(os.sched_getaffinity(0))} processors; medians of {rounds} rounds (one "
            "of darktable), with the start of all processes.",
            "\n".join(["| | s | photos/s | time, Sixbit = 1 |\n|---|---:|---:|---:|", *rows]),
        )


# Kills and memory ---------------------------------------------------------------------------------------------------


def kills(count: int, times: int, budget: str) -> None:
    """Run a batch undisturbed and watch its memory; kill the same one again and again; compare every byte of both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos, calm, killed = folder / "photos", folder / "calm", folder / "killed"
        batch_photos.make(photos, count, (12, 24, 50))
        largest = sorted(photos.rglob("*-matched*.jpg"), key=lambda path: (-path.stat().st_size, path))[:5]
        (folder / "largest").mkdir()
        for number, path in enumerate(largest):
            os.link(path, folder / "largest" / f"{number}{path.suffix}")
        few = watched(command(folder / "largest", folder / "few", "--memory", budget))
        shutil.rmtree(folder / "few")
        all_of_them = watched(command(photos, calm, "--memory", budget))
        told = (calm / "sixbit-report.jsonl").read_text(encoding="utf-8").splitlines()
        start, ended = time.perf_counter(), killed_at_random(photos, killed, times, len(told))
        done = subprocess.run(command(photos, killed), capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        seconds = time.perf_counter() - start
        calmly, same = written(calm), written(killed)
        assert same == calmly, f"not the same: {sorted(set(calmly.items()) ^ set(same.items()))[:9]}"
        assert not list(killed.rglob("*.part"))
        save(
            "batch-kills",
            f"{len(told)} photos of 12, 24 and 50 MP, {len(os.sched_getaffinity(0))} processors, a budget of {budget}.",
            "| | s | most memory, MB |\n|---|---:|---:|\n"
            f"| five of 50 MP | {few[1]:.0f} | {few[0] / 2**20:.0f} |\n"
            f"| all, undisturbed | {all_of_them[1]:.0f} | {all_of_them[0] / 2**20:.0f} |\n"
            f"| all, killed {ended} times by SIGKILL | {seconds:.0f} | |",
            f"Killed or not, every byte of the {len(calmly)} files is the same. All accounted for: {tally(told)}.",
        )


def killed_at_random(photos: Path, out: Path, times: int, together: int) -> int:
    """Begin a batch and kill it, again and again; return how often it was alive to be killed."""
    rng = random.Random(7)
    ledger = out / ".sixbit" / "ledger.jsonl"
    killed = 0
    for number, lines in enumerate(sorted(rng.sample(range(together * 9 // 10), times))):
        process = subprocess.Popen(command(photos, out), stderr=-3, stdout=-3, start_new_session=True)
        while process.poll() is None and (not ledger.exists() or ledger.read_bytes().count(b"\n") < lines):
            time.sleep(0.02)
        time.sleep(rng.random())
        if process.poll() is None:
            # The parent alone, whose children must not go on without it; or all of them at once, as by a power cut.
            (os.kill if number % 2 else os.killpg)(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    return killed


def tally(lines: list[str]) -> str:
    counts: dict[str, int] = {}
    for line in lines:
        entry = json.loads(line)
        name = entry["status"] + (f" ({entry['reason']})" if entry["reason"] else "")
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def watched(words: list[str]) -> tuple[float, float]:
    """Return the most bytes that a batch and its processes hold together, and the seconds it took.

    Every 20 ms they are looked at; shared memory is counted for each of them.
    """
    import psutil

    start = time.perf_counter()
    process = psutil.Popen(words, stdout=-3, stderr=-3)
    peak = 0
    while process.poll() is None:
        total = 0
        for one in (process, *process.children(recursive=True)):
            try:
                total += one.memory_info().rss
            except psutil.Error:
                continue
        peak = max(peak, total)
        time.sleep(0.02)
    return peak, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    what = parser.add_subparsers(dest="what", required=True)
    one = what.add_parser("throughput")
    one.add_argument("--photos", type=int, default=8)
    one.add_argument("--rounds", type=int, default=3)
    one.add_argument("--no-darktable", action="store_true")
    two = what.add_parser("kills")
    two.add_argument("--photos", type=int, default=500)
    two.add_argument("--kills", type=int, default=10)
    two.add_argument("--memory", default="2G")
    options = parser.parse_args()
    if options.what == "throughput":
        throughput(options.photos, options.rounds, not options.no_darktable)
    else:
        kills(options.photos, options.kills, options.memory)


def save(name: str, *parts: str) -> None:
    """Print a result, and keep it."""
    text = "\n\n".join(parts) + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
