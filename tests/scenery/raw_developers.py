"""The chart of a raw as the real darktable and RawTherapee develop it, to linear light, and how straight it is."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tifffile

from sixbit.compiler.compile import models_of
from sixbit.compiler.scale import scaled
from sixbit.compiler.warp import Warp
from sixbit.values.arrays import FloatArray
from sixbit.values.choices import Choices
from tests.scenery import dngs, raw_chart
from tests.scenery.darktable_lens import cli_options, sidecar
from tests.scenery.raw_chart import BORDER, SIZE, SMALL, Grid
from tests.scenery.root import RAW_DEVELOPER, system_root

LENS = "vm-nokton-28-1.5"
RAWTHERAPEE = ("rawtherapee-cli", "-q", "-t", "-b16", "-Y")
_PLAIN = """[Version]
Version=346
[Common Properties for Transformations]
AutoFill=false
[Color Management]
InputProfile=(none)
OutputProfile=RTv4_sRGB
[RAW]
FlatFieldFromMetaData=true
[RAW Bayer]
Method=amaze
"""
"""RawTherapee's settings that leave light linear, enlarge nothing by themselves, and take gain maps."""
SECONDS = 600.0


@cache
def warp(f_number: float, size: tuple[int, int] = SIZE) -> Warp:
    """Return the warp that corrects the lens of the chart."""
    wanted = models_of(LENS, choices=Choices(crop_factor=1.0, f_number=f_number), size=size)
    return scaled(Warp(wanted.optics, wanted.picture), "fill")


def raw(bent: Warp | None, grid: Grid = SMALL, **parts: Any) -> bytes:
    """Return the DNG of the chart as the lens of a warp has drawn it, or none."""
    pixels = raw_chart.photographed(bent, grid=grid)
    return dngs.dng(pixels=pixels, crop=(BORDER, BORDER, *grid.size), **parts)


class Apart(NamedTuple):
    """How far dots are from where they belong, red and blue from green, in px, and the largest error of the light."""

    px: float
    coloured_px: float
    light: float

    def __str__(self) -> str:
        return f"{self.px:.3f} px, colour {self.coloured_px:.3f} px, light {self.light:.4f}"


def apart(developed: FloatArray, straight: FloatArray, grid: Grid = SMALL) -> Apart:
    """Compare a developed chart with the straight one, developed alike."""
    dots = raw_chart.dots(grid)
    found, wanted = raw_chart.found(developed, dots), raw_chart.found(straight, dots)
    off = found - wanted
    assert np.isfinite(off).all(axis=(1, 2)).mean() > 0.9
    green = np.hypot(*off[:, 1].T)
    coloured = np.hypot(*np.moveaxis(off[:, [0, 2]] - off[:, [1]], 2, 0))
    light = raw_chart.ground(developed, dots, grid) / raw_chart.ground(straight, dots, grid) - 1
    return Apart(float(np.nanmax(green)), float(np.nanmax(coloured)), float(np.nanmax(np.abs(light))))


def by_darktable(suite: str, photo: Path) -> FloatArray:
    """Develop a raw by darktable, with its lens module told to take what the raw says."""
    (photo.parent / "home").mkdir(exist_ok=True)
    photo.with_name(f"{photo.name}.xmp").write_text(_by_metadata())
    written = photo.with_name(f"{photo.stem}-{suite}.tif")
    written.unlink(missing_ok=True)  # it would give another one a number
    options = cli_options("tiff/bpp=32")
    options[options.index("SRGB")] = "LIN_REC2020"
    inside = "/mnt/x"
    done = system_root(suite).run(
        ["darktable-cli", *(f"{inside}/{name}" for name in (photo.name, f"{photo.name}.xmp", written.name)), *options],
        timeout=SECONDS,
        binds={inside: photo.parent, "/root": photo.parent / "home"},
    )
    assert written.exists(), f"{done.returncode} {done.stdout[-1500:]} {done.stderr[-1500:]}"
    developed: FloatArray = tifffile.imread(written).astype(float)[..., :3]
    return developed


def _by_metadata() -> str:
    """Return a sidecar that switches darktable's lens module on, by what the raw itself says (its method 0)."""
    by_tags = sidecar("").replace('darktable:iop_order_version="5"', 'darktable:iop_order_version="4"')
    head = 'darktable:params="'
    at = by_tags.index(head) + len(head)
    return by_tags[:at] + "00000000" + by_tags[at + 8 :]


def by_rawtherapee(photo: Path, lens: str) -> FloatArray:
    """Develop a raw by RawTherapee, with these lines of settings for the lens, or ``-s`` for those beside it."""
    folder, written = photo.parent, photo.with_suffix(".tif")
    (folder / "home").mkdir(exist_ok=True)
    (folder / "plain.pp3").write_text(_PLAIN)
    (folder / "lens.pp3").write_text(f"[LensProfile]\n{lens}\nUseDistortion=true\nUseVignette=true\nUseCA=true\n")
    settings = ["-p", "/mnt/x/plain.pp3", *(["-s"] if lens == "-s" else ["-p", "/mnt/x/lens.pp3"])]
    done = system_root(RAW_DEVELOPER).run(
        [*RAWTHERAPEE, "-o", f"/mnt/x/{written.name}", *settings, "-c", f"/mnt/x/{photo.name}"],
        timeout=SECONDS,
        binds={"/mnt/x": folder, "/root": folder / "home"},
    )
    assert written.exists(), f"{done.returncode} {done.stdout[-1500:]} {done.stderr[-1500:]}"
    encoded = tifffile.imread(written).astype(float)[..., :3] / 65535
    developed: FloatArray = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return developed
