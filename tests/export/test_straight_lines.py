"""Straight lines through a lens of lensfun's, in photos that are a part of what the lens drew: none gets worse.

The photos are drawn by lensfun's own model, written with the tags that cameras and Lightroom write, and read and
corrected as any other.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image
from scipy.interpolate import RectBivariateSpline

from sixbit.export.correct import correct
from sixbit.export.presets import PLAIN
from sixbit.lenses.catalogue import catalogue
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, NotCorrectedError
from sixbit.values.kinds import TRUSTED
from tests.scenery.lensfun_oracle import FloatArray, grid, source_points
from tests.scenery.photo_factory import exif, png, xmp_packet

BARREL, CUSHION, WAVE = "elmarit-28-iv", "apo-summicron-75", "laowa-85-5.6"
LENSES = {BARREL: 28, CUSHION: 75, WAVE: 85}
FRAME = (1800, 1200)
APART = 75
"""Px between two lines."""
WIDE = 2.0
"""Px from the middle of a line to where it is half as bright as there."""
SONY = {"Make": "SONY", "Model": "ILCE-7RM3"}
M11 = {"Make": "LEICA CAMERA AG", "Model": "LEICA M11"}


class Part(NamedTuple):
    """A part of the frame, as a camera or Lightroom makes it."""

    size: tuple[int, int]
    at: tuple[int, int] | None = None
    """Its left and top edge in the frame; None: it is the middle."""
    tags: dict[str, Any] = SONY
    mode: float = 1.0
    """The crop mode that FocalLengthIn35mmFilm tells of."""
    crop: tuple[float, float, float, float] | None = None
    """Lightroom's edges: left, top, right and bottom."""
    upright: bool = False
    """True for a picture that was turned by a quarter after it was taken."""

    def edges(self) -> tuple[float, float]:
        """Return its left and top edge in the frame."""
        if self.at is not None:
            return self.at
        return (FRAME[0] - self.size[0]) / 2, (FRAME[1] - self.size[1]) / 2


WHOLE = Part(FRAME)
PARTS = {
    "crop mode 1.3": Part((1385, 923), mode=1.3),
    "crop mode 1.5": Part((1200, 800), mode=1.5),
    "crop mode 1.8": Part((1000, 667), tags=M11, mode=1.8),
    "digital zoom 1.5": Part((1200, 800), tags={**M11, "DigitalZoomRatio": (3, 2)}),
    "1:1": Part((1200, 1200)),
    "16:9": Part((1800, 1012)),
    "4:3": Part((1600, 1200)),
    "65:24": Part((1800, 665)),
    "16:9 in crop mode 1.5": Part((1200, 675), mode=1.5),
    "1:1 upright": Part((1200, 1200), upright=True),
    "4:3 upright": Part((1600, 1200), upright=True),
    "crop mode 1.5 upright": Part((1200, 800), mode=1.5, upright=True),
    "upper right quarter": Part((900, 600), (900, 0), crop=(0.5, 0, 1, 0.5)),
    "lower left quarter": Part((900, 600), (0, 600), crop=(0, 0.5, 0.5, 1)),
    "strip at the left": Part((600, 1080), (90, 60), crop=(0.05, 0.05, 23 / 60, 0.95)),
    "square beside the middle": Part((600, 600), (90, 540), crop=(0.05, 0.45, 23 / 60, 0.95)),
    "upper right quarter upright": Part((900, 600), (900, 0), crop=(0.5, 0, 1, 0.5), upright=True),
    "middle upright": Part((900, 600), crop=(0.25, 0.25, 0.75, 0.75), upright=True),
    "anything": Part((1111, 700), (600, 0)),
}
REFUSED = ("square beside the middle", "upper right quarter upright", "anything")
"""Those that may have been turned by a quarter since, and what says nothing of its place."""


@cache
def ideal_points(lens_id: str) -> tuple[RectBivariateSpline, RectBivariateSpline]:
    """Return where lensfun has x and y of the frame's points without the lens's distortion, over y and x.

    They are asked for one by one, as its answers for whole rows are coarser, and smooth between.
    """
    lens = catalogue().calibration_entries(lens_id, ("distortion",), TRUSTED)["distortion"].lens
    points = grid(*FRAME, steps=61)
    found = source_points(lens, 1.0, FRAME, LENSES[lens_id], points, reverse=True)[1].reshape(61, 61, 2)
    x, y = points.reshape(61, 61, 2)[0, :, 0], points.reshape(61, 61, 2)[:, 0, 1]
    return RectBivariateSpline(y, x, found[..., 0]), RectBivariateSpline(y, x, found[..., 1])


def pictures(lens_id: str, part: Part) -> list[FloatArray]:
    """Draw level and upright lines, 0 to 1, as the lens draws them."""
    left, top = part.edges()
    x, y = left + np.arange(part.size[0]), top + np.arange(part.size[1])
    drawn = []
    for axis in (1, 0):
        ideal = ideal_points(lens_id)[axis](y, x)
        off = (ideal - APART / 2) % APART - APART / 2
        drawn.append(np.exp2(-((off / WIDE) ** 2)))
    return drawn


