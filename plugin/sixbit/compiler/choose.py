"""The choice of the models that correct a shot: of the database, of the user, or what the photo itself shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sixbit.compiler.by_hand import ByHand
from sixbit.compiler.optics import MODELS, SAME_FOCAL, Optics, Sensor, SensorPicture, optics_of, reaches, tca
from sixbit.compiler.shading import interpolated
from sixbit.lenses.bodies import same_body
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.compensation import compensated, compensated_for
from sixbit.lenses.entries import Entry
from sixbit.lenses.figures import Aperture
from sixbit.lenses.own import Run, that_count
from sixbit.lenses.turned import MIDDLE, Point, how_turned, turned
from sixbit.values.choices import Choices
from sixbit.values.errors import Code
from sixbit.values.kinds import SPOKEN_GRADES, Grade
from sixbit.values.lens import LARGEST_SENSOR, Calibration, Lens, Model
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot

UNKNOWN = Sentence("no calibration is known", Code.UNCALIBRATED)
"""The usual reason why a correction is left out."""
COMPENSATED_ALONE = Sentence("it was measured on a camera that knew the lens, as that has left it", Code.OTHER_USE)
"""The reason where what there is holds for other photos: the lens was known to their camera."""
OTHERWISE_KNOWN = Sentence(
    "the camera knew the lens and may have compensated it, and it was measured without, or as another lens",
    Code.OTHER_USE,
)
NO_COLOURS = Sentence("the photo has no colours")
APERTURE_UNKNOWN = Sentence("the photo does not say its aperture", Code.APERTURE)

NO_DISTORTION = (1.0, 0.0, 0.0)
"""lensfun's poly3 of a lens that was measured and found to have none."""

FROM_PHOTO = "measured from this photo"
"""The grade of lateral colour that no calibration says, but the photo's own edges."""

BY_HAND = "set by hand"
"""The grade of what nobody has measured and somebody has set by eye."""

Chosen = tuple[Any, dict[str, Any]] | Sentence
"""A model on its sensor, with the grade and source of its calibration; or the reason why there is none."""


@dataclass(frozen=True)
class Usage:
    """A lens as it was used for a picture: its setting in mm and metres."""

    lens: Lens
    shot: Shot
    picture: SensorPicture
    focal_mm: float
    aperture: Aperture
    distance_m: float


def choose(
    usage: Usage,
    choices: Choices,
    measured_tca: tuple[Model, str] | str | None,
    not_here: Mapping[str, Sentence],
    by_hand: ByHand | None = None,
) -> tuple[Optics, dict[str, dict[str, Any]], dict[str, Sentence]]:
    """Choose a model for each kind of correction that is wanted, of the grades that are trusted.

    Returns the optics that correct the shot, the grade and source of each kind, and why a kind is left out.
    ``measured_tca`` is the lateral colour that the photo has shown, or why it has shown none; it counts where no
    calibration is known, as what is set ``by_hand`` does. ``not_here`` tells why kinds do not suit this picture, though
    they could be corrected.
    """
    entries = catalogue().calibration_entries(
        usage.lens.lens_id, choices.kinds, choices.grades, usage.picture.crop_factor, usage.shot.camera
    )
    by_camera = _leave_to_camera(entries, usage, choices)
    entries = {kind: entry._replace(centre=_centre_in(usage, entry)) for kind, entry in entries.items()}
    optics = optics_of(entries, usage.focal_mm, usage.aperture.f_number, usage.distance_m)
    set_by_eye = by_hand.models(usage.picture.alone) if by_hand else {}
    chosen: dict[str, Chosen] = {}
    for kind in choices.kinds:
        if kind == "vignetting" and by_camera:
            chosen[kind] = by_camera
        elif model := getattr(optics, kind):
            chosen[kind] = model, _told(entries[kind].calibration, model[0])
        elif kind == "shading" and Grade.MEASURED in choices.grades:
            chosen[kind] = _shading_of(usage)
        else:
            chosen[kind] = why = _why_none(usage, kind, entries.get(kind), choices.grades)
            if kind in set_by_eye:
                chosen[kind] = _by_hand(usage.picture, kind, set_by_eye[kind])
            elif kind == "tca" and measured_tca is not None:
                chosen[kind] = _tca_of(usage.picture, measured_tca, why)
    chosen |= {kind: why for kind, why in not_here.items() if isinstance(chosen.get(kind), tuple)}
    found = {kind: choice for kind, choice in chosen.items() if not isinstance(choice, Sentence)}
    return (
        Optics(**{kind: model for kind, (model, _) in found.items()}),
        {kind: calibration for kind, (_, calibration) in found.items()},
        {kind: reason for kind, reason in chosen.items() if isinstance(reason, Sentence)},
    )


def _centre_in(usage: Usage, entry: Entry) -> Point:
    """The optical centre of a calibration in a picture; its middle, if nobody knows how that was turned."""
    way = how_turned(usage.shot, usage.picture.stands)
    if not way:
        return MIDDLE
    # So many mm beside the middle it is in a crop mode of that body, too. What is no run of Sixbit's is lensfun's, who
    # counts in half short sides of any picture.
    share = (
        usage.picture.short_sides_of(Sensor(entry.crop_factor, entry.aspect_ratio)) if entry.calibration.run else 1.0
    )
    x, y = turned(entry.centre, way)
    return x * share, y * share


def _told(calibration: Calibration, factors: Any) -> dict[str, Any]:
    """Make the words of a filter on a calibration: that it found nothing to correct is an answer, too."""
    origin: dict[str, Any] = {"grade": str(calibration.grade), "source": calibration.source}
    return origin | {"nothing": True} if tuple(factors) == NO_DISTORTION else origin


