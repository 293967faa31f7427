"""The marks that corrections leave in the XMP of a photo, and what the user said of it: names, written and read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sixbit.values.kinds import KINDS
from sixbit.values.shot import Tagged

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

LONGEST_MARK = 200


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


def corrections_in(
    properties: Mapping[str, str], darktable_modules: Collection[str]
) -> tuple[tuple[str, ...], tuple[Tagged[str], ...]]:
    """The corrections that a photo's own XMP says were made, and the marks that say so.

    >>> corrections_in({"aux:VignetteCorrectionAlreadyApplied": "True"}, ())[0]
    ('vignetting',)
    """
    made: set[str] = set()
    found: list[Tagged[str]] = []
    for kind, name in ALREADY_APPLIED.items():
        value = properties.get(f"aux:{name}", "")
        if value.strip().lower() in ("true", "1"):
            made.add(kind)
            found.append(Tagged(value.strip(), f"XMP aux:{name}"))
    digest = properties.get(own(FILTER), "").strip()
    if digest:
        found.append(Tagged(digest[:LONGEST_MARK], f"XMP {own(FILTER)}"))
        named = properties.get(own(CORRECTED), "").split()
        # Shading has no standard mark: a filter that left none of those did nothing else.
        made.update(named or (() if made else ("shading",)))
    if "lens" in darktable_modules:
        found.append(Tagged("lens", "XMP darktable:history"))
        made.update(("distortion", "tca", "vignetting"))
    return tuple(kind for kind in KINDS if kind in made), tuple(found)
