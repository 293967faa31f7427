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
