"""GIMP with Sixbit's plug-in, in a system of the tests: the server runs in the Python of the tests, GIMP in its own.

with_plugin = GimpHome(system_root("trixie"), tmp_path)
with_plugin.batch(script, {"photo": "/mnt/work/a.tif"})
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from tests.scenery.editor_home import EditorHome
from tests.scenery.operation import operation
from tests.scenery.programs import CACHE
from tests.scenery.root import SystemRoot

GIMPRC = '(config-version "{version}")\n(check-updates no)\n(show-welcome-dialog no)\n(color-profile-policy keep)\n'
START_TIMEOUT = 180


class GimpHome(EditorHome):
    """A home in which Sixbit is installed for GIMP."""

    def __init__(self, root: SystemRoot, folder: Path) -> None:
        super().__init__(root, folder)
        self._make_profile()
        self.installed = self.install("gimp")

    @property
    def plugin(self) -> Path:
        """The folder of the plug-in."""
        return next(self.home.glob(".config/GIMP/3.*/plug-ins/sixbit"))

    def take_operation(self) -> None:
        """Put the operation of the editable filter where GIMP looks for it."""
        folder = self.home / ".local/share/gegl-0.4/plug-ins"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(operation(), folder)

    def batch(self, script: Path, arguments: Any = None, timeout: float = START_TIMEOUT) -> Any:
        """Run a script in GIMP's own Python, without a window, and return what it leaves in ``answer.json``."""
        (self.work / "arguments.json").write_text(json.dumps(arguments))
        (self.work / "answer.json").unlink(missing_ok=True)
        shutil.copyfile(script, self.work / script.name)
        start = f"exec(compile(open('/mnt/work/{script.name}').read(), '{script.name}', 'exec'))"
        command = ["gimp-console", "-id", "--batch-interpreter=python-fu-eval", "-b", start, "--quit"]
        done = self.run(command, timeout=timeout)
        assert (self.work / "answer.json").exists(), f"{done.returncode}\n{done.stdout}\n{done.stderr[-6000:]}"
        answer = json.loads((self.work / "answer.json").read_text())
        answer["printed"] = done.stdout + done.stderr
        return answer

    def _make_profile(self) -> None:
        """Copy a profile that GIMP has started with once: the first start takes a quarter of a minute."""
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
