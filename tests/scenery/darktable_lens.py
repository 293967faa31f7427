"""darktable's lens module without a window: what tells it what to do, what it exports, and how far off that is."""

from __future__ import annotations

import struct
from pathlib import Path

import lensfunpy
import numpy as np
import tifffile
from numpy.typing import NDArray

from sixbit.manifest import data_path
from tests.scenery.root import system_root

SIZE = (600, 400)
STEP = 1 / 255
"""One step of an 8-bit picture: the most that the two may differ by, root mean square."""

ALL = 7
"""darktable's flags for distortion, lateral colour and vignetting."""
RECTILINEAR = 1
"""lensfun's number of that target geometry."""

SETTINGS = {
    "plugins/darkroom/workflow": "none",
    "plugins/lighttable/export/pixel_interpolator_warp": "bicubic",
    "write_sidecar_files": "never",
}
"""Nothing but the lens module, which is to resample as Sixbit does."""

Pixels = NDArray[np.float64]


def lens_settings(by_hand: str) -> bytes:
    """Return parameters of darktable's lens module, version 10: ``has_been_set`` 0 goes by tags, 1 by the names here.

    The order is that of ``dt_iop_lens_params_t`` in darktable 5's ``src/iop/lens.cc``.
    """
    camera = b"Leica M10" if by_hand else b""
    lens = struct.pack(
        "<iii5fi128s128si2f", 1, ALL, 0, 1.0, 1.0, 35.0, 4.0, 1000.0, RECTILINEAR, camera, by_hand.encode(), 0, 1.0, 1.0
    )
    embedded_and_manual = struct.pack("<5fifi3f2i", 1, 1, 1, 1, 1, 0, 1, bool(by_hand), 0, 0.5, 0.5, 0, 0)
    return lens + embedded_and_manual


def sidecar(by_hand: str) -> str:
    """Return an XMP file whose history is the lens module alone, in the module order for pictures that are no raws."""
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


def cli_options(of_format: str, home: str = "/tmp") -> list[str]:
    """Return what darktable-cli is told besides the photos: sRGB, in a format such as "jpeg/quality=95".

    What it keeps for itself, it keeps below ``home``.
    """
    told = [f"{name}={value}" for name, value in SETTINGS.items()] + [f"plugins/imageio/format/{of_format}"]
    return [
        *("--icc-type", "SRGB", "--core", "--library", ":memory:"),
        *("--configdir", f"{home}/config", "--cachedir", f"{home}/cache"),
        *(word for one in told for word in ("--conf", one)),
    ]


def export(suite: str, photos: Path, home: Path, out: Path) -> dict[str, Pixels]:
    """Return the photos as darktable develops them, by their names, from 0 to 1."""
    done = system_root(suite).run(
        ["darktable-cli", "/mnt/photos", "/mnt/out", "--out-ext", "tif", *cli_options("tiff/bpp=16")],
        timeout=120,
        binds={"/mnt/photos": photos, "/mnt/out": out, "/root": home},
    )
    exported = {path.stem: tifffile.imread(path) / 65535 for path in out.glob("*.tif")}
    wanted = {path.stem for path in photos.glob("*.jpg")}
    assert set(exported) == wanted, f"darktable-cli: {done.returncode} {done.stdout[-2000:]} {done.stderr[-2000:]}"
    return exported


def rmse(a: Pixels, b: Pixels, margin: int = 0) -> float:
    """Return the root mean square of the difference, a margin left out."""
    frame = slice(margin, -margin or None), slice(margin, -margin or None)
    return float(np.sqrt(np.mean((a[frame] - b[frame]) ** 2)))


def autoscale_of_lensfun(
    crop_factor: float = 1.0, file: Path | None = None, model: str = "Summicron-M 1:2/35"
) -> float:
    """Return how much lensfun enlarges a 35 mm lens's picture of itself.

    Two answers for a point near the centre tell.
    """
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
