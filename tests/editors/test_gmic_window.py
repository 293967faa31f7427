"""The pack in a real host: a filter found by its name in G'MIC-Qt's window in GIMP 2.10, and applied.

GIMP 2.10 with G'MIC 2.9.4 are packages of Debian 12. A picture of the window stays in the tests' cache, under
``screenshots``, to be looked at.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from skimage import data

from sixbit.compiler.compile import compile_filter
from sixbit.compiler.pack import filters
from sixbit.engines import apply
from sixbit.values.choices import Choices
from tests.scenery.editor_home import EditorHome
from tests.scenery.root import GMIC, system_root

LENS = "vm-nokton-28-1.5"
NAME = "Voigtlander Nokton VM 28mm f/1.5 Aspherical"
IN_GIMP = """
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "/mnt/work/{name}.tif" "x")))
       (layer (car (gimp-image-get-active-drawable image))))
  (plug-in-gmic-qt RUN-NONINTERACTIVE image layer 1 0 "{commands}")
  (file-tiff-save RUN-NONINTERACTIVE image (car (gimp-image-get-active-drawable image))
                  "/mnt/work/{name}-out.tif" "x" 0))
"""
MINE = b"my_own :\n  negate\n"


def test_a_filter_is_found_by_its_name_and_corrects_as_sixbit_does(tmp_path: Path) -> None:
    gimp = EditorHome(system_root(GMIC), tmp_path)
    gimp.home.mkdir(exist_ok=True)
    (gimp.home / ".gmic").write_bytes(MINE)
    gimp.install("gmic")
    photo = np.ascontiguousarray(data.astronaut()[:400])
    Image.fromarray(photo).save(gimp.work / "photo.png")
    gimp.bring("gmic_window.py")
    words = ["/mnt/work/photo.png", "/mnt/work/corrected.png", "Nokton VM 28", "2.8"]
    done = gimp.run_gui(["python3", "/mnt/work/gmic_window.py", *words], timeout=300)
    seen = gimp.seen(["find", "set_up", "apply"], "gmic", done)
    assert seen["filters"] == ["<b>Leica M lenses</b>", NAME]
    wanted = ("Distortion %", "Lateral colour %", "Fall-off %", "Borders", "Preview")
    assert all(label in seen["labels"] for label in wanted), seen["labels"]
    assert any("Fall-off: measured, lensfun" in label for label in seen["labels"])
    assert seen["values"] == [1.0, 2.8, 0.0, 100.0, 100.0, 100.0]
    filter = compile_filter(LENS, choices=Choices(crop_factor=1.0, f_number=2.8), size=(512, 400))
    assert filter.made_from["corrections"] == ["distortion", "tca", "vignetting"]
    corrected = np.asarray(Image.open(gimp.work / "corrected.png").convert("RGB")).astype(float)
    off = np.abs(corrected - apply(filter, photo, "native"))
    assert off.max() <= 2
    assert off.mean() < 0.05
    assert np.abs(corrected - photo).mean() > 2
    gimp.sixbit("uninstall", "gmic")
    assert (gimp.home / ".gmic").read_bytes() == MINE


def test_16_bits_grey_and_alpha_come_through_gimp(tmp_path: Path) -> None:
    gimp = EditorHome(system_root(GMIC), tmp_path)
    gimp.home.mkdir(exist_ok=True)
    gimp.install("gmic")
    fine = np.arange(300, dtype=np.uint16)[None, :, None] % 97
    rgb = np.ascontiguousarray(data.astronaut()[:200, :300]).astype(np.uint16) * 256 + fine
    rgba = np.dstack([rgb, np.full((200, 300), 40000, np.uint16)])
    photos = {"rgb": rgb, "rgba": rgba, "grey": rgb[:, :, 1]}
    tifffile.imwrite(gimp.work / "rgb.tif", rgb, photometric="rgb")
    tifffile.imwrite(gimp.work / "rgba.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    tifffile.imwrite(gimp.work / "grey.tif", rgb[:, :, 1])
    one = next(one for one in filters() if one.lens.lens_id == LENS)
    commands = f"-v - {one.command} {one.arguments(f_number=2.8)}"
    script = "".join(IN_GIMP.format(name=name, commands=commands) for name in photos)
    (gimp.work / "run.scm").write_text(f"{script}\n(gimp-quit TRUE)\n")
    done = gimp.run_gui(["gimp", "-i", "-s", "-d", "-f", "-b", '(load "/mnt/work/run.scm")'], timeout=300)
    filter = compile_filter(LENS, choices=Choices(crop_factor=1.0, f_number=2.8), size=(300, 200))
    for name, photo in photos.items():
        made = gimp.work / f"{name}-out.tif"
        assert made.exists(), f"{done.stdout} {done.stderr}"
        wanted = apply(filter.green if name == "grey" else filter, photo, "native").astype(float)
        off = np.abs(tifffile.imread(made) - wanted)
        assert off.max() < 257, "a level of 8 bits"
        assert off.mean() < 3, "of 16 bits"
