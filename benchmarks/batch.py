"""The batch, measured: throughput, kills, memory.

    python benchmarks/batch.py throughput [--photos 8] [--no-darktable]
    python benchmarks/batch.py kills FOLDER [--kills 10]
    python benchmarks/batch.py memory FOLDER [--memory 2G]

``throughput`` compares `sixbit batch`, JPEG to JPEG at 50 MP, with decoding and encoding alone by the same libraries in
as many processes, and with darktable-cli and its lens module, in the same run. FOLDER holds photos made by
batch_photos.py; ``kills`` runs the batch once undisturbed and once with SIGKILLs at random moments, and compares every
byte; ``memory`` compares the most that all processes together take for five of the photos and for all.
"""

from __future__ import annotations

import argparse
import hashlib
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
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import batch_photos

DARKTABLE = ["--core", "--library", ":memory:", "--configdir", "/tmp/config", "--cachedir", "/tmp/cache"]
DARKTABLE += ["--conf", "plugins/imageio/format/jpeg/quality=92", "--conf", "plugins/darkroom/workflow=none"]
DARKTABLE += ["--conf", "plugins/lighttable/export/pixel_interpolator_warp=bicubic"]


def command(photos: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "sixbit", "batch", "--preset", "full-jpeg", str(photos), "-o", str(out), *more]


