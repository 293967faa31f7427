"""The aperture of a shot, and how far it can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sixbit.values.marks import APERTURE, is_own

if TYPE_CHECKING:
    from sixbit.values.lens import Body, Lens
    from sixbit.values.shot import Shot


@dataclass(frozen=True)
class Aperture:
    """An f-number, and how it is known: ``exif``, ``estimated``, ``assumed``, or not at all."""

    f_number: float | None
    source: str | None


def aperture_of(lens: Lens | None, shot: Shot, assumed: float | None = None, body: Body | None = None) -> Aperture:
    """The aperture to go by. No lens opens wider than it can: an f-number below that is taken for wide open.

    Of a phone, only what the user said with ``sixbit tag`` counts: it writes the f-number of its own module.

    >>> from sixbit.values.shot import Shot, Tagged
    >>> aperture_of(None, Shot(f_number=Tagged(5.6, "EXIF FNumber"), f_number_estimated=True))
    Aperture(f_number=5.6, source='estimated')
    >>> aperture_of(None, Shot(), assumed=8.0)
    Aperture(f_number=8.0, source='assumed')
    """
    if assumed is not None:
        return Aperture(assumed, "assumed")
    if shot.f_number is None:
        return Aperture(None, None)
    if body and body.is_phone and not is_own(shot.f_number.tag, APERTURE):
        return Aperture(None, None)
    widest = lens.f_number_open if lens else 0.0
    return Aperture(max(shot.f_number.value, widest), "estimated" if shot.f_number_estimated else "exif")
