"""The script is put where darktable looks and loaded by luarc, which keeps what is in it; all can be undone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sixbit.cli.ways_out import WAYS_OUT
from sixbit.install import darktable
from sixbit.install.placed import Placed
from sixbit.manifest import plugin_source
from sixbit.values.errors import Code, InstallError
from sixbit.values.ways_out import way_out
from tests.scenery.refusals import refused

SOURCE = plugin_source("darktable")
GERMAN = "locale/de/LC_MESSAGES/sixbit.mo"
LUARC = b'require "tools/script_manager" -- \xc3\xa9\xff'


@pytest.fixture(autouse=True)
def _on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """darktable's settings of a user with an awkward name."""
    config = tmp_path / "the user's “config” \n 📷"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    folder = config / "darktable"
    folder.mkdir(parents=True)
    return folder


def test_the_script_is_put_where_darktable_looks(settings: Path) -> None:
    would = darktable.install(dry_run=True)
    assert not list(settings.iterdir())
    said = darktable.install()
    assert [line.replace("would be ", "") for line in would] == said
    script = settings / "lua/sixbit"
    parts = {path.relative_to(SOURCE) for path in SOURCE.rglob("*") if path.is_file()}
    there = {path.relative_to(script) for path in script.rglob("*") if path.is_file()}
    assert there == parts | {Path(one) for one in ("server.json", "engine.json", "manifest.json", GERMAN)}
    for name in ("server.json", "engine.json"):
        assert json.loads((script / name).read_text())["command"] == [sys.executable, "-P", "-m", "sixbit"]
    assert b'require, "sixbit/sixbit"' in (settings / "luarc").read_bytes()
    assert all(line.endswith("as it should be") for line in darktable.install())


@pytest.mark.parametrize(
    "luarc",
    [LUARC, LUARC + b"\n", b"", b"\r\n", b"return 1", b"\xef\xbb\xbf" + LUARC, b"#!/usr/bin/lua\n" + LUARC, None],
)
def test_luarc_is_restored_to_the_byte(settings: Path, luarc: bytes | None) -> None:
    path = settings / "luarc"
    if luarc is not None:
        path.write_bytes(luarc)
        path.chmod(0o600)
    darktable.install()
    changed = path.read_bytes()
    darktable.install()
    assert path.read_bytes() == changed
    assert changed.count(darktable.BEGIN) == 1
    if luarc is not None:
        assert path.stat().st_mode & 0o777 == 0o600
    darktable.uninstall(dry_run=True)
    assert path.read_bytes() == changed
    darktable.uninstall()
    assert (path.read_bytes() if path.exists() else None) == luarc
    assert not (settings / "lua").exists()
    assert settings.is_dir()
    assert darktable.uninstall() == ["nothing of Sixbit's is installed for darktable"]


@pytest.mark.parametrize("luarc", [b"", b"return 1", b"#!/usr/bin/lua\nreturn 1", b"\xef\xbb\xbfreturn 1", None])
def test_lua_takes_what_is_written(settings: Path, luarc: bytes | None) -> None:
    from lupa.lua54 import LuaRuntime

    if luarc is not None:
        (settings / "luarc").write_bytes(luarc)
    darktable.install()
    lua = LuaRuntime(encoding=None)
    lua.execute(b"loaded = 0; complaint = nil")
    lua.execute(b'package.loaded["darktable"] = {print_error = function(text) complaint = text end}')
    lua.execute(b'package.preload["sixbit/sixbit"] = function() loaded = loaded + 1; error("oh") end')
    load = lua.eval(b"function(path) return assert(loadfile(path))() end")
    assert load(bytes(settings / "luarc")) == (1 if luarc else None)
    assert lua.globals()[b"loaded"] == 1
    assert b"oh" in lua.globals()[b"complaint"]


def test_what_the_user_adds_stays(settings: Path) -> None:
    (settings / "luarc").write_bytes(LUARC)
    darktable.install()
    with (settings / "luarc").open("ab") as luarc:
        luarc.write(b"\nmore")
    darktable.uninstall()
    assert (settings / "luarc").read_bytes() == LUARC + b"\nmore"


def test_what_an_older_version_put_there_is_replaced(settings: Path) -> None:
    darktable.install()
    script = settings / "lua/sixbit"
    older = {script / "engine.json": b"{}", script / "lib/engine.lua": b"return {}\n"}
    for path, data in older.items():
        path.write_bytes(data)
        Placed.load().put("darktable", path, data)
    (script / "server.json").unlink()
    assert not darktable.doctor()[0].well
    assert f"{script}/lib/engine.lua: removed" in darktable.install()
    assert not (script / "lib/engine.lua").exists()
    assert (script / "engine.json").read_bytes() == (script / "server.json").read_bytes()
    darktable.uninstall()
    assert not (settings / "lua").exists()


def test_a_luarc_that_is_a_link_stays_one(settings: Path, tmp_path: Path) -> None:
    dotfile = tmp_path / "dotfiles luarc"
    dotfile.write_bytes(LUARC)
    (settings / "luarc").symlink_to(dotfile)
    darktable.install()
    assert (settings / "luarc").is_symlink()
    assert darktable.BEGIN in dotfile.read_bytes()
    darktable.uninstall()
    assert dotfile.read_bytes() == LUARC


