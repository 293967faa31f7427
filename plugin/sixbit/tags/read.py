"""The tags of a photo, read into a :class:`sixbit.values.shot.Shot`."""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeVar

from sixbit.files.find import Blocks, UnreadableError, byte_order, find_blocks
from sixbit.files.tiff_read import TooMuchError, read_ifd
from sixbit.files.xmp import (
    SIXBIT_APERTURE,
    SIXBIT_CORRECTED,
    SIXBIT_FILTER,
    SIXBIT_LENS,
    SIXBIT_PREFIX,
    Packet,
    XmpError,
    read_packet,
)
from sixbit.manifest import manifest
from sixbit.tags.leica import LeicaNote, read_leica_note
from sixbit.values.errors import PhotoError, photo_name
from sixbit.values.kinds import KINDS
from sixbit.values.shot import LensSpecification, Shot, SixBitCode, Tagged

if TYPE_CHECKING:
    from exifread.core.ifd_tag import IfdTag

T = TypeVar("T")

LONGEST_TEXT = 200

_MARKS = {
    "aux:DistortionCorrectionAlreadyApplied": "distortion",
    "aux:LateralChromaticAberrationCorrectionAlreadyApplied": "tca",
    "aux:VignetteCorrectionAlreadyApplied": "vignetting",
}
_SAYS_NOTHING = re.compile(r"\s|not |---|\*\*\*|(unknown|none|n/a|uncoded)( lens)?\s*$|0(\.0)? ?mm", re.IGNORECASE)
"""What cameras and adapters write for want of a name: blanks, "----", "***", "not ..." (LibRaw), "0.0 mm f/0.0"."""
_LEICA_M = re.compile(r"(leica )?m(\d|-|$| ?\(| ?monochrom| ev)", re.IGNORECASE)
"""M8 Digital Camera, M9, M-E, M Monochrom, LEICA M (Typ 240), LEICA M10-R, LEICA M11 Monochrom, LEICA M EV1."""
_IN_PHOTO = ("EXIF ", "Image ", "MakerNote ", "XMP ")
_INFINITE = 0xFFFFFFFF
_MAKER_NOTE, _EXIF_IFD = 0x927C, 0x8769


def read_shot(path: str | Path) -> Shot:
    """Read what a photo, or a sidecar beside it, says of its lens and how it was used.

    JPEG, TIFF, DNG (and other raw files built on TIFF), PNG and HEIC; pixels are not read. A sidecar
    (``PHOTO.ext.xmp``, else ``PHOTO.xmp``) goes before the photo's own tags, for it was written later; but marks of
    corrections are taken from the photo alone, as a sidecar tells what shall be done, not what was done to these
    pixels. Raises PhotoError, which names the photo and the way out.
    """
    photo = Path(path)
    with opened(photo) as file:
        blocks = photo_blocks(photo, file)
        exif = _exif(blocks)
        note = _leica_note(blocks, exif)
    packet = _packet(blocks.xmp)
    sources: list[Source] = [*_sidecar_sources(photo), exif, XmpTags(packet.properties, "XMP")]
    return shot_of(photo, blocks, sources, exif, note, packet)


def photo_blocks(photo: Path, file: BinaryIO) -> Blocks:
    """Where the open photo keeps its tags; PhotoError if it is none that can be read."""
    name = photo_name(photo)
    try:
        return find_blocks(file)
    except UnreadableError as error:
        raise PhotoError(f"{name} {error}.") from error
    except TooMuchError as error:
        raise PhotoError(f"{name} is damaged: its structure has no end; save it anew from a photo editor.") from error
    except OSError as error:
        raise PhotoError(f"{name} cannot be read: {error.strerror or error}.") from error


