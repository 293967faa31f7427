"""Flats of known fall-off and shading, rendered as a camera would take them: the ground truth of calibration."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sixbit.compiler.shading import Shading
from sixbit.lenses.catalogue import catalogue
from sixbit.values.light import srgb
from tests.scenery.photo_factory import exif

FloatArray = NDArray[np.float64]
Surface = Mapping[tuple[int, int], float]


@dataclass(frozen=True)
class Cast:
    """Red or blue against green: even powers of r, and powers of x and y, in half diagonals."""

    radial: tuple[float, ...] = ()
    surface: Surface = field(default_factory=dict)

    def at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        r2 = x**2 + y**2
        result = 1 + sum(c * r2 ** (n + 1) for n, c in enumerate(self.radial)) + 0 * x
        return result + sum(c * x**i * y**j for (i, j), c in self.surface.items())


@dataclass(frozen=True)
class Flat:
    """What is true of a lens and sensor, and how the frame was taken.

    ``level`` is the light in the centre, ``slope`` that of the light from the centre to the edges along x and y,
    ``warmth`` the same of red against green (and of blue, the other way), ``noise`` the shot noise at full light and
    ``read`` the noise of the dark, ``dust`` the number of spots, ``hot`` of hot pixels.
    """

    vignetting: tuple[float, float, float] = (-0.5, 0.1, -0.05)
    red: Cast = Cast()
    blue: Cast = Cast()
    size: tuple[int, int] = (1200, 800)
    level: float = 0.4
    slope: tuple[float, float] = (0.0, 0.0)
    warmth: tuple[float, float] = (0.0, 0.0)
    noise: float = 0.01
    read: float = 0.001
    dust: int = 0
    hot: int = 0
    white: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def points(self) -> tuple[FloatArray, FloatArray]:
        """Coordinates of the pixels in half diagonals."""
        width, height = self.size
        half = np.hypot(width - 1, height - 1) / 2
        x, y = np.meshgrid((np.arange(width) - (width - 1) / 2) / half, (np.arange(height) - (height - 1) / 2) / half)
        return x, y

    def light(self, seed: int = 0) -> FloatArray:
        """Linear light, (height, width, 3), with all that is in the way."""
        rng = np.random.default_rng(seed)
        x, y = self.points()
        r2 = x**2 + y**2
        k1, k2, k3 = self.vignetting
        green = self.level * (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) * (1 + self.slope[0] * x + self.slope[1] * y)
        warm = 1 + self.warmth[0] * x + self.warmth[1] * y
        for _ in range(self.dust):
            cx, cy = rng.uniform(x.min(), x.max()), rng.uniform(y.min(), y.max())
            size, depth = rng.uniform(0.004, 0.02), rng.uniform(0.05, 0.5)
            green *= 1 - depth * np.exp(-((((x - cx) ** 2 + (y - cy) ** 2) / size**2) ** 2))
        planes = [green * self.red.at(x, y) * warm, green, green * self.blue.at(x, y) / warm]
        light = np.stack([plane * w for plane, w in zip(planes, self.white, strict=True)], axis=2)
        light += rng.standard_normal(light.shape, np.float32) * np.sqrt(self.noise**2 * light + self.read**2)
        for _ in range(self.hot):
            light[rng.integers(light.shape[0]), rng.integers(light.shape[1]), rng.integers(3)] = rng.uniform(0.8, 1.5)
        return light

    def codes(self, seed: int = 0, bits: int = 8) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """The same as sRGB code values."""
        top = 2**bits - 1
        values = np.clip(srgb().encode(self.light(seed)), 0, 1) * top + 0.5
        return values.astype(np.uint16 if bits == 16 else np.uint8)


M10 = {"Make": "LEICA CAMERA AG", "Model": "LEICA M10"}
XIAOMI = {"Make": "Xiaomi", "Model": "Xiaomi 12S Ultra Concept"}


def save(
    pixels: NDArray[np.uint8] | NDArray[np.uint16],
    path: Path,
    quality: int = 92,
    f_number: float | None = 2.0,
    camera: Mapping[str, str] = M10,
    lens: str = "Summicron-M 35 mm f/2 ASPH.",
    xmp: bytes = b"",
) -> Path:
    """Write a frame with its tags, as JPEG, PNG or TIFF by its suffix; the body does not know the lens."""
    tags: dict[str, object] = {**camera, "LensModel": lens}
    if f_number:
        tags["FNumber"] = (round(f_number * 100), 100)
    block = exif(**tags)  # type: ignore[arg-type]
    if path.suffix == ".tif":
        import tifffile

        # tifffile cannot write a directory of EXIF: aperture and lens are given on the command line then.
        named = [(tag, "s", 0, camera[name], True) for tag, name in ((271, "Make"), (272, "Model"))]
        tifffile.imwrite(path, pixels, photometric="rgb", extratags=named)
        return path
    from PIL import Image

    stream = io.BytesIO()
    if path.suffix == ".png":
        import imagecodecs

        picture = imagecodecs.png_encode(pixels, level=1)
        chunk = b"eXIf" + block
        head, rest = picture[:33], picture[33:]
        stream.write(head + struct.pack(">I", len(block)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + rest)
    else:
        Image.fromarray(pixels).save(stream, "JPEG", quality=quality, exif=b"Exif\0\0" + block)
    path.write_bytes(stream.getvalue())
    return path


def corner_error(found: Sequence[float], true: Sequence[float]) -> float:
    """The largest error of a fall-off on the way to the corner, relative."""
    r2 = np.linspace(0, 1, 101) ** 2
    one, other = (1 + r2 * (k[0] + r2 * (k[1] + r2 * k[2])) for k in (found, true))
    return float(np.max(np.abs(one / other - 1)))


# Seeded cases ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A lens on a sensor, and the frames taken of it."""

    name: str
    lens_id: str
    crop_factor: float
    frames: tuple[Flat, ...]
    suffix: str
    bits: int
    quality: int

    def save(self, folder: Path, seed: int) -> list[Path]:
        """Write the frames."""
        paths = [folder / f"frame {number}{self.suffix}" for number in range(len(self.frames))]
        camera = M10 if self.crop_factor == 1.0 else XIAOMI
        for number, (frame, path) in enumerate(zip(self.frames, paths, strict=True)):
            save(frame.codes(1000 * seed + number, self.bits), path, self.quality, camera=camera)
        return paths


