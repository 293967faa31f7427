"""A home folder for an editor in a system of the tests: the server runs in the Python of the tests, beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from tests.scenery import CLONE
from tests.scenery.programs import CACHE
from tests.scenery.root import SystemRoot

HERE = Path(__file__).parent
DRIVERS = CLONE / "tests/editors"
PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"


class EditorHome:
    """A home folder and a work folder, both kept outside of the system.

    Inside, the home is /root, the work folder /mnt/work and the clone /mnt/clone.
    """

    def __init__(self, root: SystemRoot, folder: Path) -> None:
        self.root = root
        self.home, self.work, self.venv = folder / "home", folder / "work", folder / "venv"
        self.work.mkdir(parents=True)
        make_venv(self.venv)

    def sixbit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Sixbit in the system."""
        return self.run(["/mnt/venv/bin/python", "-m", "sixbit", *arguments], timeout=60)

    def install(self, host: str) -> subprocess.CompletedProcess[str]:
        """Install Sixbit for an editor, which must succeed."""
        done = self.sixbit("install", host)
        assert done.returncode == 0, done.stderr
        return done

    def run(self, command: list[str], *, timeout: float, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the system."""
        return self.root.run(command, timeout=timeout, binds=self._binds(), env=env)

    def run_gui(self, command: list[str], *, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a command in the system, on a screen."""
        return self.root.run_gui(command, timeout=timeout, binds=self._binds())

    def bring(self, *scripts: str) -> None:
        """Put scripts of this folder, and what they import, into the work folder."""
        for script in (HERE / "screen.py", HERE / "loopback.py", *(DRIVERS / name for name in scripts)):
            shutil.copy(script, self.work)

    def seen(self, steps: list[str], prefix: str, done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
        """Return what a script that drove a window has seen; its pictures go into the cache."""
        screenshots = CACHE / "screenshots"
        screenshots.mkdir(parents=True, exist_ok=True)
        for picture in self.work.glob("*.png"):
            shutil.copy(picture, screenshots / f"{prefix}-{picture.name.replace(' ', '-')}")
        print(f"screenshots: {screenshots}/{prefix}-*.png")
        seen: dict[str, Any] = json.loads((self.work / "seen.json").read_text())
        assert seen.get("done") == steps, f"{done.stdout}\n{done.stderr[-3000:]}\n{seen}"
        return seen

    def _binds(self) -> dict[str, Path]:
        return {
            "/root": self.home,
            "/mnt/work": self.work,
            "/mnt/clone": CLONE,
            "/mnt/venv": self.venv,
            "/mnt/python": Path(sys.base_prefix),
            "/mnt/site": Path(sysconfig.get_paths()["platlib"]),
        }


def make_venv(venv: Path) -> None:
    """Make the environment of the tests as it is seen inside: by hand, since its places are others there."""
    site = venv / "lib" / PYTHON / "site-packages"
    site.mkdir(parents=True)
    (site / "clone.pth").write_text("/mnt/clone/plugin\n/mnt/site\n")
    (venv / "pyvenv.cfg").write_text("home = /mnt/python/bin\n")
    (venv / "bin").mkdir()
    start = venv / "bin/python"
    # By another name than its own, Python finds the environment; its library may lie where no linker looks.
    start.write_text(f'#!/bin/bash\nLD_LIBRARY_PATH=/mnt/python/lib exec -a "$0" /mnt/python/bin/{PYTHON} "$@"\n')
    start.chmod(0o755)
