"""Runs in GIMP's own Python, started by tests/scenery/gimp_sequences.py: a photographer's actions, in random order.

After each action the image is looked at: what changed that should not, which marks are not true, whether undo leads
back to where it came from. Pixels are written down, to be compared outside.
"""

from __future__ import annotations

import json
import sys
import traceback
from typing import Any

from gi.repository import Gimp, Gio

sys.path.insert(0, "/mnt/work")
from gimp_seen import SHOWN, bytes_of, differences, pixels_digest, state_of
from gimp_sequence import HAS_WINDOW, KNOWN, PROCEDURE, WORK, Action, Sequence, WrongError, shown

# isort: split
from filters import STRENGTHS, every_layer, own_filter
from metadata import tags_of
from server_client import Server

PRECISIONS = ("U8_NON_LINEAR", "U16_NON_LINEAR", "FLOAT_LINEAR", "FLOAT_NON_LINEAR")


def as_filter(s: Sequence) -> Any:
    return s.corrected("filter")


def as_pixels(s: Sequence) -> Any:
    return s.corrected("layer")


def as_new_layer(s: Sequence) -> Any:
    return s.corrected("new-layer")


def undo(s: Sequence) -> Any:
    return s.in_history(-1)


def redo(s: Sequence) -> Any:
    return s.in_history(1)


def merge(s: Sequence) -> Any:
    layer = s.a_layer(lambda one: not one.is_group() and one.get_filters())
    if layer is None:
        return None
    s.note(layer.get_name())
    truth = s.truth(layer)
    own = own_filter(layer)
    number = [one.get_id() for one in s.layers()].index(layer.get_id())
    copy = s.image.duplicate()
    other = list(every_layer(copy))[number]
    other.merge_filters()
    expected = pixels_digest(other)
    copy.delete()
    done = {k for k in s.borne(layer) if own and own.get_config().get_property(k) > 0}
    layer.merge_filters()
    if pixels_digest(layer) != expected:
        raise WrongError("merged it is another picture than in a copy")
    if truth | done:
        s.done_to[expected] = truth | done
    return "a step"


def delete_filter(s: Sequence) -> Any:
    layer = s.a_layer(lambda one: one.get_filters())
    if layer is None:
        return None
    s.note(layer.get_name())
    s.random.choice(layer.get_filters()).delete()
    return "a step"


def slide(s: Sequence) -> Any:
    """GIMP's own dialog of the filter sets a strength."""
    layer = s.a_layer(own_filter)
    if layer is None:
        return None
    own = own_filter(layer)
    kind, value = s.random.choice(STRENGTHS), s.random.choice((0.0, 40.0, 100.0, 170.0))
    s.note(layer.get_name(), kind, value)
    own.get_config().set_property(kind, value)
    own.update()
    return "no way back"


def switch(s: Sequence) -> Any:
    layer = s.a_layer(lambda one: one.get_filters())
    if layer is None:
        return None
    one = s.random.choice(layer.get_filters())
    s.note(layer.get_name())
    one.set_visible(not one.get_visible())
    one.update()
    return "no way back"


def blur(s: Sequence) -> Any:
    layer = s.a_layer()
    s.note(layer.get_name())
    layer.append_filter(Gimp.DrawableFilter.new(layer, "gegl:gaussian-blur", "blur"))
    return "a step"


def xcf(s: Sequence) -> Any:
    """Saved, closed, opened."""
    before = s.state
    file = Gio.File.new_for_path(str(WORK / "kept.xcf"))
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, s.image, file, None)
    s.close()
    s.image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file)
    s.display = shown(s.image)
    after = state_of(s.image)
    if after != before:
        raise WrongError(f"opened anew it is another: {differences(before, after)}")
    return "no way back"


def duplicate(s: Sequence) -> Any:
    """Go on with a copy of the image."""
    before, copy = s.state, s.image.duplicate()
    s.close()
    s.image = copy
    s.display = shown(s.image)
    after = state_of(s.image)
    if after != before:
        raise WrongError(f"the copy is another: {differences(before, after)}")
    return "no way back"