def cases(count: int, seed: int = 7, width: int = 1800) -> list[Case]:
    """Each calibrated lens at crop 1 and 2.64, with seeded fall-offs (lensfun's of real lenses) and shadings."""
    lenses = sorted(lens.lens_id for lens in catalogue().lenses.values() if lens.best_calibrations())
    rng = np.random.default_rng(seed)
    real = vignettings()
    found = []
    for number in range(count):
        lens_id = lenses[(number // 2) % len(lenses)]
        crop = (1.0, 2.64)[number % 2]
        suffix, bits = ((".jpg", 8), (".jpg", 8), (".tif", 16), (".png", 8), (".png", 16))[int(rng.integers(5))]
        k = real[int(rng.integers(len(real)))]
        strong = 1.0 if crop == 1.0 else 0.8
        turned = bool(rng.random() < 0.75)
        sided = turned and rng.random() < 0.5
        casts = [_cast(rng, strong, sided) for _ in range(2)]
        first = Flat(
            vignetting=(k[0] / crop**2, k[1] / crop**4, k[2] / crop**6),
            red=casts[0],
            blue=casts[1],
            size=(width, width * 2 // 3) if crop == 1.0 else (width, width * 3 // 4),
            level=float(0.03 * (0.55 / 0.03) ** rng.random()),
            slope=(float(rng.uniform(-0.06, 0.06)), float(rng.uniform(-0.06, 0.06))),
            warmth=(float(rng.uniform(-0.01, 0.01)), float(rng.uniform(-0.01, 0.01))) if turned else (0.0, 0.0),
            noise=float(rng.choice([0.002, 0.004, 0.006, 0.012, 0.02])),
            dust=int(rng.integers(0, 25)),
            hot=int(rng.integers(0, 100)),
            white=(float(rng.uniform(0.85, 1.1)), 1.0, float(rng.uniform(0.85, 1.1))),
        )
        if number % 3 == 0:  # As a camera's automatic white balance makes it, which JPEGs round worst.
            first = replace(first, white=(1.0, 1.0, 1.0))
        frames = [first]
        if turned:
            slope, warmth = (-first.slope[0], -first.slope[1]), (-first.warmth[0], -first.warmth[1])
            frames.append(replace(first, slope=slope, warmth=warmth, level=first.level * float(rng.uniform(0.9, 1.1))))
        quality = int(rng.integers(85, 96))
        kind = f"{suffix[1:]} {quality if suffix == '.jpg' else bits}"
        name = f"{lens_id}, crop {crop:g}, {kind}, {len(frames)} frame{'s' * turned}{', sided' * sided}"
        found.append(Case(name, lens_id, crop, tuple(frames), suffix, bits, quality))
    return found


def vignettings() -> list[tuple[float, float, float]]:
    """Of real lenses, as lensfun's database has them: those that fall to the corner, and not to nothing."""
    import lensfunpy

    known = set()
    r2 = np.linspace(0, 1, 101) ** 2
    for lens in lensfunpy.Database().lenses:
        for measured in lens.calib_vignetting:
            k1, k2, k3 = measured.terms[:3]
            light = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
            if np.all(np.diff(light) <= 0) and 0.08 < light[-1] < 0.95:
                known.add((round(k1, 5), round(k2, 5), round(k3, 5)))
    return sorted(known)


def _cast(rng: np.random.Generator, strong: float, sided: bool) -> Cast:
    radial = (float(rng.uniform(-0.12, 0.06)) * strong, float(rng.uniform(-0.05, 0.05)) * strong)
    if not sided:
        return Cast(radial)
    powers = [(1, 0), (0, 1), (1, 1), (3, 0), (1, 2), (2, 1)]
    return Cast(radial, {ij: float(rng.uniform(-0.03, 0.03)) for ij in powers})


def scene(number: int, size: tuple[int, int] = (900, 600)) -> tuple[str, NDArray[np.uint8]]:
    """A photo that is no flat: an even number is of something real, an odd one made of soft or hard structure."""
    from PIL import Image
    from skimage import data
    from skimage.filters import gaussian

    rng = np.random.default_rng(number)
    width, height = size
    if number % 2 == 0:
        names = ("astronaut", "coffee", "chelsea", "rocket", "immunohistochemistry", "retina", "hubble_deep_field")
        name = str(rng.choice(names[:3] if number % 4 else names[:5]))
        picture = np.asarray(getattr(data, name)())[:, :, :3]
        share = rng.uniform(0.3, 1.0)
        h, w = int(picture.shape[0] * share), int(picture.shape[1] * share)
        y, x = rng.integers(picture.shape[0] - h + 1), rng.integers(picture.shape[1] - w + 1)
        enlarged = Image.fromarray(picture[y : y + h, x : x + w]).resize(size, Image.Resampling.BICUBIC)
        blur = float(rng.choice([0, 0, 4, 15, 40]))
        light = np.asarray(enlarged) / 255
        light = gaussian(light, blur, channel_axis=2) if blur else light
        light = 0.05 + 0.85 * light
        return f"{name}, blurred by {blur:g} px", (light * 255 + rng.normal(0, 1, light.shape)).clip(0, 255).astype(
            np.uint8
        )
    kind = str(rng.choice(["stripes", "clouds", "horizon", "tiles", "lamp", "leaves"]))
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    angle = rng.uniform(0, np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    if kind == "stripes":
        pattern = np.sin(rng.uniform(3, 60) * along + rng.uniform(0, 6))
    elif kind == "clouds":
        pattern = 3 * gaussian(rng.normal(size=(height, width)), rng.uniform(5, 80), mode="reflect")
        pattern /= pattern.std()
    elif kind == "horizon":
        pattern = np.tanh((along - rng.uniform(-0.5, 0.5)) * rng.uniform(2, 30))
    elif kind == "tiles":
        pattern = np.sign(np.sin(rng.uniform(10, 60) * x) * np.sin(rng.uniform(10, 60) * y))
    elif kind == "lamp":
        pattern = 3 * np.exp(
            -((x - rng.uniform(0.3, 0.9)) ** 2 + (y - rng.uniform(-0.9, 0.9)) ** 2) / rng.uniform(0.1, 0.8)
        )
    else:
        pattern = gaussian(rng.normal(size=(height, width)), 1.5)
        pattern /= pattern.std()
    strength = rng.uniform(0.08, 0.5)
    light = 0.45 * np.exp(strength * pattern) * (1 - rng.uniform(0, 0.5) * (x**2 + y**2) / 2)
    colour = light[:, :, None] * rng.uniform(0.8, 1.1, 3)
    colour += rng.normal(0, 0.004, colour.shape)
    return f"{kind}, {strength:.2f}", (srgb().encode(np.clip(colour, 0, 1)) * 255 + 0.5).astype(np.uint8)


def shading_error(found: Shading, flat: Flat) -> float:
    """The largest error of red or blue against green anywhere in the frame, relative."""
    width, height = flat.size
    half = np.hypot(width, height) / 2
    x, y = np.meshgrid(np.linspace(-width, width, 41) / 2 / half, np.linspace(-height, height, 31) / 2 / half)
    errors = [plane.at(x, y) / true.at(x, y) - 1 for plane, true in ((found.red, flat.red), (found.blue, flat.blue))]
    return float(np.max(np.abs(errors)))
