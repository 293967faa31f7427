"""Runs in GIMP's own Python, started by test_gimp_batch.py: corrects, and leaves pixels as GIMP holds them in files."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from gi.repository import Babl, Gegl, Gimp, Gio

WORK = Path("/mnt/work")
ARGUMENTS: dict[str, Any] = json.loads((WORK / "arguments.json").read_text())
ANSWER: dict[str, Any] = {}


def load(name: str) -> Gimp.Image:
    return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(WORK / name)))


def run(name: str, image: Gimp.Image, drawable: Gimp.Drawable | None = None, **arguments: Any) -> dict[str, Any]:
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", [drawable or image.get_layers()[0]])
    for key, value in arguments.items():
        config.set_property(key.replace("_", "-"), value)
    started = time.monotonic()
    values = procedure.run(config)
    said = [values.index(place) for place in range(1, values.length())]
    return {
        "ok": values.index(0) == Gimp.PDBStatusType.SUCCESS,
        "error": Gimp.get_pdb().get_last_error(),
        "values": [value for value in said if isinstance(value, str)],
        "seconds": time.monotonic() - started,
    }


def correct(image: Gimp.Image, drawable: Gimp.Drawable | None = None, **arguments: Any) -> dict[str, Any]:
    return run("plug-in-sixbit-correct", image, drawable, **arguments)


def dump(drawable: Gimp.Drawable, name: str) -> None:
    """The pixels of a drawable, as they are stored."""
    area = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    (WORK / name).write_bytes(drawable.get_buffer().get(area, 1.0, None, Gegl.AbyssPolicy.NONE))


def thumbnail(layer: Gimp.Layer, name: str) -> list[int]:
    """What the plug-in's dialog shows at first: a file of bytes, and its height, width and channels."""
    folder = str(next((Path.home() / ".config/GIMP").glob("3.*/plug-ins/sixbit")))
    if folder not in sys.path:
        sys.path.append(folder)
    pixels = importlib.import_module("pixels")
    with pixels.Thumbnail(layer) as small:
        told = small.picture()
        shutil.copyfile(told["file"], WORK / name)
    return [told["height"], told["width"], told["channels"]]


def tags(image: Gimp.Image) -> str:
    metadata = image.get_metadata()
    return metadata.serialize() if metadata else ""


def precisions() -> None:
    """Every precision, from the 16-bit photo: what is corrected, before and after."""
    ANSWER["precisions"] = {}
    for case in ARGUMENTS["precisions"]:
        name = case["name"]
        image = load(case["photo"])
        if case["gray"]:
            image.convert_grayscale()
        if case["precision"]:
            image.convert_precision(getattr(Gimp.Precision, case["precision"]))
        layer = image.get_layers()[0]
        if case["alpha"]:
            layer.add_alpha()
        dump(layer, f"{name}.before")
        small = thumbnail(layer, f"{name}.small")
        said = {"small": small, **correct(image)}
        dump(layer, f"{name}.after")
        said["tags"] = tags(image)
        ANSWER["precisions"][name] = said
        image.delete()


def masked(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    """With a mask that shows the left half."""
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, image.get_width() // 2, image.get_height())
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
    Gimp.Selection.none(image)
    return layer


def its_mask(_image: Gimp.Image, layer: Gimp.Layer) -> Gimp.LayerMask:
    """With the picture itself in it."""
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.COPY))
    return layer.get_mask()


def channel(image: Gimp.Image, _layer: Gimp.Layer) -> Gimp.Channel:
    made = Gimp.Channel.new_from_component(image, Gimp.ChannelType.GREEN, "green")
    image.insert_channel(made, None, 0)
    return made


