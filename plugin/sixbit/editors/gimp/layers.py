"""Which drawables can be corrected, which of them move together, and what is to be told of one before."""

from __future__ import annotations

from collections.abc import Iterable

from filters import every_layer, fits, is_changed_in_place, is_installed, own_filter
from gi.repository import Gimp
from texts import UserError, _

MARK = "sixbit-corrected"
"""The parasite that GIMP keeps with a corrected mask or channel: the metadata tells of the photo alone."""


def editable_drawable(drawables: Iterable[Gimp.Drawable]) -> Gimp.Drawable:
    """Return the one layer, mask or channel that is to be corrected. Raises UserError if it cannot be."""
    chosen = list(drawables)
    if len(chosen) != 1:
        raise UserError(_("Choose one layer; {count} are chosen.").format(count=len(chosen)))
    drawable = chosen[0]
    if drawable.is_indexed():
        raise UserError(_("An indexed image cannot be corrected; use Image ▸ Mode ▸ RGB first."))
    check_locks(drawable)
    if can_bear(drawable):
        that_move(drawable, False, False)
        check_pixels(drawable)
    return drawable


def check_pixels(drawable: Gimp.Drawable) -> None:
    """Raise UserError for a drawable whose pixels cannot be changed."""
    check_locks(drawable)
    # GIMP 3.0 has no links.
    if hasattr(drawable, "is_link_layer") and drawable.is_link_layer() and not drawable.is_rasterized():
        raise UserError(
            _(
                "GIMP loads this layer from the file that it is linked to, and would forget the correction; use Layer "
                "▸ Rasterize first."
            )
        )


def check_locks(drawable: Gimp.Drawable) -> None:
    """Raise UserError for a drawable that is locked, or in a group that is."""
    # A mask is locked with its layer, and does not say so.
    item = Gimp.Layer.from_mask(drawable) if isinstance(drawable, Gimp.LayerMask) else drawable
    if item.get_lock_content():
        raise UserError(_("The pixels of what is chosen are locked."))
    group = item.get_parent()
    while group:
        if group.get_lock_content():
            raise UserError(_("The pixels of the group that the layer is in are locked."))
        group = group.get_parent()


def can_bear(drawable: Gimp.Drawable) -> str:
    """Say why a drawable cannot have an editable filter; empty if it can."""
    if isinstance(drawable, Gimp.Channel):
        return _("GIMP has no filters for masks and channels.")
    if drawable.is_floating_sel():
        return _("A floating selection has no filters; Layer ▸ To New Layer makes a layer of it.")
    if not is_installed(drawable):
        return _("Sixbit's filter is not installed in this GIMP.")
    return ""


def that_move(drawable: Gimp.Drawable, all_layers: bool, is_filter: bool) -> list[Gimp.Drawable]:
    """Return the drawables that are corrected together, the chosen one first; a mask follows its layer or group.

    All layers of a photo are those that lie where it lies; a filter of a group serves for all that is in it. Raises
    UserError for a group without such a layer.
    """
    if is_coverage(drawable) or drawable.is_floating_sel():
        return [drawable]
    layers = [drawable]
    if drawable.is_group() and not is_filter:
        inside = [one for one in every_layer(drawable.get_image()) if _is_within(one, drawable)]
        layers = [one for one in inside if not one.is_group() and _place(one) == _place(drawable)]
        if not layers:
            raise UserError(_("No layer of this group is as large as the group; choose one of its layers."))
        return [*_with_masks(layers), *filter(None, [drawable.get_mask()])]
    elif all_layers and not drawable.is_group():
        others = (one for one in every_layer(drawable.get_image()) if one.get_id() != drawable.get_id())
        layers += [one for one in others if not one.is_group() and _place(one) == _place(drawable)]
    elif not drawable.is_group():
        return layers
    return _with_masks(layers)


def _with_masks(layers: Iterable[Gimp.Layer]) -> list[Gimp.Drawable]:
    return [one for layer in layers for one in (layer, layer.get_mask()) if one]


