"""Tags of a photo by the names of EXIF, wherever they stand: in Exif data or in an XMP packet."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from sixbit.manifest import manifest
from sixbit.values.marks import own
from sixbit.values.shot import Tagged

_INFINITE = 0xFFFFFFFF
_MOST_NUMBERS = 16
_OLDER = {"LensSerialNumber": "aux:LensSerialNumber", "LensSpecification": "aux:LensInfo"}
"""Names that properties had before XMP took up those of EXIF."""


class Source:
    """Tags of one kind, asked by the names of EXIF.

    ``values`` are texts or numbers by the names that messages call them: ``EXIF FNumber``, or ``Image Make`` of the
    first directory. Those of an XMP packet (``aux:Lens``) are called so behind its ``origin``.

    >>> Source({"exif:FNumber": "56/10"}, "XMP ").numbers("FNumber")
    Tagged(value=(5.6,), tag='XMP exif:FNumber')
    """

    def __init__(self, values: Mapping[str, str | tuple[float, ...]] | Mapping[str, str], origin: str = "") -> None:
        self._values = values
        self._origin = origin
        self.is_xmp = bool(origin)

    def text(self, name: str) -> Tagged[str] | None:
        """A tag that holds a text."""
        return self._text(self._names(name))

    def numbers(self, name: str) -> Tagged[tuple[float, ...]] | None:
        """A tag that holds numbers, or a text of some."""
        for tag in self._names(name):
            if (value := self._values.get(tag)) is not None:
                numbers = value if isinstance(value, tuple) else tuple(map(fraction, value.split()[:_MOST_NUMBERS]))
                return Tagged(numbers, self._origin + tag)
        return None

    def own(self, name: str) -> Tagged[str] | None:
        """A property of Sixbit's namespace."""
        return self._text((own(name),))

    def lens_names(self) -> Iterator[Tagged[str]]:
        """Every text that names a lens."""
        for name in manifest()["tags"]["lens_names_xmp" if self.is_xmp else "lens_names_exif"]:
            if found := self._text((name,) if self.is_xmp else self._names(name)):
                yield found

    def _names(self, name: str) -> tuple[str, ...]:
        if not self.is_xmp:
            # Raw files built on TIFF/EP, the M8's among them, keep some EXIF tags in the first directory.
            return f"EXIF {name}", f"Image {name}"
        return f"{'exifEX' if name.startswith('Lens') else 'exif'}:{name}", _OLDER.get(name, "")

    def _text(self, names: tuple[str, ...]) -> Tagged[str] | None:
        tag = next((name for name in names if name in self._values), None)
        value = None if tag is None else self._values[tag]
        return Tagged(value, f"{self._origin}{tag}") if isinstance(value, str) else None


def fraction(text: str) -> float:
    """A rational number as XMP writes it, ``50/1``: NaN for 0/0 and its like, infinity where the numerator says so."""
    numerator, _, denominator = text.partition("/")
    try:
        return ratio(float(numerator), float(denominator or 1))
    except ValueError:
        return math.nan


def ratio(numerator: float, denominator: float) -> float:
    """A number of a tag: NaN for 0/0 and its like, infinity where the numerator says so (EXIF SubjectDistance).

    >>> ratio(56, 10), ratio(0xFFFFFFFF, 1), ratio(0, 0)
    (5.6, inf, nan)
    """
    if numerator == _INFINITE:
        return math.inf
    return numerator / denominator if denominator else math.nan
