"""Photos that claim too much: refused in words before anything is decoded."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from sixbit.files import limits
from sixbit.photos.decode import decode
from sixbit.values.errors import Code, PhotoError
from tests.scenery import hostile
from tests.scenery.refusals import refused

FEW = "is damaged or cut short: {} pixels take .* bytes at least, not"
CLAIMS: dict[str, tuple[bytes, str, Code]] = {
    "claims.jpg": (hostile.jpeg_claiming(*hostile.HUGE), "more than 250000000 are not opened", Code.MANY_PIXELS),
    "few.jpg": (hostile.jpeg_claiming(15_000, 15_000), FEW.format("15000x15000"), Code.DAMAGED),
    "few-progressive.jpg": (
        hostile.jpeg_claiming(15_000, 15_000, progressive=True),
        FEW.format("15000x15000"),
        Code.DAMAGED,
    ),
    "scans.jpg": (hostile.jpeg_of_scans(200), "in 206 scans; more than 100", Code.FORMAT),
    "segments.jpg": (
        hostile.jpeg(segments=hostile.segment(0xFE, b"x") * 5_000),
        "has more than 4096 segments before its picture; no more are looked at",
        Code.FORMAT,
    ),
    "segments-behind-tags.jpg": (
        hostile.jpeg(
            segments=hostile.segment(0xE1, b"Exif\0\0" + hostile.exif_of_entries(10))
            + hostile.segment(0xFE, b"x") * 5_000
        ),
        "has more than 4096 segments before its picture; no more are looked at",
        Code.FORMAT,
    ),
    "missing.tif": (
        hostile.tiff_with_missing_strips(800_000),
        "has 8 of the 200000 strips that its 100x800000 pixels take",
        Code.DAMAGED,
    ),
    "empty.tif": (hostile.tiff_of_empty_strips(300), "has no pixels in 300 of its 300 strips", Code.DAMAGED),
    "strips.tif": (hostile.tiff_with_missing_strips(2_000_000), "in 500000 strips; more than 262144", Code.FORMAT),
    "samples.tif": (hostile.tiff_of_samples(), "stores 64 samples a pixel; more than 8", Code.FORMAT),
    "planes.tif": (hostile.tiff_of_samples(planar=2), "stores 64 samples a pixel; more than 8", Code.FORMAT),
    "tile.tif": (hostile.tiff_of_tiles(100, 100, (1 << 20, 1 << 12)), "1048576x4096 pixels", Code.TOO_LARGE),
    "tiles.tif": (hostile.tiff_of_tiles(1_600, 1_600, (16, 16)), "has 1 of the 10000 tiles", Code.DAMAGED),
    "deflated.tif": (hostile.tiff_deflated(15_000, 15_000), FEW.format("15000x15000"), Code.DAMAGED),
    "claims.png": (hostile.png_claiming(*hostile.HUGE), "more than 250000000 are not opened", Code.MANY_PIXELS),
    "few.png": (hostile.png_claiming(15_000, 15_000), FEW.format("15000x15000"), Code.DAMAGED),
    "few-interlaced.png": (
        hostile.png_claiming(15_000, 15_000, interlaced=1),
        FEW.format("15000x15000"),
        Code.DAMAGED,
    ),
    "enlarged.avif": (
        hostile.with_size(hostile.avif(), 15_000, 15_000),
        "is damaged .it is said to have 15000x15000 pixels, and holds 64x48",
        Code.DAMAGED,
    ),
    "enlarged-alpha.avif": (
        hostile.avif_of_narrow_alpha(),
        "is damaged .it is said to have 64x64 pixels, and holds 2x64",
        Code.DAMAGED,
    ),
    "grid.avif": (hostile.avif_grid(2, 3, (15_000, 128)), "15000x128 pixels, and holds 192x128", Code.DAMAGED),
    "tiles.avif": (
        hostile.avif_grid(2, 2, (8_000, 8_000), tile=(4_000, 4_000)),
        "4000x4000 pixels, and holds 64x64",
        Code.DAMAGED,
    ),
    "claims.webp": (hostile.webp_lossless_claiming(16_000, 16_000), "are not opened", Code.MANY_PIXELS),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_what_claims_too_much_is_not_decoded(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(*args: Any, **options: Any) -> None:
        raise AssertionError("it is decoded")

    for codec in ("jpeg8", "png", "avif", "webp"):
        monkeypatch.setattr(imagecodecs, f"{codec}_decode", decoded)
    monkeypatch.setattr(tifffile.TiffPage, "asarray", decoded)
    data, said, code = CLAIMS[name]
    (tmp_path / name).write_bytes(data)
    with refused(PhotoError, said, code):
        decode(tmp_path / name)


@pytest.mark.parametrize("size", [(1, 1), (63, 47), (300, 257)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4", "4:0:0"])
def test_an_avif_that_is_as_large_as_it_says_is_decoded(
    size: tuple[int, int], mode: str, subsampling: str, tmp_path: Path
) -> None:
    Image.new(mode, size).save(tmp_path / "photo.avif", subsampling=subsampling, speed=10)
    assert decode(tmp_path / "photo.avif").pixels.shape[:2] == size[::-1]


@pytest.mark.parametrize("size", [(192, 128), (190, 102)])
def test_a_grid_that_its_tiles_fill_is_decoded(size: tuple[int, int], tmp_path: Path) -> None:
    (tmp_path / "photo.avif").write_bytes(hostile.avif_grid(2, 3, size))
    assert decode(tmp_path / "photo.avif").pixels.shape[:2] == size[::-1]


def test_a_heic_that_claims_too_much_is_refused(tmp_path: Path) -> None:
    assert pillow_heif.libheif_version()
    for width, height in ((15_000, 15_000), hostile.HUGE):
        (tmp_path / "photo.heic").write_bytes(hostile.with_size(hostile.heic(), width, height))
        with pytest.raises(PhotoError):
            decode(tmp_path / "photo.heic")


def test_large_ones_are_decoded_if_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PIXELS", 1_000)
    monkeypatch.delenv(limits.LARGE_VARIABLE, raising=False)
    made = {"jpg": hostile.jpeg, "png": hostile.png, "avif": lambda size: hostile.avif(size=size)}
    for name, data in ((f"photo.{ending}", make((64, 48))) for ending, make in made.items()):
        (tmp_path / name).write_bytes(data)
        with refused(PhotoError, "64x48 pixels; more than 1000 are not opened unasked", Code.MANY_PIXELS):
            decode(tmp_path / name)
        assert decode(tmp_path / name, large=True).pixels.shape[:2] == (48, 64)
    monkeypatch.setenv(limits.LARGE_VARIABLE, "1")
    assert decode(tmp_path / "photo.jpg").pixels.shape == (48, 64)


def test_the_jpegs_in_a_tiff_are_no_larger_than_their_parts(tmp_path: Path) -> None:
    part = hostile.jpeg((64, 64))
    for data, wanted in ((part, True), (hostile.jpeg_claiming(30_000, 30_000), False)):
        tags = hostile.picture_tags(64, 64, compression=7) + hostile.strips([8], [len(data)], 64)
        (tmp_path / "photo.tif").write_bytes(hostile.tiff(tags, data))
        if wanted:
            assert decode(tmp_path / "photo.tif").pixels.shape == (64, 64)
        else:
            with refused(PhotoError, "holds a JPEG of 30000x30000 pixels for a part of 64x64", Code.DAMAGED):
                decode(tmp_path / "photo.tif")


@pytest.mark.parametrize(
    ("codec", "number"),
    [
        ("jpeg2k", 34712),
        ("jpegxl", 50002),
        ("webp", 50001),
        ("png", 34933),
        ("lerc", 34887),
        ("jpegxr", 34934),
        ("jpegxr", 22610),
    ],
)
def test_nor_are_pictures_of_other_formats(
    codec: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tiff_of(side: int) -> bytes:
        data = getattr(imagecodecs, f"{codec}_encode")(np.full((side, side, 3), 128, np.uint8))
        tags = hostile.picture_tags(64, 64, 3, compression=number) + hostile.strips([8], [len(data)], 64)
        return hostile.tiff(tags, data)

    (tmp_path / "photo.tif").write_bytes(tiff_of(64))
    assert decode(tmp_path / "photo.tif").pixels.shape == (64, 64, 3)
    (tmp_path / "photo.tif").write_bytes(tiff_of(200))
    monkeypatch.setattr(tifffile.TiffPage, "asarray", None)
    with refused(PhotoError, "holds a .* of 200x200 pixels for a part of 64x64", Code.DAMAGED):
        decode(tmp_path / "photo.tif")


@pytest.mark.parametrize("packed", [zlib.compress, imagecodecs.zstd_encode])
def test_nor_is_a_lerc_that_was_compressed_once_more(
    packed: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "photo.tif"

    def write(data: bytes) -> None:
        tags = hostile.picture_tags(64, 64, 3, compression=34887) + hostile.strips([8], [len(data)], 64)
        photo.write_bytes(hostile.tiff(tags, data))

    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    write(packed(imagecodecs.lerc_encode(noise)))
    assert np.array_equal(decode(photo).pixels, noise)
    monkeypatch.setattr(tifffile.TiffPage, "asarray", None)
    write(packed(imagecodecs.lerc_encode(np.full((200, 200, 3), 128, np.uint8))))
    with refused(PhotoError, "holds a LERC of 200x200 pixels for a part of 64x64", Code.DAMAGED):
        decode(photo)
    write(packed(bytes(1 << 20)))
    with refused(PhotoError, "LERC (of more than|cannot be inflated to) .* bytes", Code.DAMAGED):
        decode(photo)


@pytest.mark.parametrize(("codec", "number"), [("jpeg8", 7), ("png", 34933)])
def test_parts_that_overlap_are_not_each_read(codec: str, number: int, tmp_path: Path) -> None:
    data = getattr(imagecodecs, f"{codec}_encode")(np.full((64, 64), 128, np.uint8)) + bytes(1_000)
    tags = hostile.picture_tags(64, 128, compression=number) + hostile.strips([8, 9], [len(data), len(data)], 64)
    (tmp_path / "photo.tif").write_bytes(hostile.tiff(tags, data))
    with refused(PhotoError, "its parts overlap", Code.DAMAGED):
        decode(tmp_path / "photo.tif")


def test_narrow_pictures_of_single_bits_have_bytes_enough(tmp_path: Path) -> None:
    tags = hostile.picture_tags(10, 4, samples=3, bits=1) + hostile.strips([8], [16], 4)
    (tmp_path / "photo.tif").write_bytes(hostile.tiff(tags, bytes(16)))
    assert decode(tmp_path / "photo.tif").pixels.shape == (4, 10, 3)
