"""One file put through Sixbit, and what has to hold however it is damaged.

Nothing but a SixbitError leaves a step; what is said can be printed, and names the file; the photo stays as it was; no
file that was begun is left, nor a process; and what was written can be read again.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from sixbit.calibration.frames import open_frame
from sixbit.calibration.keep import runs
from sixbit.cli import complain
from sixbit.cli.main import main
from sixbit.cli.ways_out import told
from sixbit.compiler.compile import compile_filter
from sixbit.editors.server.process import _Server
from sixbit.engines import apply
from sixbit.export import presets
from sixbit.export.batch import batch, foreseen
from sixbit.export.memory import needed
from sixbit.lenses.catalogue import catalogue, own_folder, reload_catalogue
from sixbit.lenses.match import match
from sixbit.lenses.remembered import choices_file
from sixbit.photos.decode import decode
from sixbit.photos.privacy import copy_without
from sixbit.tags.read import read_shot
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, SixbitError, photo_name
from sixbit.values.filter import Filter
from sixbit.values.kinds import Grade
from sixbit.values.shot import Shot
from tests.scenery.fuzz.seeds import LENS, SEEDS, SIZE, Seed, whole

LONGEST_S = 2.0
"""Of processor time for a step: what takes longer is a fault."""
END_S = 12.0
"""After so much, the process ends."""
POLICIES = ("keep", "no-location", "none")
PRESETS: tuple[dict[str, Any], ...] = (
    {},
    {"metadata": "no-location", "profile": "sRGB", "auto_tca": True},
    {"metadata": "none", "long_side": 20, "sharpening": {"radius": 0.6, "amount": 0.5}},
    {"format": "TIFF", "depth": 16, "profile": "Adobe RGB", "scale": "none"},
)


class _Mistakes(logging.Handler):
    """Hears what the server logs: the last traceback that it had no words for."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.said = record.getMessage()


MISTAKES = _Mistakes()


class FaultError(Exception):
    """Something that must not be."""


class Trial:
    """A file and the folder it is tried in; ``random`` decides what is done with it.

    ``photo`` is the file itself, or the photo that it stands beside or is used for.
    """

    def __init__(self, seed: Seed, data: bytes, random: Random, folder: Path) -> None:
        self.kind, self.data, self.random, self.folder = seed.kind, data, random, folder
        self.path = self.photo = folder / seed.name
        self.asked_for = max(1, data.count(b"\n")) if seed.kind == "requests" else 1
        """How many answers a step gives: each has its time."""
        self._beside: bytes | None = None
        if seed.kind != "photo":
            self.photo = folder / (self.path.stem if seed.kind == "sidecar" else "photo.jpg")
            self._beside = whole(RAW if self.photo.suffix == ".dng" else JPEG)

    def done(self, thoroughly: bool) -> None:
        """Do what is done with a file of its kind: the first step, and one of the others, or all."""
        first, *others = STEPS[self.kind]
        chosen = dict.fromkeys(others) if thoroughly or not others else [self.random.choice(others)]
        for step in (first, *chosen):
            self.restored()
            signal.setitimer(signal.ITIMER_PROF, END_S)
            start = time.process_time()
            step(self)
            seconds = (time.process_time() - start) / self.asked_for
            _demand(seconds <= LONGEST_S, f"{step.__name__} took {seconds:.1f} s of processor")
            _demand(self.path.read_bytes() == self.data, "the file is not as it was")
            left = [path for path in self.folder.rglob("*") if path.name.endswith(".part")]
            _demand(not left, f"{left} is left")
            _demand(not _has_children(), "a process is left")

    def restored(self) -> None:
        """Put the files there as they were."""
        self.path.write_bytes(self.data)
        if self._beside is not None:
            self.photo.write_bytes(self._beside)

    def asked(self, do: Callable[[], Any]) -> Any:
        """Return what is done; None if it was refused, in words that are good."""
        try:
            with self.listening():
                return do()
        except SixbitError as error:
            if error.code is Code.FAULT:
                raise
            with self.listening() as said:
                complain(told(error))
            self._named(said)
            return None

    def commanded(self, *words: object) -> int:
        """Run a command as a terminal does, and return its status."""
        with self.listening() as said:
            status = main([*map(str, words)])
        _demand(status in (0, 1, 2), f"status {status}: {said}{_logs()}")
        if status:
            self._named(said)
        return status

    def _named(self, said: list[str]) -> None:
        names = (self.path.name, self.photo.name, repr(self.path.stem))
        _demand(any(photo_name(name) in said[0] for name in names), f"the file is not named: {said[0]}")

    @contextlib.contextmanager
    def listening(self) -> Iterator[list[str]]:
        """Hear what is said meanwhile, on standard error and output: none of it may be more than text."""
        said: list[str] = []
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            yield said
        said += [text.getvalue().encode("utf-8", "backslashreplace").decode() for text in (err, out)]
        _demand(all(c.isprintable() or c == "\n" for text in said for c in text), f"control characters: {said!r}")
        rows = [row for row in said[0].splitlines() if not row.startswith(("sixbit: ", "  "))]
        _demand(not rows or self.kind == "preset", f"said on standard error: {rows}")


