"""The tags that tell of a lens, with their values."""

from __future__ import annotations

import math
from fractions import Fraction

from sixbit.values.errors import ArgumentError
from sixbit.values.lens import Lens
from sixbit.values.marks import APERTURE, LENS, own_key

Value = str | int | list[Fraction]
Values = dict[str, Value]


def lens_tags(lens: Lens, *, f_number: float | None = None, focal_mm: float | None = None) -> dict[str, str]:
    """The tags of a lens as texts by exiv2's names, for an editor that writes them itself.

    They are those that :func:`sixbit.tags.write.write_lens_tags` writes.

    >>> from sixbit.values.lens import Lens
    >>> summicron = Lens("summicron-35-asph", "Summicron-M 35mm f/2 ASPH.", "Leica", 35, 35, 2)
    >>> lens_tags(summicron, f_number=5.6)["Exif.Photo.FNumber"]
    '28/5'
    """
    values = lens_values(lens, f_number=f_number, focal_mm=focal_mm)
    tags = {f"Exif.Photo.{name}": text_of(value) for name, value in values.items()}
    return tags | {"Xmp.aux.Lens": lens.name} | own_properties(lens, values)


def lens_values(
    lens: Lens,
    *,
    f_number: float | None = None,
    focal_mm: float | None = None,
    crop_factor: float | None = None,
) -> Values:
    """The values of the tags by the names of EXIF; ``crop_factor`` is that of the sensor, if it shall be told.

    MaxApertureValue is 2 log2 N (EXIF 2.32, annex C), which its unsigned type cannot hold below f/1.

    >>> from sixbit.values.lens import Lens
    >>> summicron = Lens("summicron-35-asph", "Summicron-M 35mm f/2 ASPH.", "Leica", 35, 35, 2)
    >>> lens_values(summicron)["MaxApertureValue"]
    [Fraction(2, 1)]
    """
    if focal_mm is None and lens.focal_min == lens.focal_max:
        focal_mm = lens.focal_min
    if focal_mm is not None and (refused := lens.out_of_reach(focal_mm)):
        raise ArgumentError(refused)
    values: Values = {
        "LensMake": lens.maker,
        "LensModel": lens.name,
        "LensSpecification": [
            _fraction(number) for number in (lens.focal_min, lens.focal_max, lens.f_number_open, lens.f_number_open)
        ],
    }
    if lens.f_number_open >= 1:
        values["MaxApertureValue"] = [_fraction(2 * math.log2(lens.f_number_open))]
    if focal_mm is not None:
        values["FocalLength"] = [_fraction(focal_mm)]
        if crop_factor is not None:
            values["FocalLengthIn35mmFilm"] = round(focal_mm * crop_factor)
    if f_number is not None:
        values["FNumber"] = [_fraction(f_number)]
    return values


def _fraction(number: float) -> Fraction:
    return Fraction(number).limit_denominator(10_000)


def own_properties(lens: Lens, values: Values) -> dict[str, str]:
    """The properties by which Sixbit will know the lens and the aperture, of its own namespace, by exiv2's names."""
    found = {own_key(LENS): lens.lens_id}
    if "FNumber" in values:
        found[own_key(APERTURE)] = text_of(values["FNumber"])
    return found


def outdated(values: Values) -> list[str]:
    """The tags that are of the lens before, where this one has no value for them."""
    old = ["MaxApertureValue", *(["FocalLengthIn35mmFilm"] if "FocalLength" in values else [])]
    return [name for name in old if name not in values]


def text_of(value: Value) -> str:
    """A value as XMP and exiv2 write it."""
    return " ".join(f"{part.numerator}/{part.denominator}" for part in value) if isinstance(value, list) else str(value)
