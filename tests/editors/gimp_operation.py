"""Runs in GIMP's own Python, started by test_gimp_operation.py: the operation on layers of every kind, then merged."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

from gi.repository import Gegl, Gimp, Gio

WORK = Path("/mnt/work")
OPERATION = "sixbit:lens-correction"


def file_of(name: str) -> Gio.File:
    return Gio.File.new_for_path(str(WORK / name))


def load(name: str) -> Gimp.Image:
    return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file_of(name))


def append(drawable: Gimp.Drawable, text: str, strengths: dict[str, float]) -> Gimp.DrawableFilter:
    made = Gimp.DrawableFilter.new(drawable, OPERATION, "Summicron-M")
    for name, value in {"correction": text, "lens": "Summicron-M", **strengths}.items():
        made.get_config().set_property(name, value)
    made.update()
    drawable.append_filter(made)
    return made


def dump(drawable: Gimp.Drawable, name: str, format: str | None) -> list[int]:
    area = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    (WORK / name).write_bytes(drawable.get_buffer().get(area, 1.0, format, Gegl.AbyssPolicy.NONE))
    return [drawable.get_height(), drawable.get_width()]


def changed(image: Gimp.Image, step: list[Any]) -> Gimp.Image:
    """The image after a step of a photographer's; another one where it was saved and opened."""
    name, *arguments = step
    layer = image.get_layers()[0]
    if name == "precision":
        image.convert_precision(getattr(Gimp.Precision, arguments[0]))
    elif name == "alpha":
        layer.add_alpha()
    elif name == "gray":
        image.convert_grayscale()
    elif name == "scale":
        image.scale(*arguments)
    elif name == "rotate":
        image.rotate(Gimp.RotationType.DEGREES90)
    elif name == "flip":
        image.flip(Gimp.OrientationType.HORIZONTAL)
    elif name == "crop":
        image.crop(*arguments)
    elif name == "resize":
        layer.resize(*arguments)
    elif name == "strengths":
        made = layer.get_filters()[0]
        for kind, value in arguments[0].items():
            made.get_config().set_property(kind, value)
        made.update()
    elif name == "xcf":
        Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file_of("kept.xcf"), None)
        image.delete()
        return load("kept.xcf")
    else:
        raise ValueError(name)
    return image


def exported(image: Gimp.Image, name: str) -> None:
    procedure = Gimp.get_pdb().lookup_procedure("file-png-export")
    config = procedure.create_config()
    for key, value in {"run-mode": Gimp.RunMode.NONINTERACTIVE, "image": image, "file": file_of(name)}.items():
        config.set_property(key, value)
    assert procedure.run(config).index(0) == Gimp.PDBStatusType.SUCCESS


def case(name: str, photo: str, before: Any, after: Any, text: str, strengths: Any, format: str | None) -> Any:
    image = load(photo)
    for step in before:
        image = changed(image, step)
    append(image.get_layers()[0], text, strengths)
    for step in after:
        image = changed(image, step)
    layer = image.get_layers()[0]
    (made,) = layer.get_filters()
    config = made.get_config()
    told = {"text": config.get_property("correction") == text, "lens": config.get_property("lens")}
    told["size"] = dump(layer, f"{name}.below", format)
    if name == "export":
        exported(image, f"{name}.png")
    layer.merge_filters()
    dump(layer, f"{name}.after", format)
    image.delete()
    return told


answer: dict[str, Any] = {}
for wanted in json.loads((WORK / "arguments.json").read_text()):
    try:
        answer[wanted["name"]] = case(**wanted)
    except Exception:
        answer[wanted["name"]] = {"error": traceback.format_exc()}
        print(traceback.format_exc(), file=sys.stderr)
(WORK / "answer.json").write_text(json.dumps(answer))
