"""Reading requests: each value is checked before it is used, as the editor may be of another version, or wrong."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sixbit.lenses.match import lens_named
from sixbit.manifest import manifest
from sixbit.values.choices import Choices, is_positive, with_strength
from sixbit.values.errors import ArgumentError
from sixbit.values.kinds import KINDS, Grade
from sixbit.values.shot import Shot

if TYPE_CHECKING:
    from sixbit.compiler.by_hand import ByHand
    from sixbit.export.presets import Preset
    from sixbit.values.lens import Lens, Model

LONGEST_SIDE = 1 << 20
LARGEST_FRAME = 100
"""In sides of the picture that is a part of it."""
SLACK = 1e-6

T = TypeVar("T")
Request = dict[str, Any]


def kept(kept: dict[int, T], request: Request, name: str) -> T:
    """Return what is kept under the number that the request names."""
    number = whole(request, name)
    if number not in kept:
        raise ArgumentError(f"There is no {name} {number}.")
    return kept[number]


def has_shot(request: Request) -> bool:
    """Tell whether the request names a photo, by its path or its tags."""
    return request.get("photo") is not None or request.get("tags") is not None


def shot(request: Request) -> Shot:
    """Read the photo that the request names, or the tags that the editor sends in its place."""
    if request.get("photo") is not None:
        from sixbit.tags.read import read_shot

        return read_shot(text(request, "photo"))
    from sixbit.tags.shot import shot_of_tags

    tags = request.get("tags")
    if not isinstance(tags, dict):
        raise ArgumentError("Either `photo`, a path, or `tags`, names and texts, is needed.")
    texts_alone = {name: value for name, value in tags.items() if isinstance(value, str)}
    return shot_of_tags(texts_alone, None if request.get("size") is None else size(request, "size"))


def lens(request: Request) -> Lens:
    """Return the lens with the identity, or a name that is certain of it, that the request names."""
    return lens_named(text(request, "lens"))


def preset(request: Request) -> Preset:
    """Return the export preset that the request names."""
    from sixbit.export.presets import load

    return load(text(request, "preset"))


def text(request: Request, name: str) -> str:
    """Return a text, which the request must have."""
    value = request.get(name)
    if not isinstance(value, str):
        raise ArgumentError(f"`{name}` is a text, not {value!r:.60}.")
    return value


def path(request: Request, name: str) -> Path:
    """Return a path, which the request must have; ArgumentError for a text that no system takes for one."""
    value = text(request, name)
    try:
        if b"\0" in os.fsencode(value):
            raise ValueError("embedded null byte")
    except ValueError as error:
        raise ArgumentError(f"`{name}` is no path: {value!r:.60}.") from error
    return Path(value)


def whole(request: Request, name: str) -> int:
    """Return a whole number from 0 on; an offset may be left out."""
    value = request.get(name, 0 if name == "offset" else None)
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ArgumentError(f"`{name}` is a whole number from 0 on, not {value!r:.60}.")
    return value


def side(value: object, name: str) -> int:
    """Return a side of a picture, in px."""
    if type(value) is not int or not 1 <= value <= LONGEST_SIDE:
        raise ArgumentError(f"`{name}` is in pixels, from 1 to {LONGEST_SIDE}, not {value!r:.60}.")
    return value


def size(request: Request, name: str) -> tuple[int, int]:
    """Return width and height, in px."""
    value = request.get(name)
    if not isinstance(value, list) or len(value) != 2:
        raise ArgumentError(f"`{name}` is [width, height], not {value!r:.60}.")
    return side(value[0], name), side(value[1], name)


def rectangle(request: Request, name: str, within: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return x, y, width and height of a part of a picture, in px."""
    value = request.get(name)
    if not isinstance(value, list) or len(value) != 4 or any(type(number) is not int for number in value):
        raise ArgumentError(f"`{name}` is [x, y, width, height], not {value!r:.60}.")
    x, y, width, height = value
    if min(x, y) < 0 or min(width, height) < 1 or x + width > within[0] or y + height > within[1]:
        raise ArgumentError(f"`{name}` does not lie within {within[0]}x{within[1]} pixels: {value!r:.60}.")
    return x, y, width, height


