"""Runs in GIMP's own Python, started by gimp.py: how long the plug-in takes, next to what GIMP itself takes.

All of it in one session of GIMP, a round each in turn. Times are in seconds, memory is in bytes.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from gi.repository import Gegl, Gimp, Gio

WORK = Path("/mnt/work")
ARGUMENTS: dict[str, Any] = json.loads((WORK / "arguments.json").read_text())
sys.path.insert(0, ARGUMENTS["plugin"])

from apply import correct  # noqa: E402
from correction import Choices, Subject  # noqa: E402
from filters import own_filter  # noqa: E402
from pixels import STRIP, PixelFile  # noqa: E402
from server_client import Server  # noqa: E402

TILE_CACHE = 16 << 20
"""As the plug-in sets it for itself."""
LOOK = 0.02
"""Seconds between two looks at the memory."""


class Memory:
    """The most memory that the plug-in and its server held together while this was open, shared pixels once."""

    def __enter__(self) -> Memory:
        self.most, self._done = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(LOOK):
            self.most = max(self.most, held())


def held() -> int:
    """Return the bytes that the processes of the plug-in have for themselves, and those of the files in memory."""
    total = sum(path.stat().st_blocks * 512 for path in Path("/dev/shm").glob("sixbit-*"))
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if not (b"serve" in words and b"sixbit" in words) and not any(w.endswith(b"/sixbit.py") for w in words):
                continue
            for line in (process / "smaps_rollup").read_text().splitlines():
                name, _, size = line.partition(":")
                if name in ("Pss_Anon", "Pss_File"):
                    total += int(size.split()[0]) * 1024
    return total


def plain(drawable: Gimp.Drawable) -> dict[str, float]:
    """Hand the pixels over and take them back unchanged, as any plug-in must."""
    width, height = drawable.get_width(), drawable.get_height()
    source, target, name = drawable.get_buffer(), drawable.get_shadow_buffer(), "R'G'B' u8"
    areas = [Gegl.Rectangle.new(0, top, width, min(STRIP, height - top)) for top in range(0, height, STRIP)]
    laps = [time.monotonic()]
    strips = [source.get(area, 1.0, name, Gegl.AbyssPolicy.CLAMP) for area in areas]
    laps.append(time.monotonic())
    for area, strip in zip(areas, strips, strict=True):
        target.set(area, name, strip)
    target.flush()
    laps.append(time.monotonic())
    drawable.merge_shadow(True)
    drawable.update(0, 0, width, height)
    Gimp.displays_flush()
    laps.append(time.monotonic())
    return {"get": laps[1] - laps[0], "set": laps[2] - laps[1], "merge": laps[3] - laps[2], "all": laps[3] - laps[0]}


def from_ok(drawable: Gimp.Drawable, output: str) -> dict[str, float]:
    """What the dialog does after OK: the server has the pixels already, for its preview. A filter goes again."""
    with Server("benchmark") as server, PixelFile(drawable) as pixels:
        started = time.monotonic()
        for _share in pixels.take():
            pass
        took = time.monotonic() - started
        subject = Subject(server, drawable)
        picture = server.call("open", **pixels.picture())["picture"]
        started = time.monotonic()
        choices = Choices(Gimp.get_pdb().lookup_procedure("plug-in-sixbit-correct").create_config())
        choices.force, choices.output = True, output
        correct(server, subject, choices, pixels, picture)
        took_all = time.monotonic() - started
        if filter := own_filter(drawable):
            filter.delete()
        return {"get": took, "all": took_all}


def as_script(image: Gimp.Image, drawable: Gimp.Drawable) -> dict[str, float]:
    """The procedure, from the call to its return: the plug-in's process, the server's, and all pixels both ways."""
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-sixbit-correct")
    config = procedure.create_config()
    config.set_property("image", image)
    config.set_core_object_array("drawables", [drawable])
    config.set_property("force", True)
    with Memory() as memory:
        started = time.monotonic()
        values = procedure.run(config)
        took = time.monotonic() - started
    if values.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise RuntimeError(Gimp.get_pdb().get_last_error())
    return {"all": took, "memory": memory.most}


Gegl.config().set_property("tile-cache-size", TILE_CACHE)
image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(WORK / ARGUMENTS["photo"])))
layer = image.get_layers()[0]
answer: dict[str, list[dict[str, float]]] = {"plain": [], "ok": [], "filter": [], "script": []}
for _round in range(ARGUMENTS["rounds"]):
    answer["plain"].append(plain(layer))
    answer["ok"].append(from_ok(layer, "layer"))
    answer["filter"].append(from_ok(layer, "filter"))
    answer["script"].append(as_script(image, layer))
(WORK / "answer.json").write_text(json.dumps(answer))
