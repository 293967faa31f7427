"""Runs in GIMP's own Python, started by gegl.py: filters merged in turn, and their sliders moved."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from gi.repository import Gimp, Gio

WORK = Path("/mnt/work")
ASKED: dict[str, Any] = json.loads((WORK / "arguments.json").read_text())
GIMP = Path(f"/proc/{os.getppid()}")
STEPS = 200
SECOND = os.sysconf("SC_CLK_TCK")


def processor() -> float:
    """Seconds of processors that GIMP has used."""
    return sum(map(int, (GIMP / "stat").read_text().rpartition(")")[2].split()[11:13])) / SECOND


def memory(name: str) -> int:
    """Bytes that GIMP has in memory now, or had at most."""
    rows = (GIMP / "status").read_text().splitlines()
    return next(int(row.split()[1]) << 10 for row in rows if row.startswith(f"{name}:"))


def appended(layer: Gimp.Layer, operation: str) -> Gimp.DrawableFilter:
    made = Gimp.DrawableFilter.new(layer, operation, operation)
    for name, value in ASKED["operations"][operation].items():
        made.get_config().set_property(name, value)
    made.update()
    layer.append_filter(made)
    return made


def merge(image: Gimp.Image, operation: str) -> dict[str, float]:
    """Merge a filter into a copy of the image."""
    copy = image.duplicate()
    layer = copy.get_layers()[0]
    appended(layer, operation)
    (GIMP / "clear_refs").write_text("5")
    before = memory("VmRSS")
    began, used = time.monotonic(), processor()
    layer.merge_filters()
    lap = {"seconds": time.monotonic() - began, "processor": processor() - used}
    lap["memory"] = memory("VmHWM") - before
    copy.delete()
    return lap


def slide(image: Gimp.Image, sliders: dict[str, str]) -> dict[str, list[float]]:
    """Move the sliders of several filters in steps, in turn, and tell how long GIMP takes to return from each."""
    copies = [image.duplicate() for _ in sliders]
    filters = {name: appended(copy.get_layers()[0], name) for name, copy in zip(sliders, copies, strict=True)}
    laps: dict[str, list[float]] = {operation: [] for operation in sliders}
    for step in range(STEPS):
        for operation in list(sliders) if step % 2 else reversed(sliders):
            began = time.monotonic()
            filters[operation].get_config().set_property(sliders[operation], 1.0 + step % 50)
            filters[operation].update()
            Gimp.displays_flush()
            laps[operation].append(time.monotonic() - began)
    for copy in copies:
        copy.delete()
    return laps


image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(WORK / "photo.png")))
answer: dict[str, Any] = {"merge": {}}
for operation in ASKED["operations"]:
    merge(image, operation)
for _ in range(ASKED["rounds"]):
    for operation in ASKED["operations"]:
        answer["merge"].setdefault(operation, []).append(merge(image, operation))
answer["slide"] = slide(image, ASKED["sliders"])
(WORK / "answer.json").write_text(json.dumps(answer))
