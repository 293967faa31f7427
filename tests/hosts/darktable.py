"""darktable with Sixbit's script, in a system of the tests: the engine runs in the Python of the tests.

with_script = DarktableHome(system_root("trixie"), tmp_path)
seen = with_script.drive(["identify"])
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from tests.hosts.gimp import CLONE, make_venv
from tests.hosts.root import SystemRoot
from tests.tools import CACHE

HERE = Path(__file__).parent
TIMEOUT = 170
SETTINGS = {
    "plugins/imageio/format/tiff/bpp": "16",
    "plugins/darkroom/workflow": "none",
    "plugins/lighttable/export/pixel_interpolator_warp": "bicubic",
    "plugins/lighttable/export/storage_name": "sixbit",
    "plugins/lighttable/export/format_name": "tiff",
    "plugins/lighttable/export/icctype": "1",
    "write_sidecar_files": "never",
    "plugins/lighttable/sixbit/expanded": "TRUE",
    "plugins/lighttable/export/expanded": "TRUE",
    "lua/sixbit/folder": "/mnt/work/out",
}


class DarktableHome:
    """A home folder in which Sixbit is installed for darktable, and a work folder, both kept outside of the system.

    Inside, the home is /root, the work folder /mnt/work and the clone /mnt/clone.
    """

    def __init__(self, root: SystemRoot, folder: Path, *installed: str) -> None:
        self.root = root
        self.home, self.work, self.venv = folder / "home", folder / "work", folder / "venv"
        self.work.mkdir(parents=True)
        (self.home / ".config/darktable").mkdir(parents=True)
        make_venv(self.venv)
        for host in installed or ("lensfun", "darktable"):
            done = self.sixbit("install", host)
            assert done.returncode == 0, done.stderr

    @property
    def script(self) -> Path:
        """The folder of the script."""
        return self.home / ".config/darktable/lua/sixbit"

    def sixbit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Sixbit in the system."""
        command = ["/mnt/venv/bin/python", "-m", "sixbit", *arguments]
        return self.root.run(command, timeout=60, binds=self._binds())

    def drive(self, steps: list[str], prefix: str) -> dict[str, Any]:
        """What the steps of ``darktable_window.py`` saw in darktable's window; its pictures go into the cache."""
        for name in ("darktable_remote.lua", "darktable_window.py"):
            shutil.copy(HERE / name, self.work)
        settings = [word for name, value in SETTINGS.items() for word in ("--conf", f"{name}={value}")]
        (self.work / "settings.json").write_text(json.dumps(settings))
        done = self.root.run_gui(
            ["python3", "/mnt/work/darktable_window.py", *steps], timeout=TIMEOUT, binds=self._binds()
        )
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
