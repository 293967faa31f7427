"""The server's sentences in the user's language, with what can be done about them here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from texts import _

GRADE_WORDS = {"measured": _("measured"), "published": _("published"), "computed": _("computed")}
UNKNOWN = "no calibration is known"
"""Of corrections that nobody has measured."""

_SAY_APERTURE = _("fill it in")
_WITHOUT_LIGHT = _("Switch “Vignetting” and “Shading” off: the rest can be corrected.")
WAYS_OUT = {
    "the photo does not say its aperture": _SAY_APERTURE,
    "{lens} has several focal lengths and the photo does not say which.": _("Fill in the focal length."),
    "The distortion model folds over within the frame, so the frame cannot be filled.": _("Choose “Keep the scale”."),
    "The fall-off model reaches zero within the frame: this calibration is not usable here.": _(
        "Switch “Vignetting” off."
    ),
    "The colour shading leaves no light within the frame: this calibration is not usable here.": _(
        "Switch “Shading” off."
    ),
    "The colour profile {name} has no transfer curve: {kind}.": _WITHOUT_LIGHT,
    "The colour profile cannot be read ({why}).": _WITHOUT_LIGHT,
    "The transfer curve of the colour profile {name} does not rise.": _WITHOUT_LIGHT,
}
"""What can be done about a sentence of the server's, by its template."""


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


def with_way_out(said: Any) -> str:
    """Translate a sentence of the server's, and add what can be done about it here, as a sentence or a clause."""
    words = translated(said)
    way_out = WAYS_OUT.get(said["template"]) if isinstance(said, Mapping) else None
    if not way_out:
        return words
    return f"{words} {way_out}" if words.endswith(".") else f"{words}; {way_out}"
