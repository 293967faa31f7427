"""HDR gain maps: moved as their picture, kept with what says what they mean, or left out with a word.

The oracles: exiftool for the container, SciPy for the geometry.
"""

from __future__ import annotations

import io
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import Image
from scipy import ndimage

from sixbit.engines import apply
from sixbit.export.correct import Corrected, correct
from sixbit.export.presets import PLAIN, Preset, load
from sixbit.files import jpeg, mpf
from sixbit.lenses.catalogue import catalogue
from sixbit.photos.decode import decode
from sixbit.photos.gain_map import GainMap
from sixbit.photos.privacy import copy_without
from sixbit.photos.save import save_photo
from sixbit.tags.write import write_lens_tags
from sixbit.values.choices import Choices
from sixbit.values.filter import Filter
from sixbit.values.light import linear
from tests.scenery.gain_maps import (
    GAIN,
    HDRGM,
    ISO,
    apple,
    centres,
    dots,
    encoded,
    meaning,
    meaning_by_iso,
    packet,
    ultra_hdr,
)
from tests.scenery.icc_profiles import rgb_profile
from tests.scenery.photo_factory import exif, heic, segment
from tests.scenery.programs import exiftool

BENT = Choices(lens="summicron-35-asph", crop_factor=1.0, kinds={"distortion": 1.0, "tca": 1.0})
WIDTH, HEIGHT = 960, 640

CONVENTIONS: dict[str, dict[str, bytes]] = {
    "XMP alone": {"xmp": meaning()},
    "ISO alone": {"iso": meaning_by_iso()},
    "both": {"xmp": meaning(), "iso": meaning_by_iso()},
    "Apple's first": {"xmp": apple(65536)},
    "Apple's second, and ISO": {"xmp": apple(), "iso": meaning_by_iso()},
}


def made(folder: Path, size: tuple[int, int] = (240, 160), channels: int = 1, **parts: Any) -> Path:
    """A photo with spots, and a map with the same spots."""
    picture = encoded(dots(WIDTH, HEIGHT, channels=3)[..., [0, 0, 0]], **parts.pop("picture", {}))
    says = parts or {"xmp": meaning(channels), "iso": meaning_by_iso(channels)}
    path = folder / "photo.jpg"
    path.write_bytes(ultra_hdr(picture, encoded(dots(*size, channels=channels), subsampling=0), **says))
    return path


def corrected(photo: Path, preset: Preset = PLAIN, choices: Choices = BENT, suffix: str = ".jpg") -> Corrected:
    return correct(photo, photo.with_name(f"out{suffix}"), preset, choices)


def map_bytes(path: Path) -> bytes:
    """The second picture of a file, as exiftool finds it by the index."""
    done = subprocess.run([*exiftool(), "-b", "-MPImage2", str(path)], capture_output=True, check=True)
    return done.stdout


def map_pixels(path: Path) -> Any:
    return imagecodecs.jpeg8_decode(map_bytes(path))


def said(path: Path) -> dict[str, Any]:
    done = subprocess.run([*exiftool(), "-j", "-G1", "-a", "-struct", str(path)], capture_output=True, check=True)
    tags: dict[str, Any] = json.loads(done.stdout)[0]
    return tags


def says_nothing(path: Path) -> bool:
    data = path.read_bytes()
    return not any(word in data for word in (b"hdrgm", b"Container", ISO, b"MPF\0", b"HDRGainMap"))


