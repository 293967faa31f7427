"""Many photos: what becomes of each, what is written, and that a batch that was killed ends as one that was not."""

from __future__ import annotations

import base64
import io
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sixbit import read_shot
from sixbit.cli.main import main
from sixbit.compiler.optics import SensorPicture
from sixbit.export import presets
from sixbit.export.batch import batch, foreseen
from sixbit.export.batch.ledger import Ledger, held
from sixbit.export.batch.outcome import Outcome
from sixbit.export.batch.plan import _database_digest, file_stem, settings_digest
from sixbit.export.correct import correct
from sixbit.export.memory import PROCESS, needed
from sixbit.export.presets import Preset
from sixbit.lenses.catalogue import own_folder, reload_catalogue
from sixbit.values.errors import Code, PhotoError
from tests.scenery import PHOTO, batch_photos
from tests.scenery.batch_run import command, report, written
from tests.scenery.landscape import size_of
from tests.scenery.photo_factory import xmp_packet
from tests.scenery.refusals import refused

JPEG = Preset("test", "Test", "JPEG")


def put(path: Path, status: str = "matched", megapixels: float = 0.02, **tags: object) -> Path:
    """A photo of that status: a JPEG, or what the suffix says."""
    build = batch_photos.BUILDERS.get(path.suffix.lower(), batch_photos.jpeg)
    size = size_of(megapixels)
    xmp = batch_photos.MARKS if status == "corrected" else b""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(build(*size, batch_photos.STATUSES[status] | tags, xmp))
    return path


def run(photos: Path | list[Path], out: Path, preset: Preset = JPEG, **options: object) -> dict[str, Outcome]:
    """Run a batch here, and return what became of each photo, by its name."""
    seen: dict[str, Outcome] = {}
    sources = photos if isinstance(photos, list) else [photos]
    batch(sources, out, preset, progress=lambda done, n, one: seen.update({one.photo.name: one}), **options)  # type: ignore[arg-type]
    return seen


# Interrupted --------------------------------------------------------------------------------------------------------


