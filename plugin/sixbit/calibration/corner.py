"""Fall-off of a lens from the light lost in its corners, as a manual or a test says it: kept as a run."""

from __future__ import annotations

from sixbit.calibration.frames import Setting, focal_length
from sixbit.calibration.keep import add
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.own import Run
from sixbit.measure.corner import MOST_STOPS, fall_off
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, Code
from sixbit.values.kinds import Grade
from sixbit.values.sentence import Sentence


def keep_corner(stops: float, choices: Choices) -> Run:
    """Keep the fall-off that the stops lost in the corner tell, by the mean shape of measured lenses.

    ``choices`` say lens and f-number, and the crop factor of the frame whose corner it is: 1, where none is said. It is
    graded as published, so that what was measured goes first. Raises CompileError for a lens that is not known,
    CalibrationError where the figure or the f-number cannot be.
    """
    lens = catalogue().lens(choices.lens or "")
    if choices.f_number is None:
        raise CalibrationError("Fall-off is of an aperture, and it is not known which.", Code.APERTURE)
    if refused := lens.too_wide(choices.f_number):
        raise CalibrationError(refused)
    if not 0 < stops <= MOST_STOPS:
        why = Sentence(
            "No lens is known to lose {stops:g} stops in the corner; it is a number up to {most:g}.",
            stops=stops,
            most=MOST_STOPS,
        )
        raise CalibrationError(why)
    setting = Setting(
        lens,
        float(choices.crop_factor or 1.0),
        focal_length(lens, choices.focal_mm or 0.0),
        f_number=max(choices.f_number, lens.f_number_open),
        distance_m=choices.distance_m,
    )
    model = fall_off(stops, choices.f_number, lens.f_number_open or choices.f_number)
    source = f"{stops:g} stops in the corner, the shape that of other lenses"
    return add(setting, source, grade=Grade.PUBLISHED, vignetting=model)