# The container ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("says", CONVENTIONS.values(), ids=CONVENTIONS)
def test_a_map_stays_with_what_it_means(tmp_path: Path, says: dict[str, bytes]) -> None:
    photo = made(tmp_path, **says)
    done = corrected(photo)
    assert not done.notes
    data, gain_map = done.out.read_bytes(), map_bytes(done.out)
    assert data.endswith(gain_map)
    segments = list(jpeg.segments(io.BytesIO(gain_map)))
    assert [part.content for part in segments if part.content.startswith(ISO)] == (
        [ISO + says["iso"]] if "iso" in says else []
    )
    assert [part.content[29:] for part in segments if part.of(jpeg.XMP)] == ([says["xmp"]] if "xmp" in says else [])
    primary = data[: -len(gain_map)]
    assert jpeg.picture_end(primary) == len(primary)
    head = [part.content for part in jpeg.segments(io.BytesIO(primary))]
    assert [part for part in head if part.startswith(ISO)] == [ISO + bytes(4)] * ("iso" in says)
    tags = said(done.out)
    assert tags["MPF0:NumberOfImages"] == 2
    assert tags["MPImage2:MPImageLength"] == len(gain_map)
    by_adobe = b"hdrgm" in says.get("xmp", b"")
    assert (b'hdrgm:Version="1.0"' in primary) == by_adobe
    directory = tags.get("XMP-GContainer:ContainerDirectory") or tags.get("XMP-Container:Directory")
    assert (f'Item:Length="{len(gain_map)}"'.encode() in primary) == by_adobe, directory
    # What was written is read again.
    again = decode(done.out)
    assert again.gain_map is not None
    assert not again.notes


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_map_is_encoded_as_it_was(tmp_path: Path, channels: int, progressive: bool) -> None:
    picture = encoded(dots(WIDTH, HEIGHT))
    tables = [[k % 7 + 1 for k in range(64)]] * (1 if channels == 1 else 2)
    source = encoded(dots(240, 160, channels=channels), qtables=tables, subsampling=0, progressive=progressive)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(ultra_hdr(picture, source, meaning(channels)))
    done = corrected(photo, replace(PLAIN, quality=50))
    with Image.open(io.BytesIO(map_bytes(done.out))) as out, Image.open(io.BytesIO(source)) as before:
        assert out.quantization == before.quantization  # type: ignore[attr-defined]
        assert out.layer == before.layer  # type: ignore[attr-defined]
        assert out.info.get("progressive") == before.info.get("progressive")


@pytest.mark.parametrize(
    "parts",
    [
        {"lying": True},
        {"between": bytes(16)},
        {"index_first": True},
        {"between": encoded(dots(160, 120)), "lying": True},
        {"behind": b"\0\0\0\x18ftypmp42" + bytes(range(256)), "lying": True},
    ],
    ids=["index lies", "padding", "index first", "preview before", "film behind"],
)
def test_a_map_is_found_where_it_is(tmp_path: Path, parts: dict[str, Any]) -> None:
    photo = made(tmp_path, xmp=meaning(), **parts)
    done = corrected(photo)
    others = parts.get("between", b"").strip(b"\0") or parts.get("behind")
    assert any("previews, films" in note for note in done.notes) == bool(others)
    gain_map = map_bytes(done.out)
    assert map_pixels(done.out).shape == (160, 240)
    assert done.out.read_bytes().endswith(gain_map)


def test_a_comment_between_scans_is_no_end(tmp_path: Path) -> None:
    """A progressive picture whose tables or comments hold the bytes of an EOI (T.81, B.2.4.5)."""
    data = encoded(dots(WIDTH, HEIGHT), progressive=True)
    first = data.index(b"\xff\xda")
    second = data.index(b"\xff\xc4", first)
    data = data[:second] + segment(0xFE, b"\xff\xd9 no end") + data[second:]
    assert jpeg.picture_end(data + b"\xff\xd8 more") == len(data)
    (tmp_path / "photo.jpg").write_bytes(data)
    assert decode(tmp_path / "photo.jpg").notes == ()


def test_pictures_behind_one_another() -> None:
    one, two = encoded(dots(40, 30)), encoded(dots(30, 20), progressive=True)
    assert list(mpf.pictures(b"\xff\xd8\xff" + one + b"between" + two + two[:-30])) == [
        (3, one),
        (len(one) + 10, two),
    ]
    assert list(mpf.pictures(b"\xff\xd8\xff" * 10_000 + one)) == []  # not looked for so long


