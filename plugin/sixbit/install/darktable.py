"""Put the script where darktable finds it, and have darktable load it.

darktable runs ``luarc`` of its folder of settings when its window opens, and looks for modules in ``lua`` beside it
(darktable User Manual, "Lua"; ``src/lua/init.c``). Sixbit's lines stand at the top of ``luarc`` between two marks: an
error further down does not reach them, nor one of theirs what the user has written.

Linux is tested; macOS, Windows and Flatpak are by the documentation of darktable and Flatpak.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sixbit.install.editor import Editor, EditorFolder, config_home, doctor, sandbox, way_to_server
from sixbit.install.lensfun import Finding, InstallError, Placed, place
from sixbit.manifest import plugin_source

DARKTABLE = Editor("darktable", "darktable", "script", "org.darktable.Darktable")
BEGIN, END = b"-- Sixbit begins here; `sixbit uninstall darktable` takes these lines away.", b"-- Sixbit ends here."
IN_NEW_FILE = b" This file was made for them."
LINES = b"""do
  local well, why = pcall(require, "sixbit/sixbit")
  if not well then require("darktable").print_error("Sixbit: " .. tostring(why)) end
end
"""


def darktable_folders() -> list[EditorFolder]:
    """The settings of every darktable of the user that was started at least once."""
    places = [
        _folder("darktable", _settings()),
        _folder("darktable (Flatpak)", sandbox(DARKTABLE.flatpak) / "darktable", flatpak=True),
    ]
    return [place for place in places if place.path.is_dir()]


def _folder(name: str, settings: Path, flatpak: bool = False) -> EditorFolder:
    """The folder of the script stands among other scripts of the user's."""
    return EditorFolder(name, settings, settings / "lua" / "sixbit", flatpak)


def _luarc(folder: EditorFolder) -> Path:
    """What darktable runs at its start; what is meant, if it is a link into another folder."""
    return (folder.path / "luarc").resolve()


def _settings() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "darktable"
    return config_home() / "darktable"


def install_darktable(dry_run: bool = False) -> list[str]:
    """Put the script into every darktable of the user, and say what was (or would be) done. Raises InstallError."""
    folders = darktable_folders()
    if not folders:
        raise InstallError(f"{_no_darktable()}: start it once, so that it makes its folder, then install again.")
    said = place(DARKTABLE.host, _files(folders), dry_run)
    would = "would be " if dry_run else ""
    for folder in folders:
        before = _read(_luarc(folder))
        after = _with_lines(before)
        said.append(f"{_luarc(folder)}: {'as it should be' if after == before else f'{would}made to load it'}")
        if after != before and not dry_run:
            _write(_luarc(folder), after)
    return said


def uninstall_darktable(dry_run: bool = False) -> list[str]:
    """Remove what :func:`install_darktable` put there, except for files changed since, and say what was done."""
    said = []
    would = "would be " if dry_run else ""
    # First of all darktable stops to look for it.
    for folder in darktable_folders():
        before = _read(_luarc(folder))
        after = _without_lines(before)
        if after != before:
            said.append(f"{_luarc(folder)}: {would}{'removed' if after is None else 'as it was before'}")
            if not dry_run:
                _write(_luarc(folder), after)
    put = [Path(name) for name in Placed.load().files(DARKTABLE.host)]
    said += place(DARKTABLE.host, {}, dry_run) if put or not said else []
    if not dry_run:
        for parent in sorted({path for file in put for path in list(file.parents)[:3]}, reverse=True):
            with suppress(OSError):  # others may have files there too
                parent.rmdir()
    return said


def doctor_darktable() -> list[Finding]:
    """What each darktable will find, and whether it leads to a working server."""
    return doctor(DARKTABLE, darktable_folders(), _no_darktable(), lambda folder: _files([folder]), _what_else)


def _no_darktable() -> str:
    return "there are no settings of darktable here"


def _files(folders: Iterable[EditorFolder]) -> dict[Path, bytes]:
    source = plugin_source("darktable")
    parts = sorted(path for path in source.rglob("*") if path.is_file())
    files: dict[Path, bytes] = {}
    for folder in folders:
        files |= way_to_server(folder)
        files |= {folder.own / path.relative_to(source): path.read_bytes() for path in parts}
    return files


# luarc --------------------------------------------------------------------------------------------------------------


def _with_lines(luarc: bytes | None) -> bytes:
    """A ``luarc`` (None if there is none) that loads the script.

    >>> print(_with_lines(b'require "mine"').decode())
    -- Sixbit begins here; `sixbit uninstall darktable` takes these lines away.
    do
      local well, why = pcall(require, "sixbit/sixbit")
      if not well then require("darktable").print_error("Sixbit: " .. tostring(why)) end
    end
    -- Sixbit ends here.
    require "mine"
    """
    own = _without_lines(luarc)
    # Lua passes over a byte order mark, and a first line that begins with #, at the very start alone.
    head = b"\xef\xbb\xbf" if own and own.startswith(b"\xef\xbb\xbf") else b""
    rest = (own or b"").removeprefix(head)
    if rest.startswith(b"#"):
        line, newline, rest = rest.partition(b"\n")
        head += line + (newline or b"\n")
    begin = BEGIN + (IN_NEW_FILE if own is None else b"")
    return head + begin + b"\n" + LINES + END + b"\n" + rest


def _without_lines(luarc: bytes | None) -> bytes | None:
    """The same as it was before, None if there was no ``luarc``."""
    if luarc is None:
        return None
    before, begin, within = luarc.partition(BEGIN)
    mark, end, after = within.partition(END + b"\n")
    if not begin or not end:
        return luarc
    left = before + after
    return left if left or not mark.startswith(IN_NEW_FILE) else None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InstallError(f"{path} cannot be read: {error.strerror}. Allow it.") from error


def _write(path: Path, data: bytes | None) -> None:
    """Write a file whole or not at all, with the permissions it had; None removes it."""
    temporary = None
    try:
        if data is None:
            path.unlink(missing_ok=True)
            return
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".sixbit-", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
        temporary.chmod(path.stat().st_mode & 0o7777 if path.exists() else 0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise InstallError(f"{path} cannot be written: {error.strerror or error}. Make room or allow it.") from error


def _what_else(folder: EditorFolder) -> str:
    luarc = _luarc(folder)
    try:
        text = _read(luarc)
    except InstallError as error:
        return str(error)
    return f"{luarc} does not load the script" if text is None or _with_lines(text) != text else ""
