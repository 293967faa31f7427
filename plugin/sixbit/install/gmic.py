"""Put the pack of filters where G'MIC-Qt and G'MIC's command line find it, and take it back.

Both read one command file of the user's: ``.gmic`` in the folder that GMIC_PATH names, else in the home folder;
``user.gmic`` in that or in USERPROFILE on Windows (``gmic::path_user`` of G'MIC 2.9 to 4.0; G'MIC-Qt takes it as a
source of filters: up to 3.2.1 by the command ``gui_filter_sources``, from 3.2.3 on by its settings). The pack stands
at its top between two marks. Linux is tested; macOS and Windows are by that code.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

from sixbit.install.marked import Marks, content, meant
from sixbit.install.placed import DONE, RECORD, Finding, Placed, optional, recorded, remove, write
from sixbit.machine import config_home, folder_in
from sixbit.values.errors import CatalogueError, Code, InstallError, UserFileWarning

HOST = "gmic"
PROGRAM = "G'MIC-Qt"
MARKS = Marks(
    b"# Sixbit begins here; `sixbit uninstall gmic` takes these lines away.",
    b"# Sixbit ends here.",
)
KEPT = "kept, as the lines between Sixbit's two marks were changed; take these lines out, and the marks"


def install(dry_run: bool = False) -> list[str]:
    """Put the pack into G'MIC's command file of the user, and return what was (or would be) done.

    What else stands in that file stays as it is. Raises InstallError, CatalogueError.
    """
    from sixbit.compiler.pack import pack

    path = user_file()
    wanted = pack().encode()
    with recorded(dry_run):
        record = Placed.load()
        # GMIC_PATH may have named another folder before: two packs would be listed twice.
        said = [line for other in _places(record) if other != path for line in _taken_out(record, other, dry_run)]
        file = content(path)
        state = _state(record, path, file, wanted)
        writes = state in ("missing", "older")
        if writes and file is not None and b"\0" in file:
            why = "is not text, so no filters can be added to it; rename it and install again."
            raise InstallError(why, Code.USER_FILE, subject=path)
        if writes and not dry_run:
            write(path, MARKS.put(MARKS.taken_out(file), wanted))
        if state != "changed" and not dry_run:
            record.put(HOST, path, wanted)
        done = KEPT if state == "changed" else DONE[state]
        return [*said, f"{path}: {'would be ' if writes and dry_run else ''}{done}"]


def uninstall(dry_run: bool = False) -> list[str]:
    """Take the pack out of the user's command file, unless it was changed since, and return what was done."""
    with recorded(dry_run):
        record = Placed.load()
        said = [line for path in _places(record) for line in _taken_out(record, path, dry_run)]
    return said or [f"nothing of Sixbit's is installed for {HOST}"]


def renew() -> None:
    """Bring the pack up to date; nothing is done if it was not installed."""
    if Placed.load().files(HOST):
        install()


def doctor() -> list[Finding]:
    """Look whether G'MIC finds the pack, with the lenses as they are now."""
    try:
        record, path = Placed.load(), user_file()
        file = content(path)
        if _state(record, path, file) == "missing":
            return [_not_there(record, path)]
        from sixbit.compiler.pack import pack

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserFileWarning)  # the database's finding tells of it
            wanted = pack().encode()
    except InstallError as error:
        return [Finding(RECORD if error.subject == Placed.path() else PROGRAM, False, str(error), error.code)]
    except CatalogueError as error:
        return [Finding(PROGRAM, False, str(error), error.code)]
    wrong = {
        "older": f"the filters in {path} are of another version of Sixbit, or lenses have changed",
        "changed": f"the filters in {path} were changed since Sixbit put them there: take them out first",
    }.get(_state(record, path, file, wanted))
    if wrong:
        return [Finding(PROGRAM, False, wrong, Code.NOT_INSTALLED, {"host": HOST, "program": PROGRAM})]
    count = wanted.count(b"_preview(1)")
    return [Finding(PROGRAM, True, f"it finds {count} filters of Sixbit's in {path}")]


def user_file() -> Path:
    """Return G'MIC's command file of the user; what is meant, if it is a link into another folder.

    >>> user_file().name in (".gmic", "user.gmic")
    True
    """
    on_windows = sys.platform == "win32"
    home = Path(os.environ.get("USERPROFILE") or Path.home()) if on_windows else Path.home()
    return meant(folder_in("GMIC_PATH", home) / ("user.gmic" if on_windows else ".gmic"))


def _places(record: Placed) -> list[Path]:
    """Where a pack of Sixbit's may stand."""
    return [*dict.fromkeys([user_file(), *map(Path, record.files(HOST))])]


def _state(record: Placed, path: Path, file: bytes | None, wanted: bytes | None = None) -> str:
    """Tell whether the pack is missing, the same as wanted, older, or was changed by the user."""
    if MARKS.damaged(file):
        return "changed"
    there = MARKS.between(file)
    if there is None:
        return "missing"
    state = record.state_of(HOST, path, there, wanted)
    return "changed" if state == "own" else state


def _taken_out(record: Placed, path: Path, dry_run: bool) -> list[str]:
    """Take the pack out of a file, and the file away if it was made for it."""
    file = content(path)
    state = _state(record, path, file)
    if state == "changed":
        return [f"{path}: {KEPT}"]
    after = MARKS.taken_out(file)
    if not dry_run:
        if state != "missing":
            remove(path) if after is None else write(path, after)
        if str(path) in record.files(HOST):
            record.forget(HOST, path)
    done = "removed" if after is None else "as it was before"
    return [] if state == "missing" else [f"{path}: {'would be ' if dry_run else ''}{done}"]


def _not_there(record: Placed, path: Path) -> Finding:
    values = {"host": HOST, "program": PROGRAM}
    if record.files(HOST):
        return Finding(PROGRAM, False, f"the filters are not in {path}", Code.NOT_INSTALLED, values)
    if folder_in("GMIC_PATH", config_home() / "gmic").is_dir():
        return optional(PROGRAM, values)
    why = "there are no settings of G'MIC here; where it is installed, it makes them"
    return Finding(PROGRAM, True, why, asked=False)