# Geometry -----------------------------------------------------------------------------------------------------------


SIZES = [(240, 160), (960, 640), (127, 84), (1200, 800), (300, 300), (90, 240)]


@pytest.mark.parametrize(("size", "channels"), list(zip(SIZES, (1, 3, 1, 1, 3, 1), strict=True)))
@pytest.mark.parametrize("long_side", [None, 480])
def test_a_map_moves_as_its_picture(
    tmp_path: Path, size: tuple[int, int], channels: int, long_side: int | None
) -> None:
    photo = made(tmp_path, size, channels)
    done = corrected(photo, replace(PLAIN, long_side=long_side))
    picture, gain_map = decode(done.out).pixels, map_pixels(done.out)
    assert picture.shape[1] == (long_side or WIDTH)
    plane = gain_map if channels == 1 else gain_map[..., 0]
    rows, columns = plane.shape
    there = centres(picture[..., 1])
    assert np.abs((centres(plane) - there) * (columns, rows)).max() < 0.25
    assert np.abs((there - centres(dots(WIDTH, HEIGHT))) * (WIDTH, HEIGHT)).max() > 1.5  # before


@pytest.mark.parametrize("size", SIZES)
def test_a_map_moves_as_far_as_its_picture(size: tuple[int, int]) -> None:
    """By ten times as much as lenses bend, about a centre aside."""
    strong = Filter(WIDTH, HEIGHT, (500.0, 300.0), 580.0, warp=((1.1,), (1.0, 0.0, 0.2), (1.2,)))
    there = centres(apply(strong, dots(WIDTH, HEIGHT), "reference", transfer=linear()))
    moved = GainMap(dots(*size)).moved(strong, "bicubic").pixels
    rows, columns = moved.shape
    assert np.abs((centres(moved) - there) * (columns, rows)).max() < 0.3
    assert np.abs((there - centres(dots(WIDTH, HEIGHT))) * (WIDTH, HEIGHT)).max() > 40


@pytest.mark.parametrize(("size", "channels"), [((240, 160), 1), ((320, 212), 3)])
def test_a_map_is_what_scipy_makes_of_it(tmp_path: Path, size: tuple[int, int], channels: int) -> None:
    """Each of its pixels by the filter of the whole picture: across and down scaled apart, green's for all."""
    photo = made(tmp_path, size, channels)
    before = decode(photo).gain_map
    assert before is not None
    done = correct(photo, tmp_path / "out.jpg", replace(PLAIN, interpolation="bilinear"), BENT)
    columns, rows = size
    scale = np.array([WIDTH / columns, HEIGHT / rows])
    y, x = np.mgrid[0:rows, 0:columns]
    points = (np.stack([x.ravel(), y.ravel()], axis=1) + 0.5) * scale - 0.5
    source = (done.filter.source_points(points)[1] + 0.5) / scale - 0.5
    planes = [
        ndimage.map_coordinates(plane.astype(float), source.T[::-1], order=1, mode="nearest").reshape(rows, columns)
        for plane in np.moveaxis(before.pixels.reshape(rows, columns, -1), 2, 0)
    ]
    moved = before.moved(done.filter, "bilinear")
    inside = np.abs(moved.pixels.reshape(rows, columns, -1) - np.stack(planes, axis=-1))[4:-4, 4:-4]
    assert inside.max() < 1.5
    # And in the file, but for its JPEG.
    assert np.abs(map_pixels(done.out).astype(int) - moved.pixels).mean() < 1.5