def export(s: Sequence) -> Any:
    """The file has the marks that the image has, and the picture that is seen."""
    procedure = Gimp.get_pdb().lookup_procedure("file-png-export")
    config = procedure.create_config()
    path = WORK / "exported.png"
    for key, value in {"image": s.image, "file": Gio.File.new_for_path(str(path)), "include-xmp": True}.items():
        config.set_property(key, value)
    if procedure.run(config).index(0) != Gimp.PDBStatusType.SUCCESS:
        raise WrongError("it cannot be exported")
    written = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(path)))
    copy = s.image.duplicate()
    copy.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE)
    if copy.get_precision() != written.get_precision():
        copy.convert_precision(written.get_precision())
    if int(written.get_precision()) == int(Gimp.Precision.U8_NON_LINEAR):
        seen = next(one for one in copy.get_layers() if one.get_visible())
        if seen.get_width() == s.image.get_width() and seen.get_height() == s.image.get_height():
            pairs = zip(bytes_of(seen, SHOWN), bytes_of(written.get_layers()[0], SHOWN), strict=True)
            off = max(abs(a - b) for a, b in pairs)
            if off > 1:
                raise WrongError(f"the file shows another picture: {off} off")
    marks = {k for k, v in tags_of(written).items() if k.startswith("Xmp.aux.") and v.lower() == "true"}
    wanted = {k for k, v in s.state["marks"].items() if k.startswith("Xmp.aux.") and v.lower() == "true"}
    if marks != wanted:
        raise WrongError(f"the file says {sorted(marks)}, the image {sorted(wanted)}")
    for one in (written, copy):
        one.delete()
    return "nothing"


def repeat(s: Sequence) -> Any:
    """Ctrl+F, of a photo that is not corrected: else it would ask."""
    layer = s.a_layer(lambda one: not one.is_group() and any(bytes_of(one)))
    if (
        layer is None
        or s.true_of_all()
        or s.state["marks"]
        or s.photo != "named.tif"
        or s.state["size"] != list(s.size)
    ):
        return None
    old, before = s.state, {one["pixels"] for one in s.state["layers"]}
    procedure = Gimp.get_pdb().lookup_procedure(PROCEDURE)
    config = procedure.create_config()
    config.set_property("image", s.image)
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_core_object_array("drawables", [layer])
    s.note(layer.get_name())
    if procedure.run(config).index(0) != Gimp.PDBStatusType.SUCCESS:
        s.note(str(Gimp.get_pdb().get_last_error()))
        if state_of(s.image) != old:
            raise WrongError("a failure has changed the image")
        return "nothing"
    kinds = set(KNOWN[s.photo]) - ({"tca"} if s.image.get_base_type() == Gimp.ImageBaseType.GRAY else set())
    for one in s.layers():
        if not one.is_group() and pixels_digest(one) not in before:
            s.done_to[pixels_digest(one)] = kinds
    return "a step"


def select(s: Sequence) -> Any:
    if not Gimp.Selection.is_empty(s.image):
        Gimp.Selection.none(s.image)
        return "a step"
    width, height = s.state["size"]
    x, y = s.random.randrange(width // 2), s.random.randrange(height // 2)
    s.image.select_rectangle(Gimp.ChannelOps.REPLACE, x, y, width // 3, height // 3)
    return "a step"


def crop(s: Sequence) -> Any:
    width, height = s.state["size"]
    if width < 100 or height < 80:
        return None
    cut = s.random.choice((3, 10, 17))
    s.note(cut)
    return s.carried(lambda: s.image.crop(width - cut, height - 5, s.random.randrange(cut), 2))


def scale(s: Sequence) -> Any:
    width, height = s.state["size"]
    share = 2.0 if width < 100 else s.random.choice((0.5, 0.75, 1.5)) if width < 260 else 0.5
    s.note(share)
    return s.carried(lambda: s.image.scale(round(width * share), round(height * share)))


def rotate(s: Sequence) -> Any:
    kinds = (Gimp.RotationType.DEGREES90, Gimp.RotationType.DEGREES180, Gimp.RotationType.DEGREES270)
    return s.carried(lambda: s.image.rotate(s.random.choice(kinds)))


def flip(s: Sequence) -> Any:
    kinds = (Gimp.OrientationType.HORIZONTAL, Gimp.OrientationType.VERTICAL)
    return s.carried(lambda: s.image.flip(s.random.choice(kinds)))


def precision(s: Sequence) -> Any:
    others = [getattr(Gimp.Precision, name) for name in PRECISIONS]
    others = [one for one in others if one != s.image.get_precision()]
    return s.carried(lambda: s.image.convert_precision(s.random.choice(others)))


def gray(s: Sequence) -> Any:
    s.was_gray = True
    is_gray = s.image.get_base_type() == Gimp.ImageBaseType.GRAY
    s.carried(s.image.convert_rgb if is_gray else s.image.convert_grayscale)
    return "no way back"


def alpha(s: Sequence) -> Any:
    layer = s.a_layer(lambda one: not one.is_group() and not one.has_alpha())
    return s.carried(layer.add_alpha) if layer else None


def resize(s: Sequence) -> Any:
    layer = s.a_layer(lambda one: not one.is_group())
    if layer is None:
        return None
    s.note(layer.get_name())
    return s.carried(lambda: layer.resize(layer.get_width() + 8, layer.get_height() + 3, 4, 1))


def shift(s: Sequence) -> Any:
    layer = s.a_layer(lambda one: not one.is_group())
    if layer is None:
        return None
    layer.set_offsets(s.random.randrange(-9, 9), s.random.randrange(10, 20))
    return "a step"


def copy_layer(s: Sequence) -> Any:
    layer = s.a_layer()
    if layer is None or len(s.layers()) > 4:
        return None
    s.note(layer.get_name())
    s.image.insert_layer(layer.copy(), layer.get_parent(), s.image.get_item_position(layer))
    return "a step"


def from_visible(s: Sequence) -> Any:
    """What is seen, as a layer: corrected as that is."""
    if len(s.layers()) > 4:
        return None
    truth = s.seen_of(s.image.get_layers())
    new = Gimp.Layer.new_from_visible(s.image, s.image, "visible")
    s.image.insert_layer(new, None, 0)
    if truth:
        s.done_to.setdefault(pixels_digest(new), truth)
    return "a step"


def new_layer(s: Sequence) -> Any:
    """An empty one, as for retouching."""
    if len(s.layers()) > 4:
        return None
    kind = (
        Gimp.ImageType.GRAYA_IMAGE if s.image.get_base_type() == Gimp.ImageBaseType.GRAY else Gimp.ImageType.RGBA_IMAGE
    )
    layer = Gimp.Layer.new(s.image, "retouch", *s.state["size"], kind, 100.0, Gimp.LayerMode.NORMAL)
    s.image.insert_layer(layer, None, 0)
    return "a step"


def remove_layer(s: Sequence) -> Any:
    layer = s.a_layer()
    if len(s.image.get_layers()) < 2 or layer is None:
        return None
    s.note(layer.get_name())
    s.image.remove_layer(layer)
    if not s.layers():
        raise WrongError("no layer is left")
    return "a step"


def group(s: Sequence) -> Any:
    layer = s.a_layer(lambda one: not one.is_group() and one.get_parent() is None)
    if layer is None or any(one.is_group() for one in s.layers()):
        return None
    s.image.undo_group_start()
    holder = Gimp.GroupLayer.new(s.image, "group")
    s.image.insert_layer(holder, None, s.image.get_item_position(layer))
    s.image.reorder_item(layer, holder, 0)
    s.image.undo_group_end()
    return "a step"


def mask(s: Sequence) -> Any:
    layer = s.a_layer()
    if (own := layer.get_mask()) is not None:
        if own.get_width() and not layer.is_group():
            s.carried(
                lambda: layer.remove_mask(s.random.choice((Gimp.MaskApplyMode.DISCARD, Gimp.MaskApplyMode.APPLY)))
            )
            return "a step"
        return None
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.COPY))
    return "a step"