def _place(layer: Gimp.Layer) -> tuple[int, ...]:
    return (layer.get_width(), layer.get_height(), *list(layer.get_offsets())[-2:])


def _is_within(layer: Gimp.Layer, group: Gimp.Layer) -> bool:
    above = layer.get_parent()
    while above and above.get_id() != group.get_id():
        above = above.get_parent()
    return above is not None


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
    if drawable.is_group():
        return _("What is in a group can only be corrected in its place.")
    if _is_drawn_by_gimp(drawable):
        return _("GIMP would draw a copy of this layer anew: it can only be corrected in its place.")
    return ""


def notes_on(drawable: Gimp.Drawable, photo_is_corrected: bool, output: str) -> list[str]:
    """Say what a user may not expect of this correction; ``output`` says where the result goes."""
    if is_coverage(drawable):
        notes = [_("A mask or a channel is bent as the photo; its values stay.")]
        if photo_is_corrected:
            notes.append(_("The photo is corrected already: go on if this was made before that."))
        return notes
    notes = []
    if not drawable.get_visible():
        notes.append(_("The layer is hidden."))
    if _is_drawn_by_gimp(drawable) and output != "filter":
        notes.append(_("The layer becomes pixels; GIMP asks before it draws its text or shape anew."))
    if mask := drawable.get_mask():
        notes.append(_note_on_mask(drawable, mask))
    own = own_filter(drawable)
    if own:
        notes += _notes_on_filter(drawable, own, output)
    elif drawable.get_filters() and output == "filter":
        notes.append(_("The correction comes on top of the layer's other filters: it corrects what they make."))
    elif drawable.get_filters():
        notes.append(_("The layer's filters stay, and go on working on the corrected pixels."))
    if output != "filter" and drawable.get_lock_alpha() and drawable.has_alpha():
        notes.append(_("The transparency of the layer is locked, and stays as it is."))
    return notes


def _note_on_mask(drawable: Gimp.Layer, mask: Gimp.LayerMask) -> str:
    if MARK in mask.get_parasite_list():
        return _("The mask is bent already, and stays as it is.")
    if drawable.is_group():
        return _("The group's mask moves along.")
    return _("The layer's mask moves along if all layers of the photo are corrected; else it stays as it is.")


def _notes_on_filter(drawable: Gimp.Layer, own: Gimp.DrawableFilter, output: str) -> list[str]:
    notes = []
    if not fits(drawable):
        notes.append(
            _("The layer has not the size any more that its filter was made for, and passes through it uncorrected.")
        )
    if output == "layer":
        return [*notes, _("The layer bears this correction as a filter, which goes: its pixels are corrected instead.")]
    if output == "new-layer":
        return [*notes, _("The layer bears this correction as a filter; the new layer is corrected in its pixels.")]
    notes.append(_("The layer bears this correction as a filter, which is changed here."))
    if is_changed_in_place(drawable, own):
        notes.append(_("It keeps its place and its selection, and GIMP cannot undo the change."))
    if not own.get_visible():
        notes.append(_("It is switched off in GIMP, and stays so."))
    return notes


def has_selection(drawable: Gimp.Drawable) -> bool:
    """Tell whether there is a selection that a drawable may be corrected in alone."""
    is_selection = isinstance(drawable, Gimp.Selection) or _floats(drawable)
    return not is_selection and not Gimp.Selection.is_empty(drawable.get_image())


def _floats(drawable: Gimp.Drawable) -> bool:
    return isinstance(drawable, Gimp.Layer) and bool(drawable.is_floating_sel())


def _is_drawn_by_gimp(layer: Gimp.Layer) -> bool:
    """Tell whether it is text or a shape, which become pixels when they are changed."""
    if hasattr(layer, "is_rasterized"):
        return bool((layer.is_text_layer() or layer.is_vector_layer()) and not layer.is_rasterized())
    return bool(layer.is_text_layer())
