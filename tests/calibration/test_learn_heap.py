"""A heap of photos sorted on the page: what each was good for, and that nothing is written on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sixbit.calibration.keep import runs
from sixbit.calibration.learn import records, work
from sixbit.calibration.learn.heap import Sorted, keep_heap, measure_heap
from sixbit.editors.page.results import Measurement
from sixbit.editors.page.session import PageSession
from sixbit.editors.page.steps import STEPS
from sixbit.lenses.catalogue import catalogue
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, Code
from tests.scenery import archive
from tests.scenery.photo_factory import jpeg

LENS = Choices(lens=archive.LENS_ID)


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Five photos with lines and edges, one without its lens, one of another lens, and one in a crop mode."""
    folder = tmp_path_factory.mktemp("heap")
    paths = archive.save(folder, 5)
    for name, tags in {
        "untagged.jpg": {"LensModel": None},
        "other.jpg": {"LensModel": "Summilux-M 1:1.4/21 ASPH.", "FocalLength": (21, 1)},
        "crop.jpg": {"FocalLengthIn35mmFilm": 42},
    }.items():
        (folder / name).write_bytes(jpeg(archive.tags(9, **tags), size=archive.SIZE))
        paths.append(folder / name)
    return paths


@pytest.fixture(scope="module")
def found(heap: list[Path]) -> Sorted:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "MOST_LINES", 40)
        shares: list[float] = []
        result = measure_heap(heap, LENS, lambda share, _: shares.append(share))
    assert shares[-1] < 1
    return result


def test_each_photo_is_told_what_it_was_good_for(heap: list[Path], found: Sorted) -> None:
    assert set(found.brought) == {path.name for path in heap}
    measured = [name for name, words in found.brought.items() if words == "Measured for distortion and lateral colour."]
    assert len(measured) >= 4
    assert found.brought["other.jpg"] == "Left out: of another lens than the one that was chosen."
    assert found.brought["crop.jpg"].startswith("Left out: ")
    assert not found.brought["untagged.jpg"].startswith("Left out")
    assert found.verdict[0].startswith("distortion: ")
    assert not records.folder().exists()


def test_what_it_shows_is_drawn_and_kept_once(found: Sorted) -> None:
    findings = STEPS["heap"].findings(found)
    assert [plot.title for plot in findings.plots] == ["Distortion", "Lateral colour"]
    assert {name for name, one in findings.photos.items() if one.words} == set(found.brought)
    assert [run.kinds for run in keep_heap(found)] == [("distortion",), ("tca",)]
    assert len(runs()) == 2
    with pytest.raises(CalibrationError, match="known as well already"):
        keep_heap(found)


def test_what_is_no_surer_than_what_there_is_waits_for_nothing(tmp_path: Path, found: Sorted) -> None:
    """The page that measured it before was closed."""
    before = {run.name for run in keep_heap(found)}
    session = PageSession(tmp_path, lens=catalogue().lens(archive.LENS_ID), step="heap")
    said = STEPS["heap"].findings(found)
    session.results.add(Measurement(1, session.place, {1: "a.jpg"}, {}, None, False, found, said))
    session.keep()
    assert "known as well already" in session.notice
    assert {*session.results.all[1].kept} == before == {run.name for run in runs()}
    assert not session.results.waiting(session.place)


@pytest.mark.parametrize("surer", [("distortion", "tca"), ("distortion",), ("tca",)])
def test_what_is_accepted_anew_takes_the_place_of_what_was(
    tmp_path: Path, found: Sorted, surer: tuple[str, ...]
) -> None:
    """Measured again with more photos, it may be known better in one kind alone; the other stays."""
    session = PageSession(tmp_path, lens=catalogue().lens(archive.LENS_ID), step="heap")
    learnt = found.learnt
    for number, kinds in enumerate(((), surer)):
        findings = [
            replace(one, worth=replace(one.worth, error=0.5 * one.worth.error)) if one.kind in kinds else one
            for one in learnt.findings
            if one.worth
        ]
        result = replace(found, learnt=replace(learnt, findings=findings))
        said = STEPS["heap"].findings(result)
        session.results.add(Measurement(number, session.place, {1: "a.jpg"}, {}, None, False, result, said))
        session.keep()
        (accepted,) = session.results.all.values()
        assert {run.name for run in runs()} == {*accepted.kept}
        assert sorted(run.kinds for run in runs()) == [("distortion",), ("tca",)]


def test_a_photo_that_names_another_thing_is_of_no_use(tmp_path: Path) -> None:
    """It is not the chosen lens's, if it says that it was taken with what is no M lens, or is known to nobody."""
    tags: dict[str, dict[str, Any]] = {
        "ef.jpg": {"LensModel": "EF50mm f/1.8 II", "FocalLength": (50, 1)},
        "odd.jpg": {"LensModel": "Foo 28mm f/2"},
        "camera.jpg": {"Model": "XYZZY"},
    }
    for name, more in tags.items():
        (tmp_path / name).write_bytes(jpeg(archive.tags(9, **more), size=archive.SIZE))
    with pytest.raises(CalibrationError) as refused:
        measure_heap([tmp_path / name for name in tags], LENS)
    assert "Left out: the sensor of its camera is not known (SONY XYZZY)." in str(refused.value)
    assert str(refused.value).count("Left out: ") == 3
    assert ".." not in str(refused.value)


def test_a_heap_of_nothing_says_why(tmp_path: Path) -> None:
    path = tmp_path / "crop.jpg"
    path.write_bytes(jpeg(archive.tags(0, FocalLengthIn35mmFilm=42), size=archive.SIZE))
    with pytest.raises(CalibrationError, match=r"Nothing here is worth keeping\. Left out: ") as refused:
        measure_heap([path], LENS)
    assert refused.value.code is Code.FRAMES
    shown = STEPS["heap"].refused(refused.value)
    assert shown
    assert shown.photos["crop.jpg"].words.startswith("Left out: it was taken in a crop mode (")
