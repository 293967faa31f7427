"""What a correction or a new size makes untrue goes, or is brought up to date. ExifTool is the oracle."""

from __future__ import annotations

import json
import struct
import subprocess
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sixbit.export.correct import correct
from sixbit.export.presets import Preset
from tests.scenery import batch_photos, photo_factory
from tests.scenery.gain_maps import ISO, packet
from tests.scenery.photo_factory import RATIONAL, SHORT, TAGS, segment
from tests.scenery.programs import exiftool

SIZE = (192, 128)
PLAIN = Preset("test", "Test", "JPEG", quality=95)
HALF = replace(PLAIN, long_side=96)
JPEG = b64encode(b"\xff\xd8\xff\xe0 a picture \xff\xd9").decode()

NAMESPACES = {
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "GDepth": "http://ns.google.com/photos/1.0/depthmap/",
    "GFocus": "http://ns.google.com/photos/1.0/focus/",
    "GImage": "http://ns.google.com/photos/1.0/image/",
    "GPano": "http://ns.google.com/photos/1.0/panorama/",
    "Device": "http://ns.google.com/photos/dd/1.0/device/",
    "MiCamera": "http://ns.xiaomi.com/photos/1.0/camera/",
    "OpCamera": "http://ns.oplus.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "other": "http://example.org/",
    "dcterms": "http://purl.org/dc/terms/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
}
DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())


def of_xmp(attributes: str = "", body: str = "", declared: str = DECLARED) -> bytes:
    return packet(f'{declared} xmp:Label="kept" {attributes}', body)


def corrected(tmp_path: Path, xmp: bytes = b"", preset: Preset = PLAIN, head: bytes = b"", **tags: Any) -> Any:
    """The path of the corrected photo, and what was told."""
    data = batch_photos.jpeg(*SIZE, {**batch_photos.KNOWN, **tags}, xmp)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(data[:2] + head + data[2:])
    out = tmp_path / f"out.{preset.format.lower()}"
    done = correct(photo, out, preset=preset, force=True)  # a panorama is refused
    return done.out, done.notes


def said(path: Path) -> dict[str, Any]:
    command = [*exiftool(), "-j", "-n", "-G1", "-a", str(path)]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]
    return found


ITEM = '<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="{0}" Item:Length="1234"/></rdf:li>'
DIRECTORY = f"<Container:Directory><rdf:Seq>{ITEM.format('MotionPhoto')}</rdf:Seq></Container:Directory>"
FILMS = {
    "Google": of_xmp(
        'GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1" GCamera:MotionPhotoPresentationTimestampUs="9"'
    ),
    "older": of_xmp('GCamera:MicroVideo="1" GCamera:MicroVideoOffset="4000000" GCamera:MicroVideoVersion="1"'),
    "OPPO": of_xmp(
        'OpCamera:MotionPhotoOwner="oplus" OpCamera:VideoLength="4000000" GCamera:MotionPhoto="1"', DIRECTORY
    ),
    "another prefix": of_xmp(
        'gc:MotionPhoto="1"', declared=DECLARED + ' xmlns:gc="http://ns.google.com/photos/1.0/camera/"'
    ),
}


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("xmp", FILMS.values(), ids=FILMS)
def test_nothing_tells_of_a_film_that_is_gone(tmp_path: Path, xmp: bytes, format: str) -> None:
    out, notes = corrected(tmp_path, xmp, replace(PLAIN, format=format))
    assert ["list of further pictures" in note for note in notes] == [True] * (DIRECTORY.encode() in xmp)
    data = out.read_bytes()
    for word in (b"MotionPhoto", b"MicroVideo", b"VideoLength", b"Container:Directory"):
        assert word not in data
    assert b"kept" in data


DEPTHS = {
    "Google": of_xmp(f'GDepth:Format="RangeInverse" GDepth:Near="1" GDepth:Mime="image/jpeg" GDepth:Data="{JPEG}"'),
    "Dynamic Depth": of_xmp(
        body="<Device:Profiles><rdf:Seq><rdf:li rdf:parseType='Resource'><Device:Type>DepthPhoto</Device:Type></rdf:li>"
        "</rdf:Seq></Device:Profiles>"
    ),
    "blur": of_xmp('GFocus:BlurAtInfinity="0.01" GFocus:FocalDistance="9" GFocus:FocalPointX="0.5"'),
    "Xiaomi": of_xmp('MiCamera:XMPMeta="depthmap offset=1000 length=4"'),
}


