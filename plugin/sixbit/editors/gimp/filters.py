"""The editable filter: GIMP keeps the correction beside the pixels of a layer, and what was chosen beside that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

from gi.repository import Babl, Gegl, Gimp

OPERATION = "sixbit:lens-correction"
STRENGTHS = ("distortion", "tca", "vignetting", "shading")
"""The strengths of the operation, in per cent."""
RECORD = "sixbit-filter"
"""The parasite that tells what a filter of the layer was made of; it outlives the filter."""
OWN_MARK = "Xmp.sixbit.filter"
"""The digest of the last correction, in the metadata."""
ROWS = 32
"""Rows that tell whether the pixels below a filter are still the same."""


def is_installed(drawable: Gimp.Drawable) -> bool:
    """Tell whether GIMP has the operation."""
    plug_in = Gimp.get_plug_in()
    usual = plug_in.get_pdb_error_handler()
    # Else GIMP tells the user, too, that it does not know it.
    plug_in.set_pdb_error_handler(Gimp.PDBErrorHandler.PLUGIN)
    try:
        Gimp.DrawableFilter.new(drawable, OPERATION, "").delete()
    except TypeError:  # It answers with nothing, which is no filter to Python.
        return False
    finally:
        plug_in.set_pdb_error_handler(usual)
    return True


def own_filter(drawable: Gimp.Drawable) -> Gimp.DrawableFilter | None:
    """Return the correction that a layer bears, None if it bears none."""
    if isinstance(drawable, Gimp.Channel):
        return None
    return next((one for one in drawable.get_filters() if one.get_operation_name() == OPERATION), None)


def record_of(drawable: Gimp.Drawable) -> dict[str, Any]:
    """Return what is known of the last filter of a layer, nothing if there was none."""
    parasite = drawable.get_parasite(RECORD)
    if parasite is None:
        return {}
    with suppress(ValueError):
        record = json.loads(bytes(parasite.get_data()).decode(errors="replace"))
        return record if isinstance(record, dict) else {}
    return {}


def bear(drawable: Gimp.Drawable, text: str, lens: str, strength: Mapping[str, float], record: dict[str, Any]) -> None:
    """Have a layer bear a correction, in place of the one that is there.

    ``text`` is the server's compiled correction, ``strength`` is in shares by kind.
    """
    old = own_filter(drawable)
    if old and is_changed_in_place(drawable, old):
        set_filter(old, text, lens, strength)
        record = {**record, "in_selection": record_of(drawable).get("in_selection")}
    else:
        new = Gimp.DrawableFilter.new(drawable, OPERATION, lens)
        set_filter(new, text, lens, strength)
        if old:
            new.set_opacity(old.get_opacity())
            new.set_blend_mode(old.get_blend_mode())
            new.set_visible(old.get_visible())
            new.update()
        drawable.append_filter(new)
        if old:
            old.delete()
    told = {**record, "pixels": pixels_told(drawable)}
    kept = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE
    drawable.attach_parasite(Gimp.Parasite.new(RECORD, kept, json.dumps(told).encode()))


def is_changed_in_place(drawable: Gimp.Drawable, own: Gimp.DrawableFilter) -> bool:
    """Tell whether a correction is changed where it is, which GIMP cannot undo.

    It can undo that a filter is replaced by another; but that one comes on top, and has no mask.
    """
    is_on_top = bool(drawable.get_filters()[0].get_id() == own.get_id())
    return not is_on_top or bool(record_of(drawable).get("in_selection"))


def passes_through(drawable: Gimp.Drawable, own: Gimp.DrawableFilter) -> bool:
    """Tell whether a layer has not the size any more that its correction was made for, as the operation sees it."""
    text = str(own.get_config().get_property("correction"))
    try:
        # As sixbit.compiler.editable writes them: the size, and the centres after it.
        numbers = [float(text.split(" ", 12)[k]) for k in (3, 4, 8, 9, 10, 11)]
    except (IndexError, ValueError):
        return True
    wide, high, *centres = numbers
    width, height = drawable.get_width(), drawable.get_height()

    def is_photo(wide: float, high: float) -> bool:  # scaled, to a pixel
        return wide > 0 < high and (abs(height - high * width / wide) <= 1 or abs(width - wide * height / high) <= 1)

    beside = max(abs(at - (side - 1) / 2) for at, side in zip(centres, (wide, high, wide, high), strict=True))
    can_turn = " map " not in text and beside < 0.01
    return not (is_photo(wide, high) or (can_turn and is_photo(high, wide)))


def set_filter(filter: Gimp.DrawableFilter, text: str, lens: str, strength: Mapping[str, float]) -> None:
    """Give a filter its correction."""
    config = filter.get_config()
    config.set_property("correction", text)
    config.set_property("lens", lens)
    for kind in STRENGTHS:
        config.set_property(kind, 100 * strength.get(kind, 0.0))
    filter.update()


def pixels_told(drawable: Gimp.Drawable) -> str:
    """Return a digest of some rows of a drawable, without its filters."""
    width, height = drawable.get_width(), drawable.get_height()
    buffer, digest = drawable.get_buffer(), hashlib.sha256(f"{width} {height}".encode())
    for k in range(min(ROWS, height)):
        row = Gegl.Rectangle.new(0, k * height // min(ROWS, height), width, 1)
        digest.update(buffer.get(row, 1.0, None, Gegl.AbyssPolicy.NONE))
    return digest.hexdigest()


Done = tuple[list[str], dict[str, str | None]]
"""The kinds that are corrected, and the tags as they were before marks that are not true, None for those to remove."""


def done_by_filters(drawable: Gimp.Drawable, tags: Mapping[str, str], by_metadata: Sequence[str]) -> Done:
    """Return what is corrected of a layer, given what the metadata says: a mark that a filter left may be false.

    A filter of the layer itself does not count, since it is changed; one of a group that it is in, or of a layer that
    is in it, does. Without its filter the mark is true if the pixels have changed, since then it was merged.
    """
    others = [one for one in (*_above(drawable), *_below(drawable)) if own_filter(one)]
    if others:
        of_others = [kind for one in others for kind in record_of(one).get("done", ())]
        return list(dict.fromkeys([*by_metadata, *of_others])), {}
    records = [(one, record_of(one)) for one in every_layer(drawable.get_image())]
    own = [(one, record) for one, record in records if one.get_id() == drawable.get_id()]
    for layer, record in (*own, *records):
        bears = own_filter(layer) is not None
        if not isinstance(before := record.get("before"), list):
            continue
        if record.get("digest") == tags.get(OWN_MARK) and (bears or record.get("pixels") == pixels_told(layer)):
            return before, record.get("marks_before", {})
        if bears and layer.get_id() == drawable.get_id():
            return before, {}
        if record.get("digest") == tags.get(OWN_MARK):
            break  # It was merged.
    return list(by_metadata), {}


def every_layer(image: Gimp.Image) -> list[Gimp.Layer]:
    """Return all layers of an image, those in groups behind their group."""
    return list(_all(image.get_layers()))


def _above(drawable: Gimp.Drawable) -> Iterator[Gimp.Item]:
    item = drawable.get_parent()
    while item:
        yield item
        item = item.get_parent()


def _below(drawable: Gimp.Drawable) -> Iterator[Gimp.Item]:
    if drawable.is_group():
        yield from _all(drawable.get_children())


def _all(layers: Sequence[Gimp.Layer]) -> Iterator[Gimp.Layer]:
    for layer in layers:
        yield layer
        if layer.is_group():
            yield from _all(layer.get_children())


@contextmanager
def selection_aside(image: Gimp.Image) -> Iterator[None]:
    """Set the selection aside: GIMP brings pixels and filters into that alone. It is the same again afterwards."""
    if Gimp.Selection.is_empty(image):
        yield
        return
    selection = image.get_selection()
    area = Gegl.Rectangle.new(0, 0, selection.get_width(), selection.get_height())
    values = selection.get_buffer().get(area, 1.0, None, Gegl.AbyssPolicy.NONE)
    Gimp.Selection.none(image)
    try:
        yield
    finally:
        shadow = selection.get_shadow_buffer()
        shadow.set(area, Babl.get_name(selection.get_format()), values)
        shadow.flush()
        selection.merge_shadow(True)
        selection.update(0, 0, area.width, area.height)


class OnCanvas:
    """Shows a correction on GIMP's canvas, while a dialog is open: no step to undo comes of it."""

    def __init__(self, drawable: Gimp.Drawable) -> None:
        self._drawable = drawable
        self._filter: Gimp.DrawableFilter | None = None
        self._in_selection = False
        self._before: dict[str, Any] = {}

    def show(self, text: str, lens: str, strength: Mapping[str, float], only_selection: bool) -> None:
        """Show a correction, in the filter that is there or in one that goes again."""
        with self._unseen():
            if self._filter and not self._before and self._in_selection != only_selection:
                self._filter.delete()  # Its mask is made when it is appended.
                self._filter = None
            own = own_filter(self._drawable)
            if own and not self._filter:
                config = own.get_config()
                self._before = {name: config.get_property(name) for name in ("correction", "lens", *STRENGTHS)}
            filter = own or Gimp.DrawableFilter.new(self._drawable, OPERATION, lens)
            set_filter(filter, text, lens, strength)
            if own is None:
                with nullcontext() if only_selection else selection_aside(self._drawable.get_image()):
                    self._drawable.append_filter(filter)
            self._filter, self._in_selection = filter, only_selection
        Gimp.displays_flush()

    def close(self) -> None:
        """Leave the layer as it was."""
        if self._filter is None:
            return
        with self._unseen():
            if self._before:
                config = self._filter.get_config()
                for name, value in self._before.items():
                    config.set_property(name, value)
                self._filter.update()
            else:
                self._filter.delete()
        self._filter, self._before = None, {}
        Gimp.displays_flush()

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        image = self._drawable.get_image()
        was_clean = not image.is_dirty()
        image.undo_freeze()
        try:
            yield
        finally:
            image.undo_thaw()
            if was_clean:  # What is changed by others meanwhile stays a change.
                image.clean_all()
