"""Whether what was measured of a lens is worth keeping: only if it makes pictures better for certain.

A correction and its error are curves over the radius. The frame weighs them by its area: most of a picture lies at 0.3
to 0.8 of the half diagonal, and hardly any of it in the corners. How large an error is does not matter by itself: 0.2 %
of the half diagonal is much for a lens that has 0.3 % of distortion, and little for one that has 5 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from sixbit.values import known
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError
from sixbit.values.known import SURE, WHOLE, Known
from sixbit.values.sentence import Sentence

RADII: FloatArray = np.linspace(0, 1, 41)
"""Radii in half diagonals that curves are given at."""
LARGEST_SHARE = 0.5
"""Of what a result corrects, its error may be so much: then it cannot but make a picture better."""
SQUARES = 400
"""A quarter of a frame is cut into so many squares along each side to weigh its radii."""


class Limits(NamedTuple):
    """How little of a kind of correction does not matter, in its unit."""

    excess: float
    """An error may exceed what is corrected by so much."""
    nothing: float
    """A correction that is surely less than this is none."""
    everywhere: bool = True
    """Whether an error may not exceed that beyond the reach either, where a curve is continued and told to be. If it
    may, it may where the correction is no more than that, as nothing gets worse by more than what is done to it."""


LIMITS = {
    "distortion": Limits(0.1, 0.05),
    "tca": Limits(0.2, 0.1, everywhere=False),
    "vignetting": Limits(0.1, 0.05),
    "shading": Limits(0.6, 0.3),
}


class NothingToCorrectError(CalibrationError):
    """A lens that was measured and found to have nothing of a kind that is worth correcting."""


class Outcome(Enum):
    """The use that a result is of."""

    WORTH_KEEPING = "worth keeping"
    NOTHING = "nothing to correct"
    UNSURE = "not sure enough"


def area_weights(aspect_ratio: float) -> FloatArray:
    """Share of a frame's area that lies nearest to each of ``RADII``.

    >>> weights = area_weights(1.5)
    >>> float(weights.sum().round(6)), bool(weights[28] > weights[8] > weights[40])
    (1.0, True)
    """
    side = (np.arange(SQUARES) + 0.5) / SQUARES
    across, down = np.array([aspect_ratio, 1.0]) / np.hypot(aspect_ratio, 1.0)
    nearest = np.rint(np.hypot(side * across, side[:, None] * down) * (len(RADII) - 1)).astype(int)
    return np.asarray(np.bincount(nearest.ravel(), minlength=len(RADII)) / SQUARES**2, np.float64)


@dataclass(frozen=True, eq=False)
class Worth:
    """A correction with its error, and whether it is worth keeping.

    ``correction`` and ``error`` (curves, radii) are at ``RADII``, in the unit of the kind; ``error`` is the standard
    error. ``weights`` are those of the radii in the frame. The photos tell of radii up to ``reach``, in half diagonals.

    >>> curve = 2.0 * RADII**2
    >>> one = Worth("distortion", curve[None], 0.1 * curve[None], area_weights(1.5), 0.9)
    >>> one.outcome.value, one.corner_error
    ('worth keeping', '0.39 % of the half diagonal')
    >>> Worth("distortion", curve[None], 0.3 * curve[None], area_weights(1.5), 0.9).outcome.value
    'not sure enough'
    >>> Worth("distortion", 0.01 * curve[None], 0.005 * curve[None], area_weights(1.5), 0.9).outcome.value
    'nothing to correct'
    """

    kind: str
    correction: FloatArray
    error: FloatArray
    weights: FloatArray
    reach: float

    @property
    def limits(self) -> Limits:
        """How little of this kind does not matter."""
        return LIMITS[self.kind]

    @property
    def unit(self) -> str:
        """The unit of the kind, in words."""
        return known.UNITS[self.kind]

    @property
    def surely_within(self) -> FloatArray:
        """The error that holds the truth in 95 of 100 cases: (curves, radii)."""
        return SURE * self.error

    @property
    def outcome(self) -> Outcome:
        """The use that it is of."""
        sure = self.mean_error < LARGEST_SHARE * self.mean_correction
        if float(np.max(np.abs(self.correction) + self.surely_within)) < self.limits.nothing:
            return Outcome.NOTHING
        return Outcome.WORTH_KEEPING if sure and np.max(self._excess) <= self.limits.excess else Outcome.UNSURE

    @property
    def mean_correction(self) -> float:
        """Size of what is corrected, root mean square over the frame."""
        return self._mean(self.correction)

    @property
    def mean_error(self) -> float:
        """The error that holds the truth in 95 of 100 cases, root mean square over the frame."""
        return self._mean(self.surely_within)

    @property
    def known(self) -> Known:
        """The error as it is kept with a calibration: that of the less sure curve."""
        every = (len(RADII) - 1) // (known.RADII - 1)
        return Known(tuple(float(f"{e:.3g}") for e in self.error.max(axis=0)[::every]), float(f"{self.reach:.3g}"))

    @property
    def corner_error(self) -> str:
        """The error in the corner that holds the truth in 95 of 100 cases, in words."""
        return known.give_or_take(float(self.surely_within[:, -1].max()), self.kind)

    @property
    def reach_in_words(self) -> tuple[str, ...]:
        """Tell that the corners were not measured, if they were not."""
        if self.reach >= WHOLE:
            return ()
        return (
            Sentence(
                "Beyond {percent:.0f} % of the half diagonal it was not measured, and is continued.",
                percent=100 * self.reach,
            ),
        )

    def why_unsure(self, helps: str) -> str:
        """Say how far from enough it is; ``helps`` says what brings more, after "more photos, or"."""
        corrected, error = self.mean_correction, self.mean_error
        unit = self.unit
        if error >= LARGEST_SHARE * corrected:
            more = (error / max(LARGEST_SHARE * corrected, self.limits.nothing)) ** 2
            photos = Sentence("more photos")
            if 1.5 < more < 30:
                photos = Sentence("{times:.0f} times as many photos", times=more)
            return Sentence(
                "what they correct is {corrected:.2g} {unit} in the mean, give or take {error:.2g}; the limit is half "
                "of it, {limit:.2g}. What helps: {photos}, or {helps}.",
                corrected=corrected,
                unit=unit,
                error=error,
                limit=LARGEST_SHARE * corrected,
                photos=photos,
                helps=helps,
            )
        excess = self._excess
        worst = int(np.argmax(excess))
        return Sentence(
            "at {percent:.0f} % of the half diagonal their error is larger than what they correct by "
            "{excess:.2g} {unit}; the limit is {limit:g}. What helps: more photos, or {helps}.",
            percent=float(100 * RADII[worst]),
            excess=float(excess[worst]),
            unit=unit,
            limit=self.limits.excess,
            helps=helps,
        )

    @property
    def _excess(self) -> FloatArray:
        """By how much the error is larger than what is corrected, and nothing can get worse by more: (radii)."""
        corrected = np.abs(self.correction)
        excess = self.surely_within - corrected
        if not self.limits.everywhere:
            excess = np.where(self.reach >= RADII, excess, np.minimum(excess, corrected))
        most: FloatArray = excess.max(axis=0)
        return most

    def _mean(self, curves: FloatArray) -> float:
        """Root mean square over the frame and the curves."""
        return float(np.sqrt(np.mean(curves**2 @ self.weights)))
