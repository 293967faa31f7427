"""An archive learnt from: what is found, what is left out, and that it may be killed at any moment."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import math
import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import pytest

from sixbit.calibration import learn as learning
from sixbit.calibration import tca
from sixbit.calibration.bundle import write_bundle
from sixbit.calibration.identity import shutter_of
from sixbit.calibration.keep import correct_aperture, remove, runs
from sixbit.calibration.learn import Learnt, keep, learn, records, studies, survey, work
from sixbit.calibration.learn.findings import Finding
from sixbit.calibration.learn.survey import LeftOut, Photo, Why, grouped, look, spread
from sixbit.calibration.learn.walks import Walk, walks_of
from sixbit.cli.learn import as_json
from sixbit.cli.main import main
from sixbit.compiler.compile import compile_filter
from sixbit.compiler.optics import Sensor, distortion
from sixbit.compiler.optics import tca as lateral_colour
from sixbit.faults import STRICT
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.own import that_count
from sixbit.measure.aperture import GUESS, error_of_guess
from sixbit.measure.worth import RADII, Outcome, Worth, area_weights
from sixbit.raw.write import write_in_place
from sixbit.tags.read import read_shot
from sixbit.tags.write import write_lens_tags
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, PhotoError
from sixbit.values.lens import Model
from tests.scenery import archive, dngs
from tests.scenery.camera import distortion_error, tca_error
from tests.scenery.photo_factory import jpeg, xmp_packet
from tests.scenery.refusals import refused


class Killed(BaseException):
    """The end of a process, which nobody can catch."""


class Here:
    """The tasks done in this process, in an order of its own, and ended after so many of them."""

    seed = 0
    left: int | None = None
    interrupt = False
    done: list[Any]

    def __init__(self, memory: int | None = None) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def answers(self, tasks: Sequence[Any], stopped: Callable[[], bool] = lambda: False) -> Iterator[tuple[Any, Any]]:
        shuffled = list(tasks)
        random.Random(Here.seed).shuffle(shuffled)
        for task in shuffled:
            if stopped():
                return
            if Here.interrupt:
                os.kill(os.getpid(), signal.SIGINT)
            if Here.left is not None:
                Here.left -= 1
                if Here.left < 0:
                    raise Killed
            Here.done.append(task)
            yield task, work.work(task)


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    Here.seed, Here.left, Here.interrupt, Here.done = 0, None, False, []
    monkeypatch.setattr(learning, "Processes", Here)
    monkeypatch.setattr(work, "MOST_LINES", 40)  # as a fit takes as long as it has lines


def found(learnt: Learnt, kind: str) -> Finding:
    (finding,) = [finding for finding in learnt.findings if finding.kind == kind]
    return finding


def answer(learnt: Learnt) -> str:
    return json.dumps([as_json(finding) for finding in learnt.findings])


def looked_at(path: Path, data: bytes) -> Photo | LeftOut:
    path.write_bytes(data)
    return look(str(path))


def test_an_archive_is_learnt_and_kept_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive.save(tmp_path / "photos" / "may", 4)
    assert main(["learn", str(tmp_path / "photos")]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Elmarit-M 1:2.8/28 ASPH., ILCE-7M3, 4 photos\n  distortion: ")
    assert "lines in 4 photos of an archive" in told
    assert "fall-off: not known; eight photos on a walk" in told
    assert "Nothing is kept yet" in told
    assert runs() == ()
    for _ in range(2):  # what is kept already is not kept again
        assert main(["learn", str(tmp_path / "photos"), "--keep"]) == 0
        assert sorted(run.kinds[0] for run in runs()) == ["distortion", "tca"]
    assert {known.kind for known in catalogue().lenses[archive.LENS_ID].calibrations if known.own} == {
        "distortion",
        "tca",
    }


def test_what_is_found_is_right_within_its_error(tmp_path: Path) -> None:
    archive.save(tmp_path, 4)
    learnt = learn([tmp_path])
    lines, colours = found(learnt, "distortion"), found(learnt, "tca")
    assert lines.model
    assert lines.worth
    assert colours.model
    assert colours.worth
    off = 100 * distortion_error(archive.LENS, distortion(*lines.model), archive.FRAME, Sensor(1.0, 1.5))
    assert off < 1.2 * lines.worth.surely_within.max()
    off = tca_error(archive.LENS, lateral_colour(*colours.model), archive.FRAME, Sensor(1.0, 1.5))
    assert off < colours.worth.surely_within.max()
    assert lines.is_sure
    assert colours.is_sure


@pytest.fixture
def careful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have it look after two photos, and not be sure for long."""
    monkeypatch.setattr(studies, "STEPS", (2, 4, 6))
    monkeypatch.setattr("sixbit.calibration.learn.findings.PLENTY", 0.004)
    monkeypatch.setattr("sixbit.calibration.learn.findings.LIMITS", dict.fromkeys(("distortion", "tca"), _Tight))


