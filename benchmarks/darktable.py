"""Exports by darktable-cli with its lens module alone, timed: one photo again and again, or a folder at once.

For one photo it is the darktable on PATH, or else that of the tests' Debian system; for a folder it is the latter.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.scenery.darktable_lens import cli_options, sidecar
from tests.scenery.programs import CACHE
from tests.scenery.root import RootError, SystemRoot, make_root, system_root

SUITE = "trixie"
KNOWN_LENS = "Elmarit-M 1:2.8/28 ASPH."
"""A lens that darktable's own database has all three corrections for."""


def export_one(folder: Path, quality: int) -> Callable[[], float] | None:
    """Return a function that makes darktable.jpg of the folder's photo.jpg and answers the seconds.

    None if there is no darktable, which is told.
    """
    (folder / "photo.jpg.xmp").write_text(sidecar(KNOWN_LENS), encoding="utf-8")
    if found := shutil.which("darktable-cli"):
        return lambda: _export_at_home(found, folder, quality)
    try:
        root = make_root(SUITE, CACHE / "roots")
    except RootError as error:
        print(f"darktable is left out: {error}", file=sys.stderr)
        return None
    return lambda: _export_in_root(root, folder, quality)


def _export_at_home(program: str, folder: Path, quality: int) -> float:
    exported = folder / "darktable.jpg"
    exported.unlink(missing_ok=True)
    options = cli_options(f"jpeg/quality={quality}", str(folder))
    start = time.perf_counter()
    subprocess.run([program, str(folder / "photo.jpg"), str(exported), *options], capture_output=True, check=True)
    return time.perf_counter() - start


def _export_in_root(root: SystemRoot, folder: Path, quality: int) -> float:
    exported = folder / "darktable.jpg"
    exported.unlink(missing_ok=True)
    # Timed within: making the namespaces is no part of darktable.
    line = 'start=$(date +%s%N); darktable-cli "$@" >&2; echo $(($(date +%s%N) - start))'
    words = ["/mnt/work/photo.jpg", "/mnt/work/darktable.jpg", *cli_options(f"jpeg/quality={quality}")]
    done = root.run(["bash", "-c", line, "timed", *words], timeout=300, binds={"/mnt/work": folder})
    if not exported.exists():
        raise RuntimeError(done.stderr[-2000:])
    return int(done.stdout) / 1e9


def export_all(photos: Path, out: Path, home: Path) -> float:
    """Export all JPEGs of a folder by one start of darktable that has Sixbit's lenses; answer the seconds."""
    environment = os.environ | {"HOME": str(home), "XDG_DATA_HOME": str(home / ".local/share")}
    (home / ".local/share/lensfun/updates/version_1").mkdir(parents=True)
    install = [sys.executable, "-m", "sixbit", "install", "lensfun"]
    subprocess.run(install, env=environment, check=True, capture_output=True)
    with tempfile.TemporaryDirectory() as folder:
        for photo in photos.glob("*.jpg"):
            os.link(photo, Path(folder) / photo.name)
            (Path(folder) / f"{photo.name}.xmp").write_text(sidecar(""), encoding="utf-8")
        start = time.perf_counter()
        done = system_root(SUITE).run(
            ["darktable-cli", "/mnt/photos", "/mnt/out", "--out-ext", "jpg", *cli_options("jpeg/quality=92")],
            timeout=400,
            binds={"/mnt/photos": Path(folder), "/mnt/out": out, "/root": home},
        )
        seconds = time.perf_counter() - start
    wanted, made = len(list(photos.glob("*.jpg"))), len(list(out.glob("*.jpg")))
    if made != wanted:
        raise RuntimeError(f"{made} of {wanted}: {done.stderr[-1000:]}")
    return seconds
