"""Which models correct a shot: of the database, of the user, or seen in the photo itself; and why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sixbit.compiler import optics as models
from sixbit.compiler.optics import Optics, Sensor, SensorPicture, optics_of
from sixbit.compiler.shading import Shading, interpolated
from sixbit.lenses.bodies import same_body
from sixbit.lenses.catalogue import catalogue
from sixbit.values.kinds import Grade
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from sixbit.lenses.figures import Aperture
    from sixbit.lenses.own import Run
    from sixbit.values.lens import Lens, Model
    from sixbit.values.shot import Shot

UNKNOWN = Sentence("no calibration is known")
"""Why a correction is left out, mostly."""
APERTURE_UNKNOWN = Sentence("the photo does not say its aperture")

FROM_PHOTO = "measured from this photo"
"""The grade of lateral colour that no calibration says, but the photo's own edges."""


class LensSetting(NamedTuple):
    """How the lens was set: mm and metres."""

    focal_mm: float
    aperture: Aperture
    distance_m: float


@dataclass(frozen=True)
class Choice:
    """What corrects a shot.

    ``calibrations`` tells by kind of what grade it is and where it comes from, ``left_out`` why a kind is missing.
    """

    optics: Optics
    calibrations: dict[str, dict[str, Any]]
    left_out: dict[str, Sentence]


def choose(
    lens: Lens,
    shot: Shot,
    picture: SensorPicture,
    setting: LensSetting,
    kinds: Iterable[str],
    grades: tuple[Grade, ...],
    measured_tca: tuple[Model, str] | str | None,
) -> Choice:
    """Choose a model for each kind of correction that is wanted, of the grades that are trusted.

    ``measured_tca`` is the lateral colour that the photo has shown, or why it has shown none; it counts where no
    calibration is known.
    """
    entries = catalogue().calibration_entries(lens.lens_id, kinds, grades, picture.crop_factor)
    f_number = setting.aperture.f_number
    optics = optics_of(entries, setting.focal_mm, f_number, setting.distance_m)
    calibrations: dict[str, dict[str, Any]] = {}
    left_out: dict[str, Sentence] = {}
    for kind in kinds:
        if getattr(optics, kind):
            calibration = entries[kind].calibration
            calibrations[kind] = {"grade": str(calibration.grade), "source": calibration.source}
        elif kind == "tca" and isinstance(measured_tca, tuple):
            model, source = measured_tca
            optics = replace(optics, tca=(models.tca(*model), picture.sensor))
            calibrations[kind] = {"grade": FROM_PHOTO, "source": source, "model": model.name, "terms": [*model.terms]}
        elif kind == "shading" and Grade.MEASURED in grades:
            found = _shading_of(lens, shot, picture, setting)
            if isinstance(found, Sentence):
                left_out[kind] = found
            else:
                shading, runs = found
                optics = replace(optics, shading=(shading, Sensor(runs[0].crop_factor)))
                calibrations[kind] = {"grade": str(Grade.MEASURED), "source": "; ".join(run.origin for run in runs)}
        else:
            left_out[kind] = _why_none(lens, kind, setting if kind in entries else None)
    if isinstance(measured_tca, str) and "tca" in left_out:
        left_out["tca"] = Sentence(
            "{why}, and the photo itself does not show it: {reason}", why=left_out["tca"], reason=measured_tca
        )
    return Choice(optics, calibrations, left_out)


def _why_none(lens: Lens, kind: str, far_off: LensSetting | None) -> Sentence:
    """Why no calibration of the database corrects a kind; ``far_off`` if there is one, but none near the setting."""
    if far_off and kind == "vignetting":
        f_number = far_off.aperture.f_number
        return Sentence("no calibration is near f/{f_number:g}", f_number=f_number) if f_number else APERTURE_UNKNOWN
    if far_off:
        return Sentence("no calibration is near {focal:g} mm", focal=far_off.focal_mm)
    others = sorted({str(known.grade) for known in lens.calibrations if known.kind == kind})
    if others:
        return Sentence("only a calibration that is {grades} is known", grades=tuple(map(Sentence, others)))
    return UNKNOWN


def _shading_of(
    lens: Lens, shot: Shot, picture: SensorPicture, setting: LensSetting
) -> tuple[Shading, Sequence[Run]] | Sentence:
    """The colour shading of a shot from the user's runs with its lens, and those it is from; or why there is none."""
    runs = [run for run in catalogue().runs if run.lens_id == lens.lens_id and run.shading]
    if not runs:
        return UNKNOWN
    on_body = _runs_on_body(runs, shot)
    if isinstance(on_body, Sentence):
        return on_body
    large = [run for run in on_body if run.crop_factor <= picture.crop_factor * 1.01]
    if not large:
        return Sentence("it was measured on a smaller part of the sensor")
    f_number, focal = setting.aperture.f_number, setting.focal_mm
    if f_number is None:
        return APERTURE_UNKNOWN
    used = [run for run in large if run.same_sensor(large[-1]) and abs(run.focal_mm / focal - 1) < 0.05]
    shading = interpolated(used, f_number, setting.distance_m)
    if shading is None:
        if used:
            return Sentence("no calibration is near f/{f_number:g}", f_number=f_number)
        return Sentence("no calibration is near {focal:g} mm", focal=focal)
    if not shading.is_radial and shading.landscape != (picture.width >= picture.height):
        return Sentence("it differs from side to side, and this picture was turned since it was taken")
    return shading, used


def _runs_on_body(runs: Sequence[Run], shot: Shot) -> Sequence[Run] | Sentence:
    """The runs on the body of a shot, or why there are none."""
    make, model = (tag.value if tag else "" for tag in (shot.make, shot.model))
    on_body = [run for run in runs if same_body((run.make, run.model), (make, model))]
    if on_body:
        return on_body
    measured = ", ".join(sorted({run.model for run in runs}))
    if not model:
        return Sentence("it was measured on {cameras}, and the photo does not say its camera", cameras=measured)
    return Sentence(
        "it was measured on {cameras}, and this is from {camera}; it is of lens and sensor together",
        cameras=measured,
        camera=model,
    )
