"""A picture without colours keeps none, and grey is exported with any profile."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sixbit.cli.main import main
from sixbit.compiler.compile import compile_filter
from sixbit.editors.server.pictures import OpenPicture
from sixbit.engines import apply
from sixbit.export.correct import correct
from sixbit.export.finish import converted, profile_data
from sixbit.export.presets import PLAIN, load
from sixbit.files.icc import made_profile
from sixbit.photos.colour import PRIMARIES, of_icc
from sixbit.photos.decode import decode
from sixbit.photos.photo import Photo
from sixbit.photos.pixels import without_colour
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, PhotoError
from sixbit.values.light import srgb
from tests.scenery.batch_photos import KNOWN, scene
from tests.scenery.icc_profiles import made_profile as made_by_bytes
from tests.scenery.icc_profiles import tabulated
from tests.scenery.photo_factory import exif
from tests.scenery.refusals import refused

WEB = load("web-jpeg")
P3 = made_profile("Display P3", PRIMARIES[12], None)
MONOCHROM = KNOWN | {"Model": "LEICA M10 MONOCHROM"}


def grey(width: int = 300, height: int = 200) -> np.ndarray:
    return scene(width, height)[..., 1].copy()


def saved(path: Path, pixels: np.ndarray, tags: dict[str, Any] = KNOWN, **options: Any) -> Path:
    Image.fromarray(pixels).save(path, exif=b"Exif\0\0" + exif(**tags), **options)
    return path


def spread(pixels: np.ndarray) -> int:
    return 0 if pixels.ndim == 2 else int(np.ptp(pixels[..., :3].astype(int), axis=2).max())


def as_rgb(pixels: np.ndarray, noise: int = 0) -> np.ndarray:
    rgb = np.repeat(pixels[..., None], 3, axis=2)
    if noise:
        more = np.random.default_rng(3).integers(0, noise + 1, pixels.shape)
        rgb[..., 2] = np.clip(rgb[..., 2].astype(int) + more, 0, 255)
    return rgb


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sampled.jpg", {"quality": 90}),
        ("fine.jpg", {"quality": 60, "subsampling": 0}),
        ("a.png", {}),
        ("a.tif", {}),
        ("noisy.png", {}),
        ("noisier.png", {}),
        ("noisier.tif", {}),
    ],
)
def test_three_channels_that_are_alike(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    noise = {"noisy": 1, "noisier": 3}.get(name[:-4], 0)
    pixels = as_rgb(grey(), noise)
    photo = saved(tmp_path / name, pixels, **options)
    out = tmp_path / "out.png"
    done = correct(photo, out)
    assert spread(decode(out).pixels) <= noise * 2
    assert done.filter.made_from["left_out"]["tca"] == "the photo has no colours"
    assert done.filter.made_from["corrections"] == ["distortion"]
    assert b'sixbit:corrected="distortion"' in (decode(out).metadata.xmp or b"")
    tinted = pixels.copy()
    tinted[89:95, 130:136, 0] ^= 128  # one spot of colour, between the rows that are looked at first
    done = correct(saved(tmp_path / f"tinted-{name}", tinted, **options), out)
    assert "tca" in done.filter.made_from["corrections"]


@pytest.mark.parametrize("kind", ["uint16", "float32"])
@pytest.mark.parametrize("light", [0.003, 0.02, 0.5])
def test_colours_of_a_dark_picture_in_linear_light(kind: str, light: float) -> None:
    white = 1 if kind == "float32" else 65535
    linear = (scene(300, 200) / 255.0) ** 2.2 * light * white
    assert not without_colour(linear.astype(kind))
    assert without_colour(np.repeat(linear[..., 1:2], 3, axis=2).astype(kind))


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_one_channel(name: str, tmp_path: Path) -> None:
    done = correct(saved(tmp_path / name, grey()), tmp_path / f"out{name}")
    assert "tca" not in done.filter.made_from["corrections"]
    assert decode(tmp_path / f"out{name}").pixels.ndim == 2


@pytest.mark.parametrize("model", ["LEICA M10 MONOCHROM", "M Monochrom", "LEICA M MONOCHROM (Typ 246)"])
def test_a_body_without_colours_may_tone_its_pictures(model: str, tmp_path: Path) -> None:
    sepia = (grey()[..., None] * np.array([1.0, 0.85, 0.6])).astype(np.uint8)
    photo = saved(tmp_path / "a.png", sepia, KNOWN | {"Model": model})
    done = correct(photo, tmp_path / "out.png")
    assert done.filter.made_from["left_out"]["tca"] == "the photo has no colours"
    out = decode(tmp_path / "out.png").pixels.astype(float)
    bright = out[..., 0] > 100
    assert np.abs(out[..., 2] / out[..., 0] - 0.6)[bright].max() < 0.03


def test_nothing_but_lateral_colour_is_nothing(tmp_path: Path) -> None:
    photo = saved(tmp_path / "a.jpg", as_rgb(grey()))
    with pytest.raises(PhotoError, match="no colours"):
        correct(photo, tmp_path / "out.jpg", choices=Choices(kinds={"tca": 1.0}))
    assert not (tmp_path / "out.jpg").exists()


@pytest.mark.parametrize("alpha", [False, True])
def test_in_an_editor(alpha: bool) -> None:
    pixels = as_rgb(grey())
    if alpha:
        pixels = np.dstack([pixels, grey()])
    filter = compile_filter("summicron-35-asph", choices=Choices(crop_factor=1.0), size=(300, 200))
    assert "tca" in filter.made_from["corrections"]
    out = np.empty_like(pixels)
    OpenPicture(pixels, srgb()).apply(filter, out, "bicubic", lambda _: None)
    assert spread(out) == 0
    assert spread(apply(filter, pixels)) > 3


@pytest.mark.parametrize("out", ["out.png", "out.tif", "out.jpg"])
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_grey_with_alpha_stays_grey(name: str, out: str, tmp_path: Path) -> None:
    pixels = np.dstack([grey(), np.full((200, 300), 255, np.uint8)])
    pixels[:100, :, 1] = 90
    photo = saved(tmp_path / name, pixels)
    done = correct(photo, tmp_path / out)
    with Image.open(tmp_path / out) as picture:
        assert picture.mode == ("L" if out == "out.jpg" else "LA")
        if picture.mode == "LA":
            assert np.asarray(picture)[50, 150, 1] == 90
    assert not any("RGB" in note for note in done.notes)
    wanted = correct(saved(tmp_path / "b.png", grey()), tmp_path / "b-out.png")
    assert wanted.filter == done.filter
    same = decode(tmp_path / out).pixels
    same = same if same.ndim == 2 else same[..., 0]
    assert np.abs(same.astype(int) - decode(tmp_path / "b-out.png").pixels).max() <= (12 if out == "out.jpg" else 0)


def test_grey_with_alpha_by_a_preset(tmp_path: Path) -> None:
    pixels = np.dstack([grey(), np.full((200, 300), 200, np.uint8)])
    for name, icc in (("plain.png", None), ("gray.png", made_profile("linear", None, 1.0)), ("rgb.png", P3)):
        photo = saved(tmp_path / name, pixels, icc_profile=icc)
        correct(photo, tmp_path / f"out-{name}", replace(WEB, format="PNG"))
        assert spread(decode(tmp_path / f"out-{name}").pixels) == 0


# Profiles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("exponent", "bits"), [(1.0, 8), (1.8, 8), (2.2, 8), (1.0, 16), (1.8, 16)])
def test_grey_is_converted_to_the_level(exponent: float, bits: int) -> None:
    kind = np.dtype(f"uint{bits}")
    top = (1 << bits) - 1
    codes = np.arange(256 if bits == 8 else 65536).astype(kind).reshape(-1, 256)
    photo = Photo(Path("x.png"), "PNG", codes, of_icc(made_profile("grey", None, exponent)))
    out, icc = converted(photo, codes, "sRGB")
    assert icc == profile_data("sRGB")
    wanted = 255 * srgb().encode((codes / top) ** exponent)
    assert np.abs(out[..., 1] / (top / 255) - wanted).max() <= 0.6
    assert spread(out) == 0


@pytest.mark.parametrize("profile", ["P3", "sRGB", "linear", "table"])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_grey_with_any_profile_is_exported(profile: str, suffix: str, tmp_path: Path) -> None:
    icc = {
        "P3": P3,
        "sRGB": profile_data("sRGB"),
        "linear": made_profile("linear", None, 1.0),
        "table": made_by_bytes(b"GRAY", {b"kTRC": tabulated(np.linspace(0, 1, 64) ** 2)}),
    }[profile]
    photo = saved(tmp_path / f"a{suffix}", grey(), icc_profile=icc)
    in_srgb = None if profile in ("P3", "sRGB") else profile_data("sRGB")  # the curve of P3 is that of sRGB
    for target, wanted in (("sRGB", in_srgb), (None, icc), ("Adobe RGB", profile_data("Adobe RGB"))):
        correct(photo, tmp_path / "out.jpg", replace(WEB, profile=target))
        out = decode(tmp_path / "out.jpg")
        assert spread(out.pixels) == 0
        assert out.icc == wanted


LUT = made_by_bytes(b"RGB ", {}, {b"A2B0": b"mft2" + bytes(60)})


@pytest.mark.parametrize("icc", [b"no profile at all", LUT], ids=["broken", "table"])
def test_geometry_needs_no_profile(icc: bytes, tmp_path: Path) -> None:
    photo = saved(tmp_path / "a.jpg", scene(300, 200), icc_profile=icc)
    for suffix in (".jpg", ".png", ".tif"):
        done = correct(photo, tmp_path / f"out{suffix}")
        assert done.filter.made_from["corrections"] == ["distortion", "tca"]
        assert decode(tmp_path / f"out{suffix}").icc == icc
    falls_off = Choices(lens="vm-nokton-28-1.5", crop_factor=1.0, f_number=2.0, compensated="correct")
    with refused(PhotoError, "--only distortion,tca", Code.PROFILE):
        correct(photo, tmp_path / "none.jpg", choices=falls_off)
    assert not (tmp_path / "none.jpg").exists()


# Notes and comparisons ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_bits_are_rounded_only_where_there_were_more(suffix: str, tmp_path: Path) -> None:
    photo = saved(tmp_path / f"a{suffix}", scene(300, 200))
    small = replace(WEB, long_side=150)
    assert correct(photo, tmp_path / "out.jpg", small).notes == ()
    deep = tmp_path / "deep.tif"
    correct(photo, deep, replace(PLAIN, depth=16))
    notes = correct(deep, tmp_path / "out.jpg", small, Choices(f_number=2.0), force=True).notes
    assert "a JPEG holds 8 bits a channel: 16 were rounded to 8" in notes


@pytest.mark.parametrize("orientation", [1, 3, 6, 8, 5])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_comparison_stands_upright(orientation: int, suffix: str, tmp_path: Path) -> None:
    pixels = np.full((200, 300, 3), (10, 60, 200), np.uint8)
    pixels[:40, :60] = (250, 250, 20)  # the corner where the rows begin
    photo = saved(tmp_path / "a.png", pixels, KNOWN | {"Orientation": orientation}, icc_profile=P3)
    seen = tmp_path / f"seen{suffix}"
    assert main(["correct", str(photo), "-o", str(tmp_path / "out.png"), "--compare", str(seen)]) == 0
    with Image.open(seen) as picture:
        assert picture.info["icc_profile"] == P3
        width, height = picture.size
        right = picture.crop((width // 2 + 2, 0, width, height))
    assert (right.width < right.height) == (orientation >= 5)
    bright = {1: (0, 0), 3: (1, 1), 5: (0, 0), 6: (1, 0), 8: (0, 1)}[orientation]
    for across in (0, 1):
        for down in (0, 1):
            red = right.getpixel((int(right.width * (0.04 + 0.92 * across)), int(right.height * (0.2 + 0.7 * down))))
            if (across, down) != bright:
                assert red[0] < 100
    spot = right.getpixel((int(right.width * (0.16 + 0.68 * bright[0])), int(right.height * (0.16 + 0.68 * bright[1]))))
    assert spot[0] > 200


def test_a_comparison_of_grey(tmp_path: Path) -> None:
    icc = made_profile("linear", None, 1.0)
    photo = saved(tmp_path / "a.jpg", grey(), icc_profile=icc)
    seen = tmp_path / "seen.jpg"
    assert main(["correct", str(photo), "-o", str(tmp_path / "out.jpg"), "--compare", str(seen)]) == 0
    with Image.open(io.BytesIO(seen.read_bytes())) as picture:
        assert (picture.mode, picture.info["icc_profile"]) == ("L", icc)
