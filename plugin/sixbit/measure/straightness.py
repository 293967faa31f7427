"""The distortion under which lines are straight: what a photo of straight things says of the lens.

"Straight lines have to be straight" (F. Devernay and O. Faugeras, Machine Vision and Applications 13, 2001): of a true
perspective picture every straight edge is a straight line, so the lens model is the one that makes them so. All lines
of all photos are fitted together and a line that contradicts the others loses its weight, slowly (A. Blake and
A. Zisserman, "Visual Reconstruction", 1987, graduated non-convexity; loss of Geman and McClure). The radius is fixed to
that of lensfun's models, 1 at half the short side, so no scale is lost in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.compiler import optics as models
from sixbit.measure.jackknife import jackknife_error, parts_that_count
from sixbit.measure.repeats import things_of
from sixbit.measure.worth import RADII
from sixbit.values.arrays import FloatArray
from sixbit.values.polynomial import Polynomial, evaluate

BINS = 24
"""Points that a line is reduced to, each the mean of its stretch."""
STRENGTHS = np.linspace(-0.3, 0.3, 121)
"""Of poly3, from which the fit starts: from barrels of fisheyes to the worst cushions."""
SCALES = (3.0, 1.5, 0.8, 0.5)
"""Bends in px that cost a line three quarters of its weight, one after the other."""
TYPICAL = 4.0
"""The last scale, in bends that are usual of the lines that agree. At 0.5 px, things that are but slightly curved
pulled a fit off by 0.15 % of the half diagonal; at four times the usual bend, by 0.004 %."""
FINEST = 0.1
"""The last scale is not below this, in px."""
AGREES = 0.5
"""Weight from which on a line agrees with the others."""
FOLDS = 5
"""Parts of the lines, of which each is left out of a fit in its turn."""
TELLING = 0.05
"""Of as many ones as there are terms, what an edge tells for a fit to be made anew without it."""
STEP = 1e-5
"""Of a term, by which it is told how bends change."""
CENTRE_STEP = 1e-4
"""Of the centre, in half short sides."""
FOLDED = 1e6
"""Square px that a model costs each line that it cannot reach."""
LIKE_NORMAL = 1.4826
"""Median size of what is distributed normally, by which its standard deviation is larger."""
AT_NODES = 0.6
"""Share of its root mean square over the frame that an error has at least. Distortions put on real photos came back
within what was stated but near such radii, where they were off by two or three times that."""
MODELS = ("poly3", "poly5", "ptlens")
"""lensfun's models, the one of fewest terms first."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of photos, as ``points`` (lines, BINS, 2) from the optical centre in half short sides.

    ``px`` (lines) is what a half short side is in px of the picture that was searched; ``photo`` (lines) numbers it.
    """

    points: FloatArray
    px: FloatArray
    photo: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.points)

    @property
    def lengths(self) -> FloatArray:
        """Distance from end to end, in half short sides."""
        ends: FloatArray = np.hypot(*(self.points[:, -1] - self.points[:, 0]).T)
        return ends

    def about(self, centre: FloatArray) -> Lines:
        """Count from another centre."""
        return Lines(self.points - centre, self.px, self.photo)

    def only(self, keep: NDArray[np.bool_]) -> Lines:
        """Select lines."""
        return Lines(self.points[keep], self.px[keep], self.photo[keep])

    @classmethod
    def joined(cls, photos: Sequence[Lines]) -> Lines:
        """Put the lines of several photos together, numbered by photo."""
        return cls(
            np.concatenate([one.points for one in photos]),
            np.concatenate([one.px for one in photos]),
            np.repeat(np.arange(len(photos)), [len(one) for one in photos]),
        )


def line_of(points: FloatArray) -> FloatArray:
    """Reduce a chain of points (n, 2) in its order to ``BINS`` points: the means of its stretches."""
    edges = np.linspace(0, len(points), BINS + 1).round().astype(int)
    if len(points) < BINS:
        repeated: FloatArray = points[np.linspace(0, len(points) - 1, BINS).round().astype(int)]
        return repeated
    sums = np.add.reduceat(points, edges[:-1], axis=0)
    return sums / np.diff(edges)[:, None]


def polynomial_of(model: str, terms: Sequence[float] | FloatArray) -> Polynomial:
    """Make the polynomial of a model: radius in the photo over radius in the ideal picture."""
    return models.distortion(model, [float(term) for term in terms])


def straightened(points: FloatArray, polynomial: Polynomial) -> FloatArray | None:
    """Move points of the photo (..., 2) to where an ideal lens would have drawn them; None if the model folds over."""
    radius = np.hypot(points[..., 0], points[..., 1])
    farthest = float(radius.max())
    source, ideal = _rising(polynomial, farthest)
    if source[-1] < farthest:
        return None
    factor = np.interp(radius, source, ideal) / np.maximum(radius, 1e-9)
    return points * factor[..., None]


def folds(polynomial: Polynomial, farthest: float) -> bool:
    """Tell whether a model draws nothing at this radius of the photo, as it folds over before."""
    return bool(_rising(polynomial, farthest)[0][-1] < farthest)


def _rising(polynomial: Polynomial, farthest: float) -> tuple[FloatArray, FloatArray]:
    """Radii in the photo, and in the ideal picture, up to where the model folds over, if it does."""
    ideal = np.linspace(0, 2 * farthest, 4001)
    source = ideal * evaluate(polynomial, ideal)
    rising = np.diff(source) > 0
    last = len(ideal) if rising.all() else int(np.argmin(rising)) + 1
    return source[:last], ideal[:last]


def bends(lines: Lines, polynomial: Polynomial) -> FloatArray | None:
    """Measure how far each point is from the straight line through its line: (lines, BINS), in px of the picture.

    None if the model folds over within the lines.
    """
    ideal = straightened(lines.points, polynomial) if len(lines) else lines.points
    if ideal is None:
        return None
    centred = ideal - ideal.mean(axis=1, keepdims=True)
    xx, yy = np.mean(centred[..., 0] ** 2, axis=1), np.mean(centred[..., 1] ** 2, axis=1)
    xy = np.mean(centred[..., 0] * centred[..., 1], axis=1)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    away = -np.sin(angle)[:, None] * centred[..., 0] + np.cos(angle)[:, None] * centred[..., 1]
    # In px of the picture as it was taken: a model cannot make lines straight by making the picture small.
    local = np.hypot(*np.moveaxis(lines.points, 2, 0)) / np.maximum(np.hypot(*np.moveaxis(ideal, 2, 0)), 1e-9)
    result: FloatArray = away * local * lines.px[:, None]
    return result


def bends_of_lines(lines: Lines, polynomial: Polynomial, half_short_px: float) -> FloatArray | None:
    """Measure how bent each line is: (lines,), root mean square in px of the photo, or None as in :func:`bends`.

    ``half_short_px`` is half the short side of the photo, which may be larger than the picture that was searched.
    """
    away = bends(lines, polynomial)
    if away is None:
        return None
    size: FloatArray = np.sqrt(np.mean((away / lines.px[:, None] * half_short_px) ** 2, axis=1))
    return size


class LeftOut(NamedTuple):
    """The step to the least squares of the bends with all lines, and ``without`` each edge (edges, numbers).

    ``shares`` (edges, numbers, numbers) is what each edge adds to the covariance if all lines err alike. ``things`` has
    the number of the edge of each line: those that show one edge from one place are left out together
    (:func:`sixbit.measure.repeats.things_of`).
    """

    whole: FloatArray
    without: FloatArray
    shares: FloatArray
    things: NDArray[np.intp]

    @property
    def telling(self) -> FloatArray:
        """How much each edge tells, of as many ones as there are numbers."""
        return np.asarray(np.einsum("kl,elk->e", np.linalg.pinv(self.shares.sum(axis=0)), self.shares), np.float64)

    def variances(self, by_numbers: FloatArray) -> FloatArray:
        """Give what each edge adds to the variance of n things that change ``by_numbers`` (numbers, n): (edges, n)."""
        return np.asarray(np.einsum("kn,ekl,ln->en", by_numbers, self.shares, by_numbers), np.float64)


@dataclass(frozen=True, eq=False)
class Straightening:
    """A fitted model. ``weights`` (lines) are 1 for a line that agrees and 0 for one that does not.

    ``left_out`` has the terms without each edge, None where that is not known. ``bent`` (lines, terms) is by how much
    each line changes the terms if it is bent as things in these photos usually are. ``rivals`` are other polynomials
    that the lines do not speak against: of the models those that are worse by less than a standard error.
    """

    model: str
    terms: tuple[float, ...]
    weights: FloatArray
    left_out: LeftOut | None = None
    bent: FloatArray | None = None
    rivals: tuple[Polynomial, ...] = ()

    @property
    def polynomial(self) -> Polynomial:
        """Radius in the photo over radius in the ideal picture, at the ideal radius in half short sides."""
        return polynomial_of(self.model, self.terms)

    def error(self, farthest: float, weights: FloatArray) -> FloatArray:
        """Estimate the standard error of the displacement at each of ``RADII`` of ``farthest``, as a share of that.

        A common scale is taken out of it, as it bends no line; ``weights`` are those of the radii in the frame. One
        long line near a side may tell more than all others, so the interval is as wide as the few make it. Where two
        of these agree it may be by chance: the error is no smaller than what edges tell that are bent as usual. Half
        the way to the farthest rival is in it.
        """
        rivals = [self.apart_from(polynomial, farthest, weights) for polynomial in self.rivals]
        error: FloatArray = np.max(np.abs([np.zeros(len(RADII)), *rivals]), axis=0) / 2
        if self.left_out:

            def moved(steps: FloatArray) -> FloatArray:
                terms = np.array(self.terms)
                there = [polynomial_of(self.model, terms + step) for step in steps]
                return np.array([self.apart_from(polynomial, farthest, weights) for polynomial in there])

            # Of the frame as a whole: at one radius it depends on where a few terms happen to agree.
            by_terms = moved(STEP * np.eye(len(self.terms))) / STEP
            each = self.left_out.variances(by_terms) @ weights
            without = moved(self.left_out.without)
            by_edges = jackknife_error(without, np.zeros(len(RADII)), parts_that_count(each))
            if self.bent is not None:
                # Lines of one edge are bent alike.
                usual = _by_edge(np.abs(self.bent @ by_terms), self.left_out.things)
                by_edges = np.maximum(by_edges, np.sqrt(np.sum(usual**2, axis=0)))
            error = np.hypot(error, by_edges)
        return without_nodes(error, weights)

    def apart_from(self, other: Polynomial, farthest: float, weights: FloatArray) -> FloatArray:
        """How far another model is from it at each of ``RADII`` of ``farthest``, as a share of that."""
        return apart(ideal_radii(self.polynomial, farthest), ideal_radii(other, farthest), weights) / farthest

    def correction(self, farthest: float, weights: FloatArray) -> FloatArray:
        """By how much it moves points at each of ``RADII`` of ``farthest``, as a share of that, but for the scale."""
        return apart(RADII * farthest, ideal_radii(self.polynomial, farthest), weights) / farthest


def error_by_photo(lines: Lines, fit: Straightening, farthest: float, weights: FloatArray) -> FloatArray:
    """Standard error of the displacement at ``RADII`` of ``farthest``, as a share, by how the photos differ.

    Lines of one photo may err alike: a kerb that bends has long edges, and all of them bend. So one photo after the
    other is left out, and the interval is wider the fewer there are. Zero for a single photo.
    """
    numbers = np.unique(lines.photo)
    without = []
    for number in numbers if len(numbers) > 1 else ():
        terms = _descend(lines.only(lines.photo != number), fit.model, np.array(fit.terms), SCALES[-1])
        without.append(fit.apart_from(polynomial_of(fit.model, terms), farthest, weights))
    if not without:
        return np.zeros(len(RADII))
    return without_nodes(jackknife_error(np.array(without), np.mean(without, axis=0)), weights)


def without_nodes(error: FloatArray, weights: FloatArray) -> FloatArray:
    """Fill the radii at which a few terms cannot but agree, once their scale is taken out: no lens is of these terms.

    ``error`` and ``weights`` are at ``RADII``. In the middle nothing moves.

    >>> filled = without_nodes(np.where(RADII == 0.5, 0.0, RADII), np.ones(len(RADII)) / len(RADII))
    >>> filled[[0, 20, 40]].round(2).tolist()
    [0.0, 0.35, 1.0]
    """
    mean = np.sqrt(np.sum(weights * error**2) / max(float(np.sum(weights)), 1e-12))
    filled: FloatArray = np.maximum(error, AT_NODES * mean * np.minimum(RADII / 0.3, 1))
    return filled


def ideal_radii(polynomial: Polynomial, farthest: float) -> FloatArray:
    """Where an ideal lens would have drawn what lies at ``RADII`` of ``farthest`` half short sides.

    Where the model folds over, its last radius goes on.
    """
    return np.asarray(np.interp(RADII * farthest, *_rising(polynomial, farthest)), np.float64)


def apart(here: FloatArray, there: FloatArray, weights: FloatArray) -> FloatArray:
    """How far one curve is from another at its best scale, as enlarging a picture bends no line."""
    scale = float(np.sum(weights * there * here) / max(np.sum(weights * there**2), 1e-12))
    return scale * there - here


def straighten(lines: Lines) -> Straightening:
    """Fit the model that makes the lines straight: of lensfun's, the one that leaves unseen lines the straightest.

    Each model is judged by lines that had no part in its fit (cross-validation, a fold being a fifth of the lines), so
    that terms which follow nothing but noise speak against it. The simplest model within a standard error of the best
    (L. Breiman et al., "Classification and Regression Trees", 1984, section 3.4.3) was tried: on a rendered chart it
    took poly3, which was off by 0.022 % of the half diagonal, where ptlens is off by 0.013 %.
    """
    costs = [_cost(lines, "poly3", np.array([k]), SCALES[1]) for k in STRENGTHS]
    start = float(STRENGTHS[int(np.argmin(costs))])
    rough = [_fit(lines, model, start) for model in MODELS]
    usual = min(_usual_bend(lines, model, terms) for model, terms in zip(MODELS, rough, strict=True))
    scale = min(max(FINEST, TYPICAL * usual), SCALES[-1])
    fits = [_refine(lines, model, terms, scale) for model, terms in zip(MODELS, rough, strict=True)]
    weights = np.max([weights for _, weights in fits], axis=0)
    things = things_of(lines.points, lines.photo)
    scores = [_unseen(lines, model, terms, weights, things) for model, (terms, _) in zip(MODELS, fits, strict=True)]
    best = int(np.argmin([float(np.sum(score)) for score in scores]))
    rivals = []
    for model, (terms, _), score in zip(MODELS, fits, scores, strict=True):
        worse = score - scores[best]
        if 0 < float(np.sum(worse)) <= float(np.std(worse)) * np.sqrt(len(worse)):
            rivals.append(polynomial_of(model, terms))
    terms, weights = fits[best]
    fit = Straightening(MODELS[best], tuple(float(t) for t in terms), weights, rivals=tuple(rivals))
    jacobian, residuals = _jacobian(lines, fit.model, terms), bends(lines, fit.polynomial)
    if jacobian is None or residuals is None:
        return fit
    found = _left_out(jacobian, residuals, weights * lines.lengths, things)
    # Without an edge that tells much others gain or lose their weight, which a step from the fit does not see.
    for edge in np.flatnonzero(found.telling > TELLING):
        found.without[edge] = _descend(lines.only(things != edge), fit.model, terms, scale) - terms
    return replace(fit, left_out=found, bent=_usually_bent(lines, jacobian, residuals, weights))


class Centring(NamedTuple):
    """Where lines see the optical centre: its ``shift`` from where they are counted from, with its standard error (2,).

    In half short sides; ``polynomial`` is that of the same model about there.
    """

    shift: FloatArray
    error: FloatArray
    polynomial: Polynomial


def centre_shift(lines: Lines, fit: Straightening) -> Centring | None:
    """Find where the lines see the optical centre: a step of Gauss and Newton's in the terms and the centre.

    None if the model folds over.
    """
    jacobian = _jacobian(lines, fit.model, np.array(fit.terms))
    residuals = bends(lines, fit.polynomial)
    if jacobian is None or residuals is None:
        return None
    columns = [*jacobian]
    for shift in CENTRE_STEP * np.eye(2):
        moved = bends(lines.about(shift), fit.polynomial)
        if moved is None:
            return None
        columns.append(-_slope(residuals, moved, CENTRE_STEP))
    things = things_of(lines.points, lines.photo)
    found = _left_out(np.array(columns), residuals, fit.weights * lines.lengths, things)
    counting = parts_that_count(found.variances(np.eye(len(columns))[:, -2:]))
    error = jackknife_error(found.without[:, -2:], found.whole[-2:], counting)
    polynomial = polynomial_of(fit.model, fit.terms + found.whole[:-2])
    return Centring(found.whole[-2:], error, polynomial)


def _loss_weights(lines: Lines, model: str, terms: FloatArray, scale: float) -> tuple[FloatArray, FloatArray] | None:
    """Bends and the weights of the lines by Geman and McClure's loss."""
    residuals = bends(lines, polynomial_of(model, terms))
    if residuals is None:
        return None
    square = np.mean(residuals**2, axis=1)
    return residuals, (scale**2 / (scale**2 + square)) ** 2