@pytest.mark.parametrize("xmp", DEPTHS.values(), ids=DEPTHS)
def test_a_depth_map_goes_with_a_word(tmp_path: Path, xmp: bytes) -> None:
    out, notes = corrected(tmp_path, xmp)
    assert ["depth map" in note for note in notes] == [True]
    data = out.read_bytes()
    for word in (b"GDepth:", b"Device:", b"GFocus:", b"XMPMeta="):
        assert word not in data
    assert b"kept" in data


ORIGINALS = {
    "portrait": of_xmp(f'GImage:Mime="image/jpeg" GImage:Data="{JPEG}"'),
    "unknown": of_xmp(f'other:Before="{JPEG}"'),
    "in a list": of_xmp(
        body=f"<other:Versions><rdf:Bag><rdf:li rdf:parseType='Resource'><other:Picture>{JPEG}</other:Picture>"
        "<other:Name>first</other:Name></rdf:li></rdf:Bag></other:Versions>"
    ),
}


@pytest.mark.parametrize("xmp", ORIGINALS.values(), ids=ORIGINALS)
def test_a_picture_within_xmp_goes_with_a_word(tmp_path: Path, xmp: bytes) -> None:
    out, notes = corrected(tmp_path, xmp)
    assert ["pictures within its XMP data" in note for note in notes] == [True]
    data = out.read_bytes()
    assert JPEG.encode() not in data
    assert b"GImage:" not in data
    assert b"Versions" not in data
    assert b"kept" in data


@pytest.mark.parametrize("content", [bytes(4), bytes(60)], ids=["announced", "whole"])
def test_a_gain_map_that_is_not_there_is_not_announced(tmp_path: Path, content: bytes) -> None:
    out, _ = corrected(tmp_path, head=segment(0xE2, ISO + content))
    assert ISO not in out.read_bytes()


@pytest.mark.parametrize("parts", [1, 2])
def test_previews_in_segments_go_with_a_word(tmp_path: Path, parts: int) -> None:
    """As Samsung's and others write them; a long one takes several."""
    preview = b"\xff\xd8\xff\xe0 preview" + bytes(100) + b"\xff\xd9"
    step = len(preview) // parts + 1
    pieces = [preview[at : at + step] for at in range(0, len(preview), step)]
    head = b"".join(segment(0xE4, b"ssuniqueid\0" + piece) for piece in pieces) + segment(0xE5, b"RMETA\0kept")
    out, notes = corrected(tmp_path, head=head)
    assert ["previews in segments" in note for note in notes] == [True]
    data = out.read_bytes()
    assert b"ssuniqueid" not in data
    assert b"RMETA\0kept" in data


LINKS = {
    "within": ("self#jumbf=/c2pa/urn:c2pa:1234", True),
    "elsewhere": ("https://example.org/manifest.c2pa", True),
    "words": ("Found in the attic", False),
}


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("head", [b"", segment(0xEB, b"JP c2pa")], ids=["link", "both"])
def test_the_link_to_content_credentials_goes_with_them(tmp_path: Path, name: str, head: bytes) -> None:
    link, goes = LINKS[name]
    out, notes = corrected(tmp_path, of_xmp(f'dcterms:provenance="{link}"'), head=head)
    assert sum("content credentials" in note for note in notes) == (goes or bool(head))
    assert (link.encode() in out.read_bytes()) != goes


SUBJECTS = {"point": (100, 60), "circle": (100, 60, 30), "rectangle": (100, 60, 40, 20)}
TAGS_MORE = {"SubjectArea": 0x9214, "FocalPlaneXResolution": 0xA20E, "FocalPlaneYResolution": 0xA20F}


@pytest.fixture(autouse=True)
def _more_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in {**TAGS_MORE, "SubjectLocation": 0xA214}.items():
        kind = RATIONAL if name.startswith("Focal") else SHORT
        monkeypatch.setitem(TAGS, name, ("EXIF", number, kind))  # type: ignore[arg-type]


