"""Runs on a screen of its own, started by test_gimp_lenses.py: the list of lenses, and what it shows above its rows."""

from __future__ import annotations

import sys
from pathlib import Path

import gi

gi.require_versions({"Gimp": "3.0", "GimpUi": "3.0", "Gtk": "3.0", "Gegl": "0.4", "Babl": "0.1"})
sys.path.insert(0, str(next(Path.home().glob(".config/GIMP/3.*/plug-ins/sixbit"))))
from gi.repository import GObject, Gtk  # noqa: E402
from lens_part import LensChooser  # noqa: E402

LENS = {"id": "own", "name": "Summitar & <friends>", "maker": "M & N", "focal_min": 50.0, "focal_max": 50.0}
LENS |= {"f_number_open": 2.0, "calibrations": {}, "errors": {}}

chooser = LensChooser([LENS], ["own"], print)
popover = chooser.get_popover()
shown = popover.get_child()
popover.remove(shown)
window = Gtk.Window(child=shown)
window.show_all()
while Gtk.events_pending():
    Gtk.main_iteration()
view = next(child for child in shown.get_children() if isinstance(child, Gtk.ScrolledWindow)).get_child()
view.expand_all()


def ask(model: Gtk.TreeModel, path: Gtk.TreePath, _place: Gtk.TreeIter) -> None:
    view.set_cursor(path)
    has_one = view.emit("query-tooltip", 0, 0, True, GObject.new(Gtk.Tooltip))
    print(model[path][0], has_one, sep="\t")


view.get_model().foreach(ask)