JPEG, RAW = (next(seed for seed in SEEDS if seed.name == name) for name in ("leica.jpg", "leica.dng"))
LENSES = next(seed for seed in SEEDS if seed.kind == "lenses")


def _demand(well: bool, words: str) -> None:
    if not well:
        raise FaultError(words[:5000])


def _has_children() -> bool:
    """Tell whether there is a process of this one; what ended is taken note of."""
    with contextlib.suppress(ChildProcessError):
        while True:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return True
    return False


def _logs() -> str:
    return "".join(path.read_text(errors="replace")[-4000:] for path in Path.home().rglob("*.log"))


# Photos -------------------------------------------------------------------------------------------------------------


def _identified(trial: Trial) -> None:
    json_too = ["--json"] if trial.random.random() < 0.3 else []
    trial.commanded("identify", *json_too, trial.photo)


def _corrected(trial: Trial) -> None:
    out = trial.folder / f"written.{trial.random.choice(('jpg', 'jpg', 'tif', 'png'))}"
    preset = trial.folder / "a-preset.json"
    content = {"label": "a preset", "format": "JPEG"} | trial.random.choice(PRESETS)
    preset.write_text(json.dumps(content))
    lens = ["--lens", LENS, "--crop", "1", "--aperture", "4", "--force"]
    if trial.commanded("correct", trial.photo, "-o", out, "--preset", preset, *lens):
        _demand(not out.exists(), "something was written by a command that failed")
    else:
        read_shot(out)
        decode(out)
    preset.unlink()


def _tagged(trial: Trial) -> None:
    before = {path.name for path in trial.folder.iterdir()}
    if not trial.commanded("tag", "--lens", LENS, *trial.random.choice(([], ["--backup"])), trial.photo):
        found = match(read_shot(trial.photo))
        _demand(LENS in "".join(found.evidence), f"tagged, it is {found.status}: {found.evidence}")
    for path in trial.folder.iterdir():
        if path.name not in before:
            path.unlink()
    trial.restored()


def _carried(trial: Trial) -> None:
    """A correction written into a raw, and taken out again; whatever is no raw is refused."""
    out = trial.folder / "raws"
    trial.commanded("dng", "--list", trial.path)
    if not trial.commanded("dng", trial.path, "-o", out, "--lens", LENS, "--aperture", "4", "--crop", "1"):
        copy = out / trial.path.name
        _demand(not trial.commanded("dng", "--remove", copy), "it cannot be taken out again")
        _demand(copy.read_bytes() == trial.data, "it does not come back as it was")
    shutil.rmtree(out, ignore_errors=True)


def _copied(trial: Trial) -> None:
    policy = trial.random.choice(POLICIES[1:])
    done = trial.asked(lambda: copy_without(trial.path, policy))
    if done is not None:
        copy = trial.path.with_name(f"copy-{trial.path.name}")
        copy.write_bytes(done[0])
        shot = trial.asked(lambda: read_shot(trial.path))
        if shot is not None and shot.width:  # else it has no picture, and its copy perhaps nothing at all
            read_shot(copy)


def _exported(trial: Trial) -> None:
    content = {"label": "a preset", "format": "JPEG", "file_name": "{stem}-{lens}-{camera}-{date}-{time}"}
    content |= dict.fromkeys(("untagged", "unknown", "ambiguous", "not_m"), trial.random.choice(("copy", "choose")))
    content |= {
        "lens": LENS,
        "uncalibrated": "copy",
        "already_corrected": "copy",
        "metadata": trial.random.choice(POLICIES),
    }
    preset = presets.Preset.of("a-preset", content)
    needed(trial.path, preset)
    outcomes = trial.asked(lambda: list(foreseen([trial.path], trial.folder / "out", preset)))
    summary = trial.asked(lambda: batch([trial.path], trial.folder / "out", preset))
    if trial.path.suffix in (".cr3", ".raf", ".dng"):
        return
    _demand(outcomes is not None and summary is not None, "a batch ends with one photo")
    ledger = trial.folder / "out/.sixbit/ledger.jsonl"
    broken = any(Code.FAULT in outcome.codes for outcome in (*outcomes, *summary.failures))
    _demand(not broken, ledger.read_text().replace("\\n", "\n")[-4000:] if ledger.exists() else "a fault")


def _measured(trial: Trial) -> None:
    frame = trial.asked(lambda: open_frame(trial.path))
    _demand(frame is None or min(frame.pixels.shape[:2]) > 0, "a frame without pixels")


