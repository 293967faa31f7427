"""What the doctor tells of programs that read lensfun's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from sixbit.cli.main import main
from sixbit.install import lensfun
from sixbit.install.placed import Finding
from sixbit.install.readers import doctor
from sixbit.machine import config_home, data_home


@pytest.fixture(autouse=True)
def no_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def settings(content: str = "[General]\nTabbedEditor=false\n", config: Path | None = None) -> Path:
    """Make settings of RawTherapee, as it leaves them when it was started once."""
    path = (config or config_home()) / "RawTherapee/options"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    return path


def of(name: str) -> Finding:
    (finding,) = [one for one in doctor() if one.subject == name]
    return finding


def test_programs_that_are_not_here_are_nothing_wrong() -> None:
    assert [(one.subject, one.well) for one in doctor()] == [("RawTherapee", True), ("digiKam", True)]
    assert "not on this computer" in of("digiKam").message


def test_they_find_what_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    settings()
    (config_home() / "digikamrc").write_text("[General Settings]\n")
    assert of("RawTherapee").well
    assert "none are yet" in of("RawTherapee").message
    lensfun.install()
    for name in ("RawTherapee", "digiKam"):
        assert of(name).well
        assert f"lenses of Sixbit's in {data_home() / 'lensfun'}" in of(name).message
    assert main(["doctor"]) == 0
    assert "well   RawTherapee: it finds" in capsys.readouterr().out


def test_a_command_without_settings_is_enough(tmp_path: Path) -> None:
    command = tmp_path / "digikam"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    assert "none are yet" in of("digiKam").message


@pytest.mark.parametrize("folder", ["/opt/lenses", "share/lensfun"])
def test_a_database_of_its_own_hides_ours(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = settings(f"[Lensfun]\nDBDirectory={folder}\n")
    assert of("RawTherapee").well, "nobody has asked for ours yet"
    lensfun.install()
    assert not of("RawTherapee").well
    assert f"{folder} alone" in of("RawTherapee").message
    assert str(path) in of("RawTherapee").message
    assert main(["doctor"]) == 1
    assert "WRONG  RawTherapee" in capsys.readouterr().out
    path.write_text(f"[Lensfun]\nDBDirectory={data_home() / 'lensfun'}\n")
    assert of("RawTherapee").well


@pytest.mark.parametrize("content", ["no settings", "[Lensfun\nDBDirectory=/x", "[Lensfun]\nDBDirectory=\n", "\0\xff"])
def test_settings_that_say_nothing_hide_nothing(content: str) -> None:
    settings(content)
    lensfun.install()
    assert of("RawTherapee").well


def test_a_flatpak_has_folders_of_its_own() -> None:
    sandbox = Path.home() / ".var/app/com.rawtherapee.RawTherapee"
    settings("[Lensfun]\nDBDirectory=/app/lenses\n", sandbox / "config")
    lensfun.install()
    assert not of("RawTherapee (Flatpak)").well
    (sandbox / "config/RawTherapee/options").unlink()
    assert str(sandbox / "data/lensfun") in of("RawTherapee (Flatpak)").message
