"""Where a photo was taken, as its metadata tells: in Exif, maker notes, XMP, keywords and names of texts.

What is cleared is overwritten, not only unlinked: its bytes are nowhere in what is returned. XMP has no list of all
properties that name a place: they are known by the words of their names, in whatever namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from sixbit.files import limits, tiff
from sixbit.files.exiv2 import erase, erase_where, loaded_exiv2

_WORDS = frozenset(
    {"gps", "geo", "geotag", "geotags", "geohash", "georss", "latitude", "longitude", "longtitude", "altitude"}
    | {"coordinates", "location", "locations", "sublocation", "locality", "spatial", "landmark"}
    | {"city", "country", "province", "county", "continent", "municipality"}
)
"""Words in the names of properties that tell a place (IPTC, Exif, Darwin Core, makers of drones: "GpsLongtitude")."""
_RUN_TOGETHER = re.compile("gps|latitude|longt?itude|geo(?:loc|pos|tag|hash|rss)|sublocation|country")
"""Such words in names that do not show where words begin, as ``gpslatitude``."""
_NAMES = frozenset(
    {"lat", "lon", "long", "lng", "latlon", "latlong", "latlng", "point", "state", "worldregion", "coverage"}
    | {"region-name", "place", "placename"}
    | {"aufnahmeort", "fundort", "ortsname", "stadt", "bundesland", "breitengrad", "längengrad", "koordinaten"}
    | {"emplacement", "localisation", "ville", "coordonnées", "ubicación", "ciudad", "latitud", "longitud"}
    | {"coordenadas", "posizione", "città", "latitudine", "longitudine", "coordinate"}
)
"""Whole names of properties (W3C's WGS84 positions, GeoRSS, photoshop, IPTC, Dublin Core), and of texts, that do so."""
_OTHERS = frozenset({"subjectlocation"})
"""Names with such a word that tell of a place in the picture (EXIF 2.32, section 4.6.5)."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_MACHINE_TAG = re.compile(r"geo:(lat|lon|long|alt)\w*=.*|geotagged", re.IGNORECASE)
"""Keywords that hold coordinates (the machine tags of Flickr)."""
_PATH = re.compile(r"[|/]")
_ROOT = re.compile(r"[|/:]")
"""What stands behind the beginning of a hierarchy: keywords are also written as ``Place: Rome``."""
_ROOTS = frozenset(
    {"place", "places", "location", "locations", "geography", "geo", "countries", "cities"}
    | {"ort", "orte", "standort", "standorte", "städte", "länder"}
    | {"lieu", "lieux", "pays", "luogo", "luoghi", "lugar", "lugares"}
)
"""What hierarchies of keywords about places begin with."""
_CATEGORIES = "Xmp.acdsee.categories"
"""A hierarchy as XML in a text, which ACDSee and digiKam write."""
_CATEGORY = re.compile(r"(<(/?)Category\b[^>]*>)([^<]*)")
_NESTED = re.compile(r"(Xmp\.mwg-kw\.Keywords/mwg-kw:Hierarchy\[\d+\])(/.*)?/mwg-kw:Keyword")
"""A hierarchy of structures, in the words of the Metadata Working Group."""

_EXIF_BLOCK = re.compile(rb"Exif\0\0(?=II\*\0|MM\0\*)")
_OTHER_BLOCK = re.compile(
    rb"\xff(?:\xe1(..)http://ns\.adobe\.com/x(?:ap/1\.0|mp/extension)/\0|\xed(..)Photoshop 3\.0\0)", re.DOTALL
)
"""Segments of a JPEG with Exif, and those with XMP or image resources, their lengths in them."""
_TELLING = frozenset({tiff.GPS, tiff.XMP, tiff.IPTC, tiff.RESOURCES, tiff.LAYERS})
"""Tags of an Exif block that tell a place, or hold metadata that can, for which a file has another place."""


class _Note(NamedTuple):
    """A maker note that can tell a place: where its directory lies, and which of its tags do."""

    directory: int
    """From the note's beginning."""
    base: int | None
    """What offsets count from: the note's beginning and so many bytes; None: the Exif block."""
    tags: frozenset[int]


_PANASONIC = frozenset({0x67, 0x69, 0x6B, 0x6D, 0x6F, 0x80})
_NOTES = {
    b"Panasonic\0\0\0": _Note(12, None, _PANASONIC),
    b"LEICA\0\0\0": _Note(8, None, _PANASONIC),  # of the cameras that Panasonic makes
    b"Nikon\0\2": _Note(18, 10, frozenset({0x39})),
}
"""Of notes by their beginnings (ExifTool's tag tables: Panasonic, Nikon LocationInfo)."""


# Exif ---------------------------------------------------------------------------------------------------------------


def clear_exif(exif: bytes, places: frozenset[str] = frozenset()) -> bytes:
    """An Exif block of the same length without what tells a place; raises StructureError for one that is broken.

    ``places`` are the keywords that were found to be one elsewhere.
    """
    return clear_previews(_cleared(exif, places), places)


def clear_previews(data: bytes, places: frozenset[str] = frozenset()) -> bytes:
    """Any bytes, of the same length, in which JPEGs tell no place: they keep their Exif data, and lose XMP and IPTC."""
    cleared = bytearray(data)
    for found in _EXIF_BLOCK.finditer(data):
        block = bytes(cleared[found.end() : found.end() + 0xFFFF])
        with suppress(tiff.StructureError):
            cleared[found.end() : found.end() + len(block)] = _cleared(block, places)
    for found in _OTHER_BLOCK.finditer(data):
        content, size = found.start() + 4, int.from_bytes(found[1] or found[2], "big") - 2
        cleared[content : content + size] = bytes(len(cleared[content : content + size]))
    return bytes(cleared)


def _cleared(exif: bytes, places: frozenset[str]) -> bytes:
    block = tiff.Structure(exif)
    _clear_note(block)
    entries, second = block.directory(block.first_at)
    photo = block.number(tiff.find(entries, tiff.EXIF)) or 0
    _clear_directory(block, block.first_at, places)
    _clear_directory(block, photo, places)
    with suppress(tiff.StructureError):
        _clear_directory(block, second, places)
    return block.content()


def _clear_directory(block: tiff.Structure, at: int, places: frozenset[str]) -> None:
    telling = set(_TELLING)
    for entry in block.directory(at)[0]:
        if entry.tag == tiff.GPS:
            _erase_all(block, block.unpack("I", entry.value)[0])
        elif entry.tag in _TELLING:
            _erase(block, entry)
        elif entry.tag == tiff.KEYWORDS and not _has_keywords_left(block, entry, places):
            telling.add(entry.tag)
    block.remove(at, telling)


def _has_keywords_left(block: tiff.Structure, entry: tiff.Entry, places: frozenset[str]) -> bool:
    """Overwrite the keywords of Windows with those that are no place; False if that is none of them."""
    offset = block.offset(entry)
    old = entry.value[: entry.size] if offset is None else block.read(offset, entry.size)
    new = without_places(old, places)
    if new == old:
        return True
    _erase(block, entry)
    if offset is None or not new:
        return False
    block.write(offset, new)
    # A value of up to four bytes would stand in the entry itself: a short one keeps a second zero.
    unit = entry.size // entry.length
    block.write(entry.at + 4, block.pack("I", max(len(new), 6) // unit))
    return True


def clear_notes(data: bytes) -> bytes:
    """A TIFF file, of the same length, whose maker note tells no place; one that is none is left as it is."""
    with suppress(tiff.StructureError):
        block = tiff.Structure(data)
        _clear_note(block)
        return block.content()
    return data


def _clear_note(block: tiff.Structure) -> None:
    with suppress(tiff.StructureError):
        entry = tiff.find(block.sub(tiff.EXIF), tiff.MAKER_NOTE)
        if entry is None or entry.size <= 4:
            return
        start = block.unpack("I", entry.value)[0]
        data = block.read(start, entry.size)
        for beginning, note in _NOTES.items():
            if not data.startswith(beginning):
                continue
            if note.base is None:
                telling = [one for one in block.directory(start + note.directory)[0] if one.tag in note.tags]
                if any(not start <= (block.offset(one) or start) < start + entry.size for one in telling):
                    # It was moved by a program that did not know it: nobody can find its values.
                    block.write(start, bytes(entry.size))
                else:
                    _erase_all(block, start + note.directory, note.tags)
            else:
                inner = tiff.Structure(data[note.base :])
                _erase_all(inner, inner.first_at, note.tags)
                block.write(start + note.base, inner.content())


def _erase_all(block: tiff.Structure, at: int, tags: frozenset[int] | None = None) -> None:
    """Overwrite the values of the directory at ``at``, those of these tags alone; of all: the entries, too."""
    for entry in block.directory(at)[0]:
        if tags is None or entry.tag in tags:
            _erase(block, entry)
        if tags is None:
            block.write(entry.at, bytes(12))


def _erase(block: tiff.Structure, entry: tiff.Entry) -> None:
    offset = block.offset(entry)
    if offset is None:
        block.write(entry.at + 8, bytes(4))
    else:
        block.write(offset, bytes(len(block.read(offset, entry.size))))


# XMP and texts ------------------------------------------------------------------------------------------------------


def names_place(name: str) -> bool:
    """True for the name of a property or of a text that tells a place, without its namespace.

    >>> [names_place(name) for name in ("GPSLatitude", "LocationShown", "City", "HDRCapacityMax", "SubjectLocation")]
    [True, True, True, False, False]
    """
    words, small = (word.lower() for word in _WORD.findall(name)), name.lower()
    if small in _OTHERS:
        return False
    return small in _NAMES | _ROOTS or bool(_RUN_TOGETHER.search(small)) or not _WORDS.isdisjoint(words)


def clear_xmp(data: Any, places: frozenset[str] = frozenset()) -> frozenset[str]:
    """Erase from exiv2's XMP data what tells a place; return the keywords that were found to be one, and these."""
    exiv2 = loaded_exiv2()
    erase_where(data, lambda datum: _key_names_place(datum.key()))
    lists = [datum for datum in data if datum.typeName() in ("XmpBag", "XmpSeq", "XmpAlt")]
    items = {datum.key(): list(datum.value()) for datum in lists}
    places |= places_in([*(text for texts in items.values() for text in texts), *_paths(data)])
    _blank_hierarchies(data, places)
    for key, texts in items.items():
        kept = [text for text in texts if not is_place(text, places)]
        if not kept:
            erase(data, key)
        elif kept != texts:
            value = exiv2.XmpArrayValue(data[key].typeId())
            for text in kept:
                value.read(text)
            data[key] = value
    return places


def _paths(data: Any) -> Iterator[str]:
    """The keywords in hierarchies that are no lists, each behind what it is below."""
    for datum in data:
        key, text = datum.key(), str(datum.value())
        if key == _CATEGORIES:
            path: list[str] = []
            for _, closes, name in _CATEGORY.findall(text):
                path = path[:-1] if closes else [*path, name.strip()]
                yield "|".join(path)
        elif (found := _NESTED.fullmatch(key)) and found[2]:
            root = f"{found[1]}/mwg-kw:Keyword"
            yield f"{data[root].value() if root in data else ''}|{text}"


def _blank_hierarchies(data: Any, places: frozenset[str]) -> None:
    """Leave no name in these hierarchies that is a place; their shape stays."""

    def kept(found: re.Match[str]) -> str:
        return found[1] if is_place(found[3].strip(), places) else found[0]

    for key, text in [(datum.key(), str(datum.value())) for datum in data]:
        if key == _CATEGORIES:
            data[key] = _CATEGORY.sub(kept, text)
        elif _NESTED.fullmatch(key) and is_place(text, places):
            data[key] = ""


def is_place(keyword: str, places: Iterable[str] = ()) -> bool:
    """True for a keyword that is a place: a machine tag, a path below ``Places``, or one of these that were found.

    >>> [is_place(keyword) for keyword in ("geo:lat=47.37", "Places|Italy|Rome", "Animals|Dog")]
    [True, True, False]
    """
    return keyword in places or bool(_MACHINE_TAG.fullmatch(keyword)) or bool(places_in([keyword]))


def without_places(keywords: bytes, places: frozenset[str]) -> bytes:
    """The keywords of Windows (XPKeywords: UTF-16, little endian, divided by semicolons) that are no place.

    They are the same bytes if none of them is a place, and no bytes if all of them are.

    >>> without_places("Rome;dog".encode("utf-16-le"), frozenset({"Rome"})).decode("utf-16-le")
    'dog\\x00'
    """
    words = words_of_windows(keywords)
    places |= places_in(word.strip() for word in words)
    kept = [word for word in words if not is_place(word.strip("\0 "), places)]
    if kept == words:
        return keywords
    return f"{';'.join(kept)}\0".encode("utf-16-le") if kept else b""


def words_of_windows(keywords: bytes) -> list[str]:
    """The words of XPKeywords, with the spaces around them."""
    return keywords.decode("utf-16-le", "replace").rstrip("\0").split(";")


def keywords_in(exif: bytes | None) -> list[str]:
    """The keywords of Windows in an Exif block; none if it is broken."""
    with suppress(tiff.StructureError):
        block = tiff.Structure(exif or tiff.EMPTY)
        if found := tiff.find(block.first(), tiff.KEYWORDS):
            return [word.strip("\0 ") for word in words_of_windows(block.data(found, limits.COPIED))]
    return []


def places_in(keywords: Iterable[str]) -> frozenset[str]:
    """The places that hierarchies of keywords name, each step of them.

    >>> sorted(places_in(["Places|Italy|Rome", "Place: Bern", "Animals|Dog"]))
    ['Bern', 'Italy', 'Rome']
    """
    split = (_ROOT.split(keyword, maxsplit=1) for keyword in keywords)
    paths = (path for root, *path in split if root.strip().lower() in _ROOTS)
    return frozenset(step.strip() for below in paths for path in below for step in _PATH.split(path))


def _key_names_place(key: str) -> bool:
    """True if any part of a key of exiv2 names a place: ``Xmp.xmpMM.Pantry[1]/photoshop:City``."""
    _, prefix, path = key.split(".", 2)
    names = (part.split("[")[0].rpartition(":")[2] for part in path.split("/"))
    return prefix.lower().startswith("geo") or any(map(names_place, names))