def _cost(lines: Lines, model: str, terms: FloatArray, scale: float) -> float:
    residuals = bends(lines, polynomial_of(model, terms))
    if residuals is None:
        return float("inf")
    square = np.mean(residuals**2, axis=1)
    return float(np.sum(lines.lengths * square / (scale**2 + square)))


def _fit(lines: Lines, model: str, start: float) -> FloatArray:
    """The terms of one model, from a strength of poly3: the lines that bend much lose their weight."""
    found = np.array({"poly3": [start], "poly5": [start, 0.0], "ptlens": [0.0, start, 0.0]}[model])
    for scale in SCALES:
        found = _descend(lines, model, found, scale)
    return found


def _usual_bend(lines: Lines, model: str, terms: FloatArray) -> float:
    """Of the lines that agree, the median root mean square bend in px."""
    weighed = _loss_weights(lines, model, terms, SCALES[-1])
    if weighed is None or not (good := weighed[1] > AGREES).any():
        return float("inf")
    return float(np.median(np.sqrt(np.mean(weighed[0][good] ** 2, axis=1))))


def _refine(lines: Lines, model: str, terms: FloatArray, finest: float) -> tuple[FloatArray, FloatArray]:
    """Terms and line weights, as lines lose their weight that bend but a little."""
    scale = SCALES[-1]
    while scale > finest:
        scale = max(scale / 2, finest)
        terms = _descend(lines, model, terms, scale)
    weighed = _loss_weights(lines, model, terms, scale)
    return terms, np.zeros(len(lines)) if weighed is None else weighed[1]


