"""The parts of the dialog where the photo's values, the corrections and the result are set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from correction import BENDING, SPOKEN, Choices
from gi.repository import Gimp, GimpUi, Gtk, Pango
from presets import CORRECTIONS, UNSURE_GRADES, Preset
from sentences import GRADE_WORDS, UNCALIBRATED, code_of, why_left_out
from texts import _
from widgets import GAP, attach, check_button, framed, say, wrapped

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


def _value(text: str) -> float | None:
    """Read a number as it is typed, 0 if it is nothing; photographers write f/5.6, and some of them 5,6."""
    try:
        return float(text.strip().lower().removeprefix("f/").replace(",", ".") or 0)
    except ValueError:
        return None


class CorrectionsPart:
    """A switch and a strength for each correction, and presets that set them."""

    def __init__(
        self, config: Gimp.ProcedureConfig, presets: Mapping[str, Preset], wrong: list[str], coverage: bool
    ) -> None:
        self._config, self._presets = config, presets
        self._kinds = BENDING if coverage else CORRECTIONS
        grid = Gtk.Grid(column_spacing=6, row_spacing=3)
        self._combo = Gtk.ComboBoxText(hexpand=True)
        for cell in self._combo.get_cells():  # so that a long name does not take its room from the preview
            cell.set_properties(ellipsize=Pango.EllipsizeMode.END, max_width_chars=24)
        self._combo.append("", _("None"))
        for name, preset in presets.items():
            # Those of Sixbit have a translation, those of the user's own are as they were named.
            self._combo.append(name, _(preset.label))
        pspec = config.find_property("preset")
        self._combo.set_tooltip_text("\n".join([pspec.blurb, *wrong]))
        attach(grid, pspec, self._combo, 0)
        self._note = wrapped(hidden=True)
        grid.attach(self._note, 0, 1, 2, 1)
        self._switches: dict[str, tuple[Gtk.Widget, Gtk.Widget]] = {}
        for row, kind in enumerate(CORRECTIONS, 2):
            check = check_button(config, kind)
            scale = GimpUi.prop_spin_scale_new(config, f"{kind}-strength", 1, 10, 0)
            scale.set_label(_("Strength"))
            scale.set_hexpand(True)
            grid.attach(check, 0, row, 1, 1)
            grid.attach(scale, 1, row, 1, 1)
            self._switches[kind] = (check, scale)
        self._left_out = wrapped(hidden=True)
        grid.attach(self._left_out, 0, 6, 2, 1)
        unsure = Gtk.Box(spacing=6)
        for grade in UNSURE_GRADES:
            unsure.pack_start(check_button(config, grade), False, False, 0)
        grid.attach(unsure, 0, 7, 2, 1)
        grid.attach(check_button(config, "compensated"), 0, 8, 2, 1)
        self.widget = framed(_("Corrections"), grid)
        config.connect("notify::preset", self._follow)
        self._follow()
        self._combo.connect("changed", self._chosen)

    def show_lens(self, lens: Mapping[str, Any] | None) -> None:
        """Let only those corrections be chosen that are known of the lens."""
        for kind, widgets in self._switches.items():
            known = kind in self._kinds and (lens is None or lens["calibrations"].get(kind))
            for widget in widgets:
                widget.set_sensitive(bool(known))

    def show_made(self, made_from: Mapping[str, Any], left_out: Mapping[str, Any]) -> None:
        """Show what was compiled, and what was left out."""
        for kind, (check, _scale) in self._switches.items():
            known = made_from["calibrations"].get(kind)
            why = why_left_out(left_out[kind]) if kind in left_out else ""
            if kind not in self._kinds:
                why = _("A mask or a channel has no brightness to correct.")
            check.set_tooltip_text(f"{GRADE_WORDS[known['grade']]}: {known['source']}" if known else why)
        # That nobody has measured a shading goes without saying.
        told = [kind for kind, why in left_out.items() if kind != "shading" or code_of(why) != UNCALIBRATED]
        left = [f"{SPOKEN[kind]}: {why_left_out(left_out[kind])}" for kind in told]
        say(self._left_out, "\n".join(left))

    def _chosen(self, combo: Gtk.ComboBoxText) -> None:
        name = combo.get_active_id() or ""
        if name in self._presets and name != self._config.get_property("preset"):
            for argument, value in self._presets[name].arguments().items():
                self._config.set_property(argument, value)
        self._config.set_property("preset", name)

    def _follow(self, *_notified: Any) -> None:
        preset = self._presets.get(name := self._config.get_property("preset"))
        if self._combo.get_active_id() != name:
            self._combo.set_active_id(name if preset else "")
        say(self._note, preset.note() if preset else "")


class ResultPart:
    """Where the result goes, and where the optical centre lies; below the preview, where a wide picture leaves room."""

    def __init__(self, config: Gimp.ProcedureConfig, in_place: str, coverage: bool) -> None:
        """Build it; ``in_place`` says why there can be no new layer, ``coverage`` is true for masks and channels."""
        grid = Gtk.Grid(column_spacing=6, row_spacing=3)
        for place, name in enumerate(("scale", "frame", "output")):
            row, column = divmod(place, 2)
            if name == "output" and in_place:
                combo = Gtk.ComboBoxText(sensitive=False)
                combo.append_text(_("In its place"))
                combo.set_active(0)
                combo.set_tooltip_text(in_place)
            else:
                combo = GimpUi.prop_choice_combo_box_new(config, name)
                combo.set_tooltip_text(config.find_property(name).blurb)
            combo.set_hexpand(True)
            attach(grid, config.find_property(name), combo, row, column)
        self._note = wrapped(hidden=True, width=NOTE_WIDTH)
        grid.attach(self._note, 0, 2, 4, 1)
        write_lens = check_button(config, "write-lens")
        if coverage:
            write_lens.set_sensitive(False)
            write_lens.set_tooltip_text(_("A mask or a channel has no metadata."))
        write_lens.set_margin_start(GAP)
        grid.attach(write_lens, 2, 1, 2, 1)
        self._export_note = wrapped(hidden=True, width=NOTE_WIDTH)
        grid.attach(self._export_note, 0, 3, 4, 1)
        config.connect("notify::write-lens", self._show_export)
        self._show_export(config)
        self.widget = grid

    def _show_export(self, config: Gimp.ProcedureConfig, *_notified: Any) -> None:
        """Remind the user that GIMP may leave metadata out of what it exports."""
        words = _("When you export, see that “Save Exif” and “Save XMP” are ticked.")
        say(self._export_note, words if config.get_property("write-lens") else "")

    def show_notes(self, words: str) -> None:
        """Show what was concluded of the frame, and what is special about the layer."""
        say(self._note, words)
