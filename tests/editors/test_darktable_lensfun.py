"""The real darktable, with Sixbit's lenses installed beside its own, corrects photos by their tags alone.

What it exports is compared with Sixbit's correction of the same photo. Left to itself darktable enlarges by lensfun's
autoscale, which is asked of lensfun here, where Sixbit looks at the whole border. Both resample bicubically in linear
light, but darktable in Rec2020: where lateral colour moves the planes apart, that mixes a little of each into the
others. It is half of the 0.2 / 255 that is left; resampled in Rec2020, Sixbit's picture differs by 0.09 / 255.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

import sixbit
from sixbit.compiler.compile import compile_filter
from sixbit.install import lensfun
from sixbit.values.choices import Choices
from tests.scenery.darktable_lens import SIZE, STEP, Pixels, autoscale_of_lensfun, export, rmse, sidecar
from tests.scenery.photo_factory import exif
from tests.scenery.root import SUITES


@dataclass(frozen=True)
class Taken:
    """A photo to be exported: what its tags say, and the lens chosen by hand in darktable, if any."""

    lens: str
    focal: int
    f_number: float
    make: str = "LEICA CAMERA AG"
    model: str = "LEICA M10"
    by_hand: str = ""


SUMMICRON = Taken("Summicron-M 1:2/35 ASPH.", 35, 4.0)
PHOTOS = {
    "summicron": SUMMICRON,
    "summicron-on-sony": Taken(SUMMICRON.lens, 35, 4.0, "SONY", "ILCE-7M3"),
    "summicron-by-hand": Taken("something else", 35, 4.0, by_hand="Summicron-M 1:2/35 Asph."),
    "summilux-open": Taken("Summilux-M 1:1.4/28 ASPH.", 28, 1.4),
    "summilux-between": Taken("Summilux-M 1:1.4/28 ASPH.", 28, 2.0),
    "elmarit-by-stock": Taken("Elmarit-M 1:2.8/28 ASPH.", 28, 4.0),
    "summicron-50-by-stock": Taken("Summicron-M 50mm f/2", 50, 4.0),
    "uncalibrated": Taken("Elmarit-M 1:2.8/21", 21, 4.0),
}
NEW = ("summicron", "summilux-open")
"""What the stock database of these suites knows nothing of."""
BY_STOCK = ("elmarit-by-stock", "summicron-50-by-stock")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return taken(tmp_path_factory.mktemp("photos"), PHOTOS)


def taken(folder: Path, names: Iterable[str]) -> Path:
    """A folder with these photos and the sidecars that switch darktable's lens module on."""
    picture = Image.fromarray(data.coffee()).resize(SIZE, Image.Resampling.BICUBIC)
    for name in names:
        photo = PHOTOS[name]
        tags = exif(
            Make=photo.make,
            Model=photo.model,
            LensModel=photo.lens,
            FocalLength=(photo.focal, 1),
            FNumber=(round(photo.f_number * 10), 10),
        )
        picture.save(folder / f"{name}.jpg", quality=97, subsampling=0, exif=b"Exif\0\0" + tags)
        (folder / f"{name}.jpg.xmp").write_text(sidecar(photo.by_hand))
    return folder


@pytest.fixture(scope="module", params=SUITES)
def exported(
    request: pytest.FixtureRequest, photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Pixels]]:
    """The exports of a darktable that has Sixbit's lenses, and of one that has not."""
    bare, home = tmp_path_factory.mktemp("bare"), tmp_path_factory.mktemp("home")
    fewer = taken(tmp_path_factory.mktemp("fewer"), [*NEW, *BY_STOCK])
    without = export(request.param, fewer, bare, tmp_path_factory.mktemp("without"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.delenv("XDG_DATA_HOME", raising=False)
        lensfun.install()
    return {
        "with": export(request.param, photos, home, tmp_path_factory.mktemp("with")),
        "without": without,
    }


def original(photos: Path, name: str) -> NDArray[np.uint16]:
    return np.asarray(Image.open(photos / f"{name}.jpg")).astype(np.uint16) * 257


def corrected(photos: Path, name: str, lens_id: str, scale: str | float) -> Pixels:
    """Sixbit's own correction, from 0 to 1."""
    compiled = compile_filter(
        lens_id,
        choices=Choices(crop_factor=1.0, f_number=PHOTOS[name].f_number, distance_m=1000.0, scale=scale),
        size=SIZE,
    )
    return sixbit.apply(compiled, original(photos, name), engine="reference") / 65535


@pytest.mark.parametrize("name", NEW)
def test_stock_darktable_does_not_know_these(name: str, photos: Path, exported: dict[str, dict[str, Pixels]]) -> None:
    assert rmse(exported["without"][name], original(photos, name) / 65535) < STEP / 50


def test_distortion_and_lateral_colour_by_tags_alone(photos: Path, exported: dict[str, dict[str, Pixels]]) -> None:
    ours = corrected(photos, "summicron", "summicron-35-asph", autoscale_of_lensfun())
    theirs = exported["with"]["summicron"]
    assert rmse(theirs, original(photos, "summicron") / 65535) > 10 * STEP
    assert rmse(theirs, ours, margin=4) < STEP / 4


def test_distortion_and_lateral_colour_at_scale_one(photos: Path, exported: dict[str, dict[str, Pixels]]) -> None:
    ours = corrected(photos, "summicron-by-hand", "summicron-35-asph", "none")
    filled = np.all(ours > 0, axis=2)
    difference = (exported["with"]["summicron-by-hand"] - ours)[filled]
    assert filled.mean() > 0.9
    assert float(np.sqrt(np.mean(difference**2))) < STEP / 2


def test_a_body_with_another_mount(exported: dict[str, dict[str, Pixels]]) -> None:
    assert rmse(exported["with"]["summicron-on-sony"], exported["with"]["summicron"]) < STEP / 50


@pytest.mark.parametrize("name", ["summilux-open", "summilux-between"])
def test_published_vignetting_by_tags_alone(name: str, photos: Path, exported: dict[str, dict[str, Pixels]]) -> None:
    theirs = exported["with"][name]
    assert rmse(theirs, original(photos, name) / 65535) > 10 * STEP
    assert rmse(theirs, corrected(photos, name, "summilux-28", "none")) < STEP / 10


@pytest.mark.parametrize("name", BY_STOCK)
def test_what_the_stock_database_corrects_is_corrected_still(
    name: str, photos: Path, exported: dict[str, dict[str, Pixels]]
) -> None:
    assert rmse(exported["without"][name], original(photos, name) / 65535) > STEP / 2
    assert np.array_equal(exported["with"][name], exported["without"][name])


def test_a_lens_without_a_calibration_changes_nothing(photos: Path, exported: dict[str, dict[str, Pixels]]) -> None:
    assert rmse(exported["with"]["uncalibrated"], original(photos, "uncalibrated") / 65535) < STEP / 50
