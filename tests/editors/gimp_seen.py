"""Runs in GIMP's own Python: what is seen of an image, to be compared with what it was before."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from gi.repository import Gegl, Gimp

sys.path.insert(0, str(next(Path(Gimp.directory()).glob("plug-ins/sixbit"))))
from filters import OPERATION, RECORD, STRENGTHS, every_layer, record_of
from layers import MARK
from metadata import tags_of

SHOWN = "R'aG'aB'aA u8"
"""By what a picture is compared, in which nothing lies below what is transparent."""

Drawable = Any
State = dict[str, Any]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def bytes_of(drawable: Drawable, format: str | None = None) -> bytes:
    area = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    return bytes(drawable.get_buffer().get(area, 1.0, format, Gegl.AbyssPolicy.NONE))


def pixels_digest(drawable: Drawable) -> str:
    return digest(f"{drawable.get_width()} {drawable.get_height()} ".encode() + bytes_of(drawable))


def filter_state(one: Gimp.DrawableFilter) -> list[Any]:
    name = one.get_operation_name()
    state: list[Any] = [name, one.get_visible()]
    if name == OPERATION:
        config = one.get_config()
        state += [digest(config.get_property("correction").encode()), *(config.get_property(k) for k in STRENGTHS)]
    return state


def layer_state(layer: Gimp.Layer) -> State:
    mask, parent = layer.get_mask(), layer.get_parent()
    is_group = layer.is_group()
    return {
        "name": layer.get_name(),
        "place": [layer.get_width(), layer.get_height(), *list(layer.get_offsets())[-2:]],
        "pixels": "" if is_group else pixels_digest(layer),
        "mask": mask and [pixels_digest(mask), MARK in mask.get_parasite_list()],
        "parent": parent.get_name() if parent else "",
        "filters": [filter_state(one) for one in layer.get_filters()],
        "record": digest(json.dumps(record_of(layer), sort_keys=True).encode())
        if RECORD in layer.get_parasite_list()
        else "",
        "visible": layer.get_visible(),
    }


def state_of(image: Gimp.Image) -> State:
    """All of an image that a photographer would miss."""
    tags = tags_of(image)
    return {
        "size": [image.get_width(), image.get_height()],
        "precision": int(image.get_precision()),
        "type": int(image.get_base_type()),
        "layers": [layer_state(one) for one in every_layer(image)],
        "marks": {name: text for name, text in tags.items() if name.startswith(("Xmp.aux.", "Xmp.sixbit."))},
        "selection": list(Gimp.Selection.bounds(image))[1:],
    }


def differences(one: State, other: State) -> str:
    """What is not the same, in short."""
    found = [f"{key}: {one[key]} / {other[key]}" for key in one if key != "layers" and one[key] != other[key]]
    if len(one["layers"]) != len(other["layers"]):
        found.append(f"layers: {[a['name'] for a in one['layers']]} / {[a['name'] for a in other['layers']]}")
    else:
        for a, b in zip(one["layers"], other["layers"], strict=True):
            found += [f"{a['name']}, {key}: {a[key]} / {b[key]}" for key in a if a[key] != b[key]]
    return "; ".join(found)
