"""Lateral colour from edges: recovered from rendered photos of known lenses, or not enough."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sixbit.calibration.tca import keep, measure_tca
from sixbit.cli.main import main
from sixbit.compiler import optics as models
from sixbit.compiler.optics import Sensor, SensorPicture
from sixbit.export.correct import correct
from sixbit.lenses.catalogue import catalogue
from sixbit.measure.displacement import displacements, sharp_blocks
from sixbit.measure.tca import MeasuredTca, tca_in
from sixbit.photos.jpeg import has_halved_chroma
from sixbit.values.errors import CalibrationError
from sixbit.values.light import srgb
from tests.scenery.scenes import Camera, Lens, as_photo, building, clouds, foliage, photograph, tca_error

FRAME = SensorPicture(1200, 800, 1.0)
CORNER = FRAME.half_diagonal
LENS = Lens((0.99, 0.0, 0.01), ((1 + 1.6 / CORNER,), (1 - 0.8 / CORNER,)))
BENT = Lens((1.0,), ((1 - 1.0 / CORNER, 0.0, 2.5 / CORNER / 3.25), (1 + 0.9 / CORNER,)))
UNCALIBRATED = "elmarit-28-i"


def photo_of(scene: Any, lens: Lens, seed: int = 3, noise: float = 0.005) -> Any:
    rng = np.random.default_rng(seed)
    return photograph(scene(rng), lens, Camera(FRAME, noise=noise), rng)


def error_of(found: MeasuredTca, lens: Lens) -> float:
    polynomials = models.tca(found.model.name, found.model.terms)
    return tca_error(lens, polynomials, FRAME, Sensor(1.0, 1.5))


def write(path: Path, values: Any, **options: Any) -> Path:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Leica Camera AG", "LEICA M10"
    Image.fromarray(as_photo(values)).save(path, exif=exif, **options)
    return path


@pytest.fixture(scope="module")
def leaves() -> Any:
    return photo_of(foliage, LENS)


@pytest.mark.parametrize(
    ("bits", "quality", "subsampling"), [(8, None, 0), (16, None, 0), (8, 95, 0), (8, 92, 2), (8, 85, 2)]
)
def test_known_lateral_colour_is_found(leaves: Any, bits: int, quality: int | None, subsampling: int) -> None:
    found = tca_in(as_photo(leaves, bits, quality, subsampling), srgb(), halved_chroma=subsampling == 2)
    assert error_of(found, LENS) < 0.15
    assert found.corner_error < 0.15
    assert found.corner_px[0] > 1 > -0.5 > found.corner_px[1]


def test_colours_of_half_the_resolution_are_compared_with_a_green_as_smooth(leaves: Any) -> None:
    """Red and blue of a 4:2:0 JPEG are green's own details and smoothed differences: not to be taken for sharp ones."""
    photo = as_photo(leaves, 8, 90, 2)
    known, mistaken = (error_of(tca_in(photo, srgb(), halved_chroma=halved), LENS) for halved in (True, False))
    assert known < 0.08
    assert known < 0.7 * mistaken


def spines(gap: float, magnified: tuple[float, float, float], apart: float = 40) -> Any:
    """Code values of upright stripes of many colours, dark ``gap`` px between them; each plane ``magnified``."""
    rng = np.random.default_rng(1)
    x = np.arange(1000) - 499.5
    light = rng.uniform(0.05, 0.5, (60, 1)) * rng.uniform(0.5, 1.5, (60, 3))
    planes = np.full((3, len(x)), 0.02)
    for k in range(3):
        for number in range(60):
            inside = (apart - gap) / 2 - np.abs(x / magnified[k] - (number - 30) * apart)
            planes[k] += (light[number, k] - 0.02) / (1 + np.exp(np.clip(-2.27 * inside, -50, 50)))
    return np.tile(srgb().encode(planes.T), (400, 1, 1))


@pytest.mark.parametrize(("gap", "largest"), [(5, 0.12), (9, 0.03)])
def test_the_next_edge_does_not_pull(gap: float, largest: float) -> None:
    """Beside an edge is the next, between other colours: what it does to a block is less than the block says."""
    magnified = (1.002, 1.0, 0.999)
    blocks = sharp_blocks(as_photo(spines(gap, magnified), 16), srgb())
    truth = np.array([[magnified[0] - 1], [magnified[2] - 1]]) * blocks.r
    found = displacements(blocks, truth, 1.3)
    tells = found.error < 0.6
    error, stated = (found.value - truth)[tells], found.error[tells]
    assert np.count_nonzero(tells) > 700
    assert np.sqrt(np.average(error**2, weights=stated**-2)) < largest
    assert np.sqrt(np.mean((error / stated) ** 2)) < 1


