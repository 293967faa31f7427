"""`sixbit compile --pack`: all lenses, as filters of G'MIC-Qt."""

from __future__ import annotations

from pathlib import Path

import pytest

from sixbit.cli.main import main
from sixbit.compiler.pack import pack


def test_the_pack_is_written_or_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "--pack", "-o", str(tmp_path / "lenses.gmic")]) == 0
    assert (tmp_path / "lenses.gmic").read_text(encoding="utf-8") == pack()
    assert main(["compile", "--pack"]) == 0
    assert capsys.readouterr().out == pack() + "\n"


@pytest.mark.parametrize("more", [["--lens", "summicron-35-asph"], ["photo.jpg"], ["--size", "60x40"], ["--force"]])
def test_what_the_filters_ask_for_is_not_taken(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "--pack", *more]) == 2
    assert "compile --pack takes no photo and no choices" in capsys.readouterr().err


def test_a_pack_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "--pack", "-o", str(tmp_path / "none/lenses.gmic")]) == 1
    assert "there is no folder" in capsys.readouterr().err