@pytest.mark.parametrize(
    ("says", "code"),
    [
        ({"xmp": meaning()}, 128),
        ({"iso": meaning_by_iso()}, 128),
        ({"iso": meaning_by_iso(draft=True)}, 128),
        ({"xmp": apple()}, 0),
        ({"xmp": packet(f'{HDRGM} hdrgm:GainMapMax="nonsense"')}, 0),
        ({"iso": meaning_by_iso()[:20]}, 0),
    ],
)
def test_what_comes_from_outside_has_no_gain(tmp_path: Path, says: dict[str, bytes], code: int) -> None:
    photo = made(tmp_path, **says)
    # A small scale shows what is beyond the edges of the photo.
    done = corrected(photo, choices=replace(BENT, scale=0.8))
    corner = map_pixels(done.out)[:8, :8]
    assert np.abs(corner.astype(int) - code).max() <= 2
    assert (decode(done.out).pixels[:16, :16] < 8).all()


def test_each_channel_has_its_own_code_of_no_gain() -> None:
    lists = "".join(
        f"<hdrgm:{name}><rdf:Seq>{''.join(f'<rdf:li>{value}</rdf:li>' for value in values)}</rdf:Seq></hdrgm:{name}>"
        for name, values in {"GainMapMin": (-1, 0, -3), "GainMapMax": (1, 2, 1), "Gamma": (1, 1, 0.5)}.items()
    )
    assert GainMap(np.zeros((2, 2, 3), np.uint8), packet(HDRGM, lists)).without_gain().tolist() == [128, 0, 221]
    assert meaning_by_iso(3) != meaning_by_iso()
    assert GainMap(np.zeros((2, 2, 3), np.uint8), iso=meaning_by_iso(3)).without_gain().tolist() == [128] * 3
    assert GAIN["Gamma"] == 0.5


def test_fall_off_leaves_a_map_as_it_is(tmp_path: Path) -> None:
    """It holds ratios of light, which a gain does not change; so does an identity."""
    photo = made(tmp_path)
    done = corrected(
        photo, choices=Choices(lens="summilux-21", crop_factor=1.0, f_number=2.0, kinds={"vignetting": 1.0})
    )
    before = decode(photo).gain_map
    assert done.filter.brightens
    assert before is not None
    assert np.array_equal(before.moved(done.filter, "bicubic").pixels, before.pixels)


# Presets ------------------------------------------------------------------------------------------------------------


