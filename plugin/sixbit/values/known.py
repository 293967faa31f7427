"""How well a correction is known: its standard error along the radius, as it is kept and shown with a calibration."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from sixbit.values.sentence import Sentence

RADII = 11
"""Radii that an error is kept at: 0, 0.1 ... 1 half diagonals."""
SURE = 1.96
"""Standard errors to either side that hold the truth in 95 of 100 cases."""
WHOLE = 0.95
"""Half diagonals out to which a measurement reaches the corners for all that a photo shows."""
UNITS = {"distortion": Sentence("% of the half diagonal"), "tca": "px", "vignetting": "EV", "shading": "%"}
LEAST = 0.01
"""In the unit of each kind: nobody sees less, and whether it is so little depends on more than was measured."""


def give_or_take(error: float, kind: str) -> str:
    """An error that holds the truth in 95 of 100 cases, in words.

    >>> give_or_take(0.12345, "vignetting"), give_or_take(0.0, "tca")
    ('0.12 EV', 'less than 0.01 px')
    """
    if error >= LEAST:
        return Sentence("{error:.2g} {unit}", error=error, unit=UNITS[kind])
    return Sentence("less than {least} {unit}", least=LEAST, unit=UNITS[kind])


class Known(NamedTuple):
    """Standard error of a correction at 0, 0.1 ... 1 half diagonals, and how far out it was measured.

    Of distortion, the error is that of where a point lies, in per cent of the half diagonal and but for the scale of
    the picture; of lateral colour it is in px of the photo, of fall-off in EV, of shading in per cent.

    >>> Known((0.0,) * 10 + (0.05,), 0.9).in_words("vignetting")
    '± 0.098 EV in the corner, measured out to 90 % of the half diagonal'
    """

    error: tuple[float, ...]
    reach: float

    def in_words(self, kind: str) -> str:
        """The error that holds the truth in 95 of 100 cases, in the corner."""
        error = give_or_take(SURE * self.error[-1], kind)
        if self.reach >= WHOLE:
            return Sentence("± {error} in the corner", error=error)
        return Sentence(
            "± {error} in the corner, measured out to {percent:.0f} % of the half diagonal",
            error=error,
            percent=100 * self.reach,
        )

    def in_short(self, kind: str) -> str:
        """That error without words, for a line that names the kind.

        >>> Known((0.0,) * 10 + (0.05,), 0.9).in_short("distortion")
        '± 0.098 %'
        """
        return f"± {SURE * self.error[-1]:.2g} {UNITS[kind].partition(' ')[0]}"

    @property
    def weight(self) -> float:
        """Weight beside another measurement of the same: one over the mean square of the error."""
        return len(self.error) / max(sum(error**2 for error in self.error), 1e-12)

    @classmethod
    def from_json(cls, value: Any) -> Known:
        """Read what ``_asdict`` gave to JSON; ValueError for something else."""
        if not isinstance(value, Mapping) or value.keys() != {"error", "reach"} or not isinstance(value["error"], list):
            raise ValueError("what is known of its error is no `error` and `reach`")
        if len(value["error"]) != RADII:
            raise ValueError(f"its error is not at {RADII} radii")
        numbers = [*value["error"], value["reach"]]
        for number in numbers:
            if type(number) not in (int, float) or not isfinite(number) or not 0 <= number <= 1000:
                raise ValueError(f"its error is {number!r:.40}")
        return cls(tuple(map(float, value["error"])), float(value["reach"]))