def frame(request: Request) -> tuple[float, float, float, float] | None:
    """Return left and top edge, width and height of the frame around a picture, as shares of it; None if it is all."""
    value = request.get("frame")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 4 or not all(type(share) in (int, float) for share in value):
        raise ArgumentError(f"`frame` is [left, top, width, height], not {value!r:.60}.")
    left, top, wide, high = map(float, value)
    around = ((left, wide), (top, high))
    if not all(low <= SLACK and low + side >= 1 - SLACK and side <= LARGEST_FRAME for low, side in around):
        raise ArgumentError(f"`frame` does not lie around its picture: {value!r:.60}.")
    return left, top, wide, high


def orientation(request: Request, name: str) -> int:
    """Return one of Exif's orientations; 1, if it is left out."""
    value = request.get(name)
    if value is None:
        return 1
    if type(value) is not int or not 1 <= value <= 8:
        raise ArgumentError(f"`{name}` is an orientation from 1 to 8, not {value!r:.60}.")
    return value


def texts(request: Request, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return a list of texts."""
    value = request.get(name)
    if value is None:
        return default
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ArgumentError(f"`{name}` is a list of texts, not {value!r:.60}.")
    return tuple(value)


def numbers(request: Request, name: str) -> tuple[int, ...]:
    """Return a list of whole numbers."""
    value = request.get(name)
    if not isinstance(value, list) or any(type(number) is not int for number in value):
        raise ArgumentError(f"`{name}` is a list of whole numbers, not {value!r:.60}.")
    return tuple(value)


def grade(request: Request, name: str) -> Grade:
    """Return the grade of a calibration."""
    value = text(request, name)
    if value not in [*Grade]:
        raise ArgumentError(f"`{name}` is one of {', '.join(Grade)}, not {value!r:.60}.")
    return Grade(value)


def choices(request: Request) -> Choices:
    """Return the choices of a correction, which check themselves; a number is a float, however it was written."""
    strength = {} if request.get("strength") is None else request["strength"]
    if not isinstance(strength, dict):
        raise ArgumentError(f"`strength` is a number by name of a correction, not {strength!r:.60}.")
    said: dict[str, Any] = {}
    for name in ("crop_factor", "focal_mm", "f_number", "distance_m", "scale", "compensated"):
        if (value := request.get(name)) is not None:
            said[name] = float(value) if is_positive(value) else value
    if request.get("grades") is not None:
        said["grades"] = texts(request, "grades", ())
    return Choices(kinds=with_strength(texts(request, "corrections", KINDS), strength), **said)


def interpolation(request: Request) -> str:
    """Return how pixels are interpolated; the usual way, if nothing is said."""
    known: list[str] = manifest()["interpolations"]
    value = request.get("interpolation") or known[0]
    if value not in known:
        raise ArgumentError(f"`interpolation` is one of {', '.join(known)}, not {value!r:.60}.")
    return str(value)


def by_hand(request: Request) -> ByHand | None:
    """Return what is set by eye, None if nothing is."""
    value = request.get("by_hand")
    if value is None:
        return None
    from sixbit.compiler.by_hand import ByHand

    if not isinstance(value, dict) or not all(type(number) in (int, float) for number in value.values()):
        raise ArgumentError(f"`by_hand` is a number by name, not {value!r:.60}.")
    set_by_eye = ByHand(**{name: float(value[name]) for name in ByHand._fields if name in value})
    set_by_eye.check()
    return set_by_eye


def measured_tca(request: Request) -> tuple[Model, str] | str | None:
    """Return what `measure_tca` has answered of a picture: a model with the words on it, or why there is none."""
    value = request.get("measured_tca")
    if value is None:
        return None
    from sixbit.values.lens import Model

    if isinstance(value, dict) and isinstance(value.get("why_not"), str):
        return str(value["why_not"])
    found = isinstance(value, dict) and (value.get("model"), value.get("terms"), value.get("said"))
    if not found or found[0] not in ("linear", "poly3") or not isinstance(found[2], str):
        raise ArgumentError(f"`measured_tca` is an answer of `measure_tca`, not {value!r:.60}.")
    terms = found[1]
    expected = {"linear": 2, "poly3": 6}[found[0]]
    if not isinstance(terms, list) or len(terms) != expected or not all(type(one) in (int, float) for one in terms):
        raise ArgumentError(f"`measured_tca` has the terms of its model, not {terms!r:.60}.")
    return Model(found[0], tuple(map(float, terms))), found[2]


def icc(request: Request) -> bytes | None:
    """Return an ICC profile, or None."""
    if request.get("icc") is None:
        return None
    try:
        return base64.b64decode(text(request, "icc"), validate=True)
    except ValueError as error:
        raise ArgumentError(f"`icc` is no base64: {error}.") from error
