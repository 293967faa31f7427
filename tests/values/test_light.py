"""Transfer curves: against the closed forms of the standards, and against the colour engine on single colours."""

from __future__ import annotations

import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import ImageCms

from sixbit.photos.profiles import curve_of_profile
from sixbit.values.errors import Code, PhotoError
from sixbit.values.light import SAMPLES, TransferCurve, linear, srgb
from tests.scenery.icc_profiles import ADOBE_GAMMA, D50, PRIMARIES, made_profile, rgb_profile, tabulated
from tests.scenery.refusals import refused

V = np.linspace(0, 1, SAMPLES)


def srgb_closed_form(v: Any) -> Any:
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def test_srgb() -> None:
    for icc in (
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        bytes(imagecodecs.cms_profile("srgb")),
    ):
        curve = curve_of_profile(icc)
        assert curve.linear.shape == (1, SAMPLES)
        assert np.abs(curve.plane(0) - srgb_closed_form(V)).max() < 1e-4
    assert np.abs(srgb().plane(0) - srgb_closed_form(V)).max() == 0


@pytest.mark.parametrize("gamma", [ADOBE_GAMMA, 1.8, 2.2, 2.6])
@pytest.mark.parametrize("name", PRIMARIES)
def test_powers(name: str, gamma: float) -> None:
    curve = curve_of_profile(rgb_profile(name, gamma=gamma))
    assert curve.linear.shape == (1, SAMPLES)
    assert np.abs(curve.plane(0) - V**gamma).max() < 1e-4


def test_linear_light_is_known_as_such() -> None:
    curve = curve_of_profile(rgb_profile("Rec. 2020", gamma=1.0))
    assert curve.is_linear
    assert linear().is_linear
    assert not srgb().is_linear


def test_grey() -> None:
    curve = curve_of_profile(bytes(imagecodecs.cms_profile("gray", whitepoint=D50, gamma=2.2)))
    assert curve.linear.shape == (1, SAMPLES)
    assert np.abs(curve.plane(0) - V**2.2).max() < 1e-4


def test_planes_of_their_own() -> None:
    knots = np.linspace(0, 1, 4096)
    powers = {b"rTRC": 1.8, b"gTRC": 2.2, b"bTRC": 2.6}
    curve = curve_of_profile(made_profile(b"RGB ", {tag: tabulated(knots**power) for tag, power in powers.items()}))
    assert curve.linear.shape == (3, SAMPLES)
    for k, power in enumerate(powers.values()):
        assert np.abs(curve.plane(k) - V**power).max() < 1e-4


def test_a_coarse_table_is_followed_and_still_has_an_inverse() -> None:
    knots = np.linspace(0, 1, 256)
    values = np.where(knots < 0.02, 0, knots**2.2)  # level at its start, as 8-bit tables are
    curve = curve_of_profile(made_profile(b"RGB ", dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), tabulated(values))))
    assert np.abs(curve.plane(0) - np.interp(V, knots, values)).max() < 2e-4
    assert (np.diff(curve.plane(0)) > 0).all()
    codes = np.linspace(-0.1, 1.1, 1001)
    assert np.abs(curve.encode(curve.decode(codes)) - codes).max() < 1e-6


def test_other_colours_say_what_can_still_be_done() -> None:
    ramp = tabulated(np.linspace(0, 1, 16))
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), ramp)
    good = made_profile(b"RGB ", curves)
    assert curve_of_profile(good).is_linear
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    falling = tabulated(np.linspace(1, 0, 16))
    table = {
        b"A2B0": b"mft1\0\0\0\0" + bytes((3, 3, 2, 0)) + struct.pack(">9i", *([65536, 0, 0, 0] * 3)[:9]) + bytes(2000)
    }
    for icc, word in (
        (lab, "Lab"),
        (made_profile(b"CMYK", {}), "CMYK"),
        (made_profile(b"RGB ", curves, table), "table"),
        (made_profile(b"RGB ", {}), "table|read"),
        (made_profile(b"RGB ", curves | {b"gTRC": falling}), "does not rise"),
        (b"", "cannot be read"),
        (b"junk" * 100, "cannot be read"),
        (good[:200], "cannot be read"),
    ):
        with refused(PhotoError, rf"(?i)(?:{word}).*--only distortion,tca", Code.PROFILE):
            curve_of_profile(icc)


def test_curves_go_on_beyond_their_ends() -> None:
    curve = TransferCurve("square", (V**2)[None])
    codes = np.array([-0.5, 0.25, 1.5])
    assert curve.decode(codes) == pytest.approx([-0.5 / 16, 0.0625, 2.0], abs=1e-4)
    assert curve.encode(curve.decode(codes)) == pytest.approx(codes)


def test_the_colour_engine_agrees_on_single_colours() -> None:
    """The curve times the primaries is what Little CMS makes of a colour: an oracle that sees no ramp."""
    icc = rgb_profile("Display P3", gamma=ADOBE_GAMMA)
    curve = curve_of_profile(icc)
    colours = np.random.default_rng(2).random((1, 50, 3))

    def xyz(values: Any) -> Any:
        profile = bytes(imagecodecs.cms_profile("xyz"))
        return imagecodecs.cms_transform(
            values, icc, profile, colorspace="rgb", outcolorspace="xyz", outdtype=np.float64, intent=1
        )

    matrix = np.stack([xyz(np.eye(3)[k][None, None])[0, 0] for k in range(3)])
    light = np.stack([curve.decode(colours[..., k], k) for k in range(3)], axis=-1)
    assert np.abs(light @ matrix - xyz(colours)).max() < 1e-4