class _Tight:
    nothing = excess = 0.002


@pytest.mark.usefixtures("careful")
def test_however_often_it_is_killed_the_answer_is_the_same(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    archive.save(photos, 6)
    undisturbed = answer(learn([photos]))
    together = len(Here.done)
    rng = random.Random(7)
    for _ in range(3):
        for record in records.folder().rglob("*.npz"):
            record.unlink()
        for Here.seed in range(4):
            Here.left = rng.randrange(1, together)
            with pytest.raises(Killed):
                learn([photos])
            Here.left = None
        assert answer(learn([photos])) == undisturbed


def test_a_photo_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.save(tmp_path, 4)
    opened: list[str] = []
    from sixbit.calibration import frames

    open_frame = frames.open_frame
    monkeypatch.setattr(frames, "open_frame", lambda path: opened.append(str(path)) or open_frame(path))
    Here.left = 6  # four looked at, two measured
    with pytest.raises(Killed):
        learn([tmp_path])
    Here.left = None
    assert len(opened) == 2
    learn([tmp_path])
    assert len(opened) == 4
    learn([tmp_path])
    assert len(opened) == len(set(opened)) == 4
    os.utime(tmp_path / "000.jpg", (1, 1))  # it may be another photo now
    learn([tmp_path])
    assert opened[4:] == [str(tmp_path / "000.jpg")]


def test_a_damaged_record_is_made_again(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    archive.save(photos, 4)
    undisturbed = answer(learn([photos]))
    for number, record in enumerate(sorted(records.folder().rglob("*.npz"))):
        data = record.read_bytes()
        record.write_bytes((data[: len(data) // 2], b"", b"\0" * 64)[number % 3])
    assert answer(learn([photos])) == undisturbed


@pytest.mark.parametrize("at", ["a block", "a way of compression", "a plain array"])
def test_whatever_is_wrong_in_a_record_it_counts_as_none(tmp_path: Path, at: str) -> None:
    record = tmp_path / "record.npz"
    file = io.BytesIO()
    if at == "a plain array":
        np.save(file, np.arange(4))
        record.write_bytes(file.getvalue())
    else:
        records.save(record, {"points": np.random.default_rng(0).random(400)})
        data = bytearray(record.read_bytes())
        if at == "a way of compression":  # that there is none of
            for sign, place in ((b"PK\1\2", 10), (b"PK\3\4", 8)):
                data[data.index(sign) + place] = 77
        else:  # a block that Deflate does not know
            data[data.index(b".npy") + 24] = 0xFF
        record.write_bytes(data)
    assert not records.has(record)


def test_no_more_is_measured_than_it_takes(tmp_path: Path) -> None:
    archive.save(tmp_path, 7)
    learnt = learn([tmp_path])
    assert learnt.measured == 4
    assert len(learnt.groups) == 1
    assert [len(finding.photos) for finding in learnt.findings] == [4, 4]


def test_nothing_in_the_archive_changes(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    archive.save(photos, 4)

    def state() -> list[tuple[str, str, int]]:
        files = sorted(photos.rglob("*"))
        return [(f.name, hashlib.sha256(f.read_bytes()).hexdigest(), f.stat().st_mtime_ns) for f in files]

    before, folder = state(), photos.stat().st_mtime_ns
    learn([photos])
    assert state() == before
    assert photos.stat().st_mtime_ns == folder


def test_a_lens_that_has_nothing_to_correct(tmp_path: Path) -> None:
    archive.save(tmp_path, 8, lens=archive.BARE)
    learnt = learn([tmp_path])
    assert found(learnt, "distortion").outcome is Outcome.NOTHING
    assert found(learnt, "distortion").is_sure
    assert keep(learnt) == ()


APPLIED = {"crs_AlreadyApplied": "True"}
LEFT_OUT: dict[str, tuple[dict[str, Any], bytes, Why]] = {
    "without a lens": ({"LensModel": None, "FocalLength": None}, b"", Why.UNTAGGED),
    "of two lenses": ({"LensModel": "Summilux-M 1:1.4/50 ASPH."}, b"", Why.AMBIGUOUS),
    "of another mount": ({"LensModel": "FE 28mm F2"}, b"", Why.NOT_M),
    "from a camera nobody knows": ({"Model": "XYZZY"}, b"", Why.SENSOR),
    "in a crop mode": ({"FocalLengthIn35mmFilm": 42}, b"", Why.CROP_MODE),
    "zoomed": ({"DigitalZoomRatio": (13, 10)}, b"", Why.CROP_MODE),
    "cropped": ({}, xmp_packet(**APPLIED, crs_HasCrop="True", crs_CropLeft="0.5"), Why.CROPPED),
    "straightened": ({}, xmp_packet(**APPLIED, crs_HasCrop="True", crs_CropAngle="1.5"), Why.CROPPED),
    "smaller than it was taken": ({"PixelXDimension": 900, "PixelYDimension": 900}, b"", Why.CROPPED),
    "corrected": ({}, xmp_packet(**APPLIED, crs_LensProfileEnable="1"), Why.CORRECTED),
    "developed without a word": ({"Software": "Capture One 23"}, b"", Why.SILENT),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_says_nothing_of_a_lens_is_left_out(name: str, tmp_path: Path) -> None:
    tags, xmp, why = LEFT_OUT[name]
    left = looked_at(tmp_path / "photo.jpg", jpeg(archive.tags(0, **tags), xmp, archive.SIZE))
    assert isinstance(left, LeftOut)
    assert left.why is why


def test_what_was_perhaps_corrected_by_its_raw_is_left_out(tmp_path: Path) -> None:
    raw = tmp_path / "photo.dng"
    raw.write_bytes(dngs.dng())
    write_in_place(raw)
    tags = archive.tags(0, Software="darktable 5.0.1")
    left = looked_at(tmp_path / "photo.jpg", jpeg(tags, size=archive.SIZE))
    assert isinstance(left, LeftOut)
    assert left.why is Why.SILENT


def test_a_photo_whose_lateral_colour_alone_is_corrected_tells_nothing_else(tmp_path: Path) -> None:
    xmp = xmp_packet(aux_VignetteCorrectionAlreadyApplied="True")
    photo = looked_at(tmp_path / "photo.jpg", jpeg(archive.tags(0), xmp, archive.SIZE))
    assert isinstance(photo, Photo)
    assert photo.kinds == ("tca",)


def test_what_the_camera_has_compensated_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leica = {"Make": "LEICA CAMERA AG", "Model": "LEICA M10", "LensModel": archive.NAME}
    paths = archive.save(tmp_path / "photos", 1, **leica)
    photo = look(str(paths[0]))
    assert isinstance(photo, Photo)
    assert photo.compensated
    assert photo.is_estimated
    assert main(["learn", str(tmp_path / "photos")]) == 0
    told = capsys.readouterr().out
    assert "fall-off: the camera knew the lens and has compensated it; what it leaves" in told
    assert "its aperture said by --aperture N" in told


def test_odd_files_are_passed_over_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos = tmp_path / "photos"
    archive.save(photos, 1)
    os.mkfifo(photos / "pipe.jpg")
    (photos / "folder.jpg").mkdir()
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "cut.jpg").write_bytes(jpeg(archive.tags(1), picture=archive.picture(1)[:5000]))
    (photos / "nowhere.jpg").symlink_to(photos / "gone.jpg")
    (photos / "round").symlink_to(photos)
    (photos / "\x1b[31mred\n.jpg").write_bytes(b"no photo")
    assert main(["learn", str(photos)]) == 1  # one could not be decoded
    out, err = capsys.readouterr()
    assert "left out: 4 cannot be read" in out
    assert "cut.jpg" in err
    assert "\x1b" not in out + err


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with refused(PhotoError, "there is no such folder", Code.NOT_FOUND):
        learn([tmp_path / "none"])


def test_copies_count_once(tmp_path: Path) -> None:
    archive.save(tmp_path / "photos", 2)
    archive.save(tmp_path / "backup", 2)
    (tmp_path / "backup" / "000.jpeg").write_bytes(jpeg(archive.tags(0), size=archive.SIZE))  # by the name of another
    (tmp_path / "photos" / "001.png").write_bytes(b"")
    learnt = learn([tmp_path])
    assert learnt.reasons == {Why.COPY: 3, Why.UNREADABLE: 1}
    assert [len(photos) for photos in learnt.groups.values()] == [2]


def test_a_photo_that_was_tagged_since_is_the_same(tmp_path: Path) -> None:
    """Else what was kept of it before would be averaged with what is learnt of it again."""
    paths = archive.save(tmp_path, 2)
    before = [look(str(path)) for path in paths]
    for path in paths:
        assert write_lens_tags(path, catalogue().lens(archive.LENS_ID)) == path
    after = [look(str(path)) for path in paths]
    assert all(isinstance(one, Photo) for one in (*before, *after))
    identities = [one.identity for one in (*before, *after) if isinstance(one, Photo)]
    assert identities[:2] == identities[2:]
    assert identities[0] != identities[1]


def test_photos_of_another_size_are_left_out(tmp_path: Path) -> None:
    archive.save(tmp_path / "photos", 2)
    (tmp_path / "small.jpg").write_bytes(jpeg(archive.tags(9), size=(450, 300)))
    assert learn([tmp_path]).reasons == {Why.OTHER_SIZE: 1}


def test_the_order_of_the_files_has_no_say(tmp_path: Path) -> None:
    looked = [look(str(path)) for path in archive.save(tmp_path, 3)]
    assert grouped(looked) == grouped(looked[::-1])
    assert spread(list(range(6))) == [0, 4, 2, 1, 5, 3]  # type: ignore[arg-type,comparison-overlap]


def test_a_photo_does_not_count_twice(tmp_path: Path) -> None:
    """What was learnt from some of the same photos goes; what was learnt from others is averaged with it."""
    archive.save(tmp_path / "a", 4)
    first = keep(learn([tmp_path / "a"]))
    archive.save(tmp_path / "b", 4, first=10)
    second = keep(learn([tmp_path / "b"]))
    assert {run.name for run in runs()} == {run.name for run in (*first, *second)}
    assert not {*first[0].learnt_from} & {*second[0].learnt_from}
    assert all(set(photo) <= set("0123456789abcdef") for run in runs() for photo in run.learnt_from)
    assert all(run.weight(run.kinds[0]) > 0 for run in runs())


def test_what_was_measured_by_itself_stays_and_counts_once(tmp_path: Path) -> None:
    """Whichever of both is the surer counts: one photo may be in both."""
    paths = archive.save(tmp_path, 4)
    alone = tca.keep(tca.measure_tca(paths[:2], Choices(lens=archive.LENS_ID)))
    (learnt,) = [run for run in keep(learn([tmp_path])) if run.kinds == ("tca",)]
    assert {*alone.learnt_from} < {*learnt.learnt_from}
    assert {run.name for run in runs() if run.kinds == ("tca",)} == {alone.name, learnt.name}
    assert that_count([alone, learnt], "tca") == [max(alone, learnt, key=lambda run: run.weight("tca"))]


def test_a_raw_and_what_was_made_of_it_are_one_photo(tmp_path: Path) -> None:
    shot = read_shot(archive.save(tmp_path, 1)[0])
    taken = "2024-06-01 10:00:00"
    assert shutter_of(shot, taken) == shutter_of(shot._replace(is_raw=True, path=tmp_path / "a.dng"), taken)
    assert shutter_of(shot, taken) != shutter_of(shot, "2024-06-01 10:00:01")
    assert shutter_of(shot, "") == ""
    assert shutter_of(shot._replace(model=None), taken) == ""


def test_a_centre_is_not_kept_of_photos_that_were_turned_by_nobody_knows_how_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlap = pytest.importorskip("sixbit.calibration.overlap")
    monkeypatch.setattr(_Overlap, "asked", 0)
    monkeypatch.setattr(overlap, "measure_overlap", _Overlap())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(survey, "how_turned", lambda shot, stands: None)
    run_of(tmp_path, 9)
    (kept,) = [run for run in keep(learn([tmp_path])) if run.kinds == ("distortion",)]
    assert kept.centre is None


def test_a_photo_that_ends_its_process_ends_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.save(tmp_path, 4)
    (tmp_path / "004.jpg").write_bytes(jpeg(archive.tags(0, DateTimeOriginal="2024:04:01 10:00:00"), size=archive.SIZE))
    measured = work.work

    def dies(task: Any) -> Any:
        is_it = isinstance(task, work.Measure) and task.path.endswith("004.jpg")
        return PhotoError("ended", Code.FAULT) if is_it else measured(task)

    monkeypatch.setattr(work, "work", dies)
    learnt = learn([tmp_path])
    assert learnt.failures == {str(tmp_path / "004.jpg"): "ended"}
    assert found(learnt, "distortion").is_known


def test_a_mistake_in_one_photo_is_owned_up_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: str) -> None:
        raise ZeroDivisionError(path)

    monkeypatch.setattr("sixbit.calibration.learn.survey.look", broken)
    monkeypatch.delenv(STRICT)
    answer = work.work(work.Look("a.jpg"))
    assert isinstance(answer, PhotoError)
    assert "Sixbit made a mistake" in str(answer)


def run_of(folder: Path, count: int, **more: Any) -> list[Photo]:
    """Photos of a run, twenty seconds from one to the next, without anything in them."""
    photos = []
    for number in range(count):
        when = f"2024:06:01 10:{number // 3:02}:{20 * (number % 3):02}"
        tags = archive.tags(0, **{"DateTimeOriginal": when} | more)
        photo = looked_at(folder / f"{number:02}.jpg", jpeg(tags, size=archive.SIZE))
        assert isinstance(photo, Photo)
        photos.append(photo)
    return photos


LEICA = {"Make": "LEICA CAMERA AG", "Model": "LEICA M10"}


def test_runs_of_photos_close_in_time_are_found(tmp_path: Path) -> None:
    photos = run_of(tmp_path, 20)
    group = photos[0].group
    (walk,) = walks_of({group: spread(photos)}, [])
    assert [photo.path for photo in walk.photos] == [photo.path for photo in photos[2:18]]
    assert (walk.f_number, walk.kinds) == (8.0, ("distortion", "tca", "vignetting"))
    assert walks_of({group: photos[:7]}, []) == []
    assert walks_of({group: photos[::7]}, []) == []
    late = [photo._replace(taken=f"20{number:02}-01-01 10:00:00") for number, photo in enumerate(photos)]
    assert walks_of({group: late}, []) == []
    assert walks_of({group: [photo._replace(taken="") for photo in photos]}, []) == []
    two = [photo._replace(f_number=(8.0, 4.0)[number > 9]) for number, photo in enumerate(photos)]
    assert [walk.f_number for walk in walks_of({group: two}, [])] == [8.0, 4.0]


def test_a_guessed_aperture_gives_fall_off_only_where_that_hardly_changes(tmp_path: Path) -> None:
    photos = run_of(tmp_path, 9, **LEICA, LensModel=archive.NAME.lower())
    assert not photos[0].compensated

    def guessed(*f_numbers: float) -> Walk:
        apart = [photo._replace(f_number=f_numbers[n % len(f_numbers)]) for n, photo in enumerate(photos)]
        (walk,) = walks_of({photos[0].group: apart}, [])
        return walk

    assert guessed(8.0)[1:] == (8.0, ("distortion", "tca", "vignetting"), guessed(8.0).photos, GUESS)
    assert guessed(2.8).kinds == guessed(5.6).kinds == ("distortion", "tca")
    assert guessed(16.0, 11.0, 8.0).f_number == 11.2, "of one ring, the body guesses this and that"
    assert guessed(8.0, 32.0).off == pytest.approx(2.0, rel=0.01), "they lie farther apart than one guess may be off"
    (walk,) = walks_of({photos[0].group: photos}, [], said=5.6)
    assert (walk.f_number, walk.kinds, walk.off) == (5.6, ("distortion", "tca", "vignetting"), 0.0)


def test_a_walk_is_of_one_coding(tmp_path: Path) -> None:
    photos = run_of(tmp_path, 18, **LEICA)
    assert photos[0].compensated == archive.NAME
    group = photos[0].group
    two = [photo._replace(compensated=archive.NAME * (n > 8)) for n, photo in enumerate(photos)]
    for walk, compensated in zip(walks_of({group: two}, [], said=5.6), ("", archive.NAME), strict=True):
        assert walk.kinds == ("distortion", "tca", "vignetting")
        assert {photo.compensated for photo in walk.photos} == {compensated}


class _Overlap:
    """What a run of overlapping photos would show, and how often it was asked."""

    asked = 0
    gain = 1.0

    def __init__(self) -> None:
        curve = -0.9 * RADII**2
        self.distortion, self.vignetting = Model("poly3", (0.02,)), Model("pa", (-0.6, 0.1, 0.0))
        self.tca = None
        self.worth = {
            "distortion": Worth("distortion", curve[None], np.full((1, 41), 0.02), area_weights(1.5), 0.97),
            "vignetting": Worth(
                "vignetting", _Overlap.gain * curve[None], np.full((1, 41), 0.01), area_weights(1.5), 0.97
            ),
        }
        self.centre = np.array([0.05, -0.03])
        self.unsure = ("Lateral colour is not sure enough.",)

    def __call__(self, paths: Sequence[str], choices: Choices) -> Any:
        _Overlap.asked += 1
        assert len(paths) == 9
        assert choices.lens == archive.LENS_ID
        return SimpleNamespace(found=_Overlap())


def test_a_run_is_measured_once_and_kept_at_its_aperture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overlap = pytest.importorskip("sixbit.calibration.overlap")
    monkeypatch.setattr(_Overlap, "asked", 0)
    monkeypatch.setattr(overlap, "measure_overlap", _Overlap())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    run_of(tmp_path, 9)
    learnt = learn([tmp_path])
    again = learn([tmp_path])
    assert _Overlap.asked == 1
    assert answer(learnt) == answer(again)
    assert [one.why for one in learnt.findings if one.kind == "tca"][-1].endswith("Lateral colour is not sure enough.")
    kept = {run.kinds[0]: run for run in keep(learnt)}
    assert kept["vignetting"].f_number == 8
    assert kept["distortion"].f_number is None
    assert kept["vignetting"].source == "9 overlapping photos of an archive"
    assert kept["distortion"].centre == (0.05, -0.03)
    assert keep(again) == ()


def test_what_the_camera_has_compensated_is_kept_for_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overlap = pytest.importorskip("sixbit.calibration.overlap")
    monkeypatch.setattr(_Overlap, "asked", 0)
    monkeypatch.setattr(overlap, "measure_overlap", _Overlap())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    run_of(tmp_path, 9, **LEICA)
    learnt = learn([tmp_path], f_number=5.6)
    kept = {run.kinds[0]: run for run in keep(learnt)}
    assert kept["vignetting"].compensated == archive.NAME
    assert kept["distortion"].compensated == ""
    assert keep(learnt) == ()
    shot = read_shot(tmp_path / "00.jpg")
    for one, corrected in ((shot, True), (shot._replace(known_to_body=None), False)):
        choices = Choices(lens=archive.LENS_ID, f_number=5.6, kinds={"vignetting": 1.0})
        made = compile_filter(archive.LENS_ID, one, choices, size=archive.SIZE).made_from
        assert ("vignetting" in made["corrections"]) is corrected


def test_that_an_aperture_is_guessed_is_in_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overlap = pytest.importorskip("sixbit.calibration.overlap")
    monkeypatch.setattr(overlap, "measure_overlap", _Overlap())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    run_of(tmp_path, 9, **LEICA, LensModel=archive.NAME.lower())
    (kept,) = [run for run in keep(learn([tmp_path])) if run.kinds == ("vignetting",)]
    assert kept.source == "9 overlapping photos of an archive, f/8 as the camera guessed"
    assert kept.known["vignetting"].error[-1] == pytest.approx(math.hypot(0.01, error_of_guess(8.0, 2.8)[-1]), rel=0.01)
    assert kept.known_if_said["vignetting"].error[-1] == pytest.approx(0.01)
    _Overlap.gain = 0.1  # then it is no more than the guess may be off
    try:
        for record in records.folder().rglob("*-walk.npz"):
            record.unlink()
        (unsure,) = [one for one in learn([tmp_path]).findings if one.kind == "vignetting"]
    finally:
        _Overlap.gain = 1.0
    assert unsure.outcome is Outcome.UNSURE
    assert "the camera guessed the aperture" in unsure.why
    assert "or its aperture said" in unsure.why


def test_an_aperture_that_was_said_goes_before_a_guess_of_the_same_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlap = pytest.importorskip("sixbit.calibration.overlap")
    monkeypatch.setattr(overlap, "measure_overlap", _Overlap())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    run_of(tmp_path, 9, **LEICA, LensModel=archive.NAME.lower())
    guesses = learn([tmp_path])

    def apertures() -> list[float | None]:
        return [run.f_number for run in runs() if run.kinds == ("vignetting",)]

    keep(guesses)
    assert apertures() == [8.0]
    (guessed,) = [run for run in runs() if run.kinds == ("vignetting",)]
    correct_aperture(guessed.name, 11.0)
    assert keep(guesses) == ()
    assert apertures() == [11.0]
    keep(learn([tmp_path], f_number=5.6))
    assert apertures() == [5.6]
    for run in runs():
        remove(run.name)
    keep(guesses)
    keep(learn([tmp_path], f_number=5.6))
    assert apertures() == [5.6]


def test_a_run_is_measured_again_for_another_lens(tmp_path: Path) -> None:
    """The user may say so and no photo changes; the focal length goes by the lens, and all else by that."""
    photos = tuple(run_of(tmp_path, 8))
    walk = Walk(photos[0].group, 8.0, ("distortion",), photos)
    asked = []
    for group in (walk.group, walk.group._replace(lens_id="summicron-28-asph", focal_mm=28.5), walk.group):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(work, "_overlap", lambda task: asked.append(task.group) or {"of": 8, "why": "none"})
            work.work(walk._replace(group=group))
    assert [group.focal_mm for group in asked] == [28.0, 28.5]


def test_a_run_without_pycolmap_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    run_of(tmp_path, 9)
    assert main(["learn", str(tmp_path)]) == 0
    assert "a run of overlapping photos, which `pip install 'sixbit[learn]'`" in capsys.readouterr().out


def test_ctrl_c_ends_it_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive.save(tmp_path, 2)
    Here.interrupt = True
    assert main(["learn", str(tmp_path)]) == 130
    assert "stopped; the same command goes on from there" in capsys.readouterr().err
    assert len(Here.done) == 1


def test_what_was_left_out_is_named_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    looked_at(tmp_path / "photo.jpg", jpeg(archive.tags(0, Model="XYZZY"), size=archive.SIZE))
    assert main(["learn", str(tmp_path), "--json"]) == 0
    photo, counts = map(json.loads, capsys.readouterr().out.splitlines())
    assert photo == {"photo": str(tmp_path / "photo.jpg"), "left_out": "sensor", "why": "SONY XYZZY"}
    assert counts == {"left_out": {"sensor": 1}}


def test_what_is_exported_does_not_name_the_photos(tmp_path: Path) -> None:
    archive.save(tmp_path / "photos", 4)
    (run, *_) = keep(learn([tmp_path / "photos"]))
    assert run.learnt_from
    write_bundle(tmp_path / "out.json", archive.LENS_ID)
    exported = (tmp_path / "out.json").read_text()
    assert not any(photo in exported for photo in run.learnt_from)
