"""Put Sixbit's lenses where lensfun reads them, for darktable and other programs, and take them back.

lensfun reads every XML file of the user's lensfun folder *after* the stock database that came with it, and an entry
read later replaces one with the same key (cameras: maker, model, variant; lenses: maker, model, crop factor; mounts:
name; lensfun 0.3.4, ``libs/lensfun/database.cpp`` and ``lens.cpp``). So that nothing of the stock database is hidden,
cameras and mounts it has are left out of what is installed, and a lens it has is written as it stands there, with no
more than the mounts and the kinds of calibration added that it lacks.
"""

from __future__ import annotations

import copy
import importlib.util
import sys
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sixbit.files.parts import content_of
from sixbit.install.placed import (
    RECORD,
    Finding,
    Placed,
    not_placed,
    not_renewed,
    optional,
    place,
    recorded,
    take_back,
)
from sixbit.machine import data_home, folder_in
from sixbit.manifest import data_path
from sixbit.values.errors import Code, InstallError
from sixbit.values.kinds import TRUSTED, Grade

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

HOST = "lensfun"

FLATPAKS = {
    "org.darktable.Darktable": "darktable",
    "org.gimp.GIMP": "GIMP",
    "com.rawtherapee.RawTherapee": "RawTherapee",
    "org.kde.digikam": "digiKam",
}
"""Flatpak programs with lensfun, which look into a folder of their own."""

PREFIX = "sixbit-"
"""The beginning of the names of installed files."""

MEASURED = "own.xml"
"""The user's own calibrations."""
UNSURE = {f"{grade}.xml": grade for grade in Grade if grade not in TRUSTED}
"""The files of calibrations that are off by default everywhere, with their grades."""

Key = tuple[str, ...]


class LensfunFolder(NamedTuple):
    """A folder that a lensfun reads the user's XML from, and where its stock database may stand."""

    readers: str
    path: Path
    stock: tuple[Path, ...]


def install(dry_run: bool = False, unsure: Collection[Grade] = ()) -> list[str]:
    """Put ``lens_db/`` beside the stock database of every lensfun of the user; return what was (or would be) done.

    Calibrations that are off by default are left out, but for the grades in ``unsure``. Raises InstallError.
    """
    with recorded(dry_run):
        return place(HOST, _files(unsure), dry_run)


def uninstall(dry_run: bool = False) -> list[str]:
    """Remove what :func:`install` put there, except for files changed since, and return what was done."""
    with recorded(dry_run):
        return take_back(HOST, dry_run)


def renew() -> None:
    """Bring what :func:`install` put there up to date; nothing is done if it put nothing there."""
    if there := Placed.load().files(HOST):
        install(unsure=_unsure(there))


def add(grade: Grade) -> list[str]:
    """Put calibrations of a grade that is off by default there, too, and return what was done. Raises InstallError."""
    return install(unsure={*installed(), grade})


def installed() -> list[Grade]:
    """The grades that are off by default, and stand where lensfun reads them. Raises InstallError."""
    return _unsure(Placed.load().files(HOST))


def doctor() -> list[Finding]:
    """Look at what darktable and the others will find, folder by folder."""
    try:
        record = Placed.load()
    except InstallError as error:
        return [Finding(RECORD, False, str(error), error.code)]
    wanted = _files(_unsure(record.files(HOST)))
    findings = []
    for folder in folders():
        here = {path: data for path, data in wanted.items() if path.parent == folder.path}
        states = record.states(HOST, here)
        subject, part = f"lensfun in {folder.readers}", "database of Sixbit"
        values = {"host": HOST, "program": folder.readers}
        if record.lacks(HOST, states):
            findings.append(optional(subject, values))
        elif wrong := not_placed(states, part, folder.path) or not_renewed(states, part, folder.path):
            findings.append(Finding(subject, False, wrong, Code.NOT_INSTALLED, values))
        else:
            count = sum(data.count(b"<lens>") for data in here.values())
            findings.append(Finding(subject, True, f"{count} lenses of Sixbit's are found in {folder.path}"))
    return findings


def _unsure(installed: Iterable[str]) -> list[Grade]:
    """Find the grades that are off by default and were asked for."""
    names = {Path(path).name.removeprefix(PREFIX) for path in installed}
    return [grade for name, grade in UNSURE.items() if name in names]


def folders() -> list[LensfunFolder]:
    """Return the folders that lensfun reads the user's files from: its own, and those of Flatpak programs in use.

    Linux is tested; macOS and Windows are by GLib's documentation of ``g_get_user_data_dir``, which lensfun asks.
    """
    data = data_home()
    if sys.platform == "win32":
        data = folder_in("XDG_DATA_HOME", folder_in("LOCALAPPDATA", "AppData/Local"))
    own = data / "lensfun"
    stock = [Path(prefix, "share/lensfun") for prefix in ("/usr", "/usr/local", "/opt/homebrew", "/opt/local")]
    stock += [Path("/var/lib/lensfun-updates"), own / "updates"]
    found = [LensfunFolder("programs of this system", own, tuple(stock))]
    for flatpak, name in FLATPAKS.items():
        sandbox = Path.home() / ".var/app" / flatpak
        if sandbox.is_dir():
            inside = Path("app", flatpak, "current/active/files/share/lensfun")
            own = sandbox / "data/lensfun"
            stock = [Path("/var/lib/flatpak") / inside, data / "flatpak" / inside, own / "updates"]
            found.append(LensfunFolder(f"{name} (Flatpak)", own, tuple(stock)))
    return found


