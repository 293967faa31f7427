"""The arguments that several commands take, and how they are read."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sixbit.values.kinds import KINDS

if TYPE_CHECKING:
    from sixbit.values.choices import Choices
    from sixbit.values.kinds import Grade


SETTING = {
    "crop_factor": ("--crop", "C", "the crop factor of the sensor, its crop mode included; full frame is 1"),
    "focal_mm": ("--focal", "MM", "the focal length, for a lens that has several"),
    "f_number": ("--aperture", "N", "the f-number it was used at"),
    "distance_m": ("--distance", "M", "the distance in metres; else infinity"),
}
"""The options that say how a lens was set: by the choice that each makes, its name, what it takes, what it is."""


def add_choices(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that `compile` and `correct` have in common; :func:`chosen` reads them."""
    parser.add_argument(
        "--lens",
        type=lens,
        metavar="ID|NAME",
        help="the identity of the lens, or its name, where the photo does not say it",
    )
    add_setting(parser, SETTING)
    parser.add_argument("--only", dest="kinds", type=kinds, metavar="KIND,...", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--scale", type=scale, metavar="fill|none|FACTOR", help="fill the frame (default), or not")
    parser.add_argument(
        "--grades",
        type=grades,
        metavar="GRADE,...",
        help="of calibrations to accept: measured, published (both by default), computed, single",
    )


def add_setting(parser: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """Add some of SETTING; :func:`chosen` reads them, too."""
    for name in names:
        option, metavar, help = SETTING[name]
        parser.add_argument(option, dest=name, type=positive, metavar=metavar, help=help)


def add_large(parser: argparse.ArgumentParser, **how: Any) -> None:
    """Add the option that lets photos of more pixels be decoded; ``how`` goes to argparse."""
    parser.add_argument("--large", action="store_true", help="decode photos of more than 250 megapixels, too", **how)


def chosen(options: argparse.Namespace, usual: Choices | None = None) -> Choices:
    """Read the choices from the options; what they leave open is as ``usual``. Raises CompileError."""
    from dataclasses import fields, replace

    from sixbit.values.choices import USUAL, with_strength

    usual = usual or USUAL
    said = {field.name: getattr(options, field.name, None) for field in fields(usual)}
    if said["kinds"] is not None:
        said["kinds"] = with_strength(said["kinds"], usual.kinds)
        said["compensated"] = "correct"  # Who names a correction wants it, whatever the camera has done.
    return replace(usual, **{name: value for name, value in said.items() if value is not None})


def lens(text: str) -> str:
    """Read the identity of a lens, or a name that fits one alone."""
    from sixbit.lenses.match import match_name

    found = match_name(text)
    if found.lens is not None:
        return found.lens.lens_id
    names = ", ".join(one.lens_id for one in found.candidates)
    why = f"may be {names}: give one of these" if names else "is the name of no lens; `sixbit lenses` lists them"
    raise argparse.ArgumentTypeError(f"{text!r} {why}")


def positive(text: str) -> float:
    """Read a number above zero; ``f/2`` and a decimal comma are understood."""
    from sixbit.values.choices import is_positive, read_number

    try:
        value = read_number(text)
    except ValueError:
        value = 0.0
    if not is_positive(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value


def size(text: str) -> tuple[int, int]:
    """Read width and height in px, as ``8192x6144``."""
    width, x, height = text.lower().partition("x")
    if not (x and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; one looks like 8192x6144")
    return int(width), int(height)


def memory(text: str) -> int:
    """Read a number of bytes, as ``4G``."""
    from sixbit.export.memory import read_size

    try:
        return read_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def scale(text: str) -> str | float:
    """Read ``fill``, ``none`` or a factor."""
    return text if text in ("fill", "none") else positive(text)


def kinds(text: str) -> tuple[str, ...]:
    """Read kinds of correction, between commas."""
    return tuple(_checked(kinds=dict.fromkeys(_words(text), 1.0)).kinds)


def grades(text: str) -> tuple[Grade, ...]:
    """Read grades of calibrations, between commas."""
    return _checked(grades=_words(text)).grades


def _words(text: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise argparse.ArgumentTypeError(f"{text!r} names none")
    return words


def _checked(**said: Any) -> Choices:
    """Read one option; raises argparse's error if there is no such thing as it says."""
    from sixbit.values.choices import Choices
    from sixbit.values.errors import CompileError

    try:
        return Choices(**said)
    except CompileError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