@pytest.mark.parametrize("format", ["JPEG", "TIFF", "PNG"])
@pytest.mark.parametrize("area", SUBJECTS.values(), ids=SUBJECTS)
def test_exif_follows_the_size(tmp_path: Path, area: tuple[int, ...], format: str) -> None:
    tags = {
        "SubjectArea": area,
        "SubjectLocation": (96, 64),
        "FocalPlaneXResolution": (7142857, 1000),
        "FocalPlaneYResolution": (1700, 1),
        "PixelXDimension": SIZE[0],
        "PixelYDimension": SIZE[1],
    }
    whole = said(corrected(tmp_path, preset=replace(PLAIN, format=format), **tags)[0])
    assert whole["ExifIFD:SubjectArea"] == " ".join(map(str, area))
    assert whole["ExifIFD:FocalPlaneXResolution"] == pytest.approx(7142.857)
    small = said(corrected(tmp_path, preset=replace(HALF, format=format), **tags)[0])
    assert small["ExifIFD:SubjectArea"] == " ".join(str(number // 2) for number in area)
    assert small["ExifIFD:SubjectLocation"] == "48 32"
    assert small["ExifIFD:FocalPlaneXResolution"] == pytest.approx(7142.857 / 2)
    assert small["ExifIFD:FocalPlaneYResolution"] == 850
    assert small["ExifIFD:ExifImageWidth"] == 96
    assert small["Composite:ScaleFactor35efl"] == pytest.approx(whole["Composite:ScaleFactor35efl"], rel=0.01)


def test_xmp_follows_the_size(tmp_path: Path) -> None:
    def seq(name: str, *numbers: int) -> str:
        return f"<{name}><rdf:Seq>{''.join(f'<rdf:li>{number}</rdf:li>' for number in numbers)}</rdf:Seq></{name}>"

    xmp = of_xmp(
        'exif:FocalPlaneXResolution="5000/3" exif:FocalPlaneYResolution="1700/1" exif:PixelXDimension="192"'
        ' GPano:FullPanoWidthPixels="400" GPano:CroppedAreaTopPixels="31" GPano:PoseHeadingDegrees="90"',
        seq("exif:SubjectArea", 100, 60, 40, 20) + seq("exif:SubjectLocation", 100, 60),
    )
    small = said(corrected(tmp_path, xmp, HALF)[0])
    assert small["XMP-exif:FocalPlaneXResolution"] == pytest.approx(5000 / 6, rel=1e-6)
    assert small["XMP-exif:FocalPlaneYResolution"] == 850
    assert small["XMP-exif:SubjectArea"] == [50, 30, 20, 10]
    assert small["XMP-exif:SubjectLocation"] == [50, 30]
    assert small["XMP-exif:ExifImageWidth"] == 96
    assert (small["XMP-GPano:FullPanoWidthPixels"], small["XMP-GPano:CroppedAreaTopPixels"]) == (200, 16)
    assert small["XMP-GPano:PoseHeadingDegrees"] == 90


@pytest.mark.parametrize("unit", ["pixel", "relative"])
def test_regions_follow_the_size(tmp_path: Path, unit: str) -> None:
    """Those that count pixels; shares of the picture hold for every size."""
    vertices = "<Iptc4xmpExt:rbVertices><rdf:Seq><rdf:li rdf:parseType='Resource'><Iptc4xmpExt:rbX>40</Iptc4xmpExt:rbX>"
    vertices += "<Iptc4xmpExt:rbY>30</Iptc4xmpExt:rbY></rdf:li></rdf:Seq></Iptc4xmpExt:rbVertices>"
    told = f'Iptc4xmpExt:rbUnit="{unit}" Iptc4xmpExt:rbX="100" Iptc4xmpExt:rbY="60" Iptc4xmpExt:rbRx="8"'
    boundary = f"<rdf:Description {told}>{vertices}</rdf:Description>"
    boundary = f"<Iptc4xmpExt:RegionBoundary>{boundary}</Iptc4xmpExt:RegionBoundary>"
    body = '<mwg-rs:AppliedToDimensions stDim:w="192" stDim:h="128" stDim:unit="pixel"/>'
    body = f'<mwg-rs:Regions rdf:parseType="Resource">{body}</mwg-rs:Regions>'
    body += f"<Iptc4xmpExt:ImageRegion><rdf:Bag><rdf:li rdf:parseType='Resource'>{boundary}</rdf:li></rdf:Bag>"
    spaces = {
        "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
        "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
        "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    }
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in spaces.items())
    xmp = of_xmp(body=body + "</Iptc4xmpExt:ImageRegion>", declared=f"{DECLARED} {declared}")
    small = said(corrected(tmp_path, xmp, HALF)[0])
    assert (small["XMP-mwg-rs:RegionAppliedToDimensionsW"], small["XMP-mwg-rs:RegionAppliedToDimensionsH"]) == (96, 64)
    names = ("X", "Y", "Rx", "VerticesX", "VerticesY")
    found = [small[f"XMP-iptcExt:ImageRegionBoundary{name}"] for name in names]
    assert found == ([50, 30, 4, 20, 15] if unit == "pixel" else [100, 60, 8, 40, 30])


def test_the_size_beside_the_index_of_dcf_follows(tmp_path: Path) -> None:
    block = photo_factory.exif(interop="R98", **batch_photos.KNOWN)
    at = block.index(b"\x01\0\x02\0\x04\0\0\0R98")  # the only entry of its directory
    more = [(0x1001, 3, 1, SIZE[0]), (0x1002, 3, 1, SIZE[1])]
    told = block[at : at + 12] + b"".join(struct.pack("<HHII", *entry) for entry in more)
    pointer = block.index(b"\x05\xa0\x04\0\x01\0\0\0")
    block = block[: pointer + 8] + struct.pack("<I", len(block)) + block[pointer + 12 :]
    block += struct.pack("<H", 3) + told + bytes(4)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(photo_factory.jpeg(block, picture=batch_photos.jpeg(*SIZE, {})))
    small = said(correct(photo, tmp_path / "out.jpg", preset=HALF).out)
    assert (small["InteropIFD:RelatedImageWidth"], small["InteropIFD:RelatedImageHeight"]) == (96, 64)
    assert small["InteropIFD:InteropIndex"] == "R98"


@pytest.mark.parametrize(
    "tags",
    [{"FocalPlaneXResolution": (5, 0)}, {"FocalPlaneXResolution": (0, 1)}, {"SubjectArea": (1,)}],
    ids=["endless", "nothing", "too short"],
)
def test_numbers_that_mean_nothing_stay(tmp_path: Path, tags: dict[str, Any]) -> None:
    assert corrected(tmp_path, preset=HALF, **tags)[0].exists()
    xmp = of_xmp('exif:FocalPlaneXResolution="1/0" GPano:FullPanoWidthPixels="wide"')
    data = corrected(tmp_path, xmp, HALF)[0].read_bytes()
    assert b'"1/0"' in data
    assert b'"wide"' in data


@pytest.mark.parametrize("name", ["Adobe RGB (1998)", "Display P3"])
def test_the_name_of_a_profile_goes_with_it(tmp_path: Path, name: str) -> None:
    xmp = of_xmp(f'photoshop:ICCProfile="{name}"')
    kept = said(corrected(tmp_path, xmp)[0])
    assert kept["XMP-photoshop:ICCProfileName"] == name
    converted = said(corrected(tmp_path, xmp, replace(PLAIN, profile="sRGB"))[0])
    assert "XMP-photoshop:ICCProfileName" not in converted
    assert converted["XMP-xmp:Label"] == "kept"


TWICE = "<xmp:Nickname>a</xmp:Nickname>" * 2
"""With a property that is told twice exiv2 reads nothing of a packet."""


@pytest.mark.parametrize(
    ("attributes", "body", "told"),
    [
        ('GDepth:Format="RangeInverse" GDepth:Near="0.5" GCamera:MotionPhoto="1"', "", "depth map"),
        (f'GImage:Mime="image/jpeg" GImage:Data="{JPEG}"', "", "pictures within"),
        (f'other:Before="{JPEG}"', "", "pictures within"),
        ('dcterms:provenance="self#jumbf=/Before"', "", "content credentials"),
        ("", f"<other:Before>\n{JPEG}\n</other:Before>", "pictures within"),
    ],
)
def test_a_packet_that_exiv2_cannot_read_loses_as_much(tmp_path: Path, attributes: str, body: str, told: str) -> None:
    path, notes = corrected(tmp_path, of_xmp(attributes, TWICE + body))
    assert sum(told in note for note in notes) == 1
    assert sum("breaks the rules" in note for note in notes) == 1
    data = path.read_bytes()
    assert b'"kept"' in data
    assert data.count(b"<xmp:Nickname>") == 2
    for gone in (b"GDepth:F", b"GDepth:N", b"MotionPhoto", b"GImage:D", b"GImage:M", JPEG.encode(), b"Before"):
        assert gone not in data


def test_a_packet_that_exiv2_cannot_read_loses_the_name_of_a_profile(tmp_path: Path) -> None:
    xmp = of_xmp('photoshop:ICCProfile="Display P3" exif:ColorSpace="65535"', TWICE)
    assert b"Display P3" in corrected(tmp_path, xmp)[0].read_bytes()
    path, _ = corrected(tmp_path, xmp, replace(PLAIN, profile="sRGB"))
    assert b"Display P3" not in path.read_bytes()
    assert said(path)["XMP-exif:ColorSpace"] == 1


SPACE = ' xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"'
KINSHIP = 'xmpMM:InstanceID="xmp.iid:old" xmpMM:DocumentID="xmp.did:same" xmpMM:OriginalDocumentID="same"'


@pytest.mark.parametrize("body", ["", TWICE], ids=["", "broken"])
@pytest.mark.parametrize("about", ["", "uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b"])
def test_a_corrected_photo_is_another_instance_of_the_same(tmp_path: Path, about: str, body: str) -> None:
    xmp = of_xmp(KINSHIP, body, DECLARED + SPACE).replace(b'rdf:about=""', f'rdf:about="{about}"'.encode())
    out, _ = corrected(tmp_path, xmp)
    told = said(out)
    assert "XMP-xmpMM:InstanceID" not in told
    assert (told["XMP-xmpMM:DocumentID"], told["XMP-xmpMM:OriginalDocumentID"]) == ("xmp.did:same", "same")


# How the file before was encoded, and its preview ---------------------------------------------------------------------


@pytest.mark.parametrize("source", ["JPEG", "TIFF", "PNG"])
@pytest.mark.parametrize("format", ["JPEG", "TIFF", "PNG"])
def test_nothing_tells_how_the_file_before_was_encoded(tmp_path: Path, source: str, format: str) -> None:
    names = 'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    bits = "<tiff:BitsPerSample><rdf:Seq><rdf:li>16</rdf:li></rdf:Seq></tiff:BitsPerSample>"
    xmp = of_xmp(f'{names} dc:format="image/heic" dc:source="kept" tiff:Compression="5" tiff:Make="kept"', bits)
    photo = tmp_path / f"a.{source.lower()}"
    build: Callable[..., bytes] = getattr(batch_photos, source.lower())
    photo.write_bytes(build(*SIZE, batch_photos.KNOWN, xmp=xmp))
    assert {"XMP-dc:Format", "XMP-tiff:BitsPerSample", "XMP-tiff:Compression"} <= said(photo).keys()
    out = tmp_path / f"out.{format.lower()}"
    told = said(correct(photo, out, preset=replace(PLAIN, format=format)).out)
    assert not {"XMP-dc:Format", "XMP-tiff:BitsPerSample", "XMP-tiff:Compression"} & told.keys()
    assert told["XMP-dc:Source"] == told["XMP-tiff:Make"] == "kept"


@pytest.mark.parametrize("size", [900, 60_000])
def test_the_preview_of_iptc_goes(tmp_path: Path, size: int) -> None:
    """One of more than 32767 bytes has an extended length."""
    photo, preview = tmp_path / "a.tif", tmp_path / "preview"
    photo.write_bytes(batch_photos.tiff(*SIZE, batch_photos.KNOWN))
    preview.write_bytes(b"PREVIEW" * (size // 7))
    words = ["-IPTC:Headline=kept", f"-IPTC:ObjectPreviewData<={preview}", "-IPTC:ObjectPreviewFileFormat=11"]
    subprocess.run([*exiftool(), "-q", "-overwrite_original", *words, str(photo)], check=True)
    assert b"PREVIEW" in photo.read_bytes()
    out = tmp_path / "out.jpg"
    told = said(correct(photo, out, preset=PLAIN).out)
    assert b"PREVIEW" not in out.read_bytes()
    assert [name for name in told if "Preview" in name] == []
    assert told["IPTC:Headline"] == "kept"
