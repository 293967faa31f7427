"""No location means none: every place in which a photo can tell where it was taken, corrected and copied."""

from __future__ import annotations

import io
import struct
import subprocess
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from sixbit.export.correct import correct
from sixbit.export.presets import Preset
from sixbit.photos.decode import decode
from sixbit.photos.privacy import copy_without
from sixbit.values.errors import Code, PhotoError
from sixbit.values.ways_out import EVERYWHERE
from tests.scenery import batch_photos
from tests.scenery.gain_maps import packet
from tests.scenery.photo_factory import ASCII, BYTE, LONG, RATIONAL, UNDEFINED, directory, exif, segment, tiff
from tests.scenery.programs import exiftool

SIZE = (192, 128)
SECRET = b"Wetzlar"
NO_LOCATION = Preset("test", "Test", "JPEG", metadata="no-location")
FORMATS = {".jpg": "JPEG", ".tif": "TIFF", ".png": "PNG"}


def gps_directory(at: int, order: str = "<") -> bytes:
    """Latitude, and a name of the place."""
    entries = [(1, ASCII, "N"), (2, RATIONAL, [(50, 1), (33, 1), (0, 1)]), (28, UNDEFINED, b"ASCII\0\0\0" + SECRET)]
    return directory(entries, at, order)


def with_gps(block: bytes, order: str = "<") -> bytes:
    """An Exif block with a GPS directory at its end, which a placeholder of ``exif(more=...)`` points to."""
    at = len(block)
    placeholder = struct.pack(order + "HHII", 0x8825, LONG, 1, 0)
    assert placeholder in block
    return block.replace(placeholder, placeholder[:-4] + struct.pack(order + "I", at)) + gps_directory(at, order)


GPS_BLOCK = with_gps(exif(more=[(0x8825, LONG, 0)], Make="Someone"))


@cache
def small_jpeg(size: int = 8) -> bytes:
    """A JPEG that tells its place in its Exif data, and in XMP."""
    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (size, size, 3), np.uint8)
    Image.fromarray(noise).save(file, "JPEG", quality=98)
    data = file.getvalue()
    xmp = packet(f'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="{SECRET.decode()}"')
    head = segment(0xE1, b"Exif\0\0" + GPS_BLOCK) + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
    return data[:2] + head + data[2:]


def small_png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG", exif=b"Exif\0\0" + GPS_BLOCK)
    return file.getvalue()