def test_other_scripts_stay(settings: Path) -> None:
    own = settings / "lua/contrib/mine.lua"
    own.parent.mkdir(parents=True)
    own.write_text("the user's")
    darktable.install()
    darktable.uninstall()
    assert [path.name for path in (settings / "lua").iterdir()] == ["contrib"]
    assert own.read_text() == "the user's"


def test_without_darktable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with refused(InstallError, "no settings of darktable.*Start it once", Code.NO_EDITOR):
        darktable.install()
    assert "no settings of darktable" in darktable.doctor()[0].message
    assert not list(tmp_path.iterdir())


def test_every_darktable_of_the_user(settings: Path) -> None:
    flatpak = Path.home() / ".var/app/org.darktable.Darktable/config/darktable"
    flatpak.mkdir(parents=True)
    darktable.install()
    assert (settings / "lua/sixbit/sixbit.lua").exists()
    told = json.loads((flatpak / "lua/sixbit/server.json").read_text())
    assert told["command"] == ["flatpak-spawn", "--host", sys.executable, "-P", "-m", "sixbit"]


@pytest.mark.parametrize(("platform", "variable"), [("win32", "LOCALAPPDATA"), ("darwin", "XDG_CONFIG_HOME")])
def test_other_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    (tmp_path / "darktable").mkdir()
    assert [folder.path for folder in darktable.DARKTABLE.folders()] == [tmp_path / "darktable"]


@pytest.mark.usefixtures("interpreter")
def test_the_doctor_is_content(settings: Path) -> None:
    darktable.install()
    (finding,) = darktable.doctor()
    assert finding.well, finding
    assert str(settings) in finding.message


def test_the_doctor_finds_what_is_wrong(settings: Path, interpreter: Path) -> None:
    script = settings / "lua/sixbit"

    def complaint() -> str:
        (finding,) = darktable.doctor()
        assert not finding.well
        assert finding.code
        assert "`sixbit install darktable`" in way_out(finding.code, WAYS_OUT, finding.values)
        return finding.message

    (optional,) = darktable.doctor()
    assert (optional.well, optional.asked, optional.message) == (True, False, "not installed (optional)")
    darktable.install()
    moved = script.rename(script.with_name("elsewhere"))
    assert "is not in" in complaint()
    moved.rename(script)
    (settings / "luarc").write_text("-- anew")
    assert "does not load the script" in complaint()
    (script / "lib/panel.lua").unlink()
    assert "of another version" in complaint()
    (script / "sixbit.lua").write_text("changed")
    assert "is not as Sixbit made it" in complaint()
    (script / "sixbit.lua").unlink()
    sound = interpreter.read_text()
    interpreter.write_text("#!/bin/sh\necho Trouble >&2; exit 1\n")
    assert "Trouble" in complaint()
    interpreter.write_text(sound)
    darktable.install()
    assert darktable.doctor()[0].well


def test_a_luarc_that_is_a_link_to_itself_is_told(settings: Path) -> None:
    (settings / "luarc").symlink_to(settings / "luarc")
    with refused(InstallError, "luarc: cannot be read", Code.NO_ACCESS):
        darktable.install()


def test_an_editor_that_ends_lines_in_its_own_way_makes_them_no_two(settings: Path) -> None:
    darktable.install()
    luarc = settings / "luarc"
    luarc.write_bytes(luarc.read_bytes().replace(b"\n", b"\r\n"))
    darktable.install()
    assert luarc.read_bytes().count(darktable.MARKS.begin) == 1


def test_a_luarc_that_cannot_be_written(settings: Path) -> None:
    (settings / "luarc").mkdir()
    with pytest.raises(InstallError, match="luarc"):
        darktable.install()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in its folders")
@pytest.mark.parametrize("name", ["luarc", "lua/sixbit/server.json"])
def test_pipes_are_not_waited_for(name: str, settings: Path) -> None:
    darktable.install()
    (settings / name).unlink()
    os.mkfifo(settings / name)
    (finding,) = darktable.doctor()
    assert not finding.well
    assert name in finding.message
    if name == "luarc":
        with refused(InstallError, "luarc: cannot be read: it is no plain file", Code.NO_ACCESS):
            darktable.install()


@pytest.mark.usefixtures("interpreter")
def test_the_server_takes_requests_from_a_file(settings: Path, tmp_path: Path) -> None:
    """As the script starts it: by a shell that reads nothing but the command of server.json."""
    darktable.install()
    told = json.loads((settings / "lua/sixbit/server.json").read_text())
    requests = tmp_path / "requests"
    lines = [{"id": 0, "do": "hello", "protocol": 1}, {"id": 1, "do": "lenses"}, {"id": 2, "do": "quit"}]
    requests.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = subprocess.run([*told["command"], "serve", "--requests", requests], capture_output=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [0, 1, 2]
    assert {lens["id"]: lens["lensfun"] for lens in answers[1]["result"]["lenses"]}["summicron-50-iv-v"] == (
        "Summicron-M 1:2/50"
    )
