"""Commands of Sixbit killed by SIGKILL at random moments, and whether the next start sets all right.

A deed is a command with the files it works on. It is done undisturbed first; then again and again from the same files,
killed, looked at, and started once more.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sixbit.cli.main import main
from tests.scenery import PHOTO, archive, batch_photos, dngs
from tests.scenery.photo_factory import exif, png, tiff

LENS = "summicron-35-asph"
TAGGED = 12
"""Photos that a command tags, so that much of its time is writing."""


@dataclass(frozen=True)
class Deed:
    """A command, and what makes the files that it works on in an empty folder."""

    words: tuple[str, ...]
    make: Callable[[Path], None]
    parts: int
    """Files that it writes at least; none if it changes those that there are."""
    linked: bool = False
    """True if each photo has a second name, by which it has to stay the same file."""


def _photos(folder: Path) -> None:
    made = {".jpg": PHOTO.read_bytes(), ".png": png(exif(Make="Xiaomi")), ".tif": tiff({"Make": "Xiaomi"})}
    for number in range(TAGGED):
        suffix = list(made)[number % len(made)]
        (folder / f"{number:02}{suffix}").write_bytes(made[suffix])


def _linked(folder: Path) -> None:
    _photos(folder)
    (folder / "names").mkdir()
    for photo in sorted(folder.glob("[0-9]*")):
        os.link(photo, folder / "names" / photo.name)


def _batch(folder: Path) -> None:
    (folder / "in").mkdir()
    batch_photos.make(folder / "in", 4, (0.1,))


def _raws(folder: Path) -> None:
    for number, layout in enumerate((*dngs.LAYOUTS, *dngs.LAYOUTS)):
        (folder / f"{number:02}.dng").write_bytes(dngs.dng(layout, order="<>"[number % 2]))


def _archive(folder: Path) -> None:
    for path in archive.save(folder / "photos", 4):
        os.utime(path, (1_700_000_000, 1_700_000_000))  # by which a photo is known again


def _home(folder: Path) -> None:
    for name in ("config/GIMP/3.0", "config/darktable", "data"):
        (folder / name).mkdir(parents=True)
    (folder / "config/darktable/luarc").write_text('require "mine"\n')


_TAG = ("tag", "--lens", LENS, *(f"{n:02}{('.jpg', '.png', '.tif')[n % 3]}" for n in range(TAGGED)))
_RAWS = tuple(f"{number:02}.dng" for number in range(6))
_CORRECT = ("correct", "00.jpg", "-o", "out.jpg", "--lens", LENS, "--aperture", "4", "--crop", "1", "--force")
DEEDS = {
    "tag": Deed(_TAG, _photos, TAGGED),
    "tag, hard links": Deed(_TAG, _linked, TAGGED, linked=True),
    "tag --backup": Deed((*_TAG, "--backup"), _photos, 2 * TAGGED),
    "correct": Deed(_CORRECT, _photos, 1),
    "dng --in-place": Deed(("dng", "--in-place", *_RAWS), _raws, 0),
    "dng -o": Deed(("dng", *_RAWS, "-o", "out"), _raws, 6),
    "batch": Deed(("batch", "--preset", "full-jpeg", "in", "-o", "out"), _batch, 3),
    "learn": Deed(("learn", "photos"), _archive, 4),
    "install lensfun": Deed(("install", "lensfun"), _home, 4),
    "install gimp": Deed(("install", "gimp"), _home, 20),
    "install darktable": Deed(("install", "darktable"), _home, 10),
}

Tree = dict[str, str]


def is_hidden(path: Path) -> bool:
    """True for what is no result: parts, locks, the ledger."""
    return ".sixbit" in path.parts or path.name.startswith(".sixbit-") or path.suffix == ".lock"


def tree(folder: Path) -> Tree:
    """Return the files with the hashes of what they hold."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not is_hidden(path)]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def leftovers(folder: Path) -> list[str]:
    """Return the names of what was begun and not finished."""
    return [path.name for path in folder.rglob(".sixbit-*")]


