"""The boxes of ISO base media files: a still picture of a HEIF or AVIF, and what stands beside it.

ISO/IEC 14496-12 (boxes, items) and ISO/IEC 23008-12 (pictures as items, and their properties).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, NamedTuple

from sixbit.files import limits
from sixbit.files.av1 import coded_size
from sixbit.files.jpeg import bare_exif
from sixbit.values.sentence import Sentence

_CREDENTIALS = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_FILMS = (b"avis", b"msf1", b"hevc", b"hevx")
_HEAD = 4096
"""Bytes of a picture, in which the header that tells its size stands."""
_EXIF, _MIME, _XMP = b"Exif", b"mime", b"application/rdf+xml"
_DERIVED = (b"grid", b"iovl", b"iden")
"""Pictures that are made of others: of tiles, of layers, or of one that is turned."""


class BoxError(ValueError):
    """Boxes that are broken, or cut off."""

    def __init__(self, words: str) -> None:
        super().__init__(words if isinstance(words, Sentence) else Sentence(words))


class Box(NamedTuple):
    """A box: its name, and where its content begins and ends in the file."""

    name: bytes
    at: int
    end: int


def has_credentials(file: BinaryIO) -> bool:
    """True if content credentials stand in a box of their own (C2PA 2.1, annex A; in a JPEG XL ``jumb``)."""
    for box in boxes(file):
        file.seek(box.at)
        if box.name == b"jumb" or (box.name == b"uuid" and file.read(16) == _CREDENTIALS):
            return True
    return False


def boxes(file: BinaryIO, at: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes of a file between two places, one after the other; the last may claim more than there is.

    >>> import io
    >>> list(boxes(io.BytesIO(bytes([0, 0, 0, 12]) + b"freeabcd")))
    [Box(name=b'free', at=8, end=12)]
    """
    end = file.seek(0, io.SEEK_END) if end is None else end
    for _ in range(limits.BOXES):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        size, name = struct.unpack(">I4s", head[:8])
        start = at + 8
        if size == 1 and len(head) == 16:
            (size,), start = struct.unpack(">Q", head[8:]), at + 16
        following = at + size if size else end
        if following < start:
            return
        yield Box(name, start, min(following, end))
        at = following


def until(file: BinaryIO, end: int, most: int) -> bytes:
    """The part of an open file up to a place in it, or the first bytes of that."""
    return file.read(max(0, min(end - file.tell(), most)))


class Item(NamedTuple):
    """One item: its kind (``av01``, ``Exif`` ...), for a MIME item what it is, and its parts by place and length."""

    kind: bytes
    said: bytes
    parts: list[tuple[bool, int, int]]
    """Whether it lies in the tables themselves, its place and its length."""


@dataclass(frozen=True)
class Still:
    """The picture that a HEIF or AVIF shows first. ``codec`` names how it is coded: ``hvc1``, ``av01``, ``unci`` ...

    ``size`` is width and height as coded; ``steps`` are what is done to it after: (``clap``, content), (``irot``,
    content) and (``imir``, content), in their order.
    """

    codec: str
    size: tuple[int, int]
    bits: int
    steps: tuple[tuple[bytes, bytes], ...]
    has_alpha: bool
    has_gain_map: bool
    others: int
    """Further pictures of their own."""
    is_film: bool
    icc: bytes | None = None
    codes: tuple[int, int] | None = None
    """Primaries and transfer curve as ITU-T H.273 numbers them."""
    exif: bytes | None = None
    xmp: bytes | None = None

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height once it is cropped and turned."""
        width, height = self.size
        for name, content in self.steps:
            if name == b"clap" and (rectangle := crop(content, width, height)):
                width, height = rectangle[2:]
            elif name == b"irot" and content[:1] and content[0] & 1:
                width, height = height, width
        return width, height

    @property
    def turned(self) -> int:
        """Exif's orientation by which it is turned."""
        x, y = 1, 2
        for name, content in self.steps:
            if name == b"irot" and content[:1]:
                for _ in range(content[0] & 3):
                    x, y = y, -x
            elif name == b"imir" and content[:1]:
                x, y = (-x, y) if content[0] & 1 else (x, -y)
        return 1 + _ORIENTATIONS.index((x, y))


_ORIENTATIONS = ((1, 2), (-1, 2), (-1, -2), (1, -2), (2, 1), (-2, 1), (-2, -1), (2, -1))
"""Where the point 1, 2 from the middle comes to lie by each of Exif's."""


def crop(content: bytes, width: int, height: int) -> tuple[int, int, int, int] | None:
    """Read what a clean aperture leaves of a picture, as left, top, width, height; None if that is no whole rectangle.

    ISO/IEC 14496-12, section 12.1.4.
    """
    if len(content) < 32:
        return None
    across, a, down, b, aside, c, off, d = struct.unpack(">IIIIiIiI", content[:32])
    if not (a and b and c and d) or across % a or down % b:
        return None
    across, down = across // a, down // b
    left, top = (width - across) / 2 + aside / c, (height - down) / 2 + off / d
    if not 0 < across <= width - left or not 0 < down <= height - top or min(left, top) < 0:
        return None
    return int(left), int(top), across, down


