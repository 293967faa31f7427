"""The lens chooser: all lenses by maker and focal length, with a search, recent ones first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from correction import SPOKEN
from gi.repository import Gtk, Pango
from sentences import GRADE_WORDS
from texts import _

NAME = 0
GRADES = 1
LENS_ID = 2
SOUGHT = 3

Lens = Mapping[str, Any]


def grades_of(calibrations: Mapping[str, str | None]) -> str:
    """Say what is known of a lens: ``distortion measured, vignetting published``."""
    known = [f"{SPOKEN[kind]} {GRADE_WORDS.get(grade, grade)}" for kind, grade in calibrations.items() if grade]
    return ", ".join(known) or _("no calibration")


class LensChooser(Gtk.MenuButton):  # type: ignore[misc]
    """A button that opens the list; ``on_chosen`` hears the identity of the lens that is chosen."""

    def __init__(self, lenses: Sequence[Lens], recent: Sequence[str], on_chosen: Callable[[str], None]) -> None:
        super().__init__(use_underline=True, label=_("Choose a _lens…"))
        self.on_chosen = on_chosen
        self._words: list[str] = []
        self._search = Gtk.SearchEntry(placeholder_text=_("Search: name, maker, focal length"))
        self._store = Gtk.TreeStore(str, str, str, str)
        # A macro adapter has no focal length of its own, and nothing to correct.
        self._fill({lens["id"]: lens for lens in lenses if lens["focal_min"]}, recent)
        self._filter = self._store.filter_new()
        self._filter.set_visible_func(self._is_sought)
        self._view = self._make_view()
        self._search.connect("search-changed", self._sought)
        self._search.connect("activate", lambda _entry: self._choose_first())
        self._view.connect("row-activated", lambda _view, path, _column: self._choose(path))
        scrolled = Gtk.ScrolledWindow(
            min_content_width=420, min_content_height=320, shadow_type=Gtk.ShadowType.IN, child=self._view
        )
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=6)
        box.pack_start(self._search, False, False, 0)
        box.pack_start(scrolled, True, True, 0)
        box.show_all()
        popover = Gtk.Popover(child=box)
        self.set_popover(popover)
        popover.connect("map", lambda _popover: self._search.grab_focus())

    def _fill(self, lenses: Mapping[str, Lens], recent: Sequence[str]) -> None:
        used = [lenses[lens_id] for lens_id in recent if lens_id in lenses]
        if used:
            group = self._store.append(None, (_("Recent"), "", "", ""))
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
                groups[maker] = self._store.append(None, (lens["maker"], "", "", ""))
            if length not in groups:
                groups[length] = self._store.append(groups[maker], (_("{focal} mm").format(focal=focal), "", "", ""))
            self._add(groups[length], lens)

    def _add(self, group: Any, lens: Lens) -> None:
        grades = [grade for grade in GRADE_WORDS if grade in lens["calibrations"].values()]
        words = ", ".join(GRADE_WORDS[grade] for grade in grades) or "–"
        sought = f"{lens['name']} {lens['maker']} {lens['id']} {lens['focal_min']:g}mm".casefold()
        self._store.append(group, (lens["name"], words, lens["id"], sought))

    def _make_view(self) -> Gtk.TreeView:
        view = Gtk.TreeView(model=self._filter, enable_search=False, tooltip_column=NAME)
        name = Gtk.CellRendererText(ellipsize=Pango.EllipsizeMode.END)
        column = Gtk.TreeViewColumn(_("Lens"), name, text=NAME)
        column.set_expand(True)
        view.append_column(column)
        view.append_column(Gtk.TreeViewColumn(_("Calibration"), Gtk.CellRendererText(), text=GRADES))
        view.get_accessible().set_name(_("Lenses"))
        if self._store.iter_n_children(None) and not self._store[0][LENS_ID]:
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
