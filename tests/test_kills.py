"""Commands killed at random moments: no file is damaged, and the next start leaves nothing over."""

from __future__ import annotations

import subprocess
import sys

from tests.scenery import CLONE


def test_a_killed_command_is_done_by_the_next_start() -> None:
    only = [
        word
        for name in ("tag, hard links", "tag --backup", "correct", "dng --in-place", "install gimp")
        for word in ("--only", name)
    ]
    words = [sys.executable, "-m", "benchmarks.kills", "--times", "10", "--seed", "3", *only]
    done = subprocess.run(words, cwd=CLONE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kills, 0 times wrong" in done.stdout
    assert not done.stdout.endswith("\n0 kills, 0 times wrong\n")
