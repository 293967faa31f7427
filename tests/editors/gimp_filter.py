"""Runs in GIMP's Python, started by test_gimp_filter.py: corrections that stay filters, and what becomes of them."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

from gi.repository import Gegl, Gimp, Gio

sys.path.insert(0, str(next(Path(Gimp.directory()).glob("plug-ins/sixbit"))))
from filters import STRENGTHS, OnCanvas, record_of
from layers import notes_on

WORK = Path("/mnt/work")
ANSWER: dict[str, Any] = {}
OPERATION = "sixbit:lens-correction"


def load(name: str) -> Gimp.Image:
    return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(WORK / name)))


def correct(image: Gimp.Image, drawable: Gimp.Drawable | None = None, **arguments: Any) -> str:
    """Correct, and return what went wrong."""
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-sixbit-correct")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", [drawable or image.get_layers()[0]])
    for key, value in {"output": "filter", **arguments}.items():
        config.set_property(key.replace("_", "-"), value)
    values = procedure.run(config)
    return "" if values.index(0) == Gimp.PDBStatusType.SUCCESS else str(Gimp.get_pdb().get_last_error())


def dump(drawable: Gimp.Drawable, name: str) -> None:
    area = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    (WORK / name).write_bytes(drawable.get_buffer().get(area, 1.0, None, Gegl.AbyssPolicy.NONE))


def merged(image: Gimp.Image, number: int, name: str) -> None:
    """The pixels of a layer with its filters, as GIMP would merge them."""
    copy = image.duplicate()
    layer = copy.get_layers()[number]
    layer.merge_filters()
    dump(layer, name)
    copy.delete()


def told(image: Gimp.Image, drawable: Gimp.Drawable | None = None) -> dict[str, Any]:
    layer = drawable or image.get_layers()[0]
    found = [one for one in layer.get_filters() if one.get_operation_name() == OPERATION]
    metadata = image.get_metadata()
    strengths = ("distortion", "tca", "vignetting", "shading")
    return {
        "filters": [one.get_name() for one in found],
        "strengths": [found[0].get_config().get_property(kind) for kind in strengths] if found else [],
        "tags": metadata.serialize() if metadata else "",
        "dirty": image.is_dirty(),
        "layers": len(image.get_layers()),
    }


def kept(
    photo: str, *, gray: bool = False, alpha: bool = False, precision: str = "", **arguments: Any
) -> dict[str, Any]:
    """A photo is corrected by a filter; its pixels stay."""
    image = load(photo)
    if gray:
        image.convert_grayscale()
    if precision:
        image.convert_precision(getattr(Gimp.Precision, precision))
    layer = image.get_layers()[0]
    if alpha:
        layer.add_alpha()
    name = "-".join(filter(None, [photo, "gray" * gray, "alpha" * alpha, precision, *map(str, arguments.values())]))
    dump(layer, f"{name}.before")
    error = correct(image, **arguments)
    dump(layer, f"{name}.below")
    merged(image, 0, f"{name}.after")
    return {
        "name": name,
        "error": error,
        "chosen": record_of(layer).get("chosen"),
        "record": record_of(layer),
        **told(image),
    }


def roundtrip() -> dict[str, Any]:
    """Saved, opened anew, corrected otherwise, and back again."""
    image = load("named8.tif")
    errors = [correct(image)]
    merged(image, 0, "saved")
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(str(WORK / "kept.xcf")), None)
    image = load("kept.xcf")
    merged(image, 0, "opened")
    opened = told(image)
    errors.append(correct(image, tca=False, distortion_strength=50.0))
    edited = told(image)
    merged(image, 0, "edited")
    errors.append(correct(image))
    merged(image, 0, "edited back")
    return {"errors": errors, "opened": opened, "edited": edited, "back": told(image)}


def deleted() -> dict[str, Any]:
    """The filter is deleted: its mark is false, and nothing is asked."""
    image = load("named8.tif")
    errors = [correct(image)]
    image.get_layers()[0].get_filters()[0].delete()
    errors.append(correct(image, output="layer", tca=False))
    dump(image.get_layers()[0], "deleted")
    return {"errors": errors, **told(image)}


def deleted_and_converted() -> dict[str, Any]:
    """The filter is deleted, and the pixels are told in other numbers: they are not corrected for all that."""
    image = load("named8.tif")
    errors = [correct(image)]
    image.get_layers()[0].get_filters()[0].delete()
    image.convert_precision(Gimp.Precision.U16_NON_LINEAR)
    image.get_layers()[0].add_alpha()
    errors.append(correct(image))
    return {"errors": errors, **told(image)}


def from_visible() -> dict[str, Any]:
    """What is seen of a filtered photo is corrected; a layer that was there before is not."""
    image = load("named8.tif")
    layer = image.get_layers()[0]
    other = Gimp.Layer.new_from_drawable(layer, image)
    image.insert_layer(other, None, 1)
    other.invert(False)
    errors = [correct(image, layer)]
    seen = Gimp.Layer.new_from_visible(image, image, "visible")
    image.insert_layer(seen, None, 0)
    errors += [correct(image, seen), correct(image, other), correct(image.duplicate(), None, tca=False)]
    return {"errors": errors, "filters": [told(image, one)["filters"] for one in (seen, layer, other)]}


def put_right() -> dict[str, Any]:
    """Marks of filters that are gone, or do nothing, go when Sixbit is asked which lens it was."""
    tags = {}
    identify = Gimp.get_pdb().lookup_procedure("plug-in-sixbit-identify")
    for name in ("as it was", "deleted", "switched off", "switched on again", "cropped", "merged"):
        image = load("named8.tif")
        correct(image)
        layer = image.get_layers()[0]
        (own,) = layer.get_filters()
        if name == "deleted":
            own.delete()
        elif name.startswith("switched"):
            own.set_visible(False)
            own.update()
        elif name == "cropped":
            image.crop(150, 180, 0, 0)
        elif name == "merged":
            layer.merge_filters()
        for _time in range(2 if name == "switched on again" else 1):
            config = identify.create_config()
            config.set_property("image", image)
            config.set_core_object_array("drawables", [layer])
            values = identify.run(config)
            if name == "switched on again":
                own.set_visible(True)
                own.update()
        done = json.loads(values.index(4))["already_corrected"]
        tags[name] = {"tags": told(image)["tags"], "done": done}
    return tags


def kept_by_merging() -> dict[str, Any]:
    """The filter is merged: its mark is true, and the photo is not corrected again."""
    image = load("named8.tif")
    errors = [correct(image)]
    image.get_layers()[0].merge_filters()
    errors.append(correct(image))
    return {"errors": errors, **told(image)}


def into_pixels() -> dict[str, Any]:
    """A layer that bears the filter is corrected in its pixels: the filter goes."""
    image = load("named8.tif")
    errors = [correct(image), correct(image, output="layer")]
    dump(image.get_layers()[0], "into pixels")
    return {"errors": errors, **told(image)}


def into_a_new_layer() -> dict[str, Any]:
    """A layer that bears the filter is corrected into a new one, which has it in its pixels alone."""
    image = load("named8.tif")
    layer = image.get_layers()[0]
    errors = [correct(image), correct(image, output="new-layer")]
    merged(image, 0, "into a new layer")
    return {"errors": errors, "below": told(image, layer), **told(image)}


def selected_before() -> dict[str, Any]:
    """A filter within a selection is changed twice when that is gone."""
    image = load("named8.tif")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 40, 30, 200, 100)
    errors = [correct(image, only_selection=True)]
    Gimp.Selection.none(image)
    errors += [correct(image, tca=False), correct(image)]
    merged(image, 0, "selected before")
    return {"errors": errors, **told(image)}


def locked_beside() -> dict[str, Any]:
    """One of two layers is locked: neither is changed."""
    image = load("named8.tif")
    layer = image.get_layers()[0]
    other = Gimp.Layer.new_from_drawable(layer, image)
    image.insert_layer(other, None, 0)
    other.set_lock_content(True)
    error = correct(image, layer, layers="all")
    return {"error": error, "other": told(image, other), **told(image, layer)}


def masks_of_groups() -> dict[str, Any]:
    """A group with a mask is corrected in its pixels, or bears the filter, which is changed: its mask is bent once."""
    errors, notes = [], []
    for output in ("layer", "filter"):
        image = load("named8.tif")
        layer = image.get_layers()[0]
        holder = Gimp.GroupLayer.new(image, "group")
        image.insert_layer(holder, None, 0)
        image.reorder_item(layer, holder, 0)
        holder.add_mask(layer.create_mask(Gimp.AddMaskType.COPY))
        notes.append(notes_on(holder, False, output))
        errors.append(correct(image, holder, output=output))
        dump(holder.get_mask(), f"mask of group, {output}")
    notes.append(notes_on(holder, False, "filter"))
    errors.append(correct(image, holder, distortion_strength=50.0))
    dump(holder.get_mask(), "mask of group, filter changed")
    return {"errors": errors, "notes": notes}


def noted() -> dict[str, Any]:
    """What the dialog says of a layer with the filter, from whose size it goes on to others."""
    image = load("named8.tif")
    layer = image.get_layers()[0]
    correct(image)
    notes = {}

    def note(name: str) -> None:
        notes[name] = " ".join(notes_on(layer, False, "filter"))

    note("as it was")
    image.scale(225, 150)
    note("scaled")
    image.rotate(Gimp.RotationType.DEGREES90)
    note("turned")
    config = layer.get_filters()[0].get_config()
    text = config.get_property("correction")
    config.set_property("correction", text.replace(" centre 224.5 ", " centre 220.0 "))
    note("turned beside the middle")
    config.set_property("correction", text)
    image.crop(150, 180, 0, 0)
    note("cropped")
    layer.get_filters()[0].set_visible(False)
    note("switched off")
    layer.append_filter(Gimp.DrawableFilter.new(layer, "gegl:gaussian-blur", "blur"))
    note("below")
    layer.get_filters()[1].delete()
    note("another")
    return {"notes": notes}


def on_canvas() -> dict[str, Any]:
    """What is shown while the dialog is open follows the choice of the selection."""
    image = load("named8.tif")
    layer = image.get_layers()[0]
    correct(image)
    text = layer.get_filters()[0].get_config().get_property("correction")
    layer.get_filters()[0].delete()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 40, 30, 200, 100)
    canvas = OnCanvas(layer)
    for name, only in (("canvas whole", False), ("canvas part", True), ("canvas whole again", False)):
        canvas.show(text, "lens", dict.fromkeys(STRENGTHS, 1.0), only)
        merged(image, 0, name)
    canvas.close()
    return told(image)


def selection(only: bool) -> dict[str, Any]:
    image = load("named8.tif")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 40, 30, 200, 100)
    error = correct(image, only_selection=only)
    bounds = list(Gimp.Selection.bounds(image))[1:]
    Gimp.Selection.none(image)
    merged(image, 0, f"selection {only}")
    return {"error": error, "bounds": bounds, **told(image)}


def group() -> dict[str, Any]:
    """A group bears the filter; its layers are not corrected once more."""
    image = load("named8.tif")
    layer = image.get_layers()[0]
    holder = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(holder, None, 0)
    image.reorder_item(layer, holder, 0)
    errors = [correct(image, holder), correct(image, layer)]
    copy = image.duplicate()
    dump(copy.flatten(), "group")
    return {"errors": errors, **told(image, holder)}


def layers() -> dict[str, Any]:
    """Two layers of the photo bear it, and the mask of one is bent."""
    image = load("named8.tif")
    layer = image.get_layers()[0]
    other = Gimp.Layer.new_from_drawable(layer, image)
    image.insert_layer(other, None, 0)
    other.add_mask(layer.create_mask(Gimp.AddMaskType.COPY))
    dump(other.get_mask(), "mask before")
    error = correct(image, layer, layers="all")
    dump(other.get_mask(), "mask after")
    again = correct(image, layer, layers="all", tca=False)
    return {"error": error, "again": again, "other": told(image, other), **told(image, layer)}


def missing() -> dict[str, Any]:
    """Without the operation the pixels are corrected."""
    image = load("named8.tif")
    error = correct(image)
    dump(image.get_layers()[0], "missing")
    return {"error": error, **told(image)}


CASES: dict[str, Any] = {
    "u8": lambda: kept("named8.tif"),
    "u16": lambda: kept("named16.tif"),
    "float": lambda: kept("named16.tif", precision="FLOAT_LINEAR"),
    "gray": lambda: kept("named8.tif", gray=True),
    "alpha": lambda: kept("named16.tif", alpha=True),
    "half": lambda: kept("named16.tif", distortion_strength=50.0),
    "double": lambda: kept("named16.tif", distortion_strength=200.0),
    "preset": lambda: kept("named16.tif", preset="archive"),
    "refused": lambda: kept("bare16.tif"),
    "roundtrip": roundtrip,
    "deleted": deleted,
    "merged": kept_by_merging,
    "deleted and converted": deleted_and_converted,
    "from visible": from_visible,
    "put right": put_right,
    "into pixels": into_pixels,
    "into a new layer": into_a_new_layer,
    "selected before": selected_before,
    "locked beside": locked_beside,
    "masks of groups": masks_of_groups,
    "noted": noted,
    "on canvas": on_canvas,
    "selection": lambda: selection(True),
    "beside a selection": lambda: selection(False),
    "group": group,
    "layers": layers,
    "missing": missing,
}

for wanted in json.loads((WORK / "arguments.json").read_text()):
    try:
        ANSWER[wanted] = CASES[wanted]()
    except Exception:
        ANSWER[wanted] = {"error": traceback.format_exc(), "errors": [traceback.format_exc()]}
        print(traceback.format_exc(), file=sys.stderr)
(WORK / "answer.json").write_text(json.dumps(ANSWER))