def flatten(s: Sequence) -> Any:
    if not any(one.get_visible() for one in s.image.get_layers()):
        return None
    truth = s.seen_of(s.image.get_layers())
    layer = s.image.flatten()
    if truth:
        s.done_to.setdefault(pixels_digest(layer), truth)
    return "a step"


ACTIONS: dict[str, tuple[Action, int]] = {
    "filter": (as_filter, 12),
    "pixels": (as_pixels, 3),
    "new layer": (as_new_layer, 2),
    "undo": (undo, 9),
    "redo": (redo, 6),
    "merge": (merge, 3),
    "delete filter": (delete_filter, 3),
    "slide": (slide, 3),
    "switch": (switch, 1),
    "blur": (blur, 1),
    "xcf": (xcf, 3),
    "duplicate image": (duplicate, 1),
    "export": (export, 2),
    "repeat": (repeat, 1),
    "select": (select, 3),
    "crop": (crop, 2),
    "scale": (scale, 2),
    "rotate": (rotate, 2),
    "flip": (flip, 2),
    "precision": (precision, 2),
    "gray": (gray, 1),
    "alpha": (alpha, 1),
    "resize": (resize, 1),
    "shift": (shift, 1),
    "copy layer": (copy_layer, 2),
    "from visible": (from_visible, 1),
    "empty layer": (new_layer, 1),
    "remove layer": (remove_layer, 1),
    "group": (group, 2),
    "mask": (mask, 2),
    "flatten": (flatten, 1),
}


Gimp.get_plug_in().set_pdb_error_handler(Gimp.PDBErrorHandler.PLUGIN)  # no message in the way of the keys
POSSIBLE = {name: one for name, one in ACTIONS.items() if HAS_WINDOW or name not in ("undo", "redo")}
ASKED: dict[str, Any] = json.loads((WORK / "arguments.json").read_text())
answer: dict[str, Any] = {}
with Server("sequences") as server:
    for seed in ASKED["seeds"]:
        sequence = Sequence(server, seed, ASKED["steps"])
        fault = ""
        try:
            sequence.run(POSSIBLE)
        except WrongError as one:
            fault = str(one)
        except Exception:
            fault = traceback.format_exc()
        if fault:
            sequence.close()
        answer[str(seed)] = {"fault": fault, "told": sequence.told, "photo": sequence.photo, "looks": sequence.looks}
        (WORK / "answer.json").write_text(json.dumps(answer))
