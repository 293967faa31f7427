"""Pictures of what was measured, as PNG."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sixbit.measure.lines import MeasuredLines
from sixbit.measure.straightness import AGREES, bends
from sixbit.photos.pixels import file_of, small_picture

RED = (198, 40, 40)
WHITE = (250, 250, 250)
BLUE = (31, 95, 196)
LEFT_OUT = (150, 150, 150)
MOST_DRAWN = 3
"""Photos whose lines are drawn: those that have the most."""
WIDTH = 640
GAP = 8
ENLARGED = (1, 2, 5, 10, 20, 50, 100)
LARGEST_BEND = 0.02
"""Of the width: what the bends are enlarged to at most."""


def heat_map(rest: NDArray[np.float64]) -> bytes:
    """Draw the rest of a fit by patch, as PNG: at 0.01 the colour is full, what was left out (NaN) is grey."""
    share = np.nan_to_num(rest / 0.01).clip(-1, 1)[..., None]
    red, white, blue = (np.array(colour, float) for colour in (RED, WHITE, BLUE))
    colours = white + np.maximum(share, 0) * (red - white) + np.maximum(-share, 0) * (blue - white)
    colours[np.isnan(rest)] = LEFT_OUT
    picture = Image.fromarray(colours.round().astype(np.uint8))
    factor = max(1, 480 // picture.width)
    return file_of(picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST), "PNG")


def lines_before_after(found: MeasuredLines) -> tuple[tuple[str, bytes], ...]:
    """Draw photos with their lines before and after correction; return each pair's caption and PNG."""
    lines, good = found.lines, found.fit.weights > AGREES
    before, after = bends(lines, (1.0,)), bends(lines, found.fit.polynomial)
    if before is None or after is None or not good.any():
        return ()
    widest = max(picture.shape[1] for picture in found.pictures)
    room = LARGEST_BEND * widest / max(float(np.quantile(np.abs(before[good]).max(axis=1), 0.95)), 1e-6)
    factor = max((size for size in ENLARGED if size <= room), default=1)
    counts = np.bincount(lines.photo[good], minlength=len(found.pictures))
    drawn = []
    for number in sorted(np.argsort(-counts)[:MOST_DRAWN].tolist()):
        here = lines.photo == number
        if not counts[number]:
            continue
        points = (lines.points[here] + found.centre) * lines.px[here][:, None, None]
        pair = [
            _with_lines(found.pictures[number], points, before[here], bend[here], factor, good[here])
            for bend in (before, after)
        ]
        sheet = Image.new("RGB", (2 * pair[0].width + GAP, pair[0].height), WHITE)
        for side, picture in enumerate(pair):
            sheet.paste(picture, (side * (picture.width + GAP), 0))
        enlarged = f", bends drawn {factor} times as large" if factor > 1 else ""
        caption = f"Photo {number + 1} before and after{enlarged}; grey edges are not those of straight things"
        drawn.append((caption, file_of(sheet, "PNG")))
    return tuple(drawn)


def _with_lines(
    picture: NDArray[np.uint8],
    points: NDArray[np.float64],
    measured: NDArray[np.float64],
    bend: NDArray[np.float64],
    factor: float,
    good: NDArray[np.bool_],
) -> Image.Image:
    """Draw a photo, pale, with each line where it is, but straight, and bent by ``factor`` times ``bend`` (px)."""
    height, width = picture.shape
    scale = min(1.0, WIDTH / width)
    drawn = small_picture((128 + picture // 2).astype(np.uint8), WIDTH, height)
    draw = ImageDraw.Draw(drawn)
    centred = points - points.mean(axis=1, keepdims=True)
    xx, yy, xy = (np.mean(centred[..., i] * centred[..., j], axis=1) for i, j in ((0, 0), (1, 1), (0, 1)))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1)[:, None, :]
    placed = points + (factor * bend - measured)[..., None] * across
    placed = (placed + np.array([width - 1, height - 1]) / 2) * scale
    for agrees in (False, True):
        for line in placed[good == agrees]:
            draw.line([(float(x), float(y)) for x, y in line], fill=RED if agrees else LEFT_OUT, width=2)
    return drawn
