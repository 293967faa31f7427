"""No photo ends a batch: neither damaged ones, nor a mistake of Sixbit's own, nor one that does not end by itself."""

from __future__ import annotations

import json
import multiprocessing
import os
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sixbit.cli.main import main
from sixbit.export.batch import batch, foreseen, plan, pool, work, worker
from sixbit.export.batch.ledger import Ledger
from sixbit.export.batch.outcome import Outcome, outcome_of
from sixbit.export.batch.worker import seconds_for
from sixbit.export.memory import needed
from sixbit.export.presets import Preset
from sixbit.files.limits import SECONDS, SECONDS_MORE
from sixbit.files.replace import make_folder
from sixbit.values.errors import Code, PhotoError
from tests.scenery import batch_photos
from tests.scenery.batch_run import report
from tests.scenery.refusals import refused

JPEG = Preset("test", "Test", "JPEG")
BY_TAGS = replace(JPEG, file_name="{stem}-{lens}-{date}")


def whole(kind: str) -> bytes:
    return batch_photos.BUILDERS.get(kind, batch_photos.jpeg)(120, 80, batch_photos.KNOWN)


def far_raf() -> bytes:
    """A Fujifilm raw file whose preview ends at 2^32 and a little."""
    head = bytearray(160)
    head[:20], head[28:32] = b"FUJIFILMCCD-RAW 0201", b"X-T5"
    struct.pack_into(">IIIIII", head, 84, 0xFFFFFFF0, 0xFF, 0xFFFFFFF0, 0xFF, 0xFFFFFFF0, 0xFF)
    return bytes(head) + bytes(400)


DAMAGED: dict[str, bytes] = {
    **{f"cut-{size}.png": whole(".png")[:size] for size in (0, 8, 16, 20, 24, 25, 26, 29, 33, 40, 57)},
    **{f"cut-{size}.jpg": whole(".jpg")[:size] for size in (2, 3, 4, 11, 20, 30, 200, 600)},
    **{f"cut-{size}{kind}": whole(kind)[:size] for kind in (".tif", ".webp", ".avif", ".jxl") for size in (9, 31, 300)},
    "no-size.png": whole(".png")[:16] + bytes(8) + whole(".png")[24:],
    "huge.png": whole(".png")[:16] + b"\x7f\xff\xff\xff" * 2 + whole(".png")[24:],
    "nothing.webp": b"RIFF\x04\0\0\0WEBP",
    "big.tif": b"II\x2b\0\x08\0\0\0" + b"\xff" * 40,
    "circle.tif": b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0",
}


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, data in DAMAGED.items():
        (folder / name).write_bytes(data)
    (folder / "good.jpg").write_bytes(whole(".jpg"))
    return folder


def run(photos: Path, out: Path, preset: Preset = JPEG, **options: float) -> dict[str, Outcome]:
    seen: dict[str, Outcome] = {}
    batch([photos], out, preset, progress=lambda done, n, one: seen.update({one.photo.name: one}), **options)  # type: ignore[arg-type]
    return seen


@pytest.mark.parametrize("preset", [JPEG, BY_TAGS], ids=["stem", "tags"])
def test_damaged_photos_end_no_batch(damaged: Path, tmp_path: Path, preset: Preset) -> None:
    expected = {*DAMAGED, "good.jpg"}
    before = {one.photo.name: one for one in foreseen([damaged], tmp_path / "out", preset)}
    assert set(before) == expected
    for again in (False, True):
        seen = run(damaged, tmp_path / "out", preset)
        assert ("good.jpg" in seen) != again
        told = report(tmp_path / "out")
        assert set(told) == expected
        assert {name for name, entry in told.items() if entry["status"] == "corrected"} == {"good.jpg"}
        assert not {name for name, entry in told.items() if "fault" in entry["codes"]}


@pytest.mark.parametrize("name", DAMAGED)
def test_each_step_of_the_parent_takes_it(damaged: Path, name: str) -> None:
    """No guard is between it and the file: what is wrong with a file is told as such, or passed over."""
    photo = damaged / name
    assert plan.file_stem(BY_TAGS, photo).startswith(photo.stem)
    assert needed(photo, JPEG) >= 0
    assert seconds_for(photo) >= SECONDS
    assert plan.fingerprint(str(photo))[0] == [len(DAMAGED[name]), photo.stat().st_mtime_ns]
    assert plan.chosen_lens(str(photo)) is None
    task = plan.Task(photo, str(photo), str(damaged), "x", JPEG, "")
    assert outcome_of(photo, work.foreseen(task), damaged).status in ("failed", "skipped", "corrected", "reshaped")


MISTAKES: dict[str, Callable[..., object]] = {
    "plan.file_stem": plan.file_stem,
    "pool.needed": pool.needed,
    "make_folder": make_folder,
}
"""What the parent does with each photo, in ``sixbit.export.batch``."""


def mistaken(place: str, real: Callable[..., object]) -> Callable[..., object]:
    """A function that makes a mistake with the photo, or the folder, that is called as the function is."""

    def called(*values: object) -> object:
        if any(str(value).endswith((place, f"{place}.jpg")) for value in values):
            raise OverflowError("Overflow in addition")
        return real(*values)

    return called


def test_a_mistake_with_one_photo_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*MISTAKES, "good"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / f"{name}.jpg").write_bytes(whole(".jpg"))
    for place, real in MISTAKES.items():
        monkeypatch.setattr(f"sixbit.export.batch.{place}", mistaken(place, real))
    for _ in range(2):
        seen = run(tmp_path / "in", tmp_path / "out")
        told = report(tmp_path / "out")
        for name in MISTAKES:
            assert seen[f"{name}.jpg"].codes == (Code.FAULT,)
            assert "Sixbit made a mistake (OverflowError: Overflow in addition)" in seen[f"{name}.jpg"].message
            assert told[f"{name}.jpg"]["status"] == "failed"
        assert told["good.jpg"]["status"] == "corrected"
    monkeypatch.undo()
    run(tmp_path / "in", tmp_path / "out")
    assert {entry["status"] for entry in report(tmp_path / "out").values()} == {"corrected"}


