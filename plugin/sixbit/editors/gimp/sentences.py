"""The server's sentences in the user's language, with what can be done about them here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from texts import _

GRADE_WORDS = {
    "measured": _("measured"),
    "published": _("published"),
    "computed": _("computed"),
    "single": _("measured once"),
    "measured from this photo": _("measured from this photo"),
    "set by hand": _("set by hand"),
}
UNCALIBRATED = "uncalibrated"
"""The code of corrections that nobody has measured."""

MEND = _("In a terminal, `sixbit doctor` tells what is wrong, and `sixbit install gimp` mends it.")
_CHOOSE_LENS = _("Choose the lens.")
_OTHER_PRESET = _("Choose another preset.")
_OTHER_PHOTOS = _("Give other photos on the page that calibrates a lens; it says which.")
_REPORT = _("Please report it.")
_VALUE = _("If a script of yours gave this value, give another; if not, please report it.")
WAYS_OUT = {
    # A file that is read.
    "not_found": _("See that the file is still where it was."),
    "not_a_file": _("Name the photos themselves, as files."),
    "no_access": _("See that its permissions allow it, and that its disk is there."),
    "damaged": _("Get it again from where it came."),
    "format": _("Save it as a JPEG, TIFF or PNG in RGB or grey, of 8 or 16 bits."),
    "raw": _("Develop it first."),
    "too_large": _("Make it smaller, or use a computer with more memory."),
    "many_pixels": _("Make it smaller, or start GIMP with SIXBIT_LARGE=1 in its environment."),
    "too_slow": _("Open it in GIMP and correct it by itself, or save it anew."),
    "profile": _("Switch “Vignetting” and “Shading” off: the rest can be corrected."),
    # What is written.
    "ending": _OTHER_PRESET,
    "name": _("Choose another name."),
    "no_folder": _("Make that folder first, or choose another."),
    "read_only": _("Choose another folder, or allow it in the permissions of this one."),
    "disk_full": _("Make room there, or choose a folder on another disk."),
    "not_writable": _("Choose another folder."),
    "metadata": _OTHER_PRESET,
    "conversion": _OTHER_PRESET,
    "exists": _("Choose another folder."),
    # Which lens it was, and how it was used.
    "ambiguous": _CHOOSE_LENS,
    "unknown": _CHOOSE_LENS,
    "untagged": _CHOOSE_LENS,
    "not_m": _("If it was an M lens, choose it."),
    "no_such_lens": _CHOOSE_LENS,
    "not_remembered": _("Switch “Write the lens into the metadata” on: the photo itself says it then."),
    "aperture": _("Fill in the aperture."),
    "focal_length": _("Fill in the focal length."),
    "crop_factor": _("Fill in the crop factor."),
    "size": _("Say at “Photo was” whether it was scaled or cropped."),
    # What is known of it.
    UNCALIBRATED: _("Calibrate the lens from photos of your own, or set it by hand."),
    "grade": _("Switch such calibrations on."),
    "other_use": _("Calibrate the lens for this, too."),
    "folds": _("Choose “Keep the scale”."),
    "bad_distortion": _("Switch “Distortion” off."),
    "bad_vignetting": _("Switch “Vignetting” off."),
    "bad_shading": _("Switch “Shading” off."),
    "already_corrected": _("Switch “Correct again” on to do it once more."),
    "compensated": _("Switch “Compensated vignetting, too” on to correct it all the same."),
    "reshaped": _("Choose “The whole layer” at “Photo was” to take it for the whole frame."),
    # The user's own files.
    "user_file": _("Repair that file, or take it away."),
    "run": _("Remove that calibration on the page that calibrates a lens."),
    "bundle": _("Ask who made that calibration to export it anew."),
    "no_run": _("Calibrate the lens from photos of your own."),
    "preset": _OTHER_PRESET,
    "preset_file": _("Mend the file of that preset, or choose another."),
    "version": MEND,
    # Frames that a lens is measured from.
    "flats": _OTHER_PHOTOS,
    "too_bright": _OTHER_PHOTOS,
    "too_dark": _OTHER_PHOTOS,
    "lines": _OTHER_PHOTOS,
    "edges": _OTHER_PHOTOS,
    "overlap": _OTHER_PHOTOS,
    "frames": _OTHER_PHOTOS,
    # Programs.
    "argument": _VALUE,
    "busy": _("Wait for it, or end it."),
    "cluster": _REPORT,
    "engine": _VALUE,
    "no_kernel": MEND,
    "missing_part": MEND,
    "no_editor": MEND,
    "not_installed": MEND,
    "sandbox": MEND,
    "fault": _REPORT,
}
"""The ways out of a trouble here, by the server's codes (sixbit.values.errors.Code)."""


def translated(said: Any) -> str:
    """Translate a sentence of the server's (its template and values, docs/server-protocol.md); a list is a choice."""
    if isinstance(said, list):
        *others, last = map(translated, said)
        return _("{others} or {last}").format(others=", ".join(others), last=last) if others else last
    if not isinstance(said, Mapping):
        return str(said)
    values = {
        name: translated(value) if isinstance(value, list | Mapping) else value
        for name, value in said["values"].items()
    }
    # After a name that ends in ASPH. there is no second full stop.
    return re.sub(r"\.\.(?= |$)", ".", _(said["template"]).format(**values))


def with_way_out(said: Any, code: str | None = None) -> str:
    """Translate a sentence of the server's, and add what can be done about it here, as a sentence or a clause."""
    words, way_out = translated(said), WAYS_OUT.get(code or code_of(said) or "")
    if not way_out:
        return words
    return f"{words} {way_out}" if words.endswith(".") else f"{words}; {way_out[0].lower()}{way_out[1:].rstrip('.')}"


def why_left_out(said: Any) -> str:
    """Tell why a correction is left out; of one that nobody has measured, no more than that."""
    return translated(said) if code_of(said) == UNCALIBRATED else with_way_out(said)


def code_of(said: Any) -> str | None:
    """Return the code of a sentence of the server's, None if it tells of no trouble."""
    return said.get("code") if isinstance(said, Mapping) else None
