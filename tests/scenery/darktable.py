"""darktable with Sixbit's script, in a system of the tests: the server runs in the Python of the tests.

with_script = DarktableHome(system_root("trixie"), tmp_path)
seen = with_script.drive(["identify"])
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.scenery import darktable_lens
from tests.scenery.editor_home import EditorHome
from tests.scenery.root import SystemRoot

TIMEOUT = 500
SETTINGS = {
    **darktable_lens.SETTINGS,
    "plugins/imageio/format/tiff/bpp": "16",
    # In 5.0.1 with new settings it takes photos away from lighttable once they have a history.
    "plugins/lighttable/filtering/off0": "1",
    "plugins/lighttable/export/storage_name": "sixbit",
    "plugins/lighttable/export/format_name": "tiff",
    "plugins/lighttable/export/icctype": "1",
    "plugins/lighttable/sixbit/expanded": "TRUE",
    "plugins/darkroom/sixbit/expanded": "TRUE",
    "plugins/lighttable/export/expanded": "TRUE",
    "lua/sixbit/folder": "/mnt/work/out",
}


class DarktableHome(EditorHome):
    """A home in which Sixbit is installed for darktable."""

    def __init__(self, root: SystemRoot, folder: Path, *installed: str) -> None:
        super().__init__(root, folder)
        (self.home / ".config/darktable").mkdir(parents=True)
        for host in installed or ("lensfun", "darktable"):
            self.install(host)

    @property
    def script(self) -> Path:
        """The folder of the script."""
        return self.home / ".config/darktable/lua/sixbit"

    def drive(self, steps: list[str], prefix: str) -> dict[str, Any]:
        """Take the steps of ``darktable_window.py`` in darktable's window, and return what they saw."""
        return drive(self, steps, prefix)


def drive(home: EditorHome, steps: list[str], prefix: str) -> dict[str, Any]:
    """Take the steps of ``darktable_window.py`` in the darktable of a home, and return what they saw."""
    home.bring("darktable_remote.lua", "darktable_window.py")
    settings = [word for name, value in SETTINGS.items() for word in ("--conf", f"{name}={value}")]
    (home.work / "settings.json").write_text(json.dumps(settings))
    done = home.run_gui(["python3", "/mnt/work/darktable_window.py", *steps], timeout=TIMEOUT)
    return home.seen(steps, prefix, done)
