"""The photos of a batch: named, or found in folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from sixbit.files.find import RAW_SUFFIXES

_PHOTOS = "jpg jpeg jpe mpo tif tiff btf tf8 png heic heif hif avif webp jxl"
PHOTOS = frozenset(f".{suffix}" for suffix in _PHOTOS.split())


@dataclass(frozen=True)
class Source:
    """A photo, and where it stands below the folder that was named (its name alone, if it was named itself)."""

    path: Path
    relative: Path

    @property
    def is_raw(self) -> bool:
        """True if its name says so."""
        return self.path.suffix.lower() in RAW_SUFFIXES

    @property
    def is_dng(self) -> bool:
        """True if its name says that it is Adobe's raw, which can carry a correction itself."""
        return self.path.suffix.lower() == ".dng"

    @property
    def absolute(self) -> str:
        """Its absolute path, by which it is known wherever the command is given."""
        return os.path.abspath(self.path)  # noqa: PTH100 - links stay as they are, they may be changed

    @property
    def real(self) -> str:
        """The path of the file itself, whatever links lead to it."""
        try:
            return os.path.realpath(self.path)
        except (OSError, ValueError):  # of bytes that no path has
            return self.absolute


def find(
    named: Iterable[str | Path],
    out: Path | None = None,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    is_output: Callable[[Path], bool] = lambda path: False,
) -> tuple[list[Source], list[str]]:
    """The photos in their order, each once; and folders that cannot be read, in words.

    In folders, photos are told by their suffix; hidden files and folders, the output folder and what ``is_output``
    says a batch made are left out, and links to folders are not followed.
    """
    include, exclude = [p.casefold() for p in include], [p.casefold() for p in exclude]
    troubles: list[str] = []
    found: dict[str, Source] = {}
    for name in named:
        path = Path(name)
        for source in _in_folder(path, out, troubles) if os.path.isdir(path) else [Source(path, Path(path.name))]:  # noqa: PTH112
            wanted = not include or _fits(source.relative, include)
            if wanted and not _fits(source.relative, exclude) and not is_output(source.path):
                found.setdefault(source.real, source)
    return list(found.values()), troubles


def _in_folder(top: Path, out: Path | None, troubles: list[str]) -> Iterator[Source]:
    def trouble(error: OSError) -> None:
        troubles.append(f"{error.filename}: {error.strerror}")

    def is_out(folder: Path) -> bool:
        try:
            return out is not None and folder.samefile(out)
        except OSError:  # one of them is not there, or may not be looked at
            return False

    for folder, folders, files in os.walk(top, onerror=trouble):
        at = Path(folder)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not is_out(at / name))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in PHOTOS | RAW_SUFFIXES:
                yield Source(at / name, (at / name).relative_to(top))


def _fits(relative: Path, patterns: list[str]) -> bool:
    name, path = relative.name.casefold(), relative.as_posix().casefold()
    return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)
