"""AVIF, WebP and JPEG XL as Pillow or their own encoders know them; and what is refused by its name."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms, ImageOps

from sixbit.files import png
from sixbit.photos import privacy
from sixbit.photos.colour import of_nclx
from sixbit.photos.decode import decode
from sixbit.photos.jpeg import has_halved_chroma
from sixbit.photos.pixels import in_full_range
from sixbit.photos.privacy import copy_without
from sixbit.photos.save import save_photo
from sixbit.tags.read import read_shot
from sixbit.values.errors import Code, PhotoError
from tests.scenery import new_formats
from tests.scenery.fuzz.corpus import CORPUS
from tests.scenery.photo_factory import exif, jpeg, xmp_packet
from tests.scenery.refusals import refused

TAGS: dict[str, Any] = {"Make": "Leica Camera AG", "Model": "LEICA M10", "LensModel": "Summicron-M 1:2/35 ASPH."}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def picture(channels: int = 3, bits: int = 8, size: tuple[int, int] = (64, 48)) -> Any:
    """Smooth, no two corners alike."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    planes = [0.05 + 0.9 * (x / size[0]) ** (1 + k / 2) * (0.3 + 0.7 * y / size[1]) for k in range(channels)]
    values = np.dstack(planes)[:, :, 0] if channels == 1 else np.dstack(planes)
    return (values * ((1 << bits) - 1) + 0.5).astype(np.uint8 if bits == 8 else np.uint16)


def saved(path: Path, **options: Any) -> Path:
    Image.fromarray(picture()).save(path, **options)
    return path


# Pixels


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_avif_of_every_depth(bits: int, channels: int, tmp_path: Path) -> None:
    pixels = picture(channels, bits)
    (tmp_path / "photo.avif").write_bytes(imagecodecs.avif_encode(pixels, level=100, bitspersample=bits))
    photo = decode(tmp_path / "photo.avif")
    assert photo.format == "AVIF"
    assert photo.pixels.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert photo.pixels.shape == pixels.shape
    full = np.iinfo(photo.pixels.dtype).max
    assert np.abs(photo.pixels / full - pixels / ((1 << bits) - 1)).max() < 0.51 / 255
    assert np.array_equal(
        photo.pixels,
        in_full_range(
            imagecodecs.avif_decode(imagecodecs.avif_encode(pixels, level=100, bitspersample=bits), index=0), bits
        ),
    )


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_jpeg_xl_of_every_depth(bits: int, channels: int, tmp_path: Path) -> None:
    pixels = picture(channels, bits)
    data = new_formats.jxl(pixels=pixels, bitspersample=bits)
    (tmp_path / "photo.jxl").write_bytes(data)
    photo = decode(tmp_path / "photo.jxl")
    assert photo.format == "JPEG XL"
    expected = pixels[:, :, [0, 0, 0, 1]] if channels == 2 else pixels
    assert np.array_equal(photo.pixels, in_full_range(expected, bits))
    assert photo.pixels.max() > 0.9 * np.iinfo(photo.pixels.dtype).max
    assert photo.grey == (channels < 3)
    assert (read_shot(tmp_path / "photo.jxl").width, photo.pixels.shape[:2]) == (64, (48, 64))


