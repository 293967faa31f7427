"""Files that are written whole or not at all: what they keep, what is refused, and what killed processes leave."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sixbit.files import in_place, replace
from sixbit.files.in_place import alone
from sixbit.files.parts import PART, PREFIX, begin, of_this_computer
from sixbit.files.replace import locked, replacing, set_aside, sweep, write_whole
from sixbit.values.errors import Code, PhotoError, UserFileWarning
from tests.scenery.refusals import refused

PAGE = 4096
OLD, NEW = b"old" * 7000, b"brand new" * 9000


@pytest.fixture(autouse=True)
def unswept(monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder has been swept by this process yet."""
    monkeypatch.setattr(replace, "_swept", set())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def dying(code: str, *arguments: object) -> None:
    """Run a program that kills itself."""
    code = f"import os, sys\nfrom pathlib import Path\nfrom sixbit.files import in_place, replace\n{code}"
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


LEAVE_A_PART = """
with replace.replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    os.kill(os.getpid(), 9)
"""


def test_what_a_killed_process_left_goes_with_the_next_file(tmp_path: Path) -> None:
    for _ in range(3):
        dying(LEAVE_A_PART, tmp_path / "photo.jpg")
    # A process sweeps a folder before it writes there, so that only the last one is left.
    [left] = names(tmp_path)
    assert left.startswith(PREFIX)
    assert left.endswith(PART)
    write_whole(tmp_path / "photo.jpg", b"whole")
    assert names(tmp_path) == ["photo.jpg"]


