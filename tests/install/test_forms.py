"""Sixbit finds its manifest and its lenses when it is installed, not in the clone alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.scenery import CLONE


def test_the_built_package_brings_its_data(tmp_path: Path) -> None:
    """What a wheel holds, but for the kernel, which takes a minute to compile."""
    built = tmp_path / "lib"
    environment = {**os.environ, "PYTHONPATH": str(built)}
    build = [
        sys.executable,
        "setup.py",
        "-q",
        "egg_info",
        "--egg-base",
        str(tmp_path),
        "build_py",
        "--build-lib",
        str(built),
    ]
    subprocess.run(build, cwd=CLONE, check=True, capture_output=True)
    assert (built / "sixbit/compiler/pack.gmic").exists()
    asked = subprocess.run(
        [sys.executable, "-m", "sixbit", "lens", "--json", "Summicron-M 1:2/35 ASPH."],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(asked.stdout)["lens"] == "summicron-35-asph"
    where = "import sixbit.manifest as m; print(m.__file__, m.data_path('manifest.json'), m.data_path('lens_db'))"
    said = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == [
        str(built / "sixbit" / part) for part in ("manifest.py", "data/manifest.json", "data/lens_db")
    ]
