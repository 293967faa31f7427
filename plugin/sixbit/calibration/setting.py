"""How the lens was set in frames that a calibration is made from, and what was measured of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.figures import aperture_of
from sixbit.lenses.match import lens_of
from sixbit.lenses.place import Place, place_of
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.lens import Lens
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot

if TYPE_CHECKING:
    from sixbit.calibration.frames import Frames


@dataclass(frozen=True)
class Setting:
    """Setting of a lens that a calibration is of, and the body it was on. mm and metres; None is infinity.

    ``make`` and ``model`` name the body as EXIF does; only colour shading, which is of lens and sensor, needs them.
    """

    lens: Lens
    crop_factor: float
    focal_mm: float
    aspect_ratio: float = 1.5
    f_number: float | None = None
    distance_m: float | None = None
    make: str = ""
    model: str = ""


class _Found(Protocol):
    @property
    def verdict(self) -> tuple[str, ...]: ...


Found = TypeVar("Found", bound=_Found)


@dataclass(frozen=True, eq=False)
class Result(Generic[Found]):
    """A measurement, ``found``, with how the lens was set and the names of the frames that it was made from."""

    setting: Setting
    frames: tuple[str, ...]
    found: Found
    notes: tuple[str, ...] = ()
    """What there is to say of the frames, in words."""

    @property
    def verdict(self) -> tuple[str, ...]:
        """Findings and notes in words."""
        return (*self.found.verdict, *self.notes)


def setting_of(frames: Frames[Any], choices: Choices) -> Setting:
    """Tell how the lens was set in all of these frames: from their tags, where it is not chosen.

    Raises CalibrationError if they differ in camera, aperture or shape, or if the crop factor is not known; PhotoError
    if the lens is not.
    """
    first = frames.shots[0]
    lens = lens_of(first, choices)[0]
    bodies = {(s.make.value if s.make else "", s.model.value if s.model else "") for s in frames.shots}
    if len(bodies) > 1:
        names = " and ".join(sorted(" ".join(body).strip() or "none" for body in bodies))
        raise CalibrationError(f"These frames come from different cameras ({names}).", Code.FRAMES)
    make, model = bodies.pop()
    body = catalogue().body_for(make, model)
    ratios = [max(size) / max(min(size), 1) for size in frames.sizes]
    if max(ratios) / min(ratios) > 1.01:
        raise CalibrationError("These frames differ in shape.", Code.FRAMES)
    for shot in frames.shots:
        check_whole(shot, place_of(shot, body))
    crop_factor = choices.crop_factor
    if crop_factor is None:
        known = place_of(first, body).crop_factor
        if known is None:
            raise CalibrationError("The sensor of this camera is not known.", Code.CROP_FACTOR)
        crop_factor = known.value
    apertures = {round(a, 2) for s in frames.shots if (a := aperture_of(lens, s, choices.f_number, body).f_number)}
    if len(apertures) > 1:
        listed = " and ".join(f"f/{a:g}" for a in sorted(apertures))
        raise CalibrationError(f"These frames were taken at {listed}, and not all at one aperture.", Code.FRAMES)
    if refused := lens.too_wide(choices.f_number):
        raise CalibrationError(refused)
    return Setting(
        lens=lens,
        crop_factor=float(crop_factor),
        focal_mm=_focal_length(lens, choices.focal_mm or (first.focal_mm.value if first.focal_mm else 0.0)),
        aspect_ratio=ratios[0],
        f_number=apertures.pop() if apertures else None,
        distance_m=choices.distance_m or (first.distance_m.value if first.distance_m else None),
        make=make,
        model=model,
    )


def check_whole(shot: Shot, place: Place) -> None:
    """Refuse a frame that is a part of what the lens drew, by CalibrationError: the measurement needs its middle."""
    if place.refused or place.frame:
        why = place.refused or place.evidence[-1]
        raise CalibrationError(Sentence("{why}", Code.FRAMES, why=why), subject=shot.path)


def _focal_length(lens: Lens, focal_mm: float) -> float:
    """That of the lens, or, of a lens that has several, the one given."""
    if lens.focal_min == lens.focal_max:
        return float(lens.focal_min)
    if not 0.95 * lens.focal_min <= focal_mm <= 1.05 * lens.focal_max:
        why = f"{lens.name} has several focal lengths, and the frames do not say which it was."
        raise CalibrationError(why, Code.FOCAL_LENGTH)
    return float(focal_mm)