def _files(unsure: Collection[Grade]) -> dict[Path, bytes]:
    """Return what to put where, made for the stock database and the user's own files that stand beside it."""
    found = sorted(data_path("lens_db").glob("*.xml"))
    sources = [path for path in found if path.name not in UNSURE or UNSURE[path.name] in unsure]
    measured = _measured()
    files = {}
    for folder in folders():
        stock = _entries(_stock_files(folder))
        own = _entries(path for path in _xml_files(folder.path) if not path.name.startswith(PREFIX))
        if data := _measured_file(measured, stock, own):
            files[folder.path / f"{PREFIX}{MEASURED}"] = data
        for source in sources:
            if data := _beside(source, stock, {**own, **measured}):
                files[folder.path / f"{PREFIX}{source.name}"] = data
    return files


def _measured() -> dict[Key, Element]:
    """Return the user's own calibrations by Sixbit, each lens with what else Sixbit knows of it."""
    from sixbit.lenses.catalogue import own_folder
    from sixbit.lenses.lensfun_xml import lensfun_entries
    from sixbit.lenses.own import read_runs

    runs = [run for run in read_runs(own_folder()) if run.is_for_lensfun]
    return {_key(entry): entry for entry in lensfun_entries(runs, complete=True)}


def _measured_file(
    measured: Mapping[Key, Element], stock: Mapping[Key, Element | None], own: Mapping[Key, Element | None]
) -> bytes | None:
    from xml.etree import ElementTree

    root = ElementTree.Element("lensdatabase", version="1")
    for key, entry in measured.items():
        if key not in own:
            there = stock.get(key)
            root.append(entry if there is None else _merged(entry, there))
    if not len(root):
        return None
    ElementTree.indent(root, "    ")
    return (ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n").encode()


def _beside(source: Path, stock: Mapping[Key, Element | None], own: Mapping[Key, Element | None]) -> bytes | None:
    """Fit a file of ``lens_db`` to the stock database and the user's files beside it; None if it is not version 1."""
    from xml.etree import ElementTree

    text = source.read_text(encoding="utf-8")
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    root = ElementTree.fromstring(text, parser)
    if root.get("version") != "1":
        return None
    for entry in list(root):
        if not isinstance(entry.tag, str):
            continue
        key = _key(entry)
        there = stock.get(key)
        if key in own or (key in stock and (there is None or entry.tag != "lens")):
            root.remove(entry)
        elif there is not None:
            root[list(root).index(entry)] = _merged(there, entry)
    # What stands before the root is the licence notice, which the parser leaves out.
    notice = text.partition("<lensdatabase")[0]
    return (notice + ElementTree.tostring(root, encoding="unicode") + "\n").encode()


def _merged(stock: Element, ours: Element) -> Element:
    """Add to a stock lens what it lacks of ours: mounts, and kinds of calibration."""
    merged = copy.deepcopy(stock)
    merged.tail = ours.tail
    mounts = {mount.text for mount in stock.findall("mount")}
    last = max((index for index, child in enumerate(merged) if child.tag in ("model", "mount")), default=0)
    for mount in ours.findall("mount"):
        if mount.text not in mounts:
            last += 1
            merged.insert(last, copy.deepcopy(mount))
    wanted = ours.find("calibration")
    if wanted is not None:
        calibration = merged.find("calibration")
        if calibration is None:
            merged.append(copy.deepcopy(wanted))
        else:
            kinds = {measured.tag for measured in calibration}
            calibration.extend(copy.deepcopy(measured) for measured in wanted if measured.tag not in kinds)
    return merged


def _key(entry: Element) -> Key:
    """Return what lensfun tells entries apart by."""

    def said(tag: str) -> str:
        named = [child for child in entry.findall(tag) if not child.get("lang")]
        return (named[0].text or "").strip().casefold() if named else ""

    if entry.tag == "mount":
        return "mount", said("name")
    if entry.tag == "camera":
        return "camera", said("maker"), said("model"), said("variant")
    return "lens", said("maker"), said("model"), f"{float(said('cropfactor') or 0):.2f}"


def _entries(files: Iterable[Path]) -> dict[Key, Element | None]:
    """Return entries by their keys; None for those of a newer format, which cannot be written into ours."""
    from xml.etree import ElementTree

    entries: dict[Key, Element | None] = {}
    for path in files:
        # lensfun passes over a file that it cannot read, and so do we.
        with suppress(OSError, ElementTree.ParseError, ValueError, LookupError):
            root = ElementTree.fromstring(content_of(path))
            newer = float(root.get("version") or 0) > 1
            for entry in root:
                if entry.tag in ("mount", "camera", "lens"):
                    entries[_key(entry)] = None if newer else entry
    return entries


def _stock_files(folder: LensfunFolder) -> list[Path]:
    """Return the stock database that lensfun will take, the newest by its timestamp; else lensfunpy's copy of it."""
    databases = [path for top in folder.stock for path in (top, *sorted(top.glob("version_*"))) if _xml_files(path)]
    if databases:
        return _xml_files(max(databases, key=_timestamp))
    lensfunpy = importlib.util.find_spec("lensfunpy")
    packages = lensfunpy.submodule_search_locations if lensfunpy else None
    return [path for package in packages or () for path in _xml_files(Path(package, "db_files"))]


def _timestamp(database: Path) -> int:
    with suppress(OSError, ValueError):
        return int(content_of(database / "timestamp.txt").decode().split(".")[0])
    return 0


def _xml_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.xml"))