# What stands beside photos, and is the user's own -------------------------------------------------------------------


def _used_lenses(trial: Trial) -> None:
    own_folder().mkdir(parents=True, exist_ok=True)
    (own_folder() / "own.xml").write_bytes(whole(LENSES))
    (own_folder() / trial.path.name).write_bytes(trial.data)
    try:
        reload_catalogue()
        lenses = trial.asked(
            lambda: [lens for lens in catalogue().lenses.values() if any(c.own for c in lens.calibrations)]
        )
        trial.asked(lambda: catalogue().body_for("Own", "Own M"))
        choices = Choices(crop_factor=1.0, f_number=4.0, focal_mm=35.0, grades=tuple(Grade))
        for lens in (lenses or [])[:3]:
            with contextlib.suppress(SixbitError):
                compile_filter(lens, Shot(make=None), choices, size=SIZE)
    finally:
        shutil.rmtree(own_folder())
        reload_catalogue()


def _of_bundle(trial: Trial) -> None:
    """Somebody else's calibrations, all of them taken over and used, or none."""
    try:
        status = trial.commanded("calibrate", "import", trial.path)
        reload_catalogue()
        kept = runs()
        _demand(bool(kept) == (status == 0), f"{len(kept)} are kept by a command that ended with {status}")
        choices = Choices(crop_factor=1.0, f_number=2.0, focal_mm=35.0, grades=tuple(Grade))
        for run in kept[:3]:
            with contextlib.suppress(SixbitError):
                compile_filter(catalogue().lens(run.lens_id), Shot(make=None), choices, size=SIZE)
    finally:
        shutil.rmtree(own_folder(), ignore_errors=True)
        reload_catalogue()


def _of_preset(trial: Trial) -> None:
    preset = trial.asked(lambda: presets.load(trial.path))
    if preset is not None:
        trial.asked(lambda: preset.digest)
        _demand(
            trial.asked(lambda: list(foreseen([trial.photo], trial.folder / "out", preset))) is not None, "a preset"
        )
        trial.asked(lambda: batch([trial.photo], trial.folder / "out", preset))


def _of_ledger(trial: Trial) -> None:
    out = trial.folder / "out"
    (out / ".sixbit").mkdir(parents=True, exist_ok=True)
    (out / ".sixbit/ledger.jsonl").write_bytes(
        trial.data.replace(b'"photo.jpg"', json.dumps(str(trial.photo)).encode())
    )
    preset = presets.load("full-jpeg")
    trial.asked(lambda: list(foreseen([trial.photo], out, preset)))
    trial.asked(lambda: batch([trial.photo], out, preset))


def _of_choices(trial: Trial) -> None:
    choices_file().parent.mkdir(parents=True, exist_ok=True)
    try:
        for words in (["identify", trial.photo], ["forget", "--lens", LENS], ["forget", "--all"]):
            choices_file().write_bytes(trial.data)
            with trial.listening() as said:
                status = main([*map(str, words)])
            _demand(status in (0, 1), f"status {status}: {said}{_logs()}")
    finally:
        shutil.rmtree(choices_file().parent)


def _of_filter(trial: Trial) -> None:
    try:
        made = Filter.load(trial.path)
    except SixbitError:
        return
    made.digest  # noqa: B018
    part = made.window(0, 0, min(made.width, 64), min(made.height, 64))
    with contextlib.suppress(SixbitError):
        apply(part, np.full((part.height, part.width, 3), 99, np.uint8), "native", threads=1)


def _of_requests(trial: Trial) -> None:
    """Requests as an editor sends them, answered in this process; the files that they name are there."""
    for name in ("pixels.bin", "room.bin"):
        (trial.folder / name).write_bytes(bytes(SIZE[0] * SIZE[1] * 3))
    server = _Server(io.BytesIO(), io.BytesIO(), None)
    for row in trial.data.splitlines(keepends=True):
        server._take(row)
        while not server._jobs.empty():
            job = server._jobs.get()
            with trial.listening():
                outcome = server._outcome(job)
            server._pending.pop(job.number, None)
            json.dumps(outcome)
            if outcome.get("kind") == "internal":
                raise FaultError(f"{outcome['error']} for {row[:300]!r}\n{MISTAKES.said}")


STEPS: dict[str, Sequence[Callable[[Trial], None]]] = {
    "photo": (_identified, *[_corrected] * 6, *[_tagged] * 2, _carried, _copied, _exported, _measured),
    "sidecar": (_identified, _corrected, _tagged),
    "lenses": (_used_lenses,),
    "record": (_used_lenses,),
    "bundle": (_of_bundle,),
    "preset": (_of_preset,),
    "ledger": (_of_ledger,),
    "choices": (_of_choices,),
    "filter": (_of_filter,),
    "requests": (_of_requests,),
}
