"""Small things that GIMP's dialogs have, and GTK has not."""

from __future__ import annotations

from typing import Any

from gi.repository import Gimp, GimpUi, Gtk, Pango

GAP = 12
"""Pixels between the columns of a form."""


def framed(title: str, child: Gtk.Widget) -> Gtk.Widget:
    """Make a part of a dialog with a heading."""
    frame = GimpUi.Frame.new(title)
    frame.add(child)
    return frame


def stacked(*children: Gtk.Widget) -> Gtk.Box:
    """Put widgets one below the other; those that are to expand share the room that is left."""
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
    for child in children:
        box.add(child)
    return box


def attach(grid: Gtk.Grid, pspec: Any, widget: Gtk.Widget, row: int, column: int = 0) -> None:
    """Put a widget into a form, with the label of the argument that it sets; a column is one of such pairs."""
    label = Gtk.Label(label=pspec.nick, use_underline=True, xalign=0, mnemonic_widget=widget, margin_start=GAP * column)
    grid.attach(label, 2 * column, row, 1, 1)
    grid.attach(widget, 2 * column + 1, row, 1, 1)


def check_button(config: Gimp.ProcedureConfig, name: str) -> Gtk.Widget:
    """Make a button that switches an argument of the procedure."""
    pspec = config.find_property(name)
    button = GimpUi.prop_check_button_new(config, name, pspec.nick)
    button.set_use_underline(True)
    button.set_tooltip_text(pspec.blurb)
    return button


def choice_combo(config: Gimp.ProcedureConfig, name: str) -> Gtk.Widget:
    """Make a list of the words of an argument."""
    combo = GimpUi.prop_choice_combo_box_new(config, name)
    combo.set_tooltip_text(config.find_property(name).blurb)
    combo.set_hexpand(True)
    return combo


def spin_scale(config: Gimp.ProcedureConfig, name: str, label: str) -> Gtk.Widget:
    """Make a slider of an argument, with its number; one of a wide range has whole steps."""
    pspec = config.find_property(name)
    is_wide = pspec.maximum - pspec.minimum > 20
    scale = GimpUi.prop_spin_scale_new(config, name, *((1, 10, 0) if pspec.minimum == 0 and is_wide else (0.1, 1, 1)))
    scale.set_label(label)
    scale.set_tooltip_text(pspec.blurb)
    scale.set_hexpand(True)
    return scale


def wrapped(words: str = "", hidden: bool = False, width: int = 42) -> Gtk.Label:
    """Make a label for words of any length, in as many lines as they need; ``width`` is in characters."""
    return Gtk.Label(
        label=words,
        xalign=0,
        wrap=True,
        wrap_mode=Pango.WrapMode.WORD_CHAR,
        max_width_chars=width,
        no_show_all=hidden,
    )


def say(label: Gtk.Label, words: str) -> None:
    """Show words in a label that is not there while it has none."""
    label.set_text(words)
    label.set_visible(bool(words))
