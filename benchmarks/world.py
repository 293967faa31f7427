"""A run over photos as the world writes them: what is identified, corrected, refused, and lost without a word.

    python -m benchmarks.world [PATHS ...]

Without paths, the pictures that installed packages bring along; with paths, those below them (an unpacked source
archive of a package, say). Every picture is asked for its lens, and then corrected as if it had been taken with one
that is calibrated, so that all that can be decoded is. Must hold: no traceback, no confident match that is wrong (they
are listed), and metadata complete by exiftool, or a note on what is not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sixbit.export.correct import correct
from sixbit.export.presets import PLAIN
from sixbit.lenses.match import Status, match
from sixbit.tags.read import read_shot
from sixbit.values.choices import Choices
from sixbit.values.errors import SixbitError
from tests.scenery.programs import exiftool

PACKAGES = ("skimage", "imagecodecs", "PIL", "exiv2", "exifread", "imageio", "matplotlib", "pillow_heif", "tifffile")
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".heic", ".heif", ".avif", ".webp", ".jxl", ".jp2", ".dng"}
    | {".mpo", ".bmp", ".gif"}
)
WRITTEN = {".jpg": ".jpg", ".jpeg": ".jpg", ".mpo": ".jpg", ".tif": ".tif", ".tiff": ".tif"}
"""What a picture is saved as; others become PNG."""
UPRIGHT = (".heic", ".heif", ".avif", ".jxl")
"""Those that are turned upright when they are decoded."""
LENS = Choices(lens="summicron-35-asph", focal_mm=35, f_number=5.6, crop_factor=1)

CARRIED = ("IFD0", "ExifIFD", "GPS", "InteropIFD", "IPTC", "XMP-", "MakerNotes", "Leica", "Canon", "Nikon", "Panasonic")
"""Groups of exiftool whose tags are to be there afterwards, by their beginnings."""
OF_PIXELS = frozenset(
    {"ImageWidth", "ImageHeight", "BitsPerSample", "Compression", "PhotometricInterpretation", "StripOffsets"}
    | {
        "SamplesPerPixel",
        "RowsPerStrip",
        "StripByteCounts",
        "PlanarConfiguration",
        "Predictor",
        "ColorMap",
        "FillOrder",
    }
    | {"TileWidth", "TileLength", "TileOffsets", "TileByteCounts", "ExtraSamples", "SampleFormat", "SubfileType"}
    | {"OldSubfileType", "YCbCrSubSampling", "YCbCrPositioning", "YCbCrCoefficients", "ReferenceBlackWhite"}
    | {
        "T4Options",
        "T6Options",
        "GrayResponseUnit",
        "GrayResponseCurve",
        "MinSampleValue",
        "MaxSampleValue",
        "NumberofInks",
    }
    | {"JPEGTables", "InkSet", "Threshholding", "PageNumber", "TIFF_FXExtensions", "XMPToolkit", "ThumbnailImage"}
    | {"SMinSampleValue", "SMaxSampleValue", "CurrentIPTCDigest", "Padding", "OffsetSchema", "ModeNumber", "FaxProfile"}
    | {"RelatedImageWidth", "RelatedImageHeight"}
    | {"About", "Software", "ExifImageWidth", "ExifImageHeight", "Format", "HasExtendedXMP", "ImageDepth", "TileDepth"}
    | {"InstanceID"}
)
"""Tags of how the picture was stored, of its size and thumbnail, what XMP packets were once called, and what is set.

