"""Pictures of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sixbit.measure.overlap import Sight
from sixbit.measure.seen import SeenLines
from sixbit.measure.straightness import bends
from sixbit.photos.pixels import file_of, small_picture
from sixbit.values.arrays import FloatArray
from sixbit.values.polynomial import UNITY
from sixbit.values.sentence import Sentence

RED = (214, 48, 49)
BLUE = (45, 120, 220)
LEFT_OUT = (150, 150, 150)
MOST_DRAWN = 3
"""Photos whose lines are drawn before and after: those that have the most."""
WIDTH = 960
ENLARGED = (1, 2, 5, 10, 20, 50, 100)
LARGEST_BEND = 0.02
"""Of the width: what the bends are enlarged to at most."""

MOST_PATHS = 250
"""Points of a photo that are drawn, those that most photos show."""
STEPS_BACK = 4
"""Photos that a path leads through."""
Paths = Sequence[Any]
"""Places (n, 2) of each."""


def heat_map(rest: FloatArray) -> bytes:
    """Draw the rest of a fit by patch, as PNG: at 0.01 the colour is full, what was left out (NaN) is grey.

    What leaves nothing is transparent, and looks as the page does.
    """
    share = np.nan_to_num(rest / 0.01).clip(-1, 1)
    colours = np.zeros((*rest.shape, 4), np.uint8)
    colours[share > 0, :3], colours[share <= 0, :3] = RED, BLUE
    colours[..., 3] = (255 * np.abs(share)).round()
    colours[np.isnan(rest)] = (*LEFT_OUT, 255)
    picture = Image.fromarray(colours)
    factor = max(1, 480 // picture.width)
    return file_of(picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST), "PNG")


def lines_seen(seen: SeenLines) -> dict[int, bytes]:
    """Draw each photo that was used with its lines as they were found, as JPEG, by its number among those given.

    Those that agree on one lens are red, the others grey; all are red before there is one.
    """
    good = np.ones(len(seen.lines), bool) if seen.agreeing is None else seen.agreeing
    drawn = {}
    for k, (number, picture) in enumerate(zip(seen.photos, seen.pictures, strict=True)):
        here = seen.lines.photo == k
        points = (seen.lines.points[here] + seen.centre) * seen.lines.px[here][:, None, None]
        drawn[number] = file_of(drawn_on(picture, lines=points, agree=good[here]), "JPEG", quality=80)
    return drawn


def lines_before_after(seen: SeenLines, names: Mapping[int, str]) -> tuple[tuple[str, bytes], ...]:
    """Draw photos with their lines before and after correction, as JPEGs with captions; ``names`` are the photos'."""
    lines, good = seen.lines, seen.agreeing
    if seen.fit is None or good is None or not good.any():
        return ()
    before, after = bends(lines, UNITY), bends(lines, seen.fit.polynomial)
    if before is None or after is None:
        return ()
    widest = max(picture.shape[1] for picture in seen.pictures)
    room = LARGEST_BEND * widest / max(float(np.quantile(np.abs(before[good]).max(axis=1), 0.95)), 1e-6)
    factor = max((size for size in ENLARGED if size <= room), default=1)
    counts = np.bincount(lines.photo[good], minlength=len(seen.pictures))
    drawn = []
    for k in sorted(np.argsort(-counts, kind="stable")[:MOST_DRAWN].tolist()):
        here = lines.photo == k
        if not counts[k]:
            continue
        points = (lines.points[here] + seen.centre) * lines.px[here][:, None, None]
        for when, bend in ((Sentence("before"), before), (Sentence("after"), after)):
            bent = _bent(points, before[here], bend[here], factor)
            picture = drawn_on(seen.pictures[k], lines=bent, agree=good[here])
            drawn.append((_caption(names[seen.photos[k]], when, factor), file_of(picture, "JPEG", quality=85)))
    return tuple(drawn)


