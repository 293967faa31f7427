"""The marks that Sixbit leaves in the XMP of a photo, and what the user said of it, by name.

:mod:`sixbit.tags.done` reads them, with those of other programs.
"""

from __future__ import annotations

from collections.abc import Iterable

NAMESPACE = "https://sixbit.photo/ns/1.0/"
PREFIX = "sixbit"

ALREADY_APPLIED = {
    "distortion": "DistortionCorrectionAlreadyApplied",
    "tca": "LateralChromaticAberrationCorrectionAlreadyApplied",
    "vignetting": "VignetteCorrectionAlreadyApplied",
}
"""The standard marks, as Adobe's cameras and raw converters write them to the namespace ``aux``."""

FILTER = "filter"
"""The property of Sixbit's namespace that holds the hash of the filter a photo was corrected with."""
CORRECTED = "corrected"
"""The corrections that were made, separated by spaces: ``distortion tca vignetting shading``."""
LENS = "lens"
"""The identity of the lens that the user chose for the photo."""
APERTURE = "aperture"
"""The f-number that the user gave, as a fraction. FNumber may be what the camera made of it."""
COMPENSATED = "compensated"
"""The lens that the body itself knew, and has compensated, where the user has named another in its place."""


def own(name: str) -> str:
    """A property of Sixbit's namespace, as XMP calls it.

    >>> own(LENS)
    'sixbit:lens'
    """
    return f"{PREFIX}:{name}"


def own_key(name: str) -> str:
    """A property of Sixbit's namespace, as exiv2 calls it.

    >>> own_key(LENS)
    'Xmp.sixbit.lens'
    """
    return f"Xmp.{PREFIX}.{name}"


def marks(applied: Iterable[str], earlier: Iterable[str], digest: str | None) -> dict[str, str]:
    """The marks of corrections that were applied now or earlier, as XMP properties by exiv2's names.

    >>> marks(["tca"], ["distortion"], "5eed")["Xmp.sixbit.corrected"]
    'distortion tca'
    """
    applied = tuple(applied)
    tags = {f"Xmp.aux.{ALREADY_APPLIED[kind]}": "True" for kind in applied if kind in ALREADY_APPLIED}
    if digest is not None:
        tags[own_key(CORRECTED)] = " ".join(dict.fromkeys((*earlier, *applied)))
        tags[own_key(FILTER)] = digest
    return tags