Which file it was (InstanceID) does not hold for another one.
"""

LEFT_OUT = " left out"
"""The words of a note on what went; others tell of the correction."""


@dataclass(frozen=True)
class Result:
    """How a picture fared. ``out`` is None for one that was refused, by ``code``, or broke with a ``trace``."""

    path: Path
    lens: str = ""
    """The lens that was found, and by what, if that was certain."""
    identified: str = ""
    """The status of the match, or the code of what was refused."""
    out: Path | None = None
    notes: tuple[str, ...] = ()
    code: str = ""
    trace: str = ""


def pictures(paths: Iterable[Path]) -> Iterator[Path]:
    """The pictures at and below paths, by their suffixes."""
    for path in paths:
        for folder, _, names in os.walk(path):
            yield from (Path(folder, name) for name in sorted(names) if Path(name).suffix.lower() in SUFFIXES)
        if path.is_file():
            yield path


def packages() -> Iterator[Path]:
    """The folders of the packages that are installed."""
    for name in PACKAGES:
        spec = find_spec(name)
        yield from map(Path, spec.submodule_search_locations or () if spec else ())


def tried(path: Path, out: Path) -> Result:
    """Identify and correct a picture."""
    lens = identified = ""
    try:
        try:
            found = match(read_shot(path))
            identified = str(found.status)
            if found.status is Status.MATCHED and found.lens:
                lens = f"{found.lens.name} ({'; '.join(map(str, found.evidence))})"
        except SixbitError as error:
            identified = f"refused: {error.code}"
        done = correct(path, out, PLAIN, LENS, force=True, threads=1)
        return Result(path, lens, identified, out, tuple(map(str, done.notes)))
    except SixbitError as error:
        return Result(path, lens, identified, code=str(error.code))
    except Exception:  # what is looked for
        return Result(path, lens, identified, trace=traceback.format_exc())


def tags(files: list[Path], folder: Path) -> dict[Path, dict[str, set[str]]]:
    """What exiftool reads of files, of the groups that are carried over: by names, all their values."""
    if not files:
        return {}
    listed = folder / "files.txt"
    listed.write_text("\n".join(map(str, files)), encoding="utf-8")
    command = [*exiftool(), "-j", "-G1", "-n", "-a", "-charset", "filename=utf8", "-@", str(listed)]
    output = subprocess.run(command, capture_output=True, check=False).stdout
    found = {}
    for entry in json.loads(output or b"[]"):
        of_file: dict[str, set[str]] = {}
        for name, value in entry.items():
            group, _, tag = name.rpartition(":")
            if group.startswith(CARRIED) and tag not in OF_PIXELS and str(value).strip():
                of_file.setdefault(tag, set()).add(str(value))
        found[Path(entry["SourceFile"])] = of_file
    return found


def lost(results: list[Result], folder: Path) -> Iterator[tuple[Result, list[str]]]:
    """The pictures whose metadata is not complete, and the tags that are gone or say something else."""
    before = tags([result.path for result in results], folder)
    after = tags([result.out for result in results if result.out], folder)
    for result in results:
        assert result.out
        then = after.get(result.out, {})
        gone = sorted(tag for tag, values in before.get(result.path, {}).items() if not values <= then.get(tag, set()))
        if result.path.suffix.lower() in UPRIGHT and "Orientation" in gone:
            gone.remove("Orientation")
        if gone:
            yield result, gone


def main() -> None:
    """Try all pictures and print what came of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path)
    options = parser.parse_args()
    photos = list(dict.fromkeys(pictures(options.paths or packages())))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = []
        with ProcessPoolExecutor() as pool:
            outs = [
                folder / f"{number}{WRITTEN.get(path.suffix.lower(), '.png')}" for number, path in enumerate(photos)
            ]
            futures = [pool.submit(tried, path, out) for path, out in zip(photos, outs, strict=True)]
            for path, future in zip(photos, futures, strict=True):
                try:
                    results.append(future.result())
                except BrokenProcessPool as error:
                    results.append(Result(path, trace=f"the process died ({error})"))
        corrected = [result for result in results if result.out]
        incomplete = list(lost(corrected, folder))
    for result in results:
        if result.trace:
            print(f"TRACEBACK {result.path}\n{result.trace}")
        if result.lens:
            print(f"matched {result.path}: {result.lens}")
    untold = [(result, gone) for result, gone in incomplete if not any(LEFT_OUT in note for note in result.notes)]
    for result, gone in untold:
        print(f"LOST without a word {result.path}: {', '.join(gone)}")
    print(f"{len(photos)} pictures")
    print("identified: " + _counts(result.identified for result in results))
    print(f"corrected with a given lens: {len(corrected)}")
    print("refused: " + _counts(result.code for result in results if result.code))
    print(f"tracebacks: {sum(bool(result.trace) for result in results)}")
    told = len(incomplete) - len(untold)
    print(f"metadata complete: {len(corrected) - len(incomplete)}, told: {told}, lost without a word: {len(untold)}")


def _counts(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {count}" for word, count in Counter(words).most_common()) or "none"


if __name__ == "__main__":
    main()
