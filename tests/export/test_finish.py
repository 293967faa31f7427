"""What is done to a corrected picture before it is written, against the oracles of others."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms

from sixbit.export.correct import correct
from sixbit.export.finish import converted, finished, profile_data, resized, sharpened
from sixbit.export.presets import PLAIN, Preset
from sixbit.photos.colour import SRGB, of_icc
from sixbit.photos.decode import decode
from sixbit.photos.photo import Photo
from sixbit.photos.pixels import fitted, in_depth, multiplied, straight
from sixbit.photos.privacy import copy_without, passed_on
from sixbit.photos.save import save_photo
from sixbit.values.choices import Choices
from sixbit.values.errors import PhotoError
from sixbit.values.light import srgb
from tests.scenery import batch_photos
from tests.scenery.photo_factory import exif, jpeg, segment
from tests.scenery.programs import exiftool

JPEG = Preset("test", "Test", "JPEG")


def scene(kind: Any = np.uint8, channels: int = 3) -> NDArray[Any]:
    """A smooth picture with an edge, 96 x 64."""
    y, x = np.mgrid[0:64, 0:96] / 64
    planes = [0.2 + 0.3 * x, 0.5 + 0.3 * np.sin(6 * y), 0.7 - 0.3 * x * y, np.ones_like(x)]
    picture = np.stack(planes[:channels], axis=-1)
    picture[20:40, 30:60, :3] = 0.9
    if kind == np.float32:
        return picture.astype(np.float32)
    return np.rint(picture * np.iinfo(kind).max).astype(kind)


# Size ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_a_fine_grid_keeps_its_light(kind: Any) -> None:
    """Black and white by turns is half the light, 188 in sRGB; averaged as encoded it would be 128."""
    grid = np.indices((400, 400)).sum(axis=0) % 2
    full = 1 if kind == np.float32 else np.iinfo(kind).max
    small = resized(np.repeat(grid[..., None], 3, axis=2).astype(kind) * kind(full), 50, srgb())
    assert small.shape == (50, 50, 3)
    values = in_depth(small, 32)
    assert np.abs(values - srgb().encode(np.array([0.5]))[0]).max() < 0.01
    assert np.abs(in_depth(resized(grid.astype(np.float32), 50, None), 32) - 0.5).max() < 0.01


def test_it_does_as_libvips_does() -> None:
    """libvips' thumbnail in linear light, with its own Lanczos filter."""
    import pyvips

    rng = np.random.default_rng(2)
    smooth = np.asarray(Image.fromarray(rng.integers(0, 255, (60, 90, 3), np.uint8)).resize((900, 600), Image.BICUBIC))
    ours = in_depth(resized(smooth, 300, srgb()), 8).astype(int)
    picture = pyvips.Image.new_from_array(smooth).copy(interpretation="srgb").colourspace("scrgb")
    theirs = picture.resize(1 / 3, kernel="lanczos3").colourspace("srgb").numpy().astype(int)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs)[8:-8, 8:-8].max() <= 2


def test_sizes() -> None:
    assert fitted(8160, 6144, 2048) == (2048, 1542)
    assert fitted(6144, 8160, 2048) == (1542, 2048)
    assert fitted(100, 1, 50) == (50, 1)
    small = scene()
    assert resized(small, 96, srgb()) is small
    assert resized(np.zeros((1, 1), np.uint8), 16, srgb()).shape == (1, 1)


def test_what_is_transparent_lends_no_colour() -> None:
    picture = np.zeros((64, 64, 4), np.uint8)
    picture[:, :32] = (200, 100, 50, 255)
    picture[:, 32:, :3] = (0, 255, 0)
    small = resized(picture, 16, srgb())
    seen = small[..., 3] > 3000
    assert np.abs(in_depth(small, 8)[seen][:, :3].astype(int) - (200, 100, 50)).max() <= 2


# Colour -------------------------------------------------------------------------------------------------------------


def test_colours_of_8_bits_are_converted_as_pillow_does() -> None:
    pixels = scene() // 2 + np.uint8(64)  # colours that both can show
    ours, icc = converted(Photo(Path("x.jpg"), "JPEG", pixels, of_icc(profile_data("Adobe RGB"))), pixels, "sRGB")
    assert icc == profile_data("sRGB")
    profiles = [ImageCms.ImageCmsProfile(io.BytesIO(profile_data(name))) for name in ("Adobe RGB", "sRGB")]
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    theirs = np.asarray(ImageCms.profileToProfile(Image.fromarray(pixels), *profiles, renderingIntent=intent))
    assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert np.abs(ours.astype(int) - pixels).max() > 10