def test_what_is_being_written_stays(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.jpg") as file:
        file.write(b"a")
        sweep(tmp_path)
        assert len(names(tmp_path)) == 1
    assert names(tmp_path) == ["a.jpg"]


@pytest.mark.parametrize(("days", "stays"), [(0, True), (2, False)])
def test_what_another_computer_left_goes_after_a_day(days: int, stays: bool, tmp_path: Path) -> None:
    other = tmp_path / f"{PREFIX}00000000-1234{PART}"
    assert not other.name.startswith(of_this_computer("", ""))
    other.write_bytes(b"half")
    written = other.stat().st_mtime - days * 24 * 3600
    os.utime(other, (written, written))
    sweep(tmp_path)
    assert other.exists() == stays


def test_a_part_that_was_swept_before_it_was_locked_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sixbit.files import parts

    hold = parts.hold

    def swept_first(file: object) -> None:
        monkeypatch.setattr(parts, "hold", hold)
        sweep(tmp_path)

    monkeypatch.setattr(parts, "hold", swept_first)
    path, file = begin(tmp_path)
    with file:
        assert path.exists()


def test_a_sweep_follows_no_link_and_waits_for_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for number, make in enumerate((lambda path: path.symlink_to("mine"), os.mkfifo, os.mkdir)):
        make(tmp_path / of_this_computer(str(number), PART))
        make(tmp_path / of_this_computer(str(number), in_place.WHOLE))
    sweep(tmp_path)
    assert (tmp_path / "mine").read_text() == "mine"


# What stays as it was -----------------------------------------------------------------------------------------------


def test_permissions_and_attributes_stay(tmp_path: Path) -> None:
    target = tmp_path / "photo.jpg"
    target.write_bytes(OLD)
    target.chmod(0o600)
    try:
        os.setxattr(target, "user.rating", b"5")
    except OSError:
        pytest.skip("no extended attributes here")
    with replacing(target) as file:
        # Nobody else may read it meanwhile.
        assert os.fstat(file.fileno()).st_mode & 0o777 == 0o600
        file.write(NEW)
    assert target.read_bytes() == NEW
    assert target.stat().st_mode & 0o777 == 0o600
    assert os.getxattr(target, "user.rating") == b"5"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_stays(tmp_path: Path) -> None:
    target = tmp_path / "photo.jpg"
    target.write_bytes(OLD)
    os.chown(target, 1234, 2345)
    write_whole(target, NEW)
    assert (target.stat().st_uid, target.stat().st_gid) == (1234, 2345)


def test_a_file_that_may_only_be_read_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "photo.jpg"
    target.write_bytes(OLD)
    target.chmod(0o444)
    write_whole(target, NEW)
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (NEW, 0o444)


def test_pipes_sockets_devices_and_folders_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "null").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as one:
        monkeypatch.chdir(tmp_path)  # names of sockets are short
        one.bind("socket")
        for name, why in (("pipe", "pipe"), ("null", "device"), ("socket", "pipe"), ("folder", "folder")):
            with refused(PhotoError, f"{name}: is .*{why}.*Choose another name", Code.NAME):
                write_whole(tmp_path / name, NEW)
    assert names(tmp_path) == ["folder", "null", "pipe", "socket"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(OLD)
    for name, goal in (("link", "mine"), ("dangling", "nothing")):
        (tmp_path / name).symlink_to(goal)
        write_whole(tmp_path / name, NEW)
        assert not (tmp_path / name).is_symlink()
    assert (tmp_path / "mine").read_bytes() == OLD
    assert names(tmp_path) == ["dangling", "link", "mine"]


# Files that stay the very same --------------------------------------------------------------------------------------


@pytest.fixture
def names_of_one(tmp_path: Path) -> tuple[Path, Path]:
    one, other = tmp_path / "one.jpg", tmp_path / "other" / "two.jpg"
    one.write_bytes(OLD)
    other.parent.mkdir()
    os.link(one, other)
    return one, other


@pytest.mark.parametrize("new", [NEW, b"short", b"", OLD])
def test_all_names_of_a_file_have_the_new_content(new: bytes, names_of_one: tuple[Path, Path]) -> None:
    one, other = names_of_one
    write_whole(one, new, same_file=True)
    assert one.samefile(other)
    assert one.read_bytes() == new
    assert names(one.parent) == ["one.jpg", "other"]


DIE_IN_PLACE = """
written = 0
def pages(file, size, before=in_place._pages):
    global written
    for page in before(file, size):
        # Only what is read of the new content is written.
        if sys._getframe(1).f_code.co_name == "_copy":
            if written == int(sys.argv[2]):
                sys._getframe(1).f_locals["old"].flush()
                os.kill(os.getpid(), 9)
            written += 1
        yield page
in_place._pages = pages
replace.write_whole(Path(sys.argv[1]), Path(sys.argv[3]).read_bytes(), same_file=True)
"""


@pytest.mark.parametrize("after", [0, 1, 3, 5])
@pytest.mark.parametrize(("old", "new"), [(OLD, NEW), (NEW, OLD)])
def test_what_was_begun_in_place_is_finished(
    after: int, old: bytes, new: bytes, names_of_one: tuple[Path, Path], tmp_path: Path
) -> None:
    one, other = names_of_one
    one.write_bytes(old)
    (tmp_path / "new").write_bytes(new)
    dying(DIE_IN_PLACE, one, after, tmp_path / "new")
    assert one.read_bytes()[: after * PAGE] == new[: after * PAGE]
    assert one.read_bytes()[after * PAGE : len(old)] == old[after * PAGE :]
    sweep(tmp_path)
    assert one.read_bytes() == other.read_bytes() == new
    assert names(tmp_path) == ["new", "one.jpg", "other"]


def changed(one: Path) -> None:
    one.write_bytes(b"a photo that the user has put back" * 400)


def emptied(one: Path) -> None:
    one.write_bytes(b"")


@pytest.mark.parametrize("change", [changed, emptied, Path.unlink])
def test_what_the_user_changed_since_is_not_overwritten(
    change: object, names_of_one: tuple[Path, Path], tmp_path: Path
) -> None:
    one, _ = names_of_one
    (tmp_path / "new").write_bytes(NEW)
    dying(DIE_IN_PLACE, one, 2, tmp_path / "new")
    change(one)  # type: ignore[operator]
    there = one.read_bytes() if one.exists() else None
    with pytest.warns(UserFileWarning, match=r"one\.jpg: .*whole copy of it is kept as one\.whole-1\.jpg"), alone(one):
        pass
    assert (one.read_bytes() if one.exists() else None) == there
    assert (tmp_path / "one.whole-1.jpg").read_bytes() == NEW
    assert names(tmp_path) == ["new"] + ["one.jpg"] * one.exists() + ["one.whole-1.jpg", "other"]


def test_a_full_disk_leaves_a_file_with_two_names_as_it_was(
    names_of_one: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with refused(PhotoError, "disk is full", Code.DISK_FULL):
        write_whole(names_of_one[0], NEW, same_file=True)
    assert names_of_one[1].read_bytes() == OLD
    assert names(names_of_one[0].parent) == ["one.jpg", "other"]


def test_nobody_else_tells_what_a_file_is_to_be(
    names_of_one: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder as ``/tmp`` others may lay down files, and not change those that are there."""
    one, _ = names_of_one
    (tmp_path / "new").write_bytes(NEW)
    dying(DIE_IN_PLACE, one, 0, tmp_path / "new")
    monkeypatch.setattr(os, "geteuid", lambda: in_place._whole(one).stat().st_uid + 1)
    tmp_path.chmod(0o1777)
    sweep(tmp_path)
    assert one.read_bytes().rstrip(b"\0") == OLD
    tmp_path.chmod(0o777)  # where all may change all, so that nothing is gained
    sweep(tmp_path)
    assert one.read_bytes() == NEW


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in its folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    code = "import sys\nfrom pathlib import Path\nfrom sixbit.files.in_place import alone\n"
    code += "with alone(Path(sys.argv[1])):\n    print('went on')"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.jpg")], stdout=subprocess.PIPE, timeout=60)
    assert done.stdout == b"went on\n"


def test_what_cannot_be_finished_is_not_read(names_of_one: tuple[Path, Path]) -> None:
    one, _ = names_of_one
    in_place._whole(one).write_bytes(b"not made by Sixbit")
    with refused(PhotoError, "another Sixbit has been writing to it", Code.BUSY), alone(one):
        pass


def test_only_one_process_rewrites_a_file_at_a_time(tmp_path: Path) -> None:
    target = tmp_path / "count"
    target.write_text("0")
    code = (
        "import sys\nfrom pathlib import Path\nfrom sixbit.files.in_place import alone\n"
        "from sixbit.files.replace import write_whole\nfor _ in range(20):\n"
        "    with alone(Path(sys.argv[1])):\n"
        "        write_whole(Path(sys.argv[1]), str(int(Path(sys.argv[1]).read_text()) + 1))\n"
    )
    several = [subprocess.Popen([sys.executable, "-c", code, str(target)]) for _ in range(3)]
    assert [one.wait(60) for one in several] == [0, 0, 0]
    assert target.read_text() == "60"


# Locks of the user's files ------------------------------------------------------------------------------------------


def test_the_lock_of_a_killed_process_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "choices.json"
    dying("with replace.locked(Path(sys.argv[1])):\n    os.kill(os.getpid(), 9)", file)
    monkeypatch.setattr(replace, "PATIENCE_S", 0.0)
    with locked(file):
        pass


def test_a_damaged_file_gets_a_name_of_its_own(tmp_path: Path) -> None:
    kept: Iterator[str] = (f"choices.json.damaged-{number}" for number in (1, 2))
    for name in kept:
        (tmp_path / "choices.json").write_text("{")
        aside = set_aside(tmp_path / "choices.json")
        assert aside
        assert aside.name == name


@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES])
def test_a_file_that_the_system_keeps_is_not_blamed_on_its_folder(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(part: Path, target: Path) -> None:  # as of one that is immutable
        raise PermissionError(number, "not permitted")

    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"as it was")
    monkeypatch.setattr(Path, "replace", kept)
    with refused(PhotoError, "the system keeps this file from being changed, though not its folder", Code.NOT_WRITABLE):
        write_whole(photo, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]
    with refused(PhotoError, "the folder .* is read-only for you", Code.READ_ONLY):
        write_whole(tmp_path / "another.jpg", b"new")
