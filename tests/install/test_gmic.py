"""The pack is put into G'MIC's command file of the user, which keeps what is in it; all can be undone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sixbit.calibration.frames import Setting
from sixbit.calibration.keep import add
from sixbit.cli.ways_out import WAYS_OUT
from sixbit.compiler.pack import filters, pack
from sixbit.install import gmic
from sixbit.install.placed import Placed
from sixbit.lenses.catalogue import catalogue
from sixbit.machine import config_home
from sixbit.values.errors import Code, InstallError
from sixbit.values.lens import Model
from sixbit.values.ways_out import way_out
from tests.scenery.refusals import refused

MINE = b'#@gui My filters\nmine :\n  echo "\xc3\xa9\xff"'


@pytest.fixture(autouse=True)
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """G'MIC's command file of a user with an awkward name."""
    home = tmp_path / "the user's “home” 📷"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("GMIC_PATH", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    return home / ".gmic"


def finding() -> gmic.Finding:
    [found] = gmic.doctor()
    return found


@pytest.mark.parametrize("mine", [MINE, MINE + b"\n", b"", b"\r\n", None])
def test_the_file_is_restored_to_the_byte(file: Path, mine: bytes | None) -> None:
    if mine is not None:
        file.write_bytes(mine)
        file.chmod(0o600)
    would = gmic.install(dry_run=True)
    assert (file.read_bytes() if file.exists() else None) == mine
    assert [line.replace("would be ", "") for line in would] == gmic.install()
    changed = file.read_bytes()
    assert gmic.install() == [f"{file}: as it should be"]
    assert file.read_bytes() == changed
    assert changed.endswith(mine or b"")
    assert pack().encode() in changed
    if mine is not None:
        assert file.stat().st_mode & 0o777 == 0o600
    gmic.uninstall(dry_run=True)
    assert file.read_bytes() == changed
    gmic.uninstall()
    assert (file.read_bytes() if file.exists() else None) == mine
    assert gmic.uninstall() == ["nothing of Sixbit's is installed for gmic"]


def test_what_the_user_adds_stays(file: Path) -> None:
    gmic.install()
    file.write_bytes(b"# first\n" + file.read_bytes() + MINE)
    assert gmic.install() == [f"{file}: as it should be"]
    gmic.uninstall()
    assert file.read_bytes() == b"# first\n" + MINE


def test_what_the_user_changes_in_sixbits_lines_is_kept(file: Path) -> None:
    file.write_bytes(MINE)
    gmic.install()
    changed = file.read_bytes().replace(b"Fill the frame", b"Fill it")
    file.write_bytes(changed)
    assert all("kept" in line for line in (*gmic.install(), *gmic.uninstall()))
    assert file.read_bytes() == changed
    assert finding().code is Code.NOT_INSTALLED


@pytest.mark.parametrize("made_by", [b"\r\n", b"\n"], ids=["other line ends", "no last line end"])
def test_an_editor_that_ends_lines_in_its_own_way_makes_no_second_pack(file: Path, made_by: bytes) -> None:
    file.touch()
    gmic.install()
    saved = file.read_bytes().replace(b"\n", made_by).rstrip()
    file.write_bytes(saved)
    assert ("kept" in gmic.install()[0]) == (made_by == b"\r\n")
    assert file.read_bytes() == saved
    if made_by == b"\n":
        assert finding().well
        gmic.uninstall()
        assert file.read_bytes() == b""


@pytest.mark.parametrize("mark", [gmic.MARKS.begin, gmic.MARKS.end], ids=["begin", "end"])
@pytest.mark.parametrize("left", [0, 2])
def test_a_pack_with_a_mark_missing_or_twice_is_kept_and_told(file: Path, mark: bytes, left: int) -> None:
    gmic.install()
    saved = file.read_bytes().replace(mark, (mark + b"\n") * left or b"#")
    file.write_bytes(saved)
    assert all("kept" in line for line in (*gmic.install(), *gmic.uninstall()))
    assert file.read_bytes() == saved
    assert "were changed since" in finding().message


def test_an_older_pack_is_renewed(file: Path) -> None:
    file.write_bytes(gmic.MARKS.put(MINE, b"# an older pack\n"))
    with_older = file.read_bytes()
    assert all("kept" in line for line in gmic.install()), "nobody knows that Sixbit put it there"
    assert file.read_bytes() == with_older
    Placed.load().put(gmic.HOST, file, b"# an older pack\n")
    assert "of another version of Sixbit" in finding().message
    assert gmic.install() == [f"{file}: renewed"]
    assert finding().well
    gmic.uninstall()
    assert file.read_bytes() == MINE


def test_an_own_calibration_renews_it(file: Path) -> None:
    setting = Setting(catalogue().lenses["elmar-24"], 1.0, 24.0, f_number=3.8)
    add(setting, "own lines", distortion=Model("poly3", (-0.01,)))
    assert not file.exists(), "it is put there where it was asked for"
    gmic.install()
    before = file.read_bytes()
    add(setting, "own edges", tca=Model("linear", (1.001, 0.999)))
    assert file.read_bytes() != before
    assert b"_sixbit_tca_linear 1,1.5,1.00100005,0.999000013" in file.read_bytes()
    assert finding().well


def test_gmic_path_names_the_folder(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gmic.install()
    monkeypatch.setenv("GMIC_PATH", str(tmp_path / "other"))
    assert gmic.install() == [f"{file}: removed", f"{tmp_path}/other/.gmic: installed"]
    assert not file.exists()
    monkeypatch.delenv("GMIC_PATH")
    gmic.uninstall()
    assert not (tmp_path / "other/.gmic").exists()


def test_windows_has_another_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert gmic.user_file() == tmp_path / "user.gmic"


def test_a_file_that_is_a_link_stays_one(file: Path, tmp_path: Path) -> None:
    dotfile = tmp_path / "dotfiles gmic"
    dotfile.write_bytes(MINE)
    file.symlink_to(dotfile)
    gmic.install()
    assert file.is_symlink()
    assert gmic.MARKS.begin in dotfile.read_bytes()
    gmic.uninstall()
    assert file.is_symlink()
    assert dotfile.read_bytes() == MINE


def test_a_link_to_itself_is_told(file: Path) -> None:
    file.symlink_to(file)
    with refused(InstallError, ".gmic: cannot be read", Code.NO_ACCESS):
        gmic.install()
    assert not finding().well


def test_what_is_no_text_is_left_alone(file: Path) -> None:
    packed = b"1 uint8 little_endian\n9 1 1 1 #5\n\0\1\2\3"
    file.write_bytes(packed)
    with refused(InstallError, "is not text", Code.USER_FILE):
        gmic.install()
    assert file.read_bytes() == packed
    file.unlink()
    file.mkdir()
    with pytest.raises(InstallError):
        gmic.install()


def test_the_doctor_tells(file: Path) -> None:
    assert (finding().well, finding().asked) == (True, False), "there is no G'MIC here"
    (config_home() / "gmic").mkdir(parents=True)
    found = finding()
    assert (found.well, found.asked, found.message) == (True, False, "not installed (optional)")
    assert found.code is not None
    assert way_out(found.code, WAYS_OUT, found.values) == "`sixbit install gmic`, then start G'MIC-Qt anew."
    gmic.install()
    assert finding().message == f"it finds {len(filters())} filters of Sixbit's in {file}"
    assert finding().asked
    file.unlink()
    assert (finding().well, finding().message) == (False, f"the filters are not in {file}")
    file.mkdir()
    assert not finding().well