def still(file: BinaryIO) -> Still:
    """Find the first picture of a HEIF or AVIF, its tags and its colours. Raises BoxError."""
    at_top = {box.name: box for box in boxes(file)}
    if b"ftyp" not in at_top or b"meta" not in at_top:
        raise BoxError("its tables are missing")
    file.seek(at_top[b"ftyp"].at)
    brand = file.read(4)
    meta = at_top[b"meta"]
    file.seek(meta.at + 4)
    try:
        return _Tables(file, until(file, meta.end, limits.TABLES), brand in _FILMS).still()
    except (struct.error, IndexError, OverflowError) as error:
        raise BoxError("its tables are cut off") from error


class _Tables:
    """The tables of a file of boxes (``meta``): its items, what they refer to, and their properties."""

    def __init__(self, file: BinaryIO, data: bytes, is_film: bool) -> None:
        self.file, self.is_film = file, is_film
        self.parts = {box.name: data[box.at : box.end] for box in boxes(io.BytesIO(data))}
        self.items = self._items()
        self.references = list(self._references())

    def still(self) -> Still:
        primary = _number(self.parts.get(b"pitm", b""), 4, 4 if self._version(b"pitm") else 2)
        if primary not in self.items:
            raise BoxError("it has no picture")
        properties = self._properties(primary)
        found = dict(reversed(properties))
        coded = self._coded(primary)
        auxiliary = [one for kind, one, of in self.references if kind == b"auxl" and primary in of]
        for one in (primary, *auxiliary):
            self._check_size(one)
        told = properties if b"colr" in found else self._properties(coded)  # some say it of the tiles alone
        colours = [content for name, content in told if name == b"colr"]
        icc = next((one[4:] for one in colours if one[:4] in (b"prof", b"rICC")), None)
        codes = next((struct.unpack(">HH", one[4:8]) for one in colours if one[:4] == b"nclx"), None)
        beside = [one for kind, one, of in self.references if kind == b"cdsc" and primary in of]
        described = [self.items[one] for one in beside or self.items if one in self.items]
        kinds = b" ".join(content for one in auxiliary for name, content in self._properties(one) if name == b"auxC")
        parts = {one for kind, one, _ in self.references if kind in (b"auxl", b"thmb")}
        parts |= {one for kind, _, of in self.references if kind == b"dimg" for one in of}
        pictures = [one for one, item in self.items.items() if item.kind not in (_EXIF, _MIME, b"tmap", b"uri ")]
        return Still(
            codec=self.items[coded].kind.decode("latin-1"),
            size=self._size(primary),
            bits=max(found.get(b"pixi", b"\0\0\0\0\0\x08")[5:] or b"\x08"),
            steps=tuple(step for step in properties if step[0] in (b"clap", b"irot", b"imir")),
            has_alpha=b"alpha" in kinds or b":aux:1" in kinds,
            has_gain_map=b"hdrgainmap" in kinds or any(item.kind == b"tmap" for item in self.items.values()),
            others=len({*pictures} - parts - {primary}),
            is_film=self.is_film,
            icc=icc,
            codes=codes,
            exif=tiff_of(next((self._content(item) for item in described if item.kind == _EXIF), b"")),
            xmp=next((self._content(item) for item in described if item[:2] == (_MIME, _XMP)), None) or None,
        )

    def _version(self, name: bytes) -> int:
        return self.parts.get(name, b"\0")[0]

    def _items(self) -> dict[int, Item]:
        """The items by their number, from the tables of what they are and of where they lie."""
        wide = self._version(b"iinf") > 0
        data = self.parts.get(b"iinf", b"")
        places = self._places()
        found = {}
        for box in boxes(io.BytesIO(data), 8 if wide else 6):
            entry = data[box.at : box.end]
            if box.name != b"infe" or entry[0] < 2:
                continue
            length = 2 if entry[0] == 2 else 4
            number, content = _number(entry, 4, length), entry[6 + length :]
            said = content[4:].partition(b"\0")[2].partition(b"\0")[0]  # behind its name, before its encoding
            found[number] = Item(content[:4], said, places.get(number, []))
        return found

    def _places(self) -> dict[int, list[tuple[bool, int, int]]]:
        """Where the items lie (section 8.11.3)."""
        data = self.parts.get(b"iloc", b"")
        if not data:
            return {}
        version = data[0]
        read = _reader(data, 6)
        of_offset, of_length, of_base = data[4] >> 4, data[4] & 15, data[5] >> 4
        of_index = data[5] & 15 if version else 0
        places = {}
        for _ in range(read(4 if version == 2 else 2)):
            number = read(4 if version == 2 else 2)
            method = read(2) & 15 if version else 0
            read(2)
            base = read(of_base)
            parts = []
            for _ in range(read(2)):
                read(of_index)
                offset, length = read(of_offset), read(of_length)
                parts.append((method == 1, base + offset, length))
            if method < 2:
                places[number] = parts
        return places

    def _references(self) -> Iterator[tuple[bytes, int, list[int]]]:
        """Kinds of references, the item that refers, and those it refers to (section 8.11.12)."""
        data, length = self.parts.get(b"iref", b""), 4 if self._version(b"iref") else 2
        for box in boxes(io.BytesIO(data), 4):
            read = _reader(data, box.at)
            one = read(length)
            yield box.name, one, [read(length) for _ in range(read(2))]

    def _properties(self, item: int) -> list[tuple[bytes, bytes]]:
        """The properties of an item by name and content, in their order."""
        return self._all_properties.get(item, [])

    @cached_property
    def _all_properties(self) -> dict[int, list[tuple[bytes, bytes]]]:
        """Those of all items (ISO/IEC 23008-12, section 9.3)."""
        data = self.parts.get(b"iprp", b"")
        parts = [(box.name, data[box.at : box.end]) for box in boxes(io.BytesIO(data))]
        held = next((content for name, content in parts if name == b"ipco"), b"")
        kept = [(box.name, held[box.at : box.end]) for box in boxes(io.BytesIO(held))]
        found: dict[int, list[tuple[bytes, bytes]]] = {}
        for table in (content for name, content in parts if name == b"ipma"):
            read = _reader(table, 4)
            for _ in range(read(4)):
                number = read(4 if table[0] else 2)
                wide = table[3] & 1
                places = [read(2) & 0x7FFF if wide else read(1) & 0x7F for _ in range(read(1))]
                found.setdefault(number, [kept[place - 1] for place in places if 0 < place <= len(kept)])
        return found

    def _coded(self, item: int) -> int:
        """The picture itself; of one that is made of others, the first of them."""
        for _ in range(8):
            if self.items[item].kind not in _DERIVED:
                return item
            of = next((of for name, one, of in self.references if name == b"dimg" and one == item), [])
            if not of or of[0] not in self.items:
                break
            item = of[0]
        raise BoxError("its tiles are missing")

    def _size(self, item: int) -> tuple[int, int]:
        """Width and height that are said of an item, before it is cropped and turned; 0 x 0 if none are."""
        said = dict(reversed(self._properties(item))).get(b"ispe", bytes(12))
        width, height = struct.unpack(">II", said[4:12])
        return width, height

    def _check_size(self, item: int) -> None:
        """Raise BoxError for an item that is said to be larger than it is coded: a decoder would enlarge it."""
        kind = self.items[item].kind if item in self.items else b""
        if kind == b"av01":
            configuration = dict(self._properties(item)).get(b"av1C", b"")[4:]
            largest = coded_size(self._content(self.items[item], _HEAD)) or coded_size(configuration)
        elif kind == b"grid":
            tiles = {tile for name, one, of in self.references if name == b"dimg" and one == item for tile in of}
            for tile in tiles:
                if self.items.get(tile, Item(b"", b"", [])).kind != b"grid":
                    self._check_size(tile)
            rows, columns = (number + 1 for number in self._content(self.items[item], 4)[2:4].ljust(2, b"\0"))
            sizes = [self._size(tile) for tile in tiles]
            largest = (columns * max(w for w, _ in sizes), rows * max(h for _, h in sizes)) if sizes else None
        else:
            return
        width, height = self._size(item)
        if largest and all(largest) and (width > largest[0] or height > largest[1]):
            raise BoxError(
                Sentence(
                    "it is said to have {width}x{height} pixels, and holds {there_width}x{there_height}",
                    width=width,
                    height=height,
                    there_width=largest[0],
                    there_height=largest[1],
                )
            )

    def _content(self, item: Item, most: int = limits.ITEM) -> bytes:
        held = self.parts.get(b"idat", b"")
        content = b""
        for is_held, at, length in item.parts:
            file = io.BytesIO(held) if is_held else self.file
            if at >= limits.FARTHEST:
                raise BoxError("a part of it lies nowhere")
            file.seek(at)
            content += file.read(min(length or most, most - len(content)))
        return content


def _number(data: bytes, at: int, length: int) -> int:
    if len(data) < at + length:
        raise BoxError("its tables are cut off")
    return int.from_bytes(data[at : at + length], "big")


def _reader(data: bytes, at: int) -> Callable[[int], int]:
    """Reader of one number of so many bytes after the other."""

    def read(length: int) -> int:
        nonlocal at
        number = _number(data, at, length)
        at += length
        return number

    return read


def tiff_of(content: bytes) -> bytes | None:
    """The TIFF structure in an Exif item or box, which begins with the distance to it (ISO/IEC 23008-12, annex A)."""
    if len(content) < 8:
        return None
    block = content[4 + int.from_bytes(content[:4], "big") :]
    return bare_exif(block) or None
