"""Put the plug-in where GIMP 3 finds it, and take it back.

GIMP takes ``plug-ins/NAME/NAME.py`` from its folder of settings, if it may be run, and passes over everything else
without a word.

Linux is tested; macOS, Windows and Flatpak are by the documentation of GIMP (GIMP User Manual, "Folders") and Flatpak.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sixbit.install import gegl
from sixbit.install.editor import Editor, EditorFolder
from sixbit.install.placed import Files, Finding, Placed
from sixbit.machine import config_home, folder_in
from sixbit.manifest import manifest, plugin_source
from sixbit.values.errors import Code, InstallError
from sixbit.values.sentence import Sentence

FILTER = "editable filter of GIMP"

VERSIONS: list[str] = manifest()["hosts"]["gimp"]["versions"]


class Gimp(Editor):
    """GIMP, in the versions that the manifest names."""

    host = "gimp"
    spoken = "GIMP"
    part = "plug-in"
    # The folder has the name of the file in it that GIMP starts.
    place = f"plug-ins/{manifest()['id']}"
    flatpak = "org.gimp.GIMP"
    nowhere = Sentence("there are no settings of GIMP {versions} here", versions=tuple(VERSIONS))

    def home(self) -> Path:
        """Return the folder in which it keeps its settings on this system."""
        if sys.platform == "win32":
            return folder_in("APPDATA", "AppData/Roaming")
        if sys.platform == "darwin":
            return Path.home() / "Library/Application Support"
        return config_home()

    def settings(self, home: Path) -> dict[str, Path]:
        """Return the folder of each version."""
        return {f"GIMP {version}": home / "GIMP" / version for version in VERSIONS}

    def folders(self) -> list[EditorFolder]:
        """Return the settings of every GIMP of the user, or those that GIMP3_DIRECTORY names."""
        told = Path(os.environ.get("GIMP3_DIRECTORY", ""))
        if not told.is_absolute():
            return super().folders()
        return [EditorFolder("GIMP in GIMP3_DIRECTORY", told, told / self.place)] if told.is_dir() else []

    def parts(self, own: Path) -> dict[Path, bytes]:
        """Return the modules; the one that GIMP starts comes last, when it finds the others there."""
        source = plugin_source(self.host)
        modules = sorted(source.glob("*.py"), key=lambda path: (path.stem == manifest()["id"], path))
        return {own / path.name: path.read_bytes() for path in modules}

    def beside(self, folder: EditorFolder) -> Files:
        """Return the operation of GEGL, if it was built: without it all else works as it does."""
        operation = gegl.built()
        return {} if operation is None else {_operation(folder): operation}

    def uninstall(self, dry_run: bool = False) -> list[str]:
        """Take back what was installed; where the operation goes, say what becomes of images that hold it."""
        said = super().uninstall(dry_run)
        return [*said, gegl.HELD_BY_IMAGES] if any(f"{gegl.NAME}: " in line for line in said) else said

    def doctor(self) -> list[Finding]:
        """Look at the plug-in in each GIMP, and whether the editable filter is there and loads."""
        findings = super().doctor()
        try:
            record = Placed.load()
        except InstallError:  # told already
            return findings
        operation = gegl.built()
        places = dict.fromkeys(map(_operation, self.folders()))
        if record.lacks(self.host, record.states(self.host, dict.fromkeys(places, b""))):
            return findings
        if operation is None and places and not any(path.exists() for path in places):
            why = "it was not built, for want of GEGL's headers: corrections change the pixels"
            return [*findings, Finding(FILTER, True, why)]
        return [*findings, *(_found(path, record.state(self.host, path, operation)) for path in places)]

    def switch_on(self, folder: EditorFolder, dry_run: bool) -> list[str]:
        """Make the plug-in a program, if it is Sixbit's: a file of the user's may be none for a reason."""
        path = _start_file(folder)
        # "older" is said of whatever stands there as Sixbit put it.
        if dry_run or Placed.load().state(self.host, path) != "older":
            return []
        try:
            path.chmod(path.stat().st_mode | 0o111)
        except OSError as error:
            why = Sentence("cannot be made a program: {error}.", error=error.strerror)
            raise InstallError(why, Code.NO_ACCESS, subject=path) from error
        return []

    def why_off(self, folder: EditorFolder) -> str:
        """Say that the plug-in is no program, if so."""
        path = _start_file(folder)
        if os.name == "posix" and not os.access(path, os.X_OK):
            return f"{path} may not be run, so GIMP passes over it"
        return ""


def _operation(folder: EditorFolder) -> Path:
    return gegl.place(Gimp.flatpak if folder.flatpak else None)


def _found(path: Path, state: str) -> Finding:
    """Tell whether the operation stands in its place, as it was put there, and loads."""
    foreign = f"{path} is not as Sixbit made it, and was left alone: rename or remove it first"
    wrong: str | None = {
        "missing": f"it is not in {path.parent}",
        "own": foreign,
        "changed": foreign,
        "older": f"{path} is of another version of Sixbit",
    }.get(state)
    if wrong is None and (wrong := gegl.why_not_loading(path)):
        wrong = f"GEGL does not load {path}: {wrong}"
    if wrong:
        return Finding(FILTER, False, wrong, Code.NOT_INSTALLED, {"host": Gimp.host, "program": Gimp.spoken})
    loads = " and loads" if wrong == "" else "; no library of GEGL is at hand to try whether it loads"
    return Finding(FILTER, True, f"it stands in {path.parent}{loads}")


def _start_file(folder: EditorFolder) -> Path:
    return folder.own / f"{folder.own.name}.py"


GIMP = Gimp()
install = GIMP.install
uninstall = GIMP.uninstall
doctor = GIMP.doctor
