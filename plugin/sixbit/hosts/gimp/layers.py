"""Which drawables can be corrected, and what is to be told of a layer before it is."""

from __future__ import annotations

from collections.abc import Iterable

from gi.repository import Gimp
from texts import UserError, _


class LayerError(UserError):
    """A drawable that cannot be corrected; the message is for the user."""


def editable_layer(drawables: Iterable[Gimp.Drawable]) -> Gimp.Layer:
    """The one layer that can be corrected; raises LayerError."""
    chosen = list(drawables)
    if len(chosen) != 1:
        raise LayerError(_("Choose one layer; {count} are chosen.").format(count=len(chosen)))
    layer = chosen[0]
    if not isinstance(layer, Gimp.Layer):
        raise LayerError(_("A mask or a channel is chosen; choose the layer itself."))
    if layer.is_group():
        raise LayerError(_("A group of layers cannot be corrected; choose one of its layers."))
    if layer.is_indexed():
        raise LayerError(_("An indexed image cannot be corrected; use Image ▸ Mode ▸ RGB first."))
    if _is_drawn_by_gimp(layer):
        raise LayerError(_("GIMP draws this layer itself (text, paths or a link); choose the layer of the photo."))
    if layer.is_floating_sel():
        raise LayerError(_("The selection is floating; anchor it first."))
    if layer.get_lock_content():
        raise LayerError(_("The pixels of the layer are locked."))
    group = layer.get_parent()
    while group:
        if group.get_lock_content():
            raise LayerError(_("The pixels of the group that the layer is in are locked."))
        group = group.get_parent()
    return layer


def _is_drawn_by_gimp(layer: Gimp.Layer) -> bool:
    """True if GIMP would forget what the layer is made of when its pixels are changed."""
    if layer.is_text_layer():
        return True
    # GIMP 3.0 has neither of these.
    if hasattr(layer, "is_link_layer") and (layer.is_link_layer() or layer.is_vector_layer()):
        return not layer.is_rasterized()
    return False


def notes_on(layer: Gimp.Layer) -> list[str]:
    """What a user may not expect of this layer's correction."""
    notes = []
    if not layer.get_visible():
        notes.append(_("The layer is hidden."))
    if layer.get_mask():
        notes.append(_("The layer's mask stays as it is: the pixels move beneath it."))
    if layer.get_filters():
        notes.append(_("The layer's filters stay, and go on working on the corrected pixels."))
    if layer.get_lock_alpha() and layer.has_alpha():
        notes.append(_("The transparency of the layer is locked, and stays as it is."))
    return notes