def test_a_dry_run_tells_of_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(whole(".jpg"))

    def mistaken(*_: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(work, "foreseen_correction", mistaken)
    (told,) = foreseen([tmp_path / "in"], tmp_path / "out", JPEG)
    assert (told.status, told.codes) == ("failed", (Code.FAULT,))
    assert "IndexError" in told.message


ODD = {
    "lacks": {},
    "words": {"codes": ["of tomorrow"]},
    "outside": {"out": "/etc/passwd", "out_size": None},
    "above": {"out": "../in/above.jpg", "out_size": None},
    "shape": {"notes": 7},
    "state": {"status": "eaten"},
    "number": {"message": {"template": "{a}", "values": {"a": [1]}}, "codes": ["format"]},
}


def test_records_that_make_no_sense_are_made_anew(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ODD:
        (tmp_path / "in" / f"{name}.jpg").write_bytes(whole(".jpg"))
    assert len(run(tmp_path / "in", tmp_path / "out")) == len(ODD)
    ledger = Ledger(tmp_path / "out" / ".sixbit" / "ledger.jsonl")
    for name, odd in ODD.items():
        source = str(tmp_path / "in" / f"{name}.jpg")
        record = ledger.record(source)
        assert record is not None
        ledger.add({"source": source} if name == "lacks" else record | odd)
    seen = run(tmp_path / "in", tmp_path / "out")
    assert {name: one.status for name, one in seen.items()} == {f"{name}.jpg": "corrected" for name in ODD}


@pytest.mark.parametrize("preset", [JPEG, BY_TAGS], ids=["stem", "tags"])
def test_a_raw_file_with_offsets_beyond_all_files_ends_no_batch(tmp_path: Path, preset: Preset) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(far_raf())
    (tmp_path / "in" / "good.jpg").write_bytes(whole(".jpg"))
    before = {one.photo.name: one.status for one in foreseen([tmp_path / "in"], tmp_path / "out", preset)}
    assert before == {"a.jpg": "failed", "good.jpg": "corrected"}
    for _ in range(2):
        run(tmp_path / "in", tmp_path / "out", preset)
        assert {name: entry["status"] for name, entry in report(tmp_path / "out").items()} == before


def test_names_that_no_file_has_end_no_batch(tmp_path: Path) -> None:
    good = tmp_path / "good.jpg"
    good.write_bytes(whole(".jpg"))
    names = ["nul\0.jpg", "n" * 5000 + ".jpg", str(tmp_path / "nowhere" / "a.jpg")]
    done = batch([*names, good], tmp_path / "out", JPEG)
    assert (done.counts["corrected"], done.counts["failed"]) == (1, 3)


HANG = """
import sys
if "spawn_main" in " ".join(sys.orig_argv):
    import re
    import sixbit.photos.decode as photos
    opened = photos.decode
    def hanging(path, large):
        if path.name == "2.jpg":
            re.match("(a+)+$", "a" * 60 + "b")  # for years, and no other thread has a turn
        return opened(path, large)
    photos.decode = hanging
"""


def test_a_photo_that_takes_too_long_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(HANG)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), *sys.path]))
    (tmp_path / "in").mkdir()
    for number in range(6):
        (tmp_path / "in" / f"{number}.jpg").write_bytes(whole(".jpg"))
    words = ["batch", "--preset", "full-jpeg", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--seconds", "4"]
    assert main(words) == 1
    told = report(tmp_path / "out")
    assert {name for name, entry in told.items() if entry["status"] != "corrected"} == {"2.jpg"}
    assert told["2.jpg"]["codes"] == ["too_slow"]
    assert str(told["2.jpg"]["message"]).startswith("took more than")
    assert "Allow more with --seconds N" in capfd.readouterr().err
    assert not list((tmp_path / "out").glob(".sixbit-*"))
    # Each was begun once: nobody else was suspected.
    rows = (tmp_path / "out" / ".sixbit" / "ledger.jsonl").read_bytes().splitlines()
    assert len([row for row in rows if "source" in json.loads(row)]) == 6


def test_a_process_that_only_waits_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "TICK", 0.01)
    monkeypatch.setattr(worker, "IDLE", 0.1)
    waiting = worker.Worker(0, print)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=time.sleep, args=(600,), daemon=True)
    process.start()
    waiting._process, waiting._pipe = process, ours
    task = plan.Task(Path("a.jpg"), "a.jpg", "out", "a", JPEG, "")
    with refused(PhotoError, "most of them waiting: its disk may not answer", Code.TOO_SLOW):
        waiting.do(task, 60)
    process.join(60)
    assert not process.is_alive()
    theirs.close()


def test_larger_photos_may_take_longer(tmp_path: Path) -> None:
    photo = tmp_path / "a.png"
    data = bytearray(whole(".png"))
    struct.pack_into(">II", data, 16, 10_000, 5_000)
    photo.write_bytes(data)
    assert seconds_for(photo) == SECONDS + 50 * SECONDS_MORE
    assert seconds_for(tmp_path / "none.png") == SECONDS


@pytest.mark.parametrize("text", ["0", "-5", "long", "inf", "nan"])
def test_a_wrong_number_of_seconds(text: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["batch", "--preset", "web-jpeg", f"--seconds={text}", str(tmp_path), "-o", str(tmp_path / "out")])
    assert stopped.value.code == 2