def _descend(
    lines: Lines, model: str, terms: FloatArray, scale: float, weights: FloatArray | None = None
) -> FloatArray:
    """Gauss and Newton's steps with the weights renewed (or given), as long as they help."""
    fixed = weights
    for _ in range(20):
        weighed = _loss_weights(lines, model, terms, scale)
        jacobian = _jacobian(lines, model, terms)
        if weighed is None or jacobian is None:
            break
        residuals, now = weighed
        w = (now if fixed is None else fixed) * lines.lengths
        normal = np.einsum("klm,l,nlm->kn", jacobian, w, jacobian)
        slope = np.einsum("klm,l,lm->k", jacobian, w, residuals)
        step = -np.linalg.lstsq(normal + 1e-9 * np.diag(np.diag(normal)), slope, rcond=None)[0]

        def cost(at: FloatArray, w: FloatArray = w) -> float:
            if fixed is None:
                return _cost(lines, model, at, scale)
            there = bends(lines, polynomial_of(model, at))
            return float("inf") if there is None else float(np.sum(w[:, None] * there**2))

        before, share = cost(terms), 1.0
        while share > 0.01 and cost(terms + share * step) > before:
            share /= 2
        if share <= 0.01:
            break
        terms = terms + share * step
        if float(np.max(np.abs(step))) < 1e-7:
            break
    return terms


