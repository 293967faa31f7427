"""The list of lenses in GIMP's dialog bears any name: what GTK shows above a row is markup."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.scenery.gimp import GimpHome
from tests.scenery.root import SUITES, system_root

SCRIPT = Path(__file__).with_name("gimp_lenses.py")


def test_a_name_with_signs_of_markup_is_shown_above_its_row(tmp_path: Path) -> None:
    gimp = GimpHome(system_root(SUITES[0]), tmp_path)
    shutil.copy(SCRIPT, gimp.work)
    done = gimp.run_gui(["python3", f"/mnt/work/{SCRIPT.name}"], timeout=180)
    assert done.stdout.count("Summitar & <friends>\tTrue\n") == 2, done.stdout + done.stderr
    assert "markup" not in done.stderr, done.stderr