def test_a_smaller_picture_has_a_smaller_map(tmp_path: Path) -> None:
    preset = load("web-jpeg")
    assert preset.long_side
    photo = made(tmp_path)
    done = corrected(photo, replace(preset, long_side=WIDTH // 2))
    assert not any("gain map" in note for note in done.notes)
    assert decode(done.out).pixels.shape == (HEIGHT // 2, WIDTH // 2, 3)
    assert map_pixels(done.out).shape == (80, 120)
    assert f'Item:Length="{len(map_bytes(done.out))}"'.encode() in done.out.read_bytes()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_coloured_map_belongs_to_its_colour_space(tmp_path: Path, channels: int) -> None:
    photo = made(tmp_path, channels=channels, picture={"icc_profile": rgb_profile("Display P3", gamma=2.2)})
    assert not corrected(photo).notes
    done = corrected(photo, replace(PLAIN, profile="sRGB"))
    if channels == 1:
        assert not done.notes
        assert map_pixels(done.out).shape == (160, 240)
    else:
        assert [note for note in done.notes if "gain map" in note and "profile" in note] == list(done.notes)
        assert says_nothing(done.out)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("says", CONVENTIONS.values(), ids=CONVENTIONS)
def test_other_formats_hold_no_map(tmp_path: Path, says: dict[str, bytes], suffix: str) -> None:
    done = corrected(made(tmp_path, **says), suffix=suffix)
    assert ["gain map" in note for note in done.notes] == [True]
    assert says_nothing(done.out)


@pytest.mark.parametrize(
    "kind", ["urn:com:apple:photo:2020:aux:hdrgainmap", "urn:com:samsung:photo:2024:aux:hdrgainmap"]
)
def test_the_map_of_a_heic_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    def opened(*args: Any, **options: Any) -> Any:
        image = real(*args, **options)
        image.info["aux"] = {kind: [2]}
        return image

    (tmp_path / "photo.heic").write_bytes(heic())
    assert decode(tmp_path / "photo.heic").notes == ()
    real = pillow_heif.open_heif
    monkeypatch.setattr(pillow_heif, "open_heif", opened)
    assert ["gain map" in note for note in decode(tmp_path / "photo.heic").notes] == [True]


@pytest.mark.parametrize(("kind", "said"), [(b"hvc1", "further pictures"), (b"tmap", "gain map")])
def test_a_heic_by_iso_has_its_map_in_an_item(tmp_path: Path, kind: bytes, said: str) -> None:
    """ISO 21496-1: an item that is derived from picture and map tells of it, and libheif does not."""
    made, file = pillow_heif.from_pillow(Image.new("RGB", (64, 48), (120, 90, 60))), io.BytesIO()
    made.add_from_pillow(Image.new("RGB", (32, 24)))
    made.save(file)
    data = file.getvalue()
    second = data.index(b"hvc1", data.rindex(b"infe"))
    (tmp_path / "photo.heic").write_bytes(data[:second] + kind + data[second + 4 :])
    assert [said in note for note in decode(tmp_path / "photo.heic").notes] == [True]


def test_mattes_of_a_phone_are_told_as_further_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*args: Any, **options: Any) -> Any:
        image = real(*args, **options)
        image.info["aux"] = {"urn:com:apple:photo:2018:aux:portraiteffectsmatte": [2]}
        return image

    (tmp_path / "photo.heic").write_bytes(heic())
    real = pillow_heif.open_heif
    monkeypatch.setattr(pillow_heif, "open_heif", opened)
    assert decode(tmp_path / "photo.heic").notes == ("further pictures in the file were left out",)


@pytest.mark.parametrize("damage", ["cut", "kind", "size"])
def test_a_map_that_cannot_be_read_is_left_out(tmp_path: Path, damage: str) -> None:
    photo = made(tmp_path)
    data = bytearray(photo.read_bytes())
    frame = data.rindex(b"\xff\xc0\0\x0b")
    if damage == "cut":
        del data[-400:]
    elif damage == "kind":
        data[frame + 1] = 0xC3  # lossless
    else:
        data[frame + 5 : frame + 9] = bytes(4)
    photo.write_bytes(data)
    done = corrected(photo)
    assert any("gain map" in note for note in done.notes), done.notes
    assert says_nothing(done.out)
    assert done.out.read_bytes().count(b"\xff\xd8\xff") == 1


def test_a_mark_without_a_map_goes(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(made(tmp_path).read_bytes().rpartition(b"\xff\xd8\xff")[0])
    assert says_nothing(corrected(photo).out)


# What is passed on --------------------------------------------------------------------------------------------------

PLACE = 'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Wetzlar" photoshop:Headline="Lahn"'


@pytest.mark.parametrize("policy", ["keep", "no-location", "none"])
def test_the_metadata_of_a_map_follows_the_preset(tmp_path: Path, policy: str) -> None:
    head = segment(0xE1, b"Exif\0\0" + exif(Make="Secret", Orientation=6))
    photo = made(tmp_path, xmp=meaning(more=PLACE), iso=meaning_by_iso(), map_head=head, more_xmp=PLACE)
    done = corrected(photo, replace(PLAIN, metadata=policy))
    data, gain_map = done.out.read_bytes(), map_bytes(done.out)
    assert not done.notes
    assert b"Secret" not in data  # a map's Exif data is used by nobody, and not kept
    assert (b"Wetzlar" in data, b"Wetzlar" in gain_map) == (policy == "keep",) * 2
    assert (b"Lahn" in gain_map) == (policy != "none")
    assert b'hdrgm:GainMapMax="3.0"' in gain_map
    assert ISO + meaning_by_iso() in gain_map
    assert decode(done.out).gain_map is not None


@pytest.mark.parametrize("policy", ["no-location", "none"])
@pytest.mark.parametrize("index_first", [False, True])
@pytest.mark.parametrize("says", CONVENTIONS.values(), ids=CONVENTIONS)
def test_a_copy_keeps_its_map(tmp_path: Path, says: dict[str, bytes], policy: str, index_first: bool) -> None:
    """The photo that is copied as it is but for its metadata; with a film behind it."""
    head = segment(0xE1, b"Exif\0\0" + exif(Make="Secret"))
    says = {name: data.replace(b"rdf:about", PLACE.encode() + b" rdf:about") for name, data in says.items()}
    photo = made(tmp_path, **says, map_head=head, more_xmp=PLACE, index_first=index_first, behind=b"a film")
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(copy_without(photo, policy)[0])
    data, gain_map = copy.read_bytes(), map_bytes(copy)
    assert data.endswith(gain_map)
    assert b"Secret" not in data
    assert b"Wetzlar" not in data
    assert (b"Lahn" in data) == (policy == "no-location")
    before, after = decode(photo), decode(copy)
    assert np.array_equal(before.pixels, after.pixels)
    assert before.gain_map is not None
    if policy == "none" and before.gain_map.needs_maker_note:
        assert after.gain_map is None
        assert b"MPF\0" not in data
        return
    assert after.gain_map is not None
    assert np.abs(before.gain_map.pixels.astype(int) - after.gain_map.pixels).max() <= 2
    assert after.gain_map.iso == says.get("iso")
    assert (f'Item:Length="{len(gain_map)}"'.encode() in data) == (b"hdrgm" in says.get("xmp", b""))


@pytest.mark.parametrize("index_first", [False, True])
def test_a_tag_leaves_the_map_where_it_is_found(tmp_path: Path, index_first: bool) -> None:
    """Exif data grows before the index, XMP before or behind it."""
    photo = made(tmp_path, iso=meaning_by_iso(), xmp=meaning(), index_first=index_first)
    before = map_bytes(photo)
    write_lens_tags(photo, catalogue().lenses["summicron-35-asph"])
    assert b"summicron-35-asph" in photo.read_bytes()
    assert map_bytes(photo) == before
    assert said(photo)["MPImage1:MPImageLength"] == len(photo.read_bytes()) - len(before)


def test_an_index_that_is_broken_stays_as_it_is() -> None:
    picture = encoded(dots(40, 30))
    for content in (b"MPF\0", b"MPF\0II*\0\xff\xff\xff\xff", mpf.index(0, 9, 9)[4:-10], b"MPF\0MM\0*\0\0\0\x08\0\0"):
        before = picture[:2] + segment(0xE2, content) + picture[2:]
        after = before[:-2] + b"more" + before[-2:]
        assert mpf.moved(before, after) == after
    assert mpf.moved(picture, picture + b"more") == picture + b"more"


def test_apples_first_map_needs_the_maker_note(tmp_path: Path) -> None:
    photo = made(tmp_path, xmp=apple(65536))
    assert not corrected(photo, replace(PLAIN, metadata="no-location")).notes
    done = corrected(photo, replace(PLAIN, metadata="none"))
    assert ["maker note" in note for note in done.notes] == [True]
    assert says_nothing(done.out)
    photo = made(tmp_path, xmp=apple())
    assert not corrected(photo, replace(PLAIN, metadata="none")).notes


def test_a_map_is_saved_with_a_photo_of_no_metadata(tmp_path: Path) -> None:
    photo = decode(made(tmp_path, iso=meaning_by_iso()))
    assert save_photo(photo, photo.pixels, tmp_path / "out.jpg") == ()
    gain_map = map_bytes(tmp_path / "out.jpg")
    assert ISO + meaning_by_iso() in gain_map