def _jacobian(lines: Lines, model: str, terms: FloatArray) -> FloatArray | None:
    """How the bends change with each term: (terms, lines, BINS)."""
    columns = []
    for k in range(len(terms)):
        there, back = terms.copy(), terms.copy()
        there[k] += STEP
        back[k] -= STEP
        one, other = bends(lines, polynomial_of(model, there)), bends(lines, polynomial_of(model, back))
        if one is None or other is None:
            return None
        columns.append(_slope(one, other, 2 * STEP))
    return np.array(columns)


def _slope(one: FloatArray, other: FloatArray, step: float) -> FloatArray:
    """How bends change by a step. Their sign is that of the line's direction, which may flip between two fits of it."""
    flip = np.sign(np.sum(one * other, axis=1, keepdims=True))
    return (one - np.where(flip == 0, 1, flip) * other) / step


def _unseen(lines: Lines, model: str, terms: FloatArray, weights: FloatArray, things: NDArray[np.intp]) -> FloatArray:
    """How bent each edge is left by a model that was fitted without it, by weight."""
    fold = things % FOLDS
    score = np.zeros(len(lines))
    for k in range(FOLDS):
        left_out = fold == k
        seen = lines.only(~left_out)
        found = _descend(seen, model, terms, SCALES[-1], weights[~left_out])
        away = bends(lines.only(left_out), polynomial_of(model, found))
        score[left_out] = FOLDED if away is None else np.mean(away**2, axis=1)
    return np.asarray(np.bincount(things, score * weights * lines.lengths), np.float64)