def test_colours_of_16_bits_are_exact() -> None:
    """By the matrices of the two spaces (Adobe RGB (1998), section 4.3.5; IEC 61966-2-1, section 5.3)."""
    pixels = (np.random.default_rng(0).random((64, 96, 3)) * 40000 + 10000).astype(np.uint16)
    ours, _ = converted(Photo(Path("x.tif"), "TIFF", pixels, of_icc(profile_data("Adobe RGB"))), pixels, "sRGB")
    to_xyz = np.array([[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]])
    from_xyz = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
    light = (pixels / 65535) ** (563 / 256) @ (from_xyz @ to_xyz).T
    wanted = 65535 * srgb().encode(light.clip(0, 1))
    assert np.abs(ours - wanted).max() < 65535 / 255 / 2


def test_what_would_not_change_is_left_alone() -> None:
    pixels = scene()
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = Photo(Path("x.jpg"), "JPEG", pixels, of_icc(made))
    same, icc = converted(photo, pixels, "sRGB")
    assert same is pixels
    assert icc == made
    same, icc = converted(replace(photo, colour=SRGB), pixels, "sRGB")
    assert same is pixels
    assert icc == profile_data("sRGB")


def test_grey_and_alpha() -> None:
    grey = scene()[..., 0]
    photo = Photo(Path("x.png"), "PNG", grey)
    out, icc = converted(photo, grey, "Adobe RGB")
    assert out.shape == (64, 96, 3)
    assert icc == profile_data("Adobe RGB")
    assert np.ptp(out.astype(int), axis=2).max() <= 1
    clear = scene(channels=4)
    clear[..., 3] = 77
    out, _ = converted(replace(photo, colour=of_icc(profile_data("Adobe RGB"))), clear, "sRGB")
    assert (out[..., 3] == 77).all()


def test_a_broken_profile_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.icc"
    broken.write_bytes(b"no profile")
    pixels = scene()
    with pytest.raises(PhotoError, match=r"x\.jpg: its colours cannot be converted"):
        converted(Photo(Path("x.jpg"), "JPEG", pixels), pixels, str(broken))


def test_a_png_tells_its_new_profile_once(tmp_path: Path) -> None:
    photo = tmp_path / "a.png"
    tags = batch_photos.KNOWN
    photo.write_bytes(batch_photos.png(192, 144, tags))
    with Image.open(photo) as picture:
        picture.save(photo, icc_profile=profile_data("Adobe RGB"), exif=b"Exif\0\0" + exif(**tags))
    for profile in ("sRGB", None):
        out = tmp_path / f"{profile}.png"
        correct(photo, out, preset=replace(JPEG, format="PNG", profile=profile))
        assert decode(out).icc == profile_data(profile or "Adobe RGB")
        assert out.read_bytes().count(b"iCCP") == 1


# Sharpening and bits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "tolerance"), [(np.uint8, 1.01), (np.uint16, 40), (np.float32, 1e-4)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_mask_is_that_of_a_gaussian(kind: Any, tolerance: float, channels: int) -> None:
    from scipy.ndimage import gaussian_filter

    pixels = scene(kind, max(channels, 1))
    pixels = pixels[..., 0] if channels == 1 else pixels
    ours = sharpened(pixels, 0.7, 1.3).astype(float)
    values = pixels.astype(float)
    luma = values if channels == 1 else values[..., :3] @ [0.2126, 0.7152, 0.0722]
    detail = 0.7 * (luma - gaussian_filter(luma, 1.3, mode="nearest", truncate=5))
    wanted = values.copy()
    if channels == 1:
        wanted += detail
    else:
        wanted[..., :3] += detail[..., None]
    if kind != np.float32:
        wanted = wanted.clip(0, np.iinfo(kind).max)
    assert np.abs(ours - wanted).max() <= tolerance


def test_infinities_are_left_alone_by_sharpening() -> None:
    pixels = scene(np.float32)
    pixels[20, 30] = (np.inf, -np.inf, np.nan)
    done = finished(Photo(Path("x.tif"), "TIFF", pixels), replace(JPEG, sharpening={"amount": 1, "radius": 1})).pixels
    assert np.array_equal(done[20, 30], pixels[20, 30], equal_nan=True)
    assert np.isfinite(done).sum() == pixels.size - 3
    assert not np.allclose(done[40:], pixels[40:])


