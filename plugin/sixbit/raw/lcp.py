"""Lens profiles for Adobe's programs (``.lcp``), for raws that no opcodes can be written into.

A profile has three even powers of the radius for distortion, and for red and blue against green; fall-off is lensfun's
"pa". Radii are in focal lengths, and values at the source radius but for distortion, as in Adobe's technical report
"Lens Profile Creation" and RawTherapee's ``rtengine/lcp.cc``. A profile has no scale: what is corrected comes out at
that of the middle, so that a constant of the model is taken up by the size of the picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from sixbit.compiler.fit import SAMPLES, Curve
from sixbit.compiler.optics import SAME_FOCAL, Optics, SensorPicture, optics_of
from sixbit.compiler.warp import WIDTH_OF_BUDGET, Warp
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.entries import Entry
from sixbit.raw.fit import evened
from sixbit.values.errors import Code, CompileError
from sixbit.values.kinds import SPOKEN, TRUSTED, Grade
from sixbit.values.lens import Lens
from sixbit.values.polynomial import Polynomial, evaluate
from sixbit.values.sentence import Sentence, in_a_row
from sixbit.values.shot import INFINITY_M

KINDS = ("distortion", "tca", "vignetting")
"""The kinds of correction that a profile can hold."""
_DIAGONAL_MM = math.hypot(36, 24)


@dataclass(frozen=True)
class Radial:
    """The terms of one model of a profile, of the second, fourth and sixth power, and what it multiplies all by."""

    terms: Polynomial
    scale: float = 1.0


@dataclass(frozen=True)
class Setting:
    """The models of a lens as it was set, in mm, f-numbers and metres."""

    focal_mm: float
    f_number: float
    distance_m: float
    distortion: Radial | None = None
    red: Radial | None = None
    blue: Radial | None = None
    fall_off: Radial | None = None


@dataclass(frozen=True)
class Profile:
    """The profile of a lens, and how far it misses the calibration in px of a picture 8192 px wide.

    ``centre`` is the optical centre as shares of the picture, ``long_mm`` the longer side of the sensor. ``is_own`` if
    nothing of it is of the database.
    """

    lens: Lens
    crop_factor: float
    long_mm: float
    centre: tuple[float, float]
    kinds: tuple[str, ...]
    sources: tuple[str, ...]
    is_own: bool
    settings: tuple[Setting, ...]
    distortion_px: float
    tca_px: float

    @property
    def told(self) -> str:
        """Say what it corrects, and how far it is from the calibration."""
        said = [SPOKEN[kind] for kind in self.kinds]
        return Sentence(
            "{kinds}; it misses the calibration by {px:.2f} px of {width} at most, red and blue by {tca:.2f} px.",
            kinds=in_a_row(said),
            px=self.distortion_px,
            width=WIDTH_OF_BUDGET,
            tca=self.tca_px,
        )


def profile_of(lens_id: str, grades: Sequence[Grade] = TRUSTED) -> Profile:
    """Fit the profile of a lens: by the user's own calibrations, else by the database.

    Raises CompileError where nothing is known that a profile could hold, or for a lens that is not known.

    >>> found = profile_of("vm-nokton-28-1.5")
    >>> found.kinds, len(found.settings) > 1, 0 < found.distortion_px < 2
    (('distortion', 'tca', 'vignetting'), True, True)
    """
    lens = catalogue().lens(lens_id)
    best = {kind: one for kind, one in lens.best_calibrations(grades).items() if kind in KINDS}
    if not best:
        why = Sentence("{lens} has no calibration that a lens profile can hold.", Code.UNCALIBRATED, lens=lens.name)
        raise CompileError(why)
    crop = next(best[kind].crop_factor for kind in KINDS if kind in best)
    entries = catalogue().calibration_entries(lens_id, [*best], grades, crop)
    kinds = tuple(kind for kind in KINDS if kind in entries)
    first = entries[kinds[0]]
    picture = SensorPicture(WIDTH_OF_BUDGET, round(WIDTH_OF_BUDGET / first.aspect_ratio), first.crop_factor)
    long_mm = _DIAGONAL_MM / crop * first.aspect_ratio / math.hypot(first.aspect_ratio, 1)
    settings, distortion_px, tca_px = [], 0.0, 0.0
    for focal_mm, f_number, distance_m in _set_to(lens, entries):
        optics = optics_of(entries, focal_mm, f_number, distance_m)
        if optics == Optics():  # of another focal length alone
            continue
        warp = Warp(optics, picture)
        focal_px = focal_mm / long_mm * picture.width
        bend, off = _distortion(warp, focal_px)
        colours = [_colour(warp, colour, focal_px) for colour in (0, 2)] if optics.tca else [(None, 0.0)] * 2
        distortion_px, tca_px = max(distortion_px, off), max(tca_px, *(error for _, error in colours))
        (red, _), (blue, _) = colours
        light = _fall_off(optics, picture, focal_px)
        settings.append(Setting(focal_mm, f_number, distance_m, bend, red, blue, light))
    centre = ((warp.centre[0] + 0.5) / picture.width, (warp.centre[1] + 0.5) / picture.height)
    used = [entries[kind].calibration for kind in kinds]
    return Profile(
        lens,
        first.crop_factor,
        long_mm,
        centre,
        kinds,
        tuple(f"{one.kind}: {one.source}" for one in used),
        all(one.own for one in used),
        tuple(settings),
        distortion_px,
        tca_px,
    )


def written(profile: Profile) -> str:
    """Write a profile as XMP, for raws of any camera.

    >>> "<stCamera:ApertureValue>1.1699250014</stCamera:ApertureValue>" in written(profile_of("vm-nokton-28-1.5"))
    True
    """
    lens = escape(profile.lens.name)
    notes = [f"Made by Sixbit. {profile.lens.name}: {profile.told}", *profile.sources]
    if not profile.is_own:
        notes.append("The figures are of Sixbit's database, under CC BY-SA 3.0.")
    comment = "\n".join(notes).replace("--", "- -")
    whole = {
        "CameraRawProfile": "True",
        "Make": escape(profile.lens.maker),
        "Lens": lens,
        "LensPrettyName": lens,
        "ProfileName": f"Sixbit ({lens})",
        "Author": "Sixbit",
        "SensorFormatFactor": _text(profile.crop_factor),
    }
    items = "\n".join(_item(profile, setting, whole) for setting in profile.settings)
    return _DOCUMENT.format(comment=comment, items=items)


_DOCUMENT = """<!--
{comment}
-->
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:stCamera="http://ns.adobe.com/photoshop/1.0/camera-profile">
<photoshop:CameraProfiles>
<rdf:Seq>
{items}
</rdf:Seq>
</photoshop:CameraProfiles>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
"""


def _item(profile: Profile, setting: Setting, whole: Mapping[str, str]) -> str:
    """One setting; the f-number as an APEX value, and focal lengths in longer sides of the picture."""
    focal = setting.focal_mm / profile.long_mm
    place = {
        "Version": "2",
        "FocalLengthX": _text(focal),
        "FocalLengthY": _text(focal),
        "ImageXCenter": _text(profile.centre[0]),
        "ImageYCenter": _text(profile.centre[1]),
    }
    models = "".join(_element(name, text) for name, text in place.items())
    models += _terms("RadialDistortParam", setting.distortion)
    same = Radial((0.0, 0.0, 0.0))
    if setting.red and setting.blue:
        for name, model in (
            ("RedGreen", setting.red),
            ("Green", setting.distortion or same),
            ("BlueGreen", setting.blue),
        ):
            inner = "".join(_element(key, text) for key, text in place.items() if key != "Version")
            inner += _element("ScaleFactor", _text(model.scale)) + _terms("RadialDistortParam", model)
            models += _element(f"Chromatic{name}Model", inner, is_resource=True)
    if setting.fall_off:
        inner = "".join(_element(key, text) for key, text in place.items() if key != "Version")
        models += _element("VignetteModel", inner + _terms("VignetteModelParam", setting.fall_off), is_resource=True)
    head = {
        **whole,
        "FocalLength": _text(setting.focal_mm),
        "FocusDistance": _text(setting.distance_m),
        "ApertureValue": _text(2 * math.log2(setting.f_number)),
    }
    content = "".join(_element(name, text) for name, text in head.items())
    return (
        f'<rdf:li rdf:parseType="Resource">{content}{_element("PerspectiveModel", models, is_resource=True)}</rdf:li>'
    )


def _terms(name: str, model: Radial | None) -> str:
    return "".join(_element(f"{name}{k + 1}", _text(term)) for k, term in enumerate(model.terms if model else ()))


def _element(name: str, content: str, is_resource: bool = False) -> str:
    kind = ' rdf:parseType="Resource"' if is_resource else ""
    return f"<stCamera:{name}{kind}>{content}</stCamera:{name}>\n"


def _text(number: float) -> str:
    return f"{number:.10f}".rstrip("0").rstrip(".") or "0"


def _set_to(lens: Lens, entries: dict[str, Entry]) -> Iterator[tuple[float, float, float]]:
    """Yield the settings that were measured: focal lengths, and for each the apertures and distances of fall-off."""
    for focal_mm in lens.focals or (lens.focal_min,):
        measured = entries["vignetting"].lens.calib_vignetting if "vignetting" in entries else []
        near = [row for row in measured if abs(row.focal / focal_mm - 1) < SAME_FOCAL]
        # lensfun keeps them in single precision.
        found = sorted({(round(row.aperture, 4), min(round(row.distance, 4), INFINITY_M)) for row in near})
        for f_number, distance_m in found or [(lens.f_number_open or 2.8, INFINITY_M)]:
            yield focal_mm, f_number, distance_m


def _distortion(warp: Warp, focal_px: float) -> tuple[Radial | None, float]:
    """Three even powers for the source over the output radius, up to where the source is the farthest corner."""
    if warp.optics.distortion is None:
        return None, 0.0
    q = np.linspace(0, 2 * warp.farthest, 2 * SAMPLES)
    source = q * warp.unscaled(1, q)
    folded = np.flatnonzero(np.diff(source) <= 0)
    end = int(folded[0]) if len(folded) else len(q) - 1
    if source[end] < warp.farthest:
        why = Sentence("The distortion model folds over within the frame.", Code.BAD_DISTORTION)
        raise CompileError(why)
    shown = float(np.interp(warp.farthest, source[: end + 1], q[: end + 1]))
    found, error = _even(lambda radius: warp.unscaled(1, radius), shown)
    scale = found[0]
    # What is 1 in the middle comes out larger by that.
    return Radial(_in_focal_lengths(found, focal_px / scale)), error


def _colour(warp: Warp, colour: int, focal_px: float) -> tuple[Radial, float]:
    """Three even powers and a scale for red or blue over green, at green's radius in the source."""
    assert warp.optics.tca
    (red, blue), sensor = warp.optics.tca
    polynomial, unit = red if colour == 0 else blue, warp.picture.per_half_short_side(sensor)
    found, error = _even(lambda radius: evaluate(polynomial, radius * unit), warp.farthest)
    return Radial(_in_focal_lengths(found, focal_px), found[0]), error


def _even(exact: Curve, end: float) -> tuple[Polynomial, float]:
    """The four even powers that come nearest to a factor of the radius, and by how many px they miss it at most."""
    radius = np.linspace(0, end, SAMPLES // 8)
    r = radius / end
    found = evened(np.stack([r ** (2 * k) for k in range(4)], axis=1), exact(radius), radius)
    within = np.linspace(0, 1, SAMPLES)
    off = (evaluate(found, within * within) - exact(within * end)) * within * end
    return tuple(term / end ** (2 * k) for k, term in enumerate(found)), float(np.max(np.abs(off)))


def _in_focal_lengths(found: Polynomial, focal_px: float) -> Polynomial:
    return tuple(found[k] / found[0] * focal_px ** (2 * k) for k in (1, 2, 3))


def _fall_off(optics: Optics, picture: SensorPicture, focal_px: float) -> Radial | None:
    """The light that is left, which both write as the same polynomial."""
    if optics.vignetting is None:
        return None
    light, sensor = optics.vignetting
    unit = picture.per_half_diagonal(sensor) * focal_px
    return Radial(tuple(light[2 * k] * unit ** (2 * k) for k in (1, 2, 3)))
