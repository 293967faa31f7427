"""A lens by its identity, and the body that it was mounted on.

Named tuples, as wherever `sixbit lens` passes: importing dataclasses takes longer than its answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sixbit.values.errors import Code
from sixbit.values.kinds import KINDS, TRUSTED, Grade
from sixbit.values.sentence import Sentence, in_a_row
from sixbit.values.shot import SixBitCode

LARGEST_SENSOR = 0.96
"""The crop factor of a sensor that a calibration still serves, over that of the sensor it was made on."""


class Calibration(NamedTuple):
    """That there is a calibration, of what, from where: read without lensfun.

    ``kind`` is ``distortion``, ``tca``, ``vignetting`` or ``shading``; ``file`` and ``model`` name the lensfun
    entry that holds the numbers.
    """

    kind: str
    grade: Grade
    source: str
    file: str
    model: str
    own: bool = False
    """True for the user's own, from the user data folder."""
    run: str = ""
    """The record of the run it was made in, if Sixbit made it."""
    crop_factor: float = 0.0
    """That of the sensor it was made on."""
    error: str = ""
    """How well it is known, in short, as ``± 0.05 EV``; empty where nobody has told."""
    compensated: bool = False
    """True for what a body leaves of the fall-off of a lens that it knew, which is of no other photos."""

    def serves(self, crop_factor: float | None) -> bool:
        """False where it was measured on a smaller sensor than it is wanted for, and ends within the frame.

        lensfun draws the same line (``libs/lensfun/database.cpp``, where it rates how a lens matches a camera).

        >>> measured = Calibration("distortion", Grade.MEASURED, "", "", "", crop_factor=1.0)
        >>> measured.serves(0.79), measured.serves(0.97)
        (False, True)
        """
        return crop_factor is None or crop_factor >= LARGEST_SENSOR * self.crop_factor


class Lens(NamedTuple):
    """A lens, by the identity it has everywhere in the project."""

    lens_id: str
    name: str
    maker: str
    focal_min: float
    focal_max: float
    f_number_open: float
    calibrations: tuple[Calibration, ...] = ()
    focals: tuple[float, ...] = ()
    """The focal lengths that can be set: one, or the three of a Tri-Elmar."""
    aliases: tuple[str, ...] = ()
    miswritten: tuple[str, ...] = ()
    """Names of other lenses that cameras and programs have written for this one."""
    generations: frozenset[int] = frozenset()
    years: str = ""
    near_m: float | None = None
    product_numbers: tuple[str, ...] = ()
    codes: tuple[SixBitCode, ...] = ()
    source: str = ""
    """Where name, focal length and f-number come from."""
    details_source: str = ""
    """Where years, near limit and product numbers come from."""

    @property
    def sourced(self) -> bool:
        """False where the figures are general knowledge, which is no reason to match."""
        return not self.source.startswith("UNSOURCED")

    @property
    def details_sourced(self) -> bool:
        """False where years, near limit and product numbers are general knowledge."""
        return not self.details_source.startswith("UNSOURCED")

    @property
    def is_adapter(self) -> bool:
        """True for the macro adapters, which bear a code of their own."""
        return not self.focals

    @property
    def told_apart_by(self) -> str:
        """The facts that tell this lens from others of its name: years, order numbers, near limit."""
        facts = [self.years]
        if self.product_numbers:
            facts.append(Sentence("order number {numbers}", numbers=" ".join(self.product_numbers)))
        if self.near_m:
            facts.append(Sentence("focuses to {near_m:g} m", near_m=self.near_m))
        said = in_a_row([fact for fact in facts if fact])
        return (
            Sentence("{facts} (not confirmed by a source)", facts=said) if said and not self.details_sourced else said
        )

    def too_wide(self, f_number: float | None) -> Sentence | None:
        """Say that the lens does not open to an f-number; None if it does, or if none is given.

        A tenth is let pass, as f-numbers are rounded.
        """
        if f_number is None or f_number >= 0.9 * self.f_number_open:
            return None
        return Sentence(
            "{lens} opens to f/{widest:g} at most, so not to f/{f_number:g}.",
            Code.APERTURE,
            lens=self.name,
            widest=self.f_number_open,
            f_number=f_number,
        )

    def out_of_reach(self, focal_mm: float, slack: float = 0.0) -> Sentence | None:
        """Say that the lens has no such focal length; None if it has. A share of ``slack`` is let pass."""
        if self.focal_min * (1 - slack) <= focal_mm <= self.focal_max * (1 + slack):
            return None
        if self.focal_min == self.focal_max:
            return Sentence(
                "{lens} has no focal length of {focal:g} mm: it is a {only:g} mm lens.",
                Code.FOCAL_LENGTH,
                lens=self.name,
                focal=focal_mm,
                only=self.focal_min,
            )
        return Sentence(
            "{lens} has no focal length of {focal:g} mm: it goes from {shortest:g} to {longest:g} mm.",
            Code.FOCAL_LENGTH,
            lens=self.name,
            focal=focal_mm,
            shortest=self.focal_min,
            longest=self.focal_max,
        )

    def best_calibrations(
        self, grades: Iterable[Grade] = TRUSTED, crop_factor: float | None = None
    ) -> dict[str, Calibration]:
        """The calibration to use of each kind: the user's own first, then by grade.

        Of several of the user's own, those from the smallest sensor that is not smaller than the one they are wanted
        for, and of these the newest. What is of some photos alone, as a body had compensated them, is none of these.
        """
        order = [*Grade]
        wanted = set(grades)
        usable = [c for c in self.calibrations if c.grade in wanted and c.serves(crop_factor) and not c.compensated]
        usable.sort(key=lambda c: (not c.own, order.index(c.grade), -c.crop_factor))
        return {
            kind: next(c for c in usable if c.kind == kind) for kind in KINDS if any(c.kind == kind for c in usable)
        }


class Body(NamedTuple):
    """A camera, adapter phone or digital back: what its sensor sees of the image circle."""

    make: str
    model: str
    crop_factor: float
    mount: str
    remark: str = ""
    proportions: float | None = None
    """The long side of its sensor over the short one, where that is known."""

    @property
    def takes_m(self) -> bool:
        """True if M lenses go on without an adapter."""
        return self.mount == "Leica M"

    @property
    def is_film(self) -> bool:
        """True for a film body, whose photos are scans, and whose tags are a photographer's notes."""
        return self.remark == "film"

    @property
    def is_phone(self) -> bool:
        """True for phones, whose tags speak of their own module."""
        return self.make.casefold() in PHONE_MAKERS


PHONE_MAKERS = frozenset({"xiaomi", "sharp", "leitz phone", "leitz", "huawei"})
"""Makers of phones that take M lenses, and of no other cameras."""
OTHER_PHONE_MAKERS = frozenset(
    {"apple", "samsung", "google", "oneplus", "oppo", "vivo", "honor", "motorola", "realme", "nothing"}
)
"""Makers whose photos are mostly from phones; Samsung has made cameras too."""


def makes_phones(make: str) -> bool:
    """Tell whether a photo with this Make is likely from a phone.

    >>> makes_phones("Apple"), makes_phones("LEICA CAMERA AG")
    (True, False)
    """
    return make.casefold().strip() in PHONE_MAKERS | OTHER_PHONE_MAKERS


class Model(NamedTuple):
    """A lens model of lensfun by its name, with its terms in lensfunpy's order.

    >>> Model("ptlens", (0.01, -0.02, 0.005)).name
    'ptlens'
    """

    name: str
    terms: tuple[float, ...]
