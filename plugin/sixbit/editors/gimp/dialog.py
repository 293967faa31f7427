"""The dialog: what the tags said, a lens chooser, the corrections, and a live preview."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

from apply import correct
from arguments import BY_HAND, CHOSEN_OF_A_PHOTO, USUAL
from correction import (
    SPOKEN,
    Choices,
    DoneBeforeError,
    ReshapedError,
    Subject,
    check_made,
    compile_arguments,
)
from filters import STRENGTHS, OnCanvas, own_filter, record_of
from gi.repository import Gimp, GimpUi, GLib, Gtk
from help import take_over_help
from last_values import LastValues
from layers import can_bear, has_selection, notes_on, only_in_place, that_move
from lens_part import LensPart
from metadata import imported_file
from pixels import PixelFile, Thumbnail
from presets import UNSURE_GRADES
from preview import Preview
from preview_bar import preview_bar
from questions import BAR_WIDTH, done_before_bar, reshaped_bar
from sentences import code_of, translated, why_left_out
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
OFFERS = {
    "computed": _("Use the computed calibration"),
    "single": _("Use what was measured once"),
}
"""What is offered where only a calibration of a grade is known that is not used."""
_CHOSEN_ANEW = ("output", "only-selection", "write-lens", "force", "preset", "tca")
_SET_ANEW = ("measure-tca", *(name for name, *_rest in BY_HAND))
"""What is of one lens alone, and of no other by default."""


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
    """Fills GIMP's own dialog for procedures, which has reset, saved settings and help: no presets of another kind."""

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
        drawable = subject.drawable
        self._preset: dict[str, Any] = {}
        """What a preset has said of the layer's filter, and no argument can."""
        self._outputs = {"filter": can_bear(drawable), "layer": "", "new-layer": only_in_place(drawable)}
        self._can_select = has_selection(drawable)
        unmarked = [] if subject.coverage else [*map(translated, subject.identity["said_unmarked"])]
        self._notes = {
            output: [*notes_on(drawable, subject.photo_is_corrected, output), *unmarked] for output in self._outputs
        }
        self.lenses = {lens["id"]: lens for lens in server.call("lenses")["lenses"]}
        self.last_values = LastValues()
        self.body = str(subject.identity.get("camera") or "")
        self._scheduled = 0
        self._canvas, self._is_on_canvas = OnCanvas(drawable), False
        self._compiling = self._can_correct = self._dead = self._measuring = False
        self._loaded_for = ""
        self._start_values()
        title = str(procedure.get_menu_label()).replace("_", "").rstrip(".…")
        self.dialog = GimpUi.ProcedureDialog.new(procedure, config, title)
        self.preview = Preview(server, pixels, self._show_problem)
        self._build()
        server.on_death = self._server_died
        server.on_arrival = lambda: GLib.idle_add(server.dispatch)
        self._notified = config.connect("notify", self._changed)
        self._reset_output = config.connect("notify::output", self._take_usual_output)
        self._show_lens(self.choices())
        self._changed()
        self._reading = GLib.idle_add(self._read_strip, pixels.take(), priority=GLib.PRIORITY_LOW)

    def run(self) -> bool:
        """Wait for the user; True for OK."""
        done: bool = self.dialog.run()
        if done:
            without = ["tca"] if self.subject.colourless else []
            self.last_values.keep(self.config, self.body, self._lens() or "", without)
        return done

    def destroy(self) -> None:
        """Close the window; the pixels stay."""
        self.config.disconnect(self._notified)
        self.config.disconnect(self._reset_output)
        self.server.on_death = lambda death: None
        self.server.on_arrival = lambda: None
        for source in (self._reading, self._scheduled):
            if source:
                GLib.source_remove(source)
        self._reading = self._scheduled = 0
        self.preview.close()
        self._canvas.close()
        self.dialog.destroy()

    # Values ---------------------------------------------------------------------------------------------------------

    def _start_values(self) -> None:
        """Reset what was chosen for another photo."""
        for name in (*CHOSEN_OF_A_PHOTO, *_CHOSEN_ANEW, *_SET_ANEW):
            self._reset(name)
        if filter := own_filter(self.subject.drawable):
            self._load_filter(filter)
        self._take_usual_output()
        self._load_last_values()

    def _take_usual_output(self, *_notified: Any) -> None:
        """GIMP's Reset knows no result: take that of the last time."""
        if self.config.get_property("output") == USUAL:
            output = self.last_values.output
            self.config.set_property("output", output if self._outputs.get(output) == "" else "layer")

    def _reset(self, name: str) -> None:
        self.config.set_property(name, self.config.find_property(name).default_value)

    def _load_filter(self, filter: Gimp.DrawableFilter) -> None:
        """Show what the layer's filter was made of, with the strengths that it has by now."""
        for name, value in record_of(self.subject.drawable).get("chosen", {}).items():
            if self.config.find_property(name) and isinstance(value, type(self.config.get_property(name))):
                self.config.set_property(name, value)
        self._preset = record_of(self.subject.drawable).get("preset", {})
        of_filter = filter.get_config()
        for kind in STRENGTHS:
            strength = of_filter.get_property(kind)
            self.config.set_property(kind, self.config.get_property(kind) and strength > 0)
            if strength > 0:
                self.config.set_property(f"{kind}-strength", strength)
        self.config.set_property("output", "filter")
        self._loaded_for = self._lens() or ""

    def _load_last_values(self) -> None:
        lens = self._lens()
        if lens and lens != self._loaded_for:
            self._loaded_for = lens
            for name in _SET_ANEW:
                self._reset(name)
            self.last_values.apply(self.config, self.body, lens)

    def choices(self) -> Choices:
        """Return what is chosen at present."""
        choices = Choices(self.config)
        choices.preset = self._preset
        if self._outputs.get(choices.output):
            choices.output = "layer"
        return choices

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
        if answer.result["colourless"] and not self.subject.coverage:
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
        choices = self.choices()
        if choices.measure_tca:
            self._measure()
        self._show_lens(choices)
        try:
            arguments = compile_arguments(self.subject, choices)
            notes = [self.subject.frame(choices.frame).note, *self._notes[choices.output]]
            notes.append(self._selection_note(choices))
            self._result_part.show_notes(" ".join(filter(None, notes)))
        except UserError as error:
            self._result_part.show_notes("")
            self._show_nothing()
            self._tell(self._unsaid(error, choices))
            return ONCE
        self._compiling = True
        interpolation = choices.preset.get("interpolation")
        self.server.send(
            "compile",
            on_done=self._was_compiled,
            editable=self._is_on_canvas,
            interpolation=interpolation,
            **arguments,
        )
        return ONCE

    def _unsaid(self, error: UserError, choices: Choices) -> str:
        """Return what the window does not say elsewhere: it asks for the lens beside it, for much else in a bar on top.

        Where no lens is chosen yet, a frame that is not known is told all the same.
        """
        if not self._lens():
            try:
                self.subject.frame(choices.frame)
            except UserError as other:
                error = other
            else:
                return ""
        return "" if isinstance(error, ReshapedError) else str(error)

    def _was_compiled(self, answer: Answer) -> None:
        self._compiling = False
        if answer.error:
            self._show_nothing()
            self._tell(str(answer.error))
            return
        left_out = answer.result["left_out"]
        self._corrections_part.show_made(answer.result["made_from"], left_out)
        try:
            check_made(answer.result, self.subject, self.choices())
        except UserError as error:
            self._show_nothing()
            # What is done already is said by the bar at the top, which asks; what this says is not said twice.
            self._tell("" if isinstance(error, DoneBeforeError) else str(error), offer=self._offered(left_out))
            self._corrections_part.say_nothing_left_out()
        else:
            self.preview.filter = answer.result["filter"]
            self.preview.refresh()
            if self._is_on_canvas and (text := answer.result.get("editable")):
                choices, lens = self.choices(), answer.result["made_from"]["lens"]
                self._canvas.show(text, lens, choices.strength, choices.only_selection)
            offer = self._offered(left_out)
            only = [f"{SPOKEN[kind]}: {why_left_out(why)}" for kind, why in left_out.items() if _grades_of(why)]
            self._tell("; ".join(only) if offer else "", can_correct=True, offer=offer)

    def _show_nothing(self) -> None:
        self.preview.filter = None
        self.preview.refresh()
        self._canvas.close()

    def _show_on_canvas(self, is_on: bool) -> None:
        self._is_on_canvas = is_on
        if is_on:
            self._changed()
        else:
            self._canvas.close()

    def _offered(self, left_out: Mapping[str, Any]) -> str:
        """Return the grade of calibrations that would help, and is not used; empty if there is none."""
        grades = [grade for why in left_out.values() for grade in _grades_of(why)]
        return next((one for one in UNSURE_GRADES if one in grades and not self.config.get_property(one)), "")

    def _selection_note(self, choices: Choices) -> str:
        if not self._can_select:
            return ""
        if choices.only_selection:
            return _("Only the selection is corrected: lines break at its edge.")
        return _("There is a selection, and the whole layer is corrected.")

    def _measure(self) -> None:
        """Have lateral colour measured in the pixels, once they are there."""
        subject = self.subject
        if self.picture is None or self._measuring or not subject.can_measure(self.config.get_property("frame")):
            return
        self._measuring = True
        self._corrections_part.say_measured(_("Looking at the edges of the photo…"))
        photo = imported_file(subject.image)
        self.server.send("measure_tca", on_done=self._was_measured, picture=self.picture, photo=photo)

    def _was_measured(self, answer: Answer) -> None:
        self._measuring = False
        if answer.error:
            self._corrections_part.say_measured(str(answer.error))
            return
        self.subject.measured_tca = answer.result
        self._corrections_part.say_measured(answer.result.get("said") or answer.result["why_not"])
        self._changed()

    def _keep(self) -> None:
        """Have what is set by hand kept as the user's own calibration of the lens."""
        try:
            arguments = compile_arguments(self.subject, self.choices())
        except UserError as error:
            self._corrections_part.say_kept(str(error))
            return
        if "by_hand" not in arguments:
            self._corrections_part.say_kept(_("Nothing is set by hand."))
            return
        names = ("lens", "size", "crop_factor", "focal_mm", "f_number", "distance_m", "by_hand", "frame")
        kept = {name: arguments[name] for name in names if arguments.get(name) is not None}
        self.server.send("keep", on_done=self._was_kept, **kept)

    def _was_kept(self, answer: Answer) -> None:
        if answer.error:
            self._corrections_part.say_kept(str(answer.error))
            return
        for name in _SET_ANEW:
            self._reset(name)
        self.server.send("lenses", on_done=self._lenses_told)
        self._corrections_part.say_kept(_("It is kept: photos through this lens are corrected by it from now on."))

    def _lenses_told(self, answer: Answer) -> None:
        if not answer.error:
            self.lenses = {lens["id"]: lens for lens in answer.result["lenses"]}
            self._changed()

    def _server_died(self, death: ServerError) -> None:
        self._dead = True
        self._tell(str(death))

    def _tell(self, problem: str, can_correct: bool = False, offer: str = "") -> None:
        self._show_problem(problem)
        self._problem_bar.set_message_type(Gtk.MessageType.INFO if can_correct else Gtk.MessageType.WARNING)
        for grade, button in self._offers.items():
            button.set_visible(grade == offer)
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

    def _build(self) -> None:
        self._lens_part = LensPart(
            self.subject.identity, self.lenses, self.last_values.recent(), self._choose, self._calibrate
        )
        self._photo_part = PhotoPart(self.config)
        self._corrections_part = CorrectionsPart(self.config, self.subject, self._keep)
        several = len(that_move(self.subject.drawable, True, True)) > 1 and not self.subject.drawable.is_group()
        self._result_part = ResultPart(self.config, self.subject, self._outputs, self._can_select, several)
        on_canvas = None if self._outputs["filter"] else self._show_on_canvas
        picture = Gtk.Frame(shadow_type=Gtk.ShadowType.IN, child=self.preview)
        left = stacked(picture, preview_bar(self.preview, on_canvas), self._result_part.widget)
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
        self._offers = {grade: self._offer(grade) for grade in UNSURE_GRADES}
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

    def _offer(self, grade: str) -> Gtk.Button:
        """Make the button of the bar that switches a grade of calibrations on."""
        button = Gtk.Button(label=OFFERS[grade], use_underline=True, no_show_all=True)
        button.connect("clicked", lambda _button: self.config.set_property(grade, True))
        self._problem_bar.get_action_area().add(button)
        return button

    def _choose(self, lens_id: str) -> None:
        self.config.set_property("lens", "" if lens_id == self.subject.identity.get("lens") else lens_id)

    def _calibrate(self, lens_id: str) -> None:
        self.server.send("calibrate", on_done=self._calibration_started, lens=lens_id)

    def _calibration_started(self, answer: Answer) -> None:
        if answer.error:
            self._show_problem(str(answer.error))
        else:
            self._lens_part.show_calibrating()


def _grades_of(why: Any) -> list[str]:
    """Return the grades of the calibrations that are known and not used, of a reason why a correction is left out."""
    return [one["template"] for one in why["values"]["grades"]] if code_of(why) == "grade" else []