def seconds_of(words: list[str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return time.perf_counter() - start


# Throughput ---------------------------------------------------------------------------------------------------------


def recoded(photo: Path, out: Path) -> None:
    """Decode and encode, with the metadata, and nothing else."""
    from sixbit.photos import open_photo, save_photo

    opened = open_photo(photo)
    save_photo(opened, opened.pixels, out)


def decode_and_encode(photos: Path, out: Path) -> float:
    """Seconds for all photos by as many processes as there are processors, and their start."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from benchmarks.batch import recode_all; "
        "recode_all(sys.argv[2], sys.argv[3])"
    )
    return seconds_of([sys.executable, "-c", code, str(Path(__file__).parents[1]), str(photos), str(out)])


def recode_all(photos: str, out: str) -> None:
    import multiprocessing

    files = sorted(Path(photos).glob("*.jpg"))
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), multiprocessing.get_context("spawn")) as pool:
        for done in [pool.submit(recoded, photo, Path(out) / photo.name) for photo in files]:
            done.result()


def darktable(photos: Path, out: Path, home: Path) -> float:
    """Seconds that darktable-cli takes for the same photos with its lens module, started once for all."""
    from tests.hosts.root import system_root
    from tests.hosts.test_darktable_lensfun import sidecar

    with tempfile.TemporaryDirectory() as folder:
        for photo in photos.glob("*.jpg"):
            os.link(photo, Path(folder) / photo.name)
            (Path(folder) / f"{photo.name}.xmp").write_text(sidecar(""))
        start = time.perf_counter()
        done = system_root("trixie").run(
            ["darktable-cli", "/mnt/photos", "/mnt/out", "--out-ext", "jpg", "--icc-type", "SRGB", *DARKTABLE],
            timeout=400,
            binds={"/mnt/photos": Path(folder), "/mnt/out": out, "/root": home},
        )
        seconds = time.perf_counter() - start
    wanted, made = len(list(photos.glob("*.jpg"))), len(list(out.glob("*.jpg")))
    assert made == wanted, f"{made} of {wanted}: {done.stderr[-1000:]}"
    return seconds


def throughput(count: int, rounds: int, with_darktable: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        photos.mkdir()
        for number in range(count):
            tags = batch_photos.KNOWN | {"FNumber": (28 + number, 10)}
            (photos / f"{number}.jpg").write_bytes(batch_photos.jpeg(8160, 6144, tags))
        times: dict[str, list[float]] = {"decode and encode alone": [], "sixbit batch": [], "darktable-cli": []}
        for number in range(rounds):
            for name in times:
                out = Path(folder) / f"{name} {number}"
                out.mkdir()
                if name == "sixbit batch":
                    times[name].append(seconds_of(command(photos, out)))
                elif name == "darktable-cli" and with_darktable and not number:
                    times[name].append(darktable(photos, out, home_with_lenses(Path(folder))))
                elif name == "decode and encode alone":
                    times[name].append(decode_and_encode(photos, out))
                shutil.rmtree(out)
        ours = statistics.median(times["sixbit batch"])
        print(f"{count} JPEGs of 50 MP, {len(os.sched_getaffinity(0))} processors, {rounds} rounds (darktable: one):\n")
        print("| | s | photos/s | time, Sixbit = 1 |\n|---|---:|---:|---:|")
        for name, taken in times.items():
            if taken:
                median = statistics.median(taken)
                print(f"| {name} | {median:.2f} | {count / median:.2f} | {median / ours:.2f} |")


def home_with_lenses(folder: Path) -> Path:
    """A home folder with Sixbit's lenses where darktable finds them."""
    home = folder / "home"
    lenses = home / ".local/share/lensfun/updates/version_1"
    lenses.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"HOME": str(home), "XDG_DATA_HOME": str(home / ".local/share")}
    subprocess.run(
        [sys.executable, "-m", "sixbit", "install", "lensfun"], env=environment, check=True, capture_output=True
    )
    return home


# Kills --------------------------------------------------------------------------------------------------------------


def kills(photos: Path, count: int) -> None:
    """Undisturbed first; what an earlier call did of that is not done again, as it is a batch."""
    calm, killed = photos.with_name("calm"), photos.with_name("killed")
    start = time.perf_counter()
    done = subprocess.run(command(photos, calm), capture_output=True, text=True, check=False)
    print(f"undisturbed: {time.perf_counter() - start:.0f} s\n{done.stdout}")
    shutil.rmtree(killed, ignore_errors=True)
    rng = random.Random(7)
    together = len((calm / "sixbit-report.jsonl").read_bytes().splitlines())
    ledger = killed / ".sixbit" / "ledger.jsonl"
    start = time.perf_counter()
    for number, lines in enumerate(sorted(rng.sample(range(together * 9 // 10), count))):
        process = subprocess.Popen(command(photos, killed), stderr=subprocess.DEVNULL, start_new_session=True)
        while not ledger.exists() or ledger.read_bytes().count(b"\n") < lines:
            assert process.poll() is None, "it was done before it was killed"
            time.sleep(0.1)
        time.sleep(rng.random() * 2)
        # The parent alone, whose children must not go on without it; or all of them at once, as by a power cut.
        (os.kill if number % 2 else os.killpg)(process.pid, signal.SIGKILL)
        process.wait()
    done = subprocess.run(command(photos, killed), capture_output=True, text=True, check=False)
    print(f"killed {count} times: {time.perf_counter() - start:.0f} s\n{done.stdout}")
    calmly, same = hashes(calm), hashes(killed)
    print(f"{len(calmly)} files; {'every byte is the same' if same == calmly else 'THEY DIFFER'}")
    told = (killed / "sixbit-report.jsonl").read_text(encoding="utf-8").splitlines()
    print(f"{len(told)} photos accounted for: {tally(told)}")
    assert same == calmly, "not the same bytes"
    assert not list(killed.rglob("*.part"))


def hashes(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".sixbit" not in path.parts:
            with path.open("rb") as file:
                found[str(path.relative_to(folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def tally(lines: list[str]) -> str:
    counts: dict[str, int] = {}
    for line in lines:
        entry = json.loads(line)
        name = entry["status"] + (f" ({entry['reason']})" if entry["reason"] else "")
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


# Memory -------------------------------------------------------------------------------------------------------------


def memory(photos: Path, budget: str) -> None:
    """The most that the processes take together, looked at every 20 ms; what they share is counted for each."""
    files = sorted(path for path in photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".tif", ".png"))
    largest = sorted(files, key=lambda path: -path.stat().st_size)[:5]
    print(f"budget {budget}")
    for name, words in (("the five largest files", [*map(str, largest)]), (f"all {len(files)}", [str(photos)])):
        out = photos.with_name("memory")
        shutil.rmtree(out, ignore_errors=True)
        peak, seconds = watched(["--preset", "full-jpeg", *words, "-o", str(out), "--memory", budget])
        print(f"{name}: {peak / 2**20:.0f} MB at most, {seconds:.0f} s")
        shutil.rmtree(out)


def watched(words: list[str]) -> tuple[float, float]:
    """The peak of the sum of the resident memory of a batch and its processes, and how long it took."""
    import psutil

    start = time.perf_counter()
    process = psutil.Popen([sys.executable, "-m", "sixbit", "batch", *words], stdout=-3, stderr=-3)
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
    two.add_argument("folder", type=Path)
    two.add_argument("--kills", type=int, default=10)
    three = what.add_parser("memory")
    three.add_argument("folder", type=Path)
    three.add_argument("--memory", default="2G")
    options = parser.parse_args()
    if options.what == "throughput":
        throughput(options.photos, options.rounds, not options.no_darktable)
    elif options.what == "kills":
        kills(options.folder, options.kills)
    else:
        memory(options.folder, options.memory)


if __name__ == "__main__":
    main()
