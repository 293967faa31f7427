"""What has to work wherever Sixbit is installed: python smoke.py PHOTO, in an empty folder; needs Sixbit alone."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from pathlib import Path

COMMANDS = """
    sixbit --version
    sixbit identify photo.jpg
    sixbit lens "Summicron-M 1:2/35 ASPH."
    sixbit correct photo.jpg -o corrected.jpg --engine native
    sixbit correct photo.jpg -o corrected.png --engine gmic
    sixbit batch photo.jpg --preset full-jpeg -o batch
    sixbit compile photo.jpg -o filter.json
    sixbit install lensfun
    sixbit doctor
    sixbit uninstall lensfun
"""


def main() -> None:
    """Run the commands, and look at what they made."""
    from sixbit.engines import _kernel
    from sixbit.manifest import data_path, package_path, plugin_source

    Path("photo.jpg").write_bytes(Path(sys.argv[1]).read_bytes())
    for line in COMMANDS.strip().splitlines():
        _, *words = shlex.split(line)
        subprocess.run([sys.executable, "-m", "sixbit", *words], check=True, stdout=subprocess.DEVNULL)
    made = [Path(name) for name in ("corrected.jpg", "corrected.png", "batch/photo.jpg", "filter.json")]
    assert all(path.stat().st_size > 1000 for path in made), made
    assert (data_path("lens_db") / "identities.xml").is_file()
    assert (plugin_source("gimp") / "sixbit.py").is_file()
    assert (plugin_source("darktable") / "sixbit.lua").is_file()
    operation = package_path("engines") / "gegl/sixbit-lens-correction.so"
    assert operation.is_file() == (platform.machine() == "x86_64")
    assert "site-packages" in _kernel.__file__, "another Sixbit than the one installed"
    print(f"Python {platform.python_version()}: all of it works; levels of the kernel: {', '.join(_kernel.levels())}")


if __name__ == "__main__":
    main()
