"""The plug-in is put where GIMP looks, whole, runnable and leading to the server; and nothing else is touched."""

from __future__ import annotations

import gettext
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from sixbit.cli.ways_out import WAYS_OUT
from sixbit.install import gegl, gimp, server
from sixbit.install.placed import Placed
from sixbit.manifest import data_path, manifest, plugin_source
from sixbit.translations import languages, speaking
from sixbit.values.errors import Code, InstallError
from sixbit.values.ways_out import way_out
from tests.scenery.refusals import refused
from tools.translations import texts

SOURCE = plugin_source("gimp")
SETTINGS = {"server.json", "engine.json"}
"""What tells the plug-in how to start Sixbit: by its name, and by the old one."""


@pytest.fixture(autouse=True)
def _no_gimp_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GIMP3_DIRECTORY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(gegl, "built", lambda: None)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """GIMP 3.0 of a user with an awkward name."""
    config = tmp_path / "the user's “config” \n 📷"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    folder = config / "GIMP/3.0"
    folder.mkdir(parents=True)
    return folder


def modules() -> set[str]:
    return {path.name for path in SOURCE.glob("*.py")}


NOT_IN_THE_DIALOG = {"_Lens", "_Cancel", *(one["label"] for one in manifest()["hosts"]["gimp"]["procedures"].values())}


@pytest.mark.parametrize("language", languages())
def test_every_key_of_the_dialog_is_of_one_thing(language: str) -> None:
    of_gimp = [text for text, places in texts().items() if any("editors/gimp" in place for place in places)]
    marked = [text for text in of_gimp if re.search(r"(^|\w|\W)_\w", re.sub(r"\{.*?\}|not_m|SIXBIT_LARGE", "", text))]
    shown = [speaking(language)(text) for text in marked if text not in NOT_IN_THE_DIALOG]
    assert len(shown) > 15
    keys = Counter(text[text.index("_") + 1].lower() for text in shown)
    assert not [key for key, count in keys.items() if count > 1], shown


def test_the_translations_are_found(settings: Path) -> None:
    gimp.install()
    catalogue = gettext.translation("sixbit", settings / "plug-ins/sixbit/locale", ["de"])
    assert catalogue.gettext("The lens was recognised.") == "Das Objektiv wurde erkannt."


def test_the_plugin_is_put_where_gimp_looks(settings: Path) -> None:
    plugin = settings / "plug-ins/sixbit"
    would = gimp.install(dry_run=True)
    assert not plugin.exists()
    said = gimp.install()
    assert [line.replace("would be ", "") for line in would] == said
    assert said[-1] == f"{plugin}/sixbit.py: installed"
    assert {path.name for path in plugin.iterdir()} == modules() | {"manifest.json", "locale", *SETTINGS}
    assert (plugin / "manifest.json").read_bytes() == data_path("manifest.json").read_bytes()
    for name in SETTINGS:
        assert json.loads((plugin / name).read_text()) == {
            "command": [sys.executable, "-P", "-m", "sixbit"],
            "python": sys.executable,
            "version": json.loads((plugin / "manifest.json").read_text())["version"],
        }
    assert (plugin / "sixbit.py").stat().st_mode & 0o111 == 0o111
    assert (plugin / "sixbit.py").read_bytes().startswith(b"#!")
    assert all(line.endswith("as it should be") for line in gimp.install())


def test_what_was_put_there_is_removed_and_no_more(settings: Path) -> None:
    own = settings / "plug-ins/other/other.py"
    own.parent.mkdir(parents=True)
    own.write_text("the user's")
    gimp.install()
    plugin = settings / "plug-ins/sixbit"
    for source in plugin.glob("*.py"):
        compiled = plugin / "__pycache__" / f"{source.stem}.cpython-313.pyc"
        compiled.parent.mkdir(exist_ok=True)
        compiled.write_bytes(b"")
    gimp.uninstall(dry_run=True)
    assert (plugin / "sixbit.py").exists()
    gimp.uninstall()
    assert not plugin.exists()
    assert own.read_text() == "the user's"
    assert gimp.uninstall() == ["nothing of Sixbit's is installed for gimp"]