def test_killed_ten_times_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    photos, calm, killed = tmp_path / "photos", tmp_path / "calm", tmp_path / "killed"
    batch_photos.make(photos, 60, (0.1, 0.3, 1.0))
    status = subprocess.run(command(photos, calm), capture_output=True, check=False, timeout=60).returncode
    assert status == 1  # one photo is cut short
    rng = random.Random(6)
    ledger = killed / ".sixbit" / "ledger.jsonl"
    kills = 0
    while kills < 10:
        before = ledger.stat().st_size if ledger.exists() else -1
        process = subprocess.Popen(command(photos, killed), stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 20
        # At some time after it began to write: anywhere in a photo, in the ledger, in the report.
        while process.poll() is None and time.monotonic() < deadline:
            if rng.random() < 0.3 or (ledger.exists() and ledger.stat().st_size > before):
                break
            time.sleep(0.02)
        time.sleep(rng.random() * 0.3)
        if process.poll() is not None:
            break
        # The parent alone, whose children must not go on without it; or all of them at once, as by a power cut.
        (os.kill if rng.random() < 0.5 else os.killpg)(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
        for path in killed.rglob("*.jpg"):
            Image.open(path).load()  # no half photo, whatever the moment
    assert kills == 10
    done = subprocess.run(command(photos, killed), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1, done.stderr
    assert written(killed) == written(calm)
    assert len(report(killed)) == 61
    assert not list(killed.rglob("*.part"))


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        put(tmp_path / "in" / name)
    first = run(tmp_path / "in", tmp_path / "out")
    assert set(first) == {"a.jpg", "b.jpg"}
    before = (tmp_path / "out" / "a.jpg").stat().st_mtime_ns
    assert run(tmp_path / "in", tmp_path / "out") == {}
    assert (tmp_path / "out" / "a.jpg").stat().st_mtime_ns == before
    assert list(report(tmp_path / "out")) == ["a.jpg", "b.jpg"]


def test_a_calibration_made_meanwhile_counts_in_a_process_that_stays() -> None:
    before = settings_digest(JPEG)
    own_folder().mkdir(parents=True)
    Path(own_folder(), "mine.xml").write_text("<lensdatabase/>")
    reload_catalogue()
    assert settings_digest(JPEG) != before


def test_what_changed_is_done_again(tmp_path: Path) -> None:
    photo, other = put(tmp_path / "in" / "a.jpg"), put(tmp_path / "in" / "b.jpg", "untagged")
    out = tmp_path / "out"
    run(tmp_path / "in", out)
    os.utime(photo, ns=(1, 1))
    assert set(run(tmp_path / "in", out)) == {"a.jpg"}
    (out / "a.jpg").unlink()
    assert set(run(tmp_path / "in", out)) == {"a.jpg"}
    assert set(run(tmp_path / "in", out, replace(JPEG, quality=80))) == {"a.jpg", "b.jpg"}
    run(tmp_path / "in", out)
    # A sidecar beside it tells more than the photo did.
    other.with_suffix(".xmp").write_bytes(batch_photos.xmp_packet(aux_Lens="Summicron-M 1:2/35 ASPH."))
    assert run(tmp_path / "in", out)["b.jpg"].status == "corrected"


def test_a_remembered_lens_is_used_for_the_photos_it_is_of(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.jpg")
    other = put(tmp_path / "in" / "b.jpg", "untagged", FocalLength=(35, 1))
    assert run(tmp_path / "in", tmp_path / "out")["b.jpg"].reason == "untagged"
    from sixbit.lenses.remembered import keep

    keep(read_shot(other), "summicron-35-asph")
    again = run(tmp_path / "in", tmp_path / "out")
    assert {name: one.status for name, one in again.items()} == {"b.jpg": "corrected"}


def test_a_failure_is_tried_again(tmp_path: Path) -> None:
    photo = put(tmp_path / "in" / "a.jpg")
    whole = photo.read_bytes()
    photo.write_bytes(whole[:4000])
    os.utime(photo, ns=(1, 1))
    assert run(tmp_path / "in", tmp_path / "out")["a.jpg"].status == "failed"
    assert run(tmp_path / "in", tmp_path / "out")["a.jpg"].status == "failed"
    photo.write_bytes(whole)
    assert run(tmp_path / "in", tmp_path / "out")["a.jpg"].status == "corrected"


def test_lateral_colour_is_measured_in_the_photo(tmp_path: Path) -> None:
    from tests.scenery.camera import Camera, Lens, as_photo, photograph
    from tests.scenery.scenes import foliage

    preset = replace(JPEG, auto_tca=True)
    put(tmp_path / "in" / "a.jpg", "uncalibrated")  # no edges to measure by
    put(tmp_path / "in" / "b.jpg")
    frame, rng = SensorPicture(1200, 800, 1.0), np.random.default_rng(3)
    lens = Lens((0.99, 0.0, 0.01), ((1.0022,), (0.9989,)))
    leaves = as_photo(photograph(foliage(rng), lens, Camera(frame, noise=0.005), rng))
    tags = batch_photos.exif(**batch_photos.STATUSES["uncalibrated"])
    Image.fromarray(leaves).save(tmp_path / "in" / "c.jpg", quality=95, exif=b"Exif\0\0" + tags)
    before = {one.photo.name: one for one in foreseen([tmp_path / "in"], tmp_path / "out", preset)}
    assert {one.status for one in before.values()} == {"corrected"}
    assert "lateral colour (as far as the photo itself shows it)" in before["a.jpg"].message
    assert "the photo itself" not in before["b.jpg"].message
    after = run(tmp_path / "in", tmp_path / "out", preset)
    assert [one.status for one in after.values()].count("corrected") == 2
    assert "lateral colour (measured from this photo)" in after["c.jpg"].message
    assert after["a.jpg"].reason == "uncalibrated"
    assert "the photo itself does not show it" in after["a.jpg"].message


@pytest.mark.parametrize("orientation", range(1, 9))
def test_thumbnails_stand_upright(orientation: int) -> None:
    from PIL import ImageOps

    from sixbit.export.batch.work import thumbnail

    colours = np.array([[(200, 30, 30), (30, 200, 30)], [(30, 30, 200), (200, 200, 30)]], np.uint8)
    stored = colours.repeat(80, 0).repeat(120, 1)
    # The oracle: Pillow turns the picture before it is made small.
    whole = Image.fromarray(stored)
    whole.getexif()[0x0112] = orientation
    upright = ImageOps.exif_transpose(whole)
    with Image.open(io.BytesIO(base64.b64decode(thumbnail(stored, orientation)))) as small:
        assert small.size == upright.size
        assert np.abs(np.asarray(small).astype(int) - np.asarray(upright))[20::40, 20::40].max() < 30


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    batch_photos.make(tmp_path / "in", 60, (1.0,))
    out = tmp_path / "out"
    process = subprocess.Popen(command(tmp_path / "in", out), stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not list(out.rglob("*.jpg")):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all of them
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.startswith("sixbit: stopped after")
    assert "Traceback" not in said
    ledger = Ledger(out / ".sixbit" / "ledger.jsonl")
    # What was under way was finished and noted down.
    records = [record for source in ledger.targets if (record := ledger.record(source))]
    assert {record["out"] for record in records if record["out"]} == set(written(out))


DYING = """if True:
    import os, sys
    from pathlib import Path
    from sixbit.files.replace import replacing
    with replacing(Path(sys.argv[1], "photo.jpg")) as file:
        file.write(b"half a photo")
        file.flush()
        os.kill(os.getpid(), 9)
"""
"""A process that is killed while it writes a photo into the folder that it is given."""


def test_what_a_worker_leaves_behind_is_cleared(tmp_path: Path) -> None:
    put(tmp_path / "in" / "roll" / "a.jpg")
    (tmp_path / "out" / "roll").mkdir(parents=True)
    left = subprocess.run([sys.executable, "-c", DYING, str(tmp_path / "out" / "roll")], check=False)
    assert left.returncode == -signal.SIGKILL
    assert len(list(tmp_path.rglob("*.part"))) == 1
    run(tmp_path / "in", tmp_path / "out")
    assert set(written(tmp_path / "out")) == {"roll/a.jpg", "sixbit-report.html", "sixbit-report.jsonl"}


def test_a_ledger_that_was_cut_short_goes_on(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.claim({"a": "a", "b": "b"})
    ledger.add({"source": "a", "status": "corrected"})
    whole = ledger.path.read_bytes()
    for cut in range(1, 20):
        ledger.path.write_bytes(whole + b'{"source": "b", "status":'[: cut + 1])
        again = Ledger(ledger.path)
        assert again.record("a") == {"source": "a", "status": "corrected"}
        assert again.record("b") is None
        again.add({"source": "b", "status": "skipped"})
        assert Ledger(ledger.path).record("b") == {"source": "b", "status": "skipped"}
    ledger.path.write_text('{"ledger": 2}\n')
    with refused(PhotoError, "newer Sixbit", Code.VERSION):
        Ledger(ledger.path)


def test_an_error_while_a_folder_is_held_is_not_blamed_on_it(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError), held(tmp_path / ".sixbit"):
        raise ConnectionResetError
    with held(tmp_path / ".sixbit"):
        pass  # and it is free again


def test_damaged_lines_of_a_ledger_are_passed_over(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.claim({"a": "a", "b": "b"})
    damaged = [
        b"\0" * 30,
        b"no JSON",
        b"[" * 100_000,
        b"3",
        b'{"targets": [1]}',
        b'{"targets": {"c": 1}}',
        b'{"source": []}',
    ]
    with ledger.path.open("ab") as file:
        file.writelines(row + b"\n" for row in damaged)
    again = Ledger(ledger.path)
    again.add({"source": "a", "status": "corrected"})
    assert again.targets == Ledger(ledger.path).targets == {"a": "a", "b": "b"}
    assert Ledger(ledger.path).record("a") == {"source": "a", "status": "corrected"}


def test_a_name_of_an_output_folder_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with refused(PhotoError, "cannot be written: File name too long", Code.NOT_WRITABLE):
        batch([put(tmp_path / "in" / "a.jpg")], tmp_path / ("long" * 100), presets.load("full-jpeg"))


PLANTED = {
    ".sixbit": "is a link",
    ".sixbit/ledger.jsonl": "is a link",
    ".sixbit/lock": "cannot be written",
}


@pytest.mark.parametrize("place", PLANTED)
@pytest.mark.parametrize("exists", [True, False])
def test_planted_links_in_an_output_folder_are_not_followed(place: str, exists: bool, tmp_path: Path) -> None:
    put(tmp_path / "in" / "roll" / "a.jpg")
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "out" / place
    link.parent.mkdir(parents=True)
    if exists and "/" in place:
        elsewhere.write_text("mine")
    elif exists:
        elsewhere.mkdir()
    link.symlink_to(elsewhere)
    with pytest.raises(PhotoError, match=PLANTED[place]):
        run(tmp_path / "in", tmp_path / "out")
    assert elsewhere.exists() == exists
    if elsewhere.is_file():
        assert elsewhere.read_text() == "mine"
    elif exists:
        assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("exists", [True, False])
def test_a_planted_folder_costs_its_own_photos(exists: bool, tmp_path: Path) -> None:
    put(tmp_path / "in" / "roll" / "a.jpg")
    put(tmp_path / "in" / "b.jpg")
    (tmp_path / "out").mkdir()
    if exists:
        (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "roll").symlink_to(tmp_path / "elsewhere")
    seen = run(tmp_path / "in", tmp_path / "out")
    assert {name: one.status for name, one in seen.items()} == {"a.jpg": "failed", "b.jpg": "corrected"}
    assert "leads out of the output folder" in seen["a.jpg"].message
    assert not list((tmp_path / "elsewhere").glob("*"))


@pytest.mark.parametrize("name", ["a.jpg", "sixbit-report.html", "sixbit-report.jsonl"])
def test_planted_links_are_replaced_by_the_files(name: str, tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.jpg")
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / "out" / name).symlink_to(tmp_path / "elsewhere")
    run(tmp_path / "in", tmp_path / "out", replace(JPEG, exists="overwrite"))
    assert (tmp_path / "elsewhere").read_text() == "mine"
    assert not (tmp_path / "out" / name).is_symlink()


def test_a_pipe_is_no_ledger(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.jpg")
    (tmp_path / "out" / ".sixbit").mkdir(parents=True)
    os.mkfifo(tmp_path / "out" / ".sixbit" / "ledger.jsonl")
    with refused(PhotoError, "a pipe or a device.*Repair it", Code.USER_FILE):
        run(tmp_path / "in", tmp_path / "out")


def test_two_batches_do_not_share_a_folder(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.jpg")
    (tmp_path / "out").mkdir()
    with held(tmp_path / "out" / ".sixbit"), refused(PhotoError, "another batch is at work.*Wait for it", Code.BUSY):
        run(tmp_path / "in", tmp_path / "out")


def test_the_death_of_a_process_costs_one_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A photo that kills the process it is worked on in, as a fault in a codec would."""
    for number in range(6):
        put(tmp_path / "in" / f"{number}.jpg")
    killer = tmp_path / "site" / "sitecustomize.py"
    killer.parent.mkdir()
    killer.write_text(
        "import os, sys\n"
        "if 'spawn_main' in ' '.join(sys.orig_argv):\n"
        "    import sixbit.photos.decode as photos\n"
        "    opened = photos.decode\n"
        "    def killing(path, large):\n"
        "        if path.name == '3.jpg':\n"
        "            from sixbit.files.parts import begin\n"
        f"            begun = begin(photos.Path({str(tmp_path / 'out')!r}))\n"
        "            os.kill(os.getpid(), 9)\n"
        "        return opened(path, large)\n"
        "    photos.decode = killing\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(killer.parent), *sys.path]))
    seen = run(tmp_path / "in", tmp_path / "out")
    assert {name: one.status for name, one in seen.items() if one.status != "corrected"} == {"3.jpg": "failed"}
    assert len(seen) == 6
    assert "was ended by the system" in seen["3.jpg"].message
    assert not list(tmp_path.rglob("*.part"))


# What becomes of a photo --------------------------------------------------------------------------------------------


def test_every_status_is_told_with_its_reason(tmp_path: Path) -> None:
    for status in batch_photos.STATUSES:
        put(tmp_path / "in" / f"{status}.jpg", status)
    (tmp_path / "in" / "raw.ARW").write_bytes(b"raw")
    (tmp_path / "in" / "cut.jpg").write_bytes(put(tmp_path / "whole.jpg").read_bytes()[:5000])
    (tmp_path / "in" / "notes.txt").write_text("no photo")
    run(tmp_path / "in", tmp_path / "out")
    reasons = {name: (entry["status"], entry["reason"]) for name, entry in report(tmp_path / "out").items()}
    assert reasons == {
        "matched.jpg": ("corrected", None),
        "matched-75.jpg": ("corrected", None),
        "ambiguous.jpg": ("skipped", "ambiguous"),
        "unknown.jpg": ("skipped", "unknown"),
        "untagged.jpg": ("skipped", "untagged"),
        "not-m.jpg": ("skipped", "not_m"),
        "uncalibrated.jpg": ("skipped", "uncalibrated"),
        "corrected.jpg": ("skipped", "already_corrected"),
        "raw.ARW": ("raw", "raw"),
        "cut.jpg": ("failed", "error"),
    }
    assert set(written(tmp_path / "out")) - {"sixbit-report.html", "sixbit-report.jsonl"} == {
        "matched.jpg",
        "matched-75.jpg",
    }
    page = (tmp_path / "out" / "sixbit-report.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 4
    assert "Correct it in darktable" in page
    assert report(tmp_path / "out")["raw.ARW"]["codes"] == ["format", "raw"]


def test_a_preset_says_what_becomes_of_them(tmp_path: Path) -> None:
    cases = {"ambiguous": "copy", "unknown": "choose", "untagged": "choose", "not_m": "fail"}
    preset = replace(JPEG, lens="summicron-35-asph", uncalibrated="copy", already_corrected="fail", **cases)
    for status in batch_photos.STATUSES:
        put(tmp_path / "in" / f"{status}.jpg", status)
    seen = run(tmp_path / "in", tmp_path / "out", preset)
    assert {name.removesuffix(".jpg"): one.status for name, one in seen.items()} == {
        "matched": "corrected",
        "matched-75": "corrected",
        "ambiguous": "copied",
        "unknown": "corrected",
        "untagged": "corrected",
        "not-m": "failed",
        "uncalibrated": "copied",
        "corrected": "failed",
    }
    assert seen["unknown.jpg"].lens == "summicron-35-asph"
    for name in ("ambiguous.jpg", "uncalibrated.jpg"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "in" / name).read_bytes()


def test_a_lens_is_said_for_photos_that_do_not_say_theirs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, photos, out = "summicron-35-asph", tmp_path / "in", tmp_path / "out"
    for status in ("matched-75", "unknown", "untagged", "ambiguous"):
        put(photos / f"{status}.jpg", status)
    put(photos / "perhaps.jpg", LensModel="Summicron-M 35")
    words = ["batch", "--preset", "full-jpeg", "--lens", "summicron 35 asph", str(photos), "-o", str(out)]
    assert main([*words, "--dry-run"]) == 1
    assert capsys.readouterr().out.splitlines()[-3:] == ["corrected    4", "failed       1", "together     5"]
    assert main(words) == 1
    seen = report(out)
    assert {name: one["lens"] for name, one in seen.items() if one["status"] == "corrected"} == {
        "matched-75.jpg": "apo-summicron-75",
        "perhaps.jpg": mine,
        "unknown.jpg": mine,
        "untagged.jpg": mine,
    }
    assert "none of them" in seen["ambiguous.jpg"]["message"]  # it says that it was a Summicron 50


def test_a_batch_may_use_calibrations_that_are_computed(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.jpg", LensModel="Summilux-M 1:1.4/50 (II)", FocalLength=(50, 1))
    words = ["batch", "--preset", "full-jpeg", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    assert main(words) == 0
    assert report(tmp_path / "out")["a.jpg"]["status"] == "skipped"
    assert main([*words, "--grades", "measured,published,computed"]) == 0
    assert report(tmp_path / "out")["a.jpg"]["status"] == "corrected"


@pytest.mark.parametrize("status", ["ambiguous", "uncalibrated"])
def test_what_a_copy_loses_is_told(tmp_path: Path, status: str) -> None:
    photo = put(tmp_path / "in" / "a.jpg", status)
    photo.write_bytes(photo.read_bytes() + b"a film")
    preset = replace(JPEG, metadata="no-location", **{status: "copy"})
    seen = run(photo, tmp_path / "out", preset)["a.jpg"]
    assert seen.status == "copied"
    assert ["what follows the picture" in note for note in seen.notes] == [True]
    assert "what follows the picture" in (tmp_path / "out" / "sixbit-report.html").read_text(encoding="utf-8")
    assert not (tmp_path / "out" / "a.jpg").read_bytes().endswith(b"a film")


def test_the_page_begins_with_what_failed_and_shows_one_status_alone(tmp_path: Path) -> None:
    for status in ("matched", "untagged", "uncalibrated"):
        put(tmp_path / "in" / f"{status}.jpg", status)
    (tmp_path / "in" / "cut.jpg").write_bytes(b"no photo")
    run(tmp_path / "in", tmp_path / "out")
    page = (tmp_path / "out" / "sixbit-report.html").read_text(encoding="utf-8")
    assert re.findall(r'<article class="of-(\w+)">', page) == ["failed", "skipped", "skipped", "corrected"]
    assert re.findall(r'id="show-(\w+)"', page) == ["all", "failed", "skipped", "corrected"]
    assert re.findall("<figcaption>(.*?)</figcaption>", page) == ["before", "after"]
    entries = report(tmp_path / "out")  # in the order of the photos, for programs
    assert list(entries) == ["cut.jpg", "matched.jpg", "uncalibrated.jpg", "untagged.jpg"]


def put_reshaped(folder: Path) -> None:
    """Photos of known lenses whose optical centre nobody knows: an odd crop, and a panorama."""
    folder.mkdir()
    (folder / "odd.jpg").write_bytes(batch_photos.jpeg(200, 77, batch_photos.KNOWN))
    google = 'xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"'
    panorama = xmp_packet(f"<GPano:ProjectionType {google}>cylindrical</GPano:ProjectionType>")
    (folder / "panorama.jpg").write_bytes(batch_photos.jpeg(240, 160, batch_photos.KNOWN, panorama))


@pytest.mark.parametrize(
    ("action", "status"),
    [("skip", "reshaped"), ("copy", "copied"), ("fail", "failed"), ("correct", "corrected")],
)
def test_a_reshaped_photo_has_a_status_and_a_field_of_its_own(tmp_path: Path, action: str, status: str) -> None:
    put_reshaped(tmp_path / "in")
    preset = replace(JPEG, reshaped=action)
    expected = {"odd.jpg": status, "panorama.jpg": status}
    before = {one.photo.name: one.status for one in foreseen([tmp_path / "in"], tmp_path / "out", preset)}
    assert before == expected
    seen = run(tmp_path / "in", tmp_path / "out", preset)
    assert {name: one.status for name, one in seen.items()} == expected
    told = report(tmp_path / "out")
    page = (tmp_path / "out" / "sixbit-report.html").read_text(encoding="utf-8")
    for name, entry in told.items():
        assert entry["reason"] == (None if action == "correct" else "reshaped")
        assert (tmp_path / "out" / name).exists() == (action in ("copy", "correct"))
        assert ("It is corrected as if it were the whole frame." in str(entry["notes"])) == (action == "correct")
    assert f'id="show-{status}"' in page
    assert page.count(f'<article class="of-{status}">') == 2
    assert ("`reshaped`: correct" in page or "`reshaped` is correct" in page) == (action != "correct")


def test_the_table_and_a_dry_run_tell_of_reshaped_photos(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    put_reshaped(tmp_path / "in")
    words = ["batch", "--preset", "web-jpeg", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    assert main([*words, "--dry-run"]) == 0
    *rows, one, together = capfd.readouterr().out.splitlines()
    assert (one, together) == ("reshaped     2", "together     2")
    for row in rows:
        assert ": reshaped: " in row
        assert "`reshaped` is correct" in row
    assert main(words) == 0
    assert capfd.readouterr().out.splitlines()[:2] == ["reshaped     2", "together     2"]


def test_a_batch_gives_what_one_correction_gives(tmp_path: Path) -> None:
    photo = put(tmp_path / "in" / "a.jpg", megapixels=1)
    for name in presets.names():
        preset = presets.load(name)
        out = tmp_path / name
        run(photo.parent, out, preset)
        for threads in (1, 2, 5):
            one = tmp_path / f"one{preset.suffix}"
            correct(photo, one, preset=preset, threads=threads)
            assert one.read_bytes() == (out / "a").with_suffix(preset.suffix).read_bytes()


def test_a_dry_run_tells_it_all_and_writes_nothing(tmp_path: Path) -> None:
    for status in batch_photos.STATUSES:
        put(tmp_path / "in" / f"{status}.jpg", status)
    told = {one.photo.name: one for one in foreseen([tmp_path / "in"], tmp_path / "out", JPEG)}
    assert not (tmp_path / "out").exists()
    run(tmp_path / "in", tmp_path / "out")
    for name, entry in report(tmp_path / "out").items():
        one = told[name]
        out = one.out and one.out.relative_to(tmp_path / "out").as_posix()
        assert (one.status, one.reason, one.message, one.lens, out) == tuple(
            entry[key] for key in ("status", "reason", "message", "lens", "out")
        )
    again = list(foreseen([tmp_path / "in"], tmp_path / "out", JPEG))
    assert all(one.before for one in again)


# Sources and targets ------------------------------------------------------------------------------------------------


def test_folders_are_mirrored_and_filtered(tmp_path: Path) -> None:
    names = ["a.jpg", "rome/b.JPG", "rome/old/c.jpg", ".hidden/d.jpg", "rome/.e.jpg", "f.tif"]
    for name in names:
        put(tmp_path / "in" / name)
    assert set(run(tmp_path / "in", tmp_path / "1")) == {"a.jpg", "b.JPG", "c.jpg", "f.tif"}
    assert (tmp_path / "1" / "rome" / "old" / "c.jpg").exists()
    assert set(run(tmp_path / "in", tmp_path / "2", include=["*.jpg"], exclude=["rome/old/*"])) == {"a.jpg", "b.JPG"}
    assert set(run(tmp_path / "in", tmp_path / "3", include=["rome/*"])) == {"b.JPG", "c.jpg"}
    assert set(run([tmp_path / "in" / "f.tif", tmp_path / "in" / "rome"], tmp_path / "4")) == {
        "f.tif",
        "b.JPG",
        "c.jpg",
    }
    assert (tmp_path / "4" / "old" / "c.jpg").exists()


@pytest.mark.parametrize("suffix", [".avif", ".webp", ".jxl", ".WEBP"])
def test_photos_of_newer_formats_are_corrected(suffix: str, tmp_path: Path) -> None:
    put(tmp_path / "in" / f"photo{suffix}")
    (seen,) = run(tmp_path / "in", tmp_path / "out").values()
    assert seen.status == "corrected"
    (made,) = (tmp_path / "out").glob("photo*")
    assert made.suffix == ".jpg"
    assert read_shot(made).already_corrected


def test_targets_that_would_be_one_are_told_apart(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.tif", "A.png", "a-2.jpg"):
        put(tmp_path / "in" / name)
    outs = {name: one.out.name for name, one in run(tmp_path / "in", tmp_path / "out").items() if one.out}
    assert len({out.casefold() for out in outs.values()}) == 4
    assert {name: one.out.name for name, one in run(tmp_path / "in", tmp_path / "2").items() if one.out} == outs
    # Another photo that comes later does not move those that were there.
    put(tmp_path / "in" / "A.jpg")
    later = run(tmp_path / "in", tmp_path / "out")
    assert set(later) == {"A.jpg"}
    assert later["A.jpg"].out is not None
    assert later["A.jpg"].out.name not in outs.values()


@pytest.mark.parametrize("policy", ["skip", "overwrite", "number"])
def test_a_file_that_stands_there(policy: str, tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.jpg")
    stranger = tmp_path / "out" / "a.jpg"
    stranger.parent.mkdir()
    stranger.write_bytes(b"another's")
    preset = replace(JPEG, exists=policy)
    for _ in range(2):
        run(tmp_path / "in", tmp_path / "out", preset)
        entry = report(tmp_path / "out")["a.jpg"]
        assert (stranger.read_bytes() == b"another's") == (policy != "overwrite")
        expected = {"skip": None, "overwrite": "a.jpg", "number": "a-2.jpg"}[policy]
        assert (entry["out"], entry["reason"]) == (expected, "exists" if policy == "skip" else None)


@pytest.mark.parametrize("policy", ["skip", "overwrite", "number"])
def test_a_source_is_never_written_to(policy: str, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for name in ("a.jpg", "a.tif", "b.jpg"):
        put(folder / name)
    (folder / "link.jpg").symlink_to(folder / "a.jpg")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for _ in range(2):
        run(folder, folder, replace(JPEG, exists=policy))
        assert {name: (folder / name).read_bytes() for name in before} == before
    assert sorted(report(folder)) == ["a.jpg", "a.tif", "b.jpg"]


def test_an_output_folder_within_the_photos_is_no_source(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg")
    run(tmp_path, tmp_path / "out")
    assert run(tmp_path, tmp_path / "out") == {}
    assert list(report(tmp_path / "out")) == ["a.jpg"]


def test_names_of_any_kind(tmp_path: Path) -> None:
    names = ["two\nlines.jpg", 'it\'s "quoted".jpg', "emoji 📷.jpg", "-o.jpg", "$(touch x).jpg", "<b>&amp;.jpg"]
    for name in names:
        put(tmp_path / "in" / name)
    bytes_name = os.fsdecode(b"latin-\xe9.jpg")
    put(tmp_path / "in" / bytes_name)
    seen = run(tmp_path / "in", tmp_path / "out")
    assert {name for name, one in seen.items() if one.status == "corrected"} == {*names, bytes_name}
    for name in [*names, bytes_name]:
        assert (tmp_path / "out" / name).exists()
    assert run(tmp_path / "in", tmp_path / "out") == {}
    page = (tmp_path / "out" / "sixbit-report.html").read_text(encoding="utf-8")
    assert "<b>&" not in page
    assert "<b>.jpg" not in page
    assert "&lt;b&gt;&amp;amp;.jpg" in page


def test_file_names_from_tags_are_safe(tmp_path: Path) -> None:
    photo = put(tmp_path / "a.jpg", Model="../../LEICA <M10>", DateTimeOriginal="2017:07:01 05:30:00")
    preset = replace(JPEG, file_name="{date}_{time}_{camera}_{lens}_{stem}_{preset}")
    assert file_stem(preset, photo) == "2017-07-01_05-30-00_LEICA-M10_summicron-35-asph_a_test"
    bare = put(tmp_path / "b.jpg", "untagged")
    assert file_stem(preset, bare) == "no-date_no-time_LEICA-M10_no-lens_b_test"


# Memory -------------------------------------------------------------------------------------------------------------


def test_a_photo_beyond_the_budget_fails_alone(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.jpg")
    large = put(tmp_path / "in" / "large.png")
    data = bytearray(large.read_bytes())
    struct.pack_into(">II", data, 16, 12000, 9000)  # as its header claims; nothing is decoded to find out
    large.write_bytes(data)
    seen = run(tmp_path / "in", tmp_path / "out", memory=4 * PROCESS)
    assert {name: one.status for name, one in seen.items()} == {"a.jpg": "corrected", "large.png": "failed"}
    assert "of memory, and 0.5 GB are allowed" in seen["large.png"].message
    with refused(PhotoError, "too little", Code.TOO_LARGE):
        run(tmp_path / "in", tmp_path / "2", memory=1 << 20)


@pytest.mark.parametrize("name", ["full-jpeg", "archive", "web-jpeg"])
@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".progressive.jpg", ".avif", ".webp", ".jxl"])
def test_a_photo_takes_no_more_than_is_reckoned(name: str, suffix: str, tmp_path: Path) -> None:
    """The memory of a process of its own, before and after a photo of 4 MP, or 12."""
    megapixels = 12 if "progressive" in suffix else 4
    photo, small = put(tmp_path / f"a{suffix}", megapixels=megapixels), put(tmp_path / f"b{suffix}")
    if "progressive" in suffix:
        with Image.open(photo) as opened:
            tables = [list(range(1, 65)), list(range(1, 65))]
            opened.load()
            opened.save(photo, progressive=True, qtables=tables, subsampling="4:4:4", exif=opened.info["exif"])
    code = """
import re, sys
from pathlib import Path
from sixbit.export import presets
from sixbit.export.batch.plan import Task
from sixbit.export.batch.work import export
def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) << 10
def done(photo):
    record = export(Task(Path(photo), photo, sys.argv[3], "x", presets.load(sys.argv[4]), "", 1))
    assert record["status"] == "corrected", record
    return peak()
small = done(sys.argv[1])
print(small, done(sys.argv[2]) - small)
""".replace("\\\\", "\\")
    words = [sys.executable, "-c", code, str(small), str(photo), str(tmp_path), name]
    process, taken = map(int, subprocess.run(words, capture_output=True, check=True).stdout.split())
    assert process < PROCESS
    assert taken < needed(photo, presets.load(name))


# The command line ---------------------------------------------------------------------------------------------------


def test_an_empty_folder_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    assert main(["batch", "--preset", "web-jpeg", str(tmp_path / "in"), "-o", str(tmp_path / "out")]) == 0
    assert "no photos were found there" in capfd.readouterr().err


def test_the_command_tells_what_it_did(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copy(PHOTO, put(tmp_path / "in" / "a.jpg").with_name("photo.jpg"))
    put(tmp_path / "in" / "b.jpg", "untagged")
    words = ["batch", "--preset", "web-jpeg", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    assert main([*words, "--dry-run"]) == 0
    assert not (tmp_path / "out").exists()
    rows = capfd.readouterr().out.splitlines()
    assert len(rows) == 3 + 3
    assert rows[3:] == ["corrected    2", "skipped      1", "together     3"]
    assert main(words) == 0
    said = capfd.readouterr()
    assert said.out.splitlines()[:3] == ["corrected    2", "skipped      1", "together     3"]
    assert said.err == ""
    (tmp_path / "in" / "c.jpg").write_bytes(b"\xff\xd8\xff")
    assert main([*words, "--json"]) == 1
    assert [json.loads(row)["status"] for row in capfd.readouterr().out.splitlines()] == ["failed"]
    assert main([*words[:2], "web", *words[3:]]) == 2
    assert "did you mean 'web-jpeg'" in capfd.readouterr().err


@pytest.mark.parametrize("text", ["lots", "-1", "4X", "0"])
def test_a_wrong_amount_of_memory(text: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["batch", "--preset", "web-jpeg", f"--memory={text}", str(tmp_path), "-o", str(tmp_path / "out")])
    assert stopped.value.code == 2


def test_what_decides_alone_is_in_the_digest_of_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text about the database changes no photo, so a batch goes on where it was."""
    monkeypatch.setattr("sixbit.lenses.catalogue.catalogue", lambda: SimpleNamespace(folders=(tmp_path,)))

    def digest_with(name: str) -> str:
        (tmp_path / name).write_text("one more")
        return _database_digest()

    names = ("README.md", "user.lock", "lenses.csv", "own.xml", "own.compensated", "own.calibration.json")
    empty = _database_digest()
    seen = [digest_with(name) for name in names]
    assert seen[:2] == [empty] * 2
    assert len({empty, *seen}) == 5


def test_a_record_of_a_file_elsewhere_does_not_count(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.jpg")
    out = tmp_path / "out"
    run(tmp_path / "in", out)
    (out / "a.jpg").rename(tmp_path / "a.jpg")
    ledger = out / ".sixbit" / "ledger.jsonl"
    ledger.write_text(ledger.read_text().replace('"out": "a.jpg"', f'"out": "{tmp_path / "a.jpg"}"'))
    assert run(tmp_path / "in", out)["a.jpg"].status == "corrected"
    assert (out / "a.jpg").exists()