def _tca_of(picture: SensorPicture, measured: tuple[Model, str] | str, why: Sentence) -> Chosen:
    """The lateral colour that the photo itself has shown, or why there is none."""
    if isinstance(measured, str):
        return Sentence("{why}, and the photo itself does not show it: {reason}", why.code, why=why, reason=measured)
    model, source = measured
    origin = {"grade": FROM_PHOTO, "source": source, "model": model.name, "terms": list(model.terms)}
    return (tca(*model), picture.alone.sensor), origin


def _by_hand(picture: SensorPicture, kind: str, model: Model) -> Chosen:
    """A model that was set by eye, which is told with the filter, so that another can be made like it."""
    origin = {"grade": BY_HAND, "source": "by eye", "model": model.name, "terms": list(model.terms)}
    return (MODELS[kind](*model), picture.alone.sensor), origin


def _leave_to_camera(entries: dict[str, Entry], usage: Usage, choices: Choices) -> Sentence | None:
    """Take fall-off out of the entries, if the camera has compensated it already, and say so.

    What the user has measured on that very body, with the lens known to it alike, is what it leaves: this serves, and
    no other unless the user wants it.
    """
    told = compensated(usage.shot)
    if told is None or "vignetting" not in choices.kinds:
        return None
    if Grade.MEASURED in choices.grades:
        known = compensated_for(usage.shot)
        crop_factor = usage.picture.crop_factor
        left = catalogue().compensated_entry(usage.lens.lens_id, usage.shot.camera, known, crop_factor)
        if left:
            entries["vignetting"] = left
            return None
    if "vignetting" not in entries or choices.compensated == "correct":
        return None
    del entries["vignetting"]
    return told


def _why_none(usage: Usage, kind: str, known: Entry | None, grades: tuple[Grade, ...]) -> Sentence:
    """Tell why no calibration of the database corrects a kind: the one that is known may be of another setting."""
    if known and not reaches(known, kind, usage.focal_mm):
        return _none_near_focal_length(usage.focal_mm)
    if known and kind == "vignetting":
        f_number = usage.aperture.f_number
        return _none_near_aperture(f_number) if f_number else APERTURE_UNKNOWN
    if known:
        return _none_near_focal_length(usage.focal_mm)
    of_kind = [one for one in usage.lens.calibrations if one.kind == kind]
    others = {one.grade for one in of_kind if not one.compensated}
    if of_kind and not others:
        return COMPENSATED_ALONE
    if others & set(grades):
        return Sentence("it was measured on a smaller sensor", Code.OTHER_USE)
    if others:
        listed = tuple(SPOKEN_GRADES[grade] for grade in sorted(others))
        return Sentence("only a calibration that is {grades} is known", Code.GRADE, grades=listed)
    return UNKNOWN


def _none_near_aperture(f_number: float) -> Sentence:
    return Sentence("no calibration is near f/{f_number:g}", Code.OTHER_USE, f_number=f_number)


def _none_near_focal_length(focal_mm: float) -> Sentence:
    return Sentence("no calibration is near {focal:g} mm", Code.OTHER_USE, focal=focal_mm)


def _shading_of(usage: Usage) -> Chosen:
    """The colour shading of a shot, from the user's runs with its lens; or why there is none."""
    runs = [run for run in catalogue().runs if run.lens_id == usage.lens.lens_id and run.shading]
    if not runs:
        return UNKNOWN
    on_body = _runs_on_body(runs, usage.shot)
    if isinstance(on_body, Sentence):
        return on_body
    known = compensated_for(usage.shot)
    on_body = [run for run in on_body if run.is_of_light_in(usage.shot.camera, known)]
    if not on_body:
        return OTHERWISE_KNOWN if known else COMPENSATED_ALONE
    large = [run for run in on_body if usage.picture.crop_factor >= LARGEST_SENSOR * run.crop_factor]
    if not large:
        return Sentence("it was measured on a smaller part of the sensor", Code.OTHER_USE)
    f_number, focal = usage.aperture.f_number, usage.focal_mm
    if f_number is None:
        return APERTURE_UNKNOWN
    near = [run for run in large if run.same_sensor(large[-1]) and abs(run.focal_mm / focal - 1) < SAME_FOCAL]
    used = that_count(near, "shading")
    shading = interpolated(used, f_number, usage.distance_m)
    if shading is None:
        return _none_near_aperture(f_number) if used else _none_near_focal_length(focal)
    if not shading.is_radial and shading.landscape != (usage.picture.width >= usage.picture.height):
        return Sentence("it differs from side to side, and this picture was turned since it was taken")
    source = "; ".join(run.origin_of("shading") for run in used)
    return (shading, Sensor(used[0].crop_factor)), {"grade": str(Grade.MEASURED), "source": source}


def _runs_on_body(runs: Sequence[Run], shot: Shot) -> Sequence[Run] | Sentence:
    """The runs on the body of a shot, or why there are none."""
    on_body = [run for run in runs if same_body((run.make, run.model), shot.camera)]
    if on_body:
        return on_body
    measured = ", ".join(sorted({run.model for run in runs}))
    if shot.model is None:
        return Sentence(
            "it was measured on {cameras}, and the photo does not say its camera", Code.OTHER_USE, cameras=measured
        )
    return Sentence(
        "it was measured on {cameras}, and this is from {camera}; it is of lens and sensor together",
        Code.OTHER_USE,
        cameras=measured,
        camera=shot.model.value,
    )
