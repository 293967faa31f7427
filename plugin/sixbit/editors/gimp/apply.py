"""From a compiled correction to corrected pixels, or to a filter of GIMP's: one undo step, made when all is there."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

from correction import Choices, Subject, check_made, compile_arguments
from filters import (
    KEPT,
    bear,
    every_layer,
    fits,
    note_beside,
    note_corrected,
    own_filter,
    record_of,
    selection_aside,
    works,
)
from gi.repository import Gimp
from layers import MARK, can_bear, check_locks, check_pixels, has_selection, only_in_place, that_move
from metadata import imported_file, tagged
from pixels import STRIP, Area, PixelFile
from server_client import Server
from texts import UserError, _

TAKEN = 0.4
"""The share of the time that fetching the pixels takes."""


class Made(NamedTuple):
    """A correction that is ready for the image: pixels, in a new layer or not, or a filter."""

    subject: Subject
    compiled: Mapping[str, Any]
    area: Area
    layer: Gimp.Layer | None = None
    is_filter: bool = False


class Progress:
    """GIMP's progress bar, shared by several drawables."""

    def __init__(self, many: int) -> None:
        self._many, self._done = many, 0

    def next(self) -> None:
        """Go on to the next drawable."""
        self._done += 1

    def show(self, share: float) -> None:
        """Tell how much of the present one is done."""
        Gimp.progress_update((self._done + share) / self._many)


def correct(
    server: Server,
    subject: Subject,
    choices: Choices,
    pixels: PixelFile,
    picture: int | None = None,
) -> None:
    """Correct the drawable, and what moves with it, by what is chosen.

    ``pixels`` are those of the drawable, and ``picture`` their number in the server if they are open there. Raises
    UserError; the image is untouched then.
    """
    is_filter = choices.output == "filter" and not can_bear(subject.drawable)
    drawables = that_move(subject.drawable, choices.all_layers, is_filter)
    if choices.output == "new-layer" and (why := only_in_place(subject.drawable)):
        raise UserError(why)
    if choices.output == "new-layer" and len(drawables) > 1:
        raise UserError(_("A new layer can be made of one layer, not of all of the photo."))
    Gimp.progress_init(_("Correcting the lens"))
    progress, made = Progress(len(drawables)), []
    try:
        for drawable in drawables:
            if drawable.get_id() == subject.drawable.get_id():
                one = _make(server, subject, choices, pixels, picture, progress, is_filter)
            else:
                with PixelFile(drawable) as others:
                    one = _make(server, subject.of(drawable), choices, others, None, progress, is_filter)
            made += [one] if one.compiled["made_from"]["corrections"] else []
            progress.next()
        if not made:
            raise UserError(_("All of it is corrected already."))
        marks = _marks(server, choices, made)
    except BaseException:
        for one in made:
            if one.layer:
                one.layer.delete()
        raise
    _finish(subject.image, choices, made, marks)
    if unfit := [layer.get_name() for layer in every_layer(subject.image) if own_filter(layer) and not fits(layer)]:
        Gimp.message(
            _("{layers}: of another size than its filter was made for, so it is exported uncorrected.").format(
                layers=", ".join(unfit)
            )
        )
    Gimp.progress_end()


def _make(
    server: Server,
    subject: Subject,
    choices: Choices,
    pixels: PixelFile,
    picture: int | None,
    progress: Progress,
    is_filter: bool,
) -> Made:
    """Correct one drawable, which the image does not see yet; one beside the chosen may be done already."""
    is_filter = is_filter and not subject.coverage
    (check_locks if is_filter else check_pixels)(subject.drawable)
    begun = 0.0
    if picture is None:
        begun = TAKEN
        for strip, done in enumerate(pixels.take()):
            if strip % 8 == 0:
                progress.show(TAKEN * done)
        opened = server.call("open", **pixels.picture())
        picture = opened["picture"]
        subject.colourless = opened["colourless"] and not subject.coverage
    if choices.measure_tca:
        measure_tca(server, subject, picture, choices.frame)
    compiled = server.call(
        "compile",
        **compile_arguments(subject, choices),
        editable=is_filter,
        interpolation=choices.preset.get("interpolation"),
    )
    if subject.is_beside and not compiled["made_from"]["corrections"]:
        return Made(subject, compiled, (0, 0, 0, 0))
    check_made(compiled, subject, choices)
    if is_filter:
        return Made(subject, compiled, (0, 0, pixels.width, pixels.height), is_filter=True)

    def show(done: float) -> None:
        progress.show(begun + done * (1 - begun))

    return _pixels_made(server, subject, choices, pixels, picture, compiled, show)


def _pixels_made(
    server: Server,
    subject: Subject,
    choices: Choices,
    pixels: PixelFile,
    picture: int,
    compiled: Mapping[str, Any],
    show: Callable[[float], None],
) -> Made:
    """Have the pixels corrected, into a shadow of the drawable or a copy of it: the image does not see them yet."""
    drawable, layer = subject.drawable, None
    area: Area = (0, 0, pixels.width, pixels.height)
    if choices.output == "new-layer":
        if drawable.get_mask() and choices.only_selection and has_selection(drawable):
            raise UserError(
                _("The layer has a mask, and the new layer would get the selection as another: drop one first.")
            )
        # The copy belongs to nobody yet: if this is cut short, the image has not seen anything.
        layer = drawable.copy()
        layer.set_name(_("{name}, corrected").format(name=drawable.get_name()))
        target = layer.get_buffer()
    else:
        if _in_selection(subject, choices):
            selected, *place = drawable.mask_intersect()
            if not selected:
                raise UserError(_("The selection does not touch the layer."))
            area = tuple(place)
        target = drawable.get_shadow_buffer()
    put = 0

    def take_back(done: float) -> None:
        """Take what is done already, while the server works on."""
        nonlocal put
        ready = pixels.height if done >= 1 else int(done * pixels.height) // STRIP * STRIP
        pixels.put(target, area, range(put, ready))
        put = ready
        show(done)

    try:
        server.call(
            "apply",
            on_progress=take_back,
            picture=picture,
            filter=compiled["filter"],
            interpolation=choices.preset.get("interpolation"),
            **pixels.result(),
        )
        take_back(1)
        target.flush()
    except BaseException:
        if layer:
            layer.delete()
        raise
    return Made(subject, compiled, area, layer)