@pytest.mark.parametrize("profile", [None, "Adobe RGB"])
@pytest.mark.parametrize("is_multiplied", [True, False])
@pytest.mark.parametrize("bits", [8, 16, 32])
def test_values_of_any_size_go_through_without_a_warning(bits: int, is_multiplied: bool, profile: str | None) -> None:
    pixels = scene(np.float32, 4)
    largest = np.finfo(np.float32).max
    for k, value in enumerate((largest, -largest, np.inf, -np.inf, np.nan, 1e-40)):
        pixels[8 * k : 8 * k + 8, 10:20, :3] = value
        pixels[8 * k : 8 * k + 8, 16:40, 3] = value
    preset = replace(JPEG, long_side=50, profile=profile, sharpening={"amount": 1, "radius": 1}, depth=bits)
    encoding = SimpleNamespace(alpha=1 if is_multiplied else 2)
    done = finished(Photo(Path("x.tif"), "TIFF", pixels, encoding=encoding), preset).pixels
    assert done.shape == (33, 50, 4)
    clean = finished(Photo(Path("x.tif"), "TIFF", scene(np.float32, 4), encoding=encoding), preset).pixels
    assert np.abs(in_depth(done, 32)[:, 35:] - in_depth(clean, 32)[:, 35:]).max() < 0.01  # away from them


def test_bands_leave_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = scene()
    whole = sharpened(pixels, 1, 2), resized(pixels, 30, srgb())
    monkeypatch.setattr("sixbit.export.finish.BAND_PIXELS", 96 * 7)
    parts = sharpened(pixels, 1, 2), resized(pixels, 30, srgb())
    assert all(np.array_equal(one, other) for one, other in zip(whole, parts, strict=True))