def opened(path: Path) -> BinaryIO:
    """Open a photo for reading; PhotoError if there is none, or if what is there is no ordinary file."""
    name = photo_name(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise PhotoError(f"{name} is a folder; name the photos in it.")
        if not stat.S_ISREG(mode):
            raise PhotoError(f"{name} is not a file but a pipe or a device; save the photo to a file first.")
        return path.open("rb")
    except FileNotFoundError as error:
        raise PhotoError(f"{name}: there is no such photo; check the path.") from error
    except PermissionError as error:
        raise PhotoError(f"{name} may not be read; allow it in the file's permissions.") from error
    except (OSError, ValueError) as error:
        raise PhotoError(f"{name} cannot be opened: {getattr(error, 'strerror', None) or error}.") from error


def sidecars(photo: Path) -> tuple[Path, Path]:
    """Where a sidecar of the photo may be, the most trusted first: ``PHOTO.ext.xmp`` and ``PHOTO.xmp``."""
    return photo.with_name(photo.name + ".xmp"), photo.with_suffix(".xmp")


class Source(Protocol):
    """Tags of one kind (EXIF, or one XMP packet), asked by the names of EXIF."""

    def text(self, name: str) -> Tagged[str] | None: ...

    def numbers(self, name: str) -> Tagged[tuple[float, ...]] | None: ...

    def lens_names(self) -> Iterator[Tagged[str]]: ...


class _Exif:
    def __init__(self, tags: Mapping[str, IfdTag]) -> None:
        self._tags = tags

    def _find(self, name: str) -> tuple[str, Any] | None:
        # Raw files built on TIFF/EP, the M8's among them, keep some EXIF tags in the first directory.
        for key in (f"EXIF {name}", f"Image {name}"):
            if key in self._tags:
                return key, self._tags[key].values
        return None

    def text(self, name: str) -> Tagged[str] | None:
        found = self._find(name)
        if found is None or not isinstance(found[1], str | bytes):
            return None
        key, value = found
        return Tagged(value.decode("latin-1") if isinstance(value, bytes) else value, key)

    def numbers(self, name: str) -> Tagged[tuple[float, ...]] | None:
        found = self._find(name)
        if found is None or isinstance(found[1], str | bytes):
            return None
        return Tagged(tuple(_float(value) for value in found[1]), found[0])

    def lens_names(self) -> Iterator[Tagged[str]]:
        for name in manifest()["tags"]["lens_names_exif"]:
            if found := self.text(name):
                yield found


class XmpTags:
    """The properties of an XMP packet; ``origin`` is what messages call it."""

    def __init__(self, properties: Mapping[str, str], origin: str) -> None:
        self._properties = properties
        self._origin = origin

    def _property(self, name: str) -> Tagged[str] | None:
        value = self._properties.get(name)
        return None if value is None else Tagged(value, f"{self._origin} {name}")

    def own(self, name: str) -> Tagged[str] | None:
        """A property of Sixbit's namespace."""
        return self._property(f"{SIXBIT_PREFIX}:{name}")

    def text(self, name: str) -> Tagged[str] | None:
        if name == "LensSerialNumber":
            return self._property("exifEX:LensSerialNumber") or self._property("aux:LensSerialNumber")
        return self._property(f"{'exifEX' if name.startswith('Lens') else 'exif'}:{name}")

    def numbers(self, name: str) -> Tagged[tuple[float, ...]] | None:
        found = self.text(name)
        if found is None and name == "LensSpecification":
            found = self._property("aux:LensInfo")
        return Tagged(tuple(fraction(part) for part in found.value.split()[:16]), found.tag) if found else None

    def lens_names(self) -> Iterator[Tagged[str]]:
        for name in manifest()["tags"]["lens_names_xmp"]:
            if found := self._property(name):
                yield found


def _exif(blocks: Blocks) -> _Exif:
    """All EXIF tags but the maker note, as far as they can be read."""
    import logging

    from exifread.core.exif_header import ExifHeader

    # exifread tells its troubles on stderr, in words that no photographer needs.
    logging.getLogger("exifread").setLevel(logging.CRITICAL)
    order = None if blocks.exif_at is None else byte_order(blocks.file, blocks.exif_at)
    if order is None:
        return _Exif({})
    endian = "I" if order == "<" else "M"
    # Not process_file, which loses all tags by one that it cannot read. Without details, it leaves the maker note
    # alone; the file bounds the rest.
    header = ExifHeader(blocks.file, endian, blocks.exif_at, 0, strict=False, detailed=False)  # type: ignore[arg-type]
    try:
        header.dump_ifd(header.s2n(4, 4), "Image")
        if offset := header.tags.get("Image ExifOffset"):
            header.dump_ifd(offset.values[0], "EXIF")
    except Exception:  # any tag may lie, and exifread checks few; what was read until then stands
        logging.getLogger(__name__).debug("tags cut short", exc_info=True)
    return _Exif(header.tags)


def _leica_note(blocks: Blocks, exif: _Exif) -> LeicaNote:
    """The maker note of a Leica, found in the EXIF directory or, in raw files built on TIFF/EP, in the first one."""
    make = exif.text("Make")
    if blocks.exif_at is None or make is None or not make.value.lower().startswith("leica camera"):
        return LeicaNote()
    at = blocks.exif_at
    try:
        order = byte_order(blocks.file, at) or "<"
        first = int.from_bytes(blocks.file.at(at + 4, 4), "little" if order == "<" else "big")
        ifd = read_ifd(blocks.file, at + first, order)
        pointer = ifd.get(_EXIF_IFD)
        exif_ifd = read_ifd(blocks.file, at + pointer.integers(blocks.file, at, 1)[0], order) if pointer else {}
        field = exif_ifd.get(_MAKER_NOTE) or ifd.get(_MAKER_NOTE)
        if field is None:
            return LeicaNote()
        return read_leica_note(blocks.file, field.position(at), field.size, at, order)
    except (TooMuchError, OSError, IndexError, ValueError):
        return LeicaNote()


def _packet(xmp: bytes | None) -> Packet:
    try:
        return read_packet(xmp) if xmp else Packet()
    except XmpError:
        return Packet()


def _sidecar_sources(photo: Path) -> Iterator[XmpTags]:
    for sidecar in sidecars(photo):
        try:
            if sidecar.is_file() and sidecar != photo:
                yield XmpTags(_packet(sidecar.read_bytes()).properties, photo_name(sidecar.name))
        except OSError:
            continue


def shot_of(
    photo: Path | None, blocks: Blocks, sources: Sequence[Source], exif: Source, note: LeicaNote, packet: Packet
) -> Shot:
    """Put together a shot from tags, however they were had: ``sources`` the most trusted first, ``exif`` among them."""
    make, model = _clean(exif.text("Make")), _clean(exif.text("Model"))
    told = [source for source in sources if isinstance(source, XmpTags)]
    lens = _first(_clean(source.own(SIXBIT_LENS)) for source in told)
    aperture = _first(_own_aperture(source) for source in told)
    f_number = aperture or _f_number(sources, note)
    on_m_body = bool(make and model and make.value.lower().startswith("leica") and _LEICA_M.match(model.value))
    zoom = _positive(exif, "DigitalZoomRatio", 1000)
    already, marks = _marks(packet)
    focal_mm, focal_35mm = _focal_lengths(sources)
    return Shot(
        path=photo,
        make=make,
        model=model,
        lens_make=_first(_clean(source.text("LensMake")) for source in sources),
        # What the user said with `sixbit tag` corrects the names and codes of the camera, and stands alone.
        lens_names=(lens,) if lens else _lens_names(sources, note),
        lens_by_user=lens is not None,
        lens_specification=_first(_specification(source) for source in sources),
        lens_serial=_first(_serial(source.text("LensSerialNumber")) for source in sources),
        six_bit=None if lens else _six_bit(note),
        focal_mm=focal_mm,
        focal_35mm=focal_35mm,
        f_number=f_number,
        f_number_by_user=aperture is not None,
        # An M-Adapter L tells no aperture either. What stands in a sidecar was put there by someone who knew it.
        f_number_estimated=f_number is not None
        and aperture is None
        and f_number.tag.startswith(_IN_PHOTO)
        and (on_m_body or note.adapter_code is not None),
        max_aperture=_first(_apex(source, "MaxApertureValue") for source in sources),
        distance_m=_first(_distance(source) for source in sources),
        width=blocks.width,
        height=blocks.height,
        # A HEIC is turned by properties of its own, and its size is that of the turned picture: not a second time.
        orientation=1 if blocks.kind == "HEIC" else _orientation(exif),
        digital_zoom=max(1.0, zoom.value) if zoom else 1.0,
        already_corrected=already,
        marks=marks,
    )


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _float(value: Any) -> float:
    """A number of a tag; NaN for 0/0 and its like, infinity where the numerator says so (EXIF SubjectDistance)."""
    try:
        if isinstance(value, tuple):  # exifread leaves floats in the tuple they were unpacked to
            return float(value[0])
        if getattr(value, "numerator", 0) == _INFINITE:
            return math.inf
        return float(value)
    except (ArithmeticError, ValueError, TypeError, IndexError):
        return math.nan


def fraction(text: str) -> float:
    """A rational number as XMP writes it: ``50/1``."""
    numerator, _, denominator = text.partition("/")
    try:
        if float(numerator) == _INFINITE:
            return math.inf
        return float(numerator) / float(denominator or 1)
    except (ArithmeticError, ValueError):
        return math.nan


def _clean(text: Tagged[str] | None) -> Tagged[str] | None:
    """A text without control characters and surrounding blanks, of bounded length; None if nothing is left of it."""
    if text is None:
        return None
    printable = "".join(c if c.isprintable() else " " for c in text.value.partition("\0")[0][: 4 * LONGEST_TEXT])
    value = printable.strip()[:LONGEST_TEXT].rstrip()
    return None if not value or _SAYS_NOTHING.match(value) else Tagged(value, text.tag)


def _serial(text: Tagged[str] | None) -> Tagged[str] | None:
    cleaned = _clean(text)
    return cleaned if cleaned and cleaned.value.strip("0 ") else None


def _lens_names(sources: Sequence[Source], note: LeicaNote) -> tuple[Tagged[str], ...]:
    """Every text that may name the lens: of each source in turn, and the maker note after the EXIF tags."""
    found: list[Tagged[str]] = []
    for source in sources:
        found.extend(source.lens_names())
        if isinstance(source, _Exif) and note.name:
            found.append(Tagged(*note.name))
    cleaned = (_clean(name) for name in found if not name.value.startswith(" "))
    # A number is no name: aux:LensID and some adapters' LensModel hold one.
    return tuple(name for name in cleaned if name and any(c.isalpha() for c in name.value))


def _positive(source: Source, name: str, most: float) -> Tagged[float] | None:
    """The first number of a tag if it is above zero and not beyond belief."""
    found = source.numbers(name)
    value = found.value[0] if found and found.value else math.nan
    return Tagged(value, found.tag) if found and 0 < value <= most else None


def _focal_lengths(sources: Sequence[Source]) -> tuple[Tagged[float] | None, Tagged[float] | None]:
    """The focal length, and what it is on 24x36: the quotient is the crop factor only if one source tells both."""
    for source in sources:
        if focal := _positive(source, "FocalLength", 10_000):
            return focal, _positive(source, "FocalLengthIn35mmFilm", 65_534)
    return None, _first(_positive(source, "FocalLengthIn35mmFilm", 65_534) for source in sources)


def _apex(source: Source, name: str) -> Tagged[float] | None:
    """An f-number kept as APEX value: N = 2^(Av/2) (EXIF 2.32, annex C). 0 is what bodies write for "unknown"."""
    found = _positive(source, name, 20)
    return found and Tagged(2 ** (found.value / 2), found.tag)


def _own_aperture(source: XmpTags) -> Tagged[float] | None:
    found = source.own(SIXBIT_APERTURE)
    value = fraction(found.value) if found else math.nan
    return Tagged(value, found.tag) if found and 0 < value <= 1000 else None


def _f_number(sources: Sequence[Source], note: LeicaNote) -> Tagged[float] | None:
    return (
        _first(_positive(source, "FNumber", 1000) for source in sources)
        or _first(_apex(source, "ApertureValue") for source in sources)
        or (Tagged(*note.f_number) if note.f_number else None)
    )


def _distance(source: Source) -> Tagged[float] | None:
    """Metres; infinity where the photo says so, None where it says 0 (EXIF: unknown)."""
    found = source.numbers("SubjectDistance")
    value = found.value[0] if found and found.value else math.nan
    return Tagged(value, found.tag) if found and value > 0 else None


def _specification(source: Source) -> Tagged[LensSpecification] | None:
    found = source.numbers("LensSpecification")
    if found is None or len(found.value) != 4:
        return None
    parts = [value if 0 < value < 10_000 else None for value in found.value]
    return Tagged(LensSpecification(*parts), found.tag) if any(parts) else None


def _six_bit(note: LeicaNote) -> Tagged[SixBitCode] | None:
    """The code of the mount, or of the lens chosen in the menu; 0 is an uncoded lens."""
    if note.lens_type and 4 <= note.lens_type < 4 * 64:
        return Tagged(SixBitCode(note.lens_type >> 2, note.lens_type & 3), "MakerNote LensType")
    if note.adapter_code:
        return Tagged(SixBitCode(note.adapter_code, None), "MakerNote 0x0304")
    return None


def _orientation(exif: Source) -> int:
    found = exif.numbers("Orientation")
    value = found.value[0] if found and found.value else 1
    return int(value) if value in range(1, 9) else 1


def _marks(packet: Packet) -> tuple[tuple[str, ...], tuple[Tagged[str], ...]]:
    """Which corrections the photo's own XMP says were made, and the marks that say so."""
    made: set[str] = set()
    marks: list[Tagged[str]] = []
    for name, filter in _MARKS.items():
        value = packet.properties.get(name, "")
        if value.strip().lower() in ("true", "1"):
            made.add(filter)
            marks.append(Tagged(value.strip(), f"XMP {name}"))
    filter_hash = packet.properties.get(f"{SIXBIT_PREFIX}:{SIXBIT_FILTER}", "").strip()
    if filter_hash:
        marks.append(Tagged(filter_hash[:LONGEST_TEXT], f"XMP {SIXBIT_PREFIX}:{SIXBIT_FILTER}"))
        named = packet.properties.get(f"{SIXBIT_PREFIX}:{SIXBIT_CORRECTED}", "").split()
        # Shading has no standard mark: a filter that left none of those did nothing else.
        made.update(named or (() if made else ("shading",)))
    if "lens" in packet.darktable_modules:
        marks.append(Tagged("lens", "XMP darktable:history"))
        made.update(("distortion", "tca", "vignetting"))
    return tuple(filter for filter in KINDS if filter in made), tuple(marks)


def taken_at(path: Path) -> str | None:
    """When a photo was taken, ``2017-07-01 05:30:00`` by the clock of the camera; None if it does not say."""
    with opened(path) as file:
        exif = _exif(photo_blocks(path, file))
    found = exif.text("DateTimeOriginal") or exif.text("DateTime")
    said = re.match(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)", found.value) if found else None
    return f"{said[1]}-{said[2]}-{said[3]} {said[4]}" if said and said[1] != "0000" else None