def text(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_with(*chunks: bytes) -> bytes:
    data = batch_photos.png(*SIZE, batch_photos.KNOWN)
    return data[:33] + b"".join(chunks) + data[33:]


def raw_profile(name: str, data: bytes) -> bytes:
    content = f"\n{name}\n{len(data):8}\n{data.hex()}\n".encode()
    return text(b"zTXt", b"Raw profile type " + name.encode() + b"\0\0" + zlib.compress(content))


def written(path: Path) -> list[bytes]:
    """All that a file holds: its bytes, its compressed texts, and what its XMP and raw profiles hold in disguise."""
    data = path.read_bytes()
    found = [data]
    at = 8
    while data.startswith(b"\x89PNG") and at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        name, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if name == b"zTXt":
            inflated = zlib.decompress(content.partition(b"\0")[2][1:])
            found += [inflated]
            if content.startswith(b"Raw profile"):
                found.append(bytes.fromhex("".join(inflated.decode().split("\n")[3:])))
        at += 12 + size
    if b"xmp/extension" in data or b"/9j/" in data or b"iVBORw0KGgo" in data or b"Z0eXB" in data:
        command = [*exiftool(), "-b", "-XMP-GImage:ImageData", "-XMP-xmp:ThumbnailImage", str(path)]
        output = subprocess.run(command, capture_output=True, check=True).stdout
        found += [output] if output else []
    return found


def cleared(photo: Path, way: str, policy: str = "no-location") -> tuple[Path, tuple[str, ...]]:
    """The photo, corrected or copied, and what was told of it."""
    out = photo.with_name(f"out{photo.suffix}")
    assert any(SECRET in part for part in written(photo)), "there is something to clear"
    if way == "corrected":
        preset = replace(NO_LOCATION, metadata=policy, format=FORMATS[photo.suffix])
        return out, correct(photo, out, preset=preset).notes
    data, notes = copy_without(photo, policy)
    out.write_bytes(data)
    assert np.array_equal(decode(out).pixels, decode(photo).pixels)
    return out, notes


def said(path: Path) -> str:
    command = [*exiftool(), "-a", "-G1", "-s", "-ee", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def assert_no_place(path: Path) -> None:
    assert not [part for part in written(path) if SECRET in part]
    listed = "\n".join(line for line in said(path).splitlines() if "SubjectLocation" not in line)
    for word in ("GPS", "Latitude", "City", "Location"):
        assert word not in listed.replace("Capacity", ""), listed


both_ways = pytest.mark.parametrize("way", ["corrected", "copied"])

# PNG ----------------------------------------------------------------------------------------------------------------

TEXTS: dict[str, bytes] = {
    "ImageMagick": text(b"tEXt", b"exif:GPSLatitude\0" + SECRET) + text(b"tEXt", b"exif:Make\0kept"),
    "area": text(b"tEXt", b"exif:GPSAreaInformation\0" + SECRET) + text(b"tEXt", b"Title\0kept"),
    "compressed": text(b"zTXt", b"Location\0\0" + zlib.compress(SECRET)) + text(b"tEXt", b"Author\0kept"),
    "international": text(b"iTXt", b"photoshop:City\0\0\0\0\0" + SECRET) + text(b"tEXt", b"Capacity\0kept"),
    "run together": b"".join(
        text(b"tEXt", name + b"\0" + SECRET)
        for name in (b"gpslatitude", b"GPSLONGITUDE", b"geolocation", b"LatLng", b"LAT", b"STATE", b"Place", b"Ort")
    )
    + text(b"tEXt", b"Source\0kept"),
    "languages": b"".join(
        text(b"tEXt", name.encode("latin-1") + b"\0" + SECRET)
        for name in ("Standort", "Aufnahmeort", "Längengrad", "Localisation", "Ciudad", "Città")
    )
    + text(b"tEXt", b"Urheber\0kept"),
    "profile exif": raw_profile("exif", b"Exif\0\0" + GPS_BLOCK) + text(b"tEXt", b"Comment\0kept"),
    "profile APP1": raw_profile("APP1", b"Exif\0\0" + GPS_BLOCK) + text(b"tEXt", b"Comment\0kept"),
    "profile xmp": raw_profile(
        "xmp", packet(f'xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#" geo:lat="{SECRET.decode()}"')
    )
    + text(b"tEXt", b"Comment\0kept"),
}


@both_ways
@pytest.mark.parametrize("chunks", TEXTS.values(), ids=TEXTS)
def test_texts_of_png(tmp_path: Path, chunks: bytes, way: str) -> None:
    photo = tmp_path / "a.png"
    photo.write_bytes(png_with(chunks))
    out, _ = cleared(photo, way)
    assert_no_place(out)
    assert b"kept" in out.read_bytes()
    out, _ = cleared(photo, way, "none")
    assert_no_place(out)
    assert b"kept" not in out.read_bytes()


def test_a_copy_of_a_png_is_the_same_but_for_the_place(tmp_path: Path) -> None:
    """Palette, transparency, film and all."""
    photo = tmp_path / "a.png"
    frames = [Image.new("P", (20, 20), k) for k in range(3)]
    frames[0].save(photo, save_all=True, append_images=frames[1:], transparency=0)
    data = photo.read_bytes()
    assert b"fdAT" in data
    copy, notes = copy_without(photo, "no-location")
    assert (copy, notes) == (data, ())


# XMP ----------------------------------------------------------------------------------------------------------------

WHERE = SECRET.decode()
NAMESPACES = {
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "drone-dji": "http://www.dji.com/drone-dji/1.0/",
    "dwc": "http://rs.tdwg.org/dwc/index.htm",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "xmpDM": "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "GImage": "http://ns.google.com/photos/1.0/image/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpGImg": "http://ns.adobe.com/xap/1.0/g/img/",
    "acdsee": "http://ns.acdsee.com/iptc/1.0/",
    "mwg-kw": "http://www.metadataworkinggroup.com/schemas/keywords/",
    "own": "http://example.com/own/1.0/",
}
DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())


def of_xmp(attributes: str = "", body: str = "") -> bytes:
    """A packet whose headline is to stay."""
    return packet(f'{DECLARED} photoshop:Headline="kept" exif:SubjectLocation="5" {attributes}', body)


def bag(name: str, *items: str) -> str:
    return f"<{name}><rdf:Bag>{''.join(f'<rdf:li>{item}</rdf:li>' for item in items)}</rdf:Bag></{name}>"


def category(name: str, *below: str) -> str:
    """A category of ACDSee, as it stands escaped in an attribute."""
    return f"&lt;Category Assigned=&quot;1&quot;&gt;{name}{''.join(below)}&lt;/Category&gt;"


def node(name: str, *below: str) -> str:
    """A keyword by the Metadata Working Group, in a list of such."""
    children = f"<mwg-kw:Children><rdf:Bag>{''.join(below)}</rdf:Bag></mwg-kw:Children>" if below else ""
    return f'<rdf:li rdf:parseType="Resource"><mwg-kw:Keyword>{name}</mwg-kw:Keyword>{children}</rdf:li>'


STRUCT = '<{0}><rdf:Bag><rdf:li rdf:parseType="Resource"><{1}>{2}</{1}></rdf:li></rdf:Bag></{0}>'
PACKETS = {
    "photoshop": of_xmp(f'photoshop:City="{WHERE}" photoshop:State="{WHERE}" photoshop:Country="{WHERE}"'),
    "IPTC core": of_xmp(f'Iptc4xmpCore:Location="{WHERE}" Iptc4xmpCore:CountryCode="{WHERE}"'),
    "IPTC shown": of_xmp(body=STRUCT.format("Iptc4xmpExt:LocationShown", "Iptc4xmpExt:Sublocation", WHERE)),
    "IPTC created": of_xmp(body=STRUCT.format("Iptc4xmpExt:LocationCreated", "Iptc4xmpExt:WorldRegion", WHERE)),
    "Exif": of_xmp(f'exif:GPSLatitude="50,33.2N" exif:GPSAreaInformation="{WHERE}"'),
    "W3C": of_xmp(f'geo:lat="50" geo:long="8" geo:name="{WHERE}"'),
    "drone": of_xmp(f'drone-dji:GpsLatitude="+50" drone-dji:GpsLongtitude="{WHERE}"'),
    "Darwin Core": of_xmp(f'dwc:decimalLatitude="50.1" dwc:verbatimLocality="{WHERE}"'),
    "film": of_xmp(f'xmpDM:shotLocation="{WHERE}"'),
    "ingredients": of_xmp(body=STRUCT.format("xmpMM:Pantry", "photoshop:City", WHERE)),
    "machine tags": of_xmp(body=bag("dc:subject", "geotagged", f"geo:lat={WHERE}", "dog")),
    "Lightroom": of_xmp(
        body=bag("lr:hierarchicalSubject", f"Places|Hesse|{WHERE}", "Animals|dog") + bag("dc:subject", WHERE, "dog")
    ),
    "run together": of_xmp(f'own:gpslatitude="{WHERE}" own:geolocation="{WHERE}" own:Lon="{WHERE}"'),
    "ACDSee": of_xmp(
        f'acdsee:categories="&lt;Categories&gt;{category("Orte", category("Hessen", category(WHERE)))}'
        f'{category("Tiere", category("dog"))}&lt;/Categories&gt;"',
        bag("dc:subject", WHERE, "cat"),
    ),
    "colon": of_xmp(body=bag("dc:subject", f"Place: {WHERE}", WHERE, f"Standort:{WHERE}", "Animal: dog", "8:15")),
    "Metadata Working Group": of_xmp(
        body='<mwg-kw:Keywords rdf:parseType="Resource"><mwg-kw:Hierarchy><rdf:Bag>'
        + node("Places", node("Hesse", node(WHERE)))
        + node("Animals", node("dog"))
        + "</rdf:Bag></mwg-kw:Hierarchy></mwg-kw:Keywords>"
        + bag("dc:subject", WHERE, "cat")
    ),
    "digiKam": of_xmp(body=bag("digiKam:TagsList", f"Orte/Hessen/{WHERE}", "dog") + bag("dc:subject", WHERE, "dog")),
}


@both_ways
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("xmp", PACKETS.values(), ids=PACKETS)
def test_xmp_of_every_kind(tmp_path: Path, xmp: bytes, suffix: str, way: str) -> None:
    photo = tmp_path / f"a{suffix}"
    build: Callable[..., bytes] = getattr(batch_photos, FORMATS[suffix].lower())
    photo.write_bytes(build(*SIZE, batch_photos.KNOWN, xmp=xmp))
    out, notes = cleared(photo, way)
    assert_no_place(out)
    data = out.read_bytes()
    assert b"kept" in data
    assert (b"dog" in data) == (b"dog" in xmp)
    assert b"SubjectLocation" in data
    assert not notes


@both_ways
@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_keywords_of_iptc_follow(tmp_path: Path, suffix: str, way: str) -> None:
    photo = tmp_path / f"a{suffix}"
    build = batch_photos.jpeg if suffix == ".jpg" else batch_photos.tiff
    photo.write_bytes(build(*SIZE, batch_photos.KNOWN, xmp=PACKETS["Lightroom"]))
    words = [f"-IPTC:Keywords={WHERE}", "-IPTC:Keywords=dog", "-IPTC:Keywords=geo:lat=50.55"]
    subprocess.run([*exiftool(), "-q", "-overwrite_original", *words, str(photo)], check=True)
    out, _ = cleared(photo, way)
    assert_no_place(out)
    assert [line.split(": ")[1] for line in said(out).splitlines() if "[IPTC]" in line and "Keywords" in line] == [
        "dog"
    ]


@both_ways
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(
    ("words", "left"),
    [
        (f"{WHERE};geo:lat=50.55", []),
        (f"dog; {WHERE};geo:lat=50.55;cat", ["dog;cat"]),
        (f"{WHERE};x", ["x"]),
        ("x;geotagged", ["x"]),
        (f"Orte/Hessen/{WHERE};dog", ["dog"]),
        ("dog;Hesse cat", ["dog;Hesse cat"]),
    ],
)
def test_keywords_of_windows_follow(tmp_path: Path, words: str, left: list[str], suffix: str, way: str) -> None:
    photo = tmp_path / f"a{suffix}"
    build: Callable[..., bytes] = getattr(batch_photos, FORMATS[suffix].lower())
    photo.write_bytes(build(*SIZE, batch_photos.KNOWN, xmp=PACKETS["Lightroom"]))
    subprocess.run([*exiftool(), "-q", "-overwrite_original", f"-XPKeywords={words}", str(photo)], check=True)
    out, notes = cleared(photo, way)
    assert_no_place(out)
    for word in (WHERE, "geo:lat", "geotagged"):
        assert word.encode("utf-16-le") not in out.read_bytes()
    assert [line.split(": ")[1] for line in said(out).splitlines() if "XPKeywords" in line] == left
    assert "Warning" not in said(out)
    assert not notes


@both_ways
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("holder", ["-XPKeywords=dog; Orte/Hessen/{0}", "-IPTC:Keywords=Places|{0}"])
def test_places_that_other_keywords_name(tmp_path: Path, holder: str, suffix: str, way: str) -> None:
    """A hierarchy of IPTC or of Windows tells which words of XMP, and of each other, are places."""
    if suffix == ".png" and "IPTC" in holder:
        pytest.skip("exiftool writes none into a PNG")
    photo = tmp_path / f"a{suffix}"
    build: Callable[..., bytes] = getattr(batch_photos, FORMATS[suffix].lower())
    photo.write_bytes(build(*SIZE, batch_photos.KNOWN, xmp=of_xmp(body=bag("dc:subject", WHERE, "dog"))))
    other = f"-IPTC:Keywords={WHERE}" if "XP" in holder else f"-XPKeywords={WHERE};cat"
    words = [holder.format(WHERE), *([] if suffix == ".png" else [other])]
    subprocess.run([*exiftool(), "-q", "-overwrite_original", *words, str(photo)], check=True)
    out, _ = cleared(photo, way)
    assert_no_place(out)
    data = out.read_bytes()
    assert WHERE.encode("utf-16-le") not in data
    assert b"dog" in data


def original(picture: bytes) -> bytes:
    return of_xmp(f'GImage:Mime="image/jpeg" GImage:Data="{b64encode(picture).decode()}"')


def thumbnail(picture: bytes) -> bytes:
    return of_xmp(body=STRUCT.format("xmp:Thumbnails", "xmpGImg:image", b64encode(picture).decode()))


@both_ways
@pytest.mark.parametrize("holder", [original, thumbnail])
@pytest.mark.parametrize("picture", [small_jpeg(), small_jpeg(300), small_png()], ids=["JPEG", "extended", "PNG"])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_pictures_within_xmp(
    tmp_path: Path, holder: Callable[[bytes], bytes], picture: bytes, suffix: str, way: str
) -> None:
    """What is too long for a segment stands in extended XMP; a copy keeps the picture, without its place."""
    photo = tmp_path / f"a{suffix}"
    if suffix == ".png":
        photo.write_bytes(batch_photos.png(*SIZE, batch_photos.KNOWN, xmp=holder(picture)))
    else:
        photo.write_bytes(batch_photos.jpeg(*SIZE, batch_photos.KNOWN))
        tag = "GImage:ImageData" if holder is original else "xmp:ThumbnailImage"
        (tmp_path / "small").write_bytes(picture)
        words = [f"-XMP-{tag}<={tmp_path / 'small'}", "-XMP-photoshop:Headline=kept"]
        subprocess.run([*exiftool(), "-q", "-overwrite_original", *words, str(photo)], check=True)
    out, notes = cleared(photo, way)
    assert_no_place(out)
    assert b"kept" in out.read_bytes()
    inner = written(out)[1:]
    if way == "copied":
        assert [part for part in inner if Image.open(io.BytesIO(part)).size == Image.open(io.BytesIO(picture)).size]
        assert not notes
    else:
        assert not inner
        assert [True for note in notes if "pictures within" in note] == [True] * (holder is original)


@both_ways
def test_a_picture_within_xmp_that_cannot_be_cleared_goes(tmp_path: Path, way: str) -> None:
    photo = tmp_path / "a.jpg"
    for picture in (b"\xff\xd8\xff\xe1\0\x20Exif\0\0" + SECRET, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + SECRET):
        photo.write_bytes(batch_photos.jpeg(*SIZE, batch_photos.KNOWN, xmp=original(picture)))
        assert SECRET in b64decode(b64encode(picture))
        out, _ = cleared(photo, way)
        assert not written(out)[1:]
        assert b"kept" in out.read_bytes()


@both_ways
@pytest.mark.parametrize("xmp", [b"<x:xmpmeta " + SECRET, b"<?xpacket?><rdf:RDF>" + SECRET])
def test_xmp_that_cannot_be_read_goes_with_a_word(tmp_path: Path, xmp: bytes, way: str) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(batch_photos.jpeg(*SIZE, batch_photos.KNOWN, xmp=xmp))
    out, notes = cleared(photo, way)
    assert_no_place(out)
    assert any("XMP" in note and "left out" in note for note in notes)


@both_ways
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("twice", ["photoshop:City", "exif:GPSAreaInformation"])
def test_a_property_told_twice_hides_nothing(tmp_path: Path, twice: str, suffix: str, way: str) -> None:
    """exiv2 reads nothing of such a packet, and does not say so."""
    photo = tmp_path / f"a{suffix}"
    xmp = of_xmp(body=f"<{twice}>{WHERE}</{twice}>" * 2)
    if suffix == ".jpg":
        photo.write_bytes(batch_photos.jpeg(*SIZE, batch_photos.KNOWN, xmp=xmp))
    elif suffix == ".png":
        photo.write_bytes(png_with(text(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)))
    else:
        tags = Image.Exif()
        tags.load(b"Exif\0\0" + exif(**batch_photos.KNOWN))
        tags[700] = xmp
        Image.fromarray(batch_photos.scene(*SIZE)).save(photo, exif=tags)
    out, notes = cleared(photo, way)
    assert_no_place(out)
    assert any("XMP" in note and "left out" in note for note in notes)


@pytest.mark.parametrize("policy", ["no-location", "none"])
@pytest.mark.parametrize("times", [1, 2])
def test_xmp_of_a_webp(tmp_path: Path, times: int, policy: str) -> None:
    photo = tmp_path / "a.webp"
    xmp = of_xmp(body=f"<photoshop:City>{WHERE}</photoshop:City>" * times)
    Image.new("RGB", SIZE).save(photo, xmp=xmp, exif=GPS_BLOCK)
    out, notes = cleared(photo, "copied", policy)
    assert_no_place(out)
    assert len(notes) == (times == 2 and policy == "no-location")


# Exif ---------------------------------------------------------------------------------------------------------------


def panasonic(at: int, order: str) -> bytes:
    return b"Panasonic\0\0\0" + directory([(0x6D, UNDEFINED, SECRET), (0x27, BYTE, b"kept in it")], at + 12, order)


def nikon(_at: int, order: str) -> bytes:
    inner = directory([(0x39, UNDEFINED, b"0100" + SECRET), (0x84, BYTE, b"kept in it")], 8, order)
    return b"Nikon\0\2\x10\0\0" + (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8) + inner


@both_ways
@pytest.mark.parametrize("length", [100, 65_527])
def test_exif_in_several_segments(tmp_path: Path, length: int, way: str) -> None:
    """The place stands in the second of them."""
    photo, plain = tmp_path / "a.jpg", batch_photos.jpeg(*SIZE, batch_photos.KNOWN)
    long = (0x010E, ASCII, b"kept ".decode() * (length // 5))
    block = with_gps(exif(more=[(0x8825, LONG, 0), long], **batch_photos.KNOWN))
    parts = [segment(0xE1, b"Exif\0\0" + block[at : at + length]) for at in range(0, len(block), length)]
    assert len(parts) > 1
    assert SECRET not in parts[0]
    end = 4 + int.from_bytes(plain[4:6], "big")
    assert plain[2:4] == b"\xff\xe1"
    photo.write_bytes(plain[:2] + b"".join(parts) + plain[end:])
    out, _ = cleared(photo, way)
    assert_no_place(out)
    assert "kept kept" in said(out)


@both_ways
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png"])
@pytest.mark.parametrize("note", [panasonic, nikon])
def test_maker_notes_that_are_known(tmp_path: Path, note: Any, suffix: str, order: str, way: str) -> None:
    photo = tmp_path / f"a{suffix}"
    block = exif(order, maker_note=note, **batch_photos.KNOWN)
    if suffix == ".jpg":
        plain = batch_photos.jpeg(*SIZE, batch_photos.KNOWN)
        end = 4 + int.from_bytes(plain[4:6], "big")
        photo.write_bytes(plain[:2] + segment(0xE1, b"Exif\0\0" + block) + plain[end:])
    elif suffix == ".png":
        Image.fromarray(batch_photos.scene(*SIZE)).save(photo, exif=b"Exif\0\0" + block)
    else:
        pixels = batch_photos.scene(*SIZE).tobytes()
        photo.write_bytes(tiff(batch_photos.KNOWN, SIZE, pixels=pixels, maker_note=note, order=order))
    out, _ = cleared(photo, way)
    assert SECRET not in out.read_bytes()
    lost = (note, suffix, way) == (
        panasonic,
        ".tif",
        "corrected",
    )  # exiv2 moves a note of Panasonic's in a Leica's TIFF
    assert (b"kept in it" in out.read_bytes()) != lost


def gps_in_exif_directory() -> bytes:
    """A pointer in the wrong directory."""
    block = exif(**batch_photos.KNOWN, UserComment=b"ASCII\0\0\0")
    at = len(block)
    comment = block.index(struct.pack("<HH", 0x9286, UNDEFINED))
    # A tag of that directory becomes the pointer.
    block = block[:comment] + struct.pack("<HHII", 0x8825, LONG, 1, at) + block[comment + 12 :]
    return block + gps_directory(at)


def gps_of_thumbnail() -> bytes:
    """A second directory with a place of its own, and a thumbnail that has Exif data."""
    first = len(exif(following=1, **batch_photos.KNOWN))
    first += first % 2
    block = exif(following=first, **batch_photos.KNOWN).ljust(first, b"\0")
    inner = small_jpeg()
    head = 2 + 12 * 3 + 4
    entries = [(0x0201, LONG, first + head), (0x0202, LONG, len(inner)), (0x8825, LONG, first + head + len(inner))]
    return block + directory(entries, first, "<") + inner + gps_directory(first + head + len(inner))


def xmp_in_exif() -> bytes:
    return exif(xmp=PACKETS["photoshop"], **batch_photos.KNOWN)


@both_ways
@pytest.mark.parametrize("block", [gps_in_exif_directory(), gps_of_thumbnail(), xmp_in_exif()], ids=range(3))
def test_exif_of_every_kind(tmp_path: Path, block: bytes, way: str) -> None:
    plain = batch_photos.jpeg(*SIZE, batch_photos.KNOWN)
    end = 4 + int.from_bytes(plain[4:6], "big")
    photo = tmp_path / "a.jpg"
    photo.write_bytes(plain[:2] + segment(0xE1, b"Exif\0\0" + block) + plain[end:])
    out, _ = cleared(photo, way)
    assert_no_place(out)
    assert "Summicron" in said(out)


@pytest.mark.parametrize("at", [0x7FFFFFF0, exif(more=[(0x8825, LONG, 0)], Orientation=6, Make=WHERE).index(SECRET)])
def test_exif_that_cannot_be_read_leaves_the_orientation(tmp_path: Path, at: int) -> None:
    """A pointer to a place outside, or to bytes that are no directory."""
    block = exif(more=[(0x8825, LONG, at)], Orientation=6, Make=WHERE)
    photo = tmp_path / "a.jpg"
    data = batch_photos.jpeg(*SIZE, {})
    end = 4 + int.from_bytes(data[4:6], "big")
    photo.write_bytes(data[:2] + segment(0xE1, b"Exif\0\0" + block) + data[end:])
    out, notes = cleared(photo, "copied")
    assert_no_place(out)
    assert decode(out).metadata.orientation == 6
    assert ["Exif data" in note for note in notes] == [True]


# What else there is -------------------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("behind", [small_jpeg(), b"\0\0\0\x18ftypmp42 a film of " + SECRET], ids=["preview", "film"])
def test_what_stands_behind_the_picture(tmp_path: Path, behind: bytes, way: str) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(batch_photos.jpeg(*SIZE, batch_photos.KNOWN) + behind)
    out, notes = cleared(photo, way)
    assert_no_place(out)
    assert any("what follows the picture" in note for note in notes)


@both_ways
@pytest.mark.parametrize(
    "part",
    [segment(marker, name + SECRET) for marker, name in {0xE6: b"GoPro\0", 0xEB: b"JP\0\1", 0xE0: b"HEAPJPGM"}.items()],
)
def test_segments_that_nobody_knows(tmp_path: Path, part: bytes, way: str) -> None:
    data = batch_photos.jpeg(*SIZE, batch_photos.KNOWN)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(data[:2] + part + data[2:])
    out, notes = cleared(photo, way)
    assert_no_place(out)
    assert len(notes) == 1
    assert "left out" in notes[0]


@both_ways
@pytest.mark.parametrize("name", [b"prVt", b"zxIf"])
def test_chunks_of_a_png_that_nobody_knows(tmp_path: Path, name: bytes, way: str) -> None:
    photo = tmp_path / "a.png"
    photo.write_bytes(png_with(text(name, SECRET), text(b"tIME", struct.pack(">HBBBBB", 2024, 5, 1, 10, 0, 0))))
    out, notes = cleared(photo, way)
    assert_no_place(out)
    assert ["nobody else knows" in note for note in notes] == [True]
    assert b"tIME" in out.read_bytes()


@pytest.mark.parametrize("policy", ["no-location", "none"])
def test_chunks_of_a_webp_that_nobody_knows(tmp_path: Path, policy: str) -> None:
    plain = batch_photos.BUILDERS[".webp"](*SIZE, batch_photos.KNOWN)
    data = plain + b"prVt" + struct.pack("<I", len(SECRET)) + SECRET + b"\0" * (len(SECRET) % 2)
    photo = tmp_path / "a.webp"
    photo.write_bytes(b"RIFF" + struct.pack("<I", len(data) - 8) + data[8:])
    out, notes = cleared(photo, "copied", policy)
    assert_no_place(out)
    assert ["nobody else knows" in note for note in notes] == ([True] if policy == "no-location" else [])


@pytest.mark.parametrize("suffix", [".avif", ".jxl"])
def test_a_copy_that_cannot_be_cleared_is_refused_in_words(tmp_path: Path, suffix: str) -> None:
    photo = tmp_path / f"a{suffix}"
    photo.write_bytes(batch_photos.BUILDERS[suffix](*SIZE, batch_photos.KNOWN))
    with pytest.raises(PhotoError, match="out of which nothing can be taken without writing the picture anew") as told:
        copy_without(photo, "no-location")
    assert told.value.code is Code.METADATA
    assert "as a JPEG" in EVERYWHERE[Code.METADATA]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "raw RGB"])
def test_a_copy_of_a_jpeg_keeps_its_colours(tmp_path: Path, mode: str) -> None:
    """Adobe's segment says how they are stored."""
    photo = tmp_path / "a.jpg"
    picture = Image.fromarray(batch_photos.scene(*SIZE)).convert(mode.removeprefix("raw "))
    picture.save(photo, exif=b"Exif\0\0" + GPS_BLOCK, keep_rgb=mode.startswith("raw"), progressive=mode == "L")
    copy, notes = copy_without(photo, "no-location")
    assert SECRET not in copy
    assert not notes
    with Image.open(photo) as before, Image.open(io.BytesIO(copy)) as after:
        assert np.array_equal(np.asarray(before), np.asarray(after))


def test_layers_of_photoshop_and_previews_in_a_tiff(tmp_path: Path) -> None:
    photo = tmp_path / "a.tif"
    layers = b"Adobe Photoshop Document Data Block\0" + small_jpeg()
    tags = [(37724, 7, len(layers), layers, True), (50341, 7, len(small_jpeg()), small_jpeg(), True)]
    tifffile.imwrite(photo, batch_photos.scene(*SIZE), photometric="rgb", extratags=tags)
    out, notes = cleared(photo, "copied")
    assert SECRET not in out.read_bytes()
    assert ["layers" in note for note in notes] == [True]
