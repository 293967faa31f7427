"""The arguments that several commands take, and how they are read."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from sixbit.values.kinds import KINDS, TRUSTED, Grade


def add_choices(parser: argparse.ArgumentParser) -> None:
    """What `compile` and `correct` have in common."""
    parser.add_argument("--lens", metavar="ID", help="the identity of the lens, where the photo does not say it")
    parser.add_argument("--crop", type=positive, metavar="C", help="the crop factor of the sensor; full frame is 1")
    parser.add_argument("--focal", type=positive, metavar="MM", help="the focal length, for a lens that has several")
    parser.add_argument("--aperture", type=positive, metavar="N", help="the f-number it was used at")
    parser.add_argument("--distance", type=positive, metavar="M", help="the distance in metres; else infinity")
    parser.add_argument("--only", type=kinds, default=KINDS, metavar="KIND,...", help=f"of {', '.join(KINDS)}")
    parser.add_argument(
        "--scale", type=scale, default="fill", metavar="fill|none|FACTOR", help="fill the frame (default), or not"
    )
    parser.add_argument(
        "--grades",
        type=grades,
        default=TRUSTED,
        metavar="GRADE,...",
        help="of calibrations to accept: measured, published (both by default), computed",
    )


def chosen(options: argparse.Namespace) -> dict[str, Any]:
    """The same, as arguments of `compile_filter` and `correct`."""
    return {
        "crop_factor": options.crop,
        "focal_mm": options.focal,
        "f_number": options.aperture,
        "distance_m": options.distance,
        "corrections": options.only,
        "scale": options.scale,
        "grades": options.grades,
    }


def positive(text: str) -> float:
    """A number above zero; ``f/2`` and a decimal comma are understood."""
    try:
        value = float(text.lower().removeprefix("f/").removeprefix("ƒ/").replace(",", "."))
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value


def size(text: str) -> tuple[int, int]:
    """Width and height in pixels, as ``8192x6144``."""
    width, x, height = text.lower().partition("x")
    if not (x and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; one looks like 8192x6144")
    return int(width), int(height)


def scale(text: str) -> str | float:
    """``fill``, ``none``, or a factor."""
    return text if text in ("fill", "none") else positive(text)


def kinds(text: str) -> tuple[str, ...]:
    """Kinds of correction, between commas."""
    return _subset(text, KINDS, "correction")


def grades(text: str) -> tuple[Grade, ...]:
    """Grades of calibrations, between commas."""
    return tuple(Grade(name) for name in _subset(text, [str(grade) for grade in Grade], "grade"))


def _subset(text: str, known: Iterable[str], what: str) -> tuple[str, ...]:
    known = list(known)
    chosen = [word.strip() for word in text.split(",") if word.strip()]
    wrong = [word for word in chosen if word not in known]
    if wrong or not chosen:
        raise argparse.ArgumentTypeError(f"there is no {what} {', '.join(wrong)!r}; there are {', '.join(known)}")
    return tuple(word for word in known if word in chosen)
