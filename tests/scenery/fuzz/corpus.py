"""What once failed: each file is tried in all ways, in every run of the suite."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from tests.scenery import new_formats, photo_factory, raws
from tests.scenery.fuzz.seeds import SEEDS, whole
from tests.scenery.photo_factory import ASCII, LONG, SHORT, UNDEFINED, Entry, directory, exif, segment, xmp_packet

Kind = str
RESOLUTION: tuple[Entry, ...] = ((0x011A, UNDEFINED, b"x"), (0x0128, SHORT, 2))
PIXELS = bytes((120, 90, 60)) * (48 * 32)


def _seed(name: str, kind: str = "photo") -> bytes:
    return whole(next(seed for seed in SEEDS if seed.name == name and seed.kind == kind))


def _tiff(*entries: Entry, pixels: bytes = PIXELS) -> bytes:
    """An RGB TIFF of one directory, in which these entries go before the usual ones."""
    picture: dict[int, Entry] = {
        tag: (tag, kind, value)
        for tag, kind, value in (
            (0x0100, LONG, 48),
            (0x0101, LONG, 32),
            (0x0102, SHORT, (8, 8, 8)),
            (0x0103, SHORT, 1),
            (0x0106, SHORT, 2),
            (0x0111, LONG, 8),
            (0x0115, SHORT, 3),
            (0x0116, LONG, 32),
            (0x0117, LONG, len(pixels)),
        )
    }
    picture |= {entry[0]: entry for entry in entries}
    at = 8 + len(pixels) + len(pixels) % 2
    return (b"II*\0" + struct.pack("<I", at) + pixels).ljust(at, b"\0") + directory([*picture.values()], at, "<")


def _odd_tiles(width: int) -> bytes:
    """A TIFF of one tile, of a width that nobody would choose."""
    pixels = bytes(width * 32 * 3)
    entries: list[Entry] = [(0x0142, LONG, width), (0x0143, LONG, 32), (0x0144, LONG, 8), (0x0145, LONG, len(pixels))]
    return _tiff(*entries, pixels=pixels)


def _offsets_in_the_header() -> bytes:
    """A TIFF whose list of tiles is said to lie where the file itself begins."""
    photo = _seed("deep.tif")
    at = photo.index(struct.pack("<HHI", 0x0144, LONG, 4)) + 8
    return photo[:at] + struct.pack("<I", 4) + photo[at + 4 :]


def _with_size(photo: bytes, width: int, height: int) -> bytes:
    """A JPEG whose frame header says another size."""
    at = photo.index(b"\xff\xc0") + 5
    return photo[:at] + struct.pack(">HH", height, width) + photo[at + 4 :]


def _scans(many: int, side: int) -> bytes:
    """A progressive JPEG, to whose scans many are added that refine nothing."""
    photo = _with_size(_seed("progressive.jpg").replace(b"\xff\xc2", b"\xff\xc0", 1), side, side)
    photo = photo.replace(b"\xff\xc0", b"\xff\xc2", 1)
    refinement = segment(0xDA, b"\1\1\0\0\0\x10")
    return photo[:-2] + refinement * many + photo[-2:]


def _tags_of_gigabytes() -> bytes:
    """A PNG whose Exif chunk claims to be 4 GB long."""
    return _seed("deep.png")[:33] + struct.pack(">I", 0xFFFF_FFFE) + b"eXIf" + exif()


def _texts(name: bytes, many: int, megabytes: int = 60) -> bytes:
    """A PNG with many chunks that each expand to megabytes of nothing."""
    head = {b"zTXt": b"Comment\0\0", b"iTXt": b"Comment\0\1\0\0\0", b"iCCP": b"a profile\0\0"}[name]
    chunk = (name, head + zlib.compress(bytes(megabytes << 20), 9))
    return photo_factory.with_chunks(_seed("leica.png"), *[chunk] * many)


def _jpeg_of_tags_alone() -> bytes:
    """Its second Exif segment claims to go on behind the end of the file."""
    photo = _seed("parts.jpg")
    at = photo.index(b"\xff\xe1", 4) + 2
    return photo[:at] + b"\xf0\0" + photo[at + 2 :]


def _png_of_one_chunk() -> bytes:
    photo = _seed("leica.png")
    return photo[:8] + struct.pack(">I", 32767) + photo[12:]


def _history(steps: int) -> bytes:
    step = '<rdf:li stEvt:action="saved" stEvt:when="2026-05-04T03:02:01" stEvt:softwareAgent="a program"/>'
    names = (
        'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"'
    )
    return xmp_packet(f"<xmpMM:History {names}><rdf:Seq>{step * steps}</rdf:Seq></xmpMM:History>")


def _software_of_gigabytes() -> bytes:
    """A JPEG whose Software is said to be 2 GB long."""
    tags = exif(more=[(0x0131, ASCII, "a camera's own software")])
    at = tags.index(struct.pack("<HH", 0x0131, ASCII)) + 4
    return photo_factory.jpeg(tags[:at] + struct.pack("<I", 0x7FFF_FFFF) + tags[at + 4 :])


def _tags_before_their_beginning() -> bytes:
    """Tags of which those of the exposure are said to lie before all others."""
    tags = exif(FNumber=[(28, 10)])
    at = tags.index(struct.pack("<HHI", 0x8769, LONG, 1)) + 2
    return photo_factory.jpeg(tags[:at] + struct.pack("<HIi", 9, 1, -1) + tags[at + 10 :])


def _undone_by_many_digits() -> bytes:
    names = 'xmlns:darktable="http://darktable.sf.net/"'
    step = '<rdf:li darktable:operation="lens" darktable:enabled="1"/>'
    history = f"<darktable:history {names}><rdf:Seq>{step}</rdf:Seq></darktable:history>"
    return xmp_packet(f"{history}<darktable:history_end {names}>{'7' * 5000}</darktable:history_end>")


def _properties(many: int) -> bytes:
    own = "".join(f"<dc:p{number}>some text of a property</dc:p{number}>" for number in range(many))
    return xmp_packet(own)


def _raf_with_far_preview() -> bytes:
    photo = bytearray(raws.raf())
    struct.pack_into(">II", photo, 84, 0xFFFFFFF0, 0x7FFFFFFF)
    return bytes(photo)


def _filter(**values: Any) -> bytes:
    return json.dumps(json.loads(_seed("filter.json", "filter")) | values).encode()


def _record(**values: Any) -> bytes:
    return json.dumps(json.loads(_seed("own.calibration.json", "record")) | values).encode()


def _ledger(**values: Any) -> bytes:
    first, second, _ = _seed("ledger.jsonl", "ledger").splitlines()
    return first + b"\n" + json.dumps(json.loads(second) | values).encode() + b"\n"


def _own_lens(old: bytes, new: bytes) -> bytes:
    return _seed("own.xml", "lenses").replace(old, new)


ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31mFAKE"
OVERFLOW = b"9" * 400

CORPUS: Mapping[str, tuple[Kind, Callable[[], bytes]]] = {
    "cut-24.png": ("photo", lambda: _seed("leica.png")[:24]),
    "cut-25.png": ("photo", lambda: _seed("leica.png")[:25]),
    "empty-segments.jpg": (
        "photo",
        lambda: photo_factory.jpeg(before=segment(0xED, b"") + segment(0xFE, b"") + segment(0xE2, b"")),
    ),
    "resolution-alone.tif": ("photo", lambda: _tiff((0x011A, 5, (300, 1)), (0x011B, 5, (300, 1)), (0x0128, SHORT, 2))),
    "escapes.tif": ("photo", lambda: _tiff((0x0106, ASCII, ESCAPES))),
    "iptc-of-one-number.tif": ("photo", lambda: _tiff((0x83BB, LONG, 7))),
    "iptc-of-fractions.tif": ("photo", lambda: _tiff((0x83BB, 5, ((1, 3), (2, 3))))),
    "xmp-of-one-number.tif": ("photo", lambda: _tiff((0x02BC, LONG, 7))),
    "resources-of-one-number.tif": ("photo", lambda: _tiff((0x8649, SHORT, 7))),
    "no-end.jpg": ("photo", _jpeg_of_tags_alone),
    "no-end.png": ("photo", _png_of_one_chunk),
    "one-dimension.tif": (
        "photo",
        lambda: _tiff(
            (0x0101, LONG, 1), (0x0115, SHORT, 1), (0x0102, SHORT, 8), (0x0106, SHORT, 1), (0x0117, LONG, 48)
        ),
    ),
    "many-samples.tif": (
        "photo",
        lambda: _tiff((0x0115, SHORT, 64), (0x0102, SHORT, (16,) * 64), (0x0100, LONG, 6000), (0x0101, LONG, 6000)),
    ),
    "strips-that-are-not-there.tif": (
        "photo",
        lambda: _tiff(
            (0x0101, LONG, 8_388_640), (0x0116, LONG, 4), (0x0111, LONG, (8,) * 8), (0x0117, LONG, (576,) * 8)
        ),
    ),
    "profile-is-a-number.tif": ("photo", lambda: _tiff((0x8773, LONG, 7))),
    "odd-tiles.tif": ("photo", lambda: _odd_tiles(50)),
    "offsets-in-the-header.tif": ("photo", _offsets_in_the_header),
    "far-tiles.tif": ("photo", lambda: _odd_tiles(16 << 10)),
    "strips-of-nothing.tif": (
        "photo",
        lambda: _tiff(
            (0x0100, LONG, 30_000),
            (0x0101, LONG, 3000),
            (0x0103, SHORT, 8),
            (0x0116, LONG, 1),
            (0x0111, LONG, (8,) * 3000),
            (0x0117, LONG, (0,) * 3000),
        ),
    ),
    "orientation-of-no-number.jpg": ("photo", lambda: photo_factory.jpeg(exif(more=[(0x0112, SHORT, b"")]))),
    "a-raw.jpg": ("photo", _raf_with_far_preview),
    "far-preview.raf": ("photo", _raf_with_far_preview),
    "huge.jpg": ("photo", lambda: _with_size(_seed("grey.jpg"), 32_000, 32_000)),
    "scans.jpg": ("photo", lambda: _scans(2000, 8000)),
    "texts.png": ("photo", lambda: _texts(b"zTXt", 30)),
    "international-texts.png": ("photo", lambda: _texts(b"iTXt", 60)),
    "profiles.png": ("photo", lambda: _texts(b"iCCP", 100)),
    "history.png": ("photo", lambda: photo_factory.png(exif(), _history(5000), compressed=True)),
    "properties.png": ("photo", lambda: photo_factory.png(exif(), _properties(4000), compressed=True)),
    "tags-of-gigabytes.png": ("photo", _tags_of_gigabytes),
    "software-of-gigabytes.jpg": ("photo", _software_of_gigabytes),
    "tags-before-their-beginning.jpg": ("photo", _tags_before_their_beginning),
    "resolution-is-one-number.jpg": ("photo", lambda: photo_factory.jpeg(exif(more=RESOLUTION))),
    "many-digits.dng.xmp": ("sidecar", _undone_by_many_digits),
    "cut.webp": ("photo", lambda: new_formats.webp()[:18]),
    "properties.dng.xmp": ("sidecar", lambda: _properties(4000)),
    "seven-planes.json": ("filter", lambda: _filter(warp=[[1.0, 0.0, 0.01]] * 7, gain=[[1.0]] * 9)),
    "no-coefficients.json": ("filter", lambda: _filter(warp=[[]])),
    "flat-map.json": ("filter", lambda: _filter(gain_map=[[1.0, 1.0]])),
    "no-diagonal.json": ("filter", lambda: _filter(half_diagonal=1e-300)),
    "quality-beyond.json": ("preset", lambda: b'{"label": "a", "format": "JPEG", "quality": 1e400}'),
    "brackets.json": ("preset", lambda: b"[" * 100_000),
    "brackets-choices.json": ("choices", lambda: b"[" * 100_000),
    "half-a-character.json": ("choices", lambda: _seed("choices.json", "choices").replace(b"LEICA M10", b"\\ud800")),
    "no-choices.json": ("choices", lambda: b""),
    "brackets.jsonl": ("ledger", lambda: b"[" * 100_000 + b"\n"),
    "targets-of-numbers.jsonl": ("ledger", lambda: b'{"ledger": 1, "targets": {"photo.jpg": 1.5}}\n'),
    "targets-are-one.jsonl": ("ledger", lambda: b'{"ledger": 1, "targets": 1}\n'),
    "odd-record.jsonl": ("ledger", lambda: _ledger(status=None, stem=[], settings={}, fingerprint=7, out=3)),
    "source-is-a-list.jsonl": ("ledger", lambda: b'{"source": ["photo.jpg"]}\n'),
    "date.calibration.json": ("record", lambda: _record(date=20260504)),
    "bogus-encoding.xml": ("lenses", lambda: _own_lens(b"utf-8", b"bogus")),
    "beyond-numbers.xml": ("lenses", lambda: _own_lens(b'b="-0.02"', b'b="' + OVERFLOW + b'"')),
    "centre.xml": ("lenses", lambda: _own_lens(b'x="0.01"', b'x="left"')),
    "far-centre.xml": ("lenses", lambda: _own_lens(b'x="0.01"', b'x="inf"')),
    "no-height.xml": ("lenses", lambda: _own_lens(b">3:2<", b">3:0<")),
    "no-sensor.xml": ("lenses", lambda: _own_lens(b"<cropfactor>1.0<", b"<cropfactor>nan<")),
    "beyond-fall-off.xml": (
        "lenses",
        lambda: _own_lens(b'k1="-1.2"', b'k1="' + OVERFLOW + b'"').replace(b'k1="-0.5"', b'k1="' + OVERFLOW + b'"'),
    ),
}
"""By the names of the files: the kind, and how it is made."""