def test_what_an_older_version_put_there_is_replaced(settings: Path) -> None:
    gimp.install()
    plugin = settings / "plug-ins/sixbit"
    older = {plugin / "engine.json": b"{}", plugin / "engine_client.py": b"PROTOCOL = 1\n"}
    for path, data in older.items():
        path.write_bytes(data)
        Placed.load().put("gimp", path, data)
    compiled = plugin / "__pycache__/engine_client.cpython-313.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"")
    (plugin / "server.json").unlink()
    assert not gimp.doctor()[0].well
    assert f"{plugin}/engine_client.py: removed" in gimp.install()
    assert {path.name for path in plugin.iterdir()} == modules() | {"manifest.json", "locale", *SETTINGS}
    assert (plugin / "engine.json").read_bytes() == (plugin / "server.json").read_bytes()
    gimp.uninstall()
    assert not plugin.exists()


def test_what_the_user_has_changed_stays(settings: Path) -> None:
    gimp.install()
    changed = settings / "plug-ins/sixbit/sixbit.py"
    changed.write_text("changed")
    assert f"{changed}: kept" in gimp.install()[-1]
    assert "is not as Sixbit made it" in gimp.doctor()[0].message
    gimp.uninstall()
    assert [path.name for path in changed.parent.iterdir()] == ["sixbit.py"]


def test_a_file_of_the_users_own_is_made_no_program(settings: Path) -> None:
    own = settings / "plug-ins/sixbit/sixbit.py"
    own.parent.mkdir(parents=True)
    own.write_text("print('mine')")
    own.chmod(0o644)
    assert any(line.startswith(f"{own}: kept") for line in gimp.install())
    assert (own.read_text(), own.stat().st_mode & 0o777) == ("print('mine')", 0o644)
    own.unlink()
    gimp.install()
    assert own.stat().st_mode & 0o111 == 0o111
    own.write_text("changed")
    own.chmod(0o644)
    gimp.install()
    assert own.stat().st_mode & 0o777 == 0o644


def test_without_gimp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "GIMP/2.10").mkdir(parents=True)
    with refused(InstallError, "no settings of GIMP.*Start it once", Code.NO_EDITOR):
        gimp.install()
    assert "no settings of GIMP 3.0" in gimp.doctor()[0].message
    assert [path.name for path in (tmp_path / "GIMP").iterdir()] == ["2.10"]


def test_every_gimp_of_the_user(monkeypatch: pytest.MonkeyPatch, settings: Path) -> None:
    (settings.parent / "3.2").mkdir()
    flatpak = Path.home() / ".var/app/org.gimp.GIMP/config/GIMP/3.0"
    flatpak.mkdir(parents=True)
    gimp.install()
    for folder in (settings, settings.parent / "3.2", flatpak):
        assert (folder / "plug-ins/sixbit/sixbit.py").exists()
    told = json.loads((flatpak / "plug-ins/sixbit/server.json").read_text())
    assert told["command"] == ["flatpak-spawn", "--host", sys.executable, "-P", "-m", "sixbit"]
    monkeypatch.setenv("GIMP3_DIRECTORY", str(settings))
    assert [folder.path for folder in gimp.GIMP.folders()] == [settings]


@pytest.mark.parametrize(
    ("platform", "variable", "place"),
    [("win32", "APPDATA", "GIMP/3.0"), ("darwin", "HOME", "Library/Application Support/GIMP/3.0")],
)
def test_other_systems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, place: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    (tmp_path / place).mkdir(parents=True)
    assert [folder.path for folder in gimp.GIMP.folders()] == [tmp_path / place]


@pytest.mark.usefixtures("interpreter")
def test_the_doctor_is_content(settings: Path) -> None:
    gimp.install()
    findings = [*gimp.doctor(), *server.doctor()]
    assert all(finding.well for finding in findings), findings
    assert str(settings) in findings[0].message
    plugin = settings / "plug-ins/sixbit"
    told = json.loads((plugin / "server.json").read_text())
    said = subprocess.run([*told["command"], "--version"], capture_output=True, text=True, check=True)
    assert told["version"] in said.stdout


