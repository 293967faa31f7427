"""Put the plug-in where GIMP 3 finds it, and tell it where the server is.

GIMP takes ``plug-ins/NAME/NAME.py`` from its folder of settings, if it may be run, and passes over everything else
without a word.

Linux is tested; macOS, Windows and Flatpak are by the documentation of GIMP (GIMP User Manual, "Folders") and Flatpak.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sixbit.install.editor import Editor, EditorFolder, config_home, doctor, sandbox, way_to_server
from sixbit.install.lensfun import Finding, InstallError, Placed, place
from sixbit.manifest import manifest, plugin_source

GIMP = Editor("gimp", "GIMP", "plug-in", "org.gimp.GIMP")


def gimp_folders() -> list[EditorFolder]:
    """The settings of every GIMP of the user that was started at least once, of the versions in the manifest."""
    versions = manifest()["hosts"]["gimp"]["versions"]
    told = Path(os.environ.get("GIMP3_DIRECTORY") or "")
    if told.is_absolute():
        return [_folder("GIMP in GIMP3_DIRECTORY", told)] if told.is_dir() else []
    in_sandbox = sandbox(GIMP.flatpak) / "GIMP"
    places = [
        *(_folder(f"GIMP {version}", _settings() / version) for version in versions),
        *(_folder(f"GIMP {version} (Flatpak)", in_sandbox / version, flatpak=True) for version in versions),
    ]
    return [place for place in places if place.path.is_dir()]


def _folder(name: str, settings: Path, flatpak: bool = False) -> EditorFolder:
    """The plug-in's folder has the name of the file that GIMP starts."""
    return EditorFolder(name, settings, settings / "plug-ins" / str(manifest()["id"]), flatpak)


def _start_file(folder: EditorFolder) -> Path:
    """The file that GIMP starts."""
    return folder.own / f"{folder.own.name}.py"


def _settings() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData/Roaming") / "GIMP"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/GIMP"
    return config_home() / "GIMP"


def install_gimp(dry_run: bool = False) -> list[str]:
    """Put the plug-in into every GIMP of the user, and say what was (or would be) done. Raises InstallError."""
    folders = gimp_folders()
    if not folders:
        raise InstallError(f"{_no_gimp()}: start it once, so that it makes its folders, then install again.")
    put = [Path(name) for name in Placed.load().files(GIMP.host)]
    said = place(GIMP.host, _files(folders), dry_run)
    if not dry_run:
        _forget_compiled(put)
        for folder in folders:
            _allow_to_run(_start_file(folder))
    return said


def uninstall_gimp(dry_run: bool = False) -> list[str]:
    """Remove what :func:`install_gimp` put there, except for files changed since, and say what was done."""
    put = [Path(name) for name in Placed.load().files(GIMP.host)]
    said = place(GIMP.host, {}, dry_run)
    if not dry_run:
        _forget_compiled(put)
    return said


def doctor_gimp() -> list[Finding]:
    """What each GIMP will find, whether it can run, and whether it leads to a working server."""
    return doctor(GIMP, gimp_folders(), _no_gimp(), lambda folder: _files([folder]), _what_else)


def _no_gimp() -> str:
    versions = " or ".join(manifest()["hosts"]["gimp"]["versions"])
    return f"there are no settings of GIMP {versions} here"


def _files(folders: Iterable[EditorFolder]) -> dict[Path, bytes]:
    """What to put where; the file that GIMP starts comes last, when it finds the others there."""
    source = plugin_source("gimp")
    parts = [path for path in source.iterdir() if path.suffix == ".py"]
    parts.sort(key=lambda path: (path.stem == manifest()["id"], path))
    catalogues = {path.stem: _compiled_catalogue(path) for path in sorted(source.glob("*.po"))}
    files: dict[Path, bytes] = {}
    for folder in folders:
        files |= way_to_server(folder)
        for language, catalogue in catalogues.items():
            files[folder.own / "locale" / language / "LC_MESSAGES" / f"{manifest()['id']}.mo"] = catalogue
        files |= {folder.own / path.name: path.read_bytes() for path in parts}
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


def _what_else(folder: EditorFolder) -> str:
    start_file = _start_file(folder)
    if os.name == "posix" and not os.access(start_file, os.X_OK):
        return f"{start_file} may not be run, so GIMP passes over it"
    return ""
