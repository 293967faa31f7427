"""Every command that the README names is run, as it stands there, beside photos of the names that it uses."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from sixbit.cli import NAMES
from tests.scenery import CLONE, dngs

README = (CLONE / "README.md").read_text(encoding="utf-8")
LENS = '"Summicron-M 1:2/35 ASPH."'
SET_UP = ("python3 -m venv", ".venv/bin/", "pipx ", "pip install", "git clone", "cd ")
"""What a test of its own follows (tests/install)."""


def commands() -> list[str]:
    """The commands of the blocks, and those in the text that say more than a command's name."""
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
    lines = [re.sub(r"\s+#.*", "", line).strip() for line in blocks.splitlines()]
    named = re.findall(r"`(sixbit [a-z][^`]*)`", README.replace("\n", " "))
    inline = [words for words in named if len(words.split()) > 2]
    found = dict.fromkeys(line for line in [*lines, *inline] if line and not line.startswith(SET_UP))
    return [words for words in found if not re.search(r"\b[A-Z]{3,}\b(?!\.)", words) or "ASPH" in words]


def tools() -> list[str]:
    """What the README says a figure comes from."""
    return re.findall(r"`(?:python -m|pytest) ([\w./]+)", README)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of the names in the README, and a home with a GIMP, a darktable and a calibration in it."""
    folder = tmp_path_factory.mktemp("readme")
    home = folder / "home"
    for settings in ("GIMP/3.0", "darktable"):
        (home / ".config" / settings).mkdir(parents=True)
    whole = (CLONE / "examples" / "photo.jpg").read_bytes()
    (folder / "examples").mkdir()
    for name in ("photo.jpg", "examples/photo.jpg"):
        (folder / name).write_bytes(whole)
    with Image.open(folder / "photo.jpg") as photo:
        photo.save(folder / "untold.jpg")
    (folder / "photo.dng").write_bytes(dngs.dng())
    for name in ("photos", "walk", "archive"):
        (folder / name).mkdir()
        for number in range(2):
            with Image.open(folder / "photo.jpg") as photo:
                small = photo.resize((900 + number, 600))
                small.save(folder / name / f"{number}.jpg", exif=photo.info["exif"])
    run(f"sixbit calibrate corner 1 --lens {LENS} --crop 1 --aperture 2", folder)
    return folder


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    home = {name: os.environ[name] for name in ("TMPDIR", "SSL_CERT_FILE") if name in os.environ}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    shell = {**home, "HOME": str(folder / "home"), "PATH": path, "BROWSER": "true", "LANGUAGE": "en"}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=shell, capture_output=True, text=True, check=False, timeout=540
    )


CARRIES_NOTHING = {"sixbit calibrate overlap walk/*.jpg": "overlap", "sixbit calibrate": ""}
"""What these photos do not carry is refused in words; the page is served until it is ended."""


@pytest.mark.parametrize("command", [one for one in commands() if one not in CARRIES_NOTHING])
def test_a_command_of_the_readme_does_what_it_says(command: str, folder: Path) -> None:
    done = run(command, folder)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    for out in re.findall(r"(?:-o|--plot|--compare) (\S+)", command):
        assert (folder / out).exists() or "--dry-run" in command


def test_photos_that_do_not_overlap_are_refused_in_words(folder: Path) -> None:
    done = run("sixbit calibrate overlap walk/*.jpg", folder)
    assert done.returncode == 1
    assert re.search(r"photos|pip install", done.stderr)
    assert "Traceback" not in done.stderr


def test_the_page_says_where_it_is(folder: Path) -> None:
    command = [str(Path(sys.executable).parent / "sixbit"), "calibrate", "--no-browser"]
    page = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(folder / "home"), "PYTHONUNBUFFERED": "1"},
    )
    assert page.stdout is not None
    said = page.stdout.readline() + page.stdout.readline()
    page.send_signal(signal.SIGINT)
    page.communicate()
    assert "http://" in said


@pytest.mark.parametrize("name", sorted({*re.findall(r"`sixbit ([a-z]+)", README)}))
def test_a_command_that_is_named_is_one(name: str) -> None:
    assert name in NAMES


def test_the_commands_are_found() -> None:
    found = commands()
    assert len(found) > 20
    for name in ("correct", "batch", "dng", "install gimp", "install darktable", "install lensfun", "learn", "doctor"):
        assert any(one.startswith(f"sixbit {name}") for one in found), name


@pytest.mark.parametrize("name", sorted({*tools()}))
def test_what_a_figure_comes_from_is_there(name: str) -> None:
    path = CLONE / name if name.endswith(".py") else CLONE / name.replace(".", "/")
    assert path.exists() or path.with_suffix(".py").exists()


def test_the_lines_of_python_run(folder: Path) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    opened = "import numpy, PIL.Image\npixels = numpy.asarray(PIL.Image.open('photo.jpg'))\n"
    done = subprocess.run(
        [sys.executable, "-c", opened + lines], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