def _caption(photo: str, when: Sentence, factor: int) -> Sentence:
    if factor == 1:
        return Sentence("{photo}, {when}; grey edges are not those of straight things", photo=photo, when=when)
    return Sentence(
        "{photo}, {when}, bends drawn {factor} times as large; grey edges are not those of straight things",
        photo=photo,
        when=when,
        factor=factor,
    )


def where_seen(points: FloatArray, extent: tuple[float, float]) -> bytes:
    """Draw where in a picture points were seen, all photos together, as PNG; ``extent`` is from middle to sides.

    The middle must not be all that is full: what no point reached was not measured.
    """
    width, height = WIDTH, max(1, round(WIDTH * extent[1] / extent[0]))
    drawn = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(drawn)
    places = (points / np.array(extent) + 1) / 2 * np.array([width - 1, height - 1])
    for x, y in places.tolist():
        draw.circle((x, y), 2, fill=(*BLUE, 140))
    draw.rectangle((0, 0, width - 1, height - 1), outline=(*LEFT_OUT, 255), width=2)
    return file_of(drawn, "PNG")


def paths_seen(seen: FloatArray, sights: Sight) -> dict[int, bytes]:
    """Draw on each photo of a run the points that others show, too, with their paths, as JPEGs by its number.

    A path leads from where a point is in the photos before to the dot where it is in this one. ``seen`` (n, 2) are the
    places of ``sights`` in half short sides from the middle.
    """
    often = np.bincount(sights.point)[sights.point]
    drawn = {}
    for number, picture in enumerate(sights.pictures):
        here = np.flatnonzero(sights.photo == number)
        if not len(here):
            continue
        most = here[np.argsort(-often[here], kind="stable")[:MOST_PATHS]]
        before = (sights.photo <= number) & (sights.photo > number - STEPS_BACK)
        paths = []
        for point in sights.point[most]:
            on_path = np.flatnonzero(before & (sights.point == point))
            on_path = on_path[np.argsort(sights.photo[on_path], kind="stable")]
            paths.append(seen[on_path] * (min(picture.shape) - 1) / 2)
        on_it = drawn_on(picture, lines=np.zeros((0, 2, 2)), agree=np.zeros(0, bool), paths=paths)
        drawn[number] = file_of(on_it, "JPEG", quality=80)
    return drawn


def drawn_on(
    picture: NDArray[np.uint8], *, lines: FloatArray, agree: NDArray[np.bool_], paths: Paths = ()
) -> Image.Image:
    """Draw lines (n, points, 2) on a grey picture, dimmed; all in px of it, from its middle.

    ``agree`` tells which lines are red. ``paths`` are those of points that move from photo to photo; each ends in a dot
    where the point is in this one.
    """
    height, width = picture.shape
    scale = min(1.0, WIDTH / width)
    drawn = small_picture((64 + picture // 2).astype(np.uint8), WIDTH, height)
    draw = ImageDraw.Draw(drawn)
    middle = np.array([width - 1, height - 1]) / 2
    for agrees in (False, True):
        for line in (lines[agree == agrees] + middle) * scale:
            draw.line([(float(x), float(y)) for x, y in line], fill=RED if agrees else LEFT_OUT, width=3)
    for path in paths:
        places = [(float(x), float(y)) for x, y in (np.array(path) + middle) * scale]
        draw.line(places, fill=BLUE, width=2)
        draw.circle(places[-1], 3, fill=RED)
    return drawn


def _bent(points: FloatArray, measured: FloatArray, bend: FloatArray, factor: float) -> FloatArray:
    """Lines where they are, but straight, and bent by ``factor`` times ``bend`` (px)."""
    centred = points - points.mean(axis=1, keepdims=True)
    xx, yy, xy = (np.mean(centred[..., i] * centred[..., j], axis=1) for i, j in ((0, 0), (1, 1), (0, 1)))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1)[:, None, :]
    return np.asarray(points + (factor * bend - measured)[..., None] * across, np.float64)
