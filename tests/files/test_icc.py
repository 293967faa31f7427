"""Profiles that are made, as Little CMS reads them, against the equations of their colour spaces."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
from PIL import ImageCms

from sixbit.files.icc import Curve, Primaries, codes_of, made_profile, space_of, tags_of
from sixbit.photos.colour import ADOBE_GAMMA, ADOBE_RGB, PRIMARIES
from sixbit.photos.profiles import curve_of_profile
from sixbit.values.light import srgb

SRGB = PRIMARIES[1]


def matrix(primaries: Primaries) -> np.ndarray:
    """From light in these primaries to XYZ."""
    red, green, blue, white = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in primaries)
    colours = np.stack([red, green, blue], axis=1)
    return colours * np.linalg.solve(colours, white)


@pytest.mark.parametrize(
    "primaries", [SRGB, ADOBE_RGB, PRIMARIES[12], PRIMARIES[9]], ids=["srgb", "adobe", "p3", "2020"]
)
@pytest.mark.parametrize("exponent", [1.0, ADOBE_GAMMA, None])
def test_colours_are_those_of_the_equations(primaries: Primaries, exponent: float | None) -> None:
    made = made_profile("made", primaries, exponent)
    # What sRGB can show, told in the space, goes back to where it came from.
    wanted = np.random.default_rng(1).random((50, 60, 3))
    light = srgb().decode(wanted) @ (np.linalg.inv(matrix(primaries)) @ matrix(SRGB)).T
    values = srgb().encode(light) if exponent is None else np.clip(light, 0, None) ** (1 / exponent)
    inside = (light > 0).all(axis=2) & (light < 1).all(axis=2)
    codes = (values.clip(0, 1) * 65535 + 0.5).astype(np.uint16)
    flags = int(imagecodecs.CMS.FLAGS.NOOPTIMIZE)
    target = imagecodecs.cms_profile("srgb")
    shown = imagecodecs.cms_transform(codes, made, target, colorspace="rgb", outcolorspace="rgb", intent=1, flags=flags)
    assert inside.sum() > 1000
    assert np.abs(shown / 65535 - wanted)[inside].max() * 255 < 0.25


def test_grey_stays_grey() -> None:
    made = made_profile("made", PRIMARIES[12], ADOBE_GAMMA)
    columns = [tags_of(made)[tag][8:20] for tag in (b"rXYZ", b"gXYZ", b"bXYZ")]
    total = sum(np.frombuffer(column, ">i4").astype(int) for column in columns)
    assert total.tolist() == [0xF6D6, 0x10000, 0xD32D]


@pytest.mark.parametrize("primaries", [SRGB, None], ids=["RGB", "GRAY"])
@pytest.mark.parametrize("curve", [1.0, 1.8, tuple((np.arange(256) / 255) ** 2.0)], ids=["linear", "power", "table"])
def test_the_curve_is_what_was_asked_for(primaries: Primaries | None, curve: Curve) -> None:
    made = made_profile("made by test", primaries, curve)
    assert ImageCms.ImageCmsProfile(io.BytesIO(made)).profile.profile_description == "made by test"
    assert space_of(made) == ("RGB" if primaries else "GRAY")
    steps = np.linspace(0, 1, 256)
    wanted = steps**curve if isinstance(curve, float) else curve
    assert np.abs(curve_of_profile(made).decode(steps) - wanted).max() < 1e-4


@pytest.mark.parametrize("xy", [((0.3, 0.3),) * 4, ((0.64, 0.33), (0.3, 0.6), (0.15, 0.0), (0.3127, 0.329))])
def test_primaries_that_span_nothing_are_refused(xy: Primaries) -> None:
    with pytest.raises(ValueError, match="colour"):
        made_profile("none", xy, None)


@pytest.mark.parametrize("data", [b"", b"no profile", made_profile("cut", SRGB, None)[:150]])
def test_what_is_broken_tells_nothing(data: bytes) -> None:
    assert codes_of(data) is None


def test_codes() -> None:
    assert codes_of(made_profile("PQ", PRIMARIES[9], 1.0, (9, 16))) == (9, 16)
