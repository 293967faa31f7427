"""What a photographer is told in German has no English left in it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sixbit.calibration.corner import keep_corner
from sixbit.calibration.coverage import coverage
from sixbit.calibration.flat import measure_flat
from sixbit.calibration.lines import measure_lines
from sixbit.calibration.overlap import measure_overlap
from sixbit.calibration.tca import measure_tca
from sixbit.cli.ways_out import WAYS_OUT as ON_THE_COMMAND_LINE
from sixbit.compiler.compile import compile_filter
from sixbit.compiler.told import described
from sixbit.export import presets
from sixbit.export.correct import correct
from sixbit.install.darktable import Darktable
from sixbit.install.gimp import Gimp
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.match import lens_named
from sixbit.lenses.own import own_lenses
from sixbit.photos.decode import decode
from sixbit.tags.read import read_shot
from sixbit.translations import speaking
from sixbit.values.choices import Choices
from sixbit.values.errors import (
    CalibrationError,
    CatalogueError,
    CompileError,
    InstallError,
    NotCorrectedError,
    PhotoError,
    PresetError,
    SixbitError,
)
from sixbit.values.kinds import Grade
from sixbit.values.sentence import Sentence
from sixbit.values.ways_out import EVERYWHERE, with_way_out

GERMAN = speaking("de")
ENGLISH = re.compile(
    r"\b(?:the|of|is|are|were|be|and|or|not|which|that|to|by|from|cannot|can|it|its|these|this|there|no|than|as|on|for"
    r"|has|have|you|your|with|without|photos?|only|lens|measured|fall-off)\b"
)
EXAMPLE = Path(__file__).parents[1] / "examples" / "photo.jpg"
CHOICES = Choices(lens="summicron-50-iv-v", crop_factor=1.0, focal_mm=50, f_number=2.0)


def english_in(said: str) -> list[str]:
    """The English words of a text, but for what stands in quotes and back-ticks, and flags."""
    return ENGLISH.findall(re.sub(r"`[^`]*`|'[^']*'|--[a-z]+ \S+", "", said))


def photo(folder: Path, pixels: Any, suffix: str = ".png") -> Path:
    path = folder / f"{len([*folder.iterdir()])}{suffix}"
    Image.fromarray(pixels).save(path)
    return path


def noise(folder: Path) -> Path:
    return photo(folder, np.random.default_rng(1).integers(0, 255, (600, 900, 3), np.uint8))


def bytes_in(folder: Path, data: bytes) -> Path:
    path = folder / "a.jpg"
    path.write_bytes(data)
    return path


def own_database(folder: Path, content: str) -> Path:
    path = folder / "own.xml"
    path.write_text(content)
    return path


FAILURES: dict[type[SixbitError], list[Callable[[Path], object]]] = {
    PhotoError: [
        lambda at: decode(bytes_in(at, b"")),
        lambda at: decode(bytes_in(at, b"GIF89a" + bytes(50))),
        lambda at: decode(bytes_in(at, b"no photo at all" * 40)),
        lambda at: decode(bytes_in(at, b"\0\0\0\x18ftypisom" + bytes(20))),
        lambda at: decode(bytes_in(at, EXAMPLE.read_bytes()[:2000])),
        lambda at: decode(bytes_in(at, EXAMPLE.read_bytes()[: EXAMPLE.stat().st_size // 2])),
        lambda at: decode(photo(at, np.zeros((9, 9, 4), np.uint8), ".tif")) and read_shot(at / "none.jpg"),
        lambda at: correct(EXAMPLE, at / "a.gif"),
        lambda at: correct(EXAMPLE, at / "nirgends" / "a.jpg"),
    ],
    NotCorrectedError: [
        lambda at: correct(noise(at), at / "out.png"),
        lambda at: correct(noise(at), at / "out.png", choices=CHOICES.over(Choices(grades=(Grade.SINGLE,)))),
    ],
    CalibrationError: [
        lambda at: measure_flat([noise(at)], CHOICES),
        lambda at: measure_flat([photo(at, np.full((600, 900, 3), 120, np.uint8))], CHOICES),
        lambda at: measure_flat([photo(at, np.full((60, 90, 3), 120, np.uint8))], CHOICES),
        lambda at: measure_tca([photo(at, np.full((600, 900), 120, np.uint8))], CHOICES),
        lambda at: measure_tca([photo(at, np.full((600, 900, 3), 120, np.uint8))], CHOICES),
        lambda at: measure_lines([photo(at, np.full((600, 900, 3), 120, np.uint8))], CHOICES),
        lambda at: measure_lines([]),
        lambda at: measure_overlap([noise(at)], CHOICES),
        lambda at: keep_corner(40, CHOICES),
    ],
    CatalogueError: [
        lambda at: own_lenses(at),
        lambda at: own_lenses(own_database(at, "<lensdatabase version='1'><lens></lens></lensdatabase>")),
    ],
    CompileError: [
        lambda at: lens_named("a lens that nobody made"),
        lambda at: lens_named("summicron"),
        lambda at: Choices(scale=20),
        lambda at: Choices(kinds={"tca": 99}),
        lambda at: compile_filter("tri-elmar-28-35-50", choices=Choices(crop_factor=1.0), size=(900, 600)),
        lambda at: compile_filter("tri-elmar-28-35-50", choices=Choices(crop_factor=1.0, focal_mm=90), size=(9, 6)),
        lambda at: compile_filter("summicron-50-iv-v", choices=Choices(f_number=1.0, crop_factor=1.0), size=(900, 600)),
    ],
    PresetError: [
        lambda at: presets.load("arcive"),
        lambda at: presets.load(at / "none.json"),
        lambda at: presets.Preset.of("mine", {"format": "JPG", "qualty": 85, "file_name": "a/b"}),
        lambda at: presets.Preset.of("mine", {"label": "L", "format": "PNG", "quality": 4, "depth": 32}),
        lambda at: presets.Preset.of("mine", {"label": "L", "format": "JPEG", "unknown": "choose"}),
        lambda at: presets.save("No name!", presets.PLAIN),
    ],
    InstallError: [lambda at: Darktable().install(), lambda at: Gimp().install()],
}


@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_failure_is_told_in_german(kind: type[SixbitError], seed: int, tmp_path: Path) -> None:
    """Some of each kind, by what can be done about them at a keyboard and elsewhere."""
    ways = FAILURES[kind]
    for number, fail in enumerate(random.Random(seed).sample(ways, min(5, len(ways)))):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(kind) as caught:
            fail(folder)
        for table in ({}, EVERYWHERE, ON_THE_COMMAND_LINE):
            said = with_way_out(caught.value, table, GERMAN).replace(str(tmp_path), "")
            assert not english_in(said), said
        assert with_way_out(caught.value, {}) == str(caught.value)


def test_what_a_correction_does_and_leaves_is_told_in_german() -> None:
    for lens in catalogue().lenses.values():
        if lens.is_adapter or lens.focal_min != lens.focal_max:
            continue
        compiled = compile_filter(lens, choices=Choices(crop_factor=1.0, f_number=8.0), size=(900, 600))
        said = described(compiled, measures_tca="tca" in compiled.made_from["left_out"])
        assert isinstance(said, Sentence)
        assert not english_in(GERMAN(said).replace(lens.name, "")), said
        with_ways_out = GERMAN(described(compiled, ON_THE_COMMAND_LINE, say=GERMAN))
        assert not english_in(with_ways_out.replace(lens.name, "")), with_ways_out


def test_what_calibrations_cover_is_told_in_german() -> None:
    for lens in [*catalogue().lenses.values()][:40]:
        for said in coverage(lens, ()):
            assert not english_in(GERMAN(said)), said


def test_notes_on_a_photo_are_told_in_german(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (60, 90, 4), np.uint8)
    path = photo(tmp_path, pixels, ".tif")
    notes = correct(path, tmp_path / "out.jpg", choices=CHOICES).notes
    assert notes
    for note in notes:
        assert isinstance(note, Sentence)
        assert not english_in(GERMAN(note)), note
