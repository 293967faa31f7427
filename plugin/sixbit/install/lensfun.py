"""Put Sixbit's lenses where other programs read them, and take them away again.

lensfun reads every XML file of the user's lensfun folder *after* the stock database that came with it, and an entry
read later replaces one with the same key (cameras: maker, model, variant; lenses: maker, model, crop factor; mounts:
name; lensfun 0.3.4, ``libs/lensfun/database.cpp`` and ``lens.cpp``). So that nothing of the stock database is hidden,
cameras and mounts it has are left out of what is installed, and a lens it has is written as it stands there, with no
more than the mounts and the kinds of calibration added that it lacks.

What was put where is remembered with its digest: only what is still as it was put there is ever replaced or removed.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sixbit.machine import user_data
from sixbit.manifest import data_path
from sixbit.values.errors import SixbitError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FLATPAKS = {
    "org.darktable.Darktable": "darktable",
    "org.gimp.GIMP": "GIMP",
    "com.rawtherapee.RawTherapee": "RawTherapee",
    "org.kde.digikam": "digiKam",
}
"""Flatpak programs with lensfun, which look into a folder of their own."""

PREFIX = "sixbit-"
"""What the names of installed files begin with."""

MEASURED = "own.xml"
"""The user's own calibrations."""
COMPUTED = "computed.xml"
"""Calibrations that are off by default everywhere."""

Key = tuple[str, ...]


class InstallError(SixbitError, OSError):
    """Something that cannot be installed or removed; the message names the path and the way out."""


@dataclass(frozen=True)
class Finding:
    """What the doctor found of one thing, and the mend if it is not well."""

    subject: str
    well: bool
    message: str
    mend: str = ""


@dataclass(frozen=True)
class LensfunFolder:
    """A folder that a lensfun reads the user's XML from, and where its stock database may stand."""

    readers: str
    path: Path
    stock: tuple[Path, ...]


# lensfun ------------------------------------------------------------------------------------------------------------


def install_lensfun(dry_run: bool = False, computed: bool = False) -> list[str]:
    """Put ``lens_db/`` beside the stock database of every lensfun of the user, and say what was (or would be) done.

    Computed calibrations are left out unless asked for. Raises :class:`InstallError`.
    """
    return place("lensfun", _lensfun_files(computed), dry_run)


def uninstall_lensfun(dry_run: bool = False) -> list[str]:
    """Remove what :func:`install_lensfun` put there, except for files changed since, and say what was done."""
    return place("lensfun", {}, dry_run)


def doctor_lensfun() -> list[Finding]:
    """What darktable and the others will find, folder by folder."""
    try:
        record = Placed.load()
    except InstallError as error:
        return [Finding("the record of what Sixbit installed", False, str(error))]
    installed = record.files("lensfun")
    wanted = _lensfun_files(any(Path(path).name == f"{PREFIX}{COMPUTED}" for path in installed))
    findings = []
    for folder in lensfun_folders():
        subject = f"lensfun in {folder.readers}"
        here = {path: data for path, data in wanted.items() if path.parent == folder.path}
        states = {path: record.state("lensfun", path, data) for path, data in here.items()}
        own = [path for path, state in states.items() if state in ("own", "changed")]
        if own:
            message = f"{own[0]} is not as Sixbit made it, and was left alone"
            findings.append(Finding(subject, False, message, "rename or remove it, then `sixbit install lensfun`"))
        elif all(state == "missing" for state in states.values()):
            message = f"Sixbit's lenses are not in {folder.path}"
            findings.append(Finding(subject, False, message, "`sixbit install lensfun`"))
        elif any(state != "same" for state in states.values()):
            message = f"Sixbit's lenses in {folder.path} are of another version, or the stock database is"
            findings.append(Finding(subject, False, message, "`sixbit install lensfun`"))
        else:
            count = sum(data.count(b"<lens>") for data in here.values())
            findings.append(Finding(subject, True, f"{count} lenses of Sixbit's are found in {folder.path}"))
    return findings