def test_the_doctor_finds_what_is_wrong(settings: Path, interpreter: Path) -> None:
    plugin = settings / "plug-ins/sixbit"

    def complaint() -> str:
        finding, editable = gimp.doctor()
        assert editable.well
        assert not finding.well
        assert finding.code
        assert "`sixbit install gimp`" in way_out(finding.code, WAYS_OUT, finding.values)
        return finding.message

    (optional,) = gimp.doctor()
    assert (optional.well, optional.asked, optional.message) == (True, False, "not installed (optional)")
    gimp.install()
    moved = plugin.rename(plugin.with_name("elsewhere"))
    assert "is not in" in complaint()
    moved.rename(plugin)
    (plugin / "sixbit.py").chmod(0o644)
    assert "may not be run" in complaint()
    (plugin / "preview.py").unlink()
    assert "of another version" in complaint()
    (plugin / "server.json").unlink()
    assert "of another version" in complaint()  # as the version before it knows where Sixbit is
    (plugin / "engine.json").unlink()
    assert "does not know where Sixbit is" in complaint()
    gimp.install()
    sound = interpreter.read_text()
    interpreter.write_text("#!/bin/sh\necho Trouble >&2; exit 1\n")
    assert "does not run" in complaint()
    assert "Trouble" in complaint()
    interpreter.unlink()
    assert "No such file" in complaint()
    interpreter.write_text(sound)
    interpreter.chmod(0o755)
    gimp.install()
    assert gimp.doctor()[0].well


def test_a_folder_that_cannot_be_written(settings: Path) -> None:
    (settings / "plug-ins").write_text("no folder")
    with pytest.raises(InstallError, match="cannot be written"):
        gimp.install()
    assert (settings / "plug-ins").read_text() == "no folder"


@pytest.fixture
def operation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Path) -> Path:
    """The place of an operation that was built; no program."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(gegl, "built", lambda: b"\x7fELF and no more")
    return tmp_path / "data/gegl-0.4/plug-ins/sixbit-lens-correction.so"


def test_the_operation_is_put_where_gegl_looks(operation: Path, settings: Path) -> None:
    (settings.parent / "3.2").mkdir()
    flatpak = Path.home() / ".var/app/org.gimp.GIMP"
    (flatpak / "config/GIMP/3.2").mkdir(parents=True)
    other = operation.with_name("another.so")
    other.parent.mkdir(parents=True)
    other.write_bytes(b"the user's")
    assert [line for line in gimp.install(dry_run=True) if line == f"{operation}: would be installed"]
    assert not operation.exists()
    gimp.install()
    assert operation.read_bytes() == gegl.built()
    assert (flatpak / "data/gegl-0.4/plug-ins" / operation.name).read_bytes() == gegl.built()
    said = gimp.uninstall()
    assert said[-1] == gegl.HELD_BY_IMAGES
    assert [path.name for path in operation.parent.iterdir()] == ["another.so"]
    assert not (flatpak / "data/gegl-0.4").exists()


def test_without_the_operation_nothing_is_said_of_it(settings: Path) -> None:
    assert not [line for line in gimp.install() if "gegl" in line]
    assert gimp.doctor()[-1].well
    assert "was not built" in gimp.doctor()[-1].message
    assert gegl.HELD_BY_IMAGES not in gimp.uninstall()


def test_the_doctor_looks_at_the_operation(monkeypatch: pytest.MonkeyPatch, operation: Path, settings: Path) -> None:
    def said() -> str:
        found = gimp.doctor()[-1]
        return f"{found.well}: {found.message}"

    gimp.install()
    operation.unlink()
    assert said() == f"False: it is not in {operation.parent}"
    gimp.install()
    monkeypatch.setattr(gegl, "why_not_loading", lambda path: "")
    assert said() == f"True: it stands in {operation.parent} and loads"
    monkeypatch.setattr(gegl, "why_not_loading", lambda path: None)
    assert "True: it stands" in said()
    assert "no library of GEGL" in said()
    monkeypatch.setattr(gegl, "why_not_loading", lambda path: "undefined symbol: babl_init")
    assert said() == f"False: GEGL does not load {operation}: undefined symbol: babl_init"
    monkeypatch.setattr(gegl, "built", lambda: b"renewed")
    assert "of another version" in said()
    operation.write_bytes(b"changed")
    assert "not as Sixbit made it" in said()
