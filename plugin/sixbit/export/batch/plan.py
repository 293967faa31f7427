"""Where each photo goes: every one has a name of its own in the output folder, the same in every run."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sixbit.export.batch.ledger import Record
from sixbit.export.batch.sources import Source
from sixbit.export.presets import Preset
from sixbit.values.errors import PhotoError

LONGEST_VALUE = 60


@dataclass(frozen=True)
class Task:
    """The work on one photo, as it is handed to a process."""

    photo: Path
    """As the user named it."""
    source: str
    """Its absolute path."""
    folder: str
    """The output folder, absolute."""
    stem: str
    """Below the folder, without the suffix, with slashes."""
    preset: Preset
    settings: str
    threads: int = 1
    lens: str | None = None
    """Of an editor whose user chose it; whatever the photo says."""
    force: bool = False
    """True to correct again what is corrected already."""
    large: bool = False
    """True to decode photos of more pixels; workers have another environment."""
    crop_factor: float | None = None
    """Of an editor that has the raw, which tells more of the part of the sensor than what was rendered of it."""

    is_raw: bool = False
    """True for a raw that is not developed, for which settings of a program that does are written."""

    @property
    def target(self) -> Path:
        """The file that is written."""
        if self.is_raw:
            return Path(f"{self.source}.pp3" if self.preset.raw_settings == "beside" else f"{self._begin}.pp3")
        return Path(self._begin + self.preset.suffix)

    @property
    def place(self) -> Path:
        """The folder of the output in which it is written; the outermost one, if it is written elsewhere."""
        folder = Path(self.folder)
        return self.target.parent if self.target.is_relative_to(folder) else folder

    @property
    def copy(self) -> Path:
        """The file that is written if the photo is copied."""
        return Path(self._begin + Path(self.source).suffix)

    @property
    def _begin(self) -> str:
        return str(Path(self.folder, self.stem))


class Stems:
    """The stems of the photos of an output folder: below it, without suffix, each given once.

    Names that differ only in case or in how accents are written are taken for one, as some disks do.
    """

    def __init__(self, folder: Path, preset: Preset, given: dict[str, str], sources: Iterable[Source]) -> None:
        self._folder, self._preset, self._given = folder, preset, given
        self._taken = {_plain(stem): source for source, stem in given.items()}
        self._sources = {identity for source in sources if (identity := _inode(source.path))}

    def of(self, source: Source) -> str | None:
        """The stem of a photo; None if its file exists, made by no batch, and the preset says to skip it then."""
        name = file_stem(self._preset, source.path, source.relative.stem)
        base = (source.relative.parent / name).as_posix()
        before = self._given.get(source.absolute)
        if before is not None and re.fullmatch(re.escape(base) + r"(-\d+)?", before):
            return before
        for number in itertools.count(1):
            stem = base if number == 1 else f"{base}-{number}"
            if _plain(stem) in self._taken:
                continue
            exists, is_source = self._state(stem, source.path.suffix)
            if exists and not is_source and self._preset.exists == "skip":
                return None
            if not exists or (self._preset.exists == "overwrite" and not is_source):
                self._taken[_plain(stem)] = source.absolute
                return stem
        raise AssertionError("there is always another number")

    def _state(self, stem: str, suffix: str) -> tuple[bool, bool]:
        """Does a file of that name exist, and is it one of the photos?"""
        suffixes = {self._preset.suffix, suffix if _copies(self._preset) else self._preset.suffix}
        found = [path for ending in sorted(suffixes) if os.path.lexists(path := self._folder / (stem + ending))]
        return bool(found), any(_inode(path) in self._sources for path in found)


def is_output(path: Path, folder: Path, given: dict[str, str]) -> bool:
    """True if a file in the output folder was made by a batch there, of another photo."""
    absolute = os.path.abspath(path)  # noqa: PTH100
    if not Path(absolute).is_relative_to(folder):
        return False
    stem = Path(absolute).relative_to(folder).with_suffix("").as_posix()
    return any(one == stem and source != absolute for source, one in given.items())


def file_stem(preset: Preset, photo: Path, stem: str | None = None) -> str:
    """The name of the file that is made of a photo, without its suffix; ``stem`` is the photo's name, if not its own.

    What comes from the photo's tags is cut down to letters, digits, hyphens and dots.

    >>> from sixbit.export.presets import load
    >>> file_stem(load("web-jpeg"), Path("holiday/L1000123.JPG"))
    'L1000123'
    """
    template = preset.file_name
    values = {"stem": photo.stem if stem is None else stem, "preset": preset.name}
    if any(f"{{{name}}}" in template for name in ("lens", "camera", "date", "time")):
        values |= _from_tags(preset, photo)
    return template.format(**values)


def _from_tags(preset: Preset, photo: Path) -> dict[str, str]:
    from sixbit.lenses.match import match
    from sixbit.tags.read import read_shot, taken_at

    try:
        shot, taken = read_shot(photo), taken_at(photo)
    except PhotoError:
        return {"lens": "no-lens", "camera": "no-camera", "date": "no-date", "time": "no-time"}
    found = match(shot)
    chosen = preset.lens if getattr(preset, str(found.status), None) == "choose" else None
    date, _, time = (taken or "").partition(" ")
    return {
        "lens": found.lens.lens_id if found.lens else chosen or "no-lens",
        "camera": _safe(shot.model.value) if shot.model else "no-camera",
        "date": date or "no-date",
        "time": time.replace(":", "-") or "no-time",
    }


def _safe(text: str) -> str:
    """A text from a tag as part of a file's name.

    >>> _safe("../LEICA M (Typ 240)")
    'LEICA-M-Typ-240'
    """
    kept = re.sub(r"[^\w.]+", "-", unicodedata.normalize("NFC", text))[:LONGEST_VALUE]
    return kept.strip("-._") or "unnamed"


def _plain(stem: str) -> str:
    return unicodedata.normalize("NFC", stem).casefold()


def _copies(preset: Preset) -> bool:
    cases = (preset.ambiguous, preset.unknown, preset.untagged, preset.not_m)
    return "copy" in (*cases, preset.uncalibrated, preset.already_corrected, preset.reshaped)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def _inode(path: Path) -> tuple[int, int] | None:
    found = _stat(path)
    return None if found is None else (found.st_dev, found.st_ino)


# What a result depends on -------------------------------------------------------------------------------------------


def settings_digest(preset: Preset) -> str:
    """A hash of all that decides what a photo becomes, but the photo: the preset, the database, the version."""
    from sixbit.manifest import manifest

    parts = [preset.digest, manifest()["version"], _database_digest()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _database_digest() -> str:
    from sixbit.lenses.catalogue import catalogue
    from sixbit.lenses.own import COMPENSATED_SUFFIX
    from sixbit.lenses.own import SUFFIX as RUN_SUFFIX

    digest = hashlib.sha256()
    for folder in catalogue().folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.name.endswith((".csv", ".xml", COMPENSATED_SUFFIX, RUN_SUFFIX)) and path.is_file():
                digest.update(path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape"))
                digest.update(path.read_bytes())
    return digest.hexdigest()


def choices_digest() -> str:
    """A hash of the lenses that the user chose for photos (`sixbit correct --remember`)."""
    from sixbit.files.parts import content_of
    from sixbit.lenses.remembered import choices_file

    try:
        return hashlib.sha256(content_of(choices_file())).hexdigest()
    except OSError:
        return ""


def fingerprint(source: str) -> list[Any]:
    """Size and time of a photo and its sidecars, which tell that one of them changed."""
    from sixbit.tags.read import sidecars

    path = Path(source)
    return [_size_and_time(one) for one in (path, *sidecars(path))]


def _size_and_time(path: Path) -> list[int] | None:
    found = _stat(path)
    return None if found is None else [found.st_size, found.st_mtime_ns]


def is_done(record: Record | None, task: Task) -> bool:
    """True if a record says that the task was done, and nothing changed since that could change its result."""
    if record is None or record["status"] == "failed" or record["settings"] != task.settings:
        return False
    if record["fingerprint"] != fingerprint(task.source) or record["stem"] != task.stem:
        return False
    if record["out_size"] is not None:
        written = _size_and_time(task.target if record["out"] is None else Path(task.folder, record["out"]))
        if written is None or written[0] != record["out_size"]:
            return False
    return bool(record["choices"] == choices_digest() or record["chosen"] == chosen_lens(task.source))


def chosen_lens(source: str) -> str | None:
    """The lens that the user chose for photos like this one."""
    from sixbit.lenses.remembered import choices_file, look_up
    from sixbit.tags.read import read_shot

    try:
        return look_up(read_shot(source)) if choices_file().is_file() else None
    except PhotoError:
        return None
