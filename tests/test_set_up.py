"""From the wheel to a corrected photo, and to one in GIMP and in darktable, by what README and the pages say alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import sixbit
from sixbit.manifest import manifest
from tests.scenery import CLONE, PHOTO
from tests.scenery.newcomer import Newcomer, commands_of
from tests.scenery.wheel import wheel


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    folder = tmp_path_factory.mktemp("newcomer")
    here = Newcomer(folder, wheel(folder / "made"))
    here.set_up()
    yield here
    shutil.rmtree(here.home)


def picture(path: Path) -> NDArray[np.float64]:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"), np.float64)


def apart(one: Path, other: Path) -> float:
    """Return how far two pictures are apart in the middle of a frame, root mean square in levels."""
    a, b = (picture(path)[20:-20, 20:-20] for path in (one, other))
    return float(np.sqrt(np.mean((a - b) ** 2)))


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """The photo as it is corrected here."""
    corrected = tmp_path / "ours.png"
    sixbit.correct(PHOTO, corrected)
    return corrected


def test_there_is_no_compiler(newcomer: Newcomer) -> None:
    assert newcomer.type("! command -v gcc g++ cc c++ clang").strip() == ""


def test_a_photo_is_corrected(newcomer: Newcomer, ours: Path) -> None:
    corrected = newcomer.correct_photo()
    assert apart(corrected, ours) < 3 < apart(PHOTO, ours)


def test_a_photo_is_corrected_in_gimp(newcomer: Newcomer, ours: Path) -> None:
    corrected = newcomer.correct_in_gimp()
    assert apart(corrected, ours) < 3
    said = newcomer.type("sixbit doctor")
    assert "WRONG" not in said
    assert "sixbit-lens-correction.so" not in said or "and loads" in said
    assert (newcomer.home / ".local/share/gegl-0.4/plug-ins/sixbit-lens-correction.so").exists()


def test_a_photo_is_corrected_in_darktable(newcomer: Newcomer, ours: Path) -> None:
    corrected = newcomer.correct_in_darktable()
    assert apart(corrected, ours) < 8 < apart(PHOTO, ours)


def test_the_kernel_is_used(newcomer: Newcomer) -> None:
    said = newcomer.type("sixbit doctor; sixbit correct photo.jpg -o native.jpg --engine native")
    assert "the native kernel is there" in said


def test_the_file_is_called_as_readme_says(newcomer: Newcomer) -> None:
    install = commands_of("README.md", "Set up")[0]
    (made,) = newcomer.home.glob("*.whl")
    assert install == f"pipx install ./{made.name}"
    assert f"-{manifest()['version']}-" in made.name


def test_developers_set_up_is_that_of_ci() -> None:
    run = (CLONE / ".ci/run").read_text(encoding="utf-8").replace("pip install -q", "pip install")
    wanted = [command for number in (0, 2) for command in commands_of("README.md", "To change Sixbit", number)]
    assert len(wanted) == 3
    assert [line for line in run.splitlines() if line in wanted] == wanted
