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
BESIDE = "sixbit-beside"
"""The parasite of a layer that was there when another one got a filter: what came later shows what was corrected."""
OWN_MARK = "Xmp.sixbit.filter"
"""The digest of the last correction, in the metadata."""
ROWS = 32
"""Rows that tell whether the pixels below a filter are still the same."""
TOLD = "R'G'B' u8"
"""What these are read as: so they stay the same in another precision, and with alpha."""
_MAPPINGS = ("chosen", "preset", "marks", "marks_before", "namespaces")
"""What a record holds by names; an image of somebody else's may hold anything."""
KEPT = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE
"""What a parasite is that an XCF keeps, and that *Undo* takes back."""


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
        if isinstance(record, dict) and all(isinstance(record.get(name, {}), dict) for name in _MAPPINGS):
            return record
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
    drawable.attach_parasite(Gimp.Parasite.new(RECORD, KEPT, json.dumps(told).encode()))
    note_corrected(drawable)


def note_beside(image: Gimp.Image) -> None:
    """Note which layers have had no filter so far: they are not corrected, and layers that are made later are."""
    for layer in every_layer(image):
        if not {RECORD, BESIDE} & set(layer.get_parasite_list()):
            layer.attach_parasite(Gimp.Parasite.new(BESIDE, KEPT, b"1"))


def note_corrected(drawable: Gimp.Drawable) -> None:
    """Take the note from a layer that is corrected by now."""
    if BESIDE in drawable.get_parasite_list():
        drawable.detach_parasite(BESIDE)


def is_changed_in_place(drawable: Gimp.Drawable, own: Gimp.DrawableFilter) -> bool:
    """Tell whether a correction is changed where it is, which GIMP cannot undo.

    It can undo that a filter is replaced by another; but that one comes on top, and has no mask.
    """
    is_on_top = bool(drawable.get_filters()[0].get_id() == own.get_id())
    return not is_on_top or bool(record_of(drawable).get("in_selection"))


def fits(drawable: Gimp.Drawable) -> bool:
    """Tell whether a layer bears a correction and has the size that it was made for, as the operation sees it."""
    own = own_filter(drawable)
    text = str(own.get_config().get_property("correction")) if own else ""
    try:
        # As sixbit.compiler.editable writes them: the size, and the centres after it.
        numbers = [float(text.split(" ", 12)[k]) for k in (3, 4, 8, 9, 10, 11)]
    except (IndexError, ValueError):
        return False
    wide, high, *centres = numbers
    width, height = drawable.get_width(), drawable.get_height()

    def is_photo(wide: float, high: float) -> bool:  # scaled, to a pixel
        return wide > 0 < high and (abs(height - high * width / wide) <= 1 or abs(width - wide * height / high) <= 1)

    beside = max(abs(at - (side - 1) / 2) for at, side in zip(centres, (wide, high, wide, high), strict=True))
    can_turn = " map " not in text and beside < 0.01
    return is_photo(wide, high) or (can_turn and is_photo(high, wide))


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
        digest.update(buffer.get(row, 1.0, TOLD, Gegl.AbyssPolicy.NONE))
    return digest.hexdigest()


Done = tuple[list[str], dict[str, str | None]]
"""The kinds that are corrected, and the tags as they were before marks that are not true, None for those to remove."""


def done_by_filters(drawable: Gimp.Drawable, tags: Mapping[str, str], by_metadata: Sequence[str]) -> Done:
    """Return what is corrected of a layer, given what the metadata says: a mark that a filter left may be false.

    A filter of the layer itself does not count, since it is changed; one of a group that it is in, or of a layer that
    is in it, does where it fits. Without its filter the mark is true if the pixels have changed, since then it was
    merged. What was made of a filtered photo, as *New from Visible*, is corrected.
    """
    others = [one for one in (*_above(drawable), *_below(drawable)) if fits(one)]
    if others:
        of_others = [kind for one in others for kind in record_of(one).get("done", ())]
        return list(dict.fromkeys([*by_metadata, *of_others])), {}
    records = [(one, record_of(one)) for one in every_layer(drawable.get_image())]
    own = [(one, record) for one, record in records if one.get_id() == drawable.get_id()]
    for layer, record in (*own, *records):
        if not isinstance(before := record.get("before"), list):
            continue
        is_own, is_last = layer.get_id() == drawable.get_id(), record.get("digest") == tags.get(OWN_MARK)
        is_merged = not own_filter(layer) and record.get("pixels") != pixels_told(layer)
        if not is_merged and (is_own or (is_last and _was_there(drawable, record))):
            return before, record.get("marks_before", {}) if is_last else {}
        if is_last:
            break
    return list(by_metadata), {}


def marks_put_right(image: Gimp.Image, tags: Mapping[str, str]) -> tuple[dict[str, str | None], dict[str, str]]:
    """Return what to change of the marks that filters leave, None for those to remove, and the namespaces of them.

    A filter may be gone, switched off or on again, or made for another size; if it was merged, its mark is true.
    """
    layers = [(layer, record_of(layer)) for layer in every_layer(image)]
    last = [(layer, record) for layer, record in layers if record.get("digest") == tags.get(OWN_MARK, "")]
    if any(not own_filter(one) and record.get("pixels") != pixels_told(one) for one, record in last):
        return {}, {}
    wanted = dict(last[0][1].get("marks_before", {})) if last else {}
    namespaces: dict[str, str] = {}
    for layer, record in layers:
        if works(layer):
            wanted |= record.get("marks", {})
            namespaces |= record.get("namespaces", {})
    return {name: text for name, text in wanted.items() if text != tags.get(name)}, namespaces


def works(drawable: Gimp.Drawable) -> bool:
    """Tell whether a layer bears a correction that is switched on and fits its size."""
    own = own_filter(drawable)
    return own is not None and own.get_visible() and fits(drawable)


def _was_there(drawable: Gimp.Drawable, record: Mapping[str, Any]) -> bool:
    """Tell whether a layer without a filter was there before another got one, or is a copy of that as it was."""
    if drawable.is_group():
        return any(_was_there(one, record) for one in drawable.get_children())
    return BESIDE in drawable.get_parasite_list() or record.get("pixels") == pixels_told(drawable)


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