def test_sixteen_bits_have_values_between_those_of_the_photo(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(batch_photos.jpeg(192, 144, batch_photos.KNOWN))
    correct(photo, tmp_path / "a.tif", preset=replace(JPEG, format="TIFF", depth=16))
    values = tifffile.imread(tmp_path / "a.tif")
    assert values.dtype == np.uint16
    assert len(np.unique(values % 257)) > 100


# What is passed on --------------------------------------------------------------------------------------------------


def with_place(tmp_path: Path, suffix: str) -> Path:
    """A photo with its place in Exif, XMP and IPTC, and a title that is to stay."""
    photo = tmp_path / f"a{suffix}"
    tags = batch_photos.KNOWN
    build = {".tif": batch_photos.tiff, ".png": batch_photos.png}.get(suffix, batch_photos.jpeg)
    photo.write_bytes(build(192, 144, tags))
    words = ["-GPSLatitude=47.3739391", "-GPSLatitudeRef=N", "-GPSAreaInformation=GPS in Zurich", "-XMP:Title=Kept"]
    words += ["-XMP:City=Zurich-XMP", "-XMP:LocationShownCity=Zurich-Ext", "-XMP:GPSLatitude=47.3739391"]
    words += ["-IPTC:City=Zurich-IPTC", "-IPTC:ObjectName=Kept"]
    subprocess.run([*exiftool(), "-q", "-overwrite_original", *words, str(photo)], check=True)
    return photo


def said(photo: Path) -> str:
    return subprocess.run(
        [*exiftool(), "-a", "-G1", "-s", str(photo)], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png"])
@pytest.mark.parametrize("policy", ["no-location", "none"])
@pytest.mark.parametrize("corrected", [True, False], ids=["corrected", "copied"])
def test_no_place_is_left(suffix: str, policy: str, corrected: bool, tmp_path: Path) -> None:
    photo = with_place(tmp_path, suffix)
    assert "GPSLatitude" in said(photo)
    assert b"Zurich" in photo.read_bytes()
    out = tmp_path / f"out{suffix}"
    if corrected:
        kind = {".jpg": "JPEG", ".tif": "TIFF", ".png": "PNG"}[suffix]
        correct(photo, out, preset=replace(JPEG, format=kind, metadata=policy))
    else:
        out.write_bytes(copy_without(photo, policy)[0])
        assert np.array_equal(decode(out).pixels, decode(photo).pixels)
    listed = said(out)
    for word in ("GPS", "Zurich", "Location"):
        assert word not in listed
    assert b"Zurich" not in out.read_bytes()
    assert ("Kept" in listed) == (policy == "no-location")
    assert ("LensModel" in listed) == (policy == "no-location")
    assert ("AlreadyApplied" in listed) == corrected


def test_a_copy_has_the_picture_every_time(tmp_path: Path) -> None:
    """exiv2 reads from bytes that it does not keep alive."""
    import tifffile

    photo = tmp_path / "a.tif"
    tifffile.imwrite(photo, scene(np.uint16), photometric="rgb", compression="zlib")
    assert {copy_without(photo, "no-location")[0] for _ in range(300)} == {photo.read_bytes()}


def test_without_metadata_a_photo_still_stands_upright(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    comment = segment(0xFE, b"a comment") + segment(0xE5, b"a maker's own")
    photo.write_bytes(jpeg(exif(Orientation=6, Make="Leica", Model="M10"), before=comment))
    opened = decode(photo)
    bare = passed_on(opened, "none")
    save_photo(bare, bare.pixels, tmp_path / "b.jpg")
    data = (tmp_path / "b.jpg").read_bytes()
    assert not any(word in data for word in (b"comment", b"maker", b"M10"))
    with Image.open(tmp_path / "b.jpg") as picture:
        assert picture.getexif()[0x0112] == 6
    assert passed_on(opened, "keep") is opened


# Multiplied alpha ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "change", [{"long_side": 60}, {"profile": "sRGB"}, {"sharpening": {"amount": 0.6, "radius": 1}}]
)
def test_multiplied_colours_are_finished_as_their_straight_twins(
    kind: Any, change: dict[str, Any], tmp_path: Path
) -> None:
    """A preset makes them smaller, converts and sharpens them as what is seen, and multiplies them again."""
    pixels = in_depth(scene(channels=4), np.dtype(kind).itemsize * 8)
    top = np.iinfo(kind).max
    across = np.linspace(0.15, 1, pixels.shape[1])
    pixels[..., 3] = top * across
    photos = {"straight.tif": (pixels, 2), "multiplied.tif": (multiplied(pixels), 1)}
    made = {}
    for name, (given, extra) in photos.items():
        tifffile.imwrite(
            tmp_path / name, given, photometric="rgb", extrasamples=[extra], iccprofile=profile_data("Adobe RGB")
        )
        photo = finished(decode(tmp_path / name), replace(PLAIN, **change))
        assert photo.is_multiplied == (extra == 1)
        save_photo(photo, photo.pixels, tmp_path / f"out-{name}")
        made[name] = decode(tmp_path / f"out-{name}").pixels
    seen = straight(made["multiplied.tif"]).astype(float)
    depth = np.iinfo(made["straight.tif"].dtype).max
    # A level of the multiplied colours is several of what is seen, where little is.
    slack = 3 if kind is np.uint8 else 0.05
    far = np.abs(seen - made["straight.tif"])[..., :3] * made["straight.tif"][..., 3:] / depth
    assert np.percentile(far, 99) / depth * 255 <= slack  # the curve is steep beside black


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_what_is_brightened_stays_below_its_alpha(kind: Any, tmp_path: Path) -> None:
    top = np.iinfo(kind).max
    pixels = np.full((200, 300, 4), top, kind)
    pixels[..., 3] = top // 2
    tifffile.imwrite(tmp_path / "a.tif", multiplied(pixels), photometric="rgb", extrasamples=[1])
    falls_off = Choices(lens="vm-nokton-28-1.5", crop_factor=1.0, f_number=2.0, kinds={"vignetting": 1.0})
    correct(tmp_path / "a.tif", tmp_path / "out.tif", choices=falls_off)
    out = decode(tmp_path / "out.tif").pixels
    assert (out[..., 3] == top // 2).all()
    assert (out[..., :3].max(axis=2) <= out[..., 3]).all()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("long_side", [None, 60])
def test_grey_that_is_multiplied_is_saved_as_what_is_seen(suffix: str, long_side: int | None, tmp_path: Path) -> None:
    pixels = np.full((80, 120, 2), (60, 120), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", extrasamples=[1])
    photo = finished(decode(tmp_path / "a.tif"), replace(PLAIN, long_side=long_side, depth=8))
    save_photo(photo, photo.pixels, tmp_path / f"out{suffix}")
    out = decode(tmp_path / f"out{suffix}")
    assert out.is_grey
    middle = out.pixels[20, 30]
    assert np.abs(np.atleast_1d(middle)[0].astype(int) - (60 if suffix == ".tif" else 128)) <= 1
    assert suffix == ".jpg" or middle[3] == 120


def test_what_is_multiplied_stays_as_it_is_where_nothing_is_finished(tmp_path: Path) -> None:
    pixels = multiplied(scene(channels=4))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=[1])
    photo = decode(tmp_path / "a.tif")
    assert finished(photo, PLAIN).pixels is photo.pixels
    assert np.array_equal(multiplied(straight(pixels)), pixels)