def test_what_is_not_in_proportion_to_the_radius_is_poly3() -> None:
    found = tca_in(as_photo(photo_of(foliage, BENT)), srgb())
    assert found.model.name == "poly3"
    assert error_of(found, BENT) < 0.15


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(lambda: photo_of(clouds, LENS), id="sky"),
        pytest.param(lambda: np.random.default_rng(1).random((600, 900, 3)), id="noise"),
        pytest.param(lambda: np.full((600, 900, 3), 0.4), id="one colour"),
        pytest.param(lambda: np.full((1, 1, 3), 0.4), id="one pixel"),
        pytest.param(lambda: np.full((40, 4000, 3), 0.4), id="a strip"),
        pytest.param(
            lambda: np.stack([photo_of(foliage, LENS, seed)[..., 1] for seed in (5, 6, 7)], axis=2), id="other edges"
        ),
        pytest.param(lambda: photo_of(building, LENS) * (np.hypot(*np.mgrid[-1:1:800j, -1.5:1.5:1200j]) < 1)[..., None],
                     id="centre alone"),
    ],
)  # fmt: skip
def test_a_photo_without_edges_is_not_enough(values: Any) -> None:
    with pytest.raises(CalibrationError, match="not enough"):
        tca_in(as_photo(values()), srgb())


def test_a_lens_without_lateral_colour_is_left_alone() -> None:
    with pytest.raises(CalibrationError, match="none to be seen"):
        tca_in(as_photo(photo_of(foliage, Lens())), srgb())


def test_a_grey_picture_has_none() -> None:
    with pytest.raises(CalibrationError, match="no colours"):
        tca_in(np.zeros((50, 50), np.uint8), srgb())


def test_the_way_a_jpeg_holds_colour_is_seen(tmp_path: Path) -> None:
    from PIL import Image

    for subsampling, halved in ((0, False), (1, True), (2, True)):
        path = tmp_path / f"{subsampling}.jpg"
        Image.new("RGB", (32, 32)).save(path, subsampling=subsampling)
        assert has_halved_chroma(path) is halved
    file = tmp_path / "no photo"
    file.write_bytes(io.BytesIO(b"?").getvalue())
    assert not has_halved_chroma(file)


def test_measured_kept_and_corrected(
    leaves: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = write(tmp_path / "leaves.png", leaves)
    shares: list[float] = []
    result = measure_tca([path], UNCALIBRATED, progress=lambda share, _: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert "red 1." in result.verdict[0]
    run = keep(result)
    assert [run.kinds, run.lens_id] == [("tca",), UNCALIBRATED]
    done = correct(path, tmp_path / "out.png", lens=UNCALIBRATED, corrections=("tca",))
    assert done.filter.made_from["calibrations"]["tca"]["grade"] == "measured"
    with pytest.raises(CalibrationError, match=r"there (is none to be seen|are not enough)"):
        tca_in(_pixels(tmp_path / "out.png"), srgb())
    assert main(["calibrate", "remove", run.name]) == 0
    plot = tmp_path / "plot.png"
    assert main(["calibrate", "tca", str(path), "--lens", UNCALIBRATED, "--dry-run", "--plot", str(plot)]) == 0
    assert "outwards" in capsys.readouterr().out
    assert plot.stat().st_size > 5000


def test_auto_tca(leaves: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not catalogue().lenses[UNCALIBRATED].calibrations
    path, out = write(tmp_path / "leaves.jpg", leaves, quality=92), tmp_path / "out.png"
    assert main(["correct", str(path), "-o", str(out), "--lens", UNCALIBRATED]) == 1
    assert not out.exists()
    assert main(["correct", str(path), "-o", str(out), "--lens", UNCALIBRATED, "--auto-tca"]) == 0
    assert "lateral colour (measured from this photo)" in capsys.readouterr().out
    sky = write(tmp_path / "sky.jpg", photo_of(clouds, LENS))
    assert main(["correct", str(sky), "-o", str(tmp_path / "no.png"), "--lens", UNCALIBRATED, "--auto-tca"]) == 1
    assert "not enough edges" in capsys.readouterr().err
    assert not (tmp_path / "no.png").exists()


def test_auto_tca_leaves_a_calibrated_lens_to_its_calibration(leaves: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "leaves.png", leaves)
    done = correct(path, tmp_path / "out.png", lens="summicron-35-asph", auto_tca=True)
    assert done.filter.made_from["calibrations"]["tca"]["grade"] != "measured from this photo"


def _pixels(path: Path) -> Any:
    from PIL import Image

    return np.asarray(Image.open(path))