def selection(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Channel:
    image.select_item(Gimp.ChannelOps.REPLACE, channel(image, layer))
    return image.get_selection()


def mask_of_group(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.LayerMask:
    group = group_of(image, layer)
    group.add_mask(layer.create_mask(Gimp.AddMaskType.COPY))
    return group.get_mask()


def locked_mask(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.LayerMask:
    its_mask(image, layer)
    layer.set_lock_content(True)
    return layer.get_mask()


def group_of(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.GroupLayer:
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)
    return group


def empty_group(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.GroupLayer:
    """With nothing in it that is as large as it is."""
    group = group_of(image, layer)
    for place in ((0, 0), (250, 200)):
        small = Gimp.Layer.new_from_drawable(layer, image)
        image.insert_layer(small, group, 0)
        small.resize(200, 100, 0, 0)
        small.set_offsets(*place)
    image.remove_layer(layer)
    return group


def several(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    """The photo, a copy of it in a group, with a mask, and a patch."""
    other, patch = (Gimp.Layer.new_from_drawable(layer, image) for _ in range(2))
    image.insert_layer(other, group_of(image, layer), 0)
    image.reorder_item(layer, None, 0)
    other.add_mask(layer.create_mask(Gimp.AddMaskType.COPY))
    image.insert_layer(patch, None, 0)
    patch.resize(100, 80, -50, -40)
    return layer


def within_group(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    group_of(image, layer)
    return layer


def within_locked_group(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    group_of(image, layer).set_lock_content(True)
    return layer


def locked(_image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    layer.set_lock_content(True)
    return layer


def with_locked_alpha(_image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    layer.add_alpha()
    layer.set_lock_alpha(True)
    return layer


def hidden(_image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    layer.set_visible(False)
    return layer


def filtered(_image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    """With a filter that GIMP applies whenever it shows the layer."""
    layer.append_filter(Gimp.DrawableFilter.new(layer, "gegl:invert-gamma", ""))
    return layer


def text(image: Gimp.Image, _layer: Gimp.Layer) -> Gimp.Layer:
    made = Gimp.TextLayer.new(image, "Leica", Gimp.context_get_font(), 60, Gimp.Unit.pixel())
    image.insert_layer(made, None, 0)
    return made


def linked(image: Gimp.Image, _layer: Gimp.Layer) -> Gimp.Layer:
    made = Gimp.LinkLayer.new(image, Gio.File.new_for_path(str(WORK / "named8.tif")))
    image.insert_layer(made, None, 0)
    return made


def shape(image: Gimp.Image, _layer: Gimp.Layer) -> Gimp.Layer:
    path = Gimp.Path.new(image, "ellipse")
    image.insert_path(path, None, 0)
    path.bezier_stroke_new_ellipse(100, 100, 50, 30, 0)
    made = Gimp.VectorLayer.new(image, path)
    image.insert_layer(made, None, 0)
    made.set_enable_fill(True)
    made.refresh()
    return made


def floating(image: Gimp.Image, drawable: Gimp.Drawable) -> Gimp.Layer:
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 20, 200, 100)
    return Gimp.Selection.float(image, [drawable], 0, 0)


def floating_on_mask(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    return floating(image, its_mask(image, layer))


def floating_on_channel(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    return floating(image, channel(image, layer))


def indexed(image: Gimp.Image, layer: Gimp.Layer) -> Gimp.Layer:
    image.convert_precision(Gimp.Precision.U8_NON_LINEAR)
    assert image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, "")
    return layer


MAKING = {
    made.__name__: made
    for made in (
        *(masked, its_mask, group_of, empty_group, several, within_group, within_locked_group),
        *(locked, with_locked_alpha, hidden),
        *(filtered, text, linked, shape, floating, floating_on_mask, floating_on_channel, indexed),
        *(channel, selection, mask_of_group, locked_mask),
    )
}


def pieces(image: Gimp.Image) -> list[Gimp.Drawable]:
    """All layers that are no groups, and their masks."""
    found, left = [], list(image.get_layers())
    while left:
        layer = left.pop(0)
        left += layer.get_children() if layer.is_group() else []
        found += [] if layer.is_group() else [layer, *filter(None, [layer.get_mask()])]
    return found


def cases(wanted: list[dict[str, Any]]) -> None:
    """Whatever else is asked for, one image each."""
    for case in wanted:
        image = load(case["photo"])
        layer = image.get_layers()[0]
        for step in case.get("before", []):
            if step[0] == "rotate":
                image.rotate(Gimp.RotationType.DEGREES90)
            elif step[0] == "convert_precision":
                image.convert_precision(getattr(Gimp.Precision, step[1]))
            else:
                getattr(image, step[0])(*step[1:])
        if "layer" in case:
            x, y, width, height = case["layer"]
            part = Gimp.Layer.new_from_drawable(layer, image)
            image.insert_layer(part, None, 0)
            part.resize(width, height, -x, -y)
            layer = part
        if "made" in case:
            layer = MAKING[case["made"]](image, layer)
        if "select" in case:
            image.select_rectangle(Gimp.ChannelOps.REPLACE, *case["select"])
        dump(layer, f"{case['name']}.before")
        inside = pieces(image) if case.get("inside") or case.get("all") else []
        for number, piece in enumerate(inside):
            dump(piece, f"{case['name']}.before.{number}")
        tags_before = tags(image)
        if case.get("server"):
            Path(case["server"][0]).write_text(case["server"][1])
        image.clean_all()
        said = [correct(image, layer, **arguments) for arguments in case["runs"]]
        dump(layer, f"{case['name']}.after")
        for number, piece in enumerate(inside):
            dump(piece, f"{case['name']}.after.{number}")
        if case.get("dump_top"):
            dump(image.get_layers()[0], f"{case['name']}.top")
        mask = layer.get_mask() if isinstance(layer, Gimp.Layer) else None
        if mask:
            dump(mask, f"{case['name']}.mask")
        ANSWER.setdefault("cases", {})[case["name"]] = {
            "filters": len(layer.get_filters()),
            "parasites": layer.get_parasite_list(),
            "rasterized": layer.is_rasterized() if hasattr(layer, "is_rasterized") else None,
            "runs": said,
            "selection": list(Gimp.Selection.bounds(image))[1:],
            "sizes": [[piece.get_width(), piece.get_height()] for piece in inside],
            "channels": [Babl.format_get_n_components(piece.get_format()) for piece in inside],
            "chosen": next((k for k, piece in enumerate(inside) if piece.get_id() == layer.get_id()), None),
            "dirty": image.is_dirty(),
            "tags_before": tags_before,
            "tags": tags(image),
            "layers": [other.get_name() for other in image.get_layers()],
            "size": [layer.get_width(), layer.get_height()],
            "offsets": list(layer.get_offsets())[-2:],
        }
        for export in case.get("exports", []):
            export_image(image, export)
        image.delete()


def export_image(image: Gimp.Image, name: str) -> None:
    kind = {"jpg": "jpeg", "tif": "tiff"}.get(name.split(".")[-1], name.split(".")[-1])
    if kind == "xcf":
        Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(str(WORK / name)), None)
        return
    procedure = Gimp.get_pdb().lookup_procedure(f"file-{kind}-export")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_property("file", Gio.File.new_for_path(str(WORK / name)))
    for option in ("include-exif", "include-xmp", "include-color-profile"):
        if config.find_property(option):
            config.set_property(option, True)
    ANSWER.setdefault("exports", {})[name] = procedure.run(config).index(0) == Gimp.PDBStatusType.SUCCESS


def identities() -> None:
    ANSWER["identities"] = {name: run("plug-in-sixbit-identify", load(name)) for name in ARGUMENTS["identify"]}


def batch(name: str, photos: list[str], folder: str, preset: str) -> None:
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-sixbit-batch")
    config = procedure.create_config()
    config.set_property("photos", [str(WORK / photo) for photo in photos])
    config.set_property("folder", folder)
    config.set_property("preset", preset)
    values = procedure.run(config)
    ok = values.index(0) == Gimp.PDBStatusType.SUCCESS
    ANSWER.setdefault("batches", {})[name] = {
        "ok": ok,
        "error": Gimp.get_pdb().get_last_error(),
        "values": [values.index(1), values.index(2)] if ok else [],
    }


precisions()
cases(ARGUMENTS["cases"])
identities()
for arguments in ARGUMENTS["batches"]:
    batch(**arguments)
cases(ARGUMENTS["failures"])
ANSWER["left"] = [path.name for path in Path("/dev/shm").glob("sixbit-*")]
(WORK / "answer.json").write_text(json.dumps(ANSWER))
