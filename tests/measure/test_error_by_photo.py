"""Photos that differ from each other make what they say less sure, however well their lines agree within each."""

from __future__ import annotations

import numpy as np

from sixbit.measure.straightness import BINS, Lines, error_by_photo, straighten
from sixbit.measure.worth import RADII, area_weights
from sixbit.values.arrays import FloatArray


def lines_of(bends: tuple[float, ...], rng: np.random.Generator) -> Lines:
    """Twelve lines a photo, all over it, each photo bent by a poly3 of its own."""
    points: list[FloatArray] = []
    for bend in bends:
        for _ in range(12):
            across, angle = rng.uniform(-0.9, 0.9), rng.uniform(0, np.pi)
            along = np.linspace(-0.8, 0.8, BINS)
            x, y = along * np.cos(angle) - across * np.sin(angle), along * np.sin(angle) + across * np.cos(angle)
            r2 = x**2 + y**2
            points.append(np.stack([x, y], axis=1) * (1 - bend + bend * r2)[:, None])
    noise = rng.normal(0, 2e-5, (len(points), BINS, 2))
    return Lines(np.array(points) + noise, np.full(len(points), 1000.0), np.repeat(np.arange(len(bends)), 12))


def test_photos_that_differ_are_less_sure() -> None:
    weights = area_weights(1.5)

    def corner(*bends: float) -> float:
        lines = lines_of(bends, np.random.default_rng(1))
        return 100 * float(error_by_photo(lines, straighten(lines), 1.8, weights)[-1])

    assert corner(0.01) == 0.0
    alike, unlike = corner(*[0.01] * 4), corner(0.0098, 0.0102, 0.0104, 0.0096)
    assert 3 * alike < unlike < 1.0
    # The fewer photos, the wider the interval.
    assert corner(0.0098, 0.0102) > 5 * unlike
    assert len(RADII) == 41
