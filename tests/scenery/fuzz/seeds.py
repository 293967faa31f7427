"""Whole files to begin with, one of each structure that Sixbit reads: small, and made by a script."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import tifffile
from PIL import Image

from sixbit.export.presets import load
from sixbit.raw.opcodes import WarpRectilinear, packed
from sixbit.values.filter import Filter
from tests.scenery import dngs, gain_maps, new_formats, photo_factory, raws
from tests.scenery.batch_photos import KNOWN, scene
from tests.scenery.icc_profiles import rgb_profile
from tests.scenery.photo_factory import ASCII, LONG, SHORT, exif, segment, xmp_packet

SIZE = (48, 32)
LENS, NAME = "summicron-35-asph", raws.NAME


class Seed(NamedTuple):
    """A file: its kind, which says what is done with it, its name, and how it is made."""

    kind: str
    name: str
    made: Callable[[], bytes]


def _xmp() -> bytes:
    place = "<dc:subject><rdf:Bag><rdf:li>Rome</rdf:li><rdf:li>street</rdf:li></rdf:Bag></dc:subject>"
    return xmp_packet(place, aux_Lens="Summicron-M 1:2/35 ASPH.", exif_GPSLatitude="41,53.5N", exif_FNumber="28/10")


def _sidecar() -> bytes:
    body, properties = photo_factory.darktable_history(("exposure", 1), ("lens", 0), ("crop", 1))
    return xmp_packet(body, aux_Lens="Summicron 50", crs_LensProfileName="Adobe (Elmarit-M)", **properties)


def _iptc() -> bytes:
    record = b"".join(b"\x1c\x02" + bytes([k]) + struct.pack(">H", 4) + b"Rome" for k in (25, 90, 101))
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record + b"\0" * (len(record) % 2)
    return segment(0xED, b"Photoshop 3.0\0" + resource + b"8BIM\x04\x25\0\0\0\0\0\x10" + bytes(16))


def _encoded(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    data = io.BytesIO()
    picture = Image.fromarray(scene(*SIZE))
    (picture.quantize(8) if mode == "P" else picture.convert(mode)).save(data, kind, **options)
    return data.getvalue()


def _jpeg() -> bytes:
    profile = b"ICC_PROFILE\0\1\1" + rgb_profile("Adobe RGB", gamma=2.2)
    tags = exif(maker_note=photo_factory.m10_note(NAME), Orientation=6, interop="R98", **KNOWN)
    before = _iptc() + segment(0xE2, profile) + segment(0xFE, b"a comment")
    return photo_factory.jpeg(tags, _xmp(), before=before, picture=_encoded("JPEG", quality=90))


def _jpeg_of_parts() -> bytes:
    """Its note stands behind the picture, and it has restart markers, blocks of 4:2:0 and a second Exif segment."""
    note = photo_factory.m240_note(NAME)
    photo = photo_factory.jpeg_with_trailing_note(note, **KNOWN)
    return photo[:2] + segment(0xE1, b"Exif\0\0" + exif(Software="another")) + photo[2:]


def _ultra_hdr() -> bytes:
    picture = photo_factory.jpeg(exif(**KNOWN), picture=_encoded("JPEG"))
    gain_map = gain_maps.encoded(gain_maps.dots(24, 16))
    return gain_maps.ultra_hdr(picture, gain_map, gain_maps.meaning(), gain_maps.meaning_by_iso())


def _png() -> bytes:
    picture = photo_factory.png(exif(maker_note=photo_factory.m9_note(18), **KNOWN), _xmp(), compressed=True)
    raw = b"\nexif\n      10\n" + b"45786966000049492a00\n"
    chunks = (
        (b"iCCP", b"Adobe RGB\0\0" + zlib.compress(rgb_profile("Adobe RGB", gamma=2.2))),
        (b"gAMA", struct.pack(">I", 45455)),
        (b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
        (b"tEXt", b"Comment\0a comment"),
        (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw)),
        (b"iTXt", b"Title\0\1\0en\0title\0" + zlib.compress(b"a title")),
        (b"cICP", b"\1\13\0\1"),
        (b"tIME", struct.pack(">HBBBBB", 2026, 5, 4, 3, 2, 1)),
    )
    return photo_factory.with_chunks(picture, *chunks[:1], *chunks[2:6], chunks[7])


def _png_16() -> bytes:
    pixels = np.dstack([scene(*SIZE), scene(*SIZE)[..., :1]]).astype(np.uint16) * 257
    return photo_factory.with_chunks(new_formats.interlaced_png(pixels), (b"cICP", b"\1\15\0\1"))


def _tiff() -> bytes:
    more = photo_factory.m9_note(4 * 6 + 2)
    return photo_factory.tiff(KNOWN, SIZE, pixels=scene(*SIZE).tobytes(), maker_note=more, xmp=_xmp(), order=">")


def _by_tifffile(pixels: Any, **options: Any) -> Callable[[], bytes]:
    def made() -> bytes:
        data = io.BytesIO()
        tifffile.imwrite(data, pixels(), photometric="rgb", software="a program", metadata=None, **options)
        return data.getvalue()

    return made


def _dng() -> bytes:
    """A thumbnail with its pixels, and a raw picture of 16 bits below it."""
    raw = [(0x00FE, LONG, 0), (0x0100, LONG, 64), (0x0101, LONG, 48), (0x0102, SHORT, 16), (0x0103, SHORT, 1)]
    raw += [(0x0106, SHORT, 32803), (0x0115, SHORT, 1), (0x0116, LONG, 48), (0x0117, LONG, 64 * 48 * 2)]
    raw += [(0x828D, SHORT, (2, 2)), (0x828E, photo_factory.BYTE, (0, 1, 1, 2))]
    small = scene(16, 12).tobytes()
    first = [(0x00FE, LONG, 1), (0x0100, LONG, 16), (0x0101, LONG, 12), (0x0102, SHORT, (8, 8, 8))]
    first += [(0x0103, SHORT, 1), (0x0106, SHORT, 2), (0x0115, SHORT, 3), (0x0116, LONG, 12)]
    first += [(0x0117, LONG, len(small)), (0xC612, photo_factory.BYTE, (1, 4, 0, 0))]
    first += [(0xC614, ASCII, "Leica M10"), (0xC621, photo_factory.SRATIONAL, ((1, 1), (0, 1), (0, 1)) * 3)]

    def built(at: int) -> bytes:
        places = [[*raw, (0x0111, LONG, at + len(small))]]
        note = photo_factory.m8_note(26, dng=True)
        return exif(more=[*first, (0x0111, LONG, at)], sub_ifds=places, maker_note=note, xmp=_xmp(), **KNOWN)

    return built(len(built(0))) + small + np.arange(64 * 48, dtype="<u2").tobytes()


def _carrying() -> bytes:
    """A raw with opcodes of a camera, in all that a camera writes around it."""
    opcodes = packed([WarpRectilinear(((1.0, -0.02, 0.0, 0.0),) * 3)])
    return dngs.dng("raw last below", ">", "tiles", more={0xC740: (7, opcodes)}, pixels=dngs.flat((128, 96)))


def _lenses() -> bytes:
    return b"""<?xml version="1.0" encoding="utf-8"?>
