"""Put the script where darktable finds it, have darktable load it, and take both back.

darktable runs ``luarc`` of its folder of settings when its window opens, and looks for modules in ``lua`` beside it
(darktable User Manual, "Lua"; ``src/lua/init.c``). Sixbit's lines stand at the top of ``luarc`` between two marks: an
error further down does not reach them, nor one of theirs what the user has written.

Linux is tested; macOS, Windows and Flatpak are by the documentation of darktable and Flatpak.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sixbit.install.editor import Editor, EditorFolder
from sixbit.install.marked import Marks, content, meant
from sixbit.install.placed import remove, write
from sixbit.machine import config_home, folder_in
from sixbit.manifest import plugin_source
from sixbit.values.errors import InstallError
from sixbit.values.sentence import Sentence

BEGIN = b"-- Sixbit begins here; `sixbit uninstall darktable` takes these lines away."
END = b"-- Sixbit ends here."
MARKS = Marks(BEGIN, END)
LINES = b"""do
  local well, why = pcall(require, "sixbit/sixbit")
  if not well then require("darktable").print_error("Sixbit: " .. tostring(why)) end
end
"""


class Darktable(Editor):
    """darktable, which loads the script by lines in its ``luarc``."""

    host = "darktable"
    spoken = "darktable"
    part = "script"
    place = "lua/sixbit"
    flatpak = "org.darktable.Darktable"
    nowhere = Sentence("there are no settings of darktable here")

    def home(self) -> Path:
        """Return the folder in which it keeps its settings on this system."""
        return folder_in("LOCALAPPDATA", "AppData/Local") if sys.platform == "win32" else config_home()

    def settings(self, home: Path) -> dict[str, Path]:
        """Return its folder, which is one for all versions."""
        return {"darktable": home / "darktable"}

    def parts(self, own: Path) -> dict[Path, bytes]:
        """Return the script's files."""
        source = plugin_source(self.host)
        return {
            own / path.relative_to(source): path.read_bytes() for path in sorted(source.rglob("*")) if path.is_file()
        }

    def switch_on(self, folder: EditorFolder, dry_run: bool) -> list[str]:
        """Put the lines that load the script into ``luarc``."""
        luarc = _luarc(folder)
        before = content(luarc)
        after = _with_lines(before)
        if after == before:
            return [f"{luarc}: as it should be"]
        if dry_run:
            return [f"{luarc}: would be made to load it"]
        write(luarc, after)
        return [f"{luarc}: made to load it"]

    def switch_off(self, folder: EditorFolder, dry_run: bool) -> list[str]:
        """Take these lines away, and ``luarc`` with them if it was made for them."""
        luarc = _luarc(folder)
        before = content(luarc)
        after = MARKS.taken_out(before)
        if after == before:
            return []
        if not dry_run:
            remove(luarc) if after is None else write(luarc, after)
        return [f"{luarc}: {'would be ' if dry_run else ''}{'removed' if after is None else 'as it was before'}"]

    def why_off(self, folder: EditorFolder) -> str:
        """Say that ``luarc`` does not load the script, or cannot be read, if so."""
        luarc = _luarc(folder)
        try:
            text = content(luarc)
        except InstallError as error:
            return str(error)
        return f"{luarc} does not load the script" if text is None or _with_lines(text) != text else ""


def _luarc(folder: EditorFolder) -> Path:
    """Return what darktable runs at its start; what is meant, if it is a link into another folder."""
    return meant(folder.path / "luarc")


def _with_lines(luarc: bytes | None) -> bytes:
    """Return a ``luarc`` (None if there is none) with the lines that load the script.

    >>> print(_with_lines(b'require "mine"').decode())
    -- Sixbit begins here; `sixbit uninstall darktable` takes these lines away.
    do
      local well, why = pcall(require, "sixbit/sixbit")
      if not well then require("darktable").print_error("Sixbit: " .. tostring(why)) end
    end
    -- Sixbit ends here.
    require "mine"
    """
    own = MARKS.taken_out(luarc)
    # Lua passes over a byte order mark, and a first line that begins with #, at the very start alone.
    head = 3 if own and own.startswith(b"\xef\xbb\xbf") else 0
    if own and own[head:].startswith(b"#"):
        line, newline, rest = own.partition(b"\n")
        own, head = line + (newline or b"\n") + rest, len(line) + 1
    return MARKS.put(own, LINES, head)


DARKTABLE = Darktable()
install = DARKTABLE.install
uninstall = DARKTABLE.uninstall
doctor = DARKTABLE.doctor
