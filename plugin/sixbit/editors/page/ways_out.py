"""The ways out of a trouble on the page, by its code: the one place that knows what its fields are called."""

from __future__ import annotations

from sixbit.values.errors import Code
from sixbit.values.ways_out import EVERYWHERE, WaysOut

_CHOOSE_LENS = "Choose the lens at the top of the page."
_MEASURE_ANEW = "Measure it anew: your own calibration goes before others."
_UNTOUCHED = "Give the photo as it left the camera."

WAYS_OUT: WaysOut = {
    **EVERYWHERE,
    Code.NOT_A_FILE: "Drop the photos themselves.",
    Code.DAMAGED: "Get it again from where it came.",
    Code.FORMAT: "Give a raw file, or a JPEG or TIFF as it left the camera.",
    Code.RAW: "Give the raw file its own ending, such as .dng, or a TIFF that was developed from it.",
    Code.TOO_LARGE: "Give fewer or smaller photos.",
    Code.MANY_PIXELS: "Give smaller photos, or allow large ones where this page is started.",
    Code.PROFILE: "Save it with another colour profile, such as sRGB.",
    Code.AMBIGUOUS: _CHOOSE_LENS,
    Code.UNKNOWN: _CHOOSE_LENS,
    Code.UNTAGGED: _CHOOSE_LENS,
    Code.NOT_M: _CHOOSE_LENS,
    Code.NO_SUCH_LENS: _CHOOSE_LENS,
    Code.APERTURE: "Say it at “Aperture”.",
    Code.FOCAL_LENGTH: "Say it at “Focal length”.",
    Code.CROP_FACTOR: "Say it at “Crop factor”.",
    Code.SIZE: _UNTOUCHED,
    Code.UNCALIBRATED: "Measure it, and accept what is found.",
    Code.GRADE: "Measure it, and accept what is found.",
    Code.OTHER_USE: "Measure it for this, too.",
    Code.FOLDS: _MEASURE_ANEW,
    Code.BAD_DISTORTION: _MEASURE_ANEW,
    Code.BAD_VIGNETTING: _MEASURE_ANEW,
    Code.BAD_SHADING: _MEASURE_ANEW,
    Code.ALREADY_CORRECTED: _UNTOUCHED,
    Code.RESHAPED: _UNTOUCHED,
    Code.COMPENSATED: "Measure it on this very body: that shows what the camera leaves.",
    Code.RUN: "Press “Remove” beside that calibration, and make it anew.",
    Code.NO_RUN: "Load the page anew: it lists yours. If none is there, measure one, and accept what is found.",
}
