"""Photos through known lenses: the ground truth of calibration.

A scene is a function of the ideal picture plane, evaluated where each pixel of each plane looks through the lens, its
edges softened by their distance in px: nothing is resampled, so nothing but the lens bends a line.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.compiler.optics import Sensor, SensorPicture, optics_of
from sixbit.lenses.catalogue import catalogue
from sixbit.values.kinds import Grade
from sixbit.values.polynomial import UNITY, Polynomial, evaluate

FloatArray = NDArray[np.float64]
Plane = NDArray[np.float32]
FULL_FRAME = Sensor(1.0, 1.5)
BAND = 16


@dataclass(frozen=True)
class Lens:
    """A lens as lensfun describes it, on full frame; lateral colour is red and blue against green."""

    distortion: Polynomial = UNITY
    tca: tuple[Polynomial, Polynomial] = UNITY, UNITY

    def source_radius(self, frame: SensorPicture, output: FloatArray, plane: int = 1) -> FloatArray:
        """Where the ideal radius ``output`` (px) lies in the photo (px)."""
        unit = frame.per_half_short_side(FULL_FRAME)
        radius = output * evaluate(self.distortion, output * unit)
        if plane != 1:
            radius = radius * evaluate(self.tca[plane // 2], radius * unit)
        return radius


@dataclass(frozen=True)
class View:
    """A camera before a wall: the wall's right, its down and its normal, as seen from the camera; its distance is 1."""

    focal: float
    """In half diagonals."""
    turn: FloatArray

    @classmethod
    def random(
        cls, rng: np.random.Generator, focal: float, yaw: float = 30, pitch: float = 12, roll: float = 6
    ) -> View:
        """A view turned by up to so many degrees."""
        angles = np.radians(rng.uniform(-1, 1, 3) * (yaw, pitch, roll))
        (cy, cp, cr), (sy, sp, sr) = np.cos(angles), np.sin(angles)
        about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        return cls(focal, about_z @ about_x @ about_y)


class Wall:
    """The coordinates of every pixel on a wall, in half diagonals from where the camera aims, and a px in them."""

    def __init__(self, view: View, x: Plane, y: Plane, px: float) -> None:
        """``x`` and ``y`` are ideal picture coordinates in half diagonals, ``px`` is the size of a pixel in these."""
        axes = (view.turn.T @ np.diag([1, 1, view.focal])).astype(np.float32)
        depth = axes[2, 0] * x + axes[2, 1] * y + axes[2, 2]
        np.maximum(depth, 0.05, out=depth)
        scale = np.float32(view.focal)
        self.u = (axes[0, 0] * x + axes[0, 1] * y + axes[0, 2]) / depth
        self.v = (axes[1, 0] * x + axes[1, 1] * y + axes[1, 2]) / depth
        self.step_u = np.hypot(axes[0, 0] - self.u * axes[2, 0], axes[0, 1] - self.u * axes[2, 1])
        self.step_v = np.hypot(axes[1, 0] - self.v * axes[2, 0], axes[1, 1] - self.v * axes[2, 1])
        for plane, middle in ((self.u, axes[0, 2]), (self.v, axes[1, 2])):
            plane -= middle / axes[2, 2]
            plane *= scale
        for step in (self.step_u, self.step_v):
            step *= scale * np.float32(px) / depth


@dataclass
class Painter:
    """Paints one plane of a scene: ``wall`` as one plane of the lens sees it."""

    wall: Wall
    plane: int
    blur: float
    """Of the point spread, in px."""
    canvas: Plane

    def cover(self, inside: Plane, step: Plane) -> Plane:
        """The share of a pixel within an edge at signed distance ``inside``, where a px is worth ``step``."""
        steep = np.float32(-1.702 / self.blur)
        return np.float32(1) / (1 + np.exp(np.clip(steep * inside / step, -30, 30)))

    def bars(self, along: str, period: float, share: float, phase: float = 0.0) -> tuple[Plane, NDArray[np.int32]]:
        """Bars across u or v that fill a share of their period: their cover, and which one each pixel is in."""
        at = getattr(self.wall, along) * np.float32(1 / period) + np.float32(phase)
        cell = np.floor(at)
        inside = (np.float32(share / 2) - np.abs(at - cell - np.float32(0.5))) * np.float32(period)
        return self.cover(inside, getattr(self.wall, f"step_{along}")), cell.astype(np.int32)

    def disc(self, u: float, v: float, radius: float) -> Plane:
        """A round hole."""
        distance = np.hypot(self.wall.u - np.float32(u), self.wall.v - np.float32(v))
        return self.cover(np.float32(radius) - distance, self.wall.step_u)

    def paint(self, cover: Plane, colour: Any) -> None:
        """Lay a colour (linear light: a number, red-green-blue, or a plane) over the canvas."""
        if isinstance(colour, Sequence):
            colour = np.float32(colour[self.plane])
        self.canvas += cover * (colour - self.canvas)


Scene = Callable[[Painter], None]
Rng = np.random.Generator


@dataclass(frozen=True)
class Camera:
    """What takes the photo. ``noise`` is the deviation of the code values in mid grey, ``blur`` the point spread."""

    frame: SensorPicture
    focal_mm: float = 35.0
    noise: float = 0.008
    blur: float = 0.75
    stops: float = 1.0
    """Fall-off in the corner."""
    turned: dict[str, float] = field(default_factory=dict)
    """How far views turn, see :meth:`View.random`."""

    def view(self, rng: Rng) -> View:
        """A view of the wall."""
        focal = self.focal_mm * self.frame.crop_factor / np.hypot(18, 12)
        return View.random(rng, float(focal), **self.turned)


