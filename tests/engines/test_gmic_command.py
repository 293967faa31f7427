"""The command file run by the `gmic` command of a stable Debian, which is older than gmic-py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
import tifffile
from PIL import Image

from sixbit.engines import apply
from sixbit.engines.gmic import script
from sixbit.engines.pieces import LINES
from sixbit.values.filter import Filter
from sixbit.values.light import SAMPLES, TransferCurve, srgb
from tests.scenery.root import GMIC, SystemRoot, system_root

TIMEOUT = 300
GAMMA = TransferCurve("gamma 2.2", np.linspace(0, 1, SAMPLES)[None] ** 2.2)


@pytest.fixture(scope="module")
def root() -> SystemRoot:
    return system_root(GMIC)


def run(root: SystemRoot, folder: Path, *words: str) -> tuple[int, str]:
    """Run `gmic` in a folder; return its exit status and what it said."""
    command = " ".join(["cd /mnt/work && gmic", *words])
    done = root.run(["bash", "-c", command], timeout=TIMEOUT, binds={"/mnt/work": folder})
    return done.returncode, done.stdout + done.stderr


def correction(width: int, height: int) -> Filter:
    """A barrel with red and blue fringes, a fall-off and uneven light; it leaves dark corners."""
    return Filter(
        width=width,
        height=height,
        centre=(width / 2 + 3.2, height / 2 - 2.7),
        half_diagonal=float(np.hypot(width, height) / 2),
        warp=((1.0102, 0.001, -0.04, 0.01), (1.01, 0.0, -0.04, 0.01), (1.0092, 0.0, -0.04, 0.01)),
        gain=((1.0, 0.0, 0.55, 0.4), (1.0, 0.0, 0.5, 0.4), (1.0, 0.0, 0.4, 0.4)),
        gain_map=1 + np.random.default_rng(6).random((3, 5, 7)) / 5,
        made_from={"lens": 'no \n lens " of ${mine} \\'},
    )


@pytest.mark.parametrize("transfer", [srgb(), GAMMA], ids=["sRGB", "gamma"])
def test_pictures_of_8_and_16_bits(root: SystemRoot, tmp_path: Path, transfer: TransferCurve) -> None:
    pixels = np.concatenate([skimage.data.astronaut()] * 5, axis=1)  # more than one tile
    height, width = pixels.shape[:2]
    chosen = correction(width, height)
    (tmp_path / "lens.gmic").write_text(script(chosen, transfer))
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    tifffile.imwrite(tmp_path / "deep.tif", pixels.astype(np.uint16) * 257, photometric="rgb")
    words = "lens.gmic photo.png deep.tif sixbit_check sixbit_correct -output[0] out.png -output[1] out.tif,uint16"
    status, said = run(root, tmp_path, words)
    assert status == 0, said
    expected = apply(chosen, pixels, "reference", transfer=transfer).astype(int)
    shallow = np.abs(np.asarray(Image.open(tmp_path / "out.png")) - expected)
    assert shallow.mean() <= 0.25
    assert shallow.max() <= 1
    deep = tifffile.imread(tmp_path / "out.tif")
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - expected).max() <= 1.5


def test_another_picture_is_refused(root: SystemRoot, tmp_path: Path) -> None:
    (tmp_path / "lens.gmic").write_text(script(correction(40, 30)))
    Image.new("RGB", (30, 40)).save(tmp_path / "photo.png")
    for command in ("sixbit_check", "sixbit_correct"):
        status, said = run(root, tmp_path, f"lens.gmic photo.png {command} -output out.png")
        assert status != 0
        assert "is for pictures of 40 x 30 pixels; this one has 30 x 40." in said
        assert not (tmp_path / "out.png").exists()


def test_resize_puts_each_node_on_its_pixel(root: SystemRoot, tmp_path: Path) -> None:
    words = [
        f'7,5,1,2,"[x*{step},y*{step}]" resize[-1] {6 * step + 1},{4 * step + 1},1,2,3 '
        f"""fill[-1] "[abs(i0-x),abs(i1-y)]" if {{iM>0.00002}} error off_by_{{iM}} fi"""
        for step in LINES
    ]
    (tmp_path / "nodes.gmic").write_text("nodes :\n  " + "\n  ".join(words) + "\n")
    status, said = run(root, tmp_path, "nodes.gmic nodes")
    assert status == 0, said
