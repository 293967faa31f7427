"""The parts of the dialog where the photo's values, the corrections and the result are set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from arguments import BY_HAND, CHOICES
from correction import BENDING, SPOKEN, Choices, Subject
from gi.repository import Gimp, GimpUi, Gtk
from presets import CORRECTIONS, UNSURE_GRADES
from sentences import GRADE_WORDS, UNCALIBRATED, code_of, why_left_out
from texts import _
from widgets import GAP, attach, check_button, choice_combo, framed, say, spin_scale, stacked, wrapped

NOTE_WIDTH = 90
"""Characters of a line below the preview."""


class PhotoPart:
    """Crop factor, focal length, aperture and distance; an empty entry shows in grey what is taken instead."""

    def __init__(self, config: Gimp.ProcedureConfig) -> None:
        self._config = config
        grid = Gtk.Grid(column_spacing=6, row_spacing=3)
        self._entries: dict[str, Gtk.Entry] = {}
        for row, name in enumerate(("crop-factor", "focal-length", "aperture", "distance")):
            pspec = config.find_property(name)
            entry = Gtk.Entry(hexpand=True, activates_default=True)
            self._entries[name] = entry
            entry.connect("changed", self._entered, name, pspec.maximum)
            config.connect(f"notify::{name}", self._follow, name)
            attach(grid, pspec, entry, row)
        self.widget = framed(_("Photo"), grid)

    def show_assumed(self, identity: Mapping[str, Any], lens: Mapping[str, Any] | None, choices: Choices) -> None:
        """Show in each empty entry what is taken instead, and whence."""
        several = bool(lens and lens["focal_min"] != lens["focal_max"])
        self._entries["focal-length"].set_sensitive(several or not lens)
        crop = identity.get("crop_factor")
        self._placeholder(
            "crop-factor",
            _("{crop:g} ({camera})").format(crop=crop, camera=camera_name(identity.get("camera") or ""))
            if crop
            else _("not known"),
        )
        focal = lens["focal_min"] if lens and lens["focal_min"] == lens["focal_max"] else identity.get("focal_mm")
        self._placeholder("focal-length", f"{focal:g}" if focal else _("not known"))
        f_number, source = identity.get("f_number"), identity.get("f_number_source")
        said = {
            "exif": _("{f_number:.1f} (the photo says)"),
            "estimated": _("{f_number:.1f} (the camera's estimate)"),
            "assumed": _("{f_number:.1f} (assumed)"),
        }.get(source or "", "")
        if not f_number and (assumed := choices.preset.get("assumed_f_number")):
            f_number, said = assumed, _("{f_number:.1f} (the preset assumes)")
        self._placeholder("aperture", said.format(f_number=f_number) if f_number else _("not known: no vignetting"))
        distance, words = identity.get("distance_m"), _("{distance:g} (the photo says)")
        if not distance and (assumed := choices.preset.get("assumed_distance_m")):
            distance, words = assumed, _("{distance:g} (the preset assumes)")
        self._placeholder("distance", words.format(distance=distance) if distance else _("∞ (assumed)"))

    def _placeholder(self, name: str, words: str) -> None:
        entry = self._entries[name]
        entry.set_placeholder_text(words)
        entry.set_tooltip_text(words)

    def _entered(self, entry: Gtk.Entry, name: str, most: float) -> None:
        value = _value(entry.get_text())
        context = entry.get_style_context()
        if value is not None and 0 <= value <= most:
            context.remove_class("error")
            if abs(self._config.get_property(name) - value) > 1e-9:
                self._config.set_property(name, value)
        else:
            context.add_class("error")

    def _follow(self, _config: Any, _pspec: Any, name: str) -> None:
        """Show the value when reset or saved settings change it."""
        entry, value = self._entries[name], self._config.get_property(name)
        shown = _value(entry.get_text())
        if shown is None or abs(shown - value) > 1e-9:
            entry.set_text(f"{value:g}" if value else "")


def camera_name(make_and_model: str) -> str:
    """Shorten a name to the model where that tells the maker, too: "Xiaomi Xiaomi 14", "LEICA CAMERA AG LEICA M10"."""
    maker, *_rest = make_and_model.split(" ", 1)
    again = make_and_model.casefold().find(f" {maker.casefold()} ")
    return make_and_model[again + 1 :] if again > 0 else make_and_model


def _value(text: str) -> float | None:
    """Read a number as it is typed, 0 if it is nothing; photographers write f/5.6, and some of them 5,6."""
    try:
        return float(text.strip().lower().removeprefix("f/").replace(",", ".") or 0)
    except ValueError:
        return None


class CorrectionsPart:
    """A switch and a strength for each correction, and what may be used and set where nobody has measured."""

    def __init__(self, config: Gimp.ProcedureConfig, subject: Subject, on_keep: Callable[[], None]) -> None:
        """Build it; ``on_keep`` is called when what is set by hand is to be kept for the lens."""
        self._config, self._subject = config, subject
        self._kinds = BENDING if subject.coverage else CORRECTIONS
        grid = Gtk.Grid(column_spacing=6, row_spacing=3)
        self._all_free = False
        self._switches: dict[str, tuple[Gtk.Widget, Gtk.Widget]] = {}
        for row, kind in enumerate(CORRECTIONS):
            check, scale = check_button(config, kind), spin_scale(config, f"{kind}-strength", _("Strength"))
            grid.attach(check, 0, row, 1, 1)
            grid.attach(scale, 1, row, 1, 1)
            self._switches[kind] = (check, scale)
        self._left_out = wrapped(hidden=True)
        self._measure = check_button(config, "measure-tca")
        self._measured = wrapped(hidden=True)
        unsure = Gtk.Box(spacing=6)
        for grade in UNSURE_GRADES:
            unsure.pack_start(check_button(config, grade), False, False, 0)
        self._by_hand = Gtk.Expander(label=_("Set by hand"), no_show_all=True)
        self._by_hand.add(self._hand_grid(on_keep))
        self._by_hand.get_child().show_all()
        box = stacked(
            grid,
            self._left_out,
            unsure,
            check_button(config, "compensated"),
            self._measure,
            self._measured,
            self._by_hand,
        )
        self.widget = framed(_("Corrections"), box)

    def _hand_grid(self, on_keep: Callable[[], None]) -> Gtk.Widget:
        """Build the sliders of what nobody has measured, by the kind that they are of."""
        self._sliders: dict[str, list[Gtk.Widget]] = {"distortion": [], "tca": [], "vignetting": []}
        scales = [spin_scale(self._config, name, label) for name, label, *_rest in BY_HAND]
        for kind, scale in zip(("distortion", "tca", "tca", "vignetting", "vignetting"), scales, strict=True):
            self._sliders[kind].append(scale)
        keep = Gtk.Button(label=_("Keep it for this lens"), halign=Gtk.Align.START)
        keep.set_tooltip_text(_("As a calibration of your own, for all photos taken through it"))
        keep.connect("clicked", lambda _button: on_keep())
        self._kept = wrapped(hidden=True)
        return stacked(*scales, keep, self._kept)

    def show_lens(self, lens: Mapping[str, Any] | None) -> None:
        """Let only those corrections be chosen that are known of the lens, or can be set."""
        for kind, widgets in self._switches.items():
            known = kind in self._kinds and (
                lens is None or lens["calibrations"].get(kind) or kind in self._sliders or kind == "tca"
            )
            if kind == "tca" and self._subject.colourless:
                known = False
            for widget in widgets:
                widget.set_sensitive(bool(known))
        if self._subject.colourless and self._config.get_property("tca"):
            # Shown as it is; what is remembered of the lens stays.
            self._config.set_property("tca", False)
        has_tca = bool(lens and lens["calibrations"].get("tca"))
        can_measure = not has_tca and not self._subject.colourless and not self._subject.coverage
        self._measure.set_visible(can_measure)

    def show_made(self, made_from: Mapping[str, Any], left_out: Mapping[str, Any]) -> None:
        """Show what was compiled, and what was left out."""
        for kind, (check, _scale) in self._switches.items():
            known = made_from["calibrations"].get(kind)
            why = why_left_out(left_out[kind]) if kind in left_out else ""
            if kind not in self._kinds:
                why = _("A mask or a channel has no brightness to correct.")
            if kind == "tca" and self._subject.colourless:
                why = _("The photo has no colours.")
            grade = known and GRADE_WORDS.get(known["grade"], known["grade"])
            check.set_tooltip_text(f"{grade}: {known['source']}" if known else why)
        # That nobody has measured a shading goes without saying.
        told = [kind for kind, why in left_out.items() if kind != "shading" or code_of(why) != UNCALIBRATED]
        lines = [f"{SPOKEN[kind]}: {why_left_out(left_out[kind])}" for kind in told]
        if self._subject.colourless:
            lines.append(_("The photo has no colours: there is no lateral colour to correct."))
        say(self._left_out, "\n".join(lines))
        self._show_hand(made_from)

    def _show_hand(self, made_from: Mapping[str, Any]) -> None:
        """Show the sliders of those kinds that no calibration corrects."""
        free = []
        for kind, sliders in self._sliders.items():
            grade = made_from["calibrations"].get(kind, {}).get("grade")
            is_free = kind in self._kinds and grade in (None, "set by hand")
            is_free = is_free and not (kind == "tca" and self._subject.colourless)
            free += [kind] if is_free else []
            for slider in sliders:
                slider.set_visible(is_free)
        if len(free) == len(self._sliders) and not self._all_free:
            self._by_hand.set_expanded(True)
        self._all_free = len(free) == len(self._sliders)
        self._by_hand.set_visible(bool(free))

    def say_nothing_left_out(self) -> None:
        """Leave the reasons to the bar at the top, which tells them."""
        say(self._left_out, "")

    def say_measured(self, words: str) -> None:
        """Tell what the photo has shown of its lateral colour."""
        say(self._measured, words)

    def say_kept(self, words: str) -> None:
        """Tell what became of what was to be kept."""
        say(self._kept, words)


class ResultPart:
    """Where the result goes, and where the optical centre lies; below the preview, where a wide picture leaves room."""

    def __init__(
        self,
        config: Gimp.ProcedureConfig,
        subject: Subject,
        outputs: Mapping[str, str],
        can_select: bool,
        several: bool,
    ) -> None:
        """Build it.

        ``outputs`` says by its name why a result is not possible, empty if it is; ``can_select`` that there is a
        selection, ``several`` that other layers lie where this one lies.
        """
        self._config = config
        grid = Gtk.Grid(column_spacing=6, row_spacing=3)
        scale = Gtk.Box(spacing=6)
        frame = choice_combo(config, "scale")
        factor = GimpUi.prop_spin_button_new(config, "scale-factor", 0.01, 0.1, 2)
        scale.pack_start(frame, True, True, 0)
        scale.pack_start(factor, False, False, 0)
        attach(grid, config.find_property("scale"), scale, 0)
        attach(grid, config.find_property("frame"), choice_combo(config, "frame"), 0, 1)
        attach(grid, config.find_property("output"), self._output(outputs), 1)
        write_lens = check_button(config, "write-lens")
        if subject.coverage:
            write_lens.set_sensitive(False)
            write_lens.set_tooltip_text(_("A mask or a channel has no metadata."))
        write_lens.set_margin_start(GAP)
        grid.attach(write_lens, 2, 1, 2, 1)
        if several:
            attach(grid, config.find_property("layers"), choice_combo(config, "layers"), 2)
        if can_select:
            only = check_button(config, "only-selection")
            only.set_margin_start(GAP)
            grid.attach(only, 2, 2, 2, 1)
        self._note = wrapped(hidden=True, width=NOTE_WIDTH)
        grid.attach(self._note, 0, 3, 4, 1)
        if not subject.coverage:
            # The marks are always written, and GIMP may leave metadata out of what it exports.
            words = _("When you export, see that “Save Exif” and “Save XMP” are ticked.")
            grid.attach(wrapped(words, width=NOTE_WIDTH), 0, 4, 4, 1)
        self.widget = grid

        def follow(*_notified: Any) -> None:
            factor.set_sensitive(config.get_property("scale") == "factor")

        notified = config.connect("notify::scale", follow)
        grid.connect("destroy", lambda _grid: config.disconnect(notified))
        follow()

    def _output(self, outputs: Mapping[str, str]) -> Gtk.Widget:
        """Build the choice of what is possible."""
        words = next(words for name, _label, _blurb, words in CHOICES if name == "output")
        possible = [name for name, why in outputs.items() if not why]
        combo = Gtk.ComboBoxText(hexpand=True, sensitive=len(possible) > 1)
        for name in possible:
            combo.append(name, words[name] if len(possible) > 1 else _("In its place"))
        why_not = dict.fromkeys(filter(None, outputs.values()))
        combo.set_tooltip_text("\n".join([self._config.find_property("output").blurb, *why_not]))

        def follow(*_notified: Any) -> None:
            combo.set_active_id(self._config.get_property("output"))

        def chosen(_combo: Any) -> None:
            if combo.get_active_id():
                self._config.set_property("output", combo.get_active_id())

        follow()
        combo.connect("changed", chosen)
        notified = self._config.connect("notify::output", follow)
        combo.connect("destroy", lambda _combo: self._config.disconnect(notified))
        return combo

    def show_notes(self, words: str) -> None:
        """Show what was concluded of the frame, and what is special about the layer."""
        say(self._note, words)
