"""A chart of 24 megapixels, as a lens draws it, developed by the real darktable and RawTherapee with its opcodes.

    python -m benchmarks.raw_chart

At an aperture at which FixVignetteRadial holds the fall-off, and open, where gain maps do. Must hold: dots within 1 px,
red and blue within 0.15 px of green in darktable and 0.9 in RawTherapee, light within 2.5 % in darktable (1 % by maps)
and 1 % in RawTherapee.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from sixbit.raw.write import write_copy
from sixbit.values.arrays import FloatArray
from sixbit.values.choices import Choices
from tests.scenery.raw_chart import LARGE
from tests.scenery.raw_developers import Apart, apart, by_darktable, by_rawtherapee, raw, warp
from tests.scenery.root import SUITES

APERTURES = (2.8, 1.5)
DARKTABLE, BY_MAPS = Apart(1.0, 0.15, 0.025), Apart(1.0, 0.15, 0.01)
RAWTHERAPEE = Apart(1.0, 0.9, 0.01)


def developers() -> Iterator[tuple[str, Callable[[Path], FloatArray], Apart, Apart]]:
    """Yield each program with what must hold for it, by opcodes alone and by gain maps."""
    for suite in SUITES:
        yield f"darktable of {suite}", partial(by_darktable, suite), DARKTABLE, BY_MAPS
    yield "RawTherapee", lambda photo: by_rawtherapee(photo, "LcMode=metadata"), RAWTHERAPEE, RAWTHERAPEE


def main() -> int:
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "straight.dng").write_bytes(raw(None, LARGE))
        for f_number in APERTURES:
            bent = folder / "bent.dng"
            bent.write_bytes(raw(warp(f_number, LARGE.size), LARGE))
            write_copy(bent, folder / f"f{f_number}.dng", Choices(f_number=f_number))
        print("| program | aperture | left | holds |\n|---|---:|---|---|")
        for name, develop, opcodes, maps in developers():
            straight = develop(folder / "straight.dng")
            for f_number, most in zip(APERTURES, (opcodes, maps), strict=True):
                left = apart(develop(folder / f"f{f_number}.dng"), straight, LARGE)
                holds = all(value <= bound for value, bound in zip(left, most, strict=True))
                wrong += not holds
                print(f"| {name} | f/{f_number:g} | {left} | {'yes' if holds else 'NO'} |", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
