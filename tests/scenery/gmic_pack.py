"""The pack of filters in G'MIC itself: in gmic-py, and in the command line of Debian 12, which is version 2.9.4."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import gmic
import numpy as np
from numpy.typing import NDArray

from sixbit.compiler.pack import PackFilter, pack
from tests.scenery.root import GMIC, system_root

Picture = NDArray[np.float32]
"""Planes x rows x columns."""


class GmicError(RuntimeError):
    """What G'MIC said when it could not go on."""


class Runs(Protocol):
    def __call__(self, commands: str, pictures: Sequence[NDArray[Any]] = ()) -> list[Picture]:
        """Run commands with the pack on pictures, rows x columns (x channels), and return what there is then."""


def by_library(folder: Path) -> Runs:
    """Run commands in gmic-py."""
    interpreter = gmic.Gmic()
    (folder / "pack.gmic").write_text(pack(), encoding="utf-8")

    def run(commands: str, pictures: Sequence[NDArray[Any]] = ()) -> list[Picture]:
        (folder / "run.gmic").write_text(f"_run :\n{commands}\n")
        images = gmic.ImageList([gmic.Image.from_yxc(_with_channels(picture)) for picture in pictures])
        try:
            made = interpreter.run(f'command "{folder}/pack.gmic" command "{folder}/run.gmic" _run', images)
        except gmic.GmicException as error:
            raise GmicError(str(error)) from error
        # G'MIC's axes are x, y, z, channel.
        return [np.ascontiguousarray(image.as_numpy()[:, :, 0].T) for image in made]

    return run


def by_package(folder: Path) -> Runs:
    """Run commands in the command line of Debian 12."""
    root = system_root(GMIC)
    (folder / "pack.gmic").write_text(pack(), encoding="utf-8")

    def run(commands: str, pictures: Sequence[NDArray[Any]] = ()) -> list[Picture]:
        (folder / "run.gmic").write_text(f"_run :\n{commands}\n")
        _write(folder / "in.cimg", pictures)
        (folder / "out.cimg").unlink(missing_ok=True)
        words = ["pack.gmic", "run.gmic", *(["in.cimg"] if pictures else []), "_run", "output", "out.cimg,float"]
        done = root.run(
            ["sh", "-c", f"cd /mnt/work && gmic {' '.join(words)}"], timeout=120, binds={"/mnt/work": folder}
        )
        if done.returncode:
            raise GmicError(done.stderr)
        return _read(folder / "out.cimg")

    return run


def arguments(one: PackFilter, **chosen: Any) -> str:
    """Return the commands that say a filter's models with these choices: its own but for the correction."""
    return f"_sixbit_of_{one.command.removeprefix('fx_sixbit_')} {one.arguments(**chosen)}"


def _with_channels(picture: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(picture if picture.ndim == 3 else picture[:, :, None], np.float32)


def _write(path: Path, pictures: Sequence[NDArray[Any]]) -> None:
    """Write pictures as CImg's own files: a line on all, then a line and the numbers of each."""
    with path.open("wb") as file:
        file.write(b"%d float little_endian\n" % len(pictures))
        for picture in map(_with_channels, pictures):
            height, width, channels = picture.shape
            file.write(b"%d %d 1 %d\n" % (width, height, channels))
            file.write(np.ascontiguousarray(np.moveaxis(picture, 2, 0)).astype("<f4").tobytes())


def _read(path: Path) -> list[Picture]:
    head, _, rest = path.read_bytes().partition(b"\n")
    pictures = []
    for _ in range(int(head.split()[0])):
        size, _, rest = rest.partition(b"\n")
        width, height, _, channels = map(int, size.split()[:4])
        count = width * height * channels
        pictures.append(np.frombuffer(rest, "<f4", count).reshape(channels, height, width))
        rest = rest[4 * count :]
    return pictures
