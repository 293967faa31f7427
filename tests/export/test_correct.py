"""A photo by a preset and choices, and what is seen of the work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sixbit.cli.main import main
from sixbit.export.correct import correct
from sixbit.export.presets import PLAIN, load, save
from sixbit.values.choices import Choices
from sixbit.values.errors import ArgumentError, NotCorrectedError, PresetError
from sixbit.values.kinds import Grade
from sixbit.values.watch import Watch
from tests.scenery import PHOTO

FALLING_OFF = Choices(lens="summilux-21", crop_factor=1.0)


def bare(folder: Path) -> Path:
    """A photo that says nothing."""
    path = folder / "bare.png"
    Image.fromarray(np.full((200, 300, 3), 120, np.uint8)).save(path)
    return path


def test_choices_of_a_preset() -> None:
    preset = replace(
        PLAIN,
        corrections=("distortion", "tca"),
        strength={"tca": 0.5, "shading": 0.3},
        lowest_grade=Grade.COMPUTED,
        scale=1.2,
        lens="summilux-21",
    )
    # The lens is for photos that the batch is told to choose one for.
    grades = (Grade.MEASURED, Grade.PUBLISHED, Grade.COMPUTED)
    assert preset.choices == Choices(kinds={"distortion": 1.0, "tca": 0.5}, scale=1.2, grades=grades)
    lowest = replace(preset, lowest_grade=Grade.SINGLE)
    assert lowest.choices.grades == tuple(Grade)


def test_what_a_preset_assumes_stands_in_for_what_nothing_says(tmp_path: Path) -> None:
    preset = replace(PLAIN, assumed_f_number=2.0, assumed_distance_m=3.0)
    assumed = correct(bare(tmp_path), tmp_path / "out.png", preset, FALLING_OFF).filter.made_from
    assert (assumed["f_number"], assumed["distance_m"]) == (2.0, 3.0)
    said = replace(FALLING_OFF, f_number=2.8, distance_m=5.0)
    chosen = correct(bare(tmp_path), tmp_path / "out.png", preset, said).filter.made_from
    assert (chosen["f_number"], chosen["distance_m"]) == (2.8, 5.0)
    tagged = correct(PHOTO, tmp_path / "out.jpg", replace(preset, assumed_f_number=16.0)).filter.made_from
    assert tagged["f_number"] not in (None, 16.0)


def test_what_is_chosen_goes_before_the_preset_field_by_field(tmp_path: Path) -> None:
    preset = replace(PLAIN, corrections=("distortion", "vignetting"), strength={"vignetting": 0.5}, scale="none")
    photo, out = bare(tmp_path), tmp_path / "out.png"
    filter = correct(photo, out, preset, replace(FALLING_OFF, f_number=2.0)).filter
    assert filter.made_from["strength"] == {"vignetting": 0.5}
    assert "tca" not in filter.made_from["left_out"]
    assert filter.made_from["scale"] == "none"
    chosen = replace(FALLING_OFF, f_number=2.0, kinds={"vignetting": 0.8}, scale=1.5)
    filter = correct(photo, out, preset, chosen).filter
    assert filter.made_from["strength"] == {"vignetting": 0.8}
    assert filter.made_from["corrections"] == ["vignetting"]
    assert filter.made_from["scale"] == 1.5


@pytest.mark.parametrize("option", [("--scale", "fill"), ("--grades", "measured,published"), ("--only", "vignetting")])
def test_an_option_goes_before_the_preset_also_where_it_is_as_usual(
    option: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--scale fill` is as usual, and not what this preset says."""
    preset = replace(
        PLAIN, label="Mine", format="PNG", scale="none", lowest_grade=Grade.COMPUTED, strength={"tca": 0.5}
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    save("mine", preset)
    seen: list[Choices] = []
    monkeypatch.setattr("sixbit.export.correct.lens_of", lambda _, choices: seen.append(choices) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["correct", str(PHOTO), "-o", str(tmp_path / "out.png"), "--preset", "mine", *option])
    right = {
        "--scale": {"scale": "fill"},
        "--grades": {"grades": (Grade.MEASURED, Grade.PUBLISHED)},
        # Who names what to correct means it, also where the camera has compensated for some.
        "--only": {"kinds": {"vignetting": 1.0}, "compensated": "correct"},
    }[option[0]]
    assert seen == [replace(preset.choices, **right)]


def test_nothing_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(NotCorrectedError, match=r"bare\.png: no correction of it is asked for\.$"):
        correct(bare(tmp_path), tmp_path / "out.png", choices=replace(FALLING_OFF, kinds={}))


def test_a_preset_may_be_named(tmp_path: Path) -> None:
    filter = correct(bare(tmp_path), tmp_path / "out.png", "archive", replace(FALLING_OFF, f_number=2.0)).filter
    assert filter.made_from["scale"] == load("archive").scale
    with pytest.raises(PresetError, match="There is no preset 'archiv'; did you mean 'archive'"):
        correct(bare(tmp_path), tmp_path / "out.png", "archiv")


def test_what_is_no_preset_and_no_choices_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"`preset` is a preset or the name of one, not Choices\(.*`choices=`"):
        correct(PHOTO, tmp_path / "out.png", FALLING_OFF)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"`choices` is a sixbit\.Choices, not {'f_number': 4}"):
        correct(PHOTO, tmp_path / "out.png", choices={"f_number": 4})  # type: ignore[arg-type]


def test_a_watch_sees_the_work(tmp_path: Path) -> None:
    class Seen(Watch):
        def __init__(self) -> None:
            self.laps: list[str] = []
            self.shares: list[float] = []
            self.pictures: tuple[Any, ...] = ()

        def lap(self, step: str) -> None:
            self.laps.append(step)

        def progress(self, share: float, step: str) -> None:
            self.shares.append(share)

        def look(self, before: Any, after: Any, orientation: int) -> None:
            self.pictures = (before, after)
            assert not out.exists()

    seen, out = Seen(), tmp_path / "out.png"
    correct(bare(tmp_path), out, PLAIN, replace(FALLING_OFF, f_number=2.0), watch=seen)
    assert seen.laps[0] == "tags"
    assert len(seen.laps) == 7
    assert seen.shares[0] == 0
    before, after = seen.pictures
    assert (before == 120).all()
    np.testing.assert_array_equal(after, np.asarray(Image.open(out)))


def test_a_comparison_that_cannot_be_written_is_refused_before_the_photo_is_read(tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "out.jpg"
    for target in (tmp_path / "both.xyz", tmp_path / "no folder" / "both.png", out):
        assert main(["correct", str(tmp_path / "none.jpg"), "-o", str(out), "--compare", str(target)]) == 1
        assert target.name in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_note_is_one_line_whatever_the_photo_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sixbit.export.correct.save_photo", lambda *arguments, **more: ["compression a\x1b[2J\nb"])
    assert "compression a\\u001b[2J\\nb" in correct(PHOTO, tmp_path / "out.jpg").notes
