"""Which drawables can be corrected, and what is to be told of one before it is."""

from __future__ import annotations

from collections.abc import Iterable

from gi.repository import Gimp
from texts import UserError, _


def editable_drawable(drawables: Iterable[Gimp.Drawable]) -> Gimp.Drawable:
    """Return the one layer, mask or channel that is to be corrected. Raises UserError if it cannot be."""
    chosen = list(drawables)
    if len(chosen) != 1:
        raise UserError(_("Choose one layer; {count} are chosen.").format(count=len(chosen)))
    drawable = chosen[0]
    if drawable.is_group():
        raise UserError(_("A group of layers cannot be corrected; choose one of its layers."))
    if drawable.is_indexed():
        raise UserError(_("An indexed image cannot be corrected; use Image ▸ Mode ▸ RGB first."))
    # GIMP 3.0 has no links.
    if hasattr(drawable, "is_link_layer") and drawable.is_link_layer() and not drawable.is_rasterized():
        raise UserError(
            _(
                "GIMP loads this layer from the file that it is linked to, and would forget the correction; use Layer "
                "▸ Rasterize first."
            )
        )
    # A mask is locked with its layer, and does not say so.
    item = Gimp.Layer.from_mask(drawable) if isinstance(drawable, Gimp.LayerMask) else drawable
    if item.get_lock_content():
        raise UserError(_("The pixels of what is chosen are locked."))
    group = item.get_parent()
    while group:
        if group.get_lock_content():
            raise UserError(_("The pixels of the group that the layer is in are locked."))
        group = group.get_parent()
    return drawable


def is_coverage(drawable: Gimp.Drawable) -> bool:
    """Tell whether the values are no light but coverage: those of masks, channels, and what floats above them."""
    if isinstance(drawable, Gimp.Channel):
        return True
    return bool(
        drawable.is_floating_sel() and isinstance(drawable.get_image().floating_sel_attached_to(), Gimp.Channel)
    )


def only_in_place(drawable: Gimp.Drawable) -> str:
    """Say why the result cannot be a new layer; empty if it can."""
    if isinstance(drawable, Gimp.Channel):
        return _("A mask or a channel can only be corrected in its place.")
    if drawable.is_floating_sel():
        return _("A floating selection can only be corrected in its place; Layer ▸ To New Layer makes a layer of it.")
    if _is_drawn_by_gimp(drawable):
        return _("GIMP would draw a copy of this layer anew: it can only be corrected in its place.")
    return ""


def notes_on(drawable: Gimp.Drawable, photo_is_corrected: bool) -> list[str]:
    """Say what a user may not expect of this correction."""
    if is_coverage(drawable):
        notes = [_("A mask or a channel is bent as the photo; its values stay.")]
        if photo_is_corrected:
            notes.append(_("The photo is corrected already: go on if this was made before that."))
        return notes
    notes = []
    if not drawable.get_visible():
        notes.append(_("The layer is hidden."))
    if _is_drawn_by_gimp(drawable):
        notes.append(_("The layer becomes pixels; GIMP asks before it draws its text or shape anew."))
    if drawable.get_mask():
        notes.append(_("The layer's mask stays as it is; to bend it too, choose the mask and correct it likewise."))
    if drawable.get_filters():
        notes.append(_("The layer's filters stay, and go on working on the corrected pixels."))
    if drawable.get_lock_alpha() and drawable.has_alpha():
        notes.append(_("The transparency of the layer is locked, and stays as it is."))
    return notes


def _is_drawn_by_gimp(layer: Gimp.Layer) -> bool:
    """Tell whether it is text or a shape, which become pixels when they are changed."""
    if hasattr(layer, "is_rasterized"):
        return bool((layer.is_text_layer() or layer.is_vector_layer()) and not layer.is_rasterized())
    return bool(layer.is_text_layer())
