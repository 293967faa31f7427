"""The choices of a correction: the lens and how it was set, what of it is corrected, and by which calibrations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeGuard

from sixbit.values.errors import Code, CompileError
from sixbit.values.kinds import KINDS, TRUSTED, Grade
from sixbit.values.sentence import Sentence

STRONGEST = 2
"""Twice what a calibration says: beyond that nothing of a lens is left to correct."""


class Strengths(Mapping[str, float]):
    """Kinds of correction with their strengths, in the order of KINDS: a mapping that cannot be changed."""

    def __init__(self, strength: Mapping[str, float]) -> None:
        self._strength = _in_order(strength)

    def __getitem__(self, kind: str) -> float:
        return self._strength[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._strength)

    def __len__(self) -> int:
        return len(self._strength)

    def __hash__(self) -> int:
        return hash(tuple(self._strength.items()))

    def __repr__(self) -> str:
        return repr(self._strength)


@dataclass(frozen=True)
class Choices:
    """Says how a photo is corrected; what is None is taken from the photo.

    ``lens`` is an identity, ``focal_mm`` is in mm and ``distance_m`` in metres. ``kinds`` says how much is wanted of
    each kind, from 0 to 2, where 1 is what the calibration says; a kind that is not there is not wanted. ``scale`` is
    ``fill`` (no empty corner, nothing lost that need not be), ``none``, or a factor. ``grades`` are those of the
    calibrations that are trusted.
    ``compensated`` says what becomes of fall-off that the camera has compensated itself, for a lens that it knew:
    ``leave`` it, or ``correct`` it all the same. Raises :class:`CompileError` for choices that make no sense.

    >>> Choices(f_number=5.6, kinds={"tca": 0.5, "distortion": 1.0}).kinds
    {'distortion': 1.0, 'tca': 0.5}
    >>> Choices(f_number=-2)
    Traceback (most recent call last):
    sixbit.values.errors.CompileError: `f_number` is a number above zero and below a million, not -2.
    """

    lens: str | None = None
    crop_factor: float | None = None
    focal_mm: float | None = None
    f_number: float | None = None
    distance_m: float | None = None
    kinds: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 1.0))
    scale: str | float = "fill"
    grades: tuple[Grade, ...] = TRUSTED
    compensated: str = "leave"

    def __post_init__(self) -> None:
        if self.lens is not None and not isinstance(self.lens, str):
            raise CompileError(Sentence("`lens` is the identity of a lens, not {value}.", value=f"{self.lens!r:.60}"))
        if _is_number(self.crop_factor):
            check_crop_factor(self.crop_factor)
        for name in ("crop_factor", "focal_mm", "f_number", "distance_m"):
            value = getattr(self, name)
            if value is not None and not is_positive(value):
                raise CompileError(
                    Sentence(
                        "`{name}` is a number above zero and below a million, not {value}.",
                        name=name,
                        value=f"{value!r:.60}",
                    )
                )
        if self.scale not in ("fill", "none") and not (_is_number(self.scale) and 0.1 <= self.scale <= 10):
            raise CompileError(
                Sentence(
                    "A scale is `fill`, `none` or a factor from 0.1 to 10, not {value}.", value=f"{self.scale!r:.60}"
                )
            )
        if self.compensated not in ("leave", "correct"):
            raise CompileError(
                Sentence("What is compensated is left or corrected, not {value}.", value=f"{self.compensated!r:.60}")
            )
        object.__setattr__(self, "kinds", Strengths(self.kinds))
        object.__setattr__(self, "grades", _known(self.grades))

    def over(self, others: Choices) -> Choices:
        """Put these choices over others: what is as usual here is left to the others.

        >>> both = Choices(f_number=4).over(Choices(f_number=8, scale="none"))
        >>> both.f_number, both.scale
        (4, 'none')
        """
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(others, **{name: value for name, value in own.items() if value != getattr(USUAL, name)})


def with_strength(kinds: Iterable[str], strength: Mapping[str, float]) -> dict[str, float]:
    """Give each of these kinds its strength: all of it, where none is said. Raises CompileError for a wrong strength.

    >>> with_strength(["distortion", "tca"], {"tca": 0.5, "vignetting": 0.8})
    {'distortion': 1.0, 'tca': 0.5}
    """
    known = _in_order(strength)
    return {kind: known.get(kind, 1.0) for kind in kinds}


def check_crop_factor(crop_factor: float) -> None:
    """Raise CompileError for a crop factor that no sensor has."""
    if not 0.1 <= crop_factor <= 100:
        raise CompileError(
            Sentence(
                "A crop factor of {crop} makes no sense; full frame is 1, a 1-inch sensor 2.7.",
                Code.CROP_FACTOR,
                crop=crop_factor,
            )
        )


def is_positive(value: Any) -> TypeGuard[float]:
    """Tell whether a value can be a length, a distance, an f-number or a crop factor.

    >>> is_positive(35), is_positive(0.0), is_positive(float("inf")), is_positive("35")
    (True, False, False, False)
    """
    return _is_number(value) and 0 < value < 1e6


def read_number(text: str) -> float:
    """Read a number as photographers write it: ``f/2`` and a decimal comma are understood. Raises ValueError.

    >>> read_number("f/2,8")
    2.8
    """
    return float(re.sub(r"^[fƒ]/", "", text.strip().lower()).replace(",", "."))


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _known(grades: Iterable[Grade]) -> tuple[Grade, ...]:
    """Put grades into the order of Grade, and check them."""
    if isinstance(grades, str) or not isinstance(grades, Iterable):
        raise CompileError(Sentence("`grades` is a list of grades, not {grades}.", grades=f"{grades!r:.60}"))
    asked = tuple(grades)
    _check_known(asked, tuple(Grade), "grade")
    return tuple(grade for grade in Grade if grade in asked)


def _in_order(strength: Mapping[str, float]) -> dict[str, float]:
    """Put kinds with their strengths into the order of KINDS, and check them."""
    if not isinstance(strength, Mapping):
        raise CompileError(
            Sentence(
                "Kinds come with their strengths, as {{'tca': 1.0}}; this is {strength}.", strength=f"{strength!r:.60}"
            )
        )
    _check_known(strength, KINDS, "correction")
    for kind, share in strength.items():
        if not (_is_number(share) and 0 <= share <= STRONGEST):
            raise CompileError(
                Sentence(
                    "A strength is from 0 to {most}; that of {kind} is {share}.",
                    most=STRONGEST,
                    kind=kind,
                    share=f"{share!r:.60}",
                )
            )
    return {kind: strength[kind] for kind in KINDS if kind in strength}


def _check_known(words: Iterable[str], known: Sequence[str], what: str) -> None:
    for word in words:
        if word not in known:
            raise CompileError(
                Sentence(
                    "There is no {what} {word}; there are {known}.",
                    what=what,
                    word=f"{word!r:.60}",
                    known=", ".join(known),
                )
            )


USUAL = Choices()
"""All that is known of a lens is corrected; the photo says the rest."""
