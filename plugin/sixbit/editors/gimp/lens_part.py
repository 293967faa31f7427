"""The part of the dialog that tells which lens it was, how that is known, and lets another be chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gi.repository import GimpUi, Gtk, Pango
from lens_chooser import Lens, LensChooser, grades_of
from sentences import translated
from texts import _
from widgets import framed, say, wrapped

STATUS = {
    "matched": (GimpUi.ICON_DIALOG_INFORMATION, _("The lens was recognised.")),
    "ambiguous": (GimpUi.ICON_DIALOG_QUESTION, _("The photo fits several lenses. Which was it?")),
    "unknown": (GimpUi.ICON_DIALOG_QUESTION, _("The photo names a lens that is not known. Which was it?")),
    "untagged": (GimpUi.ICON_DIALOG_QUESTION, _("The photo does not say which lens it was.")),
    "not_m": (GimpUi.ICON_DIALOG_WARNING, _("The photo was not taken with a Leica M lens, it says.")),
}


class LensPart:
    """Calls ``on_chosen`` with the identity of the lens that is chosen, ``on_calibrate`` with one to be calibrated."""

    def __init__(
        self,
        identity: Mapping[str, Any],
        lenses: Mapping[str, Lens],
        recent: list[str],
        on_chosen: Callable[[str], None],
        on_calibrate: Callable[[str], None],
    ) -> None:
        self._identity, self._lenses, self._on_chosen = identity, lenses, on_chosen
        self._shown: Lens | None = None
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._name = wrapped("", bold=True)
        self._name.set_selectable(True)
        self._name.set_can_focus(False)
        box.pack_start(self._name, False, False, 0)
        self._grades = wrapped("", hidden=True)
        box.pack_start(self._grades, False, False, 0)
        self._calibrate = Gtk.Button(label=_("Calibrat_e this lens…"), use_underline=True, no_show_all=True)
        self._calibrate.set_tooltip_text(_("From photos of your own: opens a page in the browser"))
        self._calibrate.connect("clicked", lambda _button: self._shown and on_calibrate(self._shown["id"]))
        box.pack_start(self._calibrate, False, False, 0)
        self._note = wrapped("", hidden=True)
        box.pack_start(self._note, False, False, 0)
        line = Gtk.Box(spacing=6)
        self._icon, self._status = Gtk.Image(), wrapped("")
        line.pack_start(self._icon, False, False, 0)
        line.pack_start(self._status, True, True, 0)
        box.pack_start(line, False, False, 0)
        self._candidates: dict[str, Gtk.RadioButton] = {}
        self._no_candidate: Gtk.RadioButton | None = None
        if identity["status"] == "ambiguous":
            self._offer_candidates(box)
        box.pack_start(LensChooser(list(lenses.values()), recent, on_chosen), False, False, 0)
        if said := identity["said"]:
            expander = Gtk.Expander(label=_("What the photo sa_ys"), use_underline=True, expanded=True)
            expander.add(wrapped("\n".join(map(translated, said))))
            box.pack_start(expander, False, False, 0)
        self.widget = framed(_("Lens"), box)

    def show(self, lens: Lens | None, chosen: str) -> None:
        """Tell the lens; ``chosen`` is the identity of the one that the user has chosen, if any."""
        identity = self._identity
        icon, words = STATUS.get(identity["status"], STATUS["untagged"])
        if chosen and chosen != identity.get("lens"):
            icon, words = GimpUi.ICON_DIALOG_INFORMATION, _("You chose this lens.")
        self._icon.set_from_icon_name(icon, Gtk.IconSize.MENU)
        self._status.set_text(words)
        self._name.set_text(lens["name"] if lens else _("No lens chosen"))
        say(self._grades, grades_of(lens["calibrations"]) if lens else "")
        self._calibrate.set_visible(bool(lens) and not any(lens["calibrations"].values()))
        if lens is not self._shown:
            say(self._note, "")
        self._shown = lens
        for lens_id, button in self._candidates.items():
            if button.get_active() != (lens_id == chosen):
                button.set_active(lens_id == chosen)
        if not chosen and self._no_candidate:
            self._no_candidate.set_active(True)

    def show_calibrating(self) -> None:
        """Tell what follows after the button was pressed."""
        say(self._note, _("The page opens in your browser. Open this dialog anew when the calibration is made."))

    def _offer_candidates(self, box: Gtk.Box) -> None:
        # Of radio buttons one is always chosen: this one is not shown, and stands for none.
        self._no_candidate = Gtk.RadioButton()
        for lens_id in self._identity["candidates"]:
            name = self._lenses[lens_id]["name"] if lens_id in self._lenses else lens_id
            button = Gtk.RadioButton.new_with_label_from_widget(self._no_candidate, f"{name}\n{lens_id}")
            button.get_child().set_ellipsize(Pango.EllipsizeMode.END)
            button.connect("toggled", self._candidate_toggled, lens_id)
            self._candidates[lens_id] = button
            box.pack_start(button, False, False, 0)

    def _candidate_toggled(self, button: Gtk.RadioButton, lens_id: str) -> None:
        if button.get_active():
            self._on_chosen(lens_id)
