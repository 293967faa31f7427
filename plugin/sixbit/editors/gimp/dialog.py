"""The dialog: what the tags said, a lens chooser, the corrections, and a live preview."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from correction import (
    Choices,
    DoneBeforeError,
    ReshapedError,
    Subject,
    check_made,
    compile_arguments,
    correct,
)
from frame import FrameError
from gi.repository import Gimp, GimpUi, GLib, Gtk
from help import take_over_help
from last_values import LastValues
from layers import notes_on, only_in_place
from lens_part import LensPart
from pixels import PixelFile, Thumbnail
from presets import Preset, presets_of
from preview import Preview
from preview_bar import preview_bar
from questions import BAR_WIDTH, done_before_bar, reshaped_bar
from sentences import translated
from server_client import Answer, Server, ServerError
from settings import CorrectionsPart, PhotoPart, ResultPart
from texts import UserError, _
from widgets import stacked, wrapped

ONCE: bool = GLib.SOURCE_REMOVE
AGAIN: bool = GLib.SOURCE_CONTINUE
DELAY_MS = 5
"""How long to wait for further changes before the preview is drawn anew."""
MARGIN = 12
SETTINGS_WIDTH = 360
SIZE = (1220, 940)
"""Of the window, where the screen has the room."""


def correct_in_dialog(
    procedure: Gimp.Procedure,
    config: Gimp.ProcedureConfig,
    server: Server,
    pixels: PixelFile,
) -> bool:
    """Show the dialog and do what is chosen in it; False if it was cancelled."""
    # Something to look at while the pixels are fetched; masks and channels look otherwise than GIMP makes them here.
    with nullcontext() if pixels.coverage else Thumbnail(pixels.drawable) as thumbnail:
        opened = server.send("open", **thumbnail.picture()) if thumbnail else None
        GimpUi.init(procedure.get_name())
        subject = Subject(server, pixels.drawable)
        dialog = CorrectionDialog(procedure, config, server, subject, pixels)
        dialog.preview.show_picture(opened.result.get("picture") if opened else None)
        try:
            if not dialog.run():
                return False
        finally:
            dialog.destroy()
    choices = dialog.choices()
    Gimp.progress_init(_("Correcting the lens"))
    correct(server, subject, choices, pixels, dialog.picture)
    if choices.lens and not subject.identity.get("lens"):
        # What the photo itself says is not overruled for all others like it.
        try:
            server.call("remember", tags=subject.tags, lens=choices.lens)
        except ServerError as error:
            # Some photos say nothing that others like them could be told by.
            if error.kind != "photo":
                Gimp.message(str(error))
    return True


class CorrectionDialog:
    """Fills GIMP's own dialog for procedures, which has reset, saved settings and help."""

    def __init__(
        self,
        procedure: Gimp.Procedure,
        config: Gimp.ProcedureConfig,
        server: Server,
        subject: Subject,
        pixels: PixelFile,
    ) -> None:
        self.config, self.server, self.subject, self.pixels = config, server, subject, pixels
        self.picture: int | None = None
        self._in_place = only_in_place(subject.drawable)
        unmarked = [] if subject.coverage else map(translated, subject.identity["said_unmarked"])
        self._notes = [*notes_on(subject.drawable, subject.photo_is_corrected), *unmarked]
        self.lenses = {lens["id"]: lens for lens in server.call("lenses")["lenses"]}
        presets = server.call("presets")
        self.presets = presets_of(presets["presets"])
        self.last_values = LastValues()
        self.body = str(subject.identity.get("camera") or "")
        self._scheduled = 0
        self._compiling = self._can_correct = self._dead = False
        self._loaded_for = ""
        self._start_values()
        title = str(procedure.get_menu_label()).replace("_", "").rstrip(".…")
        self.dialog = GimpUi.ProcedureDialog.new(procedure, config, title)
        self.preview = Preview(server, pixels, self._show_problem)
        self._build(presets["wrong"])
        server.on_death = self._server_died
        server.on_arrival = lambda: GLib.idle_add(server.dispatch)
        self._notified = config.connect("notify", self._changed)
        self._show_lens(self.choices())
        self._changed()
        self._reading = GLib.idle_add(self._read_strip, pixels.take(), priority=GLib.PRIORITY_LOW)

    def run(self) -> bool:
        """Wait for the user; True for OK."""
        done: bool = self.dialog.run()
        if done:
            self.last_values.keep(self.config, self.body, self._lens() or "")
        return done

    def destroy(self) -> None:
        """Close the window; the pixels stay."""
        self.config.disconnect(self._notified)
        self.server.on_death = lambda death: None
        self.server.on_arrival = lambda: None
        for source in (self._reading, self._scheduled):
            if source:
                GLib.source_remove(source)
        self._reading = self._scheduled = 0
        self.preview.close()
        self.dialog.destroy()

    # Values ---------------------------------------------------------------------------------------------------------

    def _start_values(self) -> None:
        """Reset what was chosen for another photo."""
        for name in ("lens", "crop-factor", "focal-length", "aperture", "distance", "frame", "write-lens", "force"):
            self.config.set_property(name, self.config.find_property(name).default_value)
        self._load_last_values()

    def _load_last_values(self) -> None:
        lens = self._lens()
        if lens and lens != self._loaded_for:
            self._loaded_for = lens
            self.last_values.apply(self.config, self.body, lens)
            if not self._preset():
                self.config.set_property("preset", "")

    def choices(self) -> Choices:
        """Return what is chosen at present."""
        choices = Choices(self.config, self._preset())
        choices.new_layer &= not self._in_place
        return choices

    def _preset(self) -> Preset | None:
        return self.presets.get(self.config.get_property("preset"))

    def _lens(self) -> str | None:
        return self.config.get_property("lens") or self.subject.identity.get("lens")

    # Pixels ---------------------------------------------------------------------------------------------------------

    def _read_strip(self, strips: Iterator[float]) -> bool:
        """Fetch a strip whenever nothing else is to do, so that the window is there at once."""
        try:
            done = next(strips)
        except StopIteration:
            self._reading = 0
            self.server.send("open", on_done=self._opened, **self.pixels.picture())
            return ONCE
        except UserError as error:
            self._reading = 0
            self._show_problem(str(error))
            return ONCE
        self.preview.message = _("Reading the pixels: {done:.0%}").format(done=done)
        self.preview.queue_draw()
        return AGAIN

    def _opened(self, answer: Answer) -> None:
        if answer.error:
            self._show_problem(str(answer.error))
            return
        self.picture, self.preview.message = answer.result["picture"], ""
        if answer.result["colourless"]:
            self.subject.colourless = True
            self._changed()
        self._allow_ok()
        self.preview.show_picture(self.picture)

    # Changes --------------------------------------------------------------------------------------------------------

    def _changed(self, *_changed: Any) -> None:
        """Draw the preview anew in a moment: a slider that is dragged changes faster than that."""
        if not self._scheduled:
            self._scheduled = GLib.timeout_add(DELAY_MS, self._compile)

    def _compile(self) -> bool:
        if self._compiling:
            # What is chosen now is looked at when the answer that is under way has come.
            return AGAIN
        self._scheduled = 0
        if self._dead:
            return ONCE
        self._load_last_values()
        preset = self._preset()
        if preset and not preset.is_shown_by(self.config):
            # What it says is changed, so it is that preset no more.
            self.config.set_property("preset", "")
        choices = self.choices()
        self._show_lens(choices)
        try:
            arguments = compile_arguments(self.subject, choices)
            notes = [self.subject.frame(choices.frame).note, *self._notes]
            self._result_part.show_notes(" ".join(filter(None, notes)))
        except UserError as error:
            self._result_part.show_notes("")
            # That a lens is to be chosen is said already where it is chosen.
            # So is what the bar at the top asks.
            is_said = isinstance(error, ReshapedError) or not (self._lens() or isinstance(error, FrameError))
            self._tell("" if is_said else str(error))
            return ONCE
        self._compiling = True
        self.server.send("compile", on_done=self._was_compiled, **arguments)
        return ONCE

    def _was_compiled(self, answer: Answer) -> None:
        self._compiling = False
        if answer.error:
            self._tell(str(answer.error))
            return
        self._corrections_part.show_made(answer.result["made_from"], answer.result["left_out"])
        self.preview.filter = answer.result["filter"]
        self.preview.refresh()
        try:
            check_made(answer.result, self.subject, self.choices())
        except DoneBeforeError:
            # The bar at the top says so, and asks.
            self._tell("")
        except UserError as error:
            self._tell(str(error))
        else:
            self._tell("", can_correct=True)

    def _server_died(self, death: ServerError) -> None:
        self._dead = True
        self._tell(str(death))

    def _tell(self, problem: str, can_correct: bool = False) -> None:
        self._show_problem(problem)
        self._can_correct = can_correct
        self._allow_ok()

    def _allow_ok(self) -> None:
        self.dialog.set_response_sensitive(Gtk.ResponseType.OK, self._can_correct and self.picture is not None)

    # What is shown --------------------------------------------------------------------------------------------------

    def _show_lens(self, choices: Choices) -> None:
        lens = self.lenses.get(self._lens() or "")
        self._lens_part.show(lens, choices.lens)
        self._photo_part.show_assumed(self.subject.identity, lens, choices)
        self._corrections_part.show_lens(lens)

    def _show_problem(self, message: str) -> None:
        self._problem.set_text(message)
        self._problem_bar.set_visible(bool(message))
        self._problem_bar.set_revealed(bool(message))

    # Building -------------------------------------------------------------------------------------------------------

    def _build(self, wrong: list[str]) -> None:
        self._lens_part = LensPart(
            self.subject.identity, self.lenses, self.last_values.recent(), self._choose, self._calibrate
        )
        self._photo_part = PhotoPart(self.config)
        self._corrections_part = CorrectionsPart(self.config, self.presets, wrong, self.subject.coverage)
        self._result_part = ResultPart(self.config, self._in_place, self.subject.coverage)
        picture = Gtk.Frame(shadow_type=Gtk.ShadowType.IN, child=self.preview)
        left = stacked(picture, preview_bar(self.preview), self._result_part.widget)
        right = stacked(self._lens_part.widget, self._photo_part.widget, self._corrections_part.widget)
        right.set_size_request(SETTINGS_WIDTH, -1)
        scrolled = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, hexpand=False, child=right)
        paned = Gtk.Box(spacing=MARGIN, border_width=MARGIN)
        paned.pack_start(left, True, True, 0)
        paned.pack_start(scrolled, False, False, 0)
        content = self.dialog.get_content_area()
        self._problem = wrapped(width=BAR_WIDTH)
        self._problem_bar = Gtk.InfoBar(message_type=Gtk.MessageType.WARNING, no_show_all=True)
        self._problem_bar.get_content_area().add(self._problem)
        self._problem.show()
        content.pack_start(self._problem_bar, False, False, 0)
        if self.subject.reshaped:
            content.pack_start(reshaped_bar(self.config, self.subject), False, False, 0)
        if self.subject.identity["already_corrected"]:
            content.pack_start(done_before_bar(self.config, self.subject), False, False, 0)
        content.pack_start(paned, True, True, 0)
        paned.show_all()
        take_over_help(self.dialog)
        screen = GimpUi.get_monitor_at_pointer().get_workarea()
        self.dialog.set_default_size(*(min(*sides) for sides in zip(SIZE, (screen.width, screen.height), strict=True)))

    def _choose(self, lens_id: str) -> None:
        self.config.set_property("lens", "" if lens_id == self.subject.identity.get("lens") else lens_id)

    def _calibrate(self, lens_id: str) -> None:
        self.server.send("calibrate", on_done=self._calibration_started, lens=lens_id)

    def _calibration_started(self, answer: Answer) -> None:
        if answer.error:
            self._show_problem(str(answer.error))
        else:
            self._lens_part.show_calibrating()
