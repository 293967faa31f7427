"""Programs that read lensfun's folder and have no plug-in of Sixbit's: will they find the lenses that stand there?

RawTherapee asks lensfun for the folders that it knows itself, unless its settings name one: then that is read alone
(``rtengine/init.cc``, ``rtengine/rtlensfun.cc``). digiKam always asks lensfun for its own folders, beside one
of that name (``core/libs/dimg/filters/lens/lensfuniface.cpp``; not tried).
"""

from __future__ import annotations

import configparser
import shutil
from pathlib import Path
from typing import NamedTuple

from sixbit.files.parts import content_of
from sixbit.install.lensfun import PREFIX, LensfunFolder, folders
from sixbit.install.placed import Finding
from sixbit.machine import config_home


class Reader(NamedTuple):
    """A program by its name, its command and its Flatpak; ``settings`` is its file below a folder of settings.

    ``own_database`` names the entry of that file that leads it to another folder, if it has one.
    """

    name: str
    command: str
    flatpak: str
    settings: str
    own_database: tuple[str, str] | None = None


READERS = (
    Reader(
        "RawTherapee",
        "rawtherapee",
        "com.rawtherapee.RawTherapee",
        "RawTherapee/options",
        ("Lensfun", "DBDirectory"),
    ),
    Reader("digiKam", "digikam", "org.kde.digikam", "digikamrc"),
)


def doctor() -> list[Finding]:
    """Look at each of these programs; one that is not here is nothing wrong."""
    return [finding for reader in READERS for finding in _findings(reader)]


def _findings(reader: Reader) -> list[Finding]:
    found = [
        _finding(reader, folder, config)
        for folder in folders()
        for config in [_config_of(reader, folder)]
        if config is not None
    ]
    return found or [Finding(reader.name, True, "it is not on this computer, or was never started", asked=False)]


def _config_of(reader: Reader, folder: LensfunFolder) -> Path | None:
    """The folder of settings of a program that looks into a folder of lensfun's; None if it is not there."""
    sandbox = Path.home() / ".var/app" / reader.flatpak
    if folder.path.is_relative_to(sandbox):
        return sandbox / "config"
    is_of_system = not folder.path.is_relative_to(Path.home() / ".var/app")
    is_here = shutil.which(reader.command) is not None or (config_home() / reader.settings).exists()
    return config_home() if is_of_system and is_here else None


def _finding(reader: Reader, folder: LensfunFolder, config: Path) -> Finding:
    name = f"{reader.name} (Flatpak)" if config != config_home() else reader.name
    other = _other_database(reader, config)
    if other and Path(other) != folder.path:
        settings = config / reader.settings
        why = f"it reads {other} alone: empty {'/'.join(reader.own_database or ())} in {settings}, and start it anew"
        return Finding(name, not _lenses(folder), why, asked=bool(_lenses(folder)))
    if count := _lenses(folder):
        return Finding(name, True, f"it finds {count} lenses of Sixbit's in {folder.path}")
    return Finding(name, True, f"it would find lenses of Sixbit's in {folder.path}, where none are yet", asked=False)


def _lenses(folder: LensfunFolder) -> int:
    return sum(content_of(path).count(b"<lens>") for path in folder.path.glob(f"{PREFIX}*.xml"))


def _other_database(reader: Reader, config: Path) -> str:
    """The folder that the settings of a program name for lensfun's database; empty if they name none."""
    if reader.own_database is None:
        return ""
    parser = configparser.ConfigParser(interpolation=None, strict=False, comment_prefixes=("#",))
    try:
        parser.read_string(content_of(config / reader.settings).decode("utf-8", "replace"))
        return parser.get(*reader.own_database, fallback="").strip()
    except (OSError, configparser.Error):  # it starts with settings of its own then
        return ""
