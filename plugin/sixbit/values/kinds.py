"""The kinds of correction, and the grades of calibrations."""

from __future__ import annotations

from enum import StrEnum

from sixbit.manifest import manifest
from sixbit.values.sentence import Sentence

KINDS: tuple[str, ...] = tuple(manifest()["kinds"])
"""As programs name them; ``tca`` is lateral colour (transverse chromatic aberration)."""

SPOKEN = {
    "distortion": Sentence("distortion"),
    "tca": Sentence("lateral colour"),
    "vignetting": Sentence("fall-off"),
    "shading": Sentence("shading"),
}
"""As photographers call them."""


class Grade(StrEnum):
    """Where a calibration comes from, the most trusted first."""

    MEASURED = "measured"
    PUBLISHED = "published"
    COMPUTED = "computed"
    SINGLE = "single"
    """One session of somebody else's, confirmed by nobody."""


TRUSTED = tuple(Grade(grade) for grade, usual in manifest()["grades"].items() if usual)
"""The grades that are used unless the user asks for more, or less."""

SPOKEN_GRADES = {
    Grade.MEASURED: Sentence("measured"),
    Grade.PUBLISHED: Sentence("published"),
    Grade.COMPUTED: Sentence("computed"),
    Grade.SINGLE: Sentence("single"),
}
"""As sentences say them."""
