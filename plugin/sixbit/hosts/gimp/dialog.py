"""The dialog: what the tags said, a lens chooser, the corrections, and a live preview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from correction import (  # noqa: E402
    CORRECTIONS,
    SPOKEN,
    Choices,
    DoneBeforeError,
    RefusedError,
    Subject,
    check_made,
    client_name,
    compile_arguments,
    correct,
    identify,
)
from engine_client import Answer, Engine, EngineError  # noqa: E402
from frame import FrameError  # noqa: E402
from gi.repository import Gimp, GimpUi, GLib, Gtk, Pango  # noqa: E402
from last_values import LastValues  # noqa: E402
from lens_chooser import LensChooser, grades_of  # noqa: E402
from pixels import STRIP, PixelFile, PixelsError  # noqa: E402
from preview import Preview  # noqa: E402
from texts import _, manifest  # noqa: E402

ONCE: bool = GLib.SOURCE_REMOVE
AGAIN: bool = GLib.SOURCE_CONTINUE
DELAY_MS = 15
"""How long to wait for further changes before the preview is drawn anew."""
MARGIN = 12
SETTINGS_WIDTH = 370
BAR_WIDTH = 110
SIZE = (1180, 860)
"""Of the window, where the screen has the room."""
STATUS = {
    "matched": (GimpUi.ICON_DIALOG_INFORMATION, _("The lens was recognised.")),
    "ambiguous": (GimpUi.ICON_DIALOG_QUESTION, _("The photo fits several lenses. Which was it?")),
    "unknown": (GimpUi.ICON_DIALOG_QUESTION, _("The photo names a lens that is not known. Which was it?")),
    "untagged": (GimpUi.ICON_DIALOG_QUESTION, _("The photo does not say which lens it was.")),
    "not_m": (GimpUi.ICON_DIALOG_WARNING, _("The photo was not taken with a Leica M lens, it says.")),
}


def correct_in_dialog(
    procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, image: Gimp.Image, drawable: Gimp.Drawable
) -> bool:
    """Show the dialog and do what is chosen in it; False if it was cancelled."""
    GimpUi.init(procedure.get_name())
    with Engine(client_name(), on_arrival=lambda: GLib.idle_add(_dispatch)) as engine:
        _running.append(engine)
        try:
            subject = Subject(image, drawable, *identify(engine, image))
            with PixelFile(drawable) as pixels:
                dialog = CorrectionDialog(procedure, config, engine, subject, pixels)
                try:
                    if not dialog.run():
                        return False
                finally:
                    dialog.destroy()
                choices = Choices.of(config)
                correct(engine, subject, choices, pixels, dialog.picture)
                if choices.lens and not subject.identity.get("lens"):
                    # What the photo itself says is not overruled for all others like it.
                    dialog.remember(choices.lens)
                return True
        finally:
            _running.clear()


_running: list[Engine] = []


def _dispatch() -> bool:
    for engine in _running:
        engine.dispatch()
    return ONCE


def asks_to_correct_again(procedure: Gimp.Procedure, subject: Subject) -> bool:
    """The question before a second correction."""
    GimpUi.init(procedure.get_name())
    question = Gtk.MessageDialog(
        message_type=Gtk.MessageType.QUESTION,
        buttons=Gtk.ButtonsType.NONE,
        text=_("The photo is corrected already. Correct it again?"),
        secondary_text=_("Its metadata says so of {corrections}.").format(
            corrections=", ".join(SPOKEN[kind] for kind in subject.identity["already_corrected"])
        ),
    )
    question.add_button(_("_Cancel"), Gtk.ResponseType.CANCEL)
    question.add_button(_("Correct a_gain"), Gtk.ResponseType.OK)
    question.set_default_response(Gtk.ResponseType.CANCEL)
    question.set_title(manifest()["name"])
    answer = question.run()
    question.destroy()
    return bool(answer == Gtk.ResponseType.OK)


class CorrectionDialog:
    """The dialog around GIMP's own for procedures, which has reset, saved settings and help."""

    def __init__(
        self,
        procedure: Gimp.Procedure,
        config: Gimp.ProcedureConfig,
        engine: Engine,
        subject: Subject,
        pixels: PixelFile,
    ) -> None:
        self.config, self.engine, self.subject, self.pixels = config, engine, subject, pixels
        self.picture: int | None = None
        self.lenses = {lens["id"]: lens for lens in engine.call("lenses")["lenses"]}
        self.last_values = LastValues()
        self.body = str(subject.identity.get("camera") or "")
        self._compiling: Answer | None = None
        self._scheduled = 0
        self._can_correct = self._dead = False
        self._loaded_for = ""
        self._start_values()
        self.dialog = GimpUi.ProcedureDialog.new(procedure, config, _title(procedure))
        self.preview = Preview(engine, pixels, self._show_problem)
        self._build()
        engine.on_death = lambda death: self._engine_died(str(death))
        self._notified = config.connect("notify", self._changed)
        self._show_lens()
        self._changed()
        self._reading = GLib.idle_add(self._read_strip, iter(pixels.strips()))

    def run(self) -> bool:
        """Wait for the user; True for OK."""
        done: bool = self.dialog.run()
        if done:
            self.last_values.keep(self.config, self.body, self._lens() or "")
        return done

    def destroy(self) -> None:
        """Close the window; the pixels stay."""
        self.config.disconnect(self._notified)
        self.engine.on_death = lambda death: None
        for source in (self._reading, self._scheduled):
            if source:
                GLib.source_remove(source)
        self._reading = self._scheduled = 0
        self.preview.close()
        self.dialog.destroy()

    def remember(self, lens: str) -> None:
        """Have the engine know the choice for photos like this one."""
        try:
            self.engine.call("remember", tags=self.subject.tags, lens=lens)
        except EngineError as error:
            Gimp.message(str(error))

    # Values ---------------------------------------------------------------------------------------------------------

    def _start_values(self) -> None:
        """What belongs to another photo does not belong to this one."""
        for name in ("lens", "crop-factor", "focal-length", "aperture", "distance", "frame", "write-lens", "force"):
            self.config.set_property(name, self.config.find_property(name).default_value)
        self._load_last_values()

    def _load_last_values(self) -> None:
        lens = self._lens()
        if lens and lens != self._loaded_for:
            self._loaded_for = lens
            self.last_values.apply(self.config, self.body, lens)

    def _lens(self) -> str | None:
        return self.config.get_property("lens") or self.subject.identity.get("lens")

    # Pixels ---------------------------------------------------------------------------------------------------------

    def _read_strip(self, strips: Any) -> bool:
        """Fetch some strips whenever nothing else is to do, so that the window is there at once."""
        try:
            for _number in range(4):
                top = next(strips)
                self.pixels.take_strip(top)
        except StopIteration:
            self._reading = 0
            self.engine.send("open", on_done=self._opened, **self.pixels.picture(self.subject.image))
            return ONCE
        except PixelsError as error:
            self._reading = 0
            self._show_problem(str(error))
            return ONCE
        done = min(1.0, (top + STRIP) / self.pixels.height)
        self.preview.message = _("Reading the pixels: {done:.0%}").format(done=done)
        self.preview.queue_draw()
        return AGAIN

    def _opened(self, answer: Answer) -> None:
        if answer.error:
            self._show_problem(str(answer.error))
            return
        self.picture = self.preview.picture = answer.result["picture"]
        self._allow_ok()
        self.preview.refresh()

    # Changes --------------------------------------------------------------------------------------------------------

    def _changed(self, *_changed: Any) -> None:
        """Draw the preview anew in a moment: a slider that is dragged changes faster than that."""
        if not self._scheduled:
            self._scheduled = GLib.timeout_add(DELAY_MS, self._compile)

    def _compile(self) -> bool:
        self._scheduled = 0
        if self._compiling or self._dead:
            # The answer that is under way calls again.
            return ONCE
        self._load_last_values()
        self._show_lens()
        choices = Choices.of(self.config)
        try:
            arguments = compile_arguments(self.subject, choices)
            self._show_frame(self.subject.frame(choices.frame).note)
        except (RefusedError, FrameError) as error:
            self._show_frame("")
            # That a lens is to be chosen is said already where it is chosen.
            self._cannot("" if isinstance(error, RefusedError) and not self._lens() else str(error))
            return ONCE
        self._compiling = self.engine.send("compile", on_done=lambda a: self._was_compiled(a, arguments), **arguments)
        return ONCE

    def _was_compiled(self, answer: Answer, arguments: Mapping[str, Any]) -> None:
        self._compiling = None
        choices = Choices.of(self.config)
        try:
            if compile_arguments(self.subject, choices) != arguments:
                self._changed()
        except (RefusedError, FrameError):
            self._changed()
        if answer.error:
            self._cannot(str(answer.error))
            return
        made_from = answer.result["made_from"]
        self._show_made(made_from)
        self.preview.filter = answer.result["filter"]
        self.preview.refresh()
        try:
            check_made(made_from, self.subject, choices)
        except DoneBeforeError:
            # The bar at the top says so, and asks.
            self._cannot("")
        except RefusedError as error:
            self._cannot(str(error))
        else:
            self._show_problem("")
            self._can_correct = True
            self._allow_ok()

    def _engine_died(self, message: str) -> None:
        self._dead = True
        self._cannot(message)

    def _cannot(self, message: str) -> None:
        self._show_problem(message)
        self._can_correct = False
        self._allow_ok()

    def _allow_ok(self) -> None:
        self.dialog.set_response_sensitive(Gtk.ResponseType.OK, self._can_correct and self.picture is not None)

    # What is shown --------------------------------------------------------------------------------------------------

    def _show_lens(self) -> None:
        identity = self.subject.identity
        chosen = self.config.get_property("lens")
        lens = self.lenses.get(self._lens() or "")
        icon, words = STATUS.get(identity["status"], STATUS["untagged"])
        if chosen and chosen != identity.get("lens"):
            icon, words = GimpUi.ICON_DIALOG_INFORMATION, _("You chose this lens.")
        self._status_icon.set_from_icon_name(icon, Gtk.IconSize.MENU)
        self._status.set_text(words)
        self._lens_name.set_text(lens["name"] if lens else _("No lens chosen"))
        self._grades.set_text(grades_of(lens["calibrations"]) if lens else "")
        for lens_id, button in self._candidates.items():
            if button.get_active() != (lens_id == chosen):
                button.set_active(lens_id == chosen)
        if not chosen and self._no_candidate:
            self._no_candidate.set_active(True)
        several = bool(lens and lens["focal_min"] != lens["focal_max"])
        self._entries["focal-length"].set_sensitive(several or not lens)
        self._show_assumed(lens)
        for kind, widgets in self._corrections.items():
            known = lens is None or lens["calibrations"].get(kind)
            for widget in widgets:
                widget.set_sensitive(bool(known))

    def _show_assumed(self, lens: Mapping[str, Any] | None) -> None:
        """In each empty entry, in grey, what is taken instead, and whence."""
        identity = self.subject.identity
        crop = identity.get("crop_factor")
        self._placeholder(
            "crop-factor",
            _("{crop:g} ({camera})").format(crop=crop, camera=identity.get("camera")) if crop else _("not known"),
        )
        focal = lens["focal_min"] if lens and lens["focal_min"] == lens["focal_max"] else identity.get("focal_mm")
        self._placeholder("focal-length", f"{focal:g}" if focal else _("not known"))
        f_number, source = identity.get("f_number"), identity.get("f_number_source")
        said = {
            "exif": _("{f_number:.1f} (the photo says)"),
            "estimated": _("{f_number:.1f} (the camera's estimate)"),
            "assumed": _("{f_number:.1f} (assumed)"),
        }.get(source or "", "")
        self._placeholder("aperture", said.format(f_number=f_number) if f_number else _("not known: no vignetting"))
        distance = identity.get("distance_m")
        self._placeholder(
            "distance", _("{distance:g} (the photo says)").format(distance=distance) if distance else _("∞ (assumed)")
        )

    def _placeholder(self, name: str, words: str) -> None:
        entry = self._entries[name]
        entry.set_placeholder_text(words)
        entry.set_tooltip_text(words)

    def _show_made(self, made_from: Mapping[str, Any]) -> None:
        for kind, (check, _scale) in self._corrections.items():
            known = made_from["calibrations"].get(kind)
            why = made_from["left_out"].get(kind, "")
            check.set_tooltip_text(f"{known['grade']}: {known['source']}" if known else why)
        left = [f"{SPOKEN[kind]}: {why}" for kind, why in made_from["left_out"].items() if kind != "shading"]
        self._left_out.set_text("\n".join(left))
        self._left_out.set_visible(bool(left))

    def _show_frame(self, note: str) -> None:
        self._frame_note.set_text(note)
        self._frame_note.set_visible(bool(note))

    def _show_problem(self, message: str) -> None:
        self._problem.set_text(message)
        self._problem_bar.set_visible(bool(message))
        self._problem_bar.set_revealed(bool(message))

    # Building -------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        paned = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=MARGIN, border_width=MARGIN)
        left = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        framed = Gtk.Frame(shadow_type=Gtk.ShadowType.IN, child=self.preview)
        left.pack_start(framed, True, True, 0)
        left.pack_start(self._preview_bar(), False, False, 0)
        paned.pack_start(left, True, True, 0)
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        for part in (self._lens_part(), self._photo_part(), self._corrections_part(), self._result_part()):
            column.pack_start(part, False, False, 0)
        scrolled = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER,
            min_content_width=SETTINGS_WIDTH,
            hexpand=False,
            child=column,
        )
        paned.pack_start(scrolled, False, False, 0)
        content = self.dialog.get_content_area()
        self._problem = _wrapped("", width=BAR_WIDTH)
        self._problem_bar = Gtk.InfoBar(message_type=Gtk.MessageType.WARNING, no_show_all=True)
        self._problem_bar.get_content_area().add(self._problem)
        self._problem.show()
        content.pack_start(self._problem_bar, False, False, 0)
        if self.subject.identity["already_corrected"]:
            content.pack_start(self._done_before_bar(), False, False, 0)
        content.pack_start(paned, True, True, 0)
        paned.show_all()
        screen = GimpUi.get_monitor_at_pointer().get_workarea()
        self.dialog.set_default_size(*(min(*sides) for sides in zip(SIZE, (screen.width, screen.height), strict=True)))

    def _preview_bar(self) -> Gtk.Box:
        bar = Gtk.Box(spacing=6)
        for icon, words, zoom in (
            ("zoom-out-symbolic", _("Zoom out (-)"), lambda: self.preview.scale() / 1.25),
            ("zoom-in-symbolic", _("Zoom in (+)"), lambda: self.preview.scale() * 1.25),
            ("zoom-original-symbolic", _("One pixel of the photo for one of the screen (1)"), lambda: 1.0),
            ("zoom-fit-best-symbolic", _("Show the whole picture (0)"), lambda: None),
        ):
            button = Gtk.Button.new_from_icon_name(icon, Gtk.IconSize.MENU)
            button.set_tooltip_text(words)
            button.get_accessible().set_name(words)
            button.connect("clicked", lambda _button, zoom=zoom: self.preview.set_zoom(zoom()))
            bar.pack_start(button, False, False, 0)
        shown = Gtk.Label()
        bar.pack_start(shown, False, False, 6)

        def show_zoom(*_allocated: Any) -> None:
            words = f"{self.preview.scale():.0%}"
            # Setting it within an allocation asks for another one.
            if shown.get_text() != words:
                GLib.idle_add(shown.set_text, words)

        self.preview.on_zoom = show_zoom
        self.preview.connect("size-allocate", show_zoom)
        for words, name in ((_("_Grid"), "grid_shown"), (_("_Before and after"), "split_shown")):
            check = Gtk.CheckButton.new_with_mnemonic(words)
            check.set_active(getattr(self.preview, name))
            check.connect("toggled", self._toggle_preview, name)
            bar.pack_end(check, False, False, 0)
        return bar

    def _toggle_preview(self, check: Gtk.CheckButton, name: str) -> None:
        setattr(self.preview, name, check.get_active())
        self.preview.queue_draw()

    def _lens_part(self) -> Gtk.Widget:
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._lens_name = _wrapped("", bold=True)
        self._lens_name.set_selectable(True)
        self._lens_name.set_can_focus(False)
        box.pack_start(self._lens_name, False, False, 0)
        self._grades = _wrapped("")
        box.pack_start(self._grades, False, False, 0)
        line = Gtk.Box(spacing=6)
        self._status_icon, self._status = Gtk.Image(), _wrapped("")
        line.pack_start(self._status_icon, False, False, 0)
        line.pack_start(self._status, True, True, 0)
        box.pack_start(line, False, False, 0)
        self._candidates: dict[str, Gtk.RadioButton] = {}
        self._no_candidate: Gtk.RadioButton | None = None
        if self.subject.identity["status"] == "ambiguous":
            # Of radio buttons one is always chosen: this one is not shown, and stands for none.
            self._no_candidate = Gtk.RadioButton()
            for lens_id in self.subject.identity["candidates"]:
                name = self.lenses[lens_id]["name"] if lens_id in self.lenses else lens_id
                button = Gtk.RadioButton.new_with_label_from_widget(self._no_candidate, f"{name}\n{lens_id}")
                button.get_child().set_ellipsize(Pango.EllipsizeMode.END)
                button.connect("toggled", self._candidate_toggled, lens_id)
                self._candidates[lens_id] = button
                box.pack_start(button, False, False, 0)
        self._chooser = LensChooser(list(self.lenses.values()), self.last_values.recent(), self._choose)
        box.pack_start(self._chooser, False, False, 0)
        if evidence := self.subject.identity["evidence"]:
            expander = Gtk.Expander(label=_("_How that is known"), use_underline=True)
            expander.add(_wrapped("\n".join(evidence)))
            box.pack_start(expander, False, False, 0)
        return _frame(_("Lens"), box)

    def _choose(self, lens_id: str) -> None:
        self.config.set_property("lens", "" if lens_id == self.subject.identity.get("lens") else lens_id)

    def _candidate_toggled(self, button: Gtk.RadioButton, lens_id: str) -> None:
        if button.get_active():
            self._choose(lens_id)

    def _photo_part(self) -> Gtk.Widget:
        grid = Gtk.Grid(column_spacing=6, row_spacing=3)
        self._entries: dict[str, Gtk.Entry] = {}
        for row, name in enumerate(("crop-factor", "focal-length", "aperture", "distance")):
            pspec = self.config.find_property(name)
            entry = Gtk.Entry(hexpand=True, activates_default=True)
            self._entries[name] = entry
            entry.connect("changed", self._entry_changed, name, pspec.maximum)
            self.config.connect(f"notify::{name}", self._entry_follows, name)
            label = Gtk.Label(label=pspec.nick, use_underline=True, xalign=0, mnemonic_widget=entry)
            grid.attach(label, 0, row, 1, 1)
            grid.attach(entry, 1, row, 1, 1)
        return _frame(_("Photo"), grid)

    def _entry_changed(self, entry: Gtk.Entry, name: str, most: float) -> None:
        text = entry.get_text().strip().lower().removeprefix("f/").replace(",", ".")
        try:
            value = float(text or 0)
            valid = 0 <= value <= most
        except ValueError:
            valid = False
        context = entry.get_style_context()
        if valid:
            context.remove_class("error")
            if abs(self.config.get_property(name) - value) > 1e-9:
                self.config.set_property(name, value)
        else:
            context.add_class("error")

    def _entry_follows(self, _config: Any, _pspec: Any, name: str) -> None:
        """Reset and saved settings change the value, too."""
        entry, value = self._entries[name], self.config.get_property(name)
        try:
            shown = float(entry.get_text().strip().lower().removeprefix("f/").replace(",", ".") or 0)
        except ValueError:
            shown = -1.0
        if abs(shown - value) > 1e-9:
            entry.set_text(f"{value:g}" if value else "")

    def _corrections_part(self) -> Gtk.Widget:
        grid = Gtk.Grid(column_spacing=6, row_spacing=3)
        self._corrections: dict[str, tuple[Gtk.Widget, Gtk.Widget]] = {}
        for row, kind in enumerate(CORRECTIONS):
            check = GimpUi.prop_check_button_new(self.config, kind, self.config.find_property(kind).nick)
            check.set_use_underline(True)
            scale = GimpUi.prop_spin_scale_new(self.config, f"{kind}-strength", 1, 10, 0)
            scale.set_label(_("Strength"))
            scale.set_hexpand(True)
            grid.attach(check, 0, row, 1, 1)
            grid.attach(scale, 1, row, 1, 1)
            self._corrections[kind] = (check, scale)
        self._left_out = _wrapped("", no_show_all=True)
        grid.attach(self._left_out, 0, len(CORRECTIONS), 2, 1)
        computed = GimpUi.prop_check_button_new(self.config, "computed", self.config.find_property("computed").nick)
        computed.set_use_underline(True)
        computed.set_tooltip_text(self.config.find_property("computed").blurb)
        grid.attach(computed, 0, len(CORRECTIONS) + 1, 2, 1)
        return _frame(_("Corrections"), grid)

    def _result_part(self) -> Gtk.Widget:
        grid = Gtk.Grid(column_spacing=6, row_spacing=3)
        for row, name in enumerate(("scale", "frame", "output")):
            combo = GimpUi.prop_choice_combo_box_new(self.config, name)
            combo.set_hexpand(True)
            combo.set_tooltip_text(self.config.find_property(name).blurb)
            label = Gtk.Label(label=self.config.find_property(name).nick, use_underline=True, xalign=0)
            label.set_mnemonic_widget(combo)
            grid.attach(label, 0, row, 1, 1)
            grid.attach(combo, 1, row, 1, 1)
        self._frame_note = _wrapped("", no_show_all=True)
        grid.attach(self._frame_note, 0, 3, 2, 1)
        write = GimpUi.prop_check_button_new(self.config, "write-lens", self.config.find_property("write-lens").nick)
        write.set_use_underline(True)
        write.set_tooltip_text(self.config.find_property("write-lens").blurb)
        grid.attach(write, 0, 4, 2, 1)
        return _frame(_("Result"), grid)

    def _done_before_bar(self) -> Gtk.Widget:
        bar = Gtk.InfoBar(message_type=Gtk.MessageType.QUESTION)
        done = ", ".join(SPOKEN[kind] for kind in self.subject.identity["already_corrected"])
        words = _("The metadata says that this is corrected already: {done}.").format(done=done)
        bar.get_content_area().add(_wrapped(words, width=BAR_WIDTH))
        again = GimpUi.prop_check_button_new(self.config, "force", self.config.find_property("force").nick)
        again.set_use_underline(True)
        bar.get_action_area().add(again)
        bar.show_all()
        return bar


def _title(procedure: Gimp.Procedure) -> str:
    """The menu's label, as a title of a window."""
    return str(procedure.get_menu_label()).replace("_", "").rstrip(".…")


def _frame(title: str, child: Gtk.Widget) -> Gtk.Widget:
    """A part of the dialog with a heading, as GIMP's dialogs have them."""
    frame = GimpUi.Frame.new(title)
    frame.add(child)
    return frame


def _wrapped(words: str, bold: bool = False, no_show_all: bool = False, width: int = 42) -> Gtk.Label:
    """Words of any length, in as many lines as they need; ``width`` is in characters."""
    label = Gtk.Label(
        label=words,
        xalign=0,
        wrap=True,
        wrap_mode=Pango.WrapMode.WORD_CHAR,
        max_width_chars=width,
        no_show_all=no_show_all,
    )
    if bold:
        attributes = Pango.AttrList()
        attributes.insert(Pango.attr_weight_new(Pango.Weight.BOLD))
        label.set_attributes(attributes)
    return label
