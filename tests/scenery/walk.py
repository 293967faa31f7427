"""Photos of a still scene by a camera that is walked past it: textured walls, a floor and boxes, drawn ray by ray.

The lens is known: distortion about a centre, fall-off, colour shading and lateral colour.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from sixbit.values.arrays import FloatArray
from sixbit.values.polynomial import UNITY, Polynomial, evaluate

TEXTURE = 512
"""Px of a side of a texture, which is that of 8 units of the scene."""
FOCAL = 2.4
"""Of the camera, in half short sides."""


class WalkLens(NamedTuple):
    """The lens: ``distortion`` takes radii of the ideal picture to those in the photo, in half short sides.

    ``fall_off`` are the terms of r^2, r^4 and r^6 in half diagonals, ``red`` and ``blue`` the factors of their radii
    against green's, ``cast`` the light that red loses in the corner.
    """

    distortion: Polynomial = UNITY
    centre: tuple[float, float] = (0.0, 0.0)
    fall_off: tuple[float, float, float] = (0.0, 0.0, 0.0)
    red: float = 1.0
    blue: float = 1.0
    cast: float = 0.0


def photos(
    lens: WalkLens, count: int = 9, size: tuple[int, int] = (600, 400), *, apart: float = 0.6, flat: bool = False
) -> list[FloatArray]:
    """Draw linear light (height, width, 3) of ``count`` photos, from places ``apart`` units from each other.

    ``flat`` leaves the far wall alone.
    """
    textures = [texture(seed) for seed in range(5)]
    drawn = []
    for k in range(count):
        along = k - (count - 1) / 2
        place = np.array([apart * along, 0.25 * apart * (-1) ** k, 0.3 * apart * np.sin(k)])
        turn = _turn(-0.05 * apart * along, 0.04 * np.cos(2 * k) * (apart > 0), 0.15 * np.sin(k) * (apart > 0))
        exposure = 0.8 + 0.15 * np.cos(k)
        drawn.append(exposure * _photo(lens, size, place, turn, textures, flat))
    return drawn


def panorama(lens: WalkLens, count: int = 9, size: tuple[int, int] = (600, 400)) -> list[FloatArray]:
    """Draw linear light of photos by a camera that is turned on the spot."""
    textures, place = [texture(seed) for seed in range(5)], np.zeros(3)
    turns = [_turn(0.09 * (k - (count - 1) / 2), 0.05 * np.cos(2 * k), 0.1 * np.sin(k)) for k in range(count)]
    return [_photo(lens, size, place, turn, textures, False) for turn in turns]


def encoded(light: FloatArray, seed: int, noise: float = 0.002) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """A photo of 16 bits, with noise, of linear light."""
    rng = np.random.default_rng(seed)
    return np.clip(65535 * (light + rng.normal(0, noise, light.shape)), 0, 65535).round().astype(np.uint16)


def _photo(
    lens: WalkLens, size: tuple[int, int], place: FloatArray, turn: FloatArray, textures: list[FloatArray], flat: bool
) -> FloatArray:
    width, height = size
    half_short = (min(size) - 1) / 2
    farthest = np.hypot(width - 1, height - 1) / 2 / half_short
    y, x = np.mgrid[0:height, 0:width]
    x = (x - (width - 1) / 2) / half_short - lens.centre[0]
    y = (y - (height - 1) / 2) / half_short - lens.centre[1]
    radius = np.hypot(x, y)
    ideal = np.linspace(0, 2 * farthest, 2001)
    r = radius / farthest
    fall_off = 1 + lens.fall_off[0] * r**2 + lens.fall_off[1] * r**4 + lens.fall_off[2] * r**6
    planes: list[FloatArray] = []
    seen: FloatArray | None = None
    for plane, factor in enumerate((lens.red, 1.0, lens.blue)):
        # Red lies farther out than green by its factor: what is seen here is what green shows farther in.
        as_green = radius / factor
        scale = np.interp(as_green, ideal * evaluate(lens.distortion, ideal), ideal) / np.maximum(radius, 1e-9)
        rays = np.stack([x * scale / FOCAL, y * scale / FOCAL, np.ones_like(x)], axis=-1) @ turn
        if seen is None or lens.red != 1 or lens.blue != 1:
            seen = _seen(place, rays, textures, flat)
        planes.append(seen[..., plane] * fall_off * (1 - lens.cast * r**2 if plane == 0 else 1))
    return np.stack(planes, axis=-1)


def _seen(place: FloatArray, rays: FloatArray, textures: list[FloatArray], flat: bool) -> FloatArray:
    """The light that comes along rays: of the nearest of the walls and boxes."""
    nearest = np.full(rays.shape[:2], np.inf)
    light = np.full(rays.shape, 0.2)
    everything = (-1e9, 1e9, -1e9, 1e9)
    # Axis, where along it, and between where along the other two.
    surfaces = [(2, 8.0, everything)]
    if not flat:
        surfaces += [
            (1, 1.6, everything),
            (2, 5.0, (-3.2, -1.4, -0.6, 1.6)),
            (2, 6.0, (0.6, 2.6, -1.6, 0.2)),
            (0, -3.8, everything),
        ]
    for (axis, at, (left, right, top, bottom)), painted in zip(surfaces, textures, strict=False):
        with np.errstate(divide="ignore", invalid="ignore"):
            far = (at - place[axis]) / rays[..., axis]
        where = place + far[..., None] * rays
        first, second = (where[..., k] for k in range(3) if k != axis)
        hit = (far > 0) & (far < nearest) & (first > left) & (first < right) & (second > top) & (second < bottom)
        nearest[hit] = far[hit]
        light[hit] = _sampled(painted, first[hit], second[hit])
    return light


def _sampled(texture: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    across, down = TEXTURE / 8 * first % TEXTURE, TEXTURE / 8 * second % TEXTURE
    left, top = across.astype(int) % TEXTURE, down.astype(int) % TEXTURE
    right, below = (left + 1) % TEXTURE, (top + 1) % TEXTURE
    x, y = (across - np.floor(across))[:, None], (down - np.floor(down))[:, None]
    upper = (1 - x) * texture[top, left] + x * texture[top, right]
    lower = (1 - x) * texture[below, left] + x * texture[below, right]
    return np.asarray((1 - y) * upper + y * lower)


@cache
def texture(seed: int) -> FloatArray:
    """Spots of all sizes and colours that repeat without a seam."""
    rng = np.random.default_rng(100 + seed)
    waves = np.fft.fftfreq(TEXTURE)[:, None], np.fft.fftfreq(TEXTURE)[None]
    frequency = np.hypot(*waves)
    shape = np.exp(-((frequency * 7) ** 2)) / (frequency + 0.008) ** 0.6
    grey, *colours = (np.fft.ifft2(np.fft.fft2(rng.normal(size=(TEXTURE, TEXTURE))) * shape).real for _ in range(4))
    planes = np.stack([grey + 0.25 * colour for colour in colours], axis=-1)
    # Edges as of paint: most of it is light or dark.
    return np.asarray(0.32 + 0.22 * np.tanh(1.6 * planes / planes.std()), np.float32)


def _turn(yaw: float, pitch: float, roll: float) -> FloatArray:
    """From the camera's axes to those of the scene."""
    across = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    down = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    around = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return np.asarray(across @ down @ around).T
