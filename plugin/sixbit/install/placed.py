"""The files that Sixbit has put into the folders of other programs, and how they are renewed and taken back.

A record keeps each file with its digest: only what is still as it was put there is ever replaced or removed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from sixbit.files.parts import content_of
from sixbit.files.reading import of_library
from sixbit.files.replace import locked, set_aside, write_whole
from sixbit.machine import user_data
from sixbit.values.errors import Code, InstallError, PhotoError, go_on_without
from sixbit.values.sentence import Sentence

Files = Mapping[Path, bytes]

RECORD = "the record of what Sixbit installed"

DONE = {
    "missing": "installed",
    "older": "renewed",
    "same": "as it should be",
    "own": "kept, it is not Sixbit's; rename it and install again",
    "changed": "kept, it was changed since Sixbit put it there; remove it and install again",
}
"""Tells what is done with a file that is wanted, by its state."""

TOPMOST = {"gimp": ("sixbit", "gegl-0.4"), "darktable": ("lua",), "lensfun": ("lensfun",)}
"""The names of the outermost folders that are removed if nothing is left in them, by host."""


class Finding(NamedTuple):
    """One thing that the doctor looked at, and the kind of trouble that there is with it, if any.

    ``values`` names what the way out is about: the ``host``, the ``program`` that has to be started anew. Nothing is
    wrong with what was not ``asked`` for: the way out is then how to have it.
    """

    subject: str
    well: bool
    message: str
    code: Code | None = None
    values: Mapping[str, str] = MappingProxyType({})
    asked: bool = True


@contextmanager
def recorded(dry_run: bool = False) -> Iterator[None]:
    """Hold the record against other processes that install something, unless it is only told what would be done.

    One that is damaged is set aside, and the user is told. Raises InstallError.
    """
    if dry_run:
        yield
        return
    with _as_install_error(), locked(Placed.path()):
        try:
            Placed.load()
        except InstallError as error:
            aside = None if isinstance(error.__cause__, OSError) else set_aside(Placed.path())
            if aside is None:
                raise
            why = Sentence(
                "{reason} It was set aside as {name}; what an earlier Sixbit installed is left as it is.",
                reason=error.reason,
                name=aside.name,
            )
            go_on_without(InstallError(why, error.code, subject=error.subject))
        yield


@contextmanager
def _as_install_error() -> Iterator[None]:
    try:
        yield
    except PhotoError as error:
        raise InstallError(error.reason, error.code, subject=error.subject) from error


def place(host: str, wanted: Files, dry_run: bool = False) -> list[str]:
    """Make the files that Sixbit has put there for a host the wanted ones, and return what was (or would be) done.

    Only who holds the record (:func:`recorded`) may call it.

    New files are written, in the order of ``wanted``; those of Sixbit are renewed or removed. The user's own files,
    and those of Sixbit that the user has changed, are left alone. Raises InstallError; each file is as before or done
    then.
    """
    record = Placed.load()
    would = "would be " if dry_run else ""
    said = []
    for path, data in wanted.items():
        state = record.state(host, path, data)
        writes = state in ("missing", "older")
        said.append(f"{path}: {would if writes else ''}{DONE[state]}")
        if writes and not dry_run:
            write(path, data)
        if state not in ("own", "changed") and not dry_run:
            record.put(host, path, data)
    for path in sorted(Path(name) for name in record.files(host) if Path(name) not in wanted):
        state = record.state(host, path)
        if state == "changed":
            said.append(f"{path}: kept, it was changed since Sixbit put it there")
        elif state == "older":
            said.append(f"{path}: {would}removed")
        if not dry_run:
            if state != "changed":
                _take_away(path, TOPMOST[host])
            record.forget(host, path)
    return said


def take_back(host: str, dry_run: bool = False) -> list[str]:
    """Remove what Sixbit has put there for a host, except for files changed since, and return what was done."""
    return place(host, {}, dry_run) or [f"nothing of Sixbit's is installed for {host}"]


@dataclass
class Placed:
    """The record: for each host, the files that were put there, with the SHA-256 of what was put there."""

    hosts: dict[str, dict[str, str]] = field(default_factory=dict)

    @staticmethod
    def path() -> Path:
        """Return where the record stands."""
        return user_data() / "installed.json"

    @classmethod
    def load(cls) -> Placed:
        """Read the record, or begin one. Raises InstallError if it is damaged."""
        try:
            content = json.loads(content_of(cls.path()).decode())
            return cls({str(host): {str(p): str(d) for p, d in files.items()} for host, files in content.items()})
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, AttributeError, RecursionError) as error:
            why = Sentence("{file} cannot be read ({error}).", file=RECORD, error=of_library(error))
            raise InstallError(why, Code.USER_FILE, subject=cls.path()) from error

    def files(self, host: str) -> dict[str, str]:
        """Return the files of a host, with their digests."""
        return self.hosts.get(host, {})

    def state(self, host: str, path: Path, data: bytes | None = None) -> str:
        """Tell whether a file is missing, own (the user's), changed (by the user), same (as ``data``) or older."""
        if not os.path.lexists(path):
            return "missing"
        try:
            there = None if path.is_symlink() else content_of(path)
        except OSError:
            there = None
        return self.state_of(host, path, there, data)

    def state_of(self, host: str, path: Path, there: bytes | None, data: bytes | None = None) -> str:
        """Tell the state of what is there, in a file or a part of one; None is something that cannot be read."""
        if there is not None and there == data:
            return "same"
        put = self.files(host).get(str(path))
        if put is None:
            return "own"
        return "older" if there is not None and _digest(there) == put else "changed"

    def states(self, host: str, files: Files) -> dict[Path, str]:
        """Tell the state of each file, as it should be by ``files``."""
        return {path: self.state(host, path, data) for path, data in files.items()}

    def lacks(self, host: str, states: Mapping[Path, str]) -> bool:
        """Tell whether none of the files of a host is there, nor ever was asked for."""
        return not self.files(host) and all(state == "missing" for state in states.values())

    def put(self, host: str, path: Path, data: bytes) -> None:
        """Record that a file was put there."""
        if self.files(host).get(str(path)) != _digest(data):
            self.hosts.setdefault(host, {})[str(path)] = _digest(data)
            self._save()

    def forget(self, host: str, path: Path) -> None:
        """Record that a file is Sixbit's no more."""
        del self.hosts[host][str(path)]
        self._save()

    def _save(self) -> None:
        write(self.path(), (json.dumps(self.hosts, indent=1, sort_keys=True) + "\n").encode())


def not_placed(states: Mapping[Path, str], part: str, folder: Path) -> str:
    """Say that a part of Sixbit is not in its folder, or that something else is; empty if neither."""
    if all(state == "missing" for state in states.values()):
        return f"the {part} is not in {folder}"
    foreign = [path for path, state in states.items() if state in ("own", "changed")]
    return f"{foreign[0]} is not as Sixbit made it, and was left alone: rename or remove it first" if foreign else ""


def optional(subject: str, values: Mapping[str, str]) -> Finding:
    """Tell of a part of Sixbit that nobody has asked for: what was asked for stands in the record."""
    return Finding(subject, True, "not installed (optional)", Code.NOT_INSTALLED, values, asked=False)


def not_renewed(states: Mapping[Path, str], part: str, folder: Path) -> str:
    """Say that a part of Sixbit in its folder is not the one that would be put there now; empty if it is."""
    if all(state == "same" for state in states.values()):
        return ""
    return f"the {part} in {folder} is of another version of Sixbit, or what it was made for has changed"


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and its folder if need be. Raises InstallError."""
    with _as_install_error():
        write_whole(path, data, make_folder=True)


def remove(path: Path) -> None:
    """Remove a file, if it is there. Raises InstallError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InstallError(
            Sentence("cannot be removed: {error}.", error=error.strerror or str(error)), Code.NO_ACCESS, subject=path
        ) from error


def _take_away(path: Path, topmost: Collection[str]) -> None:
    """Remove a file, what Python has compiled of it, and the folders that are empty then, up to one of these names."""
    remove(path)
    compiled = path.parent / "__pycache__"
    if path.suffix == ".py" and compiled.is_dir():
        for module in compiled.glob(f"{path.stem}.*.pyc"):
            remove(module)
        with suppress(OSError):
            compiled.rmdir()
    for folder in path.parents:
        with suppress(OSError):  # others may have files there, or it is gone already
            folder.rmdir()
        if folder.name in topmost:
            return


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