def lensfun_folders() -> list[LensfunFolder]:
    """The folders that lensfun reads the user's files from: the native one, and those of Flatpak programs in use.

    Linux is tested; macOS and Windows are by GLib's documentation of ``g_get_user_data_dir``, which lensfun asks.
    """
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or "")
    if not data.is_absolute():
        local = os.environ.get("LOCALAPPDATA") or home / "AppData/Local"
        data = Path(local) if sys.platform == "win32" else home / ".local/share"
    own = data / "lensfun"
    stock = [Path(prefix, "share/lensfun") for prefix in ("/usr", "/usr/local", "/opt/homebrew", "/opt/local")]
    stock += [Path("/var/lib/lensfun-updates"), own / "updates"]
    folders = [LensfunFolder("programs of this system", own, tuple(stock))]
    for flatpak, name in FLATPAKS.items():
        sandbox = home / ".var/app" / flatpak
        if sandbox.is_dir():
            inside = Path("app", flatpak, "current/active/files/share/lensfun")
            own = sandbox / "data/lensfun"
            stock = [Path("/var/lib/flatpak") / inside, data / "flatpak" / inside, own / "updates"]
            folders.append(LensfunFolder(f"{name} (Flatpak)", own, tuple(stock)))
    return folders


def _lensfun_files(computed: bool) -> dict[Path, bytes]:
    """What to put where, made for the stock database and the user's own files that stand beside it."""
    sources = [path for path in sorted(data_path("lens_db").glob("*.xml")) if computed or path.name != COMPUTED]
    measured = _measured()
    files = {}
    for folder in lensfun_folders():
        stock = _entries(_stock_files(folder))
        own = _entries(path for path in _xml_files(folder.path) if not path.name.startswith(PREFIX))
        if data := _measured_file(measured, stock, own):
            files[folder.path / f"{PREFIX}{MEASURED}"] = data
        for source in sources:
            if data := _beside(source, stock, {**own, **measured}):
                files[folder.path / f"{PREFIX}{source.name}"] = data
    return files


def _measured() -> dict[Key, Element | None]:
    """The user's own calibrations by Sixbit, each lens with what else Sixbit knows of it."""
    from sixbit.lenses.catalogue import own_folder
    from sixbit.lenses.own import read_runs

    folder = own_folder()
    records = [record for record in read_runs(folder) if record.has_xml] if folder.is_dir() else []
    if not records:
        return {}
    from sixbit.lenses.lensfun_xml import lensfun_entries

    return {_key(entry): entry for entry in lensfun_entries(records, complete=True)}