def _left_out(jacobian: FloatArray, residuals: FloatArray, w: FloatArray, things: NDArray[np.intp]) -> LeftOut:
    """Solve for least squares of the bends with all edges, and without each (the jackknife)."""

    squared, w = np.einsum("klm,nlm->lkn", jacobian, jacobian, optimize=True), w[:, None, None]
    normal, squares = _by_edge(w * squared, things), _by_edge(w**2 * squared, things)
    slope = _by_edge(w[..., 0] * np.einsum("klm,lm->lk", jacobian, residuals), things)
    inverse = np.linalg.pinv(normal.sum(axis=0))
    without = np.linalg.pinv(normal.sum(axis=0) - normal)
    return LeftOut(
        -inverse @ slope.sum(axis=0),
        -np.einsum("ekn,en->ek", without, slope.sum(axis=0) - slope),
        inverse @ squares @ inverse,
        things,
    )


def _by_edge(of_lines: FloatArray, things: NDArray[np.intp]) -> FloatArray:
    """Add up what there is of each line by the edge that it shows."""
    added = np.zeros((int(things.max(initial=-1)) + 1, *of_lines.shape[1:]))
    np.add.at(added, things, of_lines)
    return added


def _usually_bent(lines: Lines, jacobian: FloatArray, residuals: FloatArray, weights: FloatArray) -> FloatArray:
    """By how much each line changes the terms if it is an arc as things in these photos usually are: (lines, terms).

    The longer a thing the farther it is bent: by the median of those that agree, in shares of their length, without
    what is only noise of their points. The long ones count for more in it, as noise is less of them.
    """
    arc = 1 - 3 * np.linspace(-1, 1, BINS) ** 2
    arc /= np.sqrt(np.mean(arc**2))
    height = residuals @ arc / BINS
    noise = np.mean((residuals - height[:, None] * arc) ** 2, axis=1) / BINS
    length = lines.lengths * lines.px
    share = np.sqrt(np.maximum(height**2 - noise, 0)) / np.maximum(length, 1e-9)
    agrees = weights > AGREES
    usual = LIKE_NORMAL * _median(share[agrees], length[agrees] ** 2) if agrees.any() else 0.0
    w = weights * lines.lengths
    inverse = np.linalg.pinv(np.einsum("klm,l,nlm->kn", jacobian, w, jacobian))
    bent: FloatArray = (w * usual * length * (jacobian @ arc)).T @ inverse
    return bent


def _median(values: FloatArray, weights: FloatArray) -> float:
    """The value that half of the weight lies below."""
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, below[-1] / 2)])
