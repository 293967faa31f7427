"""Models that somebody sets by eye, in numbers that mean something to a photographer, where nobody has measured any."""

from __future__ import annotations

from typing import Any, NamedTuple

from sixbit.compiler.optics import SensorPicture
from sixbit.values.errors import CompileError
from sixbit.values.lens import Model
from sixbit.values.sentence import Sentence

LIMITS = {"distortion": 20.0, "red": 5.0, "blue": 5.0, "fall_off": 5.0, "midpoint": 1.0}
"""How far each may be from nothing; fall-off and its midpoint are never below it."""


class ByHand(NamedTuple):
    """Corrections that are set by eye, of the corner of the frame; 0 is nothing.

    ``distortion`` is by how many per cent the corner lies too near to the middle (a barrel; a pincushion is below 0),
    ``red`` and ``blue`` by how many thousandths of the radius these colours lie outside of green, ``fall_off`` how many
    stops are lost, and ``midpoint`` how far from the middle the loss begins: 0, at once, to 1, in the corners.
    """

    distortion: float = 0.0
    red: float = 0.0
    blue: float = 0.0
    fall_off: float = 0.0
    midpoint: float = 0.25

    def check(self) -> None:
        """Raise CompileError for a number that no lens has."""
        for name, most in LIMITS.items():
            least = 0.0 if name in ("fall_off", "midpoint") else -most
            if not least <= getattr(self, name) <= most:
                raise CompileError(
                    Sentence(
                        "`{name}` is from {least:g} to {most:g}, not {value}.",
                        name=name,
                        least=least,
                        most=most,
                        value=f"{getattr(self, name)!r:.60}",
                    )
                )

    def models(self, picture: SensorPicture) -> dict[str, Any]:
        """Return lensfun's models of what is not nothing, by the kind of correction, on the sensor of the picture.

        >>> square = SensorPicture(101, 101, 1.0)
        >>> ByHand(distortion=2).models(square)
        {'distortion': Model(name='poly3', terms=(-0.01,))}
        >>> ByHand(red=1, fall_off=1, midpoint=0).models(square)["vignetting"].terms
        (-0.5, 0.0, 0.0)
        """
        self.check()
        models: dict[str, Any] = {}
        if self.distortion:
            # lensfun counts in half short sides.
            corner = 1 + picture.sensor.aspect_ratio**2
            models["distortion"] = Model("poly3", (-self.distortion / 100 / corner,))
        if self.red or self.blue:
            models["tca"] = Model("linear", (1 + self.red / 1000, 1 + self.blue / 1000))
        if self.fall_off:
            lost = 1 - 2.0**-self.fall_off
            # From the square of the radius over its fourth power to its sixth: each begins farther out.
            early, late = max(0.0, 1 - 2 * self.midpoint), max(0.0, 2 * self.midpoint - 1)
            shares = (early, 1 - early - late, late)
            models["vignetting"] = Model("pa", tuple(0.0 - lost * share for share in shares))
        return models
