"""The systems that the editors are driven in: nothing gets out, nothing is left, and what is damaged is mended."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.scenery import root as roots
from tests.scenery.root import SUITES, RootError, make_root, system_root


@pytest.mark.parametrize("suite", SUITES)
def test_has_the_editors(suite: str) -> None:
    root = system_root(suite)
    asked = root.run(["sh", "-c", "gimp-console --version; darktable-cli --version"], timeout=60)
    assert "GIMP" in asked.stdout or "GNU Image Manipulation Program" in asked.stdout, asked.stderr
    assert "version 3." in asked.stdout
    assert "darktable 5." in asked.stdout


@pytest.mark.parametrize("suite", SUITES)
def test_has_a_screen(suite: str) -> None:
    asked = system_root(suite).run_gui(["sh", "-c", "xdotool getdisplaygeometry; pgrep -l openbox"], timeout=60)
    assert "1400 900" in asked.stdout, asked.stderr


def test_what_is_written_goes_to_the_bound_folders_alone(tmp_path: Path) -> None:
    bound = tmp_path / "with spaces"
    bound.mkdir()
    script = "touch /usr/a; touch ~/b /tmp/c && echo $WORD >/mnt/photos/d; ls /sys/class/net"
    done = system_root("trixie").run(
        ["sh", "-c", script], timeout=30, binds={"/mnt/photos": bound}, env={"WORD": "it's"}
    )
    assert "Read-only file system" in done.stderr
    assert (bound / "d").read_text() == "it's\n"
    again = system_root("trixie").run(["sh", "-c", "ls /usr/a ~/b /tmp/c /mnt/photos"], timeout=30)
    assert again.stdout == ""


def test_no_process_outlives_its_time() -> None:
    marker = f"7{os.getpid()}"
    with pytest.raises(subprocess.TimeoutExpired):
        system_root("trixie").run(["sh", "-c", f"setsid sleep {marker} & sleep {marker}"], timeout=2)
    for _ in range(20):
        if not subprocess.run(["pgrep", "-f", f"^sleep {marker}"], capture_output=True, check=False).stdout:
            break
        time.sleep(0.1)
    else:
        pytest.fail("a process outlived its system")


@pytest.fixture
def small_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a packed system of three files, and a maker that makes no other."""
    if os.geteuid() != 0:
        pytest.skip("only the root user can make one")
    tree = tmp_path / "tree"
    (tree / "usr").mkdir(parents=True)
    for name in ("a", "usr/b", "usr/c"):
        (tree / name).write_text(name)
    folder = tmp_path / "roots"
    folder.mkdir()

    def pack(suite: str, packed: Path) -> None:
        subprocess.run(["tar", "--zstd", "-C", tree, "-cf", packed, "."], check=True)

    monkeypatch.setattr(roots, "_make", pack)
    make_root("trixie", folder)
    return folder


@pytest.mark.parametrize("damage", ["lost", "cut", "gone"])
def test_a_damaged_system_is_restored_from_its_packed_copy(
    small_root: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    def not_again(suite: str, packed: Path) -> None:
        raise RootError("it was made again")

    monkeypatch.setattr(roots, "_make", not_again)
    file = small_root / "trixie/usr/c"
    if damage == "lost":
        file.unlink()
    elif damage == "cut":
        file.write_text("")
    else:
        subprocess.run(["rm", "-r", small_root / "trixie"], check=True)
    assert (make_root("trixie", small_root).path / "usr/c").read_text() == "usr/c"


@pytest.mark.parametrize("damage", ["packed", "recipe"])
def test_it_is_made_anew_where_that_does_not_help(small_root: Path, damage: str) -> None:
    record = small_root / "trixie.json"
    if damage == "packed":
        (small_root / "trixie/a").unlink()
        (small_root / "trixie.tar.zst").write_bytes(b"cut")
    else:
        record.write_text(json.dumps(["another", json.loads(record.read_text())[1]]))
        (small_root / "trixie/a").write_text("old")
    assert (make_root("trixie", small_root).path / "a").read_text() == "a"


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_who_cannot_make_one_is_told(monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="only the root user"):
        system_root("a suite of its own")
