"""The ways out of a trouble on the command line, by its code: the one place that names flags and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sixbit.values.errors import Code
from sixbit.values.kinds import TRUSTED, Grade
from sixbit.values.ways_out import EVERYWHERE, WaysOut, with_way_out

if TYPE_CHECKING:
    from sixbit.lenses.match import Match
    from sixbit.values.lens import Lens

_SAY_WHICH = (
    "Say which with --lens LENS (`sixbit lenses` lists them), or write it into the photo with "
    "`sixbit tag --lens LENS PHOTO`."
)

WAYS_OUT: WaysOut = {
    **EVERYWHERE,
    Code.MANY_PIXELS: "--large opens it, if there is enough memory.",
    Code.PROFILE: "Geometry alone can still be corrected, by --only distortion,tca.",
    Code.AMBIGUOUS: "Say which with --lens LENS.",
    Code.UNKNOWN: _SAY_WHICH,
    Code.UNTAGGED: _SAY_WHICH,
    Code.NOT_M: "Sixbit corrects Leica M lenses; if it was one, say which with --lens LENS.",
    Code.NO_SUCH_LENS: "`sixbit lenses` lists the lenses.",
    Code.NOT_REMEMBERED: "Write the lens into the photos with `sixbit tag --lens {lens_id} PHOTO`.",
    Code.APERTURE: "Say which it was with --aperture N.",
    Code.FOCAL_LENGTH: "Say which it was with --focal MM.",
    Code.CROP_FACTOR: "Say it with --crop C.",
    Code.SIZE: "Say it with --size WxH.",
    Code.UNCALIBRATED: "`sixbit calibrate --lens {lens_id}` makes a calibration from photos of your own.",
    Code.GRADE: "Accept it with --grades measured,published,{grades}.",
    Code.OTHER_USE: "`sixbit calibrate --lens {lens_id}` makes one for this from photos of your own.",
    Code.FOLDS: "Try --scale none.",
    Code.BAD_DISTORTION: "Correct without it by --only tca,vignetting,shading.",
    Code.BAD_VIGNETTING: "Correct without it by --only distortion,tca.",
    Code.BAD_SHADING: "Correct without it by --only distortion,tca,vignetting.",
    Code.ALREADY_CORRECTED: "--force corrects it again.",
    Code.RESHAPED: "--force corrects it as if it were the whole frame.",
    Code.COMPENSATED: "--only distortion,tca,vignetting corrects it all the same; so do flats from this very body.",
    Code.RUN: "`sixbit calibrate list` lists yours, `sixbit calibrate remove {run}` takes one back.",
    Code.NO_RUN: "`sixbit calibrate list` lists yours, `sixbit calibrate` makes one.",
    Code.PRESET: "`sixbit presets` lists them, `sixbit presets show NAME` tells all that one says.",
    Code.PRESET_FILE: "Mend that file; `sixbit presets show archive` shows one in which all is right.",
    Code.ARGUMENT: "--help tells what there is.",
    Code.ENGINE: "--engine native can do it.",
    Code.NOT_INSTALLED: "`sixbit install {host}`, then start {program} anew.",
    Code.SANDBOX: "Flatpak lets it do so only after `flatpak override --user --talk-name=org.freedesktop.Flatpak "
    "{program}` (untested).",
}


def told(said: object, ways_out: WaysOut = WAYS_OUT) -> str:
    """Say an error, or a reason why something was left out, with what can be done about it."""
    return with_way_out(said, ways_out)


def way_to_unsure(lens: Lens) -> str:
    """Say how the calibrations of a lens are used that are off by default, as far as it has no others."""
    trusted, best = lens.best_calibrations(TRUSTED), lens.best_calibrations(Grade)
    grades = sorted({str(known.grade) for kind, known in best.items() if kind not in trusted})
    if not grades:
        return ""
    return (
        f"What is {' or '.join(grades)} is off by default: `sixbit correct PHOTO -o OUT --grades "
        f"{','.join((*TRUSTED, *grades))}` uses it, and `sixbit install lensfun --{' --'.join(grades)}` gives it to "
        "darktable."
    )


def way_out_of(found: Match) -> str:
    """Return the way out of a match that is not certain, or that a remembered choice decided."""
    if found.is_remembered:
        return "`sixbit forget` takes that back."
    return "" if found.lens else WAYS_OUT[Code(found.status)]
