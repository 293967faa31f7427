"""Somebody who has just heard of Sixbit, with an empty home and no compiler, types what README and the pages say.

newcomer = Newcomer(tmp_path, wheel(tmp_path / "made"))
newcomer.set_up()
newcomer.correct_photo()
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.scenery import CLONE, PHOTO
from tests.scenery.darktable import drive
from tests.scenery.editor_home import EditorHome
from tests.scenery.root import NEWCOMER, system_root
from tests.scenery.wheel import needed

PYTHON = "3.13"
"""The system's."""
START_TIMEOUT = 240
CODE = re.compile(r"^```\w*\n(.*?)^```$|((?:^ {4}[^\n]*\n)+)", re.MULTILINE | re.DOTALL)


def code_of(page: str, heading: str) -> list[str]:
    """Return the pieces of code below a heading of a page, up to the next one."""
    text = (CLONE / page).read_text(encoding="utf-8")
    (part,) = re.findall(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    return [fenced or indented for fenced, indented in CODE.findall(part)]


def commands_of(page: str, heading: str, number: int = 0) -> list[str]:
    """Return the commands in a piece of code, without the remarks behind them."""
    lines = code_of(page, heading)[number].splitlines()
    return [command for line in lines if (command := line.partition(" #")[0].strip())]


class Newcomer(EditorHome):
    """A user of the system that has the editors and Python; each command is typed into a terminal of its own."""

    def __init__(self, folder: Path, made: Path) -> None:
        self.root = system_root(NEWCOMER)
        self.home, self.work, self.needed = folder / "home", folder / "work", needed(made, PYTHON)
        for path in (self.home / "photos", self.work / "photos"):
            path.mkdir(parents=True)
            shutil.copy(PHOTO, path)
        shutil.copy(PHOTO, self.home)
        shutil.copy(made, self.home)

    def type(self, command: str, timeout: float = START_TIMEOUT) -> str:
        """Run what is typed in the home folder, and return what it says; it must succeed."""
        env = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/mnt/needed"}  # there is no network
        done = self.run(["bash", "-l", "-c", f"cd; {command}"], timeout=timeout, **env)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def set_up(self) -> None:
        """Install Sixbit, as README says."""
        for command in commands_of("README.md", "Set up"):
            self.type(command)

    def correct_photo(self) -> Path:
        """Correct a photo, as README says; return it."""
        for command in commands_of("README.md", "Set up", 1):
            self.type(command)
        return self.home / "corrected.jpg"

    def correct_in_gimp(self) -> Path:
        """Install the plug-in and correct a photo by a script in GIMP, as docs/gimp.md says; return it."""
        self.type("gimp-console -idf --quit")  # it has to be started once before
        install, uninstall = commands_of("docs/gimp.md", "Sixbit in GIMP 3")
        assert "uninstall" in uninstall
        self.type(install)
        batch = next(code for code in code_of("docs/gimp.md", "From scripts") if "gimp-console" in code)
        self.type(batch)
        return self.home / "corrected" / PHOTO.name

    def correct_in_darktable(self) -> Path:
        """Install lenses and script, switch the correction on and export, as docs/darktable.md says; return it."""
        self.type("darktable-cli photo.jpg first.jpg")  # it has to be started once before
        for command in commands_of("docs/darktable.md", "Sixbit in darktable 5"):
            if "uninstall" not in command:
                self.type(command)
        drive(self, ["take_in", "first_photo"], "newcomer")
        return self.work / "corrected.tif"

    def _binds(self) -> dict[str, Path]:
        return {"/root": self.home, "/mnt/work": self.work, "/mnt/needed": self.needed}
