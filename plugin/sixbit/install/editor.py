"""An editor, as GIMP or darktable: how Sixbit is put into it, taken back, and looked at by the doctor.

What is put into an editor runs in the editor's own interpreter. ``server.json`` beside it names the one that Sixbit was
installed for, in which the server runs.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sixbit import translations
from sixbit.files.parts import content_of
from sixbit.install.placed import (
    RECORD,
    Files,
    Finding,
    Placed,
    not_placed,
    not_renewed,
    optional,
    place,
    recorded,
    take_back,
)
from sixbit.install.server import server_settings, why_not_running
from sixbit.machine import config_home
from sixbit.manifest import data_path
from sixbit.values.errors import Code, InstallError
from sixbit.values.sentence import Sentence


@dataclass(frozen=True)
class EditorFolder:
    """The settings of an editor, and the folder among them that is Sixbit's."""

    name: str
    path: Path
    own: Path
    flatpak: bool = False


class Editor(ABC):
    """An editor that Sixbit can be put into; a subclass says where its folders are and what it wants in them."""

    host: ClassVar[str]
    """Its name on the command line and in the record."""
    spoken: ClassVar[str]
    """Its name as people know it."""
    part: ClassVar[str]
    """The part of Sixbit that is put into it: a plug-in, a script."""
    place: ClassVar[str]
    """Sixbit's folder within its settings."""
    flatpak: ClassVar[str]
    """Its identity among Flatpak's programs."""
    nowhere: ClassVar[str]
    """Says that there is no such editor."""

    @abstractmethod
    def settings(self, home: Path) -> dict[str, Path]:
        """Return the folders of settings that it has in a folder for the settings of programs, by name and version."""

    @abstractmethod
    def parts(self, own: Path) -> dict[Path, bytes]:
        """Return the files that belong into Sixbit's folder, in the order in which they are written."""

    def beside(self, _folder: EditorFolder) -> Files:
        """Return the files that belong into folders of their own."""
        return {}

    def home(self) -> Path:
        """Return the folder in which it keeps its settings on this system."""
        return config_home()

    def switch_on(self, _folder: EditorFolder, _dry_run: bool) -> list[str]:
        """Do what the editor needs beyond its files, and return what was (or would be) done."""
        return []

    def switch_off(self, _folder: EditorFolder, _dry_run: bool) -> list[str]:
        """Undo what :meth:`switch_on` did, and return what was (or would be) done."""
        return []

    def why_off(self, _folder: EditorFolder) -> str:
        """Say why the editor passes over files that are all there; empty if it does not."""
        return ""

    def folders(self) -> list[EditorFolder]:
        """Return the settings of every such editor of the user that was started at least once."""
        homes = {"": self.home(), " (Flatpak)": Path.home() / ".var/app" / self.flatpak / "config"}
        return [
            EditorFolder(name + suffix, path, path / self.place, flatpak=bool(suffix))
            for suffix, home in homes.items()
            for name, path in self.settings(home).items()
            if path.is_dir()
        ]

    def install(self, dry_run: bool = False) -> list[str]:
        """Put Sixbit into every such editor of the user, and return what was (or would be) done.

        Raises InstallError.
        """
        folders = self.folders()
        if not folders:
            raise InstallError(Sentence("{nowhere}.", nowhere=self.nowhere), Code.NO_EDITOR)
        wanted: dict[Path, bytes] = {}
        for folder in folders:
            wanted |= {**self.beside(folder), **self._files(folder)}
        with recorded(dry_run):
            said = place(self.host, wanted, dry_run)
            return said + [line for folder in folders for line in self.switch_on(folder, dry_run)]

    def uninstall(self, dry_run: bool = False) -> list[str]:
        """Take back what :meth:`install` put there, except for files changed since, and return what was done."""
        with recorded(dry_run):
            # First of all the editor stops to look for it.
            said = [line for folder in self.folders() for line in self.switch_off(folder, dry_run)]
            return said + (take_back(self.host, dry_run) if Placed.load().files(self.host) or not said else [])

    def doctor(self) -> list[Finding]:
        """Look whether each editor finds its files, runs them, and can start Sixbit."""
        folders = self.folders()
        if not folders:
            why = f"{self.nowhere}; where {self.spoken} is installed, it makes them when it is started once"
            return [Finding(self.spoken, True, why, asked=False)]
        try:
            record = Placed.load()
        except InstallError as error:
            return [Finding(RECORD, False, str(error), error.code)]
        return [self._finding(folder, record) for folder in folders]

    def _finding(self, folder: EditorFolder, record: Placed) -> Finding:
        states = record.states(self.host, self._files(folder))
        values = {"host": self.host, "program": self.spoken}
        if record.lacks(self.host, states):
            return optional(folder.name, values)
        wrong = (
            not_placed(states, self.part, folder.own)
            or self._why_not_started(folder)
            or not_renewed(states, self.part, folder.own)
            or self.why_off(folder)
        )
        if wrong:
            return Finding(folder.name, False, wrong, Code.NOT_INSTALLED, values)
        message = f"the {self.part} stands in {folder.own} and can start Sixbit"
        if folder.flatpak:
            return Finding(folder.name, True, message, Code.SANDBOX, {"program": self.flatpak})
        return Finding(folder.name, True, message)

    def _files(self, folder: EditorFolder) -> Files:
        settings = (json.dumps(server_settings(folder.flatpak), indent=1) + "\n").encode()
        return {
            folder.own / "manifest.json": data_path("manifest.json").read_bytes(),
            folder.own / "server.json": settings,
            folder.own / "engine.json": settings,  # its old name, kept for one version
            **{folder.own / "locale" / path: catalogue for path, catalogue in translations.compiled().items()},
            **self.parts(folder.own),
        }

    def _why_not_started(self, folder: EditorFolder) -> str:
        settings = folder.own / "server.json"
        if not settings.exists():
            settings = folder.own / "engine.json"  # its old name, kept for one version
        try:
            python = str(json.loads(content_of(settings).decode())["python"])
        except (OSError, ValueError, KeyError, TypeError):
            return f"the {self.part} does not know where Sixbit is"
        why = why_not_running(python)
        return f"Sixbit, as the {self.part} starts it, does not run: {why}" if why else ""