<lensdatabase version="1">
    <mount><name>Leica M</name></mount>
    <camera><maker>Own</maker><model>Own M</model><mount>Leica M</mount><cropfactor>1.0</cropfactor></camera>
    <lens>
        <maker>Thypoch</maker><model>Thypoch Simera 35mm f/1.4 ASPH.</model><model lang="en">Simera 35</model>
        <mount>Leica M</mount><cropfactor>1.0</cropfactor><aspect-ratio>3:2</aspect-ratio><center x="0.01" y="0"/>
        <calibration>
            <distortion model="ptlens" focal="35" a="0.01" b="-0.02" c="0.01"/>
            <tca model="poly3" focal="35" vr="1.0001" vb="0.9999"/>
            <vignetting model="pa" focal="35" aperture="1.4" distance="10" k1="-1.2" k2="0.7" k3="-0.2"/>
            <vignetting model="pa" focal="35" aperture="4" distance="1000" k1="-0.5" k2="0.1" k3="0"/>
        </calibration>
    </lens>
    <lens><maker>Leica</maker><model>Summicron-M 1:2/35 ASPH.</model><mount>Leica M</mount><cropfactor>1</cropfactor>
        <calibration><distortion model="poly3" focal="35" k1="-0.01"/></calibration></lens>
</lensdatabase>
"""


def _record() -> bytes:
    plane = {"radial": [1.0, 0.0, -0.1], "surface": [[1, 0, 0.02]]}
    record = {"sixbit_calibration": 1, "lens_id": LENS, "lens": NAME, "kinds": ["distortion"]}
    record |= {"crop_factor": 1.0, "aspect_ratio": 1.5, "focal_mm": 35.0, "source": "6 photos with lines"}
    record |= {"date": "2026-05-04T03:02:01.000000+00:00", "f_number": 4.0, "distance_m": None}
    record |= {"make": "Leica Camera AG", "model": "LEICA M10"}
    shading = {"kinds": ["distortion", "shading"], "shading": {"red": plane, "blue": plane, "landscape": True}}
    return json.dumps(record | shading, indent=1).encode()


def _bundle() -> bytes:
    plane = {"radial": [1.0, 0.0, -0.1], "surface": [[1, 0, 0.02]]}
    run = {"date": "2026-05-04", "source": "2 flat frames", "grade": "measured", "make": "Leica", "model": "LEICA M10"}
    run |= {"crop_factor": 1.0, "aspect_ratio": 1.5, "focal_mm": 35.0, "f_number": 2.0, "distance_m": 3.0}
    fall_off = {"model": "pa", "terms": [-0.9, 0.5, -0.2]}
    lines = run | {"models": {"distortion": {"model": "ptlens", "terms": [0.01, -0.02, 0.01]}}, "f_number": None}
    flats = run | {"models": {"vignetting": fall_off}, "shading": {"red": plane, "blue": plane, "landscape": True}}
    head = {"sixbit_bundle": 1, "sixbit": "0.1.0", "lens_id": LENS, "lens": NAME}
    return json.dumps(head | {"runs": [lines, flats]}, indent=1).encode()


def _ledger() -> bytes:
    done = {"source": "photo.jpg", "stem": "photo", "settings": "0", "fingerprint": [[1, 2], None, None]}
    done |= {"choices": "", "chosen": None, "status": "corrected", "reason": None, "message": "done", "codes": []}
    done |= {"lens": LENS, "out": "photo.jpg", "out_size": 5, "notes": ["a note"], "thumbnails": []}
    rows = [{"ledger": 1, "targets": {"photo.jpg": "photo", "gone.jpg": "gone"}}, done]
    return b"".join(json.dumps(row).encode() + b"\n" for row in (*rows, done | {"source": "gone.jpg"}))


def _choices() -> bytes:
    row = {"make": "Leica Camera AG", "model": "LEICA M10", "name": "Summicron-M 1:2/35 ASPH.", "focal_mm": None}
    rows = [row | {"lens_id": LENS}, row | {"name": "", "focal_mm": 35.0, "lens_id": "elmarit-28-iv"}]
    return json.dumps(rows, indent=2).encode()


def _filter() -> bytes:
    warp = tuple((1.0, 0.0, share, -0.002) for share in (0.01, 0.0101, 0.0099))
    made = Filter(*SIZE, (23.5, 15.5), 28.2, warp, ((1.0, 0.0, 0.3),), np.ones((3, 4, 6)), made_from={"lens": "a lens"})
    return made.to_json().encode()


def _requests() -> bytes:
    picture = {"file": "pixels.bin", "width": SIZE[0], "height": SIZE[1], "channels": 3, "type": "uint8"}
    use = {"lens": LENS, "crop_factor": 1.0, "f_number": 4, "strength": {"tca": 0.5}, "grades": ["measured"]}
    use |= {"corrections": ["distortion", "tca"], "size": [*SIZE], "frame": None, "scale": "fill"}
    tags = {"Exif.Image.Model": "LEICA M10", "Exif.Photo.LensModel": "Summicron 50", "Exif.Photo.FNumber": "28/10"}
    icc = base64.b64encode(rgb_profile("Adobe RGB", gamma=2.2)).decode()
    requests: list[Mapping[str, Any]] = [
        {"do": "hello", "protocol": 1, "client": "an editor"},
        {"do": "identify", "photo": "photo.jpg"},
        {"do": "identify", "tags": tags, "size": [5976, 3992]},
        {"do": "open", "offset": 0, "icc": icc, "stands_for": None, **picture},
        {"do": "compile", **use},
        {"do": "preview", "picture": 1, "filter": 2, "view": [0, 0, 48, 32], "size": [24, 16], "file": "room.bin"},
        {"do": "apply", "picture": 1, "filter": 2, "interpolation": "bilinear", "file": "room.bin", "offset": 0},
        {"do": "compile", **use, "photo": "photo.jpg", "window": [1, 2, 20, 20], "compensated_for": "a lens"},
        {"do": "remember", "photo": "photo.jpg", "lens": "elmarit-28-iv"},
        {"do": "lens_tags", "lens": LENS, "f_number": 4, "compensated_for": "a lens"},
        {"do": "presets", "preset": "web-jpeg"},
        {"do": "export", "photo": "photo.jpg", "folder": "written", "preset": "full-jpeg", "lens": LENS, "force": True},
        {"do": "batch", "photos": ["photo.jpg"], "folder": "written", "preset": "full-jpeg"},
        {"do": "cancel", "cancel": 4},
        {"do": "close", "picture": 1},
    ]
    return b"".join(json.dumps({"id": k} | {**request}).encode() + b"\n" for k, request in enumerate(requests))


def _preset() -> bytes:
    content = load("web-jpeg").content() | {"strength": {"tca": 0.5}, "file_name": "{stem}-{lens}-{date}"}
    return json.dumps(content, indent=2).encode()


def _deep() -> Any:
    return scene(64, 48).astype(np.uint16) * 257


SEEDS: tuple[Seed, ...] = (
    Seed("photo", "leica.jpg", _jpeg),
    Seed("photo", "parts.jpg", _jpeg_of_parts),
    Seed("photo", "trailer.jpg", lambda: photo_factory.jpeg_with_trailing_note(photo_factory.m240_note(NAME), **KNOWN)),
    Seed(
        "photo", "progressive.jpg", lambda: photo_factory.jpeg(exif(**KNOWN), picture=_encoded("JPEG", progressive=1))
    ),
    Seed("photo", "grey.jpg", lambda: photo_factory.jpeg(exif(order=">", **KNOWN), picture=_encoded("JPEG", "L"))),
    Seed("photo", "cmyk.jpg", lambda: _encoded("JPEG", "CMYK")),
    Seed("photo", "hdr.jpg", _ultra_hdr),
    Seed("photo", "leica.png", _png),
    Seed("photo", "deep.png", _png_16),
    Seed(
        "photo", "palette.png", lambda: photo_factory.png(exif(**KNOWN), picture=_encoded("PNG", "P", transparency=3))
    ),
    Seed("photo", "leica.tif", _tiff),
    Seed("photo", "deep.tif", _by_tifffile(_deep, tile=(32, 32), compression="deflate", predictor=True)),
    Seed("photo", "float.tif", _by_tifffile(lambda: _deep() / np.float32(65535), compression="lzw", rowsperstrip=8)),
    Seed("photo", "jpeg.tif", _by_tifffile(lambda: scene(64, 48), compression="jpeg", tile=(32, 32))),
    Seed("photo", "planes.tif", _by_tifffile(lambda: scene(*SIZE).transpose(2, 0, 1))),
    Seed("photo", "big.tif", lambda: new_formats.bigtiff(KNOWN, _xmp())),
    Seed("photo", "leica.dng", _dng),
    Seed("photo", "carrying.dng", _carrying),
    Seed("photo", "whole.dng", lambda: dngs.dng(pixels=dngs.flat((150, 100)))),
    Seed("photo", "phone.heic", lambda: photo_factory.heic(exif(**KNOWN), _xmp())),
    Seed("photo", "plain.heif", new_formats.uncompressed_heif),
    Seed("photo", "phone.avif", lambda: new_formats.avif(exif(Orientation=6, **KNOWN), _xmp())),
    Seed("photo", "phone.webp", lambda: new_formats.webp(exif(**KNOWN), _xmp())),
    Seed("photo", "lossy.webp", lambda: _encoded("WEBP", quality=80)),
    Seed("photo", "phone.jxl", lambda: new_formats.jxl(exif(**KNOWN), _xmp(), pieces=2)),
    Seed("photo", "brotli.jxl", lambda: new_formats.jxl(exif(**KNOWN), _xmp(), compressed=True)),
    Seed("photo", "canon.cr3", raws.cr3),
    Seed("photo", "fuji.raf", raws.raf),
    Seed("sidecar", "photo.dng.xmp", _sidecar),
    Seed("sidecar", "photo.jpg.xmp", _xmp),
    Seed("lenses", "own.xml", _lenses),
    Seed("record", "own.calibration.json", _record),
    Seed("bundle", "lens.json", _bundle),
    Seed("preset", "own.json", _preset),
    Seed("ledger", "ledger.jsonl", _ledger),
    Seed("choices", "choices.json", _choices),
    Seed("filter", "filter.json", _filter),
    Seed("requests", "requests.jsonl", _requests),
)


@cache
def whole(seed: Seed) -> bytes:
    """Return the bytes of a seed, made once."""
    return seed.made()
