"""The figures of a shot, as far as they are those of its lens: focal length, apertures, crop factor.

Phones write the focal length and the apertures of their own module, whatever lens is before the sensor.
"""

from __future__ import annotations

from typing import NamedTuple

from sixbit.lenses.authors import is_of_profile
from sixbit.lenses.names import read_name
from sixbit.values.lens import Body, Lens, makes_phones
from sixbit.values.shot import Shot, Tagged

SMALLEST_CROP_FACTOR = 0.9
LARGEST_CROP_FACTOR = 12.0
LARGEST_WITH_M_LENS = 2.8
"""No camera with a sensor smaller than 1 inch takes M lenses."""


class Aperture(NamedTuple):
    """An f-number, and how it is known: ``exif``, ``estimated``, ``assumed``, or not at all."""

    f_number: float | None
    source: str | None


class Figures(NamedTuple):
    """The figures of a lens, as far as a photo says them."""

    focal_mm: Tagged[float] | None = None
    largest: Tagged[float] | None = None
    """The smallest f-number of the lens."""
    f_number: Tagged[float] | None = None
    """That the photo was taken at, if the lens gave it to the body."""


def aperture_of(lens: Lens | None, shot: Shot, assumed: float | None = None, body: Body | None = None) -> Aperture:
    """The aperture of a shot. No lens opens wider than it can: an f-number below that is taken for wide open.

    A phone writes the f-number of its own module, so of its photos only what the user said with ``sixbit tag`` counts.

    >>> aperture_of(None, Shot(f_number=Tagged(5.6, "EXIF FNumber"), f_number_estimated=True))
    Aperture(f_number=5.6, source='estimated')
    >>> aperture_of(None, Shot(), assumed=8.0)
    Aperture(f_number=8.0, source='assumed')
    """
    if assumed is not None:
        return Aperture(assumed, "assumed")
    if shot.f_number is None or (_is_phone(body) and not shot.f_number_by_user):
        return Aperture(None, None)
    widest = lens.f_number_open if lens else 0.0
    return Aperture(max(shot.f_number.value, widest), "estimated" if shot.f_number_estimated else "exif")


def crop_factor_of(shot: Shot, body: Body | None) -> Tagged[float] | None:
    """Find how much smaller the sensor is than 24x36: from the body, else from the two focal lengths in the photo."""
    if body:
        return Tagged(body.crop_factor, f"{body.make} {body.model}")
    if shot.focal_mm and shot.focal_35mm and shot.digital_zoom == 1 and shot.focal_mm.value > 0:
        crop = shot.focal_35mm.value / shot.focal_mm.value
        if SMALLEST_CROP_FACTOR <= crop <= _largest_crop_factor(shot):
            return Tagged(crop, f"{shot.focal_35mm.tag} / {shot.focal_mm.tag}")
    return None


def _largest_crop_factor(shot: Shot) -> float:
    """A focal length written into the photo afterwards, for the lens, makes nonsense of the camera's equivalent.

    That of a phone is of its own module.
    """
    if not _has_focal_of_named_lens(shot):
        return LARGEST_CROP_FACTOR
    return 0.0 if shot.make and makes_phones(shot.make.value) else LARGEST_WITH_M_LENS


def _has_focal_of_named_lens(shot: Shot) -> bool:
    """True if the focal length is that of a lens the photo names, other than the camera's own."""
    names = [read_name(name.value) for name in shot.lens_names if not is_of_profile(name)]
    focals = [focal for name in names if not name.foreign for focal in name.focals]
    return shot.focal_mm is not None and any(abs(shot.focal_mm.value / focal - 1) <= 0.05 for focal in focals if focal)


def figures_of(shot: Shot, body: Body | None) -> Figures:
    """Find the figures of a shot that are its lens's.

    >>> figures_of(Shot(focal_mm=Tagged(35.0, "EXIF FocalLength")), None).focal_mm
    Tagged(value=35.0, tag='EXIF FocalLength')
    """
    if _is_phone(body):
        return Figures()
    focal, largest = shot.focal_mm, shot.max_aperture
    if shot.lens_specification:
        said, tag = shot.lens_specification
        if focal is None and said.focal_min and said.focal_min == said.focal_max:
            focal = Tagged(said.focal_min, tag)
        if largest is None and said.f_number_at_min:
            largest = Tagged(said.f_number_at_min, tag)
    return Figures(focal, largest, None if shot.f_number_estimated else shot.f_number)


def focal_fits(focal: float, lens: Lens) -> bool:
    """Cameras write the engraved focal length; photographers at times the real one, up to 5 % longer."""
    return any(abs(focal / engraved - 1) <= 0.06 for engraved in lens.focals)


def opens_to(f_number: float, lens: Lens) -> bool:
    """MaxApertureValue is coarse: agreement within a quarter of a stop."""
    return lens.f_number_open > 0 and 0.917 <= f_number / lens.f_number_open <= 1.09


def can_open_to(f_number: float, lens: Lens) -> bool:
    """False if the lens opens less wide; bodies round f-numbers."""
    return f_number > lens.f_number_open * 0.92


def _is_phone(body: Body | None) -> bool:
    return body is not None and body.is_phone
