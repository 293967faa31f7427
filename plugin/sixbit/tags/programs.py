"""The notes of other programs' work in a photo's XMP, read for all who ask what was done to it.

Camera Raw's settings (``crs``) stand in recipes, too: in sidecars, presets and photos that are yet to be developed.
They tell of these pixels only where ``crs:AlreadyApplied`` says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from sixbit.tags.source import fraction

_ELEMENT = r"<(filter|param)\b([^<>]{1,4000})>"
_ATTRIBUTE = r'(\w{1,40})="([^"]{0,200})"'


def is_true(text: str | None) -> bool:
    """Tell whether a property of XMP says yes.

    >>> is_true("True"), is_true("1"), is_true("False"), is_true(None)
    (True, True, False, False)
    """
    return text is not None and text.strip().lower() in ("true", "1")


def is_applied(properties: Mapping[str, str]) -> bool:
    """Tell whether the settings of Camera Raw are in these pixels, and no recipe for them."""
    return is_true(properties.get("crs:AlreadyApplied"))


def setting(properties: Mapping[str, str], name: str, otherwise: float = 0.0) -> float:
    """Read a setting of Camera Raw; what is missing or no number stands for ``otherwise``.

    >>> setting({"crs:VignetteAmount": "+20"}, "VignetteAmount")
    20.0
    """
    value = fraction(properties.get(f"crs:{name}", "").lstrip("+"))
    return otherwise if math.isnan(value) else value


def digikam_filters(properties: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the filters of digiKam that made a photo, with their parameters, in the order of ``digiKam:ImageHistory``.

    It holds XML as a text (``core/libs/dimg/history/dimagehistory.cpp``). What is damaged in it is passed over.

    >>> history = '<filter filterName="digikam:LensFunFilter"><params><param name="vigCorrection" value="true"/>'
    >>> list(digikam_filters({"digiKam:ImageHistory": history}))
    [('digikam:LensFunFilter', {'vigCorrection': 'true'})]
    """
    filters: list[tuple[str, dict[str, str]]] = []
    for kind, text in re.findall(_ELEMENT, properties.get("digiKam:ImageHistory", "")):
        said = dict(re.findall(_ATTRIBUTE, text))
        if kind == "filter":
            filters.append((said.get("filterName", ""), {}))
        elif filters:
            filters[-1][1][said.get("name", "")] = said.get("value", "")
    yield from filters
