"""Small things that GIMP's dialogs have, and GTK has not."""

from __future__ import annotations

from gi.repository import Gimp, GimpUi, Gtk, Pango


def framed(title: str, child: Gtk.Widget) -> Gtk.Widget:
    """Make a part of a dialog with a heading."""
    frame = GimpUi.Frame.new(title)
    frame.add(child)
    return frame


def check_button(config: Gimp.ProcedureConfig, name: str) -> Gtk.Widget:
    """Make a button that switches an argument of the procedure."""
    pspec = config.find_property(name)
    button = GimpUi.prop_check_button_new(config, name, pspec.nick)
    button.set_use_underline(True)
    button.set_tooltip_text(pspec.blurb)
    return button


def wrapped(words: str, bold: bool = False, hidden: bool = False, width: int = 42) -> Gtk.Label:
    """Make a label for words of any length, in as many lines as they need; ``width`` is in characters."""
    label = Gtk.Label(
        label=words,
        xalign=0,
        wrap=True,
        wrap_mode=Pango.WrapMode.WORD_CHAR,
        max_width_chars=width,
        no_show_all=hidden,
    )
    if bold:
        attributes = Pango.AttrList()
        attributes.insert(Pango.attr_weight_new(Pango.Weight.BOLD))
        label.set_attributes(attributes)
    return label


def say(label: Gtk.Label, words: str) -> None:
    """Show words in a label that is not there while it has none."""
    label.set_text(words)
    label.set_visible(bool(words))
