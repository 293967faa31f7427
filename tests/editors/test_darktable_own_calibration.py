"""A calibration of one's own, made by Sixbit's commands and exported or installed, in the real darktable.

All that lensfun can say is measured from rendered photos of a lens that no database knows anything of; what darktable
then makes of a photo is compared with Sixbit's correction of it. Fall-off and lateral colour alone come out the same to
0.01 / 255 (resampled in darktable's Rec2020); what is left is of lensfun 0.3.4, whose answers for whole rows are up to
0.3 px off where distortion is strong, along them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import sixbit
from sixbit.cli.main import main
from sixbit.compiler import optics as models
from sixbit.compiler.compile import compile_filter
from sixbit.compiler.optics import SensorPicture
from sixbit.lenses.catalogue import reload_catalogue
from sixbit.values.choices import Choices
from tests.scenery.camera import Camera, Lens, as_photo, photograph
from tests.scenery.darktable_lens import SIZE, STEP, Pixels, autoscale_of_lensfun, export, rmse, sidecar
from tests.scenery.flats import Flat, save
from tests.scenery.photo_factory import exif
from tests.scenery.root import SUITES
from tests.scenery.scenes import building, foliage

LENS, NAME = "summarit-35-2.5", "Summarit-M 1:2.5/35"
BODY = {"Make": "SONY", "Model": "ILCE-7M3"}
"""A body that compensates nothing: what is left by one that does is for its own photos alone."""
BARREL, FRINGES = -0.02, (1.0005, 0.9995)
PHOTOS = 3
FALL_OFF = {2.5: (-0.6, 0.25, -0.1), 5.6: (-0.25, 0.05, -0.02)}
WAYS = ("exported", "installed")
BY_HAND = {"by-tags": "", "by-hand": NAME}
"""Photos, and the lens chosen by hand in darktable: it then enlarges nothing by itself."""


@dataclass(frozen=True)
class Seen:
    """What darktable makes of the photos, and Sixbit."""

    theirs: dict[str, Pixels]
    ours: dict[str, Pixels]
    original: Pixels


def calibrate(folder: Path) -> None:
    """Measure the lens by the commands: distortion, lateral colour, and the fall-off at two apertures."""
    rng = np.random.default_rng(5)
    camera = Camera(SensorPicture(900, 600, 1.0), 35.0, noise=0.004)
    bent = Lens(distortion=models.distortion("poly3", (BARREL,)))
    lines = [
        save(as_photo(photograph(building(rng), bent, camera, rng)), folder / f"lines {n}.jpg", lens=NAME)
        for n in range(PHOTOS)
    ]
    fringed = Lens(tca=models.tca("linear", FRINGES))
    sharp = folder / "tca.jpg"
    tags = exif(**BODY, LensModel=NAME)
    picture = as_photo(photograph(foliage(rng), fringed, camera, rng))
    Image.fromarray(picture).save(sharp, quality=95, subsampling=0, exif=b"Exif\0\0" + tags)
    runs = [["lines", *lines], ["tca", sharp]]
    for f_number, terms in FALL_OFF.items():
        flat = Flat(terms, size=(900, 600), slope=(0.04, 0.01), noise=0.004)
        turned = replace(flat, slope=(-0.04, -0.01))
        frames = [
            save(one.codes(n), folder / f"flat {f_number:g} {n}.png", f_number=f_number, lens=NAME, camera=BODY)
            for n, one in enumerate((flat, turned))
        ]
        runs.append(["flat", *frames])
    for what, *paths in runs:
        assert main(["calibrate", str(what), *map(str, paths), "--lens", LENS]) == 0


def taken(folder: Path) -> Path:
    """The photos to be exported, with sidecars that switch darktable's lens module on; f/4 lies between what is known.

    The picture is dark enough that nothing is clipped as the fall-off is brightened.
    """
    picture = Image.fromarray(data.coffee()).resize(SIZE, Image.Resampling.BICUBIC)
    picture = picture.point(lambda code: code * 0.6)
    tags = exif(**BODY, LensModel=NAME, FocalLength=(35, 1), FNumber=(40, 10))
    for name, by_hand in BY_HAND.items():
        picture.save(folder / f"{name}.jpg", quality=97, subsampling=0, exif=b"Exif\0\0" + tags)
        (folder / f"{name}.jpg.xmp").write_text(sidecar(by_hand))
    return folder


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a user who has calibrated the lens; all of this file is done in it."""
    home = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_DATA_HOME", str(home / ".local/share"))
        reload_catalogue()
        calibrate(tmp_path_factory.mktemp("frames"))
        assert main(["calibrate", "export", "--complete", "-o", str(home / "mine.xml")]) == 0
        yield home
    reload_catalogue()


@pytest.fixture(scope="module", params=[(suite, way) for suite in SUITES for way in WAYS], ids="-".join)
def seen(request: pytest.FixtureRequest, own: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    suite, way = request.param
    home, photos = own, taken(tmp_path_factory.mktemp("photos"))
    if way == "exported":
        home = tmp_path_factory.mktemp("other")
        (home / ".local/share/lensfun").mkdir(parents=True)
        shutil.copy(own / "mine.xml", home / ".local/share/lensfun")
    else:
        assert main(["install", "lensfun"]) == 0
    theirs = export(suite, photos, home, tmp_path_factory.mktemp("out"))
    original = np.asarray(Image.open(photos / "by-hand.jpg")).astype(np.uint16) * 257
    ours = {}
    for name, by_hand in BY_HAND.items():
        scale = "none" if by_hand else autoscale_of_lensfun(file=own / "mine.xml", model=NAME)
        filter = compile_filter(
            LENS, choices=Choices(crop_factor=1.0, f_number=4.0, distance_m=1000.0, scale=scale), size=SIZE
        )
        assert filter.made_from["corrections"] == ["distortion", "tca", "vignetting"]
        ours[name] = sixbit.apply(filter, original, engine="reference") / 65535
    return Seen(theirs, ours, original / 65535)


@pytest.mark.parametrize("name", BY_HAND)
def test_darktable_makes_the_same_picture(seen: Seen, name: str) -> None:
    theirs, ours = seen.theirs[name], seen.ours[name]
    assert rmse(theirs, seen.original) > 10 * STEP
    filled = np.all(ours > 0, axis=2)
    assert filled.mean() > 0.9
    difference = np.where(filled[..., None], theirs - ours, 0.0)
    print(f"{name}: {rmse(difference, np.zeros_like(difference), margin=4) / STEP:.2f} / 255")
    assert rmse(difference, np.zeros_like(difference), margin=4) < 0.75 * STEP
