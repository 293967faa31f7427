"""Make photo.jpg: a picture as a Leica M10 with a Summicron-M 1:2/35 ASPH. would have taken it.

The picture is the launch pad of DSCOVR by SpaceX, in the public domain, which ships with scikit-image as
``skimage.data.rocket``. It is brought to 1536 x 1024 px and bent and fringed by lensfun's own forward model of the
lens, as fitted to photos of a Leica M10, so what a correction has to undo is known. The tags are those such a photo
has: no f-number but the camera's estimate, and the name of the lens from the six-bit code.

    python examples/make_photo.py [OUT]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import lensfunpy
import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms
from PIL.TiffImagePlugin import IFDRational
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import map_coordinates

FloatArray = NDArray[np.float64]

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1536, 1024
LENS, FOCAL_MM, CROP = "Summicron-M 1:2/35 Asph.", 35, 1.0
GRAIN = 0.003

TAGS: dict[int, Any] = {
    ExifTags.Base.ImageDescription: "Photo by SpaceX, public domain; tags and lens errors added as a sample",
    ExifTags.Base.Make: "Leica Camera AG",
    ExifTags.Base.Model: "LEICA M10",
    ExifTags.Base.Orientation: 1,
}
EXIF_TAGS: dict[int, Any] = {
    ExifTags.Base.ExposureTime: IFDRational(1, 15),
    ExifTags.Base.ISOSpeedRatings: 400,
    ExifTags.Base.DateTimeOriginal: "2017:07:01 05:30:00",
    ExifTags.Base.ApertureValue: IFDRational(496, 100),
    ExifTags.Base.MaxApertureValue: IFDRational(511, 256),
    ExifTags.Base.FocalLength: IFDRational(FOCAL_MM, 1),
    ExifTags.Base.FocalLengthIn35mmFilm: FOCAL_MM,
    ExifTags.Base.ExifImageWidth: WIDTH,
    ExifTags.Base.ExifImageHeight: HEIGHT,
    ExifTags.Base.LensModel: "Summicron-M 1:2/35 ASPH.",
}


def taken_from() -> FloatArray:
    """Where each pixel of the photo shows the scene, in px of the same frame: (3, 2, HEIGHT, WIDTH), x and y.

    lensfun answers single pixels exactly and rows of them not quite, so it is asked for every sixteenth.
    """
    database = lensfunpy.Database(
        paths=[str(HERE.parent / "lens_db" / "lensfun-leica.xml")], load_common=False, load_bundled=False
    )
    (lens,) = (lens for lens in database.lenses if lens.model == LENS)
    modifier = lensfunpy.Modifier(lens, CROP, WIDTH, HEIGHT)
    kinds = lensfunpy.ModifyFlags.DISTORTION | lensfunpy.ModifyFlags.TCA
    modifier.initialize(FOCAL_MM, 5.6, 1000.0, scale=1.0, flags=kinds, reverse=True)
    xs = np.linspace(0, WIDTH - 1, WIDTH // 16).round().astype(int)
    ys = np.linspace(0, HEIGHT - 1, HEIGHT // 16).round().astype(int)
    answers = np.array(
        [[modifier.apply_subpixel_geometry_distortion(int(x), int(y), 1, 1)[0, 0] for x in xs] for y in ys], np.float64
    )
    rows, columns = np.arange(HEIGHT), np.arange(WIDTH)
    return np.array(
        [[RectBivariateSpline(ys, xs, answers[:, :, k, axis])(rows, columns) for axis in (0, 1)] for k in range(3)]
    )


def photo() -> Image.Image:
    """The scene seen through the lens, resampled once, in linear light."""
    encoded: FloatArray = skimage.data.rocket() / 255
    scene = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    points = taken_from()
    # The lens shows a little less or more than the frame: fit what it shows into the picture there is.
    centre = np.array([WIDTH - 1, HEIGHT - 1]) / 2
    reach = np.abs(points - centre[:, None, None]).max(axis=(0, 2, 3))
    middle = np.array([scene.shape[1] - 1, scene.shape[0] - 1]) / 2
    points = middle[:, None, None] + (points - centre[:, None, None]) * (middle / reach).min()
    light = np.stack(
        [map_coordinates(scene[..., k], points[k, ::-1], order=3, mode="nearest") for k in range(3)], axis=-1
    ).clip(0, 1)
    values = np.where(light <= 0.04045 / 12.92, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    # A breath of grain, since a small picture made larger is smoother than any photo.
    values += np.random.default_rng(35).normal(0, GRAIN, (HEIGHT, WIDTH, 1))
    return Image.fromarray((values.clip(0, 1) * 255 + 0.5).astype(np.uint8))


def srgb_profile() -> bytes:
    """The ICC profile of sRGB, without the hour it was made at (ICC.1:2022, section 7.2.2: bytes 24 to 35)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = np.array([2017, 7, 1, 0, 0, 0], ">u2").tobytes()
    return bytes(profile)


def main(out: Path) -> None:
    exif = Image.Exif()
    exif.update(TAGS)
    exif.get_ifd(ExifTags.IFD.Exif).update(EXIF_TAGS)
    photo().save(out, "JPEG", quality=92, subsampling="4:4:4", optimize=True, icc_profile=srgb_profile(), exif=exif)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "photo.jpg")
