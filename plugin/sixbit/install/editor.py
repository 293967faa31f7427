"""What installing into GIMP and darktable has in common: their folders, the way to the server, and the doctor.

What is put into an editor runs in the editor's own interpreter; ``server.json`` beside it names the one that Sixbit was
installed for, in which the server runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sixbit.install.lensfun import Finding, InstallError, Placed
from sixbit.install.server import server_settings, why_not_running
from sixbit.manifest import data_path


@dataclass(frozen=True)
class Editor:
    """An editor, by the name that the command line and the record have for it and by the name people have."""

    host: str
    spoken: str
    part: str
    """What is put into it: a plug-in, a script."""
    flatpak: str
    """Its identity among Flatpak's programs."""

    @property
    def mend(self) -> str:
        """What mends most of what can be wrong."""
        return f"`sixbit install {self.host}`, then start {self.spoken} anew"


@dataclass(frozen=True)
class EditorFolder:
    """The settings of an editor, and the folder among them that is Sixbit's."""

    name: str
    path: Path
    own: Path
    flatpak: bool = False


Files = Mapping[Path, bytes]


def config_home() -> Path:
    """Where programs of Linux keep their settings (XDG Base Directory Specification)."""
    told = Path(os.environ.get("XDG_CONFIG_HOME") or "")
    return told if told.is_absolute() else Path.home() / ".config"


def sandbox(flatpak: str) -> Path:
    """Where a program of Flatpak keeps its settings."""
    return Path.home() / ".var/app" / flatpak / "config"


def way_to_server(folder: EditorFolder) -> dict[Path, bytes]:
    """The files by which what is installed knows itself and finds the server."""
    settings = json.dumps(server_settings(folder.flatpak), indent=1) + "\n"
    return {
        folder.own / "manifest.json": data_path("manifest.json").read_bytes(),
        folder.own / "server.json": settings.encode(),
        folder.own / "engine.json": settings.encode(),  # its old name, kept for one version
    }


def doctor(
    editor: Editor,
    folders: Iterable[EditorFolder],
    nowhere: str,
    files_of: Callable[[EditorFolder], Files],
    what_else: Callable[[EditorFolder], str],
) -> list[Finding]:
    """What each installation of an editor will find, and whether it leads to a working server.

    ``nowhere`` says that there is no editor; ``files_of`` gives what should be there, and ``what_else`` what is wrong
    with a folder that has it, if anything.
    """
    folders = list(folders)
    if not folders:
        why = f"{nowhere}; where {editor.spoken} is installed, it makes them when it is started once"
        return [Finding(editor.spoken, True, why)]
    try:
        record = Placed.load()
    except InstallError as error:
        return [Finding("the record of what Sixbit installed", False, str(error))]
    return [_finding(editor, folder, record, files_of(folder), what_else) for folder in folders]


def _finding(
    editor: Editor, folder: EditorFolder, record: Placed, files: Files, what_else: Callable[[EditorFolder], str]
) -> Finding:
    def ill(message: str, mend: str = editor.mend) -> Finding:
        return Finding(folder.name, False, message, mend)

    states = {path: record.state(editor.host, path, data) for path, data in files.items()}
    foreign = [path for path, state in states.items() if state in ("own", "changed")]
    if all(state == "missing" for state in states.values()):
        return ill(f"the {editor.part} is not in {folder.own}")
    if foreign:
        return ill(
            f"{foreign[0]} is not as Sixbit made it, and was left alone", f"rename or remove it, then {editor.mend}"
        )
    try:
        python = str(json.loads((folder.own / "server.json").read_text(encoding="utf-8"))["python"])
    except (OSError, ValueError, KeyError, TypeError):
        return ill(f"the {editor.part} does not know where Sixbit is")
    if why := why_not_running(python):
        return ill(f"Sixbit, as the {editor.part} starts it, does not run: {why}")
    if any(state != "same" for state in states.values()):
        return ill(f"the {editor.part} is of another version of Sixbit, or leads to another one")
    if wrong := what_else(folder):
        return ill(wrong)
    message = f"the {editor.part} stands in {folder.own} and can start Sixbit"
    if folder.flatpak:
        message += "; Flatpak lets it start Sixbit only after `flatpak override --user"
        message += f" --talk-name=org.freedesktop.Flatpak {editor.flatpak}` (untested)"
    return Finding(folder.name, True, message)
