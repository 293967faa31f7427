"""A shot: what a photo says of its lens, each value with the tag it came from.

Named tuples, here and wherever `sixbit lens` passes: importing dataclasses takes longer than its answer.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

INFINITY_M = 1000.0
"""The distance in metres that stands for infinity, here as in lensfun's database."""

BY_ADAPTER = "MakerNote 0x0304"
"""The tag by which Leica's mirrorless bodies tell the code that the M-Adapter L has read."""
ON_MIRRORLESS = "LensModel, on a mirrorless Leica"
"""The name that stands for it where that tag was lost, as exports lose it."""

_NOTHING = re.compile(
    r"[\W_0]*(?:mm[\W_0]*(?:[fƒ][\W_0]*)?|[fƒ][\W_0]+)?|(?=.*--)[\W\d_]*mm[\W\d_]*(?:[fƒ][\W\d_]*)?|0(?:\.0)?\s*mm\b.*|---.*|\*\*\*.*|"
    r"not\s(?!.*\b(?:asp|apo|fle))\D*|not\s.*coded|not (?:attached|available|known|set)\b.*|"
    r"(?:(?:no|unknown|uncoded|manual|other) )?lens(?: type)?|no lens attached|"
    r"(?:unknown|none|null|undefined|n/?a|uncoded|manual)(?:\W*\d+)?\W*|off|auto|other"
)


def says_nothing(text: str) -> bool:
    """Tell whether a text is only what cameras, adapters and programs write for want of a name.

    >>> [says_nothing(text) for text in ("----", "-- mm f/--", "0.0 mm f/0.0", "Unknown (0)", "0.95/50 Lux")]
    [True, True, True, True, False]
    """
    return _NOTHING.fullmatch(text.strip().lower()) is not None


class Tagged(NamedTuple, Generic[T]):
    """A value, and the tag of the photo it was read from."""

    value: T
    tag: str


class SixBitCode(NamedTuple):
    """The code on the lens mount: 0-63, and the frame selector 0-3 (None where the body keeps none)."""

    code: int
    selector: int | None


class LensSpecification(NamedTuple):
    """EXIF LensSpecification: focal lengths in mm and f-numbers; None where the photo says 0/0."""

    focal_min: float | None
    focal_max: float | None
    f_number_at_min: float | None
    f_number_at_max: float | None


class Crop(NamedTuple):
    """The part that was cut out of a picture: its edges, as shares of the width and the height."""

    left: float
    top: float
    right: float
    bottom: float


class Shot(NamedTuple):
    """Everything a photo says of the lens and how it was used. Nothing here is guessed.

    A tag that is missing or says nothing (0/0, ``----``, a focal length of 0) is None, never a made-up value.
    ``lens_names`` holds every text that may name the lens, the most trusted first.
    """

    path: Path | None = None
    make: Tagged[str] | None = None
    model: Tagged[str] | None = None
    lens_make: Tagged[str] | None = None
    lens_names: tuple[Tagged[str], ...] = ()
    lens_by_user: bool = False
    """True if the user named the lens (`sixbit tag`): ``lens_names`` then holds its identity alone."""
    lens_specification: Tagged[LensSpecification] | None = None
    lens_serial: Tagged[str] | None = None
    six_bit: Tagged[SixBitCode] | None = None
    focal_mm: Tagged[float] | None = None
    focal_35mm: Tagged[float] | None = None
    f_number: Tagged[float] | None = None
    f_number_by_user: bool = False
    """True if the user said the f-number (`sixbit tag`)."""
    f_number_estimated: bool = False
    """True where the body has no aperture contact and guessed the f-number (Leica M)."""
    max_aperture: Tagged[float] | None = None
    """The smallest f-number of the lens."""
    distance_m: Tagged[float] | None = None
    width: int | None = None
    height: int | None = None
    orientation: int = 1
    """Exif's, by which the pixels are still to be turned to be looked at."""
    turned: int = 1
    """Exif's orientation by which they were turned when they were decoded."""
    digital_zoom: float = 1.0
    taken_size: Tagged[tuple[int, int]] | None = None
    """Width and height in px that the camera, or the last program that kept to Exif, gave the picture."""
    crop: Tagged[Crop] | None = None
    """A crop that was made in these pixels, and nothing else that changed their shape."""
    editor: Tagged[str] | None = None
    """The program that saved the picture, if it is one that crops and does not tell."""
    is_raw: bool = False
    """True if the picture is still to be developed, from more pixels than it will have."""
    developed: Tagged[Crop] | None = None
    """What a raw is developed to, as a part of the light that its sensor has seen."""
    shown: Tagged[Crop] | None = None
    """What the camera showed of a raw, as a part of what it is developed to; programs may show more."""
    reshaped: tuple[Tagged[str], ...] = ()
    """A word for each other change of the picture's shape, by the mark that tells it."""
    already_corrected: tuple[str, ...] = ()
    """Corrections that marks in the photo claim: ``distortion``, ``tca``, ``vignetting``, ``shading``."""
    marks: tuple[Tagged[str], ...] = ()
    """The marks behind ``already_corrected``, as found."""
    silent_program: Tagged[str] | None = None
    """A program that made these pixels and does not say whether it corrected the lens."""
    carries: tuple[str, ...] = ()
    """Corrections that Sixbit has written into a raw for those who develop it."""
    perhaps_from: Tagged[str] | None = None
    """A raw that carries such, from which a program made these pixels that may have carried them out: by that name."""
    known_to_body: Tagged[str] | None = None
    """The M lens as a Leica body itself knew it, by its code or by name: such a body compensates fall-off."""

    @property
    def camera(self) -> tuple[str, str]:
        """Make and model of the camera, empty where the photo does not say them.

        >>> Shot(model=Tagged("LEICA M10", "Image Model")).camera
        ('', 'LEICA M10')
        """
        return self.make.value if self.make else "", self.model.value if self.model else ""