def most_bent(level: FloatArray) -> float:
    """Return by how much the worst of the level lines of a picture bends, in px; lines that leave it count as far."""
    margin, worst = 8, 0.0
    middle = level.shape[1] // 2
    inner = level[margin:-margin, middle]
    peaks = [k + margin for k in range(1, len(inner) - 1) if inner[k] > 0.5 and inner[k - 1] < inner[k] >= inner[k + 1]]
    assert len(peaks) > level.shape[0] // APART - 3
    for peak in peaks:
        places: dict[int, float] = {}
        for step in (1, -1):
            y = float(peak)
            for x in range(middle if step > 0 else middle - 1, level.shape[1] if step > 0 else -1, step):
                if not margin <= y < level.shape[0] - margin:
                    break
                rows = np.arange(round(y) - 6, round(y) + 7)
                light = level[rows, x]
                y = float((light * rows).sum() / light.sum())
                places[x] = y
        at, found = np.array(sorted(places)), np.array([places[x] for x in sorted(places)])
        straight = np.polynomial.Polynomial.fit(at, found, 1)(at)
        # The mean of a few neighbours: what the steps of 8 bits do is no bend.
        off = np.convolve(found - straight, np.full(15, 1 / 15), "valid")
        worst = max(worst, float(np.abs(off).max()))
    return worst


def turned(pixels: FloatArray, upright: bool) -> FloatArray:
    return np.rot90(pixels) if upright else pixels


def photo(path: Path, lens_id: str, part: Part, lines: FloatArray) -> Path:
    """Write a photo of lines, with the tags of its part."""
    buffer = io.BytesIO()
    pixels = np.clip(turned(lines, part.upright) * 200 + 20, 0, 255).round().astype(np.uint8)
    Image.fromarray(np.stack([pixels] * 3, axis=-1)).save(buffer, "PNG", compress_level=1)
    xmp = b""
    if part.crop:
        sides = ("crs_CropLeft", "crs_CropTop", "crs_CropRight", "crs_CropBottom")
        edges = {side: f"{edge:.6f}" for side, edge in zip(sides, part.crop, strict=True)}
        xmp = xmp_packet(crs_AlreadyApplied="True", crs_HasCrop="True", crs_CropAngle="0", **edges)
    focal = LENSES[lens_id]
    tags = {"FocalLength": (focal, 1), "FocalLengthIn35mmFilm": round(focal * part.mode), **part.tags}
    path.write_bytes(png(exif(**tags), xmp, picture=buffer.getvalue()))
    return path


def after(folder: Path, lens_id: str, part: Part) -> float | None:
    """Return how much the lines of a photo bend when it is corrected; None if it is refused."""
    choices = Choices(lens=lens_id, kinds={"distortion": 1.0})
    worst = 0.0
    for number, lines in enumerate(pictures(lens_id, part)):
        path = photo(folder / f"{number}.png", lens_id, part, lines)
        try:
            correct(path, folder / f"{number} corrected.png", PLAIN, choices)
        except NotCorrectedError as error:
            if error.code is Code.RESHAPED:
                return None
            raise
        with Image.open(folder / f"{number} corrected.png") as opened:
            corrected = turned_back(np.asarray(opened.convert("L"), dtype=float), part.upright)
        worst = max(worst, most_bent(as_level((corrected - 20) / 200, number)))
    return worst


def turned_back(pixels: FloatArray, upright: bool) -> FloatArray:
    return np.rot90(pixels, -1) if upright else pixels


def as_level(lines: FloatArray, number: int) -> FloatArray:
    return lines if number == 0 else lines.T


def before(lens_id: str, part: Part) -> float:
    return max(most_bent(as_level(lines, number)) for number, lines in enumerate(pictures(lens_id, part)))


@pytest.fixture(scope="module")
def whole_frame(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """What bends of whole frames that are corrected, by lens: next to nothing."""
    found = {lens_id: after(tmp_path_factory.mktemp(lens_id), lens_id, WHOLE) for lens_id in LENSES}
    known = {lens_id: bent for lens_id, bent in found.items() if bent is not None}
    assert known.keys() == LENSES.keys()
    for lens_id, bent in known.items():
        assert bent < 0.1 < 0.5 < before(lens_id, WHOLE)
    return known


@pytest.mark.parametrize("lens_id", LENSES)
@pytest.mark.parametrize("name", PARTS)
def test_no_line_bends_more(tmp_path: Path, whole_frame: dict[str, float], name: str, lens_id: str) -> None:
    part = PARTS[name]
    bent = after(tmp_path, lens_id, part)
    assert (bent is None) == (name in REFUSED)
    if bent is not None:
        assert bent <= whole_frame[lens_id] + 0.05
        assert bent <= before(lens_id, part) + 0.01