def measure_tca(server: Server, subject: Subject, picture: int, frame: str) -> None:
    """Have lateral colour measured in the pixels, once."""
    if not subject.can_measure(frame):
        return
    subject.measured_tca = server.call("measure_tca", picture=picture, photo=imported_file(subject.image))


def _in_selection(subject: Subject, choices: Choices) -> bool:
    """Tell whether only what is selected is corrected; what floats is a selection of its own, as the selection is."""
    return choices.only_selection or not has_selection(subject.drawable)


class _Marks(NamedTuple):
    """The tags to write, None for those to remove; and how it was before, for the day on which a filter is gone."""

    tags: dict[str, str | None]
    namespaces: Mapping[str, str]
    before: dict[str, str | None]


def _marks(server: Server, choices: Choices, made: Sequence[Made]) -> _Marks | None:
    """Return what tells of a correction, and of the lens if the user wants that; None if no photo is corrected."""
    photo = next((one for one in made if not one.subject.coverage), None)
    if photo is None:
        return None
    subject, compiled = photo.subject, photo.compiled
    # A new layer leaves the one below it as it is.
    corrected = {one.subject.drawable.get_id() for one in made if not one.layer}
    beside = [layer for layer in every_layer(subject.image) if works(layer) and layer.get_id() not in corrected]
    shown = [one for one in made if not one.subject.coverage and not _stays_switched_off(one)]
    true = ChainMap(*(one.compiled["marks"] for one in shown), *(record_of(layer).get("marks", {}) for layer in beside))
    tags: dict[str, str | None] = {**subject.marks_before, **true}
    names = (*subject.marks_before, *compiled["marks"])
    before = {name: subject.marks_before.get(name, subject.tags.get(name)) for name in names}
    if choices.write_lens:
        made_from = compiled["made_from"]
        # Of the f-number only what the user says: an estimate of the camera's is no knowledge.
        said = {"focal_mm": made_from["focal_mm"], "f_number": choices.f_number or None}
        said["compensated_for"] = subject.identity.get("compensated_for")
        tags |= server.call("lens_tags", lens=made_from["lens_id"], **said)["tags"]
    return _Marks(tags, compiled["namespaces"], before)


def _stays_switched_off(made: Made) -> bool:
    own = own_filter(made.subject.drawable) if made.is_filter else None
    return own is not None and not own.get_visible()


def _finish(image: Gimp.Image, choices: Choices, made: Sequence[Made], marks: _Marks | None) -> None:
    """Bring all of it into the image: nothing here takes long."""
    is_first = not any(map(own_filter, every_layer(image)))
    image.undo_group_start()
    try:
        for one in made:
            aside = nullcontext() if _in_selection(one.subject, choices) else selection_aside(image)
            with aside:
                if one.is_filter:
                    _bear(one, choices, marks.before if marks else {})
                else:
                    _bring(one, image, choices)
        if is_first and any(one.is_filter for one in made):
            note_beside(image)
        if marks:
            image.set_metadata(tagged(image, marks.tags, marks.namespaces))
    finally:
        image.undo_group_end()
    Gimp.displays_flush()


def _bring(made: Made, image: Gimp.Image, choices: Choices) -> None:
    drawable, layer = made.subject.drawable, made.layer
    if layer:
        image.insert_layer(layer, drawable.get_parent(), image.get_item_position(drawable))
    if filter := own_filter(layer or drawable):
        # Its correction is in the pixels now; a copy of a layer has its filters.
        filter.delete()
    note_corrected(layer or drawable)
    if layer:
        layer.update(*made.area)
        if choices.only_selection and not Gimp.Selection.is_empty(image):
            layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
        return
    if not drawable.merge_shadow(True):
        raise UserError(Gimp.get_pdb().get_last_error())
    drawable.update(*made.area)
    if made.subject.coverage and not isinstance(drawable, Gimp.Selection):  # which is another after the next click
        drawable.attach_parasite(Gimp.Parasite.new(MARK, KEPT, made.compiled["digest"].encode()))


def _bear(made: Made, choices: Choices, before: Mapping[str, str | None]) -> None:
    compiled = made.compiled
    record = {
        "digest": compiled["digest"],
        "done": compiled["made_from"]["corrections"],
        "before": made.subject.identity["already_corrected"],
        "marks": compiled["marks"],
        "namespaces": compiled["namespaces"],
        "marks_before": before,
        "in_selection": has_selection(made.subject.drawable) and choices.only_selection,
        "chosen": choices.arguments(),
        "preset": choices.beside_arguments(),
    }
    bear(made.subject.drawable, compiled["editable"], compiled["made_from"]["lens"], choices.strength, record)