class Forked:
    """A command in a process that was split off, which need not import anything: many start in little time."""

    def __init__(self, words: tuple[str, ...], place: Path, env: dict[str, str]) -> None:
        self.pid, self._status = os.fork(), None
        if self.pid:
            with suppress(OSError):  # on both sides, so that it has a group of its own at once
                os.setpgid(self.pid, self.pid)
            return
        status = 70
        try:
            os.setpgid(0, 0)
            os.chdir(place)
            os.environ.update(env)
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            status = main(list(words))
        finally:
            os._exit(status)

    def poll(self) -> int | None:
        """Return the status, None as long as it runs."""
        return self.wait(os.WNOHANG)

    def wait(self, how: int = 0) -> int | None:
        """Return the status, when it has ended."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, how)
            self._status = os.waitstatus_to_exitcode(status) if pid else None
        return self._status


class Killed:
    """A deed that is done undisturbed, and then killed; ``found`` counts what was seen.

    ``fork`` if this process may be split, which has no threads then.
    """

    def __init__(self, deed: Deed, folder: Path, rng: random.Random, *, fork: bool = False) -> None:
        self.deed, self.place, self.rng, self.fork = deed, folder / "place", rng, fork
        self.fork &= deed.words[0] not in ("batch", "learn")  # they have processes of their own
        self.found: Counter[str] = Counter()
        self._fresh()
        self.before = tree(self.place)
        self.sizes = {name: (self.place / name).stat().st_size for name in self.before}
        start = time.monotonic()
        self.status = self._start().wait()
        self.seconds = time.monotonic() - start
        once = tree(self.place)
        self._start().wait()  # what was done when the kill came is done again
        self.goals = [once, tree(self.place)]

    def _fresh(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        self.deed.make(self.place)

    def _start(self) -> subprocess.Popen[bytes] | Forked:
        own = {"HOME": "."} | {f"XDG_{name.upper()}_HOME": name for name in ("data", "config", "state", "cache")}
        env = os.environ | {name: str(self.place / folder) for name, folder in own.items()}
        if self.fork:
            return Forked(self.deed.words, self.place, env)
        words = [sys.executable, "-m", "sixbit", *self.deed.words]
        return subprocess.Popen(words, cwd=self.place, env=env, stdout=-3, stderr=-3, start_new_session=True)

    def once(self) -> bool:
        """Kill it once, if it is still alive at the moment, look, and start it again. Return whether it was killed."""
        self._fresh()
        process = self._start()
        end = time.monotonic() + self.seconds * self.rng.random()
        at_a_part, wait = self.rng.random() < 0.7 and self.deed.parts > 0, self.rng.random() ** 2 * 0.03
        skipped = self.rng.randrange(max(self.deed.parts, 1))
        seen: set[str] = set()
        while process.poll() is None and (at_a_part or time.monotonic() < end):
            if at_a_part:
                seen.update(leftovers(self.place))
                if len(seen) > skipped:
                    time.sleep(wait)
                    break
            else:
                time.sleep(0.0005)
        if process.poll() is not None:
            return False
        # The one process alone, or all that it has started too, as by a power cut.
        (os.kill if self.rng.random() < 0.5 else os.killpg)(process.pid, signal.SIGKILL)
        process.wait()
        self._look()
        again = self._start().wait()
        self._expect(again == self.status, "another status")
        done = tree(self.place)
        # Some photos were done twice, and the others once.
        well = all(any(goal.get(name) == digest for goal in self.goals) for name, digest in done.items())
        self._expect(well and done.keys() == self.goals[-1].keys(), "another result")
        self._expect(not leftovers(self.place), "leftovers")
        if self.deed.linked:
            pairs = [(name, self.place / name.name) for name in (self.place / "names").iterdir()]
            self._expect(all(name.samefile(photo) for name, photo in pairs), "a hard link that was split")
        return True

    def _look(self) -> None:
        """Look at what the kill has left: every file is old or new, or there is a whole copy of it."""
        left = leftovers(self.place)
        self.found["killed"] += 1
        self.found["killed while it wrote"] += bool(left)
        in_place = any(name.endswith(".whole") for name in left)
        self.found["killed while it wrote in place"] += in_place
        wanted = [self.before, *self.goals]
        for name, digest in tree(self.place).items():
            known = {one.get(name) for one in wanted}
            if digest in known or (in_place and self.deed.linked):
                continue
            if not self.deed.parts:  # with bytes behind it that nothing points to, it opens as before
                content = (self.place / name).read_bytes()[: self.sizes[name]]
                self._expect(hashlib.sha256(content).hexdigest() == self.before[name], f"damaged {name}")
                self.found["killed while it wrote in place"] += 1
                continue
            original = name.removesuffix(".orig")
            if name.endswith(".json"):
                json.loads((self.place / name).read_bytes())  # the record, half of which may be done, but whole
            else:
                self._expect(digest == self.before.get(original), f"damaged {name}")

    def _expect(self, holds: bool, wrong: str) -> None:
        if not holds:
            self.found[f"WRONG: {wrong}"] += 1


def wrong(found: Counter[str]) -> dict[str, int]:
    """Return what should not have been seen."""
    return {what: count for what, count in found.items() if what.startswith("WRONG")}
