"""GIMP with Sixbit's plug-in, in a system of the tests: the engine runs in the Python of the tests, GIMP in its own.

with_plugin = GimpHome(system_root("trixie"), tmp_path)
with_plugin.batch(script, {"photo": "/mnt/work/a.tif"})
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from tests.hosts.root import SystemRoot
from tests.tools import CACHE

CLONE = Path(__file__).parents[2]
GIMPRC = '(config-version "{version}")\n(check-updates no)\n(show-welcome-dialog no)\n(color-profile-policy keep)\n'
PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
START_TIMEOUT = 180


class GimpHome:
    """A home folder in which Sixbit is installed for GIMP, and a work folder, both kept outside of the system.

    Inside, the home is /root, the work folder /mnt/work and the clone /mnt/clone.
    """

    def __init__(self, root: SystemRoot, folder: Path) -> None:
        self.root = root
        self.home, self.work = folder / "home", folder / "work"
        self.venv = folder / "venv"
        self.work.mkdir(parents=True)
        make_venv(self.venv)
        self._make_profile()
        self.installed = self.sixbit("install", "gimp")
        assert self.installed.returncode == 0, self.installed.stderr

    def sixbit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Sixbit in the system."""
        return self.run(["/mnt/venv/bin/python", "-m", "sixbit", *arguments], timeout=60)

    @property
    def plugin(self) -> Path:
        """The folder of the plug-in."""
        return next(self.home.glob(".config/GIMP/3.*/plug-ins/sixbit"))

    def run(self, command: list[str], *, timeout: float, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the system."""
        return self.root.run(command, timeout=timeout, binds=self._binds(), env=env)

    def run_gui(self, command: list[str], *, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a command in the system, on a screen."""
        return self.root.run_gui(command, timeout=timeout, binds=self._binds())

    def batch(self, script: Path, arguments: Any = None, timeout: float = START_TIMEOUT) -> Any:
        """Run a script in GIMP's own Python, without a window, and return what it leaves in ``answer.json``."""
        (self.work / "arguments.json").write_text(json.dumps(arguments))
        (self.work / "answer.json").unlink(missing_ok=True)
        shutil.copyfile(script, self.work / script.name)
        start = f"exec(compile(open('/mnt/work/{script.name}').read(), '{script.name}', 'exec'))"
        command = ["gimp-console", "-idf", "--batch-interpreter=python-fu-eval", "-b", start, "--quit"]
        done = self.run(command, timeout=timeout)
        assert (self.work / "answer.json").exists(), f"{done.returncode}\n{done.stdout}\n{done.stderr[-6000:]}"
        answer = json.loads((self.work / "answer.json").read_text())
        answer["printed"] = done.stdout + done.stderr
        return answer

    def _binds(self) -> dict[str, Path]:
        return {
            "/root": self.home,
            "/mnt/work": self.work,
            "/mnt/clone": CLONE,
            "/mnt/venv": self.venv,
            "/mnt/python": Path(sys.base_prefix),
            "/mnt/site": Path(sysconfig.get_paths()["platlib"]),
        }

    def _make_profile(self) -> None:
        """A copy of a profile that GIMP has started with once: the first start takes a quarter of a minute."""
        made = CACHE / f"gimp-{self.root.suite}"
        if not made.exists():
            first = made.with_name(f"{made.name}.part-{os.getpid()}")
            (first / ".config").mkdir(parents=True)
            start = ["gimp-console", "-idf", "--quit"]
            self.root.run(start, timeout=START_TIMEOUT, binds={"/root": first})
            version = self.root.run(["gimp-console", "--version"], timeout=60).stdout.split()[-1]
            folder = next(first.glob(".config/GIMP/3.*"))
            (folder / "gimprc").write_text(GIMPRC.format(version=version))
            first.rename(made)
        shutil.copytree(made, self.home, symlinks=True)


def make_venv(venv: Path) -> None:
    """The environment of the tests as it is seen inside: made by hand, since its places are others there."""
    site = venv / "lib" / PYTHON / "site-packages"
    site.mkdir(parents=True)
    (site / "clone.pth").write_text("/mnt/clone/plugin\n/mnt/site\n")
    (venv / "pyvenv.cfg").write_text("home = /mnt/python/bin\n")
    (venv / "bin").mkdir()
    start = venv / "bin/python"
    # By another name than its own, Python finds the environment; its library may lie where no linker looks.
    start.write_text(f'#!/bin/bash\nLD_LIBRARY_PATH=/mnt/python/lib exec -a "$0" /mnt/python/bin/{PYTHON} "$@"\n')
    start.chmod(0o755)
