"""The ways out for photos of a batch, by code: another preset, or one photo by itself."""

from __future__ import annotations

from sixbit.values.errors import Code
from sixbit.values.ways_out import EVERYWHERE, WaysOut

_ALONE = "Correct this photo by itself, where that can be said."
_SAY_WHICH = "Choose the lens for one such photo by itself: that is kept for all of them. Or let the preset choose one."

BY_PRESET: WaysOut = {
    **EVERYWHERE,
    Code.PROFILE: "A preset whose `corrections` are distortion and tca can correct the geometry.",
    Code.ENDING: "Choose a preset of another `format`.",
    Code.EXISTS: "`exists` of the preset says what becomes of it.",
    Code.RAW: "Correct it in darktable, by Sixbit's action on selected images.",
    Code.AMBIGUOUS: _SAY_WHICH,
    Code.UNKNOWN: _SAY_WHICH,
    Code.UNTAGGED: _SAY_WHICH,
    Code.NOT_M: "If it was an M lens, correct the photo by itself.",
    Code.NO_SUCH_LENS: "`lens` of the preset is one that is known.",
    Code.APERTURE: "`assumed_f_number` of the preset says which to assume.",
    Code.FOCAL_LENGTH: _ALONE,
    Code.CROP_FACTOR: _ALONE,
    Code.SIZE: _ALONE,
    Code.GRADE: "A preset whose `lowest_grade` is that grade accepts it.",
    Code.FOLDS: "A preset whose `scale` is none can correct it.",
    Code.BAD_DISTORTION: "A preset without distortion among its `corrections` can correct it.",
    Code.BAD_VIGNETTING: "A preset without vignetting among its `corrections` can correct it.",
    Code.BAD_SHADING: "A preset without shading among its `corrections` can correct it.",
    Code.ALREADY_CORRECTED: "Correct it by itself to have it done again.",
    Code.RESHAPED: "A preset whose `reshaped` is correct takes it for the whole frame.",
    Code.COMPENSATED: 'A preset whose `compensated` is "correct" corrects it all the same.',
}