def photograph(scene: Scene, lens: Lens, camera: Camera, rng: Rng) -> FloatArray:
    """A scene through a lens: code values (height, width, 3), 0 to 1, as sRGB, with noise."""
    frame = camera.frame
    view = camera.view(rng)
    x = np.arange(frame.width, dtype=np.float32) - np.float32((frame.width - 1) / 2)
    half = frame.half_diagonal
    ideal = np.linspace(0, 1.3 * half, 20001)
    table = np.linspace(0, half * half * 1.001, 40001)
    radius = np.sqrt(table[1:])
    planes = range(1) if lens.tca == (UNITY, UNITY) else range(3)
    ratios = [np.interp(radius, lens.source_radius(frame, ideal, plane), ideal) / radius for plane in planes]
    ratios = [(np.concatenate([ratio[:1], ratio]) / half).astype(np.float32) for ratio in ratios]
    photo = np.empty((frame.height, frame.width, 3), np.float32)
    for top in range(0, frame.height, BAND):  # bands stay in the cache
        y = np.arange(top, min(top + BAND, frame.height), dtype=np.float32)[:, None]
        y -= np.float32((frame.height - 1) / 2)
        square = x * x + y * y
        light = 2 ** (-camera.stops * square / np.float32(half * half))
        at = square * np.float32(40000 / table[-1])
        cell = at.astype(np.int32)
        at -= cell
        wall = None
        for plane in range(3):
            if wall is None or len(ratios) > 1:
                ratio = ratios[plane]
                factor = ratio[cell] + at * (ratio[cell + 1] - ratio[cell])
                wall = Wall(view, x * factor, y * factor, 1 / half)
            painter = Painter(wall, plane, camera.blur, np.zeros(square.shape, np.float32))
            scene(painter)
            photo[top : top + BAND, :, plane] = painter.canvas * light
    # Photon noise: in mid grey (0.18 in linear light, slope of sRGB's curve about 1.2) as asked.
    deviation = np.sqrt(np.maximum(photo, 0.002) / np.float32(0.18)) * np.float32(camera.noise / 1.2)
    photo += deviation * rng.standard_normal(photo.shape, np.float32)
    return _encoded(photo.clip(0, 1, out=photo))


def _encoded(light: Plane) -> FloatArray:
    """Code values of sRGB (IEC 61966-2-1:1999)."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** np.float32(1 / 2.4) - 0.055)


def as_photo(values: FloatArray, bits: int = 8, quality: int | None = None, subsampling: int = 0) -> NDArray[Any]:
    """Code values in 8 or 16 bits; ``quality`` sends them through a JPEG (``subsampling`` 2 is 4:2:0)."""
    if quality is None:
        most = 2**bits - 1
        return np.rint(values * most).astype(np.uint8 if bits == 8 else np.uint16)
    from PIL import Image

    file = io.BytesIO()
    picture = Image.fromarray(np.rint(values * 255).astype(np.uint8))
    picture.save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file))


def photos_of(
    make: Callable[[Rng], Scene], lens_id: str, size: tuple[int, int], *, crop: float = 1.0, count: int = 3, **more: Any
) -> list[NDArray[Any]]:
    """Photos of scenes through a lens of the database, as JPEGs of 8 bits come; ``more`` is of the camera."""
    lens, focal = known_lenses()[lens_id]
    rng = np.random.default_rng(1)
    camera = Camera(SensorPicture(*size, crop), focal_mm=focal, **more)
    return [as_photo(photograph(make(rng), lens, camera, rng), quality=int(rng.integers(85, 96))) for _ in range(count)]


def distortion_error(lens: Lens, found: Polynomial, frame: SensorPicture, sensor: Sensor) -> float:
    """How far a distortion found is from that of the lens, in half diagonals, at worst.

    A straight line stays straight if the picture is enlarged, so the two are compared at the best common scale.
    """
    ideal = np.linspace(0, 1.3 * frame.half_diagonal, 20001)
    radius = np.linspace(1, frame.half_diagonal, 400)
    truth = np.interp(radius, lens.source_radius(frame, ideal), ideal)
    unit = frame.per_half_short_side(sensor)
    mine = np.interp(radius, ideal * evaluate(found, ideal * unit), ideal)
    from scipy.optimize import minimize_scalar

    best = minimize_scalar(lambda s: float(np.max(np.abs(s * mine - truth))), bounds=(0.8, 1.25), method="bounded")
    best = minimize_scalar(
        lambda s: float(np.max(np.abs(s * mine - truth))),
        bounds=(best.x - 1e-3, best.x + 1e-3),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(best.fun) / frame.half_diagonal


def tca_error(lens: Lens, found: tuple[Polynomial, Polynomial], frame: SensorPicture, sensor: Sensor) -> float:
    """How far a lateral colour found is from that of the lens, in px, at worst over the frame and both planes."""
    radius = np.linspace(1, frame.half_diagonal, 400)
    truth_unit, unit = frame.per_half_short_side(FULL_FRAME), frame.per_half_short_side(sensor)
    return max(
        float(np.max(np.abs(evaluate(truth, radius * truth_unit) - evaluate(mine, radius * unit)) * radius))
        for truth, mine in zip(lens.tca, found, strict=True)
    )


def known_lenses() -> dict[str, tuple[Lens, float]]:
    """Every lens of the database with a distortion or lateral colour, and its focal length in mm."""
    found: dict[str, tuple[Lens, float]] = {}
    for lens_id, lens in sorted(catalogue().lenses.items()):
        entries = catalogue().calibration_entries(lens_id, ("distortion", "tca"), tuple(Grade))
        optics = optics_of(entries, lens.focal_min)
        if entries:
            distortion = optics.distortion[0] if optics.distortion else UNITY
            found[lens_id] = Lens(distortion, optics.tca[0] if optics.tca else (UNITY, UNITY)), lens.focal_min
    return found
