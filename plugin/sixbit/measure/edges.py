"""Edges of a picture to a fraction of a px, linked into chains: the raw material of straight lines.

An edge point is a maximum of the gradient across the edge, refined by a parabola (F. Devernay, "A Non-Maxima
Suppression Method for Edge Detection with Sub-Pixel Accuracy", INRIA RR-2724, 1995). Neighbouring points of one
direction belong together (R. Grompone von Gioi and G. Randall, "A Sub-Pixel Edge Detector", IPOL 7, 2017).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sixbit.values.arrays import FloatArray

SIGMA = 1.3
"""Width in px of the Gaussian whose derivative is taken: as narrow as noise and JPEG blocks allow."""
TURN = np.cos(np.radians(20))
"""By how much the directions of two neighbouring points of a chain may differ."""
NOISE_FACTOR = 6.0
"""How far an edge must stand out of the noise, in standard deviations of the gradient."""
WEAKEST = 0.004
"""Gradient, in code values of 0 to 1 a px, below which an edge is no use whatever the noise."""
THICKEST = 1.6
"""Root mean square distance in px of a chain from its own parabola, above which it is no single curve."""


def edge_chains(grey: NDArray[np.float32], shortest: float) -> list[FloatArray]:
    """Find the edges of a grey picture (code values, 0 to 1) that are at least ``shortest`` px long and bend gently.

    Each is the points along it: (n, 2), in px from the centre of the top left pixel.

    >>> picture = np.zeros((60, 80), np.float32); picture[30:] = 0.8
    >>> [round(float(np.ptp(chain[:, 0]))) for chain in edge_chains(picture, 40)]
    [75]
    """
    from scipy.ndimage import gaussian_filter
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    down = gaussian_filter(grey, SIGMA, order=(1, 0), mode="nearest")
    across = gaussian_filter(grey, SIGMA, order=(0, 1), mode="nearest")
    size = np.hypot(across, down)
    # The median of a field of two normal components is 1.18 of their deviation; half the picture may be texture.
    noise = float(np.percentile(size, 20)) / 0.668
    y, x, fx, fy, strength = _maxima(size, across, down, max(WEAKEST, NOISE_FACTOR * noise))
    if len(y) < 2:
        return []
    nx, ny = across[y, x] / strength, down[y, x] / strength
    index = np.full(grey.shape, -1, np.int32)
    index[y, x] = np.arange(len(y))
    ones, others = [], []
    for dy, dx in ((0, 1), (1, -1), (1, 0), (1, 1)):
        inside = (y + dy < grey.shape[0]) & (x + dx >= 0) & (x + dx < grey.shape[1])
        one = np.flatnonzero(inside)
        other = index[y[one] + dy, x[one] + dx]
        one, other = one[other >= 0], other[other >= 0]
        alike = nx[one] * nx[other] + ny[one] * ny[other] > TURN
        # Along the edge, not across it.
        along = np.abs(dx * nx[one] + dy * ny[one]) < 0.8 * np.hypot(dx, dy)
        ones.append(one[alike & along])
        others.append(other[alike & along])
    a, b = np.concatenate(ones), np.concatenate(others)
    _, label = connected_components(coo_array((np.ones(len(a), bool), (a, b)), (len(y), len(y))), directed=False)
    points = np.column_stack([fx, fy])
    order = np.argsort(label, kind="stable")
    counts = np.bincount(label)
    ends = np.cumsum(counts)
    chains = []
    for k in np.flatnonzero(counts >= 0.6 * shortest):
        chains += _gentle(points[order[ends[k] - counts[k] : ends[k]]], shortest)
    return chains


def _maxima(
    size: NDArray[np.float32], across: NDArray[np.float32], down: NDArray[np.float32], least: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray, FloatArray, FloatArray]:
    """Pixels whose gradient is the largest across the edge, with the place of the maximum between the pixels."""
    y, x = np.nonzero(size[2:-2, 2:-2] > least)
    y, x = y + 2, x + 2
    gx, gy, here = across[y, x], down[y, x], size[y, x].astype(np.float64)
    # Devernay: the neighbours along the axis that the gradient is nearer to.
    flat = np.abs(gx) >= np.abs(gy)
    dy, dx = np.where(flat, 0, 1), np.where(flat, 1, 0)
    before, after = size[y - dy, x - dx].astype(np.float64), size[y + dy, x + dx].astype(np.float64)
    top = (here > before) & (here >= after)
    shift = 0.5 * (before - after)[top] / (before - 2 * here + after)[top]
    y, x = y[top], x[top]
    return y, x, x + dx[top] * shift, y + dy[top] * shift, here[top]


def _gentle(points: FloatArray, shortest: float) -> list[FloatArray]:
    """A component as a chain, if it is a thin curve that bends gently; cut in two where it has a corner."""
    centre = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - centre, full_matrices=False)
    along, across = (points - centre) @ axes.T[:, 0], (points - centre) @ axes.T[:, 1]
    reach = float(np.ptp(along))
    if reach < shortest:
        return []
    order = np.argsort(along)
    points, along, across = points[order], along[order], across[order]
    bend = np.polynomial.Polynomial.fit(along, across, 2)
    rest = across - bend(along)
    rms = float(np.sqrt(np.mean(rest**2)))
    if rms > THICKEST:
        # Split at the point farthest from the chord between the ends (as Douglas and Peucker do).
        chord = across - np.interp(along, along[[0, -1]], across[[0, -1]])
        cut = int(np.argmax(np.abs(chord)))
        if not 5 <= cut < len(points) - 5:
            return []
        return _gentle(points[:cut], shortest) + _gentle(points[cut:], shortest)
    good = np.abs(rest) < max(3 * rms, 0.3)
    points, along = points[good], along[good]
    # A curve that lens distortion could not have made of a line: its ends turn by more than 30 degrees.
    turned = abs(np.arctan(bend.deriv()(along[-1])) - np.arctan(bend.deriv()(along[0])))
    if len(points) < 0.6 * shortest or float(np.ptp(along)) < shortest or turned > np.radians(30):
        return []
    return [points]
