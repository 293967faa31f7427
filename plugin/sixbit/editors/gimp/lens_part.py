"""The part of the dialog that tells which lens it was, how that is known, and lets another be chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from correction import SPOKEN
from gi.repository import GimpUi, GLib, Gtk, Pango
from sentences import GRADE_WORDS, translated
from texts import _
from widgets import framed, say, stacked, wrapped

STATUS = {
    "matched": (GimpUi.ICON_DIALOG_INFORMATION, _("The lens was recognised.")),
    "ambiguous": (GimpUi.ICON_DIALOG_QUESTION, _("The photo fits several lenses. Which was it?")),
    "unknown": (GimpUi.ICON_DIALOG_QUESTION, _("The photo names a lens that is not known. Which was it?")),
    "untagged": (GimpUi.ICON_DIALOG_QUESTION, _("The photo does not say which lens it was.")),
    "not_m": (GimpUi.ICON_DIALOG_WARNING, _("The photo was not taken with a Leica M lens, it says.")),
}

NAME = 0
GRADES = 1
LENS_ID = 2
SOUGHT = 3
TOLD = 4

Lens = Mapping[str, Any]


def grades_of(lens: Lens) -> str:
    """Say what is known of a lens: ``distortion measured ± 0.1 %, vignetting published``."""
    known = [
        " ".join(filter(None, (SPOKEN[kind], GRADE_WORDS.get(grade, grade), lens["errors"].get(kind))))
        for kind, grade in lens["calibrations"].items()
        if grade
    ]
    return ", ".join(known) or _("no calibration")


class LensChooser(Gtk.MenuButton):  # type: ignore[misc]
    """A button that opens a list of all lenses by maker and focal length, with a search, recent ones first.

    ``on_chosen`` hears the identity of the lens that is chosen.
    """

    def __init__(self, lenses: Iterable[Lens], recent: list[str], on_chosen: Callable[[str], None]) -> None:
        super().__init__(use_underline=True, label=_("Choose a _lens…"))
        self.on_chosen = on_chosen
        self._words: list[str] = []
        self._search = Gtk.SearchEntry(placeholder_text=_("Search: name, maker, focal length"))
        self._store = Gtk.TreeStore(*[str] * 5)
        # A macro adapter has no focal length of its own, and nothing to correct.
        self._fill({lens["id"]: lens for lens in lenses if lens["focal_min"]}, recent)
        self._filter = self._store.filter_new()
        self._filter.set_visible_func(self._is_sought)
        self._view = self._make_view()
        self._search.connect("search-changed", self._sought)
        self._search.connect("activate", lambda _entry: self._choose_first())
        self._view.connect("row-activated", lambda _view, path, _column: self._choose(path))
        scrolled = Gtk.ScrolledWindow(
            min_content_width=420, min_content_height=320, shadow_type=Gtk.ShadowType.IN, child=self._view, vexpand=True
        )
        box = stacked(self._search, scrolled)
        box.set_border_width(6)
        box.show_all()
        popover = Gtk.Popover(child=box)
        self.set_popover(popover)
        popover.connect("map", lambda _popover: self._search.grab_focus())

    def _fill(self, lenses: Mapping[str, Lens], recent: list[str]) -> None:
        used = [lenses[lens_id] for lens_id in recent if lens_id in lenses]
        if used:
            group = self._store.append(None, (_("Recent"), "", "", "", None))
            for lens in used:
                self._add(group, lens)
        groups: dict[tuple[str, ...], Any] = {}
        # Leica's own first: most of the lenses, and of the photographers.
        for lens in sorted(
            lenses.values(),
            key=lambda lens: (
                not lens["maker"].startswith("Leica"),
                lens["maker"],
                lens["focal_min"],
                lens["focal_max"],
                lens["f_number_open"],
            ),
        ):
            focal = f"{lens['focal_min']:g}"
            if lens["focal_max"] != lens["focal_min"]:
                focal += f"–{lens['focal_max']:g}"
            maker, length = (lens["maker"],), (lens["maker"], focal)
            if maker not in groups:
                groups[maker] = self._store.append(None, (lens["maker"], "", "", "", None))
            if length not in groups:
                groups[length] = self._store.append(
                    groups[maker], (_("{focal} mm").format(focal=focal), "", "", "", None)
                )
            self._add(groups[length], lens)

    def _add(self, group: Any, lens: Lens) -> None:
        grades = [grade for grade in GRADE_WORDS if grade in lens["calibrations"].values()]
        words = ", ".join(GRADE_WORDS[grade] for grade in grades) or "–"
        sought = f"{lens['name']} {lens['maker']} {lens['id']} {lens['focal_min']:g}mm".casefold()
        # GTK takes what it shows above a row for markup.
        told = GLib.markup_escape_text(lens["name"])
        self._store.append(group, (lens["name"], words, lens["id"], sought, told))

    def _make_view(self) -> Gtk.TreeView:
        view = Gtk.TreeView(model=self._filter, enable_search=False, tooltip_column=TOLD)
        name = Gtk.CellRendererText(ellipsize=Pango.EllipsizeMode.END)
        column = Gtk.TreeViewColumn(_("Lens"), name, text=NAME)
        column.set_expand(True)
        view.append_column(column)
        view.append_column(Gtk.TreeViewColumn(_("Calibration"), Gtk.CellRendererText(), text=GRADES))
        view.get_accessible().set_name(_("Lenses"))
        view.expand_row(Gtk.TreePath.new_first(), False)
        return view

    def _sought(self, entry: Gtk.SearchEntry) -> None:
        self._words = entry.get_text().casefold().split()
        self._filter.refilter()
        if self._words:
            self._view.expand_all()
            self._view.scroll_to_point(0, 0)
        else:
            self._view.collapse_all()

    def _is_sought(self, model: Gtk.TreeModel, place: Any, _data: Any) -> bool:
        """Tell whether all words are in a lens, or in one of the lenses of a group."""
        if not self._words:
            return True
        if model[place][LENS_ID]:
            return all(word in model[place][SOUGHT] for word in self._words)
        child = model.iter_children(place)
        while child:
            if self._is_sought(model, child, None):
                return True
            child = model.iter_next(child)
        return False

    def _choose_first(self) -> None:
        def first(model: Gtk.TreeModel, path: Any, _place: Any) -> bool:
            if model[path][LENS_ID]:
                self._choose(path)
            return bool(model[path][LENS_ID])

        if self._words:
            self._filter.foreach(first)

    def _choose(self, path: Any) -> None:
        lens_id = self._filter[path][LENS_ID]
        if lens_id:
            self.get_popover().popdown()
            self.on_chosen(lens_id)
        elif self._view.row_expanded(path):
            self._view.collapse_row(path)
        else:
            self._view.expand_row(path, False)


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
        self._identity, self._on_chosen = identity, on_chosen
        self._shown: Lens | None = None
        self._name, self._status, self._icon = wrapped(), wrapped(), Gtk.Image()
        self._grades, self._note = wrapped(hidden=True), wrapped(hidden=True)
        self._name.set_selectable(True)
        self._name.set_can_focus(False)
        self._calibrate = Gtk.Button(label=_("Calibrat_e this lens…"), use_underline=True, no_show_all=True)
        self._calibrate.set_tooltip_text(_("From photos of your own: opens a page in the browser"))
        self._calibrate.connect("clicked", lambda _button: self._shown and on_calibrate(self._shown["id"]))
        line = Gtk.Box(spacing=6)
        line.add(self._icon)
        line.pack_start(self._status, True, True, 0)
        # Of radio buttons one is always chosen: the first is not shown, and stands for none of the candidates.
        self._candidates = {"": Gtk.RadioButton()}
        if identity["status"] == "ambiguous":
            self._candidates |= {lens_id: self._candidate(lens_id, lenses) for lens_id in identity["candidates"]}
        shown = [button for lens_id, button in self._candidates.items() if lens_id]
        chooser = LensChooser(lenses.values(), recent, on_chosen)
        box = stacked(self._name, self._grades, self._calibrate, self._note, line, *shown, chooser)
        if said := [*identity["said"], *identity["placed"]]:
            expander = Gtk.Expander(label=_("What the photo sa_ys"), use_underline=True, expanded=True)
            expander.add(wrapped("\n".join(map(translated, said))))
            box.add(expander)
        self.widget = framed(_("Lens"), box)

    def show(self, lens: Lens | None, chosen: str) -> None:
        """Tell the lens; ``chosen`` is the identity of the one that the user has chosen, if any."""
        identity = self._identity
        icon, words = STATUS.get(identity["status"], STATUS["untagged"])
        if chosen and chosen != identity.get("lens"):
            icon, words = GimpUi.ICON_DIALOG_INFORMATION, _("You chose this lens.")
        self._icon.set_from_icon_name(icon, Gtk.IconSize.MENU)
        self._status.set_text(words)
        name = GLib.markup_escape_text(lens["name"] if lens else _("No lens chosen"))
        self._name.set_markup(f"<b>{name}</b>")
        say(self._grades, grades_of(lens) if lens else "")
        self._calibrate.set_visible(bool(lens) and not any(lens["calibrations"].values()))
        if lens is not self._shown:
            say(self._note, "")
        self._shown = lens
        self._candidates.get(chosen, self._candidates[""]).set_active(True)

    def show_calibrating(self) -> None:
        """Tell what follows after the button was pressed."""
        say(self._note, _("The page opens in your browser. Open this dialog anew when the calibration is made."))

    def _candidate(self, lens_id: str, lenses: Mapping[str, Lens]) -> Gtk.RadioButton:
        name = lenses[lens_id]["name"] if lens_id in lenses else lens_id
        button = Gtk.RadioButton.new_with_label_from_widget(self._candidates[""], f"{name}\n{lens_id}")
        button.get_child().set_ellipsize(Pango.EllipsizeMode.END)
        button.connect("toggled", self._candidate_toggled, lens_id)
        return button

    def _candidate_toggled(self, button: Gtk.RadioButton, lens_id: str) -> None:
        if button.get_active():
            self._on_chosen(lens_id)
