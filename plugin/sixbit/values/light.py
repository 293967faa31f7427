"""Transfer curves: between the code values of a picture and linear light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from sixbit.values.arrays import FloatArray

SAMPLES = 65536
"""Equidistant code values at which a curve is sampled: exact for 8 and 16 bits."""


@dataclass(frozen=True, eq=False)
class TransferCurve:
    """A curve from code values to linear light: one for all planes, or one a plane.

    ``linear`` is (1 or 3, SAMPLES), rising, 0 and 1 at its ends. Between the samples it is linear; beyond the ends
    it goes straight on, so that floating point pictures keep what lies outside of 0..1.
    """

    name: str
    linear: FloatArray

    @property
    def is_linear(self) -> bool:
        """True if code values are linear light already."""
        return bool(np.array_equal(self.linear, np.broadcast_to(np.linspace(0, 1, SAMPLES), self.linear.shape)))

    def plane(self, k: int) -> FloatArray:
        """The samples of plane k."""
        samples: FloatArray = self.linear[min(k, len(self.linear) - 1)]
        return samples

    def slopes(self, k: int) -> tuple[float, float]:
        """How fast light rises with code values below 0 and above 1.

        As at the ends of the curve, but no flatter than 1/16: a pure power is flat at 0, and would turn the slightest
        undershoot of a floating point picture into a huge negative value.

        >>> [round(slope, 3) for slope in srgb().slopes(0)]
        [0.077, 2.275]
        """
        samples = self.plane(k)
        below, above = (samples[1] - samples[0]) * (SAMPLES - 1), (samples[-1] - samples[-2]) * (SAMPLES - 1)
        return float(np.clip(below, 1 / 16, 16)), float(np.clip(above, 1 / 16, 16))

    def decode(self, values: FloatArray, k: int = 0) -> FloatArray:
        """Linear light of code values (0..1) of plane k.

        >>> srgb().decode(np.array([0.5])).round(6).tolist()
        [0.214041]
        """
        below, above = self.slopes(k)
        inside = np.interp(values, np.linspace(0, 1, SAMPLES), self.plane(k))
        return _extend(inside, values, below, above)

    def encode(self, light: FloatArray, k: int = 0) -> FloatArray:
        """Code values of linear light, the inverse of ``decode``.

        >>> srgb().encode(srgb().decode(np.array([-0.1, 0.25, 1.5]))).round(6).tolist()
        [-0.1, 0.25, 1.5]
        """
        below, above = self.slopes(k)
        inside = np.interp(light, self.plane(k), np.linspace(0, 1, SAMPLES))
        return _extend(inside, light, 1 / below, 1 / above)


def _extend(inside: FloatArray, at: FloatArray, below: float, above: float) -> FloatArray:
    result: FloatArray = inside + np.minimum(at, 0) * below + np.maximum(at - 1, 0) * above
    return result


@cache
def srgb() -> TransferCurve:
    """The curve of sRGB (IEC 61966-2-1:1999, section 5.2): what a photo without a profile is taken for."""
    v = np.linspace(0, 1, SAMPLES)
    return TransferCurve("sRGB", np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)[None])


@cache
def linear() -> TransferCurve:
    """Code values that are linear light already."""
    return TransferCurve("linear", np.linspace(0, 1, SAMPLES)[None])