def _measured_file(
    measured: Mapping[Key, Element | None], stock: Mapping[Key, Element | None], own: Mapping[Key, Element | None]
) -> bytes | None:
    from xml.etree import ElementTree

    root = ElementTree.Element("lensdatabase", version="1")
    for key, entry in measured.items():
        if entry is not None and key not in own:
            there = stock.get(key)
            root.append(entry if there is None else _merged(entry, there))
    if not len(root):
        return None
    ElementTree.indent(root, "    ")
    return (ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n").encode()


def _beside(source: Path, stock: Mapping[Key, Element | None], own: Mapping[Key, Element | None]) -> bytes | None:
    """A file of ``lens_db`` as it may stand beside a stock database and the user's files; None if not version 1."""
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
    """A stock lens with what it lacks of ours: mounts, and kinds of calibration."""
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
    """What lensfun tells entries apart by."""

    def said(tag: str) -> str:
        named = [child for child in entry.findall(tag) if not child.get("lang")]
        return (named[0].text or "").strip().casefold() if named else ""

    if entry.tag == "mount":
        return "mount", said("name")
    if entry.tag == "camera":
        return "camera", said("maker"), said("model"), said("variant")
    return "lens", said("maker"), said("model"), f"{float(said('cropfactor') or 0):.2f}"


def _entries(files: Iterable[Path]) -> dict[Key, Element | None]:
    """Entries by their keys; None for those of a newer format, which cannot be written into ours."""
    from xml.etree import ElementTree

    entries: dict[Key, Element | None] = {}
    for path in files:
        # lensfun passes over a file that it cannot read, and so do we.
        with suppress(OSError, ElementTree.ParseError, ValueError):
            root = ElementTree.parse(path).getroot()
            newer = float(root.get("version") or 0) > 1
            for entry in root:
                if entry.tag in ("mount", "camera", "lens"):
                    entries[_key(entry)] = None if newer else entry
    return entries


def _stock_files(folder: LensfunFolder) -> list[Path]:
    """The stock database that lensfun will take, the newest by its timestamp; else lensfunpy's copy of it."""
    databases = [path for top in folder.stock for path in (top, *sorted(top.glob("version_*"))) if _xml_files(path)]
    if databases:
        return _xml_files(max(databases, key=_timestamp))
    lensfunpy = importlib.util.find_spec("lensfunpy")
    packages = lensfunpy.submodule_search_locations if lensfunpy else None
    return [path for package in packages or () for path in _xml_files(Path(package, "db_files"))]


def _timestamp(database: Path) -> int:
    with suppress(OSError, ValueError):
        return int((database / "timestamp.txt").read_text().split(".")[0])
    return 0


def _xml_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.xml"))


# What was put where -------------------------------------------------------------------------------------------------


def place(host: str, wanted: Mapping[Path, bytes], dry_run: bool = False) -> list[str]:
    """Bring the files that Sixbit has put there for a host to what is wanted; say what was (or would be) done.

    Files that are new are written, those of ours renewed or removed; the user's own, and ours that the user has
    changed, are left alone. Files are written in the order of ``wanted``. Raises :class:`InstallError`; each file is
    either as before or done then.
    """
    record = Placed.load()
    would = "would be " if dry_run else ""
    said = []
    for path, data in wanted.items():
        state = record.state(host, path, data)
        if state == "own":
            said.append(f"{path}: kept, it is not Sixbit's; rename it and install again")
        elif state == "changed":
            said.append(f"{path}: kept, it was changed since Sixbit put it there; remove it and install again")
        elif state == "same":
            said.append(f"{path}: as it should be")
        else:
            said.append(f"{path}: {would}{'installed' if state == 'missing' else 'renewed'}")
        if state in ("missing", "older", "same") and not dry_run:
            if state != "same":
                _write(path, data)
            record.put(host, path, data)
    for path in sorted(Path(name) for name in record.files(host)):
        if path in wanted:
            continue
        state = record.state(host, path)
        if state == "changed":
            said.append(f"{path}: kept, it was changed since Sixbit put it there")
        elif state == "older":
            said.append(f"{path}: {would}removed")
        if not dry_run:
            if state == "older":
                _remove(path)
            record.forget(host, path)
    return said or [f"nothing of Sixbit's is installed for {host}"]


@dataclass
class Placed:
    """What was put where, by host and path, with the digest of what was put there."""

    hosts: dict[str, dict[str, str]] = field(default_factory=dict)

    @staticmethod
    def path() -> Path:
        return user_data() / "installed.json"

    @classmethod
    def load(cls) -> Placed:
        try:
            content = json.loads(cls.path().read_text(encoding="utf-8"))
            return cls({str(host): {str(p): str(d) for p, d in files.items()} for host, files in content.items()})
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, AttributeError) as error:
            raise InstallError(f"{cls.path()} cannot be read ({error}); remove it and install again.") from error

    def files(self, host: str) -> dict[str, str]:
        return self.hosts.get(host, {})

    def state(self, host: str, path: Path, data: bytes | None = None) -> str:
        """Of a file: missing, own (the user's), changed (by the user), same (as ``data``), or older (ours)."""
        if not os.path.lexists(path):
            return "missing"
        try:
            there = None if path.is_symlink() else path.read_bytes()
        except OSError:
            there = None
        if there is not None and there == data:
            return "same"
        put = self.files(host).get(str(path))
        if put is None:
            return "own"
        return "older" if there is not None and _digest(there) == put else "changed"

    def put(self, host: str, path: Path, data: bytes) -> None:
        if self.files(host).get(str(path)) != _digest(data):
            self.hosts.setdefault(host, {})[str(path)] = _digest(data)
            self._save()

    def forget(self, host: str, path: Path) -> None:
        del self.hosts[host][str(path)]
        self._save()

    def _save(self) -> None:
        _write(self.path(), (json.dumps(self.hosts, indent=1, sort_keys=True) + "\n").encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; its name while it is written is none that lensfun would read."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".sixbit-", suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise InstallError(f"{path} cannot be written: {error.strerror or error}. Make room or allow it.") from error


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        with suppress(OSError):  # Others may have files there too.
            path.parent.rmdir()
    except OSError as error:
        raise InstallError(f"{path} cannot be removed: {error.strerror or error}. Allow it, or remove it.") from error
