"""Lateral colour from files: measured, kept, and corrected."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sixbit.calibration.tca import keep, measure_tca
from sixbit.cli.main import main
from sixbit.compiler.optics import SensorPicture
from sixbit.export.correct import correct
from sixbit.export.presets import PLAIN
from sixbit.lenses.catalogue import catalogue
from sixbit.measure.tca import tca_in
from sixbit.photos.jpeg import has_halved_chroma
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError
from sixbit.values.light import srgb
from tests.scenery.camera import Camera, Lens, as_photo, photograph
from tests.scenery.scenes import clouds, foliage

FRAME = SensorPicture(1200, 800, 1.0)
CORNER = FRAME.half_diagonal
LENS = Lens((0.99, 0.0, 0.01), ((1 + 1.6 / CORNER,), (1 - 0.8 / CORNER,)))
UNCALIBRATED = "elmarit-28-i"


def photo_of(scene: Any, lens: Lens, seed: int = 3, noise: float = 0.005) -> Any:
    rng = np.random.default_rng(seed)
    return photograph(scene(rng), lens, Camera(FRAME, noise=noise), rng)


def write(path: Path, values: Any, **options: Any) -> Path:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Leica Camera AG", "LEICA M10"
    Image.fromarray(as_photo(values)).save(path, exif=exif, **options)
    return path


@pytest.fixture(scope="module")
def leaves() -> Any:
    return photo_of(foliage, LENS)


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
    result = measure_tca([path], Choices(lens=UNCALIBRATED), lambda share, _: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert "red 1." in result.verdict[0]
    (brought,) = result.found.brought
    assert re.fullmatch(r"\d+ places with edges, \d+ of them near the corners\.", brought)
    assert int(brought.split()[0]) == result.found.blocks
    run = keep(result)
    assert [run.kinds, run.lens_id] == [("tca",), UNCALIBRATED]
    done = correct(path, tmp_path / "out.png", choices=Choices(lens=UNCALIBRATED, kinds={"tca": 1.0}))
    assert done.filter.made_from["calibrations"]["tca"]["grade"] == "measured"
    with pytest.raises(CalibrationError, match=r"there (is nothing to correct|are not enough)"):
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
    done = correct(path, tmp_path / "out.png", replace(PLAIN, auto_tca=True), Choices(lens="summicron-35-asph"))
    assert done.filter.made_from["calibrations"]["tca"]["grade"] != "measured from this photo"


def _pixels(path: Path) -> Any:
    from PIL import Image

    return np.asarray(Image.open(path))
