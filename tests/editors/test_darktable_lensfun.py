"""The real darktable, with Sixbit's lenses installed beside its own, corrects photos by their tags alone.

What it exports is compared with Sixbit's correction of the same photo. Left to itself darktable enlarges by lensfun's
autoscale, which is asked of lensfun here, where Sixbit looks at the whole border. Both resample bicubically in linear
light, but darktable in Rec2020: where lateral colour moves the planes apart, that mixes a little of each into the
others. It is half of the 0.2 / 255 that is left; resampled in Rec2020, Sixbit's picture differs by 0.09 / 255.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import lensfunpy
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from skimage import data

import sixbit
from sixbit.compiler.compile import compile_filter
from sixbit.install import lensfun
from sixbit.manifest import data_path
from tests.scenery.photo_factory import exif
from tests.scenery.root import SUITES, system_root

SIZE = (600, 400)
STEP = 1 / 255
"""One step of an 8-bit picture: the most that the two may differ by, root mean square."""

ALL = 7
"""darktable's flags for distortion, lateral colour and vignetting, and lensfun's target geometry: rectilinear."""
RECTILINEAR = 1


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
    "summilux-open": Taken("Summilux-M 1:1.4/21 ASPH.", 21, 1.4),
    "summilux-between": Taken("Summilux-M 1:1.4/21 ASPH.", 21, 2.0),
    "elmarit-by-stock": Taken("Elmarit-M 1:2.8/28 ASPH.", 28, 4.0),
    "summicron-50-by-stock": Taken("Summicron-M 50mm f/2", 50, 4.0),
    "uncalibrated": Taken("Elmarit-M 1:2.8/21", 21, 4.0),
}
NEW = ("summicron", "summilux-open")
"""What the stock database of these suites knows nothing of."""
BY_STOCK = ("elmarit-by-stock", "summicron-50-by-stock")

Pixels = NDArray[np.float64]


def lens_settings(by_hand: str) -> bytes:
    """Parameters of darktable's lens module, version 10: ``has_been_set`` 0 goes by the tags, 1 by the names here.

    The order is that of ``dt_iop_lens_params_t`` in darktable 5's ``src/iop/lens.cc``.
    """
    camera = b"Leica M10" if by_hand else b""
    lens = struct.pack(
        "<iii5fi128s128si2f", 1, ALL, 0, 1.0, 1.0, 35.0, 4.0, 1000.0, RECTILINEAR, camera, by_hand.encode(), 0, 1.0, 1.0
    )
    embedded_and_manual = struct.pack("<5fifi3f2i", 1, 1, 1, 1, 1, 0, 1, bool(by_hand), 0, 0.5, 0.5, 0, 0)
    return lens + embedded_and_manual


def sidecar(by_hand: str) -> str:
    """An XMP file whose history is the lens module alone, in the module order for pictures that are no raws."""
    blending = struct.pack("<2I", 0, 0).hex() + "00" * 412
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:darktable="http://darktable.sf.net/" darktable:xmp_version="5"
 darktable:auto_presets_applied="1" darktable:history_end="1" darktable:iop_order_version="5">
<darktable:history><rdf:Seq><rdf:li darktable:num="0" darktable:operation="lens" darktable:enabled="1"
 darktable:modversion="10" darktable:params="{lens_settings(by_hand).hex()}" darktable:multi_priority="0"
 darktable:blendop_version="13" darktable:blendop_params="{blending}"/></rdf:Seq></darktable:history>
</rdf:Description></rdf:RDF></x:xmpmeta>
"""


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


def export(suite: str, photos: Path, home: Path, out: Path) -> dict[str, Pixels]:
    """What darktable makes of the photos, from 0 to 1."""
    settings = {
        "plugins/imageio/format/tiff/bpp": "16",
        "plugins/darkroom/workflow": "none",
        "plugins/lighttable/export/pixel_interpolator_warp": "bicubic",
        "write_sidecar_files": "never",
    }
    done = system_root(suite).run(
        ["darktable-cli", "/mnt/photos", "/mnt/out", "--out-ext", "tif", "--icc-type", "SRGB", "--core"]
        + ["--library", ":memory:", "--configdir", "/tmp/config", "--cachedir", "/tmp/cache"]
        + [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")],
        timeout=120,
        binds={"/mnt/photos": photos, "/mnt/out": out, "/root": home},
    )
    exported = {path.stem: tifffile.imread(path) / 65535 for path in out.glob("*.tif")}
    wanted = {path.stem for path in photos.glob("*.jpg")}
    assert set(exported) == wanted, f"darktable-cli: {done.returncode} {done.stdout[-2000:]} {done.stderr[-2000:]}"
    return exported


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


def rmse(a: Pixels, b: Pixels, margin: int = 0) -> float:
    frame = slice(margin, -margin or None), slice(margin, -margin or None)
    return float(np.sqrt(np.mean((a[frame] - b[frame]) ** 2)))


def original(photos: Path, name: str) -> NDArray[np.uint16]:
    return np.asarray(Image.open(photos / f"{name}.jpg")).astype(np.uint16) * 257


def corrected(photos: Path, name: str, lens_id: str, scale: str | float) -> Pixels:
    """Sixbit's own correction, from 0 to 1."""
    compiled = compile_filter(
        lens_id, size=SIZE, crop_factor=1.0, f_number=PHOTOS[name].f_number, scale=scale, distance_m=1000.0
    )
    return sixbit.apply(compiled, original(photos, name), engine="reference") / 65535


def autoscale_of_lensfun(
    crop_factor: float = 1.0, file: Path | None = None, model: str = "Summicron-M 1:2/35"
) -> float:
    """How much lensfun enlarges a 35 mm lens's picture of itself: from two answers for a point near the centre."""
    file = file or data_path("lens_db") / "lensfun-leica.xml"
    known = lensfunpy.Database(paths=[str(file)], load_common=False, load_bundled=False)
    lens = next(lens for lens in known.lenses if lens.model.startswith(model))
    answers = []
    for scale in (1.0, 0.0):  # 0 asks for the autoscale
        modifier = lensfunpy.Modifier(lens, crop_factor, *SIZE)
        modifier.initialize(35.0, 4.0, 1000.0, scale=scale)
        answers.append(modifier.apply_geometry_distortion(SIZE[0] / 2 + 0.5, SIZE[1] / 2 - 0.5, 1, 1)[0, 0, 0])
    centre = (SIZE[0] - 1) / 2
    return float((answers[0] - centre) / (answers[1] - centre))


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
    assert rmse(theirs, corrected(photos, name, "summilux-21", "none")) < STEP / 10


@pytest.mark.parametrize("name", BY_STOCK)
def test_what_the_stock_database_corrects_is_corrected_still(
    name: str, photos: Path, exported: dict[str, dict[str, Pixels]]
) -> None:
    assert rmse(exported["without"][name], original(photos, name) / 65535) > STEP / 2
    assert np.array_equal(exported["with"][name], exported["without"][name])


def test_a_lens_without_a_calibration_changes_nothing(photos: Path, exported: dict[str, dict[str, Pixels]]) -> None:
    assert rmse(exported["with"]["uncalibrated"], original(photos, "uncalibrated") / 65535) < STEP / 50