def test_jpeg_xl_in_floating_point_bare_and_in_pieces(tmp_path: Path) -> None:
    values = picture(bits=16).astype(np.float32) / 65535
    for name, options in (("bare", {}), ("pieces", {"pieces": 4})):
        data = new_formats.jxl(pixels=values, **options)
        if name == "bare":
            data = data[data.index(b"jxlc") + 4 :]
        (tmp_path / f"{name}.jxl").write_bytes(data)
        assert np.array_equal(decode(tmp_path / f"{name}.jxl").pixels, values)
        assert read_shot(tmp_path / f"{name}.jxl").height == 48


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 90}, {"lossless": True, "exif": exif(**TAGS)}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp_as_pillow_reads_it(mode: str, options: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "photo.webp"
    Image.fromarray(picture(len(mode))).save(path, **options)
    with Image.open(path) as theirs:
        assert theirs.mode == mode
        assert np.array_equal(decode(path).pixels, np.asarray(theirs))
    assert (read_shot(path).width, read_shot(path).height) == (64, 48)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_single_pixel_is_saved(mode: str, suffix: str, tmp_path: Path) -> None:
    Image.new(mode, (1, 1), (200,) * len(mode) if len(mode) > 1 else 200).save(tmp_path / "one.png")
    photo, out = decode(tmp_path / "one.png"), tmp_path / f"out.{suffix}"
    save_photo(photo, photo.pixels, out)
    assert decode(out).pixels.ravel()[0] == 200


def test_premultiplied_jpeg_xl_is_made_straight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No encoder at hand writes one, so the header is told to say so."""
    from dataclasses import replace

    from sixbit.photos import jxl

    pixels = np.dstack([picture() // 2, np.full((48, 64), 128, np.uint8)])
    (tmp_path / "photo.jxl").write_bytes(new_formats.jxl(pixels=pixels))
    found = jxl.jxl_in

    def told(file: Any) -> Any:
        this = found(file)
        return replace(this, header=replace(this.header, is_premultiplied=True))

    monkeypatch.setattr(jxl, "jxl_in", told)
    photo = decode(tmp_path / "photo.jxl")
    assert np.abs(photo.pixels[..., :3].astype(int) - pixels[..., :3] * (255 / 128)).max() <= 0.5


# Orientation


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_once(orientation: int, tmp_path: Path) -> None:
    tags = exif(Orientation=orientation, **TAGS)
    names = ["photo.avif", "photo.jxl", "photo.webp"]
    saved(tmp_path / "photo.avif", exif=tags, quality=100, subsampling="4:4:4")
    saved(tmp_path / "photo.jpg", exif=b"Exif\0\0" + tags, quality=100, subsampling="4:4:4")
    jpeg = (tmp_path / "photo.jpg").read_bytes()
    (tmp_path / "photo.jxl").write_bytes(imagecodecs.jpegxl_encode_jpeg(jpeg, usecontainer=True))
    saved(tmp_path / "photo.webp", exif=tags, lossless=True)
    with Image.open(tmp_path / "photo.webp") as theirs:
        upright = np.asarray(ImageOps.exif_transpose(theirs)).astype(int)
    for name in names:
        photo, shot = decode(tmp_path / name), read_shot(tmp_path / name)
        shown = ImageOps.exif_transpose(_with_orientation(photo.pixels, shot.orientation))
        assert np.abs(np.asarray(shown) - upright).max() <= 3, name
        assert (shot.width, shot.height) == photo.pixels.shape[1::-1]
        assert (photo.metadata.orientation or 1) == shot.orientation == (orientation if "webp" in name else 1)
        assert shot.turned == (1 if "webp" in name else orientation)
        assert shot.make is not None
        save_photo(photo, photo.pixels, tmp_path / f"{name}.png")
        with Image.open(tmp_path / f"{name}.png") as written:
            assert np.abs(np.asarray(ImageOps.exif_transpose(written)) - upright).max() <= 3


def _with_orientation(pixels: Any, orientation: int) -> Image.Image:
    image = Image.fromarray(pixels)
    image.getexif()[0x0112] = orientation
    return image


@pytest.mark.parametrize("part", [(8, 6, 40, 30), (0, 0, 63, 47)])
def test_a_clean_aperture_of_an_avif_is_cut_out(part: tuple[int, int, int, int], tmp_path: Path) -> None:
    """Beside rotation, which comes after it (ISO/IEC 23000-22, section 7.3.6.7)."""
    import struct

    left, top, width, height = part
    data = saved(tmp_path / "photo.avif", exif=exif(Orientation=6)).read_bytes()
    aside, off = 2 * left + width - 64, 2 * top + height - 48
    clap = new_formats.box(b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, aside, 2, off, 2))
    whole = decode(tmp_path / "photo.avif").pixels
    (tmp_path / "cut.avif").write_bytes(_with_property(data, clap))
    cut = decode(tmp_path / "cut.avif").pixels
    assert np.array_equal(cut, np.rot90(np.rot90(whole)[top : top + height, left : left + width], -1))
    shot = read_shot(tmp_path / "cut.avif")
    assert (shot.width, shot.height) == (height, width)


def _with_property(data: bytes, new: bytes) -> bytes:
    """An AVIF of one item with one more property, the first of its steps: all boxes around it and places grow."""
    import struct

    ipco, ipma = data.index(b"ipco") - 4, data.index(b"ipma") - 4
    (count,) = struct.unpack(">I", data[ipco : ipco + 4])
    irot = [data[at : at + 4] for at in _boxes_in(data, ipco + 8, ipco + count)].index(b"irot") + 1
    number = len(_boxes_in(data, ipco + 8, ipco + count)) + 1
    links = bytearray(data[ipma : ipma + struct.unpack(">I", data[ipma : ipma + 4])[0]])
    at = next(at for at in range(19, len(links)) if links[at] & 0x7F == irot)
    links[at:at] = bytes([0x80 | number])
    links[18] += 1
    grown = len(new) + 1
    made = bytearray(data[: ipco + count] + new + bytes(links) + data[ipma + len(links) - 1 :])
    made[ipma + len(new) : ipma + len(new) + 4] = struct.pack(">I", len(links))
    for name, more in ((b"meta", grown), (b"iprp", grown), (b"ipco", len(new))):
        start = made.index(name) - 4
        made[start : start + 4] = struct.pack(">I", struct.unpack(">I", made[start : start + 4])[0] + more)
    iloc = made.index(b"iloc") + 4
    for item in range(struct.unpack(">H", made[iloc + 6 : iloc + 8])[0]):
        place = iloc + 8 + 14 * item + 6
        made[place : place + 4] = struct.pack(">I", struct.unpack(">I", made[place : place + 4])[0] + grown)
    return bytes(made)


def _boxes_in(data: bytes, at: int, end: int) -> list[int]:
    """Where the names of boxes stand."""
    found = []
    while at < end:
        found.append(at + 4)
        at += int.from_bytes(data[at : at + 4], "big")
    return found


# What they carry


@pytest.mark.parametrize("name", ["photo.avif", "photo.webp"])
def test_profile_and_tags_come_along(name: str, tmp_path: Path) -> None:
    xmp = xmp_packet(aux_Lens="Summicron")
    path = saved(tmp_path / name, exif=exif(**TAGS), xmp=xmp, icc_profile=SRGB)
    photo = decode(path)
    assert photo.icc == SRGB
    save_photo(photo, photo.pixels, tmp_path / "out.tif")
    after, shot = decode(tmp_path / "out.tif"), read_shot(tmp_path / "out.tif")
    assert after.icc == SRGB
    assert [one.value for one in shot.lens_names] == ["Summicron-M 1:2/35 ASPH.", "Summicron"]


def test_jpeg_xl_made_of_a_jpeg_has_its_profile(tmp_path: Path) -> None:
    profile = imagecodecs.cms_profile("adobergb")
    jpeg = saved(tmp_path / "photo.jpg", icc_profile=profile, exif=b"Exif\0\0" + exif(**TAGS), quality=95)
    (tmp_path / "photo.jxl").write_bytes(imagecodecs.jpegxl_encode_jpeg(jpeg.read_bytes(), usecontainer=True))
    photo = decode(tmp_path / "photo.jxl")
    assert photo.icc == profile
    assert np.abs(photo.pixels.astype(int) - decode(jpeg).pixels).max() <= 3
    (tmp_path / "photo.jxl").write_bytes((tmp_path / "photo.jxl").read_bytes().replace(b"jbrd", b"free"))
    with refused(PhotoError, "told by a profile.*Save it as a JPEG, TIFF or PNG", Code.FORMAT):
        decode(tmp_path / "photo.jxl")


# What is refused


def _animation(kind: str) -> bytes:
    file = io.BytesIO()
    frames = [Image.fromarray(picture()), Image.fromarray(picture()[::-1].copy())]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return file.getvalue()


ANIMATIONS = {
    "film.webp": _animation("WEBP"),
    "film.avif": _animation("AVIF"),
    "film.jxl": new_formats.jxl(pixels=np.stack([picture()] * 3)),
}


@pytest.mark.parametrize("name", ANIMATIONS)
def test_an_animation_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(ANIMATIONS[name])
    for read in (decode, read_shot):
        with refused(PhotoError, "is an animation, not a photo.*Save it as a JPEG, TIFF or PNG", Code.FORMAT):
            read(tmp_path / name)


OTHERS = {
    "a GIF,": b"GIF89a",
    "a BMP,": b"BM" + bytes(20),
    "a Photoshop document,": b"8BPS\0\1",
    "a JPEG 2000,": b"\0\0\0\x0cjP  \r\n\x87\n",
    "a JPEG XR,": b"II\xbc\1",
    "an OpenEXR,": b"v/1\1\2",
    "an SVG,": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "an XMP sidecar,": xmp_packet(aux_Lens="Elmar"),
    "a PDF,": b"%PDF-1.7",
    "a GIMP document,": b"gimp xcf v011",
    "a file of metadata of exiv2,": b"\xff\x01Exiv2\xff\xe1",
    "a film,": b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
    "a film, ": b"\0\0\0\x18ftypisom\0\0\0\0mp42iso2",
    "a HEIF in its minimal form,": b"\0\0\0\x10ftypmif3avif",
    "a PNM,": b"P6 1 1 255 abc",
}


@pytest.mark.parametrize("name", OTHERS)
def test_others_are_called_by_their_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(OTHERS[name].ljust(600, b"\0"))
    for read in (decode, read_shot):
        with refused(PhotoError, f"photo.jpg: is {name}.*Save it as a JPEG, TIFF or PNG", Code.FORMAT):
            read(tmp_path / "photo.jpg")


def test_a_raw_file_that_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "photo.x3f").write_bytes(b"FOVb".ljust(600, b"\0"))
    with refused(PhotoError, "is a Sigma X3F, a raw file.*Develop it", Code.RAW):
        decode(tmp_path / "photo.x3f")
    (tmp_path / "photo.raf").write_bytes(b"FUJIFILMCCD-RAW 0201".ljust(600, b"\0"))
    with refused(PhotoError, "is a raw file.*Develop it", Code.RAW):
        decode(tmp_path / "photo.raf")


@pytest.mark.parametrize(("codec", "words"), [(b"unci", "not compressed"), (b"j2k1", "a JPEG 2000"), (b"xyz1", "xyz1")])
def test_a_heif_of_another_codec_is_not_called_damaged(codec: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "photo.heif").write_bytes(new_formats.uncompressed_heif(codec))
    for read in (decode, read_shot):
        with refused(PhotoError, f"is a HEIF whose picture is .*{words}.*Save it as a JPEG", Code.FORMAT):
            read(tmp_path / "photo.heif")


@pytest.mark.parametrize("name", ["photo.avif", "photo.webp", "photo.jxl"])
def test_cut_files_are_refused(name: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 80, 3)).astype(np.uint8)
    path = tmp_path / name
    if name == "photo.jxl":
        path.write_bytes(new_formats.jxl(pixels=noise))
    else:
        Image.fromarray(noise).save(path)
    data = path.read_bytes()
    for part in (0.001, 0.02, 0.2, 0.5, 0.9, 0.99):
        path.write_bytes(data[: int(len(data) * part)])
        with pytest.raises(PhotoError) as told:
            decode(path)
        assert told.value.code in (Code.DAMAGED, Code.FORMAT)
        assert told.value.subject == path


@pytest.mark.parametrize("name", ["photo.avif", "photo.jxl", "photo.webp"])
def test_a_codec_that_is_missing_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        available = False

    made = {"photo.avif": new_formats.avif, "photo.jxl": new_formats.jxl, "photo.webp": new_formats.webp}
    (tmp_path / name).write_bytes(made[name]())
    for codec in ("AVIF", "JPEGXL", "WEBP"):
        monkeypatch.setattr(imagecodecs, codec, Missing)
    with refused(PhotoError, "imagecodecs.*built without", Code.MISSING_PART):
        decode(tmp_path / name)


def test_sizes_that_no_photo_has_are_refused_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sixbit.files.limits.PIXELS", 1000)
    for name in ("avif", "webp", "jxl"):
        monkeypatch.setattr(imagecodecs, f"{'jpegxl' if name == 'jxl' else name}_decode", None)
        (tmp_path / f"photo.{name}").write_bytes(getattr(new_formats, name)())
        with refused(PhotoError, "more than 1000 are not opened unasked", Code.MANY_PIXELS):
            decode(tmp_path / f"photo.{name}")


@pytest.mark.parametrize("name", ["photo.avif", "photo.webp", "photo.jxl", "pieces.jxl", "photo.png", "photo.tif"])
def test_damage_is_refused_or_survived(name: str, tmp_path: Path) -> None:
    """In a process of its own, which must not die of it either."""
    made = {
        "photo.avif": new_formats.avif(exif(Orientation=6, **TAGS)),
        "photo.webp": new_formats.webp(exif(**TAGS), xmp_packet(aux_Lens="Elmar")),
        "photo.jxl": new_formats.jxl(exif(**TAGS), xmp_packet(aux_Lens="Elmar"), compressed=True),
        "pieces.jxl": new_formats.jxl(exif(**TAGS), pieces=3),
        "photo.png": new_formats.interlaced_png(picture(4, 16)),
        "photo.tif": new_formats.bigtiff(TAGS),
    }
    (tmp_path / name).write_bytes(made[name])
    code = """
import random, sys
from pathlib import Path
from sixbit.files import png
from sixbit.photos.colour import of_nclx
from sixbit.photos.decode import decode
from sixbit.photos.jpeg import has_halved_chroma
from sixbit.tags.read import read_shot
from sixbit.values.errors import PhotoError
path = Path(sys.argv[1])
whole, chance, outcomes = path.read_bytes(), random.Random(1), set()
for _ in range(250):
    data = bytearray(whole)
    for _ in range(chance.choice((1, 2, 8))):
        data[chance.randrange(min(len(data), 600))] = chance.choice((0, 255, chance.randrange(256)))
    path.write_bytes(data)
    for read in (read_shot, decode):
        try:
            read(path)
            outcomes.add("survived")
        except PhotoError:
            outcomes.add("refused")
print(*sorted(outcomes))
"""
    told = subprocess.run([sys.executable, "-c", code, str(tmp_path / name)], capture_output=True, text=True)
    assert (told.returncode, told.stdout.split()) == (0, ["refused", "survived"]), told.stderr[-2000:]


# Colours


def test_the_codes_of_an_avif_and_a_jpeg_xl_tell_their_colours(tmp_path: Path) -> None:
    codes = {"primaries": 12, "transfer": 13}
    (tmp_path / "p3.avif").write_bytes(imagecodecs.avif_encode(picture(), level=100, **codes))
    assert decode(tmp_path / "p3.avif").colour == of_nclx(12, 13, "AVIF")
    (tmp_path / "pq.avif").write_bytes(
        imagecodecs.avif_encode(picture(bits=10), bitspersample=10, primaries=9, transfer=16)
    )
    assert decode(tmp_path / "pq.avif").colour.hdr == "PQ"
    (tmp_path / "linear.jxl").write_bytes(new_formats.jxl(pixels=picture(bits=16)))
    assert decode(tmp_path / "linear.jxl").transfer.name == "linear"
    (tmp_path / "srgb.jxl").write_bytes(new_formats.jxl(pixels=picture()))
    assert decode(tmp_path / "srgb.jxl").colour.is_srgb
    saved(tmp_path / "photo.webp")
    assert decode(tmp_path / "photo.webp").colour.is_srgb


def test_halved_chroma_is_known_of_every_format(tmp_path: Path) -> None:
    """Also of a PNG whose profile is larger than Pillow reads."""
    large = zlib.compress(SRGB.ljust(3_000_000, b"\0"))
    cases: dict[str, tuple[bool, dict[str, Any]]] = {
        "a.jpg": (True, {"subsampling": "4:2:0"}),
        "b.jpg": (False, {"subsampling": "4:4:4"}),
        "c.webp": (True, {}),
        "d.webp": (False, {"lossless": True}),
        "e.avif": (True, {}),
        "f.png": (False, {}),
    }
    for name, (is_halved, how) in cases.items():
        path = saved(tmp_path / name, **how)
        if path.suffix == ".png":
            data = path.read_bytes()
            path.write_bytes(data[:33] + png.packed(b"iCCP", b"large\0\0" + large) + data[33:])
            assert len(decode(path).icc or b"") == 3_000_000
        assert has_halved_chroma(path) == is_halved, name


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


CREDENTIALS = bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + b"\0\0\0\0manifest\0"


def with_credentials(path: Path) -> Path:
    """A photo of any format, with content credentials where the format has them."""
    if path.suffix == ".tif":
        Image.fromarray(picture()).save(path, tiffinfo={0xCD41: CREDENTIALS})
        return path
    if path.suffix == ".jxl":
        path.write_bytes(new_formats.jxl(exif(**TAGS), b"", pixels=picture()) + box(b"jumb", CREDENTIALS))
        return path
    data = saved(path).read_bytes()
    if path.suffix == ".webp":
        data += b"C2PA" + struct.pack("<I", 8) + CREDENTIALS[:8]
        data = b"RIFF" + struct.pack("<I", len(data) - 8) + data[8:]
    else:
        data += box(b"free", b"") + box(b"uuid", CREDENTIALS)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", [".avif", ".heic", ".webp", ".jxl", ".tif"])
def test_content_credentials_go_with_a_word(suffix: str, tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    photo = decode(with_credentials(tmp_path / f"photo{suffix}"))
    notes = save_photo(photo, photo.pixels, tmp_path / "out.tif")
    assert ["content credentials" in note for note in notes] == [True]
    assert b"manifest" not in (tmp_path / "out.tif").read_bytes()
    if suffix != ".jxl":  # which Pillow does not write
        assert not decode(saved(tmp_path / f"plain{suffix}")).notes


def test_the_gain_map_of_a_jpeg_xl_is_told(tmp_path: Path) -> None:
    data = new_formats.jxl(exif(**TAGS), b"", pixels=picture())
    for box_name, expected in ((b"free", []), (b"jhgm", [True])):
        (tmp_path / "photo.jxl").write_bytes(data + box(box_name, bytes(40)))
        assert ["HDR gain map" in note for note in decode(tmp_path / "photo.jxl").notes] == expected


@pytest.mark.parametrize("name", ["odd-tiles.tif", "far-tiles.tif"])
def test_tiles_that_no_program_would_choose_are_not_written_again(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(CORPUS[name][1]())
    photo = decode(tmp_path / name)
    save_photo(photo, photo.pixels, tmp_path / "out.tif")
    assert decode(tmp_path / "out.tif").pixels.shape == photo.pixels.shape == (32, 48, 3)


def test_a_tiff_is_no_raw_for_a_tag_that_came_along(tmp_path: Path) -> None:
    with_version = exif(more=[(0xC612, 1, (1, 4, 0, 0))])
    (tmp_path / "a.jpg").write_bytes(jpeg(with_version))
    photo = decode(tmp_path / "a.jpg")
    save_photo(photo, photo.pixels, tmp_path / "out.tif")
    assert decode(tmp_path / "out.tif").pixels.shape == photo.pixels.shape


def test_a_copy_that_is_no_photo_any_more_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """exiv2 once wrote a damaged TIFF without the mark at its beginning."""
    (tmp_path / "a.tif").write_bytes(b"II*\0" + bytes(60))
    monkeypatch.setattr(privacy, "_rewritten", lambda data, policy: (bytes(len(data)), ()))
    with refused(PhotoError, r"a\.tif: is damaged", Code.DAMAGED):
        copy_without(tmp_path / "a.tif", "no-location")
