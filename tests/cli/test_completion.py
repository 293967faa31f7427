"""What a shell is answered when it completes a word, as bash asks it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sixbit.cli.completion import SHELLS
from sixbit.cli.main import main


def completed(line: str, folder: Path) -> set[str]:
    answer = folder / "answer"
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
    }
    command = [sys.executable, "-m", "sixbit"]
    subprocess.run(command, env={**os.environ, **asked}, cwd=folder, check=True, capture_output=True)
    return set(answer.read_text().split("\v"))


def test_commands_options_lenses_presets_and_files(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    assert completed("sixbit com", tmp_path) == {"compile", "completion"}
    assert completed("sixbit batch --dry", tmp_path) == {"--dry-run"}
    assert completed("sixbit correct --lens summicron-35-a", tmp_path) == {"summicron-35-asph"}
    assert completed("sixbit calibrate lines --lens summicron-35-a", tmp_path) == {"summicron-35-asph"}
    assert completed("sixbit batch --preset full", tmp_path) == {"full-jpeg"}
    assert completed("sixbit correct pho", tmp_path) == {"photo.jpg"}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_code_for_a_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    first, _, code = capsys.readouterr().out.partition("\n")
    assert SHELLS[shell] in first
    assert "_ARGCOMPLETE" in code
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=code, text=True, check=True)
