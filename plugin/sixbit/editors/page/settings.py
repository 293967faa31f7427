"""The numbers that a photographer can say of the photos, where they do not say them themselves."""

from __future__ import annotations

from sixbit.editors.page.uploads import LONGEST_NAME
from sixbit.values.choices import read_number
from sixbit.values.errors import photo_name
from sixbit.values.sentence import Sentence

LIMITS = {"f_number": (0.5, 128), "distance_m": (0.01, 10_000), "focal_mm": (1, 2000), "crop_factor": (0.1, 20)}


class RequestError(Exception):
    """A page asks for what it cannot have; its one argument tells the one before it."""


def read_setting(name: str, text: str) -> float | None:
    """Read what was typed, as in "f/2,5"; nothing is None. Raises RequestError for what is no number that can be."""
    if not text.strip():
        return None
    try:
        value = read_number(text)
    except ValueError:
        value = -1.0
    least, most = LIMITS[name]
    if not least <= value <= most:
        raise RequestError(
            Sentence(
                "{text} cannot be; give a number between {least:g} and {most:g}.",
                text=repr(photo_name(text[:20])),
                least=least,
                most=most,
            )
        )
    return value


def unknown_lens(name: str) -> RequestError:
    """Say that there is no such lens."""
    return RequestError(Sentence("There is no lens {name}.", name=repr(photo_name(name[:LONGEST_NAME]))))


def unknown_step(name: str) -> RequestError:
    """Say that there is no such measurement."""
    return RequestError(Sentence("There is no measurement {name}.", name=repr(photo_name(name[:LONGEST_NAME]))))
