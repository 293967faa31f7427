"""The last steps of a corrected picture before it is written: size, colour profile, sharpening, bits.

In this order: the picture is made smaller in linear light (halftones keep their brightness), its colours are converted,
and it is sharpened last, at the size and in the values it will be looked at in.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.files.icc import space_of
from sixbit.files.parts import content_of
from sixbit.photos.pixels import fitted, in_depth, multiplied, straight
from sixbit.photos.save import with_profile
from sixbit.photos.stale import scaled_exif, scaled_xmp
from sixbit.values.errors import Code, PhotoError, photo_name
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sixbit.export.presets import Preset
    from sixbit.photos.gain_map import GainMap
    from sixbit.photos.photo import Photo
    from sixbit.values.light import TransferCurve

    Pixels = NDArray[Any]

BAND_PIXELS = 1_000_000
"""Pixels that are worked on in floating point at a time."""
ALIKE = 64
"""Profiles that differ by less, a quarter of an 8-bit level in 16 bits, are taken for one."""
_LUMA = (0.2126, 0.7152, 0.0722)
"""ITU-R BT.709, section 3.2: how much each primary adds to the luminance."""


def finished(photo: Photo, preset: Preset) -> Photo:
    """The corrected photo as the preset wants it: sized, converted, sharpened, in its bits.

    Values near the largest of floating point may become infinite on the way. Raises PhotoError for a colour profile
    that cannot be converted.
    """
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        return _in_order(photo, preset)


def _in_order(photo: Photo, preset: Preset) -> Photo:
    pixels = photo.pixels
    # Light and colours are those of what is seen, not of it multiplied by alpha.
    straightened = photo.is_multiplied and (preset.long_side, preset.profile, preset.sharpening) != (None, None, None)
    if straightened:
        pixels = straight(pixels)
    if preset.long_side is not None:
        pixels = resized(pixels, preset.long_side, _curve(photo))
        photo = _told_smaller(photo, pixels)
    if preset.profile is not None:
        before = pixels
        pixels, icc = converted(photo, pixels, preset.profile)
        if pixels is not before and photo.gain_map and photo.gain_map.pixels.ndim == 3:
            # A ratio that is alike in all channels is the same in all colour spaces.
            photo = photo.without_gain_map("it is coloured, for the colour profile that the photo had")
        del before
        photo = with_profile(photo, icc, preset.profile)
    if preset.sharpening is not None:
        pixels = sharpened(pixels, preset.sharpening["amount"], preset.sharpening["radius"])
    if straightened:
        pixels = multiplied(pixels)
    if preset.depth is not None:
        pixels = in_depth(pixels, preset.depth)
    return photo if pixels is photo.pixels else replace(photo, pixels=pixels)


def _curve(photo: Photo) -> TransferCurve | None:
    try:
        return photo.transfer
    except PhotoError:
        return None


# Size ---------------------------------------------------------------------------------------------------------------


def resized(pixels: Pixels, long_side: int, curve: TransferCurve | None) -> Pixels:
    """A smaller picture, averaged in linear light, in 16 bits or floating point; itself if it is small enough.

    Pillow's Lanczos filter, whose support grows with the reduction, so that nothing aliases. By a reducing gap of 3
    whole steps are taken by averages first, "almost the same result as fair resampling" (Pillow, Image.resize). Without
    a curve the values are averaged as they are. A picture with alpha is weighted by it.
    """
    import numpy as np
    from PIL import Image

    height, width = pixels.shape[:2]
    size = fitted(width, height, long_side)
    if size == (width, height):
        return pixels
    bits = 32 if pixels.dtype == np.float32 else 16

    def smaller(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))

    planes = [pixels] if pixels.ndim == 2 else [pixels[..., k] for k in range(pixels.shape[2])]
    alpha = _light(planes.pop(), None, 0) if len(planes) == 4 else None
    small_alpha = None if alpha is None else np.clip(smaller(alpha), 0, 1)
    results: list[Pixels] = []
    for k, plane in enumerate(planes):
        light = _light(plane, curve, k)
        if alpha is not None:
            light *= alpha
        small: Pixels = smaller(light)
        del light  # before the next is made
        if small_alpha is not None:
            small = small / np.maximum(small_alpha, np.float32(1e-4))
        results.append(_encoded(small, curve, k, bits))
    if small_alpha is not None:
        results.append(in_depth(small_alpha, bits))
    return results[0] if pixels.ndim == 2 else np.stack(results, axis=-1)


def _told_smaller(photo: Photo, pixels: Pixels) -> Photo:
    """The photo with what it carries beside its pixels as they are, for smaller ones: metadata and gain map."""
    down, across = (Fraction(new, old) for new, old in zip(pixels.shape[:2], photo.pixels.shape[:2], strict=True))
    if across == down == 1:
        return photo
    share = max(pixels.shape[:2]) / max(photo.pixels.shape[:2])
    gain_map = photo.gain_map and _smaller_map(photo.gain_map, share)
    was = photo.metadata
    metadata = replace(was, exif=scaled_exif(was.exif, across, down), xmp=scaled_xmp(was.xmp, across, down))
    return replace(photo, metadata=metadata, gain_map=gain_map)


def _smaller_map(gain_map: GainMap, share: float) -> GainMap:
    """A gain map made smaller as its picture, in its code values: they are logarithms of light."""
    long_side = max(1, round(max(gain_map.pixels.shape[:2]) * share))
    return replace(gain_map, pixels=in_depth(resized(gain_map.pixels, long_side, None), 8))


def _light(plane: Pixels, curve: TransferCurve | None, k: int) -> NDArray[np.float32]:
    """A plane in linear light, or as it is without a curve."""
    import numpy as np

    if curve is None:
        return np.array(in_depth(plane, 32))
    light = np.empty(plane.shape, np.float32)
    table = curve.plane(k).astype(np.float32)[:: 257 if plane.dtype == np.uint8 else 1]
    for band in _bands(*plane.shape):
        light[band] = curve.decode(plane[band], k) if plane.dtype == np.float32 else table[plane[band]]
    return light


def _encoded(light: NDArray[np.float32], curve: TransferCurve | None, k: int, bits: int) -> Pixels:
    """The values of a plane in linear light, or as it is without a curve, in 16 or 32 bits.

    Those of 16 bits come from a table over the square root of the light, in which no curve is steep.
    """
    import numpy as np

    if curve is None:
        return in_depth(light, bits)
    if bits == 32:
        return curve.encode(light.astype(np.float64), k).astype(np.float32)
    steps = np.linspace(0, 1, 65536)
    table = np.rint(65535 * np.clip(curve.encode(steps**2, k), 0, 1)).astype(np.uint16)
    places = np.sqrt(np.clip(light, 0, 1)) * np.float32(65535) + np.float32(0.5)
    codes: NDArray[np.uint16] = table[places.astype(np.uint16)]
    return codes


# Colour -------------------------------------------------------------------------------------------------------------


def converted(photo: Photo, pixels: Pixels, profile: str) -> tuple[Pixels, bytes | None]:
    """Pixels of a photo in the colours of another profile, and that profile; both as they are where nothing changes.

    By Little CMS, relative colorimetric with black point compensation, in the bits the pixels have. Grey becomes RGB
    where its values change, alike in all channels if the profile has curves. Raises PhotoError for a profile that
    cannot be read, and for the light of HDR screens.
    """
    import imagecodecs
    import numpy as np

    if photo.colour.hdr:
        why = Sentence(
            "its light is that of HDR screens ({curve}), which is not converted to {profile}.",
            curve=photo.colour.hdr,
            profile=photo_name(profile),
        )
        raise PhotoError(why, Code.CONVERSION, subject=photo.path)
    target = profile_data(profile)
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    is_grey = channels == 1 or photo.grey
    if photo.colour.is_srgb and profile == "sRGB":
        return pixels, None if is_grey else target
    before, source = pixels, photo.colour.profile(is_grey) or profile_data("sRGB")
    by_grey = is_grey and space_of(source) == "GRAY"
    if channels == 1 and not by_grey:
        pixels = np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
    flags = int(imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION)
    if by_grey or pixels.dtype != np.uint8:
        # Of 16 bits it would make a table of a few thousand colours, and be up to 12 levels of 255 off between them; of
        # grey a coarse curve, up to 10 levels off.
        flags |= int(imagecodecs.CMS.FLAGS.NOOPTIMIZE)

    def transformed(part: Pixels) -> Pixels:
        result: Pixels = imagecodecs.cms_transform(
            np.ascontiguousarray(part),
            source,
            target,
            colorspace="gray" if by_grey else "rgb",
            outcolorspace="rgb",
            outdtype=part.dtype,
            intent=1,
            flags=flags,
        )
        return result

    try:
        if not by_grey and _alike(transformed, is_grey):
            return before, None if is_grey and profile == "sRGB" else source
        flat = pixels.reshape(*pixels.shape[:2], -1)
        result = np.empty((*pixels.shape[:2], max(flat.shape[2], 3)), pixels.dtype)
        for band in _bands(*pixels.shape[:2]):
            result[band, :, :3] = transformed(flat[band, :, 0] if by_grey else flat[band, :, :3])
            if is_grey and _has_curves(target):  # what rounding took apart
                result[band, :, 0] = result[band, :, 2] = result[band, :, 1]
            if result.shape[2] == 4:
                result[band, :, 3] = flat[band, :, 3]
    except (imagecodecs.CmsError, ValueError) as error:
        why = Sentence(
            "its colours cannot be converted to {profile} ({error}).", profile=photo_name(profile), error=error
        )
        raise PhotoError(why, Code.CONVERSION, subject=photo.path) from error
    return result, target


def _has_curves(icc: bytes) -> bool:
    """True if grey is the same number in all channels of a profile."""
    from sixbit.photos.profiles import curve_of_profile

    try:
        return len(curve_of_profile(icc).linear) == 1
    except PhotoError:
        return False


def _alike(transformed: Any, is_grey: bool) -> bool:
    """True if the conversion leaves colours, or greys, as they are: it is not worth its rounding then."""
    import numpy as np

    steps = np.linspace(0, 65535, 9).round().astype(np.uint16)
    cube = steps[:, None, None] if is_grey else np.stack(np.meshgrid(steps, steps, steps), axis=-1)
    colours = np.broadcast_to(cube, (*cube.shape[:-1], 3)).reshape(-1, 9, 3)
    return int(np.abs(transformed(colours).astype(int) - colours).max()) < ALIKE


@lru_cache(maxsize=4)
def profile_data(profile: str) -> bytes:
    """The ICC profile that a preset means: ``sRGB``, ``Adobe RGB``, or that of a file.

    >>> len(profile_data("sRGB")) == len(profile_data("sRGB")), profile_data("Adobe RGB")[36:40]
    (True, b'acsp')
    """
    import imagecodecs

    built_in = {"sRGB": "srgb", "Adobe RGB": "adobergb"}
    if profile in built_in:
        made = bytearray(imagecodecs.cms_profile(built_in[profile]))
        # The time of creation (ICC.1:2022, section 7.2.8) is fixed, so that the same profile has the same bytes.
        made[24:36] = bytes.fromhex("07b2 0001 0001 0000 0000 0000")
        return bytes(made)
    try:
        return content_of(Path(profile).expanduser())
    except OSError as error:
        why = Sentence("the colour profile cannot be read: {error}.", error=error.strerror)
        raise PhotoError(why, Code.CONVERSION, subject=profile) from error


# Sharpening ---------------------------------------------------------------------------------------------------------


def sharpened(pixels: Pixels, amount: float, radius: float) -> Pixels:
    """Pixels with an unsharp mask of their luma: v + amount (v - v blurred by a Gaussian), alike in all channels.

    ``radius`` is the standard deviation in px. Alike in all channels, so that edges get no coloured fringes; in the
    values as they are encoded, where steps are about as large as they look. Alpha stays as it is, and so does what
    lies near a value that is no number.
    """
    import numpy as np

    height, width = pixels.shape[:2]
    reach = math.ceil(3.5 * radius)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / radius) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    flat = pixels.reshape(height, width, -1)
    colours = 3 if flat.shape[2] >= 3 else 1
    share = np.array(_LUMA if colours == 3 else (1.0,), np.float32)
    result = flat.copy()
    for band in _bands(height, width):
        rows = np.clip(np.arange(band.start - reach, band.stop + reach), 0, height - 1)
        luma = flat[rows[0] : rows[-1] + 1, :, :colours] @ share
        luma = luma[rows - rows[0]]
        blurred = sum(weight * luma[k : k + band.stop - band.start] for k, weight in enumerate(weights))
        blurred = np.pad(blurred, ((0, 0), (reach, reach)), mode="edge")
        blurred = sum(weight * blurred[:, k : k + width] for k, weight in enumerate(weights))
        detail = np.nan_to_num(np.float32(amount) * (luma[reach : len(luma) - reach] - blurred), posinf=0, neginf=0)
        values = flat[band, :, :colours] + detail[..., None]
        if pixels.dtype != np.float32:
            values = np.clip(values, 0, np.iinfo(pixels.dtype).max) + np.float32(0.5)
        result[band, :, :colours] = values.astype(pixels.dtype)
    return result.reshape(pixels.shape)


def _bands(height: int, width: int) -> list[slice]:
    rows = max(1, BAND_PIXELS // width)
    return [slice(top, min(top + rows, height)) for top in range(0, height, rows)]
