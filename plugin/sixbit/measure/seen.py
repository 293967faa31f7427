"""Lines that photos of straight things have shown, enough or not: for telling, and for drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sixbit.measure.straightness import AGREES, Lines, Straightening
from sixbit.measure.worth import Worth
from sixbit.values.arrays import FloatArray
from sixbit.values.known import WHOLE
from sixbit.values.sentence import Sentence, all_of, in_a_row

OUTER = 0.7
"""Of the way from the middle to an edge of the frame: what lies beyond is near that edge."""
LACKING = 0.2
"""An edge of the frame lacks lines if near it there are fewer, by length, than this share of the mean of all four."""
FAR = 0.85
"""Half diagonals out to which a chart should reach."""
SMALL = 0.6
"""One that reaches less far lies in the middle of the frame."""
EDGES = (Sentence("left"), Sentence("right"), Sentence("upper"), Sentence("lower"))


class Brought(NamedTuple):
    """The share of one photo: edges, those that agree on one lens, a chart's corners, and how far out they go.

    ``edges`` count if there is no chart; ``agreeing`` is None before there is a lens to agree on. ``reach`` is in half
    diagonals. ``left_out`` is true of a photo that had no part in it.
    """

    edges: int
    agreeing: int | None
    corners: int
    reach: float
    left_out: bool = False

    @property
    def in_words(self) -> str:
        """Say it in a sentence or two.

        >>> Brought(64, 52, 0, 0.83).in_words
        '64 long edges, 52 of them straight things, out to 83 % of the way to the corners.'
        >>> Brought(0, None, 54, 0.5).in_words
        'A chart with 54 corners, out to 50 % of the way to the corners. Go nearer: it should fill the frame.'
        """
        out = Sentence("out to {percent:.0f} % of the way to the corners.", percent=100 * self.reach)
        if self.corners:
            chart = Sentence("A chart with {corners} corners, {out}", corners=self.corners, out=out)
            if self.left_out:
                why = Sentence("Left out, as it does not fit the charts of the other photos.")
                return in_a_row([chart, why], " ")
            if self.reach >= FAR:
                return chart
            nearer = Sentence("Go nearer: it should fill the frame."), Sentence("Have it reach farther.")
            return in_a_row([chart, nearer[self.reach >= SMALL]], " ")
        if self.left_out:
            return Sentence("Left out, as it shows no chart and other photos do.")
        if not self.edges:
            return Sentence("It brought nothing: no long edge was found in it.")
        edges = Sentence("1 long edge") if self.edges == 1 else Sentence("{count} long edges", count=self.edges)
        if self.agreeing is None:
            return Sentence("{edges}, {out}", edges=edges, out=out)
        if self.agreeing == 0:
            return Sentence("{edges}, none of them straight things.", edges=edges)
        return Sentence(
            "{edges}, {agreeing} of them straight things, {out}", edges=edges, agreeing=self.agreeing, out=out
        )


@dataclass(frozen=True, eq=False)
class SeenLines:
    """Lines of photos with the pictures they were found in, and the fit to them, if there is one.

    ``photos`` numbers the photos that were used among those given, ``pictures`` and ``corners`` (of the chart in each)
    are theirs; ``lines`` counts ``photo`` by them, with points about ``centre``. ``others`` counts the corners of the
    charts in those that were left out, by their number.
    """

    lines: Lines
    pictures: tuple[NDArray[np.uint8], ...]
    corners: tuple[int, ...]
    photos: tuple[int, ...]
    others: dict[int, int]
    centre: FloatArray
    fit: Straightening | None = None
    worth: Worth | None = None

    @property
    def agreeing(self) -> NDArray[np.bool_] | None:
        """Which lines agree on one lens; None before there is one."""
        return None if self.fit is None else self.fit.weights > AGREES

    @property
    def brought(self) -> dict[int, Brought]:
        """The share of each photo, by its number among those given."""
        found = {number: Brought(0, None, corners, 0.0, True) for number, corners in self.others.items()}
        good = self.agreeing
        for k, number in enumerate(self.photos):
            here = self.lines.photo == k
            used = here if good is None or not np.any(here & good) else here & good
            agreeing = None if good is None else int(np.count_nonzero(here & good))
            height, width = self.pictures[k].shape
            farthest = np.hypot(width, height) / min(width, height)
            radii = np.hypot(*np.moveaxis(self.lines.points[used] + self.centre, 2, 0)) / farthest
            reach = float(radii.max()) if radii.size else 0.0
            found[number] = Brought(int(np.count_nonzero(here)), agreeing, self.corners[k], min(reach, 1.0))
        return found

    @property
    def lacking(self) -> tuple[str, ...]:
        """The edges of the frame near which no photo has straight things, or hardly any."""
        used = np.ones(len(self.lines), bool) if self.agreeing is None else self.agreeing
        x, y = np.moveaxis(self._places(used), 2, 0)
        lengths = self.lines.lengths[used]
        near = [float(np.sum(np.mean(at > OUTER, axis=1) * lengths)) for at in (-x, x, -y, y)]
        return tuple(edge for edge, length in zip(EDGES, near, strict=True) if length <= LACKING * np.mean(near))

    @property
    def helps(self) -> str:
        """Say which photos to add, after "more photos, or"."""
        reach = max((one.reach for one in self.brought.values()), default=0.0)
        if any(self.corners):
            if reach < SMALL:
                return Sentence(
                    "photos with the chart nearer: it lies in the middle of the frame, and its corners reach "
                    "{percent:.0f} % of the way to those of the frame. Fill the frame with it",
                    percent=100 * reach,
                )
            if reach < FAR:
                return Sentence(
                    "photos with the chart in the corners of the frame: so far its own reach {percent:.0f} % of the "
                    "way to those of the frame",
                    percent=100 * reach,
                )
            edges = _edges(self.lacking) or Sentence("the corners of the frame")
            return Sentence("photos whose chart reaches {edges}", edges=edges)
        if lacking := self.lacking:
            return Sentence("a photo with straight things near {edges}", edges=_edges(lacking))
        near = Sentence("longer lines, nearer to the corners"), Sentence("longer straight things")
        return near[reach >= WHOLE]

    def _places(self, used: NDArray[np.bool_]) -> FloatArray:
        """Points of lines from the middle of their photo, in half widths and heights: (lines, points, 2)."""
        shapes = np.array([picture.shape[::-1] for picture in self.pictures], float).reshape(-1, 2)
        halves = shapes / shapes.min(axis=1, keepdims=True, initial=np.inf)
        lines = self.lines.only(used)
        return np.asarray((lines.points + self.centre) / halves[lines.photo][:, None], np.float64)


def _edges(lacking: Sequence[str]) -> str:
    """The edges of the frame, in words.

    >>> _edges(("left", "right")), _edges(("upper",))
    ('the left and right edges', 'the upper edge')
    """
    if not lacking:
        return ""
    if len(lacking) == len(EDGES):
        return Sentence("the edges of the frame")
    named = all_of(lacking)
    return Sentence("the {names} edges", names=named) if len(lacking) > 1 else Sentence("the {name} edge", name=named)
