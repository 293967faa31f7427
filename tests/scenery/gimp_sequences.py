"""A photographer's actions in random order, in the real GIMP: runs of them, and what was wrong.

One process of GIMP goes through many sequences; tests/editors/gimp_sequences.py is what it runs. Layers with a filter
are compared with `sixbit.apply` after every step.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

import sixbit
from sixbit.photos.metadata import Metadata
from sixbit.photos.photo import Photo
from sixbit.photos.save import save_photo
from sixbit.values.filter import Filter
from sixbit.values.light import linear, srgb
from tests.scenery.editor_home import DRIVERS
from tests.scenery.gimp import GimpHome
from tests.scenery.kernel import BY_TABLES
from tests.scenery.photo_factory import exif

DRIVER = "gimp_sequences.py"
PARTS = (DRIVER, "gimp_sequence.py", "gimp_seen.py")
SIZE = (150, 100)
STEPS = 12
TIMEOUT = 120
PER_SEQUENCE = 60
"""Seconds after which GIMP is ended, however busy the machine is."""
LENSES = {
    "named.tif": ("summicron-35-asph", sixbit.Choices(crop_factor=1.0, f_number=4.0)),
    "bare.png": ("vm-nokton-28-1.5", sixbit.Choices(crop_factor=1.0, f_number=1.5, focal_mm=28.0)),
}
TYPES = {"U8_NON_LINEAR": "u1", "U16_NON_LINEAR": "<u2", "FLOAT_LINEAR": "<f4", "FLOAT_NON_LINEAR": "<f4"}
FLOATS = dict.fromkeys(("FLOAT_LINEAR", "FLOAT_NON_LINEAR"), 1e-6 if BY_TABLES else 1e-5)
"""By how much floating point may differ; polynomials are less exact than tables."""
KNOWN_CRITICAL = "gimp_image_undo_group_end: assertion 'private->group_count > 0' failed"
"""GIMP says so whenever a parasite that can be undone is, and does well."""

Pixels = NDArray[Any]


def make_photos(folder: Path) -> None:
    """Save the photo that tells its lens, and the one that does not."""
    pixels = np.asarray(Image.fromarray(data.astronaut()).resize(SIZE, Image.Resampling.BICUBIC))
    tags: dict[str, Any] = {"Make": "LEICA CAMERA AG", "Model": "LEICA M10", "LensModel": "Summicron-M 1:2/35 ASPH."}
    tags |= {"FocalLength": (35, 1), "FNumber": (40, 10), "PixelXDimension": SIZE[0], "PixelYDimension": SIZE[1]}
    carried = Photo(folder / "none", "TIFF", pixels, metadata=Metadata(exif=exif(**tags)))
    save_photo(carried, pixels, folder / "named.tif")
    Image.fromarray(pixels).save(folder / "bare.png")


def faults_of(gimp: GimpHome, seeds: Sequence[int], window: bool, steps: int = STEPS) -> Iterator[tuple[int, str]]:
    """Run sequences in one process of GIMP, and yield each seed with what was wrong, empty if nothing was."""
    make_photos(gimp.work)
    for part in PARTS:
        shutil.copy(DRIVERS / part, gimp.work)
    (gimp.work / "arguments.json").write_text(json.dumps({"seeds": list(seeds), "steps": steps}))
    (gimp.work / "answer.json").unlink(missing_ok=True)
    start = f"exec(compile(open('/mnt/work/{DRIVER}').read(), '{DRIVER}', 'exec'))"
    command = ["--batch-interpreter=python-fu-eval", "-b", start, "--quit"]
    timeout = TIMEOUT + PER_SEQUENCE * len(seeds)
    if window:
        done = gimp.run_gui(["gimp", *command], timeout=timeout)
    else:
        done = gimp.run(["gimp-console", "-id", *command], timeout=timeout)
    path = gimp.work / "answer.json"
    told = json.loads(path.read_text()) if path.exists() else {}
    for seed in seeds:
        if str(seed) not in told:
            yield seed, f"GIMP has died, {done.returncode}:\n{done.stderr[-3000:]}"
            return
        one = told[str(seed)]
        faults = [*filter(None, [one["fault"]]), *critical(done.stderr, seed), *wrong_looks(gimp.work, one["looks"])]
        steps_told = [f"  {number} {step}" for number, step in enumerate(one["told"], 1)]
        yield seed, "\n".join([*faults, one["photo"], *steps_told]) if faults else ""


def critical(printed: str, seed: int) -> Iterable[str]:
    """What GIMP complains of during a sequence."""
    step = ""
    for line in printed.splitlines():
        if line.startswith("# "):
            step = line[2:]
        elif "CRITICAL" in line and step.split()[:1] == [str(seed)] and not is_known(line, step):
            yield f"step {step}: {line}"


def is_known(line: str, step: str) -> bool:
    """Tell whether GIMP complains of itself: its exporters of thumbnails that they cannot make."""
    return line.startswith("(file-") or (KNOWN_CRITICAL in line and step.split()[2] in ("undo", "redo"))


def wrong_looks(work: Path, looks: Iterable[dict[str, Any]]) -> Iterable[str]:
    """Compare what was written down of layers with what Sixbit makes of the pixels below the filter."""
    for look in looks:
        width, height = look["size"]
        below, after = (
            np.fromfile(work / f"{look['name']}.{when}", TYPES[look["precision"]]).reshape(height, width, -1)
            for when in ("below", "after")
        )
        for when in ("below", "after"):
            (work / f"{look['name']}.{when}").unlink()
        expected, most = expectation(look, below)
        off = np.abs(after.astype(np.float64) - expected).max()
        if not off <= most:
            yield f"step {look['step']}: {off:g} off, of {most:g}: {look}"


def expectation(look: dict[str, Any], below: Pixels) -> tuple[Pixels, float]:
    """Return what a layer should look like, and by how much it may differ."""
    (wide, high), (width, height) = look["made_for"], look["size"]

    def alike(a: int, b: int) -> bool:
        return abs(height - b * width / a) <= 1 or abs(width - a * height / b) <= 1

    turns = 0 if alike(wide, high) else 1
    strength = {kind: look["strength"][kind] for kind in look["kinds"] if look["strength"][kind]}
    if not look["visible"] or not strength or (turns and not alike(high, wide)):
        return below, 0
    filter = compiled(look["photo"], tuple(sorted(strength.items())), look["scale"], (wide, high))
    pixels = np.ascontiguousarray(np.rot90(below, turns))
    across, down = pixels.shape[1], pixels.shape[0]
    if (across, down) != (wide, high):
        filter = filter.reduced(across, down, wide / across, high / down)
    level = FLOATS.get(look["precision"], 1)
    top = 1 if below.dtype == np.float32 else np.iinfo(below.dtype).max
    most: float = level if "vignetting" in strength or top == 1 or not BY_TABLES else 0
    if turns or (across, down) != (wide, high):
        most = max(level, 2 / 255 * top)
    if any(share != 1 for share in strength.values()):
        most = 0.03 * top
    return np.rot90(applied(filter, pixels, look["precision"] == "FLOAT_LINEAR"), -turns), most


def applied(filter: Filter, pixels: Pixels, is_linear: bool) -> Pixels:
    """Apply a filter to gray or colour, with or without alpha."""
    curve = linear() if is_linear else srgb()
    if pixels.shape[2] > 2:
        return np.asarray(sixbit.apply(filter, pixels, transfer=curve))
    bare = sixbit.apply(filter.green, np.ascontiguousarray(pixels[..., :1]), transfer=curve)
    if pixels.shape[2] == 1:
        return np.asarray(bare)
    unlit = replace(filter.green, gain=((1.0,),), gain_map=None)
    return np.concatenate([bare, sixbit.apply(unlit, np.ascontiguousarray(pixels[..., 1:]), transfer=linear())], axis=2)


@lru_cache(maxsize=256)
def compiled(photo: str, strength: tuple[tuple[str, float], ...], scale: str, size: tuple[int, int]) -> Filter:
    """Return the correction of a photo."""
    lens, choices = LENSES[photo]
    return sixbit.compile_filter(lens, choices=replace(choices, kinds=dict(strength), scale=scale), size=size)
