"""Photos: open them with everything they carry, and save them corrected, whole or not at all.

Pixels stay as they are stored; the orientation tag goes on saying how to turn them.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sixbit.photos.metadata import Metadata, corrected, without_maker_note
from sixbit.tags.read import open_photo as open_file
from sixbit.values.shot import PhotoError, photo_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.values.filter import CorrectionFilter
    from sixbit.values.light import TransferCurve

LARGEST = 1 << 30
"""Pixels of the largest picture that is opened: a file that claims more is more likely to lie than to be a photo."""

FORMATS = {".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".tif": "tiff", ".tiff": "tiff", ".png": "png"}
"""The modules that write, by the suffix of the file."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo in memory. ``pixels`` is (height, width) or (height, width, 3 or 4), uint8, uint16 or float32.

    A fourth channel is alpha. ``encoding`` is what its format needs to write another file like it.
    """

    path: Path
    format: str
    """``JPEG``, ``TIFF``, ``PNG`` or ``HEIC``."""
    pixels: NDArray[Any]
    icc: bytes | None = None
    metadata: Metadata = field(default_factory=Metadata)
    encoding: Any = None
    gamma: float | None = None
    """The exponent a PNG without a profile states, where it is not that of sRGB."""
    notes: tuple[str, ...] = ()
    """What of the file is not carried over, in words."""

    @property
    def alpha(self) -> bool:
        """True if the last channel is alpha."""
        return self.pixels.ndim == 3 and self.pixels.shape[2] == 4

    @cached_property
    def transfer(self) -> TransferCurve:
        """The curve to linear light: of the profile, or sRGB. Raises LightError for a profile that has none."""
        from sixbit.values.light import LightError, srgb

        if self.icc is None:
            return srgb() if self.gamma is None else _power(self.gamma)
        from sixbit.photos.profiles import curve_of_profile

        try:
            return curve_of_profile(self.icc)
        except LightError as error:
            raise LightError(f"{photo_name(self.path)}: {error.reason}", error.way_out) from error


def _power(exponent: float) -> TransferCurve:
    import numpy as np

    from sixbit.values.light import SAMPLES, TransferCurve

    return TransferCurve(f"gamma {exponent:.2f}", (np.linspace(0, 1, SAMPLES) ** exponent)[None])


def open_photo(path: str | Path) -> Photo:
    """Decode a JPEG, TIFF, PNG or HEIC photo, told by its content, with all it carries.

    Raises PhotoError, naming the photo and the way out, for everything else: cut files, raw files, other colours
    than grey and RGB, and pictures of more than 1 073 741 824 pixels.
    """
    path = Path(path)
    with open_file(path) as file:
        head = file.read(16)
    try:
        if head[:3] == b"\xff\xd8\xff":
            from sixbit.photos import jpeg

            return jpeg.read(path)
        if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            from sixbit.photos import tiff

            return tiff.read(path)
        if head[:8] == b"\x89PNG\r\n\x1a\n":
            from sixbit.photos import png

            return png.read(path)
        if head[4:8] == b"ftyp":
            from sixbit.photos import heic

            return heic.read(path)
    except MemoryError as error:
        raise PhotoError(f"{photo_name(path)}: is too large for the memory of this computer.") from error
    raise PhotoError(f"{photo_name(path)}: is not a JPEG, TIFF, PNG or HEIC photo.")


def with_profile(photo: Photo, icc: bytes | None) -> Photo:
    """The photo in the colours of another profile, its pixels converted already."""
    from sixbit.photos import png

    encoding = photo.encoding
    if isinstance(encoding, png.Encoding):
        encoding = png.Encoding(tuple(chunk for chunk in encoding.chunks if chunk[0] not in png.COLOURS))
    return replace(photo, icc=icc, gamma=None, encoding=encoding)


def check_size(path: Path, width: int, height: int) -> None:
    """Refuse sizes that no photo has, before anything is decoded."""
    if width < 1 or height < 1:
        raise PhotoError(f"{photo_name(path)}: says that it has {width}x{height} pixels; the file is damaged.")
    if width * height > LARGEST:
        raise PhotoError(
            f"{photo_name(path)}: says that it has {width}x{height} pixels; more than {LARGEST} are not opened."
        )


def save_photo(
    photo: Photo,
    pixels: NDArray[Any],
    out: str | Path,
    *,
    correction: CorrectionFilter | None = None,
    applied: Iterable[str] | None = None,
    quality: int | None = None,
    subsampling: str | None = None,
    overwrite: bool = False,
    threads: int | None = None,
) -> tuple[str, ...]:
    """Write corrected pixels with what ``photo`` carries, as JPEG, TIFF or PNG by the suffix of ``out``.

    ``applied`` names the corrections for the standard marks (those of ``correction`` by default). A JPEG gets the
    quantisation tables and chroma sampling of a source that is one, unless ``quality`` (1-100) or ``subsampling``
    (``4:4:4``, ``4:2:2``, ``4:2:0``) is given; ``threads`` encode it, as many as there are processors by default. The
    file appears whole, under its name, or not at all; the source itself is refused unless ``overwrite`` is set. Returns
    what could not be kept, in words.
    """
    from importlib import import_module

    out = Path(out)
    kind = format_of(out)
    check_target(out, None if overwrite else photo.path)
    if applied is None:
        applied = () if correction is None else correction.made_from.get("corrections", ())
    metadata, notes = corrected(photo.metadata, pixels, correction, tuple(applied))
    if kind != "jpeg" and getattr(photo.encoding, "trailer", None):
        metadata = _without_trailer(photo, metadata)
        notes.append("the maker notes at the end of the JPEG were left out; write a .jpg to keep them")
    write = import_module(f"sixbit.photos.{kind}").write
    options = {"quality": quality, "subsampling": subsampling, "threads": threads} if kind == "jpeg" else {}
    with replacing(out) as file:
        notes += write(file, photo, pixels, metadata, **options)
    return (*photo.notes, *notes)


def _without_trailer(photo: Photo, metadata: Metadata) -> Metadata:
    """The metadata without the entry of a maker note that stays behind, but with the name of the lens it held."""
    from sixbit.tags.read import read_shot

    names = read_shot(photo.path).lens_names
    return without_maker_note(metadata, names[0].value if names else None)


def format_of(out: Path) -> str:
    """The module that writes this output, by its suffix; PhotoError if none does."""
    kind = FORMATS.get(out.suffix.lower())
    if kind is None:
        raise PhotoError(
            f"{photo_name(out)}: only .jpg, .tif and .png can be written; give the output one of these endings."
        )
    return kind


def check_target(target: Path, source: Path | None) -> None:
    """Refuse an output that is the photo itself, or has no folder, before any work is done for it."""
    try:
        same = source is not None and target.exists() and source.exists() and target.samefile(source)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise PhotoError(f"{photo_name(target)}: cannot be written: {error.strerror}.") from error
    if same:
        raise PhotoError(f"{photo_name(target)}: is the photo itself; give the output another name.")
    if not target.parent.is_dir():
        raise PhotoError(f"{photo_name(target)}: there is no folder {photo_name(target.parent)}; make it first.")


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``target`` when all is written, in one step; if anything fails, it is gone.

    Raises PhotoError, naming the target, for a folder that cannot be written and a full disk.
    """
    temporary = target.parent / f".sixbit-{secrets.token_hex(8)}.part"
    try:
        with temporary.open("x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except OSError as error:
        raise PhotoError(f"{photo_name(target)}: cannot be written: {_reason(error, target)}.") from error
    finally:
        # Where it could not be made it cannot be unlinked either (a read-only disk says so once more).
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _reason(error: OSError, target: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"the folder {photo_name(target.parent)} is read-only for you; choose another"
    if error.errno == errno.ENOENT:
        return f"there is no folder {photo_name(target.parent)}; make it first"
    return error.strerror or str(error)
