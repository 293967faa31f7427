"""The transfer curve of an ICC profile, measured by sending ramps through the colour engine (Little CMS)."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np

from sixbit.values.arrays import FloatArray
from sixbit.values.errors import Code, PhotoError
from sixbit.values.light import SAMPLES, TransferCurve
from sixbit.values.sentence import Sentence

_ALIKE = 1e-6
"""Curves that differ by less are one: a hundredth of a 16-bit code value."""
_RISE = 1e-9
"""The least slope a curve is given, so that it has an inverse: profiles quantised to 8 bits have level stretches."""


@lru_cache(maxsize=8)
def curve_of_profile(icc: bytes) -> TransferCurve:
    """The curve by which an RGB matrix or a grey profile encodes light (ICC.1:2022, section 8.3 and 8.4).

    ``icc`` is the profile as it stands in the photo. Raises PhotoError for profiles that have no such curve (tables,
    CMYK, Lab) and for broken ones.

    >>> from PIL import ImageCms
    >>> curve = curve_of_profile(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    >>> curve.name, curve.decode(np.array([0.5])).round(4).tolist()
    ('sRGB built-in', [0.214])
    """
    import imagecodecs
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile
        space = profile.xcolor_space.strip()
        name = (profile.profile_description or "unnamed").strip()
        by_curves = space == "GRAY" or (space == "RGB" and profile.is_matrix_shaper)
        if not by_curves or b"A2B0" in _tags(icc):
            kind = Sentence("its colours are given by a table")
            if space != "RGB":
                kind = Sentence("it is for {space}, not for RGB or grey", space=space)
            raise PhotoError(
                Sentence(
                    "The colour profile {name} has no transfer curve: {kind}.",
                    Code.PROFILE,
                    name=repr(name),
                    kind=kind,
                )
            )
        xyz = imagecodecs.cms_profile("xyz")
        planes = 1 if space == "GRAY" else 3
        measured = []
        for k in range(planes):
            ramp = np.zeros((1, SAMPLES, planes))
            ramp[0, :, k] = np.linspace(0, 1, SAMPLES)
            # Relative colorimetric (1): no adaptation to a printed black bends the ramp.
            measured.append(
                imagecodecs.cms_transform(
                    ramp if planes == 3 else ramp[..., 0],
                    icc,
                    xyz,
                    colorspace="rgb" if planes == 3 else "gray",
                    outcolorspace="xyz",
                    outdtype=np.float64,
                    intent=1,
                )[0, :, 1]
            )
    except (OSError, imagecodecs.CmsError, ImageCms.PyCMSError, ValueError) as error:
        why = Sentence("The colour profile cannot be read ({why}).", Code.PROFILE, why=str(error))
        raise PhotoError(why) from error
    return TransferCurve(name, _normalised(np.stack(measured), name))


def _tags(icc: bytes) -> set[bytes]:
    """The signatures of the profile's tags (ICC.1:2022, section 7.3)."""
    count = int.from_bytes(icc[128:132], "big")
    return {icc[at : at + 4] for at in range(132, min(132 + 12 * count, len(icc)), 12)}


def _normalised(light: FloatArray, name: str) -> FloatArray:
    """Luminances along the ramps, as curves from 0 to 1 that rise; one where all are alike."""
    span = light[:, -1:] - light[:, :1]
    if not np.isfinite(light).all() or (span <= 0).any() or (np.diff(light / span) < -1e-4).any():
        raise PhotoError(
            Sentence("The transfer curve of the colour profile {name} does not rise.", Code.PROFILE, name=repr(name))
        )
    curves = np.maximum.accumulate((light - light[:, :1]) / span, axis=1)
    ramp = np.linspace(0, 1, SAMPLES)
    if np.abs(curves - ramp).max() < _ALIKE:
        return ramp[None]
    if np.abs(curves - curves[:1]).max() < _ALIKE:
        curves = curves[:1]
    if (np.diff(curves) <= 0).any():
        curves = (curves + _RISE * SAMPLES * ramp) / (1 + _RISE * SAMPLES)
    curves[:, 0], curves[:, -1] = 0, 1
    return curves
