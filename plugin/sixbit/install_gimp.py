"""Put the plug-in where GIMP 3 finds it, and tell it where the engine is.

GIMP takes ``plug-ins/NAME/NAME.py`` from its folder of settings, if it may be run, and passes over everything else
without a word. The plug-in runs in the Python that GIMP has; the engine runs in the one that Sixbit was installed for,
which ``engine.json`` beside the plug-in names.

Linux is tested; macOS, Windows and Flatpak are by the documentation of GIMP (GIMP User Manual, "Folders") and Flatpak.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sixbit.engine_start import engine_settings, why_not_running
from sixbit.install import Finding, InstallError, Record, place
from sixbit.manifest import data_path, manifest

HOST = "gimp"
FLATPAK = "org.gimp.GIMP"
MEND = "`sixbit install gimp`, then start GIMP anew"


@dataclass(frozen=True)
class GimpFolder:
    """The settings of one version of GIMP."""

    name: str
    path: Path
    flatpak: bool = False

    @property
    def plugin(self) -> Path:
        """The plug-in's folder: it has the name of the file that GIMP starts."""
        return self.path / "plug-ins" / str(manifest()["id"])

    @property
    def start_file(self) -> Path:
        """The file that GIMP starts."""
        return self.plugin / f"{self.plugin.name}.py"


def gimp_folders() -> list[GimpFolder]:
    """The settings of every GIMP of the user that was started at least once, of the versions in the manifest."""
    versions = manifest()["hosts"]["gimp"]["versions"]
    told = Path(os.environ.get("GIMP3_DIRECTORY") or "")
    if told.is_absolute():
        return [GimpFolder("GIMP in GIMP3_DIRECTORY", told)] if told.is_dir() else []
    sandbox = Path.home() / ".var/app" / FLATPAK / "config/GIMP"
    places = [
        *(GimpFolder(f"GIMP {version}", _settings() / version) for version in versions),
        *(GimpFolder(f"GIMP {version} (Flatpak)", sandbox / version, flatpak=True) for version in versions),
    ]
    return [place for place in places if place.path.is_dir()]


def _settings() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData/Roaming") / "GIMP"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/GIMP"
    config = Path(os.environ.get("XDG_CONFIG_HOME") or "")
    return (config if config.is_absolute() else Path.home() / ".config") / "GIMP"


def install_gimp(dry_run: bool = False) -> list[str]:
    """Put the plug-in into every GIMP of the user, and say what was (or would be) done. Raises InstallError."""
    folders = gimp_folders()
    if not folders:
        raise InstallError(f"{_no_gimp()}: start it once, so that it makes its folders, then install again.")
    said = place(HOST, _files(folders), dry_run)
    if not dry_run:
        for folder in folders:
            _allow_to_run(folder.start_file)
    return said


def uninstall_gimp(dry_run: bool = False) -> list[str]:
    """Remove what :func:`install_gimp` put there, except for files changed since, and say what was done."""
    put = [Path(name) for name in Record.load().files(HOST)]
    said = place(HOST, {}, dry_run)
    if not dry_run:
        _forget_compiled(put)
    return said


def doctor_gimp() -> list[Finding]:
    """What each GIMP will find, whether it can run, and whether it leads to a working engine."""
    folders = gimp_folders()
    if not folders:
        return [Finding("GIMP", True, f"{_no_gimp()}; where GIMP is installed, it makes them when it is started once")]
    try:
        record = Record.load()
    except InstallError as error:
        return [Finding("the record of what Sixbit installed", False, str(error))]
    return [_diagnosis(folder, record) for folder in folders]


def _no_gimp() -> str:
    versions = " or ".join(manifest()["hosts"]["gimp"]["versions"])
    return f"there are no settings of GIMP {versions} here"


def _files(folders: Iterable[GimpFolder]) -> dict[Path, bytes]:
    """What to put where; the file that GIMP starts comes last, when it finds the others there."""
    source = Path(__file__).parent / "hosts" / "gimp"
    parts = [path for path in source.iterdir() if path.suffix == ".py"]
    parts.sort(key=lambda path: (path.stem == manifest()["id"], path))
    catalogues = {path.stem: _compiled_catalogue(path) for path in sorted(source.glob("*.po"))}
    files = {}
    for folder in folders:
        files[folder.plugin / "manifest.json"] = data_path("manifest.json").read_bytes()
        files[folder.plugin / "engine.json"] = (json.dumps(engine_settings(folder.flatpak), indent=1) + "\n").encode()
        for language, catalogue in catalogues.items():
            files[folder.plugin / "locale" / language / "LC_MESSAGES" / f"{manifest()['id']}.mo"] = catalogue
        files |= {folder.plugin / path.name: path.read_bytes() for path in parts}
    return files


def _compiled_catalogue(path: Path) -> bytes:
    """Translated texts, as gettext reads them."""
    import polib

    compiled: bytes = polib.pofile(str(path)).to_binary()
    return compiled


def _allow_to_run(path: Path) -> None:
    with suppress(FileNotFoundError):  # kept back, as was said
        try:
            path.chmod(path.stat().st_mode | 0o111)
        except PermissionError as error:
            raise InstallError(f"{path} cannot be made a program: {error.strerror}. Allow it.") from error


def _forget_compiled(put: Iterable[Path]) -> None:
    """Remove what Python has compiled of modules that are gone, and the folders that are empty then."""
    for path in put:
        if path.suffix == ".py" and not path.exists():
            cache = path.parent / "__pycache__"
            with suppress(OSError):
                for compiled in cache.glob(f"{path.stem}.*.pyc"):
                    compiled.unlink()
                cache.rmdir()
    own = {folder for path in put for folder in path.parents if folder.name == manifest()["id"]}
    folders = {folder for path in put for folder in path.parents if own & {folder, *folder.parents}}
    for folder in sorted(folders, reverse=True):
        with suppress(OSError):
            folder.rmdir()


def _diagnosis(folder: GimpFolder, record: Record) -> Finding:
    def ill(message: str, mend: str = MEND) -> Finding:
        return Finding(folder.name, False, message, mend)

    wanted = _files([folder])
    states = {path: record.state(HOST, path, data) for path, data in wanted.items()}
    foreign = [path for path, state in states.items() if state in ("own", "changed")]
    if all(state == "missing" for state in states.values()):
        return ill(f"the plug-in is not in {folder.plugin}")
    if foreign:
        return ill(f"{foreign[0]} is not as Sixbit made it, and was left alone", f"rename or remove it, then {MEND}")
    try:
        python = str(json.loads((folder.plugin / "engine.json").read_text(encoding="utf-8"))["python"])
    except (OSError, ValueError, KeyError, TypeError):
        return ill("the plug-in does not know where the engine is")
    if why := why_not_running(python):
        return ill(f"the engine that the plug-in starts does not run: {why}")
    if any(state != "same" for state in states.values()):
        return ill("the plug-in is of another version of Sixbit, or leads to another one")
    if os.name == "posix" and not os.access(folder.start_file, os.X_OK):
        return ill(f"{folder.start_file} may not be run, so GIMP passes over it")
    message = f"the plug-in stands in {folder.plugin} and its engine runs"
    if folder.flatpak:
        message += "; Flatpak lets it start the engine only after `flatpak override --user"
        message += f" --talk-name=org.freedesktop.Flatpak {FLATPAK}` (untested)"
    return Finding(folder.name, True, message)
