"""The meaning of a photo's values: their colours and their light, by what it says of them.

Each function reads one kind of evidence, and returns None where there is none; a reader asks them in the order of its
format, and ends with :data:`SRGB`:

    of_icc(icc) or of_exif(exif) or SRGB
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sixbit.files import icc as profiles
from sixbit.files import png, tiff
from sixbit.files.icc import Curve, Primaries
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence, in_a_row

if TYPE_CHECKING:
    from sixbit.values.light import TransferCurve

_D65, _C = (0.3127, 0.3290), (0.310, 0.316)
_SRGB_PRIMARIES: Primaries = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65)
PRIMARIES: Mapping[int, Primaries] = {
    1: _SRGB_PRIMARIES,
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}
"""The primaries that H.273 (07/2024) has codes for (table 2)."""
CURVES: Mapping[int, float | None] = {1: None, 6: None, 11: None, 13: None, 14: None, 15: None} | {
    4: 2.2,
    5: 2.8,
    8: 1.0,
    17: 2.6,
}
"""The curves that H.273 has codes for (table 3), as exponents; None is that of sRGB.

For BT.709 and its kin it has the curve of a camera; browsers show them by that of sRGB, and so they are taken here.
"""
_UNSPECIFIED, _BT_2020, _PQ, _HLG = 2, 9, 16, 18
HDR = {_PQ: "PQ", _HLG: "HLG"}
"""The curves of HDR screens, by their codes (ITU-R BT.2100)."""
_WHITE = 203.0
"""The light of white paper on such a screen, in cd/m2 (ITU-R BT.2408, table 1)."""

ADOBE_RGB: Primaries = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), _D65)
"""Adobe RGB (1998) Color Image Encoding, section 4.3.1."""
ADOBE_GAMMA = 563 / 256
"""The same, section 4.3.4.2."""
_NAMES = {PRIMARIES[12]: "Display P3", ADOBE_RGB: "Adobe RGB (1998)", PRIMARIES[_BT_2020]: "Rec. 2020"}

_SRGB_GAMMA = 45455
"""The exponent that writers of sRGB state in the gAMA chunk of a PNG (third edition, section 11.3.2.4)."""
_STEPS = 4096
"""Steps of a curve that is written as a table."""
_ALIKE = 0.0015
"""Chromaticities that differ by less are one: the chunks and tags that hold them are rounded."""


@dataclass(frozen=True)
class Colour:
    """The meaning of values, and where that is told.

    ``icc`` is the profile as it stood in the file. Else ``primaries`` and ``curve`` say it, None being those of sRGB.
    ``codes`` are those of H.273 for values that are meant for HDR screens.
    """

    source: str = "assumed"
    icc: bytes | None = None
    primaries: Primaries | None = None
    curve: Curve | None = None
    codes: tuple[int, int] | None = None
    note: str | None = None
    """Says what was told and cannot be used."""

    @property
    def hdr(self) -> str | None:
        """``PQ`` or ``HLG`` for the light of HDR screens, to which no other light is converted here."""
        return HDR[self.codes[1]] if self.codes else None

    @property
    def is_srgb(self) -> bool:
        """True for what needs no profile, told or assumed.

        >>> SRGB.is_srgb, of_nclx(1, 13).is_srgb, of_nclx(12, 13).is_srgb
        (True, True, False)
        """
        return not (self.icc or self.primaries or self.curve or self.codes)

    def profile(self, grey: bool = False) -> bytes | None:
        """The profile that says it in a file: that of the photo, or one made; None for sRGB.

        >>> profiles.space_of(of_nclx(12, 13).profile()), SRGB.profile()
        ('RGB', None)
        """
        if self.icc is not None or self.is_srgb:
            return self.icc
        curve: Curve | None = _shown(self.codes[1]) if self.codes else self.curve
        if grey and curve is None:
            return None
        primaries = self.primaries or _SRGB_PRIMARIES
        name = self.hdr or _NAMES.get(primaries) or f"by {self.source}"
        return profiles.made_profile(name, None if grey else primaries, curve, self.codes)

    def grey_profile(self) -> bytes | None:
        """The profile of a file that holds grey and takes no profile for RGB, as PNG; None for sRGB.

        Raises PhotoError if its own has no curve that could be one for grey.
        """
        import numpy as np

        icc = self.profile(grey=True)
        if icc is None or profiles.space_of(icc) != "RGB":
            return icc
        linear = self.light().linear
        if len(linear) > 1:
            raise PhotoError(Sentence("The curves of its colour profile differ.", Code.PROFILE))
        steps = np.linspace(0, 1, _STEPS)
        light = np.interp(steps, np.linspace(0, 1, linear.shape[1]), linear[0])
        return profiles.made_profile("grey", None, tuple(light.tolist()))

    def light(self) -> TransferCurve:
        """The curve to linear light. Raises PhotoError for a profile without one, and for HDR."""
        from sixbit.values.light import srgb

        if self.hdr:
            raise PhotoError(Sentence("Its light is that of HDR screens ({curve}).", Code.PROFILE, curve=self.hdr))
        if self.icc is not None:
            from sixbit.photos.profiles import curve_of_profile

            return curve_of_profile(self.icc)
        return srgb() if self.curve is None else _light_by(self.curve, self.source)


SRGB = Colour()
"""The colours that a photo is taken for that does not say them."""


# Evidence -----------------------------------------------------------------------------------------------------------


def of_icc(icc: bytes | None) -> Colour | None:
    """The colours of a profile, whether or not it can be read; it may say itself that it is for HDR screens."""
    if not icc:
        return None
    told = profiles.codes_of(icc)
    return Colour("ICC profile", icc, codes=told if told and told[1] in HDR else None)


def without_misfit(colour: Colour, grey: bool) -> tuple[Colour, str | None]:
    """The colours of pixels without a profile that is for others, and a note on it: such a profile says nothing here.

    So do libpng, libvips and Photoshop. One for RGB serves ``grey`` as well; one that cannot be read is left to those
    who use it.

    >>> for_grey = of_icc(profiles.made_profile("grey", None, 2.2))
    >>> without_misfit(for_grey, grey=True) == (for_grey, None), without_misfit(for_grey, grey=False)[0] == SRGB
    (True, True)
    """
    if colour.icc is None or colour.icc[36:40] != b"acsp":
        return colour, None
    space = profiles.space_of(colour.icc)
    if space == "RGB" or (grey and space == "GRAY"):
        return colour, None
    pixels, taken = (
        (Sentence("grey"), Sentence("its light was taken for that of sRGB"))
        if grey
        else ("RGB", Sentence("it was taken for sRGB"))
    )
    note = Sentence(
        "its colour profile, which is for {space} and not for {pixels}, was left out", space=space, pixels=pixels
    )
    return replace(colour, source="assumed", icc=None), note if colour.codes else in_a_row([note, taken], "; ")


def of_nclx(primaries: int, transfer: int, source: str = "nclx") -> Colour | None:
    """The colours that codes of H.273 tell, in a HEIF, AVIF or JPEG XL; None where they leave it open."""
    if primaries == transfer == _UNSPECIFIED:
        return None
    found = _of_codes(primaries, transfer, source)
    note = Sentence(
        "its colours are told by codes that are not known ({codes}); they were taken for sRGB",
        codes=f"{primaries}/{transfer}",
    )
    return found or Colour(note=note)


def of_chromaticities(
    primaries: Sequence[tuple[float, float]] | None, curve: Curve | None, source: str
) -> Colour | None:
    """The colours of red, green, blue and white, and of a curve; None if they make no sense.

    >>> of_chromaticities(ADOBE_RGB, 2.2, "gAMA and cHRM").light().name
    'gamma 2.20'
    """
    if primaries is not None:
        red, green, blue, white = primaries
        try:
            profiles.made_profile("", (red, green, blue, white), 1.0)
        except (ValueError, OverflowError):
            return None
        exact = next((known for known in (_SRGB_PRIMARIES, *_NAMES) if _alike(primaries, known)), None)
        found = exact or (red, green, blue, white)
        return Colour(source, primaries=None if found == _SRGB_PRIMARIES else found, curve=curve)
    return Colour(source, curve=curve)


def of_png_chunks(chunks: Iterable[tuple[bytes, bytes]], inflate: png.Inflater) -> Colour | None:
    """The colours that chunks of a PNG tell, in the order of their rank (third edition, section 4.3).

    >>> of_png_chunks([(b"gAMA", struct.pack(">I", 100000))], png.Inflater()).light().name
    'linear'
    """
    told: dict[bytes, bytes] = {}
    for name, content in chunks:
        told.setdefault(name, content)
    by_profile = of_icc(inflate(told[b"iCCP"].partition(b"\0")[2][1:])) if b"iCCP" in told else None
    lesser = by_profile or (Colour("sRGB") if b"sRGB" in told else _of_gama_and_chrm(told))
    codes = told.get(b"cICP", b"")
    if len(codes) != 4 or codes[0] == codes[1] == _UNSPECIFIED:
        return lesser
    found = _of_codes(codes[0], codes[1], "cICP") if codes[2:] == b"\0\1" else None
    if found is None:
        note = Sentence("its cICP chunk is not known ({codes}) and was not looked at", codes="/".join(map(str, codes)))
        return replace(lesser or SRGB, note=note)
    # A profile beside it says the same, as far as profiles can.
    return replace(found, icc=by_profile.icc) if found.hdr and by_profile else found


def of_exif(exif: bytes | None, transfer_function: Sequence[int] = ()) -> Colour | None:
    """The colours that Exif data tells (EXIF 2.32, section 4.6.5; DCF 2.0, section 4.6), or the tags of a TIFF.

    ColorSpace 2 is no standard, and written for Adobe RGB. ``transfer_function`` is that tag of a TIFF (TIFF 6.0,
    section 20).
    """
    try:
        block = tiff.Structure(exif or tiff.EMPTY)
        first, photo = block.first(), block.sub(tiff.EXIF)
        interop = block.directory(block.number(tiff.find(photo, tiff.INTEROP)) or 0)[0]
        index = tiff.find(interop, tiff.INTEROP_INDEX)
        space, dcf = block.number(tiff.find(photo, tiff.COLOUR_SPACE)), block.data(index)[:3] if index else b""
        primaries = block.ratios(tiff.find(first, tiff.PRIMARIES))
        white = block.ratios(tiff.find(first, tiff.WHITE_POINT)) or _D65
        gamma = block.ratio(tiff.find(photo, tiff.GAMMA))
    except tiff.StructureError:
        return None
    if space == 1 or (dcf == b"R98" and space != 2):
        return Colour("Exif")
    if space == 2 or dcf == b"R03":
        return Colour("Exif", primaries=ADOBE_RGB, curve=ADOBE_GAMMA)
    curve: Curve | None = curve_of_table(transfer_function)
    if curve is None and gamma is not None and 0.1 < gamma < 10:
        curve = gamma
    if len(primaries) == 6 and len(white) == 2:
        xy = [*zip(primaries[::2], primaries[1::2], strict=True), (white[0], white[1])]
        if found := of_chromaticities(xy, curve, "Exif"):
            return found
    if transfer_function and curve is not None:
        return Colour("Exif", curve=curve)
    if space is not None:
        note = Sentence(
            "its Exif data says that its colours are not sRGB, but not what they are; they were taken for sRGB"
        )
        return Colour("Exif", note=note)
    return None


def _of_codes(primaries: int, transfer: int, source: str) -> Colour | None:
    """The colours of codes that are known, where one of them may be left open."""
    if transfer in HDR:
        spanned = PRIMARIES.get(primaries, PRIMARIES[_BT_2020])
        return Colour(source, primaries=spanned, codes=(primaries, transfer))
    if primaries not in {*PRIMARIES, _UNSPECIFIED} or transfer not in {*CURVES, _UNSPECIFIED}:
        return None
    spanned = PRIMARIES.get(primaries, _SRGB_PRIMARIES)
    return Colour(source, primaries=None if spanned == _SRGB_PRIMARIES else spanned, curve=CURVES.get(transfer))


def _of_gama_and_chrm(told: Mapping[bytes, bytes]) -> Colour | None:
    gama, chrm = told.get(b"gAMA", b""), told.get(b"cHRM", b"")
    gamma = int.from_bytes(gama, "big") if len(gama) == 4 else 0
    by_chrm = None
    if len(chrm) == 32:
        white, *others = ((x / 1e5, y / 1e5) for x, y in struct.iter_unpack(">ii", chrm))
        by_chrm = of_chromaticities([*others, white], None, "cHRM")
    if not gamma:
        return by_chrm
    # A gAMA of sRGB is what writers of sRGB add; beside other primaries it means itself.
    is_srgb = abs(gamma - _SRGB_GAMMA) < 100 and (by_chrm is None or by_chrm.primaries is None)
    found = by_chrm or Colour()
    return replace(found, source="gAMA and cHRM" if by_chrm else "gAMA", curve=None if is_srgb else 1e5 / gamma)


# Curves -------------------------------------------------------------------------------------------------------------


def _alike(some: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(abs(a - b) < _ALIKE for one, other in pairs for a, b in zip(one, other, strict=True))


def curve_of_table(transfer_function: Sequence[int]) -> Curve | None:
    """A TransferFunction as a curve; None where the channels differ, or where it is none."""
    for channels in (1, 3):
        size, rest = divmod(len(transfer_function), channels)
        if size in (256, 65536) and not rest:
            first = tuple(transfer_function[:size])
            rises = first[-1] > first[0] and list(first) == sorted(first)
            if rises and tuple(transfer_function) == first * channels:
                return tuple(light / 65535 for light in first)
    return None


def _light_by(curve: Curve, source: str) -> TransferCurve:
    import numpy as np

    from sixbit.values.light import SAMPLES, TransferCurve, linear

    if curve == 1:
        return linear()
    steps = np.linspace(0, 1, SAMPLES)
    if isinstance(curve, int | float):
        return TransferCurve(f"gamma {curve:.2f}", (steps**curve)[None])
    light = np.interp(steps, np.linspace(0, 1, len(curve)), curve)
    light = (light - light[0]) / (light[-1] - light[0]) + 1e-6 * steps  # so that it has an inverse
    light[-1] = 1 + 1e-6
    return TransferCurve(f"by {source}", (light / light[-1])[None])


def _shown(transfer: int) -> Sequence[float]:
    """A curve of HDR for programs that do not know it: right up to white, and white above (ITU-R BT.2100, table 4, 5).

    HLG is shown as on a screen of 1000 cd/m2, whose light is a power of the scene's.
    """
    import numpy as np

    values = np.linspace(0, 1, _STEPS)
    if transfer == _PQ:
        root = values ** (32 / 2523)
        light = 1e4 / _WHITE * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (16384 / 2610)
    else:
        above = (np.exp((np.maximum(values, 0.5) - 0.55991073) / 0.17883277) + 0.28466892) / 12
        light = 1e3 / _WHITE * np.where(values <= 0.5, values**2 / 3, above) ** 1.2
    return tuple(np.clip(light, 0, 1).tolist())
